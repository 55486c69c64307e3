// SPDX-License-Identifier: MIT
/*
 * The order of the sum in a frame. Tile by tile of 16 samples, for some lines
 * at a time: the receive delays of all their elements, which every event
 * shares; then event by event, so that an event's samples stay in the cache
 * while the lines take their turns.
 */
#include <string.h>

#include "beamform_private.h"

/* Receive delays of laws first to first + n - 1, into out. */
static void receive_laws(const struct beamform *b, uint32_t tile,
			 uint32_t first, uint32_t n, int32_t *out)
{
	const float step = b->params.grid.sample_step * b->fs / b->scan->c *
			   STEPS;

	b->receive(out, b->along + first, b->across2 + first,
		   tile * TILE * step, step, n);
}

/* What a line's events share: receive delays, weights at the edges. */
static void prepare_line(const struct beamform *b, const struct spot *s,
			 uint32_t line)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line,
						     s->tile);
	const uint32_t channels = b->scan->channels;
	int16_t *weight = weight_of(b, s, line);

	if (!b->shared)
		receive_laws(b, s->tile, line * channels + t.first,
			     t.end - t.first, s->scratch->receive +
			     ((size_t)(line - s->first) * channels +
			      t.first) * TILE);
	if (t.first < t.whole)
		aperture_weights(b->aperture, line, s->tile, t.first, t.whole,
				 weight + t.first * TILE);
	if (t.whole_end < t.end)
		aperture_weights(b->aperture, line, s->tile, t.whole_end,
				 t.end, weight + t.whole_end * TILE);
}

/* Channels of a run, of which those outside @t's whole are weighted. */
static void add_run(const struct beamform *b, const struct spot *s,
		    const struct analytic *in, const struct share *share,
		    const int32_t *transmit, const struct aperture_tile *t,
		    uint32_t first, uint32_t end,
		    const struct analytic_span *span)
{
	const bool irregular = share->wave->kind == TILE_IRREGULAR;
	beamform_add_fn *add = irregular ? beamform_add_c : b->add;
	const struct beamform_rows rows =
		rows_of(b, in, share, first, span, irregular && !share->span);
	const struct beamform_edges edges = {
		.weight = weight_of(b, s, share->line) + first * TILE,
		.lead = first < t->whole ?
			(end < t->whole ? end : t->whole) - first : 0,
		.tail = end > t->whole_end ?
			end - (first > t->whole_end ? first : t->whole_end) :
			0,
	};

	add(share->acc, &rows, receive_of(b, s, share->line),
	    laws_of(b, share->line) + first, transmit, &edges, end - first,
	    share->weight * span->scale);
}

/* Samples of a tile lie in any lines: what each span has of them. */
static void add_irregular(const struct beamform *b, const struct spot *s,
			  const struct analytic *in, const struct share *share,
			  const int32_t *transmit,
			  const struct aperture_tile *t, uint32_t first,
			  uint32_t end)
{
	uint32_t stop;

	for (; first < end; first = stop) {
		const struct analytic_span *span =
			analytic_spans(in, share->event, first);

		stop = first + ANALYTIC_BUNCH - first % ANALYTIC_BUNCH;
		stop = stop < end ? stop : end;
		do
			add_run(b, s, in, share, transmit, t, first, stop,
				span);
		while (span++->end < INT32_MAX);
	}
}

/* Channels @first to @end, of which those outside @t's whole are weighted. */
void beamform_add_channels(const struct beamform *b, const struct spot *s,
			   const struct analytic *in,
			   const struct share *share, const int32_t *transmit,
			   const struct aperture_tile *t, uint32_t first,
			   uint32_t end)
{
	const int32_t *receive = receive_of(b, s, share->line);
	const uint32_t *law = laws_of(b, share->line);
	const struct analytic_span *span = share->span;
	uint32_t stop = end;

	if (!share->span && share->wave->kind == TILE_IRREGULAR) {
		add_irregular(b, s, in, share, transmit, t, first, end);
		return;
	}
	for (; first < end; first = stop) {
		if (!share->span)
			stop = beamform_find_run(in, share, receive, law, transmit[0],
					first, end, &span);
		add_run(b, s, in, share, transmit, t, first, stop, span);
	}
}

static void add_service(const struct beamform *b, const struct spot *s,
			const struct analytic *in, uint32_t line, uint32_t k)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line,
						     s->tile);
	const struct share share = share_of(b, s, in, line, k);
	int32_t transmit[TILE];

	if (t.first == t.end)
		return;
	get_transmit(share.wave, transmit);
	beamform_add_channels(b, s, in, &share, transmit, &t, t.first, t.end);
}

/* Lines that are stored before one whose place is fetched: a look at memory. */
#define STORE_AHEAD	8

static void fetch_tile(const float *place)
{
	__builtin_prefetch(place, 1);
	__builtin_prefetch(place + TILE, 1);
}

/* A whole tile, in a loop that compilers turn into vectors. */
static void store_tile(float *restrict to, const float *restrict acc)
{
	uint32_t j;

	for (j = 0; j < TILE; j++) {
		to[2 * j] = acc[j];
		to[2 * j + 1] = acc[TILE + j];
	}
}

static void store_line(const struct beamform *b, const struct spot *s,
		       struct iq *out, uint32_t image, uint32_t line)
{
	const uint32_t first = s->tile * TILE;
	const uint32_t left = b->params.grid.samples - first;
	const uint32_t n = left < TILE ? left : TILE;
	const float *acc = acc_of(b, s, image, line);
	uint32_t j = (b->refine - first % b->refine) % b->refine;
	float *to = out->data +
		2 * (((size_t)image * out->lines + line) * out->samples +
		     (first + j) / b->refine);

	if (b->refine == 1 && n == TILE) {
		if (line + STORE_AHEAD < out->lines)
			fetch_tile(to + 2 * STORE_AHEAD * (size_t)out->samples);
		store_tile(to, acc);
		return;
	}
	for (; j < n; j += b->refine) {
		*to++ = acc[j];
		*to++ = acc[TILE + j];
	}
}

/* Every event for itself: lines pass by an event's samples. */
static void add_events(const struct beamform *b, const struct spot *s,
		       const struct analytic *in)
{
	uint32_t line, k;

	for (k = 0; k < b->most; k++)
		for (line = s->first; line < s->first + s->lines; line++)
			if (k < b->services[line])
				add_service(b, s, in, line, k);
}

/* The channels at the edges of apertures, which are weighted. */
static void add_edges(const struct beamform *b, const struct spot *s,
		      const struct analytic *in, uint32_t line, uint32_t k)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line,
						     s->tile);
	const struct share share = share_of(b, s, in, line, k);
	int32_t transmit[TILE];

	if (t.first == t.whole && t.whole_end == t.end)
		return;
	get_transmit(share.wave, transmit);
	beamform_add_channels(b, s, in, &share, transmit, &t, t.first, t.whole);
	beamform_add_channels(b, s, in, &share, transmit, &t, t.whole_end, t.end);
}

/* Of one event the edges are left, of packets nothing. */
static void add_fitted(const struct beamform *b, const struct spot *s,
		       const struct analytic *in)
{
	uint32_t line;

	beamform_add_kept(b, s, in);
	if (b->packet)
		return;
	for (line = s->first; line < s->first + s->lines; line++)
		add_edges(b, s, in, line, 0);
}

static void run_spot(const struct beamform *b, const struct spot *s,
		     struct iq *out, const struct analytic *in)
{
	const uint32_t end = s->first + s->lines;
	uint32_t line, image;

	memset(s->scratch->acc, 0, (size_t)b->params.groups * b->group *
				   2 * TILE * sizeof(*s->scratch->acc));
	for (line = s->first; line < end; line++)
		prepare_line(b, s, line);
	if (b->params.coherence)
		beamform_add_coherent(b, s, in);
	else if (b->fitted && b->fitted[s->tile])
		add_fitted(b, s, in);
	else
		add_events(b, s, in);
	for (image = 0; image < b->params.groups; image++)
		for (line = s->first; line < end; line++)
			store_line(b, s, out, image, line);
}

/* What all lines of a tile share. */
static void prepare_tile(const struct beamform *b, const struct spot *s,
			 const struct analytic *in)
{
	if (!b->shared)
		return;
	receive_laws(b, s->tile, 0, b->laws, s->scratch->receive);
	if (b->fitted && b->fitted[s->tile])
		beamform_make_kept(b, s, in);
}

/* Of a worker's lines: those that repeat each other stay together. */
static uint32_t first_line(const struct beamform *b, uint32_t worker)
{
	const uint32_t lines = b->params.grid.lines;
	const uint32_t unit = beamform_unit(b);
	const uint32_t units = (lines + unit - 1) / unit;
	const uint32_t line = (uint64_t)units * worker / b->params.workers *
			      unit;

	return line < lines ? line : lines;
}

void beamform_execute_part(struct beamform *b, uint32_t worker,
			   struct iq *out, const struct analytic *in)
{
	const uint32_t begin = first_line(b, worker);
	const uint32_t end = first_line(b, worker + 1);
	struct spot s = { .scratch = &b->scratch[worker] };

	for (s.tile = 0; s.tile < b->tiles; s.tile++) {
		s.first = begin;
		prepare_tile(b, &s, in);
		for (s.first = begin; s.first < end; s.first += s.lines) {
			s.lines = end - s.first < b->group ? end - s.first :
							     b->group;
			run_spot(b, &s, out, in);
		}
	}
}

void beamform_execute(struct beamform *b, struct iq *out,
		      const struct analytic *in)
{
	uint32_t worker;

	for (worker = 0; worker < b->params.workers; worker++)
		beamform_execute_part(b, worker, out, in);
}

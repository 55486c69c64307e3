// SPDX-License-Identifier: MIT
/*
 * The order of the sum in a frame. Tile by tile of 16 samples, for some lines
 * at a time: the receive delays of all their elements, which every event
 * shares; then event by event, so that an event's samples stay in the cache
 * while the lines take their turns.
 */
#include <string.h>

#include "beamform_private.h"

/* Channels whose laws stay in a level 1 cache while lines pass. */
#define KEPT_CHANNELS	32

/* A group of lines at one tile, and who works on it. */
struct spot {
	struct scratch *scratch;
	uint32_t tile;
	uint32_t first;		/* line */
	uint32_t lines;
};

static float *acc_of(const struct beamform *b, const struct spot *s,
		     uint32_t image, uint32_t line)
{
	return s->scratch->acc +
	       ((size_t)image * b->group + line - s->first) * 2 * TILE;
}

static int16_t *weight_of(const struct beamform *b, const struct spot *s,
			  uint32_t line)
{
	return s->scratch->weight +
	       (size_t)(line - s->first) * b->scan->channels * TILE;
}

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

/* An event's share in a tile of a line. */
struct share {
	uint32_t line;
	uint32_t event;
	const struct wave *wave;
	float weight;
	float *acc;
	const struct analytic_span *span;	/* of all rows; NULL: of some */
};

static inline struct share share_of(const struct beamform *b, const struct spot *s,
			     const struct analytic *in, uint32_t line,
			     uint32_t k)
{
	const struct service *service = service_of(b, line, k);
	const struct part *part = &b->part[service->part];

	return (struct share){
		.line = line,
		.event = part->event,
		.wave = wave_of(b, s->tile, line, k),
		.weight = service->weight * (1.0f / BEAMFORM_GAIN),
		.acc = acc_of(b, s, part->group, line),
		.span = in->even[part->event] ?
			analytic_spans(in, part->event, 0) : NULL,
	};
}

static struct beamform_rows rows_of(const struct beamform *b,
				    const struct analytic *in,
				    const struct share *share, uint32_t first,
				    const struct analytic_span *span,
				    bool only)
{
	return (struct beamform_rows){
		.data = analytic_row(in, share->event, first) +
			span->moved * (ptrdiff_t)in->line,
		.lines = in->lines,
		.line = in->line,
		.plane = in->plane,
		.row = in->row,
		.inside = share->wave->kind == TILE_INSIDE,
		.taps = &b->taps,
		.only = only ? span : NULL,
	};
}

/* Receive delays of a line in a group. */
static const int32_t *receive_of(const struct beamform *b,
				 const struct spot *s, uint32_t line)
{
	if (b->shared)
		return s->scratch->receive;
	return s->scratch->receive +
	       (size_t)(line - s->first) * b->scan->channels * TILE;
}

/* Numbers of the laws of a line's channels, times TILE. */
static const uint32_t *laws_of(const struct beamform *b, uint32_t line)
{
	return b->shared ? b->law + (size_t)line * b->scan->channels : b->law;
}

/* --- runs of channels whose samples have one scale --- */

static int32_t line_of(int32_t position)
{
	return position >> (BEAMFORM_POSITION_BITS + 5);
}

_Static_assert(ANALYTIC_LINE == 32, "line_of() counts in 32");

/* Do spans of two bunches of channels have one scale in one place? */
static bool alike(const struct analytic_span *a, const struct analytic_span *b)
{
	return a->scale == b->scale && a->moved == b->moved;
}

/*
 * Of the bunches from channel @first on those whose tiles all begin in spans
 * alike, in @span. Return: the channel after them; @first: there are none.
 */
static uint32_t skip_bunches(const struct analytic *in,
			     const struct share *share, uint32_t first,
			     uint32_t end, const struct analytic_span **span)
{
	const int32_t from = share->wave->from;
	const int32_t until = from + share->wave->more;
	uint32_t c = first;

	*span = NULL;
	while (share->wave->more < UINT8_MAX && c < end) {
		const struct analytic_span *next =
			analytic_span_at(in, share->event, c, from);

		if (until >= next->end || (*span && !alike(next, *span)))
			break;
		*span = next;
		c += ANALYTIC_BUNCH - c % ANALYTIC_BUNCH;
	}
	return c < end ? c : end;
}

/*
 * A run is channels one after another whose tiles begin in spans alike.
 * Return: where the run ends that begins with channel @first, @end at the
 * latest; the span in @span.
 */
static uint32_t find_run(const struct analytic *in, const struct share *share,
			 const int32_t *receive, const uint32_t *law,
			 int32_t transmit, uint32_t first, uint32_t end,
			 const struct analytic_span **span)
{
	uint32_t c = skip_bunches(in, share, first, end, span);

	for (; c < end; c++) {
		const int32_t line = line_of(receive[law[c]] + transmit);
		const struct analytic_span *next =
			analytic_span_at(in, share->event, c, line);

		if (*span && !alike(next, *span))
			break;
		*span = next;
	}
	return c;
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
static void add_channels(const struct beamform *b, const struct spot *s,
			 const struct analytic *in, const struct share *share,
			 const int32_t *transmit,
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
			stop = find_run(in, share, receive, law, transmit[0],
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
	add_channels(b, s, in, &share, transmit, &t, t.first, t.end);
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

/* As add_fitted(), of an event whose rows have several scales. */
static void sum_runs(const struct beamform *b, const struct spot *s,
		     const struct analytic *in, const struct share *share,
		     uint32_t first, uint32_t end)
{
	/* laws are of the first line that is reached alike */
	const struct wave *like =
		wave_of(b, s->tile, b->line_like[share->line], 0);
	const uint32_t *law = laws_of(b, share->line);
	const struct analytic_span *span;

	while (first < end) {
		const uint32_t stop = find_run(in, share, s->scratch->receive,
					       law, like->start, first, end,
					       &span);
		const struct beamform_rows rows =
			rows_of(b, in, share, first, span, false);

		b->sum(share->acc, &rows, s->scratch->laws, law + first,
		       stop - first, share->weight * span->scale);
		first = stop;
	}
}

/* Laws of the tile are kept: lines pass by some channels' laws and samples. */
static void add_fitted(const struct beamform *b, const struct spot *s,
		       const struct analytic *in, uint32_t k, uint32_t first)
{
	const uint32_t end = first + KEPT_CHANNELS;
	uint32_t line, event = UINT32_MAX;
	struct beamform_rows rows;

	for (line = s->first; line < s->first + s->lines; line++) {
		const struct aperture_tile t =
			aperture_tile(b->aperture, line, s->tile);
		const struct share share = share_of(b, s, in, line, k);
		const uint32_t c = t.whole > first ? t.whole : first;
		const uint32_t stop = t.whole_end < end ? t.whole_end : end;

		if (!share.span) {
			sum_runs(b, s, in, &share, c, stop);
			continue;
		}
		/* lines mostly have one event here */
		if (share.event != event)
			rows = rows_of(b, in, &share, 0, share.span, false);
		event = share.event;
		rows.data = analytic_row(in, event, c);
		if (c < stop)
			b->sum(share.acc, &rows, s->scratch->laws,
			       laws_of(b, line) + c, stop - c,
			       share.weight * share.span->scale);
	}
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
	add_channels(b, s, in, &share, transmit, &t, t.first, t.whole);
	add_channels(b, s, in, &share, transmit, &t, t.whole_end, t.end);
}

static void add_all_fitted(const struct beamform *b, const struct spot *s,
			   const struct analytic *in)
{
	uint32_t line, k, c;

	for (k = 0; k < b->most; k++) {
		for (c = 0; c < b->scan->channels; c += KEPT_CHANNELS)
			add_fitted(b, s, in, k, c);
		for (line = s->first; line < s->first + s->lines; line++)
			add_edges(b, s, in, line, k);
	}
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
	if (b->fitted && b->fitted[s->tile])
		add_all_fitted(b, s, in);
	else
		add_events(b, s, in);
	for (image = 0; image < b->params.groups; image++)
		for (line = s->first; line < end; line++)
			store_line(b, s, out, image, line);
}

/* The receive delays of all laws, and where a tile is fitted the laws. */
static void prepare_tile(const struct beamform *b, const struct spot *s,
			 const struct analytic *in)
{
	const struct share any = share_of(b, s, in, s->first, 0);
	const struct beamform_rows like =
		rows_of(b, in, &any, 0, analytic_spans(in, any.event, 0),
			false);
	const int32_t *receive = s->scratch->receive;
	int32_t transmit[TILE];
	uint32_t law, line = UINT32_MAX;

	if (!b->shared)
		return;
	receive_laws(b, s->tile, 0, b->laws, s->scratch->receive);
	if (!b->fitted || !b->fitted[s->tile])
		return;
	for (law = 0; law < b->laws; law++, receive += TILE) {
		if (b->law_like[law] != line) {
			line = b->law_like[law];
			get_transmit(wave_of(b, s->tile, line, 0), transmit);
		}
		b->make_laws(s->scratch->laws + law * BEAMFORM_LAW_BYTES,
			     &like, receive, transmit, 1);
	}
}

void beamform_execute_part(struct beamform *b, uint32_t worker,
			   struct iq *out, const struct analytic *in)
{
	const uint32_t lines = b->params.grid.lines;
	const uint32_t workers = b->params.workers;
	const uint32_t begin = (uint64_t)lines * worker / workers;
	const uint32_t end = (uint64_t)lines * (worker + 1) / workers;
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

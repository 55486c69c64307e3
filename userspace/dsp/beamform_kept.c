// SPDX-License-Identifier: MIT
/*
 * Laws that are kept: worked out once for all that have them in common. Lines
 * of which one repeats the other a few channels on, and events of one wave,
 * are bundled: one look at a law serves up to BEAMFORM_SETS of them. Bundles
 * pass by some channels' laws and samples, which stay in a level 1 cache.
 */
#include <string.h>

#include "beamform_private.h"

/*
 * Channels that stay in the cache, with samples of one event or of several: half
 * a KiB each, or 1.25, of the 32 KiB that the smallest has.
 */
#define KEPT_CHANNELS	32
#define PACKET_CHANNELS	16

/* Without sets; what these have is written as they come. */
static void begin_bundle(struct bundle *bundle, const uint32_t *law,
			 uint32_t first, uint32_t end)
{
	bundle->sets.count = 0;
	bundle->law = law;
	bundle->first = first;
	bundle->end = end;
}

/* @on: channels from those of the bundle to those of the set */
static void add_set(const struct beamform *b, const struct spot *s,
		    const struct analytic *in, struct bundle *bundle,
		    uint32_t line, uint32_t k, uint32_t on)
{
	const struct share share = share_of(b, s, in, line, k);
	const uint32_t n = bundle->sets.count++;

	bundle->of[n].line = line;
	bundle->of[n].k = k;
	bundle->of[n].on = on;
	bundle->sets.set[n].acc = share.acc;
	bundle->even = share.span && (!n || bundle->even);
	if (!share.span)
		return;
	bundle->sets.set[n].data = analytic_row(in, share.event, on) +
		share.span->moved * (ptrdiff_t)in->line;
	bundle->sets.set[n].scale = share.weight * share.span->scale;
}

/* Of whose wave a line's laws are. */
static const struct wave *wave_like(const struct beamform *b,
				    const struct spot *s, uint32_t line)
{
	return wave_of(b, s->tile, b->kept ? b->line_like[line] : line, 0);
}

/* --- lines that repeat each other --- */

/* How many of them there are, which does not depend on who works on them. */
static uint32_t repeats_of(const struct beamform *b, uint32_t line)
{
	const uint32_t all = b->params.grid.lines;
	uint32_t n = 1;

	while (n < BEAMFORM_SETS && line + n * b->repeat.lines < all)
		n++;
	return n;
}

/* Lines from @line on, and between which channels each of them is whole. */
struct repeats {
	uint32_t line, count;
	struct {
		uint32_t line, on, first, end;
	} each[BEAMFORM_SETS];
};

static struct repeats repeats_from(const struct beamform *b,
				   const struct spot *s, uint32_t line)
{
	struct repeats r = { .line = line, .count = repeats_of(b, line) };
	uint32_t j;

	for (j = 0; j < r.count; j++) {
		const uint32_t l = line + j * b->repeat.lines;
		const struct aperture_tile t =
			aperture_tile(b->aperture, l, s->tile);

		r.each[j].line = l;
		r.each[j].on = j * b->repeat.channels;
		r.each[j].first = t.whole;
		r.each[j].end = t.whole_end;
	}
	return r;
}

static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/* Channels of the first line that are whole in all. */
static struct bundle *bundle_common(const struct beamform *b,
				    const struct spot *s,
				    const struct analytic *in,
				    const struct repeats *r, struct bundle *to)
{
	uint32_t j;

	begin_bundle(to, laws_of(b, r->line), 0, b->scan->channels);
	for (j = 0; j < r->count; j++) {
		const uint32_t first = less(r->each[j].first, r->each[j].on);
		const uint32_t end = less(r->each[j].end, r->each[j].on);

		add_set(b, s, in, to, r->each[j].line, 0, r->each[j].on);
		to->first = first > to->first ? first : to->first;
		to->end = end < to->end ? end : to->end;
	}
	if (to->end < to->first)
		to->end = to->first;
	return to + 1;
}

static struct bundle *bundle_alone(const struct beamform *b,
				   const struct spot *s,
				   const struct analytic *in,
				   struct bundle *to, uint32_t line,
				   uint32_t first, uint32_t end)
{
	if (first >= end)
		return to;
	begin_bundle(to, laws_of(b, line), first, end);
	add_set(b, s, in, to, line, 0, 0);
	return to + 1;
}

/* What each line has before the channels in common and behind them. */
static struct bundle *bundle_rests(const struct beamform *b,
				   const struct spot *s,
				   const struct analytic *in,
				   const struct repeats *r,
				   const struct bundle *common,
				   struct bundle *to)
{
	uint32_t j;

	for (j = 0; j < r->count; j++) {
		const uint32_t first = r->each[j].first, end = r->each[j].end;
		const uint32_t from = common->first + r->each[j].on;
		const uint32_t past = common->end + r->each[j].on;

		to = bundle_alone(b, s, in, to, r->each[j].line, first,
				  from < end ? from : end);
		to = bundle_alone(b, s, in, to, r->each[j].line,
				  past > first ? past : first, end);
	}
	return to;
}

static struct bundle *bundle_repeats(const struct beamform *b,
				     const struct spot *s,
				     const struct analytic *in,
				     struct bundle *to, uint32_t line)
{
	const struct repeats r = repeats_from(b, s, line);
	struct bundle *rests = bundle_common(b, s, in, &r, to);

	return bundle_rests(b, s, in, &r, to, rests);
}

/* Lines of one kind follow each other: the next has most of their laws. */
static uint32_t bundle_lines(const struct beamform *b, const struct spot *s,
			     const struct analytic *in)
{
	const uint32_t end = s->first + s->lines;
	struct bundle *to = s->scratch->bundle;
	uint32_t kind, line;

	for (kind = 0; kind < b->repeat.lines && kind < s->lines; kind++)
		for (line = s->first + kind; line < end;
		     line += BEAMFORM_SETS * b->repeat.lines)
			to = bundle_repeats(b, s, in, to, line);
	return to - s->scratch->bundle;
}

/* --- events of one wave --- */

static uint32_t *packet_laws(const struct beamform *b, const struct spot *s,
			     uint32_t line)
{
	return s->scratch->law + (size_t)(line - s->first) * b->scan->channels;
}

static uint32_t bundle_events(const struct beamform *b, const struct spot *s,
			      const struct analytic *in, uint32_t first)
{
	struct bundle *to = s->scratch->bundle;
	uint32_t line, k;

	for (line = s->first; line < s->first + s->lines; line++) {
		const struct aperture_tile t =
			aperture_tile(b->aperture, line, s->tile);

		begin_bundle(to, packet_laws(b, s, line), t.first, t.end);
		for (k = first; k < b->services[line] &&
				k < first + BEAMFORM_SETS; k++)
			add_set(b, s, in, to, line, k, 0);
		to += to->sets.count > 0;
	}
	return to - s->scratch->bundle;
}

/* Laws of a line alone; @weight as beamform_law_fn's, of channel 0 on. */
static void make_own(const struct beamform *b, const struct spot *s,
		     const struct beamform_rows *like, uint32_t line,
		     uint32_t first, uint32_t end, const int16_t *weight)
{
	const uint32_t from = b->kept + (line - s->first) * b->scan->channels;
	uint32_t *law = packet_laws(b, s, line);
	int32_t transmit[TILE];
	uint32_t c;

	if (first >= end)
		return;
	get_transmit(wave_like(b, s, line), transmit);
	b->make_laws(s->scratch->laws +
		     (size_t)(from + first) * BEAMFORM_LAW_BYTES, like,
		     receive_of(b, s, line), laws_of(b, line) + first,
		     transmit, weight ? weight + first * TILE : NULL,
		     end - first);
	for (c = first; c < end; c++)
		law[c] = (from + c) * TILE;
}

static void prepare_packet(const struct beamform *b, const struct spot *s,
			   const struct beamform_rows *like, uint32_t line)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line,
						     s->tile);
	const int16_t *weight = weight_of(b, s, line);

	if (b->kept)
		memcpy(packet_laws(b, s, line) + t.whole,
		       laws_of(b, line) + t.whole,
		       (t.whole_end - t.whole) * sizeof(*s->scratch->law));
	else
		make_own(b, s, like, line, t.whole, t.whole_end, NULL);
	make_own(b, s, like, line, t.first, t.whole, weight);
	make_own(b, s, like, line, t.whole_end, t.end, weight);
}

/* --- the sum --- */

/* Where the run of a set's channels ends, and where and how its rows lie. */
static uint32_t find_set(const struct beamform *b, const struct spot *s,
			 const struct analytic *in, struct bundle *u,
			 uint32_t n, uint32_t first, uint32_t end)
{
	const uint32_t line = u->of[n].line, on = u->of[n].on;
	const struct share share = share_of(b, s, in, line, u->of[n].k);
	const struct analytic_span *span;
	const uint32_t stop =
		beamform_find_run(in, &share, receive_of(b, s, line),
				  laws_of(b, line), wave_like(b, s, line)->start,
				  first + on, end + on, &span);

	u->sets.set[n].data = analytic_row(in, share.event, on) +
			      span->moved * (ptrdiff_t)in->line;
	u->sets.set[n].scale = share.weight * span->scale;
	return stop - on;
}

/* As far as all sets of a bundle have one scale each. */
static void sum_runs(const struct beamform *b, const struct spot *s,
		     const struct analytic *in,
		     const struct beamform_rows *like, struct bundle *u,
		     uint32_t first, uint32_t end)
{
	uint32_t stop, n;

	for (; first < end; first = stop) {
		for (n = 0, stop = end; n < u->sets.count; n++)
			stop = find_set(b, s, in, u, n, first, stop);
		b->sum(&u->sets, like, s->scratch->laws, u->law, first, stop);
	}
}

static void sum_bundles(const struct beamform *b, const struct spot *s,
			const struct analytic *in,
			const struct beamform_rows *like, uint32_t n,
			uint32_t channels)
{
	uint32_t c, i;

	for (c = 0; c < b->scan->channels; c += channels) {
		for (i = 0; i < n; i++) {
			struct bundle *u = &s->scratch->bundle[i];
			const uint32_t first = u->first > c ? u->first : c;
			const uint32_t end = u->end < c + channels ?
					     u->end : c + channels;

			if (first >= end)
				continue;
			if (u->even)
				b->sum(&u->sets, like, s->scratch->laws,
				       u->law, first, end);
			else
				sum_runs(b, s, in, like, u, first, end);
		}
	}
}

/* How rows lie, of any event. */
static struct beamform_rows rows_like(const struct beamform *b,
				      const struct spot *s,
				      const struct analytic *in)
{
	const struct share any = share_of(b, s, in, s->first, 0);

	return rows_of(b, in, &any, 0, analytic_spans(in, any.event, 0),
		       false);
}

void beamform_add_kept(const struct beamform *b, const struct spot *s,
		       const struct analytic *in)
{
	const struct beamform_rows like = rows_like(b, s, in);
	uint32_t line, k;

	if (!b->packet) {
		sum_bundles(b, s, in, &like, bundle_lines(b, s, in),
			    KEPT_CHANNELS);
		return;
	}
	for (line = s->first; line < s->first + s->lines; line++)
		prepare_packet(b, s, &like, line);
	for (k = 0; k < b->most; k += BEAMFORM_SETS)
		sum_bundles(b, s, in, &like, bundle_events(b, s, in, k),
			    PACKET_CHANNELS);
}

void beamform_make_kept(const struct beamform *b, const struct spot *s,
			const struct analytic *in)
{
	const struct beamform_rows like = rows_like(b, s, in);
	const int32_t *receive = s->scratch->receive;
	const uint32_t zero = 0;
	int32_t transmit[TILE];
	uint32_t law, line = UINT32_MAX;

	for (law = 0; law < b->kept; law++, receive += TILE) {
		if (b->law_like[law] != line) {
			line = b->law_like[law];
			get_transmit(wave_of(b, s->tile, line, 0), transmit);
		}
		b->make_laws(s->scratch->laws + law * BEAMFORM_LAW_BYTES,
			     &like, receive, &zero, transmit, NULL, 1);
	}
}

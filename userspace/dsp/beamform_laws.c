// SPDX-License-Identifier: MIT
/*
 * Receive laws: how far an element lies ahead of a line and across it. Where
 * lines and elements repeat each other they are shared, and where one wave
 * reaches several lines alike, kept with what they weigh.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beamform_private.h"

/* Lines that repeat each other, and how many channels on, are looked for to. */
#define REPEAT_LINES	16
#define REPEAT_CHANNELS	16

/* --- lines that a wave reaches alike --- */

/* Do two events send the same wave, and listen from the same time? */
static bool alike(const struct sono_scan *scan, const struct sono_event *a,
		  const struct sono_event *b)
{
	uint32_t e;

	if (a->wave != b->wave || a->rx_start != b->rx_start ||
	    a->beam_x != b->beam_x || a->beam_z != b->beam_z ||
	    a->beam_angle != b->beam_angle || a->focus != b->focus)
		return false;
	for (e = 0; e < scan->elements; e++)
		if (a->delay[e] != b->delay[e] &&
		    !(isnan(a->delay[e]) && isnan(b->delay[e])))
			return false;
	return true;
}

/* Do all events that count send one wave? */
static bool one_wave(const struct beamform *b)
{
	const struct sono_event *event = b->scan->event;
	uint32_t k;

	for (k = 1; k < b->parts; k++)
		if (!alike(b->scan, &event[b->part[0].event],
			   &event[b->part[k].event]))
			return false;
	return true;
}

#define LIKES_MAX	16

/* Within a step, in all tiles. */
static bool reached_alike(const struct beamform *b, uint32_t line,
			  uint32_t other)
{
	int32_t x[TILE], y[TILE];
	uint32_t tile, j;

	for (tile = 0; tile < b->tiles; tile++) {
		get_transmit(wave_of(b, tile, line, 0), x);
		get_transmit(wave_of(b, tile, other, 0), y);
		for (j = 0; j < TILE; j++)
			if (abs(x[j] - y[j]) > 1)
				return false;
	}
	return true;
}

/* Of several waves, or of too many kinds of lines, nothing is kept: all 0. */
static void find_likes(struct beamform *b)
{
	const uint32_t lines = b->params.grid.lines;
	uint32_t like[LIKES_MAX], likes = 0, line, i;

	if (!b->one_wave)
		return;
	for (line = 0; line < lines; line++) {
		for (i = 0; i < likes && !reached_alike(b, line, like[i]); i++)
			;
		if (i == LIKES_MAX)
			break;
		if (i == likes)
			like[likes++] = line;
		b->line_like[line] = like[i];
	}
	b->alike = line == lines;
	if (!b->alike)
		memset(b->line_like, 0, lines * sizeof(*b->line_like));
}

/* --- receive laws --- */

static const char *fill_laws(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	const struct grid *grid = &b->params.grid;
	const double scale = b->fs / scan->c * STEPS;
	const double length = (b->tiles * TILE - 1) * grid->sample_step;
	uint32_t line, c, n = 0;

	for (line = 0; line < grid->lines; line++) {
		const struct ray ray = grid_ray(grid, line);
		const double ux = ray.dx / grid->sample_step;
		const double uz = ray.dz / grid->sample_step;

		for (c = 0; c < scan->channels; c++, n++) {
			const struct sono_element *el =
				&scan->element[scan->channel_element[c]];
			double x = ray.x - el->x, z = ray.z - el->z;
			double along = x * ux + z * uz;
			double across = x * uz - z * ux;
			double far = fmax(fabs(along), fabs(along + length));

			if (!(hypot(far, across) * scale < DELAY_MAX * STEPS))
				return "beamforming: a receive delay beyond 16383 samples";
			b->along[n] = along * scale;
			b->across2[n] = across * scale * across * scale;
		}
	}
	return NULL;
}

/*
 * Two laws that differ by less than a quarter of a step are one; in lines that
 * a wave reaches otherwise they are two.
 */
struct key {
	int32_t along, across;
	uint32_t like;
	uint32_t n;		/* where it was found first */
};

static struct key key_of(const struct beamform *b, uint32_t n)
{
	return (struct key){ lrintf(4 * b->along[n]),
			     lrintf(4 * sqrtf(b->across2[n])),
			     b->line_like[n / b->scan->channels], n };
}

/*
 * Numbers of the laws that differ, in law[]; keys of those found in a table
 * of twice LAWS_MAX places, open, linear. Return: how many, or UINT32_MAX.
 */
static uint32_t find_laws(const struct beamform *b, uint32_t *law,
			  struct key *found, uint16_t *table, uint32_t n)
{
	uint32_t i, laws = 0;

	memset(table, 0, 2 * LAWS_MAX * sizeof(*table));
	for (i = 0; i < n; i++) {
		const struct key k = key_of(b, i);
		uint32_t at = k.along * 0x9e3779b1u ^
			      k.across * 0x85ebca77u ^ k.like * 0xc2b2ae3du;

		for (at %= 2 * LAWS_MAX; table[at]; at = (at + 1) %
							 (2 * LAWS_MAX)) {
			const struct key *f = &found[table[at] - 1];

			if (f->along == k.along && f->across == k.across &&
			    f->like == k.like)
				break;
		}
		if (!table[at]) {
			if (laws == LAWS_MAX)
				return UINT32_MAX;
			found[laws] = k;
			table[at] = ++laws;
		}
		law[i] = (table[at] - 1) * TILE;
	}
	return laws;
}

/* Laws found move to the front, in the order in which they were. */
static void keep_laws(struct beamform *b, const struct key *found,
		      uint32_t laws)
{
	uint32_t i;

	for (i = 0; i < laws; i++) {
		b->along[i] = b->along[found[i].n];
		b->across2[i] = b->across2[found[i].n];
		b->law_like[i] = found[i].like;
	}
	b->laws = laws;
}

static int share_laws(struct beamform *b)
{
	const uint32_t n = b->params.grid.lines * b->scan->channels;
	uint32_t *law = dsp_alloc(n, sizeof(*law));
	uint16_t *table = dsp_alloc(2 * LAWS_MAX, sizeof(*table));
	struct key *found = dsp_alloc(LAWS_MAX, sizeof(*found));
	int ret = -ENOMEM;

	if (law && table && found) {
		const uint32_t laws = find_laws(b, law, found, table, n);

		ret = 0;
		b->shared = laws <= n / 4;
		if (b->shared) {
			b->law = law;
			keep_laws(b, found, laws);
			law = NULL;
		}
	}
	free(law);
	free(table);
	free(found);
	return ret;
}

/* Do lines so far apart have the same laws, channels so far apart? */
static bool repeats(const struct beamform *b, uint32_t lines,
		    uint32_t channels)
{
	const uint32_t all = b->scan->channels;
	const uint32_t *from = b->law, *to = b->law + lines * all + channels;
	const uint32_t *end = b->law + (size_t)b->params.grid.lines * all;

	for (; to < end; from += all, to += all)
		if (memcmp(from, to, (all - channels) * sizeof(*from)))
			return false;
	return true;
}

/* Only one event leaves a law to several lines; more of them use it up. */
static void find_repeat(struct beamform *b)
{
	uint32_t lines, channels;

	b->repeat.lines = b->params.grid.lines;
	if (!b->shared || b->most > 1)
		return;
	for (lines = 1; lines <= REPEAT_LINES &&
			lines < b->params.grid.lines; lines++) {
		for (channels = 1; channels <= REPEAT_CHANNELS &&
				   channels < b->scan->channels; channels++) {
			if (!repeats(b, lines, channels))
				continue;
			b->repeat = (struct repeat){ true, lines, channels };
			return;
		}
	}
}

int beamform_make_laws(struct beamform *b, const char **why)
{
	const uint32_t channels = b->scan->channels;
	uint32_t c;
	int ret;

	b->laws = b->params.grid.lines * channels;
	b->line_like = dsp_alloc(b->params.grid.lines, sizeof(*b->line_like));
	b->law_like = dsp_alloc(LAWS_MAX, sizeof(*b->law_like));
	b->along = dsp_alloc(b->laws, sizeof(*b->along));
	b->across2 = dsp_alloc(b->laws, sizeof(*b->across2));
	if (!b->along || !b->across2 || !b->line_like || !b->law_like)
		return -ENOMEM;
	*why = fill_laws(b);
	if (*why)
		return -EINVAL;
	b->one_wave = one_wave(b);
	find_likes(b);
	ret = share_laws(b);
	find_repeat(b);
	if (ret || b->shared)
		return ret;
	b->law = dsp_alloc(channels, sizeof(*b->law));
	for (c = 0; b->law && c < channels; c++)
		b->law[c] = c * TILE;
	return b->law ? 0 : -ENOMEM;
}

/* --- laws kept --- */

/* Is a tile inside in all lines? */
static bool fits(const struct beamform *b, uint32_t tile)
{
	uint32_t line, k;

	for (line = 0; line < b->params.grid.lines; line++)
		for (k = 0; k < b->services[line]; k++)
			if (wave_of(b, tile, line, k)->kind != TILE_INSIDE)
				return false;
	return true;
}

int beamform_choose_kept(struct beamform *b)
{
	uint32_t tile;

	/* a coherence factor looks at parts of a sum */
	if (b->params.coherence)
		return 0;
	b->packet = b->one_wave && b->most > 1;
	if (b->shared && b->alike)
		b->kept = b->laws;
	if (!b->kept && !b->packet)
		return 0;
	b->fitted = dsp_alloc(b->tiles, sizeof(*b->fitted));
	if (!b->fitted)
		return -ENOMEM;
	for (tile = 0; tile < b->tiles; tile++)
		b->fitted[tile] = fits(b, tile);
	return 0;
}

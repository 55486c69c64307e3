// SPDX-License-Identifier: MIT
/*
 * The beamformer's object: which events serve a line, its tables of delays,
 * and the order of the sum. Tile by tile of 16 samples, for some lines at a
 * time: the receive delays of all their elements, which every event shares;
 * then event by event, so that an event's samples stay in the cache while the
 * lines take their turns.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "aperture.h"
#include "beamform.h"
#include "cpu.h"
#include "demod.h"
#include "transmit.h"

#define TILE		BEAMFORM_TILE
#define STEPS		(1 << BEAMFORM_POSITION_BITS)	/* to the sample */

/* Either half of a delay: a float counts its steps, 32 bits their sum. */
#define DELAY_MAX	16383.0

/* Lines of a group, and receive delays of its tile: half of a level 2 cache. */
#define GROUP_MAX	64
#define GROUP_DELAYS	8192
#define GROUP_SUMS	2048	/* tiles of images: a quarter of a level 2 cache */

/* Channels whose laws stay in a level 1 cache while lines pass. */
#define KEPT_CHANNELS	32

/* Elements and lines with the same delays are looked for up to these. */
#define LAWS_MAX	2048

/* A grid's samples are divided at most so often. */
#define REFINE_MAX	8

/* What may be called for a tile, see beamform_add_fn. */
enum tile_kind {
	TILE_IRREGULAR,
	TILE_REGULAR,
	TILE_INSIDE,	/* regular, and rows have all its samples */
};

/* An event that is used: its place in the frame and its image. */
struct part {
	uint32_t event;
	uint32_t group;
	double place;		/* of its focus across the lines */
};

/* Transmit positions of a tile: start + j grow + rest[j]. */
struct wave {
	int32_t start;
	int32_t grow;
	int16_t rest[TILE];
	enum tile_kind kind;
};

/* An event's share in a line. */
struct service {
	uint32_t part;
	float weight;
};

/* What one worker writes while it works. */
struct scratch {
	int32_t *receive;	/* [laws or GROUP_DELAYS][TILE] */
	int16_t *weight;	/* [group][channels][TILE] */
	float *acc;		/* [images][group][2 TILE] */
	uint8_t *laws;		/* fitted: [laws]; else NULL */
};

struct beamform {
	const struct sono_scan *scan;
	struct beamform_params params;
	double fs;		/* of analytic samples [Hz] */
	struct beamform_taps taps;
	beamform_receive_fn *receive;
	beamform_add_fn *add;
	bool quads;		/* as add's variant says */
	struct aperture *aperture;
	/*
	 * Variants want neighbouring samples at most two samples of a row
	 * apart: where the caller's are farther, the grid here is finer, and
	 * every refine-th of its samples is given.
	 */
	uint32_t refine;
	uint32_t tiles;		/* of a line */
	uint32_t most;		/* services of a line */
	uint32_t parts;
	struct part *part;	/* [parts] */
	uint32_t *services;	/* [lines], of a line */
	struct service *service;	/* [most][lines] */
	struct wave *wave;	/* [tiles][most][lines], as they are used */
	/*
	 * Receive laws. Seen along a line, an element lies so far ahead and so
	 * far across; where lines and elements repeat each other there are few
	 * such pairs, each of them worked out once a tile.
	 */
	bool shared;
	uint32_t laws;		/* shared, or lines x channels */
	float *along;		/* [laws], steps of position */
	float *across2;		/* [laws], their squares */
	uint32_t *law;		/* shared: [lines][channels]; else [channels];
				 * times TILE */
	/*
	 * Where one wave reaches lines alike, laws of a tile that several
	 * lines have in common are worked out once and kept.
	 */
	bool *fitted;		/* [tiles]; NULL: none is */
	bool alike;		/* line_like is of use */
	uint32_t *line_like;	/* [lines], first line that is reached alike */
	uint32_t *law_like;	/* [LAWS_MAX], of the shared laws' lines */
	beamform_law_fn *make_laws;
	beamform_sum_fn *sum;
	uint32_t group;		/* lines at a time */
	struct scratch *scratch;	/* [workers] */
};

const struct beamform_receive_variant beamform_receive_variants[] = {
	{ beamform_receive_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ beamform_receive_avx2, "avx2", CPU_AVX2 },
	{ beamform_receive_c, "c", 0 },
	{ }
};

const struct beamform_add_variant beamform_add_variants[] = {
	{ beamform_add_avx512, "avx512", CPU_AVX2 | CPU_AVX512, false },
	{ beamform_add_avx2, "avx2", CPU_AVX2, true },
	{ beamform_add_c, "c", 0, false },
	{ }
};

static const char *window_fault(const struct beamform_params *p)
{
	if (p->window != WINDOW_BOXCAR && p->window != WINDOW_HANN &&
	    p->window != WINDOW_TUKEY)
		return "beamforming: unknown window";
	if (p->window != WINDOW_BOXCAR && p->f_number == 0)
		return "beamforming: a window needs an F-number";
	if (p->window == WINDOW_TUKEY && !(p->taper >= 0 && p->taper <= 1))
		return "beamforming: taper is not 0 to 1";
	return NULL;
}

static const char *group_fault(const struct sono_scan *scan,
			       const struct beamform_params *p)
{
	uint32_t e, g;

	if (!p->groups || p->groups > scan->events)
		return "beamforming: groups are not 1 to the scan's events";
	if (!p->group)
		return p->groups > 1 ? "beamforming: events without a group" :
				       NULL;
	for (g = 0; g < p->groups; g++) {
		for (e = 0; e < scan->events && p->group[e] != g; e++)
			;
		if (e == scan->events)
			return "beamforming: a group without events";
	}
	for (e = 0; e < scan->events; e++)
		if (p->group[e] >= p->groups && p->group[e] != BEAMFORM_UNUSED)
			return "beamforming: an event in an unknown group";
	return NULL;
}

static const char *scan_fault(const struct sono_scan *scan)
{
	uint32_t i;

	if (!(scan->c > 0) || !isfinite(scan->c))
		return "scan: speed of sound is not positive";
	if (scan->channels > UINT16_MAX)
		return "scan: more than 65535 channels";
	for (i = 0; i < scan->elements; i++) {
		const struct sono_element *el = &scan->element[i];

		if (!(fabs(hypot(el->nx, el->nz) - 1) < 1e-6))
			return "scan: an element's normal is not a unit vector";
		if (!isfinite(el->x) || !isfinite(el->z))
			return "scan: an element's place is not a number";
	}
	for (i = 0; i < scan->channels; i++)
		if (scan->channel_element[i] >= scan->elements)
			return "scan: a channel of an unknown element";
	for (i = 0; i < scan->events; i++)
		if (scan->event[i].wave == SONO_WAVE_FOCUSED &&
		    (!(scan->event[i].focus > 0) ||
		     !isfinite(scan->event[i].focus)))
			return "scan: a focus is not in front of the probe";
	return NULL;
}

static const char *fault(const struct sono_scan *scan,
			 const struct beamform_params *p)
{
	const char *why = grid_check(&p->grid);

	if (!why && !(p->f_number >= 0 && p->f_number <= 16))
		why = "beamforming: F-number is not 0 to 16";
	if (!why && p->decimate > 1 &&
	    scan->fc > DEMOD_TURNS_MAX * demod_rate(scan, p->decimate))
		why = "beamforming: decimated to less than 3.3 samples a period of fc";
	if (!why && !(fabs(p->steer) < 1.5))
		why = "beamforming: receive aperture steered by a right angle";
	if (!why)
		why = window_fault(p);
	if (!why)
		why = group_fault(scan, p);
	if (!why)
		why = scan_fault(scan);
	return why;
}

/* --- which events serve a line --- */

/* Across the lines: in lines, or of one line as the distance from it. */
static double place_across(const struct grid *grid, double x, double z)
{
	struct ray ray = grid_ray(grid, 0);
	double line, sample;

	if (grid->lines == 1)
		return ((x - ray.x) * ray.dz - (z - ray.z) * ray.dx) /
		       grid->sample_step;
	grid_locate(grid, x, z, &line, &sample);
	return line;
}

const struct beamform_law_variant beamform_law_variants[] = {
	{ beamform_law_avx512, "avx512", CPU_AVX2 | CPU_AVX512,
	  beamform_sum_avx512 },
	{ beamform_law_avx2, "avx2", CPU_AVX2, beamform_sum_avx2 },
	{ beamform_law_c, "c", 0, beamform_sum_c },
	{ }
};

static bool focused(const struct beamform *b, const struct part *part)
{
	return b->scan->event[part->event].wave == SONO_WAVE_FOCUSED;
}

/* Foci of one image on either side of a line, and how many lie there. */
struct neighbours {
	double before, after;
	uint32_t n_before, n_after;
};

static struct neighbours find_neighbours(const struct beamform *b,
					 uint32_t group, double line)
{
	struct neighbours n = { -INFINITY, INFINITY, 0, 0 };
	uint32_t k;

	for (k = 0; k < b->parts; k++) {
		const double place = b->part[k].place;

		if (!focused(b, &b->part[k]) || b->part[k].group != group)
			continue;
		if (place <= line && place >= n.before) {
			n.n_before = place > n.before ? 1 : n.n_before + 1;
			n.before = place;
		}
		if (place > line && place <= n.after) {
			n.n_after = place < n.after ? 1 : n.n_after + 1;
			n.after = place;
		}
	}
	return n;
}

static double share(const struct beamform *b, const struct part *part,
		    double line)
{
	struct neighbours n;
	double after;

	if (!focused(b, part))
		return 1;
	n = find_neighbours(b, part->group, line);
	after = !n.n_after  ? 0 :
		!n.n_before ? 1 :
			      (line - n.before) / (n.after - n.before);
	if (n.n_before && part->place == n.before)
		return (1 - after) / n.n_before;
	if (n.n_after && part->place == n.after)
		return after / n.n_after;
	return 0;
}

static const struct service *service_of(const struct beamform *b,
					uint32_t line, uint32_t k)
{
	return &b->service[(size_t)k * b->params.grid.lines + line];
}

static struct wave *wave_of(const struct beamform *b, uint32_t tile,
			    uint32_t line, uint32_t k)
{
	return &b->wave[((size_t)tile * b->most + k) * b->params.grid.lines +
			line];
}

/* Lists every line's services, or with no room for them counts them. */
static void list_services(struct beamform *b)
{
	uint32_t line, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		uint32_t n = 0;

		for (k = 0; k < b->parts; k++) {
			double weight = share(b, &b->part[k], line);

			if (weight < 1e-6)
				continue;
			if (b->service)
				b->service[(size_t)n * b->params.grid.lines +
					   line] =
					(struct service){ k, weight };
			n++;
		}
		b->services[line] = n;
		if (n > b->most)
			b->most = n;
	}
}

static int make_services(struct beamform *b)
{
	const size_t lines = b->params.grid.lines;

	b->services = dsp_alloc(lines, sizeof(*b->services));
	if (!b->services)
		return -ENOMEM;
	list_services(b);
	b->service = dsp_alloc(b->most * lines, sizeof(*b->service));
	b->wave = dsp_alloc(b->most * lines * b->tiles, sizeof(*b->wave));
	if (!b->service || !b->wave)
		return -ENOMEM;
	list_services(b);
	return 0;
}

/* --- transmit delays --- */

static const char *find_positions(const struct beamform *b,
				  const struct transmit *wave,
				  const struct ray *ray, uint32_t tile,
				  double *out)
{
	const struct sono_scan *scan = b->scan;
	const double extra = 2 * scan->lens_delay + scan->pulse_delay -
			     wave->event->rx_start;
	uint32_t i;

	transmit_arrivals(wave, ray, tile * TILE, TILE, out);
	for (i = 0; i < TILE; i++) {
		if (isinf(out[i]))
			return "scan: an event without transmitting element";
		out[i] = (out[i] / scan->c + extra) * b->fs;
		if (!(fabs(out[i]) < DELAY_MAX))
			return "beamforming: a transmit delay beyond 16383 samples";
		out[i] *= STEPS;
	}
	return NULL;
}

static const char *fill_tile(const struct beamform *b,
			     const struct transmit *transmit,
			     const struct ray *ray, uint32_t tile,
			     struct wave *out)
{
	double position[TILE];
	const char *why = find_positions(b, transmit, ray, tile, position);
	uint32_t i;

	if (why)
		return why;
	/* downwards: weights are those of the middle of a step */
	out->start = floor(position[0]);
	out->grow = lrint((position[TILE - 1] - position[0]) / (TILE - 1));
	for (i = 0; i < TILE; i++) {
		double rest = floor(position[i]) - out->start -
			      (double)i * out->grow;

		/* a wave's arrival does not bend by 32 samples in a tile */
		if (!(fabs(rest) < INT16_MAX))
			return "beamforming: samples of a line too far apart";
		out->rest[i] = rest;
	}
	return NULL;
}

static void get_transmit(const struct wave *wave, int32_t *out)
{
	int32_t at = wave->start;
	uint32_t j;

	for (j = 0; j < TILE; j++, at += wave->grow)
		out[j] = at + wave->rest[j];
}

/* Number of the receive law of a channel in a line. */
static uint32_t law_of(const struct beamform *b, uint32_t line, uint32_t c)
{
	const size_t at = (size_t)line * b->scan->channels + c;

	return b->shared ? b->law[at] / TILE : at;
}

/*
 * Of a tile's receive delays, over its channels: how they grow from sample to
 * sample, and between what they lie [steps].
 */
struct growth {
	double least, most;
	double from, to;
};

static struct growth find_growth(const struct beamform *b, uint32_t line,
				 uint32_t tile)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line, tile);
	const double step = b->params.grid.sample_step * b->fs / b->scan->c *
			    STEPS;
	const double from = tile * TILE * step, to = from + (TILE - 1) * step;
	struct growth g = { INFINITY, 0, INFINITY, 0 };
	uint32_t c;

	/* a distance along a line grows faster and faster */
	for (c = t.first; c < t.end; c++) {
		const uint32_t law = law_of(b, line, c);
		double a = b->along[law] + from, z = b->along[law] + to;

		double near = sqrt(a * a + b->across2[law]);
		double far = sqrt(z * z + b->across2[law]);

		g.least = fmin(g.least, step * a / near);
		g.most = fmax(g.most, step * z / far);
		g.from = fmin(g.from, near);
		g.to = fmax(g.to, far);
	}
	return t.first < t.end ? g : (struct growth){ 0 };
}

/* Do positions stay where variants look for them? See beamform_add_fn. */
static bool keeps(const struct growth *g, int32_t transmit, uint32_t n,
		  uint32_t samples)
{
	/* one step for the rounding of receive delays */
	return transmit + n * g->least >= 1 - BEAMFORM_SLIP &&
	       transmit + n * g->most <=
		       (double)samples * STEPS + BEAMFORM_SLIP - 1;
}

/* Does a row of so many lines have all that a regular tile asks for? */
static bool is_inside(const struct growth *g, const int32_t *transmit,
		      uint32_t lines)
{
	const double line = (double)ANALYTIC_LINE * STEPS;

	return transmit[0] + g->from - BEAMFORM_SLIP >= -line &&
	       transmit[TILE - 1] + g->to + BEAMFORM_SLIP < lines * line;
}

static bool is_regular(const struct growth *g, const int32_t *transmit,
		       bool quads)
{
	uint32_t j;

	for (j = 1; j < TILE; j++) {
		const uint32_t k = j % 4;

		if (!keeps(g, transmit[j] - transmit[0], j, 31) ||
		    (quads &&
		     !keeps(g, transmit[j] - transmit[j - k], k, 6)))
			return false;
	}
	return true;
}

static const char *fill_waves(struct beamform *b)
{
	const char *why = NULL;
	uint32_t line, tile, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		const struct ray ray = grid_ray(&b->params.grid, line);

		for (k = 0; !why && k < b->services[line]; k++) {
			const struct part *part =
				&b->part[service_of(b, line, k)->part];
			const struct transmit transmit = transmit_of(b->scan,
					&b->scan->event[part->event]);

			for (tile = 0; !why && tile < b->tiles; tile++)
				why = fill_tile(b, &transmit, &ray, tile,
						wave_of(b, tile, line, k));
		}
	}
	return why;
}

/* @lines: whole ones of a row */
static enum tile_kind kind_of(const struct beamform *b,
			      const struct growth *g, const struct wave *wave,
			      uint32_t lines)
{
	int32_t transmit[TILE];

	get_transmit(wave, transmit);
	if (!is_regular(g, transmit, b->quads))
		return TILE_IRREGULAR;
	return is_inside(g, transmit, lines) ? TILE_INSIDE : TILE_REGULAR;
}

static void fill_kinds(struct beamform *b)
{
	const uint32_t lines = demod_longest(b->scan, b->params.decimate) /
			       ANALYTIC_LINE;
	uint32_t line, tile, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		for (tile = 0; tile < b->tiles; tile++) {
			const struct growth g = find_growth(b, line, tile);

			for (k = 0; k < b->services[line]; k++) {
				struct wave *wave = wave_of(b, tile, line, k);

				wave->kind = kind_of(b, &g, wave, lines);
			}
		}
	}
}

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

	if (!one_wave(b))
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

static int make_laws(struct beamform *b, const char **why)
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
	find_likes(b);
	ret = share_laws(b);
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

static int choose_kept(struct beamform *b)
{
	uint32_t tile;

	if (!b->shared || !b->alike)
		return 0;
	b->fitted = dsp_alloc(b->tiles, sizeof(*b->fitted));
	if (!b->fitted)
		return -ENOMEM;
	for (tile = 0; tile < b->tiles; tile++)
		b->fitted[tile] = fits(b, tile);
	return 0;
}

/* --- the object --- */

static void fill_parts(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	uint32_t e;

	for (e = 0; e < scan->events; e++) {
		const struct sono_event *event = &scan->event[e];
		uint32_t group = b->params.group ? b->params.group[e] : 0;
		struct part part = { .event = e, .group = group };

		if (group == BEAMFORM_UNUSED)
			continue;
		if (event->wave == SONO_WAVE_FOCUSED) {
			struct transmit f = transmit_of(scan, event);

			part.place = place_across(&b->params.grid, f.x, f.z);
		}
		b->part[b->parts++] = part;
	}
}

static size_t receive_vectors(const struct beamform *b)
{
	return b->shared ? b->laws : (size_t)b->group * b->scan->channels;
}

static int make_scratch(struct beamform *b)
{
	const uint32_t channels = b->scan->channels;
	uint32_t w;

	b->group = b->shared ? GROUP_MAX : GROUP_DELAYS / channels;
	if (b->group > GROUP_SUMS / b->params.groups)
		b->group = GROUP_SUMS / b->params.groups;
	b->group = b->group < 1 ? 1 : b->group > GROUP_MAX ? GROUP_MAX :
							     b->group;
	b->scratch = calloc(b->params.workers, sizeof(*b->scratch));
	if (!b->scratch)
		return -ENOMEM;
	for (w = 0; w < b->params.workers; w++) {
		struct scratch *s = &b->scratch[w];

		s->receive = dsp_alloc(receive_vectors(b),
				       TILE * sizeof(*s->receive));
		s->weight = dsp_alloc((size_t)b->group * channels,
				      TILE * sizeof(*s->weight));
		s->acc = dsp_alloc((size_t)b->params.groups * b->group,
				   2 * TILE * sizeof(*s->acc));
		if (b->fitted)
			s->laws = dsp_alloc(b->laws, BEAMFORM_LAW_BYTES);
		if (!s->receive || !s->weight || !s->acc ||
		    (b->fitted && !s->laws))
			return -ENOMEM;
	}
	return 0;
}

static int build(struct beamform *b, const char **why)
{
	int ret;

	b->part = calloc(b->scan->events, sizeof(*b->part));
	if (!b->part)
		return -ENOMEM;
	fill_parts(b);
	ret = aperture_create(&b->aperture, b->scan, &b->params);
	if (!ret)
		ret = make_services(b);
	if (ret)
		return ret;
	*why = fill_waves(b);
	if (*why)
		return -EINVAL;
	ret = make_laws(b, why);
	if (ret)
		return ret;
	fill_kinds(b);
	ret = choose_kept(b);
	return ret ? ret : make_scratch(b);
}

static void refine(struct beamform *b)
{
	struct grid *grid = &b->params.grid;
	/* there and back */
	const double apart = 2 * grid->sample_step * b->fs / b->scan->c;

	/* a little more than two apart is near enough, see BEAMFORM_SLIP */
	b->refine = fmin(fmax(ceil(apart / 2.003), 1), REFINE_MAX);
	grid->samples = (grid->samples - 1) * b->refine + 1;
	grid->sample_step /= b->refine;
}

int beamform_create(struct beamform **beamform, const struct sono_scan *scan,
		    const struct beamform_params *params, const char **why)
{
	struct beamform *b;
	int ret;

	*why = fault(scan, params);
	if (*why)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->scan = scan;
	b->params = *params;
	if (!b->params.decimate)
		b->params.decimate = 1;
	if (!b->params.workers)
		b->params.workers = 1;
	b->fs = demod_rate(scan, b->params.decimate);
	refine(b);
	b->tiles = (b->params.grid.samples + TILE - 1) / TILE;
	b->receive = cpu_choose(beamform_receive_variants)->fn;
	b->add = cpu_choose(beamform_add_variants)->fn;
	b->quads = cpu_choose(beamform_add_variants)->quads;
	b->make_laws = cpu_choose(beamform_law_variants)->fn;
	b->sum = cpu_choose(beamform_law_variants)->sum;
	beamform_fit_taps(&b->taps, scan->fc / b->fs);
	ret = build(b, why);
	b->params.group = NULL;		/* the caller's, now in part[] */
	if (ret)
		beamform_destroy(b);
	else
		*beamform = b;
	return ret;
}

/* --- a frame --- */

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
	float scale;
	float *acc;
};

static struct share share_of(const struct beamform *b, const struct spot *s,
			     const struct analytic *in, uint32_t line,
			     uint32_t k)
{
	const struct service *service = service_of(b, line, k);
	const struct part *part = &b->part[service->part];

	return (struct share){
		.line = line,
		.event = part->event,
		.wave = wave_of(b, s->tile, line, k),
		.scale = service->weight * in->scale[part->event] /
			 BEAMFORM_GAIN,
		.acc = acc_of(b, s, part->group, line),
	};
}

static struct beamform_rows rows_of(const struct beamform *b,
				    const struct analytic *in,
				    const struct share *share, uint32_t first)
{
	return (struct beamform_rows){
		.data = analytic_row(in, share->event, first),
		.lines = in->lines,
		.line = in->line,
		.plane = in->plane,
		.row = in->row,
		.inside = share->wave->kind == TILE_INSIDE,
		.taps = &b->taps,
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

/* Channels @first to @end, of which those outside @t's whole are weighted. */
static void add_channels(const struct beamform *b, const struct spot *s,
			 const struct analytic *in, const struct share *share,
			 const int32_t *transmit,
			 const struct aperture_tile *t, uint32_t first,
			 uint32_t end)
{
	const struct beamform_rows rows = rows_of(b, in, share, first);
	beamform_add_fn *add = share->wave->kind == TILE_IRREGULAR ?
			       beamform_add_c : b->add;
	const struct beamform_edges edges = {
		.weight = weight_of(b, s, share->line) + first * TILE,
		.lead = first < t->whole ? t->whole - first : 0,
		.tail = end > t->whole_end ? end - t->whole_end : 0,
	};

	if (first < end)
		add(share->acc, &rows, receive_of(b, s, share->line),
		    laws_of(b, share->line) + first, transmit, &edges,
		    end - first, share->scale);
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

/* Laws of the tile are kept: lines pass by some channels' laws and samples. */
static void add_fitted(const struct beamform *b, const struct spot *s,
		       const struct analytic *in, uint32_t k, uint32_t first)
{
	const uint32_t end = first + KEPT_CHANNELS;
	uint32_t line;

	for (line = s->first; line < s->first + s->lines; line++) {
		const struct aperture_tile t =
			aperture_tile(b->aperture, line, s->tile);
		const struct share share = share_of(b, s, in, line, k);
		const uint32_t c = t.whole > first ? t.whole : first;
		const uint32_t stop = t.whole_end < end ? t.whole_end : end;
		const struct beamform_rows rows = rows_of(b, in, &share, c);

		if (c < stop)
			b->sum(share.acc, &rows, s->scratch->laws,
			       laws_of(b, line) + c,
			       stop - c, share.scale);
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
	const struct beamform_rows like = rows_of(b, in, &any, 0);
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

/* --- figures --- */

static uint64_t count_channel(const struct beamform *b, uint32_t line,
			      uint32_t k, uint32_t c)
{
	const struct sono_event *event =
		&b->scan->event[b->part[service_of(b, line, k)->part].event];
	const double last = (demod_samples(b->scan, event->samples,
					   b->params.decimate) - 1.0) * STEPS;
	const struct aperture_span span = aperture_span(b->aperture, line, c);
	const uint32_t law = law_of(b, line, c);
	const double step = b->params.grid.sample_step * b->fs / b->scan->c *
			    STEPS;
	int32_t transmit[TILE];
	uint64_t n = 0;
	uint32_t j, tile = UINT32_MAX;

	/* only samples that are given count */
	for (j = (span.first + b->refine - 1) / b->refine * b->refine;
	     j < span.end; j += b->refine) {
		const double a = b->along[law] + j * step;
		double s;

		if (j / TILE != tile)
			get_transmit(wave_of(b, j / TILE, line, k), transmit);
		tile = j / TILE;
		s = transmit[j % TILE] + sqrt(a * a + b->across2[law]);
		n += s >= 0 && s <= last;
	}
	return n;
}

uint64_t beamform_points(const struct beamform *b)
{
	uint64_t n = 0;
	uint32_t line, k, c;

	for (line = 0; line < b->params.grid.lines; line++)
		for (k = 0; k < b->services[line]; k++)
			for (c = 0; c < b->scan->channels; c++)
				n += count_channel(b, line, k, c);
	return n;
}

double beamform_irregular(const struct beamform *b)
{
	size_t all = 0, irregular = 0;
	uint32_t line, tile, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		for (k = 0; k < b->services[line]; k++) {
			for (tile = 0; tile < b->tiles; tile++)
				irregular += wave_of(b, tile, line, k)->kind ==
					     TILE_IRREGULAR;
			all += b->tiles;
		}
	}
	return (double)irregular / all;
}

size_t beamform_bytes(const struct beamform *b)
{
	const size_t lines = b->params.grid.lines;
	const size_t channels = b->scan->channels;
	const size_t laws = b->fitted ? b->laws : 0;

	return aperture_bytes(b->aperture) +
	       lines * b->most *
		       (b->tiles * sizeof(*b->wave) + sizeof(*b->service)) +
	       lines * channels * (2 * sizeof(float) + sizeof(*b->law)) +
	       b->params.workers *
		       (TILE * (receive_vectors(b) * sizeof(int32_t) +
				b->group * channels * sizeof(int16_t) +
				(size_t)b->params.groups * b->group * 2 *
					sizeof(float)) +
			laws * BEAMFORM_LAW_BYTES);
}

void beamform_destroy(struct beamform *b)
{
	uint32_t w;

	if (!b)
		return;
	for (w = 0; b->scratch && w < b->params.workers; w++) {
		free(b->scratch[w].receive);
		free(b->scratch[w].weight);
		free(b->scratch[w].acc);
		free(b->scratch[w].laws);
	}
	free(b->scratch);
	aperture_destroy(b->aperture);
	free(b->part);
	free(b->services);
	free(b->service);
	free(b->wave);
	free(b->fitted);
	free(b->line_like);
	free(b->law_like);
	free(b->along);
	free(b->across2);
	free(b->law);
	free(b);
}

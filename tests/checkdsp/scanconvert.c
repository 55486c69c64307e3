// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checkdsp.h"
#include "dsp/palette.h"
#include "dsp/scanconvert.h"

#define FLOOR_DB	-60.0f
#define LINES		7
#define SAMPLES		23
#define STRIDE		32	/* scan_stride(SAMPLES) */
#define PAIRS		((LINES - 1) * STRIDE)
#define NYQUIST		0.5f
#define UNTOUCHED	91

/* A map whose entries say their number. */
static void compare_mapped(scanconvert_level_fn *fn, uint8_t *grey,
			   const float *level, size_t n)
{
	uint8_t map[LEVEL_MAP];
	size_t j;

	for (j = 0; j < LEVEL_MAP; j++)
		map[j] = j % 251;
	fn(grey, level, n, FLOOR_DB, map);
	for (j = 0; j < n; j++) {
		double at = LEVEL_STEPS * 255 *
			    fmin(fmax(1 - level[j] / (double)FLOOR_DB, 0), 1);

		if (fabs(at - floor(at) - 0.5) > 1e-4)
			checkdsp_near("mapped", j, grey[j],
				      (int)floor(at + 0.5) % 251, 0);
	}
}

static void compare_level(scanconvert_level_fn *fn, size_t n)
{
	static const float extremes[] = { 0, -60, -59.999f, 1e30f, -1e30f };
	struct guarded grey = guarded_new(n, 1);
	struct guarded db = guarded_new(4 * n, 4);
	float *level = db.data;
	size_t j;

	for (j = 0; j < n; j++)
		level[j] = j % 6 < 5 ? extremes[j % 5] :
				       -30 + 40 * checkdsp_random();
	fn(grey.data, level, n, FLOOR_DB, NULL);
	for (j = 0; j < n; j++) {
		double want = 255 * (1 - level[j] / (double)FLOOR_DB);
		double off = fabs(want - floor(want) - 0.5);

		want = floor(fmin(fmax(want, 0), 255) + 0.5);
		checkdsp_near("grey", j, ((uint8_t *)grey.data)[j], want,
			      off < 1e-4 ? 1 : 0);
	}
	compare_mapped(fn, grey.data, level, n);
	guarded_end(&grey);
	guarded_end(&db);
}

struct level_call {
	scanconvert_level_fn *fn;
	uint8_t grey[2048];
	float db[2048];
};

static void call_level(void *arg)
{
	struct level_call *c = arg;

	c->fn(c->grey, c->db, 2048, FLOOR_DB, NULL);
}

static void check_level(void)
{
	static const size_t sizes[] = { 0, 1, 7, 33, 2048 };
	const struct scanconvert_level_variant *v;
	static struct level_call c;
	size_t i;

	for (v = scanconvert_level_variants; v->fn; v++) {
		if (!checkdsp_begin("scanconvert_level", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			compare_level(v->fn, sizes[i]);
		c.fn = v->fn;
		for (i = 0; i < 2048; i++)
			c.db[i] = -30 + 30 * checkdsp_random();
		checkdsp_bench(call_level, &c, 2048, "sample");
		checkdsp_end();
	}
}

/* Pixels anywhere in a small grid, and on its samples. */
struct places {
	struct guarded at, a, b, share;
	struct scan_map map;
};

static void make_places(struct places *p, size_t n)
{
	size_t j;

	p->at = guarded_new(4 * n, 0);
	p->a = guarded_new(8 * n, 0);
	p->b = guarded_new(8 * n, 0);
	p->share = guarded_new(4 * n, 4);
	p->map = (struct scan_map){
		.at = p->at.data, .a = p->a.data, .b = p->b.data,
		.share = p->share.data,
	};
	for (j = 0; j < n; j++) {
		p->map.at[j] = checkdsp_below(LINES - 1) * STRIDE +
			       checkdsp_below(SAMPLES - 1);
		p->map.a[j] = j % 3 ? checkdsp_random() / 2 + 0.5 : 0;
		p->map.b[j] = j % 4 ? checkdsp_random() / 2 + 0.5 : 0;
		if (j % 11 == 3)
			p->map.a[j] = p->map.b[j] = 1 - 1e-9;
		p->map.share[j] = scan_share(p->map.a[j], p->map.b[j]);
	}
}

static void end_places(struct places *p)
{
	guarded_end(&p->at);
	guarded_end(&p->a);
	guarded_end(&p->b);
	guarded_end(&p->share);
}

static void compare_pair(scanconvert_pair_fn *fn, size_t n)
{
	struct guarded line = guarded_new(n, 1), next = guarded_new(n, 3);
	struct guarded pairs = guarded_new(2 * n, 1);
	size_t j;

	for (j = 0; j < n; j++) {
		((uint8_t *)line.data)[j] = checkdsp_below(256);
		((uint8_t *)next.data)[j] = checkdsp_below(256);
	}
	fn(pairs.data, line.data, next.data, n);
	for (j = 0; j < 2 * n; j++)
		checkdsp_near("pairs", j, ((uint8_t *)pairs.data)[j],
			      ((uint8_t *)(j % 2 ? next : line).data)[j / 2],
			      0);
	guarded_end(&line);
	guarded_end(&next);
	guarded_end(&pairs);
}

struct pair_call {
	scanconvert_pair_fn *fn;
	uint8_t pairs[4096], line[2048], next[2048];
};

static void call_pair(void *arg)
{
	struct pair_call *c = arg;

	c->fn(c->pairs, c->line, c->next, 2048);
}

static void check_pair(void)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 33, 63, 64, 2049 };
	const struct scanconvert_pair_variant *v;
	static struct pair_call c;
	size_t i;

	for (v = scanconvert_pair_variants; v->fn; v++) {
		if (!checkdsp_begin("scanconvert_pair", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			compare_pair(v->fn, sizes[i]);
		c.fn = v->fn;
		checkdsp_bench(call_pair, &c, 2048, "sample");
		checkdsp_end();
	}
}

static void compare_rgb(scanconvert_rgb_fn *fn, size_t n)
{
	struct guarded grey = guarded_new(n, 1), rgb = guarded_new(3 * n, 1);
	size_t j;

	for (j = 0; j < n; j++)
		((uint8_t *)grey.data)[j] = checkdsp_below(256);
	fn(rgb.data, grey.data, n);
	for (j = 0; j < 3 * n; j++)
		checkdsp_near("rgb", j, ((uint8_t *)rgb.data)[j],
			      ((uint8_t *)grey.data)[j / 3], 0);
	guarded_end(&grey);
	guarded_end(&rgb);
}

struct rgb_call {
	scanconvert_rgb_fn *fn;
	uint8_t rgb[3 * 4096], grey[4096];
};

static void call_rgb(void *arg)
{
	struct rgb_call *c = arg;

	c->fn(c->rgb, c->grey, 4096);
}

static void check_rgb(void)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 33, 63, 64, 4099 };
	const struct scanconvert_rgb_variant *v;
	static struct rgb_call c;
	size_t i;

	for (v = scanconvert_rgb_variants; v->fn; v++) {
		if (!checkdsp_begin("scanconvert_rgb", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			compare_rgb(v->fn, sizes[i]);
		c.fn = v->fn;
		checkdsp_bench(call_rgb, &c, 4096, "pixel");
		checkdsp_end();
	}
}

/* Line by line, then between the lines, in long double. */
static double exact_grey(const uint8_t *pairs, const struct scan_map *map,
			 size_t j)
{
	const long double a = map->a[j], b = map->b[j];
	const uint8_t *at = pairs + 2 * map->at[j];
	long double before = at[0] + a * (at[2] - at[0]);
	long double after = at[1] + a * (at[3] - at[1]);

	return before + b * (after - before);
}

static void compare_grey(scanconvert_grey_fn *fn, size_t first, size_t n)
{
	struct guarded in = guarded_new(2 * PAIRS, 1);
	struct guarded out = guarded_new(n, 1);
	struct places p;
	size_t j, differ = 0;

	make_places(&p, first + n);
	for (j = 0; j < 2 * PAIRS; j++)
		((uint8_t *)in.data)[j] = j % 5 ? checkdsp_below(256) : 255;
	fn(out.data, in.data, &p.map, first, n);
	for (j = 0; j < n; j++) {
		uint8_t got = ((uint8_t *)out.data)[j];
		double exact = exact_grey(in.data, &p.map, first + j);

		/* rounding may fall either way at a half */
		if (fabs(exact - floor(exact) - 0.5) < 1e-9)
			continue;
		differ += got != floor(exact + 0.5);
		checkdsp_near("out", j, got, floor(exact + 0.5),
			      fn == scanconvert_grey_c ? 0 : 1);
	}
	/* of few pixels chance makes more of them */
	checkdsp_near("differing pixels", n, differ, 0, n / 250.0 + 2);
	guarded_end(&in);
	guarded_end(&out);
	end_places(&p);
}

/* Steepest edges, everywhere between samples: whole words hold them. */
static void compare_edges(scanconvert_grey_fn *fn)
{
	uint8_t in[2 * PAIRS], out[64];
	struct places p;
	unsigned int bits, j;

	make_places(&p, 64);
	for (bits = 0; bits < 16; bits++) {
		for (j = 0; j < 2 * PAIRS; j++)
			in[j] = bits >> j % 4 & 1 ? 255 : 0;
		for (j = 0; j < 64; j++)
			p.map.at[j] &= ~1u;
		fn(out, in, &p.map, 0, 64);
		for (j = 0; j < 64; j++)
			checkdsp_near("edge", j, out[j],
				      floor(exact_grey(in, &p.map, j) + 0.5),
				      1);
	}
	end_places(&p);
}

struct grey_call {
	scanconvert_grey_fn *fn;
	struct places *places;
	uint8_t in[2 * PAIRS];
	uint8_t out[4096];
};

static void call_grey(void *arg)
{
	struct grey_call *c = arg;

	c->fn(c->out, c->in, &c->places->map, 0, 4096);
}

static void check_grey(void)
{
	static const size_t sizes[] = { 0, 1, 7, 33, 255, 257, 4099 };
	const struct scanconvert_grey_variant *v;
	static struct grey_call c;
	struct places p;
	size_t i;

	for (v = scanconvert_grey_variants; v->fn; v++) {
		if (!checkdsp_begin("scanconvert_grey", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			compare_grey(v->fn, 0, sizes[i]);
			compare_grey(v->fn, 3, sizes[i]);
		}
		compare_edges(v->fn);
		make_places(&p, 4096);
		c.fn = v->fn;
		c.places = &p;
		checkdsp_bench(call_grey, &c, 4096, "pixel");
		end_places(&p);
		checkdsp_end();
	}
}

struct flow {
	float v[LINES * STRIDE];
	float shade[LINES * STRIDE];
	uint8_t palette[PALETTE_SHADES * PALETTE_COLOURS][3];
	struct colour_law law;
};

/*
 * A palette whose entries say their number; velocities on either side of 0
 * and of the Nyquist velocity, @baseline of it shifted.
 */
static void make_flow(struct flow *f, double baseline)
{
	size_t i;

	for (i = 0; i < PALETTE_SHADES * PALETTE_COLOURS; i++) {
		f->palette[i][0] = i % PALETTE_COLOURS;
		f->palette[i][1] = i / PALETTE_COLOURS;
		f->palette[i][2] = 77;
	}
	for (i = 0; i < LINES * STRIDE; i++) {
		f->v[i] = i % 4 ? NYQUIST * checkdsp_random() : NAN;
		/* beyond both ends, too */
		f->shade[i] = 0.6 * checkdsp_random() + 0.5;
	}
	f->law = (struct colour_law){
		.v = f->v, .shade = f->shade, .stride = STRIDE, .nyquist = NYQUIST, .baseline = baseline,
		.priority = 200,
		.palette = (const uint8_t (*)[3])f->palette,
	};
}

/*
 * Shares of 15 and 16 bits move a weight by 2^-15, four of them a mean of velocities
 * that lie one Nyquist velocity about it, divided by a half at least, by 2^-12 of
 * that: a thirtieth of an entry, of which it is 128; a mean of shades by less.
 */
#define BORDER	(128 * 0x1p-12)

/* An entry; the next one only where the value lies on the border between them. */
static void check_entry(const char *what, size_t j, int got, double exact,
			int most, double border)
{
	const bool between = fabs(exact - round(exact)) < border;
	const double want = fmax(fmin(floor(exact), most), 0);

	checkdsp_near(what, j, got, want, between);
}

/*
 * Entry of the palette: the weighted mean about the heaviest valid sample, by
 * remainders, not rounded; -1 where valid samples make less than half, -2 where the
 * decision hangs on rounding: half the weight, two as heavy, half a cycle.
 */
static double exact_entry(const struct flow *f, const struct scan_map *map,
			  size_t j)
{
	const double a = map->a[j], b = map->b[j];
	const double share[4] = { (1 - a) * (1 - b), a * (1 - b), (1 - a) * b,
				  a * b };
	const int place[4] = { 0, 1, STRIDE, STRIDE + 1 };
	double all = 0, best = 0, second = 0, sum = 0, centre = 0;
	int i;

	for (i = 0; i < 4; i++) {
		double w = isnan(f->v[map->at[j] + place[i]]) ? 0 : share[i];

		all += w;
		if (w > best) {
			second = best;
			best = w;
			centre = f->v[map->at[j] + place[i]];
		} else if (w > second) {
			second = w;
		}
	}
	if (fabs(all - 0.5) < 1e-4 || (all > 0.5 && best - second < 1e-4))
		return -2;
	for (i = 0; i < 4; i++) {
		double off = f->v[map->at[j] + place[i]] - centre;

		if (isnan(off))
			continue;
		if (fabs(fabs(off) - NYQUIST) < 1e-4 * NYQUIST)
			return -2;
		sum += share[i] * remainder(off, 2 * NYQUIST);
	}
	if (all < 0.5)
		return -1;
	sum = remainder(centre + sum / all + f->law.baseline * NYQUIST,
			2 * NYQUIST);
	return (sum / NYQUIST + 1) * (PALETTE_COLOURS / 2);
}

/* Entry of the palette by shade, not rounded. */
static double exact_shade(const struct flow *f, const struct scan_map *map,
			  size_t j)
{
	const double a = map->a[j], b = map->b[j];
	const double share[4] = { (1 - a) * (1 - b), a * (1 - b), (1 - a) * b,
				  a * b };
	const int place[4] = { 0, 1, STRIDE, STRIDE + 1 };
	double all = 0, sum = 0;
	int i;

	for (i = 0; i < 4; i++) {
		double w = isnan(f->v[map->at[j] + place[i]]) ? 0 : share[i];

		all += w;
		sum += w * f->shade[map->at[j] + place[i]];
	}
	return sum / all * PALETTE_SHADES;
}

static void compare_colour(scanconvert_colour_fn *fn, size_t first, size_t n,
			   double baseline)
{
	const double border = fn == scanconvert_colour_c ? 1e-3 : BORDER;
	struct guarded rgb = guarded_new(3 * n, 1);
	struct guarded grey = guarded_new(n, 1);
	struct places p;
	struct flow f;
	size_t j;

	make_places(&p, first + n);
	make_flow(&f, baseline);
	for (j = 0; j < n; j++)
		((uint8_t *)grey.data)[j] = j % 3 ? 199 : 200 + j % 50;
	memset(rgb.data, UNTOUCHED, 3 * n);
	fn(rgb.data, grey.data, &f.law, &p.map, first, n);
	for (j = 0; j < n; j++) {
		const uint8_t *got = (uint8_t *)rgb.data + 3 * j;
		double entry = -1;

		if (((uint8_t *)grey.data)[j] < f.law.priority)
			entry = exact_entry(&f, &p.map, first + j);
		if (entry == -2)
			continue;
		checkdsp_near("blue", j, got[2], entry < 0 ? UNTOUCHED : 77,
			      0);
		/* the ends of the palette are one velocity */
		if (entry >= 0 && abs(got[0] - (int)entry) != 255)
			check_entry("entry", j, got[0], entry,
				    PALETTE_COLOURS - 1, border);
		if (entry >= 0)
			check_entry("shade", j, got[1],
				    exact_shade(&f, &p.map, first + j),
				    PALETTE_SHADES - 1, border);
		if (entry < 0)
			checkdsp_near("red", j, got[0], UNTOUCHED, 0);
	}
	guarded_end(&rgb);
	guarded_end(&grey);
	end_places(&p);
}

struct colour_call {
	scanconvert_colour_fn *fn;
	struct places places;
	struct flow flow;
	uint8_t rgb[3 * 4096];
	uint8_t grey[4096];
};

static void call_colour(void *arg)
{
	struct colour_call *c = arg;

	c->fn(c->rgb, c->grey, &c->flow.law, &c->places.map, 0, 4096);
}

static void check_colour(void)
{
	static const size_t sizes[] = { 0, 1, 7, 33, 4099 };
	const struct scanconvert_colour_variant *v;
	static struct colour_call c;
	size_t i;

	for (v = scanconvert_colour_variants; v->fn; v++) {
		if (!checkdsp_begin("scanconvert_colour", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			compare_colour(v->fn, 0, sizes[i], 0);
			compare_colour(v->fn, 3, sizes[i], 0.4);
		}
		make_places(&c.places, 4096);
		make_flow(&c.flow, 0);
		c.fn = v->fn;
		checkdsp_bench(call_colour, &c, 4096, "pixel");
		end_places(&c.places);
		checkdsp_end();
	}
}

void check_scanconvert(void)
{
	check_level();
	check_pair();
	check_grey();
	check_rgb();
	check_colour();
}

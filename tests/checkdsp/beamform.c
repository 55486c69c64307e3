// SPDX-License-Identifier: MIT
#include <complex.h>
#include <math.h>
#include <string.h>

#include "checkdsp.h"
#include "dsp/beamform.h"
#include "dsp/demod.h"

#define TILE BEAMFORM_TILE
#define STEPS (1 << BEAMFORM_POSITION_BITS)
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define EPS 0x1p-24 /* half a unit in the last place */

/*
 * From a polynomial's weight to the exact one, of 1: least squares look at the
 * signal, not at the weights, and these come within 12 of BEAMFORM_GAIN,
 * little more than a step of position is worth.
 */
#define C_WEIGHT (12.0 / BEAMFORM_GAIN)

/* --- receive delays --- */

struct receive {
	struct guarded delay, want, along, across2;
	float start, step;
	uint32_t n;
};

/*
 * Delays to @most steps; every seventh element lies on the line, in reach of
 * its samples, the first of them on one, where the distance is 0.
 */
static void make_receive(struct receive *r, uint32_t n, double most)
{
	uint32_t c;

	*r = (struct receive){
		.delay = guarded_new(4 * (size_t)n * TILE, 0),
		.want = guarded_new(4 * (size_t)n * TILE, 0),
		.along = guarded_new(4 * n, 4),
		.across2 = guarded_new(4 * n, 12),
		.start = most / 8,
		.step = most / 512,
		.n = n,
	};
	for (c = 0; c < n; c++) {
		float *along = (float *)r->along.data + c;
		float *across2 = (float *)r->across2.data + c;
		double across = most / 2 * checkdsp_random();

		*along = most / 2 * checkdsp_random();
		*across2 = across * across;
		if (c % 7 == 0) {
			*along = -r->start - (c % TILE) * r->step;
			*across2 = 0;
		}
	}
}

static void end_receive(struct receive *r)
{
	guarded_end(&r->delay);
	guarded_end(&r->want);
	guarded_end(&r->along);
	guarded_end(&r->across2);
}

/*
 * Half a step, and a half unit in the last place each of the product, of both
 * sums, of the square and the sum under the root (half of it behind), and of
 * the root itself.
 */
static void compare_exact(const struct receive *r)
{
	const int32_t *got = r->delay.data;
	uint32_t c, j;

	for (c = 0; c < r->n; c++) {
		const double along = ((float *)r->along.data)[c];
		const double across2 = ((float *)r->across2.data)[c];

		for (j = 0; j < TILE; j++) {
			const double way = (double)j * r->step;
			const double a = along + r->start + way;
			const double d = sqrt(a * a + across2);

			checkdsp_near("delay", c * TILE + j, *got++, d,
				      0.501 + EPS * (way + fabs(a - along) +
						     fabs(a) + 2 * d));
		}
	}
}

static void compare_receive(beamform_receive_fn *fn, uint32_t n, double most)
{
	struct receive r;
	uint32_t i;

	make_receive(&r, n, most);
	fn(r.delay.data, r.along.data, r.across2.data, r.start, r.step, n);
	beamform_receive_c(r.want.data, r.along.data, r.across2.data, r.start,
			   r.step, n);
	if (fn == beamform_receive_c)
		compare_exact(&r);
	for (i = 0; i < n * TILE; i++)
		checkdsp_near("delay", i, ((int32_t *)r.delay.data)[i],
			      ((int32_t *)r.want.data)[i], 0);
	end_receive(&r);
}

struct receive_call {
	beamform_receive_fn *fn;
	struct receive *receive;
};

static void call_receive(void *arg)
{
	struct receive_call *c = arg;
	struct receive *r = c->receive;

	c->fn(r->delay.data, r->along.data, r->across2.data, r->start, r->step,
	      r->n);
}

static void check_receive(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 64, 192 };
	static const double most[] = { 0x1p16, 0x1p20, 0x1p22, 0x1p24 };
	const struct beamform_receive_variant *v;
	struct receive r;
	uint32_t i, k;

	for (v = beamform_receive_variants; v->fn; v++) {
		if (!checkdsp_begin("beamform_receive", v->name, v->flags))
			continue;
		for (i = 0; i < LENGTH(sizes); i++)
			for (k = 0; k < LENGTH(most); k++)
				compare_receive(v->fn, sizes[i], most[k]);
		make_receive(&r, 64, 0x1p21);
		checkdsp_bench(call_receive,
			       &(struct receive_call){ v->fn, &r }, 64 * TILE,
			       "point");
		end_receive(&r);
		checkdsp_end();
	}
}

/* --- the sum over channels --- */

/*
 * How positions lie in a tile. EVEN: they grow by up to 2 samples. SPREAD:
 * anywhere in the bounds of a regular tile, and on them. SLIPPING: the same,
 * BEAMFORM_SLIP steps further. LOOSE: regular, but for variants that say
 * quads. ANYHOW: anywhere.
 */
enum shape { EVEN, SPREAD, SLIPPING, LOOSE, ANYHOW };

enum content { RANDOM, FULL_SCALE };

enum weights { NONE, ZEROS, ONES, SOME, WEIGHTS };

struct order {
	double turns;
	struct beamform_taps taps;
	enum shape shape;
	enum content content;
	enum weights weights;
	uint32_t n, lines;
	bool blocked, inside;
};

struct tile {
	struct order order;
	struct guarded acc, want, data, receive, law, transmit, weight;
	struct beamform_rows rows;
	struct beamform_edges edges;
	uint32_t laws;
};

/* No power of 2: a product and a sum are rounded apart, in all variants. */
#define SCALE 0.3f

static const int16_t *sample_at(const struct beamform_rows *rows, uint32_t c,
				int32_t i)
{
	return rows->data + c * rows->row + (i >> 5) * (ptrdiff_t)rows->line +
	       (i & 31);
}

static int16_t content(const struct order *o)
{
	if (o->content == RANDOM)
		return checkdsp_random() * 32767;
	return checkdsp_below(2) ? 32767 : -32767;
}

/* As struct analytic has an event: zeros before the rows and behind. */
static void make_rows(struct tile *t)
{
	const struct order *o = &t->order;
	const size_t planar = (((size_t)o->lines + 1) | 1) * ANALYTIC_LINE;
	const size_t plane = o->blocked ? ANALYTIC_LINE : planar;
	const size_t line = o->blocked ? 2 * plane * o->n : ANALYTIC_LINE;
	const size_t event = o->blocked ? line * (o->lines + 2) :
					  2 * plane * o->n;
	uint32_t c, i;

	t->data = guarded_new(2 * (event + line + ANALYTIC_LINE), 0);
	t->rows = (struct beamform_rows){
		.data = (int16_t *)t->data.data + line,
		.lines = o->lines,
		.line = line,
		.plane = plane,
		.row = 2 * plane,
		.inside = o->inside,
		.taps = &o->taps,
	};
	for (c = 0; c < o->n; c++) {
		for (i = 0; i < o->lines * ANALYTIC_LINE; i++) {
			int16_t *at = (int16_t *)sample_at(&t->rows, c, i);

			at[0] = content(o);
			at[plane] = content(o);
		}
	}
}

/*
 * Of the first sample so that all of the tile are inside: no shape reaches
 * further behind than 31 samples, nor before, but for what slips.
 */
static int32_t first_inside(const struct order *o)
{
	const int32_t slip = o->shape == SLIPPING ? BEAMFORM_SLIP : 0;
	const int32_t from = -32 * STEPS + slip;
	const int32_t to = (32 * (int32_t)o->lines - 31) * STEPS - 1 - slip;

	switch (checkdsp_below(8)) {
	case 0:
		return from;
	case 1:
		return to;
	default:
		return from + (int32_t)checkdsp_below(to - from + 1);
	}
}

/* Of the first sample: on an edge of the record, or about it, or in it. */
static int32_t first_position(const struct order *o)
{
	const int32_t end = o->lines * ANALYTIC_LINE * STEPS;
	const int32_t edges[] = {
		-33 * STEPS,
		-32 * STEPS,
		-32 * STEPS - 1,
		-STEPS,
		-STEPS - 1,
		-1,
		0,
		1,
		31 * STEPS,
		32 * STEPS - 1,
		32 * STEPS,
		end,
		end - STEPS - 1,
		end - STEPS,
		end - 1,
		end + 1,
		end + STEPS,
		end + 31 * STEPS,
	};

	if (o->inside)
		return first_inside(o);
	if (checkdsp_below(4) == 0)
		return edges[checkdsp_below(LENGTH(edges))];
	return (int32_t)checkdsp_below(end + 80 * STEPS) - 40 * STEPS;
}

/* 0 to @most, and @slip further on both sides; on the bounds every fourth. */
static int32_t within(int32_t most, int32_t slip)
{
	switch (checkdsp_below(8)) {
	case 0:
		return -slip;
	case 1:
		return most + slip;
	default:
		return (int32_t)checkdsp_below(most + 2 * slip + 1) - slip;
	}
}

/* Ways from a tile's first position that all channels share. */
static void make_transmit(const struct order *o, int32_t *transmit)
{
	const int32_t slip = o->shape == SLIPPING ? BEAMFORM_SLIP : 0;
	const int32_t whole = 31 * STEPS, part = 6 * STEPS;
	int32_t grow = checkdsp_below(STEPS + 1), group = 0;
	uint32_t j;

	for (j = 0; j < TILE; j++) {
		int32_t way = j * grow;

		if (o->shape == SPREAD || o->shape == SLIPPING) {
			if (j && j % 4 == 0)
				group = within(whole, slip);
			way = group + (j % 4 ? within(part, slip) : 0);
			way = way > whole + slip ? whole + slip : way;
			way = way < -slip ? -slip : way;
		} else if (o->shape == LOOSE) {
			way = j ? within(whole, 0) : 0;
		} else if (o->shape == ANYHOW) {
			way = checkdsp_below(200 * STEPS) - 100 * STEPS;
		}
		transmit[j] = way;
	}
}

static void make_receive_laws(const struct tile *t, int32_t *receive,
			      int32_t wait)
{
	const struct order *o = &t->order;
	uint32_t l, j;

	for (l = 0; l < t->laws; l++) {
		int32_t at = first_position(o) - wait;

		for (j = 0; j < TILE; j++) {
			*receive++ = at;
			at += o->shape == EVEN ? checkdsp_below(STEPS + 1) : 0;
		}
	}
}

/*
 * Any number of channels at either edge, together up to all; those between
 * have weights too, which nobody may look at.
 */
static void make_edges(struct tile *t)
{
	const struct order *o = &t->order;
	int16_t *weight = t->weight.data;
	uint32_t c, j;

	if (o->weights == NONE)
		return;
	t->edges.weight = weight;
	t->edges.lead = checkdsp_below(o->n + 1);
	t->edges.tail = checkdsp_below(o->n - t->edges.lead + 1);
	if (checkdsp_below(4) == 0)
		t->edges.lead = o->n - t->edges.tail;
	for (c = 0; c < o->n; c++) {
		const bool edge = c < t->edges.lead ||
				  c >= o->n - t->edges.tail;

		for (j = 0; j < TILE; j++)
			*weight++ = o->weights == ZEROS && edge ? 0 :
				    o->weights == ONES && edge	? 32767 :
						checkdsp_below(32768);
	}
}

static void make_tile(struct tile *t, const struct order *o)
{
	int32_t wait = -checkdsp_below(1 << 20), *transmit;
	uint32_t i;

	/* fewer laws than channels: some repeat, in any order */
	*t = (struct tile){ .order = *o, .laws = o->n / 2 + 1 };
	make_rows(t);
	t->acc = guarded_new(4 * 2 * TILE, 0);
	t->want = guarded_new(4 * 2 * TILE, 0);
	t->receive = guarded_new(4 * (size_t)t->laws * TILE, 0);
	t->transmit = guarded_new(4 * TILE, 4);
	t->law = guarded_new(4 * o->n, 4);
	t->weight = guarded_new(2 * (size_t)o->n * TILE, 2);
	transmit = t->transmit.data;
	make_transmit(o, transmit);
	for (i = 0; i < TILE; i++)
		transmit[i] += wait;
	make_receive_laws(t, t->receive.data, wait);
	make_edges(t);
	for (i = 0; i < o->n; i++)
		((uint32_t *)t->law.data)[i] = checkdsp_below(t->laws) * TILE;
	for (i = 0; i < 2 * TILE; i++)
		((float *)t->acc.data)[i] = ((float *)t->want.data)[i] =
			1000 * checkdsp_random();
}

static void end_tile(struct tile *t)
{
	guarded_end(&t->acc);
	guarded_end(&t->want);
	guarded_end(&t->data);
	guarded_end(&t->receive);
	guarded_end(&t->law);
	guarded_end(&t->transmit);
	guarded_end(&t->weight);
}

static void run_tile(beamform_add_fn *fn, const struct tile *t, float *acc)
{
	fn(acc, &t->rows, t->receive.data, t->law.data, t->transmit.data,
	   &t->edges, t->order.n, SCALE);
}

/* What there is of a row: zeros outside. */
static double complex sample(const struct beamform_rows *rows, uint32_t c,
			     int32_t i)
{
	const int16_t *at = sample_at(rows, c, i);

	if (i < 0 || i >= (int32_t)rows->lines * ANALYTIC_LINE)
		return 0;
	return at[0] + I * at[rows->plane];
}

/* The envelope between two samples, and the carrier's phase there. */
static double complex exact_point(const struct tile *t, uint32_t c,
				  int32_t position)
{
	const double carrier = 2 * M_PI * t->order.turns;
	const double at = (position + 0.5) / STEPS, i = floor(at), f = at - i;
	const double complex before = sample(&t->rows, c, i);
	const double complex after = sample(&t->rows, c, i + 1);

	return before * (1 - f) * cexp(I * carrier * f) +
	       after * f * cexp(I * carrier * (f - 1));
}

static double complex exact_sum(const struct tile *t, uint32_t j)
{
	const int32_t *transmit = t->transmit.data;
	const int16_t *weight = t->weight.data;
	const uint32_t n = t->order.n;
	double complex sum = 0;
	uint32_t c;

	for (c = 0; c < n; c++) {
		const int32_t *receive = (int32_t *)t->receive.data +
					 ((uint32_t *)t->law.data)[c];
		const bool edge = c < t->edges.lead || c >= n - t->edges.tail;
		const double w = edge ? weight[c * TILE + j] / 32768.0 : 1;

		sum += w * exact_point(t, c, receive[j] + transmit[j]);
	}
	return sum;
}

/*
 * Of every channel four products with a weight that may be off, by half a
 * unit more where it is weighted; then sums of n / 4 floats, and up to three
 * more.
 */
static void judge_exact(const struct tile *t)
{
	const double n = t->order.n, most = 32767.0 * SCALE * BEAMFORM_GAIN;
	const double tolerance =
		4 * n * most * (C_WEIGHT + 0.5 / BEAMFORM_GAIN) +
		EPS * (n / 4 + 6) * (n * 2 * most + 1000);
	const float *got = t->acc.data, *before = t->want.data;
	uint32_t j;

	for (j = 0; j < TILE; j++) {
		const double complex sum =
			exact_sum(t, j) * SCALE * BEAMFORM_GAIN;

		checkdsp_near("re", j, got[j], before[j] + creal(sum),
			      tolerance);
		checkdsp_near("im", j, got[TILE + j],
			      before[TILE + j] + cimag(sum), tolerance);
	}
}

/*
 * A tap that is missed is SLIP - 1/2 steps from weighing nothing, |P| + |Q| is
 * at most sqrt(2) of that, roundings 2 units; another sample takes its place.
 */
static double slip_tolerance(const struct order *o)
{
	const double weight =
		sqrt(2) * BEAMFORM_GAIN * (BEAMFORM_SLIP - 0.5) / STEPS + 2;

	return o->shape == SLIPPING ? 2 * 32767 * weight * SCALE * o->n : 0;
}

static void judge(const struct tile *t, double tolerance)
{
	uint32_t i;

	for (i = 0; i < 2 * TILE; i++)
		checkdsp_near("acc", i, ((float *)t->acc.data)[i],
			      ((float *)t->want.data)[i], tolerance);
}

static void compare_add(beamform_add_fn *fn, const struct order *o)
{
	struct tile t;

	make_tile(&t, o);
	run_tile(fn, &t, t.acc.data);
	if (fn == beamform_add_c) {
		judge_exact(&t);
	} else {
		run_tile(beamform_add_c, &t, t.want.data);
		judge(&t, slip_tolerance(o));
	}
	end_tile(&t);
}

struct add_call {
	beamform_add_fn *fn;
	struct tile *tile;
};

static void call_add(void *arg)
{
	struct add_call *c = arg;

	run_tile(c->fn, c->tile, c->tile->acc.data);
}

/* As struct analytic lies where the variant is taken. */
static struct order bench_order(bool blocked, double turns)
{
	struct order o = {
		.turns = turns,
		.shape = EVEN,
		.n = 64,
		.lines = 48,
		.blocked = blocked,
		.inside = true,
	};

	beamform_fit_taps(&o.taps, turns, INTERPOLATION_LINEAR);
	return o;
}

static void bench_add(beamform_add_fn *fn, double turns)
{
	const struct order o = bench_order(fn == beamform_add_avx512, turns);
	struct tile t;

	make_tile(&t, &o);
	checkdsp_bench(call_add, &(struct add_call){ fn, &t }, o.n * TILE,
		       "point");
	end_tile(&t);
}

/* Variants of the sum and of the laws that are one have one name. */
static const struct beamform_add_variant *add_variant(const char *name)
{
	const struct beamform_add_variant *v = beamform_add_variants;

	while (strcmp(v->name, name))
		v++;
	return v;
}

/* The @k-th order of a variant that may be asked for all of @shapes. */
static void vary(struct order *o, const struct beamform_add_variant *v,
		 const enum shape *shapes, uint32_t count, uint32_t k)
{
	o->shape = shapes[k % count];
	o->content = k / count % 2 ? FULL_SCALE : RANDOM;
	o->weights = k / count / 2 % WEIGHTS;
	o->lines = k % 5 ? 1 + checkdsp_below(9) : 1;
	o->blocked = v->fn != beamform_add_avx2 && checkdsp_below(2);
}

static void compare_all(const struct beamform_add_variant *v, double turns,
			uint32_t n)
{
	static const enum shape shapes[] = {
		EVEN, SPREAD, SLIPPING, LOOSE, ANYHOW,
	};
	const uint32_t count = v->fn == beamform_add_c ? 5 : v->quads ? 3 : 4;
	struct order o = { .turns = turns, .n = n };
	const uint32_t each = n > 5 ? 16 : 64;
	uint32_t k;

	beamform_fit_taps(&o.taps, turns, INTERPOLATION_LINEAR);
	for (k = 0; k < each * count; k++) {
		vary(&o, v, shapes, count, k);
		o.inside = o.shape != ANYHOW && checkdsp_below(2);
		compare_add(v->fn, &o);
	}
}

static const uint32_t sum_sizes[] = { 0, 1, 2, 3, 4, 5, 7, 64, 129 };

static void check_add(const char *kernel, const double *turns, uint32_t count)
{
	const struct beamform_add_variant *v;
	uint32_t i, k;

	for (v = beamform_add_variants; v->fn; v++) {
		if (!checkdsp_begin(kernel, v->name, v->flags))
			continue;
		for (i = 0; i < count; i++)
			for (k = 0; k < LENGTH(sum_sizes); k++)
				compare_all(v, turns[i], sum_sizes[k]);
		bench_add(v->fn, turns[0]);
		checkdsp_end();
	}
}

/* --- laws that are kept --- */

/*
 * Channels @first to @end of some sets: a set's rows begin with the row after
 * the first one of the set before.
 */
struct sum_order {
	uint32_t sets, first, end;
	bool weighted;		/* a law for every channel */
};

static struct guarded make_laws(beamform_law_fn *fn, const struct tile *t,
				bool weighted)
{
	const uint32_t n = weighted ? t->order.n : t->laws;
	struct guarded laws = guarded_new((size_t)n * BEAMFORM_LAW_BYTES, 0);
	struct guarded each = guarded_new(4 * n, 4);
	uint32_t i;

	for (i = 0; i < n; i++)
		((uint32_t *)each.data)[i] = i * TILE;
	fn(laws.data, &t->rows, t->receive.data,
	   weighted ? t->law.data : each.data, t->transmit.data,
	   weighted ? t->weight.data : NULL, n);
	guarded_end(&each);
	return laws;
}

static struct beamform_sets make_sets(const struct tile *t, uint32_t count,
				      float *acc)
{
	struct beamform_sets sets = { .count = count };
	uint32_t k;

	for (k = 0; k < count; k++) {
		sets.set[k].acc = acc + k * 2 * TILE;
		sets.set[k].data = t->rows.data + k * t->rows.row;
		sets.set[k].scale = SCALE * (k + 1);
	}
	return sets;
}

static void run_sum(const struct beamform_law_variant *v,
		    const struct tile *t, const struct sum_order *s,
		    float *acc)
{
	const struct beamform_sets sets = make_sets(t, s->sets, acc);
	struct guarded laws = make_laws(v->fn, t, s->weighted);
	struct guarded each = guarded_new(4 * t->order.n, 4);
	uint32_t c;

	for (c = 0; c < t->order.n; c++)
		((uint32_t *)each.data)[c] = c * TILE;
	v->sum(&sets, &t->rows, laws.data,
	       s->weighted ? each.data : t->law.data, s->first, s->end);
	guarded_end(&each);
	guarded_end(&laws);
}

/* The same without laws, set by set. */
static void run_adds(beamform_add_fn *fn, const struct tile *t,
		     const struct sum_order *s, float *acc)
{
	const struct beamform_sets sets = make_sets(t, s->sets, acc);
	const uint32_t n = s->end - s->first;
	const struct beamform_edges edges = {
		.weight = (int16_t *)t->weight.data + s->first * TILE,
		.lead = s->weighted ? n : 0,
	};
	uint32_t k;

	for (k = 0; k < s->sets; k++) {
		struct beamform_rows rows = t->rows;

		rows.data = sets.set[k].data + s->first * rows.row;
		fn(sets.set[k].acc, &rows, t->receive.data,
		   (uint32_t *)t->law.data + s->first, t->transmit.data,
		   &edges, n, sets.set[k].scale);
	}
}

static const struct beamform_law_variant law_c = {
	.fn = beamform_law_c, .name = "c", .sum = beamform_sum_c,
};

static void judge_sum(const float *got, const float *want, uint32_t sets,
		      double tolerance)
{
	uint32_t i;

	for (i = 0; i < sets * 2 * TILE; i++)
		checkdsp_near("acc", i, got[i], want[i],
			      tolerance * (i / (2 * TILE) + 1));
}

/* With the variant's own sum of the same positions; then with the C form. */
static void compare_laws(const struct beamform_law_variant *v,
			 const struct order *o, const struct sum_order *s)
{
	const size_t bytes = s->sets * 2 * TILE * sizeof(float);
	struct guarded got = guarded_new(bytes, 0);
	struct guarded own = guarded_new(bytes, 0);
	struct guarded c = guarded_new(bytes, 0);
	struct tile t;
	uint32_t i;

	make_tile(&t, o);
	for (i = 0; i < s->sets * 2 * TILE; i++)
		((float *)got.data)[i] = 1000 * checkdsp_random();
	memcpy(own.data, got.data, bytes);
	memcpy(c.data, got.data, bytes);
	run_sum(v, &t, s, got.data);
	run_adds(add_variant(v->name)->fn, &t, s, own.data);
	run_sum(&law_c, &t, s, c.data);
	judge_sum(got.data, own.data, s->sets, 0);
	judge_sum(got.data, c.data, s->sets, slip_tolerance(o));
	end_tile(&t);
	guarded_end(&got);
	guarded_end(&own);
	guarded_end(&c);
}

/* Sets of @n channels, or of a part of them. */
static struct sum_order sum_order(uint32_t n, uint32_t k)
{
	struct sum_order s = {
		.sets = 1 + k % BEAMFORM_SETS,
		.end = n,
		.weighted = k / BEAMFORM_SETS % 2,
	};

	if (checkdsp_below(4) == 0) {
		s.first = checkdsp_below(n + 1);
		s.end = s.first + checkdsp_below(n - s.first + 1);
	}
	return s;
}

static void compare_all_laws(const struct beamform_law_variant *v,
			     double turns, uint32_t n)
{
	static const enum shape shapes[] = { EVEN, SPREAD, SLIPPING, LOOSE };
	const struct beamform_add_variant *add = add_variant(v->name);
	const uint32_t count = add->quads ? 3 : 4, each = n > 5 ? 16 : 64;
	struct order o = { .turns = turns, .inside = true };
	uint32_t k;

	beamform_fit_taps(&o.taps, turns, INTERPOLATION_LINEAR);
	for (k = 0; k < each * count; k++) {
		const struct sum_order s = sum_order(n, checkdsp_below(8));

		vary(&o, add, shapes, count, k);
		o.n = n + s.sets - 1;
		o.weights = o.weights == NONE ? ONES : o.weights;
		compare_laws(v, &o, &s);
	}
}

struct law_call {
	const struct beamform_law_variant *variant;
	struct tile *tile;
	struct guarded laws;
	struct beamform_sets sets;
};

static void call_law(void *arg)
{
	struct law_call *c = arg;
	const struct tile *t = c->tile;

	c->variant->fn(c->laws.data, &t->rows, t->receive.data, t->law.data,
		       t->transmit.data, NULL, t->laws);
}

static void call_sum(void *arg)
{
	struct law_call *c = arg;
	const struct tile *t = c->tile;

	c->variant->sum(&c->sets, &t->rows, c->laws.data, t->law.data, 0,
			t->order.n - c->sets.count + 1);
}

/* @sets: of the sum; 0: the laws */
static void bench_laws(const struct beamform_law_variant *v, double turns,
		       uint32_t sets)
{
	struct order o = bench_order(v->sum == beamform_sum_avx512, turns);
	struct guarded acc =
		guarded_new(BEAMFORM_SETS * 2 * TILE * sizeof(float), 0);
	struct law_call c = { .variant = v };
	struct tile t;

	o.n += sets ? sets - 1 : 0;
	make_tile(&t, &o);
	c.tile = &t;
	c.laws = make_laws(v->fn, &t, false);
	c.sets = make_sets(&t, sets, acc.data);
	checkdsp_bench(sets ? call_sum : call_law, &c,
		       (sets ? sets * (o.n - sets + 1) : t.laws) * TILE,
		       "point");
	guarded_end(&c.laws);
	guarded_end(&acc);
	end_tile(&t);
}

static void check_laws(const double *turns, uint32_t count)
{
	const struct beamform_law_variant *v;
	uint32_t i, k;

	for (v = beamform_law_variants; v->fn; v++) {
		if (checkdsp_begin("beamform_law", v->name, v->flags)) {
			bench_laws(v, turns[0], 0);
			checkdsp_end();
		}
		if (!checkdsp_begin("beamform_sum", v->name, v->flags))
			continue;
		for (i = 0; i < count; i++)
			for (k = 0; k < LENGTH(sum_sizes); k++)
				compare_all_laws(v, turns[i], sum_sizes[k]);
		bench_laws(v, turns[0], 1);
		checkdsp_end();
		if (!checkdsp_begin("beamform_sum_sets", v->name, v->flags))
			continue;
		bench_laws(v, turns[0], BEAMFORM_SETS);
		checkdsp_end();
	}
}

/* --- the weights --- */

/* The integers about a fraction, read from a sample of 1. */
struct weights_at {
	double p[2], q[2];
};

/* Rows of one line: 3 lines to the plane. */
#define PLANE (3 * ANALYTIC_LINE)

static struct beamform_rows short_rows(const int16_t *data,
				       const struct beamform_taps *taps)
{
	return (struct beamform_rows){
		.data = data + ANALYTIC_LINE,
		.lines = 1,
		.line = ANALYTIC_LINE,
		.plane = PLANE,
		.row = 2 * PLANE,
		.inside = true,
		.taps = taps,
	};
}

static const struct beamform_edges no_edges;

static struct weights_at read_weights(const struct beamform_taps *taps,
				      uint32_t fraction)
{
	static _Alignas(64) int16_t data[2 * PLANE + 2 * ANALYTIC_LINE];
	static _Alignas(64) const int32_t receive[TILE];
	const struct beamform_rows rows = short_rows(data, taps);
	const int32_t transmit[TILE] = { 5 * STEPS + fraction };
	const uint32_t law = 0;
	struct weights_at w;
	int i;

	for (i = 0; i < 2; i++) {
		_Alignas(64) float acc[2 * TILE] = { 0 };

		data[ANALYTIC_LINE + 5 + i] = 1;
		beamform_add_c(acc, &rows, receive, &law, transmit, &no_edges,
			       1, 1);
		data[ANALYTIC_LINE + 5 + i] = 0;
		w.p[i] = acc[0];
		w.q[i] = acc[TILE];
	}
	return w;
}

/*
 * A signal that turns by @z from tap to tap, interpolated: as the integers
 * have it, and as linear interpolation of its envelope.
 */
/* Compensated: what linear interpolation lacks beyond a twelfth of w^2. */
static double gain_at(enum interpolation interpolation, double f,
		      double carrier)
{
	const double square = 0.3 * 0.3 / 3 * carrier * carrier;

	return interpolation == INTERPOLATION_LINEAR ? 1 :
		1 + f * (1 - f) / 2 * square - square / 12;
}

static double response_error(const struct weights_at *w, double f,
			     double carrier, double complex z, double gain)
{
	const double complex got =
		(w->p[0] + I * w->q[0] + (w->p[1] + I * w->q[1]) * z) /
		BEAMFORM_GAIN;
	const double complex want =
		cexp(I * carrier * f) * (1 - f + f * cexp(-I * carrier) * z);

	return cabs(got - gain * want);
}

static const double all_turns[] = {
	0.02, 0.05, 0.1,  0.15, 0.2,  0.21, 0.22, 0.23,
	0.24, 0.25, 0.26, 0.27, 0.28, 0.29, DEMOD_TURNS_MAX,
};

/*
 * 60 dB where upsampling brings the carrier; decimation may leave more. The gain
 * of compensated weights has no coefficients of its own.
 */
static double response_tolerance(double turns,
				 enum interpolation interpolation)
{
	const double less = interpolation == INTERPOLATION_LINEAR ? 0 : 1.5;

	return pow(10, ((turns > 0.281 ? -58.5 : -60.0) + less) / 20);
}

/* From 0.7 to 1.3 of the carrier's frequency, at every fraction. */
static void check_response(const char *name, enum interpolation interpolation)
{
	struct beamform_taps taps;
	uint32_t i, f, k;

	checkdsp_begin("beamform_taps", name, 0);
	for (i = 0; i < LENGTH(all_turns); i++) {
		const double most = response_tolerance(all_turns[i],
						       interpolation);
		const double carrier = 2 * M_PI * all_turns[i];

		beamform_fit_taps(&taps, all_turns[i], interpolation);
		for (f = 0; f < STEPS; f++) {
			const struct weights_at w = read_weights(&taps, f);
			const double at = (f + 0.5) / STEPS;
			const double gain = gain_at(interpolation, at,
						    carrier);

			for (k = 0; k <= 12; k++)
				checkdsp_near("response", f, response_error(
					&w, at, carrier, cexp(I * carrier *
						(0.7 + 0.05 * k)), gain),
					0, most);
		}
	}
	checkdsp_end();
}

/*
 * The largest sum of a block: every sample as far from 0 as int16 goes, with
 * the sign of its weight. What the kernels sum on the way to it is never
 * larger, and wraps around harmlessly where they sum in another order.
 */
static void check_overflow(const char *name, enum interpolation interpolation)
{
	struct beamform_taps taps;
	double turns;
	uint32_t f;

	checkdsp_begin("beamform_taps", name, 0);
	for (turns = 0.001; turns <= DEMOD_TURNS_MAX; turns += 0.001) {
		beamform_fit_taps(&taps, turns, interpolation);
		for (f = 0; f < STEPS; f++) {
			const struct weights_at w = read_weights(&taps, f);
			const double sum = fabs(w.p[0]) + fabs(w.q[0]) +
					   fabs(w.p[1]) + fabs(w.q[1]);

			checkdsp_near("sum", f, BEAMFORM_BLOCK * 32768 * sum, 0,
				      INT32_MAX);
		}
	}
	checkdsp_end();
}

/*
 * The same with samples, two in each row of a block, for the real or the
 * imaginary part of the sum. Return: that.
 */
static double fill_worst(int16_t *data, const struct weights_at *w,
			 bool imaginary)
{
	double sum = 0;
	uint32_t c, i;

	for (c = 0; c < BEAMFORM_BLOCK; c++, data += 2 * PLANE) {
		for (i = 0; i < 2; i++) {
			const double re = imaginary ? w->q[i] : w->p[i];
			const double im = imaginary ? w->p[i] : -w->q[i];

			data[i] = re < 0 ? -32768 : 32767;
			data[PLANE + i] = im < 0 ? -32768 : 32767;
			sum += data[i] * re + data[PLANE + i] * im;
		}
	}
	return sum;
}

static void compare_worst(const struct beamform_law_variant *v,
			  const struct beamform_taps *taps, uint32_t f)
{
	static _Alignas(64)
		int16_t data[2 * BEAMFORM_BLOCK * PLANE + 2 * ANALYTIC_LINE];
	static _Alignas(64) const int32_t receive[TILE];
	static _Alignas(64) uint8_t laws[BEAMFORM_LAW_BYTES];
	static const uint32_t law[BEAMFORM_BLOCK];
	const struct beamform_rows rows = short_rows(data, taps);
	const struct weights_at w = read_weights(taps, f);
	int32_t transmit[TILE];
	uint32_t j;

	for (j = 0; j < TILE; j++)
		transmit[j] = 5 * STEPS + f;
	v->fn(laws, &rows, receive, law, transmit, NULL, 1);
	for (j = 0; j < 2; j++) {
		_Alignas(64) float acc[2 * TILE] = { 0 };
		_Alignas(64) float sum[2 * TILE] = { 0 };
		const struct beamform_sets sets = {
			.count = 1, .set = { { sum, rows.data, 1 } },
		};
		const double want =
			fill_worst(data + ANALYTIC_LINE + 5, &w, j);

		add_variant(v->name)->fn(acc, &rows, receive, law, transmit,
					 &no_edges, BEAMFORM_BLOCK, 1);
		checkdsp_near("worst", f, acc[j * TILE], want, EPS * want);
		v->sum(&sets, &rows, laws, law, 0, BEAMFORM_BLOCK);
		checkdsp_near("worst", f, sum[j * TILE], want, EPS * want);
	}
}

static void check_worst(void)
{
	const struct beamform_law_variant *v;
	struct beamform_taps taps;
	uint32_t f, k;

	for (v = beamform_law_variants; v->fn; v++) {
		if (!checkdsp_begin("beamform_worst", v->name, v->flags))
			continue;
		for (k = 0; k <= 20; k++) {
			beamform_fit_taps(&taps, 0.2 + 0.005 * k, k % 2);
			for (f = 0; f < STEPS; f += 3)
				compare_worst(v, &taps, f);
		}
		checkdsp_end();
	}
}

/* --- parts of an aperture --- */

struct note {
	struct guarded acc, heard, part, active;
	float weight;
};

static struct note note_new(double size)
{
	struct note t = {
		.acc = guarded_new(8 * TILE, 0),
		.heard = guarded_new(8 * TILE, 0),
		.part = guarded_new(8 * TILE, 0),
		.active = guarded_new(4 * TILE, 0),
		.weight = checkdsp_random(),
	};
	uint32_t j;

	for (j = 0; j < 2 * TILE; j++) {
		((float *)t.acc.data)[j] = size * checkdsp_random();
		((float *)t.heard.data)[j] = size * size *
					     fabs(checkdsp_random());
		((float *)t.part.data)[j] = size * checkdsp_random();
	}
	for (j = 0; j < TILE; j++)
		((float *)t.active.data)[j] = checkdsp_below(2);
	return t;
}

static void note_end(struct note *t)
{
	guarded_end(&t->acc);
	guarded_end(&t->heard);
	guarded_end(&t->part);
	guarded_end(&t->active);
}

/*
 * Against double precision; exactly, where it is C's own. Of C a product, one
 * for squares, and a sum are rounded, the weight's product as well.
 */
static void compare_note(beamform_note_fn *fn, double size)
{
	const bool own = fn == beamform_note_c;
	struct note t = note_new(size);
	float *acc = t.acc.data, *heard = t.heard.data, *part = t.part.data;
	float c_acc[2 * TILE], c_heard[2 * TILE], c_part[2 * TILE];
	double want_acc[2 * TILE], want_heard[2 * TILE];
	const float *active = t.active.data;
	uint32_t j;

	memcpy(c_acc, acc, sizeof(c_acc));
	memcpy(c_heard, heard, sizeof(c_heard));
	memcpy(c_part, part, sizeof(c_part));
	for (j = 0; j < TILE; j++) {
		const double re = part[j], im = part[TILE + j];

		want_acc[j] = acc[j] + t.weight * re;
		want_acc[TILE + j] = acc[TILE + j] + t.weight * im;
		want_heard[j] = heard[j] + t.weight * (re * re + im * im);
		want_heard[TILE + j] = heard[TILE + j] + t.weight * active[j];
	}
	beamform_note_c(c_acc, c_heard, c_part, active, t.weight);
	fn(acc, heard, part, active, t.weight);
	for (j = 0; j < 2 * TILE; j++) {
		checkdsp_near("acc", j, acc[j], own ? want_acc[j] : c_acc[j],
			      own ? 4 * 0x1p-24 * size : 0);
		checkdsp_near("heard", j, heard[j],
			      own ? want_heard[j] : c_heard[j],
			      own ? 10 * 0x1p-24 * size * size + 1e-7 : 0);
		checkdsp_near("part", j, part[j], 0, 0);
	}
	note_end(&t);
}

struct note_call {
	beamform_note_fn *fn;
	struct note note;
};

static void call_note(void *arg)
{
	struct note_call *c = arg;

	c->fn(c->note.acc.data, c->note.heard.data, c->note.part.data,
	      c->note.active.data, c->note.weight);
}

static void check_note(void)
{
	static const double sizes[] = { 0, 1, 1e4, 1e9, 1e18 };
	const struct beamform_note_variant *v;
	uint32_t i, k;

	for (v = beamform_note_variants; v->fn; v++) {
		struct note_call c = { .fn = v->fn };

		if (!checkdsp_begin("beamform_note", v->name, v->flags))
			continue;
		for (i = 0; i < LENGTH(sizes); i++)
			for (k = 0; k < 10; k++)
				compare_note(v->fn, sizes[i]);
		c.note = note_new(1);
		checkdsp_bench(call_note, &c, TILE, "sample");
		note_end(&c.note);
		checkdsp_end();
	}
}

void check_beamform(void)
{
	static const double quarter[] = { 0.25 };
	static const double others[] = { 0.24, 0.2, 0.22, 0.28, 0.3 };
	static const double all[] = { 0.25, 0.24, 0.3 };

	check_receive();
	check_response("response", INTERPOLATION_LINEAR);
	check_response("compensated", INTERPOLATION_COMPENSATED);
	check_overflow("overflow", INTERPOLATION_LINEAR);
	check_overflow("compensated_overflow", INTERPOLATION_COMPENSATED);
	check_worst();
	check_add("beamform_add_quarter", quarter, LENGTH(quarter));
	check_add("beamform_add", others, LENGTH(others));
	check_laws(all, LENGTH(all));
	check_note();
}

// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "checkdsp.h"
#include "dsp/demod.h"

#define TAPS_SUM 65000 /* of absolute values, as the header has it */
#define TAPS_MOST 512
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

enum content { RANDOM, ZERO, FULL_SCALE, WORST, CONTENTS };

struct row {
	struct guarded in, i, q, want_i, want_q, re, im;
	uint32_t samples;
	size_t line;
	struct demod_taps taps;
};

/* Random signs and sizes, whose sum is the bound. */
static void make_taps(int16_t *tap, uint32_t count)
{
	uint32_t k, left = TAPS_SUM;

	for (k = 0; k < count; k++) {
		const uint32_t others = count - 1 - k;
		const uint32_t least =
			left > others * 32767 ? left - others * 32767 : 0;
		const uint32_t even = 2 * (left / (others + 1));
		uint32_t size = others ? checkdsp_below(even + 1) : left;

		size = size < least ? least : size > 32767 ? 32767 : size;
		tap[k] = checkdsp_below(2) ? (int32_t)size : -(int32_t)size;
		left -= size;
	}
}

/* WORST: what makes outputs 0, count, ... as large as they can be. */
static int16_t content(enum content kind, const struct row *r, uint32_t n)
{
	switch (kind) {
	case RANDOM:
		return checkdsp_random() * 32767;
	case FULL_SCALE:
		return n % 3 ? -32768 : 32767;
	case WORST:
		return r->taps.re[n % r->taps.count] > 0 ? 32767 : -32768;
	default:
		return 0;
	}
}

static void make_row(struct row *r, uint32_t samples, uint32_t count,
		     enum content kind, size_t line)
{
	const size_t last = (samples - 1) / ANALYTIC_LINE;
	const size_t out = 2 * (last * line + ANALYTIC_LINE);
	const uint32_t in = samples + count + 32;
	uint32_t n;

	r->samples = samples;
	r->line = line;
	r->in = guarded_new(2 * (size_t)in, 2 + 2 * checkdsp_below(31));
	r->i = guarded_new(out, 0);
	r->q = guarded_new(out, 0);
	r->want_i = guarded_new(out, 0);
	r->want_q = guarded_new(out, 0);
	r->re = guarded_new(2 * count, 2);
	r->im = guarded_new(2 * count, 6);
	make_taps(r->re.data, count);
	make_taps(r->im.data, count);
	r->taps = (struct demod_taps){ r->re.data, r->im.data, count };
	for (n = 0; n < in; n++)
		((int16_t *)r->in.data)[n] = content(kind, r, n);
}

static void end_row(struct row *r)
{
	guarded_end(&r->in);
	guarded_end(&r->i);
	guarded_end(&r->q);
	guarded_end(&r->want_i);
	guarded_end(&r->want_q);
	guarded_end(&r->re);
	guarded_end(&r->im);
}

static int16_t exact_sum(const int16_t *in, const int16_t *tap, uint32_t count,
			 uint32_t shift, int32_t round)
{
	int64_t sum = round, unit = (int64_t)1 << shift, whole;
	uint32_t k;

	for (k = 0; k < count; k++)
		sum += (int64_t)tap[k] * in[k];
	/* the floor of sum / unit */
	whole = sum / unit - (sum % unit < 0);
	return whole > 32767 ? 32767 : whole < -32767 ? -32767 : whole;
}

static void exact(int16_t *i, int16_t *q, size_t line, const int16_t *in,
		  uint32_t samples, const struct demod_taps *taps,
		  uint32_t shift, int32_t round)
{
	uint32_t m;

	for (m = 0; m < samples; m++) {
		const size_t at = m / 32 * line + m % 32;

		i[at] = exact_sum(in + m, taps->re, taps->count, shift,
				  round);
		q[at] = exact_sum(in + m, taps->im, taps->count, shift,
				  round);
	}
}

/* Of the last line only the samples are judged; between lines lie zeros. */
static void judge(const char *what, const struct guarded *got,
		  const struct guarded *want, uint32_t samples, size_t line)
{
	const size_t last = (samples - 1) / 32 * line + (samples - 1) % 32;
	size_t at;

	for (at = 0; at <= last; at++)
		checkdsp_near(what, at, ((int16_t *)got->data)[at],
			      ((int16_t *)want->data)[at], 0);
}

static void compare(demod_row_fn *fn, uint32_t samples, uint32_t count,
		    enum content kind, uint32_t shift)
{
	demod_row_fn *oracle = fn == demod_row_c ? exact : demod_row_c;
	const size_t line = ANALYTIC_LINE * (1 + 2 * checkdsp_below(3));
	const int32_t round = checkdsp_below(1u << shift);
	struct row r;

	make_row(&r, samples, count, kind, line);
	fn(r.i.data, r.q.data, line, r.in.data, samples, &r.taps, shift,
	   round);
	oracle(r.want_i.data, r.want_q.data, line, r.in.data, samples, &r.taps,
	       shift, round);
	judge("i", &r.i, &r.want_i, samples, line);
	judge("q", &r.q, &r.want_q, samples, line);
	end_row(&r);
}

struct row_call {
	demod_row_fn *fn;
	struct row *row;
};

static void call_row(void *arg)
{
	struct row_call *c = arg;
	struct row *r = c->row;

	c->fn(r->i.data, r->q.data, r->line, r->in.data, r->samples, &r->taps,
	      14, 1 << 13);
}

static void check_row(void)
{
	static const uint32_t sizes[] = { 1, 2, 15, 16, 31, 33, 334, 1541 };
	static const uint32_t counts[] = { 2, 4, 50, TAPS_MOST };
	const struct demod_row_variant *v;
	uint32_t s, t, kind, shift;
	struct row row;

	for (v = demod_row_variants; v->fn; v++) {
		if (!checkdsp_begin("demod_row", v->name, v->flags))
			continue;
		for (kind = 0; kind < CONTENTS; kind++) {
			for (s = 0; s < LENGTH(sizes); s++)
				for (t = 0; t < LENGTH(counts); t++)
					compare(v->fn, sizes[s], counts[t],
						kind, 14);
			for (shift = 1; shift <= 24; shift++)
				compare(v->fn, 65, 26, kind, shift);
		}
		make_row(&row, 1536, 50, RANDOM, ANALYTIC_LINE);
		checkdsp_bench(call_row, &(struct row_call){ v->fn, &row },
			       1536, "sample");
		end_row(&row);
		checkdsp_end();
	}
}

/* --- the largest sample --- */

static uint32_t exact_peak(const int16_t *in, uint32_t samples)
{
	int32_t least = 0, most = 0;
	uint32_t n;

	for (n = 0; n < samples; n++) {
		least = in[n] < least ? in[n] : least;
		most = in[n] > most ? in[n] : most;
	}
	return -least > most ? -least : most;
}

/* Small values but for one, anywhere; a larger one lies just behind. */
static void compare_peak(demod_peak_fn *fn, uint32_t samples, int16_t one)
{
	demod_peak_fn *oracle = fn == demod_peak_c ? exact_peak : demod_peak_c;
	struct guarded in = guarded_new(2 * (size_t)samples + 2,
					2 + 2 * checkdsp_below(31));
	int16_t *data = in.data;
	uint32_t n;

	for (n = 0; n < samples; n++)
		data[n] = checkdsp_random() * 100;
	if (samples)
		data[checkdsp_below(samples)] = one;
	data[samples] = -32768;
	checkdsp_near("peak", samples, fn(data, samples), oracle(data, samples),
		      0);
	guarded_end(&in);
}

struct peak_call {
	demod_peak_fn *fn;
	int16_t in[1536];
};

static void call_peak(void *arg)
{
	struct peak_call *c = arg;

	c->fn(c->in, 1536);
}

static void check_peak(void)
{
	static const int16_t ones[] = {
		0, 1, -101, 5000, 32767, -32767, -32768
	};
	const struct demod_peak_variant *v;
	static struct peak_call c;
	uint32_t s, n;

	for (n = 0; n < 1536; n++)
		c.in[n] = checkdsp_random() * 32767;
	for (v = demod_peak_variants; v->fn; v++) {
		if (!checkdsp_begin("demod_peak", v->name, v->flags))
			continue;
		for (s = 0; s < 200; s++)
			for (n = 0; n < LENGTH(ones); n++)
				compare_peak(v->fn, s, ones[n]);
		compare_peak(v->fn, 1541, -32768);
		c.fn = v->fn;
		checkdsp_bench(call_peak, &c, 1536, "sample");
		checkdsp_end();
	}
}

/* --- places --- */

struct place {
	struct demod_places places;
	struct guarded phase, got, want;
	size_t apart;
	size_t line;
	uint32_t m, n;
};

static void make_place(struct place *p, uint32_t upsample, uint32_t decimate,
		       uint32_t m, uint32_t n)
{
	const uint64_t first = (uint64_t)m * decimate / upsample;
	const uint64_t last = (m + n - 1ull) * decimate / upsample;
	size_t i, bytes;

	p->m = m;
	p->n = n;
	p->apart = last - first + 1 + checkdsp_below(40);
	p->line = ANALYTIC_LINE * (1 + 2 * checkdsp_below(3));
	bytes = ((n - 1) / ANALYTIC_LINE * p->line + ANALYTIC_LINE) *
		sizeof(int16_t);
	p->phase = guarded_new((upsample - 1) * p->apart * sizeof(int16_t) +
			       (last - first + 32) * sizeof(int16_t), 2);
	p->got = guarded_new(bytes, 0);
	p->want = guarded_new(bytes, 0);
	for (i = 0; i < p->phase.bytes / sizeof(int16_t); i++)
		((int16_t *)p->phase.data)[i] = checkdsp_random() * 32767;
	if (demod_places_init(&p->places, upsample, decimate))
		abort();
}

static void end_place(struct place *p)
{
	demod_places_finish(&p->places);
	guarded_end(&p->phase);
	guarded_end(&p->got);
	guarded_end(&p->want);
}

static void exact_place(int16_t *out, size_t line, const int16_t *phase,
			size_t apart, const struct demod_places *places,
			uint32_t m, uint32_t n)
{
	const uint64_t up = places->upsample, down = places->decimate;
	uint32_t j;

	for (j = 0; j < n; j++)
		out[j / 32 * line + j % 32] =
			phase[(m + j) * down % up * apart +
			      (m + j) * down / up - m * down / up];
}

static void compare_place(demod_place_fn *fn, uint32_t upsample,
			  uint32_t decimate, uint32_t n)
{
	demod_place_fn *oracle = fn == demod_place_c ? exact_place :
						       demod_place_c;
	struct place p;

	make_place(&p, upsample, decimate, 32 * checkdsp_below(9), n);
	fn(p.got.data, p.line, p.phase.data, p.apart, &p.places, p.m, n);
	oracle(p.want.data, p.line, p.phase.data, p.apart, &p.places, p.m, n);
	judge("place", &p.got, &p.want, n, p.line);
	end_place(&p);
}

struct place_call {
	demod_place_fn *fn;
	struct place *place;
};

static void call_place(void *arg)
{
	struct place_call *c = arg;
	struct place *p = c->place;

	c->fn(p->got.data, p->line, p->phase.data, p->apart, &p->places, p->m,
	      p->n);
}

static void bench_place(demod_place_fn *fn, uint32_t upsample)
{
	struct place p;

	make_place(&p, upsample, 1, 0, 4608);
	checkdsp_bench(call_place, &(struct place_call){ fn, &p }, 4608,
		       "sample");
	end_place(&p);
}

static void check_place(void)
{
	static const uint32_t sizes[] = { 1, 7, 8, 31, 32, 33, 333, 1541 };
	const struct demod_place_variant *v;
	uint32_t s, up, down;

	for (v = demod_place_variants; v->fn; v++) {
		const uint32_t most = v->fn == demod_place_c ? 16 : 0;

		if (!checkdsp_begin("demod_place", v->name, v->flags))
			continue;
		for (s = 0; s < LENGTH(sizes); s++)
			for (up = 1; up <= 9; up++)
				for (down = 1; down <= (most ? most : up);
				     down++)
					compare_place(v->fn, up, down,
						      sizes[s]);
		bench_place(v->fn, 2);
		bench_place(v->fn, 3);
		checkdsp_end();
	}
}

void check_demod(void)
{
	check_row();
	check_peak();
	check_place();
}

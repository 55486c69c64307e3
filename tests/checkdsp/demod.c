// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "checkdsp.h"
#include "dsp/demod.h"

#define LONGEST		1541
#define HALF_LONGEST	40

struct row {
	struct guarded in, out, want, mix, tap, work;
	uint32_t samples;
	struct demod_law law;
};

enum content { RANDOM, ZERO, FULL_SCALE, CONTENTS };

static int16_t content(enum content kind, uint32_t n)
{
	if (kind == RANDOM)
		return checkdsp_random() * 32767;
	if (kind == FULL_SCALE)
		return n % 3 ? -32768 : 32767;
	return 0;
}

static void make_row(struct row *r, uint32_t samples, uint32_t half,
		     uint32_t decimate, enum content kind)
{
	size_t bytes = 8 * (size_t)demod_samples(samples, decimate);
	uint32_t i;

	r->samples = samples;
	r->in = guarded_new(2 * samples, 2);
	r->out = guarded_new(bytes, 8);
	r->want = guarded_new(bytes, 0);
	r->mix = guarded_new(8 * samples, 0);
	r->tap = guarded_new(4 * (half + 1), 0);
	r->work = guarded_new(8 * (samples + 2 * half), 0);
	for (i = 0; i < samples; i++) {
		((int16_t *)r->in.data)[i] = content(kind, i);
		((float *)r->mix.data)[2 * i] = cos(1.234 * i);
		((float *)r->mix.data)[2 * i + 1] = -sin(1.234 * i);
	}
	for (i = 0; i <= half; i++)
		((float *)r->tap.data)[i] = checkdsp_random();
	r->law = (struct demod_law){ r->mix.data, r->tap.data, half,
				     decimate };
}

static void end_row(struct row *r)
{
	guarded_end(&r->in);
	guarded_end(&r->out);
	guarded_end(&r->want);
	guarded_end(&r->mix);
	guarded_end(&r->tap);
	guarded_end(&r->work);
}

/* The sum as it is defined, in double, one output at a time. */
static void exact(float *out, const int16_t *in, uint32_t samples,
		  const struct demod_law *law, float *work)
{
	const long half = law->half;
	long n, k;

	(void)work;
	for (n = 0; n < samples; n += law->decimate) {
		double re = 0, im = 0;

		for (k = -half; k <= half; k++) {
			if (n + k < 0 || n + k >= samples)
				continue;
			re += (double)law->tap[labs(k)] * in[n + k] *
			      law->mix[2 * (n + k)];
			im += (double)law->tap[labs(k)] * in[n + k] *
			      law->mix[2 * (n + k) + 1];
		}
		*out++ = re;
		*out++ = im;
	}
}

static void compare(demod_row_fn *fn, demod_row_fn *oracle, struct row *r)
{
	double sum = fabsf(r->law.tap[0]);
	const float *got = r->out.data, *want = r->want.data;
	uint32_t i;

	for (i = 1; i <= r->law.half; i++)
		sum += 2 * fabsf(r->law.tap[i]);
	oracle(r->want.data, r->in.data, r->samples, &r->law, r->work.data);
	fn(r->out.data, r->in.data, r->samples, &r->law, r->work.data);
	for (i = 0; i < 2 * demod_samples(r->samples, r->law.decimate); i++)
		checkdsp_near("out", i, got[i], want[i], 2e-6 * 32768 * sum);
}

struct call {
	demod_row_fn *fn;
	struct row *row;
};

static void call(void *arg)
{
	struct call *c = arg;

	c->fn(c->row->out.data, c->row->in.data, c->row->samples,
	      &c->row->law, c->row->work.data);
}

void check_demod(void)
{
	static const uint32_t sizes[] = { 1, 2, 15, 16, 63, 334, LONGEST };
	static const uint32_t halves[] = { 1, 7, 24, HALF_LONGEST };
	const struct demod_row_variant *v;
	struct row row;
	uint32_t s, h, d, kind;

	for (v = demod_row_variants; v->fn; v++) {
		if (!checkdsp_begin("demod_row", v->name, v->flags))
			continue;
		for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			for (h = 0; h < sizeof(halves) / sizeof(halves[0]); h++)
				for (d = 1; d <= 3; d++)
					for (kind = 0; kind < CONTENTS; kind++) {
						make_row(&row, sizes[s],
							 halves[h], d, kind);
						compare(v->fn,
							v->fn == demod_row_c ?
							exact : demod_row_c,
							&row);
						end_row(&row);
					}
		make_row(&row, 1536, 24, 1, RANDOM);
		checkdsp_bench(call, &(struct call){ v->fn, &row }, 1536,
			       "sample");
		end_row(&row);
		checkdsp_end();
	}
}

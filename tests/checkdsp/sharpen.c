// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "checkdsp.h"
#include "dsp/sharpen.h"

/*
 * A sum of up to 129 products of positive numbers, a quotient, a sum and a
 * product, 16 times; errors of a round are halved rather than added up, since the
 * iteration leads to the same spectrum from anywhere: 2 (129 + 2) eps of the
 * largest, times 4.
 */
#define TOLERANCE	6e-5

enum content { RANDOM, ZERO, LINE, TINY, CONTENTS };

struct spectrum {
	struct guarded power, sharp, ratio, want, want_ratio;
	struct sharpen *tables;
	double deviation[SHARPEN_BINS];
	int bins;
};

static float content(enum content kind, int i)
{
	switch (kind) {
	case RANDOM:
		return fmax(checkdsp_random(), 0);
	case LINE:
		return i == 77 ? 1e9f : 0;
	case TINY:
		return 1e-38f * checkdsp_below(3);
	default:
		return 0;
	}
}

/* Widths that grow from bin to bin, as far from velocity 0. */
static void make(struct spectrum *s, int bins, double widest,
		 enum content kind)
{
	float *power;
	int i;

	s->bins = bins;
	for (i = 0; i < bins; i++)
		s->deviation[i] = hypot(0.6, widest * abs(i - 60) / bins);
	if (sharpen_create(&s->tables, bins, s->deviation))
		abort();
	s->power = guarded_new(bins * sizeof(float), 4);
	s->sharp = guarded_new(sizeof(struct sharpen_circle), 0);
	s->ratio = guarded_new(sizeof(struct sharpen_circle), 0);
	s->want = guarded_new(sizeof(struct sharpen_circle), 0);
	s->want_ratio = guarded_new(sizeof(struct sharpen_circle), 0);
	power = s->power.data;
	for (i = 0; i < bins; i++)
		power[i] = content(kind, i);
}

static void end(struct spectrum *s)
{
	sharpen_destroy(s->tables);
	guarded_end(&s->power);
	guarded_end(&s->sharp);
	guarded_end(&s->ratio);
	guarded_end(&s->want);
	guarded_end(&s->want_ratio);
}

static void call(struct spectrum *s, sharpen_fn *fn, struct guarded *sharp,
		 struct guarded *ratio)
{
	struct sharpen_circle *c = sharp->data;

	memcpy(sharpen_bins(c), s->power.data, s->bins * sizeof(float));
	fn(c, ratio->data, s->power.data, sharpen_blocks(s->tables), s->bins);
}

static double weight(const struct spectrum *s, int of, int distance)
{
	const double d = s->deviation[of & (s->bins - 1)];
	const int reach = fmin(ceil(3 * d), SHARPEN_REACH);
	double sum = 0;
	int i;

	for (i = -reach; i <= reach; i++)
		sum += exp(-i * i / (2 * d * d));
	return abs(distance) > reach ?
		       0 : exp(-distance * distance / (2 * d * d)) / sum;
}

/* In double, from the widths. */
static void exact(const struct spectrum *s, double *sharp)
{
	const float *power = s->power.data;
	const int n = s->bins;
	double ratio[SHARPEN_BINS];
	static double w[SHARPEN_BINS][2 * SHARPEN_REACH + 1];
	int round, i, k;

	for (i = 0; i < n; i++) {
		sharp[i] = power[i];
		for (k = -SHARPEN_REACH; k <= SHARPEN_REACH; k++)
			w[i][k + SHARPEN_REACH] = weight(s, i, k);
	}
	for (round = 0; round < SHARPEN_ROUNDS; round++) {
		for (i = 0; i < n; i++)
			ratio[i] = 0;
		for (i = 0; i < n; i++)
			for (k = -SHARPEN_REACH; k <= SHARPEN_REACH; k++)
				ratio[(i + k) & (n - 1)] +=
					sharp[i] * w[i][k + SHARPEN_REACH];
		for (i = 0; i < n; i++)
			ratio[i] = ratio[i] > 0 ? power[i] / ratio[i] : 0;
		for (i = 0; i < n; i++) {
			double sum = 0;

			for (k = -SHARPEN_REACH; k <= SHARPEN_REACH; k++)
				sum += w[i][k + SHARPEN_REACH] *
				       ratio[(i + k) & (n - 1)];
			sharp[i] *= sum;
		}
	}
}

static void compare_exact(struct spectrum *s, sharpen_fn *fn)
{
	const float *got = sharpen_bins(s->sharp.data);
	double want[SHARPEN_BINS], most = 0;
	int i;

	call(s, fn, &s->sharp, &s->ratio);
	exact(s, want);
	for (i = 0; i < s->bins; i++)
		most = fmax(most, want[i]);
	for (i = 0; i < s->bins; i++)
		checkdsp_near("sharp", i, got[i], want[i],
			      TOLERANCE * most);
}

static void compare(struct spectrum *s, sharpen_fn *fn)
{
	const float *got = sharpen_bins(s->sharp.data);
	const float *want = sharpen_bins(s->want.data);
	int i;

	call(s, fn, &s->sharp, &s->ratio);
	call(s, sharpen_c, &s->want, &s->want_ratio);
	for (i = 0; i < s->bins; i++)
		checkdsp_near("sharp", i, got[i], want[i], 0);
}

struct bench_call {
	struct spectrum *s;
	sharpen_fn *fn;
};

static void bench_call(void *arg)
{
	struct bench_call *c = arg;

	call(c->s, c->fn, &c->s->sharp, &c->s->ratio);
}

static void check(sharpen_fn *fn, int bins, double widest, enum content kind)
{
	struct spectrum s;

	make(&s, bins, widest, kind);
	if (fn != sharpen_c)
		compare(&s, fn);
	else if (kind != TINY)
		/* where floats lose digits, doubles do not */
		compare_exact(&s, fn);
	end(&s);
}

void check_sharpen(void)
{
	static const double widest[] = { 0.1, 5, 60 };
	const struct sharpen_variant *v;
	struct spectrum s;
	int kind, w;

	for (v = sharpen_variants; v->fn; v++) {
		if (!checkdsp_begin("sharpen", v->name, v->flags))
			continue;
		for (kind = 0; kind < CONTENTS; kind++)
			for (w = 0; w < 3; w++) {
				check(v->fn, 128, widest[w], kind);
				check(v->fn, 256, widest[w], kind);
			}
		make(&s, 256, 5, RANDOM);
		checkdsp_bench(bench_call, &(struct bench_call){ &s, v->fn },
			       256, "bin");
		end(&s);
		checkdsp_end();
	}
}

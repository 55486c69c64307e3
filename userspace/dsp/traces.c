// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sharpen.h"
#include "traces.h"

#define BLOCKS		16	/* parts of the spectrum, to find the noise */
#define QUIET		4	/* of them, the weakest: noise */
#define PEAK_OVER_NOISE	24.0	/* what is flow, by its strongest */
#define ROUNDS		4	/* level of a plateau and its ends in turn */
#define PEAK_OVER_FLOOR	4.0	/* the same, over what is black */
#define FIRST_UNDER_PEAK 8.0	/* of them, the level that is tried first */
#define MEAN_OVER_NOISE	2.0	/* and by each bin */
#define LINE_HALF	0.92	/* a line's, or wider: nothing of it left */
#define LINE_SLOPE	1.7
#define EDGE_LEVEL	0.42	/* of a plateau's power, its end */
#define HANN_WIDTH	1.44	/* at half power, in 1 / window */

struct traces {
	struct traces_params params;
	struct sharpen *sharpen;
	double deviation[TRACES_BINS_MAX];	/* of the velocities' widths */
	float wall[TRACES_BINS_MAX];	/* what the filter took, back */
};

/* The window spreads all velocities alike, aperture and gate by their size. */
static double deviation_of(const struct traces_params *p, double bins)
{
	const double width = hypot(HANN_WIDTH * p->bins / p->window,
				   p->spread * bins);

	return width / (2 * sqrt(2 * log(2)));
}

/* Of the power at @bins from velocity 0; nothing below the cutoff. */
static double wall_loss(const struct traces_params *p, double bins)
{
	const double share = fabs(remainder(2 * bins / p->bins, 2));

	if (!(p->cutoff > 0) || share < p->cutoff)
		return 1;
	return 1 + pow(tan(M_PI / 2 * p->cutoff) / tan(M_PI / 2 * share),
		       2 * p->poles);
}

int traces_create(struct traces **traces, const struct traces_params *params)
{
	struct traces *t = calloc(1, sizeof(*t));
	uint32_t i;
	int ret;

	if (!t)
		return -ENOMEM;
	t->params = *params;
	for (i = 0; i < params->bins; i++) {
		const double bins = (double)params->first + i;

		t->deviation[i] = deviation_of(params, fabs(bins));
		t->wall[i] = wall_loss(params, bins);
	}
	ret = sharpen_create(&t->sharpen, params->bins, t->deviation);
	if (ret)
		free(t);
	else
		*traces = t;
	return ret;
}

void traces_destroy(struct traces *t)
{
	if (!t)
		return;
	sharpen_destroy(t->sharpen);
	free(t);
}

/**
 * struct shape - a spectrum from the least to the largest velocity shown
 * @n: bins
 * @zero: where velocity 0 lies, in bins
 * @raw: power
 * @smooth: power, mean over the width of the window's main lobe
 * @flow: power above noise, as it was before the wall filter
 * @sharp: the same, as it would be if a velocity had no width
 * @noise: power of a bin without flow
 */
struct shape {
	int n;
	double zero;
	float raw[TRACES_BINS_MAX];
	float smooth[TRACES_BINS_MAX];
	float flow[TRACES_BINS_MAX];
	float sharp[TRACES_BINS_MAX];
	float noise;
};

/* Mean of the weakest parts of the spectrum. */
static float noise_of(const struct shape *f)
{
	const int each = f->n / BLOCKS;
	float quiet[QUIET + 1], sum = 0;
	int found = 0, b, i;

	for (b = 0; b < BLOCKS; b++) {
		float power = 0;

		for (i = 0; i < each; i++)
			power += f->raw[b * each + i];
		for (i = found; i && quiet[i - 1] > power; i--)
			quiet[i] = quiet[i - 1];
		quiet[i] = power;
		found += found < QUIET;
	}
	for (i = 0; i < QUIET; i++)
		sum += quiet[i];
	return sum / (QUIET * each);
}

static void shape_of(struct shape *f, const struct traces *t,
		     const float *power)
{
	const int n = t->params.bins, half = n / t->params.window;
	int i, k;

	f->n = n;
	f->zero = -t->params.first;
	for (i = 0; i < n; i++)
		f->raw[i] = power[(t->params.first + i + 2 * n) % n];
	for (i = 0; i < n; i++) {
		float sum = 0;

		for (k = -half; k <= half; k++)
			sum += f->raw[(i + k + n) % n];
		f->smooth[i] = sum / (2 * half + 1);
	}
	f->noise = noise_of(f);
	for (i = 0; i < n; i++)
		f->flow[i] = fmaxf(f->raw[i] - f->noise, 0) * t->wall[i];
	sharpen_execute(t->sharpen, f->sharp, f->flow);
}

/* +1: most of the power flows towards the probe; -1: away. */
static int side_of(const struct shape *f)
{
	double sum = 0;
	int i;

	for (i = 0; i < f->n; i++)
		sum += i > f->zero ? f->raw[i] : i < f->zero ? -f->raw[i] : 0;
	return sum < 0 ? -1 : 1;
}

static int strongest(const struct shape *f, int from, int to, int side)
{
	int best = from, i;

	for (i = from; i != to; i += side)
		if (f->smooth[i] > f->smooth[best])
			best = i;
	return best;
}

/*
 * The last bin on the way from @start to @to up to which the spectrum has more
 * than @least on balance: where the sum of what it has more is largest. A hole
 * does not end it.
 */
static int last_above(const struct shape *f, int start, int to, double least)
{
	const int step = to < start ? -1 : 1;
	double sum = 0, most = 0;
	int best = start, i;

	for (i = start; i != to; i += step) {
		sum += f->sharp[i] - least;
		if (sum > most) {
			most = sum;
			best = i;
		}
	}
	return best;
}

static double mean_between(const struct shape *f, int a, int b)
{
	const int step = b < a ? -1 : 1;
	double sum = 0;
	int i;

	for (i = a; i != b + step; i += step)
		sum += f->sharp[i];
	return sum / (abs(b - a) + 1);
}

/* Where between a bin and the next one outwards the power falls to @least. */
static double place_between(const struct shape *f, int end, int side,
			    double least)
{
	const int out = end + side;

	if (out < 0 || out >= f->n || f->sharp[end] <= f->sharp[out])
		return end;
	return end + side * fmin(fmax((f->sharp[end] - least) /
				      (f->sharp[end] - f->sharp[out]), 0), 1);
}

/*
 * A velocity alone keeps a part of its width. By how much a spectrum so narrow,
 * half its width in deviations of the blur, reaches beyond its largest velocity:
 * made of even distributions.
 */
static double overreach(double half)
{
	return fmax(fmin(half, LINE_SLOPE * (LINE_HALF - half)), 0);
}

/*
 * Where the outer slope of the spectrum has half the power of the plateau inside
 * of it [Vilkomerson, Ricci, Tortoli 2013], or a little less, in bins; NAN
 * without flow. The plateau is what lies between the two such places.
 */
static double edge_of(const struct shape *f, const struct traces *t, int side)
{
	const int from = side < 0 ? floor(f->zero) : ceil(f->zero);
	const int to = side < 0 ? -1 : f->n;
	double level, least = 0, outer, half, deviation;
	int start, end = 0, inner = 0, round;

	if (from < 0 || from >= f->n)
		return NAN;
	start = strongest(f, from, to, side);
	if (!(f->smooth[start] > PEAK_OVER_NOISE * f->noise) ||
	    !(f->smooth[start] > PEAK_OVER_FLOOR * t->params.floor))
		return NAN;
	level = f->sharp[start] / FIRST_UNDER_PEAK;
	for (round = 0; round < ROUNDS; round++) {
		least = level * EDGE_LEVEL;
		end = last_above(f, start, to, least);
		inner = last_above(f, start, from - side, least);
		level = mean_between(f, inner, end);
	}
	outer = place_between(f, end, side, least);
	half = fabs(outer - place_between(f, inner, -side, least)) / 2;
	deviation = t->deviation[end];
	return outer - side * overreach(half / deviation) * deviation;
}

static double mean_of(const struct shape *f)
{
	double sum = 0, moment = 0;
	int i;

	for (i = 0; i < f->n; i++) {
		if (f->smooth[i] <= MEAN_OVER_NOISE * f->noise)
			continue;
		sum += f->flow[i];
		moment += f->flow[i] * i;
	}
	return moment / sum;
}

void traces_find(struct traces *t, float *peak, float *mean,
		 const float *power)
{
	const double step = t->params.step;
	struct shape f;

	shape_of(&f, t, power);
	*peak = (edge_of(&f, t, side_of(&f)) - f.zero) * step;
	*mean = isnan(*peak) ? NAN : (mean_of(&f) - f.zero) * step;
}

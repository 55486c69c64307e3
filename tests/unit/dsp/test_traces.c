// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

#include "dsp/traces.h"

#define BINS 256
#define CUTOFF 0.1
#define POLES 2

/* Share of the power that a Butterworth's high-pass leaves of a velocity. */
static double left(double share)
{
	return 1 / (1 + pow(tan(M_PI / 2 * CUTOFF) / tan(M_PI / 2 * share),
			    2 * POLES));
}

/* Even from bin @from to @to, 40 dB over the noise, behind the wall filter. */
static void find(double cutoff, int from, int to, float *peak, float *mean)
{
	const struct traces_params params = {
		.bins = BINS, .window = BINS, .first = -BINS / 2, .step = 1,
		.cutoff = cutoff, .poles = POLES,
	};
	float power[BINS];
	struct traces *t;

	for (int i = 0; i < BINS; i++)
		power[i] = 1;
	for (int i = from; i <= to; i++)
		power[i] += 1e4 * left(2.0 * i / BINS);
	cr_assert_eq(traces_create(&t, &params), 0);
	traces_find(t, peak, mean, power);
	traces_destroy(t);
}

/* All bins from the cutoff on have the power that they had before the filter. */
Test(traces, what_the_wall_filter_took_is_given_back)
{
	float peak, mean;

	find(CUTOFF, 14, 60, &peak, &mean);
	cr_expect_float_eq(mean, 37, 0.1, "%g", mean);
	cr_expect_float_eq(peak, 60.5, 1, "%g", peak);
	/* which is worth 2.5 % here */
	find(0, 14, 60, &peak, &mean);
	cr_expect_gt(mean, 37.7);
	cr_expect_float_eq(peak, 60.5, 1, "%g", peak);
}

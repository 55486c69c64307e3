// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Noise of several generators beside each other. */
#include <criterion/criterion.h>
#include <math.h>

#include "random.h"

#define NUMBERS (1 << 20)
#define LAGS 64

static float x[NUMBERS + LAGS];

Test(random, each_lane_is_a_generator)
{
	struct sim_random_lanes lanes;
	float got[SIM_RANDOM_LANES];

	sim_random_lanes_seed(&lanes, 7);
	for (int n = 0; n < 1000; n++) {
		const struct sim_random_lanes before = lanes;

		sim_random_lanes_normal(&lanes, 3, got);
		for (int i = 0; i < SIM_RANDOM_LANES; i++) {
			struct sim_random one = { before.x[i] };
			const float want = 3 * sim_random_normal(&one);

			/* a float's rounding: it is scaled once, not twice */
			cr_assert_float_eq(got[i], want, 0x1p-20);
			cr_assert_eq(lanes.x[i], one.x);
		}
	}
}

/* Five standard deviations of each estimate from NUMBERS of them. */
Test(random, lanes_are_normal_and_know_nothing_of_each_other)
{
	const double bound = 5 / sqrt(NUMBERS);
	struct sim_random_lanes lanes;
	double sum = 0, square = 0;

	sim_random_lanes_seed(&lanes, 1);
	for (int n = 0; n < NUMBERS + LAGS; n += SIM_RANDOM_LANES)
		sim_random_lanes_normal(&lanes, 1, x + n);
	for (int n = 0; n < NUMBERS; n++) {
		sum += x[n];
		square += (double)x[n] * x[n];
	}
	cr_expect_lt(fabs(sum / NUMBERS), bound);
	/* the fourth moment of a sum of four even numbers is 2.7 */
	cr_expect_lt(fabs(square / NUMBERS - 1), bound * sqrt(1.7));
	for (int lag = 1; lag <= LAGS; lag++) {
		double both = 0;

		for (int n = 0; n < NUMBERS; n++)
			both += (double)x[n] * x[n + lag];
		cr_expect_lt(fabs(both / NUMBERS), bound, "%d: %g", lag,
			     both / NUMBERS);
	}
}

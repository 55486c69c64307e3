// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What the channels hear, made from what elements send and hear. */
#include <criterion/criterion.h>
#include <math.h>

#include "diag/elements.h"

#define N 64
#define NOISE 2.0
#define SAMPLES 4096

static bool bad_channel[N];

/* Power of what is as far as the elements are apart. */
static double coupling(int apart)
{
	return 1e4 * exp(-apart / 12.0);
}

static void hear(struct elements *e, const double *sends, const double *hears)
{
	cr_assert_eq(elements_create(e, N, N, bad_channel, SAMPLES), 0);
	for (int i = 0; i < N; i++) {
		e->noise[i] = NOISE;
		for (int k = 0; k < N; k++)
			*elements_at(e, i, k) =
				NOISE + pow(sends[i] * hears[k], 2) *
						coupling(i > k ? i - k : k - i);
	}
}

static void sound(double *sends, double *hears)
{
	for (int i = 0; i < N; i++)
		sends[i] = hears[i] = 1;
}

/* Without chance in it all that was put in is found again. */
static void found(const struct elements *e, const double *sends,
		  const double *hears)
{
	for (int i = 0; i < N; i++) {
		cr_assert_float_eq(e->sends[i], sends[i], 0.02, "%d sends %g",
				   i, e->sends[i]);
		if (!bad_channel[i])
			cr_assert_float_eq(e->hears[i], hears[i], 0.02,
					   "%d hears %g", i, e->hears[i]);
	}
}

Test(elements, all_are_sound)
{
	double sends[N], hears[N];
	struct elements e;

	sound(sends, hears);
	hear(&e, sends, hears);
	cr_assert_gt(elements_solve(&e), 1e4);
	found(&e, sends, hears);
	for (int i = 0; i < N; i++)
		cr_assert(e.sound[i]);
	elements_finish(&e);
}

Test(elements, one_that_sends_and_does_not_hear)
{
	double sends[N], hears[N];
	struct elements e;

	sound(sends, hears);
	hears[20] = 0;
	sends[41] = 0.25;
	hear(&e, sends, hears);
	elements_solve(&e);
	found(&e, sends, hears);
	cr_assert(!e.sound[20] && !e.sound[41] && e.sound[19]);
	elements_finish(&e);
}

Test(elements, a_block_is_dead)
{
	double sends[N], hears[N];
	struct elements e;

	sound(sends, hears);
	for (int i = 10; i < 30; i++)
		sends[i] = hears[i] = 0;
	hear(&e, sends, hears);
	elements_solve(&e);
	found(&e, sends, hears);
	elements_finish(&e);
}

/* Its element is heard by the others; what it hears itself is not known. */
Test(elements, a_bad_channel_says_nothing)
{
	double sends[N], hears[N];
	struct elements e;

	sound(sends, hears);
	sends[7] = 0.25;
	bad_channel[7] = true;
	hear(&e, sends, hears);
	*elements_at(&e, 30, 7) = 1e9;
	elements_solve(&e);
	found(&e, sends, hears);
	cr_assert(isnan(e.hears[7]));
	elements_finish(&e);
}

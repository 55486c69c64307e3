// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "tools/prof_histogram.h"

static int longer(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* From a nanosecond to a quarter of an hour, every octave alike. */
static uint64_t any(void)
{
	return ((uint64_t)rand() << 20 | (uint64_t)rand() >> 11) &
	       ((1ull << (1 + rand() % 40)) - 1);
}

#define MANY 20000

Test(histogram, quantiles_are_within_a_bucket_of_the_truth)
{
	static const double share[] = { 0, 0.01, 0.5, 0.9, 0.99, 0.999, 1 };
	struct histogram *h = calloc(1, sizeof(*h));
	uint64_t *ns = calloc(MANY, sizeof(*ns));
	uint64_t sum = 0;

	srand(1);
	for (int i = 0; i < MANY; i++) {
		ns[i] = any();
		sum += ns[i];
		histogram_add(h, ns[i]);
	}
	qsort(ns, MANY, sizeof(*ns), longer);
	for (unsigned int i = 0; i < sizeof(share) / sizeof(*share); i++) {
		/* as the header says: the least that so many do not exceed */
		int rank = (int)ceil(share[i] * MANY);
		double truth = (double)ns[rank ? rank - 1 : 0];
		double read = (double)histogram_quantile(h, share[i]);

		/* half a bucket of a 32nd of an octave, or of 1 ns */
		cr_assert_leq(fabs(read - truth), truth / 64 + 1, "%g: %g, %g",
			      share[i], read, truth);
	}
	cr_assert_eq(h->count, MANY);
	cr_assert_eq(h->sum, sum);
	cr_assert_eq(h->max, ns[MANY - 1]);
	free(ns);
	free(h);
}

Test(histogram, what_is_below_a_power_of_two_is_exact)
{
	struct histogram *h = calloc(1, sizeof(*h));
	uint64_t *ns = calloc(MANY, sizeof(*ns));

	srand(2);
	for (int i = 0; i < MANY; i++) {
		ns[i] = any();
		histogram_add(h, ns[i]);
	}
	for (unsigned int bit = 0; bit < 40; bit++) {
		uint64_t n = 0;

		for (int i = 0; i < MANY; i++)
			n += ns[i] < 1ull << bit;
		cr_assert_eq(histogram_below(h, 1ull << bit), n, "2^%u", bit);
	}
	free(ns);
	free(h);
}

Test(histogram, edges)
{
	struct histogram *h = calloc(1, sizeof(*h));

	cr_assert_eq(histogram_quantile(h, 0.5), 0, "nothing");
	histogram_add(h, 0);
	cr_assert_eq(histogram_quantile(h, 1), 0);
	/* alone in its bucket, and not its bucket's middle */
	histogram_add(h, 1000001);
	cr_assert_leq(histogram_quantile(h, 1), 1000001);
	histogram_add(h, UINT64_MAX / 2);
	cr_assert_geq(histogram_quantile(h, 1), (1ull << 40) - (1ull << 35));
	cr_assert_eq(h->max, UINT64_MAX / 2);
	cr_assert_eq(histogram_below(h, UINT64_MAX), 2);
	free(h);
}

// SPDX-License-Identifier: MIT
/* Verdicts on runs that are known to be faster, slower, or neither. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "tools/prof_compare.h"

#define BLOCKS 40

/* @spread: of blocks; @drift: of runs; standard deviations, of the mean */
static struct prof_runs make(size_t runs, double mean, double spread,
			     double drift)
{
	struct prof_runs p = { runs, calloc(runs, sizeof(*p.run)) };

	for (size_t i = 0; i < runs; i++) {
		/* a uniform distribution has a twelfth of its width squared */
		double own = drift * sqrt(12) * (drand48() - 0.5);

		p.run[i].blocks = BLOCKS;
		p.run[i].block = calloc(BLOCKS, sizeof(double));
		for (size_t k = 0; k < BLOCKS; k++)
			p.run[i].block[k] = mean * (1 + own + spread *
						    sqrt(12) *
						    (drand48() - 0.5));
	}
	return p;
}

static void done(struct prof_runs *p)
{
	for (size_t i = 0; i < p->runs; i++)
		free(p->run[i].block);
	free(p->run);
}

static struct prof_ratio compare(struct prof_runs a, struct prof_runs b)
{
	struct prof_ratio r;

	prof_ratio(&r, &a, &b, 0.05);
	done(&a);
	done(&b);
	return r;
}

Test(ratio, slower_faster_and_the_same)
{
	srand48(1);
	cr_assert_eq(compare(make(1, 5e6, 0.03, 0), make(1, 6e6, 0.03, 0))
			     .verdict, PROF_SLOWER);
	cr_assert_eq(compare(make(1, 6e6, 0.03, 0), make(1, 5e6, 0.03, 0))
			     .verdict, PROF_FASTER);
	cr_assert_eq(compare(make(1, 5e6, 0.03, 0), make(1, 5e6, 0.03, 0))
			     .verdict, PROF_SAME);
	/* within the tolerance, by far */
	cr_assert_eq(compare(make(1, 5e6, 0.01, 0), make(1, 5.1e6, 0.01, 0))
			     .verdict, PROF_SAME);
	/* a tenth more, where blocks differ by as much: nobody can tell */
	cr_assert_eq(compare(make(1, 5e6, 0.6, 0), make(1, 5.2e6, 0.6, 0))
			     .verdict, PROF_UNCLEAR);
}

/* What differs from run to run is seen where there are several. */
Test(ratio, runs_that_differ_are_no_verdict)
{
	int slower = 0;

	srand48(2);
	for (int i = 0; i < 100; i++)
		slower += compare(make(5, 5e6, 0.01, 0.1),
				  make(5, 5e6, 0.01, 0.1)).verdict ==
			  PROF_SLOWER;
	/* 99 % of both sides and 5 % of tolerance; of 5 runs it is less sure */
	cr_assert_leq(slower, 5, "%d of 100 that are the same", slower);
}

/* The interval is what it says it is: it has the true ratio in it. */
Test(ratio, the_interval_has_the_truth)
{
	int within = 0;

	srand48(3);
	for (int i = 0; i < 200; i++) {
		struct prof_ratio r = compare(make(1, 5e6, 0.1, 0),
					      make(1, 7e6, 0.1, 0));

		within += r.low <= 1.4 && r.high >= 1.4;
	}
	/* 198 expected; a bootstrap of 40 values is a little narrow */
	cr_assert_geq(within, 190, "%d of 200", within);
}

Test(ratio, the_same_input_has_the_same_result)
{
	struct prof_ratio first, second;

	srand48(4);
	first = compare(make(3, 5e6, 0.1, 0.1), make(3, 5e6, 0.1, 0.1));
	srand48(4);
	second = compare(make(3, 5e6, 0.1, 0.1), make(3, 5e6, 0.1, 0.1));
	cr_assert_eq(first.low, second.low);
	cr_assert_eq(first.high, second.high);
	cr_assert_lt(first.low, first.after / first.before);
	cr_assert_gt(first.high, first.after / first.before);
}

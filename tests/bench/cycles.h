/* SPDX-License-Identifier: MIT */
/*
 * Time in cycles of the core that runs, which is what a figure is worth on a
 * machine whose clock changes. Nothing asks the processor for its clock: a
 * chain of additions, each waiting for the one before, takes a cycle each.
 */
#ifndef BENCH_CYCLES_H
#define BENCH_CYCLES_H

#include <stddef.h>

/** cycles_now_ns() - time that only runs forward [ns] */
double cycles_now_ns(void);

/** cycles_period_ns() - what a cycle lasts on this core now [ns] */
double cycles_period_ns(void);

/**
 * struct cycles_time - what one call took
 * @ns: in time
 * @cycles: in cycles, as they lasted just before and just after
 * @own_cycles: without those that another program had of this core; of this
 *              thread only, and no good below some 10 us
 */
struct cycles_time {
	double ns;
	double cycles;
	double own_cycles;
};

/** cycles_time() - time @times calls in a row; for one of them */
struct cycles_time cycles_time(void (*call)(void *arg), void *arg,
			       size_t times);

/** cycles_quantile() - sorts; the value that @share of the @n lie not above */
double cycles_quantile(double *value, size_t n, double share);

#endif /* BENCH_CYCLES_H */

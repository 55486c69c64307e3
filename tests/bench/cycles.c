// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "cycles.h"

#define CHAIN_TURNS	500
#define CHAIN_ADDS	100	/* of a turn: the number in the assembly */

static double read_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

double cycles_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/*
 * Registers, not an immediate: some processors add small constants while they
 * rename registers, in no time at all.
 */
static void chain(void)
{
	uint64_t sum = 0;
	const uint64_t one = 1;
	int i;

	for (i = 0; i < CHAIN_TURNS; i++)
		__asm__ volatile(".rept 100\n\tadd %1, %0\n\t.endr"
				 : "+r"(sum) : "r"(one));
}

/* The better of two: an interrupt in one of them is not the clock. */
double cycles_period_ns(void)
{
	double best = INFINITY;
	int i;

	for (i = 0; i < 2; i++) {
		double start = cycles_now_ns();

		chain();
		best = fmin(best, cycles_now_ns() - start);
	}
	return best / (CHAIN_TURNS * CHAIN_ADDS);
}

struct cycles_time cycles_time(void (*call)(void *arg), void *arg,
			       size_t times)
{
	double before = cycles_period_ns(), period;
	double own = read_ns(CLOCK_THREAD_CPUTIME_ID);
	double ns = cycles_now_ns();
	size_t i;

	for (i = 0; i < times; i++)
		call(arg);
	ns = (cycles_now_ns() - ns) / times;
	own = (read_ns(CLOCK_THREAD_CPUTIME_ID) - own) / times;
	period = (before + cycles_period_ns()) / 2;
	return (struct cycles_time){ ns, ns / period, own / period };
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double cycles_quantile(double *value, size_t n, double share)
{
	qsort(value, n, sizeof(*value), compare);
	return value[(size_t)fmax(ceil(share * n) - 1, 0)];
}

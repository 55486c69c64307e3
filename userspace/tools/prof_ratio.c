// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "prof_compare.h"

#define DRAWS 2000

/* 99 %: so many draws are left out on each side. */
#define TAIL (DRAWS / 200)

/* xorshift64*: a result depends on its input alone. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (uint32_t)(((x * 0x2545f4914f6cdd1dull) >> 32) * below >> 32);
}

static double mean_of(const struct prof_run *r)
{
	double sum = 0;

	for (size_t i = 0; i < r->blocks; i++)
		sum += r->block[i];
	return sum / (double)r->blocks;
}

/* Every run counts alike, however long it was. */
static double mean(const struct prof_runs *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->runs; i++)
		sum += mean_of(&p->run[i]);
	return sum / (double)p->runs;
}

static double drawn_mean_of(const struct prof_run *r, uint64_t *state)
{
	double sum = 0;

	for (size_t i = 0; i < r->blocks; i++)
		sum += r->block[draw(state, (uint32_t)r->blocks)];
	return sum / (double)r->blocks;
}

static double drawn_mean(const struct prof_runs *p, uint64_t *state)
{
	double sum = 0;

	for (size_t i = 0; i < p->runs; i++)
		sum += drawn_mean_of(&p->run[draw(state, (uint32_t)p->runs)],
				     state);
	return sum / (double)p->runs;
}

static int larger(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static enum prof_verdict judge(const struct prof_ratio *r, double tolerance)
{
	const double most = 1 + tolerance, least = 1 / most;

	if (r->low > most)
		return PROF_SLOWER;
	if (r->high < least)
		return PROF_FASTER;
	return r->low >= least && r->high <= most ? PROF_SAME : PROF_UNCLEAR;
}

void prof_ratio(struct prof_ratio *ratio, const struct prof_runs *before,
		const struct prof_runs *after, double tolerance)
{
	double drawn[DRAWS];
	uint64_t state = 0x9e3779b97f4a7c15ull;

	for (int i = 0; i < DRAWS; i++) {
		const double b = drawn_mean(before, &state);

		drawn[i] = drawn_mean(after, &state) / b;
	}
	qsort(drawn, DRAWS, sizeof(*drawn), larger);
	*ratio = (struct prof_ratio){
		.before = mean(before),
		.after = mean(after),
		.low = drawn[TAIL],
		.high = drawn[DRAWS - 1 - TAIL],
	};
	ratio->verdict = judge(ratio, tolerance);
}

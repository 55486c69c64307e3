// SPDX-License-Identifier: MIT
/* The harness and the list of families. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cycles.h"
#include "checkdsp.h"
#include "dsp/cpu.h"

#define CANARY		0xa5
#define GUARD_BYTES	64
#define BENCH_RUNS	31

static struct {
	const char *kernel, *variant;
	unsigned int results, failures;
	bool failed;
	char why[200];
	char time[80];
} state;

static uint64_t seed = 0x9e3779b97f4a7c15;

/* xorshift64* (Vigna 2016) */
static uint64_t next_random(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1d;
}

double checkdsp_random(void)
{
	return (next_random() >> 11) * 0x1p-52 - 1;
}

uint32_t checkdsp_below(uint32_t n)
{
	return (next_random() >> 32) * n >> 32;
}

bool checkdsp_begin(const char *kernel, const char *variant,
		    unsigned int flags)
{
	state.kernel = kernel;
	state.variant = variant;
	state.failed = false;
	state.time[0] = 0;
	if (!(flags & ~cpu_flags()))
		return true;
	state.results++;
	printf("ok %u - %s_%s # SKIP not offered by this processor\n",
	       state.results, kernel, variant);
	return false;
}

void checkdsp_end(void)
{
	state.results++;
	state.failures += state.failed;
	printf("%sok %u - %s_%s%s%s\n", state.failed ? "not " : "",
	       state.results, state.kernel, state.variant,
	       state.failed ? ": " : state.time,
	       state.failed ? state.why : "");
	fflush(stdout);
}

void checkdsp_near(const char *what, size_t at, double got, double want,
		   double tolerance)
{
	if (fabs(got - want) <= tolerance || got == want || state.failed)
		return;
	state.failed = true;
	snprintf(state.why, sizeof(state.why),
		 "%s[%zu] is %.9g, expected %.9g within %.2g", what, at, got,
		 want, tolerance);
}

struct guarded guarded_new(size_t bytes, size_t offset)
{
	size_t whole = GUARD_BYTES + offset + bytes + GUARD_BYTES;
	struct guarded g = { .bytes = bytes };

	whole += GUARD_BYTES - whole % GUARD_BYTES;
	g.block = aligned_alloc(GUARD_BYTES, whole);
	if (!g.block) {
		perror("checkdsp");
		exit(1);
	}
	g.data = g.block + GUARD_BYTES + offset;
	memset(g.block, CANARY, whole);
	memset(g.data, 0, bytes);
	return g;
}

void guarded_end(struct guarded *g)
{
	const uint8_t *end = (uint8_t *)g->data + g->bytes, *p;

	for (p = g->block; p < (uint8_t *)g->data; p++)
		checkdsp_near("byte before", p - g->block, *p, CANARY, 0);
	for (p = end; p < end + GUARD_BYTES; p++)
		checkdsp_near("byte after", p - end, *p, CANARY, 0);
	free(g->block);
}

void checkdsp_bench(void (*call)(void *arg), void *arg, size_t items,
		    const char *unit)
{
	double ns[BENCH_RUNS], cycles[BENCH_RUNS];
	int i;

	for (i = 0; i < BENCH_RUNS; i++) {
		struct cycles_time t = cycles_time(call, arg, 1);

		ns[i] = t.ns / items;
		cycles[i] = t.cycles / items;
	}
	snprintf(state.time, sizeof(state.time),
		 " # %.2f cycles, %.3f ns per %s",
		 cycles_quantile(cycles, BENCH_RUNS, 0.5),
		 cycles_quantile(ns, BENCH_RUNS, 0.5), unit);
}

int main(void)
{
	check_demod();
	check_aperture();
	check_beamform();
	check_detect();
	check_doppler();
	check_scanconvert();
	check_sharpen();
	check_tissue();
	printf("1..%u\n", state.results);
	return state.failures != 0;
}

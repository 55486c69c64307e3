// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Prints how fast this processor's time stamp counter runs [kHz]. An emulated
 * guest has the same one; it would measure it against an emulated timer, and on a
 * busy machine be wrong by any factor.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define APART_US 50000
#define CLOSE_NS 2000
#define TRIES 1000

struct pair {
	uint64_t ns;
	uint64_t ticks;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Both at one moment, unless something comes between every time. */
static struct pair both(void)
{
	struct pair p = { 0 };
	uint64_t after;
	int i;

	for (i = 0; i < TRIES; i++) {
		p.ns = now_ns();
		p.ticks = __rdtsc();
		after = now_ns();
		if (after - p.ns < CLOSE_NS)
			break;
	}
	return p;
}

int main(void)
{
	struct pair from = both(), until;

	usleep(APART_US);
	until = both();
	printf("%llu\n", (unsigned long long)((until.ticks - from.ticks) *
					      1000000 / (until.ns - from.ns)));
	return 0;
}

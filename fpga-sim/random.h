/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Numbers that look random and are the same for the same seed. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdint.h>

#include "pattern.h"

/** struct sim_random - state of a generator, never 0 */
struct sim_random {
	uint64_t x;
};

static inline void sim_random_seed(struct sim_random *r, uint64_t seed)
{
	r->x = sim_prbs_seed(0, seed);
	for (int i = 0; i < 8; i++)
		r->x = sim_prbs_next(r->x);
}

/* Evenly in [0, 1). */
static inline double sim_random_even(struct sim_random *r)
{
	r->x = sim_prbs_next(r->x);
	return (double)(r->x >> 11) * 0x1p-53;
}

/* Nearly normal, variance 1: the sum of four even numbers of 16 bits. */
static inline float sim_random_normal(struct sim_random *r)
{
	uint64_t x = r->x = sim_prbs_next(r->x);
	int sum = (int)(x & 0xffff) + (int)(x >> 16 & 0xffff) +
		  (int)(x >> 32 & 0xffff) + (int)(x >> 48);

	return (float)(sum - 2 * 65535) * (1.7320508f / 65536);
}

#endif /* SIM_RANDOM_H */

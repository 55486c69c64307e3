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

#define SIM_RANDOM_LANES 8

typedef uint64_t sim_random_words
	__attribute__((vector_size(SIM_RANDOM_LANES * sizeof(uint64_t))));
typedef int32_t sim_random_ints
	__attribute__((vector_size(SIM_RANDOM_LANES * sizeof(int32_t))));
typedef float sim_random_floats
	__attribute__((vector_size(SIM_RANDOM_LANES * sizeof(float)),
		       aligned(sizeof(float)), may_alias));

/** struct sim_random_lanes - generators beside each other, for many numbers */
struct sim_random_lanes {
	sim_random_words x;
};

/* Multiplied, states of one generator are no longer states that follow. */
static inline void sim_random_lanes_seed(struct sim_random_lanes *r,
					 uint64_t seed)
{
	struct sim_random one;

	sim_random_seed(&one, seed);
	for (int i = 0; i < SIM_RANDOM_LANES; i++) {
		one.x = sim_prbs_next(one.x);
		r->x[i] = one.x * 0x9e3779b97f4a7c15u;
	}
}

/* As sim_random_normal(), times @scale, one of each lane. */
static inline __attribute__((always_inline)) void
sim_random_lanes_normal(struct sim_random_lanes *r, float scale,
			float to[SIM_RANDOM_LANES])
{
	const uint64_t halves = 0x0000ffff0000ffffu;
	sim_random_words x = r->x, two; /* sums of two, two of them */

	SIM_PRBS_STEP(x);
	r->x = x;
	two = (x & halves) + (x >> 16 & halves);
	*(sim_random_floats *)to =
		__builtin_convertvector(
			__builtin_convertvector(two + (two >> 32),
						sim_random_ints) -
				2 * 65535,
			sim_random_floats) *
		(1.7320508f / 65536 * scale);
}

#endif /* SIM_RANDOM_H */

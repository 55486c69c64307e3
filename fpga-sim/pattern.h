/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The test patterns that can take the place of the ADC (SONO_REG_SOURCE), as
 * Documentation/hardware.rst defines them. The board makes them and tests
 * check them with the same few lines.
 */
#ifndef SIM_PATTERN_H
#define SIM_PATTERN_H

#include <stdint.h>

/* One sample of the ramp; the padding of rows is 0. */
static inline int16_t sim_ramp(uint64_t seq, uint32_t event, uint32_t channel,
			       uint32_t sample)
{
	return (int16_t)(uint16_t)(sample + 17 * channel + 257 * event +
				   4099 * (uint32_t)seq);
}

/*
 * The PRBS of a frame is the stream of these words, little-endian, from the
 * payload's first byte up to the auxiliary block, padding of rows included:
 *
 *	x = sim_prbs_seed(run, seq);
 *	for each 8 bytes: x = sim_prbs_next(x), and x is the word
 */
static inline uint64_t sim_prbs_seed(uint32_t run, uint64_t seq)
{
	uint64_t x = (((uint64_t)run << 40) + seq + 1) * 0x9e3779b97f4a7c15u;

	return x ? x : 0x9e3779b97f4a7c15u;
}

/* Of a word, or of each of a vector's. */
#define SIM_PRBS_STEP(x) \
	((x) ^= (x) << 13, (x) ^= (x) >> 7, (x) ^= (x) << 17)

static inline uint64_t sim_prbs_next(uint64_t x)
{
	SIM_PRBS_STEP(x);
	return x;
}

#endif /* SIM_PATTERN_H */

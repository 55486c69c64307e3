/* SPDX-License-Identifier: MIT */
/*
 * The power of each velocity, of which a spectrum is the spread: by the
 * iteration of Richardson (1972) and Lucy (1974), which never is below 0.
 * Documentation/dsp.rst, "Spectral Doppler".
 */
#ifndef DSP_SHARPEN_H
#define DSP_SHARPEN_H

#include <stdint.h>
#include <string.h>

#define SHARPEN_ROUNDS	16
#define SHARPEN_REACH	64	/* bins to either side, at most */
#define SHARPEN_BLOCK	16	/* bins that have their reach in common */
#define SHARPEN_BINS	256	/* at most */

/**
 * struct sharpen_block - weights of SHARPEN_BLOCK bins after each other
 * @reach: up to SHARPEN_REACH
 * @spread: [2 @reach + 1][SHARPEN_BLOCK]: what a bin has of the bins from @reach
 *          before it on; 64-byte aligned
 * @gather: the same: what it gives to them
 */
struct sharpen_block {
	int reach;
	const float *spread;
	const float *gather;
};

/* A spectrum and what lies around it: the same once more, in a circle. */
struct sharpen_circle {
	float all[SHARPEN_REACH + SHARPEN_BINS + SHARPEN_REACH];
} __attribute__((aligned(64)));

/** sharpen_bins() - the spectrum, aligned to 64 bytes */
static inline float *sharpen_bins(struct sharpen_circle *c)
{
	return c->all + SHARPEN_REACH;
}

/*
 * SHARPEN_ROUNDS times, for all of @bins (a multiple of SHARPEN_BLOCK):
 *
 *	ratio[j] = power[j] / sum over k of spread[k][j] sharp[j - reach + k]
 *	sharp[j] = sharp[j] sum over k of gather[k][j] ratio[j - reach + k]
 *
 * indices in a circle, k in this order from a sum of 0; no ratio where its sum is
 * not above 0. The bins of sharp are given, the rest is written. Variants agree with the C
 * form exactly.
 */
typedef void sharpen_fn(struct sharpen_circle *sharp,
			struct sharpen_circle *ratio, const float *power,
			const struct sharpen_block *block, int bins);
sharpen_fn sharpen_c, sharpen_avx2, sharpen_avx512;

struct sharpen_variant {
	sharpen_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct sharpen_variant sharpen_variants[];

struct sharpen;

/* Closes the circle: once more what is at its ends, beyond them. */
static inline void sharpen_close(struct sharpen_circle *c, int bins)
{
	const size_t bytes = SHARPEN_REACH * sizeof(float);

	memcpy(c->all, c->all + bins, bytes);
	memcpy(c->all + SHARPEN_REACH + bins, c->all + SHARPEN_REACH, bytes);
}

/**
 * sharpen_create() - make tables
 * @sharpen: written
 * @bins: of a spectrum, in a circle: 128 or 256
 * @deviation: [@bins], standard deviation of a velocity's spread, > 0 [bins]
 *
 * Return: 0 or -ENOMEM.
 */
int sharpen_create(struct sharpen **sharpen, uint32_t bins,
		   const double *deviation);

/**
 * sharpen_execute() - take the widths off a spectrum
 * @sharpen: tables
 * @sharp: written, [bins]; the sum stays
 * @power: [bins], >= 0
 */
void sharpen_execute(struct sharpen *sharpen, float *sharp,
		     const float *power);

/** sharpen_blocks() - the tables, for who tests a variant */
const struct sharpen_block *sharpen_blocks(const struct sharpen *sharpen);

void sharpen_destroy(struct sharpen *sharpen);

#endif /* DSP_SHARPEN_H */

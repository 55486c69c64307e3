// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cpu.h"
#include "dsp.h"
#include "sharpen.h"

#define END		3.0	/* standard deviations */
#define BLOCKS		(SHARPEN_BINS / SHARPEN_BLOCK)

/**
 * struct blur - how one velocity is spread over the bins
 * @reach: bins to either side
 * @weight: from the bin itself on; both sides are alike, the sum of all is 1
 */
struct blur {
	int reach;
	float weight[SHARPEN_REACH + 1];
};

struct sharpen {
	struct sharpen_circle sharp, ratio;
	struct sharpen_block block[BLOCKS];
	float *weight;		/* of all blocks */
	sharpen_fn *fn;
	int bins;
};

const struct sharpen_variant sharpen_variants[] = {
	{ sharpen_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ sharpen_avx2, "avx2", CPU_AVX2 },
	{ sharpen_c, "c", 0 },
	{ }
};

static void make_blur(struct blur *blur, double deviation)
{
	double sum = 0;
	int i;

	blur->reach = fmin(ceil(END * deviation), SHARPEN_REACH);
	for (i = 0; i <= blur->reach; i++) {
		blur->weight[i] = exp(-i * i / (2 * deviation * deviation));
		sum += blur->weight[i] * (i ? 2 : 1);
	}
	for (i = 0; i <= blur->reach; i++)
		blur->weight[i] /= sum;
}

static float weight_at(const struct blur *blur, int distance)
{
	distance = abs(distance);
	return distance <= blur->reach ? blur->weight[distance] : 0;
}

/* The farthest that a block gives anything, or has anything from. */
static int reach_of(const struct blur *blur, int first, int bins)
{
	int reach = 0, j, k;

	for (j = first; j < first + SHARPEN_BLOCK; j++) {
		if (blur[j].reach > reach)
			reach = blur[j].reach;
		for (k = reach + 1; k <= SHARPEN_REACH; k++)
			if (blur[(j + k) & (bins - 1)].reach >= k ||
			    blur[(j - k) & (bins - 1)].reach >= k)
				reach = k;
	}
	return reach;
}

static size_t block_floats(int reach)
{
	return (size_t)(2 * reach + 1) * SHARPEN_BLOCK;
}

static float *fill_block(struct sharpen_block *block, float *spread,
			 const struct blur *blur, int first, int bins)
{
	float *gather = spread + block_floats(block->reach);
	int k, j;

	block->spread = spread;
	block->gather = gather;
	for (k = -block->reach; k <= block->reach; k++)
		for (j = first; j < first + SHARPEN_BLOCK; j++) {
			*spread++ = weight_at(&blur[(j + k) & (bins - 1)], k);
			*gather++ = weight_at(&blur[j], k);
		}
	return gather;
}

static int make_blocks(struct sharpen *s, const struct blur *blur)
{
	const int blocks = s->bins / SHARPEN_BLOCK;
	size_t floats = 0;
	float *at;
	int b;

	for (b = 0; b < blocks; b++) {
		s->block[b].reach = reach_of(blur, b * SHARPEN_BLOCK, s->bins);
		floats += 2 * block_floats(s->block[b].reach);
	}
	s->weight = dsp_alloc(floats, sizeof(*s->weight));
	if (!s->weight)
		return -ENOMEM;
	at = s->weight;
	for (b = 0; b < blocks; b++)
		at = fill_block(&s->block[b], at, blur, b * SHARPEN_BLOCK,
				s->bins);
	return 0;
}

int sharpen_create(struct sharpen **sharpen, uint32_t bins,
		   const double *deviation)
{
	struct blur *blur = calloc(bins, sizeof(*blur));
	struct sharpen *s = dsp_alloc(1, sizeof(*s));
	int ret = -ENOMEM;
	uint32_t i;

	if (blur && s) {
		for (i = 0; i < bins; i++)
			make_blur(&blur[i], deviation[i]);
		s->bins = bins;
		s->fn = cpu_choose(sharpen_variants)->fn;
		ret = make_blocks(s, blur);
	}
	free(blur);
	if (ret)
		sharpen_destroy(s);
	else
		*sharpen = s;
	return ret;
}

void sharpen_execute(struct sharpen *s, float *sharp, const float *power)
{
	const size_t bytes = s->bins * sizeof(*sharp);

	memcpy(sharpen_bins(&s->sharp), power, bytes);
	s->fn(&s->sharp, &s->ratio, power, s->block, s->bins);
	memcpy(sharp, sharpen_bins(&s->sharp), bytes);
}

const struct sharpen_block *sharpen_blocks(const struct sharpen *s)
{
	return s->block;
}

void sharpen_destroy(struct sharpen *s)
{
	if (!s)
		return;
	free(s->weight);
	free(s);
}

// SPDX-License-Identifier: MIT
/* Richardson's and Lucy's iteration: the specification. */
#include "sharpen.h"

static float sum(const float *weight, const float *from, int reach)
{
	float all = 0;
	int k;

	for (k = -reach; k <= reach; k++, weight += SHARPEN_BLOCK)
		all += *weight * from[k];
	return all;
}

void sharpen_c(struct sharpen_circle *sharp, struct sharpen_circle *ratio,
	       const float *power, const struct sharpen_block *block, int bins)
{
	float *from = sharpen_bins(sharp), *between = sharpen_bins(ratio);
	int round, j;

	for (round = 0; round < SHARPEN_ROUNDS; round++) {
		sharpen_close(sharp, bins);
		for (j = 0; j < bins; j++) {
			const struct sharpen_block *b =
				&block[j / SHARPEN_BLOCK];
			const float all = sum(b->spread + j % SHARPEN_BLOCK,
					      from + j, b->reach);

			between[j] = all > 0 ? power[j] / all : 0;
		}
		sharpen_close(ratio, bins);
		for (j = 0; j < bins; j++) {
			const struct sharpen_block *b =
				&block[j / SHARPEN_BLOCK];

			from[j] *= sum(b->gather + j % SHARPEN_BLOCK,
					     between + j, b->reach);
		}
	}
}

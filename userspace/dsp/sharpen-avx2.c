// SPDX-License-Identifier: MIT
/* Richardson's and Lucy's iteration, half a block at a time. */
#include <immintrin.h>

#include "sharpen.h"

#define LANES	8

static __m256 sum(const float *weight, const float *from, int reach)
{
	__m256 all = _mm256_setzero_ps();
	int k;

	for (k = -reach; k <= reach; k++, weight += SHARPEN_BLOCK)
		all = _mm256_add_ps(all, _mm256_mul_ps(_mm256_load_ps(weight),
					_mm256_loadu_ps(from + k)));
	return all;
}

static __m256 ratio_of(const float *power, __m256 all)
{
	const __m256 some = _mm256_cmp_ps(all, _mm256_setzero_ps(), _CMP_GT_OQ);

	return _mm256_and_ps(_mm256_div_ps(_mm256_loadu_ps(power), all), some);
}

void sharpen_avx2(struct sharpen_circle *sharp,
		  struct sharpen_circle *ratio, const float *power,
		  const struct sharpen_block *block, int bins)
{
	float *from = sharpen_bins(sharp), *between = sharpen_bins(ratio);
	int round, j;

	for (round = 0; round < SHARPEN_ROUNDS; round++) {
		sharpen_close(sharp, bins);
		for (j = 0; j < bins; j += LANES) {
			const struct sharpen_block *b =
				&block[j / SHARPEN_BLOCK];

			_mm256_store_ps(between + j, ratio_of(power + j,
				sum(b->spread + j % SHARPEN_BLOCK,
				    from + j, b->reach)));
		}
		sharpen_close(ratio, bins);
		for (j = 0; j < bins; j += LANES) {
			const struct sharpen_block *b =
				&block[j / SHARPEN_BLOCK];

			_mm256_store_ps(from + j, _mm256_mul_ps(
				_mm256_load_ps(from + j),
				sum(b->gather + j % SHARPEN_BLOCK,
				    between + j, b->reach)));
		}
	}
}

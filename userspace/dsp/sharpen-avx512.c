// SPDX-License-Identifier: MIT
/* Richardson's and Lucy's iteration, a block at a time. */
#include <immintrin.h>

#include "sharpen.h"

#define LANES	16

static __m512 sum(const float *weight, const float *from, int reach)
{
	__m512 all = _mm512_setzero_ps();
	int k;

	for (k = -reach; k <= reach; k++, weight += SHARPEN_BLOCK)
		all = _mm512_add_ps(all, _mm512_mul_ps(_mm512_load_ps(weight),
					_mm512_loadu_ps(from + k)));
	return all;
}

static __m512 ratio_of(const float *power, __m512 all)
{
	const __mmask16 some = _mm512_cmp_ps_mask(all, _mm512_setzero_ps(),
						  _CMP_GT_OQ);

	return _mm512_maskz_div_ps(some, _mm512_loadu_ps(power), all);
}

void sharpen_avx512(struct sharpen_circle *sharp,
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

			_mm512_store_ps(between + j, ratio_of(power + j,
				sum(b->spread + j % SHARPEN_BLOCK,
				    from + j, b->reach)));
		}
		sharpen_close(ratio, bins);
		for (j = 0; j < bins; j += LANES) {
			const struct sharpen_block *b =
				&block[j / SHARPEN_BLOCK];

			_mm512_store_ps(from + j, _mm512_mul_ps(
				_mm512_load_ps(from + j),
				sum(b->gather + j % SHARPEN_BLOCK,
				    between + j, b->reach)));
		}
	}
}

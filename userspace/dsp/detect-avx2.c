// SPDX-License-Identifier: MIT
/* Detection, 8 samples at once. */
#include <string.h>

#include "detect.h"
#include "vec-avx2.h"

/* Powers that are neither lost nor infinite in a float. */
#define LEAST	0x1p-60f
#define MOST	0x1p100f

static __m256 power(__m256 re, __m256 im)
{
	return _mm256_fmadd_ps(re, re, _mm256_mul_ps(im, im));
}

/* Where a square leaves the range of a float: from scaled amplitudes. */
__attribute__((noinline))
static __m256 extreme(__m256 re, __m256 im, __m256 gain)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);
	__m256 size = _mm256_max_ps(_mm256_andnot_ps(sign, re),
				    _mm256_andnot_ps(sign, im));
	__m256 small = _mm256_cmp_ps(size, _mm256_set1_ps(0x1p-30f),
				     _CMP_LT_OQ);
	__m256 large = _mm256_cmp_ps(size, _mm256_set1_ps(0x1p49f),
				     _CMP_GT_OQ);
	__m256 scale = _mm256_set1_ps(1), add = _mm256_setzero_ps(), p, nan;

	scale = _mm256_blendv_ps(scale, _mm256_set1_ps(0x1p90f), small);
	scale = _mm256_blendv_ps(scale, _mm256_set1_ps(0x1p-70f), large);
	add = _mm256_blendv_ps(add, _mm256_set1_ps(-1800 * M_LN2 / M_LN10),
			       small);
	add = _mm256_blendv_ps(add, _mm256_set1_ps(1400 * M_LN2 / M_LN10),
			       large);
	p = power(_mm256_mul_ps(re, scale), _mm256_mul_ps(im, scale));
	nan = _mm256_cmp_ps(p, p, _CMP_UNORD_Q);
	return _mm256_blendv_ps(vec256_db(p, _mm256_add_ps(gain, add)), p,
				nan);
}

static inline __m256 level(__m256 a, __m256 b, __m256 gain, __m256 floor)
{
	__m256 re = vec256_part(a, b, 0), im = vec256_part(a, b, 1);
	__m256 p = power(re, im), db;
	__m256 usual = _mm256_and_ps(
		_mm256_cmp_ps(p, _mm256_set1_ps(LEAST), _CMP_GE_OQ),
		_mm256_cmp_ps(p, _mm256_set1_ps(MOST), _CMP_LE_OQ));

	if (__builtin_expect(_mm256_movemask_ps(usual) != 0xff, 0))
		db = extreme(re, im, gain);
	else
		db = vec256_db_normal(p, gain);
	/* the second operand where the first is no number */
	return _mm256_max_ps(db, floor);
}

static void block(float *db, const float *iq, const float *gain_db,
		  __m256 floor)
{
	_mm256_storeu_ps(db, level(_mm256_loadu_ps(iq),
				   _mm256_loadu_ps(iq + 8),
				   _mm256_loadu_ps(gain_db), floor));
}

void detect_log_avx2(float *db, const float *iq, const float *gain_db,
		     size_t n, float floor_db)
{
	const __m256 floor = _mm256_set1_ps(floor_db);
	size_t j;

	for (j = 0; j + 8 <= n; j += 8)
		block(db + j, iq + 2 * j, gain_db + j, floor);
	if (j < n) {
		float out[8], in[16] = { 0 }, gain[8] = { 0 };

		memcpy(in, iq + 2 * j, 8 * (n - j));
		memcpy(gain, gain_db + j, 4 * (n - j));
		block(out, in, gain, floor);
		memcpy(db + j, out, 4 * (n - j));
	}
}

void detect_persist_avx2(float *db, const float *now, size_t n, float share)
{
	const __m256 s = _mm256_set1_ps(share);
	size_t j;

	for (j = 0; j < n; j += 8) {
		const __m256i m = vec256_first(n - j);
		__m256 b = _mm256_maskload_ps(now + j, m);
		__m256 a = _mm256_maskload_ps(db + j, m);

		_mm256_maskstore_ps(db + j, m,
				    _mm256_fmadd_ps(s, _mm256_sub_ps(a, b),
						    b));
	}
}

// SPDX-License-Identifier: MIT
/* Detection, 16 samples at once. */
#include "detect.h"
#include "vec-avx512.h"

/* Powers that are neither lost nor infinite in a float. */
#define LEAST	0x1p-60f
#define MOST	0x1p100f

static __m512 power(__m512 re, __m512 im)
{
	return _mm512_fmadd_ps(re, re, _mm512_mul_ps(im, im));
}

/* Where a square leaves the range of a float: from scaled amplitudes. */
__attribute__((noinline))
static __m512 extreme(__m512 re, __m512 im, __m512 gain)
{
	__m512 size = _mm512_max_ps(_mm512_abs_ps(re), _mm512_abs_ps(im));
	__mmask16 small = _mm512_cmp_ps_mask(size, _mm512_set1_ps(0x1p-30f),
					     _CMP_LT_OQ);
	__mmask16 large = _mm512_cmp_ps_mask(size, _mm512_set1_ps(0x1p49f),
					     _CMP_GT_OQ);
	__m512 scale = _mm512_set1_ps(1);

	scale = _mm512_mask_mov_ps(scale, small, _mm512_set1_ps(0x1p90f));
	scale = _mm512_mask_mov_ps(scale, large, _mm512_set1_ps(0x1p-70f));
	gain = _mm512_fnmadd_ps(_mm512_getexp_ps(scale),
				_mm512_set1_ps(20 * M_LN2 / M_LN10), gain);
	return vec512_db(power(_mm512_mul_ps(re, scale),
			       _mm512_mul_ps(im, scale)), gain);
}

static inline __m512 level(__m512 a, __m512 b, __m512 gain, __m512 floor)
{
	__m512 re = vec512_part(a, b, 0), im = vec512_part(a, b, 1);
	__m512 p = power(re, im), db;
	__mmask16 usual =
		_mm512_cmp_ps_mask(p, _mm512_set1_ps(LEAST), _CMP_GE_OQ) &
		_mm512_cmp_ps_mask(p, _mm512_set1_ps(MOST), _CMP_LE_OQ);

	if (__builtin_expect(usual != 0xffff, 0))
		db = extreme(re, im, gain);
	else
		db = vec512_db(p, gain);
	/* the second operand where the first is no number */
	return _mm512_max_ps(db, floor);
}

void detect_log_avx512(float *db, const float *iq, const float *gain_db,
		       size_t n, float floor_db)
{
	const __m512 floor = _mm512_set1_ps(floor_db);
	size_t j;

	for (j = 0; j + 16 <= n; j += 16)
		_mm512_storeu_ps(db + j,
				 level(_mm512_loadu_ps(iq + 2 * j),
				       _mm512_loadu_ps(iq + 2 * j + 16),
				       _mm512_loadu_ps(gain_db + j), floor));
	if (j < n) {
		const __mmask16 m = vec512_first(n - j);
		const __mmask16 m0 = vec512_first(2 * (n - j));
		const __mmask16 m1 = n - j > 8 ?
				     vec512_first(2 * (n - j) - 16) : 0;
		/* ones elsewhere: nothing extreme */
		const __m512 one = _mm512_set1_ps(1);

		_mm512_mask_storeu_ps(db + j, m, level(
			_mm512_mask_loadu_ps(one, m0, iq + 2 * j),
			_mm512_mask_loadu_ps(one, m1, iq + 2 * j + 16),
			_mm512_maskz_loadu_ps(m, gain_db + j), floor));
	}
}

void detect_persist_avx512(float *db, const float *now, size_t n, float share)
{
	const __m512 s = _mm512_set1_ps(share);
	size_t j;

	for (j = 0; j < n; j += 16) {
		const __mmask16 m = vec512_first(n - j);
		__m512 b = _mm512_maskz_loadu_ps(m, now + j);
		__m512 a = _mm512_maskz_loadu_ps(m, db + j);

		_mm512_mask_storeu_ps(db + j, m,
				      _mm512_fmadd_ps(s, _mm512_sub_ps(a, b),
						      b));
	}
}

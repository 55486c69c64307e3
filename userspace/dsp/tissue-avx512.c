// SPDX-License-Identifier: MIT
/* Sums of the grey picture's power, 16 samples at a time. */
#include <immintrin.h>
#include <math.h>

#include "tissue.h"

/* 2^x = 2^n 2^f, f from -0.5 to 0.5: Taylor's series, within 2e-7 */
static __m512 exp2_of(__m512 x)
{
	const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT);
	const __m512 f = _mm512_mul_ps(_mm512_sub_ps(x, n),
				       _mm512_set1_ps(M_LN2));
	__m512 y = _mm512_set1_ps(1.0f / 720);

	y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0f / 120));
	y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0f / 24));
	y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.0f / 6));
	y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.5f));
	y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1));
	y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1));
	return _mm512_scalef_ps(y, n);
}

/* To each lane those before it, and all that came before. */
static __m512d sums(__m512d x, __m512d *carry)
{
	const __m512i none = _mm512_setzero_si512();

	x = _mm512_add_pd(x, _mm512_castsi512_pd(_mm512_alignr_epi64(
				_mm512_castpd_si512(x), none, 7)));
	x = _mm512_add_pd(x, _mm512_castsi512_pd(_mm512_alignr_epi64(
				_mm512_castpd_si512(x), none, 6)));
	x = _mm512_add_pd(x, _mm512_castsi512_pd(_mm512_alignr_epi64(
				_mm512_castpd_si512(x), none, 4)));
	x = _mm512_add_pd(x, *carry);
	*carry = _mm512_permutexvar_pd(_mm512_set1_epi64(7), x);
	return x;
}

void tissue_sum_avx512(double *sum, const float *db, uint32_t n)
{
	const __m512 scale = _mm512_set1_ps(M_LN10 / M_LN2 / 10);
	__m512d carry = _mm512_setzero_pd();
	uint32_t i;

	for (i = 0; i < n; i += 16) {
		const uint32_t left = n - i < 16 ? n - i : 16;
		const __mmask16 some = (1u << left) - 1;
		const __m512 power = exp2_of(_mm512_mul_ps(scale,
			_mm512_maskz_loadu_ps(some, db + i)));
		const __m512d low = _mm512_cvtps_pd(
			_mm512_castps512_ps256(power));
		const __m512d high = _mm512_cvtps_pd(
			_mm512_extractf32x8_ps(power, 1));

		_mm512_mask_storeu_pd(sum + i, some, sums(low, &carry));
		_mm512_mask_storeu_pd(sum + i + 8, some >> 8,
				      sums(high, &carry));
	}
}

void tissue_add_avx512(double *to, const double *from, uint32_t n)
{
	uint32_t i;

	for (i = 0; i + 8 <= n; i += 8)
		_mm512_storeu_pd(to + i, _mm512_add_pd(
			_mm512_loadu_pd(to + i), _mm512_loadu_pd(from + i)));
	tissue_add_c(to + i, from + i, n - i);
}

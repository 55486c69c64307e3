// SPDX-License-Identifier: MIT
/* Sums of the grey picture's power, 8 samples at a time. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "tissue.h"

/* 2^x = 2^n 2^f, f from -0.5 to 0.5: Taylor's series, within 2e-7 */
static __m256 exp2_of(__m256 x)
{
	const __m256 n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT |
					    _MM_FROUND_NO_EXC);
	const __m256 f = _mm256_mul_ps(_mm256_sub_ps(x, n),
				       _mm256_set1_ps(M_LN2));
	__m256 y = _mm256_set1_ps(1.0f / 720);

	y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1.0f / 120));
	y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1.0f / 24));
	y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1.0f / 6));
	y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(0.5f));
	y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1));
	y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1));
	/* to its exponent: n is -100 to 100 */
	return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(y),
			_mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}

/* To each lane those before it, and all that came before. */
static __m256d sums(__m256d x, __m256d *carry)
{
	const __m256d none = _mm256_setzero_pd();

	x = _mm256_add_pd(x, _mm256_blend_pd(
			_mm256_permute4x64_pd(x, 0x90), none, 1));
	x = _mm256_add_pd(x, _mm256_permute2f128_pd(x, x, 0x08));
	x = _mm256_add_pd(x, *carry);
	*carry = _mm256_permute4x64_pd(x, 0xff);
	return x;
}

static void sum_8(double *sum, const float *db, __m256d *carry)
{
	const __m256 scale = _mm256_set1_ps(M_LN10 / M_LN2 / 10);
	const __m256 power = exp2_of(_mm256_mul_ps(scale,
						   _mm256_loadu_ps(db)));

	_mm256_storeu_pd(sum, sums(_mm256_cvtps_pd(
			_mm256_castps256_ps128(power)), carry));
	_mm256_storeu_pd(sum + 4, sums(_mm256_cvtps_pd(
			_mm256_extractf128_ps(power, 1)), carry));
}

void tissue_sum_avx2(double *sum, const float *db, uint32_t n)
{
	__m256d carry = _mm256_setzero_pd();
	float rest_db[8] = { 0 };
	double rest[8];
	uint32_t i;

	for (i = 0; i + 8 <= n; i += 8)
		sum_8(sum + i, db + i, &carry);
	memcpy(rest_db, db + i, (n - i) * sizeof(*db));
	sum_8(rest, rest_db, &carry);
	memcpy(sum + i, rest, (n - i) * sizeof(*sum));
}

void tissue_add_avx2(double *to, const double *from, uint32_t n)
{
	uint32_t i;

	for (i = 0; i + 4 <= n; i += 4)
		_mm256_storeu_pd(to + i, _mm256_add_pd(
			_mm256_loadu_pd(to + i), _mm256_loadu_pd(from + i)));
	tissue_add_c(to + i, from + i, n - i);
}

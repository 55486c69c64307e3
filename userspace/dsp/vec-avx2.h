/* SPDX-License-Identifier: MIT */
/*
 * What several kernels need in vectors of 8 floats. Empty where a source is
 * not compiled for these instructions.
 */
#ifndef DSP_VEC_AVX2_H
#define DSP_VEC_AVX2_H

#ifdef __AVX2__

#include <immintrin.h>
#include <math.h>

/* Mask for loads and stores of the first @n lanes. */
static inline __m256i vec256_first(size_t n)
{
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? n : 8), lane);
}

/* The first @n lanes; plain where it is known that these are all. */
static inline __attribute__((always_inline))
__m256 vec256_load(const float *from, size_t n)
{
	if (__builtin_constant_p(n) && n >= 8)
		return _mm256_loadu_ps(from);
	return _mm256_maskload_ps(from, vec256_first(n));
}

static inline __attribute__((always_inline))
void vec256_store(float *to, size_t n, __m256 x)
{
	if (__builtin_constant_p(n) && n >= 8)
		_mm256_storeu_ps(to, x);
	else
		_mm256_maskstore_ps(to, vec256_first(n), x);
}

/* log2(1 + t), 0 <= t < 1, within 1.3e-5: minimax of degree 5 */
static inline __m256 vec256_log2_1p(__m256 t)
{
	__m256 y = _mm256_set1_ps(0.0448736101f);

	y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(-0.192195636f));
	y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(0.413630119f));
	y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(-0.707992651f));
	y = _mm256_fmadd_ps(y, t, _mm256_set1_ps(1.441684557f));
	return _mm256_fmadd_ps(y, t, _mm256_set1_ps(1.25387433e-5f));
}

/* 10 log10(x) + add for normal x > 0, within 1e-4 dB */
static inline __m256 vec256_db_normal(__m256 x, __m256 add)
{
	const __m256 scale = _mm256_set1_ps(10 * M_LN2 / M_LN10);
	__m256i bits = _mm256_castps_si256(x);
	__m256i one = _mm256_set1_epi32(0x3f800000);
	__m256i mantissa = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffff));
	__m256 exponent = _mm256_cvtepi32_ps(
		_mm256_srai_epi32(_mm256_sub_epi32(bits, one), 23));
	__m256 t = _mm256_sub_ps(_mm256_castsi256_ps(
					 _mm256_or_si256(mantissa, one)),
				 _mm256_set1_ps(1));

	return _mm256_fmadd_ps(_mm256_add_ps(exponent, vec256_log2_1p(t)),
			       scale, add);
}

/* 10 log10(x) + add for x >= 0, within 1e-4 dB; -INFINITY of 0 */
static inline __m256 vec256_db(__m256 x, __m256 add)
{
	/* the smallest number there is, 2^-149, becomes normal */
	const __m256 up = _mm256_set1_ps(0x1p64f);
	const __m256 down = _mm256_set1_ps(-640 * M_LN2 / M_LN10);
	__m256 none = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_EQ_OQ);
	__m256 all = _mm256_cmp_ps(x, _mm256_set1_ps(INFINITY), _CMP_EQ_OQ);
	__m256 tiny = _mm256_cmp_ps(x, _mm256_set1_ps(0x1p-126f), _CMP_LT_OQ);
	__m256 y;

	x = _mm256_blendv_ps(x, _mm256_mul_ps(x, up), tiny);
	y = _mm256_add_ps(vec256_db_normal(x, add),
			  _mm256_and_ps(tiny, down));
	y = _mm256_blendv_ps(y, _mm256_set1_ps(-INFINITY), none);
	return _mm256_blendv_ps(y, x, all);
}

/* atan2(y, x) within 5e-7, 0 of 0, 0, and hypot(x, y); numbers only */
static inline __m256 vec256_polar(__m256 y, __m256 x, __m256 *size)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);
	__m256 ax = _mm256_andnot_ps(sign, x), ay = _mm256_andnot_ps(sign, y);
	__m256 big = _mm256_max_ps(ax, ay), small = _mm256_min_ps(ax, ay);
	__m256 some = _mm256_cmp_ps(big, _mm256_setzero_ps(), _CMP_GT_OQ);
	__m256 steep = _mm256_cmp_ps(ay, ax, _CMP_GT_OQ);
	__m256 left = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ);
	__m256 t = _mm256_and_ps(some, _mm256_div_ps(small, big));
	__m256 s = _mm256_mul_ps(t, t);
	__m256 a = _mm256_set1_ps(-0.00478045598f);

	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(0.0245571263f));
	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(-0.0599047173f));
	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(0.0994275915f));
	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(-0.140294197f));
	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(0.199713751f));
	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(-0.333320935f));
	a = _mm256_fmadd_ps(a, s, _mm256_set1_ps(0.999999911f));
	*size = _mm256_mul_ps(big, _mm256_sqrt_ps(
				_mm256_add_ps(s, _mm256_set1_ps(1))));
	a = _mm256_mul_ps(a, t);
	a = _mm256_blendv_ps(a, _mm256_sub_ps(_mm256_set1_ps(M_PI_2), a),
			     steep);
	a = _mm256_blendv_ps(a, _mm256_sub_ps(_mm256_set1_ps(M_PI), a), left);
	return _mm256_or_ps(a, _mm256_and_ps(sign, y));
}

/* The real and imaginary parts of complex exchanged. */
static inline __m256 vec256_swap(__m256 x)
{
	return _mm256_permute_ps(x, 0xb1);
}

/* Real (@odd 0) or imaginary parts (@odd 1) of two vectors of complex. */
#define vec256_part(a, b, odd)						\
	_mm256_castpd_ps(_mm256_permute4x64_pd(				\
		_mm256_castps_pd(_mm256_shuffle_ps(a, b, (odd) ?	\
						   0xdd : 0x88)), 0xd8))

#endif /* __AVX2__ */

#endif /* DSP_VEC_AVX2_H */

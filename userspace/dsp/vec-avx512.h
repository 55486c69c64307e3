/* SPDX-License-Identifier: MIT */
/*
 * What several kernels need in vectors of 16 floats. Empty where a source is
 * not compiled for these instructions.
 */
#ifndef DSP_VEC_AVX512_H
#define DSP_VEC_AVX512_H

#ifdef __AVX512F__

#include <immintrin.h>
#include <math.h>

/* @n lanes, at most all */
static inline __mmask16 vec512_first(size_t n)
{
	return n < 16 ? (1u << n) - 1 : 0xffff;
}

/* Plain where the mask is known to be full. */
static inline __attribute__((always_inline))
__m512 vec512_load(const float *from, __mmask16 m)
{
	if (__builtin_constant_p(m) && m == 0xffff)
		return _mm512_loadu_ps(from);
	return _mm512_maskz_loadu_ps(m, from);
}

static inline __attribute__((always_inline))
void vec512_store(float *to, __mmask16 m, __m512 x)
{
	if (__builtin_constant_p(m) && m == 0xffff)
		_mm512_storeu_ps(to, x);
	else
		_mm512_mask_storeu_ps(to, m, x);
}

/* log2(1 + t), 0 <= t < 1, within 1.3e-5: minimax of degree 5 */
static inline __m512 vec512_log2_1p(__m512 t)
{
	__m512 y = _mm512_set1_ps(0.0448736101f);

	y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(-0.192195636f));
	y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(0.413630119f));
	y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(-0.707992651f));
	y = _mm512_fmadd_ps(y, t, _mm512_set1_ps(1.441684557f));
	return _mm512_fmadd_ps(y, t, _mm512_set1_ps(1.25387433e-5f));
}

/* 10 log10(x) + add for x >= 0, within 1e-4 dB; -INFINITY of 0 */
static inline __m512 vec512_db(__m512 x, __m512 add)
{
	const __m512 scale = _mm512_set1_ps(10 * M_LN2 / M_LN10);
	__m512 exponent = _mm512_getexp_ps(x);
	__m512 t = _mm512_sub_ps(_mm512_getmant_ps(x, _MM_MANT_NORM_1_2,
						   _MM_MANT_SIGN_src),
				 _mm512_set1_ps(1));

	return _mm512_fmadd_ps(_mm512_add_ps(exponent, vec512_log2_1p(t)),
			       scale, add);
}

/* atan2(y, x) within 5e-7, 0 of 0, 0, and hypot(x, y); numbers only */
static inline __m512 vec512_polar(__m512 y, __m512 x, __m512 *size)
{
	const __m512 sign = _mm512_set1_ps(-0.0f);
	__m512 ax = _mm512_andnot_ps(sign, x), ay = _mm512_andnot_ps(sign, y);
	__m512 big = _mm512_max_ps(ax, ay), small = _mm512_min_ps(ax, ay);
	__mmask16 some = _mm512_cmp_ps_mask(big, _mm512_setzero_ps(),
					    _CMP_GT_OQ);
	__mmask16 steep = _mm512_cmp_ps_mask(ay, ax, _CMP_GT_OQ);
	__mmask16 left = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(),
					    _CMP_LT_OQ);
	__m512 t = _mm512_maskz_div_ps(some, small, big);
	__m512 s = _mm512_mul_ps(t, t);
	__m512 a = _mm512_set1_ps(-0.00478045598f);

	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(0.0245571263f));
	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(-0.0599047173f));
	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(0.0994275915f));
	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(-0.140294197f));
	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(0.199713751f));
	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(-0.333320935f));
	a = _mm512_fmadd_ps(a, s, _mm512_set1_ps(0.999999911f));
	*size = _mm512_mul_ps(big, _mm512_sqrt_ps(
				_mm512_add_ps(s, _mm512_set1_ps(1))));
	a = _mm512_mul_ps(a, t);
	a = _mm512_mask_sub_ps(a, steep, _mm512_set1_ps(M_PI_2), a);
	a = _mm512_mask_sub_ps(a, left, _mm512_set1_ps(M_PI), a);
	return _mm512_or_ps(a, _mm512_and_ps(sign, y));
}

/* The real and imaginary parts of complex exchanged. */
static inline __m512 vec512_swap(__m512 x)
{
	return _mm512_permute_ps(x, 0xb1);
}

/* Real (@odd 0) or imaginary parts (@odd 1) of two vectors of complex. */
static inline __m512 vec512_part(__m512 a, __m512 b, int odd)
{
	const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16,
					       18, 20, 22, 24, 26, 28, 30);

	return _mm512_permutex2var_ps(a, _mm512_add_epi32(even,
					_mm512_set1_epi32(odd)), b);
}

#endif /* __AVX512F__ */

#endif /* DSP_VEC_AVX512_H */

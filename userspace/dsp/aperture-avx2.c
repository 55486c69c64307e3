// SPDX-License-Identifier: MIT
/* Weights of a window, 8 samples at once; the C form's operations in order. */
#include <immintrin.h>
#include <math.h>

#include "aperture.h"

static __m256i weights(__m256 u, const struct aperture_window *window)
{
	static const float c[APERTURE_COEFFICIENTS] = APERTURE_POLYNOMIAL;
	__m256 v, q, w;
	int k;

	v = _mm256_mul_ps(_mm256_sub_ps(u, _mm256_set1_ps(window->flat)),
			  _mm256_set1_ps(window->steep));
	v = _mm256_max_ps(v, _mm256_setzero_ps());
	v = _mm256_min_ps(v, _mm256_set1_ps(1));
	q = _mm256_mul_ps(v, v);
	w = _mm256_set1_ps(c[APERTURE_COEFFICIENTS - 1]);
	for (k = APERTURE_COEFFICIENTS - 2; k >= 0; k--)
		w = _mm256_add_ps(_mm256_mul_ps(w, q), _mm256_set1_ps(c[k]));
	return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_set1_ps(INT16_MAX), w));
}

/* Of samples @at and the seven after it. */
static __m256i half(float along, const struct aperture_span *span, int32_t at,
		    const float *centre, const float *scale,
		    const struct aperture_window *window)
{
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	const __m256i j = _mm256_add_epi32(_mm256_set1_epi32(at), lane);
	const __m256i inside = _mm256_andnot_si256(
		_mm256_cmpgt_epi32(_mm256_set1_epi32(span->first), j),
		_mm256_cmpgt_epi32(_mm256_set1_epi32(span->end), j));
	const __m256 way = _mm256_sub_ps(_mm256_set1_ps(along),
					 _mm256_loadu_ps(centre));
	const __m256 u = _mm256_mul_ps(
		_mm256_andnot_ps(_mm256_set1_ps(-0.0f), way),
		_mm256_loadu_ps(scale));

	return _mm256_and_si256(weights(u, window), inside);
}

void aperture_window_avx2(int16_t *weight, const float *along,
			  const struct aperture_span *span, uint32_t begin,
			  const float *centre, const float *scale,
			  const struct aperture_window *window, uint32_t n)
{
	uint32_t c;

	for (c = 0; c < n; c++, weight += BEAMFORM_TILE) {
		const __m256i a = half(along[c], &span[c], begin, centre, scale,
				       window);
		const __m256i b = half(along[c], &span[c], begin + 8,
				       centre + 8, scale + 8, window);

		_mm256_storeu_si256((__m256i *)weight,
				    _mm256_permute4x64_epi64(
					    _mm256_packs_epi32(a, b), 0xd8));
	}
}

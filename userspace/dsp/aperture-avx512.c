// SPDX-License-Identifier: MIT
/* Weights of a window, a tile at once; the C form's operations in order. */
#include <immintrin.h>
#include <math.h>

#include "aperture.h"

static __m512i weights(__m512 u, const struct aperture_window *window)
{
	static const float c[APERTURE_COEFFICIENTS] = APERTURE_POLYNOMIAL;
	__m512 v, q, w;
	int k;

	v = _mm512_mul_ps(_mm512_sub_ps(u, _mm512_set1_ps(window->flat)),
			  _mm512_set1_ps(window->steep));
	v = _mm512_max_ps(v, _mm512_setzero_ps());
	v = _mm512_min_ps(v, _mm512_set1_ps(1));
	q = _mm512_mul_ps(v, v);
	w = _mm512_set1_ps(c[APERTURE_COEFFICIENTS - 1]);
	for (k = APERTURE_COEFFICIENTS - 2; k >= 0; k--)
		w = _mm512_add_ps(_mm512_mul_ps(w, q), _mm512_set1_ps(c[k]));
	return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_set1_ps(INT16_MAX), w));
}

void aperture_window_avx512(int16_t *weight, const float *along,
			    const struct aperture_span *span, uint32_t begin,
			    const float *centre, const float *scale,
			    const struct aperture_window *window, uint32_t n)
{
	const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
					       11, 12, 13, 14, 15);
	const __m512i j = _mm512_add_epi32(_mm512_set1_epi32(begin), lane);
	const __m512 middle = _mm512_loadu_ps(centre);
	const __m512 by = _mm512_loadu_ps(scale);
	uint32_t c;

	for (c = 0; c < n; c++, weight += BEAMFORM_TILE) {
		const __mmask16 inside =
			_mm512_cmpge_epu32_mask(j,
				_mm512_set1_epi32(span[c].first)) &
			_mm512_cmplt_epu32_mask(j,
				_mm512_set1_epi32(span[c].end));
		const __m512 u = _mm512_mul_ps(_mm512_abs_ps(_mm512_sub_ps(
				_mm512_set1_ps(along[c]), middle)), by);

		_mm256_storeu_si256((__m256i *)weight,
			_mm512_maskz_cvtepi32_epi16(inside,
						    weights(u, window)));
	}
}

// SPDX-License-Identifier: MIT
/* Weights of a window: the specification. */
#include <math.h>

#include "aperture.h"

/* u: distance from the aperture's centre, 1 at its edge */
static float weight_at(float u, const struct aperture_window *window)
{
	static const float c[APERTURE_COEFFICIENTS] = APERTURE_POLYNOMIAL;
	float v = (u - window->flat) * window->steep, q, w;
	int k;

	v = v > 0 ? v : 0;
	v = v < 1 ? v : 1;
	q = v * v;
	w = c[APERTURE_COEFFICIENTS - 1];
	for (k = APERTURE_COEFFICIENTS - 2; k >= 0; k--)
		w = w * q + c[k];
	return w;
}

void aperture_window_c(int16_t *weight, const float *along,
		       const struct aperture_span *span, uint32_t begin,
		       const float *centre, const float *scale,
		       const struct aperture_window *window, uint32_t n)
{
	uint32_t c, j;

	for (c = 0; c < n; c++) {
		for (j = 0; j < BEAMFORM_TILE; j++) {
			const float u = fabsf(along[c] - centre[j]) * scale[j];
			const uint32_t at = begin + j;

			*weight++ = at >= span[c].first && at < span[c].end ?
				lrintf(INT16_MAX * weight_at(u, window)) : 0;
		}
	}
}

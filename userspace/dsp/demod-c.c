// SPDX-License-Identifier: MIT
/* Demodulation of a row: the specification. */
#include <string.h>

#include "demod.h"

static void mix_row(float *out, const int16_t *in, uint32_t samples,
		    const float *mix)
{
	uint32_t n;

	for (n = 0; n < samples; n++) {
		out[2 * n] = in[n] * mix[2 * n];
		out[2 * n + 1] = in[n] * mix[2 * n + 1];
	}
}

void demod_row_c(float *out, const int16_t *in, uint32_t samples,
		 const struct demod_law *law, float *work)
{
	const uint32_t half = law->half;
	const float *tap = law->tap;
	uint32_t n, k;

	memset(work, 0, 2 * half * sizeof(*work));
	mix_row(work + 2 * half, in, samples, law->mix);
	memset(work + 2 * ((size_t)half + samples), 0,
	       2 * half * sizeof(*work));
	for (n = 0; n < samples; n += law->decimate) {
		const float *at = work + 2 * ((size_t)n + half);
		float re = tap[0] * at[0], im = tap[0] * at[1];

		for (k = 1; k <= half; k++) {
			const float *before = at - 2 * k;
			const float *after = at + 2 * k;

			re += tap[k] * (before[0] + after[0]);
			im += tap[k] * (before[1] + after[1]);
		}
		*out++ = re;
		*out++ = im;
	}
}

// SPDX-License-Identifier: MIT
/* Demodulation of a row: the specification. */
#include <stdlib.h>

#include "demod.h"

static int16_t fit(int32_t sum, uint32_t shift)
{
	const int32_t v = sum >> shift;

	return v > 32767 ? 32767 : v < -32767 ? -32767 : v;
}

void demod_row_c(int16_t *i, int16_t *q, size_t line, const int16_t *in,
		 uint32_t samples, const struct demod_taps *taps,
		 uint32_t shift, int32_t round)
{
	uint32_t m, k;

	for (m = 0; m < samples; m++) {
		const size_t at = m / ANALYTIC_LINE * line + m % ANALYTIC_LINE;
		int32_t re = round, im = round;

		for (k = 0; k < taps->count; k++) {
			re += taps->re[k] * in[m + k];
			im += taps->im[k] * in[m + k];
		}
		i[at] = fit(re, shift);
		q[at] = fit(im, shift);
	}
}

void demod_place_c(int16_t *out, size_t line, const int16_t *phase,
		   size_t apart, const struct demod_places *places, uint32_t m,
		   uint32_t n)
{
	uint32_t p = (uint64_t)m * places->decimate % places->upsample;
	uint32_t i = 0, j;

	for (j = 0; j < n; j++) {
		out[j / ANALYTIC_LINE * line + j % ANALYTIC_LINE] =
			phase[p * apart + i];
		for (p += places->decimate; p >= places->upsample; i++)
			p -= places->upsample;
	}
}

uint32_t demod_peak_c(const int16_t *in, uint32_t samples)
{
	uint32_t n, peak = 0;

	for (n = 0; n < samples; n++)
		if ((uint32_t)abs(in[n]) > peak)
			peak = abs(in[n]);
	return peak;
}

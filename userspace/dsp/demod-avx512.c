// SPDX-License-Identifier: MIT
/*
 * Demodulation of a row, 32 samples at a time. A 32-bit lane holds two
 * neighbouring samples: a load at m makes the even outputs, one at m + 1 the
 * odd ones.
 */
#include <immintrin.h>

#include "demod.h"

/* In place: left to the compiler, accumulators move between registers. */
#define DOT(acc, a, b) \
	__asm__("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b))

static __m512i pair(const int16_t *tap)
{
	int32_t two;

	__builtin_memcpy(&two, tap, sizeof(two));
	return _mm512_set1_epi32(two);
}

static __m512i fit(__m512i sum, __m128i shift)
{
	__m512i v = _mm512_sra_epi32(sum, shift);

	v = _mm512_min_epi32(v, _mm512_set1_epi32(32767));
	return _mm512_max_epi32(v, _mm512_set1_epi32(-32767));
}

static void store(int16_t *out, __m512i even, __m512i odd, uint32_t shift)
{
	const __m128i by = _mm_cvtsi32_si128(shift);

	even = fit(even, by);
	odd = _mm512_slli_epi32(fit(odd, by), 16);
	_mm512_store_si512(out,
			   _mm512_mask_blend_epi16(0xaaaaaaaa, even, odd));
}

void demod_row_avx512(int16_t *i, int16_t *q, size_t line,
		      const int16_t *in, uint32_t samples,
		      const struct demod_taps *taps, uint32_t shift,
		      int32_t round)
{
	uint32_t m, k;

	for (m = 0; m < samples; m += 32) {
		const size_t at = m / ANALYTIC_LINE * line;
		__m512i re0 = _mm512_set1_epi32(round), re1 = re0;
		__m512i im0 = re0, im1 = re0;

		for (k = 0; k < taps->count; k += 2) {
			const __m512i even = _mm512_loadu_si512(in + m + k);
			const __m512i odd = _mm512_loadu_si512(in + m + k + 1);
			const __m512i re = pair(taps->re + k);
			const __m512i im = pair(taps->im + k);

			DOT(re0, even, re);
			DOT(re1, odd, re);
			DOT(im0, even, im);
			DOT(im1, odd, im);
		}
		store(i + at, re0, re1, shift);
		store(q + at, im0, im1, shift);
	}
}

void demod_place_avx512(int16_t *out, size_t line, const int16_t *phase,
			size_t apart, const struct demod_places *places,
			uint32_t m, uint32_t n)
{
	const uint32_t up = places->upsample;
	const uint32_t more = ANALYTIC_LINE * places->decimate / up;
	const uint32_t on = ANALYTIC_LINE * places->decimate % up;
	uint32_t start = (uint64_t)m * places->decimate % up, j, p;

	for (j = 0; j < n; j += ANALYTIC_LINE, out += line) {
		const __m512i which = _mm512_load_si512(
			places->words + start * ANALYTIC_LINE);
		const uint32_t *whose = places->whose + start * up;
		__m512i all = _mm512_setzero_si512();

		for (p = 0; p < up; p++)
			all = _mm512_mask_permutexvar_epi16(
				all, whose[p], which,
				_mm512_loadu_si512(phase + p * apart));
		_mm512_store_si512(out, all);
		start += on;
		phase += more + (start >= up);
		start -= start >= up ? up : 0;
	}
}

uint32_t demod_peak_avx512(const int16_t *in, uint32_t samples)
{
	__m512i peak = _mm512_setzero_si512(), half;
	uint32_t n;

	for (n = 0; n + 32 <= samples; n += 32)
		peak = _mm512_max_epu16(peak, _mm512_abs_epi16(
				_mm512_loadu_si512(in + n)));
	if (n < samples)
		peak = _mm512_max_epu16(peak, _mm512_abs_epi16(
				_mm512_maskz_loadu_epi16(
					(1u << (samples - n)) - 1, in + n)));
	half = _mm512_max_epu16(peak, _mm512_srli_epi32(peak, 16));
	return _mm512_reduce_max_epu32(_mm512_and_si512(
			half, _mm512_set1_epi32(0xffff)));
}

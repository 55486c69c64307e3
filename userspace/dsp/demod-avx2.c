// SPDX-License-Identifier: MIT
/* Demodulation of a row, 16 samples at a time; see demod-avx512.c. */
#include <immintrin.h>

#include "demod.h"

static __m256i load(const int16_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

static __m256i pair(const int16_t *tap)
{
	int32_t two;

	__builtin_memcpy(&two, tap, sizeof(two));
	return _mm256_set1_epi32(two);
}

static __m256i fit(__m256i sum, __m128i shift)
{
	__m256i v = _mm256_sra_epi32(sum, shift);

	v = _mm256_min_epi32(v, _mm256_set1_epi32(32767));
	return _mm256_max_epi32(v, _mm256_set1_epi32(-32767));
}

static void store(int16_t *out, __m256i even, __m256i odd, uint32_t shift)
{
	const __m128i by = _mm_cvtsi32_si128(shift);

	even = fit(even, by);
	odd = _mm256_slli_epi32(fit(odd, by), 16);
	_mm256_store_si256((__m256i *)out,
			   _mm256_blend_epi16(even, odd, 0xaa));
}

static __m256i dot(__m256i acc, __m256i a, __m256i b)
{
	return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
}

void demod_row_avx2(int16_t *i, int16_t *q, size_t line,
		    const int16_t *in, uint32_t samples,
		    const struct demod_taps *taps, uint32_t shift,
		    int32_t round)
{
	uint32_t m, k;

	for (m = 0; m < samples; m += 16) {
		const size_t at = m / ANALYTIC_LINE * line +
				  m % ANALYTIC_LINE;
		__m256i re0 = _mm256_set1_epi32(round), re1 = re0;
		__m256i im0 = re0, im1 = re0;

		for (k = 0; k < taps->count; k += 2) {
			const __m256i even = load(in + m + k);
			const __m256i odd = load(in + m + k + 1);
			const __m256i re = pair(taps->re + k);
			const __m256i im = pair(taps->im + k);

			re0 = dot(re0, even, re);
			re1 = dot(re1, odd, re);
			im0 = dot(im0, even, im);
			im1 = dot(im1, odd, im);
		}
		store(i + at, re0, re1, shift);
		store(q + at, im0, im1, shift);
	}
}

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* 8 outputs a turn, of @up phases: where that is constant, no loop is left. */
static ALWAYS_INLINE void place(int16_t *out, size_t line,
				const int16_t *phase, size_t apart,
				const struct demod_places *places, uint32_t m,
				uint32_t n, uint32_t up)
{
	const uint32_t more = 8 * places->decimate / up;
	const uint32_t on = 8 * places->decimate % up;
	uint32_t start = (uint64_t)m * places->decimate % up, j, p;

	for (j = 0; j < n; j += 8) {
		const __m128i *which = (const __m128i *)places->bytes +
				       start * up;
		__m128i all = _mm_setzero_si128();

		for (p = 0; p < up; p++)
			all = _mm_or_si128(all, _mm_shuffle_epi8(
				_mm_loadu_si128((const __m128i *)
						(phase + p * apart)),
				_mm_load_si128(which + p)));
		_mm_store_si128((__m128i *)(out + j / ANALYTIC_LINE * line +
					    j % ANALYTIC_LINE), all);
		start += on;
		phase += more + (start >= up);
		start -= start >= up ? up : 0;
	}
}

void demod_place_avx2(int16_t *out, size_t line, const int16_t *phase,
		      size_t apart, const struct demod_places *places,
		      uint32_t m, uint32_t n)
{
	if (places->upsample == 2)
		place(out, line, phase, apart, places, m, n, 2);
	else if (places->upsample == 3)
		place(out, line, phase, apart, places, m, n, 3);
	else
		place(out, line, phase, apart, places, m, n,
		      places->upsample);
}

uint32_t demod_peak_avx2(const int16_t *in, uint32_t samples)
{
	__m256i peak = _mm256_setzero_si256();
	uint16_t lane[16];
	uint32_t n, most = 0;
	int i;

	for (n = 0; n + 16 <= samples; n += 16)
		peak = _mm256_max_epu16(peak, _mm256_abs_epi16(load(in + n)));
	_mm256_storeu_si256((__m256i *)lane, peak);
	for (i = 0; i < 16; i++)
		if (lane[i] > most)
			most = lane[i];
	n = demod_peak_c(in + n, samples - n);
	return n > most ? n : most;
}

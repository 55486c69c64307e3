// SPDX-License-Identifier: MIT
/* Scan conversion, 16 pixels at once. */
#include <string.h>

#include "scanconvert.h"
#include "vec-avx512.h"

#define BLOCK	256	/* pixels */

/* Narrowed in a register: narrowing into masked memory is slow. */
static void store_bytes(uint8_t *out, __mmask16 m, __m512i x)
{
	_mm_mask_storeu_epi8(out, m, _mm512_cvtepi32_epi8(x));
}

/* Entries of a map are looked up one by one: as fast as to gather them. */
static void look_up(uint8_t *grey, __m512i at, size_t n, const uint8_t *map)
{
	uint32_t entry[16];
	size_t j;

	_mm512_storeu_si512(entry, at);
	for (j = 0; j < n; j++)
		grey[j] = map[entry[j]];
}

void scanconvert_level_avx512(uint8_t *grey, const float *db, size_t n,
			      float floor_db, const uint8_t *map)
{
	const float steps = map ? LEVEL_STEPS : 1;
	const __m512 scale = _mm512_set1_ps(-255 * steps / floor_db);
	const __m512 top = _mm512_set1_ps(255 * steps);
	const __m512 half = _mm512_set1_ps(0.5f);
	size_t j;

	for (j = 0; j < n; j += 16) {
		const __mmask16 m = vec512_first(n - j);
		__m512 x = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(m, db + j),
					   scale, top);
		__m512i at;

		/* the second operand where the first is no number */
		x = _mm512_max_ps(x, _mm512_setzero_ps());
		x = _mm512_add_ps(_mm512_min_ps(x, top), half);
		at = _mm512_cvttps_epi32(x);
		if (map)
			look_up(grey + j, at, n - j < 16 ? n - j : 16, map);
		else
			store_bytes(grey + j, m, at);
	}
}

void scanconvert_pair_avx512(uint8_t *pairs, const uint8_t *line,
			     const uint8_t *next, size_t n)
{
	size_t j;

	for (j = 0; j < n; j += 32) {
		const __mmask32 m = n - j < 32 ? (1u << (n - j)) - 1 : ~0u;
		__m512i a = _mm512_cvtepu8_epi16(
			_mm256_maskz_loadu_epi8(m, line + j));
		__m512i b = _mm512_cvtepu8_epi16(
			_mm256_maskz_loadu_epi8(m, next + j));

		_mm512_mask_storeu_epi16(pairs + 2 * j, m,
			_mm512_or_si512(a, _mm512_slli_epi16(b, 8)));
	}
}

/*
 * One by one: a gather takes twice the time. A block before its arithmetic, so
 * that no vector is loaded while the words it consists of are still on their
 * way to the cache.
 */
static void collect(uint32_t *cell, const uint8_t *pairs, const uint32_t *at,
		    size_t n)
{
	size_t j;

#pragma GCC unroll 8
	for (j = 0; j < n; j++)
		memcpy(&cell[j], pairs + 2 * (size_t)at[j], 4);
}

/*
 * Along the lines exactly in whole numbers, Q15; between them in float, where
 * they are exact still.
 */
static inline __m512i bilinear(__m512i cell, __m512i share)
{
	const __m512i even = _mm512_set1_epi32(0x00ff00ff);
	__m512i a = _mm512_and_si512(share, _mm512_set1_epi32(0xffff));
	__m512 b = _mm512_cvtepi32_ps(_mm512_srli_epi32(share, 16));
	__m512i w, line, next;
	__m512 x;

	/* 2^15 - a beside a: as a is not 0, both fit 15 bits */
	w = _mm512_sub_epi32(_mm512_slli_epi32(a, 16), a);
	w = _mm512_add_epi32(w, _mm512_set1_epi32(0x8000));
	line = _mm512_and_si512(cell, even);
	next = _mm512_and_si512(_mm512_srli_epi32(cell, 8), even);
	line = _mm512_madd_epi16(line, w);
	next = _mm512_madd_epi16(next, w);
	x = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(next, line)), b);
	x = _mm512_fmadd_ps(x, _mm512_set1_ps(0x1p-16f),
			    _mm512_cvtepi32_ps(line));
	x = _mm512_add_ps(x, _mm512_set1_ps(0x1p14f));
	return _mm512_srli_epi32(_mm512_cvttps_epi32(x), 15);
}

void scanconvert_grey_avx512(uint8_t *out, const uint8_t *pairs,
			     const struct scan_map *map, size_t first,
			     size_t n)
{
	const uint32_t *at = map->at + first, *share = map->share + first;
	uint32_t cell[BLOCK];
	size_t j, block;

	for (; n; n -= block, at += block, share += block, out += block) {
		block = n < BLOCK ? n : BLOCK;
		collect(cell, pairs, at, block);
		for (j = 0; j + 16 <= block; j += 16)
			_mm_storeu_si128((__m128i *)(out + j),
				_mm512_cvtepi32_epi8(bilinear(
					_mm512_loadu_si512(cell + j),
					_mm512_loadu_si512(share + j))));
		if (j < block) {
			const __mmask16 m = vec512_first(block - j);

			store_bytes(out + j, m,
				    bilinear(_mm512_loadu_si512(cell + j),
					_mm512_maskz_loadu_epi32(m, share + j)));
		}
	}
}

void scanconvert_rgb_avx512(uint8_t *rgb, const uint8_t *grey, size_t n)
{
	uint8_t third[3][64];
	__m512i index[3];
	size_t j, k;

	for (j = 0; j < 192; j++)
		third[j / 64][j % 64] = j / 3;
	for (k = 0; k < 3; k++)
		index[k] = _mm512_loadu_si512(third[k]);
	for (j = 0; j + 64 <= n; j += 64)
		for (k = 0; k < 3; k++)
			_mm512_storeu_si512(rgb + 3 * j + 64 * k,
				_mm512_permutexvar_epi8(index[k],
					_mm512_loadu_si512(grey + j)));
	scanconvert_rgb_c(rgb + 3 * j, grey + j, n - j);
}

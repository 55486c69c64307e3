// SPDX-License-Identifier: MIT
/* Scan conversion, 8 pixels at once. */
#include <string.h>

#include "scanconvert.h"
#include "vec-avx2.h"

#define BLOCK	256	/* pixels */

static __m256i level(__m256 db, __m256 scale, __m256 top)
{
	/* the second operand where the first is no number */
	__m256 x = _mm256_max_ps(_mm256_fmadd_ps(db, scale, top),
				 _mm256_setzero_ps());

	return _mm256_cvttps_epi32(_mm256_add_ps(_mm256_min_ps(x, top),
						 _mm256_set1_ps(0.5f)));
}

/* 8 bytes from 8 words of 32 bits */
static __m128i bytes(__m256i x)
{
	__m128i words = _mm_packus_epi32(_mm256_castsi256_si128(x),
					 _mm256_extracti128_si256(x, 1));

	return _mm_packus_epi16(words, words);
}

static void look_up(uint8_t *grey, __m256i at, size_t n, const uint8_t *map)
{
	uint32_t entry[8];
	size_t j;

	_mm256_storeu_si256((__m256i *)entry, at);
	for (j = 0; j < n; j++)
		grey[j] = map ? map[entry[j]] : entry[j];
}

void scanconvert_level_avx2(uint8_t *grey, const float *db, size_t n,
			    float floor_db, const uint8_t *map)
{
	const float steps = map ? LEVEL_STEPS : 1;
	const __m256 scale = _mm256_set1_ps(-255 * steps / floor_db);
	const __m256 top = _mm256_set1_ps(255 * steps);
	size_t j;

	for (j = 0; j + 8 <= n; j += 8) {
		__m256i at = level(_mm256_loadu_ps(db + j), scale, top);

		if (map)
			look_up(grey + j, at, 8, map);
		else
			_mm_storel_epi64((__m128i *)(grey + j), bytes(at));
	}
	if (j < n)
		look_up(grey + j, level(_mm256_maskload_ps(db + j,
					vec256_first(n - j)), scale, top),
			n - j, map);
}

void scanconvert_pair_avx2(uint8_t *pairs, const uint8_t *line,
			   const uint8_t *next, size_t n)
{
	size_t j;

	for (j = 0; j + 16 <= n; j += 16) {
		__m128i a = _mm_loadu_si128((const __m128i *)(line + j));
		__m128i b = _mm_loadu_si128((const __m128i *)(next + j));

		_mm_storeu_si128((__m128i *)(pairs + 2 * j),
				 _mm_unpacklo_epi8(a, b));
		_mm_storeu_si128((__m128i *)(pairs + 2 * j + 16),
				 _mm_unpackhi_epi8(a, b));
	}
	scanconvert_pair_c(pairs + 2 * j, line + j, next + j, n - j);
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
static inline __m256i bilinear(__m256i cell, __m256i share)
{
	const __m256i even = _mm256_set1_epi32(0x00ff00ff);
	__m256i a = _mm256_and_si256(share, _mm256_set1_epi32(0xffff));
	__m256 b = _mm256_cvtepi32_ps(_mm256_srli_epi32(share, 16));
	__m256i w, line, next;
	__m256 x;

	/* 2^15 - a beside a: as a is not 0, both fit 15 bits */
	w = _mm256_sub_epi32(_mm256_slli_epi32(a, 16), a);
	w = _mm256_add_epi32(w, _mm256_set1_epi32(0x8000));
	line = _mm256_and_si256(cell, even);
	next = _mm256_and_si256(_mm256_srli_epi32(cell, 8), even);
	line = _mm256_madd_epi16(line, w);
	next = _mm256_madd_epi16(next, w);
	x = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(next, line)), b);
	x = _mm256_fmadd_ps(x, _mm256_set1_ps(0x1p-16f),
			    _mm256_cvtepi32_ps(line));
	x = _mm256_add_ps(x, _mm256_set1_ps(0x1p14f));
	return _mm256_srli_epi32(_mm256_cvttps_epi32(x), 15);
}

void scanconvert_grey_avx2(uint8_t *out, const uint8_t *pairs,
			   const struct scan_map *map, size_t first, size_t n)
{
	const uint32_t *at = map->at + first, *share = map->share + first;
	uint32_t cell[BLOCK];
	size_t j, block;

	for (; n >= 8; n -= block, at += block, share += block, out += block) {
		block = n < BLOCK ? n & ~7ul : BLOCK;
		collect(cell, pairs, at, block);
		for (j = 0; j < block; j += 8)
			_mm_storel_epi64((__m128i *)(out + j),
				bytes(bilinear(
					_mm256_loadu_si256((__m256i *)(cell + j)),
					_mm256_loadu_si256((__m256i *)(share + j)))));
	}
	scanconvert_grey_c(out, pairs, map, at - map->at, n);
}

void scanconvert_rgb_avx2(uint8_t *rgb, const uint8_t *grey, size_t n)
{
	const __m128i first = _mm_setr_epi8(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3,
					    4, 4, 4, 5);
	const __m128i second = _mm_setr_epi8(5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9,
					     9, 9, 10, 10);
	const __m128i third = _mm_setr_epi8(10, 11, 11, 11, 12, 12, 12, 13, 13,
					    13, 14, 14, 14, 15, 15, 15);
	size_t j;

	for (j = 0; j + 16 <= n; j += 16) {
		__m128i g = _mm_loadu_si128((const __m128i *)(grey + j));
		__m128i *to = (__m128i *)(rgb + 3 * j);

		_mm_storeu_si128(to, _mm_shuffle_epi8(g, first));
		_mm_storeu_si128(to + 1, _mm_shuffle_epi8(g, second));
		_mm_storeu_si128(to + 2, _mm_shuffle_epi8(g, third));
	}
	scanconvert_rgb_c(rgb + 3 * j, grey + j, n - j);
}

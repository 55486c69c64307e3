// SPDX-License-Identifier: MIT
/* Scan conversion, 8 pixels at once. */
#include <string.h>

#include "palette.h"
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

/* --- colour --- */

#define CELLS	64	/* pixels whose samples are collected at once */

/* Samples of the cells, two neighbours along a line in a row. */
static void collect_pairs(float *line, float *next, const float *plane,
			  uint32_t stride, const uint32_t *at, size_t n)
{
	size_t j;

#pragma GCC unroll 4
	for (j = 0; j < n; j++) {
		memcpy(line + 2 * j, plane + at[j], 8);
		memcpy(next + 2 * j, plane + at[j] + stride, 8);
	}
}

struct cell {
	__m256 value[4];
};

/* Of 8 cells: a line's sample, the next one; those of the line after. */
static inline struct cell load_cells(const float *line, const float *next)
{
	__m256 a = _mm256_loadu_ps(line), b = _mm256_loadu_ps(line + 8);
	__m256 c = _mm256_loadu_ps(next), d = _mm256_loadu_ps(next + 8);

	return (struct cell){ { vec256_part(a, b, 0), vec256_part(a, b, 1),
				vec256_part(c, d, 0), vec256_part(c, d, 1) } };
}

static inline __m256 unwrap(__m256 v, __m256 near, __m256 nyquist)
{
	__m256 cycle = _mm256_add_ps(nyquist, nyquist);
	__m256 above = _mm256_cmp_ps(v, _mm256_add_ps(near, nyquist),
				     _CMP_GT_OQ);
	__m256 below = _mm256_cmp_ps(v, _mm256_sub_ps(near, nyquist),
				     _CMP_LT_OQ);

	v = _mm256_sub_ps(v, _mm256_and_ps(above, cycle));
	return _mm256_add_ps(v, _mm256_and_ps(below, cycle));
}

static inline __m256i entry(__m256 share, int entries)
{
	__m256 at = _mm256_mul_ps(share, _mm256_set1_ps(entries));
	__m256i i = _mm256_cvttps_epi32(_mm256_max_ps(at,
						      _mm256_setzero_ps()));

	return _mm256_min_epi32(i, _mm256_set1_epi32(entries - 1));
}

/* Weights of the samples that are valid; returns their sum. */
static inline __m256 weigh(__m256 *weight, const struct cell *v, __m256i share)
{
	const __m256 one = _mm256_set1_ps(1);
	__m256 a = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_and_si256(share,
					_mm256_set1_epi32(0xffff))),
				 _mm256_set1_ps(0x1p-15f));
	__m256 b = _mm256_mul_ps(_mm256_cvtepi32_ps(
					_mm256_srli_epi32(share, 16)),
				 _mm256_set1_ps(0x1p-16f));
	__m256 rest_a = _mm256_sub_ps(one, a), rest_b = _mm256_sub_ps(one, b);
	__m256 sum = _mm256_setzero_ps();
	int i;

	weight[0] = _mm256_mul_ps(rest_a, rest_b);
	weight[1] = _mm256_mul_ps(a, rest_b);
	weight[2] = _mm256_mul_ps(rest_a, b);
	weight[3] = _mm256_mul_ps(a, b);
#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		weight[i] = _mm256_and_ps(
			_mm256_cmp_ps(v->value[i], v->value[i], _CMP_ORD_Q),
			weight[i]);
		sum = _mm256_add_ps(sum, weight[i]);
	}
	return sum;
}

static inline __m256 mean_velocity(const struct cell *v, const __m256 *weight,
				   __m256 all, __m256 nyquist)
{
	__m256 best = weight[0], centre = v->value[0];
	__m256 sum = _mm256_setzero_ps();
	int i;

#pragma GCC unroll 4
	for (i = 1; i < 4; i++) {
		__m256 more = _mm256_cmp_ps(weight[i], best, _CMP_GT_OQ);

		best = _mm256_max_ps(weight[i], best);
		centre = _mm256_blendv_ps(centre, v->value[i], more);
	}
#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		__m256 some = _mm256_cmp_ps(weight[i], _mm256_setzero_ps(),
					    _CMP_GT_OQ);
		__m256 near = unwrap(v->value[i], centre, nyquist);

		/* no part of a sum is what is not valid, 0 times that neither */
		sum = _mm256_fmadd_ps(weight[i], _mm256_and_ps(some, near),
				      sum);
	}
	return _mm256_div_ps(sum, all);
}

static inline __m256i colour(__m256 v, const struct colour_law *law)
{
	const __m256 nyquist = _mm256_set1_ps(law->nyquist);
	__m256 at = unwrap(v, _mm256_set1_ps(-law->baseline * law->nyquist),
			   nyquist);

	at = _mm256_fmadd_ps(at, _mm256_set1_ps(0.5f / law->nyquist),
			     _mm256_set1_ps((1 + law->baseline) / 2));
	return entry(at, PALETTE_COLOURS);
}

static inline __m256 mean_shade(const struct cell *shade, const __m256 *weight,
				__m256 all)
{
	__m256 sum = _mm256_mul_ps(weight[0], shade->value[0]);
	int i;

#pragma GCC unroll 4
	for (i = 1; i < 4; i++)
		sum = _mm256_fmadd_ps(weight[i], shade->value[i], sum);
	return _mm256_div_ps(sum, all);
}

/* The pixels of @shown, by their entries. */
static void paint(uint8_t *rgb, const uint8_t (*palette)[3], __m256i at,
		  unsigned int shown)
{
	uint32_t entries[8];

	_mm256_storeu_si256((__m256i *)entries, at);
	for (; shown; shown &= shown - 1) {
		const int k = __builtin_ctz(shown);

		memcpy(rgb + 3 * k, palette[entries[k]], 3);
	}
}

static void colour_block(uint8_t *rgb, const uint8_t *grey,
			 const struct colour_law *law, const uint32_t *at,
			 const uint32_t *share, size_t n)
{
	float line[2 * CELLS], next[2 * CELLS];
	float shade_line[2 * CELLS], shade_next[2 * CELLS];
	size_t j;

	collect_pairs(line, next, law->v, law->stride, at, n);
	if (law->shade)
		collect_pairs(shade_line, shade_next, law->shade, law->stride,
			      at, n);
	for (j = 0; j < n; j += 8) {
		const size_t left = n - j < 8 ? n - j : 8;
		struct cell v = load_cells(line + 2 * j, next + 2 * j), shade;
		uint8_t level[8] = { 0 };
		__m256 weight[4], all;
		unsigned int shown;
		__m256i place;

		memcpy(level, grey + j, left);
		all = weigh(weight, &v, _mm256_maskload_epi32(
			(const int *)share + j, vec256_first(left)));
		shown = ((1u << left) - 1) & _mm256_movemask_ps(_mm256_and_ps(
			_mm256_cmp_ps(all, _mm256_set1_ps(0.5f), _CMP_GE_OQ),
			_mm256_castsi256_ps(_mm256_cmpgt_epi32(
				_mm256_set1_epi32(law->priority),
				_mm256_cvtepu8_epi32(_mm_loadl_epi64(
					(const __m128i *)level))))));
		if (!shown)
			continue;
		place = colour(mean_velocity(&v, weight, all,
					     _mm256_set1_ps(law->nyquist)),
			       law);
		if (law->shade) {
			shade = load_cells(shade_line + 2 * j,
					   shade_next + 2 * j);
			place = _mm256_add_epi32(place, _mm256_mullo_epi32(
				entry(mean_shade(&shade, weight, all),
				      PALETTE_SHADES),
				_mm256_set1_epi32(PALETTE_COLOURS)));
		}
		paint(rgb + 3 * j, law->palette, place, shown);
	}
}

void scanconvert_colour_avx2(uint8_t *rgb, const uint8_t *grey,
			       const struct colour_law *law,
			       const struct scan_map *map, size_t first,
			       size_t n)
{
	size_t block;

	for (; n; n -= block, first += block, rgb += 3 * block, grey += block) {
		block = n < CELLS ? n : CELLS;
		colour_block(rgb, grey, law, map->at + first,
			     map->share + first, block);
	}
}

// SPDX-License-Identifier: MIT
/* Scan conversion, 16 pixels at once. */
#include <string.h>

#include "palette.h"
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

/* A third of each number: the pixel of each byte of a colour. */
#define THRICE(n)	(n), (n), (n)
#define THRICE_4(n)	THRICE(n), THRICE(n + 1), THRICE(n + 2), THRICE(n + 3)
#define THRICE_16(n)	THRICE_4(n), THRICE_4(n + 4), THRICE_4(n + 8), \
			THRICE_4(n + 12)
static const uint8_t third[192] = {
	THRICE_16(0), THRICE_16(16), THRICE_16(32), THRICE_16(48)
};

void scanconvert_rgb_avx512(uint8_t *rgb, const uint8_t *grey, size_t n)
{
	size_t j, k;

	for (j = 0; j + 64 <= n; j += 64) {
		const __m512i g = _mm512_loadu_si512(grey + j);

		for (k = 0; k < 192; k += 64)
			_mm512_storeu_si512(rgb + 3 * j + k,
				_mm512_permutexvar_epi8(
					_mm512_loadu_si512(third + k), g));
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
	__m512 value[4];
};

/* Of 16 cells: a line's sample, the next one; those of the line after. */
static inline struct cell load_cells(const float *line, const float *next)
{
	__m512 a = _mm512_loadu_ps(line), b = _mm512_loadu_ps(line + 16);
	__m512 c = _mm512_loadu_ps(next), d = _mm512_loadu_ps(next + 16);

	return (struct cell){ { vec512_part(a, b, 0), vec512_part(a, b, 1),
				vec512_part(c, d, 0), vec512_part(c, d, 1) } };
}

static inline __m512 unwrap(__m512 v, __m512 near, __m512 nyquist)
{
	__m512 cycle = _mm512_add_ps(nyquist, nyquist);
	__mmask16 above = _mm512_cmp_ps_mask(v, _mm512_add_ps(near, nyquist),
					     _CMP_GT_OQ);
	__mmask16 below = _mm512_cmp_ps_mask(v, _mm512_sub_ps(near, nyquist),
					     _CMP_LT_OQ);

	v = _mm512_mask_sub_ps(v, above, v, cycle);
	return _mm512_mask_add_ps(v, below, v, cycle);
}

static inline __m512i entry(__m512 share, int entries)
{
	__m512 at = _mm512_mul_ps(share, _mm512_set1_ps(entries));
	__m512i i = _mm512_cvttps_epi32(_mm512_max_ps(at,
						      _mm512_setzero_ps()));

	return _mm512_min_epi32(i, _mm512_set1_epi32(entries - 1));
}

/* Weights of the samples that are valid; returns their sum. */
static inline __m512 weigh(__m512 *weight, const struct cell *v, __m512i share)
{
	const __m512 one = _mm512_set1_ps(1);
	__m512 a = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_and_si512(share,
					_mm512_set1_epi32(0xffff))),
				 _mm512_set1_ps(0x1p-15f));
	__m512 b = _mm512_mul_ps(_mm512_cvtepi32_ps(
					_mm512_srli_epi32(share, 16)),
				 _mm512_set1_ps(0x1p-16f));
	__m512 rest_a = _mm512_sub_ps(one, a), rest_b = _mm512_sub_ps(one, b);
	__m512 sum = _mm512_setzero_ps();
	int i;

	weight[0] = _mm512_mul_ps(rest_a, rest_b);
	weight[1] = _mm512_mul_ps(a, rest_b);
	weight[2] = _mm512_mul_ps(rest_a, b);
	weight[3] = _mm512_mul_ps(a, b);
#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		weight[i] = _mm512_maskz_mov_ps(
			_mm512_cmp_ps_mask(v->value[i], v->value[i],
					   _CMP_ORD_Q), weight[i]);
		sum = _mm512_add_ps(sum, weight[i]);
	}
	return sum;
}

static inline __m512 mean_velocity(const struct cell *v, const __m512 *weight,
				   __m512 all, __m512 nyquist)
{
	__m512 best = weight[0], centre = v->value[0];
	__m512 sum = _mm512_setzero_ps();
	int i;

#pragma GCC unroll 4
	for (i = 1; i < 4; i++) {
		__mmask16 more = _mm512_cmp_ps_mask(weight[i], best,
						    _CMP_GT_OQ);

		best = _mm512_max_ps(weight[i], best);
		centre = _mm512_mask_mov_ps(centre, more, v->value[i]);
	}
#pragma GCC unroll 4
	for (i = 0; i < 4; i++) {
		__mmask16 some = _mm512_cmp_ps_mask(weight[i],
						    _mm512_setzero_ps(),
						    _CMP_GT_OQ);

		sum = _mm512_mask3_fmadd_ps(weight[i],
					    unwrap(v->value[i], centre,
						   nyquist), sum, some);
	}
	return _mm512_div_ps(sum, all);
}

static inline __m512i colour(__m512 v, const struct colour_law *law)
{
	const __m512 nyquist = _mm512_set1_ps(law->nyquist);
	__m512 at = unwrap(v, _mm512_set1_ps(-law->baseline * law->nyquist),
			   nyquist);

	at = _mm512_fmadd_ps(at, _mm512_set1_ps(0.5f / law->nyquist),
			     _mm512_set1_ps((1 + law->baseline) / 2));
	return entry(at, PALETTE_COLOURS);
}

static inline __m512 mean_shade(const struct cell *shade, const __m512 *weight,
				__m512 all)
{
	__m512 sum = _mm512_mul_ps(weight[0], shade->value[0]);
	int i;

#pragma GCC unroll 4
	for (i = 1; i < 4; i++)
		sum = _mm512_fmadd_ps(weight[i], shade->value[i], sum);
	return _mm512_div_ps(sum, all);
}

/* Byte of 16 entries of 4 bytes for each byte of their colours, 3 in a row. */
#define THREE_OF(n)	4 * (n), 4 * (n) + 1, 4 * (n) + 2
#define THREE_OF_4(n)	THREE_OF(n), THREE_OF(n + 1), THREE_OF(n + 2), \
			THREE_OF(n + 3)
static const uint8_t packed[64] = {
	THREE_OF_4(0), THREE_OF_4(4), THREE_OF_4(8), THREE_OF_4(12)
};

/* The pixels of @shown, by their entries; no branch depends on them. */
static inline void paint(uint8_t *rgb, const uint8_t (*palette)[3], __m512i at,
			 __mmask16 shown)
{
	__m512i index = _mm512_add_epi32(at, _mm512_add_epi32(at, at));
	__m512i colours = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(),
						      shown, index, palette, 1);
	__mmask64 bytes = _mm512_movepi8_mask(_mm512_permutexvar_epi8(
				_mm512_loadu_si512(third),
				_mm512_movm_epi8(shown)));

	_mm512_mask_storeu_epi8(rgb, bytes & 0xffffffffffff,
				_mm512_permutexvar_epi8(_mm512_loadu_si512(packed),
							colours));
}

static inline void colour_block(uint8_t *rgb, const uint8_t *grey,
				const struct colour_law *law,
				const uint32_t *at, const uint32_t *share,
				size_t n)
{
	float line[2 * CELLS], next[2 * CELLS];
	float shade_line[2 * CELLS], shade_next[2 * CELLS];
	size_t j;

	collect_pairs(line, next, law->v, law->stride, at, n);
	if (law->shade)
		collect_pairs(shade_line, shade_next, law->shade, law->stride,
			      at, n);
	for (j = 0; j < n; j += 16) {
		const __mmask16 m = vec512_first(n - j);
		struct cell v = load_cells(line + 2 * j, next + 2 * j), shade;
		__m512i levels = _mm512_cvtepu8_epi32(
			_mm_maskz_loadu_epi8(m, grey + j));
		__m512 weight[4], all;
		__mmask16 shown;
		__m512i place;

		all = weigh(weight, &v, _mm512_maskz_loadu_epi32(m, share + j));
		shown = _mm512_mask_cmp_ps_mask(m, all, _mm512_set1_ps(0.5f),
						_CMP_GE_OQ) &
			_mm512_cmplt_epi32_mask(levels, _mm512_set1_epi32(
							law->priority));
		if (!shown)
			continue;
		place = colour(mean_velocity(&v, weight, all,
					     _mm512_set1_ps(law->nyquist)),
			       law);
		if (law->shade) {
			shade = load_cells(shade_line + 2 * j,
					   shade_next + 2 * j);
			place = _mm512_add_epi32(place, _mm512_mullo_epi32(
				entry(mean_shade(&shade, weight, all),
				      PALETTE_SHADES),
				_mm512_set1_epi32(PALETTE_COLOURS)));
		}
		paint(rgb + 3 * j, law->palette, place, shown);
	}
}

void scanconvert_colour_avx512(uint8_t *rgb, const uint8_t *grey,
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

// SPDX-License-Identifier: MIT
/*
 * Delay-and-sum, a tile in two halves of 8 samples. As in beamform-avx512.c
 * a lane of 32 bits has the taps before and after its position, but here they
 * come from a window of 8 words for every 4 samples, which starts at the
 * first one's tap.
 */
#include <immintrin.h>
#include <stdbool.h>

#include "beamform.h"

#define HALF	(BEAMFORM_TILE / 2)

void beamform_receive_avx2(int32_t *delay, const float *along,
			   const float *across2, float start, float step,
			   uint32_t n)
{
	const __m256 lane0 = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
	const __m256 lane1 = _mm256_setr_ps(8, 9, 10, 11, 12, 13, 14, 15);
	const __m256 by = _mm256_set1_ps(step), from = _mm256_set1_ps(start);
	const __m256 way0 = _mm256_add_ps(_mm256_mul_ps(lane0, by), from);
	const __m256 way1 = _mm256_add_ps(_mm256_mul_ps(lane1, by), from);
	uint32_t c;

	/* the C form's operations, each rounded: its result to the bit */
	for (c = 0; c < n; c++, delay += BEAMFORM_TILE) {
		const __m256 along_c = _mm256_set1_ps(along[c]);
		const __m256 across_c = _mm256_set1_ps(across2[c]);
		const __m256 a = _mm256_add_ps(along_c, way0);
		const __m256 b = _mm256_add_ps(along_c, way1);

		_mm256_store_si256((__m256i *)delay,
			_mm256_cvtps_epi32(_mm256_sqrt_ps(_mm256_add_ps(
				_mm256_mul_ps(a, a), across_c))));
		_mm256_store_si256((__m256i *)(delay + HALF),
			_mm256_cvtps_epi32(_mm256_sqrt_ps(_mm256_add_ps(
				_mm256_mul_ps(b, b), across_c))));
	}
}

/* The low half of every lane in both halves. */
static __m256i twice(__m256i v)
{
	return _mm256_shuffle_epi8(v, _mm256_setr_epi32(
			0x01000100, 0x05040504, 0x09080908, 0x0d0c0d0c,
			0x01000100, 0x05040504, 0x09080908, 0x0d0c0d0c));
}

/* Coefficients in registers. */
struct poly {
	__m256i c[BEAMFORM_COEFFICIENTS];
};

/* @sign turns that of the high halves, 1 or -1. */
static __m256i coefficient(int16_t c, int sign)
{
	return _mm256_set1_epi32((uint16_t)c |
				 (uint32_t)(uint16_t)(sign * c) << 16);
}

static struct poly poly(const int16_t *c, int sign)
{
	return (struct poly){ { coefficient(c[0], sign),
				coefficient(c[1], sign),
				coefficient(c[2], sign),
				coefficient(c[3], sign) } };
}

static __m256i horner(__m256i w, __m256i v, __m256i c)
{
	return _mm256_add_epi16(_mm256_mulhrs_epi16(w, v), c);
}

/*
 * In the low half what is left of 1 after the fraction, in the high half the
 * fraction, both from the middle of its step: 32752 - f and 16 + f.
 */
static __m256i part_of(__m256i position)
{
	const __m256i fraction = _mm256_set1_epi16(0x7fe0);
	const __m256i flip = _mm256_set1_epi32(0x00107ff0);

	return _mm256_xor_si256(_mm256_and_si256(_mm256_slli_epi16(position, 5),
						 fraction), flip);
}

/*
 * Bytes of the taps in their window: words from the first one's on, two bytes
 * of each. 0x400 for a word becomes 0x202 for these; @both is 0x0101.
 */
static __m256i bytes_of(__m256i position, __m256i both)
{
	const __m256i first = _mm256_set1_epi32(0x01000100);
	const __m256i word = _mm256_and_si256(position,
					      _mm256_set1_epi16(0xfc00u));
	const __m256i in = _mm256_sub_epi16(word,
					    _mm256_shuffle_epi8(word, first));

	/* shuffles look at four bits: what slips is another tap */
	return _mm256_add_epi16(_mm256_mullo_epi16(_mm256_srli_epi16(in, 9),
						   both),
				_mm256_set1_epi16(0x0100));
}

static __m256i windows(const int16_t *at, int32_t first, int32_t second)
{
	return _mm256_inserti128_si256(_mm256_castsi128_si256(
		_mm_loadu_si128((const __m128i *)(at + first))),
		_mm_loadu_si128((const __m128i *)(at + second)), 1);
}

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Both halves of a tile; no loop is left, nor an array. */
#define EACH_HALF	_Pragma("GCC unroll 2") for (i = 0; i < 2; i++)

/* What the channels of a tile share. */
struct tile {
	struct poly p, q;
	__m256i wait[2];	/* transmit positions, one more in high halves */
	__m256i both;		/* for bytes_of() */
	const int32_t *transmit;
	uint32_t step;		/* of the polynomials; these two are constants */
	bool inside;		/* rows have all samples that are asked for */
};

/* Where the taps of half a tile lie, and what they weigh. */
struct taps {
	__m256i which, p, q;
	int32_t first, second;	/* samples from the row to its windows */
};

static ALWAYS_INLINE struct tile tile_of(const struct beamform_taps *taps,
					 const int32_t *transmit,
					 uint32_t step, bool inside)
{
	__m256i both = _mm256_set1_epi16(0x0101);

	const __m256i next = _mm256_set1_epi32(1 <<
					(16 + BEAMFORM_POSITION_BITS));
	const __m256i *t = (const __m256i *)transmit;

	/* known to the compiler, it becomes three instructions, not one */
	__asm__("" : "+x"(both));
	return (struct tile){
		.p = poly(taps->p, 1),
		.q = poly(taps->q, -1),
		.wait = { _mm256_add_epi16(twice(_mm256_loadu_si256(t)), next),
			  _mm256_add_epi16(twice(_mm256_loadu_si256(t + 1)),
					   next) },
		.both = both,
		.transmit = transmit,
		.step = step,
		.inside = inside,
	};
}

/*
 * The weights of both halves, step by step together: there are more constants
 * than registers, and each of them is loaded once for both.
 */
static ALWAYS_INLINE void weigh_halves(struct taps *taps,
				       const struct tile *t, const __m256i *h)
{
	__m256i square[2];
	uint32_t i;

	if (t->step == 1) {
		EACH_HALF
			taps[i].p = horner(t->p.c[3], h[i], t->p.c[2]);
		EACH_HALF
			taps[i].p = horner(taps[i].p, h[i], t->p.c[1]);
		EACH_HALF
			taps[i].p = _mm256_mulhrs_epi16(
				horner(taps[i].p, h[i], t->p.c[0]), h[i]);
		EACH_HALF
			taps[i].q = horner(t->q.c[3], h[i], t->q.c[2]);
		EACH_HALF
			taps[i].q = horner(taps[i].q, h[i], t->q.c[1]);
		EACH_HALF
			taps[i].q = _mm256_mulhrs_epi16(
				horner(taps[i].q, h[i], t->q.c[0]), h[i]);
		return;
	}
	EACH_HALF
		square[i] = _mm256_mulhrs_epi16(h[i], h[i]);
	EACH_HALF
		taps[i].p = horner(t->p.c[2], square[i], t->p.c[1]);
	EACH_HALF
		taps[i].p = _mm256_mulhrs_epi16(
			horner(taps[i].p, square[i], t->p.c[0]), square[i]);
	EACH_HALF
		taps[i].q = horner(t->q.c[2], square[i], t->q.c[1]);
	EACH_HALF
		taps[i].q = _mm256_mulhrs_epi16(
			horner(taps[i].q, square[i], t->q.c[0]), h[i]);
}

/* In an integer register: the compiler would go to vectors and back. */
static ALWAYS_INLINE int32_t position_of(const int32_t *receive,
					 const int32_t *transmit)
{
	int32_t position = *receive + *transmit;

	__asm__("" : "+r"(position));
	return position >> BEAMFORM_POSITION_BITS;
}

/* A window may slip before the line of zeros, where nothing may be read. */
static ALWAYS_INLINE int32_t stay(int32_t at)
{
	return at < -ANALYTIC_LINE ? -ANALYTIC_LINE : at;
}

/* Both halves. */
static ALWAYS_INLINE void find(struct taps *taps, const struct tile *t,
			       const int32_t *receive)
{
	const int32_t *w = t->transmit;
	__m256i at[2], h[2];
	uint32_t i;

	EACH_HALF {
		const __m256i *r = (const __m256i *)(receive + i * HALF);

		at[i] = _mm256_add_epi16(twice(_mm256_loadu_si256(r)),
					 t->wait[i]);
	}
	EACH_HALF
		taps[i].which = bytes_of(at[i], t->both);
	EACH_HALF
		h[i] = part_of(at[i]);
	weigh_halves(taps, t, h);
	EACH_HALF {
		const int32_t *r = receive + i * HALF;

		taps[i].first = position_of(r, w + i * HALF);
		taps[i].second = position_of(r + 4, w + i * HALF + 4);
		if (!t->inside) {
			taps[i].first = stay(taps[i].first);
			taps[i].second = stay(taps[i].second);
		}
	}
}

static ALWAYS_INLINE void weigh(struct taps *taps, const int16_t *weight)
{
	const __m256i w = twice(_mm256_cvtepi16_epi32(
		_mm_loadu_si128((const __m128i *)weight)));

	taps->p = _mm256_mulhrs_epi16(taps->p, w);
	taps->q = _mm256_mulhrs_epi16(taps->q, w);
}

static ALWAYS_INLINE void multiply(__m256i *re, __m256i *im,
				   const struct taps *t, const int16_t *row,
				   size_t plane)
{
	const __m256i taps_re = _mm256_shuffle_epi8(
		windows(row, t->first, t->second), t->which);
	const __m256i taps_im = _mm256_shuffle_epi8(
		windows(row + plane, t->first, t->second), t->which);

	*re = _mm256_add_epi32(*re, _mm256_sub_epi32(
		_mm256_madd_epi16(taps_re, t->p),
		_mm256_madd_epi16(taps_im, t->q)));
	*im = _mm256_add_epi32(*im, _mm256_add_epi32(
		_mm256_madd_epi16(taps_re, t->q),
		_mm256_madd_epi16(taps_im, t->p)));
}

/* Sums of both halves of a tile. */
struct sums {
	__m256 re[2], im[2];
};

static ALWAYS_INLINE void take(struct sums *s, const __m256i *re,
			       const __m256i *im)
{
	uint32_t i;

	EACH_HALF {
		s->re[i] = _mm256_add_ps(s->re[i], _mm256_cvtepi32_ps(re[i]));
		s->im[i] = _mm256_add_ps(s->im[i], _mm256_cvtepi32_ps(im[i]));
	}
}

static ALWAYS_INLINE void give(float *acc, const struct sums *s, float scale)
{
	const __m256 by = _mm256_set1_ps(scale);
	const __m256 sum[4] = { s->re[0], s->re[1], s->im[0], s->im[1] };
	uint32_t i;

	for (i = 0; i < 4; i++, acc += HALF)
		_mm256_store_ps(acc, _mm256_add_ps(_mm256_load_ps(acc),
				_mm256_mul_ps(sum[i], by)));
}

/* Does a tile begin in a row, or in the line of zeros before it? */
static ALWAYS_INLINE bool reaches(const struct tile *t,
				  const struct beamform_rows *rows,
				  const int32_t *receive)
{
	const int32_t line = (receive[0] + t->transmit[0]) >> 15;

	return (uint32_t)(line + 1) <= rows->lines;
}

/* Channels @first to @end, which are all weighted or none is. */
static ALWAYS_INLINE void add_group(struct sums *s, const struct tile *t,
				    const struct beamform_rows *rows,
				    const int32_t *receive,
				    const uint32_t *law, const int16_t *weight,
				    uint32_t first, uint32_t end)
{
	const int16_t *row = rows->data + first * rows->row;
	uint32_t begin, c, i;

	for (begin = first; begin < end; begin += BEAMFORM_BLOCK) {
		const uint32_t stop = end - begin < BEAMFORM_BLOCK ?
				      end : begin + BEAMFORM_BLOCK;
		__m256i re[2] = { _mm256_setzero_si256(),
				  _mm256_setzero_si256() };
		__m256i im[2] = { re[0], re[0] };

		for (c = begin; c < stop; c++, row += rows->row) {
			const int32_t *r = receive + law[c];
			struct taps taps[2];

			if (!t->inside && !reaches(t, rows, r))
				continue;
			find(taps, t, r);
			EACH_HALF {
				if (weight)
					weigh(&taps[i], weight + i * HALF +
							c * BEAMFORM_TILE);
				multiply(&re[i], &im[i], &taps[i], row,
					 rows->plane);
			}
		}
		take(s, re, im);
	}
}

static ALWAYS_INLINE void add(float *acc, const struct beamform_rows *rows,
			      const int32_t *receive, const uint32_t *law,
			      const int32_t *transmit,
			      const struct beamform_edges *edges, uint32_t n,
			      float scale, uint32_t step, bool inside)
{
	const uint32_t lead = edges->lead, end = n - edges->tail;
	const struct tile t = tile_of(rows->taps, transmit, step, inside);
	struct sums s = { 0 };

	if (lead)
		add_group(&s, &t, rows, receive, law, edges->weight, 0, lead);
	add_group(&s, &t, rows, receive, law, NULL, lead, end);
	if (end < n)
		add_group(&s, &t, rows, receive, law, edges->weight, end, n);
	give(acc, &s, scale);
}

void beamform_add_avx2(float *acc, const struct beamform_rows *rows,
		       const int32_t *receive, const uint32_t *law,
		       const int32_t *transmit,
		       const struct beamform_edges *edges, uint32_t n,
		       float scale)
{
	const bool one = rows->taps->step == 1;

	/* copies without a question in their loops */
	if (one && rows->inside)
		add(acc, rows, receive, law, transmit, edges, n, scale, 1,
		    true);
	else if (one)
		add(acc, rows, receive, law, transmit, edges, n, scale, 1,
		    false);
	else if (rows->inside)
		add(acc, rows, receive, law, transmit, edges, n, scale, 2,
		    true);
	else
		add(acc, rows, receive, law, transmit, edges, n, scale, 2,
		    false);
}

/* --- laws kept --- */

struct law {
	struct taps half[2];
};

_Static_assert(sizeof(struct law) <= BEAMFORM_LAW_BYTES, "a law has its room");

static struct law *law_at(const void *laws, size_t n)
{
	return (struct law *)((char *)laws + n * BEAMFORM_LAW_BYTES);
}

static ALWAYS_INLINE void make_laws(void *laws, const struct tile *t,
				    const int32_t *receive,
				    const uint32_t *law,
				    const int16_t *weight, uint32_t n)
{
	uint32_t c, i;

	for (c = 0; c < n; c++) {
		struct law *to = law_at(laws, c);

		find(to->half, t, receive + law[c]);
		EACH_HALF
			if (weight)
				weigh(&to->half[i], weight + i * HALF +
						    c * BEAMFORM_TILE);
	}
}

void beamform_law_avx2(void *laws, const struct beamform_rows *rows,
		       const int32_t *receive, const uint32_t *law,
		       const int32_t *transmit, const int16_t *weight,
		       uint32_t n)
{
	const struct tile one = tile_of(rows->taps, transmit, 1, true);
	const struct tile two = tile_of(rows->taps, transmit, 2, true);

	if (rows->taps->step == 1)
		make_laws(laws, &one, receive, law, weight, n);
	else
		make_laws(laws, &two, receive, law, weight, n);
}

static void sum_set(float *acc, const struct beamform_rows *rows,
		    const int16_t *row, const void *laws, const uint32_t *law,
		    uint32_t n, float scale)
{
	struct sums s = { 0 };
	uint32_t begin, c, i;

	for (begin = 0; begin < n; begin += BEAMFORM_BLOCK) {
		const uint32_t stop = n - begin < BEAMFORM_BLOCK ?
				      n : begin + BEAMFORM_BLOCK;
		__m256i re[2] = { _mm256_setzero_si256(),
				  _mm256_setzero_si256() };
		__m256i im[2] = { re[0], re[0] };

		for (c = begin; c < stop; c++, row += rows->row)
			EACH_HALF
				multiply(&re[i], &im[i],
					 &law_at(laws, law[c] /
						       BEAMFORM_TILE)->half[i],
					 row, rows->plane);
		take(&s, re, im);
	}
	give(acc, &s, scale);
}

/* One after the other: a law would leave no registers for sums of several. */
void beamform_sum_avx2(const struct beamform_sets *sets,
		       const struct beamform_rows *rows, const void *laws,
		       const uint32_t *law, uint32_t first, uint32_t end)
{
	uint32_t k;

	for (k = 0; k < sets->count; k++)
		sum_set(sets->set[k].acc, rows,
			sets->set[k].data + first * rows->row, laws,
			law + first, end - first, sets->set[k].scale);
}

/* --- parts of an aperture --- */

static inline void add_to(float *to, __m256 x)
{
	_mm256_store_ps(to, _mm256_add_ps(_mm256_load_ps(to), x));
}

void beamform_note_avx2(float *acc, float *heard, float *part,
			const float *active, float weight)
{
	const __m256 w = _mm256_set1_ps(weight);
	uint32_t j;

	for (j = 0; j < BEAMFORM_TILE; j += 8) {
		const __m256 re = _mm256_load_ps(part + j);
		const __m256 im = _mm256_load_ps(part + BEAMFORM_TILE + j);
		const __m256 power = _mm256_add_ps(_mm256_mul_ps(re, re),
						   _mm256_mul_ps(im, im));

		add_to(acc + j, _mm256_mul_ps(w, re));
		add_to(acc + BEAMFORM_TILE + j, _mm256_mul_ps(w, im));
		add_to(heard + j, _mm256_mul_ps(w, power));
		add_to(heard + BEAMFORM_TILE + j,
		       _mm256_mul_ps(w, _mm256_load_ps(active + j)));
		_mm256_store_ps(part + j, _mm256_setzero_ps());
		_mm256_store_ps(part + BEAMFORM_TILE + j, _mm256_setzero_ps());
	}
}

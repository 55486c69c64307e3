// SPDX-License-Identifier: MIT
/*
 * Delay-and-sum, a tile of 16 samples at a time. Each has a lane of 32 bits:
 * in the low half the tap before its position, in the high half the one
 * after. Both taps of a tile lie in two lines of a row. Six bits of a
 * position choose among their 64 words, the even line first, so neither an
 * offset nor a load across lines is needed.
 */
#include <immintrin.h>
#include <stdbool.h>

#include "beamform.h"

/* In place: left to the compiler, accumulators move between registers. */
#define DOT(acc, a, b) \
	__asm__("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b))

void beamform_receive_avx512(int32_t *delay, const float *along,
			     const float *across2, float start, float step,
			     uint32_t n)
{
	const __m512 lane = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
					   11, 12, 13, 14, 15);
	const __m512 way = _mm512_add_ps(_mm512_mul_ps(lane,
				_mm512_set1_ps(step)), _mm512_set1_ps(start));
	uint32_t c;

	/* the C form's operations, each rounded: its result to the bit */
	for (c = 0; c < n; c++) {
		const __m512 a = _mm512_add_ps(_mm512_set1_ps(along[c]), way);
		const __m512 d2 = _mm512_add_ps(_mm512_mul_ps(a, a),
						_mm512_set1_ps(across2[c]));

		_mm512_store_si512(delay + c * BEAMFORM_TILE,
				   _mm512_cvtps_epi32(_mm512_sqrt_ps(d2)));
	}
}

/* The low half of every lane in both halves. */
static __m512i twice(__m512i v)
{
	return _mm512_shuffle_epi8(v, _mm512_set4_epi32(0x0d0c0d0c, 0x09080908,
							0x05040504,
							0x01000100));
}

/* Coefficients in registers. */
struct poly {
	__m512i c[BEAMFORM_COEFFICIENTS];
};

/* @sign turns that of the high halves, 1 or -1. */
static __m512i coefficient(int16_t c, int sign)
{
	return _mm512_set1_epi32((uint16_t)c |
				 (uint32_t)(uint16_t)(sign * c) << 16);
}

static struct poly poly(const int16_t *c, int sign)
{
	return (struct poly){ { coefficient(c[0], sign),
				coefficient(c[1], sign),
				coefficient(c[2], sign),
				coefficient(c[3], sign) } };
}

static __m512i horner(__m512i w, __m512i v, __m512i c)
{
	return _mm512_add_epi16(_mm512_mulhrs_epi16(w, v), c);
}

/*
 * In the low half what is left of 1 after the fraction, in the high half the
 * fraction, both from the middle of its step: 32752 - f and 16 + f.
 */
static __m512i part_of(__m512i position)
{
	const __m512i fraction = _mm512_set1_epi16(0x7fe0);
	const __m512i flip = _mm512_set1_epi32(0x00107ff0);

	/* (a & b) ^ c */
	return _mm512_ternarylogic_epi32(_mm512_slli_epi16(position, 5),
					 fraction, flip, 0x6a);
}

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Of struct beamform_rows, in bytes. */
struct rows {
	intptr_t line, plane, row;
};

static ALWAYS_INLINE struct rows rows_of(const struct beamform_rows *rows)
{
	return (struct rows){ rows->line * sizeof(int16_t),
			      rows->plane * sizeof(int16_t),
			      rows->row * sizeof(int16_t) };
}

/* What the channels of a tile share; the last three are constants. */
struct tile {
	struct poly p, q;
	__m512i wait;		/* transmit positions, one more in high halves */
	intptr_t first;		/* that of sample 0 */
	const int32_t *receive;
	struct rows rows;
	uint32_t lines;
	uint32_t step;		/* of the polynomials */
	bool weighted;
	bool inside;		/* rows have all samples that are asked for */
};

/* Products of taps and weights, each part with each. */
struct products {
	__m512i rr, ii, ri, ir;
};

/* Where a channel's taps lie, and what they weigh. */
struct channel {
	intptr_t even, odd;	/* bytes from the row to its lines */
	__m512i which, h, square, p, q;
};

static ALWAYS_INLINE void find(struct channel *ch, const struct tile *t,
			       uint32_t law)
{
	const int32_t *r = t->receive + law;
	const intptr_t first = r[0] + t->first;
	const __m512i at = _mm512_add_epi16(twice(_mm512_load_si512(r)),
					    t->wait);

	ch->even = (((first >> 15) + 1) & -2) * t->rows.line;
	ch->odd = ((first >> 15) | 1) * t->rows.line;
	ch->which = _mm512_srli_epi16(at, BEAMFORM_POSITION_BITS);
	ch->h = part_of(at);
	if (!t->inside && (uint32_t)((first >> 15) + 1) > t->lines) {
		/* to the line of zeros before the row */
		ch->even = -t->rows.line;
		ch->odd = -t->rows.line;
	}
}

static ALWAYS_INLINE void weigh(struct channel *ch, const int16_t *weight)
{
	const __m512i w = twice(_mm512_cvtepi16_epi32(
		_mm256_loadu_si256((const __m256i *)weight)));

	ch->p = _mm512_mulhrs_epi16(ch->p, w);
	ch->q = _mm512_mulhrs_epi16(ch->q, w);
}

static ALWAYS_INLINE void multiply(struct products *sum, bool begin,
				   const struct channel *ch, const char *row,
				   intptr_t plane)
{
	const char *even = row + ch->even, *odd = row + ch->odd;
	const __m512i re = _mm512_permutex2var_epi16(
		_mm512_load_si512(even), ch->which, _mm512_load_si512(odd));
	const __m512i im = _mm512_permutex2var_epi16(
		_mm512_load_si512(even + plane), ch->which,
		_mm512_load_si512(odd + plane));

	if (begin) {
		sum->rr = _mm512_madd_epi16(re, ch->p);
		sum->ii = _mm512_madd_epi16(im, ch->q);
		sum->ri = _mm512_madd_epi16(re, ch->q);
		sum->ir = _mm512_madd_epi16(im, ch->p);
	} else {
		DOT(sum->rr, re, ch->p);
		DOT(sum->ii, im, ch->q);
		DOT(sum->ri, re, ch->q);
		DOT(sum->ir, im, ch->p);
	}
}

/* With a constant count no loop is left. */
#define EACH	_Pragma("GCC unroll 4") for (k = 0; k < count; k++)

/*
 * The weights of some channels, step by step together, so that an instruction
 * seldom waits for the one before it.
 */
static ALWAYS_INLINE void weigh_channels(struct channel *ch,
					 const struct tile *t,
					 const int16_t *weight, uint32_t count)
{
	uint32_t k;

	if (t->step == 1) {
		EACH {
			ch[k].p = horner(t->p.c[3], ch[k].h, t->p.c[2]);
			ch[k].q = horner(t->q.c[3], ch[k].h, t->q.c[2]);
		}
		EACH {
			ch[k].p = horner(ch[k].p, ch[k].h, t->p.c[1]);
			ch[k].q = horner(ch[k].q, ch[k].h, t->q.c[1]);
		}
		EACH {
			ch[k].p = horner(ch[k].p, ch[k].h, t->p.c[0]);
			ch[k].q = horner(ch[k].q, ch[k].h, t->q.c[0]);
		}
		EACH {
			ch[k].p = _mm512_mulhrs_epi16(ch[k].p, ch[k].h);
			ch[k].q = _mm512_mulhrs_epi16(ch[k].q, ch[k].h);
		}
	} else {
		EACH
			ch[k].square = _mm512_mulhrs_epi16(ch[k].h, ch[k].h);
		EACH {
			ch[k].p = horner(t->p.c[2], ch[k].square, t->p.c[1]);
			ch[k].q = horner(t->q.c[2], ch[k].square, t->q.c[1]);
		}
		EACH {
			ch[k].p = horner(ch[k].p, ch[k].square, t->p.c[0]);
			ch[k].q = horner(ch[k].q, ch[k].square, t->q.c[0]);
		}
		EACH {
			ch[k].p = _mm512_mulhrs_epi16(ch[k].p, ch[k].square);
			ch[k].q = _mm512_mulhrs_epi16(ch[k].q, ch[k].h);
		}
	}
	if (t->weighted)
		EACH
			weigh(&ch[k], weight + k * BEAMFORM_TILE);
}

static ALWAYS_INLINE void add_channels(struct products *sum,
				       const struct tile *t, const char *row,
				       const uint32_t *law,
				       const int16_t *weight, uint32_t count,
				       bool begin)
{
	struct channel ch[BEAMFORM_BLOCK];
	uint32_t k;

	EACH
		find(&ch[k], t, law[k]);
	weigh_channels(ch, t, weight, count);
	EACH
		multiply(sum, begin && !k, &ch[k], row + k * t->rows.row,
			 t->rows.plane);
}

static ALWAYS_INLINE void take(__m512 *re, __m512 *im,
			       const struct products *sum)
{
	*re = _mm512_add_ps(*re, _mm512_cvtepi32_ps(
			_mm512_sub_epi32(sum->rr, sum->ii)));
	*im = _mm512_add_ps(*im, _mm512_cvtepi32_ps(
			_mm512_add_epi32(sum->ri, sum->ir)));
}

static ALWAYS_INLINE void give(float *acc, __m512 re, __m512 im, float scale)
{
	const __m512 by = _mm512_set1_ps(scale);

	_mm512_store_ps(acc, _mm512_add_ps(_mm512_load_ps(acc),
					   _mm512_mul_ps(re, by)));
	acc += BEAMFORM_TILE;
	_mm512_store_ps(acc, _mm512_add_ps(_mm512_load_ps(acc),
					   _mm512_mul_ps(im, by)));
}

static ALWAYS_INLINE struct tile
tile_of(const struct beamform_rows *rows, const int32_t *receive,
	const int32_t *transmit, uint32_t step, bool inside)
{
	return (struct tile){
		.p = poly(rows->taps->p, 1),
		.q = poly(rows->taps->q, -1),
		.wait = _mm512_add_epi16(twice(_mm512_loadu_si512(transmit)),
			_mm512_set1_epi32(1 << (16 + BEAMFORM_POSITION_BITS))),
		.first = transmit[0],
		.receive = receive,
		.rows = rows_of(rows),
		.lines = rows->lines,
		.step = step,
		.inside = inside,
	};
}

/* Channels @first to @end, which are all weighted or none is. */
static ALWAYS_INLINE void add_group(__m512 *re, __m512 *im, struct tile *t,
				    const struct beamform_rows *rows,
				    const uint32_t *law, const int16_t *weight,
				    uint32_t first, uint32_t end,
				    bool weighted)
{
	const intptr_t row = t->rows.row;
	const char *data = (const char *)rows->data + first * row;
	struct products sum;
	uint32_t c;

	t->weighted = weighted;
	if (weighted)
		weight += first * BEAMFORM_TILE;
	for (c = first; c + BEAMFORM_BLOCK <= end; c += BEAMFORM_BLOCK) {
		add_channels(&sum, t, data, law + c, weight, 2, true);
		add_channels(&sum, t, data + 2 * row, law + c + 2,
			     weighted ? weight + 2 * BEAMFORM_TILE : weight, 2,
			     false);
		data += BEAMFORM_BLOCK * row;
		weight += weighted ? BEAMFORM_BLOCK * BEAMFORM_TILE : 0;
		take(re, im, &sum);
	}
	if (c == end)
		return;
	add_channels(&sum, t, data, law + c, weight, 1, true);
	for (c++; c < end; c++) {
		data += row;
		weight += weighted ? BEAMFORM_TILE : 0;
		add_channels(&sum, t, data, law + c, weight, 1, false);
	}
	take(re, im, &sum);
}

static ALWAYS_INLINE void add(float *acc, const struct beamform_rows *rows,
			      const int32_t *receive, const uint32_t *law,
			      const int32_t *transmit,
			      const struct beamform_edges *edges, uint32_t n,
			      float scale, uint32_t step, bool inside)
{
	const uint32_t lead = edges->lead, end = n - edges->tail;
	struct tile t = tile_of(rows, receive, transmit, step, inside);
	__m512 re = _mm512_setzero_ps(), im = re;

	if (lead)
		add_group(&re, &im, &t, rows, law, edges->weight, 0, lead,
			  true);
	add_group(&re, &im, &t, rows, law, edges->weight, lead, end,
		  false);
	if (end < n)
		add_group(&re, &im, &t, rows, law, edges->weight, end, n,
			  true);
	give(acc, re, im, scale);
}

_Static_assert(BEAMFORM_BLOCK == 4, "add_group() takes four channels a turn");

void beamform_add_avx512(float *acc, const struct beamform_rows *rows,
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
	__m512i which, p, q;
	int32_t even, odd;	/* bytes from the row to its lines */
};

_Static_assert(sizeof(struct law) <= BEAMFORM_LAW_BYTES, "a law has its room");

static struct law *law_at(void *laws, size_t n)
{
	return (struct law *)((char *)laws + n * BEAMFORM_LAW_BYTES);
}

static ALWAYS_INLINE void make_laws(void *laws,
				    const struct beamform_rows *rows,
				    const int32_t *receive,
				    const uint32_t *number,
				    const int32_t *transmit,
				    const int16_t *weight, uint32_t n,
				    uint32_t step)
{
	struct tile t = tile_of(rows, receive, transmit, step, true);
	uint32_t c;

	t.weighted = weight;
	for (c = 0; c < n; c++) {
		struct law *law = law_at(laws, c);
		struct channel ch;

		find(&ch, &t, number[c]);
		weigh_channels(&ch, &t, weight, 1);
		law->which = ch.which;
		law->p = ch.p;
		law->q = ch.q;
		law->even = ch.even;
		law->odd = ch.odd;
		if (weight)
			weight += BEAMFORM_TILE;
	}
}

void beamform_law_avx512(void *laws, const struct beamform_rows *rows,
			 const int32_t *receive, const uint32_t *law,
			 const int32_t *transmit, const int16_t *weight,
			 uint32_t n)
{
	if (rows->taps->step == 1)
		make_laws(laws, rows, receive, law, transmit, weight, n, 1);
	else
		make_laws(laws, rows, receive, law, transmit, weight, n, 2);
}

/* What one set has of some channels. */
struct part {
	__m512i re, im;
};

/* A law's weights. With -q what is subtracted adds up in one register too. */
struct weights {
	__m512i which, p, q, minus_q;
};

static ALWAYS_INLINE struct weights weights_of(const struct law *law)
{
	return (struct weights){
		.which = law->which, .p = law->p, .q = law->q,
		.minus_q = _mm512_sub_epi16(_mm512_setzero_si512(), law->q),
	};
}

static ALWAYS_INLINE __m512i taps_of(const struct weights *w,
				     const char *even, const char *odd)
{
	return _mm512_permutex2var_epi16(_mm512_load_si512(even), w->which,
					 _mm512_load_si512(odd));
}

/* What the channels of some sets share, and which of them is next. */
struct sum {
	const char *data[BEAMFORM_SETS];
	intptr_t plane, row;
	const void *laws;
	const uint32_t *law;
	const struct law *next;
	intptr_t even, odd;	/* bytes from a set's data to next's lines */
	intptr_t at;		/* and to the row after next's */
	uint32_t left;		/* channels, next included */
	uint32_t count;		/* of sets, a constant */
};

static ALWAYS_INLINE void find_next(struct sum *s)
{
	s->next = law_at((void *)s->laws, *s->law / BEAMFORM_TILE);
	s->even = s->next->even + s->at;
	s->odd = s->next->odd + s->at;
	s->at += s->row;
}

#define EACH_SET	_Pragma("GCC unroll 4") for (k = 0; k < s->count; k++)

/*
 * A channel of every set. Where the one after lies is found first: the queues
 * of vector instructions would be full before its address is known.
 */
static ALWAYS_INLINE void sum_channel(struct part *sum, struct sum *s,
				      bool begin)
{
	const struct weights w = weights_of(s->next);
	const intptr_t even = s->even, odd = s->odd;
	uint32_t k;

	s->law += --s->left > 0;
	find_next(s);
	EACH_SET {
		const __m512i re = taps_of(&w, s->data[k] + even,
					   s->data[k] + odd);

		if (begin) {
			sum[k].re = _mm512_madd_epi16(re, w.p);
			sum[k].im = _mm512_madd_epi16(re, w.q);
		} else {
			DOT(sum[k].re, re, w.p);
			DOT(sum[k].im, re, w.q);
		}
	}
	EACH_SET {
		const __m512i im = taps_of(&w, s->data[k] + s->plane + even,
					   s->data[k] + s->plane + odd);

		DOT(sum[k].re, im, w.minus_q);
		DOT(sum[k].im, im, w.p);
	}
}

static ALWAYS_INLINE void take_sets(__m512 *re, __m512 *im,
				    const struct part *sum,
				    const struct sum *s)
{
	uint32_t k;

	EACH_SET {
		re[k] = _mm512_add_ps(re[k], _mm512_cvtepi32_ps(sum[k].re));
		im[k] = _mm512_add_ps(im[k], _mm512_cvtepi32_ps(sum[k].im));
	}
}

static ALWAYS_INLINE void sum_all(__m512 *re, __m512 *im, struct sum *s)
{
	struct part sum[BEAMFORM_SETS];

	while (s->left >= BEAMFORM_BLOCK) {
		sum_channel(sum, s, true);
		sum_channel(sum, s, false);
		sum_channel(sum, s, false);
		sum_channel(sum, s, false);
		take_sets(re, im, sum, s);
	}
	if (!s->left)
		return;
	sum_channel(sum, s, true);
	while (s->left)
		sum_channel(sum, s, false);
	take_sets(re, im, sum, s);
}

static ALWAYS_INLINE void sum_sets(const struct beamform_sets *sets,
				   const struct beamform_rows *rows,
				   const void *laws, const uint32_t *law,
				   uint32_t first, uint32_t end,
				   uint32_t count, intptr_t plane)
{
	struct sum sum = {
		.plane = plane, .row = rows_of(rows).row,
		.laws = laws, .law = law + first, .left = end - first,
		.count = count,
	};
	const struct sum *s = &sum;
	__m512 re[BEAMFORM_SETS], im[BEAMFORM_SETS];
	uint32_t k;

	EACH_SET {
		sum.data[k] = (const char *)sets->set[k].data +
			      first * sum.row;
		re[k] = im[k] = _mm512_setzero_ps();
	}
	find_next(&sum);
	sum_all(re, im, &sum);
	EACH_SET
		give(sets->set[k].acc, re[k], im[k], sets->set[k].scale);
}

/* Real and imaginary lines lie side by side: addresses have room for that. */
#define BLOCKED_PLANE	(ANALYTIC_LINE * sizeof(int16_t))

static void sum_planar(const struct beamform_sets *sets,
		       const struct beamform_rows *rows, const void *laws,
		       const uint32_t *law, uint32_t first, uint32_t end)
{
	const intptr_t plane = rows_of(rows).plane;
	uint32_t k;

	for (k = 0; k < sets->count; k++) {
		const struct beamform_sets one = { 1, { sets->set[k] } };

		sum_sets(&one, rows, laws, law, first, end, 1, plane);
	}
}

void beamform_sum_avx512(const struct beamform_sets *sets,
			 const struct beamform_rows *rows, const void *laws,
			 const uint32_t *law, uint32_t first, uint32_t end)
{
	const intptr_t plane = BLOCKED_PLANE;

	if (first >= end)
		return;
	if (rows_of(rows).plane != plane)
		sum_planar(sets, rows, laws, law, first, end);
	else if (sets->count == 1)
		sum_sets(sets, rows, laws, law, first, end, 1, plane);
	else if (sets->count == 2)
		sum_sets(sets, rows, laws, law, first, end, 2, plane);
	else if (sets->count == 3)
		sum_sets(sets, rows, laws, law, first, end, 3, plane);
	else
		sum_sets(sets, rows, laws, law, first, end, 4, plane);
}

/* --- parts of an aperture --- */

_Static_assert(BEAMFORM_TILE == 16, "a tile is a vector");

static inline void add_to(float *to, __m512 x)
{
	_mm512_store_ps(to, _mm512_add_ps(_mm512_load_ps(to), x));
}

void beamform_note_avx512(float *acc, float *heard, float *part,
			  const float *active, float weight)
{
	const __m512 w = _mm512_set1_ps(weight);
	const __m512 re = _mm512_load_ps(part);
	const __m512 im = _mm512_load_ps(part + BEAMFORM_TILE);
	const __m512 power = _mm512_add_ps(_mm512_mul_ps(re, re),
					   _mm512_mul_ps(im, im));

	add_to(acc, _mm512_mul_ps(w, re));
	add_to(acc + BEAMFORM_TILE, _mm512_mul_ps(w, im));
	add_to(heard, _mm512_mul_ps(w, power));
	add_to(heard + BEAMFORM_TILE,
	       _mm512_mul_ps(w, _mm512_load_ps(active)));
	_mm512_store_ps(part, _mm512_setzero_ps());
	_mm512_store_ps(part + BEAMFORM_TILE, _mm512_setzero_ps());
}

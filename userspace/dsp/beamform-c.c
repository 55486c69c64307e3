// SPDX-License-Identifier: MIT
/* Delay-and-sum: the specification. */
#include <math.h>

#include "beamform.h"

#define FRACTION	((1 << BEAMFORM_POSITION_BITS) - 1)

void beamform_receive_c(int32_t *delay, const float *along,
			const float *across2, float start, float step,
			uint32_t n)
{
	uint32_t c, j;

	for (c = 0; c < n; c++) {
		for (j = 0; j < BEAMFORM_TILE; j++) {
			const float a = along[c] + (start + j * step);

			*delay++ = lrintf(sqrtf(a * a + across2[c]));
		}
	}
}

static int32_t rounded(int32_t product)
{
	return (product + 0x4000) >> 15;
}

/* Horner's scheme, v and by in Q15, coefficients times @sign. */
static int32_t poly4(const int16_t *c, int sign, int32_t v)
{
	int32_t w = rounded(sign * c[3] * v) + sign * c[2];

	w = rounded(w * v) + sign * c[1];
	return rounded((rounded(w * v) + sign * c[0]) * v);
}

static int32_t poly3(const int16_t *c, int sign, int32_t v, int32_t by)
{
	int32_t w = rounded(sign * c[2] * v) + sign * c[1];

	return rounded((rounded(w * v) + sign * c[0]) * by);
}

/* Weights of a tap: @h from 0 to 1 in Q15, sign -1 for the one after. */
static int32_t weight_p(const struct beamform_taps *t, int32_t h)
{
	const int32_t square = rounded(h * h);

	return t->step == 1 ? poly4(t->p, 1, h) :
			      poly3(t->p, 1, square, square);
}

static int32_t weight_q(const struct beamform_taps *t, int sign, int32_t h)
{
	return t->step == 1 ? poly4(t->q, sign, h) :
			      poly3(t->q, sign, rounded(h * h), h);
}

/* What a sample of a row adds to a grid sample. */
static void add_tap(int32_t *re, int32_t *im, const int16_t *at, size_t plane,
		    int32_t wre, int32_t wim)
{
	*re += at[0] * wre - at[plane] * wim;
	*im += at[0] * wim + at[plane] * wre;
}

/* Where a grid sample's taps lie in a row, and what they weigh. */
struct point {
	int32_t at;
	int16_t p0, p1, q0, q1;
};

struct law {
	struct point point[BEAMFORM_TILE];
};

_Static_assert(sizeof(struct law) <= BEAMFORM_LAW_BYTES, "a law has its room");

void beamform_tabulate(struct beamform_taps *taps)
{
	int32_t f;

	for (f = 0; f <= FRACTION; f++) {
		/* the middle of the fraction's step, Q15, and what is left */
		const int32_t after = (f << 5) + 16, before = 32752 - (f << 5);

		taps->at[f][0] = weight_p(taps, before);
		taps->at[f][1] = weight_p(taps, after);
		taps->at[f][2] = weight_q(taps, 1, before);
		taps->at[f][3] = weight_q(taps, -1, after);
	}
}

/* Left to the compiler, a call for each point takes more than the point. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE struct point find(const struct beamform_taps *taps,
				       int32_t position, const int16_t *weight)
{
	const int16_t *at = taps->at[position & FRACTION];
	struct point point = {
		.at = position >> BEAMFORM_POSITION_BITS,
		.p0 = at[0], .p1 = at[1], .q0 = at[2], .q1 = at[3],
	};

	if (weight) {
		point.p0 = rounded(point.p0 * *weight);
		point.p1 = rounded(point.p1 * *weight);
		point.q0 = rounded(point.q0 * *weight);
		point.q1 = rounded(point.q1 * *weight);
	}
	return point;
}

static ptrdiff_t place(const struct beamform_rows *rows, int32_t m)
{
	return (m >> 5) * (ptrdiff_t)rows->line + (m & 31);
}

/* A line of zeros lies on either side of a row. */
static ALWAYS_INLINE bool counts(const struct beamform_rows *rows, int32_t at)
{
	const struct analytic_span *only = rows->only;

	if ((uint32_t)(at + 1) > rows->lines * ANALYTIC_LINE)
		return false;
	return !only || (at >> 5 >= only->begin && at >> 5 < only->end);
}

static ALWAYS_INLINE void add_point(int32_t *re, int32_t *im,
				    const int16_t *row,
				    const struct beamform_rows *rows,
				    const struct point *point)
{
	if (!counts(rows, point->at))
		return;
	add_tap(re, im, row + place(rows, point->at), rows->plane, point->p0,
		point->q0);
	add_tap(re, im, row + place(rows, point->at + 1), rows->plane,
		point->p1, point->q1);
}

/* Adds a row to integers; after a block's last one, these to the sums. */
struct sums {
	int32_t a[2 * BEAMFORM_TILE];
	float all[2 * BEAMFORM_TILE];
};

static void take(struct sums *s, uint32_t c, uint32_t n)
{
	uint32_t j;

	if ((c + 1) % BEAMFORM_BLOCK && c + 1 < n)
		return;
	for (j = 0; j < 2 * BEAMFORM_TILE; j++) {
		s->all[j] += s->a[j];
		s->a[j] = 0;
	}
}

static void give(float *acc, const struct sums *s, float scale)
{
	uint32_t j;

	for (j = 0; j < 2 * BEAMFORM_TILE; j++)
		acc[j] += s->all[j] * scale;
}

static void add_group(struct sums *s, const struct beamform_rows *rows,
		      const int32_t *receive, const uint32_t *law,
		      const int32_t *transmit, const int16_t *weight,
		      uint32_t first, uint32_t end)
{
	uint32_t c, j;

	for (c = first; c < end; c++) {
		const int32_t *r = receive + law[c];

		for (j = 0; j < BEAMFORM_TILE; j++) {
			const int16_t *w = weight ?
				weight + c * BEAMFORM_TILE + j : NULL;
			const struct point point =
				find(rows->taps, r[j] + transmit[j], w);

			add_point(&s->a[j], &s->a[BEAMFORM_TILE + j],
				  rows->data + c * rows->row, rows, &point);
		}
		take(s, c - first, end - first);
	}
}

void beamform_add_c(float *acc, const struct beamform_rows *rows,
		    const int32_t *receive, const uint32_t *law,
		    const int32_t *transmit,
		    const struct beamform_edges *edges, uint32_t n,
		    float scale)
{
	const uint32_t lead = edges->lead, end = n - edges->tail;
	struct sums s = { 0 };

	add_group(&s, rows, receive, law, transmit, edges->weight, 0, lead);
	add_group(&s, rows, receive, law, transmit, NULL, lead, end);
	add_group(&s, rows, receive, law, transmit, edges->weight, end, n);
	give(acc, &s, scale);
}

static struct law *law_at(const void *laws, size_t n)
{
	return (struct law *)((char *)laws + n * BEAMFORM_LAW_BYTES);
}

void beamform_law_c(void *laws, const struct beamform_rows *rows,
		    const int32_t *receive, const uint32_t *law,
		    const int32_t *transmit, const int16_t *weight, uint32_t n)
{
	uint32_t c, j;

	for (c = 0; c < n; c++) {
		const int32_t *r = receive + law[c];

		for (j = 0; j < BEAMFORM_TILE; j++)
			law_at(laws, c)->point[j] =
				find(rows->taps, r[j] + transmit[j],
				     weight ? weight++ : NULL);
	}
}

static void sum_set(float *acc, const int16_t *data,
		    const struct beamform_rows *rows, const void *laws,
		    const uint32_t *law, uint32_t n, float scale)
{
	struct sums s = { 0 };
	uint32_t c, j;

	for (c = 0; c < n; c++) {
		const struct law *l = law_at(laws, law[c] / BEAMFORM_TILE);

		for (j = 0; j < BEAMFORM_TILE; j++)
			add_point(&s.a[j], &s.a[BEAMFORM_TILE + j],
				  data + c * rows->row, rows, &l->point[j]);
		take(&s, c, n);
	}
	give(acc, &s, scale);
}

void beamform_sum_c(const struct beamform_sets *sets,
		    const struct beamform_rows *rows, const void *laws,
		    const uint32_t *law, uint32_t first, uint32_t end)
{
	uint32_t k;

	for (k = 0; k < sets->count; k++)
		sum_set(sets->set[k].acc,
			sets->set[k].data + first * rows->row, rows, laws,
			law + first, end - first, sets->set[k].scale);
}

void beamform_note_c(float *acc, float *heard, float *part,
		     const float *active, float weight)
{
	uint32_t j;

	for (j = 0; j < BEAMFORM_TILE; j++) {
		const float re = part[j], im = part[BEAMFORM_TILE + j];

		acc[j] += weight * re;
		acc[BEAMFORM_TILE + j] += weight * im;
		heard[j] += weight * (re * re + im * im);
		heard[BEAMFORM_TILE + j] += weight * active[j];
		part[j] = 0;
		part[BEAMFORM_TILE + j] = 0;
	}
}

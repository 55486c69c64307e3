// SPDX-License-Identifier: MIT
/*
 * Wall filters, autocorrelations and velocity, 8 places at once. The loops that
 * matter are written once for a number of terms and of vectors that is known
 * where they are inlined, so that their sums stay in registers.
 */
#include "doppler.h"
#include "vec-avx512.h"

#define INLINE	static inline __attribute__((always_inline))
#define FULL	0xffff
#define UNROLL	_Pragma("GCC unroll 16")

/* --- projections --- */

/*
 * Images lie far apart: reading from all of them at once waits for memory, and
 * no processor guesses that many streams. While a group of places is in the
 * registers, those a kilobyte on come into the second cache; what lies behind
 * the last image is never touched.
 */
INLINE void fetch_ahead(const float *iq, const int width)
{
	int i;

	UNROLL for (i = 0; i < 16 * width; i += 16)
		__builtin_prefetch(iq + DOPPLER_AHEAD + i, 0, 2);
}

INLINE void project(float *y, size_t y_stride, const float *iq, size_t stride,
		    const struct wall_law *law, const int terms,
		    const int width, __mmask16 m)
{
	const uint32_t ensemble = law->ensemble;
	__m512 sum[WALL_TERMS_MAX][4];
	uint32_t t;
	int k, w;

	UNROLL for (k = 0; k < terms; k++)
		UNROLL for (w = 0; w < width; w++)
			sum[k][w] = _mm512_setzero_ps();
	for (t = 0; t < ensemble; t++) {
		UNROLL for (w = 0; w < width; w++) {
			__m512 x = vec512_load(iq + t * stride + 16 * w, m);

			_mm512_storeu_ps(y + t * y_stride + 16 * w, x);
			UNROLL for (k = 0; k < terms; k++)
				sum[k][w] = _mm512_fmadd_ps(_mm512_set1_ps(
					law->basis[k * ensemble + t]), x,
					sum[k][w]);
		}
	}
	for (t = 0; t < ensemble; t++) {
		fetch_ahead(iq + t * stride, width);
		UNROLL for (w = 0; w < width; w++) {
			float *at = y + t * y_stride + 16 * w;
			__m512 x = _mm512_loadu_ps(at);

			UNROLL for (k = 0; k < terms; k++)
				x = _mm512_fnmadd_ps(_mm512_set1_ps(
					law->basis[k * ensemble + t]),
					sum[k][w], x);
			_mm512_storeu_ps(at, x);
		}
	}
}

/* All of a vector is written: y has room, up to a multiple of 8 places. */
INLINE void project_all(float *y, size_t y_stride, const float *iq,
			size_t stride, uint32_t n, const struct wall_law *law,
			const int terms, const int width)
{
	uint32_t j;

	for (j = 0; j + 16 * width <= 2 * n; j += 16 * width)
		project(y + j, y_stride, iq + j, stride, law, terms, width,
			FULL);
	for (; j < 2 * n; j += 16)
		project(y + j, y_stride, iq + j, stride, law, terms, 1,
			vec512_first(2 * n - j));
}

void doppler_project_avx512(float *y, size_t y_stride, const float *iq,
			    size_t stride, uint32_t n,
			    const struct wall_law *law)
{
	switch (law->terms) {
#define TERMS(terms, width) case terms: \
	project_all(y, y_stride, iq, stride, n, law, terms, width); break
	TERMS(0, 4);
	TERMS(1, 4);
	TERMS(2, 4);
	TERMS(3, 4);
	TERMS(4, 4);
	TERMS(5, 2);
	TERMS(6, 2);
	TERMS(7, 2);
	TERMS(8, 2);
#undef TERMS
	}
}

INLINE void eigen(float *y, size_t y_stride, const float *iq, size_t stride,
		  const struct wall_law *law, const int terms, const int width,
		  __mmask16 m)
{
	const __m512 one = _mm512_set1_ps(1);
	const __m512 even = _mm512_castsi512_ps(
		_mm512_set1_epi64(0x80000000));
	const uint32_t ensemble = law->ensemble;
	/* by real and imaginary parts of the basis */
	__m512 re[WALL_TERMS_MAX][4], im[WALL_TERMS_MAX][4];
	uint32_t t;
	int k, w;

	UNROLL for (k = 0; k < terms; k++)
		UNROLL for (w = 0; w < width; w++)
			re[k][w] = im[k][w] = _mm512_setzero_ps();
	for (t = 0; t < ensemble; t++) {
		UNROLL for (w = 0; w < width; w++) {
			__m512 x = vec512_load(iq + t * stride + 16 * w, m);

			_mm512_storeu_ps(y + t * y_stride + 16 * w, x);
			UNROLL for (k = 0; k < terms; k++) {
				const float *u = law->basis +
						 2 * (k * ensemble + t);

				re[k][w] = _mm512_fmadd_ps(
					_mm512_set1_ps(u[0]), x, re[k][w]);
				im[k][w] = _mm512_fmadd_ps(
					_mm512_set1_ps(u[1]), x, im[k][w]);
			}
		}
	}
	/* sums p of conj(u) x, and i p */
	UNROLL for (k = 0; k < terms; k++)
		UNROLL for (w = 0; w < width; w++) {
			re[k][w] = _mm512_fmsubadd_ps(re[k][w], one,
						      vec512_swap(im[k][w]));
			im[k][w] = _mm512_xor_ps(vec512_swap(re[k][w]), even);
		}
	for (t = 0; t < ensemble; t++) {
		fetch_ahead(iq + t * stride, width);
		UNROLL for (w = 0; w < width; w++) {
			float *at = y + t * y_stride + 16 * w;
			__m512 x = _mm512_loadu_ps(at);

			UNROLL for (k = 0; k < terms; k++) {
				const float *u = law->basis +
						 2 * (k * ensemble + t);

				x = _mm512_fnmadd_ps(_mm512_set1_ps(u[0]),
						     re[k][w], x);
				x = _mm512_fnmadd_ps(_mm512_set1_ps(u[1]),
						     im[k][w], x);
			}
			_mm512_storeu_ps(at, x);
		}
	}
}

INLINE void eigen_all(float *y, size_t y_stride, const float *iq,
		      size_t stride, uint32_t n, const struct wall_law *law,
		      const int terms, const int width)
{
	uint32_t j;

	for (j = 0; j + 16 * width <= 2 * n; j += 16 * width)
		eigen(y + j, y_stride, iq + j, stride, law, terms, width,
		      FULL);
	for (; j < 2 * n; j += 16)
		eigen(y + j, y_stride, iq + j, stride, law, terms, 1,
		      vec512_first(2 * n - j));
}

void doppler_eigen_avx512(float *y, size_t y_stride, const float *iq,
			  size_t stride, uint32_t n,
			  const struct wall_law *law)
{
	switch (law->terms) {
#define TERMS(terms, width) case terms: \
	eigen_all(y, y_stride, iq, stride, n, law, terms, width); break
	TERMS(1, 4);
	TERMS(2, 4);
	TERMS(3, 2);
	TERMS(4, 2);
	TERMS(5, 2);
	TERMS(6, 1);
	TERMS(7, 1);
	TERMS(8, 1);
#undef TERMS
	}
}

/* --- matrices --- */

#define ROWS	4

/* @rows rows at once: each sample that is loaded serves all of them. */
INLINE void multiply(float *y, size_t y_stride, const float *x, size_t stride,
		     const struct wall_law *law, uint32_t r, const int rows,
		     const int width, __mmask16 m)
{
	const float *matrix = law->matrix + (size_t)r * law->ensemble;
	uint32_t from = law->from[r], to = law->to[r], t;
	__m512 sum[ROWS][2];
	int k, w;

	UNROLL for (k = 0; k < rows; k++) {
		if (law->from[r + k] < from)
			from = law->from[r + k];
		if (law->to[r + k] > to)
			to = law->to[r + k];
		UNROLL for (w = 0; w < width; w++)
			sum[k][w] = _mm512_setzero_ps();
	}
	for (t = from; t < to; t++)
		UNROLL for (w = 0; w < width; w++) {
			__m512 s = vec512_load(x + t * stride + 16 * w, m);

			UNROLL for (k = 0; k < rows; k++)
				sum[k][w] = _mm512_fmadd_ps(_mm512_set1_ps(
					matrix[k * law->ensemble + t]), s,
					sum[k][w]);
		}
	UNROLL for (k = 0; k < rows; k++)
		UNROLL for (w = 0; w < width; w++)
			vec512_store(y + (r + k) * y_stride + 16 * w, m,
				     sum[k][w]);
}

INLINE void multiply_all(float *y, size_t y_stride, const float *x,
			 size_t stride, const struct wall_law *law,
			 const int width, __mmask16 m)
{
	uint32_t r;

	for (r = 0; r + ROWS <= law->rows; r += ROWS)
		multiply(y, y_stride, x, stride, law, r, ROWS, width, m);
	for (; r < law->rows; r++)
		multiply(y, y_stride, x, stride, law, r, 1, width, m);
}

void doppler_matrix_avx512(float *y, size_t y_stride, const float *x,
			   size_t stride, uint32_t n,
			   const struct wall_law *law)
{
	uint32_t j;

	for (j = 0; j + 32 <= 2 * n; j += 32)
		multiply_all(y + j, y_stride, x + j, stride, law, 2, FULL);
	for (; j < 2 * n; j += 16)
		multiply_all(y + j, y_stride, x + j, stride, law, 1,
			     vec512_first(2 * n - j));
}

/* --- covariance --- */

#define LATER	4	/* images against */
#define EARLIER	2	/* images */

/* The sum of like parts beside the difference of unlike ones. */
INLINE __m512 combine(__m512 like, __m512 unlike)
{
	return _mm512_mask_sub_ps(_mm512_add_ps(like, vec512_swap(like)),
				  0xaaaa, unlike, vec512_swap(unlike));
}

INLINE __m512 add_units(__m512 a, __m512 b)
{
	__m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);

	return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
			     _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
}

INLINE __m512 add_lanes(__m512 a, __m512 b)
{
	return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88),
			     _mm512_shuffle_f32x4(a, b, 0xdd));
}

/* Sums of the 8 complex numbers of each vector, to a tile of the matrix. */
INLINE void add_tile(double *c, size_t stride, __m512 (*v)[EARLIER])
{
	float out[16];
	__m512 sum;
	int a;

	sum = add_lanes(add_lanes(add_units(v[0][0], v[0][1]),
				  add_units(v[1][0], v[1][1])),
			add_lanes(add_units(v[2][0], v[2][1]),
				  add_units(v[3][0], v[3][1])));
	_mm512_storeu_ps(out, sum);
	UNROLL for (a = 0; a < LATER; a++) {
		double *at = c + a * stride;

		_mm256_storeu_pd(at, _mm256_add_pd(_mm256_loadu_pd(at),
			_mm256_cvtps_pd(_mm_loadu_ps(out + 4 * a))));
	}
}

INLINE void add_one(double *c, __m512 v)
{
	c[0] += _mm512_mask_reduce_add_ps(0x5555, v);
	c[1] += _mm512_mask_reduce_add_ps(0xaaaa, v);
}

/*
 * A tile of the matrix: for each pair the products of like parts, which sum to
 * the real part, and of unlike, whose difference is the imaginary.
 */
INLINE void tile(double *c, const float *x, size_t stride, uint32_t n,
		 uint32_t ensemble, uint32_t t, uint32_t u, const int later,
		 const int earlier)
{
	__m512 like[LATER][EARLIER], unlike[LATER][EARLIER];
	uint32_t j;
	int a, b;

	UNROLL for (a = 0; a < later; a++)
		UNROLL for (b = 0; b < earlier; b++)
			like[a][b] = unlike[a][b] = _mm512_setzero_ps();
	for (j = 0; j < 2 * n; j += 16) {
		const __mmask16 m = vec512_first(2 * n - j);
		__m512 first[EARLIER], swapped[EARLIER];

		UNROLL for (b = 0; b < earlier; b++) {
			first[b] = _mm512_maskz_loadu_ps(
				m, x + (u + b) * stride + j);
			swapped[b] = vec512_swap(first[b]);
		}
		UNROLL for (a = 0; a < later; a++) {
			__m512 s = _mm512_maskz_loadu_ps(
				m, x + (t + a) * stride + j);

			UNROLL for (b = 0; b < earlier; b++) {
				like[a][b] = _mm512_fmadd_ps(s, first[b],
							     like[a][b]);
				unlike[a][b] = _mm512_fmadd_ps(s, swapped[b],
							       unlike[a][b]);
			}
		}
	}
	UNROLL for (a = 0; a < later; a++)
		UNROLL for (b = 0; b < earlier; b++)
			like[a][b] = combine(like[a][b], unlike[a][b]);
	c += 2 * ((size_t)t * ensemble + u);
	if (later == LATER)
		add_tile(c, 2 * ensemble, like);
	else
		add_one(c, like[0][0]);
}

void doppler_covariance_avx512(double *c, const float *x, size_t stride,
			       uint32_t n, uint32_t ensemble)
{
	uint32_t t, u;

	for (t = 0; t + LATER <= ensemble; t += LATER)
		for (u = 0; u < t + LATER; u += EARLIER)
			tile(c, x, stride, n, ensemble, t, u, LATER, EARLIER);
	for (; t < ensemble; t++)
		for (u = 0; u <= t; u++)
			tile(c, x, stride, n, ensemble, t, u, 1, 1);
}

/* --- autocorrelations --- */

INLINE void correlate(float *r1, float *power, const float *y, size_t stride,
		      uint32_t rows, const int width, __mmask16 m,
		      __mmask8 half)
{
	const __m512 share = _mm512_set1_ps(1.0f / rows);
	__m512 last[4], like[4], unlike[4], sum[4];
	uint32_t t;
	int w;

	UNROLL for (w = 0; w < width; w++) {
		last[w] = vec512_load(y + 16 * w, m);
		sum[w] = _mm512_mul_ps(last[w], last[w]);
		like[w] = unlike[w] = _mm512_setzero_ps();
	}
	for (t = 1; t < rows; t++)
		UNROLL for (w = 0; w < width; w++) {
			__m512 now = vec512_load(y + t * stride + 16 * w, m);

			sum[w] = _mm512_fmadd_ps(now, now, sum[w]);
			like[w] = _mm512_fmadd_ps(now, last[w], like[w]);
			unlike[w] = _mm512_fmadd_ps(now, vec512_swap(last[w]),
						    unlike[w]);
			last[w] = now;
		}
	UNROLL for (w = 0; w < width; w++) {
		__m512 p = _mm512_mul_ps(_mm512_add_ps(sum[w],
						       vec512_swap(sum[w])),
					 share);

		vec512_store(r1 + 16 * w, m, combine(like[w], unlike[w]));
		_mm256_mask_storeu_ps(power + 8 * w, half,
			_mm256_castsi256_ps(_mm512_cvtepi64_epi32(
				_mm512_castps_si512(p))));
	}
}

void doppler_correlate_avx512(float *r1, float *power, const float *y,
			      size_t stride, uint32_t n, uint32_t rows)
{
	uint32_t j;

	for (j = 0; j + 64 <= 2 * n; j += 64)
		correlate(r1 + j, power + j / 2, y + j, stride, rows, 4, FULL,
			  0xff);
	for (; j < 2 * n; j += 16)
		correlate(r1 + j, power + j / 2, y + j, stride, rows, 1,
			  vec512_first(2 * n - j), vec512_first(n - j / 2));
}

INLINE void axial(float *f, const float *y, size_t stride, uint32_t rows,
		  const int width, __mmask16 m)
{
	__m512 like[4], unlike[4];
	uint32_t t;
	int w;

	UNROLL for (w = 0; w < width; w++)
		like[w] = unlike[w] = _mm512_setzero_ps();
	for (t = 0; t < rows; t++)
		UNROLL for (w = 0; w < width; w++) {
			const float *at = y + t * stride + 16 * w;
			__m512 here = vec512_load(at, m);
			__m512 next = vec512_load(at + 2, m);

			like[w] = _mm512_fmadd_ps(next, here, like[w]);
			unlike[w] = _mm512_fmadd_ps(next, vec512_swap(here),
						    unlike[w]);
		}
	UNROLL for (w = 0; w < width; w++)
		vec512_store(f + 16 * w, m, combine(like[w], unlike[w]));
}

void doppler_axial_avx512(float *f, const float *y, size_t stride, uint32_t n,
			  uint32_t rows)
{
	uint32_t j;

	for (j = 0; j + 64 <= 2 * n; j += 64)
		axial(f + j, y + j, stride, rows, 4, FULL);
	for (; j < 2 * n; j += 16)
		axial(f + j, y + j, stride, rows, 1, vec512_first(2 * n - j));
}

/* --- velocity --- */

void doppler_mean_avx512(float *out, const float *const *in, uint32_t window,
			 size_t n)
{
	const __m512 share = _mm512_set1_ps(1.0f / window);
	size_t j;
	uint32_t k;

	for (j = 0; j < n; j += 16) {
		const __mmask16 m = vec512_first(n - j);
		__m512 sum = _mm512_maskz_loadu_ps(m, in[0] + j);

		for (k = 1; k < window; k++)
			sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(
							 m, in[k] + j));
		_mm512_mask_storeu_ps(out + j, m, _mm512_mul_ps(sum, share));
	}
}

/* 16 phases from complex numbers, and their sizes; masks of both vectors */
INLINE __m512 phase(const float *z, __mmask16 m0, __mmask16 m1, __m512 *size)
{
	__m512 a = _mm512_maskz_loadu_ps(m0, z);
	__m512 b = _mm512_maskz_loadu_ps(m1, z + 16);

	return vec512_polar(vec512_part(a, b, 1), vec512_part(a, b, 0), size);
}

/* Return: where the frequency that f says is within an octave of the carrier. */
INLINE __mmask16 correct(__m512 *v, __m512 f, const struct doppler_scale *scale)
{
	const __m512 carrier = _mm512_set1_ps(scale->carrier);
	const __m512 turn = _mm512_set1_ps(2 * M_PI);
	__m512 off = _mm512_sub_ps(f, _mm512_set1_ps(scale->turn));
	__m512 turns = _mm512_roundscale_ps(
		_mm512_mul_ps(off, _mm512_set1_ps(1 / (2 * M_PI))), 0);
	__m512 at, near;

	off = _mm512_fnmadd_ps(turns, turn, off);
	at = _mm512_fmadd_ps(off, _mm512_set1_ps(scale->detune), carrier);
	near = _mm512_min_ps(
		_mm512_max_ps(at, _mm512_set1_ps(scale->carrier / 2)),
		_mm512_set1_ps(2 * scale->carrier));
	*v = _mm512_mul_ps(*v, _mm512_div_ps(carrier, near));
	return _mm512_cmp_ps_mask(at, near, _CMP_EQ_OQ);
}

void doppler_estimate_avx512(float *v, float *power_db, float *variance,
			     uint8_t *valid, const float *r1,
			     const float *power, const float *f, size_t n,
			     const struct doppler_scale *scale)
{
	const __m512 one = _mm512_set1_ps(1);
	size_t j;

	for (j = 0; j < n; j += 16) {
		const __mmask16 m = vec512_first(n - j);
		const __mmask16 m0 = vec512_first(2 * (n - j));
		const __mmask16 m1 = n - j > 8 ?
				     vec512_first(2 * (n - j) - 16) : 0;
		__m512 size, unused, p, db, speed, all;
		__mmask16 good, some, found = m;

		p = _mm512_maskz_loadu_ps(m, power + j);
		speed = _mm512_mul_ps(phase(r1 + 2 * j, m0, m1, &size),
				      _mm512_set1_ps(scale->velocity));
		if (f)
			found = correct(&speed, phase(f + 2 * j, m0, m1,
						      &unused), scale);
		db = vec512_db(p, _mm512_set1_ps(scale->offset_db));
		all = _mm512_mul_ps(p, _mm512_set1_ps(scale->pairs));
		some = _mm512_cmp_ps_mask(all, _mm512_setzero_ps(),
					  _CMP_GT_OQ);
		good = _mm512_cmp_ps_mask(db,
					  _mm512_set1_ps(scale->power_min_db),
					  _CMP_GE_OQ) &
		       _mm512_cmp_ps_mask(_mm512_abs_ps(speed),
					  _mm512_set1_ps(scale->velocity_min),
					  _CMP_GE_OQ) & found;
		_mm512_mask_storeu_ps(v + j, m, speed);
		_mm512_mask_storeu_ps(power_db + j, m, db);
		_mm512_mask_storeu_ps(variance + j, m,
			_mm512_sub_ps(one, _mm512_maskz_div_ps(some, size,
							       all)));
		_mm_mask_storeu_epi8(valid + j, m,
				     _mm_maskz_set1_epi8(good, 1));
	}
}

// SPDX-License-Identifier: MIT
/*
 * Wall filters, autocorrelations and velocity, 4 places at once. The loops that
 * matter are written once for a number of terms and of vectors that is known
 * where they are inlined, so that their sums stay in registers.
 */
#include "doppler.h"
#include "vec-avx2.h"

#define INLINE	static inline __attribute__((always_inline))
#define FULL	8
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

	UNROLL for (i = 0; i < 8 * width; i += 16)
		__builtin_prefetch(iq + DOPPLER_AHEAD + i, 0, 2);
}

INLINE void project(float *y, size_t y_stride, const float *iq, size_t stride,
		    const struct wall_law *law, const int terms,
		    const int width, size_t m)
{
	const uint32_t ensemble = law->ensemble;
	__m256 sum[WALL_TERMS_MAX][4];
	uint32_t t;
	int k, w;

	UNROLL for (k = 0; k < terms; k++)
		UNROLL for (w = 0; w < width; w++)
			sum[k][w] = _mm256_setzero_ps();
	for (t = 0; t < ensemble; t++) {
		UNROLL for (w = 0; w < width; w++) {
			__m256 x = vec256_load(iq + t * stride + 8 * w, m);

			_mm256_storeu_ps(y + t * y_stride + 8 * w, x);
			UNROLL for (k = 0; k < terms; k++)
				sum[k][w] = _mm256_fmadd_ps(_mm256_set1_ps(
					law->basis[k * ensemble + t]), x,
					sum[k][w]);
		}
	}
	for (t = 0; t < ensemble; t++) {
		fetch_ahead(iq + t * stride, width);
		UNROLL for (w = 0; w < width; w++) {
			float *at = y + t * y_stride + 8 * w;
			__m256 x = _mm256_loadu_ps(at);

			UNROLL for (k = 0; k < terms; k++)
				x = _mm256_fnmadd_ps(_mm256_set1_ps(
					law->basis[k * ensemble + t]),
					sum[k][w], x);
			_mm256_storeu_ps(at, x);
		}
	}
}

/* All of a vector is written: y has room, up to a multiple of 8 places. */
INLINE void project_all(float *y, size_t y_stride, const float *iq,
			size_t stride, uint32_t n, const struct wall_law *law,
			const int terms, const int width)
{
	uint32_t j;

	for (j = 0; j + 8 * width <= 2 * n; j += 8 * width)
		project(y + j, y_stride, iq + j, stride, law, terms, width,
			FULL);
	for (; j < 2 * n; j += 8)
		project(y + j, y_stride, iq + j, stride, law, terms, 1,
			2 * n - j);
}

void doppler_project_avx2(float *y, size_t y_stride, const float *iq,
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
	TERMS(4, 2);
	TERMS(5, 2);
	TERMS(6, 2);
	TERMS(7, 1);
	TERMS(8, 1);
#undef TERMS
	}
}

INLINE void eigen(float *y, size_t y_stride, const float *iq, size_t stride,
		  const struct wall_law *law, const int terms, const int width,
		  size_t m)
{
	const __m256 one = _mm256_set1_ps(1);
	const __m256 even = _mm256_castsi256_ps(
		_mm256_set1_epi64x(0x80000000));
	const uint32_t ensemble = law->ensemble;
	/* by real and imaginary parts of the basis */
	__m256 re[WALL_TERMS_MAX][4], im[WALL_TERMS_MAX][4];
	uint32_t t;
	int k, w;

	UNROLL for (k = 0; k < terms; k++)
		UNROLL for (w = 0; w < width; w++)
			re[k][w] = im[k][w] = _mm256_setzero_ps();
	for (t = 0; t < ensemble; t++) {
		UNROLL for (w = 0; w < width; w++) {
			__m256 x = vec256_load(iq + t * stride + 8 * w, m);

			_mm256_storeu_ps(y + t * y_stride + 8 * w, x);
			UNROLL for (k = 0; k < terms; k++) {
				const float *u = law->basis +
						 2 * (k * ensemble + t);

				re[k][w] = _mm256_fmadd_ps(
					_mm256_set1_ps(u[0]), x, re[k][w]);
				im[k][w] = _mm256_fmadd_ps(
					_mm256_set1_ps(u[1]), x, im[k][w]);
			}
		}
	}
	/* sums p of conj(u) x, and i p */
	UNROLL for (k = 0; k < terms; k++)
		UNROLL for (w = 0; w < width; w++) {
			re[k][w] = _mm256_fmsubadd_ps(re[k][w], one,
						      vec256_swap(im[k][w]));
			im[k][w] = _mm256_xor_ps(vec256_swap(re[k][w]), even);
		}
	for (t = 0; t < ensemble; t++) {
		fetch_ahead(iq + t * stride, width);
		UNROLL for (w = 0; w < width; w++) {
			float *at = y + t * y_stride + 8 * w;
			__m256 x = _mm256_loadu_ps(at);

			UNROLL for (k = 0; k < terms; k++) {
				const float *u = law->basis +
						 2 * (k * ensemble + t);

				x = _mm256_fnmadd_ps(_mm256_set1_ps(u[0]),
						     re[k][w], x);
				x = _mm256_fnmadd_ps(_mm256_set1_ps(u[1]),
						     im[k][w], x);
			}
			_mm256_storeu_ps(at, x);
		}
	}
}

INLINE void eigen_all(float *y, size_t y_stride, const float *iq,
		      size_t stride, uint32_t n, const struct wall_law *law,
		      const int terms, const int width)
{
	uint32_t j;

	for (j = 0; j + 8 * width <= 2 * n; j += 8 * width)
		eigen(y + j, y_stride, iq + j, stride, law, terms, width,
		      FULL);
	for (; j < 2 * n; j += 8)
		eigen(y + j, y_stride, iq + j, stride, law, terms, 1,
		      2 * n - j);
}

void doppler_eigen_avx2(float *y, size_t y_stride, const float *iq,
			  size_t stride, uint32_t n,
			  const struct wall_law *law)
{
	switch (law->terms) {
#define TERMS(terms, width) case terms: \
	eigen_all(y, y_stride, iq, stride, n, law, terms, width); break
	TERMS(1, 4);
	TERMS(2, 2);
	TERMS(3, 2);
	TERMS(4, 1);
	TERMS(5, 1);
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
		     const int width, size_t m)
{
	const float *matrix = law->matrix + (size_t)r * law->ensemble;
	uint32_t from = law->from[r], to = law->to[r], t;
	__m256 sum[ROWS][2];
	int k, w;

	UNROLL for (k = 0; k < rows; k++) {
		if (law->from[r + k] < from)
			from = law->from[r + k];
		if (law->to[r + k] > to)
			to = law->to[r + k];
		UNROLL for (w = 0; w < width; w++)
			sum[k][w] = _mm256_setzero_ps();
	}
	for (t = from; t < to; t++)
		UNROLL for (w = 0; w < width; w++) {
			__m256 s = vec256_load(x + t * stride + 8 * w, m);

			UNROLL for (k = 0; k < rows; k++)
				sum[k][w] = _mm256_fmadd_ps(_mm256_set1_ps(
					matrix[k * law->ensemble + t]), s,
					sum[k][w]);
		}
	UNROLL for (k = 0; k < rows; k++)
		UNROLL for (w = 0; w < width; w++)
			vec256_store(y + (r + k) * y_stride + 8 * w, m,
				     sum[k][w]);
}

INLINE void multiply_all(float *y, size_t y_stride, const float *x,
			 size_t stride, const struct wall_law *law,
			 const int width, size_t m)
{
	uint32_t r;

	for (r = 0; r + ROWS <= law->rows; r += ROWS)
		multiply(y, y_stride, x, stride, law, r, ROWS, width, m);
	for (; r < law->rows; r++)
		multiply(y, y_stride, x, stride, law, r, 1, width, m);
}

void doppler_matrix_avx2(float *y, size_t y_stride, const float *x,
			   size_t stride, uint32_t n,
			   const struct wall_law *law)
{
	uint32_t j;

	for (j = 0; j + 16 <= 2 * n; j += 16)
		multiply_all(y + j, y_stride, x + j, stride, law, 2, FULL);
	for (; j < 2 * n; j += 8)
		multiply_all(y + j, y_stride, x + j, stride, law, 1,
			     2 * n - j);
}

/* --- covariance --- */

#define LATER	4	/* images against one */

/* The sum of like parts beside the difference of unlike ones. */
INLINE __m256 combine(__m256 like, __m256 unlike)
{
	return _mm256_blend_ps(_mm256_add_ps(like, vec256_swap(like)),
			       _mm256_sub_ps(unlike, vec256_swap(unlike)),
			       0xaa);
}

INLINE __m256 add_units(__m256 a, __m256 b)
{
	__m256d x = _mm256_castps_pd(a), y = _mm256_castps_pd(b);

	return _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(x, y)),
			     _mm256_castpd_ps(_mm256_unpackhi_pd(x, y)));
}

INLINE __m256 add_lanes(__m256 a, __m256 b)
{
	return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20),
			     _mm256_permute2f128_ps(a, b, 0x31));
}

/* Sums of the 4 complex numbers of each vector, to a tile of the matrix. */
INLINE void add_tile(double *c, size_t stride, const __m256 *v)
{
	float out[8];
	int a;

	_mm256_storeu_ps(out, add_lanes(add_units(v[0], v[1]),
					add_units(v[2], v[3])));
	UNROLL for (a = 0; a < LATER; a++) {
		c[a * stride] += out[2 * a];
		c[a * stride + 1] += out[2 * a + 1];
	}
}

INLINE void add_one(double *c, __m256 v)
{
	float out[8];
	int a;

	_mm256_storeu_ps(out, v);
	UNROLL for (a = 0; a < 8; a++)
		c[a % 2] += out[a];
}

INLINE void multiply_add(__m256 *like, __m256 *unlike, const float *t,
			 const float *u, size_t stride, const int later,
			 size_t m)
{
	__m256 first = vec256_load(u, m), swapped = vec256_swap(first);
	int a;

	UNROLL for (a = 0; a < later; a++) {
		__m256 s = vec256_load(t + a * stride, m);

		like[a] = _mm256_fmadd_ps(s, first, like[a]);
		unlike[a] = _mm256_fmadd_ps(s, swapped, unlike[a]);
	}
}

/*
 * A tile of the matrix: for each pair the products of like parts, which sum to
 * the real part, and of unlike, whose difference is the imaginary.
 */
INLINE void tile(double *c, const float *x, size_t stride, uint32_t n,
		 uint32_t ensemble, uint32_t t, uint32_t u, const int later)
{
	__m256 like[LATER], unlike[LATER];
	uint32_t j;
	int a;

	UNROLL for (a = 0; a < later; a++)
		like[a] = unlike[a] = _mm256_setzero_ps();
	for (j = 0; j + 8 <= 2 * n; j += 8)
		multiply_add(like, unlike, x + t * stride + j,
			     x + u * stride + j, stride, later, FULL);
	if (j < 2 * n)
		multiply_add(like, unlike, x + t * stride + j,
			     x + u * stride + j, stride, later, 2 * n - j);
	UNROLL for (a = 0; a < later; a++)
		like[a] = combine(like[a], unlike[a]);
	c += 2 * ((size_t)t * ensemble + u);
	if (later == LATER)
		add_tile(c, 2 * ensemble, like);
	else
		add_one(c, like[0]);
}

void doppler_covariance_avx2(double *c, const float *x, size_t stride,
			     uint32_t n, uint32_t ensemble)
{
	uint32_t t, u;

	for (t = 0; t + LATER <= ensemble; t += LATER)
		for (u = 0; u < t + LATER; u++)
			tile(c, x, stride, n, ensemble, t, u, LATER);
	for (; t < ensemble; t++)
		for (u = 0; u <= t; u++)
			tile(c, x, stride, n, ensemble, t, u, 1);
}

/* --- autocorrelations --- */

INLINE void correlate(float *r1, float *power, const float *y, size_t stride,
		      uint32_t rows, const int width, size_t m,
		      size_t half)
{
	const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
	const __m256 share = _mm256_set1_ps(1.0f / rows);
	__m256 last[3], like[3], unlike[3], sum[3];
	uint32_t t;
	int w;

	UNROLL for (w = 0; w < width; w++) {
		last[w] = vec256_load(y + 8 * w, m);
		sum[w] = _mm256_mul_ps(last[w], last[w]);
		like[w] = unlike[w] = _mm256_setzero_ps();
	}
	for (t = 1; t < rows; t++)
		UNROLL for (w = 0; w < width; w++) {
			__m256 now = vec256_load(y + t * stride + 8 * w, m);

			sum[w] = _mm256_fmadd_ps(now, now, sum[w]);
			like[w] = _mm256_fmadd_ps(now, last[w], like[w]);
			unlike[w] = _mm256_fmadd_ps(now, vec256_swap(last[w]),
						    unlike[w]);
			last[w] = now;
		}
	UNROLL for (w = 0; w < width; w++) {
		__m256 p = _mm256_mul_ps(_mm256_add_ps(sum[w],
						       vec256_swap(sum[w])),
					 share);

		vec256_store(r1 + 8 * w, m, combine(like[w], unlike[w]));
		p = _mm256_permutevar8x32_ps(p, even);
		if (half >= 4)
			_mm_storeu_ps(power + 4 * w, _mm256_castps256_ps128(p));
		else
			vec256_store(power, half, p);
	}
}

void doppler_correlate_avx2(float *r1, float *power, const float *y,
			      size_t stride, uint32_t n, uint32_t rows)
{
	uint32_t j;

	for (j = 0; j + 24 <= 2 * n; j += 24)
		correlate(r1 + j, power + j / 2, y + j, stride, rows, 3, FULL,
			  4);
	for (; j < 2 * n; j += 8)
		correlate(r1 + j, power + j / 2, y + j, stride, rows, 1,
			  2 * n - j, n - j / 2);
}

INLINE void axial(float *f, const float *y, size_t stride, uint32_t rows,
		  const int width, size_t m)
{
	__m256 like[4], unlike[4];
	uint32_t t;
	int w;

	UNROLL for (w = 0; w < width; w++)
		like[w] = unlike[w] = _mm256_setzero_ps();
	for (t = 0; t < rows; t++)
		UNROLL for (w = 0; w < width; w++) {
			const float *at = y + t * stride + 8 * w;
			__m256 here = vec256_load(at, m);
			__m256 next = vec256_load(at + 2, m);

			like[w] = _mm256_fmadd_ps(next, here, like[w]);
			unlike[w] = _mm256_fmadd_ps(next, vec256_swap(here),
						    unlike[w]);
		}
	UNROLL for (w = 0; w < width; w++)
		vec256_store(f + 8 * w, m, combine(like[w], unlike[w]));
}

void doppler_axial_avx2(float *f, const float *y, size_t stride, uint32_t n,
			  uint32_t rows)
{
	uint32_t j;

	for (j = 0; j + 32 <= 2 * n; j += 32)
		axial(f + j, y + j, stride, rows, 4, FULL);
	for (; j < 2 * n; j += 8)
		axial(f + j, y + j, stride, rows, 1, 2 * n - j);
}

/* --- velocity --- */

void doppler_mean_avx2(float *out, const float *const *in, uint32_t window,
			 size_t n)
{
	const __m256 share = _mm256_set1_ps(1.0f / window);
	size_t j;
	uint32_t k;

	for (j = 0; j < n; j += 8) {
		const size_t m = n - j;
		__m256 sum = vec256_load(in[0] + j, m);

		for (k = 1; k < window; k++)
			sum = _mm256_add_ps(sum, vec256_load(in[k] + j, m));
		vec256_store(out + j, m, _mm256_mul_ps(sum, share));
	}
}

/* 8 phases from complex numbers, the first n of them, and their sizes */
INLINE __m256 phase(const float *z, size_t n, __m256 *size)
{
	__m256 a = vec256_load(z, 2 * n);
	__m256 b = vec256_load(z + 8, n > 4 ? 2 * n - 8 : 0);

	return vec256_polar(vec256_part(a, b, 1), vec256_part(a, b, 0), size);
}

/* Return: where the frequency that f says is within an octave of the carrier. */
INLINE __m256 correct(__m256 *v, __m256 f, const struct doppler_scale *scale)
{
	const __m256 carrier = _mm256_set1_ps(scale->carrier);
	const __m256 turn = _mm256_set1_ps(2 * M_PI);
	__m256 off = _mm256_sub_ps(f, _mm256_set1_ps(scale->turn));
	__m256 turns = _mm256_round_ps(
		_mm256_mul_ps(off, _mm256_set1_ps(1 / (2 * M_PI))),
		_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
	__m256 at, near;

	off = _mm256_fnmadd_ps(turns, turn, off);
	at = _mm256_fmadd_ps(off, _mm256_set1_ps(scale->detune), carrier);
	near = _mm256_min_ps(
		_mm256_max_ps(at, _mm256_set1_ps(scale->carrier / 2)),
		_mm256_set1_ps(2 * scale->carrier));
	*v = _mm256_mul_ps(*v, _mm256_div_ps(carrier, near));
	return _mm256_cmp_ps(at, near, _CMP_EQ_OQ);
}

void doppler_estimate_avx2(float *v, float *power_db, float *variance,
			     uint8_t *valid, const float *r1,
			     const float *power, const float *f, size_t n,
			     const struct doppler_scale *scale)
{
	const __m256 one = _mm256_set1_ps(1);
	const __m256 sign = _mm256_set1_ps(-0.0f);
	const __m256 all_ones = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
	size_t j, k;

	for (j = 0; j < n; j += 8) {
		const size_t m = n - j;
		__m256 size, unused, p, db, speed, all, some, good, found;
		int bits;

		p = vec256_load(power + j, m);
		speed = _mm256_mul_ps(phase(r1 + 2 * j, m, &size),
				      _mm256_set1_ps(scale->velocity));
		found = all_ones;
		if (f)
			found = correct(&speed, phase(f + 2 * j, m, &unused),
					scale);
		db = vec256_db(p, _mm256_set1_ps(scale->offset_db));
		all = _mm256_mul_ps(p, _mm256_set1_ps(scale->pairs));
		some = _mm256_cmp_ps(all, _mm256_setzero_ps(), _CMP_GT_OQ);
		good = _mm256_and_ps(
			_mm256_cmp_ps(db, _mm256_set1_ps(scale->power_min_db),
				      _CMP_GE_OQ),
			_mm256_cmp_ps(_mm256_andnot_ps(sign, speed),
				      _mm256_set1_ps(scale->velocity_min),
				      _CMP_GE_OQ));
		vec256_store(v + j, m, speed);
		vec256_store(power_db + j, m, db);
		vec256_store(variance + j, m,
			     _mm256_sub_ps(one, _mm256_and_ps(some,
					_mm256_div_ps(size, all))));
		bits = _mm256_movemask_ps(_mm256_and_ps(good, found));
		for (k = 0; k < 8 && k < m; k++)
			valid[j + k] = bits >> k & 1;
	}
}

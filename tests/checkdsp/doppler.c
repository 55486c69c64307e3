// SPDX-License-Identifier: MIT
#include <complex.h>
#include <math.h>

#include "checkdsp.h"
#include "dsp/doppler.h"

#define LONGEST		DOPPLER_ENSEMBLE_MAX
#define TIMED		32	/* ensemble of what is timed */
#define ROOM		8	/* places that a filter may write beyond n */
#define EPS		0x1p-24	/* half a unit in the last place */

/*
 * The arc tangent's polynomial, 1e-7; its argument to 2 roundings and the product
 * with it to 1; pi and what is taken from it, 2.1e-7; half of that, 1e-7; the
 * product with a velocity, pi EPS.
 */
#define PHASE		8e-7
/* The magnitude to 4 roundings, its divisor to 2, the ratio and 1 less it. */
#define VARIANCE	(8 * EPS)

/*
 * Sums of N floats in any order, relative to the sum of their sizes: a rounding
 * each, sqrt(N) together; of a sum and what is made of it, in two forms that
 * differ, times 3.
 */
static double summed(uint32_t n)
{
	return 6 * sqrt(n) * EPS;
}

static const uint32_t sizes[] = { 0, 1, 3, 4, 7, 8, 15, 16, 33, 61, 256 };
static const uint32_t ensembles[] = { 4, 5, 10, 32 };
static const uint32_t long_sizes[] = { 1, 9, 33 };
static const uint32_t long_ensembles[] = { 33, 64, 128, 331, LONGEST };

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define SIZES		LENGTH(sizes)

/* Shape @i of a packet, places and images; false: no more. */
static bool shape(uint32_t i, uint32_t *n, uint32_t *ensemble)
{
	if (i < SIZES * LENGTH(ensembles)) {
		*n = sizes[i % SIZES];
		*ensemble = ensembles[i / SIZES];
		return true;
	}
	i -= SIZES * LENGTH(ensembles);
	if (i >= LENGTH(long_sizes) * LENGTH(long_ensembles))
		return false;
	*n = long_sizes[i % LENGTH(long_sizes)];
	*ensemble = long_ensembles[i / LENGTH(long_sizes)];
	return true;
}

/* n places of a packet, one more for the phase over depth. */
struct packet {
	struct guarded x;
	uint32_t n, ensemble;
	size_t stride;
};

/* Noise on top of a constant @wall times stronger. */
static void make_packet(struct packet *p, uint32_t n, uint32_t ensemble,
			double wall)
{
	size_t i;

	p->n = n;
	p->ensemble = ensemble;
	p->stride = 2 * n + 2;
	p->x = guarded_new(4 * p->stride * ensemble, 4);
	for (i = 0; i < p->stride * ensemble; i++)
		((float *)p->x.data)[i] = checkdsp_random() + wall;
}

static double complex at(const struct packet *p, uint32_t t, uint32_t j)
{
	const float *x = (float *)p->x.data + t * p->stride + 2 * j;

	return x[0] + I * x[1];
}

static double energy(const struct packet *p, uint32_t j)
{
	double sum = 0;
	uint32_t t;

	for (t = 0; t < p->ensemble; t++)
		sum += creal(at(p, t, j) * conj(at(p, t, j)));
	return sum;
}

/* --- filters --- */

typedef void filter_fn(float *y, size_t y_stride, const float *iq,
		       size_t stride, uint32_t n, const struct wall_law *law);

static double complex basis_at(const struct wall_law *law, bool complex_basis,
			       uint32_t k, uint32_t t)
{
	const size_t i = (size_t)k * law->ensemble + t;

	if (!complex_basis)
		return law->basis[i];
	return law->basis[2 * i] + I * law->basis[2 * i + 1];
}

/* A place without all that it has of the basis. */
static void exact_projection(double complex *y, const struct packet *p,
			     const struct wall_law *law, bool complex_basis,
			     uint32_t j)
{
	uint32_t k, t;

	for (t = 0; t < p->ensemble; t++)
		y[t] = at(p, t, j);
	for (k = 0; k < law->terms; k++) {
		double complex share = 0;

		for (t = 0; t < p->ensemble; t++)
			share += at(p, t, j) *
				 conj(basis_at(law, complex_basis, k, t));
		for (t = 0; t < p->ensemble; t++)
			y[t] -= share * basis_at(law, complex_basis, k, t);
	}
}

static void exact_product(double complex *y, const struct packet *p,
			  const struct wall_law *law, uint32_t j)
{
	uint32_t r, t;

	for (r = 0; r < law->rows; r++) {
		y[r] = 0;
		for (t = 0; t < p->ensemble; t++)
			y[r] += (double)law->matrix[(size_t)r * law->ensemble +
						    t] * at(p, t, j);
	}
}

static void exact_filter(float *y, size_t y_stride, const struct packet *p,
			 const struct wall_law *law, bool complex_basis)
{
	double complex place[LONGEST];
	uint32_t r, j;

	for (j = 0; j < p->n; j++) {
		if (law->matrix)
			exact_product(place, p, law, j);
		else
			exact_projection(place, p, law, complex_basis, j);
		for (r = 0; r < law->rows; r++) {
			y[r * y_stride + 2 * j] = creal(place[r]);
			y[r * y_stride + 2 * j + 1] = cimag(place[r]);
		}
	}
}

/* Rows of @fn's output end where a vector may; canaries lie behind the last. */
static void compare_filter(filter_fn *fn, filter_fn *oracle,
			   const struct packet *p, const struct wall_law *law,
			   bool complex_basis)
{
	const size_t stride = 2 * (p->n + ROOM);
	struct guarded y = guarded_new(4 * stride * p->ensemble, 8);
	struct guarded want = guarded_new(4 * stride * p->ensemble, 0);
	const float *got = y.data, *right = want.data;
	uint32_t r, j;

	fn(y.data, stride, p->x.data, p->stride, p->n, law);
	if (oracle)
		oracle(want.data, stride, p->x.data, p->stride, p->n, law);
	else
		exact_filter(want.data, stride, p, law, complex_basis);
	for (j = 0; j < 2 * p->n; j++) {
		const double near = summed(p->ensemble) *
				    sqrt(energy(p, j / 2));

		for (r = 0; r < law->rows; r++)
			checkdsp_near("y", j, got[r * stride + j],
				      right[r * stride + j], near);
	}
	guarded_end(&y);
	guarded_end(&want);
}

/* Orthonormal and complex: made from noise. */
static void make_complex(struct wall_law *law)
{
	const uint32_t n = law->ensemble;
	static double complex row[WALL_TERMS_MAX][LONGEST];
	uint32_t k, l, t;

	for (k = 0; k < law->terms; k++) {
		double norm = 0;

		for (t = 0; t < n; t++)
			row[k][t] = checkdsp_random() + I * checkdsp_random();
		for (l = 0; l < k; l++) {
			double complex share = 0;

			for (t = 0; t < n; t++)
				share += row[k][t] * conj(row[l][t]);
			for (t = 0; t < n; t++)
				row[k][t] -= share * row[l][t];
		}
		for (t = 0; t < n; t++)
			norm += creal(row[k][t] * conj(row[k][t]));
		for (t = 0; t < n; t++) {
			row[k][t] /= sqrt(norm);
			law->basis[2 * (k * n + t)] = creal(row[k][t]);
			law->basis[2 * (k * n + t) + 1] = cimag(row[k][t]);
		}
	}
}

static void compare_wall(filter_fn *fn, filter_fn *oracle,
			 const struct wall_params *params, uint32_t n,
			 uint32_t ensemble)
{
	const bool svd = params->kind == WALL_SVD;
	struct wall_law law;
	struct packet p;

	if (wall_fault(params, ensemble) || wall_init(&law, params, ensemble))
		return;
	if (svd)
		make_complex(&law);
	make_packet(&p, n, ensemble, 0);
	compare_filter(fn, oracle, &p, &law, svd);
	guarded_end(&p.x);
	make_packet(&p, n, ensemble, 1000);
	compare_filter(fn, oracle, &p, &law, svd);
	guarded_end(&p.x);
	wall_finish(&law);
}

static void compare_walls(filter_fn *fn, filter_fn *oracle,
			  const struct wall_params *params)
{
	uint32_t i, n, ensemble;

	for (i = 0; shape(i, &n, &ensemble); i++)
		compare_wall(fn, oracle, params, n, ensemble);
}

struct filter_call {
	filter_fn *fn;
	struct packet packet;
	struct wall_law law;
	float y[TIMED][2 * (64 + ROOM)];
};

static void call_filter(void *arg)
{
	struct filter_call *c = arg;

	c->fn(c->y[0], 2 * (64 + ROOM), c->packet.x.data, c->packet.stride, 64,
	      &c->law);
}

static void bench_filter(filter_fn *fn, const struct wall_params *params)
{
	static struct filter_call c;

	c.fn = fn;
	if (wall_init(&c.law, params, TIMED))
		return;
	make_packet(&c.packet, 64, TIMED, 0);
	checkdsp_bench(call_filter, &c, 64 * TIMED, "sample");
	guarded_end(&c.packet.x);
	wall_finish(&c.law);
}

/* Of a long basis what is left of one part goes in again: the same bits. */
static void compare_in_place(doppler_project_fn *fn)
{
	const struct wall_params params = { .order = 4 };
	const uint32_t n = 61, ensemble = 10;
	const size_t stride = 2 * (n + ROOM), floats = stride * ensemble;
	struct guarded once = guarded_new(4 * floats, 8);
	struct guarded twice = guarded_new(4 * floats, 8);
	float *want = once.data, *got = twice.data;
	struct wall_law law;
	uint32_t t, j;

	if (wall_init(&law, &params, ensemble))
		return;
	for (t = 0; t < floats; t++)
		got[t] = checkdsp_random();
	fn(want, stride, got, stride, n, &law);
	fn(got, stride, got, stride, n, &law);
	for (t = 0; t < ensemble; t++)
		for (j = 0; j < 2 * n; j++)
			checkdsp_near("y in place", t * 2 * n + j,
				      got[t * stride + j],
				      want[t * stride + j], 0);
	guarded_end(&once);
	guarded_end(&twice);
	wall_finish(&law);
}

static void check_project(void)
{
	struct wall_params params = { .kind = WALL_POLYNOMIAL };
	const struct doppler_project_variant *v;

	for (v = doppler_project_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_project", v->name, v->flags))
			continue;
		for (params.order = -1; params.order < WALL_TERMS_MAX;
		     params.order++)
			compare_walls(v->fn, v->fn == doppler_project_c ?
				      NULL : doppler_project_c, &params);
		compare_in_place(v->fn);
		params.order = 2;
		bench_filter(v->fn, &params);
		checkdsp_end();
	}
}

static void check_eigen(void)
{
	struct wall_params params = { .kind = WALL_SVD };
	const struct doppler_eigen_variant *v;

	for (v = doppler_eigen_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_eigen", v->name, v->flags))
			continue;
		for (params.order = 1; params.order <= WALL_TERMS_MAX;
		     params.order++)
			compare_walls(v->fn, v->fn == doppler_eigen_c ?
				      NULL : doppler_eigen_c, &params);
		params.order = 2;
		bench_filter(v->fn, &params);
		checkdsp_end();
	}
}

static void check_matrix(void)
{
	static const struct wall_params params[] = {
		{ WALL_IIR, 4, 0.1, WALL_PROJECTION },
		{ WALL_IIR, 2, 0.2, WALL_STEP },
		{ WALL_FIR, 2, 0.3, 0 },
		{ WALL_FIR, 8, 0.2, 0 },
	};
	const struct doppler_matrix_variant *v;
	unsigned int i;

	for (v = doppler_matrix_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_matrix", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(params) / sizeof(params[0]); i++)
			compare_walls(v->fn, v->fn == doppler_matrix_c ?
				      NULL : doppler_matrix_c, &params[i]);
		bench_filter(v->fn, &params[0]);
		checkdsp_end();
	}
}

/* --- covariance --- */

static void exact_covariance(double *c, const struct packet *p)
{
	uint32_t t, u, j;

	for (t = 0; t < p->ensemble; t++)
		for (u = 0; u <= t; u++) {
			double complex sum = 0;

			for (j = 0; j < p->n; j++)
				sum += at(p, t, j) * conj(at(p, u, j));
			c[2 * (t * p->ensemble + u)] += creal(sum);
			c[2 * (t * p->ensemble + u) + 1] += cimag(sum);
		}
}

/* Of an image. */
static double strength(const struct packet *p, uint32_t t)
{
	double sum = 0;
	uint32_t j;

	for (j = 0; j < p->n; j++)
		sum += creal(at(p, t, j) * conj(at(p, t, j)));
	return sum;
}

static void compare_covariance(doppler_covariance_fn *fn, uint32_t n,
			       uint32_t ensemble)
{
	const size_t bytes = 16 * ensemble * ensemble;
	struct guarded got = guarded_new(bytes, 8);
	struct guarded want = guarded_new(bytes, 0);
	struct packet p;
	uint32_t t, u;

	make_packet(&p, n, ensemble, n % 2 ? 0 : 10);
	/* twice: it adds */
	for (t = 0; t < 2; t++) {
		fn(got.data, p.x.data, p.stride, n, ensemble);
		if (fn == doppler_covariance_c)
			exact_covariance(want.data, &p);
		else
			doppler_covariance_c(want.data, p.x.data, p.stride, n,
					     ensemble);
	}
	for (t = 0; t < ensemble; t++)
		for (u = 0; u < 2 * (t + 1); u++)
			checkdsp_near("c", t,
				      ((double *)got.data)[2 * t * ensemble + u],
				      ((double *)want.data)[2 * t * ensemble + u],
				      summed(n) * sqrt(strength(&p, t) *
						       strength(&p, u / 2)));
	guarded_end(&got);
	guarded_end(&want);
	guarded_end(&p.x);
}

struct covariance_call {
	doppler_covariance_fn *fn;
	struct packet packet;
	double c[2 * TIMED * TIMED];
};

static void call_covariance(void *arg)
{
	struct covariance_call *c = arg;

	c->fn(c->c, c->packet.x.data, c->packet.stride, 64, TIMED);
}

static void check_covariance(void)
{
	const struct doppler_covariance_variant *v;
	static struct covariance_call c;
	uint32_t i, n, ensemble;

	for (v = doppler_covariance_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_covariance", v->name, v->flags))
			continue;
		for (i = 0; shape(i, &n, &ensemble); i++)
			if (ensemble <= WALL_SVD_MAX)
				compare_covariance(v->fn, n, ensemble);
		c.fn = v->fn;
		make_packet(&c.packet, 64, TIMED, 0);
		checkdsp_bench(call_covariance, &c, 64 * TIMED, "sample");
		guarded_end(&c.packet.x);
		checkdsp_end();
	}
}

/* --- autocorrelations --- */

static void exact_correlate(float *r1, float *power, const struct packet *p)
{
	uint32_t j, t;

	for (j = 0; j < p->n; j++) {
		double complex sum = 0;

		for (t = 1; t < p->ensemble; t++)
			sum += at(p, t, j) * conj(at(p, t - 1, j));
		r1[2 * j] = creal(sum);
		r1[2 * j + 1] = cimag(sum);
		power[j] = energy(p, j) / p->ensemble;
	}
}

static void compare_correlate(doppler_correlate_fn *fn, uint32_t n,
			      uint32_t ensemble)
{
	struct guarded r1 = guarded_new(8 * n, 4), right = guarded_new(8 * n, 0);
	struct guarded power = guarded_new(4 * n, 4);
	struct guarded mean = guarded_new(4 * n, 0);
	struct packet p;
	uint32_t j;

	make_packet(&p, n, ensemble, n % 2);
	fn(r1.data, power.data, p.x.data, p.stride, n, ensemble);
	if (fn == doppler_correlate_c)
		exact_correlate(right.data, mean.data, &p);
	else
		doppler_correlate_c(right.data, mean.data, p.x.data, p.stride,
				    n, ensemble);
	for (j = 0; j < 2 * n; j++)
		checkdsp_near("r1", j, ((float *)r1.data)[j],
			      ((float *)right.data)[j],
			      summed(ensemble) * energy(&p, j / 2));
	for (j = 0; j < n; j++)
		checkdsp_near("power", j, ((float *)power.data)[j],
			      ((float *)mean.data)[j],
			      summed(ensemble) * energy(&p, j) / ensemble);
	guarded_end(&r1);
	guarded_end(&right);
	guarded_end(&power);
	guarded_end(&mean);
	guarded_end(&p.x);
}

struct correlate_call {
	doppler_correlate_fn *correlate;
	doppler_axial_fn *axial;
	struct packet packet;
	float r1[128], power[64];
};

static void call_correlate(void *arg)
{
	struct correlate_call *c = arg;

	c->correlate(c->r1, c->power, c->packet.x.data, c->packet.stride, 64,
		     TIMED);
}

static void check_correlate(void)
{
	const struct doppler_correlate_variant *v;
	static struct correlate_call c;
	uint32_t i, n, ensemble;

	for (v = doppler_correlate_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_correlate", v->name, v->flags))
			continue;
		for (i = 0; shape(i, &n, &ensemble); i++)
			compare_correlate(v->fn, n, ensemble);
		c.correlate = v->fn;
		make_packet(&c.packet, 64, TIMED, 0);
		checkdsp_bench(call_correlate, &c, 64 * TIMED, "sample");
		guarded_end(&c.packet.x);
		checkdsp_end();
	}
}

static void compare_axial(doppler_axial_fn *fn, uint32_t n, uint32_t ensemble)
{
	struct guarded f = guarded_new(8 * n, 4);
	struct packet p;
	uint32_t j, t;

	make_packet(&p, n, ensemble, n % 2);
	fn(f.data, p.x.data, p.stride, n, ensemble);
	for (j = 0; j < n; j++) {
		const float *got = (float *)f.data + 2 * j;
		double complex want = 0;
		double tolerance = summed(ensemble) *
				   (energy(&p, j) + energy(&p, j + 1)) / 2;

		for (t = 0; t < ensemble; t++)
			want += at(&p, t, j + 1) * conj(at(&p, t, j));
		checkdsp_near("f.re", j, got[0], creal(want), tolerance);
		checkdsp_near("f.im", j, got[1], cimag(want), tolerance);
	}
	guarded_end(&f);
	guarded_end(&p.x);
}

static void call_axial(void *arg)
{
	struct correlate_call *c = arg;

	c->axial(c->r1, c->packet.x.data, c->packet.stride, 64, TIMED);
}

static void check_axial(void)
{
	const struct doppler_axial_variant *v;
	static struct correlate_call c;
	uint32_t i, n, ensemble;

	for (v = doppler_axial_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_axial", v->name, v->flags))
			continue;
		for (i = 0; shape(i, &n, &ensemble); i++)
			compare_axial(v->fn, n, ensemble);
		c.axial = v->fn;
		make_packet(&c.packet, 64, TIMED, 0);
		checkdsp_bench(call_axial, &c, 64 * TIMED, "sample");
		guarded_end(&c.packet.x);
		checkdsp_end();
	}
}

/* --- velocity --- */

static void compare_mean(doppler_mean_fn *fn, uint32_t window, uint32_t n)
{
	struct guarded in = guarded_new(4 * (n + window), 4);
	struct guarded out = guarded_new(4 * n, 4);
	const float *row[300];
	uint32_t j, k;

	for (j = 0; j < n + window; j++)
		((float *)in.data)[j] = checkdsp_random();
	/* windows overlap, as along a line */
	for (k = 0; k < window; k++)
		row[k] = (float *)in.data + k;
	fn(out.data, row, window, n);
	for (j = 0; j < n; j++) {
		double sum = 0, size = 0;

		for (k = 0; k < window; k++) {
			sum += row[k][j];
			size += fabs(row[k][j]);
		}
		checkdsp_near("mean", j, ((float *)out.data)[j], sum / window,
			      0x1p-24 * (size + 1));
	}
	guarded_end(&in);
	guarded_end(&out);
}

struct mean_call {
	doppler_mean_fn *fn;
	const float *row[5];
	float in[520], out[512];
};

static void call_mean(void *arg)
{
	struct mean_call *c = arg;

	c->fn(c->out, c->row, 5, 512);
}

static void check_mean(void)
{
	static const uint32_t windows[] = { 1, 3, 5, 255 };
	const struct doppler_mean_variant *v;
	static struct mean_call c;
	uint32_t s, w;

	for (w = 0; w < 5; w++)
		c.row[w] = c.in + w;
	for (v = doppler_mean_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_mean", v->name, v->flags))
			continue;
		for (s = 0; s < SIZES; s++)
			for (w = 0; w < 4; w++)
				compare_mean(v->fn, windows[w], sizes[s]);
		c.fn = v->fn;
		checkdsp_bench(call_mean, &c, 512, "value");
		checkdsp_end();
	}
}

/*
 * The logarithm's polynomial, and roundings: of the level as a logarithm of 2 and
 * in dB, of their ratio, of the gain that is added.
 */
static double level_db(double db, double gain)
{
	return isfinite(db) ? 4e-5 + 4 * EPS * (fabs(db) + fabs(gain)) : 0;
}

/* What the estimate is asked of: @power that fits |r1|, or none. */
struct places {
	struct guarded r1, power, f;
	struct guarded v, db, variance, valid;
};

/* @turn: phase that f has at the carrier; @spread: that it has about it. */
static void make_places(struct places *p, uint32_t n, double turn,
			double spread)
{
	static const float extremes[][2] = {
		{ 0, 0 }, { 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { 1, 1 },
		{ -1, 1e-9f }, { -1, -1e-9f }, { 1e-30f, 1e-30f },
		{ 1e18f, -1e18f },
	};
	uint32_t j;

	p->r1 = guarded_new(8 * n, 4);
	p->power = guarded_new(4 * n, 4);
	p->f = guarded_new(8 * n, 4);
	p->v = guarded_new(4 * n, 4);
	p->db = guarded_new(4 * n, 4);
	p->variance = guarded_new(4 * n, 4);
	p->valid = guarded_new(n, 1);
	for (j = 0; j < n; j++) {
		float *r1 = (float *)p->r1.data + 2 * j;
		float *f = (float *)p->f.data + 2 * j;
		double size = pow(10, 6 * checkdsp_random()), turned;

		r1[0] = size * checkdsp_random();
		r1[1] = size * checkdsp_random();
		if (j % 3 == 1) {
			r1[0] = extremes[j / 3 % 10][0];
			r1[1] = extremes[j / 3 % 10][1];
		}
		((float *)p->power.data)[j] =
			hypot(r1[0], r1[1]) / (9 * (checkdsp_random() + 1.5));
		if (j % 13 == 5) {
			/* not a normal number */
			r1[0] = r1[1] = 0;
			((float *)p->power.data)[j] = 1e-40f;
		}
		turned = turn + spread * checkdsp_random();
		f[0] = cos(turned);
		f[1] = sin(turned);
	}
}

static void end_places(struct places *p)
{
	guarded_end(&p->r1);
	guarded_end(&p->power);
	guarded_end(&p->f);
	guarded_end(&p->v);
	guarded_end(&p->db);
	guarded_end(&p->variance);
	guarded_end(&p->valid);
}

static const struct doppler_scale scale = {
	.velocity = 0.2f, .carrier = 5e6f, .turn = 0.3f, .detune = 1.5e6f,
	.pairs = 9, .offset_db = -30, .power_min_db = -40,
	.velocity_min = 0.05f,
};

/* Of arg(f), in Hz. */
static double frequency_of(const float *f, const struct doppler_scale *s)
{
	return s->carrier + s->detune * remainder(atan2(f[1], f[0]) - s->turn,
						  2 * M_PI);
}

/* Neither side of an edge of the octave can be told from the other there. */
static bool doubtful(double at, double carrier)
{
	const double least = 1e-5 * carrier;

	return fabs(at - carrier / 2) < least || fabs(at - 2 * carrier) < least;
}

static void check_place(const struct places *p, uint32_t j, bool loupas,
			const struct doppler_scale *s)
{
	const float *r1 = (float *)p->r1.data + 2 * j;
	const float *f = (float *)p->f.data + 2 * j;
	const double at = loupas ? frequency_of(f, s) : s->carrier;
	const double near = fmin(fmax(at, s->carrier / 2), 2 * s->carrier);
	const double slope = s->detune / s->carrier;
	const double power = ((float *)p->power.data)[j];
	const float got = ((float *)p->v.data)[j];
	const float db = ((float *)p->db.data)[j];
	double v = atan2(r1[1], r1[0]), factor = s->carrier / near;
	double ratio = power > 0 ? hypot(r1[0], r1[1]) / (9 * power) : 0;
	double want_db = 10 * log10(power) - 30;

	v *= 0.2 * factor;
	/* the factor falls by slope factor^2 per radian of f, |arg(r1)| < 4 */
	checkdsp_near("v", j, got, v, 0.2 * PHASE * factor *
		      (loupas ? 1 + 4 * slope * factor : 1));
	checkdsp_near("power", j, db, want_db, level_db(want_db, -30));
	checkdsp_near("variance", j, ((float *)p->variance.data)[j],
		      1 - ratio, VARIANCE * (1 + ratio));
	if (fabs(db + 40) > level_db(-40, -30) &&
	    fabs(fabs(got) - 0.05) > 1e-5 && !doubtful(at, s->carrier))
		checkdsp_near("valid", j, ((uint8_t *)p->valid.data)[j],
			      db > -40 && fabs(got) > 0.05 && at == near, 0);
}

static void compare_estimate(doppler_estimate_fn *fn, uint32_t n, bool loupas,
			     double turn, double detune)
{
	struct doppler_scale turned = scale;
	struct places p;
	uint32_t j;

	turned.turn = turn;
	turned.detune = detune;
	make_places(&p, n, turn, M_PI);
	fn(p.v.data, p.db.data, p.variance.data, p.valid.data, p.r1.data,
	   p.power.data, loupas ? p.f.data : NULL, n, &turned);
	for (j = 0; j < n; j++)
		check_place(&p, j, loupas, &turned);
	end_places(&p);
}

struct estimate_call {
	doppler_estimate_fn *fn;
	struct places places;
};

static void call_estimate(void *arg)
{
	struct estimate_call *c = arg;
	struct places *p = &c->places;

	c->fn(p->v.data, p->db.data, p->variance.data, p->valid.data,
	      p->r1.data, p->power.data, NULL, 256, &scale);
}

static void check_estimate(void)
{
	const struct doppler_estimate_variant *v;
	struct estimate_call c;
	uint32_t s;

	for (v = doppler_estimate_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_estimate", v->name, v->flags))
			continue;
		for (s = 0; s < SIZES; s++) {
			compare_estimate(v->fn, sizes[s], false, 0, 0);
			compare_estimate(v->fn, sizes[s], true, 0.3, 0.7e6);
			/* phases on either side of half a turn */
			compare_estimate(v->fn, sizes[s], true, 3, 0.7e6);
			compare_estimate(v->fn, sizes[s], true, -3, 0.7e6);
			/* frequencies down to 0, and beyond it */
			compare_estimate(v->fn, sizes[s], true, 0.3, 1.6e6);
			compare_estimate(v->fn, sizes[s], true, -2, 7e6);
		}
		c.fn = v->fn;
		make_places(&c.places, 256, 0, 1);
		checkdsp_bench(call_estimate, &c, 256, "place");
		end_places(&c.places);
		checkdsp_end();
	}
}

void check_doppler(void)
{
	check_project();
	check_eigen();
	check_matrix();
	check_covariance();
	check_correlate();
	check_axial();
	check_mean();
	check_estimate();
}

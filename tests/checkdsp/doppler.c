// SPDX-License-Identifier: MIT
#include <complex.h>
#include <math.h>

#include "checkdsp.h"
#include "dsp/doppler.h"

#define ENSEMBLE_LONGEST	32
#define RELATIVE		1e-5

/* Orthonormal: the constant, the line and the parabola on @n points. */
static void make_basis(float *basis, uint32_t terms, uint32_t n)
{
	double sum[3] = { 0 }, shift, t, m = (n - 1) / 2.0;
	double value[3][ENSEMBLE_LONGEST];
	uint32_t i, k;

	for (i = 0, shift = 0; i < n; i++)
		shift += (i - m) * (i - m) / n;
	for (i = 0; i < n; i++) {
		t = i - m;
		value[0][i] = 1;
		value[1][i] = t;
		value[2][i] = t * t - shift;
		for (k = 0; k < terms; k++)
			sum[k] += value[k][i] * value[k][i];
	}
	for (k = 0; k < terms; k++)
		for (i = 0; i < n; i++)
			basis[k * n + i] = value[k][i] / sqrt(sum[k]);
}

struct packet {
	struct guarded iq, r1, power;
	uint32_t n;
	float basis[3 * ENSEMBLE_LONGEST];
	struct doppler_law law;
};

/* Noise on top of a constant @wall times stronger. */
static void make_packet(struct packet *p, uint32_t n, uint32_t ensemble,
			uint32_t terms, double wall)
{
	size_t i;

	p->n = n;
	p->iq = guarded_new(8 * (size_t)n * ensemble, 4);
	p->r1 = guarded_new(8 * n, 4);
	p->power = guarded_new(4 * n, 4);
	make_basis(p->basis, terms, ensemble);
	p->law = (struct doppler_law){ ensemble, terms, p->basis };
	for (i = 0; i < 2 * (size_t)n * ensemble; i++)
		((float *)p->iq.data)[i] = checkdsp_random() + wall;
}

static void end_packet(struct packet *p)
{
	guarded_end(&p->iq);
	guarded_end(&p->r1);
	guarded_end(&p->power);
}

/* The filtered ensemble of a place; returns its unfiltered energy. */
static double filter(double complex *y, const struct packet *p, uint32_t j)
{
	const float *iq = p->iq.data;
	const uint32_t ensemble = p->law.ensemble;
	double complex x[ENSEMBLE_LONGEST], sum;
	double energy = 0;
	uint32_t t, u, k;

	for (t = 0; t < ensemble; t++) {
		const float *at = iq + 2 * ((size_t)t * p->n + j);

		x[t] = at[0] + I * at[1];
		energy += creal(x[t] * conj(x[t]));
	}
	/* as a matrix: identity minus the sum of the outer products */
	for (t = 0; t < ensemble; t++) {
		for (u = 0, sum = 0; u < ensemble; u++) {
			double m = t == u;

			for (k = 0; k < p->law.terms; k++)
				m -= (double)p->basis[k * ensemble + t] *
				     p->basis[k * ensemble + u];
			sum += m * x[u];
		}
		y[t] = sum;
	}
	return energy;
}

static void compare_exact(struct packet *p)
{
	const float *r1 = p->r1.data, *power = p->power.data;
	uint32_t j, t;

	doppler_lag1_c(p->r1.data, p->power.data, p->iq.data, 2 * p->n, p->n,
		       &p->law);
	for (j = 0; j < p->n; j++) {
		double complex y[ENSEMBLE_LONGEST], want = 0;
		double energy = filter(y, p, j), sum = 0;

		for (t = 0; t < p->law.ensemble; t++)
			sum += creal(y[t] * conj(y[t]));
		for (t = 1; t < p->law.ensemble; t++)
			want += y[t] * conj(y[t - 1]);
		checkdsp_near("r1.re", j, r1[2 * j], creal(want),
			      RELATIVE * energy);
		checkdsp_near("r1.im", j, r1[2 * j + 1], cimag(want),
			      RELATIVE * energy);
		checkdsp_near("power", j, power[j], sum / p->law.ensemble,
			      RELATIVE * energy);
	}
}

static void compare_c(doppler_lag1_fn *fn, struct packet *p)
{
	struct guarded r1 = guarded_new(8 * p->n, 0);
	struct guarded power = guarded_new(4 * p->n, 0);
	uint32_t j;

	doppler_lag1_c(r1.data, power.data, p->iq.data, 2 * p->n, p->n,
		       &p->law);
	fn(p->r1.data, p->power.data, p->iq.data, 2 * p->n, p->n, &p->law);
	for (j = 0; j < p->n; j++) {
		double complex y[ENSEMBLE_LONGEST];
		double tolerance = RELATIVE * filter(y, p, j);

		checkdsp_near("r1.re", j, ((float *)p->r1.data)[2 * j],
			      ((float *)r1.data)[2 * j], tolerance);
		checkdsp_near("r1.im", j, ((float *)p->r1.data)[2 * j + 1],
			      ((float *)r1.data)[2 * j + 1], tolerance);
		checkdsp_near("power", j, ((float *)p->power.data)[j],
			      ((float *)power.data)[j], tolerance);
	}
	guarded_end(&r1);
	guarded_end(&power);
}

struct call {
	doppler_lag1_fn *fn;
	struct packet *packet;
};

static void call(void *arg)
{
	struct call *c = arg;
	struct packet *p = c->packet;

	c->fn(p->r1.data, p->power.data, p->iq.data, 2 * p->n, p->n, &p->law);
}

static void compare(doppler_lag1_fn *fn, uint32_t n, uint32_t ensemble,
		    uint32_t terms, double wall)
{
	struct packet p;

	make_packet(&p, n, ensemble, terms, wall);
	if (fn == doppler_lag1_c)
		compare_exact(&p);
	else
		compare_c(fn, &p);
	end_packet(&p);
}

static void compare_axial(doppler_axial_fn *fn, uint32_t n, uint32_t ensemble,
			  uint32_t terms, double wall)
{
	struct packet p;
	uint32_t j, t;

	make_packet(&p, n, ensemble, terms, wall);
	fn(p.r1.data, p.iq.data, 2 * n, n, &p.law);
	for (j = 0; j < n; j++) {
		const float *f = (float *)p.r1.data + 2 * j;
		const uint32_t at = j + 1 < n ? j : n - 2;
		double complex y[ENSEMBLE_LONGEST], next[ENSEMBLE_LONGEST];
		double complex want = 0;
		double energy = 0;

		for (t = 0; n > 1 && t < ensemble; t++) {
			if (!t)
				energy = filter(y, &p, at) +
					 filter(next, &p, at + 1);
			want += next[t] * conj(y[t]);
		}
		checkdsp_near("f.re", j, f[0], creal(want), RELATIVE * energy);
		checkdsp_near("f.im", j, f[1], cimag(want), RELATIVE * energy);
	}
	end_packet(&p);
}

static void call_axial(void *arg)
{
	struct packet *p = arg;

	doppler_axial_variants->fn(p->r1.data, p->iq.data, 2 * p->n, p->n,
				   &p->law);
}

static void check_axial(void)
{
	static const uint32_t sizes[] = { 0, 1, 2, 7, 33, 251 };
	const struct doppler_axial_variant *v;
	struct packet p;
	uint32_t s, terms;

	for (v = doppler_axial_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_axial", v->name, v->flags))
			continue;
		for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			for (terms = 0; terms <= 3; terms++) {
				compare_axial(v->fn, sizes[s], 5, terms, 0);
				compare_axial(v->fn, sizes[s],
					      ENSEMBLE_LONGEST, terms, 1000);
			}
		make_packet(&p, 4096, ENSEMBLE_LONGEST, 3, 100);
		checkdsp_bench(call_axial, &p, 4096 * ENSEMBLE_LONGEST,
			       "sample");
		end_packet(&p);
		checkdsp_end();
	}
}

static void check_lag1(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 16, 33, 251 };
	static const uint32_t ensembles[] = { 4, 5, 16, ENSEMBLE_LONGEST };
	const struct doppler_lag1_variant *v;
	struct packet p;
	uint32_t s, e, terms;

	for (v = doppler_lag1_variants; v->fn; v++) {
		if (!checkdsp_begin("doppler_lag1", v->name, v->flags))
			continue;
		for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			for (e = 0; e < sizeof(ensembles) / sizeof(ensembles[0]); e++)
				for (terms = 0; terms <= 3; terms++) {
					compare(v->fn, sizes[s], ensembles[e],
						terms, 0);
					compare(v->fn, sizes[s], ensembles[e],
						terms, 1000);
				}
		make_packet(&p, 4096, ENSEMBLE_LONGEST, 3, 100);
		checkdsp_bench(call, &(struct call){ v->fn, &p },
			       4096 * ENSEMBLE_LONGEST, "sample");
		end_packet(&p);
		checkdsp_end();
	}
}

void check_doppler(void)
{
	check_lag1();
	check_axial();
}

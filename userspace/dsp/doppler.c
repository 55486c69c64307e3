// SPDX-License-Identifier: MIT
/* The velocity estimator's object: basis, window, phase to velocity. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cpu.h"
#include "doppler.h"

struct doppler {
	struct doppler_params params;
	doppler_lag1_fn *lag1;
	doppler_axial_fn *axial;
	struct doppler_law law;
	float *basis;
	float *r1;		/* [lines][samples], interleaved */
	float *power;		/* [lines][samples] */
	float *f;		/* [lines][samples], interleaved, of Loupas */
	float *row;		/* [lines][samples], means along the lines */
};

const struct doppler_lag1_variant doppler_lag1_variants[] = {
	{ doppler_lag1_c, "c", 0 },
	{ }
};

const struct doppler_axial_variant doppler_axial_variants[] = {
	{ doppler_axial_c, "c", 0 },
	{ }
};

static const char *loupas_fault(const struct doppler_params *p)
{
	if (!(p->carrier > 0) || !isfinite(p->carrier))
		return "doppler: carrier is not positive";
	if (!(p->sample_step > 0) || !isfinite(p->sample_step))
		return "doppler: step from sample to sample is not positive";
	return NULL;
}

static const char *fault(const struct doppler_params *p)
{
	if (p->ensemble < 2 || p->ensemble > DOPPLER_ENSEMBLE_MAX)
		return "doppler: ensemble is not 2 to 1024";
	if (!(p->interval > 0) || !isfinite(p->interval))
		return "doppler: interval is not positive";
	if (!(p->c > 0) || !isfinite(p->c))
		return "doppler: speed of sound is not positive";
	if (!(p->frequency > 0) || !isfinite(p->frequency))
		return "doppler: frequency is not positive";
	if (p->wall_order < -1 || p->wall_order > DOPPLER_ORDER_MAX)
		return "doppler: wall filter's order is not -1 to 7";
	if (p->wall_order + 2 > (int)p->ensemble)
		return "doppler: wall filter leaves nothing of the ensemble";
	if (!(p->average_lines & 1) || !(p->average_samples & 1))
		return "doppler: window of the mean is not odd";
	if (!(p->reference > 0) || !isfinite(p->reference))
		return "doppler: reference level is not positive";
	if (isnan(p->power_min_db))
		return "doppler: power threshold is not a number";
	if (!(p->velocity_min >= 0))
		return "doppler: velocity threshold is negative";
	if (p->estimator == DOPPLER_LOUPAS)
		return loupas_fault(p);
	if (p->estimator != DOPPLER_KASAI)
		return "doppler: unknown estimator";
	return NULL;
}

static double dot(const double *a, const double *b, uint32_t n)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/*
 * Orthonormal polynomials on the ensemble by modified Gram-Schmidt: the next
 * is the last one times time, made orthogonal to all before and normalised.
 * @row is [terms][n].
 */
static void fill_basis(double *row, uint32_t terms, uint32_t n)
{
	uint32_t k, l, t;

	for (k = 0; k < terms; k++) {
		double *p = row + (size_t)k * n, norm;

		for (t = 0; t < n; t++)
			p[t] = k ? p[(ptrdiff_t)t - n] * (2.0 * t / (n - 1) - 1)
				 : 1;
		for (l = 0; l < k; l++) {
			double share = dot(p, row + (size_t)l * n, n);

			for (t = 0; t < n; t++)
				p[t] -= share * row[(size_t)l * n + t];
		}
		norm = sqrt(dot(p, p, n));
		for (t = 0; t < n; t++)
			p[t] /= norm;
	}
}

static int build(struct doppler *d, uint32_t lines, uint32_t samples)
{
	const uint32_t n = d->params.ensemble, terms = d->params.wall_order + 1;
	const size_t places = (size_t)lines * samples;
	double *basis;
	size_t i;

	d->basis = dsp_alloc((size_t)terms * n, sizeof(float));
	d->r1 = dsp_alloc(places, 2 * sizeof(float));
	d->power = dsp_alloc(places, sizeof(float));
	d->row = dsp_alloc(places, sizeof(float));
	d->f = dsp_alloc(d->params.estimator == DOPPLER_LOUPAS ? places : 0,
			 2 * sizeof(float));
	basis = dsp_alloc((size_t)terms * n, sizeof(double));
	if (!d->basis || !d->r1 || !d->power || !d->row || !d->f || !basis) {
		free(basis);
		return -ENOMEM;
	}
	fill_basis(basis, terms, n);
	for (i = 0; i < (size_t)terms * n; i++)
		d->basis[i] = basis[i];
	free(basis);
	d->law = (struct doppler_law){ n, terms, d->basis };
	return 0;
}

int doppler_create(struct doppler **doppler, uint32_t lines, uint32_t samples,
		   const struct doppler_params *params, const char **why)
{
	struct doppler *d;
	int ret;

	*why = fault(params);
	if (!*why && (!lines || !samples))
		*why = "doppler: no lines or no samples";
	if (!*why && (params->average_lines > lines ||
		      params->average_samples > samples))
		*why = "doppler: window of the mean exceeds the grid";
	if (*why)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->params = *params;
	d->lag1 = cpu_choose(doppler_lag1_variants)->fn;
	d->axial = cpu_choose(doppler_axial_variants)->fn;
	ret = build(d, lines, samples);
	if (ret)
		doppler_destroy(d);
	else
		*doppler = d;
	return ret;
}

static uint32_t clamp_index(int64_t i, uint32_t n)
{
	return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* A row of values in a plane, step floats from one to the next. */
struct strip {
	float *data;
	size_t step;
	uint32_t n;
};

/* Mean over a window, edges repeated, from one strip to another as long. */
static void mean_strip(struct strip out, struct strip in, uint32_t window)
{
	const int64_t half = window / 2;
	int64_t i, k;

	for (i = 0; i < in.n; i++) {
		double sum = 0;

		for (k = i - half; k <= i + half; k++)
			sum += in.data[clamp_index(k, in.n) * in.step];
		out.data[i * out.step] = sum / window;
	}
}

/* Mean of a plane of floats that lie @step apart, in place. */
static void mean_plane(struct doppler *d, float *plane, size_t step,
		       uint32_t lines, uint32_t samples)
{
	const size_t n = samples;
	uint32_t line, j;

	for (line = 0; line < lines; line++)
		mean_strip((struct strip){ d->row + line * n, 1, samples },
			   (struct strip){ plane + line * n * step, step,
					   samples },
			   d->params.average_samples);
	for (j = 0; j < samples; j++)
		mean_strip((struct strip){ plane + j * step, n * step, lines },
			   (struct strip){ d->row + j, n, lines },
			   d->params.average_lines);
}

static float phase(const float *z)
{
	return atan2f(z[1], z[0]);
}

/*
 * Velocity per radian of the phase over time. With Loupas' frequency the phase
 * over depth, which the carrier turns by a known angle from sample to sample,
 * says how far the echoes' mean lies from the carrier.
 */
static float velocity_scale(const struct doppler *d, size_t i, double turn)
{
	const struct doppler_params *p = &d->params;
	double frequency = p->frequency;

	if (p->estimator == DOPPLER_LOUPAS) {
		double off = remainder(phase(d->f + 2 * i) - turn, 2 * M_PI);

		frequency = p->carrier +
			    p->c * off / (4 * M_PI * p->sample_step);
	}
	return p->c / (4 * M_PI * frequency * p->interval);
}

static float share_of_noise(float r1, float r0)
{
	return r0 > 0 ? 1 - r1 / r0 : 1;
}

static void estimate(const struct doppler *d, struct vel *out, size_t places)
{
	const struct doppler_params *p = &d->params;
	const float reference_db = 20 * log10(p->reference);
	const double turn = 4 * M_PI * p->carrier * p->sample_step / p->c;
	size_t i;

	for (i = 0; i < places; i++) {
		const float *r1 = d->r1 + 2 * i;

		out->v[i] = velocity_scale(d, i, turn) * phase(r1);
		out->power[i] = 10 * log10f(d->power[i]) - reference_db;
		out->variance[i] = share_of_noise(hypotf(r1[0], r1[1]),
						  d->power[i] *
						  (p->ensemble - 1));
		out->valid[i] = out->power[i] >= p->power_min_db &&
				fabsf(out->v[i]) >= p->velocity_min;
	}
}

static void find_axial(struct doppler *d, const struct iq *in)
{
	const size_t samples = in->samples, places = in->lines * samples;
	uint32_t line;

	for (line = 0; line < in->lines; line++)
		d->axial(d->f + 2 * line * samples,
			 in->data + 2 * line * samples, 2 * places, samples,
			 &d->law);
	mean_plane(d, d->f, 2, in->lines, in->samples);
	mean_plane(d, d->f + 1, 2, in->lines, in->samples);
}

void doppler_execute(struct doppler *d, struct vel *out, const struct iq *in)
{
	const size_t places = (size_t)in->lines * in->samples;

	d->lag1(d->r1, d->power, in->data, 2 * places, places, &d->law);
	mean_plane(d, d->r1, 2, in->lines, in->samples);
	mean_plane(d, d->r1 + 1, 2, in->lines, in->samples);
	mean_plane(d, d->power, 1, in->lines, in->samples);
	if (d->params.estimator == DOPPLER_LOUPAS)
		find_axial(d, in);
	estimate(d, out, places);
}

void doppler_destroy(struct doppler *d)
{
	if (!d)
		return;
	free(d->basis);
	free(d->r1);
	free(d->power);
	free(d->f);
	free(d->row);
	free(d);
}

// SPDX-License-Identifier: MIT
/* Wall filters, autocorrelations and velocity: the specification. */
#include <math.h>
#include <string.h>

#include "doppler.h"

/* Where they can be read over and over. */
static void copy(float *y, size_t y_stride, const float *iq, size_t stride,
		 uint32_t n, uint32_t ensemble)
{
	uint32_t t;

	for (t = 0; t < ensemble; t++)
		memmove(y + t * y_stride, iq + t * stride,
			2 * n * sizeof(float));
}

void doppler_project_c(float *y, size_t y_stride, const float *iq,
		       size_t stride, uint32_t n, const struct wall_law *law)
{
	const uint32_t ensemble = law->ensemble;
	uint32_t j, k, t;

	copy(y, y_stride, iq, stride, n, ensemble);
	/* real and imaginary parts alike */
	for (j = 0; j < 2 * n; j++, y++) {
		float sum[WALL_TERMS_MAX] = { 0 };

		for (k = 0; k < law->terms; k++)
			for (t = 0; t < ensemble; t++)
				sum[k] += law->basis[k * ensemble + t] *
					  y[t * y_stride];
		for (t = 0; t < ensemble; t++)
			for (k = 0; k < law->terms; k++)
				y[t * y_stride] -=
					law->basis[k * ensemble + t] * sum[k];
	}
}

void doppler_eigen_c(float *y, size_t y_stride, const float *iq, size_t stride,
		     uint32_t n, const struct wall_law *law)
{
	const uint32_t ensemble = law->ensemble;
	uint32_t j, k, t;

	copy(y, y_stride, iq, stride, n, ensemble);
	for (j = 0; j < n; j++, y += 2) {
		float re[WALL_TERMS_MAX] = { 0 }, im[WALL_TERMS_MAX] = { 0 };

		for (k = 0; k < law->terms; k++)
			for (t = 0; t < ensemble; t++) {
				const float *u = law->basis +
						 2 * (k * ensemble + t);
				const float *x = y + t * y_stride;

				re[k] += x[0] * u[0] + x[1] * u[1];
				im[k] += x[1] * u[0] - x[0] * u[1];
			}
		for (t = 0; t < ensemble; t++)
			for (k = 0; k < law->terms; k++) {
				const float *u = law->basis +
						 2 * (k * ensemble + t);
				float *x = y + t * y_stride;

				x[0] -= re[k] * u[0] - im[k] * u[1];
				x[1] -= re[k] * u[1] + im[k] * u[0];
			}
	}
}

void doppler_matrix_c(float *y, size_t y_stride, const float *x, size_t stride,
		      uint32_t n, const struct wall_law *law)
{
	uint32_t j, r, t;

	for (r = 0; r < law->rows; r++, y += y_stride) {
		const float *row = law->matrix + (size_t)r * law->ensemble;

		memset(y, 0, 2 * n * sizeof(float));
		for (t = law->from[r]; t < law->to[r]; t++)
			for (j = 0; j < 2 * n; j++)
				y[j] += row[t] * x[t * stride + j];
	}
}

void doppler_covariance_c(double *c, const float *x, size_t stride, uint32_t n,
			  uint32_t ensemble)
{
	uint32_t j, t, u;

	for (t = 0; t < ensemble; t++)
		for (u = 0; u <= t; u++) {
			const float *a = x + t * stride, *b = x + u * stride;
			double *at = c + 2 * ((size_t)t * ensemble + u);
			float re = 0, im = 0;

			for (j = 0; j < 2 * n; j += 2) {
				re += a[j] * b[j] + a[j + 1] * b[j + 1];
				im += a[j + 1] * b[j] - a[j] * b[j + 1];
			}
			at[0] += re;
			at[1] += im;
		}
}

void doppler_correlate_c(float *r1, float *power, const float *y,
			 size_t stride, uint32_t n, uint32_t rows)
{
	uint32_t j, t;

	for (j = 0; j < n; j++, y += 2) {
		float re = 0, im = 0, sum = 0;

		for (t = 0; t < rows; t++) {
			const float *now = y + t * stride;
			const float *last = now - stride;

			sum += now[0] * now[0] + now[1] * now[1];
			if (!t)
				continue;
			re += now[0] * last[0] + now[1] * last[1];
			im += now[1] * last[0] - now[0] * last[1];
		}
		r1[2 * j] = re;
		r1[2 * j + 1] = im;
		power[j] = sum / rows;
	}
}

void doppler_axial_c(float *f, const float *y, size_t stride, uint32_t n,
		     uint32_t rows)
{
	uint32_t j, t;

	for (j = 0; j < n; j++, y += 2) {
		float re = 0, im = 0;

		for (t = 0; t < rows; t++) {
			const float *here = y + t * stride;

			re += here[2] * here[0] + here[3] * here[1];
			im += here[3] * here[0] - here[2] * here[1];
		}
		f[2 * j] = re;
		f[2 * j + 1] = im;
	}
}

void doppler_mean_c(float *out, const float *const *in, uint32_t window,
		    size_t n)
{
	uint32_t k;
	size_t j;

	for (j = 0; j < n; j++) {
		double sum = 0;

		for (k = 0; k < window; k++)
			sum += in[k][j];
		out[j] = sum / window;
	}
}

static float phase(const float *z)
{
	return atan2f(z[1], z[0]);
}

/*
 * With f, the phase over depth says the mean frequency of the echoes, and so how
 * far the velocity is off. Samples closer than half a wavelength let it say
 * anything, 0 and less too. Return: it is within an octave of the carrier.
 */
static bool correct(float *v, const float *f, const struct doppler_scale *scale)
{
	const float off = remainder(phase(f) - scale->turn, 2 * M_PI);
	const float at = scale->carrier + scale->detune * off;
	const float near = fminf(fmaxf(at, scale->carrier / 2),
				 2 * scale->carrier);

	*v *= scale->carrier / near;
	return at == near;
}

void doppler_estimate_c(float *v, float *power_db, float *variance,
			uint8_t *valid, const float *r1, const float *power,
			const float *f, size_t n,
			const struct doppler_scale *scale)
{
	size_t j;

	for (j = 0; j < n; j++) {
		const float all = scale->pairs * power[j];
		bool found = true;

		v[j] = scale->velocity * phase(r1 + 2 * j);
		if (f)
			found = correct(&v[j], f + 2 * j, scale);
		power_db[j] = 10 * log10f(power[j]) + scale->offset_db;
		variance[j] = all > 0 ? 1 - hypotf(r1[2 * j], r1[2 * j + 1]) /
					     all : 1;
		valid[j] = found && power_db[j] >= scale->power_min_db &&
			   fabsf(v[j]) >= scale->velocity_min;
	}
}

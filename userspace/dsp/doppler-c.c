// SPDX-License-Identifier: MIT
/* Wall filter and autocorrelations of lag one: the specification. */
#include "doppler.h"

struct sample {
	float re, im;
};

static struct sample at(const float *iq, size_t stride, uint32_t t)
{
	return (struct sample){ iq[t * stride], iq[t * stride + 1] };
}

static struct sample project(const float *iq, size_t stride,
			     const float *basis, uint32_t ensemble)
{
	struct sample sum = { 0, 0 };
	uint32_t t;

	for (t = 0; t < ensemble; t++) {
		const struct sample s = at(iq, stride, t);

		sum.re += basis[t] * s.re;
		sum.im += basis[t] * s.im;
	}
	return sum;
}

static struct sample filtered(const float *iq, size_t stride, uint32_t t,
			      const struct sample *wall,
			      const struct doppler_law *law)
{
	struct sample s = at(iq, stride, t);
	uint32_t k;

	for (k = 0; k < law->terms; k++) {
		const float b = law->basis[k * law->ensemble + t];

		s.re -= b * wall[k].re;
		s.im -= b * wall[k].im;
	}
	return s;
}

void doppler_lag1_c(float *r1, float *power, const float *iq, size_t stride,
		    uint32_t n, const struct doppler_law *law)
{
	struct sample wall[DOPPLER_ORDER_MAX + 1], last, now;
	uint32_t j, k, t;

	for (j = 0; j < n; j++, iq += 2) {
		float re = 0, im = 0, sum;

		for (k = 0; k < law->terms; k++)
			wall[k] = project(iq, stride,
					  law->basis + k * law->ensemble,
					  law->ensemble);
		last = filtered(iq, stride, 0, wall, law);
		sum = last.re * last.re + last.im * last.im;
		for (t = 1; t < law->ensemble; t++, last = now) {
			now = filtered(iq, stride, t, wall, law);
			re += now.re * last.re + now.im * last.im;
			im += now.im * last.re - now.re * last.im;
			sum += now.re * now.re + now.im * now.im;
		}
		r1[2 * j] = re;
		r1[2 * j + 1] = im;
		power[j] = sum / law->ensemble;
	}
}

/* A place's ensemble, filtered. */
static void filter(struct sample *y, const float *iq, size_t stride,
		   const struct doppler_law *law)
{
	struct sample wall[DOPPLER_ORDER_MAX + 1];
	uint32_t k, t;

	for (k = 0; k < law->terms; k++)
		wall[k] = project(iq, stride, law->basis + k * law->ensemble,
				  law->ensemble);
	for (t = 0; t < law->ensemble; t++)
		y[t] = filtered(iq, stride, t, wall, law);
}

void doppler_axial_c(float *f, const float *iq, size_t stride, uint32_t n,
		     const struct doppler_law *law)
{
	struct sample y[2][DOPPLER_ENSEMBLE_MAX];
	uint32_t j, t;

	if (n)
		filter(y[0], iq, stride, law);
	for (j = 0; j + 1 < n; j++) {
		const struct sample *here = y[j & 1];
		struct sample *next = y[~j & 1];
		float re = 0, im = 0;

		filter(next, iq + 2 * (j + 1), stride, law);
		for (t = 0; t < law->ensemble; t++) {
			re += next[t].re * here[t].re + next[t].im * here[t].im;
			im += next[t].im * here[t].re - next[t].re * here[t].im;
		}
		f[2 * j] = re;
		f[2 * j + 1] = im;
	}
	for (t = 0; n && t < 2; t++)
		f[2 * (n - 1) + t] = n > 1 ? f[2 * (n - 2) + t] : 0;
}

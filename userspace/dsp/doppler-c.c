// SPDX-License-Identifier: MIT
/* Wall filter and lag-1 autocorrelation: the specification. */
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

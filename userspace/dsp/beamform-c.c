// SPDX-License-Identifier: MIT
/* Delay-and-sum: the specification. */
#include <math.h>

#include "beamform.h"

#define PHASE_SHIFT	22	/* 2^32 phases of a turn / BEAMFORM_PHASES */

struct phasor {
	float re, im;
};

/*
 * The table's entry, turned on by what is left: to first order, |left| being
 * at most pi / BEAMFORM_PHASES.
 */
static struct phasor cis(int32_t index, const struct beamform_law *law)
{
	const uint32_t phase = (uint32_t)(int64_t)(index * law->turn);
	const uint32_t at = (phase + (1u << (PHASE_SHIFT - 1))) >> PHASE_SHIFT;
	const float left = (int32_t)(phase - (at << PHASE_SHIFT)) *
			   (float)(2 * M_PI / 4294967296.0);
	const float *entry = law->cis + 2 * (at % BEAMFORM_PHASES);

	return (struct phasor){ entry[0] - entry[1] * left,
				entry[1] + entry[0] * left };
}

/* u from 0 at the aperture's centre to 1 at its edge */
static float window_at(const float *window, float u)
{
	const float place = (u < 1 ? u : 1) * BEAMFORM_WINDOW;
	const uint32_t i = place;
	const float part = place - i;

	return window[i] + part * (window[i + 1] - window[i]);
}

void beamform_receive_c(int32_t *index, float *weight, uint32_t n,
			const struct ray *ray, uint32_t first,
			const struct sono_element *element,
			const struct beamform_law *law,
			const struct beamform_aperture *aperture)
{
	uint32_t j;

	for (j = 0; j < n; j++) {
		double x = ray->x + (first + j) * ray->dx - element->x;
		double z = ray->z + (first + j) * ray->dz - element->z;
		struct phasor p;
		float w = 1;

		index[j] = sqrt(x * x + z * z) * law->scale + 0.5;
		if (aperture)
			w = window_at(law->window,
				      fabsf(aperture->at -
					    aperture->centre[first + j]) *
				      aperture->scale[first + j]);
		p = cis(index[j], law);
		weight[2 * j] = w * p.re;
		weight[2 * j + 1] = w * p.im;
	}
}

void beamform_add_c(float *acc, const float *row, uint32_t samples,
		    const int32_t *receive, const int32_t *transmit,
		    const float *weight, uint32_t n)
{
	uint32_t j;

	for (j = 0; j < n; j++) {
		const int32_t s = receive[j] + transmit[j];
		const int32_t i = s >> 16;
		const float part = (s & 0xffff) * 0x1p-16f;
		const float *tap = row + 2 * i;
		float re, im;

		if ((uint32_t)i >= samples - 1)
			continue;
		re = tap[0] + part * (tap[2] - tap[0]);
		im = tap[1] + part * (tap[3] - tap[1]);
		acc[2 * j] += re * weight[2 * j] - im * weight[2 * j + 1];
		acc[2 * j + 1] += re * weight[2 * j + 1] + im * weight[2 * j];
	}
}

void beamform_rotate_c(float *out, const float *acc, const int32_t *transmit,
		       uint32_t n, const struct beamform_law *law)
{
	uint32_t j;

	for (j = 0; j < n; j++) {
		const struct phasor p = cis(transmit[j], law);
		const float re = acc[2 * j], im = acc[2 * j + 1];

		out[2 * j] += re * p.re - im * p.im;
		out[2 * j + 1] += re * p.im + im * p.re;
	}
}

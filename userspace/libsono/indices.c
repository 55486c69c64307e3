// SPDX-License-Identifier: MIT
#include <math.h>

#include "indices.h"

/* The nominal probe: pressure at its face, and how high it is. */
#define PASCAL_PER_VOLT 10e3
#define ELEVATION 13e-3

#define DENSITY 1000.0	 /* of water [kg/m^3] */
#define DERATING_DB 30.0 /* 0.3 dB/cm/MHz, per m and MHz */
#define CENTRE 10e-3	 /* W01 is the power through so much of the face [m] */

/* Elements that transmit, and the width that they take [m]. */
static double width_of(const struct sono_plan *plan, uint32_t event,
		       double *mean)
{
	const struct sono_scan *s = plan->scan;
	const double *amplitude = plan->waveform[event].amplitude;
	const double pitch = hypot(s->element[1].x - s->element[0].x,
				   s->element[1].z - s->element[0].z);
	uint32_t n = 0;
	double sum = 0;

	for (uint32_t e = 0; e < s->elements; e++) {
		if (isnan(s->event[event].delay[e]))
			continue;
		sum += amplitude[e];
		n++;
	}
	*mean = n ? sum / n : 0;
	return n * pitch;
}

/*
 * On the axis a beam of width D, focused in the plane at F, has D / sqrt(lambda
 * F) times the pressure at the face; one that is not focused has it at the
 * face. Attenuation on the way is taken off.
 */
static double derated_pressure(const struct sono_plan *plan, uint32_t event,
			       double face, double width)
{
	const struct sono_event *ev = &plan->scan->event[event];
	const double f = plan->waveform[event].frequency;
	double gain;

	if (ev->wave != SONO_WAVE_FOCUSED)
		return face;
	gain = width / sqrt(plan->scan->c / f * ev->focus) *
	       pow(10, -DERATING_DB * ev->focus * f * 1e-6 / 20);
	return face * fmax(gain, 1);
}

/* Energy of one event through the middle of the face [J]. */
static double energy(const struct sono_plan *plan, uint32_t event, double face,
		     double width)
{
	const struct sono_waveform *w = &plan->waveform[event];
	const double length = w->half_cycles / (2 * w->frequency);
	const double intensity = face * face / (2 * DENSITY * plan->scan->c);

	return intensity * ELEVATION * fmin(width, CENTRE) * length;
}

struct sono_indices sono_indices_of(const struct sono_plan *plan)
{
	const struct sono_scan *s = plan->scan;
	struct sono_indices indices = { 0 };

	for (uint32_t i = 0; i < s->events; i++) {
		const double mhz = plan->waveform[i].frequency * 1e-6;
		double mean, width = width_of(plan, i, &mean);
		double face = PASCAL_PER_VOLT * plan->waveform[i].voltage *
			      mean;
		double p = derated_pressure(plan, i, face, width);

		indices.mi = fmax(indices.mi, p * 1e-6 / sqrt(mhz));
		/* TI = W01 f / 210, of mW and MHz */
		indices.ti += energy(plan, i, face, width) / s->frame_period *
			      1e3 * mhz / 210;
	}
	return indices;
}

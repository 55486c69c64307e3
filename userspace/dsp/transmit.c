// SPDX-License-Identifier: MIT
/* Arrival of plane, diverging and focused waves. */
#include <math.h>

#include "transmit.h"

/*
 * First arrival at a point, as a distance from the trigger [m]. Squares tell
 * which elements are later than the first so far; a delay that is NAN never is
 * earlier.
 */
static double first_arrival(const struct sono_scan *scan,
			    const struct sono_event *event, double x, double z)
{
	double first = INFINITY;
	uint32_t i;

	for (i = 0; i < scan->elements; i++) {
		double dx = x - scan->element[i].x;
		double dz = z - scan->element[i].z;
		double square = dx * dx + dz * dz;
		double wait = event->delay[i] * scan->c;
		double left = first - wait;

		if (left > 0 && square < left * left)
			first = wait + sqrt(square);
	}
	return first;
}

static void find_focus(struct transmit *f)
{
	const struct sono_scan *scan = f->scan;
	const struct sono_event *event = f->event;
	double left = INFINITY, right = -INFINITY, sum = 0, f_number;
	uint32_t i, n = 0;

	f->dx = sin(event->beam_angle);
	f->dz = cos(event->beam_angle);
	f->x = event->beam_x + event->focus * f->dx;
	f->z = event->beam_z + event->focus * f->dz;
	for (i = 0; i < scan->elements; i++) {
		double x = f->x - scan->element[i].x;
		double z = f->z - scan->element[i].z;
		double side = x * f->dz - z * f->dx;

		if (isnan(event->delay[i]))
			continue;
		sum += event->delay[i] * scan->c + hypot(x, z);
		left = fmin(left, side);
		right = fmax(right, side);
		n++;
	}
	f->arrival = n ? sum / n : INFINITY;
	f_number = event->focus / fmax(right - left, scan->c / scan->fc);
	f->plane = scan->c / scan->fc * fmax(1, 2 * f_number * f_number);
}

struct transmit transmit_of(const struct sono_scan *scan,
			    const struct sono_event *event)
{
	struct transmit wave = { .scan = scan, .event = event };

	if (event->wave == SONO_WAVE_FOCUSED)
		find_focus(&wave);
	return wave;
}

/*
 * The way from the trigger over the focus: short of it the sphere shrinks
 * towards it, beyond it grows from it. Between, where the sphere would turn
 * inside out, the wave is plane.
 */
static double focused_arrival(const struct transmit *f, double x, double z)
{
	double ahead = (x - f->x) * f->dx + (z - f->z) * f->dz;
	double sphere = copysign(hypot(x - f->x, z - f->z), ahead);
	double t = fmin(fabs(ahead) / f->plane, 1);

	return f->arrival + ahead + (sphere - ahead) * t * t * (3 - 2 * t);
}

double transmit_arrival(const struct transmit *wave, double x, double z)
{
	if (wave->event->wave == SONO_WAVE_FOCUSED)
		return focused_arrival(wave, x, z);
	return first_arrival(wave->scan, wave->event, x, z);
}

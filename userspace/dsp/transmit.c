// SPDX-License-Identifier: MIT
/* Arrival of plane, diverging and focused waves. */
#include <math.h>
#include <stddef.h>

#include "transmit.h"

/*
 * First arrival at a point from n elements, or from the first n where no list
 * is given, as a distance from the trigger [m]. Squares tell which elements are
 * later than the first so far; a delay that is NAN never is earlier.
 */
static double first_of(const struct sono_scan *scan,
		       const struct sono_event *event, const uint32_t *list,
		       uint32_t n, double x, double z)
{
	double first = INFINITY;
	uint32_t k;

	for (k = 0; k < n; k++) {
		const uint32_t i = list ? list[k] : k;
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
	return first_of(wave->scan, wave->event, NULL, wave->scan->elements,
			x, z);
}

/* --- points of a line --- */

#define SOURCES_MAX	256	/* elements that are told apart */

/*
 * Elements that can be the first within @reach of a line's point. A distance
 * along a line is convex: it stays above its tangent; and it bends by the
 * inverse of the distance at most, so that of the first one at the point stays
 * below a parabola. Return: how many, or 0: too many, or too near to tell.
 */
static uint32_t find_sources(const struct transmit *wave,
			     const struct ray *ray, double x, double z,
			     double reach, uint32_t *out)
{
	const struct sono_scan *scan = wave->scan;
	const double step = sqrt(ray->dx * ray->dx + ray->dz * ray->dz);
	double arrival[SOURCES_MAX], slope[SOURCES_MAX];
	double near = INFINITY, bend;
	uint32_t i, best = 0, n = 0;

	if (scan->elements > SOURCES_MAX)
		return 0;
	for (i = 0; i < scan->elements; i++) {
		const double dx = x - scan->element[i].x;
		const double dz = z - scan->element[i].z;
		const double away = sqrt(dx * dx + dz * dz);

		arrival[i] = INFINITY;
		if (isnan(wave->event->delay[i]))
			continue;
		arrival[i] = wave->event->delay[i] * scan->c + away;
		slope[i] = (dx * ray->dx + dz * ray->dz) / (away * step);
		near = away < near ? away : near;
		if (arrival[i] < arrival[best])
			best = i;
	}
	if (!(near > 2 * reach) || isinf(arrival[best]))
		return 0;
	bend = reach * reach / (2 * (near - reach));
	for (i = 0; i < scan->elements; i++)
		if (arrival[i] < INFINITY &&
		    arrival[i] - fabs(slope[i] - slope[best]) * reach <=
			    arrival[best] + bend)
			out[n++] = i;
	return n;
}

void transmit_arrivals(const struct transmit *wave, const struct ray *ray,
		       uint32_t first, uint32_t n, double *out)
{
	const double middle = first + (n - 1) / 2.0;
	const double reach = n / 2.0 *
			     sqrt(ray->dx * ray->dx + ray->dz * ray->dz);
	uint32_t source[SOURCES_MAX], sources = 0, j;

	if (wave->event->wave != SONO_WAVE_FOCUSED)
		sources = find_sources(wave, ray, ray->x + middle * ray->dx,
				       ray->z + middle * ray->dz, reach,
				       source);
	for (j = 0; j < n; j++) {
		const double x = ray->x + (first + j) * ray->dx;
		const double z = ray->z + (first + j) * ray->dz;

		out[j] = sources ? first_of(wave->scan, wave->event, source,
					    sources, x, z) :
				   transmit_arrival(wave, x, z);
	}
}

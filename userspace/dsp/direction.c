// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdbool.h>

#include "aperture.h"
#include "direction.h"
#include "transmit.h"

#define PLACES		9	/* looked at across the grid, and down */
#define ROUNDS		8	/* until the aperture is where it should be */
#define CLOSE		1e-4	/* enough [rad] */
#define STEER_MAX	1.0	/* of an aperture that still hears [rad] */
#define REACH		4	/* over which a wave's slope is taken [wavelengths] */

struct vec {
	double x, z;
};

/* [Selfridge, Kino, Khuri-Yakub 1980] */
double element_gain(const struct sono_scan *scan, uint32_t e, double x,
		    double z)
{
	const struct sono_element *el = &scan->element[e];
	const struct sono_element *next = el + (e + 1 < scan->elements ? 1 : -1);
	const double dx = x - el->x, dz = z - el->z;
	const double c = (dx * el->nx + dz * el->nz) / hypot(dx, dz);
	const double turn = M_PI * scan->fc / scan->c *
			    hypot(next->x - el->x, next->z - el->z) *
			    sqrt(fmax(0, 1 - c * c));

	if (!(c > 0))
		return 0;
	return turn > 1e-6 ? c * sin(turn) / turn : c;
}

/* --- ways --- */

/*
 * Adds the direction from an element to a place, as often as power goes along
 * it: of speckle the mean shift is weighed with the square of each element's
 * part in the sum.
 */
static void add_way(struct vec *sum, const struct sono_scan *scan, uint32_t e,
		    double weight, double x, double z)
{
	const struct sono_element *el = &scan->element[e];
	const double far = hypot(x - el->x, z - el->z);
	const double a = weight * element_gain(scan, e, x, z) / far;

	sum->x += a * a * (x - el->x) / far;
	sum->z += a * a * (z - el->z) / far;
}

static struct vec unit(struct vec v)
{
	const double length = hypot(v.x, v.z);

	return (struct vec){ v.x / length, v.z / length };
}

/* The mean of the ways to the elements that hear a place. */
static struct vec heard(const struct sono_scan *scan,
			const struct beamform_params *p, double x, double z)
{
	struct vec sum = { 0, 0 };
	uint32_t c;

	for (c = 0; c < scan->channels; c++) {
		const uint32_t e = scan->channel_element[c];
		const double u = aperture_place(&scan->element[e], p, x, z);

		if (!(fabs(u) <= 1))
			continue;
		if (c == 0 || c + 1 == scan->channels)
			return (struct vec){ NAN, NAN };
		add_way(&sum, scan, e,
			window_weight(p->window, p->taper, fabs(u)), x, z);
	}
	return unit(sum);
}

/* Where a wave that is not focused goes to: its arrival's slope. */
static struct vec slope(const struct sono_scan *scan,
			const struct sono_event *event, double x, double z)
{
	const struct transmit wave = transmit_of(scan, event);
	const double h = REACH * scan->c / scan->fc;

	return (struct vec){
		(transmit_arrival(&wave, x + h, z) -
		 transmit_arrival(&wave, x - h, z)) / (2 * h),
		(transmit_arrival(&wave, x, z + h) -
		 transmit_arrival(&wave, x, z - h)) / (2 * h),
	};
}

/* Of a beam: the mean of the ways from the elements that send it. */
static struct vec beam(const struct sono_scan *scan,
		       const struct sono_event *event, double x, double z)
{
	struct vec sum = { 0, 0 };
	uint32_t e;

	for (e = 0; e < scan->elements; e++)
		if (!isnan(event->delay[e]))
			add_way(&sum, scan, e, 1, x, z);
	return unit(sum);
}

/* How far a beam passes a place by. */
static double beside(const struct sono_event *event, double x, double z)
{
	return fabs((x - event->beam_x) * cos(event->beam_angle) -
		    (z - event->beam_z) * sin(event->beam_angle));
}

/* Waves are added up, of beams the nearest counts. */
static struct vec sent(const struct sono_scan *scan, enum sono_role role,
		       double x, double z)
{
	const struct sono_event *nearest = NULL;
	struct vec sum = { 0, 0 };
	uint32_t k;

	for (k = 0; k < scan->events; k++) {
		const struct sono_event *event = &scan->event[k];
		struct vec way;

		if (SONO_TAG_ROLE(event->tag) != role ||
		    SONO_TAG_SHOT(event->tag))
			continue;
		if (event->wave == SONO_WAVE_FOCUSED) {
			if (!nearest || beside(event, x, z) <
						beside(nearest, x, z))
				nearest = event;
			continue;
		}
		way = slope(scan, event, x, z);
		sum.x += way.x;
		sum.z += way.z;
	}
	return nearest ? beam(scan, nearest, x, z) : unit(sum);
}

double direction_at(const struct sono_scan *scan, enum sono_role role,
		    const struct beamform_params *params, double x, double z)
{
	const struct vec to = sent(scan, role, x, z);
	const struct vec from = heard(scan, params, x, z);

	return atan2(to.x + from.x, to.z + from.z);
}

/* --- lines --- */

/* By how much it misses the lines, the mean over places; NAN: there are none. */
static double miss(const struct sono_scan *scan, enum sono_role role,
		   const struct beamform_params *p)
{
	double sum = 0;
	int n = 0, i, k;

	for (i = 0; i < PLACES; i++) {
		const struct ray ray = grid_ray(
			&p->grid, i * (p->grid.lines - 1) / (PLACES - 1));

		for (k = 0; k < PLACES; k++) {
			const uint32_t j = k * (p->grid.samples - 1) /
					   (PLACES - 1);
			const double at = direction_at(scan, role, p,
						       ray.x + j * ray.dx,
						       ray.z + j * ray.dz);

			if (isnan(at))
				continue;
			sum += at - atan2(ray.dx, ray.dz);
			n++;
		}
	}
	return n ? sum / n : NAN;
}

double direction_steer(const struct sono_scan *scan, enum sono_role role,
		       const struct beamform_params *params)
{
	struct beamform_params p = *params;
	int i;

	if (!(p.f_number > 0))
		return params->steer;
	for (i = 0; i < ROUNDS; i++) {
		const double by = miss(scan, role, &p);

		if (fabs(by) < CLOSE)
			return p.steer;
		/* it moves the middle by half */
		p.steer -= 2 * by;
		if (!(fabs(p.steer) < STEER_MAX))
			break;
	}
	return i < ROUNDS ? params->steer : p.steer;
}

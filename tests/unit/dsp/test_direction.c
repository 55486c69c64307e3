// SPDX-License-Identifier: MIT
/*
 * Truth is an integral over the tangents under which a flat aperture is seen,
 * where direction.c sums elements.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "dsp/direction.h"

#define ELEMENTS	128
#define PITCH		0.3e-3
#define FC		5e6
#define SOUND		1540.0
#define DEGREE		(M_PI / 180)

/* A linear probe that sends a plane wave at an angle, as colour. */
static struct sono_scan *plane_scan(double angle)
{
	struct sono_scan *scan = sono_scan_alloc(ELEMENTS, ELEMENTS, 1);
	struct sono_event *event = scan->event;
	double *delay = (double *)event->delay;

	scan->fc = FC;
	scan->c = SOUND;
	scan->fs = 4 * FC;
	event->tag = SONO_TAG(SONO_ROLE_COLOUR, 0, 0);
	for (uint32_t i = 0; i < ELEMENTS; i++) {
		const double x = (i - (ELEMENTS - 1) / 2.0) * PITCH;

		scan->element[i] = (struct sono_element){ x, 0, 0, 1 };
		scan->channel_element[i] = i;
		delay[i] = (x * sin(angle) + 20e-3) / SOUND;
	}
	return scan;
}

static struct beamform_params box(double steer, double f_number)
{
	return (struct beamform_params){
		.grid = { .shape = GRID_LINEAR, .lines = 40, .samples = 100,
			  .line0 = -5e-3 - 20e-3 * tan(steer),
			  .line_step = 0.25e-3, .sample0 = 15e-3,
			  .sample_step = 0.1e-3, .steer = steer },
		.f_number = f_number,
		.steer = steer,
	};
}

/*
 * Mean direction to an aperture of tangents tan(steer) -+ 1 / 2F, weighted with
 * the power that elements as wide as they lie apart hear from there: an echo
 * gets weaker with its way, and with the cosine.
 */
static double heard_from(double steer, double f_number, double *length)
{
	const int n = 4000;
	double x = 0, z = 0, all = 0;

	for (int i = 0; i < n; i++) {
		const double t = tan(steer) +
				 ((i + 0.5) / n - 0.5) / f_number;
		const double a = atan(t);
		const double turn = M_PI * PITCH * FC / SOUND * sin(a);
		const double hears = cos(a) * cos(a) *
				     (turn ? sin(turn) / turn : 1);

		x += hears * hears * sin(a);
		z += hears * hears * cos(a);
		all += hears * hears;
	}
	*length = hypot(x, z) / all;
	return atan2(x, z);
}

static double middle(double sent, double steer, double f_number)
{
	double length;
	const double from = heard_from(steer, f_number, &length);

	return atan2(sin(sent) + sin(from), cos(sent) + cos(from));
}

/* The mean over the box; elements make it jump from place to place. */
static double mean_direction(const struct sono_scan *scan,
			     const struct beamform_params *p)
{
	double sum = 0;
	int n = 0;

	for (uint32_t line = 0; line < p->grid.lines; line++) {
		const struct ray ray = grid_ray(&p->grid, line);

		for (uint32_t j = 0; j < p->grid.samples; j += 7, n++)
			sum += direction_at(scan, SONO_ROLE_COLOUR, p,
					    ray.x + j * ray.dx,
					    ray.z + j * ray.dz);
	}
	return sum / n;
}

/* A twentieth of a degree: at 60 degrees to the flow 0.15 % of a velocity. */
#define NEAR	(0.05 * DEGREE)

Test(direction, between_transmission_and_reception)
{
	static const struct {
		double sent, steer, f_number;
	} cases[] = {
		{ 0, 0, 2 }, { -15, -15, 3 }, { -15, -15, 1.75 },
		{ 12, 12, 2 }, { 0, -10, 2 }, { 10, 0, 3 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const double sent = cases[i].sent * DEGREE;
		const double steer = cases[i].steer * DEGREE;
		struct sono_scan *scan = plane_scan(sent);
		const struct beamform_params p = box(steer, cases[i].f_number);
		const double got = mean_direction(scan, &p);
		const double want = middle(sent, steer, cases[i].f_number);

		cr_expect_float_eq(got, want, NEAR, "%zu: %g, want %g degrees",
				   i, got / DEGREE, want / DEGREE);
		sono_scan_free(scan);
	}
}

Test(direction, elements_pull_a_steered_aperture_towards_their_normals)
{
	/* what direction_steer() is for: here it is worth 1.4 % at 60 degrees */
	cr_expect_lt(middle(-15 * DEGREE, -15 * DEGREE, 3),
		     -14 * DEGREE);
	cr_expect_gt(middle(-15 * DEGREE, -15 * DEGREE, 3),
		     -14.5 * DEGREE);
}

Test(direction, aperture_is_steered_until_velocity_is_along_lines)
{
	static const struct {
		double sent, lines, f_number;
	} cases[] = {
		{ 0, 0, 2 }, { -15, -15, 3 }, { 12, 12, 2 }, { 20, 20, 2.5 },
		{ 0, -10, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const double sent = cases[i].sent * DEGREE;
		const double lines = cases[i].lines * DEGREE;
		struct sono_scan *scan = plane_scan(sent);
		const struct beamform_params p = box(lines, cases[i].f_number);
		const double steer = direction_steer(scan, SONO_ROLE_COLOUR,
						     &p);
		const double got = middle(sent, steer, cases[i].f_number);

		cr_expect_float_eq(got, lines, NEAR, "%zu: %g, want %g degrees",
				   i, got / DEGREE, lines / DEGREE);
		sono_scan_free(scan);
	}
}

/* Two waves of a shot that cancel each other's lean. */
Test(direction, compounded_waves_count_together)
{
	struct sono_scan *one = plane_scan(-15 * DEGREE);
	struct sono_scan *both = sono_scan_alloc(ELEMENTS, ELEMENTS, 2);
	const struct beamform_params p = box(0, 2);

	both->fc = one->fc;
	both->c = one->c;
	for (uint32_t i = 0; i < ELEMENTS; i++) {
		both->element[i] = one->element[i];
		both->channel_element[i] = i;
		((double *)both->event[0].delay)[i] = one->event->delay[i];
		((double *)both->event[1].delay)[i] =
			one->event->delay[ELEMENTS - 1 - i];
	}
	both->event[0].tag = SONO_TAG(SONO_ROLE_COLOUR, 0, 0);
	both->event[1].tag = SONO_TAG(SONO_ROLE_COLOUR, 0, 1);
	cr_expect_float_eq(mean_direction(both, &p), 0, NEAR);
	cr_expect_lt(mean_direction(one, &p), -7 * DEGREE);
	sono_scan_free(both);
	sono_scan_free(one);
}

/* Its elements point at their focus, and hear less from the side as well. */
Test(direction, beam_is_looked_at_from_its_elements)
{
	struct sono_scan *scan = plane_scan(-15 * DEGREE);
	struct sono_event *event = scan->event;
	double *delay = (double *)event->delay;
	struct beamform_params p = box(-15 * DEGREE, 3);
	const double x = 0, z = 20e-3;
	double want;

	event->wave = SONO_WAVE_FOCUSED;
	event->beam_angle = -15 * DEGREE;
	event->beam_x = x - z * tan(event->beam_angle);
	event->focus = z / cos(event->beam_angle);
	for (uint32_t i = 0; i < ELEMENTS; i++) {
		const double at = scan->element[i].x;

		delay[i] = fabs(at - event->beam_x) < z / 6 ?
				   (30e-3 - hypot(x - at, z)) / SOUND :
				   NAN;
	}
	want = middle(-15 * DEGREE, -15 * DEGREE, 3);
	/* as much again: the beam leans like the aperture; and 22 elements */
	want += want + 15 * DEGREE;
	cr_expect_float_eq(direction_at(scan, SONO_ROLE_COLOUR, &p, x, z),
			   want, 0.4 * DEGREE);
	sono_scan_free(scan);
}

/*
 * On a curved array all that is the same to both sides of a radius lies on it: beam
 * and aperture of the element that it goes through, and so the direction.
 */
Test(direction, of_a_curved_array_it_is_the_radius)
{
	const double radius = 50e-3, depth = 40e-3;
	struct sono_scan *scan = plane_scan(0);
	struct sono_event *event = scan->event;
	double *delay = (double *)event->delay;
	struct beamform_params p = box(0, 1.5);

	for (uint32_t i = 0; i < ELEMENTS; i++) {
		const double a = (i - (ELEMENTS - 1) / 2.0) * PITCH / radius;

		scan->element[i] = (struct sono_element){
			radius * sin(a), radius * (cos(a) - 1), sin(a), cos(a),
		};
	}
	event->wave = SONO_WAVE_FOCUSED;
	event->focus = depth;
	for (uint32_t k = 48; k < 81; k += 16) {
		const struct sono_element *el = &scan->element[k];
		const double angle = atan2(el->nx, el->nz);
		const double x = el->x + depth * el->nx;
		const double z = el->z + depth * el->nz;

		event->beam_angle = angle;
		event->beam_x = el->x;
		event->beam_z = el->z;
		for (uint32_t i = 0; i < ELEMENTS; i++)
			delay[i] = i + 30 < k || i > k + 30 ?
					   NAN :
					   (60e-3 - hypot(x - scan->element[i].x,
							  z - scan->element[i].z)) /
						   SOUND;
		cr_expect_float_eq(direction_at(scan, SONO_ROLE_COLOUR, &p, x, z),
				   angle, 0.001 * DEGREE, "%u: %g of %g degrees",
				   k, direction_at(scan, SONO_ROLE_COLOUR, &p,
						   x, z) / DEGREE,
				   angle / DEGREE);
	}
	sono_scan_free(scan);
}

Test(direction, apertures_that_the_array_cuts_say_nothing)
{
	struct sono_scan *scan = plane_scan(-15 * DEGREE);
	struct beamform_params p = box(-15 * DEGREE, 3);

	cr_expect(isnan(direction_at(scan, SONO_ROLE_COLOUR, &p, 18e-3,
				     20e-3)));
	p.f_number = 0;
	cr_expect_eq(direction_steer(scan, SONO_ROLE_COLOUR, &p),
		     -15 * DEGREE);
	p = box(-15 * DEGREE, 3);
	p.grid.line0 = 30e-3;
	cr_expect_eq(direction_steer(scan, SONO_ROLE_COLOUR, &p),
		     -15 * DEGREE);
	sono_scan_free(scan);
}

// SPDX-License-Identifier: MIT
#include <complex.h>
#include <math.h>
#include <stdbool.h>

#include "compound.h"

/* Steps of a velocity in which half a turn passes from first to last event. */
#define STEPS 16
#define BISECTIONS 40

static bool same_beam(const struct sono_event *a, const struct sono_event *b)
{
	return a->beam_x == b->beam_x && a->beam_z == b->beam_z &&
	       a->beam_angle == b->beam_angle;
}

/*
 * Of events that a shot adds up: of focused ones those of the first two beams,
 * which a line half way between them adds alike.
 */
struct added {
	const struct sono_event *first, *second;
};

static bool is_added(struct added *a, const struct sono_event *event)
{
	if (!a->first)
		a->first = event;
	if (event->wave != SONO_WAVE_FOCUSED || same_beam(event, a->first))
		return true;
	if (!a->second)
		a->second = event;
	return same_beam(event, a->second);
}

static bool is_of(const struct sono_event *event, enum sono_role role)
{
	return SONO_TAG_ROLE(event->tag) == role && !SONO_TAG_SHOT(event->tag);
}

/* How many events there are, and from the first to the last of them [s]. */
struct span {
	uint32_t events;
	double time;
};

static struct span add_up(const struct sono_scan *s, enum sono_role role,
			  double v, double complex *sum)
{
	const double turn = 4 * M_PI * s->fc * v / s->c;
	struct added added = { 0 };
	struct span span = { 0 };
	double time = 0;

	for (uint32_t e = 0; e < s->events; e++) {
		const struct sono_event *event = &s->event[e];

		if (!added.first && is_of(event, role))
			time = 0;
		if (is_of(event, role) && is_added(&added, event)) {
			*sum += cexp(I * turn * time);
			span.events++;
			span.time = time;
		}
		time += event->period;
	}
	return span;
}

double compound_gain(const struct sono_scan *scan, enum sono_role role,
		     double v)
{
	double complex sum = 0;
	const struct span span = add_up(scan, role, v, &sum);

	return span.events ? cabs(sum) / span.events : 1;
}

double compound_limit(const struct sono_scan *scan, enum sono_role role)
{
	double complex unused = 0;
	const struct span span = add_up(scan, role, 0, &unused);
	double low = 0, high, step;

	if (span.events < 2 || !(span.time > 0))
		return 0;
	step = scan->c / (4 * scan->fc * span.time) / STEPS;
	for (high = step; compound_gain(scan, role, high) > M_SQRT1_2;
	     high += step)
		low = high;
	for (int i = 0; i < BISECTIONS; i++) {
		const double middle = (low + high) / 2;

		if (compound_gain(scan, role, middle) > M_SQRT1_2)
			low = middle;
		else
			high = middle;
	}
	return low;
}

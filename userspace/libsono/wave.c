// SPDX-License-Identifier: MIT
#include <math.h>

#include "wave.h"

/* Where the search begins [degrees]. */
#define ANGLES		13
#define ANGLE_STEP	10
#define STEPS		60	/* of the search, at most */

/**
 * struct fit - a model of an event's delays
 * @scan: of it
 * @event: it
 * @p: what is looked for: a plane wave's angle, or x and z of a source
 * @n: how many of @p
 */
struct fit {
	const struct sono_scan *scan;
	const struct sono_event *event;
	double p[2];
	int n;
};

/* Path of the wave to an element, but for a constant, and its slopes [m]. */
static double path(const struct fit *f, uint32_t i, double slope[2])
{
	const struct sono_element *e = &f->scan->element[i];
	double x, z, r;

	if (f->n == 1) {
		slope[0] = e->x * cos(f->p[0]) - e->z * sin(f->p[0]);
		return e->x * sin(f->p[0]) + e->z * cos(f->p[0]);
	}
	x = e->x - f->p[0];
	z = e->z - f->p[1];
	r = hypot(x, z);
	slope[0] = r > 0 ? -x / r : 0;
	slope[1] = r > 0 ? -z / r : 0;
	return r;
}

static bool transmits(const struct fit *f, uint32_t i)
{
	return !isnan(f->event->delay[i]);
}

/* Mean of what is left of the delays [m]; slopes' means as well. */
static double level(const struct fit *f, double mean[2])
{
	double sum = 0, slope[2] = { 0 };
	uint32_t n = 0;

	mean[0] = mean[1] = 0;
	for (uint32_t i = 0; i < f->scan->elements; i++) {
		if (!transmits(f, i))
			continue;
		sum += f->event->delay[i] * f->scan->c - path(f, i, slope);
		mean[0] += slope[0];
		mean[1] += slope[1];
		n++;
	}
	mean[0] /= n;
	mean[1] /= n;
	return sum / n;
}

/* Sum of squares of what the model leaves [m^2]. */
static double residue(const struct fit *f)
{
	double slope[2], mean[2], sum = 0;
	const double base = level(f, mean);

	for (uint32_t i = 0; i < f->scan->elements; i++) {
		double d;

		if (!transmits(f, i))
			continue;
		d = f->event->delay[i] * f->scan->c - path(f, i, slope) - base;
		sum += d * d;
	}
	return sum;
}

/* One step of Levenberg's method; true where it made the residue smaller. */
static bool step(struct fit *f, double *damping, double *best)
{
	double a[2][2] = { 0 }, b[2] = { 0 }, slope[2], mean[2], det;
	const double base = level(f, mean);
	struct fit next = *f;
	double left;

	for (uint32_t i = 0; i < f->scan->elements; i++) {
		double d;

		if (!transmits(f, i))
			continue;
		d = f->event->delay[i] * f->scan->c - path(f, i, slope) - base;
		for (int k = 0; k < f->n; k++) {
			b[k] += (slope[k] - mean[k]) * d;
			for (int l = 0; l < f->n; l++)
				a[k][l] += (slope[k] - mean[k]) *
					   (slope[l] - mean[l]);
		}
	}
	a[0][0] *= 1 + *damping;
	a[1][1] = f->n == 2 ? a[1][1] * (1 + *damping) : 1;
	det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
	if (!(fabs(det) > 0))
		return false;
	next.p[0] += (b[0] * a[1][1] - b[1] * a[0][1]) / det;
	next.p[1] += (b[1] * a[0][0] - b[0] * a[1][0]) / det;
	left = residue(&next);
	if (!(left < *best)) {
		*damping *= 10;
		return false;
	}
	*damping /= 10;
	*best = left;
	*f = next;
	return true;
}

static void refine(struct fit *f)
{
	double damping = 1e-3, best = residue(f);

	for (int i = 0; i < STEPS && damping < 1e12; i++)
		step(f, &damping, &best);
}

/* The best of some places to begin at. */
static void begin(struct fit *f)
{
	const struct sono_scan *s = f->scan;
	const double length = hypot(s->element[s->elements - 1].x -
					    s->element[0].x,
				    s->element[s->elements - 1].z -
					    s->element[0].z) + 1e-6;
	struct fit trial = *f;
	double best = INFINITY;

	for (int a = 0; a < ANGLES; a++) {
		const double angle = (a - ANGLES / 2) * ANGLE_STEP * M_PI / 180;

		for (double r = length / 8; r < 40 * length; r *= 2) {
			double left;

			trial.p[0] = f->n == 1 ? angle : -r * sin(angle);
			trial.p[1] = f->n == 1 ? 0 : -r * cos(angle);
			left = residue(&trial);
			if (left >= best)
				continue;
			best = left;
			f->p[0] = trial.p[0];
			f->p[1] = trial.p[1];
		}
	}
}

static double misfit(const struct fit *f, double sign, double base)
{
	double slope[2], worst = 0;

	for (uint32_t i = 0; i < f->scan->elements; i++)
		if (transmits(f, i))
			worst = fmax(worst, fabs(f->event->delay[i] -
						 (sign * path(f, i, slope) +
						  base) / f->scan->c));
	return worst;
}

/* The wave runs into its focus: the later an element is near it the later. */
static struct sono_source focus_of(struct fit *f)
{
	const struct sono_event *ev = f->event;
	double slope[2], sum = 0;
	uint32_t n = 0;

	f->n = 2;
	f->p[0] = ev->beam_x + ev->focus * sin(ev->beam_angle);
	f->p[1] = ev->beam_z + ev->focus * cos(ev->beam_angle);
	for (uint32_t i = 0; i < f->scan->elements; i++) {
		if (!transmits(f, i))
			continue;
		sum += ev->delay[i] * f->scan->c + path(f, i, slope);
		n++;
	}
	return (struct sono_source){
		.x = f->p[0],
		.z = f->p[1],
		.origin_time = (sum / n - hypot(f->p[0], f->p[1])) / f->scan->c,
		.misfit = misfit(f, -1, sum / n),
	};
}

/* Too few to tell: a plane wave straight ahead, or a source among them. */
static bool few(struct fit *f)
{
	const struct sono_scan *s = f->scan;
	uint32_t n = 0;

	f->p[0] = f->p[1] = 0;
	for (uint32_t i = 0; i < s->elements; i++) {
		if (!transmits(f, i))
			continue;
		f->p[0] += s->element[i].x;
		f->p[1] += s->element[i].z;
		n++;
	}
	f->p[0] = f->n == 1 ? 0 : f->p[0] / n;
	f->p[1] = f->n == 1 ? 0 : f->p[1] / n;
	return n <= (uint32_t)f->n;
}

struct sono_source sono_wave_source(const struct sono_scan *scan,
				    const struct sono_event *event)
{
	struct fit f = { .scan = scan, .event = event };
	struct sono_source source = { 0 };
	double mean[2], base;

	if (event->wave == SONO_WAVE_FOCUSED)
		return focus_of(&f);
	f.n = event->wave == SONO_WAVE_PLANE ? 1 : 2;
	if (!few(&f)) {
		begin(&f);
		refine(&f);
	}
	base = level(&f, mean);
	source.misfit = misfit(&f, 1, base);
	if (event->wave == SONO_WAVE_PLANE) {
		source.plane = true;
		source.x = sin(f.p[0]);
		source.z = cos(f.p[0]);
		source.origin_time = base / scan->c;
	} else {
		source.x = f.p[0];
		source.z = f.p[1];
		source.origin_time = (base + hypot(f.p[0], f.p[1])) / scan->c;
	}
	return source;
}

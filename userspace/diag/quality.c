// SPDX-License-Identifier: MIT
#include <math.h>

#include "quality.h"

#define BINS 100
#define BIN_DB 0.8
#define BINS_FROM_DB (-60.0)

/* A row or column of an image, about its largest value. */
struct cut {
	const double *e;
	size_t step;
	long n, peak;
};

static double at(const struct cut *c, long i)
{
	return c->e[i * c->step];
}

/* Place of the half amplitude from the peak towards @way, by interpolation. */
static double crossing(const struct cut *c, int way)
{
	double half = at(c, c->peak) / 2;
	long i = c->peak;

	while (i > 0 && i < c->n - 1 && at(c, i) > half)
		i += way;
	if (at(c, i) > half)
		return NAN;
	return i - way * (half - at(c, i)) / (at(c, i - way) - at(c, i));
}

/* Vertex of the parabola through the peak and its neighbours. */
static double vertex(const struct cut *c)
{
	double before, peak, after;

	if (c->peak < 1 || c->peak > c->n - 2)
		return 0;
	before = at(c, c->peak - 1);
	peak = at(c, c->peak);
	after = at(c, c->peak + 1);
	return 0.5 * (before - after) / (before - 2 * peak + after);
}

struct spread spread_measure(const double *e, const struct grid *g, double px,
			     double pz)
{
	size_t n = (size_t)g->lines * g->samples, best = 0, i;
	struct cut across, along;
	long line, sample;

	for (i = 1; i < n; i++)
		if (e[i] > e[best])
			best = i;
	line = best / g->samples;
	sample = best % g->samples;
	across = (struct cut){ e + sample, g->samples, g->lines, line };
	along = (struct cut){ e + line * g->samples, 1, g->samples, sample };
	return (struct spread){
		.lateral = 1e3 * g->line_step *
			   (crossing(&across, 1) - crossing(&across, -1)),
		.axial = 1e3 * g->sample_step *
			 (crossing(&along, 1) - crossing(&along, -1)),
		.x_error = 1e6 * (g->line0 - px +
				  (line + vertex(&across)) * g->line_step),
		.z_error = 1e6 * (g->sample0 - pz +
				  (sample + vertex(&along)) * g->sample_step),
	};
}

/* Mean amplitude by distance from a centre, in steps of RING. */
#define RING 0.1e-3
#define RINGS 96
#define BLUR 0.2e-3 /* of an edge, both ways [m]: half of what a wire has */
#define DARK 0.5 /* of the amplitude about it */

struct rings {
	double sum[RINGS];
	size_t n[RINGS];
};

static void fill_rings(struct rings *r, const double *e, const struct grid *g,
		       double x, double z)
{
	for (uint32_t i = 0; i < g->lines; i++)
		for (uint32_t j = 0; j < g->samples; j++) {
			const double far =
				hypot(g->line0 + i * g->line_step - x,
				      g->sample0 + j * g->sample_step - z);
			const size_t at = (size_t)(far / RING);

			if (at >= RINGS)
				continue;
			r->sum[at] += e[(size_t)i * g->samples + j];
			r->n[at]++;
		}
}

/* Mean between two distances. */
static double between(const struct rings *r, double from, double to)
{
	double sum = 0;
	size_t n = 0;

	for (long i = lrint(from / RING); i < lrint(to / RING) && i < RINGS; i++) {
		sum += i < 0 ? 0 : r->sum[i];
		n += i < 0 ? 0 : r->n[i];
	}
	return n ? sum / n : NAN;
}

/* Of a disc with an edge at @radius, as the point spread blurs it. */
static double blurred(double in, double out, double far, double radius)
{
	const double share = 0.5 + 0.5 * erf((far - radius) / BLUR / M_SQRT2);

	return sqrt(in * in + (out * out - in * in) * share);
}

/* What the rings are off a disc of @radius: sum of squares. */
static double misfit(const struct rings *r, double in, double out,
		     double expected, double radius)
{
	double sum = 0;

	for (long i = lrint(0.5 * expected / RING);
	     i < lrint(1.6 * expected / RING) && i < RINGS; i++) {
		const double is = r->n[i] ? r->sum[i] / r->n[i] : 0;
		const double off =
			is - blurred(in, out, (i + 0.5) * RING, radius);

		sum += r->n[i] * off * off;
	}
	return sum;
}

/* Speckle has an amplitude that goes with the root of its power. */
double radius_measure(const double *e, const struct grid *g, double x, double z,
		      double radius)
{
	struct rings r = { 0 };
	double in, out, least = INFINITY, best = NAN;

	fill_rings(&r, e, g, x, z);
	in = between(&r, 0, 0.7 * radius);
	out = between(&r, 1.25 * radius, 1.8 * radius);
	if (!(in < DARK * out))
		return NAN;
	for (int i = -200; i <= 200; i++) {
		const double is = radius * (1 + 0.001 * i);
		const double off = misfit(&r, in, out, radius, is);

		best = off < least ? is : best;
		least = fmin(off, least);
	}
	return best;
}

struct moments moments(const double *e, size_t n)
{
	struct moments m = { 0, 0 };
	size_t i;

	for (i = 0; i < n; i++)
		m.mean += e[i] / n;
	for (i = 0; i < n; i++)
		m.variance += (e[i] - m.mean) * (e[i] - m.mean) / n;
	return m;
}

static void histogram(double *h, const double *e, size_t n, double reference)
{
	size_t i;

	for (i = 0; i < n; i++) {
		double db = 20 * log10(fmax(e[i], 1e-30) / reference);
		double bin = floor((db - BINS_FROM_DB) / BIN_DB);

		h[(int)fmax(0, fmin(bin, BINS - 1))] += 1.0 / n;
	}
}

double gcnr(const double *in, size_t n_in, const double *out, size_t n_out)
{
	double reference = moments(out, n_out).mean, overlap = 0;
	double a[BINS] = { 0 }, b[BINS] = { 0 };
	int i;

	histogram(a, in, n_in, reference);
	histogram(b, out, n_out, reference);
	for (i = 0; i < BINS; i++)
		overlap += fmin(a[i], b[i]);
	return 1 - overlap;
}

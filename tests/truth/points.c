// SPDX-License-Identifier: MIT
/*
 * Point targets: widths and places. The widths tell the aperture, the
 * speed of sound and the rotation; the places tell half a sample.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataset.h"
#include "truth.h"

struct point {
	double lateral, axial;		/* [mm] */
	double x_error, z_error;	/* [um] */
};

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

static struct point measure(const double *e, const struct grid *g, double px,
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
	return (struct point){
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

/* reference.json, "grid": 97 columns of 25 um, 61 rows of 20 um */
static struct grid local_grid(double px, double pz)
{
	return (struct grid){
		.shape = GRID_LINEAR,
		.lines = 97,
		.samples = 61,
		.line0 = px - 48 * 25e-6,
		.line_step = 25e-6,
		.sample0 = pz - 30 * 20e-6,
		.sample_step = 20e-6,
	};
}

static void judge(struct verdict *v, const struct point *got,
		  const json_t *target, const json_t *tolerance)
{
	double x_error = truth_number(target, "x_error_um");
	double got_x = got->x_error;

	/* two equal maxima about x = 0: reference.json, "statistic" */
	if (truth_number(target, "x_m") == 0) {
		x_error = fabs(x_error);
		got_x = fabs(got_x);
	}
	verdict_percent(v, "lateral width [mm]", got->lateral,
			truth_number(target, "lateral_fwhm_mm"),
			truth_number(tolerance, "lateral_fwhm_pct"));
	verdict_percent(v, "axial width [mm]", got->axial,
			truth_number(target, "axial_fwhm_mm"),
			truth_number(tolerance, "axial_fwhm_pct"));
	verdict_near(v, "x error [um]", got_x, x_error,
		     truth_number(tolerance, "x_error_um"));
	verdict_near(v, "z error [um]", got->z_error,
		     truth_number(target, "z_error_um"),
		     truth_number(tolerance, "z_error_um"));
}

static const char *measure_target(const struct channels *channels,
				  const json_t *target, double f_number,
				  enum mistake mistake, struct point *got)
{
	double px = truth_number(target, "x_m");
	double pz = truth_number(target, "z_m");
	struct grid grid = local_grid(px, pz);
	const char *why;
	struct iq iq;
	double *e;

	why = channels_image(channels, &grid, f_number, mistake, &iq);
	if (why)
		return why;
	e = magnitudes(&iq);
	iq_finish(&iq);
	if (!e)
		return "out of memory";
	*got = measure(e, &grid, px, pz);
	free(e);
	return NULL;
}

static const char *judge_all(const struct channels *channels,
			     const json_t *reference, const json_t *result,
			     enum mistake mistake, struct verdict *v)
{
	const json_t *tolerance = json_object_get(reference, "tolerance");
	const json_t *targets = json_object_get(result, "targets");
	double lateral = 0, axial = 0;
	size_t n = json_array_size(targets), i;

	for (i = 0; i < n; i++) {
		const json_t *target = json_array_get(targets, i);
		struct point got;
		const char *why = measure_target(channels, target,
						 truth_number(reference, "F"),
						 mistake, &got);

		if (why)
			return why;
		judge(v, &got, target, tolerance);
		lateral += got.lateral / n;
		axial += got.axial / n;
	}
	verdict_percent(v, "mean lateral width [mm]", lateral,
			truth_number(result, "mean_lateral_fwhm_mm"),
			truth_number(tolerance, "mean_fwhm_pct"));
	verdict_percent(v, "mean axial width [mm]", axial,
			truth_number(result, "mean_axial_fwhm_mm"),
			truth_number(tolerance, "mean_fwhm_pct"));
	return NULL;
}

static void run(const struct sono_import *set, const json_t *reference,
		const char *result, enum mistake mistake)
{
	const json_t *part = truth_part(truth_part(reference, "results"),
					result);
	struct verdict v = verdict_new();
	struct channels channels;
	const char *why;
	char name[64];

	snprintf(name, sizeof(name), "points_%s_%s", result,
		 mistake_name(mistake));
	why = channels_init(&channels, set, json_object_get(part, "transmits"),
			    mistake);
	if (!why) {
		why = judge_all(&channels, reference, part, mistake, &v);
		channels_finish(&channels);
	}
	if (why)
		truth_broken(name, why);
	else if (mistake == MISTAKE_NONE)
		truth_right(name, &v);
	else
		truth_wrong(name, &v);
}

void truth_points(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);

	if (!set) {
		truth_broken("points", why);
		return;
	}
	run(set, reference, "1_tx", MISTAKE_NONE);
	run(set, reference, "11_tx", MISTAKE_NONE);
	run(set, reference, "1_tx", MISTAKE_HALF_SAMPLE);
	run(set, reference, "1_tx", MISTAKE_F_NUMBER);
	run(set, reference, "1_tx", MISTAKE_SPEED);
	run(set, reference, "1_tx", MISTAKE_HALF_PITCH);
	sono_import_free(set);
}

// SPDX-License-Identifier: MIT
/*
 * A rotating disk, recorded: its velocity is a plane v = a x + b z + v0 whose
 * slope over x has the sign and size of the rotation.
 */
#include <math.h>
#include <stdio.h>

#include "dataset.h"
#include "truth.h"

/*
 * The reference filters with a Butterworth of order 5 at 0.375 MHz, forwards
 * and backwards: -6 dB at 0.375 MHz. These edges have their -6 dB there too,
 * so that the tolerances for the same formula apply.
 */
#define PASS_HZ		0.2e6
#define STOP_HZ		0.55e6
#define REJECT_DB	60

struct fit {
	double dvdx, dvdz, v0;	/* [1/s], [1/s], [m/s] */
	double x_zero;		/* [m] */
	double residual_sd;	/* [m/s] */
};

/* Sums for the least-squares plane, about the disk's centre. */
struct sums {
	double n, x, z, xx, xz, zz, v, vx, vz, vv;
};

static void add(struct sums *s, double x, double z, double v)
{
	s->n++;
	s->x += x;
	s->z += z;
	s->xx += x * x;
	s->xz += x * z;
	s->zz += z * z;
	s->v += v;
	s->vx += v * x;
	s->vz += v * z;
	s->vv += v * v;
}

/* The plane by its normal equations, reduced by the means. */
static struct fit solve(const struct sums *s, double xc)
{
	double xx = s->xx - s->x * s->x / s->n;
	double xz = s->xz - s->x * s->z / s->n;
	double zz = s->zz - s->z * s->z / s->n;
	double vx = s->vx - s->v * s->x / s->n;
	double vz = s->vz - s->v * s->z / s->n;
	double vv = s->vv - s->v * s->v / s->n;
	double det = xx * zz - xz * xz;
	struct fit f = {
		.dvdx = (vx * zz - vz * xz) / det,
		.dvdz = (vz * xx - vx * xz) / det,
	};

	f.v0 = (s->v - f.dvdx * s->x - f.dvdz * s->z) / s->n;
	f.x_zero = xc - f.v0 / f.dvdx;
	f.residual_sd = sqrt((vv - f.dvdx * vx - f.dvdz * vz) / s->n);
	return f;
}

static struct fit fit_disk(const struct vel *vel, const struct grid *g,
			   const json_t *disk)
{
	double xc = truth_number(disk, "x_m"), zc = truth_number(disk, "z_m");
	/* reference.json, "statistic": pixels within 0.8 R */
	double reach = 0.8 * truth_number(disk, "R_m") - 1e-9;
	struct sums sums = { 0 };
	uint32_t i, j;

	for (i = 0; i < g->lines; i++) {
		for (j = 0; j < g->samples; j++) {
			double x = g->line0 + i * g->line_step - xc;
			double z = g->sample0 + j * g->sample_step - zc;

			if (hypot(x, z) < reach)
				add(&sums, x, z,
				    vel->v[(size_t)i * g->samples + j]);
		}
	}
	return solve(&sums, xc);
}

static void judge(const struct fit *got, const json_t *reference,
		  struct verdict *v)
{
	const json_t *want = json_object_get(reference, "results");
	const json_t *tolerance = json_object_get(reference, "tolerance");

	verdict_near(v, "dv/dx [1/s]", got->dvdx,
		     truth_number(want, "dvdx_per_s"),
		     truth_number(tolerance, "dvdx_per_s"));
	verdict_near(v, "x of no velocity [mm]", 1e3 * got->x_zero,
		     truth_number(want, "x_zero_mm"),
		     truth_number(tolerance, "x_zero_mm"));
	verdict_near(v, "residual sd [cm/s]", 100 * got->residual_sd,
		     truth_number(want, "residual_sd_cm_s"),
		     truth_number(tolerance, "residual_sd_cm_s"));
}

static const char *run(const struct sono_import *set, const json_t *reference,
		       bool reversed, struct verdict *v)
{
	struct pipeline_params params;
	struct pipeline *pipeline;
	struct fit fit;
	const char *why;

	pipeline_params_init(&params);
	params.b.grid = dataset_grid(json_object_get(reference, "grid"));
	params.b.aperture.f_number = truth_number(reference, "F");
	params.demod.pass = PASS_HZ;
	params.demod.stop = STOP_HZ;
	params.demod.reject = REJECT_DB;
	params.colour.on = true;
	params.colour.aperture = params.b.aperture;
	/* reference.json: no wall filter, 5 rows (z) x 3 columns (x) */
	params.colour.wall.order = -1;
	params.colour.average_samples = 5;
	params.colour.average_lines = 3;
	why = dataset_velocity(set, &params, reversed, &pipeline);
	if (why)
		return why;
	fit = fit_disk(pipeline_vel(pipeline), &params.b.grid,
		       json_object_get(reference, "disk"));
	judge(&fit, reference, v);
	pipeline_destroy(pipeline);
	return NULL;
}

static void report(const char *name, bool right, const char *why,
		   const struct verdict *v)
{
	if (why)
		truth_broken(name, why);
	else if (right)
		truth_right(name, v);
	else
		truth_wrong(name, v);
}

void truth_disk(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	struct verdict v = verdict_new();
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);

	if (!set) {
		truth_broken("disk", why);
		return;
	}
	why = run(set, reference, false, &v);
	report("disk_right", true, why, &v);
	v = verdict_new();
	why = run(set, reference, true, &v);
	report("disk_frames_reversed", false, why, &v);
	/* in its delays only: the mixing does not depend on it */
	set->scan->event[0].rx_start = 0;
	v = verdict_new();
	why = run(set, reference, false, &v);
	report("disk_start_of_record_ignored", false, why, &v);
	sono_import_free(set);
}

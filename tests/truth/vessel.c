// SPDX-License-Identifier: MIT
/*
 * Parabolic flow in a vessel among tissue 20 dB stronger, 32 frames: without a
 * wall filter and with orders 0 to 2, velocity at the nominal and at the
 * received frequency, and at the one that Loupas' estimator finds. With other
 * wall filters, velocity against the flow.
 */
#include <math.h>
#include <stdio.h>

#include "dataset.h"
#include "truth.h"

/* What is compared over the region: reference.json, "statistic". */
struct sums {
	double n, estimate_truth, truth_truth, squares, errors;
};

/*
 * The flow is away from the probe; simus counts that as positive, so its
 * sign is turned: reference.json, "truth". False outside the region: "roi".
 */
static bool vessel_truth(double x, double z, double *v)
{
	/* meta.json, "vessel" */
	const double angle = 0.3490658503988659, radius = 4e-3;
	const double z0 = 20e-3, vmax = 0.35;
	double d = (z - z0) * cos(angle) - x * sin(angle);

	*v = -vmax * (1 - d * d / (radius * radius)) * sin(angle);
	return fabs(d) < 0.9 * radius - 1e-9 && fabs(x) <= 6e-3 + 1e-9;
}

static struct sums compare(const struct vel *vel, const struct grid *g)
{
	struct sums s = { 0 };
	uint32_t i, j;

	for (i = 0; i < g->lines; i++) {
		for (j = 0; j < g->samples; j++) {
			double v = vel->v[(size_t)i * g->samples + j], t;

			if (!vessel_truth(g->line0 + i * g->line_step,
					  g->sample0 + j * g->sample_step, &t))
				continue;
			s.n++;
			s.estimate_truth += v * t;
			s.truth_truth += t * t;
			s.squares += (v - t) * (v - t);
			s.errors += v - t;
		}
	}
	return s;
}

static const char *judge(const struct sono_import *set,
			 const json_t *reference, struct pipeline_params *p,
			 bool reversed, const char *result, struct verdict *v)
{
	const json_t *want = truth_part(reference, result);
	const json_t *tolerance = json_object_get(reference, "tolerance");
	struct pipeline *pipeline;
	const char *why;
	struct sums s;

	why = dataset_velocity(set, p, reversed, &pipeline);
	if (why)
		return why;
	s = compare(pipeline_vel(pipeline), &p->b.grid);
	pipeline_destroy(pipeline);
	verdict_near(v, "pixels", s.n, truth_number(reference, "n_roi"), 0);
	verdict_near(v, "slope", s.estimate_truth / s.truth_truth,
		     truth_number(want, "slope"),
		     truth_number(tolerance, "slope"));
	verdict_near(v, "rmse [cm/s]", 100 * sqrt(s.squares / s.n),
		     truth_number(want, "rmse_cm_s"),
		     truth_number(tolerance, "rmse_cm_s"));
	/* no tolerance of its own: that of the error it is a part of */
	verdict_near(v, "bias [cm/s]", 100 * s.errors / s.n,
		     truth_number(want, "bias_cm_s"),
		     truth_number(tolerance, "rmse_cm_s"));
	return NULL;
}

enum frequency { NOMINAL, CENTROID, FOUND };

/* What reference.json calls them: results/FILTER/ESTIMATE. */
static const char *const filters[] = { "none", "poly0", "poly1", "poly2" };
static const char *const estimates[] = { "kasai_nominal", "kasai_centroid",
					 "loupas" };

/* Order -1: no filter. */
static struct pipeline_params parameters(const json_t *reference, int order,
					 enum frequency frequency)
{
	struct pipeline_params p;

	pipeline_params_init(&p);
	p.b.grid = dataset_grid(json_object_get(reference, "grid"));
	p.b.aperture.f_number = truth_number(reference, "F");
	p.colour.on = true;
	p.colour.aperture = p.b.aperture;
	p.colour.wall.order = order;
	/* reference.json: 19 rows (z) x 5 columns (x) */
	p.colour.average_samples = 19;
	p.colour.average_lines = 5;
	if (frequency == FOUND)
		p.colour.estimator = DOPPLER_LOUPAS;
	if (frequency == CENTROID)
		p.colour.frequency = truth_number(reference, "rx_centroid_hz");
	return p;
}

/* An estimate by one filter and frequency against the result of another. */
struct trial {
	int order, want_order;
	enum frequency frequency, want_frequency;
	bool reversed;
};

static void run(const struct sono_import *set, const json_t *reference,
		const struct trial *t, const char *mistake)
{
	struct pipeline_params p = parameters(reference, t->order,
					      t->frequency);
	const char *filter = filters[t->want_order + 1];
	const char *estimate = estimates[t->want_frequency];
	struct verdict v = verdict_new();
	char name[128], result[128];
	const char *why;

	snprintf(result, sizeof(result), "results/%s/%s", filter, estimate);
	snprintf(name, sizeof(name), "vessel_%s_%s%s%s", filter, estimate,
		 mistake ? "_by_" : "", mistake ? mistake : "");
	why = judge(set, reference, &p, t->reversed, result, &v);
	if (why)
		truth_broken(name, why);
	else if (mistake)
		truth_wrong(name, &v);
	else
		truth_right(name, &v);
}

static const struct {
	struct trial trial;
	const char *mistake;
} mistakes[] = {
	{ { 0, -1, NOMINAL, NOMINAL, false }, "poly0" },
	{ { -1, 0, FOUND, FOUND, false }, "none" },
	{ { 1, 0, CENTROID, CENTROID, false }, "poly1" },
	{ { 2, 1, NOMINAL, NOMINAL, false }, "poly2" },
	{ { 1, 2, NOMINAL, NOMINAL, false }, "poly1" },
	{ { 2, 2, NOMINAL, CENTROID, false }, "kasai_nominal" },
	{ { 2, 2, CENTROID, FOUND, false }, "kasai_centroid" },
	{ { 1, 1, FOUND, CENTROID, false }, "loupas" },
	{ { 0, 0, CENTROID, NOMINAL, false }, "kasai_centroid" },
	{ { -1, -1, CENTROID, NOMINAL, false }, "kasai_centroid" },
	{ { 2, 2, NOMINAL, NOMINAL, true }, "frames_reversed" },
	{ { 2, 2, FOUND, FOUND, true }, "frames_reversed" },
};

/*
 * Other wall filters against the flow itself, at the frequency found. Each
 * takes some of the blood that is as slow as tissue, which makes what is left
 * faster: the more, the wider its transition (dsp.rst, "Wall filters"). What
 * rings in a recursive filter makes it slower.
 */
static const struct {
	const char *name;
	struct wall_params wall;
	double slope_within, rmse_below;
	bool right;
} walls[] = {
	{ "fir12", { WALL_FIR, 12, 0.02, 0 }, 0.05, 1.2, true },
	{ "iir4_step", { WALL_IIR, 4, 0.08, WALL_STEP }, 0.05, 0.9, true },
	{ "iir1_projection", { WALL_IIR, 1, 0.04, WALL_PROJECTION }, 0.02, 0.75,
	  true },
	{ "iir2_projection", { WALL_IIR, 2, 0.04, WALL_PROJECTION }, 0.02, 0.75,
	  true },
	{ "iir4_projection", { WALL_IIR, 4, 0.04, WALL_PROJECTION }, 0.02, 0.75,
	  true },
	{ "svd2", { WALL_SVD, 2, 0, 0 }, 0.02, 0.6, true },
	{ "iir2_zero", { WALL_IIR, 2, 0.04, WALL_ZERO }, 0.05, 1.2, false },
	{ "fir4", { WALL_FIR, 4, 0.02, 0 }, 0.05, 1.2, false },
	{ "svd4", { WALL_SVD, 4, 0, 0 }, 0.02, 0.6, false },
};

static void run_wall(const struct sono_import *set, const json_t *reference,
		     size_t i)
{
	struct pipeline_params p = parameters(reference, 2, FOUND);
	struct verdict v = verdict_new();
	struct pipeline *pipeline;
	char name[64];
	const char *why;
	struct sums s;

	snprintf(name, sizeof(name), "vessel_%s", walls[i].name);
	p.colour.wall = walls[i].wall;
	why = dataset_velocity(set, &p, false, &pipeline);
	if (why) {
		truth_broken(name, why);
		return;
	}
	s = compare(pipeline_vel(pipeline), &p.b.grid);
	pipeline_destroy(pipeline);
	verdict_near(&v, "slope", s.estimate_truth / s.truth_truth,
		     1, walls[i].slope_within);
	verdict_near(&v, "rmse [cm/s]", 100 * sqrt(s.squares / s.n), 0,
		     walls[i].rmse_below);
	if (walls[i].right)
		truth_right(name, &v);
	else
		truth_wrong(name, &v);
}

void truth_vessel(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);
	enum frequency f;
	int order;
	size_t i;

	if (!set) {
		truth_broken("vessel", why);
		return;
	}
	for (order = -1; order <= 2; order++) {
		for (f = NOMINAL; f <= FOUND; f++) {
			const struct trial right = { order, order, f, f,
						     false };

			run(set, reference, &right, NULL);
		}
	}
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		run(set, reference, &mistakes[i].trial, mistakes[i].mistake);
	for (i = 0; i < sizeof(walls) / sizeof(walls[0]); i++)
		run_wall(set, reference, i);
	sono_import_free(set);
}

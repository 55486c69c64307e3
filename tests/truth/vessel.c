// SPDX-License-Identifier: MIT
/*
 * Parabolic flow in a vessel among tissue 20 dB stronger, 32 frames, wall
 * filter of order 2: velocity at the nominal and at the received frequency, and
 * at the one that Loupas' estimator finds.
 */
#include <math.h>
#include <stdio.h>

#include "dataset.h"
#include "truth.h"

/* What is compared over the region: reference.json, "statistic". */
struct sums {
	double n, estimate_truth, truth_truth, squares;
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
	return NULL;
}

static const struct {
	const char *name;
	const char *result;
	enum { NOMINAL, CENTROID, FOUND } frequency;
	int order;
	bool reversed;
	bool right;
} cases[] = {
	{ "vessel_order_2_nominal", "results/poly2/kasai_nominal", NOMINAL, 2,
	  false, true },
	{ "vessel_order_2_centroid", "results/poly2/kasai_centroid", CENTROID,
	  2,
	  false, true },
	{ "vessel_order_2_loupas", "results/poly2/loupas", FOUND, 2, false,
	  true },
	{ "vessel_centroid_for_loupas", "results/poly2/loupas", CENTROID, 2,
	  false, false },
	{ "vessel_frames_reversed", "results/poly2/kasai_nominal", NOMINAL, 2,
	  true, false },
	{ "vessel_order_1_for_2", "results/poly2/kasai_nominal", NOMINAL, 1,
	  false, false },
	{ "vessel_nominal_for_centroid", "results/poly2/kasai_centroid",
	  NOMINAL, 2, false, false },
};

void truth_vessel(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);
	size_t i;

	if (!set) {
		truth_broken("vessel", why);
		return;
	}
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict v = verdict_new();
		struct pipeline_params p;

		pipeline_params_init(&p);
		p.b.grid = dataset_grid(json_object_get(reference, "grid"));
		p.b.aperture.f_number = truth_number(reference, "F");
		p.colour.on = true;
		p.colour.aperture = p.b.aperture;
		p.colour.wall_order = cases[i].order;
		/* reference.json: 19 rows (z) x 5 columns (x) */
		p.colour.average_samples = 19;
		p.colour.average_lines = 5;
		if (cases[i].frequency == FOUND)
			p.colour.estimator = DOPPLER_LOUPAS;
		if (cases[i].frequency == CENTROID)
			p.colour.frequency = truth_number(reference,
						     "rx_centroid_hz");
		why = judge(set, reference, &p, cases[i].reversed,
			    cases[i].result, &v);
		if (why)
			truth_broken(cases[i].name, why);
		else if (cases[i].right)
			truth_right(cases[i].name, &v);
		else
			truth_wrong(cases[i].name, &v);
	}
	sono_import_free(set);
}

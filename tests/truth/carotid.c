// SPDX-License-Identifier: MIT
/*
 * A carotid in vivo, as beamformed samples: what a wall filter leaves of the
 * image by its order, and how blood then stands out against the wall.
 */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataset.h"
#include "dsp/doppler.h"
#include "truth.h"

/* meta.json, "shape" */
#define LINES		104
#define DEPTHS		352
#define ENSEMBLE	12

/* reference.json, "roi"; both ends included */
struct roi {
	uint32_t line0, line1, depth0, depth1;
};

static const struct roi whole = { 0, LINES - 1, 0, DEPTHS - 1 };
static const struct roi vessel = { 20, 79, 100, 149 };
static const struct roi tissue = { 20, 79, 200, 229 };

static int16_t *read_samples(const char *folder)
{
	const size_t n = 2ul * LINES * DEPTHS * ENSEMBLE;
	int16_t *data = malloc(n * sizeof(*data));
	FILE *f = fopen(dataset_path(folder, "iq_int16.bin"), "rb");
	bool whole_file = f && data && fread(data, 2, n, f) == n;

	if (f)
		fclose(f);
	if (whole_file)
		return data;
	free(data);
	return NULL;
}

/* The ensemble is stored fastest; @slowest takes it for the slowest. */
static void order_samples(struct iq *iq, const int16_t *data, bool slowest)
{
	uint32_t t, l, d, k;
	float *out = iq->data;

	for (t = 0; t < ENSEMBLE; t++)
		for (l = 0; l < LINES; l++)
			for (d = 0; d < DEPTHS; d++) {
				size_t at = ((size_t)l * DEPTHS + d) *
					    ENSEMBLE + t;

				if (slowest)
					at = ((size_t)l * ENSEMBLE + t) *
					     DEPTHS + d;
				for (k = 0; k < 2; k++)
					*out++ = data[2 * at + k];
			}
}

static const char *estimate(struct vel *vel, const struct iq *iq, int order)
{
	/* a velocity of 1 m/s is half a turn; 0 dB is a power of 1 */
	const struct doppler_params params = {
		.ensemble = ENSEMBLE, .interval = 1, .c = 4, .frequency = 1,
		.wall.order = order, .average_lines = 1, .average_samples = 1,
		.reference = 1, .power_min_db = -INFINITY,
	};
	struct doppler *doppler;
	const char *why = NULL;

	if (vel_init(vel, LINES, DEPTHS))
		return "out of memory";
	if (doppler_create(&doppler, LINES, DEPTHS, &params, &why)) {
		vel_finish(vel);
		return why ? why : "out of memory";
	}
	doppler_execute(doppler, vel, iq);
	doppler_destroy(doppler);
	return NULL;
}

/* Power and autocorrelation over a region. */
struct sums {
	double power;
	double complex lag1;
};

static struct sums sum(const struct vel *vel, const struct roi *roi)
{
	struct sums s = { 0 };
	uint32_t l, d;
	double n = 0;

	for (l = roi->line0; l <= roi->line1; l++) {
		for (d = roi->depth0; d <= roi->depth1; d++) {
			size_t i = (size_t)l * DEPTHS + d;
			double power = pow(10, vel->power[i] / 10);

			s.power += power;
			s.lag1 += power * (1 - vel->variance[i]) *
				  cexp(I * M_PI * vel->v[i]);
			n++;
		}
	}
	return (struct sums){ s.power / n, s.lag1 / n };
}

static const char *judge(struct verdict *v, const struct iq *iq, int order,
			 const json_t *want, const json_t *tolerance)
{
	struct vel none, vel;
	struct sums all, before, blood, wall;
	const char *why = estimate(&none, iq, -1);

	if (why)
		return why;
	before = sum(&none, &whole);
	vel_finish(&none);
	why = estimate(&vel, iq, order);
	if (why)
		return why;
	all = sum(&vel, &whole);
	blood = sum(&vel, &vessel);
	wall = sum(&vel, &tissue);
	vel_finish(&vel);
	verdict_near(v, "residual [dB]", 10 * log10(all.power / before.power),
		     truth_number(want, "residual_dB"),
		     truth_number(tolerance, "residual_dB"));
	verdict_near(v, "vessel to tissue [dB]",
		     10 * log10(blood.power / wall.power),
		     truth_number(want, "vessel_to_tissue_dB"),
		     truth_number(tolerance, "vessel_to_tissue_dB"));
	verdict_near(v, "phase in the vessel [rad]", carg(blood.lag1),
		     truth_number(want, "vessel_lag1_phase_rad"),
		     truth_number(tolerance, "vessel_lag1_phase_rad"));
	/* of the figures to six digits; no tolerance is given */
	verdict_near(v, "coherence in the vessel",
		     cabs(blood.lag1) / blood.power,
		     truth_number(want, "vessel_lag1_coherence"), 1e-4);
	return NULL;
}

static const struct {
	const char *name;
	const char *result;
	int order;
	bool slowest;
	bool right;
} cases[] = {
	{ "carotid_no_filter", "results/none", -1, false, true },
	{ "carotid_order_0", "results/poly0", 0, false, true },
	{ "carotid_order_1", "results/poly1", 1, false, true },
	{ "carotid_order_2", "results/poly2", 2, false, true },
	{ "carotid_order_1_for_2", "results/poly2", 1, false, false },
	{ "carotid_order_0_for_1", "results/poly1", 0, false, false },
	{ "carotid_ensemble_slowest", "results/poly1", 1, true, false },
};

void truth_carotid(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const json_t *tolerance = json_object_get(reference, "tolerance");
	int16_t *data = read_samples(folder);
	struct iq iq;
	size_t i;

	if (!data || iq_init(&iq, ENSEMBLE, LINES, DEPTHS)) {
		free(data);
		truth_broken("carotid", "iq_int16.bin cannot be read");
		return;
	}
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict v = verdict_new();
		const char *why;

		order_samples(&iq, data, cases[i].slowest);
		why = judge(&v, &iq, cases[i].order,
			    truth_part(reference, cases[i].result), tolerance);
		if (why)
			truth_broken(cases[i].name, why);
		else if (cases[i].right)
			truth_right(cases[i].name, &v);
		else
			truth_wrong(cases[i].name, &v);
	}
	iq_finish(&iq);
	free(data);
}

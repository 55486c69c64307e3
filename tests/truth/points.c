// SPDX-License-Identifier: MIT
/*
 * Point targets: widths and places. The widths tell the aperture, the
 * speed of sound and the rotation; the places tell half a sample.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataset.h"
#include "spread.h"
#include "truth.h"

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

static const char *measure_target(const struct channels *channels,
				  const json_t *target, double f_number,
				  enum mistake mistake, struct spread *got)
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
	*got = spread_measure(e, &grid, px, pz);
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
		struct spread got;
		const char *why = measure_target(channels, target,
						 truth_number(reference, "F"),
						 mistake, &got);

		if (why)
			return why;
		spread_judge(v, &got, target, tolerance);
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
	run(set, reference, "75_tx", MISTAKE_NONE);
	run(set, reference, "1_tx", MISTAKE_HALF_SAMPLE);
	run(set, reference, "1_tx", MISTAKE_F_NUMBER);
	run(set, reference, "1_tx", MISTAKE_SPEED);
	run(set, reference, "1_tx", MISTAKE_HALF_PITCH);
	run(set, reference, "75_tx", MISTAKE_HALF_SAMPLE);
	sono_import_free(set);
}

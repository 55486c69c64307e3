// SPDX-License-Identifier: MIT
/* Seven diverging waves of a phased array on a sector, as a complex image. */
#include <math.h>
#include <stdio.h>

#include "dataset.h"
#include "truth.h"

/* reference.json, "grid": 48 lines over 80 degrees, 128 samples of 1 mm */
static const struct grid grid = {
	.shape = GRID_SECTOR,
	.lines = 48,
	.samples = 128,
	.line0 = -40 * M_PI / 180,
	.line_step = 80 * M_PI / 180 / 47,
	.sample0 = 10e-3,
	.sample_step = 1e-3,
};

static const char *judge(const struct sono_import *set,
			 const json_t *reference, enum mistake mistake,
			 struct verdict *v)
{
	struct channels channels;
	const char *why;
	struct iq iq;

	why = channels_init(&channels, set,
			    json_object_get(reference, "transmits"), mistake);
	if (why)
		return why;
	/* F 0: all elements */
	why = channels_image(&channels, &grid, 0, mistake, &iq);
	channels_finish(&channels);
	if (why)
		return why;
	why = compare_image(v, &iq,
			    json_object_get(reference, "reference_image"),
			    truth_number(reference,
			    "tolerance/image_SNR_dB_min/same_formula"));
	iq_finish(&iq);
	return why;
}

void truth_cardiac(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);
	enum mistake mistake;

	if (!set) {
		truth_broken("cardiac", why);
		return;
	}
	for (mistake = MISTAKE_NONE; mistake < MISTAKES; mistake++) {
		struct verdict v = verdict_new();
		char name[64];

		if (mistake == MISTAKE_F_NUMBER)
			continue;	/* there is none */
		snprintf(name, sizeof(name), "cardiac_image_%s",
			 mistake_name(mistake));
		why = judge(set, reference, mistake, &v);
		if (why)
			truth_broken(name, why);
		else if (mistake == MISTAKE_NONE)
			truth_right(name, &v);
		else
			truth_wrong(name, &v);
	}
	sono_import_free(set);
}

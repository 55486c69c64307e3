// SPDX-License-Identifier: MIT
/*
 * Two cysts in speckle: contrast and speckle statistics, which tell aperture,
 * interpolation and phase, and a small complex image, which tells timing.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataset.h"
#include "diag/quality.h"
#include "truth.h"

struct region {
	double *e;		/* magnitudes */
	size_t n;
};

static double power(const struct moments *m)
{
	return m->variance + m->mean * m->mean;
}

static void to_db(struct region *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		r->e[i] = 20 * log10(r->e[i]);
}

/* Judges one cyst; leaves dB in the regions. */
static void judge_cyst(struct verdict *v, struct region *in,
		       struct region *out, const json_t *want,
		       const json_t *tolerance)
{
	struct moments i = moments(in->e, in->n), o = moments(out->e, out->n);

	verdict_near(v, "CR [dB]", 10 * log10(power(&i) / power(&o)),
		     truth_number(want, "CR_dB"),
		     truth_number(tolerance, "CR_dB"));
	verdict_near(v, "linear CNR",
		     fabs(i.mean - o.mean) / sqrt(i.variance + o.variance),
		     truth_number(want, "CNR_linear"),
		     truth_number(tolerance, "CNR_linear"));
	verdict_near(v, "gCNR", gcnr(in->e, in->n, out->e, out->n), truth_number(want, "gCNR"),
		     truth_number(tolerance, "gCNR"));
	verdict_near(v, "speckle SNR of the ring", o.mean / sqrt(o.variance),
		     truth_number(want, "speckle_SNR_ring"),
		     truth_number(tolerance, "speckle_SNR"));
	to_db(in);
	to_db(out);
	i = moments(in->e, in->n);
	o = moments(out->e, out->n);
	verdict_near(v, "CNR of PICMUS [dB]",
		     20 * log10(fabs(i.mean - o.mean) /
				sqrt((i.variance + o.variance) / 2)),
		     truth_number(want, "CNR_picmus_dB"),
		     truth_number(tolerance, "CNR_picmus_dB"));
}

/* reference.json, "statistic": inside and outside */
static void split(const double *e, const struct grid *g, const json_t *cyst,
		  struct region *in, struct region *out)
{
	double cx = truth_number(cyst, "x_m"), cz = truth_number(cyst, "z_m");
	double r = truth_number(cyst, "r_m");
	uint32_t i, j;

	for (i = 0; i < g->lines; i++) {
		for (j = 0; j < g->samples; j++, e++) {
			double d = hypot(g->line0 + i * g->line_step - cx,
					 g->sample0 + j * g->sample_step - cz);

			if (d < 0.8 * r)
				in->e[in->n++] = *e;
			else if (d > 1.25 * r && d < 1.25 * sqrt(2) * r)
				out->e[out->n++] = *e;
		}
	}
}

static void judge_speckle(struct verdict *v, const double *e,
			  const struct grid *g, const json_t *reference,
			  const json_t *result, struct region *roi)
{
	const json_t *box = json_object_get(reference, "speckle_roi");
	uint32_t i, j;
	struct moments m;

	for (i = 0; i < g->lines; i++) {
		for (j = 0; j < g->samples; j++, e++) {
			double x = g->line0 + i * g->line_step;
			double z = g->sample0 + j * g->sample_step;

			/* bounds included, whatever their rounding */
			if (x >= truth_number(box, "x_min") - 1e-9 &&
			    x <= truth_number(box, "x_max") + 1e-9 &&
			    z >= truth_number(box, "z_min") - 1e-9 &&
			    z <= truth_number(box, "z_max") + 1e-9)
				roi->e[roi->n++] = *e;
		}
	}
	m = moments(roi->e, roi->n);
	verdict_near(v, "speckle SNR", m.mean / sqrt(m.variance),
		     truth_number(result, "speckle_SNR_roi"),
		     truth_number(reference, "tolerance/speckle_SNR"));
}

static const char *judge_contrast(struct verdict *v, const struct iq *iq,
				  const struct grid *g,
				  const json_t *reference,
				  const json_t *result)
{
	const json_t *cysts = json_object_get(result, "cysts");
	size_t n = (size_t)g->lines * g->samples, k;
	double *e = magnitudes(iq);
	struct region in = { malloc(n * sizeof(double)), 0 };
	struct region out = { malloc(n * sizeof(double)), 0 };
	const char *why = e && in.e && out.e ? NULL : "out of memory";

	for (k = 0; !why && k < json_array_size(cysts); k++) {
		const json_t *cyst = json_array_get(cysts, k);

		in.n = 0;
		out.n = 0;
		split(e, g, cyst, &in, &out);
		judge_cyst(v, &in, &out, cyst,
			   json_object_get(reference, "tolerance"));
	}
	in.n = 0;
	if (!why)
		judge_speckle(v, e, g, reference, result, &in);
	free(e);
	free(in.e);
	free(out.e);
	return why;
}

static const char *contrast(const struct sono_import *set,
			    const json_t *reference, const char *transmits,
			    enum mistake mistake, struct verdict *v)
{
	struct grid grid = dataset_grid(json_object_get(reference, "grid"));
	const json_t *result = truth_part(truth_part(reference, "results"),
					  transmits);
	struct channels channels;
	const char *why;
	struct iq iq;

	why = channels_init(&channels, set,
			    json_object_get(result, "transmits"), mistake);
	if (why)
		return why;
	why = channels_image(&channels, &grid, truth_number(reference, "F"),
			     mistake, &iq);
	channels_finish(&channels);
	if (why)
		return why;
	why = judge_contrast(v, &iq, &grid, reference, result);
	iq_finish(&iq);
	return why;
}

static const char *image(const struct sono_import *set,
			 const json_t *reference, const char *unused,
			 enum mistake mistake, struct verdict *v)
{
	const json_t *part = json_object_get(reference, "reference_image");
	struct grid grid = dataset_grid(json_object_get(part, "grid"));
	struct channels channels;
	const char *why;
	struct iq iq;

	(void)unused;
	why = channels_init(&channels, set, json_object_get(part, "transmits"),
			    mistake);
	if (why)
		return why;
	why = channels_image(&channels, &grid, truth_number(part, "F"),
			     mistake, &iq);
	channels_finish(&channels);
	if (why)
		return why;
	why = compare_image(v, &iq, part, truth_number(reference,
			    "tolerance/image_SNR_dB_min/same_formula"));
	iq_finish(&iq);
	return why;
}

typedef const char *part_fn(const struct sono_import *set,
			    const json_t *reference, const char *transmits,
			    enum mistake mistake, struct verdict *v);

static void run(part_fn *part, const struct sono_import *set,
		const json_t *reference, const char *transmits,
		enum mistake mistake)
{
	struct verdict v = verdict_new();
	const char *why = part(set, reference, transmits, mistake, &v);
	char name[64];

	snprintf(name, sizeof(name), "cysts_%s_%s", transmits,
		 mistake_name(mistake));
	if (why)
		truth_broken(name, why);
	else if (mistake == MISTAKE_NONE)
		truth_right(name, &v);
	else
		truth_wrong(name, &v);
}

void truth_cysts(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);
	enum mistake mistake;

	if (!set) {
		truth_broken("cysts", why);
		return;
	}
	run(contrast, set, reference, "1_tx", MISTAKE_NONE);
	run(contrast, set, reference, "11_tx", MISTAKE_NONE);
	/* contrast does not see timing: reference.json, "tolerance", "note" */
	run(contrast, set, reference, "1_tx", MISTAKE_F_NUMBER);
	for (mistake = MISTAKE_NONE; mistake < MISTAKES; mistake++)
		run(image, set, reference, "image", mistake);
	sono_import_free(set);
}

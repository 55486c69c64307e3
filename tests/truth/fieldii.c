// SPDX-License-Identifier: MIT
/*
 * Points by Field II, three plane waves on 192 elements: widths and places, by
 * another simulator than the rest, with another time origin.
 */
#include <complex.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "spread.h"
#include "truth.h"

#define WAVES		3
#define ELEMENTS	192
#define SAMPLES		2313

/* reference.json, wrong.start_time_added_too */
#define START_TIME	1.0666667e-6

static bool read_set(hid_t file, const char *name, hid_t type, hsize_t count,
		     void *to)
{
	hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space;
	bool ok;

	if (set < 0)
		return false;
	space = H5Dget_space(set);
	ok = H5Sget_simple_extent_npoints(space) == (hssize_t)count &&
	     H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
	H5Sclose(space);
	H5Dclose(set);
	return ok;
}

/* The numbers of the file that are not in reference.json as well. */
static bool read_numbers(hid_t file, struct sono_scan *scan, double *shift,
			 double *angle)
{
	const hid_t type = H5T_NATIVE_DOUBLE;

	return read_set(file, "data/f_sampling", type, 1, &scan->fs) &&
	       read_set(file, "trans_params/f_central", type, 1, &scan->fc) &&
	       read_set(file, "data/correction_time_shift", type, 1, shift) &&
	       read_set(file, "data/tx_mode/PW_3_12", type, WAVES, angle);
}

static bool read_rows(hid_t file, const struct sono_scan *scan, uint8_t *to)
{
	int16_t *rows = malloc(2ul * ELEMENTS * SAMPLES);
	bool ok = rows;
	uint32_t k, e;
	char name[64];

	for (k = 0; ok && k < WAVES; k++) {
		const struct sono_event *event = &scan->event[k];

		snprintf(name, sizeof(name), "data/rf_data/frame_1/shot_%u",
			 k + 1);
		ok = read_set(file, name, H5T_NATIVE_INT16, ELEMENTS * SAMPLES,
			      rows);
		for (e = 0; ok && e < ELEMENTS; e++)
			memcpy(to + event->offset + e * event->stride,
			       rows + (size_t)e * SAMPLES, 2 * SAMPLES);
	}
	free(rows);
	return ok;
}

/* The wave crosses (0, 0) at time 0: reference.json, "transmit_law". */
static void place(struct sono_scan *scan, double pitch, const double *angle,
		  double start)
{
	uint32_t k, e;

	for (e = 0; e < ELEMENTS; e++) {
		scan->element[e].x = (e - (ELEMENTS - 1) / 2.0) * pitch;
		scan->element[e].nz = 1;
		scan->channel_element[e] = e;
	}
	for (k = 0; k < WAVES; k++) {
		double *delay = (double *)scan->event[k].delay;

		scan->event[k].samples = SAMPLES;
		scan->event[k].rx_start = start;
		for (e = 0; e < ELEMENTS; e++)
			delay[e] = scan->element[e].x * sin(angle[k]) / scan->c;
	}
	sono_scan_layout(scan, 0);
}

static const char *fill(struct sono_import *set, const json_t *reference,
			hid_t file)
{
	struct sono_scan *scan = set->scan;
	double shift, angle[WAVES];

	if (!read_numbers(file, scan, &shift, angle))
		return "rf_dataset.hdf5 has other contents";
	scan->c = truth_number(reference, "c");
	place(scan, truth_number(reference, "pitch_m"), angle, -shift);
	set->payload = calloc(1, scan->frame_bytes);
	if (!set->payload)
		return "out of memory";
	return read_rows(file, scan, set->payload) ?
		       NULL : "rf_dataset.hdf5 has other contents";
}

static const char *open_set(struct sono_import *set, const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	const char *why;
	hid_t file;

	*set = (struct sono_import){ .frames = 1 };
	set->scan = sono_scan_alloc(ELEMENTS, ELEMENTS, WAVES);
	if (!set->scan)
		return "out of memory";
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	file = H5Fopen(dataset_path(folder, "rf_dataset.hdf5"), H5F_ACC_RDONLY,
		       H5P_DEFAULT);
	if (file < 0)
		return "rf_dataset.hdf5 cannot be read";
	why = fill(set, reference, file);
	H5Fclose(file);
	return why;
}

/* reference.json, "grid": 41 columns of 25 um, 61 rows of 20 um */
static const char *judge(struct verdict *v, const struct channels *channels,
			 const json_t *reference, const json_t *target)
{
	const double px = truth_number(target, "x_m");
	const double pz = truth_number(target, "z_m");
	const struct grid grid = {
		.shape = GRID_LINEAR,
		.lines = 41, .line0 = px - 20 * 25e-6, .line_step = 25e-6,
		.samples = 61, .sample0 = pz - 30 * 20e-6,
		.sample_step = 20e-6,
	};
	struct spread got;
	const char *why;
	struct iq iq;
	double *e;

	why = channels_image(channels, &grid, truth_number(reference, "F"),
			     MISTAKE_NONE, &iq);
	if (why)
		return why;
	e = magnitudes(&iq);
	iq_finish(&iq);
	if (!e)
		return "out of memory";
	got = spread_measure(e, &grid, px, pz);
	free(e);
	spread_judge(v, &got, target, json_object_get(reference, "tolerance"));
	return NULL;
}

/*
 * The echoes of this set reach down to 0 Hz, where a low-pass about fc must
 * end and the reference's does not: the analytic signal over the whole record,
 * by a discrete Fourier transform in its plain form.
 */
static void hilbert_row(double *re, double *im, const int16_t *rf)
{
	static double cosine[SAMPLES], sine[SAMPLES];
	uint32_t k, n, at;

	for (n = 0; n < SAMPLES; n++) {
		cosine[n] = cos(2 * M_PI * n / SAMPLES);
		sine[n] = sin(2 * M_PI * n / SAMPLES);
		re[n] = 0;
		im[n] = 0;
	}
	for (k = 0; k <= SAMPLES / 2; k++) {
		double c = 0, s = 0, twice = (k ? 2.0 : 1.0) / SAMPLES;

		for (n = 0, at = 0; n < SAMPLES; n++) {
			c += rf[n] * cosine[at];
			s -= rf[n] * sine[at];
			at += k;
			at -= at >= SAMPLES ? SAMPLES : 0;
		}
		for (n = 0, at = 0; n < SAMPLES; n++) {
			re[n] += twice * (c * cosine[at] - s * sine[at]);
			im[n] += twice * (c * sine[at] + s * cosine[at]);
			at += k;
			at -= at >= SAMPLES ? SAMPLES : 0;
		}
	}
}

/* Of all waves: [WAVES][ELEMENTS][SAMPLES] interleaved. */
static float *make_analytic(const struct sono_import *set)
{
	static double re[SAMPLES], im[SAMPLES];
	const struct sono_scan *scan = set->scan;
	float *all = malloc(2 * sizeof(*all) * WAVES * ELEMENTS * SAMPLES);
	float *out = all;
	uint32_t k, e, n;

	for (k = 0; all && k < WAVES; k++) {
		const uint8_t *rf = set->payload + scan->event[k].offset;

		for (e = 0; e < ELEMENTS; e++, rf += scan->event[k].stride) {
			hilbert_row(re, im, (const int16_t *)rf);
			for (n = 0; n < SAMPLES; n++) {
				*out++ = re[n];
				*out++ = im[n];
			}
		}
	}
	return all;
}

/* What brings the largest of a wave's values to 30000, a power of 2. */
static float find_scale(const float *from)
{
	float peak = 0;
	int n;

	for (n = 0; n < 2 * SAMPLES * ELEMENTS; n++)
		peak = fmaxf(peak, fabsf(from[n]));
	return exp2f(ceilf(log2f(peak / 30000)));
}

/* Rows of the events that the channels have, in their order. */
static void take_analytic(struct channels *channels, const float *all,
			  const json_t *transmits)
{
	struct analytic *a = &channels->analytic;
	uint32_t k, e, n;

	for (k = 0; k < channels->scan->events; k++) {
		const float *from = all + (size_t)2 * SAMPLES * ELEMENTS *
			json_integer_value(json_array_get(transmits, k));
		const float scale = find_scale(from);

		analytic_set_scale(a, k, scale);
		for (e = 0; e < ELEMENTS; e++) {
			int16_t *row = analytic_row(a, k, e);

			for (n = 0; n < SAMPLES; n++, from += 2) {
				int16_t *at = row + analytic_at(a, n);

				at[0] = lrintf(from[0] / scale);
				at[a->plane] = lrintf(from[1] / scale);
			}
		}
	}
}

static void run(const char *name, const struct sono_import *set,
		const float *analytic, const json_t *reference,
		const char *result, bool right)
{
	const json_t *part = truth_part(truth_part(reference, "results"),
					result);
	const json_t *targets = json_object_get(part, "targets");
	struct verdict v = verdict_new();
	struct channels channels;
	const char *why;
	size_t i;

	why = channels_init(&channels, set, json_object_get(part, "transmits"),
			    MISTAKE_NONE);
	if (!why) {
		take_analytic(&channels, analytic,
			      json_object_get(part, "transmits"));
		for (i = 0; !why && i < json_array_size(targets); i++)
			why = judge(&v, &channels, reference,
				    json_array_get(targets, i));
		channels_finish(&channels);
	}
	if (why)
		truth_broken(name, why);
	else if (right)
		truth_right(name, &v);
	else
		truth_wrong(name, &v);
}

static void run_all(struct sono_import *set, const float *analytic,
		    const json_t *reference)
{
	uint32_t k, e;

	run("fieldii_1_tx", set, analytic, reference, "1_tx", true);
	run("fieldii_3_tx", set, analytic, reference, "3_tx", true);
	for (k = 0; k < WAVES; k++)
		set->scan->event[k].rx_start -= START_TIME;
	run("fieldii_start_time_added", set, analytic, reference, "1_tx",
	    false);
	for (k = 0; k < WAVES; k++) {
		set->scan->event[k].rx_start += START_TIME;
		for (e = 0; e < ELEMENTS; e++)
			((double *)set->scan->event[k].delay)[e] *= -1;
	}
	run("fieldii_angles_reversed", set, analytic, reference, "3_tx",
	    false);
}

void truth_fieldii(const json_t *reference)
{
	struct sono_import set;
	const char *why = open_set(&set, reference);
	float *analytic = why ? NULL : make_analytic(&set);

	if (analytic)
		run_all(&set, analytic, reference);
	else
		truth_broken("fieldii", why ? why : "out of memory");
	free(analytic);
	sono_scan_free(set.scan);
	free(set.payload);
}

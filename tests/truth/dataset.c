// SPDX-License-Identifier: MIT
/* Sets to scans, scans to images, with a mistake where a test wants one. */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dataset.h"
#include "dsp/demod.h"
#include "truth.h"

/* reference.json: "|arg g| must also be < 0.05 rad" (statistic of images) */
#define PHASE_MAX	0.05

const char *dataset_root(void)
{
	const char *root = getenv("SONO_DATA");

	return root && *root ? root : "../shared/data";
}

const char *dataset_path(const char *folder, const char *file)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s/%s", dataset_root(), folder, file);
	return path;
}

bool dataset_exists(const char *folder)
{
	struct stat st;

	return !stat(dataset_path(folder, ""), &st) && S_ISDIR(st.st_mode);
}

json_t *dataset_reference(void)
{
	return json_load_file(dataset_path("", "reference.json"), 0, NULL);
}

struct sono_import *dataset_open(const char *folder, const char **why)
{
	static char text[512];
	struct sono_import *set;

	*why = text;
	return sono_import(dataset_path(folder, ""), &set, text,
			   sizeof(text)) ? NULL : set;
}

const char *dataset_velocity(const struct sono_import *set,
			     struct pipeline_params *params, bool reversed,
			     struct pipeline **pipeline)
{
	const size_t bytes = set->scan->frame_bytes;
	const char *why = NULL;
	const struct image *image;
	uint32_t t;

	params->colour.packet_frames = set->frames;
	if (pipeline_create(pipeline, set->scan, params, &why))
		return why ? why : "out of memory";
	for (t = 0; t < set->frames; t++) {
		uint32_t at = reversed ? set->frames - 1 - t : t;
		struct rf_frame frame = {
			.data = set->payload + at * bytes,
			.bytes = bytes,
			.seq = t,
		};

		if (pipeline_execute(*pipeline, &frame, &image) !=
		    (t + 1 == set->frames)) {
			pipeline_destroy(*pipeline);
			return "a packet of another length";
		}
	}
	return NULL;
}

const char *mistake_name(enum mistake mistake)
{
	static const char * const names[MISTAKES] = {
		[MISTAKE_NONE] = "right",
		[MISTAKE_HALF_SAMPLE] = "half_a_sample_late",
		[MISTAKE_F_NUMBER] = "F_x1.2",
		[MISTAKE_SPEED] = "c_plus_1_percent",
		[MISTAKE_HALF_PITCH] = "axis_shifted_half_a_pitch",
		[MISTAKE_CONJUGATED] = "conjugated",
	};

	return names[mistake];
}

/* The listed events of the first frame, in the set's own payload. */
static struct sono_scan *select_events(const struct sono_import *set,
				       const json_t *transmits)
{
	const struct sono_scan *from = set->scan;
	struct sono_scan *to = sono_scan_alloc(from->elements, from->channels,
					       json_array_size(transmits));
	uint32_t e;

	if (!to)
		return NULL;
	memcpy(to->element, from->element,
	       from->elements * sizeof(*to->element));
	memcpy(to->channel_element, from->channel_element,
	       from->channels * sizeof(*to->channel_element));
	for (e = 0; e < to->events; e++) {
		const struct sono_event *event = &from->event[
			json_integer_value(json_array_get(transmits, e))];
		double *delay = (double *)to->event[e].delay;

		memcpy(delay, event->delay, from->elements * sizeof(*delay));
		to->event[e] = *event;
		to->event[e].delay = delay;
	}
	to->fs = from->fs;
	to->fc = from->fc;
	to->c = from->c;
	to->frame_bytes = from->frame_bytes;
	return to;
}

static void spoil_scan(struct sono_scan *scan, enum mistake mistake)
{
	double half_pitch = (scan->element[1].x - scan->element[0].x) / 2;
	uint32_t i;

	if (mistake == MISTAKE_HALF_SAMPLE)
		scan->pulse_delay += 0.5 / scan->fs;
	if (mistake == MISTAKE_SPEED)
		scan->c *= 1.01;
	for (i = 0; mistake == MISTAKE_HALF_PITCH && i < scan->elements; i++)
		scan->element[i].x += half_pitch;
}

const char *channels_init(struct channels *channels,
			  const struct sono_import *set,
			  const json_t *transmits, enum mistake mistake)
{
	const struct rf_frame frame = {
		.data = set->payload,
		.bytes = set->scan->frame_bytes,
	};
	const struct demod_params params = { 0 };
	struct demod *demod = NULL;
	const char *why = NULL;

	*channels = (struct channels){ 0 };
	channels->scan = select_events(set, transmits);
	if (!channels->scan)
		return "out of memory";
	spoil_scan(channels->scan, mistake);
	if (demod_create(&demod, channels->scan, &params, &why) ||
	    analytic_init(&channels->analytic, channels->scan->events,
			  channels->scan->channels,
			  demod_longest(channels->scan, 1, INTERPOLATION_LINEAR))) {
		demod_destroy(demod);
		channels_finish(channels);
		return why ? why : "out of memory";
	}
	demod_execute(demod, &channels->analytic, &frame);
	demod_destroy(demod);
	return NULL;
}

void channels_finish(struct channels *channels)
{
	analytic_finish(&channels->analytic);
	sono_scan_free(channels->scan);
	channels->scan = NULL;
}

const char *channels_image(const struct channels *channels,
			   const struct grid *grid, double f_number,
			   enum mistake mistake, struct iq *iq)
{
	const struct beamform_params params = {
		.grid = *grid,
		.f_number = mistake == MISTAKE_F_NUMBER ? 1.2 * f_number :
							  f_number,
		.groups = 1,
	};
	struct beamform *beamform;
	const char *why;
	size_t i;

	if (iq_init(iq, 1, grid->lines, grid->samples))
		return "out of memory";
	if (beamform_create(&beamform, channels->scan, &params, &why)) {
		iq_finish(iq);
		return why ? why : "out of memory";
	}
	beamform_execute(beamform, iq, &channels->analytic);
	beamform_destroy(beamform);
	for (i = 0; mistake == MISTAKE_CONJUGATED &&
		    i < (size_t)grid->lines * grid->samples; i++)
		iq->data[2 * i + 1] *= -1;
	return NULL;
}

struct grid dataset_grid(const json_t *grid)
{
	return (struct grid){
		.shape = GRID_LINEAR,
		.lines = truth_number(grid, "nx"),
		.samples = truth_number(grid, "nz"),
		.line0 = truth_number(grid, "x0"),
		.line_step = truth_number(grid, "dx"),
		.sample0 = truth_number(grid, "z0"),
		.sample_step = truth_number(grid, "dz"),
	};
}

double *magnitudes(const struct iq *iq)
{
	size_t n = (size_t)iq->lines * iq->samples, i;
	double *e = malloc(n * sizeof(*e));

	for (i = 0; e && i < n; i++)
		e[i] = hypot(iq->data[2 * i], iq->data[2 * i + 1]);
	return e;
}

static float *read_image(const char *file, size_t floats)
{
	float *data = malloc(floats * sizeof(*data));
	FILE *f = fopen(dataset_path("", file), "rb");
	bool whole = f && data && fread(data, sizeof(*data), floats, f) ==
					 floats && fgetc(f) == EOF;

	if (f)
		fclose(f);
	if (!whole) {
		free(data);
		return NULL;
	}
	return data;
}

/* The least-squares complex gain that makes @iq most like @ref. */
static double complex best_gain(const float *ref, const float *iq, size_t n)
{
	double complex cross = 0;
	double power = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double complex r = ref[2 * i] + I * ref[2 * i + 1];
		double complex t = iq[2 * i] + I * iq[2 * i + 1];

		cross += conj(t) * r;
		power += creal(t) * creal(t) + cimag(t) * cimag(t);
	}
	return cross / power;
}

const char *compare_image(struct verdict *v, const struct iq *iq,
			  const json_t *reference, double least_db)
{
	const size_t n = (size_t)iq->lines * iq->samples;
	const json_t *file = json_object_get(reference, "file");
	float *ref = read_image(json_string_value(file), 2 * n);
	double signal = 0, noise = 0;
	double complex gain;
	size_t i;

	if (!ref)
		return "the reference image cannot be read";
	gain = best_gain(ref, iq->data, n);
	for (i = 0; i < n; i++) {
		double complex r = ref[2 * i] + I * ref[2 * i + 1];
		double complex t = iq->data[2 * i] + I * iq->data[2 * i + 1];

		signal += pow(cabs(r), 2);
		noise += pow(cabs(r - gain * t), 2);
	}
	free(ref);
	verdict_least(v, "image SNR [dB]", 10 * log10(signal / noise),
		      least_db);
	verdict_near(v, "phase of the gain [rad]", carg(gain), 0, PHASE_MAX);
	return NULL;
}

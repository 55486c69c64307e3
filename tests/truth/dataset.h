/* SPDX-License-Identifier: MIT */
/* Sets of channel data, as tests of truth need them. */
#ifndef TRUTH_DATASET_H
#define TRUTH_DATASET_H

#include <jansson.h>
#include <stdbool.h>

#include "dsp/beamform.h"
#include "dsp/dsp.h"
#include "dsp/pipeline.h"
#include "import.h"

struct verdict;

/** dataset_root() - SONO_DATA, or the default */
const char *dataset_root(void);

/** dataset_exists() - is there a folder of this name? */
bool dataset_exists(const char *folder);

/** dataset_reference() - reference.json, NULL where it cannot be read */
json_t *dataset_reference(void);

/** dataset_path() - of a file in the root, in a static buffer */
const char *dataset_path(const char *folder, const char *file);

/**
 * dataset_open() - read a set
 * @folder: its name
 * @why: set to the reason on failure
 *
 * Return: the set for sono_import_free(), or NULL.
 */
struct sono_import *dataset_open(const char *folder, const char **why);

/**
 * dataset_velocity() - one packet of all frames through the whole pipeline
 * @set: a set of frames
 * @params: packet_frames is set here
 * @reversed: give the frames in reverse, so that all velocities change sign
 * @pipeline: made, for pipeline_destroy(), when NULL is returned
 *
 * Return: NULL or what went wrong.
 */
const char *dataset_velocity(const struct sono_import *set,
			     struct pipeline_params *params, bool reversed,
			     struct pipeline **pipeline);

/**
 * enum mistake - what a test does wrong on purpose
 * @MISTAKE_NONE: nothing
 * @MISTAKE_HALF_SAMPLE: all echoes are taken half a sample late
 * @MISTAKE_F_NUMBER: F is a fifth larger
 * @MISTAKE_SPEED: the speed of sound is one percent higher
 * @MISTAKE_HALF_PITCH: the elements lie half a pitch to the right
 * @MISTAKE_CONJUGATED: the beamformed samples are conjugated
 */
enum mistake {
	MISTAKE_NONE,
	MISTAKE_HALF_SAMPLE,
	MISTAKE_F_NUMBER,
	MISTAKE_SPEED,
	MISTAKE_HALF_PITCH,
	MISTAKE_CONJUGATED,
	MISTAKES,
};

/** mistake_name() - for the name of a test */
const char *mistake_name(enum mistake mistake);

/**
 * struct channels - demodulated channel data of some transmits of a set
 * @scan: of the transmits
 * @analytic: theirs
 */
struct channels {
	struct sono_scan *scan;
	struct analytic analytic;
};

/**
 * channels_init() - demodulate some transmits of a set's first frame
 * @channels: written
 * @set: a set
 * @transmits: array of their numbers
 * @mistake: made in the scan
 *
 * Return: NULL or what went wrong.
 */
const char *channels_init(struct channels *channels,
			  const struct sono_import *set,
			  const json_t *transmits, enum mistake mistake);
void channels_finish(struct channels *channels);

/**
 * channels_image() - beamform a grid, all transmits compounded
 * @channels: demodulated
 * @grid: where
 * @f_number: receive aperture, 0: all
 * @mistake: made in the aperture or the result
 * @iq: made, for iq_finish(), when NULL is returned
 *
 * Return: NULL or what went wrong.
 */
const char *channels_image(const struct channels *channels,
			   const struct grid *grid, double f_number,
			   enum mistake mistake, struct iq *iq);

/** dataset_grid() - linear grid of reference.json's x0, dx, nx, z0, dz, nz */
struct grid dataset_grid(const json_t *grid);

/** magnitudes() - |iq| of a packet's first image, for free(); or NULL */
double *magnitudes(const struct iq *iq);

/**
 * compare_image() - signal to noise against a stored complex image
 * @v: judged: the ratio, and the phase of the best complex gain
 * @iq: the image
 * @reference: "reference_image" of a case
 * @least_db: the ratio to reach
 *
 * Return: NULL or what went wrong.
 */
const char *compare_image(struct verdict *v, const struct iq *iq,
			  const json_t *reference, double least_db);

#endif /* TRUTH_DATASET_H */

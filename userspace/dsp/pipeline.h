/* SPDX-License-Identifier: MIT */
/*
 * From frames to pictures. pipeline.c holds the table of stages, the only
 * place where their order is decided, and owns the buffers between them.
 *
 * A packet is the ensemble that makes one picture: images of the same places
 * in order of time, gathered from one frame, from successive frames, or from
 * several images in each of several frames.
 */
#ifndef DSP_PIPELINE_H
#define DSP_PIPELINE_H

#include <stdbool.h>

#include "beamform.h"
#include "dsp.h"
#include "scan.h"

/**
 * struct pipeline_params - what to do with a scan's frames
 *
 * @grid: where to beamform
 * @f_number: of the receive aperture, 0 to 16; 0: all elements
 * @window: over the receive aperture; other than boxcar needs @f_number
 * @taper: tapered share of WINDOW_TUKEY, 0 to 1
 *
 * @demod_pass: edge of the passband about fc [Hz]; 0 with @demod_stop 0:
 *              as wide as the sampling allows
 * @demod_stop: edge of the stopband about fc [Hz]
 * @demod_reject: attenuation in the stopband, 30 to 120; 0: 80 [dB]
 * @decimate: samples of RF per sample of baseband, 1 to 16; 0: 1
 *
 * @packet_frames: frames of a packet, 1 to 1024
 * @groups: images made of each frame, at least 1
 * @group: [events] image that each event is added to, or BEAMFORM_UNUSED;
 *         NULL: all to one
 *
 * @reference: |iq| that is 0 dB [counts], > 0
 * @range_db: dynamic range below 0 dB, up to 200 [dB]
 * @tgc_points: points of @tgc_db; 0: no trim
 * @tgc_db: gain to add, at equal steps from the first to the last sample of
 *          a line [dB]; read by pipeline_create() only
 * @persistence: share of the earlier picture that stays, 0 to below 1
 *
 * @colour: velocity over grey; needs a packet of at least 2 images
 * @wall_order: degree of the polynomial removed over the packet, 0 to 7; -1:
 *              none
 * @average_lines: window of the mean of the autocorrelation, odd
 * @average_samples: window of the mean of the autocorrelation, odd
 * @velocity_fc: mean frequency of the echoes; 0: the scan's fc [Hz]
 * @power_min_db: least power of a velocity that is shown [dB]
 * @priority_db: level from which on tissue hides velocity; INFINITY: never
 *               [dB]
 *
 * @width: of the picture, pixels, 1 to 16384
 * @height: of the picture, pixels, 1 to 16384
 */
struct pipeline_params {
	struct grid grid;
	double f_number;
	enum window window;
	double taper;

	double demod_pass;
	double demod_stop;
	double demod_reject;
	uint32_t decimate;

	uint32_t packet_frames;
	uint32_t groups;
	const uint32_t *group;

	double reference;
	double range_db;
	uint32_t tgc_points;
	const double *tgc_db;
	double persistence;

	bool colour;
	int wall_order;
	uint32_t average_lines;
	uint32_t average_samples;
	double velocity_fc;
	double power_min_db;
	double priority_db;

	uint32_t width;
	uint32_t height;
};

/**
 * pipeline_params_init() - a B-mode picture of every frame
 * @params: all set but the grid: F 1.5, boxcar, reference 32768, 60 dB, no
 *          colour (but ready for it: order 1, mean of 3 x 5, no threshold, no
 *          priority), 800 x 600 pixels
 */
void pipeline_params_init(struct pipeline_params *params);

/**
 * struct pipeline_timing - time that a stage took
 * @stage: its name
 * @runs: since create or reset
 * @total_ns: of all runs
 * @worst_ns: of one run
 */
struct pipeline_timing {
	const char *stage;
	uint64_t runs;
	uint64_t total_ns;
	uint64_t worst_ns;
};

struct pipeline;

/**
 * pipeline_create() - make a pipeline
 * @pipeline: written
 * @scan: must outlive the pipeline
 * @params: copied, with its arrays
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL (also where SONO_CPU names no level, and where the images
 * of a packet do not lie at equal times) or -ENOMEM.
 */
int pipeline_create(struct pipeline **pipeline, const struct sono_scan *scan,
		    const struct pipeline_params *params, const char **why);

/**
 * pipeline_execute() - take one frame
 * @pipeline: a pipeline
 * @in: a frame of the scan; not used after the return
 * @out: where the result is true, set to the picture; it belongs to the
 *       pipeline and holds until the next call
 *
 * Return: whether the frame completed a packet.
 */
bool pipeline_execute(struct pipeline *pipeline, const struct rf_frame *in,
		      const struct image **out);

/** pipeline_reset() - forget earlier frames and times */
void pipeline_reset(struct pipeline *pipeline);

void pipeline_destroy(struct pipeline *pipeline);

/* What the last completed packet became on its way; NULL: no such stage. */
const struct iq *pipeline_iq(const struct pipeline *pipeline);
const struct env *pipeline_env(const struct pipeline *pipeline);
const struct vel *pipeline_vel(const struct pipeline *pipeline);

/** pipeline_image() - picture in the making: size, format and calibration */
const struct image *pipeline_image(const struct pipeline *pipeline);

/** pipeline_interval() - between images of a packet [s]; 0: no colour */
double pipeline_interval(const struct pipeline *pipeline);

/**
 * pipeline_timing() - time that a stage took
 * @pipeline: a pipeline
 * @index: of the stage, in the order of the flow
 *
 * Return: its times, NULL beyond the last stage.
 */
const struct pipeline_timing *pipeline_timing(const struct pipeline *pipeline,
					      unsigned int index);

#endif /* DSP_PIPELINE_H */

/* SPDX-License-Identifier: MIT */
/*
 * The types that travel through the pipeline, in the order of the flow:
 *
 *	rf_frame -> baseband -> iq -+-> env -+-> image
 *				    `-> vel -'
 *
 * Every stage is an object of its own with the same verbs: X_create() may
 * fail and says why, X_execute() cannot: it allocates nothing, locks nothing
 * and calls no system. X_reset() forgets earlier frames, where a stage
 * remembers any. X_destroy() takes NULL. Buffers between stages belong to
 * whoever runs them (pipeline.c) and are made by X_init(), ended by
 * X_finish().
 *
 * Axes: x to the right, z away from the probe, SI units. Positive velocity
 * is towards the probe.
 */
#ifndef DSP_H
#define DSP_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct rf_frame - one frame as the board wrote it
 * @data: the payload, laid out as the scan's events say; not written
 * @bytes: of the payload, at least the scan's frame_bytes
 * @seq: number of the frame
 */
struct rf_frame {
	const void *data;
	size_t bytes;
	uint64_t seq;
};

/**
 * struct baseband - channel data as complex baseband
 * @data: interleaved re, im [int16 counts], [events][channels][@stride]
 * @events: events of the frame
 * @channels: rows of an event
 * @stride: floats from row to row
 *
 * Sample m of a row belongs to time rx_start + m / fs of its event, fs after
 * decimation; the carrier's phase is zero at the row's first sample.
 */
struct baseband {
	float *data;
	uint32_t events;
	uint32_t channels;
	size_t stride;
};

/**
 * struct iq - beamformed complex samples
 * @data: interleaved re, im, [ensemble][lines][samples]; int16 counts summed
 *        over elements and compounded events, the carrier's phase kept
 * @ensemble: images of the packet, in order of time
 * @lines: lines of the grid
 * @samples: samples of a line
 */
struct iq {
	float *data;
	uint32_t ensemble;
	uint32_t lines;
	uint32_t samples;
};

/**
 * struct env - log envelope
 * @db: [lines][samples], 0 dB is the plan's reference level
 * @lines: lines of the grid
 * @samples: samples of a line
 */
struct env {
	float *db;
	uint32_t lines;
	uint32_t samples;
};

/**
 * struct vel - velocity
 * @v: [lines][samples], positive towards the probe [m/s]
 * @power: [lines][samples], mean power after the wall filter, relative to
 *         the square of the plan's reference level [dB]
 * @valid: [lines][samples], 1 where @power reaches the plan's threshold
 * @lines: lines of the grid
 * @samples: samples of a line
 */
struct vel {
	float *v;
	float *power;
	uint8_t *valid;
	uint32_t lines;
	uint32_t samples;
};

/**
 * enum grid_shape - how lines lie
 * @GRID_LINEAR: parallel to each other, from z = 0
 * @GRID_SECTOR: from one apex
 */
enum grid_shape {
	GRID_LINEAR,
	GRID_SECTOR,
};

/**
 * struct grid - the places of beamformed samples
 * @shape: of the lines
 * @lines: at least 1
 * @samples: of a line, at least 1
 * @line0: x [m] at z = 0 of the first line, or its angle [rad] from +z towards
 *         +x
 * @line_step: from line to line [m] or [rad], > 0; of one line also 0
 * @sample0: distance along the line of the first sample from z = 0, or from
 *           the apex [m]
 * @sample_step: from sample to sample [m], > 0
 * @steer: of linear lines, from +z towards +x, below a right angle [rad]
 * @apex_x: of a sector [m]
 * @apex_z: of a sector [m]; on a convex probe minus its radius
 */
struct grid {
	enum grid_shape shape;
	uint32_t lines;
	uint32_t samples;
	double line0;
	double line_step;
	double sample0;
	double sample_step;
	double steer;
	double apex_x;
	double apex_z;
};

/**
 * struct ray - one line of a grid
 * @x: of the first sample [m]
 * @z: of the first sample [m]
 * @dx: from sample to sample [m]
 * @dz: from sample to sample [m]
 */
struct ray {
	double x, z;
	double dx, dz;
};

/** grid_ray() - where line @line of @grid lies */
struct ray grid_ray(const struct grid *grid, uint32_t line);

/**
 * grid_locate() - where a point lies in a grid, in lines and samples
 * @grid: any that is one
 * @x: of the point [m]
 * @z: of the point [m]
 * @line: written: 0 on the first line; always 0 where there is but one
 * @sample: written: 0 at the first sample
 */
void grid_locate(const struct grid *grid, double x, double z, double *line,
		 double *sample);

/**
 * grid_check() - is this a grid?
 * @grid: any
 *
 * Return: NULL, or what is wrong with it.
 */
const char *grid_check(const struct grid *grid);

/**
 * enum image_format - bytes of a pixel
 * @IMAGE_GREY8: one
 * @IMAGE_RGB24: three, in this order
 */
enum image_format {
	IMAGE_GREY8,
	IMAGE_RGB24,
};

/**
 * struct raster - pixels of an image in the body
 * @width: pixels
 * @height: pixels
 * @x0: of the centre of the first column [m]
 * @z0: of the centre of the first row [m]
 * @dx: from column to column [m], > 0
 * @dz: from row to row [m], > 0
 */
struct raster {
	uint32_t width;
	uint32_t height;
	double x0, z0;
	double dx, dz;
};

/**
 * struct image - a picture with its calibration
 * @format: of a pixel
 * @raster: size, and where the pixels lie
 * @stride: bytes from row to row
 * @data: the pixels
 * @floor_db: grey 0; grey 255 is 0 dB [dB]
 * @nyquist: velocity of the last colour, the first is minus that [m/s];
 *           0: an image without colour
 * @seq: number of the newest frame in it
 */
struct image {
	enum image_format format;
	struct raster raster;
	size_t stride;
	uint8_t *data;
	double floor_db;
	double nyquist;
	uint64_t seq;
};

/**
 * baseband_init() - buffer for a frame's channel data, zeroed
 * @bb: written
 * @events: of a frame
 * @channels: of an event
 * @samples: of the longest row
 *
 * Return: 0 or -ENOMEM.
 */
int baseband_init(struct baseband *bb, uint32_t events, uint32_t channels,
		  uint32_t samples);
void baseband_finish(struct baseband *bb);

/** iq_init() - buffer for a packet, zeroed; 0 or -ENOMEM */
int iq_init(struct iq *iq, uint32_t ensemble, uint32_t lines,
	    uint32_t samples);
void iq_finish(struct iq *iq);

/** env_init() - buffer for an envelope, zeroed; 0 or -ENOMEM */
int env_init(struct env *env, uint32_t lines, uint32_t samples);
void env_finish(struct env *env);

/** vel_init() - buffer for velocities, zeroed; 0 or -ENOMEM */
int vel_init(struct vel *vel, uint32_t lines, uint32_t samples);
void vel_finish(struct vel *vel);

/** image_init() - black image without calibration of values; 0 or -ENOMEM */
int image_init(struct image *image, enum image_format format,
	       const struct raster *raster);
void image_finish(struct image *image);

/** image_bytes_per_pixel() - of @format */
static inline unsigned int image_bytes_per_pixel(enum image_format format)
{
	return format == IMAGE_RGB24 ? 3 : 1;
}

/**
 * dsp_alloc() - zeroed memory for samples, aligned to 64 bytes
 * @count: of items
 * @size: of an item
 *
 * Return: memory to free(), or NULL.
 */
void *dsp_alloc(size_t count, size_t size);

#endif /* DSP_H */

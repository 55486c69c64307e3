/* SPDX-License-Identifier: MIT */
/*
 * The types that travel through the pipeline, in the order of the flow:
 *
 *	rf_frame -> analytic -> iq -+-> env -+-> image
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct rf_frame - one frame as the board wrote it
 * @data: the payload, laid out as the scan's events say; not written
 * @bytes: of the payload, at least the scan's frame_bytes
 * @seq: number of the frame
 * @ts: the board's clock at the frame's first trigger [ticks]
 * @clock: of the board [ticks/s]; 0: @ts says nothing, and frames follow each
 *         other as their numbers and the scan's frame period say
 */
struct rf_frame {
	const void *data;
	size_t bytes;
	uint64_t seq;
	uint64_t ts;
	double clock;
};

/**
 * enum interpolation - what an envelope is between two samples of a row
 * @INTERPOLATION_LINEAR: on the straight line between them
 * @INTERPOLATION_COMPENSATED: the same, but what that takes from frequencies
 *                             away from the carrier is given back: by the
 *                             demodulator on the mean, by weights at every
 *                             fraction
 * @INTERPOLATION_UPSAMPLED: the same, of samples twice as dense, which the
 *                           demodulator's filter makes: of all inputs that it
 *                           spans, 50 and more
 *
 * Demodulator and beamformer must be told the same.
 */
enum interpolation {
	INTERPOLATION_LINEAR,
	INTERPOLATION_COMPENSATED,
	INTERPOLATION_UPSAMPLED,
};

/* Of what linear interpolation takes, the mean over all fractions. */
#define INTERPOLATION_MEAN	(1 / 12.0)

#define ANALYTIC_LINE		32	/* samples of a line of 64 bytes */
#define ANALYTIC_STRETCHES	8	/* of a row that may differ in scale */
#define ANALYTIC_SPANS		(2 * ANALYTIC_STRETCHES - 1)
#define ANALYTIC_BUNCH		16	/* channels that have their scales in common */

/**
 * struct analytic_span - lines of rows that have one scale
 * @begin: first line; INT32_MIN: all before, too
 * @end: line after the last; INT32_MAX: all behind, too
 * @moved: from where its lines would lie to where they do [lines]
 * @scale: int16 counts of RF to one count: a power of 2
 *
 * A tile that begins in a span's lines finds there and in the line behind them
 * all that it asks for, in one scale. So where a stretch ends and the next has
 * another scale, the last line is a span of its own, the seam: it and the line
 * behind it lie once more, in the larger scale of both, behind the row.
 */
struct analytic_span {
	int32_t begin;
	int32_t end;
	int32_t moved;
	float scale;
};

/**
 * struct analytic - channel data as analytic signals
 * @data: real part of sample 0 of the first row, aligned to 64 bytes
 * @events: events of the frame
 * @channels: rows of an event
 * @lines: of a row, ANALYTIC_LINE samples each
 * @line: from a line to the row's next [int16]
 * @plane: from a real part to its imaginary part [int16]
 * @row: from channel to channel [int16]
 * @event: from event to event [int16]
 * @even: [@events], one scale holds for all rows of the event
 * @common: [@events][ANALYTIC_SPANS], as @span: where it is that of all bunches;
 *          @scale 0: there it is not
 * @bunches: of channels, ANALYTIC_BUNCH each
 * @span: [@events][@bunches][ANALYTIC_SPANS], one after another, without a gap;
 *        the last one of a bunch ends at INT32_MAX
 *
 * Sample m of a row belongs to time rx_start + m / fs of its event, fs after
 * resampling; the carrier is kept, its phase is that of the RF. Real and
 * imaginary parts are lines of their own. Every row has a line of zeros before
 * it and one behind it, and zeros follow the samples that an event has. Behind
 * those lie the lines of seams.
 *
 * Lines lie as the kernels of this machine read them best: one after another,
 * or (analytic_blocked()) all channels' lines of the same samples together.
 */
struct analytic {
	int16_t *data;
	uint32_t events;
	uint32_t channels;
	uint32_t lines;
	size_t line;
	size_t plane;
	size_t row;
	size_t event;
	bool *even;
	struct analytic_span *common;
	uint32_t bunches;
	struct analytic_span *span;
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
 * @variance: [lines][samples], of the phase: 1 - |R1| / R0, 0 (one velocity)
 *            to 1 (all velocities alike); a little below 0 where the packet's
 *            ends are weaker than its middle
 * @valid: [lines][samples], 1 where @power and @v reach the plan's thresholds
 * @lines: lines of the grid
 * @samples: samples of a line
 */
struct vel {
	float *v;
	float *power;
	float *variance;
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
 * enum grey_map - from dB to grey
 * @GREY_LINEAR: straight
 * @GREY_GAMMA: brighter in the middle: the power 0.7 of linear
 * @GREY_S: more contrast in the middle, less at both ends
 */
enum grey_map {
	GREY_LINEAR,
	GREY_GAMMA,
	GREY_S,
};

/**
 * enum colour_map - what colour shows
 * @COLOUR_VELOCITY: red towards the probe, blue away
 * @COLOUR_VARIANCE: the same, turning green with the variance of velocity
 * @COLOUR_POWER: power without direction
 * @COLOUR_DIRECTIONAL: power in the colours of the direction
 */
enum colour_map {
	COLOUR_VELOCITY,
	COLOUR_VARIANCE,
	COLOUR_POWER,
	COLOUR_DIRECTIONAL,
};

/**
 * struct colour_scale - what colours mean
 * @map: what is shown
 * @nyquist: velocity at which colour aliases [m/s]; 0: no colour
 * @baseline: colours run from (-1 - @baseline) to (1 - @baseline) times
 *            @nyquist; -1 to 1
 * @invert: the colours of towards and away are exchanged
 * @power_db: darkest colour of a map of power [dB]
 * @power_range_db: from there to the brightest, > 0 [dB]
 */
struct colour_scale {
	enum colour_map map;
	double nyquist;
	double baseline;
	bool invert;
	double power_db;
	double power_range_db;
};

/**
 * enum region_kind - what a part of an image shows
 * @REGION_B: a section of the body: both axes are lengths [m]
 * @REGION_M: a line over time: x is time [s], z the distance along it [m]
 * @REGION_SPECTRUM: velocities over time: x is time [s], z velocity, towards
 *                   the probe positive [m/s], its steps of either sign
 * @REGION_ECG: the electrocardiogram: x is time [s], z counts, upwards
 *              negative steps
 */
enum region_kind {
	REGION_B,
	REGION_M,
	REGION_SPECTRUM,
	REGION_ECG,
};

/**
 * struct image_region - a part of an image with a calibration of its own
 * @kind: what it shows
 * @colour: what colours mean in a strip; its nyquist 0: it has none
 * @left: its first column [pixels]
 * @top: its first row [pixels]
 * @now: of strips, the column that is the newest, from @left [pixels]
 * @raster: its size; values of its first pixel and from pixel to pixel in the
 *          units of its kind. A strip's columns count back from @now, its x0
 *          is that of the column after @now, one sweep ago
 */
struct image_region {
	enum region_kind kind;
	struct colour_scale colour;
	uint32_t left, top;
	uint32_t now;
	struct raster raster;
};

#define REGIONS_MAX	4

/**
 * struct image - a picture with its calibration
 * @format: of a pixel
 * @raster: size, and where the pixels of its section of the body lie
 * @stride: bytes from row to row
 * @data: the pixels
 * @regions: of @region; 0: the whole is a section of the body
 * @region: parts of a composite
 * @floor_db: grey 0; grey 255 is 0 dB [dB]
 * @grey: from dB to grey between them
 * @colour: what colours mean
 * @seq: number of the newest frame in it
 * @time: of that frame's first trigger, by the board's clock, after that of
 *        the first frame [s]
 * @phase: of the heart at that time, 0 (R wave) to below 1; NAN: unknown
 * @heart_rate: beats per second; NAN: unknown [Hz]
 */
struct image {
	enum image_format format;
	struct raster raster;
	size_t stride;
	uint8_t *data;
	uint32_t regions;
	struct image_region region[REGIONS_MAX];
	double floor_db;
	enum grey_map grey;
	struct colour_scale colour;
	uint64_t seq;
	double time;
	double phase;
	double heart_rate;
};

/**
 * analytic_init() - buffer for a frame's channel data, zeroed, of scale 1
 * @analytic: written
 * @events: of a frame
 * @channels: of an event
 * @samples: of the longest row, after resampling
 *
 * Return: 0 or -ENOMEM.
 */
int analytic_init(struct analytic *analytic, uint32_t events,
		  uint32_t channels, uint32_t samples);
void analytic_finish(struct analytic *analytic);

/** analytic_set_scale() - one scale for all rows of an event */
void analytic_set_scale(struct analytic *analytic, uint32_t event, float scale);

/** analytic_spans() - those of a channel's row, the first */
static inline struct analytic_span *
analytic_spans(const struct analytic *analytic, uint32_t event,
	       uint32_t channel)
{
	return analytic->span + ANALYTIC_SPANS *
		((size_t)event * analytic->bunches + channel / ANALYTIC_BUNCH);
}

/**
 * analytic_common() - the span that all of an event's rows have in common
 * @analytic: demodulated
 * @event: of the frame
 * @from: first line
 * @until: last line; a span holds the line behind it, too
 *
 * Return: NULL where these lines lie in no such span.
 */
static inline const struct analytic_span *
analytic_common(const struct analytic *analytic, uint32_t event, int32_t from,
		int32_t until)
{
	const struct analytic_span *span =
		analytic->common + (size_t)event * ANALYTIC_SPANS;

	while (from >= span->end)
		span++;
	return span->scale > 0 && until < span->end ? span : NULL;
}

/** analytic_alike() - do two spans have one scale in one place? */
static inline bool analytic_alike(const struct analytic_span *a,
				  const struct analytic_span *b)
{
	return a->scale == b->scale && a->moved == b->moved;
}

/** analytic_span_at() - the span of a row that a line lies in */
static inline const struct analytic_span *
analytic_span_at(const struct analytic *analytic, uint32_t event,
		 uint32_t channel, int32_t line)
{
	const struct analytic_span *span =
		analytic_spans(analytic, event, channel);

	while (line >= span->end)
		span++;
	return span;
}

/** analytic_blocked() - do lines of all channels lie together? */
bool analytic_blocked(void);

/** analytic_row() - real part of a row's sample 0 */
static inline int16_t *analytic_row(const struct analytic *analytic,
				    uint32_t event, uint32_t channel)
{
	return analytic->data + event * analytic->event +
	       channel * analytic->row;
}

/** analytic_at() - where sample @m of a row lies, from its sample 0 [int16] */
static inline ptrdiff_t analytic_at(const struct analytic *analytic, int32_t m)
{
	return (m >> 5) * (ptrdiff_t)analytic->line + (m & 31);
}

_Static_assert(ANALYTIC_LINE == 32, "analytic_at() counts in 32");

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

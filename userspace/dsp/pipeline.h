/* SPDX-License-Identifier: MIT */
/*
 * From frames to pictures. pipeline.c holds the table of stages, the only
 * place where their order is decided, and owns the buffers between them.
 *
 * A packet is the ensemble that makes one picture of velocity: images of the
 * same places in order of time, gathered from one frame, from successive
 * frames, or from several images in each of several frames.
 */
#ifndef DSP_PIPELINE_H
#define DSP_PIPELINE_H

#include <stdbool.h>

#include "beamform.h"
#include "demod.h"
#include "detect.h"
#include "doppler.h"
#include "dsp.h"
#include "scan.h"
#include "scanconvert.h"
#include "spectrum.h"
#include "tissue.h"
#include "workers.h"

/**
 * struct pipeline_aperture - the receive aperture of a part
 * @f_number: 0 to 16; 0: all elements
 * @window: over the aperture; other than boxcar needs @f_number
 * @taper: tapered share of WINDOW_TUKEY, 0 to 1
 */
struct pipeline_aperture {
	double f_number;
	enum window window;
	double taper;
};

/**
 * struct pipeline_b - the grey picture
 * @grid: where to beamform
 * @aperture: on receive
 * @coherence: channels of a part of the aperture, of whose parts the coherence
 *             factor weights the picture; with WINDOW_BOXCAR only. 0: none
 * @pairs: its events come in pairs, a pulse and its inversion
 * @reference: |iq| that is 0 dB [counts], > 0; also of colour's power
 * @range_db: dynamic range below 0 dB, up to 200 [dB]
 * @tgc_points: points of @tgc_db; 0: no trim
 * @tgc_db: gain to add, at equal steps from the first to the last sample of
 *          a line [dB]; read by pipeline_create() only
 * @persistence: share of the earlier picture that stays, 0 to below 1
 * @grey: map from dB to grey
 */
struct pipeline_b {
	struct grid grid;
	struct pipeline_aperture aperture;
	uint32_t coherence;
	bool pairs;
	double reference;
	double range_db;
	uint32_t tgc_points;
	const double *tgc_db;
	double persistence;
	enum grey_map grey;
};

/**
 * struct pipeline_colour - velocity over grey
 * @on: there is colour; needs a packet of at least 2 images
 * @grid: the box: where to beamform; no lines: B's grid. Reception in a
 *        linear box is steered so that velocities are those along its lines
 * @aperture: on receive
 * @packet_frames: frames of a packet, 1 to 1024
 * @wall: filter against tissue, over the packet
 * @estimator: of velocity
 * @average_lines: window of the mean of the autocorrelation, odd
 * @average_samples: window of the mean of the autocorrelation, odd
 * @frequency: mean frequency of the echoes, for DOPPLER_KASAI; 0: the scan's
 *             fc [Hz]
 * @power_min_db: least power that is shown [dB]
 * @velocity_min: least magnitude of velocity that is shown [m/s]
 * @priority_db: level of B from which on tissue hides colour; INFINITY: never
 *               [dB]
 * @tissue_db: mean level of B about a place from which on what moves there is
 *             tissue; INFINITY: never [dB]
 * @tissue_width: of the square of which it is the mean, > 0 [m]
 * @wanted: whose velocities are valid, flow's or tissue's
 * @map: what is shown and in which colours
 * @power_range_db: of COLOUR_POWER and COLOUR_DIRECTIONAL, from
 *                  @power_min_db, or where that is -INFINITY from
 *                  -@power_range_db, upwards, > 0 [dB]
 * @baseline: shift of zero velocity as a share of the Nyquist velocity, -1 to
 *            1; velocities shown run from (-1 - @baseline) to (1 - @baseline)
 *            times Nyquist: positive leaves more room for flow away
 * @invert: exchange the colours of towards and away; values stay
 */
struct pipeline_colour {
	bool on;
	struct grid grid;
	struct pipeline_aperture aperture;
	uint32_t packet_frames;
	struct wall_params wall;
	enum doppler_estimator estimator;
	uint32_t average_lines;
	uint32_t average_samples;
	double frequency;
	double power_min_db;
	double velocity_min;
	double priority_db;
	double tissue_db;
	double tissue_width;
	enum moving wanted;
	enum colour_map map;
	double power_range_db;
	double baseline;
	bool invert;
};

/**
 * struct pipeline_m - one line over time
 * @on: there is an M strip
 * @grid: the beam, a GRID_SECTOR of one line: its apex is where the beam
 *        starts, line0 its direction; at least 2 samples
 * @aperture: on receive
 * @reference: |iq| that is 0 dB; 0: B's [counts]
 * @height: of the strip, pixels
 * @ensemble: shots of a line, which follow each other; 0: 1
 * @colour: velocity over the strip; needs an @ensemble of at least 2
 * @wall: filter against tissue, over a line's shots
 * @estimator: of velocity
 * @average_samples: window of the mean of the autocorrelation, odd
 * @frequency: as of colour
 * @power_min_db: least power that is shown [dB]
 * @velocity_min: least magnitude of velocity that is shown [m/s]
 * @priority_db: level of the line from which on tissue hides colour; INFINITY:
 *               never [dB]
 * @tissue_db: as of colour: mean level of B about a place
 * @tissue_width: as of colour
 * @wanted: as of colour
 *
 * Map, baseline and inversion of the colours are those of struct
 * pipeline_colour. A line's grey is its first shot's. Range and grey map are B's, without its trim and persistence. Lines come
 * from the events of role M; from those of role B where there are none.
 */
struct pipeline_m {
	bool on;
	struct grid grid;
	struct pipeline_aperture aperture;
	double reference;
	uint32_t height;
	uint32_t ensemble;
	bool colour;
	struct wall_params wall;
	enum doppler_estimator estimator;
	uint32_t average_samples;
	double frequency;
	double power_min_db;
	double velocity_min;
	double priority_db;
	double tissue_db;
	double tissue_width;
	enum moving wanted;
};

/**
 * struct pipeline_pw - velocities in one volume over time
 * @on: there is a spectral strip; needs events of role PW
 * @grid: the gate, a GRID_SECTOR of one line whose samples are averaged: its
 *        apex is where the beam starts, line0 its direction
 * @aperture: on receive
 * @flow: from the line to the flow's axis, downwards like the line and positive
 *        to the right; up to 80 degrees either way [rad]
 * @cutoff: of the wall filter, along the flow; 0: none [m/s]
 * @window: lines of a spectrum, SPECTRUM_LEAST to @fft
 * @fft: points of the transform, 128 or 256
 * @looks: spectra averaged to a column, 1 to SPECTRUM_LOOKS_MAX
 * @trace_columns: columns of the traces' mean, odd, to SPECTRUM_TRACE_MAX
 * @reference: amplitude of a single velocity that is 0 dB; 0: B's [counts]
 * @range_db: dynamic range below 0 dB; 0: B's [dB]
 * @height: of the strip, pixels
 * @baseline: as of colour
 * @invert: away from the probe is above
 * @peak: draw the trace of the largest velocity
 * @mean: draw that of the mean
 *
 * The grey map is B's.
 */
struct pipeline_pw {
	bool on;
	struct grid grid;
	struct pipeline_aperture aperture;
	double flow;
	double cutoff;
	uint32_t window;
	uint32_t fft;
	uint32_t looks;
	uint32_t trace_columns;
	double reference;
	double range_db;
	uint32_t height;
	double baseline;
	bool invert;
	bool peak;
	bool mean;
};

/**
 * struct pipeline_ecg - the electrocardiogram
 * @on: R waves are searched in the frames' auxiliary blocks, and a strip is
 *      drawn
 * @height: of the strip, pixels
 */
struct pipeline_ecg {
	bool on;
	uint32_t height;
};

/**
 * struct pipeline_display - the composite: B above M, spectrum and ECG
 * @width: of all, pixels, 1 to 16384
 * @height: of B, pixels, 1 to 16384
 * @sweep: speed of the strips [m/s]: 25e-3, 50e-3, 100e-3
 * @sweep_width: width of the strips on the screen [m]; they show
 *               @sweep_width / @sweep seconds
 */
struct pipeline_display {
	uint32_t width;
	uint32_t height;
	double sweep;
	double sweep_width;
};

/**
 * struct pipeline_params - what to do with a scan's frames
 * @demod: low-pass, decimation and interpolation, of all events; all 0: as
 *         wide as the sampling allows
 * @b: the grey picture
 * @colour: velocity over it
 * @m: one line over time
 * @pw: velocities in one volume over time
 * @ecg: electrocardiogram
 * @display: how they lie
 * @workers: threads that share every stage's work but that of the strips, the
 *           caller among them, up to WORKERS_MAX; 0: 1. The picture does not
 *           depend on them
 *
 * Which events feed which part is said by their tags (scan.h): B takes the
 * events of role B, and where there are none the last shot of colour; colour
 * takes those of role COLOUR, and where there are none those of role B. The
 * events of a shot are compounded; the shots of colour are the images of its
 * packet, in the order of their numbers from 0.
 */
struct pipeline_params {
	struct demod_params demod;
	struct pipeline_b b;
	struct pipeline_colour colour;
	struct pipeline_m m;
	struct pipeline_pw pw;
	struct pipeline_ecg ecg;
	struct pipeline_display display;
	uint32_t workers;
};

/**
 * pipeline_params_init() - a B-mode picture of every frame
 * @params: all set but the grids: F 1.5, boxcar, reference 32768, 60 dB, no
 *          colour, M, PW or ECG, but ready for them: order 1, mean of 3 x 5,
 *          no threshold, no priority; windows of 128 lines in 256 points, 2
 *          looks, traces of 9 columns; strips of 200, 240 and 80 pixels at 50
 *          mm/s, 0.2 m wide; B of 800 x 600 pixels
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

#define PIPELINE_STAGES_MAX	20

/* Frames whose stamps are kept. */
#define PIPELINE_STAMPS		64

/**
 * struct pipeline_stamps - when a frame passed the stages, on CLOCK_MONOTONIC
 * @seq: number of the frame
 * @begin: pipeline_execute() took it [ns]
 * @end: of each stage, in the order of pipeline_timing() [ns]. A stage begins
 *       when the one before has ended; one that did not run for this frame
 *       ends then too
 * @watched: @cpu is known, see pipeline_watch()
 * @cpu: processor time of each stage, of all threads [ns]
 */
struct pipeline_stamps {
	uint64_t seq;
	uint64_t begin;
	uint64_t end[PIPELINE_STAGES_MAX];
	bool watched;
	uint64_t cpu[PIPELINE_STAGES_MAX];
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
 * A frame that does not follow the one before by the scan's period, as frames
 * between them were lost or passed, begins a packet of its own: velocity is of
 * equal times.
 *
 * Return: whether the frame completed a packet.
 */
bool pipeline_execute(struct pipeline *pipeline, const struct rf_frame *in,
		      const struct image **out);

/**
 * pipeline_pass() - take a frame that nobody looks at
 * @pipeline: a pipeline
 * @in: a frame of the scan; not used after the return
 *
 * Its ECG counts, so that beats are known and the strip has no hole; nothing
 * is beamformed, and a packet that was begun is dropped. Time begins with the
 * first frame, passed or not.
 */
void pipeline_pass(struct pipeline *pipeline, const struct rf_frame *in);

/**
 * pipeline_wants_next() - would a packet be lost with the next frame?
 * @pipeline: a pipeline
 *
 * Return: true within a packet: who is late takes the next frame and not the
 * newest. False between packets, also after a frame that began one since others
 * were lost: to be on time is then worth more than that frame.
 */
bool pipeline_wants_next(const struct pipeline *pipeline);

/** pipeline_reset() - forget earlier frames and times */
void pipeline_reset(struct pipeline *pipeline);

/**
 * pipeline_follow() - its workers are scheduled as the calling thread
 *
 * For a thread that executes what another one has created.
 */
void pipeline_follow(struct pipeline *pipeline);

void pipeline_destroy(struct pipeline *pipeline);

/*
 * What the last completed packet became on its way; NULL: no such stage. The
 * velocities lie on pipeline_colour_grid().
 */
const struct iq *pipeline_iq(const struct pipeline *pipeline);
const struct env *pipeline_env(const struct pipeline *pipeline);
const struct vel *pipeline_vel(const struct pipeline *pipeline);

/**
 * pipeline_m_vel() - velocities of the last frame's M lines; NULL: none
 *
 * Along the line, towards the probe positive.
 */
const struct vel *pipeline_m_vel(const struct pipeline *pipeline);

/** pipeline_b_grid() - where pipeline_env() lies */
const struct grid *pipeline_b_grid(const struct pipeline *pipeline);

/** pipeline_colour_grid() - the box, or B's grid where there is none */
const struct grid *pipeline_colour_grid(const struct pipeline *pipeline);

/** pipeline_image() - picture in the making: size, format and calibration */
const struct image *pipeline_image(const struct pipeline *pipeline);

/**
 * pipeline_layer() - a part of the composite by itself
 * @pipeline: a pipeline
 * @kind: REGION_B is the section with its colours
 *
 * Return: the layer, with the calibration that the composite's region has; it
 * holds until the next call of pipeline_execute(). NULL: there is none.
 */
const struct image *pipeline_layer(const struct pipeline *pipeline,
				   enum region_kind kind);

/** pipeline_spectrum() - the spectral strip's traces; NULL: there is none */
const struct spectrum *pipeline_spectrum(const struct pipeline *pipeline);

/**
 * pipeline_pw_nyquist() - half the span of the spectral strip
 * @scan: with events of role PW
 * @pw: as for pipeline_create()
 * @interval: from line to line [s]
 *
 * Return: a velocity along the flow [m/s]; NAN without memory, or where the
 * flow passes the volume from aside.
 */
double pipeline_pw_nyquist(const struct sono_scan *scan,
			   const struct pipeline_pw *pw, double interval);

/** pipeline_interval() - between images of a packet [s]; 0: no colour */
double pipeline_interval(const struct pipeline *pipeline);

/**
 * pipeline_timing() - time that a stage took
 * @pipeline: a pipeline
 * @index: of the stage among those that there are, in the order of the flow
 *
 * Return: its times, NULL beyond the last stage.
 */
const struct pipeline_timing *pipeline_timing(const struct pipeline *pipeline,
					      unsigned int index);

/**
 * pipeline_stamps() - when a frame passed the stages
 * @pipeline: a pipeline
 * @seq: number of the frame
 *
 * Return: its stamps, which hold until PIPELINE_STAMPS frames later; NULL: it
 * is not among the last frames that pipeline_execute() took.
 */
const struct pipeline_stamps *pipeline_stamps(const struct pipeline *pipeline,
					      uint64_t seq);

/**
 * pipeline_watch() - look more closely at the next frames, or no longer
 * @pipeline: a pipeline
 * @on: their stamps have processor time, and what each worker did is kept
 *
 * What it costs is system calls: two per stage, and two per worker and job.
 */
void pipeline_watch(struct pipeline *pipeline, bool on);

/**
 * pipeline_workers() - who worked at the last frame, for workers_spans()
 *
 * Return: the workers; NULL: the caller alone.
 */
const struct workers *pipeline_workers(const struct pipeline *pipeline);

#endif /* DSP_PIPELINE_H */

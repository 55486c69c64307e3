/* SPDX-License-Identifier: MIT */
/*
 * Pulsed-wave Doppler: the samples of one volume over slow time become columns
 * of a strip, the distribution of velocities at a time, and two traces, the
 * largest velocity and the mean. Documentation/dsp.rst, "Spectral Doppler".
 */
#ifndef DSP_SPECTRUM_H
#define DSP_SPECTRUM_H

#include "dsp.h"

/* Samples without a missing one that a spectrum needs at least. */
#define SPECTRUM_LEAST		16

/* Samples lie more than so many intervals apart: some are missing. */
#define SPECTRUM_GAP		1.5

#define SPECTRUM_GATE_MAX	4096
#define SPECTRUM_LOOKS_MAX	16
#define SPECTRUM_TRACE_MAX	63

/* The row of velocity 0. */
#define SPECTRUM_BASE_GREY	128

/**
 * struct spectrum_params - from slow time to a strip
 * @gate_first: first sample of the gate on the line
 * @gate: samples of the gate, 1 to SPECTRUM_GATE_MAX; they are averaged
 * @sample_step: from sample to sample of a line [m], > 0
 * @carrier: frequency with whose phase lines turn over depth: that of the
 *           beamformer [Hz], >= 0; 0: they do not turn
 * @angle: between the beam and the flow, magnitude up to 80 degrees [rad]
 * @spread: width at half power of a velocity's band of shifts, over its mean
 *          shift (struct volume), 0 to 1; the traces are freed of it
 * @interval: from line to line, if none is missing [s], > 0
 * @c: speed of sound [m/s], > 0
 * @frequency: mean frequency of the echoes [Hz], > 0
 * @cutoff: of the wall filter, -3 dB, along the flow, below the Nyquist
 *          velocity; 0: no filter [m/s]
 * @window: samples of a spectrum, SPECTRUM_LEAST to @fft
 * @fft: points of the transform, 128 or 256
 * @looks: spectra averaged to a column, at equal times in it, 1 to
 *         SPECTRUM_LOOKS_MAX
 * @width: columns, 1 to 16384
 * @height: rows, 2 to 16384
 * @column: duration of a column, up to 16384 intervals [s], > 0
 * @reference: amplitude of a single velocity that is 0 dB [counts], > 0
 * @range_db: dynamic range, grey 0 is -@range_db, up to 200 [dB], > 0
 * @grey: from dB to grey
 * @baseline: the strip shows (-1 - @baseline) to (1 - @baseline) times the
 *            Nyquist velocity, -1 to 1
 * @invert: away from the probe is above; values keep their signs
 * @trace_columns: the traces are found in the mean over so many columns, odd,
 *                 up to SPECTRUM_TRACE_MAX
 */
struct spectrum_params {
	uint32_t gate_first;
	uint32_t gate;
	double sample_step;
	double carrier;
	double angle;
	double spread;
	double interval;
	double c;
	double frequency;
	double cutoff;
	uint32_t window;
	uint32_t fft;
	uint32_t looks;
	uint32_t width;
	uint32_t height;
	double column;
	double reference;
	double range_db;
	enum grey_map grey;
	double baseline;
	bool invert;
	uint32_t trace_columns;
};

struct spectrum;

/**
 * spectrum_create() - make a painter of a spectral strip
 * @spectrum: written
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int spectrum_create(struct spectrum **spectrum,
		    const struct spectrum_params *params, const char **why);

/**
 * spectrum_execute() - take a line
 * @spectrum: a painter
 * @strip: GREY8, width x height; keeps what was drawn before
 * @line: interleaved re, im, as beamformed; the gate is read
 * @time: of the line on the board's clock [s]
 *
 * A column is drawn when the spectrum about its middle is complete, half a
 * window later, or when samples are missing. Its spectrum is then the nearest
 * that no gap divides. Columns in whose middle there are no samples are
 * hatched.
 */
void spectrum_execute(struct spectrum *spectrum, struct image *strip,
		      const float *line, double time);

/** spectrum_now() - the newest column of the strip */
uint32_t spectrum_now(const struct spectrum *spectrum);

/** spectrum_drawn() - has column @place of the strip something to show? */
bool spectrum_drawn(const struct spectrum *spectrum, uint32_t place);

/**
 * spectrum_raster() - calibration of the strip
 * @spectrum: a painter
 * @raster: written: x is time [s], from 0; z velocity along the flow, positive
 *          towards the probe: z0 of the middle of the first row, dz from row
 *          to row, negative unless inverted [m/s]
 */
void spectrum_raster(const struct spectrum *spectrum, struct raster *raster);

/**
 * spectrum_peak() - the largest velocity, of each column of the strip
 *
 * Return: [width] velocities along the flow [m/s], towards the probe positive,
 * NAN where nothing was found, and in the newest columns, half of
 * @trace_columns; on the side of zero with the greater power.
 */
const float *spectrum_peak(const struct spectrum *spectrum);

/** spectrum_mean() - the same, mean velocity weighted with power */
const float *spectrum_mean(const struct spectrum *spectrum);

/** spectrum_reset() - the next line begins a strip */
void spectrum_reset(struct spectrum *spectrum);

void spectrum_destroy(struct spectrum *spectrum);

/** spectrum_nyquist() - half the span of the strip [m/s], > 0 */
double spectrum_nyquist(const struct spectrum_params *params);

#endif /* DSP_SPECTRUM_H */

/* SPDX-License-Identifier: MIT */
/*
 * What a beamformed frame is in double precision, written from
 * Documentation/dsp.rst: demodulation, aperture, delays, interpolation. It
 * shares no code with the pipeline but the grid's.
 */
#ifndef BENCH_JUDGE_H
#define BENCH_JUDGE_H

#include <complex.h>

#include "dsp/dsp.h"
#include "scan.h"

/**
 * struct judge_plan - what is judged
 * @scan: sampled so that nothing is resampled; all rows are as long
 * @grid: where samples lie
 * @f_number: of the receive aperture, 0: all elements
 * @waves: events of an image, which follow each other
 * @interpolation: of the same sum
 */
struct judge_plan {
	const struct sono_scan *scan;
	const struct grid *grid;
	double f_number;
	uint32_t waves;
	enum interpolation interpolation;
};

/** struct judge_ratio - sums of squares: a reference's, and of what differs */
struct judge_ratio {
	double signal, noise;
};

/** judge_db() - signal over noise */
double judge_db(const struct judge_ratio *ratio);

/**
 * struct judge_sums - over the samples judged
 * @same: against the same sum
 * @exact: against exact interpolation of the band
 * @envelope: the envelope against that of the same sum
 * @envelope_exact: against that of exact interpolation
 */
struct judge_sums {
	struct judge_ratio same, exact, envelope, envelope_exact;
};

struct judge;

/** judge_new() - @frame in double; @plan must outlive it. Dies without memory */
struct judge *judge_new(const struct judge_plan *plan, const uint8_t *frame);
void judge_free(struct judge *judge);

/** struct judge_point - a sample of an image of the packet */
struct judge_point {
	uint32_t image, line, sample;
};

/**
 * judge_add() - judge a sample
 * @judge: of the frame
 * @sums: added to
 * @at: the sample
 * @got: what the beamformer made of it
 * @amplitude: what the detector made of that
 */
void judge_add(const struct judge *judge, struct judge_sums *sums,
	       const struct judge_point *at, double complex got,
	       double amplitude);

/**
 * judge_points() - pixels x channels x events of all images inside the aperture
 * and the record, one by one: slow
 */
uint64_t judge_points(const struct judge_plan *plan);

/** judge_arrival() - first arrival of an event's wave at a place [s] */
double judge_arrival(const struct sono_scan *scan,
		     const struct sono_event *event, double x, double z);

#endif /* BENCH_JUDGE_H */

/* SPDX-License-Identifier: MIT */
/*
 * The electrocardiogram: R waves, the heart's rate and phase, and a strip.
 * The detector is of the family of Pan and Tompkins (1985): band-pass,
 * slope, square, mean, adaptive thresholds, search back. Documentation/
 * dsp.rst, "ECG".
 */
#ifndef DSP_ECG_H
#define DSP_ECG_H

#include "dsp.h"

#define ECG_RATE_MIN	100	/* samples per second */
#define ECG_RATE_MAX	2000

/* A beat is known this long after its R wave, at most [s]. */
#define ECG_DELAY	0.5

/**
 * struct ecg_block - samples of one frame
 * @data: little-endian int16, 2 bytes each, of any alignment
 * @count: of samples
 * @rate: samples per second; other than ECG_RATE_MIN to ECG_RATE_MAX: none
 * @time: of the first on the board's clock [s]
 */
struct ecg_block {
	const uint8_t *data;
	uint32_t count;
	uint32_t rate;
	double time;
};

/**
 * struct ecg_params - the strip
 * @width: columns, 1 to 16384
 * @height: rows, 2 to 16384
 * @column: duration of a column, > 0 [s]
 */
struct ecg_params {
	uint32_t width;
	uint32_t height;
	double column;
};

struct ecg;

/**
 * ecg_create() - make a detector of R waves and painter of a strip
 * @ecg: written
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int ecg_create(struct ecg **ecg, const struct ecg_params *params,
	       const char **why);

/**
 * ecg_execute() - take a frame's samples
 * @ecg: a detector
 * @strip: RGB24, width x height; keeps what was drawn before; its raster's dz
 *         is set to counts per row, negative
 * @block: samples; those that were in an earlier block are passed over, and
 *         after a hole in time the search begins anew
 */
void ecg_execute(struct ecg *ecg, struct image *strip,
		 const struct ecg_block *block);

/** ecg_beats() - R waves found since create or reset */
uint64_t ecg_beats(const struct ecg *ecg);

/** ecg_beat() - time of the newest R wave on the board's clock [s]; NAN: none */
double ecg_beat(const struct ecg *ecg);

/** ecg_heart_rate() - beats per second, mean of up to 4; NAN: unknown [Hz] */
double ecg_heart_rate(const struct ecg *ecg);

/**
 * ecg_phase() - of the heart at a time
 * @ecg: a detector
 * @time: on the board's clock [s]
 *
 * Return: 0 (R wave) to below 1, the newest beats going on as they were; NAN
 * without two beats, or more than two beats after the newest.
 */
double ecg_phase(const struct ecg *ecg, double time);

/** ecg_now() - the newest column of the strip */
uint32_t ecg_now(const struct ecg *ecg);

/** ecg_reset() - forget beats and strip */
void ecg_reset(struct ecg *ecg);

void ecg_destroy(struct ecg *ecg);

#endif /* DSP_ECG_H */

/* SPDX-License-Identifier: MIT */
/*
 * Envelope detection and log compression of one image of a packet, with a
 * trim of the gain over depth and persistence over images.
 * Documentation/dsp.rst, "Detection".
 */
#ifndef DSP_DETECT_H
#define DSP_DETECT_H

#include "dsp.h"
#include "workers.h"

/*
 * db[j] = 10 log10(|iq[j]|^2) + gain_db[j], at least floor_db, for j < n; NAN
 * and 0 give floor_db. iq holds interleaved re, im. Variants agree with the C
 * form within 4e-5 dB and 2^-22 of the level and of twice the gain.
 */
typedef void detect_log_fn(float *db, const float *iq, const float *gain_db,
			   size_t n, float floor_db);
detect_log_fn detect_log_c, detect_log_avx2, detect_log_avx512;

/*
 * db[j] = now[j] + share (db[j] - now[j]), for j < n. Variants agree with the
 * C form within 3 2^-24 of the largest difference.
 */
typedef void detect_persist_fn(float *db, const float *now, size_t n,
			       float share);
detect_persist_fn detect_persist_c, detect_persist_avx2, detect_persist_avx512;

struct detect_log_variant {
	detect_log_fn *fn;
	const char *name;
	unsigned int flags;
};

struct detect_persist_variant {
	detect_persist_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct detect_log_variant detect_log_variants[];
extern const struct detect_persist_variant detect_persist_variants[];

/**
 * struct detect_params - from complex samples to dB
 * @reference: |iq| that is 0 dB [counts], > 0
 * @range_db: dynamic range; what lies below -@range_db is -@range_db [dB],
 *            > 0, at most 200
 * @tgc_points: points of @tgc_db, 0: no trim
 * @tgc_db: gain to add, at equal steps from the first to the last sample of a
 *          line, linear between [dB]
 * @persistence: share of the earlier image that stays, 0 to below 1
 * @workers: threads that share the work and outlive the detector; NULL: the
 *           caller alone
 */
struct detect_params {
	double reference;
	double range_db;
	uint32_t tgc_points;
	const double *tgc_db;
	double persistence;
	struct workers *workers;
};

struct detect;

/**
 * detect_create() - make a detector
 * @detect: written
 * @lines: of the grid
 * @samples: of a line
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int detect_create(struct detect **detect, uint32_t lines, uint32_t samples,
		  const struct detect_params *params, const char **why);

/**
 * detect_execute() - detect one image
 * @detect: a detector
 * @out: holds the result of the image before, or anything for the first
 * @in: a packet
 * @image: of the packet, below its ensemble
 */
void detect_execute(struct detect *detect, struct env *out,
		    const struct iq *in, uint32_t image);

/** detect_reset() - the next image is the first: nothing persists */
void detect_reset(struct detect *detect);

void detect_destroy(struct detect *detect);

#endif /* DSP_DETECT_H */

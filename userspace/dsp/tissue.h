/* SPDX-License-Identifier: MIT */
/*
 * What moves: where the grey picture is bright around a place it is tissue,
 * elsewhere it is flow. Documentation/dsp.rst, "Tissue".
 */
#ifndef DSP_TISSUE_H
#define DSP_TISSUE_H

#include "dsp.h"
#include "workers.h"

/**
 * enum moving - whose velocities are wanted
 * @MOVING_FLOW: those outside tissue
 * @MOVING_TISSUE: those in tissue
 */
enum moving {
	MOVING_FLOW,
	MOVING_TISSUE,
};

/**
 * struct tissue_params - what is tissue
 * @b: grid of the grey picture
 * @box: grid of the velocities
 * @level_db: mean level of the grey picture's power from which on there is
 *            tissue [dB]
 * @width: of the square that is averaged, > 0 [m]
 * @wanted: whose velocities stay valid
 * @workers: threads that share the work and outlive this; NULL: the caller
 *           alone
 */
struct tissue_params {
	struct grid b;
	struct grid box;
	double level_db;
	double width;
	enum moving wanted;
	struct workers *workers;
};

/*
 * sum[i] = sum over k <= i < n of 10^(db[k] / 10), db -300 to 300. Variants are
 * within 1.5e-5 of the C form's result. Neither need be aligned.
 */
typedef void tissue_sum_fn(double *sum, const float *db, uint32_t n);
tissue_sum_fn tissue_sum_c, tissue_sum_avx2, tissue_sum_avx512;

struct tissue_sum_variant {
	tissue_sum_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct tissue_sum_variant tissue_sum_variants[];

/* to[i] += from[i], i < n; variants exactly so. Neither need be aligned. */
typedef void tissue_add_fn(double *to, const double *from, uint32_t n);
tissue_add_fn tissue_add_c, tissue_add_avx2, tissue_add_avx512;

struct tissue_add_variant {
	tissue_add_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct tissue_add_variant tissue_add_variants[];

struct tissue;

/**
 * tissue_create() - find what lies around each velocity
 * @tissue: written
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int tissue_create(struct tissue **tissue, const struct tissue_params *params,
		  const char **why);

/**
 * tissue_execute() - make velocities invalid that are not wanted
 * @tissue: made for such grids
 * @vel: on the box's grid; or several times the lines of the box, all of one
 *       time after those of the one before
 * @env: on the grey picture's grid
 */
void tissue_execute(struct tissue *tissue, struct vel *vel,
		    const struct env *env);

void tissue_destroy(struct tissue *tissue);

#endif /* DSP_TISSUE_H */

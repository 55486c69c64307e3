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
 * @vel: on the box's grid
 * @env: on the grey picture's grid
 */
void tissue_execute(struct tissue *tissue, struct vel *vel,
		    const struct env *env);

void tissue_destroy(struct tissue *tissue);

#endif /* DSP_TISSUE_H */

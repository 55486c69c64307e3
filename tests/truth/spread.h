/* SPDX-License-Identifier: MIT */
/* The image of a point: its widths and its place. */
#ifndef TRUTH_SPREAD_H
#define TRUTH_SPREAD_H

#include <jansson.h>

#include "dsp/dsp.h"
#include "truth.h"

/**
 * struct spread - of a point
 * @lateral: full width at half the amplitude [mm]
 * @axial: the same along the line [mm]
 * @x_error: place minus truth [um]
 * @z_error: place minus truth [um]
 */
struct spread {
	double lateral, axial;
	double x_error, z_error;
};

/** spread_measure() - of the point at @px, @pz in the amplitudes of @grid */
struct spread spread_measure(const double *amplitude, const struct grid *grid,
			     double px, double pz);

/** spread_judge() - against a target of reference.json */
void spread_judge(struct verdict *v, const struct spread *got,
		  const json_t *target, const json_t *tolerance);

#endif /* TRUTH_SPREAD_H */

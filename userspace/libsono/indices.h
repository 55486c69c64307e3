/* SPDX-License-Identifier: MIT */
/*
 * Estimates of the output that a person wants to see while a probe transmits.
 * Uncalibrated: what a real probe puts out is measured in water and stands in a
 * table; this is arithmetic on a nominal probe. Documentation/sonod.rst,
 * "Indices", has the formulas.
 */
#ifndef SONO_INDICES_H
#define SONO_INDICES_H

#include "plan.h"

/**
 * struct sono_indices - output
 * @mi: mechanical index: the largest of all events
 * @ti: thermal index of soft tissue: all events together
 */
struct sono_indices {
	double mi;
	double ti;
};

/** sono_indices_of() - of a plan while it transmits */
struct sono_indices sono_indices_of(const struct sono_plan *plan);

#endif /* SONO_INDICES_H */

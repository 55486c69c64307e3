/* SPDX-License-Identifier: MIT */
/* The phantom of phantom.tsv and the plan that looks at it, both built in. */
#ifndef DIAG_PHANTOM_H
#define DIAG_PHANTOM_H

#include <stddef.h>

#include "plan.h"

#define PHANTOM_WIRES 16
#define PHANTOM_SHALLOW 8
#define PHANTOM_CYSTS 8

/** struct phantom_place - a wire, or a circle [m] */
struct phantom_place {
	double x, z, radius;
};

/** struct phantom_pair - two wires, by their numbers */
struct phantom_pair {
	unsigned int from, to;
};

/**
 * struct phantom - what is where
 * @wires: number of @wire
 * @shallows: number of @shallow
 * @shallow: wires near the probe, each deeper than the one before
 * @axial: one above the other
 * @lateral: side by side
 * @cysts: number of @cyst
 * @uniform: corners of a rectangle of even speckle [m]
 * @flow: the vessel, through its place, with its radius [m]
 * @rises: to the right, by so much [rad]
 * @fastest: on its axis [m/s]
 */
struct phantom {
	unsigned int wires;
	struct phantom_place wire[PHANTOM_WIRES];
	unsigned int shallows;
	struct phantom_place shallow[PHANTOM_SHALLOW];
	struct phantom_pair axial, lateral;
	unsigned int cysts;
	struct phantom_place cyst[PHANTOM_CYSTS];
	double uniform[4];
	struct phantom_place flow;
	double rises, fastest;
};

/** phantom_read() - 0, or -EINVAL where phantom.tsv is not as it says */
int phantom_read(struct phantom *p);

/** phantom_plan() - the plan, compiled for a board; as sono_plan_open() */
int phantom_plan(struct sono_plan **plan, const struct sono_info *info,
		 char *why, size_t why_bytes);

#endif /* DIAG_PHANTOM_H */

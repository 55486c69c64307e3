/* SPDX-License-Identifier: MIT */
/* The limits of limits.tsv, which is built in. */
#ifndef DIAG_LIMITS_H
#define DIAG_LIMITS_H

#include <stddef.h>

#include "diag.h"

/** enum diag_of - what a limit is of */
enum diag_of {
	DIAG_OF_VALUE,
	DIAG_OF_CHANGE,
	DIAG_OF_PERCENT,
};

/**
 * struct diag_limit - a row
 * @of: what
 * @fail_below: -INFINITY: none
 * @warn_below: the same
 * @warn_above: INFINITY: none
 * @fail_above: the same
 */
struct diag_limit {
	enum diag_of of;
	double fail_below, warn_below;
	double warn_above, fail_above;
};

/**
 * diag_limit_next() - the limits of a measure
 * @at: NULL at first; where to go on
 * @check: id
 * @measure: name; ".NUMBER" at its end counts for nothing
 * @l: written
 *
 * Return: 1 with a row, 0 after the last, -EINVAL for a row that cannot be read.
 */
int diag_limit_next(const char **at, const char *check, const char *measure,
		    struct diag_limit *l);

/**
 * diag_limit_judge() - a figure by one limit
 * @l: limit
 * @m: its @lo and @hi become narrower, its status worse
 */
void diag_limit_judge(const struct diag_limit *l, struct diag_measure *m);

#endif /* DIAG_LIMITS_H */

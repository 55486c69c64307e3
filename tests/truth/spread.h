/* SPDX-License-Identifier: MIT */
/* The image of a point against reference.json. */
#ifndef TRUTH_SPREAD_H
#define TRUTH_SPREAD_H

#include <jansson.h>

#include "diag/quality.h"
#include "truth.h"

/** spread_judge() - against a target of reference.json */
void spread_judge(struct verdict *v, const struct spread *got,
		  const json_t *target, const json_t *tolerance);

#endif /* TRUTH_SPREAD_H */

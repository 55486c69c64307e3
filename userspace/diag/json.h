/* SPDX-License-Identifier: MIT */
/* Results for a program. */
#ifndef DIAG_JSON_H
#define DIAG_JSON_H

#include <jansson.h>

#include "diag.h"

/**
 * diag_json_result() - an object of one result
 *
 * id, level, title, status, value, unit, lo, hi (of the measure that decided),
 * duration_ms, detail, faults [text], measures [{name, value, unit, lo, hi,
 * baseline, status}]. What does not exist is null.
 *
 * Return: a new reference, NULL without memory.
 */
json_t *diag_json_result(const struct diag_result *r);

/**
 * diag_json_board() - of which board results are, and when
 *
 * device, serial (null where it has none), machine (its name in the network),
 * time (ISO 8601, UTC). Two machines may both have a /dev/sono0.
 *
 * Return: a new reference, NULL without memory.
 */
json_t *diag_json_board(const struct diag *d);

/** diag_json_time() - now, in ISO 8601, UTC; a new reference */
json_t *diag_json_time(void);

#endif /* DIAG_JSON_H */

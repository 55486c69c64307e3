/* SPDX-License-Identifier: MIT */
/* Results for a harness that reads TAP (Test Anything Protocol, version 14). */
#ifndef DIAG_TAP_H
#define DIAG_TAP_H

#include <jansson.h>
#include <stdio.h>

/**
 * diag_tap_write() - a test point for each check
 * @to: file
 * @all: the diagnosis: that of diag_json_board(), and level, status, exit,
 *       checks
 *
 * What fails or times out is "not ok", what was skipped says why; a warning is
 * "ok". All that an object of diag_json_result() has is the point's YAML.
 *
 * Return: 0, or -EIO.
 */
int diag_tap_write(FILE *to, const json_t *all);

#endif /* DIAG_TAP_H */

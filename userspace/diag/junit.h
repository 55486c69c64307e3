/* SPDX-License-Identifier: MIT */
/* Results for a build server that reads JUnit's XML. */
#ifndef DIAG_JUNIT_H
#define DIAG_JUNIT_H

#include <jansson.h>
#include <stdio.h>

/**
 * diag_junit_write() - a suite with a test case for each check
 * @to: file
 * @all: the diagnosis: that of diag_json_board(), and level, status, exit,
 *       checks
 *
 * A check that failed has a failure, one that timed out an error, one that was
 * skipped says why. JUnit has no warnings: these and all figures are the test
 * case's output.
 *
 * Return: 0, or -EIO.
 */
int diag_junit_write(FILE *to, const json_t *all);

#endif /* DIAG_JUNIT_H */

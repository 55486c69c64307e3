/* SPDX-License-Identifier: MIT */
/* A diagnosis on a page to be printed: HTML, with everything in one file. */
#ifndef DIAG_REPORT_H
#define DIAG_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "diag.h"

/**
 * struct diag_report - what is to be on it
 * @all: the diagnosis: that of diag_json_board(), and level, status, checks
 * @results: of the checks, with plots and pictures
 * @count: of @results
 * @history: of diag_history_read(): the latest six are listed, and all of them
 *           are in the plots of what changes over the years
 * @time: when, for a person
 */
struct diag_report {
	const json_t *all;
	const struct diag_result *results;
	size_t count;
	const json_t *history;
	const char *time;
};

/** diag_report_write() - 0, or -errno of writing */
int diag_report_write(FILE *to, const struct diag_report *report);

#endif /* DIAG_REPORT_H */

/* SPDX-License-Identifier: MIT */
/* Figures of runs in a file, and two such files against each other. */
#ifndef SONO_PROF_COMPARE_H
#define SONO_PROF_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "prof_figures.h"

/**
 * prof_save_fault() - whether a run could be added to a file
 * @path: of it; none is fine
 * @why: the reason where it could not
 * @why_bytes: its size
 *
 * Return: 0 or -EINVAL.
 */
int prof_save_fault(const char *path, char *why, size_t why_bytes);

/**
 * prof_save() - add a run to a file
 * @f: its figures
 * @plan: what was run
 * @source: on what
 * @path: of the file, JSON; made where there is none
 * @why: the reason of an error
 * @why_bytes: its size
 *
 * Return: 0 or -errno.
 */
int prof_save(const struct prof_figures *f, const char *plan,
	      const char *source, const char *path, char *why,
	      size_t why_bytes);

/**
 * struct prof_runs - durations of one part, of several runs
 * @runs: how many
 * @run: of each its blocks: medians of successive frames [ns]
 */
struct prof_runs {
	size_t runs;
	struct prof_run {
		size_t blocks;
		double *block;
	} *run;
};

enum prof_verdict { PROF_SAME, PROF_UNCLEAR, PROF_FASTER, PROF_SLOWER };

/**
 * struct prof_ratio - how long something takes, in terms of how long it did
 * @before: mean [ns]
 * @after: mean [ns]
 * @low: of after / before, with 99 % confidence
 * @high: the same
 * @verdict: PROF_SLOWER and PROF_FASTER where all of low to high is beyond the
 *           tolerance, PROF_SAME where all is within, PROF_UNCLEAR where neither
 */
struct prof_ratio {
	double before;
	double after;
	double low;
	double high;
	enum prof_verdict verdict;
};

/**
 * prof_ratio() - compare by bootstrap
 * @ratio: written
 * @before: runs, at least one, each with a block or more
 * @after: the same
 * @tolerance: of a ratio that counts as 1: 0.05 is from 1 / 1.05 to 1.05
 *
 * Runs are drawn anew, and of each its blocks. What differs from run to run is
 * seen only where there are several of them. The same input has always the same
 * result.
 */
void prof_ratio(struct prof_ratio *ratio, const struct prof_runs *before,
		const struct prof_runs *after, double tolerance);

/**
 * prof_compare() - two files, as a table on standard output
 * @before: path
 * @after: path
 * @tolerance: as of prof_ratio()
 *
 * Return: TOOL_*; PROF_EXIT_SLOWER if something is slower that takes 1 % of a
 * frame's way or more.
 */
int prof_compare(const char *before, const char *after, double tolerance);

#define PROF_EXIT_SLOWER 3

#endif /* SONO_PROF_COMPARE_H */

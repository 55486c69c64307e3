/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A plan on a source, for tests that look at what the pipeline makes of known
 * scenes: opened, run a frame at a time, closed.
 */
#ifndef TESTS_SCAN_H
#define TESTS_SCAN_H

#include <stdbool.h>

#include "dsp/pipeline.h"
#include "plan.h"
#include "sono.h"

/**
 * struct scan - a plan on a source
 * @sono: the source
 * @plan: compiled for it
 * @pipeline: made of the plan
 * @begun: there was a frame
 * @zero: time of the first one's first event [s]
 * @time: of the newest one's, since then [s]
 * @why: why it could not begin
 */
struct scan {
	struct sono *sono;
	struct sono_plan *plan;
	struct pipeline *pipeline;
	bool begun;
	double zero;
	double time;
	char why[256];
};

/**
 * scan_open() - open the source and compile the plan
 * @s: all 0, or ended
 * @path: of the plan
 * @source: its name
 *
 * What the pipeline is to believe may then be changed in s->plan.
 *
 * Return: 0, or -errno with s->why set; ended in that case.
 */
int scan_open(struct scan *s, const char *path, const char *source);

/** scan_start() - make the pipeline and start; returns as scan_open() */
int scan_start(struct scan *s);

/** scan_begin() - scan_open() and scan_start() */
int scan_begin(struct scan *s, const char *path, const char *source);

/** scan_ensemble() - middle of colour's ensemble, from a frame's begin [s] */
double scan_ensemble(const struct sono_scan *scan);

/** scan_take() - the next frame as it is; @f must be released */
struct rf_frame scan_take(struct scan *s, struct sono_frame *f);

/** scan_next() - the next frame; the picture that it completed, or NULL */
const struct image *scan_next(struct scan *s);

/** scan_end() - close all; after scan_begin() failed it is fine */
void scan_end(struct scan *s);

#endif /* TESTS_SCAN_H */

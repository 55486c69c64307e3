/* SPDX-License-Identifier: MIT */
/*
 * sono prof, between its files: prof.c runs and measures, prof_figures.c counts
 * and blames, the others ask and tell.
 */
#ifndef SONO_PROF_H
#define SONO_PROF_H

#include <stdio.h>

#include "present/present.h"
#include "prof_figures.h"
#include "prof_trace.h"
#include "prof_tracefs.h"
#include "run.h"
#include "spool.h"
#include "tools.h"

#define PROF_SINKS_MAX 4

/**
 * struct prof_sink - where pictures go besides
 * @sink: its kind
 * @target: path, or NULL
 * @state: its own
 * @open: it is
 * @part: its number among the parts of the way
 */
struct prof_sink {
	const struct sink *sink;
	const char *target;
	void *state;
	bool open;
	unsigned int part;
};

/**
 * struct prof - a run
 * @run: what it has in common with others; arguments, source, pipeline
 * @deadline_us: argument: time for a frame; 0: as often as they come
 * @record_path: argument: a recording of the frames, or NULL
 * @prometheus_path: argument, or NULL
 * @save_path: argument, or NULL
 * @sonod_path: argument, or NULL: nothing runs, a sonod that does is watched
 * @trace_path: argument, or NULL
 * @follow: argument: number of the frame to be followed; UINT64_MAX: none
 * @compare: argument: nothing runs
 * @tolerance: argument, of comparing [percent]
 * @sink: arguments
 * @sinks: how many
 * @figures: what there is to say
 * @spool: the recording
 * @disk_failed: that has been said
 * @wake: number of the part
 * @loop: the same
 * @disk: the same
 * @stage: of the first stage; the others follow
 * @stages: how many
 * @sample: the frame on its way, and before it what led to it
 * @began: the run [ns]
 * @idle_from: when the consumer last began to wait, since the last frame; 0:
 *             it did not [ns]
 * @first_host: host_ts of the first frame after that; 0: none yet [ns]
 * @away: time since the last frame in waits, also for the disk [ns]
 * @freed: when the last frame was done with; 0: there was none [ns]
 * @taken: frames that were not passed over
 * @tty: somebody looks
 * @shown: lines of the table that stand there
 * @show: when to show the next one [s]
 * @export: when to write for Prometheus next [s]
 * @status: of what progress() does
 * @trace: what the frames' ways were, where that was asked for
 * @kernel: the driver's tracepoints
 * @held: which frame was in which slot
 * @held_count: so many
 * @held_room: for so many
 */
struct prof {
	struct run run;
	uint64_t deadline_us;
	const char *record_path;
	const char *prometheus_path;
	const char *save_path;
	const char *sonod_path;
	const char *trace_path;
	uint64_t follow;
	bool compare;
	uint64_t tolerance;
	struct prof_sink sink[PROF_SINKS_MAX];
	unsigned int sinks;

	struct prof_figures figures;
	struct sono_spool *spool;
	bool disk_failed;
	unsigned int wake;
	unsigned int loop;
	unsigned int disk;
	unsigned int stage;
	unsigned int stages;
	struct prof_sample sample;
	uint64_t began;
	uint64_t idle_from;
	uint64_t first_host;
	uint64_t away;
	uint64_t freed;
	uint64_t taken;
	bool tty;
	unsigned int shown;
	double show;
	double export;
	int status;
	struct prof_trace trace;
	struct prof_tracefs kernel;
	struct prof_held *held;
	uint64_t held_count;
	uint64_t held_room;
};

/**
 * prof_arguments() - @p->run.source and @p->sonod_path stay NULL where there is
 * nothing to run or to watch
 */
int prof_arguments(struct prof *p, int argc, char **argv);

/**
 * prof_table() - the figures for a person
 * @p: a run
 * @to: where
 *
 * Return: lines.
 */
unsigned int prof_table(const struct prof *p, FILE *to);

/** prof_sonod() - what a client of a sonod sees; returns TOOL_* */
int prof_sonod(struct prof *p);

/* prof_steps.c: the way of each frame, step by step; nothing where unwanted. */

/** prof_steps_wanted() - is there somebody who wants them? */
bool prof_steps_wanted(const struct prof *p);

/** prof_steps_begin() - before the run; returns TOOL_* */
int prof_steps_begin(struct prof *p);

/** prof_steps_taken() - a frame has come, at sample.taken, after a wait or not */
void prof_steps_taken(struct prof *p, const struct sono_frame *f);

/** prof_steps_stages() - it has passed the pipeline */
void prof_steps_stages(struct prof *p, uint64_t seq);

/** prof_steps_sink() - a sink had it */
void prof_steps_sink(struct prof *p, uint64_t seq, const struct prof_sink *s,
		     uint64_t from, uint64_t to);

/** prof_steps_published() - at sample.published */
void prof_steps_published(struct prof *p, uint64_t seq);

/** prof_steps_skipped() - a frame was let go */
void prof_steps_skipped(struct prof *p, const struct sono_frame *f);

/** prof_steps_conclude() - write what was asked for; returns TOOL_* */
int prof_steps_conclude(struct prof *p);

#endif /* SONO_PROF_H */

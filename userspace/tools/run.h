/* SPDX-License-Identifier: MIT */
/*
 * A plan on a source, from opening to the account: what subcommands that make
 * pictures have in common.
 */
#ifndef SONO_RUN_H
#define SONO_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "dsp/pipeline.h"
#include "plan.h"
#include "sono.h"
#include "view_signal.h"

/**
 * struct run - a run
 * @tool: name of the subcommand, for messages
 * @plan_path: argument
 * @source: argument
 * @frames_max: argument; 0: until interrupted
 * @seconds_max: argument; 0: until interrupted
 * @after: argument: frames to give back unseen before anything else
 * @slots: argument
 * @workers: argument; 0: one for each processor
 * @realtime: argument
 * @every: argument: no frame is passed over
 * @room: argument: slots are so many times as large as the plan's frames, as far as
 *        the board lets them; 0: 1
 * @signal: who wants it to end
 * @leave: run_live() is to return after this frame or wait; it clears it
 * @slot_bytes: of the stream
 * @sono: the source
 * @plan: compiled for it
 * @pipeline: from frames to pictures
 * @newest: older frames than the newest are passed over
 * @before: of boards that were open before @sono was
 * @damaged: a frame of the recording could not be read, or its end is missing
 * @frames: taken by run_live()
 * @skipped: frames released unseen because a newer one was there
 * @started: CLOCK_MONOTONIC when the first frame was taken [s]
 * @account: of the source
 */
struct run {
	const char *tool;
	const char *plan_path;
	const char *source;
	uint64_t frames_max;
	uint64_t seconds_max;
	uint32_t after;
	uint32_t slots;
	uint32_t workers;
	bool realtime;
	bool every;
	uint32_t room;

	struct view_signals signal;
	bool leave;
	uint32_t slot_bytes;
	struct sono *sono;
	struct sono_plan *plan;
	struct pipeline *pipeline;
	bool newest;
	struct sono_stats before;
	bool damaged;
	uint64_t frames;
	uint64_t skipped;
	double started;
	struct sono_stop account;
};

/**
 * struct run_ops - what becomes of the frames
 * @frame: a frame to be seen to; returns TOOL_*
 * @done: it is not needed any more; NULL: it is released
 * @skipped: a frame that nobody looks at any more, or NULL
 * @wait: for the next frame; returns TOOL_*; NULL: run_wait()
 * @none: sono_next() said that there is none; returns TOOL_*; NULL: run_no_frame()
 * @progress: after every frame or wait, or NULL
 */
struct run_ops {
	int (*frame)(void *arg, const struct sono_frame *f);
	int (*done)(void *arg, const struct sono_frame *f);
	void (*skipped)(void *arg, const struct sono_frame *f);
	int (*wait)(void *arg);
	int (*none)(void *arg, int ret, bool *end);
	void (*progress)(void *arg);
};

/** run_now() - CLOCK_MONOTONIC [s] */
double run_now(void);

/* All but the last ones return TOOL_*, after one message where not TOOL_OK. */

/** run_open() - what there is before the pipeline: real time, source, plan */
int run_open(struct run *r);

/** run_open_pipeline() - and pin workers, where real time was asked for */
int run_open_pipeline(struct run *r);

/** run_configure() - set the stream up and load the table */
int run_configure(struct run *r);

/**
 * run_load() - another table for the same stream
 * @r: a run that is stopped
 * @plan: compiled for its source
 * @why: on an error, in words
 * @why_bytes: its size
 *
 * For frames that are larger than the slots these are made anew.
 *
 * Return: 0, or -errno; then the board has the table that it had.
 */
int run_load(struct run *r, const struct sono_plan *plan, char *why,
	     size_t why_bytes);

/** run_stats() - of the whole run */
struct sono_stats run_stats(const struct run *r);

/** run_start() - frames come; from now on a signal stops them */
int run_start(struct run *r);

/** run_stop() - no more of them; adds to @r->account */
int run_stop(struct run *r);

/** run_wait() - for so many frames, or for a moment */
int run_wait(struct run *r, uint32_t frames);

/** run_let_pass() - @r->after frames go by unseen, but for their ECG */
int run_let_pass(struct run *r);

/**
 * run_live() - frames as they come, each seen to before the next is taken
 * @r: a run
 * @ops: what becomes of them
 * @arg: of @ops
 *
 * Of a live source the newest, but where a packet needs them all.
 */
int run_live(struct run *r, const struct run_ops *ops, void *arg);

/**
 * run_no_frame() - what sono_next() said, where it was neither a frame nor a wait
 * @r: a run
 * @ret: it
 * @end: set unless there may be another frame: one that is damaged is told and
 *       passed
 */
int run_no_frame(struct run *r, int ret, bool *end);

/** run_check_length() - is the frame what the plan says? */
int run_check_length(const struct run *r, const struct sono_frame *f);

/** run_pass() - a frame that is not looked at, but for its ECG */
void run_pass(struct run *r, const struct sono_frame *f);

/** run_scan() - what frames mean: the recording says it, or else the plan */
const struct sono_scan *run_scan(const struct run *r);

/** run_interrupted() - by a signal */
bool run_interrupted(const struct run *r);

/** run_close() - all that is open */
void run_close(struct run *r);

#endif /* SONO_RUN_H */

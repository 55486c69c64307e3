/* SPDX-License-Identifier: MIT */
/*
 * Frames on their way, each step by itself: as a trace for Chrome's viewer or
 * Perfetto, or one frame as text.
 */
#ifndef SONO_PROF_TRACE_H
#define SONO_PROF_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Steps that are kept: about 20 minutes at 20 frames a second, 32 MB. */
#define PROF_TRACE_STEPS	1000000

/* Whose step it is. Workers follow the consumer, who is worker 0. */
enum prof_track { PROF_TRACK_BOARD, PROF_TRACK_DRIVER, PROF_TRACK_CONSUMER };

/**
 * enum prof_step_kind - what a step is
 * @PROF_STEP: it begins and ends
 * @PROF_INSTANT: it has only a beginning
 * @PROF_FLOW: here the frame passes from one track to another
 */
enum prof_step_kind { PROF_STEP, PROF_INSTANT, PROF_FLOW };

/**
 * struct prof_step - one of them
 * @begin: CLOCK_MONOTONIC, of the board's track its own clock [ns]
 * @end: the same
 * @seq: of the frame; of what has none UINT64_MAX
 * @name: must outlive the trace; of a flow "s", "t" or "f": it starts, passes
 *        on, is finished
 * @note: more about it, or NULL; the trace's
 * @count: frames, of an instant; 0: not said
 * @track: whose
 * @kind: what
 */
struct prof_step {
	uint64_t begin;
	uint64_t end;
	uint64_t seq;
	const char *name;
	char *note;
	uint32_t count;
	uint8_t track;
	uint8_t kind;
};

/**
 * struct prof_trace - all 0: an empty one
 * @steps: how many
 * @room: for so many
 * @missed: steps that found none
 * @step: they
 */
struct prof_trace {
	uint64_t steps;
	uint64_t room;
	uint64_t missed;
	struct prof_step *step;
};

/**
 * prof_trace_add() - one more step
 * @t: a trace
 * @step: copied; its note is the trace's from now on
 *
 * A trace that is full, or that gets no more memory, counts it as missed.
 */
void prof_trace_add(struct prof_trace *t, const struct prof_step *step);

/**
 * prof_trace_write() - as JSON, of the Trace Event Format
 * @t: a trace
 * @workers: how many, the consumer among them
 * @board: from the board's clock to CLOCK_MONOTONIC, to be added [ns]
 * @to: where; errors are the file's
 */
void prof_trace_write(const struct prof_trace *t, uint32_t workers,
		      int64_t board, FILE *to);

/**
 * prof_trace_follow() - the way of one frame, for a person
 * @t: a trace
 * @seq: the frame
 * @board: as above
 * @to: where
 *
 * Return: whether there is such a frame.
 */
bool prof_trace_follow(struct prof_trace *t, uint64_t seq, int64_t board,
		       FILE *to);

/** prof_trace_finish() - forget all */
void prof_trace_finish(struct prof_trace *t);

#endif /* SONO_PROF_TRACE_H */

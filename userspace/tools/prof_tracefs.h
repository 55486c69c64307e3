/* SPDX-License-Identifier: MIT */
/* The driver's tracepoints of a run, where the system lets us have them. */
#ifndef SONO_PROF_TRACEFS_H
#define SONO_PROF_TRACEFS_H

#include "prof_trace.h"

/**
 * struct prof_tracefs - an instance of the kernel's trace
 * @path: of its directory; empty: there is none
 * @hold: open as long as it is ours, or -1
 */
struct prof_tracefs {
	char path[128];
	int hold;
};

/**
 * struct prof_held - which frame was in a slot
 * @slot: of its record
 * @gen: of its record
 * @seq: the frame
 */
struct prof_held {
	uint32_t slot;
	uint32_t gen;
	uint64_t seq;
};

/**
 * prof_tracefs_begin() - the driver's tracepoints are on, in an instance of ours
 *
 * Instances of those that were killed are removed.
 *
 * Return: 0 or -errno: -EACCES, -ENOENT where there is no tracefs or no driver.
 */
int prof_tracefs_begin(struct prof_tracefs *t);

/**
 * prof_tracefs_end() - off; what there was goes into a trace
 * @t: begun or not
 * @to: the trace
 * @held: frames of the run, in any order; they are sorted
 * @n: how many
 */
void prof_tracefs_end(struct prof_tracefs *t, struct prof_trace *to,
		      struct prof_held *held, uint64_t n);

/**
 * prof_tracefs_line() - one line of the kernel's trace
 * @line: "TASK-PID [CPU] FLAGS SECONDS.MICROSECONDS: sono_NAME: KEY=VALUE ..."
 * @held: sorted by slot, then gen
 * @n: how many
 * @step: written: an instant of the driver; its name is constant, its note
 *        allocated. Events of a slot have the number of the frame in it
 *
 * Return: whether it is an event of the driver's.
 */
bool prof_tracefs_line(const char *line, const struct prof_held *held,
		       uint64_t n, struct prof_step *step);

/** prof_held_sort() - by slot, then gen */
void prof_held_sort(struct prof_held *held, uint64_t n);

#endif /* SONO_PROF_TRACEFS_H */

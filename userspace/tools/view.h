/* SPDX-License-Identifier: MIT */
/* sono view, between its files: view.c runs, the others ask and tell. */
#ifndef SONO_VIEW_H
#define SONO_VIEW_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "dsp/pipeline.h"
#include "plan.h"
#include "present/annotate.h"
#include "present/present.h"
#include "sono.h"
#include "tools.h"

#define VIEW_SINKS_MAX 8

/**
 * struct view_sink - an open sink
 * @sink: its kind
 * @target: path, or NULL
 * @state: its own
 */
struct view_sink {
	const struct sink *sink;
	const char *target;
	void *state;
};

/**
 * struct view_signals - SIGINT and SIGTERM
 * @interrupted: one of them came: transmit is off, or about to be
 * @running: the source, once it may transmit, or NULL
 * @viewer: the thread that makes pictures
 * @thread: that takes the signals
 * @begun: it runs
 * @signals: signalfd
 * @done: eventfd that ends it
 */
struct view_signals {
	atomic_bool interrupted;
	struct sono *_Atomic running;
	pthread_t viewer;
	pthread_t thread;
	bool begun;
	int signals;
	int done;
};

/**
 * struct view - a run
 * @plan_path: argument
 * @source: argument
 * @frames_max: argument; 0: until interrupted
 * @after: argument: frames to give back unseen before anything else
 * @freeze: argument: frames to take before the first is processed; 0: live
 * @slots: argument
 * @workers: argument; 0: one for each processor
 * @realtime: argument
 * @digest_path: argument, or NULL
 * @velocity_path: argument, or NULL
 * @report_path: argument, or NULL
 * @times_path: argument, or NULL
 * @film_out: standard output is a film: what there is to say goes to stderr
 * @png_dir: argument of --png-dir, with a closing slash
 * @sink: where pictures go
 * @sinks: how many
 * @signal: who wants it to end
 * @sono: the source
 * @plan: compiled for it
 * @pipeline: from frames to pictures
 * @annotate: puts scales around pictures
 * @say: where the run's figures go
 * @digest: open file, or NULL
 * @velocity: the same
 * @report: the same
 * @times: the same
 * @damaged: a frame of the recording could not be read, or its end is missing
 * @pictures: made
 * @skipped: frames released unseen because a newer one was there
 * @started: CLOCK_MONOTONIC when the first frame was taken [s]
 * @ended: when the last picture was out [s]
 * @tty: somebody looks at stderr
 * @progress: when to say next how it goes [s]
 * @account: of the source
 */
struct view {
	const char *plan_path;
	const char *source;
	uint64_t frames_max;
	uint32_t after;
	uint32_t freeze;
	uint32_t slots;
	uint32_t workers;
	bool realtime;
	const char *digest_path;
	const char *velocity_path;
	const char *report_path;
	const char *times_path;
	bool film_out;
	char png_dir[4096];
	struct view_sink sink[VIEW_SINKS_MAX];
	unsigned int sinks;

	struct view_signals signal;
	struct sono *sono;
	struct sono_plan *plan;
	struct pipeline *pipeline;
	struct annotate *annotate;
	FILE *say;
	FILE *digest;
	FILE *velocity;
	FILE *report;
	FILE *times;
	bool damaged;
	uint64_t pictures;
	uint64_t skipped;
	double started;
	double ended;
	bool tty;
	double progress;
	struct sono_stop account;
};

/* All return TOOL_*, after one message where it is not TOOL_OK. */

/** view_arguments() - @v->source stays NULL where only help was asked for */
int view_arguments(struct view *v, int argc, char **argv);

/** view_conclude() - print the run's figures, write what was asked for */
int view_conclude(struct view *v);

/** view_begin_times() - the head of the table of @v->times */
void view_begin_times(struct view *v);

/** view_add_times() - a frame that has been processed, a line of @v->times */
void view_add_times(struct view *v, const struct sono_record *rec);

/** view_close_file() - of @v, which forgets it; a NULL one is fine */
int view_close_file(FILE **file, const char *path);

/**
 * view_signals_begin() - from now on the first SIGINT or SIGTERM stops
 * transmit and asks for an end; a sink that then stands still is interrupted
 * (-EINTR). The second one ends the program where it is.
 *
 * Return: 0 or -errno.
 */
int view_signals_begin(struct view_signals *s);

/** view_signals_end() - back to before; nothing if it was not begun */
void view_signals_end(struct view_signals *s);

#endif /* SONO_VIEW_H */

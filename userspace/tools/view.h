/* SPDX-License-Identifier: MIT */
/* sono view, between its files: view.c runs, the others ask and tell. */
#ifndef SONO_VIEW_H
#define SONO_VIEW_H

#include <stdint.h>
#include <stdio.h>

#include "present/annotate.h"
#include "present/present.h"
#include "run.h"
#include "tools.h"
#include "view_screen.h"

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
 * struct view - a run
 * @run: what it has in common with others; arguments, source, pipeline
 * @freeze: argument: frames to take before the first is processed; 0: live
 * @digest_path: argument, or NULL
 * @velocity_path: argument, or NULL
 * @report_path: argument, or NULL
 * @times_path: argument, or NULL
 * @film_out: standard output is a film: what there is to say goes to stderr
 * @png_dir: argument of --png-dir, with a closing slash
 * @sink: where pictures go
 * @sinks: how many
 * @screen: whole screens in place of pictures
 * @annotate: puts scales around pictures
 * @say: where the run's figures go
 * @digest: open file, or NULL
 * @velocity: the same
 * @report: the same
 * @times: the same
 * @pictures: made
 * @began: when the first picture was out [s]
 * @ended: when the last one was [s]
 * @tty: somebody looks at stderr
 * @progress: when to say next how it goes [s]
 */
struct view {
	struct run run;
	uint32_t freeze;
	const char *digest_path;
	const char *velocity_path;
	const char *report_path;
	const char *times_path;
	bool film_out;
	char png_dir[4096];
	struct view_sink sink[VIEW_SINKS_MAX];
	unsigned int sinks;
	struct view_screen screen;

	struct annotate *annotate;
	FILE *say;
	FILE *digest;
	FILE *velocity;
	FILE *report;
	FILE *times;
	uint64_t pictures;
	double began;
	double ended;
	bool tty;
	double progress;
};

/* All return TOOL_*, after one message where it is not TOOL_OK. */

/** view_arguments() - @v->run.source stays NULL where only help was asked for */
int view_arguments(struct view *v, int argc, char **argv);

/** view_show() - the picture that is to be seen, by all sinks */
int view_show(struct view *v);

/** view_live() - frames as they come, until there are enough or somebody freezes */
int view_live(struct view *v);

/** view_conclude() - print the run's figures, write what was asked for */
int view_conclude(struct view *v);

/** view_begin_times() - the head of the table of @v->times */
void view_begin_times(struct view *v);

/** view_add_times() - a frame that has been processed, a line of @v->times */
void view_add_times(struct view *v, const struct sono_record *rec);

/** view_close_file() - of @v, which forgets it; a NULL one is fine */
int view_close_file(FILE **file, const char *path);

#endif /* SONO_VIEW_H */

/* SPDX-License-Identifier: MIT */
/* Ctrl-C while a board transmits. */
#ifndef SONO_VIEW_SIGNAL_H
#define SONO_VIEW_SIGNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "sono.h"

/**
 * struct view_signals - SIGINT, SIGTERM and SIGHUP
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
 * view_signals_begin() - from now on the first SIGINT, SIGTERM or SIGHUP (unless
 * it is ignored, as under nohup) stops transmit and asks for an end; a sink that
 * then stands still is interrupted (-EINTR). Another one, after 300 ms, ends the
 * program where it is.
 *
 * Return: 0 or -errno.
 */
int view_signals_begin(struct view_signals *s);

/** view_signals_end() - back to before; nothing if it was not begun */
void view_signals_end(struct view_signals *s);

#endif /* SONO_VIEW_SIGNAL_H */

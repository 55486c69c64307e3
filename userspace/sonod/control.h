/* SPDX-License-Identifier: MIT */
/*
 * The control socket: requests and replies in JSON, a message each. One client
 * at a time has the control; when it is gone, transmit ends.
 * Documentation/sonod.rst has every request.
 */
#ifndef SONOD_CONTROL_H
#define SONOD_CONTROL_H

#include "scanner.h"

#define CONTROL_CLIENTS_MAX 16

struct control;

/**
 * control_create() - serve clients, in a thread of its own
 * @control: written
 * @listener: listening socket, the control's from now on
 * @presets: folder of the plans
 *
 * No request waits for another client's, nor for a preset that is made ready.
 *
 * Return: 0 or -errno.
 */
int control_create(struct control **control, int listener,
		   const char *presets);

/** control_changed() - the scanner's state has; for any thread */
void control_changed(void *control);

/**
 * control_begin() - from now on
 * @control: of control_create()
 * @scanner: what is controlled; must outlive it
 * @preset: that is chosen, or ""
 *
 * Return: 0 or -errno.
 */
int control_begin(struct control *control, struct scanner *scanner,
		  const char *preset);

/**
 * control_answers() - has the thread been alive since this was last asked?
 *
 * For one thread; the first time it is.
 */
bool control_answers(struct control *control);

/**
 * control_destroy() - freeze, end the thread; NULL is fine
 *
 * Return: whether all of its threads have ended: see maker_destroy().
 */
bool control_destroy(struct control *control);

#endif /* SONOD_CONTROL_H */

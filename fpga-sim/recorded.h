/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A recording in a file (libsono's recording.h) as a front-end. */
#ifndef SIM_RECORDED_H
#define SIM_RECORDED_H

#include "sim.h"

struct recorded;

/**
 * recorded_open() - check a recording and make it playable
 * @recorded: the new object
 * @path: of the file
 * @why: what is wrong with it, in words
 * @why_bytes: room for that
 *
 * Return: 0 or -errno.
 */
int recorded_open(struct recorded **recorded, const char *path, char *why,
		  size_t why_bytes);

/** recorded_close() - after the board; NULL is fine */
void recorded_close(struct recorded *recorded);

/** recorded_frontend() - the front-end; belongs to @recorded */
struct sim_frontend *recorded_frontend(struct recorded *recorded);

/** recorded_limits() - a board like the one that recorded */
void recorded_limits(const struct recorded *recorded,
		     struct sim_limits *limits);

#endif /* SIM_RECORDED_H */

/* SPDX-License-Identifier: MIT */
/*
 * The stream socket: clients that look at pictures. A client that does not
 * return what it holds gets nothing more and holds nobody up; one that dies
 * costs nothing.
 */
#ifndef SONOD_STREAM_H
#define SONOD_STREAM_H

#include "loop.h"
#include "scanner.h"

#define STREAM_CLIENTS_MAX 8

/*
 * Buffers that always leave one to fill: what clients may hold, the newest one
 * taken, the one in the outlet, and the one being filled.
 */
#define STREAM_BUFFERS (STREAM_CLIENTS_MAX * SONO_STREAM_HELD + 3)

struct stream;

/**
 * stream_create() - serve clients
 * @stream: written
 * @loop: whose thread serves them
 * @listener: listening socket, the stream's from now on
 * @outlet: where pictures come from
 *
 * Return: 0 or -errno.
 */
int stream_create(struct stream **stream, struct loop *loop, int listener,
		  struct outlet *outlet);

void stream_destroy(struct stream *stream);

#endif /* SONOD_STREAM_H */

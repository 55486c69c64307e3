/* SPDX-License-Identifier: MIT */
/*
 * Pictures and control of a scanner that sonod runs: the client's side.
 *
 *	struct sono_client *c;
 *	struct sono_picture p;
 *	struct image image;
 *
 *	sono_client_open(&c, NULL, 0, 0, why, sizeof(why));
 *	while (sono_client_wait(c, -1) >= 0) {
 *		while (sono_client_next(c, &p) == 1) {
 *			sono_client_image(c, &p, SONO_LAYER_COMPOSITE, &image);
 *			... image.data, its calibration, p.frame ...
 *			sono_client_return(c, &p);
 *		}
 *	}
 *	sono_client_close(c);
 *
 * Functions return 0 or more, or -errno. Nothing is printed. A handle is used
 * by one thread at a time.
 */
#ifndef SONO_CLIENT_H
#define SONO_CLIENT_H

#include <stddef.h>

#include "stream_wire.h"

struct sono_client;

/**
 * struct sono_picture - a picture, borrowed from sonod
 * @frame: its record
 * @data: its buffer, read-only; NULL once it has been returned
 */
struct sono_picture {
	struct sono_stream_frame frame;
	const uint8_t *data;
};

/**
 * sono_client_open() - look at pictures
 * @client: written; sono_client_close() ends it
 * @path: of the stream socket; NULL: SONO_STREAM_SOCKET
 * @layers: bits of enum sono_layer to be had besides the composite
 * @flags: SONO_HELLO_*
 * @why: a message on an error; may be NULL
 * @why_bytes: its size
 *
 * Return: 0 or -errno.
 */
int sono_client_open(struct sono_client **client, const char *path,
		     uint32_t layers, uint32_t flags, char *why,
		     size_t why_bytes);

/** sono_client_fd() - readable when sono_client_next() has something to do */
int sono_client_fd(const struct sono_client *client);

/**
 * sono_client_event() - an eventfd that counts pictures sent
 *
 * Return: it, the client's; -1 before the first picture.
 */
int sono_client_event(const struct sono_client *client);

/**
 * sono_client_wait() - wait until there is something to do
 * @client: a client
 * @timeout_ms: -1: for ever
 *
 * Return: 1; 0 when the time is over; -errno, -EINTR too.
 */
int sono_client_wait(struct sono_client *client, int timeout_ms);

/**
 * sono_client_next() - the next picture
 * @client: a client
 * @picture: written
 *
 * With a new format what is held of the former one is returned by itself, and
 * must not be looked at any more.
 *
 * Return: 1 with a picture; 0: none now; -EPIPE: sonod has gone, open again;
 * -ECONNREFUSED: see sono_client_refusal(); -EPROTO: it speaks otherwise;
 * -errno.
 */
int sono_client_next(struct sono_client *client, struct sono_picture *picture);

/**
 * sono_client_return() - look at a picture no longer
 *
 * Who holds SONO_STREAM_HELD gets no other.
 */
void sono_client_return(struct sono_client *client,
			struct sono_picture *picture);

/** sono_client_format() - what pictures are like; NULL before the first one */
const struct sono_stream_format *
sono_client_format(const struct sono_client *client);

/**
 * sono_client_image() - a layer of pixels
 * @client: a client
 * @picture: that is held
 * @layer: of it
 * @image: written: the pixels in the buffer, with all of their calibration
 *
 * Return: 0, or -ENOENT: there is no such layer, or it was not asked for.
 */
int sono_client_image(const struct sono_client *client,
		      const struct sono_picture *picture,
		      enum sono_layer layer, struct image *image);

/**
 * sono_client_values() - a layer of floats
 * @client: a client
 * @picture: that is held
 * @layer: of it
 * @grid: set to where they lie
 *
 * Return: [lines][samples], or NULL as above.
 */
const float *sono_client_values(const struct sono_client *client,
				const struct sono_picture *picture,
				enum sono_layer layer,
				const struct grid **grid);

/**
 * sono_client_dmabuf() - the buffer of a picture as a dma-buf
 *
 * Return: a descriptor, the client's; -EOPNOTSUPP: there are none.
 */
int sono_client_dmabuf(const struct sono_client *client,
		       const struct sono_picture *picture);

/** sono_client_refusal() - why sonod wants no more of us; NULL: it did not say */
const char *sono_client_refusal(const struct sono_client *client);

/** sono_client_close() - also returns what is held; NULL is fine */
void sono_client_close(struct sono_client *client);

struct sono_control;

/**
 * sono_control_open() - ask and control
 * @control: written; sono_control_close() ends it, and what it controls
 * @path: of the control socket; NULL: SONO_CONTROL_SOCKET
 * @why: a message on an error; may be NULL
 * @why_bytes: its size
 *
 * Returns when sonod answers: one that is starting is waited for, up to ten
 * seconds.
 *
 * Return: 0; -ECONNREFUSED: it has no room for us; or -errno.
 */
int sono_control_open(struct sono_control **control, const char *path,
		      char *why, size_t why_bytes);

/** sono_control_fd() - readable when there is an event that is not kept */
int sono_control_fd(const struct sono_control *control);

/**
 * sono_control_ask() - a request, and its reply
 * @control: a control
 * @request: JSON, as Documentation/sonod.rst has it
 * @reply: set to the reply, JSON, to be freed; NULL on an error of the socket.
 *         May be NULL
 *
 * Of events that come before the reply the newest is kept for
 * sono_control_event(). A reply that comes later than in ten seconds is dropped:
 * requests are numbered by their "id", which is ours, and replies repeat it.
 *
 * Return: the cfg_gen from which it holds; -EREMOTEIO: refused, the reply says
 * why; -EPIPE: sonod has gone; -ETIMEDOUT after ten seconds; -errno.
 */
int64_t sono_control_ask(struct sono_control *control, const char *request,
			 char **reply);

/**
 * sono_control_event() - what has changed, after {"do": "watch"}
 * @control: a control
 *
 * Return: JSON, to be freed; NULL: nothing now.
 */
char *sono_control_event(struct sono_control *control);

/** sono_control_close() - gives the control back; NULL is fine */
void sono_control_close(struct sono_control *control);

#endif /* SONO_CLIENT_H */

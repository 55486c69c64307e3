/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * vfio-user messages on a socket: a header of 16 bytes, a body, and file
 * descriptors that come with the header. Receiving never waits; what is not
 * there yet is taken up by the next call.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_FDS 16
#define WIRE_DATA_MAX (1 << 20)
#define WIRE_BODY_MAX (WIRE_DATA_MAX + 64)

#define WIRE_TYPE 0xf
#define WIRE_REPLY 0x1
#define WIRE_NO_REPLY 0x10
#define WIRE_ERROR 0x20

struct wire_header {
	uint16_t id;
	uint16_t command;
	uint32_t size; /* with this header */
	uint32_t flags;
	uint32_t error;
};

/**
 * struct wire - one end of a connection
 * @fd: socket, owned
 * @header: of the message received last
 * @body: its body, [header.size - 16]
 * @fds: its file descriptors; taken ones are set to -1 by who takes them
 * @nfds: how many
 * @got: bytes of header and body received so far
 */
struct wire {
	int fd;
	struct wire_header header;
	unsigned char *body;
	int fds[WIRE_FDS];
	unsigned int nfds;
	size_t got;
};

/** wire_init() - take over @fd; -ENOMEM and it stays the caller's */
int wire_init(struct wire *w, int fd);

/** wire_finish() - close everything */
void wire_finish(struct wire *w);

/**
 * wire_receive() - take in what has arrived
 * @w: after a whole message, the next call starts the next one
 *
 * Return: 1 with a whole message, 0 when more must come, -ECONNRESET when
 * the peer is gone, -EMSGSIZE for a size that no message has.
 */
int wire_receive(struct wire *w);

/** wire_body() - bytes in the body of the message received */
static inline size_t wire_body(const struct wire *w)
{
	return w->header.size - sizeof(w->header);
}

/**
 * wire_reply() - answer the message received
 * @error: positive errno for an error reply, then without a body; or 0
 * @head: first part of the body
 * @head_size: its length
 * @data: second part
 * @data_size: its length
 *
 * Return: 0, or -ECONNRESET when the peer does not take it.
 */
int wire_reply(struct wire *w, int error, const void *head, size_t head_size,
	       const void *data, size_t data_size);

/**
 * wire_tell() - send a request that wants no reply
 * @command: its number
 * @head: first part of the body
 * @head_size: its length
 * @data: second part
 * @data_size: its length
 *
 * Return: 0, or -ECONNRESET when the peer does not take it.
 */
int wire_tell(struct wire *w, uint16_t command, const void *head,
	      size_t head_size, const void *data, size_t data_size);

#endif /* SIM_WIRE_H */

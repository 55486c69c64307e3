// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wire.h"

#define SEND_SECONDS 10

int wire_init(struct wire *w, int fd)
{
	const struct timeval limit = { .tv_sec = SEND_SECONDS };

	*w = (struct wire){ .fd = -1 };
	w->body = malloc(WIRE_BODY_MAX);
	if (!w->body)
		return -ENOMEM;
	w->fd = fd;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return 0;
}

static void close_fds(struct wire *w)
{
	for (unsigned int i = 0; i < w->nfds; i++)
		if (w->fds[i] >= 0)
			close(w->fds[i]);
	w->nfds = 0;
}

void wire_finish(struct wire *w)
{
	close_fds(w);
	if (w->fd >= 0)
		close(w->fd);
	free(w->body);
	*w = (struct wire){ .fd = -1 };
}

/* Keep the descriptors that fit; the others must not leak. */
static void take_fds(struct wire *w, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (w->nfds < WIRE_FDS)
				w->fds[w->nfds++] = fd;
			else
				close(fd);
		}
	}
}

static ssize_t receive(struct wire *w, void *to, size_t n)
{
	char control[CMSG_SPACE(WIRE_FDS * sizeof(int))];
	struct iovec iov = { .iov_base = to, .iov_len = n };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	do {
		got = recvmsg(w->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -ECONNRESET;
	take_fds(w, &msg);
	return got ? got : -ECONNRESET;
}

/* Receive until @w has @want bytes; @to is where byte @base belongs. */
static int receive_upto(struct wire *w, void *to, size_t base, size_t want)
{
	while (w->got < want) {
		ssize_t n =
			receive(w, (char *)to + (w->got - base), want - w->got);

		if (n <= 0)
			return (int)n;
		w->got += (size_t)n;
	}
	return 1;
}

int wire_receive(struct wire *w)
{
	const size_t head = sizeof(w->header);
	int ret;

	if (w->got >= head && w->got == w->header.size) {
		w->got = 0;
		close_fds(w);
	}
	if (w->got < head) {
		ret = receive_upto(w, &w->header, 0, head);
		if (ret <= 0)
			return ret;
	}
	if (w->header.size < head || w->header.size > head + WIRE_BODY_MAX)
		return -EMSGSIZE;
	return receive_upto(w, w->body, head, w->header.size);
}

static int send_all(int fd, struct iovec *iov, int count)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)count };

	while (msg.msg_iovlen) {
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ECONNRESET;
		while (msg.msg_iovlen && (size_t)n >= msg.msg_iov->iov_len) {
			n -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (msg.msg_iovlen) {
			msg.msg_iov->iov_base =
				(char *)msg.msg_iov->iov_base + n;
			msg.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static int send_message(struct wire *w, struct wire_header *h,
			const void *head, size_t head_size, const void *data,
			size_t data_size)
{
	struct iovec iov[] = {
		{ h, sizeof(*h) },
		{ (void *)head, head_size },
		{ (void *)data, data_size },
	};

	h->size = (uint32_t)(sizeof(*h) + head_size + data_size);
	return send_all(w->fd, iov, 3);
}

int wire_reply(struct wire *w, int error, const void *head, size_t head_size,
	       const void *data, size_t data_size)
{
	struct wire_header h = {
		.id = w->header.id,
		.command = w->header.command,
		.flags = WIRE_REPLY | (error ? WIRE_ERROR : 0),
		.error = (uint32_t)error,
	};

	return send_message(w, &h, head, error ? 0 : head_size, data,
			    error ? 0 : data_size);
}

int wire_tell(struct wire *w, uint16_t command, const void *head,
	      size_t head_size, const void *data, size_t data_size)
{
	struct wire_header h = { .command = command, .flags = WIRE_NO_REPLY };

	return send_message(w, &h, head, head_size, data, data_size);
}

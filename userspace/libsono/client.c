// SPDX-License-Identifier: MIT
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "client_socket.h"
#include "why.h"

/* More than any server has, and what one message may carry. */
#define BUFFERS_MAX 64
#define FDS_MAX (2 + BUFFERS_MAX)

/**
 * struct sono_client - see client.h
 * @fd: the socket
 * @event: eventfd of the format, or -1
 * @map: the buffers; NULL: no format yet
 * @bytes: of @map
 * @format: what they hold
 * @dmabuf: [format.buffers], where there are dma-bufs
 * @refused: last message, if there was one
 */
struct sono_client {
	int fd;
	int event;
	const uint8_t *map;
	size_t bytes;
	struct sono_stream_format format;
	int dmabuf[BUFFERS_MAX];
	struct sono_stream_refused refused;
};

/* One message of any kind. */
union message {
	uint32_t kind;
	struct sono_stream_refused refused;
	struct sono_stream_format format;
	struct sono_stream_frame frame;
};

int sono_client_open(struct sono_client **client, const char *path,
		     uint32_t layers, uint32_t flags, char *why,
		     size_t why_bytes)
{
	const struct sono_stream_hello hello = {
		.kind = SONO_STREAM_HELLO,
		.version = SONO_STREAM_VERSION,
		.layers = layers,
		.flags = flags,
	};
	struct sono_client *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	c->event = -1;
	path = path ? path : SONO_STREAM_SOCKET;
	c->fd = client_connect(path);
	ret = c->fd < 0 ? c->fd : 0;
	/* -EPIPE: refused already; the next message says why */
	if (!ret && send(c->fd, &hello, sizeof(hello), MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE)
		ret = -errno;
	if (ret) {
		sono_client_close(c);
		return sono_why(why, why_bytes, ret, "%s: %s", path,
				strerror(-ret));
	}
	*client = c;
	return 0;
}

int sono_client_fd(const struct sono_client *c)
{
	return c->fd;
}

int sono_client_event(const struct sono_client *c)
{
	return c->event;
}

int sono_client_wait(struct sono_client *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	int ret = poll(&p, 1, timeout_ms);

	return ret < 0 ? -errno : ret;
}

/* --- formats --- */

static void forget_format(struct sono_client *c)
{
	const bool dmabufs = c->format.flags & SONO_STREAM_DMABUF;

	if (!c->map)
		return;
	munmap((void *)c->map, c->bytes);
	close(c->event);
	for (uint32_t i = 0; dmabufs && i < c->format.buffers; i++)
		close(c->dmabuf[i]);
	c->map = NULL;
	c->event = -1;
}

static bool sound(const struct sono_stream_format *f, unsigned int fds)
{
	const unsigned int dmabufs = f->flags & SONO_STREAM_DMABUF ?
					     f->buffers :
					     0;

	if (!f->buffers || f->buffers > BUFFERS_MAX || fds != 2 + dmabufs ||
	    f->buffer_bytes > SIZE_MAX / BUFFERS_MAX)
		return false;
	for (int i = 0; i < SONO_LAYERS; i++)
		if (f->layer[i].fourcc &&
		    (f->layer[i].offset > f->buffer_bytes ||
		     f->layer[i].bytes > f->buffer_bytes - f->layer[i].offset))
			return false;
	return true;
}

static int adopt_format(struct sono_client *c,
			const struct sono_stream_format *f, const int *fds,
			unsigned int count)
{
	const size_t bytes = f->buffers * f->buffer_bytes;
	void *map;

	if (!sound(f, count))
		return -EPROTO;
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fds[0], 0);
	if (map == MAP_FAILED)
		return -errno;
	forget_format(c);
	c->map = map;
	c->bytes = bytes;
	c->format = *f;
	close(fds[0]);
	c->event = fds[1];
	memcpy(c->dmabuf, fds + 2, (count - 2) * sizeof(*fds));
	return 0;
}

/* --- messages --- */

/* Return: its length, with its descriptors; 0: none; -EPIPE: the end. */
static ssize_t receive(struct sono_client *c, union message *m, int *fds,
		       unsigned int *count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
	ssize_t bytes = recvmsg(c->fd, &message, flags);
	struct cmsghdr *h;

	*count = 0;
	/* said once, of something of ours that was not read; messages follow */
	if (bytes < 0 && errno == ECONNRESET)
		bytes = recvmsg(c->fd, &message, flags);
	h = bytes > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (bytes < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!bytes)
		return -EPIPE;
	if (h && h->cmsg_type == SCM_RIGHTS) {
		*count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(h), *count * sizeof(int));
	}
	return bytes;
}

static int adopt_frame(struct sono_client *c, const struct sono_stream_frame *f,
		       struct sono_picture *p)
{
	if (!c->map || f->format != c->format.format ||
	    f->index >= c->format.buffers)
		return -EPROTO;
	p->frame = *f;
	p->data = c->map + f->index * c->format.buffer_bytes;
	return 1;
}

static int handle(struct sono_client *c, const union message *m, ssize_t bytes,
		  int *fds, unsigned int *count, struct sono_picture *p)
{
	int ret;

	if (m->kind == SONO_STREAM_FRAME && bytes == sizeof(m->frame))
		return adopt_frame(c, &m->frame, p);
	if (m->kind == SONO_STREAM_FORMAT && bytes == sizeof(m->format)) {
		ret = adopt_format(c, &m->format, fds, *count);
		if (!ret)
			*count = 0;
		return ret;
	}
	if (m->kind == SONO_STREAM_REFUSED && bytes == sizeof(m->refused)) {
		c->refused = m->refused;
		c->refused.why[sizeof(c->refused.why) - 1] = '\0';
		return -ECONNREFUSED;
	}
	return -EPROTO;
}

int sono_client_next(struct sono_client *c, struct sono_picture *p)
{
	union message m;
	int fds[FDS_MAX];
	unsigned int count;
	ssize_t bytes;
	int ret;

	do {
		bytes = receive(c, &m, fds, &count);
		if (bytes <= 0)
			return bytes;
		ret = bytes < (ssize_t)sizeof(m.kind) ?
			      -EPROTO :
			      handle(c, &m, bytes, fds, &count, p);
		/* those that have found no use */
		while (count)
			close(fds[--count]);
	} while (!ret);
	return ret;
}

void sono_client_return(struct sono_client *c, struct sono_picture *p)
{
	const struct sono_stream_return r = {
		.kind = SONO_STREAM_RETURN,
		.format = p->frame.format,
		.index = p->frame.index,
	};

	if (!p->data)
		return;
	p->data = NULL;
	/* who has gone needs nothing back */
	send(c->fd, &r, sizeof(r), MSG_NOSIGNAL);
}

const struct sono_stream_format *sono_client_format(const struct sono_client *c)
{
	return c->map ? &c->format : NULL;
}

const char *sono_client_refusal(const struct sono_client *c)
{
	return c->refused.kind ? c->refused.why : NULL;
}

void sono_client_close(struct sono_client *c)
{
	if (!c)
		return;
	forget_format(c);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

/* --- layers --- */

static const struct sono_stream_layer *
layer_of(const struct sono_client *c, const struct sono_picture *p,
	 enum sono_layer layer)
{
	return p->data && p->frame.layers & 1U << layer ?
		       &c->format.layer[layer] :
		       NULL;
}

int sono_client_image(const struct sono_client *c, const struct sono_picture *p,
		      enum sono_layer layer, struct image *image)
{
	const struct sono_stream_layer *l = layer_of(c, p, layer);

	if (!l || l->fourcc == SONO_FORMAT_FLOAT)
		return -ENOENT;
	*image = l->image;
	/* read-only, as the mapping is */
	image->data = (uint8_t *)p->data + l->offset;
	image->seq = p->frame.seq;
	image->time = p->frame.time;
	image->phase = p->frame.phase;
	image->heart_rate = p->frame.heart_rate;
	for (uint32_t i = 0; i < image->regions; i++)
		if (image->region[i].kind != REGION_B)
			image->region[i].now =
				p->frame.now[image->region[i].kind - REGION_M];
	return 0;
}

const float *sono_client_values(const struct sono_client *c,
				const struct sono_picture *p,
				enum sono_layer layer, const struct grid **grid)
{
	const struct sono_stream_layer *l = layer_of(c, p, layer);

	if (!l || l->fourcc != SONO_FORMAT_FLOAT)
		return NULL;
	*grid = &l->grid;
	return (const float *)(p->data + l->offset);
}

int sono_client_dmabuf(const struct sono_client *c,
		       const struct sono_picture *p)
{
	return c->map && c->format.flags & SONO_STREAM_DMABUF ?
		       c->dmabuf[p->frame.index] :
		       -EOPNOTSUPP;
}

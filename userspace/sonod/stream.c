// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bell.h"
#include "peers.h"
#include "stream.h"

/* Memory, eventfd, and a dma-buf for each buffer. */
#define FDS_MAX (2 + STREAM_BUFFERS)

/**
 * struct client - somebody who looks
 * @peer: its connection
 * @stream: that it is of
 * @layers: that it wants
 * @flags: SONO_HELLO_*
 * @bell: counts records sent
 * @format: number of the last one sent; 0: none
 * @held: buffers that it looks at
 * @seen: number of the last picture sent; UINT64_MAX: none
 */
struct client {
	struct peer peer;
	struct stream *stream;
	uint32_t layers;
	uint32_t flags;
	struct bell bell;
	uint32_t format;
	struct share_buffer *held[SONO_STREAM_HELD];
	uint64_t seen;
};

/**
 * struct stream - clients, and the picture that is the newest
 * @peers: clients
 * @pictures: the outlet's eventfd
 * @outlet: pictures
 * @newest: last one taken from it, or NULL
 */
struct stream {
	struct peers peers;
	struct watch pictures;
	struct outlet *outlet;
	struct share_buffer *newest;
};

static struct client *client_of(struct peer *peer)
{
	return watched(peer, struct client, peer);
}

/* --- clients --- */

/* What anybody wants is put into every picture. */
static void sum_layers(struct stream *s)
{
	unsigned int layers = 0;

	for (struct peer *p = s->peers.first; p; p = p->next)
		layers |= client_of(p)->layers;
	atomic_store(&s->outlet->layers, layers);
}

static void return_all(struct client *c)
{
	for (int i = 0; i < SONO_STREAM_HELD; i++) {
		share_put(c->held[i]);
		c->held[i] = NULL;
	}
}

static void on_gone(struct peer *peer)
{
	struct client *c = client_of(peer);

	return_all(c);
	bell_destroy(&c->bell);
	sum_layers(c->stream);
	free(c);
}

static void refuse(int fd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void refuse(int fd, const char *format, ...)
{
	struct sono_stream_refused refused = { .kind = SONO_STREAM_REFUSED };
	va_list args;

	va_start(args, format);
	vsnprintf(refused.why, sizeof(refused.why), format, args);
	va_end(args);
	send(fd, &refused, sizeof(refused), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* --- sending --- */

/* With descriptors; false: the client has gone, or does not read. */
static bool send_with(int fd, const void *data, size_t bytes, const int *fds,
		      unsigned int count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, bytes };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)bytes;
}

/* All of them or none. */
static unsigned int make_dmabufs(struct share *share, int *fds)
{
	const unsigned int count = share_format(share)->buffers;

	for (unsigned int i = 0; i < count; i++) {
		fds[i] = share_dmabuf(share, i);
		if (fds[i] >= 0)
			continue;
		while (i)
			close(fds[--i]);
		return 0;
	}
	return count;
}

static bool send_format(struct client *c, struct share *share)
{
	struct sono_stream_format format = *share_format(share);
	int fds[FDS_MAX] = { share_memory(share), c->bell.event };
	unsigned int dmabufs = 0;
	bool sent;

	if (c->flags & SONO_HELLO_DMABUF)
		dmabufs = make_dmabufs(share, fds + 2);
	format.flags = dmabufs ? SONO_STREAM_DMABUF : 0;
	sent = send_with(c->peer.watch.fd, &format, sizeof(format), fds,
			 2 + dmabufs);
	for (unsigned int i = 0; i < dmabufs; i++)
		close(fds[2 + i]);
	if (sent) {
		return_all(c);
		c->format = format.format;
	}
	return sent;
}

static struct share_buffer **free_place(struct client *c)
{
	for (int i = 0; i < SONO_STREAM_HELD; i++)
		if (!c->held[i])
			return &c->held[i];
	return NULL;
}

/*
 * The newest picture, if the client has not seen it and has room. Who cannot be
 * sent to now is when it returns something, or with the next picture.
 */
static void offer(struct client *c)
{
	struct share_buffer *b = c->stream->newest, **place;

	if (!c->peer.greeted || !b || b->frame.picture == c->seen)
		return;
	if (c->format != b->frame.format && !send_format(c, b->share))
		return;
	place = free_place(c);
	if (!place)
		return;
	if (send(c->peer.watch.fd, &b->frame, sizeof(b->frame),
		 MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(b->frame))
		return;
	share_get(b);
	*place = b;
	c->seen = b->frame.picture;
	bell_ring(&c->bell);
}

/* --- receiving --- */

union message {
	uint32_t kind;
	struct sono_stream_hello hello;
	struct sono_stream_return returned;
};

static bool hello(struct client *c, const struct sono_stream_hello *h,
		  ssize_t bytes)
{
	if (bytes != sizeof(*h) || c->peer.greeted) {
		refuse(c->peer.watch.fd, "hello: %s",
		       c->peer.greeted ? "said twice" : "of another size");
		return false;
	}
	if (h->version != SONO_STREAM_VERSION) {
		refuse(c->peer.watch.fd, "hello: version %u, this is %u",
		       h->version, SONO_STREAM_VERSION);
		return false;
	}
	if (h->layers >> SONO_LAYERS || h->flags & ~SONO_HELLO_DMABUF) {
		refuse(c->peer.watch.fd, "hello: unknown layers or flags");
		return false;
	}
	c->peer.greeted = true;
	c->layers = h->layers;
	c->flags = h->flags;
	sum_layers(c->stream);
	return true;
}

/* Of another format: it was returned when this one was sent. */
static bool returned(struct client *c, const struct sono_stream_return *r,
		     ssize_t bytes)
{
	if (bytes != sizeof(*r) || r->rsvd) {
		refuse(c->peer.watch.fd, "return: of another size or layout");
		return false;
	}
	if (r->format != c->format)
		return true;
	for (int i = 0; i < SONO_STREAM_HELD; i++) {
		struct share_buffer *b = c->held[i];

		if (b && b->frame.index == r->index) {
			share_put(b);
			c->held[i] = NULL;
			return true;
		}
	}
	refuse(c->peer.watch.fd, "return: buffer %u is not held", r->index);
	return false;
}

static bool handle(struct client *c, const union message *m, ssize_t bytes)
{
	if (bytes >= (ssize_t)sizeof(m->kind)) {
		if (m->kind == SONO_STREAM_HELLO)
			return hello(c, &m->hello, bytes);
		if (m->kind == SONO_STREAM_RETURN && c->peer.greeted)
			return returned(c, &m->returned, bytes);
	}
	refuse(c->peer.watch.fd, "no such message");
	return false;
}

static void on_client(struct watch *watch, uint32_t events)
{
	struct client *c = watched(watch, struct client, peer.watch);
	union message m;
	ssize_t bytes = recv(watch->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (bytes <= 0 || !handle(c, &m, bytes)) {
		peer_drop(&c->peer);
		return;
	}
	offer(c);
}

static int create_client(struct peers *peers, struct peer **peer)
{
	struct client *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return -ENOMEM;
	ret = bell_create(&c->bell);
	if (ret) {
		free(c);
		return ret;
	}
	c->stream = watched(peers, struct stream, peers);
	c->seen = UINT64_MAX;
	*peer = &c->peer;
	return 0;
}

static void refuse_peer(struct peers *peers, int fd, const char *why)
{
	(void)peers;
	refuse(fd, "%s", why);
}

static const struct peers_kind lookers = {
	.max = STREAM_CLIENTS_MAX,
	.create = create_client,
	.ready = on_client,
	.gone = on_gone,
	.refuse = refuse_peer,
};

static void on_picture(struct watch *watch, uint32_t events)
{
	struct stream *s = watched(watch, struct stream, pictures);
	struct share_buffer *b;
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	b = atomic_exchange(&s->outlet->newest, NULL);
	if (!b)
		return;
	share_put(s->newest);
	s->newest = b;
	for (struct peer *p = s->peers.first; p; p = p->next)
		offer(client_of(p));
}

int stream_create(struct stream **stream, struct loop *loop, int listener,
		  struct outlet *outlet)
{
	struct stream *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	s->outlet = outlet;
	s->pictures.fd = outlet->event;
	s->pictures.ready = on_picture;
	ret = peers_begin(&s->peers, &lookers, loop, listener);
	if (!ret)
		ret = loop_add(loop, &s->pictures);
	if (ret) {
		peers_end(&s->peers);
		free(s);
		return ret;
	}
	*stream = s;
	return 0;
}

void stream_destroy(struct stream *s)
{
	if (!s)
		return;
	loop_remove(s->peers.loop, &s->pictures);
	peers_end(&s->peers);
	share_put(s->newest);
	free(s);
}

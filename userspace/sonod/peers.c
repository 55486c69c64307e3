// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "peers.h"

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- time --- */

static void set_timer(struct peers *peers)
{
	int64_t next = peers->rest_until;
	struct itimerspec at = { 0 };

	for (struct peer *p = peers->first; p; p = p->next)
		if (!p->greeted && (!next || p->until < next))
			next = p->until;
	at.it_value.tv_sec = next / 1000000000;
	at.it_value.tv_nsec = next % 1000000000;
	timerfd_settime(peers->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Who waits to be accepted would wake the loop again and again. */
static void rest(struct peers *peers)
{
	loop_remove(peers->loop, &peers->listener);
	peers->rest_until = now_ns() + PEERS_REST_MS * 1000000ll;
	set_timer(peers);
}

/* What has come while we did something else is read before it is judged. */
static bool is_silent(const struct peer *p)
{
	char byte;

	return !p->greeted &&
	       recv(p->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

static void drop_silent(struct peers *peers, int64_t now)
{
	struct peer *p, *next;
	char why[64];

	snprintf(why, sizeof(why), "nothing was asked for within %d ms",
		 PEER_SILENCE_MS);
	for (p = peers->first; p; p = next) {
		next = p->next;
		if (p->until > now || !is_silent(p))
			continue;
		peers->kind->refuse(peers, p->watch.fd, why);
		peer_drop(p);
	}
}

static void on_timer(struct watch *watch, uint32_t events)
{
	struct peers *peers = watched(watch, struct peers, timer);
	const int64_t now = now_ns();
	uint64_t times;

	(void)events;
	if (read(watch->fd, &times, sizeof(times)) < 0)
		return;
	drop_silent(peers, now);
	if (peers->rest_until && peers->rest_until <= now)
		peers->rest_until = loop_add(peers->loop, &peers->listener) ?
					    now + PEERS_REST_MS * 1000000ll :
					    0;
	set_timer(peers);
}

/* --- connections --- */

static int admit(struct peers *peers, int fd)
{
	struct peer *p;
	int ret = peers->kind->create(peers, &p);

	if (ret)
		return ret;
	p->of = peers;
	p->watch.fd = fd;
	p->watch.ready = peers->kind->ready;
	p->until = now_ns() + PEER_SILENCE_MS * 1000000ll;
	ret = loop_add(peers->loop, &p->watch);
	if (ret) {
		peers->kind->gone(p);
		return ret;
	}
	p->next = peers->first;
	peers->first = p;
	peers->count++;
	set_timer(peers);
	return 0;
}

/* Told why, where it is not. */
static void welcome(struct peers *peers, int fd)
{
	char why[96] = "";
	int ret;

	if (peers->count == peers->kind->max) {
		snprintf(why, sizeof(why), "%u clients are here already",
			 peers->count);
	} else {
		ret = admit(peers, fd);
		if (!ret)
			return;
		snprintf(why, sizeof(why), "cannot be served: %s",
			 strerror(-ret));
	}
	peers->kind->refuse(peers, fd, why);
	close(fd);
}

/* Without a descriptor it waits in the queue: one may become free. */
static void on_listener(struct watch *watch, uint32_t events)
{
	struct peers *peers = watched(watch, struct peers, listener);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		welcome(peers, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		 errno == ENOBUFS)
		rest(peers);
}

int peers_begin(struct peers *peers, const struct peers_kind *kind,
		struct loop *loop, int listener)
{
	int ret;

	*peers = (struct peers){
		.kind = kind,
		.loop = loop,
		.listener = { .fd = listener, .ready = on_listener },
		.timer = { .ready = on_timer },
	};
	peers->timer.fd = timerfd_create(CLOCK_MONOTONIC,
					 TFD_CLOEXEC | TFD_NONBLOCK);
	if (peers->timer.fd < 0)
		return -errno;
	ret = loop_add(loop, &peers->timer);
	return ret ? ret : loop_add(loop, &peers->listener);
}

void peer_drop(struct peer *peer)
{
	struct peers *peers = peer->of;
	struct peer **at = &peers->first;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	peers->count--;
	loop_remove(peers->loop, &peer->watch);
	close(peer->watch.fd);
	peers->kind->gone(peer);
}

void peers_end(struct peers *peers)
{
	while (peers->first)
		peer_drop(peers->first);
	loop_remove(peers->loop, &peers->listener);
	loop_remove(peers->loop, &peers->timer);
	close(peers->listener.fd);
	if (peers->timer.fd >= 0)
		close(peers->timer.fd);
}

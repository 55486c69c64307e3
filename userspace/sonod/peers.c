// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers.h"

static bool accept_peer(struct peers *peers, int fd)
{
	struct peer *p;
	char why[64];

	if (peers->count == peers->kind->max) {
		snprintf(why, sizeof(why), "%u clients are here already",
			 peers->count);
		peers->kind->refuse(peers, fd, why);
		return false;
	}
	p = peers->kind->create(peers);
	if (!p)
		return false;
	p->of = peers;
	p->watch.fd = fd;
	p->watch.ready = peers->kind->ready;
	p->next = peers->first;
	peers->first = p;
	peers->count++;
	if (loop_add(peers->loop, &p->watch))
		peer_drop(p);
	return true;
}

static void on_listener(struct watch *watch, uint32_t events)
{
	struct peers *peers = watched(watch, struct peers, listener);
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0 && !accept_peer(peers, fd))
		close(fd);
}

int peers_begin(struct peers *peers, const struct peers_kind *kind,
		struct loop *loop, int listener)
{
	*peers = (struct peers){
		.kind = kind,
		.loop = loop,
		.listener = { .fd = listener, .ready = on_listener },
	};
	return loop_add(loop, &peers->listener);
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
	close(peers->listener.fd);
}

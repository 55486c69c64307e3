/* SPDX-License-Identifier: MIT */
/*
 * Connections of a listening socket: so many and no more, and none that keeps
 * its place without saying what it wants.
 */
#ifndef SONOD_PEERS_H
#define SONOD_PEERS_H

#include "loop.h"

/* Of a connection, for its first word. A client says it as it connects. */
#define PEER_SILENCE_MS 2000

/* No one is accepted for so long after descriptors or memory have run out. */
#define PEERS_REST_MS 100

struct peers;

/**
 * struct peer - a connection; member of what its protocol knows of a client
 * @watch: of its socket
 * @of: whose it is
 * @greeted: it has said what it wants; its protocol sets it
 * @until: else it is dropped then, CLOCK_MONOTONIC [ns]
 * @next: of them
 */
struct peer {
	struct watch watch;
	struct peers *of;
	bool greeted;
	int64_t until;
	struct peer *next;
};

/**
 * struct peers_kind - what a protocol does
 * @max: connections at a time
 * @create: a client with its peer, zero; 0 or -errno
 * @ready: its socket is readable; may drop it
 * @gone: it is none of them: free it; its socket is not its any more
 * @refuse: tell @fd why it will be closed
 */
struct peers_kind {
	unsigned int max;
	int (*create)(struct peers *peers, struct peer **peer);
	void (*ready)(struct watch *watch, uint32_t events);
	void (*gone)(struct peer *peer);
	void (*refuse)(struct peers *peers, int fd, const char *why);
};

/**
 * struct peers - connections
 * @kind: what is done with them
 * @loop: whose thread serves them
 * @listener: for new ones
 * @timer: the next @until, or @rest_until
 * @rest_until: the listener is not in the loop until then, CLOCK_MONOTONIC
 *              [ns]; 0: it is
 * @count: that there are
 * @first: list of them
 */
struct peers {
	const struct peers_kind *kind;
	struct loop *loop;
	struct watch listener;
	struct watch timer;
	int64_t rest_until;
	unsigned int count;
	struct peer *first;
};

/**
 * peers_begin() - accept connections
 * @peers: to be; member of what serves them
 * @kind: constant
 * @loop: whose thread serves them
 * @listener: listening socket, the peers' from now on, on an error too
 *
 * Return: 0 or -errno.
 */
int peers_begin(struct peers *peers, const struct peers_kind *kind,
		struct loop *loop, int listener);

/** peer_drop() - close a connection; it is gone */
void peer_drop(struct peer *peer);

/** peers_end() - drop all, close the listening socket */
void peers_end(struct peers *peers);

#endif /* SONOD_PEERS_H */

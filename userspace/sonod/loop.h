/* SPDX-License-Identifier: MIT */
/* Descriptors that are waited for together, each with what it then does. */
#ifndef SONOD_LOOP_H
#define SONOD_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct watch - a descriptor in a loop; member of whatever it belongs to
 * @fd: the descriptor, its owner's
 * @ready: called with EPOLL* bits when it is ready; may end the watch and free
 *         what it is in
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events);
};

/* What a watch is a member of. */
#define watched(watch, type, member) \
	((type *)((char *)(watch) - offsetof(type, member)))

/**
 * struct loop - descriptors of one thread
 * @epoll: of them
 * @end: loop_run() returns
 */
struct loop {
	int epoll;
	bool end;
};

/** loop_begin() - Return: 0 or -errno. */
int loop_begin(struct loop *loop);

/** loop_add() - watch for input; Return: 0 or -errno. */
int loop_add(struct loop *loop, struct watch *watch);

/** loop_remove() - watch no more */
void loop_remove(struct loop *loop, struct watch *watch);

/** loop_run() - until @loop->end is set by what is called */
void loop_run(struct loop *loop);

void loop_end(struct loop *loop);

#endif /* SONOD_LOOP_H */

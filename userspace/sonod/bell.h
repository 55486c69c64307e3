/* SPDX-License-Identifier: MIT */
/*
 * An eventfd that another process has too, rung by the kernel.
 *
 * Who has the eventfd shares its open file: it may fill the counter and clear
 * O_NONBLOCK, and then a write of ours would sleep until it likes. What the
 * kernel counts for a completion of io_uring never sleeps, whatever the flags
 * and the counter are (io_uring_register_eventfd(3)).
 */
#ifndef SONOD_BELL_H
#define SONOD_BELL_H

#include <liburing.h>

/**
 * struct bell - an eventfd
 * @event: to be given away and never read or written; counts rings
 * @ring: each of its completions is one
 */
struct bell {
	int event;
	struct io_uring ring;
};

/** bell_create() - Return: 0 or -errno; -EPERM where io_uring is switched off */
int bell_create(struct bell *bell);

/** bell_ring() - add one; a counter that is full stays so */
void bell_ring(struct bell *bell);

void bell_destroy(struct bell *bell);

#endif /* SONOD_BELL_H */

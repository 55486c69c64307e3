/* SPDX-License-Identifier: MIT */
/* The listening sockets: systemd's, or ours in a folder. */
#ifndef SONOD_SOCKETS_H
#define SONOD_SOCKETS_H

#include <stddef.h>

/**
 * struct sockets - listening sockets
 * @stream: of stream.h; -1: none
 * @control: of control.h; -1: none
 */
struct sockets {
	int stream;
	int control;
};

/**
 * sockets_open() - take those that systemd hands over, or make them
 * @sockets: written; both or an error
 * @folder: where to make "stream" and "control"
 * @why: reason on an error
 * @why_bytes: its size
 *
 * Those that are made are for their owner and its group. One that is left of a
 * process that was killed is replaced; one that somebody serves is not.
 *
 * Return: 0 or -errno.
 */
int sockets_open(struct sockets *sockets, const char *folder, char *why,
		 size_t why_bytes);

#endif /* SONOD_SOCKETS_H */

/* SPDX-License-Identifier: MIT */
/* A sonod of the test's own, in a folder of its own. */
#ifndef TEST_DAEMON_H
#define TEST_DAEMON_H

#include <sys/types.h>

#define DAEMON_ARGS 12

/**
 * struct daemon - a process
 * @pid: of it; 0: it has been waited for
 * @dir: with its sockets
 * @stream: path
 * @control: path
 * @child: called in the process before it becomes sonod, or NULL
 */
struct daemon {
	pid_t pid;
	char dir[64];
	char stream[96];
	char control[96];
	void (*child)(const struct daemon *d);
};

/* What is run is build/userspace/sonod/sonod, or what SONOD names. */

/** daemon_prepare() - a folder and names, no process yet */
void daemon_prepare(struct daemon *d);

/**
 * daemon_run() - start sonod, and wait until it serves
 * @d: prepared
 * @args: after "--presets tests/sonod --sockets DIR", ends with NULL
 *
 * Return: 0; -errno where it did not serve within ten seconds.
 */
int daemon_run(struct daemon *d, const char *const *args);

/** daemon_end() - by a signal; Return: its wait status */
int daemon_end(struct daemon *d, int number);

/** daemon_clean() - its folder */
void daemon_clean(struct daemon *d);

#endif /* TEST_DAEMON_H */

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the driver tells of what goes wrong: its tracepoints, in a buffer of the
 * tests' own. As root; without tracefs nothing is told.
 */
#ifndef TOLD_H
#define TOLD_H

#include <stdbool.h>
#include <stdio.h>

/**
 * told_begin() - from now on keep all events but those of each frame
 * @kilobytes: of the buffer, for each processor
 *
 * Return: 0 or -errno.
 */
int told_begin(unsigned int kilobytes);

/**
 * told_agree() - does each counter say what was traced since told_clear()?
 * @what: set to the counter that does not, and the events
 * @counted: set to the counter's value
 * @traced: set to that of the events
 *
 * Of /dev/sonoN, whatever its number, bound after told_clear(). It may be at work.
 */
bool told_agree(const char **what, unsigned long long *counted,
		unsigned long long *traced);

/** told_clear() - forget what was kept */
void told_clear(void);

/** told_open() - what was kept, a line each; NULL if it cannot be read */
FILE *told_open(void);

/** told_count() - how many lines of it have this text */
unsigned long told_count(const char *text);

/** told_lost() - how many events found no room */
unsigned long told_lost(void);

#endif /* TOLD_H */

/* SPDX-License-Identifier: MIT */
/* Why there is no node: what bus and kernel know of the boards. */
#ifndef DIAG_ABSENT_H
#define DIAG_ABSENT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * diag_absent() - what is to be said of a node that cannot be opened
 * @node: "/dev/sonoN"
 * @why: written, where there is something to be said
 * @why_bytes: its size
 *
 * A board on the bus that no driver has is named by its slot, with the kernel's
 * last words about it, if this user may read them.
 *
 * Return: is there a board that ought to have a node?
 */
bool diag_absent(const char *node, char *why, size_t why_bytes);

#endif /* DIAG_ABSENT_H */

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Faults that the kernel makes on purpose, in allocations and copies; as root. */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

/**
 * inject_arrange() - all kinds of faults, silently
 * @of_module: only where the driver is on the stack, or wherever
 *
 * None happens before a task asks for one (/proc/thread-self/fail-nth) or
 * inject_page() does.
 *
 * Return: 0 or -errno, -ENOENT where the kernel makes none.
 */
int inject_arrange(bool of_module);

/**
 * inject_large() - memory is in pieces: none of 2^@order pages is to be had
 *
 * After inject_arrange().
 *
 * Return: 0 or -errno.
 */
int inject_large(unsigned int order);
void inject_large_end(void);

/**
 * inject_page() - the next allocation of pages fails, whatever task it is of
 *
 * For what a worker of the kernel does; after inject_arrange().
 *
 * Return: 0 or -errno.
 */
int inject_page(void);

/** inject_page_end() - was there one? None fails any more */
bool inject_page_end(void);

#endif /* INJECT_H */

/* SPDX-License-Identifier: MIT */
/*
 * Reasons in words. A function that can refuse what a person or a file gave
 * it takes a buffer and leaves there what was wrong and where; whoever talks
 * to people prints it.
 */
#ifndef SONO_WHY_H
#define SONO_WHY_H

#include <stddef.h>

/**
 * sono_why() - note a reason
 * @why: buffer, or NULL
 * @why_bytes: its size
 * @err: -errno that belongs to it
 * @format: as printf()
 *
 * Return: @err.
 */
int sono_why(char *why, size_t why_bytes, int err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* SONO_WHY_H */

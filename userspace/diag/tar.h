/* SPDX-License-Identifier: MIT */
/* A tar archive (ustar), written from memory. */
#ifndef DIAG_TAR_H
#define DIAG_TAR_H

#include <stddef.h>
#include <stdio.h>

/**
 * tar_add() - a file more
 * @to: the archive
 * @name: of the file, less than 100 bytes
 * @data: of the file
 * @n: bytes of @data
 *
 * Return: 0, -ENAMETOOLONG, or -EIO.
 */
int tar_add(FILE *to, const char *name, const void *data, size_t n);

/** tar_end() - there are no more; 0 or -EIO */
int tar_end(FILE *to);

#endif /* DIAG_TAR_H */

/* SPDX-License-Identifier: MIT */
/* Where the kernel tells of a board: its folder in sysfs. */
#ifndef DIAG_PLACE_H
#define DIAG_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define DIAG_PLACE 256

/**
 * diag_place() - path of a file about a node
 * @path: DIAG_PLACE bytes
 * @node: "/dev/sonoN"
 * @file: in the node's folder of sysfs: "state", "device/aer_dev_fatal"
 *
 * Return: 0, or -errno where the node is none.
 */
int diag_place(char *path, const char *node, const char *file);

/**
 * diag_place_read() - the first line of such a file
 * @node: "/dev/sonoN"
 * @file: as above
 * @text: written, without its newline
 * @n: its size
 *
 * Return: 0 or -errno.
 */
int diag_place_read(const char *node, const char *file, char *text, size_t n);

#endif /* DIAG_PLACE_H */

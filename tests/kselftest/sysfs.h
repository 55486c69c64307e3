/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What tests do to the system around a board, as root: its PCI function, its
 * driver, its counters, errors of its link.
 */
#ifndef SYSFS_H
#define SYSFS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSFS_DRIVER "/sys/bus/pci/drivers/sono/"

/* Bits of PCI Express' advanced error reporting. */
#define AER_RECEIVER_ERROR 0x1 /* correctable */
#define AER_COMPLETION_TIMEOUT 0x4000 /* not fatal, by the board's severity */
#define AER_MALFORMED_TLP 0x40000 /* fatal, likewise */

/** sysfs_put() - write a text to a file; 0 or -errno */
int sysfs_put(const char *path, const char *text);

/** sysfs_get() - the first line of a file, "" if there is none; static */
const char *sysfs_get(const char *path);

/** sysfs_becomes() - wait until a file's first line is @text */
bool sysfs_becomes(const char *path, const char *text, int seconds);

/** sysfs_function() - the name of /dev/sono0's PCI function; 0 or -errno */
int sysfs_function(char *name, size_t n);

/** sysfs_function_of() - likewise of another board, by its number */
int sysfs_function_of(int board, char *name, size_t n);

/** sysfs_register() - of /dev/sono0, by its name in debugfs; 0 without it */
uint32_t sysfs_register(const char *name);

/** sysfs_function_put() - write to an attribute of a PCI function */
int sysfs_function_put(const char *function, const char *attribute,
		       const char *text);

/** sysfs_counter() - of /dev/sono0, by its name in debugfs; 0 without it */
unsigned long long sysfs_counter(const char *name);

/** sysfs_counter_of() - likewise of another board, by its number */
unsigned long long sysfs_counter_of(int board, const char *name);

/**
 * sysfs_aer_inject() - an error of a function's link
 * @function: its name
 * @uncorrectable: AER_* or 0
 * @correctable: AER_* or 0
 *
 * Return: 0 or -errno, -ENOENT without the kernel's aer_inject.
 */
int sysfs_aer_inject(const char *function, uint32_t uncorrectable,
		     uint32_t correctable);

#endif /* SYSFS_H */

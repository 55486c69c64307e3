/* SPDX-License-Identifier: MIT */
/* Is what is on a disk encrypted? */
#ifndef DIAG_DISK_H
#define DIAG_DISK_H

#include <stdbool.h>

/**
 * diag_disk_encrypted() - is there dm-crypt on the way to the disk?
 * @folder: of the block device in sysfs: "/sys/dev/block/254:0"
 *
 * What lies under it counts as well, as a volume group on a LUKS partition.
 *
 * Return: 1, 0, or -errno where that cannot be known.
 */
int diag_disk_encrypted(const char *folder);

#endif /* DIAG_DISK_H */

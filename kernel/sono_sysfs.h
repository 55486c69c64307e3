/* SPDX-License-Identifier: GPL-2.0-only */
/* What field service wants to know: Documentation/ABI/testing/sysfs-class-sono */
#ifndef SONO_SYSFS_H
#define SONO_SYSFS_H

struct attribute_group;

extern const struct attribute_group *sono_sysfs_groups[];

#endif /* SONO_SYSFS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* The board's sensors. */
#ifndef SONO_HWMON_H
#define SONO_HWMON_H

struct sono_device;

int sono_hwmon_register(struct sono_device *sd);
void sono_hwmon_unregister(struct sono_device *sd);
void sono_hwmon_notify(struct sono_device *sd, u32 fault);

#endif /* SONO_HWMON_H */

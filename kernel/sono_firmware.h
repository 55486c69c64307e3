/* SPDX-License-Identifier: GPL-2.0-only */
/* Firmware of the board: /sys/class/firmware/sonoN. */
#ifndef SONO_FIRMWARE_H
#define SONO_FIRMWARE_H

struct sono_device;

int sono_firmware_register(struct sono_device *sd);
void sono_firmware_unregister(struct sono_device *sd);

#endif /* SONO_FIRMWARE_H */

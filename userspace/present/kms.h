/* SPDX-License-Identifier: MIT */
/*
 * kms: pictures on a display, full screen, without a window system. One thread
 * draws, another turns pages at the display's rate by a timer of its own; the
 * drawing one never waits, and the newest picture wins.
 */
#ifndef PRESENT_KMS_H
#define PRESENT_KMS_H

#include <stdbool.h>
#include <stddef.h>

#include "dsp/dsp.h"

struct kms;

/**
 * struct kms_info - a display that was taken
 * @card: path of its device
 * @connector: its name, as the kernel's: "HDMI-A-1"
 * @width: pixels
 * @height: pixels
 * @refresh: pages per second [Hz]
 * @imported: pages lie in memory of this process that the device scans out, or
 *            copies by itself, as a dma-buf; else in memory of the device
 */
struct kms_info {
	char card[64];
	char connector[32];
	uint32_t width;
	uint32_t height;
	double refresh;
	bool imported;
};

/**
 * kms_open() - take a display, in its preferred mode, and blank it
 * @kms: written; kms_close() gives it back
 * @card: path of its device; NULL: the first one with a display connected
 * @why: on an error, in words
 * @why_bytes: its size
 *
 * The text console of the machine is put aside. It comes back with kms_close(),
 * and also when the process ends in any other way: a child process sees to it.
 * So this is to be called before there are mappings that a child must not have.
 *
 * Return: 0; -ENODEV: no such device, none with a display, or it lacks what is
 * needed; -EBUSY: another program has the display; -EACCES; -ENOMEM.
 */
int kms_open(struct kms **kms, const char *card, char *why, size_t why_bytes);

/** kms_info() - what was taken; holds until kms_close() */
const struct kms_info *kms_info(const struct kms *kms);

/**
 * kms_show() - the newest picture
 * @kms: display
 * @image: RGB24, of any time; copied. In the middle of the screen if it is
 *         smaller, cut if it is larger
 *
 * Return: 0, or -errno of a page that could not be turned, before.
 */
int kms_show(struct kms *kms, const struct image *image);

/** kms_close() - the display as it was; NULL is fine */
void kms_close(struct kms *kms);

#endif /* PRESENT_KMS_H */

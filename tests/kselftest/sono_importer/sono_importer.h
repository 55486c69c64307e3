/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * /dev/sono_importer takes a dma-buf as a driver of another device does. Then
 * read() gives its bytes twice: first as the device finds them at the bus
 * addresses that it was given, then as the kernel does by vmap(). write() writes
 * them as the device does.
 */
#ifndef SONO_IMPORTER_H
#define SONO_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* struct sono_import.dir, as enum dma_data_direction */
#define SONO_IMPORT_BOTH 0
#define SONO_IMPORT_READ 1 /* the device reads */
#define SONO_IMPORT_WRITE 2

/**
 * struct sono_import - attach and map; undone by close()
 * @fd: in: of the dma-buf
 * @dir: in: SONO_IMPORT_*
 * @device: in: a PCI function that maps it; empty: one without an IOMMU
 * @bytes: out: mapped for the device
 * @elsewhere: out: of them, not in the dma-buf's own pages
 * @pieces: out: with a bus address each
 * @longest: out: piece [bytes]
 * @longest_allowed: out: that the device can take
 * @mapped_twice: out: what a second mapping was refused with
 */
struct sono_import {
	__s32 fd;
	__u32 dir;
	char device[24];
	__u64 bytes;
	__u64 elsewhere;
	__u32 pieces;
	__u32 longest;
	__u32 longest_allowed;
	__s32 mapped_twice;
};

#define SONO_IMPORT _IOWR(0xD7, 0xf0, struct sono_import)

#endif /* SONO_IMPORTER_H */

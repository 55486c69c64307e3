/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of the frames: ordinary pages, so that O_DIRECT, registered buffers
 * and dma-buf work on them; each slot a few power-of-two chunks, mapped for
 * DMA once.
 */
#ifndef SONO_SLOTS_H
#define SONO_SLOTS_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "sono_queue.h"

struct device;

/**
 * struct sono_slots - the slots of a stream
 * @slots: how many
 * @stride: bytes of each, whole pages
 * @chunks: segments of each slot, the same for all
 * @page: first page of every chunk, [slots][chunks]
 * @seg: bus address and length of every chunk, [slots][chunks]
 * @mapped: the bus addresses are valid
 */
struct sono_slots {
	u32 slots;
	u32 stride;
	u32 chunks;
	struct page **page;
	struct sono_segment *seg;
	bool mapped;
};

int sono_slots_create(struct sono_slots *s, struct device *dev, u32 slots,
		      u32 bytes, u32 segments);
void sono_slots_unmap(struct sono_slots *s, struct device *dev);
void sono_slots_destroy(struct sono_slots *s);
int sono_slots_mmap(const struct sono_slots *s, struct vm_area_struct *vma);
void sono_slots_to_cpu(const struct sono_slots *s, struct device *dev,
		       u32 slot, u32 bytes);
void sono_slots_to_board(const struct sono_slots *s, struct device *dev,
			 u32 slot);

static inline const struct sono_segment *
sono_slots_segments(const struct sono_slots *s, u32 slot)
{
	return s->seg + (size_t)slot * s->chunks;
}

#endif /* SONO_SLOTS_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "sono_slots.h"

/*
 * Where memory is in pieces, chunks get smaller, down to this: what is smaller
 * the kernel finds, if need be by killing somebody.
 */
#define CHUNK_LEAST SZ_64K

/* The largest chunk: a huge page, and what a bounce buffer can map. */
static u32 chunk_max(struct device *dev)
{
	size_t max = min_t(size_t, dma_max_mapping_size(dev), SZ_2M);

	return rounddown_pow_of_two(max_t(size_t, max, PAGE_SIZE));
}

/* Length of the chunk that starts a remainder of @left bytes. */
static u32 chunk_bytes(u32 left, u32 max)
{
	return min_t(u32, max, rounddown_pow_of_two(left));
}

static u32 chunk_count(u32 bytes, u32 max)
{
	u32 n = 0;

	for (; bytes; n++)
		bytes -= chunk_bytes(bytes, max);
	return n;
}

/*
 * Compound, so that a mapping of any page of a chunk holds the whole of it;
 * zeroed, so that nothing of another process shows; accounted to whoever
 * asked.
 */
static int slot_alloc(struct sono_slots *s, struct device *dev, u32 slot,
		      u32 max)
{
	struct page **page = s->page + (size_t)slot * s->chunks;
	struct sono_segment *seg = s->seg + (size_t)slot * s->chunks;
	u32 left = s->stride;
	u32 i;

	for (i = 0; i < s->chunks; i++) {
		u32 bytes = chunk_bytes(left, max);

		page[i] = alloc_pages_node(dev_to_node(dev),
					   GFP_KERNEL_ACCOUNT | __GFP_COMP |
						   __GFP_ZERO | __GFP_NOWARN,
					   get_order(bytes));
		if (!page[i])
			return -ENOMEM;
		seg[i].bytes = bytes;
		left -= bytes;
	}
	return 0;
}

static int slots_map(struct sono_slots *s, struct device *dev)
{
	size_t n = (size_t)s->slots * s->chunks;
	size_t i;

	for (i = 0; i < n; i++) {
		dma_addr_t addr = dma_map_page(dev, s->page[i], 0,
					       s->seg[i].bytes,
					       DMA_FROM_DEVICE);

		if (dma_mapping_error(dev, addr))
			goto err_unmap;
		s->seg[i].addr = addr;
	}
	s->mapped = true;
	return 0;

err_unmap:
	while (i--)
		dma_unmap_page(dev, s->seg[i].addr, s->seg[i].bytes,
			       DMA_FROM_DEVICE);
	return -ENOMEM;
}

/* With no chunk above @max. */
static int slots_try(struct sono_slots *s, struct device *dev, u32 max)
{
	int ret = -ENOMEM;
	u32 i;

	s->chunks = chunk_count(s->stride, max);
	s->page = kvcalloc(array_size(s->slots, s->chunks), sizeof(*s->page),
			   GFP_KERNEL);
	s->seg = kvcalloc(array_size(s->slots, s->chunks), sizeof(*s->seg),
			  GFP_KERNEL);
	if (!s->page || !s->seg)
		goto err_destroy;
	for (i = 0; i < s->slots; i++) {
		ret = slot_alloc(s, dev, i, max);
		if (ret)
			goto err_destroy;
	}
	ret = slots_map(s, dev);
	if (ret)
		goto err_destroy;
	return 0;

err_destroy:
	sono_slots_destroy(s);
	return ret;
}

static bool fits(const struct sono_slots *s, u32 max, u32 segments)
{
	return (u64)s->slots * chunk_count(s->stride, max) <= segments;
}

/**
 * sono_slots_create() - allocate and map the slots
 * @s: zeroed
 * @dev: that writes them
 * @slots: how many
 * @bytes: of a frame; a slot has whole pages
 * @segments: how many chunks the slots may have together
 *
 * Chunks are as large as they can be had.
 *
 * Return: 0; -ENOSPC if even with the largest there are too many; -ENOMEM. With
 * nothing left behind then.
 */
int sono_slots_create(struct sono_slots *s, struct device *dev, u32 slots,
		      u32 bytes, u32 segments)
{
	u32 max = chunk_max(dev);
	int ret;

	s->slots = slots;
	s->stride = PAGE_ALIGN(bytes);
	if (!fits(s, max, segments))
		return -ENOSPC;
	do {
		ret = slots_try(s, dev, max);
		max = min(max, rounddown_pow_of_two(s->stride)) / 2;
	} while (ret == -ENOMEM && max >= CHUNK_LEAST &&
		 fits(s, max, segments));
	return ret;
}

/**
 * sono_slots_unmap() - end DMA; the memory stays
 * @s: slots, mapped or not
 * @dev: that wrote them and no longer does
 */
void sono_slots_unmap(struct sono_slots *s, struct device *dev)
{
	size_t i;

	if (!s->mapped)
		return;
	for (i = 0; i < (size_t)s->slots * s->chunks; i++)
		dma_unmap_page(dev, s->seg[i].addr, s->seg[i].bytes,
			       DMA_FROM_DEVICE);
	s->mapped = false;
}

/**
 * sono_slots_destroy() - drop our reference to every page
 * @s: slots, unmapped
 *
 * Pages that something else still holds (a pinned buffer) live until it lets
 * go, and no stream gets them before.
 */
void sono_slots_destroy(struct sono_slots *s)
{
	size_t i;

	if (s->page)
		for (i = 0; i < (size_t)s->slots * s->chunks; i++)
			if (s->page[i])
				put_page(s->page[i]);
	kvfree(s->page);
	kvfree(s->seg);
	s->page = NULL;
	s->seg = NULL;
}

static int chunk_insert(struct vm_area_struct *vma, unsigned long addr,
			struct page *page, u32 bytes, struct page **batch)
{
	unsigned long num = bytes >> PAGE_SHIFT;
	unsigned long i;

	for (i = 0; i < num; i++)
		batch[i] = page + i;
	return vm_insert_pages(vma, addr, batch, &num);
}

/**
 * sono_slots_mmap() - map the slots area from its start
 * @s: slots
 * @vma: of the area's length at most
 *
 * Return: 0 or -errno.
 */
int sono_slots_mmap(const struct sono_slots *s, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	struct page **batch;
	size_t i;
	int ret = 0;

	batch = kvmalloc_array(SZ_2M >> PAGE_SHIFT, sizeof(*batch),
			       GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	for (i = 0; i < (size_t)s->slots * s->chunks && !ret; i++) {
		u32 bytes = min_t(unsigned long, s->seg[i].bytes,
				  vma->vm_end - addr);

		if (!bytes)
			break;
		ret = chunk_insert(vma, addr, s->page[i], bytes, batch);
		addr += bytes;
	}
	kvfree(batch);
	return ret;
}

/**
 * sono_slots_to_cpu() - the board wrote @bytes of a slot: let the CPU see it
 * @s: slots, mapped
 * @dev: the board
 * @slot: number of the slot
 * @bytes: from its start
 */
void sono_slots_to_cpu(const struct sono_slots *s, struct device *dev,
		       u32 slot, u32 bytes)
{
	const struct sono_segment *seg = sono_slots_segments(s, slot);

	for (; bytes; seg++) {
		u32 n = min(bytes, seg->bytes);

		dma_sync_single_for_cpu(dev, seg->addr, n, DMA_FROM_DEVICE);
		bytes -= n;
	}
}

/**
 * sono_slots_to_board() - a slot is about to be posted
 * @s: slots, mapped
 * @dev: the board
 * @slot: number of the slot
 */
void sono_slots_to_board(const struct sono_slots *s, struct device *dev,
			 u32 slot)
{
	const struct sono_segment *seg = sono_slots_segments(s, slot);
	u32 i;

	for (i = 0; i < s->chunks; i++)
		dma_sync_single_for_device(dev, seg[i].addr, seg[i].bytes,
					   DMA_FROM_DEVICE);
}

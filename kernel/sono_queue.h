/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The host's side of the board's two queues: descriptors posted, completions
 * read. Memory only; whoever owns the queue rings the doorbells.
 */
#ifndef SONO_QUEUE_H
#define SONO_QUEUE_H

#include "sono_port.h"
#include "sono_regs.h"

/**
 * struct sono_segment - a piece of a slot that is contiguous on the bus
 * @addr: bus address
 * @bytes: length
 */
struct sono_segment {
	u64 addr;
	u32 bytes;
};

/**
 * struct sono_queue - both queues; calls must not overlap
 * @post: descriptors, read by the board
 * @post_mask: entries - 1
 * @post_tail: descriptors written; what POST_TAIL is to be told
 * @cpl: completions, written by the board
 * @cpl_mask: entries - 1
 * @cpl_head: completions taken; what CPL_HEAD is to be told
 * @checked: the board has SONO_FEAT_CHECK
 */
struct sono_queue {
	struct sono_desc *post;
	u32 post_mask;
	u32 post_tail;
	struct sono_cpl *cpl;
	u32 cpl_mask;
	u32 cpl_head;
	bool checked;
};

/**
 * struct sono_completion - a completion, copied once, in host byte order
 *
 * Fields as in struct sono_cpl. None of them can be trusted.
 *
 * @torn: it is not what the board wrote: its check is wrong
 */
struct sono_completion {
	u64 seq;
	u64 hw_ts;
	u64 tag;
	u32 slot;
	u32 gen;
	u32 len;
	u32 dropped;
	u32 cfg_gen;
	u32 flags;
	bool torn;
};

void sono_queue_reset(struct sono_queue *q);
void sono_queue_post(struct sono_queue *q, const struct sono_segment *seg,
		     u32 segs, u32 slot, u32 gen);
bool sono_queue_next(struct sono_queue *q, struct sono_completion *out);

#endif /* SONO_QUEUE_H */

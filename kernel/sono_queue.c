// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "sono_queue.h"

/**
 * sono_queue_reset() - empty both queues, for a board that is stopped
 * @q: the queue; its memory is zeroed, so that no phase bit is set
 */
void sono_queue_reset(struct sono_queue *q)
{
	memset(q->post, 0, ((size_t)q->post_mask + 1) * sizeof(*q->post));
	memset(q->cpl, 0, ((size_t)q->cpl_mask + 1) * sizeof(*q->cpl));
	q->post_tail = 0;
	q->cpl_head = 0;
}

/**
 * sono_queue_post() - write a slot's descriptors
 * @q: the queue; it has room, as it holds every segment of every slot
 * @seg: the slot's segments in order
 * @segs: how many, at least 1
 * @slot: number of the slot
 * @gen: its generation
 *
 * The board sees them after the doorbell, whose MMIO write orders them.
 */
void sono_queue_post(struct sono_queue *q, const struct sono_segment *seg,
		     u32 segs, u32 slot, u32 gen)
{
	u32 i;

	for (i = 0; i < segs; i++) {
		struct sono_desc *d = &q->post[q->post_tail++ & q->post_mask];

		d->addr = cpu_to_le64(seg[i].addr);
		d->bytes = cpu_to_le32(seg[i].bytes);
		d->slot = cpu_to_le32(slot);
		d->gen = cpu_to_le32(gen);
		d->flags = cpu_to_le32(i + 1 == segs ? SONO_DESC_LAST : 0);
	}
}

/**
 * sono_queue_next() - take the next completion
 * @q: the queue
 * @out: the completion
 *
 * The entry is read once: what the board writes into it afterwards changes
 * nothing.
 *
 * Return: false if there is none.
 */
bool sono_queue_next(struct sono_queue *q, struct sono_completion *out)
{
	const struct sono_cpl *c = &q->cpl[q->cpl_head & q->cpl_mask];
	u32 pass = q->cpl_head / (q->cpl_mask + 1);
	u32 phase = le32_to_cpu(READ_ONCE(c->phase)) & SONO_CPL_PHASE;

	if (phase == (pass & 1))
		return false;

	/* Pairs with the board, which writes the phase last. */
	dma_rmb();
	out->seq = le64_to_cpu(READ_ONCE(c->seq));
	out->hw_ts = le64_to_cpu(READ_ONCE(c->hw_ts));
	out->tag = le64_to_cpu(READ_ONCE(c->tag));
	out->slot = le32_to_cpu(READ_ONCE(c->slot));
	out->gen = le32_to_cpu(READ_ONCE(c->gen));
	out->len = le32_to_cpu(READ_ONCE(c->len));
	out->dropped = le32_to_cpu(READ_ONCE(c->dropped));
	out->cfg_gen = le32_to_cpu(READ_ONCE(c->cfg_gen));
	out->flags = le32_to_cpu(READ_ONCE(c->flags));
	q->cpl_head++;
	return true;
}

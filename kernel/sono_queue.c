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

/* Each word once; what the board writes afterwards changes nothing. */
static void read_entry(struct sono_cpl *to, const struct sono_cpl *from)
{
	to->seq = READ_ONCE(from->seq);
	to->hw_ts = READ_ONCE(from->hw_ts);
	to->tag = READ_ONCE(from->tag);
	to->slot = READ_ONCE(from->slot);
	to->gen = READ_ONCE(from->gen);
	to->len = READ_ONCE(from->len);
	to->dropped = READ_ONCE(from->dropped);
	to->cfg_gen = READ_ONCE(from->cfg_gen);
	to->flags = READ_ONCE(from->flags);
	to->rsvd[0] = READ_ONCE(from->rsvd[0]);
	to->rsvd[1] = READ_ONCE(from->rsvd[1]);
	to->check = READ_ONCE(from->check);
	to->phase = READ_ONCE(from->phase);
}

/* Changes the copy. */
static bool is_torn(struct sono_cpl *c)
{
	u32 check = le32_to_cpu(c->check);

	c->check = 0;
	return check != sono_crc32(c, sizeof(*c));
}

/**
 * sono_queue_next() - take the next completion
 * @q: the queue
 * @out: the completion
 *
 * Return: false if there is none.
 */
bool sono_queue_next(struct sono_queue *q, struct sono_completion *out)
{
	const struct sono_cpl *c = &q->cpl[q->cpl_head & q->cpl_mask];
	u32 pass = q->cpl_head / (q->cpl_mask + 1);
	u32 phase = le32_to_cpu(READ_ONCE(c->phase)) & SONO_CPL_PHASE;
	struct sono_cpl copy;

	if (phase == (pass & 1))
		return false;

	/* Pairs with the board, which writes the phase last. */
	dma_rmb();
	read_entry(&copy, c);
	out->seq = le64_to_cpu(copy.seq);
	out->hw_ts = le64_to_cpu(copy.hw_ts);
	out->tag = le64_to_cpu(copy.tag);
	out->slot = le32_to_cpu(copy.slot);
	out->gen = le32_to_cpu(copy.gen);
	out->len = le32_to_cpu(copy.len);
	out->dropped = le32_to_cpu(copy.dropped);
	out->cfg_gen = le32_to_cpu(copy.cfg_gen);
	out->flags = le32_to_cpu(copy.flags);
	out->torn = q->checked && is_torn(&copy);
	q->cpl_head++;
	return true;
}

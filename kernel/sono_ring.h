/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The ring core: what is published to the consumer, what it gives back, and
 * the state of every slot in between. The module and the library's
 * in-process board build this one source, so that they cannot drift.
 *
 * A slot goes round:
 *
 *	FREE --take--> POSTED --complete--> HELD --release--> FREE
 *	                 |
 *	                 +--passed over--> RETIRED --reclaim--> FREE
 *
 * Both neighbours are hostile: the board that writes completions and the
 * process that writes the user area.
 */
#ifndef SONO_RING_H
#define SONO_RING_H

#include <linux/sono.h>

#include "sono_queue.h"

enum sono_slot_state {
	SONO_SLOT_FREE, /* in the free queue */
	SONO_SLOT_POSTED, /* the board may write it */
	SONO_SLOT_HELD, /* the consumer reads it */
	SONO_SLOT_RETIRED, /* its completion was lost: until DMA has stopped */
};

/**
 * struct sono_slot - one slot
 * @state: where it is
 * @gen: counts its postings
 */
struct sono_slot {
	enum sono_slot_state state;
	u32 gen;
};

/**
 * struct sono_fifo - slot numbers in order
 * @slot: room for every slot, a power of two
 * @head: taken
 * @tail: put
 */
struct sono_fifo {
	u32 *slot;
	u32 head, tail;
};

/**
 * struct sono_ring - all of it; the owner's lock is held around every call
 *
 * @ctl: published; only this core writes it
 * @gen: published generation of every slot
 * @record: published ring of @ring_entries
 * @user: the process's page; read once per value, never trusted
 * @release: the process's ring of @release_entries
 * @slots: number of slots
 * @slot_bytes: that a frame may have
 * @ring_entries: a power of two, at least twice @slots: no record that the
 *                consumer has not released is overwritten
 * @release_entries: a power of two, at least twice @slots
 * @slot: state of every slot
 * @free: slots to be posted
 * @posted: slots at the board, in the order it will fill them
 * @mask: of both fifos
 * @next_seq: number the next frame has if none is dropped
 */
struct sono_ring {
	struct sono_ctl *ctl;
	u32 *gen;
	struct sono_record *record;
	const struct sono_user *user;
	const struct sono_release *release;
	u32 slots;
	u32 slot_bytes;
	u32 ring_entries;
	u32 release_entries;

	struct sono_slot *slot;
	struct sono_fifo free;
	struct sono_fifo posted;
	u32 mask;
	u64 next_seq;
};

void sono_ring_init(struct sono_ring *r, const struct sono_setup *st,
		    void *ring_mem, const void *user_mem);
u64 sono_ring_begin(struct sono_ring *r);
int sono_ring_take(struct sono_ring *r, u32 *slot, u32 *gen);
u32 sono_ring_check(const struct sono_ring *r, const struct sono_completion *c,
		    u32 *info);
int sono_ring_complete(struct sono_ring *r, const struct sono_completion *c,
		       u64 host_ts);
void sono_ring_reap(struct sono_ring *r);
bool sono_ring_settle(struct sono_ring *r);
void sono_ring_end(struct sono_ring *r, u32 reason, u32 fault, u32 info,
		   u64 produced, u64 dropped);
void sono_ring_reclaim(struct sono_ring *r);

/** sono_ring_ready() - records published from @pos on; pos beyond the head: 0 */
static inline u64 sono_ring_ready(const struct sono_ring *r, u64 pos)
{
	return pos < r->ctl->head ? r->ctl->head - pos : 0;
}

/** sono_ring_starved() - true if the board has no slot to fill */
static inline bool sono_ring_starved(const struct sono_ring *r)
{
	return r->ctl->posted == 0;
}

#endif /* SONO_RING_H */

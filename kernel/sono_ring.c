// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "sono_ring.h"

static void fifo_put(struct sono_fifo *f, u32 mask, u32 slot)
{
	f->slot[f->tail++ & mask] = slot;
}

static u32 fifo_get(struct sono_fifo *f, u32 mask)
{
	return f->slot[f->head++ & mask];
}

static bool fifo_empty(const struct sono_fifo *f)
{
	return f->head == f->tail;
}

static void slot_free(struct sono_ring *r, u32 slot)
{
	r->slot[slot].state = SONO_SLOT_FREE;
	fifo_put(&r->free, r->mask, slot);
}

static void set_posted(struct sono_ring *r, u32 posted)
{
	WRITE_ONCE(r->ctl->posted, posted);
}

/**
 * sono_ring_init() - all slots free, nothing published
 * @r: its slot and fifo arrays are allocated, the rest is set here
 * @st: sizes and layout
 * @ring_mem: the ring area, zeroed
 * @user_mem: the user area, zeroed
 */
void sono_ring_init(struct sono_ring *r, const struct sono_setup *st,
		    void *ring_mem, const void *user_mem)
{
	u32 i;

	r->ctl = ring_mem;
	r->gen = ring_mem + st->gen_offset;
	r->record = ring_mem + st->record_offset;
	r->user = user_mem;
	r->release = user_mem + st->release_offset;
	r->slots = st->slots;
	r->slot_bytes = st->slot_stride;
	r->ring_entries = st->ring_entries;
	r->release_entries = st->release_entries;
	r->mask = st->release_entries - 1;
	for (i = 0; i < r->slots; i++)
		slot_free(r, i);
}

/**
 * sono_ring_begin() - a run starts; slots that are held stay so
 * @r: the ring
 *
 * Return: the position of the run's first record.
 */
u64 sono_ring_begin(struct sono_ring *r)
{
	struct sono_ctl *ctl = r->ctl;

	r->next_seq = 0;
	ctl->produced = 0;
	ctl->delivered = 0;
	ctl->dropped = 0;
	ctl->lost = 0;
	ctl->reason = SONO_END_NONE;
	ctl->fault = 0;
	ctl->fault_info = 0;
	ctl->stream_gen++;
	/* Who sees RUNNING sees this run's counters, not the last one's. */
	smp_store_release(&ctl->state, SONO_STATE_RUNNING);
	return ctl->head;
}

/**
 * sono_ring_take() - the next free slot, to be posted
 * @r: the ring
 * @slot: its number
 * @gen: its new generation
 *
 * The generation is published before the board can write the slot, so that
 * a reader who copies the frame and then finds it unchanged has a whole one.
 *
 * Return: 0 or -EAGAIN without a free slot.
 */
int sono_ring_take(struct sono_ring *r, u32 *slot, u32 *gen)
{
	u32 s;

	if (fifo_empty(&r->free))
		return -EAGAIN;
	s = fifo_get(&r->free, r->mask);
	r->slot[s].state = SONO_SLOT_POSTED;
	r->slot[s].gen++;
	WRITE_ONCE(r->gen[s], r->slot[s].gen);
	/* Pairs with the re-read of the generation after a copy. */
	smp_wmb();
	fifo_put(&r->posted, r->mask, s);
	set_posted(r, r->ctl->posted + 1);
	*slot = s;
	*gen = r->slot[s].gen;
	trace_sono_post(r, *slot, *gen);
	return 0;
}

/* Slots at the board that it should have filled before this one. */
static u64 passed_over(const struct sono_ring *r, u32 slot)
{
	u32 at = r->posted.head;

	while (r->posted.slot[at & r->mask] != slot)
		at++;
	return at - r->posted.head;
}

/**
 * sono_ring_check() - is this a completion that the board may send now?
 * @r: the ring
 * @c: the completion
 * @info: what is wrong about it, as in struct sono_ctl
 *
 * Return: 0 or SONO_BAD_*.
 */
u32 sono_ring_check(const struct sono_ring *r, const struct sono_completion *c,
		    u32 *info)
{
	u32 s;

	*info = c->slot;
	if (c->torn)
		return SONO_BAD_CHECK;
	if (c->slot >= r->slots)
		return SONO_BAD_SLOT;
	s = array_index_nospec(c->slot, r->slots);
	if (r->slot[s].state != SONO_SLOT_POSTED)
		return SONO_BAD_STATE;
	*info = c->gen;
	if (c->gen != r->slot[s].gen)
		return SONO_BAD_GEN;
	*info = c->len;
	if (!c->len || c->len > r->slot_bytes)
		return SONO_BAD_LEN;
	*info = (u32)c->seq;
	/* No board makes 2^32 frames between two completions. */
	if (c->seq < r->next_seq || c->seq - r->next_seq < c->dropped ||
	    c->seq - r->next_seq > U32_MAX)
		return SONO_BAD_SEQ;
	/* Each slot passed over had a frame that is missing now. */
	*info = c->slot;
	if (passed_over(r, s) > c->seq - r->next_seq - c->dropped)
		return SONO_BAD_SLOT;
	return 0;
}

/* The board fills slots in order: those before this one were lost. */
static void retire_before(struct sono_ring *r, u32 slot)
{
	u32 s;

	while ((s = fifo_get(&r->posted, r->mask)) != slot) {
		trace_sono_retire(r, s, r->slot[s].gen);
		r->slot[s].state = SONO_SLOT_RETIRED;
		set_posted(r, r->ctl->posted - 1);
	}
	set_posted(r, r->ctl->posted - 1);
}

/**
 * sono_ring_complete() - check a completion and publish its record
 * @r: the ring
 * @c: the completion
 * @host_ts: CLOCK_MONOTONIC [ns]
 *
 * Return: 0, or -EPROTO if the board lied: nothing is published, ctl->fault
 * and ctl->fault_info say what it said. DMA must be stopped then.
 */
int sono_ring_complete(struct sono_ring *r, const struct sono_completion *c,
		       u64 host_ts)
{
	struct sono_ctl *ctl = r->ctl;
	struct sono_record *rec;
	u32 bad, info, slot;
	u32 lost;

	bad = sono_ring_check(r, c, &info);
	if (bad) {
		ctl->fault_info = info;
		ctl->fault = bad;
		return -EPROTO;
	}
	slot = array_index_nospec(c->slot, r->slots);
	retire_before(r, slot);
	r->slot[slot].state = SONO_SLOT_HELD;

	lost = (u32)(c->seq - r->next_seq) - c->dropped;
	r->next_seq = c->seq + 1;

	rec = &r->record[ctl->head & (r->ring_entries - 1)];
	rec->seq = c->seq;
	rec->hw_ts = c->hw_ts;
	rec->host_ts = host_ts;
	rec->slot = slot;
	rec->gen = c->gen;
	rec->len = c->len;
	rec->flags = (c->dropped || lost ? SONO_RECORD_GAP : 0) |
		     (c->flags & SONO_CPL_TX_OFF ? SONO_RECORD_TX_OFF : 0);
	rec->dropped = c->dropped;
	rec->cfg_gen = c->cfg_gen;
	rec->tag = c->tag;
	rec->lost = lost;

	trace_sono_complete(r, rec);

	ctl->delivered++;
	ctl->dropped += c->dropped;
	ctl->lost += lost;
	/* Pairs with the consumer's load-acquire of head. */
	smp_store_release(&ctl->head, ctl->head + 1);
	return 0;
}

static void release_one(struct sono_ring *r, u32 slot, u32 gen)
{
	if (slot < r->slots) {
		slot = array_index_nospec(slot, r->slots);
		if (r->slot[slot].state == SONO_SLOT_HELD &&
		    r->slot[slot].gen == gen) {
			trace_sono_release(r, slot, gen);
			slot_free(r, slot);
			return;
		}
	}
	trace_sono_bad_release(r, slot, gen);
	WRITE_ONCE(r->ctl->bad_release, r->ctl->bad_release + 1);
}

/**
 * sono_ring_reap() - take what the consumer has given back
 * @r: the ring
 *
 * Slot, generation and state must all match, else the entry is counted and
 * forgotten. A tail further ahead than the ring is long counts as one bad
 * entry, and all up to it is skipped.
 */
void sono_ring_reap(struct sono_ring *r)
{
	/* Pairs with the consumer's store-release after its entries. */
	u32 tail = smp_load_acquire(&r->user->release_tail);
	u32 head = r->ctl->released;

	if (tail - head > r->release_entries) {
		trace_sono_bad_release(r, U32_MAX, tail - head);
		WRITE_ONCE(r->ctl->bad_release, r->ctl->bad_release + 1);
		head = tail;
	}
	for (; head != tail; head++) {
		const struct sono_release *e =
			&r->release[head & (r->release_entries - 1)];

		release_one(r, READ_ONCE(e->slot), READ_ONCE(e->gen));
	}
	WRITE_ONCE(r->ctl->released, tail);
}

/**
 * sono_ring_settle() - decide whether the next release must kick
 * @r: the ring, after all free slots were posted
 *
 * Fewer posted than a quarter of the slots, and there may be no interrupt to
 * take the releases with: the consumer has to say so. Flag first, then a
 * full barrier, then the tail again; the consumer does it the other way
 * round, so one of the two sees the other.
 *
 * Return: true if entries arrived meanwhile: reap and post again.
 */
bool sono_ring_settle(struct sono_ring *r)
{
	bool low = r->ctl->posted * 4 < r->slots;

	WRITE_ONCE(r->ctl->need_kick, low);
	if (!low)
		return false;
	/* Pairs with the consumer's fence between its tail and this flag. */
	smp_mb();
	return READ_ONCE(r->user->release_tail) != r->ctl->released;
}

/**
 * sono_ring_end() - close the run's account, after its last record
 * @r: the ring; DMA has stopped
 * @reason: SONO_END_*
 * @fault: see struct sono_ctl
 * @info: see struct sono_ctl
 * @produced: frames of the run by the board's counter
 * @dropped: frames dropped in the run by the board's counter
 *
 * What was produced, neither dropped nor delivered, was lost. The board's
 * counters are no more trusted than its completions: they can say that frames
 * which were missing had been dropped, but not that there were fewer frames.
 */
void sono_ring_end(struct sono_ring *r, u32 reason, u32 fault, u32 info,
		   u64 produced, u64 dropped)
{
	struct sono_ctl *ctl = r->ctl;

	if (produced >= r->next_seq && dropped <= produced - ctl->delivered) {
		if (dropped > ctl->dropped)
			ctl->dropped = dropped;
		ctl->lost = produced - ctl->delivered - ctl->dropped;
	}
	ctl->produced = ctl->delivered + ctl->dropped + ctl->lost;
	ctl->reason = reason;
	ctl->fault = fault;
	ctl->fault_info = info;
	/* Who sees ENDED sees the final account and every record. */
	smp_store_release(&ctl->state, SONO_STATE_ENDED);
}

/**
 * sono_ring_reclaim() - take back what the board has, once it cannot write
 * @r: the ring
 */
void sono_ring_reclaim(struct sono_ring *r)
{
	u32 i;

	r->posted.head = r->posted.tail;
	set_posted(r, 0);
	for (i = 0; i < r->slots; i++)
		if (r->slot[i].state == SONO_SLOT_POSTED ||
		    r->slot[i].state == SONO_SLOT_RETIRED) {
			trace_sono_reclaim(r, i, r->slot[i].gen);
			slot_free(r, i);
		}
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ring core between its two hostile neighbours, one call at a time. The
 * module is built from the same source.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sono_limits.h"
#include "sono_ring.h"

#define SLOTS 8
#define BYTES 4096
#define LEN 4032

struct ring {
	struct sono_ring core;
	struct sono_setup setup;
	struct sono_slot slot[SLOTS];
	u32 free[2 * SLOTS], posted[2 * SLOTS]; /* of release_entries */
	char *ring_mem;
	char *user_mem;
};

static struct ring ring;

static struct sono_user *user(void)
{
	return (void *)ring.user_mem;
}

static void create(void)
{
	struct sono_ring *r = &ring.core;

	memset(&ring, 0, sizeof(ring));
	ring.setup.slots = SLOTS;
	sono_setup_layout(&ring.setup, BYTES);
	ring.ring_mem = calloc(1, ring.setup.ring_bytes);
	ring.user_mem = calloc(1, ring.setup.user_bytes);
	cr_assert(ring.ring_mem && ring.user_mem);
	r->slot = ring.slot;
	r->free.slot = ring.free;
	r->posted.slot = ring.posted;
	sono_ring_init(r, &ring.setup, ring.ring_mem, ring.user_mem);
}

static void destroy(void)
{
	free(ring.ring_mem);
	free(ring.user_mem);
}

/* Posts all that is free; the number of slots it were. */
static u32 post_all(void)
{
	u32 slot, gen, n = 0;

	while (!sono_ring_take(&ring.core, &slot, &gen))
		n++;
	return n;
}

static void begin(void)
{
	sono_ring_begin(&ring.core);
	post_all();
}

/* An honest completion of frame @seq in @slot. */
static struct sono_completion honest(u64 seq, u32 slot)
{
	return (struct sono_completion){
		.seq = seq,
		.hw_ts = 1000 * seq,
		.tag = 7,
		.slot = slot,
		.gen = ring.slot[slot].gen,
		.len = LEN,
		.cfg_gen = 3,
	};
}

static void complete(u64 seq, u32 slot)
{
	struct sono_completion c = honest(seq, slot);

	cr_assert_eq(sono_ring_complete(&ring.core, &c, seq), 0, "seq %llu",
		     (unsigned long long)seq);
}

static void release(u32 slot, u32 gen)
{
	u32 tail = user()->release_tail;
	struct sono_release *e = (void *)(ring.user_mem +
					  ring.setup.release_offset);

	e[tail & (ring.setup.release_entries - 1)] =
		(struct sono_release){ slot, gen };
	user()->release_tail = tail + 1;
}

static const struct sono_record *record(u64 pos)
{
	return &ring.core.record[pos & (ring.setup.ring_entries - 1)];
}

TestSuite(ring, .init = create, .fini = destroy);

/* --- slots go round ---------------------------------------------------------- */

Test(ring, slots_are_posted_in_the_order_they_came_back)
{
	static const u32 order[SLOTS] = { 3, 0, 7, 1, 6, 2, 5, 4 };
	u32 slot, gen;

	begin();
	for (u32 i = 0; i < SLOTS; i++)
		complete(i, i);
	for (u32 i = 0; i < SLOTS; i++)
		release(order[i], 1);
	sono_ring_reap(&ring.core);
	for (u32 i = 0; i < SLOTS; i++) {
		cr_assert_eq(sono_ring_take(&ring.core, &slot, &gen), 0);
		cr_assert_eq(slot, order[i]);
		cr_assert_eq(gen, 2);
		cr_assert_eq(ring.core.gen[slot], 2);
	}
	cr_assert_eq(sono_ring_take(&ring.core, &slot, &gen), -EAGAIN);
	cr_assert_eq(ring.core.ctl->bad_release, 0);
}

Test(ring, record_says_what_the_completion_did)
{
	struct sono_completion c;

	begin();
	c = honest(5, 0);
	c.dropped = 5;
	c.flags = SONO_CPL_TX_OFF | 0x80;
	cr_assert_eq(sono_ring_complete(&ring.core, &c, 12345), 0);
	cr_assert_eq(record(0)->seq, 5);
	cr_assert_eq(record(0)->hw_ts, 5000);
	cr_assert_eq(record(0)->host_ts, 12345);
	cr_assert_eq(record(0)->slot, 0);
	cr_assert_eq(record(0)->gen, 1);
	cr_assert_eq(record(0)->len, LEN);
	cr_assert_eq(record(0)->flags, SONO_RECORD_GAP | SONO_RECORD_TX_OFF);
	cr_assert_eq(record(0)->dropped, 5);
	cr_assert_eq(record(0)->cfg_gen, 3);
	cr_assert_eq(record(0)->tag, 7);
	cr_assert_eq(record(0)->lost, 0);
	cr_assert_eq(record(0)->rsvd, 0);
	cr_assert_eq(ring.core.ctl->head, 1);
}

/* Ten times round every ring, and through the wrap of the u32 counters. */
Test(ring, counters_wrap)
{
	const u32 start = ~0u - 20;
	u64 seq = 0;

	user()->release_tail = start;
	ring.core.ctl->released = start;
	ring.core.posted.head = start;
	ring.core.posted.tail = start;
	ring.core.free.head += start;
	ring.core.free.tail += start;
	/* The free slots lie where their shifted positions are. */
	for (u32 i = 0; i < SLOTS; i++)
		ring.free[(start + i) & ring.core.mask] = i;
	begin();
	for (u32 n = 0; n < 100; n++) {
		const struct sono_record *r;

		complete(seq, (u32)(seq % SLOTS));
		r = record(ring.core.ctl->head - 1);
		cr_assert_eq(r->seq, seq);
		release(r->slot, r->gen);
		sono_ring_reap(&ring.core);
		cr_assert_eq(post_all(), 1, "seq %llu",
			     (unsigned long long)seq);
		seq++;
	}
	cr_assert_eq(ring.core.ctl->bad_release, 0);
	cr_assert_eq(ring.core.ctl->posted, SLOTS);
	cr_assert_eq(user()->release_tail, start + 100);
}

/* --- a consumer that is wrong -------------------------------------------------- */

/* Slots 0 to 3 are held in generation 1, the others posted. */
static const struct {
	const char *what;
	u32 slot, gen;
	u32 bad;
} releases[] = {
	{ "held", 2, 1, 0 },
	{ "beyond the last", SLOTS, 1, 1 },
	{ "far beyond", ~0u, 1, 1 },
	{ "generation to come", 2, 2, 1 },
	{ "generation before", 2, 0, 1 },
	{ "still posted", 5, 1, 1 },
};

Test(ring, release_is_checked)
{
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++) {
		destroy();
		create();
		begin();
		for (u32 n = 0; n < 4; n++)
			complete(n, n);
		release(releases[i].slot, releases[i].gen);
		sono_ring_reap(&ring.core);
		cr_expect_eq(ring.core.ctl->bad_release, releases[i].bad,
			     "%s", releases[i].what);
		cr_expect_eq(post_all(), 1 - releases[i].bad, "%s",
			     releases[i].what);
		cr_expect_eq(ring.core.ctl->released, 1);
	}
}

Test(ring, double_release_gives_one_slot)
{
	begin();
	complete(0, 0);
	release(0, 1);
	release(0, 1);
	sono_ring_reap(&ring.core);
	cr_assert_eq(ring.core.ctl->bad_release, 1);
	cr_assert_eq(post_all(), 1);
	/* And not in its next life either. */
	release(0, 1);
	sono_ring_reap(&ring.core);
	cr_assert_eq(ring.core.ctl->bad_release, 2);
	cr_assert_eq(post_all(), 0);
}

Test(ring, tail_beyond_the_ring_is_one_bad_entry)
{
	static const u32 jumps[] = { 2 * SLOTS + 1, 0x80000000u, ~0u };
	u64 bad = 0;

	begin();
	for (u32 n = 0; n < SLOTS; n++)
		complete(n, n);
	/* What the entries say is true, but they were not put there. */
	for (u32 n = 0; n < SLOTS; n++)
		release(n, 1);
	user()->release_tail = 0;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(*jumps); i++) {
		user()->release_tail += jumps[i];
		sono_ring_reap(&ring.core);
		cr_assert_eq(ring.core.ctl->bad_release, ++bad);
		cr_assert_eq(ring.core.ctl->released, user()->release_tail);
		cr_assert_eq(post_all(), 0);
	}
	release(6, 1);
	sono_ring_reap(&ring.core);
	cr_assert_eq(ring.core.ctl->bad_release, bad);
	cr_assert_eq(post_all(), 1);
}

Test(ring, need_kick_below_a_quarter)
{
	struct sono_ctl *ctl = ring.core.ctl;

	begin();
	for (u32 n = 0; n < SLOTS; n++) {
		bool low = ctl->posted * 4 < SLOTS;

		cr_assert_not(sono_ring_settle(&ring.core));
		cr_assert_eq(ctl->need_kick, low, "%u posted", ctl->posted);
		complete(n, n);
	}
	cr_assert_not(sono_ring_settle(&ring.core));
	cr_assert_eq(ctl->need_kick, 1);
	/* What came between the reaping and the flag is not slept over. */
	release(0, 1);
	cr_assert(sono_ring_settle(&ring.core));
	sono_ring_reap(&ring.core);
	cr_assert_not(sono_ring_settle(&ring.core));
	for (u32 n = 1; n < 3; n++)
		release(n, 1);
	sono_ring_reap(&ring.core);
	cr_assert_eq(post_all(), 3);
	cr_assert_not(sono_ring_settle(&ring.core));
	cr_assert_eq(ctl->need_kick, 0);
}

/* --- a board that lies ----------------------------------------------------------- */

/* Frames 0 and 1 came in slots 0 and 1; slot 0 is held, the rest posted. */
static const struct {
	const char *what;
	struct sono_completion c;
	u32 bad;
	u32 info;
} lies[] = {
	{ "honest", { .seq = 2, .slot = 2, .gen = 1, .len = LEN }, 0, 0 },
	{ "all of the slot", { .seq = 2, .slot = 2, .gen = 1, .len = BYTES },
	  0, 0 },
	{ "no such slot", { .seq = 2, .slot = SLOTS, .gen = 1, .len = LEN },
	  SONO_BAD_SLOT, SLOTS },
	{ "no such slot at all", { .seq = 2, .slot = ~0u, .gen = 1,
	  .len = LEN }, SONO_BAD_SLOT, ~0u },
	{ "not its turn", { .seq = 2, .slot = 3, .gen = 1, .len = LEN },
	  SONO_BAD_SLOT, 3 },
	{ "not its turn, a drop", { .seq = 3, .slot = 3, .gen = 1, .len = LEN,
	  .dropped = 1 }, SONO_BAD_SLOT, 3 },
	{ "held", { .seq = 2, .slot = 0, .gen = 1, .len = LEN },
	  SONO_BAD_STATE, 0 },
	{ "held since just now", { .seq = 2, .slot = 1, .gen = 1, .len = LEN },
	  SONO_BAD_STATE, 1 },
	{ "generation before", { .seq = 2, .slot = 2, .gen = 0, .len = LEN },
	  SONO_BAD_GEN, 0 },
	{ "generation to come", { .seq = 2, .slot = 2, .gen = 2, .len = LEN },
	  SONO_BAD_GEN, 2 },
	{ "nothing", { .seq = 2, .slot = 2, .gen = 1, .len = 0 },
	  SONO_BAD_LEN, 0 },
	{ "more than the slot", { .seq = 2, .slot = 2, .gen = 1,
	  .len = BYTES + 1 }, SONO_BAD_LEN, BYTES + 1 },
	{ "much more", { .seq = 2, .slot = 2, .gen = 1, .len = ~0u },
	  SONO_BAD_LEN, ~0u },
	{ "the same number", { .seq = 1, .slot = 2, .gen = 1, .len = LEN },
	  SONO_BAD_SEQ, 1 },
	{ "backward", { .seq = 0, .slot = 2, .gen = 1, .len = LEN },
	  SONO_BAD_SEQ, 0 },
	{ "more drops than numbers", { .seq = 4, .slot = 2, .gen = 1,
	  .len = LEN, .dropped = 3 }, SONO_BAD_SEQ, 4 },
};

static void expect_lie(size_t i)
{
	struct sono_ctl *ctl = ring.core.ctl;
	int ret = sono_ring_complete(&ring.core, &lies[i].c, 0);

	cr_expect_eq(ret, lies[i].bad ? -EPROTO : 0, "%s", lies[i].what);
	cr_expect_eq(ctl->fault, lies[i].bad, "%s: %u", lies[i].what,
		     ctl->fault);
	cr_expect_eq(ctl->fault_info, lies[i].info, "%s", lies[i].what);
	/* Nothing is published of a lie, and no slot changes hands. */
	cr_expect_eq(ctl->head, lies[i].bad ? 2 : 3, "%s", lies[i].what);
	cr_expect_eq(ctl->posted, lies[i].bad ? SLOTS - 2 : SLOTS - 3, "%s",
		     lies[i].what);
}

Test(ring, completion_is_checked)
{
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		destroy();
		create();
		begin();
		complete(0, 0);
		complete(1, 1);
		expect_lie(i);
	}
}

Test(ring, slots_passed_over_are_retired)
{
	begin();
	complete(0, 0);
	complete(3, 3);
	cr_assert_eq(record(1)->lost, 2);
	cr_assert_eq(record(1)->dropped, 0);
	cr_assert_eq(record(1)->flags, SONO_RECORD_GAP);
	cr_assert_eq(ring.core.ctl->lost, 2);
	cr_assert_eq(ring.core.ctl->posted, SLOTS - 4);
	/* Not before DMA has stopped: what was lost may still be written. */
	cr_assert_eq(post_all(), 0);
	release(1, 1);
	sono_ring_reap(&ring.core);
	cr_assert_eq(ring.core.ctl->bad_release, 1);
	sono_ring_reclaim(&ring.core);
	cr_assert_eq(ring.core.ctl->posted, 0);
	cr_assert_eq(post_all(), SLOTS - 2);
}

/* No board makes 2^32 frames between two completions; one that says so lies. */
Test(ring, lost_has_a_bound)
{
	struct sono_completion c;

	begin();
	c = honest((1ull << 32) + 5, 0);
	c.dropped = 5;
	cr_assert_eq(sono_ring_complete(&ring.core, &c, 0), -EPROTO);
	cr_assert_eq(ring.core.ctl->fault, SONO_BAD_SEQ);
	c.seq = UINT64_MAX;
	cr_assert_eq(sono_ring_complete(&ring.core, &c, 0), -EPROTO);
	c.seq = UINT32_MAX;
	cr_assert_eq(sono_ring_complete(&ring.core, &c, 0), 0);
	cr_assert_eq(record(0)->lost, UINT32_MAX - 5);
	cr_assert_eq(ring.core.ctl->lost, UINT32_MAX - 5);
}

/* --- the account of a run --------------------------------------------------------- */

/* Two frames delivered, one dropped, one lost; then the board's counters. */
static const struct {
	const char *what;
	u64 produced, dropped;
	u64 account_produced, account_dropped, account_lost;
} accounts[] = {
	{ "as reported", 4, 1, 4, 1, 1 },
	{ "drops after the last record", 9, 6, 9, 6, 1 },
	{ "losses after the last record", 7, 1, 7, 1, 4 },
	{ "fewer produced than delivered", 1, 1, 4, 1, 1 },
	{ "nothing: the board is gone", 0, 0, 4, 1, 1 },
	{ "fewer dropped than reported", 4, 0, 4, 1, 1 },
	{ "more dropped than produced", 4, 100, 4, 1, 1 },
	{ "drops that had counted as lost", 4, 2, 4, 2, 0 },
	{ "the same, and losses since", 6, 2, 6, 2, 2 },
};

Test(ring, account_cannot_be_lied_away)
{
	for (size_t i = 0; i < sizeof(accounts) / sizeof(*accounts); i++) {
		struct sono_completion c;
		struct sono_ctl *ctl;

		destroy();
		create();
		begin();
		ctl = ring.core.ctl;
		complete(0, 0);
		c = honest(3, 2);
		c.dropped = 1;
		cr_assert_eq(sono_ring_complete(&ring.core, &c, 0), 0);
		sono_ring_end(&ring.core, SONO_END_STOP, 0, 0,
			      accounts[i].produced, accounts[i].dropped);
		cr_expect_eq(ctl->state, SONO_STATE_ENDED);
		cr_expect_eq(ctl->delivered, 2);
		cr_expect_eq(ctl->produced, accounts[i].account_produced,
			     "%s: %llu", accounts[i].what,
			     (unsigned long long)ctl->produced);
		cr_expect_eq(ctl->dropped, accounts[i].account_dropped, "%s",
			     accounts[i].what);
		cr_expect_eq(ctl->lost, accounts[i].account_lost, "%s: %llu",
			     accounts[i].what, (unsigned long long)ctl->lost);
	}
}

Test(ring, next_run_begins_anew_but_for_positions)
{
	struct sono_ctl *ctl = ring.core.ctl;

	begin();
	complete(0, 0);
	complete(2, 2);
	sono_ring_end(&ring.core, SONO_END_FAULT, 4, 5, 9, 3);
	sono_ring_reclaim(&ring.core);
	cr_assert_eq(sono_ring_begin(&ring.core), 2);
	cr_assert_eq(ctl->state, SONO_STATE_RUNNING);
	cr_assert_eq(ctl->stream_gen, 2);
	cr_assert_eq(ctl->reason + ctl->fault + ctl->fault_info, 0);
	cr_assert_eq(ctl->produced + ctl->delivered + ctl->dropped + ctl->lost,
		     0);
	/* Slots 0 and 2 are still held; the others go round once more. */
	cr_assert_eq(post_all(), SLOTS - 2);
	complete(0, 1);
	cr_assert_eq(record(2)->slot, 1);
	cr_assert_eq(record(2)->gen, 2);
	release(0, 1);
	release(2, 1);
	sono_ring_reap(&ring.core);
	cr_assert_eq(ctl->bad_release, 0);
	cr_assert_eq(post_all(), 2);
}

Test(ring, ready_counts_from_a_position)
{
	begin();
	for (u32 n = 0; n < 5; n++)
		complete(n, n);
	cr_assert_eq(sono_ring_ready(&ring.core, 0), 5);
	cr_assert_eq(sono_ring_ready(&ring.core, 4), 1);
	cr_assert_eq(sono_ring_ready(&ring.core, 5), 0);
	cr_assert_eq(sono_ring_ready(&ring.core, ~0ull), 0);
	cr_assert_not(sono_ring_starved(&ring.core));
	for (u32 n = 5; n < SLOTS; n++)
		complete(n, n);
	cr_assert(sono_ring_starved(&ring.core));
}

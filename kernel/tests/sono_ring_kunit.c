// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring core's index arithmetic: counters and generations that wrap, rings
 * that overrun, and the account's limits.
 */
#include <kunit/test.h>

#include "sono_limits.h"
#include "sono_trace.c"
#include "sono_ring.c"

#define SLOTS 6 /* not a power of two */
#define STRIDE 4096

/* Where counters of 32 bits start: anywhere, and just before they wrap. */
static const u32 starts[] = { 0, 1, 0x7ffffffe, 0x80000000, 0xfffffff0,
			      0xffffffff };

static void start_name(const u32 *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from_%08x", *start);
}

KUNIT_ARRAY_PARAM(start, starts, start_name);

struct fixture {
	struct sono_ring ring;
	struct sono_setup setup;
	struct sono_user *user;
	struct sono_release *release;
};

static void *zeroed(struct kunit *test, size_t bytes)
{
	void *p = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static int ring_init(struct kunit *test)
{
	struct fixture *f = zeroed(test, sizeof(*f));
	struct sono_ring *r = &f->ring;
	void *user;

	f->setup.slots = SLOTS;
	sono_setup_layout(&f->setup, STRIDE);
	r->slot = zeroed(test, SLOTS * sizeof(*r->slot));
	r->free.slot = zeroed(test, f->setup.release_entries * sizeof(u32));
	r->posted.slot = zeroed(test, f->setup.release_entries * sizeof(u32));
	user = zeroed(test, f->setup.user_bytes);
	f->user = user;
	f->release = user + f->setup.release_offset;
	sono_ring_init(r, &f->setup, zeroed(test, f->setup.ring_bytes), user);
	test->priv = f;
	return 0;
}

/* All counters that wrap, as after @start frames. */
static void wind_to(struct fixture *f, u32 start)
{
	struct sono_ring *r = &f->ring;
	u32 i;

	r->free.head = start;
	r->free.tail = start;
	r->posted.head = start;
	r->posted.tail = start;
	for (i = 0; i < r->slots; i++) {
		r->slot[i].gen = start;
		fifo_put(&r->free, r->mask, i);
	}
	r->ctl->head = start;
	r->ctl->released = start;
	f->user->release_tail = start;
}

static struct sono_completion completion(u64 seq, u32 slot, u32 gen)
{
	return (struct sono_completion){
		.seq = seq, .slot = slot, .gen = gen, .len = STRIDE,
	};
}

static void give_back(struct fixture *f, u32 slot, u32 gen)
{
	u32 at = f->user->release_tail & (f->ring.release_entries - 1);

	f->release[at].slot = slot;
	f->release[at].gen = gen;
	f->user->release_tail++;
}

/* Every slot goes round many times; none is lost, none comes twice. */
static void slots_go_round(struct kunit *test)
{
	u32 start = *(const u32 *)test->param_value;
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	u32 slot, gen;
	u64 seq;

	wind_to(f, start);
	KUNIT_EXPECT_EQ(test, sono_ring_begin(r), start);
	for (seq = 0; seq < 100; seq++) {
		struct sono_completion c;
		const struct sono_record *rec;
		u32 at = (start + (u32)seq) & (r->ring_entries - 1);

		KUNIT_ASSERT_EQ(test, sono_ring_take(r, &slot, &gen), 0);
		KUNIT_EXPECT_EQ(test, slot, seq % SLOTS);
		KUNIT_EXPECT_EQ(test, gen, start + 1 + (u32)(seq / SLOTS));
		KUNIT_EXPECT_EQ(test, r->gen[slot], gen);
		c = completion(seq, slot, gen);
		KUNIT_ASSERT_EQ(test, sono_ring_complete(r, &c, 1), 0);
		rec = &r->record[at];
		KUNIT_EXPECT_EQ(test, rec->seq, seq);
		KUNIT_EXPECT_EQ(test, rec->slot, slot);
		give_back(f, slot, gen);
		sono_ring_reap(r);
		KUNIT_EXPECT_EQ(test, r->ctl->released, start + 1 + (u32)seq);
		KUNIT_EXPECT_EQ(test, r->slot[slot].state, SONO_SLOT_FREE);
	}
	KUNIT_EXPECT_EQ(test, r->ctl->head, start + 100ull);
	KUNIT_EXPECT_EQ(test, r->ctl->bad_release, 0);
	KUNIT_EXPECT_EQ(test, r->ctl->delivered, 100);
}

static void fifo_holds_every_slot(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	u32 slot, gen, i;

	wind_to(f, *(const u32 *)test->param_value);
	sono_ring_begin(r);
	for (i = 0; i < SLOTS; i++)
		KUNIT_EXPECT_EQ(test, sono_ring_take(r, &slot, &gen), 0);
	KUNIT_EXPECT_EQ(test, sono_ring_take(r, &slot, &gen), -EAGAIN);
	KUNIT_EXPECT_EQ(test, r->ctl->posted, SLOTS);
	sono_ring_reclaim(r);
	KUNIT_EXPECT_EQ(test, r->ctl->posted, 0);
	KUNIT_EXPECT_TRUE(test, fifo_empty(&r->posted));
	for (i = 0; i < SLOTS; i++)
		KUNIT_EXPECT_EQ(test, sono_ring_take(r, &slot, &gen), 0);
}

/* As long as the ring is believed; one more counts as one bad entry. */
static void tail_overruns(struct kunit *test)
{
	u32 start = *(const u32 *)test->param_value;
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	u32 n = r->release_entries;

	wind_to(f, start);
	f->user->release_tail = start + n;
	sono_ring_reap(r);
	KUNIT_EXPECT_EQ(test, r->ctl->bad_release, n);
	f->user->release_tail += n + 1;
	sono_ring_reap(r);
	KUNIT_EXPECT_EQ(test, r->ctl->bad_release, n + 1);
	f->user->release_tail--;
	sono_ring_reap(r);
	KUNIT_EXPECT_EQ(test, r->ctl->bad_release, n + 2);
	KUNIT_EXPECT_EQ(test, r->ctl->released, f->user->release_tail);
}

static void passed_over_are_counted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	u32 slot, gen, info, i;

	wind_to(f, *(const u32 *)test->param_value);
	sono_ring_begin(r);
	for (i = 0; i < SLOTS; i++)
		sono_ring_take(r, &slot, &gen);
	for (i = 0; i < SLOTS; i++) {
		struct sono_completion c = completion(i, i, gen);

		KUNIT_EXPECT_EQ(test, passed_over(r, i), i);
		KUNIT_EXPECT_EQ(test, sono_ring_check(r, &c, &info), 0);
		/* One frame too few for the slots before this one. */
		c.dropped = 1;
		KUNIT_EXPECT_EQ(test, sono_ring_check(r, &c, &info),
				i ? SONO_BAD_SLOT : SONO_BAD_SEQ);
	}
}

static const struct {
	const char *name;
	u32 slot, gen, len; /* slot 2 is next, of generation 1 */
	u64 seq; /* 10 is next */
	u32 dropped;
	u32 bad, info;
} completions[] = {
	{ "next", 2, 1, 1, 10, 0, 0, 2 },
	{ "longest", 2, 1, STRIDE, 10, 0, 0, 2 },
	{ "slot_is_one_too_large", SLOTS, 1, 1, 10, 0, SONO_BAD_SLOT, SLOTS },
	{ "largest_slot", U32_MAX, 1, 1, 10, 0, SONO_BAD_SLOT, U32_MAX },
	{ "slot_not_posted", 0, 1, 1, 10, 0, SONO_BAD_STATE, 0 },
	{ "gen_before", 2, 0, 1, 10, 0, SONO_BAD_GEN, 0 },
	{ "gen_after", 2, 2, 1, 10, 0, SONO_BAD_GEN, 2 },
	{ "empty", 2, 1, 0, 10, 0, SONO_BAD_LEN, 0 },
	{ "one_byte_too_long", 2, 1, STRIDE + 1, 10, 0, SONO_BAD_LEN,
	  STRIDE + 1 },
	{ "longest_length", 2, 1, U32_MAX, 10, 0, SONO_BAD_LEN, U32_MAX },
	{ "backward", 2, 1, 1, 9, 0, SONO_BAD_SEQ, 9 },
	{ "all_ones", 2, 1, 1, U64_MAX, 0, SONO_BAD_SEQ, U32_MAX },
	{ "ahead_by_all_that_counts", 2, 1, 1, 10ull + U32_MAX, 0, 0, 2 },
	{ "ahead_and_all_dropped", 2, 1, 1, 10ull + U32_MAX, U32_MAX, 0, 2 },
	{ "ahead_by_more", 2, 1, 1, 11ull + U32_MAX, 0, SONO_BAD_SEQ, 10 },
	{ "dropped_more_than_passed", 2, 1, 1, 12, 3, SONO_BAD_SEQ, 12 },
	{ "dropped_all_that_passed", 2, 1, 1, 12, 2, 0, 2 },
	{ "a_slot_passed_over", 3, 1, 1, 11, 0, 0, 3 },
	{ "passed_over_without_a_frame", 3, 1, 1, 10, 0, SONO_BAD_SLOT, 3 },
	{ "passed_over_and_dropped", 3, 1, 1, 11, 1, SONO_BAD_SLOT, 3 },
};

KUNIT_ARRAY_PARAM_DESC(completion, completions, name);

static void completion_is_checked(struct kunit *test)
{
	const typeof(completions[0]) *p = test->param_value;
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	struct sono_completion c;
	u32 slot, gen, info = ~0u, i;

	sono_ring_begin(r);
	for (i = 0; i < SLOTS; i++)
		sono_ring_take(r, &slot, &gen);
	for (i = 0; i < 2; i++) {
		c = completion(i, i, 1);
		sono_ring_complete(r, &c, 1);
	}
	r->next_seq = 10;
	c = completion(p->seq, p->slot, p->gen);
	c.len = p->len;
	c.dropped = p->dropped;
	KUNIT_EXPECT_EQ(test, sono_ring_check(r, &c, &info), p->bad);
	KUNIT_EXPECT_EQ(test, info, p->info);
	KUNIT_EXPECT_EQ(test, sono_ring_complete(r, &c, 1),
			p->bad ? -EPROTO : 0);
	KUNIT_EXPECT_EQ(test, r->ctl->head, p->bad ? 2 : 3);
	if (p->bad)
		return;
	KUNIT_EXPECT_EQ(test, r->next_seq, p->seq + 1);
	KUNIT_EXPECT_EQ(test, r->ctl->dropped, p->dropped);
	KUNIT_EXPECT_EQ(test, r->ctl->lost, p->seq - 10 - p->dropped);
}

static const struct {
	const char *name;
	u32 slot, gen; /* slot 1 of generation 1 is held, slot 2 posted */
	bool good;
} releases[] = {
	{ "held", 1, 1, true },
	{ "gen_before", 1, 0, false },
	{ "gen_after", 1, 2, false },
	{ "all_ones", U32_MAX, U32_MAX, false },
	{ "one_too_large", SLOTS, 1, false },
	{ "posted", 2, 1, false },
	{ "free", 0, 1, false },
};

KUNIT_ARRAY_PARAM_DESC(release, releases, name);

static void release_is_checked(struct kunit *test)
{
	const typeof(releases[0]) *p = test->param_value;
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	struct sono_completion c;
	u32 slot, gen, i;

	sono_ring_begin(r);
	for (i = 0; i < 3; i++)
		sono_ring_take(r, &slot, &gen);
	for (i = 0; i < 2; i++) {
		c = completion(i, i, 1);
		sono_ring_complete(r, &c, 1);
	}
	give_back(f, 0, 1);
	/* Once is right, twice is not. */
	give_back(f, p->slot, p->gen);
	give_back(f, p->slot, p->gen);
	sono_ring_reap(r);
	KUNIT_EXPECT_EQ(test, r->ctl->bad_release, p->good ? 1 : 2);
	KUNIT_EXPECT_EQ(test, r->slot[1].state,
			p->good ? SONO_SLOT_FREE : SONO_SLOT_HELD);
	KUNIT_EXPECT_EQ(test, r->slot[2].state, SONO_SLOT_POSTED);
}

static void kick_is_asked_for_below_a_quarter(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;
	u32 slot, gen, posted;

	sono_ring_begin(r);
	for (posted = 0; posted <= SLOTS; posted++) {
		KUNIT_EXPECT_FALSE(test, sono_ring_settle(r));
		KUNIT_EXPECT_EQ(test, r->ctl->need_kick, posted < 2);
		KUNIT_EXPECT_EQ(test, sono_ring_starved(r), !posted);
		sono_ring_take(r, &slot, &gen);
	}
	/* What came between the flag and the second look is not missed. */
	sono_ring_reclaim(r);
	f->user->release_tail++;
	KUNIT_EXPECT_TRUE(test, sono_ring_settle(r));
}

static const struct {
	const char *name;
	u64 dropped_before, lost_before; /* reported, with 10 delivered */
	u64 produced, dropped; /* the board's counters */
	u64 produced_after, dropped_after, lost_after;
} accounts[] = {
	{ "as_reported", 2, 1, 13, 2, 13, 2, 1 },
	{ "dropped_after_the_last", 2, 1, 15, 4, 15, 4, 1 },
	{ "lost_after_the_last", 2, 1, 15, 2, 15, 2, 3 },
	{ "board_forgot_all", 2, 1, 0, 0, 13, 2, 1 },
	{ "board_forgot_drops", 2, 1, 13, 0, 13, 2, 1 },
	{ "board_made_too_few", 2, 1, 12, 2, 13, 2, 1 },
	{ "more_dropped_than_made", 2, 1, 13, 4, 13, 2, 1 },
	{ "all_ones", 0, 0, U64_MAX - 10, 0, U64_MAX - 10, 0,
	  U64_MAX - 20 },
};

KUNIT_ARRAY_PARAM_DESC(account, accounts, name);

static void account_is_closed(struct kunit *test)
{
	const typeof(accounts[0]) *p = test->param_value;
	struct fixture *f = test->priv;
	struct sono_ctl *ctl = f->ring.ctl;

	sono_ring_begin(&f->ring);
	ctl->delivered = 10;
	ctl->dropped = p->dropped_before;
	ctl->lost = p->lost_before;
	f->ring.next_seq = 10 + p->dropped_before + p->lost_before;
	sono_ring_end(&f->ring, SONO_END_STOP, 0, 0, p->produced, p->dropped);
	KUNIT_EXPECT_EQ(test, ctl->produced, p->produced_after);
	KUNIT_EXPECT_EQ(test, ctl->dropped, p->dropped_after);
	KUNIT_EXPECT_EQ(test, ctl->lost, p->lost_after);
	KUNIT_EXPECT_EQ(test, ctl->state, SONO_STATE_ENDED);
}

static void ready_from_a_position(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct sono_ring *r = &f->ring;

	r->ctl->head = 0x100000000ull;
	KUNIT_EXPECT_EQ(test, sono_ring_ready(r, 0), 0x100000000ull);
	KUNIT_EXPECT_EQ(test, sono_ring_ready(r, 0xffffffff), 1);
	KUNIT_EXPECT_EQ(test, sono_ring_ready(r, 0x100000000ull), 0);
	KUNIT_EXPECT_EQ(test, sono_ring_ready(r, U64_MAX), 0);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE_PARAM(slots_go_round, start_gen_params),
	KUNIT_CASE_PARAM(fifo_holds_every_slot, start_gen_params),
	KUNIT_CASE_PARAM(tail_overruns, start_gen_params),
	KUNIT_CASE_PARAM(passed_over_are_counted, start_gen_params),
	KUNIT_CASE_PARAM(completion_is_checked, completion_gen_params),
	KUNIT_CASE_PARAM(release_is_checked, release_gen_params),
	KUNIT_CASE(kick_is_asked_for_below_a_quarter),
	KUNIT_CASE_PARAM(account_is_closed, account_gen_params),
	KUNIT_CASE(ready_from_a_position),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "sono_ring",
	.init = ring_init,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("KUnit tests of sono's index arithmetic");
MODULE_LICENSE("GPL");

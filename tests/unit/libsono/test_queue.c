// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The host's side of the board's queues: phases and descriptors. */
#include <criterion/criterion.h>

#include <zlib.h>

#include "sono_queue.h"

#define ENTRIES 4

static struct sono_desc post[ENTRIES];
static struct sono_cpl cpl[ENTRIES];

static struct sono_queue fresh(void)
{
	struct sono_queue q = {
		.post = post,
		.post_mask = ENTRIES - 1,
		.cpl = cpl,
		.cpl_mask = ENTRIES - 1,
	};

	memset(post, 0xff, sizeof(post));
	memset(cpl, 0xff, sizeof(cpl));
	sono_queue_reset(&q);
	return q;
}

/* As the board writes its nth completion: 1 on the first pass, then 0, ... */
static void board_completes(u32 n)
{
	cpl[n % ENTRIES] = (struct sono_cpl){
		.seq = n,
		.hw_ts = 10ull * n,
		.tag = 20ull * n,
		.slot = 30 * n,
		.gen = 40 * n,
		.len = 50 * n,
		.dropped = 60 * n,
		.cfg_gen = 70 * n,
		.flags = n & 1,
		.phase = n / ENTRIES % 2 ? 0 : SONO_CPL_PHASE,
	};
}

Test(queue, empty_after_reset)
{
	struct sono_queue q = fresh();
	struct sono_completion c;

	cr_assert_not(sono_queue_next(&q, &c));
	cr_assert_eq(q.cpl_head, 0);
}

static void expect_next(struct sono_queue *q, u32 n)
{
	struct sono_completion c;

	cr_assert(sono_queue_next(q, &c), "completion %u", n);
	cr_assert_eq(c.seq, n);
	cr_assert_eq(c.hw_ts, 10ull * n);
	cr_assert_eq(c.tag, 20ull * n);
	cr_assert_eq(c.slot, 30 * n);
	cr_assert_eq(c.gen, 40 * n);
	cr_assert_eq(c.len, 50 * n);
	cr_assert_eq(c.dropped, 60 * n);
	cr_assert_eq(c.cfg_gen, 70 * n);
	cr_assert_eq(c.flags, n & 1);
	cr_assert_eq(q->cpl_head, n + 1);
}

/* Batches of every size, so that each starts at every place of the ring. */
Test(queue, phase_over_many_passes)
{
	struct sono_queue q = fresh();
	struct sono_completion c;
	u32 n = 0, taken = 0;

	for (u32 round = 0; round < 60; round++) {
		for (u32 i = 0; i < round % (ENTRIES + 1); i++)
			board_completes(n++);
		while (taken < n)
			expect_next(&q, taken++);
		cr_assert_not(sono_queue_next(&q, &c), "after %u", n);
	}
	cr_assert_gt(n, 10 * ENTRIES);
}

/* The phase is one bit; what else is in its word means nothing. */
Test(queue, phase_is_one_bit)
{
	struct sono_queue q = fresh();
	struct sono_completion c;

	cpl[0].phase = ~SONO_CPL_PHASE;
	cr_assert_not(sono_queue_next(&q, &c));
	cpl[0].phase = ~0u;
	cr_assert(sono_queue_next(&q, &c));
}

static void seal(struct sono_cpl *c)
{
	c->check = 0;
	c->check = (u32)crc32_z(0, (const void *)c, sizeof(*c));
}

static bool torn_at_begin(const struct sono_cpl *c)
{
	struct sono_queue q = fresh();
	struct sono_completion out;

	q.checked = true;
	cpl[0] = *c;
	cr_assert(sono_queue_next(&q, &out));
	return out.torn;
}

/* Whatever bit is not the one written; and a board without checks has none. */
Test(queue, check_sees_every_bit)
{
	struct sono_cpl good, bad;

	board_completes(0);
	good = cpl[0];
	good.seq = 0x123456789abcdef0;
	cr_assert(torn_at_begin(&good));
	seal(&good);
	cr_assert_not(torn_at_begin(&good));
	for (u32 bit = 0; bit < 8 * sizeof(bad); bit++) {
		if (bit == 8 * offsetof(struct sono_cpl, phase))
			continue;
		bad = good;
		((unsigned char *)&bad)[bit / 8] ^= (unsigned char)(1u << bit % 8);
		cr_assert(torn_at_begin(&bad), "bit %u", bit);
	}
}

/* Any part of one that is still what the pass before, or nobody, had written. */
Test(queue, check_sees_every_tear)
{
	struct sono_cpl old, new;

	board_completes(3);
	old = cpl[3];
	board_completes(3 + ENTRIES);
	new = cpl[3];
	new.len = old.len;
	/* That pass had the other phase. */
	old.phase = 0;
	new.phase = SONO_CPL_PHASE;
	seal(&old);
	seal(&new);
	for (u32 from = 0; from < 15; from++)
		for (u32 until = from + 1; until <= 15; until++) {
			struct sono_cpl mix = new;
			u32 *to = (u32 *)&mix;
			bool same = true;

			for (u32 i = from; i < until; i++) {
				same = same && to[i] == ((u32 *)&old)[i];
				to[i] = ((u32 *)&old)[i];
			}
			cr_assert_eq(torn_at_begin(&mix), !same,
				     "words %u to %u", from, until);
		}
}

Test(queue, segments_of_a_slot)
{
	const struct sono_segment seg[3] = {
		{ 0x1000, 64 }, { 0x20000, 128 }, { 0x7fff000000000000, 4096 },
	};
	struct sono_queue q = fresh();

	q.post_tail = ~0u - 1;
	sono_queue_post(&q, seg, 3, 5, 9);
	cr_assert_eq(q.post_tail, 1);
	for (u32 i = 0; i < 3; i++) {
		const struct sono_desc *d = &post[(~0u - 1 + i) % ENTRIES];

		cr_assert_eq(d->addr, seg[i].addr);
		cr_assert_eq(d->bytes, seg[i].bytes);
		cr_assert_eq(d->slot, 5);
		cr_assert_eq(d->gen, 9);
		cr_assert_eq(d->flags, i == 2 ? SONO_DESC_LAST : 0);
		cr_assert_eq(d->rsvd, 0);
	}
}

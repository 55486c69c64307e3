// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queues' indices: the phase bit over passes and over the wrap of the
 * counters, the descriptors of a slot in pieces.
 */
#include <kunit/test.h>

#include "sono_queue.c"

#define ENTRIES 8

struct fixture {
	struct sono_queue q;
	struct sono_desc post[ENTRIES];
	struct sono_cpl cpl[ENTRIES];
};

static int queue_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->q.post = f->post;
	f->q.post_mask = ENTRIES - 1;
	f->q.cpl = f->cpl;
	f->q.cpl_mask = ENTRIES - 1;
	test->priv = f;
	return 0;
}

static const u32 starts[] = { 0, ENTRIES - 1, 0x80000000 - ENTRIES,
			      (u32)-2 * ENTRIES, (u32)-ENTRIES, (u32)-1 };

static void start_name(const u32 *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from_%08x", *start);
}

KUNIT_ARRAY_PARAM(start, starts, start_name);

/* As the board writes completion number @n, counted from power-on. */
static void board_writes(struct fixture *f, u32 n, u64 seq)
{
	struct sono_cpl *c = &f->cpl[n % ENTRIES];

	c->seq = cpu_to_le64(seq);
	c->phase = cpu_to_le32((n / ENTRIES) & 1 ? 0 : SONO_CPL_PHASE);
}

static void phase_over_the_wrap(struct kunit *test)
{
	u32 n = *(const u32 *)test->param_value;
	struct fixture *f = test->priv;
	struct sono_completion c;
	u64 seq;
	u32 i;

	/* All entries are of the pass before. */
	for (i = 0; i < ENTRIES; i++)
		board_writes(f, n - ENTRIES + i, 0);
	f->q.cpl_head = n;
	for (seq = 1; seq < 5 * ENTRIES; seq++, n++) {
		KUNIT_ASSERT_FALSE(test, sono_queue_next(&f->q, &c));
		board_writes(f, n, seq);
		KUNIT_ASSERT_TRUE(test, sono_queue_next(&f->q, &c));
		KUNIT_EXPECT_EQ(test, c.seq, seq);
		KUNIT_EXPECT_EQ(test, f->q.cpl_head, n + 1);
	}
}

static void descriptors_over_the_wrap(struct kunit *test)
{
	static const struct sono_segment seg[] = {
		{ 0x1234567890ull, 8192 }, { 0xabc000, 4096 }, { 0, 1 }
	};
	u32 n = *(const u32 *)test->param_value;
	struct fixture *f = test->priv;
	u32 slot, i;

	f->q.post_tail = n;
	for (slot = 0; slot < 20; slot++) {
		sono_queue_post(&f->q, seg, 3, slot, 7 * slot);
		for (i = 0; i < 3; i++, n++) {
			const struct sono_desc *d = &f->post[n % ENTRIES];

			KUNIT_EXPECT_EQ(test, le64_to_cpu(d->addr), seg[i].addr);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(d->bytes),
					seg[i].bytes);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(d->slot), slot);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(d->gen), 7 * slot);
			KUNIT_EXPECT_EQ(test, le32_to_cpu(d->flags),
					i == 2 ? SONO_DESC_LAST : 0);
		}
		KUNIT_EXPECT_EQ(test, f->q.post_tail, n);
	}
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE_PARAM(phase_over_the_wrap, start_gen_params),
	KUNIT_CASE_PARAM(descriptors_over_the_wrap, start_gen_params),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "sono_queue",
	.init = queue_init,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);

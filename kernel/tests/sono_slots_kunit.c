// SPDX-License-Identifier: GPL-2.0-only
/*
 * A slot in chunks: for every length they are powers of two, none longer than
 * allowed, and together the slot, to the byte.
 */
#include <kunit/test.h>

#include "sono_slots.c"

static const struct {
	const char *name;
	u32 bytes, max, chunks;
} slots[] = {
	{ "page", SZ_4K, SZ_2M, 1 },
	{ "three_pages", 3 * SZ_4K, SZ_2M, 2 },
	{ "seven_pages", 7 * SZ_4K, SZ_2M, 3 },
	{ "seven_single_pages", 7 * SZ_4K, SZ_4K, 7 },
	{ "largest_chunk", SZ_2M, SZ_2M, 1 },
	{ "one_page_more", SZ_2M + SZ_4K, SZ_2M, 2 },
	{ "one_page_less", SZ_2M - SZ_4K, SZ_2M, 9 },
	{ "largest_slot", SZ_16M, SZ_2M, 8 },
	{ "bounced", SZ_1M, SZ_256K, 4 },
};

KUNIT_ARRAY_PARAM_DESC(slot, slots, name);

static void slot_is_cut_up(struct kunit *test)
{
	const typeof(slots[0]) *p = test->param_value;
	u32 left = p->bytes, last = p->max, n = 0;

	KUNIT_EXPECT_EQ(test, chunk_count(p->bytes, p->max), p->chunks);
	while (left) {
		u32 bytes = chunk_bytes(left, p->max);

		KUNIT_ASSERT_TRUE(test, is_power_of_2(bytes));
		KUNIT_ASSERT_GE(test, bytes, PAGE_SIZE);
		KUNIT_ASSERT_LE(test, bytes, min(left, last));
		left -= bytes;
		last = bytes;
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, p->chunks);
}

static struct kunit_case slots_cases[] = {
	KUNIT_CASE_PARAM(slot_is_cut_up, slot_gen_params),
	{}
};

static struct kunit_suite slots_suite = {
	.name = "sono_slots",
	.test_cases = slots_cases,
};

kunit_test_suite(slots_suite);

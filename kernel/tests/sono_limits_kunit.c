// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the commands accept, at the edges of every range; where the areas are,
 * for every number of slots.
 */
#include <kunit/test.h>

#include "sono_limits.c"

static const struct sono_info board = {
	.slots_max = 1024,
	.slot_bytes_max = 0x1000000,
	.seq_bytes_max = 0x100000,
	.heartbeat_max = 2000,
};

static const struct {
	const char *name;
	u32 slots, slot_bytes, flags;
	u64 rsvd;
	int ret;
} setups[] = {
	{ "fewest", 2, 1, 0, 0, 0 },
	{ "too_few", 1, 4096, 0, 0, -EINVAL },
	{ "none", 0, 4096, 0, 0, -EINVAL },
	{ "most", 1024, 4096, 0, 0, 0 },
	{ "too_many", 1025, 4096, 0, 0, -EINVAL },
	{ "all_ones", U32_MAX, U32_MAX, 0, 0, -EINVAL },
	{ "no_bytes", 2, 0, 0, 0, -EINVAL },
	{ "longest", 2, 0x1000000, 0, 0, 0 },
	{ "too_long", 2, 0x1000001, 0, 0, -EINVAL },
	{ "flag", 2, 4096, 1, 0, -EINVAL },
	{ "reserved", 2, 4096, 0, 1, -EINVAL },
	{ "most_memory", 64, 0x1000000, 0, 0, 0 },
	{ "too_much_memory", 65, 0x1000000, 0, 0, -ENOMEM },
	{ "product_beyond_32_bits", 1024, 0x1000000, 0, 0, -ENOMEM },
	{ "too_much_once_in_pages", 1024, 0x100000 + 1, 0, 0, -ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(setup, setups, name);

static void setup_is_checked(struct kunit *test)
{
	const typeof(setups[0]) *p = test->param_value;
	struct sono_setup st = {
		.slots = p->slots,
		.slot_bytes = p->slot_bytes,
		.flags = p->flags,
		.rsvd[3] = p->rsvd,
	};

	KUNIT_EXPECT_EQ(test, sono_setup_check(&board, &st), p->ret);
}

static void areas_hold_what_is_in_them(struct kunit *test)
{
	u32 slots;

	for (slots = 2; slots <= SONO_SLOTS_MAX; slots++) {
		struct sono_setup st = { .slots = slots };

		sono_setup_layout(&st, 3 * PAGE_SIZE);
		KUNIT_ASSERT_TRUE(test, is_power_of_2(st.ring_entries));
		KUNIT_ASSERT_GE(test, st.ring_entries, 2 * slots);
		KUNIT_ASSERT_LT(test, st.ring_entries, 4 * slots);
		KUNIT_ASSERT_TRUE(test, is_power_of_2(st.release_entries));
		KUNIT_ASSERT_GE(test, st.release_entries, 2 * slots);
		KUNIT_ASSERT_GE(test, st.gen_offset, sizeof(struct sono_ctl));
		KUNIT_ASSERT_GE(test, st.record_offset,
				st.gen_offset + slots * sizeof(u32));
		KUNIT_ASSERT_EQ(test, st.record_offset % 64, 0);
		KUNIT_ASSERT_GE(test, st.ring_bytes,
				st.record_offset + st.ring_entries *
					sizeof(struct sono_record));
		KUNIT_ASSERT_EQ(test, st.ring_bytes % PAGE_SIZE, 0);
		KUNIT_ASSERT_GE(test, st.user_bytes,
				st.release_offset + st.release_entries *
					sizeof(struct sono_release));
		KUNIT_ASSERT_EQ(test, st.user_bytes % PAGE_SIZE, 0);
		KUNIT_ASSERT_EQ(test, st.slots_bytes, slots * 3 * PAGE_SIZE);
		KUNIT_ASSERT_LE(test, st.ring_offset + st.ring_bytes,
				st.user_offset);
		KUNIT_ASSERT_LE(test, st.user_offset + st.user_bytes,
				st.slots_offset);
	}
}

static const struct {
	const char *name;
	u32 slots;
	struct sono_config c;
	int ret;
	u32 count, time_us, heartbeat_ms; /* the defaults filled in */
} configs[] = {
	{ "defaults", 16, { .table_bytes = 64 }, 0, 1, 1000, 1000 },
	{ "table_of_a_header", 16,
	  { .table_bytes = sizeof(struct sono_seq_header) }, 0, 1, 1000, 1000 },
	{ "table_too_short", 16,
	  { .table_bytes = sizeof(struct sono_seq_header) - 1 }, -EINVAL },
	{ "longest_table", 16, { .table_bytes = 0x100000 }, 0, 1, 1000, 1000 },
	{ "table_too_long", 16, { .table_bytes = 0x100001 }, -EINVAL },
	{ "quarter_of_the_slots", 16, { .table_bytes = 64, .irq_count = 4 },
	  0, 4, 1000, 1000 },
	{ "more_than_a_quarter", 16, { .table_bytes = 64, .irq_count = 5 },
	  -EINVAL },
	{ "quarter_of_seven", 7, { .table_bytes = 64, .irq_count = 2 },
	  -EINVAL },
	{ "one_of_two_slots", 2, { .table_bytes = 64, .irq_count = 1 },
	  0, 1, 1000, 1000 },
	{ "longest_time", 16, { .table_bytes = 64, .irq_time_us = 1000000 },
	  0, 1, 1000000, 1000 },
	{ "time_too_long", 16, { .table_bytes = 64, .irq_time_us = 1000001 },
	  -EINVAL },
	{ "shortest_heartbeat", 16, { .table_bytes = 64, .heartbeat_ms = 20 },
	  0, 1, 1000, 20 },
	{ "heartbeat_too_short", 16, { .table_bytes = 64, .heartbeat_ms = 19 },
	  -EINVAL },
	{ "longest_heartbeat", 16, { .table_bytes = 64, .heartbeat_ms = 2000 },
	  0, 1, 1000, 2000 },
	{ "heartbeat_beyond_the_cap", 16,
	  { .table_bytes = 64, .heartbeat_ms = 2001 }, -EINVAL },
	{ "last_source", 16, { .table_bytes = 64, .source = 3 },
	  0, 1, 1000, 1000 },
	{ "no_such_source", 16, { .table_bytes = 64, .source = 4 }, -EINVAL },
	{ "flag", 16, { .table_bytes = 64, .flags = 1 }, -EINVAL },
	{ "reserved", 16, { .table_bytes = 64, .rsvd[1] = 1 }, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(config, configs, name);

static void config_is_checked(struct kunit *test)
{
	const typeof(configs[0]) *p = test->param_value;
	struct sono_setup st = { .slots = p->slots };
	struct sono_config c = p->c;

	KUNIT_ASSERT_EQ(test, sono_config_check(&board, &st, &c), p->ret);
	if (p->ret)
		return;
	KUNIT_EXPECT_EQ(test, c.irq_count, p->count);
	KUNIT_EXPECT_EQ(test, c.irq_time_us, p->time_us);
	KUNIT_EXPECT_EQ(test, c.heartbeat_ms, p->heartbeat_ms);
	KUNIT_EXPECT_EQ(test, c.error_event, U32_MAX);
}

static const struct {
	const char *name;
	u32 heartbeat_ms;
	u64 age_ms;
	u32 left;
} heartbeats[] = {
	{ "fresh", 1000, 0, 1000 },
	{ "a_quarter_old", 1000, 250, 1000 },
	{ "older", 1000, 251, 999 },
	{ "last", 1000, 1249, 1 },
	{ "over", 1000, 1250, 0 },
	{ "long_over", 1000, U64_MAX, 0 },
	{ "beyond_32_bits", 1000, 0x100000000ull, 0 },
	{ "shortest", 20, 24, 1 },
};

KUNIT_ARRAY_PARAM_DESC(heartbeat, heartbeats, name);

static void heartbeat_runs_out(struct kunit *test)
{
	const typeof(heartbeats[0]) *p = test->param_value;

	KUNIT_EXPECT_EQ(test, sono_heartbeat_left(p->heartbeat_ms, p->age_ms),
			p->left);
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE_PARAM(setup_is_checked, setup_gen_params),
	KUNIT_CASE(areas_hold_what_is_in_them),
	KUNIT_CASE_PARAM(config_is_checked, config_gen_params),
	KUNIT_CASE_PARAM(heartbeat_runs_out, heartbeat_gen_params),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "sono_limits",
	.test_cases = limits_cases,
};

kunit_test_suite(limits_suite);

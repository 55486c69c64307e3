// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "dsp/sweep.h"

/* 100 columns of 10 ms: one second */
static struct sweep second(void)
{
	return (struct sweep){ .width = 100, .column = 10e-3 };
}

Test(sweep, columns_follow_the_clock)
{
	struct sweep s = second();
	bool restarted;

	cr_assert_eq(sweep_to(&s, 12.345, &restarted), 1);
	cr_assert(restarted);
	cr_assert_eq(sweep_place(&s, s.now), 34);
	cr_assert_eq(sweep_to(&s, 12.349, &restarted), 0);
	cr_assert_not(restarted);
	cr_assert_eq(sweep_to(&s, 12.405, &restarted), 6);
	cr_assert_eq(sweep_place(&s, s.now), 40);
	cr_assert_eq(sweep_to(&s, 13.0051, &restarted), 60);
	cr_assert_eq(sweep_place(&s, s.now), 0);
}

Test(sweep, restarts_where_nothing_drawn_holds)
{
	struct sweep s = second();
	bool restarted;

	sweep_to(&s, 5, &restarted);
	cr_assert_eq(sweep_to(&s, 4.5, &restarted), 1);
	cr_assert(restarted, "a step back");
	cr_assert_eq(sweep_to(&s, 6.5, &restarted), 1);
	cr_assert(restarted, "two strips later");
}

Test(sweep, marks_lie_every_half_second)
{
	struct sweep s = second();
	int64_t at;

	for (at = -120; at < 500; at++)
		cr_assert_eq(sweep_marked(&s, at), at % 50 == 0, "column %ld",
			     (long)at);
}

Test(sweep, times_before_zero_have_a_place)
{
	struct sweep s = second();

	cr_assert_eq(sweep_place(&s, -1), 99);
}

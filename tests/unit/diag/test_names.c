// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "diag/names.h"

#define N 512

static const struct diag_names names = { "channel", "is dead", "are dead",
					 ": 0.0 dB" };

/* Ends with UINT32_MAX. */
static void blame(struct diag_result *r, const uint32_t *members)
{
	bool set[N] = { false };

	memset(r, 0, sizeof(*r));
	for (; *members != UINT32_MAX; members++)
		set[*members] = true;
	diag_blame_set(r, DIAG_FAIL, &names, set, N);
}

static void is(const uint32_t *members, const char *text)
{
	struct diag_result r;

	blame(&r, members);
	cr_assert_eq(r.faults, 1);
	cr_assert_eq(r.status, DIAG_FAIL);
	cr_assert_str_eq(r.fault[0], text);
}

#define SET(...) ((const uint32_t[]){ __VA_ARGS__, UINT32_MAX })

Test(names, nobody)
{
	struct diag_result r;

	blame(&r, (const uint32_t[]){ UINT32_MAX });
	cr_assert_eq(r.faults, 0);
	cr_assert_eq(r.status, DIAG_SKIP);
}

Test(names, one_has_its_figures)
{
	is(SET(17), "channel 17 is dead: 0.0 dB");
}

Test(names, two_in_a_row_are_two)
{
	is(SET(3, 4), "channels 3 and 4 are dead");
}

Test(names, three_in_a_row_are_a_range)
{
	is(SET(3, 4, 5), "channels 3 to 5 are dead");
	is(SET(0, 3, 4, 5, 511), "channels 0, 3 to 5 and 511 are dead");
}

Test(names, a_range_ends_with_the_set)
{
	is(SET(509, 510, 511), "channels 509 to 511 are dead");
}

/* Every second of 512: many lines, none of them cut, each number once. */
Test(names, many_take_several_lines)
{
	uint32_t members[N / 2 + 1];
	struct diag_result r;
	unsigned int seen = 0;

	for (uint32_t i = 0; i < N / 2; i++)
		members[i] = 2 * i;
	members[N / 2] = UINT32_MAX;
	blame(&r, members);
	cr_assert_gt(r.faults, 1);
	for (size_t i = 0; i < r.faults; i++) {
		const char *at = r.fault[i] + strlen("channels ");
		char *end;

		cr_assert(strstr(r.fault[i], " are dead"), "%s", r.fault[i]);
		for (; *at && strncmp(at, "are", 3); at = end) {
			cr_assert_eq(strtoul(at, &end, 10), 2 * seen);
			seen++;
			end += strspn(end, ", ");
			end += strncmp(end, "and ", 4) ? 0 : 4;
		}
	}
	cr_assert_eq(seen, N / 2);
}

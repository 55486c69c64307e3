// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diag/diag.h"
#include "diag/limits.h"

#define TABLE "userspace/diag/limits.tsv"

static struct diag_measure measure(double value, double baseline)
{
	return (struct diag_measure){ .value = value, .lo = -INFINITY,
				      .hi = INFINITY, .baseline = baseline,
				      .status = DIAG_PASS };
}

static enum diag_status judged(const struct diag_limit *l, double value,
			       double baseline)
{
	struct diag_measure m = measure(value, baseline);

	diag_limit_judge(l, &m);
	return m.status;
}

/* Each row names a check that there is, can be read, and says who says so. */
Test(limits, every_row_is_whole)
{
	char line[512], check[32], name[40], source[200];
	unsigned int rows = 0;
	FILE *f = fopen(TABLE, "r");

	cr_assert(f);
	while (fgets(line, sizeof(line), f)) {
		struct diag_limit l;
		const char *at = NULL;
		bool known = false;

		if (*line == '#')
			continue;
		cr_assert_eq(sscanf(line, "%31[^.].%39[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%*[^\t]\t%199[^\n]",
				    check, name, source), 3, "%s", line);
		for (size_t i = 0; i < diag_checks(); i++)
			known |= !strcmp(diag_check(i)->id, check);
		cr_expect(known, "%s", line);
		cr_expect_eq(diag_limit_next(&at, check, name, &l), 1, "%s",
			     line);
		cr_expect(!isinf(l.fail_below) || !isinf(l.warn_below) ||
			  !isinf(l.warn_above) || !isinf(l.fail_above), "%s",
			  line);
		cr_expect_leq(l.fail_below, l.warn_above, "%s", line);
		rows++;
	}
	fclose(f);
	cr_expect_gt(rows, 10);
}

Test(limits, a_numbered_measure_has_the_limits_of_its_name)
{
	struct diag_limit l;
	const char *at = NULL;

	cr_expect_eq(diag_limit_next(&at, "dma", "errors.12", &l), 1);
	cr_expect_eq(l.fail_above, 0);
	cr_expect_eq(diag_limit_next(&at, "dma", "errors.12", &l), 0);
	at = NULL;
	cr_expect_eq(diag_limit_next(&at, "dma", "error", &l), 0);
	at = NULL;
	cr_expect_eq(diag_limit_next(&at, "dm", "a.errors", &l), 0);
}

Test(limits, of_the_value)
{
	const struct diag_limit l = { DIAG_OF_VALUE, 1, 2, 8, 9 };

	cr_expect_eq(judged(&l, 0.9, NAN), DIAG_FAIL);
	cr_expect_eq(judged(&l, 1.5, NAN), DIAG_WARN);
	cr_expect_eq(judged(&l, 2, NAN), DIAG_PASS);
	cr_expect_eq(judged(&l, 8, NAN), DIAG_PASS);
	cr_expect_eq(judged(&l, 8.5, NAN), DIAG_WARN);
	cr_expect_eq(judged(&l, 9.5, NAN), DIAG_FAIL);
	cr_expect_eq(judged(&l, NAN, NAN), DIAG_FAIL);
}

Test(limits, of_the_change_only_with_a_baseline)
{
	const struct diag_limit l = { DIAG_OF_CHANGE, -3, -2, 2, 3 };

	cr_expect_eq(judged(&l, 100, NAN), DIAG_PASS);
	cr_expect_eq(judged(&l, 11.9, 10), DIAG_PASS);
	cr_expect_eq(judged(&l, 12.5, 10), DIAG_WARN);
	cr_expect_eq(judged(&l, 6.9, 10), DIAG_FAIL);
}

Test(limits, of_the_percentage)
{
	const struct diag_limit l = { DIAG_OF_PERCENT, -10, -INFINITY, INFINITY,
				      INFINITY };
	struct diag_measure m = measure(95, 100);

	cr_expect_eq(judged(&l, 91, 100), DIAG_PASS);
	cr_expect_eq(judged(&l, 89, 100), DIAG_FAIL);
	cr_expect_eq(judged(&l, -111, -100), DIAG_FAIL);
	diag_limit_judge(&l, &m);
	cr_expect_float_eq(m.lo, 90, 1e-9);
	cr_expect(isinf(m.hi));
}

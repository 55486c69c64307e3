// SPDX-License-Identifier: MIT
/* What the board tries by itself when it is told to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "sono_regs.h"

#define ROUNDS 3 /* of the interrupts that the board sends on request */

bool diag_try(struct diag *d, struct diag_result *r, enum sono_selftest what,
	      struct sono_selftest_result *s)
{
	const int ret = sono_selftest(d->sono, what, s);

	if (ret == -EOPNOTSUPP)
		diag_skip(r, "there is no such self test here");
	else if (ret == -EACCES || ret == -EPERM)
		diag_skip(r, "only root may");
	else if (ret == -EBUSY)
		diag_skip(r, "the board is in use");
	else if (ret)
		diag_blame(r, ret == -ETIMEDOUT ? DIAG_TIMEOUT : DIAG_FAIL,
			   "the board cannot be asked: %s", strerror(-ret));
	return !ret;
}

void diag_check_scratch(struct diag *d, struct diag_result *r)
{
	struct sono_selftest_result s, again;

	if (!diag_try(d, r, SONO_SELFTEST_SCRATCH, &s))
		return;
	diag_detail(r, "%u patterns written and read", s.tried);
	if (diag_measure(d, r, "wrong", "patterns", s.failed) == DIAG_PASS)
		return;
	diag_blame(r, DIAG_FAIL,
		   "registers do not hold what is written: %u of %u patterns, bits 0x%08x at first",
		   s.failed, s.tried, s.code);
	/* bits of one register are its own; what changes is on the way to all */
	if (sono_selftest(d->sono, SONO_SELFTEST_SCRATCH, &again) ||
	    again.failed != s.failed || again.code != s.code)
		snprintf(d->broken, sizeof(d->broken),
			 "registers do not hold what is written");
}

/* Of several rounds the sum; false: it cannot be, which has been said. */
static bool try_interrupts(struct diag *d, struct diag_result *r,
			   struct sono_selftest_result *sum)
{
	struct sono_selftest_result s;

	memset(sum, 0, sizeof(*sum));
	for (int i = 0; i < ROUNDS; i++) {
		if (!diag_try(d, r, SONO_SELFTEST_INTERRUPT, &s))
			return false;
		sum->code = sum->failed ? sum->code : s.code;
		sum->tried += s.tried;
		sum->failed += s.failed;
		sum->surplus += s.surplus;
		sum->longest = s.longest > sum->longest ? s.longest :
							  sum->longest;
	}
	return true;
}

void diag_check_interrupt(struct diag *d, struct diag_result *r)
{
	static const char *const vectors[] = { "capture", "event", "control" };
	struct sono_selftest_result s;
	double ms;

	if (!try_interrupts(d, r, &s))
		return;
	ms = 1e-3 * s.longest;
	diag_detail(r, "%u interrupts, the longest took %.2f ms", s.tried, ms);
	if (diag_measure(d, r, "lost", "interrupts", s.failed) > DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "interrupts get lost: %u of %u, at first that of %s",
			   s.failed, s.tried, vectors[s.code % SONO_NUM_VECS]);
	if (diag_measure(d, r, "surplus", "interrupts", s.surplus) > DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "interrupts come more than once: %u besides %u",
			   s.surplus, s.tried);
	if (!diag_timely(d))
		diag_note(d, r, "latency", "ms", ms);
	else if (diag_measure(d, r, "latency", "ms", ms) > DIAG_PASS)
		diag_blame(r, r->status, "interrupts come late: after %.1f ms",
			   ms);
	d->deaf = r->faults;
}

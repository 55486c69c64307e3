// SPDX-License-Identifier: GPL-2.0-only
/*
 * Self tests that need registers: scratch registers hold what is written, each
 * vector arrives, the flash is sound. Field service asks for them in sysfs.
 */
#include <linux/delay.h>

#include "sono_hw.h"
#include "sono_recover.h"
#include "sono_selftest.h"

#define SONO_IRQ_ROUNDS 8
/*
 * Far longer than an interrupt takes, even where the host is held up; how long it
 * took is told. Once one was lost, others are not waited for as long.
 */
#define SONO_IRQ_PATIENCE_MS 1000
#define SONO_IRQ_SHORT_MS 50
/* One that comes twice has come twice by then. */
#define SONO_IRQ_AFTER_US 3000

static void failed(struct sono_selftest *t, u32 code)
{
	if (!t->failed++)
		t->code = code;
}

/* Walking ones and zeroes in both registers; @code: the bits that were wrong. */
static int try_scratch(struct sono_device *sd, struct sono_selftest *t)
{
	unsigned int i;

	for (i = 0; i < 4 * 32; i++) {
		u32 value = i & 2 ? ~BIT(i >> 2) : BIT(i >> 2);
		u32 read = sono_hw_scratch(sd, i & 1, value);

		t->tried++;
		if (read != value)
			failed(t, read ^ value);
	}
	sono_hw_scratch(sd, 0, 0);
	sono_hw_scratch(sd, 1, 0);
	return 0;
}

/* @code: the vector. Of a run that is on, others of it come at any time. */
static void try_vector(struct sono_device *sd, struct sono_selftest *t,
		       unsigned int vector)
{
	int before = atomic_read(&sd->irqs[vector]);
	unsigned int patience = t->failed ? SONO_IRQ_SHORT_MS :
					    SONO_IRQ_PATIENCE_MS;
	ktime_t begun = ktime_get();

	t->tried++;
	sono_hw_irq_test(sd, vector);
	if (!wait_event_timeout(sd->ctl_wait,
				atomic_read(&sd->irqs[vector]) != before,
				msecs_to_jiffies(patience))) {
		failed(t, vector);
		return;
	}
	t->longest = max_t(u32, t->longest,
			   ktime_us_delta(ktime_get(), begun));
	if (sd->active)
		return;
	fsleep(SONO_IRQ_AFTER_US);
	t->surplus += atomic_read(&sd->irqs[vector]) - before - 1;
}

static int try_interrupt(struct sono_device *sd, struct sono_selftest *t)
{
	unsigned int i;

	WRITE_ONCE(sd->counting, true);
	for (i = 0; i < SONO_IRQ_ROUNDS * SONO_NUM_VECS; i++)
		try_vector(sd, t, i % SONO_NUM_VECS);
	WRITE_ONCE(sd->counting, false);
	return 0;
}

/* @code: what the board says is wrong. */
static int try_flash(struct sono_device *sd, struct sono_selftest *t)
{
	const bool never = false;
	ktime_t begun = ktime_get();
	u32 code;
	int ret;

	if (!(sd->info.hw_features & SONO_FEAT_VERIFY))
		return -EOPNOTSUPP;
	if (sd->active || sd->updating)
		return -EBUSY;
	ret = sono_hw_flash(sd, SONO_FW_VERIFY, &never, &code);
	if (ret)
		return ret;
	t->tried++;
	t->longest = ktime_us_delta(ktime_get(), begun);
	if (code)
		failed(t, code);
	return 0;
}

static int (*const tests[SONO_SELFTESTS])(struct sono_device *sd,
					  struct sono_selftest *t) = {
	[SONO_TRY_SCRATCH] = try_scratch,
	[SONO_TRY_INTERRUPT] = try_interrupt,
	[SONO_TRY_FLASH] = try_flash,
};

static int run_locked(struct sono_device *sd, unsigned int which)
{
	struct sono_selftest t = {};
	int ret;

	lockdep_assert_held(&sd->lock);
	if (sd->gone)
		return -ENODEV;
	if (READ_ONCE(sd->away))
		return -EAGAIN;
	if (!sono_hw_present(sd))
		return -ENODEV;
	ret = sono_hw_regain(sd);
	if (ret)
		return ret;
	ret = tests[which](sd, &t);
	if (ret)
		return ret;
	if (t.failed)
		sono_trouble(sd, SONO_TROUBLE_SELFTEST, which, t.code);
	spin_lock_bh(&sd->ring_lock);
	sd->selftest[which] = t;
	spin_unlock_bh(&sd->ring_lock);
	return 0;
}

/**
 * sono_selftest_run() - let the board try
 * @sd: device, not locked
 * @which: SONO_TRY_*
 *
 * The result is in sd->selftest also where something failed.
 *
 * Return: 0, -EOPNOTSUPP, -EBUSY while a run or an upload excludes it, -EAGAIN
 * while the board is away, -ENODEV, -EIO if it takes no reset, or -errno of
 * waking it.
 */
int sono_selftest_run(struct sono_device *sd, unsigned int which)
{
	int ret = sono_recover_wake(sd);

	if (ret)
		return ret;
	mutex_lock(&sd->lock);
	ret = run_locked(sd, which);
	mutex_unlock(&sd->lock);
	sono_recover_rest(sd);
	return ret;
}

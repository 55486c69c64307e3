// SPDX-License-Identifier: GPL-2.0-only
/*
 * The board goes away for a while and comes back without a memory: a reset of
 * its function, an error of its link, sleep. Whatever the cause, leave() ends
 * the run and keeps every command from the registers until come_back() has
 * set the board up anew; the stream stays, and START gives the board its table
 * again. Causes may overlap: the board is back when the last of them is over.
 */
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "sono_hw.h"
#include "sono_recover.h"
#include "sono_stream.h"

/* A program that opens the node again soon finds the board awake. */
#define SONO_REST_MS 2000

/* Returns what the board was away for already. */
static u32 set_away(struct sono_device *sd, u32 cause, u32 end, bool cut,
		    u64 *counter)
{
	u32 was;

	spin_lock_bh(&sd->ring_lock);
	was = sd->away;
	WRITE_ONCE(sd->away, was | cause);
	/* The first is what ends the run. */
	if (!was)
		sd->away_end = end;
	WRITE_ONCE(sd->cut, sd->cut || cut);
	++*counter;
	spin_unlock_bh(&sd->ring_lock);
	return was;
}

/*
 * On return no register is touched any more, no interrupt is handled, and the
 * run has ended. If the bus is cut off, the board was not told: bus mastering
 * is what keeps it from memory then, until it is reset.
 */
static void leave(struct sono_device *sd, u32 cause, u32 end, bool cut,
		  u64 *counter)
{
	u32 was = set_away(sd, cause, end, cut, counter);

	if (cut)
		pci_clear_master(sd->pdev);
	/* A command that waits for the board lets go of the lock. */
	wake_up(&sd->ctl_wait);

	mutex_lock(&sd->lock);
	trace_sono_leave(&sd->dev, was | cause);
	sono_stream_halt(sd, end);
	if (sd->updating && !READ_ONCE(sd->cut))
		sono_hw_flash_abort(sd);
	if (sd->stream)
		sd->stream->loaded = false;
	if (!was)
		sono_capture_disable_irqs(sd);
	mutex_unlock(&sd->lock);
}

/*
 * What the PCI core saves before a reset and restores after it is worth
 * nothing if that reset fell into another one: the board has no address then,
 * and every further reset would save that. The state of probe is always good.
 */
static bool restore_config(struct sono_device *sd)
{
	if (!sd->config || pci_load_saved_state(sd->pdev, sd->config))
		return false;
	pci_restore_state(sd->pdev);
	return sono_hw_answers(sd);
}

/* As probe left it. Returns what the board is away for then: 0, or LOST. */
static u32 set_up(struct sono_device *sd)
{
	lockdep_assert_held(&sd->lock);
	if ((!sono_hw_answers(sd) && !restore_config(sd)) ||
	    sono_hw_reset(sd)) {
		dev_err(&sd->pdev->dev, "did not come back\n");
		sono_trouble(sd, SONO_TROUBLE_LOST, 0, 0);
		/* Its configuration may have been restored. */
		sono_hw_bar(sd);
		return SONO_AWAY_LOST;
	}
	/* A reset that began after leave() restores what that had cleared. */
	pci_set_master(sd->pdev);
	sd->barred = false;
	sono_capture_enable_irqs(sd);
	return 0;
}

static void come_back(struct sono_device *sd, u32 causes)
{
	u32 rest;

	mutex_lock(&sd->lock);
	rest = sd->away & ~(causes | SONO_AWAY_LOST);
	if (sd->away && !rest && !sd->gone)
		rest = set_up(sd);
	spin_lock_bh(&sd->ring_lock);
	WRITE_ONCE(sd->away, rest);
	WRITE_ONCE(sd->cut, sd->cut && rest);
	spin_unlock_bh(&sd->ring_lock);
	trace_sono_return(&sd->dev, rest);
	mutex_unlock(&sd->lock);
	wake_up_all(&sd->back);
}

/* --- errors of the link ----------------------------------------------------- */

static pci_ers_result_t error_detected(struct pci_dev *pdev,
				       pci_channel_state_t state)
{
	struct sono_device *sd = pci_get_drvdata(pdev);
	bool cut = state != pci_channel_io_normal;

	leave(sd, SONO_AWAY_ERROR, SONO_END_LINK, cut,
	      &sd->counters.link_errors);
	switch (state) {
	case pci_channel_io_normal:
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		return PCI_ERS_RESULT_DISCONNECT;
	}
}

/* The link works: a board that answers needs no more than its own reset. */
static pci_ers_result_t mmio_enabled(struct pci_dev *pdev)
{
	return sono_hw_answers(pci_get_drvdata(pdev)) ?
		       PCI_ERS_RESULT_RECOVERED :
		       PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t slot_reset(struct pci_dev *pdev)
{
	struct sono_device *sd = pci_get_drvdata(pdev);

	if (restore_config(sd))
		return PCI_ERS_RESULT_RECOVERED;
	/* There will be no resume. */
	come_back(sd, SONO_AWAY_ERROR);
	return PCI_ERS_RESULT_DISCONNECT;
}

static void resume_traffic(struct pci_dev *pdev)
{
	come_back(pci_get_drvdata(pdev), SONO_AWAY_ERROR);
}

static void cor_error_detected(struct pci_dev *pdev)
{
	struct sono_device *sd = pci_get_drvdata(pdev);

	spin_lock_bh(&sd->ring_lock);
	sd->counters.link_corrected++;
	trace_sono_link_corrected(&sd->dev, sd->away);
	spin_unlock_bh(&sd->ring_lock);
}

static void reset_prepare(struct pci_dev *pdev)
{
	struct sono_device *sd = pci_get_drvdata(pdev);

	leave(sd, SONO_AWAY_RESET, SONO_END_RESET, false,
	      &sd->counters.resets);
}

/* It also ends an error that the link did not recover from by itself. */
static void reset_done(struct pci_dev *pdev)
{
	come_back(pci_get_drvdata(pdev), SONO_AWAY_RESET | SONO_AWAY_ERROR);
}

const struct pci_error_handlers sono_err_handler = {
	.error_detected = error_detected,
	.mmio_enabled = mmio_enabled,
	.slot_reset = slot_reset,
	.reset_prepare = reset_prepare,
	.reset_done = reset_done,
	.resume = resume_traffic,
	.cor_error_detected = cor_error_detected,
};

/* --- sleep, of the system and of an idle board ------------------------------ */

static int sono_suspend(struct device *dev)
{
	struct sono_device *sd = dev_get_drvdata(dev);

	leave(sd, SONO_AWAY_SLEEP, SONO_END_SLEEP, false,
	      &sd->counters.sleeps);
	return 0;
}

static int sono_resume(struct device *dev)
{
	come_back(dev_get_drvdata(dev), SONO_AWAY_SLEEP);
	return 0;
}

const struct dev_pm_ops sono_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(sono_suspend, sono_resume)
	RUNTIME_PM_OPS(sono_suspend, sono_resume, NULL)
};

/**
 * sono_recover_enable() - the board may go away; it may rest when not used
 * @sd: device, complete
 */
void sono_recover_enable(struct sono_device *sd)
{
	struct device *dev = &sd->pdev->dev;

	pci_save_state(sd->pdev);
	sd->config = pci_store_saved_state(sd->pdev);
	if (!sd->config)
		dev_warn(dev, "no memory to keep its configuration: a fatal error of the link will lose the board\n");
	pm_runtime_set_autosuspend_delay(dev, SONO_REST_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_allow(dev);
	/* The reference that the PCI core took for probe. */
	sono_recover_rest(sd);
}

/**
 * sono_recover_disable() - undo sono_recover_enable()
 * @sd: device; awake, as the PCI core sees to before remove
 */
void sono_recover_disable(struct sono_device *sd)
{
	struct device *dev = &sd->pdev->dev;

	pm_runtime_get_noresume(dev);
	pm_runtime_forbid(dev);
	pm_runtime_dont_use_autosuspend(dev);
	kfree(sd->config);
	sd->config = NULL;
}

/**
 * sono_recover_wake() - keep the board awake
 * @sd: device, not locked
 *
 * Return: 0 or -errno, with nothing to undo.
 */
int sono_recover_wake(struct sono_device *sd)
{
	return pm_runtime_resume_and_get(&sd->pdev->dev);
}

/**
 * sono_recover_rest() - undo a sono_recover_wake()
 * @sd: device, bound or not
 */
void sono_recover_rest(struct sono_device *sd)
{
	pm_runtime_mark_last_busy(&sd->pdev->dev);
	pm_runtime_put_autosuspend(&sd->pdev->dev);
}

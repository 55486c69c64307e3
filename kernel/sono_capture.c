// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the board's interrupt to the consumer: completions are checked and
 * published, slots posted again, waiters woken. The heartbeat is here too,
 * as it is what lets the board go on.
 */
#include <linux/interrupt.h>

#include "sono_arm.h"
#include "sono_hw.h"
#include "sono_hwmon.h"
#include "sono_limits.h"
#include "sono_stream.h"

/* Completions per hold of ring_lock; a few microseconds each. */
#define SONO_BUDGET 64
/* From reads that fail to the error of the link that says why. */
#define SONO_LINK_MS 200
/* From a fault to the interrupt that tells of it, at most. */
#define SONO_HEARD_MS 20

static int publish(struct sono_device *sd, struct sono_stream *s,
		   const struct sono_completion *c)
{
	u32 info;

	/* A bounce buffer must not be copied over a slot that is delivered. */
	if (!sono_ring_check(&s->ring, c, &info))
		sono_slots_to_cpu(&s->slots, &sd->pdev->dev,
				  array_index_nospec(c->slot, s->slots.slots),
				  c->len);
	return sono_ring_complete(&s->ring, c, ktime_get_ns());
}

/* True if the budget ran out before the completions did. */
static bool drain(struct sono_device *sd, struct sono_stream *s,
		  unsigned int budget)
{
	struct sono_completion c;
	u32 head = s->queue.cpl_head;

	lockdep_assert_held(&sd->ring_lock);
	while (budget && !s->broken && sono_queue_next(&s->queue, &c)) {
		budget--;
		c.cfg_gen += s->cfg_offset;
		if (publish(sd, s, &c))
			s->broken = true;
	}
	sd->counters.records += s->queue.cpl_head - head;
	if (s->queue.cpl_head != head && !sd->cut)
		sono_hw_consumed(sd, s->queue.cpl_head);
	return !budget;
}

/**
 * sono_capture_drain() - publish what is left, after the board has stopped
 * @sd: device, ring_lock held
 * @s: its stream
 */
void sono_capture_drain(struct sono_device *sd, struct sono_stream *s)
{
	/* As many as the ring holds, however fast the board was. */
	drain(sd, s, s->queue.cpl_mask + 1);
}

/* @records: how many it published. True if there are more. */
static bool capture_pass(struct sono_device *sd, u64 *records)
{
	struct sono_stream *s;
	bool more = false;
	u64 before;

	spin_lock_bh(&sd->ring_lock);
	s = sd->active;
	before = sd->counters.records;
	if (s && !s->broken) {
		sd->counters.passes++;
		more = drain(sd, s, SONO_BUDGET);
		if (s->broken) {
			/* Transmit and DMA end now, the account later. */
			sono_hw_quiet(sd);
			schedule_work(&sd->halt);
		} else {
			sono_stream_refill(sd, s);
		}
		sono_stream_wake(sd, s);
	}
	*records += sd->counters.records - before;
	spin_unlock_bh(&sd->ring_lock);
	return more;
}

static irqreturn_t capture_thread(int irq, void *data)
{
	u64 records = 0;

	while (capture_pass(data, &records))
		cond_resched();
	return IRQ_HANDLED;
}

static void count(struct sono_device *sd, unsigned int vector)
{
	atomic_inc(&sd->irqs[vector]);
	if (READ_ONCE(sd->counting))
		wake_up(&sd->ctl_wait);
}

/* The thread has nothing to acknowledge: the completion ring says it all. */
static irqreturn_t capture_irq(int irq, void *data)
{
	count(data, SONO_VEC_CAPTURE);
	return IRQ_WAKE_THREAD;
}

static irqreturn_t event_irq(int irq, void *data)
{
	struct sono_device *sd = data;

	count(sd, SONO_VEC_EVENT);
	sono_hw_ack(sd, SONO_IRQ_FAULT);
	schedule_work(&sd->halt);
	return IRQ_HANDLED;
}

static irqreturn_t control_irq(int irq, void *data)
{
	struct sono_device *sd = data;

	count(sd, SONO_VEC_CONTROL);
	sono_hw_ack(sd, SONO_IRQ_SEQ | SONO_IRQ_STOPPED | SONO_IRQ_FW);
	wake_up(&sd->ctl_wait);
	return IRQ_HANDLED;
}

/* True if an interrupt of events comes within a while, or has come. */
static bool is_heard(struct sono_device *sd)
{
	long left;

	lockdep_assert_held(&sd->lock);
	WRITE_ONCE(sd->counting, true);
	left = wait_event_timeout(sd->ctl_wait,
				  atomic_read(&sd->irqs[SONO_VEC_EVENT]) !=
					  sd->fault_irqs,
				  msecs_to_jiffies(SONO_HEARD_MS));
	WRITE_ONCE(sd->counting, false);
	return left;
}

/**
 * sono_capture_fault() - tell of a fault that the board has, once
 * @sd: device, locked, its registers there
 *
 * It is over with the next reset or START.
 */
void sono_capture_fault(struct sono_device *sd)
{
	u32 fault, info;

	lockdep_assert_held(&sd->lock);
	/* What it says without the bus may be because of that. */
	if (READ_ONCE(sd->cut) || sd->barred || !sono_hw_present(sd))
		return;
	fault = sono_hw_fault(sd, &info);
	if (fault == sd->fault)
		return;
	sd->fault = fault;
	if (!fault)
		return;
	sono_trouble(sd, SONO_TROUBLE_FAULT, fault, info);
	sono_hwmon_notify(sd, fault);
	if (!is_heard(sd))
		sono_trouble(sd, SONO_TROUBLE_UNHEARD, SONO_VEC_EVENT, 0);
	sd->fault_irqs = atomic_read(&sd->irqs[SONO_VEC_EVENT]);
}

static bool is_broken(struct sono_device *sd)
{
	bool broken;

	spin_lock_bh(&sd->ring_lock);
	broken = sd->active && sd->active->broken;
	spin_unlock_bh(&sd->ring_lock);
	return broken;
}

/**
 * sono_capture_halt() - end a run that the board or its lies ended
 * @work: sono_device.halt
 */
void sono_capture_halt(struct work_struct *work)
{
	struct sono_device *sd = container_of(work, struct sono_device, halt);
	bool hurries;

	hurries = is_broken(sd);
	if (hurries)
		sono_stream_hurry(sd);
	mutex_lock(&sd->lock);
	if (hurries)
		sono_stream_hurried(sd);
	/* The fault may be one of a run that has ended since. */
	if (sd->active && (sd->active->broken || !sono_hw_runs(sd)))
		sono_stream_halt(sd, SONO_END_FAULT);
	if (!sd->gone && !READ_ONCE(sd->away))
		sono_capture_fault(sd);
	mutex_unlock(&sd->lock);
}

/*
 * The board counts from when it is told. Where that took long (the worker was
 * held up, the bus was busy) it is told again, now that less time is left.
 */
static void let_transmit(struct sono_device *sd, struct sono_stream *s)
{
	ktime_t now;
	u64 age_us;
	u32 left;

	spin_lock_bh(&sd->ring_lock);
	sd->counters.heartbeats++;
	spin_unlock_bh(&sd->ring_lock);
	do {
		u32 heartbeat_ms = READ_ONCE(s->heartbeat_ms);

		now = ktime_get();
		age_us = ktime_us_delta(now, s->beat_seen);
		left = sono_heartbeat_left(heartbeat_ms,
					   DIV_ROUND_UP_ULL(age_us, 1000));
		if (left)
			sono_hw_heartbeat(sd, left);
	} while (left && ktime_ms_delta(ktime_get(), now) > 0);
}

/*
 * An interrupt may get lost. What it would have told is found by the heartbeat,
 * be that completions (moderation may be holding theirs back, too), a fault or
 * a board that does not run any more.
 */
static void look_after(struct sono_device *sd)
{
	u64 records = 0;

	while (capture_pass(sd, &records))
		cond_resched();
	if (records) {
		spin_lock_bh(&sd->ring_lock);
		sd->counters.found += records;
		spin_unlock_bh(&sd->ring_lock);
		trace_sono_found(&sd->dev, records);
	}
	if (!sono_hw_runs(sd))
		schedule_work(&sd->halt);
}

/**
 * sono_capture_heartbeat() - let the board transmit on, if somebody consumes
 * @work: sono_device.heartbeat
 */
void sono_capture_heartbeat(struct work_struct *work)
{
	struct sono_device *sd = container_of(to_delayed_work(work),
					      struct sono_device, heartbeat);
	struct sono_stream *s = sd->stream;
	ktime_t now;
	u64 beat;

	/*
	 * Who waits for a board that has left the bus would do so for ever. If
	 * halt finds it there, this goes on. But it may be an error of the link
	 * that is about to be told, and then that is why the run ends.
	 */
	if (!sono_hw_present(sd)) {
		wait_event_timeout(sd->ctl_wait, READ_ONCE(sd->away),
				   msecs_to_jiffies(SONO_LINK_MS));
		schedule_work(&sd->halt);
		goto again;
	}
	now = ktime_get();
	/* A change after this moment counts from it, so it is taken first. */
	beat = READ_ONCE(s->ring.user->heartbeat);
	if (beat != s->beat)
		let_transmit(sd, s);
	s->beat = beat;
	s->beat_seen = now;
	look_after(sd);
again:
	queue_delayed_work(sono_heartbeats, &sd->heartbeat,
			   msecs_to_jiffies(READ_ONCE(s->heartbeat_ms) / 4));
}

/**
 * sono_capture_irqs() - one vector each for capture, events and control
 * @sd: device
 *
 * Return: 0 or -errno.
 */
int sono_capture_irqs(struct sono_device *sd)
{
	struct pci_dev *pdev = sd->pdev;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, SONO_NUM_VECS, SONO_NUM_VECS,
				    PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	ret = pci_request_irq(pdev, SONO_VEC_CAPTURE, capture_irq,
			      capture_thread, sd, "sono-capture");
	if (ret)
		goto err_vectors;
	ret = pci_request_irq(pdev, SONO_VEC_EVENT, event_irq, NULL, sd,
			      "sono-event");
	if (ret)
		goto err_capture;
	ret = pci_request_irq(pdev, SONO_VEC_CONTROL, control_irq, NULL, sd,
			      "sono-control");
	if (ret)
		goto err_event;
	return 0;

err_event:
	pci_free_irq(pdev, SONO_VEC_EVENT, sd);
err_capture:
	pci_free_irq(pdev, SONO_VEC_CAPTURE, sd);
err_vectors:
	pci_free_irq_vectors(pdev);
	return ret;
}

void sono_capture_free_irqs(struct sono_device *sd)
{
	pci_free_irq(sd->pdev, SONO_VEC_CONTROL, sd);
	pci_free_irq(sd->pdev, SONO_VEC_EVENT, sd);
	pci_free_irq(sd->pdev, SONO_VEC_CAPTURE, sd);
	pci_free_irq_vectors(sd->pdev);
}

/** sono_capture_disable_irqs() - no handler runs any more, nor will one */
void sono_capture_disable_irqs(struct sono_device *sd)
{
	int i;

	for (i = 0; i < SONO_NUM_VECS; i++)
		disable_irq(pci_irq_vector(sd->pdev, i));
}

/** sono_capture_enable_irqs() - undo a sono_capture_disable_irqs() */
void sono_capture_enable_irqs(struct sono_device *sd)
{
	int i;

	for (i = 0; i < SONO_NUM_VECS; i++)
		enable_irq(pci_irq_vector(sd->pdev, i));
}

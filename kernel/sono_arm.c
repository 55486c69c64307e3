// SPDX-License-Identifier: GPL-2.0-only
/*
 * A waiting ARM is owned by the list it is on: whoever unlinks it under
 * ring_lock completes it, be that a record, the end of the run, the timer,
 * CANCEL or the end of its task. Completion is always left to task work, as
 * io_uring takes a mutex for a command that can be cancelled.
 */
#include <linux/slab.h>
#include <linux/timer.h>

#include "sono_arm.h"
#include "sono_compat.h"
#include "sono_stream.h"

/* More than a program has use for; keeps a hostile one from piling them up. */
#define SONO_ARMS_MAX 64
/*
 * Of all observers together: every capture pass walks the list, and anybody who
 * may read the node can open it as often as they like.
 */
#define SONO_OBSERVERS_ARMS_MAX 256

/**
 * struct sono_waiter - one ARM that waits
 * @link: in the stream's waiters; empty once somebody owns the completion
 * @cmd: the command
 * @sf: the command's file, which the command pins
 * @pos: from which the caller has not read
 * @min_frames: it waits for
 * @res: its result, for the task work
 * @timer: ends the wait; unused if it has no timeout
 */
struct sono_waiter {
	struct list_head link;
	struct io_uring_cmd *cmd;
	struct sono_file *sf;
	u64 pos;
	u32 min_frames;
	s32 res;
	struct timer_list timer;
};

struct sono_arm_pdu {
	struct sono_waiter *waiter;
};

static struct sono_waiter *waiter_of(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_to_pdu(cmd, struct sono_arm_pdu)->waiter;
}

/* The command may be gone once it is done, so the waiter goes after it. */
SONO_TASK_WORK(waiter_finish)
{
	struct sono_waiter *w = waiter_of(cmd);

	timer_delete_sync(&w->timer);
	sono_uring_done(cmd, w->res, issue_flags);
	kfree(w);
}

static void waiter_link(struct sono_waiter *w, struct sono_stream *s)
{
	lockdep_assert_held(&w->sf->sd->ring_lock);
	list_add_tail(&w->link, &s->waiters);
	w->sf->arms++;
	s->observers_arms += !w->sf->controller;
}

/* Whoever does that owns the completion. */
static void waiter_unlink(struct sono_waiter *w)
{
	struct sono_stream *s = w->sf->stream;

	lockdep_assert_held(&w->sf->sd->ring_lock);
	list_del_init(&w->link);
	w->sf->arms--;
	s->observers_arms -= !w->sf->controller;
}

static void waiter_complete(struct sono_waiter *w, s32 res)
{
	waiter_unlink(w);
	w->res = res;
	io_uring_cmd_do_in_task_lazy(w->cmd, waiter_finish);
}

static void waiter_timeout(struct timer_list *t)
{
	struct sono_waiter *w = container_of(t, struct sono_waiter, timer);
	struct sono_device *sd = w->sf->sd;

	spin_lock(&sd->ring_lock);
	if (!list_empty(&w->link))
		waiter_complete(w, -ETIME);
	spin_unlock(&sd->ring_lock);
}

/* Will no record come before the waiting file does something? */
static bool in_vain(const struct sono_file *sf, const struct sono_stream *s)
{
	if (sf->sd->active != s)
		return true;
	/* An observer has nothing to release. */
	return sf->controller && sono_ring_starved(&s->ring);
}

/* Is the wait over? The number of records ready, -ENODEV or -EIOCBQUEUED. */
static s32 arm_result(const struct sono_file *sf, const struct sono_stream *s,
		      u64 pos, u32 min_frames)
{
	u64 ready = sono_ring_ready(&s->ring, pos);

	lockdep_assert_held(&sf->sd->ring_lock);
	if (ready < min_frames && sf->sd->gone)
		return -ENODEV;
	if (ready < min_frames && !in_vain(sf, s))
		return -EIOCBQUEUED;
	return min_t(u64, ready, S32_MAX);
}

/**
 * sono_arm_wake() - complete every ARM whose wait is over
 * @sd: device, ring_lock held
 * @s: the stream
 */
void sono_arm_wake(struct sono_device *sd, struct sono_stream *s)
{
	struct sono_waiter *w, *next;

	lockdep_assert_held(&sd->ring_lock);
	list_for_each_entry_safe(w, next, &s->waiters, link) {
		s32 res = arm_result(w->sf, s, w->pos, w->min_frames);

		if (res != -EIOCBQUEUED)
			waiter_complete(w, res);
	}
}

/**
 * sono_arm_cancel_all() - complete every ARM of a file with -ECANCELED
 * @sf: the file
 * @s: its stream
 */
void sono_arm_cancel_all(struct sono_file *sf, struct sono_stream *s)
{
	struct sono_waiter *w, *next;

	spin_lock_bh(&sf->sd->ring_lock);
	list_for_each_entry_safe(w, next, &s->waiters, link)
		if (w->sf == sf)
			waiter_complete(w, -ECANCELED);
	spin_unlock_bh(&sf->sd->ring_lock);
}

/**
 * sono_arm_cancel_one() - its task or ring ends (IO_URING_F_CANCEL)
 * @sf: the command's file
 * @cmd: an ARM that was marked cancelable and is not done yet
 * @issue_flags: of io_uring
 */
void sono_arm_cancel_one(struct sono_file *sf, struct io_uring_cmd *cmd,
			 unsigned int issue_flags)
{
	struct sono_waiter *w = waiter_of(cmd);
	struct sono_device *sd = sf->sd;
	bool ours;

	spin_lock_bh(&sd->ring_lock);
	ours = !list_empty(&w->link);
	if (ours)
		waiter_unlink(w);
	spin_unlock_bh(&sd->ring_lock);
	if (!ours)
		return;
	timer_delete_sync(&w->timer);
	sono_uring_done(cmd, -ECANCELED, issue_flags);
	kfree(w);
}

static bool too_many(const struct sono_file *sf, const struct sono_stream *s)
{
	lockdep_assert_held(&sf->sd->ring_lock);
	return sf->arms >= SONO_ARMS_MAX ||
	       (!sf->controller &&
		s->observers_arms >= SONO_OBSERVERS_ARMS_MAX);
}

/*
 * Room is made first: what was released counts before starvation does. Only
 * the controller has released anything.
 */
static s32 arm_try(struct sono_file *sf, struct sono_stream *s, u64 pos,
		   u32 min_frames)
{
	struct sono_device *sd = sf->sd;

	if (sf->controller && sd->active == s && !s->broken)
		sono_stream_refill(sd, s);
	return arm_result(sf, s, pos, min_frames);
}

static struct sono_waiter *waiter_alloc(struct sono_file *sf,
					struct io_uring_cmd *cmd,
					const struct sono_arm *arm)
{
	struct sono_waiter *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	INIT_LIST_HEAD(&w->link);
	w->cmd = cmd;
	w->sf = sf;
	w->pos = arm->pos;
	w->min_frames = arm->min_frames;
	timer_setup(&w->timer, waiter_timeout, 0);
	io_uring_cmd_to_pdu(cmd, struct sono_arm_pdu)->waiter = w;
	return w;
}

/*
 * From here on the command can be cancelled, so it has to be completed as
 * one that was queued even if its wait turns out to be over.
 */
static int arm_queue(struct sono_stream *s, struct sono_waiter *w,
		     u32 timeout_us, unsigned int issue_flags)
{
	struct sono_device *sd = w->sf->sd;
	struct io_uring_cmd *cmd = w->cmd;
	s32 res;

	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	spin_lock_bh(&sd->ring_lock);
	res = too_many(w->sf, s) ? -EBUSY :
				   arm_try(w->sf, s, w->pos, w->min_frames);
	if (res == -EIOCBQUEUED) {
		sd->counters.waits++;
		waiter_link(w, s);
		if (timeout_us)
			mod_timer(&w->timer,
				  jiffies + usecs_to_jiffies(timeout_us));
		spin_unlock_bh(&sd->ring_lock);
		return -EIOCBQUEUED;
	}
	spin_unlock_bh(&sd->ring_lock);
	sono_uring_done(cmd, res, issue_flags);
	kfree(w);
	return -EIOCBQUEUED;
}

/**
 * sono_arm_issue() - SONO_CMD_ARM
 * @sf: the file
 * @cmd: the command; struct sono_arm is in its SQE
 * @issue_flags: of io_uring
 *
 * Return: the number of records ready, -EIOCBQUEUED, or: -EPERM if the file
 * has no stream, -EINVAL for no frames or more than there are slots,
 * -EBUSY with too many ARMs waiting, -ENODEV, -ENOMEM.
 */
int sono_arm_issue(struct sono_file *sf, struct io_uring_cmd *cmd,
		   unsigned int issue_flags)
{
	const struct sono_arm *sqe = sono_sqe_cmd(cmd->sqe, struct sono_arm);
	struct sono_stream *s = sono_file_stream(sf);
	struct sono_arm arm = {
		.pos = READ_ONCE(sqe->pos),
		.min_frames = READ_ONCE(sqe->min_frames),
		.timeout_us = READ_ONCE(sqe->timeout_us),
	};
	struct sono_waiter *w;
	s32 res;

	if (!s)
		return -EPERM;
	if (!arm.min_frames || arm.min_frames > s->setup.slots)
		return -EINVAL;

	spin_lock_bh(&sf->sd->ring_lock);
	sf->sd->counters.arms++;
	res = arm_try(sf, s, arm.pos, arm.min_frames);
	spin_unlock_bh(&sf->sd->ring_lock);
	if (res != -EIOCBQUEUED)
		return res;

	w = waiter_alloc(sf, cmd, &arm);
	if (!w)
		return -ENOMEM;
	return arm_queue(s, w, arm.timeout_us, issue_flags);
}

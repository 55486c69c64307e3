// SPDX-License-Identifier: GPL-2.0-only
/*
 * The node: open, close, map, and the commands of sono.h, by ioctl and by
 * io_uring alike. User memory is read once, before any lock is taken, and
 * checked here; what comes behind can rely on ranges.
 */
#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "sono_arm.h"
#include "sono_compat.h"
#include "sono_dmabuf.h"
#include "sono_limits.h"
#include "sono_read.h"
#include "sono_recover.h"
#include "sono_regbuf.h"
#include "sono_stream.h"

/* The stream of a controller; NULL of any other file. */
static struct sono_stream *controlled(const struct sono_file *sf)
{
	struct sono_stream *s = sono_file_stream(sf);

	return s && sf->controller ? s : NULL;
}

static void attach(struct sono_file *sf, struct sono_stream *s, bool controller)
{
	sf->controller = controller;
	sf->cursor = s->ring.ctl->head;
	/* Pairs with sono_file_stream(): who sees it sees all of it. */
	smp_store_release(&sf->stream, s);
}

static int cmd_info(struct sono_file *sf, void __user *arg)
{
	return copy_to_user(arg, &sf->sd->info, sizeof(sf->sd->info)) ?
		       -EFAULT :
		       0;
}

static int setup_locked(struct sono_file *sf, struct sono_setup *st)
{
	struct sono_device *sd = sf->sd;
	struct sono_stream *s;

	lockdep_assert_held(&sd->lock);
	if (sd->gone)
		return -ENODEV;
	if (sd->stream || sf->stream)
		return -EBUSY;
	s = sono_stream_create(sd, st);
	if (IS_ERR(s))
		return PTR_ERR(s);
	sd->stream = s;
	attach(sf, s, true);
	return 0;
}

static int cmd_setup(struct sono_file *sf, void __user *arg)
{
	struct sono_setup st;
	int ret;

	if (copy_from_user(&st, arg, sizeof(st)))
		return -EFAULT;
	ret = sono_setup_check(&sf->sd->info, &st);
	if (ret)
		return ret;
	if (mutex_lock_killable(&sf->sd->lock))
		return -EINTR;
	ret = setup_locked(sf, &st);
	mutex_unlock(&sf->sd->lock);
	if (ret)
		return ret;
	return copy_to_user(arg, &st, sizeof(st)) ? -EFAULT : 0;
}

static int observe_locked(struct sono_file *sf, struct sono_setup *st)
{
	struct sono_device *sd = sf->sd;

	lockdep_assert_held(&sd->lock);
	if (sd->gone)
		return -ENODEV;
	if (sf->stream)
		return -EBUSY;
	if (!sd->stream)
		return -ENXIO;
	kref_get(&sd->stream->ref);
	*st = sd->stream->setup;
	attach(sf, sd->stream, false);
	return 0;
}

static int cmd_observe(struct sono_file *sf, void __user *arg)
{
	struct sono_setup st;
	int ret;

	if (mutex_lock_killable(&sf->sd->lock))
		return -EINTR;
	ret = observe_locked(sf, &st);
	mutex_unlock(&sf->sd->lock);
	if (ret)
		return ret;
	return copy_to_user(arg, &st, sizeof(st)) ? -EFAULT : 0;
}

/* Longer than any reset, or recovery of a link, that succeeds. */
#define SONO_AWAY_MS 10000

static bool settled(const struct sono_device *sd)
{
	u32 away = READ_ONCE(sd->away);

	return !away || away == SONO_AWAY_LOST || READ_ONCE(sd->gone);
}

/* Of a locked device: -EAGAIN means that one has to wait. */
static int usable(const struct sono_device *sd)
{
	u32 away = READ_ONCE(sd->away);

	lockdep_assert_held(&sd->lock);
	if (sd->gone)
		return -ENODEV;
	if (!away)
		return 0;
	return away == SONO_AWAY_LOST ? -EIO : -EAGAIN;
}

/*
 * Lock the device for a command that needs the board, once that can be used:
 * 0, -EINTR, -ENODEV if it is gone, -EIO if it does not come back.
 */
static int lock_board(struct sono_device *sd)
{
	long left;
	int ret;

	for (;;) {
		left = wait_event_killable_timeout(sd->back, settled(sd),
						   msecs_to_jiffies(SONO_AWAY_MS));
		if (left <= 0)
			return left ? -EINTR : -EIO;
		if (mutex_lock_killable(&sd->lock))
			return -EINTR;
		ret = usable(sd);
		if (!ret)
			return 0;
		mutex_unlock(&sd->lock);
		if (ret != -EAGAIN)
			return ret;
	}
}

static int cmd_config(struct sono_file *sf, void __user *arg)
{
	struct sono_stream *s = controlled(sf);
	struct sono_config cfg;
	void *table;
	int ret;

	if (!s)
		return -EPERM;
	if (copy_from_user(&cfg, arg, sizeof(cfg)))
		return -EFAULT;
	ret = sono_config_check(&sf->sd->info, &s->setup, &cfg);
	if (ret)
		return ret;
	table = vmemdup_user(u64_to_user_ptr(cfg.table), cfg.table_bytes);
	if (IS_ERR(table))
		return PTR_ERR(table);

	ret = lock_board(sf->sd);
	if (!ret) {
		ret = sono_stream_config(sf->sd, s, &cfg, table);
		mutex_unlock(&sf->sd->lock);
	}
	kvfree(table);
	/* What was refused, and why, is part of the answer. */
	if (copy_to_user(arg, &cfg, sizeof(cfg)))
		return -EFAULT;
	return ret;
}

static int cmd_start(struct sono_file *sf, void __user *arg)
{
	struct sono_stream *s = controlled(sf);
	struct sono_start start;
	int ret;

	if (!s)
		return -EPERM;
	if (copy_from_user(&start, arg, sizeof(start)))
		return -EFAULT;
	if (start.flags & ~SONO_START_TX_OFF ||
	    memchr_inv(start.rsvd, 0, sizeof(start.rsvd)))
		return -EINVAL;
	ret = lock_board(sf->sd);
	if (ret)
		return ret;
	ret = sono_stream_start(sf->sd, s, &start);
	mutex_unlock(&sf->sd->lock);
	if (ret)
		return ret;
	return copy_to_user(arg, &start, sizeof(start)) ? -EFAULT : 0;
}

/* A run that ended by itself still has its account to give. */
static int cmd_stop(struct sono_file *sf, void __user *arg)
{
	struct sono_stream *s = controlled(sf);
	struct sono_stop stop = {};
	int ret;

	if (!s)
		return -EPERM;
	sono_stream_hurry(sf->sd);
	ret = mutex_lock_killable(&sf->sd->lock);
	sono_stream_hurried(sf->sd);
	if (ret)
		return -EINTR;
	sono_stream_halt(sf->sd, SONO_END_STOP);
	ret = s->ring.ctl->state == SONO_STATE_ENDED ? 0 : -ENXIO;
	stop.produced = s->ring.ctl->produced;
	stop.delivered = s->ring.ctl->delivered;
	stop.dropped = s->ring.ctl->dropped;
	stop.lost = s->ring.ctl->lost;
	mutex_unlock(&sf->sd->lock);
	if (ret)
		return ret;
	return copy_to_user(arg, &stop, sizeof(stop)) ? -EFAULT : 0;
}

static int cmd_kick(struct sono_file *sf)
{
	struct sono_stream *s = controlled(sf);
	struct sono_device *sd = sf->sd;

	if (!s)
		return -EPERM;
	spin_lock_bh(&sd->ring_lock);
	sd->counters.kicks++;
	if (sd->active == s && !s->broken)
		sono_stream_refill(sd, s);
	spin_unlock_bh(&sd->ring_lock);
	return 0;
}

static int cmd_cancel(struct sono_file *sf)
{
	struct sono_stream *s = sono_file_stream(sf);

	if (!s)
		return -EPERM;
	sono_arm_cancel_all(sf, s);
	return 0;
}

/* Who cannot be told of the descriptor gets none. */
static int give_dmabuf(struct sono_export *ex, struct dma_buf *dmabuf,
		       void __user *arg)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0)
		return fd;
	ex->fd = fd;
	ex->bytes = dmabuf->size;
	if (copy_to_user(arg, ex, sizeof(*ex))) {
		put_unused_fd(fd);
		return -EFAULT;
	}
	fd_install(fd, dmabuf->file);
	return 0;
}

/* Pages of a stream are constant, so that no lock is needed. */
static int cmd_export(struct sono_file *sf, void __user *arg)
{
	struct sono_stream *s = sono_file_stream(sf);
	struct sono_export ex;
	struct dma_buf *dmabuf;
	int ret;

	if (!s)
		return -EPERM;
	if (copy_from_user(&ex, arg, sizeof(ex)))
		return -EFAULT;
	ret = sono_export_check(&s->setup, &ex);
	if (ret)
		return ret;
	if (ex.slot != SONO_SLOTS_ALL)
		ex.slot = array_index_nospec(ex.slot, s->setup.slots);
	dmabuf = sono_dmabuf_create(s, ex.slot, sf->controller);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = give_dmabuf(&ex, dmabuf, arg);
	if (ret)
		dma_buf_put(dmabuf);
	return ret;
}

/* Every command that has no structure in its SQE; -ENOTTY for what is none. */
static int sono_command(struct sono_file *sf, u32 op, void __user *arg)
{
	switch (op) {
	case SONO_CMD_INFO:
		return cmd_info(sf, arg);
	case SONO_CMD_SETUP:
		return cmd_setup(sf, arg);
	case SONO_CMD_OBSERVE:
		return cmd_observe(sf, arg);
	case SONO_CMD_CONFIG:
		return cmd_config(sf, arg);
	case SONO_CMD_START:
		return cmd_start(sf, arg);
	case SONO_CMD_STOP:
		return cmd_stop(sf, arg);
	case SONO_CMD_KICK:
		return cmd_kick(sf);
	case SONO_CMD_CANCEL:
		return cmd_cancel(sf);
	case SONO_CMD_EXPORT:
		return cmd_export(sf, arg);
	}
	return -ENOTTY;
}

static long sono_ioctl(struct file *file, unsigned int op, unsigned long arg)
{
	return sono_command(file->private_data, op, (void __user *)arg);
}

static bool may_sleep(u32 op)
{
	return op != SONO_CMD_KICK && op != SONO_CMD_CANCEL;
}

static int sono_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct sono_file *sf = cmd->file->private_data;
	const struct sono_uring_cmd *sqe;
	u64 addr, rsvd;
	int ret;

	if (issue_flags & IO_URING_F_CANCEL) {
		sono_arm_cancel_one(sf, cmd, issue_flags);
		return 0;
	}
	if (cmd->cmd_op == SONO_CMD_ARM)
		return sono_arm_issue(sf, cmd, issue_flags);
	if (cmd->cmd_op == SONO_CMD_REGBUF || cmd->cmd_op == SONO_CMD_UNREGBUF)
		return sono_regbuf_issue(sf, cmd, issue_flags);
	/* io_uring repeats it from a thread that may sleep. */
	if (may_sleep(cmd->cmd_op) && issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;

	sqe = sono_sqe_cmd(cmd->sqe, struct sono_uring_cmd);
	addr = READ_ONCE(sqe->addr);
	rsvd = READ_ONCE(sqe->rsvd);
	if (rsvd)
		return -EINVAL;
	ret = sono_command(sf, cmd->cmd_op, u64_to_user_ptr(addr));
	return ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

static int sono_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* sono_device.lock is not taken here: mmap_lock is held. */
	const struct sono_file *sf = file->private_data;
	struct sono_stream *s = sono_file_stream(sf);

	return s ? sono_stream_mmap(s, vma, sf->controller) : -EPERM;
}

static int sono_open(struct inode *inode, struct file *file)
{
	struct sono_device *sd =
		container_of(inode->i_cdev, struct sono_device, cdev);
	struct sono_file *sf = kzalloc(sizeof(*sf), GFP_KERNEL);
	int ret;

	if (!sf)
		return -ENOMEM;
	ret = sono_recover_wake(sd);
	if (ret) {
		kfree(sf);
		return ret;
	}
	get_device(&sd->dev);
	mutex_init(&sf->read_lock);
	sf->sd = sd;
	file->private_data = sf;
	return nonseekable_open(inode, file);
}

static void stop_controlling(struct sono_device *sd, struct sono_stream *s)
{
	mutex_lock(&sd->lock);
	sono_stream_close(sd, s, SONO_END_STOP);
	if (!sd->gone)
		sono_stream_detach(sd, s);
	sd->stream = NULL;
	mutex_unlock(&sd->lock);
}

/* No command is in flight any more, and nothing of the file is mapped. */
static int sono_release(struct inode *inode, struct file *file)
{
	struct sono_file *sf = file->private_data;
	struct sono_device *sd = sf->sd;

	if (sf->stream && sf->controller)
		stop_controlling(sd, sf->stream);
	if (sf->stream)
		sono_stream_put(sf->stream);
	mutex_destroy(&sf->read_lock);
	sono_recover_rest(sd);
	put_device(&sd->dev);
	kfree(sf);
	return 0;
}

const struct file_operations sono_fops = {
	.owner = THIS_MODULE,
	.open = sono_open,
	.release = sono_release,
	.read = sono_read,
	.poll = sono_poll,
	.mmap = sono_mmap,
	.unlocked_ioctl = sono_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = sono_uring_cmd,
};

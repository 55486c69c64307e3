// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader is as lossy as an observer: records it did not take in time are
 * skipped, which the gap in their numbers shows.
 */
#include <linux/fs.h>
#include <linux/uaccess.h>

#include "sono_drv.h"
#include "sono_read.h"

static u64 ring_head(const struct sono_stream *s)
{
	/* Pairs with the store-release in sono_ring_complete(). */
	return smp_load_acquire(&s->ring.ctl->head);
}

static bool has_ended(const struct sono_stream *s)
{
	/* Pairs with the store-release in sono_ring_end(). */
	return smp_load_acquire(&s->ring.ctl->state) == SONO_STATE_ENDED;
}

/*
 * Copy the record at the cursor. False if there is none; one that is
 * overwritten meanwhile is skipped, with all that are as old.
 */
static bool next_record(struct sono_file *sf, struct sono_record *rec)
{
	const struct sono_ring *r = &sf->stream->ring;

	lockdep_assert_held(&sf->read_lock);
	while (sf->cursor != ring_head(sf->stream)) {
		*rec = r->record[sf->cursor & (r->ring_entries - 1)];
		/* The copy is done before the head is looked at again. */
		smp_rmb();
		if (READ_ONCE(r->ctl->head) - sf->cursor < r->ring_entries) {
			sf->cursor++;
			return true;
		}
		sf->cursor = ring_head(sf->stream) - r->ring_entries + 1;
	}
	return false;
}

static ssize_t copy_records(struct sono_file *sf, char __user *buf,
			    size_t count)
{
	struct sono_record rec;
	size_t done = 0;

	while (count - done >= sizeof(rec) && next_record(sf, &rec)) {
		if (copy_to_user(buf + done, &rec, sizeof(rec))) {
			sf->cursor--;
			return done ? done : -EFAULT;
		}
		done += sizeof(rec);
	}
	return done;
}

/* Something to give out, or nothing to wait for. */
static bool worth_waking(struct sono_file *sf)
{
	return has_ended(sf->stream) || sf->cursor != ring_head(sf->stream);
}

static ssize_t read_locked(struct sono_file *sf, char __user *buf,
			   size_t count, bool block)
{
	for (;;) {
		/* First, as a run's last records precede its end. */
		bool ended = has_ended(sf->stream);
		ssize_t ret = copy_records(sf, buf, count);

		if (ret || ended)
			return ret;
		if (!block)
			return -EAGAIN;
		if (wait_event_interruptible(sf->stream->readers,
					     worth_waking(sf)))
			return -ERESTARTSYS;
	}
}

/**
 * sono_read() - give out records
 * @file: with a stream
 * @buf: for whole records
 * @count: bytes, room for at least one
 * @ppos: unused
 *
 * Return: bytes of the records given, 0 once the run has ended and all are;
 * -EPERM without a stream, -EINVAL without room, -EAGAIN, -EFAULT.
 */
ssize_t sono_read(struct file *file, char __user *buf, size_t count,
		  loff_t *ppos)
{
	struct sono_file *sf = file->private_data;
	ssize_t ret;

	if (!sono_file_stream(sf))
		return -EPERM;
	if (count < sizeof(struct sono_record))
		return -EINVAL;
	if (mutex_lock_interruptible(&sf->read_lock))
		return -ERESTARTSYS;
	ret = read_locked(sf, buf, count, !(file->f_flags & O_NONBLOCK));
	mutex_unlock(&sf->read_lock);
	return ret;
}

/**
 * sono_poll() - are there records that read() would give?
 * @file: any
 * @wait: of the caller
 *
 * Return: EPOLLIN with records, EPOLLHUP once the run has ended, EPOLLERR
 * without a stream.
 */
__poll_t sono_poll(struct file *file, struct poll_table_struct *wait)
{
	struct sono_file *sf = file->private_data;
	struct sono_stream *s = sono_file_stream(sf);
	__poll_t mask = 0;

	if (!s)
		return EPOLLERR;
	poll_wait(file, &s->readers, wait);
	if (READ_ONCE(sf->cursor) != ring_head(s))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (has_ended(s))
		mask |= EPOLLHUP;
	return mask;
}

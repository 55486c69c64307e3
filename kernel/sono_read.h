/* SPDX-License-Identifier: GPL-2.0-only */
/* read() and poll(): records for programs that want no ring. */
#ifndef SONO_READ_H
#define SONO_READ_H

#include <linux/poll.h>
#include <linux/types.h>

struct file;

ssize_t sono_read(struct file *file, char __user *buf, size_t count,
		  loff_t *ppos);
__poll_t sono_poll(struct file *file, struct poll_table_struct *wait);

#endif /* SONO_READ_H */

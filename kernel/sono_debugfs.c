// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "sono_debugfs.h"
#include "sono_drv.h"

static struct dentry *root;

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "runs", offsetof(struct sono_counters, runs) },
	{ "dropped", offsetof(struct sono_counters, dropped) },
	{ "lost", offsetof(struct sono_counters, lost) },
	{ "ended_stop", offsetof(struct sono_counters, ended[SONO_END_STOP]) },
	{ "ended_fault", offsetof(struct sono_counters, ended[SONO_END_FAULT]) },
	{ "ended_heartbeat",
	  offsetof(struct sono_counters, ended[SONO_END_HEARTBEAT]) },
	{ "ended_protocol",
	  offsetof(struct sono_counters, ended[SONO_END_PROTOCOL]) },
	{ "ended_gone", offsetof(struct sono_counters, ended[SONO_END_GONE]) },
	{ "ended_reset", offsetof(struct sono_counters, ended[SONO_END_RESET]) },
	{ "ended_link", offsetof(struct sono_counters, ended[SONO_END_LINK]) },
	{ "ended_sleep", offsetof(struct sono_counters, ended[SONO_END_SLEEP]) },
	{ "passes", offsetof(struct sono_counters, passes) },
	{ "records", offsetof(struct sono_counters, records) },
	{ "found", offsetof(struct sono_counters, found) },
	{ "doorbells", offsetof(struct sono_counters, doorbells) },
	{ "arms", offsetof(struct sono_counters, arms) },
	{ "waits", offsetof(struct sono_counters, waits) },
	{ "kicks", offsetof(struct sono_counters, kicks) },
	{ "heartbeats", offsetof(struct sono_counters, heartbeats) },
	{ "resets", offsetof(struct sono_counters, resets) },
	{ "link_errors", offsetof(struct sono_counters, link_errors) },
	{ "link_corrected", offsetof(struct sono_counters, link_corrected) },
	{ "sleeps", offsetof(struct sono_counters, sleeps) },
};

static int counters_show(struct seq_file *m, void *unused)
{
	struct sono_device *sd = m->private;
	struct sono_counters c;
	unsigned int i;

	spin_lock_bh(&sd->ring_lock);
	c = sd->counters;
	spin_unlock_bh(&sd->ring_lock);
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		seq_printf(m, "%-15s %llu\n", fields[i].name,
			   *(u64 *)((char *)&c + fields[i].offset));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

void sono_debugfs_init(void)
{
	root = debugfs_create_dir("sono", NULL);
}

void sono_debugfs_exit(void)
{
	debugfs_remove(root);
}

/** sono_debugfs_add() - the board's folder; without debugfs there is none */
void sono_debugfs_add(struct sono_device *sd)
{
	sd->debugfs = debugfs_create_dir(dev_name(&sd->dev), root);
	debugfs_create_file("counters", 0444, sd->debugfs, sd, &counters_fops);
}

/** sono_debugfs_remove() - no reader is left when this returns */
void sono_debugfs_remove(struct sono_device *sd)
{
	debugfs_remove(sd->debugfs);
}

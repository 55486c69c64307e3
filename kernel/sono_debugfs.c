// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "sono_debugfs.h"
#include "sono_drv.h"
#include "sono_hw.h"
#include "sono_recover.h"

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
	{ "bad_releases", offsetof(struct sono_counters, bad_releases) },
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
		seq_printf(m, "%-18s %llu\n", fields[i].name,
			   *(u64 *)((char *)&c + fields[i].offset));
	for (i = 0; i < SONO_TROUBLES; i++)
		seq_printf(m, "trouble_%-10s %llu\n", sono_trouble_name(i),
			   (u64)atomic64_read(&sd->troubles[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/* All that can be read, in the order of sono_regs.h. */
#define REG(name) { #name, SONO_REG_##name }
static const struct {
	const char *name;
	u32 offset;
} registers[] = {
	REG(ID), REG(REVISION), REG(FEATURES), REG(FIRMWARE), REG(CHANNELS),
	REG(ADC_BITS), REG(ADC_CLOCK), REG(BOARD_CLOCK), REG(SEQ_EVENTS_MAX),
	REG(SEQ_BYTES_MAX), REG(QUEUE_MAX), REG(FRAME_BYTES_MAX),
	REG(EVENT_OVERHEAD), REG(DMA_RATE_MAX), REG(HV_MAX), REG(PRF_MAX),
	REG(TX_DUTY_MAX), REG(HEARTBEAT_MAX), REG(TEMP_MAX), REG(SCRATCH0),
	REG(SCRATCH1), REG(SERIAL_LO), REG(SERIAL_HI), REG(PROBE),
	REG(CONTROL), REG(STATUS), REG(FAULT), REG(FAULT_INFO), REG(SOURCE),
	REG(RUN_COUNT), REG(CLOCK_LO), REG(CLOCK_HI),
	REG(IRQ_STATUS), REG(IRQ_ENABLE), REG(IRQ_COUNT), REG(IRQ_TIME),
	REG(SEQ_ADDR_LO), REG(SEQ_ADDR_HI), REG(SEQ_BYTES), REG(SEQ_STATUS),
	REG(SEQ_ERROR_EVENT), REG(CFG_GEN), REG(FRAME_BYTES),
	REG(POST_ADDR_LO), REG(POST_ADDR_HI), REG(POST_SIZE), REG(POST_TAIL),
	REG(POST_HEAD), REG(CPL_ADDR_LO), REG(CPL_ADDR_HI), REG(CPL_SIZE),
	REG(CPL_HEAD), REG(CPL_TAIL), REG(PRODUCED_LO), REG(PRODUCED_HI),
	REG(DROPPED_LO), REG(DROPPED_HI), REG(TEMP), REG(HV),
	REG(FW_BANKS), REG(FW_BANK_BYTES), REG(FW_FLOOR), REG(FW_NEXT),
	REG(FW_ADDR_LO), REG(FW_ADDR_HI), REG(FW_OFFSET), REG(FW_BYTES),
	REG(FW_STATUS),
};

static int registers_locked(struct seq_file *m, struct sono_device *sd)
{
	unsigned int i;

	lockdep_assert_held(&sd->lock);
	if (READ_ONCE(sd->away))
		return -EAGAIN;
	for (i = 0; i < ARRAY_SIZE(registers); i++)
		seq_printf(m, "0x%03x %-15s 0x%08x\n", registers[i].offset,
			   registers[i].name,
			   sono_hw_register(sd, registers[i].offset));
	return 0;
}

static int registers_show(struct seq_file *m, void *unused)
{
	struct sono_device *sd = m->private;
	int ret = sono_recover_wake(sd);

	if (ret)
		return ret;
	mutex_lock(&sd->lock);
	ret = registers_locked(m, sd);
	mutex_unlock(&sd->lock);
	sono_recover_rest(sd);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(registers);

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
	debugfs_create_file("registers", 0400, sd->debugfs, sd,
			    &registers_fops);
}

/** sono_debugfs_remove() - no reader is left when this returns */
void sono_debugfs_remove(struct sono_device *sd)
{
	debugfs_remove(sd->debugfs);
}

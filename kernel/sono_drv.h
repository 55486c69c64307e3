/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device, its open files and its stream.
 *
 * Lifetimes: struct sono_device is a struct device. Every open file pins it,
 * so it outlives an unbind; what of it is gone then is said by .gone. The
 * stream runs for the file that set it up, the controller, and is parted from
 * the board with that file; its memory stays until the last observer is gone.
 * Mapped pages carry references of their own.
 *
 * Locks, outermost first:
 *
 *  sono_device.lock   commands, halt, unbind. Never taken under mmap_lock
 *                     and never held across a copy to or from userspace, nor
 *                     while the board's runtime power state is changed.
 *  sono_device.ring_lock   the ring core, the queues and the waiting ARMs of
 *                     the stream. Taken with bottom halves off, as ARM's
 *                     timer runs in one. io_uring's locks are never taken
 *                     under it.
 */
#ifndef SONO_DRV_H
#define SONO_DRV_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/sono.h>

#include "sono_debugfs.h"
#include "sono_queue.h"
#include "sono_regs.h"
#include "sono_ring.h"
#include "sono_slots.h"
#include "sono_trouble.h"

struct sono_firmware;

/**
 * struct sono_table - a sequence table in memory that the board can read
 * @mem: the table, NULL without one
 * @addr: its bus address
 * @bytes: its length
 */
struct sono_table {
	void *mem;
	dma_addr_t addr;
	u32 bytes;
};

/**
 * struct sono_stream - what SETUP made
 * @ref: the controller's, and one of each observer
 * @slots: memory of the frames
 * @ring_mem: the ring area, from vmalloc_user()
 * @user_mem: the user area, likewise
 * @setup: sizes and offsets, constant
 * @ring: under ring_lock
 * @queue: under ring_lock
 * @post_dma: bus address of the descriptors
 * @cpl_dma: bus address of the completions
 * @waiters: ARMs not yet completed; under ring_lock
 * @observers_arms: of them, those of observers; under ring_lock
 * @readers: wait in read() and poll()
 * @broken: the board lied, nothing more is read; under ring_lock
 * @begun: the board took the start, its counters are this run's; under lock
 * @doorbell: descriptors that the board was told of; under ring_lock
 * @table: of the last CONFIG, kept for a board that has lost it; under lock
 * @loaded: the board has it; under lock
 * @cfg_gen: of the table, as the process knows it; under lock
 * @cfg_offset: what the process knows a table as, less what the board does: it
 *              counts anew after a reset; under lock, constant while active
 * @source: of the last CONFIG; under lock
 * @irq_count: likewise
 * @irq_time_us: likewise
 * @heartbeat_ms: of the last CONFIG; written under lock, read without
 * @beat: heartbeat when it was last looked at; heartbeat work
 * @beat_seen: when that was; heartbeat work
 */
struct sono_stream {
	struct kref ref;
	struct sono_slots slots;
	void *ring_mem;
	void *user_mem;
	struct sono_setup setup;

	struct sono_ring ring;
	struct sono_queue queue;
	dma_addr_t post_dma;
	dma_addr_t cpl_dma;
	struct list_head waiters;
	unsigned int observers_arms;
	wait_queue_head_t readers;
	bool broken;
	bool begun;
	u32 doorbell;

	struct sono_table table;
	bool loaded;
	u32 cfg_gen;
	u32 cfg_offset;
	u32 source;
	u32 irq_count;
	u32 irq_time_us;
	u32 heartbeat_ms;

	u64 beat;
	ktime_t beat_seen;
};

/**
 * struct sono_flash - registers of the flash, for who must not touch them
 * @banks: FW_BANKS
 * @next: version that the next boot runs
 * @floor: no image of a lower version is taken
 */
struct sono_flash {
	u32 banks;
	u32 next;
	u32 floor;
};

#define SONO_SELFTESTS 3

/**
 * struct sono_selftest - what came of a self test; all 0 before the first
 * @tried: patterns, interrupts or steps
 * @failed: of them
 * @surplus: interrupts that came besides
 * @longest: until an interrupt, or the flash's answer [us]
 * @code: of the first that failed
 */
struct sono_selftest {
	u32 tried;
	u32 failed;
	u32 surplus;
	u32 longest;
	u32 code;
};

/**
 * struct sono_device - one board
 * @dev: the node; its release frees this structure
 * @cdev: of /dev/sonoN
 * @pdev: the board, pinned; its registers are not to be touched once gone
 * @bar: its registers; likewise
 * @info: identity and limits, constant
 * @queue_max: entries the board takes in each queue, constant
 * @temp_max: at which the board stops [1/1000 deg C], constant
 * @bank_bytes: of a bank of its flash, constant
 * @serial: its number, constant
 * @probe: connected to it, constant
 * @lock: see the top of this file
 * @gone: the driver was unbound; written under both locks
 * @stream: of the controller, NULL without one; under lock
 * @away: SONO_AWAY_*: no register may be touched. Written under ring_lock; who
 *        holds lock and then finds it 0 may go on until it drops lock
 * @away_end: SONO_END_* of a run that has to end because the board is away;
 *            under ring_lock
 * @cut: away, and not even a stop can be told to it; written under ring_lock
 * @enders: how many wait for lock in order to end a run; who loads a table gives
 *          way to them
 * @going: the driver is being unbound or the machine shut down; likewise
 * @barred: it was not seen to stop, so that it has no bus; under lock
 * @config: configuration space when all was well, NULL without memory for it
 * @back: woken when the board is no longer away, or is gone
 * @ring_lock: see the top of this file
 * @active: the stream while it runs, else NULL; under ring_lock
 * @counters: under ring_lock
 * @troubles: how many of each there were
 * @trouble: name of the latest, NULL before the first
 * @fault: that has been told, of which no more is said; under lock
 * @fault_irqs: of the event vector, when it was told or a run began; under lock
 * @debugfs: the board's folder
 * @hwmon: its sensors, NULL without hwmon; under lock once there is a node
 * @firmware: takes images for it, NULL without a flash for them
 * @updating: one is being written, so that no run may start; written under lock
 * @flash: what it has; written under lock
 * @ctl_wait: the control vector fired; any, while @counting
 * @irqs: interrupts of each vector
 * @counting: somebody waits for an interrupt of any vector; written under lock
 * @selftest: latest results, in the order of sono_selftest.h; under ring_lock
 * @heartbeat: samples the controller's heartbeat while a stream runs
 * @halt: ends a run that the board or its lies ended
 */
struct sono_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pdev;
	void __iomem *bar;
	struct sono_info info;
	u32 queue_max;
	u32 temp_max;
	u32 bank_bytes;
	u64 serial;
	u32 probe;

	struct mutex lock; /* see the top of this file */
	bool gone;
	u32 away;
	u32 away_end;
	bool cut;
	atomic_t enders;
	bool going;
	bool barred;
	struct pci_saved_state *config;
	wait_queue_head_t back;
	struct sono_stream *stream;

	spinlock_t ring_lock; /* see the top of this file */
	struct sono_stream *active;
	struct sono_counters counters;
	atomic64_t troubles[SONO_TROUBLES];
	const char *trouble;
	u32 fault;
	int fault_irqs;
	struct dentry *debugfs;
	struct device *hwmon;
	struct sono_firmware *firmware;
	bool updating;
	struct sono_flash flash;

	wait_queue_head_t ctl_wait;
	atomic_t irqs[SONO_NUM_VECS];
	bool counting;
	struct sono_selftest selftest[SONO_SELFTESTS];
	struct delayed_work heartbeat;
	struct work_struct halt;
};

/**
 * struct sono_file - one open file
 * @sd: the device, pinned by the file
 * @stream: set once by SETUP or OBSERVE with release order; constant
 *          afterwards
 * @controller: it was SETUP; constant once @stream is set
 * @arms: that wait, of this file; under sono_device.ring_lock
 * @read_lock: one read() at a time; outside of sono_device.lock
 * @cursor: ring position of the next record that read() gives; under read_lock
 */
struct sono_file {
	struct sono_device *sd;
	struct sono_stream *stream;
	bool controller;
	unsigned int arms;

	struct mutex read_lock; /* see above */
	u64 cursor;
};

/* The file's stream, NULL before SETUP or OBSERVE. */
static inline struct sono_stream *sono_file_stream(const struct sono_file *sf)
{
	/* Pairs with the store-release in attach(). */
	return smp_load_acquire(&sf->stream);
}

/* sono_cmd.c */
extern struct workqueue_struct *sono_heartbeats;
extern const struct file_operations sono_fops;

/* sono_capture.c */
int sono_capture_irqs(struct sono_device *sd);
void sono_capture_free_irqs(struct sono_device *sd);
void sono_capture_disable_irqs(struct sono_device *sd);
void sono_capture_enable_irqs(struct sono_device *sd);
void sono_capture_fault(struct sono_device *sd);
void sono_capture_drain(struct sono_device *sd, struct sono_stream *s);
void sono_capture_heartbeat(struct work_struct *work);
void sono_capture_halt(struct work_struct *work);

#endif /* SONO_DRV_H */

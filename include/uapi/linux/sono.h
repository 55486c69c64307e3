/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Userspace interface of the Sonoring ultrasound acquisition driver.
 *
 * A process opens /dev/sonoN, sets up a stream (SONO_CMD_SETUP) and maps
 * three areas:
 *
 *  ring   written by the kernel, mapped read-only: struct sono_ctl, the
 *         generations of the slots and the ring of struct sono_record
 *  user   written by the process: struct sono_user and the ring of
 *         struct sono_release
 *  slots  the frames, where the board's DMA put them
 *
 * Frames are consumed from memory alone. A process that is ahead of the
 * board waits with SONO_CMD_ARM; one that is behind it makes no system call.
 * Documentation/uapi.rst says what each command checks and returns.
 *
 * Other files may watch (SONO_CMD_OBSERVE): they map the ring and the slots
 * read-only and may miss frames, which the slots' generations tell them.
 * read() gives out records and poll() says when there are some, for programs
 * that want no ring.
 *
 * All commands work by io_uring (IORING_OP_URING_CMD, cmd_op is the number
 * below) and, but for SONO_CMD_ARM, _REGBUF and _UNREGBUF, by ioctl. The
 * command area of the SQE holds struct sono_uring_cmd, or of those three the
 * structure itself.
 */
#ifndef _UAPI_LINUX_SONO_H
#define _UAPI_LINUX_SONO_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SONO_IOC_MAGIC 0xD7

#define SONO_CMD_INFO	_IOR(SONO_IOC_MAGIC, 0x00, struct sono_info)
#define SONO_CMD_SETUP	_IOWR(SONO_IOC_MAGIC, 0x01, struct sono_setup)
#define SONO_CMD_CONFIG	_IOWR(SONO_IOC_MAGIC, 0x02, struct sono_config)
#define SONO_CMD_START	_IOWR(SONO_IOC_MAGIC, 0x03, struct sono_start)
#define SONO_CMD_STOP	_IOR(SONO_IOC_MAGIC, 0x04, struct sono_stop)
#define SONO_CMD_KICK	_IO(SONO_IOC_MAGIC, 0x05)
#define SONO_CMD_ARM	_IOW(SONO_IOC_MAGIC, 0x06, struct sono_arm)
#define SONO_CMD_CANCEL	_IO(SONO_IOC_MAGIC, 0x07)
#define SONO_CMD_OBSERVE	_IOR(SONO_IOC_MAGIC, 0x08, struct sono_setup)
#define SONO_CMD_EXPORT	_IOWR(SONO_IOC_MAGIC, 0x09, struct sono_export)
#define SONO_CMD_REGBUF	_IOW(SONO_IOC_MAGIC, 0x0a, struct sono_regbuf)
#define SONO_CMD_UNREGBUF _IOW(SONO_IOC_MAGIC, 0x0b, struct sono_regbuf)

/**
 * struct sono_uring_cmd - command area of an SQE, commands that ioctl has, too
 * @addr: of the command's structure; 0 where it has none
 * @rsvd: 0
 */
struct sono_uring_cmd {
	__u64 addr;
	__u64 rsvd;
};

/* struct sono_info.features: what this driver can do */
#define SONO_FEATURE_STREAM (1ULL << 0) /* SETUP to CANCEL */
#define SONO_FEATURE_OBSERVE (1ULL << 1) /* OBSERVE, read() and poll() */
#define SONO_FEATURE_EXPORT (1ULL << 2) /* EXPORT */
#define SONO_FEATURE_REGBUF (1ULL << 3) /* REGBUF and UNREGBUF */

/**
 * struct sono_info - SONO_CMD_INFO: identity and limits of the board
 * @features: SONO_FEATURE_*
 * @revision: of the hardware contract, major << 16 | minor
 * @hw_features: as the board's FEATURES register
 * @firmware: major << 24 | minor << 16 | patch
 * @channels: received at once
 * @elements: that can transmit
 * @adc_bits: per sample
 * @adc_clock: [Hz]
 * @board_clock: of time stamps and event periods [Hz]
 * @seq_events_max: transmit events in a sequence table
 * @seq_bytes_max: of a sequence table
 * @frame_bytes_max: payload of one frame
 * @event_overhead: after a receive window, before a trigger [board ticks]
 * @dma_rate_max: payload over the link [10^6 bytes/s]
 * @hv_max: transmit voltage cap [mV]
 * @prf_max: [Hz]
 * @tx_duty_max: pulse length over event period [ppm]
 * @heartbeat_max: [ms]
 * @slots_max: slots of a stream
 * @slot_bytes_max: of one slot
 * @rsvd: 0
 */
struct sono_info {
	__u64 features;
	__u32 revision;
	__u32 hw_features;
	__u32 firmware;
	__u32 channels;
	__u32 elements;
	__u32 adc_bits;
	__u32 adc_clock;
	__u32 board_clock;
	__u32 seq_events_max;
	__u32 seq_bytes_max;
	__u32 frame_bytes_max;
	__u32 event_overhead;
	__u32 dma_rate_max;
	__u32 hv_max;
	__u32 prf_max;
	__u32 tx_duty_max;
	__u32 heartbeat_max;
	__u32 slots_max;
	__u32 slot_bytes_max;
	__u32 rsvd[11];
};

/**
 * struct sono_setup - SONO_CMD_SETUP: make this file the controller
 * @slots: in: number of slots, 2 .. slots_max
 * @slot_bytes: in: bytes of a frame that a slot must hold
 * @flags: in: 0
 * @slot_stride: out: from one slot to the next in the slots area
 * @ring_entries: out: of the completion ring, a power of two
 * @release_entries: out: of the release ring, a power of two
 * @ring_offset: out: of the ring area, for mmap(); struct sono_ctl is first
 * @ring_bytes: out: of the ring area
 * @gen_offset: out: of the __u32 slot generations, in the ring area
 * @record_offset: out: of the records, in the ring area
 * @user_offset: out: of the user area; struct sono_user is first
 * @user_bytes: out: of the user area
 * @release_offset: out: of the release entries, in the user area
 * @slots_offset: out: of the slots area
 * @slots_bytes: out: of the slots area
 * @rsvd: 0
 */
struct sono_setup {
	__u32 slots;
	__u32 slot_bytes;
	__u32 flags;
	__u32 slot_stride;
	__u32 ring_entries;
	__u32 release_entries;
	__u64 ring_offset;
	__u64 ring_bytes;
	__u64 gen_offset;
	__u64 record_offset;
	__u64 user_offset;
	__u64 user_bytes;
	__u64 release_offset;
	__u64 slots_offset;
	__u64 slots_bytes;
	__u64 rsvd[4];
};

/* struct sono_config.source: what the board sends, as its SOURCE register */
#define SONO_CONFIG_ADC 0
#define SONO_CONFIG_RAMP 1
#define SONO_CONFIG_PRBS 2
#define SONO_CONFIG_NOISE 3

/**
 * struct sono_config - SONO_CMD_CONFIG: load a sequence table
 * @table: in: address of the table (Documentation/hardware.rst)
 * @table_bytes: in: its length
 * @source: in: SONO_CONFIG_*; may change only while stopped
 * @irq_count: in: frames per interrupt, 1 .. a quarter of the slots; 0: 1
 * @irq_time_us: in: longest wait of a frame for its interrupt; 0: 1000
 * @heartbeat_ms: in: transmit ends this long after the heartbeat, 20 .. the
 *                board's cap; 0: 1000, or the cap if that is less
 * @flags: in: 0
 * @cfg_gen: out: generation that the frames of this table carry
 * @frame_bytes: out: payload of one frame
 * @error: out: enum sono_seq_error, where the table was refused (-EINVAL)
 * @error_event: out: the event it was refused for, or ~0
 * @rsvd: 0
 */
struct sono_config {
	__u64 table;
	__u32 table_bytes;
	__u32 source;
	__u32 irq_count;
	__u32 irq_time_us;
	__u32 heartbeat_ms;
	__u32 flags;
	__u32 cfg_gen;
	__u32 frame_bytes;
	__u32 error;
	__u32 error_event;
	__u64 rsvd[2];
};

#define SONO_START_TX_OFF (1U << 0) /* receive only */

/**
 * struct sono_start - SONO_CMD_START
 * @flags: in: SONO_START_*
 * @run: out: the board's number of this run, as in its log
 * @stream_gen: out: generation of the stream, as in struct sono_ctl
 * @pos: out: ring position of the run's first record
 * @rsvd: 0
 */
struct sono_start {
	__u32 flags;
	__u32 run;
	__u64 stream_gen;
	__u64 pos;
	__u64 rsvd[2];
};

/**
 * struct sono_stop - SONO_CMD_STOP: the account of the run that ended
 *
 * delivered + dropped + lost = produced, always.
 *
 * @produced: frames the board made
 * @delivered: records published
 * @dropped: by the board, for want of a slot
 * @lost: made by the board but never completed
 * @rsvd: 0
 */
struct sono_stop {
	__u64 produced;
	__u64 delivered;
	__u64 dropped;
	__u64 lost;
	__u64 rsvd[2];
};

/**
 * struct sono_arm - SONO_CMD_ARM: wait for records, in the SQE itself
 * @pos: ring position from which the caller has not read
 * @min_frames: records to wait for, 1 .. slots
 * @timeout_us: 0: for ever
 *
 * Completes with the number of records that are ready from @pos: at least
 * @min_frames, or fewer when the board has no slot left to fill or the run
 * has ended (struct sono_ctl.state says which). Fails with -ETIME.
 */
struct sono_arm {
	__u64 pos;
	__u32 min_frames;
	__u32 timeout_us;
};

#define SONO_SLOTS_ALL (~0U)

/**
 * struct sono_export - SONO_CMD_EXPORT: slots as a dma-buf
 * @slot: in: one of the stream's slots; SONO_SLOTS_ALL: the whole slots area
 * @flags: in: 0
 * @fd: out: descriptor of the dma-buf, with O_CLOEXEC
 * @rsvd0: 0
 * @bytes: out: its size
 * @rsvd: 0
 */
struct sono_export {
	__u32 slot;
	__u32 flags;
	__s32 fd;
	__u32 rsvd0;
	__u64 bytes;
	__u64 rsvd[2];
};

/**
 * struct sono_regbuf - SONO_CMD_REGBUF, _UNREGBUF: fixed buffers, in the SQE
 * @slot: one of the stream's slots; SONO_SLOTS_ALL: the whole slots area; of
 *        UNREGBUF: 0
 * @index: of the ring's table of fixed buffers
 * @rsvd: 0
 */
struct sono_regbuf {
	__u32 slot;
	__u32 index;
	__u64 rsvd;
};

/* struct sono_ctl.state */
#define SONO_STATE_IDLE 0 /* no run yet */
#define SONO_STATE_RUNNING 1
#define SONO_STATE_ENDED 2 /* .reason says why */

/* struct sono_ctl.reason */
#define SONO_END_NONE 0
#define SONO_END_STOP 1 /* SONO_CMD_STOP */
#define SONO_END_FAULT 2 /* of the board: .fault, .fault_info */
#define SONO_END_HEARTBEAT 3 /* the process ceased to consume */
#define SONO_END_PROTOCOL 4 /* the board lied: .fault is SONO_BAD_* */
#define SONO_END_GONE 5 /* the device was removed */
#define SONO_END_RESET 6 /* the board was reset; START works again */
#define SONO_END_LINK 7 /* error of its PCI Express link; likewise */
#define SONO_END_SLEEP 8 /* the system went to sleep; likewise */

/* struct sono_ctl.fault where reason is SONO_END_PROTOCOL */
#define SONO_BAD_SLOT 1 /* no such slot, or not its turn; the number */
#define SONO_BAD_STATE 2 /* the slot was not posted; the number */
#define SONO_BAD_GEN 3 /* not the generation posted; the one claimed */
#define SONO_BAD_LEN 4 /* nothing, or more than the slot; the length */
#define SONO_BAD_SEQ 5 /* backward, or less than was dropped; low word */
#define SONO_BAD_CHECK 6 /* not as the board wrote it; the slot it names */

/**
 * struct sono_ctl - head of the ring area; written by the kernel alone
 * @head: records published, as a position that never wraps; load-acquire
 * @pad0: keeps @head on a cache line of its own
 * @need_kick: the kernel wants SONO_CMD_KICK after the next release
 * @state: SONO_STATE_*; the records of a run precede its end
 * @reason: SONO_END_*
 * @fault: see @reason
 * @fault_info: see @reason
 * @posted: slots the board can fill
 * @stream_gen: counts runs
 * @produced: frames made, known once the run has ended
 * @delivered: records published in this run
 * @dropped: frames dropped in this run, as far as is known
 * @lost: completions lost in this run, as far as is known
 * @bad_release: release entries that were refused, of the whole stream
 * @released: entries of the release ring that the kernel has taken
 * @pad1: 0
 */
struct sono_ctl {
	__u64 head;
	__u64 pad0[7];
	__u32 need_kick;
	__u32 state;
	__u32 reason;
	__u32 fault;
	__u32 fault_info;
	__u32 posted;
	__u64 stream_gen;
	__u64 produced;
	__u64 delivered;
	__u64 dropped;
	__u64 lost;
	__u64 bad_release;
	__u32 released;
	__u32 pad1;
	__u64 pad2[6];
};

#define SONO_RECORD_GAP (1U << 0) /* .dropped or .lost is not 0 */
#define SONO_RECORD_TX_OFF (1U << 1) /* the frame was made without transmit */

/**
 * struct sono_record - one frame
 * @seq: the board's number of the frame in its run; dropped frames count
 * @hw_ts: board clock at the first transmit trigger [board ticks]
 * @host_ts: CLOCK_MONOTONIC when the record was made [ns]
 * @slot: where the frame is
 * @gen: of the slot; to be given back with it
 * @len: bytes
 * @flags: SONO_RECORD_*
 * @dropped: frames dropped just before this one
 * @cfg_gen: of the table that made it
 * @tag: of its first event
 * @lost: frames just before this one whose completion never came
 * @rsvd: 0
 */
struct sono_record {
	__u64 seq;
	__u64 hw_ts;
	__u64 host_ts;
	__u32 slot;
	__u32 gen;
	__u32 len;
	__u32 flags;
	__u32 dropped;
	__u32 cfg_gen;
	__u64 tag;
	__u32 lost;
	__u32 rsvd;
};

/**
 * struct sono_user - head of the user area; written by the process alone
 * @release_tail: entries put into the release ring, never wraps to 0 at its
 *                size; store-release, full fence, then read need_kick
 * @pad0: unused
 * @heartbeat: to be changed by the loop that consumes frames; transmit ends
 *             when it stands still
 * @pad1: unused
 */
struct sono_user {
	__u32 release_tail;
	__u32 pad0[15];
	__u64 heartbeat;
	__u64 pad1[7];
};

/**
 * struct sono_release - gives one slot back
 * @slot: of the record
 * @gen: of the record
 */
struct sono_release {
	__u32 slot;
	__u32 gen;
};

#endif /* _UAPI_LINUX_SONO_H */

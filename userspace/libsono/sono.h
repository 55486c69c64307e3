/* SPDX-License-Identifier: MIT */
/*
 * libsono: frames of an ultrasound board, without a copy.
 *
 *	struct sono *s;
 *	struct sono_frame f;
 *
 *	sono_open(&s, "/dev/sono0");		or "sim:points", "file:a.sono"
 *	sono_setup(s, 16, frame_bytes);
 *	sono_config(s, &config);
 *	sono_start(s, &start);
 *	for (;;) {
 *		while (sono_next(s, &f) == 1) {
 *			... f.data is where the board's DMA put it ...
 *			sono_release(s, &f);
 *		}
 *		sono_wait(s, 1, timeout_us);
 *	}
 *	sono_stop(s, &stop);
 *	sono_close(s);
 *
 * A recording has all its frames from sono_start() on and takes no
 * sono_config(): sono_scan() says what its frames mean.
 *
 * Functions return 0 or more, or -errno as the command of the same name does
 * (Documentation/uapi.rst), whatever the source. Nothing is printed. A handle
 * is used by one thread at a time, but for sono_stop(); sono_wait() by the same
 * one always.
 */
#ifndef SONO_H
#define SONO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sono.h>

struct sono;
struct sono_scan;

/**
 * struct sono_frame - one frame, borrowed from its slot
 * @rec: its record
 * @data: rec.len bytes; valid until the frame is released
 */
struct sono_frame {
	struct sono_record rec;
	const void *data;
};

/**
 * struct sono_stats - what consuming has cost
 * @frames: taken
 * @syscalls: made by sono_next(), sono_release() and sono_wait()
 * @waits: sono_wait() calls that had to wait
 * @kicks: releases that had to kick
 * @missed: records that an observer came too late for
 */
struct sono_stats {
	uint64_t frames;
	uint64_t syscalls;
	uint64_t waits;
	uint64_t kicks;
	uint64_t missed;
};

/**
 * sono_open() - open a source of frames
 * @s: the handle; sono_close() ends it
 * @source: "/dev/sonoN": a board and its driver;
 *          "sim:SCENE[,key=value]...": an emulated board in this process
 *          (Documentation/architecture.rst lists scenes and keys);
 *          "sim:@NAME": one more handle of the one with the key board=NAME;
 *          "file:PATH": a recording
 * @why: if not NULL, a message for whoever gave @source; may be empty
 * @why_bytes: its size
 *
 * Return: 0, or -errno: -EINVAL for a source that is none of these, else of
 * opening it.
 */
int sono_open(struct sono **s, const char *source, char *why,
	      size_t why_bytes);

/** sono_close() - stop, unmap, close; NULL is fine */
void sono_close(struct sono *s);

/** sono_info() - identity and limits of the board */
const struct sono_info *sono_info(const struct sono *s);

/**
 * sono_scan() - what a recording's frames mean
 * @s: handle
 *
 * Return: the scan of a "file:" source, which owns it; NULL of any other,
 * where the plan says it.
 */
const struct sono_scan *sono_scan(const struct sono *s);

/** sono_setup() - SONO_CMD_SETUP, and map the areas */
int sono_setup(struct sono *s, uint32_t slots, uint32_t slot_bytes);

/**
 * sono_observe() - watch the stream that another process or handle controls
 * @s: handle, instead of sono_setup()
 *
 * From then on sono_next() gives the frames published since, read-only. An
 * observer is never waited for: a frame stays only until the controller has
 * released it, and may be overwritten while it is read. Who copies a frame
 * asks sono_intact() afterwards; who is late goes on with the newest.
 * sono_release() does nothing, and the heartbeat is not the observer's.
 *
 * Return: 0; -ENXIO if there is no stream to watch, -EBUSY for a handle that
 * has one, -EOPNOTSUPP for a source that cannot be watched.
 */
int sono_observe(struct sono *s);

/**
 * sono_intact() - is an observed frame still what its record says?
 * @s: handle of an observer; of a controller always true
 * @f: of sono_next()
 *
 * True if all that was read of @f->data before this call was the frame.
 */
bool sono_intact(const struct sono *s, const struct sono_frame *f);

/**
 * sono_export() - SONO_CMD_EXPORT: slots as a dma-buf, for another device
 * @s: handle with a stream
 * @slot: rec.slot of a frame, or SONO_SLOTS_ALL
 * @fd: the dma-buf's descriptor, the caller's to close; read-only from an
 *      observer
 *
 * Its pages outlive the handle. A frame in them stays as long as any frame
 * does: until it is released.
 *
 * Return: 0; -EOPNOTSUPP for a source whose slots are not a driver's.
 */
int sono_export(struct sono *s, uint32_t slot, int *fd);

/** sono_config() - SONO_CMD_CONFIG */
int sono_config(struct sono *s, struct sono_config *config);

/** sono_start() - SONO_CMD_START */
int sono_start(struct sono *s, struct sono_start *start);

/**
 * sono_stop() - SONO_CMD_STOP; frames not yet taken can still be
 *
 * The one function that another thread may call as well, once sono_start()
 * has returned and until sono_close(): transmit ends at once, whatever the
 * handle's own thread is busy with.
 */
int sono_stop(struct sono *s, struct sono_stop *stop);

/**
 * sono_next() - take the next frame
 * @s: handle
 * @f: the frame
 *
 * Reads memory only, and keeps the board transmitting: the heartbeat is
 * advanced here and in sono_wait(), so a program that does neither within
 * the heartbeat time loses its run.
 *
 * Return: 1 with a frame, 0 if there is none yet, -ENODATA after the last
 * one of a run that has ended. Of a recording: also -EBADMSG for a frame
 * that is damaged; the next call goes on with the one after it.
 */
int sono_next(struct sono *s, struct sono_frame *f);

/**
 * sono_complaint() - what is wrong with a recording
 * @s: handle
 *
 * Return: after -EBADMSG which frame is damaged and how; after -ENODATA what
 * is missing at the end; NULL where nothing is.
 */
const char *sono_complaint(const struct sono *s);

/**
 * sono_release() - give a frame's slot back, in any order
 * @s: handle
 * @f: of sono_next(); its data must not be read any more
 */
void sono_release(struct sono *s, const struct sono_frame *f);

/**
 * sono_wait() - wait for frames
 * @s: handle
 * @min_frames: not yet taken, 1 .. slots
 * @timeout_us: 0: for ever
 *
 * Return: frames ready, at least @min_frames; fewer if the board has no slot
 * left to fill or the run has ended; -ETIME, -ECANCELED, -ENODEV.
 */
int sono_wait(struct sono *s, uint32_t min_frames, uint32_t timeout_us);

/** sono_ctl() - the kernel's side of the stream, NULL before sono_setup() */
const struct sono_ctl *sono_ctl(const struct sono *s);

/**
 * struct sono_sensors - what the board measures about itself
 * @temp: of the board [1/1000 deg C]
 * @temp_max: at which it stops [1/1000 deg C]
 * @hv: transmit voltage [mV]
 */
struct sono_sensors {
	int32_t temp;
	uint32_t temp_max;
	uint32_t hv;
};

/**
 * sono_sensors() - read the sensors, of a driver through its hwmon device
 * @s: handle; needs no stream
 * @sensors: written
 *
 * Return: 0; -EOPNOTSUPP of a recording, -ENOENT without hwmon, -EAGAIN while
 * the board is away.
 */
int sono_sensors(struct sono *s, struct sono_sensors *sensors);

/**
 * enum sono_selftest - what a board can be asked to try
 * @SONO_SELFTEST_SCRATCH: registers hold what is written
 * @SONO_SELFTEST_INTERRUPT: every vector arrives
 * @SONO_SELFTEST_FLASH: the image that runs is what was written, and the flash
 *                       can be written
 */
enum sono_selftest {
	SONO_SELFTEST_SCRATCH,
	SONO_SELFTEST_INTERRUPT,
	SONO_SELFTEST_FLASH,
};

/**
 * struct sono_selftest_result - what came of it
 * @tried: patterns, interrupts or steps
 * @failed: of them
 * @surplus: interrupts that came besides
 * @longest: until an interrupt, or the flash's answer [us]
 * @code: of the first that failed: the vector, the bits that were wrong, or
 *        enum sono_fw_error
 */
struct sono_selftest_result {
	uint32_t tried;
	uint32_t failed;
	uint32_t surplus;
	uint32_t longest;
	uint32_t code;
};

/**
 * sono_selftest() - let the board try
 * @s: handle; needs no stream, and disturbs none
 * @what: is to be tried
 * @result: written
 *
 * Return: 0 also where something failed; -EOPNOTSUPP where board, driver or
 * source cannot do it, -EACCES without the right to, -EBUSY where the board is
 * busy with what excludes it, -EAGAIN while it is away.
 */
int sono_selftest(struct sono *s, enum sono_selftest what,
		  struct sono_selftest_result *result);

/**
 * sono_pause() - let time go by without a sign of life, as a program that hangs
 * @s: handle with a stream
 * @us: so long, by the board's time [us]
 *
 * For tests of the heartbeat.
 */
void sono_pause(struct sono *s, uint32_t us);

/** sono_stats() - since sono_open() */
const struct sono_stats *sono_stats(const struct sono *s);

/**
 * sono_end_text() - why a run ended, for a person
 * @ctl: of a run that has ended
 */
const char *sono_end_text(const struct sono_ctl *ctl);

/**
 * sono_seq_error_text() - why a board refused a table, for a person
 * @error: enum sono_seq_error
 */
const char *sono_seq_error_text(uint32_t error);

/**
 * sono_refusal() - why, and at which event, for a person
 * @config: of sono_config() that returned -EINVAL
 * @why: a buffer for the message
 * @why_bytes: its size
 *
 * Return: -EINVAL.
 */
int sono_refusal(const struct sono_config *config, char *why,
		 size_t why_bytes);

#endif /* SONO_H */

/* SPDX-License-Identifier: MIT */
/*
 * Frames for a check: a table of the simplest kind, a run, and its account. What
 * the account says of DMA is judged here, whatever check the run is for.
 */
#ifndef DIAG_CAPTURE_H
#define DIAG_CAPTURE_H

#include "session.h"

#define DIAG_NO_ELEMENT UINT32_MAX

/**
 * struct diag_shots - what a frame is to be
 * @events: transmit events of a frame
 * @samples: per channel, at the ADC's clock
 * @start: of the receive window after the trigger [s]
 * @rate: frames per second at most, 0: as fast as events may follow each other
 * @period: between triggers at least [s]
 * @first: element that the first event transmits by, the next one the next one;
 *         DIAG_NO_ELEMENT: all of them, at once
 * @voltage: of transmit [V]
 * @frequency: of the pulse [Hz]
 * @gain: of the receiver, all over the window, 0 to 255 [dB]
 */
struct diag_shots {
	uint32_t events;
	uint32_t samples;
	double start;
	double rate;
	double period;
	uint32_t first;
	double voltage;
	double frequency;
	double gain;
};

struct diag_capture;

/** diag_frame_fn - looks at a frame; false: enough */
typedef bool diag_frame_fn(struct diag_capture *c, const struct sono_frame *f);

/**
 * struct diag_capture - a run
 * @d: handle
 * @r: of the check that it is for
 * @source: SONO_CONFIG_*
 * @transmit: the board may
 * @heartbeat_ms: of the run, 0: default
 * @frames: to be taken
 * @look: at each of them, NULL: nothing
 * @arg: of @look
 * @judged: the check says itself what it thinks of the account
 * @begin: share of the check done before
 * @share: of the check that this is
 *
 * Known afterwards:
 *
 * @run: number of it
 * @frame_bytes: of a frame
 * @taken: frames
 * @seconds: from the first frame to the last by the record's host time
 * @dropped: frames, for want of a slot
 * @lost: frames without a completion
 * @lengths: frames whose record has another length
 * @hw_before: time of the latest frame, ticks of the board
 * @host_before: the same when it was told [ns]
 * @untold: frames that were told only with the next one
 * @account: of the run
 */
struct diag_capture {
	struct diag *d;
	struct diag_result *r;
	uint32_t source;
	bool transmit;
	uint32_t heartbeat_ms;
	uint32_t frames;
	diag_frame_fn *look;
	void *arg;
	bool judged;
	double begin, share;

	uint32_t run;
	uint32_t frame_bytes;
	uint32_t taken;
	double seconds;
	uint64_t dropped;
	uint64_t lost;
	uint32_t lengths;
	uint32_t untold;
	uint64_t hw_before, host_before;
	struct sono_stop account;
};

/**
 * diag_need_stream() - SETUP, once for all checks
 *
 * Return: true; false where the check has been skipped or blamed.
 */
bool diag_need_stream(struct diag *d, struct diag_result *r);

struct sono_table;

/**
 * diag_table() - the table of shots
 * @table: written; end with sono_table_finish()
 *
 * Return: 0, or -errno where that has been blamed.
 */
int diag_table(struct diag *d, struct diag_result *r,
	       const struct diag_shots *shots, struct sono_table *table);

/**
 * diag_load() - CONFIG with a table of shots
 * @c: source and heartbeat; frame_bytes is written
 * @shots: of a frame
 *
 * Return: 0, or -errno where the board has been blamed.
 */
int diag_load(struct diag_capture *c, const struct diag_shots *shots);

/**
 * diag_load_table() - CONFIG with any table
 * @c: as diag_load()
 * @table: of the board's
 * @bytes: of it
 */
int diag_load_table(struct diag_capture *c, const void *table, size_t bytes);

/**
 * diag_begin() - START
 * @c: loaded
 *
 * Return: 0, or -errno where the board has been blamed.
 */
int diag_begin(struct diag_capture *c);

/**
 * diag_take() - the next frame
 * @c: begun
 * @f: for sono_release()
 *
 * Return: 1; 0 where there is no more, and the board has been blamed.
 */
int diag_take(struct diag_capture *c, struct sono_frame *f);

/** diag_end() - STOP; Return: 0, or -errno where the board has been blamed */
int diag_end(struct diag_capture *c);

/**
 * diag_run_frames() - begin, take all frames, end
 * @c: loaded
 *
 * Return: 0, or -errno where the board has been blamed, or all is stopped.
 */
int diag_run_frames(struct diag_capture *c);

/** diag_row() - samples of a channel of an event, in a frame of diag_shots */
static inline const int16_t *diag_row(const struct diag *d, const void *frame,
				      const struct diag_shots *s,
				      uint32_t event, uint32_t channel)
{
	const size_t stride = (2 * (size_t)s->samples + 63) / 64 * 64;

	return (const void *)((const char *)frame +
			      ((size_t)event * d->info->channels + channel) *
				      stride);
}

#endif /* DIAG_CAPTURE_H */

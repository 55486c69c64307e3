/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the driver's tests share: a sequence table of any shape, the bytes
 * that the board's patterns must have, and time that passes on every source.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "backend.h"
#include "sono_regs.h"

#define NS_PER_S 1000000000ull

/**
 * struct shape - a table of equal events, all in one frame
 * @channels: rows of an event
 * @samples: of a row
 * @events: of the frame
 * @period: of an event [board ticks]
 * @tag: of the first event
 */
struct shape {
	uint32_t channels;
	uint32_t samples;
	uint32_t events;
	uint32_t period;
	uint32_t tag;
};

/* 15 rows of 17 * 64 bytes and the auxiliary block: 16 KiB to the byte. */
#define SHAPE_16K { 15, 544, 1, 200000, 7 }

/**
 * struct table - a sequence table and where its parts are
 * @bytes: of it
 * @head: the table itself
 * @event: its events
 * @tx: its one transmit row
 * @map: its one map
 */
struct table {
	uint32_t bytes;
	struct sono_seq_header *head;
	struct sono_seq_event *event;
	struct sono_seq_tx *tx;
	uint16_t *map;
};

/** table_make() - a table that the board accepts; -ENOMEM or 0 */
int table_make(struct table *t, const struct sono_info *info,
	       const struct shape *shape);

/** table_seal() - give a table that was changed its CRC */
void table_seal(struct table *t);

/** table_free() - free what table_make() allocated */
void table_free(struct table *t);

/** table_config() - a CONFIG that loads @t */
struct sono_config table_config(const struct table *t, uint32_t source);

/** now_ns() - CLOCK_MONOTONIC */
uint64_t now_ns(void);

/** source_name() - SONO_SOURCE, or /dev/sono0 */
const char *source_name(void);

/** source_virtual() - does the source's time stand still unless asked? */
bool source_virtual(const char *name);

/**
 * let_pass() - let a little time pass without a sign of life
 *
 * A millisecond, or one event of a board whose time is virtual.
 */
void let_pass(struct sono *s);

/**
 * take() - the next frame, waiting for it
 *
 * Return: 1, -ENODATA after the last one of a run that has ended, -ETIME
 * after five seconds without one, or what sono_wait() fails with.
 */
int take(struct sono *s, struct sono_frame *f);

/** prbs_ok() - are these the bytes of frame @seq of run @run, every one? */
bool prbs_ok(const struct sono_frame *f, uint32_t run);

/** ramp_ok() - likewise of the ramp */
bool ramp_ok(const struct sono_frame *f, const struct shape *shape);

/** random_next() - xorshift; @state is the seed and not 0 */
uint32_t random_next(uint64_t *state);

/** random_seed() - SONO_SEED, or @otherwise; printed as a TAP comment */
uint64_t random_seed(uint64_t otherwise);

#endif /* STREAM_H */

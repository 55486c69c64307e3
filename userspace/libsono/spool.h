/* SPDX-License-Identifier: MIT */
/*
 * Frames from their slots to a recording, without a copy: each is written from
 * where the board's DMA put it, past the page cache, by io_uring, and its slot
 * given back when it is on the disk. A disk that is too slow for a while costs
 * slots, then frames, which the next record says.
 */
#ifndef SONO_SPOOL_H
#define SONO_SPOOL_H

#include <stdbool.h>

#include "recording.h"
#include "sono.h"

struct sono_spool;

/**
 * sono_spool_create() - start a recording of a source's frames
 * @spool: written
 * @s: the source, after sono_setup(); it must outlive the spool
 * @path: of the file; an existing one is replaced
 * @scan: as of sono_recorder_create()
 * @table: as the board runs it
 * @note: as of sono_recorder_create()
 * @why: the reason of an error; may be NULL
 * @why_bytes: its size
 *
 * Where the file system knows no O_DIRECT frames go through the page cache.
 *
 * Return: 0 or -errno.
 */
int sono_spool_create(struct sono_spool **spool, struct sono *s,
		      const char *path, const struct sono_scan *scan,
		      const struct sono_table *table, const char *note,
		      char *why, size_t why_bytes);

/**
 * sono_spool_put() - write a frame
 * @spool: a spool
 * @f: of sono_next(); the spool's from now on, which releases it
 *
 * There is always room: a source has no more frames than slots.
 *
 * Return: 0, -EINVAL for a frame of another length, which is released, or the
 * error of an earlier write: nothing more is written then.
 */
int sono_spool_put(struct sono_spool *spool, const struct sono_frame *f);

/**
 * sono_spool_reap() - release frames that are on the disk
 * @spool: a spool
 * @wait: at least one, where any is on its way
 *
 * Return: how many are still on their way, or -errno of writing.
 */
int sono_spool_reap(struct sono_spool *spool, bool wait);

/** sono_spool_frames() - that are on the disk, all before each other */
uint64_t sono_spool_frames(const struct sono_spool *spool);

/** sono_spool_frame_bytes() - from frame to frame in the file */
size_t sono_spool_frame_bytes(const struct sono_spool *spool);

/** sono_spool_direct() - do frames go past the page cache? */
bool sono_spool_direct(const struct sono_spool *spool);

/**
 * sono_spool_close() - end a recording; NULL is fine
 * @spool: a spool
 *
 * Waits for what is on its way. The file ends after the last frame before which
 * all are whole, and is brought to the disk.
 *
 * Return: 0, or the first error.
 */
int sono_spool_close(struct sono_spool *spool);

#endif /* SONO_SPOOL_H */

// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "sono_limits.h"
#include "sono_regs.h"

#define IRQ_TIME_DEFAULT_US 1000
#define IRQ_TIME_MAX_US 1000000
#define HEARTBEAT_DEFAULT_MS 1000u

/* Where the areas are in the file; far apart, so that they may grow. */
#define RING_OFFSET 0x000000000ULL
#define USER_OFFSET 0x100000000ULL
#define SLOTS_OFFSET 0x200000000ULL

static bool all_zero(const u64 *p, u32 n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static u64 align_up(u64 n, u64 to)
{
	return (n + to - 1) / to * to;
}

static u32 pow2_up(u32 n)
{
	u32 p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/**
 * sono_setup_check() - may this stream be made?
 * @info: of the board
 * @st: what is asked for
 *
 * Return: 0; -EINVAL for a number out of range or a flag that means nothing;
 * -ENOMEM for more memory than a stream may have.
 */
int sono_setup_check(const struct sono_info *info, const struct sono_setup *st)
{
	if (st->flags || !all_zero(st->rsvd, 4))
		return -EINVAL;
	if (st->slots < 2 || st->slots > info->slots_max)
		return -EINVAL;
	if (!st->slot_bytes || st->slot_bytes > info->slot_bytes_max)
		return -EINVAL;
	if (st->slots * align_up(st->slot_bytes, PAGE_SIZE) >
	    SONO_STREAM_BYTES_MAX)
		return -ENOMEM;
	return 0;
}

/**
 * sono_setup_layout() - where everything is in the three areas
 * @st: slots is set, the rest of the answer is filled in
 * @stride: of the slots, whole pages
 *
 * The completion ring is twice as long as there are slots, so that a record
 * is not overwritten before its slot was released and filled again. So is the
 * release ring: without a run nothing is taken from it, and a process that
 * gives back all slots must not lose them by giving one back twice.
 */
void sono_setup_layout(struct sono_setup *st, u32 stride)
{
	u64 at;

	st->slot_stride = stride;
	st->ring_entries = pow2_up(2 * st->slots);
	st->release_entries = pow2_up(2 * st->slots);

	st->ring_offset = RING_OFFSET;
	st->gen_offset = sizeof(struct sono_ctl);
	at = st->gen_offset + st->slots * sizeof(u32);
	st->record_offset = align_up(at, sizeof(struct sono_record));
	at = st->record_offset + st->ring_entries * sizeof(struct sono_record);
	st->ring_bytes = align_up(at, PAGE_SIZE);

	st->user_offset = USER_OFFSET;
	st->release_offset = sizeof(struct sono_user);
	at = st->release_offset +
	     st->release_entries * sizeof(struct sono_release);
	st->user_bytes = align_up(at, PAGE_SIZE);

	st->slots_offset = SLOTS_OFFSET;
	st->slots_bytes = (u64)stride * st->slots;
}

/**
 * sono_config_check() - check a CONFIG and fill in its defaults
 * @info: of the board
 * @st: of the stream
 * @c: what is asked for
 *
 * Return: 0 or -EINVAL.
 */
int sono_config_check(const struct sono_info *info,
		      const struct sono_setup *st, struct sono_config *c)
{
	/* Moderation above this could leave the board without a slot. */
	u32 count_max = st->slots < 8 ? 1 : st->slots / 4;

	if (c->flags || !all_zero(c->rsvd, 2))
		return -EINVAL;
	if (c->table_bytes < sizeof(struct sono_seq_header) ||
	    c->table_bytes > info->seq_bytes_max)
		return -EINVAL;
	if (c->source > SONO_CONFIG_NOISE)
		return -EINVAL;
	if (!c->irq_count)
		c->irq_count = 1;
	if (!c->irq_time_us)
		c->irq_time_us = IRQ_TIME_DEFAULT_US;
	if (!c->heartbeat_ms)
		c->heartbeat_ms = min(HEARTBEAT_DEFAULT_MS,
				      info->heartbeat_max);
	if (c->irq_count > count_max || c->irq_time_us > IRQ_TIME_MAX_US)
		return -EINVAL;
	if (c->heartbeat_ms < SONO_HEARTBEAT_MIN_MS ||
	    c->heartbeat_ms > info->heartbeat_max)
		return -EINVAL;
	c->error = SONO_SEQ_OK;
	c->error_event = ~0u;
	return 0;
}

/**
 * sono_export_check() - may these slots be exported?
 * @st: of the stream
 * @ex: what is asked for
 *
 * Return: 0 or -EINVAL.
 */
int sono_export_check(const struct sono_setup *st, const struct sono_export *ex)
{
	if (ex->flags || ex->rsvd0 || !all_zero(ex->rsvd, 2))
		return -EINVAL;
	if (ex->slot != SONO_SLOTS_ALL && ex->slot >= st->slots)
		return -EINVAL;
	return 0;
}

/**
 * sono_regbuf_check() - may these slots become a fixed buffer, or cease to?
 * @st: of the stream
 * @rb: what is asked for
 * @adds: it is SONO_CMD_REGBUF
 *
 * Return: 0 or -EINVAL.
 */
int sono_regbuf_check(const struct sono_setup *st, const struct sono_regbuf *rb,
		      bool adds)
{
	if (rb->rsvd || (!adds && rb->slot))
		return -EINVAL;
	if (rb->slot != SONO_SLOTS_ALL && rb->slot >= st->slots)
		return -EINVAL;
	return 0;
}

/**
 * sono_heartbeat_left() - how long the board may go on, if the consumer moved
 * @heartbeat_ms: of the CONFIG
 * @age_ms: since the heartbeat was last looked at
 *
 * The consumer was alive at some time after that look. The board may go on
 * until 1.25 times the heartbeat after the look: transmit ends by then, late
 * as this look may be.
 *
 * Return: [ms], 0 if that time has passed.
 */
u32 sono_heartbeat_left(u32 heartbeat_ms, u64 age_ms)
{
	u32 limit = heartbeat_ms + heartbeat_ms / 4;

	if (age_ms >= limit)
		return 0;
	return min((u32)(limit - age_ms), heartbeat_ms);
}

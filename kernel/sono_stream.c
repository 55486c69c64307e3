// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "sono_arm.h"
#include "sono_hw.h"
#include "sono_limits.h"
#include "sono_stream.h"

/* Of a consumer that is at work one more is enough. */
#define SONO_REFILL_PASSES 4

static int ring_create(struct sono_stream *s)
{
	const struct sono_setup *st = &s->setup;
	struct sono_ring *r = &s->ring;

	r->slot = kvcalloc(st->slots, sizeof(*r->slot), GFP_KERNEL);
	r->free.slot = kvcalloc(st->release_entries, sizeof(u32), GFP_KERNEL);
	r->posted.slot = kvcalloc(st->release_entries, sizeof(u32),
				  GFP_KERNEL);
	s->ring_mem = vmalloc_user(st->ring_bytes);
	s->user_mem = vmalloc_user(st->user_bytes);
	if (!r->slot || !r->free.slot || !r->posted.slot || !s->ring_mem ||
	    !s->user_mem)
		return -ENOMEM;
	sono_ring_init(r, st, s->ring_mem, s->user_mem);
	return 0;
}

static void ring_destroy(struct sono_stream *s)
{
	kvfree(s->ring.posted.slot);
	kvfree(s->ring.free.slot);
	kvfree(s->ring.slot);
	vfree(s->user_mem);
	vfree(s->ring_mem);
}

static size_t post_bytes(const struct sono_queue *q)
{
	return array_size(q->post_mask + 1, sizeof(*q->post));
}

static size_t cpl_bytes(const struct sono_queue *q)
{
	return array_size(q->cpl_mask + 1, sizeof(*q->cpl));
}

/* Room for every segment of every slot, and a completion of each. */
static int queue_create(struct sono_stream *s, struct sono_device *sd)
{
	struct device *dev = &sd->pdev->dev;
	struct sono_queue *q = &s->queue;

	q->post_mask = roundup_pow_of_two(s->slots.slots * s->slots.chunks) - 1;
	q->cpl_mask = roundup_pow_of_two(2 * s->slots.slots) - 1;
	q->checked = sd->info.hw_features & SONO_FEAT_CHECK;
	q->post = dma_alloc_coherent(dev, post_bytes(q), &s->post_dma,
				     GFP_KERNEL);
	q->cpl = dma_alloc_coherent(dev, cpl_bytes(q), &s->cpl_dma,
				    GFP_KERNEL);
	return q->post && q->cpl ? 0 : -ENOMEM;
}

static void queue_destroy(struct sono_stream *s, struct device *dev)
{
	struct sono_queue *q = &s->queue;

	if (q->cpl)
		dma_free_coherent(dev, cpl_bytes(q), q->cpl, s->cpl_dma);
	if (q->post)
		dma_free_coherent(dev, post_bytes(q), q->post, s->post_dma);
	q->cpl = NULL;
	q->post = NULL;
}

/**
 * sono_stream_create() - slots, rings and queues for one controller
 * @sd: device, locked, not gone
 * @setup: checked for its ranges; the rest is filled in
 *
 * Return: the stream, or an ERR_PTR: -ENOMEM; -ENOSPC if the board's queue
 * does not hold the descriptors of so many slots.
 */
struct sono_stream *sono_stream_create(struct sono_device *sd,
				       struct sono_setup *setup)
{
	struct device *dev = &sd->pdev->dev;
	struct sono_stream *s;
	int ret;

	lockdep_assert_held(&sd->lock);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	kref_init(&s->ref);
	INIT_LIST_HEAD(&s->waiters);
	init_waitqueue_head(&s->readers);
	ret = sono_slots_create(&s->slots, dev, setup->slots,
				setup->slot_bytes, sd->queue_max);
	if (ret)
		goto err_free;
	sono_setup_layout(setup, s->slots.stride);
	s->setup = *setup;
	ret = ring_create(s);
	if (ret)
		goto err_ring;
	ret = queue_create(s, sd);
	if (ret)
		goto err_ring;
	return s;

err_ring:
	ring_destroy(s);
	sono_stream_detach(sd, s);
	sono_slots_destroy(&s->slots);
err_free:
	kfree(s);
	return ERR_PTR(ret);
}

static int table_create(struct sono_table *t, struct device *dev,
			const void *from, u32 bytes)
{
	t->mem = dma_alloc_coherent(dev, bytes, &t->addr, GFP_KERNEL);
	if (!t->mem)
		return -ENOMEM;
	memcpy(t->mem, from, bytes);
	t->bytes = bytes;
	return 0;
}

static void table_destroy(struct sono_table *t, struct device *dev)
{
	if (t->mem)
		dma_free_coherent(dev, t->bytes, t->mem, t->addr);
	t->mem = NULL;
}

/**
 * sono_stream_detach() - part the stream from its board
 * @sd: device, locked, the stream halted
 * @s: stream; its memory and records stay readable
 */
void sono_stream_detach(struct sono_device *sd, struct sono_stream *s)
{
	lockdep_assert_held(&sd->lock);
	table_destroy(&s->table, &sd->pdev->dev);
	queue_destroy(s, &sd->pdev->dev);
	sono_slots_unmap(&s->slots, &sd->pdev->dev);
}

static void stream_free(struct kref *ref)
{
	struct sono_stream *s = container_of(ref, struct sono_stream, ref);

	WARN_ON(!list_empty(&s->waiters));
	ring_destroy(s);
	sono_slots_destroy(&s->slots);
	kfree(s);
}

/** sono_stream_put() - drop a reference; the stream is detached by the last */
void sono_stream_put(struct sono_stream *s)
{
	kref_put(&s->ref, stream_free);
}

/**
 * sono_stream_wake() - end the waits that are over
 * @sd: device, ring_lock held
 * @s: the stream
 */
void sono_stream_wake(struct sono_device *sd, struct sono_stream *s)
{
	sono_arm_wake(sd, s);
	/* Who asked for no event is told of the end by EPOLLHUP. */
	wake_up_interruptible_poll(&s->readers, EPOLLIN | EPOLLHUP);
}

/* The last resort. It takes the board's table with it. */
static void board_silence(struct sono_device *sd, struct sono_stream *s)
{
	sono_hw_silence(sd);
	s->loaded = false;
}

/* Of a load that failed: because the board is away, or by itself? */
static u32 load_end(struct sono_device *sd, int ret)
{
	u32 end = SONO_END_FAULT;

	if (ret == -ENODEV || (ret == -ECANCELED && READ_ONCE(sd->going)))
		return SONO_END_GONE;
	if (ret == -ECANCELED)
		return SONO_END_STOP;
	/* It is set together with what the load ended for. */
	spin_lock_bh(&sd->ring_lock);
	if (ret == -EIO)
		end = sd->away_end;
	spin_unlock_bh(&sd->ring_lock);
	return end;
}

/*
 * Whatever the board is doing, it must not read freed memory. A stop ends a
 * load, too: where the run had to end, nothing is wrong with the board.
 */
static void table_drop(struct sono_device *sd, struct sono_stream *s, int ret)
{
	bool stop = ret == -ECANCELED && sd->active;

	sono_stream_halt(sd, load_end(sd, ret));
	if (stop)
		s->loaded = false;
	else
		board_silence(sd, s);
}

static int table_load(struct sono_device *sd, struct sono_stream *s,
		      const struct sono_table *t, struct sono_config *cfg)
{
	int ret = sono_hw_load(sd, t->addr, t->bytes, cfg);

	/* 0, or a refusal: it is no longer at it. */
	if (!ret || ret == -EINVAL)
		return ret;
	table_drop(sd, s, ret);
	if (ret == -ECANCELED && READ_ONCE(sd->going))
		return -ENODEV;
	return ret == -EREMOTEIO ? -EIO : ret;
}

/* A board that was reset since the last CONFIG has lost what that said. */
static int reload(struct sono_device *sd, struct sono_stream *s)
{
	struct sono_config cfg = {};
	int ret = table_load(sd, s, &s->table, &cfg);

	if (ret)
		/* It took the same table before. */
		return ret == -EINVAL ? -EIO : ret;
	sono_hw_set_source(sd, s->source);
	sono_hw_set_moderation(sd, s->irq_count, s->irq_time_us);
	s->cfg_offset = s->cfg_gen - cfg.cfg_gen;
	s->loaded = true;
	return 0;
}

/* The board has it, and now it is the stream's. */
static void table_adopt(struct sono_device *sd, struct sono_stream *s,
			const struct sono_table *t,
			const struct sono_config *cfg)
{
	table_destroy(&s->table, &sd->pdev->dev);
	s->table = *t;
	s->loaded = true;
	s->cfg_gen = cfg->cfg_gen;
	s->source = cfg->source;
	s->irq_count = cfg->irq_count;
	s->irq_time_us = cfg->irq_time_us;
	/* The heartbeat's work reads it without the lock. */
	WRITE_ONCE(s->heartbeat_ms, cfg->heartbeat_ms);
}

/**
 * sono_stream_config() - load a table and set how the board reports
 * @sd: device, locked, neither gone nor away
 * @s: its stream
 * @cfg: checked for its ranges; the results are filled in
 * @table: cfg->table_bytes, at least a header; kernel memory
 *
 * Return: 0; -EBUSY for another source while running; -EMSGSIZE if a frame
 * does not fit a slot; -EINVAL if the board refused the table; -EIO if the
 * board was reset meanwhile; -ECANCELED if the run had to end, which it has;
 * -ENOMEM, -ENODEV, -ETIMEDOUT. The former table stays then.
 */
int sono_stream_config(struct sono_device *sd, struct sono_stream *s,
		       struct sono_config *cfg, const void *table)
{
	const struct sono_seq_header *h = table;
	struct device *dev = &sd->pdev->dev;
	struct sono_table t;
	int ret;

	lockdep_assert_held(&sd->lock);
	if (sd->active && cfg->source != s->source)
		return -EBUSY;
	if (le32_to_cpu(h->frame_bytes) > s->setup.slot_stride)
		return -EMSGSIZE;
	ret = sono_hw_regain(sd);
	if (ret)
		return ret;
	ret = table_create(&t, dev, table, cfg->table_bytes);
	if (ret)
		return ret;
	ret = table_load(sd, s, &t, cfg);
	if (ret)
		goto err_table;
	cfg->cfg_gen += s->cfg_offset;
	/* The board has checked what the header says; this checks the board. */
	if (cfg->frame_bytes > s->setup.slot_stride) {
		s->loaded = false;
		ret = -EMSGSIZE;
		goto err_table;
	}
	if (!sd->active)
		sono_hw_set_source(sd, cfg->source);
	sono_hw_set_moderation(sd, cfg->irq_count, cfg->irq_time_us);
	table_adopt(sd, s, &t, cfg);
	return 0;

err_table:
	table_destroy(&t, dev);
	return ret;
}

/**
 * sono_stream_refill() - take what was released, post what is free
 * @sd: device, ring_lock held
 * @s: its active stream
 *
 * Ends with need_kick settled and the doorbell rung once. A process that
 * keeps moving its tail is heard so often and then left with need_kick set.
 */
void sono_stream_refill(struct sono_device *sd, struct sono_stream *s)
{
	u64 bad = s->ring.ctl->bad_release;
	unsigned int pass = 0;
	u32 slot, gen;

	lockdep_assert_held(&sd->ring_lock);
	do {
		sono_ring_reap(&s->ring);
		while (!sono_ring_take(&s->ring, &slot, &gen)) {
			sono_slots_to_board(&s->slots, &sd->pdev->dev, slot);
			sono_queue_post(&s->queue,
					sono_slots_segments(&s->slots, slot),
					s->slots.chunks, slot, gen);
		}
	} while (sono_ring_settle(&s->ring) && ++pass < SONO_REFILL_PASSES);
	sd->counters.bad_releases += s->ring.ctl->bad_release - bad;
	if (s->doorbell != s->queue.post_tail) {
		s->doorbell = s->queue.post_tail;
		sd->counters.doorbells++;
		sono_hw_post(sd, s->doorbell);
	}
}

/**
 * sono_stream_start() - post the slots and let the board run
 * @sd: device, locked, neither gone nor away
 * @s: its stream
 * @start: flags in, the rest out
 *
 * Return: 0; -EBUSY if it runs or its firmware is being written; -ENXIO without
 * a table; -EIO if the board refuses, which ends the run as its fault says;
 * -ENODEV if it is gone. If the board has to be given its table again, also -EIO
 * if that fails, -ETIMEDOUT.
 */
int sono_stream_start(struct sono_device *sd, struct sono_stream *s,
		      struct sono_start *start)
{
	int ret;

	lockdep_assert_held(&sd->lock);
	if (sd->active || sd->updating)
		return -EBUSY;
	if (!s->table.mem)
		return -ENXIO;
	ret = sono_hw_regain(sd);
	if (ret)
		return ret;
	/* A board that was reset by itself has lost it, too. */
	if (s->loaded && sono_hw_table(sd) != s->cfg_gen - s->cfg_offset) {
		s->loaded = false;
		if (sono_hw_present(sd))
			sono_trouble(sd, SONO_TROUBLE_FORGOTTEN, 0, 0);
	}
	ret = s->loaded ? 0 : reload(sd, s);
	if (ret)
		return ret;

	spin_lock_bh(&sd->ring_lock);
	s->broken = false;
	sono_queue_reset(&s->queue);
	/* The board is told of the first postings by the start itself. */
	s->doorbell = 0;
	start->pos = sono_ring_begin(&s->ring);
	start->stream_gen = s->ring.ctl->stream_gen;
	s->beat = READ_ONCE(s->ring.user->heartbeat);
	s->beat_seen = ktime_get();
	spin_unlock_bh(&sd->ring_lock);

	sono_hw_queues(sd, s);
	spin_lock_bh(&sd->ring_lock);
	sono_stream_refill(sd, s);
	sd->active = s;
	sd->counters.runs++;
	spin_unlock_bh(&sd->ring_lock);

	ret = sono_hw_start(sd, s->heartbeat_ms,
			    !(start->flags & SONO_START_TX_OFF), &start->run);
	s->begun = !ret;
	trace_sono_start(&sd->dev, start->run, start->stream_gen);
	queue_delayed_work(sono_heartbeats, &sd->heartbeat,
			   msecs_to_jiffies(s->heartbeat_ms / 4));
	if (ret)
		sono_stream_halt(sd, SONO_END_FAULT);
	return ret;
}

/* Why did the run end, if the board or its lies ended it? */
static u32 end_reason(struct sono_device *sd, struct sono_stream *s,
		      u32 reason, u32 *fault, u32 *info)
{
	*fault = SONO_FAULT_NONE;
	*info = 0;
	if (s->broken) {
		*fault = s->ring.ctl->fault;
		*info = s->ring.ctl->fault_info;
		return SONO_END_PROTOCOL;
	}
	/* Who ends it may be first to have the lock; that it was cut is why. */
	if (sd->cut)
		return sd->away_end;
	if (!sono_hw_present(sd))
		return SONO_END_GONE;
	/* What it says now may be of the bus that was taken from it. */
	if (sd->barred)
		return reason;
	*fault = sono_hw_fault(sd, info);
	switch (*fault) {
	case SONO_FAULT_NONE:
		return reason;
	case SONO_FAULT_HEARTBEAT:
		return SONO_END_HEARTBEAT;
	default:
		return SONO_END_FAULT;
	}
}

/**
 * sono_stream_hurry() - before the lock is taken in order to end a run
 * @sd: device, not locked
 *
 * A load that waits for the end of a frame, which may be half a minute away,
 * ends the run and lets go of the lock. sono_stream_hurried() goes with it.
 */
void sono_stream_hurry(struct sono_device *sd)
{
	atomic_inc(&sd->enders);
	wake_up(&sd->ctl_wait);
}

/** sono_stream_hurried() - after a sono_stream_hurry(), locked or not */
void sono_stream_hurried(struct sono_device *sd)
{
	atomic_dec(&sd->enders);
}

/**
 * sono_stream_halt() - end the run, if there is one
 * @sd: device, locked
 * @reason: SONO_END_*, unless the board has a fault to report
 *
 * On return the board writes nothing, and transmits nothing unless it cannot be
 * told; every frame it completed is published, the account is closed and every
 * ARM has completed.
 */
void sono_stream_halt(struct sono_device *sd, u32 reason)
{
	struct sono_stream *s = sd->active;
	u64 produced = 0, dropped = 0;
	u32 fault, info;
	int ret;

	lockdep_assert_held(&sd->lock);
	if (!s)
		return;
	cancel_delayed_work_sync(&sd->heartbeat);
	ret = READ_ONCE(sd->cut) ? -ENODEV : sono_hw_stop(sd);
	/* Before a reset, which clears it. */
	sono_capture_fault(sd);
	if (!ret && s->begun)
		sono_hw_counts(sd, &produced, &dropped);
	if (ret == -ETIMEDOUT)
		dev_err(&sd->pdev->dev, "does not stop, resetting it\n");
	if (ret)
		board_silence(sd, s);

	spin_lock_bh(&sd->ring_lock);
	sono_capture_drain(sd, s);
	reason = end_reason(sd, s, reason, &fault, &info);
	sono_ring_end(&s->ring, reason, fault, info, produced, dropped);
	sd->counters.dropped += s->ring.ctl->dropped;
	sd->counters.lost += s->ring.ctl->lost;
	sd->counters.ended[reason]++;
	trace_sono_end(&sd->dev, s->ring.ctl);
	sono_ring_reclaim(&s->ring);
	sd->active = NULL;
	sono_stream_wake(sd, s);
	spin_unlock_bh(&sd->ring_lock);
}

/**
 * sono_stream_close() - nothing will ever come of this stream again
 * @sd: device, locked
 * @s: its stream
 * @reason: SONO_END_*
 *
 * As a halt; and a stream that never ran ends, too, for those who wait.
 */
void sono_stream_close(struct sono_device *sd, struct sono_stream *s,
		       u32 reason)
{
	sono_stream_halt(sd, reason);
	spin_lock_bh(&sd->ring_lock);
	if (s->ring.ctl->state == SONO_STATE_IDLE)
		sono_ring_end(&s->ring, reason, 0, 0, 0, 0);
	sono_stream_wake(sd, s);
	spin_unlock_bh(&sd->ring_lock);
}

static int area_mmap(struct vm_area_struct *vma, void *mem, size_t bytes)
{
	if (vma->vm_end - vma->vm_start > bytes)
		return -EINVAL;
	return remap_vmalloc_range(vma, mem, 0);
}

static int slots_mmap(const struct sono_slots *slots,
		      struct vm_area_struct *vma, u64 bytes)
{
	if (vma->vm_end - vma->vm_start > bytes)
		return -EINVAL;
	/* No fault handler: a mapping cannot grow after the fact. */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return sono_slots_mmap(slots, vma);
}

/* Not writable now, nor by mprotect() later. */
static int read_only(struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_clear(vma, VM_MAYWRITE);
	return 0;
}

/**
 * sono_stream_mmap() - map one of the three areas from its start
 * @s: stream
 * @vma: shared
 * @controller: may write into the slots, and has the user area
 *
 * Return: 0; -EINVAL for another offset, a private mapping or one that is
 * too long; -EACCES for one that must not be writable, and for the user area
 * of an observer; -ENOMEM.
 */
int sono_stream_mmap(const struct sono_stream *s, struct vm_area_struct *vma,
		     bool controller)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	const struct sono_setup *st = &s->setup;
	int ret;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (offset == st->ring_offset) {
		ret = read_only(vma);
		return ret ? ret : area_mmap(vma, s->ring_mem, st->ring_bytes);
	}
	if (offset == st->user_offset && !controller)
		return -EACCES;
	if (offset == st->user_offset)
		return area_mmap(vma, s->user_mem, st->user_bytes);
	if (offset == st->slots_offset) {
		ret = controller ? 0 : read_only(vma);
		return ret ? ret : slots_mmap(&s->slots, vma, st->slots_bytes);
	}
	return -EINVAL;
}

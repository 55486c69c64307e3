// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sim_host.h"
#include "sono_limits.h"

#define NS_PER_MS 1000000u
#define NS_PER_US 1000u
#define NS_PER_S 1000000000u

/* A board in real time that is later than this leaves time out. */
#define LATE_NS (20 * NS_PER_MS)

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* --- the board's way to its host ------------------------------------------ */

static struct sim_region *region_of(struct sim_host *h, uint64_t addr, size_t n)
{
	for (int i = 0; i < SIM_REGIONS; i++) {
		struct sim_region *r = &h->region[i];
		uint64_t at = addr - (uintptr_t)r->base;

		if (r->base && at <= r->bytes && n <= r->bytes - at)
			return r;
	}
	return NULL;
}

static int host_read(void *host, uint64_t addr, void *to, size_t n)
{
	if (!region_of(host, addr, n))
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)addr, n);
	return 0;
}

/* Four bytes may be a phase: what was written before must be seen first. */
static int host_write(void *host, uint64_t addr, const void *from, size_t n)
{
	const struct sim_region *r = region_of(host, addr, n);
	uint32_t word;

	if (!r || !r->writable)
		return -EFAULT;
	if (n == sizeof(word) && addr % sizeof(word) == 0) {
		memcpy(&word, from, n);
		__atomic_store_n((uint32_t *)(uintptr_t)addr, word,
				 __ATOMIC_RELEASE);
	} else {
		memcpy((void *)(uintptr_t)addr, from, n);
	}
	return 0;
}

/* The board is in the middle of something: note it, act when it returns. */
static void host_irq(void *host, unsigned int vector)
{
	struct sim_host *h = host;

	h->irqs[vector]++;
	if (vector == SONO_VEC_CAPTURE)
		h->irq_capture = true;
	else if (vector == SONO_VEC_EVENT)
		h->irq_event = true;
}

static void host_log(void *host, const char *line)
{
	struct sim_host *h = host;

	if (h->log)
		fprintf(h->log, "%s\n", line);
}

static uint32_t rd(struct sim_host *h, uint32_t reg)
{
	return (uint32_t)sim_board_read(h->board, reg, 4, h->now);
}

static void wr(struct sim_host *h, uint32_t reg, uint32_t value)
{
	sim_board_write(h->board, reg, 4, value, h->now);
}

static uint64_t rd64(struct sim_host *h, uint32_t lo)
{
	uint32_t low = rd(h, lo);

	return low | (uint64_t)rd(h, lo + 4) << 32;
}

static void wr_addr(struct sim_host *h, uint32_t lo, const void *p)
{
	uint64_t addr = (uintptr_t)p;

	wr(h, lo, (uint32_t)addr);
	wr(h, lo + 4, (uint32_t)(addr >> 32));
}

/* --- a run ----------------------------------------------------------------- */

static void refill(struct sim_host *h)
{
	uint32_t before = h->queue.post_tail;
	uint32_t slot, gen;

	do {
		sono_ring_reap(&h->ring);
		while (!sono_ring_take(&h->ring, &slot, &gen)) {
			size_t stride = h->setup.slot_stride;
			struct sono_segment seg = {
				.addr = (uintptr_t)h->region[SIM_REGION_SLOTS]
						.base +
					slot * stride,
				.bytes = h->setup.slot_stride,
			};

			sono_queue_post(&h->queue, &seg, 1, slot, gen);
		}
	} while (sono_ring_settle(&h->ring));
	if (h->queue.post_tail != before)
		wr(h, SONO_REG_POST_TAIL, h->queue.post_tail);
}

static void drain(struct sim_host *h)
{
	uint64_t host_ts = h->real ? clock_ns() : h->now;
	uint32_t head = h->queue.cpl_head;
	struct sono_completion c;

	while (!h->broken && sono_queue_next(&h->queue, &c)) {
		c.cfg_gen += h->cfg_offset;
		if (sono_ring_complete(&h->ring, &c, host_ts))
			h->broken = true;
	}
	if (h->queue.cpl_head != head)
		wr(h, SONO_REG_CPL_HEAD, h->queue.cpl_head);
}

/* A board that has left the bus reads as all ones. */
static bool present(struct sim_host *h)
{
	return rd(h, SONO_REG_STATUS) != UINT32_MAX;
}

static uint32_t end_reason(struct sim_host *h, uint32_t reason,
			   uint32_t *fault, uint32_t *info)
{
	if (h->broken) {
		*fault = h->ring.ctl->fault;
		*info = h->ring.ctl->fault_info;
		return SONO_END_PROTOCOL;
	}
	*info = rd(h, SONO_REG_FAULT_INFO);
	*fault = rd(h, SONO_REG_FAULT);
	if (*fault == SONO_FAULT_NONE)
		return reason;
	if (!present(h)) {
		*fault = SONO_FAULT_NONE;
		*info = 0;
		return SONO_END_GONE;
	}
	return *fault == SONO_FAULT_HEARTBEAT ? SONO_END_HEARTBEAT :
						SONO_END_FAULT;
}

/* A board that ends a run drains first; the wait costs its time, not ours. */
static void stop_board(struct sim_host *h)
{
	uint64_t next;

	wr(h, SONO_REG_CONTROL, 0);
	while (present(h) && rd(h, SONO_REG_STATUS) & (SONO_STATUS_RUNNING |
						       SONO_STATUS_DMA_BUSY)) {
		next = sim_board_next(h->board);
		if (next == SIM_NEVER)
			break;
		h->now = next;
		sim_board_run(h->board, h->now);
	}
}

static void halt(struct sim_host *h, uint32_t reason)
{
	uint64_t produced = 0, dropped = 0;
	uint32_t fault, info;

	if (!h->active)
		return;
	stop_board(h);
	if (h->begun && present(h)) {
		produced = rd64(h, SONO_REG_PRODUCED_LO);
		dropped = rd64(h, SONO_REG_DROPPED_LO);
	}
	drain(h);
	reason = end_reason(h, reason, &fault, &info);
	sono_ring_end(&h->ring, reason, fault, info, produced, dropped);
	sono_ring_reclaim(&h->ring);
	h->active = false;
	pthread_cond_broadcast(&h->changed);
}

/* A run with no fault; false, too, of a board that has left the bus. */
static bool runs(struct sim_host *h)
{
	return (rd(h, SONO_REG_STATUS) &
		(SONO_STATUS_RUNNING | SONO_STATUS_FAULT)) ==
	       SONO_STATUS_RUNNING;
}

static void capture(struct sim_host *h)
{
	if (!h->active)
		return;
	drain(h);
	if (!h->broken)
		refill(h);
	pthread_cond_broadcast(&h->changed);
}

static void interrupts(struct sim_host *h)
{
	if (h->irq_capture) {
		h->irq_capture = false;
		capture(h);
	}
	if (h->irq_event || h->broken) {
		h->irq_event = false;
		wr(h, SONO_REG_IRQ_STATUS, SONO_IRQ_FAULT);
		/* The fault may be one of a run that has ended since. */
		if (h->broken || !runs(h))
			halt(h, SONO_END_FAULT);
	}
}

/* Also finds what an interrupt should have told that got lost. */
static void heartbeat(struct sim_host *h)
{
	uint32_t ms = h->config.heartbeat_ms;
	uint64_t beat;

	if (!h->active || h->now < h->beat_due)
		return;
	if (!present(h)) {
		halt(h, SONO_END_GONE);
		return;
	}
	beat = READ_ONCE(h->ring.user->heartbeat);
	if (beat != h->beat) {
		uint64_t age = (h->now - h->beat_seen + NS_PER_MS - 1) /
			       NS_PER_MS;
		uint32_t left = sono_heartbeat_left(ms, age);

		if (left)
			wr(h, SONO_REG_HEARTBEAT, left);
	}
	h->beat = beat;
	h->beat_seen = h->now;
	h->beat_due = h->now + (uint64_t)ms * NS_PER_MS / 4;
	capture(h);
	if (!runs(h))
		halt(h, SONO_END_FAULT);
}

/* When something happens next, be it the board or the heartbeat. */
static uint64_t next_due(struct sim_host *h)
{
	uint64_t next = sim_board_next(h->board);

	return h->active && h->beat_due < next ? h->beat_due : next;
}

/*
 * Time in which the board computed its echoes, or this process did not run,
 * never was for a board that is late: it would answer with a burst.
 */
static void forgive(struct sim_host *h)
{
	uint64_t late = clock_ns() - h->epoch - h->now;

	if (h->real && late > LATE_NS)
		h->epoch += late;
}

static void run_to(struct sim_host *h, uint64_t now)
{
	if (now > h->now)
		h->now = now;
	heartbeat(h);
	sim_board_run(h->board, h->now);
	interrupts(h);
	forgive(h);
}

/* Virtual time goes on by one event, but not past @limit; false at it. */
static bool step(struct sim_host *h, uint64_t limit)
{
	uint64_t next = next_due(h);

	run_to(h, next < limit ? next : limit);
	return next < limit;
}

/* --- real time ------------------------------------------------------------- */

static void sleep_until(struct sim_host *h, pthread_cond_t *cond, uint64_t due)
{
	struct timespec t;

	if (due == SIM_NEVER) {
		pthread_cond_wait(cond, &h->lock);
		return;
	}
	due += h->epoch;
	t.tv_sec = (time_t)(due / NS_PER_S);
	t.tv_nsec = (long)(due % NS_PER_S);
	pthread_cond_timedwait(cond, &h->lock, &t);
}

/* Who computes echoes hardly lets go of the lock: a stop does not queue. */
static void give_way(struct sim_host *h)
{
	while (atomic_load(&h->stopping))
		pthread_cond_wait(&h->changed, &h->lock);
}

static void *board_thread(void *arg)
{
	struct sim_host *h = arg;

	pthread_mutex_lock(&h->lock);
	while (!h->quit) {
		give_way(h);
		run_to(h, clock_ns() - h->epoch);
		sleep_until(h, &h->wake, next_due(h));
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* Every command begins here: the board is brought up to the present. */
static void enter(struct sim_host *h)
{
	pthread_mutex_lock(&h->lock);
	if (h->real)
		run_to(h, clock_ns() - h->epoch);
}

static void leave(struct sim_host *h)
{
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
}

/* --- memory ---------------------------------------------------------------- */

static void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

/* An area twice, as the module has it: written here, read there. */
static int two_views(size_t bytes, void **written, void **read_only)
{
	int fd = memfd_create("sono", MFD_CLOEXEC);
	int ret = 0;
	void *p;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes)) {
		ret = -errno;
		goto out;
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		ret = -errno;
		goto out;
	}
	*written = p;
	p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		ret = -errno;
	else
		*read_only = p;
out:
	close(fd);
	return ret;
}

static int region_alloc(struct sim_host *h, enum sim_region_name name,
			size_t bytes, bool writable)
{
	struct sim_region *r = &h->region[name];

	r->base = pages(bytes);
	r->bytes = bytes;
	r->writable = writable;
	return r->base ? 0 : -ENOMEM;
}

static int slots_alloc(struct sim_host *h)
{
	struct sim_region *r = &h->region[SIM_REGION_SLOTS];
	void *p = NULL;
	int ret;

	if (!h->shared)
		return region_alloc(h, SIM_REGION_SLOTS, h->setup.slots_bytes,
				    true);
	ret = two_views(h->setup.slots_bytes, &p, &h->slots_view);
	r->base = p;
	r->bytes = h->setup.slots_bytes;
	r->writable = true;
	return ret;
}

static void region_free(struct sim_host *h, enum sim_region_name name)
{
	struct sim_region *r = &h->region[name];

	unmap(r->base, r->bytes);
	memset(r, 0, sizeof(*r));
}

static void stream_free(struct sim_host *h)
{
	for (int i = 0; i < SIM_REGIONS; i++)
		region_free(h, i);
	free(h->table);
	h->table = NULL;
	free(h->ring.slot);
	free(h->ring.free.slot);
	free(h->ring.posted.slot);
	unmap(h->slots_view, h->setup.slots_bytes);
	unmap(h->user_mem, h->setup.user_bytes);
	unmap(h->ring_view, h->setup.ring_bytes);
	unmap(h->ring_mem, h->setup.ring_bytes);
	memset(&h->ring, 0, sizeof(h->ring));
	h->slots_view = NULL;
	h->user_mem = NULL;
	h->ring_view = NULL;
	h->ring_mem = NULL;
}

static int stream_alloc(struct sim_host *h)
{
	const struct sono_setup *st = &h->setup;
	uint32_t entries = st->ring_entries;
	int ret;

	ret = two_views(st->ring_bytes, &h->ring_mem, &h->ring_view);
	if (!ret)
		ret = slots_alloc(h);
	if (ret)
		return ret;
	h->user_mem = pages(st->user_bytes);
	h->ring.slot = calloc(st->slots, sizeof(*h->ring.slot));
	h->ring.free.slot = calloc(st->release_entries, sizeof(uint32_t));
	h->ring.posted.slot = calloc(st->release_entries, sizeof(uint32_t));
	if (!h->user_mem || !h->ring.slot || !h->ring.free.slot ||
	    !h->ring.posted.slot ||
	    region_alloc(h, SIM_REGION_POST, entries * sizeof(struct sono_desc),
			 false) ||
	    region_alloc(h, SIM_REGION_CPL, entries * sizeof(struct sono_cpl),
			 true))
		return -ENOMEM;
	h->queue.post = (void *)h->region[SIM_REGION_POST].base;
	h->queue.post_mask = entries - 1;
	h->queue.checked = rd(h, SONO_REG_FEATURES) & SONO_FEAT_CHECK;
	h->queue.cpl = (void *)h->region[SIM_REGION_CPL].base;
	h->queue.cpl_mask = entries - 1;
	sono_ring_init(&h->ring, st, h->ring_mem, h->user_mem);
	return 0;
}

/* --- commands -------------------------------------------------------------- */

void sim_host_info(struct sim_host *h, struct sono_info *i)
{
	uint32_t channels, queue_max;

	enter(h);
	channels = rd(h, SONO_REG_CHANNELS);
	queue_max = rd(h, SONO_REG_QUEUE_MAX);
	*i = (struct sono_info){
		.features = SONO_FEATURE_STREAM,
		.revision = rd(h, SONO_REG_REVISION),
		.hw_features = rd(h, SONO_REG_FEATURES),
		.firmware = rd(h, SONO_REG_FIRMWARE),
		.channels = channels & SONO_CHANNELS_RX,
		.elements = channels >> 16,
		.adc_bits = rd(h, SONO_REG_ADC_BITS),
		.adc_clock = rd(h, SONO_REG_ADC_CLOCK),
		.board_clock = rd(h, SONO_REG_BOARD_CLOCK),
		.seq_events_max = rd(h, SONO_REG_SEQ_EVENTS_MAX),
		.seq_bytes_max = rd(h, SONO_REG_SEQ_BYTES_MAX),
		.frame_bytes_max = rd(h, SONO_REG_FRAME_BYTES_MAX),
		.event_overhead = rd(h, SONO_REG_EVENT_OVERHEAD),
		.dma_rate_max = rd(h, SONO_REG_DMA_RATE_MAX),
		.hv_max = rd(h, SONO_REG_HV_MAX),
		.prf_max = rd(h, SONO_REG_PRF_MAX),
		.tx_duty_max = rd(h, SONO_REG_TX_DUTY_MAX),
		.heartbeat_max = rd(h, SONO_REG_HEARTBEAT_MAX),
		.slots_max = queue_max / 2 < SONO_SLOTS_MAX ? queue_max / 2 :
							      SONO_SLOTS_MAX,
		.slot_bytes_max = rd(h, SONO_REG_FRAME_BYTES_MAX),
	};
	leave(h);
}

int sim_host_setup(struct sim_host *h, const struct sono_info *info,
		   struct sono_setup *st)
{
	uint64_t stride = ((uint64_t)st->slot_bytes + PAGE_SIZE - 1) /
			  PAGE_SIZE * PAGE_SIZE;
	int ret;

	ret = sono_setup_check(info, st);
	if (ret)
		return ret;
	enter(h);
	if (h->ring_mem) {
		ret = -EBUSY;
		goto out;
	}
	sono_setup_layout(st, (uint32_t)stride);
	h->setup = *st;
	ret = stream_alloc(h);
	if (ret)
		stream_free(h);
out:
	leave(h);
	return ret;
}

static bool load_ended(struct sim_host *h, uint32_t *state)
{
	*state = rd(h, SONO_REG_SEQ_STATUS) & SONO_SEQ_STATE;
	return *state != SONO_SEQ_LOADING && *state != SONO_SEQ_PENDING;
}

/* The board loads while its time goes on: as long as the driver waits. */
static int table_load(struct sim_host *h, struct sono_config *c)
{
	uint64_t limit = h->now + 30ull * NS_PER_S;
	uint32_t state;

	wr_addr(h, SONO_REG_SEQ_ADDR_LO, h->region[SIM_REGION_TABLE].base);
	wr(h, SONO_REG_SEQ_BYTES, c->table_bytes);
	wr(h, SONO_REG_SEQ_LOAD, 1);
	while (!load_ended(h, &state)) {
		if (h->real) {
			uint64_t due = next_due(h);

			sleep_until(h, &h->changed, due < limit ? due : limit);
			run_to(h, clock_ns() - h->epoch);
		} else {
			step(h, limit);
		}
		if (h->now >= limit)
			return -ETIMEDOUT;
	}
	if (state == SONO_SEQ_ERROR) {
		c->error = (rd(h, SONO_REG_SEQ_STATUS) & SONO_SEQ_CODE) >> 8;
		c->error_event = rd(h, SONO_REG_SEQ_ERROR_EVENT);
		return -EINVAL;
	}
	if (state != SONO_SEQ_ACTIVE)
		return -EIO;
	c->cfg_gen = rd(h, SONO_REG_CFG_GEN);
	c->frame_bytes = rd(h, SONO_REG_FRAME_BYTES);
	return 0;
}

/* It stays after the load, for a board that loses it. */
static int table_set(struct sim_host *h, struct sono_config *c,
		     const void *table)
{
	int ret = region_alloc(h, SIM_REGION_TABLE, c->table_bytes, false);

	if (ret)
		return ret;
	memcpy(h->region[SIM_REGION_TABLE].base, table, c->table_bytes);
	ret = table_load(h, c);
	region_free(h, SIM_REGION_TABLE);
	return ret;
}

static void tell_config(struct sim_host *h, const struct sono_config *c)
{
	if (!h->active)
		wr(h, SONO_REG_SOURCE, c->source);
	wr(h, SONO_REG_IRQ_COUNT, c->irq_count);
	wr(h, SONO_REG_IRQ_TIME, c->irq_time_us);
}

/* A board that was reset by itself has lost what CONFIG said. */
static int reload(struct sim_host *h)
{
	struct sono_config c = h->config;
	int ret;

	if (rd(h, SONO_REG_CFG_GEN) == h->config.cfg_gen - h->cfg_offset)
		return 0;
	if (!present(h))
		return -ENODEV;
	ret = table_set(h, &c, h->table);
	if (ret)
		return ret == -EINVAL ? -EIO : ret;
	tell_config(h, &c);
	h->cfg_offset = h->config.cfg_gen - c.cfg_gen;
	return 0;
}

static int config_locked(struct sim_host *h, struct sono_config *c)
{
	const struct sono_seq_header *head = (const void *)(uintptr_t)c->table;
	void *kept;
	int ret;

	if (h->active && c->source != h->config.source)
		return -EBUSY;
	if (le32_to_cpu(head->frame_bytes) > h->setup.slot_stride)
		return -EMSGSIZE;
	kept = malloc(c->table_bytes);
	if (!kept)
		return -ENOMEM;
	memcpy(kept, head, c->table_bytes);
	ret = table_set(h, c, kept);
	if (ret) {
		free(kept);
		return ret;
	}
	free(h->table);
	h->table = kept;
	c->cfg_gen += h->cfg_offset;
	tell_config(h, c);
	h->config = *c;
	return 0;
}

int sim_host_config(struct sim_host *h, const struct sono_info *info,
		    struct sono_config *c)
{
	int ret;

	if (!h->ring_mem)
		return -EPERM;
	ret = sono_config_check(info, &h->setup, c);
	if (ret)
		return ret;
	enter(h);
	ret = config_locked(h, c);
	leave(h);
	return ret;
}

static int start_locked(struct sim_host *h, struct sono_start *start)
{
	bool tx = !(start->flags & SONO_START_TX_OFF);
	uint32_t before;
	int ret;

	if (h->active)
		return -EBUSY;
	if (!h->config.frame_bytes)
		return -ENXIO;
	ret = reload(h);
	if (ret)
		return ret;
	before = rd(h, SONO_REG_RUN_COUNT);
	h->broken = false;
	h->irq_capture = false;
	h->irq_event = false;
	sono_queue_reset(&h->queue);
	start->pos = sono_ring_begin(&h->ring);
	start->stream_gen = h->ring.ctl->stream_gen;
	h->beat = READ_ONCE(h->ring.user->heartbeat);
	h->beat_seen = h->now;
	h->beat_due = h->now + (uint64_t)h->config.heartbeat_ms * NS_PER_MS / 4;

	wr(h, SONO_REG_FAULT, SONO_FAULT_NONE);
	wr_addr(h, SONO_REG_POST_ADDR_LO, h->queue.post);
	wr(h, SONO_REG_POST_SIZE, h->queue.post_mask + 1);
	wr_addr(h, SONO_REG_CPL_ADDR_LO, h->queue.cpl);
	wr(h, SONO_REG_CPL_SIZE, h->queue.cpl_mask + 1);
	refill(h);
	h->active = true;
	wr(h, SONO_REG_HEARTBEAT, h->config.heartbeat_ms);
	wr(h, SONO_REG_CONTROL,
	   SONO_CONTROL_RUN | (tx ? SONO_CONTROL_TX_ENABLE : 0));
	start->run = rd(h, SONO_REG_RUN_COUNT);
	h->begun = present(h) && start->run != before;
	if (h->begun)
		return 0;
	halt(h, SONO_END_FAULT);
	return present(h) ? -EIO : -ENODEV;
}

int sim_host_start(struct sim_host *h, struct sono_start *start)
{
	int ret;

	if (!h->ring_mem)
		return -EPERM;
	if (start->flags & ~SONO_START_TX_OFF || start->rsvd[0] ||
	    start->rsvd[1])
		return -EINVAL;
	enter(h);
	ret = start_locked(h, start);
	leave(h);
	return ret;
}

int sim_host_stop(struct sim_host *h, struct sono_stop *stop)
{
	const struct sono_ctl *ctl = h->ring.ctl;
	int ret = 0;

	if (!h->ring_mem)
		return -EPERM;
	atomic_fetch_add(&h->stopping, 1);
	enter(h);
	halt(h, SONO_END_STOP);
	if (ctl->state != SONO_STATE_ENDED) {
		ret = -ENXIO;
	} else {
		*stop = (struct sono_stop){
			.produced = ctl->produced,
			.delivered = ctl->delivered,
			.dropped = ctl->dropped,
			.lost = ctl->lost,
		};
	}
	atomic_fetch_sub(&h->stopping, 1);
	pthread_cond_broadcast(&h->changed);
	leave(h);
	return ret;
}

int sim_host_kick(struct sim_host *h)
{
	if (!h->ring_mem)
		return -EPERM;
	enter(h);
	if (h->active && !h->broken)
		refill(h);
	leave(h);
	return 0;
}

/* As arm_result() of the module: true once the wait is over. */
static bool arm_over(struct sim_host *h, const struct sono_arm *arm)
{
	return sono_ring_ready(&h->ring, arm->pos) >= arm->min_frames ||
	       !h->active || sono_ring_starved(&h->ring);
}

int sim_host_arm(struct sim_host *h, const struct sono_arm *arm)
{
	uint64_t limit = SIM_NEVER;
	bool late = false;
	uint64_t ready;

	if (!arm->min_frames || arm->min_frames > h->setup.slots)
		return -EINVAL;
	enter(h);
	if (h->active && !h->broken)
		refill(h);
	if (arm->timeout_us)
		limit = h->now + (uint64_t)arm->timeout_us * NS_PER_US;
	while (!arm_over(h, arm) && !late) {
		if (h->real) {
			pthread_cond_signal(&h->wake);
			sleep_until(h, &h->changed, limit);
			late = clock_ns() - h->epoch >= limit;
		} else {
			late = !step(h, limit);
		}
		give_way(h);
	}
	ready = sono_ring_ready(&h->ring, arm->pos);
	late = !arm_over(h, arm);
	leave(h);
	if (late)
		return -ETIME;
	return ready < INT32_MAX ? (int)ready : INT32_MAX;
}

int sim_host_observe(struct sim_host *h, struct sono_setup *st)
{
	int ret = -ENXIO;

	enter(h);
	if (h->slots_view && !h->left) {
		*st = h->setup;
		ret = 0;
	}
	leave(h);
	return ret;
}

int sim_host_watch(struct sim_host *h, const struct sono_arm *arm)
{
	uint64_t limit = SIM_NEVER, ready;
	bool late = false, over;

	if (!arm->min_frames || arm->min_frames > h->setup.slots)
		return -EINVAL;
	pthread_mutex_lock(&h->lock);
	if (arm->timeout_us)
		limit = clock_ns() - h->epoch +
			(uint64_t)arm->timeout_us * NS_PER_US;
	for (;;) {
		ready = sono_ring_ready(&h->ring, arm->pos);
		over = ready >= arm->min_frames || !h->active;
		if (over || late)
			break;
		sleep_until(h, &h->changed, limit);
		late = clock_ns() - h->epoch >= limit;
	}
	pthread_mutex_unlock(&h->lock);
	if (!over)
		return -ETIME;
	return ready < INT32_MAX ? (int)ready : INT32_MAX;
}

void sim_host_leave(struct sim_host *h)
{
	enter(h);
	halt(h, SONO_END_STOP);
	h->left = true;
	leave(h);
}

void sim_host_idle(struct sim_host *h)
{
	if (h->real)
		return;
	pthread_mutex_lock(&h->lock);
	if (next_due(h) != SIM_NEVER)
		step(h, SIM_NEVER);
	pthread_mutex_unlock(&h->lock);
}

void sim_host_sensors(struct sim_host *h, struct sono_sensors *sensors)
{
	enter(h);
	*sensors = (struct sono_sensors){
		.temp = (int32_t)rd(h, SONO_REG_TEMP),
		.temp_max = rd(h, SONO_REG_TEMP_MAX),
		.hv = rd(h, SONO_REG_HV),
	};
	leave(h);
}

static void try_scratch(struct sim_host *h, struct sono_selftest_result *r)
{
	for (uint32_t i = 0; i < 4 * 32; i++) {
		const uint32_t reg = i & 1 ? SONO_REG_SCRATCH1 :
					     SONO_REG_SCRATCH0;
		const uint32_t bit = 1u << (i >> 2);
		const uint32_t value = i & 2 ? ~bit : bit;
		uint32_t read;

		wr(h, reg, value);
		read = rd(h, reg);
		r->tried++;
		if (read == value)
			continue;
		r->code = r->failed++ ? r->code : read ^ value;
	}
	wr(h, SONO_REG_SCRATCH0, 0);
	wr(h, SONO_REG_SCRATCH1, 0);
}

/* Board time goes on until the vector fires, or to the end [ns]. */
static void await_vector(struct sim_host *h, uint32_t vector, uint32_t before,
			 uint64_t end)
{
	while (h->now < end && (!vector || h->irqs[vector - 1] == before)) {
		if (h->real) {
			usleep(20);
			run_to(h, clock_ns() - h->epoch);
		} else {
			step(h, end);
		}
	}
}

#define IRQ_ROUNDS 8
#define IRQ_PATIENCE_NS (100ull * NS_PER_MS)
#define IRQ_AFTER_NS (5ull * NS_PER_MS)

static void try_vector(struct sim_host *h, uint32_t v,
		       struct sono_selftest_result *r)
{
	const uint32_t before = h->irqs[v];
	const uint64_t begun = h->now;
	uint64_t took;

	r->tried++;
	wr(h, SONO_REG_IRQ_TEST, 1u << v);
	await_vector(h, v + 1, before, begun + IRQ_PATIENCE_NS);
	if (h->irqs[v] == before) {
		r->code = r->failed++ ? r->code : v;
		return;
	}
	took = (h->now - begun) / NS_PER_US;
	r->longest = took > r->longest ? (uint32_t)took : r->longest;
	/* of a stream that is on they come anyway */
	if (h->active)
		return;
	await_vector(h, 0, 0, h->now + IRQ_AFTER_NS);
	r->surplus += h->irqs[v] - before - 1;
}

int sim_host_selftest(struct sim_host *h, enum sono_selftest what,
		      struct sono_selftest_result *r)
{
	if (what == SONO_SELFTEST_FLASH)
		return -EOPNOTSUPP;
	enter(h);
	if (what == SONO_SELFTEST_SCRATCH)
		try_scratch(h, r);
	for (uint32_t i = 0; what == SONO_SELFTEST_INTERRUPT &&
			     i < IRQ_ROUNDS * SONO_NUM_VECS; i++)
		try_vector(h, i % SONO_NUM_VECS, r);
	leave(h);
	return 0;
}

void sim_host_pause(struct sim_host *h, uint32_t us)
{
	uint64_t limit;

	if (h->real) {
		usleep(us);
		return;
	}
	pthread_mutex_lock(&h->lock);
	limit = h->now + (uint64_t)us * NS_PER_US;
	while (step(h, limit))
		;
	pthread_mutex_unlock(&h->lock);
}

/* --- power ----------------------------------------------------------------- */

static int cond_create(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int ret;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return -ret;
}

int sim_host_create(struct sim_host *h, const struct sim_config *config,
		    const char *log_path, bool real)
{
	const struct sim_host_ops ops = {
		.dma_read = host_read,
		.dma_write = host_write,
		.irq = host_irq,
		.log = host_log,
	};
	int ret;

	pthread_mutex_init(&h->lock, NULL);
	cond_create(&h->changed);
	cond_create(&h->wake);
	h->real = real;
	h->epoch = clock_ns();
	if (log_path) {
		h->log = fopen(log_path, "we");
		if (!h->log)
			return -errno;
	}
	ret = sim_board_create(&h->board, config, &ops, h);
	if (ret)
		goto err_log;
	wr(h, SONO_REG_IRQ_ENABLE,
	   SONO_IRQ_FAULT | SONO_IRQ_SEQ | SONO_IRQ_STOPPED);
	if (real) {
		ret = -pthread_create(&h->thread, NULL, board_thread, h);
		if (ret)
			goto err_board;
	}
	return 0;

err_board:
	sim_board_destroy(h->board);
err_log:
	if (h->log)
		fclose(h->log);
	return ret;
}

void sim_host_destroy(struct sim_host *h)
{
	enter(h);
	halt(h, SONO_END_STOP);
	h->quit = true;
	leave(h);
	if (h->real)
		pthread_join(h->thread, NULL);
	sim_board_destroy(h->board);
	stream_free(h);
	if (h->log)
		fclose(h->log);
	pthread_cond_destroy(&h->wake);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "dsp/probe.h"
#include "sequence.h"
#include "sono_regs.h"
#include "why.h"

static const struct sono_backend *const backends[] = {
	&sono_backend_drv,
	&sono_backend_sim,
	&sono_backend_file,
};

int sono_open(struct sono **s, const char *source, char *why, size_t why_bytes)
{
	char nowhere[1];

	if (!why) {
		why = nowhere;
		why_bytes = sizeof(nowhere);
	}
	why[0] = '\0';
	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		const struct sono_backend *b = backends[i];
		size_t n = strlen(b->prefix);

		if (!strncmp(source, b->prefix, n))
			return b->open(s, b->prefix[0] == '/' ? source :
								source + n,
				       why, why_bytes);
	}
	snprintf(why, why_bytes, "not /dev/sonoN, sim:SCENE or file:PATH");
	return -EINVAL;
}

void sono_close(struct sono *s)
{
	if (s)
		s->ops->close(s);
}

const struct sono_info *sono_info(const struct sono *s)
{
	return &s->info;
}

const struct sono_scan *sono_scan(const struct sono *s)
{
	return s->ops->scan ? s->ops->scan(s) : NULL;
}

const char *sono_complaint(const struct sono *s)
{
	return s->ops->complaint ? s->ops->complaint(s) : NULL;
}

void sono_attach(struct sono *s, const void *ring, void *user, void *slots)
{
	s->ctl = ring;
	s->record = (const void *)((const uint8_t *)ring +
				   s->setup.record_offset);
	s->gen = (const void *)((const uint8_t *)ring + s->setup.gen_offset);
	s->slots = slots;
	s->user = user;
	if (user)
		s->release = (void *)((uint8_t *)user +
				      s->setup.release_offset);
	else
		s->pos = __atomic_load_n(&s->ctl->head, __ATOMIC_ACQUIRE);
}

int sono_setup(struct sono *s, uint32_t slots, uint32_t slot_bytes)
{
	if (s->ctl)
		return -EBUSY;
	memset(&s->setup, 0, sizeof(s->setup));
	s->setup.slots = slots;
	s->setup.slot_bytes = slot_bytes;
	return s->ops->setup(s);
}

int sono_observe(struct sono *s)
{
	if (s->ctl)
		return -EBUSY;
	return s->ops->observe ? s->ops->observe(s) : -EOPNOTSUPP;
}

int sono_export(struct sono *s, uint32_t slot, int *fd)
{
	struct sono_export ex = { .slot = slot };
	int ret;

	if (!(s->info.features & SONO_FEATURE_EXPORT))
		return -EOPNOTSUPP;
	ret = s->ops->command(s, SONO_CMD_EXPORT, &ex);
	if (!ret)
		*fd = ex.fd;
	return ret;
}

int sono_config(struct sono *s, struct sono_config *config)
{
	return s->ops->command(s, SONO_CMD_CONFIG, config);
}

int sono_start(struct sono *s, struct sono_start *start)
{
	return s->ops->command(s, SONO_CMD_START, start);
}

int sono_stop(struct sono *s, struct sono_stop *stop)
{
	return s->ops->command(s, SONO_CMD_STOP, stop);
}

static void beat(struct sono *s)
{
	if (s->user)
		__atomic_store_n(&s->user->heartbeat, s->user->heartbeat + 1,
				 __ATOMIC_RELAXED);
}

bool sono_intact(const struct sono *s, const struct sono_frame *f)
{
	if (!s->gen || s->user)
		return true;
	/*
	 * What was read before is read before the generation is. Pairs with
	 * the barrier in sono_ring_take(), which the board's writes follow.
	 */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&s->gen[f->rec.slot], __ATOMIC_RELAXED) ==
	       f->rec.gen;
}

/*
 * An observer that was overtaken goes on with the newest frame: a slot is
 * posted again as soon as the controller has released it, and of older ones
 * most have been.
 */
static void catch_up(struct sono *s, uint64_t head)
{
	if (head - s->pos <= 1)
		return;
	s->stats.missed += head - 1 - s->pos;
	s->pos = head - 1;
}

/* The record at the reader's position; false if there is none. */
static bool next_record(struct sono *s, struct sono_record *rec)
{
	uint64_t head;

	/* Pairs with the store-release in sono_ring_complete(). */
	while ((head = __atomic_load_n(&s->ctl->head, __ATOMIC_ACQUIRE)) !=
	       s->pos) {
		*rec = s->record[s->pos & (s->setup.ring_entries - 1)];
		/* The copy is done before the head is looked at again. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		head = __atomic_load_n(&s->ctl->head, __ATOMIC_RELAXED);
		if (head - s->pos < s->setup.ring_entries) {
			s->pos++;
			return true;
		}
		catch_up(s, head);
	}
	return false;
}

/* The next frame that was not overwritten before it could be looked at. */
static bool next_frame(struct sono *s, struct sono_frame *f)
{
	while (next_record(s, &f->rec)) {
		f->data = s->slots + (size_t)f->rec.slot * s->setup.slot_stride;
		if (sono_intact(s, f))
			return true;
		s->stats.missed++;
		catch_up(s, __atomic_load_n(&s->ctl->head, __ATOMIC_RELAXED));
	}
	return false;
}

/*
 * The state is read before the head: every record of a run is published
 * before its end is, so an end that is seen with an empty ring is the end.
 */
static int next_of_ring(struct sono *s, struct sono_frame *f)
{
	uint32_t state;

	if (!s->ctl)
		return -ENODATA;
	beat(s);
	state = __atomic_load_n(&s->ctl->state, __ATOMIC_ACQUIRE);
	if (next_frame(s, f)) {
		s->stats.frames++;
		return 1;
	}
	if (state == SONO_STATE_ENDED)
		return -ENODATA;
	if (s->ops->idle)
		s->ops->idle(s);
	return 0;
}

int sono_next(struct sono *s, struct sono_frame *f)
{
	int ret = s->ops->next ? s->ops->next(s, f) : next_of_ring(s, f);

	if (ret != 1)
		return ret;
	if (f->rec.dropped || f->rec.lost)
		SONO_PROBE(frame_dropped, f->rec.seq, f->rec.dropped,
			   f->rec.lost);
	SONO_PROBE(frame_taken, f->rec.seq, f->rec.hw_ts, f->rec.host_ts);
	return ret;
}

void sono_release(struct sono *s, const struct sono_frame *f)
{
	struct sono_release *e;

	SONO_PROBE(frame_released, f->rec.seq);
	if (s->ops->next || !s->user)
		return;
	e = &s->release[s->release_tail & (s->setup.release_entries - 1)];
	e->slot = f->rec.slot;
	e->gen = f->rec.gen;
	s->release_tail++;
	/* Pairs with the load-acquire in sono_ring_reap(). */
	__atomic_store_n(&s->user->release_tail, s->release_tail,
			 __ATOMIC_RELEASE);
	/* Pairs with the barrier in sono_ring_settle(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->ctl->need_kick, __ATOMIC_RELAXED)) {
		s->stats.kicks++;
		s->ops->command(s, SONO_CMD_KICK, NULL);
	}
}

int sono_wait(struct sono *s, uint32_t min_frames, uint32_t timeout_us)
{
	struct sono_arm arm = {
		.pos = s->pos,
		.min_frames = min_frames,
		.timeout_us = timeout_us,
	};
	int ret;

	if (s->ops->next)
		return min_frames;
	if (!s->ctl)
		return -EPERM;
	beat(s);
	s->stats.waits++;
	ret = s->ops->arm(s, &arm);
	beat(s);
	return ret;
}

int sono_sensors(struct sono *s, struct sono_sensors *sensors)
{
	return s->ops->sensors ? s->ops->sensors(s, sensors) : -EOPNOTSUPP;
}

int sono_selftest(struct sono *s, enum sono_selftest what,
		  struct sono_selftest_result *result)
{
	if (!s->ops->selftest)
		return -EOPNOTSUPP;
	*result = (struct sono_selftest_result){ 0 };
	return s->ops->selftest(s, what, result);
}

void sono_pause(struct sono *s, uint32_t us)
{
	if (s->ops->pause)
		s->ops->pause(s, us);
	else
		usleep(us);
}

const struct sono_ctl *sono_ctl(const struct sono *s)
{
	return s->ctl;
}

const struct sono_stats *sono_stats(const struct sono *s)
{
	return &s->stats;
}

static const char *fault_text(uint32_t fault)
{
	static const char *const text[] = {
		[SONO_FAULT_NONE] = "no fault",
		[SONO_FAULT_HEARTBEAT] = "heartbeat lapsed",
		[SONO_FAULT_OVER_TEMP] = "over-temperature",
		[SONO_FAULT_OVER_VOLT] = "over-voltage",
		[SONO_FAULT_DMA] = "the host refused an address",
		[SONO_FAULT_DESC] = "bad descriptor",
		[SONO_FAULT_SLOT_SHORT] = "frame larger than its slot",
		[SONO_FAULT_CPL_OVERRUN] = "no room for a completion",
	};

	return fault < sizeof(text) / sizeof(*text) ? text[fault] :
						      "unknown board fault";
}

static const char *bad_text(uint32_t bad)
{
	static const char *const text[] = {
		[0] = "board broke the protocol",
		[SONO_BAD_SLOT] = "completion of a slot that does not exist",
		[SONO_BAD_STATE] = "completion of a slot that was not posted",
		[SONO_BAD_GEN] = "completion with a wrong generation",
		[SONO_BAD_LEN] = "completion with a wrong length",
		[SONO_BAD_SEQ] = "completion with a wrong sequence number",
		[SONO_BAD_CHECK] = "completion that is torn",
	};

	return text[bad < sizeof(text) / sizeof(*text) ? bad : 0];
}

const char *sono_end_text(const struct sono_ctl *ctl)
{
	switch (ctl->reason) {
	case SONO_END_STOP:
		return "stopped";
	case SONO_END_FAULT:
		return fault_text(ctl->fault);
	case SONO_END_HEARTBEAT:
		return fault_text(SONO_FAULT_HEARTBEAT);
	case SONO_END_PROTOCOL:
		return bad_text(ctl->fault);
	case SONO_END_GONE:
		return "device removed";
	case SONO_END_RESET:
		return "device reset";
	case SONO_END_LINK:
		return "error of the device's link";
	case SONO_END_SLEEP:
		return "system went to sleep";
	}
	return "not ended";
}

const char *sono_seq_error_text(uint32_t error)
{
	static const char *const text[SONO_SEQ_ERRORS] = {
		[SONO_SEQ_OK] = "accepted",
		[SONO_SEQ_E_DMA] = "the board could not read the table",
		[SONO_SEQ_E_CRC] = "wrong CRC",
		[SONO_SEQ_E_HEADER] = "wrong header",
		[SONO_SEQ_E_EVENTS] = "too many events, none, or no frame end",
		[SONO_SEQ_E_CHANNELS] = "channel map beyond the board",
		[SONO_SEQ_E_FRAME_BYTES] = "wrong or too large frame size",
		[SONO_SEQ_E_INDEX] = "transmit row, map or TGC curve missing",
		[SONO_SEQ_E_PRI] = "event period too short",
		[SONO_SEQ_E_WINDOW] = "empty receive window",
		[SONO_SEQ_E_HV] = "transmit voltage above the cap",
		[SONO_SEQ_E_DUTY] = "transmit duty above the cap",
		[SONO_SEQ_E_DELAY] = "transmit delay beyond the event",
		[SONO_SEQ_E_DMA_RATE] = "more data than the link carries",
		[SONO_SEQ_E_FEATURE] = "trigger that the board does not have",
		[SONO_SEQ_E_RSVD] = "reserved field not zero",
		[SONO_SEQ_E_SOURCE] = "events that the front-end cannot show",
	};

	return error < SONO_SEQ_ERRORS && text[error] ? text[error] :
							"unknown reason";
}

int sono_refusal(const struct sono_config *config, char *why, size_t why_bytes)
{
	const char *text = sono_seq_error_text(config->error);

	if (!config->error)
		return sono_why(why, why_bytes, -EINVAL, "%s",
				strerror(EINVAL));
	if (config->error_event == SONO_NO_EVENT)
		return sono_why(why, why_bytes, -EINVAL,
				"refused by the board: %s", text);
	return sono_why(why, why_bytes, -EINVAL,
			"refused by the board: %s (event %u)", text,
			config->error_event);
}

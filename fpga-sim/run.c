// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A run: triggers in their order, the frames they make, and how it ends. */
#include <string.h>

#include "board.h"

#define DRAIN_NS 5000
#define LINGER_NS 100000000u
#define NS_PER_MS 1000000ull

typedef unsigned long long ull;

/* Transmit is on while all agree; every change is in the log. */
void sim_tx_update(struct sim_board *b, const char *reason)
{
	const struct sim_faults *f = &b->config.faults;
	bool on = b->control & SONO_CONTROL_TX_ENABLE && b->run.running &&
		  !b->run.draining && !b->fault &&
		  (b->beat > b->now || f->deaf) &&
		  (b->source != SONO_SOURCE_NOISE || f->heedless);

	if (on != b->tx_on) {
		sim_temp_update(b);
		sim_log(b, "ev=%s reason=%s", on ? "tx_on" : "tx_off", reason);
	}
	b->tx_on = on;
	if (!b->overvolt && !on)
		sim_hv_set(b, f->leak * 1000);
	b->due[TIMER_HEARTBEAT] =
		b->control & SONO_CONTROL_TX_ENABLE ? b->beat : SIM_NEVER;
}

static bool queue_valid(const struct sim_board *b, const struct sim_queue *q)
{
	return q->size && !(q->size & (q->size - 1)) &&
	       q->size <= b->config.limits.queue_max;
}

static const char *refusal(const struct sim_board *b)
{
	if (b->fault)
		return "fault";
	if (b->run.running)
		return "running";
	if (sim_flash_busy(b))
		return "flash";
	if (!b->table)
		return "no_table";
	if (!queue_valid(b, &b->post) || !queue_valid(b, &b->cpl))
		return "queue_size";
	return NULL;
}

/* Injected faults count from the first start, when the host is ready. */
static void schedule_faults(struct sim_board *b)
{
	const struct sim_faults *f = &b->config.faults;

	if (b->started)
		return;
	b->started = true;
	if (f->dead)
		b->due[TIMER_DEAD] = b->now + sim_ticks(b, f->dead * NS_PER_MS);
	if (f->overtemp)
		b->due[TIMER_OVERTEMP] =
			b->now + sim_ticks(b, f->overtemp * NS_PER_MS);
	if (f->overvolt)
		b->due[TIMER_OVERVOLT] =
			b->now + sim_ticks(b, f->overvolt * NS_PER_MS);
	if (f->stall)
		b->due[TIMER_STALL] =
			b->now + sim_ticks(b, f->stall * NS_PER_MS);
	if (f->blind)
		b->due[TIMER_BLIND] =
			b->now + sim_ticks(b, f->blind * NS_PER_MS);
	if (f->blank)
		b->due[TIMER_BLANK] =
			b->now + sim_ticks(b, f->blank * NS_PER_MS);
	if (f->reboot)
		b->due[TIMER_REBOOT] =
			b->now + sim_ticks(b, f->reboot * NS_PER_MS);
}

/* The next event is due at @due [ticks]; it may have to wait for more. */
static void schedule(struct sim_board *b, uint64_t due)
{
	struct sim_frontend *fe = b->config.frontend;
	struct sim_run *r = &b->run;

	r->event_due = due;
	if (b->table->seq->event[r->event].flags & SONO_EVENT_TRIG_ECG)
		due = r->zero + fe->ops->r_wave(fe, due - r->zero);
	b->due[TIMER_TRIGGER] = due;
}

/* From @due on, the front-end sees the active table's events. */
static void begin_table(struct sim_board *b, uint64_t due)
{
	struct sim_frontend *fe = b->config.frontend;

	if (fe && fe->ops->begin)
		fe->ops->begin(fe, b->table->data, due - b->run.zero);
}

void sim_run_start(struct sim_board *b)
{
	const char *why = refusal(b);

	if (why) {
		sim_log(b, "ev=start_refused reason=%s", why);
		return;
	}
	memset(&b->run, 0, sizeof(b->run));
	b->run.running = true;
	b->control |= SONO_CONTROL_RUN;
	b->run_count++;
	b->run.zero = b->now + b->config.limits.event_overhead +
		      b->table->seq->event[0].hv_settle;
	/* Starts in a row must not add up to more than a table may ask for. */
	if (b->run.zero < b->rest)
		b->run.zero = b->rest;
	begin_table(b, b->run.zero);
	schedule(b, b->run.zero);
	schedule_faults(b);
	sim_log(b, "ev=start run=%u gen=%u source=%u frame_bytes=%u events=%u",
		b->run_count, b->cfg_gen, b->source, b->table->seq->frame_bytes,
		b->table->seq->events);
	if (sim_strikes(b, &b->config.faults.numb, b->run_count))
		sim_log(b, "ev=numb run=%u", b->run_count);
	sim_tx_update(b, "host");
}

static void abandon_frame(struct sim_board *b)
{
	const struct sim_run *r = &b->run;

	if (r->in_frame)
		sim_log(b,
			"ev=abandon run=%u seq=%llu tx=%u first=%llu last=%llu",
			b->run_count, (ull)r->seq, r->tx, (ull)r->tx_first,
			(ull)r->tx_last);
	b->run.in_frame = false;
}

void sim_run_stop(struct sim_board *b, const char *reason)
{
	bool ends = b->run.running && !b->run.draining;

	b->control &= ~SONO_CONTROL_RUN;
	b->run.draining |= ends;
	sim_tx_update(b, reason);
	if (!ends)
		return;
	b->run.reason = reason;
	abandon_frame(b);
	b->due[TIMER_TRIGGER] = SIM_NEVER;
	b->due[TIMER_WINDOW] = SIM_NEVER;
	if (sim_strikes(b, &b->config.faults.stuck, ++b->stops))
		sim_log(b, "ev=stuck run=%u", b->run_count);
	else
		b->due[TIMER_STOPPED] = b->now + sim_ticks(b, DRAIN_NS);
}

static void log_stop(struct sim_board *b)
{
	const struct sim_run *r = &b->run;

	sim_log(b,
		"ev=stop run=%u produced=%llu completed=%llu dropped=%llu reason=%s",
		b->run_count, (ull)r->seq, (ull)r->completed, (ull)r->dropped,
		r->reason);
}

/* Nothing more reaches host memory. */
static void stopped(struct sim_board *b)
{
	b->run.running = false;
	b->run.draining = false;
	b->run.lingers = false;
	log_stop(b);
	sim_load_activate(b);
	sim_irq_raise(b, SONO_IRQ_STOPPED);
}

/* Every completion is in host memory; the last write may not be. */
void sim_run_drained(struct sim_board *b)
{
	if (b->run.lingers) {
		sim_queue_straggler(b);
		stopped(b);
		return;
	}
	sim_queue_late(b);
	sim_irq_flush(b);
	b->run.lingers = sim_strikes(b, &b->config.faults.linger, b->stops);
	if (b->run.lingers)
		b->due[TIMER_STOPPED] = b->now + sim_ticks(b, LINGER_NS);
	else
		stopped(b);
}

/* Ends the run with no drain and no interrupt. */
void sim_run_abort(struct sim_board *b, const char *reason)
{
	if (b->run.running) {
		sim_run_stop(b, reason);
		log_stop(b);
	}
	memset(&b->run, 0, sizeof(b->run));
	sim_tx_update(b, reason);
}

static void begin_frame(struct sim_board *b)
{
	b->run.in_frame = true;
	b->run.frame_ts = b->now;
	b->run.tx = 0;
	b->run.tx_first = 0;
	b->run.tx_last = 0;
}

/* The shortest period that the rate and the duty cycle allow after a pulse. */
static uint64_t rest_after(const struct sim_limits *l,
			   const struct sim_event *e)
{
	uint64_t by_rate = (l->board_clock + l->prf_max - 1) / l->prf_max;
	unsigned __int128 pulse = (unsigned __int128)e->tx_half_cycles *
				  l->board_clock * 1000000;
	unsigned __int128 unit = (unsigned __int128)2 * e->tx_freq *
				 l->tx_duty_max;
	uint64_t by_duty = (uint64_t)((pulse + unit - 1) / unit);

	return by_rate > by_duty ? by_rate : by_duty;
}

/*
 * The limits once more, at the pulser and by themselves: the table was checked,
 * so nothing may be found here.
 */
static void watch_limits(struct sim_board *b, const struct sim_event *e)
{
	const struct sim_limits *l = &b->config.limits;

	if (b->now < b->rest || e->hv > l->hv_max ||
	    (uint64_t)e->period * l->prf_max < l->board_clock)
		sim_log(b, "ev=beyond_limits run=%u hv=%u since_rest=%lld",
			b->run_count, e->hv, (long long)(b->now - b->rest));
	b->rest = b->now + rest_after(l, e);
}

static void transmit(struct sim_board *b, uint32_t index)
{
	struct sim_run *r = &b->run;

	if (!r->tx++)
		r->tx_first = b->now;
	r->tx_last = b->now;
	watch_limits(b, &b->table->seq->event[index]);
	if (b->config.log_tx)
		sim_log(b, "ev=tx run=%u seq=%llu event=%u", b->run_count,
			(ull)r->seq, index);
}

void sim_run_trigger(struct sim_board *b)
{
	struct sim_run *r = &b->run;
	uint32_t index = r->event;
	const struct sim_event *e = &b->table->seq->event[index];
	bool fires = b->tx_on && !(e->flags & SONO_EVENT_RX_ONLY);

	if (index == e->first)
		begin_frame(b);
	if (b->tx_on && !b->overvolt)
		sim_hv_set(b, e->hv - (uint32_t)((uint64_t)e->hv *
						 b->config.faults.hv_low / 100));
	b->table->shot[index] = (struct sim_shot){
		.seq = r->seq,
		.at = b->now - r->zero,
		.fired = fires,
	};
	if (fires)
		transmit(b, index);
	if (e->flags & SONO_EVENT_FRAME_END)
		b->due[TIMER_WINDOW] = b->now + e->window;
	r->last = index;
	r->event = (index + 1) % b->table->seq->events;
	schedule(b, b->now + e->period);
}

/* Between two frames a table that waits takes over. */
static void switch_table(struct sim_board *b)
{
	uint32_t hv = b->table->seq->event[b->run.last].hv;
	const struct sim_event *first;

	if (!b->loader.pending)
		return;
	sim_load_activate(b);
	b->run.event = 0;
	first = &b->table->seq->event[0];
	if (first->hv != hv)
		b->run.event_due += first->hv_settle;
	begin_table(b, b->run.event_due);
	schedule(b, b->run.event_due);
}

/* The last window of a frame has ended. */
void sim_run_window(struct sim_board *b)
{
	if (sim_queue_frame(b))
		return;
	b->run.in_frame = false;
	b->run.seq++;
	switch_table(b);
}

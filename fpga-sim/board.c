// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A board as a whole: power, time, faults, reset. Read this first. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "random.h"

#define NS_PER_S 1000000000u
#define CAUSE_NS 500000000u

void sim_config_init(struct sim_config *config)
{
	*config = (struct sim_config){
		.limits = {
			.channels = 128,
			.elements = 128,
			.adc_bits = 14,
			.adc_clock = 20832000,
			.board_clock = 100000000,
			.seq_events_max = 4096,
			.seq_bytes_max = 4 << 20,
			.queue_max = 4096,
			.frame_bytes_max = 64 << 20,
			.event_overhead = 200,
			.dma_rate_max = 6400,
			.hv_max = 100000,
			.prf_max = 25000,
			.tx_duty_max = 20000,
			.heartbeat_max = 2000,
			.temp_max = 85000,
			.serial = 1,
			.probe = SIM_PROBE_LINEAR,
		},
	};
}

static bool power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static bool limits_possible(const struct sim_limits *l)
{
	return l->channels && l->channels <= 4096 && l->elements &&
	       l->elements <= 4096 && l->adc_bits >= 8 && l->adc_bits <= 16 &&
	       l->adc_clock && l->board_clock >= SONO_BOARD_CLOCK_MIN &&
	       l->board_clock <= SONO_BOARD_CLOCK_MAX &&
	       power_of_two(l->queue_max) && l->queue_max <= 1u << 20 &&
	       l->frame_bytes_max <= 1u << 30 && l->seq_bytes_max <= 1u << 28 &&
	       l->dma_rate_max && l->prf_max;
}

static int board_init(struct sim_board *b, const struct sim_config *config,
		      const struct sim_host_ops *ops, void *host)
{
	b->config = *config;
	b->config.limits.ecg_rate =
		config->frontend ? config->frontend->ecg_rate : 0;
	b->ops = *ops;
	b->host = host;
	b->segments = calloc(config->limits.queue_max, sizeof(*b->segments));
	if (!b->segments)
		return -ENOMEM;
	for (int i = 0; i < TIMERS; i++)
		b->due[i] = SIM_NEVER;
	b->hv = config->faults.leak * 1000;
	b->hv_from = b->hv;
	sim_restart(b);
	return 0;
}

int sim_board_create(struct sim_board **board, const struct sim_config *config,
		     const struct sim_host_ops *ops, void *host)
{
	struct sim_board *b;

	if (!limits_possible(&config->limits))
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	if (board_init(b, config, ops, host)) {
		free(b);
		return -ENOMEM;
	}
	sim_log(b, "ev=power_on clock=%u channels=%u adc_clock=%u source=%s",
		b->config.limits.board_clock, b->config.limits.channels,
		b->config.limits.adc_clock,
		b->config.frontend ? b->config.frontend->name : "pattern");
	sim_flash_boot(b);
	*board = b;
	return 0;
}

void sim_board_destroy(struct sim_board *b)
{
	if (!b)
		return;
	sim_load_reset(b);
	free(b->segments);
	free(b);
}

void sim_log(struct sim_board *b, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	if (!b->ops.log)
		return;
	n = snprintf(line, sizeof(line), "t=%llu ", (unsigned long long)b->now);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	b->ops.log(b->host, line);
}

uint64_t sim_ticks(const struct sim_board *b, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * b->config.limits.board_clock /
			  NS_PER_S);
}

/* The first nanosecond that is not before @ticks. */
static uint64_t nanoseconds(const struct sim_board *b, uint64_t ticks)
{
	uint64_t clock = b->config.limits.board_clock;

	return (uint64_t)(((unsigned __int128)ticks * NS_PER_S + clock - 1) /
			  clock);
}

int sim_dma_read(struct sim_board *b, uint64_t addr, void *to, size_t n)
{
	int err = b->ops.dma_read(b->host, addr, to, n);

	if (err)
		sim_log(b, "ev=dma_refused addr=0x%llx bytes=%zu dir=read",
			(unsigned long long)addr, n);
	return err;
}

int sim_dma_write(struct sim_board *b, uint64_t addr, const void *from,
		  size_t n)
{
	int err = b->ops.dma_write(b->host, addr, from, n);

	if (err)
		sim_log(b, "ev=dma_refused addr=0x%llx bytes=%zu dir=write",
			(unsigned long long)addr, n);
	return err;
}

static void on_dead(struct sim_board *b)
{
	sim_log(b, "ev=dead");
	sim_restart(b);
	for (int i = 0; i < TIMERS; i++)
		b->due[i] = SIM_NEVER;
	b->dead = true;
}

/* Injected causes last a while and then go away by themselves. */
static void on_overtemp(struct sim_board *b)
{
	b->hot = !b->hot;
	if (!b->hot)
		return;
	b->due[TIMER_OVERTEMP] = b->now + sim_ticks(b, CAUSE_NS);
	sim_fault(b, SONO_FAULT_OVER_TEMP, (uint32_t)sim_temp(b));
}

static void on_overvolt(struct sim_board *b)
{
	b->overvolt = !b->overvolt;
	sim_hv_set(b, b->config.faults.leak * 1000);
	if (!b->overvolt)
		return;
	b->hv = b->config.limits.hv_max + 1000;
	b->hv_from = b->hv;
	b->due[TIMER_OVERVOLT] = b->now + sim_ticks(b, CAUSE_NS);
	sim_fault(b, SONO_FAULT_OVER_VOLT, b->hv);
}

static void on_stall(struct sim_board *b)
{
	sim_log(b, "ev=stall tx=%d", b->tx_on);
	if (b->ops.stall)
		b->ops.stall(b->host);
}

/* By a watchdog of its own, say: nobody is told. */
static void on_reboot(struct sim_board *b)
{
	sim_log(b, "ev=reboot");
	sim_reset(b);
}

static void on_blind(struct sim_board *b)
{
	sim_log(b, "ev=blind");
	b->blind = true;
}

static void on_blank(struct sim_board *b)
{
	sim_log(b, "ev=blank");
	b->blank = true;
}

static void on_heartbeat(struct sim_board *b)
{
	if (b->config.faults.deaf)
		return;
	sim_fault(b, SONO_FAULT_HEARTBEAT, 0);
}

static void (*const on_timer[TIMERS])(struct sim_board *b) = {
	[TIMER_DEAD] = on_dead,
	[TIMER_OVERTEMP] = on_overtemp,
	[TIMER_OVERVOLT] = on_overvolt,
	[TIMER_REBOOT] = on_reboot,
	[TIMER_STALL] = on_stall,
	[TIMER_BLIND] = on_blind,
	[TIMER_BLANK] = on_blank,
	[TIMER_HEARTBEAT] = on_heartbeat,
	[TIMER_STOPPED] = sim_run_drained,
	[TIMER_LOAD] = sim_load_step,
	[TIMER_FLASH] = sim_flash_step,
	[TIMER_WINDOW] = sim_run_window,
	[TIMER_TRIGGER] = sim_run_trigger,
	[TIMER_LATE] = sim_queue_late,
	[TIMER_IRQ] = sim_irq_flush,
	[TIMER_IRQ_LATE] = sim_irq_late,
};

static int next_timer(const struct sim_board *b)
{
	int next = 0;

	for (int i = 1; i < TIMERS; i++)
		if (b->due[i] < b->due[next])
			next = i;
	return next;
}

void sim_advance(struct sim_board *b, uint64_t ticks)
{
	for (;;) {
		int next = next_timer(b);
		uint64_t due = b->due[next];

		if (due == SIM_NEVER || due > ticks)
			break;
		b->due[next] = SIM_NEVER;
		if (due > b->now)
			b->now = due;
		on_timer[next](b);
	}
	if (ticks > b->now)
		b->now = ticks;
}

uint64_t sim_board_next(const struct sim_board *b)
{
	uint64_t due = b->due[next_timer(b)];

	return due == SIM_NEVER ? SIM_NEVER : nanoseconds(b, due);
}

uint64_t sim_board_run(struct sim_board *b, uint64_t now)
{
	sim_advance(b, sim_ticks(b, now));
	return sim_board_next(b);
}

static const char *fault_name(uint32_t code)
{
	static const char *const names[] = {
		"none", "heartbeat",  "overtemp",   "overvolt",
		"dma",	"descriptor", "slot_short", "completion_overrun",
	};

	return names[code];
}

/* The first fault stays until the host has seen it; each ends the run. */
void sim_fault(struct sim_board *b, uint32_t code, uint32_t info)
{
	sim_log(b, "ev=fault code=%u name=%s info=0x%x", code, fault_name(code),
		info);
	if (!b->fault) {
		b->fault = code;
		b->fault_info = info;
	}
	b->control &= ~(SONO_CONTROL_RUN | SONO_CONTROL_TX_ENABLE);
	sim_run_stop(b, fault_name(code));
	sim_irq_raise(b, SONO_IRQ_FAULT);
}

/* Any number, the same for the same board and the same occasion. */
uint64_t sim_chance(const struct sim_board *b, uint64_t what)
{
	struct sim_random dice;

	sim_random_seed(&dice, (uint64_t)b->config.faults.seed << 32 ^ what);
	return dice.x >> 8;
}

/*
 * Is it the turn of a fault that happens every so many times? @fault is a
 * field of the board's faults. By chance, each fault has a dice of its own.
 */
bool sim_strikes(const struct sim_board *b, const uint32_t *fault,
		 uint64_t count)
{
	const struct sim_faults *f = &b->config.faults;

	if (!*fault || !f->seed)
		return *fault && count % *fault == 0;
	return sim_chance(b, count << 8 ^ (uint64_t)(fault - &f->lost)) %
		       *fault ==
	       0;
}

bool sim_fault_persists(const struct sim_board *b)
{
	return b->hot || b->overvolt;
}

/* All that a reset sets back; the clock and RUN_COUNT go on. */
void sim_restart(struct sim_board *b)
{
	uint64_t injected[] = { b->due[TIMER_DEAD], b->due[TIMER_OVERTEMP],
				b->due[TIMER_OVERVOLT],
				b->due[TIMER_REBOOT],
				b->due[TIMER_STALL],
				b->due[TIMER_BLIND],
				b->due[TIMER_BLANK] };

	b->control = 0;
	sim_run_abort(b, "reset");
	sim_load_reset(b);
	sim_flash_abort(b);
	for (int i = 0; i < TIMERS; i++)
		b->due[i] = SIM_NEVER;
	memcpy(b->due, injected, sizeof(injected));
	memset(b->scratch, 0, sizeof(b->scratch));
	b->fault = b->hot      ? SONO_FAULT_OVER_TEMP :
		   b->overvolt ? SONO_FAULT_OVER_VOLT :
				 SONO_FAULT_NONE;
	b->fault_info = 0;
	b->source = SONO_SOURCE_ADC;
	b->beat = 0;
	b->irq_status = 0;
	b->irq_enable = 0;
	b->irq_count = 1;
	b->irq_time = 0;
	b->irq_held = 0;
	b->irq_late = 0;
	b->keeps = false;
	b->seq_addr = 0;
	b->seq_bytes = 0;
	b->cfg_gen = 0;
	memset(&b->post, 0, sizeof(b->post));
	memset(&b->cpl, 0, sizeof(b->cpl));
}

void sim_reset(struct sim_board *b)
{
	sim_log(b, "ev=reset");
	sim_restart(b);
}

void sim_board_stalled(struct sim_board *b, uint64_t ns)
{
	uint64_t ticks = sim_ticks(b, ns);

	b->beat -= ticks < b->beat ? ticks : b->beat;
	sim_tx_update(b, "stall");
}

void sim_board_reset(struct sim_board *b, uint64_t now)
{
	sim_advance(b, sim_ticks(b, now));
	if (b->dead)
		return;
	sim_reset(b);
	b->blind = false;
	b->blank = false;
	b->hung = sim_strikes(b, &b->config.faults.hang, ++b->resets);
	if (b->hung)
		sim_log(b, "ev=hung");
}

bool sim_board_dead(const struct sim_board *b)
{
	return b->dead;
}

static bool access_valid(struct sim_board *b, uint64_t offset, size_t size)
{
	if ((size == 4 || size == 8) && offset % size == 0 &&
	    offset <= SONO_BAR0_BYTES - size)
		return true;
	sim_log(b, "ev=bad_access offset=0x%llx size=%zu",
		(unsigned long long)offset, size);
	return false;
}

/* A link or a register file that is not to be trusted. */
static uint64_t misread(struct sim_board *b, uint64_t value, size_t size)
{
	const struct sim_faults *f = &b->config.faults;
	uint64_t any;

	if (!f->reg_wild && !f->reg_flip)
		return value;
	any = sim_chance(b, ++b->reads);
	if (sim_strikes(b, &f->reg_wild, b->reads))
		return size == 8 ? any : (uint32_t)any;
	if (sim_strikes(b, &f->reg_flip, b->reads))
		return value ^ 1ull << any % (8 * size);
	return value;
}

/* A read that nobody has answered; the next one is as ever. */
static bool glitches(struct sim_board *b, uint64_t offset)
{
	const bool asked = offset == SONO_REG_STATUS ||
			   offset == SONO_REG_RUN_COUNT ||
			   offset == SONO_REG_CFG_GEN ||
			   offset == SONO_REG_FRAME_BYTES;

	if (!asked ||
	    !sim_strikes(b, &b->config.faults.glitch, ++b->looks))
		return false;
	sim_log(b, "ev=glitch");
	return true;
}

uint64_t sim_board_read(struct sim_board *b, uint64_t offset, size_t size,
			uint64_t now)
{
	uint64_t value;

	sim_advance(b, sim_ticks(b, now));
	if (b->dead || b->blind || glitches(b, offset))
		return size == 8 ? UINT64_MAX : UINT32_MAX;
	if (b->hung || b->blank)
		return 0;
	if (!access_valid(b, offset, size))
		return 0;
	value = sim_reg_read(b, (uint32_t)offset);
	if (size == 8)
		value |= (uint64_t)sim_reg_read(b, (uint32_t)offset + 4) << 32;
	return misread(b, value, size);
}

void sim_board_write(struct sim_board *b, uint64_t offset, size_t size,
		     uint64_t value, uint64_t now)
{
	sim_advance(b, sim_ticks(b, now));
	if (b->dead || b->blind || b->blank || b->hung ||
	    !access_valid(b, offset, size))
		return;
	sim_reg_write(b, (uint32_t)offset, (uint32_t)value);
	if (size == 8)
		sim_reg_write(b, (uint32_t)offset + 4, (uint32_t)(value >> 32));
	sim_advance(b, b->now);
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Inside of a board. Everything that happens by itself happens in a timer,
 * in order of board time [ticks]; register accesses happen in between.
 */
#ifndef SIM_BOARD_H
#define SIM_BOARD_H

#include "seq.h"
#include "sim.h"
#include "sono_regs.h"

/*
 * Timers, first come first where two are due in the same tick: what ends
 * transmission comes before what transmits.
 */
enum sim_timer {
	TIMER_DEAD,
	TIMER_OVERTEMP,
	TIMER_OVERVOLT,
	TIMER_REBOOT,
	TIMER_STALL,
	TIMER_BLIND,
	TIMER_BLANK,
	TIMER_HEARTBEAT,
	TIMER_STOPPED, /* DMA has drained after a run */
	TIMER_LOAD, /* next step of loading a table */
	TIMER_FLASH, /* the flash has done what it was told */
	TIMER_WINDOW, /* a frame's last window ends */
	TIMER_TRIGGER, /* next transmit event */
	TIMER_LATE, /* injected: a completion that was held back */
	TIMER_IRQ, /* moderation: the longest wait is over */
	TIMER_IRQ_LATE, /* injected: interrupts that were held back */
	TIMERS
};

/* A table in board memory with what belongs to it. */
struct sim_table {
	struct sim_seq *seq;
	void *data; /* the front-end's */
	uint8_t *scratch; /* [frame_bytes], made frames and the aux block */
	struct sim_shot *shot; /* [events], as triggered last */
};

struct sim_loader {
	struct sim_table *pending;
	uint32_t state, code, event;
	uint32_t prepared; /* events that the front-end has done */
	uint32_t loads; /* since power-on */
	uint32_t tables; /* likewise, read from the host */
};

/* An image on its way into the flash. */
struct sim_updater {
	bool begun; /* and neither committed nor aborted */
	uint32_t command; /* latest */
	uint32_t state, code;
	uint64_t addr;
	uint32_t offset, bytes;
	uint32_t written; /* of the image */
	uint32_t writes; /* commands since power-on, for injected faults */
};

/* One run, and the frame it is in. */
struct sim_run {
	bool running; /* between stop and TIMER_STOPPED as well */
	bool draining;
	bool lingers; /* injected: RUNNING has fallen, a write is still to come */
	const char *reason; /* why it stops */
	uint64_t zero; /* time zero: the first event was due [ticks] */
	uint64_t seq; /* of the frame in flight; all before it are produced */
	uint64_t dropped;
	uint64_t completed;
	uint32_t dropped_since; /* the previous completion */
	uint32_t event; /* next to be triggered */
	uint64_t event_due; /* when, or where it waits: since when [ticks] */
	uint32_t last; /* triggered last */
	bool in_frame; /* triggered and not yet ended */
	uint64_t frame_ts; /* trigger of the frame's first event */
	uint32_t tx; /* transmits in the frame */
	uint64_t tx_first, tx_last;
	uint64_t ecg; /* samples delivered or lost, since time zero */
};

struct sim_queue {
	uint64_t addr;
	uint32_t size;
	uint32_t head;
	uint32_t tail;
};

struct sim_board {
	struct sim_config config;
	struct sim_host_ops ops;
	void *host;

	uint64_t now; /* [ticks] */
	uint64_t due[TIMERS]; /* [ticks] or SIM_NEVER */
	bool dead; /* injected: answers all-ones */
	bool started; /* the times of injected faults are set */
	uint64_t frames; /* written since power-on, for injected faults */
	uint64_t stops, resets, irqs, reads; /* likewise */
	uint64_t looks; /* at STATUS, likewise */
	bool hung; /* injected: registers read as 0 */
	bool blind; /* injected: registers read as all ones, the run goes on */
	bool blank; /* likewise, as 0 */

	uint32_t scratch[2];
	uint32_t control;
	uint32_t fault, fault_info;
	uint32_t source;
	uint32_t run_count;
	uint64_t beat; /* transmit may go on before this [ticks] */
	uint64_t rest; /* no run transmits before this [ticks] */
	bool tx_on;
	double temp; /* at @temp_at, without faults [1/1000 deg C] */
	uint64_t temp_at; /* [ticks] */
	uint32_t hv; /* that the rail approaches [mV] */
	double hv_from; /* that it had at @hv_at [mV] */
	uint64_t hv_at; /* [ticks] */
	bool hot, overvolt; /* injected causes that stay */

	uint32_t irq_status, irq_enable;
	uint32_t irq_count, irq_time;
	uint32_t irq_held; /* completions not yet signalled */
	uint32_t irq_late; /* injected: vectors to be sent later, a bit each */

	uint64_t seq_addr;
	uint32_t seq_bytes;
	uint32_t cfg_gen;
	struct sim_table *table; /* active, or NULL */
	struct sim_loader loader;
	struct sim_run run;

	struct sim_updater updater;
	uint32_t running_bank, running_version;

	struct sim_queue post, cpl;
	struct sono_cpl kept; /* injected: not yet written */
	bool keeps, keeps_order; /* it; before those that follow */
	struct sono_desc *segments; /* [queue_max], of the slot being filled */
	uint32_t latch_clock, latch_produced, latch_dropped;
};

/* board.c */
void sim_log(struct sim_board *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sim_advance(struct sim_board *b, uint64_t ticks);
uint64_t sim_ticks(const struct sim_board *b, uint64_t ns);
void sim_fault(struct sim_board *b, uint32_t code, uint32_t info);
bool sim_fault_persists(const struct sim_board *b);
uint64_t sim_chance(const struct sim_board *b, uint64_t what);
bool sim_strikes(const struct sim_board *b, const uint32_t *fault,
		 uint64_t count);
void sim_restart(struct sim_board *b);
void sim_reset(struct sim_board *b);
int sim_dma_read(struct sim_board *b, uint64_t addr, void *to, size_t n);
int sim_dma_write(struct sim_board *b, uint64_t addr, const void *from,
		  size_t n);

/* run.c */
void sim_run_start(struct sim_board *b);
void sim_run_stop(struct sim_board *b, const char *reason);
void sim_run_abort(struct sim_board *b, const char *reason);
void sim_run_drained(struct sim_board *b);
void sim_run_trigger(struct sim_board *b);
void sim_run_window(struct sim_board *b);
void sim_tx_update(struct sim_board *b, const char *reason);

/* sensor.c */
void sim_temp_update(struct sim_board *b);
int32_t sim_temp(const struct sim_board *b);
void sim_hv_set(struct sim_board *b, uint32_t mv);
uint32_t sim_hv(const struct sim_board *b);

/* queue.c */
int sim_queue_frame(struct sim_board *b);
void sim_queue_late(struct sim_board *b);
void sim_queue_straggler(struct sim_board *b);

/* payload.c */
void sim_payload_make(struct sim_board *b, uint32_t first);
const void *sim_payload_rows(struct sim_board *b, uint32_t event);
const void *sim_payload_aux(const struct sim_board *b);

/* load.c */
void sim_load_start(struct sim_board *b);
void sim_load_step(struct sim_board *b);
void sim_load_activate(struct sim_board *b);
void sim_load_reset(struct sim_board *b);

/* flash.c: all but boot and firmware with a flash only */
void sim_flash_boot(struct sim_board *b);
uint32_t sim_flash_firmware(const struct sim_board *b);
uint32_t sim_flash_banks(const struct sim_board *b);
void sim_flash_command(struct sim_board *b, uint32_t command);
void sim_flash_step(struct sim_board *b);
void sim_flash_abort(struct sim_board *b);
bool sim_flash_busy(const struct sim_board *b);

/* irq.c */
void sim_irq_send(struct sim_board *b, unsigned int vector);
void sim_irq_late(struct sim_board *b);
void sim_irq_raise(struct sim_board *b, uint32_t bit);
void sim_irq_enable(struct sim_board *b, uint32_t bits);
void sim_irq_completion(struct sim_board *b);
void sim_irq_flush(struct sim_board *b);

/* regs.c */
uint32_t sim_reg_read(struct sim_board *b, uint32_t offset);
void sim_reg_write(struct sim_board *b, uint32_t offset, uint32_t value);

#endif /* SIM_BOARD_H */

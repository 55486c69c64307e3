/* SPDX-License-Identifier: MIT */
/*
 * The driver's part for an emulated board in this process: it gives the
 * board memory, answers its interrupts and keeps its heartbeat, with the
 * module's own ring core. What a process sees of it is what it sees of the
 * driver.
 *
 * Time is virtual or real. Virtual: it stands still while the consumer works
 * and jumps to the board's next event while the consumer waits; no thread,
 * every run the same. Real: a thread runs the board by CLOCK_MONOTONIC,
 * whether anybody waits or not.
 */
#ifndef SONO_SIM_HOST_H
#define SONO_SIM_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim.h"
#include "sono.h"
#include "sono_regs.h"
#include "sono_ring.h"

/**
 * struct sim_region - memory that the board may reach
 * @base: its address in this process is its bus address
 * @bytes: length
 * @writable: by the board
 */
struct sim_region {
	char *base;
	size_t bytes;
	bool writable;
};

enum sim_region_name {
	SIM_REGION_TABLE,
	SIM_REGION_POST,
	SIM_REGION_CPL,
	SIM_REGION_SLOTS,
	SIM_REGIONS
};

/**
 * struct sim_host - the host of one board
 * @board: the board
 * @log: its event log, or NULL
 * @lock: guards all that follows; held around every call of the board
 * @changed: records were published, or the run ended
 * @wake: the board's thread must look at its next event again
 * @real: time is real
 * @epoch: CLOCK_MONOTONIC at the board's time 0 [ns], if real
 * @now: board time [ns]
 * @stopping: who wants @lock to stop the run; read and written without it
 * @quit: ends the thread
 * @thread: runs the board, if real
 * @region: what the board can reach
 * @setup: of the stream
 * @ring_mem: the ring area as the core writes it
 * @ring_view: the same memory as the consumer sees it: read-only
 * @user_mem: the user area
 * @shared: the slots, too, are to be seen read-only
 * @slots_view: so they are; NULL if not @shared
 * @left: the stream's controller has closed it
 * @ring: the core
 * @queue: the board's queues
 * @active: a run is on
 * @broken: the board lied
 * @begun: the board took the start, its counters are this run's
 * @irq_capture: the capture vector fired
 * @irq_event: the event vector fired
 * @irqs: interrupts of each vector, since power-on
 * @config: of the last CONFIG, frame_bytes 0 without one
 * @table: its table, for a board that loses it
 * @cfg_offset: what the consumer knows a table as, less what the board does
 * @beat: heartbeat when it was last looked at
 * @beat_seen: when that was [ns]
 * @beat_due: when to look next [ns]
 */
struct sim_host {
	struct sim_board *board;
	FILE *log;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_cond_t wake;
	bool real;
	uint64_t epoch;
	uint64_t now;
	atomic_uint stopping;
	bool quit;
	pthread_t thread;

	struct sim_region region[SIM_REGIONS];
	struct sono_setup setup;
	void *ring_mem;
	void *ring_view;
	void *user_mem;
	bool shared;
	void *slots_view;
	bool left;
	struct sono_ring ring;
	struct sono_queue queue;
	bool active;
	bool broken;
	bool begun;
	bool irq_capture;
	bool irq_event;
	uint32_t irqs[SONO_NUM_VECS];

	struct sono_config config;
	void *table;
	uint32_t cfg_offset;
	uint64_t beat;
	uint64_t beat_seen;
	uint64_t beat_due;
};

/**
 * sim_host_create() - power a board on
 * @h: zeroed
 * @config: of the board
 * @log_path: file for its event log, or NULL
 * @real: time is real
 *
 * Return: 0 or -errno.
 */
int sim_host_create(struct sim_host *h, const struct sim_config *config,
		    const char *log_path, bool real);

/** sim_host_destroy() - end the run, power off, free every area */
void sim_host_destroy(struct sim_host *h);

/** sim_host_info() - SONO_CMD_INFO, read from the board's registers */
void sim_host_info(struct sim_host *h, struct sono_info *info);

/* The commands, with the module's checks and errors. */
int sim_host_setup(struct sim_host *h, const struct sono_info *info,
		   struct sono_setup *st);
int sim_host_config(struct sim_host *h, const struct sono_info *info,
		    struct sono_config *c);
int sim_host_start(struct sim_host *h, struct sono_start *start);
int sim_host_stop(struct sim_host *h, struct sono_stop *stop);
int sim_host_kick(struct sim_host *h);
int sim_host_arm(struct sim_host *h, const struct sono_arm *arm);
int sim_host_observe(struct sim_host *h, struct sono_setup *st);

/**
 * sim_host_watch() - SONO_CMD_ARM of an observer
 *
 * It lets no time go on: virtual time is the controller's alone. The timeout
 * is real time.
 */
int sim_host_watch(struct sim_host *h, const struct sono_arm *arm);

/** sim_host_leave() - the controller is gone; what it has stays to be read */
void sim_host_leave(struct sim_host *h);

/** sim_host_sensors() - as the board's registers have them */
void sim_host_sensors(struct sim_host *h, struct sono_sensors *sensors);

/** sim_host_selftest() - sono_selftest() */
int sim_host_selftest(struct sim_host *h, enum sono_selftest what,
		      struct sono_selftest_result *result);

/** sim_host_pause() - time goes by for so long [us], and the consumer sleeps */
void sim_host_pause(struct sim_host *h, uint32_t us);

/** sim_host_idle() - the consumer found nothing: let virtual time go on */
void sim_host_idle(struct sim_host *h);

#endif /* SONO_SIM_HOST_H */

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The emulated board. It does what Documentation/hardware.rst says, by calls
 * alone: no I/O, no threads, no clock. Whoever owns a board tells it the time
 * and gives it a way to reach host memory; sono-sim does so for QEMU, libsono
 * for a program in the same process. Boards share nothing, so a process may
 * have any number of them, each used by one thread at a time.
 *
 * Time is in nanoseconds since power-on. It is the caller's, may be virtual,
 * and never runs backward: an earlier time than the last counts as the last.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "flash.h"
#include "frontend.h"

#define SIM_NEVER UINT64_MAX

/* Identification of emulated probes. */
#define SIM_PROBE_LINEAR 0x00010001
#define SIM_PROBE_PHASED 0x00010002
#define SIM_PROBE_CONVEX 0x00010003

/**
 * struct sim_host_ops - how the board reaches its host
 * @dma_read: copy @n bytes of host memory; 0, or -errno where the host
 *            refuses, and then nothing was read
 * @dma_write: the same towards the host. Writes become visible in the order
 *             of the calls; 4 aligned bytes are one store.
 * @irq: fire an MSI-X vector
 * @log: take one line of the event log, without its newline; may be NULL
 * @stall: injected: stand still for a second; may be NULL
 */
struct sim_host_ops {
	int (*dma_read)(void *host, uint64_t addr, void *to, size_t n);
	int (*dma_write)(void *host, uint64_t addr, const void *from, size_t n);
	void (*irq)(void *host, unsigned int vector);
	void (*log)(void *host, const char *line);
	void (*stall)(void *host);
};

/**
 * struct sim_limits - what the identity registers say
 * @channels: receive channels
 * @elements: elements with a pulser
 * @adc_bits: resolution, at most 16
 * @adc_clock: [Hz]
 * @board_clock: [Hz], at most 10^9
 * @seq_events_max: events of a table
 * @seq_bytes_max: of a table
 * @queue_max: entries of a queue, a power of two
 * @frame_bytes_max: of a frame's payload
 * @event_overhead: from the end of a window to the next trigger [ticks]
 * @dma_rate_max: [MB/s]
 * @hv_max: [mV]
 * @prf_max: [Hz]
 * @tx_duty_max: [ppm]
 * @heartbeat_max: [ms]
 * @temp_max: [1/1000 deg C]
 * @serial: number of the board, 0 if it has none
 * @probe: identification of the probe, 0 without one
 * @ecg_rate: ECG samples per second, 0 without an ECG; a board takes it from
 *            its front-end
 */
struct sim_limits {
	uint32_t channels;
	uint32_t elements;
	uint32_t adc_bits;
	uint32_t adc_clock;
	uint32_t board_clock;
	uint32_t seq_events_max;
	uint32_t seq_bytes_max;
	uint32_t queue_max;
	uint32_t frame_bytes_max;
	uint32_t event_overhead;
	uint32_t dma_rate_max;
	uint32_t hv_max;
	uint32_t prf_max;
	uint32_t tx_duty_max;
	uint32_t heartbeat_max;
	uint32_t temp_max;
	uint64_t serial;
	uint32_t probe;
	uint32_t ecg_rate;
};

/**
 * struct sim_config - a board to be made
 * @limits: identity registers
 * @faults: what goes wrong on request
 * @frontend: what the ADC sees, NULL for the ramp; outlives the board
 * @flash: initialised, outlives the board; NULL for a board without one
 * @verify: of the maker's signature; only with @flash
 * @log_tx: a log line for every transmit, not only one per frame
 */
struct sim_config {
	struct sim_limits limits;
	struct sim_faults faults;
	struct sim_frontend *frontend;
	struct sim_flash *flash;
	sim_verify_fn *verify;
	bool log_tx;
};

struct sim_board;

/** sim_config_init() - the default board: 128 channels, linear probe */
void sim_config_init(struct sim_config *config);

/**
 * sim_board_create() - power on
 * @board: the new board, at time 0
 * @config: copied
 * @ops: copied
 * @host: first argument of @ops' functions
 *
 * Return: 0, -EINVAL for limits that no board can have, -ENOMEM.
 */
int sim_board_create(struct sim_board **board, const struct sim_config *config,
		     const struct sim_host_ops *ops, void *host);

/** sim_board_destroy() - power off; NULL is fine */
void sim_board_destroy(struct sim_board *board);

/**
 * sim_board_read() - read BAR 0
 * @board: all that is due up to @now happens first
 * @offset: a multiple of @size
 * @size: 4 or 8; any other access reads as 0 and is logged
 * @now: [ns]
 *
 * Return: the value.
 */
uint64_t sim_board_read(struct sim_board *board, uint64_t offset, size_t size,
			uint64_t now);

/** sim_board_write() - write BAR 0, as sim_board_read() */
void sim_board_write(struct sim_board *board, uint64_t offset, size_t size,
		     uint64_t value, uint64_t now);

/**
 * sim_board_run() - do all that is due up to @now, in order of board time
 * @board: board
 * @now: [ns]
 *
 * Return: when the next thing is due [ns], SIM_NEVER if nothing is.
 */
uint64_t sim_board_run(struct sim_board *board, uint64_t now);

/** sim_board_next() - when the next thing is due [ns], SIM_NEVER */
uint64_t sim_board_next(const struct sim_board *board);

/**
 * sim_board_stalled() - real time has passed that board time leaves out
 * @board: board
 * @ns: so much; the deadline of transmit comes nearer by it
 */
void sim_board_stalled(struct sim_board *board, uint64_t ns);

/** sim_board_reset() - function-level reset */
void sim_board_reset(struct sim_board *board, uint64_t now);

/** sim_board_dead() - does the board answer all-ones, by injected fault? */
bool sim_board_dead(const struct sim_board *board);

#endif /* SIM_H */

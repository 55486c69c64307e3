/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A host for a board under test: 64 MiB of memory at bus address 0x10000, in
 * virtual time, with its interrupts counted and its log kept.
 */
#ifndef TEST_HOST_H
#define TEST_HOST_H

#include "sim.h"
#include "sono_regs.h"

#define HOST_ADDR 0x10000u
#define HOST_BYTES (64u << 20)

/* Where things are in host memory. */
#define AT_TABLE 0x000000u
#define AT_POST 0x400000u
#define AT_CPL 0x480000u
#define AT_SLOTS 0x800000u
#define SLOT_BYTES 0x80000u

#define US 1000ull
#define MS 1000000ull

struct host {
	struct sim_board *board;
	unsigned char *memory;
	uint64_t now;
	unsigned int irqs[SONO_NUM_VECS];
	char *log;
	size_t log_used;
	uint32_t posted; /* descriptors */
	uint32_t consumed;
	uint32_t cpl_size;
};

/* A table under construction: plain events with sensible values. */
struct table {
	unsigned char bytes[1 << 20];
	uint32_t size;
	uint32_t events, channels, elements, samples, period;
};

void host_start(struct host *h, const struct sim_config *config);
void host_end(struct host *h);

uint32_t host_read(struct host *h, uint32_t reg);
void host_write(struct host *h, uint32_t reg, uint32_t value);
void host_run(struct host *h, uint64_t ns);

/* One transmit row, one map and one curve; frame_bytes and CRC set. */
void table_make(struct table *t, uint32_t events, uint32_t channels,
		uint32_t samples, uint32_t period);
struct sono_seq_header *table_header(struct table *t);
struct sono_seq_event *table_event(struct table *t, uint32_t event);
struct sono_seq_tx *table_tx(struct table *t, uint32_t element);
uint16_t *table_map(struct table *t);
void table_seal(struct table *t);

/* Load, wait, and return SEQ_STATUS. */
uint32_t host_load(struct host *h, const struct table *t);
void host_queues(struct host *h, uint32_t post, uint32_t cpl);
void host_post(struct host *h, uint32_t slot, uint32_t gen);
const unsigned char *host_slot(const struct host *h, uint32_t slot);

/* The next completion if there is one, else NULL. */
const struct sono_cpl *host_completion(struct host *h);

/* Lines of the log that contain @what; the last one in @line, if wanted. */
unsigned int host_logged(const struct host *h, const char *what, char *line);

/* The number behind "KEY=" in a line. */
uint64_t log_field(const char *line, const char *key);

#endif /* TEST_HOST_H */

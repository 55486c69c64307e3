// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "seq.h"

#define LOG_BYTES (4u << 20)

static unsigned char *memory_at(struct host *h, uint64_t addr, size_t n)
{
	if (addr < HOST_ADDR || addr - HOST_ADDR > HOST_BYTES ||
	    n > HOST_BYTES - (addr - HOST_ADDR))
		return NULL;
	return h->memory + (addr - HOST_ADDR);
}

static int on_read(void *host, uint64_t addr, void *to, size_t n)
{
	const unsigned char *at = memory_at(host, addr, n);

	if (!at)
		return -EFAULT;
	memcpy(to, at, n);
	return 0;
}

static int on_write(void *host, uint64_t addr, const void *from, size_t n)
{
	unsigned char *at = memory_at(host, addr, n);

	if (!at)
		return -EFAULT;
	memcpy(at, from, n);
	return 0;
}

static void on_irq(void *host, unsigned int vector)
{
	((struct host *)host)->irqs[vector]++;
}

static void on_log(void *host, const char *line)
{
	struct host *h = host;
	size_t n = strlen(line);

	cr_assert(h->log_used + n + 2 < LOG_BYTES);
	memcpy(h->log + h->log_used, line, n);
	h->log_used += n;
	h->log[h->log_used++] = '\n';
	h->log[h->log_used] = 0;
}

void host_start(struct host *h, const struct sim_config *config)
{
	const struct sim_host_ops ops = { on_read, on_write, on_irq, on_log,
					  NULL };
	struct sim_config standard;

	memset(h, 0, sizeof(*h));
	h->memory = calloc(1, HOST_BYTES);
	h->log = calloc(1, LOG_BYTES);
	sim_config_init(&standard);
	cr_assert_eq(sim_board_create(&h->board, config ? config : &standard,
				      &ops, h),
		     0);
	host_write(h, SONO_REG_IRQ_ENABLE,
		   SONO_IRQ_FAULT | SONO_IRQ_SEQ | SONO_IRQ_STOPPED);
}

void host_end(struct host *h)
{
	sim_board_destroy(h->board);
	free(h->memory);
	free(h->log);
}

uint32_t host_read(struct host *h, uint32_t reg)
{
	return (uint32_t)sim_board_read(h->board, reg, 4, h->now);
}

void host_write(struct host *h, uint32_t reg, uint32_t value)
{
	sim_board_write(h->board, reg, 4, value, h->now);
}

void host_run(struct host *h, uint64_t ns)
{
	h->now += ns;
	sim_board_run(h->board, h->now);
}

/* --- tables ------------------------------------------------------------------- */

struct sono_seq_header *table_header(struct table *t)
{
	return (struct sono_seq_header *)t->bytes;
}

struct sono_seq_event *table_event(struct table *t, uint32_t event)
{
	return (struct sono_seq_event *)(t->bytes +
					 table_header(t)->events_offset) +
	       event;
}

struct sono_seq_tx *table_tx(struct table *t, uint32_t element)
{
	return (struct sono_seq_tx *)(t->bytes + table_header(t)->tx_offset) +
	       element;
}

uint16_t *table_map(struct table *t)
{
	return (uint16_t *)(t->bytes + table_header(t)->map_offset);
}

static uint32_t place(struct table *t, size_t bytes)
{
	uint32_t at = t->size;

	t->size += (uint32_t)(bytes + 7) & ~7u;
	cr_assert(t->size <= sizeof(t->bytes));
	return at;
}

static uint32_t row_bytes(uint32_t samples)
{
	return (2 * samples + 63) & ~63u;
}

static void fill_events(struct table *t)
{
	for (uint32_t i = 0; i < t->events; i++)
		*table_event(t, i) = (struct sono_seq_event){
			.tag = 100 + i,
			.period = t->period,
			.tx_freq = 5000000,
			.tx_half_cycles = 2,
			.hv = 50000,
			.rx_samples = t->samples,
			.rx_decimation = 1,
			.tgc = SONO_TGC_NONE,
		};
	table_event(t, t->events - 1)->flags = SONO_EVENT_FRAME_END;
}

void table_make(struct table *t, uint32_t events, uint32_t channels,
		uint32_t samples, uint32_t period)
{
	struct sono_seq_header *h = table_header(t);

	memset(t, 0, sizeof(*t));
	t->events = events;
	t->channels = channels;
	t->elements = channels;
	t->samples = samples;
	t->period = period;
	t->size = sizeof(*h);
	*h = (struct sono_seq_header){
		.magic = SONO_SEQ_MAGIC,
		.version = SONO_SEQ_VERSION,
		.frame_bytes = events * channels * row_bytes(samples) + 64,
		.aux_bytes = 64,
		.events = events,
		.tx_rows = 1,
		.elements = channels,
		.maps = 1,
		.channels = (uint16_t)channels,
		.tgc_curves = 1,
		.tgc_points = 2,
	};
	h->events_offset = place(t, events * sizeof(struct sono_seq_event));
	h->tx_offset = place(t, channels * sizeof(struct sono_seq_tx));
	h->map_offset = place(t, channels * 2);
	h->tgc_offset = place(t, 2 * 2);
	fill_events(t);
	for (uint32_t i = 0; i < channels; i++) {
		*table_tx(t, i) = (struct sono_seq_tx){ 0, 65535, 1 };
		table_map(t)[i] = (uint16_t)i;
	}
	table_seal(t);
}

void table_seal(struct table *t)
{
	table_header(t)->bytes = t->size;
	table_header(t)->crc = sim_seq_crc(t->bytes, t->size);
}

/* --- the board's queues --------------------------------------------------------- */

uint32_t host_load(struct host *h, const struct table *t)
{
	uint32_t status;

	memcpy(h->memory + AT_TABLE, t->bytes, t->size);
	host_write(h, SONO_REG_SEQ_ADDR_LO, HOST_ADDR + AT_TABLE);
	host_write(h, SONO_REG_SEQ_BYTES, t->size);
	host_write(h, SONO_REG_SEQ_LOAD, 1);
	do {
		host_run(h, 10 * US);
		status = host_read(h, SONO_REG_SEQ_STATUS);
	} while ((status & SONO_SEQ_STATE) == SONO_SEQ_LOADING);
	return status;
}

void host_queues(struct host *h, uint32_t post, uint32_t cpl)
{
	memset(h->memory + AT_POST, 0, post * sizeof(struct sono_desc));
	memset(h->memory + AT_CPL, 0, cpl * sizeof(struct sono_cpl));
	host_write(h, SONO_REG_POST_ADDR_LO, HOST_ADDR + AT_POST);
	host_write(h, SONO_REG_POST_SIZE, post);
	host_write(h, SONO_REG_CPL_ADDR_LO, HOST_ADDR + AT_CPL);
	host_write(h, SONO_REG_CPL_SIZE, cpl);
	h->posted = 0;
	h->consumed = 0;
	h->cpl_size = cpl;
}

void host_post(struct host *h, uint32_t slot, uint32_t gen)
{
	struct sono_desc *ring = (struct sono_desc *)(h->memory + AT_POST);
	uint32_t size = host_read(h, SONO_REG_POST_SIZE);

	ring[h->posted++ % size] = (struct sono_desc){
		.addr = HOST_ADDR + AT_SLOTS + slot * SLOT_BYTES,
		.bytes = SLOT_BYTES,
		.slot = slot,
		.gen = gen,
		.flags = SONO_DESC_LAST,
	};
	host_write(h, SONO_REG_POST_TAIL, h->posted);
}

const unsigned char *host_slot(const struct host *h, uint32_t slot)
{
	return h->memory + AT_SLOTS + slot * SLOT_BYTES;
}

const struct sono_cpl *host_completion(struct host *h)
{
	const struct sono_cpl *ring =
		(const struct sono_cpl *)(h->memory + AT_CPL);
	const struct sono_cpl *c = &ring[h->consumed % h->cpl_size];
	uint32_t phase = h->consumed & h->cpl_size ? 0 : 1;

	if ((c->phase & SONO_CPL_PHASE) != phase)
		return NULL;
	h->consumed++;
	host_write(h, SONO_REG_CPL_HEAD, h->consumed);
	return c;
}

/* --- the log -------------------------------------------------------------------- */

unsigned int host_logged(const struct host *h, const char *what, char *line)
{
	const char *at = h->log;
	unsigned int n = 0;

	while ((at = strstr(at, what))) {
		const char *from = at, *to = strchr(at, '\n');

		while (from > h->log && from[-1] != '\n')
			from--;
		if (line) {
			memcpy(line, from, (size_t)(to - from));
			line[to - from] = 0;
		}
		at = to;
		n++;
	}
	return n;
}

uint64_t log_field(const char *line, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = line; p; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (!strncmp(p, key, n) && p[n] == '=')
			return strtoull(p + n + 1, NULL, 0);
	}
	cr_assert(false, "no %s in: %s", key, line);
	return 0;
}

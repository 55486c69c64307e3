// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

/* Messages in a row before the board gets its turn. */
#define MESSAGES 64

/* --- the board's way to its host ---------------------------------------------- */

static int host_dma_read(void *host, uint64_t addr, void *to, size_t n)
{
	struct server *s = host;

	return pci_bus_master(&s->pci) ? dma_read(&s->dma, addr, to, n) :
					 -EPERM;
}

static int host_dma_write(void *host, uint64_t addr, const void *from, size_t n)
{
	struct server *s = host;
	int err;

	if (!pci_bus_master(&s->pci))
		return -EPERM;
	err = dma_write(&s->dma, addr, from, n);
	if (err)
		vfio_stray_write(s, addr, from, n);
	return err;
}

static void host_irq(void *host, unsigned int vector)
{
	struct server *s = host;
	const uint64_t one = 1;

	if (s->irq[vector] < 0 || !pci_bus_master(&s->pci))
		return;
	log_flush(&s->log);
	/* Full means that an interrupt is pending anyway. */
	if (write(s->irq[vector], &one, sizeof(one)) < 0)
		return;
}

static void host_log(void *host, const char *line)
{
	struct server *s = host;

	log_line(&s->log, line);
}

static void host_stall(void *host)
{
	const struct timespec second = { .tv_sec = 1 };
	struct server *s = host;

	log_flush(&s->log);
	nanosleep(&second, NULL);
}

static const struct sim_host_ops host_ops = {
	.dma_read = host_dma_read,
	.dma_write = host_dma_write,
	.irq = host_irq,
	.log = host_log,
	.stall = host_stall,
};

/* --- time ----------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t elapsed(const struct server *s)
{
	return clock_ns(CLOCK_MONOTONIC) - s->origin - s->slip;
}

uint64_t server_message_time(struct server *s)
{
	uint64_t now = elapsed(s);
	uint64_t next = sim_board_next(s->board);

	return now < next || !next ? now : next - 1;
}

/* Longer than a busy machine takes, and with so little of a processor ... */
#define STALLED_NS 100000000u
#define STALLED_SHARE 4

static void slip(struct server *s, uint64_t ns, uint64_t cpu)
{
	char line[80];

	s->slip += ns;
	/* ... that the time was not spent on computing either. */
	if (ns > STALLED_NS && ns > STALLED_SHARE * cpu)
		sim_board_stalled(s->board, ns);
	snprintf(line, sizeof(line), "ev=slip ns=%llu total=%llu",
		 (unsigned long long)ns, (unsigned long long)s->slip);
	log_line(&s->log, line);
}

uint64_t server_run(struct server *s)
{
	uint64_t now = elapsed(s);
	uint64_t next = sim_board_next(s->board);
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	if (next < now && now - next > SERVER_LAG_NS) {
		slip(s, now - next - SERVER_LAG_NS, cpu - s->cpu);
		now = next + SERVER_LAG_NS;
	}
	s->cpu = cpu;
	next = sim_board_run(s->board, now);
	log_flush(&s->log);
	if (next == SIM_NEVER)
		return SIM_NEVER;
	now = elapsed(s);
	return next > now ? next - now : 0;
}

/* --- life ------------------------------------------------------------------------ */

int server_init(struct server *s, const struct sim_config *config,
		const char *log_path, int fd)
{
	int err;

	memset(s, 0, sizeof(*s));
	for (int i = 0; i < SONO_NUM_VECS; i++)
		s->irq[i] = -1;
	pci_init(&s->pci, config->faults.lanes, config->faults.speed);
	dma_init(&s->dma);
	s->origin = clock_ns(CLOCK_MONOTONIC);
	err = log_open(&s->log, log_path);
	if (err)
		return err;
	err = sim_board_create(&s->board, config, &host_ops, s);
	if (!err)
		err = wire_init(&s->wire, fd);
	if (err) {
		sim_board_destroy(s->board);
		log_close(&s->log);
	}
	return err;
}

void server_finish(struct server *s)
{
	sim_board_destroy(s->board);
	wire_finish(&s->wire);
	dma_finish(&s->dma);
	for (int i = 0; i < SONO_NUM_VECS; i++)
		if (s->irq[i] >= 0)
			close(s->irq[i]);
	log_close(&s->log);
}

int server_serve(struct server *s)
{
	for (int i = 0; i < MESSAGES; i++) {
		int ret = wire_receive(&s->wire);

		if (ret == -EMSGSIZE) {
			wire_reply(&s->wire, EMSGSIZE, NULL, 0, NULL, 0);
			return -EPROTO;
		}
		if (ret <= 0)
			return ret;
		ret = vfio_handle(s);
		if (ret)
			return ret;
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A board as a PCIe function for one vfio-user client: QEMU's vfio-user-pci,
 * or a test at the other end of a socketpair. It runs in CLOCK_MONOTONIC real
 * time. What a client sends is checked; what makes no sense gets an error
 * reply, and only a stream that cannot be followed any more ends the
 * connection.
 *
 * Board time follows real time by less than SERVER_LAG_NS. When the process
 * could not run for longer, the board's clock leaves that time out (ev=slip)
 * instead of making up for it in a burst that no host could follow. Where that
 * is more than 100 ms, and it was not computing, the heartbeat's deadline comes
 * nearer by that time: a host that ceased to live while the emulation stood
 * still is not transmitted for when it goes on. Messages
 * that wait when the server wakes come before the things that became due
 * meanwhile: a host that was in time is not made late by the emulation.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "dma.h"
#include "log.h"
#include "pci.h"
#include "sim.h"
#include "sono_regs.h"
#include "wire.h"

#define SERVER_LAG_NS 20000000ull

/**
 * struct server - a board and its client
 * @board: the board
 * @pci: its configuration space
 * @dma: host memory it may use
 * @irq: eventfd per MSI-X vector, or -1
 * @wire: connection
 * @greeted: version negotiated
 * @log: event log
 * @origin: CLOCK_MONOTONIC at power-on [ns]
 * @slip: real time left out since [ns]
 * @cpu: processor time when the board had its turn last [ns]
 */
struct server {
	struct sim_board *board;
	struct pci pci;
	struct dma dma;
	int irq[SONO_NUM_VECS];
	struct wire wire;
	bool greeted;
	struct log log;
	uint64_t origin;
	uint64_t slip;
	uint64_t cpu;
};

/**
 * server_init() - power on, with a client connected
 * @s: server
 * @config: of the board
 * @log_path: event log, or NULL
 * @fd: the client's socket, taken over on success
 */
int server_init(struct server *s, const struct sim_config *config,
		const char *log_path, int fd);

/** server_finish() - power off */
void server_finish(struct server *s);

/**
 * server_serve() - handle messages that have arrived, a bounded number
 *
 * Return: 0, -ECONNRESET when the client has gone, -EPROTO when it sends what
 * cannot be followed.
 */
int server_serve(struct server *s);

/**
 * server_run() - let the board do what is due
 *
 * Return: [ns] until the next thing is due, SIM_NEVER.
 */
uint64_t server_run(struct server *s);

/* server.c, for vfio.c: board time that a message arriving now has [ns] */
uint64_t server_message_time(struct server *s);

/*
 * vfio.c: a write that no window takes, as a message: what is between the board
 * and memory, an IOMMU for one, is to see it, as it would a real board's
 */
void vfio_stray_write(struct server *s, uint64_t addr, const void *from,
		      size_t n);

/* vfio.c: handle the message received; 0 or -errno to end the connection */
int vfio_handle(struct server *s);

#endif /* SIM_SERVER_H */

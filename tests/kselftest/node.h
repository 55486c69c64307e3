/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The driver without the library: commands by ioctl and io_uring, the board's
 * coming and going on its bus, the module. One board, /dev/sono0, as root.
 * Functions return -errno where nothing else is said.
 */
#ifndef NODE_H
#define NODE_H

#include <liburing.h>

#include "stream.h"

#define NODE "/dev/sono0"
#define FRAME 16384
#define PAGE 4096

/** command() - one by ioctl */
int command(int fd, unsigned int op, void *arg);

/** setup() - SETUP with slots of FRAME bytes */
int setup(int fd, struct sono_setup *st, uint32_t slots);

/** setup_slots_soon() - once the last controller has gone, which may take a
 *  kernel thread
 */
int setup_slots_soon(int fd, struct sono_setup *st, uint32_t slots);

/** load() - CONFIG of a table of this shape, PRBS */
int load(int fd, const struct shape *shape, struct sono_config *c);

/** command_sqe() - an SQE for a command whose area is still to be filled */
struct io_uring_sqe *command_sqe(struct io_uring *ring, int fd, uint32_t op);

/** result() - of the next completion, within five seconds */
int result(struct io_uring *ring);

/** bind_board() - @name is that of its PCI function */
int bind_board(const char *name);
int unbind_board(const char *name);

int remove_module(void);
int insert_module(const char *path);

/** remove_module_soon() - io_uring lets go of a file a little after its ring
 *  has ended
 */
int remove_module_soon(void);

#endif /* NODE_H */

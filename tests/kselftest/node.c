// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node.h"
#include "sysfs.h"

int command(int fd, unsigned int op, void *arg)
{
	return ioctl(fd, op, arg) ? -errno : 0;
}

int setup(int fd, struct sono_setup *st, uint32_t slots)
{
	*st = (struct sono_setup){ .slots = slots, .slot_bytes = FRAME };
	return command(fd, SONO_CMD_SETUP, st);
}

int setup_slots_soon(int fd, struct sono_setup *st, uint32_t slots)
{
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	int ret;

	while ((ret = setup(fd, st, slots)) == -EBUSY && now_ns() < limit)
		usleep(1000);
	return ret;
}

int load(int fd, const struct shape *shape, struct sono_config *c)
{
	struct sono_info info;
	struct table t;
	int ret;

	ret = command(fd, SONO_CMD_INFO, &info);
	if (ret)
		return ret;
	ret = table_make(&t, &info, shape);
	if (ret)
		return ret;
	*c = table_config(&t, SONO_CONFIG_PRBS);
	ret = command(fd, SONO_CMD_CONFIG, c);
	table_free(&t);
	return ret;
}

struct io_uring_sqe *command_sqe(struct io_uring *ring, int fd, uint32_t op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	/* Rings here are larger than what is ever on its way. */
	if (!sqe)
		abort();
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	return sqe;
}

int result(struct io_uring *ring)
{
	struct __kernel_timespec t = { .tv_sec = 5 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe_timeout(ring, &cqe, &t);

	if (ret)
		return ret == -ETIME ? -ETIMEDOUT : ret;
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

int bind_board(const char *name)
{
	return sysfs_put(SYSFS_DRIVER "bind", name);
}

int unbind_board(const char *name)
{
	return sysfs_put(SYSFS_DRIVER "unbind", name);
}

int remove_module(void)
{
	return syscall(SYS_delete_module, "sono", O_NONBLOCK) ? -errno : 0;
}

int insert_module(const char *path)
{
	int fd = open(path, O_RDONLY);
	int ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	close(fd);
	return ret;
}

int remove_module_soon(void)
{
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	int ret;

	while ((ret = remove_module()) == -EWOULDBLOCK && now_ns() < limit)
		usleep(1000);
	return ret;
}

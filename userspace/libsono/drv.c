// SPDX-License-Identifier: MIT
/*
 * A board behind its driver. Control goes by ioctl, which works where
 * io_uring is switched off; waiting is one io_uring command.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "backend.h"

struct sono_drv {
	struct sono base;
	int fd;
	struct io_uring uring;
	bool has_uring;
	uint64_t tag; /* of the last command */
};

static struct sono_drv *drv_of(struct sono *s)
{
	return (struct sono_drv *)s;
}

static void drv_unmap(struct sono *s)
{
	const struct sono_setup *st = &s->setup;

	if (s->slots)
		munmap(s->slots, st->slots_bytes);
	if (s->user)
		munmap(s->user, st->user_bytes);
	if (s->ctl)
		munmap((void *)s->ctl, st->ring_bytes);
	s->slots = NULL;
	s->user = NULL;
	s->ctl = NULL;
}

static void drv_close(struct sono *s)
{
	struct sono_drv *d = drv_of(s);

	if (d->has_uring)
		io_uring_queue_exit(&d->uring);
	drv_unmap(s);
	close(d->fd);
	free(d);
}

static int drv_open(struct sono **s, const char *path, char *why,
		    size_t why_bytes)
{
	struct sono_drv *d = calloc(1, sizeof(*d));
	int ret;

	if (!d)
		return -ENOMEM;
	d->base.ops = &sono_backend_drv;
	d->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (d->fd < 0) {
		ret = -errno;
		goto err_free;
	}
	if (ioctl(d->fd, SONO_CMD_INFO, &d->base.info)) {
		ret = -errno;
		if (ret == -ENOTTY)
			snprintf(why, why_bytes, "not a Sonoring board");
		goto err_close;
	}
	*s = &d->base;
	return 0;

err_close:
	close(d->fd);
err_free:
	free(d);
	return ret;
}

static int drv_command(struct sono *s, uint32_t op, void *arg)
{
	if (op == SONO_CMD_KICK)
		s->stats.syscalls++;
	return ioctl(drv_of(s)->fd, op, arg) ? -errno : 0;
}

static void *map(struct sono_drv *d, uint64_t offset, uint64_t bytes, int prot)
{
	void *p = mmap(NULL, bytes, prot, MAP_SHARED, d->fd, (off_t)offset);

	return p == MAP_FAILED ? NULL : p;
}

static int drv_observe(struct sono *s)
{
	struct sono_drv *d = drv_of(s);
	struct sono_setup *st = &s->setup;
	void *ring, *slots;
	int ret;

	if (ioctl(d->fd, SONO_CMD_OBSERVE, st))
		return -errno;
	ring = map(d, st->ring_offset, st->ring_bytes, PROT_READ);
	if (!ring)
		return -errno;
	slots = map(d, st->slots_offset, st->slots_bytes, PROT_READ);
	if (!slots) {
		ret = -errno;
		munmap(ring, st->ring_bytes);
		return ret;
	}
	sono_attach(s, ring, NULL, slots);
	return 0;
}

static int drv_setup(struct sono *s)
{
	struct sono_drv *d = drv_of(s);
	struct sono_setup *st = &s->setup;
	void *ring, *user, *slots;
	int ret;

	if (ioctl(d->fd, SONO_CMD_SETUP, st))
		return -errno;
	ring = map(d, st->ring_offset, st->ring_bytes, PROT_READ);
	if (!ring)
		return -errno;
	user = map(d, st->user_offset, st->user_bytes, PROT_READ | PROT_WRITE);
	if (!user) {
		ret = -errno;
		goto err_ring;
	}
	slots = map(d, st->slots_offset, st->slots_bytes,
		    PROT_READ | PROT_WRITE);
	if (!slots) {
		ret = -errno;
		goto err_user;
	}
	sono_attach(s, ring, user, slots);
	return 0;

err_user:
	munmap(user, st->user_bytes);
err_ring:
	munmap(ring, st->ring_bytes);
	return ret;
}

/* At the first wait, as only the thread that made the ring may use it. */
static int uring_create(struct sono_drv *d)
{
	int ret;

	if (d->has_uring)
		return 0;
	ret = io_uring_queue_init(4, &d->uring,
				  IORING_SETUP_SINGLE_ISSUER |
					  IORING_SETUP_DEFER_TASKRUN);
	d->has_uring = !ret;
	return ret;
}

/* The result of command @tag; those that an earlier error left are skipped. */
static int uring_result(struct sono_drv *d, uint64_t tag)
{
	struct io_uring_cqe *cqe;
	uint64_t got = 0; /* no command has it */
	int ret;

	do {
		if (io_uring_peek_cqe(&d->uring, &cqe)) {
			d->base.stats.syscalls++;
			ret = io_uring_wait_cqe(&d->uring, &cqe);
			/* A signal: the command waits on, and so do we. */
			if (ret == -EINTR)
				continue;
			if (ret)
				return ret;
		}
		got = cqe->user_data;
		ret = cqe->res;
		io_uring_cqe_seen(&d->uring, cqe);
	} while (got != tag);
	return ret;
}

/* Records from @pos on; *@over says that no more will come by waiting. */
static uint64_t ready_from(const struct sono *s, uint64_t pos, bool *over)
{
	uint32_t state = __atomic_load_n(&s->ctl->state, __ATOMIC_ACQUIRE);
	uint64_t head = __atomic_load_n(&s->ctl->head, __ATOMIC_ACQUIRE);
	uint32_t posted = __atomic_load_n(&s->ctl->posted, __ATOMIC_RELAXED);

	*over = state != SONO_STATE_RUNNING || (s->user && !posted);
	return head - pos;
}

/* poll() looks at what read() has not given: give it all that is there. */
static void drain_reads(struct sono_drv *d)
{
	struct sono_record rec[64];

	d->base.stats.syscalls++;
	while (read(d->fd, rec, sizeof(rec)) == sizeof(rec))
		d->base.stats.syscalls++;
}

static uint64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A wait without io_uring, as far as the host has switched it off. */
static int poll_arm(struct sono *s, const struct sono_arm *arm)
{
	struct sono_drv *d = drv_of(s);
	struct pollfd p = { .fd = d->fd, .events = POLLIN };
	uint64_t end = clock_us() + arm->timeout_us;
	uint64_t ready;
	bool over;

	if (!arm->min_frames || arm->min_frames > s->setup.slots)
		return -EINVAL;
	/* What was released counts before starvation does. */
	if (s->user)
		drv_command(s, SONO_CMD_KICK, NULL);
	for (;;) {
		uint64_t now = clock_us();
		int left = -1;

		drain_reads(d);
		ready = ready_from(s, arm->pos, &over);
		if (ready >= arm->min_frames || over)
			return ready < INT32_MAX ? (int)ready : INT32_MAX;
		if (arm->timeout_us && now >= end)
			return -ETIME;
		if (arm->timeout_us)
			left = (int)((end - now + 999) / 1000);
		s->stats.syscalls++;
		poll(&p, 1, left);
		if (p.revents & POLLERR)
			return -ENODEV;
	}
}

static int drv_arm(struct sono *s, const struct sono_arm *arm)
{
	struct sono_drv *d = drv_of(s);
	struct io_uring_sqe *sqe;
	int ret;

	ret = uring_create(d);
	if (ret == -EPERM || ret == -ENOSYS)
		return poll_arm(s, arm);
	if (ret)
		return ret;
	sqe = io_uring_get_sqe(&d->uring);
	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = d->fd;
	sqe->cmd_op = SONO_CMD_ARM;
	sqe->user_data = ++d->tag;
	memcpy(sqe->cmd, arm, sizeof(*arm));
	s->stats.syscalls++;
	ret = io_uring_submit_and_wait(&d->uring, 1);
	if (ret < 0 && ret != -EINTR)
		return ret;
	return uring_result(d, d->tag);
}

/* A file, or a pattern, in the folder that sysfs has of the node. */
static int node_path(struct sono_drv *d, const char *file, char *path,
		     size_t bytes)
{
	struct stat st;

	if (fstat(d->fd, &st))
		return -errno;
	snprintf(path, bytes, "/sys/dev/char/%u:%u/%s", major(st.st_rdev),
		 minor(st.st_rdev), file);
	return 0;
}

static int write_attribute(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	if (write(fd, "1", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

static int drv_selftest(struct sono *s, enum sono_selftest what,
			struct sono_selftest_result *r)
{
	static const char *const names[] = {
		[SONO_SELFTEST_SCRATCH] = "selftest_scratch",
		[SONO_SELFTEST_INTERRUPT] = "selftest_interrupt",
		[SONO_SELFTEST_FLASH] = "selftest_flash",
	};
	char path[128];
	int ret = node_path(drv_of(s), names[what], path, sizeof(path));
	FILE *f;

	if (!ret)
		ret = write_attribute(path);
	if (ret)
		return ret;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fscanf(f, "%u %u %u %u %i", &r->tried, &r->failed, &r->surplus,
		   &r->longest, (int *)&r->code) != 5)
		ret = -EPROTO;
	fclose(f);
	return ret;
}

/* A number in a file of the board's hwmon device. */
static int hwmon_number(struct sono_drv *d, const char *file, long *value)
{
	char pattern[160], name[64];
	int ret = -ENOENT;
	glob_t found;
	FILE *f;

	snprintf(name, sizeof(name), "device/hwmon/hwmon*/%s", file);
	if (node_path(d, name, pattern, sizeof(pattern)) || glob(pattern, 0, NULL,
								 &found))
		return ret;
	f = fopen(found.gl_pathv[0], "re");
	globfree(&found);
	if (!f)
		return -errno;
	errno = 0;
	if (fscanf(f, "%ld", value) == 1)
		ret = 0;
	else if (errno)
		ret = -errno;
	fclose(f);
	return ret;
}

static int drv_sensors(struct sono *s, struct sono_sensors *sensors)
{
	struct sono_drv *d = drv_of(s);
	long temp, temp_max, hv;
	int ret = hwmon_number(d, "temp1_input", &temp);

	if (!ret)
		ret = hwmon_number(d, "temp1_crit", &temp_max);
	if (!ret)
		ret = hwmon_number(d, "in0_input", &hv);
	if (!ret)
		*sensors = (struct sono_sensors){
			(int32_t)temp, (uint32_t)temp_max, (uint32_t)hv,
		};
	return ret;
}

const struct sono_backend sono_backend_drv = {
	.prefix = "/",
	.open = drv_open,
	.command = drv_command,
	.setup = drv_setup,
	.observe = drv_observe,
	.arm = drv_arm,
	.sensors = drv_sensors,
	.selftest = drv_selftest,
	.close = drv_close,
};

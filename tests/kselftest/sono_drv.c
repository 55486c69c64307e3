// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The driver, past the library: files, mappings, io_uring, processes that
 * end badly, devices that go. One board, /dev/sono0, as root.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <glob.h>
#include <liburing.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "node.h"
#include "sysfs.h"

#define SLOTS 16
#define MANY 256 /* half a second of frames */
#define BAD_POINTER ((void *)8)

static const struct shape shape_16k = SHAPE_16K;
/* One frame a minute: an ARM that waits for one stays where it is. */
static const struct shape shape_still = { 15, 544, 1, 4000000000u, 7 };

static int setup_soon(int fd, struct sono_setup *st)
{
	return setup_slots_soon(fd, st, SLOTS);
}

/* --- two files ------------------------------------------------------------- */

TEST(second_file)
{
	int first = open(NODE, O_RDWR), second = open(NODE, O_RDWR);
	struct sono_config config = { 0 };
	struct sono_start start = { 0 };
	struct sono_info info;
	struct sono_setup st;
	struct sono_stop stop;

	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, setup(first, &st, SLOTS));
	EXPECT_EQ(-EBUSY, setup(first, &st, SLOTS));
	EXPECT_EQ(-EBUSY, setup(second, &st, SLOTS));
	EXPECT_EQ(0, command(second, SONO_CMD_INFO, &info));
	EXPECT_EQ(-EPERM, command(second, SONO_CMD_CONFIG, &config));
	EXPECT_EQ(-EPERM, command(second, SONO_CMD_START, &start));
	EXPECT_EQ(-EPERM, command(second, SONO_CMD_STOP, &stop));
	EXPECT_EQ(-EPERM, command(second, SONO_CMD_KICK, NULL));
	EXPECT_EQ(-EPERM, command(second, SONO_CMD_CANCEL, NULL));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, second,
				   (off_t)st.ring_offset));
	EXPECT_EQ(EPERM, errno);
	close(first);
	EXPECT_EQ(0, setup(second, &st, SLOTS));
	close(second);
}

TEST(ioctl_errors)
{
	struct sono_config config = { 0 };
	struct sono_setup st;
	struct sono_arm arm = { .min_frames = 1 };
	int fd = open(NODE, O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOTTY, command(fd, _IO(SONO_IOC_MAGIC, 0x7f), NULL));
	EXPECT_EQ(-ENOTTY, command(fd, _IO('u', 0), NULL));
	EXPECT_EQ(-ENOTTY, command(fd, SONO_CMD_ARM, &arm));
	EXPECT_EQ(-ENOTTY, command(fd, SONO_CMD_INFO ^ 1u << 16, BAD_POINTER));
	EXPECT_EQ(-EFAULT, command(fd, SONO_CMD_INFO, BAD_POINTER));
	EXPECT_EQ(-EFAULT, command(fd, SONO_CMD_SETUP, BAD_POINTER));
	ASSERT_EQ(0, setup(fd, &st, SLOTS));
	EXPECT_EQ(-EFAULT, command(fd, SONO_CMD_CONFIG, BAD_POINTER));
	EXPECT_EQ(-EFAULT, command(fd, SONO_CMD_START, BAD_POINTER));
	config.table = (uintptr_t)BAD_POINTER;
	config.table_bytes = 4096;
	EXPECT_EQ(-EFAULT, command(fd, SONO_CMD_CONFIG, &config));
	ASSERT_EQ(0, load(fd, &shape_still, &config));
	EXPECT_EQ(0, command(fd, SONO_CMD_START, &(struct sono_start){ 0 }));
	EXPECT_EQ(-EFAULT, command(fd, SONO_CMD_STOP, BAD_POINTER));
	close(fd);
}

/* --- every command by io_uring ---------------------------------------------- */

/*
 * The board of this test says 16 MiB. The kernel hands out a quarter of that in
 * one piece, and warns of who asks for more.
 */
TEST(table_is_no_longer_than_memory_in_one_piece)
{
	struct sono_config config = { 0 };
	struct sono_info info;
	struct sono_setup st;
	int fd = open(NODE, O_RDWR);
	char *table;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, command(fd, SONO_CMD_INFO, &info));
	EXPECT_EQ(4u << 20, info.seq_bytes_max);
	ASSERT_EQ(0, setup_slots_soon(fd, &st, SLOTS));
	table = calloc(1, 16 << 20);
	ASSERT_NE(NULL, table);
	config.table = (uintptr_t)table;
	config.table_bytes = 16 << 20;
	EXPECT_EQ(-EINVAL, command(fd, SONO_CMD_CONFIG, &config));
	config.table_bytes = info.seq_bytes_max;
	config.error = 0;
	EXPECT_EQ(-EINVAL, command(fd, SONO_CMD_CONFIG, &config));
	EXPECT_NE(0, config.error);
	free(table);
	close(fd);
}

FIXTURE(uring)
{
	struct io_uring ring;
	int fd;
	struct sono_setup st;
	struct sono_config config;
	struct sono_start start;
};

FIXTURE_VARIANT(uring)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(uring, plain) { .flags = 0 };
FIXTURE_VARIANT_ADD(uring, deferred) {
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};
FIXTURE_VARIANT_ADD(uring, sqpoll) { .flags = IORING_SETUP_SQPOLL };
FIXTURE_VARIANT_ADD(uring, large) {
	.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
};

FIXTURE_SETUP(uring)
{
	self->fd = open(NODE, O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, io_uring_queue_init(128, &self->ring, variant->flags));
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	close(self->fd);
}

typedef FIXTURE_DATA(uring) uring;

static int uring_command_rsvd(uring *self, uint32_t op, void *arg,
			      uint64_t rsvd)
{
	struct io_uring_sqe *sqe = command_sqe(&self->ring, self->fd, op);
	struct sono_uring_cmd cmd = { (uintptr_t)arg, rsvd };

	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	if (io_uring_submit(&self->ring) < 0)
		return -EIO;
	return result(&self->ring);
}

static int uring_command(uring *self, uint32_t op, void *arg)
{
	return uring_command_rsvd(self, op, arg, 0);
}

static void send_arm(struct io_uring *ring, int fd, uint64_t pos,
		     uint32_t min_frames, uint32_t timeout_us)
{
	struct io_uring_sqe *sqe = command_sqe(ring, fd, SONO_CMD_ARM);
	struct sono_arm arm = { pos, min_frames, timeout_us };

	memcpy(sqe->cmd, &arm, sizeof(arm));
	io_uring_submit(ring);
}

static int uring_arm(uring *self, uint64_t pos, uint32_t min_frames,
		     uint32_t timeout_us)
{
	send_arm(&self->ring, self->fd, pos, min_frames, timeout_us);
	return result(&self->ring);
}

static void run_by_uring(struct __test_metadata *_metadata, uring *self,
			 const struct shape *shape)
{
	struct sono_info info;
	struct table t;

	self->st = (struct sono_setup){ .slots = MANY, .slot_bytes = FRAME };
	ASSERT_EQ(0, uring_command(self, SONO_CMD_INFO, &info));
	ASSERT_EQ(0, uring_command(self, SONO_CMD_SETUP, &self->st));
	ASSERT_EQ(0, table_make(&t, &info, shape));
	self->config = table_config(&t, SONO_CONFIG_PRBS);
	ASSERT_EQ(0, uring_command(self, SONO_CMD_CONFIG, &self->config));
	table_free(&t);
	self->start = (struct sono_start){ 0 };
	ASSERT_EQ(0, uring_command(self, SONO_CMD_START, &self->start));
}

TEST_F(uring, commands)
{
	struct sono_stop stop;

	EXPECT_EQ(-EPERM, uring_arm(self, 0, 1, 0));
	run_by_uring(_metadata, self, &shape_16k);
	EXPECT_NE(0, self->config.cfg_gen);
	EXPECT_NE(0, self->start.run);
	EXPECT_EQ(-EBUSY, uring_command(self, SONO_CMD_SETUP, &self->st));
	EXPECT_LE(4, uring_arm(self, 0, 4, 0));
	EXPECT_LE(8, uring_arm(self, 0, 8, 0));
	EXPECT_EQ(-ETIME, uring_arm(self, 10000, 1, 3000));
	EXPECT_EQ(-EINVAL, uring_arm(self, 0, 0, 0));
	EXPECT_EQ(-EINVAL, uring_arm(self, 0, MANY + 1, 0));
	EXPECT_EQ(0, uring_command(self, SONO_CMD_KICK, NULL));
	EXPECT_EQ(0, uring_command(self, SONO_CMD_CANCEL, NULL));
	EXPECT_EQ(0, uring_command(self, SONO_CMD_STOP, &stop));
	EXPECT_LE(8, stop.delivered);
	EXPECT_EQ(stop.produced, stop.delivered + stop.dropped + stop.lost);
}

TEST_F(uring, errors)
{
	struct sono_info info;

	EXPECT_EQ(-EOPNOTSUPP,
		  uring_command(self, _IO(SONO_IOC_MAGIC, 0x7f), NULL));
	EXPECT_EQ(-EOPNOTSUPP, uring_command(self, 0, NULL));
	EXPECT_EQ(-EINVAL,
		  uring_command_rsvd(self, SONO_CMD_INFO, &info, 1));
	EXPECT_EQ(-EINVAL,
		  uring_command_rsvd(self, SONO_CMD_KICK, NULL, 1ull << 63));
	EXPECT_EQ(-EFAULT, uring_command(self, SONO_CMD_INFO, BAD_POINTER));
	EXPECT_EQ(-EFAULT, uring_command(self, SONO_CMD_SETUP, BAD_POINTER));
	EXPECT_EQ(-EPERM, uring_command(self, SONO_CMD_KICK, NULL));
	EXPECT_EQ(-EPERM, uring_command(self, SONO_CMD_CANCEL, NULL));
}

TEST_F(uring, cancel)
{
	run_by_uring(_metadata, self, &shape_still);
	for (int i = 0; i < 3; i++)
		send_arm(&self->ring, self->fd, 1, 1 + i, 0);
	send_arm(&self->ring, self->fd, 1, 1, 60000000);
	/* An SQPOLL thread may not have issued them yet. */
	usleep(100000);
	ASSERT_EQ(0, command(self->fd, SONO_CMD_CANCEL, NULL));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(-ECANCELED, result(&self->ring));
	/* Only those that waited then. */
	EXPECT_EQ(-ETIME, uring_arm(self, 1, 1, 1000));
}

TEST_F(uring, too_many_wait)
{
	run_by_uring(_metadata, self, &shape_still);
	for (int i = 0; i < 64; i++)
		send_arm(&self->ring, self->fd, 1, 1, 0);
	EXPECT_EQ(-EBUSY, uring_arm(self, 1, 1, 0));
	ASSERT_EQ(0, command(self->fd, SONO_CMD_CANCEL, NULL));
	for (int i = 0; i < 64; i++)
		EXPECT_EQ(-ECANCELED, result(&self->ring));
}

#define OBSERVERS 4

/* So many that every capture pass walks them: together they have a limit. */
TEST_F(uring, observers_do_not_pile_up)
{
	struct sono_setup st;
	int fd[OBSERVERS + 1];

	run_by_uring(_metadata, self, &shape_still);
	ASSERT_LE(1, uring_arm(self, 0, 1, 0));
	for (int i = 0; i <= OBSERVERS; i++) {
		fd[i] = open(NODE, O_RDONLY);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, command(fd[i], SONO_CMD_OBSERVE, &st));
		for (int n = 0; n < 64 && i < OBSERVERS; n++)
			send_arm(&self->ring, fd[i], 1, 1, 0);
		/* In order, so that all are waiting; it has room of its own. */
		EXPECT_EQ(-ETIME, uring_arm(self, 1, 1, 1000));
	}
	send_arm(&self->ring, fd[OBSERVERS], 1, 1, 0);
	EXPECT_EQ(-EBUSY, result(&self->ring));
	EXPECT_EQ(-ETIME, uring_arm(self, 1, 1, 1000));
	for (int i = 0; i < OBSERVERS; i++) {
		ASSERT_EQ(0, command(fd[i], SONO_CMD_CANCEL, NULL));
		for (int n = 0; n < 64; n++)
			EXPECT_EQ(-ECANCELED, result(&self->ring));
	}
	/* What has left counts no more. */
	send_arm(&self->ring, fd[OBSERVERS], 1, 1, 1000);
	EXPECT_EQ(-ETIME, result(&self->ring));
	for (int i = 0; i <= OBSERVERS; i++)
		close(fd[i]);
}

TEST_F(uring, stop_ends_every_wait)
{
	struct sono_stop stop;
	int ready[2];

	run_by_uring(_metadata, self, &shape_still);
	ASSERT_LE(1, uring_arm(self, 0, 1, 0));
	send_arm(&self->ring, self->fd, 1, 1, 0);
	send_arm(&self->ring, self->fd, 0, SLOTS, 0);
	usleep(100000);
	ASSERT_EQ(0, command(self->fd, SONO_CMD_STOP, &stop));
	/* In any order: none is ready for the one, one for the other. */
	ready[0] = result(&self->ring);
	ready[1] = result(&self->ring);
	EXPECT_EQ(1, ready[0] + ready[1]);
	EXPECT_EQ(0, ready[0] * ready[1]);
}

/*
 * The ring goes while its commands wait, and the file after it. Control goes
 * by ioctl here: io_uring may hold on to the file of a command that it had a
 * worker do until the ring is entered once more.
 */
TEST_F(uring, ring_exits_with_waits)
{
	struct sono_start start = { 0 };
	struct io_uring other;
	struct sono_setup st;
	int fd;

	ASSERT_EQ(0, setup(self->fd, &st, SLOTS));
	ASSERT_EQ(0, load(self->fd, &shape_still, &self->config));
	ASSERT_EQ(0, command(self->fd, SONO_CMD_START, &start));
	ASSERT_EQ(0, io_uring_queue_init(16, &other, variant->flags));
	for (int i = 0; i < 8; i++)
		send_arm(&other, self->fd, 1, 1, i & 1 ? 60000000 : 0);
	usleep(50000);
	io_uring_queue_exit(&other);
	close(self->fd);
	self->fd = -1;
	fd = open(NODE, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, setup_soon(fd, &st));
	close(fd);
}

/* A process that leaves everything open: streaming, with ARMs waiting. */
static void leave_behind(unsigned int flags, const struct shape *shape,
			 int ready)
{
	int fd = open(NODE, O_RDWR);
	struct sono_start start = { 0 };
	struct sono_config config;
	struct io_uring ring;
	struct sono_setup st;

	if (fd < 0 || setup_soon(fd, &st) || load(fd, shape, &config) ||
	    command(fd, SONO_CMD_START, &start) ||
	    io_uring_queue_init(16, &ring, flags))
		_exit(1);
	for (int i = 0; i < 8; i++)
		send_arm(&ring, fd, 1000, 1, i & 1 ? 60000000 : 0);
	usleep(20000);
	if (write(ready, "", 1) != 1)
		_exit(1);
}

static void child_ends(struct __test_metadata *_metadata, unsigned int flags,
		       const struct shape *shape, bool killed)
{
	struct sono_setup st;
	int ready[2], status, fd;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		leave_behind(flags, shape, ready[1]);
		while (killed)
			pause();
		_exit(0);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	if (killed)
		kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(killed ? SIGKILL : 0, status);
	fd = open(NODE, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, setup_soon(fd, &st));
	close(fd);
	close(ready[0]);
}

TEST_F(uring, process_ends_with_waits)
{
	child_ends(_metadata, variant->flags, &shape_still, false);
	child_ends(_metadata, variant->flags, &shape_16k, false);
}

TEST_F(uring, process_is_killed_with_waits)
{
	child_ends(_metadata, variant->flags, &shape_still, true);
	child_ends(_metadata, variant->flags, &shape_16k, true);
}

/* --- mappings --------------------------------------------------------------- */

FIXTURE(mapped)
{
	int fd;
	struct sono_setup st;
};

FIXTURE_SETUP(mapped)
{
	self->fd = open(NODE, O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, setup_soon(self->fd, &self->st));
}

FIXTURE_TEARDOWN(mapped)
{
	close(self->fd);
}

typedef FIXTURE_DATA(mapped) mapped;

/* 0, or why there is no such mapping. */
static int try_map(const mapped *self, uint64_t offset, uint64_t bytes,
		   int prot, int flags)
{
	void *p = mmap(NULL, bytes, prot, flags, self->fd, (off_t)offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, bytes);
	return 0;
}

TEST_F(mapped, rights)
{
	const struct sono_setup *st = &self->st;
	const int rw = PROT_READ | PROT_WRITE;
	const struct {
		const char *what;
		uint64_t offset, bytes;
		int prot, flags, error;
	} rows[] = {
		{ "ring", st->ring_offset, st->ring_bytes, PROT_READ,
		  MAP_SHARED, 0 },
		{ "ring, its head only", st->ring_offset, PAGE, PROT_READ,
		  MAP_SHARED, 0 },
		{ "ring, writable", st->ring_offset, st->ring_bytes, rw,
		  MAP_SHARED, -EACCES },
		{ "ring, private", st->ring_offset, st->ring_bytes, PROT_READ,
		  MAP_PRIVATE, -EINVAL },
		{ "ring, private and writable", st->ring_offset,
		  st->ring_bytes, rw, MAP_PRIVATE, -EINVAL },
		{ "ring, too long", st->ring_offset, st->ring_bytes + PAGE,
		  PROT_READ, MAP_SHARED, -EINVAL },
		{ "ring, not from its start", st->ring_offset + PAGE, PAGE,
		  PROT_READ, MAP_SHARED, -EINVAL },
		{ "user", st->user_offset, st->user_bytes, rw, MAP_SHARED, 0 },
		{ "user, private", st->user_offset, st->user_bytes, rw,
		  MAP_PRIVATE, -EINVAL },
		{ "user, too long", st->user_offset, st->user_bytes + PAGE,
		  rw, MAP_SHARED, -EINVAL },
		{ "slots", st->slots_offset, st->slots_bytes, rw, MAP_SHARED,
		  0 },
		{ "slots, some", st->slots_offset, st->slots_bytes - PAGE, rw,
		  MAP_SHARED, 0 },
		{ "slots, private", st->slots_offset, st->slots_bytes, rw,
		  MAP_PRIVATE, -EINVAL },
		{ "slots, too long", st->slots_offset, st->slots_bytes + PAGE,
		  rw, MAP_SHARED, -EINVAL },
		{ "slots, not from the start", st->slots_offset + PAGE, PAGE,
		  rw, MAP_SHARED, -EINVAL },
		{ "nothing", st->slots_offset * 2, PAGE, PROT_READ, MAP_SHARED,
		  -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		EXPECT_EQ(rows[i].error,
			  try_map(self, rows[i].offset, rows[i].bytes,
				  rows[i].prot, rows[i].flags))
			TH_LOG("%s", rows[i].what);
	}
}

TEST_F(mapped, ring_does_not_become_writable)
{
	void *ring = mmap(NULL, self->st.ring_bytes, PROT_READ, MAP_SHARED,
			  self->fd, (off_t)self->st.ring_offset);

	ASSERT_NE(MAP_FAILED, ring);
	EXPECT_EQ(-1, mprotect(ring, self->st.ring_bytes,
			       PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	munmap(ring, self->st.ring_bytes);
}

TEST_F(mapped, slots_do_not_grow)
{
	uint64_t bytes = self->st.slots_bytes;
	void *slots = mmap(NULL, bytes - PAGE, PROT_READ, MAP_SHARED, self->fd,
			   (off_t)self->st.slots_offset);

	ASSERT_NE(MAP_FAILED, slots);
	EXPECT_EQ(MAP_FAILED,
		  mremap(slots, bytes - PAGE, bytes, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	munmap(slots, bytes - PAGE);
}

/* A mapping holds the stream as an open file does. */
TEST_F(mapped, mapping_outlives_its_descriptor)
{
	uint64_t bytes = self->st.slots_bytes;
	char *slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			   self->fd, (off_t)self->st.slots_offset);
	int other = open(NODE, O_RDWR);
	struct sono_setup st;

	ASSERT_NE(MAP_FAILED, slots);
	ASSERT_LE(0, other);
	close(self->fd);
	self->fd = -1;
	memset(slots, 1, bytes);
	EXPECT_EQ(-EBUSY, setup(other, &st, SLOTS));
	munmap(slots, bytes);
	EXPECT_EQ(0, setup_soon(other, &st));
	close(other);
}

/* --- frames as memory of the process --------------------------------------- */

FIXTURE(stream)
{
	struct sono *s;
	struct table table;
	struct sono_config config;
	struct sono_start start;
};

FIXTURE_SETUP(stream)
{
	char why[256];

	ASSERT_EQ(0, sono_open(&self->s, NODE, why, sizeof(why)));
	ASSERT_EQ(0, table_make(&self->table, sono_info(self->s), &shape_16k));
	self->config = table_config(&self->table, SONO_CONFIG_PRBS);
}

FIXTURE_TEARDOWN(stream)
{
	sono_close(self->s);
	table_free(&self->table);
}

typedef FIXTURE_DATA(stream) stream;

static void begin(struct __test_metadata *_metadata, stream *self,
		  uint32_t slots)
{
	ASSERT_EQ(0, sono_setup(self->s, slots, FRAME));
	ASSERT_EQ(0, sono_config(self->s, &self->config));
	ASSERT_EQ(0, sono_start(self->s, &self->start));
}

static void take_true(struct __test_metadata *_metadata, stream *self,
		      struct sono_frame *f)
{
	ASSERT_EQ(1, take(self->s, f));
	ASSERT_EQ(FRAME, f->rec.len);
	ASSERT_TRUE(prbs_ok(f, self->start.run));
}

static void take_some(struct __test_metadata *_metadata, stream *self, int n)
{
	struct sono_frame f;

	while (n--) {
		take_true(_metadata, self, &f);
		sono_release(self->s, &f);
	}
}

static uint64_t physical(const void *p)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, 8, (off_t)((uintptr_t)p / PAGE * 8)) != 8)
		entry = 0;
	close(fd);
	if (!(entry >> 63))
		return 0;
	return (entry & ((1ull << 55) - 1)) * PAGE;
}

/* In a child: 0 if poll() for no event says within 3 s that the run has ended. */
static pid_t wait_for_the_end(int fd)
{
	struct pollfd p = { .fd = fd };
	const pid_t pid = fork();

	if (pid)
		return pid;
	alarm(10);
	_exit(poll(&p, 1, 3000) == 1 && p.revents & POLLHUP ? 0 : 1);
}

TEST(end_wakes_who_asked_for_nothing)
{
	const int fd = open(NODE, O_RDWR);
	struct sono_start start = { 0 };
	struct sono_config config;
	struct sono_setup st;
	struct sono_stop stop;
	int status = -1;
	pid_t pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setup_slots_soon(fd, &st, SLOTS));
	ASSERT_EQ(0, load(fd, &shape_still, &config));
	ASSERT_EQ(0, command(fd, SONO_CMD_START, &start));
	pid = wait_for_the_end(fd);
	usleep(300000);
	ASSERT_EQ(0, command(fd, SONO_CMD_STOP, &stop));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
}

/* Where the board writes is where we read; the judge has the other half. */
TEST_F(stream, physical_addresses)
{
	uint64_t addr[SLOTS] = { 0 };
	struct sono_frame f;

	begin(_metadata, self, SLOTS);
	for (int i = 0; i < 3 * SLOTS; i++) {
		take_true(_metadata, self, &f);
		addr[f.rec.slot] = physical(f.data);
		sono_release(self->s, &f);
	}
	for (int i = 0; i < SLOTS; i++) {
		ASSERT_NE(0, addr[i]);
		printf("# phys run=%u slot=%d addr=0x%llx\n", self->start.run,
		       i, (unsigned long long)addr[i]);
	}
	fflush(stdout);
}

TEST_F(stream, fork_and_exec)
{
	struct sono_frame f;
	int status;
	pid_t pid;

	begin(_metadata, self, SLOTS);
	take_true(_metadata, self, &f);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		/* The frame is there, too; then another program takes over. */
		_exit(prbs_ok(&f, self->start.run) ?
			      execl("/bin/true", "true", NULL) :
			      1);
	take_some(_metadata, self, 50);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(prbs_ok(&f, self->start.run));
	sono_release(self->s, &f);
	take_some(_metadata, self, 50);
	EXPECT_EQ(0, self->s->ctl->bad_release);
}

/* The child has the stream on its own; it ends with the child. */
TEST_F(stream, child_inherits)
{
	struct sono_setup st;
	int status, fd;
	pid_t pid;

	/* The ring to wait with is made by who waits first: the child. */
	begin(_metadata, self, SLOTS);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		usleep(100000);
		take_some(_metadata, self, 50);
		_exit(0);
	}
	sono_close(self->s);
	self->s = NULL;
	fd = open(NODE, O_RDWR);
	EXPECT_EQ(-EBUSY, setup(fd, &st, SLOTS));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, setup_soon(fd, &st));
	close(fd);
}

/* --- system calls, counted by the kernel ------------------------------------ */

#define TRACEPOINT "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"

/* A counter of this thread's system calls, or -errno. */
static int counter_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.disabled = 1,
	};
	FILE *file = fopen(TRACEPOINT, "re");
	unsigned long long id;
	int fd;

	if (!file)
		return -errno;
	if (fscanf(file, "%llu", &id) != 1)
		id = 0;
	fclose(file);
	attr.config = id;
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	return fd < 0 ? -errno : fd;
}

static void counter_begin(int fd)
{
	ioctl(fd, PERF_EVENT_IOC_RESET, 0);
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
}

/* System calls since counter_begin(), but for the one that ends counting. */
static uint64_t counter_end(int fd)
{
	uint64_t n = 0;

	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	if (read(fd, &n, sizeof(n)) != sizeof(n) || !n)
		return ~0ull;
	return n - 1;
}

static int counter_checked(struct __test_metadata *_metadata)
{
	int fd = counter_open();

	ASSERT_LE(0, fd) TH_LOG("%s", strerror(-fd));
	counter_begin(fd);
	for (int i = 0; i < 10; i++)
		syscall(SYS_getppid);
	ASSERT_EQ(10, counter_end(fd));
	counter_begin(fd);
	ASSERT_EQ(0, counter_end(fd));
	return fd;
}

TEST_F(stream, busy_consumer_makes_no_system_call)
{
	int counter = counter_checked(_metadata);
	uint64_t sum = 0, calls;
	struct sono_frame f;
	int frames = 0;

	/* Only a stall of that length needs a kick. */
	begin(_metadata, self, MANY);
	counter_begin(counter);
	while (frames < 1000) {
		if (sono_next(self->s, &f) != 1)
			continue;
		sum += *(const uint64_t *)f.data;
		sono_release(self->s, &f);
		frames++;
	}
	calls = counter_end(counter);
	EXPECT_EQ(0, calls);
	EXPECT_EQ(calls, sono_stats(self->s)->syscalls);
	EXPECT_NE(0, sum);
	printf("# syscalls busy frames=%d calls=%llu\n", frames,
	       (unsigned long long)calls);
	fflush(stdout);
}

/* One wait for each eight frames, and no other call: 1/8 to the call. */
TEST_F(stream, waiting_for_eight_makes_an_eighth)
{
	int counter = counter_checked(_metadata);
	struct sono_frame f;
	uint64_t calls;
	int frames = 0;

	self->config.irq_count = 8;
	self->config.irq_time_us = 100000;
	begin(_metadata, self, MANY);
	/* The first wait makes the ring that it waits with. */
	ASSERT_LE(1, sono_wait(self->s, 1, 0));
	counter_begin(counter);
	while (frames < 1600) {
		ASSERT_LE(8, sono_wait(self->s, 8, 0));
		for (int i = 0; i < 8; i++, frames++) {
			ASSERT_EQ(1, sono_next(self->s, &f));
			sono_release(self->s, &f);
		}
	}
	calls = counter_end(counter);
	printf("# syscalls waiting frames=%d calls=%llu\n", frames,
	       (unsigned long long)calls);
	fflush(stdout);
	EXPECT_LE(frames / 8 * 99 / 100, (int)calls);
	EXPECT_GE(frames / 8 * 101 / 100, (int)calls);
}

/* --- the device goes, the module goes --------------------------------------- */

/* A stream without the library, for what outlives its device. */
struct raw {
	int fd;
	struct sono_setup st;
	struct sono_start start;
	const struct sono_ctl *ctl;
	const struct sono_record *record;
	const char *slots;
	struct io_uring ring;
};

static void *map(const struct raw *r, uint64_t offset, uint64_t bytes)
{
	return mmap(NULL, bytes, PROT_READ, MAP_SHARED, r->fd, (off_t)offset);
}

/* Streaming, with four ARMs that wait and half a second until all is full. */
static void raw_begin(struct __test_metadata *_metadata, struct raw *r)
{
	struct sono_config config;

	*r = (struct raw){ .fd = open(NODE, O_RDWR) };
	ASSERT_LE(0, r->fd);
	ASSERT_EQ(0, setup_slots_soon(r->fd, &r->st, MANY));
	r->ctl = map(r, r->st.ring_offset, r->st.ring_bytes);
	r->slots = map(r, r->st.slots_offset, r->st.slots_bytes);
	ASSERT_NE(MAP_FAILED, r->ctl);
	ASSERT_NE(MAP_FAILED, r->slots);
	r->record = (const void *)((const char *)r->ctl +
				   r->st.record_offset);
	ASSERT_EQ(0, load(r->fd, &shape_16k, &config));
	ASSERT_EQ(0, io_uring_queue_init(8, &r->ring, 0));
	ASSERT_EQ(0, command(r->fd, SONO_CMD_START, &r->start));
	for (int i = 0; i < 4; i++)
		send_arm(&r->ring, r->fd, 100000, 1, i & 1 ? 60000000 : 0);
}

static void raw_end(struct raw *r)
{
	io_uring_queue_exit(&r->ring);
	munmap((void *)r->ctl, r->st.ring_bytes);
	munmap((void *)r->slots, r->st.slots_bytes);
	close(r->fd);
}

/* Every frame that was reported is there to the last byte. */
static void expect_frames(struct __test_metadata *_metadata,
			  const struct raw *r)
{
	for (uint64_t i = 0; i < r->ctl->head; i++) {
		struct sono_frame f = { .rec = r->record[i] };

		f.data = r->slots + (size_t)f.rec.slot * r->st.slot_stride;
		EXPECT_TRUE(prbs_ok(&f, r->start.run));
	}
}

/* Every command of a file whose device has gone. */
static void expect_gone(struct __test_metadata *_metadata, struct raw *r)
{
	struct sono_config config;
	struct sono_info info;
	struct sono_stop stop;
	void *user;

	EXPECT_EQ(SONO_STATE_ENDED, r->ctl->state);
	EXPECT_EQ(SONO_END_GONE, r->ctl->reason);
	EXPECT_EQ(0, command(r->fd, SONO_CMD_INFO, &info));
	EXPECT_EQ(-ENODEV, setup(r->fd, &(struct sono_setup){ 0 }, SLOTS));
	EXPECT_EQ(-ENODEV, load(r->fd, &shape_16k, &config));
	EXPECT_EQ(-ENODEV, command(r->fd, SONO_CMD_START, &r->start));
	EXPECT_EQ(0, command(r->fd, SONO_CMD_KICK, NULL));
	EXPECT_EQ(0, command(r->fd, SONO_CMD_CANCEL, NULL));
	/* The account can still be had. */
	EXPECT_EQ(0, command(r->fd, SONO_CMD_STOP, &stop));
	EXPECT_EQ(stop.produced, stop.delivered + stop.dropped + stop.lost);
	EXPECT_EQ(stop.delivered, r->ctl->head);
	send_arm(&r->ring, r->fd, stop.delivered, 1, 0);
	EXPECT_EQ(-ENODEV, result(&r->ring));
	send_arm(&r->ring, r->fd, 0, 1, 0);
	EXPECT_EQ((int)stop.delivered, result(&r->ring));
	/* A mapping can still be made as well. */
	user = map(r, r->st.user_offset, PAGE);
	EXPECT_NE(MAP_FAILED, user);
	munmap(user, PAGE);
}

static void expect_working(struct __test_metadata *_metadata)
{
	char why[256];
	stream fresh = { 0 };

	ASSERT_EQ(0, sono_open(&fresh.s, NODE, why, sizeof(why)));
	ASSERT_EQ(0, table_make(&fresh.table, sono_info(fresh.s), &shape_16k));
	fresh.config = table_config(&fresh.table, SONO_CONFIG_PRBS);
	begin(_metadata, &fresh, SLOTS);
	take_some(_metadata, &fresh, 50);
	sono_close(fresh.s);
	table_free(&fresh.table);
}

TEST(unbind_while_streaming)
{
	int other = open(NODE, O_RDWR);
	struct sono_setup st;
	struct raw r;
	char name[64];

	ASSERT_LE(0, other);
	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	raw_begin(_metadata, &r);
	/* In the midst of the frames. */
	while (!__atomic_load_n(&r.ctl->head, __ATOMIC_ACQUIRE))
		usleep(100);
	ASSERT_EQ(0, unbind_board(name));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(-ENODEV, result(&r.ring));
	EXPECT_EQ(-1, open(NODE, O_RDWR));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-ENODEV, setup(other, &st, SLOTS));
	expect_gone(_metadata, &r);
	expect_frames(_metadata, &r);

	/* The board comes back while the old files are still open. */
	ASSERT_EQ(0, bind_board(name));
	close(other);
	raw_end(&r);
	if (access(NODE, F_OK))
		ASSERT_EQ(0, unbind_board(name) ?: bind_board(name));
	expect_working(_metadata);
}

TEST(unbind_again_and_again)
{
	struct raw r;
	char name[64];

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
		raw_begin(_metadata, &r);
		usleep((useconds_t)i * 3000);
		ASSERT_EQ(0, unbind_board(name));
		for (int k = 0; k < 4; k++)
			EXPECT_EQ(-ENODEV, result(&r.ring));
		raw_end(&r);
		ASSERT_EQ(0, bind_board(name));
	}
	expect_working(_metadata);
}

static int run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Keeps ordinary work from a processor, but no interrupt and its thread. */
static pid_t hog(int cpu)
{
	const struct sched_param first = { .sched_priority = 1 };
	pid_t pid = fork();

	if (pid)
		return pid;
	/* On some kernels the driver's way out leads through that processor. */
	alarm(3);
	if (run_on(cpu) || sched_setscheduler(0, SCHED_FIFO, &first))
		_exit(1);
	for (;;)
		continue;
}

/* How long the scheduler lets a hog go on; where it says so. */
static const char *const patience[] = {
	"/proc/sys/kernel/sched_rt_runtime_us",
	"/sys/kernel/debug/sched/fair_server/cpu1/runtime",
};

/* For each of the board's events there is work to do. */
static bool events_on(const char *cpu)
{
	char path[64];
	glob_t found;
	int irq, ret = -1;

	if (glob("/proc/irq/*/sono-event", 0, NULL, &found))
		return false;
	if (sscanf(found.gl_pathv[0], "/proc/irq/%d/", &irq) == 1) {
		snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list",
			 irq);
		ret = sysfs_put(path, cpu);
	}
	globfree(&found);
	return !ret;
}

/*
 * Who does that work is held up on the second processor, where it was asked for,
 * so that it is still to be done when the device goes. A kernel that watches over
 * objects says if it goes with it.
 */
TEST(unbind_while_an_event_waits)
{
	static const char test[] = "/sys/class/sono/sono0/selftest_interrupt";
	char name[64], was[2][32];
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one processor");
	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	for (int i = 0; i < 2; i++) {
		snprintf(was[i], sizeof(was[i]), "%s", sysfs_get(patience[i]));
		sysfs_put(patience[i], i ? "0" : "-1");
	}
	ASSERT_TRUE(events_on("1"));
	/* An interrupt moves when it comes next. */
	ASSERT_EQ(0, sysfs_put(test, "1"));
	ASSERT_EQ(0, run_on(0));
	pid = hog(1);
	ASSERT_LT(0, pid);
	usleep(50000);
	ASSERT_EQ(0, sysfs_put(test, "1"));
	ASSERT_EQ(0, unbind_board(name));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	for (int i = 0; i < 2; i++)
		sysfs_put(patience[i], was[i]);
	ASSERT_EQ(0, bind_board(name));
	expect_working(_metadata);
}

TEST(module_leaves_and_returns)
{
	const char *path = getenv("SONO_MODULE");
	int fd;

	if (!path)
		SKIP(return, "SONO_MODULE does not say where sono.ko is");
	fd = open(NODE, O_RDWR);
	ASSERT_LE(0, fd);
	/* Not under an open file, be it the controller's or not. */
	EXPECT_EQ(-EWOULDBLOCK, remove_module());
	close(fd);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, remove_module());
		EXPECT_EQ(-1, access(NODE, F_OK));
		ASSERT_EQ(0, insert_module(path));
		expect_working(_metadata);
	}
}

/* --- a run ends before its frame does ---------------------------------------- */

/* A frame of 12 s: a table that is loaded meanwhile takes over at its end. */
static const struct shape shape_long = { 1, 32, 150, 8000000, 7 };

/* A CONFIG that waits, of a process that is alive. */
struct pending {
	int fd;
	const struct sono_ctl *ctl;
	struct sono_user *user;
	struct sono_setup st;
	struct sono_config config;
	int ret, enough;
	pthread_t waits, beats;
};

static void *config_waits(void *p)
{
	struct pending *r = p;

	r->ret = load(r->fd, &shape_long, &r->config);
	return NULL;
}

static void *beat(void *p)
{
	struct pending *r = p;

	while (!__atomic_load_n(&r->enough, __ATOMIC_RELAXED)) {
		r->user->heartbeat++;
		usleep(20000);
	}
	return NULL;
}

static void pending_begin(struct __test_metadata *_metadata, struct pending *r)
{
	struct sono_start start = { 0 };

	*r = (struct pending){ .fd = open(NODE, O_RDWR), .ret = 1 };
	ASSERT_LE(0, r->fd);
	ASSERT_EQ(0, setup_slots_soon(r->fd, &r->st, SLOTS));
	r->ctl = mmap(NULL, r->st.ring_bytes, PROT_READ, MAP_SHARED, r->fd,
		      (off_t)r->st.ring_offset);
	r->user = mmap(NULL, r->st.user_bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->fd, (off_t)r->st.user_offset);
	ASSERT_NE(MAP_FAILED, r->ctl);
	ASSERT_NE(MAP_FAILED, r->user);
	ASSERT_EQ(0, load(r->fd, &shape_long, &r->config));
	ASSERT_EQ(0, command(r->fd, SONO_CMD_START, &start));
	ASSERT_EQ(0, pthread_create(&r->beats, NULL, beat, r));
	usleep(100000);
	ASSERT_EQ(0, pthread_create(&r->waits, NULL, config_waits, r));
	usleep(300000);
	ASSERT_EQ(SONO_STATE_RUNNING, r->ctl->state);
}

/* As soon as any run ends, and with its reason. */
static void pending_ended(struct __test_metadata *_metadata, struct pending *r,
			  uint64_t since, uint32_t reason)
{
	EXPECT_GT(2 * NS_PER_S, now_ns() - since);
	EXPECT_EQ(SONO_STATE_ENDED, r->ctl->state);
	EXPECT_EQ(reason, r->ctl->reason);
	EXPECT_EQ(0, r->ctl->produced);
	ASSERT_EQ(0, pthread_join(r->waits, NULL));
	__atomic_store_n(&r->enough, 1, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(r->beats, NULL));
}

static void pending_end(struct pending *r)
{
	munmap((void *)r->ctl, r->st.ring_bytes);
	munmap(r->user, r->st.user_bytes);
	close(r->fd);
}

TEST(stop_does_not_wait_for_config)
{
	uint32_t tables = sysfs_register("CFG_GEN");
	struct sono_start start = { 0 };
	struct sono_stop stop;
	struct pending r;
	uint64_t before;

	pending_begin(_metadata, &r);
	before = now_ns();
	EXPECT_EQ(0, command(r.fd, SONO_CMD_STOP, &stop));
	pending_ended(_metadata, &r, before, SONO_END_STOP);
	EXPECT_EQ(-ECANCELED, r.ret);
	/* A board that was reset would have forgotten them. */
	EXPECT_LT(tables, sysfs_register("CFG_GEN"));
	EXPECT_EQ(0, command(r.fd, SONO_CMD_START, &start));
	EXPECT_EQ(0, command(r.fd, SONO_CMD_STOP, &stop));
	EXPECT_EQ(0, load(r.fd, &shape_long, &r.config));
	pending_end(&r);
}

TEST(unbind_does_not_wait_for_config)
{
	struct pending r;
	uint64_t before;
	char name[32];

	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	pending_begin(_metadata, &r);
	before = now_ns();
	EXPECT_EQ(0, unbind_board(name));
	pending_ended(_metadata, &r, before, SONO_END_GONE);
	EXPECT_EQ(-ENODEV, r.ret);
	pending_end(&r);
	ASSERT_EQ(0, bind_board(name));
	expect_working(_metadata);
}

TEST_HARNESS_MAIN

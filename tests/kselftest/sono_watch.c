// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Those who look on: observers with their read-only mappings, and readers of
 * records. A controller streams beside them. One board, /dev/sono0.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "stream.h"

#define NODE "/dev/sono0"
#define SLOTS 16
#define FRAME 16384

static const struct shape shape_16k = SHAPE_16K;

FIXTURE(watch)
{
	struct sono *s;
	struct table table;
	struct sono_config config;
	struct sono_start start;
	struct sono_stop stop;
	struct sono_setup st;
	int fd;
};

FIXTURE_SETUP(watch)
{
	ASSERT_EQ(0, sono_open(&self->s, NODE, NULL, 0));
	ASSERT_EQ(0, table_make(&self->table, sono_info(self->s), &shape_16k));
	self->config = table_config(&self->table, SONO_CONFIG_PRBS);
	self->fd = open(NODE, O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sono_setup(self->s, SLOTS, FRAME));
	ASSERT_EQ(0, sono_config(self->s, &self->config));
}

FIXTURE_TEARDOWN(watch)
{
	close(self->fd);
	sono_close(self->s);
	table_free(&self->table);
}

typedef FIXTURE_DATA(watch) watch;

static int command(int fd, unsigned int op, void *arg)
{
	return ioctl(fd, op, arg) ? -errno : 0;
}

static void take_some(struct __test_metadata *_metadata, watch *self, int n)
{
	struct sono_frame f;

	while (n--) {
		ASSERT_EQ(1, take(self->s, &f));
		sono_release(self->s, &f);
	}
}

static void observe(struct __test_metadata *_metadata, watch *self)
{
	ASSERT_EQ(0, command(self->fd, SONO_CMD_OBSERVE, &self->st));
	ASSERT_EQ(0, sono_start(self->s, &self->start));
}

static void *map(watch *self, uint64_t offset, uint64_t bytes, int prot)
{
	return mmap(NULL, bytes, prot, MAP_SHARED, self->fd, (off_t)offset);
}

TEST(observe_without_controller)
{
	int fd = open(NODE, O_RDWR);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct sono_record rec;
	struct sono_setup st;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENXIO, command(fd, SONO_CMD_OBSERVE, &st));
	EXPECT_EQ(-1, read(fd, &rec, sizeof(rec)));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLERR, p.revents);
	close(fd);
}

TEST_F(watch, observer_controls_nothing)
{
	struct sono_setup st = { .slots = SLOTS, .slot_bytes = FRAME };
	struct sono_stop stop;

	observe(_metadata, self);
	EXPECT_EQ(0, memcmp(&self->st, &self->s->setup, sizeof(self->st)));
	EXPECT_EQ(-EBUSY, command(self->fd, SONO_CMD_OBSERVE, &st));
	EXPECT_EQ(-EBUSY, command(self->fd, SONO_CMD_SETUP,
				  &(struct sono_setup){ .slots = SLOTS,
							.slot_bytes = FRAME }));
	EXPECT_EQ(-EPERM, command(self->fd, SONO_CMD_CONFIG, &self->config));
	EXPECT_EQ(-EPERM, command(self->fd, SONO_CMD_START, &self->start));
	EXPECT_EQ(-EPERM, command(self->fd, SONO_CMD_STOP, &stop));
	EXPECT_EQ(-EPERM, command(self->fd, SONO_CMD_KICK, NULL));
	EXPECT_EQ(0, command(self->fd, SONO_CMD_CANCEL, NULL));
	take_some(_metadata, self, 20);
	EXPECT_EQ(SONO_STATE_RUNNING, sono_ctl(self->s)->state);
}

TEST_F(watch, observer_writes_nowhere)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct sono_setup *st = &self->st;
	void *p;

	observe(_metadata, self);
	EXPECT_EQ(MAP_FAILED, map(self, st->user_offset, 4096, PROT_READ));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, map(self, st->ring_offset, 4096, rw));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, map(self, st->slots_offset, 4096, rw));
	EXPECT_EQ(EACCES, errno);
	p = map(self, st->slots_offset, st->slots_bytes, PROT_READ);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, mprotect(p, st->slots_bytes, rw));
	EXPECT_EQ(EACCES, errno);
	munmap(p, st->slots_bytes);
}

/* Copies of frames, each whole or known to be none. */
TEST_F(watch, observer_copies_frames)
{
	const struct sono_record *record;
	const struct sono_ctl *ctl;
	const uint32_t *gen;
	const char *slots;
	char *copy = malloc(FRAME);
	int whole = 0, late = 0;

	observe(_metadata, self);
	ctl = map(self, self->st.ring_offset, self->st.ring_bytes, PROT_READ);
	slots = map(self, self->st.slots_offset, self->st.slots_bytes,
		    PROT_READ);
	ASSERT_NE(MAP_FAILED, ctl);
	ASSERT_NE(MAP_FAILED, slots);
	gen = (const void *)((const char *)ctl + self->st.gen_offset);
	record = (const void *)((const char *)ctl + self->st.record_offset);
	for (int i = 0; i < 300; i++) {
		struct sono_frame f = { .data = copy };
		uint64_t head;

		take_some(_metadata, self, 1);
		head = __atomic_load_n(&ctl->head, __ATOMIC_ACQUIRE);
		/* Every third one so old that its slot may be in use again. */
		head -= i % 3 || head < SLOTS ? 1 : SLOTS;
		f.rec = record[head & (self->st.ring_entries - 1)];
		if (__atomic_load_n(&gen[f.rec.slot], __ATOMIC_ACQUIRE) !=
		    f.rec.gen) {
			late++;
			continue;
		}
		memcpy(copy, slots + (size_t)f.rec.slot * self->st.slot_stride,
		       FRAME);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (gen[f.rec.slot] != f.rec.gen) {
			late++;
			continue;
		}
		EXPECT_TRUE(prbs_ok(&f, self->start.run));
		whole++;
	}
	EXPECT_LT(0, whole);
	EXPECT_LT(50, late);
	free(copy);
}

/* The controller goes; what it streamed stays for who watches. */
TEST_F(watch, observer_outlives_the_controller)
{
	const struct sono_record *record;
	const struct sono_ctl *ctl;
	struct sono_frame f;
	const char *slots;
	struct sono *next;

	observe(_metadata, self);
	ctl = map(self, self->st.ring_offset, self->st.ring_bytes, PROT_READ);
	slots = map(self, self->st.slots_offset, self->st.slots_bytes,
		    PROT_READ);
	ASSERT_NE(MAP_FAILED, ctl);
	ASSERT_NE(MAP_FAILED, slots);
	record = (const void *)((const char *)ctl + self->st.record_offset);
	ASSERT_LE(8, sono_wait(self->s, 8, 0));
	sono_close(self->s);
	self->s = NULL;
	EXPECT_EQ(SONO_STATE_ENDED, ctl->state);
	EXPECT_EQ(SONO_END_STOP, ctl->reason);
	ASSERT_LE(8, ctl->head);

	/* Another stream of another process does not touch it. */
	ASSERT_EQ(0, sono_open(&next, NODE, NULL, 0));
	ASSERT_EQ(0, sono_setup(next, SLOTS, FRAME));
	ASSERT_EQ(0, sono_config(next, &self->config));
	ASSERT_EQ(0, sono_start(next, &(struct sono_start){ 0 }));
	ASSERT_EQ(SLOTS, sono_wait(next, SLOTS, 0));
	sono_close(next);
	for (int i = 0; i < 8; i++) {
		f.rec = record[i];
		f.data = slots + (size_t)f.rec.slot * self->st.slot_stride;
		EXPECT_TRUE(prbs_ok(&f, self->start.run));
	}
}

static int arm(struct io_uring *ring, int fd, uint64_t pos, uint32_t frames,
	       uint32_t timeout_us)
{
	struct sono_arm a = { pos, frames, timeout_us };
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int ret;

	if (!sqe)
		return -EIO;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = SONO_CMD_ARM;
	memcpy(sqe->cmd, &a, sizeof(a));
	ret = io_uring_submit_and_wait(ring, 1);
	if (ret < 0)
		return ret;
	ret = io_uring_wait_cqe(ring, &cqe);
	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/* A starved board is for the controller to feed; others wait for frames. */
TEST_F(watch, observer_waits_through_starvation)
{
	struct io_uring ring;

	observe(_metadata, self);
	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	EXPECT_LE(4, arm(&ring, self->fd, 0, 4, 0));
	ASSERT_EQ(SLOTS, sono_wait(self->s, SLOTS, 0));
	EXPECT_EQ(SLOTS, sono_wait(self->s, SLOTS, 0));
	EXPECT_EQ(-ETIME, arm(&ring, self->fd, SLOTS, 1, 20000));
	ASSERT_EQ(0, sono_stop(self->s, &self->stop));
	EXPECT_EQ(0, arm(&ring, self->fd, SLOTS, 1, 0));
	io_uring_queue_exit(&ring);
}

/* --- read() and poll() -------------------------------------------------------- */

/* A frame that a late guest made the board drop has no record. */
static void next_record(struct __test_metadata *_metadata,
			const struct sono_record *rec, uint64_t *seq,
			uint64_t *records)
{
	ASSERT_EQ(*seq + rec->dropped, rec->seq);
	*seq = rec->seq + 1;
	++*records;
}

TEST_F(watch, read_gives_every_record)
{
	struct sono_record rec[3];
	uint64_t seq = 0, records = 0;
	ssize_t n;

	observe(_metadata, self);
	while (seq < 100) {
		take_some(_metadata, self, 1);
		n = read(self->fd, rec, sizeof(rec));
		ASSERT_LT(0, n);
		ASSERT_EQ(0, n % (ssize_t)sizeof(*rec));
		for (size_t i = 0; i < (size_t)n / sizeof(*rec); i++)
			next_record(_metadata, &rec[i], &seq, &records);
	}
	ASSERT_EQ(0, sono_stop(self->s, &self->stop));
	while ((n = read(self->fd, rec, sizeof(*rec))) > 0)
		next_record(_metadata, &rec[0], &seq, &records);
	EXPECT_EQ(0, n);
	EXPECT_EQ(self->stop.delivered, records);
}

TEST_F(watch, late_reader_sees_a_gap)
{
	struct sono_record rec;

	observe(_metadata, self);
	take_some(_metadata, self, 5 * SLOTS);
	ASSERT_EQ((ssize_t)sizeof(rec), read(self->fd, &rec, sizeof(rec)));
	/* The ring has the latest 31 of at least 80. */
	EXPECT_LE(5 * SLOTS - self->st.ring_entries + 1, rec.seq);
	EXPECT_LT(0, rec.seq);
}

TEST_F(watch, read_errors)
{
	void *nowhere = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	struct sono_record rec;

	ASSERT_NE(MAP_FAILED, nowhere);
	ASSERT_EQ(0, command(self->fd, SONO_CMD_OBSERVE, &self->st));
	EXPECT_EQ(-1, read(self->fd, &rec, sizeof(rec) - 1));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->fd, &rec, sizeof(rec)));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	take_some(_metadata, self, 2);
	EXPECT_EQ(-1, read(self->fd, nowhere, sizeof(rec)));
	EXPECT_EQ(EFAULT, errno);
	/* What could not be given is not lost. */
	ASSERT_EQ((ssize_t)sizeof(rec), read(self->fd, &rec, sizeof(rec)));
	EXPECT_EQ(0, rec.seq);
}

TEST_F(watch, poll_says_what_read_would)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	struct sono_record rec[SLOTS];

	ASSERT_EQ(0, command(self->fd, SONO_CMD_OBSERVE, &self->st));
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	ASSERT_EQ(1, poll(&p, 1, 5000));
	EXPECT_EQ(POLLIN, p.revents);
	ASSERT_EQ(0, sono_stop(self->s, &self->stop));
	while (read(self->fd, rec, sizeof(rec)) > 0)
		;
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLHUP, p.revents);
}

/* A stream that never ran ends with its controller, for those who wait. */
TEST_F(watch, idle_stream_ends_with_its_controller)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	struct sono_record rec;

	ASSERT_EQ(0, command(self->fd, SONO_CMD_OBSERVE, &self->st));
	EXPECT_EQ(0, poll(&p, 1, 0));
	sono_close(self->s);
	EXPECT_EQ(1, poll(&p, 1, 1000));
	EXPECT_EQ(POLLHUP, p.revents);
	alarm(5);
	EXPECT_EQ(0, read(self->fd, &rec, sizeof(rec)));
	alarm(0);
	ASSERT_EQ(0, sono_open(&self->s, NODE, NULL, 0));
}

TEST_HARNESS_MAIN

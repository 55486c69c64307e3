// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The board goes away and comes back: resets of its function, errors of its
 * link, sleep. Each time the run must end with its reason and its account, all
 * that was published must be right, and START alone must stream again.
 * "tests/kselftest/judge" compares the lines "# account", and the board's
 * transmit, with the board's log. One board, /dev/sono0, as root; aer_inject
 * where link errors are to be tested.
 *
 * Suspend to RAM only where SONO_SLEEP is set, to disk where SONO_SWAP is, which means
 * that there is a swap device and that the kernel knows it as the one to resume from.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <liburing.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "stream.h"
#include "sysfs.h"

#define NODE "/dev/sono0"
#define BOARD "/sys/class/sono/sono0/device/"
#define SLOTS 16
#define FRAME 16384
#define NO_END 60000000 /* [us] */

static const struct shape shape_16k = SHAPE_16K;

static bool counts(const char *name, unsigned long long to)
{
	uint64_t limit = now_ns() + 10 * NS_PER_S;

	while (sysfs_counter(name) < to) {
		if (now_ns() > limit)
			return false;
		usleep(1000);
	}
	return true;
}

/* --- a stream, and who watches it ------------------------------------------- */

struct stream {
	struct sono *s;
	struct table table;
	struct sono_config config;
	struct sono_start start;
	uint64_t taken; /* in this run */

	int fd; /* of an observer */
	struct io_uring ring; /* with its waits */
};

static void arm(struct stream *t, uint32_t timeout_us)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&t->ring);
	struct sono_arm a = { 1000000, 1, timeout_us };

	/* The ring is larger than what is ever on its way. */
	if (!sqe)
		abort();
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = t->fd;
	sqe->cmd_op = SONO_CMD_ARM;
	memcpy(sqe->cmd, &a, sizeof(a));
	io_uring_submit(&t->ring);
}

static int waited(struct stream *t)
{
	struct __kernel_timespec limit = { .tv_sec = 10 };
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe_timeout(&t->ring, &cqe, &limit);

	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(&t->ring, cqe);
	return ret;
}

/* All but CONFIG. */
static void prepare(struct __test_metadata *_metadata, struct stream *t,
		    const char *node, uint32_t slots)
{
	char why[256];

	memset(t, 0, sizeof(*t));
	ASSERT_EQ(0, sono_open(&t->s, node, why, sizeof(why)));
	ASSERT_EQ(0, table_make(&t->table, sono_info(t->s), &shape_16k));
	t->config = table_config(&t->table, SONO_CONFIG_PRBS);
	t->config.heartbeat_ms = 2000;
	t->config.irq_count = 2;
	ASSERT_EQ(0, sono_setup(t->s, slots, FRAME));
}

/* Configured twice, so that the table has another number than a first one. */
static void set_up(struct __test_metadata *_metadata, struct stream *t)
{
	prepare(_metadata, t, NODE, SLOTS);
	ASSERT_EQ(0, sono_config(t->s, &t->config));
	ASSERT_EQ(0, sono_config(t->s, &t->config));
	ASSERT_LE(2, t->config.cfg_gen);
}

static void watch(struct __test_metadata *_metadata, struct stream *t)
{
	struct sono_setup st;

	t->fd = open(NODE, O_RDWR);
	ASSERT_LE(0, t->fd);
	ASSERT_EQ(0, ioctl(t->fd, SONO_CMD_OBSERVE, &st));
	ASSERT_EQ(0, io_uring_queue_init(8, &t->ring, 0));
}

static void unwatch(struct stream *t)
{
	io_uring_queue_exit(&t->ring);
	close(t->fd);
}

static void tear_down(struct stream *t)
{
	sono_close(t->s);
	table_free(&t->table);
}

static void start(struct __test_metadata *_metadata, struct stream *t)
{
	t->start = (struct sono_start){ 0 };
	t->taken = 0;
	ASSERT_EQ(0, sono_start(t->s, &t->start));
}

/* Up to @n frames, each to its last byte; then sono_next()'s verdict. */
static int take_some(struct __test_metadata *_metadata, struct stream *t, int n)
{
	struct sono_frame f;
	int ret = 1;

	while (n-- && ret == 1) {
		ret = take(t->s, &f);
		if (ret != 1)
			break;
		EXPECT_TRUE(prbs_ok(&f, t->start.run));
		EXPECT_EQ(t->config.cfg_gen, f.rec.cfg_gen);
		EXPECT_EQ(0, f.rec.flags & SONO_RECORD_TX_OFF);
		sono_release(t->s, &f);
		t->taken++;
	}
	return ret;
}

static void closed(struct __test_metadata *_metadata, struct stream *t,
		   bool board_knows)
{
	struct sono_stop a = { 0 };

	ASSERT_EQ(0, sono_stop(t->s, &a));
	EXPECT_EQ(a.produced, a.delivered + a.dropped + a.lost);
	EXPECT_EQ(t->taken, a.delivered);
	EXPECT_EQ(0, a.lost);
	if (board_knows)
		printf("# account run=%u produced=%llu delivered=%llu dropped=%llu lost=%llu\n",
		       t->start.run, (unsigned long long)a.produced,
		       (unsigned long long)a.delivered,
		       (unsigned long long)a.dropped,
		       (unsigned long long)a.lost);
	fflush(stdout);
}

/* The run has ended, for this reason; what was published before is there. */
static void ended(struct __test_metadata *_metadata, struct stream *t,
		  uint32_t reason, bool board_knows)
{
	const struct sono_ctl *ctl = sono_ctl(t->s);

	EXPECT_EQ(-ENODATA, take_some(_metadata, t, 100000));
	EXPECT_EQ(SONO_STATE_ENDED, ctl->state);
	EXPECT_EQ(reason, ctl->reason);
	EXPECT_EQ(0, ctl->fault);
	closed(_metadata, t, board_knows);
}

static void streams_again(struct __test_metadata *_metadata, struct stream *t)
{
	start(_metadata, t);
	EXPECT_EQ(1, take_some(_metadata, t, 50));
	ASSERT_EQ(0, sono_stop(t->s, &(struct sono_stop){ 0 }));
	ended(_metadata, t, SONO_END_STOP, true);
}

static void works_afresh(struct __test_metadata *_metadata)
{
	struct stream t;

	set_up(_metadata, &t);
	streams_again(_metadata, &t);
	tear_down(&t);
}

/* Streams, does something that ends the run, streams again; waits end, too. */
static void interrupted(struct __test_metadata *_metadata, uint32_t reason,
			int (*by)(const void *), const void *arg,
			bool board_knows)
{
	struct pollfd p = { .events = POLLIN };
	struct stream t;

	set_up(_metadata, &t);
	watch(_metadata, &t);
	for (int i = 0; i < 2; i++) {
		start(_metadata, &t);
		arm(&t, 0);
		arm(&t, NO_END);
		EXPECT_EQ(1, take_some(_metadata, &t, 20));
		if (!board_knows)
			printf("# cut run=%u\n", t.start.run);
		EXPECT_EQ(0, by(arg));
		EXPECT_EQ(0, waited(&t));
		EXPECT_EQ(0, waited(&t));
		p.fd = t.fd;
		EXPECT_EQ(1, poll(&p, 1, 0));
		EXPECT_EQ(POLLHUP, p.revents & POLLHUP);
		ended(_metadata, &t, reason, board_knows);
	}
	streams_again(_metadata, &t);
	unwatch(&t);
	tear_down(&t);
}

/* --- reset of the function -------------------------------------------------- */

static int reset(const void *unused)
{
	(void)unused;
	return sysfs_put(BOARD "reset", "1");
}

FIXTURE(reset)
{
	unsigned long long resets;
};

FIXTURE_VARIANT(reset)
{
	const char *method;
};

FIXTURE_VARIANT_ADD(reset, function) { "flr" };
FIXTURE_VARIANT_ADD(reset, power) { "pm" };
FIXTURE_VARIANT_ADD(reset, bus) { "bus" };

FIXTURE_SETUP(reset)
{
	ASSERT_EQ(0, sysfs_put(BOARD "reset_method", variant->method));
	self->resets = sysfs_counter("resets");
}

FIXTURE_TEARDOWN(reset)
{
	EXPECT_LT(self->resets, sysfs_counter("resets"));
	EXPECT_EQ(0, sysfs_put(BOARD "reset_method", "default"));
}

TEST_F(reset, while_streaming)
{
	interrupted(_metadata, SONO_END_RESET, reset, NULL, true);
}

/* With the table loaded and no run; and a file that has nothing. */
TEST_F(reset, with_a_file_open)
{
	int other = open(NODE, O_RDWR);
	struct stream t;

	ASSERT_LE(0, other);
	set_up(_metadata, &t);
	ASSERT_EQ(0, reset(NULL));
	EXPECT_EQ(SONO_STATE_IDLE, sono_ctl(t.s)->state);
	streams_again(_metadata, &t);
	ASSERT_EQ(0, reset(NULL));
	/* A new table counts on from the one that was reloaded. */
	ASSERT_EQ(0, sono_config(t.s, &t.config));
	streams_again(_metadata, &t);
	tear_down(&t);
	close(other);
}

TEST_F(reset, with_nothing_open)
{
	ASSERT_EQ(0, reset(NULL));
	works_afresh(_metadata);
}

/* As often as can be, while a program starts and stops all the time. */
static void *reset_often(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		reset(NULL);
		usleep(20000);
	}
	return NULL;
}

TEST_F(reset, again_and_again)
{
	uint64_t limit = now_ns() + 4 * NS_PER_S;
	int enough = 0, runs = 0, cut_short = 0;
	pthread_t thread;
	struct stream t;
	int ret;

	set_up(_metadata, &t);
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_often, &enough));
	while (now_ns() < limit) {
		ret = sono_start(t.s, &t.start);
		t.taken = 0;
		/* Reset while it got its table. */
		if (ret == -EIO)
			continue;
		ASSERT_EQ(0, ret);
		runs++;
		/* A reset comes 20 ms after the last, 10 frames. */
		cut_short += take_some(_metadata, &t, 40) == -ENODATA;
		ASSERT_EQ(0, sono_stop(t.s, &(struct sono_stop){ 0 }));
		while (take_some(_metadata, &t, 1) == 1)
			;
		closed(_metadata, &t, true);
	}
	__atomic_store_n(&enough, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_LT(3, runs);
	EXPECT_LT(3, cut_short);
	printf("# %d runs, %d of them ended by a reset\n", runs, cut_short);
	streams_again(_metadata, &t);
	tear_down(&t);
}

/* Who follows it sees the run end between the board's leave and return. */
#define TRACING "/sys/kernel/tracing/"

static bool traced_in_order(const char *const *what, int n)
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512];
	int seen = 0;

	while (f && seen < n && fgets(line, sizeof(line), f))
		seen += !!strstr(line, what[seen]);
	if (f)
		fclose(f);
	if (seen < n)
		printf("# not traced: %s\n", what[seen]);
	return seen == n;
}

TEST_F(reset, is_traced)
{
	static const char *const events[] = {
		"sono_start: sono0",	    "sono_leave: sono0 away=reset",
		"sono_end: sono0 reason=6", "sono_return: sono0 away=\n",
		"sono_start: sono0",	    "sono_end: sono0 reason=1",
	};
	struct stream t;

	set_up(_metadata, &t);
	ASSERT_EQ(0, sysfs_put(TRACING "trace", "\n"));
	ASSERT_EQ(0, sysfs_put(TRACING "events/sono/enable", "1"));
	start(_metadata, &t);
	EXPECT_EQ(1, take_some(_metadata, &t, 10));
	EXPECT_EQ(0, reset(NULL));
	ended(_metadata, &t, SONO_END_RESET, true);
	streams_again(_metadata, &t);
	ASSERT_EQ(0, sysfs_put(TRACING "events/sono/enable", "0"));
	EXPECT_TRUE(traced_in_order(events, 6));
	tear_down(&t);
}

/* The driver comes and goes while somebody else resets its board. */
static void *reset_by_name(void *name)
{
	uint64_t limit = now_ns() + 2 * NS_PER_S;

	while (now_ns() < limit)
		sysfs_function_put(name, "reset", "1");
	return NULL;
}

TEST_F(reset, while_the_driver_goes)
{
	uint64_t limit = now_ns() + 2 * NS_PER_S;
	pthread_t thread;
	int rounds = 0;
	char name[32];

	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_by_name, name));
	while (now_ns() < limit) {
		ASSERT_EQ(0, sysfs_put(SYSFS_DRIVER "unbind", name));
		ASSERT_EQ(0, sysfs_put(SYSFS_DRIVER "bind", name));
		rounds++;
		usleep(20000);
	}
	pthread_join(thread, NULL);
	EXPECT_LT(2, rounds);
	ASSERT_EQ(0, access(NODE, F_OK));
	/* Its counters have begun anew. */
	self->resets = 0;
	ASSERT_EQ(0, reset(NULL));
	works_afresh(_metadata);
}

/* The process ends while its board is away. */
TEST_F(reset, while_the_process_dies)
{
	struct stream t;
	pid_t pid;

	for (int i = 0; i < 5; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			set_up(_metadata, &t);
			start(_metadata, &t);
			take_some(_metadata, &t, 100000);
			pause();
		}
		usleep(100000);
		if (!fork()) {
			usleep((useconds_t)i * 20000);
			kill(pid, SIGKILL);
			_exit(0);
		}
		ASSERT_EQ(0, reset(NULL));
		while (wait(NULL) > 0)
			;
	}
	works_afresh(_metadata);
}

/*
 * Every fifth reset of the second board hangs, of whatever kind. It is said at
 * once, and the next one brings the board back.
 */
TEST(does_not_come_back)
{
	const char *second = "/sys/class/sono/sono1/device/reset";
	int lost = 0, runs = 0, ret;
	struct stream t;

	if (access(second, W_OK))
		SKIP(return, "no second board");
	prepare(_metadata, &t, "/dev/sono1", SLOTS);
	while (sono_config(t.s, &t.config))
		ASSERT_EQ(0, sysfs_put(second, "1"));
	for (int i = 0; i < 14; i++) {
		uint64_t before;

		ASSERT_EQ(0, sysfs_put(second, "1"));
		if (runs)
			EXPECT_EQ(-ENODATA, take_some(_metadata, &t, 1000));
		before = now_ns();
		ret = sono_start(t.s, &t.start);
		EXPECT_GT(5 * NS_PER_S, now_ns() - before);
		if (ret == -EIO) {
			EXPECT_EQ(-EIO, sono_config(t.s, &t.config));
			lost++;
			EXPECT_STREQ("lost",
				     sysfs_get("/sys/class/sono/sono1/trouble"));
			continue;
		}
		ASSERT_EQ(0, ret);
		EXPECT_EQ(1, take_some(_metadata, &t, 10));
		runs++;
	}
	EXPECT_LE(2, lost);
	EXPECT_LE(lost, (int)sysfs_counter_of(1, "trouble_lost"));
	EXPECT_LE(10, runs);
	tear_down(&t);
}

/* --- errors of the link ----------------------------------------------------- */

static int inject(uint32_t uncorrectable, uint32_t correctable)
{
	char name[32];
	int ret = sysfs_function(name, sizeof(name));

	return ret ? ret : sysfs_aer_inject(name, uncorrectable, correctable);
}

/* As interrupted() wants it. */
static int break_link(const void *uncorrectable)
{
	return inject(*(const uint32_t *)uncorrectable, 0);
}

FIXTURE(link)
{
	unsigned long long errors, corrected;
};

FIXTURE_SETUP(link)
{
	if (access("/dev/aer_inject", W_OK))
		SKIP(return, "no aer_inject");
	self->errors = sysfs_counter("link_errors");
	self->corrected = sysfs_counter("link_corrected");
}

FIXTURE_TEARDOWN(link)
{
}

TEST_F(link, corrected_error)
{
	struct stream t;

	set_up(_metadata, &t);
	start(_metadata, &t);
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(1, take_some(_metadata, &t, 20));
		ASSERT_EQ(0, inject(0, AER_RECEIVER_ERROR));
	}
	EXPECT_EQ(1, take_some(_metadata, &t, 100));
	EXPECT_EQ(SONO_STATE_RUNNING, sono_ctl(t.s)->state);
	EXPECT_EQ(0, sono_ctl(t.s)->lost);
	EXPECT_LT(self->corrected, sysfs_counter("link_corrected"));
	EXPECT_EQ(self->errors, sysfs_counter("link_errors"));
	tear_down(&t);
}

TEST_F(link, error_that_is_not_fatal)
{
	const uint32_t error = AER_COMPLETION_TIMEOUT;

	interrupted(_metadata, SONO_END_LINK, break_link, &error, true);
	EXPECT_EQ(self->errors + 2, sysfs_counter("link_errors"));
	works_afresh(_metadata);
}

TEST_F(link, fatal_error)
{
	const uint32_t error = AER_MALFORMED_TLP;

	interrupted(_metadata, SONO_END_LINK, break_link, &error, false);
	EXPECT_EQ(self->errors + 2, sysfs_counter("link_errors"));
	works_afresh(_metadata);
}

TEST_F(link, fatal_error_with_nothing_open)
{
	ASSERT_TRUE(sysfs_becomes(BOARD "power/runtime_status", "suspended", 10));
	works_afresh(_metadata);
	ASSERT_EQ(0, inject(AER_MALFORMED_TLP, 0));
	/* Before that nobody knows; a CONFIG on its way would be -EIO. */
	ASSERT_TRUE(counts("link_errors", self->errors + 1));
	works_afresh(_metadata);
	EXPECT_EQ(self->errors + 1, sysfs_counter("link_errors"));
}

/* The file is closed, and another opened, before the link has recovered. */
TEST_F(link, fatal_error_and_a_quick_end)
{
	struct stream t;

	set_up(_metadata, &t);
	start(_metadata, &t);
	EXPECT_EQ(1, take_some(_metadata, &t, 20));
	printf("# cut run=%u\n", t.start.run);
	fflush(stdout);
	ASSERT_EQ(0, inject(AER_MALFORMED_TLP, 0));
	ASSERT_TRUE(counts("link_errors", self->errors + 1));
	tear_down(&t);
	works_afresh(_metadata);
}

/*
 * The third board's reads fail from 300 ms on, and the error that says why comes
 * late: after the heartbeat has looked, at 500 ms.
 */
TEST_F(link, fatal_error_after_its_first_symptom)
{
	struct stream t;
	uint64_t begun;
	char name[32];

	if (sysfs_function_of(2, name, sizeof(name)))
		SKIP(return, "no third board");
	prepare(_metadata, &t, "/dev/sono2", SLOTS);
	ASSERT_EQ(0, sono_config(t.s, &t.config));
	begun = now_ns();
	start(_metadata, &t);
	EXPECT_EQ(1, take_some(_metadata, &t, 20));
	while (now_ns() - begun < NS_PER_S * 11 / 20)
		usleep(1000);
	ASSERT_EQ(0, sysfs_aer_inject(name, AER_MALFORMED_TLP, 0));
	EXPECT_EQ(-ENODATA, take_some(_metadata, &t, 100000));
	EXPECT_EQ(SONO_STATE_ENDED, sono_ctl(t.s)->state);
	EXPECT_EQ(SONO_END_LINK, sono_ctl(t.s)->reason);
	EXPECT_EQ(0, sono_ctl(t.s)->fault);
	start(_metadata, &t);
	EXPECT_EQ(1, take_some(_metadata, &t, 50));
	tear_down(&t);
}

/* One that sends no interrupt holds it up for over two seconds. */
static void *self_test(void *unused)
{
	(void)unused;
	sysfs_put("/sys/class/sono/sono3/selftest_interrupt", "1");
	return NULL;
}

/* Who writes a slot writes its start. */
static int slots_written(struct sono *s, useconds_t watched)
{
	const struct sono_setup *st = &s->setup;
	uint8_t mark[64];
	int written = 0;

	memset(mark, 0xa5, sizeof(mark));
	for (uint32_t i = 0; i < st->slots; i++)
		memcpy(s->slots + (size_t)i * st->slot_stride, mark,
		       sizeof(mark));
	usleep(watched);
	for (uint32_t i = 0; i < st->slots; i++)
		written += !!memcmp(s->slots + (size_t)i * st->slot_stride,
				    mark, sizeof(mark));
	return written;
}

/*
 * The fourth board sends no interrupts, so that a self test of them keeps the
 * driver from more than taking the bus from it: that must do, at once.
 */
TEST_F(link, fatal_error_takes_the_bus_first)
{
	const struct shape slow = { 15, 544, 1, 1000000, 7 };
	unsigned long long errors;
	pthread_t thread;
	struct stream t;
	char name[32];

	if (sysfs_function_of(3, name, sizeof(name)))
		SKIP(return, "no fourth board");
	prepare(_metadata, &t, "/dev/sono3", 256);
	table_free(&t.table);
	ASSERT_EQ(0, table_make(&t.table, sono_info(t.s), &slow));
	t.config = table_config(&t.table, SONO_CONFIG_PRBS);
	ASSERT_EQ(0, sono_config(t.s, &t.config));
	errors = sysfs_counter_of(3, "link_errors");
	/* Without a heartbeat to keep: it streams on. */
	t.start.flags = SONO_START_TX_OFF;
	ASSERT_EQ(0, sono_start(t.s, &t.start));
	ASSERT_EQ(0, pthread_create(&thread, NULL, self_test, NULL));
	usleep(200000);
	EXPECT_LT(5, slots_written(t.s, 300000));
	ASSERT_EQ(0, sysfs_aer_inject(name, AER_MALFORMED_TLP, 0));
	while (sysfs_counter_of(3, "link_errors") == errors)
		ASSERT_EQ(SONO_STATE_RUNNING, sono_ctl(t.s)->state) usleep(1000);
	usleep(50000);
	EXPECT_EQ(0, slots_written(t.s, 300000));
	/* All that in the midst of the self test, and of the run. */
	EXPECT_EQ(SONO_STATE_RUNNING, sono_ctl(t.s)->state);
	pthread_join(thread, NULL);
	while (sono_ctl(t.s)->state == SONO_STATE_RUNNING)
		usleep(1000);
	EXPECT_EQ(SONO_END_LINK, sono_ctl(t.s)->reason);
	EXPECT_EQ(0, sono_start(t.s, &t.start));
	tear_down(&t);
}

/* Causes overlap as they will; the board is back when the last is over. */
TEST_F(link, errors_and_resets_at_once)
{
	static const uint32_t errors[][2] = {
		/* uncorrectable, correctable */
		{ AER_MALFORMED_TLP, 0 },
		{ AER_COMPLETION_TIMEOUT, 0 },
		{ 0, AER_RECEIVER_ERROR },
	};
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	int enough = 0, runs = 0, i = 0, ret;
	pthread_t thread;
	struct stream t;

	set_up(_metadata, &t);
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_often, &enough));
	while (now_ns() < limit) {
		ret = sono_start(t.s, &t.start);
		t.taken = 0;
		if (ret == -EIO)
			continue;
		ASSERT_EQ(0, ret);
		printf("# cut run=%u\n", t.start.run);
		runs++;
		take_some(_metadata, &t, 5);
		EXPECT_EQ(0, inject(errors[i % 3][0], errors[i % 3][1]));
		i++;
		take_some(_metadata, &t, 20);
		ASSERT_EQ(0, sono_stop(t.s, &(struct sono_stop){ 0 }));
		while (take_some(_metadata, &t, 1) == 1)
			;
		closed(_metadata, &t, false);
	}
	__atomic_store_n(&enough, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_LT(3, runs);
	printf("# %d runs\n", runs);
	fflush(stdout);
	/* The last error may still be on its way. */
	sleep(1);
	streams_again(_metadata, &t);
	tear_down(&t);
	works_afresh(_metadata);
}

/* --- an idle board rests ---------------------------------------------------- */

#define STATUS BOARD "power/runtime_status"

TEST(rests_when_not_open)
{
	unsigned long long sleeps;
	struct stream t;

	set_up(_metadata, &t);
	start(_metadata, &t);
	EXPECT_EQ(1, take_some(_metadata, &t, 10));
	/* Not while a file is open, be it idle. */
	ASSERT_EQ(0, sono_stop(t.s, &(struct sono_stop){ 0 }));
	sleep(3);
	EXPECT_STREQ("active", sysfs_get(STATUS));
	tear_down(&t);
	sleeps = sysfs_counter("sleeps");
	ASSERT_TRUE(sysfs_becomes(STATUS, "suspended", 10));
	EXPECT_EQ(sleeps + 1, sysfs_counter("sleeps"));
	works_afresh(_metadata);
	EXPECT_STREQ("active", sysfs_get(STATUS));
}

/* Its sensors wake it, and so does a reset. */
TEST(is_woken_for_its_sensors)
{
	const char *path = "/sys/class/hwmon/hwmon0/temp1_input";

	ASSERT_TRUE(sysfs_becomes(STATUS, "suspended", 10));
	EXPECT_LT(20000, atoi(sysfs_get(path)));
	EXPECT_STREQ("active", sysfs_get(STATUS));
	ASSERT_TRUE(sysfs_becomes(STATUS, "suspended", 10));
	EXPECT_EQ(0, reset(NULL));
	works_afresh(_metadata);
}

/* --- the system sleeps ------------------------------------------------------ */

static int sleep_as(const char *state)
{
	return sysfs_put("/sys/power/state", state);
}

static int sleep_tested(const void *state)
{
	int ret;

	sysfs_put("/sys/module/suspend/parameters/pm_test_delay", "1");
	if (sysfs_put("/sys/power/pm_test", "devices"))
		return -EIO;
	ret = sleep_as(state);
	sysfs_put("/sys/power/pm_test", "none");
	return ret;
}

/* Two seconds to RAM. */
static int sleep_deep(const void *unused)
{
	(void)unused;
	sysfs_put("/sys/class/rtc/rtc0/wakealarm", "0");
	if (sysfs_put("/sys/class/rtc/rtc0/wakealarm", "+2"))
		return -EIO;
	return sleep_as("mem");
}

/* Devices go through all of it, but the system wakes at once. */
TEST(devices_sleep)
{
	interrupted(_metadata, SONO_END_SLEEP, sleep_tested, "mem", true);
}

TEST(devices_freeze)
{
	interrupted(_metadata, SONO_END_SLEEP, sleep_tested, "freeze", true);
}

/* Frozen for an image, and thawed. */
TEST(devices_hibernate)
{
	if (!strstr(sysfs_get("/sys/power/state"), "disk"))
		SKIP(return, "this kernel does not hibernate");
	interrupted(_metadata, SONO_END_SLEEP, sleep_tested, "disk", true);
}

TEST(devices_sleep_with_nothing_open)
{
	ASSERT_TRUE(sysfs_becomes(STATUS, "suspended", 10));
	ASSERT_EQ(0, sleep_tested("mem"));
	works_afresh(_metadata);
}

FIXTURE(deep)
{
};

FIXTURE_SETUP(deep)
{
	if (!getenv("SONO_SLEEP"))
		SKIP(return, "SONO_SLEEP does not say that this may sleep");
}

FIXTURE_TEARDOWN(deep)
{
}

TEST_F(deep, while_streaming)
{
	interrupted(_metadata, SONO_END_SLEEP, sleep_deep, NULL, true);
}

TEST_F(deep, with_a_file_open)
{
	struct stream t;

	set_up(_metadata, &t);
	ASSERT_EQ(0, sleep_deep(NULL));
	streams_again(_metadata, &t);
	tear_down(&t);
}

TEST_F(deep, with_nothing_open)
{
	ASSERT_TRUE(sysfs_becomes(STATUS, "suspended", 10));
	ASSERT_EQ(0, sleep_deep(NULL));
	works_afresh(_metadata);
}

/*
 * The image is written to the swap device and read again at once: this kernel goes
 * on from it as if another had started it.
 */
static int sleep_to_disk(const void *unused)
{
	(void)unused;
	return sysfs_put("/sys/power/disk", "test_resume") ?: sleep_as("disk");
}

FIXTURE(to_disk)
{
};

FIXTURE_SETUP(to_disk)
{
	if (!getenv("SONO_SWAP"))
		SKIP(return, "SONO_SWAP does not say that there is a disk for it");
}

FIXTURE_TEARDOWN(to_disk)
{
}

TEST_F_TIMEOUT(to_disk, while_streaming, 120)
{
	struct stream t;

	set_up(_metadata, &t);
	start(_metadata, &t);
	EXPECT_EQ(1, take_some(_metadata, &t, 20));
	EXPECT_EQ(0, sleep_to_disk(NULL));
	ended(_metadata, &t, SONO_END_SLEEP, true);
	streams_again(_metadata, &t);
	tear_down(&t);
}

TEST_F_TIMEOUT(to_disk, with_nothing_open, 120)
{
	ASSERT_TRUE(sysfs_becomes(STATUS, "suspended", 10));
	ASSERT_EQ(0, sleep_to_disk(NULL));
	works_afresh(_metadata);
}

TEST_HARNESS_MAIN

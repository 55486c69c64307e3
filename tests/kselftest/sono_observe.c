// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Observers: two processes watch a stream at different speeds and look at
 * every byte of every frame they accept, while the board overwrites the slots
 * under them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "stream.h"

#define SLOTS 256
/* Frames that the controller keeps before it releases them: 38 ms. */
#define KEEP 64
#define FRAME 16384
#define FRAMES 20000

static const struct shape shape = { 15, 544, 1, 60000, 5 };

/*
 * A kernel that looks for errors is slower (SONO_PATIENCE): so many times fewer
 * frames then come in the same time, and are kept as long as otherwise.
 */
#define PATIENCE 8

static unsigned int patience(void)
{
	return getenv("SONO_PATIENCE") ? PATIENCE : 1;
}

/* In the middle of a frame, at random up to this: often enough too long. */
#define SLOW_US 80000

/**
 * struct seen - what an observer tells at its end
 * @accepted: frames whose copy was whole by its own word
 * @torn: of them, with a byte that is not the board's
 * @rejected: copies that were overwritten meanwhile, by its own word
 * @missed: records it came too late for
 */
struct seen {
	uint64_t accepted;
	uint64_t torn;
	uint64_t rejected;
	uint64_t missed;
};

/* In two halves, with time between them for the board to write. */
static void observe_frame(struct sono *s, const struct sono_frame *f,
			  uint32_t run, useconds_t pause, struct seen *seen)
{
	static _Alignas(64) char copy[FRAME];
	const struct sono_frame own = { .rec = f->rec, .data = copy };

	memcpy(copy, f->data, FRAME / 2);
	if (pause)
		usleep(pause);
	memcpy(copy + FRAME / 2, (const char *)f->data + FRAME / 2, FRAME / 2);
	if (!sono_intact(s, f)) {
		seen->rejected++;
		return;
	}
	seen->accepted++;
	seen->torn += !prbs_ok(&own, run);
}

/**
 * struct observer - a process that watches
 * @pid: of it
 * @go: it reads the number of the run from here
 * @tell: it tells that it is ready, and at its end what it has seen
 */
struct observer {
	pid_t pid;
	int go[2];
	int tell[2];
};

static int observe_run(struct sono *s, uint32_t run, bool slow,
		       struct seen *seen)
{
	uint64_t random = 88172645463325252ull;
	struct sono_frame f;

	for (;;) {
		useconds_t pause = slow ? random_next(&random) % SLOW_US : 0;
		int ret = sono_next(s, &f);

		if (ret == 1)
			observe_frame(s, &f, run, pause, seen);
		else if (ret == -ENODATA)
			break;
		else if (sono_wait(s, 1, 200000) == -ENODEV)
			return 2;
	}
	seen->missed = sono_stats(s)->missed;
	return 0;
}

static int observer_main(const struct observer *o, bool slow)
{
	struct seen seen = { 0 };
	struct sono *s;
	uint32_t run;
	int ret;

	if (sono_open(&s, source_name(), NULL, 0) || sono_observe(s) ||
	    write(o->tell[1], "r", 1) != 1 ||
	    read(o->go[0], &run, sizeof(run)) != sizeof(run))
		return 1;
	ret = observe_run(s, run, slow, &seen);
	sono_close(s);
	if (write(o->tell[1], &seen, sizeof(seen)) != sizeof(seen))
		return 1;
	return ret;
}

/* Forks; the observer is attached when this returns. */
static int observer_start(struct observer *o, bool slow)
{
	char c;

	if (pipe(o->go) || pipe(o->tell))
		return -errno;
	o->pid = fork();
	if (!o->pid)
		_exit(observer_main(o, slow));
	return o->pid < 0 || read(o->tell[0], &c, 1) != 1 ? -EIO : 0;
}

static int observer_end(struct observer *o, struct seen *seen)
{
	int status;

	if (read(o->tell[0], seen, sizeof(*seen)) != sizeof(*seen) ||
	    waitpid(o->pid, &status, 0) != o->pid)
		return -EIO;
	return status;
}

/**
 * struct controlled - how it went for who consumes
 * @gaps: frames that were not delivered; UINT64_MAX if they ended
 * @behind: most records that waited for it
 */
struct controlled {
	uint64_t gaps;
	uint64_t behind;
};

/* Takes frames and gives them back a little later. */
static struct controlled control(struct sono *s, uint64_t frames)
{
	static struct sono_frame kept[KEEP];
	const unsigned int keep = KEEP / patience();
	struct controlled c = { 0 };
	uint64_t behind;

	for (uint64_t n = 0; n < frames; n++) {
		struct sono_frame *f = &kept[n % keep];

		if (n >= keep)
			sono_release(s, f);
		if (take(s, f) != 1)
			return (struct controlled){ .gaps = UINT64_MAX };
		c.gaps += f->rec.dropped + f->rec.lost;
		behind = __atomic_load_n(&sono_ctl(s)->head, __ATOMIC_RELAXED) -
			 s->pos;
		if (behind > c.behind)
			c.behind = behind;
	}
	for (uint64_t n = 0; n < keep && n < frames; n++)
		sono_release(s, &kept[n]);
	return c;
}

FIXTURE(watched)
{
	struct sono *s;
	struct table table;
	struct sono_start start;
};

FIXTURE_SETUP(watched)
{
	struct shape slow = shape;
	struct sono_config config;

	slow.period *= patience();
	memset(&self->start, 0, sizeof(self->start));
	ASSERT_EQ(0, sono_open(&self->s, source_name(), NULL, 0));
	ASSERT_EQ(0, sono_setup(self->s, SLOTS, FRAME));
	ASSERT_EQ(0, table_make(&self->table, sono_info(self->s), &slow));
	config = table_config(&self->table, SONO_CONFIG_PRBS);
	/* A machine that stands still for a second is not what is tested. */
	config.heartbeat_ms = sono_info(self->s)->heartbeat_max;
	ASSERT_EQ(0, sono_config(self->s, &config));
}

FIXTURE_TEARDOWN(watched)
{
	sono_close(self->s);
	table_free(&self->table);
}

TEST_F_TIMEOUT(watched, two_observers_accept_no_torn_frame, 120)
{
	struct observer o[2];
	struct sono_stop stop;
	struct controlled c;
	struct seen seen[2];

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, observer_start(&o[i], i == 1));
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ((ssize_t)sizeof(self->start.run),
			  write(o[i].go[1], &self->start.run,
				sizeof(self->start.run)));
	c = control(self->s, FRAMES / patience());
	ASSERT_EQ(0, sono_stop(self->s, &stop));
	/*
	 * However many watch, the one who consumes loses nothing, unless it was
	 * itself so late that half of the slots waited for it.
	 */
	EXPECT_TRUE(!c.gaps || (c.gaps != UINT64_MAX && c.behind > SLOTS / 2))
	{
		TH_LOG("%llu not delivered, %llu behind at most",
		       (unsigned long long)c.gaps,
		       (unsigned long long)c.behind);
	}
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, observer_end(&o[i], &seen[i]));
		printf("# observer %d: accepted %llu, torn %llu, rejected %llu, missed %llu\n",
		       i, (unsigned long long)seen[i].accepted,
		       (unsigned long long)seen[i].torn,
		       (unsigned long long)seen[i].rejected,
		       (unsigned long long)seen[i].missed);
		EXPECT_EQ(0, seen[i].torn);
		/* Every record is one of the three. */
		EXPECT_EQ(stop.delivered, seen[i].accepted + seen[i].rejected +
						  seen[i].missed);
	}
	/* The one that does not sleep sees several times as many. */
	EXPECT_LE(3 * seen[1].accepted, seen[0].accepted);
	/*
	 * The slow one must often have been overtaken, in the middle of a frame
	 * too, and often not, or nothing was shown.
	 */
	EXPECT_LE(50, seen[1].accepted);
	EXPECT_LE(20, seen[1].rejected);
	EXPECT_LE(50, seen[1].missed);
}

TEST_F(watched, cancel_is_ones_own)
{
	struct sono *o;

	ASSERT_EQ(0, sono_open(&o, source_name(), NULL, 0));
	ASSERT_EQ(0, sono_observe(o));
	EXPECT_EQ(0, o->ops->command(o, SONO_CMD_CANCEL, NULL));
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	EXPECT_LE(1, sono_wait(o, 1, 1000000));
	EXPECT_EQ(0, control(self->s, 10).gaps);
	sono_close(o);
}

/* A read that waits gets the first record there is. */
TEST_F(watched, read_waits)
{
	struct sono_record rec;
	struct sono_setup st;
	int status, fd;
	pid_t pid;

	fd = open(source_name(), O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, SONO_CMD_OBSERVE, &st));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(read(fd, &rec, sizeof(rec)) != sizeof(rec) || rec.seq);
	usleep(50000);
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	EXPECT_EQ(0, control(self->s, 10).gaps);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(fd);
}

TEST_HARNESS_MAIN

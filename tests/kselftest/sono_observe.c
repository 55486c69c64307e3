// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Observers: two processes watch a stream at different speeds and look at
 * every byte of every frame they accept, while the board overwrites the slots
 * under them. And what an observer may not do, and read() and poll().
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "stream.h"

#define SLOTS 16
#define FRAME 16384
#define FRAMES 20000

/* 0.6 ms a frame: the controller keeps up, the slow observer does not. */
static const struct shape shape = { 15, 544, 1, 60000, 5 };

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

static void observe_frame(struct sono *s, const struct sono_frame *f,
			  uint32_t run, useconds_t pause, struct seen *seen)
{
	static char copy[FRAME];
	struct sono_frame own = { .rec = f->rec, .data = copy };

	/* In two halves, with time between them for the board to write. */
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

/* A process of its own: watch until the run ends, tell, exit. */
static void observer(uint32_t run, useconds_t pause, int ready, int tell)
{
	struct seen seen = { 0 };
	struct sono_frame f;
	struct sono *s;
	int ret;

	if (sono_open(&s, source_name(), NULL, 0) || sono_observe(s))
		_exit(1);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;) {
		ret = sono_next(s, &f);
		if (ret == 1)
			observe_frame(s, &f, run, pause, &seen);
		else if (ret == -ENODATA)
			break;
		else if (sono_wait(s, 1, 200000) < 0 && errno == ENODEV)
			_exit(2);
	}
	seen.missed = sono_stats(s)->missed;
	sono_close(s);
	_exit(write(tell, &seen, sizeof(seen)) == sizeof(seen) ? 0 : 1);
}

FIXTURE(watched)
{
	struct sono *s;
	struct table table;
	struct sono_start start;
	int ready[2], tell[2][2];
};

FIXTURE_SETUP(watched)
{
	struct sono_config config;

	memset(&self->start, 0, sizeof(self->start));
	ASSERT_EQ(0, sono_open(&self->s, source_name(), NULL, 0));
	ASSERT_EQ(0, sono_setup(self->s, SLOTS, FRAME));
	ASSERT_EQ(0, table_make(&self->table, sono_info(self->s), &shape));
	config = table_config(&self->table, SONO_CONFIG_PRBS);
	ASSERT_EQ(0, sono_config(self->s, &config));
	ASSERT_EQ(0, pipe(self->ready));
	ASSERT_EQ(0, pipe(self->tell[0]));
	ASSERT_EQ(0, pipe(self->tell[1]));
}

FIXTURE_TEARDOWN(watched)
{
	sono_close(self->s);
	table_free(&self->table);
}

/* Takes all @frames and gives them back at once. Frames it did not get. */
static uint64_t control(struct sono *s, uint64_t frames)
{
	struct sono_frame f;
	uint64_t gaps = 0;

	for (uint64_t n = 0; n < frames; n++) {
		if (take(s, &f) != 1)
			return UINT64_MAX;
		gaps += f.rec.dropped + f.rec.lost;
		sono_release(s, &f);
	}
	return gaps;
}

TEST_F_TIMEOUT(watched, two_observers_accept_no_torn_frame, 120)
{
	static const useconds_t pause[2] = { 0, 4000 };
	struct sono_stop stop;
	struct seen seen;
	pid_t pid[2];
	char c;

	ASSERT_EQ(0, sono_start(self->s, &self->start));
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i])
			observer(self->start.run, pause[i], self->ready[1],
				 self->tell[i][1]);
	}
	/* Nobody needs to take frames for an observer to attach. */
	ASSERT_EQ(1, read(self->ready[0], &c, 1));
	ASSERT_EQ(1, read(self->ready[0], &c, 1));
	/* What was dropped while the observers came is not the controller's. */
	control(self->s, SLOTS);
	EXPECT_EQ(0, sono_stop(self->s, &stop));

	ASSERT_EQ(0, waitpid(-1, NULL, WNOHANG) > 0);
	for (int i = 0; i < 2; i++) {
		int status;

		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		ASSERT_EQ(0, status);
		ASSERT_EQ((ssize_t)sizeof(seen),
			  read(self->tell[i][0], &seen, sizeof(seen)));
		EXPECT_EQ(0, seen.torn);
	}
}

TEST_HARNESS_MAIN

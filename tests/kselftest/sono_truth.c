// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Ring truth: many frames, every byte of every one looked at, by a consumer
 * that pauses at random moments and by one that keeps up. What was delivered
 * and what was reported must be what the board's own log says it produced:
 * "tests/kselftest/judge account" compares it with the lines printed here.
 *
 *	sono_truth [-s]		-s: a tenth of the frames
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

/**
 * struct run - one run
 * @name: what it shows
 * @shape: of its frames
 * @slots: it has
 * @frames: to take
 * @pause_every: pauses once in so many frames, at random; 0: never
 * @pause_ms: for so long at most; the slots do not last as long
 */
struct run {
	const char *name;
	struct shape shape;
	uint32_t slots;
	uint64_t frames;
	uint32_t pause_every;
	uint32_t pause_ms;
};

/* A cardiac frame: 7 transmit events, 64 channels, 2562 samples: 2.3 MB. */
#define CARDIAC(frame_ms) { 64, 2562, 7, (frame_ms) * 100000 / 7, 3 }

/*
 * The last has time: where every byte is bounced, and looked at, an emulated
 * processor of a busy machine takes 60 ms for a frame.
 */
static const struct run runs[] = {
	{ "16 KiB, pausing", { 15, 544, 1, 60000, 1 }, 32, 20000, 500, 60 },
	{ "16 KiB, keeping up", { 15, 544, 1, 60000, 2 }, 1024, 10000, 0, 0 },
	{ "cardiac, pausing", CARDIAC(25), 8, 200, 20, 500 },
	{ "cardiac, keeping up", CARDIAC(100), 64, 200, 0, 0 },
};

/**
 * struct count - what the consumer has seen
 * @frames: taken
 * @dropped: reported with them
 * @lost: likewise
 * @wrong: frames with a byte that is not the board's
 * @next_seq: of the next frame if none is dropped
 * @broken: frames whose number is not what the gap before it says
 */
struct count {
	uint64_t frames;
	uint64_t dropped;
	uint64_t lost;
	uint64_t wrong;
	uint64_t next_seq;
	uint64_t broken;
};

static void look_at(struct count *c, const struct sono_frame *f, uint32_t run)
{
	c->frames++;
	c->dropped += f->rec.dropped;
	c->lost += f->rec.lost;
	c->wrong += !prbs_ok(f, run);
	c->broken += f->rec.seq !=
		     c->next_seq + f->rec.dropped + f->rec.lost;
	c->next_seq = f->rec.seq + 1;
}

/* At random moments for a random time; and once long enough for drops. */
static void pause_maybe(const struct run *r, bool middle, uint64_t *random)
{
	uint32_t limit_us = r->pause_ms * 1000;

	if (!r->pause_every)
		return;
	if (middle)
		usleep(limit_us);
	else if (random_next(random) % r->pause_every == 0)
		usleep(random_next(random) % limit_us);
}

/* Takes the run's frames, stops, and takes what is left. */
static int consume(struct sono *s, const struct run *r, uint64_t frames,
		   uint32_t run, uint64_t *random, struct count *c,
		   struct sono_stop *stop)
{
	struct sono_frame f;
	int ret;

	while (c->frames < frames) {
		ret = take(s, &f);
		if (ret != 1)
			return ret;
		look_at(c, &f, run);
		sono_release(s, &f);
		pause_maybe(r, c->frames == frames / 2, random);
	}
	ret = sono_stop(s, stop);
	if (ret)
		return ret;
	while (sono_next(s, &f) == 1) {
		look_at(c, &f, run);
		sono_release(s, &f);
	}
	return 0;
}

static bool holds(const char *what, bool condition)
{
	if (!condition)
		printf("# not so: %s\n", what);
	return condition;
}

static bool account_ok(const struct run *r, const struct count *c,
		       const struct sono_stop *a)
{
	bool ok = true;

	ok &= holds("every byte is the board's", !c->wrong);
	ok &= holds("numbers follow the gaps", !c->broken);
	ok &= holds("delivered + dropped + lost = produced",
		    a->delivered + a->dropped + a->lost == a->produced);
	ok &= holds("every record was taken", c->frames == a->delivered);
	/* What is dropped after the last record has no record to say so. */
	ok &= holds("records report what was dropped before them",
		    c->next_seq - c->frames == c->dropped &&
			    c->dropped <= a->dropped);
	ok &= holds("nothing is lost", !a->lost && !c->lost);
	if (r->pause_every)
		ok &= holds("pausing drops", c->dropped > 0);
	else
		ok &= holds("keeping up drops none", !a->dropped);
	return ok;
}

static int begin(struct sono **s, const struct run *r, struct sono_start *start)
{
	struct sono_config config;
	struct table t;
	int ret;

	ret = sono_open(s, source_name(), NULL, 0);
	if (ret)
		return ret;
	ret = table_make(&t, sono_info(*s), &r->shape);
	if (ret)
		return ret;
	config = table_config(&t, SONO_CONFIG_PRBS);
	/* A machine that stands still for a second is not what is tested. */
	config.heartbeat_ms = sono_info(*s)->heartbeat_max;
	config.irq_count = r->slots / 8;
	ret = sono_setup(*s, r->slots, t.head->frame_bytes);
	if (!ret)
		ret = sono_config(*s, &config);
	if (!ret)
		ret = sono_start(*s, start);
	table_free(&t);
	return ret;
}

static bool do_run(const struct run *r, uint64_t frames, uint64_t *random)
{
	struct sono_start start = { 0 };
	struct sono_stop a = { 0 };
	struct count c = { 0 };
	uint64_t began = now_ns();
	struct sono *s = NULL;
	int ret;

	ret = begin(&s, r, &start);
	if (!ret)
		ret = consume(s, r, frames, start.run, random, &c, &a);
	if (ret)
		printf("# after %llu frames: %s\n",
		       (unsigned long long)c.frames, strerror(-ret));
	printf("# account run=%u produced=%llu delivered=%llu dropped=%llu lost=%llu\n",
	       start.run, a.produced, a.delivered, a.dropped, a.lost);
	printf("# %s: %llu ms, %llu waits, %llu kicks\n", r->name,
	       (unsigned long long)((now_ns() - began) / 1000000),
	       s ? (unsigned long long)sono_stats(s)->waits : 0,
	       s ? (unsigned long long)sono_stats(s)->kicks : 0);
	sono_close(s);
	return !ret && account_ok(r, &c, &a);
}

int main(int argc, char **argv)
{
	const size_t n = sizeof(runs) / sizeof(*runs);
	uint64_t part = argc > 1 && !strcmp(argv[1], "-s") ? 10 : 1;
	uint64_t random;
	int failed = 0;

	printf("TAP version 13\n1..%zu\n", n);
	random = random_seed(20260101);
	for (size_t i = 0; i < n; i++) {
		bool ok = do_run(&runs[i], runs[i].frames / part, &random);

		printf("%s %zu %s, %llu frames\n", ok ? "ok" : "not ok", i + 1,
		       runs[i].name,
		       (unsigned long long)(runs[i].frames / part));
		fflush(stdout);
		failed |= !ok;
	}
	return failed;
}

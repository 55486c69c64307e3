// SPDX-License-Identifier: MIT
/*
 * What crosses the link: tables to the board, frames of its pseudo-random
 * pattern from it, compared word by word.
 */
#include <errno.h>
#include <string.h>

#include "capture.h"
#include "sono_regs.h"
#include "words.h"

#define TABLES 128
#define FRAMES 100
#define RATE_FRAMES 60

/* From a page to what a picture takes. */
static const struct diag_shots shapes[] = {
	{ .events = 1, .samples = 64, .rate = 400 },
	{ .events = 4, .samples = 512, .rate = 200 },
	{ .events = 8, .samples = 1024, .rate = 50 },
};

#define SHAPES (sizeof(shapes) / sizeof(*shapes))

/* The same for every shape: nobody listens. */
static struct diag_shots receive_only(const struct diag_shots *shape)
{
	struct diag_shots s = *shape;

	s.first = DIAG_NO_ELEMENT;
	s.voltage = 1;
	s.frequency = 1e6;
	return s;
}

static bool compare(struct diag_capture *c, const struct sono_frame *f)
{
	diag_words_add(c->arg, c, f);
	return true;
}

static bool tables_arrive(struct diag_capture *c)
{
	for (int i = 0; i < TABLES; i++) {
		const struct diag_shots s =
			receive_only(&shapes[i % 4 ? 0 : i / 4 % SHAPES]);

		if (diag_load(c, &s))
			return false;
		diag_tell(c->d, 0.2 * (i + 1) / TABLES);
	}
	return true;
}

/* Of all runs. */
struct tally {
	uint64_t lost, dropped;
	uint32_t lengths;
};

static int read_patterns(struct diag_capture *c, struct diag_words *w,
			 struct tally *t)
{
	int ret = 0;

	for (size_t i = 0; i < SHAPES && !ret; i++) {
		const struct diag_shots s = receive_only(&shapes[i]);

		c->begin = 0.2 + 0.6 * i / SHAPES;
		c->share = 0.6 / SHAPES;
		c->frames = FRAMES;
		c->look = compare;
		c->arg = w;
		ret = diag_load(c, &s);
		if (!ret)
			ret = diag_run_frames(c);
		t->lost += c->account.lost;
		t->dropped += c->dropped;
		t->lengths += c->lengths;
	}
	return ret;
}

/* As fast as the board may; nobody looks at the words. */
static int read_fast(struct diag_capture *c, double *rate)
{
	struct diag_shots s = receive_only(&shapes[SHAPES - 1]);
	int ret;

	s.rate = 0;
	c->begin = 0.8;
	c->share = 0.2;
	c->frames = RATE_FRAMES;
	c->look = NULL;
	ret = diag_load(c, &s);
	if (!ret)
		ret = diag_run_frames(c);
	if (!ret && c->seconds > 0)
		*rate = 1e-6 * c->frame_bytes * (c->taken - 1) / c->seconds;
	return ret;
}

static void judge(struct diag *d, struct diag_result *r,
		  const struct diag_words *w, const struct tally *t, double rate)
{
	diag_words_judge(d, r, w);
	if (diag_measure(d, r, "lengths", "frames", t->lengths) > DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "completions say a wrong length: %u frames",
			   t->lengths);
	d->wrong_lengths = t->lengths;
	d->lossy = t->lost;
	if (diag_measure(d, r, "lost", "frames", (double)t->lost) > DIAG_PASS &&
	    !r->faults)
		diag_blame(r, DIAG_FAIL,
			   "DMA loses frames: %llu without a completion",
			   (unsigned long long)t->lost);
	/* what an emulated board reaches is its host's */
	if (d->info->hw_features & SONO_FEAT_EMULATED)
		diag_note(d, r, "rate", "MB/s", rate);
	else if (diag_measure(d, r, "rate", "MB/s", rate) > DIAG_PASS)
		diag_blame(r, r->status,
			   "DMA is slower than at the installation: %.0f MB/s",
			   rate);
	diag_detail(r, "%llu words right, %.0f MB/s",
		    (unsigned long long)(w->all - w->wrong), rate);
}

void diag_check_dma(struct diag *d, struct diag_result *r)
{
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_PRBS,
		.judged = true,
	};
	struct tally t = { 0 };
	struct diag_words w = { 0 };
	double rate = 0;

	if (!(d->info->hw_features & SONO_FEAT_PRBS)) {
		diag_skip(r, "the board has no PRBS");
		return;
	}
	if (!diag_need_stream(d, r) || !tables_arrive(&c))
		return;
	if (!read_patterns(&c, &w, &t) && !t.lost && !read_fast(&c, &rate)) {
		t.lost += c.account.lost;
		t.lengths += c.lengths;
	}
	diag_note(d, r, "dropped", "frames", (double)t.dropped);
	judge(d, r, &w, &t, rate);
}

// SPDX-License-Identifier: MIT
/*
 * What crosses the link: tables to the board, frames of its pseudo-random
 * pattern from it, compared word by word.
 */
#include <errno.h>
#include <string.h>

#include "capture.h"
#include "pattern.h"
#include "sono_regs.h"

#define TABLES 16
#define FRAMES 40
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

/* What the words of a run come to. */
struct words {
	uint64_t wrong, all;
	uint32_t frames;	/* with a wrong one */
	uint32_t lengths;	/* frames whose record has another length */
	uint64_t first;		/* bytes into the frame */
};

static bool compare(struct diag_capture *c, const struct sono_frame *f)
{
	uint64_t x = sim_prbs_seed(c->run, f->rec.seq);
	const uint64_t *word = f->data;
	const size_t n =
		(c->frame_bytes - sizeof(struct sono_aux)) / sizeof(*word);
	struct words *w = c->arg;
	const uint64_t before = w->wrong;

	for (size_t i = 0; i < n; i++) {
		x = sim_prbs_next(x);
		if (word[i] == x)
			continue;
		w->first = w->wrong ? w->first : i * sizeof(x);
		w->wrong++;
	}
	w->all += n;
	w->lengths += f->rec.len != c->frame_bytes;
	w->frames += w->wrong != before;
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

static int read_patterns(struct diag_capture *c, struct words *w,
			 uint64_t *lost, uint64_t *dropped)
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
		*lost += c->account.lost;
		*dropped += c->dropped;
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
		  const struct words *w, uint64_t lost, double rate)
{
	if (diag_measure(d, r, "errors", "words", (double)w->wrong) >
	    DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "DMA delivers wrong bits: %llu of %llu words, in %u frames, first at byte %llu",
			   (unsigned long long)w->wrong,
			   (unsigned long long)w->all, w->frames,
			   (unsigned long long)w->first);
	if (diag_measure(d, r, "lengths", "frames", w->lengths) > DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "completions say a wrong length: %u frames",
			   w->lengths);
	d->lossy = lost;
	if (diag_measure(d, r, "lost", "frames", (double)lost) > DIAG_PASS &&
	    !r->faults)
		diag_blame(r, DIAG_FAIL,
			   "DMA loses frames: %llu without a completion",
			   (unsigned long long)lost);
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
	};
	uint64_t lost = 0, dropped = 0;
	struct words w = { 0 };
	double rate = 0;

	if (!(d->info->hw_features & SONO_FEAT_PRBS)) {
		diag_skip(r, "the board has no PRBS");
		return;
	}
	if (!diag_need_stream(d, r) || !tables_arrive(&c))
		return;
	if (!read_patterns(&c, &w, &lost, &dropped) && !lost)
		read_fast(&c, &rate);
	diag_note(d, r, "dropped", "frames", (double)dropped);
	judge(d, r, &w, lost, rate);
}

// SPDX-License-Identifier: MIT
/* What a client of sonod sees: how old pictures are, and what is missing. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "prof.h"

#define WHY_BYTES 256

/* So often an interruption is looked for. */
#define WAIT_MS 250

/**
 * struct watched - what was seen
 * @published: from the record to the picture in its buffer
 * @seen: from there to this client
 * @all: from the record to this client
 * @pictures: seen
 * @unsent: that this client was not sent, or could not take
 * @counts: of frames, since the first picture
 * @last: the record before
 * @intervals: from a picture to the next one of the same run
 * @took: all of these, of the board's time [s]
 */
struct watched {
	struct histogram published;
	struct histogram seen;
	struct histogram all;
	uint64_t pictures;
	uint64_t unsent;
	struct sono_stream_counts counts;
	struct sono_stream_frame last;
	uint64_t intervals;
	double took;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t between(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* Counts are of a run: in another one they begin anew. */
static void add_counts(struct watched *w, const struct sono_stream_frame *f)
{
	const struct sono_stream_frame *before = &w->last;
	struct sono_stream_counts zero = { 0 };
	const struct sono_stream_counts *from = f->run == before->run ?
							&before->counts :
							&zero;

	if (!w->pictures)
		return;
	w->counts.taken += f->counts.taken - from->taken;
	w->counts.skipped += f->counts.skipped - from->skipped;
	w->counts.dropped += f->counts.dropped - from->dropped;
	w->counts.lost += f->counts.lost - from->lost;
	if (f->picture > before->picture)
		w->unsent += f->picture - before->picture - 1;
}

static void add_picture(struct watched *w, const struct sono_stream_frame *f)
{
	const uint64_t now = now_ns();
	const uint64_t acquired = (uint64_t)f->t_acquired;
	const uint64_t published = (uint64_t)f->t_published;

	/* the picture of a scanner that is frozen is as old as it is */
	if (w->pictures || between(published, now) < 1000000000) {
		histogram_add(&w->published, between(acquired, published));
		histogram_add(&w->seen, between(published, now));
		histogram_add(&w->all, between(acquired, now));
	}
	add_counts(w, f);
	if (w->pictures++ && f->run == w->last.run) {
		w->intervals++;
		w->took += f->time - w->last.time;
	}
	w->last = *f;
}

static void print_times(const char *name, const struct histogram *h)
{
	printf("%-22s %9.3f %9.3f %9.3f\n", name,
	       (double)histogram_quantile(h, 0.5) * 1e-6,
	       (double)histogram_quantile(h, 0.99) * 1e-6,
	       (double)h->max * 1e-6);
}

/* So many lines. */
#define LINES 9

static void print_watched(const struct prof *p, const struct watched *w,
			  const struct sono_stream_format *format)
{
	printf("%s, %s: %" PRIu64 " pictures, %.2f per second of the board's time, which has %.2f\n",
	       p->sonod_path, format->preset, w->pictures,
	       w->took > 0 ? (double)w->intervals / w->took : 0,
	       format->frame_rate);
	printf("%-22s %9s %9s %9s\n", "", "p50 ms", "p99 ms", "max ms");
	print_times("acquired to published", &w->published);
	print_times("published to seen", &w->seen);
	print_times("acquired to seen", &w->all);
	printf("%" PRIu64 " skipped\n%" PRIu64 " dropped\n%" PRIu64
	       " lost\n%" PRIu64 " not seen here\n",
	       w->counts.skipped, w->counts.dropped, w->counts.lost,
	       w->unsent);
}

/* On a terminal twice a second, over the one before. */
static void show(struct prof *p, const struct watched *w,
		 const struct sono_client *c)
{
	if (!p->tty || !w->pictures || run_now() < p->show)
		return;
	p->show = run_now() + 0.5;
	if (p->shown)
		printf("\x1b[%uA\x1b[J", p->shown);
	p->shown = LINES;
	/* lines that are too long are cut, or there would be more of them */
	fputs("\x1b[?7l", stdout);
	print_watched(p, w, sono_client_format(c));
	fputs("\x1b[?7h", stdout);
	fflush(stdout);
}

static bool finished(const struct prof *p, const struct watched *w,
		     double began)
{
	return run_interrupted(&p->run) ||
	       (p->run.frames_max && w->pictures >= p->run.frames_max) ||
	       (p->run.seconds_max &&
		run_now() - began >= (double)p->run.seconds_max);
}

static int look(struct prof *p, struct sono_client *c, struct watched *w)
{
	const double began = run_now();
	struct sono_picture picture;
	int ret = 0;

	while (ret >= 0 && !finished(p, w, began)) {
		ret = sono_client_next(c, &picture);
		if (ret == 1) {
			add_picture(w, &picture.frame);
			sono_client_return(c, &picture);
		} else if (!ret) {
			ret = sono_client_wait(c, WAIT_MS);
			ret = ret == -EINTR ? 0 : ret;
		}
		show(p, w, c);
	}
	if (ret < 0)
		return tool_fail("go on with", p->sonod_path,
				 ret == -EPIPE ? "sonod has gone" :
						 sono_client_refusal(c),
				 ret);
	return TOOL_OK;
}

static int watch(struct prof *p, struct watched *w)
{
	struct sono_client *client;
	char why[WHY_BYTES];
	int ret = sono_client_open(&client, p->sonod_path, 0, 0, why,
				   sizeof(why));
	int status;

	if (ret)
		return tool_fail("watch", p->sonod_path, why, ret);
	status = look(p, client, w);
	if (p->shown)
		printf("\x1b[%uA\x1b[J", p->shown);
	if (w->pictures)
		print_watched(p, w, sono_client_format(client));
	else if (!status)
		status = tool_fail("watch", p->sonod_path,
				   "no picture came: is it scanning?", 0);
	sono_client_close(client);
	return status;
}

int prof_sonod(struct prof *p)
{
	struct watched *w = calloc(1, sizeof(*w));
	int status;

	if (!w)
		return tool_fail("watch", p->sonod_path, NULL, -ENOMEM);
	status = watch(p, w);
	free(w);
	return status;
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "realtime.h"
#include "run.h"
#include "take.h"
#include "tools.h"
#include "why.h"

#define WHY_BYTES 256

/* So often an empty ring is looked at for an interruption. */
#define WAIT_US 250000

double run_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool run_interrupted(const struct run *r)
{
	return atomic_load(&r->signal.interrupted);
}

const struct sono_scan *run_scan(const struct run *r)
{
	const struct sono_scan *scan = sono_scan(r->sono);

	return scan ? scan : r->plan->scan;
}

/* --- opening --------------------------------------------------------------- */

static void refused(const struct run *r, const char *what, int err)
{
	if (err)
		fprintf(stderr, "sono %s: real time: %s: %s\n", r->tool, what,
			strerror(-err));
}

/* What the system refuses is told, and done without. */
static int begin_realtime(struct run *r)
{
	struct realtime rt;

	if (!r->realtime)
		return TOOL_OK;
	realtime_begin(&rt, realtime_node(r->source));
	refused(r, "processors near the board", rt.placed);
	refused(r, "locked memory", rt.locked);
	refused(r, "priority", rt.prioritised);
	return TOOL_OK;
}

static int open_source(struct run *r)
{
	char why[WHY_BYTES];
	int ret = sono_open(&r->sono, r->source, why, sizeof(why));

	return ret ? tool_fail("open", r->source, why, ret) : TOOL_OK;
}

static int open_plan(struct run *r)
{
	char why[WHY_BYTES];
	int ret;

	ret = sono_plan_open(&r->plan, r->plan_path, sono_info(r->sono), why,
			     sizeof(why));
	if (ret)
		return tool_fail("use", r->plan_path, why, ret);
	return TOOL_OK;
}

static bool same_frames(const struct sono_scan *a, const struct sono_scan *b)
{
	if (a->events != b->events || a->channels != b->channels)
		return false;
	for (uint32_t i = 0; i < a->events; i++)
		if (a->event[i].samples != b->event[i].samples)
			return false;
	return true;
}

/* A plan's way to process frames holds for frames like those it describes. */
static int check_recording(struct run *r)
{
	const struct sono_scan *rec = sono_scan(r->sono);
	const struct sono_scan *plan = r->plan->scan;
	char why[WHY_BYTES];

	if (!rec || same_frames(rec, plan))
		return TOOL_OK;
	snprintf(why, sizeof(why),
		 "it has %u events of %u channels and %u samples, %s %u of %u and %u",
		 rec->events, rec->channels, rec->event[0].samples,
		 r->plan_path, plan->events, plan->channels,
		 plan->event[0].samples);
	return tool_fail("use", r->source, why, 0);
}

int run_open(struct run *r)
{
	int status = begin_realtime(r);

	if (!status)
		status = open_source(r);
	if (!status)
		status = open_plan(r);
	return status ? status : check_recording(r);
}

int run_open_pipeline(struct run *r)
{
	struct pipeline_params params = r->plan->params;
	const char *reason = NULL;
	char why[WHY_BYTES] = "";
	int ret;

	params.workers = r->workers ? r->workers : workers_available();
	ret = pipeline_create(&r->pipeline, run_scan(r), &params, &reason);
	if (ret && reason)
		sono_plan_blame(r->plan, reason, why, sizeof(why));
	if (ret)
		return tool_fail("process", r->plan_path, why, ret);
	if (r->realtime)
		realtime_pin();
	return TOOL_OK;
}

static uint32_t slot_bytes(const struct run *r, uint64_t frame)
{
	const uint64_t wanted = frame * (r->room ? r->room : 1);

	return wanted > sono_info(r->sono)->slot_bytes_max ? frame : wanted;
}

/*
 * Slots are made once for an open board, so it is opened anew. Pairs with the
 * thread of @r->signal: who is interrupted may still be stopping the board that
 * was.
 */
static int reopen(struct run *r, char *why, size_t why_bytes)
{
	const struct sono_stats *stats = sono_stats(r->sono);
	struct sono *again;
	int ret = sono_open(&again, r->source, why, why_bytes);

	if (ret)
		return ret;
	atomic_store(&r->signal.running, NULL);
	if (run_interrupted(r)) {
		sono_close(again);
		return sono_why(why, why_bytes, -EINTR, "interrupted");
	}
	r->before.frames += stats->frames;
	r->before.syscalls += stats->syscalls;
	sono_close(r->sono);
	r->sono = again;
	atomic_store(&r->signal.running, r->sono);
	return 0;
}

/* Larger slots; where there is no room for them, such as there were. */
static int make_room(struct run *r, const struct sono_plan *plan, char *why,
		     size_t why_bytes)
{
	const uint32_t bytes = slot_bytes(r, plan->scan->frame_bytes);
	int ret = reopen(r, why, why_bytes);

	if (ret)
		return ret;
	ret = sono_setup(r->sono, r->slots, bytes);
	if (!ret) {
		r->slot_bytes = bytes;
		return 0;
	}
	sono_setup(r->sono, r->slots, r->slot_bytes);
	return sono_why(why, why_bytes, ret, "%u slots of %u bytes: %s",
			r->slots, bytes, strerror(-ret));
}

static int load(struct run *r, const struct sono_plan *plan, char *why,
		size_t why_bytes)
{
	struct sono_config config = {
		.table = (uintptr_t)plan->table.data,
		.table_bytes = (uint32_t)plan->table.bytes,
	};
	int ret = sono_config(r->sono, &config);

	if (ret == -EINVAL)
		return sono_refusal(&config, why, why_bytes);
	return ret ? sono_why(why, why_bytes, ret, "%s", strerror(-ret)) : 0;
}

int run_load(struct run *r, const struct sono_plan *plan, char *why,
	     size_t why_bytes)
{
	const bool larger = plan->scan->frame_bytes > r->slot_bytes;
	int ret = larger ? make_room(r, plan, why, why_bytes) : 0;

	if (!ret)
		ret = load(r, plan, why, why_bytes);
	/* opened anew it has no table at all */
	if (ret && larger)
		load(r, r->plan, NULL, 0);
	return ret;
}

struct sono_stats run_stats(const struct run *r)
{
	const struct sono_stats *now = sono_stats(r->sono);

	return (struct sono_stats){
		.frames = r->before.frames + now->frames,
		.syscalls = r->before.syscalls + now->syscalls,
	};
}

int run_configure(struct run *r)
{
	char why[WHY_BYTES];
	int ret;

	r->slot_bytes = slot_bytes(r, run_scan(r)->frame_bytes);
	ret = tool_setup(r->sono, r->source, r->slots, r->slot_bytes);
	if (ret || sono_scan(r->sono))
		return ret;
	ret = run_load(r, r->plan, why, sizeof(why));
	return ret ? tool_fail("load the table of", r->plan_path, why, ret) :
		     TOOL_OK;
}

void run_close(struct run *r)
{
	view_signals_end(&r->signal);
	pipeline_destroy(r->pipeline);
	sono_plan_close(r->plan);
	sono_close(r->sono);
}

/* --- running --------------------------------------------------------------- */

int run_start(struct run *r)
{
	struct sono_start start = { 0 };
	int ret = sono_start(r->sono, &start);

	if (ret)
		return tool_fail("start", r->source, NULL, ret);
	atomic_store(&r->signal.running, r->sono);
	return TOOL_OK;
}

int run_stop(struct run *r)
{
	struct sono_stop now = { 0 };
	int ret = sono_stop(r->sono, &now);

	r->account.produced += now.produced;
	r->account.delivered += now.delivered;
	r->account.dropped += now.dropped;
	r->account.lost += now.lost;
	return ret ? tool_fail("stop", r->source, NULL, ret) : TOOL_OK;
}

void run_pass(struct run *r, const struct sono_frame *f)
{
	const struct rf_frame rf = sono_rf(r->sono, f);

	if (f->rec.len >= run_scan(r)->frame_bytes)
		pipeline_pass(r->pipeline, &rf);
}

int run_check_length(const struct run *r, const struct sono_frame *f)
{
	if (f->rec.len >= run_scan(r)->frame_bytes)
		return TOOL_OK;
	return tool_fail("use a frame of", r->source,
			 "shorter than the plan says", 0);
}

int run_wait(struct run *r, uint32_t frames)
{
	int ret = sono_wait(r->sono, frames, WAIT_US);

	if (ret < 0 && ret != -ETIME)
		return tool_fail("wait for", r->source, NULL, ret);
	return TOOL_OK;
}

int run_no_frame(struct run *r, int ret, bool *end)
{
	const char *complaint = sono_complaint(r->sono);

	*end = ret != -EBADMSG;
	if (run_interrupted(r))
		return TOOL_OK;
	if (ret != -ENODATA && *end)
		return tool_fail("read a frame of", r->source, NULL, ret);
	if (!sono_scan(r->sono))
		return tool_fail("go on with", r->source,
				 sono_end_text(sono_ctl(r->sono)), 0);
	if (complaint) {
		tool_fail("read all of", r->source, complaint, ret);
		r->damaged = true;
	}
	return TOOL_OK;
}

int run_let_pass(struct run *r)
{
	struct sono_frame f;
	uint32_t n = 0;
	int status = TOOL_OK;
	bool end = false;

	while (!status && !end && n < r->after && !run_interrupted(r)) {
		int ret = sono_next(r->sono, &f);

		if (ret == 1) {
			run_pass(r, &f);
			sono_release(r->sono, &f);
			n++;
		} else if (ret == 0) {
			status = run_wait(r, 1);
		} else {
			status = run_no_frame(r, ret, &end);
		}
	}
	return status;
}

/* What run_live() tells of frames that are too late. */
struct skipper {
	struct run *r;
	const struct run_ops *ops;
	void *arg;
};

static void skip(void *arg, const struct sono_frame *f)
{
	struct skipper *s = arg;

	run_pass(s->r, f);
	s->r->skipped++;
	if (s->ops->skipped)
		s->ops->skipped(s->arg, f);
}

static int see_to(struct run *r, const struct run_ops *ops, void *arg,
		  const struct sono_frame *f)
{
	int status, done = TOOL_OK;

	if (!r->frames++)
		r->started = run_now();
	status = ops->frame(arg, f);
	if (ops->done)
		done = ops->done(arg, f);
	else
		sono_release(r->sono, f);
	return status ? status : done;
}

static bool finished(const struct run *r)
{
	return run_interrupted(r) ||
	       (r->frames_max && r->frames >= r->frames_max) ||
	       (r->seconds_max && r->frames &&
		run_now() - r->started >= (double)r->seconds_max);
}

/*
 * A packet of several frames needs all once it has begun, and a recording is never
 * late. The plan may be another one from frame to frame.
 */
static bool wants_newest(const struct run *r)
{
	return !r->every && !sono_scan(r->sono) &&
	       !pipeline_wants_next(r->pipeline);
}

int run_live(struct run *r, const struct run_ops *ops, void *arg)
{
	struct skipper skipper = { r, ops, arg };
	struct sono_frame f;
	int status = TOOL_OK;
	bool end = false;

	while (!status && !end && !r->leave && !finished(r)) {
		int ret;

		r->newest = wants_newest(r);
		ret = sono_take(r->sono, &f, r->newest ? skip : NULL, &skipper);

		if (ret == 1)
			status = see_to(r, ops, arg, &f);
		else if (ret == 0)
			status = ops->wait ? ops->wait(arg) : run_wait(r, 1);
		else
			status = ops->none ? ops->none(arg, ret, &end) :
					     run_no_frame(r, ret, &end);
		if (ops->progress)
			ops->progress(arg);
	}
	r->leave = false;
	return status;
}

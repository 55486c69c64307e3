// SPDX-License-Identifier: MIT
/* sono view: a plan, a source, and where the pictures go. */
#include <errno.h>
#include <inttypes.h>
#include <md5.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "realtime.h"
#include "take.h"
#include "view.h"

#define WHY_BYTES 256

/* So often an empty ring is looked at for an interruption. */
#define WAIT_US 250000

static bool interrupted(const struct view *v)
{
	return atomic_load(&v->signal.interrupted);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- opening --------------------------------------------------------------- */

static void refused(const char *what, int err)
{
	if (err)
		fprintf(stderr, "sono view: real time: %s: %s\n", what,
			strerror(-err));
}

/* What the system refuses is told, and done without. */
static int begin_realtime(struct view *v)
{
	struct realtime rt;

	if (!v->realtime)
		return TOOL_OK;
	realtime_begin(&rt, realtime_node(v->source));
	refused("processors near the board", rt.placed);
	refused("locked memory", rt.locked);
	refused("priority", rt.prioritised);
	return TOOL_OK;
}

static int open_source(struct view *v)
{
	char why[WHY_BYTES];
	int ret = sono_open(&v->sono, v->source, why, sizeof(why));

	return ret ? tool_fail("open", v->source, why, ret) : TOOL_OK;
}

static void print_pw(FILE *say, const struct sono_plan_rates *r)
{
	fprintf(say, ", PW PRF %.0f Hz, PW scale %.1f to %.1f cm/s",
		r->pw_prf, r->pw_least * 100, r->pw_largest * 100);
	if (r->pw_pause > 0)
		fprintf(say, ", PW gap %.1f ms in every %.1f ms",
			r->pw_pause * 1e3, 1e3 / r->frame_rate);
}

static void print_rates(FILE *say, const struct sono_plan_rates *r)
{
	fprintf(say, "PRF %.0f Hz, %.2f frames per second, %.1f MB/s", r->prf,
		r->frame_rate, r->bytes_per_second * 1e-6);
	if (r->colour_prf > 0)
		fprintf(say, ", colour PRF %.0f Hz", r->colour_prf);
	if (r->compound > 0)
		fprintf(say, ", compounding loses 3 dB at %.1f cm/s",
			r->compound * 100);
	if (r->nyquist > 0)
		fprintf(say, ", Nyquist velocity %.1f cm/s", r->nyquist * 100);
	if (r->m_rate > 0)
		fprintf(say, ", %.0f M lines per second", r->m_rate);
	if (r->m_nyquist > 0)
		fprintf(say, ", M Nyquist velocity %.1f cm/s",
			r->m_nyquist * 100);
	if (r->pw_prf > 0)
		print_pw(say, r);
	putc('\n', say);
}

/* What costs time and is not seen. */
static void print_density(FILE *say, const char *part,
			  const struct sono_plan_density *d)
{
	if (d->finer > 1)
		fprintf(say,
			"note: %s has %u samples a line, %u times as many are beamformed%s; from %u on none are added\n",
			part, d->samples, d->finer,
			d->slow ? ", by plain C" : "", d->enough);
}

static int open_plan(struct view *v)
{
	char why[WHY_BYTES];
	int ret;

	ret = sono_plan_open(&v->plan, v->plan_path, sono_info(v->sono), why,
			     sizeof(why));
	if (ret)
		return tool_fail("use", v->plan_path, why, ret);
	return TOOL_OK;
}

/* What frames mean is said by the recording, if there is one. */
static const struct sono_scan *scan_of(const struct view *v)
{
	const struct sono_scan *scan = sono_scan(v->sono);

	return scan ? scan : v->plan->scan;
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
static int check_recording(struct view *v)
{
	const struct sono_scan *rec = sono_scan(v->sono);
	const struct sono_scan *plan = v->plan->scan;
	char why[WHY_BYTES];

	if (!rec || same_frames(rec, plan))
		return TOOL_OK;
	snprintf(why, sizeof(why),
		 "it has %u events of %u channels and %u samples, %s %u of %u and %u",
		 rec->events, rec->channels, rec->event[0].samples,
		 v->plan_path, plan->events, plan->channels,
		 plan->event[0].samples);
	return tool_fail("use", v->source, why, 0);
}

static int say_rates(struct view *v)
{
	struct sono_plan_rates rates;

	sono_plan_rates(&rates, scan_of(v), &v->plan->params);
	print_rates(v->say, &rates);
	print_density(v->say, "processing.grid", &rates.b);
	print_density(v->say, "processing.doppler.box", &rates.colour);
	return TOOL_OK;
}

static int open_pipeline(struct view *v)
{
	struct pipeline_params params = v->plan->params;
	const char *reason = NULL;
	char why[WHY_BYTES] = "";
	int ret;

	params.workers = v->workers ? v->workers : workers_available();
	ret = pipeline_create(&v->pipeline, scan_of(v), &params, &reason);
	if (ret && reason)
		sono_plan_blame(v->plan, reason, why, sizeof(why));
	if (ret)
		return tool_fail("process", v->plan_path, why, ret);
	if (v->realtime)
		realtime_pin();
	ret = annotate_create(&v->annotate, pipeline_image(v->pipeline));
	return ret ? tool_fail("draw", v->plan_path, NULL, ret) : TOOL_OK;
}

static int sink_failed(const struct view *v, const char *target, int err)
{
	return tool_fail("write", target,
			 err == -EINTR && interrupted(v) ?
				 "interrupted, and nobody reads it" :
				 NULL,
			 err);
}

static int open_sinks(struct view *v)
{
	for (unsigned int i = 0; i < v->sinks; i++) {
		struct view_sink *s = &v->sink[i];
		int ret = s->sink->open(&s->state, s->target);

		if (ret)
			return sink_failed(v, s->target, ret);
	}
	return TOOL_OK;
}

static int open_file(FILE **file, const char *path)
{
	if (!path)
		return TOOL_OK;
	*file = fopen(path, "we");
	return *file ? TOOL_OK : tool_fail("write", path, NULL, -errno);
}

/* All that is to be written, before a run that would be in vain. */
static int open_files(struct view *v)
{
	int status = TOOL_OK;

	if (v->velocity_path && !pipeline_vel(v->pipeline))
		return tool_fail("write", v->velocity_path,
				 "the plan makes no velocities", 0);
	status = open_file(&v->digest, v->digest_path);
	if (!status)
		status = open_file(&v->velocity, v->velocity_path);
	if (!status)
		status = open_file(&v->report, v->report_path);
	if (!status)
		status = open_file(&v->times, v->times_path);
	if (!status && v->times)
		view_begin_times(v);
	return status;
}

int view_close_file(FILE **file, const char *path)
{
	FILE *open = *file;

	*file = NULL;
	return open && fclose(open) ? tool_fail("write", path, NULL, -errno) :
				      TOOL_OK;
}

static int configure(struct view *v)
{
	struct sono_config config = {
		.table = (uintptr_t)v->plan->table.data,
		.table_bytes = (uint32_t)v->plan->table.bytes,
	};
	char why[WHY_BYTES] = "";
	int ret;

	/* The board must always have a slot while frames are held. */
	if (v->slots <= v->freeze)
		v->slots = v->freeze + 1;
	ret = sono_setup(v->sono, v->slots, (uint32_t)scan_of(v)->frame_bytes);
	if (ret)
		return tool_fail("set up", v->source, NULL, ret);
	if (sono_scan(v->sono))
		return TOOL_OK;
	ret = sono_config(v->sono, &config);
	if (!ret)
		return TOOL_OK;
	if (ret == -EINVAL)
		sono_refusal(&config, why, sizeof(why));
	return tool_fail("load the table of", v->plan_path, why, ret);
}

/* --- running --------------------------------------------------------------- */

/* The samples; the auxiliary block behind them has times and temperatures. */
static void write_digest(struct view *v, const struct sono_frame *f)
{
	char text[MD5_DIGEST_STRING_LENGTH];

	if (v->digest)
		fprintf(v->digest, "%s  %" PRIu64 "\n",
			MD5Data(f->data, scan_of(v)->aux_offset, text),
			(uint64_t)f->rec.seq);
}

static int show(struct view *v, const struct image *picture)
{
	const struct image *image = annotate_execute(v->annotate, picture);

	for (unsigned int i = 0; i < v->sinks; i++) {
		struct view_sink *s = &v->sink[i];
		int ret = s->sink->frame(s->state, image);

		if (ret)
			return sink_failed(v, s->target, ret);
	}
	v->pictures++;
	return TOOL_OK;
}

/* Not looked at, but for its ECG. */
static void pass(struct view *v, const struct sono_frame *f)
{
	const struct rf_frame rf = sono_rf(v->sono, f);

	if (f->rec.len >= scan_of(v)->frame_bytes)
		pipeline_pass(v->pipeline, &rf);
}

static void skip(void *arg, const struct sono_frame *f)
{
	struct view *v = arg;

	pass(v, f);
	v->skipped++;
}

static int process(struct view *v, const struct sono_frame *f)
{
	const struct rf_frame rf = sono_rf(v->sono, f);
	const struct image *image;
	int status = TOOL_OK;

	if (f->rec.len < scan_of(v)->frame_bytes)
		return tool_fail("use a frame of", v->source,
				 "shorter than the plan says", 0);
	write_digest(v, f);
	if (pipeline_execute(v->pipeline, &rf, &image))
		status = show(v, image);
	v->ended = now();
	if (v->times)
		view_add_times(v, &f->rec);
	return status;
}

/* A packet of several frames needs them all, and a recording is never late. */
static int take(struct view *v, struct sono_frame *f)
{
	bool all = v->plan->params.colour.packet_frames > 1 || sono_scan(v->sono);

	return sono_take(v->sono, f, all ? NULL : skip, v);
}

static int wait_for(struct view *v, uint32_t frames)
{
	int ret = sono_wait(v->sono, frames, WAIT_US);

	if (ret < 0 && ret != -ETIME)
		return tool_fail("wait for", v->source, NULL, ret);
	return TOOL_OK;
}

static bool finished(const struct view *v, uint64_t frames)
{
	return interrupted(v) || (v->frames_max && frames >= v->frames_max);
}

/*
 * How it goes, twice a second and in one line, where a person looks.
 */
static void progress(struct view *v, uint64_t frames)
{
	double t = now();

	if (!v->tty || t < v->progress)
		return;
	v->progress = t + 0.5;
	fprintf(stderr,
		"\r%" PRIu64 " frames, %.1f pictures per second, %" PRIu64
		" skipped \x1b[K",
		frames, frames ? (double)v->pictures / (t - v->started) : 0,
		v->skipped);
}

/*
 * What sono_next() said, where it was neither a frame nor a wait. Sets @end
 * unless there may be another frame: one that is damaged is told and passed.
 */
static int no_frame(struct view *v, int ret, bool *end)
{
	const char *complaint = sono_complaint(v->sono);

	*end = ret != -EBADMSG;
	if (interrupted(v))
		return TOOL_OK;
	if (ret != -ENODATA && *end)
		return tool_fail("read a frame of", v->source, NULL, ret);
	if (!sono_scan(v->sono))
		return tool_fail("go on with", v->source,
				 sono_end_text(sono_ctl(v->sono)), 0);
	if (complaint) {
		tool_fail("read all of", v->source, complaint, ret);
		v->damaged = true;
	}
	return TOOL_OK;
}

/* Frames that go by unseen: what is to be seen comes later. */
static int let_pass(struct view *v)
{
	struct sono_frame f;
	uint32_t n = 0;
	int status = TOOL_OK;
	bool end = false;

	while (!status && !end && n < v->after && !interrupted(v)) {
		int ret = sono_next(v->sono, &f);

		if (ret == 1) {
			pass(v, &f);
			sono_release(v->sono, &f);
			n++;
		} else if (ret == 0) {
			status = wait_for(v, 1);
		} else {
			status = no_frame(v, ret, &end);
		}
	}
	return status;
}

/* Frames as they come, each seen to before the next is taken. */
static int run_live(struct view *v)
{
	struct sono_frame f;
	uint64_t frames = 0;
	int status = TOOL_OK;
	bool end = false;

	while (!status && !end && !finished(v, frames)) {
		int ret = take(v, &f);

		if (ret == 1) {
			if (!frames++)
				v->started = now();
			status = process(v, &f);
			sono_release(v->sono, &f);
		} else if (ret == 0) {
			status = wait_for(v, 1);
		} else {
			status = no_frame(v, ret, &end);
		}
		progress(v, frames);
	}
	if (v->tty)
		fputs("\r\x1b[K", stderr);
	return status;
}

/* The first frames, one after the other; fewer if there are no more. */
static int acquire(struct view *v, struct sono_frame *held, uint32_t *n)
{
	int status = TOOL_OK;
	bool end = false;

	while (!status && !end && *n < v->freeze && !interrupted(v)) {
		int ret = sono_next(v->sono, &held[*n]);

		if (ret == 1)
			++*n;
		else if (ret == 0)
			status = wait_for(v, v->freeze - *n);
		else
			status = no_frame(v, ret, &end);
	}
	return status;
}

static int stop(struct view *v)
{
	int ret = sono_stop(v->sono, &v->account);

	return ret ? tool_fail("stop", v->source, NULL, ret) : TOOL_OK;
}

/*
 * Transmit for as long as it takes to have the frames, and no longer: they
 * stay in their slots while the board is silent.
 */
static int run_freeze(struct view *v)
{
	struct sono_frame *held = calloc(v->freeze, sizeof(*held));
	uint32_t n = 0;
	int status, stopped;

	if (!held)
		return tool_fail("hold frames of", v->source, NULL, -ENOMEM);
	status = let_pass(v);
	if (!status)
		status = acquire(v, held, &n);
	stopped = stop(v);
	if (!status)
		status = stopped;
	v->started = now();
	for (uint32_t i = 0; i < n; i++) {
		if (!status && !interrupted(v))
			status = process(v, &held[i]);
		sono_release(v->sono, &held[i]);
	}
	free(held);
	return status;
}

/* A run too short for a picture is no success. */
static int check_pictures(struct view *v)
{
	const uint64_t taken = sono_stats(v->sono)->frames;
	char why[WHY_BYTES];

	if (v->pictures || v->damaged || interrupted(v))
		return TOOL_OK;
	if (taken <= v->after)
		snprintf(why, sizeof(why),
			 "it has %" PRIu64 " frames, and %u were to go by",
			 taken, v->after);
	else
		snprintf(why, sizeof(why),
			 "%" PRIu64 " frames taken, a picture needs %u",
			 taken - v->after,
			 v->plan->params.colour.packet_frames);
	return tool_fail("show a picture of", v->source, why, 0);
}

static int run(struct view *v)
{
	struct sono_start start = { 0 };
	int ret = sono_start(v->sono, &start);
	int status, stopped;

	if (ret)
		return tool_fail("start", v->source, NULL, ret);
	atomic_store(&v->signal.running, v->sono);
	if (v->freeze)
		return run_freeze(v);
	status = let_pass(v);
	if (!status)
		status = run_live(v);
	stopped = stop(v);
	return status ? status : stopped;
}

static int close_all(struct view *v)
{
	int status = TOOL_OK;

	for (unsigned int i = 0; i < v->sinks; i++) {
		struct view_sink *s = &v->sink[i];
		int ret = s->state ? s->sink->close(s->state) : 0;

		if (ret)
			status = sink_failed(v, s->target, ret);
	}
	view_signals_end(&v->signal);
	if (view_close_file(&v->digest, v->digest_path) ||
	    view_close_file(&v->velocity, v->velocity_path) ||
	    view_close_file(&v->report, v->report_path) ||
	    view_close_file(&v->times, v->times_path))
		status = TOOL_FAILED;
	annotate_destroy(v->annotate);
	pipeline_destroy(v->pipeline);
	sono_plan_close(v->plan);
	sono_close(v->sono);
	return status;
}

int tool_view(int argc, char **argv)
{
	static int (*const steps[])(struct view *v) = {
		begin_realtime,
		open_source,   open_plan,  check_recording,
		say_rates,     open_pipeline, open_files,
		open_sinks,    configure,  run,
		check_pictures,
	};
	struct view v = { .slots = 8 };
	int status, closed;

	status = view_arguments(&v, argc, argv);
	if (status || !v.source)
		return status;
	v.tty = isatty(STDERR_FILENO);
	v.say = v.film_out ? stderr : stdout;
	closed = view_signals_begin(&v.signal);
	if (closed)
		return tool_fail("take", "signals", NULL, closed);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !status; i++)
		status = steps[i](&v);
	if (!status)
		status = view_conclude(&v);
	if (!status && v.damaged)
		status = TOOL_FAILED;
	closed = close_all(&v);
	return status ? status : closed;
}

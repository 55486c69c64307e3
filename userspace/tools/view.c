// SPDX-License-Identifier: MIT
/* sono view: a plan, a source, and where the pictures go. */
#include <errno.h>
#include <inttypes.h>
#include <md5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dsp/probe.h"
#include "take.h"
#include "view.h"
#include "view_keys.h"

#define WHY_BYTES 256
#define SLOT_ROOM 2

/* --- opening --------------------------------------------------------------- */

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

static int say_rates(struct view *v)
{
	struct sono_plan_rates rates;

	sono_plan_rates(&rates, run_scan(&v->run), &v->run.plan->params);
	print_rates(v->say, &rates);
	print_density(v->say, "processing.grid", &rates.b);
	print_density(v->say, "processing.doppler.box", &rates.colour);
	return TOOL_OK;
}

/* Before there are mappings of the board. */
static int open_screen(struct view *v)
{
	return view_screen_open(&v->screen);
}

static int open_source(struct view *v)
{
	return run_open(&v->run);
}

static int open_pipeline(struct view *v)
{
	int status, ret;

	if (v->screen.screen)
		screen_fit(v->screen.screen, &v->run.plan->params);
	status = run_open_pipeline(&v->run);
	if (status)
		return status;
	if (v->screen.screen)
		ret = view_screen_make(&v->screen, v->run.pipeline,
				       &v->screen.annotate, &v->screen.cine);
	else
		ret = annotate_create(&v->annotate,
				      pipeline_image(v->run.pipeline), 1);
	if (ret)
		return tool_fail("draw", v->run.plan_path, NULL, ret);
	if (v->screen.screen)
		view_screen_begin(&v->screen, &v->run);
	view_screen_say(&v->screen, v->say);
	return TOOL_OK;
}

static int sink_failed(const struct view *v, const char *target, int err)
{
	return tool_fail("write", target,
			 err == -EINTR && run_interrupted(&v->run) ?
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

	if (v->velocity_path && !pipeline_vel(v->run.pipeline))
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
	/* The board must always have a slot while frames are held. */
	if (v->run.slots <= v->freeze)
		v->run.slots = v->freeze + 1;
	/*
	 * A depth or a preset may be turned to that has larger frames. Many
	 * that are held need their memory themselves.
	 */
	if (v->screen.keyboard && !v->freeze)
		v->run.room = SLOT_ROOM;
	return run_configure(&v->run);
}

/* --- running --------------------------------------------------------------- */

/* The samples; the auxiliary block behind them has times and temperatures. */
static void write_digest(struct view *v, const struct sono_frame *f)
{
	char text[MD5_DIGEST_STRING_LENGTH];

	if (v->digest)
		fprintf(v->digest, "%s  %" PRIu64 "\n",
			MD5Data(f->data, run_scan(&v->run)->aux_offset, text),
			(uint64_t)f->rec.seq);
}

static int show(struct view *v, const struct image *image)
{
	int err;

	err = v->screen.kms ? kms_show(v->screen.kms, image) : 0;
	if (err)
		return tool_fail("show on", kms_info(v->screen.kms)->card,
				 NULL, err);
	for (unsigned int i = 0; i < v->sinks; i++) {
		struct view_sink *s = &v->sink[i];
		int ret = s->sink->frame(s->state, image);

		if (ret)
			return sink_failed(v, s->target, ret);
	}
	return TOOL_OK;
}

int view_show(struct view *v)
{
	return show(v, view_screen_draw(&v->screen,
					pipeline_image(v->run.pipeline)));
}

static int show_new(struct view *v, const struct image *picture)
{
	v->pictures++;
	if (!v->screen.screen)
		return show(v, annotate_execute(v->annotate, picture));
	view_screen_add(&v->screen, &v->run, picture);
	return view_show(v);
}

static int process(void *arg, const struct sono_frame *f)
{
	struct view *v = arg;
	const struct rf_frame rf = sono_rf(v->run.sono, f);
	const struct image *image;
	int status = run_check_length(&v->run, f);

	if (status)
		return status;
	write_digest(v, f);
	view_screen_count(&v->screen, &f->rec);
	if (pipeline_execute(v->run.pipeline, &rf, &image)) {
		status = show_new(v, image);
		SONO_PROBE(frame_published, f->rec.seq);
	}
	v->ended = run_now();
	if (v->pictures && !v->began)
		v->began = v->ended;
	if (v->times)
		view_add_times(v, &f->rec);
	return status;
}

/*
 * How it goes, twice a second and in one line, where a person looks.
 */
static void progress(void *arg)
{
	struct view *v = arg;
	double t = run_now();

	if (v->screen.keyboard)
		view_keys(v);
	if (!v->tty || t < v->progress)
		return;
	v->progress = t + 0.5;
	fprintf(stderr,
		"\r%" PRIu64 " frames, %.1f pictures per second, %" PRIu64
		" skipped \x1b[K",
		v->run.frames,
		v->run.frames ? (double)v->pictures / (t - v->run.started) : 0,
		v->run.skipped);
}

static void skipped(void *arg, const struct sono_frame *f)
{
	struct view *v = arg;

	view_screen_count(&v->screen, &f->rec);
}

/*
 * With somebody there who can see it and do something about it, a run that ends
 * by itself is no end.
 */
static int no_frame(void *arg, int ret, bool *end)
{
	struct view *v = arg;
	struct view_screen *s = &v->screen;
	const bool recording = sono_scan(v->run.sono);

	if (!s->keyboard || ret == -EBADMSG || run_interrupted(&v->run))
		return run_no_frame(&v->run, ret, end);
	*end = true;
	s->status.state = recording ? SCREEN_FROZEN : SCREEN_FAULT;
	s->ended = recording;
	view_screen_message(s, recording ? "the recording is at its end" :
			       ret == -ENODATA ?
					   sono_end_text(sono_ctl(v->run.sono)) :
					   strerror(-ret));
	return TOOL_OK;
}

int view_live(struct view *v)
{
	static const struct run_ops ops = {
		.frame = process,
		.skipped = skipped,
		.none = no_frame,
		.progress = progress,
	};
	int status = run_live(&v->run, &ops, v);

	if (v->tty)
		fputs("\r\x1b[K", stderr);
	return status;
}

/* The same while frames are held: an emulated board may take seconds for one. */
static void say_held(struct view *v, uint32_t n)
{
	const double t = run_now();

	if (!v->tty || t < v->progress)
		return;
	v->progress = t + 0.5;
	fprintf(stderr, "\r%u of %u frames \x1b[K", n, v->freeze);
}

/* The first frames, one after the other; fewer if there are no more. */
static int acquire(struct view *v, struct sono_frame *held, uint32_t *n)
{
	int status = TOOL_OK;
	bool end = false;

	while (!status && !end && *n < v->freeze && !run_interrupted(&v->run)) {
		int ret = sono_next(v->run.sono, &held[*n]);

		if (ret == 1)
			++*n;
		else if (ret == 0)
			status = run_wait(&v->run, v->freeze - *n);
		else
			status = run_no_frame(&v->run, ret, &end);
		say_held(v, *n);
	}
	if (v->tty)
		fputs("\r\x1b[K", stderr);
	return status;
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
		return tool_fail("hold frames of", v->run.source, NULL, -ENOMEM);
	status = run_let_pass(&v->run);
	if (!status)
		status = acquire(v, held, &n);
	stopped = run_stop(&v->run);
	if (!status)
		status = stopped;
	v->run.started = run_now();
	for (uint32_t i = 0; i < n; i++) {
		if (!status && !run_interrupted(&v->run))
			status = process(v, &held[i]);
		sono_release(v->run.sono, &held[i]);
	}
	free(held);
	return status;
}

/* A run too short for a picture is no success, unless somebody had enough. */
static int check_pictures(struct view *v)
{
	const uint32_t packet = v->run.plan->params.colour.packet_frames;
	const uint64_t taken = run_stats(&v->run).frames;
	char why[WHY_BYTES];

	if (v->pictures || v->run.damaged || run_interrupted(&v->run) ||
	    v->screen.quit)
		return TOOL_OK;
	if (taken <= v->run.after)
		snprintf(why, sizeof(why),
			 "it has %" PRIu64 " frames, and %u were to go by",
			 taken, v->run.after);
	else if (taken - v->run.after < packet)
		snprintf(why, sizeof(why),
			 "%" PRIu64 " frames taken, a picture needs %u",
			 taken - v->run.after, packet);
	else
		snprintf(why, sizeof(why),
			 "of %" PRIu64 " frames taken no %u follow each other%s",
			 taken - v->run.after, packet,
			 packet > v->run.slots && !sono_scan(v->run.sono) ?
				 "; --slots are fewer" : "");
	return tool_fail("show a picture of", v->run.source, why, 0);
}

/* Until there is nothing more to come, or somebody has enough. */
static int run_on(struct view *v)
{
	int status, stopped;

	status = run_let_pass(&v->run);
	if (!status && v->screen.keyboard)
		return view_interact(v);
	if (!status)
		status = view_live(v);
	stopped = run_stop(&v->run);
	return status ? status : stopped;
}

static int run(struct view *v)
{
	int status = run_start(&v->run);

	if (status)
		return status;
	if (!v->freeze)
		return run_on(v);
	status = run_freeze(v);
	if (status || !v->screen.keyboard)
		return status;
	v->screen.status.state = SCREEN_FROZEN;
	return view_interact(v);
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
	view_signals_end(&v->run.signal);
	if (view_close_file(&v->digest, v->digest_path) ||
	    view_close_file(&v->velocity, v->velocity_path) ||
	    view_close_file(&v->report, v->report_path) ||
	    view_close_file(&v->times, v->times_path))
		status = TOOL_FAILED;
	view_screen_close(&v->screen);
	annotate_destroy(v->annotate);
	run_close(&v->run);
	return status;
}

int tool_view(int argc, char **argv)
{
	static int (*const steps[])(struct view *v) = {
		open_screen, open_source, say_rates, open_pipeline,
		open_files,  open_sinks,  configure, run,
		check_pictures,
	};
	struct view v = {
		.run = { .tool = "view", .slots = 8 },
		.screen = { .cine_mib = 128 },
	};
	int status, closed;

	status = view_arguments(&v, argc, argv);
	if (status || !v.run.source)
		return status;
	v.tty = isatty(STDERR_FILENO);
	v.say = v.film_out ? stderr : stdout;
	closed = view_signals_begin(&v.run.signal);
	if (closed)
		return tool_fail("take", "signals", NULL, closed);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !status; i++)
		status = steps[i](&v);
	if (!status)
		status = view_conclude(&v);
	if (!status && v.run.damaged)
		status = TOOL_FAILED;
	closed = close_all(&v);
	return status ? status : closed;
}

// SPDX-License-Identifier: MIT
/* sono prof: a run, and where its time goes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dsp/probe.h"
#include "prof.h"
#include "prof_compare.h"
#include "prof_prometheus.h"
#include "take.h"

#define WHY_BYTES 256

/* Processor time of stages takes system calls: of one frame in so many. */
#define WATCH_FRAMES 8

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* --- opening --------------------------------------------------------------- */

static int open_source(struct prof *p)
{
	int status = run_open(&p->run);

	if (status)
		return status;
	if (p->record_path && sono_scan(p->run.sono))
		return tool_fail("record", p->run.source, "it is a recording",
				 0);
	return run_open_pipeline(&p->run);
}

static unsigned int add_part(struct prof *p, enum prof_kind kind,
			     const char *name)
{
	return (unsigned int)prof_figures_part(&p->figures, kind, name);
}

/* In the order of the way; there are fewer than PROF_PARTS_MAX. */
static int make_parts(struct prof *p)
{
	const struct pipeline_timing *t;

	_Static_assert(PIPELINE_STAGES_MAX + PROF_SINKS_MAX + 3 <=
			       PROF_PARTS_MAX, "a part for each");
	p->wake = add_part(p, PROF_WAKE, "wake");
	p->stage = p->figures.parts;
	while ((t = pipeline_timing(p->run.pipeline, p->stages))) {
		add_part(p, PROF_STAGE, t->stage);
		p->stages++;
	}
	for (unsigned int i = 0; i < p->sinks; i++)
		p->sink[i].part = add_part(p, PROF_SINK,
					   p->sink[i].sink->name);
	if (p->record_path)
		p->disk = add_part(p, PROF_DISK, "disk");
	/* a recording's frames are read and checked there, and may be on the disk */
	p->loop = add_part(p, PROF_LOOP,
			   sono_scan(p->run.sono) ? "read" : "loop");
	return TOOL_OK;
}

static int sink_failed(const struct prof *p, const char *target, int err)
{
	return tool_fail("write", target,
			 err == -EINTR && run_interrupted(&p->run) ?
				 "interrupted, and nobody reads it" :
				 NULL,
			 err);
}

static int open_sinks(struct prof *p)
{
	for (unsigned int i = 0; i < p->sinks; i++) {
		struct prof_sink *s = &p->sink[i];
		int ret = s->sink->open(&s->state, s->target);

		if (ret)
			return sink_failed(p, s->target, ret);
		s->open = true;
	}
	return TOOL_OK;
}

static int open_recording(struct prof *p)
{
	char why[WHY_BYTES];
	int ret;

	if (!p->record_path)
		return TOOL_OK;
	ret = sono_spool_create(&p->spool, p->run.sono, p->record_path,
				run_scan(&p->run), &p->run.plan->table,
				p->run.source, why, sizeof(why));
	return ret ? tool_fail("write", p->record_path, why, ret) : TOOL_OK;
}

static int configure(struct prof *p)
{
	const struct sono_scan *scan = run_scan(&p->run);
	const double period = scan->frame_period * 1e9;
	int status = run_configure(&p->run);

	p->figures.period = (uint64_t)period;
	p->figures.deadline = p->deadline_us ? p->deadline_us * 1000 :
			      (uint64_t)(period *
					 p->run.plan->params.colour.packet_frames);
	p->figures.slots = p->run.slots;
	p->figures.played = sono_scan(p->run.sono);
	return status ? status : open_recording(p);
}

/* --- running --------------------------------------------------------------- */

/* A recording's times are of another day, virtual time is of no day. */
static uint64_t host_time(const struct prof *p, const struct sono_record *rec,
			  uint64_t now)
{
	if (sono_scan(p->run.sono) || rec->host_ts < p->began ||
	    rec->host_ts > now)
		return 0;
	return rec->host_ts;
}

static void spend(struct prof_sample *s, unsigned int part, uint64_t ns)
{
	s->ran |= 1u << part;
	s->ns[part] += ns;
}

/* A frame has come: the first one after a wait tells how long waking took. */
static void arrived(struct prof *p, const struct sono_frame *f, uint64_t now)
{
	if (p->idle_from && !p->first_host)
		p->first_host = host_time(p, &f->rec, now);
	p->sample.dropped += f->rec.dropped;
	p->sample.lost += f->rec.lost;
}

static void skipped(void *arg, const struct sono_frame *f)
{
	struct prof *p = arg;

	arrived(p, f, now_ns());
	p->sample.skipped++;
	prof_steps_skipped(p, f);
}

static void begin_sample(struct prof *p, const struct sono_frame *f)
{
	struct prof_sample *s = &p->sample;
	const uint64_t now = now_ns();

	arrived(p, f, now);
	s->taken = now;
	s->host = host_time(p, &f->rec, now);
	s->hw = (uint64_t)((double)f->rec.hw_ts * 1e9 /
			   sono_info(p->run.sono)->board_clock);
	s->waited = p->idle_from;
	/* where it was there before the wait, there was nothing to wake up for */
	if (p->first_host > p->idle_from && p->idle_from)
		spend(s, p->wake, now - p->first_host);
	if (p->freed && now > p->freed + p->away)
		spend(s, p->loop, now - p->freed - p->away);
}

/* What the pipeline's stamps say of a frame. */
static void add_stages(struct prof *p, uint64_t seq)
{
	const struct pipeline_stamps *t = pipeline_stamps(p->run.pipeline, seq);
	struct prof_sample *s = &p->sample;
	uint64_t from = t->begin;

	s->has_cpu = t->watched;
	for (unsigned int i = 0; i < p->stages; i++) {
		if (t->end[i] > from)
			spend(s, p->stage + i, t->end[i] - from);
		s->cpu[p->stage + i] = t->cpu[i];
		from = t->end[i];
	}
}

static bool execute(struct prof *p, const struct sono_frame *f,
		    const struct image **image)
{
	const struct rf_frame rf = sono_rf(p->run.sono, f);
	uint64_t cpu, from;
	bool made;

	pipeline_watch(p->run.pipeline, p->taken++ % WATCH_FRAMES == 0 ||
					prof_steps_wanted(p));
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	from = now_ns();
	made = pipeline_execute(p->run.pipeline, &rf, image);
	from = now_ns() - from;
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	p->sample.off_cpu = from > cpu ? from - cpu : 0;
	add_stages(p, f->rec.seq);
	prof_steps_stages(p, f->rec.seq);
	return made;
}

static int show(struct prof *p, const struct image *image, uint64_t seq)
{
	for (unsigned int i = 0; i < p->sinks; i++) {
		struct prof_sink *s = &p->sink[i];
		uint64_t from = now_ns(), to;
		int ret = s->sink->frame(s->state, image);

		if (ret)
			return sink_failed(p, s->target, ret);
		to = now_ns();
		spend(&p->sample, s->part, to - from);
		prof_steps_sink(p, seq, s, from, to);
	}
	return TOOL_OK;
}

static int process(void *arg, const struct sono_frame *f)
{
	struct prof *p = arg;
	const struct image *image;
	int status = p->status ? p->status : run_check_length(&p->run, f);

	if (status)
		return status;
	begin_sample(p, f);
	prof_steps_taken(p, f);
	if (execute(p, f, &image))
		status = show(p, image, f->rec.seq);
	p->sample.published = now_ns();
	SONO_PROBE(frame_published, f->rec.seq);
	prof_steps_published(p, f->rec.seq);
	prof_figures_add(&p->figures, &p->sample);
	/* what follows leads to the next frame */
	p->sample = (struct prof_sample){ .newest = p->run.newest };
	p->freed = now_ns();
	p->idle_from = 0;
	p->first_host = 0;
	p->away = 0;
	return status;
}

/* Said once: what has failed fails again when it is closed. */
static int disk_failed(struct prof *p, int err)
{
	if (p->disk_failed)
		return TOOL_FAILED;
	p->disk_failed = true;
	return tool_fail("write", p->record_path, NULL, err);
}

/* Frames on their way to the disk; slots that are there come back. */
static int reap(struct prof *p, bool wait, uint32_t *on_way)
{
	int ret = sono_spool_reap(p->spool, wait);

	if (ret < 0)
		return disk_failed(p, ret);
	*on_way = (uint32_t)ret;
	if (*on_way > p->sample.on_disk)
		p->sample.on_disk = *on_way;
	return TOOL_OK;
}

static int done(void *arg, const struct sono_frame *f)
{
	struct prof *p = arg;
	const uint64_t from = now_ns();
	uint32_t on_way;
	int ret;

	if (!p->spool) {
		sono_release(p->run.sono, f);
		return TOOL_OK;
	}
	ret = sono_spool_put(p->spool, f);
	if (ret)
		return disk_failed(p, ret);
	ret = reap(p, false, &on_way);
	spend(&p->sample, p->disk, now_ns() - from);
	p->away += now_ns() - from;
	return ret;
}

/* So short that a slot comes back soon after its frame is on the disk. */
#define DISK_US 10000

static int wait_beside_disk(struct prof *p, bool *for_disk)
{
	uint32_t on_way = 0;
	int status = reap(p, false, &on_way);
	int ret;

	*for_disk = on_way == p->run.slots;
	if (status)
		return status;
	if (*for_disk)
		return reap(p, true, &on_way);
	ret = sono_wait(p->run.sono, 1, on_way ? DISK_US : 0);
	if (ret < 0 && ret != -ETIME)
		return tool_fail("wait for", p->run.source, NULL, ret);
	return TOOL_OK;
}

static int wait_for(void *arg)
{
	struct prof *p = arg;
	const uint64_t from = now_ns();
	bool for_disk = false;
	int status = p->spool ? wait_beside_disk(p, &for_disk) :
				run_wait(&p->run, 1);
	const uint64_t took = now_ns() - from;

	p->away += took;
	if (for_disk)
		spend(&p->sample, p->disk, took);
	else if (!p->idle_from)
		p->idle_from = from;
	return status;
}

static int export(struct prof *p)
{
	int ret = prof_prometheus_write(&p->figures, p->run.plan_path,
					p->run.source, p->prometheus_path);

	return ret ? tool_fail("write", p->prometheus_path, NULL, ret) :
		     TOOL_OK;
}

/* The table twice a second, over the one before. */
static void progress(void *arg)
{
	struct prof *p = arg;
	const double t = run_now();

	if (p->prometheus_path && t >= p->export && !p->status) {
		p->export = t + 1;
		p->status = export(p);
	}
	if (!p->tty || t < p->show)
		return;
	p->show = t + 0.5;
	if (p->shown)
		printf("\x1b[%uA\x1b[J", p->shown);
	/* lines that are too long are cut, or there would be more of them */
	fputs("\x1b[?7l", stdout);
	p->shown = prof_table(p, stdout);
	fputs("\x1b[?7h", stdout);
	fflush(stdout);
}

static int run(struct prof *p)
{
	static const struct run_ops ops = {
		.frame = process,
		.done = done,
		.skipped = skipped,
		.wait = wait_for,
		.progress = progress,
	};
	int status, stopped;

	p->began = now_ns();
	status = prof_steps_begin(p);
	if (!status)
		status = run_start(&p->run);
	if (status)
		return status;
	status = run_let_pass(&p->run);
	if (!status)
		status = run_live(&p->run, &ops, p);
	stopped = run_stop(&p->run);
	return status ? status : stopped;
}

static int close_all(struct prof *p)
{
	int status = TOOL_OK;

	for (unsigned int i = 0; i < p->sinks; i++) {
		struct prof_sink *s = &p->sink[i];
		int ret = s->open ? s->sink->close(s->state) : 0;

		if (ret)
			status = sink_failed(p, s->target, ret);
	}
	if (p->spool) {
		int ret = sono_spool_close(p->spool);

		if (ret)
			status = disk_failed(p, ret);
	}
	prof_tracefs_end(&p->kernel, &p->trace, p->held, p->held_count);
	prof_trace_finish(&p->trace);
	free(p->held);
	run_close(&p->run);
	return status;
}

/* The account knows also what was lost after the last record. */
static void account(struct prof *p)
{
	const struct sono_ctl *ctl = sono_ctl(p->run.sono);

	prof_figures_end(&p->figures, p->run.account.dropped,
			 p->run.account.lost,
			 ctl && ctl->reason == SONO_END_LINK);
}

static int save(struct prof *p)
{
	char why[WHY_BYTES];
	int ret = prof_save(&p->figures, p->run.plan_path, p->run.source,
			    p->save_path, why, sizeof(why));

	return ret ? tool_fail("write", p->save_path, why, ret) : TOOL_OK;
}

/* @whole: nothing went wrong: the run is worth keeping */
static int conclude(struct prof *p, bool whole)
{
	if (p->shown)
		printf("\x1b[%uA\x1b[J", p->shown);
	prof_table(p, stdout);
	if (!p->status)
		p->status = prof_steps_conclude(p);
	if (p->prometheus_path && !p->status)
		p->status = export(p);
	if (p->save_path && whole && !p->status)
		p->status = save(p);
	return p->status;
}

static int check_frames(struct prof *p)
{
	if (p->figures.frames || p->run.damaged || run_interrupted(&p->run))
		return TOOL_OK;
	return tool_fail("profile", p->run.source, "no frame came", 0);
}

int tool_prof(int argc, char **argv)
{
	static int (*const steps[])(struct prof *p) = {
		open_source, make_parts, open_sinks, configure, run,
	};
	struct prof *p = calloc(1, sizeof(*p));
	int status, closed;

	if (!p)
		return tool_fail("profile", "anything", NULL, -ENOMEM);
	p->run.tool = "prof";
	p->run.slots = 8;
	p->tolerance = 5;
	p->follow = UINT64_MAX;
	status = prof_arguments(p, argc, argv);
	if (status || (!p->run.source && !p->sonod_path))
		goto out;
	p->tty = isatty(STDOUT_FILENO);
	closed = view_signals_begin(&p->run.signal);
	if (closed) {
		status = tool_fail("take", "signals", NULL, closed);
		goto out;
	}
	if (p->sonod_path) {
		status = prof_sonod(p);
		run_close(&p->run);
		goto out;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !status; i++)
		status = steps[i](p);
	if (p->figures.frames) {
		account(p);
		closed = conclude(p, !status);
		status = status ? status : closed;
	}
	if (!status)
		status = check_frames(p);
	if (!status && p->run.damaged)
		status = TOOL_FAILED;
	closed = close_all(p);
	status = status ? status : closed;
out:
	free(p);
	return status;
}

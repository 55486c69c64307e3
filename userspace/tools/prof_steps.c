// SPDX-License-Identifier: MIT
/* The steps of each frame's way, for a trace or for one who follows it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prof.h"

bool prof_steps_wanted(const struct prof *p)
{
	return p->trace_path || p->follow != UINT64_MAX;
}

/* The driver's own steps: without them the rest is still true. */
int prof_steps_begin(struct prof *p)
{
	int ret;

	if (!prof_steps_wanted(p) || strncmp(p->run.source, "/dev/", 5))
		return TOOL_OK;
	ret = prof_tracefs_begin(&p->kernel);
	if (ret)
		fprintf(stderr, "sono prof: no tracepoints of the driver: %s\n",
			strerror(-ret));
	return TOOL_OK;
}

static void add(struct prof *p, enum prof_track track, uint64_t seq,
		const char *name, uint64_t begin, uint64_t end)
{
	const struct prof_step step = {
		.begin = begin,
		.end = end,
		.seq = seq,
		.name = name,
		.track = track,
	};

	prof_trace_add(&p->trace, &step);
}

static void mark(struct prof *p, enum prof_track track,
		 enum prof_step_kind kind, uint64_t seq, const char *name,
		 uint64_t at, uint32_t frames)
{
	const struct prof_step step = {
		.begin = at,
		.end = at,
		.seq = seq,
		.name = name,
		.count = frames,
		.track = track,
		.kind = kind,
	};

	prof_trace_add(&p->trace, &step);
}

static void hold(struct prof *p, const struct sono_record *rec)
{
	if (!p->kernel.path[0])
		return;
	if (p->held_count == p->held_room) {
		const uint64_t room = p->held_room ? 2 * p->held_room : 1024;
		struct prof_held *held = realloc(p->held,
						 room * sizeof(*held));

		if (!held)
			return;
		p->held = held;
		p->held_room = room;
	}
	p->held[p->held_count++] = (struct prof_held){ rec->slot, rec->gen,
						       rec->seq };
}

/* From the first trigger to the last sample. */
static uint64_t scan_ns(const struct sono_scan *scan)
{
	const struct sono_event *last = &scan->event[scan->events - 1];
	double time = last->rx_start + last->samples / scan->fs;

	for (uint32_t i = 0; i + 1 < scan->events; i++)
		time += scan->event[i].period;
	return (uint64_t)(time * 1e9);
}

/* What a record says, whoever got the frame. */
static void add_record(struct prof *p, const struct sono_record *rec,
		       uint64_t host)
{
	const double ticks = sono_info(p->run.sono)->board_clock;
	const uint64_t hw = (uint64_t)((double)rec->hw_ts * 1e9 / ticks);
	const uint64_t end = hw + scan_ns(run_scan(&p->run));

	hold(p, rec);
	if (host) {
		add(p, PROF_TRACK_BOARD, rec->seq, "acquire", hw, end);
		mark(p, PROF_TRACK_BOARD, PROF_FLOW, rec->seq, "s", hw, 0);
		mark(p, PROF_TRACK_DRIVER, PROF_INSTANT, rec->seq, "record",
		     host, 0);
		mark(p, PROF_TRACK_DRIVER, PROF_FLOW, rec->seq, "t", host, 0);
	}
	if (rec->dropped)
		mark(p, PROF_TRACK_DRIVER, PROF_INSTANT, rec->seq,
		     "dropped before", host ? host : p->began, rec->dropped);
	if (rec->lost)
		mark(p, PROF_TRACK_DRIVER, PROF_INSTANT, rec->seq,
		     "lost before", host ? host : p->began, rec->lost);
}

void prof_steps_taken(struct prof *p, const struct sono_frame *f)
{
	const struct prof_sample *s = &p->sample;

	if (!prof_steps_wanted(p))
		return;
	add_record(p, &f->rec, s->host);
	if (p->idle_from)
		add(p, PROF_TRACK_CONSUMER, f->rec.seq, "wait", p->idle_from,
		    s->taken);
}

/* The one that was running then. */
static const char *stage_at(struct prof *p, const struct pipeline_stamps *t,
			    uint64_t at)
{
	unsigned int i = 0;

	while (i + 1 < p->stages && at >= t->end[i])
		i++;
	return pipeline_timing(p->run.pipeline, i)->stage;
}

static void add_workers(struct prof *p, const struct pipeline_stamps *t)
{
	const struct workers *w = pipeline_workers(p->run.pipeline);
	const uint32_t count = workers_count(w);

	for (uint32_t worker = 1; worker < count; worker++) {
		uint32_t n;
		const struct workers_span *span = workers_spans(w, worker, &n);

		for (uint32_t i = 0; i < n; i++)
			add(p, (enum prof_track)(PROF_TRACK_CONSUMER + worker),
			    t->seq, stage_at(p, t, span[i].begin),
			    span[i].begin, span[i].end);
	}
}

void prof_steps_stages(struct prof *p, uint64_t seq)
{
	const struct pipeline_stamps *t = pipeline_stamps(p->run.pipeline,
							  seq);
	uint64_t from = t->begin;

	if (!prof_steps_wanted(p))
		return;
	for (unsigned int i = 0; i < p->stages; i++) {
		if (t->end[i] > from)
			add(p, PROF_TRACK_CONSUMER, seq,
			    pipeline_timing(p->run.pipeline, i)->stage, from,
			    t->end[i]);
		from = t->end[i];
	}
	add_workers(p, t);
}

void prof_steps_sink(struct prof *p, uint64_t seq, const struct prof_sink *s,
		     uint64_t from, uint64_t to)
{
	if (prof_steps_wanted(p))
		add(p, PROF_TRACK_CONSUMER, seq, s->sink->name, from, to);
}

void prof_steps_published(struct prof *p, uint64_t seq)
{
	const struct prof_sample *s = &p->sample;

	if (!prof_steps_wanted(p))
		return;
	add(p, PROF_TRACK_CONSUMER, seq, "frame", s->taken, s->published);
	mark(p, PROF_TRACK_CONSUMER, PROF_FLOW, seq, s->host ? "t" : "s",
	     s->taken, 0);
	mark(p, PROF_TRACK_CONSUMER, PROF_INSTANT, seq, "published",
	     s->published, 0);
	mark(p, PROF_TRACK_CONSUMER, PROF_FLOW, seq, "f", s->published, 0);
}

void prof_steps_skipped(struct prof *p, const struct sono_frame *f)
{
	const uint64_t now = (uint64_t)(run_now() * 1e9);
	const uint64_t host = !sono_scan(p->run.sono) &&
			      f->rec.host_ts >= p->began &&
			      f->rec.host_ts <= now ? f->rec.host_ts : 0;

	if (!prof_steps_wanted(p))
		return;
	add_record(p, &f->rec, host);
	mark(p, PROF_TRACK_CONSUMER, PROF_INSTANT, f->rec.seq, "skipped", now,
	     1);
}

/*
 * The clocks are related by the earliest record: a frame cannot be recorded
 * before its last echo is in. So the board's times are the latest possible.
 */
static int64_t board_offset(const struct prof *p)
{
	return p->figures.earliest - (int64_t)scan_ns(run_scan(&p->run));
}

static int write_trace(struct prof *p)
{
	FILE *to = fopen(p->trace_path, "we");
	const struct workers *w = pipeline_workers(p->run.pipeline);

	if (!to)
		return tool_fail("write", p->trace_path, NULL, -errno);
	prof_trace_write(&p->trace, workers_count(w), board_offset(p), to);
	if (fflush(to) || ferror(to)) {
		const int err = -errno;

		fclose(to);
		return tool_fail("write", p->trace_path, NULL, err);
	}
	fclose(to);
	if (p->trace.missed)
		fprintf(stderr, "sono prof: %s has the first %" PRIu64
			" steps; %" PRIu64 " more had no room\n",
			p->trace_path, p->trace.steps, p->trace.missed);
	return TOOL_OK;
}

static int follow(struct prof *p)
{
	char what[48];

	if (prof_trace_follow(&p->trace, p->follow, board_offset(p), stdout))
		return TOOL_OK;
	snprintf(what, sizeof(what), "frame %" PRIu64, p->follow);
	return tool_fail("follow", what,
			 "it is none of the run's, or was dropped or lost", 0);
}

int prof_steps_conclude(struct prof *p)
{
	int status = TOOL_OK;

	if (!prof_steps_wanted(p))
		return TOOL_OK;
	prof_tracefs_end(&p->kernel, &p->trace, p->held, p->held_count);
	if (p->follow != UINT64_MAX)
		status = follow(p);
	if (!status && p->trace_path)
		status = write_trace(p);
	return status;
}

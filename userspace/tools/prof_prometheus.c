// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "prof_prometheus.h"

/* Edges of what Prometheus sees, powers of two: 65 us to 1.1 s. */
#define EDGE_FIRST 16
#define EDGE_LAST 30

/* What every sample has: whose run it is. */
struct labels {
	const char *plan;
	const char *source;
	FILE *to;
};

static void escape(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else
			putc(*text, to);
	}
}

static void label(const struct labels *l, const char *name, const char *value)
{
	fprintf(l->to, ",%s=\"", name);
	escape(value, l->to);
	putc('"', l->to);
}

/* NAME{plan="…",source="…" and there may be more labels. */
static void begin(const struct labels *l, const char *name)
{
	fprintf(l->to, "%s{plan=\"", name);
	escape(l->plan, l->to);
	putc('"', l->to);
	label(l, "source", l->source);
}

static void end_count(const struct labels *l, uint64_t value)
{
	fprintf(l->to, "} %" PRIu64 "\n", value);
}

static void end_seconds(const struct labels *l, uint64_t ns)
{
	fprintf(l->to, "} %.9f\n", (double)ns * 1e-9);
}

static void family(const struct labels *l, const char *name, const char *type,
		   const char *help)
{
	fprintf(l->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void seconds(const struct labels *l, const char *name, uint64_t ns,
		    const char *help)
{
	family(l, name, "gauge", help);
	begin(l, name);
	end_seconds(l, ns);
}

/* @part: a label, or NULL */
static void bucket(const struct labels *l, const char *name, const char *part,
		   const char *edge, uint64_t count)
{
	begin(l, name);
	if (part)
		label(l, "part", part);
	label(l, "le", edge);
	end_count(l, count);
}

static void histogram(const struct labels *l, const char *base,
		      const char *part, const struct histogram *h)
{
	char name[64], edge[32];

	snprintf(name, sizeof(name), "%s_bucket", base);
	for (unsigned int i = EDGE_FIRST; i <= EDGE_LAST; i++) {
		/* up to and including its edge, in whole nanoseconds */
		snprintf(edge, sizeof(edge), "%.9f",
			 (double)((1ull << i) - 1) * 1e-9);
		bucket(l, name, part, edge, histogram_below(h, 1ull << i));
	}
	bucket(l, name, part, "+Inf", h->count);
	snprintf(name, sizeof(name), "%s_sum", base);
	begin(l, name);
	if (part)
		label(l, "part", part);
	end_seconds(l, h->sum);
	snprintf(name, sizeof(name), "%s_count", base);
	begin(l, name);
	if (part)
		label(l, "part", part);
	end_count(l, h->count);
}

static void parts(const struct prof_figures *f, const struct labels *l)
{
	family(l, "sono_part_seconds", "histogram",
	       "Time that a part of a frame's way took.");
	for (uint32_t i = 0; i < f->parts; i++)
		histogram(l, "sono_part_seconds", f->part[i].name,
			  &f->part[i].time);
	family(l, "sono_part_cpu_seconds", "gauge",
	       "Processor time of one run of a stage, mean.");
	for (uint32_t i = 0; i < f->parts; i++) {
		const struct prof_part *part = &f->part[i];

		if (part->kind != PROF_STAGE || !part->cpu_runs)
			continue;
		begin(l, "sono_part_cpu_seconds");
		label(l, "part", part->name);
		end_seconds(l, part->cpu_ns / part->cpu_runs);
	}
}

/* One that was not there yet counts from 0: so all are there from the start. */
static void losses(const struct prof_figures *f, const struct labels *l)
{
	char culprit[48];

	family(l, "sono_frames_missed_total", "counter",
	       "Frames that were late, skipped, dropped or lost, and through whom.");
	for (enum prof_loss loss = 0; loss < PROF_LOSSES; loss++)
		for (unsigned int i = 0; i < PROF_CULPRITS; i++) {
			if (i >= f->parts && i < PROF_PARTS_MAX)
				continue;
			prof_culprit_name(f, i, culprit, sizeof(culprit));
			begin(l, "sono_frames_missed_total");
			label(l, "loss", prof_loss_name(loss));
			label(l, "culprit", culprit);
			end_count(l, f->blamed[loss][i]);
		}
}

void prof_prometheus(const struct prof_figures *f, const char *plan,
		     const char *source, FILE *to)
{
	const struct labels l = { plan, source, to };

	family(&l, "sono_frames_total", "counter",
	       "Frames that were taken and went all their way.");
	begin(&l, "sono_frames_total");
	end_count(&l, f->frames);
	losses(f, &l);
	seconds(&l, "sono_frame_period_seconds", f->period,
		"From frame to frame of the board.");
	seconds(&l, "sono_frame_deadline_seconds", f->deadline,
		"Time that there is for a frame's way.");
	family(&l, "sono_frame_seconds", "histogram",
	       "From a frame being taken to its picture being published.");
	histogram(&l, "sono_frame_seconds", NULL, &f->frame);
	family(&l, "sono_record_to_published_seconds", "histogram",
	       "From the driver's record to the picture being published.");
	histogram(&l, "sono_record_to_published_seconds", NULL, &f->latency);
	parts(f, &l);
}

static int put(FILE *to, const char *temporary, const char *path)
{
	if (fflush(to) || ferror(to))
		return -errno;
	return rename(temporary, path) ? -errno : 0;
}

int prof_prometheus_write(const struct prof_figures *f, const char *plan,
			  const char *source, const char *path)
{
	char temporary[PATH_MAX];
	FILE *to;
	int ret;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	to = fopen(temporary, "we");
	if (!to)
		return -errno;
	prof_prometheus(f, plan, source, to);
	ret = put(to, temporary, path);
	fclose(to);
	if (ret)
		unlink(temporary);
	return ret;
}

// SPDX-License-Identifier: MIT
/* The figures of sono prof for a person. */
#include <inttypes.h>
#include <string.h>

#include "prof.h"

#define MS 1e-6

static double ms(const struct histogram *h, double share)
{
	return (double)histogram_quantile(h, share) * MS;
}

static void print_times(FILE *to, const char *name, const struct histogram *h)
{
	fprintf(to, "%-20s %9.3f %9.3f %9.3f", name, ms(h, 0.5), ms(h, 0.99),
		(double)h->max * MS);
}

static uint64_t late_through(const struct prof_figures *f, uint32_t part)
{
	return f->blamed[PROF_LATE][part];
}

static void print_part(const struct prof_figures *f, uint32_t i, FILE *to)
{
	const struct prof_part *part = &f->part[i];

	print_times(to, part->name, &part->time);
	if (part->kind == PROF_STAGE && part->cpu_runs)
		fprintf(to, " %9.3f", (double)part->cpu_ns * MS /
			(double)part->cpu_runs);
	else
		fprintf(to, " %9s", "-");
	fprintf(to, " %8" PRIu64 " %7" PRIu64 "\n", part->time.count,
		late_through(f, i));
}

static unsigned int print_all(FILE *to, const char *name,
			      const struct histogram *h, uint64_t late)
{
	if (!h->count)
		return 0;
	print_times(to, name, h);
	fprintf(to, " %9s %8" PRIu64 " %7" PRIu64 "\n", "", h->count, late);
	return 1;
}

/* "12 skipped: stage beamform 10, consumer 2" */
static unsigned int print_loss(const struct prof_figures *f,
			       enum prof_loss loss, FILE *to)
{
	const char *between = ":";
	char name[48];

	fprintf(to, "%" PRIu64 " %s", f->loss[loss], prof_loss_name(loss));
	for (unsigned int i = 0; i < PROF_CULPRITS; i++) {
		if (!f->blamed[loss][i])
			continue;
		prof_culprit_name(f, i, name, sizeof(name));
		fprintf(to, "%s %s %" PRIu64, between, name,
			f->blamed[loss][i]);
		between = ",";
	}
	putc('\n', to);
	return 1;
}

/* What a faster picture would have to begin with. */
static unsigned int print_slowest(const struct prof_figures *f, FILE *to)
{
	uint64_t all = 0, most = 0;
	uint32_t slowest = 0;
	char name[48];

	for (uint32_t i = 0; i < f->parts; i++) {
		const struct prof_part *part = &f->part[i];

		if (part->kind != PROF_STAGE && part->kind != PROF_SINK)
			continue;
		all += part->time.sum;
		if (part->time.sum > most) {
			most = part->time.sum;
			slowest = i;
		}
	}
	if (!all)
		return 0;
	prof_culprit_name(f, slowest, name, sizeof(name));
	fprintf(to, "slowest: %s, %.0f %% of the time for a picture\n", name,
		100 * (double)most / (double)all);
	return 1;
}

static void print_head(const struct prof *p, FILE *to)
{
	const struct prof_figures *f = &p->figures;
	const double took = (double)(f->last - f->first) * 1e-9;

	fprintf(to,
		"%s on %s: %" PRIu64 " frames, %.2f per second of %.2f; %.3f ms for each\n",
		p->run.plan_path, p->run.source, f->frames,
		took > 0 ? (double)(f->frames - 1) / took : 0,
		f->period ? 1e9 / (double)f->period : 0,
		(double)f->deadline * MS);
	fprintf(to, "%-20s %9s %9s %9s %9s %8s %7s\n", "", "p50 ms", "p99 ms",
		"max ms", "CPU ms", "runs", "late");
}

unsigned int prof_table(const struct prof *p, FILE *to)
{
	const struct prof_figures *f = &p->figures;
	unsigned int lines = 2;

	print_head(p, to);
	for (uint32_t i = 0; i < f->parts; i++) {
		if (!f->part[i].time.count)
			continue;
		print_part(f, i, to);
		lines++;
	}
	lines += print_all(to, "taken to published", &f->frame,
			   f->loss[PROF_LATE]);
	lines += print_all(to, "record to published", &f->latency, 0);
	lines += print_all(to, "record: jitter", &f->record, 0);
	lines += print_slowest(f, to);
	for (enum prof_loss i = 0; i < PROF_LOSSES; i++)
		lines += print_loss(f, i, to);
	return lines;
}

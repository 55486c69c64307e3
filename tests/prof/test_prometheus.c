// SPDX-License-Identifier: MIT
/* The text format, as its specification has it, read back line by line. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/prof_prometheus.h"

#define MS 1000000ull

static struct prof_figures *figures(unsigned int frames)
{
	struct prof_figures *f = calloc(1, sizeof(*f));

	f->period = 10 * MS;
	f->deadline = 10 * MS;
	f->slots = 8;
	prof_figures_part(f, PROF_STAGE, "demod");
	prof_figures_part(f, PROF_STAGE, "beamform");
	for (unsigned int i = 0; i < frames; i++) {
		struct prof_sample s = {
			.host = i * 10 * MS + MS,
			.taken = i * 10 * MS + 2 * MS,
			.published = i * 10 * MS + 5 * MS + i * 1000,
			.ran = 3,
			.ns = { MS, 2 * MS + i * 1000 },
			.has_cpu = true,
			.cpu = { MS / 2, MS },
			.waited = true,
			.lost = i == 7,
		};

		prof_figures_add(f, &s);
	}
	return f;
}

static char *text(const struct prof_figures *f)
{
	char *out = NULL;
	size_t bytes;
	FILE *to = open_memstream(&out, &bytes);

	prof_prometheus(f, "a \"plan\"\\\n", "sim:points", to);
	fclose(to);
	return out;
}

static size_t name_of(const char *line)
{
	size_t n = 0;

	while (isalnum(line[n]) || line[n] == '_')
		n++;
	return n;
}

/* One value of the sample that begins so and has this label. */
static double value(const char *all, const char *name, const char *label)
{
	const size_t n = strlen(name);

	for (const char *p = all; p; p = strchr(p, '\n'), p = p ? p + 1 : p) {
		const char *end = strchrnul(p, '\n');
		const char *has = label ? memmem(p, end - p, label,
						 strlen(label)) : p;

		if (!strncmp(p, name, n) && p[n] == '{' && has)
			return strtod((const char *)memrchr(p, ' ', end - p),
				      NULL);
	}
	cr_assert_fail("no %s with %s", name, label ? label : "any label");
	return NAN;
}

/* A family's samples are together and follow its HELP and TYPE. */
static void check_line(const char *line, char *family, size_t bytes)
{
	char *end;
	size_t n;

	if (!strncmp(line, "# HELP ", 7)) {
		n = name_of(line + 7);
		cr_assert_lt(n, bytes);
		memcpy(family, line + 7, n);
		family[n] = '\0';
		cr_assert_eq(line[7 + n], ' ');
		return;
	}
	n = strlen(family);
	if (!strncmp(line, "# TYPE ", 7)) {
		cr_assert_eq(strncmp(line + 7, family, n), 0, "%s", line);
		cr_assert(!strcmp(line + 7 + n, " counter") ||
			  !strcmp(line + 7 + n, " gauge") ||
			  !strcmp(line + 7 + n, " histogram"), "%s", line);
		if (!strcmp(line + 7 + n, " counter"))
			cr_assert_str_eq(family + n - 6, "_total");
		else
			cr_assert_neq(strcmp(family + n - 6, "_total"), 0);
		return;
	}
	cr_assert_eq(strncmp(line, family, n), 0, "%s in %s", line, family);
	cr_assert(line[n] == '{' || !strncmp(line + n, "_bucket{", 8) ||
		  !strncmp(line + n, "_sum{", 5) ||
		  !strncmp(line + n, "_count{", 7), "%s", line);
	/* quotes and line ends of a label's text are escaped */
	cr_assert_not_null(strstr(line, "{plan=\"a \\\"plan\\\"\\\\\\n\","));
	end = strrchr(line, '}');
	cr_assert_not_null(end);
	cr_assert_geq(strtod(end + 1, &end), 0);
	cr_assert_eq(*end, '\0', "%s", line);
}

Test(prometheus, every_line_is_of_the_format)
{
	struct prof_figures *f = figures(100);
	char *all = text(f), *rest = all, *line;
	char family[64] = "";
	int lines = 0;

	cr_assert_eq(all[strlen(all) - 1], '\n');
	while ((line = strsep(&rest, "\n")) && *line) {
		check_line(line, family, sizeof(family));
		lines++;
	}
	cr_assert_gt(lines, 100);
	free(all);
	free(f);
}

Test(prometheus, values_are_those_of_the_run)
{
	struct prof_figures *f = figures(100);
	char *all = text(f);

	cr_assert_eq(value(all, "sono_frames_total", NULL), 100);
	cr_assert_eq(value(all, "sono_frames_missed_total",
			   "loss=\"lost\",culprit=\"board\""), 1);
	cr_assert_eq(value(all, "sono_frames_missed_total",
			   "loss=\"late\",culprit=\"stage beamform\""), 0);
	cr_assert_float_eq(value(all, "sono_frame_period_seconds", NULL), 0.01,
			   1e-12);
	cr_assert_float_eq(value(all, "sono_part_cpu_seconds",
				 "part=\"beamform\""), 0.001, 1e-12);
	/* 100 times 2 ms and 1 to 99 us */
	cr_assert_float_eq(value(all, "sono_part_seconds_sum",
				 "part=\"beamform\""), 0.20495, 1e-9);
	free(all);
	free(f);
}

Test(prometheus, buckets_are_cumulative_and_end_at_the_count)
{
	struct prof_figures *f = figures(100);
	char *all = text(f), *p = all;
	double before = 0, edge = 0;
	int buckets = 0;

	while ((p = strstr(p, "sono_part_seconds_bucket{"))) {
		const char *le = strstr(p, "le=\"") + 4;
		double n = strtod(strchr(p, '}') + 1, NULL);
		double next = strtod(le, NULL);

		if (strstr(p, "part=\"demod\"") < strchr(p, '}') &&
		    strstr(p, "part=\"demod\"")) {
			cr_assert_geq(n, before);
			cr_assert_gt(next, edge);
			/* all are 1 ms */
			cr_assert_eq(n, next >= 0.001 ? 100 : 0, "%g: %g",
				     next, n);
			before = n;
			edge = next;
			buckets++;
		}
		p++;
	}
	cr_assert_eq(edge, INFINITY);
	cr_assert_eq(buckets, 16);
	cr_assert_eq(before, value(all, "sono_part_seconds_count",
				   "part=\"demod\""));
	free(all);
	free(f);
}

Test(prometheus, counters_only_rise)
{
	struct prof_figures *few = figures(50), *more = figures(100);
	char *before = text(few), *after = text(more), *rest = before, *line;
	int counters = 0;

	/* the same run, later: the same lines in the same order */
	while ((line = strsep(&rest, "\n")) && *line) {
		char *end = strrchr(line, '}'), *now;
		const size_t n = end ? (size_t)(end + 1 - line) : 0;

		if (*line == '#' || !strncmp(line, "sono_part_cpu", 13))
			continue;
		now = memmem(after, strlen(after), line, n);
		cr_assert_not_null(now, "%s", line);
		cr_assert_geq(strtod(now + n, NULL), strtod(end + 1, NULL),
			      "%s", line);
		counters++;
	}
	cr_assert_gt(counters, 50);
	free(before);
	free(after);
	free(few);
	free(more);
}

Test(prometheus, a_file_is_whole_or_the_former_one)
{
	struct prof_figures *f = figures(10);
	char path[] = "/tmp/sono-prom-XXXXXX", temporary[64];

	close(mkstemp(path));
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	cr_assert_eq(prof_prometheus_write(f, "p", "s", path), 0);
	cr_assert_eq(access(temporary, F_OK), -1);
	cr_assert_eq(prof_prometheus_write(f, "p", "s", "/none/x"), -ENOENT);
	/* a disk that is full */
	if (!access("/dev/full", W_OK)) {
		cr_assert_eq(symlink("/dev/full", temporary), 0);
		cr_assert_eq(prof_prometheus_write(f, "p", "s", path),
			     -ENOSPC);
		cr_assert_eq(access(path, F_OK), 0, "the former one");
	}
	unlink(path);
	free(f);
}

// SPDX-License-Identifier: MIT
/* Every preset of the tree: what it becomes, how long that takes, how large. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "board.h"
#include "dsp/pipeline_stage.h"

static const struct preset {
	const char *path;
	uint32_t adc_clock;
	uint32_t events;
	double frame_rate, nyquist;
} presets[] = {
	{ "userspace/presets/linear-b.plan", 20832000, 11, 50, 0 },
	{ "userspace/presets/cardiac-b.plan", 10880000, 7, 100, 0 },
	{ "userspace/presets/disk.plan", 20000000, 32, 10, 0.74 },
	{ "userspace/presets/cardiac-colour.plan", 10880000, 19, 25, 0.84926 },
	{ "userspace/presets/cardiac-m.plan", 10880000, 23, 40, 0 },
	{ "userspace/presets/linear-colour.plan", 20832000, 23, 25, 0.29570 },
	{ "userspace/presets/convex-b.plan", 14000000, 80, 40, 0 },
	{ "userspace/presets/cardiac-harmonic.plan", 10880000, 96, 40, 0 },
	{ "userspace/presets/cardiac-tissue.plan", 10880000, 13, 80, 0.21232 },
	{ "userspace/presets/cardiac-colour-m.plan", 10880000, 87, 25, 0 },
	{ "userspace/presets/linear-pw.plan", 20832000, 107, 40, 0 },
	{ "userspace/presets/cardiac-pw.plan", 10880000, 227, 20, 0 },
};

#define PRESETS (sizeof(presets) / sizeof(*presets))

Test(presets, run_on_the_board_and_in_the_pipeline)
{
	for (size_t i = 0; i < PRESETS; i++) {
		const struct preset *p = &presets[i];
		struct pipeline *pipeline;
		struct sono_plan *plan;
		const char *reason = "";
		char why[320] = "";

		cr_assert_eq(board_open_plan(&plan, p->path, p->adc_clock, why,
					     sizeof(why)),
			     0, "%s", why);
		cr_assert_eq(plan->scan->events, p->events);
		cr_assert_float_eq(plan->rates.frame_rate, p->frame_rate, 1e-6);
		cr_assert_float_eq(plan->rates.nyquist, p->nyquist, 1e-4);
		board_must_take(plan, p->adc_clock);
		cr_assert_eq(pipeline_create(&pipeline, plan->scan,
					     &plan->params, &reason),
			     0, "%s", reason);
		pipeline_destroy(pipeline);
		sono_plan_close(plan);
	}
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

Test(presets, compile_within_200_ms)
{
	for (size_t i = 0; i < PRESETS; i++) {
		double took[9];

		for (int k = 0; k < 9; k++) {
			const double start = cpu_seconds();
			struct sono_plan *plan;

			cr_assert_eq(board_open_plan(&plan, presets[i].path,
						     presets[i].adc_clock, NULL,
						     0),
				     0);
			took[k] = cpu_seconds() - start;
			sono_plan_close(plan);
		}
		qsort(took, 9, sizeof(*took), ascending);
		cr_assert_lt(took[4], 0.2, "%s: %g s", presets[i].path,
			     took[4]);
	}
}

static double seconds_of_create(const struct sono_plan *plan)
{
	const double start = cpu_seconds();
	struct pipeline *pipeline;
	const char *reason = "";
	double took;

	cr_assert_eq(pipeline_create(&pipeline, plan->scan, &plan->params,
				     &reason), 0, "%s", reason);
	took = cpu_seconds() - start;
	pipeline_destroy(pipeline);
	return took;
}

/*
 * Of this process's own time, the shortest of five: what others do on the
 * machine takes caches from it, and pages that are fresh cost what the system
 * just then asks for them. Nothing makes it faster than it is.
 */
Test(presets, tables_are_made_within_200_ms)
{
#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("a sanitizer takes its time");
#endif
	for (size_t i = 0; i < PRESETS; i++) {
		struct sono_plan *plan;
		double least = INFINITY;

		cr_assert_eq(board_open_plan(&plan, presets[i].path,
					     presets[i].adc_clock, NULL, 0),
			     0);
		for (int k = 0; k < 5; k++)
			least = fmin(least, seconds_of_create(plan));
		cr_assert_lt(least, 0.2, "%s: %g s", presets[i].path, least);
		sono_plan_close(plan);
	}
}

/* Of the process; what lies in mappings of their own, too. */
static size_t heap_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static size_t floats_of(const struct iq *iq)
{
	return (size_t)iq->ensemble * iq->lines * iq->samples * 2;
}

/* Of what frames pass through; the rest is what is known before one comes. */
static size_t buffer_bytes(const struct pipeline *p)
{
	const struct analytic *a = &p->analytic;

	return (a->event * a->events) * sizeof(*a->data) +
	       (floats_of(&p->b.iq) + floats_of(&p->colour.iq) +
		floats_of(&p->m.iq) + floats_of(&p->pw.iq)) * sizeof(float);
}

Test(presets, tables_are_smaller_than_64_mb)
{
#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("a sanitizer has a heap of its own");
#endif
	for (size_t i = 0; i < PRESETS; i++) {
		size_t bytes, before;
		struct pipeline *pipeline;
		struct sono_plan *plan;
		const char *reason = "";

		cr_assert_eq(board_open_plan(&plan, presets[i].path,
					     presets[i].adc_clock, NULL, 0),
			     0);
		plan->params.workers = 2;
		before = heap_bytes();
		cr_assert_eq(pipeline_create(&pipeline, plan->scan,
					     &plan->params, &reason), 0, "%s",
			     reason);
		bytes = heap_bytes() - before - buffer_bytes(pipeline);
		cr_assert_gt(bytes, 1000000, "this heap cannot be counted");
		cr_assert_lt(bytes, 64000000, "%s: %zu", presets[i].path,
			     bytes);
		pipeline_destroy(pipeline);
		sono_plan_close(plan);
	}
}

Test(presets, tissue_is_told_on_the_m_line_too)
{
	const struct pipeline_m *m;
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(board_open_plan(&plan,
				     "userspace/presets/cardiac-colour-m.plan",
				     10880000, why, sizeof(why)),
		     0, "%s", why);
	m = &plan->params.m;
	cr_assert_float_eq(m->tissue_db, -53, 0);
	cr_assert_float_eq(m->tissue_width, 9e-3, 1e-12);
	cr_assert_eq(m->wanted, MOVING_FLOW);
	/* colour of the section has none here */
	cr_assert_eq(plan->params.colour.tissue_db, INFINITY);
	sono_plan_close(plan);
}

/* No preset escapes the table above. */
Test(presets, every_one_is_tested)
{
	DIR *dir = opendir("userspace/presets");
	struct dirent *entry;

	cr_assert(dir);
	while ((entry = readdir(dir))) {
		size_t i = 0;

		if (!strstr(entry->d_name, ".plan"))
			continue;
		while (i < PRESETS && !strstr(presets[i].path, entry->d_name))
			i++;
		cr_assert_lt(i, PRESETS, "%s", entry->d_name);
	}
	closedir(dir);
}

/* The recorded disk was sampled so: any other window would not be its own. */
Test(presets, disk_window_is_the_recordings)
{
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(board_open_plan(&plan, "userspace/presets/disk.plan",
				     20000000, why, sizeof(why)),
		     0, "%s", why);
	for (uint32_t i = 0; i < plan->scan->events; i++) {
		cr_assert_eq(plan->scan->event[i].samples, 334);
		cr_assert_float_eq(plan->scan->event[i].rx_start, 9.95e-6,
				   1e-15);
	}
	cr_assert_float_eq(plan->scan->fs, 20e6 / 3, 1e-6);
	cr_assert_float_eq(plan->scan->pulse_delay, 0, 0);
	sono_plan_close(plan);
}

/* A board whose clock cannot give the plan's sampling is refused. */
Test(presets, adc_clock_must_fit)
{
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(board_open_plan(&plan, "userspace/presets/disk.plan",
				     20832000, why, sizeof(why)),
		     -EINVAL);
	cr_assert(strstr(why, "disk.plan:18: sequence.sampling_mhz"), "%s",
		  why);
}

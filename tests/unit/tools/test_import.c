// SPDX-License-Identifier: MIT
/* sono import: sets of channel data, made up and real, to recordings. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../libsono/board.h"
#include "import.h"
#include "plan.h"
#include "recording.h"
#include "seq.h"
#include "tools/tools.h"

#define FRAMES 3
#define ELEMENTS 4
#define SAMPLES 10

static char said[512];

int tool_fail(const char *what, const char *to, const char *why, int err)
{
	snprintf(said, sizeof(said), "%s %s: %s", what, to,
		 why && *why ? why : strerror(-err));
	return TOOL_FAILED;
}

/* A folder of its own for a set and what becomes of it. */
struct fixture {
	char dir[32];
	char out[48];
};

static void put(const struct fixture *f, const char *name, const void *data,
		size_t bytes)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "wb");
	cr_assert(file);
	cr_assert_eq(fwrite(data, 1, bytes, file), bytes);
	fclose(file);
}

static void set_up(struct fixture *f, const char *t0)
{
	int16_t rf[FRAMES * ELEMENTS * SAMPLES];
	char meta[512];

	strcpy(f->dir, "/tmp/test_import.XXXXXX");
	cr_assert(mkdtemp(f->dir));
	snprintf(f->out, sizeof(f->out), "%s/out.sono", f->dir);
	snprintf(meta, sizeof(meta),
		 "{ \"layout\": \"[frame][element][sample]\",\n"
		 "  \"shape\": [%d, %d, %d], \"dtype\": \"int16 LE\",\n"
		 "  \"fs\": 6666666.666666667, \"fc\": 5e6, \"c\": 1480,\n"
		 "  \"pitch\": 3e-4, \"nel\": %d, \"t0\": %s, \"PRF\": 1e4 }\n",
		 FRAMES, ELEMENTS, SAMPLES, ELEMENTS, t0);
	put(f, "meta.json", meta, strlen(meta));
	for (size_t i = 0; i < sizeof(rf) / sizeof(*rf); i++)
		rf[i] = i * 7 - 300;
	put(f, "rf_int16.bin", rf, sizeof(rf));
	said[0] = '\0';
}

static void tear_down(const struct fixture *f)
{
	static const char *const names[] = {
		"meta.json", "rf_int16.bin", "out.sono",
	};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	rmdir(f->dir);
}

static int import(const char *option, const char *from, const char *to)
{
	const char *argv[] = { "import", from, to, option, NULL };

	optind = 0;	/* getopt starts again */
	return tool_import(option ? 4 : 3, (char **)argv);
}

static void expect_samples(const struct sono_scan *s, uint32_t event,
			   const void *payload, uint32_t first)
{
	for (uint32_t c = 0; c < ELEMENTS; c++) {
		const int16_t *row = (const void *)((const char *)payload +
			s->event[event].offset + c * s->event[event].stride);

		for (uint32_t n = 0; n < SAMPLES; n++)
			cr_assert_eq(row[n], (int)((first * ELEMENTS + c) *
						   SAMPLES + n) * 7 - 300);
	}
}

Test(import, frame_by_frame)
{
	struct sono_recording *rec;
	const struct sono_scan *s;
	struct fixture f;

	set_up(&f, "9.95e-6");
	cr_assert_eq(import(NULL, f.dir, f.out), TOOL_OK, "%s", said);
	cr_assert_eq(sono_recording_open(&rec, f.out, NULL, 0), 0);
	s = sono_recording_scan(rec);
	/* the least multiple of fs that has a tick at 9.95 us */
	cr_assert_eq(sono_recording_adc_clock(rec), 20000000);
	cr_assert_float_eq(s->event[0].rx_start, 9.95e-6, 1e-15);
	cr_assert_float_eq(s->fs, 20e6 / 3, 1e-6);
	cr_assert_float_eq(s->event[0].period, 1e-4, 1e-12);
	cr_assert_eq(s->events, 1);
	cr_assert_eq(sono_recording_frames(rec), FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct sono_record record;
		const void *payload;

		cr_assert_eq(sono_recording_frame(rec, i, &record, &payload,
						  NULL, 0), 0);
		cr_assert_eq(record.seq, i);
		cr_assert_eq(record.hw_ts, i * 10000);
		expect_samples(s, 0, payload, i);
	}
	sono_recording_close(rec);
	tear_down(&f);
}

Test(import, as_one_ensemble)
{
	struct sono_recording *rec;
	struct sono_record record;
	const struct sono_scan *s;
	const void *payload;
	struct fixture f;

	set_up(&f, "0");
	cr_assert_eq(import("--ensemble", f.dir, f.out), TOOL_OK, "%s", said);
	cr_assert_eq(sono_recording_open(&rec, f.out, NULL, 0), 0);
	s = sono_recording_scan(rec);
	cr_assert_eq(s->events, FRAMES);
	cr_assert_eq(sono_recording_frames(rec), 1);
	cr_assert_eq(sono_recording_frame(rec, 0, &record, &payload, NULL, 0),
		     0);
	for (uint32_t i = 0; i < FRAMES; i++)
		expect_samples(s, i, payload, i);
	sono_recording_close(rec);
	tear_down(&f);
}

Test(import, says_what_it_could_not_do)
{
	struct fixture f;

	set_up(&f, "0");
	cr_assert_eq(import(NULL, "/tmp/none", f.out), TOOL_FAILED);
	cr_assert(strstr(said, "/tmp/none/meta.json"), "%s", said);
	cr_assert_neq(access(f.out, F_OK), 0);
	cr_assert_eq(import(NULL, f.dir, "/tmp/none/out.sono"), TOOL_FAILED);
	cr_assert(strstr(said, "/tmp/none/out.sono"), "%s", said);
	cr_assert_eq(import("--speed", f.dir, f.out), TOOL_USAGE);
	cr_assert_eq(import("extra", f.dir, f.out), TOOL_USAGE);
	tear_down(&f);
}

/* A record that starts before its trigger is no board's. */
Test(import, refuses_a_window_before_the_trigger)
{
	struct fixture f;

	set_up(&f, "-3e-6");
	cr_assert_eq(import(NULL, f.dir, f.out), TOOL_FAILED);
	cr_assert(strstr(said, "-3 us"), "%s", said);
	tear_down(&f);
}

/* --- real sets --- */

static const char *data_set(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s",
		 getenv("SONO_DATA") ? getenv("SONO_DATA") : "../shared/data",
		 name);
	if (access(path, R_OK))
		cr_skip_test("%s is missing", path);
	return path;
}

/* The board that made @rec takes the table in it. */
static void expect_board_takes(const struct sono_recording *rec)
{
	const struct sono_table *table = sono_recording_table(rec);
	struct sim_limits limits = board_limits(sono_recording_adc_clock(rec));
	struct sim_seq *seq;
	uint32_t event;

	limits.event_overhead = 0;
	cr_assert_eq(sim_seq_parse(&seq, &limits, table->data, table->bytes,
				   &event), SONO_SEQ_OK);
	sim_seq_free(seq);
}

/* Delays, windows and samples survive; delays within half a unit. */
static void expect_set(const char *name)
{
	const double unit = 1.0 / SONO_DELAY_ONE_TICK / 100e6;
	const char *dir = data_set(name);
	struct sono_recording *rec;
	struct sono_import *set;
	struct fixture f;
	char why[256];

	set_up(&f, "0");
	cr_assert_eq(import(NULL, dir, f.out), TOOL_OK, "%s", said);
	cr_assert_eq(sono_import(dir, &set, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(sono_recording_open(&rec, f.out, why, sizeof(why)), 0,
		     "%s", why);
	cr_assert_eq(sono_recording_frames(rec), set->frames);
	expect_board_takes(rec);
	for (uint32_t i = 0; i < set->scan->events; i++) {
		const struct sono_event *a = &set->scan->event[i];
		const struct sono_event *b =
			&sono_recording_scan(rec)->event[i];

		cr_assert_float_eq(a->rx_start, b->rx_start, 1e-12);
		cr_assert_eq(a->samples, b->samples);
		cr_assert_eq(a->wave, b->wave);
		for (uint32_t e = 0; e < set->scan->elements; e++)
			cr_assert_float_eq(a->delay[e], b->delay[e], unit);
	}
	for (uint32_t i = 0; i < set->frames; i++) {
		struct sono_record record;
		const void *payload;

		cr_assert_eq(sono_recording_frame(rec, i, &record, &payload,
						  NULL, 0), 0);
		cr_assert_eq(memcmp(payload, set->payload +
				    i * set->scan->frame_bytes,
				    set->scan->frame_bytes), 0);
	}
	sono_recording_close(rec);
	sono_import_free(set);
	tear_down(&f);
}

Test(import, rotating_disk) { expect_set("must_disk"); }
Test(import, vessel) { expect_set("simus_B_vessel_32ens"); }
Test(import, heart) { expect_set("simus_C_cardiac_7dw"); }
Test(import, cysts) { expect_set("simus_K_picmuslike_cysts_11pw"); }
Test(import, points) { expect_set("simus_P_picmuslike_points_75pw"); }

/* The preset transmits as the simulated heart was: other code, same delays. */
Test(import, cardiac_preset_steers_as_the_heart_was)
{
	const char *dir = data_set("simus_C_cardiac_7dw");
	const struct sim_limits limits = board_limits(10880000);
	const struct sono_info info = board_info(&limits);
	struct sono_import *set;
	struct sono_plan *plan;
	char why[512];
	/* half of the table's unit, that the plan's are rounded to */
	const double step = 0.5 / SONO_DELAY_ONE_TICK / info.board_clock;

	cr_assert_eq(sono_import(dir, &set, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(sono_plan_open(&plan, "userspace/presets/cardiac-b.plan",
				    &info, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(plan->scan->events, set->scan->events);
	for (uint32_t i = 0; i < set->scan->events; i++)
		for (uint32_t e = 0; e < set->scan->elements; e++)
			cr_assert_float_eq(plan->scan->event[i].delay[e],
					   set->scan->event[i].delay[e],
					   step + 1e-12);
	sono_plan_close(plan);
	sono_import_free(set);
}

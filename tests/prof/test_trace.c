// SPDX-License-Identifier: MIT
/* What is written as a trace is read back by a parser that is not ours. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/prof_trace.h"
#include "tools/prof_tracefs.h"

#define MS 1000000ull
#define WORKERS 2

static void add(struct prof_trace *t, int track, int kind, uint64_t seq,
		const char *name, uint64_t begin, uint64_t end)
{
	const struct prof_step step = {
		.begin = begin, .end = end, .seq = seq, .name = name,
		.track = (uint8_t)track, .kind = (uint8_t)kind,
	};

	prof_trace_add(t, &step);
}

static json_t *written(const struct prof_trace *t, int64_t board)
{
	json_error_t error;
	json_t *root;
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	prof_trace_write(t, WORKERS, board, to);
	fclose(to);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	cr_assert_not_null(root, "line %d: %s", error.line, error.text);
	free(text);
	return root;
}

/* The n-th event that is no metadata. */
static json_t *event(json_t *root, size_t n)
{
	json_t *each;
	size_t i;

	json_array_foreach(json_object_get(root, "traceEvents"), i, each)
		if (strcmp(json_string_value(json_object_get(each, "ph")),
			   "M") && !n--)
			return each;
	return NULL;
}

static const char *string(json_t *of, const char *key)
{
	const char *s = json_string_value(json_object_get(of, key));

	return s ? s : "";
}

static double real(json_t *of, const char *key)
{
	return json_number_value(json_object_get(of, key));
}

Test(trace, steps_are_events_of_their_thread_and_time)
{
	struct prof_trace t = { 0 };
	json_t *root, *e;

	/* a day after the machine was started, to the nanosecond */
	add(&t, PROF_TRACK_CONSUMER, PROF_STEP, 7, "beamform",
	    86400000 * MS + 123, 86400005 * MS + 456);
	add(&t, PROF_TRACK_CONSUMER + 1, PROF_STEP, 7, "beamform", MS, 2 * MS);
	add(&t, PROF_TRACK_BOARD, PROF_STEP, 7, "acquire", 5 * MS, 8 * MS);
	add(&t, PROF_TRACK_DRIVER, PROF_INSTANT, 8, "record", 9 * MS, 9 * MS);
	add(&t, PROF_TRACK_DRIVER, PROF_FLOW, 8, "s", 9 * MS, 9 * MS);
	add(&t, PROF_TRACK_CONSUMER, PROF_FLOW, 8, "f", 10 * MS, 10 * MS);
	root = written(&t, -2 * (int64_t)MS);
	e = event(root, 0);
	cr_assert_str_eq(string(e, "ph"), "X");
	cr_assert_str_eq(string(e, "name"), "beamform");
	cr_assert_float_eq(real(e, "ts"), 86400000000.123, 1e-4);
	cr_assert_float_eq(real(e, "dur"), 5000.333, 1e-9);
	cr_assert_eq(real(json_object_get(e, "args"), "seq"), 7);
	cr_assert_neq(real(event(root, 1), "tid"), real(e, "tid"));
	e = event(root, 2);
	cr_assert_eq(real(e, "ts"), 3000, "the board's clock is ahead");
	cr_assert_eq(real(e, "dur"), 3000);
	e = event(root, 3);
	cr_assert_str_eq(string(e, "ph"), "i");
	cr_assert_eq(real(e, "ts"), 9000);
	cr_assert_str_eq(string(event(root, 4), "ph"), "s");
	cr_assert_eq(real(event(root, 4), "id"), 8);
	cr_assert_str_eq(string(event(root, 5), "ph"), "f");
	cr_assert_str_eq(string(event(root, 5), "bp"), "e");
	cr_assert_null(event(root, 6));
	json_decref(root);
	prof_trace_finish(&t);
}

Test(trace, every_thread_has_a_name)
{
	static const char *const names[] = { "board", "driver", "consumer",
					     "worker 1" };
	struct prof_trace t = { 0 };
	json_t *root = written(&t, 0), *e;
	size_t i, found = 0;

	json_array_foreach(json_object_get(root, "traceEvents"), i, e) {
		if (strcmp(string(e, "name"), "thread_name"))
			continue;
		cr_assert_eq(real(e, "tid"), found + 1);
		cr_assert_str_eq(string(json_object_get(e, "args"), "name"),
				 names[found]);
		found++;
	}
	cr_assert_eq(found, 4);
	json_decref(root);
}

Test(trace, text_is_escaped)
{
	struct prof_trace t = { 0 };
	struct prof_step step = {
		.seq = UINT64_MAX, .name = "a \"b\"\\", .kind = PROF_INSTANT,
		.note = strdup("tab\there"), .count = 3,
	};
	json_t *root, *args;

	prof_trace_add(&t, &step);
	root = written(&t, 0);
	cr_assert_str_eq(string(event(root, 0), "name"), "a \"b\"\\");
	args = json_object_get(event(root, 0), "args");
	cr_assert_str_eq(string(args, "note"), "tab\there");
	cr_assert_eq(real(args, "frames"), 3);
	cr_assert_null(json_object_get(args, "seq"), "of no frame");
	json_decref(root);
	prof_trace_finish(&t);
}

Test(trace, what_has_no_room_is_counted)
{
	struct prof_trace t = { 0 };

	for (int i = 0; i < PROF_TRACE_STEPS + 100000; i++)
		add(&t, 0, PROF_STEP, 1, "x", 0, 0);
	cr_assert_geq(t.steps, PROF_TRACE_STEPS);
	cr_assert_eq(t.steps + t.missed, PROF_TRACE_STEPS + 100000);
	prof_trace_finish(&t);
}

Test(trace, a_frame_is_followed_in_order_of_time)
{
	struct prof_trace t = { 0 };
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	add(&t, PROF_TRACK_CONSUMER, PROF_STEP, 3, "demod", 12 * MS, 14 * MS);
	add(&t, PROF_TRACK_CONSUMER, PROF_STEP, 4, "other", 12 * MS, 14 * MS);
	add(&t, PROF_TRACK_CONSUMER, PROF_STEP, 3, "frame", 12 * MS, 20 * MS);
	add(&t, PROF_TRACK_CONSUMER + 1, PROF_STEP, 3, "demod",
	    12500000, 13500000);
	add(&t, PROF_TRACK_DRIVER, PROF_INSTANT, 3, "record", 11 * MS, 11 * MS);
	add(&t, PROF_TRACK_BOARD, PROF_STEP, 3, "acquire", 1 * MS, 6 * MS);
	cr_assert(prof_trace_follow(&t, 3, 2 * MS, to));
	cr_assert_not(prof_trace_follow(&t, 5, 0, to));
	fclose(to);
	cr_assert_str_eq(text,
		"frame 3\n"
		"     at ms   takes ms\n"
		"    -8.000      5.000  board      acquire\n"
		"     0.000             driver     record\n"
		"     1.000      8.000  consumer   frame\n"
		"     1.000      2.000  consumer   demod\n"
		"     1.500      1.000  worker 1   demod\n");
	free(text);
	prof_trace_finish(&t);
}

/* Lines as the kernel prints them, of frames 10 and 11 in slot 2. */
Test(tracefs, lines_of_the_kernel_are_events_of_their_frame)
{
	struct prof_held held[] = { { 5, 1, 9 }, { 2, 8, 11 }, { 2, 7, 10 } };
	struct prof_step s;

	prof_held_sort(held, 3);
	cr_assert(prof_tracefs_line(
		"    irq/26-sono-92      [001] d..2.    14.250913: sono_complete: ring=00000000c1c6ba90 seq=42 hw_ts=12 slot=2 gen=7 len=45056 dropped=0 lost=0\n",
		held, 3, &s));
	cr_assert_str_eq(s.name, "sono_complete");
	cr_assert_eq(s.seq, 42, "as it says itself");
	cr_assert_eq(s.begin, 14250913000);
	cr_assert_eq(s.track, PROF_TRACK_DRIVER);
	cr_assert_null(strchr(s.note, '\n'));
	cr_assert_eq(strncmp(s.note, "ring=", 5), 0, "%s", s.note);
	free(s.note);
	cr_assert(prof_tracefs_line(
		"            sono-103     [000] .....   100.000007: sono_release: ring=00000000c1c6ba90 slot=2 gen=8\n",
		held, 3, &s));
	cr_assert_eq(s.seq, 11, "whose slot it was");
	cr_assert_eq(s.begin, 100000007000);
	free(s.note);
	cr_assert(prof_tracefs_line(
		"  a: b-103     [000] .....   100.000007: sono_post: ring=00000000c1c6ba90 slot=2 gen=9\n",
		held, 3, &s));
	cr_assert_eq(s.seq, UINT64_MAX, "a frame that never came");
	cr_assert_str_eq(s.name, "sono_post");
	free(s.note);
	cr_assert_not(prof_tracefs_line("# tracer: nop\n", held, 3, &s));
	cr_assert_not(prof_tracefs_line("CPU:0 [LOST 5 EVENTS]\n", held, 3,
					&s));
	cr_assert_not(prof_tracefs_line("x: sono_y", held, 3, &s));
}

/* None is told as an event without a name. */
Test(tracefs, all_of_the_drivers_events_are_known)
{
	FILE *from = fopen("kernel/sono_trace.h", "r");
	char line[256], name[64], event[128];
	struct prof_step s;
	int known = 0;

	cr_assert(from);
	while (fgets(line, sizeof(line), from)) {
		if (sscanf(line, "DEFINE_EVENT(%*[a-z_], %63[a-z_]", name) !=
			    1 &&
		    sscanf(line, "TRACE_EVENT(%63[a-z_]", name) != 1)
			continue;
		snprintf(event, sizeof(event), "a-1 [0] ..... 1.5: %s: x=1\n",
			 name);
		cr_assert(prof_tracefs_line(event, NULL, 0, &s), "%s", event);
		cr_expect_str_eq(s.name, name);
		free(s.note);
		known++;
	}
	fclose(from);
	cr_assert_geq(known, 14);
}

// SPDX-License-Identifier: MIT
/*
 *   traced TRACE FRAMES STAGE...
 *   traced -l TRACE
 *
 * Does a trace of sono prof have so many frames, and each of them its steps in
 * order: transmit, record, taken, every stage, published? With -l: says what was
 * dropped or lost, one line each. Exit 0 or, after a message, 1.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAGES_MAX 16

/**
 * struct frame - what a trace has of one
 * @seen: it is there
 * @acquired: end of its last echo [us]
 * @recorded: its record [us]
 * @begin: of the step "frame" [us]
 * @end: the same
 * @stage: end of each stage [us]; 0: not there
 * @busy: in all of them [us]
 * @flows: 1 for s, 2 for t, 4 for f
 */
struct frame {
	int seen;
	double acquired;
	double recorded;
	double begin;
	double end;
	double stage[STAGES_MAX];
	double busy;
	unsigned int flows;
};

static struct frame frames[4096];
static char **stages;
static int stage_count;

static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
	exit(1);
}

static const char *string(json_t *of, const char *key)
{
	const char *s = json_string_value(json_object_get(of, key));

	return s ? s : "";
}

static double number(json_t *of, const char *key)
{
	return json_number_value(json_object_get(of, key));
}

static void add_step(struct frame *f, json_t *e, const char *name)
{
	const double begin = number(e, "ts"), end = begin + number(e, "dur");

	if (!strcmp(name, "acquire"))
		f->acquired = end;
	if (!strcmp(name, "frame")) {
		f->seen++;
		f->begin = begin;
		f->end = end;
	}
	/* of the consumer; workers have the same names */
	for (int i = 0; i < stage_count; i++)
		if (number(e, "tid") == 3 && !strcmp(name, stages[i])) {
			f->stage[i] = end;
			f->busy += end - begin;
		}
}

static void add_event(json_t *e, int list)
{
	json_t *args = json_object_get(e, "args");
	const char *ph = string(e, "ph"), *name = string(e, "name");
	const int flow = !strcmp(name, "frame") && strchr("stf", *ph);
	const double seq = flow ? number(e, "id") : number(args, "seq");
	struct frame *f;

	if (list && json_object_get(args, "frames") && strstr(name, "before"))
		printf("%s %d\n", name, (int)number(args, "frames"));
	if (*ph == 'M' || seq < 0 || seq >= 4096)
		return;
	f = &frames[(int)seq];
	if (flow)
		f->flows |= *ph == 's' ? 1 : *ph == 't' ? 2 : 4;
	else if (*ph == 'X')
		add_step(f, e, name);
	else if (!strcmp(name, "record"))
		f->recorded = number(e, "ts");
}

/* Times are printed to the nanosecond, and read as doubles of microseconds. */
#define GRAIN 0.01

static void check(int seq, const struct frame *f)
{
	double before = f->begin;

	if (f->seen != 1)
		fail("frame %d: %d times", seq, f->seen);
	if (f->flows != 7)
		fail("frame %d: flows %u", seq, f->flows);
	if (!f->recorded || f->recorded > f->begin + GRAIN)
		fail("frame %d: recorded after it was taken", seq);
	if (f->acquired > f->recorded + GRAIN)
		fail("frame %d: recorded %f us before its last echo", seq,
		     f->acquired - f->recorded);
	for (int i = 0; i < stage_count; i++) {
		if (f->stage[i] < before)
			fail("frame %d: %s is missing or not in order", seq,
			     stages[i]);
		before = f->stage[i];
	}
	if (before > f->end + GRAIN)
		fail("frame %d: published before %s", seq,
		     stages[stage_count - 1]);
	if (f->busy > f->end - f->begin + GRAIN)
		fail("frame %d: its stages take longer than it does", seq);
}

int main(int argc, char **argv)
{
	const int list = argc == 3 && !strcmp(argv[1], "-l");
	int taken = 0, wanted = list ? 0 : atoi(argv[2]);
	json_error_t error;
	json_t *root = json_load_file(argv[list ? 2 : 1],
				      JSON_REJECT_DUPLICATES, &error), *e;
	size_t i;

	stages = argv + 3;
	stage_count = list ? 0 : argc - 3;
	if (!root)
		fail("line %d: %s", error.line, error.text);
	json_array_foreach(json_object_get(root, "traceEvents"), i, e)
		add_event(e, list);
	json_decref(root);
	if (list)
		return 0;
	for (i = 0; i < 4096; i++) {
		if (!frames[i].seen)
			continue;
		check((int)i, &frames[i]);
		taken++;
	}
	if (taken != wanted)
		fail("%d frames, not %d", taken, wanted);
	printf("%d frames\n", taken);
	return 0;
}

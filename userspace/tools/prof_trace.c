// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>

#include "prof_trace.h"

#define ROOM_FIRST 4096

/* --- collecting --- */

static bool grow(struct prof_trace *t)
{
	const uint64_t room = t->room ? 2 * t->room : ROOM_FIRST;
	struct prof_step *step;

	if (t->room >= PROF_TRACE_STEPS)
		return false;
	step = realloc(t->step, room * sizeof(*step));
	if (!step)
		return false;
	t->step = step;
	t->room = room;
	return true;
}

void prof_trace_add(struct prof_trace *t, const struct prof_step *step)
{
	if (t->steps == t->room && !grow(t)) {
		t->missed++;
		free(step->note);
		return;
	}
	t->step[t->steps++] = *step;
}

void prof_trace_finish(struct prof_trace *t)
{
	for (uint64_t i = 0; i < t->steps; i++)
		free(t->step[i].note);
	free(t->step);
	*t = (struct prof_trace){ 0 };
}

/* --- as JSON --- */

static void text(const char *s, FILE *to)
{
	putc('"', to);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			fprintf(to, "\\u%04x", (unsigned char)*s);
		else
			putc(*s, to);
	}
	putc('"', to);
}

/* Microseconds are the format's unit. */
static void time_of(const char *key, uint64_t ns, FILE *to)
{
	fprintf(to, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000,
		(unsigned int)(ns % 1000));
}

static uint64_t on_host(const struct prof_step *s, uint64_t ns, int64_t board)
{
	return s->track == PROF_TRACK_BOARD ? ns + (uint64_t)board : ns;
}

static void args(const struct prof_step *s, FILE *to)
{
	const char *between = "";

	fputs(",\"args\":{", to);
	if (s->seq != UINT64_MAX) {
		fprintf(to, "\"seq\":%" PRIu64, s->seq);
		between = ",";
	}
	if (s->count) {
		fprintf(to, "%s\"frames\":%u", between, s->count);
		between = ",";
	}
	if (s->note) {
		fprintf(to, "%s\"note\":", between);
		text(s->note, to);
	}
	putc('}', to);
}

static void write_step(const struct prof_step *s, int64_t board, FILE *to)
{
	fputs(",\n{\"pid\":1,\"cat\":\"sono\",\"name\":", to);
	if (s->kind == PROF_FLOW) {
		/* an arrow ends at the step that it is in */
		fprintf(to, "\"frame\",\"ph\":\"%s\",\"id\":%" PRIu64 "%s",
			s->name, s->seq,
			*s->name == 's' ? "" : ",\"bp\":\"e\"");
	} else {
		text(s->name, to);
		fprintf(to, ",\"ph\":\"%s\"",
			s->kind == PROF_STEP ? "X" : "i\",\"s\":\"t");
	}
	fprintf(to, ",\"tid\":%u", s->track + 1);
	time_of("ts", on_host(s, s->begin, board), to);
	if (s->kind == PROF_STEP)
		time_of("dur", s->end - s->begin, to);
	if (s->kind != PROF_FLOW)
		args(s, to);
	putc('}', to);
}

static void track_name(unsigned int track, char *name, unsigned int bytes)
{
	static const char *const names[] = {
		[PROF_TRACK_BOARD] = "board",
		[PROF_TRACK_DRIVER] = "driver",
		[PROF_TRACK_CONSUMER] = "consumer",
	};

	if (track <= PROF_TRACK_CONSUMER)
		snprintf(name, bytes, "%s", names[track]);
	else
		snprintf(name, bytes, "worker %u", track - PROF_TRACK_CONSUMER);
}

static void write_tracks(uint32_t workers, FILE *to)
{
	char name[24];

	fputs("{\"pid\":1,\"name\":\"process_name\",\"ph\":\"M\",\"args\":{\"name\":\"sono prof\"}}",
	      to);
	for (unsigned int i = 0; i < PROF_TRACK_CONSUMER + workers; i++) {
		track_name(i, name, sizeof(name));
		fprintf(to,
			",\n{\"pid\":1,\"tid\":%u,\"name\":\"thread_name\",\"ph\":\"M\",\"args\":{\"name\":\"%s\"}}",
			i + 1, name);
		fprintf(to,
			",\n{\"pid\":1,\"tid\":%u,\"name\":\"thread_sort_index\",\"ph\":\"M\",\"args\":{\"sort_index\":%u}}",
			i + 1, i);
	}
}

void prof_trace_write(const struct prof_trace *t, uint32_t workers,
		      int64_t board, FILE *to)
{
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n", to);
	write_tracks(workers, to);
	for (uint64_t i = 0; i < t->steps; i++)
		write_step(&t->step[i], board, to);
	fprintf(to, "\n],\"otherData\":{\"clock\":\"CLOCK_MONOTONIC\",\"missed\":%" PRIu64 "}}\n",
		t->missed);
}

/* --- one frame --- */

/* In order of time; what goes on in a step comes after it. */
static int later(const void *a, const void *b)
{
	const struct prof_step *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin > y->begin ? 1 : -1;
	if (x->end != y->end)
		return x->end < y->end ? 1 : -1;
	return (x->track > y->track) - (x->track < y->track);
}

static struct prof_step *steps_of(const struct prof_trace *t, uint64_t seq,
				  int64_t board, uint64_t *n)
{
	struct prof_step *step = malloc((t->steps + 1) * sizeof(*step));

	*n = 0;
	for (uint64_t i = 0; step && i < t->steps; i++) {
		struct prof_step s = t->step[i];

		if (s.seq != seq || s.kind == PROF_FLOW)
			continue;
		s.begin = on_host(&s, s.begin, board);
		s.end = on_host(&s, s.end, board);
		step[(*n)++] = s;
	}
	if (step)
		qsort(step, *n, sizeof(*step), later);
	return step;
}

/* Times count from the record, or where there is none from the first step. */
static uint64_t zero_of(const struct prof_step *step, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (step[i].track == PROF_TRACK_DRIVER)
			return step[i].begin;
	return step[0].begin;
}

static void print_step(const struct prof_step *s, uint64_t zero, FILE *to)
{
	char track[24], took[24] = "";

	track_name(s->track, track, sizeof(track));
	if (s->kind == PROF_STEP)
		snprintf(took, sizeof(took), "%.3f",
			 (double)(s->end - s->begin) * 1e-6);
	fprintf(to, "%10.3f %10s  %-10s %s%s%s\n",
		(double)(int64_t)(s->begin - zero) * 1e-6, took, track,
		s->name, s->note ? ": " : "", s->note ? s->note : "");
}

bool prof_trace_follow(struct prof_trace *t, uint64_t seq, int64_t board,
		       FILE *to)
{
	uint64_t n, i;
	struct prof_step *step = steps_of(t, seq, board, &n);

	if (step && n) {
		fprintf(to, "frame %" PRIu64 "\n%10s %10s\n", seq, "at ms",
			"takes ms");
		for (i = 0; i < n; i++)
			print_step(&step[i], zero_of(step, n), to);
	}
	free(step);
	return n;
}

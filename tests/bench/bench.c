// SPDX-License-Identifier: MIT
/*
 * bench [-s] [-t SECONDS] [-o FILE] [CASE...]	run cases whose names begin so
 * bench -c OURS... -- THEIRS...		compare results, file by file
 *
 * -s is the smoke form: few repetitions, and TAP instead of a table.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "cycles.h"
#include "dsp/cpu.h"
#include "dsp/dsp.h"
#include "dsp/workers.h"

#define ROWS_MOST	2	/* that race each other */
#define RUNS_MOST	501
#define RUNS_LEAST	5
#define RUNS_SLOW	2	/* of what takes longer than SLOW_NS */
#define SLOW_NS		5e8
#define SHORTEST_NS	2e5	/* of what is timed at once */
#define SMOKE_RUNS	5
#define SMOKE_RATIO	0.7	/* speed over C's that passes, where nothing else is said */

/* What a beamformed frame keeps of the sum in double precision. */
#define LEAST_SNR_DB	60
#define LEAST_EXACT_DB	36
#define LEAST_ENV_DB	40

/* Of all points: what may lie at the aperture's edge or the record's end by rounding. */
#define POINTS_SHARE	1e-6

static const struct bench_case *const groups[] = {
	bench_demod,
	bench_beamform,
	bench_detect,
	bench_pipeline,
	bench_doppler,
	bench_scanconvert,
	bench_spectrum,
};

static const struct level {
	const char *name;
	unsigned int flags;
} levels[] = {
	{ "c", 0 },
	{ "avx2", CPU_AVX2 },
	{ "avx512", CPU_AVX2 | CPU_AVX512 },
};

#define GROUPS	(sizeof(groups) / sizeof(groups[0]))
#define LEVELS	(sizeof(levels) / sizeof(levels[0]))

static struct {
	bool smoke;
	double seconds;		/* of each case and level */
	const char *out;
	unsigned int flags;	/* what the processor offers */
	cpu_set_t cores;	/* that there are for us */
	cpu_set_t core;		/* for what has one thread */
	json_t *results;
	json_t *notes;
} state = { .seconds = 1 };

/* A level of one of the cases in hand. */
struct contestant {
	const struct bench_case *row;
	const struct level *level;
	void *object;
	struct bench_run run;
	struct bench_quality quality;
	struct bench_latency latency;
	size_t times;		/* that are timed at once */
	size_t runs;
	size_t done;
	double ms[RUNS_MOST];
	double cycles[RUNS_MOST];
};

void bench_die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

void bench_note(const char *what, const char *why)
{
	json_t *note = json_sprintf("%s: %s", what, why);
	const json_t *other;
	size_t i;

	json_array_foreach(state.notes, i, other)
		if (json_equal(other, note))
			break;
	if (i == json_array_size(state.notes))
		json_array_append(state.notes, note);
	json_decref(note);
}

void *bench_alloc(size_t count, size_t size)
{
	void *memory = dsp_alloc(count, size);

	if (!memory)
		bench_die("memory", strerror(ENOMEM));
	return memory;
}

double bench_random(void)
{
	static uint64_t seed = 0x9e3779b97f4a7c15;

	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (seed * 0x2545f4914f6cdd1d >> 11) * 0x1p-52 - 1;
}

/* --- running --- */

static unsigned int threads_of(const struct bench_case *row)
{
	return row->threads ? row->threads : 1;
}

/*
 * A single worker stays on the core whose cycles are counted, and with it all
 * threads that the case makes: the one on which the cases in hand began.
 */
static void pin(unsigned int threads)
{
	sched_setaffinity(0, sizeof(cpu_set_t),
			  threads > 1 ? &state.cores : &state.core);
}

static void choose_core(void)
{
	if (!CPU_COUNT(&state.cores))
		sched_getaffinity(0, sizeof(state.cores), &state.cores);
	pin(2);
	CPU_ZERO(&state.core);
	CPU_SET(sched_getcpu(), &state.core);
}

static void wake(const struct contestant *c)
{
	pin(c->run.threads);
	if (c->row->wake)
		c->row->wake(c->object);
}

static void rest(const struct contestant *c)
{
	if (c->row->rest)
		c->row->rest(c->object);
}

/* How long it takes is not known before it has been tried. */
static void begin(struct contestant *c, const struct bench_case *row,
		  const struct level *level)
{
	const double together = fmax(row->together_ns, SHORTEST_NS);
	double start, took, least;

	*c = (struct contestant){
		.row = row,
		.level = level,
		.run = { .smoke = state.smoke, .threads = threads_of(row) },
		.quality = { NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN },
		.latency = { NAN, NAN, NAN },
	};
	setenv("SONO_CPU", level->name, 1);
	pin(c->run.threads);
	c->object = row->create(row->arg, &c->run);
	wake(c);
	row->execute(c->object);
	if (row->quality)
		row->quality(c->object, &c->quality);
	start = cycles_now_ns();
	row->execute(c->object);
	took = cycles_now_ns() - start;
	rest(c);
	c->times = state.smoke && row->together_ns ? 1 : ceil(together / took);
	least = took > SLOW_NS ? RUNS_SLOW :
		state.smoke ? SMOKE_RUNS : RUNS_LEAST;
	c->runs = least;
	if (!state.smoke)
		c->runs = fmin(fmax(state.seconds * 1e9 / (took * c->times),
				    least), RUNS_MOST);
}

static void repeat(struct contestant *c)
{
	struct cycles_time t;

	wake(c);
	t = cycles_time(c->row->execute, c->object, c->times);
	rest(c);
	c->ms[c->done] = t.ns / 1e6;
	c->cycles[c->done++] = c->run.threads > 1 ? t.cycles : t.own_cycles;
}

/*
 * Round robin: who needs fewer repetitions has them spread over all the rounds.
 */
static void race(struct contestant *c, size_t n)
{
	size_t rounds = 0, i, k;

	for (i = 0; i < n; i++)
		rounds = c[i].runs > rounds ? c[i].runs : rounds;
	for (k = 0; k < rounds; k++)
		for (i = 0; i < n; i++)
			if ((k + 1) * c[i].runs / rounds > c[i].done)
				repeat(&c[i]);
}

/* --- results --- */

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *share(double value, double of)
{
	return number(value > 0 ? value / of : NAN);
}

static json_t *snr_of(const struct bench_quality *quality)
{
	json_t *of;

	if (isnan(quality->snr_db))
		return json_null();
	of = json_object();
	json_object_set_new(of, "noise", number(quality->noise_db));
	json_object_set_new(of, "weak", number(quality->weak_db));
	json_object_set_new(of, "simus_k", number(quality->simus_db));
	json_object_set_new(of, "beside", number(quality->beside_db));
	return of;
}

/* Medians of the same case: of the C form, and of one thread. */
struct rivals {
	double c_cycles, one_ms;
};

static void record(struct contestant *c, const struct rivals *rivals)
{
	/* quantiles sort, so in this order */
	double cycles = cycles_quantile(c->cycles, c->done, 0.5);
	double ms = cycles_quantile(c->ms, c->done, 0.5);
	json_t *result = json_object();

	json_object_set_new(result, "name", json_string(c->row->name));
	json_object_set_new(result, "variant", json_string(c->level->name));
	json_object_set_new(result, "threads", json_integer(c->run.threads));
	json_object_set_new(result, "cores", json_integer(workers_available()));
	json_object_set_new(result, "ms_median", number(ms));
	json_object_set_new(result, "ms_p99",
			    number(cycles_quantile(c->ms, c->done, 0.99)));
	json_object_set_new(result, "points",
			    c->run.points > 0 ? json_integer(c->run.points) :
						json_null());
	json_object_set_new(result, "points_counted",
			    c->quality.points > 0 ?
				    json_integer(c->quality.points) :
				    json_null());
	json_object_set_new(result, "pt_per_cycle",
			    share(c->run.points, cycles));
	json_object_set_new(result, "cycles_per_item",
			    number(c->run.items > 0 ? cycles / c->run.items :
						      NAN));
	json_object_set_new(result, "snr_db", number(c->quality.snr_db));
	json_object_set_new(result, "snr_of", snr_of(&c->quality));
	json_object_set_new(result, "exact_db", number(c->quality.exact_db));
	json_object_set_new(result, "env_db", number(c->quality.env_db));
	json_object_set_new(result, "env_exact_db",
			    number(c->quality.env_exact_db));
	json_object_set_new(result, "speedup_vs_c",
			    number(rivals->c_cycles / cycles));
	json_object_set_new(result, "speedup_vs_1_thread",
			    number(rivals->one_ms / ms));
	json_object_set_new(result, "fps",
			    share(1e3 * c->run.frames, ms));
	json_object_set_new(result, "frame_ms", number(c->latency.frame_ms));
	json_object_set_new(result, "latency_ms_median",
			    number(c->latency.median_ms));
	json_object_set_new(result, "latency_ms_p99",
			    number(c->latency.p99_ms));
	json_array_append_new(state.results, result);
}

static const char *text(const json_t *result, const char *key)
{
	return json_string_value(json_object_get(result, key));
}

static void print_value(const json_t *result, const char *key,
			const char *format, int width)
{
	const json_t *value = json_object_get(result, key);

	if (json_is_number(value))
		printf(format, width, json_number_value(value));
	else
		printf("%*s", width, "-");
}

static void print_head(void)
{
	printf("%-22s %-7s %3s %10s %10s %10s %9s %7s %7s %7s %7s %7s %7s %7s %8s %8s %8s %8s\n",
	       "case", "variant", "thr", "median ms", "p99 ms", "pt/cycle",
	       "cyc/item", "snr dB", "beside", "exact", "env", "env ex", "vs c", "vs 1",
	       "fps", "frame ms", "latency", "lat p99");
}

static void print_result(const json_t *r)
{
	printf("%-22s %-7s", text(r, "name"), text(r, "variant"));
	print_value(r, "threads", "%*.0f", 4);
	print_value(r, "ms_median", "%*.4f", 11);
	print_value(r, "ms_p99", "%*.4f", 11);
	print_value(r, "pt_per_cycle", "%*.3f", 11);
	print_value(r, "cycles_per_item", "%*.3f", 10);
	print_value(r, "snr_db", "%*.1f", 8);
	print_value(json_object_get(r, "snr_of"), "beside", "%*.1f", 8);
	print_value(r, "exact_db", "%*.1f", 8);
	print_value(r, "env_db", "%*.1f", 8);
	print_value(r, "env_exact_db", "%*.1f", 8);
	print_value(r, "speedup_vs_c", "%*.2f", 8);
	print_value(r, "speedup_vs_1_thread", "%*.2f", 8);
	print_value(r, "fps", "%*.1f", 9);
	print_value(r, "frame_ms", "%*.2f", 9);
	print_value(r, "latency_ms_median", "%*.2f", 9);
	print_value(r, "latency_ms_p99", "%*.2f", 9);
	printf("\n");
	fflush(stdout);
}

static double median(struct contestant *c, double *values)
{
	return cycles_quantile(values, c->done, 0.5);
}

/* NAN where there is no such rival, or none but itself. */
static struct rivals rivals_of(struct contestant *all, size_t n,
			       const struct contestant *c)
{
	struct rivals r = { NAN, NAN };
	size_t i;

	for (i = 0; i < n; i++) {
		struct contestant *o = &all[i];

		if (o->row == c->row && !o->level->flags)
			r.c_cycles = median(o, o->cycles);
		if (o != c && o->level == c->level && o->run.threads == 1)
			r.one_ms = median(o, o->ms);
	}
	return r;
}

/*
 * What follows each other and has one name is one case with more or fewer
 * threads, and races as well.
 */
static size_t rows_of(const struct bench_case *row)
{
	size_t n = 1;

	while (n < ROWS_MOST && row[n].name && !strcmp(row[n].name, row->name))
		n++;
	return n;
}

static void finish(struct contestant *all, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct rivals rivals = rivals_of(all, n, &all[i]);

		pin(all[i].run.threads);
		if (all[i].row->latency)
			all[i].row->latency(all[i].object, &all[i].latency);
		record(&all[i], &rivals);
		all[i].row->destroy(all[i].object);
		if (!state.smoke)
			print_result(json_array_get(state.results,
						    json_array_size(state.results) - 1));
	}
}

static void run_case(const struct bench_case *row, size_t rows)
{
	static struct contestant c[ROWS_MOST * LEVELS];
	size_t n = 0, k, i;

	choose_core();
	for (k = 0; k < rows; k++)
		for (i = 0; i < LEVELS; i++)
			if (!(levels[i].flags & ~state.flags))
				begin(&c[n++], &row[k], &levels[i]);
	race(c, n);
	finish(c, n);
}

static bool wanted(const char *name, char **prefix)
{
	if (!*prefix)
		return true;
	for (; *prefix; prefix++)
		if (!strncmp(name, *prefix, strlen(*prefix)))
			return true;
	return false;
}

static const char *cpu_name(void)
{
	static char line[200];
	FILE *f = fopen("/proc/cpuinfo", "r");
	char *at = NULL;

	while (f && !at && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", 10))
			at = strchr(line, ':');
	if (f)
		fclose(f);
	if (!at)
		return "unknown";
	at[strcspn(at, "\n")] = 0;
	return at + 2;
}

static double clock_ghz(void)
{
	double period[31];
	int i;

	for (i = 0; i < 31; i++)
		period[i] = cycles_period_ns();
	return 1 / cycles_quantile(period, 31, 0.5);
}

static void write_results(void)
{
	json_t *all = json_object();

	json_object_set_new(all, "cpu", json_string(cpu_name()));
	json_object_set_new(all, "clock_ghz", json_real(clock_ghz()));
	json_object_set_new(all, "cores",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set(all, "notes", state.notes);
	json_object_set(all, "results", state.results);
	if (state.out && json_dump_file(all, state.out,
					JSON_INDENT(1) |
						JSON_REAL_PRECISION(6)))
		bench_die(state.out, "cannot be written");
	json_decref(all);
}

static void print_notes(void)
{
	const json_t *note;
	size_t i;

	json_array_foreach(state.notes, i, note)
		printf("%s\n", json_string_value(note));
}

/* --- the smoke form: what was written, read back --- */

static unsigned int reported, failures;

static void report(bool good, const char *name, const char *variant,
		   const char *what)
{
	failures += !good;
	printf("%sok %u - %s %s%s%s\n", good ? "" : "not ", ++reported, name,
	       variant, good ? "" : ": ", good ? "" : what);
}

static bool finite_above(const json_t *result, const char *key, double least)
{
	const json_t *value = json_object_get(result, key);

	return json_is_number(value) && isfinite(json_number_value(value)) &&
	       json_number_value(value) > least;
}

/*
 * Speeds over C's of the cases that have bars, a third of what an idle AMD EPYC
 * has: times hold nowhere else, nor where others have the processors, but C runs in
 * turn. Whoever makes a kernel so much slower hears of it.
 */
static const struct floor {
	const char *name;
	double avx2, avx512;
} floors[] = {
	{ "beamform.pw0.full", 5, 10 },	  { "beamform.pw75.f1.75", 7, 13 },
	{ "beamform.convex", 6, 12 },	  { "beamform.sector7", 6, 12 },
	{ "beamform.packet32", 7, 12 },	  { "detect", 7, 12 },
	{ "doppler.poly2_kasai", 2, 3.5 }, { "scanconvert.sector", 1.2, 1.7 },
	{ "pipeline.cardiac_b", 4, 7 },	  { "pipeline.cardiac_duplex", 4, 7 },
};

static double least_speedup(const char *name, const struct level *level)
{
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++)
		if (!strcmp(floors[i].name, name) && level->flags)
			return level->flags & CPU_AVX512 ? floors[i].avx512 :
							   floors[i].avx2;
	return SMOKE_RATIO;
}

static unsigned int threads_in(const json_t *result)
{
	return json_integer_value(json_object_get(result, "threads"));
}

static const json_t *find(const json_t *results, const char *name,
			  const char *variant, unsigned int count)
{
	const json_t *r;
	size_t i;

	json_array_foreach(results, i, r)
		if (!strcmp(text(r, "name"), name) &&
		    !strcmp(text(r, "variant"), variant) &&
		    threads_in(r) == count)
			return r;
	return NULL;
}

static void check_speed(const json_t *result, const char *name,
			const struct level *level)
{
	const double least = least_speedup(name, level);
	char slow[64];

	snprintf(slow, sizeof(slow), "%.1f times C's speed, not %.1f",
		 json_number_value(json_object_get(result, "speedup_vs_c")),
		 least);
	report(finite_above(result, "speedup_vs_c", least), name, level->name,
	       slow);
}

static void check_result(const json_t *results, const struct bench_case *row,
			 const struct level *level)
{
	const char *name = row->name;
	const json_t *r = find(results, name, level->name,
			       threads_of(row));

	if (level->flags & ~state.flags)
		printf("ok %u - %s %s # SKIP not offered by this processor\n",
		       ++reported, name, level->name);
	else if (!r)
		report(false, name, level->name, "no result");
	else if (!finite_above(r, "ms_median", 0) ||
		 !finite_above(r, "ms_p99", 0) ||
		 !finite_above(r, "speedup_vs_c", 0))
		report(false, name, level->name, "not a finite time");
	else
		check_speed(r, name, level);
}

/* Of a processor's levels; what a machine lacks is told by the notes. */
static void check_quality(const json_t *results, const struct bench_case *row,
			  const struct level *level)
{
	const json_t *r = find(results, row->name, level->name,
			       threads_of(row));
	char text[120];

	if (!row->quality || level->flags & ~state.flags)
		return;
	snprintf(text, sizeof(text),
		 "snr %.1f, exact %.1f, envelope %.1f, exact %.1f dB; not %d, %d, %d, %d",
		 json_number_value(json_object_get(r, "snr_db")),
		 json_number_value(json_object_get(r, "exact_db")),
		 json_number_value(json_object_get(r, "env_db")),
		 json_number_value(json_object_get(r, "env_exact_db")),
		 LEAST_SNR_DB, LEAST_EXACT_DB, LEAST_ENV_DB, LEAST_EXACT_DB);
	report(finite_above(r, "snr_db", LEAST_SNR_DB) &&
	       finite_above(r, "exact_db", LEAST_EXACT_DB) &&
	       finite_above(r, "env_db", LEAST_ENV_DB) &&
	       finite_above(r, "env_exact_db", LEAST_EXACT_DB),
	       row->name, level->name, text);
}

/* That the figure by which speed is told is what the plan says. */
static void check_points(const json_t *results, const struct bench_case *row,
			 const struct level *level)
{
	const json_t *r = find(results, row->name, level->name,
			       threads_of(row));
	const double said = json_number_value(json_object_get(r, "points"));
	const double counted = json_number_value(
		json_object_get(r, "points_counted"));
	char text[80];

	if (!row->quality || level->flags & ~state.flags)
		return;
	snprintf(text, sizeof(text), "%.0f points, by the plan %.0f", said,
		 counted);
	report(counted > 0 && fabs(said - counted) <= POINTS_SHARE * counted,
	       row->name, level->name, text);
}

/* Others may have the processors here: that it is told, not how short it is. */
static void check_latency(const json_t *results, const struct bench_case *row,
			  const struct level *level)
{
	const json_t *r = find(results, row->name, level->name,
			       threads_of(row));

	if (!row->latency || level->flags & ~state.flags)
		return;
	report(finite_above(r, "frame_ms", 0) &&
	       finite_above(r, "latency_ms_median", 0) &&
	       finite_above(r, "latency_ms_p99", 0),
	       row->name, level->name, "no latency");
}

static void check_notes(const json_t *notes)
{
	const json_t *note;
	size_t i;

	json_array_foreach(notes, i, note)
		printf("ok %u - note # SKIP %s\n", ++reported,
		       json_string_value(note));
}

static void check_case(const json_t *results, const struct bench_case *row,
		       const struct level *level)
{
	check_result(results, row, level);
	check_quality(results, row, level);
	check_points(results, row, level);
	check_latency(results, row, level);
}

static void check_results(char **prefix)
{
	json_t *all = json_load_file(state.out, 0, NULL);
	const struct bench_case *row;
	size_t g, i;

	report(finite_above(all, "clock_ghz", 0.1) &&
	       finite_above(all, "cores", 0) &&
	       json_is_string(json_object_get(all, "cpu")),
	       "machine", "", "not described");
	for (g = 0; g < GROUPS; g++)
		for (row = groups[g]; row->name; row++)
			for (i = 0; i < LEVELS && wanted(row->name, prefix); i++)
				check_case(json_object_get(all, "results"),
					   row, &levels[i]);
	check_notes(json_object_get(all, "notes"));
	printf("1..%u\n", reported);
	json_decref(all);
}

/* --- comparing revisions --- */

static json_t *load_results(const char *file)
{
	json_error_t error;
	json_t *all = json_load_file(file, 0, &error);

	if (!all)
		bench_die(file, error.text);
	return json_object_get(all, "results");
}

/* Median of a figure over the runs of a revision; NAN: it has none. */
static double median_over(json_t **runs, size_t n, const json_t *of,
			  const char *key)
{
	double value[64];
	size_t i, found = 0;

	for (i = 0; i < n && found < 64; i++) {
		const json_t *r = find(runs[i], text(of, "name"),
				       text(of, "variant"), threads_in(of));

		if (json_is_number(json_object_get(r, key)))
			value[found++] = json_number_value(
				json_object_get(r, key));
	}
	return found ? cycles_quantile(value, found, 0.5) : NAN;
}

/* By cycles where both have them: they know no clock and no other load. */
static void print_comparison(const json_t *r, json_t **ours, size_t own,
			     json_t **theirs, size_t other)
{
	double now = median_over(ours, own, r, "ms_median");
	double then = median_over(theirs, other, r, "ms_median");
	double ratio = median_over(theirs, other, r, "cycles_per_item") /
		       median_over(ours, own, r, "cycles_per_item");

	if (isnan(ratio))
		ratio = median_over(ours, own, r, "pt_per_cycle") /
			median_over(theirs, other, r, "pt_per_cycle");
	printf("%-22s %-7s %3u", text(r, "name"), text(r, "variant"),
	       threads_in(r));
	if (isnan(then))
		printf(" %12s %12.4f %9s\n", "-", now, "new");
	else
		printf(" %12.4f %12.4f %8.3fx\n", then, now,
		       isnan(ratio) ? then / now : ratio);
}

static int compare_revisions(int n, char **file)
{
	json_t **ours, **theirs, *r;
	int own = 0, i;
	size_t k;

	while (own < n && strcmp(file[own], "--"))
		own++;
	if (!own || own + 1 >= n)
		bench_die("-c", "needs files of both revisions");
	ours = bench_alloc(n, sizeof(json_t *));
	for (i = 0; i < n; i++)
		if (i != own)
			ours[i] = load_results(file[i]);
	theirs = ours + own + 1;
	printf("%-22s %-7s %3s %12s %12s %9s\n", "case", "variant", "thr",
	       "REF ms", "this ms", "faster");
	json_array_foreach(ours[0], k, r)
		print_comparison(r, ours, own, theirs, n - own - 1);
	return 0;
}

/* Each must begin the name of a case. */
static void check_names(char **prefix)
{
	const struct bench_case *row;
	size_t g;

	for (; *prefix; prefix++) {
		char *one[] = { *prefix, NULL };
		bool any = false;

		for (g = 0; g < GROUPS; g++)
			for (row = groups[g]; row->name; row++)
				any |= wanted(row->name, one);
		if (!any)
			bench_die(*prefix, "no such case");
	}
}

int main(int argc, char **argv)
{
	const struct bench_case *row;
	size_t g;
	int c;

	if (argc > 1 && !strcmp(argv[1], "-c"))
		return compare_revisions(argc - 2, argv + 2);
	while ((c = getopt(argc, argv, "st:o:")) != -1) {
		if (c == 's')
			state.smoke = true;
		else if (c == 't')
			state.seconds = atof(optarg);
		else if (c == 'o')
			state.out = optarg;
		else
			return 2;
	}
	if (state.smoke && !state.out)
		bench_die("-s", "needs -o");
	if (!cpu_override_valid())
		bench_die("SONO_CPU", "names no level");
	check_names(argv + optind);
	state.flags = cpu_flags();
	state.results = json_array();
	state.notes = json_array();
	if (!state.smoke)
		print_head();
	for (g = 0; g < GROUPS; g++)
		for (row = groups[g]; row->name; row += rows_of(row))
			if (wanted(row->name, argv + optind))
				run_case(row, rows_of(row));
	write_results();
	if (state.smoke)
		check_results(argv + optind);
	else
		print_notes();
	json_decref(state.results);
	json_decref(state.notes);
	return failures != 0;
}

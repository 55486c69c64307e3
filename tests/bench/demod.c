// SPDX-License-Identifier: MIT
/* Channel data to analytic signals, as densely sampled as plans have it. */
#include <stdlib.h>

#include "bench.h"
#include "dsp/demod.h"

#define CHANNELS	64
#define EVENTS		4
#define SAMPLES		2304
#define FC		3e6

/* Samples of the record in a period of fc, and what is kept of the rate. */
struct rate {
	double samples;
	uint32_t decimate;
};

struct object {
	struct sono_scan *scan;
	struct demod *demod;
	struct analytic analytic;
	int16_t *frame;
};

static struct sono_scan *make_scan(double fs)
{
	struct sono_scan *scan = sono_scan_alloc(CHANNELS, CHANNELS, EVENTS);
	uint32_t e;

	if (!scan)
		bench_die("demod", "no memory");
	scan->fs = fs;
	scan->fc = FC;
	scan->c = 1540;
	for (e = 0; e < EVENTS; e++)
		scan->event[e].samples = SAMPLES;
	sono_scan_layout(scan, 0);
	return scan;
}

static void *create(const void *arg, struct bench_run *run)
{
	const struct rate *rate = arg;
	const struct demod_params params = { .decimate = rate->decimate };
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";
	size_t i;

	o->scan = make_scan(rate->samples * FC);
	if (demod_create(&o->demod, o->scan, &params, &why) ||
	    analytic_init(&o->analytic, EVENTS, CHANNELS,
			  demod_longest(o->scan, rate->decimate, INTERPOLATION_LINEAR)))
		bench_die("demod", why);
	o->frame = bench_alloc(1, o->scan->frame_bytes);
	for (i = 0; i < o->scan->frame_bytes / sizeof(*o->frame); i++)
		o->frame[i] = 8000 * bench_random();
	run->items = (double)EVENTS * CHANNELS *
		     demod_longest(o->scan, rate->decimate, INTERPOLATION_LINEAR);
	return o;
}

static void execute(void *object)
{
	struct object *o = object;
	const struct rf_frame frame = {
		.data = o->frame, .bytes = o->scan->frame_bytes,
	};

	demod_execute(o->demod, &o->analytic, &frame);
}

static void destroy(void *object)
{
	struct object *o = object;

	demod_destroy(o->demod);
	analytic_finish(&o->analytic);
	sono_scan_free(o->scan);
	free(o->frame);
	free(o);
}

static const struct rate dense = { 4, 1 }, harmonic = { 3, 1 };
static const struct rate under = { 4.0 / 3, 1 }, fewer = { 3.5, 2 };

#define CASE(case_name, of)						\
	{ .name = "demod." case_name, .arg = &(of), .create = create,	\
	  .execute = execute, .destroy = destroy }

const struct bench_case bench_demod[] = {
	CASE("4fc", dense),
	CASE("3fc", harmonic),
	CASE("1.33fc", under),
	CASE("3.5fc_half", fewer),
	{ }
};

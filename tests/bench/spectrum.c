// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "dsp/spectrum.h"

#define PRI 200e-6
#define LINES 512
#define GATE 16

/*
 * A strip of 5 ms a column at 5 kHz, two spectra of 256 points to a column: what
 * a line costs, with its share of the columns.
 */
struct object {
	struct spectrum *spectrum;
	struct image strip;
	float *line;
	double time;
};

static void *create(const void *arg, struct bench_run *run)
{
	const struct spectrum_params params = {
		.gate = GATE,
		.sample_step = 50e-6,
		.carrier = 5e6,
		.interval = PRI,
		.c = 1540,
		.frequency = 5e6,
		.cutoff = 0.02,
		.window = 128,
		.fft = 256,
		.looks = 2,
		.width = 512,
		.height = 256,
		.column = 5e-3,
		.reference = 32768,
		.range_db = 60,
		.trace_columns = 9,
		.spread = 0.05,
	};
	const struct raster raster = { 512, 256, 0, 0, 1, 1 };
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";
	size_t i;

	(void)arg;
	if (spectrum_create(&o->spectrum, &params, &why) ||
	    image_init(&o->strip, IMAGE_GREY8, &raster))
		bench_die("spectrum", why);
	o->line = bench_alloc(LINES * GATE, 2 * sizeof(float));
	for (i = 0; i < 2 * (size_t)LINES * GATE; i++)
		o->line[i] = 32768 * (bench_random() +
				      4 * sin(0.003 * (i / (2 * GATE))));
	run->items = LINES;
	return o;
}

static void execute(void *object)
{
	struct object *o = object;
	uint32_t i;

	for (i = 0; i < LINES; i++, o->time += PRI)
		spectrum_execute(o->spectrum, &o->strip,
				 o->line + 2 * (size_t)i * GATE, o->time);
}

static void destroy(void *object)
{
	struct object *o = object;

	spectrum_destroy(o->spectrum);
	image_finish(&o->strip);
	free(o->line);
	free(o);
}

const struct bench_case bench_spectrum[] = { { .name = "spectrum",
					       .create = create,
					       .execute = execute,
					       .destroy = destroy },
					     {} };

// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "dsp/scanconvert.h"

#define LINES	256
#define SAMPLES	512

struct object {
	struct scanconvert *scanconvert;
	struct env env;
	struct image image;
};

static void *create(const void *arg, struct bench_run *run)
{
	struct scanconvert_params params = {
		.grid = *(const struct grid *)arg,
		.raster = { .width = 1024, .height = 768 },
		.range_db = 60,
	};
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";
	size_t i;

	scanconvert_fit(&params.raster, &params.grid);
	if (scanconvert_create(&o->scanconvert, &params, &why) ||
	    env_init(&o->env, LINES, SAMPLES) ||
	    image_init(&o->image, IMAGE_GREY8, &params.raster))
		bench_die("scanconvert", why);
	for (i = 0; i < (size_t)LINES * SAMPLES; i++)
		o->env.db[i] = -30 + 31 * bench_random();
	run->items = 1024 * 768;
	return o;
}

static void execute(void *object)
{
	struct object *o = object;

	scanconvert_execute(o->scanconvert, &o->image, &o->env, NULL);
}

static void destroy(void *object)
{
	struct object *o = object;

	scanconvert_destroy(o->scanconvert);
	env_finish(&o->env);
	image_finish(&o->image);
	free(o);
}

/* 54 % of the pixels of a 4:3 picture lie in it. */
static const struct grid sector = {
	.shape = GRID_SECTOR,
	.lines = LINES,
	.samples = SAMPLES,
	.line0 = -37.5 * M_PI / 180,
	.line_step = 75 * M_PI / 180 / (LINES - 1),
	.sample_step = 0.15 / (SAMPLES - 1),
};

static const struct grid linear = {
	.shape = GRID_LINEAR,
	.lines = LINES,
	.samples = SAMPLES,
	.line0 = -20e-3,
	.line_step = 40e-3 / (LINES - 1),
	.sample_step = 30e-3 / (SAMPLES - 1),
};

#define CASE(grid)							\
	.arg = &(grid), .create = create, .execute = execute,		\
	.destroy = destroy

const struct bench_case bench_scanconvert[] = {
	{ .name = "scanconvert.sector", CASE(sector) },
	{ .name = "scanconvert.linear", CASE(linear) },
	{ }
};

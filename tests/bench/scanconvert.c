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
	struct vel vel;		/* no lines: without colour */
	struct image image;
};

/* Flow both ways in half of the box, beyond Nyquist in places. */
static void fill_vel(struct vel *vel)
{
	uint32_t line, j;
	size_t i = 0;

	for (line = 0; line < vel->lines; line++)
		for (j = 0; j < vel->samples; j++, i++) {
			vel->v[i] = remainder(0.7 * sin(0.05 * line) *
					      cos(0.03 * j), 1);
			vel->variance[i] = 0.5 + 0.5 * bench_random();
			vel->valid[i] = sin(0.1 * line) * sin(0.04 * j) > 0;
		}
}

static struct object *create_object(const struct scanconvert_params *params,
				    enum image_format format)
{
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";
	size_t i;

	if (scanconvert_create(&o->scanconvert, params, &why) ||
	    env_init(&o->env, LINES, SAMPLES) ||
	    vel_init(&o->vel, params->box.lines, params->box.samples) ||
	    image_init(&o->image, format, &params->raster))
		bench_die("scanconvert", why);
	fill_vel(&o->vel);
	for (i = 0; i < (size_t)LINES * SAMPLES; i++)
		o->env.db[i] = -30 + 31 * bench_random();
	return o;
}

static void *create(const void *arg, struct bench_run *run)
{
	struct scanconvert_params params = {
		.grid = *(const struct grid *)arg,
		.raster = { .width = 1024, .height = 768 },
		.range_db = 60,
	};

	scanconvert_fit(&params.raster, &params.grid);
	run->items = 1024 * 768;
	return create_object(&params, IMAGE_GREY8);
}

/* The inner half of the sector's lines and depths. */
static void *create_colour(const void *arg, struct bench_run *run)
{
	const struct grid *grid = arg;
	struct scanconvert_params params = {
		.grid = *grid,
		.raster = { .width = 1024, .height = 768 },
		.range_db = 60,
		.colour = { .map = COLOUR_VARIANCE, .nyquist = 0.5 },
		.box = *grid,
		.priority_db = INFINITY,
	};

	params.box.lines = 96;
	params.box.samples = 256;
	params.box.line0 /= 2;
	params.box.line_step *= 0.5 * (LINES - 1) / (96 - 1);
	params.box.sample0 = 0.25 * grid->sample_step * (SAMPLES - 1);
	params.box.sample_step *= 0.5 * (SAMPLES - 1) / (256 - 1);
	scanconvert_fit(&params.raster, &params.grid);
	run->items = 1024 * 768;
	return create_object(&params, IMAGE_RGB24);
}

static void execute(void *object)
{
	struct object *o = object;

	scanconvert_execute(o->scanconvert, &o->image, &o->env,
			    o->vel.lines ? &o->vel : NULL);
}

static void destroy(void *object)
{
	struct object *o = object;

	scanconvert_destroy(o->scanconvert);
	env_finish(&o->env);
	vel_finish(&o->vel);
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
	{ .name = "scanconvert.colour", .arg = &sector,
	  .create = create_colour, .execute = execute, .destroy = destroy },
	{ }
};

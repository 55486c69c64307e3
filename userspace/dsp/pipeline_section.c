// SPDX-License-Identifier: MIT
/*
 * Stages that make the section of the body: grey levels, velocities, and both
 * on the screen's pixels.
 */
#include <errno.h>
#include <math.h>

#include "pipeline_stage.h"

static const struct iq *b_iq(const struct pipeline *p)
{
	return p->shared ? &p->colour.iq : &p->b.iq;
}

static int make_detect(struct pipeline *p, const char **why)
{
	const struct pipeline_b *b = &p->params.b;
	const struct detect_params params = {
		.reference = b->reference,
		.range_db = b->range_db,
		.tgc_points = b->tgc_points,
		.tgc_db = b->tgc_db,
		.persistence = b->persistence,
		.workers = p->workers,
	};
	int ret = detect_create(&p->detect, b->grid.lines, b->grid.samples,
				&params, why);

	return ret ? ret :
		     env_init(&p->env, b->grid.lines, b->grid.samples);
}

/* The picture shows the newest image of its packet. */
static void run_detect(struct pipeline *p)
{
	detect_execute(p->detect, &p->env, b_iq(p), b_iq(p)->ensemble - 1);
}

const struct stage stage_detect = {
	.name = "detect",
	.wanted = stage_always,
	.make = make_detect,
	.run = run_detect,
};

static bool alike(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(a);
}

/* Time from an event to its like in the next shot; NAN: there is none. */
static double next_shot(const struct pipeline *p, uint32_t e)
{
	const struct sono_scan *scan = p->scan;
	const uint32_t tag = scan->event[e].tag;
	const uint32_t next = SONO_TAG(SONO_TAG_ROLE(tag),
				       SONO_TAG_SHOT(tag) + 1,
				       SONO_TAG_INDEX(tag));
	uint32_t k;

	for (k = 0; k < scan->events; k++)
		if (scan->event[k].tag == next)
			return p->start[k] - p->start[e];
	return NAN;
}

/*
 * The time between like events of successive images; the same throughout the
 * packet, or there is no velocity.
 */
static const char *find_interval(struct pipeline *p)
{
	const struct focus *f = &p->colour;
	uint32_t e;

	for (e = 0; e < p->scan->events; e++) {
		double time;

		if (f->group[e] == BEAMFORM_UNUSED ||
		    f->group[e] + 1 == f->images)
			continue;
		time = next_shot(p, e);
		if (!(time > 0) || (p->interval && !alike(p->interval, time)))
			return "doppler: images of a frame not at equal times";
		p->interval = time;
	}
	if (p->params.colour.packet_frames == 1)
		return NULL;
	if (f->images > 1 &&
	    !alike(p->scan->frame_period, f->images * p->interval))
		return "doppler: images of a packet not at equal times";
	p->interval = p->scan->frame_period / f->images;
	return NULL;
}

struct colour_scale pipeline_colours(const struct pipeline *p, double nyquist,
				     double power_min_db)
{
	const struct pipeline_colour *c = &p->params.colour;

	return (struct colour_scale){
		.map = c->map,
		.nyquist = nyquist,
		.baseline = c->baseline,
		.invert = c->invert,
		.power_db = isinf(power_min_db) ? -c->power_range_db :
						  power_min_db,
		.power_range_db = c->power_range_db,
	};
}

static int make_doppler(struct pipeline *p, const char **why)
{
	const struct pipeline_colour *c = &p->params.colour;
	const struct grid *grid = &p->colour.grid;
	struct doppler_params params = {
		.ensemble = p->colour.iq.ensemble,
		.c = p->scan->c,
		.estimator = c->estimator,
		.frequency = c->frequency ? c->frequency : p->scan->fc,
		.carrier = p->scan->fc,
		.sample_step = grid->sample_step,
		.wall = c->wall,
		.average_lines = c->average_lines,
		.average_samples = c->average_samples,
		.reference = p->params.b.reference,
		.power_min_db = c->power_min_db,
		.velocity_min = c->velocity_min,
		.workers = p->workers,
	};
	int ret;

	/* one image has no interval: doppler_create() tells what is wrong */
	if (params.ensemble > 1)
		*why = find_interval(p);
	if (*why)
		return -EINVAL;
	params.interval = p->interval;
	ret = doppler_create(&p->doppler, grid->lines, grid->samples, &params,
			     why);
	if (ret)
		return ret;
	p->section.colour = pipeline_colours(p, doppler_nyquist(&params),
					     c->power_min_db);
	return vel_init(&p->vel, grid->lines, grid->samples);
}

static void run_doppler(struct pipeline *p)
{
	doppler_execute(p->doppler, &p->vel, &p->colour.iq);
}

const struct stage stage_doppler = {
	.name = "doppler",
	.wanted = with_colour,
	.make = make_doppler,
	.run = run_doppler,
};

static bool with_tissue(const struct pipeline *p)
{
	return with_colour(p) && p->params.colour.tissue_db < INFINITY;
}

static int make_tissue(struct pipeline *p, const char **why)
{
	const struct tissue_params params = {
		.b = p->params.b.grid,
		.box = p->colour.grid,
		.level_db = p->params.colour.tissue_db,
		.width = p->params.colour.tissue_width,
		.wanted = p->params.colour.wanted,
		.workers = p->workers,
	};

	return tissue_create(&p->tissue, &params, why);
}

static void run_tissue(struct pipeline *p)
{
	tissue_execute(p->tissue, &p->vel, &p->env);
}

const struct stage stage_tissue = {
	.name = "tissue",
	.wanted = with_tissue,
	.make = make_tissue,
	.run = run_tissue,
};

static int make_scanconvert(struct pipeline *p, const char **why)
{
	struct scanconvert_params params = {
		.grid = p->params.b.grid,
		.raster.width = p->params.display.width,
		.raster.height = p->params.display.height,
		.range_db = p->params.b.range_db,
		.grey = p->params.b.grey,
		.colour = p->section.colour,
		.box = p->params.colour.grid,
		.priority_db = p->params.colour.priority_db,
		.workers = p->workers,
	};
	int ret;

	scanconvert_fit(&params.raster, &params.grid);
	ret = scanconvert_create(&p->scanconvert, &params, why);
	if (ret)
		return ret;
	ret = image_init(&p->section, p->doppler ? IMAGE_RGB24 : IMAGE_GREY8,
			 &params.raster);
	p->section.floor_db = -params.range_db;
	p->section.grey = params.grey;
	p->section.colour = params.colour;
	return ret;
}

static void run_scanconvert(struct pipeline *p)
{
	scanconvert_execute(p->scanconvert, &p->section, &p->env,
			    p->doppler ? &p->vel : NULL);
}

const struct stage stage_scanconvert = {
	.name = "scanconvert",
	.wanted = stage_always,
	.make = make_scanconvert,
	.run = run_scanconvert,
};

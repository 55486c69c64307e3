// SPDX-License-Identifier: MIT
/* The scan converter's object: the maps from pixels to samples. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "palette.h"
#include "scanconvert.h"

#define SIZE_MAX_PIXELS	16384

struct scanconvert {
	struct scanconvert_params params;
	scanconvert_level_fn *level;
	scanconvert_grey_fn *grey;
	scanconvert_colour_fn *colour;
	struct scan_map map;
	struct scan_map box;	/* of the velocities; its own if there is one */
	uint32_t edges;
	uint32_t *edge;		/* pixels of the box's outline */
	uint8_t *samples;	/* [lines][samples], the envelope as grey */
	uint8_t *row;		/* [width], a row of the image in grey */
	float *shade;		/* [lines][samples] of the velocities */
	uint8_t *level_map;	/* [LEVEL_MAP]; NULL: linear */
	struct palette palette;
};

const struct scanconvert_level_variant scanconvert_level_variants[] = {
	{ scanconvert_level_c, "c", 0 },
	{ }
};

const struct scanconvert_grey_variant scanconvert_grey_variants[] = {
	{ scanconvert_grey_c, "c", 0 },
	{ }
};

const struct scanconvert_colour_variant scanconvert_colour_variants[] = {
	{ scanconvert_colour_c, "c", 0 },
	{ }
};

double grey_of(enum grey_map map, double level)
{
	switch (map) {
	case GREY_GAMMA:
		return pow(level, 0.7);
	case GREY_S:
		return (level + level * level * (3 - 2 * level)) / 2;
	default:
		return level;
	}
}

struct box {
	double left, right, top, bottom;
};

static void include(struct box *box, double x, double z)
{
	box->left = fmin(box->left, x);
	box->right = fmax(box->right, x);
	box->top = fmin(box->top, z);
	box->bottom = fmax(box->bottom, z);
}

/*
 * The grid's first and last samples, and for a sector the ends of its arc at
 * the angles where x or z turns.
 */
static struct box bounds(const struct grid *grid)
{
	struct box box = { INFINITY, -INFINITY, INFINITY, -INFINITY };
	double last = grid->line0 + (grid->lines - 1) * grid->line_step;
	double reach = (grid->samples - 1) * grid->sample_step;
	uint32_t i, turn;

	for (i = 0; i < 2; i++) {
		struct ray ray = grid_ray(grid, i ? grid->lines - 1 : 0);

		include(&box, ray.x, ray.z);
		include(&box, ray.x + (grid->samples - 1) * ray.dx,
			ray.z + (grid->samples - 1) * ray.dz);
	}
	for (turn = 0; grid->shape == GRID_SECTOR && turn < 5; turn++) {
		double angle = (turn - 2.0) * M_PI / 2;
		double r = grid->sample0 + reach;

		if (angle > grid->line0 && angle < last)
			include(&box, grid->apex_x + r * sin(angle),
				grid->apex_z + r * cos(angle));
	}
	return box;
}

void scanconvert_fit(struct raster *raster, const struct grid *grid)
{
	struct box box = bounds(grid);
	double pixel = fmax((box.right - box.left) / raster->width,
			    (box.bottom - box.top) / raster->height);

	raster->dx = pixel;
	raster->dz = pixel;
	raster->x0 = (box.left + box.right - (raster->width - 1) * pixel) / 2;
	raster->z0 = (box.top + box.bottom - (raster->height - 1) * pixel) / 2;
}

/* Does each sample of the cell exist? */
static bool inside(const struct grid *grid, double line, double sample)
{
	return line >= 0 && line + 1 < grid->lines && sample >= 0 &&
	       sample + 1 < grid->samples;
}

static int map_init(struct scan_map *map, const struct grid *grid,
		    const struct raster *raster)
{
	const size_t pixels = (size_t)raster->width * raster->height;
	uint32_t row, column;
	size_t i = 0;

	map->at = dsp_alloc(pixels, sizeof(*map->at));
	map->a = dsp_alloc(pixels, sizeof(*map->a));
	map->b = dsp_alloc(pixels, sizeof(*map->b));
	if (!map->at || !map->a || !map->b)
		return -ENOMEM;
	for (row = 0; row < raster->height; row++) {
		for (column = 0; column < raster->width; column++, i++) {
			double line, sample;

			grid_locate(grid, raster->x0 + column * raster->dx,
				    raster->z0 + row * raster->dz, &line,
				    &sample);
			map->at[i] = -1;
			if (!inside(grid, floor(line), floor(sample)))
				continue;
			map->at[i] = floor(line) * grid->samples +
				     floor(sample);
			map->a[i] = sample - floor(sample);
			map->b[i] = line - floor(line);
		}
	}
	return 0;
}

static void map_finish(struct scan_map *map)
{
	free(map->at);
	free(map->a);
	free(map->b);
}

/* Pixels of the box beside one that is not, or at the image's edge. */
static bool on_edge(const struct scanconvert *s, uint32_t row, uint32_t column)
{
	const struct raster *raster = &s->params.raster;
	const int32_t *at = s->box.at + (size_t)row * raster->width + column;

	return *at >= 0 &&
	       (!row || row + 1 == raster->height || !column ||
		column + 1 == raster->width || at[-1] < 0 || at[1] < 0 ||
		at[-(ptrdiff_t)raster->width] < 0 || at[raster->width] < 0);
}

static int make_outline(struct scanconvert *s)
{
	const struct raster *raster = &s->params.raster;
	const size_t pixels = (size_t)raster->width * raster->height;
	size_t i;

	for (i = 0; i < pixels; i++)
		s->edges += on_edge(s, i / raster->width, i % raster->width);
	s->edge = dsp_alloc(s->edges, sizeof(*s->edge));
	if (!s->edge)
		return -ENOMEM;
	for (i = 0, s->edges = 0; i < pixels; i++)
		if (on_edge(s, i / raster->width, i % raster->width))
			s->edge[s->edges++] = i;
	return 0;
}

static const char *colour_fault(const struct scanconvert_params *p)
{
	const struct colour_scale *colour = &p->colour;

	if (!(colour->nyquist >= 0) || !isfinite(colour->nyquist))
		return "scan conversion: Nyquist velocity is negative";
	if (isnan(p->priority_db))
		return "scan conversion: priority is not a number";
	if (colour->nyquist == 0)
		return NULL;
	if (!(fabs(colour->baseline) <= 1))
		return "scan conversion: baseline is not -1 to 1";
	if (colour->map > COLOUR_DIRECTIONAL)
		return "scan conversion: unknown map of colours";
	if (colour->map >= COLOUR_POWER &&
	    (!isfinite(colour->power_db) || !(colour->power_range_db > 0)))
		return "scan conversion: no range of power";
	if (!p->box.lines)
		return NULL;
	if (p->box.lines < 2 || p->box.samples < 2)
		return "scan conversion: a box of fewer than 2 lines or samples";
	return grid_check(&p->box);
}

static const char *fault(const struct scanconvert_params *p)
{
	const struct raster *raster = &p->raster;
	const char *why = grid_check(&p->grid);

	if (why)
		return why;
	if (p->grid.lines < 2 || p->grid.samples < 2)
		return "scan conversion: fewer than 2 lines or samples";
	if (!raster->width || !raster->height ||
	    raster->width > SIZE_MAX_PIXELS || raster->height > SIZE_MAX_PIXELS)
		return "scan conversion: image is not 1 to 16384 pixels wide and high";
	if (!isfinite(raster->x0) || !isfinite(raster->z0) ||
	    !(raster->dx > 0) || !(raster->dz > 0))
		return "scan conversion: pixels without a place";
	if (!(p->range_db > 0) || !isfinite(p->range_db))
		return "scan conversion: dynamic range is not positive";
	if (p->grey > GREY_S)
		return "scan conversion: unknown map of greys";
	return colour_fault(p);
}

static bool has_box(const struct scanconvert *s)
{
	return s->params.colour.nyquist > 0 && s->params.box.lines;
}

static int make_level_map(struct scanconvert *s)
{
	unsigned int i;

	if (s->params.grey == GREY_LINEAR)
		return 0;
	s->level_map = dsp_alloc(LEVEL_MAP, 1);
	if (!s->level_map)
		return -ENOMEM;
	for (i = 0; i < LEVEL_MAP; i++)
		s->level_map[i] = lrint(255 * grey_of(s->params.grey,
						      i / (LEVEL_MAP - 1.0)));
	return 0;
}

static int build(struct scanconvert *s)
{
	const struct scanconvert_params *p = &s->params;
	const struct grid *box = has_box(s) ? &p->box : &p->grid;
	int ret;

	s->samples = dsp_alloc(p->grid.lines, p->grid.samples);
	s->row = dsp_alloc(p->raster.width, 1);
	s->shade = dsp_alloc((size_t)box->lines * box->samples,
			     sizeof(*s->shade));
	if (!s->samples || !s->row || !s->shade)
		return -ENOMEM;
	ret = make_level_map(s);
	if (!ret)
		ret = map_init(&s->map, &p->grid, &p->raster);
	if (ret || !has_box(s))
		return ret;
	ret = map_init(&s->box, box, &p->raster);
	return ret ? ret : make_outline(s);
}

int scanconvert_create(struct scanconvert **scanconvert,
		       const struct scanconvert_params *params,
		       const char **why)
{
	struct scanconvert *s;

	*why = fault(params);
	if (*why)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->params = *params;
	s->level = cpu_choose(scanconvert_level_variants)->fn;
	s->grey = cpu_choose(scanconvert_grey_variants)->fn;
	s->colour = cpu_choose(scanconvert_colour_variants)->fn;
	if (build(s)) {
		scanconvert_destroy(s);
		return -ENOMEM;
	}
	palette_make(&s->palette, &s->params.colour);
	*scanconvert = s;
	return 0;
}

void scanconvert_grey(struct scanconvert *s, struct image *out,
		      const uint8_t *in)
{
	const struct raster *raster = &s->params.raster;
	uint32_t row;

	for (row = 0; row < raster->height; row++)
		s->grey(out->data + row * out->stride, in,
			s->params.grid.samples, &s->map,
			(size_t)row * raster->width, raster->width);
}

/* Grey from which on tissue hides velocity. */
static uint32_t priority_grey(const struct scanconvert_params *p)
{
	double level = 1 + p->priority_db / p->range_db;

	return level < 0 ? 0 : level > 1 ? 256 : 255 * grey_of(p->grey, level);
}

/* What a map shows beside the velocity, as shares of its scale. */
static const float *find_shade(struct scanconvert *s, const struct vel *vel)
{
	const struct colour_scale *colour = &s->params.colour;
	const size_t n = (size_t)vel->lines * vel->samples;
	size_t i;

	if (colour->map == COLOUR_VELOCITY)
		return NULL;
	if (colour->map == COLOUR_VARIANCE)
		return vel->variance;
	for (i = 0; i < n; i++)
		s->shade[i] = fmin(fmax((vel->power[i] - colour->power_db) /
					colour->power_range_db, 0), 1);
	return s->shade;
}

static void draw_outline(struct scanconvert *s, struct image *out)
{
	static const uint8_t ink[3] = { 210, 200, 110 };
	const uint32_t width = s->params.raster.width;
	uint32_t i;

	for (i = 0; i < s->edges; i++)
		memcpy(out->data + s->edge[i] / width * out->stride +
		       3 * (size_t)(s->edge[i] % width), ink, 3);
}

static void draw_colour(struct scanconvert *s, struct image *out,
			const struct vel *vel)
{
	const struct scanconvert_params *p = &s->params;
	const uint32_t width = p->raster.width;
	const struct colour_law law = {
		.v = vel->v,
		.shade = find_shade(s, vel),
		.valid = vel->valid,
		.samples = vel->samples,
		.nyquist = p->colour.nyquist,
		.baseline = p->colour.baseline,
		.priority = priority_grey(p),
		.palette = (const uint8_t (*)[3])s->palette.rgb,
	};
	uint32_t row;

	for (row = 0; row < p->raster.height; row++) {
		s->grey(s->row, s->samples, p->grid.samples, &s->map,
			(size_t)row * width, width);
		s->colour(out->data + row * out->stride, s->row, &law,
			  has_box(s) ? &s->box : &s->map, (size_t)row * width,
			  width);
	}
	draw_outline(s, out);
}

void scanconvert_execute(struct scanconvert *s, struct image *out,
			 const struct env *env, const struct vel *vel)
{
	const struct scanconvert_params *p = &s->params;

	s->level(s->samples, env->db, (size_t)env->lines * env->samples,
		 -p->range_db, s->level_map);
	if (vel)
		draw_colour(s, out, vel);
	else
		scanconvert_grey(s, out, s->samples);
	out->floor_db = -p->range_db;
	out->grey = p->grey;
	out->colour = p->colour;
}

void scanconvert_destroy(struct scanconvert *s)
{
	if (!s)
		return;
	map_finish(&s->map);
	map_finish(&s->box);
	free(s->edge);
	free(s->samples);
	free(s->row);
	free(s->shade);
	free(s->level_map);
	free(s);
}

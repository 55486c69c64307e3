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
	uint32_t shares;
	scanconvert_level_fn *level;
	scanconvert_pair_fn *pair;
	scanconvert_grey_fn *grey;
	scanconvert_rgb_fn *rgb;
	scanconvert_colour_fn *colour;
	struct scan_map map;
	struct scan_map box;	/* of the velocities; its own if there is one */
	uint32_t edges;
	uint32_t *edge;		/* pixels of the box's outline */
	uint32_t stride;	/* of pairs: scan_stride() */
	uint32_t line_stride;	/* of line */
	uint8_t *line;		/* [shares][2][line_stride], lines as grey */
	uint8_t *pairs;		/* [lines - 1][stride], each line with the next */
	uint32_t row_stride;	/* of row */
	uint8_t *row;		/* [shares][row_stride], a row in grey */
	float *v;		/* [lines][stride], velocities; NAN: not valid */
	float *shade;		/* the same, what a map shows beside them */
	uint8_t *level_map;	/* [LEVEL_MAP]; NULL: linear */
	struct palette palette;
};

const struct scanconvert_level_variant scanconvert_level_variants[] = {
	{ scanconvert_level_avx512, "avx512", CPU_AVX512 },
	{ scanconvert_level_avx2, "avx2", CPU_AVX2 },
	{ scanconvert_level_c, "c", 0 },
	{ }
};

const struct scanconvert_pair_variant scanconvert_pair_variants[] = {
	{ scanconvert_pair_avx512, "avx512", CPU_AVX512 },
	{ scanconvert_pair_avx2, "avx2", CPU_AVX2 },
	{ scanconvert_pair_c, "c", 0 },
	{ }
};

const struct scanconvert_grey_variant scanconvert_grey_variants[] = {
	{ scanconvert_grey_avx512, "avx512", CPU_AVX512 },
	{ scanconvert_grey_avx2, "avx2", CPU_AVX2 },
	{ scanconvert_grey_c, "c", 0 },
	{ }
};

const struct scanconvert_rgb_variant scanconvert_rgb_variants[] = {
	{ scanconvert_rgb_avx512, "avx512", CPU_AVX512 },
	{ scanconvert_rgb_avx2, "avx2", CPU_AVX2 },
	{ scanconvert_rgb_c, "c", 0 },
	{ }
};

const struct scanconvert_colour_variant scanconvert_colour_variants[] = {
	{ scanconvert_colour_avx512, "avx512", CPU_AVX512 },
	{ scanconvert_colour_avx2, "avx2", CPU_AVX2 },
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

/* Where a pixel lies; false outside. */
static bool find(const struct grid *grid, const struct raster *raster,
		 uint32_t row, uint32_t column, double *line, double *sample)
{
	grid_locate(grid, raster->x0 + column * raster->dx,
		    raster->z0 + row * raster->dz, line, sample);
	return inside(grid, floor(*line), floor(*sample));
}

/* Counts pixels and spans, and says of each pixel whether it is inside. */
static size_t count_inside(uint8_t *is, uint32_t *spans,
			   const struct grid *grid,
			   const struct raster *raster)
{
	uint32_t row, column;
	double line, sample;
	size_t n = 0;

	*spans = 0;
	for (row = 0; row < raster->height; row++)
		for (column = 0; column < raster->width; column++, is++) {
			*is = find(grid, raster, row, column, &line, &sample);
			*spans += *is && (!column || !is[-1]);
			n += *is;
		}
	return n;
}

static void fill_map(struct scan_map *map, const uint8_t *is,
		     const struct grid *grid, const struct raster *raster)
{
	const uint32_t stride = scan_stride(grid->samples);
	struct scan_span *span = map->span - 1;
	uint32_t row, column;
	double line, sample;
	size_t i = 0;

	for (row = 0; row < raster->height; row++)
		for (column = 0; column < raster->width; column++, is++) {
			if (!*is)
				continue;
			if (!column || !is[-1])
				*++span = (struct scan_span){ row, column, 0, i };
			span->n++;
			find(grid, raster, row, column, &line, &sample);
			map->at[i] = floor(line) * stride + floor(sample);
			map->a[i] = sample - floor(sample);
			map->b[i] = line - floor(line);
			map->share[i] = scan_share(map->a[i], map->b[i]);
			i++;
		}
}

/* @is: [height][width], written */
static int map_init(struct scan_map *map, uint8_t *is, const struct grid *grid,
		    const struct raster *raster)
{
	const size_t n = count_inside(is, &map->spans, grid, raster);

	map->span = dsp_alloc(map->spans, sizeof(*map->span));
	map->at = dsp_alloc(n, sizeof(*map->at));
	map->a = dsp_alloc(n, sizeof(*map->a));
	map->b = dsp_alloc(n, sizeof(*map->b));
	map->share = dsp_alloc(n, sizeof(*map->share));
	if (!map->span || !map->at || !map->a || !map->b || !map->share)
		return -ENOMEM;
	fill_map(map, is, grid, raster);
	return 0;
}

static void map_finish(struct scan_map *map)
{
	free(map->span);
	free(map->at);
	free(map->a);
	free(map->b);
	free(map->share);
}

/* Pixels of the box beside one that is not, or at the image's edge. */
static bool on_edge(const struct raster *raster, const uint8_t *is,
		    uint32_t row, uint32_t column)
{
	is += (size_t)row * raster->width + column;
	return *is &&
	       (!row || row + 1 == raster->height || !column ||
		column + 1 == raster->width || !is[-1] || !is[1] ||
		!is[-(ptrdiff_t)raster->width] || !is[raster->width]);
}

static int make_outline(struct scanconvert *s, const uint8_t *is)
{
	const struct raster *raster = &s->params.raster;
	const size_t pixels = (size_t)raster->width * raster->height;
	const uint32_t width = raster->width;
	size_t i;

	for (i = 0; i < pixels; i++)
		s->edges += on_edge(raster, is, i / width, i % width);
	s->edge = dsp_alloc(s->edges, sizeof(*s->edge));
	if (!s->edge)
		return -ENOMEM;
	for (i = 0, s->edges = 0; i < pixels; i++)
		if (on_edge(raster, is, i / width, i % width))
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

static int make_maps(struct scanconvert *s)
{
	const struct scanconvert_params *p = &s->params;
	uint8_t *is = dsp_alloc(p->raster.height, p->raster.width);
	int ret = -ENOMEM;

	if (is)
		ret = map_init(&s->map, is, &p->grid, &p->raster);
	if (!ret && has_box(s)) {
		ret = map_init(&s->box, is, &p->box, &p->raster);
		if (!ret)
			ret = make_outline(s, is);
	}
	free(is);
	return ret;
}

static int build(struct scanconvert *s)
{
	const struct scanconvert_params *p = &s->params;
	const struct grid *box = has_box(s) ? &p->box : &p->grid;
	const size_t flow = p->colour.nyquist > 0 ?
			    (size_t)box->lines * scan_stride(box->samples) : 0;
	int ret;

	s->stride = scan_stride(p->grid.samples);
	/* no share writes into a cache line of another */
	s->line_stride = (p->grid.samples + 63) & ~63u;
	s->row_stride = (p->raster.width + 63) & ~63u;
	s->line = dsp_alloc(2 * (size_t)s->shares, s->line_stride);
	s->pairs = dsp_alloc(p->grid.lines - 1, 2 * (size_t)s->stride);
	s->row = dsp_alloc(s->shares, s->row_stride);
	s->v = dsp_alloc(flow, sizeof(*s->v));
	s->shade = dsp_alloc(flow, sizeof(*s->shade));
	if (!s->line || !s->pairs || !s->row || !s->v || !s->shade)
		return -ENOMEM;
	ret = make_level_map(s);
	return ret ? ret : make_maps(s);
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
	s->shares = workers_shares(params->workers);
	s->level = cpu_choose(scanconvert_level_variants)->fn;
	s->pair = cpu_choose(scanconvert_pair_variants)->fn;
	s->grey = cpu_choose(scanconvert_grey_variants)->fn;
	s->rgb = cpu_choose(scanconvert_rgb_variants)->fn;
	s->colour = cpu_choose(scanconvert_colour_variants)->fn;
	if (build(s)) {
		scanconvert_destroy(s);
		return -ENOMEM;
	}
	palette_make(&s->palette, &s->params.colour);
	*scanconvert = s;
	return 0;
}

/* A picture for all workers. */
struct picture_job {
	struct scanconvert *s;
	struct image *out;
	const struct env *env;
	const struct vel *vel;
	const uint8_t *levels;
};

static uint32_t from(const struct scanconvert *s, uint32_t n, uint32_t share)
{
	return share_from(n, share, s->shares);
}

/* The first span that is not above a row. */
static uint32_t find_span(const struct scan_map *map, uint32_t row)
{
	uint32_t low = 0, high = map->spans;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (map->span[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * A row of the image in grey: its spans, zeros between them. @span: the first
 * that is not above the row; returns the first below it.
 */
static uint32_t draw_row(const struct scanconvert *s, uint8_t *out,
			 uint32_t row, uint32_t span)
{
	uint32_t column = 0;

	for (; span < s->map.spans && s->map.span[span].row == row; span++) {
		const struct scan_span *now = &s->map.span[span];

		memset(out + column, 0, now->column - column);
		s->grey(out + now->column, s->pairs, &s->map, now->first,
			now->n);
		column = now->column + now->n;
	}
	memset(out + column, 0, s->params.raster.width - column);
	return span;
}

static void draw_grey(void *arg, uint32_t share)
{
	const struct picture_job *job = arg;
	const struct scanconvert *s = job->s;
	const uint32_t height = s->params.raster.height;
	const uint32_t end = from(s, height, share + 1);
	uint32_t row = from(s, height, share);
	uint32_t span = find_span(&s->map, row);

	for (; row < end; row++)
		span = draw_row(s, job->out->data + row * job->out->stride,
				row, span);
}

static void pair_levels(void *arg, uint32_t share)
{
	const struct picture_job *job = arg;
	const struct scanconvert *s = job->s;
	const uint32_t pairs = s->params.grid.lines - 1;
	const uint32_t n = s->params.grid.samples;
	const uint32_t end = from(s, pairs, share + 1);
	uint32_t line = from(s, pairs, share);
	const uint8_t *in = job->levels + (size_t)line * n;

	for (; line < end; line++, in += n)
		s->pair(s->pairs + 2 * (size_t)line * s->stride, in, in + n,
			n);
}

void scanconvert_grey(struct scanconvert *s, struct image *out,
		      const uint8_t *in)
{
	struct picture_job job = { .s = s, .out = out, .levels = in };

	workers_run(s->params.workers, s->shares, pair_levels, &job);
	workers_run(s->params.workers, s->shares, draw_grey, &job);
}

/*
 * The envelope as grey, each line beside the next. The line between two
 * shares is worked out by both.
 */
static void find_pairs(void *arg, uint32_t share)
{
	const struct picture_job *job = arg;
	const struct scanconvert *s = job->s;
	const struct env *env = job->env;
	const size_t n = env->samples;
	const uint32_t begin = from(s, env->lines - 1, share);
	const uint32_t end = from(s, env->lines - 1, share + 1);
	uint8_t *lines = s->line + 2 * (size_t)share * s->line_stride;
	uint32_t line;

	if (begin == end)
		return;
	for (line = begin; line <= end; line++) {
		uint8_t *now = lines + line % 2 * s->line_stride;

		s->level(now, env->db + line * n, n, -s->params.range_db,
			 s->level_map);
		if (line > begin)
			s->pair(s->pairs + 2 * (size_t)(line - 1) * s->stride,
				lines + !(line % 2) * s->line_stride, now, n);
	}
}

/* Grey from which on tissue hides velocity. */
static uint32_t priority_grey(const struct scanconvert_params *p)
{
	double level = 1 + p->priority_db / p->range_db;

	return level < 0 ? 0 : level > 1 ? 256 : 255 * grey_of(p->grey, level);
}

static void find_flow(void *arg, uint32_t share)
{
	const struct picture_job *job = arg;
	const struct scanconvert *s = job->s;
	const struct vel *vel = job->vel;
	const struct colour_scale *colour = &s->params.colour;
	const uint32_t stride = scan_stride(vel->samples);
	const uint32_t end = from(s, vel->lines, share + 1);
	uint32_t j, line = from(s, vel->lines, share);
	size_t i = (size_t)line * vel->samples;

	for (; line < end; line++) {
		float *v = s->v + (size_t)line * stride;
		float *shade = s->shade + (size_t)line * stride;

		for (j = 0; j < vel->samples; j++, i++) {
			v[j] = vel->valid[i] ?
				       palette_velocity(colour, vel->v[i]) :
				       NAN;
			if (colour->map != COLOUR_VELOCITY)
				shade[j] = palette_shade(colour, vel, i);
		}
	}
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

static void draw_colour(void *arg, uint32_t share)
{
	const struct picture_job *job = arg;
	const struct scanconvert *s = job->s;
	const struct scanconvert_params *p = &s->params;
	const struct scan_map *map = has_box(s) ? &s->box : &s->map;
	const struct colour_law law = {
		.v = s->v,
		.shade = p->colour.map == COLOUR_VELOCITY ? NULL : s->shade,
		.stride = scan_stride(job->vel->samples),
		.nyquist = p->colour.nyquist,
		.baseline = p->colour.baseline,
		.priority = priority_grey(p),
		.palette = (const uint8_t (*)[3])s->palette.rgb,
	};
	const uint32_t end = from(s, p->raster.height, share + 1);
	uint32_t row = from(s, p->raster.height, share);
	uint32_t span = find_span(&s->map, row), next = find_span(map, row);
	uint8_t *grey = s->row + (size_t)share * s->row_stride;

	for (; row < end; row++) {
		uint8_t *rgb = job->out->data + row * job->out->stride;

		span = draw_row(s, grey, row, span);
		s->rgb(rgb, grey, p->raster.width);
		for (; next < map->spans && map->span[next].row == row; next++)
			s->colour(rgb + 3 * (size_t)map->span[next].column,
				  grey + map->span[next].column, &law, map,
				  map->span[next].first, map->span[next].n);
	}
}

void scanconvert_execute(struct scanconvert *s, struct image *out,
			 const struct env *env, const struct vel *vel)
{
	const struct scanconvert_params *p = &s->params;
	struct picture_job job = { .s = s, .out = out, .env = env, .vel = vel };

	workers_run(p->workers, s->shares, find_pairs, &job);
	if (vel) {
		workers_run(p->workers, s->shares, find_flow, &job);
		workers_run(p->workers, s->shares, draw_colour, &job);
		draw_outline(s, out);
	} else {
		workers_run(p->workers, s->shares, draw_grey, &job);
	}
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
	free(s->line);
	free(s->pairs);
	free(s->row);
	free(s->v);
	free(s->shade);
	free(s->level_map);
	free(s);
}

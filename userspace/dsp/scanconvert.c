// SPDX-License-Identifier: MIT
/* The scan converter's object: the map from pixels to samples. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

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
	uint8_t *samples;	/* [lines][samples], the envelope as grey */
	uint8_t *row;		/* [width], a row of the image in grey */
	uint8_t palette[PALETTE_COLOURS][3];
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

static void fill_map(struct scanconvert *s)
{
	const struct grid *grid = &s->params.grid;
	const struct raster *raster = &s->params.raster;
	uint32_t row, column;
	size_t i = 0;

	for (row = 0; row < raster->height; row++) {
		for (column = 0; column < raster->width; column++, i++) {
			double line, sample, l0, s0;

			grid_locate(grid, raster->x0 + column * raster->dx,
				    raster->z0 + row * raster->dz, &line,
				    &sample);
			l0 = floor(line);
			s0 = floor(sample);
			s->map.at[i] = -1;
			if (l0 < 0 || l0 + 1 >= grid->lines || s0 < 0 ||
			    s0 + 1 >= grid->samples)
				continue;
			s->map.at[i] = l0 * grid->samples + s0;
			s->map.a[i] = sample - s0;
			s->map.b[i] = line - l0;
		}
	}
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
	if (!(p->nyquist >= 0) || !isfinite(p->nyquist))
		return "scan conversion: Nyquist velocity is negative";
	if (isnan(p->priority_db))
		return "scan conversion: priority is not a number";
	return NULL;
}

static int alloc_tables(struct scanconvert *s)
{
	const struct raster *raster = &s->params.raster;
	const size_t pixels = (size_t)raster->width * raster->height;

	s->map.at = dsp_alloc(pixels, sizeof(*s->map.at));
	s->map.a = dsp_alloc(pixels, sizeof(*s->map.a));
	s->map.b = dsp_alloc(pixels, sizeof(*s->map.b));
	s->samples = dsp_alloc(s->params.grid.lines, s->params.grid.samples);
	s->row = dsp_alloc(raster->width, 1);
	return s->map.at && s->map.a && s->map.b && s->samples && s->row ?
	       0 : -ENOMEM;
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
	if (alloc_tables(s)) {
		scanconvert_destroy(s);
		return -ENOMEM;
	}
	palette_velocity(s->palette);
	fill_map(s);
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
	double grey = 255 * (1 + p->priority_db / p->range_db);

	return grey < 0 ? 0 : grey > 255 ? 256 : grey;
}

static void draw_colour(struct scanconvert *s, struct image *out,
			const struct vel *vel)
{
	const struct scanconvert_params *p = &s->params;
	const uint32_t width = p->raster.width;
	const struct colour_law law = {
		.v = vel->v,
		.valid = vel->valid,
		.samples = vel->samples,
		.nyquist = p->nyquist,
		.priority = priority_grey(p),
		.palette = (const uint8_t (*)[3])s->palette,
	};
	uint32_t row;

	for (row = 0; row < p->raster.height; row++) {
		s->grey(s->row, s->samples, p->grid.samples, &s->map,
			(size_t)row * width, width);
		s->colour(out->data + row * out->stride, s->row, &law, &s->map,
			  (size_t)row * width, width);
	}
}

void scanconvert_execute(struct scanconvert *s, struct image *out,
			 const struct env *env, const struct vel *vel)
{
	const struct scanconvert_params *p = &s->params;

	s->level(s->samples, env->db, (size_t)env->lines * env->samples,
		 -p->range_db);
	if (vel)
		draw_colour(s, out, vel);
	else
		scanconvert_grey(s, out, s->samples);
	out->floor_db = -p->range_db;
	out->nyquist = p->nyquist;
}

void scanconvert_destroy(struct scanconvert *s)
{
	if (!s)
		return;
	free(s->map.at);
	free(s->map.a);
	free(s->map.b);
	free(s->samples);
	free(s->row);
	free(s);
}

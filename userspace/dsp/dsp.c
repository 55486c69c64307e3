// SPDX-License-Identifier: MIT
/* Grids, and the buffers between the stages. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu.h"
#include "dsp.h"

#define ALIGNMENT	64
#define HUGE_PAGE	((size_t)2 << 20)

/*
 * Large buffers lie on huge pages where the system has them to give: a tile
 * reads rows of all channels, more pages than a core remembers small ones.
 */
void *dsp_alloc(size_t count, size_t size)
{
	size_t bytes, alignment;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(bytes, HUGE_PAGE, &bytes))
		return NULL;
	bytes -= HUGE_PAGE;
	alignment = bytes < HUGE_PAGE ? ALIGNMENT : HUGE_PAGE;
	bytes += ALIGNMENT - bytes % ALIGNMENT;
	if (posix_memalign(&p, alignment, bytes))
		return NULL;
	if (alignment == HUGE_PAGE)
		madvise(p, bytes - bytes % HUGE_PAGE, MADV_HUGEPAGE);
	memset(p, 0, bytes);
	return p;
}

struct ray grid_ray(const struct grid *grid, uint32_t line)
{
	double at = grid->line0 + line * grid->line_step;
	bool linear = grid->shape == GRID_LINEAR;
	double s = sin(linear ? grid->steer : at);
	double c = cos(linear ? grid->steer : at);

	return (struct ray){
		.x = (linear ? at : grid->apex_x) + grid->sample0 * s,
		.z = (linear ? 0 : grid->apex_z) + grid->sample0 * c,
		.dx = grid->sample_step * s,
		.dz = grid->sample_step * c,
	};
}

void grid_locate(const struct grid *grid, double x, double z, double *line,
		 double *sample)
{
	double across, along;

	if (grid->shape == GRID_SECTOR) {
		x -= grid->apex_x;
		z -= grid->apex_z;
		across = atan2(x, z);
		along = sqrt(x * x + z * z);
	} else {
		across = grid->steer ? x - z * tan(grid->steer) : x;
		along = grid->steer ? z / cos(grid->steer) : z;
	}
	*line = grid->lines > 1 ? (across - grid->line0) / grid->line_step : 0;
	*sample = (along - grid->sample0) / grid->sample_step;
}

const char *grid_check(const struct grid *grid)
{
	if (grid->shape != GRID_LINEAR && grid->shape != GRID_SECTOR)
		return "grid: unknown shape";
	if (!grid->lines || !grid->samples)
		return "grid: no lines or no samples";
	if ((uint64_t)grid->lines * grid->samples > 1u << 26)
		return "grid: more than 2^26 samples";
	if (!isfinite(grid->line0) || !isfinite(grid->sample0) ||
	    !isfinite(grid->apex_x) || !isfinite(grid->apex_z))
		return "grid: an origin is not a number";
	if (grid->lines == 1 ? !(grid->line_step >= 0) : !(grid->line_step > 0))
		return "grid: a step is not positive";
	if (!isfinite(grid->line_step) ||
	    !(grid->sample_step > 0) || !isfinite(grid->sample_step))
		return "grid: a step is not positive";
	if (!(fabs(grid->steer) < M_PI / 2))
		return "grid: lines steered by a right angle";
	if (grid->shape == GRID_SECTOR && grid->sample0 < 0)
		return "grid: a sector starts before its apex";
	return NULL;
}

/* What chooses a kernel chooses the way that it reads. */
bool analytic_blocked(void)
{
	return cpu_flags() & CPU_AVX512;
}

/* A seam between each two stretches: two lines, see struct analytic_span. */
#define SEAM_LINES	(2 * (ANALYTIC_STRETCHES - 1))

static void lay_out(struct analytic *a)
{
	/* zeros behind the row; before the next plane's are others */
	const size_t lines = a->lines + 1 + SEAM_LINES;

	if (analytic_blocked()) {
		a->plane = ANALYTIC_LINE;
		a->row = 2 * ANALYTIC_LINE;
		a->line = a->row * a->channels;
		a->event = a->line * (lines + 1);
	} else {
		/*
		 * An odd number of lines, the zeros between planes in it: rows
		 * at the same depth do not meet in a few sets of a cache.
		 */
		a->line = ANALYTIC_LINE;
		a->plane = ((lines + 1) | 1) * (size_t)ANALYTIC_LINE;
		a->row = 2 * a->plane;
		a->event = a->row * a->channels;
	}
}

int analytic_init(struct analytic *a, uint32_t events, uint32_t channels,
		  uint32_t samples)
{
	size_t total;
	int16_t *block;
	uint32_t e;

	*a = (struct analytic){
		.events = events,
		.channels = channels,
		.bunches = (channels - 1) / ANALYTIC_BUNCH + 1,
		.lines = samples / ANALYTIC_LINE + !!(samples % ANALYTIC_LINE),
	};
	lay_out(a);
	/* zeros before the first row, and room to read past the last */
	if (__builtin_mul_overflow(events, a->event, &total) ||
	    __builtin_add_overflow(total, a->line + ANALYTIC_LINE, &total))
		return -ENOMEM;
	block = dsp_alloc(total, sizeof(*block));
	a->even = dsp_alloc(events, sizeof(*a->even));
	a->common = dsp_alloc(events, ANALYTIC_SPANS * sizeof(*a->common));
	a->span = dsp_alloc((size_t)events * a->bunches,
			    ANALYTIC_SPANS * sizeof(*a->span));
	if (block && a->even && a->common && a->span) {
		a->data = block + a->line;
		for (e = 0; e < events; e++)
			analytic_set_scale(a, e, 1);
		return 0;
	}
	free(block);
	analytic_finish(a);
	return -ENOMEM;
}

void analytic_finish(struct analytic *a)
{
	if (a->data)
		free(a->data - a->line);
	free(a->even);
	free(a->common);
	free(a->span);
	a->data = NULL;
	a->even = NULL;
	a->common = NULL;
	a->span = NULL;
}

void analytic_set_scale(struct analytic *a, uint32_t event, float scale)
{
	const struct analytic_span all = { INT32_MIN, INT32_MAX, 0, scale };
	uint32_t c;

	for (c = 0; c < a->channels; c += ANALYTIC_BUNCH)
		*analytic_spans(a, event, c) = all;
	a->common[(size_t)event * ANALYTIC_SPANS] = all;
	a->even[event] = true;
}

int iq_init(struct iq *iq, uint32_t ensemble, uint32_t lines,
	    uint32_t samples)
{
	iq->ensemble = ensemble;
	iq->lines = lines;
	iq->samples = samples;
	iq->data = dsp_alloc((size_t)ensemble * lines,
			     2 * (size_t)samples * sizeof(float));
	return iq->data ? 0 : -ENOMEM;
}

void iq_finish(struct iq *iq)
{
	free(iq->data);
	iq->data = NULL;
}

int env_init(struct env *env, uint32_t lines, uint32_t samples)
{
	env->lines = lines;
	env->samples = samples;
	env->db = dsp_alloc((size_t)lines * samples, sizeof(float));
	return env->db ? 0 : -ENOMEM;
}

void env_finish(struct env *env)
{
	free(env->db);
	env->db = NULL;
}

int vel_init(struct vel *vel, uint32_t lines, uint32_t samples)
{
	size_t n = (size_t)lines * samples;

	vel->lines = lines;
	vel->samples = samples;
	vel->v = dsp_alloc(n, sizeof(float));
	vel->power = dsp_alloc(n, sizeof(float));
	vel->variance = dsp_alloc(n, sizeof(float));
	vel->valid = dsp_alloc(n, 1);
	if (vel->v && vel->power && vel->variance && vel->valid)
		return 0;
	vel_finish(vel);
	return -ENOMEM;
}

void vel_finish(struct vel *vel)
{
	free(vel->v);
	free(vel->power);
	free(vel->variance);
	free(vel->valid);
	vel->v = NULL;
	vel->power = NULL;
	vel->variance = NULL;
	vel->valid = NULL;
}

int image_init(struct image *image, enum image_format format,
	       const struct raster *raster)
{
	*image = (struct image){
		.format = format,
		.raster = *raster,
		.stride = (size_t)raster->width *
			  image_bytes_per_pixel(format),
		.phase = NAN,
		.heart_rate = NAN,
	};
	image->data = dsp_alloc(raster->height, image->stride);
	return image->data ? 0 : -ENOMEM;
}

void image_finish(struct image *image)
{
	free(image->data);
	image->data = NULL;
}

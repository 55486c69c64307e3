// SPDX-License-Identifier: MIT
/* Grids, and the buffers between the stages. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp.h"

#define ALIGNMENT 64

void *dsp_alloc(size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(bytes, ALIGNMENT, &bytes))
		return NULL;
	bytes -= bytes % ALIGNMENT;
	p = aligned_alloc(ALIGNMENT, bytes);
	if (p)
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

int baseband_init(struct baseband *bb, uint32_t events, uint32_t channels,
		  uint32_t samples)
{
	/* a multiple of 64 bytes, so that every row is aligned */
	bb->stride = (2 * (size_t)samples + 15) & ~(size_t)15;
	bb->events = events;
	bb->channels = channels;
	bb->data = dsp_alloc((size_t)events * channels,
			     bb->stride * sizeof(float));
	return bb->data ? 0 : -ENOMEM;
}

void baseband_finish(struct baseband *bb)
{
	free(bb->data);
	bb->data = NULL;
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

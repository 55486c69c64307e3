// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tissue.h"

/* Lines and samples of the grey picture around a place, last ones excluded. */
struct around {
	uint32_t line[2], sample[2];
};

struct tissue {
	struct tissue_params params;
	uint32_t shares;
	struct around *around;	/* [box.lines][box.samples] */
	double *sum;		/* [b.lines + 1][b.samples + 1], of power */
	double level;		/* of power */
};

/* The grid's points within @half of @at; at least the nearest one. */
static void reach(uint32_t range[2], double at, double half, uint32_t count)
{
	const double last = count - 1.0;

	range[0] = fmin(fmax(ceil(at - half), 0), last);
	range[1] = 1 + fmin(fmax(floor(at + half), range[0]), last);
}

static void look_around(struct tissue *t, uint32_t line, uint32_t i)
{
	const struct grid *b = &t->params.b, *box = &t->params.box;
	struct around *a = &t->around[(size_t)line * box->samples + i];
	const struct ray ray = grid_ray(box, line);
	const double half = t->params.width / 2;
	double l, s, step = b->line_step;

	grid_locate(b, ray.x + ray.dx * i, ray.z + ray.dz * i, &l, &s);
	if (b->shape == GRID_SECTOR)
		step *= fmax(b->sample0 + s * b->sample_step, half);
	reach(a->line, l, step > 0 ? half / step : 0, b->lines);
	reach(a->sample, s, half / b->sample_step, b->samples);
}

int tissue_create(struct tissue **tissue, const struct tissue_params *params,
		  const char **why)
{
	struct tissue *t;

	*why = grid_check(&params->b);
	if (!*why)
		*why = grid_check(&params->box);
	if (!*why && !(params->width > 0 && isfinite(params->width)))
		*why = "doppler: no width of what is tissue";
	if (!*why && isnan(params->level_db))
		*why = "doppler: level of tissue is not a number";
	if (*why)
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->params = *params;
	t->shares = workers_shares(params->workers);
	t->level = pow(10, params->level_db / 10);
	t->around = calloc((size_t)params->box.lines * params->box.samples,
			   sizeof(*t->around));
	t->sum = calloc((params->b.lines + (size_t)1) *
			(params->b.samples + (size_t)1), sizeof(*t->sum));
	if (!t->around || !t->sum) {
		tissue_destroy(t);
		return -ENOMEM;
	}
	for (uint32_t line = 0; line < params->box.lines; line++)
		for (uint32_t i = 0; i < params->box.samples; i++)
			look_around(t, line, i);
	*tissue = t;
	return 0;
}

/* A picture for all workers. */
struct tissue_job {
	struct tissue *t;
	struct vel *vel;
	const struct env *env;
};

static uint32_t from(const struct tissue *t, uint32_t n, uint32_t share)
{
	return share_from(n, share, t->shares);
}

/* Sums of a line over all samples before. */
static void sum_lines(void *arg, uint32_t share)
{
	const struct tissue_job *job = arg;
	const struct env *env = job->env;
	const uint32_t end = from(job->t, env->lines, share + 1);
	uint32_t line = from(job->t, env->lines, share);

	for (; line < end; line++) {
		const float *db = env->db + (size_t)line * env->samples;
		double *out = job->t->sum +
			      (line + (size_t)1) * (env->samples + (size_t)1);
		double sum = 0;

		for (uint32_t i = 0; i < env->samples; i++) {
			sum += (double)expf(db[i] * (float)(M_LN10 / 10));
			out[i + 1] = sum;
		}
	}
}

/* And over all lines before, so that any square costs four of them. */
static void sum_samples(void *arg, uint32_t share)
{
	const struct tissue_job *job = arg;
	const size_t row = job->env->samples + (size_t)1;
	const size_t begin = from(job->t, row, share);
	const size_t end = from(job->t, row, share + 1);

	for (uint32_t line = 0; line < job->env->lines; line++) {
		const double *before = job->t->sum + line * row;
		double *out = job->t->sum + (line + 1) * row;

		for (size_t i = begin; i < end; i++)
			out[i] += before[i];
	}
}

static double mean(const struct tissue *t, const struct around *a)
{
	const size_t row = t->params.b.samples + (size_t)1;
	const double *from = t->sum + a->line[0] * row;
	const double *to = t->sum + a->line[1] * row;

	return (to[a->sample[1]] - to[a->sample[0]] - from[a->sample[1]] +
		from[a->sample[0]]) /
	       ((double)(a->line[1] - a->line[0]) *
		(a->sample[1] - a->sample[0]));
}

static void judge(void *arg, uint32_t share)
{
	const struct tissue_job *job = arg;
	const struct tissue *t = job->t;
	const uint32_t n = job->vel->lines * job->vel->samples;
	const uint32_t end = from(t, n, share + 1);

	const bool wanted = t->params.wanted == MOVING_TISSUE;

	for (uint32_t i = from(t, n, share); i < end; i++)
		if (job->vel->valid[i] &&
		    (mean(t, &t->around[i]) >= t->level) != wanted)
			job->vel->valid[i] = 0;
}

void tissue_execute(struct tissue *t, struct vel *vel, const struct env *env)
{
	struct tissue_job job = { t, vel, env };

	workers_run(t->params.workers, t->shares, sum_lines, &job);
	workers_run(t->params.workers, t->shares, sum_samples, &job);
	workers_run(t->params.workers, t->shares, judge, &job);
}

void tissue_destroy(struct tissue *t)
{
	if (!t)
		return;
	free(t->around);
	free(t->sum);
	free(t);
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cpu.h"
#include "tissue.h"

/* Lines and samples of the grey picture around a place, last ones excluded. */
struct around {
	uint32_t line[2], sample[2];
};

/* Where the four sums lie that make the one about a place. */
struct square {
	int32_t corner[4];
	double least;		/* of the sum, of tissue */
};

struct tissue {
	struct tissue_params params;
	tissue_sum_fn *sum_line;
	tissue_add_fn *add;
	uint32_t shares;
	struct square *square;	/* [box.lines][box.samples] */
	double *sum;		/* [b.lines + 1][b.samples + 1], of power */
};

const struct tissue_sum_variant tissue_sum_variants[] = {
	{ tissue_sum_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ tissue_sum_avx2, "avx2", CPU_AVX2 },
	{ tissue_sum_c, "c", 0 },
	{ }
};

const struct tissue_add_variant tissue_add_variants[] = {
	{ tissue_add_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ tissue_add_avx2, "avx2", CPU_AVX2 },
	{ tissue_add_c, "c", 0 },
	{ }
};

/* The grid's points within @half of @at; at least the nearest one. */
static void reach(uint32_t range[2], double at, double half, uint32_t count)
{
	const double last = count - 1.0;

	range[0] = fmin(fmax(ceil(at - half), 0), last);
	range[1] = 1 + fmin(fmax(floor(at + half), range[0]), last);
}

static struct square square_of(const struct tissue *t, const struct around *a)
{
	const size_t row = t->params.b.samples + (size_t)1;
	struct square square = {
		.least = (double)(a->line[1] - a->line[0]) *
			 (a->sample[1] - a->sample[0]) *
			 pow(10, t->params.level_db / 10),
	};

	for (int k = 0; k < 4; k++)
		square.corner[k] = a->line[k / 2] * row + a->sample[k % 2];
	return square;
}

static void look_around(struct tissue *t, uint32_t line, uint32_t i)
{
	const struct grid *b = &t->params.b, *box = &t->params.box;
	const struct ray ray = grid_ray(box, line);
	const double half = t->params.width / 2;
	double l, s, step = b->line_step;
	struct around a;

	grid_locate(b, ray.x + ray.dx * i, ray.z + ray.dz * i, &l, &s);
	if (b->shape == GRID_SECTOR)
		step *= fmax(b->sample0 + s * b->sample_step, half);
	reach(a.line, l, step > 0 ? half / step : 0, b->lines);
	reach(a.sample, s, half / b->sample_step, b->samples);
	t->square[(size_t)line * box->samples + i] = square_of(t, &a);
}

static int make_tables(struct tissue *t)
{
	const struct tissue_params *p = &t->params;
	const size_t places = (size_t)p->box.lines * p->box.samples;

	t->square = calloc(places, sizeof(*t->square));
	t->sum = calloc((p->b.lines + (size_t)1) * (p->b.samples + (size_t)1),
			sizeof(*t->sum));
	if (!t->square || !t->sum)
		return -ENOMEM;
	for (uint32_t line = 0; line < p->box.lines; line++)
		for (uint32_t i = 0; i < p->box.samples; i++)
			look_around(t, line, i);
	return 0;
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
	t->sum_line = cpu_choose(tissue_sum_variants)->fn;
	t->add = cpu_choose(tissue_add_variants)->fn;
	if (make_tables(t)) {
		tissue_destroy(t);
		return -ENOMEM;
	}
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

	for (; line < end; line++)
		job->t->sum_line(job->t->sum + 1 + (line + (size_t)1) *
						   (env->samples + (size_t)1),
				 env->db + (size_t)line * env->samples,
				 env->samples);
}

/* And over all lines before, so that any square costs four of them. */
static void sum_samples(void *arg, uint32_t share)
{
	const struct tissue_job *job = arg;
	const size_t row = job->env->samples + (size_t)1;
	const size_t begin = from(job->t, row, share);
	const size_t end = from(job->t, row, share + 1);

	for (uint32_t line = 0; line < job->env->lines; line++) {
		double *before = job->t->sum + line * row + begin;

		job->t->add(before + row, before, end - begin);
	}
}

static bool is_tissue(const double *sum, const struct square *s)
{
	return sum[s->corner[3]] - sum[s->corner[2]] - sum[s->corner[1]] +
	       sum[s->corner[0]] >= s->least;
}

static void judge(void *arg, uint32_t share)
{
	const struct tissue_job *job = arg;
	const struct tissue *t = job->t;
	const bool wanted = t->params.wanted == MOVING_TISSUE;
	const uint32_t n = job->vel->lines * job->vel->samples;
	const uint32_t places = t->params.box.lines * t->params.box.samples;
	const uint32_t end = from(t, n, share + 1);

	for (uint32_t i = from(t, n, share); i < end; i++)
		if (is_tissue(t->sum, &t->square[i % places]) != wanted)
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
	free(t->square);
	free(t->sum);
	free(t);
}

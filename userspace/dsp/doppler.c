// SPDX-License-Identifier: MIT
/* The velocity estimator's object: blocks, windows, lines. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "doppler.h"

/*
 * Places that pass through at once: what the wall filter leaves of them stays
 * in the first cache. A multiple of 16.
 */
#define BLOCK_BYTES	16384
#define BLOCK_MAX	256

/*
 * The covariance is summed over so many parts of the places, whoever sums
 * them, so that workers do not change the rounding.
 */
#define SUMS		16

/* What a share of the work writes meanwhile. */
struct desk {
	float *x;		/* [ensemble][stride], a block before the filter */
	float *y;		/* and after */
	const float **row;	/* [window], what a mean is taken over */
	float *strip;		/* a line with its ends repeated, interleaved */
	float *line[3];		/* means of a line: r1, power, f */
};

struct doppler {
	struct doppler_params params;
	uint32_t shares;
	doppler_project_fn *project;
	doppler_eigen_fn *eigen;
	doppler_matrix_fn *matrix;
	doppler_covariance_fn *covariance;
	doppler_correlate_fn *correlate;
	doppler_axial_fn *axial;
	doppler_mean_fn *mean;
	doppler_estimate_fn *estimate;
	struct wall_law law;
	struct doppler_scale scale;
	uint32_t block;		/* places */
	size_t stride;		/* floats from time to time of x and y */
	float *r1;		/* [lines][samples], interleaved */
	float *power;		/* [lines][samples] */
	float *f;		/* [lines][samples], interleaved, of Loupas */
	struct desk *desk;	/* [shares] */
	double *covariance_sum;	/* [SUMS][ensemble][ensemble], interleaved */
	double *value;		/* [ensemble] */
	double complex *vector;	/* [ensemble][ensemble] */
};

const struct doppler_project_variant doppler_project_variants[] = {
	{ doppler_project_avx512, "avx512", CPU_AVX512 },
	{ doppler_project_avx2, "avx2", CPU_AVX2 },
	{ doppler_project_c, "c", 0 },
	{ }
};

const struct doppler_eigen_variant doppler_eigen_variants[] = {
	{ doppler_eigen_avx512, "avx512", CPU_AVX512 },
	{ doppler_eigen_avx2, "avx2", CPU_AVX2 },
	{ doppler_eigen_c, "c", 0 },
	{ }
};

const struct doppler_matrix_variant doppler_matrix_variants[] = {
	{ doppler_matrix_avx512, "avx512", CPU_AVX512 },
	{ doppler_matrix_avx2, "avx2", CPU_AVX2 },
	{ doppler_matrix_c, "c", 0 },
	{ }
};

const struct doppler_covariance_variant doppler_covariance_variants[] = {
	{ doppler_covariance_avx512, "avx512", CPU_AVX512 },
	{ doppler_covariance_avx2, "avx2", CPU_AVX2 },
	{ doppler_covariance_c, "c", 0 },
	{ }
};

const struct doppler_correlate_variant doppler_correlate_variants[] = {
	{ doppler_correlate_avx512, "avx512", CPU_AVX512 },
	{ doppler_correlate_avx2, "avx2", CPU_AVX2 },
	{ doppler_correlate_c, "c", 0 },
	{ }
};

const struct doppler_axial_variant doppler_axial_variants[] = {
	{ doppler_axial_avx512, "avx512", CPU_AVX512 },
	{ doppler_axial_avx2, "avx2", CPU_AVX2 },
	{ doppler_axial_c, "c", 0 },
	{ }
};

const struct doppler_mean_variant doppler_mean_variants[] = {
	{ doppler_mean_avx512, "avx512", CPU_AVX512 },
	{ doppler_mean_avx2, "avx2", CPU_AVX2 },
	{ doppler_mean_c, "c", 0 },
	{ }
};

const struct doppler_estimate_variant doppler_estimate_variants[] = {
	{ doppler_estimate_avx512, "avx512", CPU_AVX512 },
	{ doppler_estimate_avx2, "avx2", CPU_AVX2 },
	{ doppler_estimate_c, "c", 0 },
	{ }
};

static const char *loupas_fault(const struct doppler_params *p)
{
	if (!(p->carrier > 0) || !isfinite(p->carrier))
		return "doppler: carrier is not positive";
	if (!(p->sample_step > 0) || !isfinite(p->sample_step))
		return "doppler: step from sample to sample is not positive";
	return NULL;
}

static const char *fault(const struct doppler_params *p)
{
	if (p->ensemble < 2 || p->ensemble > DOPPLER_ENSEMBLE_MAX)
		return "doppler: ensemble is not 2 to 1024";
	if (!(p->interval > 0) || !isfinite(p->interval))
		return "doppler: interval is not positive";
	if (!(p->c > 0) || !isfinite(p->c))
		return "doppler: speed of sound is not positive";
	if (!(p->frequency > 0) || !isfinite(p->frequency))
		return "doppler: frequency is not positive";
	if (wall_fault(&p->wall, p->ensemble))
		return wall_fault(&p->wall, p->ensemble);
	if (!(p->average_lines & 1) || !(p->average_samples & 1))
		return "doppler: window of the mean is not odd";
	if (!(p->reference > 0) || !isfinite(p->reference))
		return "doppler: reference level is not positive";
	if (isnan(p->power_min_db))
		return "doppler: power threshold is not a number";
	if (!(p->velocity_min >= 0))
		return "doppler: velocity threshold is negative";
	if (p->estimator == DOPPLER_LOUPAS)
		return loupas_fault(p);
	if (p->estimator != DOPPLER_KASAI)
		return "doppler: unknown estimator";
	return NULL;
}

static bool loupas(const struct doppler *d)
{
	return d->params.estimator == DOPPLER_LOUPAS;
}

static void set_scale(struct doppler *d)
{
	const struct doppler_params *p = &d->params;
	const double radian = p->c / (4 * M_PI * p->interval);

	d->scale = (struct doppler_scale){
		.velocity = radian / (loupas(d) ? p->carrier : p->frequency),
		.carrier = p->carrier,
		.pairs = d->law.rows - 1,
		.offset_db = -20 * log10(p->reference),
		.power_min_db = p->power_min_db,
		.velocity_min = p->velocity_min,
	};
	if (!loupas(d))
		return;
	d->scale.turn = remainder(4 * M_PI * p->carrier * p->sample_step / p->c,
				  2 * M_PI);
	d->scale.detune = p->c / (4 * M_PI * p->sample_step);
}

static void choose(struct doppler *d)
{
	d->project = cpu_choose(doppler_project_variants)->fn;
	d->eigen = cpu_choose(doppler_eigen_variants)->fn;
	d->matrix = cpu_choose(doppler_matrix_variants)->fn;
	d->covariance = cpu_choose(doppler_covariance_variants)->fn;
	d->correlate = cpu_choose(doppler_correlate_variants)->fn;
	d->axial = cpu_choose(doppler_axial_variants)->fn;
	d->mean = cpu_choose(doppler_mean_variants)->fn;
	d->estimate = cpu_choose(doppler_estimate_variants)->fn;
}

static int alloc_svd(struct doppler *d)
{
	const size_t n = d->params.ensemble;

	if (d->params.wall.kind != WALL_SVD)
		return 0;
	d->covariance_sum = dsp_alloc(SUMS * n * n,
				      2 * sizeof(double));
	d->value = dsp_alloc(n, sizeof(double));
	d->vector = dsp_alloc(n * n, sizeof(*d->vector));
	return d->covariance_sum && d->value && d->vector ? 0 : -ENOMEM;
}

static int alloc_desks(struct doppler *d, uint32_t samples)
{
	const struct doppler_params *p = &d->params;
	const uint32_t window = p->average_lines > p->average_samples ?
				p->average_lines : p->average_samples;
	struct desk *desk;
	unsigned int i;

	d->desk = calloc(d->shares, sizeof(*d->desk));
	if (!d->desk)
		return -ENOMEM;
	for (desk = d->desk; desk < d->desk + d->shares; desk++) {
		desk->x = dsp_alloc(p->ensemble, d->stride * sizeof(float));
		desk->y = dsp_alloc(p->ensemble, d->stride * sizeof(float));
		desk->row = dsp_alloc(window, sizeof(*desk->row));
		desk->strip = dsp_alloc(samples + window, 2 * sizeof(float));
		for (i = 0; i < 3; i++)
			desk->line[i] = dsp_alloc(samples, 2 * sizeof(float));
		if (!desk->x || !desk->y || !desk->row || !desk->strip ||
		    !desk->line[0] || !desk->line[1] || !desk->line[2])
			return -ENOMEM;
	}
	return 0;
}

static int build(struct doppler *d, uint32_t lines, uint32_t samples)
{
	const struct doppler_params *p = &d->params;
	const size_t places = (size_t)lines * samples;

	if (wall_init(&d->law, &p->wall, p->ensemble))
		return -ENOMEM;
	set_scale(d);
	choose(d);
	d->block = BLOCK_BYTES / (8 * p->ensemble) / 16 * 16;
	if (d->block < 16)
		d->block = 16;
	if (d->block > BLOCK_MAX)
		d->block = BLOCK_MAX;
	/* one place more for the phase over depth, and an odd distance */
	d->stride = 2 * d->block + 16;
	d->r1 = dsp_alloc(places, 2 * sizeof(float));
	d->power = dsp_alloc(places, sizeof(float));
	d->f = dsp_alloc(loupas(d) ? places : 0, 2 * sizeof(float));
	if (!d->r1 || !d->power || !d->f || alloc_desks(d, samples))
		return -ENOMEM;
	return alloc_svd(d);
}

int doppler_create(struct doppler **doppler, uint32_t lines, uint32_t samples,
		   const struct doppler_params *params, const char **why)
{
	struct doppler *d;
	int ret;

	*why = fault(params);
	if (!*why && (!lines || !samples))
		*why = "doppler: no lines or no samples";
	if (!*why && (params->average_lines > lines ||
		      params->average_samples > samples))
		*why = "doppler: window of the mean exceeds the grid";
	if (*why)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->params = *params;
	d->shares = workers_shares(params->workers);
	ret = build(d, lines, samples);
	if (ret)
		doppler_destroy(d);
	else
		*doppler = d;
	return ret;
}

/* --- the filter --- */

static void copy(const struct doppler *d, float *x, const float *iq,
		 size_t stride, uint32_t n)
{
	uint32_t t, j;

	for (t = 0; t < d->law.ensemble; t++, iq += stride) {
		for (j = 0; j < 2 * n; j += 16)
			__builtin_prefetch(iq + j + DOPPLER_AHEAD, 0, 2);
		memcpy(x + t * d->stride, iq, 2 * n * sizeof(float));
	}
}

/* Takes a basis of any length away, a few terms at a time: they are orthogonal. */
static void project(const struct doppler *d, float *y, const float *iq,
		    size_t stride, uint32_t n)
{
	struct wall_law part = d->law;
	uint32_t left = d->law.terms;

	for (; left; left -= part.terms) {
		part.terms = left < WALL_TERMS_MAX ? left : WALL_TERMS_MAX;
		d->project(y, d->stride, iq, stride, n, &part);
		part.basis += (size_t)part.terms * part.ensemble;
		iq = y;
		stride = d->stride;
	}
}

/* A block through the wall filter; returns where it is, and its stride. */
static const float *filter(const struct doppler *d, struct desk *desk,
			   const float *iq, size_t *stride, uint32_t n)
{
	const struct wall_law *law = &d->law;

	if (law->matrix) {
		copy(d, desk->x, iq, *stride, n);
		d->matrix(desk->y, d->stride, desk->x, d->stride, n, law);
	} else if (d->params.wall.kind == WALL_SVD) {
		d->eigen(desk->y, d->stride, iq, *stride, n, law);
	} else if (law->terms) {
		project(d, desk->y, iq, *stride, n);
	} else {
		return iq;
	}
	*stride = d->stride;
	return desk->y;
}

/* A packet for all workers. */
struct packet_job {
	struct doppler *d;
	struct vel *out;
	const struct iq *in;
};

static uint32_t from(const struct doppler *d, uint32_t n, uint32_t share)
{
	return share_from(n, share, d->shares);
}

/* The covariance of the packet's images over a part of the places. */
static void sum_places(struct doppler *d, float *x, const struct iq *in,
		       uint32_t part)
{
	const uint32_t n = d->law.ensemble;
	const size_t places = (size_t)in->lines * in->samples;
	const size_t end = places * (part + 1) / SUMS;
	double *sum = d->covariance_sum + 2 * (size_t)n * n * part;
	size_t at = places * part / SUMS;
	uint32_t block;

	memset(sum, 0, 2 * (size_t)n * n * sizeof(*sum));
	for (; at < end; at += block) {
		block = end - at < d->block ? end - at : d->block;
		copy(d, x, in->data + 2 * at, 2 * places, block);
		d->covariance(sum, x, d->stride, block, n);
	}
}

static void sum_all(void *arg, uint32_t share)
{
	const struct packet_job *job = arg;
	const uint32_t end = from(job->d, SUMS, share + 1);
	uint32_t part = from(job->d, SUMS, share);

	for (; part < end; part++)
		sum_places(job->d, job->d->desk[share].x, job->in, part);
}

/* The strongest components of the packet. */
static void find_components(struct packet_job *job)
{
	struct doppler *d = job->d;
	const uint32_t n = d->law.ensemble;
	double *sum = d->covariance_sum;
	float *basis = d->law.basis;
	uint32_t i;

	workers_run(d->params.workers, d->shares, sum_all, job);
	for (i = 2 * n * n; i < SUMS * 2 * n * n; i++)
		sum[i % (2 * n * n)] += sum[i];
	wall_eigen(d->value, d->vector, (double complex *)sum, n);
	for (i = 0; i < d->law.terms * n; i++) {
		basis[2 * i] = creal(d->vector[i]);
		basis[2 * i + 1] = cimag(d->vector[i]);
	}
}

static void correlate_line(const struct doppler *d, struct desk *desk,
			   const struct iq *in, uint32_t line)
{
	const size_t places = (size_t)in->lines * in->samples;
	const uint32_t rows = d->law.rows;
	uint32_t at, n, next;

	for (at = 0; at < in->samples; at += n) {
		const size_t place = (size_t)line * in->samples + at;
		size_t stride = 2 * places;
		const float *y;

		n = in->samples - at < d->block ? in->samples - at : d->block;
		/* the place after the block, for the phase from its last */
		next = loupas(d) && at + n < in->samples;
		y = filter(d, desk, in->data + 2 * place, &stride, n + next);
		d->correlate(d->r1 + 2 * place, d->power + place, y, stride, n,
			     rows);
		if (loupas(d))
			d->axial(d->f + 2 * place, y, stride, n + next - 1,
				 rows);
	}
}

/* Of one sample there is no phase; the last one repeats the one before. */
static void end_axial(const struct doppler *d, const struct iq *in, uint32_t line)
{
	float *f = d->f + 2 * ((size_t)(line + 1) * in->samples - 1);

	f[0] = in->samples > 1 ? f[-2] : 0;
	f[1] = in->samples > 1 ? f[-1] : 0;
}

/* --- the mean --- */

static uint32_t clamp_index(int64_t i, uint32_t n)
{
	return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/*
 * Mean over the window about a line, edges repeated. @width: floats of a place
 * of @plane.
 */
static const float *mean_line(const struct doppler *d, struct desk *desk,
			      float *out, const float *plane,
			      const struct iq *in, uint32_t line,
			      uint32_t width)
{
	const uint32_t lines = d->params.average_lines;
	const uint32_t samples = d->params.average_samples;
	const size_t n = (size_t)in->samples * width;
	const uint32_t half = samples / 2 * width;
	float *strip = desk->strip + half;
	uint32_t k;

	if (lines == 1 && samples == 1)
		return plane + line * n;
	for (k = 0; k < lines; k++)
		desk->row[k] = plane + n * clamp_index((int64_t)line + k -
						    lines / 2, in->lines);
	if (samples == 1) {
		d->mean(out, desk->row, lines, n);
		return out;
	}
	d->mean(strip, desk->row, lines, n);
	for (k = 0; k < half; k++) {
		desk->strip[k] = strip[k % width];
		strip[n + k] = strip[n - width + k % width];
	}
	for (k = 0; k < samples; k++)
		desk->row[k] = desk->strip + k * width;
	d->mean(out, desk->row, samples, n);
	return out;
}

static void estimate_line(const struct doppler *d, struct desk *desk,
			  struct vel *out, const struct iq *in, uint32_t line)
{
	const size_t at = (size_t)line * in->samples;
	const float *mean[3] = { NULL };

	mean[0] = mean_line(d, desk, desk->line[0], d->r1, in, line, 2);
	mean[1] = mean_line(d, desk, desk->line[1], d->power, in, line, 1);
	if (loupas(d))
		mean[2] = mean_line(d, desk, desk->line[2], d->f, in, line, 2);
	d->estimate(out->v + at, out->power + at, out->variance + at,
		    out->valid + at, mean[0], mean[1], mean[2], in->samples,
		    &d->scale);
}

static void correlate_lines(void *arg, uint32_t share)
{
	const struct packet_job *job = arg;
	const struct doppler *d = job->d;
	const uint32_t end = from(d, job->in->lines, share + 1);
	uint32_t line = from(d, job->in->lines, share);

	for (; line < end; line++) {
		correlate_line(d, &d->desk[share], job->in, line);
		if (loupas(d))
			end_axial(d, job->in, line);
	}
}

static void estimate_lines(void *arg, uint32_t share)
{
	const struct packet_job *job = arg;
	const struct doppler *d = job->d;
	const uint32_t end = from(d, job->in->lines, share + 1);
	uint32_t line = from(d, job->in->lines, share);

	for (; line < end; line++)
		estimate_line(d, &d->desk[share], job->out, job->in, line);
}

void doppler_execute(struct doppler *d, struct vel *out, const struct iq *in)
{
	struct packet_job job = { d, out, in };

	if (d->params.wall.kind == WALL_SVD)
		find_components(&job);
	workers_run(d->params.workers, d->shares, correlate_lines, &job);
	/* a mean reaches into the lines of others */
	workers_run(d->params.workers, d->shares, estimate_lines, &job);
}

static void free_desks(struct doppler *d)
{
	uint32_t k, i;

	for (k = 0; d->desk && k < d->shares; k++) {
		free(d->desk[k].x);
		free(d->desk[k].y);
		free(d->desk[k].row);
		free(d->desk[k].strip);
		for (i = 0; i < 3; i++)
			free(d->desk[k].line[i]);
	}
	free(d->desk);
}

void doppler_destroy(struct doppler *d)
{
	if (!d)
		return;
	wall_finish(&d->law);
	free_desks(d);
	free(d->r1);
	free(d->power);
	free(d->f);
	free(d->covariance_sum);
	free(d->value);
	free(d->vector);
	free(d);
}

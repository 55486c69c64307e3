// SPDX-License-Identifier: MIT
/* The detector's object: gain over depth, and what persists. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cpu.h"
#include "detect.h"

struct detect {
	detect_log_fn *log;
	detect_persist_fn *persist;
	float floor_db;
	float share;
	bool first;		/* no image before */
	float *gain_db;		/* [samples] */
	struct workers *workers;
	uint32_t shares;
	uint32_t stride;	/* of now */
	float *now;		/* [shares][stride], a line of the new image */
};

const struct detect_log_variant detect_log_variants[] = {
	{ detect_log_avx512, "avx512", CPU_AVX512 },
	{ detect_log_avx2, "avx2", CPU_AVX2 },
	{ detect_log_c, "c", 0 },
	{ }
};

const struct detect_persist_variant detect_persist_variants[] = {
	{ detect_persist_avx512, "avx512", CPU_AVX512 },
	{ detect_persist_avx2, "avx2", CPU_AVX2 },
	{ detect_persist_c, "c", 0 },
	{ }
};

static const char *fault(const struct detect_params *p)
{
	uint32_t i;

	if (!(p->reference > 0) || !isfinite(p->reference))
		return "detection: reference level is not positive";
	if (!(p->range_db > 0 && p->range_db <= 200))
		return "detection: dynamic range is not above 0, to 200 dB";
	if (!(p->persistence >= 0 && p->persistence < 1))
		return "detection: persistence is not 0 to below 1";
	for (i = 0; i < p->tgc_points; i++)
		if (!(fabs(p->tgc_db[i]) <= 200))
			return "detection: a gain beyond 200 dB";
	return NULL;
}

/* The trim at @place, 0 to 1 along the line. */
static double trim(const struct detect_params *p, double place)
{
	double at = place * (p->tgc_points - 1);
	uint32_t i = at;

	if (i + 1 >= p->tgc_points)
		return p->tgc_db[p->tgc_points - 1];
	return p->tgc_db[i] + (at - i) * (p->tgc_db[i + 1] - p->tgc_db[i]);
}

int detect_create(struct detect **detect, uint32_t lines, uint32_t samples,
		  const struct detect_params *params, const char **why)
{
	struct detect *d;
	uint32_t j;

	*why = fault(params);
	if (!*why && (!lines || !samples))
		*why = "detection: no lines or no samples";
	if (*why)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->log = cpu_choose(detect_log_variants)->fn;
	d->persist = cpu_choose(detect_persist_variants)->fn;
	d->floor_db = -params->range_db;
	d->share = params->persistence;
	d->first = true;
	d->gain_db = dsp_alloc(samples, sizeof(float));
	d->workers = params->workers;
	d->shares = workers_shares(params->workers);
	/* no share writes into a cache line of another */
	d->stride = (samples + 15) & ~15u;
	d->now = dsp_alloc((size_t)d->shares * d->stride, sizeof(float));
	if (!d->gain_db || !d->now) {
		detect_destroy(d);
		return -ENOMEM;
	}
	for (j = 0; j < samples; j++) {
		double place = samples > 1 ? (double)j / (samples - 1) : 0;

		d->gain_db[j] = -20 * log10(params->reference);
		if (params->tgc_points)
			d->gain_db[j] += trim(params, place);
	}
	*detect = d;
	return 0;
}

/* An image for all workers. */
struct detect_job {
	struct detect *d;
	struct env *out;
	const struct iq *in;
	const float *iq;
};

static void detect_lines(void *arg, uint32_t share)
{
	const struct detect_job *job = arg;
	const struct detect *d = job->d;
	const uint32_t lines = job->in->lines;
	const size_t n = job->in->samples;
	const uint32_t end = share_from(lines, share + 1, d->shares);
	uint32_t line = share_from(lines, share, d->shares);
	const float *iq = job->iq + 2 * n * line;
	float *db = job->out->db + n * line;
	float *now = d->now + (size_t)share * d->stride;

	for (; line < end; line++, db += n, iq += 2 * n) {
		if (d->first || d->share == 0) {
			d->log(db, iq, d->gain_db, n, d->floor_db);
			continue;
		}
		d->log(now, iq, d->gain_db, n, d->floor_db);
		d->persist(db, now, n, d->share);
	}
}

void detect_execute(struct detect *d, struct env *out, const struct iq *in,
		    uint32_t image)
{
	struct detect_job job = {
		d, out, in,
		in->data + 2 * (size_t)image * in->lines * in->samples,
	};

	workers_run(d->workers, d->shares, detect_lines, &job);
	d->first = false;
}

void detect_reset(struct detect *d)
{
	d->first = true;
}

void detect_destroy(struct detect *d)
{
	if (!d)
		return;
	free(d->gain_db);
	free(d->now);
	free(d);
}

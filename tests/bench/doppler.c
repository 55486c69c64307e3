// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "bench.h"
#include "dsp/doppler.h"

#define LINES		256
#define SAMPLES		256
#define ENSEMBLE	32

struct object {
	struct doppler *doppler;
	struct iq iq;
	struct vel vel;
};

/* Noise on still tissue 40 dB stronger. */
static void fill(struct iq *iq)
{
	const size_t places = (size_t)LINES * SAMPLES;
	float *tissue = bench_alloc(2 * places, sizeof(*tissue));
	size_t i, t;

	for (i = 0; i < 2 * places; i++)
		tissue[i] = 3e4 * bench_random();
	for (t = 0; t < ENSEMBLE; t++)
		for (i = 0; i < 2 * places; i++)
			iq->data[2 * t * places + i] =
				tissue[i] + 300 * bench_random();
	free(tissue);
}

static void *create(const void *arg, struct bench_run *run)
{
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";

	if (doppler_create(&o->doppler, LINES, SAMPLES, arg, &why) ||
	    iq_init(&o->iq, ENSEMBLE, LINES, SAMPLES) ||
	    vel_init(&o->vel, LINES, SAMPLES))
		bench_die("doppler", why);
	fill(&o->iq);
	run->items = (double)LINES * SAMPLES * ENSEMBLE;
	return o;
}

static void execute(void *object)
{
	struct object *o = object;

	doppler_execute(o->doppler, &o->vel, &o->iq);
}

static void destroy(void *object)
{
	struct object *o = object;

	doppler_destroy(o->doppler);
	iq_finish(&o->iq);
	vel_finish(&o->vel);
	free(o);
}

#define PARAMS						\
	.ensemble = ENSEMBLE,				\
	.interval = 200e-6,				\
	.c = 1540,					\
	.frequency = 5e6,				\
	.carrier = 5e6,					\
	.sample_step = 77e-6,				\
	.average_lines = 3,				\
	.average_samples = 5,				\
	.reference = 32768,				\
	.power_min_db = -60

static const struct doppler_params poly2_kasai = { PARAMS, .wall.order = 2 };
static const struct doppler_params poly2_loupas = {
	PARAMS, .wall.order = 2, .estimator = DOPPLER_LOUPAS,
};
static const struct doppler_params fir4 = {
	PARAMS, .wall = { WALL_FIR, .order = 4, .cutoff = 0.2 },
};
static const struct doppler_params iir4 = {
	PARAMS, .wall = { WALL_IIR, .order = 4, .cutoff = 0.1,
			  .start = WALL_PROJECTION },
};
static const struct doppler_params svd = {
	PARAMS, .wall = { WALL_SVD, .order = 2 },
};

#define CASE(params)							\
	.arg = &(params), .create = create, .execute = execute,		\
	.destroy = destroy

const struct bench_case bench_doppler[] = {
	{ .name = "doppler.poly2_kasai", CASE(poly2_kasai) },
	{ .name = "doppler.poly2_loupas", CASE(poly2_loupas) },
	{ .name = "doppler.fir4", CASE(fir4) },
	{ .name = "doppler.iir4", CASE(iir4) },
	{ .name = "doppler.svd", CASE(svd) },
	{ }
};

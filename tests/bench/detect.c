// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "bench.h"
#include "dsp/detect.h"

#define LINES	256
#define SAMPLES	2048

struct object {
	struct detect *detect;
	struct iq iq;
	struct env env;
};

static void *create(const void *arg, struct bench_run *run)
{
	static const double tgc_db[] = { -6, 0, 6 };
	const struct detect_params params = {
		.reference = 32768,
		.range_db = 60,
		.tgc_points = 3,
		.tgc_db = tgc_db,
	};
	struct object *o = bench_alloc(1, sizeof(*o));
	const char *why = "no memory";
	size_t i;

	(void)arg;
	if (detect_create(&o->detect, LINES, SAMPLES, &params, &why) ||
	    iq_init(&o->iq, 1, LINES, SAMPLES) ||
	    env_init(&o->env, LINES, SAMPLES))
		bench_die("detect", why);
	for (i = 0; i < 2 * (size_t)LINES * SAMPLES; i++)
		o->iq.data[i] = 32768 * bench_random();
	run->items = (double)LINES * SAMPLES;
	return o;
}

static void execute(void *object)
{
	struct object *o = object;

	detect_execute(o->detect, &o->env, &o->iq, 0);
}

static void destroy(void *object)
{
	struct object *o = object;

	detect_destroy(o->detect);
	iq_finish(&o->iq);
	env_finish(&o->env);
	free(o);
}

const struct bench_case bench_detect[] = {
	{ .name = "detect", .create = create, .execute = execute,
	  .destroy = destroy },
	{ }
};

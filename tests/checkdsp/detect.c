// SPDX-License-Identifier: MIT
#include <math.h>

#include "checkdsp.h"
#include "dsp/detect.h"

#define FLOOR_DB	-60.0f
#define LOWEST_DB	-1000.0f	/* below all but 0 */
#define EPS		0x1p-24	/* half a unit in the last place */

static const float extremes[] = {
	0.0f, -0.0f, 1e-45f, 1e-38f, 1e-20f, 1.0f, -32768.0f, 1e6f, 1e19f,
	3e38f, INFINITY, NAN,
};

#define EXTREMES (sizeof(extremes) / sizeof(extremes[0]))

static void exact_log(float *db, const float *iq, const float *gain_db,
		      size_t n, float floor_db)
{
	size_t j;

	for (j = 0; j < n; j++) {
		double level = 20 * log10(hypot(iq[2 * j], iq[2 * j + 1])) +
			       gain_db[j];

		/* hypot(INFINITY, NAN) is INFINITY: no number, so the floor */
		if (isnan(iq[2 * j]) || isnan(iq[2 * j + 1]) ||
		    !(level > floor_db))
			level = floor_db;
		db[j] = level;
	}
}

/*
 * The logarithm's polynomial, and roundings: of the level as a logarithm of 2 and
 * in dB, of their ratio, of the gain that is added.
 */
static double level_db(double db, double gain)
{
	return isfinite(db) ? 4e-5 + 4 * EPS * (fabs(db) + 2 * fabs(gain)) : 0;
}

static void compare_log(detect_log_fn *fn, size_t n, float floor_db)
{
	detect_log_fn *oracle = fn == detect_log_c ? exact_log : detect_log_c;
	struct guarded db = guarded_new(4 * n, 4);
	struct guarded want = guarded_new(4 * n, 0);
	struct guarded iq = guarded_new(8 * n, 4);
	struct guarded gain = guarded_new(4 * n, 4);
	size_t j;

	for (j = 0; j < n; j++) {
		float *at = (float *)iq.data + 2 * j;
		double size = pow(10, 6 * checkdsp_random());

		at[0] = size * checkdsp_random();
		at[1] = size * checkdsp_random();
		if (j % 7 == 3 || j % 7 == 5)
			at[0] = extremes[checkdsp_below(EXTREMES)];
		if (j % 7 == 4 || j % 7 == 5)
			at[1] = extremes[checkdsp_below(EXTREMES)];
		((float *)gain.data)[j] = 30 * checkdsp_random();
	}
	fn(db.data, iq.data, gain.data, n, floor_db);
	oracle(want.data, iq.data, gain.data, n, floor_db);
	for (j = 0; j < n; j++)
		checkdsp_near("db", j, ((float *)db.data)[j],
			      ((float *)want.data)[j],
			      level_db(((float *)want.data)[j],
				       ((float *)gain.data)[j]));
	guarded_end(&db);
	guarded_end(&want);
	guarded_end(&iq);
	guarded_end(&gain);
}

struct log_call {
	detect_log_fn *fn;
	float db[2048], iq[4096], gain[2048];
};

static void call_log(void *arg)
{
	struct log_call *c = arg;

	c->fn(c->db, c->iq, c->gain, 2048, FLOOR_DB);
}

static void check_log(void)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 33, 2048 };
	const struct detect_log_variant *v;
	static struct log_call c;
	size_t i;

	for (v = detect_log_variants; v->fn; v++) {
		if (!checkdsp_begin("detect_log", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			compare_log(v->fn, sizes[i], FLOOR_DB);
			compare_log(v->fn, sizes[i], LOWEST_DB);
		}
		c.fn = v->fn;
		for (i = 0; i < 4096; i++)
			c.iq[i] = 1000 * checkdsp_random();
		checkdsp_bench(call_log, &c, 2048, "sample");
		checkdsp_end();
	}
}

static void compare_persist(detect_persist_fn *fn, size_t n, float share)
{
	struct guarded db = guarded_new(4 * n, 4);
	struct guarded now = guarded_new(4 * n, 4);
	struct guarded want = guarded_new(4 * n, 0);
	size_t j;

	for (j = 0; j < n; j++) {
		float a = 60 * checkdsp_random(), b = 60 * checkdsp_random();

		((float *)db.data)[j] = a;
		((float *)now.data)[j] = b;
		((float *)want.data)[j] =
			(double)share * a + (1 - (double)share) * b;
	}
	fn(db.data, now.data, n, share);
	/* the difference, its product, the sum: a rounding each */
	for (j = 0; j < n; j++)
		checkdsp_near("db", j, ((float *)db.data)[j],
			      ((float *)want.data)[j], 3 * EPS * 120);
	guarded_end(&db);
	guarded_end(&now);
	guarded_end(&want);
}

struct persist_call {
	detect_persist_fn *fn;
	float db[2048], now[2048];
};

static void call_persist(void *arg)
{
	struct persist_call *c = arg;

	c->fn(c->db, c->now, 2048, 0.5f);
}

static void check_persist(void)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 33, 2048 };
	const struct detect_persist_variant *v;
	static struct persist_call c;
	size_t i;

	for (v = detect_persist_variants; v->fn; v++) {
		if (!checkdsp_begin("detect_persist", v->name, v->flags))
			continue;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			compare_persist(v->fn, sizes[i], 0);
			compare_persist(v->fn, sizes[i], 0.7f);
		}
		c.fn = v->fn;
		checkdsp_bench(call_persist, &c, 2048, "sample");
		checkdsp_end();
	}
}

void check_detect(void)
{
	check_log();
	check_persist();
}

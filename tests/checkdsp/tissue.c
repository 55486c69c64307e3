// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "checkdsp.h"
#include "dsp/tissue.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define MOST 900

/*
 * Of a power, what two forms may differ by. Its natural logarithm is db ln(10) / 10,
 * of which the constant and the product are rounded to half a unit each, in either
 * form; the series of 2^f leaves out at most (ln(2) / 2)^7 / 5040, its sum and expf()
 * have two units.
 */
#define EPS 0x1p-24 /* half a unit in the last place */

static double share(double db)
{
	return 4 * EPS * M_LN10 / 10 * fabs(db) + 1.2e-7 + 4 * EPS;
}

/* --- sums of a line --- */

static void exact_sum(double *sum, const float *db, uint32_t n)
{
	double all = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		all += pow(10, db[i] / 10.0);
		sum[i] = all;
	}
}

static void compare_sum(tissue_sum_fn *fn, uint32_t n, double range)
{
	tissue_sum_fn *oracle = fn == tissue_sum_c ? exact_sum : tissue_sum_c;
	struct guarded db = guarded_new(n * sizeof(float), 4);
	struct guarded got = guarded_new(n * sizeof(double), 8);
	struct guarded want = guarded_new(n * sizeof(double), 8);
	double allowed = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		((float *)db.data)[i] = range * checkdsp_random();
	fn(got.data, db.data, n);
	oracle(want.data, db.data, n);
	for (i = 0; i < n; i++) {
		const float level = ((float *)db.data)[i];
		const double right = ((double *)want.data)[i];

		allowed += share(level) * pow(10, level / 10);
		checkdsp_near("sum", i, ((double *)got.data)[i], right,
			      allowed + 0x1p-50 * right);
	}
	guarded_end(&db);
	guarded_end(&got);
	guarded_end(&want);
}

struct sum_call {
	tissue_sum_fn *fn;
	float db[MOST];
	double sum[MOST];
};

static void call_sum(void *arg)
{
	struct sum_call *c = arg;

	c->fn(c->sum, c->db, MOST);
}

static void check_sum(void)
{
	static const uint32_t sizes[] = { 1, 3, 8, 9, 16, 17, 31, 333 };
	static const double ranges[] = { 0, 1, 5, 60, 300 };
	const struct tissue_sum_variant *v;
	static struct sum_call c;
	uint32_t s, r;

	for (v = tissue_sum_variants; v->fn; v++) {
		if (!checkdsp_begin("tissue_sum", v->name, v->flags))
			continue;
		for (s = 0; s < LENGTH(sizes); s++)
			for (r = 0; r < LENGTH(ranges); r++)
				compare_sum(v->fn, sizes[s], ranges[r]);
		/* one at a time, all fractions of a power of 2 */
		for (r = 0; r < 1000; r++)
			compare_sum(v->fn, 1, 5);
		c.fn = v->fn;
		checkdsp_bench(call_sum, &c, MOST, "sample");
		checkdsp_end();
	}
}

/* --- lines added up --- */

static void compare_add(tissue_add_fn *fn, uint32_t n)
{
	struct guarded to = guarded_new(n * sizeof(double), 8);
	struct guarded from = guarded_new(n * sizeof(double), 24);
	double want[MOST];
	uint32_t i;

	for (i = 0; i < n; i++) {
		((double *)to.data)[i] = checkdsp_random();
		((double *)from.data)[i] = 1e6 * checkdsp_random();
		want[i] = ((double *)to.data)[i] + ((double *)from.data)[i];
	}
	fn(to.data, from.data, n);
	for (i = 0; i < n; i++)
		checkdsp_near("add", i, ((double *)to.data)[i], want[i], 0);
	guarded_end(&to);
	guarded_end(&from);
}

struct add_call {
	tissue_add_fn *fn;
	double to[MOST], from[MOST];
};

static void call_add(void *arg)
{
	struct add_call *c = arg;

	c->fn(c->to, c->from, MOST);
}

static void check_add(void)
{
	static const uint32_t sizes[] = { 1, 3, 4, 7, 8, 9, 333 };
	const struct tissue_add_variant *v;
	static struct add_call c;
	uint32_t s;

	for (v = tissue_add_variants; v->fn; v++) {
		if (!checkdsp_begin("tissue_add", v->name, v->flags))
			continue;
		for (s = 0; s < LENGTH(sizes); s++)
			compare_add(v->fn, sizes[s]);
		c.fn = v->fn;
		checkdsp_bench(call_add, &c, MOST, "sample");
		checkdsp_end();
	}
}

void check_tissue(void)
{
	check_sum();
	check_add();
}

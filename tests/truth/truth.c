// SPDX-License-Identifier: MIT
/* The list of cases, their verdicts as TAP. truth CASE...: only these. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "dsp/cpu.h"
#include "truth.h"

static const struct {
	const char *name;
	const char *folder;	/* NULL: the test makes its own data */
	void (*run)(const json_t *reference);
} cases[] = {
	{ "points", "simus_P_picmuslike_points_75pw", truth_points },
	{ "cysts", "simus_K_picmuslike_cysts_11pw", truth_cysts },
	{ "cardiac", "simus_C_cardiac_7dw", truth_cardiac },
	{ "disk", "must_disk", truth_disk },
	{ "vessel", "simus_B_vessel_32ens", truth_vessel },
	{ "convex", "plus_curvilinear", truth_convex },
	{ "carotid", "clarius_carotid_doppler", truth_carotid },
	{ "scene", "simus_P_picmuslike_points_75pw", truth_scene },
	{ "fieldii", "pybf_fieldii", truth_fieldii },
	{ "focused", NULL, truth_focused },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static unsigned int results;
static unsigned int failures;

struct verdict verdict_new(void)
{
	return (struct verdict){ .pass = true };
}

static void compare(struct verdict *v, const char *what, double got,
		    double want, double ratio)
{
	/* NAN, of a missing reference too, fails */
	if (!(ratio <= 1))
		v->pass = false;
	if (ratio <= v->worst)
		return;
	v->worst = ratio;
	snprintf(v->what, sizeof(v->what), "%s %.6g, expected %.6g", what, got,
		 want);
}

void verdict_near(struct verdict *v, const char *what, double got, double want,
		  double tolerance)
{
	/* a deviation of nothing is within a tolerance of nothing */
	double off = fabs(got - want);

	compare(v, what, got, want, off == 0 ? 0 : off / tolerance);
}

void verdict_percent(struct verdict *v, const char *what, double got,
		     double want, double percent)
{
	verdict_near(v, what, got, want, fabs(want) * percent / 100);
}

void verdict_least(struct verdict *v, const char *what, double got,
		   double least)
{
	compare(v, what, got, least, pow(10, (least - got) / 20));
}

static void report(bool ok, const char *name, const struct verdict *v)
{
	results++;
	failures += !ok;
	printf("%sok %u - %s # worst, in tolerances: %.3g (%s)\n",
	       ok ? "" : "not ", results, name, v->worst, v->what);
	fflush(stdout);
}

void truth_right(const char *name, const struct verdict *v)
{
	report(v->pass, name, v);
}

void truth_wrong(const char *name, const struct verdict *v)
{
	report(!v->pass, name, v);
}

void truth_broken(const char *name, const char *why)
{
	results++;
	failures++;
	printf("not ok %u - %s: %s\n", results, name, why);
}

const json_t *truth_part(const json_t *from, const char *path)
{
	char key[64];
	size_t n;

	for (; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = 0;
		from = json_object_get(from, key);
	}
	return from;
}

double truth_number(const json_t *from, const char *path)
{
	const json_t *part = truth_part(from, path);

	return json_is_number(part) ? json_number_value(part) : NAN;
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

static void run_case(size_t i, const json_t *reference)
{
	const json_t *all = json_object_get(reference, "cases");
	const json_t *part = json_object_get(all, cases[i].folder ?: "");

	if (!cases[i].folder) {
		cases[i].run(NULL);
		return;
	}
	if (dataset_exists(cases[i].folder) && part) {
		cases[i].run(part);
		return;
	}
	results++;
	printf("ok %u - %s # SKIP no %s in %s (SONO_DATA)\n", results,
	       cases[i].name, part ? cases[i].folder : "reference.json",
	       dataset_root());
}

/* Does the processor have the level that SONO_CPU asks for? */
static bool offered(void)
{
	const char *level = getenv("SONO_CPU");

	if (!level || !strcmp(level, "c"))
		return true;
	return cpu_flags() & (strcmp(level, "avx2") ? CPU_AVX512 : CPU_AVX2);
}

int main(int argc, char **argv)
{
	json_t *reference;
	size_t i;

	if (!offered()) {
		printf("1..0 # SKIP no %s on this processor\n",
		       getenv("SONO_CPU"));
		return 0;
	}
	reference = dataset_reference();
	for (i = 0; i < CASES; i++)
		if (wanted(cases[i].name, argc, argv))
			run_case(i, reference);
	printf("1..%u\n", results);
	json_decref(reference);
	return failures != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The pipeline against known answers. Figures, regions, statistics and
 * tolerances are those of reference.json in the folder of channel data
 * (SONO_DATA, ../shared/data unless set); a test reads them from there. Every
 * case is also run with something wrong, and must then miss its tolerance.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct verdict - how figures compare with their tolerances
 * @pass: none exceeded so far; true at first
 * @worst: largest deviation, 1 at its tolerance
 * @what: the figure with the largest deviation
 */
struct verdict {
	bool pass;
	double worst;
	char what[128];
};

/** verdict_new() - nothing compared yet */
struct verdict verdict_new(void);

/** verdict_near() - @got must lie within @tolerance of @want */
void verdict_near(struct verdict *v, const char *what, double got, double want,
		  double tolerance);

/** verdict_percent() - @got must lie within @percent of @want */
void verdict_percent(struct verdict *v, const char *what, double got,
		     double want, double percent);

/** verdict_least() - @got must be at least @least, both in dB */
void verdict_least(struct verdict *v, const char *what, double got,
		   double least);

/** truth_right() - reports a case that must pass */
void truth_right(const char *name, const struct verdict *v);

/** truth_wrong() - reports a case with a mistake in it, that must not pass */
void truth_wrong(const char *name, const struct verdict *v);

/** truth_broken() - reports a case that could not be run */
void truth_broken(const char *name, const char *why);

/* A part of reference.json by its keys, separated by '/'; NULL: not there. */
const json_t *truth_part(const json_t *from, const char *path);

/** truth_number() - a number of reference.json; NAN where there is none */
double truth_number(const json_t *from, const char *path);

/* One file each; @reference: the case of reference.json by that name. */
void truth_points(const json_t *reference);
void truth_cysts(const json_t *reference);
void truth_cardiac(const json_t *reference);
void truth_disk(const json_t *reference);
void truth_vessel(const json_t *reference);
void truth_convex(const json_t *reference);
void truth_carotid(const json_t *reference);
void truth_fieldii(const json_t *reference);
void truth_scene(const json_t *reference);

/* Needs no data: @reference may be NULL. */
void truth_focused(const json_t *reference);

#endif /* TRUTH_H */

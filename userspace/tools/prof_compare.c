// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prof_compare.h"
#include "tools.h"

#define FORMAT 1

#define FRAME "taken to published"

/* Of a frame's way: below that a part is not what makes pictures late. */
#define MATTERS 0.01

/* --- one run as JSON --- */

static json_t *blocks_of(const struct prof_blocks *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->count; i++)
		json_array_append_new(list, json_real(b->value[i]));
	return list;
}

static json_t *times(const char *name, const struct histogram *h,
		     const struct prof_blocks *b)
{
	return json_pack("{s:s s:I s:I s:I s:I s:o}", "name", name, "runs",
			 (json_int_t)h->count, "p50_ns",
			 (json_int_t)histogram_quantile(h, 0.5), "p99_ns",
			 (json_int_t)histogram_quantile(h, 0.99), "max_ns",
			 (json_int_t)h->max, "blocks_ns", blocks_of(b));
}

static json_t *part(const struct prof_part *p)
{
	json_t *object = times(p->name, &p->time, &p->blocks);

	if (p->cpu_runs)
		json_object_set_new(object, "cpu_ns",
				    json_integer((json_int_t)(p->cpu_ns /
							      p->cpu_runs)));
	return object;
}

static json_t *losses(const struct prof_figures *f)
{
	json_t *all = json_object();
	char name[48];

	for (enum prof_loss loss = 0; loss < PROF_LOSSES; loss++) {
		json_t *one = json_object();

		for (unsigned int i = 0; i < PROF_CULPRITS; i++) {
			if (!f->blamed[loss][i])
				continue;
			prof_culprit_name(f, i, name, sizeof(name));
			json_object_set_new(one, name,
					    json_integer((json_int_t)
						f->blamed[loss][i]));
		}
		json_object_set_new(all, prof_loss_name(loss), one);
	}
	return all;
}

static json_t *run_of(const struct prof_figures *f, const char *plan,
		      const char *source)
{
	json_t *parts = json_array();

	for (uint32_t i = 0; i < f->parts; i++)
		if (f->part[i].time.count)
			json_array_append_new(parts, part(&f->part[i]));
	json_array_append_new(parts,
			      times(FRAME, &f->frame, &f->frame_blocks));
	return json_pack("{s:s s:s s:I s:f s:o s:o}", "plan", plan, "source",
			 source, "frames", (json_int_t)f->frames, "seconds",
			 (double)(f->last - f->first) * 1e-9, "missed",
			 losses(f), "parts", parts);
}

/* --- files --- */

/* The runs of a file, borrowed of *@root. */
static json_t *load(const char *path, json_t **root, char *why,
		    size_t why_bytes)
{
	json_error_t error;
	json_t *runs = NULL;
	int format = 0;

	*root = NULL;
	if (access(path, R_OK)) {
		snprintf(why, why_bytes, "%s: %s", path, strerror(errno));
		return NULL;
	}
	*root = json_load_file(path, 0, &error);
	if (!*root) {
		snprintf(why, why_bytes,
			 "%s: not a file of sono prof --save: line %d: %s",
			 path, error.line, error.text);
		return NULL;
	}
	if (json_unpack(*root, "{s:i s:o}", "sono_prof", &format, "runs",
			&runs) || format != FORMAT || !json_is_array(runs)) {
		snprintf(why, why_bytes, "%s: not a file of sono prof --save",
			 path);
		json_decref(*root);
		*root = NULL;
		return NULL;
	}
	return runs;
}

static int dump(const json_t *root, const char *path)
{
	char temporary[PATH_MAX];

	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	errno = 0;
	if (!json_dump_file(root, temporary, JSON_INDENT(1)) &&
	    !rename(temporary, path))
		return 0;
	unlink(temporary);
	return errno ? -errno : -EIO;
}

int prof_save_fault(const char *path, char *why, size_t why_bytes)
{
	json_t *root = NULL;
	bool fits = access(path, F_OK) || load(path, &root, why, why_bytes);

	json_decref(root);
	return fits ? 0 : -EINVAL;
}

int prof_save(const struct prof_figures *f, const char *plan,
	      const char *source, const char *path, char *why,
	      size_t why_bytes)
{
	json_t *root, *runs;
	int ret;

	if (!access(path, F_OK)) {
		runs = load(path, &root, why, why_bytes);
		if (!runs)
			return -EINVAL;
	} else {
		runs = json_array();
		root = json_pack("{s:i s:o}", "sono_prof", FORMAT, "runs",
				 runs);
	}
	json_array_append_new(runs, run_of(f, plan, source));
	ret = dump(root, path);
	json_decref(root);
	if (ret)
		snprintf(why, why_bytes, "%s", strerror(-ret));
	return ret;
}

/* --- comparing --- */

static json_t *find_part(json_t *run, const char *name)
{
	json_t *each;
	size_t i;

	json_array_foreach(json_object_get(run, "parts"), i, each) {
		const char *its = json_string_value(json_object_get(each,
								    "name"));

		if (its && !strcmp(its, name))
			return each;
	}
	return NULL;
}

static void runs_free(struct prof_runs *p)
{
	for (size_t i = 0; i < p->runs; i++)
		free(p->run[i].block);
	free(p->run);
	*p = (struct prof_runs){ 0 };
}

/* A part of all runs that have it, with blocks. */
static int read_runs(struct prof_runs *p, json_t *runs, const char *name)
{
	json_t *run;
	size_t i, k;

	*p = (struct prof_runs){ .run = calloc(json_array_size(runs) + 1,
					       sizeof(*p->run)) };
	if (!p->run)
		return -ENOMEM;
	json_array_foreach(runs, i, run) {
		json_t *list = json_object_get(find_part(run, name),
					       "blocks_ns");
		struct prof_run *r = &p->run[p->runs];

		r->blocks = json_array_size(list);
		if (!r->blocks)
			continue;
		r->block = calloc(r->blocks, sizeof(*r->block));
		if (!r->block)
			return -ENOMEM;
		p->runs++;
		for (k = 0; k < r->blocks; k++)
			r->block[k] = json_number_value(json_array_get(list,
								       k));
	}
	return 0;
}

/* @way: of a frame, before [ns]; 0: this is it */
static bool print_ratio(const char *name, const struct prof_ratio *r,
			double way)
{
	static const char *const verdicts[] = {
		[PROF_SAME] = "same",
		[PROF_UNCLEAR] = "unclear",
		[PROF_FASTER] = "faster",
		[PROF_SLOWER] = "slower",
	};
	const bool matters = r->after > MATTERS * way;

	printf("%-20s %9.3f %9.3f %7.3f  %6.3f to %6.3f  %s%s\n", name,
	       r->before * 1e-6, r->after * 1e-6, r->after / r->before,
	       r->low, r->high, verdicts[r->verdict],
	       matters ? "" : ", but short");
	return matters && r->verdict == PROF_SLOWER;
}

static int compare_part(json_t *before, json_t *after, const char *name,
			double tolerance, double *way, bool *slower)
{
	struct prof_runs a = { 0 }, b = { 0 };
	struct prof_ratio ratio;
	int ret = read_runs(&a, before, name);

	if (!ret)
		ret = read_runs(&b, after, name);
	if (!ret && a.runs && b.runs) {
		prof_ratio(&ratio, &a, &b, tolerance);
		if (!*way)
			*way = ratio.before;
		*slower |= print_ratio(name, &ratio, *way);
	}
	runs_free(&a);
	runs_free(&b);
	return ret;
}

static int compare(json_t *before, json_t *after, double tolerance,
		   bool *slower)
{
	json_t *each;
	double way = 0;
	int ret;
	size_t i;

	printf("%-20s %9s %9s %7s  %16s\n", "", "before ms", "after ms",
	       "ratio", "99 %");
	ret = compare_part(before, after, FRAME, tolerance, &way, slower);
	json_array_foreach(json_object_get(json_array_get(before, 0), "parts"),
			   i, each) {
		const char *name = json_string_value(json_object_get(each,
								     "name"));

		/* no work on a picture, but what is left between parts */
		if (ret || !name || !strcmp(name, FRAME) ||
		    !strcmp(name, "wake") || !strcmp(name, "loop") ||
		    !strcmp(name, "read"))
			continue;
		ret = compare_part(before, after, name, tolerance, &way,
				   slower);
	}
	return way || ret ? ret : -ENODATA;
}

int prof_compare(const char *before, const char *after, double tolerance)
{
	json_t *root[2] = { NULL, NULL }, *runs[2];
	bool slower = false;
	char why[256] = "";
	int ret;

	runs[0] = load(before, &root[0], why, sizeof(why));
	runs[1] = runs[0] ? load(after, &root[1], why, sizeof(why)) : NULL;
	if (!runs[0] || !runs[1]) {
		json_decref(root[0]);
		return tool_fail("compare", root[0] ? after : before, why, 0);
	}
	ret = compare(runs[0], runs[1], tolerance, &slower);
	json_decref(root[0]);
	json_decref(root[1]);
	if (ret == -ENODATA)
		return tool_fail("compare", after,
				 "too few frames: 16 make a value", 0);
	if (ret)
		return tool_fail("compare", after, NULL, ret);
	return slower ? PROF_EXIT_SLOWER : TOOL_OK;
}

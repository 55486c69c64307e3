// SPDX-License-Identifier: MIT
/*
 * Another table while a person looks. All that may be refused is tried before
 * what runs is touched; then the board stops for a moment.
 */
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"
#include "view_keys.h"
#include "why.h"

/**
 * struct next - a plan and its pipeline, not in use yet
 * @path: of the plan; NULL: the one in use
 * @controls: turned
 * @plan: compiled
 * @pipeline: of it
 * @annotate: of the pipeline's pictures
 * @cine: for them
 */
struct next {
	char *path;
	struct sono_controls controls;
	struct sono_plan *plan;
	struct pipeline *pipeline;
	struct annotate *annotate;
	struct cine *cine;
};

static void next_free(struct next *n)
{
	cine_destroy(n->cine);
	annotate_destroy(n->annotate);
	pipeline_destroy(n->pipeline);
	sono_plan_close(n->plan);
	free(n->path);
}

/* Of a recording the frames are what they are; only the gain is ours. */
static int check_recording(const struct view *v, const struct next *n,
			   char *why, size_t why_bytes)
{
	const struct sono_controls *c = &n->controls;

	if (!sono_scan(v->run.sono) ||
	    (!n->path && isnan(c->depth) && isnan(c->power) &&
	     isnan(c->focus) && isnan(c->box[0]) && isnan(c->volume[0])))
		return 0;
	return sono_why(why, why_bytes, -EINVAL,
			"of a recording only the gain can be turned");
}

/* What is written has the columns, or the velocities, that it began with. */
static int check_files(const struct view *v, const struct next *n, char *why,
		       size_t why_bytes)
{
	if (v->times && n->path)
		return sono_why(why, why_bytes, -EINVAL,
				"--times is a table of one preset");
	if (v->velocity && !pipeline_vel(n->pipeline))
		return sono_why(why, why_bytes, -EINVAL,
				"--velocity wants a preset with colour");
	return 0;
}

static int open_pipeline(struct next *n, const struct view *v, char *why,
			 size_t why_bytes)
{
	const struct sono_scan *recorded = sono_scan(v->run.sono);
	struct pipeline_params *params = &n->plan->params;
	const char *reason = NULL;
	int ret;

	params->workers = v->run.workers ? v->run.workers : workers_available();
	screen_fit(v->screen.screen, params);
	ret = pipeline_create(&n->pipeline, recorded ? recorded : n->plan->scan,
			      params, &reason);
	if (ret && reason)
		sono_plan_blame(n->plan, reason, why, why_bytes);
	else if (ret)
		sono_why(why, why_bytes, ret, "%s", strerror(-ret));
	return ret;
}

static int next_create(struct next *n, const struct view *v, char *why,
		       size_t why_bytes)
{
	int ret = check_recording(v, n, why, why_bytes);

	if (!ret)
		ret = sono_plan_turn(&n->plan,
				     n->path ? n->path : v->run.plan_path,
				     &n->controls, sono_info(v->run.sono), why,
				     why_bytes);
	if (!ret)
		ret = open_pipeline(n, v, why, why_bytes);
	if (!ret)
		ret = check_files(v, n, why, why_bytes);
	if (!ret && view_screen_make(&v->screen, n->pipeline, &n->annotate,
				     &n->cine))
		ret = sono_why(why, why_bytes, -ENOMEM, "no memory");
	return ret;
}

/* What was in use goes with @n. */
static void exchange(struct view *v, struct next *n)
{
	struct view_screen *s = &v->screen;
	struct next was = { n->path ? s->path : NULL, s->turned, v->run.plan,
			    v->run.pipeline, s->annotate, s->cine };

	if (n->path) {
		s->path = n->path;
		v->run.plan_path = n->path;
	}
	s->turned = n->controls;
	s->annotate = n->annotate;
	s->cine = n->cine;
	v->run.plan = n->plan;
	v->run.pipeline = n->pipeline;
	*n = was;
	view_screen_begin(s, &v->run);
}

/* A recording goes on where it is. */
static int take_over(struct view *v, struct next *n, char *why,
		     size_t why_bytes)
{
	const bool live = !sono_scan(v->run.sono);
	int ret = 0;

	if (live) {
		view_stop(v);
		ret = run_load(&v->run, n->plan, why, why_bytes);
	}
	if (!ret)
		exchange(v, n);
	if (live)
		view_start(v);
	return ret;
}

static int use(struct view *v, struct next *n, char *why, size_t why_bytes)
{
	int ret = next_create(n, v, why, why_bytes);

	if (!ret)
		ret = take_over(v, n, why, why_bytes);
	next_free(n);
	return ret;
}

void view_turn(struct view *v, const struct sono_controls *controls)
{
	struct next n = { .controls = *controls };
	char why[sizeof(v->screen.message)] = "";

	if (use(v, &n, why, sizeof(why)))
		view_screen_message(&v->screen, why);
}

/* --- presets --- */

/* The plans beside the one in use; 0 or -errno. */
static int list_plans(const struct view *v, glob_t *plans)
{
	const char *slash = strrchr(v->run.plan_path, '/');
	char pattern[4096];

	snprintf(pattern, sizeof(pattern), "%.*s*.plan",
		 (int)(slash ? slash + 1 - v->run.plan_path : 0),
		 v->run.plan_path);
	return glob(pattern, 0, NULL, plans) ? -ENOENT : 0;
}

static size_t place_of(const glob_t *plans, const char *path)
{
	size_t i = 0;

	while (i < plans->gl_pathc && strcmp(plans->gl_pathv[i], path))
		i++;
	return i < plans->gl_pathc ? i : 0;
}

/* Whether that preset is in use now. */
static bool try_preset(struct view *v, const char *path, char *why,
		       size_t why_bytes)
{
	struct next n = { .path = strdup(path) };

	sono_controls_init(&n.controls);
	return n.path && !use(v, &n, why, why_bytes);
}

void view_step_preset(struct view *v, int step)
{
	char why[sizeof(v->screen.message)] = "there is no other preset";
	bool done = false;
	glob_t plans;
	size_t n, from;

	if (list_plans(v, &plans))
		return;
	n = plans.gl_pathc;
	from = place_of(&plans, v->run.plan_path);
	for (size_t i = 1; i < n && !done; i++)
		done = try_preset(
			v, plans.gl_pathv[(from + (step > 0 ? i : n - i)) % n],
			why, sizeof(why));
	globfree(&plans);
	if (!done)
		view_screen_message(&v->screen, why);
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <string.h>

#include "indices.h"
#include "tools.h"
#include "view_screen.h"

#define WHY_BYTES 256
#define MIB ((size_t)1 << 20)

static int open_display(struct view_screen *s)
{
	char why[WHY_BYTES] = "";
	int ret = kms_open(&s->kms, s->card, why, sizeof(why));

	if (ret)
		return tool_fail("show on", s->card ? s->card : "a display",
				 why, ret);
	s->width = kms_info(s->kms)->width;
	s->height = kms_info(s->kms)->height;
	return TOOL_OK;
}

int view_screen_open(struct view_screen *s)
{
	char why[WHY_BYTES];
	int status = TOOL_OK, ret;

	if (s->display)
		status = open_display(s);
	if (status || !s->width)
		return status;
	ret = screen_create(&s->screen, s->width, s->height);
	snprintf(why, sizeof(why), "%ux%u is smaller than %ux%u", s->width,
		 s->height, SCREEN_WIDTH_MIN, SCREEN_HEIGHT_MIN);
	return ret ? tool_fail("draw", "a screen", ret == -EINVAL ? why : NULL,
			       ret) :
		     TOOL_OK;
}

void view_screen_say(const struct view_screen *s, FILE *say)
{
	const struct kms_info *info = s->kms ? kms_info(s->kms) : NULL;

	if (info)
		fprintf(say, "display %s on %s: %ux%u, %.0f Hz, pages %s\n",
			info->connector, info->card, info->width, info->height,
			info->refresh,
			info->imported ? "imported" : "copied");
}

/* "userspace/presets/linear-b.plan" is called linear-b. */
static void note_preset(struct view_screen *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *end = strrchr(name, '.');

	snprintf(s->preset, sizeof(s->preset), "%.*s",
		 (int)(end ? end - name : (long)strlen(name)), name);
}

static void note_plan(struct view_screen *s, const struct run *r)
{
	const struct sono_plan *plan = r->plan;
	const struct sono_indices indices = sono_indices_of(plan);
	/* of a recording nobody knows what was turned */
	const bool live = !sono_scan(r->sono);

	note_preset(s, r->plan_path);
	s->status.state = SCREEN_LIVE;
	s->status.preset = s->preset;
	s->status.source = r->source;
	s->status.depth = plan->controls.depth;
	s->status.gain = plan->controls.gain;
	s->status.power = live ? plan->controls.power : NAN;
	s->status.mi = live ? indices.mi : NAN;
	s->status.ti = live ? indices.ti : NAN;
	s->status.line = "";
}

int view_screen_begin(struct view_screen *s, const struct run *r)
{
	int ret;

	if (!s->screen)
		return TOOL_OK;
	ret = cine_create(&s->cine, pipeline_image(r->pipeline),
			  s->cine_mib * MIB);
	if (ret)
		return tool_fail("keep pictures of", r->source, NULL, ret);
	note_plan(s, r);
	return TOOL_OK;
}

void view_screen_count(struct view_screen *s, const struct sono_record *rec)
{
	s->status.dropped += rec->dropped;
	s->status.lost += rec->lost;
}

const struct image *view_screen_draw(struct view_screen *s, const struct run *r,
				     const struct image *picture,
				     const struct image *annotated)
{
	cine_add(s->cine, picture);
	s->status.kept = cine_count(s->cine);
	s->status.place = s->status.kept - 1;
	s->status.rate = cine_rate(s->cine, s->status.place);
	s->status.skipped = r->skipped;
	return screen_execute(s->screen, annotated, picture, &s->status);
}

void view_screen_close(struct view_screen *s)
{
	cine_destroy(s->cine);
	screen_destroy(s->screen);
	kms_close(s->kms);
}

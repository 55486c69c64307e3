// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "indices.h"
#include "tools.h"
#include "view_screen.h"

#define WHY_BYTES 256
#define MIB ((size_t)1 << 20)

/* Between pictures that are played, however long it was [s]. */
#define PAUSE_MAX 0.5

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
	if (ret)
		return tool_fail("draw", "a screen",
				 ret == -EINVAL ? why : NULL, ret);
	sono_controls_init(&s->turned);
	ret = keyboard_open(&s->keyboard, s->display, s->keys_path);
	return ret ? tool_fail("read keys of", s->keys_path, NULL, ret) :
		     TOOL_OK;
}

void view_screen_say(const struct view_screen *s, FILE *say)
{
	const struct kms_info *info = s->kms ? kms_info(s->kms) : NULL;

	if (info)
		fprintf(say, "display %s on %s: %ux%u, %.0f Hz, pages %s\n",
			info->connector, info->card, info->width, info->height,
			info->refresh, info->imported ? "imported" : "copied");
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

bool view_screen_has(const struct view_screen *s, enum view_arrows arrows)
{
	switch (arrows) {
	case ARROWS_FOCUS:
		return !isnan(s->now.focus);
	case ARROWS_BOX:
		return !isnan(s->now.box[0]);
	case ARROWS_VOLUME:
		return !isnan(s->now.volume[0]);
	default:
		return true;
	}
}

static void note_controls(struct view_screen *s, const struct sono_plan *plan)
{
	s->now = plan->controls;
	s->sector = plan->params.b.grid.shape == GRID_SECTOR;
	s->angles = plan->angles;
	if (!view_screen_has(s, s->arrows))
		s->arrows = ARROWS_DEPTH;
}

static void note_plan(struct view_screen *s, const struct run *r)
{
	const struct sono_plan *plan = r->plan;
	const struct sono_indices indices = sono_indices_of(plan);
	/* of a recording nobody knows what was turned */
	const bool live = !sono_scan(r->sono);

	note_preset(s, r->plan_path);
	note_controls(s, plan);
	s->status.state = SCREEN_LIVE;
	s->status.preset = s->preset;
	s->status.source = r->source;
	s->status.depth = plan->controls.depth;
	s->status.gain = plan->controls.gain;
	s->status.power = live ? plan->controls.power : NAN;
	s->status.mi = live ? indices.mi : NAN;
	s->status.ti = live ? indices.ti : NAN;
}

int view_screen_make(const struct view_screen *s,
		     const struct pipeline *pipeline,
		     struct annotate **annotate, struct cine **cine)
{
	const struct image *like = pipeline_image(pipeline);

	if (annotate_create(annotate, like, screen_scale(s->screen)))
		return -ENOMEM;
	if (!cine_create(cine, like, s->cine_mib * MIB))
		return 0;
	annotate_destroy(*annotate);
	*annotate = NULL;
	return -ENOMEM;
}

void view_screen_begin(struct view_screen *s, const struct run *r)
{
	cine_clear(s->cine);
	s->status.kept = 0;
	s->callipers.count = 0;
	note_plan(s, r);
}

void view_screen_count(struct view_screen *s, const struct sono_record *rec)
{
	s->status.dropped += rec->dropped;
	s->status.lost += rec->lost;
}

void view_screen_add(struct view_screen *s, const struct run *r,
		     const struct image *picture)
{
	cine_add(s->cine, picture);
	s->status.kept = cine_count(s->cine);
	s->status.place = s->status.kept - 1;
	s->status.skipped = r->skipped;
}

/* Of an angle in degrees, of a length in millimetres. */
static double side(double value, bool angle)
{
	return angle ? value * 180 / M_PI : value * 1e3;
}

static const char *live_hint(struct view_screen *s)
{
	static const char next[] = "tab: next  space: freeze  q: quit";
	const struct sono_controls *c = &s->now;

	switch (s->arrows) {
	case ARROWS_FOCUS:
		snprintf(s->hint, sizeof(s->hint),
			 "up/down: focus, %.0f mm  %s", c->focus * 1e3, next);
		return s->hint;
	case ARROWS_BOX:
		snprintf(s->hint, sizeof(s->hint),
			 "arrows: box, %.0f to %.0f %s, %.0f to %.0f mm (shift: its size)  %s",
			 side(c->box[0], s->sector), side(c->box[1], s->sector),
			 s->sector ? "deg" : "mm", c->box[2] * 1e3,
			 c->box[3] * 1e3, next);
		return s->hint;
	case ARROWS_VOLUME:
		snprintf(s->hint, sizeof(s->hint),
			 "arrows: volume, %.0f %s, %.0f mm (shift: length, %.1f mm)  %s",
			 side(c->volume[0], s->angles),
			 s->angles ? "deg" : "mm", c->volume[1] * 1e3,
			 c->volume[2] * 1e3, next);
		return s->hint;
	default:
		return "space: freeze  up/down: depth  tab: others  +/-: gain  [ ]: power  n b: preset  q: quit";
	}
}

/* What may be pressed, for who does not know. */
static const char *hint(struct view_screen *s)
{
	if (!s->keyboard)
		return "";
	if (callipers_moving(&s->callipers))
		return "arrows: move (shift: by one pixel)  enter: set  tab: next part  esc: give up";
	switch (s->status.state) {
	case SCREEN_LIVE:
		return live_hint(s);
	case SCREEN_FROZEN:
		return "space: scan  left/right: pictures  p: play  c: callipers  x: clear  q: quit";
	case SCREEN_PLAYING:
		return "space: scan  p: pause  q: quit";
	case SCREEN_FAULT:
		return "space: scan again  q: quit";
	}
	return "";
}

const struct image *view_screen_draw(struct view_screen *s,
				     const struct image *empty)
{
	const bool some = s->status.kept;
	const struct image *picture =
		some ? cine_picture(s->cine, s->status.place) : empty;

	s->status.rate = some ? cine_rate(s->cine, s->status.place) : NAN;
	s->status.callipers = &s->callipers;
	s->status.line = *s->message ? s->message : hint(s);
	return screen_execute(s->screen, annotate_execute(s->annotate, picture),
			      picture, &s->status);
}

void view_screen_message(struct view_screen *s, const char *text)
{
	snprintf(s->message, sizeof(s->message), "%s", text);
}

bool view_screen_play(struct view_screen *s)
{
	const double now = run_now();
	const uint32_t place = s->status.place;
	const uint32_t next = place + 1 < s->status.kept ? place + 1 : 0;
	double pause = cine_picture(s->cine, next)->time -
		       cine_picture(s->cine, place)->time;

	if (s->due && now < s->due)
		return false;
	/* back to the beginning, or over a gap */
	if (!(pause > 0) || pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	s->status.place = s->due ? next : place;
	s->due = now + pause;
	return true;
}

void view_screen_close(struct view_screen *s)
{
	keyboard_close(s->keyboard);
	free(s->path);
	cine_destroy(s->cine);
	annotate_destroy(s->annotate);
	screen_destroy(s->screen);
	kms_close(s->kms);
}

// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "view.h"
#include "view_keys.h"

#define DEPTH_STEP 10e-3 /* [m] */
#define GAIN_STEP 2.0 /* [dB] */
#define POWER_STEP 3.0 /* [dB] */
#define FOCUS_STEP 5e-3 /* [m] */
#define BOX_STEP 2e-3 /* along a line, and of a linear grid across [m] */
#define VOLUME_STEP 1e-3 /* the same [m] */
#define GATE_STEP 0.5e-3 /* [m] */
#define ANGLE_STEP (M_PI / 180) /* where the sides are angles */

#define MOVE_STEP 10 /* of a calliper, without shift [pixels] */

/* --- live --- */

static void freeze(struct view *v)
{
	v->screen.status.state = SCREEN_FROZEN;
	v->run.leave = true;
}

static double turned(double value, double step)
{
	return (isnan(value) ? 0 : value) + step;
}

/* An arrow's way: to the right and away from the probe it is positive. */
struct way {
	int across;
	int along;
	bool shift;
};

static bool way_of(int key, struct way *way)
{
	*way = (struct way){ .shift = key & KEYBOARD_SHIFT };
	switch (key & ~KEYBOARD_SHIFT) {
	case KEYBOARD_LEFT:
		way->across = -1;
		return true;
	case KEYBOARD_RIGHT:
		way->across = 1;
		return true;
	case KEYBOARD_UP:
		way->along = -1;
		return true;
	case KEYBOARD_DOWN:
		way->along = 1;
		return true;
	}
	return false;
}

/* Moved; with shift its right side and its far one go, so that it grows. */
static void turn_box(struct sono_controls *c, const struct view_screen *s,
		     const struct way *way)
{
	const double across = way->across * (s->sector ? ANGLE_STEP : BOX_STEP);
	const double along = way->along * BOX_STEP;

	memcpy(c->box, s->now.box, sizeof(c->box));
	c->box[1] += across;
	c->box[3] += along;
	if (way->shift)
		return;
	c->box[0] += across;
	c->box[2] += along;
}

/* Moved; with shift its length. */
static void turn_volume(struct sono_controls *c, const struct view_screen *s,
			const struct way *way)
{
	memcpy(c->volume, s->now.volume, sizeof(c->volume));
	if (way->shift) {
		c->volume[2] += way->along * GATE_STEP;
		return;
	}
	c->volume[0] += way->across * (s->angles ? ANGLE_STEP : VOLUME_STEP);
	c->volume[1] += way->along * VOLUME_STEP;
}

static bool turn_arrow(struct view *v, int key)
{
	const struct view_screen *s = &v->screen;
	struct sono_controls c = s->turned;
	struct way way;

	if (!way_of(key, &way))
		return false;
	switch (s->arrows) {
	case ARROWS_FOCUS:
		c.focus = s->now.focus + way.along * FOCUS_STEP;
		break;
	case ARROWS_BOX:
		turn_box(&c, s, &way);
		break;
	case ARROWS_VOLUME:
		turn_volume(&c, s, &way);
		break;
	default:
		c.depth = s->now.depth + way.along * DEPTH_STEP;
	}
	/* sideways there is no depth, and no focus */
	if (s->arrows < ARROWS_BOX && !way.along)
		return false;
	view_turn(v, &c);
	return true;
}

static bool next_arrows(struct view_screen *s)
{
	do
		s->arrows = (s->arrows + 1) % VIEW_ARROWS;
	while (!view_screen_has(s, s->arrows));
	return true;
}

/* Turned as far as the plan says what there is. */
static bool turn_key(struct view *v, int key)
{
	struct sono_controls c = v->screen.turned;

	switch (key) {
	case '+':
	case '=':
		c.gain = turned(c.gain, GAIN_STEP);
		break;
	case '-':
		c.gain = turned(c.gain, -GAIN_STEP);
		break;
	case ']':
		c.power = fmin(turned(c.power, POWER_STEP), 0);
		break;
	case '[':
		c.power = turned(c.power, -POWER_STEP);
		break;
	default:
		return false;
	}
	view_turn(v, &c);
	return true;
}

static bool live_key(struct view *v, int key)
{
	switch (key) {
	case ' ':
		freeze(v);
		return true;
	case 'n':
		view_step_preset(v, 1);
		return true;
	case 'b':
		view_step_preset(v, -1);
		return true;
	case KEYBOARD_TAB:
		return next_arrows(&v->screen);
	}
	return turn_arrow(v, key) || turn_key(v, key);
}

/* --- frozen --- */

static const struct image *shown(const struct view_screen *s)
{
	return cine_picture(s->cine, s->status.place);
}

static bool move_key(struct view_screen *s, int key)
{
	const long step = key & KEYBOARD_SHIFT ? 1 : MOVE_STEP;
	long x = 0, y = 0;

	switch (key & ~KEYBOARD_SHIFT) {
	case KEYBOARD_UP:
		y = -step;
		break;
	case KEYBOARD_DOWN:
		y = step;
		break;
	case KEYBOARD_LEFT:
		x = -step;
		break;
	case KEYBOARD_RIGHT:
		x = step;
		break;
	default:
		return false;
	}
	callipers_move(&s->callipers, shown(s), x, y);
	return true;
}

/* A point is on the move: arrows are its. */
static bool calliper_key(struct view_screen *s, int key)
{
	switch (key) {
	case KEYBOARD_ENTER:
		callipers_set(&s->callipers);
		return true;
	case KEYBOARD_TAB:
		callipers_hop(&s->callipers, shown(s));
		return true;
	case KEYBOARD_ESCAPE:
		callipers_drop(&s->callipers);
		return true;
	}
	return move_key(s, key);
}

static bool step_to(struct view_screen *s, long place)
{
	const long most = (long)s->status.kept - 1;

	s->status.state = SCREEN_FROZEN;
	s->status.place = place < 0 ? 0 : place > most ? most : place;
	return true;
}

static bool play(struct view_screen *s)
{
	const bool playing = s->status.state == SCREEN_PLAYING;

	callipers_drop(&s->callipers);
	s->status.state = playing ? SCREEN_FROZEN : SCREEN_PLAYING;
	s->due = 0;
	return true;
}

static bool cine_key(struct view_screen *s, int key)
{
	const long place = s->status.place;

	switch (key) {
	case KEYBOARD_LEFT:
		return step_to(s, place - 1);
	case KEYBOARD_RIGHT:
		return step_to(s, place + 1);
	case KEYBOARD_HOME:
		return step_to(s, 0);
	case KEYBOARD_END:
		return step_to(s, (long)s->status.kept - 1);
	case 'p':
		return play(s);
	case 'c':
		step_to(s, place);
		callipers_begin(&s->callipers, shown(s));
		return true;
	case 'x':
		s->callipers.count = 0;
		return true;
	}
	return false;
}

/* Something that can only be turned while there is something to turn. */
static bool is_control(int key)
{
	return key == KEYBOARD_UP || key == KEYBOARD_DOWN || key == '+' ||
	       key == '=' || key == '-' || key == '[' || key == ']' ||
	       key == 'n' || key == 'b';
}

static bool held_key(struct view *v, int key)
{
	struct view_screen *s = &v->screen;

	if (key == ' ') {
		s->status.state = SCREEN_LIVE;
		return true;
	}
	if (callipers_moving(&s->callipers) && calliper_key(s, key))
		return true;
	if (s->status.kept && cine_key(s, key))
		return true;
	if (!is_control(key))
		return false;
	snprintf(s->message, sizeof(s->message),
		 "frozen: space scans again, then it can be turned");
	return true;
}

/* --- all --- */

static bool press(struct view *v, int key)
{
	struct view_screen *s = &v->screen;

	*s->message = '\0';
	if (key == 'q') {
		s->quit = true;
		v->run.leave = true;
		return false;
	}
	return s->status.state == SCREEN_LIVE ? live_key(v, key) :
						held_key(v, key);
}

/* Of a file that is read to its end: live, others may end the run. */
static void gone(struct view *v)
{
	if (v->screen.status.state != SCREEN_LIVE)
		v->screen.quit = true;
}

bool view_keys(struct view *v)
{
	bool was_live = v->screen.status.state == SCREEN_LIVE;
	bool draw = false;
	int key;

	while (!v->screen.quit &&
	       was_live == (v->screen.status.state == SCREEN_LIVE) &&
	       (key = keyboard_next(v->screen.keyboard))) {
		if (key == KEYBOARD_GONE) {
			gone(v);
			break;
		}
		draw |= press(v, key);
	}
	return draw;
}

/* --- the run --- */

/* Keys are asked for so often, and interruptions seen, while nothing moves. */
#define HOLD_MS 50

static bool is_recording(const struct view *v)
{
	return sono_scan(v->run.sono);
}

void view_stop(struct view *v)
{
	struct sono_frame f;

	run_stop(&v->run);
	while (sono_next(v->run.sono, &f) == 1)
		sono_release(v->run.sono, &f);
}

void view_start(struct view *v)
{
	struct view_screen *s = &v->screen;
	struct sono_start start = { 0 };
	int ret;

	pipeline_reset(v->run.pipeline);
	cine_clear(s->cine);
	s->status.kept = 0;
	s->callipers.count = 0;
	s->ended = false;
	ret = sono_start(v->run.sono, &start);
	s->status.state = ret ? SCREEN_FAULT : SCREEN_LIVE;
	if (ret)
		view_screen_message(s, strerror(-ret));
}

/* Live again: a recording goes on where it was. */
static void go_on(struct view *v)
{
	v->screen.callipers.count = 0;
	if (!is_recording(v) || v->screen.ended)
		view_start(v);
}

/* Pictures stay on the screen until it is live again. */
static int hold(struct view *v)
{
	struct view_screen *s = &v->screen;
	int status = TOOL_OK;
	bool draw = true;

	for (;;) {
		if (draw)
			status = view_show(v);
		if (status || s->quit || run_interrupted(&v->run) ||
		    s->status.state == SCREEN_LIVE)
			return status;
		keyboard_wait(s->keyboard, HOLD_MS);
		draw = view_keys(v);
		if (s->status.state == SCREEN_PLAYING)
			draw |= view_screen_play(s);
	}
}

int view_interact(struct view *v)
{
	struct view_screen *s = &v->screen;
	int status = TOOL_OK;

	while (!status && !s->quit && !run_interrupted(&v->run)) {
		if (s->status.state != SCREEN_LIVE) {
			status = hold(v);
			if (s->status.state == SCREEN_LIVE && !s->quit)
				go_on(v);
			continue;
		}
		status = view_live(v);
		if (!is_recording(v))
			view_stop(v);
		/* as many frames as were asked for */
		if (s->status.state == SCREEN_LIVE)
			break;
	}
	return status;
}

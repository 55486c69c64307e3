// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "plan_controls.h"
#include "plan_text.h"
#include "why.h"

#define DEPTH_MAX 1.0
#define GAIN_MAX 60.0

/* One turning: the plan, and where a refusal goes. */
struct turn {
	struct plan_text *text;
	const char *path;
	char *why;
	size_t why_bytes;
};

#define refuse(t, format, ...)                                           \
	sono_why((t)->why, (t)->why_bytes, -EINVAL, "%s: " format,       \
		 (t)->path, ##__VA_ARGS__)

static double degrees(double radians)
{
	return radians * 180 / M_PI;
}

static double millimetres(double metres)
{
	return metres * 1e3;
}

/* From amplitude in dB to a factor. */
static double factor(double db)
{
	return pow(10, db / 20);
}

void sono_controls_init(struct sono_controls *c)
{
	*c = (struct sono_controls){
		.depth = NAN,
		.gain = NAN,
		.power = NAN,
		.focus = NAN,
		.box = { NAN, NAN, NAN, NAN },
		.volume = { NAN, NAN, NAN },
	};
}

static int check(struct turn *t, const char *name, double value, double min,
		 double max, double unit, const char *unit_name)
{
	if (isnan(value) || (value >= min && value <= max))
		return 0;
	return refuse(t, "%s: %.10g is not within %.10g to %.10g %s", name,
		      value * unit, min * unit, max * unit, unit_name);
}

static bool is_sector(const struct plan_text *text)
{
	return text->processing.grid.kind.number == PLAN_GRID_SECTOR;
}

static bool is_flat(const struct plan_text *text)
{
	return text->probe.kind.number == PLAN_LINEAR;
}

/* Near and far of the grid, [2] in mm along its lines. */
static double *grid_reach(struct plan_text *text)
{
	return is_sector(text) ? text->processing.grid.range_mm.number :
				 text->processing.grid.z_mm.number;
}

/* Along a grid's line from where it counts to the probe, 0 or more. */
static double before_probe(const struct plan_text *text)
{
	return is_sector(text) ? -text->processing.grid.apex_mm.number : 0;
}

/* --- depth --- */

/* Moves the end of a window that is written in millimetres. */
static void move_end(struct plan_receive_window_text *w, double by)
{
	if (w->end_mm.line)
		w->end_mm.number += by;
}

/* What reached deeper than the picture ends where it does. */
static void cut(double *reach, double end)
{
	if (reach && reach[1] > end)
		reach[1] = end;
}

static double *box_reach(struct plan_text *text)
{
	struct plan_box_text *box = &text->processing.doppler.box;

	return is_sector(text) ? box->range_mm.number : box->z_mm.number;
}

static int turn_depth(struct turn *t, double depth)
{
	struct plan_text *text = t->text;
	double *reach = grid_reach(text);
	double end, by;

	if (isnan(depth))
		return 0;
	if (!text->sequence.window.end_mm.line)
		return refuse(t, "depth: the plan's window is not in mm");
	if (!reach)
		return refuse(t, "depth: the plan's grid has none");
	end = millimetres(depth) + before_probe(text);
	by = end - reach[1];
	reach[1] = end;
	move_end(&text->sequence.window, by);
	if (by > 0)
		return 0;
	cut(box_reach(text), end);
	cut(text->processing.m.depth_mm.number, millimetres(depth));
	return 0;
}

/* --- gain, power, focus --- */

/* Levels that are compared with B's keep their distance from the echoes. */
static void shift_levels(struct plan_doppler_text *d, double by)
{
	d->power_min_db.number += by;
	d->priority_db.number += by;
	d->tissue_db.number += by;
}

static int turn_gain(struct turn *t, double gain)
{
	struct plan_processing_text *p = &t->text->processing;

	if (isnan(gain))
		return 0;
	p->reference_counts.number /= factor(gain);
	p->pw.reference_counts.number /= factor(gain);
	shift_levels(&p->doppler, gain);
	shift_levels(&p->m.doppler, gain);
	return 0;
}

static int turn_power(struct turn *t, double power)
{
	struct plan_sequence_text *s = &t->text->sequence;

	if (isnan(power))
		return 0;
	s->pulse.hv_v.number *= factor(power);
	s->colour.pulse.hv_v.number *= factor(power);
	s->pw.pulse.hv_v.number *= factor(power);
	return 0;
}

static int turn_focus(struct turn *t, double focus)
{
	struct plan_waves_text *w = &t->text->sequence.waves;

	if (isnan(focus))
		return 0;
	if (w->kind.number != PLAN_FOCUSED)
		return refuse(t, "focus: the plan's waves have none");
	w->focus_mm.number = millimetres(focus);
	return 0;
}

/* Return: how many of @n are turned. */
static int turned(const double *value, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += !isnan(value[i]);
	return sum;
}

/* --- the box --- */

static void shift_list(struct plan_list *list, double by)
{
	for (uint32_t i = 0; i < list->count; i++)
		list->number[i] += by;
}

/*
 * The waves go where the box goes. Those that are written as an extent about
 * the middle serve any box.
 */
static void move_waves(struct plan_waves_text *w, double by, double wider,
		       bool sector)
{
	if (!sector) {
		shift_list(&w->positions_mm, by);
		shift_list(&w->range_mm, by);
		return;
	}
	shift_list(&w->angles_deg, by);
	shift_list(&w->range_deg, by);
	if (w->width_deg.line)
		w->width_deg.number += wider;
}

static void move_window(struct plan_receive_window_text *w, double near,
			double far)
{
	if (w->start_mm.line) {
		w->start_mm.number += near;
		if (w->start_mm.number < 0)
			w->start_mm.number = 0;
	}
	move_end(w, far);
}

static double *box_sides(struct plan_text *text)
{
	struct plan_box_text *box = &text->processing.doppler.box;

	return is_sector(text) ? box->angle_deg.number : box->x_mm.number;
}

static int turn_box(struct turn *t, const double box[4])
{
	struct plan_text *text = t->text;
	double *sides = box_sides(text), *reach = box_reach(text);
	const bool sector = is_sector(text);
	double was[4], now[4];

	if (!turned(box, 4))
		return 0;
	if (!sides || !reach)
		return refuse(t, "box: the plan has none");
	if (turned(box, 4) < 4)
		return refuse(t, "box: left, right, near and far go together");
	if (!(box[0] < box[1]) || !(box[2] < box[3]))
		return refuse(t, "box: left is not before right, or near before far");
	for (int i = 0; i < 2; i++) {
		was[i] = sides[i];
		was[2 + i] = reach[i];
		now[i] = sector ? degrees(box[i]) : millimetres(box[i]);
		now[2 + i] = millimetres(box[2 + i]);
		sides[i] = now[i];
		reach[i] = now[2 + i];
	}
	if (!text->sequence.colour.here.line)
		return 0;
	move_waves(&text->sequence.colour.waves,
		   (now[0] + now[1] - was[0] - was[1]) / 2,
		   now[1] - now[0] - was[1] + was[0], sector);
	move_window(&text->sequence.colour.window, now[2] - was[2],
		    now[3] - was[3]);
	return 0;
}

/* --- the sample volume --- */

static struct plan_value *volume_side(struct plan_text *text)
{
	struct plan_volume_text *pw = &text->processing.pw;

	return is_flat(text) ? &pw->x_mm : &pw->angle_deg;
}

static int turn_volume(struct turn *t, const double volume[3])
{
	struct plan_text *text = t->text;
	struct plan_volume_text *pw = &text->processing.pw;
	struct plan_pw_text *s = &text->sequence.pw;
	double deeper, longer;

	if (!turned(volume, 3))
		return 0;
	if (!pw->here.line || !s->here.line)
		return refuse(t, "volume: the plan has none");
	if (turned(volume, 3) < 3)
		return refuse(t, "volume: place, depth and gate go together");
	deeper = millimetres(volume[1]) - pw->depth_mm.number;
	longer = millimetres(volume[2]) - pw->gate_mm.number;
	volume_side(text)->number = is_flat(text) ? millimetres(volume[0]) :
						    degrees(volume[0]);
	pw->depth_mm.number += deeper;
	pw->gate_mm.number += longer;
	if (s->waves.focus_mm.line)
		s->waves.focus_mm.number += deeper;
	move_window(&s->window, deeper - longer / 2, deeper + longer / 2);
	return 0;
}

/* --- all --- */

static int check_pair(struct turn *t, const char *name, const double *v,
		      bool angle)
{
	const double most = angle ? M_PI / 2 : DEPTH_MAX;
	const char *unit = angle ? "degrees" : "mm";
	const double scale = angle ? degrees(1) : 1e3;
	int ret = check(t, name, v[0], -most, most, scale, unit);

	return ret ? ret : check(t, name, v[1], -most, most, scale, unit);
}

static int check_all(struct turn *t, const struct sono_controls *c)
{
	const double side[2] = { c->volume[0], c->volume[0] };
	int ret = check(t, "depth", c->depth, 1e-3, DEPTH_MAX, 1e3, "mm");

	if (!ret)
		ret = check(t, "gain", c->gain, -GAIN_MAX, GAIN_MAX, 1, "dB");
	if (!ret)
		ret = check(t, "power", c->power, -GAIN_MAX, 0, 1, "dB");
	if (!ret)
		ret = check(t, "focus", c->focus, 1e-3, DEPTH_MAX, 1e3, "mm");
	if (!ret)
		ret = check_pair(t, "box", c->box, is_sector(t->text));
	for (int i = 2; i < 4 && !ret; i++)
		ret = check(t, "box", c->box[i], 0, DEPTH_MAX, 1e3, "mm");
	if (!ret)
		ret = check_pair(t, "volume", side, !is_flat(t->text));
	for (int i = 1; i < 3 && !ret; i++)
		ret = check(t, "volume", c->volume[i], 1e-4, DEPTH_MAX, 1e3,
			    "mm");
	return ret;
}

int plan_controls_apply(struct plan_text *text, const struct sono_controls *c,
			const char *path, char *why, size_t why_bytes)
{
	struct turn t = {
		.text = text,
		.path = path,
		.why = why,
		.why_bytes = why_bytes,
	};
	int ret = check_all(&t, c);

	if (!ret)
		ret = turn_depth(&t, c->depth);
	if (!ret)
		ret = turn_gain(&t, c->gain);
	if (!ret)
		ret = turn_power(&t, c->power);
	if (!ret)
		ret = turn_focus(&t, c->focus);
	if (!ret)
		ret = turn_box(&t, c->box);
	if (!ret)
		ret = turn_volume(&t, c->volume);
	return ret;
}

static void read_box(struct sono_controls *c, struct plan_text *text)
{
	const double *sides = box_sides(text), *reach = box_reach(text);
	const double unit = is_sector(text) ? M_PI / 180 : 1e-3;

	if (!sides || !reach)
		return;
	for (int i = 0; i < 2; i++) {
		c->box[i] = sides[i] * unit;
		c->box[2 + i] = reach[i] * 1e-3;
	}
}

static void read_volume(struct sono_controls *c, struct plan_text *text)
{
	const struct plan_volume_text *pw = &text->processing.pw;
	const double unit = is_flat(text) ? 1e-3 : M_PI / 180;

	if (!pw->here.line)
		return;
	c->volume[0] = volume_side(text)->number * unit;
	c->volume[1] = pw->depth_mm.number * 1e-3;
	c->volume[2] = pw->gate_mm.number * 1e-3;
}

void plan_controls_read(struct sono_controls *c, const struct plan_text *text,
			const struct sono_controls *turned)
{
	/* the helpers find places to write to; nothing is written here */
	struct plan_text *t = (struct plan_text *)text;
	const double *reach = grid_reach(t);

	sono_controls_init(c);
	c->gain = isnan(turned->gain) ? 0 : turned->gain;
	c->power = isnan(turned->power) ? 0 : turned->power;
	if (reach)
		c->depth = (reach[1] - before_probe(t)) * 1e-3;
	if (text->sequence.waves.kind.number == PLAN_FOCUSED)
		c->focus = text->sequence.waves.focus_mm.number * 1e-3;
	read_box(c, t);
	read_volume(c, t);
}

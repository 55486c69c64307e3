// SPDX-License-Identifier: MIT
/* Controls: presets that are turned, and what they become. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "plan.h"

#define CARDIAC 10880000
#define LINEAR 20832000
#define CONVEX 14000000

/* Roundings of the table: a sample, a board's tick, a millivolt. */
#define NEAR(a, b, tolerance) \
	cr_assert_float_eq(a, b, tolerance, "%g is not %g", (double)(a), (double)(b))

static char why[256];

static int turn(struct sono_plan **plan, const char *preset, uint32_t clock,
		const struct sono_controls *controls)
{
	struct sim_limits limits = board_limits(clock);
	struct sono_info info = board_info(&limits);
	char path[128];

	snprintf(path, sizeof(path), "userspace/presets/%s.plan", preset);
	why[0] = '\0';
	return sono_plan_turn(plan, path, controls, &info, why, sizeof(why));
}

static struct sono_plan *turned(const char *preset, uint32_t clock,
				const struct sono_controls *controls)
{
	struct sono_plan *plan;
	int ret = turn(&plan, preset, clock, controls);

	cr_assert_eq(ret, 0, "%s: %s", preset, why);
	return plan;
}

static struct sono_controls none(void)
{
	struct sono_controls c;

	sono_controls_init(&c);
	return c;
}

static double last_sample(const struct grid *g)
{
	return g->sample0 + (g->samples - 1) * g->sample_step;
}

static const struct sono_event *first(const struct sono_plan *plan,
				      enum sono_role role)
{
	uint32_t i = 0;

	while (SONO_TAG_ROLE(plan->scan->event[i].tag) != role)
		cr_assert_lt(++i, plan->scan->events);
	return &plan->scan->event[i];
}

/* After the last element has fired. */
static double window_end(const struct sono_plan *plan, enum sono_role role)
{
	const struct sono_event *ev = first(plan, role);
	double longest = 0;

	for (uint32_t e = 0; e < plan->scan->elements; e++)
		longest = fmax(longest, ev->delay[e]);
	return ev->rx_start + ev->samples / plan->scan->fs - longest;
}

Test(controls, none_turned_is_the_plan)
{
	struct sono_controls c = none();
	struct sim_limits limits = board_limits(CARDIAC);
	struct sono_info info = board_info(&limits);
	struct sono_plan *a, *b = turned("cardiac-colour", CARDIAC, &c);

	cr_assert_eq(sono_plan_open(&a, "userspace/presets/cardiac-colour.plan",
				    &info, NULL, 0), 0);
	cr_assert_eq(a->table.bytes, b->table.bytes);
	cr_assert_arr_eq(a->table.data, b->table.data, a->table.bytes);
	NEAR(b->controls.depth, 0.15, 1e-9);
	cr_assert_eq(b->controls.gain, 0);
	cr_assert_eq(b->controls.power, 0);
	cr_assert(isnan(b->controls.focus));
	NEAR(b->controls.box[0], 3 * M_PI / 180, 1e-9);
	NEAR(b->controls.box[3], 0.11, 1e-9);
	cr_assert(isnan(b->controls.volume[1]));
	sono_plan_close(a);
	sono_plan_close(b);
}

Test(controls, depth_moves_grid_and_window)
{
	struct sono_controls c = none();
	struct sono_plan *was = turned("cardiac-b", CARDIAC, &c), *now;

	c.depth = 0.12;
	now = turned("cardiac-b", CARDIAC, &c);
	NEAR(last_sample(&now->params.b.grid), 0.12, 1e-9);
	/* 30 mm and back, to the sample */
	NEAR(window_end(was, SONO_ROLE_B) - window_end(now, SONO_ROLE_B),
	     2 * 0.03 / 1540, 1 / now->scan->fs);
	NEAR(now->controls.depth, 0.12, 1e-9);
	sono_plan_close(was);
	sono_plan_close(now);
}

/* Of a convex probe ranges count from behind it, the depth from the probe. */
Test(controls, depth_counts_from_the_probe)
{
	struct sono_controls c = none();
	struct sono_plan *plan;

	c.depth = 0.1;
	plan = turned("convex-b", CONVEX, &c);
	NEAR(last_sample(&plan->params.b.grid) + plan->params.b.grid.apex_z,
	     0.1, 1e-9);
	NEAR(plan->controls.depth, 0.1, 1e-9);
	sono_plan_close(plan);
}

Test(controls, a_box_ends_where_the_picture_does)
{
	struct sono_controls c = none();
	struct sono_plan *plan;

	c.depth = 0.1;
	plan = turned("cardiac-colour", CARDIAC, &c);
	NEAR(last_sample(&plan->params.colour.grid), 0.1, 1e-9);
	NEAR(plan->controls.box[3], 0.1, 1e-9);
	sono_plan_close(plan);
}

/* Brighter, and nothing but: what is flow and what is tissue stays. */
Test(controls, gain_moves_every_level_with_the_reference)
{
	struct sono_controls c = none();
	struct sono_plan *was = turned("cardiac-colour", CARDIAC, &c), *now;

	c.gain = 12;
	now = turned("cardiac-colour", CARDIAC, &c);
	NEAR(was->params.b.reference / now->params.b.reference,
	     pow(10, 12 / 20.0), 1e-9);
	NEAR(now->params.colour.power_min_db - was->params.colour.power_min_db,
	     12, 1e-9);
	NEAR(now->params.colour.priority_db - was->params.colour.priority_db,
	     12, 1e-9);
	NEAR(now->params.colour.tissue_db - was->params.colour.tissue_db, 12,
	     1e-9);
	cr_assert_eq(was->table.bytes, now->table.bytes);
	cr_assert_arr_eq(was->table.data, now->table.data, was->table.bytes);
	sono_plan_close(was);
	sono_plan_close(now);
}

Test(controls, power_lowers_every_voltage)
{
	struct sono_controls c = none();
	struct sono_plan *plan;

	c.power = -6.0206;
	plan = turned("cardiac-pw", CARDIAC, &c);
	for (uint32_t i = 0; i < plan->scan->events; i++)
		NEAR(plan->waveform[i].voltage, 30, 1e-3);
	sono_plan_close(plan);
}

Test(controls, focus_moves)
{
	struct sono_controls c = none();
	struct sono_plan *plan;

	c.focus = 0.06;
	plan = turned("cardiac-harmonic", CARDIAC, &c);
	NEAR(first(plan, SONO_ROLE_B)->focus, 0.06, 1e-9);
	NEAR(plan->controls.focus, 0.06, 1e-9);
	sono_plan_close(plan);
}

/* The direction of a wave: across the middle of the probe, from its delays. */
static double direction(const struct sono_plan *plan, enum sono_role role)
{
	const struct sono_scan *s = plan->scan;
	const double *delay = first(plan, role)->delay;
	const uint32_t m = s->elements / 2;

	return asin(s->c * (delay[m] - delay[m - 1]) /
		    (s->element[m].x - s->element[m - 1].x));
}

Test(controls, waves_and_window_go_where_the_box_goes)
{
	struct sono_controls c = none();
	struct sono_plan *was = turned("cardiac-colour", CARDIAC, &c), *now;
	const double box[4] = { -20 * M_PI / 180, 0, 0.04, 0.09 };

	memcpy(c.box, box, sizeof(box));
	now = turned("cardiac-colour", CARDIAC, &c);
	NEAR(now->params.colour.grid.line0, box[0], 1e-9);
	NEAR(last_sample(&now->params.colour.grid), 0.09, 1e-9);
	/*
	 * 15 degrees of the plan less the 25 by which the middle moved; delays
	 * are whole ticks, 1 of them across a pitch is 1 degree and a half
	 */
	NEAR(direction(now, SONO_ROLE_COLOUR), -10 * M_PI / 180,
	     1.5 * M_PI / 180);
	NEAR(window_end(was, SONO_ROLE_COLOUR) -
	     window_end(now, SONO_ROLE_COLOUR), 2 * 0.02 / 1540,
	     1 / now->scan->fs);
	sono_plan_close(was);
	sono_plan_close(now);
}

/*
 * Between the directions of a wave at both ends of the aperture, over 16 elements
 * each: a tick across them is 0.1 degrees.
 */
static double opening(const struct sono_plan *plan, enum sono_role role)
{
	const struct sono_scan *s = plan->scan;
	const double *delay = first(plan, role)->delay;
	const uint32_t n = s->elements;
	double end[2];

	for (int i = 0; i < 2; i++) {
		const uint32_t a = i ? n - 17 : 0, b = a + 16;

		end[i] = asin(s->c * (delay[b] - delay[a]) /
			      (s->element[b].x - s->element[a].x));
	}
	return end[1] - end[0];
}

/* A box that is 12 degrees wider about the same middle has waves as much wider. */
Test(controls, waves_are_as_wide_as_the_box)
{
	struct sono_controls c = none();
	struct sono_plan *was = turned("cardiac-colour", CARDIAC, &c), *now;
	const double box[4] = { -3 * M_PI / 180, 33 * M_PI / 180, 0.045, 0.11 };

	memcpy(c.box, box, sizeof(box));
	now = turned("cardiac-colour", CARDIAC, &c);
	NEAR(direction(now, SONO_ROLE_COLOUR), direction(was, SONO_ROLE_COLOUR),
	     1.5 * M_PI / 180);
	cr_assert_gt(opening(now, SONO_ROLE_COLOUR),
		     opening(was, SONO_ROLE_COLOUR) + 5 * M_PI / 180);
	cr_assert_lt(opening(now, SONO_ROLE_COLOUR),
		     opening(was, SONO_ROLE_COLOUR) + 12 * M_PI / 180);
	sono_plan_close(was);
	sono_plan_close(now);
}

/* A gate that is 4 mm longer begins and ends 2 mm further away; so does the window. */
Test(controls, the_window_is_longer_with_the_gate)
{
	struct sono_controls c = none();
	struct sono_plan *was = turned("cardiac-pw", CARDIAC, &c), *now;
	const double mm2 = 2 * 0.002 / 1540;

	NEAR(was->controls.volume[0], 15.31 * M_PI / 180, 1e-9);
	NEAR(was->controls.volume[1], 0.075, 1e-9);
	NEAR(was->controls.volume[2], 0.005, 1e-9);
	memcpy(c.volume, was->controls.volume, sizeof(c.volume));
	c.volume[2] = 0.009;
	now = turned("cardiac-pw", CARDIAC, &c);
	NEAR(first(was, SONO_ROLE_PW)->rx_start -
	     first(now, SONO_ROLE_PW)->rx_start, mm2, 1 / now->scan->fs);
	NEAR(window_end(now, SONO_ROLE_PW) - window_end(was, SONO_ROLE_PW), mm2,
	     1 / now->scan->fs);
	sono_plan_close(was);
	sono_plan_close(now);
}

Test(controls, beam_and_window_go_where_the_volume_goes)
{
	struct sono_controls c = none();
	struct sono_plan *plan;
	const double volume[3] = { 5 * M_PI / 180, 0.085, 0.004 };
	double middle;

	memcpy(c.volume, volume, sizeof(volume));
	plan = turned("cardiac-pw", CARDIAC, &c);
	middle = (plan->params.pw.grid.sample0 +
		  last_sample(&plan->params.pw.grid)) / 2;
	NEAR(plan->params.pw.grid.line0, volume[0], 1e-9);
	NEAR(middle, 0.085, plan->params.pw.grid.sample_step);
	NEAR(first(plan, SONO_ROLE_PW)->beam_angle, volume[0], 1e-9);
	NEAR(plan->controls.volume[2], 0.004, 1e-9);
	sono_plan_close(plan);
}

static void refused(const char *preset, uint32_t clock,
		    const struct sono_controls *c, const char *reason)
{
	struct sono_plan *plan;

	cr_assert_eq(turn(&plan, preset, clock, c), -EINVAL);
	cr_assert(strstr(why, reason), "%s", why);
	cr_assert(strstr(why, preset), "%s", why);
}

Test(controls, what_a_plan_does_not_have_is_refused)
{
	struct sono_controls c = none();

	c.focus = 0.05;
	refused("cardiac-b", CARDIAC, &c, "focus: the plan's waves have none");
	c = none();
	c.box[0] = -0.1;
	c.box[1] = 0.1;
	c.box[2] = 0.05;
	c.box[3] = 0.1;
	refused("cardiac-b", CARDIAC, &c, "box: the plan has none");
	c.box[1] = -0.2;
	refused("cardiac-colour", CARDIAC, &c, "box: left is not before right");
	c = none();
	c.volume[0] = 0;
	c.volume[1] = 0.05;
	c.volume[2] = 0.005;
	refused("linear-b", LINEAR, &c, "volume: the plan has none");
	c = none();
	c.volume[1] = 0.05;
	refused("linear-b", LINEAR, &c, "volume: the plan has none");
	refused("cardiac-pw", CARDIAC, &c, "volume: place, depth and gate");
	c = none();
	c.box[2] = 0.05;
	refused("cardiac-b", CARDIAC, &c, "box: the plan has none");
	refused("cardiac-colour", CARDIAC, &c, "box: left, right, near and far");
}

Test(controls, what_is_out_of_range_is_refused)
{
	struct sono_controls c = none();

	c.depth = 1.5;
	refused("cardiac-b", CARDIAC, &c,
		"depth: 1500 is not within 1 to 1000 mm");
	c = none();
	c.power = 1;
	refused("cardiac-b", CARDIAC, &c,
		"power: 1 is not within -60 to 0 dB");
	c = none();
	c.gain = INFINITY;
	refused("cardiac-b", CARDIAC, &c, "gain: inf is not within");
}

/* What the settings mean together, the compiler refuses by its own names. */
Test(controls, physics_is_refused_by_the_setting)
{
	struct sono_controls c = none();

	c.depth = 0.9;
	refused("cardiac-pw", CARDIAC, &c, "frame_rate_hz");
}

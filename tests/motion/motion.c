// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Known motion, measured back from pictures: the emulated board shows a scene
 * whose truth fpga-sim states, libsono and the pipeline make pictures of it,
 * and what is measured on these must be the truth within 2 %. In TAP.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../scan/scan.h"
#include "flow.h"
#include "heart.h"

/* Of the truth: what a measurement on a picture is allowed to miss it by. */
#define TOLERANCE 0.02

/*
 * In a steered box, from the pictures of four seeds, whose standard error is
 * 0.2 %. As elements hear it the slope would be 1.6 % lower, received straight
 * 15 %; and the mean over beam, pulse and window of a parabolic flow lies 0.4 %
 * below its middle.
 */
#define STEERED_TOLERANCE 0.01

/* Pictures that are taken together. */
#define SEEDS 4
#define PICTURES 3

/* A beat's, at 25 per second; and how fast the inflow is that is measured. */
#define JET_PICTURES 20
#define JET_SLOWEST 0.2 /* [m/s] */

/* At 80 per second: systole. */
#define WALL_PICTURES 26

/* What is said of the time between shots, and is wrong. */
#define MISTAKEN 1.03

/* Beats per second of the scene "heart", unless asked otherwise. */
#define HEART_RATE (SIM_HEART_RATE / 60.0)

static int tests;
static bool failed;

static void verdict(bool good, const char *what, double got, double truth)
{
	printf("%s %d - %s # %.4g, truth %.4g, %+.2f %%\n",
	       good ? "ok" : "not ok", ++tests, what, got, truth,
	       100 * (got / truth - 1));
	failed |= !good;
}

static bool hits(double got, double truth, double tolerance)
{
	return fabs(got - truth) <= tolerance * fabs(truth);
}

static void result(const char *what, double got, double truth)
{
	verdict(hits(got, truth, TOLERANCE), what, got, truth);
}

/* Of a deliberate mistake: what would hide it proves nothing. */
static void miss(const char *what, double got, double truth)
{
	verdict(isfinite(got) && !hits(got, truth, TOLERANCE), what, got, truth);
}

/* @pri: the pipeline is told that events are so many times as far apart. */
static bool begin(struct scan *s, const char *path, const char *source,
		  double pri)
{
	int ret = scan_open(s, path, source);

	for (uint32_t i = 0; !ret && i < s->plan->scan->events; i++)
		s->plan->scan->event[i].period *= pri;
	if (!ret)
		ret = scan_start(s);
	if (!ret)
		return true;
	printf("not ok %d - %s on %s: %d %s\n", ++tests, path, source, ret,
	       s->why);
	failed = true;
	return false;
}

/* --- the heart ------------------------------------------------------------- */

/* The knot moves less from column to column, and is not as thick. */
#define NEAR_M 3e-3

static double level(const struct image *strip, uint32_t x, uint32_t y)
{
	const uint8_t *p = strip->data + y * strip->stride +
			   x * image_bytes_per_pixel(strip->format);

	return *p ? pow(10, strip->floor_db * (1 - *p / 255.0) / 10) : 0;
}

/* Row of a column's brightest echo near @row: the centroid of its power. */
static double follow(const struct image *strip, uint32_t x, double row)
{
	const struct raster *r = &strip->raster;
	double near = NEAR_M / r->dz, power = 0, moment = 0;

	for (double y = fmax(0, floor(row - near));
	     y < r->height && y <= row + near; y++) {
		double p = pow(level(strip, x, (uint32_t)y), 2);

		power += p;
		moment += p * y;
	}
	return power > 0 ? moment / power : row;
}

/* From where it is at the end of diastole, with which the strip begins. */
static double excursion(const struct image *strip, uint32_t columns,
			double depth)
{
	const struct raster *r = &strip->raster;
	double row = (depth - r->z0) / r->dz;
	double least = INFINITY, most = -INFINITY;

	for (int i = 0; i < 5; i++)
		row = follow(strip, 0, row);
	for (uint32_t x = 0; x < columns; x++) {
		row = follow(strip, x, row);
		least = fmin(least, row);
		most = fmax(most, row);
	}
	return (most - least) * r->dz;
}

/* 3.6 s: four R waves after the first; three quarters of the strip are drawn. */
static void test_heart(void)
{
	const struct sim_heart_point knot =
		sim_heart_knot(SIM_LEFT_VENTRICLE, false);
	const struct image *image = NULL, *strip;
	struct scan s;

	if (!begin(&s, "tests/motion/wall.plan", "sim:heart", 1))
		return;
	for (int i = 0; i < 9; i++)
		image = scan_next(&s);
	strip = pipeline_layer(s.pipeline, REGION_M);
	result("heart: excursion of the mitral ring on the M strip",
	       excursion(strip, strip->raster.width * 3 / 4,
			 hypot(knot.x, knot.z)),
	       hypot(knot.by_x, knot.by_z));
	result("heart: rate by R waves", image->heart_rate, HEART_RATE);
	scan_end(&s);
}

/* --- velocity -------------------------------------------------------------- */

/* Sums of a regression of what is measured on the truth, through 0. */
struct slope {
	double got, truth;
	unsigned int n;
};

static void slope_add(struct slope *s, double got, double truth)
{
	s->got += got * truth;
	s->truth += truth * truth;
	s->n++;
}

/* Velocity to the probe's centre at a place; NAN: nothing is to be measured. */
typedef double truth_fn(double x, double z, double time);

static double disk_truth(double x, double z, double time)
{
	double r = hypot(x - sim_disk.x, z - sim_disk.z);

	(void)time;
	return r < 0.8 * sim_disk.radius ?
		       sim_disk.omega * (x - sim_disk.x) :
		       NAN;
}

static double vessel_truth(double x, double z, double time)
{
	double speed = sim_vessel_speed(x, z);

	(void)time;
	/* Not near the wall, where the wall filter takes what is slow. */
	return speed > 0.5 * sim_vessel.vmax && fabs(x) < 6e-3 ?
		       speed * sin(sim_vessel.angle) :
		       NAN;
}

/* Along the lines of a box that leans to the left. */
#define BOX_STEER (-12 * M_PI / 180)

static double steered_truth(double x, double z, double time)
{
	double speed = sim_vessel_speed(x, z);

	(void)time;
	return speed > 0.5 * sim_vessel.vmax && fabs(x) < 6e-3 ?
		       speed * sin(sim_vessel.angle - BOX_STEER) :
		       NAN;
}

/*
 * The inflow streams along parallels to the line from the valve to the probe.
 * Beam and aperture lie symmetrically about the line from a place to the
 * probe's centre, so that is the direction in which velocity is measured.
 */
static double jet_truth(double x, double z, double time)
{
	const double far = hypot(SIM_HEART_MITRAL_X, SIM_HEART_MITRAL_Z);
	const double px = -SIM_HEART_MITRAL_X / far;
	const double pz = -SIM_HEART_MITRAL_Z / far;
	double across = pz * x - px * z;
	double speed = sim_heart_inflow(fmod(time * HEART_RATE, 1)) *
		       (1 - pow(across / SIM_HEART_JET_RADIUS, 4));

	return speed > JET_SLOWEST ? -speed * (px * x + pz * z) / hypot(x, z) :
				     NAN;
}

/* Half a wall, and as many places of it. */
#define WALL_ANGLES 241
#define WALL_DEPTHS 9
#define WALL_FACES 0.25 /* of its thickness, which belong to others as well */
#define WALL_REACH 0.6e-3

/* A place of a wall, and how fast it moves. */
struct wall_place {
	double x, z, vx, vz;
};

static struct wall_place place_at(enum sim_chamber chamber, double angle,
			       double depth, double phase)
{
	const struct sim_heart_point p = sim_heart_wall(chamber, angle, depth);
	const double h = 1e-4;
	const double by = sim_heart_contraction(phase);
	const double speed = (sim_heart_contraction(fmod(phase + h, 1)) -
			      sim_heart_contraction(fmod(phase - h + 1, 1))) /
			     (2 * h) * HEART_RATE;

	return (struct wall_place){ p.x + by * p.by_x, p.z + by * p.by_z,
				speed * p.by_x, speed * p.by_z };
}

/* The left ventricle's wall as it is at a time; remembered for the next call. */
static const struct wall_place *wall_at(double time)
{
	static struct wall_place wall[WALL_ANGLES * WALL_DEPTHS];
	static double known = NAN;
	const double phase = fmod(time * HEART_RATE, 1);

	for (int i = 0; time != known && i < WALL_ANGLES * WALL_DEPTHS; i++)
		wall[i] = place_at(SIM_LEFT_VENTRICLE,
				    M_PI * (i / WALL_DEPTHS) / (WALL_ANGLES - 1),
				    WALL_FACES + (1 - 2 * WALL_FACES) *
					(i % WALL_DEPTHS) / (WALL_DEPTHS - 1),
				    phase);
	known = time;
	return wall;
}

/* The scan that is measured. */
static const struct sono_scan *seen;

static const struct sono_event *colour_event(void)
{
	const struct sono_event *e = seen->event;

	while (SONO_TAG_ROLE(e->tag) != SONO_ROLE_COLOUR)
		e++;
	return e;
}

/*
 * Which element a place hears the wave from first: the wave's front is there
 * at right angles to the way from it.
 */
static const struct sono_element *front(double x, double z)
{
	const struct sono_event *event = colour_event();
	const struct sono_element *best = seen->element;
	double least = INFINITY;

	for (uint32_t i = 0; i < seen->elements; i++) {
		const struct sono_element *el = &seen->element[i];
		const double at = event->delay[i] +
				  hypot(x - el->x, z - el->z) / seen->c;

		if (at < least)
			best = el;
		least = fmin(least, at);
	}
	return best;
}

/*
 * Walls move across the beam as fast as along it, so both ways count: that of
 * the wave, and that back to the probe's centre, about which the aperture lies.
 */
static double wall_truth(double x, double z, double time)
{
	const struct sono_element *from = front(x, z);
	const double tx = x - from->x, tz = z - from->z;
	const struct wall_place *wall = wall_at(time), *best = wall;
	double least = INFINITY;

	for (int i = 0; i < WALL_ANGLES * WALL_DEPTHS; i++) {
		const double d = hypot(wall[i].x - x, wall[i].z - z);

		if (d < least)
			best = &wall[i];
		least = fmin(least, d);
	}
	return least < WALL_REACH ?
		       -(best->vx * x + best->vz * z) / hypot(x, z) / 2 -
		       (best->vx * tx + best->vz * tz) / hypot(tx, tz) / 2 :
		       NAN;
}

static void add_picture(const struct scan *s, truth_fn *truth,
			struct slope *slope)
{
	const double time = s->time + scan_ensemble(s->plan->scan);
	const struct grid *grid = pipeline_colour_grid(s->pipeline);
	const struct vel *vel = pipeline_vel(s->pipeline);

	for (uint32_t line = 0; line < vel->lines; line++) {
		struct ray ray = grid_ray(grid, line);

		for (uint32_t i = 0; i < vel->samples; i++) {
			double t = truth(ray.x + ray.dx * i,
					 ray.z + ray.dz * i, time);
			size_t at = (size_t)line * vel->samples + i;

			if (isfinite(t) && vel->valid[at])
				slope_add(slope, (double)vel->v[at], t);
		}
	}
}

/**
 * struct flow - a scene in which velocity is measured
 * @what: is measured
 * @plan: to measure it with
 * @scene: its name
 * @truth: of the scene
 * @pictures: of each seed
 */
struct flow {
	const char *what;
	const char *plan;
	const char *scene;
	truth_fn *truth;
	int pictures;
};

static const struct flow disk = { "disk: slope of velocity over place",
				  "tests/motion/disk.plan", "disk", disk_truth,
				  PICTURES };
static const struct flow vessel = {
	"vessel: slope of measured over true velocity",
	"tests/motion/vessel.plan", "vessel", vessel_truth, PICTURES
};
static const struct flow steered = {
	"linear-colour: velocity along the lines of its steered box",
	"userspace/presets/linear-colour.plan", "vessel", steered_truth,
	PICTURES
};
static const struct flow jet = { "heart: velocity of the mitral inflow",
				 "tests/motion/jet.plan", "heart", jet_truth,
				 JET_PICTURES };

static const struct flow walls = { "heart: velocity of the ventricle's walls",
				   "userspace/presets/cardiac-tissue.plan",
				   "heart", wall_truth, WALL_PICTURES };

/*
 * Speckle makes any one picture's velocities uncertain by some per cent, so
 * several seeds and pictures are taken together. Measured over true; NAN: the
 * scan did not start.
 */
static double measure(const struct flow *flow, int seeds, double pri)
{
	struct slope slope = { 0 };
	char source[64];
	struct scan s;

	for (int seed = 1; seed <= seeds; seed++) {
		snprintf(source, sizeof(source), "sim:%s,seed=%d", flow->scene,
			 seed);
		if (!begin(&s, flow->plan, source, pri))
			return NAN;
		seen = s.plan->scan;
		for (int i = 0; i < flow->pictures; i++)
			if (scan_next(&s))
				add_picture(&s, flow->truth, &slope);
		scan_end(&s);
	}
	printf("# %u samples\n", slope.n);
	return slope.got / slope.truth;
}

static void test_velocity(const struct flow *flow)
{
	result(flow->what, measure(flow, SEEDS, 1), 1);
}

static void test_mistakes(void)
{
	const double slope = measure(&jet, 1, MISTAKEN);

	miss("inflow with 3 % more between shots than there is", slope, 1);
	miss("inflow with the other sign", -slope * MISTAKEN, 1);
}

/* --- colour M -------------------------------------------------------------- */

/* A beat and two lines, at 50 per second and 10 a frame. */
#define M_FRAMES 4

/* From the frame's first trigger to the middle of burst @line's shots. */
static double burst_time(const struct scan *s, uint32_t line)
{
	const struct sono_scan *scan = s->plan->scan;
	const uint32_t burst = s->plan->params.m.ensemble;
	double time = 0, sum = 0;

	for (uint32_t i = 0; i < scan->events; i++) {
		const uint32_t tag = scan->event[i].tag;

		if (SONO_TAG_ROLE(tag) == SONO_ROLE_M &&
		    SONO_TAG_SHOT(tag) / burst == line)
			sum += time;
		time += scan->event[i].period;
	}
	return s->time + sum / burst;
}

static void add_m_lines(const struct scan *s, struct slope *slope)
{
	const struct ray ray = grid_ray(&s->plan->params.m.grid, 0);
	const struct vel *vel = pipeline_m_vel(s->pipeline);

	for (uint32_t line = 0; line < vel->lines; line++) {
		const double time = burst_time(s, line);

		for (uint32_t i = 0; i < vel->samples; i++) {
			double t = jet_truth(ray.x + ray.dx * i,
					     ray.z + ray.dz * i, time);
			size_t at = (size_t)line * vel->samples + i;

			if (isfinite(t) && vel->valid[at])
				slope_add(slope, (double)vel->v[at], t);
		}
	}
}

static void test_colour_m(void)
{
	struct slope slope = { 0 };
	char source[64];
	struct scan s;

	for (int seed = 1; seed <= SEEDS; seed++) {
		snprintf(source, sizeof(source), "sim:heart,seed=%d", seed);
		if (!begin(&s, "tests/motion/colour-m.plan", source, 1))
			return;
		for (int i = 0; i < M_FRAMES; i++)
			if (scan_next(&s))
				add_m_lines(&s, &slope);
		scan_end(&s);
	}
	printf("# %u samples\n", slope.n);
	result("heart: colour M-mode of the inflow", slope.got / slope.truth,
	       1);
}

int main(void)
{
	double slope;

	test_heart();
	test_velocity(&disk);
	test_velocity(&vessel);
	slope = measure(&steered, SEEDS, 1);
	verdict(hits(slope, 1, STEERED_TOLERANCE), steered.what, slope, 1);
	test_velocity(&jet);
	result(walls.what, measure(&walls, 1, 1), 1);
	test_colour_m();
	test_mistakes();
	printf("1..%d\n", tests);
	return failed;
}

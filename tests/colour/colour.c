// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Colour where there is flow, and nowhere else: pictures of whole beats of the
 * heart, and of the vessel, pixel by pixel against what the scene says is
 * there; and of tissue Doppler where there is a wall. In TAP.
 *
 *	colour			the tests
 *	colour rates		other rates of the heart, which take as long again
 *	colour PLAN SOURCE FILE	the pictures of one, side by side, for the eye
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../scan/scan.h"
#include "flow.h"
#include "heart.h"
#include "present/present.h"

/*
 * Colour is a mean over a few millimetres, and a beam is as wide: so far
 * beside the flow it still belongs to it.
 */
#define MARGIN 3.5e-3

/* Of the box: what may be coloured without flow. */
#define FALSE_SHARE 0.005

/* Of flow well above the least velocity: what must be coloured, and rightly. */
#define TRUE_SHARE 0.8
#define RIGHT_SHARE 0.995

/*
 * The line begins at the ring: where it is near, in 5 mm of the 45 of the flow
 * looked at and in the slow begin and end of a wave, it hides flow as well.
 */
#define M_TRUE_SHARE 0.7

static int tests;
static bool failed;

static void verdict(bool good, const char *what, const char *source,
		    double got, double bound)
{
	printf("%s %d - %s: %s # %.3f %%, bound %.3f %%\n",
	       good ? "ok" : "not ok", ++tests, source, what, 100 * got,
	       100 * bound);
	failed |= !good;
}

/**
 * struct flow - what is at a place
 * @near: flow, or so near to it that its colour may be there
 * @inside: certainly flow that is fast enough to be shown
 * @towards: the probe
 */
struct flow {
	bool near, inside, towards;
};

typedef struct flow flow_fn(double x, double z, double phase);

/* The inflow, from the ring where it is now to its end. */
static struct flow heart_flow(double x, double z, double phase)
{
	const double far = hypot(SIM_HEART_MITRAL_X, SIM_HEART_MITRAL_Z);
	const double ux = -SIM_HEART_MITRAL_X / far;
	const double uz = -SIM_HEART_MITRAL_Z / far;
	const double dx = x - SIM_HEART_MITRAL_X, dz = z - SIM_HEART_MITRAL_Z;
	const double along = dx * ux + dz * uz;
	const double across = fabs(uz * dx - ux * dz);
	const double ring = SIM_HEART_MITRAL_EXCURSION *
			    sim_heart_contraction(phase);
	const double speed = sim_heart_inflow(phase);

	return (struct flow){
		.near = speed > 0 && across < SIM_HEART_JET_RADIUS + MARGIN &&
			along > ring - MARGIN &&
			along < SIM_HEART_JET_END + MARGIN,
		.inside = speed > 0.35 && across < 0.6 * SIM_HEART_JET_RADIUS &&
			  along > ring + 8e-3 &&
			  along < SIM_HEART_JET_END - 10e-3,
		.towards = true,
	};
}

static struct flow vessel_flow(double x, double z, double phase)
{
	const double d = fabs((z - sim_vessel.z) * cos(sim_vessel.angle) +
			      (x - sim_vessel.x) * sin(sim_vessel.angle));

	(void)phase;
	return (struct flow){
		.near = d < sim_vessel.radius + 0.5e-3,
		.inside = d < 0.6 * sim_vessel.radius,
		.towards = sin(sim_vessel.angle) * sim_vessel.vmax > 0,
	};
}

/* A scan, and the heart's period [s]; 0: nothing beats. */
struct beating {
	struct scan scan;
	double period;
};

/* @tissue: whether the plan's level of tissue counts */
static int begin(struct beating *b, const char *path, const char *source,
		 bool tissue)
{
	const char *rate = strstr(source, "rate=");
	int ret = scan_open(&b->scan, path, source);

	b->period = 0;
	if (!strncmp(source, "sim:heart", 9))
		b->period = 60 / (rate ? atof(rate + 5) : SIM_HEART_RATE);
	if (!ret && !tissue)
		b->scan.plan->params.colour.tissue_db =
			b->scan.plan->params.m.tissue_db = INFINITY;
	if (!ret)
		ret = scan_start(&b->scan);
	if (ret) {
		printf("not ok %d - %s on %s: %d %s\n", ++tests, path, source,
		       ret, b->scan.why);
		failed = true;
	}
	return ret;
}

/* --- pixels ---------------------------------------------------------------- */

/* Is a place in the box, without its outline? */
static bool in_box(const struct grid *g, double x, double z)
{
	const double edge = 0.7e-3;
	const struct ray first = grid_ray(g, 0);
	const struct ray last = grid_ray(g, g->lines - 1);
	const double near = g->sample0 + edge;
	const double far = g->sample0 + (g->samples - 1) * g->sample_step -
			   edge;

	if (g->shape == GRID_SECTOR) {
		const double r = hypot(x - g->apex_x, z - g->apex_z);
		const double a = atan2(x - g->apex_x, z - g->apex_z);
		const double end = g->line0 + (g->lines - 1) * g->line_step;

		return r > near && r < far && a > g->line0 + edge / r &&
		       a < end - edge / r;
	}
	return z > first.z + edge &&
	       z < first.z + first.dz * (g->samples - 1) - edge &&
	       x > first.x + (z - first.z) * first.dx / first.dz + edge &&
	       x < last.x + (z - last.z) * last.dx / last.dz - edge;
}

struct count {
	double box, wrong, inside, shown, coloured, right;
};

static bool coloured(const uint8_t *p)
{
	return p[0] != p[1] || p[1] != p[2];
}

/* One pixel of what colour may cover. */
static void count(struct count *n, const uint8_t *p, const struct flow *f)
{
	n->box++;
	n->inside += f->inside;
	n->shown += f->inside && coloured(p);
	n->coloured += coloured(p);
	n->right += coloured(p) && f->towards == (p[0] > p[2]);
	n->wrong += coloured(p) && !f->near;
}

static struct count judge(const struct beating *b, flow_fn *flow)
{
	const struct scan *s = &b->scan;
	const struct image *image = pipeline_layer(s->pipeline, REGION_B);
	const struct grid *box = pipeline_colour_grid(s->pipeline);
	const struct raster *r = &image->raster;
	const double time = s->time + scan_ensemble(s->plan->scan);
	const double phase = b->period ? fmod(time / b->period, 1) : 0;
	struct count n = { 0 };

	for (uint32_t row = 0; row < r->height; row++) {
		for (uint32_t i = 0; i < r->width; i++) {
			const uint8_t *p = image->data + row * image->stride + 3 * i;
			const double x = r->x0 + i * r->dx;
			const double z = r->z0 + row * r->dz;
			struct flow f;

			if (!in_box(box, x, z))
				continue;
			f = flow(x, z, phase);
			count(&n, p, &f);
		}
	}
	return n;
}

struct total {
	double worst, shown, inside, coloured, right;
	int picture;
};

static void add(struct total *t, const struct count *n, int picture)
{
	if (n->wrong / n->box > t->worst) {
		t->worst = n->wrong / n->box;
		t->picture = picture;
	}
	t->shown += n->shown;
	t->inside += n->inside;
	t->coloured += n->coloured;
	t->right += n->right;
}

/* All pictures of a beat, or a few. */
static int pictures(const struct beating *b)
{
	return b->period ?
		       (int)ceil(b->period /
				 b->scan.plan->scan->frame_period) + 1 :
		       6;
}

static void test(const char *plan, const char *source, flow_fn *flow)
{
	struct total t = { .picture = -1 };
	struct beating b;

	if (begin(&b, plan, source, true))
		return;
	for (int i = 0, n = pictures(&b); i < n; i++) {
		struct count c;

		scan_next(&b.scan);
		c = judge(&b, flow);
		add(&t, &c, i);
	}
	verdict(t.worst <= FALSE_SHARE, "colour without flow, worst picture",
		source, t.worst, FALSE_SHARE);
	verdict(t.shown >= TRUE_SHARE * t.inside, "flow that is coloured",
		source, t.shown / t.inside, TRUE_SHARE);
	verdict(t.right >= RIGHT_SHARE * t.coloured,
		"colour that says its way", source, t.right / t.coloured,
		RIGHT_SHARE);
	scan_end(&b.scan);
}

/* Opening valves and fast walls, where nothing says that they are none: once is enough. */
static void miss(const char *plan, const char *source, flow_fn *flow)
{
	struct total t = { .picture = -1 };
	struct beating b;

	if (begin(&b, plan, source, false))
		return;
	for (int i = 0, n = pictures(&b); i < n && t.worst <= FALSE_SHARE; i++) {
		struct count c;

		scan_next(&b.scan);
		c = judge(&b, flow);
		add(&t, &c, i);
	}
	verdict(t.worst > FALSE_SHARE, "tissue not told from flow must be seen",
		source, t.worst, FALSE_SHARE);
	scan_end(&b.scan);
}

/* --- colour M-mode --------------------------------------------------------- */

/* From a frame's first trigger to the first shot of M line @line. */
static double m_line_time(const struct scan *s, uint32_t line)
{
	const struct sono_scan *scan = s->plan->scan;
	const uint32_t shot = line * s->plan->params.m.ensemble;
	double time = 0;
	uint32_t e = 0;

	while (SONO_TAG_ROLE(scan->event[e].tag) != SONO_ROLE_M ||
	       SONO_TAG_SHOT(scan->event[e].tag) != shot)
		time += scan->event[e++].period;
	return time;
}

/* The columns in which a frame's lines came, in the strip. */
static struct count judge_m(const struct beating *b, flow_fn *flow)
{
	const struct scan *s = &b->scan;
	const struct image *strip = pipeline_layer(s->pipeline, REGION_M);
	const struct ray ray = grid_ray(&s->plan->params.m.grid, 0);
	const struct raster *r = &strip->raster;
	const double step = s->plan->params.m.grid.sample_step;
	const double near = s->plan->params.m.grid.sample0;
	struct count n = { 0 };

	for (uint32_t line = 0; line < pipeline_m_vel(s->pipeline)->lines;
	     line++) {
		const double time = s->time + m_line_time(s, line);
		const double phase = fmod(time / b->period, 1);
		const uint8_t *p = strip->data +
			3 * ((size_t)floor(time / r->dx) % r->width);

		for (uint32_t row = 0; row < r->height;
		     row++, p += strip->stride) {
			const double at = (r->z0 + row * r->dz - near) / step;
			struct flow f = flow(ray.x + at * ray.dx,
					     ray.z + at * ray.dz, phase);

			count(&n, p, &f);
		}
	}
	return n;
}

/* A whole beat, or until more than @most is coloured without flow. */
static struct total take_m(struct beating *b, double most)
{
	struct total t = { .picture = -1 };

	for (int i = 0, n = pictures(b); i < n && t.worst <= most; i++) {
		struct count c;

		scan_next(&b->scan);
		c = judge_m(b, heart_flow);
		add(&t, &c, i);
	}
	return t;
}

static void test_m(const char *plan, const char *source)
{
	struct beating b;
	struct total t;

	if (begin(&b, plan, source, true))
		return;
	t = take_m(&b, 1);
	verdict(t.worst <= FALSE_SHARE,
		"M-mode coloured without flow, worst frame's lines", source,
		t.worst, FALSE_SHARE);
	verdict(t.shown >= M_TRUE_SHARE * t.inside, "M-mode's flow, coloured",
		source, t.shown / t.inside, M_TRUE_SHARE);
	verdict(t.right >= RIGHT_SHARE * t.coloured,
		"M-mode's colour that says its way", source,
		t.right / t.coloured, RIGHT_SHARE);
	scan_end(&b.scan);
}

/* The ring crosses the line, and nothing says that it is none. */
static void miss_m(const char *plan, const char *source)
{
	struct beating b;
	struct total t;

	if (begin(&b, plan, source, false))
		return;
	t = take_m(&b, FALSE_SHARE);
	verdict(t.worst > FALSE_SHARE,
		"M-mode, tissue not told from flow must be seen", source,
		t.worst, FALSE_SHARE);
	scan_end(&b.scan);
}

/* --- tissue Doppler -------------------------------------------------------- */

/* Of a wall's middle: what must have a velocity. */
#define WALL_SHARE 0.95

/* Systole, at 80 pictures per second. */
#define SYSTOLE 24

/* Leaflets and the ring are tissue as well: so far above the ring is blood. */
#define RING_REACH 18e-3

#define OUTLINE 181
#define NEAR_WALL 2e-3

struct place {
	double x, z;
};

/* A face of the left ventricle's wall, from one end of the ring to the other. */
static void outline(struct place *out, double depth, double phase)
{
	const double by = sim_heart_contraction(phase);

	for (int i = 0; i < OUTLINE; i++) {
		const struct sim_heart_point p = sim_heart_wall(
			SIM_LEFT_VENTRICLE, M_PI * i / (OUTLINE - 1), depth);

		out[i] = (struct place){ p.x + by * p.by_x, p.z + by * p.by_z };
	}
}

static bool encloses(const struct place *p, double x, double z)
{
	bool in = false;

	for (int i = 0, j = OUTLINE - 1; i < OUTLINE; j = i++)
		if ((p[i].z > z) != (p[j].z > z) &&
		    x < p[j].x + (p[i].x - p[j].x) * (z - p[j].z) /
					 (p[i].z - p[j].z))
			in = !in;
	return in;
}

static double distance(const struct place *p, double x, double z)
{
	double least = INFINITY;

	for (int i = 0; i < OUTLINE; i++)
		least = fmin(least, hypot(p[i].x - x, p[i].z - z));
	return least;
}

/**
 * struct tissue_count - samples that have a velocity, and all, at a place
 * @cavity: of the left ventricle
 * @wall: the middle of its wall
 * @beside: beyond its free wall, where nothing moves and little scatters
 */
struct tissue_count {
	struct places {
		double valid, all;
	} cavity, wall, beside;
};

static void count_place(struct places *n, bool valid)
{
	n->valid += valid;
	n->all++;
}

static void count_tissue(struct tissue_count *n, const struct scan *s,
			 double phase)
{
	const struct grid *grid = pipeline_colour_grid(s->pipeline);
	const struct vel *vel = pipeline_vel(s->pipeline);
	struct place inner[OUTLINE], middle[OUTLINE], outer[OUTLINE];

	outline(inner, 0, phase);
	outline(middle, 0.5, phase);
	outline(outer, 1, phase);
	for (uint32_t line = 0; line < vel->lines; line++) {
		const struct ray ray = grid_ray(grid, line);

		for (uint32_t j = 0; j < vel->samples; j += 2) {
			const double x = ray.x + j * ray.dx;
			const double z = ray.z + j * ray.dz;
			const bool valid =
				vel->valid[(size_t)line * vel->samples + j];
			const bool in = encloses(inner, x, z);

			if (z > inner[0].z - RING_REACH)
				continue;
			if (in && distance(inner, x, z) > MARGIN)
				count_place(&n->cavity, valid);
			else if (!in && distance(middle, x, z) < NEAR_WALL)
				count_place(&n->wall, valid);
			else if (x * SIM_HEART_MITRAL_Z >
					 z * SIM_HEART_MITRAL_X &&
				 !encloses(outer, x, z) &&
				 distance(outer, x, z) > MARGIN)
				count_place(&n->beside, valid);
		}
	}
}

/* Echoes from the side lie over the cavity, and are none of its own. */
static void test_tissue(const char *plan, const char *source)
{
	double cavity = 0, beside = 0, valid = 0, all = 0;
	struct beating b;

	if (begin(&b, plan, source, true))
		return;
	for (int i = 0; i < SYSTOLE; i++) {
		struct tissue_count n = { 0 };

		scan_next(&b.scan);
		count_tissue(&n, &b.scan,
			     fmod((b.scan.time +
				   scan_ensemble(b.scan.plan->scan)) /
					  b.period, 1));
		cavity = fmax(cavity, n.cavity.valid / n.cavity.all);
		beside = fmax(beside, n.beside.valid / n.beside.all);
		valid += n.wall.valid;
		all += n.wall.all;
	}
	verdict(cavity <= FALSE_SHARE, "the cavity as tissue, worst picture",
		source, cavity, FALSE_SHARE);
	verdict(beside <= FALSE_SHARE, "no tissue as tissue, worst picture",
		source, beside, FALSE_SHARE);
	verdict(valid >= WALL_SHARE * all, "walls that have a velocity",
		source, valid / all, WALL_SHARE);
	scan_end(&b.scan);
}

/* --- for the eye ----------------------------------------------------------- */

#define ACROSS 6

/* Every second pixel of the right half of a section into its place. */
static void paste(struct image *sheet, const struct image *section, int i)
{
	const uint32_t width = section->raster.width / 4;
	const uint32_t height = section->raster.height / 2;

	for (uint32_t y = 0; y < height; y++) {
		uint8_t *to = sheet->data +
			      (i / ACROSS * height + y) * sheet->stride +
			      3 * (size_t)(i % ACROSS * width);
		const uint8_t *from = section->data +
				      2 * (size_t)y * section->stride +
				      6 * (size_t)width;

		for (uint32_t x = 0; x < width; x++)
			memcpy(to + 3 * x, from + 6 * x, 3);
	}
}

static int show(const char *plan, const char *source, const char *path)
{
	flow_fn *flow = strstr(source, "heart") ? heart_flow : vessel_flow;
	const struct image *section;
	struct raster raster = { 0 };
	struct image sheet;
	void *state;
	struct beating b;
	int n;

	if (begin(&b, plan, source, true))
		return 1;
	n = pictures(&b);
	section = pipeline_layer(b.scan.pipeline, REGION_B);
	raster.width = ACROSS * (section->raster.width / 4);
	raster.height = (n + ACROSS - 1) / ACROSS *
			(section->raster.height / 2);
	if (image_init(&sheet, IMAGE_RGB24, &raster) ||
	    sink_png.open(&state, path))
		return 1;
	for (int i = 0; i < n; i++) {
		struct count c;

		scan_next(&b.scan);
		c = judge(&b, flow);
		printf("# %d: without flow %.3f %%, flow shown %.0f of %.0f, wrong way %.0f of %.0f\n",
		       i, 100 * c.wrong / c.box, c.shown, c.inside,
		       c.coloured - c.right, c.coloured);
		paste(&sheet, section, i);
	}
	n = sink_png.frame(state, &sheet);
	sink_png.close(state);
	image_finish(&sheet);
	scan_end(&b.scan);
	return n;
}

static void test_heart(const char *source)
{
	test("userspace/presets/cardiac-colour.plan", source, heart_flow);
}

static void test_all(void)
{
	test_heart("sim:heart");
	test_heart("sim:heart,rate=150");
	miss("userspace/presets/cardiac-colour.plan", "sim:heart,rate=150",
	     heart_flow);
	test("userspace/presets/linear-colour.plan", "sim:vessel",
	     vessel_flow);
	test_m("userspace/presets/cardiac-colour-m.plan", "sim:heart");
	miss_m("userspace/presets/cardiac-colour-m.plan", "sim:heart");
	test_tissue("userspace/presets/cardiac-tissue.plan", "sim:heart");
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return show(argv[1], argv[2], argv[3]);
	if (argc == 2) {
		test_heart("sim:heart,rate=60");
		test_heart("sim:heart,rate=97");
	} else {
		test_all();
	}
	printf("1..%d\n", tests);
	return failed;
}

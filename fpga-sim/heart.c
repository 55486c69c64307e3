// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The shape of the heart is in one table. All that moves in proportion to the
 * contraction is a list of points with their excursions; leaflets and inflow
 * have laws of their own.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "heart.h"
#include "random.h"

#define MM 1e-3
#define WALL_PER_M2 1.2e6
#define BLOOD_PER_M2 0.3e6
#define WALL_RMS 0.4
#define BLOOD_RMS 0.08 /* -20 dB of the walls', per area */
#define KNOT_RMS 1.5
#define KNOT_RADIUS (1.2 * MM)
#define KNOT_SCATTERERS 24
#define KNOT_FROM_END (1.5 * MM)
#define TAPER 0.35 /* the walls' inward motion begins behind the ring */

#define LEAFLET (17 * MM)
#define LEAFLET_SCATTERERS 50
#define LEAFLET_THICK (1 * MM)
#define LEAFLET_CLOSED 0.15 /* from the ring's plane [rad] */
#define LEAFLET_OPEN 1.3

#define JET_FADE_IN (5 * MM)
#define JET_FADE_OUT (8 * MM)
#define JET_EDGE 0.97 /* of the radius */

/* A chamber: half an ellipse behind or before the ring of its valve. */
static const struct chamber {
	double x, z; /* the ring's centre */
	double width, length; /* half axes of the cavity */
	double wall; /* thickness */
	double inner, outer; /* inward motion of the faces */
	double ring; /* motion of the ring */
	int way; /* 1: towards the probe, -1: away */
} chambers[SIM_CHAMBERS] = {
	[SIM_LEFT_VENTRICLE] = { SIM_HEART_MITRAL_X, SIM_HEART_MITRAL_Z,
				 22 * MM, 52 * MM, 9 * MM, 6 * MM, 1 * MM,
				 SIM_HEART_MITRAL_EXCURSION, 1 },
	[SIM_RIGHT_VENTRICLE] = { -24 * MM, 97 * MM, 17 * MM, 40 * MM, 4 * MM,
				  4 * MM, 1 * MM,
				  SIM_HEART_TRICUSPID_EXCURSION, 1 },
	[SIM_LEFT_ATRIUM] = { SIM_HEART_MITRAL_X, SIM_HEART_MITRAL_Z, 20 * MM,
			      33 * MM, 3 * MM, 0, 0,
			      SIM_HEART_MITRAL_EXCURSION, -1 },
	[SIM_RIGHT_ATRIUM] = { -24 * MM, 97 * MM, 17 * MM, 31 * MM, 3 * MM, 0,
			       0, SIM_HEART_TRICUSPID_EXCURSION, -1 },
};

struct leaf {
	const struct chamber *chamber;
	double side; /* 1: hinged at the right, -1: at the left */
	double along, across;
};

/* As in flow.c: a place on a streamline of the inflow and its repeats. */
struct drop {
	double r;
	double speed; /* of the line's */
	double at, repeat;
	double amplitude;
};

struct heart {
	size_t points, leaves, drops;
	struct sim_heart_point *point;
	double *blood; /* [points] of the left ventricle: amplitude, else 0 */
	struct leaf leaf[4 * LEAFLET_SCATTERERS];
	struct drop *drop;
};

/* --- laws of time --------------------------------------------------------------------- */

/* From 0 at @from to 1 at @to. */
static double rise(double x, double from, double to)
{
	if (x <= from)
		return 0;
	if (x >= to)
		return 1;
	return 0.5 - 0.5 * cos(M_PI * (x - from) / (to - from));
}

double sim_heart_contraction(double phase)
{
	return rise(phase, 0.04, 0.38) - 0.75 * rise(phase, 0.44, 0.66) -
	       0.25 * rise(phase, 0.82, 0.97);
}

double sim_heart_opening(double phase)
{
	return rise(phase, 0.43, 0.49) - 0.65 * rise(phase, 0.62, 0.72) +
	       0.65 * rise(phase, 0.80, 0.86) - rise(phase, 0.93, 0.99);
}

static double wave(double phase, double begin, double end)
{
	double x = (phase - begin) / (end - begin);

	return x > 0 && x < 1 ? 0.5 - 0.5 * cos(2 * M_PI * x) : 0;
}

/* The integral of wave() from 0. */
static double wave_way(double phase, double begin, double end)
{
	double x = fmin(fmax((phase - begin) / (end - begin), 0), 1);

	return (end - begin) * (x / 2 - sin(2 * M_PI * x) / (4 * M_PI));
}

double sim_heart_inflow(double phase)
{
	return SIM_HEART_E_PEAK *
		       wave(phase, SIM_HEART_E_BEGIN, SIM_HEART_E_END) +
	       SIM_HEART_A_PEAK *
		       wave(phase, SIM_HEART_A_BEGIN, SIM_HEART_A_END);
}

double sim_heart_inflow_way(double phase, double period)
{
	return period *
	       (SIM_HEART_E_PEAK *
			wave_way(phase, SIM_HEART_E_BEGIN, SIM_HEART_E_END) +
		SIM_HEART_A_PEAK *
			wave_way(phase, SIM_HEART_A_BEGIN, SIM_HEART_A_END));
}

double sim_heart_ecg(double phase)
{
	static const struct {
		double at, width, height; /* width: standard deviation */
	} waves[] = {
		{ 0.81, 0.022, 120 }, /* P */
		{ 0.972, 0.008, -110 }, /* Q */
		{ 1.0, 0.010, 1100 }, /* R */
		{ 0.032, 0.010, -220 }, /* S */
		{ 0.34, 0.040, 280 }, /* T */
	};
	double sum = 0;

	for (size_t i = 0; i < sizeof(waves) / sizeof(*waves); i++) {
		double x = phase - waves[i].at;

		x = (x - rint(x)) / waves[i].width;
		sum += waves[i].height * exp(-x * x / 2);
	}
	return sum;
}

/* --- shape ------------------------------------------------------------------------------ */

/* Axes of a chamber: to the probe, and to the right of that. */
static void axes(const struct chamber *c, double *px, double *pz, double *rx,
		 double *rz)
{
	double r = hypot(c->x, c->z);

	*px = -c->x / r;
	*pz = -c->z / r;
	*rx = -*pz;
	*rz = *px;
}

/*
 * The point at (@across, @along) of a chamber at rest, which follows the ring
 * by the part @follows and moves inwards by @inward along the normal (@nx,
 * @ny) that is given in the chamber's own axes.
 */
static struct sim_heart_point point_of(const struct chamber *c, double across,
				       double along, double follows, double nx,
				       double ny, double inward)
{
	struct sim_heart_point p;
	double px, pz, rx, rz, r;

	axes(c, &px, &pz, &rx, &rz);
	p.x = c->x + across * rx + along * px;
	p.z = c->z + across * rz + along * pz;
	r = hypot(p.x, p.z);
	p.by_x = -follows * c->ring * p.x / r - inward * (nx * rx + ny * px);
	p.by_z = -follows * c->ring * p.z / r - inward * (nx * rz + ny * pz);
	return p;
}

struct sim_heart_point sim_heart_wall(enum sim_chamber chamber, double angle,
				      double depth)
{
	const struct chamber *c = &chambers[chamber];
	double co = cos(angle), si = sin(angle);
	/* outward normal of the ellipse */
	double nx = co * c->length, ny = si * c->width;
	double n = hypot(nx, ny);
	double inward = c->inner + (c->outer - c->inner) * depth;
	double across, along;

	nx /= n;
	ny /= n;
	across = c->width * co + depth * c->wall * nx;
	along = c->length * si + depth * c->wall * ny;
	return point_of(c, across, c->way * along, 1 - si, nx, c->way * ny,
			inward * rise(si, 0, TAPER));
}

struct sim_heart_point sim_heart_knot(enum sim_chamber chamber, bool right)
{
	const struct chamber *c = &chambers[chamber];
	double across = c->width - KNOT_FROM_END;

	return point_of(c, right ? across : -across, 0, 1, 0, 0, 0);
}

/* A point of the cavity, in parts of its half axes. */
static struct sim_heart_point blood_at(const struct chamber *c, double x,
				       double y)
{
	double from = hypot(x, y), angle = atan2(y, x);
	double nx = cos(angle) * c->length, ny = sin(angle) * c->width;
	double n = hypot(nx, ny);

	return point_of(c, c->width * x, c->way * c->length * y, 1 - y, nx / n,
			c->way * ny / n,
			c->inner * from * rise(sin(angle), 0, TAPER));
}

/* --- filling ------------------------------------------------------------------------------ */

/* What is being filled, and with what. */
struct filling {
	struct sim_scene *scene;
	struct heart *heart;
	struct sim_random random;
	size_t room;
};

static int add_point(struct filling *f, struct sim_heart_point p, double rms,
		     bool blood)
{
	double a = rms * sim_random_normal(&f->random);
	struct heart *h = f->heart;

	if (h->points == f->room)
		return -ENOSPC;
	h->point[h->points] = p;
	h->blood[h->points++] = blood ? a : 0;
	return sim_scene_add(f->scene, p.x, p.z, a);
}

/* The length of the half ellipse in the middle of the wall. */
static double girth(const struct chamber *c)
{
	double a = c->width + c->wall / 2, b = c->length + c->wall / 2, sum = 0;

	for (int i = 0; i < 100; i++) {
		double t = M_PI * (i + 0.5) / 100;

		sum += hypot(a * sin(t), b * cos(t)) * M_PI / 100;
	}
	return sum;
}

/* Evenly over the wall: where an angle covers more of it, take it more often. */
static int fill_wall(struct filling *f, enum sim_chamber chamber)
{
	const struct chamber *c = &chambers[chamber];
	size_t n = (size_t)(WALL_PER_M2 * girth(c) * c->wall);
	double most = fmax(c->width, c->length) + c->wall;
	int err = 0;

	while (n && !err) {
		double angle = M_PI * sim_random_even(&f->random);
		double depth = sim_random_even(&f->random);
		double a = c->width + depth * c->wall;
		double b = c->length + depth * c->wall;

		if (hypot(a * sin(angle), b * cos(angle)) <
		    most * sim_random_even(&f->random))
			continue;
		err = add_point(f, sim_heart_wall(chamber, angle, depth),
				WALL_RMS, false);
		n--;
	}
	return err;
}

static int fill_cavity(struct filling *f, enum sim_chamber chamber)
{
	const struct chamber *c = &chambers[chamber];
	size_t n = (size_t)(BLOOD_PER_M2 * M_PI / 2 * c->width * c->length);
	int err = 0;

	while (n && !err) {
		double x = 2 * sim_random_even(&f->random) - 1;
		double y = sim_random_even(&f->random);

		if (x * x + y * y >= 1)
			continue;
		err = add_point(f, blood_at(c, x, y), BLOOD_RMS,
				chamber == SIM_LEFT_VENTRICLE);
		n--;
	}
	return err;
}

static int fill_knot(struct filling *f, enum sim_chamber chamber, bool right)
{
	struct sim_heart_point centre = sim_heart_knot(chamber, right);
	int n = 0, err = 0;

	while (n < KNOT_SCATTERERS && !err) {
		double x = 2 * sim_random_even(&f->random) - 1;
		double z = 2 * sim_random_even(&f->random) - 1;
		struct sim_heart_point p = centre;

		if (x * x + z * z >= 1)
			continue;
		p.x += x * KNOT_RADIUS;
		p.z += z * KNOT_RADIUS;
		err = add_point(f, p, KNOT_RMS, false);
		n++;
	}
	return err;
}

static int fill_points(struct filling *f)
{
	int err = 0;

	for (int c = 0; c < SIM_CHAMBERS && !err; c++) {
		err = fill_wall(f, c);
		if (!err)
			err = fill_cavity(f, c);
		if (!err && chambers[c].way > 0)
			err = fill_knot(f, c, false);
		if (!err && chambers[c].way > 0)
			err = fill_knot(f, c, true);
	}
	return err;
}

static int fill_leaves(struct filling *f)
{
	static const struct {
		enum sim_chamber chamber;
		double side;
	} leaflets[] = {
		{ SIM_LEFT_VENTRICLE, -1 },
		{ SIM_LEFT_VENTRICLE, 1 },
		{ SIM_RIGHT_VENTRICLE, -1 },
		{ SIM_RIGHT_VENTRICLE, 1 },
	};
	struct heart *h = f->heart;
	int err = 0;

	for (size_t i = 0; i < 4 * LEAFLET_SCATTERERS && !err; i++) {
		size_t k = i / LEAFLET_SCATTERERS;
		const struct chamber *c = &chambers[leaflets[k].chamber];
		double part = sim_random_even(&f->random);

		h->leaf[h->leaves++] = (struct leaf){
			.chamber = c,
			.side = leaflets[k].side,
			.along = part * LEAFLET * c->width /
				 chambers[SIM_LEFT_VENTRICLE].width,
			.across = LEAFLET_THICK *
				  (sim_random_even(&f->random) - 0.5),
		};
		err = sim_scene_add(f->scene, 0, 0,
				    WALL_RMS * sim_random_normal(&f->random));
	}
	return err;
}

static size_t jet_candidates(double period)
{
	return (size_t)(BLOOD_PER_M2 * 2 * JET_EDGE * SIM_HEART_JET_RADIUS *
			sim_heart_inflow_way(1, period));
}

static int fill_inflow(struct filling *f)
{
	double way = sim_heart_inflow_way(1, f->scene->period);
	size_t all = jet_candidates(f->scene->period);
	struct heart *h = f->heart;
	int err = 0;

	for (size_t i = 0; i < all && !err; i++) {
		double x = JET_EDGE * (2 * sim_random_even(&f->random) - 1);
		struct drop *d = &h->drop[h->drops];

		d->r = x * SIM_HEART_JET_RADIUS;
		d->speed = 1 - x * x * x * x;
		d->at = way * sim_random_even(&f->random);
		d->repeat = way * d->speed;
		d->amplitude = BLOOD_RMS * sim_random_normal(&f->random);
		if (d->at >= d->repeat)
			continue;
		h->drops++;
		for (double at = 0; at < SIM_HEART_JET_END && !err;
		     at += d->repeat)
			err = sim_scene_add(f->scene, 0, 0, 0);
	}
	return err;
}

/* --- moving ---------------------------------------------------------------------------------- */

/* How much of the inflow is seen at a place before the valve. */
static double jet_seen(double across, double along, double ring)
{
	if (fabs(across) >= JET_EDGE * SIM_HEART_JET_RADIUS)
		return 0;
	return rise(along, ring, ring + JET_FADE_IN) *
	       (1 - rise(along, SIM_HEART_JET_END - JET_FADE_OUT,
			 SIM_HEART_JET_END));
}

static void place_points(const struct heart *h, struct sim_scatterer *to,
			 double contraction)
{
	const struct chamber *c = &chambers[SIM_LEFT_VENTRICLE];
	double ring = contraction * c->ring;
	double px, pz, rx, rz;

	axes(c, &px, &pz, &rx, &rz);
	for (size_t i = 0; i < h->points; i++, to++) {
		const struct sim_heart_point *p = &h->point[i];

		to->x = p->x + contraction * p->by_x;
		to->z = p->z + contraction * p->by_z;
		if (!h->blood[i])
			continue;
		to->amplitude =
			h->blood[i] *
			(1 - jet_seen((to->x - c->x) * rx + (to->z - c->z) * rz,
				      (to->x - c->x) * px + (to->z - c->z) * pz,
				      ring));
	}
}

static void place_leaves(const struct heart *h, struct sim_scatterer *to,
			 double contraction, double opening)
{
	double angle =
		LEAFLET_CLOSED + (LEAFLET_OPEN - LEAFLET_CLOSED) * opening;
	double co = cos(angle), si = sin(angle);

	for (size_t i = 0; i < h->leaves; i++, to++) {
		const struct leaf *l = &h->leaf[i];
		const struct chamber *c = l->chamber;
		double end = c->width - 2 * KNOT_FROM_END;
		double px, pz, rx, rz, across, along;

		axes(c, &px, &pz, &rx, &rz);
		across = l->side * (end - l->along * co + l->across * si);
		along = l->along * si + l->across * co +
			contraction * c->ring;
		to->x = c->x + across * rx + along * px;
		to->z = c->z + across * rz + along * pz;
	}
}

static void place_inflow(const struct heart *h, struct sim_scatterer *to,
			 double ring, double way)
{
	const struct chamber *c = &chambers[SIM_LEFT_VENTRICLE];
	double px, pz, rx, rz;

	axes(c, &px, &pz, &rx, &rz);
	for (size_t i = 0; i < h->drops; i++) {
		const struct drop *d = &h->drop[i];
		double first = fmod(d->at + way * d->speed, d->repeat);

		for (double at = 0; at < SIM_HEART_JET_END; at += d->repeat) {
			double along = first + at;

			to->x = c->x + d->r * rx + along * px;
			to->z = c->z + d->r * rz + along * pz;
			to->amplitude = d->amplitude *
					jet_seen(d->r, along, ring);
			to++;
		}
	}
}

static void place(struct sim_scene *scene, double t)
{
	const struct heart *h = scene->own;
	double phase = t / scene->period;
	double contraction = sim_heart_contraction(phase);
	struct sim_scatterer *to = scene->scatterer;

	place_points(h, to, contraction);
	to += h->points;
	place_leaves(h, to, contraction, sim_heart_opening(phase));
	to += h->leaves;
	place_inflow(h, to,
		     contraction * chambers[SIM_LEFT_VENTRICLE].ring,
		     sim_heart_inflow_way(phase, scene->period));
}

/* --- life -------------------------------------------------------------------------------------- */

/* One block: the heart, its points, their amplitudes, the drops. */
static struct heart *alloc_heart(size_t points, size_t drops)
{
	size_t bytes = sizeof(struct heart) +
		       points * (sizeof(struct sim_heart_point) +
				 sizeof(double)) +
		       drops * sizeof(struct drop);
	struct heart *h = calloc(1, bytes);

	if (!h)
		return NULL;
	h->point = (struct sim_heart_point *)(h + 1);
	h->drop = (struct drop *)(h->point + points);
	h->blood = (double *)(h->drop + drops);
	return h;
}

static size_t point_count(void)
{
	size_t n = 4 * KNOT_SCATTERERS;

	for (int i = 0; i < SIM_CHAMBERS; i++) {
		const struct chamber *c = &chambers[i];

		n += (size_t)(WALL_PER_M2 * girth(c) * c->wall);
		n += (size_t)(BLOOD_PER_M2 * M_PI / 2 * c->width * c->length);
	}
	return n;
}

int sim_heart_fill(struct sim_scene *scene,
		   const struct sim_scene_params *params)
{
	struct filling f = { .scene = scene, .room = point_count() };
	int err;

	scene->period = 60 / params->heart_rate;
	scene->ecg = true;
	scene->place = place;
	f.heart = alloc_heart(f.room, jet_candidates(scene->period) + 1);
	if (!f.heart)
		return -ENOMEM;
	scene->own = f.heart;
	sim_random_seed(&f.random, params->seed);
	err = fill_points(&f);
	if (!err)
		err = fill_leaves(&f);
	if (!err)
		err = fill_inflow(&f);
	return err;
}

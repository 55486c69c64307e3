// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "random.h"

#define MM 1e-3
#define TISSUE_PER_M2 10e6
#define BLOOD_PER_M2 10e6
#define DISK_PER_M2 10e6
#define TISSUE_RMS 0.02
#define BLOOD_RMS 0.002 /* -20 dB */
#define DISK_RMS 0.06
#define VESSEL_PERIOD 0.4 /* [s] */
#define SLOWEST (0.2 * MM) /* on the way of a period; slower blood is left out */

const struct sim_vessel sim_vessel = {
	.x = 0,
	.z = 20 * MM,
	.radius = 4 * MM,
	.angle = 20 * M_PI / 180,
	.vmax = 0.4,
	.tissue = { -15 * MM, 8 * MM, 15 * MM, 32 * MM },
};

const struct sim_disk sim_disk = {
	.x = 0,
	.z = 25 * MM,
	.radius = 10 * MM,
	.omega = 20,
};

/* --- vessel ------------------------------------------------------------------------ */

/*
 * A scatterer on its streamline, at the distance @r from the axis. It moves
 * by @turns times @repeat in a period, and by then has moved on to where the
 * pattern's next one was.
 */
struct drop {
	double r;
	double at; /* at time 0, from 0 to @repeat [m] */
	double repeat; /* [m] */
	double turns;
	double amplitude;
};

struct stream {
	double length; /* of the vessel that is in the tissue [m] */
	size_t drops;
	struct drop drop[];
};

/* Along the axis and across it, from the vessel's centre. */
static void in_vessel(double x, double z, double *along, double *across)
{
	double c = cos(sim_vessel.angle), s = sin(sim_vessel.angle);

	x -= sim_vessel.x;
	z -= sim_vessel.z;
	*along = c * x - s * z;
	*across = s * x + c * z;
}

double sim_vessel_speed(double x, double z)
{
	double along, across;

	in_vessel(x, z, &along, &across);
	across /= sim_vessel.radius;
	return across * across < 1 ? sim_vessel.vmax * (1 - across * across) :
				     0;
}

static bool in_tissue(double x, double z)
{
	const struct sim_rectangle *t = &sim_vessel.tissue;

	return x >= t->x0 && x < t->x1 && z >= t->z0 && z < t->z1;
}

static int fill_tissue(struct sim_scene *scene, struct sim_random *r)
{
	const struct sim_rectangle *t = &sim_vessel.tissue;
	double width = t->x1 - t->x0, height = t->z1 - t->z0;
	size_t all = (size_t)(TISSUE_PER_M2 * width * height);
	int err = 0;

	for (size_t i = 0; i < all && !err; i++) {
		double x = t->x0 + width * sim_random_even(r);
		double z = t->z0 + height * sim_random_even(r);
		double a = TISSUE_RMS * sim_random_normal(r);
		double along, across;

		in_vessel(x, z, &along, &across);
		if (fabs(across) >= sim_vessel.radius)
			err = sim_scene_add(scene, x, z, a);
	}
	return err;
}

/* The way of a period, cut into as many repeats as the vessel is shorter. */
static bool make_drop(struct drop *d, double longest, double length,
		      struct sim_random *r)
{
	double far = 2 * sim_random_even(r) - 1;
	double way = sim_vessel.vmax * (1 - far * far) * VESSEL_PERIOD;

	d->r = far * sim_vessel.radius;
	d->turns = fmax(1, floor(way / length));
	d->repeat = way / d->turns;
	d->at = longest * sim_random_even(r);
	d->amplitude = BLOOD_RMS * sim_random_normal(r);
	return way >= SLOWEST && d->at < d->repeat;
}

/* Every place that a drop and its repeats can be at once. */
static int fill_blood(struct sim_scene *scene, struct sim_random *r)
{
	double length = (sim_vessel.tissue.x1 - sim_vessel.tissue.x0 +
			 2 * sim_vessel.radius * sin(sim_vessel.angle)) /
			cos(sim_vessel.angle);
	double longest = 2 * length;
	size_t all = (size_t)(BLOOD_PER_M2 * 2 * sim_vessel.radius * longest);
	struct stream *s = malloc(sizeof(*s) + all * sizeof(*s->drop));
	int err = 0;

	if (!s)
		return -ENOMEM;
	scene->own = s;
	s->length = length;
	s->drops = 0;
	for (size_t i = 0; i < all; i++)
		s->drops += make_drop(&s->drop[s->drops], longest, length, r);
	for (size_t i = 0; i < s->drops; i++)
		for (double at = 0; at < length && !err;
		     at += s->drop[i].repeat)
			err = sim_scene_add(scene, 0, 0, 0);
	return err;
}

static void place_blood(struct sim_scene *scene, double t)
{
	const struct stream *s = scene->own;
	double c = cos(sim_vessel.angle), si = sin(sim_vessel.angle);
	struct sim_scatterer *to = scene->scatterer + scene->still;

	for (size_t i = 0; i < s->drops; i++) {
		const struct drop *d = &s->drop[i];
		double way = d->turns * d->repeat * t / scene->period;
		double first = fmod(d->at + way, d->repeat);

		for (double at = 0; at < s->length; at += d->repeat) {
			double along = first + at - s->length / 2;

			to->x = sim_vessel.x + c * along + si * d->r;
			to->z = sim_vessel.z - si * along + c * d->r;
			to->amplitude =
				in_tissue(to->x, to->z) ? d->amplitude : 0;
			to++;
		}
	}
}

int sim_vessel_fill(struct sim_scene *scene,
		    const struct sim_scene_params *params)
{
	struct sim_random r;
	int err;

	sim_random_seed(&r, params->seed);
	err = fill_tissue(scene, &r);
	if (err)
		return err;
	scene->still = scene->count;
	scene->period = VESSEL_PERIOD;
	scene->place = place_blood;
	return fill_blood(scene, &r);
}

/* --- disk -------------------------------------------------------------------------- */

/* Where a scatterer of the disk is at time 0, from its centre. */
struct spot {
	double x, z;
};

static void place_disk(struct sim_scene *scene, double t)
{
	const struct spot *spot = scene->own;
	double c = cos(sim_disk.omega * t), s = sin(sim_disk.omega * t);

	for (size_t i = 0; i < scene->count; i++) {
		struct sim_scatterer *to = &scene->scatterer[i];

		to->x = sim_disk.x + c * spot[i].x + s * spot[i].z;
		to->z = sim_disk.z - s * spot[i].x + c * spot[i].z;
	}
}

int sim_disk_fill(struct sim_scene *scene,
		  const struct sim_scene_params *params)
{
	const double side = 2 * sim_disk.radius;
	size_t all = (size_t)(DISK_PER_M2 * side * side);
	struct spot *spot = malloc(all * sizeof(*spot));
	struct sim_random r;
	int err = 0;

	if (!spot)
		return -ENOMEM;
	scene->own = spot;
	scene->period = 2 * M_PI / sim_disk.omega;
	scene->place = place_disk;
	sim_random_seed(&r, params->seed);
	for (size_t i = 0; i < all && !err; i++) {
		double x = side * (sim_random_even(&r) - 0.5);
		double z = side * (sim_random_even(&r) - 0.5);
		double a = DISK_RMS * sim_random_normal(&r);

		if (hypot(x, z) >= sim_disk.radius)
			continue;
		*spot++ = (struct spot){ x, z };
		err = sim_scene_add(scene, x, z, a);
	}
	return err;
}

void sim_flow_velocity(const char *name, double x, double z, double *vx,
		       double *vz)
{
	double v;

	if (!strcmp(name, "disk")) {
		bool inside = hypot(x - sim_disk.x, z - sim_disk.z) <
			      sim_disk.radius;

		*vx = inside ? sim_disk.omega * (z - sim_disk.z) : 0;
		*vz = inside ? -sim_disk.omega * (x - sim_disk.x) : 0;
		return;
	}
	v = sim_vessel_speed(x, z);
	*vx = v * cos(sim_vessel.angle);
	*vz = -v * sin(sim_vessel.angle);
}

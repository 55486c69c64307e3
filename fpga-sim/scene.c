// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "abdomen.h"
#include "flow.h"
#include "heart.h"
#include "qa.h"
#include "random.h"
#include "scene.h"

#define MM 1e-3
#define SPECKLE_PER_M2 20e6
#define SPECKLE_RMS 0.08

/* Closer together than any wave is long. */
#define LENS_POINTS 300
#define LENS_STEP (0.2 * MM)
#define LENS_Z (3 * MM)
#define LENS_AMPLITUDE 0.1

const struct sim_scatterer sim_points[SIM_POINTS] = {
	{ 0, 10 * MM, 1 },	  { 0, 20 * MM, 1 },
	{ 0, 30 * MM, 1 },	  { 0, 40 * MM, 1 },
	{ 0, 60 * MM, 1 },	  { 0, 80 * MM, 1 },
	{ -10 * MM, 20 * MM, 1 }, { -5 * MM, 20 * MM, 1 },
	{ 5 * MM, 20 * MM, 1 },	  { 10 * MM, 20 * MM, 1 },
	{ -10 * MM, 40 * MM, 1 }, { -5 * MM, 40 * MM, 1 },
	{ 5 * MM, 40 * MM, 1 },	  { 10 * MM, 40 * MM, 1 },
};

const struct sim_rectangle sim_speckle = { -12 * MM, 14 * MM, 12 * MM,
					   42 * MM };

const struct sim_cyst sim_cysts[SIM_CYSTS] = {
	{ -5 * MM, 21 * MM, 3.5 * MM, 0 },
	{ 5 * MM, 21 * MM, 3.5 * MM, 0.25 },
	{ 5 * MM, 35 * MM, 3.5 * MM, 0 },
	{ -5 * MM, 35 * MM, 3.5 * MM, 2 },
};

int sim_scene_add(struct sim_scene *scene, double x, double z, double amplitude)
{
	if (scene->count == scene->room) {
		size_t room = scene->room ? 2 * scene->room : 256;
		struct sim_scatterer *more =
			realloc(scene->scatterer, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		scene->scatterer = more;
		scene->room = room;
	}
	scene->scatterer[scene->count++] =
		(struct sim_scatterer){ x, z, amplitude };
	return 0;
}

/* --- scenes that stand still ---------------------------------------------------- */

static int fill_points(struct sim_scene *scene,
		       const struct sim_scene_params *params)
{
	int err = 0;

	(void)params;
	for (size_t i = 0; i < SIM_POINTS && !err; i++)
		err = sim_scene_add(scene, sim_points[i].x, sim_points[i].z,
				    sim_points[i].amplitude);
	return err;
}

static double contrast_at(double x, double z)
{
	for (size_t i = 0; i < SIM_CYSTS; i++) {
		double dx = x - sim_cysts[i].x, dz = z - sim_cysts[i].z;
		double r = sim_cysts[i].radius;

		if (dx * dx + dz * dz < r * r)
			return sim_cysts[i].contrast;
	}
	return 1;
}

static int fill_speckle(struct sim_scene *scene, uint64_t seed, bool cysts)
{
	double width = sim_speckle.x1 - sim_speckle.x0;
	double height = sim_speckle.z1 - sim_speckle.z0;
	size_t all = (size_t)(SPECKLE_PER_M2 * width * height);
	struct sim_random r;
	int err = 0;

	sim_random_seed(&r, seed);
	for (size_t i = 0; i < all && !err; i++) {
		double x = sim_speckle.x0 + width * sim_random_even(&r);
		double z = sim_speckle.z0 + height * sim_random_even(&r);
		double a = SPECKLE_RMS * sim_random_normal(&r);

		a *= cysts ? contrast_at(x, z) : 1;
		if (a != 0)
			err = sim_scene_add(scene, x, z, a);
	}
	return err;
}

static int fill_cysts(struct sim_scene *scene,
		      const struct sim_scene_params *params)
{
	return fill_speckle(scene, params->seed, true);
}

static int fill_homogeneous(struct sim_scene *scene,
			    const struct sim_scene_params *params)
{
	return fill_speckle(scene, params->seed, false);
}

static int fill_lens(struct sim_scene *scene,
		     const struct sim_scene_params *params)
{
	int err = 0;

	(void)params;
	for (int i = -LENS_POINTS / 2; i <= LENS_POINTS / 2 && !err; i++)
		err = sim_scene_add(scene, i * LENS_STEP, LENS_Z,
				    LENS_AMPLITUDE);
	return err;
}

static int fill_nothing(struct sim_scene *scene,
			const struct sim_scene_params *params)
{
	(void)scene, (void)params;
	return 0;
}

/* --- any scene -------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	const char *probe;
	int (*fill)(struct sim_scene *scene,
		    const struct sim_scene_params *params);
} kinds[] = {
	{ "points", "linear", fill_points },
	{ "cyst", "linear", fill_cysts },
	{ "speckle", "linear", fill_homogeneous },
	{ "vessel", "linear", sim_vessel_fill },
	{ "disk", "linear", sim_disk_fill },
	{ "heart", "phased", sim_heart_fill },
	{ "abdomen", "convex", sim_abdomen_fill },
	{ "phantom", "linear", sim_qa_fill },
	{ "air", "linear", fill_lens },
	{ "noise", "linear", fill_nothing },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const char *sim_scene_probe(const char *name)
{
	const struct kind *kind = find_kind(name);

	return kind ? kind->probe : NULL;
}

int sim_scene_create(struct sim_scene **scene, const char *name,
		     const struct sim_scene_params *params)
{
	const struct kind *kind = find_kind(name);
	struct sim_scene *s;
	int err;

	if (!kind)
		return -ENOENT;
	if (!(params->heart_rate >= SIM_HEART_RATE_MIN &&
	      params->heart_rate <= SIM_HEART_RATE_MAX))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->name = kind->name;
	s->probe = kind->probe;
	err = kind->fill(s, params);
	if (err) {
		sim_scene_destroy(s);
		return err;
	}
	if (!s->period)
		s->still = s->count;
	sim_scene_place(s, 0);
	*scene = s;
	return 0;
}

void sim_scene_place(struct sim_scene *scene, double t)
{
	if (scene->period)
		scene->place(scene, fmod(t, scene->period));
}

void sim_scene_destroy(struct sim_scene *scene)
{
	if (!scene)
		return;
	free(scene->scatterer);
	free(scene->own);
	free(scene);
}

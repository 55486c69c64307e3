// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "scene.h"

#define MM 1e-3
#define SPECKLE_PER_M2 20e6
#define SPECKLE_RMS 0.08

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

static int copy_points(struct sim_scatterer **scatterer, size_t *count)
{
	*scatterer = malloc(sizeof(sim_points));
	if (!*scatterer)
		return -ENOMEM;
	memcpy(*scatterer, sim_points, sizeof(sim_points));
	*count = SIM_POINTS;
	return 0;
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

static int scatter_cysts(uint64_t seed, struct sim_scatterer **scatterer,
			 size_t *count)
{
	double width = sim_speckle.x1 - sim_speckle.x0;
	double height = sim_speckle.z1 - sim_speckle.z0;
	size_t all = (size_t)(SPECKLE_PER_M2 * width * height);
	struct sim_scatterer *to = malloc(all * sizeof(*to));
	struct sim_random r;

	if (!to)
		return -ENOMEM;
	*scatterer = to;
	sim_random_seed(&r, seed);
	for (size_t i = 0; i < all; i++) {
		double x = sim_speckle.x0 + width * sim_random_even(&r);
		double z = sim_speckle.z0 + height * sim_random_even(&r);
		double a = SPECKLE_RMS * sim_random_normal(&r);

		a *= contrast_at(x, z);
		if (a != 0)
			*to++ = (struct sim_scatterer){ x, z, a };
	}
	*count = (size_t)(to - *scatterer);
	return 0;
}

int sim_scene_make(const char *name, uint64_t seed,
		   struct sim_scatterer **scatterer, size_t *count)
{
	*scatterer = NULL;
	*count = 0;
	if (!strcmp(name, "points"))
		return copy_points(scatterer, count);
	if (!strcmp(name, "cyst"))
		return scatter_cysts(seed, scatterer, count);
	return strcmp(name, "noise") ? -ENOENT : 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "flow.h"
#include "qa.h"
#include "random.h"

#define MM 1e-3
/* Of the vessel's tissue: together they look alike. */
#define SPECKLE_PER_M2 40e6
#define SPECKLE_RMS 0.01
#define SEED 0x7161ull

const struct sim_scatterer sim_qa_wires[SIM_QA_WIRES] = {
	{ -17 * MM, 12 * MM, 0.3 },   { -17 * MM, 22 * MM, 0.3 },
	{ -17 * MM, 32 * MM, 0.3 },   { -12 * MM, 50.5 * MM, 0.3 },
	{ -4 * MM, 50.5 * MM, 0.3 },  { 4 * MM, 50.5 * MM, 0.3 },
	{ 12 * MM, 50.5 * MM, 0.3 },
};

/* So near that a part of one is as bright as a deep one. */
const struct sim_scatterer sim_qa_shallow[SIM_QA_SHALLOW] = {
	{ 2 * MM, 4 * MM, 0.1 },
	{ 6 * MM, 5 * MM, 0.1 },
	{ 10 * MM, 6 * MM, 0.1 },
	{ 14 * MM, 7 * MM, 0.1 },
};

const struct sim_rectangle sim_qa_speckle = { -15 * MM, 32 * MM, 15 * MM,
					      47.5 * MM };

const struct sim_cyst sim_qa_cysts[SIM_QA_CYSTS] = {
	{ -8 * MM, 42 * MM, 3.5 * MM, 0 },
	{ 8 * MM, 42 * MM, 3.5 * MM, 3 },
};

static double contrast_at(double x, double z)
{
	for (int i = 0; i < SIM_QA_CYSTS; i++) {
		const struct sim_cyst *c = &sim_qa_cysts[i];
		double dx = x - c->x, dz = z - c->z;

		if (dx * dx + dz * dz < c->radius * c->radius)
			return c->contrast;
	}
	return 1;
}

static int fill_speckle(struct sim_scene *scene, uint64_t seed)
{
	const struct sim_rectangle *s = &sim_qa_speckle;
	double width = s->x1 - s->x0, height = s->z1 - s->z0;
	size_t all = (size_t)(SPECKLE_PER_M2 * width * height);
	struct sim_random r;
	int err = 0;

	sim_random_seed(&r, seed ^ SEED << 32);
	for (size_t i = 0; i < all && !err; i++) {
		double x = s->x0 + width * sim_random_even(&r);
		double z = s->z0 + height * sim_random_even(&r);
		double a = SPECKLE_RMS * sim_random_normal(&r) *
			   contrast_at(x, z);

		if (a != 0)
			err = sim_scene_add(scene, x, z, a);
	}
	return err;
}

static int add_wires(struct sim_scene *scene, const struct sim_scatterer *wire,
		     int n)
{
	int err = 0;

	for (int i = 0; i < n && !err; i++)
		err = sim_scene_add(scene, wire[i].x, wire[i].z,
				    wire[i].amplitude);
	return err;
}

/* What stands still comes first; the vessel's blood is what moves. */
int sim_qa_fill(struct sim_scene *scene, const struct sim_scene_params *params)
{
	int err = fill_speckle(scene, params->seed);

	if (!err)
		err = add_wires(scene, sim_qa_wires, SIM_QA_WIRES);
	if (!err)
		err = add_wires(scene, sim_qa_shallow, SIM_QA_SHALLOW);
	return err ? err : sim_vessel_fill(scene, params);
}

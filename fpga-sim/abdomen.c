// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <math.h>

#include "abdomen.h"
#include "random.h"

#define MM 1e-3
#define SCATTERERS 36000
#define RMS 0.25 /* at RMS_RANGE */
#define RMS_RANGE (130 * MM)
#define WIRE 12.0

const struct sim_cyst sim_abdomen_cysts[SIM_ABDOMEN_CYSTS] = {
	{ 14 * MM, 40 * MM, 6 * MM, 0 },
	{ -22 * MM, 62 * MM, 13 * MM, 0 },
	{ 23 * MM, 72 * MM, 9 * MM, 0.25 },
	{ 30 * MM, 103 * MM, 9 * MM, 0 },
	{ -32 * MM, 103 * MM, 9 * MM, 2.5 },
};

/* One below the other, and side by side 180 mm from the apex. */
const struct sim_scatterer sim_abdomen_wires[SIM_ABDOMEN_WIRES] = {
	{ 0, 20 * MM, WIRE },
	{ 0, 40 * MM, WIRE },
	{ 0, 60 * MM, WIRE },
	{ 0, 80 * MM, WIRE },
	{ 0, 100 * MM, WIRE },
	{ 0, 120 * MM, WIRE },
	{ 0, 140 * MM, WIRE },
	{ -61.56 * MM, 109.14 * MM, WIRE },
	{ -31.26 * MM, 117.27 * MM, WIRE },
	{ 31.26 * MM, 117.27 * MM, WIRE },
	{ 61.56 * MM, 109.14 * MM, WIRE },
};

static double contrast_at(double x, double z)
{
	for (int i = 0; i < SIM_ABDOMEN_CYSTS; i++) {
		const struct sim_cyst *c = &sim_abdomen_cysts[i];

		if (hypot(x - c->x, z - c->z) < c->radius)
			return c->contrast;
	}
	return 1;
}

int sim_abdomen_fill(struct sim_scene *scene,
		     const struct sim_scene_params *params)
{
	struct sim_random r;
	int err = 0;

	sim_random_seed(&r, params->seed);
	for (int i = 0; i < SCATTERERS && !err; i++) {
		double angle = SIM_ABDOMEN_ANGLE *
			       (2 * sim_random_even(&r) - 1);
		double range = SIM_ABDOMEN_NEAR +
			       (SIM_ABDOMEN_FAR - SIM_ABDOMEN_NEAR) *
				       sim_random_even(&r);
		double x = range * sin(angle);
		double z = SIM_ABDOMEN_APEX_Z + range * cos(angle);
		double a = RMS * sqrt(range / RMS_RANGE) * contrast_at(x, z) *
			   sim_random_normal(&r);

		if (a != 0)
			err = sim_scene_add(scene, x, z, a);
	}
	for (int i = 0; i < SIM_ABDOMEN_WIRES && !err; i++)
		err = sim_scene_add(scene, sim_abdomen_wires[i].x,
				    sim_abdomen_wires[i].z,
				    sim_abdomen_wires[i].amplitude);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tissue for a convex probe, as deep as 14 cm: speckle in the sector of
 * @sim_abdomen, circles of other contrast in it, and wires. Nothing moves.
 *
 * Scatterers lie evenly over angle and range, so that a beam, which widens
 * with depth, has as many of them in its cell everywhere, about 4. There are
 * fewer per area the deeper they are, and they reflect the more.
 */
#ifndef SIM_ABDOMEN_H
#define SIM_ABDOMEN_H

#include "scene.h"

#define SIM_ABDOMEN_CYSTS 5
#define SIM_ABDOMEN_WIRES 11

/* Half the sector's angle [rad]; its apex, and from there its ends [m]. */
#define SIM_ABDOMEN_ANGLE 0.5
#define SIM_ABDOMEN_APEX_Z -60e-3
#define SIM_ABDOMEN_NEAR 64e-3
#define SIM_ABDOMEN_FAR 206e-3

extern const struct sim_cyst sim_abdomen_cysts[SIM_ABDOMEN_CYSTS];
extern const struct sim_scatterer sim_abdomen_wires[SIM_ABDOMEN_WIRES];

/* A scene of scene.c's table. */
int sim_abdomen_fill(struct sim_scene *scene,
		     const struct sim_scene_params *params);

#endif /* SIM_ABDOMEN_H */

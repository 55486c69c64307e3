/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Scenes whose truth is known. Nothing moves and nothing attenuates; the
 * speed of sound is 1540 m/s everywhere.
 *
 * points: the wires of sim_points, each of reflectivity 1.
 * cyst: speckle in the rectangle of sim_speckle, 20 scatterers per mm^2 at
 *       random places, with normally distributed reflectivity of 0.08 rms;
 *       inside the circles of sim_cysts their reflectivity is multiplied by
 *       the circle's contrast.
 * noise: nothing at all.
 */
#ifndef SIM_SCENE_H
#define SIM_SCENE_H

#include <stddef.h>
#include <stdint.h>

#define SIM_SOUND_SPEED 1540.0

/** struct sim_scatterer - a place [m] and how much it reflects */
struct sim_scatterer {
	double x, z;
	double amplitude;
};

/** struct sim_cyst - a circle [m]; contrast 0 is anechoic, 1 is nothing */
struct sim_cyst {
	double x, z;
	double radius;
	double contrast;
};

/** struct sim_rectangle - from one corner to the other [m] */
struct sim_rectangle {
	double x0, z0;
	double x1, z1;
};

#define SIM_POINTS 14
#define SIM_CYSTS 4

extern const struct sim_scatterer sim_points[SIM_POINTS];
extern const struct sim_cyst sim_cysts[SIM_CYSTS];
extern const struct sim_rectangle sim_speckle;

/**
 * sim_scene_make() - the scatterers of a scene
 * @name: of the scene
 * @seed: of what is random in it
 * @scatterer: new array, to be freed; may be NULL for none
 * @count: its length
 *
 * Return: 0, -ENOENT for an unknown scene, -ENOMEM.
 */
int sim_scene_make(const char *name, uint64_t seed,
		   struct sim_scatterer **scatterer, size_t *count);

#endif /* SIM_SCENE_H */

/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Scenes whose truth is known. Nothing attenuates; the speed of sound is
 * 1540 m/s everywhere. Positive velocity is towards the probe.
 *
 * points: the wires of sim_points, each of reflectivity 1.
 * cyst: speckle in the rectangle of sim_speckle, 20 scatterers per mm^2 at
 *       random places, with normally distributed reflectivity of 0.08 rms;
 *       inside the circles of sim_cysts their reflectivity is multiplied by
 *       the circle's contrast.
 * speckle: the same without circles.
 * vessel: steady parabolic flow through speckle (flow.h).
 * disk: a disk of speckle that turns (flow.h).
 * heart: a beating heart with an ECG (heart.h), seen by a phased probe.
 * abdomen: cysts and wires in speckle (abdomen.h), for a convex probe.
 * phantom: what image quality is measured with (qa.h).
 * air: what a probe hears that nothing touches: the front of its lens, a plane
 *      3 mm away, as wide as any probe.
 * noise: nothing at all.
 *
 * A scene that moves is periodic: after its period it is the same again, to
 * the last scatterer. Its scatterers are where they are when an event is
 * triggered and stay there while its pulses travel.
 */
#ifndef SIM_SCENE_H
#define SIM_SCENE_H

#include <stdbool.h>
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

#define SIM_HEART_RATE_MIN 30
#define SIM_HEART_RATE_MAX 240

/**
 * struct sim_scene_params - what can be chosen in a scene
 * @seed: of all that is random
 * @heart_rate: [1/min], SIM_HEART_RATE_MIN to SIM_HEART_RATE_MAX
 */
struct sim_scene_params {
	uint64_t seed;
	double heart_rate;
};

/**
 * struct sim_scene - a scene and where its scatterers are
 * @name: its name
 * @probe: that it is made for
 * @period: after which all is the same [s]; 0 if nothing moves
 * @ecg: once in a period there is an R wave, at time 0
 * @scatterer: the scatterers
 * @still: so many of the first never move
 * @count: of them all
 * @room: for so many
 * @place: puts those that move where they are at time t [s], 0 <= t < period
 * @own: the scene's own, freed with it
 */
struct sim_scene {
	const char *name;
	const char *probe;
	double period;
	bool ecg;
	struct sim_scatterer *scatterer;
	size_t still;
	size_t count;
	size_t room;
	void (*place)(struct sim_scene *scene, double t);
	void *own;
};

/**
 * sim_scene_probe() - the probe that a scene is made for
 *
 * Return: its name, or NULL for an unknown scene.
 */
const char *sim_scene_probe(const char *name);

/**
 * sim_scene_create() - make a scene, as it is at time 0
 * @scene: the new scene
 * @name: of it
 * @params: its parameters
 *
 * Return: 0, -ENOENT for an unknown scene, -EINVAL for a parameter out of its
 * range, -ENOMEM.
 */
int sim_scene_create(struct sim_scene **scene, const char *name,
		     const struct sim_scene_params *params);

/** sim_scene_place() - move what moves to where it is at time @t [s] >= 0 */
void sim_scene_place(struct sim_scene *scene, double t);

/** sim_scene_destroy() - NULL is fine */
void sim_scene_destroy(struct sim_scene *scene);

/* For the scenes themselves: one more scatterer, or -ENOMEM. */
int sim_scene_add(struct sim_scene *scene, double x, double z,
		  double amplitude);

#endif /* SIM_SCENE_H */

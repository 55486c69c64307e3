/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A front-end that sees a scene through a probe.
 *
 * Echoes of a scene that stands still are computed while the table is loaded;
 * frames that differ in their noise are kept ready, as many as
 * SIM_PHANTOM_STILL_BYTES hold, and looped. Echoes of a scene that moves are
 * computed when an event is first seen at a place in the loop of cycle.h, and
 * kept with their noise; what does not fit into @cache_bytes is computed each
 * time anew, with the same result. What stands still in a scene that moves
 * is computed once.
 *
 * Full scale is 4 times the amplitude that echo.h calls 1. The noise is that
 * of an amplifier before the TGC, @noise LSB at 0 dB.
 */
#ifndef SIM_PHANTOM_H
#define SIM_PHANTOM_H

#include "frontend.h"
#include "probe.h"
#include "scene.h"

#define SIM_PHANTOM_STILL_BYTES (64u << 20)

/**
 * struct sim_phantom_config - how the scene is seen
 * @probe: with what
 * @scene: what can be chosen in it; its seed is that of the noise as well
 * @nonlinearity: of the medium, see echo.h; 0: linear
 * @noise: rms [LSB] at 0 dB
 * @cache_bytes: memory for the frames of one table
 * @ahead: compute the whole loop while the table is loaded
 */
struct sim_phantom_config {
	struct sim_probe probe;
	struct sim_scene_params scene;
	double nonlinearity;
	double noise;
	size_t cache_bytes;
	bool ahead;
};

/** sim_phantom_config_init() - linear probe, seed 1, 0.5 LSB, 512 MiB */
void sim_phantom_config_init(struct sim_phantom_config *config);

/**
 * sim_phantom_create() - the front-end for a scene
 * @fe: the new front-end
 * @scene: name of a scene of scene.h
 * @config: copied
 *
 * Return: 0, -ENOENT for an unknown scene, -EINVAL for a parameter of it out
 * of range, -ENOMEM.
 */
int sim_phantom_create(struct sim_frontend **fe, const char *scene,
		       const struct sim_phantom_config *config);

/**
 * sim_phantom_periods() - how the scene's time runs with the latest table
 * @fe: a front-end made by sim_phantom_create()
 *
 * Return: periods of the scene in a second, as stretched for the table that
 * was begun last; 0 if nothing moves.
 */
double sim_phantom_periods(struct sim_frontend *fe);

#endif /* SIM_PHANTOM_H */

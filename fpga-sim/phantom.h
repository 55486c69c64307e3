/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A front-end that sees a scene through a probe. The echoes of every event
 * are computed once, while the table is loaded; frames that differ in their
 * noise are kept ready, as many as @cache_bytes hold, and looped.
 *
 * Full scale is 4 times the amplitude that echo.h calls 1. The noise is that
 * of an amplifier before the TGC, @noise LSB at 0 dB.
 */
#ifndef SIM_PHANTOM_H
#define SIM_PHANTOM_H

#include "frontend.h"
#include "probe.h"

/**
 * struct sim_phantom_config - how the scene is seen
 * @probe: with what
 * @seed: of speckle and noise
 * @noise: rms [LSB] at 0 dB
 * @cache_bytes: memory for frames of one table
 */
struct sim_phantom_config {
	struct sim_probe probe;
	uint64_t seed;
	double noise;
	size_t cache_bytes;
};

/** sim_phantom_config_init() - linear probe, seed 1, 0.5 LSB, 64 MiB */
void sim_phantom_config_init(struct sim_phantom_config *config);

/**
 * sim_phantom_create() - the front-end for a scene
 * @fe: the new front-end
 * @scene: name of a scene of scene.h
 * @config: copied
 *
 * Return: 0, -ENOENT for an unknown scene, -ENOMEM.
 */
int sim_phantom_create(struct sim_frontend **fe, const char *scene,
		       const struct sim_phantom_config *config);

#endif /* SIM_PHANTOM_H */

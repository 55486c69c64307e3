/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Two scenes of known velocity, for a linear probe.
 *
 * vessel: a straight vessel through the centre of @sim_vessel, rising to the
 * right by its angle. Blood flows up along it, so towards the probe, and at
 * the distance r from its axis with the speed vmax * (1 - r^2 / radius^2). It
 * never changes. Tissue around it stands still. Blood scatters 20 dB less
 * than tissue. What flows is a pattern that repeats along each streamline, so
 * that after a period each scatterer has taken the place of another.
 *
 * disk: speckle in the circle of @sim_disk that turns about its centre. At
 * (x, z) it moves to the right with omega * (z - disk.z), and towards the
 * probe with omega * (x - disk.x). Nothing is around it.
 */
#ifndef SIM_FLOW_H
#define SIM_FLOW_H

#include "scene.h"

/**
 * struct sim_vessel - a vessel and its flow
 * @x: of a point of its axis [m]
 * @z: of that point [m]
 * @radius: [m]
 * @angle: from the x axis, rising towards the probe on the right [rad]
 * @vmax: speed on the axis [m/s]
 * @tissue: the rectangle around it
 */
struct sim_vessel {
	double x, z;
	double radius;
	double angle;
	double vmax;
	struct sim_rectangle tissue;
};

/**
 * struct sim_disk - a disk that turns
 * @x: of its centre [m]
 * @z: of its centre [m]
 * @radius: [m]
 * @omega: [rad/s]
 */
struct sim_disk {
	double x, z;
	double radius;
	double omega;
};

extern const struct sim_vessel sim_vessel;
extern const struct sim_disk sim_disk;

/** sim_vessel_speed() - along the axis at a place [m/s], 0 outside */
double sim_vessel_speed(double x, double z);

/**
 * sim_flow_velocity() - velocity of a scene at a place
 * @name: "vessel" or "disk"
 * @x: [m]
 * @z: [m]
 * @vx: to the right [m/s]
 * @vz: away from the probe [m/s]: minus the velocity as it is shown
 */
void sim_flow_velocity(const char *name, double x, double z, double *vx,
		       double *vz);

/* Scenes of scene.c's table. */
int sim_vessel_fill(struct sim_scene *scene,
		    const struct sim_scene_params *params);
int sim_disk_fill(struct sim_scene *scene,
		  const struct sim_scene_params *params);

#endif /* SIM_FLOW_H */

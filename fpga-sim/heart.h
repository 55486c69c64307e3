/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A beating heart in the apical four-chamber view, for a phased probe: left
 * chambers on the right, apex above, 3.3 to 13.3 cm deep. Its truth:
 *
 * Time is told as the phase of the cycle, from 0 to 1; 0 is the R wave of the
 * ECG and the end of diastole. The cycle is 60 s / heart rate long.
 *
 * Walls: every point of the walls moves on a straight line, from where it is
 * at phase 0 by contraction(phase) times its excursion. sim_heart_wall() has
 * both. Ventricles have the cavity of half an ellipse; the inner face moves
 * inwards by 6 mm (left) and 4 mm (right), the outer face by 1 mm, so the wall
 * thickens. The ring of each valve moves by 12 and 14 mm straight towards the
 * probe, the apex does not follow, what is in between follows in proportion;
 * of the atria, the ring is one end and the roof, which stays, the other.
 * In each ring are two bright knots, sim_heart_knot().
 *
 * Valves: leaflets turn about the ring, open in early filling and with the
 * contraction of the atria.
 *
 * Inflow: through the mitral valve blood streams along the line from the
 * centre of the valve to the probe: straight towards the probe, by E and A
 * wave, with sim_heart_inflow() on that line and 1 - (r / radius)^4 of it
 * beside. It is seen from the ring up to SIM_HEART_JET_END from the ring's
 * place at phase 0, fading in over 5 mm and out over the last 8. Other blood
 * follows the walls. Blood scatters 20 dB less than the walls per area.
 */
#ifndef SIM_HEART_H
#define SIM_HEART_H

#include "scene.h"

#define SIM_HEART_RATE 75.0

/* The left ventricle's valve: the centre of its ring at phase 0 [m]. */
#define SIM_HEART_MITRAL_X 26e-3
#define SIM_HEART_MITRAL_Z 95e-3

/* Peaks of the inflow [m/s], and the phases at which it begins and ends. */
#define SIM_HEART_E_PEAK 0.60
#define SIM_HEART_E_BEGIN 0.46
#define SIM_HEART_E_END 0.66
#define SIM_HEART_A_PEAK 0.40
#define SIM_HEART_A_BEGIN 0.84
#define SIM_HEART_A_END 0.97

#define SIM_HEART_JET_RADIUS 10e-3
#define SIM_HEART_JET_END 44e-3

/* Excursion of the rings, towards the probe [m]. */
#define SIM_HEART_MITRAL_EXCURSION 12e-3
#define SIM_HEART_TRICUSPID_EXCURSION 14e-3

#define SIM_HEART_ECG_RATE 500

enum sim_chamber {
	SIM_LEFT_VENTRICLE,
	SIM_RIGHT_VENTRICLE,
	SIM_LEFT_ATRIUM,
	SIM_RIGHT_ATRIUM,
	SIM_CHAMBERS
};

/** struct sim_heart_point - a point of the heart: place + contraction * by */
struct sim_heart_point {
	double x, z; /* at phase 0 [m] */
	double by_x, by_z; /* excursion [m] */
};

/** sim_heart_contraction() - 0 at the end of diastole, 1 of systole */
double sim_heart_contraction(double phase);

/** sim_heart_opening() - of the valves, 0 closed, 1 open */
double sim_heart_opening(double phase);

/** sim_heart_inflow() - on the line from the valve to the probe [m/s] */
double sim_heart_inflow(double phase);

/**
 * sim_heart_inflow_way() - how far the inflow has come since phase 0 [m]
 * @phase: 0 to 1
 * @period: of the cycle [s]
 */
double sim_heart_inflow_way(double phase, double period);

/**
 * sim_heart_wall() - a point of a wall
 * @chamber: whose
 * @angle: 0 right end of the ring, pi/2 apex or roof, pi left end [rad]
 * @depth: 0 inner face, 1 outer face
 */
struct sim_heart_point sim_heart_wall(enum sim_chamber chamber, double angle,
				      double depth);

/** sim_heart_knot() - of a ventricle's ring, the left or the right one */
struct sim_heart_point sim_heart_knot(enum sim_chamber chamber, bool right);

/** sim_heart_ecg() - [uV] at a phase */
double sim_heart_ecg(double phase);

/* A scene of scene.c's table. */
int sim_heart_fill(struct sim_scene *scene,
		   const struct sim_scene_params *params);

#endif /* SIM_HEART_H */

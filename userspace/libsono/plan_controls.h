/* SPDX-License-Identifier: MIT */
/*
 * What a person turns while a plan runs: depth, gain, power, focus, the box,
 * the sample volume. A control stands for several settings of the plan that
 * go together; Documentation/plan.rst, "Controls", says which.
 */
#ifndef SONO_PLAN_CONTROLS_H
#define SONO_PLAN_CONTROLS_H

#include <stddef.h>

struct plan_text;

/**
 * struct sono_controls - controls of a plan
 * @depth: of the picture, from the probe [m]
 * @gain: the picture is so much brighter than the plan says, -60 to 60 [dB]
 * @power: of the transmit voltage against the plan's, -60 to 0 [dB]
 * @focus: of focused waves of B, along the beam [m]
 * @box: of colour: left, right [rad], or [m] of a linear grid; near, far, along
 *       the line from the apex [m]
 * @volume: of pulsed-wave Doppler: its line's angle [rad], or place of a linear
 *          probe [m]; depth along the line, length of the gate [m]
 *
 * NAN: as the plan says, or, of what is in force, the plan has no such thing.
 * Of a box, or a volume, all or none.
 */
struct sono_controls {
	double depth;
	double gain;
	double power;
	double focus;
	double box[4];
	double volume[3];
};

/** sono_controls_init() - as the plan says, all of them */
void sono_controls_init(struct sono_controls *controls);

/**
 * plan_controls_apply() - turn a plan's settings
 * @text: a plan that has been read
 * @controls: what to turn
 * @path: of the plan's file
 * @why: on -EINVAL "FILE: control: reason"
 * @why_bytes: its size
 *
 * Return: 0, or -EINVAL for a value out of its range or of something that the
 * plan does not have. What the settings mean together is the compiler's to
 * judge.
 */
int plan_controls_apply(struct plan_text *text,
			const struct sono_controls *controls, const char *path,
			char *why, size_t why_bytes);

/**
 * plan_controls_read() - what is in force
 * @controls: written; gain and power are those of @turned
 * @text: after plan_controls_apply()
 * @turned: what was asked for
 */
void plan_controls_read(struct sono_controls *controls,
			const struct plan_text *text,
			const struct sono_controls *turned);

#endif /* SONO_PLAN_CONTROLS_H */

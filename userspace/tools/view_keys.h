/* SPDX-License-Identifier: MIT */
/* What keys do: freeze and scan, turn controls, step, play, measure, quit. */
#ifndef SONO_VIEW_KEYS_H
#define SONO_VIEW_KEYS_H

#include <stdbool.h>

#include "plan_controls.h"

struct view;

/**
 * view_keys() - do what was asked for by keys that have been pressed
 * @v: with a screen
 *
 * While it is live, what ends that is only noted, and run_live() asked to leave.
 *
 * Return: something is to be drawn anew.
 */
bool view_keys(struct view *v);

/**
 * view_start() - transmit again, with nothing kept of before
 * @v: a run that is stopped
 *
 * What goes wrong is a fault, told below the picture.
 */
void view_start(struct view *v);

/** view_stop() - transmit no more; what was not looked at yet is given back */
void view_stop(struct view *v);

/**
 * view_interact() - until somebody has enough
 * @v: a run that has been started, with a keyboard; live, or frozen and stopped
 *
 * Return: TOOL_*, after one message where it is not TOOL_OK.
 */
int view_interact(struct view *v);

/* view_turn.c: */

/**
 * view_turn() - the same plan with other controls
 * @v: a run that is live
 * @controls: to turn
 *
 * What is refused changes nothing and is told in the line below the picture.
 */
void view_turn(struct view *v, const struct sono_controls *controls);

/**
 * view_step_preset() - the next plan of the same folder that the source can do
 * @v: a run that is live
 * @step: 1, or -1: the one before
 */
void view_step_preset(struct view *v, int step);

#endif /* SONO_VIEW_KEYS_H */

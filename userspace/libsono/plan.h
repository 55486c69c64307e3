/* SPDX-License-Identifier: MIT */
/*
 * Scan plans: a text file that says probe, sequence, reception, processing
 * and display, made into what a board and the pipeline take.
 * Documentation/plan.rst describes the file.
 */
#ifndef SONO_PLAN_H
#define SONO_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sono.h>

#include "dsp/pipeline.h"
#include "plan_controls.h"
#include "scan.h"
#include "sequence.h"

/**
 * struct sono_plan_density - samples of a grid's lines
 * @samples: that the plan asks for
 * @finer: times as many are beamformed, because kernels want them near each other; 1:
 *         not more
 * @enough: with so many samples @finer would be 1
 * @slow: those are still too far apart for any but the C form
 */
struct sono_plan_density {
	uint32_t samples;
	uint32_t finer;
	uint32_t enough;
	bool slow;
};

/**
 * struct sono_plan_rates - what a plan comes to
 * @prf: transmit events of B, or of a frame that is one ensemble, per second
 *       while they last [Hz]
 * @colour_prf: the same of colour's part, 0: it has none [Hz]
 * @m_rate: M lines per second, without a break, 0: no events of their own [Hz]
 * @frame_rate: frames per second; with a trigger at most [Hz]
 * @m_nyquist: velocity at which colour M-mode aliases, 0: there is none [m/s]
 * @pw_prf: lines of pulsed-wave Doppler per second while they last, 0: none [Hz]
 * @pw_least: of the velocities that its strip shows [m/s]
 * @pw_largest: the same
 * @pw_pause: from its last line of a frame to the next frame's first, where
 *            that is longer than between lines; 0: there is no pause [s]
 * @nyquist: velocity at which colour aliases, 0: no colour [m/s]
 * @compound: velocity along the beam at which the sum of a shot's waves loses 3
 *            dB, 0: nothing is compounded [m/s]
 * @bytes_per_second: payload over the link, mean
 * @b: how dense B's grid is
 * @colour: how dense the box is; a box that is B's grid: all 0
 */
struct sono_plan_rates {
	double prf;
	double colour_prf;
	double m_rate;
	double m_nyquist;
	double pw_prf;
	double pw_least;
	double pw_largest;
	double pw_pause;
	double frame_rate;
	double nyquist;
	double compound;
	double bytes_per_second;
	struct sono_plan_density b;
	struct sono_plan_density colour;
};

/* Groups of a plan, as far as the pipeline depends on them. */
enum sono_plan_group {
	SONO_PLAN_SEQUENCE,
	SONO_PLAN_RECEIVE,
	SONO_PLAN_PROCESSING,
	SONO_PLAN_GRID,
	SONO_PLAN_DEMODULATION,
	SONO_PLAN_DOPPLER,
	SONO_PLAN_M,
	SONO_PLAN_PW,
	SONO_PLAN_DISPLAY,
	SONO_PLAN_GROUPS
};

/**
 * struct sono_plan - a plan, compiled for one board
 * @scan: what its frames mean, with times, delays and gains as the board has
 *        them
 * @waveform: how each event transmits, [scan->events]
 * @table: for the board
 * @params: for pipeline_create(); its array belongs to the plan
 * @rates: what it comes to
 * @controls: in force
 * @angles: lines of M and of PW are said by their angle, not by their place: of
 *          every probe but a linear one
 * @path: its file
 * @line: of the groups that sono_plan_blame() names
 * @amplitude: of the elements, 0 to 1, [scan->events][scan->elements]
 */
struct sono_plan {
	struct sono_scan *scan;
	struct sono_waveform *waveform;
	struct sono_table table;
	struct pipeline_params params;
	struct sono_plan_rates rates;
	struct sono_controls controls;
	bool angles;
	char *path;
	unsigned int line[SONO_PLAN_GROUPS];
	double *amplitude;
};

/**
 * sono_plan_open() - read a plan and compile it
 * @plan: written; end with sono_plan_close()
 * @path: of the file
 * @info: limits and clocks of the board it shall run on
 * @why: on an error "FILE:LINE: key: reason"; may be NULL
 * @why_bytes: its size
 *
 * Return: 0, -EINVAL for a plan that is wrong in itself or that physics or
 * the board forbid, -ENOMEM, or the errno of reading the file.
 */
int sono_plan_open(struct sono_plan **plan, const char *path,
		   const struct sono_info *info, char *why, size_t why_bytes);

/**
 * sono_plan_turn() - read a plan, turn its controls, and compile it
 * @plan: written; end with sono_plan_close()
 * @path: of the file
 * @controls: to turn
 * @info: limits and clocks of the board it shall run on
 * @why: on an error "FILE:LINE: key: reason", or "FILE: control: reason"; may
 *       be NULL
 * @why_bytes: its size
 *
 * Return: as sono_plan_open(); also -EINVAL for a control that the plan does
 * not have.
 */
int sono_plan_turn(struct sono_plan **plan, const char *path,
		   const struct sono_controls *controls,
		   const struct sono_info *info, char *why, size_t why_bytes);

/**
 * sono_plan_rates() - what a scan comes to under a plan
 * @rates: written
 * @scan: of the plan, or of a recording that is played with it
 * @params: of the plan
 */
void sono_plan_rates(struct sono_plan_rates *rates,
		     const struct sono_scan *scan,
		     const struct pipeline_params *params);

/**
 * sono_plan_blame() - where in the plan a pipeline's refusal comes from
 * @plan: a plan
 * @reason: of pipeline_create() with its parameters, "STAGE: reason"
 * @why: "FILE:LINE: group: reason"
 * @why_bytes: its size
 */
void sono_plan_blame(const struct sono_plan *plan, const char *reason,
		     char *why, size_t why_bytes);

/** sono_plan_close() - free a plan with its scan and table; NULL is fine */
void sono_plan_close(struct sono_plan *plan);

#endif /* SONO_PLAN_H */

/* SPDX-License-Identifier: MIT */
/*
 * Colour M-mode: velocities along one line over time, laid over the strip that
 * mmode.h makes of the same lines. Documentation/dsp.rst, "Colour M-mode".
 */
#ifndef DSP_MCOLOUR_H
#define DSP_MCOLOUR_H

#include "dsp.h"

/**
 * struct mcolour_params - the strip
 * @samples: of a line, at least 2
 * @width: columns, as of the strip below
 * @height: rows, the same
 * @column: duration of a column, > 0 [s]
 * @interval: the longest from line to line, if none is missing [s], > 0
 * @colour: what colours mean; its nyquist > 0
 * @priority_db: level of the line from which on tissue hides velocity;
 *               INFINITY: never [dB]
 */
struct mcolour_params {
	uint32_t samples;
	uint32_t width;
	uint32_t height;
	double column;
	double interval;
	struct colour_scale colour;
	double priority_db;
};

struct mcolour;

/**
 * mcolour_create() - make a painter
 * @mcolour: written
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int mcolour_create(struct mcolour **mcolour,
		   const struct mcolour_params *params, const char **why);

/**
 * mcolour_execute() - take a line
 * @mcolour: a painter
 * @vel: of [lines][samples]
 * @line: of it
 * @db: [samples], levels of the same line
 * @time: of the line on the board's clock [s]
 *
 * A column shows the line that came last in it; a row the sample that is
 * nearest. Columns between two lines show the nearer one, unless lines are
 * missing there.
 */
void mcolour_execute(struct mcolour *mcolour, const struct vel *vel,
		     uint32_t line, const float *db, double time);

/** mcolour_draw() - lay the colours over a strip, RGB24, width x height */
void mcolour_draw(const struct mcolour *mcolour, struct image *strip);

/** mcolour_reset() - the next line begins a strip */
void mcolour_reset(struct mcolour *mcolour);

void mcolour_destroy(struct mcolour *mcolour);

#endif /* DSP_MCOLOUR_H */

/* SPDX-License-Identifier: MIT */
/*
 * One line over time: levels in dB become columns of a strip. Documentation/
 * dsp.rst, "M-mode".
 */
#ifndef DSP_MMODE_H
#define DSP_MMODE_H

#include "dsp.h"

/**
 * struct mmode_params - the strip
 * @samples: of a line, at least 2
 * @width: columns, 1 to 16384
 * @height: rows, 2 to 16384
 * @column: duration of a column, > 0 [s]
 * @interval: the longest from line to line, if none is missing, > 0; INFINITY:
 *            whatever it is, none is missing [s]
 * @range_db: dynamic range, grey 0 is -@range_db [dB], > 0
 * @grey: from dB to grey
 */
struct mmode_params {
	uint32_t samples;
	uint32_t width;
	uint32_t height;
	double column;
	double interval;
	double range_db;
	enum grey_map grey;
};

struct mmode;

/**
 * mmode_create() - make a strip's painter
 * @mmode: written
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int mmode_create(struct mmode **mmode, const struct mmode_params *params,
		 const char **why);

/**
 * mmode_execute() - draw a line
 * @mmode: a painter
 * @strip: GREY8, width x height; keeps what was drawn before
 * @db: [samples], a line
 * @time: of the line on the board's clock [s]
 *
 * Lines that fall into one column are averaged in dB; columns between two
 * lines are interpolated, unless lines are missing there, because the two lie
 * more than MMODE_GAP intervals apart: then they are hatched.
 */
void mmode_execute(struct mmode *mmode, struct image *strip, const float *db,
		   double time);

#define MMODE_GAP	1.5

/** mmode_now() - the newest column of the strip */
uint32_t mmode_now(const struct mmode *mmode);

/** mmode_reset() - the next line begins a strip */
void mmode_reset(struct mmode *mmode);

void mmode_destroy(struct mmode *mmode);

#endif /* DSP_MMODE_H */

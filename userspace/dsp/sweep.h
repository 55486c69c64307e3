/* SPDX-License-Identifier: MIT */
/*
 * The time axis of strips: columns of equal time that are written from left to
 * right and again from the left, the way scanners draw, with an erased bar
 * ahead of the newest. A column belongs to a time on the board's clock since the
 * first frame, so strips of one width lie under each other.
 */
#ifndef DSP_SWEEP_H
#define DSP_SWEEP_H

#include "dsp.h"

/* Between the marks of time [s]. */
#define SWEEP_MARK	0.5

/**
 * struct sweep - where a strip is
 * @width: columns, at least 1
 * @column: duration of one, > 0 [s]
 * @now: the newest column, counted from time 0
 * @begun: @now says something
 */
struct sweep {
	uint32_t width;
	double column;
	int64_t now;
	bool begun;
};

/**
 * sweep_to() - go on to a time
 * @sweep: embedded
 * @time: on the board's clock, since the first frame [s]
 * @restarted: set where everything drawn is out of date: at the first time,
 *             after a step back, and after more than a whole strip
 *
 * Return: columns to draw, the last of them @now: 0 while @time lies in the
 * newest column, 1 after a restart.
 */
uint32_t sweep_to(struct sweep *sweep, double time, bool *restarted);

/** sweep_place() - column of the strip where column @at is drawn */
uint32_t sweep_place(const struct sweep *sweep, int64_t at);

/** sweep_marked() - does a mark of time lie in column @at? */
bool sweep_marked(const struct sweep *sweep, int64_t at);

/** sweep_erased() - columns of the bar ahead of the newest */
uint32_t sweep_erased(const struct sweep *sweep);

/* What is not known: slanting lines of one grey, every so many pixels. */
#define SWEEP_HATCH		8
#define SWEEP_HATCH_GREY	96

/* The marks of time: white, so many rows at the strip's lower edge. */
#define SWEEP_MARK_ROWS		8

/**
 * sweep_draw() - draw column @at
 * @sweep: where the strip is
 * @strip: GREY8
 * @at: the column
 * @grey: of its rows; a mark of time covers the last of them
 */
void sweep_draw(const struct sweep *sweep, struct image *strip, int64_t at,
		const uint8_t *grey);

/** sweep_hatch() - nothing is known of column @at */
void sweep_hatch(const struct sweep *sweep, struct image *strip, int64_t at);

/** sweep_erase() - clear the bar ahead of the newest column */
void sweep_erase(const struct sweep *sweep, struct image *strip);

#endif /* DSP_SWEEP_H */

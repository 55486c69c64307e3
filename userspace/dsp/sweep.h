/* SPDX-License-Identifier: MIT */
/*
 * The time axis of strips: columns of equal time that are written from left to
 * right and again from the left, the way scanners draw, with an erased bar
 * ahead of the newest. A column belongs to a time on the board's clock since the
 * first frame, so strips of one width lie under each other.
 */
#ifndef DSP_SWEEP_H
#define DSP_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

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

#endif /* DSP_SWEEP_H */

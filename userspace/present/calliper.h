/* SPDX-License-Identifier: MIT */
/*
 * Measurements between two points of a picture, by its own calibration: in the
 * section a distance, over time a duration, and of what the strip shows the
 * difference.
 */
#ifndef PRESENT_CALLIPER_H
#define PRESENT_CALLIPER_H

#include <stdbool.h>

#include "dsp/dsp.h"

#define CALLIPERS_MAX 4

/**
 * struct calliper - two points
 * @points: that are set; the next one, if any, is on the move
 * @region: of the picture that both lie in; 0 where it has none
 * @x: pixels from the picture's left edge
 * @y: pixels from its top
 */
struct calliper {
	uint32_t points;
	uint32_t region;
	long x[2], y[2];
};

/**
 * struct callipers - of a picture
 * @count: of @of
 * @of: in the order in which they were begun; only the last has less than two
 *      points
 */
struct callipers {
	uint32_t count;
	struct calliper of[CALLIPERS_MAX];
};

/**
 * struct calliper_result - what lies between two points
 * @kind: of the region
 * @distance: section: between the points; M: along the line [m]
 * @time: strips: between the points [s]
 * @slope: M: away from the probe, per time; NAN: at one time [m/s]
 * @velocity: spectrum: of both points, towards the probe positive [m/s]
 *
 * Not of the region: NAN.
 */
struct calliper_result {
	enum region_kind kind;
	double distance;
	double time;
	double slope;
	double velocity[2];
};

/**
 * callipers_begin() - a point to move, in the middle of a region
 * @c: callipers; the oldest gives way if there are too many
 * @image: picture
 */
void callipers_begin(struct callipers *c, const struct image *image);

/** callipers_moving() - is there a point to move? */
bool callipers_moving(const struct callipers *c);

/** callipers_move() - the moving point, by pixels, within its region */
void callipers_move(struct callipers *c, const struct image *image, long x,
		    long y);

/** callipers_hop() - a first point: to the middle of the next region */
void callipers_hop(struct callipers *c, const struct image *image);

/** callipers_set() - the moving point stays; the second begins at the first */
void callipers_set(struct callipers *c);

/** callipers_drop() - the one that has a moving point */
void callipers_drop(struct callipers *c);

/**
 * calliper_measure() - by the picture's calibration
 * @c: two points; the second may be moving
 * @image: picture that they are on
 */
struct calliper_result calliper_measure(const struct calliper *c,
					const struct image *image);

/**
 * calliper_text() - a result in words, with its units
 * @r: result
 * @text: written
 * @bytes: its size
 */
void calliper_text(const struct calliper_result *r, char *text, size_t bytes);

/**
 * callipers_draw() - crosses, lines between them, letters
 * @c: callipers
 * @to: RGB24
 * @left: column of @to where the picture begins
 * @top: row of @to where it begins
 * @scale: pixels of a letter's dot
 */
void callipers_draw(const struct callipers *c, struct image *to, long left,
		    long top, int scale);

#endif /* PRESENT_CALLIPER_H */

/* SPDX-License-Identifier: MIT */
/*
 * Drawing into RGB24 images: places in pixels from the upper left corner, what
 * lies outside the image is left out.
 */
#ifndef PRESENT_CANVAS_H
#define PRESENT_CANVAS_H

#include "dsp/dsp.h"

/** canvas_put() - one pixel */
void canvas_put(struct image *image, long x, long y, const uint8_t rgb[3]);

/** canvas_fill() - a rectangle */
void canvas_fill(struct image *image, long x, long y, long width, long height,
		 const uint8_t rgb[3]);

/** canvas_line() - one pixel thick, both ends included */
void canvas_line(struct image *image, long x0, long y0, long x1, long y1,
		 const uint8_t rgb[3]);

/**
 * canvas_text() - a line of letters
 * @image: to draw into
 * @x: left edge of the first letter
 * @y: its top
 * @scale: pixels that a dot of the font is wide and high, 1 or more
 * @rgb: colour
 * @string: the letters
 */
void canvas_text(struct image *image, long x, long y, int scale,
		 const uint8_t rgb[3], const char *string);

/** canvas_text_width() - of a line of letters [pixels] */
long canvas_text_width(const char *string, int scale);

/** canvas_copy() - an RGB24 picture, its upper left corner at @x, @y */
void canvas_copy(struct image *image, long x, long y, const struct image *from);

#endif /* PRESENT_CANVAS_H */

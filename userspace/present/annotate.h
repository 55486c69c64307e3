/* SPDX-License-Identifier: MIT */
/*
 * A picture with its scales around it: millimetres along both sides, and bars
 * for dB and, with colour, velocity. Drawn from the picture's own calibration.
 */
#ifndef PRESENT_ANNOTATE_H
#define PRESENT_ANNOTATE_H

#include <stdbool.h>

#include "dsp/dsp.h"

struct annotate;

/**
 * annotate_create() - draw the scales for pictures of one kind
 * @annotate: written
 * @like: a picture: its size, place, format and calibration; its pixels are
 *        not read
 * @scale: of letters and margins: pixels of a dot, 1 or more
 *
 * Return: 0 or -ENOMEM.
 */
int annotate_create(struct annotate **annotate, const struct image *like,
		    int scale);

/**
 * annotate_execute() - put a picture among its scales
 * @annotate: made for such pictures
 * @in: the picture
 *
 * Return: an RGB24 picture, which belongs to @annotate and holds until the
 * next call. Its raster and values stay calibrated.
 */
const struct image *annotate_execute(struct annotate *annotate,
				     const struct image *in);

/**
 * annotate_margins() - what the scales add to a picture
 * @colour: there is colour in it
 * @scale: as of annotate_create()
 * @width: added [pixels]
 * @height: added [pixels]
 */
void annotate_margins(bool colour, int scale, uint32_t *width,
		      uint32_t *height);

/** annotate_origin() - where among its scales a picture begins [pixels] */
void annotate_origin(int scale, uint32_t *left, uint32_t *top);

void annotate_destroy(struct annotate *annotate);

#endif /* PRESENT_ANNOTATE_H */

// SPDX-License-Identifier: MIT
/* Scales around a picture: axes in mm, bars for dB and velocity. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annotate.h"
#include "canvas.h"
#include "dsp/palette.h"
#include "dsp/scanconvert.h"
#include "font.h"

/* Everything in pixels. */
#define LEFT		48	/* of the picture: the depth scale */
#define TOP		24	/* of the picture */
#define BOTTOM		44	/* the lateral scale */
#define RIGHT_EDGE	10	/* right of the last bar's labels */
#define BAR_GAP		18	/* from the picture or labels to a bar */
#define BAR_WIDTH	14
#define BAR_LABELS	40
#define STRIP_BAR	30	/* from a strip's top to its bar: below what ends there */
#define TICK		5
#define SCALE		1	/* of the font */
#define ADVANCE		((FONT_WIDTH + 1) * SCALE)
#define TICK_SPACING	48	/* least, between labelled ticks */

#define PAPER		20	/* grey of the margin */
#define INK		200	/* grey of scales and letters */

struct annotate {
	struct image image;
};

static const uint8_t ink[3] = { INK, INK, INK };

static void text(struct image *image, long x, long y, const char *string)
{
	canvas_text(image, x, y, SCALE, ink, string);
}

static long text_width(const char *string)
{
	return canvas_text_width(string, SCALE);
}

/* A step of 1, 2 or 5 times a power of ten, at least @least. */
static double round_step(double least)
{
	double decade = pow(10, floor(log10(least)));

	if (least <= 2 * decade)
		return least <= decade ? decade : 2 * decade;
	return least <= 5 * decade ? 5 * decade : 10 * decade;
}

static void number(char *out, size_t size, double value, double step)
{
	int digits = step < 0.999 ? (int)ceil(-log10(step) - 1e-9) : 0;

	/* no "-0" */
	if (fabs(value) < step / 2)
		value = 0;
	snprintf(out, size, "%.*f", digits, value);
}

/*
 * A scale along one side: value = first + slope * pixel, @length pixels long,
 * from the point x, z on.
 */
struct scale {
	double first, slope;
	long length;
	long x, z;
};

/* From the first of @length pixels to the last; a single one has no way. */
static long steps(long length)
{
	return length > 1 ? length - 1 : 1;
}

static double scale_step(const struct scale *s)
{
	return round_step(TICK_SPACING * fabs(s->slope));
}

/* The scale's labelled values in turn: the k-th, and its pixel, or -1. */
static long scale_tick(const struct scale *s, int k, char *label, size_t size)
{
	double step = scale_step(s);
	double last = s->first + (s->length - 1) * s->slope;
	double value = (ceil(fmin(s->first, last) / step - 1e-9) + k) * step;

	if (value > fmax(s->first, last) + 1e-9 * step)
		return -1;
	number(label, size, value, step);
	return lround((value - s->first) / s->slope);
}

static void draw_depth(struct image *image, const struct scale *s)
{
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(s, k, label, sizeof(label))) >= 0; k++) {
		canvas_fill(image, s->x - TICK, s->z + at, TICK, 1, ink);
		text(image, s->x - TICK - 4 - text_width(label),
		     s->z + at - FONT_HEIGHT * SCALE / 2, label);
	}
}

/*
 * Over the picture, where strips lie under it. The unit stands at the right
 * end, the depth's in the left margin; a label that would touch either is left
 * out.
 */
static void draw_lateral_above(struct image *image, const struct scale *s,
			       const char *unit)
{
	const long unit_at = s->x + s->length - text_width(unit);
	const long gap = 2 * ADVANCE;
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(s, k, label, sizeof(label))) >= 0; k++) {
		const long left = s->x + at - text_width(label) / 2;

		canvas_fill(image, s->x + at, s->z - TICK, 1, TICK, ink);
		if (left >= s->x - ADVANCE &&
		    left + text_width(label) + gap <= unit_at)
			text(image, left, 8, label);
	}
	text(image, unit_at, 8, unit);
}

static void draw_lateral(struct image *image, const struct scale *s,
			 const char *unit)
{
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(s, k, label, sizeof(label))) >= 0; k++) {
		canvas_fill(image, s->x + at, s->z, 1, TICK, ink);
		text(image, s->x + at - text_width(label) / 2,
		     s->z + TICK + 4, label);
	}
	text(image, s->x + (s->length - text_width(unit)) / 2,
	     s->z + TICK + 4 + FONT_HEIGHT * SCALE + 8, unit);
}

/* A bar with its scale; colours from the bottom to the top. */
/* @column of so many beside each other, from the bottom up. */
static void draw_column(struct image *image, const struct scale *s, int column,
			int columns, uint8_t (*colours)[3])
{
	const int width = BAR_WIDTH / columns;
	long i;

	for (i = 0; i < s->length; i++)
		canvas_fill(image, s->x + column * width, s->z + i, width, 1,
			    colours[255 - 255 * i / steps(s->length)]);
}

static void draw_tick(struct image *image, const struct scale *s, long at,
		      const char *label)
{
	canvas_fill(image, s->x + BAR_WIDTH, s->z + at, TICK, 1, ink);
	text(image, s->x + BAR_WIDTH + TICK + 4,
	     s->z + at - FONT_HEIGHT * SCALE / 2, label);
}

static void draw_ticks(struct image *image, const struct scale *s,
		       const char *unit)
{
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(s, k, label, sizeof(label))) >= 0; k++)
		draw_tick(image, s, at, label);
	text(image, s->x, s->z - 16, unit);
}

/*
 * What lies beyond the ends of a bar of velocity is seen at the other one, so
 * these are said, and round values between them where there is room.
 */
static void draw_ends(struct image *image, const struct scale *s,
		      const char *unit)
{
	const long last = s->length - 1, room = 2 * FONT_HEIGHT * SCALE;
	const double bottom = s->first + last * s->slope;
	const double step = fmax(fabs(s->first), fabs(bottom)) < 10 ? 0.1 : 1;
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(s, k, label, sizeof(label))) >= 0; k++)
		if (at >= room && at <= last - room)
			draw_tick(image, s, at, label);
	number(label, sizeof(label), s->first, step);
	draw_tick(image, s, 0, label);
	number(label, sizeof(label), bottom, step);
	if (last >= room)
		draw_tick(image, s, last, label);
	text(image, s->x, s->z - 16, unit);
}

/* Height of the section of the body, strips left out. */
static long section_height(const struct image *like)
{
	return like->regions ? like->region[0].raster.height :
			       like->raster.height;
}

/* Of a bar of power: every direction has a column of its own. */
static void power_column(uint8_t (*colours)[3], const struct palette *palette,
			 bool away)
{
	int i;

	for (i = 0; i < PALETTE_COLOURS; i++)
		memcpy(colours[i],
		       palette->rgb[i * PALETTE_SHADES / PALETTE_COLOURS]
				   [away ? 0 : PALETTE_COLOURS - 1],
		       3);
}

/*
 * A bar of colours: velocity from end to end, with its variance from left to
 * right if that is shown; or power upwards, towards the probe and away from it.
 */
static void draw_colours(struct image *image, const struct colour_scale *colour,
			 long x, long z, long length)
{
	const bool power = colour->map >= COLOUR_POWER;
	const double top = power ? colour->power_db + colour->power_range_db :
				   100 * colour->nyquist *
					   (1 - colour->baseline);
	const double span = power ? colour->power_range_db :
				    200 * colour->nyquist;
	const struct scale scale = {
		.first = top, .slope = -span / steps(length),
		.length = length, .x = x, .z = z,
	};
	const int columns = power			     ? 2 :
			    colour->map == COLOUR_VARIANCE ? BAR_WIDTH :
							     1;
	uint8_t colours[PALETTE_COLOURS][3];
	static struct palette palette;
	int i;

	palette_make(&palette, colour);
	for (i = 0; i < columns; i++) {
		if (power)
			power_column(colours, &palette, i);
		else
			memcpy(colours,
			       palette.rgb[i * (PALETTE_SHADES - 1) /
					   (BAR_WIDTH - 1)],
			       sizeof(colours));
		draw_column(image, &scale, i, columns, colours);
	}
	if (power)
		draw_ticks(image, &scale, "dB");
	else
		draw_ends(image, &scale, "cm/s");
}

static void draw_bars(struct image *image, const struct image *like)
{
	uint8_t colours[PALETTE_COLOURS][3];
	long x = LEFT + like->raster.width + BAR_GAP;
	long length = section_height(like);
	struct scale grey = {
		.slope = like->floor_db / steps(length),
		.length = length, .x = x, .z = TOP,
	};
	int i;

	for (i = 0; i < PALETTE_COLOURS; i++)
		memset(colours[i],
		       lround(255 * grey_of(like->grey, i / 255.0)), 3);
	draw_column(image, &grey, 0, 1, colours);
	draw_ticks(image, &grey, "dB");
	if (like->colour.nyquist > 0)
		draw_colours(image, &like->colour,
			     x + BAR_WIDTH + BAR_LABELS + BAR_GAP, TOP, length);
}

/* M: depth along the beam; spectrum: velocity. The unit stands at the right. */
static void draw_strip(struct image *image, const struct image_region *r)
{
	const bool velocity = r->kind == REGION_SPECTRUM;
	const double unit = velocity ? 1e2 : 1e3;
	const struct scale scale = {
		unit * r->raster.z0, unit * r->raster.dz, r->raster.height,
		LEFT, TOP + r->top,
	};

	draw_depth(image, &scale);
	text(image, 4, TOP + r->top + 4, velocity ? "cm/s" : "mm");
	if (r->colour.nyquist > 0 && r->raster.height > 2 * STRIP_BAR)
		draw_colours(image, &r->colour,
			     LEFT + r->raster.width + 2 * BAR_WIDTH,
			     TOP + r->top + STRIP_BAR,
			     r->raster.height - STRIP_BAR);
}

/* All strips share one axis of time, from the left. */
static void draw_strips(struct image *image, const struct image *like)
{
	const struct scale time = {
		.slope = like->region[1].raster.dx,
		.length = like->raster.width,
		.x = LEFT, .z = TOP + like->raster.height,
	};
	uint32_t i;

	for (i = 1; i < like->regions; i++) {
		if (like->region[i].kind == REGION_ECG)
			text(image, 4, TOP + like->region[i].top + 4, "ECG");
		else
			draw_strip(image, &like->region[i]);
	}
	draw_lateral(image, &time, "s");
}

static void draw_scales(struct image *image, const struct image *like)
{
	const struct raster *r = &like->raster;
	const uint8_t paper[3] = { PAPER, PAPER, PAPER };
	const struct scale depth = { 1e3 * r->z0, 1e3 * r->dz,
				     section_height(like), LEFT, TOP };
	struct scale lateral = { 1e3 * r->x0, 1e3 * r->dx, r->width, LEFT,
				 TOP + r->height };

	canvas_fill(image, 0, 0, image->raster.width, image->raster.height,
		    paper);
	draw_depth(image, &depth);
	text(image, 4, 8, "z mm");
	draw_bars(image, like);
	if (like->regions < 2) {
		draw_lateral(image, &lateral, "x mm");
		return;
	}
	lateral.z = TOP;
	draw_lateral_above(image, &lateral, "x mm");
	draw_strips(image, like);
}

/* The same regions, moved by the margins. */
static void move_regions(struct image *image, const struct image *like)
{
	uint32_t i;

	image->regions = like->regions;
	for (i = 0; i < like->regions; i++) {
		image->region[i] = like->region[i];
		image->region[i].left += LEFT;
		image->region[i].top += TOP;
	}
}

void annotate_margins(bool colour, uint32_t *width, uint32_t *height)
{
	const uint32_t bars = colour ? 2 : 1;

	*width = LEFT + RIGHT_EDGE +
		 bars * (BAR_GAP + BAR_WIDTH + BAR_LABELS);
	*height = TOP + BOTTOM;
}

void annotate_origin(uint32_t *left, uint32_t *top)
{
	*left = LEFT;
	*top = TOP;
}

int annotate_create(struct annotate **annotate, const struct image *like)
{
	struct raster raster = like->raster;
	struct annotate *a = calloc(1, sizeof(*a));
	uint32_t width, height;

	if (!a)
		return -ENOMEM;
	annotate_margins(like->colour.nyquist > 0, &width, &height);
	raster.width += width;
	raster.height += height;
	raster.x0 -= LEFT * raster.dx;
	raster.z0 -= TOP * raster.dz;
	if (image_init(&a->image, IMAGE_RGB24, &raster)) {
		free(a);
		return -ENOMEM;
	}
	a->image.floor_db = like->floor_db;
	a->image.colour = like->colour;
	a->image.grey = like->grey;
	draw_scales(&a->image, like);
	*annotate = a;
	return 0;
}

const struct image *annotate_execute(struct annotate *a,
				     const struct image *in)
{
	const size_t width = in->raster.width;
	uint32_t row;
	size_t i;

	for (row = 0; row < in->raster.height; row++) {
		uint8_t *out = a->image.data + (row + TOP) * a->image.stride +
			       3 * LEFT;
		const uint8_t *from = in->data + row * in->stride;

		if (in->format == IMAGE_RGB24)
			memcpy(out, from, 3 * width);
		else
			for (i = 0; i < width; i++)
				memset(out + 3 * i, from[i], 3);
	}
	move_regions(&a->image, in);
	a->image.seq = in->seq;
	a->image.time = in->time;
	a->image.phase = in->phase;
	a->image.heart_rate = in->heart_rate;
	return &a->image;
}

void annotate_destroy(struct annotate *a)
{
	if (!a)
		return;
	image_finish(&a->image);
	free(a);
}

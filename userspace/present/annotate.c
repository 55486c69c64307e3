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

/* Everything in dots: as many pixels as the scale says. */
#define LEFT		48	/* of the picture: the depth scale */
#define TOP		24	/* of the picture */
#define BOTTOM		44	/* the lateral scale */
#define RIGHT_EDGE	10	/* right of the last bar's labels */
#define BAR_GAP		18	/* from the picture or labels to a bar */
#define BAR_WIDTH	14
#define BAR_LABELS	40
#define STRIP_BAR	30	/* from a strip's top to its bar: below what ends there */
#define TICK		5
#define GAP		4	/* from a tick, or an edge, to letters */
#define ABOVE		8	/* from the upper edge to letters */
#define UNIT		16	/* a bar's unit above it */
#define ADVANCE		(FONT_WIDTH + 1)	/* of a letter */
#define LINE		1	/* thickness of a tick */
#define TICK_SPACING	48	/* least, between labelled ticks */

#define PAPER		20	/* grey of the margin */
#define INK		200	/* grey of scales and letters */

struct annotate {
	struct image image;
	int scale;
};

/* What is drawn upon, and how large. */
struct sheet {
	struct image *image;
	int scale;
};

static const uint8_t ink[3] = { INK, INK, INK };

/* Dots in pixels. */
static long px(const struct sheet *sheet, long dots)
{
	return dots * sheet->scale;
}

static void text(const struct sheet *sheet, long x, long y, const char *string)
{
	canvas_text(sheet->image, x, y, sheet->scale, ink, string);
}

static long text_width(const struct sheet *sheet, const char *string)
{
	return canvas_text_width(string, sheet->scale);
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

static double scale_step(const struct sheet *sheet, const struct scale *s)
{
	return round_step(px(sheet, TICK_SPACING) * fabs(s->slope));
}

/* The scale's labelled values in turn: the k-th, and its pixel, or -1. */
static long scale_tick(const struct sheet *sheet, const struct scale *s, int k,
		       char *label, size_t size)
{
	double step = scale_step(sheet, s);
	double last = s->first + (s->length - 1) * s->slope;
	double value = (ceil(fmin(s->first, last) / step - 1e-9) + k) * step;

	if (value > fmax(s->first, last) + 1e-9 * step)
		return -1;
	number(label, size, value, step);
	return lround((value - s->first) / s->slope);
}

static void draw_depth(const struct sheet *sheet, const struct scale *s)
{
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(sheet, s, k, label, sizeof(label))) >= 0;
	     k++) {
		canvas_fill(sheet->image, s->x - px(sheet, TICK), s->z + at,
			    px(sheet, TICK), px(sheet, LINE), ink);
		text(sheet,
		     s->x - px(sheet, TICK + GAP) - text_width(sheet, label),
		     s->z + at - px(sheet, FONT_HEIGHT) / 2, label);
	}
}

/*
 * Over the picture, where strips lie under it. The unit stands at the right
 * end, the depth's in the left margin; a label that would touch either is left
 * out.
 */
static void draw_lateral_above(const struct sheet *sheet, const struct scale *s,
			       const char *unit)
{
	const long unit_at = s->x + s->length - text_width(sheet, unit);
	const long gap = 2 * px(sheet, ADVANCE);
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(sheet, s, k, label, sizeof(label))) >= 0;
	     k++) {
		const long left = s->x + at - text_width(sheet, label) / 2;

		canvas_fill(sheet->image, s->x + at, s->z - px(sheet, TICK),
			    px(sheet, LINE), px(sheet, TICK), ink);
		if (left >= s->x - px(sheet, ADVANCE) &&
		    left + text_width(sheet, label) + gap <= unit_at)
			text(sheet, left, px(sheet, ABOVE), label);
	}
	text(sheet, unit_at, px(sheet, ABOVE), unit);
}

static void draw_lateral(const struct sheet *sheet, const struct scale *s,
			 const char *unit)
{
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(sheet, s, k, label, sizeof(label))) >= 0;
	     k++) {
		canvas_fill(sheet->image, s->x + at, s->z, px(sheet, LINE),
			    px(sheet, TICK), ink);
		text(sheet, s->x + at - text_width(sheet, label) / 2,
		     s->z + px(sheet, TICK + GAP), label);
	}
	text(sheet, s->x + (s->length - text_width(sheet, unit)) / 2,
	     s->z + px(sheet, TICK + GAP + FONT_HEIGHT + 8), unit);
}

/* @column of so many beside each other; colours from the bottom to the top. */
static void draw_column(const struct sheet *sheet, const struct scale *s,
			int column, int columns, uint8_t (*colours)[3])
{
	const long width = px(sheet, BAR_WIDTH) / columns;
	long i;

	for (i = 0; i < s->length; i++)
		canvas_fill(sheet->image, s->x + column * width, s->z + i, width, 1,
			    colours[255 - 255 * i / steps(s->length)]);
}

static void draw_tick(const struct sheet *sheet, const struct scale *s, long at,
		      const char *label)
{
	canvas_fill(sheet->image, s->x + px(sheet, BAR_WIDTH), s->z + at,
		    px(sheet, TICK), px(sheet, LINE), ink);
	text(sheet, s->x + px(sheet, BAR_WIDTH + TICK + GAP),
	     s->z + at - px(sheet, FONT_HEIGHT) / 2, label);
}

static void draw_ticks(const struct sheet *sheet, const struct scale *s,
		       const char *unit)
{
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(sheet, s, k, label, sizeof(label))) >= 0;
	     k++)
		draw_tick(sheet, s, at, label);
	text(sheet, s->x, s->z - px(sheet, UNIT), unit);
}

/*
 * What lies beyond the ends of a bar of velocity is seen at the other one, so
 * these are said, and round values between them where there is room.
 */
static void draw_ends(const struct sheet *sheet, const struct scale *s,
		      const char *unit)
{
	const long last = s->length - 1, room = px(sheet, 2 * FONT_HEIGHT);
	const double bottom = s->first + last * s->slope;
	const double step = fmax(fabs(s->first), fabs(bottom)) < 10 ? 0.1 : 1;
	char label[32];
	long at;
	int k;

	for (k = 0; (at = scale_tick(sheet, s, k, label, sizeof(label))) >= 0;
	     k++)
		if (at >= room && at <= last - room)
			draw_tick(sheet, s, at, label);
	number(label, sizeof(label), s->first, step);
	draw_tick(sheet, s, 0, label);
	number(label, sizeof(label), bottom, step);
	if (last >= room)
		draw_tick(sheet, s, last, label);
	text(sheet, s->x, s->z - px(sheet, UNIT), unit);
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
static void draw_colours(const struct sheet *sheet,
			 const struct colour_scale *colour, long x, long z,
			 long length)
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
		draw_column(sheet, &scale, i, columns, colours);
	}
	if (power)
		draw_ticks(sheet, &scale, "dB");
	else
		draw_ends(sheet, &scale, "cm/s");
}

static void draw_bars(const struct sheet *sheet, const struct image *like)
{
	uint8_t colours[PALETTE_COLOURS][3];
	long x = px(sheet, LEFT + BAR_GAP) + like->raster.width;
	long length = section_height(like);
	struct scale grey = {
		.slope = like->floor_db / steps(length),
		.length = length, .x = x, .z = px(sheet, TOP),
	};
	int i;

	for (i = 0; i < PALETTE_COLOURS; i++)
		memset(colours[i],
		       lround(255 * grey_of(like->grey, i / 255.0)), 3);
	draw_column(sheet, &grey, 0, 1, colours);
	draw_ticks(sheet, &grey, "dB");
	if (like->colour.nyquist > 0)
		draw_colours(sheet, &like->colour,
			     x + px(sheet, BAR_WIDTH + BAR_LABELS + BAR_GAP),
			     px(sheet, TOP), length);
}

/* M: depth along the beam; spectrum: velocity. The unit stands at the right. */
static void draw_strip(const struct sheet *sheet, const struct image_region *r)
{
	const bool velocity = r->kind == REGION_SPECTRUM;
	const double unit = velocity ? 1e2 : 1e3;
	const struct scale scale = {
		unit * r->raster.z0, unit * r->raster.dz, r->raster.height,
		px(sheet, LEFT), px(sheet, TOP) + r->top,
	};

	draw_depth(sheet, &scale);
	text(sheet, px(sheet, GAP), px(sheet, TOP + GAP) + r->top,
	     velocity ? "cm/s" : "mm");
	if (r->colour.nyquist > 0 && r->raster.height > px(sheet, 2 * STRIP_BAR))
		draw_colours(sheet, &r->colour,
			     px(sheet, LEFT + 2 * BAR_WIDTH) + r->raster.width,
			     px(sheet, TOP + STRIP_BAR) + r->top,
			     r->raster.height - px(sheet, STRIP_BAR));
}

/* All strips share one axis of time, from the left. */
static void draw_strips(const struct sheet *sheet, const struct image *like)
{
	const struct scale time = {
		.slope = like->region[1].raster.dx,
		.length = like->raster.width,
		.x = px(sheet, LEFT), .z = px(sheet, TOP) + like->raster.height,
	};
	uint32_t i;

	for (i = 1; i < like->regions; i++) {
		if (like->region[i].kind == REGION_ECG)
			text(sheet, px(sheet, GAP),
			     px(sheet, TOP + GAP) + like->region[i].top, "ECG");
		else
			draw_strip(sheet, &like->region[i]);
	}
	draw_lateral(sheet, &time, "s");
}

static void draw_scales(const struct sheet *sheet, const struct image *like)
{
	const struct raster *r = &like->raster;
	const uint8_t paper[3] = { PAPER, PAPER, PAPER };
	const struct scale depth = { 1e3 * r->z0, 1e3 * r->dz,
				     section_height(like), px(sheet, LEFT),
				     px(sheet, TOP) };
	struct scale lateral = { 1e3 * r->x0, 1e3 * r->dx, r->width,
				 px(sheet, LEFT), px(sheet, TOP) + r->height };

	canvas_fill(sheet->image, 0, 0, sheet->image->raster.width,
		    sheet->image->raster.height, paper);
	draw_depth(sheet, &depth);
	text(sheet, px(sheet, GAP), px(sheet, ABOVE), "z mm");
	draw_bars(sheet, like);
	if (like->regions < 2) {
		draw_lateral(sheet, &lateral, "x mm");
		return;
	}
	lateral.z = px(sheet, TOP);
	draw_lateral_above(sheet, &lateral, "x mm");
	draw_strips(sheet, like);
}

/* The same regions, moved by the margins. */
static void move_regions(const struct sheet *sheet, const struct image *like)
{
	uint32_t i;

	sheet->image->regions = like->regions;
	for (i = 0; i < like->regions; i++) {
		sheet->image->region[i] = like->region[i];
		sheet->image->region[i].left += px(sheet, LEFT);
		sheet->image->region[i].top += px(sheet, TOP);
	}
}

void annotate_margins(bool colour, int scale, uint32_t *width,
		      uint32_t *height)
{
	const uint32_t bars = colour ? 2 : 1;

	*width = (LEFT + RIGHT_EDGE +
		  bars * (BAR_GAP + BAR_WIDTH + BAR_LABELS)) *
		 (uint32_t)scale;
	*height = (TOP + BOTTOM) * (uint32_t)scale;
}

void annotate_origin(int scale, uint32_t *left, uint32_t *top)
{
	*left = LEFT * (uint32_t)scale;
	*top = TOP * (uint32_t)scale;
}

int annotate_create(struct annotate **annotate, const struct image *like,
		    int scale)
{
	struct raster raster = like->raster;
	struct annotate *a = calloc(1, sizeof(*a));
	uint32_t width, height;

	if (!a)
		return -ENOMEM;
	annotate_margins(like->colour.nyquist > 0, scale, &width, &height);
	raster.width += width;
	raster.height += height;
	raster.x0 -= LEFT * scale * raster.dx;
	raster.z0 -= TOP * scale * raster.dz;
	if (image_init(&a->image, IMAGE_RGB24, &raster)) {
		free(a);
		return -ENOMEM;
	}
	a->image.floor_db = like->floor_db;
	a->image.colour = like->colour;
	a->image.grey = like->grey;
	a->scale = scale;
	draw_scales(&(struct sheet){ &a->image, scale }, like);
	*annotate = a;
	return 0;
}

const struct image *annotate_execute(struct annotate *a,
				     const struct image *in)
{
	const size_t width = in->raster.width;
	uint32_t row, left, top;
	size_t i;

	annotate_origin(a->scale, &left, &top);
	for (row = 0; row < in->raster.height; row++) {
		uint8_t *out = a->image.data + (row + top) * a->image.stride +
			       (size_t)3 * left;
		const uint8_t *from = in->data + row * in->stride;

		if (in->format == IMAGE_RGB24)
			memcpy(out, from, 3 * width);
		else
			for (i = 0; i < width; i++)
				memset(out + 3 * i, from[i], 3);
	}
	move_regions(&(struct sheet){ &a->image, a->scale }, in);
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

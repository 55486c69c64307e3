// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "annotate.h"
#include "canvas.h"
#include "font.h"
#include "screen.h"

/* Everything in dots: as many pixels as the scale says. */
#define PANEL 200 /* at the right */
#define EDGE 8 /* around it */
#define FOOT 24 /* below: the line of words */
#define SMALL 1 /* of letters */
#define LARGE 2
#define ROW 22 /* from a large line to the next */
#define SMALL_ROW 12
#define GAP 10 /* between groups of lines */
#define BAR 6 /* height of the bar that shows the place */
#define STRIP_MIN 16 /* that a strip may be high [pixels] */

/* Letters grow with every so many rows, where there are such columns. */
#define SCALE_ROWS 540
#define SCALE_COLUMNS SCREEN_WIDTH_MIN

struct screen {
	struct image image;
	int scale;
};

static const uint8_t paper[3] = { 20, 20, 20 };
static const uint8_t faint[3] = { 130, 130, 130 };
static const uint8_t ink[3] = { 220, 220, 220 };
static const uint8_t groove[3] = { 60, 60, 60 };
static const uint8_t warning[3] = { 255, 190, 60 };

static const struct {
	const char *word;
	uint8_t rgb[3];
} states[] = {
	[SCREEN_LIVE] = { "LIVE", { 90, 220, 110 } },
	[SCREEN_FROZEN] = { "FROZEN", { 120, 180, 255 } },
	[SCREEN_PLAYING] = { "CINE", { 120, 180, 255 } },
	[SCREEN_FAULT] = { "FAULT", { 255, 90, 80 } },
};

/* The panel is written from the top down: where the next line goes. */
struct pen {
	struct image *image;
	int scale;
	long left, right;
	long y;
};

/* Down by so many dots. */
static void skip(struct pen *p, long dots)
{
	p->y += dots * p->scale;
}

static void write_row(struct pen *p, const char *label, const char *value,
		      const uint8_t rgb[3])
{
	const long width = canvas_text_width(value, LARGE * p->scale);
	const long lower = FONT_HEIGHT * (LARGE - SMALL) * p->scale;

	canvas_text(p->image, p->left, p->y + lower, SMALL * p->scale, faint,
		    label);
	canvas_text(p->image, p->right - width, p->y, LARGE * p->scale, rgb,
		    value);
	skip(p, ROW);
}

static void write_number(struct pen *p, const char *label, const char *format,
			 double value)
{
	char text[32];

	if (isnan(value))
		return;
	/* no "-0" */
	snprintf(text, sizeof(text), format, fabs(value) < 0.05 ? 0 : value);
	write_row(p, label, text, ink);
}

/* With an ECG it comes with the second beat. */
static void write_heart(struct pen *p, const struct image *picture)
{
	bool ecg = false;

	for (uint32_t i = 0; i < picture->regions; i++)
		ecg |= picture->region[i].kind == REGION_ECG;
	if (ecg && isnan(picture->heart_rate))
		write_row(p, "heart", "-- /min", ink);
	else
		write_number(p, "heart", "%.0f /min", picture->heart_rate * 60);
}

static void write_count(struct pen *p, const char *label, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, count);
	write_row(p, label, text, count ? warning : ink);
}

/* As much of a string as there is room for. */
static void write_cut(struct pen *p, int scale, const uint8_t rgb[3],
		      const char *string)
{
	const long letter = (FONT_WIDTH + 1) * scale * p->scale;
	const int letters = (int)((p->right - p->left) / letter);
	char text[128];

	snprintf(text, sizeof(text), "%.*s", letters, string);
	canvas_text(p->image, p->left, p->y, scale * p->scale, rgb, text);
	skip(p, scale == SMALL ? SMALL_ROW : ROW);
}

static void write_head(struct pen *p, const struct screen_status *s)
{
	canvas_text(p->image, p->left, p->y, (LARGE + 1) * p->scale,
		    states[s->state].rgb, states[s->state].word);
	skip(p, ROW + GAP);
	write_cut(p, SMALL, ink, s->preset);
	write_cut(p, SMALL, faint, s->source);
	skip(p, GAP);
}

static void write_controls(struct pen *p, const struct screen_status *s)
{
	write_number(p, "depth", "%.0f mm", s->depth * 1e3);
	write_number(p, "gain", "%+.0f dB", s->gain);
	write_number(p, "power", "%+.0f dB", s->power);
	skip(p, GAP);
}

static void write_figures(struct pen *p, const struct screen_status *s,
			  const struct image *picture)
{
	write_number(p, "pictures", "%.1f /s", s->rate);
	write_heart(p, picture);
	skip(p, GAP);
	if (!isnan(s->mi)) {
		write_number(p, "MI", "%.2f", s->mi);
		write_number(p, "TI", "%.2f", s->ti);
		write_cut(p, SMALL, faint, "MI, TI: uncalibrated");
		skip(p, GAP);
	}
	write_count(p, "dropped", s->dropped);
	write_count(p, "lost", s->lost);
	write_count(p, "skipped", s->skipped);
	skip(p, GAP);
}

/* Where among the kept pictures this one is. */
static void write_place(struct pen *p, const struct screen_status *s)
{
	const long length = p->right - p->left;
	const long bar = (long)BAR * p->scale;
	char text[32];
	long mark;

	if (!s->kept || s->state == SCREEN_LIVE)
		return;
	snprintf(text, sizeof(text), "%u/%u", s->place + 1, s->kept);
	write_row(p, "cine", text, ink);
	mark = length / s->kept > bar ? length / s->kept : bar;
	canvas_fill(p->image, p->left, p->y, length, bar, groove);
	canvas_fill(p->image,
		    p->left + (s->kept > 1 ? (length - mark) * s->place /
						     (s->kept - 1) :
					     0),
		    p->y, mark, bar, states[s->state].rgb);
	skip(p, BAR + GAP);
}

static void write_results(struct pen *p, const struct callipers *c,
			  const struct image *picture)
{
	char said[64], text[80];

	for (uint32_t i = 0; i < c->count; i++) {
		const struct calliper_result r =
			calliper_measure(&c->of[i], picture);

		calliper_text(&r, said, sizeof(said));
		snprintf(text, sizeof(text), "%c  %s", (char)('A' + i), said);
		write_cut(p, SMALL, ink, text);
		skip(p, SMALL_ROW / 2);
	}
}

static void write_panel(struct image *image, int scale,
			const struct image *picture,
			const struct screen_status *s)
{
	struct pen p = {
		.image = image,
		.scale = scale,
		.left = (long)image->raster.width - (PANEL - EDGE) * scale,
		.right = (long)image->raster.width - EDGE * scale,
		.y = 2L * EDGE * scale,
	};

	write_head(&p, s);
	write_controls(&p, s);
	write_figures(&p, s, picture);
	write_place(&p, s);
	if (s->callipers)
		write_results(&p, s->callipers, picture);
}

static int least(uint32_t a, uint32_t b)
{
	return (int)(a < b ? a : b);
}

static int scale_of(uint32_t width, uint32_t height)
{
	const int scale = least(width / SCALE_COLUMNS, height / SCALE_ROWS);

	return scale ? scale : 1;
}

int screen_scale(const struct screen *s)
{
	return s->scale;
}

int screen_create(struct screen **screen, uint32_t width, uint32_t height)
{
	const struct raster raster = { width, height, 0, 0, 1, 1 };
	struct screen *s;

	if (width < SCREEN_WIDTH_MIN || height < SCREEN_HEIGHT_MIN)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	if (image_init(&s->image, IMAGE_RGB24, &raster)) {
		free(s);
		return -ENOMEM;
	}
	s->scale = scale_of(width, height);
	*screen = s;
	return 0;
}

static uint32_t scaled(uint32_t pixels, double by, uint32_t least)
{
	const uint32_t now = (uint32_t)(pixels * by + 1e-9);

	return now > least ? now : least;
}

void screen_fit(const struct screen *s, struct pipeline_params *p)
{
	uint32_t width, height, all = p->display.height;
	double by;

	all += (p->m.on ? p->m.height : 0) + (p->pw.on ? p->pw.height : 0) +
	       (p->ecg.on ? p->ecg.height : 0);
	annotate_margins(p->colour.on, s->scale, &width, &height);
	width += (uint32_t)(PANEL * s->scale);
	height += (uint32_t)(FOOT * s->scale);
	by = fmin((double)(s->image.raster.width - width) / p->display.width,
		  (double)(s->image.raster.height - height) / all);
	p->display.width = scaled(p->display.width, by, 1);
	p->display.height = scaled(p->display.height, by, 1);
	p->m.height = scaled(p->m.height, by, STRIP_MIN);
	p->pw.height = scaled(p->pw.height, by, STRIP_MIN);
	p->ecg.height = scaled(p->ecg.height, by, STRIP_MIN);
}

/* In the middle of its room. */
static long middle(long room, long size)
{
	return room > size ? (room - size) / 2 : 0;
}

static void draw_picture(struct image *image, int scale,
			 const struct image *annotated,
			 const struct screen_status *s)
{
	const long panel = (long)PANEL * scale, foot = (long)FOOT * scale;
	const long width = image->raster.width - panel;
	const long height = image->raster.height - foot;
	const long x = middle(width, annotated->raster.width);
	const long y = middle(height, annotated->raster.height);
	uint32_t left, top;

	canvas_copy(image, x, y, annotated);
	annotate_origin(scale, &left, &top);
	if (s->callipers)
		callipers_draw(s->callipers, image, x + left, y + top, scale);
	canvas_fill(image, width, 0, panel, image->raster.height, paper);
	canvas_fill(image, 0, height, width, foot, paper);
}

const struct image *screen_execute(struct screen *s,
				   const struct image *annotated,
				   const struct image *picture,
				   const struct screen_status *status)
{
	struct image *image = &s->image;

	canvas_fill(image, 0, 0, image->raster.width, image->raster.height,
		    paper);
	draw_picture(image, s->scale, annotated, status);
	write_panel(image, s->scale, picture, status);
	canvas_text(image, (long)EDGE * s->scale,
		    (long)image->raster.height -
			    (FOOT + FONT_HEIGHT + 1) / 2 * (long)s->scale,
		    SMALL * s->scale, status->state == SCREEN_FAULT ? warning : faint,
		    status->line);
	image->seq = picture->seq;
	image->time = picture->time;
	image->phase = picture->phase;
	image->heart_rate = picture->heart_rate;
	return image;
}

void screen_destroy(struct screen *s)
{
	if (!s)
		return;
	image_finish(&s->image);
	free(s);
}

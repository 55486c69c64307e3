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

/* Everything in pixels. */
#define PANEL 200 /* at the right */
#define EDGE 8 /* around it */
#define FOOT 24 /* below: the line of words */
#define SMALL 1 /* dots of letters */
#define LARGE 2
#define ROW 22 /* from a large line to the next */
#define SMALL_ROW 12
#define GAP 10 /* between groups of lines */
#define BAR 6 /* height of the bar that shows the place */
#define STRIP_MIN 16 /* that a strip may be high */

struct screen {
	struct image image;
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
	long left, right;
	long y;
};

static void write_row(struct pen *p, const char *label, const char *value,
		      const uint8_t rgb[3])
{
	const long width = canvas_text_width(value, LARGE);

	canvas_text(p->image, p->left, p->y + FONT_HEIGHT * (LARGE - SMALL),
		    SMALL, faint, label);
	canvas_text(p->image, p->right - width, p->y, LARGE, rgb, value);
	p->y += ROW;
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
	const int letters =
		(int)((p->right - p->left) / ((FONT_WIDTH + 1) * scale));
	char text[128];

	snprintf(text, sizeof(text), "%.*s", letters, string);
	canvas_text(p->image, p->left, p->y, scale, rgb, text);
	p->y += scale == SMALL ? SMALL_ROW : ROW;
}

static void write_head(struct pen *p, const struct screen_status *s)
{
	canvas_text(p->image, p->left, p->y, LARGE + 1, states[s->state].rgb,
		    states[s->state].word);
	p->y += ROW + GAP;
	write_cut(p, SMALL, ink, s->preset);
	write_cut(p, SMALL, faint, s->source);
	p->y += GAP;
}

static void write_controls(struct pen *p, const struct screen_status *s)
{
	write_number(p, "depth", "%.0f mm", s->depth * 1e3);
	write_number(p, "gain", "%+.0f dB", s->gain);
	write_number(p, "power", "%+.0f dB", s->power);
	p->y += GAP;
}

static void write_figures(struct pen *p, const struct screen_status *s,
			  const struct image *picture)
{
	write_number(p, "pictures", "%.1f /s", s->rate);
	write_heart(p, picture);
	p->y += GAP;
	if (!isnan(s->mi)) {
		write_number(p, "MI", "%.2f", s->mi);
		write_number(p, "TI", "%.2f", s->ti);
		write_cut(p, SMALL, faint, "MI, TI: uncalibrated");
		p->y += GAP;
	}
	write_count(p, "dropped", s->dropped);
	write_count(p, "lost", s->lost);
	write_count(p, "skipped", s->skipped);
	p->y += GAP;
}

/* Where among the kept pictures this one is. */
static void write_place(struct pen *p, const struct screen_status *s)
{
	const long length = p->right - p->left;
	char text[32];
	long mark;

	if (!s->kept || s->state == SCREEN_LIVE)
		return;
	snprintf(text, sizeof(text), "%u/%u", s->place + 1, s->kept);
	write_row(p, "cine", text, ink);
	mark = length / s->kept > BAR ? length / s->kept : BAR;
	canvas_fill(p->image, p->left, p->y, length, BAR, groove);
	canvas_fill(p->image,
		    p->left + (s->kept > 1 ? (length - mark) * s->place /
						     (s->kept - 1) :
					     0),
		    p->y, mark, BAR, states[s->state].rgb);
	p->y += BAR + GAP;
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
		p->y += SMALL_ROW / 2;
	}
}

static void write_panel(struct image *image, const struct image *picture,
			const struct screen_status *s)
{
	struct pen p = {
		.image = image,
		.left = image->raster.width - PANEL + EDGE,
		.right = image->raster.width - EDGE,
		.y = 2 * EDGE,
	};

	write_head(&p, s);
	write_controls(&p, s);
	write_figures(&p, s, picture);
	write_place(&p, s);
	if (s->callipers)
		write_results(&p, s->callipers, picture);
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
	annotate_margins(p->colour.on, &width, &height);
	by = fmin((double)(s->image.raster.width - PANEL - width) /
			  p->display.width,
		  (double)(s->image.raster.height - FOOT - height) / all);
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

static void draw_picture(struct image *image, const struct image *annotated,
			 const struct screen_status *s)
{
	const long width = image->raster.width - PANEL;
	const long height = image->raster.height - FOOT;
	const long x = middle(width, annotated->raster.width);
	const long y = middle(height, annotated->raster.height);
	uint32_t left, top;

	canvas_copy(image, x, y, annotated);
	annotate_origin(&left, &top);
	if (s->callipers)
		callipers_draw(s->callipers, image, x + left, y + top);
	canvas_fill(image, width, 0, PANEL, image->raster.height, paper);
	canvas_fill(image, 0, height, width, FOOT, paper);
}

const struct image *screen_execute(struct screen *s,
				   const struct image *annotated,
				   const struct image *picture,
				   const struct screen_status *status)
{
	struct image *image = &s->image;

	canvas_fill(image, 0, 0, image->raster.width, image->raster.height,
		    paper);
	draw_picture(image, annotated, status);
	write_panel(image, picture, status);
	canvas_text(image, EDGE,
		    image->raster.height - FOOT + (FOOT - FONT_HEIGHT) / 2,
		    SMALL, status->state == SCREEN_FAULT ? warning : faint,
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

// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calliper.h"
#include "canvas.h"

/* Everything in pixels, times the scale where letters are. */
#define ARM 5 /* of a cross */
#define HOLE 2 /* in its middle: the point itself is seen */
#define DASH 3 /* on and off, of the line */
#define LETTER 8 /* right of a cross and above */

static const uint8_t moving_rgb[3] = { 255, 220, 60 };
static const uint8_t set_rgb[3] = { 90, 230, 230 };

/* A picture without regions is a section. */
static struct image_region region_of(const struct image *image, uint32_t i)
{
	if (i < image->regions)
		return image->region[i];
	return (struct image_region){ .kind = REGION_B,
				      .raster = image->raster };
}

static struct calliper *last(struct callipers *c)
{
	return &c->of[c->count - 1];
}

/* --- points --- */

static void centre(struct calliper *c, const struct image *image)
{
	const struct image_region r = region_of(image, c->region);

	for (int i = 0; i < 2; i++) {
		c->x[i] = r.left + r.raster.width / 2;
		c->y[i] = r.top + r.raster.height / 2;
	}
}

void callipers_begin(struct callipers *c, const struct image *image)
{
	const uint32_t region = c->count ? last(c)->region : 0;

	callipers_drop(c);
	if (c->count == CALLIPERS_MAX) {
		memmove(&c->of[0], &c->of[1],
			(CALLIPERS_MAX - 1) * sizeof(*c->of));
		c->count--;
	}
	c->of[c->count++] = (struct calliper){ .region = region };
	centre(last(c), image);
}

bool callipers_moving(const struct callipers *c)
{
	return c->count && c->of[c->count - 1].points < 2;
}

static long within(long value, long first, long count)
{
	if (value < first)
		return first;
	return value < first + count ? value : first + count - 1;
}

void callipers_move(struct callipers *c, const struct image *image, long x,
		    long y)
{
	struct calliper *m = last(c);
	const struct image_region r = region_of(image, m->region);

	m->x[1] = within(m->x[1] + x, r.left, r.raster.width);
	m->y[1] = within(m->y[1] + y, r.top, r.raster.height);
	if (m->points)
		return;
	m->x[0] = m->x[1];
	m->y[0] = m->y[1];
}

void callipers_hop(struct callipers *c, const struct image *image)
{
	struct calliper *m = last(c);

	if (m->points || !image->regions)
		return;
	m->region = (m->region + 1) % image->regions;
	centre(m, image);
}

void callipers_set(struct callipers *c)
{
	last(c)->points++;
}

void callipers_drop(struct callipers *c)
{
	if (callipers_moving(c))
		c->count--;
}

/* --- what lies between --- */

/* How long ago a strip's column was written [s]: columns go round. */
static double age(const struct image_region *r, long x)
{
	const long width = r->raster.width;
	const long columns = (long)r->now - (x - (long)r->left);

	return (double)((columns + width) % width) * r->raster.dx;
}

static double value_at(const struct image_region *r, long y)
{
	return r->raster.z0 + (double)(y - (long)r->top) * r->raster.dz;
}

struct calliper_result calliper_measure(const struct calliper *c,
					const struct image *image)
{
	const struct image_region r = region_of(image, c->region);
	const double dz = value_at(&r, c->y[1]) - value_at(&r, c->y[0]);
	const double later = age(&r, c->x[0]) - age(&r, c->x[1]);
	struct calliper_result out = { r.kind, NAN, NAN, NAN, { NAN, NAN } };

	if (r.kind == REGION_B) {
		out.distance =
			hypot((double)(c->x[1] - c->x[0]) * r.raster.dx, dz);
		return out;
	}
	out.time = fabs(later);
	if (r.kind == REGION_M) {
		out.distance = fabs(dz);
		out.slope = c->x[0] != c->x[1] ? dz / later : NAN;
	}
	if (r.kind == REGION_SPECTRUM)
		for (int i = 0; i < 2; i++)
			out.velocity[i] = value_at(&r, c->y[i]);
	return out;
}

void calliper_text(const struct calliper_result *r, char *text, size_t bytes)
{
	const double ms = r->time * 1e3;

	switch (r->kind) {
	case REGION_B:
		snprintf(text, bytes, "%.1f mm", r->distance * 1e3);
		return;
	case REGION_M:
		if (isnan(r->slope))
			snprintf(text, bytes, "%.1f mm  %.0f ms",
				 r->distance * 1e3, ms);
		else
			snprintf(text, bytes, "%.1f mm  %.0f ms  %.0f mm/s",
				 r->distance * 1e3, ms, r->slope * 1e3);
		return;
	case REGION_SPECTRUM:
		snprintf(text, bytes, "%.1f  %.1f cm/s  %.0f ms",
			 r->velocity[0] * 1e2, r->velocity[1] * 1e2, ms);
		return;
	case REGION_ECG:
		snprintf(text, bytes, "%.0f ms", ms);
		return;
	}
}

/* --- drawing --- */

static void draw_cross(struct image *to, long x, long y, const uint8_t rgb[3])
{
	const long arm = ARM - HOLE + 1;

	canvas_fill(to, x - ARM, y, arm, 1, rgb);
	canvas_fill(to, x + HOLE, y, arm, 1, rgb);
	canvas_fill(to, x, y - ARM, 1, arm, rgb);
	canvas_fill(to, x, y + HOLE, 1, arm, rgb);
}

static void draw_dashes(struct image *to, long x, long y, long dx, long dy,
			const uint8_t rgb[3])
{
	const long way = lround(hypot((double)dx, (double)dy));

	for (long i = ARM; i < way - ARM; i++)
		if (i / DASH % 2 == 0)
			canvas_put(to, x + lround((double)(i * dx) / way),
				   y + lround((double)(i * dy) / way), rgb);
}

static void draw_one(const struct calliper *c, char letter, struct image *to,
		     long left, long top, int scale)
{
	const uint8_t *rgb = c->points < 2 ? moving_rgb : set_rgb;
	const char name[] = { letter, '\0' };

	draw_cross(to, left + c->x[0], top + c->y[0], rgb);
	canvas_text(to, left + c->x[0] + LETTER,
		    top + c->y[0] - LETTER - (long)LETTER * scale, scale, rgb,
		    name);
	if (!c->points)
		return;
	draw_cross(to, left + c->x[1], top + c->y[1], rgb);
	draw_dashes(to, left + c->x[0], top + c->y[0], c->x[1] - c->x[0],
		    c->y[1] - c->y[0], rgb);
}

void callipers_draw(const struct callipers *c, struct image *to, long left,
		    long top, int scale)
{
	for (uint32_t i = 0; i < c->count; i++)
		draw_one(&c->of[i], (char)('A' + i), to, left, top,
			 scale);
}

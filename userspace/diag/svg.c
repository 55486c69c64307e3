// SPDX-License-Identifier: MIT
#include <math.h>

#include "svg.h"

#define WIDTH 360
#define HEIGHT 150
#define LEFT 40
#define RIGHT 8
#define TOP 18
#define BOTTOM 26
#define TICKS 4

/* What is drawn, and where. */
struct frame {
	double x0, x1, y0, y1;
};

static double across(const struct frame *f, double x)
{
	return LEFT + (x - f->x0) / (f->x1 - f->x0) * (WIDTH - LEFT - RIGHT);
}

static double down(const struct frame *f, double y)
{
	return HEIGHT - BOTTOM -
	       (y - f->y0) / (f->y1 - f->y0) * (HEIGHT - TOP - BOTTOM);
}

/* A step of 1, 2 or 5 that gives about TICKS ticks. */
static double step_of(double span)
{
	const double step = pow(10, floor(log10(span / TICKS)));
	const double rest = span / TICKS / step;

	return step * (rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10);
}

static void include(struct frame *f, double y)
{
	if (!isfinite(y))
		return;
	f->y0 = fmin(f->y0, y);
	f->y1 = fmax(f->y1, y);
}

static struct frame frame_of(const struct diag_plot *p)
{
	struct frame f = { p->from, p->from + p->step * (double)(p->n - 1),
			   INFINITY, -INFINITY };
	double margin;

	for (size_t i = 0; i < p->n; i++)
		include(&f, p->value[i]);
	include(&f, p->lo);
	include(&f, p->hi);
	if (!(f.y1 >= f.y0))
		f.y0 = f.y1 = 0;
	margin = f.y1 > f.y0 ? 0.06 * (f.y1 - f.y0) : 1;
	f.y0 -= margin;
	f.y1 += margin;
	f.x1 = f.x1 > f.x0 ? f.x1 : f.x0 + 1;
	return f;
}

static void draw_axes(FILE *to, const struct frame *f,
		      const struct diag_plot *p)
{
	const double dx = step_of(f->x1 - f->x0), dy = step_of(f->y1 - f->y0);

	for (double y = ceil(f->y0 / dy) * dy; y <= f->y1; y += dy)
		fprintf(to,
			"<path class=grid d='M%d %.1fH%d'/><text x=%d y=%.1f class=e>%.3g</text>\n",
			LEFT, down(f, y), WIDTH - RIGHT, LEFT - 4,
			down(f, y) + 3, fabs(y) < dy / 1e6 ? 0 : y);
	for (double x = ceil(f->x0 / dx) * dx; x <= f->x1; x += dx)
		fprintf(to,
			"<path class=grid d='M%.1f %dV%d'/><text x=%.1f y=%d class=m>%.4g</text>\n",
			across(f, x), TOP, HEIGHT - BOTTOM, across(f, x),
			HEIGHT - BOTTOM + 11, fabs(x) < dx / 1e6 ? 0 : x);
	fprintf(to,
		"<text x=%d y=11 class=t>%s [%s]</text><text x=%d y=%d class=e>%s</text>\n",
		LEFT, p->title, p->y, WIDTH - RIGHT, HEIGHT - 4, p->x);
}

static void draw_limit(FILE *to, const struct frame *f, double y)
{
	if (isfinite(y))
		fprintf(to, "<path class=limit d='M%d %.1fH%d'/>\n", LEFT,
			down(f, y), WIDTH - RIGHT);
}

void diag_svg(FILE *to, const struct diag_plot *p)
{
	const struct frame f = frame_of(p);
	bool pen = false;

	fprintf(to, "<svg viewBox='0 0 %d %d'>\n", WIDTH, HEIGHT);
	draw_axes(to, &f, p);
	draw_limit(to, &f, p->lo);
	draw_limit(to, &f, p->hi);
	fputs("<path class=line d='", to);
	for (size_t i = 0; i < p->n; i++) {
		const double x = p->from + p->step * (double)i;

		if (isfinite(p->value[i]))
			fprintf(to, "%c%.1f %.1f", pen ? 'L' : 'M',
				across(&f, x), down(&f, p->value[i]));
		pen = isfinite(p->value[i]);
	}
	fputs("'/></svg>\n", to);
}

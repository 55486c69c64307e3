// SPDX-License-Identifier: MIT
/* Which events serve a line, and how much each of them. */
#include <errno.h>
#include <math.h>

#include "beamform_private.h"
#include "transmit.h"

/* Across the lines: in lines, or of one line as the distance from it. */
static double place_across(const struct grid *grid, double x, double z)
{
	struct ray ray = grid_ray(grid, 0);
	double line, sample;

	if (grid->lines == 1)
		return ((x - ray.x) * ray.dz - (z - ray.z) * ray.dx) /
		       grid->sample_step;
	grid_locate(grid, x, z, &line, &sample);
	return line;
}

void beamform_fill_parts(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	uint32_t e;

	for (e = 0; e < scan->events; e++) {
		const struct sono_event *event = &scan->event[e];
		uint32_t group = b->params.group ? b->params.group[e] : 0;
		struct part part = { .event = e, .group = group };

		if (group == BEAMFORM_UNUSED)
			continue;
		if (event->wave == SONO_WAVE_FOCUSED) {
			struct transmit f = transmit_of(scan, event);

			part.place = place_across(&b->params.grid, f.x, f.z);
		}
		b->part[b->parts++] = part;
	}
}

static bool focused(const struct beamform *b, const struct part *part)
{
	return b->scan->event[part->event].wave == SONO_WAVE_FOCUSED;
}

/* Foci of one image on either side of a line, and how many lie there. */
struct neighbours {
	double before, after;
	uint32_t n_before, n_after;
};

static struct neighbours find_neighbours(const struct beamform *b,
					 uint32_t group, double line)
{
	struct neighbours n = { -INFINITY, INFINITY, 0, 0 };
	uint32_t k;

	for (k = 0; k < b->parts; k++) {
		const double place = b->part[k].place;

		if (!focused(b, &b->part[k]) || b->part[k].group != group)
			continue;
		if (place <= line && place >= n.before) {
			n.n_before = place > n.before ? 1 : n.n_before + 1;
			n.before = place;
		}
		if (place > line && place <= n.after) {
			n.n_after = place < n.after ? 1 : n.n_after + 1;
			n.after = place;
		}
	}
	return n;
}

static double share(const struct beamform *b, const struct part *part,
		    double line)
{
	struct neighbours n;
	double after;

	if (!focused(b, part))
		return 1;
	n = find_neighbours(b, part->group, line);
	after = !n.n_after  ? 0 :
		!n.n_before ? 1 :
			      (line - n.before) / (n.after - n.before);
	if (n.n_before && part->place == n.before)
		return (1 - after) / n.n_before;
	if (n.n_after && part->place == n.after)
		return after / n.n_after;
	return 0;
}

/* Lists every line's services, or with no room for them counts them. */
static void list_services(struct beamform *b)
{
	uint32_t line, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		uint32_t n = 0;

		for (k = 0; k < b->parts; k++) {
			double weight = share(b, &b->part[k], line);

			if (weight < 1e-6)
				continue;
			if (b->service)
				b->service[(size_t)n * b->params.grid.lines +
					   line] =
					(struct service){ k, weight };
			n++;
		}
		b->services[line] = n;
		if (n > b->most)
			b->most = n;
	}
}

int beamform_make_services(struct beamform *b)
{
	const size_t lines = b->params.grid.lines;

	b->services = dsp_alloc(lines, sizeof(*b->services));
	if (!b->services)
		return -ENOMEM;
	list_services(b);
	b->service = dsp_alloc(b->most * lines, sizeof(*b->service));
	b->wave = dsp_alloc(b->most * lines * b->tiles, sizeof(*b->wave));
	if (!b->service || !b->wave)
		return -ENOMEM;
	list_services(b);
	return 0;
}

// SPDX-License-Identifier: MIT
/*
 * Transmit delays, per event, line and sample; and with the receive delays
 * that are added to them, which kernels may be called for a tile.
 */
#include <math.h>

#include "beamform_private.h"
#include "demod.h"
#include "transmit.h"

static const char *find_positions(const struct beamform *b,
				  const struct transmit *wave,
				  const struct ray *ray, uint32_t tile,
				  double *out)
{
	const struct sono_scan *scan = b->scan;
	const double extra = 2 * scan->lens_delay + scan->pulse_delay -
			     wave->event->rx_start;
	uint32_t i;

	transmit_arrivals(wave, ray, tile * TILE, TILE, out);
	for (i = 0; i < TILE; i++) {
		if (isinf(out[i]))
			return "scan: an event without transmitting element";
		out[i] = (out[i] / scan->c + extra) * b->fs;
		if (!(fabs(out[i]) < DELAY_MAX))
			return "beamforming: a transmit delay beyond 16383 samples";
		out[i] *= STEPS;
	}
	return NULL;
}

static const char *fill_tile(const struct beamform *b,
			     const struct transmit *transmit,
			     const struct ray *ray, uint32_t tile,
			     struct wave *out)
{
	double position[TILE];
	const char *why = find_positions(b, transmit, ray, tile, position);
	uint32_t i;

	if (why)
		return why;
	/* downwards: weights are those of the middle of a step */
	out->start = floor(position[0]);
	out->grow = lrint((position[TILE - 1] - position[0]) / (TILE - 1));
	for (i = 0; i < TILE; i++) {
		double rest = floor(position[i]) - out->start -
			      (double)i * out->grow;

		/* a wave's arrival does not bend by 32 samples in a tile */
		if (!(fabs(rest) < INT16_MAX))
			return "beamforming: samples of a line too far apart";
		out->rest[i] = rest;
	}
	return NULL;
}

const char *beamform_fill_waves(struct beamform *b)
{
	const char *why = NULL;
	uint32_t line, tile, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		const struct ray ray = grid_ray(&b->params.grid, line);

		for (k = 0; !why && k < b->services[line]; k++) {
			const struct part *part =
				&b->part[service_of(b, line, k)->part];
			const struct transmit transmit = transmit_of(b->scan,
					&b->scan->event[part->event]);

			for (tile = 0; !why && tile < b->tiles; tile++)
				why = fill_tile(b, &transmit, &ray, tile,
						wave_of(b, tile, line, k));
		}
	}
	return why;
}

/* --- what may be called --- */

/*
 * Of a tile's receive delays, over its channels: how they grow from sample to
 * sample; between what the first sample's lie, and the last sample's largest
 * [steps].
 */
struct growth {
	double least, most;
	double from, until, to;
};

static struct growth find_growth(const struct beamform *b, uint32_t line,
				 uint32_t tile)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line, tile);
	const double step = b->params.grid.sample_step * b->fs / b->scan->c *
			    STEPS;
	const double from = tile * TILE * step, to = from + (TILE - 1) * step;
	struct growth g = { INFINITY, 0, INFINITY, 0, 0 };
	uint32_t c;

	/* a distance along a line grows faster and faster */
	for (c = t.first; c < t.end; c++) {
		const uint32_t law = law_of(b, line, c);
		double a = b->along[law] + from, z = b->along[law] + to;

		double near = sqrt(a * a + b->across2[law]);
		double far = sqrt(z * z + b->across2[law]);

		g.least = fmin(g.least, step * a / near);
		g.most = fmax(g.most, step * z / far);
		g.from = fmin(g.from, near);
		g.until = fmax(g.until, near);
		g.to = fmax(g.to, far);
	}
	return t.first < t.end ? g : (struct growth){ 0 };
}

/* Do positions stay where variants look for them? See beamform_add_fn. */
static bool keeps(const struct growth *g, int32_t transmit, uint32_t n,
		  uint32_t samples)
{
	/* one step for the rounding of receive delays */
	return transmit + n * g->least >= 1 - BEAMFORM_SLIP &&
	       transmit + n * g->most <=
		       (double)samples * STEPS + BEAMFORM_SLIP - 1;
}

/* Does a row of so many lines have all that a regular tile asks for? */
static bool is_inside(const struct growth *g, const int32_t *transmit,
		      uint32_t lines)
{
	const double line = (double)ANALYTIC_LINE * STEPS;

	return transmit[0] + g->from - BEAMFORM_SLIP >= -line &&
	       transmit[TILE - 1] + g->to + BEAMFORM_SLIP < lines * line;
}

static bool is_regular(const struct growth *g, const int32_t *transmit,
		       bool quads)
{
	uint32_t j;

	for (j = 1; j < TILE; j++) {
		const uint32_t k = j % 4;

		if (!keeps(g, transmit[j] - transmit[0], j, 31) ||
		    (quads &&
		     !keeps(g, transmit[j] - transmit[j - k], k, 6)))
			return false;
	}
	return true;
}

/* In which lines a tile begins; roundings of a step or two do not matter. */
static void find_lines(struct wave *wave, const struct growth *g)
{
	const double line = (double)ANALYTIC_LINE * STEPS;
	const double from = floor((wave->start + g->from - 4) / line);
	const double more = floor((wave->start + g->until + 4) / line) - from;

	/* twice 16383 samples are 1024 lines */
	wave->from = from;
	wave->more = fmin(more, UINT8_MAX);
}

/* @lines: whole ones of a row */
static enum tile_kind kind_of(const struct beamform *b,
			      const struct growth *g, const struct wave *wave,
			      uint32_t lines)
{
	int32_t transmit[TILE];

	get_transmit(wave, transmit);
	if (!is_regular(g, transmit, b->quads))
		return TILE_IRREGULAR;
	return is_inside(g, transmit, lines) ? TILE_INSIDE : TILE_REGULAR;
}

void beamform_fill_kinds(struct beamform *b)
{
	const uint32_t lines = demod_longest(b->scan, b->params.decimate, b->params.interpolation) /
			       ANALYTIC_LINE;
	uint32_t line, tile, k;

	for (line = 0; line < b->params.grid.lines; line++) {
		for (tile = 0; tile < b->tiles; tile++) {
			const struct growth g = find_growth(b, line, tile);

			for (k = 0; k < b->services[line]; k++) {
				struct wave *wave = wave_of(b, tile, line, k);

				wave->kind = kind_of(b, &g, wave, lines);
				find_lines(wave, &g);
			}
		}
	}
}

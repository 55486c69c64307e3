// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mcolour.h"
#include "mmode.h"
#include "palette.h"
#include "sweep.h"

#define SIDE_MAX	16384
#define NO_COLOUR	UINT16_MAX	/* of a cell; else shade and velocity */

struct mcolour {
	struct mcolour_params params;
	struct palette palette;
	struct sweep sweep;
	double time;		/* of the last line [s] */
	uint16_t *before;	/* [height], the last line */
	uint16_t *now;		/* [height] */
	uint16_t *cell;		/* [width][height] */
};

static const char *fault(const struct mcolour_params *p)
{
	if (p->samples < 2)
		return "M-mode: fewer than 2 samples";
	if (!p->width || p->width > SIDE_MAX || p->height < 2 ||
	    p->height > SIDE_MAX)
		return "M-mode: strip is not 1 to 16384 wide and 2 to 16384 high";
	if (!(p->column > 0) || !isfinite(p->column))
		return "M-mode: a column lasts no time";
	if (!(p->interval > 0))
		return "M-mode: lines lie no time apart";
	if (!(p->colour.nyquist > 0))
		return "M-mode: colours without a Nyquist velocity";
	return NULL;
}

int mcolour_create(struct mcolour **mcolour,
		   const struct mcolour_params *params, const char **why)
{
	struct mcolour *m;

	*why = fault(params);
	if (*why)
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->params = *params;
	m->sweep.width = params->width;
	m->sweep.column = params->column;
	m->before = dsp_alloc(params->height, sizeof(*m->before));
	m->now = dsp_alloc(params->height, sizeof(*m->now));
	m->cell = dsp_alloc((size_t)params->width * params->height,
			    sizeof(*m->cell));
	if (!m->before || !m->now || !m->cell) {
		mcolour_destroy(m);
		return -ENOMEM;
	}
	palette_make(&m->palette, &params->colour);
	mcolour_reset(m);
	*mcolour = m;
	return 0;
}

/* --- a line --- */

/* Where the middle is shifted, what is beyond one end is at the other. */
static uint16_t cell_of(const struct mcolour *m, const struct vel *vel,
			size_t at, float db)
{
	const struct colour_scale *c = &m->params.colour;
	const double v = palette_velocity(c, vel->v[at]);
	const double place = (v / c->nyquist + 1 + c->baseline) / 2;
	const int velocity = (place - floor(place)) * PALETTE_COLOURS;
	const float share = c->map == COLOUR_VELOCITY ? 0 :
						palette_shade(c, vel, at);

	if (!vel->valid[at] || db >= m->params.priority_db)
		return NO_COLOUR;
	return palette_entry(share, PALETTE_SHADES) * PALETTE_COLOURS +
	       (velocity & (PALETTE_COLOURS - 1));
}

static uint16_t *column(const struct mcolour *m, int64_t at)
{
	return m->cell + (size_t)sweep_place(&m->sweep, at) * m->params.height;
}

static void clear(uint16_t *cells, size_t n)
{
	memset(cells, 0xff, n * sizeof(*cells));
}

static void read_line(struct mcolour *m, const struct vel *vel, uint32_t line,
		      const float *db)
{
	const struct mcolour_params *p = &m->params;
	uint32_t row;

	for (row = 0; row < p->height; row++) {
		const uint32_t sample = lrint(row * (p->samples - 1.0) /
					      (p->height - 1.0));

		m->now[row] = cell_of(m, vel,
				      (size_t)line * p->samples + sample,
				      db[sample]);
	}
}

void mcolour_execute(struct mcolour *m, const struct vel *vel, uint32_t line,
		     const float *db, double time)
{
	const struct mcolour_params *p = &m->params;
	const size_t bytes = p->height * sizeof(*m->now);
	bool restarted;
	uint32_t columns = sweep_to(&m->sweep, time, &restarted), k;
	const bool hole = time - m->time > MMODE_GAP * p->interval;

	if (restarted)
		clear(m->cell, (size_t)p->width * p->height);
	memcpy(m->before, m->now, bytes);
	read_line(m, vel, line, db);
	for (k = 1; !restarted && k < columns; k++) {
		uint16_t *at = column(m, m->sweep.now - columns + k);

		if (hole)
			clear(at, p->height);
		else
			memcpy(at, 2 * k < columns ? m->before : m->now, bytes);
	}
	memcpy(column(m, m->sweep.now), m->now, bytes);
	for (k = 1; k <= sweep_erased(&m->sweep); k++)
		clear(column(m, m->sweep.now + k), p->height);
	m->time = time;
}

void mcolour_draw(const struct mcolour *m, struct image *strip)
{
	uint32_t x, y;

	for (y = 0; y < m->params.height; y++) {
		uint8_t *to = strip->data + y * strip->stride;

		for (x = 0; x < m->params.width; x++, to += 3) {
			const uint16_t cell =
				m->cell[(size_t)x * m->params.height + y];

			if (cell != NO_COLOUR)
				memcpy(to, m->palette.rgb[cell / PALETTE_COLOURS]
							 [cell % PALETTE_COLOURS],
				       3);
		}
	}
}

void mcolour_reset(struct mcolour *m)
{
	m->sweep.begun = false;
	clear(m->cell, (size_t)m->params.width * m->params.height);
}

void mcolour_destroy(struct mcolour *m)
{
	if (!m)
		return;
	free(m->before);
	free(m->now);
	free(m->cell);
	free(m);
}

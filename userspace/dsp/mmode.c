// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "mmode.h"
#include "scanconvert.h"
#include "sweep.h"

#define SIDE_MAX	16384

struct mmode {
	struct mmode_params params;
	scanconvert_level_fn *level;
	struct sweep sweep;
	double time;		/* of the last line [s] */
	uint32_t lines;		/* in the newest column */
	float *before;		/* [height], of the column before the newest */
	float *now;		/* [height], mean of the newest */
	float *mix;		/* [height] */
	uint8_t *grey;		/* [height] */
	uint8_t *map;		/* [LEVEL_MAP] */
};

static const char *fault(const struct mmode_params *p)
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
	if (!(p->range_db > 0) || !isfinite(p->range_db))
		return "M-mode: dynamic range is not positive";
	return NULL;
}

int mmode_create(struct mmode **mmode, const struct mmode_params *params,
		 const char **why)
{
	struct mmode *m;
	unsigned int i;

	*why = fault(params);
	if (*why)
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->params = *params;
	m->level = cpu_choose(scanconvert_level_variants)->fn;
	m->sweep.width = params->width;
	m->sweep.column = params->column;
	m->before = dsp_alloc(params->height, sizeof(float));
	m->now = dsp_alloc(params->height, sizeof(float));
	m->mix = dsp_alloc(params->height, sizeof(float));
	m->grey = dsp_alloc(params->height, 1);
	m->map = dsp_alloc(LEVEL_MAP, 1);
	if (!m->before || !m->now || !m->mix || !m->grey || !m->map) {
		mmode_destroy(m);
		return -ENOMEM;
	}
	for (i = 0; i < LEVEL_MAP; i++)
		m->map[i] = lrint(255 * grey_of(params->grey,
						i / (LEVEL_MAP - 1.0)));
	*mmode = m;
	return 0;
}

/* The line's level at a row of the strip: both ends lie on its ends. */
static float at_row(const struct mmode *m, const float *db, uint32_t row)
{
	const double place = row * (m->params.samples - 1.0) /
			     (m->params.height - 1.0);
	const uint32_t i = fmin(place, m->params.samples - 2);
	const double part = place - i;

	return db[i] + part * (db[i + 1] - db[i]);
}

static void draw_column(struct mmode *m, struct image *strip, int64_t at,
			const float *db)
{
	m->level(m->grey, db, m->params.height, -m->params.range_db, m->map);
	sweep_draw(&m->sweep, strip, at, m->grey);
}

/* The columns between the one before and the newest. */
static void draw_between(struct mmode *m, struct image *strip,
			 uint32_t columns, bool hole)
{
	uint32_t k, row;

	for (k = 1; k < columns; k++) {
		const float share = (float)k / columns;
		const int64_t at = m->sweep.now - columns + k;

		if (hole) {
			sweep_hatch(&m->sweep, strip, at);
			continue;
		}
		for (row = 0; row < m->params.height; row++)
			m->mix[row] = m->before[row] +
				      share * (m->now[row] - m->before[row]);
		draw_column(m, strip, at, m->mix);
	}
}

void mmode_execute(struct mmode *m, struct image *strip, const float *db,
		   double time)
{
	const uint32_t height = m->params.height;
	bool restarted;
	uint32_t columns = sweep_to(&m->sweep, time, &restarted), row;

	for (row = 0; restarted && row < height; row++)
		memset(strip->data + row * strip->stride, 0, m->params.width);
	if (columns) {
		memcpy(m->before, m->now, height * sizeof(*m->now));
		memset(m->now, 0, height * sizeof(*m->now));
		m->lines = 0;
	}
	m->lines++;
	for (row = 0; row < height; row++)
		m->now[row] += (at_row(m, db, row) - m->now[row]) / m->lines;
	if (!restarted)
		draw_between(m, strip, columns, time - m->time > MMODE_GAP * m->params.interval);
	draw_column(m, strip, m->sweep.now, m->now);
	sweep_erase(&m->sweep, strip);
	m->time = time;
}

uint32_t mmode_now(const struct mmode *m)
{
	return sweep_place(&m->sweep, m->sweep.now);
}

void mmode_reset(struct mmode *m)
{
	m->sweep.begun = false;
}

void mmode_destroy(struct mmode *m)
{
	if (!m)
		return;
	free(m->before);
	free(m->now);
	free(m->mix);
	free(m->grey);
	free(m->map);
	free(m);
}

// SPDX-License-Identifier: MIT
#include <math.h>

#include "sweep.h"

uint32_t sweep_to(struct sweep *sweep, double time, bool *restarted)
{
	const int64_t at = floor(time / sweep->column);
	const int64_t columns = at - sweep->now;

	*restarted = !sweep->begun || columns < 0 || columns > sweep->width;
	sweep->begun = true;
	sweep->now = at;
	return *restarted ? 1 : columns;
}

uint32_t sweep_place(const struct sweep *sweep, int64_t at)
{
	const int64_t place = at % sweep->width;

	return place < 0 ? place + sweep->width : place;
}

/* The mark's time is the first of its column, within rounding. */
bool sweep_marked(const struct sweep *sweep, int64_t at)
{
	const double marks = sweep->column / SWEEP_MARK;

	return ceil(at * marks - 1e-6) < ceil((at + 1) * marks - 1e-6);
}

uint32_t sweep_erased(const struct sweep *sweep)
{
	return sweep->width / 64;
}

static uint32_t unmarked(const struct sweep *sweep, const struct image *strip,
			 int64_t at)
{
	const uint32_t height = strip->raster.height;

	if (!sweep_marked(sweep, at))
		return height;
	return height > SWEEP_MARK_ROWS ? height - SWEEP_MARK_ROWS : 0;
}

void sweep_draw(const struct sweep *sweep, struct image *strip, int64_t at,
		const uint8_t *grey)
{
	uint8_t *out = strip->data + sweep_place(sweep, at);
	const uint32_t rows = unmarked(sweep, strip, at);
	uint32_t row;

	for (row = 0; row < strip->raster.height; row++)
		out[row * strip->stride] = row < rows ? grey[row] : 255;
}

/*
 * Drawn as an echo, interpolated or held, the heart would seem to do what
 * nobody saw; black, it would seem to have no echo.
 */
void sweep_hatch(const struct sweep *sweep, struct image *strip, int64_t at)
{
	const uint32_t place = sweep_place(sweep, at);
	uint8_t *out = strip->data + place;
	const uint32_t rows = unmarked(sweep, strip, at);
	uint32_t row;

	for (row = 0; row < strip->raster.height; row++)
		out[row * strip->stride] =
			row >= rows ? 255 :
			(row + place) % SWEEP_HATCH ? 0 : SWEEP_HATCH_GREY;
}

void sweep_erase(const struct sweep *sweep, struct image *strip)
{
	const uint32_t columns = sweep_erased(sweep);
	uint32_t row, k;

	for (k = 1; k <= columns; k++) {
		uint8_t *out = strip->data +
			       sweep_place(sweep, sweep->now + k);

		for (row = 0; row < strip->raster.height; row++)
			out[row * strip->stride] = 0;
	}
}

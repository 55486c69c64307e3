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

// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <math.h>
#include <stdbool.h>

#include "cycle.h"
#include "seq.h"
#include "sono_regs.h"

#define STRETCH_FINE 0.002

static uint64_t turn_ticks(const struct sim_seq *table)
{
	uint64_t ticks = 0;

	for (uint32_t i = 0; i < table->events; i++)
		ticks += table->event[i].period;
	return ticks;
}

static bool triggered(const struct sim_seq *table)
{
	for (uint32_t i = 0; i < table->events; i++)
		if (table->event[i].flags & SONO_EVENT_TRIG_ECG)
			return true;
	return false;
}

struct sim_cycle sim_cycle_fit(const struct sim_seq *table, double period,
			       uint32_t turns)
{
	double ticks = period * table->limits.board_clock;
	double turn = (double)turn_ticks(table), least = INFINITY;
	uint32_t first = (uint32_t)fmax(1, rint(ticks / turn));
	struct sim_cycle c = { .ticks = (uint64_t)rint(ticks), .periods = 1 };

	if (triggered(table))
		return c;
	for (uint32_t n = first; n == first || n <= turns; n++) {
		double periods = fmax(1, rint(n * turn / ticks));
		double stretch = fabs(n * turn / (periods * ticks) - 1);

		if (stretch >= least)
			continue;
		least = stretch;
		c.ticks = n * turn_ticks(table);
		c.periods = (uint32_t)periods;
		c.turns = n;
		if (stretch <= STRETCH_FINE)
			break;
	}
	return c;
}

uint64_t sim_cycle_place(const struct sim_cycle *c, uint64_t time)
{
	uint64_t behind = time < c->from ? (c->from - time) % c->ticks : 0;

	if (behind)
		return (c->at + c->ticks - behind) % c->ticks;
	return (c->at + (time - c->from)) % c->ticks;
}

double sim_cycle_phase(const struct sim_cycle *c, uint64_t place)
{
	double periods = (double)place * c->periods / (double)c->ticks;

	return periods - floor(periods);
}

void sim_cycle_begin(struct sim_cycle *to, const struct sim_cycle *was,
		     uint64_t at)
{
	to->from = at;
	to->at = 0;
	if (!was)
		return;
	to->at = (uint64_t)(sim_cycle_phase(was, sim_cycle_place(was, at)) *
			    (double)to->ticks / to->periods);
	to->at %= to->ticks;
}

uint64_t sim_cycle_next(const struct sim_cycle *c, uint64_t time)
{
	uint64_t place = sim_cycle_place(c, time);
	/* of the period that begins at this place or next */
	uint64_t n = (place * c->periods + c->ticks - 1) / c->ticks;

	return time + (n * c->ticks + c->periods - 1) / c->periods - place;
}

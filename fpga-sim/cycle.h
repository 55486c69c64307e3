/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * How a scene's period is fitted to a table, so that the frames of a table
 * that is repeated for ever can be kept: a number of turns of the table takes
 * as long as a number of periods of the scene. For that the scene's time is
 * stretched, as little as possible: by less than 0.2 % where the memory for
 * frames allows. A table with a triggered event follows the scene by itself,
 * and nothing is stretched.
 *
 * All in ticks of the board, without rounding: positions in the loop are the
 * same from one turn to the next.
 */
#ifndef SIM_CYCLE_H
#define SIM_CYCLE_H

#include <stdint.h>

struct sim_seq;

/**
 * struct sim_cycle - a scene's time in a run
 * @ticks: of the loop
 * @periods: of the scene in a loop
 * @turns: of the table in a loop, 0 where it has a triggered event
 * @from: time at which the table took over [ticks]
 * @at: place in the loop at that time [ticks]
 */
struct sim_cycle {
	uint64_t ticks;
	uint32_t periods;
	uint32_t turns;
	uint64_t from;
	uint64_t at;
};

/**
 * sim_cycle_fit() - a scene of period @period [s] with a table
 * @table: the table
 * @period: of the scene, > 0 [s]
 * @turns: of the table that can be kept, at least 1
 */
struct sim_cycle sim_cycle_fit(const struct sim_seq *table, double period,
			       uint32_t turns);

/** sim_cycle_begin() - @to takes over from @was, if not NULL, at @at */
void sim_cycle_begin(struct sim_cycle *to, const struct sim_cycle *was,
		     uint64_t at);

/** sim_cycle_place() - the place in the loop at a time, 0 .. ticks - 1 */
uint64_t sim_cycle_place(const struct sim_cycle *c, uint64_t time);

/** sim_cycle_phase() - of the scene at a place in the loop, 0 .. 1 */
double sim_cycle_phase(const struct sim_cycle *c, uint64_t place);

/** sim_cycle_next() - the first time from @time on with a phase of 0 */
uint64_t sim_cycle_next(const struct sim_cycle *c, uint64_t time);

#endif /* SIM_CYCLE_H */

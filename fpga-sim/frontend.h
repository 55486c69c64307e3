/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What is connected to the board: the probe before the ADC, and perhaps the
 * electrodes of an ECG. A front-end may prepare its samples while a table is
 * being loaded, an event at a time, or make them when they are first wanted
 * and keep them, so that handing them out costs a pointer: the emulation
 * shall not be what a benchmark measures.
 *
 * Its time is in ticks since the run's time zero, when the first event was
 * due. All that it delivers depends on this time and the table alone.
 */
#ifndef SIM_FRONTEND_H
#define SIM_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

struct sim_seq;
struct sim_frontend;

/**
 * struct sim_shot - an event that was triggered
 * @seq: frame of the run
 * @at: when [ticks since time zero]
 * @fired: it transmitted
 */
struct sim_shot {
	uint64_t seq;
	uint64_t at;
	bool fired;
};

/**
 * struct sim_frontend_ops - a kind of front-end
 * @load: look at a table that passed the board's checks; *@data is kept with
 *        it. -errno refuses the table with SONO_SEQ_E_SOURCE.
 * @prepare: compute event @event of the table; called once for each
 * @begin: from time @at on, this is the table; @at is 0 when a run starts.
 *         May be NULL.
 * @rows: an event's rows in payload layout. Valid until the next call.
 * @ecg: the ECG at time @at [uV]; for a front-end with an ecg_rate
 * @r_wave: time of the first R wave at @at or later; likewise
 * @unload: release @data; NULL is fine
 * @destroy: release the front-end
 */
struct sim_frontend_ops {
	int (*load)(struct sim_frontend *fe, const struct sim_seq *table,
		    void **data);
	void (*prepare)(struct sim_frontend *fe, const struct sim_seq *table,
			void *data, uint32_t event);
	void (*begin)(struct sim_frontend *fe, void *data, uint64_t at);
	const void *(*rows)(struct sim_frontend *fe,
			    const struct sim_seq *table, void *data,
			    uint32_t event, const struct sim_shot *shot);
	int16_t (*ecg)(struct sim_frontend *fe, uint64_t at);
	uint64_t (*r_wave)(struct sim_frontend *fe, uint64_t at);
	void (*unload)(struct sim_frontend *fe, void *data);
	void (*destroy)(struct sim_frontend *fe);
};

/**
 * struct sim_frontend - a front-end, the head of its own structure
 * @ops: its kind
 * @name: what it shows, for the log
 * @ecg_rate: ECG samples per second, 0 without an ECG
 */
struct sim_frontend {
	const struct sim_frontend_ops *ops;
	const char *name;
	uint32_t ecg_rate;
};

/** sim_frontend_destroy() - NULL is fine; boards that use it go first */
static inline void sim_frontend_destroy(struct sim_frontend *fe)
{
	if (fe)
		fe->ops->destroy(fe);
}

#endif /* SIM_FRONTEND_H */

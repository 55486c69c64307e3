/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the board's ADC sees. A front-end prepares its samples while a table
 * is being loaded, an event at a time, so that handing them out later costs
 * a pointer: the emulation shall not be what a benchmark measures.
 */
#ifndef SIM_FRONTEND_H
#define SIM_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

struct sim_seq;
struct sim_frontend;

/**
 * struct sim_frontend_ops - a kind of front-end
 * @load: look at a table that passed the board's checks; *@data is kept with
 *        it. -errno refuses the table with SONO_SEQ_E_SOURCE.
 * @prepare: compute event @event of the table; called once for each
 * @rows: an event's rows in payload layout for frame @seq of the run;
 *        @fired: the event transmitted. Valid until the next call.
 * @unload: release @data; NULL is fine
 * @destroy: release the front-end
 */
struct sim_frontend_ops {
	int (*load)(struct sim_frontend *fe, const struct sim_seq *table,
		    void **data);
	void (*prepare)(struct sim_frontend *fe, const struct sim_seq *table,
			void *data, uint32_t event);
	const void *(*rows)(struct sim_frontend *fe,
			    const struct sim_seq *table, void *data,
			    uint32_t event, uint64_t seq, bool fired);
	void (*unload)(struct sim_frontend *fe, void *data);
	void (*destroy)(struct sim_frontend *fe);
};

/**
 * struct sim_frontend - a front-end, the head of its own structure
 * @ops: its kind
 * @name: what it shows, for the log
 */
struct sim_frontend {
	const struct sim_frontend_ops *ops;
	const char *name;
};

/** sim_frontend_destroy() - NULL is fine; boards that use it go first */
static inline void sim_frontend_destroy(struct sim_frontend *fe)
{
	if (fe)
		fe->ops->destroy(fe);
}

#endif /* SIM_FRONTEND_H */

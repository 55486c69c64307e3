// SPDX-License-Identifier: MIT
/* What the board measures about itself, while nothing of ours is running. */
#include <errno.h>
#include <string.h>

#include "place.h"
#include "session.h"

/* Somebody else may be imaging; then there is a voltage, and rightly so. */
static bool rests(const struct diag *d)
{
	char state[32];

	return !diag_is_driver(d) ||
	       diag_place_read(d->source, "state", state, sizeof(state)) ||
	       strcmp(state, "streaming");
}

void diag_check_sensors(struct diag *d, struct diag_result *r)
{
	struct sono_sensors s;
	int ret = sono_sensors(d->sono, &s);
	double margin;

	if (ret == -ENOENT || ret == -EOPNOTSUPP) {
		diag_skip(r, "no hwmon device here");
		return;
	}
	if (ret) {
		diag_blame(r, DIAG_FAIL, "the sensors cannot be read: %s",
			   strerror(-ret));
		return;
	}
	margin = 1e-3 * ((double)s.temp_max - s.temp);
	diag_note(d, r, "temperature", "deg C", 1e-3 * s.temp);
	if (diag_measure(d, r, "temperature_margin", "K", margin) > DIAG_PASS)
		diag_blame(r, r->status,
			   "the board is hot: %.1f deg C, it stops at %.0f",
			   1e-3 * s.temp, 1e-3 * s.temp_max);
	d->leaks = rests(d) && diag_measure(d, r, "hv_off", "V",
					    1e-3 * s.hv) > DIAG_PASS;
	if (d->leaks)
		diag_blame(r, r->status,
			   "transmit voltage is not off: %.1f V at rest",
			   1e-3 * s.hv);
	diag_detail(r, "%.1f deg C, stops at %.0f; %.1f V", 1e-3 * s.temp,
		    1e-3 * s.temp_max, 1e-3 * s.hv);
}

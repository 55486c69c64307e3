// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The board's temperature: it approaches one of two values, as transmit is on
 * or off, like a body that is heated and cooled. Its transmit voltage: what is
 * asked for, at once, but with a fault.
 */
#include <math.h>

#include "board.h"

#define TEMP_IDLE 41500.0
#define TEMP_TX 49500.0
#define TEMP_TIME 60.0 /* constant [s] */
#define TEMP_OVER 1000 /* an injected fault exceeds the limit by this */

static double temp_now(const struct sim_board *b)
{
	double s = (double)(b->now - b->temp_at) / b->config.limits.board_clock;
	const uint32_t hot = b->config.faults.hot;
	double idle = hot ? 1000.0 * hot : TEMP_IDLE;
	double end = idle + (b->tx_on ? TEMP_TX - TEMP_IDLE : 0);

	if (!b->temp)
		return idle;
	return end + (b->temp - end) * exp(-s / TEMP_TIME);
}

/* Before transmit goes on or off: from here another value is approached. */
void sim_temp_update(struct sim_board *b)
{
	b->temp = temp_now(b);
	b->temp_at = b->now;
}

int32_t sim_temp(const struct sim_board *b)
{
	if (b->hot)
		return (int32_t)b->config.limits.temp_max + TEMP_OVER;
	return (int32_t)lrint(temp_now(b));
}

/* --- transmit voltage -------------------------------------------------------- */

static double hv_now(const struct sim_board *b)
{
	const double s = (double)(b->now - b->hv_at) /
			 b->config.limits.board_clock;
	const uint32_t ms = b->hv > b->hv_from ? b->config.faults.hv_slow :
						 b->config.faults.hv_stays;

	return ms ? b->hv + (b->hv_from - b->hv) * exp(-1e3 * s / ms) : b->hv;
}

/* From here on it approaches @mv. */
void sim_hv_set(struct sim_board *b, uint32_t mv)
{
	b->hv_from = hv_now(b);
	b->hv_at = b->now;
	b->hv = mv;
}

uint32_t sim_hv(const struct sim_board *b)
{
	return (uint32_t)lrint(hv_now(b));
}

/* SPDX-License-Identifier: MIT */
/* The emulated board's limits as the driver would report them. */
#ifndef TEST_BOARD_H
#define TEST_BOARD_H

#include <linux/sono.h>

#include "plan.h"
#include "sim.h"

/** board_info() - what SONO_CMD_INFO says of a board with @limits */
struct sono_info board_info(const struct sim_limits *limits);

/** board_limits() - of the default board, with an ADC of @adc_clock [Hz] */
struct sim_limits board_limits(uint32_t adc_clock);

/** board_open_plan() - sono_plan_open() for that board */
int board_open_plan(struct sono_plan **plan, const char *path,
		    uint32_t adc_clock, char *why, size_t why_bytes);

/** board_must_take() - a plan's table, or the test has failed */
void board_must_take(const struct sono_plan *plan, uint32_t adc_clock);

#endif /* TEST_BOARD_H */

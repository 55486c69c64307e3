/* SPDX-License-Identifier: MIT */
/* The emulated board's limits as the driver would report them. */
#ifndef TEST_BOARD_H
#define TEST_BOARD_H

#include <linux/sono.h>

#include "sim.h"

/** board_info() - what SONO_CMD_INFO says of a board with @limits */
struct sono_info board_info(const struct sim_limits *limits);

/** board_limits() - of the default board, with an ADC of @adc_clock [Hz] */
struct sim_limits board_limits(uint32_t adc_clock);

#endif /* TEST_BOARD_H */

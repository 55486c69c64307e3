// SPDX-License-Identifier: MIT
#include "board.h"

struct sono_info board_info(const struct sim_limits *limits)
{
	return (struct sono_info){
		.channels = limits->channels,
		.elements = limits->elements,
		.adc_bits = limits->adc_bits,
		.adc_clock = limits->adc_clock,
		.board_clock = limits->board_clock,
		.seq_events_max = limits->seq_events_max,
		.seq_bytes_max = limits->seq_bytes_max,
		.frame_bytes_max = limits->frame_bytes_max,
		.event_overhead = limits->event_overhead,
		.dma_rate_max = limits->dma_rate_max,
		.hv_max = limits->hv_max,
		.prf_max = limits->prf_max,
		.tx_duty_max = limits->tx_duty_max,
		.heartbeat_max = limits->heartbeat_max,
	};
}

struct sim_limits board_limits(uint32_t adc_clock)
{
	struct sim_config config;

	sim_config_init(&config);
	config.limits.adc_clock = adc_clock;
	return config.limits;
}

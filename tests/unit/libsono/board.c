// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "board.h"
#include "seq.h"
#include "sono_regs.h"

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

int board_open_plan(struct sono_plan **plan, const char *path,
		    uint32_t adc_clock, char *why, size_t why_bytes)
{
	const struct sim_limits limits = board_limits(adc_clock);
	const struct sono_info info = board_info(&limits);

	return sono_plan_open(plan, path, &info, why, why_bytes);
}

void board_must_take(const struct sono_plan *plan, uint32_t adc_clock)
{
	const struct sim_limits limits = board_limits(adc_clock);
	struct sim_seq *seq = NULL;
	uint32_t event;
	int code = sim_seq_parse(&seq, &limits, plan->table.data,
				 plan->table.bytes, &event);

	cr_assert_eq(code, SONO_SEQ_OK, "code %d, event %u", code, event);
	cr_assert_eq(seq->frame_bytes, plan->scan->frame_bytes);
	sim_seq_free(seq);
}

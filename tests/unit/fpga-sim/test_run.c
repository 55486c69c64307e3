// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs: start and stop, transmit safety, switch of tables, determinism. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define PERIOD_US 100
#define TICKS_PER_US 100
#define RUN_TX (SONO_CONTROL_RUN | SONO_CONTROL_TX_ENABLE)

static struct table table;

/* Frames of four events, 400 us; 2 channels of 64 samples. */
static void start(struct host *h, uint32_t heartbeat_ms, uint32_t control)
{
	table_make(&table, 4, 2, 64, PERIOD_US * TICKS_PER_US);
	cr_assert_eq(host_load(h, &table), SONO_SEQ_ACTIVE);
	host_queues(h, 64, 64);
	for (uint32_t i = 0; i < 32; i++)
		host_post(h, i, 1);
	host_write(h, SONO_REG_HEARTBEAT, heartbeat_ms);
	host_write(h, SONO_REG_CONTROL, control);
}

/* The latest transmit that the log knows of [ticks]. */
static uint64_t last_transmit(const struct host *h)
{
	uint64_t last = 0;
	char *copy = strdup(h->log), *save, *line;

	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t t;

		if (!strstr(line, " last=") || !log_field(line, "tx"))
			continue;
		t = log_field(line, "last");
		last = t > last ? t : last;
	}
	free(copy);
	return last;
}

Test(run, transmits_and_counts)
{
	char line[512];
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	cr_assert(host_read(&h, SONO_REG_STATUS) & SONO_STATUS_TX_ON);
	host_run(&h, 8 * PERIOD_US * US);
	cr_assert_eq(host_completion(&h)->flags, 0);
	cr_assert_eq(host_logged(&h, "ev=frame", line), 2);
	cr_assert_eq(log_field(line, "tx"), 4);
	cr_assert_eq(log_field(line, "last") - log_field(line, "first"),
		     3 * PERIOD_US * TICKS_PER_US);
	cr_assert_eq(log_field(line, "ts"), log_field(line, "first"));
	cr_assert_eq(host_read(&h, SONO_REG_HV), 50000);
	host_end(&h);
}

/* Board time, not the caller's: the lapse comes in the midst of one call. */
Test(run, heartbeat_lapse_ends_transmission)
{
	char line[512];
	uint64_t deadline;
	struct host h;

	host_start(&h, NULL);
	start(&h, 5, RUN_TX);
	cr_assert_eq(host_logged(&h, "ev=heartbeat", line), 1);
	deadline = log_field(line, "until");
	host_run(&h, 5000 * MS);
	cr_assert_eq(host_logged(&h, "ev=fault code=1 name=heartbeat", line),
		     1);
	cr_assert_eq(log_field(line, "t"), deadline);
	cr_assert(last_transmit(&h) < deadline);
	cr_assert(last_transmit(&h) >= deadline - PERIOD_US * TICKS_PER_US);
	cr_assert_eq(host_logged(&h, "ev=tx_off", line), 1);
	cr_assert_eq(log_field(line, "t"), deadline);
	cr_assert_eq(host_logged(&h, "ev=abandon", NULL), 1);
	cr_assert_eq(host_read(&h, SONO_REG_CONTROL), 0);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), SONO_STATUS_FAULT);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 1);
	cr_assert_eq(host_read(&h, SONO_REG_IRQ_STATUS) &
			     (SONO_IRQ_FAULT | SONO_IRQ_STOPPED),
		     SONO_IRQ_FAULT | SONO_IRQ_STOPPED);
	host_end(&h);
}

Test(run, heartbeat_in_time_keeps_it_going)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 5, RUN_TX);
	for (int i = 0; i < 100; i++) {
		host_run(&h, 4 * MS);
		host_write(&h, SONO_REG_HEARTBEAT, 5);
	}
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_NONE);
	host_write(&h, SONO_REG_HEARTBEAT, 0);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_HEARTBEAT);
	host_end(&h);
}

Test(run, heartbeat_is_clipped)
{
	char line[512];
	struct host h;

	host_start(&h, NULL);
	host_write(&h, SONO_REG_HEARTBEAT, UINT32_MAX);
	host_logged(&h, "ev=heartbeat", line);
	cr_assert_eq(log_field(line, "until") - log_field(line, "t"),
		     host_read(&h, SONO_REG_HEARTBEAT_MAX) * 100000ull);
	host_end(&h);
}

Test(run, transmit_without_heartbeat_is_a_fault_at_once)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 0, RUN_TX);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_HEARTBEAT);
	host_run(&h, 10 * MS);
	cr_assert_eq(last_transmit(&h), 0);
	host_end(&h);
}

Test(run, receives_without_transmitting)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 0, SONO_CONTROL_RUN);
	host_run(&h, 10 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_NONE);
	cr_assert_eq(host_completion(&h)->flags, SONO_CPL_TX_OFF);
	cr_assert_eq(last_transmit(&h), 0);
	host_end(&h);
}

Test(run, noise_source_holds_transmit_off)
{
	struct host h;

	host_start(&h, NULL);
	host_write(&h, SONO_REG_SOURCE, SONO_SOURCE_NOISE);
	start(&h, 1000, RUN_TX);
	host_run(&h, MS);
	cr_assert_not(host_read(&h, SONO_REG_STATUS) & SONO_STATUS_TX_ON);
	cr_assert_eq(last_transmit(&h), 0);
	host_end(&h);
}

Test(run, fault_stays_until_cleared_and_restarted)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 1, RUN_TX);
	host_run(&h, 2 * MS);
	host_write(&h, SONO_REG_HEARTBEAT, 1000);
	host_write(&h, SONO_REG_CONTROL, RUN_TX);
	cr_assert_eq(host_read(&h, SONO_REG_CONTROL), 0);
	host_write(&h, SONO_REG_FAULT, 1);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_HEARTBEAT);
	host_write(&h, SONO_REG_FAULT, 0);
	host_run(&h, 2 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	host_write(&h, SONO_REG_CONTROL, RUN_TX);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS),
		     SONO_STATUS_RUNNING | SONO_STATUS_TX_ON |
			     SONO_STATUS_DMA_BUSY);
	host_end(&h);
}

Test(run, over_temperature_outlasts_a_clear_and_a_reset)
{
	struct sim_config config;
	struct host h;

	sim_config_init(&config);
	config.faults.overtemp = 3;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 10 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_OVER_TEMP);
	cr_assert_gt(host_read(&h, SONO_REG_TEMP),
		     host_read(&h, SONO_REG_TEMP_MAX));
	host_write(&h, SONO_REG_FAULT, 0);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_OVER_TEMP);
	sim_board_reset(h.board, h.now);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_OVER_TEMP);
	host_run(&h, 600 * MS);
	host_write(&h, SONO_REG_FAULT, 0);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_NONE);
	host_end(&h);
}

Test(run, stop_abandons_the_frame_then_drains)
{
	char line[512];
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	host_run(&h, 9 * PERIOD_US * US + 50 * US);
	host_write(&h, SONO_REG_CONTROL, 0);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS),
		     SONO_STATUS_RUNNING | SONO_STATUS_DMA_BUSY);
	host_write(&h, SONO_REG_CONTROL, RUN_TX);
	cr_assert_eq(host_logged(&h, "reason=running", NULL), 1);
	host_write(&h, SONO_REG_CONTROL, 0);
	h.irqs[SONO_VEC_CONTROL] = 0;
	host_run(&h, 100 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	cr_assert_eq(h.irqs[SONO_VEC_CONTROL], 1);
	cr_assert_eq(host_read(&h, SONO_REG_PRODUCED_LO), 2);
	cr_assert_eq(host_logged(&h, "ev=abandon", line), 1);
	cr_assert_eq(log_field(line, "tx"), 2);
	cr_assert_eq(host_logged(&h, "ev=stop", line), 1);
	cr_assert_eq(log_field(line, "produced"), 2);
	cr_assert_eq(log_field(line, "completed"), 2);
	cr_assert_not_null(host_completion(&h));
	cr_assert_not_null(host_completion(&h));
	cr_assert_null(host_completion(&h));
	host_end(&h);
}

Test(run, second_start_counts_from_zero)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	host_run(&h, 4 * PERIOD_US * US);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, MS);
	host_write(&h, SONO_REG_CONTROL, RUN_TX);
	host_run(&h, 4 * PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_RUN_COUNT), 2);
	cr_assert_eq(host_completion(&h)->seq, 0);
	cr_assert_eq(host_completion(&h)->seq, 0);
	host_end(&h);
}

/* Nor do resets between them help. */
Test(run, starts_in_a_row_keep_the_rate)
{
	uint64_t before = 0, n = 0;
	struct sim_config config;
	uint64_t shortest;
	char *save, *line;
	struct host h;

	sim_config_init(&config);
	config.log_tx = true;
	shortest = config.limits.board_clock / config.limits.prf_max;
	host_start(&h, &config);
	for (int i = 0; i < 200; i++) {
		if (i % 20 == 0) {
			host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
			start(&h, 1000, RUN_TX);
		}
		host_run(&h, 20 * US);
		host_write(&h, SONO_REG_CONTROL, 0);
		host_run(&h, 10 * US);
		host_write(&h, SONO_REG_CONTROL, RUN_TX);
	}
	cr_assert_eq(host_logged(&h, "ev=beyond_limits", NULL), 0);
	for (line = strtok_r(h.log, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t t = log_field(line, "t");

		if (!strstr(line, "ev=tx "))
			continue;
		cr_assert(!n++ || t - before >= shortest);
		before = t;
	}
	cr_assert_geq(n, 40);
	host_end(&h);
}

/* A table that asks for a long pause binds its own run, not the next one. */
Test(run, start_after_a_long_period)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	table_make(&table, 1, 2, 70, 4000000000u);
	cr_assert_eq(host_load(&h, &table) & SONO_SEQ_STATE, SONO_SEQ_PENDING);
	host_run(&h, MS);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, MS);
	host_write(&h, SONO_REG_HEARTBEAT, 1000);
	host_write(&h, SONO_REG_CONTROL, RUN_TX);
	host_run(&h, MS);
	cr_assert_eq(host_read(&h, SONO_REG_PRODUCED_LO), 1);
	host_end(&h);
}

Test(run, refuses_to_start_unprepared)
{
	struct host h;

	host_start(&h, NULL);
	host_write(&h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
	cr_assert_eq(host_read(&h, SONO_REG_CONTROL), 0);
	table_make(&table, 1, 2, 64, 10000);
	host_load(&h, &table);
	host_queues(&h, 12, 8);
	host_write(&h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
	cr_assert_eq(host_read(&h, SONO_REG_CONTROL), 0);
	cr_assert_eq(host_logged(&h, "reason=no_table", NULL), 1);
	cr_assert_eq(host_logged(&h, "reason=queue_size", NULL), 1);
	host_end(&h);
}

Test(run, table_switches_between_frames)
{
	const struct sono_cpl *c;
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	host_run(&h, 5 * PERIOD_US * US);
	table_make(&table, 1, 2, 64, PERIOD_US * TICKS_PER_US);
	table_event(&table, 0)->tag = 7;
	table_seal(&table);
	cr_assert_eq(host_load(&h, &table), SONO_SEQ_PENDING);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 1);
	host_run(&h, 5 * PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_SEQ_STATUS), SONO_SEQ_ACTIVE);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 2);
	for (uint32_t seq = 0; seq < 3; seq++) {
		c = host_completion(&h);
		cr_assert(c && c->seq == seq);
		cr_assert_eq(c->cfg_gen, seq < 2 ? 1 : 2);
		cr_assert_eq(c->tag, seq < 2 ? 100 : 7);
	}
	cr_assert_eq(c->hw_ts % (PERIOD_US * TICKS_PER_US),
		     (c - 1)->hw_ts % (PERIOD_US * TICKS_PER_US));
	host_end(&h);
}

Test(run, stop_makes_a_pending_table_active)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	host_run(&h, 50 * US);
	cr_assert_eq(host_load(&h, &table), SONO_SEQ_PENDING);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 10 * US);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 2);
	host_end(&h);
}

Test(run, reset_forgets_all_but_clock_and_run_count)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, 1000, RUN_TX);
	host_run(&h, 50 * US);
	h.irqs[SONO_VEC_CONTROL] = 0;
	host_write(&h, SONO_REG_SCRATCH0, 0x1234);
	host_write(&h, SONO_REG_RESET, 1);
	cr_assert_eq(host_read(&h, SONO_REG_SCRATCH0), 0x1234);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	host_run(&h, 10 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_SCRATCH0), 0);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 0);
	cr_assert_eq(host_read(&h, SONO_REG_POST_SIZE), 0);
	cr_assert_eq(host_read(&h, SONO_REG_RUN_COUNT), 1);
	cr_assert_eq(host_read(&h, SONO_REG_CLOCK_LO), h.now / 10);
	cr_assert_eq(h.irqs[SONO_VEC_CONTROL], 0);
	cr_assert_null(host_completion(&h));
	host_end(&h);
}

/* Only a reset ends what is stuck. */
Test(run, stuck_board_does_not_stop)
{
	struct sim_config config;
	struct host h;

	sim_config_init(&config);
	config.faults.stuck = 1;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 2 * MS);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 500 * MS);
	cr_assert(host_read(&h, SONO_REG_STATUS) & SONO_STATUS_RUNNING);
	cr_assert(last_transmit(&h) <= 2 * MS / 10);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	host_end(&h);
}

/* Of the board's own resets, every second one here; RESET is none of them. */
Test(run, board_hangs_in_a_reset)
{
	struct sim_config config;
	struct host h;

	sim_config_init(&config);
	config.faults.hang = 2;
	host_start(&h, &config);
	sim_board_reset(h.board, h.now);
	cr_assert_eq(host_read(&h, SONO_REG_ID), SONO_ID_MAGIC);
	start(&h, 1000, RUN_TX);
	host_run(&h, 2 * MS);
	sim_board_reset(h.board, h.now);
	cr_assert(last_transmit(&h) <= 2 * MS / 10);
	cr_assert_eq(host_read(&h, SONO_REG_ID), 0);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	host_run(&h, 10 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_ID), 0);
	sim_board_reset(h.board, h.now);
	cr_assert_eq(host_read(&h, SONO_REG_ID), SONO_ID_MAGIC);
	host_end(&h);
}

/* The run goes on, unseen, until the function is reset. */
Test(run, blind_board_goes_on)
{
	struct sim_config config;
	uint64_t seen;
	struct host h;

	sim_config_init(&config);
	config.faults.blind = 2;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 3 * MS);
	seen = last_transmit(&h);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), UINT32_MAX);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	host_run(&h, 3 * MS);
	cr_assert(last_transmit(&h) > seen);
	sim_board_reset(h.board, h.now);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	host_end(&h);
}

Test(run, blank_board_goes_on)
{
	struct sim_config config;
	uint64_t seen;
	struct host h;

	sim_config_init(&config);
	config.faults.blank = 2;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 3 * MS);
	seen = last_transmit(&h);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	cr_assert_eq(host_read(&h, SONO_REG_ID), 0);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	host_run(&h, 3 * MS);
	cr_assert(last_transmit(&h) > seen);
	sim_board_reset(h.board, h.now);
	cr_assert_eq(host_read(&h, SONO_REG_ID), SONO_ID_MAGIC);
	host_end(&h);
}

/* Every second run; what else ends it does. */
Test(run, numb_board_is_not_stopped)
{
	struct sim_config config;
	struct host h;

	sim_config_init(&config);
	config.faults.numb = 2;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 2 * MS);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	start(&h, 1000, RUN_TX);
	host_run(&h, 2 * MS);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_write(&h, SONO_REG_RESET, SONO_RESET_MAGIC);
	host_run(&h, 2 * MS);
	cr_assert(host_read(&h, SONO_REG_STATUS) & SONO_STATUS_RUNNING);
	sim_board_reset(h.board, h.now);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	host_end(&h);
}

Test(run, last_write_comes_after_the_run)
{
	struct sim_config config;
	char line[512];
	uint64_t slot;
	struct host h;

	sim_config_init(&config);
	config.faults.linger = 1;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 2 * MS);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 99 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), SONO_STATUS_DMA_BUSY);
	cr_assert_eq(host_read(&h, SONO_REG_IRQ_STATUS) & SONO_IRQ_STOPPED, 0);
	cr_assert_eq(host_logged(&h, "ev=straggler", NULL), 0);
	/* It is not over, so that no other begins. */
	host_write(&h, SONO_REG_CONTROL, RUN_TX);
	cr_assert_eq(host_logged(&h, "reason=running", NULL), 1);
	host_run(&h, 2 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_STATUS), 0);
	cr_assert(host_read(&h, SONO_REG_IRQ_STATUS) & SONO_IRQ_STOPPED);
	cr_assert_eq(host_logged(&h, "ev=straggler", line), 1);
	slot = log_field(line, "slot");
	cr_assert_eq(slot, host_read(&h, SONO_REG_PRODUCED_LO));
	cr_assert_eq(host_slot(&h, (uint32_t)slot)[63], 0x5a);
	cr_assert_eq(host_slot(&h, (uint32_t)slot)[64], 0);
	host_end(&h);
}

Test(run, reads_get_lost)
{
	struct sim_config config;
	struct host h;

	sim_config_init(&config);
	config.faults.glitch = 3;
	host_start(&h, &config);
	for (int i = 1; i < 10; i++)
		cr_assert_eq(host_read(&h, SONO_REG_STATUS),
			     i % 3 ? 0 : UINT32_MAX);
	cr_assert_eq(host_read(&h, SONO_REG_ID), SONO_ID_MAGIC);
	/* the tenth to the twelfth */
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 0);
	cr_assert_eq(host_read(&h, SONO_REG_FRAME_BYTES), 0);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), UINT32_MAX);
	host_end(&h);
}

Test(run, dead_board_answers_all_ones)
{
	struct sim_config config;
	struct host h;

	sim_config_init(&config);
	config.faults.dead = 1;
	host_start(&h, &config);
	start(&h, 1000, RUN_TX);
	host_run(&h, 2 * MS);
	cr_assert_eq(host_read(&h, SONO_REG_ID), UINT32_MAX);
	cr_assert(last_transmit(&h) <= 2 * MS / 10);
	host_end(&h);
}

Test(run, late_enable_of_an_interrupt_is_not_lost)
{
	struct host h;

	host_start(&h, NULL);
	host_write(&h, SONO_REG_IRQ_ENABLE, 0);
	start(&h, 1, RUN_TX);
	host_run(&h, 2 * MS);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 0);
	host_write(&h, SONO_REG_IRQ_ENABLE, SONO_IRQ_FAULT);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 1);
	host_write(&h, SONO_REG_IRQ_STATUS, SONO_IRQ_FAULT);
	cr_assert_not(host_read(&h, SONO_REG_IRQ_STATUS) & SONO_IRQ_FAULT);
	host_write(&h, SONO_REG_IRQ_TEST, 7);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 2);
	host_end(&h);
}

/* One call or many, the same things happen at the same board times. */
Test(run, does_not_depend_on_how_time_is_cut)
{
	struct host a, b;
	uint64_t end;

	host_start(&a, NULL);
	host_start(&b, NULL);
	start(&a, 20, RUN_TX);
	start(&b, 20, RUN_TX);
	end = a.now + 50 * MS;
	while (a.now < end)
		host_run(&a, 7001);
	host_run(&b, 50 * MS);
	cr_assert_str_eq(a.log, b.log);
	cr_assert_arr_eq(a.memory, b.memory, HOST_BYTES);
	host_end(&a);
	host_end(&b);
}

Test(run, next_is_exact)
{
	struct host h;
	uint64_t next;

	host_start(&h, NULL);
	cr_assert_eq(sim_board_next(h.board), SIM_NEVER);
	start(&h, 1000, RUN_TX);
	next = sim_board_next(h.board);
	sim_board_run(h.board, next - 1);
	cr_assert_eq(sim_board_next(h.board), next);
	cr_assert_gt(sim_board_run(h.board, next), next);
	host_end(&h);
}

Test(run, odd_accesses_do_nothing)
{
	struct host h;

	host_start(&h, NULL);
	cr_assert_eq(sim_board_read(h.board, 1, 4, 0), 0);
	cr_assert_eq(sim_board_read(h.board, 0, 2, 0), 0);
	cr_assert_eq(sim_board_read(h.board, 4, 8, 0), 0);
	cr_assert_eq(sim_board_read(h.board, UINT64_MAX - 3, 4, 0), 0);
	cr_assert_eq(sim_board_read(h.board, 0, 8, 0),
		     SONO_ID_MAGIC | (uint64_t)SONO_REVISION_1_3 << 32);
	sim_board_write(h.board, SONO_REG_SCRATCH0 + 1, 4, 5, 0);
	cr_assert_eq(host_read(&h, SONO_REG_SCRATCH0), 0);
	for (uint32_t reg = 0; reg < SONO_BAR0_BYTES; reg += 4)
		if (reg != SONO_REG_RESET)
			host_write(&h, reg, 0xffffffff);
	host_run(&h, 10 * MS);
	host_end(&h);
}

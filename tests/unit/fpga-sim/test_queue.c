// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Capture queues: frames into slots, completions, drops, moderation. */
#include <criterion/criterion.h>
#include <string.h>

#include "host.h"
#include "pattern.h"

/* 100 us per frame of one event: 2 channels of 70 samples. */
#define PERIOD_US 100
#define SAMPLES 70
#define ROW 192u

static struct table table;

static void start(struct host *h, uint32_t source, uint32_t slots)
{
	table_make(&table, 1, 2, SAMPLES, PERIOD_US * 100);
	cr_assert_eq(host_load(h, &table), SONO_SEQ_ACTIVE);
	host_queues(h, 16, 8);
	for (uint32_t i = 0; i < slots; i++)
		host_post(h, i, 1000 + i);
	host_write(h, SONO_REG_SOURCE, source);
	host_write(h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
}

Test(queue, ramp_frame_arrives_where_it_should)
{
	const struct sono_cpl *c;
	const struct sono_aux *aux;
	struct host h;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_RAMP, 4);
	host_run(&h, 2 * PERIOD_US * US);
	c = host_completion(&h);
	cr_assert(c && c->seq == 0 && c->slot == 0 && c->gen == 1000);
	cr_assert(c->len == 2 * ROW + 64 && c->tag == 100 && c->cfg_gen == 1);
	cr_assert(c->flags == SONO_CPL_TX_OFF && c->dropped == 0);
	c = host_completion(&h);
	cr_assert(c && c->seq == 1 && c->slot == 1);
	for (uint32_t ch = 0; ch < 2; ch++) {
		const int16_t *row =
			(const int16_t *)(host_slot(&h, 1) + ch * ROW);

		for (uint32_t n = 0; n < SAMPLES; n++)
			cr_assert_eq(row[n], sim_ramp(1, 0, ch, n));
		for (uint32_t n = SAMPLES; n < ROW / 2; n++)
			cr_assert_eq(row[n], 0);
	}
	aux = (const struct sono_aux *)(host_slot(&h, 1) + 2 * ROW);
	cr_assert(aux->magic == SONO_AUX_MAGIC && aux->bytes == 64);
	cr_assert_eq(aux->temp, host_read(&h, SONO_REG_TEMP));
	host_end(&h);
}

Test(queue, prbs_depends_on_run_and_frame_alone)
{
	struct host h;
	uint32_t run;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_PRBS, 8);
	host_run(&h, 5 * PERIOD_US * US);
	run = host_read(&h, SONO_REG_RUN_COUNT);
	for (uint64_t seq = 0; seq < 4; seq++) {
		uint64_t x = sim_prbs_seed(run, seq);
		const unsigned char *p = host_slot(&h, (uint32_t)seq);

		for (uint32_t i = 0; i < 2 * ROW; i += 8) {
			x = sim_prbs_next(x);
			cr_assert_arr_eq(p + i, &x, 8);
		}
	}
	host_end(&h);
}

Test(queue, drops_the_newest_and_says_so)
{
	const struct sono_cpl *c;
	struct host h;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_RAMP, 2);
	host_run(&h, 6 * PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_PRODUCED_LO), 6);
	cr_assert_eq(host_read(&h, SONO_REG_DROPPED_LO), 4);
	host_post(&h, 2, 7);
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(host_completion(&h)->seq, 0);
	cr_assert_eq(host_completion(&h)->seq, 1);
	c = host_completion(&h);
	cr_assert(c && c->seq == 6 && c->dropped == 4 && c->gen == 7);
	host_post(&h, 3, 8);
	host_run(&h, PERIOD_US * US);
	c = host_completion(&h);
	cr_assert(c && c->seq == 7 && c->dropped == 0);
	cr_assert_eq(host_logged(&h, "ev=drop", NULL), 4);
	host_end(&h);
}

Test(queue, phase_toggles_with_every_pass)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_RAMP, 4);
	for (uint64_t seq = 0; seq < 100; seq++) {
		const struct sono_cpl *c;

		host_run(&h, PERIOD_US * US);
		c = host_completion(&h);
		cr_assert(c && c->seq == seq && c->dropped == 0);
		cr_assert_null(host_completion(&h));
		host_post(&h, c->slot, c->gen + 1);
	}
	host_end(&h);
}

Test(queue, slot_in_segments)
{
	struct sono_desc *ring;
	struct host h;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_PRBS, 0);
	ring = (struct sono_desc *)(h.memory + AT_POST);
	for (uint32_t i = 0; i < 3; i++)
		ring[i] = (struct sono_desc){
			.addr = HOST_ADDR + AT_SLOTS + (2 - i) * 0x1000,
			.bytes = i == 2 ? 4096 : 64,
			.slot = 5,
			.flags = i == 2 ? SONO_DESC_LAST : 0,
		};
	/* Two of three segments are no slot yet. */
	host_write(&h, SONO_REG_POST_TAIL, 2);
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_DROPPED_LO), 1);
	host_write(&h, SONO_REG_POST_TAIL, 3);
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_POST_HEAD), 3);
	cr_assert_eq(host_completion(&h)->slot, 5);

	uint64_t x = sim_prbs_seed(1, 1);

	for (uint32_t i = 0; i < 2 * ROW; i += 8) {
		uint32_t segment = i < 128 ? i / 64 : 2;
		uint32_t offset = i < 128 ? i % 64 : i - 128;

		x = sim_prbs_next(x);
		cr_assert_arr_eq(h.memory + AT_SLOTS + (2 - segment) * 0x1000 +
					 offset,
				 &x, 8);
	}
	host_end(&h);
}

Test(queue, interrupts_by_count_and_by_time)
{
	struct host h;

	host_start(&h, NULL);
	host_write(&h, SONO_REG_IRQ_COUNT, 4);
	host_write(&h, SONO_REG_IRQ_TIME, 250);
	start(&h, SONO_SOURCE_RAMP, 8);
	/* frames end 5 us after their triggers: at 5, 105, 205 us... */
	host_run(&h, 250 * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 0);
	host_run(&h, 10 * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 1);
	host_write(&h, SONO_REG_IRQ_TIME, 0);
	host_run(&h, 3 * PERIOD_US * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 1);
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 2);
	/* one more is held back until a drop */
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 2);
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 3);
	host_end(&h);
}

Test(queue, stop_sends_what_is_held_back)
{
	struct host h;

	host_start(&h, NULL);
	host_write(&h, SONO_REG_IRQ_COUNT, 100);
	start(&h, SONO_SOURCE_RAMP, 8);
	host_run(&h, 3 * PERIOD_US * US);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 10 * US);
	cr_assert_eq(h.irqs[SONO_VEC_CAPTURE], 1);
	host_end(&h);
}

/* --- what a host can do wrong --------------------------------------------------- */

static void ring_desc(struct host *h, struct sono_desc d)
{
	memcpy(h->memory + AT_POST, &d, sizeof(d));
	host_write(h, SONO_REG_POST_TAIL, 1);
}

static const struct {
	const char *name;
	struct sono_desc desc;
	uint32_t fault;
} bad[] = {
	{ "misaligned", { HOST_ADDR + 32, 4096, 0, 0, 1, 0 }, SONO_FAULT_DESC },
	{ "odd length", { HOST_ADDR, 4095, 0, 0, 1, 0 }, SONO_FAULT_DESC },
	{ "no length", { HOST_ADDR, 0, 0, 0, 1, 0 }, SONO_FAULT_DESC },
	{ "flag", { HOST_ADDR, 4096, 0, 0, 3, 0 }, SONO_FAULT_DESC },
	{ "rsvd", { HOST_ADDR, 4096, 0, 0, 1, 1 }, SONO_FAULT_DESC },
	{ "short", { HOST_ADDR, 64, 9, 0, 1, 0 }, SONO_FAULT_SLOT_SHORT },
	{ "unmapped", { 0x7700000000, 4096, 0, 0, 1, 0 }, SONO_FAULT_DMA },
	{ "null", { 0, 4096, 0, 0, 1, 0 }, SONO_FAULT_DMA },
};

Test(queue, faults_on_bad_descriptors)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct host h;

		host_start(&h, NULL);
		start(&h, SONO_SOURCE_RAMP, 0);
		ring_desc(&h, bad[i].desc);
		host_run(&h, 2 * PERIOD_US * US);
		cr_expect_eq(host_read(&h, SONO_REG_FAULT), bad[i].fault,
			     "%s: %u", bad[i].name,
			     host_read(&h, SONO_REG_FAULT));
		cr_expect_eq(host_read(&h, SONO_REG_STATUS), SONO_STATUS_FAULT);
		cr_expect_eq(host_read(&h, SONO_REG_PRODUCED_LO), 0);
		cr_expect_eq(h.irqs[SONO_VEC_EVENT], 1);
		cr_expect_null(host_completion(&h));
		host_end(&h);
	}
}

Test(queue, faults_on_a_doorbell_beyond_the_ring)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_RAMP, 1);
	host_write(&h, SONO_REG_POST_TAIL, 17);
	host_run(&h, PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_DESC);
	host_end(&h);
}

Test(queue, faults_when_completions_have_no_room)
{
	struct host h;

	host_start(&h, NULL);
	start(&h, SONO_SOURCE_RAMP, 12);
	host_run(&h, 20 * PERIOD_US * US);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_CPL_OVERRUN);
	cr_assert_eq(host_read(&h, SONO_REG_CPL_TAIL), 8);
	cr_assert_eq(host_read(&h, SONO_REG_PRODUCED_LO), 8);
	host_end(&h);
}

/* --- what a board can do wrong, on request ---------------------------------------- */

static void start_faulty(struct host *h, const char *faults)
{
	struct sim_config config;

	sim_config_init(&config);
	cr_assert_eq(sim_faults_parse(&config.faults, faults), 0);
	host_start(h, &config);
	start(h, SONO_SOURCE_RAMP, 8);
	host_run(h, 5 * PERIOD_US * US);
}

Test(queue, injected_faults)
{
	const struct sono_cpl *torn;
	struct host h;

	start_faulty(&h, "lost=3");
	cr_assert_eq(host_completion(&h)->seq, 0);
	cr_assert_eq(host_completion(&h)->seq, 1);
	cr_assert_eq(host_completion(&h)->seq, 3);
	cr_assert_eq(host_logged(&h, "injected=lost", NULL), 1);
	host_end(&h);

	start_faulty(&h, "duplicate=2");
	cr_assert_eq(host_completion(&h)->seq, 0);
	cr_assert_eq(host_completion(&h)->seq, 1);
	cr_assert_eq(host_completion(&h)->seq, 1);
	host_end(&h);

	start_faulty(&h, "slot=2");
	cr_assert_eq(host_completion(&h)->slot, 0);
	cr_assert_eq(host_completion(&h)->slot, 0);
	host_end(&h);

	start_faulty(&h, "gen=1,len=2");
	cr_assert_eq(host_completion(&h)->gen, 1000 ^ 1);
	host_end(&h);

	start_faulty(&h, "backward=4");
	for (int i = 0; i < 3; i++)
		host_completion(&h);
	cr_assert_eq(host_completion(&h)->seq, 1);
	host_end(&h);

	start_faulty(&h, "torn=2");
	cr_assert_eq(host_completion(&h)->gen, 1000);
	torn = host_completion(&h);
	cr_assert(torn->len && torn->phase && !torn->gen && !torn->seq);
	cr_assert_eq(host_completion(&h)->seq, 2);
	host_end(&h);

	start_faulty(&h, "swapped=2");
	host_run(&h, 2 * PERIOD_US * US);
	cr_assert_eq(host_completion(&h)->seq, 0);
	cr_assert_eq(host_completion(&h)->seq, 2);
	cr_assert_eq(host_completion(&h)->seq, 1);
	cr_assert_eq(host_completion(&h)->seq, 4);
	host_end(&h);

	start_faulty(&h, "stray=2");
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_DMA);
	cr_assert_eq(host_logged(&h, "ev=dma_refused", NULL), 1);
	host_end(&h);
}

/* Late, and in order; a stop does not forget it. */
Test(queue, late_completions)
{
	struct host h;

	start_faulty(&h, "late=2");
	host_run(&h, 2 * PERIOD_US * US);
	for (uint64_t seq = 0; seq < 5; seq++)
		cr_assert_eq(host_completion(&h)->seq, seq);
	host_end(&h);

	start_faulty(&h, "late=5");
	for (uint64_t seq = 0; seq < 4; seq++)
		cr_assert_eq(host_completion(&h)->seq, seq);
	cr_assert_eq(host_read(&h, SONO_REG_CPL_TAIL), 4);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 10 * US);
	cr_assert_eq(host_completion(&h)->seq, 4);
	host_end(&h);
}

static void ask_for_interrupts(struct host *h, const char *faults, int n)
{
	struct sim_config config;

	sim_config_init(&config);
	cr_assert_eq(sim_faults_parse(&config.faults, faults), 0);
	host_start(h, &config);
	while (n--)
		host_write(h, SONO_REG_IRQ_TEST, 1u << SONO_VEC_EVENT);
}

Test(queue, interrupts_go_astray)
{
	struct host h;

	ask_for_interrupts(&h, "irq-lost=2", 4);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 2);
	cr_assert_eq(host_logged(&h, "ev=irq_lost vector=1", NULL), 2);
	host_end(&h);

	ask_for_interrupts(&h, "irq-double=2", 4);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 6);
	host_end(&h);

	ask_for_interrupts(&h, "irq-late=2", 2);
	host_write(&h, SONO_REG_IRQ_TEST, 1u << SONO_VEC_CONTROL);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 1);
	cr_assert_eq(h.irqs[SONO_VEC_CONTROL], 1);
	host_run(&h, 4 * MS);
	cr_assert_eq(h.irqs[SONO_VEC_EVENT], 2);
	host_end(&h);
}

/* One of three by chance, 200 of 300 +- 6 sigma, and the same again. */
Test(queue, faults_by_chance)
{
	unsigned int sent[3];
	struct host h;

	for (int i = 0; i < 3; i++) {
		ask_for_interrupts(&h, i < 2 ? "irq-lost=3,seed=7" :
					       "irq-lost=3,seed=8",
				   300);
		sent[i] = h.irqs[SONO_VEC_EVENT];
		cr_assert(sent[i] > 150 && sent[i] < 250, "%u", sent[i]);
		host_end(&h);
	}
	cr_assert_eq(sent[0], sent[1]);
	cr_assert_neq(sent[0], sent[2]);
}

Test(queue, fault_lists)
{
	static const char *const wrong[] = {
		"",	   "lost",    "lost=", "lost=x",
		"lost=1,", "lost=-1", "los=1", "lost=99999999999",
		"lost=1 ", "=1",      ",",     "lost=1;gen=1",
	};
	struct sim_faults f = { 0 };

	cr_assert_eq(sim_faults_parse(&f, "lost=1,overvolt=7"), 0);
	cr_assert(f.lost == 1 && f.overvolt == 7);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_neq(sim_faults_parse(&f, wrong[i]), 0, "\"%s\"",
			      wrong[i]);
}

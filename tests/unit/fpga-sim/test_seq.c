// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Sequence tables: each check refuses what it is for and names the event. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "seq.h"

#define NONE UINT32_MAX

/* clang-format off */

/* Three events of 4 channels; one field made wrong, the CRC right again. */
static void wrong_magic(struct table *t) { table_header(t)->magic++; }
static void wrong_version(struct table *t) { table_header(t)->version++; }
static void aux_odd(struct table *t) { table_header(t)->aux_bytes = 65; }
static void aux_none(struct table *t) { table_header(t)->aux_bytes = 0; }
static void no_rows(struct table *t) { table_header(t)->tx_rows = 0; }
static void no_maps(struct table *t) { table_header(t)->maps = 0; }
static void far_rows(struct table *t) { table_header(t)->tx_rows = 1 << 30; }
static void one_point(struct table *t) { table_header(t)->tgc_points = 1; }
static void header_rsvd(struct table *t) { table_header(t)->rsvd = 1; }
static void no_events(struct table *t) { table_header(t)->events = 0; }
static void no_channels(struct table *t) { table_header(t)->channels = 0; }
static void many_events(struct table *t) { table_header(t)->events = 4097; }
static void many_channels(struct table *t) { table_header(t)->channels = 129; }
static void many_elements(struct table *t) { table_header(t)->elements = 129; }
static void events_far(struct table *t) { table_header(t)->events_offset = ~7u; }
static void events_low(struct table *t) { table_header(t)->events_offset = 8; }
static void tx_odd(struct table *t) { table_header(t)->tx_offset += 4; }
static void map_far(struct table *t) { table_header(t)->map_offset = 1 << 20; }
static void tgc_far(struct table *t) { table_header(t)->tgc_offset = t->size; }
static void bytes_more(struct table *t) { table_header(t)->frame_bytes += 64; }
static void map_beyond(struct table *t) { table_map(t)[3] = 4; }
static void enable_two(struct table *t) { table_tx(t, 1)->enable = 2; }
static void flag(struct table *t) { table_event(t, 1)->flags = 16; }
static void polarity(struct table *t) { table_event(t, 1)->tx_polarity = 2; }
static void rsvd0(struct table *t) { table_event(t, 1)->rsvd0 = 1; }
static void rsvd3(struct table *t) { table_event(t, 1)->rsvd[3] = 1; }
static void external(struct table *t) { table_event(t, 1)->flags = 2; }
static void ecg(struct table *t) { table_event(t, 1)->flags = 4; }
static void row_1(struct table *t) { table_event(t, 1)->tx_row = 1; }
static void map_1(struct table *t) { table_event(t, 1)->rx_map = 1; }
static void tgc_1(struct table *t) { table_event(t, 1)->tgc = 1; }
static void no_samples(struct table *t) { table_event(t, 1)->rx_samples = 0; }
static void decimate_0(struct table *t) { table_event(t, 1)->rx_decimation = 0; }
static void pri_short(struct table *t) { table_event(t, 1)->period = 4100; }
static void prf_high(struct table *t) { table_event(t, 1)->period = 3999; }
static void window_late(struct table *t) { table_event(t, 1)->rx_start = ~0u; }
static void window_long(struct table *t)
{
	table_event(t, 1)->rx_samples = ~0u;
	table_event(t, 1)->rx_decimation = 65535;
	table_event(t, 1)->rx_start = ~0u;
	table_event(t, 1)->period = ~0u;
}
static void event_large(struct table *t)
{
	table_event(t, 1)->rx_samples = 80000000;
	table_event(t, 1)->period = ~0u;
}
static void hv_high(struct table *t) { table_event(t, 1)->hv = 100001; }
static void hv_rx_only(struct table *t)
{
	table_event(t, 1)->flags = SONO_EVENT_RX_ONLY;
	table_event(t, 1)->hv = 100001;
}
static void pulse_long(struct table *t)
{
	table_event(t, 1)->tx_half_cycles = 11;
}
static void no_pulse(struct table *t) { table_event(t, 1)->tx_half_cycles = 0; }
static void no_freq(struct table *t) { table_event(t, 1)->tx_freq = 0; }
static void delay_long(struct table *t) { table_tx(t, 2)->delay = 5200 * 256; }
static void no_end(struct table *t) { table_event(t, 2)->flags = 0; }
static void end_early(struct table *t) { table_event(t, 1)->flags = 1; }
static void settle_last(struct table *t)
{
	table_event(t, 0)->hv = 40000;
	table_event(t, 0)->hv_settle = 10;
}
static void settle_middle(struct table *t)
{
	table_event(t, 2)->hv = 40000;
	table_event(t, 2)->hv_settle = 10;
}

static const struct {
	const char *name;
	void (*spoil)(struct table *t);
	int error;
	uint32_t event;
} refused[] = {
	{ "magic", wrong_magic, SONO_SEQ_E_HEADER, NONE },
	{ "version", wrong_version, SONO_SEQ_E_HEADER, NONE },
	{ "aux odd", aux_odd, SONO_SEQ_E_HEADER, NONE },
	{ "aux none", aux_none, SONO_SEQ_E_HEADER, NONE },
	{ "no rows", no_rows, SONO_SEQ_E_HEADER, NONE },
	{ "no maps", no_maps, SONO_SEQ_E_HEADER, NONE },
	{ "rows beyond the table", far_rows, SONO_SEQ_E_HEADER, NONE },
	{ "one TGC point", one_point, SONO_SEQ_E_HEADER, NONE },
	{ "events beyond the table", events_far, SONO_SEQ_E_HEADER, NONE },
	{ "events in the header", events_low, SONO_SEQ_E_HEADER, NONE },
	{ "rows misaligned", tx_odd, SONO_SEQ_E_HEADER, NONE },
	{ "map beyond the table", map_far, SONO_SEQ_E_HEADER, NONE },
	{ "TGC beyond the table", tgc_far, SONO_SEQ_E_HEADER, NONE },
	{ "header rsvd", header_rsvd, SONO_SEQ_E_RSVD, NONE },
	{ "no events", no_events, SONO_SEQ_E_EVENTS, NONE },
	{ "too many events", many_events, SONO_SEQ_E_EVENTS, NONE },
	{ "no frame end", no_end, SONO_SEQ_E_EVENTS, 2 },
	{ "no channels", no_channels, SONO_SEQ_E_CHANNELS, NONE },
	{ "too many channels", many_channels, SONO_SEQ_E_CHANNELS, NONE },
	{ "too many elements", many_elements, SONO_SEQ_E_CHANNELS, NONE },
	{ "map beyond elements", map_beyond, SONO_SEQ_E_CHANNELS, NONE },
	{ "enable 2", enable_two, SONO_SEQ_E_RSVD, NONE },
	{ "unknown flag", flag, SONO_SEQ_E_RSVD, 1 },
	{ "polarity 2", polarity, SONO_SEQ_E_RSVD, 1 },
	{ "event rsvd0", rsvd0, SONO_SEQ_E_RSVD, 1 },
	{ "event rsvd", rsvd3, SONO_SEQ_E_RSVD, 1 },
	{ "external trigger", external, SONO_SEQ_E_FEATURE, 1 },
	{ "ECG trigger", ecg, SONO_SEQ_E_FEATURE, 1 },
	{ "transmit row", row_1, SONO_SEQ_E_INDEX, 1 },
	{ "receive map", map_1, SONO_SEQ_E_INDEX, 1 },
	{ "TGC curve", tgc_1, SONO_SEQ_E_INDEX, 1 },
	{ "no samples", no_samples, SONO_SEQ_E_WINDOW, 1 },
	{ "decimation 0", decimate_0, SONO_SEQ_E_WINDOW, 1 },
	{ "period in the window", pri_short, SONO_SEQ_E_PRI, 1 },
	{ "PRF cap", prf_high, SONO_SEQ_E_PRI, 1 },
	{ "late window", window_late, SONO_SEQ_E_PRI, 1 },
	{ "endless window", window_long, SONO_SEQ_E_PRI, 1 },
	{ "no time to settle", settle_middle, SONO_SEQ_E_PRI, 1 },
	{ "no time to settle at the end", settle_last, SONO_SEQ_E_PRI, 2 },
	{ "large event", event_large, SONO_SEQ_E_FRAME_BYTES, 1 },
	{ "frame_bytes", bytes_more, SONO_SEQ_E_FRAME_BYTES, 2 },
	{ "unequal frames", end_early, SONO_SEQ_E_FRAME_BYTES, 1 },
	{ "voltage", hv_high, SONO_SEQ_E_HV, 1 },
	{ "voltage without transmit", hv_rx_only, SONO_SEQ_E_HV, 1 },
	{ "long pulse", pulse_long, SONO_SEQ_E_DUTY, 1 },
	{ "no pulse", no_pulse, SONO_SEQ_E_DUTY, 1 },
	{ "no frequency", no_freq, SONO_SEQ_E_DUTY, 1 },
	{ "long delay", delay_long, SONO_SEQ_E_DELAY, 0 },
};

/* clang-format on */

/* 1000 samples at 20.832 MHz are 4801 ticks; with the overhead 5001. */
static void three_events(struct table *t)
{
	table_make(t, 3, 4, 1000, 5200);
}

static int parse(const struct table *t, uint32_t *event)
{
	struct sim_config config;
	struct sim_seq *seq = NULL;
	int err;

	sim_config_init(&config);
	err = sim_seq_parse(&seq, &config.limits, t->bytes, t->size, event);
	sim_seq_free(seq);
	return err;
}

Test(seq, accepts_a_good_table)
{
	static struct table t;
	uint32_t event;

	three_events(&t);
	cr_assert_eq(parse(&t, &event), SONO_SEQ_OK);
	cr_assert_eq(event, NONE);
}

Test(seq, refuses_each_mistake)
{
	static struct table t;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		uint32_t event;
		int err;

		three_events(&t);
		refused[i].spoil(&t);
		table_seal(&t);
		err = parse(&t, &event);
		cr_expect_eq(err, refused[i].error, "%s: error %d",
			     refused[i].name, err);
		cr_expect_eq(event, refused[i].event, "%s: event %d",
			     refused[i].name, (int)event);
	}
}

Test(seq, refuses_a_wrong_crc)
{
	static struct table t;
	uint32_t event;

	three_events(&t);
	t.bytes[t.size - 1] ^= 0x80;
	cr_assert_eq(parse(&t, &event), SONO_SEQ_E_CRC);
}

Test(seq, refuses_what_the_link_cannot_carry)
{
	struct sim_config config;
	static struct table t;
	struct sim_seq *seq;
	uint32_t event;

	three_events(&t);
	sim_config_init(&config);
	config.limits.dma_rate_max = 100;
	cr_assert_eq(sim_seq_parse(&seq, &config.limits, t.bytes, t.size,
				   &event),
		     SONO_SEQ_E_DMA_RATE);
	cr_assert_eq(event, 2);
}

Test(seq, refuses_every_shorter_table)
{
	static struct table t;
	uint32_t event, full;

	three_events(&t);
	full = t.size;
	for (t.size = 0; t.size < full; t.size++)
		cr_assert_neq(parse(&t, &event), SONO_SEQ_OK);
}

/* Random bytes in a table whose CRC is right: nothing may go out of bounds. */
Test(seq, survives_random_tables)
{
	static struct table t;

	srand(1);
	for (int i = 0; i < 20000; i++) {
		uint32_t size, event;

		three_events(&t);
		size = t.size;
		for (int n = rand() % 8; n >= 0; n--)
			t.bytes[16 + rand() % (size - 16)] = (uint8_t)rand();
		table_seal(&t);
		parse(&t, &event);
	}
}

Test(seq, crc_is_that_of_ieee_802_3)
{
	unsigned char check[16 + 9] = { 0 };
	uint32_t crc;

	/* 12 bytes, 4 bytes taken as 0, 9 bytes; figure from zlib */
	memcpy(check + 16, "123456789", 9);
	crc = sim_seq_crc(check, sizeof(check));
	memset(check + 12, 0xff, 4);
	cr_assert_eq(sim_seq_crc(check, sizeof(check)), crc);
	cr_assert_eq(crc, 0xc4322307u, "0x%x", crc);
}

Test(seq, board_reports_state_code_and_event)
{
	static struct table t;
	struct host h;

	host_start(&h, NULL);
	three_events(&t);
	cr_assert_eq(host_load(&h, &t), SONO_SEQ_ACTIVE);
	cr_assert_eq(h.irqs[SONO_VEC_CONTROL], 1);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 1);
	cr_assert_eq(host_read(&h, SONO_REG_FRAME_BYTES),
		     table_header(&t)->frame_bytes);
	table_event(&t, 1)->hv = 200000;
	table_seal(&t);
	cr_assert_eq(host_load(&h, &t), SONO_SEQ_ERROR | SONO_SEQ_E_HV << 8);
	cr_assert_eq(host_read(&h, SONO_REG_SEQ_ERROR_EVENT), 1);
	cr_assert_eq(host_read(&h, SONO_REG_CFG_GEN), 1);
	cr_assert_eq(h.irqs[SONO_VEC_CONTROL], 2);
	host_write(&h, SONO_REG_SEQ_ADDR_HI, 1);
	host_write(&h, SONO_REG_SEQ_LOAD, 1);
	host_run(&h, MS);
	cr_assert_eq(host_read(&h, SONO_REG_SEQ_STATUS),
		     SONO_SEQ_ERROR | SONO_SEQ_E_DMA << 8);
	cr_assert_eq(host_read(&h, SONO_REG_FAULT), SONO_FAULT_NONE);
	host_end(&h);
}

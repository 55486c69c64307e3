// SPDX-License-Identifier: MIT
/*
 * Scans to tables and back, judged by the emulated board's own check of a
 * table: whatever is compiled it accepts, and what is refused here it refuses
 * with the same code for the same event.
 */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "seq.h"
#include "sequence.h"

#define ELEMENTS 16
#define CHANNELS 12
#define EVENTS 3
#define ADC 40000000
#define AUX 128

/* A scan that the default board runs; tests spoil copies of it. */
struct fixture {
	struct sono_scan *scan;
	struct sono_waveform waveform[EVENTS];
	double amplitude[ELEMENTS];
	double tgc[3];
	struct sim_limits limits;
	struct sono_info info;
	struct sono_table table;
	struct sono_fault fault;
};

static double *delay_of(struct fixture *f, uint32_t event)
{
	return (double *)f->scan->event[event].delay;
}

static void set_up(struct fixture *f)
{
	*f = (struct fixture){ .limits = board_limits(ADC) };
	f->info = board_info(&f->limits);
	f->scan = sono_scan_alloc(ELEMENTS, CHANNELS, EVENTS);
	f->scan->fs = ADC / 2.0;
	f->scan->fc = 5e6;
	for (uint32_t i = 0; i < CHANNELS; i++)
		f->scan->channel_element[i] = ELEMENTS - 1 - i;
	for (uint32_t i = 0; i < ELEMENTS; i++)
		f->amplitude[i] = i / (ELEMENTS - 1.0);
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct sono_event *ev = &f->scan->event[i];

		ev->tag = 100 + i;
		ev->period = 100e-6 + i * 1e-6;
		ev->rx_start = i * 1e-6;
		ev->samples = 500 + i;
		for (uint32_t e = 0; e < ELEMENTS; e++)
			delay_of(f, i)[e] = (i + 1) * e * 12.3456e-9;
		f->waveform[i] = (struct sono_waveform){
			.frequency = 5e6,
			.half_cycles = 4,
			.voltage = 40,
			.amplitude = f->amplitude,
		};
	}
	delay_of(f, 1)[3] = NAN;
	sono_scan_layout(f->scan, AUX);
}

static void tear_down(struct fixture *f)
{
	sono_table_finish(&f->table);
	f->scan->tgc_db = NULL;
	sono_scan_free(f->scan);
}

static int compile(struct fixture *f)
{
	return sono_sequence_compile(&f->table, f->scan, f->waveform, &f->info,
				     &f->fault);
}

/* The board's verdict on the fixture's table. */
static int board_says(const struct fixture *f, uint32_t *event)
{
	struct sim_seq *seq = NULL;
	int code = sim_seq_parse(&seq, &f->limits, f->table.data,
				 f->table.bytes, event);

	if (!code)
		sim_seq_free(seq);
	return code;
}

/* Limits as wide as a table can say. */
static void lift_limits(struct fixture *f)
{
	f->info.channels = UINT16_MAX;
	f->info.elements = UINT32_MAX;
	f->info.seq_events_max = UINT32_MAX;
	f->info.seq_bytes_max = UINT32_MAX;
	f->info.frame_bytes_max = UINT32_MAX;
	f->info.event_overhead = 0;
	f->info.dma_rate_max = UINT32_MAX;
	f->info.hv_max = UINT32_MAX;
	f->info.prf_max = UINT32_MAX;
	f->info.tx_duty_max = UINT32_MAX;
	f->info.hw_features = UINT32_MAX;
}

Test(sequence, is_accepted_by_the_board)
{
	struct fixture f;
	uint32_t event;

	set_up(&f);
	cr_assert_eq(compile(&f), 0, "%s", f.fault.why);
	cr_assert_eq(board_says(&f, &event), SONO_SEQ_OK);
	tear_down(&f);
}

Test(sequence, comes_back_within_its_units)
{
	const double unit = 1.0 / SONO_DELAY_ONE_TICK / 100e6;
	struct sono_scan *back;
	struct fixture f;
	char why[256] = "";

	set_up(&f);
	f.scan->tgc_points = 3;
	f.scan->tgc_db = (double[]){ 0, 20.5, 40.25 };
	cr_assert_eq(compile(&f), 0, "%s", f.fault.why);
	cr_assert_eq(sono_sequence_decode(&back, f.table.data, f.table.bytes,
					  &f.info, why, sizeof(why)), 0,
		     "%s", why);
	cr_assert_eq(back->elements, ELEMENTS);
	cr_assert_eq(back->channels, CHANNELS);
	cr_assert_eq(back->events, EVENTS);
	cr_assert_eq(back->frame_bytes, f.scan->frame_bytes);
	cr_assert_eq(back->aux_offset, f.scan->aux_offset);
	cr_assert_float_eq(back->fs, f.scan->fs, 0);
	cr_assert_float_eq(back->frame_period, 303e-6, 1e-12);
	cr_assert_eq(back->tgc_points, 3);
	cr_assert_arr_eq(back->tgc_db, f.scan->tgc_db, 3 * sizeof(double));
	cr_assert_arr_eq(back->channel_element, f.scan->channel_element,
			 CHANNELS * sizeof(uint32_t));
	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct sono_event *a = &f.scan->event[i];
		const struct sono_event *b = &back->event[i];

		cr_assert_eq(b->tag, a->tag);
		cr_assert_eq(b->samples, a->samples);
		cr_assert_eq(b->offset, a->offset);
		cr_assert_eq(b->stride, a->stride);
		cr_assert_float_eq(b->period, a->period, 1e-12);
		cr_assert_float_eq(b->rx_start, a->rx_start, 1e-12);
		for (uint32_t e = 0; e < ELEMENTS; e++)
			cr_assert(isnan(a->delay[e]) ? isnan(b->delay[e]) :
				  fabs(a->delay[e] - b->delay[e]) <= unit / 2,
				  "event %u, element %u", i, e);
	}
	sono_scan_free(back);
	tear_down(&f);
}

/* How each event transmits, within the table's units. */
Test(sequence, waveforms_come_back)
{
	struct fixture f;
	struct sono_waveform w;
	double amplitude[ELEMENTS];

	set_up(&f);
	f.info.hw_features = UINT32_MAX;
	f.waveform[1].inverted = true;
	f.waveform[1].frequency = 4.5e6;
	f.waveform[2].half_cycles = 3;
	f.waveform[2].trigger = SONO_TRIGGER_ECG;
	cr_assert_eq(compile(&f), 0, "%s", f.fault.why);
	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct sono_waveform *was = &f.waveform[i];

		sono_sequence_waveform(&f.table, i, &w, amplitude);
		cr_assert_eq(w.frequency, was->frequency);
		cr_assert_eq(w.half_cycles, was->half_cycles);
		cr_assert_eq(w.inverted, was->inverted);
		cr_assert_float_eq(w.voltage, was->voltage, 1e-3);
		cr_assert_eq(w.settle, was->settle);
		cr_assert_eq(w.trigger, was->trigger);
		for (uint32_t e = 0; e < ELEMENTS; e++)
			cr_assert_float_eq(w.amplitude[e],
					   i == 1 && e == 3 ? 0 :
							      f.amplitude[e],
					   0.5 / UINT16_MAX);
	}
	tear_down(&f);
}

Test(sequence, means_the_same_to_the_board)
{
	struct sim_seq *seq;
	struct fixture f;
	uint32_t event;

	set_up(&f);
	f.waveform[1].inverted = true;
	cr_assert_eq(compile(&f), 0, "%s", f.fault.why);
	cr_assert_eq(sim_seq_parse(&seq, &f.limits, f.table.data,
				   f.table.bytes, &event), SONO_SEQ_OK);
	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct sono_event *a = &f.scan->event[i];
		const struct sim_event *b = &seq->event[i];

		cr_assert_eq(b->period, 10000 + i * 100);
		cr_assert_eq(b->rx_start, i * 40);
		cr_assert_eq(b->rx_decimation, 2);
		cr_assert_eq(b->rx_samples, a->samples);
		cr_assert_eq(b->offset, a->offset);
		cr_assert_eq(b->stride, a->stride);
		cr_assert_eq(b->tx_freq, 5000000);
		cr_assert_eq(b->tx_half_cycles, 4);
		cr_assert_eq(b->tx_polarity, i == 1);
		cr_assert_eq(b->hv, 40000);
		cr_assert_eq(!!(b->flags & SONO_EVENT_FRAME_END),
			     i == EVENTS - 1);
		for (uint32_t e = 0; e < ELEMENTS; e++) {
			const struct sim_tx *tx =
				&seq->tx[b->tx_row * ELEMENTS + e];

			cr_assert_eq(tx->enable, !isnan(a->delay[e]));
			cr_assert(!tx->enable || tx->amplitude ==
				  rint(f.amplitude[e] * 65535));
		}
	}
	sim_seq_free(seq);
	tear_down(&f);
}

Test(sequence, shares_equal_rows)
{
	struct sono_seq_header h;
	struct fixture f;

	set_up(&f);
	memcpy(delay_of(&f, 2), delay_of(&f, 0), ELEMENTS * sizeof(double));
	cr_assert_eq(compile(&f), 0);
	memcpy(&h, f.table.data, sizeof(h));
	cr_assert_eq(le32toh(h.tx_rows), 2);
	tear_down(&f);
}

Test(sequence, event_without_elements_only_receives)
{
	struct sono_scan *back;
	struct fixture f;
	uint32_t event;

	set_up(&f);
	for (uint32_t e = 0; e < ELEMENTS; e++)
		delay_of(&f, 1)[e] = NAN;
	f.waveform[1].frequency = 0;
	cr_assert_eq(compile(&f), 0, "%s", f.fault.why);
	cr_assert_eq(board_says(&f, &event), SONO_SEQ_OK);
	cr_assert_eq(sono_sequence_decode(&back, f.table.data, f.table.bytes,
					  &f.info, NULL, 0), 0);
	for (uint32_t e = 0; e < ELEMENTS; e++)
		cr_assert(isnan(back->event[1].delay[e]));
	sono_scan_free(back);
	tear_down(&f);
}

/* --- limits --- */

static void many_events(struct fixture *f) { f->limits.seq_events_max = 2; }
static void many_channels(struct fixture *f) { f->limits.channels = 11; }
static void many_elements(struct fixture *f) { f->limits.elements = 15; }
static void wild_channel(struct fixture *f) { f->scan->channel_element[4] = 16; }
static void odd_rate(struct fixture *f) { f->scan->fs = 20.001e6; }
static void no_rate(struct fixture *f) { f->scan->fs = 0; }
static void no_samples(struct fixture *f) { f->scan->event[1].samples = 0; }
static void early(struct fixture *f) { f->scan->event[2].rx_start = -1e-6; }
static void endless(struct fixture *f) { f->scan->event[0].period = 50; }
static void short_pri(struct fixture *f) { f->scan->event[1].period = 27e-6; }
static void overhead(struct fixture *f) { f->limits.event_overhead = 7500; }
static void prf_cap(struct fixture *f) { f->limits.prf_max = 9900; }
static void volts(struct fixture *f) { f->waveform[2].voltage = 100.1; }
static void no_volts(struct fixture *f) { f->waveform[2].voltage = -1; }
static void duty(struct fixture *f) { f->waveform[1].half_cycles = 21; }
static void no_pulse(struct fixture *f) { f->waveform[0].half_cycles = 0; }
static void no_tone(struct fixture *f) { f->waveform[0].frequency = 0; }
static void late(struct fixture *f) { delay_of(f, 1)[7] = 101e-6; }
static void before(struct fixture *f) { delay_of(f, 1)[7] = -1e-9; }
static void never(struct fixture *f) { delay_of(f, 2)[0] = INFINITY; }
static void loud(struct fixture *f) { f->amplitude[5] = 1.5; }
static void big_frame(struct fixture *f) { f->limits.frame_bytes_max = 36000; }
static void rate(struct fixture *f) { f->limits.dma_rate_max = 100; }
static void big_table(struct fixture *f) { f->limits.seq_bytes_max = 300; }
static void moved(struct fixture *f) { f->scan->event[1].offset += 64; }

static void waits(struct fixture *f)
{
	f->waveform[1].trigger = SONO_TRIGGER_EXT;
}

static void settling(struct fixture *f)
{
	f->waveform[1].voltage = 20;
	f->waveform[1].settle = 80e-6;
	f->waveform[0].settle = f->waveform[2].settle = 1e-6;
}

static void one_point(struct fixture *f)
{
	f->scan->tgc_points = 1;
	f->scan->tgc_db = f->tgc;
}

static void steep(struct fixture *f)
{
	f->tgc[2] = 300;
	f->scan->tgc_points = 3;
	f->scan->tgc_db = f->tgc;
}

static const struct refusal {
	void (*spoil)(struct fixture *f);
	enum sono_seq_error code;
	uint32_t event;
	const char *why;	/* part of the reason */
} refusals[] = {
	{ many_events, SONO_SEQ_E_EVENTS, SONO_NO_EVENT, "1 to 2" },
	{ many_channels, SONO_SEQ_E_CHANNELS, SONO_NO_EVENT, "has 11" },
	{ many_elements, SONO_SEQ_E_CHANNELS, SONO_NO_EVENT, "has 15" },
	{ wild_channel, SONO_SEQ_E_CHANNELS, SONO_NO_EVENT, "channel 4" },
	{ odd_rate, SONO_SEQ_E_WINDOW, SONO_NO_EVENT, "20.001 MHz" },
	{ no_rate, SONO_SEQ_E_WINDOW, SONO_NO_EVENT, "0 MHz" },
	{ waits, SONO_SEQ_E_FEATURE, 1, "no external trigger" },
	{ no_samples, SONO_SEQ_E_WINDOW, 1, "no samples" },
	{ early, SONO_SEQ_E_HEADER, 2, "-1 us" },
	{ endless, SONO_SEQ_E_HEADER, 0, "50 s" },
	{ short_pri, SONO_SEQ_E_PRI, 1, "27.00 us" },
	{ overhead, SONO_SEQ_E_PRI, 1, "75.00 us" },
	{ prf_cap, SONO_SEQ_E_PRI, 0, "9900 Hz" },
	{ settling, SONO_SEQ_E_PRI, 0, "80.00 us" },
	{ volts, SONO_SEQ_E_HV, 2, "100 V" },
	{ no_volts, SONO_SEQ_E_HV, 2, "-1 V" },
	{ duty, SONO_SEQ_E_DUTY, 1, "2.020 us" },
	{ no_pulse, SONO_SEQ_E_DUTY, 0, "half cycles" },
	{ no_tone, SONO_SEQ_E_DUTY, 0, "0 Hz" },
	{ late, SONO_SEQ_E_DELAY, 1, "element 7" },
	{ before, SONO_SEQ_E_HEADER, 1, "element 7" },
	{ never, SONO_SEQ_E_HEADER, 2, "element 0" },
	{ loud, SONO_SEQ_E_HEADER, 0, "element 5" },
	{ big_frame, SONO_SEQ_E_FRAME_BYTES, 2, "36000" },
	{ rate, SONO_SEQ_E_DMA_RATE, 2, "100 MB/s" },
	{ big_table, SONO_SEQ_E_HEADER, SONO_NO_EVENT, "300" },
	{ moved, SONO_SEQ_E_HEADER, SONO_NO_EVENT, "rows" },
	{ one_point, SONO_SEQ_E_HEADER, SONO_NO_EVENT, "1 points" },
	{ steep, SONO_SEQ_E_HEADER, SONO_NO_EVENT, "300 dB" },
};

#define REFUSALS (sizeof(refusals) / sizeof(*refusals))

Test(sequence, refuses_what_the_board_would)
{
	unsigned int asked = 0;

	for (size_t i = 0; i < REFUSALS; i++) {
		const struct refusal *r = &refusals[i];
		struct fixture f;
		uint32_t event;

		set_up(&f);
		r->spoil(&f);
		f.info = board_info(&f.limits);
		cr_assert_eq(compile(&f), -EINVAL, "case %zu", i);
		cr_assert_eq(f.fault.code, r->code, "case %zu: code %d: %s", i,
			     f.fault.code, f.fault.why);
		cr_assert_eq(f.fault.event, r->event, "case %zu: event %u", i,
			     f.fault.event);
		cr_assert(strstr(f.fault.why, r->why), "case %zu: %s", i,
			  f.fault.why);
		/* what can be said in a table at all, the board refuses too */
		lift_limits(&f);
		if (!compile(&f) && r->code != SONO_SEQ_E_HEADER) {
			cr_assert_eq(board_says(&f, &event), r->code,
				     "case %zu", i);
			cr_assert_eq(event, r->event, "case %zu", i);
			asked++;
		}
		tear_down(&f);
	}
	cr_assert_geq(asked, 10, "only %u cases reached the board", asked);
}

/* At a limit, not beyond it. */
Test(sequence, accepts_the_limit_itself)
{
	struct fixture f;
	uint32_t event;

	set_up(&f);
	f.limits.prf_max = 10000;
	f.waveform[0].half_cycles = 20;
	f.waveform[1].voltage = 100;
	f.waveform[0].voltage = 100;
	f.waveform[2].voltage = 100;
	f.limits.event_overhead = 10000 - 2500;
	f.scan->event[1].period = 101.05e-6;
	f.scan->event[2].period = 102.1e-6;
	f.info = board_info(&f.limits);
	cr_assert_eq(compile(&f), 0, "%s", f.fault.why);
	cr_assert_eq(board_says(&f, &event), SONO_SEQ_OK);
	tear_down(&f);
}

/* --- reading what others wrote --- */

static int decode(struct sono_scan **scan, const void *table, size_t bytes,
		  char *why, size_t why_bytes)
{
	const struct sono_info clocks = {
		.adc_clock = ADC,
		.board_clock = 100000000,
	};

	return sono_sequence_decode(scan, table, bytes, &clocks, why,
				    why_bytes);
}

/* A copy of exactly @bytes, so that reading beyond it is seen. */
static unsigned char *copy_of(const struct sono_table *table, size_t bytes)
{
	unsigned char *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, table->data, bytes);
	return copy;
}

Test(sequence, refuses_every_cut)
{
	struct sono_scan *scan;
	struct fixture f;

	set_up(&f);
	cr_assert_eq(compile(&f), 0);
	for (size_t n = 0; n < f.table.bytes; n++) {
		unsigned char *copy = copy_of(&f.table, n);
		char why[128] = "";

		cr_assert_eq(decode(&scan, copy, n, why, sizeof(why)),
			     -EBADMSG, "%zu bytes", n);
		cr_assert(*why);
		free(copy);
	}
	tear_down(&f);
}

Test(sequence, refuses_every_flipped_byte)
{
	struct sono_scan *scan;
	struct fixture f;

	set_up(&f);
	cr_assert_eq(compile(&f), 0);
	for (size_t i = 0; i < f.table.bytes; i++) {
		unsigned char *copy = copy_of(&f.table, f.table.bytes);

		copy[i] ^= 0x10;
		cr_assert_eq(decode(&scan, copy, f.table.bytes, NULL, 0),
			     -EBADMSG, "byte %zu", i);
		free(copy);
	}
	tear_down(&f);
}

/* Right CRC, wrong content: no reading outside, no endless memory. */
Test(sequence, survives_lies)
{
	static const uint32_t lies[] = {
		0, 1, 2, 0x7f, 0xff, 0x1000, 0xffff, 0x10000, 0x7fffffff,
		0x80000000, 0xfffffff8, 0xffffffff,
	};
	const size_t lie_count = sizeof(lies) / sizeof(*lies);
	unsigned int refused = 0;
	struct fixture f;

	set_up(&f);
	cr_assert_eq(compile(&f), 0);
	for (size_t at = 8; at + 4 <= f.table.bytes; at += 2) {
		for (size_t k = 0; k < lie_count; k++) {
			unsigned char *copy = copy_of(&f.table, f.table.bytes);
			struct sono_seq_header *h = (void *)copy;
			struct sono_scan *scan = NULL;

			memcpy(copy + at, &lies[k], 4);
			h->crc = htole32(sim_seq_crc(copy, f.table.bytes));
			if (decode(&scan, copy, f.table.bytes, NULL, 0))
				refused++;
			else
				sono_scan_free(scan);
			free(copy);
		}
	}
	cr_assert_gt(refused, 300);
	tear_down(&f);
}

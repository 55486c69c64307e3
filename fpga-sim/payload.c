// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is in a frame: the front-end's samples where they lie, or a pattern
 * made in the table's scratch frame; the auxiliary block always there.
 */
#include <endian.h>
#include <math.h>
#include <string.h>

#include "board.h"
#include "pattern.h"
#include "random.h"

#define NOISY_SEED 0x6e6f697379u
#define ECG_WAITING 4096 /* samples at most that wait for a frame */

typedef int16_t sample_fn(struct sim_board *b, uint64_t *state, uint32_t event,
			  uint32_t channel, uint32_t sample);

/* Every sample of the frame, in the order of the payload; padding is 0. */
static void make_rows(struct sim_board *b, uint32_t first, sample_fn *sample)
{
	const struct sim_seq *seq = b->table->seq;
	uint64_t state = sim_prbs_seed(b->run_count, b->run.seq);

	for (uint32_t i = first; i <= b->run.last; i++) {
		const struct sim_event *e = &seq->event[i];
		uint8_t *row = b->table->scratch + e->offset;

		for (uint32_t c = 0; c < seq->channels; c++) {
			uint16_t *to = (uint16_t *)row;
			uint32_t n = 0;

			for (; n < e->rx_samples; n++)
				to[n] = htole16((uint16_t)sample(
					b, &state, i - first, c, n));
			memset(to + n, 0, e->stride - 2 * n);
			row += e->stride;
		}
	}
}

static int16_t ramp_sample(struct sim_board *b, uint64_t *state, uint32_t event,
			   uint32_t channel, uint32_t sample)
{
	(void)state;
	return sim_ramp(b->run.seq, event, channel, sample);
}

/* A board without a front-end has an amplifier's noise: up to 3 LSB at 0 dB. */
static int16_t noise_sample(struct sim_board *b, uint64_t *state,
			    uint32_t event, uint32_t channel, uint32_t sample)
{
	const struct sim_seq *seq = b->table->seq;
	const struct sim_event *first =
		&seq->event[seq->event[b->run.last].first];
	const int limit = 1 << (b->config.limits.adc_bits - 1);
	int v;

	(void)channel;
	*state = sim_prbs_next(*state);
	v = (int)(*state >> 32 & 3) - (int)(*state >> 40 & 3);
	if (first[event].tgc != SONO_TGC_NONE)
		v = (int)lrint(v * sim_seq_gain(seq, first + event, sample));
	return (int16_t)(v < -limit ? -limit : v >= limit ? limit - 1 : v);
}

static uint32_t rows_bytes(const struct sim_board *b)
{
	return b->table->seq->frame_bytes - b->table->seq->aux_bytes;
}

static void make_prbs(struct sim_board *b)
{
	uint64_t x = sim_prbs_seed(b->run_count, b->run.seq);
	uint64_t *to = (uint64_t *)b->table->scratch;

	for (uint32_t n = rows_bytes(b) / 8; n; n--) {
		x = sim_prbs_next(x);
		*to++ = htole64(x);
	}
}

/* Ticks since time zero at which an ECG sample is taken. */
static uint64_t ecg_time(const struct sim_board *b, uint64_t sample)
{
	const struct sim_limits *l = &b->config.limits;

	return sample * l->board_clock / l->ecg_rate;
}

/* Of the samples that wait, as many as fit, first come first. */
static void make_ecg(struct sim_board *b, struct sono_aux *aux)
{
	struct sim_frontend *fe = b->config.frontend;
	uint32_t room = (b->table->seq->aux_bytes - sizeof(*aux)) / 2, n = 0;
	uint8_t *to = b->table->scratch + rows_bytes(b) + sizeof(*aux);
	struct sim_run *r = &b->run;
	uint64_t end = b->now - r->zero;

	while (ecg_time(b, r->ecg + ECG_WAITING) < end)
		r->ecg++;
	aux->ecg_rate = htole32(b->config.limits.ecg_rate);
	aux->ecg_ts = htole64(r->zero + ecg_time(b, r->ecg));
	memset(to, 0, 2 * (size_t)room);
	for (; n < room && ecg_time(b, r->ecg) < end; n++, r->ecg++) {
		uint16_t v = htole16(
			(uint16_t)fe->ops->ecg(fe, ecg_time(b, r->ecg)));

		memcpy(to + 2 * n, &v, sizeof(v));
	}
	aux->ecg_count = htole32(n);
}

static void make_aux(struct sim_board *b)
{
	uint8_t *to = b->table->scratch + rows_bytes(b);
	struct sono_aux aux = {
		.magic = htole32(SONO_AUX_MAGIC),
		.bytes = htole32(b->table->seq->aux_bytes),
		.temp = htole32((uint32_t)sim_temp(b)),
		.hv = htole32(sim_hv(b)),
	};

	if (b->config.limits.ecg_rate)
		make_ecg(b, &aux);
	memcpy(to, &aux, sizeof(aux));
}

static bool from_frontend(const struct sim_board *b)
{
	return b->config.frontend &&
	       (b->source == SONO_SOURCE_ADC || b->source == SONO_SOURCE_NOISE);
}

/* Without a front-end, the ramp is connected to the ADC. */
static bool from_adc(const struct sim_board *b)
{
	return from_frontend(b) || b->source == SONO_SOURCE_NOISE;
}

static void add_noise(uint16_t *row, uint32_t samples, uint32_t bits,
		      struct sim_random *random)
{
	const int limit = 1 << (bits - 1);

	for (uint32_t n = 0; n < samples; n++) {
		int v = (int16_t)le16toh(row[n]) +
			(int)lrintf(SIM_NOISY_RMS * sim_random_normal(random));

		v = v < -limit ? -limit : v >= limit ? limit - 1 : v;
		row[n] = htole16((uint16_t)v);
	}
}

/* A quarter of full scale, at a quarter of the sampling frequency. */
static void add_ringing(struct sim_board *b, const struct sim_event *e,
			uint8_t *rows)
{
	const double us = 1e-6 * b->config.limits.adc_clock;
	const double end = us * b->config.faults.ringing - e->rx_start;
	const double samples = end / e->rx_decimation;
	const int level = 1 << (b->config.limits.adc_bits - 3);

	for (uint32_t c = 0; c < b->table->seq->channels; c++) {
		uint16_t *row = (uint16_t *)(rows + (size_t)c * e->stride);

		for (uint32_t n = 0; n < e->rx_samples && n < samples; n++) {
			const int ring = n % 2 ? 0 : n % 4 ? -level : level;

			row[n] = htole16((uint16_t)(
				(int16_t)le16toh(row[n]) / 2 + ring));
		}
	}
}

/* Dead channels deliver nothing, noisy ones more than there is. */
static void spoil_channels(struct sim_board *b, uint32_t event, uint8_t *rows)
{
	const struct sim_seq *seq = b->table->seq;
	const struct sim_event *e = &seq->event[event];
	const struct sim_faults *f = &b->config.faults;
	struct sim_random random;

	sim_random_seed(&random, (uint64_t)event << 20 ^ b->run.seq << 32 ^
					 NOISY_SEED);
	for (uint32_t c = 0; c < seq->channels; c++, rows += e->stride) {
		if (sim_channel_has(f->dead_channel, c))
			memset(rows, 0, e->stride);
		else if (sim_channel_has(f->noisy_channel, c))
			add_noise((uint16_t *)rows, e->rx_samples,
				  b->config.limits.adc_bits, &random);
	}
}

void sim_payload_make(struct sim_board *b, uint32_t first)
{
	make_aux(b);
	if (from_frontend(b))
		return;
	if (b->source == SONO_SOURCE_PRBS)
		make_prbs(b);
	else if (b->source == SONO_SOURCE_NOISE)
		make_rows(b, first, noise_sample);
	else
		make_rows(b, first, ramp_sample);
}

const void *sim_payload_rows(struct sim_board *b, uint32_t event)
{
	const struct sim_table *t = b->table;
	struct sim_frontend *fe = b->config.frontend;
	uint8_t *made = t->scratch + t->seq->event[event].offset;
	const void *rows = made;
	bool rings;

	if (from_frontend(b))
		rows = fe->ops->rows(fe, t->seq, t->data, event,
				     &t->shot[event]);
	rings = b->config.faults.ringing && fe && t->shot[event].fired;
	if (!from_adc(b) || (!sim_channels_any(&b->config.faults) && !rings))
		return rows;
	if (rows != made)
		memcpy(made, rows, t->seq->event[event].bytes);
	if (rings)
		add_ringing(b, &t->seq->event[event], made);
	spoil_channels(b, event, made);
	return made;
}

const void *sim_payload_aux(const struct sim_board *b)
{
	return b->table->scratch + rows_bytes(b);
}

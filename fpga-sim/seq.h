/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A sequence table that passed the board's checks, decoded. Whoever holds
 * one can trust every index in it.
 */
#ifndef SIM_SEQ_H
#define SIM_SEQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim.h"

/**
 * struct sim_event - one transmit event
 * @flags: SONO_EVENT_*
 * @tag: the host's
 * @period: to the next trigger [board ticks]
 * @window: from the trigger to the end of reception [board ticks]
 * @tx_row: row of struct sim_tx
 * @tx_freq: [Hz]
 * @tx_half_cycles: length of the pulse
 * @tx_polarity: 0 or 1
 * @hv: [mV]
 * @hv_settle: [board ticks]
 * @rx_start: first sample after the trigger [ADC clocks]
 * @rx_samples: per channel
 * @rx_decimation: ADC clocks per sample
 * @rx_map: row of elements
 * @tgc: curve, or SONO_TGC_NONE
 * @first: first event of the frame this one belongs to
 * @stride: bytes of a payload row
 * @bytes: of all the event's rows
 * @offset: of the first row in the frame's payload
 */
struct sim_event {
	uint32_t flags;
	uint32_t tag;
	uint32_t period;
	uint32_t window;
	uint32_t tx_row;
	uint32_t tx_freq;
	uint16_t tx_half_cycles;
	uint16_t tx_polarity;
	uint32_t hv;
	uint64_t hv_settle;
	uint32_t rx_start;
	uint32_t rx_samples;
	uint16_t rx_decimation;
	uint16_t rx_map;
	uint16_t tgc;
	uint32_t first;
	uint32_t stride;
	uint32_t bytes;
	uint32_t offset;
};

/** struct sim_tx - one element of a transmit row; delay in 1/256 ticks */
struct sim_tx {
	uint32_t delay;
	uint16_t amplitude;
	bool enable;
};

/**
 * struct sim_seq - a table
 * @limits: of the board that checked it
 * @frame_bytes: payload of each of its frames
 * @aux_bytes: of which the auxiliary block takes the last
 * @events: number of @event
 * @elements: of a row of @tx
 * @channels: of a row of @map
 * @tgc_points: of a row of @tgc
 * @event: [events]
 * @tx: [tx_rows][elements]
 * @map: [maps][channels], elements
 * @tgc: [tgc_curves][tgc_points], 1/256 dB
 */
struct sim_seq {
	struct sim_limits limits;
	uint32_t frame_bytes;
	uint32_t aux_bytes;
	uint32_t events;
	uint32_t elements;
	uint32_t channels;
	uint32_t tgc_points;
	struct sim_event *event;
	struct sim_tx *tx;
	uint16_t *map;
	uint16_t *tgc;
};

/**
 * sim_seq_parse() - check and decode a table
 * @seq: the decoded table, on success
 * @limits: of the board
 * @table: as it came from the host; not trusted in anything
 * @bytes: its length
 * @event: index of the event that was refused, or ~0
 *
 * Return: SONO_SEQ_OK, or which check refused it.
 */
int sim_seq_parse(struct sim_seq **seq, const struct sim_limits *limits,
		  const void *table, size_t bytes, uint32_t *event);

/**
 * sim_seq_gain() - what the receiver multiplies by
 * @seq: table
 * @e: event of it
 * @sample: of the event
 *
 * Return: amplitude, 1 where there is no curve.
 */
double sim_seq_gain(const struct sim_seq *seq, const struct sim_event *e,
		    uint32_t sample);

/** sim_seq_free() - NULL is fine */
void sim_seq_free(struct sim_seq *seq);

/** sim_crc() - CRC-32 of IEEE 802.3, the four bytes at @crc_at taken as 0 */
uint32_t sim_crc(const void *table, size_t bytes, size_t crc_at);

/** sim_seq_crc() - the CRC-32 that belongs into a table's header */
uint32_t sim_seq_crc(const void *table, size_t bytes);

#endif /* SIM_SEQ_H */

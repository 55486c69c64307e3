/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A front-end that plays recorded frames in a loop: frame seq of a run is
 * the recorded frame seq modulo their number. The transmit part of a table
 * makes no difference to what is played, but its receive part must be the
 * recording's; any other table is refused (SONO_SEQ_E_SOURCE). Where the
 * board does not transmit, the samples are 0.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "frontend.h"

/**
 * struct sim_replay - what is to be played
 * @frames: number of recorded frames, at least 1
 * @events: of a frame
 * @channels: of an event
 * @samples: of a channel, [events]
 * @fs: samples per second [Hz]
 * @frame: payload of a recorded frame, laid out as the board does; it stays
 *         valid as long as the front-end
 * @ecg_rate: ECG samples per second, 0 without an ECG
 * @ecg: its sample, @at ticks after time zero; as in struct sim_frontend_ops
 * @r_wave: its next R wave; likewise
 * @context: first argument of @frame, @ecg and @r_wave
 */
struct sim_replay {
	uint64_t frames;
	uint32_t events;
	uint32_t channels;
	const uint32_t *samples;
	double fs;
	const void *(*frame)(void *context, uint64_t index);
	uint32_t ecg_rate;
	int16_t (*ecg)(void *context, uint64_t at);
	uint64_t (*r_wave)(void *context, uint64_t at);
	void *context;
};

/**
 * sim_replay_create() - a front-end that plays @replay
 * @fe: the new front-end
 * @replay: copied, with @samples
 *
 * Return: 0, -EINVAL for nothing to play, -ENOMEM.
 */
int sim_replay_create(struct sim_frontend **fe,
		      const struct sim_replay *replay);

#endif /* SIM_REPLAY_H */

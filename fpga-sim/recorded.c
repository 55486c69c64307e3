// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "recorded.h"
#include "recorded_ecg.h"
#include "recording.h"
#include "replay.h"

#define BITS_OF_A_SAMPLE 16

struct recorded {
	struct sono_recording *file;
	struct recorded_ecg *ecg;
	struct sim_frontend *frontend;
};

/* Frames were checked when the recording was opened. */
static const void *frame(void *context, uint64_t index)
{
	struct recorded *r = context;
	struct sono_record record;
	const void *payload = NULL;

	sono_recording_frame(r->file, index, &record, &payload, NULL, 0);
	return payload;
}

static int16_t ecg(void *context, uint64_t at)
{
	return recorded_ecg_at(((struct recorded *)context)->ecg, at);
}

static uint64_t r_wave(void *context, uint64_t at)
{
	return recorded_ecg_r_wave(((struct recorded *)context)->ecg, at);
}

static int check_frames(struct recorded *r, char *why, size_t why_bytes)
{
	uint64_t frames = sono_recording_frames(r->file);

	if (!frames) {
		snprintf(why, why_bytes, "a recording without frames");
		return -EINVAL;
	}
	for (uint64_t i = 0; i < frames; i++) {
		struct sono_record record;
		const void *payload;
		int err = sono_recording_frame(r->file, i, &record, &payload,
					       why, why_bytes);

		if (err)
			return err;
	}
	return 0;
}

static int make_frontend(struct recorded *r)
{
	const struct sono_scan *scan = sono_recording_scan(r->file);
	struct sim_replay replay = {
		.frames = sono_recording_frames(r->file),
		.events = scan->events,
		.channels = scan->channels,
		.fs = scan->fs,
		.frame = frame,
		.ecg_rate = recorded_ecg_rate(r->ecg),
		.ecg = ecg,
		.r_wave = r_wave,
		.context = r,
	};
	uint32_t *samples = malloc(scan->events * sizeof(*samples));
	int err;

	if (!samples)
		return -ENOMEM;
	for (uint32_t i = 0; i < scan->events; i++)
		samples[i] = scan->event[i].samples;
	replay.samples = samples;
	err = sim_replay_create(&r->frontend, &replay);
	free(samples);
	return err;
}

int recorded_open(struct recorded **recorded, const char *path, char *why,
		  size_t why_bytes)
{
	struct recorded *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	snprintf(why, why_bytes, "no memory");
	err = sono_recording_open(&r->file, path, why, why_bytes);
	if (!err)
		err = check_frames(r, why, why_bytes);
	if (!err)
		err = recorded_ecg_create(&r->ecg, r->file);
	if (!err)
		err = make_frontend(r);
	if (err) {
		recorded_close(r);
		return err;
	}
	*recorded = r;
	return 0;
}

void recorded_close(struct recorded *r)
{
	if (!r)
		return;
	sim_frontend_destroy(r->frontend);
	recorded_ecg_destroy(r->ecg);
	sono_recording_close(r->file);
	free(r);
}

struct sim_frontend *recorded_frontend(struct recorded *r)
{
	return r->frontend;
}

void recorded_limits(const struct recorded *r, struct sim_limits *limits)
{
	const struct sono_scan *scan = sono_recording_scan(r->file);

	limits->channels = scan->channels;
	limits->elements = scan->elements;
	limits->adc_bits = BITS_OF_A_SAMPLE;
	limits->adc_clock = sono_recording_adc_clock(r->file);
	limits->board_clock = sono_recording_board_clock(r->file);
}

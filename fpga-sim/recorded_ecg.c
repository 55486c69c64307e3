// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "recorded_ecg.h"
#include "recording.h"
#include "sono_regs.h"

#define RATE_MAX 100000 /* [Hz] */

/* R waves are what rises above so much of the highest, and so far apart. */
#define R_SHARE 0.6
#define R_APART 0.25 /* [s] */

/* Samples of a frame, as they lie in the file. */
struct block {
	uint64_t ts;		/* of the first [ticks] */
	uint32_t count;
	const uint8_t *data;
};

struct recorded_ecg {
	uint32_t rate;
	double clock;		/* ticks per second */
	uint64_t start;		/* of the first frame [ticks] */
	uint64_t period;	/* until it begins again [ticks] */
	struct block *block;	/* [blocks], in order of time */
	size_t blocks;
	uint64_t *r_wave;	/* [r_waves], after the start [ticks] */
	size_t r_waves;
};

static int16_t sample(const struct block *b, uint32_t i)
{
	uint16_t raw;

	memcpy(&raw, b->data + 2 * (size_t)i, sizeof(raw));
	return (int16_t)le16toh(raw);
}

/* Takes a frame's block; one that makes no sense, or none, is left out. */
static void add_block(struct recorded_ecg *ecg, const void *payload,
		      const struct sono_scan *scan)
{
	const uint8_t *at = (const uint8_t *)payload + scan->aux_offset;
	const size_t room = scan->frame_bytes - scan->aux_offset;
	struct block *b = &ecg->block[ecg->blocks];
	struct sono_aux aux;
	uint32_t rate;

	if (room < sizeof(aux))
		return;
	memcpy(&aux, at, sizeof(aux));
	rate = le32toh(aux.ecg_rate);
	*b = (struct block){ le64toh(aux.ecg_ts), le32toh(aux.ecg_count),
			     at + sizeof(aux) };
	if (le32toh(aux.magic) != SONO_AUX_MAGIC || !b->count || !rate ||
	    rate > RATE_MAX || b->count > (room - sizeof(aux)) / 2 ||
	    (ecg->rate && ecg->rate != rate) ||
	    (ecg->blocks && b->ts <= b[-1].ts))
		return;
	ecg->rate = rate;
	ecg->blocks++;
}

static void read_blocks(struct recorded_ecg *ecg, struct sono_recording *file)
{
	const struct sono_scan *scan = sono_recording_scan(file);
	const uint64_t frames = sono_recording_frames(file);

	for (uint64_t i = 0; i < frames; i++) {
		struct sono_record record;
		const void *payload;

		if (sono_recording_frame(file, i, &record, &payload, NULL, 0))
			continue;
		if (!i)
			ecg->start = record.hw_ts;
		add_block(ecg, payload, scan);
	}
	ecg->clock = sono_recording_board_clock(file);
	ecg->period = llrint(scan->frame_period * ecg->clock) * frames;
}

/* --- R waves --- */

static double highest(const struct recorded_ecg *ecg)
{
	double most = 0;

	for (size_t i = 0; i < ecg->blocks; i++)
		for (uint32_t n = 0; n < ecg->block[i].count; n++)
			most = fmax(most, sample(&ecg->block[i], n));
	return most;
}

/* The top of a rise; a higher one soon after takes its place. */
static void add_top(struct recorded_ecg *ecg, uint64_t at, int16_t value,
		    int16_t *last)
{
	const bool near = ecg->r_waves &&
			  at - ecg->r_wave[ecg->r_waves - 1] <
				  R_APART * ecg->clock;

	if (near && value <= *last)
		return;
	if (!near)
		ecg->r_waves++;
	ecg->r_wave[ecg->r_waves - 1] = at;
	*last = value;
}

static int find_r_waves(struct recorded_ecg *ecg)
{
	const double least = R_SHARE * highest(ecg);
	const double most = ecg->period / (R_APART * ecg->clock) + 2;
	int16_t last = 0;

	if (!(most < 1e6))
		return -ENOMEM;
	ecg->r_wave = calloc((size_t)most, sizeof(*ecg->r_wave));
	if (!ecg->r_wave)
		return -ENOMEM;
	for (size_t i = 0; i < ecg->blocks; i++) {
		const struct block *b = &ecg->block[i];

		for (uint32_t n = 0; n < b->count; n++) {
			const uint64_t at = b->ts - ecg->start +
				llrint(n * ecg->clock / ecg->rate);

			if (b->ts >= ecg->start && at < ecg->period &&
			    sample(b, n) > 0 && sample(b, n) >= least)
				add_top(ecg, at, sample(b, n), &last);
		}
	}
	return 0;
}

/* --- playing --- */

/* The newest block that begins at @ts or before, or the first. */
static const struct block *block_at(const struct recorded_ecg *ecg, uint64_t ts)
{
	size_t from = 0, to = ecg->blocks;

	while (to - from > 1) {
		const size_t middle = from + (to - from) / 2;

		if (ecg->block[middle].ts <= ts)
			from = middle;
		else
			to = middle;
	}
	return &ecg->block[from];
}

int16_t recorded_ecg_at(const struct recorded_ecg *ecg, uint64_t at)
{
	const uint64_t ts = ecg->start + at % ecg->period;
	const struct block *b = block_at(ecg, ts);
	double n = ts > b->ts ? rint((ts - b->ts) * ecg->rate / ecg->clock) : 0;

	/* Where samples are missing the last one stays. */
	return sample(b, fmin(n, b->count - 1));
}

uint64_t recorded_ecg_r_wave(const struct recorded_ecg *ecg, uint64_t at)
{
	const uint64_t loop = at - at % ecg->period;

	for (size_t i = 0; i < ecg->r_waves; i++)
		if (ecg->r_wave[i] >= at % ecg->period)
			return loop + ecg->r_wave[i];
	return loop + ecg->period + (ecg->r_waves ? ecg->r_wave[0] : 0);
}

uint32_t recorded_ecg_rate(const struct recorded_ecg *ecg)
{
	return ecg ? ecg->rate : 0;
}

void recorded_ecg_destroy(struct recorded_ecg *ecg)
{
	if (!ecg)
		return;
	free(ecg->block);
	free(ecg->r_wave);
	free(ecg);
}

int recorded_ecg_create(struct recorded_ecg **out, struct sono_recording *file)
{
	struct recorded_ecg *ecg = calloc(1, sizeof(*ecg));
	int err = 0;

	*out = NULL;
	if (!ecg)
		return -ENOMEM;
	ecg->block = calloc(sono_recording_frames(file), sizeof(*ecg->block));
	if (!ecg->block) {
		recorded_ecg_destroy(ecg);
		return -ENOMEM;
	}
	read_blocks(ecg, file);
	if (ecg->blocks && ecg->period)
		err = find_r_waves(ecg);
	if (err || !ecg->blocks || !ecg->period)
		recorded_ecg_destroy(ecg);
	else
		*out = ecg;
	return err;
}

// SPDX-License-Identifier: MIT
/*
 * Each receive channel by its noise, with transmit held off: a dead one has
 * none, a noisy one more than its fellows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "sono_regs.h"

#define FRAMES 8
#define SAMPLES 2048
#define DEAD_DB (-20.0) /* below the median: that is not an amplifier's noise */
#define NAMED 16

static const struct diag_shots shots = {
	.events = 1,
	.samples = SAMPLES,
	.first = DIAG_NO_ELEMENT,
	.voltage = 1,
	.frequency = 1e6,
	.rate = 100,
};

/* Sums over samples; [channels] each. */
struct noise {
	double *sum, *square;
	uint64_t n;
};

static bool add(struct diag_capture *c, const struct sono_frame *f)
{
	struct noise *noise = c->arg;

	for (uint32_t k = 0; k < c->d->info->channels; k++) {
		const int16_t *row = diag_row(c->d, f->data, &shots, 0, k);
		int64_t sum = 0, square = 0;

		for (uint32_t i = 0; i < SAMPLES; i++) {
			sum += row[i];
			square += row[i] * row[i];
		}
		noise->sum[k] += (double)sum;
		noise->square[k] += (double)square;
	}
	noise->n += SAMPLES;
	return true;
}

/* Sums become mean and rms about it. */
static void finish(struct noise *noise, uint32_t channels)
{
	for (uint32_t k = 0; k < channels; k++) {
		const double mean = noise->sum[k] / (double)noise->n;
		const double all = noise->square[k] / (double)noise->n;

		noise->sum[k] = mean;
		noise->square[k] = sqrt(fmax(all - mean * mean, 0));
	}
}

static double decibel(double rms, double median)
{
	return 20 * log10(fmax(rms, 1e-6) / median);
}

/* Each is named as long as there are not too many. */
static void judge(struct diag *d, struct diag_result *r,
		  const struct noise *noise, double median)
{
	uint32_t count = 0;
	double worst = 0;

	for (uint32_t k = 0; k < d->info->channels; k++) {
		const double db = decibel(noise->square[k], median);
		struct diag_measure spread;

		if (db < DEAD_DB) {
			d->bad_channel[k] = true;
			if (count++ < NAMED)
				diag_blame(r, DIAG_FAIL, "channel %u is dead",
					   k);
			continue;
		}
		worst = fmax(worst, fabs(db));
		diag_judge(d, r, "noise_spread", fabs(db), &spread);
		if (spread.status > DIAG_PASS && count++ < NAMED) {
			d->bad_channel[k] = db > 0;
			diag_blame(r, spread.status, "channel %u is %s: %+.1f dB",
				   k, db > 0 ? "noisy" : "quiet", db);
		}
	}
	if (count > NAMED)
		diag_blame(r, DIAG_FAIL, "%u more channels are bad",
			   count - NAMED);
	diag_measure(d, r, "noise_spread", "dB", worst);
}

static void judge_offset(struct diag *d, struct diag_result *r,
			 const struct noise *noise)
{
	uint32_t worst = 0;

	for (uint32_t k = 1; k < d->info->channels; k++)
		if (fabs(noise->sum[k]) > fabs(noise->sum[worst]))
			worst = k;
	if (diag_measure(d, r, "offset", "LSB", fabs(noise->sum[worst])) >
	    DIAG_PASS)
		diag_blame(r, r->status, "channel %u has an offset: %.1f LSB",
			   worst, noise->sum[worst]);
}

static void report(struct diag *d, struct diag_result *r, struct noise *noise)
{
	const uint32_t n = d->info->channels;
	struct diag_plot plot = {
		.title = "Noise of the channels, transmit off",
		.x = "channel",
		.y = "dB re median",
		.n = n,
		.step = 1,
		.lo = -3,
		.hi = 3,
	};
	double *sorted = malloc(n * sizeof(*sorted));
	double median;

	if (!sorted)
		return;
	memcpy(sorted, noise->square, n * sizeof(*sorted));
	median = diag_median(sorted, n);
	if (median > 0) {
		judge(d, r, noise, median);
		judge_offset(d, r, noise);
		diag_measure(d, r, "noise", "dB re LSB", 20 * log10(median));
		for (uint32_t k = 0; k < n; k++)
			sorted[k] = fmax(decibel(noise->square[k], median),
					 2 * DEAD_DB);
		diag_plot(r, &plot, sorted);
	} else {
		diag_blame(r, DIAG_FAIL, "most channels deliver nothing");
	}
	diag_detail(r, "%u channels, median %.2f LSB rms", n, median);
	free(sorted);
}

void diag_check_channels(struct diag *d, struct diag_result *r)
{
	struct noise noise = {
		.sum = calloc(d->info->channels, sizeof(double)),
		.square = calloc(d->info->channels, sizeof(double)),
	};
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_NOISE,
		.frames = FRAMES,
		.look = add,
		.arg = &noise,
		.share = 1,
	};

	if (!(d->info->hw_features & SONO_FEAT_NOISE))
		diag_skip(r, "the board has no source of noise");
	else if (!noise.sum || !noise.square)
		diag_blame(r, DIAG_FAIL, "out of memory");
	else if (diag_need_stream(d, r) && !diag_load(&c, &shots) &&
		 !diag_run_frames(&c)) {
		finish(&noise, d->info->channels);
		report(d, r, &noise);
	}
	free(noise.sum);
	free(noise.square);
}

// SPDX-License-Identifier: MIT
/*
 * Receive gain: the amplifier's noise grows by what a table's curve asks for.
 * Channels that have been found bad say nothing.
 */
#include <math.h>
#include <stdlib.h>

#include "capture.h"
#include "sono_regs.h"

#define FRAMES 4
#define SAMPLES 2048
#define STEPS 3
#define ROUNDING (1.0 / 12) /* power that rounding to whole LSB adds */

static const double gains[STEPS] = { 0, 12, 24 }; /* [dB] */

static struct diag_shots shots_of(double gain)
{
	return (struct diag_shots){
		.events = 1,
		.samples = SAMPLES,
		.first = DIAG_NO_ELEMENT,
		.voltage = 1,
		.frequency = 1e6,
		.rate = 100,
		.gain = gain,
	};
}

/* Variance of each channel, [channels], summed over frames. */
static bool add(struct diag_capture *c, const struct sono_frame *f)
{
	const struct diag_shots shots = shots_of(0);
	double *power = c->arg;

	for (uint32_t k = 0; k < c->d->info->channels; k++) {
		const int16_t *row = diag_row(c->d, f->data, &shots, 0, k);
		int64_t sum = 0, square = 0;

		for (uint32_t i = 0; i < SAMPLES; i++) {
			sum += row[i];
			square += row[i] * row[i];
		}
		power[k] += ((double)square -
			     (double)sum * (double)sum / SAMPLES) / SAMPLES;
	}
	return true;
}

/* Median noise of the sound channels [dB re LSB]; NAN: there are none. */
static double noise_db(const struct diag *d, double *power)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < d->info->channels; k++)
		if (!d->bad_channel[k])
			power[n++] = power[k] / FRAMES;
	if (!n)
		return NAN;
	return 10 * log10(fmax(diag_median(power, n) - ROUNDING, 1e-6));
}

static int run_step(struct diag_capture *c, double gain, double *db)
{
	const struct diag_shots shots = shots_of(gain);
	double *power = calloc(c->d->info->channels, sizeof(*power));
	int ret = -1;

	c->arg = power;
	if (power)
		ret = diag_load(c, &shots) ?: diag_run_frames(c);
	if (!ret)
		*db = noise_db(c->d, power);
	free(power);
	return ret;
}

static void judge(struct diag *d, struct diag_result *r, const double *db)
{
	double worst = 0;
	int at = 0;

	for (int i = 1; i < STEPS; i++) {
		const double error = db[i] - db[0] - gains[i];

		if (fabs(error) < fabs(worst))
			continue;
		worst = error;
		at = i;
	}
	if (diag_measure(d, r, "error", "dB", fabs(worst)) > DIAG_PASS)
		diag_blame(r, r->status,
			   "receive gain does not follow: %+.1f dB instead of %+.1f",
			   db[at] - db[0], gains[at]);
	diag_detail(r, "steps of %.0f and %.0f dB are %.2f and %.2f", gains[1],
		    gains[2], db[1] - db[0], db[2] - db[0]);
}

void diag_check_gain(struct diag *d, struct diag_result *r)
{
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_NOISE,
		.frames = FRAMES,
		.look = add,
		.share = 1.0 / STEPS,
	};
	double db[STEPS];

	if (!(d->info->hw_features & SONO_FEAT_NOISE)) {
		diag_skip(r, "the board has no source of noise");
		return;
	}
	if (!diag_need_stream(d, r))
		return;
	for (int i = 0; i < STEPS; i++) {
		c.begin = (double)i / STEPS;
		if (run_step(&c, gains[i], &db[i]))
			return;
	}
	if (isnan(db[0]))
		diag_skip(r, "no channel is sound");
	else
		judge(d, r, db);
}

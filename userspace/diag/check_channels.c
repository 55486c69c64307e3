// SPDX-License-Identifier: MIT
/*
 * Each receive channel by its noise, with transmit held off: a dead one has
 * none, a noisy one more than its fellows. Each is named, however many they are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "names.h"
#include "sono_regs.h"

#define FRAMES 8
#define SAMPLES 2048
#define DEAD_DB (-20.0) /* below the others: that is not an amplifier's noise */
#define DEAD_LSB 0.2 /* rounding alone makes 1 / sqrt(12) */
#define NOISY_LSB 16.0 /* an amplifier's is some LSB */
#define FAR_DB 6.0 /* from the installation's, as limits.tsv */

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

static double decibel(double rms, double reference)
{
	return 20 * log10(fmax(rms, 1e-6) / reference);
}

/* Median rms of the channels between two limits [LSB]; 0: there are none. */
static double median_within(const struct noise *noise, uint32_t n, double least,
			    double most)
{
	double *some = malloc(n * sizeof(*some)), median = 0;
	uint32_t count = 0;

	for (uint32_t k = 0; some && k < n; k++)
		if (noise->square[k] >= least && noise->square[k] <= most)
			some[count++] = noise->square[k];
	if (count)
		median = diag_median(some, count);
	free(some);
	return median;
}

/*
 * What a sound channel has [LSB]: the installation's median if today's is far
 * from it, else the median of those alive, but no more than an amplifier may
 * have as long as one channel has less.
 */
static double reference(struct diag *d, struct diag_result *r,
			const struct noise *noise)
{
	const uint32_t n = d->info->channels;
	const double median = median_within(noise, n, DEAD_LSB, INFINITY);
	const double sound = median_within(noise, n, DEAD_LSB, NOISY_LSB);
	struct diag_measure m;
	double stored;

	diag_judge(d, r, "noise", 20 * log10(fmax(median, 1e-6)), &m);
	stored = pow(10, m.baseline / 20);
	if (!isnan(stored) && fabs(m.value - m.baseline) > FAR_DB)
		return stored;
	return median > NOISY_LSB && sound > 0 ? sound : median;
}

enum verdict { SOUND, DEAD, NOISY, QUIET };

static enum verdict verdict_of(struct diag *d, struct diag_result *r,
			       double rms, double reference, double *worst)
{
	const double db = decibel(rms, reference);
	struct diag_measure spread;

	if (rms < DEAD_LSB || db < DEAD_DB)
		return DEAD;
	*worst = fmax(*worst, fabs(db));
	diag_judge(d, r, "noise_spread", fabs(db), &spread);
	if (spread.status == DIAG_PASS)
		return SOUND;
	return db > 0 ? NOISY : QUIET;
}

static void name(struct diag *d, struct diag_result *r,
		 const struct noise *noise, double reference, enum verdict *v)
{
	static const struct {
		enum verdict verdict;
		const char *one, *many;
	} kinds[] = {
		{ DEAD, "is dead", "are dead" },
		{ NOISY, "is noisy", "are noisy" },
		{ QUIET, "is quiet", "are quiet" },
	};
	bool set[DIAG_CHANNELS_MAX];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct diag_names names = { "channel", kinds[i].one,
					    kinds[i].many, "" };

		for (uint32_t k = 0; k < d->info->channels; k++) {
			set[k] = v[k] == kinds[i].verdict;
			if (set[k] && v[k] != DEAD)
				snprintf(names.figures, sizeof(names.figures),
					 ": %+.1f dB",
					 decibel(noise->square[k], reference));
		}
		diag_blame_set(r, DIAG_FAIL, &names, set, d->info->channels);
	}
}

static void judge(struct diag *d, struct diag_result *r,
		  const struct noise *noise, double reference)
{
	enum verdict v[DIAG_CHANNELS_MAX];
	double worst = 0;

	for (uint32_t k = 0; k < d->info->channels; k++) {
		v[k] = verdict_of(d, r, noise->square[k], reference, &worst);
		d->bad_channel[k] = v[k] != SOUND;
	}
	name(d, r, noise, reference, v);
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
		.y = "dB re the others",
		.n = n,
		.step = 1,
		.lo = -3,
		.hi = 3,
	};
	double *shown = malloc(n * sizeof(*shown));
	double is = median_within(noise, n, DEAD_LSB, INFINITY);

	if (shown && is > 0) {
		const double sound = reference(d, r, noise);

		d->noise = sound;
		judge(d, r, noise, sound);
		judge_offset(d, r, noise);
		diag_measure(d, r, "noise", "dB re LSB", 20 * log10(is));
		for (uint32_t k = 0; k < n; k++)
			shown[k] = fmax(decibel(noise->square[k], sound),
					2 * DEAD_DB);
		diag_plot(r, &plot, shown);
	} else if (shown) {
		diag_blame(r, DIAG_FAIL, "no channel delivers anything");
		memset(d->bad_channel, 1, n);
	}
	diag_detail(r, "%u channels, median %.2f LSB rms", n, is);
	free(shown);
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

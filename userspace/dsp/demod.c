// SPDX-License-Identifier: MIT
/* The demodulator's object: filter design, mixing table, loop over rows. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cpu.h"
#include "demod.h"

/* Where a filter of this length no longer fits a row, the plan is wrong. */
#define HALF_MAX	1024
#define DEFAULT_REJECT	80.0

struct demod {
	const struct sono_scan *scan;
	demod_row_fn *row;
	struct demod_law law;
	float *mix;
	float *tap;
	float *work;
};

const struct demod_row_variant demod_row_variants[] = {
	{ demod_row_c, "c", 0 },
	{ }
};

/* Modified Bessel function of the first kind, order 0, by its power series. */
static double bessel_i0(double x)
{
	double term = 1, sum = 1;
	int k;

	for (k = 1; term > 1e-17 * sum; k++) {
		term *= (x / (2 * k)) * (x / (2 * k));
		sum += term;
	}
	return sum;
}

/* Kaiser's (1974) relations of attenuation to shape and length. */
static double kaiser_beta(double reject)
{
	if (reject > 50)
		return 0.1102 * (reject - 8.7);
	return 0.5842 * pow(reject - 21, 0.4) + 0.07886 * (reject - 21);
}

static double kaiser_half(double reject, double transition)
{
	return ceil((reject - 8) / (2.285 * transition) / 2);
}

/* Windowed sinc, -6 dB half way between the edges, gain 2 at 0 Hz. */
static void design(float *tap, uint32_t half, double cutoff, double beta)
{
	double h[HALF_MAX + 1], sum = 0;
	uint32_t k;

	for (k = 0; k <= half; k++) {
		double u = (double)k / (half + 1);

		h[k] = k ? sin(cutoff * k) / (M_PI * k) : cutoff / M_PI;
		h[k] *= bessel_i0(beta * sqrt(1 - u * u)) / bessel_i0(beta);
		sum += k ? 2 * h[k] : h[k];
	}
	for (k = 0; k <= half; k++)
		tap[k] = 2 * h[k] / sum;
}

/* Distance from 0 Hz to the nearest alias of the image at -2 fc. */
static double image_frequency(const struct sono_scan *scan)
{
	return fabs(remainder(2 * scan->fc, scan->fs));
}

/* Do the rows of an event lie in the frame, as int16 may lie? */
static bool rows_fit(const struct sono_scan *scan,
		     const struct sono_event *event)
{
	size_t rows, end;

	return !(event->offset % 2) && !(event->stride % 2) &&
	       event->stride >= 2 * (size_t)event->samples &&
	       !__builtin_mul_overflow(event->stride, scan->channels, &rows) &&
	       !__builtin_add_overflow(event->offset, rows, &end) &&
	       end <= scan->frame_bytes;
}

static const char *scan_fault(const struct sono_scan *scan)
{
	uint32_t e;

	if (!(scan->fs > 0) || !(scan->fc > 0) || !isfinite(scan->fs) ||
	    !isfinite(scan->fc))
		return "scan: a frequency is not positive";
	for (e = 0; e < scan->events; e++) {
		if (!scan->event[e].samples)
			return "scan: an event without samples";
		if (!rows_fit(scan, &scan->event[e]))
			return "scan: an event's rows exceed the frame";
	}
	if (image_frequency(scan) < 0.01 * scan->fs)
		return "scan: fc is near a multiple of fs / 2";
	return NULL;
}

/* Fills in the defaults, then looks at the result. */
static const char *complete(struct demod_params *p,
			    const struct sono_scan *scan)
{
	double image = image_frequency(scan), clear;

	if (!p->decimate)
		p->decimate = 1;
	if (!p->reject)
		p->reject = DEFAULT_REJECT;
	if (!p->pass && !p->stop) {
		p->pass = 0.4 * image;
		p->stop = 0.6 * image;
	}
	if (p->decimate > 16)
		return "demodulation: decimation is not 1 to 16";
	if (!(p->reject >= 30) || !(p->reject <= 120))
		return "demodulation: rejection is not 30 to 120 dB";
	if (!(p->pass > 0) || !(p->stop > p->pass))
		return "demodulation: not 0 < pass < stop";
	/* the margin allows for the rounding of 0.4 + 0.6 */
	clear = (p->pass + p->stop) * (1 - 1e-9);
	if (clear > image)
		return "demodulation: passband reaches its image at -2 fc";
	if (p->decimate > 1 && clear > scan->fs / p->decimate)
		return "demodulation: passband aliases when decimated";
	return NULL;
}

uint32_t demod_longest(const struct sono_scan *scan, uint32_t decimate)
{
	uint32_t e, longest = 0;

	for (e = 0; e < scan->events; e++)
		if (scan->event[e].samples > longest)
			longest = scan->event[e].samples;
	return demod_samples(longest, decimate);
}

static void fill_mix(float *mix, uint32_t n, double turns)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		double phase = -2 * M_PI * fmod(i * turns, 1);

		mix[2 * i] = cos(phase);
		mix[2 * i + 1] = sin(phase);
	}
}

int demod_create(struct demod **demod, const struct sono_scan *scan,
		 const struct demod_params *params, const char **why)
{
	struct demod_params p = *params;
	uint32_t longest, half;
	double width;
	struct demod *d;

	*why = scan_fault(scan);
	if (!*why)
		*why = complete(&p, scan);
	if (*why)
		return -EINVAL;
	width = kaiser_half(p.reject, 2 * M_PI * (p.stop - p.pass) / scan->fs);
	if (width > HALF_MAX) {
		*why = "demodulation: transition from pass to stop too narrow";
		return -EINVAL;
	}
	half = width;
	longest = demod_longest(scan, 1);
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->scan = scan;
	d->row = cpu_choose(demod_row_variants)->fn;
	d->mix = dsp_alloc(longest, 2 * sizeof(float));
	d->tap = dsp_alloc(half + 1, sizeof(float));
	d->work = dsp_alloc((size_t)longest + 2 * half, 2 * sizeof(float));
	if (!d->mix || !d->tap || !d->work) {
		demod_destroy(d);
		return -ENOMEM;
	}
	design(d->tap, half, M_PI * (p.pass + p.stop) / scan->fs,
	       kaiser_beta(p.reject));
	fill_mix(d->mix, longest, scan->fc / scan->fs);
	d->law = (struct demod_law){ d->mix, d->tap, half, p.decimate };
	*demod = d;
	return 0;
}

void demod_execute(struct demod *demod, struct baseband *out,
		   const struct rf_frame *in)
{
	const struct sono_scan *scan = demod->scan;
	float *row = out->data;
	uint32_t e, c;

	for (e = 0; e < scan->events; e++) {
		const struct sono_event *event = &scan->event[e];
		const char *rf = (const char *)in->data + event->offset;

		for (c = 0; c < scan->channels; c++) {
			demod->row(row, (const int16_t *)rf, event->samples,
				   &demod->law, demod->work);
			row += out->stride;
			rf += event->stride;
		}
	}
}

void demod_destroy(struct demod *demod)
{
	if (!demod)
		return;
	free(demod->mix);
	free(demod->tap);
	free(demod->work);
	free(demod);
}

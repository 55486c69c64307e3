// SPDX-License-Identifier: MIT
#include <complex.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/demod.h"
#include "scan_fixture.h"

/*
 * Rounding of some 50 taps to 1 / 16384: 1e-4 of the tone, as much of its
 * mirror image; 80 dB of ripple; int16's rounding.
 */
#define EXACT	5e-4

/* Demodulates a frame of @scan that the caller fills. */
static void demodulate(struct analytic *out, const struct sono_scan *scan,
		       const struct demod_params *params, const int16_t *data)
{
	const struct rf_frame frame = {
		.data = data,
		.bytes = scan->frame_bytes,
	};
	const uint32_t decimate = params->decimate ? params->decimate : 1;
	const char *why = "";
	struct demod *demod;

	cr_assert_eq(demod_create(&demod, scan, params, &why), 0, "%s", why);
	cr_assert_eq(analytic_init(out, scan->events, scan->channels,
				   demod_longest(scan, decimate, INTERPOLATION_LINEAR)), 0);
	demod_execute(demod, out, &frame);
	demod_destroy(demod);
}

/* Sample m as a tile finds it that begins in a line of @span. */
static double complex value_in(const struct analytic *a, uint32_t event,
			       uint32_t channel, uint32_t m,
			       const struct analytic_span *span)
{
	const int32_t at = m + span->moved * ANALYTIC_LINE;
	const int16_t *row = analytic_row(a, event, channel) +
			     analytic_at(a, at);

	return (row[0] + I * row[a->plane]) * span->scale;
}

static double complex value(const struct analytic *a, uint32_t event,
			    uint32_t channel, uint32_t m)
{
	return value_in(a, event, channel, m,
			analytic_span_at(a, event, channel,
					 m / ANALYTIC_LINE));
}

/*
 * What a tone of 10000 counts at @f becomes after sample @n of a record,
 * divided by exp(2 pi i f t) of its own: 1 where nothing is lost. @n need not
 * be whole, but an output must lie there.
 */
static double complex tone_at(double f, const struct sono_scan *scan,
			      const struct demod_params *params, double n)
{
	const uint32_t decimate = params->decimate ? params->decimate : 1;
	const double m = n * demod_rate(scan, decimate, INTERPOLATION_LINEAR) / scan->fs;
	int16_t *data = calloc(1, scan->frame_bytes);
	double complex got;
	struct analytic a;
	uint32_t k;

	cr_assert_float_eq(m, rint(m), 1e-9);
	for (k = 0; k < FIXTURE_SAMPLES; k++)
		data[k] = lrint(10000 * cos(2 * M_PI * f * k / scan->fs));
	demodulate(&a, scan, params, data);
	got = value(&a, 0, 0, lrint(m)) *
	      cexp(-2 * M_PI * I * fmod(f * n / scan->fs, 1)) / 10000;
	analytic_finish(&a);
	free(data);
	return got;
}

static double gain_at(double f, const struct demod_params *params)
{
	struct sono_scan *scan = fixture_scan(1);
	const double gain = cabs(tone_at(f, scan, params, 256));

	sono_scan_free(scan);
	return gain;
}

Test(demod, passband_keeps_amplitude_and_phase)
{
	/* to 0.8 fc about fc, by default: 0.2 fc to 1.8 fc of RF */
	static const double tones[] = { 0.25, 0.6, 1.0, 1.4, 1.75 };
	const struct demod_params params = { 0 };
	struct sono_scan *scan = fixture_scan(1);
	unsigned int i, n;

	for (i = 0; i < sizeof(tones) / sizeof(tones[0]); i++)
		for (n = 256; n < 260; n++) {
			const double complex got =
				tone_at(tones[i] * FIXTURE_FC, scan, &params,
					n);

			cr_assert_float_eq(creal(got), 1, EXACT, "%g fc: %g",
					   tones[i], creal(got));
			cr_assert_float_eq(cimag(got), 0, EXACT, "%g fc: %g",
					   tones[i], cimag(got));
		}
	sono_scan_free(scan);
}

/* By a twelfth of w^2 at w radians from output to output, at any rate. */
Test(demod, compensation_adds_what_interpolation_takes)
{
	static const struct {
		double fs;
		uint32_t decimate;
	} rates[] = { { 4, 1 }, { 16, 2 }, { 16, 4 }, { 3.5, 2 }, { 3.5, 1 } };
	struct sono_scan *scan = fixture_scan(1);
	unsigned int i, k;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct demod_params params = {
			.pass = 2e6, .stop = 4e6,
			.decimate = rates[i].decimate,
			.interpolation = INTERPOLATION_COMPENSATED,
		};

		scan->fs = rates[i].fs * scan->fc;
		for (k = 0; k < 5; k++) {
			const double f = scan->fc + (k * 0.2 - 0.4) * 4e6;
			const double w = 2 * M_PI * (f - scan->fc) /
					 demod_rate(scan, params.decimate, INTERPOLATION_LINEAR);

			cr_assert_lt(cabs(tone_at(f, scan, &params, 256) - 1 -
					  (2 - 2 * cos(w)) / 12), 3 * EXACT,
				     "%g fc, by %u", rates[i].fs,
				     rates[i].decimate);
		}
	}
	sono_scan_free(scan);
}

Test(demod, narrow_filter_rejects_its_stopband)
{
	const struct demod_params params = { 0.5e6, 1e6, 80, 1, 1, 0 };

	/* 201 taps: twice as much of their rounding */
	cr_assert_lt(gain_at(FIXTURE_FC + 1.2e6, &params), EXACT);
	cr_assert_lt(gain_at(FIXTURE_FC - 3e6, &params), EXACT);
	cr_assert_float_eq(gain_at(FIXTURE_FC + 0.4e6, &params), 1, 2 * EXACT);
	/* -6 dB half way between the edges */
	cr_assert_float_eq(gain_at(FIXTURE_FC + 0.75e6, &params), 0.5, 0.01);
}

Test(demod, decimation_keeps_time_and_carrier)
{
	struct demod_params params = { .pass = 1.5e6, .stop = 2.5e6 };
	struct sono_scan *scan = fixture_scan(1);
	uint32_t n;

	scan->fs = 16 * scan->fc;
	for (params.decimate = 2; params.decimate <= 4; params.decimate++)
		for (n = 240; n < 300; n += params.decimate) {
			const double complex got =
				tone_at(1.2 * FIXTURE_FC, scan, &params, n);

			cr_assert_float_eq(creal(got), 1, 2 * EXACT);
			cr_assert_float_eq(cimag(got), 0, 2 * EXACT);
		}
	sono_scan_free(scan);
}

/* A carrier that turns by 3/4 from sample to sample: 2 made between any 2. */
Test(demod, undersampled_records_are_interpolated)
{
	static const double tones[] = { 0.8, 1.0, 1.2 };
	struct sono_scan *scan = fixture_scan(1);
	struct demod_params params = { 0 };
	unsigned int i, m;

	scan->fs = 4 * scan->fc / 3;
	cr_assert_eq(demod_upsample(scan, INTERPOLATION_LINEAR), 3);
	cr_assert_float_eq(demod_rate(scan, 1, INTERPOLATION_LINEAR), 4 * scan->fc, 1e-3);
	cr_assert_eq(demod_samples(scan, 100, 1, INTERPOLATION_LINEAR), 300);
	for (i = 0; i < sizeof(tones) / sizeof(tones[0]); i++)
		for (m = 750; m < 756; m++) {
			const double complex got =
				tone_at(tones[i] * FIXTURE_FC, scan, &params,
					m / 3.0);

			/* taps of 1 / 4096, a third as many in each phase */
			cr_assert_float_eq(creal(got), 1, 3 * EXACT,
					   "%g fc, %u: %g", tones[i], m,
					   creal(got));
			cr_assert_float_eq(cimag(got), 0, 3 * EXACT,
					   "%g fc, %u: %g", tones[i], m,
					   cimag(got));
		}
	sono_scan_free(scan);
}

/* Of two that are made of one, every other or every third is kept. */
Test(demod, interpolated_records_are_decimated)
{
	struct sono_scan *scan = fixture_scan(1);
	struct demod_params params = { .decimate = 2 };
	unsigned int m;

	scan->fs = 3.5 * scan->fc;
	cr_assert_eq(demod_upsample(scan, INTERPOLATION_LINEAR), 2);
	cr_assert_float_eq(demod_rate(scan, 2, INTERPOLATION_LINEAR), scan->fs, 1e-3);
	cr_assert_eq(demod_samples(scan, 101, 2, INTERPOLATION_LINEAR), 101);
	cr_assert_eq(demod_samples(scan, 101, 3, INTERPOLATION_LINEAR), 68);
	for (m = 250; m < 262; m++)
		cr_assert_lt(cabs(tone_at(FIXTURE_FC, scan, &params, m) - 1),
			     2 * EXACT);
	sono_scan_free(scan);
}

Test(demod, carrier_is_brought_below_0_28_turns)
{
	struct sono_scan *scan = fixture_scan(1);

	scan->fs = 40e6;
	cr_assert_eq(demod_upsample(scan, INTERPOLATION_LINEAR), 1);
	scan->fs = 18e6;
	cr_assert_eq(demod_upsample(scan, INTERPOLATION_LINEAR), 1);
	scan->fs = 17.5e6;
	cr_assert_eq(demod_upsample(scan, INTERPOLATION_LINEAR), 2);
	cr_assert_float_eq(demod_rate(scan, 2, INTERPOLATION_LINEAR), 17.5e6, 1e-3);
	sono_scan_free(scan);
}

/* --- int16 with a power of 2 --- */

/* +a 0 -a 0: a tone at fc without rounding; a square wave of two and two. */
static void fill_event(int16_t *data, const struct sono_scan *scan,
		       uint32_t event, int16_t a, bool square)
{
	const struct sono_event *ev = &scan->event[event];
	uint32_t c, n;

	for (c = 0; c < scan->channels; c++) {
		int16_t *row = data + (ev->offset + c * ev->stride) / 2;

		for (n = 0; n < ev->samples; n++)
			row[n] = n % 2 && !square ? 0 :
				 n & 2		  ? -a :
						    a;
	}
}

/* Amplitude 10 counts beside full scale: each event has its own scale. */
Test(demod, weak_and_strong_events_keep_their_precision)
{
	static const int16_t amplitudes[] = { 1, 10, 300, 11585, 32767 };
	static const float scales[] = { 0x1p-12, 0x1p-11, 0x1p-6, 0x1p-1, 2 };
	struct sono_scan *scan = fixture_scan(5);
	const struct demod_params params = { 0 };
	int16_t *data = calloc(1, scan->frame_bytes);
	struct analytic a;
	uint32_t e, m;

	for (e = 0; e < 5; e++)
		fill_event(data, scan, e, amplitudes[e], false);
	demodulate(&a, scan, &params, data);
	for (e = 0; e < 5; e++) {
		cr_assert(a.even[e]);
		cr_assert_eq(analytic_spans(&a, e, 3)->scale, scales[e]);
		for (m = 200; m < 300; m++) {
			const double complex want = amplitudes[e] *
						    cexp(I * M_PI / 2 * m);

			/* 64 dB */
			cr_assert_lt(cabs(value(&a, e, 3, m) - want),
				     6e-4 * amplitudes[e]);
		}
	}
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

/* There the taps leave less room for a gain than silence asks for. */
Test(demod, weak_undersampled_events_keep_their_precision)
{
	struct sono_scan *scan = fixture_scan(2);
	const struct demod_params params = { 0 };
	int16_t *data = calloc(1, scan->frame_bytes);
	struct analytic a;
	uint32_t e, m;

	scan->fs = 4 * scan->fc / 3;
	for (e = 0; e < 2; e++)
		fill_event(data, scan, e, e ? 10 : 1, false);
	demodulate(&a, scan, &params, data);
	for (e = 0; e < 2; e++)
		for (m = 600; m < 900; m++) {
			const double amplitude = e ? 10 : 1;
			const double complex want = amplitude *
						    cexp(I * M_PI / 2 * m);

			cr_assert_lt(cabs(value(&a, e, 3, m) - want),
				     3 * EXACT * amplitude);
		}
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

Test(demod, envelope_above_its_samples_is_not_cut)
{
	struct sono_scan *scan = fixture_scan(1);
	const struct demod_params params = { 0 };
	int16_t *data = calloc(1, scan->frame_bytes);
	struct analytic a;
	uint32_t m;

	fill_event(data, scan, 0, 32767, true);
	demodulate(&a, scan, &params, data);
	for (m = 200; m < 300; m++)
		cr_assert_float_eq(cabs(value(&a, 0, 0, m)), M_SQRT2 * 32767,
				   40);
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

/* @strong at first, then a weak tone. */
static void fill_behind(int16_t *data, const struct sono_scan *scan,
			double strong)
{
	const struct sono_event *ev = &scan->event[0];
	uint32_t c, n;

	for (c = 0; c < scan->channels; c++)
		for (n = 0; n < ev->samples; n++)
			data[c * ev->stride / 2 + n] =
				lrint((n < ev->samples / 8 ? strong : 10.37) *
				      cos(2 * M_PI * scan->fc / scan->fs * n));
}

/*
 * Wherever a tile begins, it finds the same in its own span as others do in
 * theirs, but for what either rounds; in a span of its own every line and the
 * one behind it.
 */
static void compare_spans(const struct analytic *a, uint32_t samples)
{
	const struct analytic_span *span = analytic_spans(a, 0, 3);
	int32_t m;

	do {
		const int32_t begin = span->begin < 0 ? 0 : span->begin;
		const int32_t end = span->end < (int32_t)a->lines ?
				    span->end + 1 : (int32_t)a->lines;

		for (m = begin * 32; m < end * 32; m++) {
			const double complex own = value_in(a, 0, 3, m, span);
			const double scale = fmax(span->scale,
				analytic_span_at(a, 0, 3, m / 32)->scale);

			if (m >= (int32_t)samples)
				cr_assert_eq(own, 0);
			cr_assert_leq(cabs(own - value(a, 0, 3, m)), 2 * scale);
		}
	} while (span++->end < INT32_MAX);
}

/* Where all bunches have a span in common that is theirs, else none is. */
static void compare_common(const struct analytic *a)
{
	int32_t line;
	uint32_t c;

	for (line = -2; line < (int32_t)a->lines + 2; line++) {
		const struct analytic_span *first =
			analytic_span_at(a, 0, 0, line);
		const struct analytic_span *all =
			analytic_common(a, 0, line, line);
		bool alike = true;

		for (c = 1; c < a->channels; c++)
			alike &= analytic_alike(first,
						analytic_span_at(a, 0, c, line));
		cr_assert_eq(!!all, alike, "line %d", line);
		if (all)
			cr_assert(analytic_alike(all, first), "line %d", line);
	}
}

/* Of a tone 70 dB below what came before it: as of one that is alone. */
static void look_behind(double fs, uint32_t decimate, uint32_t samples)
{
	const struct demod_params params = {
		.pass = 1.5e6, .stop = 2.5e6, .decimate = decimate,
	};
	struct sono_scan *scan = fixture_scan(1);
	struct analytic a, alone;
	uint32_t total, m;
	int16_t *data;

	scan->fs = fs;
	scan->event[0].samples = samples;
	sono_scan_layout(scan, 0);
	data = calloc(1, scan->frame_bytes);
	fill_behind(data, scan, 0);
	demodulate(&alone, scan, &params, data);
	fill_behind(data, scan, 32767);
	demodulate(&a, scan, &params, data);
	total = demod_samples(scan, samples, decimate, INTERPOLATION_LINEAR);
	cr_assert_not(a.even[0]);
	/* 11 bits above the point alone, at most 4 fewer behind the other */
	for (m = total / 2; m < total; m++)
		cr_assert_lt(cabs(value(&a, 0, 3, m) - value(&alone, 0, 3, m)),
			     M_SQRT2 * (0x1p-7 + 0x1p-11), "%g, %u", fs, m);
	compare_spans(&a, total);
	compare_common(&a);
	analytic_finish(&a);
	analytic_finish(&alone);
	sono_scan_free(scan);
	free(data);
}

Test(demod, weak_echoes_behind_strong_ones_keep_their_precision)
{
	look_behind(20e6, 1, 1000);
	look_behind(40e6, 2, 2000);
	look_behind(17e6, 1, 997);
	look_behind(17e6, 2, 1111);
	look_behind(60e6, 3, 3111);
	look_behind(20e6, 1, 400);
}

/* A bunch of channels has its own scales, and only where it needs them. */
Test(demod, strong_channels_do_not_coarsen_others)
{
	struct sono_scan *scan = sono_scan_alloc(40, 40, 1);
	const struct demod_params params = { 0 };
	int16_t *data;
	struct analytic a;
	uint32_t c, n;

	scan->fs = FIXTURE_FS;
	scan->fc = FIXTURE_FC;
	scan->event[0].samples = FIXTURE_SAMPLES;
	sono_scan_layout(scan, 0);
	data = calloc(1, scan->frame_bytes);
	for (c = 0; c < 40; c++)
		for (n = 0; n < FIXTURE_SAMPLES; n += 2)
			data[c * scan->event[0].stride / 2 + n] =
				(c / 16 == 1 && n < 100 ? 16000 : 5) *
				(n & 2 ? -1 : 1);
	demodulate(&a, scan, &params, data);
	cr_assert_not(a.even[0]);
	for (c = 0; c < 40; c++) {
		const struct analytic_span *span = analytic_spans(&a, 0, c);

		cr_assert_eq(span->end == INT32_MAX, c / 16 != 1);
		cr_assert_eq(span->scale, c / 16 == 1 ? 1 : 0x1p-12);
		for (n = 200; n < 300; n++)
			cr_assert_lt(cabs(value(&a, 0, c, n) -
					  5 * cexp(I * M_PI / 2 * n)), 6e-4 * 5);
	}
	compare_common(&a);
	cr_assert_null(analytic_common(&a, 0, 0, 0));
	cr_assert_not_null(analytic_common(&a, 0, 10, 12));
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

Test(demod, silence_stays_silence)
{
	struct sono_scan *scan = fixture_scan(2);
	const struct demod_params params = { 0 };
	int16_t *data = calloc(1, scan->frame_bytes);
	struct analytic a;
	size_t i;

	demodulate(&a, scan, &params, data);
	for (i = 0; i < 2 * a.event; i++)
		cr_assert_eq(a.data[i], 0);
	cr_assert_gt(analytic_spans(&a, 1, 0)->scale, 0);
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

/* --- a frame --- */

/* Events of different lengths, noise of different strength, in bursts. */
static struct sono_scan *uneven_scan(int16_t **data)
{
	struct sono_scan *scan = fixture_scan(7);
	uint32_t e, c, n, seed = 1;

	for (e = 0; e < 7; e++)
		scan->event[e].samples = FIXTURE_SAMPLES - 37 * e;
	sono_scan_layout(scan, 0);
	*data = calloc(1, scan->frame_bytes);
	for (e = 0; e < 7; e++)
		for (c = 0; c < scan->channels; c++)
			for (n = 0; n < scan->event[e].samples; n++) {
				const struct sono_event *ev = &scan->event[e];
				const size_t at = (ev->offset +
						   c * ev->stride) / 2 + n;

				seed = seed * 1664525 + 1013904223;
				(*data)[at] = (int32_t)seed >>
					(16 + e + (n % 200 < 30 ? 0 : 5));
			}
	return scan;
}

/* What an earlier frame may have left. */
static void fill_lines(struct analytic *a)
{
	uint32_t e, c, m;

	for (e = 0; e < a->events; e++)
		for (c = 0; c < a->channels; c++)
			for (m = 0; m < a->lines * ANALYTIC_LINE; m++) {
				int16_t *at = analytic_row(a, e, c) +
					      analytic_at(a, m);

				at[0] = at[a->plane] = 0x5555;
			}
}

static void find_zeros(const struct analytic *a, uint32_t e, uint32_t c,
		       int32_t samples)
{
	const int32_t end = (a->lines + 1) * ANALYTIC_LINE;
	int32_t m;

	cr_assert_neq(analytic_row(a, e, c)[1], 0x5555);
	for (m = -ANALYTIC_LINE; m < end; m++) {
		const int16_t *at = analytic_row(a, e, c) + analytic_at(a, m);

		if (m >= 0 && m < samples)
			continue;
		cr_assert_eq(at[0], 0);
		cr_assert_eq(at[a->plane], 0);
	}
}

static void look_around_rows(const char *level)
{
	const struct demod_params params = { 0 };
	const char *why = "";
	struct demod *demod;
	struct rf_frame frame = { 0 };
	struct analytic a;
	int16_t *data;
	struct sono_scan *scan = uneven_scan(&data);
	uint32_t e, c;

	setenv("SONO_CPU", level, 1);
	cr_assert_eq(analytic_init(&a, 7, scan->channels, FIXTURE_SAMPLES), 0);
	fill_lines(&a);
	cr_assert_eq(demod_create(&demod, scan, &params, &why), 0, "%s", why);
	frame.data = data;
	frame.bytes = scan->frame_bytes;
	demod_execute(demod, &a, &frame);
	for (e = 0; e < 7; e++)
		for (c = 0; c < scan->channels; c++)
			find_zeros(&a, e, c, scan->event[e].samples);
	demod_destroy(demod);
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

Test(demod, zeros_lie_around_the_samples_of_every_row)
{
	look_around_rows("c");
	look_around_rows("avx2");
	look_around_rows("avx512");
}

/* The parts in reverse order, as threads may happen to run. */
static void run_parts(struct analytic *a, const struct sono_scan *scan,
		      const int16_t *data, struct demod_params params)
{
	const struct rf_frame frame = {
		.data = data,
		.bytes = scan->frame_bytes,
	};
	const char *why = "";
	struct demod *demod;
	uint32_t worker;

	cr_assert_eq(demod_create(&demod, scan, &params, &why), 0, "%s", why);
	cr_assert_eq(analytic_init(a, scan->events, scan->channels,
				   demod_longest(scan, params.decimate, INTERPOLATION_LINEAR)), 0);
	for (worker = params.workers; worker-- > 0;)
		demod_execute_part(demod, worker, a, &frame);
	demod_destroy(demod);
}

Test(demod, workers_give_the_same_bits)
{
	int16_t *data;
	struct sono_scan *scan = uneven_scan(&data);
	struct demod_params params = { .decimate = 1 };
	struct analytic one, a;

	scan->fs *= 2;
	for (params.decimate = 1; params.decimate <= 2; params.decimate++) {
		params.pass = params.decimate * 1e6;
		params.stop = 3e6;
		params.workers = 1;
		run_parts(&one, scan, data, params);
		for (params.workers = 2; params.workers <= 9;
		     params.workers++) {
			run_parts(&a, scan, data, params);
			cr_assert_eq(memcmp(a.data, one.data,
					    2 * 7 * a.event), 0);
			cr_assert_eq(memcmp(a.common, one.common,
					    7 * ANALYTIC_SPANS *
						    sizeof(*a.span)), 0);
			cr_assert_eq(memcmp(a.span, one.span,
					    7 * ANALYTIC_SPANS *
						    sizeof(*a.span)), 0);
			analytic_finish(&a);
		}
		analytic_finish(&one);
	}
	sono_scan_free(scan);
	free(data);
}

/* At every level, however rows lie there. */
Test(demod, levels_give_the_same_samples)
{
	static const char *const levels[] = { "avx2", "avx512" };
	int16_t *data;
	struct sono_scan *scan = uneven_scan(&data);
	const struct demod_params params = { .decimate = 1, .workers = 1 };
	uint32_t i, e, c, m;
	struct analytic a, b;

	setenv("SONO_CPU", "c", 1);
	run_parts(&a, scan, data, params);
	for (i = 0; i < 2; i++) {
		setenv("SONO_CPU", levels[i], 1);
		run_parts(&b, scan, data, params);
		for (e = 0; e < 7; e++)
			for (c = 0; c < scan->channels; c++)
				for (m = 0; m < scan->event[e].samples; m++)
					cr_assert_eq(value(&a, e, c, m),
						     value(&b, e, c, m));
		analytic_finish(&b);
	}
	analytic_finish(&a);
	sono_scan_free(scan);
	free(data);
}

/* --- refusals --- */

static const char *refusal(struct sono_scan *scan,
			   const struct demod_params *params)
{
	struct demod *demod;
	const char *why = NULL;
	int ret = demod_create(&demod, scan, params, &why);

	sono_scan_free(scan);
	cr_assert_eq(ret, -EINVAL);
	cr_assert_not_null(why);
	return why;
}

Test(demod, wrong_filters_are_refused_with_a_reason)
{
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 5e6, 6e6, 0, 1, 1, 0 }),
			 "demodulation: passband reaches its image at -2 fc");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 1e6, 2e6, 0, 2, 1, 0 }),
			 "demodulation: decimated to less than 3.3 samples a period of fc");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 2e6, 1e6, 0, 1, 1, 0 }),
			 "demodulation: not 0 < pass < stop");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 1e6, 1.0001e6, 0, 1, 1, 0 }),
			 "demodulation: transition from pass to stop too narrow");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 1e6, 2e6, 10, 1, 1, 0 }),
			 "demodulation: rejection is not 30 to 120 dB");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ .decimate = 17 }),
			 "demodulation: decimation is not 1 to 16");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ .interpolation = 3 }),
			 "demodulation: unknown interpolation");
}

/* 0.3 turns of the carrier per sample: not more. */
Test(demod, decimation_ends_where_interpolation_does)
{
	const struct demod_params params = {
		.pass = 1e6, .stop = 2e6, .decimate = 2,
	};
	struct sono_scan *scan = fixture_scan(1);
	const char *why = "";
	struct demod *demod;

	scan->fs = 6.67 * scan->fc;
	cr_assert_eq(demod_create(&demod, scan, &params, &why), 0, "%s", why);
	demod_destroy(demod);
	scan->fs = 6.66 * scan->fc;
	cr_assert_str_eq(refusal(scan, &params),
			 "demodulation: decimated to less than 3.3 samples a period of fc");
	scan = fixture_scan(1);
	scan->fs = 4 * scan->fc / 3;
	cr_assert_str_eq(refusal(scan, &(struct demod_params){ .decimate = 2 }),
			 "demodulation: decimated to less than 3.3 samples a period of fc");
}

Test(demod, wrong_scans_are_refused_with_a_reason)
{
	const struct demod_params params = { 0 };
	struct sono_scan *scan = fixture_scan(1);

	scan->fc = 10e6;
	cr_assert_str_eq(refusal(scan, &params),
			 "scan: fc is near a multiple of fs / 2");
	scan = fixture_scan(1);
	scan->frame_bytes -= 64;
	cr_assert_str_eq(refusal(scan, &params),
			 "scan: an event's rows exceed the frame");
	scan = fixture_scan(1);
	scan->event[0].samples = 0;
	cr_assert_str_eq(refusal(scan, &params),
			 "scan: an event without samples");
}

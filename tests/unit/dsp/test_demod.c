// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "dsp/demod.h"
#include "scan_fixture.h"

/* Amplitude after demodulation of a tone of 10000 counts at @f, mid-record. */
static double gain_at(double f, const struct demod_params *params,
		      double *phase)
{
	struct sono_scan *scan = fixture_scan(1);
	int16_t *data = calloc(1, scan->frame_bytes);
	const struct rf_frame frame = {
		.data = data,
		.bytes = scan->frame_bytes,
	};
	struct demod *demod;
	struct baseband bb;
	const char *why;
	uint32_t n, m, d = params->decimate ? params->decimate : 1;
	double re, im;

	for (n = 0; n < FIXTURE_SAMPLES; n++)
		data[n] = lrint(10000 * cos(2 * M_PI * f * n / FIXTURE_FS));
	cr_assert_eq(demod_create(&demod, scan, params, &why), 0);
	cr_assert_eq(baseband_init(&bb, 1, scan->channels,
				   demod_longest(scan, d)), 0);
	demod_execute(demod, &bb, &frame);
	m = FIXTURE_SAMPLES / 2 / d;
	re = bb.data[2 * m];
	im = bb.data[2 * m + 1];
	/* what is left turns with f - fc */
	if (phase)
		*phase = remainder(atan2(im, re) - 2 * M_PI *
				   (f - FIXTURE_FC) * m * d / FIXTURE_FS,
				   2 * M_PI);
	demod_destroy(demod);
	baseband_finish(&bb);
	sono_scan_free(scan);
	free(data);
	return hypot(re, im) / 10000;
}

Test(demod, passband_keeps_amplitude_and_phase)
{
	/* to 0.8 fc about fc, by default: 0.2 fc to 1.8 fc of RF */
	static const double tones[] = { 0.25, 0.6, 1.0, 1.4, 1.75 };
	const struct demod_params params = { 0 };
	unsigned int i;
	double phase;

	for (i = 0; i < sizeof(tones) / sizeof(tones[0]); i++) {
		double gain = gain_at(tones[i] * FIXTURE_FC, &params, &phase);

		/* 80 dB of ripple, and int16's rounding */
		cr_assert_float_eq(gain, 1, 3e-4, "at %g fc: %g", tones[i],
				   gain);
		cr_assert_float_eq(phase, 0, 3e-4);
	}
}

Test(demod, narrow_filter_rejects_its_stopband)
{
	const struct demod_params params = { 0.5e6, 1e6, 80, 1 };

	cr_assert_lt(gain_at(FIXTURE_FC + 1.2e6, &params, NULL), 1.5e-4);
	cr_assert_lt(gain_at(FIXTURE_FC - 3e6, &params, NULL), 1.5e-4);
	cr_assert_float_eq(gain_at(FIXTURE_FC + 0.4e6, &params, NULL), 1, 3e-4);
	/* -6 dB half way between the edges */
	cr_assert_float_eq(gain_at(FIXTURE_FC + 0.75e6, &params, NULL), 0.5,
			   0.01);
}

Test(demod, decimation_keeps_time)
{
	const struct demod_params params = { .decimate = 2 };
	double phase;

	cr_assert_float_eq(gain_at(1.3 * FIXTURE_FC, &params, &phase), 1,
			   3e-4);
	cr_assert_float_eq(phase, 0, 3e-4);
}

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
			 &(struct demod_params){ 5e6, 6e6, 0, 1 }),
			 "demodulation: passband reaches its image at -2 fc");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 4e6, 5e6, 0, 4 }),
			 "demodulation: passband aliases when decimated");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 2e6, 1e6, 0, 1 }),
			 "demodulation: not 0 < pass < stop");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 1e6, 1.0001e6, 0, 1 }),
			 "demodulation: transition from pass to stop too narrow");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ 1e6, 2e6, 10, 1 }),
			 "demodulation: rejection is not 30 to 120 dB");
	cr_assert_str_eq(refusal(fixture_scan(1),
			 &(struct demod_params){ .decimate = 17 }),
			 "demodulation: decimation is not 1 to 16");
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

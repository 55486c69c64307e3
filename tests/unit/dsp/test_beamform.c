// SPDX-License-Identifier: MIT
#include <complex.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dsp/beamform.h"
#include "dsp/cpu.h"
#include "dsp/demod.h"
#include "scan_fixture.h"

#define AMPLITUDE	8192
#define STEPS		(1 << BEAMFORM_POSITION_BITS)

/*
 * Of a channel's signal, of 1: the weights' polynomials and their rounding,
 * which checkdsp holds to 60 dB.
 */
#define WEIGHT		1e-3
/*
 * A position's receive half is rounded to the nearest step, its transmit half
 * to the middle of one: a step at most, a little more by the float of the
 * former, at a quarter of a turn per sample.
 */
#define PHASE		(1.05 / STEPS * M_PI / 2)

/* One line straight down at @x. */
static struct beamform_params line_at(double x)
{
	return (struct beamform_params){
		.grid = {
			.shape = GRID_LINEAR, .lines = 1, .samples = 100,
			.line0 = x, .line_step = 1e-3,
			.sample0 = 3e-3, .sample_step = 0.1e-3,
		},
		.groups = 1,
	};
}

/* Empty rows of a scan whose analytic signal has its own rate. */
static void make_rows(struct analytic *rows, const struct sono_scan *scan)
{
	uint32_t e;

	cr_assert_eq(analytic_init(rows, scan->events, scan->channels,
				   FIXTURE_SAMPLES), 0);
	for (e = 0; e < scan->events; e++)
		analytic_set_scale(rows, e, 1.0 / AMPLITUDE);
}

/* Sample m of an envelope, with the carrier's phase. */
static void set_sample(struct analytic *rows, const struct sono_scan *scan,
		       uint32_t event, uint32_t channel, uint32_t m,
		       double complex envelope)
{
	const double turns = fmod(m * scan->fc / scan->fs, 1);
	const double complex v = AMPLITUDE * envelope *
				 cexp(2 * M_PI * I * turns);
	int16_t *at = analytic_row(rows, event, channel) +
		      analytic_at(rows, m);

	at[0] = lrint(creal(v));
	at[rows->plane] = lrint(cimag(v));
}

/* The carrier alone. */
static void set_row(struct analytic *rows, const struct sono_scan *scan,
		    uint32_t event, uint32_t channel)
{
	uint32_t m;

	for (m = 0; m < FIXTURE_SAMPLES; m++)
		set_sample(rows, scan, event, channel, m, 1);
}

static void clear_row(struct analytic *rows, uint32_t event, uint32_t channel)
{
	int16_t *row = analytic_row(rows, event, channel);
	uint32_t line;

	for (line = 0; line < rows->lines; line++, row += rows->line) {
		memset(row, 0, 2 * ANALYTIC_LINE);
		memset(row + rows->plane, 0, 2 * ANALYTIC_LINE);
	}
}

static struct beamform *make_beamform(const struct sono_scan *scan,
				      const struct beamform_params *params)
{
	struct beamform *beamform;
	const char *why = "";

	cr_assert_eq(beamform_create(&beamform, scan, params, &why), 0, "%s",
		     why);
	return beamform;
}

static void run(struct iq *iq, const struct sono_scan *scan,
		const struct beamform_params *params,
		const struct analytic *rows)
{
	struct beamform *beamform = make_beamform(scan, params);

	cr_assert_eq(iq_init(iq, params->groups, params->grid.lines,
			     params->grid.samples), 0);
	beamform_execute(beamform, iq, rows);
	beamform_destroy(beamform);
}

static double complex value(const struct iq *iq, size_t j)
{
	return iq->data[2 * j] + I * iq->data[2 * j + 1];
}

static size_t points(const struct iq *iq)
{
	return (size_t)iq->ensemble * iq->lines * iq->samples;
}

/* What one channel of one event gives, the carrier in its row. */
static void run_channel(struct iq *iq, const struct sono_scan *scan,
			const struct beamform_params *params, uint32_t event,
			uint32_t channel)
{
	struct analytic rows;

	make_rows(&rows, scan);
	set_row(&rows, scan, event, channel);
	run(iq, scan, params, &rows);
	analytic_finish(&rows);
}

/*
 * The sum of the weights of channels and events: each has the carrier in turn,
 * and its magnitude is its weight. For free().
 */
static double *weights(const struct sono_scan *scan,
		       const struct beamform_params *params)
{
	const size_t n = (size_t)params->groups * params->grid.lines *
			 params->grid.samples;
	struct beamform *beamform = make_beamform(scan, params);
	double *sum = calloc(n, sizeof(*sum));
	struct analytic rows;
	struct iq iq;
	uint32_t e, c;
	size_t j;

	make_rows(&rows, scan);
	cr_assert_eq(iq_init(&iq, params->groups, params->grid.lines,
			     params->grid.samples), 0);
	for (e = 0; e < scan->events; e++)
		for (c = 0; c < scan->channels; c++) {
			set_row(&rows, scan, e, c);
			beamform_execute(beamform, &iq, &rows);
			clear_row(&rows, e, c);
			for (j = 0; j < n; j++)
				sum[j] += cabs(value(&iq, j));
		}
	iq_finish(&iq);
	analytic_finish(&rows);
	beamform_destroy(beamform);
	return sum;
}

/* --- the aperture --- */

Test(beamform, aperture_grows_with_depth_by_the_f_number)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.15e-3);
	double *sum;
	uint32_t j, e;

	params.f_number = 2;
	sum = weights(scan, &params);
	for (j = 0; j < params.grid.samples; j++) {
		double z = 3e-3 + j * 0.1e-3, count = 0;

		for (e = 0; e < scan->elements; e++)
			count += fabs(scan->element[e].x - 0.15e-3) <=
				 z / 4 + BEAMFORM_TIE;
		cr_assert_float_eq(sum[j], count, count * WEIGHT, "at %g mm",
				   1e3 * z);
	}
	free(sum);
	sono_scan_free(scan);
}

Test(beamform, aperture_lies_in_the_frame_of_the_element)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	double *sum;
	uint32_t i;

	/* every element looks sideways, away from the line */
	for (i = 0; i < scan->elements; i++) {
		scan->element[i].nx = scan->element[i].x > 0 ? 1 : -1;
		scan->element[i].nz = 0;
	}
	params.f_number = 2;
	sum = weights(scan, &params);
	for (i = 0; i < params.grid.samples; i++)
		cr_assert_eq(sum[i], 0);
	free(sum);
	sono_scan_free(scan);
}

/* Channel by channel; and so that lines steered alike see as much as others. */
Test(beamform, steered_aperture_lies_beside_the_sample)
{
	static const double steers[] = { -0.3, 0, 0.2 };
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	uint32_t i, c, j;
	struct iq iq;

	params.f_number = 3;
	for (i = 0; i < 3; i++) {
		params.steer = steers[i];
		for (c = 0; c < scan->channels; c++) {
			run_channel(&iq, scan, &params, 0, c);
			for (j = 0; j < params.grid.samples; j++) {
				double z = 3e-3 + j * 0.1e-3;
				double middle = -z * tan(steers[i]);
				double side = scan->element[c].x - middle;
				bool in = fabs(side) <= z / 6 + BEAMFORM_TIE;

				cr_assert_float_eq(cabs(value(&iq, j)), in,
						   WEIGHT, "%g rad, %u, %u",
						   steers[i], c, j);
			}
			iq_finish(&iq);
		}
	}
	sono_scan_free(scan);
}

Test(beamform, samples_outside_the_record_do_not_count)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	double *sum;

	/* 512 samples at 20 MHz are 25.6 us: 19.7 mm of depth */
	params.grid.sample0 = 20e-3;
	sum = weights(scan, &params);
	cr_assert_eq(sum[0], 0);
	free(sum);
	scan->event[0].rx_start = 5e-6;	/* the record begins later */
	sum = weights(scan, &params);
	cr_assert_float_eq(sum[0], FIXTURE_ELEMENTS,
			   FIXTURE_ELEMENTS * WEIGHT);
	free(sum);
	scan->event[0].rx_start = 30e-6;	/* after the echoes */
	sum = weights(scan, &params);
	cr_assert_eq(sum[0], 0);
	free(sum);
	sono_scan_free(scan);
}

Test(beamform, points_are_pixels_by_channels_by_events)
{
	struct sono_scan *scan = fixture_scan(3);
	struct beamform_params params = line_at(0);
	struct beamform *b = make_beamform(scan, &params);

	cr_assert_eq(beamform_points(b), 3 * 100 * FIXTURE_ELEMENTS);
	beamform_destroy(b);
	sono_scan_free(scan);
}

Test(beamform, groups_separate_and_compound_events)
{
	static const uint32_t group[] = { 0, BEAMFORM_UNUSED, 1, 0 };
	struct sono_scan *scan = fixture_scan(4);
	struct beamform_params params = line_at(0);
	double *sum;

	params.groups = 2;
	params.group = group;
	sum = weights(scan, &params);
	cr_assert_float_eq(sum[50], 2 * FIXTURE_ELEMENTS,
			   2 * FIXTURE_ELEMENTS * WEIGHT);
	cr_assert_float_eq(sum[150], FIXTURE_ELEMENTS,
			   FIXTURE_ELEMENTS * WEIGHT);
	free(sum);
	sono_scan_free(scan);
}

Test(beamform, events_count_by_their_scale)
{
	struct sono_scan *scan = fixture_scan(2);
	struct beamform_params params = line_at(0);
	struct analytic rows;
	struct iq iq;

	make_rows(&rows, scan);
	set_row(&rows, scan, 0, 5);
	set_row(&rows, scan, 1, 5);
	analytic_set_scale(&rows, 0, 64.0 / AMPLITUDE);
	analytic_set_scale(&rows, 1, 1 / 64.0 / AMPLITUDE);
	run(&iq, scan, &params, &rows);
	cr_assert_float_eq(cabs(value(&iq, 50)), 64 + 1 / 64.0, 64 * WEIGHT);
	iq_finish(&iq);
	analytic_finish(&rows);
	sono_scan_free(scan);
}

/* --- delays --- */

/* Phase of one element's echo [rad]. */
static double phase_of_one(double lens, double pulse, double delay)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	double *d = (double *)scan->event[0].delay, phase;
	struct iq iq;
	uint32_t i;

	scan->lens_delay = lens;
	scan->pulse_delay = pulse;
	for (i = 0; i < scan->elements; i++)
		d[i] = i == 8 ? delay : NAN;
	run_channel(&iq, scan, &params, 0, 8);
	phase = carg(value(&iq, 0));
	iq_finish(&iq);
	sono_scan_free(scan);
	return phase;
}

static double expected_phase(double extra)
{
	double d = hypot(0.15e-3, 3e-3);

	return remainder(2 * M_PI * FIXTURE_FC *
			 (2 * d / FIXTURE_C + extra), 2 * M_PI);
}

Test(beamform, phase_is_that_of_the_whole_delay)
{
	cr_assert_float_eq(phase_of_one(0, 0, 0), expected_phase(0),
			   PHASE + WEIGHT);
	cr_assert_float_eq(phase_of_one(30e-9, 0, 0), expected_phase(60e-9),
			   PHASE + WEIGHT, "the lens counts twice");
	cr_assert_float_eq(phase_of_one(0, 30e-9, 0), expected_phase(30e-9),
			   PHASE + WEIGHT);
	cr_assert_float_eq(phase_of_one(0, 0, 30e-9), expected_phase(30e-9),
			   PHASE + WEIGHT);
}

/* From the first element to a line at the other end of the array and back. */
Test(beamform, delays_bend_within_a_tile)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(2e-3);
	double *d = (double *)scan->event[0].delay;
	struct iq iq;
	uint32_t i;

	for (i = 1; i < scan->elements; i++)
		d[i] = NAN;
	run_channel(&iq, scan, &params, 0, 3);
	for (i = 0; i < params.grid.samples; i++) {
		const double z = 3e-3 + i * 0.1e-3;
		const double way = hypot(2e-3 - scan->element[0].x, z) +
				   hypot(2e-3 - scan->element[3].x, z);
		const double turns = fmod(way / FIXTURE_C * FIXTURE_FC, 1);

		cr_assert_lt(cabs(value(&iq, i) - cexp(2 * M_PI * I * turns)),
			     PHASE + WEIGHT, "at %u", i);
	}
	iq_finish(&iq);
	sono_scan_free(scan);
}

/* Roundings are as often late as early, over samples and channels. */
Test(beamform, positions_have_no_bias)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.1234e-3);
	double turn = 0;
	uint32_t c, j;
	struct iq iq;

	params.grid.samples = 800;
	params.grid.sample_step = 0.01371e-3;
	for (c = 1; c < scan->elements; c++)
		((double *)scan->event[0].delay)[c] = NAN;
	for (c = 0; c < scan->channels; c++) {
		run_channel(&iq, scan, &params, 0, c);
		for (j = 0; j < iq.samples; j++) {
			const double z = 3e-3 + j * params.grid.sample_step;
			const double way =
				hypot(0.1234e-3 - scan->element[0].x, z) +
				hypot(0.1234e-3 - scan->element[c].x, z);
			const double turns = way / FIXTURE_C * FIXTURE_FC;

			turn += carg(value(&iq, j) *
				     cexp(-2 * M_PI * I * fmod(turns, 1)));
		}
		iq_finish(&iq);
	}
	/* in steps; of 12800, each 0.41 rms, the mean is 0.004 rms */
	turn *= STEPS / (M_PI / 2) / (scan->channels * params.grid.samples);
	cr_assert_float_eq(turn, 0, 0.03, "%g steps", turn);
	sono_scan_free(scan);
}

Test(beamform, windows_fall_from_centre_to_edge)
{
	cr_assert_eq(window_weight(WINDOW_BOXCAR, 0, 1), 1);
	cr_assert_float_eq(window_weight(WINDOW_HANN, 0, 0), 1, 1e-12);
	cr_assert_float_eq(window_weight(WINDOW_HANN, 0, 0.5), 0.5, 1e-12);
	cr_assert_float_eq(window_weight(WINDOW_HANN, 0, 1), 0, 1e-12);
	cr_assert_eq(window_weight(WINDOW_TUKEY, 0.4, 0.6), 1);
	cr_assert_float_eq(window_weight(WINDOW_TUKEY, 0.4, 0.8), 0.5, 1e-12);
	cr_assert_eq(window_weight(WINDOW_TUKEY, 0, 1), 1);
}

static const char *refusal(struct sono_scan *scan,
			   const struct beamform_params *params)
{
	struct beamform *beamform;
	const char *why = NULL;
	int ret = beamform_create(&beamform, scan, params, &why);

	sono_scan_free(scan);
	cr_assert_eq(ret, -EINVAL);
	cr_assert_not_null(why);
	return why;
}

Test(beamform, wrong_params_are_refused_with_a_reason)
{
	static const uint32_t unknown[] = { 0, 7 }, empty[] = { 0, 0 };
	struct beamform_params p = line_at(0);
	struct sono_scan *scan;

	p.f_number = -1;
	cr_assert_str_eq(refusal(fixture_scan(1), &p),
			 "beamforming: F-number is not 0 to 16");
	p = line_at(0);
	p.steer = M_PI / 2;
	cr_assert_str_eq(refusal(fixture_scan(1), &p),
			 "beamforming: receive aperture steered by a right angle");
	p = line_at(0);
	p.interpolation = 3;
	cr_assert_str_eq(refusal(fixture_scan(1), &p),
			 "beamforming: unknown interpolation");
	p = line_at(0);
	p.window = WINDOW_HANN;
	cr_assert_str_eq(refusal(fixture_scan(1), &p),
			 "beamforming: a window needs an F-number");
	p = line_at(0);
	p.group = unknown;
	cr_assert_str_eq(refusal(fixture_scan(2), &p),
			 "beamforming: an event in an unknown group");
	p.groups = 2;
	p.group = empty;
	cr_assert_str_eq(refusal(fixture_scan(2), &p),
			 "beamforming: a group without events");
	p = line_at(0);
	p.grid.samples = 100000;
	cr_assert_str_eq(refusal(fixture_scan(1), &p),
			 "beamforming: a transmit delay beyond 16383 samples");
	p = line_at(0);
	p.grid.sample0 = 1.3;
	scan = fixture_scan(1);
	scan->event[0].rx_start = 1.3 / FIXTURE_C;
	cr_assert_str_eq(refusal(scan, &p),
			 "beamforming: a receive delay beyond 16383 samples");
}

Test(beamform, wrong_scans_are_refused_with_a_reason)
{
	const struct beamform_params p = line_at(0);
	struct sono_scan *scan = fixture_scan(1);
	uint32_t i;

	scan->element[3].nz = 2;
	cr_assert_str_eq(refusal(scan, &p),
			 "scan: an element's normal is not a unit vector");
	scan = fixture_scan(1);
	scan->event[0].rx_start = -1e-3;
	cr_assert_str_eq(refusal(scan, &p),
			 "beamforming: a transmit delay beyond 16383 samples");
	scan = fixture_scan(1);
	scan->channel_element[2] = 99;
	cr_assert_str_eq(refusal(scan, &p),
			 "scan: a channel of an unknown element");
	scan = fixture_scan(1);
	for (i = 0; i < scan->elements; i++)
		((double *)scan->event[0].delay)[i] = NAN;
	cr_assert_str_eq(refusal(scan, &p),
			 "scan: an event without transmitting element");
}

/* --- focused waves --- */

/* A beam down from @x, focused at 12 mm. */
static void focus_event(struct sono_scan *scan, uint32_t event, double x)
{
	struct sono_event *ev = &scan->event[event];
	double *delay = (double *)ev->delay;
	uint32_t e;

	ev->wave = SONO_WAVE_FOCUSED;
	ev->beam_x = x;
	ev->focus = 12e-3;
	for (e = 0; e < scan->elements; e++)
		delay[e] = (hypot(5e-3, 12e-3) -
			    hypot(scan->element[e].x - x, 12e-3)) / scan->c;
}

/* Of an aperture of 4.5 mm: lambda 2 N^2, about the focus. */
static double plane_within(const struct sono_scan *scan)
{
	const double width = scan->element[scan->elements - 1].x -
			     scan->element[0].x;

	return scan->c / scan->fc * 2 * pow(12e-3 / width, 2);
}

/* The delay to a point and back, in double and by its own words. */
static double focused_delay(const struct sono_scan *scan, uint32_t event,
			    double x, double z, uint32_t e)
{
	double below = z - 12e-3;
	double away = hypot(x - scan->event[event].beam_x, below);
	double t = fmin(fabs(below) / plane_within(scan), 1);
	double round = t * t * (3 - 2 * t);
	double there = hypot(5e-3, 12e-3) + (1 - round) * below +
		       round * copysign(away, below);

	return (there + hypot(x - scan->element[e].x, z)) / scan->c;
}

/* An envelope that turns by up to a fifth of the carrier. */
static double complex envelope(uint32_t channel, double m)
{
	return cexp(I * 0.02 * (channel + 1.0) * m) *
	       (0.6 + 0.3 * sin(0.05 * m));
}

static double complex lerp_envelope(uint32_t channel, double at)
{
	const double i = floor(at), f = at - i;

	return (1 - f) * envelope(channel, i) + f * envelope(channel, i + 1);
}

static void fill_envelopes(struct analytic *rows, const struct sono_scan *scan)
{
	uint32_t e, c, m;

	for (e = 0; e < scan->events; e++)
		for (c = 0; c < scan->channels; c++)
			for (m = 0; m < FIXTURE_SAMPLES; m++)
				set_sample(rows, scan, e, c, m,
					   envelope(c, m));
}

Test(beamform, focused_wave_counts_from_its_focus)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.2e-3);
	struct analytic rows;
	struct iq iq;
	uint32_t e, j;

	params.grid.sample_step = 0.14e-3;
	focus_event(scan, 0, -0.1e-3);
	make_rows(&rows, scan);
	fill_envelopes(&rows, scan);
	run(&iq, scan, &params, &rows);
	for (j = 0; j < 100; j++) {
		double z = 3e-3 + j * 0.14e-3;
		double complex want = 0;

		for (e = 0; e < scan->channels; e++) {
			double t = focused_delay(scan, 0, 0.2e-3, z, e);

			want += lerp_envelope(e, t * scan->fs) *
				cexp(2 * M_PI * I * fmod(scan->fc * t, 1));
		}
		/* the envelope turns further by a fifth */
		cr_assert_lt(cabs(value(&iq, j) - want),
			     FIXTURE_ELEMENTS * 0.9 * (1.2 * PHASE + WEIGHT),
			     "at %g mm", 1e3 * z);
	}
	analytic_finish(&rows);
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, focused_arrival_has_no_jump_at_the_focus)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.3e-3);
	const double step = 0.02e-3;
	struct iq iq;
	double before = NAN;
	uint32_t j;

	focus_event(scan, 0, 0);
	params.grid.sample_step = step;
	params.grid.samples = 700;
	run_channel(&iq, scan, &params, 0, 8);
	for (j = 0; j < params.grid.samples; j++) {
		double phase = carg(value(&iq, j));

		/* twice the way; the sphere, not on its axis, a little less */
		if (j)
			cr_assert_float_eq(remainder(phase - before, 2 * M_PI),
					   4 * M_PI * FIXTURE_FC * step /
					   FIXTURE_C, 0.06, "at %u", j);
		before = phase;
	}
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, lines_between_and_beyond_beams_are_as_bright)
{
	struct sono_scan *scan = fixture_scan(3);
	struct beamform_params params = line_at(-2e-3);
	double *sum;
	uint32_t i;

	params.grid.lines = 41;
	params.grid.line_step = 0.1e-3;
	for (i = 0; i < 3; i++)
		focus_event(scan, i, (i - 1.0) * 0.93e-3);
	sum = weights(scan, &params);
	for (i = 0; i < 41 * 100; i++)
		cr_assert_float_eq(sum[i], FIXTURE_ELEMENTS,
				   FIXTURE_ELEMENTS * WEIGHT, "line %u",
				   i / 100);
	free(sum);
	sono_scan_free(scan);
}

Test(beamform, between_beams_each_counts_by_its_distance)
{
	struct sono_scan *scan = fixture_scan(3);
	struct beamform_params params = line_at(-1.5e-3);
	struct analytic rows;
	struct iq iq;
	uint32_t i;

	params.grid.lines = 31;
	params.grid.line_step = 0.1e-3;
	make_rows(&rows, scan);
	for (i = 0; i < 3; i++)
		focus_event(scan, i, (i - 1.0) * 0.93e-3);
	/* the middle one alone has echoes */
	set_row(&rows, scan, 1, 4);
	run(&iq, scan, &params, &rows);
	for (i = 0; i < 31; i++) {
		const double x = fabs(-1.5e-3 + i * 0.1e-3);

		cr_expect_float_eq(cabs(value(&iq, i * 100 + 50)),
				   fmax(1 - x / 0.93e-3, 0), WEIGHT,
				   "at %g mm", 1e3 * x);
	}
	analytic_finish(&rows);
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, line_takes_the_beam_that_lies_on_it)
{
	struct sono_scan *scan = fixture_scan(3);
	struct beamform_params params = line_at(0);
	struct analytic rows;
	struct iq iq;
	uint32_t i;

	make_rows(&rows, scan);
	for (i = 0; i < 3; i++) {
		focus_event(scan, i, (i - 1.0) * 0.5e-3);
		set_row(&rows, scan, i, 4);
		if (i != 1)
			analytic_set_scale(&rows, i, 100.0 / AMPLITUDE);
	}
	run(&iq, scan, &params, &rows);
	for (i = 0; i < 100; i++)
		cr_assert_float_eq(cabs(value(&iq, i)), 1, WEIGHT);
	analytic_finish(&rows);
	iq_finish(&iq);
	sono_scan_free(scan);
}

/* --- windows --- */

/*
 * Twice the sum of a Hann window over an aperture is its number of elements,
 * if the window spans it; cut at the array's edge it would be half of that.
 */
Test(beamform, window_stretches_to_the_edge_of_the_array)
{
	struct sono_scan *scan = fixture_scan(1);
	double edge = scan->element[15].x + FIXTURE_PITCH / 2;
	struct beamform_params params = line_at(edge);
	double *sum;
	uint32_t j;

	params.f_number = 1.5;
	params.window = WINDOW_HANN;
	sum = weights(scan, &params);
	for (j = 0; j < params.grid.samples; j++) {
		double z = 3e-3 + j * 0.1e-3;
		double width = fmin(z / 3, 16 * FIXTURE_PITCH);

		cr_assert_float_eq(sum[j], width / FIXTURE_PITCH / 2, 0.1,
				   "at %g mm", 1e3 * z);
	}
	free(sum);
	sono_scan_free(scan);
}

Test(beamform, windows_weigh_elements_by_their_place)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	uint32_t c, j;
	struct iq iq;

	params.f_number = 2;
	params.window = WINDOW_TUKEY;
	params.taper = 0.6;
	for (c = 0; c < scan->channels; c++) {
		run_channel(&iq, scan, &params, 0, c);
		for (j = 0; j < params.grid.samples; j++) {
			double reach = (3e-3 + j * 0.1e-3) / 4;
			double half = fmin(reach, 8 * FIXTURE_PITCH);
			double u = fabs(scan->element[c].x) / half;
			double want = u <= 1 ? window_weight(WINDOW_TUKEY, 0.6,
							     u) : 0;

			cr_assert_float_eq(cabs(value(&iq, j)), want,
					   2 * WEIGHT, "%u, %u", c, j);
		}
		iq_finish(&iq);
	}
	sono_scan_free(scan);
}

static void bend(struct sono_scan *scan, double radius)
{
	uint32_t e;

	for (e = 0; e < scan->elements; e++) {
		double angle = (e - 7.5) * FIXTURE_PITCH / radius;

		scan->element[e] = (struct sono_element){
			radius * sin(angle), radius * (cos(angle) - 1),
			sin(angle), cos(angle),
		};
	}
}

/* On an arc, every line along a radius sees the same aperture. */
Test(beamform, convex_array_sees_alike_along_every_radius)
{
	struct sono_scan *scan = fixture_scan(1);
	const double radius = 40e-3, step = FIXTURE_PITCH / radius;
	struct beamform_params params = {
		.grid = {
			.shape = GRID_SECTOR, .lines = 3, .samples = 20,
			.line0 = -2 * step, .line_step = 2 * step,
			.sample0 = radius + 3e-3, .sample_step = 0.05e-3,
			.apex_z = -radius,
		},
		.f_number = 2,
		.window = WINDOW_HANN,
		.groups = 1,
	};
	double *sum;
	uint32_t j;

	bend(scan, radius);
	sum = weights(scan, &params);
	for (j = 0; j < 20; j++) {
		/* normals that part make it narrower than on a flat array */
		double z = 3e-3 + j * 0.05e-3;
		double width = z / 2 * radius / (radius + z);

		cr_assert_float_eq(sum[j], sum[40 + j], 10 * WEIGHT);
		cr_assert_float_eq(sum[j], sum[20 + j], 10 * WEIGHT);
		cr_assert_float_eq(sum[j], width / FIXTURE_PITCH / 2, 0.1);
	}
	free(sum);
	sono_scan_free(scan);
}

/* --- the same points by other ways --- */

/*
 * Two positions may be rounded apart by a step each way, of the carrier and an
 * envelope that turns on by a fifth; their weights by 60 dB.
 */
static double alike(void)
{
	return FIXTURE_ELEMENTS * 0.9 *
	       (1.2 * 2.0 / STEPS * M_PI / 2 + 2 * WEIGHT);
}

/* Every so many samples of a fine line, from the record @rows. */
static void compare_coarse(struct sono_scan *scan, const struct analytic *rows,
			   const struct beamform_params *fine,
			   const struct iq *want, uint32_t every,
			   double irregular)
{
	struct beamform_params coarse = *fine;
	struct beamform *beamform;
	struct iq iq;
	uint32_t j;

	coarse.grid.sample_step *= every;
	coarse.grid.samples = (fine->grid.samples - 1) / every + 1;
	beamform = make_beamform(scan, &coarse);
	cr_assert_eq(beamform_irregular(beamform), irregular, "every %u",
		     every);
	beamform_destroy(beamform);
	run(&iq, scan, &coarse, rows);
	for (j = 0; j < coarse.grid.samples; j++)
		cr_assert_lt(cabs(value(want, every * j) - value(&iq, j)),
			     2 * alike(), "every %u: %u", every, j);
	iq_finish(&iq);
}

Test(beamform, coarse_grids_agree_with_fine_ones)
{
	struct sono_scan *scan = fixture_scan(2);
	struct beamform_params fine = line_at(0.4e-3);
	struct beamform *beamform;
	struct analytic rows;
	struct iq iq;
	uint32_t e;

	for (e = 0; e < scan->elements; e++)
		((double *)scan->event[1].delay)[e] =
			scan->element[e].x * 0.1 / scan->c;
	make_rows(&rows, scan);
	fill_envelopes(&rows, scan);
	/* a sample of the record on the way and back */
	fine.f_number = 1;
	fine.grid.sample_step = 38.5e-6;
	fine.grid.samples = 401;
	beamform = make_beamform(scan, &fine);
	cr_assert_eq(beamform_irregular(beamform), 0);
	beamform_destroy(beamform);
	run(&iq, scan, &fine, &rows);
	/* up to 16 the grid is made finer inside; beyond, the C form helps */
	compare_coarse(scan, &rows, &fine, &iq, 3, 0);
	compare_coarse(scan, &rows, &fine, &iq, 8, 0);
	compare_coarse(scan, &rows, &fine, &iq, 16, 0);
	compare_coarse(scan, &rows, &fine, &iq, 40, 1);
	iq_finish(&iq);
	analytic_finish(&rows);
	sono_scan_free(scan);
}

/*
 * A grid whose lines see the same distances, against its lines one by one: a
 * line alone has too few elements that see alike to share their laws.
 */
static void compare_shared(const struct sono_scan *scan,
			   const struct beamform_params *params)
{
	struct beamform_params one = *params;
	struct beamform_params apart = *params;
	struct beamform *shared = make_beamform(scan, params), *other;
	struct analytic rows;
	struct iq all, iq;
	uint32_t line, j;

	/* laws that are shared are worked out once, for all lines */
	apart.grid.line_step *= 0.97;
	other = make_beamform(scan, &apart);
	cr_assert_lt(beamform_bytes(shared), beamform_bytes(other));
	beamform_destroy(shared);
	beamform_destroy(other);
	make_rows(&rows, scan);
	fill_envelopes(&rows, scan);
	run(&all, scan, params, &rows);
	one.grid.lines = 1;
	for (line = 0; line < params->grid.lines; line++) {
		one.grid.line0 = params->grid.line0 +
				 line * params->grid.line_step;
		run(&iq, scan, &one, &rows);
		for (j = 0; j < iq.samples; j++)
			cr_assert_lt(cabs(value(&iq, j) -
					  value(&all, line * iq.samples + j)),
				     alike(), "%u, %u", line, j);
		iq_finish(&iq);
	}
	iq_finish(&all);
	analytic_finish(&rows);
}

Test(beamform, lines_on_elements_share_their_laws)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(scan->element[0].x);

	params.grid.lines = FIXTURE_ELEMENTS;
	params.grid.line_step = FIXTURE_PITCH;
	params.grid.sample_step = 0.05e-3;
	params.f_number = 1.2;
	compare_shared(scan, &params);
	/* 6 um beside them: by 160 steps farther from some than from others */
	params.grid.line0 += 6e-6;
	compare_shared(scan, &params);
	sono_scan_free(scan);
}

Test(beamform, radii_through_elements_share_their_laws)
{
	struct sono_scan *scan = fixture_scan(1);
	const double radius = 40e-3, step = FIXTURE_PITCH / radius;
	const struct beamform_params params = {
		.grid = {
			.shape = GRID_SECTOR, .lines = FIXTURE_ELEMENTS,
			.samples = 100, .line0 = -7.5 * step,
			.line_step = step, .sample0 = radius + 3e-3,
			.sample_step = 0.05e-3, .apex_z = -radius,
		},
		.f_number = 1,
		.window = WINDOW_HANN,
		.groups = 1,
	};

	bend(scan, radius);
	compare_shared(scan, &params);
	sono_scan_free(scan);
}

/* The parts in reverse order, as threads may happen to run. */
static void run_parts(struct iq *iq, const struct sono_scan *scan,
		      const struct beamform_params *params,
		      const struct analytic *rows)
{
	struct beamform *beamform = make_beamform(scan, params);
	uint32_t worker;
	size_t i;

	cr_assert_eq(iq_init(iq, params->groups, params->grid.lines,
			     params->grid.samples), 0);
	for (i = 0; i < 2 * points(iq); i++)
		iq->data[i] = NAN;
	for (worker = params->workers; worker-- > 0;)
		beamform_execute_part(beamform, worker, iq, rows);
	beamform_destroy(beamform);
}

static void compare_workers(const struct sono_scan *scan,
			    struct beamform_params params)
{
	struct analytic rows;
	struct iq one, iq;

	make_rows(&rows, scan);
	fill_envelopes(&rows, scan);
	params.workers = 1;
	run_parts(&one, scan, &params, &rows);
	cr_assert(isfinite(cabs(value(&one, points(&one) - 1))));
	for (params.workers = 2; params.workers <= 9; params.workers++) {
		run_parts(&iq, scan, &params, &rows);
		cr_assert_eq(memcmp(iq.data, one.data,
				    2 * points(&iq) * sizeof(float)), 0,
			     "%u workers", params.workers);
		iq_finish(&iq);
	}
	iq_finish(&one);
	analytic_finish(&rows);
}

/* With laws of their own, shared, and with fewer lines than workers. */
Test(beamform, workers_give_the_same_bits)
{
	static const uint32_t group[] = { 0, 1, 0 };
	struct sono_scan *scan = fixture_scan(3);
	struct beamform_params params = line_at(-2e-3);

	params.f_number = 1;
	params.window = WINDOW_HANN;
	params.groups = 2;
	params.group = group;
	params.grid.sample_step = 0.05e-3;
	params.grid.lines = 150;
	params.grid.line_step = 0.0237e-3;
	compare_workers(scan, params);
	params.grid.line0 = scan->element[0].x;
	params.grid.line_step = FIXTURE_PITCH;
	params.grid.lines = 16;
	compare_workers(scan, params);
	params.grid.lines = 2;
	compare_workers(scan, params);
	sono_scan_free(scan);
}

/* Lines of which one repeats the other are summed together, some left over. */
Test(beamform, workers_give_the_same_bits_of_lines_that_repeat_each_other)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(scan->element[0].x);

	params.grid.sample_step = 0.05e-3;
	params.grid.line_step = FIXTURE_PITCH / 2;
	params.grid.lines = 2 * FIXTURE_ELEMENTS - 1;
	compare_workers(scan, params);
	params.f_number = 1;
	params.grid.lines = 17;
	compare_workers(scan, params);
	sono_scan_free(scan);
}

/* --- every way of the sum, at every level --- */

/* Events differ in what they hear as well, in strength only. */
static void make_events(struct analytic *rows, const struct sono_scan *scan)
{
	uint32_t e;

	make_rows(rows, scan);
	fill_envelopes(rows, scan);
	for (e = 0; e < scan->events; e++)
		analytic_set_scale(rows, e, (1 + 0.25 * e) / AMPLITUDE);
}

/* A line and an event alone share nothing, and nothing of them is kept. */
static void add_alone(double complex *sum, const struct sono_scan *scan,
		      const struct beamform_params *params,
		      const struct analytic *rows, uint32_t line, uint32_t e)
{
	struct beamform_params one = *params;
	const uint32_t to = params->group ? params->group[e] : 0;
	uint32_t group[32], i;
	struct iq iq;

	if (to == BEAMFORM_UNUSED)
		return;
	for (i = 0; i < scan->events; i++)
		group[i] = i == e ? 0 : BEAMFORM_UNUSED;
	one.grid.lines = 1;
	one.grid.line0 += line * one.grid.line_step;
	one.groups = 1;
	one.group = group;
	run(&iq, scan, &one, rows);
	sum += ((size_t)to * params->grid.lines + line) * iq.samples;
	for (i = 0; i < iq.samples; i++)
		sum[i] += value(&iq, i);
	iq_finish(&iq);
}

static double complex *all_alone(const struct sono_scan *scan,
				 const struct beamform_params *params)
{
	double complex *sum = calloc((size_t)params->groups *
				     params->grid.lines * params->grid.samples,
				     sizeof(*sum));
	struct analytic rows;
	uint32_t line, e;

	setenv("SONO_CPU", "c", 1);
	make_events(&rows, scan);
	for (line = 0; line < params->grid.lines; line++)
		for (e = 0; e < scan->events; e++)
			add_alone(sum, scan, params, &rows, line, e);
	analytic_finish(&rows);
	return sum;
}

/* Lines that are alike may be reached a step apart, others a law's quarter. */
static void compare_ways(const struct sono_scan *scan,
			 struct beamform_params params)
{
	static const char *const levels[] = { "c", "avx2", "avx512" };
	double complex *want = all_alone(scan, &params);
	double most = 0;
	struct analytic rows;
	struct iq iq;
	uint32_t i, e;
	size_t k;

	for (e = 0; e < scan->events; e++)
		most += alike() * (1 + 0.25 * e) * 1.5;
	for (i = 0; i < 3; i++) {
		setenv("SONO_CPU", levels[i], 1);
		make_events(&rows, scan);
		for (params.workers = 1; params.workers <= 3;
		     params.workers++) {
			run_parts(&iq, scan, &params, &rows);
			for (k = 0; k < points(&iq); k++)
				cr_assert_lt(cabs(value(&iq, k) - want[k]),
					     most, "%s, %u workers, %zu",
					     levels[i], params.workers, k);
			iq_finish(&iq);
		}
		analytic_finish(&rows);
	}
	free(want);
}

/* Lines on elements, to where the record has ended. */
static struct beamform_params lines_on_elements(const struct sono_scan *scan)
{
	struct beamform_params params = line_at(scan->element[0].x);

	params.grid.lines = FIXTURE_ELEMENTS;
	params.grid.line_step = FIXTURE_PITCH;
	/* 1.3 samples of the record from one to the next: regular tiles */
	params.grid.samples = 400;
	params.grid.sample_step = 0.05e-3;
	params.f_number = 1.2;
	return params;
}

/* Of a plane wave by tan @slope, from all elements. */
static void slope_event(struct sono_scan *scan, uint32_t event, double slope)
{
	uint32_t c;

	for (c = 0; c < scan->elements; c++)
		((double *)scan->event[event].delay)[c] =
			(scan->element[c].x - scan->element[slope < 0 ?
				FIXTURE_ELEMENTS - 1 : 0].x) * slope / scan->c;
}

/* Laws of a tile are kept, and those of events, all of one wave. */
Test(beamform, one_wave_that_reaches_all_lines_alike)
{
	static const uint32_t group[] = { 0, 1, BEAMFORM_UNUSED, 0 };
	struct sono_scan *scan = fixture_scan(4);
	struct beamform_params params = lines_on_elements(scan);

	compare_ways(scan, params);
	params.groups = 2;
	params.group = group;
	compare_ways(scan, params);
	params.window = WINDOW_TUKEY;
	params.taper = 0.5;
	compare_ways(scan, params);
	sono_scan_free(scan);
}

/* On elements and between them a wave of many sources arrives otherwise. */
Test(beamform, one_wave_that_reaches_lines_of_two_kinds)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = lines_on_elements(scan);

	params.grid.lines = 2 * FIXTURE_ELEMENTS - 1;
	params.grid.line_step = FIXTURE_PITCH / 2;
	compare_ways(scan, params);
	params.f_number = 0;
	params.window = WINDOW_BOXCAR;
	compare_ways(scan, params);
	sono_scan_free(scan);
}

/* A packet: laws of a line are kept, shared with other lines or its own. */
Test(beamform, many_events_of_a_few_waves)
{
	static const uint32_t packet[] = { 0, 1, 2, 3, 4, 5 };
	static const uint32_t two[] = { 0, 0, 0, 1, 1, 1 };
	struct sono_scan *scan = fixture_scan(6);
	struct beamform_params params = lines_on_elements(scan);
	uint32_t e;

	for (e = 0; e < 6; e++)
		slope_event(scan, e, 0.1);
	params.groups = 6;
	params.group = packet;
	compare_ways(scan, params);
	params.grid.line_step *= 0.97;
	compare_ways(scan, params);
	/* one after the other, then in turn */
	for (e = 3; e < 6; e++)
		slope_event(scan, e, -0.1);
	compare_ways(scan, params);
	params.groups = 2;
	params.group = two;
	compare_ways(scan, params);
	for (e = 0; e < 6; e++)
		slope_event(scan, e, e % 2 ? 0.1 : -0.1);
	compare_ways(scan, params);
	/* the same wave, of which the record begins later */
	scan->event[2].rx_start = 1e-6;
	scan->event[4].rx_start = 1e-6;
	compare_ways(scan, params);
	sono_scan_free(scan);
}

/* Nothing is kept: events of different waves; coarse tiles. */
Test(beamform, every_event_for_itself)
{
	struct sono_scan *scan = fixture_scan(3);
	struct beamform_params params = lines_on_elements(scan);
	uint32_t e;

	for (e = 0; e < 3; e++)
		slope_event(scan, e, 0.1 * e - 0.1);
	compare_ways(scan, params);
	params.grid.line_step *= 0.97;
	params.window = WINDOW_HANN;
	compare_ways(scan, params);
	params.grid.samples = 40;
	params.grid.sample_step = 0.31e-3;
	compare_ways(scan, params);
	sono_scan_free(scan);
}

/* --- rows of several scales --- */

/* As the demodulator lays them: a seam where the scale changes. */
static void lay_spans(struct analytic_span *span, const struct analytic *a,
		      uint32_t pattern)
{
	const uint32_t lines = (a->lines - 1) / ANALYTIC_STRETCHES + 1;
	const float small = span->scale, large = 16 * small;
	uint32_t i;

	span->scale = pattern & 1 ? large : small;
	for (i = 1; i < ANALYTIC_STRETCHES; i++) {
		const int32_t last = i * lines - 1;

		if ((pattern >> i & 1) == (pattern >> (i - 1) & 1))
			continue;
		span->end = last;
		*++span = (struct analytic_span){
			last, last + 1, a->lines + 2 * i - 1 - last, large
		};
		*++span = (struct analytic_span){
			last + 1, INT32_MAX, 0, pattern >> i & 1 ? large : small
		};
	}
}

/* A span's lines of a channel, and the one behind them. */
static void copy_span(struct analytic *to, const struct analytic *from,
		      uint32_t e, uint32_t c, const struct analytic_span *span)
{
	const int ratio = span->scale / analytic_spans(from, e, c)->scale;
	int32_t m = span->begin < 0 ? 0 : span->begin * ANALYTIC_LINE;

	for (; m < (int32_t)to->lines * ANALYTIC_LINE &&
	       m / ANALYTIC_LINE <= span->end; m++) {
		const int16_t *in = analytic_row(from, e, c) +
				    analytic_at(from, m);
		int16_t *out = analytic_row(to, e, c) + analytic_at(to, m) +
			       span->moved * (ptrdiff_t)to->line;

		out[0] = in[0] / ratio;
		out[to->plane] = in[from->plane] / ratio;
	}
}

/* Line by line: what all bunches have in common. */
static void lay_common(struct analytic *a, uint32_t e)
{
	struct analytic_span *span = a->common + (size_t)e * ANALYTIC_SPANS;
	int32_t line;
	uint32_t c;

	for (line = -1; line < (int32_t)a->lines; line++) {
		struct analytic_span all = *analytic_span_at(a, e, 0, line);

		for (c = 0; c < a->channels; c++)
			if (!analytic_alike(analytic_span_at(a, e, c, line),
					    &all))
				all = (struct analytic_span){ 0 };
		all.begin = line < 0 ? INT32_MIN : line;
		all.end = INT32_MAX;
		if (line < 0)
			*span = all;
		if (analytic_alike(&all, span))
			continue;
		span->end = line;
		*++span = all;
	}
}

/*
 * Multiples of 16 in one scale, and the same in two, changing as they may: of
 * odd seeds in all bunches alike.
 */
static void make_scales(struct analytic *one, struct analytic *two,
			const struct sono_scan *scan, uint32_t first)
{
	const struct analytic_span *span;
	uint32_t e, c, m, seed = first;

	make_events(one, scan);
	make_events(two, scan);
	for (e = 0; e < scan->events; e++)
		for (c = 0; c < scan->channels; c++)
			for (m = 0; m < FIXTURE_SAMPLES; m++) {
				int16_t *at = analytic_row(one, e, c) +
					      analytic_at(one, m);

				at[0] &= ~15;
				at[one->plane] &= ~15;
			}
	for (e = 0; e < scan->events; e++) {
		for (c = 0; c < scan->channels; c++) {
			span = analytic_spans(two, e, c);
			if (!(c % ANALYTIC_BUNCH)) {
				if (!c || !(first & 1))
					seed = seed * 1664525 + 1013904223;
				lay_spans(analytic_spans(two, e, c), two,
					  seed >> 24);
			}
			do
				copy_span(two, one, e, c, span);
			while (span++->end < INT32_MAX);
		}
		two->even[e] = false;
		lay_common(two, e);
	}
}

/* Sums of the same integers but for a power of 2; blocks end elsewhere. */
static void compare_scales(const struct sono_scan *scan,
			   const struct beamform_params *params)
{
	static const char *const levels[] = { "c", "avx2", "avx512" };
	struct analytic one, two;
	struct iq want, iq;
	uint32_t i, seed;
	size_t k;

	for (i = 0; i < 3; i++) {
		setenv("SONO_CPU", levels[i], 1);
		for (seed = 1; seed < 8; seed++) {
			make_scales(&one, &two, scan, seed);
			run(&want, scan, params, &one);
			run(&iq, scan, params, &two);
			for (k = 0; k < points(&iq); k++)
				cr_assert_lt(cabs(value(&iq, k) -
						  value(&want, k)),
					     1e-5 * scan->channels *
						     scan->events,
					     "%s, %u: %zu", levels[i], seed, k);
			iq_finish(&want);
			iq_finish(&iq);
			analytic_finish(&one);
			analytic_finish(&two);
		}
	}
}

/* Two and a half bunches of channels, the last ones far aside. */
static struct sono_scan *wide_scan(uint32_t events)
{
	struct sono_scan *scan = sono_scan_alloc(40, 40, events);
	uint32_t i;

	for (i = 0; i < 40; i++) {
		scan->element[i].x = (i - 7.5) * FIXTURE_PITCH;
		scan->element[i].nz = 1;
		scan->channel_element[i] = i;
	}
	for (i = 0; i < events; i++)
		scan->event[i].samples = FIXTURE_SAMPLES;
	scan->fs = FIXTURE_FS;
	scan->fc = FIXTURE_FC;
	scan->c = FIXTURE_C;
	sono_scan_layout(scan, 0);
	return scan;
}

/* Laws kept, shared, of their own; with edges; coarse; beyond the record. */
Test(beamform, scales_of_stretches_make_no_difference)
{
	struct sono_scan *scan = wide_scan(2);
	struct beamform_params params = lines_on_elements(scan);

	compare_scales(scan, &params);
	params.f_number = 0;
	compare_scales(scan, &params);
	slope_event(scan, 1, 0.1);
	params.f_number = 1;
	params.window = WINDOW_HANN;
	compare_scales(scan, &params);
	params.grid.line_step *= 0.97;
	compare_scales(scan, &params);
	scan->event[0].rx_start = 5e-6;
	scan->event[1].rx_start = -5e-6;
	compare_scales(scan, &params);
	params.grid.samples = 40;
	params.grid.sample_step = 1.5e-3;
	compare_scales(scan, &params);
	sono_scan_free(scan);
}

/* --- the ends of the memory --- */

#define PAGE	4096

/* Rows of one line in a page whose neighbours cannot be read. */
struct page {
	char *map;
	struct beamform_rows rows;
	struct beamform_taps taps;
};

/* A row as analytic_init() lays it, at the start or the end of the page. */
static void make_page(struct page *page, bool blocked, bool at_end)
{
	const size_t plane = (blocked ? 1 : 3) * ANALYTIC_LINE;
	const size_t line = blocked ? 2 * plane : ANALYTIC_LINE;
	const size_t event = blocked ? 3 * line : 2 * plane;
	const size_t block = 2 * (event + line + ANALYTIC_LINE);
	char *map = mmap(NULL, 3 * PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(map, MAP_FAILED);
	cr_assert_eq(mprotect(map + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	page->map = map;
	beamform_fit_taps(&page->taps, 0.25, INTERPOLATION_LINEAR);
	page->rows = (struct beamform_rows){
		.data = (int16_t *)(map + PAGE + (at_end ? PAGE - block : 0)) +
			line,
		.lines = 1, .line = line, .plane = plane, .row = 2 * plane,
		.taps = &page->taps,
	};
}

static _Alignas(64) const int32_t no_delay[BEAMFORM_TILE];
static const uint32_t law_0;

static void add_in_page(beamform_add_fn *fn, const struct page *page,
			const int32_t *transmit)
{
	static const int16_t weight[BEAMFORM_TILE];
	const struct beamform_edges none = { 0 };
	const struct beamform_edges lead = { .weight = weight, .lead = 1 };
	const struct beamform_edges tail = { .weight = weight, .tail = 1 };
	_Alignas(64) float acc[2 * BEAMFORM_TILE] = { 0 };

	fn(acc, &page->rows, no_delay, &law_0, transmit, &none, 1, 1);
	fn(acc, &page->rows, no_delay, &law_0, transmit, &lead, 1, 1);
	fn(acc, &page->rows, no_delay, &law_0, transmit, &tail, 1, 1);
}

static void sum_in_page(const struct beamform_law_variant *v,
			const struct page *page, const int32_t *transmit)
{
	_Alignas(64) uint8_t laws[BEAMFORM_LAW_BYTES];
	_Alignas(64) float acc[2 * BEAMFORM_TILE] = { 0 };
	const struct beamform_sets sets = {
		.count = 1, .set = { { acc, page->rows.data, 1 } },
	};

	v->fn(laws, &page->rows, no_delay, &law_0, transmit, NULL, 1);
	v->sum(&sets, &page->rows, laws, &law_0, 0, 1);
}

static void run_in_page(const struct page *page, const int32_t *transmit)
{
	const bool blocked = page->rows.line != ANALYTIC_LINE;
	const struct beamform_law_variant *l;
	const struct beamform_add_variant *a;

	for (a = beamform_add_variants; a->fn; a++)
		if (!(a->flags & ~cpu_flags()) &&
		    !(blocked && a->fn == beamform_add_avx2))
			add_in_page(a->fn, page, transmit);
	for (l = beamform_law_variants; page->rows.inside && l->fn; l++)
		if (!(l->flags & ~cpu_flags()) &&
		    !(blocked && l->fn == beamform_law_avx2))
			sum_in_page(l, page, transmit);
}

/* Of all variants that there are, in both layouts, also if positions slip. */
static void add_at(bool at_end, bool inside, int32_t first, int32_t others)
{
	int32_t transmit[BEAMFORM_TILE] = { first };
	struct page page;
	uint32_t j;
	int blocked;

	for (j = 1; j < BEAMFORM_TILE; j++)
		transmit[j] = j < 4 ? first : others;
	for (blocked = 0; blocked < 2; blocked++) {
		make_page(&page, blocked, at_end);
		page.rows.inside = inside;
		run_in_page(&page, transmit);
		cr_assert_eq(munmap(page.map, 3 * PAGE), 0);
	}
}

Test(beamform, nothing_is_read_before_the_first_line)
{
	add_at(false, false, -32 * STEPS, -32 * STEPS);
	add_at(false, false, -33 * STEPS, -2 * STEPS);
	add_at(false, true, -32 * STEPS, -32 * STEPS);
	add_at(false, true, -32 * STEPS, -1 * STEPS);
}

/* A window begins at the tap that slipped. */
Test(beamform, nothing_is_read_before_the_first_line_by_slipping)
{
	add_at(false, false, -32 * STEPS, -32 * STEPS - 1);
	add_at(false, false, -32 * STEPS, -32 * STEPS - BEAMFORM_SLIP);
}

Test(beamform, nothing_is_read_behind_the_last_line)
{
	add_at(true, false, 32 * STEPS - 1, 63 * STEPS - 1);
	add_at(true, false, 32 * STEPS - 1, 63 * STEPS - 1 + BEAMFORM_SLIP);
	add_at(true, false, 33 * STEPS, 64 * STEPS);
	add_at(true, true, 1 * STEPS, 32 * STEPS - 1);
	add_at(true, true, 32 * STEPS - 1, 32 * STEPS - 1);
}

/* --- from RF --- */

/* A tone in channel 8 alone, @times fc, as the line above that one sees it. */
static void image_of_tone(struct iq *iq, struct sono_scan *scan,
			  struct beamform_params *params, double times)
{
	const struct demod_params filter = {
		.interpolation = params->interpolation,
	};
	int16_t *data = calloc(1, scan->frame_bytes);
	const struct rf_frame frame = {
		.data = data, .bytes = scan->frame_bytes,
	};
	const char *why = "";
	struct analytic rows;
	struct demod *demod;
	uint32_t n;

	for (n = 0; n < scan->event[0].samples; n++)
		data[8 * scan->event[0].stride / 2 + n] = lrint(10000 *
			cos(2 * M_PI * times * scan->fc / scan->fs * n));
	cr_assert_eq(demod_create(&demod, scan, &filter, &why), 0, "%s", why);
	cr_assert_eq(analytic_init(&rows, 1, scan->channels,
				   demod_longest(scan, 1,
						 params->interpolation)), 0);
	demod_execute(demod, &rows, &frame);
	demod_destroy(demod);
	run(iq, scan, params, &rows);
	analytic_finish(&rows);
	free(data);
}

/* Its error against the tone itself, from 0.7 to 1.3 fc [dB] */
static double tone_error(double rate, enum interpolation interpolation)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(scan->element[8].x);
	double error = 0, tones = 0, times;
	struct iq iq;
	uint32_t j;

	scan->fs = rate * scan->fc;
	scan->event[0].samples = 150 * rate;
	sono_scan_layout(scan, 0);
	params.interpolation = interpolation;
	params.grid.samples = 400;
	params.grid.sample_step = 0.0237e-3;
	for (times = 0.7; times < 1.31; times += 0.05) {
		image_of_tone(&iq, scan, &params, times);
		for (j = 0; j < 400; j++) {
			const double z = 3e-3 + j * 0.0237e-3;
			const double turns = 2 * z / scan->c * times * scan->fc;

			error += pow(cabs(value(&iq, j) / 10000 -
					  cexp(2 * M_PI * I *
					       fmod(turns, 1))), 2) / 400;
		}
		iq_finish(&iq);
		tones++;
	}
	sono_scan_free(scan);
	return 10 * log10(error / tones);
}

/*
 * At w radians from the carrier and the fraction f linear interpolation takes
 * f (1 - f) / 2 w^2 of the tone: over all f and these 13 tones 39.55 dB below it
 * at 4 fc, 51.6 at 8 fc. Compensated it lacks what differs from the mean, 10 to
 * 11 dB less. Positions and weights are rounded to 63 dB.
 */
Test(beamform, interpolation_comes_so_near_to_exact)
{
	cr_assert_float_eq(tone_error(4, INTERPOLATION_LINEAR), -39.55, 0.3);
	cr_assert_lt(tone_error(4, INTERPOLATION_COMPENSATED), -50);
	cr_assert_float_eq(tone_error(8, INTERPOLATION_LINEAR), -51.6, 0.3);
	cr_assert_lt(tone_error(8, INTERPOLATION_COMPENSATED), -61);
	/* what twice as many samples give, from a record at 4 fc */
	cr_assert_lt(tone_error(4, INTERPOLATION_UPSAMPLED), -60);
}

/* A point at @x, @z as every element hears it: 3 periods, narrow. */
static void fill_echoes(int16_t *data, const struct sono_scan *scan, double x,
			double z)
{
	uint32_t c, n;

	for (c = 0; c < scan->channels; c++) {
		int16_t *row = data + c * scan->event[0].stride / 2;
		const double echo = (z + hypot(x - scan->element[c].x, z)) /
				    scan->c;

		for (n = 0; n < scan->event[0].samples; n++) {
			const double t = (n / scan->fs - echo) * scan->fc;

			row[n] = lrint(5000 * cos(2 * M_PI * t) *
				       exp(-t * t / 18));
		}
	}
}

/* The image of a point at 0.3, 10 mm, on the line through it, 4 mm of it. */
static void image_of_point(struct iq *iq, double fs, double stop,
			   uint32_t decimate)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.3e-3);
	const struct demod_params filter = {
		.pass = stop / 2, .stop = stop, .decimate = decimate,
	};
	struct rf_frame frame = { 0 };
	const char *why = "";
	struct analytic rows;
	struct demod *demod;
	int16_t *data;
	uint32_t e;

	scan->fs = fs;
	scan->event[0].samples = FIXTURE_SAMPLES * ceil(fs / FIXTURE_FS);
	sono_scan_layout(scan, 0);
	/* one element transmits, right above the point */
	for (e = 0; e < scan->elements; e++)
		((double *)scan->event[0].delay)[e] = e == 8 ? 0 : NAN;
	scan->element[8].x = 0.3e-3;
	data = calloc(1, scan->frame_bytes);
	fill_echoes(data, scan, 0.3e-3, 10e-3);
	frame.data = data;
	frame.bytes = scan->frame_bytes;
	cr_assert_eq(demod_create(&demod, scan, &filter, &why), 0, "%s", why);
	cr_assert_eq(analytic_init(&rows, 1, scan->channels,
				   demod_longest(scan, decimate, INTERPOLATION_LINEAR)), 0);
	demod_execute(demod, &rows, &frame);
	demod_destroy(demod);
	params.decimate = decimate;
	params.grid.sample0 = 8e-3;
	params.grid.sample_step = 0.04e-3;
	run(iq, scan, &params, &rows);
	analytic_finish(&rows);
	free(data);
	sono_scan_free(scan);
}

/* What the elements hear from the point, at the time of another one. */
static double complex heard(double z)
{
	double complex sum = 0;
	int e;

	for (e = 0; e < FIXTURE_ELEMENTS; e++) {
		const double x = e == 8 ? 0 : (e - 7.5) * FIXTURE_PITCH -
					      0.3e-3;
		const double t = (z + hypot(x, z) - 10e-3 - hypot(x, 10e-3)) /
				 FIXTURE_C * FIXTURE_FC;

		sum += 5000 * cexp(2 * M_PI * I * t) * exp(-t * t / 18);
	}
	return sum;
}

/* @most: of the envelope's curve, linear interpolation; and the filter's */
static void judge_point(const struct iq *iq, double most)
{
	const double whole = 5000 * FIXTURE_ELEMENTS;
	uint32_t j;

	for (j = 0; j < 100; j++) {
		const double complex want = heard(8e-3 + j * 0.04e-3);
		const double off = cabs(value(iq, j) - want) / whole;

		cr_assert_lt(off, most, "at %u: %g", j, off);
	}
}

static void judge_image(double fs, double stop, uint32_t decimate,
			double most)
{
	static const char *const levels[] = { "c", "avx2", "avx512" };
	struct iq iq;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		setenv("SONO_CPU", levels[i], 1);
		image_of_point(&iq, fs, stop, decimate);
		judge_point(&iq, most);
		iq_finish(&iq);
	}
}

Test(beamform, point_is_imaged_with_its_phase)
{
	judge_image(4 * FIXTURE_FC, 3e6, 1, 0.005);
}

Test(beamform, undersampled_point_is_imaged_with_its_phase)
{
	judge_image(4 * FIXTURE_FC / 3, 1.9e6, 1, 0.005);
}

/* A quarter of a turn per sample that is kept, as without decimation. */
Test(beamform, decimated_point_is_imaged_with_its_phase)
{
	judge_image(8 * FIXTURE_FC, 3e6, 2, 0.005);
}

/* 0.298 turns: as far as the demodulator decimates. */
Test(beamform, coarsely_decimated_point_is_imaged_with_its_phase)
{
	judge_image(6.7 * FIXTURE_FC, 3e6, 2, 0.008);
}

/* --- coherence factor --- */

/* Every channel with an amplitude and a phase of its own, or only some. */
static void set_some(struct analytic *rows, const struct sono_scan *scan,
		     uint32_t first, uint32_t end)
{
	uint32_t e, c, m;

	for (e = 0; e < scan->events; e++) {
		for (c = 0; c < scan->channels; c++) {
			const uint32_t r = (e * 31 + c) * 2654435761u >> 8;
			const double complex v =
				(1 - (r % 97) / 194.0) *
				cexp(I * (r % 1009) / 160.0);

			clear_row(rows, e, c);
			for (m = 0; c >= first && c < end &&
				    m < FIXTURE_SAMPLES; m++)
				set_sample(rows, scan, e, c, m, v);
		}
	}
}

/* Does any of the channels count at sample @j? */
static bool counts(const struct sono_scan *scan,
		   const struct beamform_params *p, uint32_t first,
		   uint32_t end, uint32_t j)
{
	const double z = p->grid.sample0 + j * p->grid.sample_step;
	uint32_t c;

	for (c = first; c < end; c++)
		if (!p->f_number ||
		    fabs(p->grid.line0 - scan->element[c].x) <=
			    z / (2 * p->f_number) + 0.1e-6)
			return true;
	return false;
}

/* Parts of the aperture beamformed one by one, and the formula in double. */
static void expect_factor(uint32_t events, uint32_t parts, double f_number)
{
	struct sono_scan *scan = fixture_scan(events);
	struct beamform_params params = line_at(0.1e-3);
	double complex sum[100] = { 0 };
	double power[100] = { 0 }, count[100] = { 0 };
	struct analytic rows;
	struct iq iq;
	uint32_t first, j, e;

	params.f_number = f_number;
	make_rows(&rows, scan);
	for (e = 0; e < events; e++) {
		for (first = 0; first < FIXTURE_ELEMENTS; first += parts) {
			uint32_t other;

			set_some(&rows, scan, first, first + parts);
			for (other = 0; other < events; other++)
				for (j = 0; other != e && j < FIXTURE_ELEMENTS;
				     j++)
					clear_row(&rows, other, j);
			run(&iq, scan, &params, &rows);
			for (j = 0; j < 100; j++) {
				sum[j] += value(&iq, j);
				power[j] += pow(cabs(value(&iq, j)), 2);
				count[j] += counts(scan, &params, first,
						   first + parts, j);
			}
			iq_finish(&iq);
		}
	}
	set_some(&rows, scan, 0, FIXTURE_ELEMENTS);
	params.coherence = parts;
	run(&iq, scan, &params, &rows);
	for (j = 0; j < 100; j++) {
		const double factor = pow(cabs(sum[j]), 2) /
				      (count[j] * power[j]);

		cr_assert_lt(factor, 1 + 1e-6);
		/* floats of sums that are the same */
		cr_assert_lt(cabs(value(&iq, j) - sum[j] * factor),
			     2e-5 * events * FIXTURE_ELEMENTS, "sample %u", j);
	}
	iq_finish(&iq);
	analytic_finish(&rows);
	sono_scan_free(scan);
}

Test(beamform, coherence_factor_is_that_of_the_parts)
{
	static const uint32_t parts[] = { 1, 2, 4, 8 };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		expect_factor(1, parts[i], 0);
		expect_factor(3, parts[i], 0);
		expect_factor(2, parts[i], 1.5);
	}
}

/* What a pulse and its inversion have in common is all that is looked at. */
Test(beamform, coherence_factor_of_a_pair_is_that_of_its_sum)
{
	struct sono_scan *scan = fixture_scan(2), *one = fixture_scan(1);
	struct beamform_params params = line_at(0.1e-3);
	struct analytic rows, sums;
	struct iq iq, want;
	uint32_t c, m, j;

	make_rows(&rows, scan);
	make_rows(&sums, one);
	for (c = 0; c < FIXTURE_ELEMENTS; c++) {
		for (m = 0; m < FIXTURE_SAMPLES; m++) {
			/* nine parts of ten cancel */
			const double complex cancels = 0.45 * cexp(I * 0.7 * c);
			const double complex stays = 0.05 * cexp(I * 0.05 * c);

			set_sample(&rows, scan, 0, c, m, stays + cancels);
			set_sample(&rows, scan, 1, c, m, stays - cancels);
			set_sample(&sums, one, 0, c, m, 2 * stays);
		}
	}
	params.coherence = 4;
	run(&want, one, &params, &sums);
	params.pairs = true;
	run(&iq, scan, &params, &rows);
	for (j = 0; j < 100; j++)
		/* the weights' rounding, of what cancels in 16 channels */
		cr_assert_lt(cabs(value(&iq, j) - value(&want, j)),
			     2 * WEIGHT * FIXTURE_ELEMENTS, "sample %u: %g, %g",
			     j, cabs(value(&iq, j)), cabs(value(&want, j)));
	iq_finish(&iq);
	iq_finish(&want);
	analytic_finish(&rows);
	analytic_finish(&sums);
	sono_scan_free(scan);
	sono_scan_free(one);
}

Test(beamform, coherence_factor_refuses_windows)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	struct beamform *beamform;
	const char *why = "";

	params.coherence = 1;
	params.f_number = 1;
	params.window = WINDOW_HANN;
	cr_assert_eq(beamform_create(&beamform, scan, &params, &why), -EINVAL);
	cr_assert_str_eq(why,
			 "beamforming: coherence of an aperture with a window");
	sono_scan_free(scan);
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "dsp/beamform.h"
#include "scan_fixture.h"

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

/*
 * Beamforms channel data that is 1 everywhere: what comes out is the sum of
 * the weights and phases alone.
 */
static void run_ones(struct iq *iq, struct sono_scan *scan,
		     const struct beamform_params *params)
{
	struct beamform *beamform;
	struct baseband bb;
	const char *why = "";
	size_t i;

	cr_assert_eq(baseband_init(&bb, scan->events, scan->channels,
				   FIXTURE_SAMPLES), 0);
	for (i = 0; i < bb.stride * bb.events * bb.channels; i += 2)
		bb.data[i] = 1;
	cr_assert_eq(iq_init(iq, params->groups, params->grid.lines,
			     params->grid.samples), 0);
	cr_assert_eq(beamform_create(&beamform, scan, params, &why), 0, "%s",
		     why);
	beamform_execute(beamform, iq, &bb);
	beamform_destroy(beamform);
	baseband_finish(&bb);
}

static double magnitude(const struct iq *iq, size_t j)
{
	return hypot(iq->data[2 * j], iq->data[2 * j + 1]);
}

/* Without dependence of the phase on delay: counts elements. */
static struct sono_scan *slow_carrier(uint32_t events)
{
	struct sono_scan *scan = fixture_scan(events);

	scan->fc = 1e-3;
	return scan;
}

Test(beamform, aperture_grows_with_depth_by_the_f_number)
{
	struct sono_scan *scan = slow_carrier(1);
	struct beamform_params params = line_at(0.15e-3);
	struct iq iq;
	uint32_t j, e;

	params.f_number = 2;
	run_ones(&iq, scan, &params);
	for (j = 0; j < params.grid.samples; j++) {
		double z = 3e-3 + j * 0.1e-3, count = 0;

		for (e = 0; e < scan->elements; e++)
			count += fabs(scan->element[e].x - 0.15e-3) <=
				 z / 4 + BEAMFORM_TIE;
		cr_assert_float_eq(magnitude(&iq, j), count, 1e-3,
				   "at %g mm", 1e3 * z);
	}
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, aperture_lies_in_the_frame_of_the_element)
{
	struct sono_scan *scan = slow_carrier(1);
	struct beamform_params params = line_at(0);
	struct iq iq;
	uint32_t i;

	/* every element looks sideways, away from the line */
	for (i = 0; i < scan->elements; i++) {
		scan->element[i].nx = scan->element[i].x > 0 ? 1 : -1;
		scan->element[i].nz = 0;
	}
	params.f_number = 2;
	run_ones(&iq, scan, &params);
	for (i = 0; i < params.grid.samples; i++)
		cr_assert_eq(magnitude(&iq, i), 0);
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, samples_outside_the_record_do_not_count)
{
	struct sono_scan *scan = slow_carrier(1);
	struct beamform_params params = line_at(0);
	struct iq iq;

	/* 512 samples at 20 MHz are 25.6 us: 19.7 mm of depth */
	params.grid.sample0 = 20e-3;
	run_ones(&iq, scan, &params);
	cr_assert_eq(magnitude(&iq, 0), 0);
	iq_finish(&iq);
	scan->event[0].rx_start = 5e-6;	/* the record begins later */
	run_ones(&iq, scan, &params);
	cr_assert_float_eq(magnitude(&iq, 0), FIXTURE_ELEMENTS, 1e-3);
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, groups_separate_and_compound_events)
{
	static const uint32_t group[] = { 0, BEAMFORM_UNUSED, 1, 0 };
	struct sono_scan *scan = slow_carrier(4);
	struct beamform_params params = line_at(0);
	struct iq iq;

	params.groups = 2;
	params.group = group;
	run_ones(&iq, scan, &params);
	cr_assert_float_eq(magnitude(&iq, 50), 2 * FIXTURE_ELEMENTS, 1e-3);
	cr_assert_float_eq(magnitude(&iq, 150), FIXTURE_ELEMENTS, 1e-3);
	iq_finish(&iq);
	sono_scan_free(scan);
}

/* Phase of the sum of one element's echo, [rad]. */
static double phase_of_one(double lens, double pulse, double delay)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0);
	double *d = (double *)scan->event[0].delay, phase;
	struct iq iq;
	uint32_t i;

	scan->channels = 1;
	scan->channel_element[0] = 8;
	scan->lens_delay = lens;
	scan->pulse_delay = pulse;
	for (i = 0; i < scan->elements; i++)
		d[i] = i == 8 ? delay : NAN;
	run_ones(&iq, scan, &params);
	phase = atan2(iq.data[1], iq.data[0]);
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
	/* 1e-3 rad: Q16 samples, and the table of phases */
	cr_assert_float_eq(phase_of_one(0, 0, 0), expected_phase(0), 1e-3);
	cr_assert_float_eq(phase_of_one(30e-9, 0, 0), expected_phase(60e-9),
			   1e-3, "the lens counts twice");
	cr_assert_float_eq(phase_of_one(0, 30e-9, 0), expected_phase(30e-9),
			   1e-3);
	cr_assert_float_eq(phase_of_one(0, 0, 30e-9), expected_phase(30e-9),
			   1e-3);
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

	p.f_number = -1;
	cr_assert_str_eq(refusal(fixture_scan(1), &p),
			 "beamforming: F-number is not 0 to 16");
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
	scan->channel_element[2] = 99;
	cr_assert_str_eq(refusal(scan, &p),
			 "scan: a channel of an unknown element");
	scan = fixture_scan(1);
	for (i = 0; i < scan->elements; i++)
		((double *)scan->event[0].delay)[i] = NAN;
	cr_assert_str_eq(refusal(scan, &p),
			 "scan: an event without transmitting element");
}

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

/* The delay to a point and back, in double and by its own words. */
static double focused_delay(const struct sono_scan *scan, uint32_t event,
			    double x, double z, uint32_t e)
{
	double away = hypot(x - scan->event[event].beam_x, z - 12e-3);
	double there = hypot(5e-3, 12e-3) + (z < 12e-3 ? -away : away);

	return (there + hypot(x - scan->element[e].x, z)) / scan->c;
}

Test(beamform, focused_wave_counts_from_its_focus)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.2e-3);
	struct beamform *beamform;
	struct baseband bb;
	struct iq iq;
	const char *why = "";
	uint32_t e, j, n;

	/* lambda 0.308 mm, F 2.67: plane within 4.4 mm of the focus */
	params.grid.sample_step = 0.14e-3;
	focus_event(scan, 0, -0.1e-3);
	cr_assert_eq(baseband_init(&bb, 1, scan->channels, FIXTURE_SAMPLES), 0);
	for (e = 0; e < scan->channels; e++)
		for (n = 0; n < 2 * FIXTURE_SAMPLES; n++)
			bb.data[e * bb.stride + n] = sin(0.05 * n * (1 + e)) +
						     (n & 1);
	cr_assert_eq(iq_init(&iq, 1, 1, 100), 0);
	cr_assert_eq(beamform_create(&beamform, scan, &params, &why), 0, "%s",
		     why);
	beamform_execute(beamform, &iq, &bb);
	for (j = 0; j < 100; j++) {
		double z = 3e-3 + j * 0.14e-3, re = 0, im = 0;

		if (fabs(z - 12e-3) < 4.5e-3)
			continue;
		for (e = 0; e < scan->channels; e++) {
			double t = focused_delay(scan, 0, 0.2e-3, z, e) *
				   scan->fs;
			const float *tap = bb.data + e * bb.stride +
					   2 * (long)t;
			double a = t - (long)t;
			double c = cos(2 * M_PI * scan->fc / scan->fs * t);
			double s = sin(2 * M_PI * scan->fc / scan->fs * t);
			double i = tap[0] + a * (tap[2] - tap[0]);
			double q = tap[1] + a * (tap[3] - tap[1]);

			re += i * c - q * s;
			im += i * s + q * c;
		}
		cr_assert_float_eq(iq.data[2 * j], re, 4e-3, "at %g mm",
				   1e3 * z);
		cr_assert_float_eq(iq.data[2 * j + 1], im, 4e-3);
	}
	beamform_destroy(beamform);
	baseband_finish(&bb);
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, focused_arrival_has_no_jump_at_the_focus)
{
	struct sono_scan *scan = fixture_scan(1);
	struct beamform_params params = line_at(0.3e-3);
	struct iq iq;
	double before = NAN;
	uint32_t j;

	/* of the ones every element sees the carrier's phase at its delay */
	focus_event(scan, 0, 0);
	scan->fc = 0.1e6;
	params.grid.sample_step = 0.14e-3;
	run_ones(&iq, scan, &params);
	for (j = 0; j < 100; j++) {
		double phase = atan2(iq.data[2 * j + 1], iq.data[2 * j]);

		/* about 2 x 0.14 mm of way: 0.114 rad */
		if (j)
			cr_assert_float_eq(remainder(phase - before, 2 * M_PI),
					   0.114, 0.03, "at %u", j);
		before = phase;
	}
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, lines_between_and_beyond_beams_are_as_bright)
{
	struct sono_scan *scan = slow_carrier(3);
	struct beamform_params params = line_at(-2e-3);
	struct iq iq;
	uint32_t i;

	params.grid.lines = 41;
	params.grid.line_step = 0.1e-3;
	for (i = 0; i < 3; i++)
		focus_event(scan, i, (i - 1.0) * 0.93e-3);
	run_ones(&iq, scan, &params);
	for (i = 0; i < 41 * 100; i++)
		cr_assert_float_eq(magnitude(&iq, i), FIXTURE_ELEMENTS, 1e-3,
				   "line %u", i / 100);
	iq_finish(&iq);
	sono_scan_free(scan);
}

Test(beamform, line_takes_the_beam_that_lies_on_it)
{
	struct sono_scan *scan = slow_carrier(3);
	struct beamform_params params = line_at(0);
	struct beamform *beamform;
	struct baseband bb;
	const char *why = "";
	struct iq iq;
	uint32_t i;

	for (i = 0; i < 3; i++)
		focus_event(scan, i, (i - 1.0) * 0.5e-3);
	cr_assert_eq(baseband_init(&bb, 3, scan->channels, FIXTURE_SAMPLES), 0);
	for (i = 0; i < bb.stride * scan->channels; i += 2) {
		bb.data[i] = 100;
		bb.data[i + bb.stride * scan->channels] = 1;
		bb.data[i + 2 * bb.stride * scan->channels] = 100;
	}
	cr_assert_eq(iq_init(&iq, 1, 1, 100), 0);
	cr_assert_eq(beamform_create(&beamform, scan, &params, &why), 0);
	beamform_execute(beamform, &iq, &bb);
	for (i = 0; i < 100; i++)
		cr_assert_float_eq(magnitude(&iq, i), FIXTURE_ELEMENTS, 1e-3);
	beamform_destroy(beamform);
	baseband_finish(&bb);
	iq_finish(&iq);
	sono_scan_free(scan);
}

/*
 * Twice the sum of a Hann window over an aperture is its number of elements,
 * if the window spans it; cut at the array's edge it would be half of that.
 */
Test(beamform, window_stretches_to_the_edge_of_the_array)
{
	struct sono_scan *scan = slow_carrier(1);
	double edge = scan->element[15].x + FIXTURE_PITCH / 2;
	struct beamform_params params = line_at(edge);
	struct iq iq;
	uint32_t j;

	params.f_number = 1.5;
	params.window = WINDOW_HANN;
	run_ones(&iq, scan, &params);
	for (j = 0; j < params.grid.samples; j++) {
		double z = 3e-3 + j * 0.1e-3;
		double width = fmin(z / 3, 16 * FIXTURE_PITCH);

		cr_assert_float_eq(magnitude(&iq, j),
				   width / FIXTURE_PITCH / 2, 0.1, "at %g mm",
				   1e3 * z);
	}
	iq_finish(&iq);
	sono_scan_free(scan);
}

/* On an arc, every line along a radius sees the same aperture. */
Test(beamform, convex_array_sees_alike_along_every_radius)
{
	struct sono_scan *scan = slow_carrier(1);
	const double radius = 40e-3, step = 0.3e-3 / radius;
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
	struct iq iq;
	uint32_t e, j;

	for (e = 0; e < scan->elements; e++) {
		double angle = (e - 7.5) * step;

		scan->element[e] = (struct sono_element){
			radius * sin(angle), radius * (cos(angle) - 1),
			sin(angle), cos(angle),
		};
	}
	run_ones(&iq, scan, &params);
	for (j = 0; j < 20; j++) {
		/* normals that part make it narrower than on a flat array */
		double z = 3e-3 + j * 0.05e-3;
		double width = z / 2 * radius / (radius + z);

		cr_assert_float_eq(magnitude(&iq, j), magnitude(&iq, 40 + j),
				   1e-3);
		cr_assert_float_eq(magnitude(&iq, j), magnitude(&iq, 20 + j),
				   1e-3);
		cr_assert_float_eq(magnitude(&iq, j),
				   width / FIXTURE_PITCH / 2, 0.1);
	}
	iq_finish(&iq);
	sono_scan_free(scan);
}

// SPDX-License-Identifier: MIT
/*
 * Plans: what they become, and every way to write a wrong one. A wrong plan
 * is the right one below with a piece replaced; the reason must name the
 * file, the line of the piece and the key.
 */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "compound.h"
#include "dsp/pipeline_stage.h"
#include "plan.h"
#include "seq.h"
#include "sono_regs.h"

static const char right[] =
	"probe: {\n"
	"	kind = \"linear\";\n"
	"	elements = 64;\n"
	"	pitch_mm = 0.3;\n"
	"	lens_delay_us = 0.1;\n"
	"};\n"
	"sequence: {\n"
	"	waves: {\n"
	"		kind = \"plane\";\n"
	"		angles_deg = [ -10.0, 0.0, 5.0 ];\n"
	"	};\n"
	"	pulse: {\n"
	"		fc_mhz = 5;\n"
	"		half_cycles = 3;\n"
	"		hv_v = 40;\n"
	"		apodisation = \"tukey\";\n"
	"		taper = 0.5;\n"
	"	};\n"
	"	window: {\n"
	"		start_mm = 2;\n"
	"		end_mm = 42;\n"
	"	};\n"
	"	sampling_mhz = 20.0;\n"
	"	prf_hz = 4000;\n"
	"	frame_rate_hz = 50;\n"
	"	ensemble = 8;\n"
	"	tgc_db = [ 0, 10, 20 ];\n"
	"};\n"
	"receive: {\n"
	"	c_m_s = 1540;\n"
	"	f_number = 1.5;\n"
	"	apodisation = \"hann\";\n"
	"};\n"
	"processing: {\n"
	"	grid: {\n"
	"		kind = \"linear\";\n"
	"		lines = 21;\n"
	"		samples = 101;\n"
	"		x_mm = [ -10, 10 ];\n"
	"		z_mm = [ 5, 40 ];\n"
	"	};\n"
	"	demodulation: {\n"
	"		pass_mhz = 2;\n"
	"		stop_mhz = 3;\n"
	"	};\n"
	"	reference_counts = 1000;\n"
	"	range_db = 60;\n"
	"	doppler: {\n"
	"		wall_order = 1;\n"
	"		average_lines = 3;\n"
	"		average_samples = 5;\n"
	"	};\n"
	"};\n"
	"display: {\n"
	"	width = 400;\n"
	"	height = 300;\n"
	"	colour = true;\n"
	"};\n";

/* B and colour in turn, in a sector. */
static const char duplex[] =
	"probe: { kind = \"phased\"; elements = 32; pitch_mm = 0.3; };\n"
	"sequence: {\n"
	"	waves: {\n"
	"		kind = \"diverging\";\n"
	"		count = 4;\n"
	"		max_deg = 20;\n"
	"		width_deg = 60;\n"
	"	};\n"
	"	pulse: { fc_mhz = 2.5; half_cycles = 4; hv_v = 60; settle_us = 40; };\n"
	"	window: { end_mm = 125; };\n"
	"	sampling_mhz = 10;\n"
	"	prf_hz = 4000;\n"
	"	colour: {\n"
	"		waves: {\n"
	"			kind = \"focused\";\n"
	"			count = 6;\n"
	"			range_deg = [ 5.0, 20.0 ];\n"
	"			focus_mm = 60;\n"
	"		};\n"
	"		pulse: { half_cycles = 8;\n"
	"			 hv_v = 50; };\n"
	"		window: { start_mm = 20; end_mm = 95; };\n"
	"		ensemble = 8;\n"
	"		prf_hz = 6000;\n"
	"	};\n"
	"	order = \"alternate\";\n"
	"	ecg = true;\n"
	"};\n"
	"receive: { c_m_s = 1540; f_number = 0; };\n"
	"processing: {\n"
	"	grid: {\n"
	"		kind = \"sector\"; lines = 41; samples = 101;\n"
	"		angle_deg = [ -30, 30 ];\n"
	"		range_mm = [ 10, 120 ];\n"
	"	};\n"
	"	reference_counts = 1e5; range_db = 60;\n"
	"	doppler: {\n"
	"		box: {\n"
	"			lines = 11; samples = 61;\n"
	"			angle_deg = [ 5, 20 ];\n"
	"			range_mm = [ 30, 90 ];\n"
	"		};\n"
	"		wall_order = 1;\n"
	"	};\n"
	"};\n"
	"display: {\n"
	"	width = 400; height = 300;\n"
	"	colour = true;\n"
	"	ecg = true;\n"
	"};\n";

/* Beams of a curved probe, and M lines. */
static const char beams[] =
	"probe: {\n"
	"	kind = \"convex\";\n"
	"	elements = 64;\n"
	"	radius_mm = 50;\n"
	"	pitch_mm = 0.5;\n"
	"};\n"
	"sequence: {\n"
	"	waves: {\n"
	"		kind = \"focused\";\n"
	"		count = 16;\n"
	"		max_deg = 17;\n"
	"		focus_mm = 50;\n"
	"		f_number = 3;\n"
	"	};\n"
	"	pulse: { fc_mhz = 3.5; half_cycles = 4; hv_v = 50; };\n"
	"	window: { end_mm = 105; };\n"
	"	sampling_mhz = 10;\n"
	"	frame_rate_hz = 50;\n"
	"	m: {\n"
	"		waves: { kind = \"focused\"; focus_mm = 60; };\n"
	"		lines_hz = 990;\n"
	"	};\n"
	"};\n"
	"receive: { c_m_s = 1540; f_number = 1.5; };\n"
	"processing: {\n"
	"	grid: {\n"
	"		kind = \"sector\"; lines = 41; samples = 101;\n"
	"		angle_deg = [ -17, 17 ];\n"
	"		range_mm = [ 55, 150 ]; apex_mm = -50;\n"
	"	};\n"
	"	reference_counts = 1e5; range_db = 60;\n"
	"	m: {\n"
	"		angle_deg = 8;\n"
	"		depth_mm = [ 5, 100 ];\n"
	"		samples = 101;\n"
	"	};\n"
	"};\n"
	"display: { width = 400; height = 300; };\n";

/* Beams of a flat probe, steered. */
static const char linear[] =
	"probe: { kind = \"linear\"; elements = 64; pitch_mm = 0.3; };\n"
	"sequence: {\n"
	"	waves: {\n"
	"		kind = \"focused\";\n"
	"		count = 9;\n"
	"		max_mm = 8;\n"
	"		steer_deg = -10;\n"
	"		focus_mm = 30;\n"
	"		f_number = 2;\n"
	"	};\n"
	"	pulse: { fc_mhz = 5; half_cycles = 4; hv_v = 50; };\n"
	"	window: { end_mm = 45; };\n"
	"	sampling_mhz = 20;\n"
	"};\n"
	"receive: { c_m_s = 1540; f_number = 1.5; };\n"
	"processing: {\n"
	"	grid: {\n"
	"		kind = \"linear\"; lines = 41; samples = 101;\n"
	"		x_mm = [ -9, 9 ];\n"
	"		z_mm = [ 5, 40 ];\n"
	"	};\n"
	"	reference_counts = 1e5; range_db = 60;\n"
	"	doppler: {\n"
	"		box: {\n"
	"			lines = 11; samples = 61;\n"
	"			x_mm = [ -2, 6 ];\n"
	"			z_mm = [ 10, 30 ];\n"
	"			steer_deg = -15;\n"
	"		};\n"
	"		packet_frames = 8;\n"
	"		wall_order = 1;\n"
	"	};\n"
	"};\n"
	"display: {\n"
	"	width = 400; height = 300;\n"
	"	colour = true;\n"
	"};\n";

/* B and lines of pulsed-wave Doppler. */
static const char spectral[] =
	"probe: { kind = \"linear\"; elements = 64; pitch_mm = 0.3; };\n"
	"sequence: {\n"
	"	waves: { kind = \"plane\"; count = 5; max_deg = 8; };\n"
	"	pulse: { fc_mhz = 5; half_cycles = 4; hv_v = 50; };\n"
	"	window: { end_mm = 45; };\n"
	"	sampling_mhz = 20;\n"
	"	frame_rate_hz = 25;\n"
	"	pw: {\n"
	"		waves: { kind = \"plane\"; };\n"
	"		pulse: { half_cycles = 8; };\n"
	"		window: { start_mm = 15; end_mm = 30; };\n"
	"		prf_hz = 4990;\n"
	"	};\n"
	"};\n"
	"receive: { c_m_s = 1540; f_number = 1.5; };\n"
	"processing: {\n"
	"	grid: {\n"
	"		kind = \"linear\"; lines = 41; samples = 101;\n"
	"		x_mm = [ -9, 9 ];\n"
	"		z_mm = [ 5, 40 ];\n"
	"	};\n"
	"	reference_counts = 1e5; range_db = 60;\n"
	"	pw: {\n"
	"		x_mm = 3; angle_deg = -10;\n"
	"		depth_mm = 20;\n"
	"		gate_mm = 2;\n"
	"		flow_deg = -50;\n"
	"		f_number = 4;\n"
	"		wall_cutoff_cm_s = 5;\n"
	"		window = 64;\n"
	"	};\n"
	"};\n"
	"display: { width = 400; height = 300; pw_baseline = -0.5; };\n";

/* A right plan, or one with its first @find replaced by @by, in a file. */
static void write_plan(char *path, const char *text, const char *find,
		       const char *by)
{
	const char *at = find ? strstr(text, find) : text;
	const size_t length = find ? strlen(find) : 0;
	int fd;
	FILE *file;

	cr_assert(at, "the plan has no \"%s\"", find);
	strcpy(path, "/tmp/test_plan.XXXXXX");
	fd = mkstemp(path);
	file = fdopen(fd, "w");
	fprintf(file, "%.*s%s%s", (int)(at - text), text, by, at + length);
	fclose(file);
}

/* A right plan, with a piece replaced, must open. */
static struct sono_plan *must_open(const char *text, const char *find,
				   const char *by)
{
	struct sono_plan *plan = NULL;
	char path[32], why[320] = "";

	write_plan(path, text, find, by);
	cr_assert_eq(board_open_plan(&plan, path, 20000000, why, sizeof(why)),
		     0, "%s", why);
	unlink(path);
	return plan;
}

Test(plan, becomes_scan_table_and_parameters)
{
	struct sono_plan *plan = must_open(right, NULL, "");
	const struct sono_scan *s = plan->scan;
	const struct pipeline_params *p = &plan->params;

	cr_assert_eq(s->elements, 64);
	cr_assert_eq(s->events, 24);
	cr_assert_float_eq(s->element[0].x, -31.5 * 0.3e-3, 1e-12);
	cr_assert_float_eq(s->lens_delay, 0.1e-6, 1e-15);
	cr_assert_float_eq(s->pulse_delay, 0.15e-6, 1e-15);
	cr_assert_float_eq(s->fs, 20e6, 0);
	cr_assert_eq(s->tgc_points, 3);
	cr_assert_float_eq(s->frame_period, 20e-3, 1e-12);
	cr_assert_float_eq(s->event[0].period, 250e-6, 1e-12);
	cr_assert_float_eq(s->event[23].period, 20e-3 - 23 * 250e-6, 1e-12);
	cr_assert_leq(s->event[0].rx_start, 4e-3 / 1540);
	cr_assert_geq(s->event[0].rx_start + s->event[0].samples / s->fs,
		      84e-3 / 1540);
	cr_assert_float_eq(plan->amplitude[31], 1, 0);
	cr_assert_lt(plan->amplitude[0], 0.01);
	for (uint32_t i = 0; i < s->events; i++)
		cr_assert_eq(s->event[i].tag,
			     SONO_TAG(SONO_ROLE_COLOUR, i / 3, i % 3));
	cr_assert_float_eq(p->b.grid.line0, -10e-3, 1e-15);
	cr_assert_float_eq(p->b.grid.line_step, 1e-3, 1e-15);
	cr_assert_float_eq(p->b.grid.sample_step, 0.35e-3, 1e-15);
	cr_assert(p->colour.on);
	cr_assert_eq(p->b.aperture.window, WINDOW_HANN);
	cr_assert_float_eq(plan->rates.prf, 4000, 1e-9);
	cr_assert_float_eq(plan->rates.frame_rate, 50, 1e-9);
	cr_assert_float_eq(plan->rates.nyquist,
			   1540 / (4 * 5e6 * 3 * 250e-6), 1e-9);
	cr_assert_float_eq(plan->rates.bytes_per_second,
			   50.0 * s->frame_bytes, 1e-3);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

/* Of a delay on a board of 100 MHz: half its unit, 1/256 tick. */
#define DELAY_STEP (0.5e-8 / 256 + 1e-15)

/* delay(x) is x sin(angle) / c, shifted to start at 0. */
Test(plan, steers_plane_waves)
{
	struct sono_plan *plan = must_open(right, NULL, "");

	for (uint32_t i = 0; i < 24; i++) {
		static const double deg[] = { -10, 0, 5 };
		const double slope = sin(deg[i % 3] * M_PI / 180) / 1540;
		const struct sono_scan *s = plan->scan;
		const double first = slope < 0 ? s->element[63].x :
						 s->element[0].x;

		for (uint32_t e = 0; e < 64; e++)
			cr_assert_float_eq(s->event[i].delay[e],
					   slope * (s->element[e].x - first),
					   DELAY_STEP);
	}
	sono_plan_close(plan);
}

/* Straight lines from one point through the ends of the array. */
Test(plan, diverging_waves_come_from_one_point)
{
	struct sono_plan *plan = must_open(
		right, "kind = \"plane\";\n		angles_deg = [ -10.0, 0.0, 5.0 ]",
		"kind = \"diverging\"; count = 3; max_deg = 20; width_deg = 60");
	const double pitch = 0.3e-3, half = 31.5 * pitch;

	for (uint32_t i = 0; i < 3; i++) {
		const double tilt = ((int)i - 1) * 20 * M_PI / 180;
		const double a = tan(tilt - M_PI / 6), b = tan(tilt + M_PI / 6);
		const double depth = 2 * half / (b - a);
		const double x = half - depth * b;
		const double *delay = plan->scan->event[i].delay;
		double least = INFINITY;

		cr_assert_eq(plan->scan->event[i].wave, SONO_WAVE_DIVERGING);
		for (uint32_t e = 0; e < 64; e++)
			least = fmin(least, hypot(e * pitch - half - x, depth));
		for (uint32_t e = 0; e < 64; e++)
			cr_assert_float_eq(delay[e],
				(hypot(e * pitch - half - x, depth) - least) /
				1540, DELAY_STEP);
	}
	/* tilted to the left, the right end fires first */
	cr_assert_gt(plan->scan->event[0].delay[0],
		     plan->scan->event[0].delay[63]);
	sono_plan_close(plan);
}

/* --- probes and beams --- */

Test(plan, convex_elements_lie_on_an_arc)
{
	static const char *const by[] = { "pitch_mm = 0.5", "field_deg = 36.0" };
	const double step[] = { 0.5 / 50, 36 * M_PI / 180 / 63 };

	for (int k = 0; k < 2; k++) {
		struct sono_plan *plan = must_open(beams, by[0], by[k]);

		for (uint32_t e = 0; e < 64; e++) {
			const struct sono_element *at = &plan->scan->element[e];
			const double angle = (e - 31.5) * step[k];

			cr_assert_float_eq(at->nx, sin(angle), 1e-15);
			cr_assert_float_eq(at->nz, cos(angle), 1e-15);
			cr_assert_float_eq(at->x, 50e-3 * at->nx, 1e-15);
			cr_assert_float_eq(at->z + 50e-3, 50e-3 * at->nz,
					   1e-15);
		}
		sono_plan_close(plan);
	}
}

/* What every focused event must be: one time at the focus for all elements. */
static void expect_focus(const struct sono_scan *s, const struct sono_event *ev,
			 double half_aperture)
{
	const double x = ev->beam_x + ev->focus * sin(ev->beam_angle);
	const double z = ev->beam_z + ev->focus * cos(ev->beam_angle);
	double first = INFINITY, last = -INFINITY, least = INFINITY;

	for (uint32_t e = 0; e < s->elements; e++) {
		const struct sono_element *at = &s->element[e];
		const double off = hypot(at->x - ev->beam_x,
					 at->z - ev->beam_z);
		const double arrival = ev->delay[e] +
				       hypot(at->x - x, at->z - z) / s->c;

		cr_assert_eq(isnan(ev->delay[e]), off > half_aperture + 1e-9,
			     "element %u", e);
		first = fmin(first, arrival);
		last = fmax(last, arrival);
		least = fmin(least, ev->delay[e]);
	}
	cr_assert_leq(last - first, 2 * DELAY_STEP);
	cr_assert_geq(least, 0);
}

Test(plan, convex_beams_leave_along_the_normal_and_meet)
{
	struct sono_plan *plan = must_open(beams, NULL, "");
	const struct sono_scan *s = plan->scan;
	uint32_t beam = 0;

	for (uint32_t i = 0; i < s->events; i++) {
		const struct sono_event *ev = &s->event[i];
		const bool b = SONO_TAG_ROLE(ev->tag) == SONO_ROLE_B;
		double deg = 8;

		if (b)
			deg = 17 * (2 * beam++ / 15.0 - 1);
		cr_assert_eq(ev->wave, SONO_WAVE_FOCUSED);
		cr_assert_float_eq(ev->focus, b ? 50e-3 : 60e-3, 1e-15);
		cr_assert_float_eq(ev->beam_angle, deg * M_PI / 180, 1e-12);
		cr_assert_float_eq(ev->beam_x, 50e-3 * sin(ev->beam_angle),
				   1e-15);
		cr_assert_float_eq(ev->beam_z,
				   50e-3 * (cos(ev->beam_angle) - 1), 1e-15);
		expect_focus(s, ev, b ? 50e-3 / 6 : INFINITY);
	}
	cr_assert_eq(beam, 16);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

Test(plan, linear_beams_start_at_places_and_are_steered)
{
	struct sono_plan *plan = must_open(linear, NULL, "");

	for (uint32_t i = 0; i < 9; i++) {
		const struct sono_event *ev = &plan->scan->event[i];

		cr_assert_eq(ev->tag, SONO_TAG(SONO_ROLE_B, 0, i));
		cr_assert_float_eq(ev->beam_x, (i - 4.0) * 2e-3, 1e-15);
		cr_assert_float_eq(ev->beam_z, 0, 0);
		cr_assert_float_eq(ev->beam_angle, -10 * M_PI / 180, 1e-12);
		expect_focus(plan->scan, ev, 30e-3 / 4);
	}
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

/* The table has the aperture and its taper; who is silent has no weight. */
Test(plan, apodisation_tapers_what_transmits)
{
	struct sono_plan *plan = must_open(linear, "hv_v = 50;",
		"hv_v = 50; apodisation = \"hann\";");

	for (uint32_t i = 0; i < 9; i++) {
		const double *delay = plan->scan->event[i].delay;
		const double *weight = plan->waveform[i].amplitude;
		double most = 0;

		for (uint32_t e = 0; e < 64; e++) {
			cr_assert_eq(isnan(delay[e]), weight[e] == 0);
			if (e && !isnan(delay[e]) && isnan(delay[e - 1]))
				cr_assert_lt(weight[e], 0.02);
			most = fmax(most, weight[e]);
		}
		cr_assert_gt(most, 0.99);
	}
	sono_plan_close(plan);
}

/* --- parts of a frame --- */

/* Ticks from the frame's first trigger to event @i's, as the board counts. */
static uint64_t ticks_to(const struct sono_plan *plan, uint32_t i)
{
	const struct sono_seq_event *ev = (const void *)
		((const char *)plan->table.data +
		 sizeof(struct sono_seq_header));
	uint64_t ticks = 0;

	while (i--)
		ticks += le32toh(ev++->period);
	return ticks;
}

Test(plan, m_lines_are_uniform_to_the_tick)
{
	static const char *const rates[] = {
		"", "frame_rate_hz = 50;", "frame_rate_hz = 33;",
		"frame_rate_hz = 7.77;",
	};

	for (int k = 0; k < 4; k++) {
		struct sono_plan *plan = must_open(beams, rates[1], rates[k]);
		const struct sono_scan *s = plan->scan;
		const uint64_t frame = ticks_to(plan, s->events);
		uint32_t lines = 0;

		for (uint32_t i = 0; i < s->events; i++)
			lines += SONO_TAG_ROLE(s->event[i].tag) ==
				 SONO_ROLE_M;
		cr_assert_eq(frame % lines, 0);
		for (uint32_t i = 0, n = 0; i < s->events; i++) {
			if (SONO_TAG_ROLE(s->event[i].tag) != SONO_ROLE_M)
				continue;
			cr_assert_eq(ticks_to(plan, i), n * (frame / lines));
			cr_assert_eq(SONO_TAG_SHOT(s->event[i].tag), n);
			n++;
		}
		cr_assert_eq(s->events, lines + 16);
		cr_assert_float_eq(plan->rates.m_rate, 1e8 * lines / frame,
				   1e-9);
		cr_assert_geq(plan->rates.m_rate, 990);
		board_must_take(plan, 20000000);
		sono_plan_close(plan);
	}
}

/* Each line a burst at its own PRF, the lines at equal times. */
Test(plan, m_lines_may_be_bursts)
{
	struct sono_plan *plan = must_open(beams, "lines_hz = 990;",
		"lines_hz = 300; ensemble = 8; prf_hz = 5000;");
	const struct sono_scan *s = plan->scan;
	uint32_t n = 0;
	uint64_t first = 0;

	for (uint32_t i = 0; i < s->events; i++) {
		const uint64_t at = ticks_to(plan, i);

		if (SONO_TAG_ROLE(s->event[i].tag) != SONO_ROLE_M)
			continue;
		cr_assert_eq(SONO_TAG_SHOT(s->event[i].tag), n);
		first = n % 8 ? first : at;
		cr_assert_eq(at - first, n % 8 * 20000);
		if (n % 8 == 0)
			cr_assert_eq(at, n / 8 * (ticks_to(plan, s->events) / 6));
		n++;
	}
	cr_assert_eq(n, 48);
	cr_assert_float_eq(plan->rates.m_rate, 300, 1e-3);
	cr_assert_float_eq(plan->rates.m_nyquist,
			   1540 * 5000 / (4 * 3.5e6), 1e-6);
	cr_assert_eq(plan->params.m.ensemble, 8);
	cr_assert_not(plan->params.m.colour);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

Test(plan, m_line_is_shown_where_it_is_sent)
{
	struct sono_plan *plan = must_open(beams, NULL, "");
	const struct pipeline_m *m = &plan->params.m;
	const struct sono_event *ev = &plan->scan->event[0];

	cr_assert(m->on);
	cr_assert_eq(SONO_TAG_ROLE(ev->tag), SONO_ROLE_M);
	cr_assert_eq(m->grid.shape, GRID_SECTOR);
	cr_assert_eq(m->grid.lines, 1);
	cr_assert_float_eq(m->grid.apex_x, ev->beam_x, 1e-15);
	cr_assert_float_eq(m->grid.apex_z, ev->beam_z, 1e-15);
	cr_assert_float_eq(m->grid.line0, ev->beam_angle, 1e-15);
	cr_assert_float_eq(m->grid.sample0, 5e-3, 1e-15);
	cr_assert_float_eq(m->grid.sample0 + 100 * m->grid.sample_step, 100e-3,
			   1e-12);
	sono_plan_close(plan);
}

/* --- pulsed-wave Doppler --- */

Test(plan, pw_lines_are_uniform_through_everything)
{
	struct sono_plan *plan = must_open(spectral, NULL, "");
	const struct sono_scan *s = plan->scan;
	const uint64_t frame = ticks_to(plan, s->events);
	uint32_t n = 0;

	cr_assert_eq(frame % 200, 0);
	for (uint32_t i = 0; i < s->events; i++) {
		if (SONO_TAG_ROLE(s->event[i].tag) != SONO_ROLE_PW)
			continue;
		cr_assert_eq(ticks_to(plan, i), n * (frame / 200));
		cr_assert_eq(SONO_TAG_SHOT(s->event[i].tag), n);
		n++;
	}
	cr_assert_eq(n, 200);
	cr_assert_eq(s->events, 205);
	cr_assert_float_eq(plan->rates.pw_prf, 5000, 1e-6);
	cr_assert_float_eq(plan->rates.pw_pause, 0, 0);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

/* So many at their PRF, then the picture, whose time is the pause. */
Test(plan, pw_blocks_pause_for_the_picture)
{
	struct sono_plan *plan = must_open(spectral, "prf_hz = 4990;",
		"prf_hz = 5000; interleave = \"update\"; lines = 100;");
	const struct sono_scan *s = plan->scan;

	cr_assert_eq(s->events, 105);
	for (uint32_t i = 5; i < 105; i++) {
		cr_assert_eq(s->event[i].tag, SONO_TAG(SONO_ROLE_PW, i - 5, 0));
		if (i < 104)
			cr_assert_eq(ticks_to(plan, i + 1) - ticks_to(plan, i),
				     20000);
	}
	cr_assert_float_eq(plan->rates.pw_prf, 5000, 1e-6);
	cr_assert_float_eq(plan->rates.pw_pause, 40e-3 - 99 * 200e-6, 1e-9);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

Test(plan, sample_volume_is_where_it_is_asked_for)
{
	struct sono_plan *plan = must_open(spectral, NULL, "");
	const struct pipeline_pw *pw = &plan->params.pw;
	const struct grid *g = &pw->grid;
	const struct sono_event *ev = &plan->scan->event[0];
	const double nyquist = 1540 / (4 * 5e6 / 5000) / cos(50 * M_PI / 180);

	cr_assert(pw->on);
	cr_assert_eq(SONO_TAG_ROLE(ev->tag), SONO_ROLE_PW);
	cr_assert_float_eq(ev->beam_x, 3e-3, 1e-15);
	cr_assert_float_eq(ev->beam_angle, -10 * M_PI / 180, 1e-15);
	cr_assert_float_eq(g->apex_x, 3e-3, 1e-15);
	cr_assert_float_eq(g->line0, -10 * M_PI / 180, 1e-15);
	cr_assert_float_eq(g->samples * g->sample_step, 2e-3, 1e-12);
	cr_assert_float_eq(g->sample0 + (g->samples - 1) / 2.0 * g->sample_step,
			   20e-3, 1e-12);
	cr_assert_leq(g->sample_step, 1540 / 5e6 / 8 * (1 + 1e-9));
	cr_assert_float_eq(pw->flow, -50 * M_PI / 180, 1e-12);
	cr_assert_float_eq(pw->aperture.f_number, 4, 0);
	cr_assert_eq(pw->window, 64);
	cr_assert_eq(pw->fft, 256);
	cr_assert(pw->peak && pw->mean);
	/* the aperture's elements see the flow at 50 degrees, on the whole */
	cr_assert_float_eq(plan->rates.pw_largest, 1.5 * nyquist,
			   0.02 * nyquist);
	cr_assert_float_eq(plan->rates.pw_least, -0.5 * nyquist,
			   0.02 * nyquist);
	sono_plan_close(plan);
}

/* Every beam's shots follow each other at the PRI; B's pieces lie between. */
Test(plan, alternating_ensembles_are_uniform)
{
	struct sono_plan *plan = must_open(duplex, NULL, "");
	const struct sono_scan *s = plan->scan;
	const uint64_t pri = 16667;
	uint32_t b = 0, beam = 0;

	cr_assert_eq(s->events, 4 + 6 * 8);
	for (uint32_t i = 0; i < s->events;) {
		if (SONO_TAG_ROLE(s->event[i].tag) == SONO_ROLE_B) {
			cr_assert_eq(s->event[i++].tag,
				     SONO_TAG(SONO_ROLE_B, 0, b));
			b++;
			continue;
		}
		/* four pieces of B before six ensembles */
		cr_assert_eq(b, 4 * (beam + 1) / 6);
		for (uint32_t shot = 0; shot < 8; shot++, i++) {
			cr_assert_eq(s->event[i].tag,
				     SONO_TAG(SONO_ROLE_COLOUR, shot, beam));
			if (shot)
				cr_assert_eq(ticks_to(plan, i) -
					     ticks_to(plan, i - 1), pri);
		}
		beam++;
	}
	cr_assert_eq(beam, 6);
	cr_assert_float_eq(plan->rates.prf, 4000, 1e-9);
	cr_assert_float_eq(plan->rates.colour_prf, 1e8 / pri, 1e-9);
	cr_assert_float_eq(plan->rates.nyquist, 1540e8 / (4 * 2.5e6 * pri),
			   1e-9);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

Test(plan, order_is_as_declared)
{
	static const struct {
		const char *by;
		enum sono_role first;
		uint32_t change;
	} orders[] = {
		{ "b-colour", SONO_ROLE_B, 4 },
		{ "colour-b", SONO_ROLE_COLOUR, 48 },
	};

	for (int k = 0; k < 2; k++) {
		struct sono_plan *plan = must_open(duplex, "alternate",
						   orders[k].by);
		const struct sono_scan *s = plan->scan;

		for (uint32_t i = 0; i < s->events; i++)
			cr_assert_eq(SONO_TAG_ROLE(s->event[i].tag) ==
				     orders[k].first, i < orders[k].change);
		board_must_take(plan, 20000000);
		sono_plan_close(plan);
	}
}

/* Compounded waves: all of a shot, then the next shot. */
Test(plan, plane_ensembles_go_shot_by_shot)
{
	struct sono_plan *plan = must_open(right, NULL, "");

	for (uint32_t i = 0; i < 24; i++)
		cr_assert_eq(plan->scan->event[i].tag,
			     SONO_TAG(SONO_ROLE_COLOUR, i / 3, i % 3));
	sono_plan_close(plan);
}

/* B's pulse is 0.4 us shorter at its front half: it fires as much later. */
Test(plan, pulses_of_all_parts_have_one_centre)
{
	struct sono_plan *plan = must_open(duplex, NULL, "");
	const struct sono_scan *s = plan->scan;

	cr_assert_float_eq(s->pulse_delay, 8 / (4 * 2.5e6), 1e-15);
	for (uint32_t i = 0; i < s->events; i++) {
		const bool b = SONO_TAG_ROLE(s->event[i].tag) == SONO_ROLE_B;
		double least = INFINITY;

		for (uint32_t e = 0; e < s->elements; e++)
			least = fmin(least, s->event[i].delay[e]);
		cr_assert_float_eq(least, b ? 0.4e-6 : 0, 1e-15);
		cr_assert_eq(plan->waveform[i].half_cycles, b ? 4 : 8);
		cr_assert_float_eq(plan->waveform[i].voltage, b ? 60 : 50, 0);
	}
	sono_plan_close(plan);
}

/* B in pairs at half of what is received; colour at what is received. */
Test(plan, pulse_inversion_sends_every_wave_twice)
{
	struct sono_plan *plan = must_open(duplex, "fc_mhz = 2.5;",
		"fc_mhz = 1.5; harmonic = true; inversion = true;");
	const struct sono_scan *s = plan->scan;
	uint32_t pairs = 0;

	cr_assert_float_eq(s->fc, 3e6, 0);
	for (uint32_t i = 0; i < s->events; i++) {
		const bool b = SONO_TAG_ROLE(s->event[i].tag) == SONO_ROLE_B;
		const uint32_t index = SONO_TAG_INDEX(s->event[i].tag);

		cr_assert_float_eq(plan->waveform[i].frequency,
				   b ? 1.5e6 : 3e6, 0);
		cr_assert_eq(plan->waveform[i].inverted, b && index % 2);
		if (!b || !(index % 2))
			continue;
		cr_assert_eq(s->event[i - 1].tag, s->event[i].tag - 1);
		cr_assert_arr_eq(s->event[i].delay, s->event[i - 1].delay,
				 s->elements * sizeof(double));
		pairs++;
	}
	cr_assert_eq(pairs, 4, "also in turn with six ensembles");
	cr_assert_float_eq(plan->rates.nyquist,
			   1540 / (4 * 3e6) * 6000, 1e-4);
	/* the fundamental is where nothing passes */
	cr_assert_leq(plan->params.demod.stop, 1.5e6);
	board_must_take(plan, 20000000);
	sono_plan_close(plan);
}

/* Uniform events: the closed form of the sum, |sin N x| / (N sin x). */
/* Two samples of a line at most two of the record apart, there and back. */
static double apart(const struct sono_scan *s, const struct grid *grid)
{
	return 2 * grid->sample_step * s->fs / s->c;
}

Test(plan, grids_that_are_made_finer_are_told)
{
	struct sono_plan *plan = must_open(right, "samples = 101;",
					   "samples = 101;");
	const struct sono_plan_density coarse = plan->rates.b;
	char text[32];

	cr_assert_eq(coarse.samples, 101);
	cr_assert_gt(coarse.finer, 1);
	cr_assert_not(coarse.slow);
	cr_assert_lt(apart(plan->scan, &plan->params.b.grid) / coarse.finer,
		     2.01);
	sono_plan_close(plan);
	snprintf(text, sizeof(text), "samples = %u;", coarse.enough);
	plan = must_open(right, "samples = 101;", text);
	cr_assert_eq(plan->rates.b.finer, 1);
	cr_assert_leq(apart(plan->scan, &plan->params.b.grid), 2.01);
	sono_plan_close(plan);
	snprintf(text, sizeof(text), "samples = %u;", coarse.enough - 1);
	plan = must_open(right, "samples = 101;", text);
	cr_assert_eq(plan->rates.b.finer, 2);
	cr_assert_gt(apart(plan->scan, &plan->params.b.grid), 2);
	sono_plan_close(plan);
	/* the largest factor is 8 */
	plan = must_open(right, "samples = 101;", "samples = 30;");
	cr_assert_gt(apart(plan->scan, &plan->params.b.grid), 8 * 2.01);
	cr_assert_eq(plan->rates.b.finer, 8);
	cr_assert(plan->rates.b.slow);
	sono_plan_close(plan);
}

Test(plan, compounding_loses_what_moves)
{
	struct sono_plan *plan = must_open(duplex, "count = 4", "count = 7");
	const struct sono_scan *s = plan->scan;
	double x;

	/* B's in six pieces, an ensemble between each: not uniform */
	cr_assert_eq(compound_gain(s, SONO_ROLE_B, 0), 1);
	cr_assert_float_eq(compound_gain(s, SONO_ROLE_B, plan->rates.compound),
			   M_SQRT1_2, 1e-6);
	/* two neighbouring beams, an ensemble and what lies between apart */
	cr_assert_float_eq(compound_gain(s, SONO_ROLE_COLOUR,
					 compound_limit(s, SONO_ROLE_COLOUR)),
			   M_SQRT1_2, 1e-6);
	sono_plan_close(plan);
	plan = must_open(right, NULL, "");
	s = plan->scan;
	for (double v = 0.05; v < 0.4; v += 0.05) {
		x = 2 * M_PI * s->fc * v / s->c * s->event[0].period;
		cr_assert_float_eq(compound_gain(s, SONO_ROLE_COLOUR, v),
				   fabs(sin(3 * x) / (3 * sin(x))), 1e-9);
	}
	x = 2 * M_PI * s->fc * plan->rates.compound / s->c *
	    s->event[0].period;
	cr_assert_float_eq(sin(3 * x) / (3 * sin(x)), M_SQRT1_2, 1e-6);
	sono_plan_close(plan);
	plan = must_open(right, "angles_deg = [ -10.0, 0.0, 5.0 ];",
			 "angles_deg = [ 0.0 ];");
	cr_assert_eq(plan->rates.compound, 0);
	sono_plan_close(plan);
}

/* The window of every part holds the echoes of what it is for. */
Test(plan, windows_are_each_parts_own)
{
	struct sono_plan *plan = must_open(duplex, NULL, "");
	const struct sono_scan *s = plan->scan;

	for (uint32_t i = 0; i < s->events; i++) {
		const struct sono_event *ev = &s->event[i];
		const bool b = SONO_TAG_ROLE(ev->tag) == SONO_ROLE_B;
		const double end = ev->rx_start + ev->samples / s->fs;

		cr_assert_leq(ev->rx_start, b ? 0 : 40e-3 / 1540);
		cr_assert_geq(end, (b ? 250e-3 : 190e-3) / 1540);
		cr_assert_leq(end, (b ? 250e-3 : 190e-3) / 1540 + 12e-6);
	}
	sono_plan_close(plan);
}

/* --- boxes --- */

Test(plan, box_leans_with_its_lines)
{
	struct sono_plan *plan = must_open(linear, NULL, "");
	const struct grid *box = &plan->params.colour.grid;
	const struct ray left = grid_ray(box, 0);
	const struct ray right_ray = grid_ray(box, 10);
	const double lean = -20e-3 * tan(15 * M_PI / 180);

	cr_assert_float_eq(left.x, -2e-3, 1e-12);
	cr_assert_float_eq(left.z, 10e-3, 1e-12);
	cr_assert_float_eq(right_ray.x, 6e-3, 1e-12);
	cr_assert_float_eq(left.x + 60 * left.dx, -2e-3 + lean, 1e-12);
	cr_assert_float_eq(left.z + 60 * left.dz, 30e-3, 1e-12);
	sono_plan_close(plan);
}

Test(plan, box_of_a_sector_shares_its_apex)
{
	struct sono_plan *plan = must_open(duplex, NULL, "");
	const struct grid *box = &plan->params.colour.grid;

	cr_assert_eq(box->shape, GRID_SECTOR);
	cr_assert_eq(box->lines, 11);
	cr_assert_float_eq(box->line0, 5 * M_PI / 180, 1e-12);
	cr_assert_float_eq(box->line0 + 10 * box->line_step, 20 * M_PI / 180,
			   1e-12);
	cr_assert_float_eq(box->sample0, 30e-3, 1e-12);
	cr_assert_float_eq(box->apex_z, plan->params.b.grid.apex_z, 0);
	sono_plan_close(plan);
}

/* --- ECG --- */

Test(plan, ecg_has_room_in_every_frame)
{
	struct sono_plan *plan = must_open(duplex, NULL, "");
	const struct sono_scan *s = plan->scan;
	const size_t aux = s->frame_bytes - s->aux_offset;

	cr_assert_geq(aux, sizeof(struct sono_aux) +
			   2 * ceil(s->frame_period * 1000));
	cr_assert_eq(aux % SONO_ROW_ALIGN, 0);
	cr_assert(plan->params.ecg.on);
	sono_plan_close(plan);
	plan = must_open(beams, NULL, "");
	cr_assert_eq(plan->scan->frame_bytes - plan->scan->aux_offset,
		     SONO_ROW_ALIGN);
	sono_plan_close(plan);
}

/* On a board that has the input the frame's first event waits for it. */
static void expect_trigger(const char *setting, uint32_t feature,
			   uint32_t flag)
{
	const struct sim_limits limits = board_limits(20000000);
	struct sono_info info = board_info(&limits);
	const struct sono_seq_event *ev;
	struct sono_plan *plan;
	char path[32], why[320] = "";

	info.hw_features |= feature;
	write_plan(path, duplex, "ecg = true;", setting);
	cr_assert_eq(sono_plan_open(&plan, path, &info, why, sizeof(why)), 0,
		     "%s", why);
	unlink(path);
	ev = (const void *)((const char *)plan->table.data +
			    sizeof(struct sono_seq_header));
	for (uint32_t i = 0; i < plan->scan->events; i++)
		cr_assert_eq(le32toh(ev[i].flags) &
				     (SONO_EVENT_TRIG_ECG | SONO_EVENT_TRIG_EXT),
			     i ? 0 : flag);
	cr_assert_geq(plan->scan->frame_bytes - plan->scan->aux_offset, 6000);
	sono_plan_close(plan);
}

Test(plan, ecg_triggers_the_first_event)
{
	expect_trigger("ecg = true; trigger = \"ecg\";", SONO_FEAT_TRIG_ECG,
		       SONO_EVENT_TRIG_ECG);
}

Test(plan, external_input_triggers_the_first_event)
{
	expect_trigger("ecg = true; trigger = \"external\";",
		       SONO_FEAT_TRIG_EXT, SONO_EVENT_TRIG_EXT);
}

/* --- wall filters --- */

Test(plan, wall_filter_is_what_is_asked_for)
{
	struct sono_plan *plan = must_open(right, "wall_order = 1;",
		"wall = \"iir\"; wall_order = 3; wall_cutoff_cm_s = 2.5;");
	const struct wall_params *wall = &plan->params.colour.wall;

	cr_assert_eq(wall->kind, WALL_IIR);
	cr_assert_eq(wall->order, 3);
	cr_assert_float_eq(wall->cutoff * plan->rates.nyquist, 2.5e-2, 1e-9);
	cr_assert_eq(wall->start, WALL_PROJECTION);
	sono_plan_close(plan);
	plan = must_open(right, "wall_order = 1;",
			 "wall = \"fir\"; wall_order = 4; wall_cutoff_cm_s = 2;");
	cr_assert_eq(plan->params.colour.wall.kind, WALL_FIR);
	cr_assert_eq(plan->params.colour.wall.order, 4);
	sono_plan_close(plan);
	plan = must_open(right, "wall_order = 1;",
			 "wall = \"svd\"; wall_order = 2;");
	cr_assert_eq(plan->params.colour.wall.kind, WALL_SVD);
	sono_plan_close(plan);
	plan = must_open(right, "wall_order = 1;",
			 "wall = \"iir\"; wall_order = 1; wall_cutoff_cm_s = 1; wall_start = \"step\";");
	cr_assert_eq(plan->params.colour.wall.start, WALL_STEP);
	sono_plan_close(plan);
	plan = must_open(right, NULL, "");
	cr_assert_eq(plan->params.colour.wall.kind, WALL_POLYNOMIAL);
	sono_plan_close(plan);
}

/* --- time --- */

/* Without prf_hz the board's limits set it: one tick less is refused. */
Test(plan, shortest_period_is_the_boards_limit)
{
	struct sono_plan *plan = must_open(right, "	prf_hz = 4000;\n", "");
	const struct sim_limits limits = board_limits(20000000);
	struct sono_info info = board_info(&limits);
	struct sono_table table;
	struct sono_fault fault;

	board_must_take(plan, 20000000);
	cr_assert_float_eq(plan->scan->frame_period, 20e-3, 1e-12);
	for (uint32_t i = 0; i < plan->scan->events; i++)
		plan->scan->event[i].period = 1 / plan->rates.prf - 1e-8;
	cr_assert_eq(sono_sequence_compile(&table, plan->scan, plan->waveform,
					   &info, &fault), -EINVAL);
	cr_assert_eq(fault.code, SONO_SEQ_E_PRI, "%s", fault.why);
	sono_plan_close(plan);
}

Test(plan, interpolation_is_that_of_both_halves)
{
	struct sono_plan *plan = must_open(
		right, "	f_number = 1.5;\n",
		"	f_number = 1.5;\n	interpolation = \"compensated\";\n");

	cr_assert_eq(plan->params.demod.interpolation,
		     INTERPOLATION_COMPENSATED);
	sono_plan_close(plan);
	plan = must_open(right, "	f_number = 1.5;\n",
			 "	f_number = 1.5;\n	interpolation = \"linear\";\n");
	cr_assert_eq(plan->params.demod.interpolation, INTERPOLATION_LINEAR);
	sono_plan_close(plan);
	plan = must_open(right, "	f_number = 1.5;\n",
			 "	f_number = 1.5;\n	interpolation = \"upsampled\";\n");
	cr_assert_eq(plan->params.demod.interpolation,
		     INTERPOLATION_UPSAMPLED);
	sono_plan_close(plan);
}

Test(plan, defaults_need_no_lines)
{
	struct sono_plan *plan = must_open(
		right, "	demodulation: {\n"
		"		pass_mhz = 2;\n"
		"		stop_mhz = 3;\n"
		"	};\n", "");

	cr_assert_float_eq(plan->params.demod.pass, 0, 0);
	cr_assert_eq(plan->params.demod.decimate, 1);
	cr_assert_eq(plan->params.demod.interpolation, INTERPOLATION_LINEAR);
	sono_plan_close(plan);
}

/* --- wrong plans --- */

static const struct wrong {
	const char *find, *by;
	int line;		/* at which it is refused */
	const char *key;	/* named in the reason */
	const char *why;	/* part of the reason */
} wrongs[] = {
	/* syntax */
	{ "pitch_mm = 0.3;", "pitch_mm = ;", 4, "", "syntax error" },
	{ "pitch_mm = 0.3;", "pitch_mm = 0.3; pitch_mm = 0.4;", 4, "",
	  "duplicate" },
	{ "pitch_mm = 0.3;", "@include \"/etc/passwd\"\n", 4, "", "no other file" },
	/* keys */
	{ "pitch_mm = 0.3;", "pitch_mm = 0.3; pich_mm = 0.3;",
	  4, "probe.pich_mm", "no such key" },
	{ "range_db = 60", "dynamic_db = 60", 47, "processing.dynamic_db",
	  "no such key" },
	{ "display: {", "screen: {", 54, "screen", "no such key" },
	{ "		lines = 21;\n", "", 35, "processing.grid.lines", "missing" },
	{ "	c_m_s = 1540;\n", "", 29, "receive.c_m_s", "missing" },
	{ "		fc_mhz = 5;\n", "", 12, "sequence.pulse.fc_mhz",
	  "missing" },
	/* types */
	{ "elements = 64;", "elements = 64.5;", 3, "probe.elements",
	  "a number where a whole number is wanted" },
	{ "pitch_mm = 0.3", "pitch_mm = \"0.3\"", 4, "probe.pitch_mm",
	  "text where a number" },
	{ "colour = true", "colour = 1", 57, "display.colour", "true or false" },
	{ "kind = \"linear\"", "kind = 7", 2, "probe.kind", "text is wanted" },
	{ "kind = \"linear\"", "kind = \"curved\"", 2, "probe.kind",
	  "none of linear, convex, phased" },
	{ "x_mm = [ -10, 10 ]", "x_mm = 10", 39, "processing.grid.x_mm",
	  "a list is wanted" },
	{ "x_mm = [ -10, 10 ]", "x_mm = [ -10, 0, 10 ]",
	  39, "processing.grid.x_mm", "3 numbers" },
	{ "tgc_db = [ 0, 10, 20 ]", "tgc_db = ( 0, \"a\" )",
	  27, "sequence.tgc_db", "text where" },
	{ "window: {\n		start_mm = 2;\n		end_mm = 42;\n	};",
	  "window = 3;", 19, "sequence.window", "a group is wanted" },
	/* ranges */
	{ "elements = 64", "elements = 0", 3, "probe.elements", "not within" },
	{ "elements = 64", "elements = 99999999999L", 3, "probe.elements",
	  "not within" },
	{ "pitch_mm = 0.3", "pitch_mm = -0.3", 4, "probe.pitch_mm",
	  "-0.3 is not within" },
	{ "c_m_s = 1540", "c_m_s = 1e999", 30, "receive.c_m_s", "not within" },
	{ "f_number = 1.5", "f_number = 17", 31, "receive.f_number",
	  "not within" },
	{ "tgc_db = [ 0, 10, 20 ]", "tgc_db = [ 0, 10, 300 ]",
	  27, "sequence.tgc_db", "300 is not within" },
	{ "wall_order = 1", "wall_order = 1023", 49, "processing.doppler.wall_order",
	  "not within" },
	/* waves */
	{ "angles_deg = [ -10.0, 0.0, 5.0 ];", "angles_deg = [ 0.0 ]; count = 3;", 8, "sequence.waves", "either" },
	{ "angles_deg = [ -10.0, 0.0, 5.0 ];", "angles_deg = [ 0.0 ]; max_deg = 3;", 10, "sequence.waves.max_deg",
	  "no meaning" },
	{ "angles_deg = [ -10.0, 0.0, 5.0 ];", "count = 3;",
	  10, "sequence.waves.count", "max_deg" },
	{ "angles_deg = [ -10.0, 0.0, 5.0 ];", "count = 1; max_deg = 3;",
	  10, "sequence.waves.max_deg", "one wave" },
	{ "angles_deg = [ -10.0, 0.0, 5.0 ];", "count = 1; width_deg = 3;", 10, "sequence.waves.width_deg",
	  "diverging waves" },
	{ "kind = \"plane\";", "kind = \"diverging\";", 9, "sequence.waves.kind",
	  "width_deg" },
	{ "kind = \"plane\";", "kind = \"diverging\"; width_deg = 160.0;",
	  9, "sequence.waves.width_deg", "85 degrees" },
	/* receive window */
	{ "end_mm = 42;", "end_mm = 42; samples = 100;", 19, "sequence.window",
	  "either" },
	{ "end_mm = 42;", "end_mm = 42; start_us = 1;",
	  21, "sequence.window.start_us", "no meaning" },
	{ "end_mm = 42;", "samples = 1000;", 20, "sequence.window.start_mm",
	  "no meaning" },
	{ "end_mm = 42;", "end_mm = 1;", 21, "sequence.window.end_mm",
	  "not beyond the start" },
	{ "sampling_mhz = 20.0", "sampling_mhz = 19.0",
	  23, "sequence.sampling_mhz", "no whole division" },
	{ "sampling_mhz = 20.0", "sampling_mhz = 10.0",
	  23, "sequence.sampling_mhz", "fc_mhz" },
	/* physics and board */
	{ "prf_hz = 4000", "prf_hz = 18000", 24, "sequence.prf_hz",
	  "the last echo" },
	{ "prf_hz = 4000", "prf_hz = 30000", 24, "sequence.prf_hz",
	  "the last echo" },
	{ "frame_rate_hz = 50", "frame_rate_hz = 200",
	  25, "sequence.frame_rate_hz", "at most 166.67" },
	{ "frame_rate_hz = 50", "frame_rate_hz = 0.01",
	  25, "sequence.frame_rate_hz", "the board takes" },
	{ "hv_v = 40", "hv_v = 101", 15, "sequence.pulse.hv_v", "0 to 100 V" },
	{ "half_cycles = 3", "half_cycles = 51",
	  14, "sequence.pulse.half_cycles", "duty" },
	{ "elements = 64", "elements = 192", 3, "probe.elements",
	  "128 channels" },
	{ "ensemble = 8", "ensemble = 1024",
	  25, "sequence.frame_rate_hz", "at most" },
	/* processing */
	{ "z_mm = [ 5, 40 ]", "z_mm = [ 40, 5 ]", 40, "processing.grid.z_mm",
	  "5 is not beyond 40" },
	{ "z_mm = [ 5, 40 ]", "z_mm = [ 5, 50 ]", 40, "processing.grid.z_mm",
	  "the receive window ends" },
	{ "z_mm = [ 5, 40 ];", "z_mm = [ 5, 40 ]; angle_deg = [ -5, 5 ];",
	  40, "processing.grid.angle_deg", "linear grid" },
	{ "z_mm = [ 5, 40 ];", "", 35, "processing.grid", "x_mm and z_mm" },
	{ "stop_mhz = 3", "stop_mhz = 1", 44, "processing.demodulation.stop_mhz",
	  "not beyond pass_mhz" },
	{ "stop_mhz = 3", "stop_mhz = 9", 44, "processing.demodulation.stop_mhz",
	  "image" },
	{ "stop_mhz = 3;", "stop_mhz = 3;\ndecimation = 2;",
	  45, "processing.demodulation.decimation",
	  "leaves less than 3.3 samples for a period of fc_mhz" },
	{ "f_number = 1.5;\n	apodisation", "f_number = 0; apodisation",
	  31, "receive.apodisation", "f_number" },
	{ "average_lines = 3", "average_lines = 4",
	  50, "processing.doppler.average_lines", "not odd" },
	{ "average_samples = 5", "average_samples = 2",
	  51, "processing.doppler.average_samples", "not odd" },
	/* what the pipeline takes, and what makes sense */
	{ "lines = 21;\n		samples = 101;",
	  "lines = 4096;\n		samples = 65536;", 38, "processing.grid.samples",
	  "points" },
	{ "x_mm = [ -10, 10 ]", "x_mm = [ -300, 300 ]",
	  39, "processing.grid.x_mm", "first echo of the line at -300 mm" },
	{ "fc_mhz = 5", "fc_mhz = 47", 13, "sequence.pulse.fc_mhz",
	  "one sample per cycle" },
	{ "average_lines = 3", "average_lines = 23",
	  50, "processing.doppler.average_lines", "of 21 lines" },
	{ "wall_order = 1;", "wall_order = 1; of = \"tissue\";",
	  49, "processing.doppler.of", "tissue_db" },
	{ "f_number = 1.5;", "f_number = 1.5; coherence = 4;", 31,
	  "receive.coherence", "wants a boxcar" },
	{ "f_number = 1.5;", "f_number = 1.5; coherence = 33;", 31,
	  "receive.coherence", "an aperture of 64" },
	{ "half_cycles = 3;", "half_cycles = 3; inversion = true;",
	  14, "sequence.pulse.inversion", "cancel each other" },
	{ "fc_mhz = 5;", "fc_mhz = 5; harmonic = true;",
	  23, "sequence.sampling_mhz", "multiple of half" },
	{ "wall_order = 1;", "wall_order = 1; frequency_mhz = 0.1;",
	  49, "processing.doppler.frequency_mhz", "octave" },
	{ "wall_order = 1;",
	  "wall_order = 1; frequency_mhz = 5; estimator = \"loupas\";",
	  49, "processing.doppler.frequency_mhz", "no meaning" },
	/* colour */
	{ "ensemble = 8", "ensemble = 1", 57, "display.colour", "2 or more" },
	{ "ensemble = 8", "ensemble = 2", 49, "processing.doppler.wall_order",
	  "leaves nothing" },
	/* wall filters */
	{ "wall_order = 1;", "wall_order = 1; wall = \"median\";",
	  49, "processing.doppler.wall", "none of" },
	{ "wall_order = 1;", "wall_order = 7;", 49,
	  "processing.doppler.wall_order", "order 7 leaves nothing of 8" },
	{ "wall_order = 1;", "wall_order = -2;", 49,
	  "processing.doppler.wall_order", "not within" },
	{ "wall_order = 1;", "wall = \"fir\"; wall_order = 3; wall_cutoff_cm_s = 2;",
	  49, "processing.doppler.wall_order", "3 is not 2 to 30, and even" },
	{ "wall_order = 1;", "wall = \"fir\"; wall_order = 2;",
	  48, "processing.doppler.wall_cutoff_cm_s", "missing" },
	{ "wall_order = 1;", "wall = \"iir\"; wall_order = 2;",
	  48, "processing.doppler.wall_cutoff_cm_s", "missing" },
	{ "wall_order = 1;", "wall = \"iir\"; wall_order = 5; wall_cutoff_cm_s = 2;",
	  49, "processing.doppler.wall_order", "5 is not 1 to 4" },
	{ "wall_order = 1;", "wall = \"iir\"; wall_order = 2;\nwall_cutoff_cm_s = 60;",
	  50, "processing.doppler.wall_cutoff_cm_s", "Nyquist velocity" },
	{ "wall_order = 1;", "wall = \"iir\"; wall_order = 2; wall_cutoff_cm_s = 2;\nwall_start = \"warm\";",
	  50, "processing.doppler.wall_start", "none of" },
	{ "wall_order = 1;", "wall_order = 1; wall_cutoff_cm_s = 2;",
	  49, "processing.doppler.wall_cutoff_cm_s", "no meaning" },
	{ "wall_order = 1;", "wall = \"svd\"; wall_order = 1; wall_start = \"step\";",
	  49, "processing.doppler.wall_start", "no meaning" },
	{ "wall_order = 1;", "wall = \"svd\"; wall_order = 0;",
	  49, "processing.doppler.wall_order", "0 is not 1 to 8" },
	{ "wall_order = 1;", "wall = \"svd\"; wall_order = 7;",
	  49, "processing.doppler.wall_order", "leaves nothing" },
	{ "wall_order = 1;", "wall_order = 1; packet_frames = 2;",
	  25, "sequence.frame_rate_hz", "no uniform" },
};

/* The same on the other right plans. */
static const struct wrong wrong_duplexes[] = {
	{ "fc_mhz = 2.5;", "fc_mhz = 2.1; harmonic = true;", 9,
	  "sequence.pulse.harmonic", "reach the image at 1.6 MHz" },
	/* parts and their order */
	{ "	order = \"alternate\";\n", "", 13, "sequence.order", "missing" },
	{ "order = \"alternate\";", "order = \"colour\";", 26, "sequence.order",
	  "none of b-colour" },
	{ "order = \"alternate\";", "order = \"b-colour\"; ensemble = 4;",
	  26, "sequence.ensemble", "beside" },
	{ "kind = \"focused\";\n			count = 6;\n			range_deg = [ 5.0, 20.0 ];\n			focus_mm = 60;",
	  "kind = \"plane\"; angles_deg = [ 10.0 ];\n\n\n", 26, "sequence.order",
	  "several ensembles" },
	{ "		ensemble = 8;\n", "", 13, "sequence.colour.ensemble", "missing" },
	{ "ensemble = 8;", "ensemble = 1;", 23, "sequence.colour.ensemble",
	  "not within" },
	{ "prf_hz = 6000;", "prf_hz = 7900;", 24, "sequence.colour.prf_hz",
	  "the last echo" },
	{ "prf_hz = 4000;", "prf_hz = 6000;", 12, "sequence.prf_hz",
	  "the last echo" },
	{ "prf_hz = 4000;", "frame_rate_hz = 120;", 12, "sequence.frame_rate_hz",
	  "at most" },
	/* waves of colour */
	{ "range_deg = [ 5.0, 20.0 ]", "range_deg = [ 20.0, 5.0 ]",
	  17, "sequence.colour.waves.range_deg", "5 is not beyond 20" },
	{ "range_deg = [ 5.0, 20.0 ]", "range_mm = [ 5.0, 20.0 ]",
	  17, "sequence.colour.waves.range_mm", "positions" },
	{ "range_deg = [ 5.0, 20.0 ];", "range_deg = [ 5.0, 20.0 ]; max_deg = 9;",
	  17, "sequence.colour.waves.range_deg", "other extent" },
	{ "count = 6;", "count = 1;", 17, "sequence.colour.waves.range_deg",
	  "one wave" },
	{ "count = 6;", "angles_deg = [ 3.0 ];",
	  17, "sequence.colour.waves.range_deg", "a list" },
	{ "count = 6;", "steer_deg = 3; count = 6;",
	  16, "sequence.colour.waves.steer_deg", "positions" },
	{ "			focus_mm = 60;\n", "", 15, "sequence.colour.waves.kind",
	  "focus_mm" },
	{ "focus_mm = 60;", "focus_mm = 100;",
	  18, "sequence.colour.waves.focus_mm", "receive window" },
	{ "kind = \"diverging\";", "kind = \"diverging\"; focus_mm = 60;",
	  4, "sequence.waves.focus_mm", "focused" },
	{ "kind = \"diverging\";", "kind = \"diverging\"; f_number = 3;",
	  4, "sequence.waves.f_number", "focused" },
	/* pulse, window and link of colour */
	{ "hv_v = 50;", "hv_v = 101;", 21, "sequence.colour.pulse.hv_v", "100 V" },
	{ "hv_v = 50;", "hv_v = 50; fc_mhz = 3;", 21,
	  "sequence.colour.pulse.fc_mhz", "no such key" },
	{ "half_cycles = 8;", "half_cycles = 30;",
	  20, "sequence.colour.pulse.half_cycles", "duty" },
	{ "end_mm = 95;", "end_mm = 10;", 22, "sequence.colour.window.end_mm",
	  "not beyond the start" },
	{ "end_mm = 95;", "samples = 600;",
	  22, "sequence.colour.window.start_mm", "no meaning" },
	/* the box */
	{ "angle_deg = [ 5, 20 ]", "angle_deg = [ 5, 31 ]",
	  40, "processing.doppler.box.angle_deg", "outside the B picture" },
	{ "range_mm = [ 30, 90 ]", "range_mm = [ 5, 90 ]",
	  41, "processing.doppler.box.range_mm", "outside the B picture" },
	{ "range_mm = [ 30, 90 ]", "range_mm = [ 30, 110 ]",
	  41, "processing.doppler.box.range_mm", "the receive window ends" },
	{ "range_mm = [ 30, 90 ]", "range_mm = [ 90, 30 ]",
	  41, "processing.doppler.box.range_mm", "not beyond" },
	{ "range_mm = [ 30, 90 ];", "", 38, "processing.doppler.box",
	  "angle_deg and range_mm" },
	{ "range_mm = [ 30, 90 ];", "range_mm = [ 30, 90 ]; x_mm = [ 0, 9 ];",
	  41, "processing.doppler.box.x_mm", "sector" },
	{ "range_mm = [ 30, 90 ];", "range_mm = [ 30, 90 ]; steer_deg = 5;",
	  41, "processing.doppler.box.steer_deg", "sector" },
	{ "		box: {\n			lines = 11; samples = 61;\n			angle_deg = [ 5, 20 ];\n			range_mm = [ 30, 90 ];\n		};\n",
	  "", 37, "processing.doppler", "the receive window ends" },
	{ "wall_order = 1;", "wall_order = 7;",
	  43, "processing.doppler.wall_order", "leaves nothing" },
	{ "wall_order = 1;", "wall_order = 1; packet_frames = 2;",
	  43, "processing.doppler.packet_frames", "no uniform" },
	/* ECG and display */
	{ "ecg = true;", "trigger = \"ecg\";", 27, "sequence.trigger",
	  "no ECG trigger" },
	{ "ecg = true;", "trigger = \"external\";", 27, "sequence.trigger",
	  "no external trigger" },
	{ "ecg = true;", "trigger = \"pulse\";", 27, "sequence.trigger",
	  "none of free, ecg, external" },
	{ "	ecg = true;\n};\nreceive", "};\nreceive", 48, "display.ecg",
	  "sequence.ecg" },
	{ "colour = true;", "map = \"rainbow\";", 48, "display.map", "none of" },
	{ "colour = true;", "baseline = 2;", 48, "display.baseline",
	  "not within" },
	{ "colour = true;", "sweep_mm_s = 0;", 48, "display.sweep_mm_s",
	  "not within" },
};

static const struct wrong wrong_beams[] = {
	/* the probe */
	{ "	radius_mm = 50;\n", "", 2, "probe.kind", "radius_mm" },
	{ "	pitch_mm = 0.5;\n", "", 1, "probe", "either" },
	{ "pitch_mm = 0.5;", "pitch_mm = 0.5; field_deg = 60;", 1, "probe",
	  "either" },
	{ "pitch_mm = 0.5;", "pitch_mm = 3;", 5, "probe.pitch_mm",
	  "half a circle" },
	{ "kind = \"convex\"", "kind = \"phased\"", 4, "probe.radius_mm",
	  "flat" },
	{ "kind = \"convex\";\n	elements = 64;\n	radius_mm = 50;",
	  "kind = \"phased\"; elements = 64;\n\n	field_deg = 30;", 4,
	  "probe.field_deg", "flat" },
	{ "kind = \"convex\";\n	elements = 64;\n	radius_mm = 50;\n	pitch_mm = 0.5;",
	  "kind = \"phased\"; elements = 64;\n\n\n", 1, "probe.pitch_mm",
	  "missing" },
	/* beams */
	{ "max_deg = 17;", "max_deg = 19;", 8, "sequence.waves",
	  "beside the probe" },
	{ "max_deg = 17;", "max_mm = 17;", 11, "sequence.waves.max_mm",
	  "positions" },
	{ "focus_mm = 50;", "focus_mm = 120;", 12, "sequence.waves.focus_mm",
	  "receive window" },
	{ "focus_mm = 50;", "focus_mm = 50; width_deg = 9;",
	  12, "sequence.waves.width_deg", "diverging" },
	{ "frame_rate_hz = 50;", "frame_rate_hz = 500;",
	  18, "sequence.frame_rate_hz", "M lines allow at most" },
	/* M lines */
	{ "lines_hz = 990;", "lines_hz = 4000;", 21, "sequence.m.lines_hz",
	  "a B event" },
	{ "lines_hz = 990;", "lines_hz = 9000;", 21, "sequence.m.lines_hz",
	  "one alone" },
	{ "		lines_hz = 990;\n", "", 19, "sequence.m.lines_hz", "missing" },
	{ "lines_hz = 990;", "lines_hz = 990; prf_hz = 5000;",
	  21, "sequence.m.prf_hz", "without an ensemble" },
	{ "lines_hz = 990;", "lines_hz = 990; ensemble = 16;",
	  21, "sequence.m.lines_hz", "one alone" },
	{ "lines_hz = 990;", "lines_hz = 300; ensemble = 8; prf_hz = 9000;",
	  21, "sequence.m.prf_hz", "last echo of the window" },
	{ "display: { width = 400;", "display: { m_colour = true; width = 400;",
	  38, "display.m_colour", "processing.m.doppler" },
	{ "		samples = 101;\n	};\n};\ndisplay: {",
	  "		samples = 101;\n	doppler: { wall_order = 1; };\n};};\ndisplay: { m_colour = true;",
	  38, "display.m_colour", "an ensemble" },
	{ "frame_rate_hz = 50;", "trigger = \"ecg\";", 18, "sequence.trigger",
	  "equal times" },
	{ "frame_rate_hz = 50;", "ensemble = 16;", 21, "sequence.m.lines_hz",
	  "no uniform PRI" },
	{ "frame_rate_hz = 50;", "frame_rate_hz = 0.2;",
	  21, "sequence.m.lines_hz", "4950 lines" },
	{ "focus_mm = 60; };", "focus_mm = 60; count = 3; };",
	  20, "sequence.m.waves.count", "no such key" },
	{ "focus_mm = 60; };", "};", 20, "sequence.m.waves.kind", "focus_mm" },
	{ "focus_mm = 60; };", "focus_mm = 110; };",
	  20, "sequence.m.waves.focus_mm", "receive window" },
	{ "angle_deg = 8;", "angle_deg = 20;", 20, "sequence.m.waves",
	  "beside the probe" },
	{ "angle_deg = 8;", "x_mm = 2;", 33, "processing.m.x_mm",
	  "linear probe" },
	{ "depth_mm = [ 5, 100 ];", "depth_mm = [ 5, 110 ];",
	  34, "processing.m.depth_mm", "the receive window ends" },
	{ "depth_mm = [ 5, 100 ];", "depth_mm = [ 50, 10 ];",
	  34, "processing.m.depth_mm", "not beyond" },
	{ "		depth_mm = [ 5, 100 ];\n", "", 32, "processing.m.depth_mm",
	  "missing" },
	{ "	m: {\n		angle_deg = 8;\n		depth_mm = [ 5, 100 ];\n		samples = 101;\n	};\n",
	  "", 19, "sequence.m", "processing.m" },
};

static const struct wrong wrong_spectrals[] = {
	{ "		prf_hz = 4990;\n", "", 8, "sequence.pw.prf_hz", "missing" },
	{ "prf_hz = 4990;", "prf_hz = 25000;", 12, "sequence.pw.prf_hz",
	  "one alone" },
	{ "prf_hz = 4990;", "prf_hz = 10000;", 12, "sequence.pw.prf_hz",
	  "a B event" },
	{ "prf_hz = 4990;", "prf_hz = 4990; lines = 64;",
	  12, "sequence.pw.lines", "\"update\"" },
	{ "prf_hz = 4990;", "prf_hz = 4990; interleave = \"update\";",
	  12, "sequence.pw.lines", "missing" },
	{ "prf_hz = 4990;", "prf_hz = 4990; interleave = \"update\"; lines = 8;",
	  12, "sequence.pw.lines", "16 to 4096" },
	{ "prf_hz = 4990;", "prf_hz = 4990; interleave = \"mixed\";",
	  12, "sequence.pw.interleave", "simultaneous, update" },
	{ "prf_hz = 4990;",
	  "prf_hz = 25000; interleave = \"update\"; lines = 64;",
	  12, "sequence.pw.prf_hz", "last echo of the window" },
	{ "max_deg = 8; };\n", "max_deg = 8; };\nprf_hz = 15000; pw_ = 1;",
	  4, "sequence.pw_", "no such key" },
	{ "count = 5; max_deg = 8; };\n"
	  "	pulse: { fc_mhz = 5; half_cycles = 4; hv_v = 50; };\n"
	  "	window: { end_mm = 45; };\n"
	  "	sampling_mhz = 20;\n"
	  "	frame_rate_hz = 25;\n"
	  "	pw: {\n",
	  "count = 1; };\n"
	  "	pulse: { fc_mhz = 5; half_cycles = 4; hv_v = 50; };\n"
	  "	window: { end_mm = 45; };\n"
	  "	sampling_mhz = 20;\n"
	  "\n"
	  "	pw: { interleave = \"update\"; lines = 64;\n",
	  8, "sequence.pw.interleave", "no pause" },
	{ "frame_rate_hz = 25;", "trigger = \"ecg\";", 7, "sequence.trigger",
	  "PW lines" },
	{ "frame_rate_hz = 25;",
	  "m: { waves: { kind = \"plane\"; }; lines_hz = 500; };",
	  8, "sequence.pw", "equal times" },
	{ "frame_rate_hz = 25;", "frame_rate_hz = 1;",
	  12, "sequence.pw.prf_hz", "4990 lines" },
	{ "{ kind = \"plane\"; };", "{ kind = \"plane\"; count = 2; };",
	  9, "sequence.pw.waves.count", "no such key" },
	{ "half_cycles = 8;", "fc_mhz = 4;", 10, "sequence.pw.pulse.fc_mhz",
	  "no such key" },
	{ "half_cycles = 8;", "hv_v = 500;", 10, "sequence.pw.pulse.hv_v",
	  "V" },
	{ "x_mm = 3;", "x_mm = 11;", 9, "sequence.pw.waves",
	  "beside the probe" },
	{ "		depth_mm = 20;\n", "", 23, "processing.pw.depth_mm",
	  "missing" },
	{ "depth_mm = 20;", "depth_mm = 30;", 25, "processing.pw.depth_mm",
	  "the receive window ends" },
	{ "depth_mm = 20;", "depth_mm = 1;", 26, "processing.pw.gate_mm",
	  "before the probe" },
	{ "flow_deg = -50;", "flow_deg = 85;", 27, "processing.pw.flow_deg",
	  "-80 to 80" },
	{ "wall_cutoff_cm_s = 5;", "wall_cutoff_cm_s = 70;",
	  29, "processing.pw.wall_cutoff_cm_s", "Nyquist" },
	{ "window = 64;", "window = 200; fft = 128;",
	  30, "processing.pw.window", "more than fft" },
	{ "window = 64;", "fft = 200;", 30, "processing.pw.fft", "128 or 256" },
	{ "window = 64;", "trace_columns = 4;",
	  30, "processing.pw.trace_columns", "not odd" },
	{ "pw_baseline = -0.5;", "pw_trace = \"all\";",
	  33, "display.pw_trace", "none, peak, mean, both" },
	{ "height = 300;", "height = 16300;", 33, "display.height",
	  "with its strips" },
};

static const struct wrong wrong_linears[] = {
	{ "max_mm = 8;", "max_deg = 8;", 6, "sequence.waves.max_deg",
	  "positions" },
	{ "count = 9;\n		max_mm = 8;", "angles_deg = [ 1.0 ];\n",
	  5, "sequence.waves.angles_deg", "positions" },
	{ "max_mm = 8;", "range_deg = [ 1.0, 2.0 ];",
	  6, "sequence.waves.range_deg", "positions" },
	{ "max_mm = 8;", "max_mm = 11;", 3, "sequence.waves",
	  "beside the probe" },
	{ "max_mm = 8;", "", 5, "sequence.waves.count", "max_mm" },
	{ "count = 9;\n		max_mm = 8;", "positions_mm = [ 1.0 ]; count = 2;\n",
	  3, "sequence.waves", "positions_mm" },
	{ "f_number = 2;", "f_number = 100;", 9, "sequence.waves.f_number",
	  "with 1 elements" },
	{ "sampling_mhz = 20;", "sampling_mhz = 20; order = \"b-colour\";",
	  13, "sequence.order", "without" },
	{ "x_mm = [ -2, 6 ]", "x_mm = [ -5, 6 ]",
	  26, "processing.doppler.box.x_mm", "outside the B picture" },
	{ "x_mm = [ -2, 6 ]", "angle_deg = [ -2, 6 ]",
	  26, "processing.doppler.box.angle_deg", "linear grid" },
	{ "z_mm = [ 10, 30 ]", "z_mm = [ 10, 41 ]",
	  27, "processing.doppler.box.z_mm", "outside the B picture" },
	{ "z_mm = [ 10, 30 ];", "", 24, "processing.doppler.box",
	  "x_mm and z_mm" },
	{ "packet_frames = 8;", "packet_frames = 65; wall = \"svd\";",
	  30, "processing.doppler.wall", "more than 64 images" },
	{ "packet_frames = 8;", "packet_frames = 2;",
	  31, "processing.doppler.wall_order", "leaves nothing" },
};

static const struct {
	const char *text;
	const struct wrong *wrong;
	size_t count;
} wrong_plans[] = {
	{ right, wrongs, sizeof(wrongs) / sizeof(*wrongs) },
	{ duplex, wrong_duplexes,
	  sizeof(wrong_duplexes) / sizeof(*wrong_duplexes) },
	{ beams, wrong_beams, sizeof(wrong_beams) / sizeof(*wrong_beams) },
	{ spectral, wrong_spectrals,
	  sizeof(wrong_spectrals) / sizeof(*wrong_spectrals) },
	{ linear, wrong_linears,
	  sizeof(wrong_linears) / sizeof(*wrong_linears) },
};

static void expect_refusal(const char *text, const struct wrong *w)
{
	struct sono_plan *plan;
	char path[32], why[320] = "", head[64];
	int ret;

	write_plan(path, text, w->find, w->by);
	ret = board_open_plan(&plan, path, 20000000, why, sizeof(why));
	cr_expect_eq(ret, -EINVAL, "\"%s\": %d", w->by, ret);
	cr_expect(strstr(why, w->why), "\"%s\": %s", w->by, why);
	if (*w->key)
		snprintf(head, sizeof(head), "%s:%d: %s: ", path, w->line, w->key);
	else
		snprintf(head, sizeof(head), "%s:%d: ", path, w->line);
	cr_expect_eq(strncmp(why, head, strlen(head)), 0,
		     "\"%s\": wanted \"%s\", is \"%s\"", w->by, head, why);
	unlink(path);
}

/* What only the pipeline finds is told with the line of a group, at least. */
Test(plan, pipeline_blames_the_plan)
{
	struct sono_plan *plan = must_open(right, "stop_mhz = 3",
					   "stop_mhz = 2.0000001");
	struct pipeline *pipeline;
	const char *reason = "";
	char why[320], want[64];

	cr_assert_eq(pipeline_create(&pipeline, plan->scan, &plan->params,
				     &reason), -EINVAL);
	sono_plan_blame(plan, reason, why, sizeof(why));
	snprintf(want, sizeof(want), "%s:42: processing.demodulation: ",
		 plan->path);
	cr_assert_eq(strncmp(why, want, strlen(want)), 0, "%s", why);
	sono_plan_blame(plan, "grid: no", why, sizeof(why));
	cr_assert(strstr(why, ":35: processing.grid: no"), "%s", why);
	sono_plan_blame(plan, "none of these", why, sizeof(why));
	cr_assert(strstr(why, ": none of these"), "%s", why);
	sono_plan_close(plan);
}

Test(plan, wrong_ones_are_refused_by_line_and_key)
{
	size_t plans = 0;

	for (size_t k = 0; k < sizeof(wrong_plans) / sizeof(*wrong_plans); k++)
		for (size_t i = 0; i < wrong_plans[k].count; i++, plans++)
			expect_refusal(wrong_plans[k].text,
				       &wrong_plans[k].wrong[i]);
	cr_assert_geq(plans, 120);
}

static void expect_cuts_refused(const char *text)
{
	for (size_t n = 0; n + 3 < strlen(text); n++) {
		struct sono_plan *plan = NULL;
		char path[32], why[320] = "";
		FILE *file;

		strcpy(path, "/tmp/test_plan.XXXXXX");
		file = fdopen(mkstemp(path), "w");
		fwrite(text, 1, n, file);
		fclose(file);
		cr_assert_eq(board_open_plan(&plan, path, 20000000, why,
					     sizeof(why)),
			     -EINVAL, "%zu bytes", n);
		cr_assert_eq(strncmp(why, path, strlen(path)), 0, "%s", why);
		unlink(path);
	}
}

/* Whatever is cut off, the rest is refused and no memory is lost. */
Test(plan, every_cut_is_refused)
{
	for (size_t k = 0; k < sizeof(wrong_plans) / sizeof(*wrong_plans); k++)
		expect_cuts_refused(wrong_plans[k].text);
}

/* Lists in lists, as many as fit a plan. */
Test(plan, depth_is_no_danger)
{
	struct sono_plan *plan;
	char path[32], why[320] = "";
	FILE *file;

	strcpy(path, "/tmp/test_plan.XXXXXX");
	file = fdopen(mkstemp(path), "w");
	fputs("probe = ", file);
	for (int i = 0; i < 1000000; i++)
		fputc('(', file);
	fclose(file);
	cr_assert_eq(board_open_plan(&plan, path, 20000000, why, sizeof(why)),
		     -EINVAL);
	cr_assert_eq(strncmp(why, path, strlen(path)), 0, "%s", why);
	unlink(path);
}

Test(plan, missing_or_binary_file_is_named)
{
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(board_open_plan(&plan, "/tmp/none.plan", 20000000, why,
				     sizeof(why)),
		     -ENOENT);
	cr_assert(strstr(why, "/tmp/none.plan"), "%s", why);
	cr_assert_eq(board_open_plan(&plan, "/dev/zero", 20000000, why,
				     sizeof(why)),
		     -EINVAL);
	cr_assert_eq(board_open_plan(&plan, "/tmp", 20000000, why, sizeof(why)),
		     -EISDIR);
}

/* What the compiler says of velocity is what the pipeline will find. */
Test(plan, pipeline_finds_the_interval_that_rates_say)
{
	for (size_t k = 0; k < sizeof(wrong_plans) / sizeof(*wrong_plans); k++) {
		struct sono_plan *plan = must_open(wrong_plans[k].text, NULL,
						   "");
		const double v = plan->rates.nyquist;
		struct pipeline *pipeline;
		const char *reason = "";

		cr_assert_eq(pipeline_create(&pipeline, plan->scan,
					     &plan->params, &reason), 0,
			     "plan %zu: %s", k, reason);
		if (v > 0)
			cr_assert_float_eq(pipeline_interval(pipeline) * v,
				plan->scan->c / (4 * plan->scan->fc), 1e-12);
		pipeline_destroy(pipeline);
		sono_plan_close(plan);
	}
}

// SPDX-License-Identifier: MIT
/*
 * Plans: what they become, and every way to write a wrong one. A wrong plan
 * is the right one below with a piece replaced; the reason must name the
 * file, the line of the piece and the key.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "plan.h"
#include "seq.h"

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

/* A right plan, or one with its first @find replaced by @by, in a file. */
static void write_plan(char *path, const char *find, const char *by)
{
	const char *at = find ? strstr(right, find) : right;
	const size_t length = find ? strlen(find) : 0;
	int fd;
	FILE *file;

	cr_assert(at, "the plan has no \"%s\"", find);
	strcpy(path, "/tmp/test_plan.XXXXXX");
	fd = mkstemp(path);
	file = fdopen(fd, "w");
	fprintf(file, "%.*s%s%s", (int)(at - right), right, by, at + length);
	fclose(file);
}

static int open_on(struct sono_plan **plan, const char *path,
		   uint32_t adc_clock, char *why, size_t why_bytes)
{
	const struct sim_limits limits = board_limits(adc_clock);
	const struct sono_info info = board_info(&limits);

	return sono_plan_open(plan, path, &info, why, why_bytes);
}

/* The right plan, with a piece replaced, must open. */
static struct sono_plan *must_open(const char *find, const char *by)
{
	struct sono_plan *plan = NULL;
	char path[32], why[320] = "";

	write_plan(path, find, by);
	cr_assert_eq(open_on(&plan, path, 20000000, why, sizeof(why)), 0, "%s",
		     why);
	unlink(path);
	return plan;
}

static void expect_board_takes(const struct sono_plan *plan,
			       uint32_t adc_clock)
{
	const struct sim_limits limits = board_limits(adc_clock);
	struct sim_seq *seq = NULL;
	uint32_t event;
	int code = sim_seq_parse(&seq, &limits, plan->table.data,
				 plan->table.bytes, &event);

	cr_assert_eq(code, SONO_SEQ_OK, "code %d, event %u", code, event);
	cr_assert_eq(seq->frame_bytes, plan->scan->frame_bytes);
	sim_seq_free(seq);
}

Test(plan, becomes_scan_table_and_parameters)
{
	struct sono_plan *plan = must_open(NULL, "");
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
	expect_board_takes(plan, 20000000);
	sono_plan_close(plan);
}

/* delay(x) is x sin(angle) / c, shifted to start at 0. */
Test(plan, steers_plane_waves)
{
	struct sono_plan *plan = must_open(NULL, "");

	for (uint32_t i = 0; i < 24; i++) {
		static const double deg[] = { -10, 0, 5 };
		const double slope = sin(deg[i % 3] * M_PI / 180) / 1540;
		const struct sono_scan *s = plan->scan;
		const double first = slope < 0 ? s->element[63].x :
						 s->element[0].x;

		for (uint32_t e = 0; e < 64; e++)
			cr_assert_float_eq(s->event[i].delay[e],
					   slope * (s->element[e].x - first),
					   1e-15);
	}
	sono_plan_close(plan);
}

/* Straight lines from one point through the ends of the array. */
Test(plan, diverging_waves_come_from_one_point)
{
	struct sono_plan *plan = must_open(
		"kind = \"plane\";\n		angles_deg = [ -10.0, 0.0, 5.0 ]",
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
				1540, 1e-15);
	}
	/* tilted to the left, the right end fires first */
	cr_assert_gt(plan->scan->event[0].delay[0],
		     plan->scan->event[0].delay[63]);
	sono_plan_close(plan);
}

/* Without prf_hz the board's limits set it: one tick less is refused. */
Test(plan, shortest_period_is_the_boards_limit)
{
	struct sono_plan *plan = must_open("	prf_hz = 4000;\n", "");
	const struct sim_limits limits = board_limits(20000000);
	struct sono_info info = board_info(&limits);
	struct sono_table table;
	struct sono_fault fault;

	expect_board_takes(plan, 20000000);
	cr_assert_float_eq(plan->scan->frame_period, 20e-3, 1e-12);
	for (uint32_t i = 0; i < plan->scan->events; i++)
		plan->scan->event[i].period = 1 / plan->rates.prf - 1e-8;
	cr_assert_eq(sono_sequence_compile(&table, plan->scan, plan->waveform,
					   &info, &fault), -EINVAL);
	cr_assert_eq(fault.code, SONO_SEQ_E_PRI, "%s", fault.why);
	sono_plan_close(plan);
}

Test(plan, defaults_need_no_lines)
{
	struct sono_plan *plan = must_open(
		"	demodulation: {\n"
		"		pass_mhz = 2;\n"
		"		stop_mhz = 3;\n"
		"	};\n", "");

	cr_assert_float_eq(plan->params.demod.pass, 0, 0);
	cr_assert_eq(plan->params.demod.decimate, 1);
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
	  "none of linear, phased" },
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
	{ "wall_order = 1", "wall_order = 8", 49, "processing.doppler.wall_order",
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
	  "plane waves" },
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
	{ "stop_mhz = 3;", "stop_mhz = 3; decimation = 5;",
	  44, "processing.demodulation.decimation", "4 MHz" },
	{ "f_number = 1.5;\n	apodisation", "f_number = 0; apodisation",
	  31, "receive.apodisation", "f_number" },
	{ "average_lines = 3", "average_lines = 4",
	  50, "processing.doppler.average_lines", "not odd" },
	{ "average_samples = 5", "average_samples = 2",
	  51, "processing.doppler.average_samples", "not odd" },
	/* colour */
	{ "ensemble = 8", "ensemble = 1", 57, "display.colour", "2 or more" },
	{ "ensemble = 8", "ensemble = 2", 49, "processing.doppler.wall_order",
	  "leaves nothing" },
	{ "wall_order = 1;", "wall_order = 1; packet_frames = 2;",
	  25, "sequence.frame_rate_hz", "no uniform" },
};

#define WRONGS (sizeof(wrongs) / sizeof(*wrongs))

static void expect_refusal(const struct wrong *w)
{
	struct sono_plan *plan;
	char path[32], why[320] = "", head[64];
	int ret;

	write_plan(path, w->find, w->by);
	ret = open_on(&plan, path, 20000000, why, sizeof(why));
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

Test(plan, wrong_ones_are_refused_by_line_and_key)
{
	for (size_t i = 0; i < WRONGS; i++)
		expect_refusal(&wrongs[i]);
}

/* Whatever is cut off, the rest is refused and no memory is lost. */
Test(plan, every_cut_is_refused)
{
	for (size_t n = 0; n + 3 < sizeof(right) - 1; n++) {
		struct sono_plan *plan = NULL;
		char path[32], why[320] = "";
		FILE *file;

		strcpy(path, "/tmp/test_plan.XXXXXX");
		file = fdopen(mkstemp(path), "w");
		fwrite(right, 1, n, file);
		fclose(file);
		cr_assert_eq(open_on(&plan, path, 20000000, why, sizeof(why)),
			     -EINVAL, "%zu bytes", n);
		cr_assert_eq(strncmp(why, path, strlen(path)), 0, "%s", why);
		unlink(path);
	}
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
	cr_assert_eq(open_on(&plan, path, 20000000, why, sizeof(why)),
		     -EINVAL);
	cr_assert_eq(strncmp(why, path, strlen(path)), 0, "%s", why);
	unlink(path);
}

Test(plan, missing_or_binary_file_is_named)
{
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(open_on(&plan, "/tmp/none.plan", 20000000, why,
			     sizeof(why)), -ENOENT);
	cr_assert(strstr(why, "/tmp/none.plan"), "%s", why);
	cr_assert_eq(open_on(&plan, "/dev/zero", 20000000, why, sizeof(why)),
		     -EINVAL);
	cr_assert_eq(open_on(&plan, "/tmp", 20000000, why, sizeof(why)),
		     -EISDIR);
}

/* --- presets --- */

static const struct preset {
	const char *path;
	uint32_t adc_clock;
	uint32_t events;
	double frame_rate, nyquist;
} presets[] = {
	{ "userspace/presets/linear-b.plan", 20832000, 11, 50, 0 },
	{ "userspace/presets/cardiac-b.plan", 10880000, 7, 100, 0 },
	{ "userspace/presets/disk.plan", 20000000, 32, 10, 0.74 },
};

#define PRESETS (sizeof(presets) / sizeof(*presets))

Test(plan, presets_run_on_the_board_and_in_the_pipeline)
{
	for (size_t i = 0; i < PRESETS; i++) {
		const struct preset *p = &presets[i];
		struct pipeline *pipeline;
		struct sono_plan *plan;
		const char *reason = "";
		char why[320] = "";

		cr_assert_eq(open_on(&plan, p->path, p->adc_clock, why,
				     sizeof(why)), 0, "%s", why);
		cr_assert_eq(plan->scan->events, p->events);
		cr_assert_float_eq(plan->rates.frame_rate, p->frame_rate, 1e-6);
		cr_assert_float_eq(plan->rates.nyquist, p->nyquist, 1e-6);
		expect_board_takes(plan, p->adc_clock);
		cr_assert_eq(pipeline_create(&pipeline, plan->scan,
					     &plan->params, &reason), 0, "%s",
			     reason);
		pipeline_destroy(pipeline);
		sono_plan_close(plan);
	}
}

/* No preset escapes the table above. */
Test(plan, every_preset_is_tested)
{
	DIR *dir = opendir("userspace/presets");
	struct dirent *entry;

	cr_assert(dir);
	while ((entry = readdir(dir))) {
		size_t i = 0;

		if (!strstr(entry->d_name, ".plan"))
			continue;
		while (i < PRESETS && !strstr(presets[i].path, entry->d_name))
			i++;
		cr_assert_lt(i, PRESETS, "%s", entry->d_name);
	}
	closedir(dir);
}

/* The recorded disk was sampled so: any other window would not be its own. */
Test(plan, disk_window_is_the_recordings)
{
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(open_on(&plan, "userspace/presets/disk.plan", 20000000,
			     why, sizeof(why)), 0, "%s", why);
	for (uint32_t i = 0; i < plan->scan->events; i++) {
		cr_assert_eq(plan->scan->event[i].samples, 334);
		cr_assert_float_eq(plan->scan->event[i].rx_start, 9.95e-6,
				   1e-15);
	}
	cr_assert_float_eq(plan->scan->fs, 20e6 / 3, 1e-6);
	cr_assert_float_eq(plan->scan->pulse_delay, 0, 0);
	sono_plan_close(plan);
}

/* A board whose clock cannot give the plan's sampling is refused. */
Test(plan, adc_clock_must_fit)
{
	struct sono_plan *plan;
	char why[320] = "";

	cr_assert_eq(open_on(&plan, "userspace/presets/disk.plan", 20832000,
			     why, sizeof(why)), -EINVAL);
	cr_assert(strstr(why, "disk.plan:18: sequence.sampling_mhz"), "%s",
		  why);
}

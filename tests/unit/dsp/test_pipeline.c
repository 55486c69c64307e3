// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dsp/pipeline.h"
#include "scan_fixture.h"

#define TARGET_Z	8e-3

static struct pipeline_params usual(void)
{
	struct pipeline_params p;

	pipeline_params_init(&p);
	p.b.grid = (struct grid){
		.shape = GRID_LINEAR, .lines = 9, .samples = 81,
		.line0 = -1.2e-3, .line_step = 0.3e-3,
		.sample0 = 7e-3, .sample_step = 25e-6,
	};
	p.b.aperture.f_number = 0;
	p.b.reference = 16000;
	p.display.width = 48;
	p.display.height = 40;
	return p;
}

/* The echo of a point on the axis, @shift closer than TARGET_Z. */
static void fill_event(const struct sono_scan *scan, uint32_t event,
		       char *frame, double shift)
{
	const struct sono_event *ev = &scan->event[event];
	double z = TARGET_Z - shift;
	uint32_t c, n;

	for (c = 0; c < scan->channels; c++) {
		int16_t *row = (int16_t *)(frame + ev->offset +
					   c * ev->stride);
		/* first arrival: at the axis two elements are the nearest */
		double tau = (hypot(FIXTURE_PITCH / 2, z) +
			      hypot(scan->element[c].x, z)) / scan->c;

		for (n = 0; n < ev->samples; n++) {
			double t = n / scan->fs - tau;

			row[n] = lrint(1000 * exp(-pow(t / 0.3e-6, 2)) *
				       cos(2 * M_PI * scan->fc * t));
		}
	}
}

static bool give(struct pipeline *p, const struct sono_scan *scan,
		 uint64_t seq, double shift, const struct image **image)
{
	char *data = aligned_alloc(64, scan->frame_bytes);
	const struct rf_frame frame = {
		.data = data,
		.bytes = scan->frame_bytes,
		.seq = seq,
	};
	uint32_t e;
	bool done;

	for (e = 0; e < scan->events; e++)
		fill_event(scan, e, data, shift * (1 + e));
	done = pipeline_execute(p, &frame, image);
	free(data);
	return done;
}

static struct pipeline *make(const struct sono_scan *scan,
			     const struct pipeline_params *params)
{
	struct pipeline *p;
	const char *why = "";

	cr_assert_eq(pipeline_create(&p, scan, params, &why), 0, "%s", why);
	return p;
}

Test(pipeline, point_target_is_where_it_is)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	struct pipeline *p = make(scan, &params);
	const struct env *env = pipeline_env(p);
	const struct image *image;
	uint32_t i, best = 0;

	cr_assert(give(p, scan, 5, 0, &image));
	cr_assert_eq(image->seq, 5);
	cr_assert_eq(image->format, IMAGE_GREY8);
	for (i = 1; i < 9 * 81; i++)
		if (env->db[i] > env->db[best])
			best = i;
	cr_assert_eq(best / 81, 4, "x = 0");
	cr_assert_eq(best % 81, 40, "z = 8 mm");
	/* 16 elements of 1000 counts */
	cr_assert_float_eq(env->db[best], 0, 0.2);
	cr_assert_null(pipeline_vel(p));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

/* Every event a shot of colour. */
static struct sono_scan *colour_scan(uint32_t events)
{
	struct sono_scan *scan = fixture_scan(events);
	uint32_t e;

	for (e = 0; e < events; e++)
		scan->event[e].tag = SONO_TAG(SONO_ROLE_COLOUR, e, 0);
	return scan;
}

/* Velocity at the target when it moves @step per image of the packet. */
static double velocity(uint32_t events, uint32_t frames, double step,
		       double *interval)
{
	struct sono_scan *scan = colour_scan(events);
	struct pipeline_params params = usual();
	const struct image *image;
	struct pipeline *p;
	uint32_t t;
	double v;

	params.colour.on = true;
	params.colour.wall_order = -1;
	params.colour.packet_frames = frames;
	p = make(scan, &params);
	for (t = 0; t < frames; t++)
		cr_assert_eq(give(p, scan, t, (t + (events > 1)) * step,
				  &image), t + 1 == frames);
	cr_assert_eq(image->format, IMAGE_RGB24);
	cr_assert_float_eq(image->colour.nyquist,
			   1540 / (4 * 5e6 * pipeline_interval(p)), 1e-6);
	v = pipeline_vel(p)->v[4 * 81 + 40];
	*interval = pipeline_interval(p);
	pipeline_destroy(p);
	sono_scan_free(scan);
	return v;
}

Test(pipeline, packet_of_frames_measures_velocity_towards_the_probe)
{
	double interval, v = velocity(1, 8, 5e-6, &interval);

	cr_assert_float_eq(interval, 100e-6, 1e-12);
	cr_assert_float_eq(v, 5e-6 / 100e-6, 0.002);
	v = velocity(1, 8, -5e-6, &interval);
	cr_assert_float_eq(v, -5e-6 / 100e-6, 0.002);
}

Test(pipeline, packet_of_events_measures_velocity)
{
	double interval, v = velocity(4, 1, 5e-6, &interval);

	cr_assert_float_eq(interval, 100e-6, 1e-12);
	cr_assert_float_eq(v, 5e-6 / 100e-6, 0.002);
}

Test(pipeline, reset_starts_a_new_packet)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	const struct image *image;
	struct pipeline *p;

	params.colour.packet_frames = 2;
	p = make(scan, &params);
	cr_assert_not(give(p, scan, 0, 0, &image));
	pipeline_reset(p);
	cr_assert_not(give(p, scan, 1, 0, &image));
	cr_assert(give(p, scan, 2, 0, &image));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, stages_are_timed_in_the_order_of_the_flow)
{
	static const char * const names[] = {
		"demod", "beamform", "detect", "scanconvert",
	};
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	struct pipeline *p = make(scan, &params);
	const struct image *image;
	unsigned int i;

	give(p, scan, 0, 0, &image);
	for (i = 0; i < 4; i++) {
		cr_assert_str_eq(pipeline_timing(p, i)->stage, names[i]);
		cr_assert_eq(pipeline_timing(p, i)->runs, 1);
	}
	cr_assert_null(pipeline_timing(p, 4));
	pipeline_reset(p);
	cr_assert_eq(pipeline_timing(p, 0)->runs, 0);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

static const char *refusal(struct sono_scan *scan,
			   const struct pipeline_params *params)
{
	struct pipeline *p;
	const char *why = NULL;

	cr_assert_eq(pipeline_create(&p, scan, params, &why), -EINVAL);
	sono_scan_free(scan);
	cr_assert_not_null(why);
	return why;
}

Test(pipeline, packet_without_uniform_times_is_refused)
{
	struct pipeline_params params = usual();
	struct sono_scan *scan = colour_scan(3);

	params.colour.on = true;
	scan->event[1].period = 150e-6;
	cr_assert_str_eq(refusal(scan, &params),
			 "doppler: images of a frame not at equal times");
	params.colour.packet_frames = 2;
	scan = colour_scan(3);
	scan->frame_period = 1e-3;
	cr_assert_str_eq(refusal(scan, &params),
			 "doppler: images of a packet not at equal times");
}

Test(pipeline, wrong_params_are_refused_with_a_reason)
{
	struct pipeline_params params = usual();

	params.colour.packet_frames = 0;
	cr_assert_str_eq(refusal(fixture_scan(1), &params),
			 "packet: frames are not 1 to 1024");
	params = usual();
	params.display.height = 0;
	cr_assert_str_eq(refusal(fixture_scan(1), &params),
			 "picture: no width or no height");
	params = usual();
	params.colour.on = true;
	cr_assert_str_eq(refusal(fixture_scan(1), &params),
			 "doppler: ensemble is not 2 to 1024");
	params = usual();
	params.demod.decimate = 99;
	cr_assert_str_eq(refusal(fixture_scan(1), &params),
			 "demodulation: decimation is not 1 to 16");
	setenv("SONO_CPU", "fast", 1);
	params = usual();
	cr_assert_str_eq(refusal(fixture_scan(1), &params),
			 "SONO_CPU is none of c, avx2, avx512");
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* Levels of a point's picture, [lines][samples] of usual(). */
static void point_levels(uint32_t coherence, float *db)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	const struct image *image;
	struct pipeline *p;

	params.b.range_db = 120;
	params.b.coherence = coherence;
	p = make(scan, &params);
	cr_assert(give(p, scan, 0, 0, &image));
	memcpy(db, pipeline_env(p)->db, 9 * 81 * sizeof(*db));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, coherence_keeps_the_point_and_takes_the_side_lobes)
{
	static float without[9 * 81], with[9 * 81];
	uint32_t parts, i;

	point_levels(0, without);
	for (parts = 1; parts <= 4; parts *= 4) {
		point_levels(parts, with);
		/* all channels hear the point alike, within a period */
		cr_assert_float_eq(with[4 * 81 + 40], without[4 * 81 + 40],
				   0.1);
		for (i = 0; i < 9 * 81; i++)
			cr_assert_leq(with[i], without[i] + 1e-3f);
		/* 1.2 mm beside it and 0.9 mm, both sides */
		for (i = 0; i < 9; i += i == 1 ? 6 : 1)
			cr_assert_lt(with[i * 81 + 40],
				     without[i * 81 + 40] - 6,
				     "%u: line %u: %g, was %g", parts, i,
				     with[i * 81 + 40], without[i * 81 + 40]);
	}
}

Test(pipeline, workers_make_the_same_picture)
{
	struct sono_scan *scan = fixture_scan(3);
	struct pipeline_params params = usual();
	struct pipeline *one = make(scan, &params), *many;
	const struct image *a, *b;
	uint32_t n, row;

	cr_assert(give(one, scan, 0, 0, &a));
	for (n = 2; n <= 12; n += 5) {
		params.workers = n;
		many = make(scan, &params);
		cr_assert(give(many, scan, 0, 0, &b));
		for (row = 0; row < a->raster.height; row++)
			cr_assert_arr_eq(a->data + row * a->stride,
					 b->data + row * b->stride,
					 a->raster.width, "%u workers", n);
		pipeline_destroy(many);
	}
	pipeline_destroy(one);
	sono_scan_free(scan);
}

/* An echo that moves by @shift from event to event, seven of them added. */
static double compounded(double shift)
{
	struct sono_scan *scan = fixture_scan(7);
	struct pipeline_params params = usual();
	struct pipeline *p = make(scan, &params);
	const struct image *image;
	double best = -INFINITY;
	uint32_t i;

	cr_assert(give(p, scan, 0, shift, &image));
	for (i = 0; i < 9 * 81; i++)
		best = fmax(best, pipeline_env(p)->db[i]);
	pipeline_destroy(p);
	sono_scan_free(scan);
	return best;
}

Test(pipeline, compounding_loses_what_the_formula_says)
{
	const double still = compounded(0);
	double shift;

	/* -3 and -7 dB; the envelope moves by a third of its length */
	for (shift = 10e-6; shift < 16e-6; shift += 4.5e-6) {
		const double x = 2 * M_PI * 5e6 * shift / 1540;
		const double gain = fabs(sin(7 * x) / (7 * sin(x)));

		cr_assert_float_eq(compounded(shift) - still, 20 * log10(gain),
				   0.5, "%g dB for %g dB",
				   compounded(shift) - still, 20 * log10(gain));
	}
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

/* All that colour can be divided into: a filter of each kind of phase. */
static struct pipeline_params rich(enum wall_kind wall)
{
	struct pipeline_params p = usual();

	p.b.persistence = 0.5;
	p.colour.on = true;
	p.colour.packet_frames = 2;
	p.colour.wall = (struct wall_params){ .kind = wall, .order = 1 };
	p.colour.estimator = DOPPLER_LOUPAS;
	p.colour.tissue_db = -20;
	p.colour.tissue_width = 2e-3;
	p.colour.map = COLOUR_VARIANCE;
	return p;
}

static void same_picture(const struct image *a, const struct image *b,
			 uint32_t workers)
{
	uint32_t row;

	for (row = 0; row < a->raster.height; row++)
		cr_assert_arr_eq(a->data + row * a->stride,
				 b->data + row * b->stride,
				 3 * a->raster.width, "row %u, %u workers",
				 row, workers);
}

static void same_velocities(const struct vel *a, const struct vel *b)
{
	const size_t n = (size_t)a->lines * a->samples;

	cr_assert_arr_eq(a->v, b->v, n * sizeof(*a->v));
	cr_assert_arr_eq(a->power, b->power, n * sizeof(*a->power));
	cr_assert_arr_eq(a->valid, b->valid, n * sizeof(*a->valid));
}

static void compare_workers(enum wall_kind wall, uint32_t workers)
{
	struct sono_scan *scan = colour_scan(4);
	struct pipeline_params params = rich(wall);
	struct pipeline *one = make(scan, &params), *many;
	const struct image *a, *b;
	uint32_t t;

	params.workers = workers;
	many = make(scan, &params);
	for (t = 0; t < 4; t++) {
		give(one, scan, t, t * 20e-6, &a);
		if (!give(many, scan, t, t * 20e-6, &b))
			continue;
		same_picture(a, b, workers);
		same_velocities(pipeline_vel(one), pipeline_vel(many));
	}
	pipeline_destroy(many);
	pipeline_destroy(one);
	sono_scan_free(scan);
}

Test(pipeline, workers_make_the_same_velocities)
{
	uint32_t n;

	/* 12: more than there are lines */
	for (n = 2; n <= 12; n += 5) {
		compare_workers(WALL_POLYNOMIAL, n);
		compare_workers(WALL_SVD, n);
	}
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
	params.colour.wall.order = -1;
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

/* Frames from @gap to before @gap_end are not given. Return: when the first packet was complete. */
static uint64_t give_with_gap(struct pipeline *p, const struct sono_scan *scan,
			      uint64_t gap, uint64_t gap_end)
{
	const struct image *image;
	uint64_t seq;

	for (seq = 0; seq < 32; seq++)
		if ((seq < gap || seq >= gap_end) &&
		    give(p, scan, seq, seq * 5e-6, &image))
			break;
	return seq;
}

Test(pipeline, packet_begins_anew_where_a_frame_is_missing)
{
	struct sono_scan *scan = colour_scan(1);
	struct pipeline_params params = usual();
	struct pipeline *p;
	uint64_t gap, lost;

	params.colour.on = true;
	params.colour.wall.order = -1;
	params.colour.packet_frames = 8;
	for (gap = 1; gap <= 8; gap++)
		for (lost = 0; lost < 3; lost++) {
			const bool before = !lost || gap > 7;

			p = make(scan, &params);
			cr_expect_eq(give_with_gap(p, scan, gap, gap + lost),
				     before ? 7 : gap + lost + 7);
			/* one interval of seven twice as long: 14 % */
			cr_expect_float_eq(pipeline_vel(p)->v[4 * 81 + 40],
					   0.05, 0.002, "%d of %d",
					   (int)lost, (int)gap);
			pipeline_destroy(p);
		}
	sono_scan_free(scan);
}

Test(pipeline, packet_begins_anew_where_a_frame_was_passed)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	const struct rf_frame passed = { .seq = 2 };
	const struct image *image;
	struct pipeline *p;

	params.colour.packet_frames = 3;
	p = make(scan, &params);
	cr_assert_not(pipeline_wants_next(p));
	cr_assert_not(give(p, scan, 0, 0, &image));
	cr_assert(pipeline_wants_next(p));
	cr_assert_not(give(p, scan, 1, 0, &image));
	cr_assert(pipeline_wants_next(p));
	pipeline_pass(p, &passed);
	cr_assert_not(pipeline_wants_next(p));
	cr_assert_not(give(p, scan, 3, 0, &image));
	cr_assert(pipeline_wants_next(p));
	/* it broke a packet: who skips now loses nothing but it */
	cr_assert_not(give(p, scan, 5, 0, &image));
	cr_assert_not(pipeline_wants_next(p));
	cr_assert_not(give(p, scan, 6, 0, &image));
	cr_assert(pipeline_wants_next(p));
	cr_assert(give(p, scan, 7, 0, &image));
	cr_assert_not(pipeline_wants_next(p));
	pipeline_destroy(p);
	sono_scan_free(scan);
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

Test(pipeline, every_frame_has_its_stamps)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	const struct pipeline_stamps *s;
	const struct image *image;
	struct pipeline *p;
	uint64_t seq, before = 0;
	unsigned int i;

	/* demod and beamform-colour with every frame, the rest with the second */
	params.colour.aperture = params.b.aperture;
	params.colour.on = true;
	params.colour.packet_frames = 2;
	params.colour.wall.order = -1;
	p = make(scan, &params);
	for (seq = 0; seq < PIPELINE_STAMPS; seq++)
		give(p, scan, seq, 0, &image);
	for (seq = 0; seq < PIPELINE_STAMPS; seq++) {
		s = pipeline_stamps(p, seq);
		cr_assert_not_null(s);
		cr_assert_eq(s->seq, seq);
		cr_assert_geq(s->begin, before);
		cr_assert_gt(s->end[0], s->begin, "demod");
		cr_assert_gt(s->end[1], s->end[0], "beamform-colour");
		for (i = 2; pipeline_timing(p, i); i++)
			cr_assert_eq(s->end[i] > s->end[i - 1], seq % 2 == 1,
				     "%s of frame %d",
				     pipeline_timing(p, i)->stage, (int)seq);
		before = s->end[i - 1];
	}
	cr_assert_null(pipeline_stamps(p, 999), "there was no such frame");
	give(p, scan, 1000, 0, &image);
	cr_assert_null(pipeline_stamps(p, 0), "that was too long ago");
	cr_assert_not_null(pipeline_stamps(p, 2));
	pipeline_reset(p);
	cr_assert_null(pipeline_stamps(p, 1000));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

static uint64_t thread_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

Test(pipeline, frames_that_are_watched_have_processor_time)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	const struct pipeline_stamps *s;
	const struct image *image;
	uint64_t before, cpu = 0;
	struct pipeline *p;
	unsigned int i;

	p = make(scan, &params);
	cr_assert_null(pipeline_workers(p), "the caller alone");
	give(p, scan, 1, 0, &image);
	cr_assert_not(pipeline_stamps(p, 1)->watched);
	pipeline_watch(p, true);
	before = thread_cpu();
	give(p, scan, 2, 0, &image);
	s = pipeline_stamps(p, 2);
	for (i = 0; pipeline_timing(p, i); i++)
		cpu += s->cpu[i];
	cr_assert(s->watched);
	/* with no worker but the caller it is the caller's time, and no more */
	cr_assert_leq(cpu, thread_cpu() - before);
	cr_assert_gt(cpu, 0);
	pipeline_watch(p, false);
	give(p, scan, 3, 0, &image);
	s = pipeline_stamps(p, 3);
	cr_assert_not(s->watched);
	cr_assert_eq(s->cpu[0], 0);
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

/* --- duplex --- */

/* 2 B waves, a packet of 8 for colour, 2 M lines, in this order. */
static struct sono_scan *duplex_scan(void)
{
	struct sono_scan *scan = fixture_scan(12);
	uint32_t e;

	for (e = 0; e < 12; e++)
		scan->event[e].tag =
			e < 2  ? SONO_TAG(SONO_ROLE_B, 0, e) :
			e < 10 ? SONO_TAG(SONO_ROLE_COLOUR, e - 2, 0) :
				 SONO_TAG(SONO_ROLE_M, e - 10, 0);
	sono_scan_layout(scan, 1024);
	return scan;
}

static struct pipeline_params duplex(void)
{
	struct pipeline_params params = usual();

	params.colour.on = true;
	params.colour.aperture.f_number = 0;
	params.colour.wall.order = -1;
	params.colour.average_lines = 1;
	params.colour.average_samples = 1;
	params.colour.grid = (struct grid){
		.shape = GRID_LINEAR, .lines = 5, .samples = 21,
		.line0 = -0.6e-3, .line_step = 0.3e-3,
		.sample0 = 7.5e-3, .sample_step = 50e-6, .steer = 0.02,
	};
	params.m.on = true;
	params.m.aperture.f_number = 0;
	params.m.height = 40;
	params.m.grid = (struct grid){
		.shape = GRID_SECTOR, .lines = 1, .samples = 81,
		.sample0 = 7e-3, .sample_step = 25e-6,
	};
	params.ecg.on = true;
	params.ecg.height = 20;
	return params;
}

static struct image_region region(const struct image *image,
				  enum region_kind kind)
{
	uint32_t i;

	for (i = 0; i < image->regions; i++)
		if (image->region[i].kind == kind)
			return image->region[i];
	cr_assert_fail("no region %d", kind);
	return image->region[0];
}

Test(pipeline, every_part_takes_its_own_events)
{
	struct sono_scan *scan = duplex_scan();
	struct pipeline_params params = duplex();
	struct pipeline *p = make(scan, &params);
	const struct image *image;
	uint32_t i, best = 0, c = 0, k;
	const struct vel *vel;
	const struct env *env;

	/* the target comes 5 um nearer with every event */
	cr_assert(give(p, scan, 0, 5e-6, &image));
	cr_assert_float_eq(pipeline_interval(p), 100e-6, 1e-12);
	vel = pipeline_vel(p);
	cr_assert_eq(vel->lines, 5);
	cr_assert_eq(pipeline_iq(p)->ensemble, 8);
	for (i = 0; i < 5 * 21; i++)
		if (vel->power[i] > vel->power[c])
			c = i;
	cr_assert_float_eq(vel->v[c], 0.05, 0.002);
	env = pipeline_env(p);
	for (i = 1; i < 9 * 81; i++)
		if (env->db[i] > env->db[best])
			best = i;
	/* two waves of 16 elements each: 6 dB more, near 8 mm */
	cr_assert_float_eq(env->db[best], 6, 0.5);
	cr_assert_eq(best / 81, 4);
	/* events 10 and 11, 1 ms after the trigger: column 0 of the M strip */
	image = pipeline_layer(p, REGION_M);
	for (i = 0, k = 0; i < 32; i++)
		if (image->data[i * image->stride] >
		    image->data[k * image->stride])
			k = i;
	cr_assert_float_eq(7e-3 + k * 2e-3 / 39, TARGET_Z - 11.5 * 5e-6,
			   0.1e-3);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

/* Every row of a layer is in the composite, grey of three equal colours. */
static void is_composed(const struct image *composite, enum region_kind kind,
			const struct image *layer)
{
	const struct image_region r = region(composite, kind);
	const uint32_t colours = layer->format == IMAGE_RGB24 ? 3 : 1;
	uint32_t lit = 0;

	for (uint32_t row = 0; row < layer->raster.height; row++)
		for (uint32_t i = 0; i < 3 * layer->raster.width; i++) {
			const uint8_t want =
				layer->data[row * layer->stride +
					    (colours == 3 ? i : i / 3)];

			cr_assert_eq(composite->data[(r.top + row) *
							     composite->stride +
						     3 * r.left + i],
				     want, "%d: row %u", kind, row);
			lit += want > 0;
		}
	/* not black on black; the frames have no ECG */
	cr_assert(lit > 20 || kind == REGION_ECG, "%d", kind);
}

Test(pipeline, composite_is_its_layers)
{
	static const enum region_kind kinds[] = {
		REGION_B, REGION_M, REGION_ECG,
	};
	struct sono_scan *scan = duplex_scan();
	struct pipeline_params params = duplex();
	struct pipeline *p = make(scan, &params);
	const struct image *image;

	for (uint32_t seq = 9; seq < 12; seq++)
		cr_assert(give(p, scan, seq, 5e-6, &image));
	for (int k = 0; k < 3; k++)
		is_composed(image, kinds[k], pipeline_layer(p, kinds[k]));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, composite_says_what_its_regions_are)
{
	struct sono_scan *scan = duplex_scan();
	struct pipeline_params params = duplex();
	struct pipeline *p = make(scan, &params);
	const struct image *image;
	struct image_region r;

	cr_assert(give(p, scan, 9, 5e-6, &image));
	cr_assert_eq(image->format, IMAGE_RGB24);
	cr_assert_eq(image->raster.height, 40 + 40 + 20);
	cr_assert_eq(image->regions, 3);
	r = region(image, REGION_B);
	cr_assert_eq(r.top, 0);
	cr_assert_float_eq(r.raster.dx, image->raster.dx, 0);
	r = region(image, REGION_M);
	cr_assert_eq(r.top, 40);
	/* 0.2 m at 50 mm/s over 48 columns; 2 mm over 40 rows */
	cr_assert_float_eq(r.raster.dx, 4.0 / 48, 1e-12);
	cr_assert_float_eq(r.raster.z0, 7e-3, 1e-12);
	cr_assert_float_eq(r.raster.dz, 2e-3 / 39, 1e-12);
	r = region(image, REGION_ECG);
	cr_assert_eq(r.top, 80);
	cr_assert_eq(r.raster.height, 20);
	cr_assert_float_eq(image->time, 9 * 12 * 100e-6, 1e-12);
	cr_assert(isnan(image->phase), "no ECG in the frame");
	pipeline_destroy(p);
	sono_scan_free(scan);
}

/* --- pulsed-wave Doppler --- */

#define PW_LINES	32

/* A B event, then lines of slow time. */
static struct sono_scan *spectral_scan(void)
{
	struct sono_scan *scan = fixture_scan(1 + PW_LINES);
	uint32_t e;

	scan->event[0].tag = SONO_TAG(SONO_ROLE_B, 0, 0);
	for (e = 0; e < PW_LINES; e++)
		scan->event[1 + e].tag = SONO_TAG(SONO_ROLE_PW, e, 0);
	return scan;
}

/* Columns of 1 ms, and a gate about the target. */
static struct pipeline_params spectral(void)
{
	struct pipeline_params params = usual();

	params.display.sweep = params.display.sweep_width / 48 / 1e-3;
	params.pw.on = true;
	params.pw.aperture.f_number = 0;
	params.pw.window = 16;
	params.pw.fft = 128;
	params.pw.trace_columns = 1;
	params.pw.height = 64;
	params.pw.grid = (struct grid){
		.shape = GRID_SECTOR, .lines = 1, .samples = 20,
		.sample0 = 7.5e-3, .sample_step = 50e-6,
	};
	return params;
}

/* Rows of the strip that have a colour, in one column. */
static uint32_t coloured(const struct image *strip, uint32_t x)
{
	uint32_t rows = 0, y;

	for (y = 0; y < strip->raster.height; y++) {
		const uint8_t *at = strip->data + y * strip->stride + 3 * x;

		rows += at[0] != at[1] || at[1] != at[2];
	}
	return rows;
}

Test(pipeline, spectrum_of_a_volume)
{
	struct sono_scan *scan = spectral_scan();
	struct pipeline_params params = spectral();
	struct pipeline *p = make(scan, &params);
	const struct image *image, *strip;
	const struct spectrum *s = pipeline_spectrum(p);
	struct image_region r;
	uint32_t x, read = 0;

	/* 5 um nearer with every event: 5 cm/s; two lines' time for B */
	for (x = 0; x < 6; x++)
		cr_assert(give(p, scan, x, 5e-6, &image));
	strip = pipeline_layer(p, REGION_SPECTRUM);
	for (x = 0; x < 48; x++) {
		if (!spectrum_drawn(s, x) || isnan(spectrum_peak(s)[x]))
			continue;
		cr_expect_float_eq(spectrum_mean(s)[x], 0.05, 0.001, "%u: %g",
				   x, spectrum_mean(s)[x]);
		cr_expect_geq(coloured(strip, x), 1, "%u", x);
		read++;
	}
	cr_expect_geq(read, 14);
	r = region(image, REGION_SPECTRUM);
	cr_assert_eq(r.top, 40);
	cr_assert_eq(r.raster.height, 64);
	cr_assert_float_eq(r.raster.dx, 1e-3, 1e-9);
	cr_assert_float_eq(-r.raster.dz * 64,
			   2 * pipeline_pw_nyquist(scan, &params.pw, 100e-6),
			   1e-9);
	cr_assert_float_eq(r.raster.z0, -31.5 * r.raster.dz, 1e-9);
	cr_assert_null(pipeline_layer(p, REGION_M));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

/* The row of a spectrum's trace of the mean, and the scale of the rows. */
static double spectral_row(const struct pipeline_params *params, double *dz)
{
	struct sono_scan *scan = spectral_scan();
	struct pipeline *p = make(scan, params);
	const struct image *image, *strip;
	double row = 0;
	uint32_t x, y, n = 0;

	for (x = 0; x < 6; x++)
		cr_assert(give(p, scan, x, 5e-6, &image));
	strip = pipeline_layer(p, REGION_SPECTRUM);
	for (y = 0; y < strip->raster.height; y++)
		for (x = 0; x < 8; x++) {
			const uint8_t *at = strip->data + y * strip->stride +
					    3 * x;

			if (at[0] == at[1] && at[1] == at[2])
				continue;
			row += y;
			n++;
		}
	cr_assert_gt(n, 0);
	*dz = region(image, REGION_SPECTRUM).raster.dz;
	pipeline_destroy(p);
	sono_scan_free(scan);
	return row / n;
}

Test(pipeline, spectrum_upside_down_is_the_same_below)
{
	struct pipeline_params params = spectral();
	double dz, dz_inverted, row, inverted;

	row = spectral_row(&params, &dz);
	params.pw.invert = true;
	inverted = spectral_row(&params, &dz_inverted);
	cr_expect_lt(row, 31, "towards the probe is above: %g", row);
	/* a pixel's edge lies in the row below or above it */
	cr_expect_float_eq(row + inverted, 63, 1.01, "%g, %g", row, inverted);
	cr_expect_float_eq(dz_inverted, -dz, 1e-12);
}

Test(pipeline, volume_that_takes_all_shifts_has_a_spread)
{
	struct sono_scan *scan = spectral_scan();
	struct pipeline_params params = spectral();
	double flow;

	/* seen by few elements, and short: every shift has half the power */
	params.pw.grid.samples = 2;
	params.pw.aperture.f_number = 16;
	for (flow = 0; flow < 80; flow += 1) {
		params.pw.flow = flow * M_PI / 180;
		pipeline_destroy(make(scan, &params));
	}
	sono_scan_free(scan);
}

Test(pipeline, sample_volume_is_marked_on_the_section)
{
	struct sono_scan *scan = spectral_scan();
	struct pipeline_params params = spectral();
	const struct image *image;
	const struct raster *r;
	struct pipeline *p;
	uint32_t x, y;

	params.pw.flow = 0.5;
	p = make(scan, &params);
	cr_assert(give(p, scan, 0, 0, &image));
	image = pipeline_layer(p, REGION_B);
	r = &image->raster;
	for (x = 0; x < 2; x++) {
		const double z = 7.475e-3 + x * 1e-3;

		y = lrint((z - r->z0) / r->dz);
		cr_expect_eq(image->data[y * image->stride +
					 lrint((1e-3 - r->x0) / r->dx)], 255);
		cr_expect_eq(image->data[y * image->stride +
					 lrint((-1e-3 - r->x0) / r->dx)], 255);
	}
	/* the flow goes down to the right */
	y = lrint((7.975e-3 + 0.8e-3 - r->z0) / r->dz);
	x = lrint((0.8e-3 * tan(0.5) - r->x0) / r->dx);
	cr_expect(image->data[y * image->stride + x - 1] == 255 ||
		  image->data[y * image->stride + x] == 255 ||
		  image->data[y * image->stride + x + 1] == 255);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, line_of_m_mode_is_marked_on_the_section)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = usual();
	uint32_t x, y, marked = 0, rows[2] = { UINT32_MAX, 0 };
	const struct image *image;
	const struct raster *r;
	struct pipeline *p;

	params.m.on = true;
	params.m.grid = (struct grid){
		.shape = GRID_SECTOR, .lines = 1, .samples = 41,
		.sample0 = 7.25e-3, .sample_step = 25e-6,
	};
	p = make(scan, &params);
	/* no echo at all: what is white is a mark */
	cr_assert(give(p, scan, 0, 1, &image));
	image = pipeline_layer(p, REGION_B);
	r = &image->raster;
	x = lrint(-r->x0 / r->dx);
	for (y = 0; y < r->height; y++) {
		if (image->data[y * image->stride + x] != 255)
			continue;
		marked++;
		rows[0] = y < rows[0] ? y : rows[0];
		rows[1] = y;
	}
	cr_assert_geq(marked, 3);
	cr_assert_eq(rows[0], lrint((7.25e-3 - r->z0) / r->dz));
	cr_assert_leq(rows[1], lrint((8.25e-3 - r->z0) / r->dz));
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, spectra_that_cannot_be_are_refused)
{
	struct pipeline_params params = spectral();
	struct sono_scan *scan = spectral_scan();

	scan->event[7].period *= 1.5;
	cr_assert_str_eq(refusal(scan, &params),
			 "spectrum: lines of a frame not at equal times");
	cr_assert_str_eq(refusal(fixture_scan(1), &params),
			 "spectrum: no events of pulsed-wave Doppler");
	params.pw.grid.lines = 2;
	params.pw.grid.line_step = 0.1;
	cr_assert_str_eq(refusal(spectral_scan(), &params),
			 "spectrum: not a grid of one line");
	params = spectral();
	params.pw.window = 8;
	cr_assert_str_eq(refusal(spectral_scan(), &params),
			 "spectrum: window is not 16 samples to the transform's");
	params = spectral();
	params.pw.flow = M_PI / 2;
	cr_assert_str_eq(refusal(spectral_scan(), &params),
			 "spectrum: flow at more than 80 degrees to the beam");
}

/* --- colour M --- */

#define BURST	8

/* A B event, two bursts; the second of them later by an event's time. */
static struct sono_scan *burst_scan(void)
{
	struct sono_scan *scan = fixture_scan(2 + 2 * BURST);
	uint32_t e;

	scan->event[0].tag = SONO_TAG(SONO_ROLE_B, 0, 0);
	scan->event[1 + BURST].tag = SONO_TAG(SONO_ROLE_B, 0, 1);
	for (e = 0; e < BURST; e++) {
		scan->event[1 + e].tag = SONO_TAG(SONO_ROLE_M, e, 0);
		scan->event[2 + BURST + e].tag =
			SONO_TAG(SONO_ROLE_M, BURST + e, 0);
	}
	return scan;
}

static struct pipeline_params colour_m(void)
{
	struct pipeline_params params = duplex();

	params.colour.on = false;
	params.ecg.on = false;
	params.m.ensemble = BURST;
	params.m.colour = true;
	params.m.wall.order = -1;
	params.m.average_samples = 1;
	params.display.sweep = params.display.sweep_width / 48 / 1e-3;
	return params;
}

Test(pipeline, m_lines_of_bursts_have_velocities)
{
	struct sono_scan *scan = burst_scan();
	struct pipeline_params params = colour_m();
	struct pipeline *p = make(scan, &params);
	const struct image *image, *strip;
	const struct vel *vel = pipeline_m_vel(p);
	struct image_region r;
	uint32_t line, i, x;

	/* 5 um nearer with every event: 5 cm/s */
	cr_assert(give(p, scan, 0, 5e-6, &image));
	cr_assert_eq(vel->lines, 2);
	cr_assert_eq(vel->samples, 81);
	for (line = 0; line < 2; line++) {
		uint32_t best = line * 81;

		for (i = line * 81; i < (line + 1) * 81; i++)
			if (vel->power[i] > vel->power[best])
				best = i;
		cr_expect_float_eq(vel->v[best], 0.05, 0.002, "%u: %g", line,
				   vel->v[best]);
	}
	/* 0.1 ms and 1 ms after the trigger: columns 0 and 1 */
	strip = pipeline_layer(p, REGION_M);
	cr_assert_eq(strip->format, IMAGE_RGB24);
	for (x = 0; x < 2; x++)
		cr_expect_gt(coloured(strip, x), 10, "%u", x);
	cr_expect_eq(coloured(strip, 2), 0);
	r = region(image, REGION_M);
	cr_expect_float_eq(r.colour.nyquist, 1540 / (4 * 5e6 * 100e-6), 1e-9);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

/* The strongest echo of the first M line: its velocity, and its level. */
static void look_at_m(const struct pipeline_params *params, double *v,
		      double *db)
{
	struct sono_scan *scan = burst_scan();
	struct pipeline *p = make(scan, params);
	const struct vel *vel = pipeline_m_vel(p);
	const struct image *image;
	uint32_t i, best = 0;

	cr_assert(give(p, scan, 0, 5e-6, &image));
	for (i = 1; i < 81; i++)
		if (vel->power[i] > vel->power[best])
			best = i;
	*v = vel->v[best];
	*db = vel->power[best];
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, m_has_its_own_frequency_and_reference)
{
	struct pipeline_params params = colour_m();
	double v, db, v_own, db_own;

	look_at_m(&params, &v, &db);
	params.m.frequency = 4e6;
	params.m.reference = params.b.reference / 10;
	look_at_m(&params, &v_own, &db_own);
	/* the same phase of a lower carrier is a larger velocity; floats */
	cr_expect_float_eq(v_own / v, 5.0 / 4, 1e-6);
	cr_expect_float_eq(db_own - db, 20, 1e-3, "%g", db_own - db);
}

/* The level of the target in the M strip: 8 mm is row 19.5. */
static uint8_t target_in_m(const struct pipeline_params *params)
{
	struct sono_scan *scan = duplex_scan();
	struct pipeline *p = make(scan, params);
	const struct image *image;
	uint8_t level;

	cr_assert(give(p, scan, 0, 0, &image));
	image = pipeline_layer(p, REGION_M);
	level = image->data[19 * image->stride];
	pipeline_destroy(p);
	sono_scan_free(scan);
	return level;
}

Test(pipeline, grey_m_has_its_own_reference)
{
	struct pipeline_params params = duplex();
	uint8_t before, after;

	params.m.reference = 20000;
	before = target_in_m(&params);
	params.m.reference = 200000;
	after = target_in_m(&params);
	/* not clipped; 20 of 60 dB, in levels that are rounded */
	cr_assert_lt(before, 255);
	cr_assert_float_eq(before - after, 255 / 3.0, 1.01, "%u, %u", before,
			   after);
}

Test(pipeline, bursts_that_cannot_be_are_refused)
{
	struct pipeline_params params = colour_m();
	struct sono_scan *scan = burst_scan();

	scan->event[3].period *= 1.5;
	cr_assert_str_eq(refusal(scan, &params),
			 "M-mode: shots of a line not at equal times");
	params.m.ensemble = 5;
	cr_assert_str_eq(refusal(burst_scan(), &params),
			 "M-mode: shots that are no whole lines");
	params.m.ensemble = 1;
	cr_assert_str_eq(refusal(burst_scan(), &params),
			 "doppler: ensemble is not 2 to 1024");
}

Test(pipeline, m_from_b_where_there_are_no_m_events)
{
	struct sono_scan *scan = fixture_scan(1);
	struct pipeline_params params = duplex();
	const struct image *image;
	struct pipeline *p;

	params.colour.on = false;
	params.ecg.on = false;
	p = make(scan, &params);
	cr_assert(give(p, scan, 0, 0, &image));
	cr_assert_eq(image->regions, 2);
	cr_assert_null(pipeline_layer(p, REGION_ECG));
	cr_assert_eq(pipeline_layer(p, REGION_B)->format, IMAGE_GREY8);
	/* 8 mm is row 19.5 */
	cr_assert_gt(pipeline_layer(p, REGION_M)->data[19 * 48], 200);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(pipeline, parts_that_cannot_be_are_refused)
{
	struct pipeline_params params = duplex();
	struct sono_scan *scan;

	params.m.grid.lines = 2;
	params.m.grid.line_step = 0.1;
	cr_assert_str_eq(refusal(duplex_scan(), &params),
			 "M-mode: not a grid of one line");
	params = duplex();
	params.display.sweep = 0;
	cr_assert_str_eq(refusal(duplex_scan(), &params),
			 "picture: strips without speed or width");
	params = duplex();
	scan = fixture_scan(1);
	scan->event[0].tag = SONO_TAG(SONO_ROLE_M, 0, 0);
	cr_assert_str_eq(refusal(scan, &params),
			 "scan: no event for the grey picture");
}

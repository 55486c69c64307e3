// SPDX-License-Identifier: MIT
/*
 * Exports read back: every sample against the recording, and what is said of
 * the transmits by looking for a wire with it alone, by delay and sum as the
 * format's own tools do. A time, an angle or a place that is wrong or means
 * something else puts the wire elsewhere.
 */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <hdf5.h>

#include "export.h"
#include "plan.h"
#include "recording.h"
#include "recording_format.h"
#include "sono.h"
#include "sono_regs.h"
#include "wave.h"

#define C 1540.0

static char recording[] = "/tmp/export-XXXXXX";
static char out[64];

static void set_up(void)
{
	int fd = mkstemp(recording);

	cr_assert_geq(fd, 0);
	close(fd);
	snprintf(out, sizeof(out), "%s.hdf5", recording);
}

static void tear_down(void)
{
	unlink(recording);
	unlink(out);
}

TestSuite(export, .init = set_up, .fini = tear_down);

/* --- recordings --- */

static struct sono *run(const char *source, const char *path,
			struct sono_plan **plan)
{
	struct sono_config config = { 0 };
	struct sono_start begin = { 0 };
	char why[256] = "";
	struct sono *s;

	cr_assert_eq(sono_open(&s, source, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(sono_plan_open(plan, path, sono_info(s), why,
				    sizeof(why)), 0, "%s", why);
	cr_assert_eq(sono_setup(s, 4, (uint32_t)(*plan)->scan->frame_bytes), 0);
	config.table = (uintptr_t)(*plan)->table.data;
	config.table_bytes = (uint32_t)(*plan)->table.bytes;
	cr_assert_eq(sono_config(s, &config), 0);
	cr_assert_eq(sono_start(s, &begin), 0);
	return s;
}

/*
 * Records @frames of a run, but for that with the index @without; all waves are
 * said to be of one kind where @wave is not -1.
 */
static struct sono_recording *record_as(const char *source, const char *path,
					uint32_t frames, uint32_t without,
					int wave)
{
	struct sono_plan *plan;
	struct sono *s = run(source, path, &plan);
	struct sono_recorder *r;
	struct sono_recording *rec;
	char why[256] = "";

	for (uint32_t i = 0; wave >= 0 && i < plan->scan->events; i++)
		plan->scan->event[i].wave = wave;
	cr_assert_eq(sono_recorder_create(&r, recording, plan->scan,
					  &plan->table, sono_info(s), source,
					  why, sizeof(why)), 0, "%s", why);
	for (uint32_t i = 0; i < frames; i++) {
		struct sono_frame f;

		while (sono_next(s, &f) != 1)
			sono_wait(s, 1, 0);
		if (i != without)
			cr_assert_eq(sono_recorder_append(r, &f.rec, f.data),
				     0);
		sono_release(s, &f);
	}
	cr_assert_eq(sono_recorder_close(r), 0);
	sono_plan_close(plan);
	sono_close(s);
	cr_assert_eq(sono_recording_open(&rec, recording, why, sizeof(why)), 0,
		     "%s", why);
	return rec;
}

static struct sono_recording *record(const char *source, const char *path,
				     uint32_t frames, uint32_t without)
{
	return record_as(source, path, frames, without, -1);
}

static void must(int ret, const char *why)
{
	cr_assert_eq(ret, 0, "%d: %s", ret, why);
}

static void zea(struct sono_recording *rec)
{
	char why[256] = "";

	must(sono_export_zea(rec, out, why, sizeof(why)), why);
}

static void uff(struct sono_recording *rec)
{
	char why[256] = "";

	must(sono_export_uff(rec, out, why, sizeof(why)), why);
}

/* --- reading HDF5 --- */

struct array {
	int rank;
	hsize_t dims[8];
	hsize_t n;
	double *v;
};

static hid_t file;

static void begin_reading(void)
{
	file = H5Fopen(out, H5F_ACC_RDONLY, H5P_DEFAULT);
	cr_assert_geq(file, 0, "%s", out);
}

static void end_reading(void)
{
	cr_assert_geq(H5Fclose(file), 0);
}

static struct array get(const char *path)
{
	hid_t d = H5Dopen2(file, path, H5P_DEFAULT), space;
	struct array a = { .n = 1 };

	cr_assert_geq(d, 0, "%s", path);
	space = H5Dget_space(d);
	a.rank = H5Sget_simple_extent_dims(space, a.dims, NULL);
	for (int i = 0; i < a.rank; i++)
		a.n *= a.dims[i];
	a.v = malloc(a.n * sizeof(*a.v));
	cr_assert_geq(H5Dread(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
			      H5P_DEFAULT, a.v), 0, "%s", path);
	H5Sclose(space);
	H5Dclose(d);
	return a;
}

static double number(const char *path)
{
	struct array a = get(path);
	const double v = a.v[0];

	cr_assert_eq(a.n, 1, "%s", path);
	free(a.v);
	return v;
}

static bool there(const char *path)
{
	char parent[128];
	char *slash;

	/* a link can only be asked for where its group is */
	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash != parent) {
		*slash = '\0';
		if (!there(parent))
			return false;
	}
	return H5Lexists(file, path, H5P_DEFAULT) > 0;
}

static bool is_class(const char *path, H5T_class_t class, size_t bytes)
{
	hid_t d = H5Dopen2(file, path, H5P_DEFAULT), t = H5Dget_type(d);
	const bool is = H5Tget_class(t) == class && H5Tget_size(t) == bytes;

	H5Tclose(t);
	H5Dclose(d);
	return is;
}

/* Fixed or variable, as it was written. */
static void text_is(const char *object, const char *name, const char *text)
{
	hid_t a = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
	hid_t t, memory;
	char *v = NULL, fixed[128] = "";

	cr_assert_geq(a, 0, "%s has no %s", object, name);
	t = H5Aget_type(a);
	if (H5Tis_variable_str(t)) {
		memory = H5Tcopy(t);
		H5Aread(a, memory, &v);
	} else {
		memory = H5Tcopy(H5T_C_S1);
		H5Tset_size(memory, sizeof(fixed));
		H5Aread(a, memory, fixed);
	}
	cr_assert_str_eq(v ? v : fixed, text, "%s of %s", name, object);
	if (v)
		H5free_memory(v);
	H5Tclose(memory);
	H5Tclose(t);
	H5Aclose(a);
}

/* --- finding a wire with what a file says --- */

/**
 * struct looker - data and delays of one frame, whatever the format
 * @fs: [Hz]
 * @fc: [Hz]
 * @elements: of the probe
 * @samples: of a row
 * @events: transmits
 * @place: of elements, [3][@elements] x, y, z
 * @sample: of an event's element
 * @arrival: of an event's wave at a place, on the clock of the samples [s]
 * @skip: an event is not to be used; NULL: all are
 * @data: of the two above
 */
struct looker {
	double fs, fc;
	uint32_t elements, samples, events;
	double (*place)(const struct looker *l, uint32_t e, int axis);
	double (*sample)(const struct looker *l, uint32_t event, uint32_t e,
			 uint32_t n);
	double (*arrival)(const struct looker *l, uint32_t event, double x,
			  double z);
	bool (*skip)(const struct looker *l, uint32_t event);
	const struct array *data;
	struct array *a;
};

static double between(const struct looker *l, uint32_t event, uint32_t e,
		      double t)
{
	const double at = t * l->fs;
	const int32_t n = floor(at);

	if (n < 0 || n + 1 >= (int32_t)l->samples)
		return 0;
	return l->sample(l, event, e, n) +
	       (at - n) * (l->sample(l, event, e, n + 1) -
			   l->sample(l, event, e, n));
}

/* Envelope of the sum: a quarter of a period apart is a quarter turn. */
static double sum_at(const struct looker *l, double x, double z)
{
	double now = 0, later = 0;

	for (uint32_t i = 0; i < l->events; i++) {
		double tx;

		if (l->skip && l->skip(l, i))
			continue;
		tx = l->arrival(l, i, x, z);
		for (uint32_t e = 0; e < l->elements; e++) {
			const double t = tx + hypot(x - l->place(l, e, 0),
						    z - l->place(l, e, 2)) / C;

			now += between(l, i, e, t);
			later += between(l, i, e, t + 0.25 / l->fc);
		}
	}
	return hypot(now, later);
}

/* Within a wavelength's eighth in depth; across, half of the beam's width. */
static void is_seen(const struct looker *l, double x, double z)
{
	const double lambda = C / l->fc;
	double best = 0, bx = 0, bz = 0;

	for (double dz = -1.5e-3; dz < 1.5e-3; dz += lambda / 32)
		for (double dx = -1.5e-3; dx < 1.6e-3; dx += 0.25e-3) {
			const double v = sum_at(l, x + dx, z + dz);

			if (v <= best)
				continue;
			best = v;
			bx = dx;
			bz = dz;
		}
	cr_assert_leq(fabs(bz), lambda / 8,
		      "wire at %g %g mm is %.3f mm too deep", x * 1e3, z * 1e3,
		      bz * 1e3);
	cr_assert_leq(fabs(bx), 0.26e-3, "wire at %g %g mm is %.2f mm aside",
		      x * 1e3, z * 1e3, bx * 1e3);
}

/* --- zea, as its own words define it --- */

enum { RAW, GEOMETRY, DELAYS, APODIZATION, BEGIN, FOCUS, ORIGIN, ANGLE, FC,
       ZEA_ARRAYS };

static void read_zea(struct array *a, unsigned int track)
{
	static const char *const names[] = {
		[RAW] = "data/raw_data",
		[DELAYS] = "scan/t0_delays",
		[APODIZATION] = "scan/tx_apodizations",
		[BEGIN] = "scan/initial_times",
		[FOCUS] = "scan/focus_distances",
		[ORIGIN] = "scan/transmit_origins",
		[ANGLE] = "scan/polar_angles",
		[FC] = "scan/center_frequency",
	};
	char path[128];

	for (int i = 0; i < ZEA_ARRAYS; i++) {
		if (i == GEOMETRY)
			continue;
		snprintf(path, sizeof(path), "/tracks/track_%u/%s", track,
			 names[i]);
		a[i] = get(path);
	}
	a[GEOMETRY] = get("/probe/probe_geometry");
}

static void free_arrays(struct array *a, int n)
{
	for (int i = 0; i < n; i++)
		free(a[i].v);
}

static double zea_place(const struct looker *l, uint32_t e, int axis)
{
	return l->a[GEOMETRY].v[3 * e + axis];
}

static double zea_sample(const struct looker *l, uint32_t event, uint32_t e,
			 uint32_t n)
{
	return l->a[RAW].v[((size_t)event * l->samples + n) * l->elements + e];
}

/* First arrival of what the elements send; of a focused wave by its focus. */
static double zea_arrival(const struct looker *l, uint32_t event, double x,
			  double z)
{
	const double *delay = l->a[DELAYS].v + (size_t)event * l->elements;
	const double *apo = l->a[APODIZATION].v + (size_t)event * l->elements;
	const double f = l->a[FOCUS].v[event];
	double first = INFINITY, fx, fz, sum = 0, n = 0;

	for (uint32_t e = 0; e < l->elements; e++)
		if (apo[e])
			first = fmin(first, delay[e] +
					    hypot(x - zea_place(l, e, 0),
						  z - zea_place(l, e, 2)) / C);
	if (f > 0 && !isinf(f)) {
		fx = l->a[ORIGIN].v[3 * event] +
		     f * sin(l->a[ANGLE].v[event]);
		fz = l->a[ORIGIN].v[3 * event + 2] +
		     f * cos(l->a[ANGLE].v[event]);
		for (uint32_t e = 0; e < l->elements; e++) {
			if (!apo[e])
				continue;
			sum += delay[e] + hypot(fx - zea_place(l, e, 0),
						fz - zea_place(l, e, 2)) / C;
			n++;
		}
		first = sum / n + copysign(hypot(x - fx, z - fz), z - fz) / C;
	}
	return first - l->a[BEGIN].v[event];
}

static bool zea_inverted(const struct looker *l, uint32_t event)
{
	double sum = 0;

	for (uint32_t e = 0; e < l->elements; e++)
		sum += l->a[APODIZATION].v[(size_t)event * l->elements + e];
	return sum < 0;
}

static struct looker look_at_zea(struct array *a, unsigned int track)
{
	char path[64];

	snprintf(path, sizeof(path),
		 "/tracks/track_%u/scan/sampling_frequency", track);
	read_zea(a, track);
	return (struct looker){
		.fs = number(path),
		.fc = a[FC].v[0],
		.events = a[RAW].dims[1],
		.samples = a[RAW].dims[2],
		.elements = a[RAW].dims[3],
		.place = zea_place,
		.sample = zea_sample,
		.arrival = zea_arrival,
		.skip = zea_inverted,
		.a = a,
	};
}

static void zea_sees(const char *source, const char *plan, double x, double z)
{
	struct sono_recording *rec = record(source, plan, 1, UINT32_MAX);
	struct array a[ZEA_ARRAYS];
	struct looker l;

	zea(rec);
	begin_reading();
	l = look_at_zea(a, 0);
	is_seen(&l, x, z);
	free_arrays(a, ZEA_ARRAYS);
	end_reading();
	sono_recording_close(rec);
}

Test(export, zea_of_plane_waves_shows_the_wire)
{
	zea_sees("sim:points", "userspace/presets/linear-b.plan", 5e-3, 20e-3);
}

Test(export, zea_of_diverging_waves_shows_the_wire)
{
	zea_sees("sim:points,probe=phased", "userspace/presets/cardiac-b.plan",
		 -10e-3, 40e-3);
}

/* In the focus, where every beam's wave is known exactly. */
Test(export, zea_of_beams_shows_the_wire)
{
	zea_sees("sim:points,probe=phased",
		 "userspace/presets/cardiac-harmonic.plan", 0, 80e-3);
}

/* --- UFF, as USTB sums it --- */

static double uff_wave(uint32_t event, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/channel_data/sequence/sequence_%04u/%s",
		 event + 1, name);
	return number(path);
}

static double uff_place(const struct looker *l, uint32_t e, int axis)
{
	return l->a[1].v[axis * l->elements + e];
}

static double uff_sample(const struct looker *l, uint32_t event, uint32_t e,
			 uint32_t n)
{
	return l->a[0].v[((size_t)event * l->elements + e) * l->samples + n];
}

/* The wave passes through the origin at 0. */
static double uff_arrival(const struct looker *l, uint32_t event, double x,
			  double z)
{
	const double *w = l->a[2].v + 4 * event;
	const double angle = w[2], sx = w[1] * sin(angle), sz = w[1] * cos(angle);

	if (w[0] == 0)
		return (x * sin(angle) + z * cos(angle)) / C - w[3];
	if (sz < 0)
		return (hypot(x - sx, z - sz) - w[1]) / C - w[3];
	return (copysign(hypot(x - sx, z - sz), z - sz) + w[1]) / C - w[3];
}

static bool odd(const struct looker *l, uint32_t event)
{
	(void)l;
	return event % 2;
}

static void uff_sees(const char *source, const char *plan, bool pairs,
		     double x, double z)
{
	struct sono_recording *rec = record(source, plan, 1, UINT32_MAX);
	struct array a[3];
	struct looker l;

	uff(rec);
	begin_reading();
	a[0] = get("/channel_data/data");
	a[1] = get("/channel_data/probe/geometry");
	cr_assert_eq(number("/channel_data/initial_time"), 0);
	l = (struct looker){
		.fs = number("/channel_data/sampling_frequency"),
		.fc = number("/channel_data/pulse/center_frequency") /
		      (pairs ? 2 : 1),
		.events = a[0].dims[1],
		.elements = a[0].dims[2],
		.samples = a[0].dims[3],
		.place = uff_place,
		.sample = uff_sample,
		.arrival = uff_arrival,
		.skip = pairs ? odd : NULL,
		.a = a,
	};
	a[2].v = malloc(4 * l.events * sizeof(double));
	for (uint32_t i = 0; i < l.events; i++) {
		a[2].v[4 * i] = uff_wave(i, "wavefront");
		a[2].v[4 * i + 1] = uff_wave(i, "source/distance");
		a[2].v[4 * i + 2] = uff_wave(i, "source/azimuth");
		a[2].v[4 * i + 3] = uff_wave(i, "delay");
	}
	is_seen(&l, x, z);
	free_arrays(a, 3);
	end_reading();
	sono_recording_close(rec);
}

Test(export, uff_of_plane_waves_shows_the_wire)
{
	uff_sees("sim:points", "userspace/presets/linear-b.plan", false, 5e-3,
		 20e-3);
}

Test(export, uff_of_diverging_waves_shows_the_wire)
{
	uff_sees("sim:points,probe=phased", "userspace/presets/cardiac-b.plan",
		 false, -10e-3, 40e-3);
}

Test(export, uff_of_beams_shows_the_wire)
{
	uff_sees("sim:points,probe=phased",
		 "userspace/presets/cardiac-harmonic.plan", true, 0, 80e-3);
}

/* --- samples --- */

static const int16_t *row_of(struct sono_recording *rec, uint32_t frame,
			     uint32_t event, uint32_t channel)
{
	const struct sono_event *ev = &sono_recording_scan(rec)->event[event];
	struct sono_record record;
	const void *payload;

	cr_assert_eq(sono_recording_frame(rec, frame, &record, &payload, NULL,
					  0), 0);
	return (const void *)((const char *)payload + ev->offset +
			      channel * ev->stride);
}

/* Two tracks: seven waves for the picture, twelve for colour. */
Test(export, every_sample_is_in_its_place)
{
	struct sono_recording *rec =
		record("sim:points,probe=phased",
		       "userspace/presets/cardiac-colour.plan", 2, UINT32_MAX);
	const struct sono_scan *s = sono_recording_scan(rec);
	struct array zb, zc, ub, uc;

	zea(rec);
	begin_reading();
	zb = get("/tracks/track_0/data/raw_data");
	zc = get("/tracks/track_1/data/raw_data");
	cr_assert(is_class("/tracks/track_0/data/raw_data", H5T_INTEGER, 2));
	end_reading();
	uff(rec);
	begin_reading();
	ub = get("/channel_data/data");
	uc = get("/channel_data_colour/data");
	cr_assert(is_class("/channel_data/data", H5T_FLOAT, 4));
	end_reading();
	cr_assert_eq(zb.dims[1], 7);
	cr_assert_eq(zc.dims[1], 12);
	for (uint32_t f = 0; f < 2; f++)
		for (uint32_t i = 0; i < s->events; i++) {
			const bool b = i < 7;
			const struct array *z = b ? &zb : &zc;
			const struct array *u = b ? &ub : &uc;
			const uint32_t tx = b ? i : i - 7;
			const uint32_t n = s->event[i].samples;

			cr_assert_eq(z->dims[2], n);
			cr_assert_eq(u->dims[3], n);
			for (uint32_t c = 0; c < s->channels; c++) {
				const uint32_t e = s->channel_element[c];
				const int16_t *row = row_of(rec, f, i, c);
				const size_t at = f * z->dims[1] + tx;

				for (uint32_t k = 0; k < n; k++) {
					const double v =
						(int16_t)le16toh(row[k]);

					cr_assert_eq(z->v[(at * n + k) *
							  s->elements + e], v);
					cr_assert_eq(u->v[(at * s->elements + e)
							  * n + k], v);
				}
			}
		}
	free(zb.v);
	free(zc.v);
	free(ub.v);
	free(uc.v);
	sono_recording_close(rec);
}

/* --- what else zea wants --- */

Test(export, zea_says_what_its_reader_asks_for)
{
	struct sono_recording *rec =
		record("sim:points,probe=phased",
		       "userspace/presets/cardiac-colour.plan", 3, 1);
	const struct sono_scan *s = sono_recording_scan(rec);
	struct array next, schedule, number_of, dropped;
	double sum = 0;

	zea(rec);
	begin_reading();
	text_is("/", "zea_version", "0.1.3");
	text_is("/tracks/track_0/scan/t0_delays", "unit", "s");
	cr_assert(is_class("/tracks/track_0/scan/t0_delays", H5T_FLOAT, 4));
	cr_assert(there("/tracks/track_1/label"));
	cr_assert_float_eq(number("/tracks/track_0/scan/sound_speed"), C, 1e-3);
	schedule = get("/track_schedule");
	cr_assert_eq(schedule.n, 2 * s->events);
	for (uint32_t i = 0; i < schedule.n; i++)
		cr_assert_eq(schedule.v[i], i % s->events >= 7);
	/* from the last transmit of a frame to the next frame, not recorded */
	next = get("/tracks/track_1/scan/time_to_next_transmit");
	for (uint32_t i = 0; i < 12; i++)
		sum += next.v[i];
	for (uint32_t i = 0; i < 7; i++)
		sum += s->event[i].period;
	cr_assert_float_eq(sum, 2 * s->frame_period, 1e-6);
	number_of = get("/custom/frame_number");
	dropped = get("/custom/dropped");
	cr_assert_eq(number_of.v[1] - number_of.v[0], 2);
	cr_assert_eq(dropped.n, 2);
	free(next.v);
	free(schedule.v);
	free(number_of.v);
	free(dropped.v);
	end_reading();
	sono_recording_close(rec);
}

/*
 * A wave arrives at an element as late as it lies behind the plane through the
 * origin, or far from the source: seen in the delays, whatever the plan says.
 */
static void angles_are(const char *source, const char *plan, double least)
{
	struct sono_recording *rec = record(source, plan, 1, UINT32_MAX);
	struct array delay, angle, focus, place;
	double most = 0;

	zea(rec);
	begin_reading();
	delay = get("/tracks/track_0/scan/t0_delays");
	angle = get("/tracks/track_0/scan/polar_angles");
	focus = get("/tracks/track_0/scan/focus_distances");
	place = get("/probe/probe_geometry");
	for (hsize_t i = 0; i < angle.n; i++) {
		const double *d = delay.v + i * delay.dims[1];
		const double sine = sin(angle.v[i]), cosine = cos(angle.v[i]);
		double late[2];

		for (int end = 0; end < 2; end++) {
			const hsize_t e = end ? place.dims[0] - 1 : 0;
			const double x = place.v[3 * e];
			const double r = -focus.v[i];

			late[end] = isinf(r) ? x * sine :
					       hypot(x + r * sine, r * cosine);
		}
		/* delays in 1/256 of 10 ns, 60 nm; floats round to less */
		cr_assert_float_eq((d[delay.dims[1] - 1] - d[0]) * C,
				   late[1] - late[0], 1e-7, "wave %d", (int)i);
		most = fmax(most, fabs(angle.v[i]));
	}
	cr_assert_gt(most, least);
	free(delay.v);
	free(angle.v);
	free(focus.v);
	free(place.v);
	end_reading();
	sono_recording_close(rec);
}

Test(export, zea_angles_are_those_of_the_delays)
{
	angles_are("sim:points", "userspace/presets/linear-b.plan", 0.1);
	angles_are("sim:points,probe=phased", "userspace/presets/cardiac-b.plan",
		   0.1);
}

/* 0, 6, 20 dB at equal steps of the window: as factors of the samples. */
Test(export, zea_says_the_gain_that_is_in_the_samples)
{
	static const double db[] = { 0, 6, 20 };
	char plan[80], line[256];
	FILE *from = fopen("tests/parity/small.plan", "r"), *to;
	struct sono_recording *rec;
	struct array gain;

	snprintf(plan, sizeof(plan), "%s.plan", out);
	to = fopen(plan, "w");
	while (fgets(line, sizeof(line), from)) {
		fputs(line, to);
		if (strstr(line, "sequence: {"))
			fputs("tgc_db = [ 0.0, 6.0, 20.0 ];\n", to);
	}
	fclose(to);
	fclose(from);
	rec = record("sim:points", plan, 1, UINT32_MAX);
	unlink(plan);
	zea(rec);
	begin_reading();
	gain = get("/tracks/track_0/scan/tgc_gain_curve");
	cr_assert_eq(gain.n, sono_recording_scan(rec)->event[0].samples);
	for (int i = 0; i < 3; i++) {
		/* between two samples it is in between in dB */
		const double at = i / 2.0 * (gain.n - 1);
		const hsize_t low = floor(at), high = ceil(at);

		cr_assert_float_eq(10 * log10(gain.v[low] * gain.v[high]),
				   db[i], 20.0 / gain.n);
	}
	free(gain.v);
	end_reading();
	sono_recording_close(rec);
}

static void ecg_is(uint32_t without, bool even)
{
	struct sono_recording *rec =
		record("sim:heart,probe=phased",
		       "userspace/presets/cardiac-colour.plan", 3, without);
	const struct sono_scan *s = sono_recording_scan(rec);
	struct array samples, times;
	size_t at = 0;

	zea(rec);
	begin_reading();
	samples = get("/metadata/ecg/samples");
	cr_assert_eq(there("/metadata/ecg/sampling_frequency"), even);
	cr_assert_eq(there("/metadata/ecg/timestamps"), !even);
	for (uint64_t f = 0; f < sono_recording_frames(rec); f++) {
		struct sono_record record;
		struct sono_aux aux;
		const void *payload;

		sono_recording_frame(rec, f, &record, &payload, NULL, 0);
		memcpy(&aux, (const char *)payload + s->aux_offset,
		       sizeof(aux));
		for (uint32_t i = 0; i < le32toh(aux.ecg_count); i++) {
			int16_t v;

			memcpy(&v, (const char *)payload + s->aux_offset +
				   sizeof(aux) + 2 * i, 2);
			cr_assert_eq(samples.v[at++], (int16_t)le16toh(v));
		}
	}
	cr_assert_eq(at, samples.n);
	if (!even) {
		times = get("/metadata/ecg/timestamps");
		cr_assert_eq(times.n, samples.n);
		free(times.v);
	}
	free(samples.v);
	end_reading();
	sono_recording_close(rec);
}

Test(export, ecg_goes_along)
{
	ecg_is(UINT32_MAX, true);
}

Test(export, ecg_with_a_gap_has_times)
{
	ecg_is(1, false);
}

/* --- what else UFF wants --- */

Test(export, uff_says_what_its_readers_ask_for)
{
	struct sono_recording *rec =
		record("sim:points", "userspace/presets/linear-b.plan", 1,
		       UINT32_MAX);
	struct array g;

	uff(rec);
	begin_reading();
	text_is("/", "version", "v1.2.0");
	text_is("/channel_data", "class", "uff.channel_data");
	text_is("/channel_data/probe", "class", "uff.probe");
	text_is("/channel_data/sequence/sequence_0001", "class", "uff.wave");
	text_is("/channel_data/sequence/sequence_0001/source", "class",
		"uff.point");
	text_is("/channel_data/data", "class", "single");
	cr_assert_eq(number("/channel_data/modulation_frequency"), 0);
	g = get("/channel_data/probe/geometry");
	cr_assert_eq(g.dims[0], 7);
	cr_assert_eq(g.dims[1], sono_recording_scan(rec)->elements);
	free(g.v);
	end_reading();
	sono_recording_close(rec);
}

/* --- refusals --- */

Test(export, a_recording_without_frames_is_refused)
{
	struct sono_recording *rec =
		record("sim:points", "userspace/presets/linear-b.plan", 1, 0);
	char why[256];

	cr_assert_eq(sono_export_zea(rec, out, why, sizeof(why)), -ENODATA);
	cr_assert_str_eq(why, "the recording has no frames");
	cr_assert_eq(sono_export_uff(rec, out, why, sizeof(why)), -ENODATA);
	cr_assert_eq(access(out, F_OK), -1);
	sono_recording_close(rec);
}

/* Overwrites something of the payload of @count frames from @first on. */
static void damage(struct sono_recording *rec, int first, int count)
{
	const size_t frame = SONO_RECORDING_ALIGN +
			     recording_align(sono_recording_scan(rec)
						     ->frame_bytes);
	const int frames = sono_recording_frames(rec);
	FILE *f = fopen(recording, "r+");

	for (int i = first; i < first + count; i++) {
		fseek(f, 8192 - (long)((frames - i) * frame), SEEK_END);
		fputs("damage", f);
	}
	fclose(f);
}

/* Of five frames the second and third; what follows keeps its own samples. */
Test(export, damaged_frames_are_left_out)
{
	struct sono_recording *rec =
		record("sim:points", "userspace/presets/linear-b.plan", 5,
		       UINT32_MAX);
	struct array z, u, seq, time, lost;
	char why[256] = "";

	damage(rec, 1, 2);
	cr_assert_eq(sono_export_zea(rec, out, why, sizeof(why)), 2);
	cr_assert(strstr(why, "frame 1, at byte"), "%s", why);
	begin_reading();
	z = get("/tracks/track_0/data/raw_data");
	seq = get("/custom/frame_number");
	time = get("/custom/frame_time");
	lost = get("/custom/lost");
	end_reading();
	why[0] = '\0';
	cr_assert_eq(sono_export_uff(rec, out, why, sizeof(why)), 2);
	cr_assert(strstr(why, "frame 1, at byte"), "%s", why);
	begin_reading();
	u = get("/channel_data/data");
	end_reading();
	cr_assert_eq(z.dims[0], 3);
	cr_assert_eq(u.dims[0], 3);
	for (int i = 0; i < 3; i++) {
		const int frame = i ? i + 2 : 0;
		const struct sono_scan *s = sono_recording_scan(rec);
		const int16_t *row = row_of(rec, frame, 0, 5);
		const uint32_t e = s->channel_element[5];

		cr_assert_eq(seq.v[i], seq.v[0] + frame);
		cr_assert_float_eq(time.v[i], frame * s->frame_period, 1e-5);
		cr_assert_eq(lost.v[i], i == 1 ? 2 : 0);
		for (uint32_t k = 0; k < z.dims[2]; k++) {
			const double v = (int16_t)le16toh(row[k]);

			cr_assert_eq(z.v[(i * z.dims[1] * z.dims[2] + k) *
					 s->elements + e], v);
			cr_assert_eq(u.v[(i * u.dims[1] * u.dims[2] + e) *
					 u.dims[3] + k], v);
		}
	}
	free(z.v);
	free(u.v);
	free(seq.v);
	free(time.v);
	free(lost.v);
	sono_recording_close(rec);
}

/* What was there stays, and nothing half written. */
Test(export, nothing_but_damaged_frames_leaves_no_file)
{
	struct sono_recording *rec =
		record("sim:points", "userspace/presets/linear-b.plan", 3,
		       UINT32_MAX);
	char why[256] = "", part[80];
	FILE *f;

	damage(rec, 0, 3);
	sono_recording_close(rec);
	f = fopen(out, "w");
	fputs("before", f);
	fclose(f);
	must(sono_recording_open(&rec, recording, why, sizeof(why)), why);
	cr_assert_eq(sono_export_zea(rec, out, why, sizeof(why)), -ENODATA);
	cr_assert_eq(sono_export_uff(rec, out, why, sizeof(why)), -ENODATA);
	snprintf(part, sizeof(part), "%s.part", out);
	cr_assert_eq(access(part, F_OK), -1);
	f = fopen(out, "r");
	cr_assert_str_eq(fgets(part, sizeof(part), f), "before");
	fclose(f);
	sono_recording_close(rec);
}

Test(export, where_nothing_can_be_written_it_says_so)
{
	struct sono_recording *rec =
		record("sim:points", "userspace/presets/linear-b.plan", 1,
		       UINT32_MAX);
	char why[256] = "";

	cr_assert_eq(sono_export_zea(rec, "/none/x.hdf5", why, sizeof(why)),
		     -ENOENT);
	cr_assert_str_eq(why, "/none/x.hdf5: No such file or directory");
	cr_assert_eq(sono_export_uff(rec, "/dev/full/x", why, sizeof(why)),
		     -ENOTDIR);
	sono_recording_close(rec);
}

/* Of a full disk nothing is left, wherever it was full. */
Test(export, a_full_disk_leaves_no_file)
{
	struct sono_recording *rec =
		record("sim:points", "userspace/presets/linear-b.plan", 2,
		       UINT32_MAX);
	struct rlimit limit;
	char why[256] = "", part[80];

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	snprintf(part, sizeof(part), "%s.part", out);
	unlink(out);
	for (rlim_t room = 0; room < 1 << 20; room = 4 * room + 100) {
		limit.rlim_cur = room;
		setrlimit(RLIMIT_FSIZE, &limit);
		cr_assert_eq(sono_export_zea(rec, out, why, sizeof(why)),
			     -EFBIG, "%lu", room);
		cr_assert_eq(access(part, F_OK), -1, "%lu", room);
		cr_assert_eq(sono_export_uff(rec, out, why, sizeof(why)),
			     -EFBIG, "%lu", room);
		cr_assert_eq(access(part, F_OK), -1, "%lu", room);
		cr_assert_eq(access(out, F_OK), -1, "%lu", room);
	}
	sono_recording_close(rec);
}

/* A source 14 mm behind the probe is no plane wave. */
Test(export, uff_refuses_a_wave_it_cannot_say)
{
	struct sono_recording *rec =
		record_as("sim:points,probe=phased",
			  "userspace/presets/cardiac-b.plan", 1, UINT32_MAX,
			  SONO_WAVE_PLANE);
	char why[256] = "";

	cr_assert_eq(sono_export_uff(rec, out, why, sizeof(why)), -EINVAL);
	cr_assert(strstr(why, "event 0: its delays are those of no wave"),
		  "%s", why);
	cr_assert_eq(access(out, F_OK), -1);
	sono_recording_close(rec);
}

/* --- waves from delays --- */

#define ELEMENTS 64

static struct sono_scan *array(double radius)
{
	struct sono_scan *s = sono_scan_alloc(ELEMENTS, ELEMENTS, 1);

	s->c = C;
	for (uint32_t e = 0; e < ELEMENTS; e++) {
		const double at = (e - (ELEMENTS - 1) / 2.0) * 0.3e-3;
		const double a = radius > 0 ? at / radius : 0;

		s->element[e].x = radius > 0 ? radius * sin(a) : at;
		s->element[e].z = radius > 0 ? radius * (cos(a) - 1) : 0;
	}
	return s;
}

static double *delays(struct sono_scan *s)
{
	return (double *)s->event[0].delay;
}

static void is_plane(double radius, double angle)
{
	struct sono_scan *s = array(radius);
	struct sono_source w;

	s->event[0].wave = SONO_WAVE_PLANE;
	for (uint32_t e = 0; e < ELEMENTS; e++)
		delays(s)[e] = 3e-6 + (s->element[e].x * sin(angle) +
				       s->element[e].z * cos(angle)) / C;
	/* one that does not transmit says nothing */
	delays(s)[5] = NAN;
	w = sono_wave_source(s, &s->event[0]);
	cr_assert(w.plane);
	cr_assert_float_eq(atan2(w.x, w.z), angle, 1e-6);
	cr_assert_float_eq(w.origin_time, 3e-6, 1e-12);
	cr_assert_lt(w.misfit, 1e-12);
	sono_scan_free(s);
}

static void is_diverging(double radius, double x, double z)
{
	struct sono_scan *s = array(radius);
	struct sono_source w;

	s->event[0].wave = SONO_WAVE_DIVERGING;
	for (uint32_t e = 0; e < ELEMENTS; e++)
		delays(s)[e] = 1e-6 + hypot(s->element[e].x - x,
					    s->element[e].z - z) / C;
	w = sono_wave_source(s, &s->event[0]);
	cr_assert_not(w.plane);
	cr_assert_float_eq(w.x, x, 1e-6, "%g %g: %g %g", x, z, w.x, w.z);
	cr_assert_float_eq(w.z, z, 1e-6, "%g %g: %g %g", x, z, w.x, w.z);
	cr_assert_float_eq(w.origin_time, 1e-6 + hypot(x, z) / C, 1e-9);
	sono_scan_free(s);
}

Test(export, waves_are_found_from_their_delays)
{
	is_plane(0, 0);
	is_plane(0, 0.2);
	is_plane(0, -0.6);
	is_plane(60e-3, 0.1);
	is_diverging(0, 0, -10e-3);
	is_diverging(0, 12e-3, -8e-3);
	is_diverging(0, -30e-3, -40e-3);
	is_diverging(0, 3e-3, -2e-3);
	is_diverging(60e-3, 5e-3, -60e-3);
}

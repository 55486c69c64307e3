// SPDX-License-Identifier: MIT
/*
 * UFF 1.2.0, as MATLAB's USTB writes it: an object is a group that says its
 * class, a number a dataset of floats that says whether it is complex.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "export_tracks.h"
#include "hdf.h"
#include "wave.h"
#include "why.h"

#define UFF_VERSION "v1.2.0"

/* uff.wavefront and uff.window */
#define WAVEFRONT_PLANE		0
#define WAVEFRONT_SPHERICAL	1
#define WINDOW_NONE		0

/* Of a period: what a wave may differ from what is said of it. */
#define MISFIT_MAX (1.0 / 16)

/**
 * struct uff - an export
 * @h: file
 * @t: tracks of the recording
 * @geometry: of the probe: x, z as [7][elements]
 * @block: room for the samples of an event
 * @row: room for an event's rows
 * @why: of the caller
 * @why_bytes: its size
 */
struct uff {
	struct hdf h;
	struct export_tracks t;
	float *geometry;
	float *block;
	const int16_t **row;
	char *why;
	size_t why_bytes;
};

/* --- objects and numbers as UFF has them --- */

/* @n objects of a class, or one where @n is 0. */
static hid_t object(struct uff *u, hid_t in, const char *name,
		    const char *class, uint32_t n)
{
	const double size[] = { 1, n ? n : 1 };
	const double array = n > 1;
	hid_t group = hdf_group(&u->h, in, name);

	hdf_attr_chars(&u->h, group, "class", class, false);
	hdf_attr_chars(&u->h, group, "name", name, false);
	hdf_attr_doubles(&u->h, group, "size", 2, size);
	hdf_attr_doubles(&u->h, group, "array", 1, &array);
	return group;
}

static hid_t single(struct uff *u, hid_t in, const char *name, int rank,
		    const hsize_t *dims, const float *values,
		    const hsize_t *chunk)
{
	const double no = 0;
	hid_t d = hdf_numbers(&u->h, in, name, H5T_IEEE_F32LE,
			      H5T_NATIVE_FLOAT, rank, dims, values, chunk);

	hdf_attr_chars(&u->h, d, "class", "single", false);
	hdf_attr_chars(&u->h, d, "name", name, false);
	hdf_attr_doubles(&u->h, d, "complex", 1, &no);
	hdf_attr_doubles(&u->h, d, "imaginary", 1, &no);
	return d;
}

static void number(struct uff *u, hid_t in, const char *name, double value)
{
	const hsize_t dims[] = { 1, 1 };
	const float v = value;

	hdf_dataset_end(&u->h, single(u, in, name, 2, dims, &v, NULL));
}

static void point(struct uff *u, hid_t in, const char *name, double distance,
		  double azimuth)
{
	hid_t p = object(u, in, name, "uff.point", 0);

	number(u, p, "distance", distance);
	number(u, p, "azimuth", azimuth);
	number(u, p, "elevation", 0);
	hdf_end(&u->h, p);
}

static void probe(struct uff *u, hid_t in)
{
	const hsize_t dims[] = { 7, u->t.scan->elements };
	hid_t p = object(u, in, "probe", "uff.probe", 0);

	hdf_dataset_end(&u->h, single(u, p, "geometry", 2, dims, u->geometry,
				      NULL));
	point(u, p, "origin", 0, 0);
	hdf_end(&u->h, p);
}

/* --- waves --- */

static int refuse_wave(struct uff *u, uint32_t event,
		       const struct sono_source *s)
{
	return sono_why(u->why, u->why_bytes, -EINVAL,
			"event %u: its delays are those of no wave that UFF can say (off by %.0f ns)",
			event, s->misfit * 1e9);
}

/* A source is behind the probe or, of a wave that runs together, before it. */
static void wave(struct uff *u, hid_t in, const char *name,
		 const struct sono_event *ev, const struct sono_source *s)
{
	const struct sono_scan *scan = u->t.scan;
	hid_t w = object(u, in, name, "uff.wave", 0), a;

	number(u, w, "wavefront",
	       s->plane ? WAVEFRONT_PLANE : WAVEFRONT_SPHERICAL);
	point(u, w, "source", s->plane ? INFINITY : hypot(s->x, s->z),
	      atan2(s->x, s->z));
	/* from the origin's instant to the first sample */
	number(u, w, "delay",
	       ev->rx_start - s->origin_time - export_late(scan));
	number(u, w, "sound_speed", scan->c);
	probe(u, w);
	a = object(u, w, "apodization", "uff.apodization", 0);
	number(u, a, "window", WINDOW_NONE);
	hdf_end(&u->h, a);
	hdf_end(&u->h, w);
}

/* An event without transmit has no wave: it is one that never comes. */
static bool silent(const struct sono_scan *s, const struct sono_event *ev)
{
	for (uint32_t e = 0; e < s->elements; e++)
		if (!isnan(ev->delay[e]))
			return false;
	return true;
}

static int sequence(struct uff *u, hid_t in, const struct export_track *t)
{
	const struct sono_scan *s = u->t.scan;
	hid_t all = -1;
	int ret = 0;

	if (t->events > 1)
		all = object(u, in, "sequence", "uff.wave", t->events);
	for (uint32_t i = 0; i < t->events && !ret; i++) {
		const struct sono_event *ev = &s->event[t->event[i]];
		struct sono_source source = { .plane = true, .z = 1 };
		char name[32];

		if (!silent(s, ev))
			source = sono_wave_source(s, ev);
		if (source.misfit * s->fc > MISFIT_MAX) {
			ret = refuse_wave(u, t->event[i], &source);
			break;
		}
		snprintf(name, sizeof(name), "sequence_%04u", i + 1);
		wave(u, t->events > 1 ? all : in,
		     t->events > 1 ? name : "sequence", ev, &source);
	}
	hdf_end(&u->h, all);
	return ret;
}

/* --- samples --- */

static void write_event(struct uff *u, hid_t data, uint64_t frame, uint32_t i,
			const struct export_track *t, const void *payload)
{
	const struct sono_scan *s = u->t.scan;
	const hsize_t start[] = { frame, i, 0, 0 };
	const hsize_t count[] = { 1, 1, s->elements, t->samples };
	float *to = u->block;

	export_rows(s, t->event[i], payload, u->row);
	for (uint32_t e = 0; e < s->elements; e++)
		for (uint32_t n = 0; n < t->samples; n++)
			*to++ = u->row[e] ?
				(int16_t)le16toh(u->row[e][n]) : 0;
	hdf_fill(&u->h, data, H5T_NATIVE_FLOAT, 4, start, count, u->block);
}

static int samples(struct uff *u, hid_t in, const struct export_track *t)
{
	const struct sono_scan *s = u->t.scan;
	const hsize_t dims[] = { u->t.frames, t->events, s->elements, t->samples };
	const hsize_t chunk[] = { 1, 1, s->elements, t->samples };
	hid_t data = single(u, in, "data", 4, dims, NULL, chunk);
	int ret = 0;

	for (uint64_t f = 0; f < u->t.frames && !ret && !u->h.failed; f++) {
		struct sono_record record;
		const void *payload;

		ret = sono_recording_frame(u->t.rec, u->t.frame[f], &record,
					   &payload, u->why, u->why_bytes);
		for (uint32_t i = 0; !ret && i < t->events; i++)
			write_event(u, data, f, i, t, payload);
	}
	hdf_dataset_end(&u->h, data);
	return ret;
}

/* --- channel data --- */

static double period(const struct sono_scan *s, const struct export_track *t)
{
	return s->event[t->event[0]].period;
}

static int channel_data(struct uff *u, uint32_t track)
{
	const struct export_track *t = &u->t.track[track];
	const struct sono_scan *s = u->t.scan;
	char name[64] = "channel_data";
	hid_t d, pulse;
	int ret;

	if (track)
		snprintf(name, sizeof(name), "channel_data_%s", t->name);
	d = object(u, u->h.file, name, "uff.channel_data", 0);
	number(u, d, "sampling_frequency", s->fs);
	number(u, d, "initial_time", 0);
	number(u, d, "sound_speed", s->c);
	number(u, d, "modulation_frequency", 0);
	number(u, d, "PRF", 1 / period(s, t));
	number(u, d, "N_active_elements", s->channels);
	pulse = object(u, d, "pulse", "uff.pulse", 0);
	number(u, pulse, "center_frequency", s->fc);
	hdf_end(&u->h, pulse);
	probe(u, d);
	ret = sequence(u, d, t);
	if (!ret)
		ret = samples(u, d, t);
	hdf_end(&u->h, d);
	return ret;
}

/* --- from beginning to end --- */

static int prepare(struct uff *u, struct sono_recording *rec)
{
	const struct sono_scan *s = sono_recording_scan(rec);
	uint32_t most = 0;
	int ret;

	for (uint32_t i = 0; i < s->events; i++)
		most = s->event[i].samples > most ? s->event[i].samples : most;
	u->geometry = calloc(s->elements, 7 * sizeof(*u->geometry));
	u->block = calloc(s->elements, most * sizeof(*u->block));
	u->row = calloc(s->elements, sizeof(*u->row));
	if (!u->geometry || !u->block || !u->row)
		return -ENOMEM;
	/* x, y, z, azimuth, elevation, width, height; sizes are not known */
	for (uint32_t e = 0; e < s->elements; e++) {
		u->geometry[e] = s->element[e].x;
		u->geometry[2 * s->elements + e] = s->element[e].z;
		u->geometry[3 * s->elements + e] = atan2(s->element[e].nx,
							 s->element[e].nz);
	}
	ret = export_tracks_create(&u->t, rec);
	return ret ? ret : export_frames_find(&u->t, NULL, NULL, u->why,
					      u->why_bytes);
}

static int write_all(struct uff *u)
{
	int ret = 0;

	hdf_attr_chars(&u->h, u->h.file, "version", UFF_VERSION, true);
	for (uint32_t i = 0; i < u->t.tracks && !ret; i++)
		ret = channel_data(u, i);
	return ret;
}

int sono_export_uff(struct sono_recording *rec, const char *path, char *why,
		    size_t why_bytes)
{
	struct uff *u = calloc(1, sizeof(*u));
	int ret, end;

	if (!u)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	u->why = why;
	u->why_bytes = why_bytes;
	sono_why(why, why_bytes, 0, "%s", "");
	ret = prepare(u, rec);
	if (!ret)
		ret = hdf_open(&u->h, path);
	if (!ret) {
		ret = write_all(u);
		end = hdf_close(&u->h, !ret);
		if (!ret || u->h.failed)
			ret = end;
	}
	if (ret && why && !*why)
		sono_why(why, why_bytes, ret, "%s: %s", path, strerror(-ret));
	if (!ret)
		ret = export_left_out(&u->t, why, why_bytes);
	export_tracks_destroy(&u->t);
	free(u->geometry);
	free(u->block);
	free(u->row);
	free(u);
	return ret;
}

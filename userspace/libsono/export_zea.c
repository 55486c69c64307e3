// SPDX-License-Identifier: MIT
/*
 * zea's files: /tracks/track_N/{data,scan}, /probe, /metadata, /custom, each
 * dataset with the attributes unit and description. Floats are of 32 bits, as
 * its reader wants them.
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
#include "sono_regs.h"
#include "wave.h"
#include "why.h"

/* The version whose layout this is. */
#define ZEA_VERSION "0.1.3"

/* A chunk is of one frame, and at most so large. */
#define CHUNK_BYTES (8u << 20)

/**
 * struct ecg - of the whole recording
 * @samples: [@n], owned
 * @time: of each, from the first frame's first trigger [s], [@n], owned
 * @n: how many
 * @rate: per second
 */
struct ecg {
	int16_t *samples;
	double *time;
	size_t n;
	uint32_t rate;
};

/**
 * struct zea - an export
 * @h: file
 * @t: tracks of the recording
 * @zero: the first whole frame's first trigger [ticks]
 * @ecg: of all frames
 * @seq: of each whole frame, [@t.frames]
 * @time: of each frame's first trigger, since the first frame's [s]
 * @dropped: before each frame
 * @lost: before each frame, damaged ones too
 * @raw: raw_data of each track, open
 * @block: room for one event's samples, transposed
 * @row: room for an event's rows
 * @why: of the caller
 * @why_bytes: its size
 */
struct zea {
	struct hdf h;
	struct export_tracks t;
	uint64_t zero;
	struct ecg ecg;
	uint64_t *seq;
	double *time;
	uint32_t *dropped;
	uint32_t *lost;
	hid_t raw[EXPORT_TRACKS_MAX];
	int16_t *block;
	const int16_t **row;
	char *why;
	size_t why_bytes;
};

/* --- datasets as zea has them --- */

static void describe(struct zea *z, hid_t dataset, const char *unit,
		     const char *description)
{
	hdf_attr_text(&z->h, dataset, "unit", unit);
	hdf_attr_text(&z->h, dataset, "description", description);
}

static void put_floats(struct zea *z, hid_t in, const char *name, int rank,
		       const hsize_t *dims, const double *values,
		       const char *unit, const char *description)
{
	hid_t d = hdf_numbers(&z->h, in, name, H5T_IEEE_F32LE,
			      H5T_NATIVE_DOUBLE, rank, dims, values, NULL);

	describe(z, d, unit, description);
	hdf_dataset_end(&z->h, d);
}

static void put_float(struct zea *z, hid_t in, const char *name, double value,
		      const char *unit, const char *description)
{
	put_floats(z, in, name, 0, NULL, &value, unit, description);
}

/* --- a track's scan --- */

/**
 * struct transmits - of a track, as zea says them, all [events]
 * @delays: [events][elements] from the first element that fires [s]
 * @apodization: [events][elements] -1 to 1
 * @begin: from the first element that fires to the first sample [s]
 * @frequency: [Hz]
 * @focus: distance [m]
 * @origin: [events][3] [m]
 * @angle: [rad]
 */
struct transmits {
	double *delays;
	double *apodization;
	double *begin;
	double *frequency;
	double *focus;
	double *origin;
	double *angle;
};

static void transmits_free(struct transmits *x)
{
	free(x->delays);
	free(x->apodization);
	free(x->begin);
	free(x->frequency);
	free(x->focus);
	free(x->origin);
	free(x->angle);
}

static int transmits_alloc(struct transmits *x, size_t events, size_t elements)
{
	x->delays = calloc(events * elements, sizeof(double));
	x->apodization = calloc(events * elements, sizeof(double));
	x->begin = calloc(events, sizeof(double));
	x->frequency = calloc(events, sizeof(double));
	x->focus = calloc(events, sizeof(double));
	x->origin = calloc(events * 3, sizeof(double));
	x->angle = calloc(events, sizeof(double));
	return x->delays && x->apodization && x->begin && x->frequency &&
			       x->focus && x->origin && x->angle ?
		       0 :
		       -ENOMEM;
}

/* Delays from the first that fires; returns when that is. */
static double put_delays(const struct sono_scan *s, const struct sono_event *ev,
			 double *delays)
{
	double first = INFINITY;

	for (uint32_t e = 0; e < s->elements; e++)
		first = fmin(first, isnan(ev->delay[e]) ? INFINITY :
							  ev->delay[e]);
	for (uint32_t e = 0; e < s->elements; e++)
		delays[e] = isnan(ev->delay[e]) ? 0 : ev->delay[e] - first;
	return isinf(first) ? 0 : first;
}

/* Along a beam, or from the origin: focus behind is negative, plane: endless. */
static void put_wave(const struct sono_scan *s, const struct sono_event *ev,
		     struct transmits *x, uint32_t i)
{
	struct sono_source source;

	if (ev->wave == SONO_WAVE_FOCUSED) {
		x->focus[i] = ev->focus;
		x->origin[3 * i] = ev->beam_x;
		x->origin[3 * i + 2] = ev->beam_z;
		x->angle[i] = ev->beam_angle;
		return;
	}
	source = sono_wave_source(s, ev);
	x->focus[i] = source.plane ? INFINITY : -hypot(source.x, source.z);
	x->angle[i] = source.plane ? atan2(source.x, source.z) :
				     atan2(-source.x, -source.z);
}

static bool fires(const struct sono_scan *s, const struct sono_event *ev)
{
	for (uint32_t e = 0; e < s->elements; e++)
		if (!isnan(ev->delay[e]))
			return true;
	return false;
}

static void put_transmit(struct zea *z, uint32_t event, struct transmits *x,
			 uint32_t i)
{
	const struct sono_scan *s = z->t.scan;
	const struct sono_event *ev = &s->event[event];
	double *apodization = x->apodization + (size_t)i * s->elements;
	struct sono_waveform w;
	double first;

	sono_sequence_waveform(sono_recording_table(z->t.rec), event, &w,
			       apodization);
	for (uint32_t e = 0; w.inverted && e < s->elements; e++)
		apodization[e] = -apodization[e];
	first = put_delays(s, ev, x->delays + (size_t)i * s->elements);
	x->begin[i] = ev->rx_start - first - export_late(s);
	x->frequency[i] = w.frequency;
	x->focus[i] = INFINITY;
	if (fires(s, ev))
		put_wave(s, ev, x, i);
}

static void write_transmits(struct zea *z, hid_t scan, const struct transmits *x,
			    hsize_t events)
{
	const hsize_t elements = z->t.scan->elements;
	const hsize_t by_element[] = { events, elements };
	const hsize_t points[] = { events, 3 };

	put_floats(z, scan, "initial_times", 1, &events, x->begin, "s",
		   "From the first element that fires to the first sample, as "
		   "the centre of the pulse sees it and without the lens.");
	put_floats(z, scan, "t0_delays", 2, by_element, x->delays, "s",
		   "Transmit delays per element; 0 where it does not transmit.");
	put_floats(z, scan, "tx_apodizations", 2, by_element, x->apodization,
		   "-", "Transmit apodization; negative: inverted pulse.");
	put_floats(z, scan, "center_frequency", 1, &events, x->frequency, "Hz",
		   "Centre frequency of the transmit pulse.");
	put_floats(z, scan, "focus_distances", 1, &events, x->focus, "m",
		   "From the origin of the transmit to its focus; negative: a "
		   "virtual source behind the probe, infinite: plane.");
	put_floats(z, scan, "transmit_origins", 2, points, x->origin, "m",
		   "Where beams leave the probe (x, y, z).");
	put_floats(z, scan, "polar_angles", 1, &events, x->angle, "rad",
		   "Direction of transmits from +z towards +x.");
}

/* Gain that the board applied, linear, for every sample. */
static int write_tgc(struct zea *z, hid_t scan, const struct export_track *t)
{
	const struct sono_scan *s = z->t.scan;
	const hsize_t n = t->samples;
	double *gain;

	if (!s->tgc_points)
		return 0;
	gain = malloc(n * sizeof(*gain));
	if (!gain)
		return -ENOMEM;
	for (hsize_t i = 0; i < n; i++) {
		const double at = n > 1 ? (double)i / (n - 1) *
						  (s->tgc_points - 1) : 0;
		const uint32_t low = fmin(at, s->tgc_points > 1 ?
						      s->tgc_points - 2 : 0);
		const uint32_t high = s->tgc_points > 1 ? low + 1 : low;
		const double db = s->tgc_db[low] +
			(at - low) * (s->tgc_db[high] - s->tgc_db[low]);

		gain[i] = pow(10, db / 20);
	}
	put_floats(z, scan, "tgc_gain_curve", 1, &n, gain, "-",
		   "Gain over depth that is in raw_data, linear.");
	free(gain);
	return 0;
}

/* To the next trigger; after the last one of a frame to the next frame's. */
static int write_periods(struct zea *z, hid_t scan,
			 const struct export_track *t)
{
	const struct sono_scan *s = z->t.scan;
	const hsize_t dims[] = { z->t.frames, t->events };
	double *period = malloc(z->t.frames * t->events * sizeof(*period));
	double *to = period;

	if (!period)
		return -ENOMEM;
	for (uint64_t f = 0; f < z->t.frames; f++)
		for (uint32_t i = 0; i < t->events; i++, to++) {
			const bool last = t->event[i] == s->events - 1;

			*to = s->event[t->event[i]].period;
			if (last && f + 1 < z->t.frames)
				*to += z->time[f + 1] - z->time[f] -
				       s->frame_period;
		}
	put_floats(z, scan, "time_to_next_transmit", 2, dims, period, "s",
		   "From each transmit to the next one of the whole scan.");
	free(period);
	return 0;
}

static int write_scan(struct zea *z, hid_t track, const struct export_track *t)
{
	const struct sono_scan *s = z->t.scan;
	hid_t scan = hdf_group(&z->h, track, "scan");
	struct transmits x = { 0 };
	int ret = transmits_alloc(&x, t->events, s->elements);

	if (!ret) {
		for (uint32_t i = 0; i < t->events; i++)
			put_transmit(z, t->event[i], &x, i);
		write_transmits(z, scan, &x, t->events);
		put_float(z, scan, "sampling_frequency", s->fs, "Hz",
			  "Sampling frequency.");
		put_float(z, scan, "demodulation_frequency", s->fc, "Hz",
			  "Centre of the band that is received.");
		put_float(z, scan, "sound_speed", s->c, "m/s",
			  "Speed of sound.");
		ret = write_tgc(z, scan, t);
	}
	if (!ret)
		ret = write_periods(z, scan, t);
	transmits_free(&x);
	hdf_end(&z->h, scan);
	return ret;
}

/* --- samples --- */

static void begin_raw(struct zea *z, hid_t track, uint32_t i)
{
	const struct export_track *t = &z->t.track[i];
	const hsize_t dims[] = { z->t.frames, t->events, t->samples,
				 z->t.scan->elements, 1 };
	const size_t bytes = (size_t)t->samples * z->t.scan->elements * 2;
	const hsize_t fit = bytes < CHUNK_BYTES ? CHUNK_BYTES / bytes : 1;
	const hsize_t chunk[] = { 1, fit < t->events ? fit : t->events,
				  t->samples, z->t.scan->elements, 1 };
	hid_t data = hdf_group(&z->h, track, "data");

	z->raw[i] = hdf_numbers(&z->h, data, "raw_data", H5T_STD_I16LE,
				H5T_NATIVE_INT16, 5, dims, NULL, chunk);
	describe(z, z->raw[i], "-", "Raw channel data, as the ADC gave them.");
	hdf_end(&z->h, data);
}

static void write_event(struct zea *z, uint64_t frame, uint32_t track,
			uint32_t i, const void *payload)
{
	const struct sono_scan *s = z->t.scan;
	const struct export_track *t = &z->t.track[track];
	const hsize_t start[] = { frame, i, 0, 0, 0 };
	const hsize_t count[] = { 1, 1, t->samples, s->elements, 1 };

	export_rows(s, t->event[i], payload, z->row);
	for (uint32_t n = 0; n < t->samples; n++)
		for (uint32_t e = 0; e < s->elements; e++)
			z->block[(size_t)n * s->elements + e] =
				z->row[e] ? le16toh(z->row[e][n]) : 0;
	hdf_fill(&z->h, z->raw[track], H5T_NATIVE_INT16, 5, start, count,
		 z->block);
}

static int write_frame(struct zea *z, uint64_t frame)
{
	struct sono_record record;
	const void *payload;
	int ret = sono_recording_frame(z->t.rec, z->t.frame[frame], &record,
				       &payload, z->why, z->why_bytes);

	if (ret)
		return ret;
	for (uint32_t i = 0; i < z->t.tracks; i++)
		for (uint32_t e = 0; e < z->t.track[i].events; e++)
			write_event(z, frame, i, e, payload);
	return z->h.failed ? -EIO : 0;
}

/* --- tracks --- */

static int begin_track(struct zea *z, hid_t tracks, uint32_t i)
{
	const struct export_track *t = &z->t.track[i];
	char name[32];
	hid_t track;
	int ret;

	snprintf(name, sizeof(name), "track_%u", i);
	track = hdf_group(&z->h, tracks, name);
	if (z->t.tracks > 1)
		hdf_text(&z->h, track, "label", t->name);
	begin_raw(z, track, i);
	ret = write_scan(z, track, t);
	hdf_end(&z->h, track);
	return ret;
}

/* Which track every transmit of the recording belongs to, in their order. */
static int write_schedule(struct zea *z)
{
	const hsize_t n = z->t.frames * z->t.scan->events;
	uint32_t *schedule;
	hid_t d;

	if (z->t.tracks == 1)
		return 0;
	schedule = malloc(n * sizeof(*schedule));
	if (!schedule)
		return -ENOMEM;
	for (hsize_t i = 0; i < n; i++)
		schedule[i] = z->t.of_event[i % z->t.scan->events];
	d = hdf_numbers(&z->h, z->h.file, "track_schedule", H5T_STD_I32LE,
			H5T_NATIVE_UINT32, 1, &n, schedule, NULL);
	describe(z, d, "#", "Track of every transmit, in their order.");
	hdf_dataset_end(&z->h, d);
	free(schedule);
	return 0;
}

static int write_tracks(struct zea *z)
{
	hid_t tracks = hdf_group(&z->h, z->h.file, "tracks");
	int ret = 0;

	for (uint32_t i = 0; i < z->t.tracks && !ret; i++)
		ret = begin_track(z, tracks, i);
	for (uint64_t f = 0; f < z->t.frames && !ret; f++)
		ret = write_frame(z, f);
	for (uint32_t i = 0; i < z->t.tracks; i++)
		hdf_dataset_end(&z->h, z->raw[i]);
	hdf_end(&z->h, tracks);
	return ret ? ret : write_schedule(z);
}

/* --- what is not of a track --- */

static int write_probe(struct zea *z)
{
	const struct sono_scan *s = z->t.scan;
	const hsize_t dims[] = { s->elements, 3 };
	double *place = calloc(s->elements, 3 * sizeof(*place));
	hid_t probe;

	if (!place)
		return -ENOMEM;
	for (uint32_t e = 0; e < s->elements; e++) {
		place[3 * e] = s->element[e].x;
		place[3 * e + 2] = s->element[e].z;
	}
	probe = hdf_group(&z->h, z->h.file, "probe");
	put_floats(z, probe, "probe_geometry", 2, dims, place, "m",
		   "Place of each element (x, y, z).");
	hdf_end(&z->h, probe);
	free(place);
	return 0;
}

/* The samples that a frame brought; where its block makes no sense, none. */
static int add_ecg(struct zea *z, const char *payload)
{
	const struct sono_scan *s = z->t.scan;
	struct ecg *ecg = &z->ecg;
	const size_t room = s->frame_bytes - s->aux_offset;
	struct sono_aux aux;
	uint32_t count, rate;

	memcpy(&aux, payload + s->aux_offset, sizeof(aux));
	count = le32toh(aux.ecg_count);
	rate = le32toh(aux.ecg_rate);
	if (le32toh(aux.magic) != SONO_AUX_MAGIC || !rate || !count ||
	    count > (room - sizeof(aux)) / 2 || (ecg->rate && rate != ecg->rate))
		return 0;
	ecg->rate = rate;
	ecg->samples = reallocarray(ecg->samples, ecg->n + count,
				    sizeof(*ecg->samples));
	ecg->time = reallocarray(ecg->time, ecg->n + count,
				 sizeof(*ecg->time));
	if (!ecg->samples || !ecg->time)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		int16_t v;

		memcpy(&v, payload + s->aux_offset + sizeof(aux) + 2 * i, 2);
		ecg->samples[ecg->n] = le16toh(v);
		ecg->time[ecg->n++] =
			(double)(int64_t)(le64toh(aux.ecg_ts) - z->zero) /
				sono_recording_board_clock(z->t.rec) +
			(double)i / rate;
	}
	return 0;
}

/* Every sample follows the one before it. */
static bool steady(const struct ecg *ecg)
{
	for (size_t i = 1; i < ecg->n; i++)
		if (fabs((ecg->time[i] - ecg->time[i - 1]) * ecg->rate - 1) > 0.5)
			return false;
	return true;
}

static void write_ecg(struct zea *z)
{
	const struct ecg *ecg = &z->ecg;
	const hsize_t n = ecg->n;
	hid_t metadata, group, d;

	if (!n)
		return;
	metadata = hdf_group(&z->h, z->h.file, "metadata");
	group = hdf_group(&z->h, metadata, "ecg");
	d = hdf_numbers(&z->h, group, "samples", H5T_STD_I16LE,
			H5T_NATIVE_INT16, 1, &n, ecg->samples, NULL);
	describe(z, d, "uV", "Electrocardiogram.");
	hdf_dataset_end(&z->h, d);
	put_float(z, group, "start_time_offset", ecg->time[0], "s",
		  "From the first transmit to the first sample.");
	if (steady(ecg))
		put_float(z, group, "sampling_frequency", ecg->rate, "Hz",
			  "Sampling frequency.");
	else
		put_floats(z, group, "timestamps", 1, &n, ecg->time, "s",
			   "Of each sample, from the first transmit; frames "
			   "between have taken theirs with them.");
	hdf_end(&z->h, group);
	hdf_end(&z->h, metadata);
}

static void put_counts(struct zea *z, hid_t in, const char *name, hid_t type,
		       hid_t memory, const void *values, const char *unit,
		       const char *description)
{
	const hsize_t n = z->t.frames;
	hid_t d = hdf_numbers(&z->h, in, name, type, memory, 1, &n, values,
			      NULL);

	describe(z, d, unit, description);
	hdf_dataset_end(&z->h, d);
}

static void write_custom(struct zea *z)
{
	hid_t custom = hdf_group(&z->h, z->h.file, "custom");

	put_counts(z, custom, "frame_number", H5T_STD_U64LE, H5T_NATIVE_UINT64,
		   z->seq, "#", "The board's number of each frame.");
	put_counts(z, custom, "frame_time", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
		   z->time, "s", "First transmit of each frame.");
	put_counts(z, custom, "dropped", H5T_STD_U32LE, H5T_NATIVE_UINT32,
		   z->dropped, "#", "Frames dropped just before each.");
	put_counts(z, custom, "lost", H5T_STD_U32LE, H5T_NATIVE_UINT32,
		   z->lost, "#", "Frames lost just before each.");
	put_float(z, custom, "pulse_delay", z->t.scan->pulse_delay, "s",
		  "To the pulse's centre; initial_times are less by this.");
	put_float(z, custom, "lens_delay", z->t.scan->lens_delay, "s",
		  "One way through the lens; initial_times are less by twice "
		  "this.");
	hdf_end(&z->h, custom);
}

static void write_attributes(struct zea *z)
{
	const char *note = sono_recording_note(z->t.rec);

	hdf_attr_text(&z->h, z->h.file, "zea_version", ZEA_VERSION);
	hdf_attr_text(&z->h, z->h.file, "us_machine", "Sonoring");
	if (*note)
		hdf_attr_text(&z->h, z->h.file, "description", note);
}

/* --- from beginning to end --- */

/* All of it but the samples. */
static int read_frame(void *arg, uint64_t i, const struct sono_record *record,
		      const void *payload)
{
	struct zea *z = arg;
	const double clock = sono_recording_board_clock(z->t.rec);

	if (!i)
		z->zero = record->hw_ts;
	z->seq[i] = record->seq;
	z->time[i] = (record->hw_ts - z->zero) / clock;
	z->dropped[i] = record->dropped;
	z->lost[i] = record->lost;
	return add_ecg(z, payload);
}

/* Before anything is written. What is left out is lost, where it would be. */
static int read_frames(struct zea *z)
{
	int ret = export_frames_find(&z->t, read_frame, z, z->why,
				     z->why_bytes);

	for (uint64_t i = 0; i < z->t.frames; i++)
		z->lost[i] += z->t.frame[i] -
			      (i ? z->t.frame[i - 1] + 1 : 0);
	return ret;
}

static int prepare(struct zea *z, struct sono_recording *rec)
{
	const struct sono_scan *s = sono_recording_scan(rec);
	const uint64_t frames = sono_recording_frames(rec);
	uint32_t samples = 0;
	int ret;

	for (uint32_t i = 0; i < s->events; i++)
		samples = s->event[i].samples > samples ? s->event[i].samples :
							  samples;
	ret = export_tracks_create(&z->t, rec);
	if (ret)
		return ret;
	/* one more: it may have none */
	z->seq = calloc(frames + 1, sizeof(*z->seq));
	z->time = calloc(frames + 1, sizeof(*z->time));
	z->dropped = calloc(frames + 1, sizeof(*z->dropped));
	z->lost = calloc(frames + 1, sizeof(*z->lost));
	z->block = malloc((size_t)samples * s->elements * sizeof(*z->block));
	z->row = calloc(s->elements, sizeof(*z->row));
	if (!z->seq || !z->time || !z->dropped || !z->lost || !z->block ||
	    !z->row)
		return -ENOMEM;
	return read_frames(z);
}

static int write_all(struct zea *z)
{
	int ret;

	write_attributes(z);
	ret = write_tracks(z);
	if (!ret)
		ret = write_probe(z);
	write_ecg(z);
	write_custom(z);
	return ret;
}

int sono_export_zea(struct sono_recording *rec, const char *path, char *why,
		    size_t why_bytes)
{
	struct zea *z = calloc(1, sizeof(*z));
	int ret, end;

	if (!z)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	z->why = why;
	z->why_bytes = why_bytes;
	sono_why(why, why_bytes, 0, "%s", "");
	ret = prepare(z, rec);
	if (!ret)
		ret = hdf_open(&z->h, path);
	if (!ret) {
		ret = write_all(z);
		end = hdf_close(&z->h, !ret);
		if (!ret || z->h.failed)
			ret = end;
	}
	if (ret && why && !*why)
		sono_why(why, why_bytes, ret, "%s: %s", path, strerror(-ret));
	if (!ret)
		ret = export_left_out(&z->t, why, why_bytes);
	export_tracks_destroy(&z->t);
	free(z->seq);
	free(z->time);
	free(z->dropped);
	free(z->lost);
	free(z->ecg.samples);
	free(z->ecg.time);
	free(z->block);
	free(z->row);
	free(z);
	return ret;
}

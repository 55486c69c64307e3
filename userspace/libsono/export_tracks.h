/* SPDX-License-Identifier: MIT */
/* What the exports share: events of one purpose, their samples, whole frames. */
#ifndef SONO_EXPORT_TRACKS_H
#define SONO_EXPORT_TRACKS_H

#include "recording.h"

#define EXPORT_TRACKS_MAX 16

/**
 * struct export_track - events with one role and as many samples
 * @name: "b", "colour", "m", "pw"; with the number of samples if several are
 *        for the same
 * @samples: of each event
 * @events: how many
 * @event: their numbers in the scan, [@events], owned
 */
struct export_track {
	char name[24];
	uint32_t samples;
	uint32_t events;
	uint32_t *event;
};

/**
 * struct export_tracks - a recording, sorted
 * @rec: the recording
 * @scan: its scan
 * @tracks: how many
 * @track: the tracks, in the order in which they begin
 * @of_event: number of each event's track, [scan->events], owned
 * @frames: how many are whole, by export_frames_find()
 * @frame: where in the recording they are, [@frames], owned
 * @damaged: the others
 * @damage: what is wrong with the first of those
 */
struct export_tracks {
	struct sono_recording *rec;
	const struct sono_scan *scan;
	uint32_t tracks;
	struct export_track track[EXPORT_TRACKS_MAX];
	uint32_t *of_event;
	uint64_t frames;
	uint64_t *frame;
	uint64_t damaged;
	char damage[160];
};

/** export_tracks_create() - Return: 0, -ENOMEM, -E2BIG for too many. */
int export_tracks_create(struct export_tracks *t, struct sono_recording *rec);

/** export_tracks_destroy() - also after create has failed */
void export_tracks_destroy(struct export_tracks *t);

/**
 * export_frame_fn - a whole frame
 * @arg: of the caller
 * @i: number among those that are whole
 * @record: of it
 * @payload: of it, until the next call
 *
 * Return: 0 or -errno.
 */
typedef int export_frame_fn(void *arg, uint64_t i,
			    const struct sono_record *record,
			    const void *payload);

/**
 * export_frames_find() - leave out those that are damaged
 * @t: tracks
 * @each: told of each that is whole, in their order; NULL: nobody is
 * @arg: its first argument
 * @why: reason on an error
 * @why_bytes: its size
 *
 * Return: 0, -ENOMEM, -ENODATA without whole frames, or what @each says.
 */
int export_frames_find(struct export_tracks *t, export_frame_fn *each, void *arg,
		       char *why, size_t why_bytes);

/**
 * export_left_out() - the end of an export
 * @t: tracks, their frames found
 * @why: what is wrong with the first damaged frame
 * @why_bytes: its size
 *
 * Return: how many were left out.
 */
int export_left_out(const struct export_tracks *t, char *why, size_t why_bytes);

/**
 * export_rows() - where an event's samples lie in a payload
 * @scan: the scan
 * @event: number of the event
 * @payload: of a frame
 * @row: written, [scan->elements]; NULL for elements without a channel
 */
void export_rows(const struct sono_scan *scan, uint32_t event,
		 const void *payload, const int16_t **row);

/** export_late() - what an echo's sample is late by: pulse and lens [s] */
double export_late(const struct sono_scan *scan);

#endif /* SONO_EXPORT_TRACKS_H */

/* SPDX-License-Identifier: MIT */
/* What the exports share: events of one purpose, and their samples. */
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
 */
struct export_tracks {
	struct sono_recording *rec;
	const struct sono_scan *scan;
	uint32_t tracks;
	struct export_track track[EXPORT_TRACKS_MAX];
	uint32_t *of_event;
};

/** export_tracks_create() - Return: 0, -ENOMEM, -E2BIG for too many. */
int export_tracks_create(struct export_tracks *t, struct sono_recording *rec);

/** export_tracks_destroy() - also after create has failed */
void export_tracks_destroy(struct export_tracks *t);

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

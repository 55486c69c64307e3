// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_tracks.h"
#include "why.h"

static const char *const names[] = {
	[SONO_ROLE_B] = "b",
	[SONO_ROLE_COLOUR] = "colour",
	[SONO_ROLE_M] = "m",
	[SONO_ROLE_PW] = "pw",
};

static const char *name_of(const struct sono_event *ev)
{
	const enum sono_role role = SONO_TAG_ROLE(ev->tag);

	return role < sizeof(names) / sizeof(*names) ? names[role] : "other";
}

static bool belongs(const struct export_tracks *t, uint32_t track,
		    const struct sono_event *ev)
{
	const struct sono_event *first =
		&t->scan->event[t->track[track].event[0]];

	return t->track[track].samples == ev->samples &&
	       SONO_TAG_ROLE(first->tag) == SONO_TAG_ROLE(ev->tag);
}

static int add_event(struct export_tracks *t, uint32_t event)
{
	const struct sono_event *ev = &t->scan->event[event];
	struct export_track *track;
	uint32_t i = 0;

	while (i < t->tracks && !belongs(t, i, ev))
		i++;
	if (i == EXPORT_TRACKS_MAX)
		return -E2BIG;
	track = &t->track[i];
	if (i == t->tracks) {
		track->event = calloc(t->scan->events, sizeof(*track->event));
		if (!track->event)
			return -ENOMEM;
		track->samples = ev->samples;
		t->tracks++;
	}
	track->event[track->events++] = event;
	t->of_event[event] = i;
	return 0;
}

/* A name of its own for each; other lengths of one role get theirs added. */
static void name_tracks(struct export_tracks *t)
{
	for (uint32_t i = 0; i < t->tracks; i++) {
		struct export_track *track = &t->track[i];
		const char *name = name_of(&t->scan->event[track->event[0]]);
		bool again = false;

		for (uint32_t j = 0; j < i; j++)
			again |= name_of(&t->scan->event
						  [t->track[j].event[0]]) ==
				 name;
		if (again)
			snprintf(track->name, sizeof(track->name), "%s_%u",
				 name, track->samples);
		else
			snprintf(track->name, sizeof(track->name), "%s", name);
	}
}

int export_tracks_create(struct export_tracks *t, struct sono_recording *rec)
{
	int ret = 0;

	*t = (struct export_tracks){
		.rec = rec,
		.scan = sono_recording_scan(rec),
	};
	t->of_event = calloc(t->scan->events, sizeof(*t->of_event));
	if (!t->of_event)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->scan->events && !ret; i++)
		ret = add_event(t, i);
	if (!ret)
		name_tracks(t);
	return ret;
}

void export_tracks_destroy(struct export_tracks *t)
{
	for (uint32_t i = 0; i < EXPORT_TRACKS_MAX; i++)
		free(t->track[i].event);
	free(t->of_event);
	free(t->frame);
}

int export_frames_find(struct export_tracks *t, export_frame_fn *each, void *arg,
		       char *why, size_t why_bytes)
{
	const uint64_t all = sono_recording_frames(t->rec);

	t->frame = calloc(all + 1, sizeof(*t->frame));
	if (!t->frame)
		return -ENOMEM;
	for (uint64_t f = 0; f < all; f++) {
		struct sono_record record;
		const void *payload;
		char fault[sizeof(t->damage)];
		int ret = sono_recording_frame(t->rec, f, &record, &payload,
					       fault, sizeof(fault));

		if (ret) {
			if (!t->damaged++)
				memcpy(t->damage, fault, sizeof(fault));
			continue;
		}
		if (each)
			ret = each(arg, t->frames, &record, payload);
		if (ret)
			return ret;
		t->frame[t->frames++] = f;
	}
	return t->frames ? 0 : sono_why(why, why_bytes, -ENODATA,
					"the recording has no frames");
}

int export_left_out(const struct export_tracks *t, char *why, size_t why_bytes)
{
	if (t->damaged)
		sono_why(why, why_bytes, 0, "%s", t->damage);
	return t->damaged < INT_MAX ? t->damaged : INT_MAX;
}

void export_rows(const struct sono_scan *scan, uint32_t event,
		 const void *payload, const int16_t **row)
{
	const struct sono_event *ev = &scan->event[event];
	const char *at = (const char *)payload + ev->offset;

	for (uint32_t e = 0; e < scan->elements; e++)
		row[e] = NULL;
	for (uint32_t c = 0; c < scan->channels; c++)
		row[scan->channel_element[c]] =
			(const void *)(at + c * ev->stride);
}

double export_late(const struct sono_scan *scan)
{
	return scan->pulse_delay + 2 * scan->lens_delay;
}

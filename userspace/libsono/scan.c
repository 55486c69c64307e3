// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "scan.h"
#include "sono_regs.h"

struct sono_scan *sono_scan_alloc(uint32_t elements, uint32_t channels,
				  uint32_t events)
{
	struct sono_scan *scan = calloc(1, sizeof(*scan));
	double *delay;

	if (!scan)
		return NULL;
	scan->elements = elements;
	scan->channels = channels;
	scan->events = events;
	scan->element = calloc(elements, sizeof(*scan->element));
	scan->channel_element = calloc(channels, sizeof(*scan->channel_element));
	scan->event = calloc(events, sizeof(*scan->event));
	delay = calloc((size_t)events * elements, sizeof(*delay));
	if (!scan->element || !scan->channel_element || !scan->event || !delay) {
		free(delay);
		sono_scan_free(scan);
		return NULL;
	}
	for (uint32_t i = 0; i < events; i++)
		scan->event[i].delay = delay + (size_t)i * elements;
	return scan;
}

void sono_scan_layout(struct sono_scan *scan, uint32_t aux_bytes)
{
	size_t at = 0;

	for (uint32_t i = 0; i < scan->events; i++) {
		struct sono_event *ev = &scan->event[i];
		size_t row = ev->samples * sizeof(int16_t);

		ev->stride = (row + SONO_ROW_ALIGN - 1) / SONO_ROW_ALIGN *
			     SONO_ROW_ALIGN;
		ev->offset = at;
		at += ev->stride * scan->channels;
	}
	scan->aux_offset = at;
	scan->frame_bytes = at + aux_bytes;
}

void sono_scan_free(struct sono_scan *scan)
{
	if (!scan)
		return;
	/* One block holds every event's row: the first points at its start. */
	if (scan->event && scan->events)
		free((void *)scan->event[0].delay);
	free(scan->event);
	free(scan->channel_element);
	free(scan->element);
	free(scan->tgc_db);
	free(scan);
}

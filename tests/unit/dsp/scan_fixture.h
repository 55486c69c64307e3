/* SPDX-License-Identifier: MIT */
/* A small scan that a test may bend: 16 elements, one plane wave. */
#ifndef SCAN_FIXTURE_H
#define SCAN_FIXTURE_H

#include "scan.h"

#define FIXTURE_ELEMENTS	16
#define FIXTURE_PITCH		0.3e-3
#define FIXTURE_SAMPLES		512
#define FIXTURE_FC		5e6
#define FIXTURE_FS		20e6
#define FIXTURE_C		1540.0

/** fixture_scan() - of @events events; for sono_scan_free() */
static inline struct sono_scan *fixture_scan(uint32_t events)
{
	struct sono_scan *scan = sono_scan_alloc(FIXTURE_ELEMENTS,
						 FIXTURE_ELEMENTS, events);
	uint32_t i;

	for (i = 0; i < FIXTURE_ELEMENTS; i++) {
		scan->element[i].x = (i - (FIXTURE_ELEMENTS - 1) / 2.0) *
				     FIXTURE_PITCH;
		scan->element[i].nz = 1;
		scan->channel_element[i] = i;
	}
	for (i = 0; i < events; i++) {
		scan->event[i].samples = FIXTURE_SAMPLES;
		scan->event[i].period = 100e-6;
	}
	scan->fs = FIXTURE_FS;
	scan->fc = FIXTURE_FC;
	scan->c = FIXTURE_C;
	scan->frame_period = events * 100e-6;
	sono_scan_layout(scan, 0);
	return scan;
}

#endif /* SCAN_FIXTURE_H */

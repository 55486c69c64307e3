/* SPDX-License-Identifier: MIT */
/* A transmitted wave as one point and one time, found from its delays. */
#ifndef SONO_WAVE_H
#define SONO_WAVE_H

#include <stdbool.h>

#include "scan.h"

/**
 * struct sono_source - where a wave seems to come from, or goes to
 * @plane: it comes from infinity: @x, @z are its direction, of length 1
 * @x: of the virtual source, or of the focus [m]
 * @z: the same [m]; a source behind the probe and a focus before it differ in
 *     whether the wave spreads from it or runs into it
 * @origin_time: when the wave passes through the origin, from the trigger [s]
 * @misfit: largest difference between an element's delay and the wave's [s]
 */
struct sono_source {
	bool plane;
	double x, z;
	double origin_time;
	double misfit;
};

/**
 * sono_wave_source() - of an event
 * @scan: a scan
 * @event: one of its events; at least one element transmits
 *
 * Plane and diverging waves by least squares over the elements that transmit;
 * of a focused one the focus is known, and only its time is found.
 */
struct sono_source sono_wave_source(const struct sono_scan *scan,
				    const struct sono_event *event);

#endif /* SONO_WAVE_H */

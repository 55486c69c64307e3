/* SPDX-License-Identifier: MIT */
/*
 * When a transmitted wave arrives. Documentation/dsp.rst, "Transmit".
 */
#ifndef DSP_TRANSMIT_H
#define DSP_TRANSMIT_H

#include "dsp.h"
#include "scan.h"

/**
 * struct transmit - an event's wave, ready to be asked
 * @scan: of the event
 * @event: any of its
 * @x: of a focused wave's focus [m]
 * @z: of a focused wave's focus [m]
 * @dx: its direction
 * @dz: its direction
 * @arrival: at the focus, as a distance from the trigger [m]
 * @plane: how far about the focus it is plane [m]
 *
 * All but @scan and @event are set for focused waves only.
 */
struct transmit {
	const struct sono_scan *scan;
	const struct sono_event *event;
	double x, z;
	double dx, dz;
	double arrival;
	double plane;
};

/** transmit_of() - the wave of an event */
struct transmit transmit_of(const struct sono_scan *scan,
			    const struct sono_event *event);

/**
 * transmit_arrival() - when the wave passes a point
 *
 * Return: distance from the trigger [m]; infinite without a transmitting
 * element.
 */
double transmit_arrival(const struct transmit *wave, double x, double z);

/**
 * transmit_arrivals() - when the wave passes points of a line
 * @wave: a wave
 * @ray: the line
 * @first: number of the first point
 * @n: of points, at least 1; a few that follow each other cost little
 * @out: written, what transmit_arrival() says of each
 */
void transmit_arrivals(const struct transmit *wave, const struct ray *ray,
		       uint32_t first, uint32_t n, double *out);

#endif /* DSP_TRANSMIT_H */

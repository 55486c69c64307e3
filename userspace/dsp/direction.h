/* SPDX-License-Identifier: MIT */
/*
 * The direction in which velocity is measured: the middle between the way that
 * waves come and the mean of the ways that they are heard from.
 * Documentation/dsp.rst, "Direction".
 */
#ifndef DSP_DIRECTION_H
#define DSP_DIRECTION_H

#include "beamform.h"

/**
 * element_gain() - what an element sends to a place, or hears from there
 * @scan: of the element
 * @element: its number
 * @x: of the place [m]
 * @z: of the place [m]
 *
 * A strip as wide as from element to element, in a soft baffle.
 *
 * Return: amplitude, 1 straight ahead, 0 behind it.
 */
double element_gain(const struct sono_scan *scan, uint32_t element, double x,
		    double z);

/**
 * direction_at() - in which velocity is measured at a place
 * @scan: with events of the role
 * @role: of the events; those of shot 0 are looked at
 * @params: grid, aperture and steer are looked at
 * @x: of the place [m]
 * @z: of the place [m]
 *
 * Return: angle from +z towards +x [rad]; NAN where nobody hears, or where the
 * array ends within the aperture.
 */
double direction_at(const struct sono_scan *scan, enum sono_role role,
		    const struct beamform_params *params, double x, double z);

/**
 * direction_steer() - steer an aperture so that velocity is that along lines
 * @scan: with events of the role
 * @role: of the events
 * @params: of a linear grid; @params->steer is where to begin
 *
 * Return: steer of the receive aperture, as in struct beamform_params [rad];
 * that of @params where no aperture within the array has the direction.
 */
double direction_steer(const struct sono_scan *scan, enum sono_role role,
		       const struct beamform_params *params);

#endif /* DSP_DIRECTION_H */

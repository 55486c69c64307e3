/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The probe that a scene is seen with. Axes as everywhere in Sonoring: x to
 * the right, z away from the probe, its centre at the origin; SI units.
 */
#ifndef SIM_PROBE_H
#define SIM_PROBE_H

#include <stdint.h>

#include "sim.h"

#define SIM_PROBE_ELEMENTS 256

/** struct sim_element - place and unit normal of an element */
struct sim_element {
	double x, z;
	double nx, nz;
	double gain; /* one way, in amplitude */
};

/**
 * struct sim_probe - a probe
 * @name: for options
 * @id: SIM_PROBE_*
 * @elements: number of @element
 * @width: of an element [m]
 * @fc: centre of its response [Hz]
 * @bandwidth: two-way, between the -6 dB points, as a fraction of @fc
 * @adc_clock: a sampling frequency that suits it [Hz]
 * @element: the elements
 */
struct sim_probe {
	const char *name;
	uint32_t id;
	uint32_t elements;
	double width;
	double fc;
	double bandwidth;
	uint32_t adc_clock;
	struct sim_element element[SIM_PROBE_ELEMENTS];
};

/**
 * sim_probe_find() - one of the probes that are known
 * @probe: filled in
 * @name: "linear": 128 elements, 0.3 mm apart, 5.208 MHz, 4 samples a period;
 *        "phased": 64 elements, 0.3 mm apart, 2.72 MHz, 4 samples a period;
 *        "convex": 128 elements, 0.47 mm apart on a radius of 60 mm, the apex
 *        of the arc at the origin, 3.5 MHz, 4 samples a period
 *
 * Return: 0 or -ENOENT.
 */
int sim_probe_find(struct sim_probe *probe, const char *name);

/** sim_probe_weaken() - element @index sends and receives a quarter */
void sim_probe_weaken(struct sim_probe *probe, uint32_t index);

struct sim_faults;

/** sim_probe_spoil() - its elements become as bad as they are to be */
void sim_probe_spoil(struct sim_probe *probe, const struct sim_faults *faults);

/** sim_probe_limits() - a board with as many channels and this ADC clock */
void sim_probe_limits(const struct sim_probe *probe, struct sim_limits *limits);

#endif /* SIM_PROBE_H */

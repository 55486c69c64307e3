// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <math.h>
#include <string.h>

#include "probe.h"

#define WEAK 0.25

/* clang-format off */
static const struct kind {
	const char *name;
	uint32_t id;
	uint32_t elements;
	double pitch, width, radius, fc, bandwidth; /* radius 0: flat */
	uint32_t adc_clock;
} kinds[] = {
	{ "linear", SIM_PROBE_LINEAR, 128, 0.3e-3, 0.27e-3, 0, 5.208e6, 0.67,
	  20832000 },
	{ "phased", SIM_PROBE_PHASED, 64, 0.3e-3, 0.25e-3, 0, 2.72e6, 0.74,
	  10880000 },
	{ "convex", SIM_PROBE_CONVEX, 128, 0.47e-3, 0.43e-3, 60e-3, 3.5e6, 0.7,
	  14000000 },
};

/* clang-format on */

static struct sim_element place(const struct kind *kind, uint32_t index)
{
	double along = (index - (kind->elements - 1) / 2.0) * kind->pitch;
	double angle;

	if (!kind->radius)
		return (struct sim_element){ .x = along, .nz = 1, .gain = 1 };
	angle = along / kind->radius;
	return (struct sim_element){
		.x = kind->radius * sin(angle),
		.z = kind->radius * (cos(angle) - 1),
		.nx = sin(angle),
		.nz = cos(angle),
		.gain = 1,
	};
}

int sim_probe_find(struct sim_probe *probe, const char *name)
{
	const struct kind *end = kinds + sizeof(kinds) / sizeof(*kinds);
	const struct kind *kind = kinds;

	while (kind < end && strcmp(kind->name, name))
		kind++;
	if (kind == end)
		return -ENOENT;
	*probe = (struct sim_probe){
		.name = kind->name,
		.id = kind->id,
		.elements = kind->elements,
		.width = kind->width,
		.fc = kind->fc,
		.bandwidth = kind->bandwidth,
		.adc_clock = kind->adc_clock,
	};
	for (uint32_t i = 0; i < probe->elements; i++)
		probe->element[i] = place(kind, i);
	return 0;
}

void sim_probe_weaken(struct sim_probe *probe, uint32_t index)
{
	if (index < probe->elements)
		probe->element[index].gain = WEAK;
}

void sim_probe_spoil(struct sim_probe *probe, const struct sim_faults *faults)
{
	for (uint32_t i = 0; i < probe->elements; i++) {
		if (sim_channel_has(faults->weak_element, i))
			sim_probe_weaken(probe, i);
		if (sim_channel_has(faults->dead_element, i))
			probe->element[i].gain = 0;
	}
}

void sim_probe_limits(const struct sim_probe *probe, struct sim_limits *limits)
{
	limits->channels = probe->elements;
	limits->elements = probe->elements;
	limits->adc_clock = probe->adc_clock;
	limits->probe = probe->id;
}

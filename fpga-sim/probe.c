// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <string.h>

#include "probe.h"

static const struct {
	const char *name;
	uint32_t elements;
	double pitch, width, fc, bandwidth;
	uint32_t adc_clock;
} flat[] = {
	{ "linear", 128, 0.3e-3, 0.27e-3, 5.208e6, 0.67, 20832000 },
	{ "phased", 64, 0.3e-3, 0.25e-3, 2.72e6, 0.74, 10880000 },
};

int sim_probe_find(struct sim_probe *probe, const char *name)
{
	size_t k = 0;

	while (k < sizeof(flat) / sizeof(*flat) && strcmp(flat[k].name, name))
		k++;
	if (k == sizeof(flat) / sizeof(*flat))
		return -ENOENT;
	*probe = (struct sim_probe){
		.name = flat[k].name,
		.elements = flat[k].elements,
		.width = flat[k].width,
		.fc = flat[k].fc,
		.bandwidth = flat[k].bandwidth,
		.adc_clock = flat[k].adc_clock,
	};
	for (uint32_t i = 0; i < probe->elements; i++) {
		double centre = (probe->elements - 1) / 2.0;

		probe->element[i] = (struct sim_element){
			.x = (i - centre) * flat[k].pitch,
			.nz = 1,
		};
	}
	return 0;
}

void sim_probe_limits(const struct sim_probe *probe, struct sim_limits *limits)
{
	limits->channels = probe->elements;
	limits->elements = probe->elements;
	limits->adc_clock = probe->adc_clock;
}

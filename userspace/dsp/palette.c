// SPDX-License-Identifier: MIT
#include "palette.h"

static uint8_t mix(unsigned int from, unsigned int to, unsigned int share)
{
	return from + ((int)to - (int)from) * (int)share / 127;
}

void palette_velocity(uint8_t rgb[PALETTE_COLOURS][3])
{
	unsigned int i;

	for (i = 0; i < PALETTE_COLOURS / 2; i++) {
		uint8_t *towards = rgb[PALETTE_COLOURS / 2 + i];
		uint8_t *away = rgb[PALETTE_COLOURS / 2 - 1 - i];

		towards[0] = mix(72, 255, i);
		towards[1] = mix(0, 225, i * i / 127);
		towards[2] = mix(0, 60, i * i / 127);
		away[0] = mix(0, 90, i * i / 127);
		away[1] = mix(0, 235, i * i / 127);
		away[2] = mix(96, 255, i);
	}
}

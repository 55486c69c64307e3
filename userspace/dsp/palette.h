/* SPDX-License-Identifier: MIT */
/* The colours of velocity and power. */
#ifndef DSP_PALETTE_H
#define DSP_PALETTE_H

#include <stdint.h>

#include "dsp.h"

#define PALETTE_COLOURS	256	/* of the velocities */
#define PALETTE_SHADES	64	/* of variance or power, from none to all */

/**
 * struct palette - colours by velocity and by shade
 * @rgb: [shade][velocity]; maps that know no shade have all alike, those that
 *       know no velocity likewise
 * @pad: for reading 4 bytes at the last one
 */
struct palette {
	uint8_t rgb[PALETTE_SHADES][PALETTE_COLOURS][3];
	uint8_t pad;
};

/**
 * palette_make() - the colours of a scale
 * @palette: written
 * @scale: its map, baseline and inversion
 *
 * Towards: dark red to yellow; away: dark blue to light cyan. Velocity 0 lies
 * (1 + baseline) / 2 of the way up.
 */
void palette_make(struct palette *palette, const struct colour_scale *scale);

#endif /* DSP_PALETTE_H */

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

/**
 * palette_shade() - what a map shows beside the velocity
 * @scale: of the colours, not COLOUR_VELOCITY
 * @vel: velocities
 * @at: which
 *
 * Return: as a share of the scale, about 0 to 1.
 */
float palette_shade(const struct colour_scale *scale, const struct vel *vel,
		    size_t at);

/** palette_entry() - which of the entries of a table a share is, ends clamped */
static inline uint32_t palette_entry(float share, uint32_t entries)
{
	const float at = share * entries;

	return at > 0 ? at < entries ? at : entries - 1 : 0;
}

/**
 * palette_velocity() - where between the palette's ends a velocity is drawn
 * @scale: of the colours
 * @v: velocity [m/s]
 *
 * Loupas' estimator finds velocities beyond the Nyquist velocity of the carrier
 * where the echoes' frequency is below it. They keep their direction.
 *
 * Return: @v, or the end next to it, short of where colour wraps.
 */
static inline float palette_velocity(const struct colour_scale *scale, float v)
{
	const float end = scale->nyquist * (1 - 1e-6);

	return v > end ? end : v < -end ? -end : v;
}

#endif /* DSP_PALETTE_H */

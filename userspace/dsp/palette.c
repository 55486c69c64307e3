// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "palette.h"

/* Ends of a ramp: at no speed or power, half way, and at all there is. */
struct ramp {
	uint8_t rgb[3][3];
};

static const struct ramp velocity[2] = {
	{ { { 72, 0, 0 }, { 164, 57, 15 }, { 255, 225, 60 } } },
	{ { { 0, 0, 96 }, { 22, 58, 175 }, { 90, 235, 255 } } },
};

/* Without green, which tells variance. */
static const struct ramp pure[2] = {
	{ { { 72, 0, 0 }, { 164, 0, 0 }, { 255, 0, 0 } } },
	{ { { 0, 0, 96 }, { 0, 0, 175 }, { 0, 70, 255 } } },
};

static const struct ramp power = {
	{ { 40, 10, 0 }, { 190, 60, 0 }, { 255, 225, 90 } }
};

static double mix(double from, double to, double share)
{
	return from + (to - from) * share;
}

/* @at: 0 to 1 along the ramp. */
static void look_up(uint8_t out[3], const struct ramp *ramp, double at)
{
	int part = at > 0.5, i;

	for (i = 0; i < 3; i++)
		out[i] = mix(ramp->rgb[part][i], ramp->rgb[part + 1][i],
			     2 * at - part);
}

/* @speed: 0 to 1 of the largest in its direction. */
static void colour(uint8_t out[3], enum colour_map map, int away, double speed,
		   double shade)
{
	switch (map) {
	case COLOUR_VELOCITY:
		look_up(out, &velocity[away], speed);
		break;
	case COLOUR_VARIANCE:
		look_up(out, &pure[away], speed);
		out[1] = mix(out[1], 255, shade);
		break;
	case COLOUR_POWER:
		look_up(out, &power, shade);
		break;
	case COLOUR_DIRECTIONAL:
		look_up(out, &velocity[away], shade);
		break;
	}
}

void palette_make(struct palette *palette, const struct colour_scale *scale)
{
	const double zero = (1 + scale->baseline) / 2 * PALETTE_COLOURS;
	int shade, i;

	for (shade = 0; shade < PALETTE_SHADES; shade++) {
		for (i = 0; i < PALETTE_COLOURS; i++) {
			/* the middle of the entry */
			double off = i + 0.5 - zero;
			double most = off > 0 ? PALETTE_COLOURS - zero : zero;

			colour(palette->rgb[shade][i], scale->map,
			       (off < 0) != scale->invert,
			       fmin((fabs(off) - 0.5) /
				    fmax(most - 1, 1), 1),
			       shade / (PALETTE_SHADES - 1.0));
		}
	}
}

float palette_shade(const struct colour_scale *scale, const struct vel *vel,
		    size_t at)
{
	float level;

	if (scale->map == COLOUR_VARIANCE)
		return vel->variance[at];
	level = (vel->power[at] - (float)scale->power_db) /
		(float)scale->power_range_db;
	return level > 0 ? level < 1 ? level : 1 : 0;
}

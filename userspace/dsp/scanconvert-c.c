// SPDX-License-Identifier: MIT
/* Scan conversion: the specification. */
#include <math.h>
#include <string.h>

#include "palette.h"
#include "scanconvert.h"

void scanconvert_level_c(uint8_t *grey, const float *db, size_t n,
			 float floor_db, const uint8_t *map)
{
	const float scale = 255 / floor_db;
	size_t j;

	for (j = 0; j < n; j++) {
		float level = 255 - db[j] * scale;

		level = level > 0 ? level < 255 ? level : 255 : 0;
		grey[j] = map ? map[(int)(LEVEL_STEPS * level + 0.5f)] :
				(uint8_t)(level + 0.5f);
	}
}

void scanconvert_pair_c(uint8_t *pairs, const uint8_t *line,
			const uint8_t *next, size_t n)
{
	size_t j;

	for (j = 0; j < n; j++) {
		pairs[2 * j] = line[j];
		pairs[2 * j + 1] = next[j];
	}
}

void scanconvert_grey_c(uint8_t *out, const uint8_t *pairs,
			const struct scan_map *map, size_t first, size_t n)
{
	size_t j;

	for (j = first; j < first + n; j++, out++) {
		const double a = map->a[j], b = map->b[j];
		const uint8_t *line = pairs + 2 * (size_t)map->at[j];
		const uint8_t *next = line + 1;

		*out = (1 - a) * (1 - b) * line[0] + a * (1 - b) * line[2] +
		       (1 - a) * b * next[0] + a * b * next[2] + 0.5;
	}
}

void scanconvert_rgb_c(uint8_t *rgb, const uint8_t *grey, size_t n)
{
	size_t j;

	for (j = 0; j < n; j++)
		memset(rgb + 3 * j, grey[j], 3);
}

/* v within one Nyquist velocity of near, so that -vn and +vn are neighbours */
static float unwrap(float v, float near, float nyquist)
{
	if (v > near + nyquist)
		return v - 2 * nyquist;
	if (v < near - nyquist)
		return v + 2 * nyquist;
	return v;
}

struct flow {
	float v, shade;
};

static const uint8_t *colour(struct flow flow, const struct colour_law *law)
{
	const float v = unwrap(flow.v, -law->baseline * law->nyquist,
			       law->nyquist);
	const uint32_t at = palette_entry((v / law->nyquist + 1 +
					   law->baseline) / 2, PALETTE_COLOURS);

	return law->palette[palette_entry(flow.shade, PALETTE_SHADES) *
			    PALETTE_COLOURS + at];
}

/* A pixel's velocity and shade; false where valid samples make less than half. */
static int velocity(struct flow *flow, const struct colour_law *law, size_t at,
		    float a, float b)
{
	const size_t place[4] = { at, at + 1, at + law->stride,
				  at + law->stride + 1 };
	const float share[4] = { (1 - a) * (1 - b), a * (1 - b), (1 - a) * b,
				 a * b };
	float weight[4], all = 0, sum = 0, shade = 0;
	int i, heaviest = 0;

	for (i = 0; i < 4; i++) {
		weight[i] = isnan(law->v[place[i]]) ? 0 : share[i];
		all += weight[i];
		if (weight[i] > weight[heaviest])
			heaviest = i;
	}
	if (all < 0.5f)
		return 0;
	for (i = 0; i < 4; i++)
		if (weight[i] > 0)
			sum += weight[i] * unwrap(law->v[place[i]],
						  law->v[place[heaviest]],
						  law->nyquist);
	for (i = 0; law->shade && i < 4; i++)
		shade += weight[i] * law->shade[place[i]];
	*flow = (struct flow){ sum / all, shade / all };
	return 1;
}

void scanconvert_colour_c(uint8_t *rgb, const uint8_t *grey,
			  const struct colour_law *law,
			  const struct scan_map *map, size_t first, size_t n)
{
	size_t j;

	for (j = 0; j < n; j++, rgb += 3) {
		struct flow flow;

		if (grey[j] < law->priority &&
		    velocity(&flow, law, map->at[first + j], map->a[first + j],
			     map->b[first + j]))
			memcpy(rgb, colour(flow, law), 3);
	}
}

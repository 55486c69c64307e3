// SPDX-License-Identifier: MIT
/* Scan conversion: the specification. */
#include <math.h>
#include <string.h>

#include "palette.h"
#include "scanconvert.h"

void scanconvert_level_c(uint8_t *grey, const float *db, size_t n,
			 float floor_db)
{
	const float scale = 255 / floor_db;
	size_t j;

	for (j = 0; j < n; j++) {
		const float level = 255 - db[j] * scale;

		grey[j] = level > 0 ? level < 255 ? level + 0.5f : 255 : 0;
	}
}

void scanconvert_grey_c(uint8_t *out, const uint8_t *in, uint32_t samples,
			const struct scan_map *map, size_t first, size_t n)
{
	size_t j;

	for (j = first; j < first + n; j++, out++) {
		const double a = map->a[j], b = map->b[j];
		const uint8_t *line, *next;

		if (map->at[j] < 0) {
			*out = 0;
			continue;
		}
		line = in + map->at[j];
		next = line + samples;
		*out = (1 - a) * (1 - b) * line[0] + a * (1 - b) * line[1] +
		       (1 - a) * b * next[0] + a * b * next[1] + 0.5;
	}
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

static const uint8_t *colour(float v, const struct colour_law *law)
{
	float at;

	v = unwrap(v, 0, law->nyquist);
	at = (v / law->nyquist + 1) * (PALETTE_COLOURS / 2);
	if (!(at > 0))
		at = 0;
	if (at > PALETTE_COLOURS - 1)
		at = PALETTE_COLOURS - 1;
	return law->palette[(int)at];
}

/* The pixel's velocity; false where valid samples make less than half. */
static int velocity(float *v, const struct colour_law *law, size_t at,
		    float a, float b)
{
	const size_t place[4] = { at, at + 1, at + law->samples,
				  at + law->samples + 1 };
	const float share[4] = { (1 - a) * (1 - b), a * (1 - b), (1 - a) * b,
				 a * b };
	float weight[4], all = 0, sum = 0;
	int i, heaviest = 0;

	for (i = 0; i < 4; i++) {
		weight[i] = law->valid[place[i]] ? share[i] : 0;
		all += weight[i];
		if (weight[i] > weight[heaviest])
			heaviest = i;
	}
	if (all < 0.5f)
		return 0;
	for (i = 0; i < 4; i++)
		sum += weight[i] * unwrap(law->v[place[i]],
					  law->v[place[heaviest]],
					  law->nyquist);
	*v = sum / all;
	return 1;
}

void scanconvert_colour_c(uint8_t *rgb, const uint8_t *grey,
			  const struct colour_law *law,
			  const struct scan_map *map, size_t first, size_t n)
{
	size_t j;

	for (j = 0; j < n; j++, rgb += 3) {
		const int32_t at = map->at[first + j];
		float v;

		if (at >= 0 && grey[j] < law->priority &&
		    velocity(&v, law, at, map->a[first + j],
			     map->b[first + j]))
			memcpy(rgb, colour(v, law), 3);
		else
			memset(rgb, grey[j], 3);
	}
}

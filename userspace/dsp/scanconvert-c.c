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

static int entry(float share, int entries)
{
	const float at = share * entries;

	return at > 0 ? at < entries ? at : entries - 1 : 0;
}

struct flow {
	float v, shade;
};

static const uint8_t *colour(struct flow flow, const struct colour_law *law)
{
	const float v = unwrap(flow.v, -law->baseline * law->nyquist,
			       law->nyquist);
	const int at = entry((v / law->nyquist + 1 + law->baseline) / 2,
			     PALETTE_COLOURS);

	return law->palette[entry(flow.shade, PALETTE_SHADES) *
			    PALETTE_COLOURS + at];
}

/* A pixel's velocity and shade; false where valid samples make less than half. */
static int velocity(struct flow *flow, const struct colour_law *law, size_t at,
		    float a, float b)
{
	const size_t place[4] = { at, at + 1, at + law->samples,
				  at + law->samples + 1 };
	const float share[4] = { (1 - a) * (1 - b), a * (1 - b), (1 - a) * b,
				 a * b };
	float weight[4], all = 0, sum = 0, shade = 0;
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
		const int32_t at = map->at[first + j];
		struct flow flow;

		if (at >= 0 && grey[j] < law->priority &&
		    velocity(&flow, law, at, map->a[first + j],
			     map->b[first + j]))
			memcpy(rgb, colour(flow, law), 3);
		else
			memset(rgb, grey[j], 3);
	}
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "dsp/palette.h"

Test(palette, towards_is_red_and_away_is_blue)
{
	const struct colour_scale scale = { .map = COLOUR_VELOCITY };
	static struct palette p;
	uint8_t (*rgb)[3] = p.rgb[0];
	int i;

	palette_make(&p, &scale);
	for (i = 0; i < PALETTE_COLOURS / 2; i++)
		cr_assert_gt(rgb[i][2], rgb[i][0], "entry %d", i);
	for (; i < PALETTE_COLOURS; i++)
		cr_assert_gt(rgb[i][0], rgb[i][2], "entry %d", i);
}

Test(palette, faster_is_brighter)
{
	const struct colour_scale scale = { .map = COLOUR_VELOCITY };
	static struct palette p;
	uint8_t (*rgb)[3] = p.rgb[0];
	int i, k, up, down;

	palette_make(&p, &scale);
	for (i = PALETTE_COLOURS / 2; i < PALETTE_COLOURS - 1; i++) {
		for (k = 0, up = 0, down = 0; k < 3; k++) {
			up += rgb[i + 1][k] - rgb[i][k];
			down += rgb[PALETTE_COLOURS - 2 - i][k] -
				rgb[PALETTE_COLOURS - 1 - i][k];
		}
		cr_assert_geq(up, 0, "entry %d", i);
		cr_assert_geq(down, 0, "entry %d", i);
	}
}

Test(palette, baseline_moves_the_colour_of_no_velocity)
{
	const struct colour_scale scale = { .baseline = 0.5 };
	static struct palette p;
	int i;

	palette_make(&p, &scale);
	for (i = 0; i < PALETTE_COLOURS; i++)
		cr_assert_eq(p.rgb[0][i][0] > p.rgb[0][i][2], i >= 192,
			     "entry %d", i);
}

Test(palette, invert_exchanges_the_directions)
{
	const struct colour_scale scale = { .invert = true };
	static struct palette p;

	palette_make(&p, &scale);
	cr_assert_gt(p.rgb[0][200][2], p.rgb[0][200][0]);
	cr_assert_gt(p.rgb[0][50][0], p.rgb[0][50][2]);
}

Test(palette, variance_turns_green)
{
	const struct colour_scale scale = { .map = COLOUR_VARIANCE };
	static struct palette p;
	int i;

	palette_make(&p, &scale);
	for (i = 0; i < PALETTE_COLOURS; i++) {
		cr_assert_lt(p.rgb[0][i][1], 80);
		cr_assert_eq(p.rgb[PALETTE_SHADES - 1][i][1], 255);
	}
}

Test(palette, power_knows_no_direction)
{
	struct colour_scale scale = { .map = COLOUR_POWER };
	static struct palette p;
	int i;

	palette_make(&p, &scale);
	for (i = 0; i < PALETTE_SHADES; i++)
		cr_assert_arr_eq(p.rgb[i][10], p.rgb[i][250], 3);
	scale.map = COLOUR_DIRECTIONAL;
	palette_make(&p, &scale);
	cr_assert_gt(p.rgb[30][250][0], p.rgb[30][250][2]);
	cr_assert_gt(p.rgb[30][10][2], p.rgb[30][10][0]);
	cr_assert_gt(p.rgb[60][10][2], p.rgb[30][10][2]);
}

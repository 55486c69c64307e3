// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "dsp/palette.h"

Test(palette, towards_is_red_and_away_is_blue)
{
	uint8_t rgb[PALETTE_COLOURS][3];
	int i;

	palette_velocity(rgb);
	for (i = 0; i < PALETTE_COLOURS / 2; i++)
		cr_assert_gt(rgb[i][2], rgb[i][0], "entry %d", i);
	for (; i < PALETTE_COLOURS; i++)
		cr_assert_gt(rgb[i][0], rgb[i][2], "entry %d", i);
}

Test(palette, faster_is_brighter)
{
	uint8_t rgb[PALETTE_COLOURS][3];
	int i, k, up, down;

	palette_velocity(rgb);
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

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "present/font.h"

Test(font, letters_differ_from_each_other_and_from_nothing)
{
	for (char a = ' '; a <= '~'; a++) {
		for (char b = ' '; b < a; b++)
			cr_assert(memcmp(font_glyph(a), font_glyph(b),
					 FONT_HEIGHT),
				  "%c and %c", a, b);
		for (int row = 0; row < FONT_HEIGHT; row++)
			cr_assert_lt(font_glyph(a)[row], 1 << FONT_WIDTH);
	}
}

Test(font, other_letters_are_empty)
{
	static const uint8_t empty[FONT_HEIGHT];

	cr_assert_arr_eq(font_glyph(' '), empty, FONT_HEIGHT);
	cr_assert_arr_eq(font_glyph('\xff'), empty, FONT_HEIGHT);
}

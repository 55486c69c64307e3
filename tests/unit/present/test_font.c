// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "present/font.h"

Test(font, letters_that_scales_use_differ_from_each_other)
{
	static const char letters[] = "0123456789+-./Bcdmsxz";
	unsigned int i, k, row;

	for (i = 0; letters[i]; i++) {
		for (k = 0; k < i; k++)
			cr_assert(memcmp(font_glyph(letters[i]),
					 font_glyph(letters[k]), FONT_HEIGHT),
				  "%c and %c", letters[i], letters[k]);
		for (row = 0; row < FONT_HEIGHT; row++)
			cr_assert_lt(font_glyph(letters[i])[row],
				     1 << FONT_WIDTH);
	}
}

Test(font, other_letters_are_empty)
{
	static const uint8_t empty[FONT_HEIGHT];

	cr_assert_arr_eq(font_glyph(' '), empty, FONT_HEIGHT);
	cr_assert_arr_eq(font_glyph('\xff'), empty, FONT_HEIGHT);
}

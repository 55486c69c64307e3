/* SPDX-License-Identifier: MIT */
/* The few letters that scales need, five pixels wide and seven high. */
#ifndef PRESENT_FONT_H
#define PRESENT_FONT_H

#include <stdint.h>

#define FONT_WIDTH	5
#define FONT_HEIGHT	7

/**
 * font_glyph() - the pixels of a letter
 * @letter: a digit, or one of "+-./Bcdmsxz"
 *
 * Return: FONT_HEIGHT rows, bit FONT_WIDTH - 1 leftmost; an empty letter for
 * all others.
 */
const uint8_t *font_glyph(char letter);

#endif /* PRESENT_FONT_H */

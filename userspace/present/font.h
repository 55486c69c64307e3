/* SPDX-License-Identifier: MIT */
/* The letters of ASCII, five pixels wide and seven high. */
#ifndef PRESENT_FONT_H
#define PRESENT_FONT_H

#include <stdint.h>

#define FONT_WIDTH	5
#define FONT_HEIGHT	7

/**
 * font_glyph() - the pixels of a letter
 * @letter: any
 *
 * Return: FONT_HEIGHT rows, bit FONT_WIDTH - 1 leftmost; an empty letter for
 * the space and whatever is not in ASCII.
 */
const uint8_t *font_glyph(char letter);

#endif /* PRESENT_FONT_H */

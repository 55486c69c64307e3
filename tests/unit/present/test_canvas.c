// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "present/canvas.h"
#include "present/font.h"

#define WIDTH 40
#define HEIGHT 30

static const uint8_t red[3] = { 255, 0, 0 };

static struct image black(void)
{
	const struct raster raster = { WIDTH, HEIGHT, 0, 0, 1, 1 };
	struct image image;

	cr_assert_eq(image_init(&image, IMAGE_RGB24, &raster), 0);
	return image;
}

static bool is_red(const struct image *image, long x, long y)
{
	return !memcmp(image->data + y * image->stride + 3 * x, red, 3);
}

/* Pixels that have been drawn. */
static int drawn(const struct image *image)
{
	int n = 0;

	for (long y = 0; y < HEIGHT; y++)
		for (long x = 0; x < WIDTH; x++)
			n += is_red(image, x, y);
	return n;
}

Test(canvas, what_lies_outside_is_left_out)
{
	struct image image = black();

	canvas_put(&image, -1, 3, red);
	canvas_put(&image, 3, -1, red);
	canvas_put(&image, WIDTH, 3, red);
	canvas_put(&image, 3, HEIGHT, red);
	cr_assert_eq(drawn(&image), 0);
	canvas_fill(&image, -5, HEIGHT - 2, 7, 9, red);
	cr_assert_eq(drawn(&image), 2 * 2);
	cr_assert(is_red(&image, 1, HEIGHT - 1));
	image_finish(&image);
}

/* Any two ends: as many pixels as the longer way, none more than 1/2 aside. */
Test(canvas, a_line_is_straight_and_has_both_ends)
{
	static const long end[][4] = {
		{ 3, 4, 3, 4 },	 { 2, 2, 37, 9 },  { 37, 9, 2, 2 },
		{ 5, 28, 9, 1 }, { 9, 1, 5, 28 },  { 0, 29, 39, 29 },
		{ 7, 0, 7, 29 }, { 1, 28, 28, 1 },
	};

	for (size_t i = 0; i < sizeof(end) / sizeof(*end); i++) {
		const long *e = end[i];
		const long dx = e[2] - e[0], dy = e[3] - e[1];
		const long way = labs(dx) > labs(dy) ? labs(dx) : labs(dy);
		struct image image = black();

		canvas_line(&image, e[0], e[1], e[2], e[3], red);
		cr_assert_eq(drawn(&image), way + 1, "line %zu", i);
		cr_assert(is_red(&image, e[0], e[1]) &&
			  is_red(&image, e[2], e[3]));
		for (long y = 0; y < HEIGHT; y++)
			for (long x = 0; x < WIDTH; x++)
				if (is_red(&image, x, y))
					cr_assert_leq(2 * labs((x - e[0]) * dy -
							       (y - e[1]) * dx),
						      way);
		image_finish(&image);
	}
}

Test(canvas, letters_stand_beside_each_other_and_grow)
{
	struct image image = black();
	int dots = 0;

	for (int row = 0; row < FONT_HEIGHT; row++)
		dots += __builtin_popcount(font_glyph('H')[row]);
	canvas_text(&image, 1, 1, 1, red, "HH");
	cr_assert_eq(drawn(&image), 2 * dots);
	cr_assert(is_red(&image, 1, 1) && is_red(&image, 5, 1) &&
		  !is_red(&image, 6, 1) && is_red(&image, 7, 1));
	cr_assert_eq(canvas_text_width("HH", 1), 11);
	cr_assert_eq(canvas_text_width("HH", 3), 33);
	cr_assert_eq(canvas_text_width("", 3), 0);
	canvas_text(&image, 20, 10, 2, red, "H");
	cr_assert_eq(drawn(&image), 2 * dots + 4 * dots);
	image_finish(&image);
}

/* The part that there is room for, wherever it begins. */
Test(canvas, a_picture_is_cut_at_every_side)
{
	static const long at[][3] = {
		/* x, y, pixels of 10 by 8 that fit */
		{ 0, 0, 80 },	 { -4, 0, 48 },	   { 0, -3, 50 }, { 35, 0, 40 },
		{ 0, 27, 30 },	 { 35, 27, 15 },   { -10, 0, 0 }, { 0, -8, 0 },
		{ WIDTH, 0, 0 }, { 0, HEIGHT, 0 },
	};
	const struct raster raster = { 10, 8, 0, 0, 1, 1 };
	struct image stamp;

	cr_assert_eq(image_init(&stamp, IMAGE_RGB24, &raster), 0);
	canvas_fill(&stamp, 0, 0, 10, 8, red);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		struct image image = black();

		canvas_copy(&image, at[i][0], at[i][1], &stamp);
		cr_assert_eq(drawn(&image), at[i][2], "place %zu", i);
		image_finish(&image);
	}
	image_finish(&stamp);
}

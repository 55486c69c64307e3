// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "font.h"

void canvas_put(struct image *image, long x, long y, const uint8_t rgb[3])
{
	if (x < 0 || y < 0 || x >= image->raster.width ||
	    y >= image->raster.height)
		return;
	memcpy(image->data + y * image->stride + 3 * x, rgb, 3);
}

static long least(long a, long b)
{
	return a < b ? a : b;
}

static long clamp(long value, long max)
{
	return value < 0 ? 0 : least(value, max);
}

/* One row, and the others as it. */
void canvas_fill(struct image *image, long x, long y, long width, long height,
		 const uint8_t rgb[3])
{
	const long left = clamp(x, image->raster.width);
	const long right = clamp(x + width, image->raster.width);
	const long top = clamp(y, image->raster.height);
	const long bottom = clamp(y + height, image->raster.height);
	uint8_t *first = image->data + top * image->stride + 3 * left;

	if (left >= right || top >= bottom)
		return;
	for (long i = left; i < right; i++)
		memcpy(first + 3 * (i - left), rgb, 3);
	for (long row = 1; row < bottom - top; row++)
		memcpy(first + row * image->stride, first, 3 * (right - left));
}

static long sign(long value)
{
	return (value > 0) - (value < 0);
}

/* As far along the longer way as is drawn, to the nearest along the other. */
void canvas_line(struct image *image, long x0, long y0, long x1, long y1,
		 const uint8_t rgb[3])
{
	const long dx = x1 - x0, dy = y1 - y0;
	const long way = labs(dx) > labs(dy) ? labs(dx) : labs(dy);

	for (long i = 0; i <= way; i++) {
		const long x = way ? (2 * i * dx + sign(dx) * way) / (2 * way) :
				     0;
		const long y = way ? (2 * i * dy + sign(dy) * way) / (2 * way) :
				     0;

		canvas_put(image, x0 + x, y0 + y, rgb);
	}
}

static void letter(struct image *image, long x, long y, int scale,
		   const uint8_t rgb[3], char which)
{
	const uint8_t *glyph = font_glyph(which);

	for (int row = 0; row < FONT_HEIGHT; row++)
		for (int column = 0; column < FONT_WIDTH; column++)
			if (glyph[row] >> (FONT_WIDTH - 1 - column) & 1)
				canvas_fill(image, x + column * scale,
					    y + row * scale, scale, scale, rgb);
}

void canvas_text(struct image *image, long x, long y, int scale,
		 const uint8_t rgb[3], const char *string)
{
	for (; *string; string++, x += (FONT_WIDTH + 1) * scale)
		letter(image, x, y, scale, rgb, *string);
}

long canvas_text_width(const char *string, int scale)
{
	const long letters = (long)strlen(string);

	return letters ? (letters * (FONT_WIDTH + 1) - 1) * scale : 0;
}

void canvas_copy(struct image *image, long x, long y, const struct image *from)
{
	const long left = x < 0 ? -x : 0, top = y < 0 ? -y : 0;
	const long right = least(from->raster.width, image->raster.width - x);
	const long bottom =
		least(from->raster.height, image->raster.height - y);

	if (left >= right)
		return;
	for (long row = top; row < bottom; row++)
		memcpy(image->data + (y + row) * image->stride + 3 * (x + left),
		       from->data + row * from->stride + 3 * left,
		       3 * (right - left));
}

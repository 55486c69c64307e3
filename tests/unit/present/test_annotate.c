// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

#include "present/annotate.h"
#include "present/canvas.h"
#include "present/font.h"

static struct image picture(enum image_format format, double nyquist)
{
	const struct raster raster = { 200, 150, -10e-3, 5e-3, 0.1e-3,
				       0.2e-3 };
	struct image image;
	size_t i;

	cr_assert_eq(image_init(&image, format, &raster), 0);
	for (i = 0; i < 150 * image.stride; i++)
		image.data[i] = i;
	image.floor_db = -60;
	image.colour.nyquist = nyquist;
	image.seq = 3;
	return image;
}

/* Where the picture's first pixel went, by the calibration. */
static const uint8_t *origin(const struct image *out, const struct image *in)
{
	long x = lround((in->raster.x0 - out->raster.x0) / in->raster.dx);
	long z = lround((in->raster.z0 - out->raster.z0) / in->raster.dz);

	return out->data + z * out->stride + 3 * x;
}

Test(annotate, picture_stays_whole_and_calibrated)
{
	struct image in = picture(IMAGE_RGB24, 0.3);
	const struct image *out;
	struct annotate *a;
	unsigned int row;

	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	for (row = 0; row < 150; row++)
		cr_assert_arr_eq(origin(out, &in) + row * out->stride,
				 in.data + row * in.stride, 600);
	cr_assert_eq(out->seq, 3);
	annotate_destroy(a);
	image_finish(&in);
}

Test(annotate, grey_becomes_rgb)
{
	struct image in = picture(IMAGE_GREY8, 0);
	const struct image *out;
	struct annotate *a;
	const uint8_t *at;

	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	at = origin(out, &in) + 3 * 77;
	cr_assert(at[0] == 77 && at[1] == 77 && at[2] == 77);
	annotate_destroy(a);
	image_finish(&in);
}

Test(annotate, ticks_lie_at_round_millimetres)
{
	struct image in = picture(IMAGE_GREY8, 0);
	const struct image *out;
	const uint8_t *left;
	struct annotate *a;
	unsigned int row;

	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	/* 5 mm to 34.8 mm, 150 rows of 0.2 mm: every 10 mm */
	left = origin(out, &in) - 3;
	for (row = 0; row < 150; row++, left += out->stride)
		cr_assert_eq(*left > 100, row == 25 || row == 75 || row == 125,
			     "row %u", row);
	annotate_destroy(a);
	image_finish(&in);
}

Test(annotate, velocity_gets_a_bar_of_its_own)
{
	struct image grey = picture(IMAGE_GREY8, 0);
	struct image colour = picture(IMAGE_RGB24, 0.3);
	struct annotate *a, *b;

	cr_assert_eq(annotate_create(&a, &grey, 1), 0);
	cr_assert_eq(annotate_create(&b, &colour, 1), 0);
	cr_assert_gt(annotate_execute(b, &colour)->raster.width,
		     annotate_execute(a, &grey)->raster.width);
	annotate_destroy(a);
	annotate_destroy(b);
	annotate_destroy(NULL);
	image_finish(&grey);
	image_finish(&colour);
}

/* Down to a single pixel; with the bars of level and velocity. */
/* The tops and bottoms of a bar's two sides, as colours of three bytes. */
static void bar_corners(enum colour_map map, uint32_t corner[2][2])
{
	struct image in = picture(IMAGE_RGB24, 0.3);
	const struct image *out;
	struct annotate *a;

	in.colour.map = map;
	in.colour.power_range_db = 40;
	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	for (int low = 0; low < 2; low++)
		for (int right = 0; right < 2; right++) {
			/* as annotate.c places it, behind the grey one's labels */
			const uint8_t *at = origin(out, &in) +
					    (low ? 140 : 10) * out->stride +
					    3 * (200 + 18 + 14 + 40 + 18 +
						 (right ? 12 : 1));

			corner[low][right] = (uint32_t)at[0] << 16 |
					     (uint32_t)at[1] << 8 | at[2];
		}
	annotate_destroy(a);
	image_finish(&in);
}

Test(annotate, bars_show_both_directions_and_variance)
{
	uint32_t c[2][2];

	bar_corners(COLOUR_VELOCITY, c);
	cr_expect(c[0][0] == c[0][1] && c[1][0] == c[1][1]);
	cr_expect_neq(c[0][0], c[1][0]);
	bar_corners(COLOUR_POWER, c);
	cr_expect(c[0][0] == c[0][1] && c[0][0] != c[1][0]);
	/* Towards is red, away is blue. */
	bar_corners(COLOUR_DIRECTIONAL, c);
	cr_expect_gt(c[0][0] >> 16, c[0][0] & 0xff);
	cr_expect_lt(c[0][1] >> 16, c[0][1] & 0xff);
	/* Variance is green, added from left to right. */
	bar_corners(COLOUR_VARIANCE, c);
	cr_expect_gt(c[0][1] >> 8 & 0xff, c[0][0] >> 8 & 0xff);
	cr_expect_gt(c[1][1] >> 8 & 0xff, c[1][0] >> 8 & 0xff);
}

/* Rows beside a bar, from its top on, in which there is a tick. */
static unsigned int bar_ticks(double baseline, bool row[150])
{
	struct image in = picture(IMAGE_RGB24, 0.377);
	const struct image *out;
	struct annotate *a;
	unsigned int n = 0;

	in.colour.baseline = baseline;
	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	for (unsigned int i = 0; i < 150; i++) {
		/* right of the bar, see bar_corners() */
		row[i] = origin(out, &in)[i * out->stride +
					  3 * (200 + 18 + 14 + 40 + 18 + 16)] >
			 100;
		n += row[i];
	}
	annotate_destroy(a);
	image_finish(&in);
	return n;
}

/* Of velocity the ends are said, whatever they are: there it aliases. */
Test(annotate, bars_of_velocity_say_where_it_aliases)
{
	bool row[150];

	/* 75.4 cm/s in 150 rows, 0 in the middle: each 50 at most beside it */
	cr_expect_geq(bar_ticks(0, row), 3);
	cr_expect(row[0] && row[149]);
	cr_expect(row[74] || row[75]);
	/* from -56.6 to 18.9 cm/s: 0 is a quarter below the top */
	bar_ticks(0.5, row);
	cr_expect(row[0] && row[149]);
	cr_expect(row[37] || row[38]);
	cr_expect(!row[111] && !row[112]);
	bar_ticks(-0.5, row);
	cr_expect(row[111] || row[112]);
	cr_expect(!row[37] && !row[38]);
}

/*
 * Are these letters there? @x and @z count from the picture's first pixel; around them
 * there is a pixel of paper.
 */
static bool is_said(const struct image *out, const struct image *in, long x,
		    long z, const char *text)
{
	static const uint8_t white[3] = { 255, 255, 255 };
	const struct raster like = { 100, FONT_HEIGHT + 2, 0, 0, 1, 1 };
	const long width = canvas_text_width(text, 1);
	struct image letters;
	bool said = true;

	cr_assert_eq(image_init(&letters, IMAGE_RGB24, &like), 0);
	canvas_text(&letters, 1, 1, 1, white, text);
	for (long i = 0; i < FONT_HEIGHT + 2; i++)
		for (long k = 0; k < width + 2; k++)
			said &= (letters.data[i * letters.stride + 3 * k] != 0) ==
				((origin(out, in) + (z - 1 + i) * out->stride +
				  3 * (x - 1 + k))[0] > 100);
	image_finish(&letters);
	return said;
}

/* Right of the bar of velocity and its tick, half a letter above the row. */
#define BAR_LABEL (200 + 18 + 14 + 40 + 18 + 14 + 5 + 4)

Test(annotate, scales_say_their_values)
{
	struct image in = picture(IMAGE_RGB24, 0.377);
	const struct image *out;
	struct annotate *a;

	/* -56.6 to 18.9 cm/s, upwards towards the probe */
	in.colour.baseline = 0.5;
	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	cr_expect(is_said(out, &in, BAR_LABEL, 0 - FONT_HEIGHT / 2, "19"));
	cr_expect(is_said(out, &in, BAR_LABEL, 149 - FONT_HEIGHT / 2, "-57"));
	cr_expect(!is_said(out, &in, BAR_LABEL, 149 - FONT_HEIGHT / 2, "-19"));
	/* 5 mm and 0.2 mm a row; right of it a tick */
	cr_expect(is_said(out, &in, -5 - 4 - canvas_text_width("20", 1),
			  75 - FONT_HEIGHT / 2, "20"));
	/* -10 mm and 0.1 mm a column; a tick below the picture */
	cr_expect(is_said(out, &in, 100 - canvas_text_width("0", 1) / 2,
			  150 + 5 + 4, "0"));
	cr_expect(is_said(out, &in, 50 - canvas_text_width("-5", 1) / 2,
			  150 + 5 + 4, "-5"));
	for (unsigned int column = 0; column < 200; column++)
		cr_expect_eq((origin(out, &in) + 150 * out->stride +
			      3 * column)[0] > 100,
			     column % 50 == 0, "column %u", column);
	annotate_destroy(a);
	image_finish(&in);
}

Test(annotate, smallest_pictures_get_scales)
{
	const struct image whole = picture(IMAGE_RGB24, 0.3);
	struct image in = whole;
	struct annotate *a;
	uint32_t n;

	for (n = 1; n <= 3; n++) {
		in.raster.width = n;
		in.raster.height = n;
		cr_assert_eq(annotate_create(&a, &in, 1), 0);
		cr_assert_arr_eq(origin(annotate_execute(a, &in), &in),
				 in.data, 3 * n);
		annotate_destroy(a);
	}
	in = whole;
	image_finish(&in);
}

/* The letters of an ECG's strip stand left of it, nowhere else. */
Test(annotate, an_ecg_is_called_that)
{
	struct image in = picture(IMAGE_RGB24, 0);
	static const enum region_kind kind[] = { REGION_M, REGION_ECG };
	unsigned int lit[2] = { 0 };

	in.regions = 2;
	in.region[0] = (struct image_region){
		.kind = REGION_B, .raster = in.raster,
	};
	in.region[0].raster.height = 100;
	for (unsigned int k = 0; k < 2; k++) {
		struct annotate *a;
		const struct image *out;

		in.region[1] = (struct image_region){
			.kind = kind[k], .top = 100,
			.raster = { 200, 50, 0, 2e-3, 10e-3, 0.4e-3 },
		};
		cr_assert_eq(annotate_create(&a, &in, 1), 0);
		out = annotate_execute(a, &in);
		/* the third letter: "mm" has none */
		for (unsigned int z = 0; z < 7; z++)
			for (unsigned int x = 16; x < 21; x++)
				lit[k] += (origin(out, &in) +
					   (104 + z) * out->stride -
					   3 * (48 - x))[0] > 100;
		annotate_destroy(a);
	}
	cr_expect_eq(lit[0], 0);
	cr_expect_gt(lit[1], 5);
	image_finish(&in);
}

Test(annotate, strips_get_axes_of_their_own)
{
	struct image in = picture(IMAGE_RGB24, 0);
	const struct image *out;
	const uint8_t *left, *under;
	struct annotate *a;
	unsigned int i;

	in.regions = 2;
	in.region[0] = (struct image_region){
		.kind = REGION_B, .raster = in.raster,
	};
	in.region[0].raster.height = 100;
	/* 50 rows of 0.4 mm from 2 mm on, 200 columns of 10 ms */
	in.region[1] = (struct image_region){
		.kind = REGION_M, .top = 100, .now = 7,
		.raster = { 200, 50, 0, 2e-3, 10e-3, 0.4e-3 },
	};
	in.time = 3;
	cr_assert_eq(annotate_create(&a, &in, 1), 0);
	out = annotate_execute(a, &in);
	cr_assert_eq(out->time, 3);
	cr_assert_eq(out->regions, 2);
	cr_assert_eq(out->region[1].now, 7);
	cr_assert_arr_eq(out->data + out->region[1].top * out->stride +
			 3 * out->region[1].left,
			 in.data + 100 * in.stride, 600);
	/* 10 and 20 mm of the section, 20 mm of the strip */
	left = origin(out, &in) - 3;
	for (i = 0; i < 150; i++, left += out->stride)
		cr_assert_eq(*left > 100, i == 25 || i == 75 || i == 145,
			     "row %u", i);
	/* 0, 0.5, 1 and 1.5 s */
	under = origin(out, &in) + 150 * out->stride;
	for (i = 0; i < 200; i++)
		cr_assert_eq(under[3 * i] > 100, i % 50 == 0, "column %u", i);
	annotate_destroy(a);
	image_finish(&in);
}

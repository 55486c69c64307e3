// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "present/calliper.h"

/* Section of 400 x 300 pixels of 0.25 x 0.5 mm; under it strips of 400. */
enum { SECTION, M, SPECTRUM, ECG };

static struct image picture(void)
{
	struct image image = { .raster = { 400, 600, -50e-3, 2e-3, 0.25e-3,
					   0.5e-3 } };
	static const struct {
		enum region_kind kind;
		struct raster raster;
	} part[] = {
		{ REGION_B, { 400, 300, -50e-3, 2e-3, 0.25e-3, 0.5e-3 } },
		/* 5 ms a column; 0.2 mm a row */
		{ REGION_M, { 400, 100, 0, 10e-3, 5e-3, 0.2e-3 } },
		/* 1 cm/s a row, downwards less */
		{ REGION_SPECTRUM, { 400, 120, 0, 0.8, 5e-3, -0.01 } },
		{ REGION_ECG, { 400, 80, 0, 100, 5e-3, -1 } },
	};

	for (int i = 0; i < 4; i++) {
		image.region[i].kind = part[i].kind;
		image.region[i].raster = part[i].raster;
		image.region[i].left = 0;
		image.region[i].top =
			i ? image.region[i - 1].top +
					image.region[i - 1].raster.height :
			    0;
		image.region[i].now = 150;
	}
	image.regions = 4;
	return image;
}

/* Between two pixels, both counted from the region's own corner. */
static struct calliper_result measure(const struct image *image,
				      uint32_t region, long x0, long y0,
				      long x1, long y1)
{
	const struct image_region *r = &image->region[region];
	const struct calliper c = {
		.points = 2,
		.region = region,
		.x = { r->left + x0, r->left + x1 },
		.y = { r->top + y0, r->top + y1 },
	};

	return calliper_measure(&c, image);
}

static void expect_text(const struct calliper_result *r, const char *text)
{
	char said[64];

	calliper_text(r, said, sizeof(said));
	cr_assert_str_eq(said, text);
}

/* 3-4-5: 120 columns are 30 mm, 80 rows are 40 mm. */
Test(calliper, distance_in_a_section)
{
	const struct image image = picture();
	struct calliper_result r = measure(&image, SECTION, 40, 30, 160, 110);

	cr_assert_float_eq(r.distance, 50e-3, 1e-12);
	cr_assert(isnan(r.time) && isnan(r.slope) && isnan(r.velocity[0]));
	expect_text(&r, "50.0 mm");
	r = measure(&image, SECTION, 160, 110, 40, 30);
	cr_assert_float_eq(r.distance, 50e-3, 1e-12);
}

/* A picture that is nothing but a section has no regions. */
Test(calliper, distance_in_a_picture_without_strips)
{
	struct image image = picture();
	const struct calliper c = { 2, 0, { 10, 10 }, { 20, 40 } };

	image.regions = 0;
	cr_assert_float_eq(calliper_measure(&c, &image).distance, 10e-3, 1e-12);
}

/* 20 columns later and 50 rows deeper: 10 mm in 100 ms. */
Test(calliper, slope_in_a_strip_over_time)
{
	const struct image image = picture();
	struct calliper_result r = measure(&image, M, 30, 20, 50, 70);

	cr_assert_float_eq(r.distance, 10e-3, 1e-12);
	cr_assert_float_eq(r.time, 0.1, 1e-12);
	cr_assert_float_eq(r.slope, 0.1, 1e-12);
	expect_text(&r, "10.0 mm  100 ms  100 mm/s");
	/* the same from its other end */
	r = measure(&image, M, 50, 70, 30, 20);
	cr_assert_float_eq(r.slope, 0.1, 1e-12);
	/* towards the probe */
	r = measure(&image, M, 30, 70, 50, 20);
	cr_assert_float_eq(r.slope, -0.1, 1e-12);
	/* at one time */
	r = measure(&image, M, 30, 70, 30, 20);
	cr_assert(isnan(r.slope));
	expect_text(&r, "10.0 mm  0 ms");
}

/* The newest column is 150, the one right of it the oldest. */
Test(calliper, time_goes_round_where_the_strip_does)
{
	const struct image image = picture();

	/* 149 columns before 150, and the 390th: 160 before it */
	cr_assert_float_eq(measure(&image, ECG, 1, 0, 390, 0).time, 11 * 5e-3,
			   1e-12);
	cr_assert_float_eq(measure(&image, ECG, 150, 0, 151, 0).time,
			   399 * 5e-3, 1e-12);
	cr_assert_float_eq(measure(&image, M, 390, 0, 10, 50).slope,
			   10e-3 / (20 * 5e-3), 1e-12);
}

Test(calliper, velocities_in_a_spectrum)
{
	const struct image image = picture();
	struct calliper_result r = measure(&image, SPECTRUM, 10, 5, 90, 100);

	cr_assert_float_eq(r.velocity[0], 0.75, 1e-12);
	cr_assert_float_eq(r.velocity[1], -0.2, 1e-12);
	cr_assert_float_eq(r.time, 0.4, 1e-12);
	cr_assert(isnan(r.distance) && isnan(r.slope));
	expect_text(&r, "75.0  -20.0 cm/s  400 ms");
}

Test(calliper, duration_in_an_ecg)
{
	const struct image image = picture();
	struct calliper_result r = measure(&image, ECG, 20, 5, 180, 9);

	/* 20 is 130 columns old, 180 is 370 */
	cr_assert_float_eq(r.time, 240 * 5e-3, 1e-12);
	cr_assert(isnan(r.distance) && isnan(r.velocity[0]));
	expect_text(&r, "1200 ms");
}

/* From the first point's middle of the section to a second, set point. */
Test(calliper, is_set_point_by_point_within_its_region)
{
	const struct image image = picture();
	struct callipers c = { 0 };

	cr_assert(!callipers_moving(&c));
	callipers_begin(&c, &image);
	cr_assert(callipers_moving(&c) && c.count == 1);
	cr_assert(c.of[0].x[0] == 200 && c.of[0].y[0] == 150);
	callipers_move(&c, &image, -10, 20);
	callipers_set(&c);
	cr_assert(c.of[0].x[1] == 190 && c.of[0].y[1] == 170);
	callipers_hop(&c, &image);
	cr_assert_eq(c.of[0].region, SECTION, "its first point is set");
	callipers_move(&c, &image, 1000, 1000);
	cr_assert(c.of[0].x[0] == 190 && c.of[0].y[0] == 170);
	cr_assert(c.of[0].x[1] == 399 && c.of[0].y[1] == 299);
	callipers_move(&c, &image, -1000, -1000);
	cr_assert(c.of[0].x[1] == 0 && c.of[0].y[1] == 0);
	callipers_set(&c);
	cr_assert(!callipers_moving(&c));
}

Test(calliper, hops_from_region_to_region)
{
	const struct image image = picture();
	struct callipers c = { 0 };

	callipers_begin(&c, &image);
	for (uint32_t i = 1; i <= 4; i++) {
		callipers_hop(&c, &image);
		cr_assert_eq(c.of[0].region, i % 4);
		cr_assert_eq(c.of[0].y[0],
			     image.region[i % 4].top +
				     image.region[i % 4].raster.height / 2);
	}
	callipers_hop(&c, &image);
	callipers_set(&c);
	callipers_set(&c);
	/* the next one begins where the last one was */
	callipers_begin(&c, &image);
	cr_assert_eq(c.of[1].region, M);
}

Test(calliper, oldest_gives_way_and_an_unfinished_one_too)
{
	const struct image image = picture();
	struct callipers c = { 0 };

	for (long i = 0; i < 6; i++) {
		callipers_begin(&c, &image);
		callipers_move(&c, &image, i, 0);
		callipers_set(&c);
		callipers_set(&c);
	}
	cr_assert_eq(c.count, CALLIPERS_MAX);
	for (int i = 0; i < CALLIPERS_MAX; i++)
		cr_assert_eq(c.of[i].x[0], 200 + 2 + i);
	callipers_begin(&c, &image);
	callipers_begin(&c, &image);
	cr_assert_eq(c.count, CALLIPERS_MAX);
	callipers_drop(&c);
	cr_assert_eq(c.count, CALLIPERS_MAX - 1);
	callipers_drop(&c);
	cr_assert_eq(c.count, CALLIPERS_MAX - 1);
}

static bool is_lit(const struct image *image, long x, long y)
{
	return image->data[y * image->stride + 3 * x + 1];
}

/* Both points are seen, and the way between them, where the picture lies. */
Test(calliper, is_drawn_at_its_points)
{
	const struct raster raster = { 500, 700, 0, 0, 1, 1 };
	const struct callipers c = {
		.count = 1,
		.of = { { 2, 0, { 40, 160 }, { 30, 110 } } },
	};
	struct image to;
	int on_line = 0;

	cr_assert_eq(image_init(&to, IMAGE_RGB24, &raster), 0);
	callipers_draw(&c, &to, 48, 24, 1);
	for (int i = 0; i < 2; i++) {
		const long x = 48 + c.of[0].x[i], y = 24 + c.of[0].y[i];

		cr_assert(!is_lit(&to, x, y), "the point itself stays free");
		for (long d = 2; d <= 5; d++)
			cr_assert(is_lit(&to, x + d, y) &&
				  is_lit(&to, x - d, y) &&
				  is_lit(&to, x, y + d) &&
				  is_lit(&to, x, y - d));
	}
	for (long i = 0; i <= 120; i++)
		on_line += is_lit(&to, 88 + i, 54 + lround(i * 80 / 120.0));
	cr_assert(on_line > 40 && on_line < 100, "%d of 121", on_line);
	image_finish(&to);
}

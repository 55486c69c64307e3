// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

#include "present/cine.h"

#define WIDTH 20
#define HEIGHT 10

/* Every pixel, the number and the strip's column say which one it is. */
static void number(struct image *image, uint8_t n)
{
	for (size_t i = 0; i < image->stride * HEIGHT; i++)
		image->data[i] = n;
	image->seq = n;
	image->time = n * 0.02;
	image->regions = 2;
	image->region[1].now = n % WIDTH;
}

static struct image picture(void)
{
	const struct raster raster = { WIDTH, HEIGHT, 0, 0, 1e-3, 1e-3 };
	struct image image;

	cr_assert_eq(image_init(&image, IMAGE_GREY8, &raster), 0);
	return image;
}

static void expect(const struct cine *c, uint32_t place, uint8_t n)
{
	const struct image *p = cine_picture(c, place);

	cr_assert_eq(p->seq, n);
	cr_assert_eq(p->region[1].now, n % WIDTH);
	for (size_t i = 0; i < p->stride * HEIGHT; i++)
		cr_assert_eq(p->data[i], n);
}

Test(cine, keeps_the_last_pictures_in_their_order)
{
	struct image image = picture();
	struct cine *c;

	cr_assert_eq(cine_create(&c, &image, 5 * image.stride * HEIGHT + 7), 0);
	cr_assert_eq(cine_count(c), 0);
	for (int n = 1; n <= 13; n++) {
		const uint32_t kept = n < 5 ? n : 5;

		number(&image, n);
		cine_add(c, &image);
		cr_assert_eq(cine_count(c), kept);
		for (uint32_t place = 0; place < kept; place++)
			expect(c, place, n - kept + 1 + place);
	}
	cine_clear(c);
	cr_assert_eq(cine_count(c), 0);
	number(&image, 99);
	cine_add(c, &image);
	expect(c, 0, 99);
	cine_destroy(c);
	cine_destroy(NULL);
	image_finish(&image);
}

/* To step there must be two, whatever the memory. */
Test(cine, keeps_two_in_any_case)
{
	struct image image = picture();
	struct cine *c;

	cr_assert_eq(cine_create(&c, &image, 1), 0);
	for (int n = 1; n <= 3; n++) {
		number(&image, n);
		cine_add(c, &image);
	}
	cr_assert_eq(cine_count(c), 2);
	expect(c, 0, 2);
	expect(c, 1, 3);
	cine_destroy(c);
	image_finish(&image);
}

/* 50 a second for two seconds, then every second one is left out. */
Test(cine, rate_is_that_of_the_last_second)
{
	struct image image = picture();
	struct cine *c;

	cr_assert_eq(cine_create(&c, &image, 300 * image.stride * HEIGHT), 0);
	for (int n = 0; n < 250; n++) {
		number(&image, n);
		if (n < 100 || n % 2)
			cine_add(c, &image);
	}
	cr_assert(isnan(cine_rate(c, 0)));
	cr_assert_float_eq(cine_rate(c, 1), 50, 1e-9);
	cr_assert_float_eq(cine_rate(c, 99), 50, 1e-9);
	cr_assert_float_eq(cine_rate(c, cine_count(c) - 1), 25, 1e-9);
	/* a clock that stands still is no rate */
	cine_add(c, &image);
	cine_clear(c);
	cine_add(c, &image);
	cine_add(c, &image);
	cr_assert(isnan(cine_rate(c, 1)));
	cine_destroy(c);
	image_finish(&image);
}

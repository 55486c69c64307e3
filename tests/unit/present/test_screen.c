// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "present/annotate.h"
#include "present/screen.h"

#define WIDTH 1024
#define HEIGHT 768

static struct screen_status status(void)
{
	return (struct screen_status){
		.preset = "cardiac-b",
		.source = "sim:heart",
		.depth = 0.15,
		.gain = 0,
		.power = -3,
		.rate = 50,
		.mi = 0.5,
		.ti = 0.1,
		.line = "",
	};
}

/* A picture that is white, so that it is seen where it lies. */
static struct image white(uint32_t width, uint32_t height)
{
	const struct raster raster = { width, height, 0, 0, 1e-3, 1e-3 };
	struct image image;

	cr_assert_eq(image_init(&image, IMAGE_RGB24, &raster), 0);
	memset(image.data, 255, image.stride * height);
	image.seq = 77;
	image.heart_rate = NAN;
	return image;
}

/* Columns, or rows, with a white pixel: the first and how many. */
static void extent(const struct image *image, bool rows, uint32_t *first,
		   uint32_t *count)
{
	const uint32_t n = rows ? image->raster.height : image->raster.width;
	const uint32_t m = rows ? image->raster.width : image->raster.height;

	*count = 0;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < m; k++) {
			const size_t at = rows ? i * image->stride + 3 * k :
						 k * image->stride + 3 * i;

			if (image->data[at] != 255)
				continue;
			*first = *count ? *first : i;
			++*count;
			break;
		}
}

/* Rows or columns that differ between two screens. */
static bool differ(struct screen *s, const struct image *picture,
		   const struct screen_status *a, const struct screen_status *b)
{
	const struct image *drawn = screen_execute(s, picture, picture, a);
	const size_t bytes = drawn->stride * drawn->raster.height;
	uint8_t *kept = malloc(bytes);
	bool same;

	memcpy(kept, drawn->data, bytes);
	same = !memcmp(kept, screen_execute(s, picture, picture, b)->data,
		       bytes);
	free(kept);
	return !same;
}

Test(screen, too_small_is_refused)
{
	struct screen *s;

	cr_assert_eq(screen_create(&s, SCREEN_WIDTH_MIN - 1, 768), -EINVAL);
	cr_assert_eq(screen_create(&s, 1024, SCREEN_HEIGHT_MIN - 1), -EINVAL);
	cr_assert_eq(screen_create(&s, SCREEN_WIDTH_MIN, SCREEN_HEIGHT_MIN), 0);
	screen_destroy(s);
	screen_destroy(NULL);
}

/* Whole and in the middle of its room; what is too large does not cover it. */
Test(screen, picture_has_its_room)
{
	const struct screen_status st = status();
	struct image fits = white(400, 300), large = white(2000, 1500);
	uint32_t first, count;
	struct screen *s;
	const struct image *out;

	cr_assert_eq(screen_create(&s, WIDTH, HEIGHT), 0);
	out = screen_execute(s, &fits, &fits, &st);
	cr_assert_eq(out->seq, 77);
	extent(out, false, &first, &count);
	cr_assert(count == 400 && first == (WIDTH - 200 - 400) / 2);
	extent(out, true, &first, &count);
	cr_assert(count == 300 && first == (HEIGHT - 24 - 300) / 2);
	out = screen_execute(s, &large, &large, &st);
	extent(out, false, &first, &count);
	cr_assert(count == WIDTH - 200 && first == 0);
	extent(out, true, &first, &count);
	cr_assert(count == HEIGHT - 24 && first == 0);
	screen_destroy(s);
	image_finish(&fits);
	image_finish(&large);
}

/* Each figure is on the screen: another one is another screen. */
Test(screen, every_figure_is_seen)
{
	const struct screen_status a = status();
	struct image picture = white(400, 300);
	const struct callipers c = {
		.count = 1,
		.of = { { 2, 0, { 10, 90 }, { 20, 20 } } },
	};
	struct screen_status b[14];
	struct screen *s;

	for (size_t i = 0; i < 14; i++)
		b[i] = a;
	b[0].state = SCREEN_FROZEN;
	b[1].preset = "cardiac-c";
	b[2].source = "sim:disk";
	b[3].depth = 0.16;
	b[4].gain = 2;
	b[5].power = -6;
	b[6].rate = 25;
	b[7].mi = 0.51;
	b[8].ti = 0.11;
	b[9].dropped = 1;
	b[10].lost = 1;
	b[11].skipped = 1;
	b[12].line = "no";
	b[13].callipers = &c;
	cr_assert_eq(screen_create(&s, WIDTH, HEIGHT), 0);
	cr_assert(!differ(s, &picture, &a, &a));
	for (size_t i = 0; i < 14; i++)
		cr_assert(differ(s, &picture, &a, &b[i]), "figure %zu", i);
	screen_destroy(s);
	image_finish(&picture);
}

/* An ECG without a rate yet says that there will be one. */
Test(screen, heart_rate_has_its_row_with_an_ecg)
{
	const struct screen_status st = status();
	struct image without = white(400, 300), with;
	uint8_t *kept;
	struct screen *s;
	const struct image *out;
	size_t bytes;

	cr_assert_eq(screen_create(&s, WIDTH, HEIGHT), 0);
	out = screen_execute(s, &without, &without, &st);
	bytes = out->stride * out->raster.height;
	kept = malloc(bytes);
	memcpy(kept, out->data, bytes);
	with = without;
	with.regions = 1;
	with.region[0].kind = REGION_ECG;
	out = screen_execute(s, &with, &with, &st);
	cr_expect(memcmp(kept, out->data, bytes));
	free(kept);
	screen_destroy(s);
	image_finish(&without);
}

Test(screen, place_among_kept_pictures_is_seen_when_frozen)
{
	struct image picture = white(400, 300);
	struct screen_status a = status(), b;
	struct screen *s;

	cr_assert_eq(screen_create(&s, WIDTH, HEIGHT), 0);
	a.kept = 10;
	b = a;
	b.place = 9;
	cr_assert(!differ(s, &picture, &a, &b));
	a.state = SCREEN_FROZEN;
	b.state = SCREEN_FROZEN;
	cr_assert(differ(s, &picture, &a, &b));
	screen_destroy(s);
	image_finish(&picture);
}

/* One more for every 540 rows, as far as the width lets them. */
Test(screen, letters_grow_with_the_screen)
{
	static const struct {
		uint32_t width, height;
		int scale;
	} size[] = {
		{ 640, 480, 1 },   { 1024, 768, 1 },  { 1280, 800, 1 },
		{ 1920, 1080, 2 }, { 3840, 2160, 4 }, { 1080, 1920, 1 },
	};
	const struct screen_status st = status();
	struct image none = white(1, 1);

	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		const struct image *out;
		const uint8_t *at;
		uint32_t paper;
		struct screen *s;

		cr_assert_eq(screen_create(&s, size[i].width, size[i].height),
			     0);
		cr_expect_eq(screen_scale(s), size[i].scale);
		out = screen_execute(s, &none, &none, &st);
		/* LIVE begins 16 dots below the edge, 192 from the right one */
		at = out->data + 3 * (size[i].width - 192 * size[i].scale);
		paper = at[0];
		for (uint32_t y = 0; y < 16 * (uint32_t)size[i].scale; y++)
			cr_expect_eq(at[y * out->stride], paper);
		cr_expect_neq(at[16 * size[i].scale * out->stride], paper);
		screen_destroy(s);
	}
	image_finish(&none);
}

/* As large as there is room, in proportion, on screens of any shape. */
Test(screen, pictures_fill_their_room)
{
	static const uint32_t size[][2] = {
		{ 640, 480 },	{ 1024, 768 }, { 1280, 800 },
		{ 3840, 2160 }, { 800, 4000 },
	};

	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++) {
		struct pipeline_params p;
		uint32_t width, height, all;
		struct screen *s;

		pipeline_params_init(&p);
		p.m.on = true;
		p.ecg.on = true;
		p.display.width = 1000;
		p.display.height = 600;
		p.m.height = 200;
		p.ecg.height = 100;
		cr_assert_eq(screen_create(&s, size[i][0], size[i][1]), 0);
		screen_fit(s, &p);
		annotate_margins(false, screen_scale(s), &width, &height);
		width += p.display.width + 200 * screen_scale(s);
		height += p.display.height + p.m.height + p.ecg.height +
			  24 * screen_scale(s);
		cr_assert(width <= size[i][0] && height <= size[i][1]);
		/* three heights were rounded down, or a width */
		cr_assert(width + 1 >= size[i][0] || height + 3 >= size[i][1]);
		all = p.display.height + p.m.height + p.ecg.height;
		cr_assert_float_eq(p.display.width / (double)all, 1000 / 900.0,
				   0.02);
		cr_assert_float_eq(p.m.height / (double)p.display.height,
				   1 / 3.0, 0.02);
		screen_destroy(s);
	}
}

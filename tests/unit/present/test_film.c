// SPDX-License-Identifier: MIT
/* The sinks that make films: y4m and webp. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <webp/demux.h>

#include "present/present.h"

#define WIDTH	16
#define HEIGHT	8

static char path[64];

static void make_path(void)
{
	strcpy(path, "/tmp/test_film_XXXXXX");
	close(mkstemp(path));
}

static void remove_path(void)
{
	unlink(path);
}

TestSuite(film, .init = make_path, .fini = remove_path);

/* All of one colour. */
static struct image picture(enum image_format format, const uint8_t rgb[3],
			    double time)
{
	const struct raster raster = { WIDTH, HEIGHT, 0, 0, 1e-3, 1e-3 };
	struct image image;
	size_t i;

	cr_assert_eq(image_init(&image, format, &raster), 0);
	for (i = 0; i < HEIGHT * image.stride; i++)
		image.data[i] = rgb[i % 3];
	image.time = time;
	return image;
}

static size_t read_file(uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t n;

	cr_assert_not_null(file);
	n = fread(data, 1, size, file);
	fclose(file);
	return n;
}

/* Grey, then red, then grey, 20 ms apart. */
static void make_film(const struct sink *sink)
{
	static const uint8_t grey[3] = { 100, 100, 100 }, red[3] = { 255, 0, 0 };
	void *state;
	int i;

	cr_assert_eq(sink->open(&state, path), 0);
	for (i = 0; i < 3; i++) {
		struct image image = picture(i ? IMAGE_RGB24 : IMAGE_GREY8,
					     i == 1 ? red : grey,
					     7 + 0.02 * i);

		cr_assert_eq(sink->frame(state, &image), 0);
		image_finish(&image);
	}
	cr_assert_eq(sink->close(state), 0);
}

Test(film, y4m_has_its_rate_and_its_colours)
{
	static const char head[] =
		"YUV4MPEG2 W16 H8 F50000:1000 Ip A1:1 C444\n";
	const size_t plane = WIDTH * HEIGHT, frame = 6 + 3 * plane;
	uint8_t data[4096], *at = data + sizeof(head) - 1;

	make_film(&sink_y4m);
	cr_assert_eq(read_file(data, sizeof(data)),
		     sizeof(head) - 1 + 3 * frame);
	cr_assert_arr_eq(data, head, sizeof(head) - 1);
	cr_assert_arr_eq(at, "FRAME\n", 6);
	/* BT.601: grey 100, then red */
	cr_assert_eq(at[6], 102);
	cr_assert_eq(at[6 + plane], 128);
	cr_assert_eq(at[6 + 2 * plane], 128);
	at += frame;
	cr_assert_eq(at[6], 81);
	cr_assert_eq(at[6 + plane], 90);
	cr_assert_eq(at[6 + 2 * plane], 240);
}

Test(film, webp_is_an_animation_with_its_times)
{
	uint8_t data[8192], *rgba;
	WebPData webp = { data, 0 };
	WebPAnimDecoder *decoder;
	WebPAnimInfo info;
	int i, time;

	make_film(&sink_webp);
	webp.size = read_file(data, sizeof(data));
	decoder = WebPAnimDecoderNew(&webp, NULL);
	cr_assert_not_null(decoder);
	cr_assert(WebPAnimDecoderGetInfo(decoder, &info));
	cr_assert_eq(info.canvas_width, WIDTH);
	cr_assert_eq(info.canvas_height, HEIGHT);
	cr_assert_eq(info.frame_count, 3);
	cr_assert_eq(info.loop_count, 0, "for ever");
	for (i = 1; i <= 3; i++) {
		cr_assert(WebPAnimDecoderGetNext(decoder, &rgba, &time));
		cr_assert_eq(time, 20 * i);
		cr_assert_eq(rgba[0] > rgba[2] + 100, i == 2);
	}
	WebPAnimDecoderDelete(decoder);
}

Test(film, other_sizes_are_refused)
{
	static const struct sink *const films[] = { &sink_y4m, &sink_webp };
	static const uint8_t black[3];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct image image = picture(IMAGE_RGB24, black, 0);
		void *state;

		cr_assert_eq(films[i]->open(&state, path), 0);
		cr_assert_eq(films[i]->frame(state, &image), 0);
		image.raster.height = 4;
		image.time = 0.1;
		cr_assert_eq(films[i]->frame(state, &image), -EINVAL);
		image_finish(&image);
		cr_assert_eq(films[i]->close(state), 0);
	}
}

Test(film, films_tell_why_they_cannot_be_written)
{
	static const uint8_t black[3];
	struct image image = picture(IMAGE_GREY8, black, 0);
	void *state;

	cr_assert_eq(sink_y4m.open(&state, "/nonexistent/a.y4m"), -ENOENT);
	cr_assert_eq(sink_y4m.open(&state, NULL), -EINVAL);
	cr_assert_eq(sink_y4m.close(NULL), 0);
	cr_assert_eq(sink_webp.open(&state, ""), -EINVAL);
	cr_assert_eq(sink_webp.open(&state, "/nonexistent/a.webp"), 0);
	cr_assert_eq(sink_webp.frame(state, &image), 0);
	cr_assert_eq(sink_webp.close(state), -ENOENT);
	cr_assert_eq(sink_webp.close(NULL), 0);
	image_finish(&image);
}

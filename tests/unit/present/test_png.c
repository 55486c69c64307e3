// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <unistd.h>

#include "present/present.h"

static char folder[64];

static void make_folder(void)
{
	strcpy(folder, "/tmp/test_png_XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	strcat(folder, "/");
}

static void remove_folder(void)
{
	rmdir(folder);
}

TestSuite(png, .init = make_folder, .fini = remove_folder);

static struct image picture(enum image_format format)
{
	const struct raster raster = { 6, 4, 0, 0, 0.5e-3, 0.25e-3 };
	struct image image;
	size_t i;

	cr_assert_eq(image_init(&image, format, &raster), 0);
	for (i = 0; i < 4 * image.stride; i++)
		image.data[i] = 7 * i;
	image.seq = 42;
	return image;
}

static void check_file(const char *path, const struct image *want)
{
	png_image png = { .version = PNG_IMAGE_VERSION };
	bool rgb = want->format == IMAGE_RGB24;
	uint8_t data[6 * 4 * 3];

	cr_assert(png_image_begin_read_from_file(&png, path), "%s", path);
	cr_assert_eq(png.width, 6);
	cr_assert_eq(png.height, 4);
	cr_assert_eq(png.format, (rgb ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY));
	cr_assert(png_image_finish_read(&png, NULL, data, 0, NULL));
	cr_assert_arr_eq(data, want->data, 4 * want->stride);
}

static void write_one(const char *target, const struct image *image)
{
	void *state;

	cr_assert_eq(sink_png.open(&state, target), 0);
	cr_assert_eq(sink_png.frame(state, image), 0);
	cr_assert_eq(sink_png.close(state), 0);
}

Test(png, file_holds_the_pixels)
{
	static const enum image_format formats[] = { IMAGE_GREY8,
						     IMAGE_RGB24 };
	char path[96];
	int i;

	snprintf(path, sizeof(path), "%sa.png", folder);
	for (i = 0; i < 2; i++) {
		struct image image = picture(formats[i]);

		write_one(path, &image);
		check_file(path, &image);
		image_finish(&image);
	}
	unlink(path);
}

Test(png, folder_gets_a_file_by_number)
{
	struct image image = picture(IMAGE_GREY8);
	char path[96];

	write_one(folder, &image);
	snprintf(path, sizeof(path), "%s000042.png", folder);
	check_file(path, &image);
	unlink(path);
	image_finish(&image);
}

Test(png, failure_leaves_no_part)
{
	struct image image = picture(IMAGE_GREY8);
	char path[96];
	void *state;

	snprintf(path, sizeof(path), "%snone/a.png", folder);
	cr_assert_eq(sink_png.open(&state, path), 0);
	cr_assert_eq(sink_png.frame(state, &image), -ENOENT);
	sink_png.close(state);
	cr_assert_eq(rmdir(folder), 0, "the folder is empty");
	image_finish(&image);
}

Test(png, no_target_is_refused)
{
	void *state;

	cr_assert_eq(sink_png.open(&state, NULL), -EINVAL);
	cr_assert_eq(sink_png.open(&state, ""), -EINVAL);
	cr_assert_eq(sink_png.close(NULL), 0);
}

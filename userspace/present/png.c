// SPDX-License-Identifier: MIT
/*
 * PNG files. A picture is written beside its place and renamed, so that who
 * reads the file never sees half of one.
 */
#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "present.h"

#define SUFFIX	".part"

struct png_sink {
	char *target;
	bool folder;
};

static int png_open(void **state, const char *target)
{
	struct png_sink *sink;

	if (!target || !*target)
		return -EINVAL;
	sink = malloc(sizeof(*sink));
	if (!sink)
		return -ENOMEM;
	sink->target = strdup(target);
	sink->folder = target[strlen(target) - 1] == '/';
	if (!sink->target) {
		free(sink);
		return -ENOMEM;
	}
	*state = sink;
	return 0;
}

static void ignore(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

/* Of the write that failed, if one did; nothing is printed. */
static void give_up(png_structp png, png_const_charp text)
{
	int *err = png_get_error_ptr(png);

	(void)text;
	*err = errno ? -errno : -EIO;
	png_longjmp(png, 1);
}

/* Pixels per metre, as viewers and callipers read them. */
static void write_header(png_structp png, png_infop info,
			 const struct image *image)
{
	const struct raster *raster = &image->raster;
	const int colour = image->format == IMAGE_RGB24 ? PNG_COLOR_TYPE_RGB :
							  PNG_COLOR_TYPE_GRAY;

	png_set_IHDR(png, info, raster->width, raster->height, 8, colour,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	if (raster->dx > 0 && raster->dz > 0)
		png_set_pHYs(png, info, 1 / raster->dx + 0.5,
			     1 / raster->dz + 0.5, PNG_RESOLUTION_METER);
	png_write_info(png, info);
}

/* libpng leaves by longjmp() on an error: no resource is taken past it. */
static int write_png(FILE *file, png_structp png, png_infop info,
		     const struct image *image)
{
	uint32_t i;

	if (setjmp(png_jmpbuf(png)))
		return *(int *)png_get_error_ptr(png);
	errno = 0;
	png_init_io(png, file);
	write_header(png, info, image);
	for (i = 0; i < image->raster.height; i++)
		png_write_row(png, image->data + i * image->stride);
	png_write_end(png, info);
	return 0;
}

static int encode(FILE *file, const struct image *image)
{
	int err = 0;
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &err,
						  give_up, ignore);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	int ret = info ? write_png(file, png, info, image) : -ENOMEM;

	png_destroy_write_struct(&png, &info);
	return ret;
}

static int write_file(const char *part, const char *path,
		      const struct image *image)
{
	FILE *file = fopen(part, "wb");
	int ret;

	if (!file)
		return -errno;
	ret = encode(file, image);
	if (fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(part, path))
		ret = -errno;
	if (ret)
		remove(part);
	return ret;
}

static int png_frame(void *state, const struct image *image)
{
	const struct png_sink *sink = state;
	char *part = NULL, *path = NULL;
	int ret = -ENOMEM, n;

	if (sink->folder)
		n = asprintf(&path, "%s%06llu.png", sink->target,
			     (unsigned long long)image->seq);
	else
		n = asprintf(&path, "%s", sink->target);
	if (n < 0)
		return -ENOMEM;
	if (asprintf(&part, "%s" SUFFIX, path) >= 0) {
		ret = write_file(part, path, image);
		free(part);
	}
	free(path);
	return ret;
}

static int png_close(void *state)
{
	struct png_sink *sink = state;

	if (sink)
		free(sink->target);
	free(sink);
	return 0;
}

const struct sink sink_png = { "png", png_open, png_frame, png_close };

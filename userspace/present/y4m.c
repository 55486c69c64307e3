// SPDX-License-Identifier: MIT
/*
 * YUV4MPEG2, 4:4:4 and uncompressed: every player and encoder reads it. The
 * rate is that of the pictures' own times, which is known when the second
 * comes: the first is held until then.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "present.h"

#define RATE_UNKNOWN	25.0	/* of a single picture [Hz] */

struct y4m_sink {
	FILE *file;
	uint32_t width, height;	/* of all pictures; 0: none yet */
	double time;		/* of the first [s] */
	uint8_t *planes;	/* [3][height][width], the picture to write */
	bool begun;		/* the head is written */
	bool failed;		/* the error was told, what follows is none */
};

static FILE *open_target(const char *target)
{
	int fd;

	if (strcmp(target, "-"))
		return fopen(target, "wb");
	fd = dup(STDOUT_FILENO);
	return fd < 0 ? NULL : fdopen(fd, "wb");
}

static int y4m_open(void **state, const char *target)
{
	struct y4m_sink *sink;
	int ret;

	if (!target || !*target)
		return -EINVAL;
	sink = calloc(1, sizeof(*sink));
	if (!sink)
		return -ENOMEM;
	sink->file = open_target(target);
	if (!sink->file) {
		ret = -errno;
		free(sink);
		return ret;
	}
	*state = sink;
	return 0;
}

static uint8_t clamp(double value)
{
	return value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
}

/* BT.601, studio range: what readers take for granted. */
static void convert(struct y4m_sink *sink, const struct image *image)
{
	const size_t plane = (size_t)sink->width * sink->height;
	const unsigned int bytes = image_bytes_per_pixel(image->format);
	uint8_t *out = sink->planes;
	uint32_t row, i;

	for (row = 0; row < sink->height; row++) {
		const uint8_t *in = image->data + row * image->stride;

		for (i = 0; i < sink->width; i++, in += bytes, out++) {
			const double r = in[0], g = in[bytes / 2];
			const double b = in[bytes - 1];

			out[0] = clamp(16 + 0.25679 * r + 0.50413 * g +
				       0.09791 * b);
			out[plane] = clamp(128 - 0.14822 * r - 0.29099 * g +
					   0.43922 * b);
			out[2 * plane] = clamp(128 + 0.43922 * r -
					       0.36779 * g - 0.07143 * b);
		}
	}
}

static int write_head(struct y4m_sink *sink, double rate)
{
	sink->begun = true;
	if (!(rate > 0.01 && rate < 1e5))
		rate = RATE_UNKNOWN;
	return fprintf(sink->file, "YUV4MPEG2 W%u H%u F%ld:1000 Ip A1:1 C444\n",
		       sink->width, sink->height, lrint(1000 * rate)) < 0 ?
		       -errno : 0;
}

static int write_picture(struct y4m_sink *sink)
{
	const size_t bytes = 3 * (size_t)sink->width * sink->height;

	return fputs("FRAME\n", sink->file) < 0 ||
	       fwrite(sink->planes, 1, bytes, sink->file) != bytes ? -errno : 0;
}

static int first_picture(struct y4m_sink *sink, const struct image *image)
{
	sink->width = image->raster.width;
	sink->height = image->raster.height;
	sink->time = image->time;
	sink->planes = malloc(3 * (size_t)sink->width * sink->height);
	return sink->planes ? 0 : -ENOMEM;
}

static int y4m_frame(void *state, const struct image *image)
{
	struct y4m_sink *sink = state;
	int ret = 0;

	if (!sink->planes) {
		ret = first_picture(sink, image);
	} else {
		if (image->raster.width != sink->width ||
		    image->raster.height != sink->height)
			return -EINVAL;
		if (!sink->begun)
			ret = write_head(sink, 1 / (image->time - sink->time));
		if (!ret)
			ret = write_picture(sink);
	}
	sink->failed = ret;
	if (!ret)
		convert(sink, image);
	return ret;
}

static int write_held(struct y4m_sink *sink)
{
	int ret = 0;

	if (!sink->planes || sink->failed)
		return 0;
	if (!sink->begun)
		ret = write_head(sink, 0);
	return ret ? ret : write_picture(sink);
}

static int y4m_close(void *state)
{
	struct y4m_sink *sink = state;
	int ret;

	if (!sink)
		return 0;
	ret = write_held(sink);
	if (fclose(sink->file) && !ret && !sink->failed)
		ret = -errno;
	free(sink->planes);
	free(sink);
	return ret;
}

const struct sink sink_y4m = { "y4m", y4m_open, y4m_frame, y4m_close };

// SPDX-License-Identifier: MIT
/*
 * An animated WebP, which browsers play: all pictures of a run, each as long
 * as it took until the next, written at the end. libwebp is BSD-licensed.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "present.h"

#define QUALITY		80.0f
#define METHOD		1	/* of 0, fast, to 6 */
#define INTERVAL_MS	40	/* of a last picture that is the only one */

struct webp_sink {
	char *target;
	WebPAnimEncoder *encoder;	/* NULL: no picture yet */
	WebPConfig config;
	WebPPicture picture;
	uint8_t *rgb;		/* [height][width], of a grey picture */
	double first;		/* time of the first picture [s] */
	int ms;			/* of the newest, from the first */
	int step;		/* between the last two [ms] */
};

static int webp_open(void **state, const char *target)
{
	struct webp_sink *sink;

	if (!target || !*target)
		return -EINVAL;
	sink = calloc(1, sizeof(*sink));
	if (!sink)
		return -ENOMEM;
	sink->target = strdup(target);
	if (!sink->target || !WebPConfigInit(&sink->config) ||
	    !WebPPictureInit(&sink->picture)) {
		free(sink->target);
		free(sink);
		return -ENOMEM;
	}
	sink->config.quality = QUALITY;
	sink->config.method = METHOD;
	sink->step = INTERVAL_MS;
	*state = sink;
	return 0;
}

static int begin(struct webp_sink *sink, const struct image *image)
{
	const struct raster *raster = &image->raster;
	WebPAnimEncoderOptions options;

	if (!WebPAnimEncoderOptionsInit(&options))
		return -EIO;
	options.kmax = 0;	/* pictures differ everywhere: no search */
	sink->picture.width = raster->width;
	sink->picture.height = raster->height;
	sink->picture.use_argb = 1;
	sink->first = image->time;
	sink->ms = -1;
	sink->rgb = malloc(3 * (size_t)raster->width * raster->height);
	if (!sink->rgb)
		return -ENOMEM;
	sink->encoder = WebPAnimEncoderNew(raster->width, raster->height,
					   &options);
	return sink->encoder ? 0 : -ENOMEM;
}

static void copy_rgb(struct webp_sink *sink, const struct image *image)
{
	const unsigned int bytes = image_bytes_per_pixel(image->format);
	uint8_t *out = sink->rgb;
	uint32_t row, i;

	for (row = 0; row < image->raster.height; row++) {
		const uint8_t *in = image->data + row * image->stride;

		for (i = 0; i < image->raster.width; i++, in += bytes) {
			*out++ = in[0];
			*out++ = in[bytes / 2];
			*out++ = in[bytes - 1];
		}
	}
}

/* Later than the one before, whatever the clock says. */
static void advance(struct webp_sink *sink, double time)
{
	const double ms = rint(1000 * (time - sink->first));

	if (sink->ms < 0) {
		sink->ms = 0;
		return;
	}
	if (ms > sink->ms && ms < sink->ms + 10000)
		sink->step = (int)ms - sink->ms;
	else
		sink->first = time - (sink->ms + sink->step) / 1000.0;
	sink->ms += sink->step;
}

static int webp_frame(void *state, const struct image *image)
{
	struct webp_sink *sink = state;
	int ret = sink->encoder ? 0 : begin(sink, image);

	if (ret)
		return ret;
	if ((int)image->raster.width != sink->picture.width ||
	    (int)image->raster.height != sink->picture.height)
		return -EINVAL;
	copy_rgb(sink, image);
	advance(sink, image->time);
	if (!WebPPictureImportRGB(&sink->picture, sink->rgb,
				  3 * sink->picture.width))
		return -ENOMEM;
	if (!WebPAnimEncoderAdd(sink->encoder, &sink->picture, sink->ms,
				&sink->config))
		ret = -EIO;
	WebPPictureFree(&sink->picture);
	return ret;
}

static int write_file(const char *path, const WebPData *data)
{
	FILE *file = fopen(path, "wb");
	int ret = 0;

	if (!file)
		return -errno;
	if (fwrite(data->bytes, 1, data->size, file) != data->size)
		ret = -errno;
	if (fclose(file) && !ret)
		ret = -errno;
	return ret;
}

static int assemble(struct webp_sink *sink)
{
	WebPData data;
	int ret;

	WebPDataInit(&data);
	if (!WebPAnimEncoderAdd(sink->encoder, NULL, sink->ms + sink->step,
				NULL) ||
	    !WebPAnimEncoderAssemble(sink->encoder, &data))
		return -EIO;
	ret = write_file(sink->target, &data);
	WebPDataClear(&data);
	return ret;
}

static int webp_close(void *state)
{
	struct webp_sink *sink = state;
	int ret = 0;

	if (!sink)
		return 0;
	if (sink->encoder) {
		ret = assemble(sink);
		WebPAnimEncoderDelete(sink->encoder);
	}
	free(sink->rgb);
	free(sink->target);
	free(sink);
	return ret;
}

const struct sink sink_webp = { "webp", webp_open, webp_frame, webp_close };

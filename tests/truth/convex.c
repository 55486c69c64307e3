// SPDX-License-Identifier: MIT
/*
 * Scan conversion of a convex probe's lines against the image that PLUS made
 * of them: every pixel the same, the places being double. Of the variants, which
 * have shares of 15 and 16 bits, as many pixels may differ as of a computation
 * in float, by one grey.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dataset.h"
#include "dsp/cpu.h"
#include "dsp/scanconvert.h"
#include "truth.h"

#define LINES	96
#define SAMPLES	3640
#define WIDTH	820
#define HEIGHT	616
#define FRAMES	5

static void *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *data = NULL;
	long end;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (end = ftell(file)) > 0) {
		rewind(file);
		data = malloc(end + 1);
		*size = end;
	}
	if (data && fread(data, 1, *size, file) == *size) {
		data[*size] = 0;	/* the header is text */
	} else {
		free(data);
		data = NULL;
	}
	fclose(file);
	return data;
}

/*
 * The body of a MetaImage of bytes: a text header to its line
 * ElementDataFile, then @bytes bytes, raw or compressed. NULL: not that.
 */
static uint8_t *read_mha(const char *folder, const char *name, size_t bytes)
{
	size_t size = 0;
	char *file = read_file(dataset_path(folder, name), &size), *body;
	uLongf got = bytes;
	uint8_t *out = malloc(bytes);
	bool whole = false;

	body = file ? strstr(file, "ElementDataFile") : NULL;
	body = body ? strchr(body, '\n') : NULL;
	if (body && out) {
		*body++ = 0;	/* ends the header for strstr() */
		size -= body - file;
		if (strstr(file, "CompressedData = True"))
			whole = uncompress(out, &got, (Bytef *)body, size) ==
				Z_OK && got == bytes;
		else if (size >= bytes)
			whole = memcpy(out, body, bytes);
	}
	free(file);
	if (whole)
		return out;
	free(out);
	return NULL;
}

/* reference.json, "formula"; @centre: column of x = 0 */
static struct scanconvert_params formula(double centre)
{
	return (struct scanconvert_params){
		.grid = {
			.shape = GRID_SECTOR,
			.lines = LINES,
			.samples = SAMPLES,
			.line0 = -75 * M_PI / 180,
			.line_step = 150 * M_PI / 180 / (LINES - 1),
			.sample0 = 10e-3,
			.sample_step = (82e-3 - 10e-3) / SAMPLES,
		},
		.raster = {
			.width = WIDTH,
			.height = HEIGHT,
			.x0 = -centre * 0.15e-3,
			.z0 = 10e-3 - 87 * 0.15e-3,
			.dx = 0.15e-3,
			.dz = 0.15e-3,
		},
		.range_db = 60,
	};
}

/* Pixels that differ, and by how much at most. */
static size_t differing(const struct image *image, const uint8_t *baseline,
			int *largest)
{
	size_t n = 0, i;

	for (i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
		int off = abs(image->data[i] - baseline[i]);

		n += off > 0;
		if (off > *largest)
			*largest = off;
	}
	return n;
}

struct tolerance {
	double pixels, largest;
};

static const char *judge(const uint8_t *lines, const uint8_t *baseline,
			 double centre, struct tolerance tolerance,
			 struct verdict *v)
{
	struct scanconvert_params params = formula(centre);
	struct scanconvert *scan;
	struct image image;
	const char *why = NULL;
	int f, largest = 0;

	if (scanconvert_create(&scan, &params, &why))
		return why ? why : "out of memory";
	if (image_init(&image, IMAGE_GREY8, &params.raster)) {
		scanconvert_destroy(scan);
		return "out of memory";
	}
	for (f = 0; f < FRAMES; f++) {
		scanconvert_grey(scan, &image,
				 lines + (size_t)f * LINES * SAMPLES);
	verdict_near(v, "differing pixels",
			     differing(&image, baseline +
				       (size_t)f * WIDTH * HEIGHT, &largest),
			     0, tolerance.pixels);
	}
	verdict_near(v, "largest difference", largest, 0, tolerance.largest);
	image_finish(&image);
	scanconvert_destroy(scan);
	return NULL;
}

static void run(const char *name, bool right, const uint8_t *lines,
		const uint8_t *baseline, double centre,
		struct tolerance tolerance)
{
	struct verdict v = verdict_new();
	const char *why = judge(lines, baseline, centre, tolerance, &v);

	if (why)
		truth_broken(name, why);
	else if (right)
		truth_right(name, &v);
	else
		truth_wrong(name, &v);
}

void truth_convex(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	struct tolerance tolerance = {
		truth_number(reference, "tolerance/differing_pixels/double"),
		truth_number(reference, "tolerance/largest_difference/double"),
	};
	uint8_t *lines = read_mha(folder,
				  "UltrasonixCurvilinearBrightnessData.igs.mha",
				  (size_t)FRAMES * LINES * SAMPLES);
	uint8_t *baseline = read_mha(folder,
		"UltrasonixCurvilinearScanConvertedData.igs.mha",
		(size_t)FRAMES * WIDTH * HEIGHT);

	/* the C form computes in double, its variants do not */
	if (cpu_flags()) {
		tolerance.pixels = truth_number(reference,
			"tolerance/differing_pixels/float32");
		tolerance.largest = truth_number(reference,
			"tolerance/largest_difference/float32");
	}
	if (lines && baseline) {
		run("convex_right", true, lines, baseline, 410 - 0.5,
		    tolerance);
		run("convex_no_half_pixel", false, lines, baseline, 410,
		    tolerance);
	} else {
		truth_broken("convex", "a MetaImage cannot be read");
	}
	free(lines);
	free(baseline);
}

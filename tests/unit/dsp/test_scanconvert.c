// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "dsp/scanconvert.h"

#define LINES	4
#define SAMPLES	5

static const struct grid linear = {
	.shape = GRID_LINEAR, .lines = LINES, .samples = SAMPLES,
	.line0 = -1.5e-3, .line_step = 1e-3,
	.sample0 = 10e-3, .sample_step = 0.5e-3,
};

static const struct grid sector = {
	.shape = GRID_SECTOR, .lines = LINES, .samples = SAMPLES,
	.line0 = -M_PI / 4, .line_step = M_PI / 6,
	.sample0 = 0, .sample_step = 10e-3,
};

static struct scanconvert_params on(const struct grid *grid)
{
	return (struct scanconvert_params){
		.grid = *grid,
		.raster = { .width = 4, .height = 5, .x0 = -1.5e-3,
			    .z0 = 10e-3, .dx = 1e-3, .dz = 0.5e-3 },
		.range_db = 60,
		.priority_db = INFINITY,
	};
}

static struct scanconvert *make(const struct scanconvert_params *params,
				enum image_format format, struct image *image)
{
	struct scanconvert *s;
	const char *why = "";

	cr_assert_eq(scanconvert_create(&s, params, &why), 0, "%s", why);
	cr_assert_eq(image_init(image, format, &params->raster), 0);
	return s;
}

Test(scanconvert, pixels_on_samples_are_the_samples)
{
	struct scanconvert_params params = on(&linear);
	uint8_t in[LINES * SAMPLES];
	struct scanconvert *s;
	struct image image;
	unsigned int i, line, sample;

	/* a hair inside, so that the last but one counts as inside */
	params.raster.x0 += 1e-9;
	params.raster.z0 += 1e-9;
	for (i = 0; i < sizeof(in); i++)
		in[i] = 10 * i;
	s = make(&params, IMAGE_GREY8, &image);
	scanconvert_grey(s, &image, in);
	for (line = 0; line < LINES - 1; line++)
		for (sample = 0; sample < SAMPLES - 1; sample++)
			cr_assert_eq(image.data[sample * image.stride + line],
				     in[line * SAMPLES + sample]);
	/* the last sample has no next one */
	cr_assert_eq(image.data[4 * image.stride], 0);
	cr_assert_eq(image.data[3], 0);
	scanconvert_destroy(s);
	image_finish(&image);
}

Test(scanconvert, pixel_between_four_samples_is_their_mean)
{
	struct scanconvert_params params = on(&linear);
	uint8_t in[LINES * SAMPLES] = { 10, 20 };
	struct scanconvert *s;
	struct image image;

	in[SAMPLES] = 30;
	in[SAMPLES + 1] = 42;
	params.raster.x0 += 0.5e-3;
	params.raster.z0 += 0.25e-3;
	s = make(&params, IMAGE_GREY8, &image);
	scanconvert_grey(s, &image, in);
	/* 25.5, rounded */
	cr_assert_eq(image.data[0], 26);
	scanconvert_destroy(s);
	image_finish(&image);
}

Test(scanconvert, sector_pixel_has_its_radius_and_angle)
{
	struct scanconvert_params params = on(&sector);
	uint8_t in[LINES * SAMPLES];
	struct scanconvert *s;
	struct image image;
	unsigned int i;

	/* line 2 is 15 degrees to the right; sample 3 is 30 mm away */
	for (i = 0; i < sizeof(in); i++)
		in[i] = i == 2 * SAMPLES + 3 ? 200 : 0;
	params.raster.x0 = 30e-3 * sin(M_PI / 12);
	params.raster.z0 = 30e-3 * cos(M_PI / 12) - 1e-9;
	s = make(&params, IMAGE_GREY8, &image);
	scanconvert_grey(s, &image, in);
	cr_assert_eq(image.data[0], 200);
	scanconvert_destroy(s);
	image_finish(&image);
}

Test(scanconvert, fit_keeps_square_pixels_and_the_whole_grid)
{
	struct raster raster = { .width = 100, .height = 100 };
	double right;

	scanconvert_fit(&raster, &sector);
	cr_assert_eq(raster.dx, raster.dz);
	/* 40 mm at 45 degrees: 56.6 mm wide, 40 mm high, from the apex */
	cr_assert_float_eq(raster.dx, 0.08e-3 / sqrt(2) * 10, 1e-9);
	right = raster.x0 + 99 * raster.dx;
	cr_assert_float_eq(right, 40e-3 / sqrt(2) - raster.dx / 2, 1e-9);
	cr_assert_float_eq(raster.x0, -right, 1e-9);
	cr_assert_lt(raster.z0 - raster.dz / 2, 0);
	cr_assert_gt(raster.z0 + 99.5 * raster.dz, 40e-3);
}

Test(scanconvert, grey_spans_the_dynamic_range)
{
	struct scanconvert_params params = on(&linear);
	float db[LINES * SAMPLES];
	const struct env env = { db, LINES, SAMPLES };
	struct scanconvert *s;
	struct image image;
	unsigned int i;

	params.raster.x0 += 1e-9;
	params.raster.z0 += 1e-9;
	for (i = 0; i < LINES * SAMPLES; i++)
		db[i] = -60;
	db[0] = 0;
	db[1] = -30;
	db[2] = 20;
	s = make(&params, IMAGE_GREY8, &image);
	scanconvert_execute(s, &image, &env, NULL);
	cr_assert_eq(image.data[0], 255);
	cr_assert_eq(image.data[image.stride], 128);
	cr_assert_eq(image.data[2 * image.stride], 255);
	cr_assert_eq(image.data[1], 0);
	cr_assert_eq(image.floor_db, -60);
	cr_assert_eq(image.colour.nyquist, 0);
	scanconvert_destroy(s);
	image_finish(&image);
}

/* Pixel 0 of an image of velocity @v everywhere over grey of @db. */
static void colour_of(uint8_t rgb[3], const float v[4], uint8_t valid,
		      float level, double priority_db)
{
	struct scanconvert_params params = on(&linear);
	float db[LINES * SAMPLES], velocity[LINES * SAMPLES];
	float power[LINES * SAMPLES] = { 0 };
	uint8_t mask[LINES * SAMPLES];
	const struct env env = { db, LINES, SAMPLES };
	const struct vel vel = { velocity, power, power, mask, LINES,
				 SAMPLES };
	struct scanconvert *s;
	struct image image;
	unsigned int i;

	for (i = 0; i < LINES * SAMPLES; i++) {
		db[i] = level;
		velocity[i] = v[2 * (i / SAMPLES % 2) + i % SAMPLES % 2];
		mask[i] = valid;
	}
	params.raster.x0 += 0.4e-3;
	params.raster.z0 += 0.2e-3;
	params.colour.nyquist = 0.5;
	params.priority_db = priority_db;
	s = make(&params, IMAGE_RGB24, &image);
	scanconvert_execute(s, &image, &env, &vel);
	memcpy(rgb, image.data, 3);
	cr_assert_eq(image.colour.nyquist, 0.5);
	scanconvert_destroy(s);
	image_finish(&image);
}

Test(scanconvert, towards_is_red_away_is_blue)
{
	static const float towards[4] = { 0.2f, 0.2f, 0.2f, 0.2f };
	static const float away[4] = { -0.2f, -0.2f, -0.2f, -0.2f };
	uint8_t rgb[3];

	colour_of(rgb, towards, 1, -40, INFINITY);
	cr_assert_gt(rgb[0], rgb[2]);
	colour_of(rgb, away, 1, -40, INFINITY);
	cr_assert_gt(rgb[2], rgb[0]);
}

/* Loupas' estimator finds such, where echoes are lower than the carrier. */
Test(scanconvert, velocities_beyond_nyquist_keep_their_direction)
{
	static const float towards[4] = { 0.55f, 0.55f, 0.5f, 0.49f };
	static const float away[4] = { -0.55f, -0.55f, -0.5f, -0.49f };
	uint8_t rgb[3];

	colour_of(rgb, towards, 1, -40, INFINITY);
	cr_assert_gt(rgb[0], rgb[2]);
	colour_of(rgb, away, 1, -40, INFINITY);
	cr_assert_gt(rgb[2], rgb[0]);
}

Test(scanconvert, aliasing_does_not_blur_to_no_velocity)
{
	static const float wrapped[4] = { 0.49f, -0.49f, 0.49f, -0.49f };
	uint8_t rgb[3];

	colour_of(rgb, wrapped, 1, -40, INFINITY);
	/* an end of the palette, bright; the middle is dark */
	cr_assert_gt(rgb[0] + rgb[1] + rgb[2], 400);
}

Test(scanconvert, tissue_above_the_priority_hides_velocity)
{
	static const float v[4] = { 0.2f, 0.2f, 0.2f, 0.2f };
	uint8_t rgb[3];

	colour_of(rgb, v, 1, -10, -20);
	cr_assert(rgb[0] == rgb[1] && rgb[1] == rgb[2]);
	colour_of(rgb, v, 1, -30, -20);
	cr_assert_neq(rgb[0], rgb[2]);
}

Test(scanconvert, invalid_velocity_shows_grey)
{
	static const float v[4] = { 0.2f, 0.2f, 0.2f, 0.2f };
	uint8_t rgb[3];

	colour_of(rgb, v, 0, -30, INFINITY);
	cr_assert(rgb[0] == 128 && rgb[1] == 128 && rgb[2] == 128);
}

Test(scanconvert, grey_maps_keep_black_and_white)
{
	int map;

	for (map = GREY_LINEAR; map <= GREY_S; map++) {
		cr_assert_float_eq(grey_of(map, 0), 0, 1e-12);
		cr_assert_float_eq(grey_of(map, 1), 1, 1e-12);
	}
	cr_assert_gt(grey_of(GREY_GAMMA, 0.5), 0.6);
	cr_assert_float_eq(grey_of(GREY_S, 0.5), 0.5, 1e-12);
	cr_assert_lt(grey_of(GREY_S, 0.2), 0.2);
}

/* A box of the middle samples over all lines: colour there, grey about it. */
Test(scanconvert, box_is_coloured_and_outlined)
{
	struct scanconvert_params params = on(&linear);
	float db[LINES * SAMPLES], velocity[4], none[4] = { 0 };
	uint8_t valid[4] = { 1, 1, 1, 1 };
	const struct env env = { db, LINES, SAMPLES };
	const struct vel vel = { velocity, none, none, valid, 2, 2 };
	unsigned int i, red = 0, outline = 0, grey = 0;
	struct scanconvert *s;
	struct image image;

	for (i = 0; i < LINES * SAMPLES; i++)
		db[i] = -30;
	for (i = 0; i < 4; i++)
		velocity[i] = 0.2f;
	params.raster.width = 60;
	params.raster.height = 60;
	scanconvert_fit(&params.raster, &params.grid);
	params.colour.nyquist = 0.5;
	params.priority_db = INFINITY;
	params.box = params.grid;
	params.box.lines = 2;
	params.box.samples = 2;
	params.box.sample0 += params.grid.sample_step;
	s = make(&params, IMAGE_RGB24, &image);
	scanconvert_execute(s, &image, &env, &vel);
	for (i = 0; i < 60 * 60; i++) {
		const uint8_t *p = image.data + 3 * i;

		if (p[0] == p[1] && p[1] == p[2])
			grey += p[0] > 0;
		else if (p[1] > 150)
			outline++;
		else
			red += p[0] > p[2];
	}
	cr_assert_gt(red, 20);
	cr_assert_gt(grey, 20);
	cr_assert_gt(outline, 20);
	cr_assert_lt(outline, red + grey);
	scanconvert_destroy(s);
	image_finish(&image);
}

Test(scanconvert, wrong_params_are_refused_with_a_reason)
{
	struct scanconvert_params p = on(&linear);
	struct scanconvert *s;
	const char *why;

	p.raster.width = 0;
	cr_assert_eq(scanconvert_create(&s, &p, &why), -EINVAL);
	cr_assert_str_eq(why,
		"scan conversion: image is not 1 to 16384 pixels wide and high");
	p = on(&linear);
	p.grid.lines = 1;
	cr_assert_eq(scanconvert_create(&s, &p, &why), -EINVAL);
	cr_assert_str_eq(why,
			 "scan conversion: fewer than 2 lines or samples");
	p = on(&linear);
	p.range_db = 0;
	cr_assert_eq(scanconvert_create(&s, &p, &why), -EINVAL);
	cr_assert_str_eq(why,
			 "scan conversion: dynamic range is not positive");
}

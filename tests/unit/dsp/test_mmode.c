// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dsp/mmode.h"
#include "dsp/sweep.h"

#define WIDTH	200
#define HEIGHT	101
#define SAMPLES	51
#define COLUMN	5e-3
#define INTERVAL 50e-3

static struct mmode_params usual(void)
{
	return (struct mmode_params){
		.samples = SAMPLES, .width = WIDTH, .height = HEIGHT,
		.column = COLUMN, .interval = INTERVAL, .range_db = 60,
	};
}

static struct mmode *make(struct image *strip)
{
	const struct raster raster = { WIDTH, HEIGHT, 0, 0, COLUMN, 1e-3 };
	const struct mmode_params params = usual();
	struct mmode *m;
	const char *why = "";

	cr_assert_eq(mmode_create(&m, &params, &why), 0, "%s", why);
	cr_assert_eq(image_init(strip, IMAGE_GREY8, &raster), 0);
	return m;
}

static void end(struct mmode *m, struct image *strip)
{
	mmode_destroy(m);
	image_finish(strip);
}

/* A line that is dark but for a wall about sample @at. */
static void draw_wall(struct mmode *m, struct image *strip, double at,
		      double time)
{
	float db[SAMPLES];
	int i;

	for (i = 0; i < SAMPLES; i++)
		db[i] = fmax(-60, -20 * fabs(i - at));
	mmode_execute(m, strip, db, time);
}

/* Row of the wall in a column, by its centre of mass; NAN: black. */
static double wall_row(const struct image *strip, uint32_t column)
{
	double sum = 0, moment = 0;
	uint32_t row;

	for (row = 0; row < HEIGHT - 8; row++) {
		double grey = strip->data[row * strip->stride + column];

		sum += grey;
		moment += grey * row;
	}
	return sum > 0 ? moment / sum : NAN;
}

/* A wall swings by 10 samples at 1.25 Hz, 500 lines a second. */
Test(mmode, motion_of_a_wall_is_that_of_the_strip)
{
	struct image strip;
	struct mmode *m = make(&strip);
	double most = 0, least = HEIGHT, worst = 0;
	uint32_t c, k;

	for (k = 0; k < 490; k++) {
		double t = 3 + k / 500.0;

		draw_wall(m, &strip, 22 + 10 * sin(2 * M_PI * 1.25 * t), t);
	}
	cr_assert_eq(mmode_now(m), 195);
	for (c = 10; c < 195; c++) {
		double t = 3 + (c + 0.5) * COLUMN, row = wall_row(&strip, c);
		double want = 2 * (22 + 10 * sin(2 * M_PI * 1.25 * t));

		most = fmax(most, row);
		least = fmin(least, row);
		worst = fmax(worst, fabs(row - want));
	}
	cr_assert_lt(worst, 1, "worst %g rows", worst);
	cr_assert_float_eq(most - least, 40, 0.8, "2 %% of the excursion");
	end(m, &strip);
}

Test(mmode, columns_between_lines_are_interpolated)
{
	struct image strip;
	struct mmode *m = make(&strip);

	draw_wall(m, &strip, 20, 10.002);
	draw_wall(m, &strip, 20, 10.052);
	cr_assert_float_eq(wall_row(&strip, 5), 40, 0.2);
	cr_assert_float_eq(wall_row(&strip, 0), 40, 0.2);
	end(m, &strip);
}

static void draw_level(struct mmode *m, struct image *strip, float level,
		       double time)
{
	float db[SAMPLES];

	for (int i = 0; i < SAMPLES; i++)
		db[i] = level;
	mmode_execute(m, strip, db, time);
}

static double grey_at(const struct image *strip, uint32_t column)
{
	return strip->data[HEIGHT / 2 * strip->stride + column];
}

/* From black to white in ten columns, a tenth each; a step of grey is 0.24 dB. */
Test(mmode, between_lines_one_becomes_the_other)
{
	struct image strip;
	struct mmode *m = make(&strip);

	draw_level(m, &strip, -60, 10.002);
	draw_level(m, &strip, 0, 10.052);
	for (uint32_t k = 0; k <= 10; k++)
		cr_assert_float_eq(grey_at(&strip, k), 25.5 * k, 1, "%u: %g", k,
				   grey_at(&strip, k));
	end(m, &strip);
}

/* In decibels, of all that came in its time, and of nothing before. */
Test(mmode, a_column_is_the_mean_of_its_lines)
{
	struct image strip;
	struct mmode *m = make(&strip);

	draw_level(m, &strip, 0, 10.001);
	draw_level(m, &strip, -15, 10.006);
	draw_level(m, &strip, -30, 10.007);
	draw_level(m, &strip, -45, 10.009);
	cr_assert_float_eq(grey_at(&strip, 0), 255, 1);
	cr_assert_float_eq(grey_at(&strip, 1), 127.5, 1, "%g",
			   grey_at(&strip, 1));
	end(m, &strip);
}

/* Nothing but slanting lines, and marks of time. */
static bool hatched(const struct image *strip, uint32_t column)
{
	const bool marked =
		strip->data[(HEIGHT - 1) * strip->stride + column] == 255;
	const uint32_t rows = marked ? HEIGHT - 8 : HEIGHT;
	uint32_t row;

	for (row = 0; row < rows; row++) {
		uint8_t grey = strip->data[row * strip->stride + column];

		if (grey != ((row + column) % SWEEP_HATCH ? 0 :
							    SWEEP_HATCH_GREY))
			return false;
	}
	return true;
}

/* One line of a beam with one every 50 ms is lost. */
Test(mmode, missing_lines_are_hatched)
{
	struct image strip;
	struct mmode *m = make(&strip);
	uint32_t c;

	draw_wall(m, &strip, 20, 10.402);
	draw_wall(m, &strip, 20, 10.452);
	draw_wall(m, &strip, 20, 10.552);
	draw_wall(m, &strip, 20, 10.602);
	for (c = 80; c <= 90; c++)
		cr_assert_float_eq(wall_row(&strip, c), 40, 0.2, "%u", c);
	for (c = 91; c < 110; c++)
		cr_assert(hatched(&strip, c), "column %u", c);
	cr_assert_eq(strip.data[(HEIGHT - 1) * strip.stride + 100], 255,
		     "the mark of 10.5 s is there all the same");
	for (c = 110; c <= 120; c++)
		cr_assert_float_eq(wall_row(&strip, c), 40, 0.2, "%u", c);
	end(m, &strip);
}

/* A second later all is overwritten, hatching too. */
Test(mmode, hatching_is_swept_over)
{
	struct image strip;
	struct mmode *m = make(&strip);
	uint32_t c, k;

	draw_wall(m, &strip, 20, 10.002);
	draw_wall(m, &strip, 20, 10.302);
	for (k = 0; k < 30; k++)
		draw_wall(m, &strip, 20, 10.352 + k * INTERVAL);
	for (c = 0; c < 60; c++)
		cr_assert_float_eq(wall_row(&strip, c), 40, 0.2, "%u", c);
	end(m, &strip);
}

Test(mmode, bar_is_erased_ahead_and_marks_stay)
{
	struct image strip;
	struct mmode *m = make(&strip);
	uint32_t k, c, marks = 0;

	for (k = 0; k < 1000; k++)
		draw_wall(m, &strip, 20, 20 + k * 2.5e-3);
	/* 2.5 s on a strip of 1 s: half way through its third sweep */
	cr_assert_eq(mmode_now(m), 99);
	for (c = 100; c < 103; c++)
		cr_assert(isnan(wall_row(&strip, c)), "column %u", c);
	cr_assert_float_eq(wall_row(&strip, 103), 40, 0.2);
	for (c = 0; c < WIDTH; c++)
		marks += strip.data[(HEIGHT - 1) * strip.stride + c] == 255;
	cr_assert_eq(marks, 1, "the other is under the bar");
	cr_assert_eq(strip.data[(HEIGHT - 1) * strip.stride], 255);
	end(m, &strip);
}

Test(mmode, wrong_params_are_refused_with_a_reason)
{
	struct mmode_params p = usual();
	const char *why;
	struct mmode *m;

	p.samples = 1;
	cr_assert_eq(mmode_create(&m, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "M-mode: fewer than 2 samples");
	p = usual();
	p.interval = 0;
	cr_assert_eq(mmode_create(&m, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "M-mode: lines lie no time apart");
	p = usual();
	p.column = 0;
	cr_assert_eq(mmode_create(&m, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "M-mode: a column lasts no time");
}

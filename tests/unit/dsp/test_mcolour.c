// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "dsp/mcolour.h"
#include "dsp/palette.h"

#define WIDTH	64
#define HEIGHT	9
#define SAMPLES	5
#define COLUMN	2e-3

struct fixture {
	struct mcolour *m;
	struct mcolour_params p;
	struct palette palette;
	struct image strip;
	float v[SAMPLES], power[SAMPLES], variance[SAMPLES], db[SAMPLES];
	uint8_t valid[SAMPLES];
};

static struct mcolour_params usual(void)
{
	return (struct mcolour_params){
		.samples = SAMPLES, .width = WIDTH, .height = HEIGHT,
		.column = COLUMN, .interval = 5 * COLUMN,
		.colour = { .nyquist = 0.5 }, .priority_db = -20,
	};
}

static void begin(struct fixture *f, struct mcolour_params p)
{
	const struct raster raster = { WIDTH, HEIGHT, 0, 0, 1, 1 };
	const char *why = "";

	memset(f, 0, sizeof(*f));
	f->p = p;
	cr_assert_eq(mcolour_create(&f->m, &p, &why), 0, "%s", why);
	cr_assert_eq(image_init(&f->strip, IMAGE_RGB24, &raster), 0);
	palette_make(&f->palette, &p.colour);
	for (int i = 0; i < SAMPLES; i++) {
		f->valid[i] = 1;
		f->db[i] = -40;
	}
}

static void end(struct fixture *f)
{
	mcolour_destroy(f->m);
	image_finish(&f->strip);
}

/* A line of one velocity at the middle of a column, drawn on black. */
static void give(struct fixture *f, float v, int at)
{
	const struct vel vel = { f->v, f->power, f->variance, f->valid, 1,
				 SAMPLES };

	for (int i = 0; i < SAMPLES; i++)
		f->v[i] = v;
	mcolour_execute(f->m, &vel, 0, f->db, (at + 0.5) * COLUMN);
	memset(f->strip.data, 0, f->strip.stride * HEIGHT);
	mcolour_draw(f->m, &f->strip);
}

static bool is_colour(const struct fixture *f, int x, int y, double v)
{
	const int c = floor((v / f->p.colour.nyquist + 1 +
			     f->p.colour.baseline) / 2 * PALETTE_COLOURS);

	return !memcmp(f->strip.data + y * f->strip.stride + 3 * x,
		       f->palette.rgb[0][c], 3);
}

static bool is_bare(const struct fixture *f, int x, int y)
{
	return !memcmp(f->strip.data + y * f->strip.stride + 3 * x, "\0\0\0",
		       3);
}

Test(mcolour, lines_fill_what_lies_between_them)
{
	struct fixture f;

	begin(&f, usual());
	give(&f, 0.2f, 10);
	give(&f, -0.3f, 15);
	for (int y = 0; y < HEIGHT; y++) {
		cr_expect(is_bare(&f, 9, y));
		cr_expect(is_colour(&f, 10, y, 0.2));
		cr_expect(is_colour(&f, 12, y, 0.2));
		cr_expect(is_colour(&f, 13, y, -0.3));
		cr_expect(is_colour(&f, 15, y, -0.3));
		cr_expect(is_bare(&f, 16, y));
	}
	end(&f);
}

Test(mcolour, nothing_is_known_of_a_gap)
{
	struct fixture f;

	begin(&f, usual());
	give(&f, 0.2f, 10);
	give(&f, 0.2f, 18);
	cr_expect(is_colour(&f, 10, 4, 0.2));
	for (int x = 11; x < 18; x++)
		cr_expect(is_bare(&f, x, 4), "%d", x);
	cr_expect(is_colour(&f, 18, 4, 0.2));
	end(&f);
}

Test(mcolour, tissue_and_what_is_not_valid_stay_grey)
{
	struct fixture f;

	begin(&f, usual());
	f.valid[0] = 0;
	f.db[4] = -10;
	give(&f, 0.2f, 3);
	cr_expect(is_bare(&f, 3, 0));
	cr_expect(is_colour(&f, 3, 4, 0.2));
	cr_expect(is_bare(&f, 3, 8));
	end(&f);
}

Test(mcolour, colours_alias_at_the_baselines_ends)
{
	struct mcolour_params p = usual();
	struct fixture f;

	p.colour.baseline = -0.5;
	begin(&f, p);
	give(&f, -0.4f, 3);
	cr_expect(is_colour(&f, 3, 4, 0.6));
	give(&f, 0.4f, 4);
	cr_expect(is_colour(&f, 4, 4, 0.4));
	mcolour_reset(f.m);
	memset(f.strip.data, 0, f.strip.stride * HEIGHT);
	mcolour_draw(f.m, &f.strip);
	cr_expect(is_bare(&f, 3, 4));
	end(&f);
}

/* Loupas' estimator finds such, where echoes are lower than the carrier. */
Test(mcolour, velocities_beyond_nyquist_keep_their_direction)
{
	struct fixture f;

	begin(&f, usual());
	give(&f, 0.55f, 3);
	cr_expect(is_colour(&f, 3, 4, 0.4999));
	give(&f, -0.55f, 4);
	cr_expect(is_colour(&f, 4, 4, -0.4999));
	end(&f);
}

Test(mcolour, wrong_params_are_refused_with_a_reason)
{
	struct mcolour_params p = usual();
	struct mcolour *m;
	const char *why;

	p.samples = 1;
	cr_assert_eq(mcolour_create(&m, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "M-mode: fewer than 2 samples");
	p = usual();
	p.colour.nyquist = 0;
	cr_assert_eq(mcolour_create(&m, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "M-mode: colours without a Nyquist velocity");
	p = usual();
	p.interval = 0;
	cr_assert_eq(mcolour_create(&m, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "M-mode: lines lie no time apart");
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dsp/dsp.h"

static const struct grid linear = {
	.shape = GRID_LINEAR, .lines = 3, .samples = 4, .line0 = -1e-3,
	.line_step = 1e-3, .sample0 = 5e-3, .sample_step = 2e-3,
};

static const struct grid sector = {
	.shape = GRID_SECTOR, .lines = 3, .samples = 4, .line0 = -M_PI / 6,
	.line_step = M_PI / 6, .sample0 = 60e-3, .sample_step = 1e-3,
	.apex_x = 1e-3, .apex_z = -60e-3,
};

Test(dsp, linear_ray_is_parallel_to_z)
{
	struct ray ray = grid_ray(&linear, 2);

	cr_assert_float_eq(ray.x, 1e-3, 1e-12);
	cr_assert_float_eq(ray.z, 5e-3, 1e-12);
	cr_assert_float_eq(ray.dx, 0, 1e-12);
	cr_assert_float_eq(ray.dz, 2e-3, 1e-12);
}

Test(dsp, sector_ray_comes_from_the_apex)
{
	struct ray ray = grid_ray(&sector, 2);

	cr_assert_float_eq(ray.x, 1e-3 + 30e-3, 1e-12);
	cr_assert_float_eq(ray.z, 60e-3 * (sqrt(3) / 2 - 1), 1e-12);
	cr_assert_float_eq(ray.dx, 0.5e-3, 1e-12);
	cr_assert_float_eq(hypot(ray.dx, ray.dz), 1e-3, 1e-12);
}

Test(dsp, sector_looks_right_for_a_positive_angle)
{
	cr_assert_gt(grid_ray(&sector, 2).dx, 0);
	cr_assert_lt(grid_ray(&sector, 0).dx, 0);
}

Test(dsp, steered_lines_are_parallel_from_the_surface)
{
	struct grid g = linear;
	struct ray ray;
	double line, sample;

	g.steer = M_PI / 6;
	ray = grid_ray(&g, 2);
	cr_assert_float_eq(ray.dx / ray.dz, tan(M_PI / 6), 1e-12);
	cr_assert_float_eq(hypot(ray.dx, ray.dz), g.sample_step, 1e-12);
	cr_assert_float_eq(ray.x - ray.z * tan(M_PI / 6),
			   g.line0 + 2 * g.line_step, 1e-12);
	grid_locate(&g, ray.x + 3 * ray.dx, ray.z + 3 * ray.dz, &line,
		    &sample);
	cr_assert_float_eq(line, 2, 1e-9);
	cr_assert_float_eq(sample, 3, 1e-9);
}

Test(dsp, grid_locates_what_lies_on_its_rays)
{
	struct ray ray = grid_ray(&sector, 1);
	double line, sample;

	grid_locate(&sector, ray.x + 2 * ray.dx, ray.z + 2 * ray.dz, &line,
		    &sample);
	cr_assert_float_eq(line, 1, 1e-9);
	cr_assert_float_eq(sample, 2, 1e-9);
}

Test(dsp, grid_check_names_what_is_wrong)
{
	struct grid g = linear;

	cr_assert_null(grid_check(&g));
	g.lines = 0;
	cr_assert_str_eq(grid_check(&g), "grid: no lines or no samples");
	g = linear;
	g.sample_step = 0;
	cr_assert_str_eq(grid_check(&g), "grid: a step is not positive");
	g = linear;
	g.line_step = 0;
	cr_assert_str_eq(grid_check(&g), "grid: a step is not positive");
	g.lines = 1;
	cr_assert_null(grid_check(&g));
	g.steer = 2;
	cr_assert_str_eq(grid_check(&g),
			 "grid: lines steered by a right angle");
	g = linear;
	g.line0 = NAN;
	cr_assert_str_eq(grid_check(&g), "grid: an origin is not a number");
	g = linear;
	g.samples = 1u << 30;
	cr_assert_str_eq(grid_check(&g), "grid: more than 2^26 samples");
	g = sector;
	g.sample0 = -1e-3;
	cr_assert_str_eq(grid_check(&g),
			 "grid: a sector starts before its apex");
}

Test(dsp, alloc_refuses_what_overflows)
{
	cr_assert_null(dsp_alloc(SIZE_MAX / 2, 3));
}

/* Behind the line of zeros behind the row: two lines for every seam. */
static void fill_seams(const struct analytic *a, int16_t *row)
{
	const int32_t begin = (a->lines + 1) * ANALYTIC_LINE;
	int32_t m;

	for (m = 0; m < ANALYTIC_SPANS / 2 * 2 * ANALYTIC_LINE; m++) {
		int16_t *at = row + analytic_at(a, begin + m);

		cr_assert_eq(at[0], 0);
		cr_assert_eq(at[a->plane], 0);
		at[0] = 3;
		at[a->plane] = 4;
	}
}

/* The lines of a row, and those of zeros on either side, overlap no other's. */
static void fill_rows(const struct analytic *a)
{
	uint32_t e, c;
	int32_t m;

	for (e = 0; e < a->events; e++) {
		for (c = 0; c < a->channels; c++) {
			int16_t *row = analytic_row(a, e, c);

			cr_assert_eq((uintptr_t)row % 64, 0);
			for (m = 0; m < (int32_t)a->lines * ANALYTIC_LINE;
			     m++) {
				int16_t *at = row + analytic_at(a, m);

				cr_assert_eq(at[0], 0);
				cr_assert_eq(at[a->plane], 0);
				at[0] = 1;
				at[a->plane] = 2;
			}
			fill_seams(a, row);
		}
	}
}

static void find_zeros(const struct analytic *a)
{
	const int32_t end = a->lines * ANALYTIC_LINE;
	uint32_t e, c;
	int32_t m;

	for (e = 0; e < a->events; e++) {
		for (c = 0; c < a->channels; c++) {
			const int16_t *row = analytic_row(a, e, c);

			for (m = 0; m < ANALYTIC_LINE; m++) {
				const ptrdiff_t before = analytic_at(a, -1 - m);
				const ptrdiff_t after = analytic_at(a, end + m);

				cr_assert_eq(row[before], 0);
				cr_assert_eq(row[before + a->plane], 0);
				cr_assert_eq(row[after], 0);
				cr_assert_eq(row[after + a->plane], 0);
			}
		}
	}
}

static void lay_out_rows(void)
{
	struct analytic a;
	uint32_t samples;

	for (samples = 1; samples < 200; samples += 31) {
		cr_assert_eq(analytic_init(&a, 2, 3, samples), 0);
		cr_assert_geq(a.lines * ANALYTIC_LINE, samples);
		cr_assert_eq(analytic_row(&a, 1, 2) - a.data,
			     a.event + 2 * a.row);
		fill_rows(&a);
		find_zeros(&a);
		analytic_finish(&a);
		cr_assert_null(a.data);
		cr_assert_null(a.span);
		cr_assert_null(a.common);
	}
}

Test(dsp, analytic_rows_lie_apart_with_zeros_between)
{
	struct analytic a;

	setenv("SONO_CPU", "avx2", 1);
	cr_assert_not(analytic_blocked());
	lay_out_rows();
	cr_assert_eq(analytic_init(&a, 1, 3, 64), 0);
	cr_assert_eq(a.line, ANALYTIC_LINE);
	cr_assert_eq(a.plane / ANALYTIC_LINE % 2, 1);
	cr_assert_eq(a.row, 2 * a.plane);
	analytic_finish(&a);
}

Test(dsp, analytic_lines_of_all_channels_lie_together)
{
	struct analytic a;

	setenv("SONO_CPU", "avx512", 1);
	if (!analytic_blocked())
		return;		/* not on this processor */
	lay_out_rows();
	cr_assert_eq(analytic_init(&a, 1, 3, 64), 0);
	cr_assert_eq(a.plane, ANALYTIC_LINE);
	cr_assert_eq(a.row, 2 * ANALYTIC_LINE);
	cr_assert_eq(a.line, 3 * a.row);
	analytic_finish(&a);
}

Test(dsp, analytic_rows_beyond_memory_are_refused)
{
	struct analytic a;

	cr_assert_eq(analytic_init(&a, UINT32_MAX, UINT32_MAX, UINT32_MAX / 2),
		     -ENOMEM);
	cr_assert_null(a.data);
}

Test(dsp, image_has_room_for_its_format)
{
	struct raster raster = { .width = 5, .height = 2, .dx = 1, .dz = 1 };
	struct image image;

	cr_assert_eq(image_init(&image, IMAGE_RGB24, &raster), 0);
	cr_assert_eq(image.stride, 15);
	image_finish(&image);
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

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

Test(dsp, rows_of_baseband_are_aligned)
{
	struct baseband bb;

	cr_assert_eq(baseband_init(&bb, 2, 3, 17), 0);
	cr_assert_eq((uintptr_t)(bb.data + bb.stride) % 64, 0);
	baseband_finish(&bb);
	cr_assert_null(bb.data);
}

Test(dsp, image_has_room_for_its_format)
{
	struct raster raster = { .width = 5, .height = 2, .dx = 1, .dz = 1 };
	struct image image;

	cr_assert_eq(image_init(&image, IMAGE_RGB24, &raster), 0);
	cr_assert_eq(image.stride, 15);
	image_finish(&image);
}

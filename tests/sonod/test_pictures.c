// SPDX-License-Identifier: MIT
/* sonod from the side of who looks, on a board in process. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "scene.h"
#include "served.h"

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static double number_of_state(const char *key)
{
	json_t *reply = granted(control, "{\"do\":\"state\"}");
	json_t *state = json_object_get(reply, "state");
	double value = json_number_value(json_object_get(state, key));

	json_decref(reply);
	return value;
}

Test(sonod, pictures_come_with_their_calibration)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	struct image image;
	uint64_t last = 0;

	scan();
	for (int i = 0; i < 50; i++) {
		next(c, &p);
		is_accounted(&p.frame);
		cr_assert(!i || p.frame.picture > last);
		last = p.frame.picture;
		/* demodulation and beamforming of 64 x 256 points lie between */
		cr_assert_geq(p.frame.t_published - p.frame.t_acquired, 50000);
		cr_assert_leq(p.frame.t_published, monotonic_ns());
		cr_assert_eq(sono_client_image(c, &p, SONO_LAYER_COMPOSITE,
					       &image),
			     0);
		cr_assert_eq(image.raster.width, 320);
		cr_assert_eq(image.raster.height, 400);
		sono_client_return(c, &p);
	}
	cr_assert_eq(image.format, IMAGE_RGB24);
	cr_assert_gt(image.raster.dx, 0);
	cr_assert_float_eq(p.frame.depth, 0.03, 1e-9);
	cr_assert(p.frame.flags & SONO_FRAME_UNCALIBRATED);
	/* as the state says it, of the plan and not of a picture */
	cr_assert_float_eq(p.frame.nyquist, number_of_state("nyquist_cm_s") / 100,
			   1e-9);
	cr_assert_gt(p.frame.nyquist, 0);
	cr_assert_gt(p.frame.mi, 0);
	cr_assert_str_eq(sono_client_format(c)->preset, "fast");
	cr_assert_eq(sono_client_image(c, &p, SONO_LAYER_COMPOSITE, &image),
		     -ENOENT, "it was returned");
	sono_client_close(c);
}

static double brightest(const struct image *image, double x, double z)
{
	const struct raster *r = &image->raster;
	const int column = lround((x - r->x0) / r->dx);
	const int row = lround((z - r->z0) / r->dz);
	int most = 0;

	/* half a millimetre about it */
	for (int i = -(int)(0.5e-3 / r->dz); i <= 0.5e-3 / r->dz; i++)
		for (int j = -(int)(0.5e-3 / r->dx); j <= 0.5e-3 / r->dx; j++) {
			const uint8_t *at = image->data +
					    (row + i) * image->stride +
					    3 * (column + j);

			most = at[0] > most ? at[0] : most;
		}
	return most;
}

/* The scene's wires are where the shared memory shows them. */
Test(sonod, pictures_show_the_scene)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;
	struct image image;
	int seen = 0;

	scan();
	next(c, &p);
	cr_assert_eq(sono_client_image(c, &p, SONO_LAYER_COMPOSITE, &image), 0);
	for (int i = 0; i < SIM_POINTS; i++) {
		const struct sim_scatterer *w = &sim_points[i];

		if (fabs(w->x) > 7e-3 || w->z < 6e-3 || w->z > 28e-3)
			continue;
		seen++;
		cr_assert_gt(brightest(&image, w->x, w->z),
			     brightest(&image, w->x + 1.5e-3, w->z + 1e-3) + 60,
			     "wire at %g mm, %g mm", w->x * 1e3, w->z * 1e3);
	}
	cr_assert_geq(seen, 2);
	sono_client_close(c);
}

Test(sonod, layers_are_what_was_asked_for)
{
	const uint32_t wanted = 1 << SONO_LAYER_GREY | 1 << SONO_LAYER_VELOCITY |
				1 << SONO_LAYER_POWER | 1 << SONO_LAYER_ECG;
	struct sono_client *a = look(wanted, 0), *b = look(0, 0);
	const struct grid *grid;
	struct sono_picture p;
	const float *db, *v;
	size_t most = 0;

	scan();
	do
		next(a, &p);
	while (!(p.frame.layers & 1 << SONO_LAYER_GREY) &&
	       (sono_client_return(a, &p), true));
	cr_assert_eq(p.frame.layers, 1 << SONO_LAYER_COMPOSITE |
					     1 << SONO_LAYER_GREY |
					     1 << SONO_LAYER_VELOCITY |
					     1 << SONO_LAYER_POWER,
		     "the plan has no ECG");
	db = sono_client_values(a, &p, SONO_LAYER_GREY, &grid);
	cr_assert(db);
	cr_assert_eq(grid->lines, 64);
	cr_assert_eq(grid->samples, 256);
	for (size_t i = 0; i < 64 * 256; i++)
		most = db[i] > db[most] ? i : most;
	/* the brightest sample is a wire */
	for (int i = 0; i < SIM_POINTS; i++) {
		double line, sample;

		grid_locate(grid, sim_points[i].x, sim_points[i].z, &line,
			    &sample);
		if (fabs(line - most / 256) <= 1 &&
		    fabs(sample - most % 256) <= 2)
			most = SIZE_MAX;
		if (most == SIZE_MAX)
			break;
	}
	cr_assert_eq(most, SIZE_MAX);
	v = sono_client_values(a, &p, SONO_LAYER_VELOCITY, &grid);
	cr_assert(v);
	cr_assert_eq(grid->lines, 24);
	/* nothing moves */
	for (size_t i = 0; i < 24 * 96; i++)
		cr_assert(isnan(v[i]) || fabsf(v[i]) < 0.5, "%g", v[i]);
	cr_assert_null(sono_client_values(a, &p, SONO_LAYER_ECG, &grid));
	sono_client_close(a);
	/* they cost time: nobody wants them any more, some pictures later */
	for (int i = 0; i < 100 && p.frame.layers != 1 << SONO_LAYER_COMPOSITE;
	     i++) {
		next(b, &p);
		sono_client_return(b, &p);
	}
	cr_assert_eq(p.frame.layers, 1 << SONO_LAYER_COMPOSITE);
	sono_client_close(b);
}

/* A buffer that is held does not change, however many pictures follow. */
Test(sonod, who_holds_is_not_written_over)
{
	struct sono_client *slow = look(0, 0), *quick = look(0, 0);
	struct sono_picture held, p;
	struct image image;
	uint8_t *copy;
	size_t bytes;

	scan();
	next(slow, &held);
	cr_assert_eq(sono_client_image(slow, &held, SONO_LAYER_COMPOSITE,
				       &image),
		     0);
	bytes = image.stride * image.raster.height;
	copy = malloc(bytes);
	memcpy(copy, image.data, bytes);
	for (int i = 0; i < 60; i++) {
		next(quick, &p);
		sono_client_return(quick, &p);
	}
	cr_assert_eq(memcmp(copy, image.data, bytes), 0);
	free(copy);
	sono_client_close(slow);
	sono_client_close(quick);
}

/* Two pictures, and no more; then the newest one, and the gap says so. */
Test(sonod, who_does_not_return_gets_no_more)
{
	struct sono_client *slow = look(0, 0), *quick = look(0, 0);
	struct sono_picture a, b, p;
	uint64_t newest = 0;

	scan();
	next(slow, &a);
	next(slow, &b);
	for (int i = 0; i < 60; i++) {
		next(quick, &p);
		newest = p.frame.picture;
		sono_client_return(quick, &p);
	}
	cr_assert_eq(sono_client_next(slow, &p), 0);
	sono_client_return(slow, &a);
	next(slow, &p);
	cr_assert_geq(p.frame.picture, newest);
	cr_assert_gt(p.frame.picture, b.frame.picture + 1);
	is_accounted(&p.frame);
	sono_client_close(slow);
	sono_client_close(quick);
}

Test(sonod, memory_is_for_reading)
{
	struct sono_client *c = look(0, 0);
	struct sono_picture p;

	scan();
	next(c, &p);
	cr_assert_eq(mprotect((void *)((uintptr_t)p.data & -4096ul), 4096,
			      PROT_READ | PROT_WRITE),
		     -1);
	cr_assert_eq(errno, EACCES);
	sono_client_close(c);
}

Test(sonod, the_eventfd_counts_pictures)
{
	struct sono_client *c = look(0, 0);
	struct pollfd ready = { .events = POLLIN };
	struct sono_picture a, b;
	uint64_t count, sum = 0;

	scan();
	next(c, &a);
	next(c, &b);
	/* a picture can be read a moment before it is counted */
	ready.fd = sono_client_event(c);
	while (sum < 2) {
		cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
		cr_assert_eq(read(ready.fd, &count, sizeof(count)), 8);
		sum += count;
	}
	cr_assert_eq(sum, 2);
	sono_client_close(c);
}

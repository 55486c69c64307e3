// SPDX-License-Identifier: MIT
#include <math.h>

#include "checkdsp.h"
#include "dsp/aperture.h"

#define TILE BEAMFORM_TILE
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define EPS 0x1p-24 /* half a unit in the last place */

/* Channels of a tile, in and beside an aperture of 10 to 20 mm. */
struct apertures {
	struct guarded weight, want, along, span, centre, scale;
	struct aperture_window window;
	uint32_t begin, n;
};

static void make(struct apertures *a, uint32_t n, enum window window,
		 double taper)
{
	uint32_t c, j;

	*a = (struct apertures){
		.weight = guarded_new(2 * (size_t)n * TILE, 2),
		.want = guarded_new(2 * (size_t)n * TILE, 0),
		.along = guarded_new(4 * n, 4),
		.span = guarded_new(n * sizeof(struct aperture_span), 8),
		.centre = guarded_new(4 * TILE, 4),
		.scale = guarded_new(4 * TILE, 12),
		.window = aperture_window(window, taper),
		.begin = 16 * checkdsp_below(4000),
		.n = n,
	};
	for (j = 0; j < TILE; j++) {
		((float *)a->centre.data)[j] = 20e-3 + 5e-3 * checkdsp_random();
		((float *)a->scale.data)[j] = 1 / (7.5e-3 +
						   2.5e-3 * checkdsp_random());
	}
	for (c = 0; c < n; c++) {
		struct aperture_span *span =
			(struct aperture_span *)a->span.data + c;

		((float *)a->along.data)[c] = 20e-3 + 20e-3 * checkdsp_random();
		/* all of it, a part of it, nothing of it */
		span->first = c % 3 ? a->begin + checkdsp_below(20) : 0;
		span->end = c % 5 ? span->first + checkdsp_below(20) :
				    UINT16_MAX * 2;
	}
}

static void end(struct apertures *a)
{
	guarded_end(&a->weight);
	guarded_end(&a->want);
	guarded_end(&a->along);
	guarded_end(&a->span);
	guarded_end(&a->centre);
	guarded_end(&a->scale);
}

static void call(aperture_window_fn *fn, struct apertures *a, int16_t *out)
{
	fn(out, a->along.data, a->span.data, a->begin, a->centre.data,
	   a->scale.data, &a->window, a->n);
}

/*
 * Half a unit of Q15, the polynomial's 4e-7, and the floats: u to 3 roundings,
 * at a slope of pi / 2 / taper, and 1 each of the polynomial's 11.
 */
static void compare_exact(const struct apertures *a, enum window window,
			  double taper)
{
	const struct aperture_span *span = a->span.data;
	const int16_t *got = a->weight.data;
	const double slope = M_PI / 2 * a->window.steep;
	uint32_t c, j;

	for (c = 0; c < a->n; c++) {
		const double along = ((float *)a->along.data)[c];

		for (j = 0; j < TILE; j++, got++) {
			const double centre = ((float *)a->centre.data)[j];
			const double scale = ((float *)a->scale.data)[j];
			const double u = fmin(fabs(along - centre) * scale, 1);
			const uint32_t at = a->begin + j;
			const double want =
				at < span[c].first || at >= span[c].end ? 0 :
				INT16_MAX * window_weight(window, taper, u);

			checkdsp_near("weight", c * TILE + j, *got, want,
				      0.501 + INT16_MAX *
					(4e-7 + EPS * (8 * slope + 11)));
		}
	}
}

static void compare(aperture_window_fn *fn, uint32_t n, enum window window,
		    double taper)
{
	struct apertures a;
	uint32_t i;

	make(&a, n, window, taper);
	call(fn, &a, a.weight.data);
	call(aperture_window_c, &a, a.want.data);
	if (fn == aperture_window_c)
		compare_exact(&a, window, taper);
	for (i = 0; i < n * TILE; i++)
		checkdsp_near("weight", i, ((int16_t *)a.weight.data)[i],
			      ((int16_t *)a.want.data)[i], 0);
	end(&a);
}

struct window_call {
	aperture_window_fn *fn;
	struct apertures *apertures;
};

static void call_window(void *arg)
{
	struct window_call *c = arg;

	call(c->fn, c->apertures, c->apertures->weight.data);
}

void check_aperture(void)
{
	static const uint32_t sizes[] = { 0, 1, 7, 64 };
	static const double tapers[] = { 0.1, 0.5, 1 };
	const struct aperture_window_variant *v;
	struct apertures a;
	uint32_t i, k;

	for (v = aperture_window_variants; v->fn; v++) {
		if (!checkdsp_begin("aperture_window", v->name, v->flags))
			continue;
		for (i = 0; i < LENGTH(sizes); i++) {
			compare(v->fn, sizes[i], WINDOW_HANN, 0);
			for (k = 0; k < LENGTH(tapers); k++)
				compare(v->fn, sizes[i], WINDOW_TUKEY,
					tapers[k]);
		}
		make(&a, 64, WINDOW_HANN, 0);
		checkdsp_bench(call_window, &(struct window_call){ v->fn, &a },
			       64 * TILE, "weight");
		end(&a);
		checkdsp_end();
	}
}

// SPDX-License-Identifier: MIT
/*
 * Which channels count where. Along a straight line the aperture's condition
 * holds in one stretch: it is the meeting of two half-planes.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "aperture.h"
#include "cpu.h"

struct aperture {
	const struct sono_scan *scan;
	struct beamform_params params;
	double half_f;		/* 1 / (2 F); 0: every element everywhere */
	double tilt;		/* tangent of the steering */
	uint32_t tiles;		/* of a line */
	struct aperture_span *span;	/* [lines][channels] */
	struct aperture_tile *tile;	/* [lines][tiles] */
	aperture_window_fn *weigh;
	struct aperture_window window;
	float *along;		/* [channels], places along the array [m] */
	/* a tile more than the grid has, which kernels read beyond */
	float *centre;		/* [lines][samples]; NULL: no window */
	float *scale;		/* [lines][samples] */
};

double window_weight(enum window window, double taper, double u)
{
	if (window == WINDOW_HANN)
		taper = 1;
	else if (window == WINDOW_BOXCAR)
		taper = 0;
	if (u <= 1 - taper)
		return 1;
	return 0.5 + 0.5 * cos(M_PI * (u - 1 + taper) / taper);
}

struct aperture_window aperture_window(enum window window, double taper)
{
	const double fall = window == WINDOW_HANN ? 1 :
			    window == WINDOW_TUKEY ? taper : 0;

	return (struct aperture_window){
		.flat = 1 - fall,
		.steep = fall > 0 ? 1 / fall : 0,
	};
}

const struct aperture_window_variant aperture_window_variants[] = {
	{ aperture_window_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ aperture_window_avx2, "avx2", CPU_AVX2 },
	{ aperture_window_c, "c", 0 },
	{ }
};

static const struct sono_element *element(const struct aperture *a, uint32_t c)
{
	return &a->scan->element[a->scan->channel_element[c]];
}

/* --- stretches --- */

/* A point in the frame of an element: ahead of it, and beside. */
struct seen {
	double depth, side;
};

static struct seen see(const struct sono_element *el, double tilt, double x,
		       double z)
{
	const double depth = (x - el->x) * el->nx + (z - el->z) * el->nz;

	return (struct seen){
		.depth = depth,
		.side = (x - el->x) * el->nz - (z - el->z) * el->nx -
			depth * tilt,
	};
}

double aperture_place(const struct sono_element *el,
		      const struct beamform_params *params, double x, double z)
{
	const struct seen s = see(el, tan(params->steer), x, z);

	if (!(params->f_number > 0))
		return 0;
	return s.depth > 0 ? s.side / (s.depth * 0.5 / params->f_number +
				       BEAMFORM_TIE) : NAN;
}

static bool inside(const struct aperture *a, const struct ray *ray,
		   uint32_t j, uint32_t c)
{
	const struct seen s = see(element(a, c), a->tilt,
				  ray->x + j * ray->dx, ray->z + j * ray->dz);

	return fabs(s.side) <= s.depth * a->half_f + BEAMFORM_TIE;
}

/* Narrows low to high to where v + j slope >= 0, to a sample or so. */
static void narrow(double *low, double *high, double v, double slope)
{
	const double at = -v / slope;

	if (slope > 0)
		*low = fmax(*low, at);
	else if (slope < 0)
		*high = fmin(*high, at);
	else if (v < 0)
		*low = INFINITY;
}

static struct aperture_span find_span(const struct aperture *a,
				      const struct ray *ray, uint32_t c)
{
	const uint32_t n = a->params.grid.samples;
	const struct seen s = see(element(a, c), a->tilt, ray->x, ray->z);
	const struct seen t = see(element(a, c), a->tilt, ray->x + ray->dx,
				  ray->z + ray->dz);
	const double reach = s.depth * a->half_f + BEAMFORM_TIE;
	const double grows = (t.depth - s.depth) * a->half_f;
	double low = 0, high = n;
	uint32_t first, end;

	if (a->half_f == 0)
		return (struct aperture_span){ 0, n };
	narrow(&low, &high, reach - s.side, grows - (t.side - s.side));
	narrow(&low, &high, reach + s.side, grows + (t.side - s.side));
	if (low > n || high < 0)
		return (struct aperture_span){ 0, 0 };
	/* the condition itself decides about the ends */
	first = fmax(low - 1.5, 0);
	end = fmin(fmax(high + 2.5, 0), n);
	while (first < end && !inside(a, ray, first, c))
		first++;
	while (end > first && !inside(a, ray, end - 1, c))
		end--;
	return (struct aperture_span){ first, end };
}

static void fill_spans(struct aperture *a)
{
	struct aperture_span *out = a->span;
	uint32_t line, c;

	for (line = 0; line < a->params.grid.lines; line++) {
		const struct ray ray = grid_ray(&a->params.grid, line);

		for (c = 0; c < a->scan->channels; c++)
			*out++ = find_span(a, &ray, c);
	}
}

struct aperture_span aperture_span(const struct aperture *a, uint32_t line,
				   uint32_t channel)
{
	return a->span[(size_t)line * a->scan->channels + channel];
}

/* --- tiles --- */

static struct aperture_tile find_tile(const struct aperture *a, uint32_t line,
				      uint32_t tile)
{
	const uint32_t samples = a->params.grid.samples;
	const uint32_t begin = tile * BEAMFORM_TILE;
	const uint32_t stop = samples - begin < BEAMFORM_TILE ?
			      samples : begin + BEAMFORM_TILE;
	struct aperture_tile t = { 0 };
	uint32_t c;

	for (c = 0; c < a->scan->channels; c++) {
		const struct aperture_span s = aperture_span(a, line, c);

		if (s.first >= stop || s.end <= begin)
			continue;
		if (!t.end)
			t.first = c;
		t.end = c + 1;
		if (s.first > begin || s.end < stop)
			continue;
		/* channels of one aperture are neighbours; else weights tell */
		if (!t.whole_end)
			t.whole = c;
		if (!t.whole_end || t.whole_end == c)
			t.whole_end = c + 1;
	}
	if (a->centre || !t.whole_end)
		t.whole = t.whole_end = t.end;
	return t;
}

static void fill_tiles(struct aperture *a)
{
	struct aperture_tile *out = a->tile;
	uint32_t line, tile;

	for (line = 0; line < a->params.grid.lines; line++)
		for (tile = 0; tile < a->tiles; tile++)
			*out++ = find_tile(a, line, tile);
}

struct aperture_tile aperture_tile(const struct aperture *a, uint32_t line,
				   uint32_t tile)
{
	return a->tile[(size_t)line * a->tiles + tile];
}

/* --- windows --- */

/* Places of the channels' elements along the array, chord by chord. */
static void fill_along(struct aperture *a)
{
	const struct sono_element *el = a->scan->element;
	uint32_t c, e;

	for (c = 0; c < a->scan->channels; c++) {
		double way = 0;

		for (e = 1; e <= a->scan->channel_element[c]; e++)
			way += hypot(el[e].x - el[e - 1].x,
				     el[e].z - el[e - 1].z);
		a->along[c] = way;
	}
}

/*
 * An element seen from a sample: its place along the array, and how far the
 * sample lies to its right, 1 at the aperture's edge.
 */
struct placed {
	double at, right;
	bool inside;
};

static struct placed place(const struct aperture *a, double x, double z,
			   uint32_t c)
{
	const struct seen s = see(element(a, c), a->tilt, x, z);
	const double reach = s.depth * a->half_f + BEAMFORM_TIE;

	return (struct placed){ a->along[c],
				s.depth > 0 ? s.side / reach : NAN,
				fabs(s.side) <= reach };
}

/*
 * The aperture's edge beyond the outermost element in it: half way to the end
 * of the array at most, else where @right would be @edge.
 */
static double edge_beyond(const struct placed *outer,
			  const struct placed *next, double edge, bool end)
{
	double slope = (next->right - outer->right) / (next->at - outer->at);
	double at = outer->at + (edge - outer->right) / slope;
	double half = fabs(next->at - outer->at) / 2;

	if (!isfinite(at))
		return outer->at;
	return end ? fmax(fmin(at, outer->at + half), outer->at - half) : at;
}

/* Edges in the order of the channels, which is that of their elements. */
static void fill_edges(const struct aperture *a, double x, double z,
		       float *centre, float *scale)
{
	const uint32_t n = a->scan->channels;
	uint32_t first = 0, last = n;
	struct placed outer, next;
	double low, high;

	while (first < n && !place(a, x, z, first).inside)
		first++;
	while (last > first && !place(a, x, z, last - 1).inside)
		last--;
	*centre = 0;
	*scale = 0;
	if (first == last || n < 2)
		return;
	outer = place(a, x, z, first);
	next = place(a, x, z, first ? first - 1 : 1);
	low = edge_beyond(&outer, &next, 1, !first);
	outer = place(a, x, z, last - 1);
	next = place(a, x, z, last < n ? last : n - 2);
	high = edge_beyond(&outer, &next, -1, last == n);
	*centre = (low + high) / 2;
	*scale = 2 / fmax(fabs(high - low), BEAMFORM_TIE);
}

static void fill_window(struct aperture *a)
{
	const struct grid *grid = &a->params.grid;
	size_t at = 0;
	uint32_t line, j;

	a->weigh = cpu_choose(aperture_window_variants)->fn;
	a->window = aperture_window(a->params.window, a->params.taper);
	fill_along(a);
	for (line = 0; line < grid->lines; line++) {
		const struct ray ray = grid_ray(grid, line);

		for (j = 0; j < grid->samples; j++, at++)
			fill_edges(a, ray.x + j * ray.dx, ray.z + j * ray.dz,
				   &a->centre[at], &a->scale[at]);
	}
}

/* 1 where a channel counts: the edges of a boxcar. */
static void fill_boxcar(const struct aperture *a, uint32_t line, uint32_t begin,
			uint32_t first, uint32_t end, int16_t *out)
{
	uint32_t c, j;

	for (c = first; c < end; c++) {
		const struct aperture_span s = aperture_span(a, line, c);

		for (j = begin; j < begin + BEAMFORM_TILE; j++)
			*out++ = j >= s.first && j < s.end ? INT16_MAX : 0;
	}
}

void aperture_weights(const struct aperture *a, uint32_t line, uint32_t tile,
		      uint32_t first, uint32_t end, int16_t *out)
{
	const uint32_t begin = tile * BEAMFORM_TILE;
	const size_t at = (size_t)line * a->params.grid.samples + begin;

	if (!a->centre)
		fill_boxcar(a, line, begin, first, end, out);
	else
		a->weigh(out, a->along + first,
			 a->span + (size_t)line * a->scan->channels + first,
			 begin, a->centre + at, a->scale + at, &a->window,
			 end - first);
}

/* --- the object --- */

static int alloc_tables(struct aperture *a)
{
	const struct grid *grid = &a->params.grid;
	const size_t points = (size_t)grid->lines * grid->samples;
	const uint32_t channels = a->scan->channels;

	a->span = dsp_alloc((size_t)grid->lines * channels, sizeof(*a->span));
	a->tile = dsp_alloc((size_t)grid->lines * a->tiles, sizeof(*a->tile));
	if (!a->span || !a->tile)
		return -ENOMEM;
	if (a->params.window == WINDOW_BOXCAR)
		return 0;
	a->along = dsp_alloc(channels, sizeof(*a->along));
	a->centre = dsp_alloc(points + BEAMFORM_TILE, sizeof(*a->centre));
	a->scale = dsp_alloc(points + BEAMFORM_TILE, sizeof(*a->scale));
	return a->along && a->centre && a->scale ? 0 : -ENOMEM;
}

int aperture_create(struct aperture **aperture, const struct sono_scan *scan,
		    const struct beamform_params *params)
{
	struct aperture *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->scan = scan;
	a->params = *params;
	a->half_f = params->f_number > 0 ? 0.5 / params->f_number : 0;
	a->tilt = tan(params->steer);
	a->tiles = (params->grid.samples + BEAMFORM_TILE - 1) / BEAMFORM_TILE;
	if (alloc_tables(a)) {
		aperture_destroy(a);
		return -ENOMEM;
	}
	fill_spans(a);
	if (a->centre)
		fill_window(a);
	fill_tiles(a);
	*aperture = a;
	return 0;
}

size_t aperture_bytes(const struct aperture *a)
{
	const struct grid *grid = &a->params.grid;
	const size_t points = (size_t)grid->lines * grid->samples;

	return (size_t)grid->lines *
	       (a->scan->channels * sizeof(*a->span) +
		a->tiles * sizeof(*a->tile)) +
	       (a->centre ? points * 2 * sizeof(float) : 0);
}

void aperture_destroy(struct aperture *a)
{
	if (!a)
		return;
	free(a->span);
	free(a->tile);
	free(a->along);
	free(a->centre);
	free(a->scale);
	free(a);
}

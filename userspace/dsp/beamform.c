// SPDX-License-Identifier: MIT
/*
 * The beamformer's object: which events serve a line and their transmit
 * delays, the samples of every line that have a channel in their aperture,
 * where that aperture lies, and the order of the sum. The
 * receive half of the delay is worked out line by line: as a table it would
 * take lines x samples x channels entries.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "beamform.h"
#include "cpu.h"
#include "demod.h"

/* Either half of a delay, so that their sum fits Q16 in 32 bits [samples]. */
#define DELAY_MAX	16383.0

struct span {
	uint32_t first;
	uint32_t count;
};

/* An event that is used: its place in the frame and its image. */
struct part {
	uint32_t event;
	uint32_t group;
	uint32_t samples;
	double place;		/* of its focus across the lines */
};

/* An event's share in a line. */
struct service {
	uint32_t part;
	float weight;
};

struct beamform {
	const struct sono_scan *scan;
	struct beamform_params params;
	double fs;		/* after decimation [Hz] */
	double half_f;		/* 1 / (2 F); 0: every element everywhere */
	struct beamform_law law;
	beamform_receive_fn *receive;
	beamform_add_fn *add;
	beamform_rotate_fn *rotate;
	uint32_t parts;
	struct part *part;	/* [parts] */
	float *cis;
	float *window;
	struct span *span;	/* [lines][channels] */
	uint32_t *first;	/* [lines + 1], of the services of a line */
	struct service *service;
	int32_t *transmit;	/* [services][samples], Q16 */
	float *along;		/* [channels], places along the array [m] */
	float *centre;		/* [lines][samples]; NULL: no window */
	float *scale;		/* [lines][samples] */
	int32_t *index;		/* [samples], one line and channel */
	float *weight;		/* [samples], interleaved */
	float *acc;		/* [services of a line][samples], interleaved */
};

const struct beamform_receive_variant beamform_receive_variants[] = {
	{ beamform_receive_c, "c", 0 },
	{ }
};

const struct beamform_add_variant beamform_add_variants[] = {
	{ beamform_add_c, "c", 0 },
	{ }
};

const struct beamform_rotate_variant beamform_rotate_variants[] = {
	{ beamform_rotate_c, "c", 0 },
	{ }
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

static const char *window_fault(const struct beamform_params *p)
{
	if (p->window != WINDOW_BOXCAR && p->window != WINDOW_HANN &&
	    p->window != WINDOW_TUKEY)
		return "beamforming: unknown window";
	if (p->window != WINDOW_BOXCAR && p->f_number == 0)
		return "beamforming: a window needs an F-number";
	if (p->window == WINDOW_TUKEY && !(p->taper >= 0 && p->taper <= 1))
		return "beamforming: taper is not 0 to 1";
	return NULL;
}

static const char *group_fault(const struct sono_scan *scan,
			       const struct beamform_params *p)
{
	uint32_t e, g;

	if (!p->groups || p->groups > scan->events)
		return "beamforming: groups are not 1 to the scan's events";
	if (!p->group)
		return p->groups > 1 ? "beamforming: events without a group" :
				       NULL;
	for (g = 0; g < p->groups; g++) {
		for (e = 0; e < scan->events && p->group[e] != g; e++)
			;
		if (e == scan->events)
			return "beamforming: a group without events";
	}
	for (e = 0; e < scan->events; e++)
		if (p->group[e] >= p->groups && p->group[e] != BEAMFORM_UNUSED)
			return "beamforming: an event in an unknown group";
	return NULL;
}

static const char *scan_fault(const struct sono_scan *scan)
{
	uint32_t i;

	if (!(scan->c > 0) || !isfinite(scan->c))
		return "scan: speed of sound is not positive";
	for (i = 0; i < scan->elements; i++) {
		const struct sono_element *el = &scan->element[i];

		if (!(fabs(hypot(el->nx, el->nz) - 1) < 1e-6))
			return "scan: an element's normal is not a unit vector";
		if (!isfinite(el->x) || !isfinite(el->z))
			return "scan: an element's place is not a number";
	}
	for (i = 0; i < scan->channels; i++)
		if (scan->channel_element[i] >= scan->elements)
			return "scan: a channel of an unknown element";
	for (i = 0; i < scan->events; i++)
		if (scan->event[i].wave == SONO_WAVE_FOCUSED &&
		    (!(scan->event[i].focus > 0) ||
		     !isfinite(scan->event[i].focus)))
			return "scan: a focus is not in front of the probe";
	return NULL;
}

static const char *fault(const struct sono_scan *scan,
			 const struct beamform_params *p)
{
	const char *why = grid_check(&p->grid);

	if (!why && !(p->f_number >= 0 && p->f_number <= 16))
		why = "beamforming: F-number is not 0 to 16";
	if (!why)
		why = window_fault(p);
	if (!why)
		why = group_fault(scan, p);
	if (!why)
		why = scan_fault(scan);
	return why;
}

/*
 * First arrival at a point, as a distance from the trigger [m]. Squares tell
 * which elements are later than the first so far; a delay that is NAN never is
 * earlier.
 */
static double first_arrival(const struct sono_scan *scan,
			    const struct sono_event *event, double x, double z)
{
	double first = INFINITY;
	uint32_t i;

	for (i = 0; i < scan->elements; i++) {
		double dx = x - scan->element[i].x;
		double dz = z - scan->element[i].z;
		double square = dx * dx + dz * dz;
		double wait = event->delay[i] * scan->c;
		double left = first - wait;

		if (left > 0 && square < left * left)
			first = wait + sqrt(square);
	}
	return first;
}

/*
 * A focused wave: where its focus lies, which way it goes, when it is there,
 * as a distance from the trigger, and how far about the focus it is plane.
 */
struct focus {
	double x, z;
	double dx, dz;
	double arrival;
	double plane;
};

static struct focus focus_of(const struct sono_scan *scan,
			     const struct sono_event *event)
{
	struct focus f = {
		.dx = sin(event->beam_angle), .dz = cos(event->beam_angle),
	};
	double left = INFINITY, right = -INFINITY, sum = 0, f_number;
	uint32_t i, n = 0;

	f.x = event->beam_x + event->focus * f.dx;
	f.z = event->beam_z + event->focus * f.dz;
	for (i = 0; i < scan->elements; i++) {
		double x = f.x - scan->element[i].x;
		double z = f.z - scan->element[i].z;
		double side = x * f.dz - z * f.dx;

		if (isnan(event->delay[i]))
			continue;
		sum += event->delay[i] * scan->c + hypot(x, z);
		left = fmin(left, side);
		right = fmax(right, side);
		n++;
	}
	f.arrival = n ? sum / n : INFINITY;
	f_number = event->focus / fmax(right - left, scan->c / scan->fc);
	f.plane = scan->c / scan->fc * fmax(1, 2 * f_number * f_number);
	return f;
}

/*
 * The way from the trigger over the focus: short of it the sphere shrinks
 * towards it, beyond it grows from it. Between, where the sphere would turn
 * inside out, the wave is plane.
 */
static double focused_arrival(const struct focus *f, double x, double z)
{
	double ahead = (x - f->x) * f->dx + (z - f->z) * f->dz;
	double sphere = copysign(hypot(x - f->x, z - f->z), ahead);
	double t = fmin(fabs(ahead) / f->plane, 1);

	return f->arrival + ahead + (sphere - ahead) * t * t * (3 - 2 * t);
}

static const char *fill_transmit_row(struct beamform *b, uint32_t line,
				     const struct part *part, int32_t *out)
{
	const struct sono_scan *scan = b->scan;
	const struct sono_event *event = &scan->event[part->event];
	const bool focused = event->wave == SONO_WAVE_FOCUSED;
	double extra = 2 * scan->lens_delay + scan->pulse_delay -
		       event->rx_start;
	struct ray ray = grid_ray(&b->params.grid, line);
	struct focus focus;
	uint32_t j;

	if (focused)
		focus = focus_of(scan, event);
	for (j = 0; j < b->params.grid.samples; j++) {
		double x = ray.x + j * ray.dx, z = ray.z + j * ray.dz;
		double d = focused ? focused_arrival(&focus, x, z) :
				     first_arrival(scan, event, x, z);
		double s = (d / scan->c + extra) * b->fs;

		if (isinf(d))
			return "scan: an event without transmitting element";
		if (!(fabs(s) < DELAY_MAX))
			return "beamforming: a transmit delay beyond 16383 samples";
		out[j] = lrint(s * 65536);
	}
	return NULL;
}

static const char *fill_transmit(struct beamform *b)
{
	const size_t samples = b->params.grid.samples;
	const char *why = NULL;
	uint32_t line, k;

	for (line = 0; line < b->params.grid.lines; line++)
		for (k = b->first[line]; !why && k < b->first[line + 1]; k++)
			why = fill_transmit_row(b, line,
						&b->part[b->service[k].part],
						b->transmit + k * samples);
	return why;
}

/* --- which events serve a line --- */

/* Across the lines: in lines, or of one line as the distance from it. */
static double place_across(const struct grid *grid, double x, double z)
{
	struct ray ray = grid_ray(grid, 0);
	double line, sample;

	if (grid->lines == 1)
		return ((x - ray.x) * ray.dz - (z - ray.z) * ray.dx) /
		       grid->sample_step;
	grid_locate(grid, x, z, &line, &sample);
	return line;
}

static bool focused(const struct beamform *b, const struct part *part)
{
	return b->scan->event[part->event].wave == SONO_WAVE_FOCUSED;
}

/* Foci of one image on either side of a line, and how many lie there. */
struct neighbours {
	double before, after;
	uint32_t n_before, n_after;
};

static struct neighbours find_neighbours(const struct beamform *b,
					 uint32_t group, double line)
{
	struct neighbours n = { -INFINITY, INFINITY, 0, 0 };
	uint32_t k;

	for (k = 0; k < b->parts; k++) {
		const double place = b->part[k].place;

		if (!focused(b, &b->part[k]) || b->part[k].group != group)
			continue;
		if (place <= line && place >= n.before) {
			n.n_before = place > n.before ? 1 : n.n_before + 1;
			n.before = place;
		}
		if (place > line && place <= n.after) {
			n.n_after = place < n.after ? 1 : n.n_after + 1;
			n.after = place;
		}
	}
	return n;
}

static double share(const struct beamform *b, const struct part *part,
		    double line)
{
	struct neighbours n;
	double after;

	if (!focused(b, part))
		return 1;
	n = find_neighbours(b, part->group, line);
	after = !n.n_after  ? 0 :
		!n.n_before ? 1 :
			      (line - n.before) / (n.after - n.before);
	if (n.n_before && part->place == n.before)
		return (1 - after) / n.n_before;
	if (n.n_after && part->place == n.after)
		return after / n.n_after;
	return 0;
}

/* Lists every line's services, or with no room for them counts them. */
static uint32_t list_services(struct beamform *b)
{
	uint32_t line, k, n = 0;

	for (line = 0; line < b->params.grid.lines; line++) {
		b->first[line] = n;
		for (k = 0; k < b->parts; k++) {
			double weight = share(b, &b->part[k], line);

			if (weight < 1e-6)
				continue;
			if (b->service)
				b->service[n] = (struct service){ k, weight };
			n++;
		}
	}
	b->first[line] = n;
	return n;
}

static uint32_t most_services(const struct beamform *b)
{
	uint32_t line, most = 0;

	for (line = 0; line < b->params.grid.lines; line++)
		if (b->first[line + 1] - b->first[line] > most)
			most = b->first[line + 1] - b->first[line];
	return most;
}

static int make_services(struct beamform *b)
{
	const struct grid *grid = &b->params.grid;
	uint32_t n;

	b->first = dsp_alloc((size_t)grid->lines + 1, sizeof(*b->first));
	if (!b->first)
		return -ENOMEM;
	n = list_services(b);
	b->service = dsp_alloc(n, sizeof(*b->service));
	b->transmit = dsp_alloc((size_t)n * grid->samples,
				sizeof(*b->transmit));
	b->acc = dsp_alloc((size_t)most_services(b) * grid->samples,
			   2 * sizeof(float));
	if (!b->service || !b->transmit || !b->acc)
		return -ENOMEM;
	list_services(b);
	return 0;
}

/* --- the receive aperture --- */

static bool inside(const struct beamform *b, const struct ray *ray,
		   uint32_t j, const struct sono_element *el)
{
	double x = ray->x + j * ray->dx - el->x;
	double z = ray->z + j * ray->dz - el->z;
	double side = x * el->nz - z * el->nx;
	double depth = x * el->nx + z * el->nz;

	return fabs(side) <= depth * b->half_f + BEAMFORM_TIE;
}

/*
 * Along a straight line the aperture's condition holds in one stretch: it is
 * the meeting of two half-planes.
 */
static struct span find_span(const struct beamform *b, const struct ray *ray,
			     const struct sono_element *el)
{
	uint32_t first = 0, end = b->params.grid.samples;

	if (b->params.f_number == 0)
		return (struct span){ 0, end };
	while (first < end && !inside(b, ray, first, el))
		first++;
	while (end > first && !inside(b, ray, end - 1, el))
		end--;
	return (struct span){ first, end - first };
}

static const char *fill_spans(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	const struct grid *grid = &b->params.grid;
	struct span *out = b->span;
	uint32_t line, c;

	for (line = 0; line < grid->lines; line++) {
		struct ray ray = grid_ray(grid, line);
		double xe = ray.x + (grid->samples - 1) * ray.dx;
		double ze = ray.z + (grid->samples - 1) * ray.dz;

		for (c = 0; c < scan->channels; c++) {
			const struct sono_element *el =
				&scan->element[scan->channel_element[c]];
			double d = fmax(hypot(ray.x - el->x, ray.z - el->z),
					hypot(xe - el->x, ze - el->z));

			if (!(d * b->law.scale < DELAY_MAX * 65536))
				return "beamforming: a receive delay beyond 16383 samples";
			*out++ = find_span(b, &ray, el);
		}
	}
	return NULL;
}

/* Places of the channels' elements along the array, chord by chord. */
static void fill_along(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	uint32_t c, e;

	for (c = 0; c < scan->channels; c++) {
		double way = 0;

		for (e = 1; e <= scan->channel_element[c]; e++)
			way += hypot(scan->element[e].x - scan->element[e - 1].x,
				     scan->element[e].z - scan->element[e - 1].z);
		b->along[c] = way;
	}
}

/*
 * An element seen from a sample: its place along the array, and how far the
 * sample lies to its right, 1 at the aperture's edge.
 */
struct seen {
	double at, right;
	bool inside;
};

static struct seen see(const struct beamform *b, double x, double z,
		       uint32_t c)
{
	const struct sono_element *el =
		&b->scan->element[b->scan->channel_element[c]];
	double side = (x - el->x) * el->nz - (z - el->z) * el->nx;
	double depth = (x - el->x) * el->nx + (z - el->z) * el->nz;
	double reach = depth * b->half_f + BEAMFORM_TIE;

	return (struct seen){ b->along[c], depth > 0 ? side / reach : NAN,
			      fabs(side) <= reach };
}

/*
 * The aperture's edge beyond the outermost element in it: half way to the end
 * of the array at most, else where @right would be @edge.
 */
static double edge_beyond(const struct seen *outer, const struct seen *next,
			  double edge, bool end)
{
	double slope = (next->right - outer->right) / (next->at - outer->at);
	double at = outer->at + (edge - outer->right) / slope;
	double half = fabs(next->at - outer->at) / 2;

	if (!isfinite(at))
		return outer->at;
	return end ? fmax(fmin(at, outer->at + half), outer->at - half) : at;
}

/* Edges in the order of the channels, which is that of their elements. */
static void fill_aperture(struct beamform *b, double x, double z,
			  float *centre, float *scale)
{
	const uint32_t n = b->scan->channels;
	uint32_t first = 0, last = n;
	struct seen a, next;
	double low, high;

	while (first < n && !see(b, x, z, first).inside)
		first++;
	while (last > first && !see(b, x, z, last - 1).inside)
		last--;
	*centre = 0;
	*scale = 0;
	if (first == last || n < 2)
		return;
	a = see(b, x, z, first);
	next = see(b, x, z, first ? first - 1 : 1);
	low = edge_beyond(&a, &next, 1, !first);
	a = see(b, x, z, last - 1);
	next = see(b, x, z, last < n ? last : n - 2);
	high = edge_beyond(&a, &next, -1, last == n);
	*centre = (low + high) / 2;
	*scale = 2 / fmax(fabs(high - low), BEAMFORM_TIE);
}

static void fill_apertures(struct beamform *b)
{
	const struct grid *grid = &b->params.grid;
	size_t at = 0;
	uint32_t line, j;

	for (line = 0; b->centre && line < grid->lines; line++) {
		struct ray ray = grid_ray(grid, line);

		for (j = 0; j < grid->samples; j++, at++)
			fill_aperture(b, ray.x + j * ray.dx,
				      ray.z + j * ray.dz, &b->centre[at],
				      &b->scale[at]);
	}
}

static void fill_parts(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	uint32_t e;

	for (e = 0; e < scan->events; e++) {
		const struct sono_event *event = &scan->event[e];
		uint32_t group = b->params.group ? b->params.group[e] : 0;
		struct part part = {
			.event = e,
			.group = group,
			.samples = demod_samples(event->samples,
						 b->params.decimate),
		};

		if (group == BEAMFORM_UNUSED)
			continue;
		if (event->wave == SONO_WAVE_FOCUSED) {
			struct focus f = focus_of(scan, event);

			part.place = place_across(&b->params.grid, f.x, f.z);
		}
		b->part[b->parts++] = part;
	}
}

static void fill_law(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	const struct beamform_params *p = &b->params;
	int i;

	for (i = 0; i < BEAMFORM_PHASES; i++) {
		b->cis[2 * i] = cos(2 * M_PI * i / BEAMFORM_PHASES);
		b->cis[2 * i + 1] = sin(2 * M_PI * i / BEAMFORM_PHASES);
	}
	for (i = 0; i <= BEAMFORM_WINDOW; i++)
		b->window[i] = window_weight(p->window, p->taper,
					     (double)i / BEAMFORM_WINDOW);
	b->law = (struct beamform_law){
		.scale = 65536 * b->fs / scan->c,
		.turn = 65536 * scan->fc / b->fs,
		.cis = b->cis,
		.window = b->window,
	};
}

static int alloc_tables(struct beamform *b)
{
	const struct grid *grid = &b->params.grid;
	const size_t n = (size_t)grid->lines * grid->samples;

	b->cis = dsp_alloc(BEAMFORM_PHASES, 2 * sizeof(float));
	b->window = dsp_alloc(BEAMFORM_WINDOW + 2, sizeof(float));
	b->span = dsp_alloc((size_t)grid->lines * b->scan->channels,
			    sizeof(*b->span));
	b->along = dsp_alloc(b->scan->channels, sizeof(*b->along));
	b->index = dsp_alloc(grid->samples, sizeof(*b->index));
	b->weight = dsp_alloc(grid->samples, 2 * sizeof(float));
	if (!b->cis || !b->window || !b->span || !b->along || !b->index ||
	    !b->weight)
		return -ENOMEM;
	if (b->params.window == WINDOW_BOXCAR)
		return 0;
	b->centre = dsp_alloc(n, sizeof(*b->centre));
	b->scale = dsp_alloc(n, sizeof(*b->scale));
	return b->centre && b->scale ? 0 : -ENOMEM;
}

static int build(struct beamform *b, const char **why)
{
	int ret;

	b->part = calloc(b->scan->events, sizeof(*b->part));
	if (!b->part)
		return -ENOMEM;
	fill_parts(b);
	ret = alloc_tables(b);
	if (!ret)
		ret = make_services(b);
	if (ret)
		return ret;
	fill_law(b);
	fill_along(b);
	fill_apertures(b);
	*why = fill_spans(b);
	if (!*why)
		*why = fill_transmit(b);
	return *why ? -EINVAL : 0;
}

int beamform_create(struct beamform **beamform, const struct sono_scan *scan,
		    const struct beamform_params *params, const char **why)
{
	struct beamform *b;
	int ret;

	*why = fault(scan, params);
	if (*why)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->scan = scan;
	b->params = *params;
	if (!b->params.decimate)
		b->params.decimate = 1;
	b->fs = scan->fs / b->params.decimate;
	b->half_f = params->f_number > 0 ? 0.5 / params->f_number : 0;
	b->receive = cpu_choose(beamform_receive_variants)->fn;
	b->add = cpu_choose(beamform_add_variants)->fn;
	b->rotate = cpu_choose(beamform_rotate_variants)->fn;
	ret = build(b, why);
	b->params.group = NULL;		/* the caller's, now in part[] */
	if (ret)
		beamform_destroy(b);
	else
		*beamform = b;
	return ret;
}

static void sum_channel(struct beamform *b, const struct baseband *in,
			uint32_t line, const struct ray *ray, uint32_t c)
{
	const struct sono_scan *scan = b->scan;
	const struct span *span =
		&b->span[(size_t)line * scan->channels + c];
	const size_t samples = b->params.grid.samples;
	const uint32_t first = b->first[line];
	const struct beamform_aperture aperture = {
		.centre = b->centre + line * samples,
		.scale = b->scale + line * samples,
		.at = b->along[c],
	};
	uint32_t k;

	b->receive(b->index, b->weight, span->count, ray, span->first,
		   &scan->element[scan->channel_element[c]], &b->law,
		   b->centre ? &aperture : NULL);
	for (k = first; k < b->first[line + 1]; k++) {
		const struct part *part = &b->part[b->service[k].part];
		size_t row = (size_t)part->event * in->channels + c;

		b->add(b->acc + 2 * ((k - first) * samples + span->first),
		       in->data + row * in->stride, part->samples, b->index,
		       b->transmit + k * samples + span->first, b->weight,
		       span->count);
	}
}

/* The sums over channels of a line's services into their images. */
static void sum_services(struct beamform *b, struct iq *out, uint32_t line)
{
	const size_t samples = b->params.grid.samples;
	const uint32_t first = b->first[line];
	uint32_t k, j;

	for (k = first; k < b->first[line + 1]; k++) {
		const struct service *service = &b->service[k];
		size_t group = b->part[service->part].group;
		float *acc = b->acc + 2 * (k - first) * samples;

		for (j = 0; service->weight != 1 && j < 2 * samples; j++)
			acc[j] *= service->weight;
		b->rotate(out->data +
			  2 * (group * out->lines + line) * samples,
			  acc, b->transmit + k * samples, samples, &b->law);
	}
}

void beamform_execute(struct beamform *b, struct iq *out,
		      const struct baseband *in)
{
	const struct grid *grid = &b->params.grid;
	const size_t samples = grid->samples;
	uint32_t line, c;

	memset(out->data, 0, (size_t)out->ensemble * out->lines * samples *
			     2 * sizeof(float));
	for (line = 0; line < grid->lines; line++) {
		struct ray ray = grid_ray(grid, line);
		size_t services = b->first[line + 1] - b->first[line];

		memset(b->acc, 0, services * samples * 2 * sizeof(float));
		for (c = 0; c < b->scan->channels; c++)
			sum_channel(b, in, line, &ray, c);
		sum_services(b, out, line);
	}
}

void beamform_destroy(struct beamform *b)
{
	if (!b)
		return;
	free(b->part);
	free(b->cis);
	free(b->window);
	free(b->span);
	free(b->first);
	free(b->service);
	free(b->transmit);
	free(b->along);
	free(b->centre);
	free(b->scale);
	free(b->index);
	free(b->weight);
	free(b->acc);
	free(b);
}

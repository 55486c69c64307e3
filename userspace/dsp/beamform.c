// SPDX-License-Identifier: MIT
/*
 * The beamformer's object: the table of transmit delays, the samples of every
 * line that have a channel in their aperture, and the order of the sum. The
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
};

struct beamform {
	const struct sono_scan *scan;
	struct beamform_params params;
	double fs;		/* after decimation [Hz] */
	struct beamform_law law;
	beamform_receive_fn *receive;
	beamform_add_fn *add;
	beamform_rotate_fn *rotate;
	uint32_t parts;
	struct part *part;	/* [parts] */
	float *cis;
	float *window;
	struct span *span;	/* [lines][channels] */
	int32_t *transmit;	/* [parts][lines][samples], Q16 */
	int32_t *index;		/* [samples], one line and channel */
	float *weight;		/* [samples], interleaved */
	float *acc;		/* [parts][samples], interleaved, one line */
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

static const char *fill_transmit(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	const struct grid *grid = &b->params.grid;
	int32_t *out = b->transmit;
	uint32_t k, line, j;

	for (k = 0; k < b->parts; k++) {
		const struct sono_event *event = &scan->event[b->part[k].event];
		double extra = 2 * scan->lens_delay + scan->pulse_delay -
			       event->rx_start;

		for (line = 0; line < grid->lines; line++) {
			struct ray ray = grid_ray(grid, line);

			for (j = 0; j < grid->samples; j++) {
				double d = first_arrival(scan, event,
							 ray.x + j * ray.dx,
							 ray.z + j * ray.dz);
				double s = (d / scan->c + extra) * b->fs;

				if (isinf(d))
					return "scan: an event without transmitting element";
				if (!(fabs(s) < DELAY_MAX))
					return "beamforming: a transmit delay beyond 16383 samples";
				*out++ = lrint(s * 65536);
			}
		}
	}
	return NULL;
}

static bool inside(const struct beamform *b, const struct ray *ray,
		   uint32_t j, const struct sono_element *el)
{
	double x = ray->x + j * ray->dx - el->x;
	double z = ray->z + j * ray->dz - el->z;
	double side = x * el->nz - z * el->nx;
	double depth = x * el->nx + z * el->nz;

	return fabs(side) <= depth * b->law.half_f + BEAMFORM_TIE;
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

static void fill_parts(struct beamform *b)
{
	const struct sono_scan *scan = b->scan;
	uint32_t e;

	for (e = 0; e < scan->events; e++) {
		uint32_t group = b->params.group ? b->params.group[e] : 0;
		uint32_t samples = demod_samples(scan->event[e].samples,
						 b->params.decimate);

		if (group != BEAMFORM_UNUSED)
			b->part[b->parts++] =
				(struct part){ e, group, samples };
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
		.half_f = p->f_number > 0 ? 0.5 / p->f_number : 0,
		.window = p->window == WINDOW_BOXCAR ? NULL : b->window,
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
	b->transmit = dsp_alloc(b->parts * n, sizeof(*b->transmit));
	b->index = dsp_alloc(grid->samples, sizeof(*b->index));
	b->weight = dsp_alloc(grid->samples, 2 * sizeof(float));
	b->acc = dsp_alloc((size_t)b->parts * grid->samples,
			   2 * sizeof(float));
	return b->cis && b->window && b->span && b->transmit && b->index &&
	       b->weight && b->acc ? 0 : -ENOMEM;
}

static int build(struct beamform *b, const char **why)
{
	int ret;

	b->part = calloc(b->scan->events, sizeof(*b->part));
	if (!b->part)
		return -ENOMEM;
	fill_parts(b);
	ret = alloc_tables(b);
	if (ret)
		return ret;
	fill_law(b);
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

static const int32_t *transmit_row(const struct beamform *b, uint32_t k,
				   uint32_t line)
{
	const struct grid *grid = &b->params.grid;

	return b->transmit +
	       ((size_t)k * grid->lines + line) * grid->samples;
}

static void sum_channel(struct beamform *b, const struct baseband *in,
			uint32_t line, const struct ray *ray, uint32_t c)
{
	const struct sono_scan *scan = b->scan;
	const struct span *span =
		&b->span[(size_t)line * scan->channels + c];
	const size_t samples = b->params.grid.samples;
	uint32_t k;

	b->receive(b->index, b->weight, span->count, ray, span->first,
		   &scan->element[scan->channel_element[c]], &b->law);
	for (k = 0; k < b->parts; k++) {
		const struct part *part = &b->part[k];
		size_t row = (size_t)part->event * in->channels + c;

		b->add(b->acc + 2 * (k * samples + span->first),
		       in->data + row * in->stride, part->samples, b->index,
		       transmit_row(b, k, line) + span->first, b->weight,
		       span->count);
	}
}

void beamform_execute(struct beamform *b, struct iq *out,
		      const struct baseband *in)
{
	const struct grid *grid = &b->params.grid;
	const size_t samples = grid->samples;
	uint32_t line, c, k;

	memset(out->data, 0, (size_t)out->ensemble * out->lines * samples *
			     2 * sizeof(float));
	for (line = 0; line < grid->lines; line++) {
		struct ray ray = grid_ray(grid, line);

		memset(b->acc, 0, b->parts * samples * 2 * sizeof(float));
		for (c = 0; c < b->scan->channels; c++)
			sum_channel(b, in, line, &ray, c);
		for (k = 0; k < b->parts; k++) {
			size_t row = (size_t)b->part[k].group * grid->lines +
				     line;

			b->rotate(out->data + 2 * row * samples,
				  b->acc + 2 * k * samples,
				  transmit_row(b, k, line), grid->samples,
				  &b->law);
		}
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
	free(b->transmit);
	free(b->index);
	free(b->weight);
	free(b->acc);
	free(b);
}

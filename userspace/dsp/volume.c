// SPDX-License-Identifier: MIT
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "aperture.h"
#include "direction.h"
#include "transmit.h"
#include "volume.h"

/* Paths across the volume, places on one, and shifts at which it is looked. */
#define PATHS		9
#define STEPS		129
#define SHIFTS		257
#define REACH		2.5	/* of half a beam's width at half power */
#define SHIFT_SPAN	0.8	/* shifts looked at: 1 -+ this, of the nominal */

/**
 * struct element - one that sends or hears
 * @x: its place [m]
 * @z: [m]
 * @time: at which it sends; 0 of those that hear [s]
 * @weight: amplitude
 */
struct element {
	double x, z;
	double time;
	double weight;
};

/**
 * struct view - the volume from all sides
 * @scan: of its events
 * @params: of it
 * @event: one that looks there
 * @wave: what it sends
 * @k: the carrier's wave number [1/m]
 * @from: elements that send there, [senders]
 * @to: elements that hear, [hearers]
 * @x: the volume's middle [m]
 * @z: [m]
 * @far: of it, along the line [m]
 * @dx: along the line, downwards, of length 1
 * @dz: the same
 * @fx: along the flow towards the probe, of length 1
 * @fz: the same
 * @gate: its length along the line [m]
 */
struct view {
	const struct sono_scan *scan;
	const struct volume_params *params;
	const struct sono_event *event;
	struct transmit wave;
	double k;
	struct element *from;
	uint32_t senders;
	struct element *to;
	uint32_t hearers;
	double x, z, far;
	double dx, dz;
	double fx, fz;
	double gate;
};

/* --- who looks --- */

static struct element element_of(const struct view *v, uint32_t e, double time,
				 double weight)
{
	const struct sono_element *el = &v->scan->element[e];

	return (struct element){ el->x, el->z, time,
				 weight * element_gain(v->scan, e, v->x, v->z) };
}

/* Those that count in the middle of the gate, and as much. */
static int find_hearers(struct view *v)
{
	const struct volume_params *p = v->params;
	const struct beamform_params params = {
		.grid = p->grid,
		.f_number = p->f_number,
		.window = p->window,
		.taper = p->taper,
		.steer = p->steer,
	};
	const uint32_t middle = p->grid.samples / 2;
	const uint32_t tile = middle / BEAMFORM_TILE;
	int16_t weight[BEAMFORM_TILE];
	struct aperture *aperture;
	struct aperture_tile in;
	uint32_t c;

	if (aperture_create(&aperture, v->scan, &params))
		return -ENOMEM;
	in = aperture_tile(aperture, 0, tile);
	for (c = in.first; c < in.end; c++) {
		aperture_weights(aperture, 0, tile, c, c + 1, weight);
		if (weight[middle % BEAMFORM_TILE])
			v->to[v->hearers++] = element_of(
				v, v->scan->channel_element[c], 0,
				weight[middle % BEAMFORM_TILE]);
	}
	aperture_destroy(aperture);
	return 0;
}

static void find_senders(struct view *v)
{
	uint32_t e;

	for (e = 0; e < v->scan->elements; e++)
		if (!isnan(v->event->delay[e]))
			v->from[v->senders++] = element_of(
				v, e, v->event->delay[e], 1);
}

static int make_view(struct view *v, const struct sono_scan *scan,
		     const struct volume_params *p)
{
	const struct ray ray = grid_ray(&p->grid, 0);
	const double middle = (p->grid.samples - 1) / 2.0;
	const double axis = atan2(ray.dx, ray.dz) + p->flow;
	const double step = hypot(ray.dx, ray.dz);
	uint32_t e = 0;

	while (e + 1 < scan->events &&
	       SONO_TAG_ROLE(scan->event[e].tag) != p->role)
		e++;
	*v = (struct view){
		.scan = scan,
		.params = p,
		.event = &scan->event[e],
		.wave = transmit_of(scan, &scan->event[e]),
		.k = 2 * M_PI * scan->fc / scan->c,
		.from = calloc(scan->elements, sizeof(*v->from)),
		.to = calloc(scan->channels, sizeof(*v->to)),
		.x = ray.x + middle * ray.dx,
		.z = ray.z + middle * ray.dz,
		.dx = ray.dx / step,
		.dz = ray.dz / step,
		.fx = -sin(axis),
		.fz = -cos(axis),
		.gate = p->grid.samples * step,
	};
	if (!v->from || !v->to || find_hearers(v))
		return -ENOMEM;
	find_senders(v);
	return v->senders && v->hearers ? 0 : -EINVAL;
}

/* --- what they see --- */

static double way(const struct element *e, double x, double z)
{
	return hypot(x - e->x, z - e->z);
}

/* The wave that is sent, at a place. */
static double complex sent(const struct view *v, double x, double z)
{
	double complex sum = 0;
	uint32_t i;

	if (v->event->wave != SONO_WAVE_FOCUSED)
		return cexp(-I * v->k * transmit_arrival(&v->wave, x, z));
	for (i = 0; i < v->senders; i++)
		sum += v->from[i].weight *
		       cexp(-I * v->k * (v->scan->c * v->from[i].time +
					 way(&v->from[i], x, z)));
	return sum;
}

/*
 * Echo of a place that moves along the flow, without its mean turn: it is
 * received in the focus beside it on the line, and let through by the gate.
 */
static double complex echo(const struct view *v, double along, double across)
{
	const double x = v->x + along * v->fx - across * v->fz;
	const double z = v->z + along * v->fz + across * v->fx;
	const double depth = (x - v->x) * v->dx + (z - v->z) * v->dz;
	const double px = v->x + depth * v->dx, pz = v->z + depth * v->dz;
	double complex sum = 0;
	uint32_t i;

	if (fabs(depth) > v->gate / 2)
		return 0;
	for (i = 0; i < v->hearers; i++)
		sum += v->to[i].weight *
		       cexp(-I * v->k * (way(&v->to[i], x, z) -
					 way(&v->to[i], px, pz)));
	return sum * sent(v, x, z) *
	       cexp(-I * v->k * (depth + 2 * along * cos(v->params->flow)));
}

/* Half the width of the beam at half power, about, and at least a bit. */
static double half_beam(const struct view *v)
{
	const double wavelength = 2 * M_PI / v->k;
	const double low = v->to[0].x, high = v->to[v->hearers - 1].x;
	const double aperture = fmax(fabs(high - low), wavelength);

	return 0.75 * wavelength * hypot(v->x - (low + high) / 2, v->z) /
	       aperture;
}

/* Power of one path at every shift, shares of the nominal from low to high. */
static void add_path(const struct view *v, double *power, double half,
		     double across)
{
	const double nominal = 2 * cos(v->params->flow);
	double complex seen[STEPS];
	int i, k;

	for (i = 0; i < STEPS; i++)
		seen[i] = echo(v, half * (2.0 * i / (STEPS - 1) - 1), across);
	for (k = 0; k < SHIFTS; k++) {
		const double shift = SHIFT_SPAN *
				     (2.0 * k / (SHIFTS - 1) - 1) * nominal;
		const double complex turn = cexp(-I * v->k * shift * 2 * half /
						 (STEPS - 1));
		double complex sum = 0, at = 1;

		for (i = 0; i < STEPS; i++, at *= turn)
			sum += seen[i] * at;
		power[k] += creal(sum) * creal(sum) + cimag(sum) * cimag(sum);
	}
}

/* Paths across the gate, each as long as the volume. */
static void look(const struct view *v, double *power)
{
	const double flow = fabs(v->params->flow);
	const double beam = REACH * half_beam(v);
	const double half = fmin(v->gate / 2 / cos(flow) +
					 beam * tan(flow),
				 flow > 0 ? beam / sin(flow) +
						    v->gate / tan(flow) :
					    INFINITY);
	const double across = v->gate / 2 * sin(flow) + beam * cos(flow);
	int i;

	for (i = 0; i < PATHS; i++)
		add_path(v, power, half,
			 across * (2.0 * (i + 0.5) / PATHS - 1));
}

/* --- what comes of it --- */

static double shift_of(double i)
{
	return 1 + SHIFT_SPAN * (2 * i / (SHIFTS - 1) - 1);
}

static double mean_shift(const double *power)
{
	double sum = 0, moment = 0;
	int i;

	for (i = 0; i < SHIFTS; i++) {
		sum += power[i];
		moment += power[i] * shift_of(i);
	}
	return sum > 0 ? moment / sum : NAN;
}

/* Width at half power, between shifts linear; all there is where it has no end. */
static double half_width(const double *power)
{
	int best = 0, low, high, i;
	double half;

	for (i = 1; i < SHIFTS; i++)
		if (power[i] > power[best])
			best = i;
	half = power[best] / 2;
	for (low = best; low > 0 && power[low] > half; low--)
		;
	for (high = best; high < SHIFTS - 1 && power[high] > half; high++)
		;
	if (!(half > 0) || power[low] > half || power[high] > half)
		return 2 * SHIFT_SPAN;
	return shift_of(high - (half - power[high]) /
				       (power[high - 1] - power[high])) -
	       shift_of(low + (half - power[low]) /
				      (power[low + 1] - power[low]));
}

int volume_measure(struct volume *volume, const struct sono_scan *scan,
		   const struct volume_params *params)
{
	double power[SHIFTS] = { 0 };
	struct view v;
	int ret = make_view(&v, scan, params);

	if (!ret) {
		look(&v, power);
		volume->cosine = mean_shift(power) * cos(params->flow);
		volume->spread = fmin(half_width(power) / mean_shift(power), 1);
		ret = volume->cosine > 0 ? 0 : -EINVAL;
	}
	free(v.from);
	free(v.to);
	return ret;
}

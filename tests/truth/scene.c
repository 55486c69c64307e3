// SPDX-License-Identifier: MIT
/*
 * The emulated board's echoes against those of another simulator: the same
 * probe, points and plane waves as in the set, point by point and channel by
 * channel, where no other point's echo is near.
 *
 * They agree on delays, on directivity and on what is added up, and differ in
 * what follows:
 *
 * - Elements of the set are lines 5 mm high, focused at 20 mm, from which waves
 *   spread as 1/sqrt(r) at these depths; those of the emulated board are points
 *   in this respect, 1/r. So sqrt(r) is divided out each way; what is left, the
 *   focus and the end of the near field, stays below 0.9 dB.
 * - The set's pulse is a cycle of a sine, and its response another window of
 *   the same width at -6 dB: its echoes are centred 6 % below the centre
 *   frequency, the emulated board's on it (2 % below within the band that is
 *   looked at). Both are symmetric in time, so delays have to agree.
 */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "echo.h"
#include "seq.h"
#include "sono_regs.h"
#include "truth.h"

#define HALF		20	/* samples of an echo on each side */
#define APART		46	/* samples between echoes that are compared */
#define FREQUENCIES	13	/* from 0.7 to 1.3 of the centre */
#define POINTS_MAX	64
#define BOARD_CLOCK	1e9	/* [Hz], so that delays are exact to 4 ps */
#define STEEPEST	0.7	/* |x - x_e| over z of a channel that counts */
#define ANGLES		5	/* classes of that */

/* Tolerances: 0.09 samples, 0.85 dB and 4.1 % are what is found. */
#define LATE		0.1	/* [samples] */
#define LEVEL		1.0	/* [dB] */
#define CENTROID	6.0	/* [%] */
#define ECHOES_MIN	400

/* The set's world as the emulated board knows it. */
struct world {
	struct sim_probe probe;
	struct sim_scatterer point[POINTS_MAX];
	size_t points;
	struct sim_seq seq;
	struct sim_event event;
	struct sim_tx tx[SIM_PROBE_ELEMENTS];
	uint16_t map[SIM_PROBE_ELEMENTS];
};

/* What the comparison of a point's echoes says, summed over channels. */
struct finding {
	double late, level, weight;	/* [samples], [dB], channels */
};

struct findings {
	struct finding point[POINTS_MAX];
	struct finding angle[ANGLES];
	double moment[2], power[2];	/* spectra: theirs, ours */
};

static const char *read_points(struct world *w, const json_t *meta)
{
	const json_t *list = json_object_get(meta, "points_xz_m");
	size_t i;

	w->points = json_array_size(list);
	if (!w->points || w->points > POINTS_MAX)
		return "no points in meta.json";
	for (i = 0; i < w->points; i++) {
		const json_t *p = json_array_get(list, i);

		w->point[i] = (struct sim_scatterer){
			json_number_value(json_array_get(p, 0)),
			json_number_value(json_array_get(p, 1)), 1
		};
	}
	return NULL;
}

/* The pulse's centre is half its length late: the window begins so late, too. */
static void make_event(struct world *w, const struct sono_event *e, double fs,
		       double fc, enum mistake mistake)
{
	double late = mistake == MISTAKE_HALF_SAMPLE ? 0.5 / fs : 0;
	uint32_t i;

	w->event = (struct sim_event){
		.tx_freq = (uint32_t)lrint(fc),
		.tx_half_cycles = 2,
		.hv = 1,
		.rx_start = (uint32_t)lrint(0.5 / fc * fs),
		.rx_samples = e->samples,
		.rx_decimation = 1,
		.tgc = SONO_TGC_NONE,
	};
	for (i = 0; i < w->probe.elements; i++) {
		w->map[i] = i;
		w->tx[i] = (struct sim_tx){
			.delay = (uint32_t)lrint((e->delay[i] + late) *
						 BOARD_CLOCK *
						 SONO_DELAY_ONE_TICK),
			.amplitude = 65535,
			.enable = true,
		};
	}
}

static void make_world(struct world *w, const struct sono_scan *scan,
		       const json_t *meta, uint32_t transmit,
		       enum mistake mistake)
{
	double aside = mistake == MISTAKE_HALF_PITCH ?
			       truth_number(meta, "pitch") / 2 : 0;
	uint32_t i;

	w->probe = (struct sim_probe){
		.elements = scan->elements,
		.width = truth_number(meta, "width"),
		.fc = scan->fc,
		.bandwidth = truth_number(meta, "bandwidth_pct") / 100,
	};
	for (i = 0; i < scan->elements; i++)
		w->probe.element[i] = (struct sim_element){
			scan->element[i].x + aside, scan->element[i].z,
			scan->element[i].nx, scan->element[i].nz, 1
		};
	make_event(w, &scan->event[transmit], scan->fs, scan->fc, mistake);
	w->seq = (struct sim_seq){
		.limits = { .adc_clock = (uint32_t)lrint(scan->fs),
			    .board_clock = BOARD_CLOCK, .hv_max = 1 },
		.events = 1,
		.elements = scan->elements,
		.channels = scan->channels,
		.event = &w->event,
		.tx = w->tx,
		.map = w->map,
	};
}

/* --- echoes ------------------------------------------------------------- */

/* First arrival at the point and from there to the channel [samples]. */
static double arrival(const struct sono_scan *scan, uint32_t transmit,
		      const struct sim_scatterer *p, uint32_t channel)
{
	const double *delay = scan->event[transmit].delay;
	const struct sono_element *el = scan->element;
	double first = INFINITY;
	uint32_t i;

	for (i = 0; i < scan->elements; i++)
		first = fmin(first, delay[i] + hypot(p->x - el[i].x,
						     p->z - el[i].z) / scan->c);
	first += hypot(p->x - el[channel].x, p->z - el[channel].z) / scan->c;
	return first * scan->fs;
}

static bool same(const struct sim_scatterer *a, const struct sim_scatterer *b)
{
	return a->x == b->x && a->z == b->z;
}

static bool alone(const struct sono_scan *scan, const struct world *w,
		  uint32_t transmit, size_t point, uint32_t channel, double at)
{
	size_t i;

	for (i = 0; i < w->points; i++)
		if (!same(&w->point[i], &w->point[point]) &&
		    fabs(arrival(scan, transmit, &w->point[i], channel) - at) <
		    APART)
			return false;
	return true;
}

/* Spectrum of an echo at FREQUENCIES, about its place. */
static void spectrum(double complex *s, const double *echo, double fc,
		     double fs)
{
	int i, k;

	for (i = 0; i < FREQUENCIES; i++) {
		double f = fc * (0.7 + 0.6 * i / (FREQUENCIES - 1));

		s[i] = 0;
		for (k = 0; k <= 2 * HALF; k++)
			s[i] += echo[k] * cexp(-2 * M_PI * I * f / fs *
					       (k - HALF));
	}
}

/*
 * How much later the first is than the second [samples]: the slope of the
 * phase between them over frequency, weighted by power. A constant phase, in
 * which pulses may differ, is none of it.
 */
static double lateness(const double complex *a, const double complex *b,
		       double fc, double fs)
{
	double step = 2 * M_PI * fc * 0.6 / (FREQUENCIES - 1) / fs;
	double complex sum = 0;
	int i;

	for (i = 1; i < FREQUENCIES; i++)
		sum += a[i] * conj(b[i]) * conj(a[i - 1] * conj(b[i - 1]));
	return -carg(sum) / step;
}

static double power(const double complex *s)
{
	double sum = 0;
	int i;

	for (i = 0; i < FREQUENCIES; i++)
		sum += creal(s[i] * conj(s[i]));
	return sum;
}

static void add_spectrum(struct findings *f, int which,
			 const double complex *s)
{
	int i;

	for (i = 0; i < FREQUENCIES; i++) {
		double p = creal(s[i] * conj(s[i]));

		f->moment[which] += p * (0.7 + 0.6 * i / (FREQUENCIES - 1));
		f->power[which] += p;
	}
}

static void add(struct finding *f, double late, double level)
{
	f->late += late;
	f->level += level;
	f->weight++;
}

/* One point in one channel: theirs against ours; @ways: both, multiplied. */
static void compare_echo(struct findings *f, const struct sono_scan *scan,
			 const double *theirs, const double *ours, size_t point,
			 double steep, double ways)
{
	double complex a[FREQUENCIES], b[FREQUENCIES];
	double late, level;

	spectrum(a, theirs, scan->fc, scan->fs);
	spectrum(b, ours, scan->fc, scan->fs);
	late = lateness(a, b, scan->fc, scan->fs);
	level = 10 * log10(power(a) / power(b) / ways);
	add_spectrum(f, 0, a);
	add_spectrum(f, 1, b);
	add(&f->point[point], late, level);
	add(&f->angle[(int)(fabs(steep) / STEEPEST * ANGLES)], 0, level);
}

static void compare_channel(struct findings *f, const struct sono_scan *scan,
			    const struct world *w, uint32_t transmit,
			    uint32_t channel, const int16_t *theirs,
			    const float *ours)
{
	uint32_t samples = scan->event[transmit].samples;
	size_t i;

	for (i = 0; i < w->points; i++) {
		const struct sim_scatterer *p = &w->point[i];
		double at = arrival(scan, transmit, p, channel);
		double steep = (p->x - scan->element[channel].x) / p->z;
		double a[2 * HALF + 1], b[2 * HALF + 1];
		long from = lrint(at) - HALF, k;

		if (fabs(steep) >= STEEPEST || from < 0 ||
		    from + 2 * HALF >= samples ||
		    !alone(scan, w, transmit, i, channel, at))
			continue;
		for (k = 0; k <= 2 * HALF; k++) {
			a[k] = theirs[from + k];
			b[k] = ours[from + k];
		}
		compare_echo(f, scan, a, b, i, steep,
			     p->z * hypot(p->z, steep * p->z));
	}
}

static const char *compare(struct findings *f, const struct sono_import *set,
			   struct world *w, uint32_t transmit)
{
	const struct sono_event *e = &set->scan->event[transmit];
	float *rf = calloc((size_t)set->scan->channels * e->samples,
			   sizeof(*rf));
	struct echo *echo;
	uint32_t c;

	if (!rf)
		return "out of memory";
	if (echo_create(&echo, &w->probe, 0, &w->seq)) {
		free(rf);
		return "cannot make echoes";
	}
	echo_execute(echo, &w->seq, 0, w->point, w->points, rf);
	echo_destroy(echo);
	for (c = 0; c < set->scan->channels; c++)
		compare_channel(f, set->scan, w, transmit, c,
				(const int16_t *)(set->payload + e->offset +
						  c * e->stride),
				rf + (size_t)c * e->samples);
	free(rf);
	return NULL;
}

/* --- verdict -------------------------------------------------------------- */

static double mean(const struct finding *f, double sum)
{
	return sum / f->weight;
}

static void judge(struct verdict *v, const struct findings *f,
		  const struct world *w)
{
	double level = 0, weight = 0;
	size_t i;

	for (i = 0; i < w->points; i++) {
		level += f->point[i].level;
		weight += f->point[i].weight;
	}
	verdict_least(v, "echoes compared", weight, ECHOES_MIN);
	level /= weight;
	for (i = 0; i < w->points; i++) {
		const struct finding *p = &f->point[i];

		if (!p->weight)
			continue;
		verdict_near(v, "arrival [samples]", mean(p, p->late), 0, LATE);
		verdict_near(v, "level of a point [dB]", mean(p, p->level),
			     level, LEVEL);
	}
	for (i = 0; i < ANGLES; i++)
		verdict_near(v, "level by angle [dB]",
			     mean(&f->angle[i], f->angle[i].level), level,
			     LEVEL);
	verdict_percent(v, "centroid", f->moment[1] / f->power[1],
			f->moment[0] / f->power[0], CENTROID);
}

static void run(const struct sono_import *set, const json_t *meta,
		uint32_t transmit, enum mistake mistake)
{
	static struct world w;
	struct findings f = { 0 };
	struct verdict v = verdict_new();
	const char *why = read_points(&w, meta);
	char name[64];

	snprintf(name, sizeof(name), "scene_tx%u_%s", transmit,
		 mistake_name(mistake));
	if (!why) {
		make_world(&w, set->scan, meta, transmit, mistake);
		why = compare(&f, set, &w, transmit);
	}
	if (why) {
		truth_broken(name, why);
		return;
	}
	judge(&v, &f, &w);
	if (mistake == MISTAKE_NONE)
		truth_right(name, &v);
	else
		truth_wrong(name, &v);
}

void truth_scene(const json_t *reference)
{
	const char *folder =
		json_string_value(json_object_get(reference, "folder"));
	json_t *meta = json_load_file(dataset_path(folder, "meta.json"), 0,
				      NULL);
	const char *why;
	struct sono_import *set = dataset_open(folder, &why);

	if (!set || !meta) {
		truth_broken("scene", set ? "no meta.json" : why);
	} else {
		run(set, meta, 37, MISTAKE_NONE);
		run(set, meta, 0, MISTAKE_NONE);
		run(set, meta, 37, MISTAKE_HALF_SAMPLE);
		run(set, meta, 37, MISTAKE_HALF_PITCH);
	}
	sono_import_free(set);
	json_decref(meta);
}

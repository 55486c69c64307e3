// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Time is counted in samples of the event from its trigger. What arrives at a
 * scatterer is kept on a grid PHASES times as fine, a row per phase, so that
 * a channel with any delay reads two neighbouring rows from end to end and
 * interpolates between them. At 4 samples a period, the error of that is 58 dB
 * below the echo; the pulse itself is placed to 1/STEPS sample.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "sono_regs.h"

#define PHASES 16
#define STEPS 256 /* a multiple of PHASES */
#define BLOCK 16 /* samples that are skipped together */
#define NEAREST 0.5e-3 /* [m] no scatterer is nearer to an element */
#define REFERENCE 10e-3 /* [m] */
#define NEGLIGIBLE 5e-4f /* of the strongest sample */
#define GAUSS_END 4.5 /* standard deviations */
#define OUT_OF_BAND 16 /* times the probe's frequency, or a part of it */
#define TAPS_MAX 1024
#define SPREAD_MAX (1u << 20)

/* The pulse at one frequency and length, as an echo shows it. */
struct pulse {
	uint32_t freq, polarity, decimation;
	int half_cycles;
	double start; /* of the table, after the transmit [samples] */
	uint32_t taps;
	float *table; /* [STEPS][taps], time start + tap + step / STEPS */
};

/* A run of samples of the arriving field that matter. */
struct run {
	uint32_t from, to;
};

struct echo {
	const struct sim_probe *probe;
	double adc_clock, board_clock, hv_max;
	struct pulse pulse;
	double *way; /* [elements], of the scatterer at hand [samples] */
	float *weight; /* [elements] */
	uint32_t spread; /* samples of a row */
	float *field; /* [PHASES + 1][spread] */
	struct run *run;
	uint32_t runs;
};

/* What is far from the probe's frequency makes no echo at all. */
static bool audible(const struct echo *e, const struct sim_event *event)
{
	double f = event->tx_freq / e->probe->fc;

	return !(event->flags & SONO_EVENT_RX_ONLY) && f > 1.0 / OUT_OF_BAND &&
	       f < OUT_OF_BAND;
}

static double sample_rate(const struct echo *e, const struct sim_event *event)
{
	return e->adc_clock / event->rx_decimation;
}

/* --- the pulse ------------------------------------------------------------------- */

static double gauss_deviation(const struct sim_probe *probe)
{
	double f = probe->bandwidth * probe->fc / 2 / sqrt(2 * log(2));

	return 1 / (2 * M_PI * f);
}

/* The element's two-way response [1/s] to an impulse at time 0. */
static double response(const struct sim_probe *probe, double t)
{
	double s = gauss_deviation(probe);

	return 2 * probe->fc * exp(-t * t / (2 * s * s)) *
	       cos(2 * M_PI * probe->fc * t);
}

/* The response to the half cycles, at time t after they began. */
static double pulse_at(const struct sim_probe *probe, const struct pulse *p,
		       double t)
{
	const int parts = 32;
	double half = 0.5 / p->freq;
	double end = GAUSS_END * gauss_deviation(probe);
	int first = (int)fmax(0, floor((t - end) / half));
	int last = (int)fmin(p->half_cycles - 1, floor((t + end) / half));
	double sum = 0;

	for (int i = first; i <= last; i++) {
		double sign = (i + p->polarity) % 2 ? -1 : 1;

		for (int k = 0; k < parts; k++)
			sum += sign *
			       response(probe,
					t - (i + (k + 0.5) / parts) * half);
	}
	return sum * half / parts;
}

static bool same_pulse(const struct pulse *p, const struct sim_event *event)
{
	return p->table && p->freq == event->tx_freq &&
	       p->half_cycles == event->tx_half_cycles &&
	       p->polarity == event->tx_polarity &&
	       p->decimation == event->rx_decimation;
}

static uint32_t pulse_taps(const struct echo *e, const struct sim_event *event)
{
	double length = 0.5 * event->tx_half_cycles / event->tx_freq +
			2 * GAUSS_END * gauss_deviation(e->probe);

	return (uint32_t)ceil(length * sample_rate(e, event)) + 1;
}

/* @p->table has room for the longest pulse of the table. */
static void make_pulse(struct echo *e, const struct sim_event *event)
{
	double fs = sample_rate(e, event);
	struct pulse *p = &e->pulse;

	if (same_pulse(p, event))
		return;
	p->freq = event->tx_freq;
	p->half_cycles = event->tx_half_cycles;
	p->polarity = event->tx_polarity;
	p->decimation = event->rx_decimation;
	p->start = -GAUSS_END * gauss_deviation(e->probe) * fs;
	p->taps = pulse_taps(e, event);
	for (uint32_t s = 0; s < STEPS; s++)
		for (uint32_t k = 0; k < p->taps; k++)
			p->table[s * p->taps + k] = (float)pulse_at(
				e->probe, p,
				(p->start + k + (double)s / STEPS) / fs);
}

/* --- one scatterer ------------------------------------------------------------------ */

static double directivity(const struct echo *e, double frequency, double cosine,
			  double sine)
{
	double a = M_PI * e->probe->width * sine * frequency / SIM_SOUND_SPEED;

	if (cosine <= 0)
		return 0;
	return cosine * (fabs(a) < 1e-6 ? 1 : sin(a) / a);
}

/* The way to and from each element, and what it leaves of a wave. */
static void measure_ways(struct echo *e, const struct sim_scatterer *s,
			 double frequency, double fs)
{
	for (uint32_t i = 0; i < e->probe->elements; i++) {
		const struct sim_element *el = &e->probe->element[i];
		double dx = s->x - el->x, dz = s->z - el->z;
		double r = fmax(sqrt(dx * dx + dz * dz), NEAREST);
		double cosine = (dx * el->nx + dz * el->nz) / r;
		double sine = (dx * el->nz - dz * el->nx) / r;

		e->way[i] = r / SIM_SOUND_SPEED * fs;
		e->weight[i] = (float)(directivity(e, frequency, cosine, sine) *
				       REFERENCE / r);
	}
}

static double delay_of(const struct echo *e, const struct sim_tx *tx, double fs)
{
	return tx->delay / (SONO_DELAY_ONE_TICK * e->board_clock) * fs;
}

/* Add an element's pulse that begins at @q [1/STEPS of a grid sample]. */
static void add_pulse(struct echo *e, int64_t q, float weight)
{
	const struct pulse *p = &e->pulse;

	for (int phase = 0; phase <= PHASES; phase++) {
		int64_t at = q - phase * (STEPS / PHASES);
		int64_t n = (at + STEPS - 1) / STEPS;
		float *to = e->field + (size_t)phase * e->spread + n;
		const float *from = p->table + (n * STEPS - at) * p->taps;

		for (uint32_t k = 0; k < p->taps; k++)
			to[k] += weight * from[k];
	}
}

/*
 * Sum what the row's elements send to the scatterer. *@base is the time of
 * the grid's first sample; return how many samples it has, 0 for none.
 */
static uint32_t sum_field(struct echo *e, const struct sim_tx *tx,
			  uint32_t elements, uint32_t window, double fs,
			  int64_t *base)
{
	double first = INFINITY, last = -INFINITY;
	uint32_t length;

	for (uint32_t i = 0; i < elements; i++) {
		double t = delay_of(e, &tx[i], fs) + e->way[i];

		if (!tx[i].enable || !tx[i].amplitude || t > window)
			continue;
		first = fmin(first, t);
		last = fmax(last, t);
	}
	if (first > last)
		return 0;
	*base = (int64_t)floor(first + e->pulse.start) - 1;
	length = (uint32_t)(last - first) + e->pulse.taps + 4;
	for (int phase = 0; phase <= PHASES; phase++)
		memset(e->field + (size_t)phase * e->spread, 0,
		       length * sizeof(float));
	for (uint32_t i = 0; i < elements; i++) {
		double t = delay_of(e, &tx[i], fs) + e->way[i];

		if (!tx[i].enable || !tx[i].amplitude || t > window)
			continue;
		add_pulse(e,
			  llrint((t + e->pulse.start - (double)*base) * STEPS),
			  e->weight[i] * ((float)tx[i].amplitude / 65535));
	}
	return length;
}

static float block_peak(const struct echo *e, uint32_t from, uint32_t to)
{
	float peak = 0;

	for (int phase = 0; phase < PHASES; phase += 2) {
		const float *row = e->field + (size_t)phase * e->spread;

		for (uint32_t n = from; n < to; n++)
			peak = fmaxf(peak, fabsf(row[n]));
	}
	return peak;
}

/*
 * Between the wave proper and the waves from the array's ends, elements
 * cancel out: leave out the blocks where nothing is left.
 */
static void find_runs(struct echo *e, uint32_t length)
{
	float peak = block_peak(e, 0, length);

	e->runs = 0;
	for (uint32_t from = 0; from < length; from += BLOCK) {
		uint32_t to = from + BLOCK < length ? from + BLOCK : length;

		if (block_peak(e, from, to) <= NEGLIGIBLE * peak)
			continue;
		if (e->runs && e->run[e->runs - 1].to == from)
			e->run[e->runs - 1].to = to;
		else
			e->run[e->runs++] = (struct run){ from, to };
	}
}

/* Add the field, as late as @delay [samples], to one channel's samples. */
static void add_echo(const struct echo *e, double delay, float weight,
		     float *rf, int64_t samples)
{
	int64_t k0 = (int64_t)ceil(delay);
	double at = ((double)k0 - delay) * PHASES;
	int phase = (int)at;
	float part = (float)(at - phase);
	const float *a = e->field + (size_t)phase * e->spread;
	const float *b = a + e->spread;

	for (uint32_t i = 0; i < e->runs; i++) {
		int64_t from = e->run[i].from, to = e->run[i].to;
		float wa = weight * (1 - part), wb = weight * part;

		from = from + k0 < 0 ? -k0 : from;
		to = to + k0 > samples ? samples - k0 : to;
		for (int64_t n = from; n < to; n++)
			rf[k0 + n] += wa * a[n] + wb * b[n];
	}
}

/* --- an event ----------------------------------------------------------------------- */

void echo_execute(struct echo *e, const struct sim_seq *table, uint32_t event,
		  const struct sim_scatterer *scatterer, size_t count,
		  float *rf)
{
	const struct sim_event *ev = &table->event[event];
	const struct sim_tx *tx =
		table->tx + (size_t)ev->tx_row * table->elements;
	const uint16_t *map = table->map + (size_t)ev->rx_map * table->channels;
	const double fs = sample_rate(e, ev);
	const double start = (double)ev->rx_start / ev->rx_decimation;
	const uint32_t window = (uint32_t)start + ev->rx_samples;

	memset(rf, 0, (size_t)table->channels * ev->rx_samples * sizeof(*rf));
	if (!audible(e, ev))
		return;
	make_pulse(e, ev);
	for (size_t i = 0; i < count; i++) {
		float strength =
			(float)(scatterer[i].amplitude * ev->hv / e->hv_max);
		uint32_t length;
		int64_t base = 0;

		measure_ways(e, &scatterer[i], ev->tx_freq, fs);
		length = sum_field(e, tx, table->elements, window, fs, &base);
		if (!length)
			continue;
		find_runs(e, length);
		for (uint32_t c = 0; c < table->channels; c++)
			add_echo(e, (double)base + e->way[map[c]] - start,
				 strength * e->weight[map[c]],
				 rf + (size_t)c * ev->rx_samples,
				 ev->rx_samples);
	}
}

/* --- life ----------------------------------------------------------------------------- */

static double aperture(const struct sim_probe *probe)
{
	double x0 = INFINITY, x1 = -INFINITY, z0 = INFINITY, z1 = -INFINITY;

	for (uint32_t i = 0; i < probe->elements; i++) {
		x0 = fmin(x0, probe->element[i].x);
		x1 = fmax(x1, probe->element[i].x);
		z0 = fmin(z0, probe->element[i].z);
		z1 = fmax(z1, probe->element[i].z);
	}
	return hypot(x1 - x0, z1 - z0);
}

/* Room for the longest pulse and the widest spread of the table's events. */
static int size_up(struct echo *e, const struct sim_seq *table,
		   uint32_t *max_taps)
{
	const double size = aperture(e->probe) / SIM_SOUND_SPEED;

	*max_taps = 1;
	e->spread = BLOCK;
	for (uint32_t i = 0; i < table->events; i++) {
		const struct sim_event *ev = &table->event[i];
		const struct sim_tx *tx =
			table->tx + (size_t)ev->tx_row * table->elements;
		double fs = sample_rate(e, ev), delays = 0, spread;
		uint32_t taps;

		if (!audible(e, ev))
			continue;
		for (uint32_t k = 0; k < table->elements; k++)
			if (tx[k].enable)
				delays = fmax(delays, delay_of(e, &tx[k], fs));
		taps = pulse_taps(e, ev);
		spread = delays + size * fs + taps + 8;
		if (taps > TAPS_MAX || spread > SPREAD_MAX)
			return -EINVAL;
		*max_taps = taps > *max_taps ? taps : *max_taps;
		e->spread = spread > e->spread ? (uint32_t)spread : e->spread;
	}
	return 0;
}

int echo_create(struct echo **echo, const struct sim_probe *probe,
		const struct sim_seq *table)
{
	struct echo *e;
	uint32_t taps;

	if (table->elements > probe->elements)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->probe = probe;
	e->adc_clock = table->limits.adc_clock;
	e->board_clock = table->limits.board_clock;
	e->hv_max = table->limits.hv_max;
	if (size_up(e, table, &taps)) {
		free(e);
		return -EINVAL;
	}
	e->pulse.table = malloc((size_t)STEPS * taps * sizeof(float));
	e->way = malloc(probe->elements * sizeof(*e->way));
	e->weight = malloc(probe->elements * sizeof(*e->weight));
	e->field = malloc((size_t)(PHASES + 1) * e->spread * sizeof(float));
	e->run = malloc((e->spread / BLOCK + 1) * sizeof(*e->run));
	if (!e->pulse.table || !e->way || !e->weight || !e->field || !e->run) {
		echo_destroy(e);
		return -ENOMEM;
	}
	*echo = e;
	return 0;
}

void echo_destroy(struct echo *e)
{
	if (!e)
		return;
	free(e->pulse.table);
	free(e->way);
	free(e->weight);
	free(e->field);
	free(e->run);
	free(e);
}

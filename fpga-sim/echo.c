// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Time is counted in samples of the event from its trigger. What arrives at a
 * scatterer is kept on a grid PHASES times as fine, a row per phase, so that
 * a channel with any delay reads four neighbouring rows from end to end and
 * interpolates between them (cubic, Lagrange). At 4 samples a period, the
 * error of that is 65 dB below the echo; the pulse itself is placed to
 * 1/STEPS sample.
 *
 * Where the medium is nonlinear, the pressure at the scatterer is needed by
 * itself: the response is then taken apart, one half of it before the square
 * and the other behind.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "sono_regs.h"
#include "wide.h"

#define PHASES 4
#define STEPS 256 /* a multiple of PHASES */
#define BLOCK 8 /* samples that are skipped, and added, together */
#define NEAREST 0.5e-3 /* [m] no scatterer is nearer to an element */
#define REFERENCE 10e-3 /* [m] */
#define NEGLIGIBLE 5e-4f /* of the strongest sample */
#define GAUSS_END 4.0 /* standard deviations */
#define OUT_OF_BAND 16 /* times the probe's frequency, or a part of it */
#define TAPS_MAX 1024
#define SPREAD_MAX (1u << 20)
#define EARLIEST (1 << 30) /* samples before the window where nothing is left */
#define MARGIN 4 /* silence around a row of the field [samples] */

typedef float block __attribute__((vector_size(BLOCK * sizeof(float)),
				   aligned(sizeof(float)), may_alias));
typedef float pair __attribute__((vector_size(2 * BLOCK * sizeof(float)),
				  aligned(sizeof(float)), may_alias));

/*
 * The pulse at one frequency and length: as an echo shows it, or as pressure,
 * which has gone through the response one way only.
 */
struct pulse {
	bool pressure;
	uint32_t freq, polarity, decimation;
	int half_cycles;
	double start; /* of the table, after the transmit [samples] */
	uint32_t taps;
	uint32_t stride; /* of the table: taps and silence, whole blocks */
	float *table; /* [STEPS][stride], time start + tap + step / STEPS */
};

/* A run of samples of a field that matter. */
struct run {
	uint32_t from, to;
};

/* What arrives at the scatterer, or what of that is heard. */
struct field {
	float *rows; /* [PHASES][spread], MARGIN of each row before its start */
	struct run *run;
	uint32_t runs;
};

/* One of the elements that transmit in the event at hand. */
struct sender {
	uint32_t element;
	float amplitude; /* 0 .. 1 */
	double delay; /* [samples] */
	double at; /* when its pulse reaches the scatterer [samples] */
};

struct echo {
	const struct sim_probe *probe;
	double adc_clock, board_clock, hv_max;
	struct pulse pulse;
	struct sender *sender; /* [elements] */
	uint32_t senders;
	double *x, *z, *nx, *nz, *gain; /* [elements], the probe's */
	double *way; /* [elements], of the scatterer at hand [samples] */
	double *sine; /* [elements], of the angle to the scatterer */
	double *near; /* [elements], what angle and distance leave of a wave */
	double *weight; /* [elements], and the width */
	int32_t *lag; /* [elements], of a field's first sample */
	int32_t *phase; /* [elements], how much earlier that is [1 / PHASES] */
	float *tap[4]; /* [elements] each, of the rows around the phase */
	uint32_t spread; /* samples of a row */
	struct field heard;
	double nonlinearity;
	/* the rest only in a nonlinear medium */
	struct pulse sent; /* as pressure */
	struct field pressure, overtone;
	float *fine; /* [PHASES x spread], squares of the pressure in time */
	float *ear; /* [2 ears + 1], the response one way, PHASES a sample */
	uint32_t ears;
	uint32_t ear_decimation; /* that it was made for */
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

/* Of the two-way response; one way its square is half as large. */
static double gauss_deviation(const struct sim_probe *probe, bool one_way)
{
	double f = probe->bandwidth * probe->fc / 2 / sqrt(2 * log(2));

	return 1 / (2 * M_PI * f) * (one_way ? M_SQRT1_2 : 1);
}

/*
 * The element's response to a step at time 0: two ways, or as pressure. At the
 * centre frequency both are the same.
 */
static double step_response(const struct sim_probe *probe, bool pressure,
			    double t)
{
	double s = gauss_deviation(probe, pressure);

	return exp(-t * t / (2 * s * s)) * cos(2 * M_PI * probe->fc * t) /
	       M_PI * (pressure ? M_SQRT2 : 1);
}

/* The response one way to an impulse, 1 at the centre frequency. */
static double ear_response(const struct sim_probe *probe, double t)
{
	double s = gauss_deviation(probe, true);

	return exp(-t * t / (2 * s * s)) * cos(2 * M_PI * probe->fc * t) * 2 /
	       (s * sqrt(2 * M_PI));
}

/* The response to the half cycles, at time t after they began. */
static double pulse_at(const struct sim_probe *probe, const struct pulse *p,
		       double t)
{
	double half = 0.5 / p->freq;
	double end = GAUSS_END * gauss_deviation(probe, p->pressure);
	int first = (int)fmax(0, floor((t - end) / half) - 1);
	int last = (int)fmin(p->half_cycles - 1, floor((t + end) / half));
	double sum = 0;

	for (int i = first; i <= last; i++) {
		double sign = (i + p->polarity) % 2 ? -1 : 1;

		sum += sign *
		       (step_response(probe, p->pressure, t - i * half) -
			step_response(probe, p->pressure, t - (i + 1) * half));
	}
	return sum;
}

static bool same_pulse(const struct pulse *p, const struct sim_event *event)
{
	return p->table && p->freq == event->tx_freq &&
	       p->half_cycles == event->tx_half_cycles &&
	       p->polarity == event->tx_polarity &&
	       p->decimation == event->rx_decimation;
}

/* Of either kind; two ways are longer. */
static uint32_t pulse_taps(const struct echo *e, const struct sim_event *event,
			   bool pressure)
{
	double length = 0.5 * event->tx_half_cycles / event->tx_freq +
			2 * GAUSS_END * gauss_deviation(e->probe, pressure);

	return (uint32_t)ceil(length * sample_rate(e, event)) + 1;
}

static uint32_t whole_blocks(uint32_t samples)
{
	return (samples + BLOCK - 1) / BLOCK * BLOCK;
}

/* @p->table has room for the longest pulse of the table. */
static void make_pulse(const struct echo *e, struct pulse *p,
		       const struct sim_event *event)
{
	double fs = sample_rate(e, event);

	if (same_pulse(p, event))
		return;
	p->freq = event->tx_freq;
	p->half_cycles = event->tx_half_cycles;
	p->polarity = event->tx_polarity;
	p->decimation = event->rx_decimation;
	p->start = -GAUSS_END * gauss_deviation(e->probe, p->pressure) * fs;
	p->taps = pulse_taps(e, event, p->pressure);
	p->stride = whole_blocks(p->taps);
	memset(p->table, 0, (size_t)STEPS * p->stride * sizeof(float));
	for (uint32_t s = 0; s < STEPS; s++)
		for (uint32_t k = 0; k < p->taps; k++)
			p->table[s * p->stride + k] = (float)pulse_at(
				e->probe, p,
				(p->start + k + (double)s / STEPS) / fs);
}

static uint32_t half_ear(const struct echo *e, const struct sim_event *event)
{
	return (uint32_t)ceil(GAUSS_END * gauss_deviation(e->probe, true) *
			      sample_rate(e, event) * PHASES);
}

/* @e->ear has room for the longest of the table. */
static void make_ear(struct echo *e, const struct sim_event *event)
{
	const double rate = sample_rate(e, event) * PHASES;

	if (e->ear_decimation == event->rx_decimation)
		return;
	e->ear_decimation = event->rx_decimation;
	e->ears = half_ear(e, event);
	for (uint32_t k = 0; k <= 2 * e->ears; k++)
		e->ear[k] = (float)(ear_response(e->probe,
						 ((double)k - e->ears) / rate) /
				    rate);
}

/* --- one scatterer ------------------------------------------------------------------ */

/*
 * sin(a) / a for |a| below 3.5, to 1e-7; a series, because the compiler can
 * take several elements at once through it.
 */
static __always_inline double sinc_series(double a)
{
	double q = a * a;

	return 1 +
	       q * (-1.0 / 6 +
		    q * (1.0 / 120 +
			 q * (-1.0 / 5040 +
			      q * (1.0 / 362880 +
				   q * (-1.0 / 39916800 +
					q * (1.0 / 6227020800 +
					     q * (-1.0 / 1307674368000 +
						  q / 355687428096000)))))));
}

#define SERIES_END 3.5

/*
 * The way to and from each element, and what it leaves of a wave: nothing
 * behind the element, and in front of it by angle and distance.
 */
SIM_WIDE static void measure_ways(struct echo *e, const struct sim_scatterer *s,
			      double fs)
{
	const double samples = fs / SIM_SOUND_SPEED; /* a metre */

	for (uint32_t i = 0; i < e->probe->elements; i++) {
		double dx = s->x - e->x[i], dz = s->z - e->z[i];
		double r = sqrt(dx * dx + dz * dz), part, cosine;

		r = r > NEAREST ? r : NEAREST;
		part = 1 / r;
		cosine = (dx * e->nx[i] + dz * e->nz[i]) * part;
		e->sine[i] = (dx * e->nz[i] - dz * e->nx[i]) * part;
		e->way[i] = r * samples;
		e->near[i] = (cosine > 0 ? cosine : 0) * REFERENCE * part *
			     e->gain[i];
	}
}

/* What is left of a wave of a frequency that a width averages. */
SIM_WIDE static void weigh(struct echo *e, double frequency)
{
	const double turn = M_PI * e->probe->width * frequency /
			    SIM_SOUND_SPEED;
	const uint32_t n = e->probe->elements;

	if (turn < SERIES_END) {
		for (uint32_t i = 0; i < n; i++)
			e->weight[i] = e->near[i] *
				       sinc_series(turn * e->sine[i]);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		double a = turn * e->sine[i];

		e->weight[i] = e->near[i] * (fabs(a) > 1e-6 ? sin(a) / a : 1);
	}
}

static double delay_of(const struct echo *e, const struct sim_tx *tx, double fs)
{
	return tx->delay / (SONO_DELAY_ONE_TICK * e->board_clock) * fs;
}

static void find_senders(struct echo *e, const struct sim_tx *tx,
			 uint32_t elements, double fs)
{
	e->senders = 0;
	for (uint32_t i = 0; i < elements; i++)
		if (tx[i].enable && tx[i].amplitude)
			e->sender[e->senders++] = (struct sender){
				.element = i,
				.amplitude = (float)tx[i].amplitude / 65535,
				.delay = delay_of(e, &tx[i], fs),
			};
}

static __always_inline block *block_at(float *samples)
{
	return (block *)samples;
}

static __always_inline const block *block_of(const float *samples)
{
	return (const block *)samples;
}

static __always_inline pair *pair_at(float *samples)
{
	return (pair *)samples;
}

static __always_inline const pair *pair_of(const float *samples)
{
	return (const pair *)samples;
}

static __always_inline float *
field_row(const struct echo *e, const struct field *f, unsigned int phase)
{
	return f->rows + (size_t)phase * e->spread + MARGIN;
}

/* Add an element's pulse that begins at @q >= 0 [1/STEPS sample]. */
static __always_inline void add_pulse(const struct echo *e, struct field *f,
				      const struct pulse *p, uint32_t q,
				      float weight)
{
	const uint32_t stride = p->stride;

	for (int phase = 0; phase < PHASES; phase++) {
		uint32_t at = q + STEPS - phase * (STEPS / PHASES);
		uint32_t n = (at + STEPS - 1) / STEPS;
		const float *from = p->table + (n * STEPS - at) * stride;
		float *to = field_row(e, f, phase) + n - 1;
		uint32_t k = 0;

		for (; k + 2 * BLOCK <= stride; k += 2 * BLOCK)
			*pair_at(to + k) += weight * *pair_of(from + k);
		for (; k < stride; k += BLOCK)
			*block_at(to + k) += weight * *block_of(from + k);
	}
}

/*
 * When the senders' pulses arrive. *@base is the time of the grid's first
 * sample; return how many samples it has, 0 for none.
 */
static uint32_t find_arrivals(struct echo *e, uint32_t window, int64_t *base)
{
	double first = INFINITY, last = -INFINITY;

	for (uint32_t i = 0; i < e->senders; i++) {
		struct sender *s = &e->sender[i];

		s->at = s->delay + e->way[s->element];
		if (s->at > window)
			continue;
		first = s->at < first ? s->at : first;
		last = s->at > last ? s->at : last;
	}
	if (first > last)
		return 0;
	*base = (int64_t)floor(first + e->pulse.start) - 1;
	return (uint32_t)(last - first) + e->pulse.taps + 4;
}

/* Sum what the senders send to the scatterer, as @p shows it. */
SIM_WIDE static void sum_field(const struct echo *e, struct field *f,
			   const struct pulse *p, uint32_t window,
			   int64_t base, uint32_t length)
{
	const double origin = p->start - (double)base;

	for (int phase = 0; phase < PHASES; phase++)
		memset(field_row(e, f, phase) - MARGIN, 0,
		       (length + 2 * MARGIN) * sizeof(float));
	for (uint32_t i = 0; i < e->senders; i++) {
		const struct sender *s = &e->sender[i];

		if (s->at <= window)
			add_pulse(e, f, p,
				  (uint32_t)((s->at + origin) * STEPS + 0.5),
				  (float)e->weight[s->element] * s->amplitude);
	}
}

/* The largest square of a stretch of the field, every half sample. */
static __always_inline float block_peak(const struct echo *e,
					const struct field *f, uint32_t from,
					uint32_t to)
{
	float peak = 0;

	for (int phase = 0; phase < PHASES; phase += 2) {
		const float *row = field_row(e, f, phase);

		for (uint32_t n = from; n < to; n++) {
			float square = row[n] * row[n];

			peak = square > peak ? square : peak;
		}
	}
	return peak;
}

/*
 * Between the wave proper and the waves from the array's ends, elements
 * cancel out: leave out the blocks where nothing is left.
 */
SIM_WIDE static void find_runs(const struct echo *e, struct field *f,
			   uint32_t length)
{
	const float least = NEGLIGIBLE * NEGLIGIBLE *
			    block_peak(e, f, 0, length);

	f->runs = 0;
	for (uint32_t from = 0; from < length; from += BLOCK) {
		uint32_t to = from + BLOCK < length ? from + BLOCK : length;

		if (block_peak(e, f, from, to) <= least)
			continue;
		if (f->runs && f->run[f->runs - 1].to == from)
			f->run[f->runs - 1].to = to;
		else
			f->run[f->runs++] = (struct run){ from, to };
	}
}

/*
 * How late a field that begins at @begin is heard by each element, and the weights
 * of the four rows around that: cubic, after Lagrange.
 */
SIM_WIDE static void find_lags(struct echo *e, double begin, float strength)
{
	for (uint32_t i = 0; i < e->probe->elements; i++) {
		const double late = begin + e->way[i];
		const double delay = late > -EARLIEST ? late : -EARLIEST;
		const int32_t lag = (int32_t)(delay + EARLIEST) + 1 - EARLIEST;
		const double at = (lag - delay) * PHASES;
		const int32_t phase = (int32_t)at;
		const float t = (float)(at - phase);
		const float w = strength * (float)e->weight[i];

		e->lag[i] = lag;
		e->phase[i] = phase;
		e->tap[0][i] = w * t * (1 - t) * (t - 2) / 6;
		e->tap[1][i] = w * (1 + t) * (1 - t) * (2 - t) / 2;
		e->tap[2][i] = w * t * (1 + t) * (2 - t) / 2;
		e->tap[3][i] = w * t * (1 + t) * (t - 1) / 6;
	}
}

/*
 * One run of a channel: two blocks at a time, one, and single samples only where
 * it begins or ends outside. row[] are the rows around its delay.
 */
static __always_inline void add_run(float *to, const float *const row[4],
				    const float w[4], int32_t from,
				    int32_t count)
{
	const float *a = row[0] + from, *b = row[1] + from;
	const float *c = row[2] + from, *d = row[3] + from;
	int32_t n = 0;

	for (; n + 2 * BLOCK <= count; n += 2 * BLOCK)
		*pair_at(to + n) += w[0] * *pair_of(a + n) +
				    w[1] * *pair_of(b + n) +
				    w[2] * *pair_of(c + n) +
				    w[3] * *pair_of(d + n);
	for (; n + BLOCK <= count; n += BLOCK)
		*block_at(to + n) += w[0] * *block_of(a + n) +
				     w[1] * *block_of(b + n) +
				     w[2] * *block_of(c + n) +
				     w[3] * *block_of(d + n);
	for (; n < count; n++)
		to[n] += w[0] * a[n] + w[1] * b[n] + w[2] * c[n] + w[3] * d[n];
}

/* Add the field to the samples of the channel that hears element @i. */
static __always_inline void
add_echo(const struct echo *e, const struct field *f,
	 const float *const around[PHASES + 1][4], uint32_t i, float *rf,
	 int32_t samples)
{
	const int32_t lag = e->lag[i];
	const float w[4] = { e->tap[0][i], e->tap[1][i], e->tap[2][i],
			     e->tap[3][i] };

	for (uint32_t k = 0; k < f->runs; k++) {
		int32_t from = f->run[k].from, to = f->run[k].to;

		from = from + lag < 0 ? -lag : from;
		to = to + lag > samples ? samples - lag : to;
		if (from < to)
			add_run(rf + (from + lag), around[e->phase[i]], w, from,
				to - from);
	}
}

/* --- a nonlinear medium ------------------------------------------------------------ */

/* The squares of the pressure in order of time; 0 beyond @length. */
static void square_pressure(const struct echo *e, uint32_t length)
{
	for (int phase = 0; phase < PHASES; phase++) {
		const float *row = field_row(e, &e->pressure, phase);

		for (uint32_t n = 0; n < length; n++)
			e->fine[n * PHASES + phase] = row[n] * row[n];
	}
}

/* What an element hears of the squares, times @strength. */
static void hear_squares(const struct echo *e, uint32_t length, float strength)
{
	const int64_t end = (int64_t)length * PHASES, half = e->ears;

	for (int phase = 0; phase < PHASES; phase++) {
		float *row = field_row(e, &e->overtone, phase);

		memset(row - MARGIN, 0,
		       (length + 2 * MARGIN) * sizeof(*row));
		for (uint32_t n = 0; n < length; n++) {
			const int64_t at = (int64_t)n * PHASES + phase;
			const int64_t from = at > half ? at - half : 0;
			const int64_t to = at + half < end ? at + half :
							     end - 1;
			const float *ear = e->ear + half + at;
			float sum = 0;

			for (int64_t k = from; k <= to; k++)
				sum += ear[-k] * e->fine[k];
			row[n] = strength * sum;
		}
	}
}

/* The shortest way of what arrives [m]. */
static double nearest_way(const struct echo *e, double fs)
{
	double way = INFINITY;

	for (uint32_t i = 0; i < e->senders; i++)
		way = fmin(way, e->way[e->sender[i].element]);
	return way / fs * SIM_SOUND_SPEED;
}

/*
 * On its way p becomes p + nonlinearity p^2 way / REFERENCE. Weights are those
 * of the fundamental before, and of twice its frequency after.
 */
static void make_overtone(struct echo *e, const struct sim_event *event,
			  uint32_t window, int64_t base, uint32_t length,
			  double fs)
{
	const double grown = e->nonlinearity * nearest_way(e, fs) / REFERENCE;

	sum_field(e, &e->pressure, &e->sent, window, base, length);
	square_pressure(e, length);
	hear_squares(e, length, (float)grown);
	find_runs(e, &e->overtone, length);
	weigh(e, 2.0 * event->tx_freq);
}

/* --- an event ----------------------------------------------------------------------- */

/* An event, and where its samples go. */
struct shot {
	const struct sim_event *event;
	const uint16_t *map;
	uint32_t channels;
	double fs;
	double start; /* of the window [samples] */
	uint32_t end; /* of it */
	float *rf;
};

/* What a field makes of a scatterer that sends it back to all channels. */
SIM_WIDE static void return_field(const struct echo *e, const struct field *f,
			      const struct shot *s)
{
	const uint32_t samples = s->event->rx_samples;
	const float *around[PHASES + 1][4];

	for (int phase = 0; phase <= PHASES; phase++)
		for (int i = 0; i < 4; i++) {
			const unsigned int p = phase + i - 1 + PHASES;

			around[phase][i] = field_row(e, f, p % PHASES) +
					   p / PHASES - 1;
		}
	for (uint32_t c = 0; c < s->channels; c++)
		add_echo(e, f, around, s->map[c],
			 s->rf + (size_t)c * samples, (int32_t)samples);
}

static void add_scatterer(struct echo *e, const struct shot *s,
			  const struct sim_scatterer *scatterer)
{
	const double hv = s->event->hv / e->hv_max;
	const float strength = (float)(scatterer->amplitude * hv);
	uint32_t length;
	int64_t base = 0;

	if (strength == 0)
		return;
	measure_ways(e, scatterer, s->fs);
	length = find_arrivals(e, s->end, &base);
	if (!length)
		return;
	weigh(e, s->event->tx_freq);
	sum_field(e, &e->heard, &e->pulse, s->end, base, length);
	find_runs(e, &e->heard, length);
	find_lags(e, (double)base - s->start, strength);
	return_field(e, &e->heard, s);
	if (e->nonlinearity == 0)
		return;
	make_overtone(e, s->event, s->end, base, length, s->fs);
	find_lags(e, (double)base - s->start, strength * (float)hv);
	return_field(e, &e->overtone, s);
}

void echo_execute(struct echo *e, const struct sim_seq *table, uint32_t event,
		  const struct sim_scatterer *scatterer, size_t count,
		  float *rf)
{
	const struct sim_event *ev = &table->event[event];
	const struct sim_tx *tx =
		table->tx + (size_t)ev->tx_row * table->elements;
	const double start = (double)ev->rx_start / ev->rx_decimation;
	const struct shot shot = {
		.event = ev,
		.map = table->map + (size_t)ev->rx_map * table->channels,
		.channels = table->channels,
		.fs = sample_rate(e, ev),
		.start = start,
		.end = (uint32_t)start + ev->rx_samples,
		.rf = rf,
	};

	if (!audible(e, ev))
		return;
	make_pulse(e, &e->pulse, ev);
	if (e->nonlinearity != 0) {
		make_pulse(e, &e->sent, ev);
		make_ear(e, ev);
	}
	find_senders(e, tx, table->elements, shot.fs);
	for (size_t i = 0; i < count; i++)
		add_scatterer(e, &shot, &scatterer[i]);
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

/* Of a table's events the most. */
struct most {
	uint32_t taps;
	uint32_t ears;
};

/* Room for the longest pulse and the widest spread of the table's events. */
static int size_up(struct echo *e, const struct sim_seq *table,
		   struct most *most)
{
	const double size = aperture(e->probe) / SIM_SOUND_SPEED;

	*most = (struct most){ .taps = 1 };
	e->spread = BLOCK;
	for (uint32_t i = 0; i < table->events; i++) {
		const struct sim_event *ev = &table->event[i];
		const struct sim_tx *tx =
			table->tx + (size_t)ev->tx_row * table->elements;
		double fs = sample_rate(e, ev), delays = 0, spread;
		uint32_t taps, ears;

		if (!audible(e, ev))
			continue;
		for (uint32_t k = 0; k < table->elements; k++)
			if (tx[k].enable)
				delays = fmax(delays, delay_of(e, &tx[k], fs));
		taps = pulse_taps(e, ev, false);
		ears = half_ear(e, ev);
		spread = delays + size * fs + whole_blocks(taps) + 8 +
			 2 * MARGIN;
		if (taps > TAPS_MAX || spread > SPREAD_MAX)
			return -EINVAL;
		most->taps = taps > most->taps ? whole_blocks(taps) : most->taps;
		most->ears = ears > most->ears ? ears : most->ears;
		e->spread = spread > e->spread ? (uint32_t)spread : e->spread;
	}
	return 0;
}

/* The probe's elements, each value in a row of its own. */
static void copy_elements(struct echo *e)
{
	for (uint32_t i = 0; i < e->probe->elements; i++) {
		const struct sim_element *el = &e->probe->element[i];

		e->x[i] = el->x;
		e->z[i] = el->z;
		e->nx[i] = el->nx;
		e->nz[i] = el->nz;
		e->gain[i] = el->gain;
	}
}

static int alloc_field(const struct echo *e, struct field *f)
{
	f->rows = malloc((size_t)PHASES * e->spread * sizeof(float));
	f->run = malloc((e->spread / BLOCK + 1) * sizeof(*f->run));
	return f->rows && f->run ? 0 : -ENOMEM;
}

static void free_field(struct field *f)
{
	free(f->rows);
	free(f->run);
}

static int alloc_nonlinear(struct echo *e, const struct most *most)
{
	e->sent.pressure = true;
	e->sent.table = malloc((size_t)STEPS * most->taps * sizeof(float));
	e->fine = malloc((size_t)PHASES * e->spread * sizeof(float));
	e->ear = malloc((2 * (size_t)most->ears + 1) * sizeof(float));
	if (!e->sent.table || !e->fine || !e->ear ||
	    alloc_field(e, &e->pressure))
		return -ENOMEM;
	return alloc_field(e, &e->overtone);
}

static int alloc_room(struct echo *e, const struct most *most)
{
	uint32_t n = e->probe->elements;
	double **rows[] = { &e->x,   &e->z,    &e->nx,	 &e->nz,    &e->gain,
			    &e->way, &e->sine, &e->near, &e->weight };
	bool all = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		*rows[i] = calloc(n, sizeof(double));
		all = all && *rows[i];
	}
	for (int i = 0; i < 4; i++) {
		e->tap[i] = calloc(n, sizeof(float));
		all = all && e->tap[i];
	}
	e->lag = calloc(n, sizeof(*e->lag));
	e->phase = calloc(n, sizeof(*e->phase));
	e->pulse.table = malloc((size_t)STEPS * most->taps * sizeof(float));
	e->sender = malloc(n * sizeof(*e->sender));
	if (!all || !e->lag || !e->phase || !e->pulse.table || !e->sender ||
	    alloc_field(e, &e->heard))
		return -ENOMEM;
	copy_elements(e);
	return e->nonlinearity != 0 ? alloc_nonlinear(e, most) : 0;
}

int echo_create(struct echo **echo, const struct sim_probe *probe,
		double nonlinearity, const struct sim_seq *table)
{
	struct echo *e;
	struct most most;

	if (table->elements > probe->elements)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->probe = probe;
	e->nonlinearity = nonlinearity;
	e->adc_clock = table->limits.adc_clock;
	e->board_clock = table->limits.board_clock;
	e->hv_max = table->limits.hv_max;
	if (size_up(e, table, &most)) {
		free(e);
		return -EINVAL;
	}
	if (alloc_room(e, &most)) {
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
	free(e->sender);
	free(e->x);
	free(e->z);
	free(e->nx);
	free(e->nz);
	free(e->gain);
	free(e->way);
	free(e->sine);
	free(e->near);
	free(e->weight);
	for (int i = 0; i < 4; i++)
		free(e->tap[i]);
	free(e->lag);
	free(e->phase);
	free_field(&e->heard);
	free(e->sent.table);
	free_field(&e->pressure);
	free_field(&e->overtone);
	free(e->fine);
	free(e->ear);
	free(e);
}

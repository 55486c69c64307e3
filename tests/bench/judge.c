// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "dsp/beamform.h"
#include "judge.h"

#define BAND_MOST	1024
#define REJECT_DB	80.0

/* A windowed sinc of 64 taps: 100 dB on a baseband as narrow as this. */
#define SINC_HALF	32
#define SINC_BETA	9.0
#define WINDOW_STEPS	8192

struct judge {
	const struct judge_plan *plan;
	uint32_t samples;
	double complex *rows;	/* basebands, [events][channels][samples] */
	double complex *own;	/* those that the interpolation is told of */
	uint32_t dense;		/* of them to one of the record */
	double window[WINDOW_STEPS + 2];
};

double judge_db(const struct judge_ratio *ratio)
{
	return 10 * log10(ratio->signal / ratio->noise);
}

double judge_arrival(const struct sono_scan *scan,
		     const struct sono_event *event, double x, double z)
{
	double first = INFINITY;
	uint32_t e;

	for (e = 0; e < scan->elements; e++)
		first = fmin(first, event->delay[e] +
			     hypot(x - scan->element[e].x,
				   z - scan->element[e].z) / scan->c);
	return first;
}

static double bessel_i0(double x)
{
	double sum = 0, term = 1;
	int k;

	for (k = 1; k < 60; k++, term *= x * x / (4.0 * (k - 1) * (k - 1)))
		sum += term;
	return sum;
}

/* --- demodulation --- */

/* The band-pass, already turned by the carrier. */
struct band {
	double complex tap[2 * BAND_MOST + 1];	/* from -half to half */
	int half;
	int dense;		/* taps from a sample of the record to the next */
};

/* Times 1 + (2 - 2 cos w) / 12, a tap longer at either end. */
static void widen(struct band *b)
{
	static double complex old[2 * BAND_MOST + 1];
	const int count = 2 * b->half + 1;
	int k;

	memcpy(old, b->tap, count * sizeof(*old));
	for (k = 0; k < count + 2; k++)
		b->tap[k] = (14 * (k > 0 && k <= count ? old[k - 1] : 0) -
			     (k < count ? old[k] : 0) -
			     (k > 1 ? old[k - 2] : 0)) / 12;
	b->half++;
}

static void make_band(struct band *b, const struct sono_scan *scan,
		      enum interpolation interpolation)
{
	const double image = fabs(remainder(2 * scan->fc, scan->fs));
	const double beta = 0.1102 * (REJECT_DB - 8.7);
	const int dense = interpolation == INTERPOLATION_UPSAMPLED ? 2 : 1;
	const double rate = scan->fs * dense;
	const double cut = M_PI * image / rate;
	double sum = 0;
	int k;

	b->dense = dense;
	b->half = ceil((REJECT_DB - 8) /
		       (2.285 * 2 * M_PI * 0.2 * image / rate) / 2);
	for (k = -b->half; k <= b->half; k++) {
		const double u = k / (b->half + 1.0);
		const double h = (k ? sin(cut * k) / (M_PI * k) : cut / M_PI) *
				 bessel_i0(beta * sqrt(1 - u * u)) /
				 bessel_i0(beta);

		sum += h;
		b->tap[k + b->half] = h;
	}
	for (k = 0; k <= 2 * b->half; k++)
		b->tap[k] *= 2 * dense / sum;
	if (interpolation != INTERPOLATION_LINEAR)
		widen(b);
	for (k = -b->half; k <= b->half; k++)
		b->tap[k + b->half] *= cexp(-2 * M_PI * I *
			remainder(k * scan->fc / rate, 1));
}

/* Baseband of a row of n samples, n dense of them. */
static void demodulate(const struct band *b, const struct sono_scan *scan,
		       const int16_t *in, int n, double complex *out)
{
	const int all = n * b->dense;
	int m, at;

	for (m = 0; m < all; m++) {
		const int from = m < b->half ? 0 :
				 (m - b->half + b->dense - 1) / b->dense;
		const int to = m + b->half < all ? (m + b->half) / b->dense :
						   n - 1;
		double re = 0, im = 0;

		for (at = from; at <= to; at++) {
			const int k = at * b->dense - m + b->half;

			re += creal(b->tap[k]) * in[at];
			im += cimag(b->tap[k]) * in[at];
		}
		out[m] = (re + I * im) *
			 cexp(-2 * M_PI * I *
			      remainder(m * scan->fc / (scan->fs * b->dense),
					1));
	}
}

static double complex *basebands(const struct sono_scan *scan,
				 const uint8_t *frame,
				 enum interpolation interpolation)
{
	const uint32_t n = scan->event[0].samples;
	struct band *band = bench_alloc(1, sizeof(*band));
	double complex *rows, *out;
	uint32_t e, c;

	make_band(band, scan, interpolation);
	rows = bench_alloc((size_t)scan->events * scan->channels * n *
			   band->dense, sizeof(*rows));
	out = rows;
	for (e = 0; e < scan->events; e++)
		for (c = 0; c < scan->channels; c++, out += n * band->dense)
			demodulate(band, scan, (const int16_t *)(frame +
				   scan->event[e].offset +
				   c * scan->event[e].stride), n, out);
	free(band);
	return rows;
}

struct judge *judge_new(const struct judge_plan *plan, const uint8_t *frame)
{
	const struct sono_scan *scan = plan->scan;
	struct judge *j = bench_alloc(1, sizeof(*j));
	uint32_t i;

	j->plan = plan;
	j->samples = scan->event[0].samples;
	for (i = 0; i <= WINDOW_STEPS; i++)
		j->window[i] = bessel_i0(SINC_BETA *
					 sqrt(1 - (double)i / WINDOW_STEPS)) /
			       bessel_i0(SINC_BETA);
	j->rows = basebands(scan, frame, INTERPOLATION_LINEAR);
	j->own = j->rows;
	j->dense = plan->interpolation == INTERPOLATION_UPSAMPLED ? 2 : 1;
	if (plan->interpolation != INTERPOLATION_LINEAR)
		j->own = basebands(scan, frame, plan->interpolation);
	return j;
}

void judge_free(struct judge *j)
{
	if (j->own != j->rows)
		free(j->own);
	free(j->rows);
	free(j);
}

/* --- interpolation --- */

static double complex sample_at(const double complex *row, uint32_t samples,
				int64_t n)
{
	return n >= 0 && n < samples ? row[n] : 0;
}

/* The same sum's; compensated for what is lost on the mean to 0.3 fc. */
static double complex between(const struct judge *j, const double complex *row,
			      double s)
{
	const struct sono_scan *scan = j->plan->scan;
	const double edge = 2 * M_PI * 0.3 * scan->fc / (scan->fs * j->dense);
	const uint32_t samples = j->samples * j->dense;
	const int64_t i = floor(s);
	const double f = s - i;
	const double complex line = (1 - f) * sample_at(row, samples, i) +
				    f * sample_at(row, samples, i + 1);

	if (j->plan->interpolation == INTERPOLATION_LINEAR)
		return line;
	return line * (1 + (f * (1 - f) / 2 - 1 / 12.0) * edge * edge / 3);
}

/* Kaiser's window at a distance of @u of its half; by u^2 it is smooth. */
static double window_at(const struct judge *j, double u)
{
	const double at = u * u * WINDOW_STEPS;
	const int i = at;

	if (u >= 1)
		return 0;
	return j->window[i] + (at - i) * (j->window[i + 1] - j->window[i]);
}

static double complex exactly(const struct judge *j,
			      const double complex *row, double s)
{
	const int64_t i = floor(s);
	/* sin(pi t) of all taps is this but for its sign */
	const double sine = sin(M_PI * (s - i)) / M_PI;
	double complex sum = 0;
	int k;

	for (k = 1 - SINC_HALF; k <= SINC_HALF; k++) {
		const double t = s - (i + k);
		const double sinc = fabs(t) < 1e-9 ? 1 :
				    (k & 1 ? -sine : sine) / t;

		sum += sinc * window_at(j, fabs(t) / (SINC_HALF + 0.5)) *
		       sample_at(row, j->samples, i + k);
	}
	return sum;
}

/* --- the sum --- */

static bool in_aperture(const struct sono_element *el, double f_number,
			double x, double z)
{
	const double side = (x - el->x) * el->nz - (z - el->z) * el->nx;
	const double depth = (x - el->x) * el->nx + (z - el->z) * el->nz;

	return !f_number ||
	       fabs(side) <= depth / (2 * f_number) + BEAMFORM_TIE;
}

/* Both sums of an event at a place. */
static void add_event(const struct judge *j, uint32_t event, double x,
		      double z, double complex *same, double complex *exact)
{
	const struct sono_scan *scan = j->plan->scan;
	const struct sono_event *ev = &scan->event[event];
	const double there = judge_arrival(scan, ev, x, z) - ev->rx_start;
	uint32_t c;

	for (c = 0; c < scan->channels; c++) {
		const struct sono_element *el = &scan->element[c];
		const double t = there + hypot(x - el->x, z - el->z) / scan->c;
		const double complex turn =
			cexp(2 * M_PI * I * fmod(t * scan->fc, 1));
		const size_t row = ((size_t)event * scan->channels + c) *
				   j->samples;

		if (!in_aperture(el, j->plan->f_number, x, z))
			continue;
		*same += turn * between(j, j->own + row * j->dense,
					t * scan->fs * j->dense);
		*exact += turn * exactly(j, j->rows + row, t * scan->fs);
	}
}

static void compare(struct judge_ratio *r, double complex want,
		    double complex got)
{
	r->signal += creal(want * conj(want));
	r->noise += creal((got - want) * conj(got - want));
}

void judge_add(const struct judge *j, struct judge_sums *sums,
	       const struct judge_point *at, double complex got,
	       double amplitude)
{
	const struct ray ray = grid_ray(j->plan->grid, at->line);
	const double x = ray.x + at->sample * ray.dx;
	const double z = ray.z + at->sample * ray.dz;
	double complex same = 0, exact = 0;
	uint32_t k;

	for (k = 0; k < j->plan->waves; k++)
		add_event(j, at->image * j->plan->waves + k, x, z, &same,
			  &exact);
	compare(&sums->same, same, got);
	compare(&sums->exact, exact, got);
	compare(&sums->envelope, cabs(same), amplitude);
	compare(&sums->envelope_exact, cabs(exact), amplitude);
}

/* --- points --- */

static uint32_t count_event(const struct judge_plan *plan,
			    const struct sono_event *ev, double x, double z)
{
	const struct sono_scan *scan = plan->scan;
	const double there = judge_arrival(scan, ev, x, z) - ev->rx_start;
	uint32_t n = 0, c;

	for (c = 0; c < scan->channels; c++) {
		const struct sono_element *el = &scan->element[c];
		const double s = (there + hypot(x - el->x, z - el->z) /
						  scan->c) * scan->fs;

		n += in_aperture(el, plan->f_number, x, z) && s >= 0 &&
		     s <= ev->samples - 1;
	}
	return n;
}

uint64_t judge_points(const struct judge_plan *plan)
{
	const struct grid *grid = plan->grid;
	uint64_t n = 0;
	uint32_t line, j, e;

	for (line = 0; line < grid->lines; line++) {
		const struct ray ray = grid_ray(grid, line);

		for (j = 0; j < grid->samples; j++)
			for (e = 0; e < plan->scan->events; e++)
				n += count_event(plan, &plan->scan->event[e],
						 ray.x + j * ray.dx,
						 ray.z + j * ray.dz);
	}
	return n;
}

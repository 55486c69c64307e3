// SPDX-License-Identifier: MIT
#include <complex.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/spectrum.h"
#include "dsp/sweep.h"

#define WIDTH	400
#define HEIGHT	256
#define PRI	0.25e-3
#define C	1540.0
#define F0	5e6
#define NYQUIST	(C / (4 * F0 * PRI))	/* 0.308 m/s */
#define COLUMN	5e-3
#define BIN	(2 * NYQUIST / 128)	/* of the window */

static struct spectrum_params usual(void)
{
	return (struct spectrum_params){
		.gate = 1, .sample_step = 50e-6, .interval = PRI, .c = C, .frequency = F0,
		.window = 128, .fft = 256, .looks = 1, .width = WIDTH,
		.height = HEIGHT, .column = COLUMN, .reference = 1000,
		.range_db = 60, .trace_columns = 1,
	};
}

struct fixture {
	struct spectrum *s;
	struct spectrum_params p;
	struct image strip;
	double t;
};

static struct fixture make(struct spectrum_params p)
{
	const struct raster raster = { p.width, p.height, 0, 0, 1, 1 };
	struct fixture f = { .p = p, .t = 10 };
	const char *why = "";

	cr_assert_eq(spectrum_create(&f.s, &p, &why), 0, "%s", why);
	cr_assert_eq(image_init(&f.strip, IMAGE_GREY8, &raster), 0);
	return f;
}

static void end(struct fixture *f)
{
	spectrum_destroy(f->s);
	image_finish(&f->strip);
}

static void put(struct fixture *f, double complex x)
{
	const float iq[2] = { creal(x), cimag(x) };

	spectrum_execute(f->s, &f->strip, iq, f->t);
	f->t += PRI;
}

/* A velocity along the beam, as slow time has it. */
static double complex tone(double v, double t)
{
	return cexp(2 * M_PI * I * 2 * F0 / C * v * t);
}

static void put_tone(struct fixture *f, double amplitude, double v, int n)
{
	while (n--)
		put(f, amplitude * tone(v, f->t));
}

static double random_even(void)
{
	return rand() / (RAND_MAX + 1.0);
}

static double complex random_normal(void)
{
	return sqrt(-log(1 - random_even())) *
	       cexp(2 * M_PI * I * random_even());
}

static uint8_t pixel(const struct fixture *f, uint32_t row, uint32_t column)
{
	return f->strip.data[row * f->strip.stride + column];
}

/* Velocity of the brightest row, by the strip's own calibration. */
static double brightest(const struct fixture *f, uint32_t column)
{
	struct raster r;
	uint32_t row, best = 0;

	spectrum_raster(f->s, &r);
	for (row = 0; row < r.height - SWEEP_MARK_ROWS; row++)
		if (pixel(f, row, column) > pixel(f, best, column))
			best = row;
	return r.z0 + best * r.dz;
}

static double mean_over(const float *trace, int from, int to)
{
	double sum = 0;
	int i;

	for (i = from; i < to; i++)
		sum += trace[i];
	return sum / (to - from);
}

Test(spectrum, single_velocities_read_within_a_bin)
{
	struct spectrum_params p = usual();
	int i;

	p.range_db = 30;
	for (i = -9; i <= 9; i++) {
		const double v = i * 0.1 * NYQUIST;
		struct fixture f;
		uint32_t now;
		double peak;

		if (!i)
			continue;
		f = make(p);
		put_tone(&f, 300, v, 400);
		now = spectrum_now(f.s);
		cr_assert_float_eq(brightest(&f, now), v, BIN, "%d", i);
		cr_assert_float_eq(spectrum_mean(f.s)[now], v, 0.02 * BIN,
				   "%d: %g", i, spectrum_mean(f.s)[now]);
		/* the main lobe is known, and its half taken off */
		peak = spectrum_peak(f.s)[now] * (i < 0 ? -1 : 1) - fabs(v);
		cr_assert(fabs(peak) < 0.7 * BIN, "%d: %g bins", i,
			  peak / BIN);
		end(&f);
	}
}

Test(spectrum, reference_is_0_db)
{
	struct spectrum_params p = usual();
	struct fixture f;

	p.height = 512;
	p.range_db = 40;
	f = make(p);
	/* on a bin, the row a quarter of one beside it; then half of the range */
	put_tone(&f, 1000, 64 * NYQUIST / 128, 400);
	cr_assert_geq(pixel(&f, 127, spectrum_now(f.s)), 252);
	put_tone(&f, 100, 64 * NYQUIST / 128, 400);
	cr_assert_float_eq(pixel(&f, 127, spectrum_now(f.s)), 126, 2, "%d",
			   pixel(&f, 127, spectrum_now(f.s)));
	end(&f);
}

Test(spectrum, towards_is_above_and_invert_turns_the_picture)
{
	struct spectrum_params p = usual();
	struct fixture f = make(p);
	uint32_t now;
	int i;

	put_tone(&f, 300, 0.5 * NYQUIST, 400);
	now = spectrum_now(f.s);
	cr_assert_gt(pixel(&f, HEIGHT / 4, now), 128);
	cr_assert_lt(pixel(&f, HEIGHT * 3 / 4, now), 10);
	cr_assert_eq(pixel(&f, HEIGHT / 2, now), SPECTRUM_BASE_GREY);
	end(&f);
	p.invert = true;
	f = make(p);
	for (i = 0; i < 400; i++)
		put(&f, 300 * tone(0.5 * NYQUIST, f.t));
	cr_assert_gt(pixel(&f, HEIGHT * 3 / 4, now), 128);
	cr_assert_lt(pixel(&f, HEIGHT / 4, now), 10);
	cr_assert_float_eq(brightest(&f, now), 0.5 * NYQUIST, BIN);
	cr_assert_float_eq(spectrum_mean(f.s)[now], 0.5 * NYQUIST, BIN);
	end(&f);
}

Test(spectrum, gate_is_a_mean_along_the_line)
{
	struct spectrum_params p = usual();
	float line[2 * 8] = { 0 };
	struct fixture f;
	int i, k;

	p.gate_first = 2;
	p.gate = 4;
	p.carrier = 4.9e6;
	p.range_db = 20;
	f = make(p);
	for (i = 0; i < 400; i++, f.t += PRI) {
		for (k = 0; k < 8; k++) {
			/* what lies outside moves otherwise, and is stronger */
			const bool in = k >= 2 && k < 6;
			const double complex x =
				(in ? 1000 : 1e5) *
				tone((in ? 0.5 : -0.5) * NYQUIST, f.t) *
				cexp(4 * M_PI * I * 4.9e6 / C * 50e-6 * k);

			line[2 * k] = creal(x);
			line[2 * k + 1] = cimag(x);
		}
		spectrum_execute(f.s, &f.strip, line, f.t);
	}
	cr_assert_float_eq(spectrum_mean(f.s)[spectrum_now(f.s)],
			   0.5 * NYQUIST, 0.05 * BIN);
	cr_assert_geq(pixel(&f, HEIGHT / 4, spectrum_now(f.s)), 244,
		      "%d: all of the gate in phase",
		      pixel(&f, HEIGHT / 4, spectrum_now(f.s)));
	end(&f);
}

Test(spectrum, angle_stretches_the_axis)
{
	struct spectrum_params p = usual();
	struct fixture f;
	struct raster r;

	p.angle = M_PI / 3;
	cr_assert_float_eq(spectrum_nyquist(&p), 2 * NYQUIST, 1e-9);
	f = make(p);
	put_tone(&f, 300, 0.4 * NYQUIST, 400);
	cr_assert_float_eq(spectrum_mean(f.s)[spectrum_now(f.s)],
			   0.8 * NYQUIST, 0.1 * BIN);
	spectrum_raster(f.s, &r);
	cr_assert_float_eq(r.z0 - r.dz / 2, 2 * NYQUIST, 1e-9);
	cr_assert_float_eq(r.z0 + (r.height - 0.5) * r.dz, -2 * NYQUIST, 1e-9);
	cr_assert_float_eq(r.dx, COLUMN, 1e-12);
	end(&f);
}

Test(spectrum, velocities_beyond_nyquist_alias_and_the_baseline_moves_them)
{
	struct spectrum_params p = usual();
	struct fixture f = make(p);

	put_tone(&f, 300, 1.3 * NYQUIST, 400);
	cr_assert_float_eq(brightest(&f, spectrum_now(f.s)), -0.7 * NYQUIST,
			   BIN);
	cr_assert_float_eq(spectrum_mean(f.s)[spectrum_now(f.s)],
			   -0.7 * NYQUIST, BIN);
	end(&f);
	p.baseline = -0.6;
	f = make(p);
	put_tone(&f, 300, 1.3 * NYQUIST, 400);
	cr_assert_float_eq(brightest(&f, spectrum_now(f.s)), 1.3 * NYQUIST,
			   BIN);
	cr_assert_float_eq(spectrum_mean(f.s)[spectrum_now(f.s)],
			   1.3 * NYQUIST, BIN);
	cr_assert_float_eq(spectrum_peak(f.s)[spectrum_now(f.s)],
			   1.3 * NYQUIST, 1.5 * BIN);
	end(&f);
}

/* --- flow -------------------------------------------------------------------- */

#define FLOW	48000	/* samples: 12 s */
#define CELLS	100	/* in the beam */

/*
 * Blood: cells that pass the beam. In a round vessel all velocities of parabolic
 * flow, up to @most, are equally frequent; so many more of the fast ones pass
 * in a time as they are faster. A cell is seen over @spread wavelengths
 * (standard deviation), so its line in the spectrum is a Gaussian, the wider
 * the faster it is. The variance is @CELLS.
 */
static double complex *make_flow(double most, double spread)
{
	double complex *x = calloc(FLOW, sizeof(*x));
	const double way = spread * C / (2 * F0), duration = FLOW * PRI;
	double cells = CELLS * duration * most / (sqrt(M_PI) * way);

	while (cells-- > 0) {
		const double v = most * sqrt(random_even()), stay = way / v;
		const double all = duration + 8 * stay;
		const double at = all * random_even() - 4 * stay;
		const double complex a = cexp(2 * M_PI * I * random_even()) *
					 sqrt(all / duration);
		int i = fmax(ceil((at - 4 * stay) / PRI), 0);

		for (; i < FLOW && i * PRI < at + 4 * stay; i++) {
			const double u = (i * PRI - at) / stay;

			x[i] += a * exp(-u * u / 2) * tone(v, i * PRI);
		}
	}
	return x;
}

struct reading {
	double peak, mean;
};

static struct reading read_flow(struct spectrum_params p, double spread,
				double clutter, double tissue_v)
{
	double complex *flow;
	struct fixture f;
	struct reading r;
	int i, from, to;

	srand(1);
	flow = make_flow(0.2, spread);
	f = make(p);
	f.t = 12.25;
	for (i = 0; i < FLOW; i++)
		put(&f, 10 * flow[i] + 10 * random_normal() +
				clutter * tone(tissue_v, f.t));
	free(flow);
	from = 10;
	to = spectrum_now(f.s) - p.trace_columns / 2;
	r.peak = mean_over(spectrum_peak(f.s), from, to);
	r.mean = mean_over(spectrum_mean(f.s), from, to);
	end(&f);
	return r;
}

static struct spectrum_params long_strip(void)
{
	struct spectrum_params p = usual();

	p.width = 2450;
	p.reference = 10000;
	p.range_db = 80;
	p.looks = 2;
	p.trace_columns = 9;
	return p;
}

static void near(double got, double want, double tolerance, const char *what)
{
	cr_expect(fabs(got - want) <= tolerance * want,
		  "%s is %g instead of %g: %+.1f %%", what, got, want,
		  100 * (got / want - 1));
}

/* Width at half power of the line of a cell that is seen over @spread. */
static double line_width(double spread)
{
	return sqrt(2 * log(2)) / (M_PI * sqrt(2) * spread);
}

/* Lines of 1.3 % to 18 % of their velocity. */
Test(spectrum, peak_and_mean_of_known_flow)
{
	const double spread[] = { 20, 10, 5, 2.5, 1.5 };
	unsigned int i;

	for (i = 0; i < 5; i++) {
		struct spectrum_params p = long_strip();
		struct reading r;

		p.spread = line_width(spread[i]);
		r = read_flow(p, spread[i], 0, 0);
		near(r.peak, 0.2, 0.02, "peak");
		near(r.mean, 0.1, 0.02, "mean");
	}
}

/* A velocity alone: the trace is not half a line too high, but a quarter. */
Test(spectrum, width_of_a_line_is_known_and_taken_off)
{
	const double width = 0.15, v = 0.15;
	struct spectrum_params p = usual();
	double over[2];
	int k;

	p.looks = 2;
	p.trace_columns = 9;
	for (k = 0; k < 2; k++) {
		struct fixture f;
		uint32_t i;

		p.spread = k * width;
		srand(1);
		f = make(p);
		for (i = 0; i < 8000; i++) {
			static double complex a;

			/* a process whose lines are as wide as @width says */
			const double turn = M_PI * width * 2 * F0 / C * v *
					    PRI;

			a = a * (1 - turn) + random_normal() +
			    I * random_normal();
			put(&f, 300 * a * tone(v, f.t));
		}
		over[k] = mean_over(spectrum_peak(f.s), 10, 390) / v - 1;
		end(&f);
	}
	cr_expect_gt(over[0], 0.4 * width);
	cr_expect_lt(over[1], 0.7 * over[0], "%g of %g", over[1], over[0]);
}

/* Tissue 40 dB above the blood, at rest and as it moves. */
Test(spectrum, wall_filter_takes_tissue_away)
{
	struct spectrum_params p = long_strip();
	const struct reading open = read_flow(p, 10, 10e3, 0);
	struct reading r;

	cr_expect_lt(open.mean, 0.01, "without a filter it is all there is");
	p.cutoff = 0.012;
	r = read_flow(p, 10, 0, 0);
	near(r.peak, 0.2, 0.02, "peak behind the filter");
	/* slow blood goes with the tissue: half of what is below the cutoff */
	near(r.mean, 0.1 + 0.012 / 2, 0.02, "mean behind the filter");
	r = read_flow(p, 10, 10e3, 0);
	near(r.peak, 0.2, 0.02, "peak beside tissue at rest");
	near(r.mean, 0.1 + 0.012 / 2, 0.02, "mean beside tissue at rest");
	r = read_flow(p, 10, 10e3, 0.0015);
	near(r.peak, 0.2, 0.02, "peak beside tissue that moves");
	near(r.mean, 0.1 + 0.012 / 2, 0.02, "mean beside tissue that moves");
}

static bool hatched(const struct fixture *f, uint32_t column)
{
	const uint32_t height = f->p.height;
	uint32_t row, rows = height;

	if (pixel(f, height - 1, column) == 255)
		rows -= SWEEP_MARK_ROWS;
	for (row = 0; row < rows; row++)
		if (pixel(f, row, column) !=
		    ((row + column) % SWEEP_HATCH ? 0 : SWEEP_HATCH_GREY))
			return false;
	return true;
}

/* The brightest of a column's rows beyond the cutoff. */
static uint8_t brightest_above(const struct fixture *f, uint32_t column,
			       double v)
{
	struct raster r;
	uint8_t most = 0;
	uint32_t row;

	spectrum_raster(f->s, &r);
	for (row = 0; row < r.height - SWEEP_MARK_ROWS; row++)
		if (fabs(r.z0 + row * r.dz) > v && pixel(f, row, column) > most)
			most = pixel(f, row, column);
	return most;
}

/* At a start and after a gap tissue is a step of 0 dB; 60 dB are shown. */
Test(spectrum, wall_filter_does_not_ring)
{
	const double tissue_v[] = { 0, 0.005, -0.005 };
	unsigned int i, k;

	for (i = 0; i < 3; i++) {
		struct spectrum_params p = usual();
		struct fixture f;

		p.cutoff = 0.02;
		f = make(p);
		for (k = 0; k < 3; k++) {
			put_tone(&f, 1000, tissue_v[i], 300 + 7 * k);
			f.t += 77.3 * PRI;
		}
		put_tone(&f, 1000, tissue_v[i], 40);
		f.t += 77 * PRI;
		put_tone(&f, 1000, tissue_v[i], 300);
		for (k = 0; k < spectrum_now(f.s); k++) {
			if (hatched(&f, k))
				continue;
			cr_expect_lt(brightest_above(&f, k, 0.05), 4,
				     "%g m/s, column %u: %u", tissue_v[i], k,
				     brightest_above(&f, k, 0.05));
		}
		end(&f);
	}
}

/* The brightest of a column's rows up to a velocity. */
static uint8_t brightest_below(const struct fixture *f, uint32_t column,
			       double v)
{
	struct raster r;
	uint8_t most = 0;
	uint32_t row;

	spectrum_raster(f->s, &r);
	for (row = 0; row < r.height - SWEEP_MARK_ROWS; row++) {
		const double at = fabs(r.z0 + row * r.dz);

		/* but for the row of velocity 0 */
		if (at < v && at > fabs(r.dz) && pixel(f, row, column) > most)
			most = pixel(f, row, column);
	}
	return most;
}

/*
 * Flow is there before the first sample as well: begun from any past but its
 * own, the filter rings at its cutoff, to both sides of zero.
 */
Test(spectrum, wall_filter_begins_in_the_middle_of_flow)
{
	static const double cutoffs[] = { 0.02, 0.1, 0.25 };
	const double flow = 0.7 * NYQUIST;
	unsigned int i, k;

	for (i = 0; i < 3; i++) {
		struct spectrum_params p = usual();
		struct fixture f;

		p.cutoff = cutoffs[i] * NYQUIST;
		p.window = 64;
		f = make(p);
		for (k = 0; k < 4; k++) {
			put_tone(&f, 1000, flow, 300 + 7 * k);
			f.t += 77.3 * PRI;
		}
		put_tone(&f, 1000, flow, 40);
		f.t += 77 * PRI;
		put_tone(&f, 1000, flow, 300);
		for (k = 0; k < spectrum_now(f.s); k++)
			if (!hatched(&f, k))
				cr_expect_lt(brightest_below(&f, k, flow / 2),
					     4, "cutoff %g, column %u: %u",
					     cutoffs[i], k,
					     brightest_below(&f, k, flow / 2));
		end(&f);
	}
}

/* Blood towards the probe, 0.2 down to 0.02 m/s in 0.1 s and up again. */
static double blood_way(double t)
{
	const double u = 10 * M_PI * t;

	return 0.11 * t + 0.09 * sin(u) / (10 * M_PI);
}

/* The tissue beside it, 30 dB above, up to 0.006 m/s, brighter and darker. */
static double complex wall_beside(double t)
{
	return 3e4 * (1 + 0.2 * sin(15 * t)) *
	       tone(1, 0.006 * sin(12 * t) / 12);
}

/*
 * Ten velocities of blood that slows down, as the scanner's pauses part it.
 * Nothing flows away from the probe, and nothing of it is seen: Hann's side
 * lobes of the strongest are below the strip's -60 dB there.
 */
Test(spectrum, wall_filter_begins_while_flow_slows_down)
{
	double complex phase[10];
	struct spectrum_params p = usual();
	struct fixture f;
	struct raster r;
	unsigned int i, k;
	uint32_t row;

	srand(1);
	for (k = 0; k < 10; k++)
		phase[k] = random_normal();
	p.window = 64;
	p.cutoff = 0.03;
	f = make(p);
	for (i = 0; f.t < 11.5; i++) {
		double complex x = wall_beside(f.t);

		for (k = 0; k < 10; k++)
			x += 300 * phase[k] *
			     tone(1, (1 - 0.03 * k) * blood_way(f.t));
		put(&f, x);
		if (i % 170 == 169)
			f.t += 73 * PRI;
	}
	spectrum_raster(f.s, &r);
	for (k = 0; k < spectrum_now(f.s); k++)
		for (row = 0; row < HEIGHT - SWEEP_MARK_ROWS; row++)
			if (r.z0 + row * r.dz < -0.04 && !hatched(&f, k))
				cr_expect_lt(pixel(&f, row, k), 4,
					     "column %u, %g m/s: %u", k,
					     r.z0 + row * r.dz,
					     pixel(&f, row, k));
	end(&f);
}

Test(spectrum, wall_filter_as_slow_as_can_be)
{
	struct spectrum_params p = usual();
	struct fixture f;
	int i;

	p.cutoff = 1e-12 * NYQUIST;
	f = make(p);
	put_tone(&f, 1000, 0.5 * NYQUIST, 1000);
	for (i = 2; i < 8; i++)
		cr_expect_float_eq(brightest(&f, i), 0.5 * NYQUIST, BIN);
	end(&f);
}

/* It forgets in more samples than are predicted: it begins where tissue was. */
Test(spectrum, a_slow_wall_filter_takes_away_what_stands_still)
{
	struct spectrum_params p = usual();
	struct fixture f;
	uint32_t c;

	p.cutoff = NYQUIST / 5000;
	f = make(p);
	put_tone(&f, 1e5, 0, 1000);
	for (c = 0; c < spectrum_now(f.s); c++) {
		cr_expect_eq(pixel(&f, HEIGHT / 2 - 2, c), 0, "column %u", c);
		cr_expect_eq(pixel(&f, HEIGHT / 2 + 2, c), 0, "column %u", c);
	}
	end(&f);
}

/* --- gaps -------------------------------------------------------------------- */

/* 300 samples, 100 ms without any, 300 samples. */
Test(spectrum, gaps_are_hatched_and_nothing_else)
{
	struct fixture f = make(usual());
	double gap;
	uint32_t c;

	put_tone(&f, 300, 0.4 * NYQUIST, 300);
	gap = f.t - PRI / 2;
	f.t += 0.1;
	put_tone(&f, 300, -0.6 * NYQUIST, 300);
	for (c = 0; c < 47; c++) {
		const double middle = 10 + (c + 0.5) * COLUMN;

		if (middle < gap || middle > gap + 0.1) {
			const double v = (middle < gap ? 0.4 : -0.6) * NYQUIST;

			cr_expect(!hatched(&f, c), "column %u", c);
			cr_expect_float_eq(spectrum_mean(f.s)[c], v, 0.05 * BIN,
					   "column %u: %g instead of %g", c,
					   spectrum_mean(f.s)[c], v);
		} else {
			cr_expect(hatched(&f, c), "column %u", c);
			cr_expect(isnan(spectrum_mean(f.s)[c]));
			cr_expect(isnan(spectrum_peak(f.s)[c]));
		}
	}
	end(&f);
}

/* Columns before a gap are no part of the traces after it, though near enough. */
Test(spectrum, traces_do_not_reach_across_a_gap)
{
	struct spectrum_params p = usual();
	struct fixture f;
	uint32_t c;

	p.trace_columns = 9;
	f = make(p);
	put_tone(&f, 300, 0.4 * NYQUIST, 300);
	f.t += 3 * COLUMN;
	put_tone(&f, 300, 0.7 * NYQUIST, 500);
	for (c = 0; c + 4 < spectrum_now(f.s); c++) {
		const double v = c < 15 ? 0.4 : 0.7;

		if (c < 15 || c > 17)
			cr_expect_float_eq(spectrum_mean(f.s)[c], v * NYQUIST,
					   0.05 * BIN, "column %u: %g", c,
					   spectrum_mean(f.s)[c] / NYQUIST);
		cr_expect_eq(hatched(&f, c), c >= 15 && c <= 17, "column %u",
			     c);
	}
	end(&f);
}

/*
 * A column of four windows: its first look is of samples that are as many again
 * behind the last, and the velocity has changed since. Each is 6 dB below the
 * column's power, -10.5 dB, and lies half a bin from a bin, 1.4 dB.
 */
Test(spectrum, looks_of_a_long_column_are_each_of_their_time)
{
	static const uint32_t rows[] = { 204, 153, 102, 51 };
	struct spectrum_params p = usual();
	struct fixture f;
	uint32_t c, k;

	p.window = 256;
	p.looks = 4;
	p.column = 4 * 256 * PRI;
	f = make(p);
	f.t = 40 * p.column;
	for (k = 0; k < 3 * 4 + 2; k++)
		put_tone(&f, 300,
			 (1 - (2 * rows[k % 4] + 1.0) / HEIGHT) * NYQUIST, 256);
	for (c = 40; c < 43; c++)
		for (k = 0; k < 4; k++)
			cr_expect_float_eq(pixel(&f, rows[k], c),
					   255 * (1 - 17.9 / 60), 2,
					   "column %u, look %u: %u", c, k,
					   pixel(&f, rows[k], c));
	end(&f);
}

/* A sample is of the time about it: half an interval before and after. */
Test(spectrum, a_gap_ends_half_an_interval_before_its_end)
{
	struct fixture f = make(usual());
	uint32_t c;

	put_tone(&f, 300, 0.4 * NYQUIST, 300);
	f.t = 10 + 20.5 * COLUMN + 0.4 * PRI;
	put_tone(&f, 300, 0.4 * NYQUIST, 300);
	f.t = 10 + 40.5 * COLUMN + 0.6 * PRI;
	put_tone(&f, 300, 0.4 * NYQUIST, 300);
	for (c = 15; c < 50; c++)
		cr_expect_eq(hatched(&f, c),
			     c < 20 || (c >= 35 && c <= 40), "column %u", c);
	end(&f);
}

/* One sample lost of 400, in the middle of a column. */
Test(spectrum, a_lost_sample_parts_the_spectra)
{
	struct fixture f = make(usual());
	uint32_t c;

	put_tone(&f, 300, 0.4 * NYQUIST, 150);
	f.t += PRI;
	put_tone(&f, 300, 0.4 * NYQUIST, 250);
	for (c = 0; c < spectrum_now(f.s); c++)
		cr_expect(c == 7 ? hatched(&f, c) : fabs(spectrum_mean(f.s)[c] -
						       0.4 * NYQUIST) <
						       0.05 * BIN,
			  "column %u: %g", c, spectrum_mean(f.s)[c]);
	end(&f);
}

/* 96 samples of every 160, less than a window at a time: 5 of 8 columns. */
Test(spectrum, interleave_shorter_than_a_window)
{
	struct fixture f = make(usual());
	uint32_t c, drawn = 0, hatch = 0;
	int i;

	for (i = 0; i < 20; i++) {
		put_tone(&f, 300, 0.4 * NYQUIST, 96);
		f.t += 64 * PRI;
	}
	for (c = 0; c < spectrum_now(f.s); c++) {
		if (hatched(&f, c)) {
			hatch++;
			continue;
		}
		drawn++;
		cr_expect_float_eq(spectrum_mean(f.s)[c], 0.4 * NYQUIST,
				   0.1 * BIN, "column %u", c);
	}
	cr_expect_eq(drawn, 19 * 5, "%u drawn", drawn);
	cr_expect_eq(hatch, 19 * 3 - 1, "%u hatched", hatch);
	end(&f);
}

Test(spectrum, fewer_samples_than_needed_are_a_gap)
{
	struct fixture f = make(usual());
	uint32_t c;
	int i;

	for (i = 0; i < 20; i++) {
		put_tone(&f, 300, 0.4 * NYQUIST, SPECTRUM_LEAST - 1);
		f.t += 64 * PRI;
	}
	for (c = 1; c < spectrum_now(f.s); c++)
		cr_expect(hatched(&f, c), "column %u", c);
	end(&f);
}

Test(spectrum, time_that_jumps_begins_a_strip)
{
	struct fixture f = make(usual());
	uint32_t c;

	put_tone(&f, 300, 0.4 * NYQUIST, 400);
	f.t = 5;
	put_tone(&f, 300, -0.4 * NYQUIST, 400);
	cr_assert_eq(spectrum_now(f.s), (uint32_t)(5 / COLUMN) % WIDTH + 16);
	f.t += WIDTH * COLUMN + 0.01;
	put_tone(&f, 300, -0.4 * NYQUIST, 400);
	for (c = 0; c < WIDTH; c++)
		cr_expect(isnan(spectrum_mean(f.s)[c]) ||
			  fabs(spectrum_mean(f.s)[c] + 0.4 * NYQUIST) < BIN);
	end(&f);
}

/* --- mistakes that must be seen ---------------------------------------------- */

Test(spectrum, mistakes_miss)
{
	const double v = 0.4 * NYQUIST;
	struct spectrum_params p = usual();
	struct fixture f;
	int i;

	p.interval = 2 * PRI / 1.4;	/* within what is no gap */
	f = make(p);
	put_tone(&f, 300, v, 400);
	cr_expect(fabs(spectrum_mean(f.s)[spectrum_now(f.s)] - v) > BIN,
		  "another interval");
	end(&f);
	p = usual();
	p.angle = 0.3;
	f = make(p);
	put_tone(&f, 300, v, 400);
	cr_expect(fabs(spectrum_mean(f.s)[spectrum_now(f.s)] - v) > BIN,
		  "another angle");
	end(&f);
	f = make(usual());
	for (i = 0; i < 400; i++)
		put(&f, 300 * conj(tone(v, f.t)));
	cr_expect(spectrum_mean(f.s)[spectrum_now(f.s)] < -v + BIN,
		  "the phase turned round");
	end(&f);
	f = make(usual());
	for (i = 0; i < 400; i++)
		put(&f, 300 * creal(tone(v, f.t)));
	cr_expect(fabs(spectrum_mean(f.s)[spectrum_now(f.s)]) < BIN,
		  "one part of the complex sample alone");
	end(&f);
}

/* --- extremes ---------------------------------------------------------------- */

Test(spectrum, extremes)
{
	struct spectrum_params all[6];
	unsigned int i, k;

	for (i = 0; i < 6; i++)
		all[i] = usual();
	all[1].width = 1;
	all[1].height = 2;
	all[2].column = PRI / 3;
	all[2].trace_columns = SPECTRUM_TRACE_MAX;
	all[2].spread = 0.3;
	all[3].column = 5000.5 * PRI;
	all[3].looks = SPECTRUM_LOOKS_MAX;
	all[4].window = SPECTRUM_LEAST;
	all[4].fft = 128;
	all[4].baseline = 1;
	all[5].cutoff = 0.99 * NYQUIST;
	all[5].baseline = -1;
	all[5].invert = true;
	all[5].height = 3001;
	for (i = 0; i < 6; i++) {
		const double level[] = { 0, 1e-30, 1, 1e9, 1e18, 1e30 };
		struct fixture f = make(all[i]);

		for (k = 0; k < 6; k++) {
			int n;

			for (n = 0; n < 2000; n++)
				put(&f, level[k] * random_normal());
			f.t += (k + 1) * 10.3 * PRI;
		}
		put(&f, NAN);
		put_tone(&f, INFINITY, 0.1, 10);
		put_tone(&f, NAN, 0.1, 500);
		spectrum_reset(f.s);
		put_tone(&f, 300, 0.5 * NYQUIST, 500);
		if (i == 0)
			cr_assert_float_eq(
				spectrum_mean(f.s)[spectrum_now(f.s)],
				0.5 * NYQUIST, BIN, "it forgets");
		end(&f);
	}
}

Test(spectrum, silence_has_no_velocity)
{
	struct fixture f = make(usual());
	uint32_t c;
	int i;

	for (i = 0; i < 1000; i++)
		put(&f, 0);
	for (i = 0; i < 4000; i++)
		put(&f, random_normal());
	for (c = 0; c < WIDTH; c++)
		cr_expect(isnan(spectrum_peak(f.s)[c]) &&
			  isnan(spectrum_mean(f.s)[c]), "column %u", c);
	end(&f);
}

/* A trace where the strip is black would be one of nothing. */
Test(spectrum, what_the_strip_does_not_show_has_no_traces)
{
	static const double amplitudes[] = { 10, 0.5 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct fixture f = make(usual());
		const double v = 0.5 * NYQUIST;
		uint32_t now;

		put_tone(&f, amplitudes[i], v, 1000);
		now = spectrum_now(f.s);
		if (i)
			cr_expect(isnan(spectrum_peak(f.s)[now]) &&
				  isnan(spectrum_mean(f.s)[now]));
		else
			near(spectrum_mean(f.s)[now], v, 0.01, "40 dB down");
		end(&f);
	}
}

Test(spectrum, traces_wait_for_their_columns)
{
	struct spectrum_params p = usual();
	struct fixture f;
	uint32_t now;

	p.trace_columns = 5;
	f = make(p);
	cr_expect_not(spectrum_drawn(f.s, 0));
	put_tone(&f, 1000, -0.5 * NYQUIST, 1000);
	now = spectrum_now(f.s);
	cr_expect(isnan(spectrum_peak(f.s)[now - 1]));
	cr_expect_not(isnan(spectrum_peak(f.s)[now - 2]));
	cr_expect(spectrum_drawn(f.s, now));
	cr_expect_not(spectrum_drawn(f.s, now + 1), "erased");
	end(&f);
}

Test(spectrum, wrong_params_are_refused_with_a_reason)
{
	static const struct {
		size_t offset;
		bool whole;
		double value;
		const char *why;
	} wrong[] = {
#define WHOLE(member) offsetof(struct spectrum_params, member), true
#define REAL(member) offsetof(struct spectrum_params, member), false
		{ WHOLE(gate), 0, "spectrum: gate is not 1 to 4096 samples" },
		{ REAL(sample_step), 0,
		  "spectrum: sample step or carrier is not positive" },
		{ REAL(angle), 1.5,
		  "spectrum: flow at more than 80 degrees to the beam" },
		{ REAL(angle), NAN,
		  "spectrum: flow at more than 80 degrees to the beam" },
		{ REAL(spread), 1.01, "spectrum: spread is not 0 to 1" },
		{ REAL(interval), 0,
		  "spectrum: interval, c or frequency is not positive" },
		{ REAL(frequency), INFINITY,
		  "spectrum: interval, c or frequency is not positive" },
		{ REAL(cutoff), NYQUIST,
		  "spectrum: cutoff is not from 0 to the Nyquist velocity" },
		{ REAL(cutoff), NAN,
		  "spectrum: cutoff is not from 0 to the Nyquist velocity" },
		{ WHOLE(fft), 192,
		  "spectrum: transform is not of 128 or 256 points" },
		{ WHOLE(window), 257,
		  "spectrum: window is not 16 samples to the transform's" },
		{ WHOLE(window), 15,
		  "spectrum: window is not 16 samples to the transform's" },
		{ WHOLE(looks), 17, "spectrum: not 1 to 16 looks" },
		{ WHOLE(height), 1,
		  "spectrum: strip is not 1 to 16384 wide and 2 to 16384 high" },
		{ REAL(column), 5,
		  "spectrum: a column lasts no time, or too many intervals" },
		{ REAL(reference), 0, "spectrum: reference is not positive" },
		{ REAL(range_db), 201,
		  "spectrum: dynamic range is not above 0, up to 200 dB" },
		{ REAL(baseline), 1.01, "spectrum: baseline is not -1 to 1" },
		{ WHOLE(trace_columns), 2,
		  "spectrum: traces are not of 1, 3 to 63 columns" },
	};
	struct spectrum *s;
	const char *why;
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct spectrum_params p = usual();

		if (wrong[i].whole)
			*(uint32_t *)((char *)&p + wrong[i].offset) =
				wrong[i].value;
		else
			*(double *)((char *)&p + wrong[i].offset) =
				wrong[i].value;
		cr_expect_eq(spectrum_create(&s, &p, &why), -EINVAL, "%u", i);
		cr_expect_str_eq(why, wrong[i].why);
	}
}

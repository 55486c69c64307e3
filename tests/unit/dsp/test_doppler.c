// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "dsp/doppler.h"

#define ENSEMBLE	16
#define LINES		3
#define SAMPLES		5
#define PLACES		(LINES * SAMPLES)

/* 5 MHz, 1540 m/s, 5 kHz: a Nyquist velocity of 0.385 m/s */
static struct doppler_params usual(void)
{
	return (struct doppler_params){
		.ensemble = ENSEMBLE,
		.interval = 200e-6,
		.c = 1540,
		.frequency = 5e6,
		.wall.order = -1,
		.average_lines = 1,
		.average_samples = 1,
		.reference = 1,
		.power_min_db = -INFINITY,
	};
}

/* Echoes of @strength that move at @v, on tissue that drifts at @drift. */
static void fill(float *data, double strength, double v, double tissue,
		 double drift)
{
	/* towards the probe the path shortens and the phase advances */
	const double turn = 4 * M_PI * 5e6 * 200e-6 / 1540;
	uint32_t t, i;

	for (t = 0; t < ENSEMBLE; t++) {
		for (i = 0; i < PLACES; i++) {
			float *at = data + 2 * (t * PLACES + i);

			at[0] = strength * cos(turn * v * t + i) +
				tissue * cos(turn * drift * t);
			at[1] = strength * sin(turn * v * t + i) +
				tissue * sin(turn * drift * t);
		}
	}
}

static void run(struct vel *vel, const struct doppler_params *params,
		const float *data)
{
	const struct iq iq = { (float *)data, ENSEMBLE, LINES, SAMPLES };
	struct doppler *doppler;
	const char *why = "";

	cr_assert_eq(doppler_create(&doppler, LINES, SAMPLES, params, &why), 0,
		     "%s", why);
	cr_assert_eq(vel_init(vel, LINES, SAMPLES), 0);
	doppler_execute(doppler, vel, &iq);
	doppler_destroy(doppler);
}

Test(doppler, velocity_has_its_sign_and_size)
{
	static const double velocities[] = { 0.05, -0.05, 0.3, -0.38 };
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		fill(data, 1, velocities[i], 0, 0);
		run(&vel, &params, data);
		cr_assert_float_eq(vel.v[7], velocities[i], 1e-5);
		cr_assert_float_eq(vel.power[7], 0, 1e-4);
		vel_finish(&vel);
	}
}

Test(doppler, velocity_beyond_nyquist_aliases)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;

	cr_assert_float_eq(doppler_nyquist(&params), 0.385, 1e-9);
	fill(data, 1, 0.4, 0, 0);
	run(&vel, &params, data);
	cr_assert_float_eq(vel.v[0], 0.4 - 0.77, 1e-5);
	vel_finish(&vel);
}

Test(doppler, wall_filter_removes_tissue_and_leaves_flow)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;

	/* tissue 60 dB stronger, drifting at 1 mm/s */
	fill(data, 1, 0.15, 1000, 1e-3);
	run(&vel, &params, data);
	cr_assert_lt(vel.v[7], 0.002, "tissue hides the flow");
	vel_finish(&vel);
	params.wall.order = 3;
	run(&vel, &params, data);
	cr_assert_float_eq(vel.v[7], 0.15, 0.01);
	vel_finish(&vel);
}

/* Least squares in long double, by the powers of time themselves. */
static void fit_away(double *x, int order)
{
	long double row[ENSEMBLE][ENSEMBLE], share;
	int k, l, t, twice;

	for (k = 0; k <= order; k++) {
		for (t = 0; t < ENSEMBLE; t++)
			row[k][t] = powl(2.0L * t / (ENSEMBLE - 1) - 1, k);
		for (twice = 0; twice < 2; twice++)
			for (l = 0; l < k; l++) {
				for (share = 0, t = 0; t < ENSEMBLE; t++)
					share += row[k][t] * row[l][t];
				for (t = 0; t < ENSEMBLE; t++)
					row[k][t] -= share * row[l][t];
			}
		for (share = 0, t = 0; t < ENSEMBLE; t++)
			share += row[k][t] * row[k][t];
		for (t = 0; t < ENSEMBLE; t++)
			row[k][t] /= sqrtl(share);
		for (share = 0, t = 0; t < ENSEMBLE; t++)
			share += x[t] * row[k][t];
		for (t = 0; t < ENSEMBLE; t++)
			x[t] -= share * row[k][t];
	}
}

/* Phase over time and power of a place that the polynomial has left. */
static void expect(double *v, double *power_db, const float *data, int order)
{
	double re[ENSEMBLE], im[ENSEMBLE], power = 0, sum[2] = { 0 };
	int t;

	for (t = 0; t < ENSEMBLE; t++) {
		re[t] = data[2 * t * PLACES];
		im[t] = data[2 * t * PLACES + 1];
	}
	fit_away(re, order);
	fit_away(im, order);
	for (t = 0; t < ENSEMBLE; t++) {
		power += (re[t] * re[t] + im[t] * im[t]) / ENSEMBLE;
		if (!t)
			continue;
		sum[0] += re[t] * re[t - 1] + im[t] * im[t - 1];
		sum[1] += im[t] * re[t - 1] - re[t] * im[t - 1];
	}
	*v = 0.385 * atan2(sum[1], sum[0]) / M_PI;
	*power_db = 10 * log10(power);
}

/* Order 14 leaves one component of 16: floats' 2e-7 of |x| are 1e-6 of it. */
Test(doppler, polynomials_of_any_order_are_taken_away)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	double v, power;
	struct vel vel;
	int i;

	for (i = 0; i < 2 * PLACES * ENSEMBLE; i++)
		data[i] = (i * 2654435761u >> 8) * 0x1p-23 - 1;
	for (params.wall.order = -1; params.wall.order <= ENSEMBLE - 2;
	     params.wall.order++) {
		run(&vel, &params, data);
		for (i = 0; i < PLACES; i++) {
			expect(&v, &power, data + 2 * i, params.wall.order);
			/* -v_N is v_N */
			cr_assert_float_eq(remainder(vel.v[i] - v, 2 * 0.385),
					   0, 1e-5, "order %d: %g, %g",
					   params.wall.order, vel.v[i], v);
			cr_assert_float_eq(vel.power[i], power, 2e-3,
					   "order %d: %g, %g",
					   params.wall.order, vel.power[i],
					   power);
		}
		vel_finish(&vel);
	}
}

/* Every kind finds the flow within tissue 60 dB stronger that drifts. */
Test(doppler, every_wall_filter_removes_tissue_and_leaves_flow)
{
	static const struct {
		struct wall_params wall;
		double drift, tolerance;
	} cases[] = {
		{ { WALL_POLYNOMIAL, 3, 0, 0 }, 1e-3, 0.01 },
		/* one zero at rest, so for tissue that is */
		{ { WALL_FIR, 4, 0.3, 0 }, 0, 0.005 },
		{ { WALL_FIR, 6, 0.2, 0 }, 0, 0.005 },
		{ { WALL_IIR, 2, 0.2, WALL_STEP }, 0, 0.02 },
		{ { WALL_IIR, 4, 0.2, WALL_PROJECTION }, 1e-3, 0.02 },
		{ { WALL_SVD, 1, 0, 0 }, 1e-3, 0.01 },
		{ { WALL_SVD, 1, 0, 0 }, 20e-3, 0.01 },
	};
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	size_t i;
	int sign;

	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		sign = i % 2 ? -1 : 1;
		fill(data, 1, sign * 0.15, 1000, cases[i / 2].drift);
		params.wall = cases[i / 2].wall;
		run(&vel, &params, data);
		cr_assert_float_eq(vel.v[7], sign * 0.15,
				   cases[i / 2].tolerance,
				   "filter %zu: %g m/s", i / 2, vel.v[7]);
		vel_finish(&vel);
	}
}

/* What rings in a filter that starts from silence is stronger than blood. */
Test(doppler, an_iir_filter_from_silence_shows_tissue)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;

	fill(data, 1, 0.15, 1000, 0);
	params.wall = (struct wall_params){ WALL_IIR, 2, 0.2, WALL_ZERO };
	run(&vel, &params, data);
	cr_assert_gt(vel.power[7], 30);
	vel_finish(&vel);
}

/*
 * Tissue that speeds up along a path that no low polynomial follows; all of it
 * moves alike, so it is one component.
 */
Test(doppler, svd_removes_tissue_whose_motion_is_no_polynomial)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t, i;

	fill(data, 1, 0.2, 0, 0);
	for (t = 0; t < ENSEMBLE; t++)
		for (i = 0; i < PLACES; i++) {
			double phi = 0.8 * sin(0.9 * t) + 0.1 * t;

			data[2 * (t * PLACES + i)] += 300 * cos(phi);
			data[2 * (t * PLACES + i) + 1] += 300 * sin(phi);
		}
	params.wall.order = 3;
	run(&vel, &params, data);
	cr_assert_gt(vel.power[7], 20, "a polynomial leaves tissue");
	vel_finish(&vel);
	params.wall = (struct wall_params){ .kind = WALL_SVD, .order = 1 };
	run(&vel, &params, data);
	cr_assert_float_eq(vel.v[7], 0.2, 0.01);
	/* less what the flow has in common with the tissue */
	cr_assert_float_eq(vel.power[7], 0, 3);
	vel_finish(&vel);
}

/* Velocities on both sides of Nyquist: the mean of R1, not of velocities. */
Test(doppler, the_mean_does_not_cancel_across_nyquist)
{
	float data[2 * PLACES * ENSEMBLE], other[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t, i;

	fill(data, 1, 0.37, 0, 0);
	fill(other, 1, -0.37, 0, 0);
	for (t = 0; t < ENSEMBLE; t++)
		for (i = 0; i < PLACES; i++)
			if (i % SAMPLES % 2)
				memcpy(data + 2 * (t * PLACES + i),
				       other + 2 * (t * PLACES + i), 8);
	params.average_samples = 3;
	params.average_lines = 3;
	run(&vel, &params, data);
	for (i = 0; i < PLACES; i++)
		cr_assert_gt(fabs(vel.v[i]), 0.37, "place %u: %g", i,
			     vel.v[i]);
	vel_finish(&vel);
}

Test(doppler, wall_filter_of_order_n_removes_polynomials_to_n)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t, i;
	int order;

	for (t = 0; t < ENSEMBLE; t++) {
		for (i = 0; i < PLACES; i++) {
			data[2 * (t * PLACES + i)] = 1 + t + 0.1 * t * t;
			data[2 * (t * PLACES + i) + 1] = 3 - 0.2 * t * t;
		}
	}
	for (order = 0; order <= 3; order++) {
		params.wall.order = order;
		run(&vel, &params, data);
		if (order < 2)
			cr_assert_gt(vel.power[0], -10, "order %d", order);
		else
			cr_assert_lt(vel.power[0], -90, "order %d", order);
		vel_finish(&vel);
	}
}

Test(doppler, weak_echoes_are_not_valid)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t;

	fill(data, 1, 0.1, 0, 0);
	for (t = 0; t < ENSEMBLE; t++) {
		data[2 * t * PLACES] *= 0.01f;
		data[2 * t * PLACES + 1] *= 0.01f;
	}
	params.power_min_db = -20;
	run(&vel, &params, data);
	cr_assert_eq(vel.valid[0], 0);
	cr_assert_float_eq(vel.power[0], -40, 1e-3);
	cr_assert_eq(vel.valid[1], 1);
	vel_finish(&vel);
}

Test(doppler, mean_repeats_the_edges)
{
	float data[2 * PLACES * ENSEMBLE] = { 0 };
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t;

	/* one place alone, in the corner: its weight is that of 2 x 2 of 9 */
	for (t = 0; t < ENSEMBLE; t++)
		data[2 * t * PLACES] = 1;
	params.average_lines = 3;
	params.average_samples = 3;
	run(&vel, &params, data);
	cr_assert_float_eq(vel.power[0], 10 * log10(4.0 / 9), 1e-3);
	cr_assert_float_eq(vel.power[1], 10 * log10(2.0 / 9), 1e-3);
	cr_assert_float_eq(vel.power[SAMPLES + 1], 10 * log10(1.0 / 9), 1e-3);
	cr_assert_eq(vel.power[2], -INFINITY);
	vel_finish(&vel);
}

/*
 * Echoes at 4.5 MHz that come nearer at 0.1 m/s, beamformed about 5 MHz: the
 * phase turns with 4.5 MHz over depth as over time.
 */
Test(doppler, loupas_finds_the_frequency_of_the_echoes)
{
	const double step = 50e-6, w = 4 * M_PI * 4.5e6 / 1540;
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t, i;

	for (t = 0; t < ENSEMBLE; t++) {
		for (i = 0; i < PLACES; i++) {
			double phase = w * (i % SAMPLES * step +
					    0.1 * 200e-6 * t);

			data[2 * (t * PLACES + i)] = cos(phase);
			data[2 * (t * PLACES + i) + 1] = sin(phase);
		}
	}
	run(&vel, &params, data);
	cr_assert_float_eq(vel.v[7], 0.09, 1e-5);
	vel_finish(&vel);
	params.estimator = DOPPLER_LOUPAS;
	params.carrier = 5e6;
	params.sample_step = step;
	run(&vel, &params, data);
	for (i = 0; i < PLACES; i++)
		cr_assert_float_eq(vel.v[i], 0.1, 1e-5);
	vel_finish(&vel);
}

Test(doppler, variance_tells_one_velocity_from_many)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;
	uint32_t t;

	fill(data, 1, 0.1, 0, 0);
	/* place 0: every other image turned by a right angle */
	for (t = 0; t < ENSEMBLE; t++) {
		data[2 * t * PLACES] = t % 4 < 2;
		data[2 * t * PLACES + 1] = t % 4 >= 2;
	}
	run(&vel, &params, data);
	cr_assert_float_eq(vel.variance[7], 0, 1e-5);
	cr_assert_gt(vel.variance[0], 0.3);
	vel_finish(&vel);
}

Test(doppler, slow_echoes_are_not_valid)
{
	float data[2 * PLACES * ENSEMBLE];
	struct doppler_params params = usual();
	struct vel vel;

	fill(data, 1, -0.1, 0, 0);
	params.velocity_min = 0.11;
	run(&vel, &params, data);
	cr_assert_eq(vel.valid[3], 0);
	vel_finish(&vel);
	params.velocity_min = 0.09;
	run(&vel, &params, data);
	cr_assert_eq(vel.valid[3], 1);
	vel_finish(&vel);
}

static const char *refusal(const struct doppler_params *params)
{
	struct doppler *doppler;
	const char *why = NULL;

	cr_assert_eq(doppler_create(&doppler, LINES, SAMPLES, params, &why),
		     -EINVAL);
	cr_assert_not_null(why);
	return why;
}

Test(doppler, wrong_params_are_refused_with_a_reason)
{
	struct doppler_params p = usual();

	p.ensemble = 1;
	cr_assert_str_eq(refusal(&p), "doppler: ensemble is not 2 to 1024");
	p = usual();
	p.interval = 0;
	cr_assert_str_eq(refusal(&p), "doppler: interval is not positive");
	p = usual();
	p.wall.order = -2;
	cr_assert_str_eq(refusal(&p),
			 "doppler: wall filter's order is below -1");
	p = usual();
	p.ensemble = 4;
	p.wall.order = 3;
	cr_assert_str_eq(refusal(&p),
			 "doppler: wall filter leaves nothing of the ensemble");
	p = usual();
	p.average_lines = 2;
	cr_assert_str_eq(refusal(&p), "doppler: window of the mean is not odd");
	p = usual();
	p.average_samples = 7;
	cr_assert_str_eq(refusal(&p),
			 "doppler: window of the mean exceeds the grid");
}

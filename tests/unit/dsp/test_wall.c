// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/wall.h"

#define LONGEST	128

static double random_value(void)
{
	return 2.0 * rand() / RAND_MAX - 1;
}

/* Power that the filter leaves of exp(i omega t), of its rows from @row on. */
static double response(const struct wall_law *law, double omega, uint32_t row)
{
	double sum = 0;
	uint32_t r, t;

	for (r = row; r < law->rows; r++) {
		double complex y = 0;

		for (t = 0; t < law->ensemble; t++)
			y += law->matrix[r * law->ensemble + t] *
			     cexp(I * omega * t);
		sum += creal(y * conj(y));
	}
	return sum / (law->rows - row);
}

static struct wall_law make(const struct wall_params *params,
			    uint32_t ensemble)
{
	struct wall_law law;

	cr_assert_null(wall_fault(params, ensemble));
	cr_assert_eq(wall_init(&law, params, ensemble), 0);
	return law;
}

static double basis_dot(const struct wall_law *law, uint32_t k, uint32_t l)
{
	const float *a = law->basis + (size_t)k * law->ensemble;
	const float *b = law->basis + (size_t)l * law->ensemble;
	double sum = 0;
	uint32_t t;

	for (t = 0; t < law->ensemble; t++)
		sum += (double)a[t] * b[t];
	return sum;
}

/* Rounding to floats moves a product by 2^-24 of sum |a b|, at most 1, twice. */
Test(wall, polynomials_of_any_degree_are_orthonormal)
{
	static const uint32_t ensembles[] = { 2, 3, 16, 100, 1024 };
	uint32_t i, k, l;

	for (i = 0; i < 5; i++) {
		const struct wall_params p = { .kind = WALL_POLYNOMIAL,
					       .order = ensembles[i] - 2 };
		struct wall_law law = make(&p, ensembles[i]);

		cr_assert_eq(law.terms, ensembles[i] - 1);
		for (k = 0; k < law.terms; k++)
			for (l = 0; l <= k; l++)
				cr_assert_float_eq(basis_dot(&law, k, l),
						   k == l, 0x1p-23,
						   "%u: %u, %u", ensembles[i],
						   k, l);
		wall_finish(&law);
	}
}

/* What the basis leaves of @x, in double. */
static void leave(double *x, const struct wall_law *law)
{
	uint32_t k, t;

	for (k = 0; k < law->terms; k++) {
		const float *q = law->basis + (size_t)k * law->ensemble;
		double share = 0;

		for (t = 0; t < law->ensemble; t++)
			share += q[t] * x[t];
		for (t = 0; t < law->ensemble; t++)
			x[t] -= share * q[t];
	}
}

static double size_of(const double *x, uint32_t n)
{
	double sum = 0;
	uint32_t t;

	for (t = 0; t < n; t++)
		sum += x[t] * x[t];
	return sqrt(sum);
}

/* Chebyshev's: as large at the ends as in the middle, whatever the degree. */
static double fill_chebyshev(double *x, uint32_t degree, uint32_t n)
{
	uint32_t t;

	for (t = 0; t < n; t++)
		x[t] = cos(degree * acos(fmax(-1, 2.0 * t / (n - 1) - 1)));
	return size_of(x, n);
}

/* What is left is the basis' rounding to floats, at random from term to term. */
Test(wall, polynomials_up_to_the_order_are_rejected)
{
	static const struct { uint32_t ensemble, order; } cases[] = {
		{ 10, 8 }, { 16, 7 }, { 16, 9 }, { 64, 30 }, { 256, 100 },
		{ 1024, 40 }, { 1024, 1022 },
	};
	static double x[1024];
	uint32_t i, degree;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint32_t n = cases[i].ensemble;
		const struct wall_params p = { .kind = WALL_POLYNOMIAL,
					       .order = cases[i].order };
		struct wall_law law = make(&p, n);

		for (degree = 0; degree <= cases[i].order;
		     degree += 1 + degree / 30) {
			double size = fill_chebyshev(x, degree, n);

			leave(x, &law);
			cr_assert_lt(size_of(x, n), 0x1p-22 * size,
				     "%u of %u, order %u: %g", degree, n,
				     cases[i].order, size_of(x, n) / size);
		}
		wall_finish(&law);
	}
}

/*
 * All polynomials below degree n - 1 are what the last difference, of weights
 * (-1)^t over (n - 1 over t), is blind to: it is all that is left.
 */
Test(wall, the_highest_order_leaves_the_last_difference)
{
	static const uint32_t ensembles[] = { 4, 9, 20, 40 };
	double weight[40], x[40];
	uint32_t i, t, u;

	for (i = 0; i < 4; i++) {
		const uint32_t n = ensembles[i];
		const struct wall_params p = { .kind = WALL_POLYNOMIAL,
					       .order = n - 2 };
		struct wall_law law = make(&p, n);
		double size;

		weight[0] = 1;
		for (t = 1; t < n; t++)
			weight[t] = -weight[t - 1] * (n - t) / t;
		size = size_of(weight, n);
		for (u = 0; u < n; u++) {
			for (t = 0; t < n; t++)
				x[t] = t == u;
			leave(x, &law);
			for (t = 0; t < n; t++)
				cr_assert_float_eq(x[t], weight[t] / size *
						   weight[u] / size, 0x1p-22,
						   "%u: %u of %u", n, t, u);
		}
		wall_finish(&law);
	}
}

Test(wall, fir_removes_what_stands_still_and_passes_what_is_fast)
{
	struct wall_params p = { .kind = WALL_FIR, .cutoff = 0.2 };

	for (p.order = 2; p.order <= 8; p.order += 2) {
		struct wall_law law = make(&p, 16);

		cr_assert_eq(law.rows, 16 - p.order);
		cr_assert_lt(response(&law, 0, 0), 1e-12, "order %d", p.order);
		cr_assert_float_eq(response(&law, 0.9 * M_PI, 0), 1, 0.25,
				   "order %d", p.order);
		/* of linear phase, so alike for both directions */
		cr_assert_float_eq(response(&law, 0.3, 0),
				   response(&law, -0.3, 0), 1e-6);
		wall_finish(&law);
	}
}

Test(wall, fir_of_high_order_is_6_db_down_at_its_cutoff)
{
	const struct wall_params p = { .kind = WALL_FIR, .order = 30,
				       .cutoff = 0.25 };
	struct wall_law law = make(&p, 64);

	cr_assert_float_eq(response(&law, 0.25 * M_PI, 0), 0.25, 0.02);
	cr_assert_float_eq(response(&law, 0.5 * M_PI, 0), 1, 0.02);
	wall_finish(&law);
}

/* Hamming's window: no lobe of its transform above -53 dB, of Hann's -44. */
Test(wall, fir_ripples_no_more_than_hammings_window_lets_it)
{
	const struct wall_params p = { .kind = WALL_FIR, .order = 30,
				       .cutoff = 0.5 };
	struct wall_law law = make(&p, 64);
	double f, worst = 0;

	/* the transition is 3.3 / 31 of the rate wide, to both sides together */
	for (f = 0.5 + 0.11; f <= 1; f += 1e-3)
		worst = fmax(worst, fabs(response(&law, f * M_PI, 0) - 1));
	/* of power, twice that of amplitude */
	cr_assert_lt(worst, 2 * pow(10, -53 / 20.0), "%g", worst);
	wall_finish(&law);
}

Test(wall, iir_is_butterworth_once_it_has_forgotten_its_past)
{
	struct wall_params p = { .kind = WALL_IIR, .cutoff = 0.2,
				 .start = WALL_ZERO };

	for (p.order = 1; p.order <= WALL_IIR_MAX; p.order++) {
		struct wall_law law = make(&p, LONGEST);
		/* a high-pass by the bilinear transform: tan of half */
		double ratio = tan(0.1 * M_PI) / tan(0.15 * M_PI);

		cr_assert_float_eq(response(&law, 0.2 * M_PI, 100), 0.5, 1e-3,
				   "order %d", p.order);
		cr_assert_float_eq(response(&law, 0.3 * M_PI, 100),
				   1 / (1 + pow(ratio, 2 * p.order)), 1e-3,
				   "order %d", p.order);
		cr_assert_float_eq(response(&law, M_PI, 100), 1, 1e-3);
		wall_finish(&law);
	}
}

/* From the first image on, which is what an initialisation is for. */
Test(wall, iir_that_knows_its_past_removes_what_stands_still)
{
	struct wall_params p = { .kind = WALL_IIR, .cutoff = 0.2 };

	for (p.order = 1; p.order <= WALL_IIR_MAX; p.order++) {
		struct wall_law law;

		p.start = WALL_ZERO;
		law = make(&p, 10);
		cr_assert_gt(response(&law, 0, 0), 0.02);
		wall_finish(&law);
		p.start = WALL_STEP;
		law = make(&p, 10);
		cr_assert_lt(response(&law, 0, 0), 1e-11);
		wall_finish(&law);
		p.start = WALL_PROJECTION;
		law = make(&p, 10);
		cr_assert_lt(response(&law, 0, 0), 1e-11);
		wall_finish(&law);
	}
}

/* Size of what the matrix leaves of time to the power @k, over that of it. */
static double left_of_power(const struct wall_law *law, uint32_t k)
{
	const uint32_t n = law->ensemble;
	double left = 0, all = 0;
	uint32_t r, t;

	for (r = 0; r < law->rows; r++) {
		double y = 0;

		for (t = 0; t < n; t++)
			y += law->matrix[r * n + t] *
			     pow(2.0 * t / (n - 1) - 1, k);
		left += y * y;
	}
	for (t = 0; t < n; t++)
		all += pow(2.0 * t / (n - 1) - 1, 2 * k);
	return sqrt(left / all);
}

/*
 * Each zero at 0 Hz takes a power of time away, all but the transient, which the
 * projection takes: nothing is left but the rounding of the matrix to floats,
 * 2^-24 of each product.
 */
Test(wall, projection_removes_a_power_for_each_zero)
{
	static const double cutoffs[] = { 1e-4, 0.01, 0.2, 0.5, 0.99 };
	static const uint32_t ensembles[] = { 6, 10, 32, 128 };
	struct wall_params p = { .kind = WALL_IIR, .start = WALL_PROJECTION };
	int k, c, n;

	for (p.order = 1; p.order <= WALL_IIR_MAX; p.order++)
		for (c = 0; c < 5; c++)
			for (n = 0; n < 4; n++) {
				struct wall_law law;

				p.cutoff = cutoffs[c];
				law = make(&p, ensembles[n]);
				for (k = 0; k < p.order; k++)
					cr_assert_lt(left_of_power(&law, k),
						     0x1p-24, "%d of %d: %g",
						     k, p.order,
						     left_of_power(&law, k));
				wall_finish(&law);
			}
}

/* Tissue that drifts a little: the sharper start leaves less of it. */
Test(wall, projection_leaves_less_of_slow_tissue_than_a_step)
{
	struct wall_params p = { .kind = WALL_IIR, .order = 4, .cutoff = 0.2,
				 .start = WALL_STEP };
	struct wall_law law = make(&p, 10);
	double step = response(&law, 0.05 * M_PI, 0);

	wall_finish(&law);
	p.start = WALL_PROJECTION;
	law = make(&p, 10);
	cr_assert_lt(response(&law, 0.05 * M_PI, 0), step / 100);
	cr_assert_float_eq(response(&law, 0.8 * M_PI, 0), 1, 0.5);
	wall_finish(&law);
}

static double complex dot(const double complex *a, const double complex *b,
			  uint32_t n)
{
	double complex sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += conj(a[i]) * b[i];
	return sum;
}

static void check_eigen(uint32_t n)
{
	static double complex a[64 * 64], was[64 * 64], v[64 * 64];
	double value[64];
	uint32_t i, j, k;

	for (i = 0; i < n; i++)
		for (j = 0; j <= i; j++) {
			a[i * n + j] = i == j ? random_value() :
				       random_value() + I * random_value();
			was[i * n + j] = a[i * n + j];
			was[j * n + i] = conj(a[i * n + j]);
		}
	wall_eigen(value, v, a, n);
	for (k = 0; k < n; k++) {
		cr_assert(!k || value[k] <= value[k - 1]);
		for (i = 0; i < n; i++) {
			double complex sum = 0;

			for (j = 0; j < n; j++)
				sum += was[i * n + j] * v[k * n + j];
			cr_assert_lt(cabs(sum - value[k] * v[k * n + i]),
				     1e-11 * n, "n %u, vector %u", n, k);
		}
		for (i = 0; i < n; i++)
			cr_assert_lt(cabs(dot(v + k * n, v + i * n, n) -
					  (i == k)), 1e-12 * n);
	}
}

Test(wall, eigenvectors_are_such_and_orthonormal)
{
	check_eigen(1);
	check_eigen(2);
	check_eigen(7);
	check_eigen(32);
	check_eigen(64);
}

Test(wall, eigenvectors_of_equal_and_of_no_values)
{
	double complex a[9] = { 2, 0, 0, 0, 2, 0, 0, 0, 2 }, v[9];
	double complex none[9] = { 0 };
	double value[3];

	wall_eigen(value, v, a, 3);
	cr_assert_float_eq(value[0], 2, 1e-15);
	cr_assert_float_eq(value[2], 2, 1e-15);
	wall_eigen(value, v, none, 3);
	cr_assert_float_eq(value[0], 0, 0);
	cr_assert_float_eq(cabs(v[0]), 1, 0);
}

Test(wall, what_is_no_filter_is_refused)
{
	static const struct {
		struct wall_params p;
		uint32_t ensemble;
		const char *why;
	} cases[] = {
		{ { WALL_POLYNOMIAL, -2, 0, 0 }, 16, "below -1" },
		{ { WALL_POLYNOMIAL, 15, 0, 0 }, 16, "leaves nothing" },
		{ { WALL_POLYNOMIAL, 0x7fffffff, 0, 0 }, 16, "leaves nothing" },
		{ { WALL_FIR, 3, 0.2, 0 }, 16, "not even" },
		{ { WALL_FIR, 32, 0.2, 0 }, 64, "2 to 30" },
		{ { WALL_FIR, 4, 0, 0 }, 16, "cutoff" },
		{ { WALL_FIR, 4, 1, 0 }, 16, "cutoff" },
		{ { WALL_FIR, 4, NAN, 0 }, 16, "cutoff" },
		{ { WALL_FIR, 8, 0.2, 0 }, 9, "leaves nothing" },
		{ { WALL_IIR, 0, 0.2, 0 }, 16, "1 to 4" },
		{ { WALL_IIR, 5, 0.2, 0 }, 16, "1 to 4" },
		{ { WALL_IIR, 2, 0.2, 3 }, 16, "start" },
		{ { WALL_IIR, 2, 0.2, 0 }, 129, "above 128" },
		{ { WALL_SVD, 0, 0, 0 }, 16, "1 to 8" },
		{ { WALL_SVD, 9, 0, 0 }, 16, "1 to 8" },
		{ { WALL_SVD, 2, 0, 0 }, 65, "above 64" },
		{ { WALL_SVD, 3, 0, 0 }, 4, "leaves nothing" },
		{ { 4, 1, 0, 0 }, 16, "unknown" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = wall_fault(&cases[i].p, cases[i].ensemble);

		cr_assert(why && strstr(why, cases[i].why), "case %zu: %s", i,
			  why ? why : "accepted");
	}
}

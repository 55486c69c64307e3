// SPDX-License-Identifier: MIT
/* Wall filters as linear maps of an ensemble. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp.h"
#include "wall.h"

const char *wall_fault(const struct wall_params *p, uint32_t ensemble)
{
	switch (p->kind) {
	case WALL_POLYNOMIAL:
		if (p->order < -1)
			return "doppler: wall filter's order is below -1";
		break;
	case WALL_FIR:
		if (p->order < 2 || p->order > WALL_FIR_MAX || p->order % 2)
			return "doppler: FIR wall filter's order is not even, 2 to 30";
		break;
	case WALL_IIR:
		if (p->order < 1 || p->order > WALL_IIR_MAX)
			return "doppler: IIR wall filter's order is not 1 to 4";
		if (ensemble > WALL_MATRIX_MAX)
			return "doppler: ensemble of an IIR wall filter is above 128";
		if (p->start > WALL_PROJECTION)
			return "doppler: unknown start of the IIR wall filter";
		break;
	case WALL_SVD:
		if (p->order < 1 || p->order > WALL_TERMS_MAX)
			return "doppler: SVD wall filter's order is not 1 to 8";
		if (ensemble > WALL_SVD_MAX)
			return "doppler: ensemble of an SVD wall filter is above 64";
		break;
	default:
		return "doppler: unknown wall filter";
	}
	if (p->order > (int)ensemble - 2)
		return "doppler: wall filter leaves nothing of the ensemble";
	if ((p->kind == WALL_FIR || p->kind == WALL_IIR) &&
	    !(p->cutoff > 0 && p->cutoff < 1))
		return "doppler: wall filter's cutoff is not between 0 and the Nyquist velocity";
	return NULL;
}

static double dot(const double *a, const double *b, uint32_t n)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Modified Gram-Schmidt: takes from @p what it has of the first k rows. */
static void clear_of(double *p, const double *row, uint32_t k, uint32_t n)
{
	uint32_t l, t;

	for (l = 0; l < k; l++) {
		double share = dot(p, row + (size_t)l * n, n);

		for (t = 0; t < n; t++)
			p[t] -= share * row[(size_t)l * n + t];
	}
}

/*
 * Makes row k of @row, [terms][n], orthogonal to those before it, of length 1.
 * Once is enough: what is left of it is never small against its rounding.
 */
static void orthonormalise(double *row, uint32_t k, uint32_t n)
{
	double *p = row + (size_t)k * n, norm;
	uint32_t t;

	clear_of(p, row, k, n);
	norm = sqrt(dot(p, p, n));
	for (t = 0; t < n; t++)
		p[t] /= norm;
}

/* Orthonormal polynomials: the next is the last times time, made so. */
static void fill_polynomials(double *row, uint32_t terms, uint32_t n)
{
	uint32_t k, t;

	for (k = 0; k < terms; k++) {
		double *p = row + (size_t)k * n;

		for (t = 0; t < n; t++)
			p[t] = k ? p[(ptrdiff_t)t - n] * (2.0 * t / (n - 1) - 1)
				 : 1;
		orthonormalise(row, k, n);
	}
}

/*
 * 1 minus a low-pass of gain 1 at 0 Hz: a sinc under Hamming's window, whose
 * two ends would lie beyond the taps. So what stands still is removed exactly.
 */
static void fill_fir(double *matrix, const struct wall_params *p, uint32_t n)
{
	const int half = p->order / 2;
	double tap[WALL_FIR_MAX + 1], sum = 0;
	uint32_t r;
	int k;

	for (k = -half; k <= half; k++) {
		double x = M_PI * p->cutoff * k;

		tap[k + half] = (k ? sin(x) / x : 1) *
				(0.54 + 0.46 * cos(M_PI * k / (half + 1)));
		sum += tap[k + half];
	}
	for (k = 0; k <= p->order; k++)
		tap[k] = (k == half) - tap[k] / sum;
	for (r = 0; r + p->order < n; r++)
		for (k = 0; k <= p->order; k++)
			matrix[(size_t)r * n + r + k] = tap[p->order - k];
}

/* The recursive filter: its numerator and denominator in powers of 1/z. */
struct recursion {
	uint32_t order;
	double b[WALL_IIR_MAX + 1];
	double a[WALL_IIR_MAX + 1];
};

static double at_nyquist(const double *poly, uint32_t order)
{
	double sum = 0;
	uint32_t k;

	for (k = 0; k <= order; k++)
		sum += k % 2 ? -poly[k] : poly[k];
	return sum;
}

/* Multiplies a polynomial of degree @k by (1 - root / z). */
static void add_root(double complex *poly, uint32_t k, double complex root)
{
	uint32_t i;

	poly[k + 1] = 0;
	for (i = k + 1; i > 0; i--)
		poly[i] -= root * poly[i - 1];
}

/*
 * Butterworth's high-pass: poles on a circle, mirrored for a high-pass, by the
 * bilinear transform; all zeros at 0 Hz.
 */
static struct recursion butterworth(uint32_t order, double cutoff)
{
	const double edge = tan(M_PI * cutoff / 2);
	double complex a[WALL_IIR_MAX + 1] = { 1 }, b[WALL_IIR_MAX + 1] = { 1 };
	struct recursion f = { .order = order };
	double gain;
	uint32_t k;

	for (k = 0; k < order; k++) {
		double angle = M_PI * (2 * k + 1 + order) / (2 * order);
		double complex s = edge / cexp(I * angle);

		add_root(a, k, (1 + s) / (1 - s));
		add_root(b, k, 1);
	}
	for (k = 0; k <= order; k++) {
		f.a[k] = creal(a[k]);
		f.b[k] = creal(b[k]);
	}
	gain = at_nyquist(f.a, order) / at_nyquist(f.b, order);
	for (k = 0; k <= order; k++)
		f.b[k] *= gain;
	return f;
}

/* Output to @in, or to silence, from a state; transposed direct form. */
static void recur(double *out, const double *in, double *state, uint32_t n,
		  const struct recursion *f)
{
	uint32_t t, k;

	for (t = 0; t < n; t++) {
		const double x = in ? in[t] : 0;

		out[t] = f->b[0] * x + state[0];
		for (k = 0; k < f->order; k++)
			state[k] = f->b[k + 1] * x - f->a[k + 1] * out[t] +
				   (k + 1 < f->order ? state[k + 1] : 0);
	}
}

/* What a past can leave: the outputs to silence from every state. */
static void fill_transients(double *row, const struct recursion *f, uint32_t n)
{
	uint32_t k;

	for (k = 0; k < f->order; k++) {
		double state[WALL_IIR_MAX] = { 0 };

		state[k] = 1;
		recur(row + (size_t)k * n, NULL, state, n, f);
		orthonormalise(row, k, n);
	}
}

/* Column t of the matrix is the answer to an impulse at t. */
static void fill_iir(double *matrix, const struct wall_params *p, double *work,
		     uint32_t n)
{
	const struct recursion f = butterworth(p->order, p->cutoff);
	double *out = work, *in = work + n, *row = work + 2 * n, share;
	uint32_t t, r, k;

	fill_transients(row, &f, n);
	for (t = 0; t < n; t++) {
		double state[WALL_IIR_MAX + 1] = { 0 };

		memset(in, 0, n * sizeof(*in));
		in[t] = 1;
		/* less the first image, for which the filter is at rest */
		for (r = 0; p->start == WALL_STEP && !t && r < n; r++)
			in[r] -= 1;
		recur(out, in, state, n, &f);
		for (k = 0; p->start == WALL_PROJECTION && k < f.order; k++) {
			share = dot(out, row + (size_t)k * n, n);
			for (r = 0; r < n; r++)
				out[r] -= share * row[(size_t)k * n + r];
		}
		for (r = 0; r < n; r++)
			matrix[(size_t)r * n + t] = out[r];
	}
}

static int init_matrix(struct wall_law *law, const struct wall_params *p)
{
	const uint32_t n = law->ensemble;
	double *matrix = dsp_alloc((size_t)law->rows * n, sizeof(double));
	double *work = dsp_alloc((size_t)n * (2 + WALL_IIR_MAX),
				 sizeof(double));
	uint32_t r, t;

	law->matrix = dsp_alloc((size_t)law->rows * n, sizeof(float));
	law->from = dsp_alloc(law->rows, sizeof(*law->from));
	law->to = dsp_alloc(law->rows, sizeof(*law->to));
	if (matrix && work && law->matrix && law->from && law->to) {
		if (p->kind == WALL_FIR)
			fill_fir(matrix, p, n);
		else
			fill_iir(matrix, p, work, n);
		for (r = 0; r < law->rows; r++) {
			law->from[r] = n;
			for (t = 0; t < n; t++) {
				law->matrix[(size_t)r * n + t] =
					matrix[(size_t)r * n + t];
				if (matrix[(size_t)r * n + t] == 0)
					continue;
				law->to[r] = t + 1;
				if (law->from[r] == n)
					law->from[r] = t;
			}
			if (law->from[r] > law->to[r])
				law->from[r] = law->to[r];
		}
	}
	free(matrix);
	free(work);
	return law->matrix && law->from && law->to ? 0 : -ENOMEM;
}

static int init_basis(struct wall_law *law, const struct wall_params *p)
{
	const size_t n = (size_t)law->terms * law->ensemble;
	double *row;
	size_t i;

	law->basis = dsp_alloc(n, 2 * sizeof(float));
	if (!law->basis)
		return -ENOMEM;
	if (p->kind == WALL_SVD)
		return 0;
	row = dsp_alloc(n, sizeof(double));
	if (!row)
		return -ENOMEM;
	fill_polynomials(row, law->terms, law->ensemble);
	for (i = 0; i < n; i++)
		law->basis[i] = row[i];
	free(row);
	return 0;
}

int wall_init(struct wall_law *law, const struct wall_params *p,
	      uint32_t ensemble)
{
	*law = (struct wall_law){ .ensemble = ensemble, .rows = ensemble };
	if (p->kind == WALL_FIR)
		law->rows -= p->order;
	if (p->kind == WALL_FIR || p->kind == WALL_IIR)
		return init_matrix(law, p);
	law->terms = p->order + (p->kind == WALL_POLYNOMIAL);
	return init_basis(law, p);
}

void wall_finish(struct wall_law *law)
{
	free(law->basis);
	free(law->matrix);
	free(law->from);
	free(law->to);
}

/*
 * A unitary rotation of p and q that clears matrix[p][q], applied to columns
 * (through the rows, the matrix being Hermitian) and to the vectors.
 */
static void rotate(double complex *matrix, double complex *vector, uint32_t n,
		   uint32_t p, uint32_t q)
{
	double complex *row_p = matrix + (size_t)p * n;
	double complex *row_q = matrix + (size_t)q * n;
	double size = cabs(row_q[p]);
	double zeta = (creal(row_q[q]) - creal(row_p[p])) / (2 * size);
	double t = (zeta < 0 ? -1 : 1) / (fabs(zeta) + sqrt(1 + zeta * zeta));
	double c = 1 / sqrt(1 + t * t);
	double complex s = c * t * row_q[p] / size, cs = conj(s);
	double pp = creal(row_p[p]) - t * size, qq = creal(row_q[q]) + t * size;
	uint32_t i;

	for (i = 0; i < n; i++) {
		double complex a = row_p[i], b = row_q[i];

		row_p[i] = c * a - cs * b;
		row_q[i] = s * a + c * b;
		a = vector[(size_t)p * n + i];
		b = vector[(size_t)q * n + i];
		vector[(size_t)p * n + i] = c * a - s * b;
		vector[(size_t)q * n + i] = cs * a + c * b;
	}
	for (i = 0; i < n; i++) {
		matrix[(size_t)i * n + p] = conj(row_p[i]);
		matrix[(size_t)i * n + q] = conj(row_q[i]);
	}
	row_p[p] = pp;
	row_q[q] = qq;
	row_p[q] = 0;
	row_q[p] = 0;
}

/* One sweep over all pairs; how many of them were worth a rotation. */
static uint32_t sweep(double complex *matrix, double complex *vector,
		      uint32_t n, double least)
{
	uint32_t p, q, rotations = 0;

	for (p = 0; p < n; p++)
		for (q = p + 1; q < n; q++) {
			const double complex at = matrix[(size_t)q * n + p];

			if (fabs(creal(at)) + fabs(cimag(at)) <= least)
				continue;
			rotate(matrix, vector, n, p, q);
			rotations++;
		}
	return rotations;
}

static void swap_vectors(double complex *a, double complex *b, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		double complex was = a[i];

		a[i] = b[i];
		b[i] = was;
	}
}

void wall_eigen(double *value, double complex *vector, double complex *matrix,
		uint32_t n)
{
	double size = 0;
	uint32_t i, j, turns = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++)
			vector[(size_t)i * n + j] = i == j;
		for (j = 0; j <= i; j++) {
			size += cabs(matrix[(size_t)i * n + j]);
			matrix[(size_t)j * n + i] =
				conj(matrix[(size_t)i * n + j]);
		}
	}
	/* quadratic at the end: a handful of sweeps, whatever the matrix */
	while (turns++ < 30 && sweep(matrix, vector, n, 0x1p-50 * size / n))
		;
	for (i = 0; i < n; i++)
		value[i] = creal(matrix[(size_t)i * n + i]);
	for (i = 0; i < n; i++) {
		uint32_t best = i;
		double was = value[i];

		for (j = i + 1; j < n; j++)
			if (value[j] > value[best])
				best = j;
		value[i] = value[best];
		value[best] = was;
		if (best != i)
			swap_vectors(vector + (size_t)i * n,
				     vector + (size_t)best * n, n);
	}
}

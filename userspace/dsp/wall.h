/* SPDX-License-Identifier: MIT */
/*
 * Wall filters: what tissue does slowly over a packet is taken away, what blood
 * does is left. Each is a linear map of the ensemble of a place, worked out
 * beforehand, only WALL_SVD's from the packet itself.
 * Documentation/dsp.rst, "Wall filters".
 */
#ifndef DSP_WALL_H
#define DSP_WALL_H

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

#define WALL_TERMS_MAX		8	/* of a basis removed at once */
#define WALL_FIR_MAX		30	/* order: one less than taps */
#define WALL_IIR_MAX		4
#define WALL_MATRIX_MAX		128	/* ensemble of WALL_IIR */
#define WALL_SVD_MAX		64	/* ensemble of WALL_SVD */

/**
 * enum wall_kind - how tissue is told from blood
 * @WALL_POLYNOMIAL: the least-squares polynomial of a degree
 * @WALL_FIR: below a velocity, by a high-pass of linear phase; the first images
 *            only fill it
 * @WALL_IIR: below a velocity, by a recursive Butterworth high-pass
 * @WALL_SVD: the strongest components that all places share, from the
 *            eigenvectors of their covariance over the packet
 */
enum wall_kind {
	WALL_POLYNOMIAL,
	WALL_FIR,
	WALL_IIR,
	WALL_SVD,
};

/**
 * enum wall_start - what WALL_IIR takes for its past
 * @WALL_ZERO: silence: tissue is a step, and rings
 * @WALL_STEP: the first image, for ever
 * @WALL_PROJECTION: anything: whatever a past could leave is projected out
 *                   (Chornoboy 1992)
 */
enum wall_start {
	WALL_ZERO,
	WALL_STEP,
	WALL_PROJECTION,
};

/**
 * struct wall_params - a wall filter
 * @kind: of filter
 * @order: WALL_POLYNOMIAL: the degree, up to 2 below the ensemble, -1: no filter.
 *         WALL_FIR: images used up, even, 2 to WALL_FIR_MAX. WALL_IIR: poles, 1
 *         to WALL_IIR_MAX. WALL_SVD: components removed, 1 to WALL_TERMS_MAX
 * @cutoff: of WALL_FIR (-6 dB) and WALL_IIR (-3 dB), as a share of the Nyquist
 *          velocity, above 0, below 1
 * @start: of WALL_IIR
 */
struct wall_params {
	enum wall_kind kind;
	int order;
	double cutoff;
	enum wall_start start;
};

/**
 * struct wall_law - a wall filter as its kernels need it
 * @ensemble: samples in time before
 * @rows: and after
 * @terms: of @basis
 * @basis: orthonormal, [@terms][@ensemble] to remove; complex of WALL_SVD,
 *         interleaved re, im
 * @matrix: of WALL_FIR and WALL_IIR, [@rows][@ensemble]
 * @from: first column of a row of @matrix that is not 0, [@rows]
 * @to: after its last
 */
struct wall_law {
	uint32_t ensemble;
	uint32_t rows;
	uint32_t terms;
	float *basis;
	float *matrix;
	uint32_t *from;
	uint32_t *to;
};

/** wall_fault() - NULL, or why there is no such filter of @ensemble images */
const char *wall_fault(const struct wall_params *params, uint32_t ensemble);

/**
 * wall_init() - work out a filter
 * @law: written; wall_finish() also after an error
 * @params: without a fault
 * @ensemble: images
 *
 * Return: 0 or -ENOMEM.
 */
int wall_init(struct wall_law *law, const struct wall_params *params,
	      uint32_t ensemble);
void wall_finish(struct wall_law *law);

/**
 * wall_eigen() - eigenvectors of a Hermitian matrix
 * @value: written, [n], the largest first
 * @vector: written, [n][n], the eigenvector of value[k] in vector[k]
 * @matrix: [n][n], the part below the diagonal is read; clobbered
 * @n: at least 1
 *
 * By Jacobi's rotations, to the rounding of a double.
 */
void wall_eigen(double *value, double complex *vector, double complex *matrix,
		uint32_t n);

#endif /* DSP_WALL_H */

/* SPDX-License-Identifier: MIT */
/*
 * Velocity from a packet: polynomial regression filter against tissue, lag-1
 * autocorrelation over the ensemble (Kasai 1985) and, for the frequency of the
 * echoes, over depth (Loupas 1995), mean over a window, phase to velocity.
 * Documentation/dsp.rst, "Doppler".
 */
#ifndef DSP_DOPPLER_H
#define DSP_DOPPLER_H

#include "dsp.h"

#define DOPPLER_ORDER_MAX	7
#define DOPPLER_ENSEMBLE_MAX	1024

/**
 * enum doppler_estimator - how velocity is found
 * @DOPPLER_KASAI: from the phase over time, at a stated frequency
 * @DOPPLER_LOUPAS: the same, at the frequency found from the phase over depth
 */
enum doppler_estimator {
	DOPPLER_KASAI,
	DOPPLER_LOUPAS,
};

/**
 * struct doppler_law - the wall filter
 * @ensemble: samples in time, 2 to DOPPLER_ENSEMBLE_MAX
 * @terms: polynomials to remove, degrees 0 to @terms - 1; 0: no filter
 * @basis: orthonormal polynomials, [@terms][@ensemble]
 */
struct doppler_law {
	uint32_t ensemble;
	uint32_t terms;
	const float *basis;
};

/*
 * For n places: y = iq minus its projection on the basis, over the ensemble;
 * r1 = sum of y[t + 1] conj(y[t]), power = mean of |y[t]|^2. iq is place 0 at
 * time 0, interleaved re, im; stride: floats from one time to the next; r1
 * interleaved re, im. Variants agree with the C form within 1e-5 of the
 * unfiltered sum of |iq|^2 at the place.
 */
typedef void doppler_lag1_fn(float *r1, float *power, const float *iq,
			     size_t stride, uint32_t n,
			     const struct doppler_law *law);
doppler_lag1_fn doppler_lag1_c;

/*
 * For the n places of a line: f[j] = sum over time of y[j + 1] conj(y[j]), y
 * filtered as above; the last place repeats the one before, of one place f is
 * 0. Variants agree with the C form within 1e-5 of the unfiltered sum of
 * |iq|^2 at both places.
 */
typedef void doppler_axial_fn(float *f, const float *iq, size_t stride,
			      uint32_t n, const struct doppler_law *law);
doppler_axial_fn doppler_axial_c;

struct doppler_axial_variant {
	doppler_axial_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_axial_variant doppler_axial_variants[];

struct doppler_lag1_variant {
	doppler_lag1_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_lag1_variant doppler_lag1_variants[];

/**
 * struct doppler_params - from a packet to velocity
 * @ensemble: images of a packet, 2 to DOPPLER_ENSEMBLE_MAX
 * @interval: between like events of successive images [s], > 0
 * @c: speed of sound [m/s]
 * @estimator: of velocity
 * @frequency: mean frequency of the echoes, of DOPPLER_KASAI [Hz], > 0
 * @carrier: frequency about which DOPPLER_LOUPAS looks for that of the echoes;
 *           the phase of iq turns with it over depth [Hz], > 0
 * @sample_step: from sample to sample of a line, for DOPPLER_LOUPAS; below a
 *               quarter of a wavelength of the band's width [m]
 * @wall_order: degree of the polynomial removed from every place, 0 to
 *              DOPPLER_ORDER_MAX and below @ensemble - 1; -1: none
 * @average_lines: window of the mean, odd
 * @average_samples: window of the mean, odd
 * @reference: |iq| that is 0 dB [counts], > 0
 * @power_min_db: least power of a valid velocity; -INFINITY: all are [dB]
 * @velocity_min: least magnitude of a valid velocity, >= 0 [m/s]
 */
struct doppler_params {
	uint32_t ensemble;
	double interval;
	double c;
	enum doppler_estimator estimator;
	double frequency;
	double carrier;
	double sample_step;
	int wall_order;
	uint32_t average_lines;
	uint32_t average_samples;
	double reference;
	double power_min_db;
	double velocity_min;
};

struct doppler;

/**
 * doppler_create() - make a velocity estimator
 * @doppler: written
 * @lines: of the grid
 * @samples: of a line
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int doppler_create(struct doppler **doppler, uint32_t lines, uint32_t samples,
		   const struct doppler_params *params, const char **why);

/**
 * doppler_execute() - estimate velocities
 * @doppler: an estimator
 * @out: lines and samples as created
 * @in: a whole packet
 */
void doppler_execute(struct doppler *doppler, struct vel *out,
		     const struct iq *in);

void doppler_destroy(struct doppler *doppler);

/** doppler_nyquist() - the largest velocity, c / (4 frequency interval) */
static inline double doppler_nyquist(const struct doppler_params *p)
{
	return p->c / (4 * p->frequency * p->interval);
}

#endif /* DSP_DOPPLER_H */

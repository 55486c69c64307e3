/* SPDX-License-Identifier: MIT */
/*
 * Velocity from a packet: wall filter against tissue, lag-1 autocorrelation
 * over the ensemble (Kasai 1985) and, for the frequency of the echoes, over
 * depth (Loupas 1995), mean over a window, phase to velocity. A packet passes
 * through in blocks of places that stay in the cache: each sample is read from
 * memory once, with WALL_SVD twice. Documentation/dsp.rst, "Doppler".
 */
#ifndef DSP_DOPPLER_H
#define DSP_DOPPLER_H

#include "dsp.h"
#include "wall.h"
#include "workers.h"

#define DOPPLER_ENSEMBLE_MAX	1024
#define DOPPLER_AHEAD		256	/* floats of an image, fetched early */

/**
 * enum doppler_estimator - how velocity is found
 * @DOPPLER_KASAI: from the phase over time, at a stated frequency
 * @DOPPLER_LOUPAS: the same, at the frequency found from the phase over depth
 */
enum doppler_estimator {
	DOPPLER_KASAI,
	DOPPLER_LOUPAS,
};

/*
 * The kernels take n places of a packet; x or iq is place 0 at time 0,
 * interleaved re, im, and the stride counts floats from one time to the next.
 * |x| below is the root of the sum of |x|^2 over the ensemble at a place.
 */

/*
 * y = iq minus its projection on law->basis, real and orthonormal. At most
 * WALL_TERMS_MAX terms; y may be iq, with its stride. Variants agree with the C
 * form within 6 sqrt(ensemble) 2^-24 |x|.
 */
typedef void doppler_project_fn(float *y, size_t y_stride, const float *iq,
				size_t stride, uint32_t n,
				const struct wall_law *law);
doppler_project_fn doppler_project_c, doppler_project_avx2, doppler_project_avx512;

/* The same with a complex basis, interleaved re, im. */
typedef void doppler_eigen_fn(float *y, size_t y_stride, const float *iq,
			      size_t stride, uint32_t n,
			      const struct wall_law *law);
doppler_eigen_fn doppler_eigen_c, doppler_eigen_avx2, doppler_eigen_avx512;

/*
 * y[r] = sum over t, from[r] <= t < to[r], of matrix[r][t] x[t]. Variants agree
 * with the C form within 6 sqrt(ensemble) 2^-24 |x| times the norm of the row.
 */
typedef void doppler_matrix_fn(float *y, size_t y_stride, const float *x,
			       size_t stride, uint32_t n,
			       const struct wall_law *law);
doppler_matrix_fn doppler_matrix_c, doppler_matrix_avx2, doppler_matrix_avx512;

/*
 * c[t][u] += sum over the places of x[t] conj(x[u]), interleaved re, im, for
 * u <= t < ensemble; what lies above the diagonal is clobbered. At most 256
 * places. Variants agree with the C form within 6 sqrt(n) 2^-24 of the root of
 * the sums of |x[t]|^2 and of |x[u]|^2.
 */
typedef void doppler_covariance_fn(double *c, const float *x, size_t stride,
				   uint32_t n, uint32_t ensemble);
doppler_covariance_fn doppler_covariance_c, doppler_covariance_avx2, doppler_covariance_avx512;

/*
 * r1 = sum of y[t + 1] conj(y[t]), interleaved re, im; power = mean of
 * |y[t]|^2, over rows times. Variants agree with the C form within
 * 6 sqrt(rows) 2^-24 |y|^2, the mean by as much of it.
 */
typedef void doppler_correlate_fn(float *r1, float *power, const float *y,
				  size_t stride, uint32_t n, uint32_t rows);
doppler_correlate_fn doppler_correlate_c, doppler_correlate_avx2, doppler_correlate_avx512;

/*
 * f[j] = sum over time of y[j + 1] conj(y[j]), interleaved re, im, for j < n;
 * reads place n. Variants agree with the C form within 6 sqrt(rows) 2^-24 of
 * the mean of |y|^2 at both.
 */
typedef void doppler_axial_fn(float *f, const float *y, size_t stride,
			      uint32_t n, uint32_t rows);
doppler_axial_fn doppler_axial_c, doppler_axial_avx2, doppler_axial_avx512;

/*
 * out[j] = mean of in[k][j] over k < window, for j < n. Variants agree with the
 * C form within 2^-24 times the sum of |in[k][j]|.
 */
typedef void doppler_mean_fn(float *out, const float *const *in,
			     uint32_t window, size_t n);
doppler_mean_fn doppler_mean_c, doppler_mean_avx2, doppler_mean_avx512;

/**
 * struct doppler_scale - from autocorrelations to velocity
 * @velocity: per radian of r1 at the frequency @carrier [m/s]
 * @carrier: frequency, without f that of the echoes [Hz]
 * @turn: phase of f that belongs to the carrier, -pi to pi
 * @detune: offset from the carrier per radian of f beyond @turn [Hz]
 * @pairs: of times that r1 sums, rows - 1
 * @offset_db: to add to the power [dB]
 * @power_min_db: least power of a valid velocity [dB]
 * @velocity_min: least magnitude of a valid velocity [m/s]
 */
struct doppler_scale {
	float velocity;
	float carrier;
	float turn;
	float detune;
	float pairs;
	float offset_db;
	float power_min_db;
	float velocity_min;
};

/*
 * For n places: v = velocity arg(r1), with f times carrier / (carrier + detune
 * (arg(f) - turn)), the inner bracket taken within half a turn and the outer one,
 * the echoes' frequency, to an octave about the carrier; power in dB; variance
 * 1 - |r1| / (pairs power), 1 without power; valid by the thresholds, and not
 * where the frequency lies outside that octave. f: NULL: not asked. Variants
 * agree with the C form within 8e-7 radians of either phase, detect_log's dB, and
 * 2^-21 of 1 + |r1| / (pairs power).
 */
typedef void doppler_estimate_fn(float *v, float *power_db, float *variance,
				 uint8_t *valid, const float *r1,
				 const float *power, const float *f, size_t n,
				 const struct doppler_scale *scale);
doppler_estimate_fn doppler_estimate_c, doppler_estimate_avx2, doppler_estimate_avx512;

struct doppler_project_variant {
	doppler_project_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_project_variant doppler_project_variants[];

struct doppler_eigen_variant {
	doppler_eigen_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_eigen_variant doppler_eigen_variants[];

struct doppler_matrix_variant {
	doppler_matrix_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_matrix_variant doppler_matrix_variants[];

struct doppler_covariance_variant {
	doppler_covariance_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_covariance_variant doppler_covariance_variants[];

struct doppler_correlate_variant {
	doppler_correlate_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_correlate_variant doppler_correlate_variants[];

struct doppler_axial_variant {
	doppler_axial_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_axial_variant doppler_axial_variants[];

struct doppler_mean_variant {
	doppler_mean_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_mean_variant doppler_mean_variants[];

struct doppler_estimate_variant {
	doppler_estimate_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct doppler_estimate_variant doppler_estimate_variants[];

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
 * @wall: against tissue
 * @average_lines: window of the mean, odd
 * @average_samples: window of the mean, odd
 * @reference: |iq| that is 0 dB [counts], > 0
 * @power_min_db: least power of a valid velocity; -INFINITY: all are [dB]
 * @velocity_min: least magnitude of a valid velocity, >= 0 [m/s]
 * @workers: threads that share the work; NULL: the caller alone. They must
 *           outlive the estimator; the velocities do not depend on them
 */
struct doppler_params {
	uint32_t ensemble;
	double interval;
	double c;
	enum doppler_estimator estimator;
	double frequency;
	double carrier;
	double sample_step;
	struct wall_params wall;
	uint32_t average_lines;
	uint32_t average_samples;
	double reference;
	double power_min_db;
	double velocity_min;
	struct workers *workers;
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

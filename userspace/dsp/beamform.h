/* SPDX-License-Identifier: MIT */
/*
 * Delay-and-sum of complex baseband: linear interpolation, then rotation by
 * the carrier's phase, so that the sum carries the phase of the RF. Positions
 * in a row are Q16 samples, 65536 to the sample. The delay splits into a
 * transmit part (a table, per event and grid sample) and a receive part (per
 * element and grid sample, shared by all events). Documentation/dsp.rst,
 * "Beamforming".
 */
#ifndef DSP_BEAMFORM_H
#define DSP_BEAMFORM_H

#include "dsp.h"
#include "scan.h"

#define BEAMFORM_PHASES		1024	/* entries of the table of phases */
#define BEAMFORM_WINDOW		256	/* intervals of the table of a window */

/* Makes exact ties at the aperture's edge count as inside [m]. */
#define BEAMFORM_TIE		0.1e-6

/**
 * struct beamform_law - what receive and rotate need
 * @scale: Q16 samples per metre of distance
 * @turn: 2^32 carrier turns per Q16 step
 * @cis: exp(2 pi i k / BEAMFORM_PHASES), interleaved, [BEAMFORM_PHASES]
 * @window: weight over the aperture, [BEAMFORM_WINDOW + 1] from its centre to
 *          its edge, one more entry for reading ahead
 */
struct beamform_law {
	double scale;
	double turn;
	const float *cis;
	const float *window;
};

/**
 * struct beamform_aperture - where the aperture of a line's samples lies
 * @centre: per sample, along the array [m]
 * @scale: per sample, 1 over half the aperture's width [1/m]
 * @at: of the element, along the array [m]
 */
struct beamform_aperture {
	const float *centre;
	const float *scale;
	float at;
};

/*
 * The receive half for one element along samples first to first + n - 1 of a
 * ray, all inside the aperture: index[j] is the distance in Q16 samples,
 * rounded; weight[j] (interleaved re, im) the window's weight times the
 * carrier's phase over index[j]. The window's weight is that at u = |at -
 * centre[first + j]| scale[first + j], at most 1; without an aperture (NULL)
 * it is 1. Variants agree with the C form within one step of index and 2e-4
 * of weight.
 */
typedef void beamform_receive_fn(int32_t *index, float *weight, uint32_t n,
				 const struct ray *ray, uint32_t first,
				 const struct sono_element *element,
				 const struct beamform_law *law,
				 const struct beamform_aperture *aperture);
beamform_receive_fn beamform_receive_c;

/*
 * acc[j] += weight[j] lerp(row, s), s = receive[j] + transmit[j], for j < n,
 * where both taps of s lie in the row's samples; acc, row and weight hold
 * interleaved re, im. Variants agree with the C form within 1e-6 of the
 * largest |row| times |weight|.
 */
typedef void beamform_add_fn(float *acc, const float *row, uint32_t samples,
			     const int32_t *receive, const int32_t *transmit,
			     const float *weight, uint32_t n);
beamform_add_fn beamform_add_c;

/*
 * out[j] += acc[j] times the carrier's phase over transmit[j], for j < n; out
 * and acc hold interleaved re, im. Variants agree with the C form within 1e-6
 * of the largest |acc| and |out|.
 */
typedef void beamform_rotate_fn(float *out, const float *acc,
				const int32_t *transmit, uint32_t n,
				const struct beamform_law *law);
beamform_rotate_fn beamform_rotate_c;

struct beamform_receive_variant {
	beamform_receive_fn *fn;
	const char *name;
	unsigned int flags;
};

struct beamform_add_variant {
	beamform_add_fn *fn;
	const char *name;
	unsigned int flags;
};

struct beamform_rotate_variant {
	beamform_rotate_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct beamform_receive_variant beamform_receive_variants[];
extern const struct beamform_add_variant beamform_add_variants[];
extern const struct beamform_rotate_variant beamform_rotate_variants[];

/**
 * enum window - weight over the receive aperture
 * @WINDOW_BOXCAR: 1
 * @WINDOW_HANN: raised cosine
 * @WINDOW_TUKEY: 1, with raised cosines at both edges
 */
enum window {
	WINDOW_BOXCAR,
	WINDOW_HANN,
	WINDOW_TUKEY,
};

/**
 * window_weight() - weight at a place in the aperture
 * @window: shape
 * @taper: tapered share of WINDOW_TUKEY, 0 to 1
 * @u: distance from the aperture's centre, 1 at its edge, 0 to 1
 */
double window_weight(enum window window, double taper, double u);

/* An event that takes no part in any image. */
#define BEAMFORM_UNUSED		UINT32_MAX

/**
 * struct beamform_params - what to beamform
 * @grid: where
 * @f_number: of the receive aperture: |x - x_e| <= z / (2 F) in the element's
 *            own frame, 0 to 16; 0: all elements
 * @window: over the aperture, stretched between its edges or the array's;
 *          other than boxcar needs an F-number
 * @taper: of WINDOW_TUKEY
 * @decimate: as the demodulator's; 0: 1
 * @groups: images made of a frame, at least 1
 * @group: per event of the scan the image that it is added to, or
 *         BEAMFORM_UNUSED; NULL: all to the first
 *
 * A plane or diverging wave is added to all lines. Of the focused waves of an
 * image, a line takes the two whose foci lie next to it on either side, each
 * the more the nearer it is; beyond the outermost focus that one alone.
 */
struct beamform_params {
	struct grid grid;
	double f_number;
	enum window window;
	double taper;
	uint32_t decimate;
	uint32_t groups;
	const uint32_t *group;
};

struct beamform;

/**
 * beamform_create() - make a beamformer with its tables
 * @beamform: written
 * @scan: must outlive the beamformer
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int beamform_create(struct beamform **beamform, const struct sono_scan *scan,
		    const struct beamform_params *params, const char **why);

/**
 * beamform_execute() - beamform a frame
 * @beamform: a beamformer
 * @out: ensemble = groups, lines and samples of the grid; overwritten
 * @in: demodulated frame of the scan
 */
void beamform_execute(struct beamform *beamform, struct iq *out,
		      const struct baseband *in);

void beamform_destroy(struct beamform *beamform);

#endif /* DSP_BEAMFORM_H */

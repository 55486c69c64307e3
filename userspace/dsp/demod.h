/* SPDX-License-Identifier: MIT */
/*
 * Channel data to complex baseband: times 2 exp(-2 pi i fc t), then a
 * linear-phase low-pass without delay, then every @decimate-th sample.
 * Documentation/dsp.rst, "Demodulation".
 */
#ifndef DSP_DEMOD_H
#define DSP_DEMOD_H

#include "dsp.h"
#include "scan.h"

/**
 * struct demod_law - what one row needs
 * @mix: exp(-2 pi i fc n / fs), interleaved re, im, for every input sample
 * @tap: right half of the symmetric filter, [@half + 1], @tap[0] its centre;
 *       gain 2 at 0 Hz
 * @half: taps on each side
 * @decimate: input samples per output sample, at least 1
 */
struct demod_law {
	const float *mix;
	const float *tap;
	uint32_t half;
	uint32_t decimate;
};

/*
 * out[m] = sum over k, |k| <= half, of tap[|k|] in[n] mix[n], n = m decimate
 * + k, for every m with m decimate < samples; input outside the row counts as
 * zero. out: interleaved re, im; work: 2 (samples + 2 half)
 * floats, clobbered. Variants agree with the C form within 2e-6 of 32768
 * times the sum of |tap|; Documentation/dsp.rst says why.
 */
typedef void demod_row_fn(float *out, const int16_t *in, uint32_t samples,
			  const struct demod_law *law, float *work);
demod_row_fn demod_row_c;

struct demod_row_variant {
	demod_row_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct demod_row_variant demod_row_variants[];

/**
 * struct demod_params - the low-pass
 * @pass: edge of the passband [Hz]; 0 with @stop 0: 0.4 of the distance from
 *        0 Hz to the image at -2 fc, aliases of fs considered
 * @stop: edge of the stopband [Hz]; 0 with @pass 0: 0.6 of that distance
 * @reject: least attenuation in the stopband [dB], 30 to 120; 0: 80
 * @decimate: 1 to 16; 0: 1
 */
struct demod_params {
	double pass;
	double stop;
	double reject;
	uint32_t decimate;
};

struct demod;

/**
 * demod_create() - make a demodulator
 * @demod: written
 * @scan: must outlive the demodulator
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int demod_create(struct demod **demod, const struct sono_scan *scan,
		 const struct demod_params *params, const char **why);

/**
 * demod_execute() - demodulate all rows of a frame
 * @demod: a demodulator
 * @out: of the scan's events and channels, demod_samples() long
 * @in: a frame of the scan
 */
void demod_execute(struct demod *demod, struct baseband *out,
		   const struct rf_frame *in);

void demod_destroy(struct demod *demod);

/** demod_samples() - complex samples that @samples of RF become */
static inline uint32_t demod_samples(uint32_t samples, uint32_t decimate)
{
	return (samples + decimate - 1) / decimate;
}

/** demod_longest() - complex samples of the longest row of @scan */
uint32_t demod_longest(const struct sono_scan *scan, uint32_t decimate);

#endif /* DSP_DEMOD_H */

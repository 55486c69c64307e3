/* SPDX-License-Identifier: MIT */
/*
 * The largest velocity and the mean of a spectrum. Documentation/dsp.rst,
 * "Spectral Doppler".
 */
#ifndef DSP_TRACES_H
#define DSP_TRACES_H

#include <stdint.h>

#define TRACES_BINS_MAX	256

/**
 * struct traces_params - a spectrum
 * @bins: 128 or 256 = TRACES_BINS_MAX
 * @window: samples that it is made of, up to @bins
 * @first: bin of the least velocity shown; that of velocity 0 is 0
 * @step: from bin to bin [m/s]
 * @spread: width at half power of a velocity's band of shifts, over its mean
 *          shift, 0 to 1
 * @cutoff: of the wall filter, as a share of the Nyquist velocity, below 1; 0: no
 *          filter
 * @poles: of the filter, a Butterworth's
 * @floor: power of the least that the strip shows; where its strongest is not
 *         well above that, a spectrum has no traces
 */
struct traces_params {
	uint32_t bins;
	uint32_t window;
	int first;
	double step;
	double spread;
	double cutoff;
	uint32_t poles;
	double floor;
};

struct traces;

/** traces_create() - make tables; 0 or -ENOMEM */
int traces_create(struct traces **traces, const struct traces_params *params);

/**
 * traces_find() - find both
 * @traces: tables
 * @peak: the largest velocity, on the side of zero with the greater power; NAN
 *        without flow [m/s]
 * @mean: weighted with power; NAN without flow [m/s]
 * @power: [bins], from velocity 0 upwards, in a circle
 */
void traces_find(struct traces *traces, float *peak, float *mean,
		 const float *power);

void traces_destroy(struct traces *traces);

#endif /* DSP_TRACES_H */

/* SPDX-License-Identifier: MIT */
/*
 * The power of each velocity, of which a spectrum is the spread: by the
 * iteration of Richardson (1972) and Lucy (1974), which never is below 0.
 * Documentation/dsp.rst, "Spectral Doppler".
 */
#ifndef DSP_SHARPEN_H
#define DSP_SHARPEN_H

#include <stdint.h>

#define SHARPEN_ROUNDS	16

struct sharpen;

/**
 * sharpen_create() - make tables
 * @sharpen: written
 * @bins: of a spectrum, in a circle: 128 or 256
 * @deviation: [@bins], standard deviation of a velocity's spread, > 0 [bins]
 *
 * Return: 0 or -ENOMEM.
 */
int sharpen_create(struct sharpen **sharpen, uint32_t bins,
		   const double *deviation);

/**
 * sharpen_execute() - take the widths off a spectrum
 * @sharpen: tables
 * @sharp: written, [bins]; the sum stays
 * @power: [bins], >= 0
 */
void sharpen_execute(struct sharpen *sharpen, float *sharp,
		     const float *power);

void sharpen_destroy(struct sharpen *sharpen);

#endif /* DSP_SHARPEN_H */

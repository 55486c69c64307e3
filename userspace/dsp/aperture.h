/* SPDX-License-Identifier: MIT */
/*
 * The receive aperture of every line and sample, and the weights in it.
 * Documentation/dsp.rst, "Aperture" and "Windows".
 */
#ifndef DSP_APERTURE_H
#define DSP_APERTURE_H

#include "beamform.h"

/**
 * struct aperture_span - samples of a line that a channel counts in
 * @first: sample
 * @end: sample after the last
 */
struct aperture_span {
	uint32_t first;
	uint32_t end;
};

/**
 * struct aperture_tile - channels that count in a tile of a line
 * @first: that counts anywhere in it
 * @end: after the last
 * @whole: first of those that count everywhere in it, with weight 1
 * @whole_end: after the last of them
 */
struct aperture_tile {
	uint16_t first, end;
	uint16_t whole, whole_end;
};

/**
 * struct aperture_window - a window as a polynomial
 * @flat: distance from the aperture's centre up to which it is 1, of 1
 * @steep: the inverse of the rest
 *
 * Behind @flat it is cos^2(pi v / 2), v from 0 to 1 with the distance, as
 * APERTURE_POLYNOMIAL of v^2, within 4e-7: Chebyshev's interpolation.
 */
struct aperture_window {
	float flat;
	float steep;
};

#define APERTURE_COEFFICIENTS	6
#define APERTURE_POLYNOMIAL						\
	{ 0.9999996f, -2.46737227f, 2.02901837f, -0.666178466f,	\
	  0.114818244f, -0.0102858542f }

/**
 * aperture_window_fn - weights of channels in a tile of a line
 * @weight: written, Q15, [n][BEAMFORM_TILE]; 0 outside the channel's span
 * @along: place of each channel along the array, [n] [m]
 * @span: samples of the line that each counts in, [n]
 * @begin: first sample of the tile
 * @centre: middle of the aperture, [BEAMFORM_TILE] [m]
 * @scale: one over half its width, [BEAMFORM_TILE] [1/m]
 * @window: its shape
 * @n: channels
 */
typedef void aperture_window_fn(int16_t *weight, const float *along,
				const struct aperture_span *span,
				uint32_t begin, const float *centre,
				const float *scale,
				const struct aperture_window *window,
				uint32_t n);

aperture_window_fn aperture_window_c;
aperture_window_fn aperture_window_avx2;
aperture_window_fn aperture_window_avx512;

struct aperture_window_variant {
	aperture_window_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct aperture_window_variant aperture_window_variants[];

/** aperture_window() - a shape, in its parameters @taper as there */
struct aperture_window aperture_window(enum window window, double taper);

/**
 * aperture_place() - where in the aperture of a place an element lies
 * @element: of the probe
 * @params: f_number and steer are looked at
 * @x: of the place [m]
 * @z: of the place [m]
 *
 * Return: from -1 to 1 within the aperture, 0 in its middle, falling along
 * the array; 0 also where all elements count; NAN where the place lies behind
 * the element.
 */
double aperture_place(const struct sono_element *element,
		      const struct beamform_params *params, double x, double z);

struct aperture;

/**
 * aperture_create() - work out apertures
 * @aperture: written
 * @scan: must outlive it
 * @params: copied; valid
 *
 * Return: 0 or -ENOMEM.
 */
int aperture_create(struct aperture **aperture, const struct sono_scan *scan,
		    const struct beamform_params *params);

/** aperture_span() - of a channel in a line */
struct aperture_span aperture_span(const struct aperture *aperture,
				   uint32_t line, uint32_t channel);

/** aperture_tile() - of a tile of a line */
struct aperture_tile aperture_tile(const struct aperture *aperture,
				   uint32_t line, uint32_t tile);

/**
 * aperture_weights() - weights of channels in a tile of a line, Q15
 * @aperture: an aperture
 * @line: of the grid
 * @tile: of the line
 * @first: channel
 * @end: channel after the last
 * @out: written, [@end - @first][BEAMFORM_TILE]
 */
void aperture_weights(const struct aperture *aperture, uint32_t line,
		      uint32_t tile, uint32_t first, uint32_t end,
		      int16_t *out);

/** aperture_bytes() - memory that it takes */
size_t aperture_bytes(const struct aperture *aperture);

void aperture_destroy(struct aperture *aperture);

#endif /* DSP_APERTURE_H */

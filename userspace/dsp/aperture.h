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

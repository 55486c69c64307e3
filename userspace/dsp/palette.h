/* SPDX-License-Identifier: MIT */
/* The colours of velocity: red towards the probe, blue away from it. */
#ifndef DSP_PALETTE_H
#define DSP_PALETTE_H

#include <stdint.h>

#define PALETTE_COLOURS	256

/**
 * palette_velocity() - colours from minus to plus the Nyquist velocity
 * @rgb: written
 *
 * Away: light cyan to dark blue; towards: dark red to yellow.
 */
void palette_velocity(uint8_t rgb[PALETTE_COLOURS][3]);

#endif /* DSP_PALETTE_H */

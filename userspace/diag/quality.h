/* SPDX-License-Identifier: MIT */
/*
 * Figures of an image's quality, from amplitudes (not dB) on a grid,
 * [lines][samples].
 */
#ifndef DIAG_QUALITY_H
#define DIAG_QUALITY_H

#include <stddef.h>

#include "dsp/dsp.h"

/**
 * struct spread - of a point
 * @lateral: full width at half the amplitude [mm]
 * @axial: the same along the line [mm]
 * @x_error: place minus truth [um]
 * @z_error: place minus truth [um]
 */
struct spread {
	double lateral, axial;
	double x_error, z_error;
};

/**
 * spread_measure() - of the point at @px, @pz [m]
 *
 * Of the largest value in all of the grid; widths are NAN where the grid ends
 * before half of it.
 */
struct spread spread_measure(const double *amplitude, const struct grid *grid,
			     double px, double pz);

/**
 * radius_measure() - of a circle that is darker than what is about it
 * @amplitude: of the image
 * @grid: of it
 * @x: centre [m]
 * @z: centre [m]
 * @radius: that it should have; looked for from 0.8 to 1.2 of it [m]
 *
 * Of the blurred disc that comes nearest to the means over all directions. Its edge is
 * where the power is half: a point spread that is symmetric does not move that.
 *
 * Return: [m], NAN where it is less than 6 dB darker.
 */
double radius_measure(const double *amplitude, const struct grid *grid,
		      double x, double z, double radius);

/** struct moments - of amplitudes */
struct moments {
	double mean, variance;
};

struct moments moments(const double *amplitude, size_t n);

/**
 * gcnr() - generalised contrast to noise
 * @in: amplitudes inside
 * @n_in: of them
 * @out: amplitudes outside
 * @n_out: of them
 *
 * One minus the overlap of two histograms: 100 bins of 0.8 dB from -60 dB about
 * the mean outside. Rodriguez-Molares et al. 2020.
 *
 * Return: 0 to 1.
 */
double gcnr(const double *in, size_t n_in, const double *out, size_t n_out);

#endif /* DIAG_QUALITY_H */

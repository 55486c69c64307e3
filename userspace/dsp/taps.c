// SPDX-License-Identifier: MIT
/* The weights of the two taps about a position, by least squares. */
#include <complex.h>
#include <math.h>
#include <stdbool.h>

#include "beamform.h"

#define UNKNOWNS	(2 * BEAMFORM_COEFFICIENTS)

/* Normal equations of n unknowns, by elimination: well conditioned. */
static void solve(double a[UNKNOWNS][UNKNOWNS + 1], uint32_t n)
{
	uint32_t i, r, c;

	for (i = 0; i < n; i++) {
		for (r = 0; r < n; r++) {
			const double k = a[r][i] / a[i][i];

			for (c = i; r != i && c <= n; c++)
				a[r][c] -= k * a[i][c];
		}
	}
}

/*
 * What a coefficient adds at fraction f to a signal that turns by z from tap
 * to tap: that of h^power in P, or in Q.
 */
static double complex tap_part(bool q, uint32_t power, double f,
			       double complex z)
{
	const double before = pow(1 - f, power), after = pow(f, power);

	return q ? I * (before - after * z) : before + after * z;
}

/* The same signal as linear interpolation of its envelope has it. */
static double complex linear_tap(double f, double carrier, double complex z)
{
	return cexp(I * carrier * f) *
	       (1 - f + f * cexp(-I * carrier) * z);
}

/*
 * What it lacks at a fraction beyond the mean, which the demodulator gives:
 * by the mean square of the distance from the carrier, evenly to 0.3 of it.
 */
static double gain_at(double f, double carrier)
{
	const double most = 0.3 * carrier;

	return 1 + (f * (1 - f) / 2 - INTERPOLATION_MEAN) * most * most / 3;
}

void beamform_fit_taps(struct beamform_taps *taps, double turns,
		       enum interpolation interpolation)
{
	const uint32_t step = fabs(turns - 0.25) < 1e-6 ? 2 : 1;
	const uint32_t each = step == 2 ? BEAMFORM_COEFFICIENTS - 1 :
					  BEAMFORM_COEFFICIENTS;
	const double carrier = 2 * M_PI * turns;
	double a[UNKNOWNS][UNKNOWNS + 1] = { 0 };
	uint32_t i, k, r, c;

	for (i = 0; i < 64 * 31; i++) {
		const double f = (i / 31 + 0.5) / 64;
		const double complex z =
			cexp(I * carrier * (0.7 + 0.6 * (i % 31 + 0.5) / 31));
		const double gain = interpolation == INTERPOLATION_LINEAR ? 1 :
				    gain_at(f, carrier);
		const double complex want = gain * linear_tap(f, carrier, z);
		double complex part[UNKNOWNS];

		for (k = 0; k < each; k++) {
			part[k] = tap_part(false, step + k * step, f, z);
			part[each + k] = tap_part(true, 1 + k * step, f, z);
		}
		for (r = 0; r < 2 * each; r++) {
			for (c = 0; c < 2 * each; c++)
				a[r][c] += creal(conj(part[r]) * part[c]);
			a[r][c] += creal(conj(part[r]) * want);
		}
	}
	solve(a, 2 * each);
	*taps = (struct beamform_taps){ .step = step };
	for (k = 0; k < 2 * each; k++) {
		const double v = a[k][2 * each] / a[k][k] * BEAMFORM_GAIN;
		const int16_t n = lrint(fmin(fmax(v, -32767), 32767));

		if (k < each)
			taps->p[k] = n;
		else
			taps->q[k - each] = n;
	}
	beamform_tabulate(taps);
}

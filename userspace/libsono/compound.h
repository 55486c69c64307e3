/* SPDX-License-Identifier: MIT */
/*
 * What motion costs where the events of a shot are added coherently. An echo
 * that moves along the beam comes back from each event with another phase.
 * Documentation/dsp.rst, "Compounding".
 */
#ifndef SONO_COMPOUND_H
#define SONO_COMPOUND_H

#include "scan.h"

/**
 * compound_gain() - amplitude of a shot's sum for an echo that moves
 * @scan: a scan
 * @role: of the events; the first shot's are looked at
 * @v: velocity along the beam [m/s]
 *
 * Events count the same, as for an echo that all of them reach alike.
 *
 * Return: 0 to 1, 1 where nothing moves or there is one event.
 */
double compound_gain(const struct sono_scan *scan, enum sono_role role,
		     double v);

/**
 * compound_limit() - velocity along the beam from which 3 dB are lost
 * @scan: a scan
 * @role: of the events
 *
 * Of focused beams a line adds the next one on either side: the limit is that
 * of a line half way between the first two.
 *
 * Return: [m/s]; 0: nothing is compounded.
 */
double compound_limit(const struct sono_scan *scan, enum sono_role role);

#endif /* SONO_COMPOUND_H */

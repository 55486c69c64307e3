/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Echoes of point scatterers, summed from first principles: what each element
 * of a transmit row sends arrives at a scatterer after its delay and its way,
 * weakened by distance and by the element's directivity; what has arrived
 * there is sent back to every receiving element in the same manner. There is
 * no notion of a beam, a wave or a focus in here; they come about by the sum.
 *
 * The pulse is a row of half cycles of a square wave, seen through a two-way
 * element response without a delay of its own: the spectrum is Gaussian, times
 * the frequency, because a small element radiates the derivative of what its
 * surface does. So the centre of an echo is half the pulse's length after the
 * sum of the delays, and its spectrum is symmetric about the probe's centre
 * frequency if the half cycles have that.
 *
 * In a nonlinear medium pressure p becomes p + N p^2 way / 10 mm until it
 * arrives, with N the medium's nonlinearity: that is the second harmonic as it
 * grows on the way (quasi-linear; what it takes from the fundamental, and
 * higher harmonics, are left out). Echoes themselves are too weak for one. The
 * square does not know the pulse's polarity, rises with the square of the
 * voltage, and hardly exists outside the beam. Here the response is taken
 * apart: half of it (the root of the Gaussian, and the frequency) comes before
 * the square, the other half after, at twice the frequency.
 *
 * Amplitude 1 is what one element at full voltage and full pulse width
 * receives back from a reflector of 1 at 10 mm straight ahead, with a pulse
 * of one cycle at the probe's centre frequency, about.
 */
#ifndef SIM_ECHO_H
#define SIM_ECHO_H

#include "probe.h"
#include "scene.h"
#include "seq.h"

struct echo;

/**
 * echo_create() - prepare for the events of a table
 * @echo: the new object; @probe must outlive it
 * @nonlinearity: of the medium; 0: linear
 *
 * Return: 0, -EINVAL for a table that needs elements the probe has not, or
 * spreads its transmits over an absurd time, -ENOMEM.
 */
int echo_create(struct echo **echo, const struct sim_probe *probe,
		double nonlinearity, const struct sim_seq *table);

/** echo_destroy() - NULL is fine */
void echo_destroy(struct echo *echo);

/**
 * echo_execute() - add up the echoes of one event
 * @echo: from echo_create() with this table
 * @table: the table
 * @event: of it
 * @scatterer: what reflects
 * @count: how many
 * @rf: [channels][rx_samples], to which they are added
 */
void echo_execute(struct echo *echo, const struct sim_seq *table,
		  uint32_t event, const struct sim_scatterer *scatterer,
		  size_t count, float *rf);

#endif /* SIM_ECHO_H */

/* SPDX-License-Identifier: MIT */
/*
 * What each element sends and hears, from what every channel hears of every
 * element: power [e][k] = sends e * hears k * coupling of their distance.
 */
#ifndef DIAG_ELEMENTS_H
#define DIAG_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the amplitude of the neighbours' median: arrus probe_check.py 0.11.3. */
#define ELEMENT_LEAST 0.5
#define ELEMENT_MOST 2.0

enum element_kind {
	ELEMENT_SOUND,
	ELEMENT_DEAD,
	ELEMENT_WEAK,
	ELEMENT_STRONG,
	ELEMENT_MUTE,
	ELEMENT_FAINT,
	ELEMENT_DEAF,
	ELEMENT_DULL,
	ELEMENT_UNKNOWN,
	ELEMENT_KINDS,
};

/**
 * struct elements - of a probe
 * @elements: of it
 * @channels: of the board; channel k is of element k
 * @samples: that a figure of @power is the mean of
 * @bad_channel: nothing is believed of these, [channels]
 * @power: heard of each element, [elements][channels], LSB squared
 * @noise: heard of none, [channels]
 * @coupling: power by distance, [elements + channels]
 * @sends: amplitude over that of sound neighbours, [elements]; NAN: nobody
 *         heard that could tell
 * @hears: the same of its channel, [elements]; NAN: it has none that is sound
 * @sound: both are within limits, [elements]
 */
struct elements {
	uint32_t elements, channels, samples;
	const bool *bad_channel;
	double *power, *noise, *coupling, *sends, *hears;
	bool *sound;
};

/** elements_create() - zeroed; Return: 0, or -ENOMEM, elements_finish() it */
int elements_create(struct elements *e, uint32_t elements, uint32_t channels,
		    const bool *bad_channel, uint32_t samples);

/** elements_finish() - free what it holds */
void elements_finish(struct elements *e);

/** elements_at() - what @channel hears of @element */
static inline double *elements_at(const struct elements *e, uint32_t element,
				  uint32_t channel)
{
	return &e->power[(size_t)element * e->channels + channel];
}

/**
 * elements_solve() - sends, hears and sound from power and noise
 * @e: @power loses @noise
 *
 * Holds as long as a tenth of the elements is sound. Coupling is taken to be the
 * same all over the face: what reflects is as far from each element.
 *
 * Return: power that the sound channels together hear of a sound element.
 */
double elements_solve(struct elements *e);

#endif /* DIAG_ELEMENTS_H */

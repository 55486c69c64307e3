// SPDX-License-Identifier: MIT
/*
 * The coherence factor: how much of what the parts of an aperture hear adds up.
 * Parts are summed one by one, by the kernels that sum whole apertures.
 * Documentation/dsp.rst, "Coherence factor".
 */
#include <string.h>

#include "beamform_private.h"

#define PULSES_MAX	2	/* that belong together: a pulse, its inversion */

/* What @acc's tile has beside its sum: power of the parts, and how many. */
static float *heard_of(const struct spot *s, const float *acc)
{
	return s->scratch->heard + (acc - s->scratch->acc);
}

/*
 * For which samples of the tile any of the channels counts: for all where one of
 * them is within the aperture throughout.
 */
static const float *find_active(const struct beamform *b, const struct spot *s,
				uint32_t line, const struct aperture_tile *t,
				uint32_t first, uint32_t end, float *active)
{
	static _Alignas(64) const float all[TILE] = {
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	};
	const int16_t *weight = weight_of(b, s, line);
	uint32_t c, j;

	if (first < t->whole_end && end > t->whole)
		return all;
	for (j = 0; j < TILE; j++)
		active[j] = 0;
	for (c = first; c < end; c++)
		for (j = 0; j < TILE; j++)
			active[j] = weight[c * TILE + j] ? 1 : active[j];
	return active;
}

/* Of a line the services @k to @k + @pulses - 1: one, or the two of a pair. */
static void add_parts(const struct beamform *b, const struct spot *s,
		      const struct analytic *in, uint32_t line, uint32_t k,
		      uint32_t pulses)
{
	const struct aperture_tile t = aperture_tile(b->aperture, line,
						     s->tile);
	const struct share whole = share_of(b, s, in, line, k);
	const uint32_t n = b->params.coherence;
	_Alignas(64) float part[2 * TILE] = { 0 };
	_Alignas(64) float active[TILE];
	int32_t transmit[PULSES_MAX][TILE];
	struct share share[PULSES_MAX];
	uint32_t first, stop, i;

	for (i = 0; i < pulses; i++) {
		share[i] = share_of(b, s, in, line, k + i);
		share[i].acc = part;
		share[i].weight = 1;
		get_transmit(share[i].wave, transmit[i]);
	}
	for (first = t.first; first < t.end; first = stop) {
		stop = first + n - first % n;
		stop = stop < t.end ? stop : t.end;
		for (i = 0; i < pulses; i++)
			beamform_add_channels(b, s, in, &share[i], transmit[i],
					      &t, first, stop);
		b->note(whole.acc, heard_of(s, whole.acc), part,
			find_active(b, s, line, &t, first, stop, active),
			whole.weight);
	}
}

/* By Cauchy and Schwarz at most 1: what all parts hear alike. */
static void scale(float *acc, const float *heard)
{
	uint32_t j;

	for (j = 0; j < TILE; j++) {
		const float most = heard[j] * heard[TILE + j];
		const float sum = acc[j] * acc[j] + acc[TILE + j] * acc[TILE + j];
		const float factor = most > 0 ? sum / most : 0;

		acc[j] *= factor;
		acc[TILE + j] *= factor;
	}
}

void beamform_add_coherent(const struct beamform *b, const struct spot *s,
			   const struct analytic *in)
{
	const size_t tiles = (size_t)b->params.groups * b->group;
	const uint32_t pulses = b->params.pairs ? PULSES_MAX : 1;
	uint32_t line, k;
	size_t i;

	memset(s->scratch->heard, 0,
	       tiles * 2 * TILE * sizeof(*s->scratch->heard));
	for (k = 0; k < b->most; k += pulses)
		for (line = s->first; line < s->first + s->lines; line++)
			if (k < b->services[line])
				add_parts(b, s, in, line, k, pulses);
	for (i = 0; i < tiles * 2 * TILE; i += 2 * TILE)
		scale(s->scratch->acc + i, s->scratch->heard + i);
}

// SPDX-License-Identifier: MIT
/* Tables that lead a filter's phases to their places among its outputs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "demod.h"

#define BYTES	16
#define WORDS	32

static uint32_t greatest_common(uint32_t a, uint32_t b)
{
	return b ? greatest_common(b, a % b) : a;
}

bool demod_phase_used(const struct demod_places *p, uint32_t phase)
{
	return !(phase % greatest_common(p->upsample, p->decimate));
}

/* Outputs from one of the phase @start on. */
static void fill(struct demod_places *p, uint32_t start)
{
	uint8_t *bytes = p->bytes + start * p->upsample * BYTES;
	uint32_t *whose = p->whose + start * p->upsample;
	uint32_t j;

	memset(bytes, 0x80, p->upsample * BYTES);
	for (j = 0; j < WORDS; j++) {
		const uint32_t from = start + j * p->decimate;
		const uint32_t i = from / p->upsample;
		const uint32_t phase = from % p->upsample;

		p->words[start * WORDS + j] = i;
		whose[phase] |= 1u << j;
		if (j >= BYTES / 2)
			continue;
		bytes[phase * BYTES + 2 * j] = 2 * i;
		bytes[phase * BYTES + 2 * j + 1] = 2 * i + 1;
	}
}

int demod_places_init(struct demod_places *p, uint32_t upsample,
		      uint32_t decimate)
{
	const size_t pairs = (size_t)upsample * upsample;
	uint32_t start;

	*p = (struct demod_places){
		.upsample = upsample,
		.decimate = decimate,
		.bytes = dsp_alloc(pairs, BYTES),
		.words = dsp_alloc(upsample, WORDS * sizeof(*p->words)),
		.whose = dsp_alloc(pairs, sizeof(*p->whose)),
	};
	if (!p->bytes || !p->words || !p->whose)
		return -ENOMEM;
	for (start = 0; start < upsample; start++)
		fill(p, start);
	return 0;
}

void demod_places_finish(struct demod_places *p)
{
	free(p->bytes);
	free(p->words);
	free(p->whose);
}

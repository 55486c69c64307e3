// SPDX-License-Identifier: MIT
/* Runs of channels whose samples have one scale. */
#include "beamform_private.h"

static int32_t line_of(int32_t position)
{
	return position >> (BEAMFORM_POSITION_BITS + 5);
}

_Static_assert(ANALYTIC_LINE == 32, "line_of() counts in 32");

/* Of a tile that is not regular samples lie in any lines. */
const struct analytic_span *beamform_common(const struct analytic *in,
					    uint32_t event,
					    const struct wave *wave)
{
	if (wave->kind == TILE_IRREGULAR || wave->more == UINT8_MAX)
		return NULL;
	return analytic_common(in, event, wave->from,
			       wave->from + wave->more);
}

/*
 * Of the bunches from channel @first on those whose tiles all begin in spans
 * alike, in @span. Return: the channel after them; @first: there are none.
 */
static uint32_t skip_bunches(const struct analytic *in,
			     const struct share *share, uint32_t first,
			     uint32_t end, const struct analytic_span **span)
{
	const int32_t from = share->wave->from;
	const int32_t until = from + share->wave->more;
	uint32_t c = first;

	*span = NULL;
	while (share->wave->more < UINT8_MAX && c < end) {
		const struct analytic_span *next =
			analytic_span_at(in, share->event, c, from);

		if (until >= next->end || (*span && !analytic_alike(next, *span)))
			break;
		*span = next;
		c += ANALYTIC_BUNCH - c % ANALYTIC_BUNCH;
	}
	return c < end ? c : end;
}

uint32_t beamform_find_run(const struct analytic *in,
			   const struct share *share, const int32_t *receive,
			   const uint32_t *law, int32_t transmit,
			   uint32_t first, uint32_t end,
			   const struct analytic_span **span)
{
	uint32_t c = skip_bunches(in, share, first, end, span);

	for (; c < end; c++) {
		const int32_t line = line_of(receive[law[c]] + transmit);
		const struct analytic_span *next =
			analytic_span_at(in, share->event, c, line);

		if (*span && !analytic_alike(next, *span))
			break;
		*span = next;
	}
	return c;
}

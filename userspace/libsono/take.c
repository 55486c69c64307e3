// SPDX-License-Identifier: MIT
#include "dsp/probe.h"
#include "take.h"

struct rf_frame sono_rf(const struct sono *s, const struct sono_frame *f)
{
	return (struct rf_frame){
		.data = f->data,
		.bytes = f->rec.len,
		.seq = f->rec.seq,
		.ts = f->rec.hw_ts,
		.clock = sono_info(s)->board_clock,
	};
}

int sono_take(struct sono *s, struct sono_frame *f,
	      void (*pass)(void *arg, const struct sono_frame *f), void *arg)
{
	struct sono_frame newer;
	int ret = sono_next(s, f);

	while (ret == 1 && pass && sono_next(s, &newer) == 1) {
		SONO_PROBE(frame_skipped, f->rec.seq);
		pass(arg, f);
		sono_release(s, f);
		*f = newer;
	}
	return ret;
}

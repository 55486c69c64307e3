// SPDX-License-Identifier: MIT
#include "pattern.h"
#include "sono_regs.h"
#include "words.h"

void diag_words_add(struct diag_words *w, const struct diag_capture *c,
		    const struct sono_frame *f)
{
	uint64_t x = sim_prbs_seed(c->run, f->rec.seq);
	const uint64_t *word = f->data;
	const size_t n =
		(c->frame_bytes - sizeof(struct sono_aux)) / sizeof(*word);
	const uint64_t before = w->wrong;

	for (size_t i = 0; i < n; i++) {
		x = sim_prbs_next(x);
		if (word[i] == x)
			continue;
		w->first = w->wrong ? w->first : i * sizeof(x);
		w->wrong++;
	}
	w->all += n;
	w->frames += w->wrong != before;
}

void diag_words_judge(struct diag *d, struct diag_result *r,
		      const struct diag_words *w)
{
	if (d->wrong_words)
		diag_note(d, r, "errors", "words", (double)w->wrong);
	else if (diag_measure(d, r, "errors", "words", (double)w->wrong) >
		 DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "DMA delivers wrong bits: %llu of %llu words, in %u frames, first at byte %llu",
			   (unsigned long long)w->wrong,
			   (unsigned long long)w->all, w->frames,
			   (unsigned long long)w->first);
	d->wrong_words |= w->wrong != 0;
}

/* SPDX-License-Identifier: MIT */
/* Frames of the board's pseudo-random pattern, compared word by word. */
#ifndef DIAG_WORDS_H
#define DIAG_WORDS_H

#include "capture.h"

/**
 * struct diag_words - what the words of frames come to
 * @wrong: words
 * @all: words
 * @frames: with a wrong one
 * @first: wrong one: bytes into its frame
 */
struct diag_words {
	uint64_t wrong, all;
	uint32_t frames;
	uint64_t first;
};

/** diag_words_add() - a frame of a run from SONO_CONFIG_PRBS */
void diag_words_add(struct diag_words *w, const struct diag_capture *c,
		    const struct sono_frame *f);

/** diag_words_judge() - name what is wrong, once in a diagnosis */
void diag_words_judge(struct diag *d, struct diag_result *r,
		      const struct diag_words *w);

#endif /* DIAG_WORDS_H */

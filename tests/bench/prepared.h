/* SPDX-License-Identifier: MIT */
/*
 * Frames made beforehand, for the emulated board in this process: a recording in
 * memory that it plays in a loop. A frame then costs what its DMA does, a copy of
 * its bytes into a slot.
 */
#ifndef BENCH_PREPARED_H
#define BENCH_PREPARED_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "sono.h"

/**
 * struct prepared - frames of a plan
 * @plan: compiled for the board that plays them
 * @frames: how many, of noise at a quarter of full scale, half of the samples 0
 * @fd: of the recording
 */
struct prepared {
	struct sono_plan *plan;
	uint64_t frames;
	int fd;
};

/**
 * prepared_make() - frames of a plan
 * @prepared: written; prepared_free() ends it
 * @plan: path of the plan, of a phased probe
 * @bytes: there are frames of more than so many, at least one
 * @fastest: as fast as the board can, whatever frame rate the plan has
 *
 * Dies where that cannot be.
 */
void prepared_make(struct prepared *prepared, const char *plan, size_t bytes,
		   bool fastest);
void prepared_free(struct prepared *prepared);

/**
 * prepared_start() - a board that plays the frames
 * @prepared: frames
 * @slots: for frames
 *
 * At their frame rate, by a thread of its own, whoever waits; one that finds no
 * free slot is dropped, and not copied.
 *
 * Return: the running board; sono_close() ends it. Dies where there is none.
 */
struct sono *prepared_start(const struct prepared *prepared, uint32_t slots);

/** prepared_pause() - no frame until prepared_resume(); those taken stay */
void prepared_pause(struct sono *sono);
void prepared_resume(struct sono *sono);

#endif /* BENCH_PREPARED_H */

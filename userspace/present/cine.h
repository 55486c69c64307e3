/* SPDX-License-Identifier: MIT */
/*
 * The last pictures, in memory that is bounded. Each keeps its calibration and
 * where its strips had come to.
 */
#ifndef PRESENT_CINE_H
#define PRESENT_CINE_H

#include "dsp/dsp.h"

struct cine;

/**
 * cine_create() - make room for pictures of one kind
 * @cine: written
 * @like: a picture: its size and format; its pixels are not read
 * @bytes: of memory at most; for two pictures in any case
 *
 * Return: 0 or -ENOMEM.
 */
int cine_create(struct cine **cine, const struct image *like, size_t bytes);

/** cine_add() - keep a copy of a picture, in place of the oldest if need be */
void cine_add(struct cine *cine, const struct image *picture);

/** cine_count() - pictures kept */
uint32_t cine_count(const struct cine *cine);

/**
 * cine_picture() - one that was kept
 * @cine: pictures
 * @place: 0, the oldest, to cine_count() - 1
 *
 * Return: the picture, which belongs to @cine and holds until cine_add().
 */
const struct image *cine_picture(const struct cine *cine, uint32_t place);

/**
 * cine_rate() - how often pictures came
 * @cine: pictures
 * @place: of one of them
 *
 * Over the second before it, as far as it was kept, by the board's clock.
 *
 * Return: pictures per second; NAN where there is none before.
 */
double cine_rate(const struct cine *cine, uint32_t place);

/** cine_clear() - forget all */
void cine_clear(struct cine *cine);

void cine_destroy(struct cine *cine);

#endif /* PRESENT_CINE_H */

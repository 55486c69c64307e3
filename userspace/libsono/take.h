/* SPDX-License-Identifier: MIT */
/* Frames of a source on their way into a pipeline. */
#ifndef SONO_TAKE_H
#define SONO_TAKE_H

#include "dsp/dsp.h"
#include "sono.h"

/** sono_rf() - a frame as a pipeline takes it; its data stays the source's */
struct rf_frame sono_rf(const struct sono *s, const struct sono_frame *f);

/**
 * sono_take() - the newest frame there is
 * @s: handle
 * @f: the frame
 * @pass: called with every older one, before it is released; NULL: all frames
 *        are wanted, in their order
 * @arg: of @pass
 *
 * A consumer that is late stays as late as one frame: newest wins.
 *
 * Return: as sono_next().
 */
int sono_take(struct sono *s, struct sono_frame *f,
	      void (*pass)(void *arg, const struct sono_frame *f), void *arg);

#endif /* SONO_TAKE_H */

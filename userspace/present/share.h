/* SPDX-License-Identifier: MIT */
/*
 * share: buffers that other processes look into. One thread fills them with
 * the pictures of a pipeline, another lends them out; neither ever waits for
 * the other. All buffers lie in one sealed memfd.
 */
#ifndef PRESENT_SHARE_H
#define PRESENT_SHARE_H

#include "dsp/pipeline.h"
#include "stream_wire.h"

struct share;

/**
 * struct share_buffer - one picture
 * @share: that it is of
 * @data: of the buffer, as the format's layers say
 * @frame: its record; but for @kind and what depends on the client it is
 *         complete
 *
 * Belongs to whoever was given it, until share_put(). More owners by
 * share_get().
 */
struct share_buffer {
	struct share *share;
	uint8_t *data;
	struct sono_stream_frame frame;
	unsigned int users;
};

/**
 * share_create() - make the buffers for a pipeline's pictures
 * @share: written; the caller's, until share_drop()
 * @pipeline: says what the pictures are like
 * @buffers: how many, at least 2
 *
 * Memory is taken when a buffer is first written; those of low index are
 * preferred, so what nobody lends out costs nothing.
 *
 * Return: 0 or -errno.
 */
int share_create(struct share **share, const struct pipeline *pipeline,
		 unsigned int buffers);

/** share_drop() - goes when the last buffer in use has come back, too */
void share_drop(struct share *share);

/**
 * share_format() - what the buffers hold
 *
 * The caller completes its preset and frame rate before the first buffer is
 * taken.
 */
struct sono_stream_format *share_format(struct share *share);

/** share_memory() - the memfd: belongs to the share, opened for reading */
int share_memory(const struct share *share);

/**
 * share_dmabuf() - a buffer as a dma-buf, through /dev/udmabuf
 * @share: buffers
 * @index: of the buffer
 *
 * Return: a descriptor, the caller's; -errno where the system has no udmabuf or
 * does not let us.
 */
int share_dmabuf(const struct share *share, unsigned int index);

/**
 * share_take() - a buffer that nobody looks at
 *
 * To be called by one thread only.
 *
 * Return: the buffer; NULL: all are lent out.
 */
struct share_buffer *share_take(struct share *share);

/**
 * share_fill() - copy a pipeline's last picture
 * @buffer: of share_take()
 * @pipeline: that the share was made for, after a picture
 * @layers: bits of enum sono_layer that are wanted besides the composite
 */
void share_fill(struct share_buffer *buffer, const struct pipeline *pipeline,
		uint32_t layers);

/** share_get() - one more owner */
void share_get(struct share_buffer *buffer);

/** share_put() - one owner less; NULL is fine */
void share_put(struct share_buffer *buffer);

#endif /* PRESENT_SHARE_H */

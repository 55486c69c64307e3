/* SPDX-License-Identifier: GPL-2.0-only */
/* Slots as dma-bufs, for other devices. */
#ifndef SONO_DMABUF_H
#define SONO_DMABUF_H

#include <linux/types.h>

#include "sono_drv.h"

struct dma_buf;

struct dma_buf *sono_dmabuf_create(const struct sono_stream *s, u32 slot,
				   bool writable);

#endif /* SONO_DMABUF_H */

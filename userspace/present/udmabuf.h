/* SPDX-License-Identifier: MIT */
/* Memory of a process for other devices. */
#ifndef PRESENT_UDMABUF_H
#define PRESENT_UDMABUF_H

#include <stdint.h>

/**
 * udmabuf() - pages of a memfd as a dma-buf
 * @memory: the memfd, sealed against shrinking
 * @offset: of the first page [bytes]
 * @bytes: whole pages
 *
 * Return: a descriptor, the caller's; -errno, -ENOENT where there is no udmabuf.
 */
int udmabuf(int memory, uint64_t offset, uint64_t bytes);

#endif /* PRESENT_UDMABUF_H */

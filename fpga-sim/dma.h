/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The host memory that a vfio-user client has opened to the device: windows
 * of bus addresses, each onto a part of a file. A file is mapped once, however
 * many windows it has. What is outside every window is refused, as is writing
 * into a window that is read-only and anything in one that has no file.
 */
#ifndef SIM_DMA_H
#define SIM_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dma_file;

/**
 * struct dma_window - bus addresses [@addr, @addr + @size)
 * @addr: first bus address
 * @size: at least 1
 * @readable: the device may read
 * @writable: the device may write
 * @at: the memory behind @addr, NULL without a file
 * @file: which @at is part of
 */
struct dma_window {
	uint64_t addr;
	uint64_t size;
	bool readable;
	bool writable;
	unsigned char *at;
	struct dma_file *file;
};

/** struct dma - all windows; @window is sorted and free of overlaps */
struct dma {
	struct dma_window *window;
	size_t windows;
	size_t room;
	struct dma_file *files;
};

/** dma_init() - no windows */
void dma_init(struct dma *dma);

/** dma_finish() - close all windows and unmap all files */
void dma_finish(struct dma *dma);

/**
 * dma_map() - open a window
 * @fd: file, or -1; stays the caller's
 * @offset: of the window in the file
 * @window: @at and @file are ignored
 *
 * Return: 0; -EINVAL for sizes that wrap or exceed the file, -EEXIST for an
 * overlap, -ENOSPC for too many, -errno of mmap().
 */
int dma_map(struct dma *dma, int fd, uint64_t offset,
	    const struct dma_window *window);

/** dma_unmap() - close the windows that lie in [@addr, @addr + @size) */
void dma_unmap(struct dma *dma, uint64_t addr, uint64_t size);

/** dma_read() - 0, or -EFAULT and nothing was read */
int dma_read(const struct dma *dma, uint64_t addr, void *to, size_t n);

/**
 * dma_write() - 0, or -EFAULT and nothing was written
 *
 * Four aligned bytes are one store, and follow all earlier writes.
 */
int dma_write(const struct dma *dma, uint64_t addr, const void *from, size_t n);

#endif /* SIM_DMA_H */

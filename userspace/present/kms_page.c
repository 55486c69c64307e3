// SPDX-License-Identifier: MIT
/* Memory of a screen: the device's own, or ours, which it takes as a dma-buf. */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "kms_device.h"
#include "udmabuf.h"

/* Rows as most devices want them, and what udmabuf takes. */
#define ROW_ALIGN 256
#define PAGE_ALIGN 4096

static size_t align(size_t bytes, size_t to)
{
	return (bytes + to - 1) / to * to;
}

static int add_fb(struct kms_device *d, struct kms_page *p)
{
	const uint32_t handles[4] = { p->handle };
	const uint32_t strides[4] = { p->stride };
	const uint32_t offsets[4] = { 0 };

	return drmModeAddFB2(d->fd, d->info.width, d->info.height,
			     DRM_FORMAT_XRGB8888, handles, strides, offsets,
			     &p->fb, 0);
}

/* --- ours --- */

static int map_memory(struct kms_page *p, int memory)
{
	void *map;

	if (ftruncate(memory, p->bytes) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	map = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
		   0);
	if (map == MAP_FAILED)
		return -errno;
	p->map = map;
	return 0;
}

int kms_page_import(struct kms_device *d, struct kms_page *p)
{
	int memory =
		memfd_create("sono-screen", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (memory < 0)
		return -errno;
	p->stride = align(4 * (size_t)d->info.width, ROW_ALIGN);
	p->bytes = align((size_t)p->stride * d->info.height, PAGE_ALIGN);
	ret = map_memory(p, memory);
	if (!ret) {
		p->dmabuf = udmabuf(memory, 0, p->bytes);
		ret = p->dmabuf < 0 ? p->dmabuf : 0;
	}
	close(memory);
	if (!ret)
		ret = drmPrimeFDToHandle(d->fd, p->dmabuf, &p->handle);
	return ret ? ret : add_fb(d, p);
}

/* --- the device's --- */

int kms_page_alloc(struct kms_device *d, struct kms_page *p)
{
	uint64_t offset, bytes;
	void *map;
	int ret;

	p->dmabuf = -1;
	ret = drmModeCreateDumbBuffer(d->fd, d->info.width, d->info.height, 32,
				      0, &p->handle, &p->stride, &bytes);
	p->bytes = bytes;
	if (!ret)
		ret = drmModeMapDumbBuffer(d->fd, p->handle, &offset);
	if (ret)
		return ret;
	map = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd,
		   (off_t)offset);
	if (map == MAP_FAILED)
		return -errno;
	p->map = map;
	return add_fb(d, p);
}

/* --- both --- */

/* The processor's caches and the device see the same between these. */
static void sync_page(const struct kms_page *p, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_WRITE | flags };

	if (p->dmabuf >= 0)
		ioctl(p->dmabuf, DMA_BUF_IOCTL_SYNC, &sync);
}

static void draw_row(uint8_t *to, const uint8_t *from, uint32_t pixels)
{
	for (uint32_t i = 0; i < pixels; i++, to += 4, from += 3) {
		to[0] = from[2];
		to[1] = from[1];
		to[2] = from[0];
		to[3] = 0;
	}
}

/* Where @inner pixels in the middle of @outer begin. */
static uint32_t begin(uint32_t outer, uint32_t inner)
{
	return outer > inner ? (outer - inner) / 2 : 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void kms_page_draw(const struct kms_device *d, struct kms_page *p,
		   const struct image *image)
{
	const struct raster *r = &image->raster;
	const uint32_t width = least(d->info.width, r->width);
	const uint32_t height = least(d->info.height, r->height);
	uint8_t *to = p->map +
		      (size_t)begin(d->info.height, height) * p->stride +
		      4 * (size_t)begin(d->info.width, width);

	sync_page(p, DMA_BUF_SYNC_START);
	if (width < d->info.width || height < d->info.height)
		memset(p->map, 0, p->bytes);
	for (uint32_t row = 0; row < height; row++)
		draw_row(to + (size_t)row * p->stride,
			 image->data + row * image->stride, width);
	sync_page(p, DMA_BUF_SYNC_END);
}

static void close_handle(struct kms_device *d, const struct kms_page *p)
{
	if (p->dmabuf >= 0)
		drmCloseBufferHandle(d->fd, p->handle);
	else
		drmModeDestroyDumbBuffer(d->fd, p->handle);
}

void kms_page_free(struct kms_device *d, struct kms_page *p)
{
	if (p->fb)
		drmModeRmFB(d->fd, p->fb);
	if (p->map)
		munmap(p->map, p->bytes);
	if (p->handle)
		close_handle(d, p);
	if (p->dmabuf >= 0)
		close(p->dmabuf);
	*p = (struct kms_page){ .dmabuf = -1 };
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dma-buf has the pages of its slots, and a reference to each of their
 * chunks, but nothing of the stream, the file or the device: it outlives all
 * three, and only the module stays for it. What the board does to the pages
 * meanwhile is the business of who holds the frame, as with a mapping.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "sono_dmabuf.h"

/**
 * struct sono_buffer - slots that were exported
 * @page: all of them in order
 * @pages: how many
 * @writable: not exported by an observer
 * @lock: of the list and of each attachment's direction
 * @attachments: of importers
 */
struct sono_buffer {
	struct page **page;
	unsigned long pages;
	bool writable;
	struct mutex lock; /* see above */
	struct list_head attachments;
};

/**
 * struct sono_attachment - an importer's device
 * @link: in the buffer's list
 * @dev: the device
 * @table: the pages, in pieces that it can take
 * @dir: as it is mapped, DMA_NONE while it is not
 */
struct sono_attachment {
	struct list_head link;
	struct device *dev;
	struct sg_table table;
	enum dma_data_direction dir;
};

/* The longest piece that the device can take and a bounce buffer can hold. */
static unsigned int segment_max(struct device *dev)
{
	size_t max = min_t(size_t, dma_get_max_seg_size(dev),
			   dma_max_mapping_size(dev));

	return max_t(size_t, round_down(max, PAGE_SIZE), PAGE_SIZE);
}

static int buffer_attach(struct dma_buf *dmabuf,
			 struct dma_buf_attachment *attach)
{
	struct sono_buffer *b = dmabuf->priv;
	struct sono_attachment *a = kzalloc(sizeof(*a), GFP_KERNEL);
	int ret;

	if (!a)
		return -ENOMEM;
	ret = sg_alloc_table_from_pages_segment(&a->table, b->page, b->pages, 0,
						b->pages << PAGE_SHIFT,
						segment_max(attach->dev),
						GFP_KERNEL);
	if (ret) {
		kfree(a);
		return ret;
	}
	a->dev = attach->dev;
	a->dir = DMA_NONE;
	attach->priv = a;
	mutex_lock(&b->lock);
	list_add(&a->link, &b->attachments);
	mutex_unlock(&b->lock);
	return 0;
}

static void buffer_detach(struct dma_buf *dmabuf,
			  struct dma_buf_attachment *attach)
{
	struct sono_buffer *b = dmabuf->priv;
	struct sono_attachment *a = attach->priv;

	mutex_lock(&b->lock);
	list_del(&a->link);
	mutex_unlock(&b->lock);
	sg_free_table(&a->table);
	kfree(a);
}

/* The caller may map it once: who maps twice attaches twice. */
static int map_locked(const struct sono_buffer *b, struct sono_attachment *a,
		      enum dma_data_direction dir)
{
	int ret;

	lockdep_assert_held(&b->lock);
	if (!b->writable && dir != DMA_TO_DEVICE)
		return -EACCES;
	if (a->dir != DMA_NONE)
		return -EBUSY;
	ret = dma_map_sgtable(a->dev, &a->table, dir, 0);
	if (!ret)
		a->dir = dir;
	return ret;
}

static struct sg_table *buffer_map(struct dma_buf_attachment *attach,
				   enum dma_data_direction dir)
{
	struct sono_buffer *b = attach->dmabuf->priv;
	struct sono_attachment *a = attach->priv;
	int ret;

	mutex_lock(&b->lock);
	ret = map_locked(b, a, dir);
	mutex_unlock(&b->lock);
	return ret ? ERR_PTR(ret) : &a->table;
}

static void buffer_unmap(struct dma_buf_attachment *attach,
			 struct sg_table *table, enum dma_data_direction dir)
{
	struct sono_buffer *b = attach->dmabuf->priv;
	struct sono_attachment *a = attach->priv;

	mutex_lock(&b->lock);
	dma_unmap_sgtable(a->dev, table, dir, 0);
	a->dir = DMA_NONE;
	mutex_unlock(&b->lock);
}

/* What a device wrote, it may have written into a bounce buffer. */
static int buffer_begin_cpu(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	struct sono_buffer *b = dmabuf->priv;
	struct sono_attachment *a;

	mutex_lock(&b->lock);
	list_for_each_entry(a, &b->attachments, link)
		if (a->dir != DMA_NONE)
			dma_sync_sgtable_for_cpu(a->dev, &a->table, a->dir);
	mutex_unlock(&b->lock);
	return 0;
}

static int buffer_end_cpu(struct dma_buf *dmabuf, enum dma_data_direction dir)
{
	struct sono_buffer *b = dmabuf->priv;
	struct sono_attachment *a;

	mutex_lock(&b->lock);
	list_for_each_entry(a, &b->attachments, link)
		if (a->dir != DMA_NONE)
			dma_sync_sgtable_for_device(a->dev, &a->table, a->dir);
	mutex_unlock(&b->lock);
	return 0;
}

/* That it fits was checked, as was that a read-only one is not written. */
static int buffer_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct sono_buffer *b = dmabuf->priv;
	unsigned long left = vma_pages(vma);

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return vm_insert_pages(vma, vma->vm_start, b->page + vma->vm_pgoff,
			       &left);
}

static int buffer_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct sono_buffer *b = dmabuf->priv;
	void *at = vmap(b->page, b->pages, VM_MAP,
			b->writable ? PAGE_KERNEL : PAGE_KERNEL_RO);

	if (!at)
		return -ENOMEM;
	iosys_map_set_vaddr(map, at);
	return 0;
}

static void buffer_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	vunmap(map->vaddr);
}

/* Every chunk is here as a whole; its length is lost with the reference. */
static void buffer_free(struct sono_buffer *b)
{
	unsigned long i, n;

	for (i = 0; i < b->pages; i += n) {
		n = compound_nr(b->page[i]);
		put_page(b->page[i]);
	}
	mutex_destroy(&b->lock);
	kvfree(b->page);
	kfree(b);
}

static void buffer_release(struct dma_buf *dmabuf)
{
	buffer_free(dmabuf->priv);
}

static const struct dma_buf_ops ops = {
	.attach = buffer_attach,
	.detach = buffer_detach,
	.map_dma_buf = buffer_map,
	.unmap_dma_buf = buffer_unmap,
	.begin_cpu_access = buffer_begin_cpu,
	.end_cpu_access = buffer_end_cpu,
	.mmap = buffer_mmap,
	.vmap = buffer_vmap,
	.vunmap = buffer_vunmap,
	.release = buffer_release,
};

static void add_slot(struct sono_buffer *b, const struct sono_slots *s,
		     u32 slot)
{
	size_t i, first = (size_t)slot * s->chunks;
	u32 at;

	for (i = first; i < first + s->chunks; i++) {
		get_page(s->page[i]);
		for (at = 0; at < s->seg[i].bytes >> PAGE_SHIFT; at++)
			b->page[b->pages++] = s->page[i] + at;
	}
}

/* @slot of the stream, or all of them. */
static struct sono_buffer *buffer_create(const struct sono_slots *s, u32 slot,
					 bool writable)
{
	struct sono_buffer *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	bool all = slot == SONO_SLOTS_ALL;
	u32 slots = all ? s->slots : 1;
	u32 i;

	if (!b)
		return NULL;
	b->page = kvmalloc_array(slots, (s->stride >> PAGE_SHIFT) *
					sizeof(*b->page),
				 GFP_KERNEL_ACCOUNT);
	if (!b->page) {
		kfree(b);
		return NULL;
	}
	mutex_init(&b->lock);
	INIT_LIST_HEAD(&b->attachments);
	b->writable = writable;
	for (i = 0; i < slots; i++)
		add_slot(b, s, all ? i : slot);
	return b;
}

/**
 * sono_dmabuf_create() - export slots
 * @s: stream
 * @slot: one of its slots, or SONO_SLOTS_ALL
 * @writable: may be written, by programs and by devices
 *
 * Return: a dma-buf with one reference, the caller's; or an ERR_PTR.
 */
struct dma_buf *sono_dmabuf_create(const struct sono_stream *s, u32 slot,
				   bool writable)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct sono_buffer *b = buffer_create(&s->slots, slot, writable);
	struct dma_buf *dmabuf;

	if (!b)
		return ERR_PTR(-ENOMEM);
	info.ops = &ops;
	info.size = b->pages << PAGE_SHIFT;
	info.flags = writable ? O_RDWR : O_RDONLY;
	info.priv = b;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		buffer_free(b);
	return dmabuf;
}

/* As MODULE_IMPORT_NS(), whose argument is a string only since 6.13. */
MODULE_INFO(import_ns, "DMA_BUF");

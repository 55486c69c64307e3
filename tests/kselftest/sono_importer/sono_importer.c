// SPDX-License-Identifier: GPL-2.0-only
/* For tests only: a dma-buf importer that tells what it was given. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/iosys-map.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "sono_importer.h"

/**
 * struct import - an open file
 * @lock: of all of it
 * @dmabuf: NULL before SONO_IMPORT
 * @dir: it is mapped in
 * @dev: that imports it, pinned
 * @attach: its attachment
 * @table: its mapping
 * @map: the kernel's
 */
struct import {
	struct mutex lock; /* see above */
	struct dma_buf *dmabuf;
	enum dma_data_direction dir;
	struct device *dev;
	struct dma_buf_attachment *attach;
	struct sg_table *table;
	struct iosys_map map;
};

static struct platform_device *own;

static struct device *device_get(const char *name)
{
	if (!*name)
		return get_device(&own->dev);
	return bus_find_device_by_name(&pci_bus_type, NULL, name);
}

static phys_addr_t to_phys(struct device *dev, dma_addr_t addr)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain ? iommu_iova_to_phys(domain, addr) : addr;
}

/* Where the device finds byte @at, and how many follow in the same page. */
static void *as_device(const struct import *im, size_t at, size_t *left)
{
	struct scatterlist *sg;
	phys_addr_t phys;
	unsigned int i;

	for_each_sgtable_dma_sg(im->table, sg, i) {
		if (at < sg_dma_len(sg)) {
			phys = to_phys(im->dev, sg_dma_address(sg) + at);
			*left = min_t(size_t, sg_dma_len(sg) - at,
				      PAGE_SIZE - offset_in_page(phys));
			return phys_to_virt(phys);
		}
		at -= sg_dma_len(sg);
	}
	return NULL;
}

static void look_at(struct import *im, struct sono_import *arg)
{
	struct scatterlist *sg;
	size_t at, left;
	unsigned int i;

	for_each_sgtable_dma_sg(im->table, sg, i) {
		arg->bytes += sg_dma_len(sg);
		arg->longest = max(arg->longest, sg_dma_len(sg));
		arg->pieces++;
	}
	arg->longest_allowed = dma_get_max_seg_size(im->dev);
	for (at = 0; at < arg->bytes; at += left) {
		void *there = as_device(im, at, &left);
		struct page *page = vmalloc_to_page(im->map.vaddr + at);

		if (virt_to_page(there) != page)
			arg->elsewhere += left;
	}
}

static int import_map(struct import *im, struct sono_import *arg)
{
	struct sg_table *again;
	int ret;

	im->attach = dma_buf_attach(im->dmabuf, im->dev);
	if (IS_ERR(im->attach))
		return PTR_ERR(im->attach);
	im->table = dma_buf_map_attachment_unlocked(im->attach, im->dir);
	if (IS_ERR(im->table)) {
		ret = PTR_ERR(im->table);
		goto err_detach;
	}
	again = dma_buf_map_attachment_unlocked(im->attach, im->dir);
	arg->mapped_twice = PTR_ERR_OR_ZERO(again);
	ret = dma_buf_vmap_unlocked(im->dmabuf, &im->map);
	if (ret)
		goto err_unmap;
	look_at(im, arg);
	return 0;

err_unmap:
	dma_buf_unmap_attachment_unlocked(im->attach, im->table, im->dir);
err_detach:
	dma_buf_detach(im->dmabuf, im->attach);
	return ret;
}

static int import_begin(struct import *im, struct sono_import *arg)
{
	struct dma_buf *dmabuf;
	int ret;

	if (im->dmabuf)
		return -EBUSY;
	arg->device[sizeof(arg->device) - 1] = '\0';
	im->dev = device_get(arg->device);
	if (!im->dev)
		return -ENXIO;
	dmabuf = dma_buf_get(arg->fd);
	if (IS_ERR(dmabuf)) {
		put_device(im->dev);
		return PTR_ERR(dmabuf);
	}
	im->dmabuf = dmabuf;
	im->dir = arg->dir;
	ret = import_map(im, arg);
	if (ret) {
		im->dmabuf = NULL;
		dma_buf_put(dmabuf);
		put_device(im->dev);
	}
	return ret;
}

static long importer_ioctl(struct file *file, unsigned int op,
			   unsigned long user)
{
	struct import *im = file->private_data;
	struct sono_import arg;
	int ret;

	if (op != SONO_IMPORT)
		return -ENOTTY;
	if (copy_from_user(&arg, (void __user *)user, sizeof(arg)))
		return -EFAULT;
	mutex_lock(&im->lock);
	ret = import_begin(im, &arg);
	mutex_unlock(&im->lock);
	if (ret)
		return ret;
	return copy_to_user((void __user *)user, &arg, sizeof(arg)) ? -EFAULT :
								      0;
}

static ssize_t read_device(struct import *im, char __user *buf, size_t count,
			   loff_t pos)
{
	size_t left, done = 0;

	while (done < count) {
		void *from = as_device(im, pos + done, &left);

		if (!from)
			break;
		left = min(left, count - done);
		if (copy_to_user(buf + done, from, left))
			return -EFAULT;
		done += left;
	}
	return done;
}

static ssize_t read_cpu(struct import *im, char __user *buf, size_t count,
			loff_t pos)
{
	int ret = dma_buf_begin_cpu_access(im->dmabuf, DMA_FROM_DEVICE);

	if (ret)
		return ret;
	count = min_t(size_t, count, im->dmabuf->size - pos);
	if (copy_to_user(buf, im->map.vaddr + pos, count))
		ret = -EFAULT;
	return dma_buf_end_cpu_access(im->dmabuf, DMA_FROM_DEVICE) ?:
		       ret ?: count;
}

static ssize_t importer_read(struct file *file, char __user *buf, size_t count,
			     loff_t *pos)
{
	struct import *im = file->private_data;
	ssize_t ret;

	mutex_lock(&im->lock);
	if (!im->dmabuf)
		ret = -EPERM;
	else if (*pos < im->dmabuf->size)
		ret = read_device(im, buf, count, *pos);
	else if (*pos < 2 * im->dmabuf->size)
		ret = read_cpu(im, buf, count, *pos - im->dmabuf->size);
	else
		ret = 0;
	mutex_unlock(&im->lock);
	if (ret > 0)
		*pos += ret;
	return ret;
}

static ssize_t write_device(struct import *im, const char __user *buf,
			    size_t count, loff_t pos)
{
	size_t left, done = 0;

	while (done < count) {
		void *to = as_device(im, pos + done, &left);

		if (!to)
			return -EINVAL;
		left = min(left, count - done);
		if (copy_from_user(to, buf + done, left))
			return -EFAULT;
		done += left;
	}
	return done;
}

static ssize_t importer_write(struct file *file, const char __user *buf,
			      size_t count, loff_t *pos)
{
	struct import *im = file->private_data;
	ssize_t ret = -EPERM;

	mutex_lock(&im->lock);
	if (im->dmabuf && im->dir != DMA_TO_DEVICE)
		ret = write_device(im, buf, count, *pos);
	mutex_unlock(&im->lock);
	if (ret > 0)
		*pos += ret;
	return ret;
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct import *im = kzalloc(sizeof(*im), GFP_KERNEL);

	if (!im)
		return -ENOMEM;
	mutex_init(&im->lock);
	file->private_data = im;
	return 0;
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct import *im = file->private_data;

	if (im->dmabuf) {
		dma_buf_vunmap_unlocked(im->dmabuf, &im->map);
		dma_buf_unmap_attachment_unlocked(im->attach, im->table,
						  im->dir);
		dma_buf_detach(im->dmabuf, im->attach);
		dma_buf_put(im->dmabuf);
		put_device(im->dev);
	}
	kfree(im);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.read = importer_read,
	.write = importer_write,
	.unlocked_ioctl = importer_ioctl,
};

static struct miscdevice importer = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sono_importer",
	.fops = &importer_fops,
};

static int __init importer_init(void)
{
	int ret;

	own = platform_device_register_simple("sono_importer",
					      PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(own))
		return PTR_ERR(own);
	ret = dma_coerce_mask_and_coherent(&own->dev, DMA_BIT_MASK(64));
	if (!ret)
		ret = misc_register(&importer);
	if (ret)
		platform_device_unregister(own);
	return ret;
}

static void __exit importer_exit(void)
{
	misc_deregister(&importer);
	platform_device_unregister(own);
}

module_init(importer_init);
module_exit(importer_exit);

MODULE_AUTHOR("The Sonoring project");
MODULE_DESCRIPTION("dma-buf importer for the tests of sono");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "DMA_BUF");

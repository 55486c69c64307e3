// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sonoring: driver for a PCIe ultrasound acquisition board. This file finds
 * boards and makes their nodes; sono_drv.h says what lives how long and
 * which lock guards what.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "sono_drv.h"
#include "sono_firmware.h"
#include "sono_hw.h"
#include "sono_hwmon.h"
#include "sono_recover.h"
#include "sono_stream.h"
#include "sono_sysfs.h"

#define SONO_MINORS 64

static const struct class sono_class = {
	.name = "sono",
	.dev_groups = sono_sysfs_groups,
};

/*
 * For the heartbeats, on any processor: one that is kept busy by interrupt
 * threads, which go before all work, must not end transmit.
 */
struct workqueue_struct *sono_heartbeats;

static dev_t sono_devt;
static DEFINE_IDA(sono_ida);

static void sono_device_release(struct device *dev)
{
	struct sono_device *sd = container_of(dev, struct sono_device, dev);

	ida_free(&sono_ida, MINOR(dev->devt));
	mutex_destroy(&sd->lock);
	pci_dev_put(sd->pdev);
	kfree(sd);
}

/* A device with one reference, not yet visible. */
static struct sono_device *sono_device_alloc(struct pci_dev *pdev)
{
	struct sono_device *sd = kzalloc(sizeof(*sd), GFP_KERNEL);
	int minor;

	if (!sd)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&sono_ida, SONO_MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(sd);
		return ERR_PTR(minor);
	}
	mutex_init(&sd->lock);
	spin_lock_init(&sd->ring_lock);
	init_waitqueue_head(&sd->ctl_wait);
	init_waitqueue_head(&sd->back);
	INIT_DELAYED_WORK(&sd->heartbeat, sono_capture_heartbeat);
	INIT_WORK(&sd->halt, sono_capture_halt);
	sd->pdev = pci_dev_get(pdev);

	device_initialize(&sd->dev);
	sd->dev.class = &sono_class;
	sd->dev.parent = &pdev->dev;
	sd->dev.devt = MKDEV(MAJOR(sono_devt), minor);
	sd->dev.release = sono_device_release;
	cdev_init(&sd->cdev, &sono_fops);
	sd->cdev.owner = THIS_MODULE;
	return sd;
}

static int sono_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct sono_device *sd;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable the device\n");
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (ret)
		return dev_err_probe(dev, ret, "no 64-bit DMA\n");
	dma_set_max_seg_size(dev, UINT_MAX);

	sd = sono_device_alloc(pdev);
	if (IS_ERR(sd))
		return dev_err_probe(dev, PTR_ERR(sd), "cannot allocate\n");
	sd->bar = pcim_iomap_region(pdev, 0, KBUILD_MODNAME);
	if (IS_ERR(sd->bar)) {
		ret = dev_err_probe(dev, PTR_ERR(sd->bar), "cannot map BAR 0\n");
		goto err_put;
	}
	ret = sono_hw_identify(sd);
	if (ret)
		goto err_put;

	pci_set_master(pdev);
	ret = sono_capture_irqs(sd);
	if (ret) {
		dev_err_probe(dev, ret, "cannot set up interrupts\n");
		goto err_clear_master;
	}
	ret = dev_set_name(&sd->dev, "sono%d", MINOR(sd->dev.devt));
	if (ret)
		goto err_free_irqs;
	pci_set_drvdata(pdev, sd);
	ret = sono_hwmon_register(sd);
	if (ret) {
		dev_err_probe(dev, ret, "cannot show the sensors\n");
		goto err_free_irqs;
	}
	ret = sono_firmware_register(sd);
	if (ret) {
		dev_err_probe(dev, ret, "cannot take firmware\n");
		goto err_hwmon;
	}
	ret = cdev_device_add(&sd->cdev, &sd->dev);
	if (ret) {
		dev_err_probe(dev, ret, "cannot add the node\n");
		goto err_firmware;
	}
	sono_debugfs_add(sd);
	sono_recover_enable(sd);
	return 0;

err_firmware:
	sono_firmware_unregister(sd);
err_hwmon:
	sono_hwmon_unregister(sd);
err_free_irqs:
	sono_capture_free_irqs(sd);
	/* An interrupt may have scheduled it. */
	cancel_work_sync(&sd->halt);
err_clear_master:
	pci_clear_master(pdev);
err_put:
	put_device(&sd->dev);
	return ret;
}

/* A load on its way gives way. */
static void set_going(struct sono_device *sd)
{
	WRITE_ONCE(sd->going, true);
	wake_up(&sd->ctl_wait);
}

/* From now on no command reaches the board, and waits say -ENODEV. */
static void set_gone(struct sono_device *sd)
{
	lockdep_assert_held(&sd->lock);
	spin_lock_bh(&sd->ring_lock);
	WRITE_ONCE(sd->gone, true);
	spin_unlock_bh(&sd->ring_lock);
	wake_up_all(&sd->back);
}

/*
 * The node vanishes first, so that no file is opened any more. Files that
 * are open keep the structure, their mappings and every record; the board is
 * silent and unmapped when this returns.
 */
static void sono_remove(struct pci_dev *pdev)
{
	struct sono_device *sd = pci_get_drvdata(pdev);

	set_going(sd);
	sono_recover_disable(sd);
	sono_debugfs_remove(sd);
	sono_hwmon_unregister(sd);
	sono_firmware_unregister(sd);
	cdev_device_del(&sd->cdev, &sd->dev);

	mutex_lock(&sd->lock);
	set_gone(sd);
	if (sd->stream) {
		sono_stream_close(sd, sd->stream, SONO_END_GONE);
		sono_hw_bar(sd);
		sono_stream_detach(sd, sd->stream);
	}
	mutex_unlock(&sd->lock);

	sono_capture_free_irqs(sd);
	/* Finds .gone and does nothing, but may still be running. */
	cancel_work_sync(&sd->halt);
	pci_clear_master(pdev);
	put_device(&sd->dev);
}

/* A reboot or kexec must not inherit a board that transmits. */
static void sono_shutdown(struct pci_dev *pdev)
{
	struct sono_device *sd = pci_get_drvdata(pdev);

	set_going(sd);
	mutex_lock(&sd->lock);
	set_gone(sd);
	if (sd->stream)
		sono_stream_close(sd, sd->stream, SONO_END_GONE);
	mutex_unlock(&sd->lock);
}

static const struct pci_device_id sono_ids[] = {
	{ PCI_DEVICE(SONO_PCI_VENDOR_ID, SONO_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, sono_ids);

static struct pci_driver sono_driver = {
	.name = KBUILD_MODNAME,
	.id_table = sono_ids,
	.probe = sono_probe,
	.remove = sono_remove,
	.shutdown = sono_shutdown,
	.err_handler = &sono_err_handler,
	.driver.pm = pm_ptr(&sono_pm_ops),
};

static int __init sono_init(void)
{
	int ret;

	ret = class_register(&sono_class);
	if (ret)
		return ret;
	sono_heartbeats = alloc_workqueue("sono", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!sono_heartbeats) {
		ret = -ENOMEM;
		goto err_class;
	}
	ret = alloc_chrdev_region(&sono_devt, 0, SONO_MINORS, "sono");
	if (ret)
		goto err_workqueue;
	sono_debugfs_init();
	ret = pci_register_driver(&sono_driver);
	if (ret)
		goto err_debugfs;
	return 0;

err_debugfs:
	sono_debugfs_exit();
	unregister_chrdev_region(sono_devt, SONO_MINORS);
err_workqueue:
	destroy_workqueue(sono_heartbeats);
err_class:
	class_unregister(&sono_class);
	return ret;
}

static void __exit sono_exit(void)
{
	pci_unregister_driver(&sono_driver);
	sono_debugfs_exit();
	unregister_chrdev_region(sono_devt, SONO_MINORS);
	destroy_workqueue(sono_heartbeats);
	class_unregister(&sono_class);
	ida_destroy(&sono_ida);
}

module_init(sono_init);
module_exit(sono_exit);

MODULE_AUTHOR("The Sonoring project");
MODULE_DESCRIPTION("PCIe ultrasound acquisition board");
MODULE_LICENSE("GPL");

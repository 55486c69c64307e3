// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes on purpose, one per name written to /sys/kernel/debug/faulty, for
 * tests/vm/check-debug: each must be seen by the kernel and by tests/vm/run.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

static struct dentry *file;

static void use_after_free(void)
{
	volatile char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree((void *)p);
	p[8] = 1;
}

static void out_of_bounds(void)
{
	size_t size = 64;
	volatile char *p = kmalloc(size, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(size);
	p[size] = 1;
	kfree((void *)p);
}

static void leak(void)
{
	int i;

	/* One of them may still be found in a register. */
	for (i = 0; i < 8; i++)
		memset(kmalloc(100, GFP_KERNEL | __GFP_NOFAIL), 0, 100);
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void inversion(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void atomic_sleep(void)
{
	preempt_disable();
	msleep(1);
	preempt_enable();
}

static void unmapped_dma(void)
{
	struct pci_dev *pdev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, NULL);

	if (!pdev)
		return;
	dma_unmap_single(&pdev->dev, 0x12345000, 64, DMA_TO_DEVICE);
	pci_dev_put(pdev);
}

static void underflow(void)
{
	refcount_t r = REFCOUNT_INIT(1);

	if (refcount_dec_and_test(&r))
		refcount_dec(&r);
}

static void shift(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("faulty: %d\n", 1 << by);
}

static void list_twice(void)
{
	LIST_HEAD(head);
	struct list_head a;

	list_add(&a, &head);
	list_add(&a, &head);
}

static void none(struct timer_list *unused)
{
}

static void free_timer(void)
{
	struct timer_list *t = kmalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	timer_setup(t, none, 0);
	mod_timer(t, jiffies + HZ);
	kfree(t);
	msleep(2000);
}

static int shared;

static int count_up(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *other = kthread_run(count_up, NULL, "faulty");
	unsigned long until = jiffies + 5 * HZ;

	if (IS_ERR(other))
		return;
	while (time_before(jiffies, until)) {
		shared++;
		cond_resched();
	}
	kthread_stop(other);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "leak", leak },
	{ "inversion", inversion },
	{ "atomic_sleep", atomic_sleep },
	{ "unmapped_dma", unmapped_dma },
	{ "underflow", underflow },
	{ "shift", shift },
	{ "list_twice", list_twice },
	{ "free_timer", free_timer },
	{ "race", race },
};

static ssize_t make_mistake(struct file *f, const char __user *buf,
			    size_t count, loff_t *pos)
{
	char name[32] = {};
	int i;

	if (count >= sizeof(name) || copy_from_user(name, buf, count))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		if (!strcmp(strim(name), mistakes[i].name)) {
			mistakes[i].make();
			return count;
		}
	return -ENOENT;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.write = make_mistake,
};

static int __init faulty_init(void)
{
	file = debugfs_create_file("faulty", 0200, NULL, NULL, &fops);
	return 0;
}
module_init(faulty_init);

static void __exit faulty_exit(void)
{
	debugfs_remove(file);
}
module_exit(faulty_exit);

MODULE_DESCRIPTION("Mistakes that a debug kernel must see");
MODULE_LICENSE("GPL");

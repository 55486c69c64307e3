// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of the node. To read one never touches the board: it may rest, and
 * a command may hold the lock for seconds. To write a self test starts it.
 */
#include <linux/sysfs.h>

#include "sono_drv.h"
#include "sono_selftest.h"
#include "sono_sysfs.h"

static struct sono_device *device_of(struct device *dev)
{
	return container_of(dev, struct sono_device, dev);
}

static ssize_t emit_version(char *buf, u32 version)
{
	return sysfs_emit(buf, "%u.%u.%u\n", version >> 24,
			  version >> 16 & 0xff, version & 0xffff);
}

static ssize_t revision_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	u32 revision = device_of(dev)->info.revision;

	return sysfs_emit(buf, "%u.%u\n", revision >> 16, revision & 0xffff);
}
static DEVICE_ATTR_RO(revision);

static ssize_t serial_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n", device_of(dev)->serial);
}
static DEVICE_ATTR_RO(serial);

static ssize_t probe_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "0x%08x\n", device_of(dev)->probe);
}
static DEVICE_ATTR_RO(probe);

static const char *state_of(struct sono_device *sd)
{
	if (sd->away & SONO_AWAY_LOST)
		return "lost";
	if (sd->away & ~SONO_AWAY_SLEEP)
		return "away";
	if (sd->active)
		return "streaming";
	if (READ_ONCE(sd->updating))
		return "updating";
	if (READ_ONCE(sd->stream))
		return "ready";
	return "idle";
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct sono_device *sd = device_of(dev);
	const char *state;

	spin_lock_bh(&sd->ring_lock);
	state = state_of(sd);
	spin_unlock_bh(&sd->ring_lock);
	return sysfs_emit(buf, "%s\n", state);
}
static DEVICE_ATTR_RO(state);

static ssize_t trouble_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n", sono_trouble_latest(device_of(dev)));
}
static DEVICE_ATTR_RO(trouble);

static ssize_t firmware_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return emit_version(buf, device_of(dev)->info.firmware);
}
static DEVICE_ATTR_RO(firmware);

static ssize_t firmware_bank_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	u32 banks = READ_ONCE(device_of(dev)->flash.banks);

	return sysfs_emit(buf, "%c\n",
			  banks & SONO_FW_BANKS_RUNNING ? 'B' : 'A');
}
static DEVICE_ATTR_RO(firmware_bank);

static ssize_t firmware_next_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return emit_version(buf, READ_ONCE(device_of(dev)->flash.next));
}
static DEVICE_ATTR_RO(firmware_next);

static ssize_t firmware_floor_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	return emit_version(buf, READ_ONCE(device_of(dev)->flash.floor));
}
static DEVICE_ATTR_RO(firmware_floor);

/* One of the self tests; @attr.var says which. */
static unsigned int selftest_of(struct device_attribute *attr)
{
	return (uintptr_t)container_of(attr, struct dev_ext_attribute, attr)->var;
}

static ssize_t selftest_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct sono_device *sd = device_of(dev);
	struct sono_selftest t;

	spin_lock_bh(&sd->ring_lock);
	t = sd->selftest[selftest_of(attr)];
	spin_unlock_bh(&sd->ring_lock);
	return sysfs_emit(buf, "%u %u %u %u 0x%x\n", t.tried, t.failed,
			  t.surplus, t.longest, t.code);
}

static ssize_t selftest_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t n)
{
	int ret;

	if (!sysfs_streq(buf, "1"))
		return -EINVAL;
	ret = sono_selftest_run(device_of(dev), selftest_of(attr));
	return ret ? ret : n;
}

#define SELFTEST(name, which)						\
	static struct dev_ext_attribute dev_attr_selftest_##name = {	\
		__ATTR(selftest_##name, 0644, selftest_show,		\
		       selftest_store),					\
		(void *)(uintptr_t)(which)				\
	}

SELFTEST(scratch, SONO_TRY_SCRATCH);
SELFTEST(interrupt, SONO_TRY_INTERRUPT);
SELFTEST(flash, SONO_TRY_FLASH);

static struct attribute *board_attrs[] = {
	&dev_attr_revision.attr,
	&dev_attr_serial.attr,
	&dev_attr_probe.attr,
	&dev_attr_state.attr,
	&dev_attr_trouble.attr,
	&dev_attr_firmware.attr,
	&dev_attr_selftest_scratch.attr.attr,
	&dev_attr_selftest_interrupt.attr.attr,
	NULL
};

static const struct attribute_group board_group = {
	.attrs = board_attrs,
};

static struct attribute *flash_attrs[] = {
	&dev_attr_firmware_bank.attr,
	&dev_attr_firmware_next.attr,
	&dev_attr_firmware_floor.attr,
	&dev_attr_selftest_flash.attr.attr,
	NULL
};

static umode_t flash_visible(struct kobject *kobj, struct attribute *attr,
			     int n)
{
	struct sono_device *sd = device_of(kobj_to_dev(kobj));

	return sd->info.hw_features & SONO_FEAT_FLASH ? attr->mode : 0;
}

static const struct attribute_group flash_group = {
	.attrs = flash_attrs,
	.is_visible = flash_visible,
};

const struct attribute_group *sono_sysfs_groups[] = {
	&board_group,
	&flash_group,
	NULL
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Temperature and transmit voltage with their limits. Unregistering waits for
 * readers, so it comes before anything that they use goes.
 */
#include <linux/hwmon.h>

#include "sono_drv.h"
#include "sono_hw.h"
#include "sono_hwmon.h"
#include "sono_recover.h"

static umode_t is_visible(const void *data, enum hwmon_sensor_types type,
			  u32 attr, int channel)
{
	return 0444;
}

/* Not while the board is away: a reset would be disturbed. */
static int read_board(struct sono_device *sd,
		      u32 (*read)(struct sono_device *), u32 *value)
{
	int ret = 0;

	spin_lock_bh(&sd->ring_lock);
	if (sd->away)
		ret = -EAGAIN;
	else if (!sono_hw_present(sd))
		ret = -ENODEV;
	else
		*value = read(sd);
	spin_unlock_bh(&sd->ring_lock);
	return ret;
}

static int read_awake(struct sono_device *sd,
		      u32 (*read)(struct sono_device *), long *value)
{
	u32 raw = 0;
	int ret = sono_recover_wake(sd);

	if (ret)
		return ret;
	ret = read_board(sd, read, &raw);
	sono_recover_rest(sd);
	*value = (s32)raw;
	return ret;
}

/* The interrupt that should have told of it may be lost. */
static int read_alarm(struct sono_device *sd,
		      u32 (*read)(struct sono_device *), long *value)
{
	int ret = read_awake(sd, read, value);

	if (!ret && *value)
		schedule_work(&sd->halt);
	return ret;
}

static int read_sensor(struct device *dev, enum hwmon_sensor_types type,
		       u32 attr, int channel, long *value)
{
	struct sono_device *sd = dev_get_drvdata(dev);

	if (type == hwmon_temp && attr == hwmon_temp_input)
		return read_awake(sd, sono_hw_temp, value);
	if (type == hwmon_in && attr == hwmon_in_input)
		return read_awake(sd, sono_hw_hv, value);
	if (type == hwmon_temp && attr == hwmon_temp_crit_alarm)
		return read_alarm(sd, sono_hw_temp_alarm, value);
	if (type == hwmon_in && attr == hwmon_in_crit_alarm)
		return read_alarm(sd, sono_hw_hv_alarm, value);
	if (type == hwmon_temp && attr == hwmon_temp_crit)
		*value = sd->temp_max;
	else if (type == hwmon_in && attr == hwmon_in_crit)
		*value = sd->info.hv_max;
	else
		return -EOPNOTSUPP;
	return 0;
}

static int read_label(struct device *dev, enum hwmon_sensor_types type,
		      u32 attr, int channel, const char **label)
{
	*label = type == hwmon_temp ? "board" : "transmit";
	return 0;
}

static const struct hwmon_channel_info *const channels[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_CRIT |
			   HWMON_T_CRIT_ALARM | HWMON_T_LABEL),
	HWMON_CHANNEL_INFO(in, HWMON_I_INPUT | HWMON_I_CRIT |
			   HWMON_I_CRIT_ALARM | HWMON_I_LABEL),
	NULL
};

static const struct hwmon_ops ops = {
	.is_visible = is_visible,
	.read = read_sensor,
	.read_string = read_label,
};

static const struct hwmon_chip_info chip = {
	.ops = &ops,
	.info = channels,
};

/**
 * sono_hwmon_register() - show the sensors
 * @sd: device, identified
 *
 * Return: 0 or -errno.
 */
int sono_hwmon_register(struct sono_device *sd)
{
	struct device *hwmon;

	if (!IS_REACHABLE(CONFIG_HWMON))
		return 0;
	hwmon = hwmon_device_register_with_info(&sd->pdev->dev, "sono", sd,
						&chip, NULL);
	if (IS_ERR(hwmon))
		return PTR_ERR(hwmon);
	sd->hwmon = hwmon;
	return 0;
}

/** sono_hwmon_unregister() - no sensor is being read when this returns */
void sono_hwmon_unregister(struct sono_device *sd)
{
	struct device *hwmon = sd->hwmon;

	if (!hwmon)
		return;
	/* Nobody is told any more. Readers need the lock to wake the board. */
	mutex_lock(&sd->lock);
	sd->hwmon = NULL;
	mutex_unlock(&sd->lock);
	hwmon_device_unregister(hwmon);
}

/**
 * sono_hwmon_notify() - tell who polls an alarm that it has gone off
 * @sd: device, locked
 * @fault: SONO_FAULT_*
 */
void sono_hwmon_notify(struct sono_device *sd, u32 fault)
{
	lockdep_assert_held(&sd->lock);
	if (!IS_REACHABLE(CONFIG_HWMON) || !sd->hwmon)
		return;
	if (fault == SONO_FAULT_OVER_TEMP)
		hwmon_notify_event(sd->hwmon, hwmon_temp, hwmon_temp_crit_alarm,
				   0);
	else if (fault == SONO_FAULT_OVER_VOLT)
		hwmon_notify_event(sd->hwmon, hwmon_in, hwmon_in_crit_alarm, 0);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every trouble is told in three ways: counted (debugfs), traced
 * (sono:sono_trouble), and as the state of the board (sysfs).
 */
#include "sono_drv.h"
#include "sono_trace.h"
#include "sono_trouble.h"

static const char *const names[SONO_TROUBLES] = {
	[SONO_TROUBLE_FAULT] = "fault",
	[SONO_TROUBLE_UNANSWERED] = "unanswered",
	[SONO_TROUBLE_BARRED] = "barred",
	[SONO_TROUBLE_ABSENT] = "absent",
	[SONO_TROUBLE_LOST] = "lost",
	[SONO_TROUBLE_FORGOTTEN] = "forgotten",
	[SONO_TROUBLE_REFUSED] = "refused",
	[SONO_TROUBLE_FLASH] = "flash",
	[SONO_TROUBLE_GLITCH] = "glitch",
	[SONO_TROUBLE_UNHEARD] = "unheard",
	[SONO_TROUBLE_SELFTEST] = "selftest",
};

/**
 * sono_trouble() - tell of it
 * @sd: device, in any context
 * @what: went wrong
 * @code: see enum sono_trouble
 * @info: likewise
 */
void sono_trouble(struct sono_device *sd, enum sono_trouble what, u32 code,
		  u32 info)
{
	atomic64_inc(&sd->troubles[what]);
	WRITE_ONCE(sd->trouble, names[what]);
	trace_sono_trouble(&sd->dev, names[what], code, info);
}

/** sono_trouble_name() - of one of the SONO_TROUBLES */
const char *sono_trouble_name(unsigned int what)
{
	return names[what];
}

/** sono_trouble_latest() - the last one's name, "none" before the first */
const char *sono_trouble_latest(struct sono_device *sd)
{
	return READ_ONCE(sd->trouble) ?: "none";
}

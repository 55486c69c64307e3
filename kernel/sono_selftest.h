/* SPDX-License-Identifier: GPL-2.0-only */
/* What a board can be asked to try; a run that is on goes on. */
#ifndef SONO_SELFTEST_H
#define SONO_SELFTEST_H

#include "sono_drv.h"

enum {
	SONO_TRY_SCRATCH,
	SONO_TRY_INTERRUPT,
	SONO_TRY_FLASH,
};

int sono_selftest_run(struct sono_device *sd, unsigned int which);

#endif /* SONO_SELFTEST_H */

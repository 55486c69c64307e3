/* SPDX-License-Identifier: GPL-2.0-only */
/* SONO_CMD_ARM: io_uring commands that wait for records. */
#ifndef SONO_ARM_H
#define SONO_ARM_H

#include "sono_drv.h"

struct io_uring_cmd;

int sono_arm_issue(struct sono_file *sf, struct io_uring_cmd *cmd,
		   unsigned int issue_flags);
void sono_arm_cancel_one(struct sono_file *sf, struct io_uring_cmd *cmd,
			 unsigned int issue_flags);
void sono_arm_cancel_all(struct sono_file *sf, struct sono_stream *s);
void sono_arm_wake(struct sono_device *sd, struct sono_stream *s);

#endif /* SONO_ARM_H */

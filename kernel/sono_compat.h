/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One source for Linux 6.12 to 7.3: what differs in io_uring commands. The
 * SONO_HAVE_ words come from probes of the headers in Kbuild.
 */
#ifndef SONO_COMPAT_H
#define SONO_COMPAT_H

#include <linux/io_uring/cmd.h>

#ifdef SONO_HAVE_TYPED_SQE
#define sono_sqe_cmd(sqe, type) io_uring_sqe_cmd(sqe, type)
#else
#define sono_sqe_cmd(sqe, type) ((const type *)io_uring_sqe_cmd(sqe))
#endif

static inline void sono_uring_done(struct io_uring_cmd *cmd, s32 res,
				   unsigned int issue_flags)
{
#ifdef SONO_HAVE_CMD_DONE32
	io_uring_cmd_done(cmd, res, issue_flags);
#else
	io_uring_cmd_done(cmd, res, 0, issue_flags);
#endif
}

/* Define a task-work callback whose body has cmd and issue_flags. */
#ifdef SONO_HAVE_TW_REQ
#define SONO_TASK_WORK(name)						\
static void name##_body(struct io_uring_cmd *, unsigned int);		\
static void name(struct io_tw_req req, io_tw_token_t tw)		\
{									\
	name##_body(io_uring_cmd_from_tw(req),				\
		    IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);		\
}									\
static void name##_body(struct io_uring_cmd *cmd, unsigned int issue_flags)
#else
#define SONO_TASK_WORK(name)						\
static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)
#endif

#endif /* SONO_COMPAT_H */

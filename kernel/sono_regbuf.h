/* SPDX-License-Identifier: GPL-2.0-only */
/* Slots as fixed buffers of an io_uring, without a mapping. */
#ifndef SONO_REGBUF_H
#define SONO_REGBUF_H

#include "sono_drv.h"

struct io_uring_cmd;

#ifdef SONO_HAVE_REGISTER_BVEC
#define SONO_REGBUF_FEATURES SONO_FEATURE_REGBUF
#else
#define SONO_REGBUF_FEATURES 0
#endif

int sono_regbuf_issue(struct sono_file *sf, struct io_uring_cmd *cmd,
		      unsigned int issue_flags);

#endif /* SONO_REGBUF_H */

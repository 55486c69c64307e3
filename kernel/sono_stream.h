/* SPDX-License-Identifier: GPL-2.0-only */
/* A stream: made by SETUP, run between START and its end. */
#ifndef SONO_STREAM_H
#define SONO_STREAM_H

#include "sono_drv.h"

struct vm_area_struct;

struct sono_stream *sono_stream_create(struct sono_device *sd,
				       struct sono_setup *setup);
void sono_stream_detach(struct sono_device *sd, struct sono_stream *s);
void sono_stream_put(struct sono_stream *s);
void sono_stream_wake(struct sono_device *sd, struct sono_stream *s);
int sono_stream_config(struct sono_device *sd, struct sono_stream *s,
		       struct sono_config *cfg, const void *table);
int sono_stream_start(struct sono_device *sd, struct sono_stream *s,
		      struct sono_start *start);
void sono_stream_hurry(struct sono_device *sd);
void sono_stream_hurried(struct sono_device *sd);
void sono_stream_halt(struct sono_device *sd, u32 reason);
void sono_stream_close(struct sono_device *sd, struct sono_stream *s,
		       u32 reason);
void sono_stream_refill(struct sono_device *sd, struct sono_stream *s);
int sono_stream_mmap(const struct sono_stream *s, struct vm_area_struct *vma,
		     bool controller);

#endif /* SONO_STREAM_H */

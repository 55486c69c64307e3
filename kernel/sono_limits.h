/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the commands accept and how the areas are laid out; the same for the
 * module and for the library's in-process board.
 */
#ifndef SONO_LIMITS_H
#define SONO_LIMITS_H

#include <linux/sono.h>

#include "sono_port.h"

#define SONO_SLOTS_MAX 1024
#define SONO_STREAM_BYTES_MAX 0x40000000U

/* A heartbeat shorter than this could not be sampled four times. */
#define SONO_HEARTBEAT_MIN_MS 20

int sono_setup_check(const struct sono_info *info, const struct sono_setup *st);
void sono_setup_layout(struct sono_setup *st, u32 stride);
int sono_config_check(const struct sono_info *info,
		      const struct sono_setup *st, struct sono_config *c);
int sono_export_check(const struct sono_setup *st,
		      const struct sono_export *ex);
int sono_regbuf_check(const struct sono_setup *st, const struct sono_regbuf *rb,
		      bool adds);
u32 sono_heartbeat_left(u32 heartbeat_ms, u64 age_ms);

#endif /* SONO_LIMITS_H */

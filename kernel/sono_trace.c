// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>

#include <linux/sono.h>

#define CREATE_TRACE_POINTS
#include "sono_trace.h"

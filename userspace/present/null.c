// SPDX-License-Identifier: MIT
/* Takes everything: what is left to measure is the pipeline. */
#include "present.h"

static int null_open(void **state, const char *target)
{
	(void)target;
	*state = NULL;
	return 0;
}

static int null_frame(void *state, const struct image *image)
{
	(void)state;
	(void)image;
	return 0;
}

static int null_close(void *state)
{
	(void)state;
	return 0;
}

const struct sink sink_null = { "null", null_open, null_frame, null_close };

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sono.h"
#include "tools.h"

int tool_fail(const char *what, const char *to, const char *why, int err)
{
	if (!why || !*why)
		why = strerror(-err);
	/* A reason that begins with the place needs no more introduction. */
	if (!strncmp(why, to, strlen(to)))
		fprintf(stderr, "sono: %s\n", why);
	else
		fprintf(stderr, "sono: cannot %s %s: %s\n", what, to, why);
	return TOOL_FAILED;
}

int tool_count(const char *tool, const char *option, const char *text,
	       uint64_t least, uint64_t most, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno &&
	    *value >= least && *value <= most)
		return TOOL_OK;
	fprintf(stderr, "sono %s: --%s %s: not a number from %" PRIu64
		" to %" PRIu64 "\n", tool, option, text, least, most);
	return TOOL_USAGE;
}

int tool_setup(struct sono *s, const char *source, uint32_t slots,
	       uint32_t slot_bytes)
{
	char why[128];
	int ret = sono_setup(s, slots, slot_bytes);

	if (!ret)
		return TOOL_OK;
	snprintf(why, sizeof(why), "%u slots of %u bytes: %s", slots,
		 slot_bytes, strerror(-ret));
	return tool_fail("set up", source, why, ret);
}

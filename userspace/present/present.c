// SPDX-License-Identifier: MIT
/* The list of sinks. */
#include <string.h>

#include "present.h"

static const struct sink *const sinks[] = {
	&sink_png,
	&sink_y4m,
	&sink_webp,
	&sink_md5,
	&sink_null,
};

const struct sink *sink_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
		if (!strcmp(sinks[i]->name, name))
			return sinks[i];
	return NULL;
}

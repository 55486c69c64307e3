// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "names.h"

#define LIST_BYTES 160	/* of a line: noun and verb have room beside it */
#define RUN 3		/* so many in a row are "3 to 5" */

/* Ranges of a line, the latest apart: it may be the one after "and". */
struct list {
	char text[LIST_BYTES];
	char last[32];
	uint32_t count;
};

static void push(struct list *l)
{
	const size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof(l->text) - n, "%s%s", n ? ", " : "",
		 l->last);
}

static void say(struct diag_result *r, enum diag_status status,
		const struct diag_names *names, struct list *l)
{
	if (l->count == 1)
		diag_blame(r, status, "%s %s %s%s", names->noun, l->last,
			   names->one, names->figures);
	else if (l->count)
		diag_blame(r, status, "%ss %s%s%s %s", names->noun, l->text,
			   *l->text ? " and " : "", l->last, names->many);
	memset(l, 0, sizeof(*l));
}

static void add(struct diag_result *r, enum diag_status status,
		const struct diag_names *names, struct list *l, uint32_t from,
		uint32_t to)
{
	if (strlen(l->text) + 2 * sizeof(l->last) > sizeof(l->text))
		say(r, status, names, l);
	if (l->count)
		push(l);
	if (from == to)
		snprintf(l->last, sizeof(l->last), "%u", from);
	else
		snprintf(l->last, sizeof(l->last), "%u to %u", from, to);
	l->count += to - from + 1;
}

/* The last of those from @from that follow each other. */
static uint32_t run_of(const bool *set, uint32_t n, uint32_t from)
{
	uint32_t to = from;

	while (to + 1 < n && set[to + 1])
		to++;
	return to - from + 1 < RUN ? from : to;
}

void diag_blame_set(struct diag_result *r, enum diag_status status,
		    const struct diag_names *names, const bool *set, uint32_t n)
{
	struct list l = { .count = 0 };

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t to = set[i] ? run_of(set, n, i) : i;

		if (!set[i])
			continue;
		add(r, status, names, &l, i, to);
		i = to;
	}
	say(r, status, names, &l);
}

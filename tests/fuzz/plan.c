// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Plans: whatever a file says, it is compiled or refused with a line that says
 * why, for each kind of board.
 */
#include <errno.h>
#include <stdlib.h>

#include "fuzz.h"
#include "plan.h"
#include "sono.h"

/* A plan is read by people; a longer one finds nothing new. */
#define PLAN_BYTES_MAX 8192

static const char *const sources[] = {
	"sim:pattern,probe=linear",
	"sim:pattern,probe=phased",
	"sim:pattern,probe=convex",
};

#define BOARDS (sizeof(sources) / sizeof(*sources))

static struct sono_info board[BOARDS];

static void find_boards(void)
{
	for (size_t i = 0; i < BOARDS; i++) {
		struct sono *s;

		if (sono_open(&s, sources[i], NULL, 0))
			abort();
		board[i] = *sono_info(s);
		sono_close(s);
	}
}

static void compile(const char *path, const struct sono_info *info)
{
	struct sono_plan *plan;
	char why[256] = "";
	int ret = sono_plan_open(&plan, path, info, why, sizeof(why));

	if (!ret && (!plan->table.bytes || !plan->scan->frame_bytes))
		abort();
	if (!ret)
		sono_plan_close(plan);
	else if (ret == -EINVAL && !why[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FUZZ_PATH_BYTES];
	int fd;

	if (!board[0].channels)
		find_boards();
	if (size > PLAN_BYTES_MAX)
		return 0;
	fd = fuzz_file(path, data, size);
	for (size_t i = 0; i < BOARDS; i++)
		compile(path, &board[i]);
	close(fd);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 *	record PLAN SOURCE FRAMES FILE
 *
 * A recording of the first frames that a board makes of a plan.
 */
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"
#include "recording.h"
#include "sono.h"

static int fail(const char *what, const char *why, int err)
{
	fprintf(stderr, "record: %s: %s (%d)\n", what, why, err);
	return 1;
}

static int append(struct sono *s, struct sono_recorder *r, long frames)
{
	struct sono_frame f;
	int ret = 0;

	while (frames && ret >= 0) {
		ret = sono_next(s, &f);
		if (!ret)
			ret = sono_wait(s, 1, 0);
		else if (ret == 1) {
			ret = sono_recorder_append(r, &f.rec, f.data);
			sono_release(s, &f);
			frames--;
		}
	}
	return ret < 0 ? ret : 0;
}

static int record(struct sono *s, const struct sono_plan *plan, long frames,
		  const char *path)
{
	struct sono_config config = {
		.table = (uintptr_t)plan->table.data,
		.table_bytes = (uint32_t)plan->table.bytes,
	};
	struct sono_start start = { 0 };
	struct sono_recorder *r;
	char why[256] = "";
	int ret, closed;

	ret = sono_setup(s, 4, (uint32_t)plan->scan->frame_bytes);
	if (!ret)
		ret = sono_config(s, &config);
	if (!ret)
		ret = sono_start(s, &start);
	if (ret)
		return fail("board", "does not start", ret);
	ret = sono_recorder_create(&r, path, plan->scan, &plan->table,
				   sono_info(s), "a board in process", why,
				   sizeof(why));
	if (ret)
		return fail(path, why, ret);
	ret = append(s, r, frames);
	closed = sono_recorder_close(r);
	return ret || closed ? fail(path, "not written", ret ? ret : closed) : 0;
}

int main(int argc, char **argv)
{
	struct sono_plan *plan;
	struct sono *s;
	char why[256] = "";
	int ret;

	if (argc != 5)
		return fail("usage", "record PLAN SOURCE FRAMES FILE", 0);
	ret = sono_open(&s, argv[2], why, sizeof(why));
	if (ret)
		return fail(argv[2], why, ret);
	ret = sono_plan_open(&plan, argv[1], sono_info(s), why, sizeof(why));
	if (ret)
		return fail(argv[1], why, ret);
	ret = record(s, plan, strtol(argv[3], NULL, 10), argv[4]);
	sono_plan_close(plan);
	sono_close(s);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <string.h>

#include "scan.h"
#include "take.h"

static int configure(struct scan *s)
{
	struct sono_config config = {
		.table = (uintptr_t)s->plan->table.data,
		.table_bytes = (uint32_t)s->plan->table.bytes,
	};
	struct sono_start start = { 0 };
	int ret = sono_setup(s->sono, 2, (uint32_t)s->plan->scan->frame_bytes);

	if (!ret)
		ret = sono_config(s->sono, &config);
	return ret ? ret : sono_start(s->sono, &start);
}

int scan_open(struct scan *s, const char *path, const char *source)
{
	int ret;

	*s = (struct scan){ 0 };
	ret = sono_open(&s->sono, source, s->why, sizeof(s->why));
	if (!ret)
		ret = sono_plan_open(&s->plan, path, sono_info(s->sono), s->why,
				     sizeof(s->why));
	if (ret)
		scan_end(s);
	return ret;
}

int scan_start(struct scan *s)
{
	const char *reason = NULL;
	int ret = pipeline_create(&s->pipeline, s->plan->scan,
				  &s->plan->params, &reason);

	if (reason)
		strncpy(s->why, reason, sizeof(s->why) - 1);
	if (!ret)
		ret = configure(s);
	if (ret)
		scan_end(s);
	return ret;
}

int scan_begin(struct scan *s, const char *path, const char *source)
{
	int ret = scan_open(s, path, source);

	return ret ? ret : scan_start(s);
}

double scan_ensemble(const struct sono_scan *scan)
{
	double time = 0, first = -1, last = 0;

	for (uint32_t i = 0; i < scan->events; i++) {
		if (SONO_TAG_ROLE(scan->event[i].tag) == SONO_ROLE_COLOUR) {
			first = first < 0 ? time : first;
			last = time;
		}
		time += scan->event[i].period;
	}
	return (first + last) / 2;
}

struct rf_frame scan_take(struct scan *s, struct sono_frame *f)
{
	while (sono_next(s->sono, f) != 1)
		sono_wait(s->sono, 1, 0);
	return sono_rf(s->sono, f);
}

const struct image *scan_next(struct scan *s)
{
	const struct image *image = NULL;
	struct sono_frame f;
	struct rf_frame rf = scan_take(s, &f);
	double time = (double)rf.ts / rf.clock;

	s->zero = s->begun ? s->zero : time;
	s->begun = true;
	s->time = time - s->zero;
	if (!pipeline_execute(s->pipeline, &rf, &image))
		image = NULL;
	sono_release(s->sono, &f);
	return image;
}

void scan_end(struct scan *s)
{
	pipeline_destroy(s->pipeline);
	sono_plan_close(s->plan);
	sono_close(s->sono);
	s->pipeline = NULL;
	s->plan = NULL;
	s->sono = NULL;
}

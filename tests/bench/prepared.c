// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "prepared.h"
#include "recording.h"

#define PATH_BYTES	32

/* Nobody else sees the file, and it ends with this process. */
static void path_of(char *path, const struct prepared *p)
{
	snprintf(path, PATH_BYTES, "/proc/self/fd/%d", p->fd);
}

/* A plan without its frame rate, in a file that nobody else sees. */
static int without_rate(const char *plan)
{
	FILE *from = fopen(plan, "re");
	int fd = memfd_create("plan", MFD_CLOEXEC);
	char line[256];

	if (!from || fd < 0)
		bench_die(plan, strerror(errno));
	while (fgets(line, sizeof(line), from))
		if (!strstr(line, "frame_rate_hz"))
			dprintf(fd, "%s", line);
	fclose(from);
	return fd;
}

/* A board of which only the limits count. */
static void compile(struct prepared *p, struct sono **s, const char *path)
{
	char why[256] = "";

	if (sono_open(s, "sim:pattern,probe=phased", why, sizeof(why)) ||
	    sono_plan_open(&p->plan, path, sono_info(*s), why, sizeof(why)))
		bench_die(path, why);
}

static void compile_fastest(struct prepared *p, struct sono **s,
			    const char *plan)
{
	const int fd = without_rate(plan);
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	compile(p, s, path);
	close(fd);
}

static int16_t *make_frame(size_t bytes)
{
	int16_t *frame = bench_alloc(1, bytes);
	size_t i;

	for (i = 0; i < bytes / sizeof(*frame); i++)
		frame[i] = 8000 * bench_random() * sin(M_PI / 2 * i);
	return frame;
}

static void record(struct prepared *p, const struct sono_info *info)
{
	struct sono_record head = { .len = p->plan->scan->frame_bytes };
	int16_t *frame = make_frame(head.len);
	struct sono_recorder *r;
	char path[PATH_BYTES], why[256] = "";
	int ret = 0;

	p->fd = memfd_create("prepared", MFD_CLOEXEC);
	path_of(path, p);
	if (p->fd < 0 ||
	    sono_recorder_create(&r, path, p->plan->scan, &p->plan->table, info,
				 "noise", why, sizeof(why)))
		bench_die("prepared frames", why);
	for (; head.seq < p->frames && !ret; head.seq++)
		ret = sono_recorder_append(r, &head, frame);
	/* no disk to bring it to: what closing says does not count */
	sono_recorder_close(r);
	if (ret)
		bench_die("prepared frames", strerror(-ret));
	free(frame);
}

void prepared_make(struct prepared *p, const char *plan, size_t bytes,
		   bool fastest)
{
	struct sono *s;

	if (fastest)
		compile_fastest(p, &s, plan);
	else
		compile(p, &s, plan);
	p->frames = bytes / p->plan->scan->frame_bytes + 1;
	record(p, sono_info(s));
	sono_close(s);
}

void prepared_free(struct prepared *p)
{
	sono_plan_close(p->plan);
	close(p->fd);
}

struct sono *prepared_start(const struct prepared *p, uint32_t slots)
{
	struct sono_config config = {
		.table = (uintptr_t)p->plan->table.data,
		.table_bytes = (uint32_t)p->plan->table.bytes,
	};
	/* no heartbeat to keep: who waits for the processors of others may */
	struct sono_start start = { .flags = SONO_START_TX_OFF };
	char path[PATH_BYTES], source[PATH_BYTES + 64], why[256] = "";
	struct sono *s;
	int ret;

	path_of(path, p);
	snprintf(source, sizeof(source), "sim:replay,file=%s,pace=real", path);
	ret = sono_open(&s, source, why, sizeof(why));
	if (ret)
		bench_die(source, why);
	ret = sono_setup(s, slots, (uint32_t)p->plan->scan->frame_bytes);
	if (!ret)
		ret = sono_config(s, &config);
	if (!ret)
		ret = sono_start(s, &start);
	if (ret)
		bench_die(source, strerror(-ret));
	return s;
}

void prepared_pause(struct sono *s)
{
	struct sono_stop stop = { 0 };
	struct sono_frame f;
	int ret = sono_stop(s, &stop);

	if (ret)
		bench_die("pausing the board", strerror(-ret));
	while (sono_next(s, &f) == 1)
		sono_release(s, &f);
}

void prepared_resume(struct sono *s)
{
	struct sono_start start = { .flags = SONO_START_TX_OFF };
	int ret = sono_start(s, &start);

	if (ret)
		bench_die("resuming the board", strerror(-ret));
}

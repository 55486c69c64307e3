// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prof_tracefs.h"

#define INSTANCES "/sys/kernel/tracing/instances"
#define PREFIX "sono-prof-"

static int set(const struct prof_tracefs *t, const char *file,
	       const char *value)
{
	char path[256];
	ssize_t n;
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", t->path, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, value, strlen(value));
	if (n < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The system removes none of which a file is open: not those in use. */
static void sweep(void)
{
	DIR *dir = opendir(INSTANCES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	if (dir)
		closedir(dir);
}

/* It may be swept by somebody before it is held: then there is none. */
static int create(struct prof_tracefs *t)
{
	char path[256];

	snprintf(t->path, sizeof(t->path), INSTANCES "/" PREFIX "%d",
		 (int)getpid());
	if (mkdir(t->path, 0700))
		return -errno;
	snprintf(path, sizeof(path), "%s/tracing_on", t->path);
	t->hold = open(path, O_RDONLY | O_CLOEXEC);
	return t->hold < 0 ? -errno : 0;
}

static void destroy(struct prof_tracefs *t)
{
	if (t->hold >= 0)
		close(t->hold);
	rmdir(t->path);
	t->path[0] = '\0';
}

/* Other users of the trace are not disturbed by an instance, nor we by them. */
int prof_tracefs_begin(struct prof_tracefs *t)
{
	int ret;

	t->hold = -1;
	sweep();
	ret = create(t);
	if (!ret)
		ret = set(t, "trace_clock", "mono");
	if (!ret)
		ret = set(t, "events/sono/enable", "1");
	if (ret)
		destroy(t);
	return ret;
}

/* --- lines --- */

static int by_slot(const void *a, const void *b)
{
	const struct prof_held *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot > y->slot ? 1 : -1;
	return (x->gen > y->gen) - (x->gen < y->gen);
}

void prof_held_sort(struct prof_held *held, uint64_t n)
{
	qsort(held, n, sizeof(*held), by_slot);
}

static bool number(const char *args, const char *key, uint64_t *value)
{
	const char *at = strstr(args, key);

	return at && sscanf(at + strlen(key), "%" SCNu64, value) == 1;
}

static uint64_t frame_of(const char *args, const struct prof_held *held,
			 uint64_t n)
{
	const struct prof_held *found;
	uint64_t seq, slot, gen;
	struct prof_held key;

	if (number(args, " seq=", &seq))
		return seq;
	if (!number(args, " slot=", &slot) || !number(args, " gen=", &gen))
		return UINT64_MAX;
	key = (struct prof_held){ .slot = (uint32_t)slot,
				  .gen = (uint32_t)gen };
	found = n ? bsearch(&key, held, n, sizeof(key), by_slot) : NULL;
	return found ? found->seq : UINT64_MAX;
}

/* All of kernel/sono_trace.h; of others only that they were there. */
static const char *name_of(const char *event, size_t length)
{
	static const char *const names[] = {
		"sono_post", "sono_release", "sono_bad_release",
		"sono_retire", "sono_reclaim", "sono_complete",
		"sono_start", "sono_end", "sono_found", "sono_leave",
		"sono_return", "sono_link_corrected", "sono_trouble",
		"sono_flash",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == length &&
		    !strncmp(names[i], event, length))
			return names[i];
	return "sono";
}

bool prof_tracefs_line(const char *line, const struct prof_held *held,
		       uint64_t n, struct prof_step *step)
{
	const char *event = strstr(line, ": sono_"), *args, *time;
	unsigned long long seconds;
	unsigned int micro;

	if (*line == '#' || !event)
		return false;
	/* the time ends where the event begins */
	for (time = event; time > line && time[-1] != ' '; time--)
		;
	event += 2;
	args = strchr(event, ':');
	if (!args || sscanf(time, "%llu.%6u", &seconds, &micro) != 2)
		return false;
	*step = (struct prof_step){
		.begin = seconds * 1000000000 + micro * 1000ull,
		.seq = frame_of(args, held, n),
		.name = name_of(event, (size_t)(args - event)),
		.track = PROF_TRACK_DRIVER,
		.kind = PROF_INSTANT,
	};
	step->end = step->begin;
	args += strspn(args, ": ");
	step->note = strndup(args, strcspn(args, "\n"));
	return true;
}

static void read_lines(const struct prof_tracefs *t, struct prof_trace *to,
		       const struct prof_held *held, uint64_t n)
{
	char path[256], *line = NULL;
	struct prof_step step;
	size_t bytes = 0;
	FILE *from;

	snprintf(path, sizeof(path), "%s/trace", t->path);
	from = fopen(path, "re");
	while (from && getline(&line, &bytes, from) > 0)
		if (prof_tracefs_line(line, held, n, &step))
			prof_trace_add(to, &step);
	free(line);
	if (from)
		fclose(from);
}

void prof_tracefs_end(struct prof_tracefs *t, struct prof_trace *to,
		      struct prof_held *held, uint64_t n)
{
	if (!t->path[0])
		return;
	set(t, "events/sono/enable", "0");
	prof_held_sort(held, n);
	read_lines(t, to, held, n);
	destroy(t);
}

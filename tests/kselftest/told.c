// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfs.h"
#include "told.h"

#define TRACING "/sys/kernel/tracing"
#define KEPT TRACING "/instances/told"

/* Of each frame, and too many to be kept. */
static const char *const frequent[] = { "post", "complete", "release",
					"reclaim" };

int told_begin(unsigned int kilobytes)
{
	char text[32];
	int ret;

	if (access(TRACING "/events", F_OK) &&
	    mount("tracefs", TRACING, "tracefs", 0, NULL))
		return -errno;
	if (mkdir(KEPT, 0700) && errno != EEXIST)
		return -errno;
	snprintf(text, sizeof(text), "%u", kilobytes);
	ret = sysfs_put(KEPT "/buffer_size_kb", text) ?:
	      sysfs_put(KEPT "/events/sono/enable", "1");
	for (size_t i = 0; i < sizeof(frequent) / sizeof(*frequent); i++) {
		char path[128];

		snprintf(path, sizeof(path), KEPT "/events/sono/sono_%s/enable",
			 frequent[i]);
		ret = ret ?: sysfs_put(path, "0");
	}
	return ret;
}

FILE *told_open(void)
{
	return fopen(KEPT "/trace", "re");
}

unsigned long told_count(const char *text)
{
	FILE *f = told_open();
	unsigned long n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, text);
	if (f)
		fclose(f);
	return n;
}

/* Of one processor. */
static unsigned long overrun(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned long n = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "overrun: %lu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

unsigned long told_lost(void)
{
	unsigned long n = 0;
	glob_t found;

	if (glob(KEPT "/per_cpu/cpu*/stats", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		n += overrun(found.gl_pathv[i]);
	globfree(&found);
	return n;
}

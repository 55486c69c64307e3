// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
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

/**
 * struct told - a counter and the events that it counts
 * @counter: its name, or that of several with a | in between
 * @event: without the sono_
 * @with: only those that have this text, if it is not NULL
 * @sum: it counts what this field says and not the events, likewise
 */
struct told {
	const char *counter;
	const char *event;
	const char *with;
	const char *sum;
};

#define TROUBLE(name) { "trouble_" name, "trouble", " what=" name " ", NULL }
#define END(name, reason) { "ended_" name, "end", " reason=" #reason " ", NULL }

static const struct told told[] = {
	{ "runs", "start", NULL, NULL },
	END("stop", 1),
	END("fault", 2),
	END("heartbeat", 3),
	END("protocol", 4),
	END("gone", 5),
	END("reset", 6),
	END("link", 7),
	END("sleep", 8),
	{ "dropped", "end", NULL, " dropped=" },
	{ "lost", "end", NULL, " lost=" },
	{ "found", "found", NULL, " records=" },
	{ "bad_releases", "bad_release", NULL, NULL },
	{ "resets|link_errors|sleeps", "leave", NULL, NULL },
	{ "link_corrected", "link_corrected", NULL, NULL },
	TROUBLE("fault"),
	TROUBLE("unanswered"),
	TROUBLE("barred"),
	TROUBLE("absent"),
	TROUBLE("lost"),
	TROUBLE("forgotten"),
	TROUBLE("refused"),
	TROUBLE("flash"),
	TROUBLE("glitch"),
	TROUBLE("unheard"),
	TROUBLE("selftest"),
};

#define TOLD (sizeof(told) / sizeof(*told))

static void tally_line(unsigned long long *tally, const char *line)
{
	const char *event = strstr(line, ": sono_");
	const char *field;

	if (!event)
		return;
	event += strlen(": sono_");
	for (size_t i = 0; i < TOLD; i++) {
		const size_t n = strlen(told[i].event);

		if (strncmp(event, told[i].event, n) || event[n] != ':' ||
		    (told[i].with && !strstr(event, told[i].with)))
			continue;
		field = told[i].sum ? strstr(event, told[i].sum) : NULL;
		tally[i] += field ? strtoull(field + strlen(told[i].sum), NULL,
					     10) :
				    1;
	}
}

static void tally_events(unsigned long long *tally)
{
	FILE *f = told_open();
	char line[512];

	memset(tally, 0, TOLD * sizeof(*tally));
	while (f && fgets(line, sizeof(line), f))
		tally_line(tally, line);
	if (f)
		fclose(f);
}

/* One of the names that have a | in between? */
static bool is_among(const char *names, const char *name)
{
	const size_t n = strlen(name);

	for (; names; names = strchr(names, '|')) {
		names += *names == '|';
		if (!strncmp(names, name, n) && (!names[n] || names[n] == '|'))
			return true;
	}
	return false;
}

static bool tally_counters(unsigned long long *tally)
{
	unsigned long long value;
	FILE *f = NULL;
	glob_t found;
	char name[32];

	memset(tally, 0, TOLD * sizeof(*tally));
	if (!glob("/sys/kernel/debug/sono/sono*/counters", 0, NULL, &found)) {
		f = fopen(found.gl_pathv[0], "re");
		globfree(&found);
	}
	while (f && fscanf(f, "%31s %llu", name, &value) == 2)
		for (size_t i = 0; i < TOLD; i++)
			tally[i] += is_among(told[i].counter, name) ? value : 0;
	if (f)
		fclose(f);
	return f;
}

/* An event may have come, or be on its way, while the others were looked at. */
static bool agree(size_t *which, unsigned long long *counted,
		  unsigned long long *traced)
{
	unsigned long long before[TOLD], counters[TOLD], after[TOLD];

	tally_events(before);
	if (!tally_counters(counters))
		return true;
	tally_events(after);
	for (size_t i = 0; i < TOLD; i++) {
		*which = i;
		*counted = counters[i];
		*traced = after[i];
		if (counters[i] < before[i] || counters[i] > after[i])
			return false;
	}
	return true;
}

bool told_agree(const char **what, unsigned long long *counted,
		unsigned long long *traced)
{
	size_t which = 0;
	bool good = false;

	for (int i = 0; i < 10 && !good; i++) {
		if (i)
			usleep(50000);
		good = agree(&which, counted, traced);
	}
	*what = told[which].counter;
	return good;
}

void told_clear(void)
{
	/* To open it so is what does it. */
	FILE *f = fopen(KEPT "/trace", "we");

	if (f)
		fclose(f);
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

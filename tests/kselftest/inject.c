// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "inject.h"
#include "sysfs.h"

#define FAULTS "/sys/kernel/debug/"
#define PAGES "fail_page_alloc"

static const char *const kinds[] = { "failslab", PAGES, "fail_usercopy" };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int put(const char *kind, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), FAULTS "%s/%s", kind, name);
	return sysfs_put(path, text);
}

static int put_number(const char *kind, const char *name,
		      unsigned long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%llx", value);
	return put(kind, name, text);
}

/* Of the module's code, as far as the kernel tells: [from, until). */
static int module_text(unsigned long long *from, unsigned long long *until)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long at;
	char kind, name[128], module[64], line[256];

	*from = ~0ull;
	*until = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %127s %63s", &at, &kind, name,
			   module) != 4 ||
		    strcmp(module, "[sono]") || !strchr("tT", kind))
			continue;
		if (at < *from)
			*from = at;
		if (at + 4096 > *until)
			*until = at + 4096;
	}
	if (f)
		fclose(f);
	return *until ? 0 : -ENOENT;
}

int inject_arrange(bool of_module)
{
	unsigned long long from = 0, until = ~0ull;
	int ret = of_module ? module_text(&from, &until) : 0;

	for (size_t i = 0; i < KINDS && !ret; i++) {
		ret = put(kinds[i], "verbose", "0");
		put(kinds[i], "ignore-gfp-wait", "N");
		put(kinds[i], "min-order", "0");
		put_number(kinds[i], "require-start", from);
		put_number(kinds[i], "require-end", until);
	}
	return ret;
}

int inject_large(unsigned int order)
{
	return put_number(PAGES, "min-order", order) ?:
	       put(PAGES, "task-filter", "N") ?: put(PAGES, "interval", "1") ?:
	       put(PAGES, "times", "-1") ?: put(PAGES, "probability", "100");
}

void inject_large_end(void)
{
	put(PAGES, "probability", "0");
	put(PAGES, "min-order", "0");
}

int inject_page(void)
{
	return put(PAGES, "task-filter", "N") ?: put(PAGES, "interval", "1") ?:
	       put(PAGES, "times", "1") ?: put(PAGES, "probability", "100");
}

bool inject_page_end(void)
{
	const bool met = !strcmp(sysfs_get(FAULTS PAGES "/times"), "0");

	put(PAGES, "probability", "0");
	return met;
}

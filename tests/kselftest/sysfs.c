// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"
#include "sysfs.h"

int sysfs_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

const char *sysfs_get(const char *path)
{
	static char line[256];
	FILE *f = fopen(path, "re");

	if (!f || !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

bool sysfs_becomes(const char *path, const char *text, int seconds)
{
	uint64_t limit = now_ns() + (uint64_t)seconds * NS_PER_S;

	while (strcmp(sysfs_get(path), text)) {
		if (now_ns() > limit)
			return false;
		usleep(20000);
	}
	return true;
}

int sysfs_function(char *name, size_t n)
{
	return sysfs_function_of(0, name, n);
}

int sysfs_function_of(int board, char *name, size_t n)
{
	char link[64], path[PATH_MAX];
	const char *last;
	ssize_t got;

	snprintf(link, sizeof(link), "/sys/class/sono/sono%d/device", board);
	got = readlink(link, path, sizeof(path) - 1);
	if (got < 0)
		return -errno;
	path[got] = '\0';
	last = strrchr(path, '/');
	last = last ? last + 1 : path;
	if (strlen(last) >= n)
		return -ENAMETOOLONG;
	strcpy(name, last);
	return 0;
}

int sysfs_function_put(const char *function, const char *attribute,
		       const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", function,
		 attribute);
	return sysfs_put(path, text);
}

unsigned long long sysfs_counter(const char *name)
{
	return sysfs_counter_of(0, name);
}

unsigned long long sysfs_counter_of(int board, const char *name)
{
	unsigned long long value, found = 0;
	char path[64], is[32];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/sono/sono%d/counters",
		 board);
	f = fopen(path, "re");
	while (f && fscanf(f, "%31s %llu", is, &value) == 2)
		if (!strcmp(is, name))
			found = value;
	if (f)
		fclose(f);
	return found;
}

uint32_t sysfs_register(const char *name)
{
	FILE *f = fopen("/sys/kernel/debug/sono/sono0/registers", "re");
	unsigned int offset, value, found = 0;
	char is[32];

	while (f && fscanf(f, "%x %31s %x", &offset, is, &value) == 3)
		if (!strcmp(is, name))
			found = value;
	if (f)
		fclose(f);
	return found;
}

/* As the kernel's drivers/pci/pcie/aer_inject.c has it. */
struct aer_error {
	uint8_t bus, dev, fn;
	uint32_t uncorrectable, correctable;
	uint32_t header[4];
	uint32_t domain;
};

int sysfs_aer_inject(const char *function, uint32_t uncorrectable,
		     uint32_t correctable)
{
	struct aer_error e = { .uncorrectable = uncorrectable,
			       .correctable = correctable };
	unsigned int bus, dev, fn;
	int fd, ret;

	if (sscanf(function, "%x:%x:%x.%x", &e.domain, &bus, &dev, &fn) != 4)
		return -EINVAL;
	e.bus = (uint8_t)bus;
	e.dev = (uint8_t)dev;
	e.fn = (uint8_t)fn;
	fd = open("/dev/aer_inject", O_WRONLY);
	if (fd < 0)
		return -errno;
	ret = write(fd, &e, sizeof(e)) == sizeof(e) ? 0 : -errno;
	close(fd);
	return ret;
}

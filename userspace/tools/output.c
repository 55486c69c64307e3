// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "tools.h"

#define SOURCE_FILE "file:"
#define SOURCE_SIM "sim:"
#define SIM_FILE ",file="

/* The file behind a source; a path is its own. */
static void file_of(const char *source, char *path, size_t bytes)
{
	const char *key = strstr(source, SIM_FILE);

	if (!strncmp(source, SOURCE_FILE, strlen(SOURCE_FILE)))
		snprintf(path, bytes, "%s", source + strlen(SOURCE_FILE));
	else if (!strncmp(source, SOURCE_SIM, strlen(SOURCE_SIM)) && key)
		snprintf(path, bytes, "%.*s",
			 (int)strcspn(key + strlen(SIM_FILE), ","),
			 key + strlen(SIM_FILE));
	else
		snprintf(path, bytes, "%s", source);
}

static bool same(const char *out, const char *in)
{
	struct stat a, b;

	return !stat(out, &a) && !stat(in, &b) && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int check(const char *out, const char *source)
{
	char in[PATH_MAX], why[PATH_MAX + 32];

	if (!out || !source || !strcmp(out, "-"))
		return TOOL_OK;
	file_of(source, in, sizeof(in));
	if (!same(out, in))
		return TOOL_OK;
	snprintf(why, sizeof(why), "it is %s, which is read", in);
	return tool_fail("write", out, why, 0);
}

/* A device may be written twice. */
static bool twice(const char *a, const char *b)
{
	struct stat st;

	if (!a || !b || !strcmp(a, "-"))
		return false;
	return same(a, b) || (!strcmp(a, b) && stat(a, &st));
}

int output_apart(const char *const *out, size_t outs, const char *const *in,
		 size_t ins)
{
	int status = TOOL_OK;

	for (size_t i = 0; i < outs; i++) {
		for (size_t j = 0; j < ins && !status; j++)
			status = check(out[i], in[j]);
		for (size_t j = 0; j < i && !status; j++)
			if (twice(out[i], out[j]))
				status = tool_fail("write", out[i],
						   "it is written already", 0);
	}
	return status;
}

static bool writable_folder(const char *out)
{
	char path[PATH_MAX], folder[PATH_MAX];

	snprintf(path, sizeof(path), "%s", out);
	/* of what is no folder it says so */
	if (snprintf(folder, sizeof(folder), "%s/.", dirname(path)) >=
	    (int)sizeof(folder))
		errno = ENAMETOOLONG;
	else
		return !access(folder, W_OK | X_OK);
	return false;
}

int output_whole(const char *out)
{
	struct stat st;

	if (!out)
		return TOOL_OK;
	if (!stat(out, &st) && !S_ISREG(st.st_mode))
		return tool_fail("write", out, "it is no file", 0);
	return writable_folder(out) ? TOOL_OK :
				      tool_fail("write", out, NULL, -errno);
}

int output_possible(const char *out)
{
	struct stat st;

	if (!out || !strcmp(out, "-"))
		return TOOL_OK;
	if (stat(out, &st))
		return writable_folder(out) ?
			       TOOL_OK :
			       tool_fail("write", out, NULL, -errno);
	if (S_ISDIR(st.st_mode))
		return tool_fail("write", out, NULL, -EISDIR);
	return access(out, W_OK) ? tool_fail("write", out, NULL, -errno) :
				   TOOL_OK;
}

void output_begin(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDONLY);
}

int output_end(int status)
{
	/* what was lost earlier has left a mark, but not its reason */
	const bool lost = ferror(stdout);
	int err;

	errno = 0;
	if (!fclose(stdout) && !lost)
		return status;
	err = errno;
	if (err != EPIPE)
		tool_fail("write", "standard output",
			  err ? NULL : "some of it was lost", -err);
	return status ? status : TOOL_FAILED;
}

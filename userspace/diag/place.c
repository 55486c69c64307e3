// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "place.h"

int diag_place(char *path, const char *node, const char *file)
{
	struct stat st;

	if (stat(node, &st))
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return -ENODEV;
	snprintf(path, DIAG_PLACE, "/sys/dev/char/%u:%u/%s", major(st.st_rdev),
		 minor(st.st_rdev), file);
	return 0;
}

int diag_place_read(const char *node, const char *file, char *text, size_t n)
{
	char path[DIAG_PLACE];
	int ret = diag_place(path, node, file);
	FILE *f;

	if (ret)
		return ret;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	errno = 0;
	if (fgets(text, (int)n, f))
		text[strcspn(text, "\n")] = '\0';
	else
		ret = errno ? -errno : -ENODATA;
	fclose(f);
	return ret;
}

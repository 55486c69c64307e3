// SPDX-License-Identifier: MIT
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"

#define DEEPEST 8 /* partition, LUKS, volume, ... */
#define PATH 512
#define CRYPT "CRYPT-" /* how a device mapper's name of dm-crypt begins */

static bool is_crypt(const char *folder)
{
	char path[PATH], uuid[sizeof(CRYPT)] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/dm/uuid", folder);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(uuid, sizeof(uuid), f))
		*uuid = '\0';
	fclose(f);
	return !strcmp(uuid, CRYPT);
}

/* All that it lies on must be; of RAID one plain disk is enough to read it. */
static bool encrypted(const char *folder, int deep)
{
	char pattern[PATH];
	glob_t under;
	bool all;

	if (is_crypt(folder))
		return true;
	snprintf(pattern, sizeof(pattern), "%s/slaves/*", folder);
	/* nothing lies under a partition */
	if (deep == DEEPEST || glob(pattern, 0, NULL, &under))
		return false;
	all = true;
	for (size_t i = 0; i < under.gl_pathc; i++)
		all &= encrypted(under.gl_pathv[i], deep + 1);
	globfree(&under);
	return all;
}

int diag_disk_encrypted(const char *folder)
{
	if (access(folder, F_OK))
		return -errno;
	return encrypted(folder, 0);
}

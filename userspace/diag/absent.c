// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "absent.h"
#include "place.h"
#include "sono_regs.h"

#define FUNCTIONS "/sys/bus/pci/devices/*"
#define RECORD_MAX 8192

static unsigned long number_in(const char *folder, const char *file)
{
	char path[DIAG_PLACE], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		*text = '\0';
	fclose(f);
	return strtoul(text, NULL, 16);
}

static bool is_board(const char *folder)
{
	return number_in(folder, "vendor") == SONO_PCI_VENDOR_ID &&
	       number_in(folder, "device") == SONO_PCI_DEVICE_ID;
}

static bool has_node(const char *folder)
{
	char pattern[DIAG_PLACE];
	glob_t found;
	bool has;

	snprintf(pattern, sizeof(pattern), "%s/sono/sono*", folder);
	has = !glob(pattern, 0, NULL, &found);
	if (has)
		globfree(&found);
	return has;
}

/* Of the kernel itself, about a slot; "" where there is none, or none is told. */
static void last_words(const char *slot, char *text, size_t n)
{
	const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_MAX];
	const char *at;
	ssize_t bytes;

	*text = '\0';
	/* EPIPE: lines were overwritten, and the next ones are there */
	while (fd >= 0 &&
	       ((bytes = read(fd, record, sizeof(record) - 1)) > 0 ||
		errno == EPIPE)) {
		if (bytes < 0)
			continue;
		record[bytes] = '\0';
		record[strcspn(record, "\n")] = '\0';
		at = strchr(record, ';');
		if (at && !(strtoul(record, NULL, 10) >> 3) &&
		    !strncmp(at + 1, "sono ", 5) && strstr(at, slot))
			snprintf(text, n, ": \"%.120s\"", at + 1);
	}
	if (fd >= 0)
		close(fd);
}

static bool name(const char *folder, char *why, size_t why_bytes)
{
	const char *slot = strrchr(folder, '/') + 1;
	char words[160];

	if (!is_board(folder) || has_node(folder))
		return false;
	last_words(slot, words, sizeof(words));
	snprintf(why, why_bytes, "the board at %s has no node, its driver does not work with it%s",
		 slot, words);
	return true;
}

bool diag_absent(const char *node, char *why, size_t why_bytes)
{
	bool named = false;
	glob_t found;

	if (strncmp(node, "/dev/sono", 9) || !access(node, F_OK) ||
	    glob(FUNCTIONS, 0, NULL, &found))
		return false;
	for (size_t i = 0; i < found.gl_pathc && !named; i++)
		named = name(found.gl_pathv[i], why, why_bytes);
	globfree(&found);
	return named;
}

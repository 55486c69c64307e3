// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <time.h>

#include "tar.h"

#define BLOCK 512

/* POSIX.1-1988; all numbers are octal text. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char rest[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a block");

/* Nobody's: who made it is nobody's affair. */
static void fill(struct header *h, const char *name, size_t n)
{
	const unsigned char *byte = (const void *)h;
	unsigned int sum = 0;

	memset(h, 0, sizeof(*h));
	memcpy(h->name, name, strlen(name));
	memcpy(h->mode, "0000644", 8);
	memcpy(h->uid, "0000000", 8);
	memcpy(h->gid, "0000000", 8);
	snprintf(h->size, sizeof(h->size), "%011zo", n);
	snprintf(h->mtime, sizeof(h->mtime), "%011llo",
		 (unsigned long long)time(NULL));
	h->type = '0';
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += byte[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

int tar_add(FILE *to, const char *name, const void *data, size_t n)
{
	static const char zeros[BLOCK];
	const size_t rest = (BLOCK - n % BLOCK) % BLOCK;
	struct header h;

	if (strlen(name) >= sizeof(h.name))
		return -ENAMETOOLONG;
	fill(&h, name, n);
	if (fwrite(&h, sizeof(h), 1, to) != 1 ||
	    fwrite(data, 1, n, to) != n || fwrite(zeros, 1, rest, to) != rest)
		return -errno;
	return 0;
}

int tar_end(FILE *to)
{
	static const char zeros[2 * BLOCK];

	return fwrite(zeros, sizeof(zeros), 1, to) == 1 ? 0 : -errno;
}

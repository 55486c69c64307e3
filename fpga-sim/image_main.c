// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * sono-image VERSION [KEY=VALUE...] FILE: a firmware image for emulated boards.
 *
 * VERSION and the value of "floor" are MAJOR.MINOR.PATCH; "bytes" (65536) is
 * the size of the image, "board" the kind of board, and "wrong" (header, crc,
 * signature) what is to be spoiled.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"
#include "image.h"
#include "sono_regs.h"

static int complain(const char *what)
{
	fprintf(stderr, "sono-image: %s (see sono-image --help)\n", what);
	return 2;
}

static int help(void)
{
	puts("Usage: sono-image VERSION [KEY=VALUE...] FILE\n"
	     "\n"
	     "Makes a firmware image for emulated boards.\n"
	     "\n"
	     "  VERSION       MAJOR.MINOR.PATCH\n"
	     "  floor=VERSION the least that the board takes from then on (VERSION)\n"
	     "  bytes=N       size (65536)\n"
	     "  board=N       kind of board\n"
	     "  wrong=WHAT    spoil header, crc or signature");
	return 0;
}

static int complain_of(const char *argument)
{
	fprintf(stderr, "sono-image: %s: no such key or value (see sono-image --help)\n",
		argument);
	return 2;
}

static int parse_version(const char *text, uint32_t *version)
{
	unsigned int major, minor, patch;
	int end = 0;

	if (sscanf(text, "%3u.%3u.%5u%n", &major, &minor, &patch, &end) != 3 ||
	    text[end] || major > 255 || minor > 255 || patch > 65535)
		return -1;
	*version = major << 24 | minor << 16 | patch;
	return 0;
}

static int parse_number(const char *text, uint32_t *value)
{
	char *end;

	*value = (uint32_t)strtoul(text, &end, 0);
	return *text && !*end ? 0 : -1;
}

static int parse_wrong(const char *text, uint32_t *wrong)
{
	if (!strcmp(text, "header"))
		*wrong = SONO_FW_E_HEADER;
	else if (!strcmp(text, "crc"))
		*wrong = SONO_FW_E_CRC;
	else if (!strcmp(text, "signature"))
		*wrong = SONO_FW_E_SIGNATURE;
	else
		return -1;
	return 0;
}

static int parse_key(const char *text, struct image_config *c)
{
	if (!strncmp(text, "floor=", 6))
		return parse_version(text + 6, &c->floor);
	if (!strncmp(text, "bytes=", 6))
		return parse_number(text + 6, &c->bytes);
	if (!strncmp(text, "board=", 6))
		return parse_number(text + 6, &c->board);
	if (!strncmp(text, "wrong=", 6))
		return parse_wrong(text + 6, &c->wrong);
	return -1;
}

static int write_file(const char *path, const void *data, size_t bytes)
{
	FILE *file = fopen(path, "we");
	size_t done;

	if (!file)
		return -1;
	done = fwrite(data, 1, bytes, file);
	return fclose(file) || done != bytes ? -1 : 0;
}

static int make(const char *path, const struct image_config *c)
{
	void *image = malloc(c->bytes);
	int err = !image || image_make(image, c) ||
		  write_file(path, image, c->bytes);

	free(image);
	if (err)
		fprintf(stderr, "sono-image: cannot make %s\n", path);
	return err;
}

int main(int argc, char **argv)
{
	struct image_config c = { .bytes = 65536, .board = SONO_FW_BOARD };

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return help();
	if (argc < 3 || parse_version(argv[1], &c.version))
		return complain("a version and a file are needed");
	c.floor = c.version;
	for (int i = 2; i < argc - 1; i++)
		if (parse_key(argv[i], &c))
			return complain_of(argv[i]);
	if (c.bytes % 4 || c.bytes > 2 * SIM_FLASH_BANK_BYTES ||
	    c.bytes < sizeof(struct sono_fw_header) + SONO_FW_SIGNATURE_BYTES)
		return complain("no such size");
	return make(argv[argc - 1], &c);
}

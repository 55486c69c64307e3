// SPDX-License-Identifier: MIT
/* sono diag collect: what support needs to know, in one file. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "diag/collect.h"
#include "diag/store.h"
#include "output.h"
#include "tools.h"

#define WHY_BYTES 256

enum { OPT_OUTPUT = 256, OPT_STATE, OPT_HELP };

static const struct option options[] = {
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono diag collect [--output FILE] [--state DIR] DEVICE\n"
	     "\n"
	     "Writes what support needs to know of DEVICE and its machine to a tar archive:\n"
	     "versions, registers, counters, configuration and errors of its link, lines of\n"
	     "the kernel's log, earlier results. Nothing of patients is in it.\n"
	     "\n"
	     "  --output FILE    sono-diag.tar, unless said\n"
	     "  --state DIR      baselines and history are here\n"
	     "  --help           this text");
}

static int write_bundle(struct diag *d, const char *dir, const char *output)
{
	FILE *f = fopen(output, "we");
	int ret;

	if (!f)
		return tool_fail("write", output, NULL, -errno);
	ret = diag_collect(d, dir, f);
	if (fclose(f) && !ret)
		ret = -errno;
	if (ret)
		return tool_fail("write", output, NULL, ret);
	printf("%s\n", output);
	return DIAG_EXIT_PASS;
}

static int collect(const char *device, const char *dir, const char *output)
{
	char why[WHY_BYTES] = "";
	struct diag *d;
	int ret;

	if (output_apart(&output, 1, &device, 1))
		return DIAG_EXIT_INTERNAL;
	ret = diag_open(&d, device, why, sizeof(why));
	if (ret)
		return tool_fail("open", device, why, ret);
	ret = write_bundle(d, dir, output);
	diag_close(d);
	return ret;
}

int diag_collect_main(int argc, char **argv)
{
	const char *output = "sono-diag.tar";
	char dir[DIAG_STORE_PATH];
	int option;

	diag_store_dir(dir);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case OPT_OUTPUT:
			output = optarg;
			break;
		case OPT_STATE:
			snprintf(dir, sizeof(dir), "%s", optarg);
			break;
		case OPT_HELP:
			help();
			return DIAG_EXIT_PASS;
		default:
			return DIAG_EXIT_INTERNAL;
		}
		if (!*optarg) {
			fprintf(stderr,
				"sono diag collect: --%s: no name of a file\n",
				option == OPT_OUTPUT ? "output" : "state");
			return DIAG_EXIT_INTERNAL;
		}
	}
	if (optind + 1 != argc) {
		fputs("sono diag collect: needs one DEVICE (see sono diag collect --help)\n",
		      stderr);
		return DIAG_EXIT_INTERNAL;
	}
	return collect(argv[optind], dir, output);
}

// SPDX-License-Identifier: MIT
/* sono export: a recording as a file of a research tool. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "export.h"
#include "output.h"
#include "tools.h"

enum { OPT_ZEA = 256, OPT_UFF, OPT_HELP };

static const struct option options[] = {
	{ "zea", no_argument, NULL, OPT_ZEA },
	{ "uff", no_argument, NULL, OPT_UFF },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(FILE *to)
{
	fputs("Usage: sono export --zea|--uff RECORDING OUT.hdf5\n"
	      "\n"
	      "Writes the frames of a recording as HDF5 for research tools. An existing\n"
	      "OUT.hdf5 is replaced once all is written.\n"
	      "\n"
	      "  --zea   for zea, 0.1.0 and later\n"
	      "  --uff   for USTB, UFF 1.2.0 (OUT.uff)\n",
	      to);
}

/* Whole frames are exported; that there were others must be seen. */
static int finish(const struct sono_recording *rec, const char *from, int left,
		  const char *fault)
{
	const char *end = sono_recording_damage(rec);
	char why[1024];

	if (!left && !end)
		return TOOL_OK;
	if (left)
		snprintf(why, sizeof(why), "%d damaged: %s%s%s", left, fault,
			 end ? "; " : "", end ? end : "");
	else
		snprintf(why, sizeof(why), "%s", end);
	return tool_fail("export all of", from, why, -EBADMSG);
}

static int run(int format, const char *from, const char *to)
{
	char why[512] = "";
	struct sono_recording *rec;
	int status, ret;

	if (output_apart(&to, 1, &from, 1) || output_whole(to))
		return TOOL_FAILED;
	ret = sono_recording_open(&rec, from, why, sizeof(why));
	if (ret)
		return tool_fail("open", from, why, ret);
	ret = format == OPT_ZEA ? sono_export_zea(rec, to, why, sizeof(why)) :
				  sono_export_uff(rec, to, why, sizeof(why));
	if (ret < 0) {
		status = tool_fail("export", from, why, ret);
	} else {
		printf("%" PRIu64 " frames in %s\n",
		       sono_recording_frames(rec) - ret, to);
		status = finish(rec, from, ret, why);
	}
	sono_recording_close(rec);
	return status;
}

int tool_export(int argc, char **argv)
{
	int option, format = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return TOOL_USAGE;
		if (option == OPT_HELP) {
			help(stdout);
			return TOOL_OK;
		}
		if (format && format != option) {
			fputs("sono export: --zea or --uff, not both\n",
			      stderr);
			return TOOL_USAGE;
		}
		format = option;
	}
	if (!format || argc - optind != 2) {
		fputs("sono export needs --zea or --uff, a RECORDING and an OUT; see sono export --help\n",
		      stderr);
		return TOOL_USAGE;
	}
	return run(format, argv[optind], argv[optind + 1]);
}

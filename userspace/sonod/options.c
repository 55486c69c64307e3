// SPDX-License-Identifier: MIT
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "options.h"

#define PRESETS "/usr/share/sonoring/presets"
#define SOCKETS "/run/sonod"
#define USAGE 2

enum {
	OPT_PRESETS = 256,
	OPT_PRESET,
	OPT_SOCKETS,
	OPT_SLOTS,
	OPT_WORKERS,
	OPT_HEARTBEAT,
	OPT_REALTIME,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "presets", required_argument, NULL, OPT_PRESETS },
	{ "preset", required_argument, NULL, OPT_PRESET },
	{ "sockets", required_argument, NULL, OPT_SOCKETS },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "heartbeat", required_argument, NULL, OPT_HEARTBEAT },
	{ "realtime", no_argument, NULL, OPT_REALTIME },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sonod [OPTION...] SOURCE\n"
	     "\n"
	     "Owns SOURCE (/dev/sonoN or sim:SCENE,pace=real), runs the pipeline, and\n"
	     "serves pictures and control to other processes.\n"
	     "\n"
	     "  --presets DIR   plans that may be chosen (" PRESETS ")\n"
	     "  --preset NAME   the first one\n"
	     "  --sockets DIR   makes \"stream\" and \"control\" there (" SOCKETS "),\n"
	     "                  unless systemd hands them over\n"
	     "  --slots N       frames the board can be ahead (8)\n"
	     "  --workers N     threads of the pipeline (one per processor)\n"
	     "  --heartbeat MS  after which the board ends transmit by itself (1000)\n"
	     "  --realtime      locked memory, priority and processors near the board,\n"
	     "                  as far as the system allows\n"
	     "  --help          this text");
}

static int read_number(const char *option, const char *text, uint32_t least,
		       uint32_t most, uint32_t *to)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || value < least ||
	    value > most) {
		fprintf(stderr, "sonod: --%s %s: not a number from %u to %u\n",
			option, text, least, most);
		return USAGE;
	}
	*to = value;
	return 0;
}

static int read_option(struct options *o, int option, const char *text)
{
	switch (option) {
	case OPT_PRESETS:
		o->presets = text;
		return 0;
	case OPT_PRESET:
		o->preset = text;
		return 0;
	case OPT_SOCKETS:
		o->sockets = text;
		return 0;
	case OPT_SLOTS:
		return read_number("slots", text, 2, 1024, &o->slots);
	case OPT_WORKERS:
		return read_number("workers", text, 1, 64, &o->workers);
	case OPT_HEARTBEAT:
		return read_number("heartbeat", text, 20, 60000,
				   &o->heartbeat_ms);
	case OPT_REALTIME:
		o->realtime = true;
		return 0;
	default:
		return USAGE;
	}
}

int options_read(struct options *o, int argc, char **argv)
{
	int option, status;
	struct stat st;

	*o = (struct options){
		.presets = PRESETS,
		.preset = "",
		.sockets = SOCKETS,
		.slots = 8,
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >=
	       0) {
		if (option == OPT_HELP) {
			help();
			return 0;
		}
		status = read_option(o, option, optarg);
		if (status)
			return status;
	}
	if (optind + 1 != argc) {
		fputs("sonod: wants one SOURCE (see sonod --help)\n", stderr);
		return USAGE;
	}
	if (stat(o->presets, &st) || !S_ISDIR(st.st_mode)) {
		fprintf(stderr, "sonod: --presets %s: not a folder\n",
			o->presets);
		return USAGE;
	}
	o->source = argv[optind];
	return 0;
}

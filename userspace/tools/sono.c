// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "tools.h"

struct tool {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

/* In the order in which a newcomer meets them. */
static const struct tool tools[] = {
	{ "info", tool_info, "say what a board is and what it can do" },
	{ "view", tool_view, "run a plan on a source and show the pictures" },
	{ "record", tool_record, "run a plan on a source and keep its frames" },
	{ "prof", tool_prof, "say where the time of a run goes, and who loses frames" },
	{ "control", tool_control, "ask a running sonod" },
	{ "diag", tool_diag, "test a board and say what is wrong with it" },
	{ "import", tool_import, "make a recording of a set of channel data" },
	{ "export", tool_export, "write a recording for a research tool" },
};

#define TOOLS (sizeof(tools) / sizeof(*tools))

static void usage(void)
{
	puts("Usage: sono COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < TOOLS; i++)
		printf("  %-8s %s\n", tools[i].name, tools[i].help);
	puts("\n\"sono COMMAND --help\" says more, \"sono --version\" which one this is.");
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		fputs("sono: a COMMAND is needed (see sono --help)\n", stderr);
		return TOOL_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		usage();
		return TOOL_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("sono " SONO_VERSION);
		return TOOL_OK;
	}
	for (size_t i = 0; i < TOOLS; i++)
		if (!strcmp(argv[1], tools[i].name))
			return tools[i].run(argc - 1, argv + 1);
	fprintf(stderr, "sono: %s: no such command (see sono --help)\n",
		argv[1]);
	return TOOL_USAGE;
}

int main(int argc, char **argv)
{
	output_begin();
	return output_end(run(argc, argv));
}

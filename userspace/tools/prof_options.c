// SPDX-License-Identifier: MIT
/* The command line of sono prof. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "prof.h"
#include "prof_compare.h"

enum { OPT_FRAMES = 256, OPT_SECONDS, OPT_AFTER, OPT_DEADLINE, OPT_SINK,
       OPT_RECORD, OPT_PROMETHEUS, OPT_SAVE, OPT_SONOD, OPT_TRACE, OPT_FOLLOW, OPT_COMPARE,
       OPT_TOLERANCE, OPT_SLOTS, OPT_WORKERS, OPT_REALTIME, OPT_HELP };

static const struct option options[] = {
	{ "frames", required_argument, NULL, OPT_FRAMES },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "deadline", required_argument, NULL, OPT_DEADLINE },
	{ "sink", required_argument, NULL, OPT_SINK },
	{ "record", required_argument, NULL, OPT_RECORD },
	{ "prometheus", required_argument, NULL, OPT_PROMETHEUS },
	{ "save", required_argument, NULL, OPT_SAVE },
	{ "sonod", required_argument, NULL, OPT_SONOD },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "follow", required_argument, NULL, OPT_FOLLOW },
	{ "compare", no_argument, NULL, OPT_COMPARE },
	{ "tolerance", required_argument, NULL, OPT_TOLERANCE },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "realtime", no_argument, NULL, OPT_REALTIME },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono prof [OPTION...] PLAN SOURCE\n"
	     "       sono prof --sonod SOCKET [--frames N] [--seconds N]\n"
	     "       sono prof --compare [--tolerance N] BEFORE AFTER\n"
	     "\n"
	     "Runs PLAN on SOURCE (/dev/sonoN, sim:SCENE or file:RECORDING), says where\n"
	     "the time goes, and who is to blame for frames that are late or missing.\n"
	     "On a terminal the figures are live. Ctrl-C ends the run.\n"
	     "\n"
	     "  --frames N          stop after N frames\n"
	     "  --seconds N         stop after N seconds\n"
	     "  --after N           let N frames go by before\n"
	     "  --deadline US       microseconds for a frame (as often as they come)\n"
	     "  --sink KIND[:FILE]  pictures also go there: png, y4m, webp or md5\n"
	     "  --record FILE       frames also go into a recording, all of them\n"
	     "  --follow SEQ        the way of one frame, step by step\n"
	     "  --trace FILE        that of all, for Chrome's viewer or Perfetto\n"
	     "  --sonod SOCKET      watch the pictures of a sonod that is running\n"
	     "  --prometheus FILE   figures for node_exporter, every second\n"
	     "  --save FILE         add the figures of this run to FILE\n"
	     "  --compare           two such files: ratios; exit status 3: slower\n"
	     "  --tolerance N       percent that do not count (5)\n"
	     "  --slots N           frames the board can be ahead (8)\n"
	     "  --workers N         threads that share the work (one per processor)\n"
	     "  --realtime          as of sono view\n"
	     "  --help              this text");
}

static int usage(const char *what, const char *why)
{
	fprintf(stderr, "sono prof: %s: %s\n", what, why);
	return TOOL_USAGE;
}

/* KIND, or KIND:FILE. */
static int add_sink(struct prof *p, char *text)
{
	struct prof_sink *s = &p->sink[p->sinks];
	char *colon = strchr(text, ':');

	if (p->sinks == PROF_SINKS_MAX)
		return usage("--sink", "more than 4 of them");
	if (colon)
		*colon = '\0';
	s->sink = sink_find(text);
	if (!s->sink)
		return usage(text, "no such sink; there are png, y4m, webp, md5 and null");
	s->target = colon ? colon + 1 : NULL;
	if (s->sink != &sink_null && (!s->target || !*s->target))
		return usage(text, "no name of a file (--sink KIND:FILE)");
	p->sinks++;
	return TOOL_OK;
}

static int set_path(const char *option, const char **path)
{
	*path = optarg;
	return *optarg ? TOOL_OK : usage(option, "no name of a file");
}

static int parse_u32(const char *name, uint64_t least, uint64_t most,
		     uint32_t *value)
{
	uint64_t number;
	int status = tool_count("prof", name, optarg, least, most, &number);

	*value = (uint32_t)number;
	return status;
}

/* Frames count from 0, so tool_count() is not for them. */
static int parse_follow(struct prof *p)
{
	char *end;

	errno = 0;
	p->follow = strtoull(optarg, &end, 10);
	if (*optarg < '0' || *optarg > '9' || *end || errno)
		return usage("--follow", "not the number of a frame");
	return TOOL_OK;
}

static int parse_option(struct prof *p, int option)
{
	switch (option) {
	case OPT_FRAMES:
		return tool_count("prof", "frames", optarg, 1, UINT32_MAX,
				  &p->run.frames_max);
	case OPT_SECONDS:
		return tool_count("prof", "seconds", optarg, 1, 86400,
				  &p->run.seconds_max);
	case OPT_AFTER:
		return parse_u32("after", 1, UINT32_MAX, &p->run.after);
	case OPT_DEADLINE:
		return tool_count("prof", "deadline", optarg, 1, 60000000,
				  &p->deadline_us);
	case OPT_SINK:
		return add_sink(p, optarg);
	case OPT_RECORD:
		p->run.every = true;
		return set_path("--record", &p->record_path);
	case OPT_PROMETHEUS:
		return set_path("--prometheus", &p->prometheus_path);
	case OPT_SAVE:
		return set_path("--save", &p->save_path);
	case OPT_SONOD:
		return set_path("--sonod", &p->sonod_path);
	case OPT_TRACE:
		return set_path("--trace", &p->trace_path);
	case OPT_FOLLOW:
		return parse_follow(p);
	case OPT_COMPARE:
		p->compare = true;
		return TOOL_OK;
	case OPT_TOLERANCE:
		return tool_count("prof", "tolerance", optarg, 1, 1000,
				  &p->tolerance);
	case OPT_SLOTS:
		return parse_u32("slots", TOOL_SLOTS_MIN, TOOL_SLOTS_MAX,
				 &p->run.slots);
	case OPT_WORKERS:
		return parse_u32("workers", 1, WORKERS_MAX, &p->run.workers);
	case OPT_REALTIME:
		p->run.realtime = true;
		return TOOL_OK;
	}
	return TOOL_USAGE;
}

static int check_files(const struct prof *p)
{
	const char *in[] = { p->run.plan_path, p->run.source };
	const char *out[PROF_SINKS_MAX + 4] = {
		p->record_path, p->prometheus_path, p->save_path, p->trace_path,
	};
	char why[256];

	for (unsigned int i = 0; i < p->sinks; i++) {
		out[4 + i] = p->sink[i].target;
		if (p->sink[i].sink == &sink_png &&
		    output_whole(p->sink[i].target))
			return TOOL_FAILED;
	}
	if (output_whole(p->prometheus_path) || output_whole(p->save_path) ||
	    output_possible(p->trace_path) || output_whole(p->record_path))
		return TOOL_FAILED;
	if (p->save_path && prof_save_fault(p->save_path, why, sizeof(why)))
		return tool_fail("write", p->save_path, why, -EINVAL);
	return output_apart(out, PROF_SINKS_MAX + 4, in, 2);
}

int prof_arguments(struct prof *p, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			help();
			return TOOL_OK;
		}
		if (parse_option(p, option))
			return TOOL_USAGE;
	}
	if (p->sonod_path && argc == optind)
		return TOOL_OK;
	if (p->sonod_path)
		return usage("--sonod",
			     "what runs is said by sonod, not by a PLAN");
	if (argc - optind != 2)
		return usage(p->compare ? "--compare needs two files" :
					  "needs a PLAN and a SOURCE",
			     "see sono prof --help");
	if (p->compare)
		return prof_compare(argv[optind], argv[optind + 1],
				    (double)p->tolerance * 0.01);
	p->run.plan_path = argv[optind];
	p->run.source = argv[optind + 1];
	return check_files(p);
}

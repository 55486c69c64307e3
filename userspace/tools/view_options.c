// SPDX-License-Identifier: MIT
/* The command line of sono view. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "view.h"

#define SCREEN_MAX 8192
#define CINE_MIB_MAX 65536

enum { OPT_FRAMES = 256, OPT_FREEZE, OPT_AFTER, OPT_PNG, OPT_PNG_DIR,
       OPT_Y4M, OPT_WEBP, OPT_MD5, OPT_NULL, OPT_DIGEST,
       OPT_VELOCITY, OPT_REPORT, OPT_TIMES, OPT_SLOTS, OPT_WORKERS,
       OPT_REALTIME, OPT_KMS, OPT_SCREEN, OPT_CINE, OPT_KEYS, OPT_HELP };

static const struct option options[] = {
	{ "frames", required_argument, NULL, OPT_FRAMES },
	{ "freeze", required_argument, NULL, OPT_FREEZE },
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "png", required_argument, NULL, OPT_PNG },
	{ "png-dir", required_argument, NULL, OPT_PNG_DIR },
	{ "y4m", required_argument, NULL, OPT_Y4M },
	{ "webp", required_argument, NULL, OPT_WEBP },
	{ "md5", required_argument, NULL, OPT_MD5 },
	{ "null", no_argument, NULL, OPT_NULL },
	{ "digest", required_argument, NULL, OPT_DIGEST },
	{ "velocity", required_argument, NULL, OPT_VELOCITY },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "times", required_argument, NULL, OPT_TIMES },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "realtime", no_argument, NULL, OPT_REALTIME },
	{ "kms", optional_argument, NULL, OPT_KMS },
	{ "screen", required_argument, NULL, OPT_SCREEN },
	{ "cine", required_argument, NULL, OPT_CINE },
	{ "keys", required_argument, NULL, OPT_KEYS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	puts("Usage: sono view [OPTION...] PLAN SOURCE\n"
	     "\n"
	     "Runs PLAN on SOURCE (/dev/sonoN, sim:SCENE or file:RECORDING) and\n"
	     "shows the pictures. Ctrl-C stops transmit, then the program.\n"
	     "\n"
	     "  --kms[=CARD]     full screen on the display of /dev/dri/cardN, or the first;\n"
	     "                   space freezes, q ends, the screen's last line says more\n"
	     "  --screen WxH     the same screen, without a display, for the sinks below\n"
	     "  --keys FILE      keys that are pressed, in place of a keyboard; -: standard input\n"
	     "  --cine MIB       memory for pictures that are looked at again (128)\n"
	     "  --png FILE       the newest picture\n"
	     "  --png-dir DIR    every picture, DIR/NUMBER.png\n"
	     "  --y4m FILE       every picture, a film as YUV4MPEG2; -: standard output\n"
	     "  --webp FILE      every picture, an animation for browsers\n"
	     "  --md5 FILE       a digest of every picture\n"
	     "  --null           nothing, but make the pictures\n"
	     "  --digest FILE    a digest of every frame's samples as they lay in the slot\n"
	     "  --velocity FILE  the last picture's velocities as a table\n"
	     "  --report FILE    the figures of the run as JSON\n"
	     "  --times FILE     when every frame passed every stage, as a table\n"
	     "  --frames N       stop after N frames\n"
	     "  --freeze N       take N frames, stop transmit, then process them\n"
	     "  --after N        let N frames go by before\n"
	     "  --slots N        frames the board can be ahead (8)\n"
	     "  --workers N      threads that beamform (one per processor)\n"
	     "  --realtime       locked memory, priority and processors near the board,\n"
	     "                   as far as the system allows\n"
	     "  --help");
}

static int no_name(const char *option)
{
	fprintf(stderr, "sono view: --%s: no name of a file\n", option);
	return TOOL_USAGE;
}

static int set_path(const char *option, const char **path)
{
	*path = optarg;
	return *optarg ? TOOL_OK : no_name(option);
}

static int add_sink(struct view *v, const char *name, const char *target)
{
	if (target && !*target)
		return no_name(name);
	if (v->sinks == VIEW_SINKS_MAX) {
		fprintf(stderr, "sono view: more than %d sinks\n", VIEW_SINKS_MAX);
		return TOOL_USAGE;
	}
	v->sink[v->sinks].sink = sink_find(name);
	v->sink[v->sinks].target = target;
	v->sinks++;
	return TOOL_OK;
}

/* As many slots as a stream may have, or frames held in them. */
static int parse_u32(const char *name, uint64_t least, uint32_t *value)
{
	uint64_t number;
	int status = tool_count("view", name, optarg, least, 1024, &number);

	*value = (uint32_t)number;
	return status;
}

/* The png sink takes a folder by its closing slash. */
static int add_png_dir(struct view *v, const char *dir)
{
	int n = snprintf(v->png_dir, sizeof(v->png_dir), "%s/", dir);

	if (!*dir)
		return no_name("png-dir");
	if (n < 0 || (size_t)n >= sizeof(v->png_dir)) {
		fputs("sono view: --png-dir: name too long\n", stderr);
		return TOOL_USAGE;
	}
	return add_sink(v, "png", v->png_dir);
}

static int parse_workers(struct view *v)
{
	uint64_t n;
	int ret = tool_count("view", "workers", optarg, 1, WORKERS_MAX, &n);

	v->run.workers = n;
	return ret;
}

static int parse_screen(struct view *v)
{
	struct view_screen *s = &v->screen;
	int end = 0;

	if (sscanf(optarg, "%5ux%5u%n", &s->width, &s->height, &end) == 2 &&
	    !optarg[end] && s->width >= SCREEN_WIDTH_MIN &&
	    s->height >= SCREEN_HEIGHT_MIN && s->width <= SCREEN_MAX &&
	    s->height <= SCREEN_MAX)
		return TOOL_OK;
	fprintf(stderr,
		"sono view: --screen %s: not WIDTHxHEIGHT from %dx%d to %dx%d\n",
		optarg, SCREEN_WIDTH_MIN, SCREEN_HEIGHT_MIN, SCREEN_MAX,
		SCREEN_MAX);
	return TOOL_USAGE;
}

static int parse_display(struct view *v)
{
	v->screen.display = true;
	v->screen.card = optarg;
	return optarg && !*optarg ? no_name("kms") : TOOL_OK;
}

static int parse_option(struct view *v, int option)
{
	switch (option) {
	case OPT_FRAMES:
		return tool_count("view", "frames", optarg, 1, UINT32_MAX,
				  &v->run.frames_max);
	case OPT_PNG:
		return add_sink(v, "png", optarg);
	case OPT_PNG_DIR:
		return add_png_dir(v, optarg);
	case OPT_Y4M:
		v->film_out |= !strcmp(optarg, "-");
		return add_sink(v, "y4m", optarg);
	case OPT_WEBP:
		return add_sink(v, "webp", optarg);
	case OPT_MD5:
		return add_sink(v, "md5", optarg);
	case OPT_NULL:
		return add_sink(v, "null", NULL);
	case OPT_DIGEST:
		return set_path("digest", &v->digest_path);
	case OPT_VELOCITY:
		return set_path("velocity", &v->velocity_path);
	case OPT_REPORT:
		return set_path("report", &v->report_path);
	case OPT_TIMES:
		return set_path("times", &v->times_path);
	case OPT_FREEZE:
		return parse_u32("freeze", 1, &v->freeze);
	case OPT_AFTER:
		return parse_u32("after", 1, &v->run.after);
	case OPT_SLOTS:
		return parse_u32("slots", TOOL_SLOTS_MIN, &v->run.slots);
	case OPT_WORKERS:
		return parse_workers(v);
	case OPT_REALTIME:
		v->run.realtime = true;
		return TOOL_OK;
	case OPT_KMS:
		return parse_display(v);
	case OPT_SCREEN:
		return parse_screen(v);
	case OPT_KEYS:
		return set_path("keys", &v->screen.keys_path);
	case OPT_CINE:
		return tool_count("view", "cine", optarg, 1, CINE_MIB_MAX,
				  &v->screen.cine_mib);
	}
	return TOOL_USAGE;
}

static int check_files(const struct view *v)
{
	const char *in[] = { v->run.plan_path, v->run.source,
			     v->screen.keys_path };
	const char *out[VIEW_SINKS_MAX + 4] = {
		v->digest_path, v->velocity_path, v->report_path, v->times_path,
	};

	for (unsigned int i = 0; i < v->sinks; i++) {
		out[4 + i] = v->sink[i].target;
		/* one of a folder makes its own names */
		if (v->sink[i].sink == &sink_png &&
		    v->sink[i].target != v->png_dir &&
		    output_whole(v->sink[i].target))
			return TOOL_FAILED;
	}
	for (int i = 0; i < 4; i++)
		if (output_possible(out[i]))
			return TOOL_FAILED;
	return output_apart(out, VIEW_SINKS_MAX + 4, in, 3);
}

int view_arguments(struct view *v, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			help();
			return TOOL_OK;
		}
		if (parse_option(v, option))
			return TOOL_USAGE;
	}
	if (v->screen.display && v->screen.width) {
		fputs("sono view: --kms and --screen: a display has its own size\n",
		      stderr);
		return TOOL_USAGE;
	}
	if (v->screen.keys_path && !v->screen.display && !v->screen.width) {
		fputs("sono view: --keys: there is no screen (--kms or --screen)\n",
		      stderr);
		return TOOL_USAGE;
	}
	if (argc - optind != 2) {
		fputs("sono view: needs a PLAN and a SOURCE (see sono view --help)\n",
		      stderr);
		return TOOL_USAGE;
	}
	v->run.plan_path = argv[optind];
	v->run.source = argv[optind + 1];
	return check_files(v);
}

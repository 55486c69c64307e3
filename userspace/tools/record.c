// SPDX-License-Identifier: MIT
/* sono record: a plan, a source, and a file with its frames as they come. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output.h"
#include "spool.h"
#include "view.h"

#define WHY_BYTES 256

/* So often an empty ring is looked at for an interruption, and for the disk. */
#define WAIT_US 10000

enum { OPT_FRAMES = 256, OPT_SECONDS, OPT_SLOTS, OPT_HELP };

static const struct option options[] = {
	{ "frames", required_argument, NULL, OPT_FRAMES },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

/**
 * struct record - a run
 * @plan_path: argument
 * @source: argument
 * @file: argument
 * @frames_max: argument; 0: no limit
 * @seconds: argument; 0: no limit
 * @slots: argument
 * @signal: who wants it to end
 * @sono: the source
 * @plan: compiled for it
 * @spool: the file
 * @taken: frames
 * @missing: dropped and lost, as records say
 * @begun: CLOCK_MONOTONIC at the start [s]
 * @took: until the last frame was on the disk [s]
 * @whole: frames in the file
 */
struct record {
	const char *plan_path;
	const char *source;
	const char *file;
	uint64_t frames_max;
	uint32_t seconds;
	uint32_t slots;
	struct view_signals signal;
	struct sono *sono;
	struct sono_plan *plan;
	struct sono_spool *spool;
	uint64_t taken;
	uint64_t missing;
	double begun;
	double took;
	uint64_t whole;
};

static void help(void)
{
	puts("Usage: sono record [OPTION...] PLAN SOURCE FILE\n"
	     "\n"
	     "Runs PLAN on SOURCE (/dev/sonoN or sim:SCENE) and writes every frame to\n"
	     "FILE, straight from where the board put it. An existing FILE is replaced.\n"
	     "Ctrl-C ends the recording.\n"
	     "\n"
	     "  --frames N    stop after N frames\n"
	     "  --seconds N   stop after N seconds\n"
	     "  --slots N     frames that the disk may be behind (32)\n"
	     "  --help        this text");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- command line --- */

static int read_option(struct record *r, int option)
{
	uint64_t value;
	int status;

	switch (option) {
	case OPT_FRAMES:
		return tool_count("record", "frames", optarg, 1, INT64_MAX,
				  &r->frames_max);
	case OPT_SECONDS:
		status = tool_count("record", "seconds", optarg, 1, 86400,
				    &value);
		r->seconds = status ? 0 : value;
		return status;
	case OPT_SLOTS:
		status = tool_count("record", "slots", optarg,
				    TOOL_SLOTS_MIN, TOOL_SLOTS_MAX, &value);
		r->slots = status ? 0 : value;
		return status;
	default:
		return TOOL_USAGE;
	}
}

static int arguments(struct record *r, int argc, char **argv)
{
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == OPT_HELP) {
			help();
			return TOOL_OK;
		}
		status = read_option(r, option);
		if (status)
			return status;
	}
	if (optind + 3 != argc) {
		fputs("sono record: needs a PLAN, a SOURCE and a FILE (see sono record --help)\n",
		      stderr);
		return TOOL_USAGE;
	}
	r->plan_path = argv[optind];
	r->source = argv[optind + 1];
	r->file = argv[optind + 2];
	if (output_whole(r->file))
		return TOOL_FAILED;
	return output_apart(&r->file, 1,
			    (const char *[]){ r->plan_path, r->source }, 2);
}

/* --- steps --- */

static int open_source(struct record *r)
{
	char why[WHY_BYTES];
	int ret = sono_open(&r->sono, r->source, why, sizeof(why));

	if (ret)
		return tool_fail("open", r->source, why, ret);
	if (sono_scan(r->sono))
		return tool_fail("record", r->source, "it is a recording", 0);
	return TOOL_OK;
}

static int open_plan(struct record *r)
{
	char why[WHY_BYTES];
	int ret = sono_plan_open(&r->plan, r->plan_path, sono_info(r->sono),
				 why, sizeof(why));

	return ret ? tool_fail("use", r->plan_path, why, ret) : TOOL_OK;
}

static int configure(struct record *r)
{
	struct sono_config config = {
		.table = (uintptr_t)r->plan->table.data,
		.table_bytes = (uint32_t)r->plan->table.bytes,
	};
	char why[WHY_BYTES] = "";
	int ret = tool_setup(r->sono, r->source, r->slots,
			     (uint32_t)r->plan->scan->frame_bytes);

	if (ret)
		return ret;
	ret = sono_config(r->sono, &config);
	if (!ret)
		return TOOL_OK;
	if (ret == -EINVAL)
		sono_refusal(&config, why, sizeof(why));
	return tool_fail("load the table of", r->plan_path, why, ret);
}

static int open_file(struct record *r)
{
	char why[WHY_BYTES];
	int ret = sono_spool_create(&r->spool, r->sono, r->file,
				    r->plan->scan, &r->plan->table, r->source,
				    why, sizeof(why));

	if (ret)
		return tool_fail("write", r->file, why, ret);
	if (!sono_spool_direct(r->spool))
		fprintf(stderr, "sono record: %s: no O_DIRECT here: frames go through the page cache\n",
			r->file);
	return TOOL_OK;
}

static bool finished(const struct record *r)
{
	return atomic_load(&r->signal.interrupted) ||
	       (r->frames_max && r->taken == r->frames_max) ||
	       (r->seconds && now() - r->begun >= r->seconds);
}

/* Nothing has come: for want of a slot the disk is waited for, else the board. */
static int wait_for(struct record *r, int on_way)
{
	int ret;

	if (on_way == (int)r->slots)
		ret = sono_spool_reap(r->spool, true);
	else
		ret = sono_wait(r->sono, 1, WAIT_US);
	return ret == -ETIME ? 0 : ret;
}

static int take(struct record *r, const struct sono_frame *f)
{
	r->taken++;
	r->missing += f->rec.dropped + f->rec.lost;
	return sono_spool_put(r->spool, f);
}

static int ended(const struct record *r, int ret)
{
	if (ret == -ENODATA && atomic_load(&r->signal.interrupted))
		return TOOL_OK;
	if (ret == -ENODATA)
		return tool_fail("go on with", r->source,
				 sono_end_text(sono_ctl(r->sono)), 0);
	return tool_fail("record", r->source, NULL, ret);
}

static int run_frames(struct record *r)
{
	struct sono_frame f;
	int ret, on_way;

	while (!finished(r)) {
		on_way = sono_spool_reap(r->spool, false);
		if (on_way < 0)
			return tool_fail("write", r->file, NULL, on_way);
		ret = sono_next(r->sono, &f);
		if (ret < 0)
			return ended(r, ret);
		ret = ret ? take(r, &f) : wait_for(r, on_way);
		if (ret < 0 && ret != -ENODATA)
			return tool_fail("write", r->file, NULL, ret);
	}
	return TOOL_OK;
}

static int run(struct record *r)
{
	struct sono_start start = { 0 };
	struct sono_stop account;
	int ret = sono_start(r->sono, &start), status;

	if (ret)
		return tool_fail("start", r->source, NULL, ret);
	atomic_store(&r->signal.running, r->sono);
	r->begun = now();
	status = run_frames(r);
	ret = sono_stop(r->sono, &account);
	return status || !ret ? status :
				tool_fail("stop", r->source, NULL, ret);
}

/* The file ends well whatever else did not. */
static int close_file(struct record *r)
{
	const size_t bytes = r->spool ? sono_spool_frame_bytes(r->spool) : 0;
	int ret = 0;

	if (!r->spool)
		return TOOL_OK;
	while (sono_spool_reap(r->spool, true) > 0)
		;	/* all that is on its way */
	r->whole = sono_spool_frames(r->spool);
	ret = sono_spool_close(r->spool);
	r->spool = NULL;
	r->took = now() - r->begun;
	if (r->begun > 0)
		printf("%" PRIu64 " frames in %s, %.1f MB/s; %" PRIu64
		       " dropped or lost by the board\n",
		       r->whole, r->file,
		       (double)r->whole * (double)bytes / r->took * 1e-6,
		       r->missing);
	return ret ? tool_fail("write", r->file, NULL, ret) : TOOL_OK;
}

int tool_record(int argc, char **argv)
{
	static int (*const steps[])(struct record *r) = {
		open_source, open_plan, configure, open_file, run,
	};
	struct record r = { .slots = 32 };
	int status = arguments(&r, argc, argv), closed;

	if (status || !r.source)
		return status;
	closed = view_signals_begin(&r.signal);
	if (closed)
		return tool_fail("take signals for", r.source, NULL, closed);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !status; i++)
		status = steps[i](&r);
	/* one message, that of what came first */
	if (status && r.spool) {
		printf("%" PRIu64 " frames in %s\n", sono_spool_frames(r.spool),
		       r.file);
		sono_spool_close(r.spool);
	} else {
		closed = close_file(&r);
		status = status ? status : closed;
	}
	view_signals_end(&r.signal);
	sono_plan_close(r.plan);
	sono_close(r.sono);
	return status;
}

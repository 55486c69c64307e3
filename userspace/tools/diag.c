// SPDX-License-Identifier: MIT
/* sono diag: self tests of a board, for field service. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "diag/absent.h"
#include "diag/diag.h"
#include "diag/json.h"
#include "diag/junit.h"
#include "diag/report.h"
#include "diag/store.h"
#include "diag/tap.h"
#include "output.h"
#include "tools.h"

#define WHY_BYTES 256
#define BAR 20
#define EARLIER 30 /* diagnoses that a report looks back on */

enum {
	OPT_JSON = 256,
	OPT_TAP,
	OPT_JUNIT,
	OPT_REPORT,
	OPT_BASELINE,
	OPT_SAVE_BASELINE,
	OPT_STATE,
	OPT_ONLY,
	OPT_SOAK,
	OPT_SUSPEND,
	OPT_UNPLUG,
	OPT_HELP,
};

static const struct option options[] = {
	{ "json", required_argument, NULL, OPT_JSON },
	{ "tap", required_argument, NULL, OPT_TAP },
	{ "junit", required_argument, NULL, OPT_JUNIT },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "baseline", required_argument, NULL, OPT_BASELINE },
	{ "save-baseline", no_argument, NULL, OPT_SAVE_BASELINE },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "soak", required_argument, NULL, OPT_SOAK },
	{ "suspend", no_argument, NULL, OPT_SUSPEND },
	{ "unplug", no_argument, NULL, OPT_UNPLUG },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

/**
 * struct session - a set of checks
 * @level: asked for
 * @device: argument
 * @json: file for the results, "-": standard output, NULL: none
 * @tap: the same, as TAP
 * @junit: the same, as JUnit's XML
 * @report: file for a page to be printed, NULL: none
 * @baseline: file to judge by, NULL: the board's own, if there is one
 * @judged: there is one
 * @save: what is found is the baseline from now on
 * @state: folder of baselines and history, NULL: the usual one
 * @only: id of the one check that is wanted, NULL: all of the level
 * @soak: seconds, 0: as long as it is
 * @suspend: the machine may sleep
 * @unplug: the board may leave the bus
 * @help: was asked for
 * @diag: handle
 * @running: the check that runs
 * @bar: there is a progress bar
 * @count: of each status
 * @worst: of them
 * @results: objects
 * @done: of @result
 * @result: of the checks
 * @history: earlier ones of this board
 * @history_path: where this one will be
 * @baseline_path: of the board's own baseline
 */
struct session {
	enum diag_level level;
	const char *device;
	const char *json, *tap, *junit;
	const char *report;
	const char *baseline;
	bool judged;
	bool save;
	const char *state;
	const char *only;
	uint64_t soak;
	bool suspend, unplug;
	bool help;
	struct diag *diag;
	const struct diag_check *running;
	bool bar;
	unsigned int count[DIAG_FAIL + 1];
	enum diag_status worst;
	json_t *results;
	size_t done;
	struct diag_result *result;
	json_t *history;
	char history_path[DIAG_STORE_PATH];
	char baseline_path[DIAG_STORE_PATH];
};

/* Of the diagnosis that a signal ends; there is one in a process. */
static struct diag *interrupted;
static volatile sig_atomic_t stopped;

/* What runs ends with its next frame, and transmit with it. */
static void interrupt(int signal)
{
	(void)signal;
	stopped = 1;
	diag_stop(interrupted);
}

static void take_signals(struct diag *d)
{
	struct sigaction action = { .sa_handler = interrupt };

	interrupted = d;
	action.sa_flags = SA_RESETHAND;	/* a second one ends the process */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void help(void)
{
	puts("Usage: sono diag [quick|medium|long] [OPTION...] DEVICE\n"
	     "       sono diag collect [--output FILE] [--sign KEY] [--state DIR] DEVICE\n"
	     "\n"
	     "Tests the board DEVICE (/dev/sonoN or sim:SCENE) and says what is wrong with\n"
	     "it. quick takes seconds and disturbs nothing; medium a minute, and needs the\n"
	     "board for itself; long a quarter of an hour, and a phantom. collect makes an\n"
	     "archive for support.\n"
	     "\n"
	     "  --json FILE      the results for a program; - is standard output\n"
	     "  --tap FILE       the same as TAP, --junit FILE as JUnit's XML\n"
	     "  --report FILE    a page to be printed: HTML, all in one file\n"
	     "  --baseline FILE  judge changes by this baseline, not by the board's own\n"
	     "  --save-baseline  what is found is the board's baseline from now on\n"
	     "  --state DIR      baselines and history are here (SONO_DIAG_STATE, else of\n"
	     "                   root /var/lib/sono/diag, else ~/.local/state/sono/diag)\n"
	     "  --only ID        this check alone, whatever its level\n"
	     "  --soak N         seconds of the check soak (900)\n"
	     "  --suspend        long also lets the machine sleep for 5 seconds\n"
	     "  --unplug         long also takes the board off the bus, and back\n"
	     "  --help           this text\n"
	     "\n"
	     "Exit status: 0 pass, 1 wrong arguments, no such device or another error,\n"
	     "2 warning, 4 a check failed, 77 all were skipped, 124 timeout.\n"
	     "\n"
	     "Checks:");
	for (size_t i = 0; i < diag_checks(); i++)
		printf("  %-6s %-10s %s\n",
		       diag_level_text(diag_check(i)->level),
		       diag_check(i)->id, diag_check(i)->title);
}

/* --- command line --- */

static int wrong(const char *what, const char *text)
{
	fprintf(stderr, "sono diag: %s: %s (see sono diag --help)\n", text,
		what);
	return DIAG_EXIT_INTERNAL;
}

/* The name of a file that an option was given. */
static int take_name(const char *option, const char **name)
{
	if (!*optarg)
		return wrong("no name of a file", option);
	*name = optarg;
	return 0;
}

/* Is standard output meant? */
static bool is_output(const char *path)
{
	return path && !strcmp(path, "-");
}

static const struct diag_check *find(const char *id)
{
	for (size_t i = 0; i < diag_checks(); i++)
		if (!strcmp(diag_check(i)->id, id))
			return diag_check(i);
	return NULL;
}

static int read_option(struct session *s, int option)
{
	switch (option) {
	case OPT_JSON:
		return take_name("--json", &s->json);
	case OPT_TAP:
		return take_name("--tap", &s->tap);
	case OPT_JUNIT:
		return take_name("--junit", &s->junit);
	case OPT_REPORT:
		return take_name("--report", &s->report);
	case OPT_BASELINE:
		return take_name("--baseline", &s->baseline);
	case OPT_SAVE_BASELINE:
		s->save = true;
		return 0;
	case OPT_STATE:
		return take_name("--state", &s->state);
	case OPT_ONLY:
		s->only = optarg;
		return find(optarg) ? 0 : wrong("no such check", optarg);
	case OPT_SOAK:
		return tool_count("diag", "soak", optarg, 1, 86400, &s->soak) ?
			       DIAG_EXIT_INTERNAL : 0;
	case OPT_SUSPEND:
		s->suspend = true;
		return 0;
	case OPT_UNPLUG:
		s->unplug = true;
		return 0;
	case OPT_HELP:
		s->help = true;
		return 0;
	default:
		return DIAG_EXIT_INTERNAL;
	}
}

static bool is_level(struct session *s, const char *text)
{
	for (int l = DIAG_QUICK; l <= DIAG_LONG; l++) {
		if (strcmp(text, diag_level_text(l)))
			continue;
		s->level = l;
		return true;
	}
	return false;
}

static int arguments(struct session *s, int argc, char **argv)
{
	bool levelled = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		status = read_option(s, option);
		if (status || s->help)
			return status;
	}
	if (optind < argc && is_level(s, argv[optind])) {
		levelled = true;
		optind++;
	}
	if (optind == argc) {
		fputs("sono diag: needs a DEVICE (see sono diag --help)\n",
		      stderr);
		return DIAG_EXIT_INTERNAL;
	}
	if (optind + 2 == argc && !levelled)
		return wrong("no such level", argv[optind]);
	if (optind + 1 < argc)
		return wrong("unknown argument", argv[optind + 1]);
	if (s->report && is_output(s->report))
		return wrong("a report is a file", "--report -");
	if (is_output(s->json) + is_output(s->tap) + is_output(s->junit) > 1)
		return wrong("only one of --json, --tap, --junit", "-");
	s->device = argv[optind];
	if (s->save && s->baseline)
		return wrong("excludes --save-baseline", "--baseline");
	return output_apart((const char *[]){ s->json, s->tap, s->junit,
					      s->report }, 4,
			    (const char *[]){ s->device, s->baseline }, 2);
}

/* --- what is said --- */

static void show_bar(void *arg, double done)
{
	const struct session *s = arg;
	const int full = (int)(done * BAR);

	if (s->bar)
		fprintf(stderr, "\r  [%.*s%.*s] %s ", full,
			"####################", BAR - full,
			"....................", s->running->id);
}

static void hide_bar(const struct session *s)
{
	if (s->bar)
		fputs("\r\033[K", stderr);
}

static void say(const struct diag_result *r)
{
	printf("  %-7s %-10s %s\n", diag_status_text(r->status), r->check->id,
	       r->faults ? r->fault[0] : r->detail);
	for (size_t i = 1; i < r->faults; i++)
		printf("  %-7s %-10s %s\n", "", "", r->fault[i]);
	fflush(stdout);
}

static void say_summary(const struct session *s)
{
	printf("%u passed, %u with a warning, %u failed, %u timed out, %u skipped\n",
	       s->count[DIAG_PASS], s->count[DIAG_WARN], s->count[DIAG_FAIL],
	       s->count[DIAG_TIMEOUT], s->count[DIAG_SKIP]);
}

/* Of who wants results on standard output nothing else gets there. */
static bool says(const struct session *s)
{
	return !is_output(s->json) && !is_output(s->tap) &&
	       !is_output(s->junit);
}

/* --- checks --- */

static bool wanted(const struct session *s, const struct diag_check *check)
{
	return s->only ? !strcmp(s->only, check->id) : check->level <= s->level;
}

static void run_check(struct session *s, const struct diag_check *check)
{
	struct diag_result *r = &s->result[s->done++];

	s->running = check;
	diag_run(s->diag, check, r);
	hide_bar(s);
	s->count[r->status]++;
	if (r->status > s->worst)
		s->worst = r->status;
	json_array_append_new(s->results, diag_json_result(r));
	if (says(s))
		say(r);
}

/* What was tested: a level, or the one check. */
static const char *extent(const struct session *s)
{
	return s->only ? s->only : diag_level_text(s->level);
}

static json_t *all_of(const struct session *s)
{
	json_t *all = diag_json_board(s->diag);

	json_object_update_new(all, json_pack(
		"{s:s s:s s:i s:O}", "level", extent(s), "status",
		diag_status_text(s->worst), "exit", diag_exit(s->worst),
		"checks", s->results));
	return all;
}

static int put_json(FILE *to, const json_t *all)
{
	errno = 0;
	if (!json_dumpf(all, to, JSON_INDENT(2)) && fputc('\n', to) >= 0)
		return 0;
	return errno ? -errno : -EIO;
}

/* To a file, or standard output, of which output_end() judges. */
static int write_results(const char *path, const json_t *all,
			 int (*put)(FILE *to, const json_t *all))
{
	FILE *f;
	int ret;

	if (!path)
		return 0;
	if (is_output(path)) {
		put(stdout, all);
		return 0;
	}
	f = fopen(path, "we");
	if (!f)
		return tool_fail("write", path, NULL, -errno);
	ret = put(f, all);
	if (fclose(f) && !ret)
		ret = -errno;
	return ret ? tool_fail("write", path, NULL, ret) : 0;
}

static int write_report(const struct session *s, const json_t *all)
{
	const time_t now = time(NULL);
	char text[64];
	struct diag_report report = {
		.all = all,
		.results = s->result,
		.count = s->done,
		.history = s->history,
		.time = text,
	};
	FILE *f;
	int ret;

	if (!s->report)
		return 0;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", localtime(&now));
	f = fopen(s->report, "we");
	if (!f)
		return tool_fail("write", s->report, NULL, -errno);
	ret = diag_report_write(f, &report);
	if (fclose(f) && !ret)
		ret = -errno;
	return ret ? tool_fail("write", s->report, NULL, ret) : 0;
}

/* Of a board that has a fault nothing is worth to be compared with. */
static int save_baseline(const struct session *s)
{
	size_t kept;
	int ret;

	if (!s->save)
		return 0;
	if (s->worst > DIAG_WARN)
		return tool_fail("save", s->baseline_path,
				 "the board has a fault", 0);
	ret = diag_baseline_save(s->baseline_path, s->results, &kept);
	if (ret)
		return tool_fail("save", s->baseline_path,
				 ret == -ENODATA ? "no check has figures" :
						   NULL,
				 ret);
	if (kept && says(s))
		printf("baseline: %zu checks keep the figures that they had\n",
		       kept);
	return 0;
}

/* Without a place for it the diagnosis is none the worse. */
static void add_history(const struct session *s, const json_t *all)
{
	const int ret = diag_history_add(s->history_path, all);

	if (ret && says(s))
		printf("no history: %s: %s\n", s->history_path, strerror(-ret));
}

static int write_all(const struct session *s)
{
	json_t *all = all_of(s);
	int failed;

	add_history(s, all);
	failed = write_results(s->json, all, put_json) |
		 write_results(s->tap, all, diag_tap_write) |
		 write_results(s->junit, all, diag_junit_write) |
		 write_report(s, all) | save_baseline(s);
	json_decref(all);
	return failed ? DIAG_EXIT_INTERNAL : 0;
}

static int run(struct session *s)
{
	if (says(s))
		printf("%s: %s\n", s->device, extent(s));
	for (size_t i = 0; i < diag_checks(); i++)
		if (wanted(s, diag_check(i)))
			run_check(s, diag_check(i));
	if (says(s) && !s->judged && !s->save && s->level > DIAG_QUICK)
		puts("no baseline: changes since the installation are not judged");
	if (says(s))
		say_summary(s);
	/* what was not looked at to its end is no result */
	if (stopped)
		return tool_fail("test", s->device, "interrupted", 0);
	return write_all(s) ? : diag_exit(s->worst);
}

/* What cannot be written is said now, and not after a quarter of an hour. */
static int try_to_write(const char *path)
{
	bool there;
	FILE *f;

	if (!path || is_output(path))
		return 0;
	there = !access(path, F_OK);
	f = fopen(path, "ae");
	if (!f)
		return tool_fail("write", path, NULL, -errno);
	fclose(f);
	if (!there)
		unlink(path);
	return 0;
}

/*
 * A baseline that was asked for must be there, and be one. The board's own need not:
 * without it most can be tested all the same, perhaps on a machine whose disk is ill.
 */
static int load_baseline(struct session *s)
{
	const char *path = s->baseline ? s->baseline : s->baseline_path;
	const int ret = diag_baseline_load(s->diag, path);

	s->judged = !ret;
	if (!ret || (ret == -ENOENT && !s->baseline))
		return 0;
	if (s->baseline)
		return tool_fail("use", path,
				 ret == -EINVAL ? "it is no baseline" : NULL,
				 ret);
	tool_fail("use", path,
		  ret == -EINVAL ?
			  "it is no baseline; --save-baseline puts a new one in its place" :
			  NULL,
		  ret);
	s->worst = DIAG_WARN;
	return 0;
}

static int open_store(struct session *s)
{
	char dir[DIAG_STORE_PATH];
	int ret;

	diag_store_dir(dir);
	diag_store_path(s->baseline_path, s->state ? s->state : dir, s->diag,
			"baseline.json");
	diag_store_path(s->history_path, s->state ? s->state : dir, s->diag,
			"history.jsonl");
	if (s->state)
		diag_state(s->diag, s->state);
	s->history = diag_history_read(s->history_path, EARLIER);
	if (s->save) {
		ret = diag_store_ready(s->baseline_path);
		return ret ? tool_fail("save", s->baseline_path, NULL, ret) : 0;
	}
	return load_baseline(s);
}

static int diagnose(struct session *s)
{
	if (open_store(s) || try_to_write(s->json) || try_to_write(s->tap) ||
	    try_to_write(s->junit) || try_to_write(s->report))
		return DIAG_EXIT_INTERNAL;
	if (s->soak)
		diag_soak(s->diag, (unsigned int)s->soak);
	if (s->suspend)
		diag_suspend(s->diag);
	if (s->unplug)
		diag_unplug(s->diag);
	s->bar = isatty(STDERR_FILENO);
	s->results = json_array();
	s->result = calloc(diag_checks(), sizeof(*s->result));
	if (!s->result)
		return tool_fail("test", s->device, NULL, -ENOMEM);
	take_signals(s->diag);
	diag_progress(s->diag, show_bar, s);
	return run(s);
}

int tool_diag(int argc, char **argv)
{
	struct session s = { .worst = DIAG_SKIP };
	char why[WHY_BYTES] = "";
	int status, ret;

	if (argc > 1 && !strcmp(argv[1], "collect"))
		return diag_collect_main(argc - 1, argv + 1);
	status = arguments(&s, argc, argv);
	if (s.help)
		help();
	if (status || s.help)
		return status;
	ret = diag_open(&s.diag, s.device, why, sizeof(why));
	if (ret && diag_absent(s.device, why, sizeof(why))) {
		tool_fail("test", s.device, why, ret);
		return DIAG_EXIT_FAIL;
	}
	if (ret)
		return tool_fail("open", s.device, why, ret);
	status = diagnose(&s);
	for (size_t i = 0; i < s.done; i++)
		diag_result_finish(&s.result[i]);
	free(s.result);
	json_decref(s.history);
	json_decref(s.results);
	diag_close(s.diag);
	return status;
}

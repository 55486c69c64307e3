// SPDX-License-Identifier: MIT
/*
 * The board after it has been away: with the machine that slept, or from the bus.
 * Both disturb more than the board, and are done only where they are asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "place.h"
#include "sono_regs.h"
#include "words.h"

#define FRAMES 200
#define ALARM "/sys/class/rtc/rtc0/wakealarm"
#define SLEEP "+5" /* [s] */
#define BACK_S 10  /* of patience for a node that comes back */
#define POLL_NS 100000000

static int put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 ? -errno : 0;

	if (!ret && write(fd, text, strlen(text)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

static double clock_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* False: it cannot be done, which has been said. */
static bool may(const struct diag *d, struct diag_result *r, bool asked,
		const char *option)
{
	if (!diag_is_driver(d))
		diag_skip(r, "no PCI Express in process");
	else if (!asked)
		diag_skip(r, "it was not asked for (%s)", option);
	else if (geteuid())
		diag_skip(r, "only root may");
	else if (!(d->info->hw_features & SONO_FEAT_PRBS))
		diag_skip(r, "the board has no PRBS");
	else if (*d->broken)
		diag_skip(r, "the board does not stream: %s", d->broken);
	else
		return true;
	return false;
}

/* --- afterwards --------------------------------------------------------------- */

static bool compare(struct diag_capture *c, const struct sono_frame *f)
{
	diag_words_add(c->arg, c, f);
	return true;
}

/* Frames of the pattern are as before; how many there were. */
static uint32_t stream_again(struct diag *d, struct diag_result *r)
{
	const struct diag_shots shots = {
		.events = 1,
		.samples = 1024,
		.rate = 200,
		.first = DIAG_NO_ELEMENT,
		.voltage = 1,
		.frequency = 1e6,
	};
	struct diag_words words = { 0 };
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_PRBS,
		.frames = FRAMES,
		.look = compare,
		.arg = &words,
		.begin = 0.5,
		.share = 0.5,
	};

	if (!diag_need_stream(d, r) || diag_load(&c, &shots) ||
	    diag_run_frames(&c))
		return 0;
	diag_words_judge(d, r, &words);
	return c.taken;
}

/* --- the machine sleeps ------------------------------------------------------- */

/* Time that the machine has slept since it started [s]. */
static double asleep(void)
{
	return clock_s(CLOCK_BOOTTIME) - clock_s(CLOCK_MONOTONIC);
}

/* False: it did not, which has been said. */
static bool sleeps(struct diag_result *r)
{
	int ret;

	put(ALARM, "0");
	ret = put(ALARM, SLEEP);
	if (ret) {
		diag_skip(r, "no clock would wake the machine: %s",
			  strerror(-ret));
		return false;
	}
	ret = put("/sys/power/state", "mem");
	put(ALARM, "0");
	if (ret)
		diag_blame(r, DIAG_WARN, "the machine does not sleep: %s",
			   strerror(-ret));
	return !ret;
}

void diag_check_suspend(struct diag *d, struct diag_result *r)
{
	double slept = asleep();
	uint32_t frames;

	if (!may(d, r, d->suspend, "--suspend") || !sleeps(r))
		return;
	slept = asleep() - slept;
	frames = stream_again(d, r);
	diag_note(d, r, "slept", "s", slept);
	diag_detail(r, "after %.1f s of sleep %u frames of the pattern are right",
		    slept, frames);
}

/* --- away from the bus -------------------------------------------------------- */

/* The node of a board's number; false: there is none. */
static bool find_node(const char *serial, char *node, size_t n)
{
	char text[64];
	glob_t found;
	bool is = false;

	if (glob("/dev/sono[0-9]*", 0, NULL, &found))
		return false;
	for (size_t i = 0; i < found.gl_pathc && !is; i++) {
		snprintf(node, n, "%s", found.gl_pathv[i]);
		is = !diag_place_read(node, "serial", text, sizeof(text)) &&
		     !strcmp(text, serial);
	}
	globfree(&found);
	return is;
}

static bool wait_for_node(const char *serial, char *node, size_t n)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	const double until = clock_s(CLOCK_MONOTONIC) + BACK_S;

	while (!find_node(serial, node, n)) {
		if (clock_s(CLOCK_MONOTONIC) > until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static int reopen(struct diag *d, const char *node, char *why, size_t why_bytes)
{
	char *source = strdup(node);
	int ret;

	if (!source)
		return -ENOMEM;
	free(d->source);
	d->source = source;
	ret = sono_open(&d->sono, node, why, why_bytes);
	if (!ret)
		d->info = sono_info(d->sono);
	return ret;
}

static bool comes_back(struct diag *d, struct diag_result *r,
		       const char *serial)
{
	char node[64], why[DIAG_TEXT] = "";

	if (!wait_for_node(serial, node, sizeof(node)))
		diag_blame(r, DIAG_FAIL,
			   "the board does not come back to the bus: no node of number %s after %d s",
			   serial, BACK_S);
	else if (reopen(d, node, why, sizeof(why)))
		diag_blame(r, DIAG_FAIL,
			   "the board is back, and cannot be opened: %.160s",
			   why);
	else
		return true;
	snprintf(d->broken, sizeof(d->broken), "it did not come back");
	return false;
}

/* The function's folder in sysfs goes with it, so its path is read before. */
static void unplug(struct diag *d, struct diag_result *r, const char *serial)
{
	char link[DIAG_PLACE], remove[PATH_MAX + 8], *function;
	uint32_t frames;
	double gone;
	int ret;

	diag_place(link, d->source, "device");
	function = realpath(link, NULL);
	snprintf(remove, sizeof(remove), "%s/remove", function ? function : "");
	free(function);
	sono_close(d->sono);
	d->sono = NULL;
	d->slots_bytes = 0;
	gone = clock_s(CLOCK_MONOTONIC);
	ret = put(remove, "1") ?: put("/sys/bus/pci/rescan", "1");
	if (ret)
		diag_blame(r, DIAG_WARN, "the board cannot be unplugged: %s",
			   strerror(-ret));
	if (!comes_back(d, r, serial))
		return;
	gone = clock_s(CLOCK_MONOTONIC) - gone;
	frames = ret ? 0 : stream_again(d, r);
	diag_note(d, r, "away", "s", gone);
	diag_detail(r, "back after %.1f s as %s; %u frames of the pattern are right",
		    gone, d->source, frames);
}

void diag_check_unplug(struct diag *d, struct diag_result *r)
{
	char serial[64];

	if (!may(d, r, d->unplug, "--unplug"))
		return;
	if (!diag_serial(d, serial, sizeof(serial)))
		diag_skip(r, "the board has no number to be known by");
	else
		unplug(d, r, serial);
}

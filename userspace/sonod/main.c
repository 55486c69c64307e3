// SPDX-License-Identifier: MIT
/*
 * sonod: owns a board, runs the pipeline, serves pictures and control. Four
 * threads: this one serves pictures, control.c requests, scanner.c the board,
 * and maker.c makes presets ready.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "control.h"
#include "loop.h"
#include "options.h"
#include "realtime.h"
#include "sockets.h"
#include "stream.h"

#define WHY_BYTES 256

/**
 * struct daemon - all of it
 * @options: command line
 * @loop: of this thread
 * @signals: SIGINT, SIGTERM, SIGHUP
 * @tick: the watchdog's time, if there is one
 * @outlet: between scanner and stream
 * @sockets: before stream and control have them
 * @control: requests
 * @scanner: the board
 * @stream: pictures
 * @alive: of the scanner, at the last tick
 */
struct daemon {
	struct options options;
	struct loop loop;
	struct watch signals;
	struct watch tick;
	struct outlet outlet;
	struct sockets sockets;
	struct control *control;
	struct scanner *scanner;
	struct stream *stream;
	uint64_t alive;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "sonod: %s: %s\n", what, strerror(-err));
	return EXIT_FAILURE;
}

static int fail_why(const char *why)
{
	fprintf(stderr, "sonod: %s\n", why);
	return EXIT_FAILURE;
}

/* --- signals and watchdog --- */

static void on_signal(struct watch *watch, uint32_t events)
{
	struct daemon *d = watched(watch, struct daemon, signals);

	(void)events;
	d->loop.end = true;
}

/*
 * A scanner that has stood still since the last tick is not alive; one that is
 * frozen need not move, and where it is stuck control waits for it.
 */
static bool scanner_moves(struct daemon *d)
{
	const uint64_t before = d->alive;

	d->alive = scanner_alive(d->scanner);
	return !d->alive || d->alive != before;
}

static void on_tick(struct watch *watch, uint32_t events)
{
	struct daemon *d = watched(watch, struct daemon, tick);
	const bool control = control_answers(d->control);
	const bool scanner = scanner_moves(d);
	uint64_t ticks;

	(void)events;
	if (read(watch->fd, &ticks, sizeof(ticks)) < 0)
		return;
	if (control && scanner)
		sd_notify(0, "WATCHDOG=1");
}

/* Of a terminal that is closed, too, unless nohup(1) has been asked for. */
static int open_signals(struct daemon *d)
{
	struct sigaction hangup;
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	/* before there are threads: they inherit it */
	sigprocmask(SIG_BLOCK, &set, NULL);
	d->signals.ready = on_signal;
	d->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ret = d->signals.fd < 0 ? -errno : loop_add(&d->loop, &d->signals);
	return ret ? fail("signals", ret) : EXIT_SUCCESS;
}

/* Three times in the time after which systemd would lose patience. */
static int open_watchdog(struct daemon *d)
{
	struct itimerspec every = { 0 };
	uint64_t us;
	int ret;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return EXIT_SUCCESS;
	every.it_interval.tv_sec = us / 3 / 1000000;
	every.it_interval.tv_nsec = us / 3 % 1000000 * 1000;
	every.it_value = every.it_interval;
	d->tick.ready = on_tick;
	d->tick.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->tick.fd < 0 || timerfd_settime(d->tick.fd, 0, &every, NULL))
		return fail("watchdog", -errno);
	ret = loop_add(&d->loop, &d->tick);
	return ret ? fail("watchdog", ret) : EXIT_SUCCESS;
}

/* --- opening --- */

static void refused(const char *what, int err)
{
	if (err)
		fprintf(stderr, "sonod: real time: %s: %s\n", what,
			strerror(-err));
}

/* What the system refuses is told, and done without. */
static int open_realtime(struct daemon *d)
{
	struct realtime rt;

	if (!d->options.realtime)
		return EXIT_SUCCESS;
	realtime_begin(&rt, realtime_node(d->options.source));
	refused("processors near the board", rt.placed);
	refused("locked memory", rt.locked);
	refused("priority", rt.prioritised);
	return EXIT_SUCCESS;
}

static int open_loop(struct daemon *d)
{
	int ret = loop_begin(&d->loop);

	return ret ? fail("epoll", ret) : EXIT_SUCCESS;
}

static int open_sockets(struct daemon *d)
{
	char why[WHY_BYTES];

	return sockets_open(&d->sockets, d->options.sockets, why,
			    sizeof(why)) ?
		       fail_why(why) :
		       EXIT_SUCCESS;
}

static int open_control(struct daemon *d)
{
	int ret = control_create(&d->control, d->sockets.control,
				 d->options.presets);

	return ret ? fail("control", ret) : EXIT_SUCCESS;
}

static int open_scanner(struct daemon *d)
{
	const struct scanner_params params = {
		.source = d->options.source,
		.presets = d->options.presets,
		.slots = d->options.slots,
		.workers = d->options.workers,
		.buffers = STREAM_BUFFERS,
		.heartbeat_ms = d->options.heartbeat_ms,
		.realtime = d->options.realtime,
		.changed = control_changed,
		.arg = d->control,
	};
	char why[WHY_BYTES];

	d->outlet.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->outlet.event < 0)
		return fail("eventfd", -errno);
	return scanner_create(&d->scanner, &params, &d->outlet, why,
			      sizeof(why)) ?
		       fail_why(why) :
		       EXIT_SUCCESS;
}

static int open_preset(struct daemon *d)
{
	const struct setup_params params = scanner_setup_params(d->scanner);
	struct sono_controls controls;
	struct setup *setup;
	char why[WHY_BYTES];

	sono_controls_init(&controls);
	if (*d->options.preset &&
	    (setup_create(&setup, &params, d->options.preset, &controls, why,
			  sizeof(why)) ||
	     scanner_use(d->scanner, setup, why, sizeof(why))))
		return fail_why(why);
	return EXIT_SUCCESS;
}

static int open_stream(struct daemon *d)
{
	int ret = stream_create(&d->stream, &d->loop, d->sockets.stream,
				&d->outlet);

	return ret ? fail("stream", ret) : EXIT_SUCCESS;
}

static int begin(struct daemon *d)
{
	int ret = control_begin(d->control, d->scanner, d->options.preset);

	return ret ? fail("control", ret) : EXIT_SUCCESS;
}

static int run(struct daemon *d)
{
	sd_notify(0, "READY=1");
	loop_run(&d->loop);
	sd_notify(0, "STOPPING=1");
	return EXIT_SUCCESS;
}

/*
 * Who has the control ends transmit by going; descriptors go with us. Return:
 * whether all threads have ended.
 */
static bool close_all(struct daemon *d)
{
	const bool ended = control_destroy(d->control);

	scanner_destroy(d->scanner);
	stream_destroy(d->stream);
	return ended;
}

int main(int argc, char **argv)
{
	static int (*const steps[])(struct daemon *d) = {
		open_realtime, open_loop,    open_signals, open_watchdog,
		open_sockets,  open_control, open_scanner, open_preset,
		open_stream,   begin,	     run,
	};
	struct daemon d = { 0 };
	int status = options_read(&d.options, argc, argv);

	if (status || !d.options.source)
		return status;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !status; i++)
		status = steps[i](&d);
	/* exit() would wait for the plan that such a thread may be reading */
	if (!close_all(&d))
		_exit(status);
	return status;
}

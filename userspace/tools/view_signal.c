// SPDX-License-Identifier: MIT
/*
 * Ctrl-C. A thread of its own takes SIGINT, SIGTERM and SIGHUP, because the one
 * that makes pictures may be in the middle of a stage or wait for whoever reads a
 * sink: transmit must end all the same, and at once.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tools.h"
#include "view_signal.h"

/* A sink that has not moved for so long is interrupted. */
#define STALL_MS 500

/*
 * What comes so soon after the first is the same wish: timeout(1) sends its signal to
 * the program and to its group, and a terminal that goes both SIGHUP and SIGTERM.
 */
#define SAME_MS 300

/* Does nothing but make a blocking call of the other thread return. */
static void on_poke(int number)
{
	(void)number;
}

/*
 * A recording is read where it is mapped. If somebody cuts the file meanwhile,
 * what was there is gone, and there is nothing to go on with.
 */
static void on_bus_error(int number)
{
	static const char text[] =
		"sono: the recording was cut short while it was read\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(TOOL_USAGE);
	_exit(TOOL_FAILED);
}

static void action(int number, void (*handler)(int number))
{
	struct sigaction sa = { .sa_handler = handler };

	sigaction(number, &sa, NULL);
}

static void fill(sigset_t *set)
{
	struct sigaction hangup;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	/* nohup(1) */
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
}

/* As if nothing had taken the signal. */
static void end_at_once(int number)
{
	sigset_t set;

	action(number, SIG_DFL);
	fill(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

/*
 * Pairs with view_running(): either the run is seen here, or the request
 * there.
 */
static void stop_transmit(struct view_signals *s)
{
	struct sono_stop account;

	atomic_store(&s->interrupted, true);
	if (atomic_load(&s->running))
		sono_stop(s->running, &account);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *watch(void *arg)
{
	struct view_signals *s = arg;
	struct pollfd p[2] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = s->done, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	uint64_t first = 0;

	while (!p[1].revents) {
		bool again = atomic_load(&s->interrupted);

		if (!poll(p, 2, again ? STALL_MS : -1))
			pthread_kill(s->viewer, SIGUSR1);
		if (!(p[0].revents & POLLIN) ||
		    read(s->signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (!again)
			first = now_ms();
		else if (now_ms() - first > SAME_MS)
			end_at_once((int)info.ssi_signo);
		stop_transmit(s);
	}
	return NULL;
}

int view_signals_begin(struct view_signals *s)
{
	sigset_t set;
	int ret;

	fill(&set);
	action(SIGUSR1, on_poke);
	action(SIGBUS, on_bus_error);
	/* Also where a shell started us with the signals ignored. */
	action(SIGINT, on_poke);
	action(SIGTERM, on_poke);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	s->viewer = pthread_self();
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	s->done = eventfd(0, EFD_CLOEXEC);
	if (s->signals < 0 || s->done < 0)
		return -errno;
	ret = pthread_create(&s->thread, NULL, watch, s);
	s->begun = !ret;
	return -ret;
}

void view_signals_end(struct view_signals *s)
{
	const uint64_t one = 1;

	if (!s->begun)
		return;
	s->begun = false;
	while (write(s->done, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(s->thread, NULL);
	close(s->signals);
	close(s->done);
}

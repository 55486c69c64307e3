// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Consumers that are killed or stopped at random moments, alternately. Each
 * time the slots must come back, the next run must work, and the board must
 * have ceased to transmit:
 *
 *  killed:   once another process could set up a stream, and in any case 1.25
 *            heartbeats after it was dead
 *  stopped:  1.25 heartbeats after it stood still, until it was continued
 *
 * The board's log is the judge of that: "tests/kselftest/judge kill" reads the
 * lines printed here. from and until [ns of CLOCK_MONOTONIC] are when it must
 * be silent; start says between which two moments the board started its run,
 * which relates the two clocks to within their distance.
 *
 *	sono_kill [-n TIMES]
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stream.h"

#define SLOTS 16
#define HEARTBEAT_MS 100
#define HEARTBEAT_NS (HEARTBEAT_MS * 1000000ull)
#define ALIVE_MS 150 /* at most, from fork to the signal */
#define SILENT_NS 50000000 /* watched, after the last moment to transmit */
#define CLOSE_NS (2 * NS_PER_S) /* at most, from SIGKILL to free slots */
#define RELATED_NS 5000000

static const struct shape shape = { 15, 544, 1, 125000, 5 };

struct moment {
	uint64_t from;
	uint64_t until;
};

struct relation {
	uint32_t run;
	uint64_t before;
	uint64_t after;
};

static void *shared_word(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Opens and sets up, as soon as the controller before has gone. */
static int acquire(struct sono **s, uint64_t limit)
{
	int ret = sono_open(s, source_name(), NULL, 0);

	if (ret)
		return ret;
	do {
		ret = sono_setup(*s, SLOTS, 16384);
	} while (ret == -EBUSY && now_ns() < limit && !usleep(200));
	return ret;
}

static int configure(struct sono *s, uint32_t heartbeat_ms)
{
	struct sono_config config;
	struct table t;
	int ret;

	ret = table_make(&t, sono_info(s), &shape);
	if (ret)
		return ret;
	config = table_config(&t, SONO_CONFIG_PRBS);
	config.heartbeat_ms = heartbeat_ms;
	ret = sono_config(s, &config);
	table_free(&t);
	return ret;
}

/* --- the consumer ------------------------------------------------------------ */

/* The run has ended under us: only a stop that was long enough may do that. */
static int run_again(struct sono *s, struct sono_start *start)
{
	struct sono_stop a;
	int ret;

	if (sono_ctl(s)->reason != SONO_END_HEARTBEAT)
		return -EPROTO;
	ret = sono_stop(s, &a);
	if (ret)
		return ret;
	if (a.produced != a.delivered + a.dropped + a.lost || a.lost)
		return -EBADMSG;
	return sono_start(s, start);
}

/* Streams for ever, or for 30 frames after it was told of its stop. */
static int stream(struct sono *s, const volatile int *resumed)
{
	struct sono_start start = { 0 };
	struct sono_frame f;
	int left = 30;
	int ret;

	ret = configure(s, HEARTBEAT_MS);
	if (!ret)
		ret = sono_start(s, &start);
	while (!ret && left) {
		ret = take(s, &f);
		if (ret == 1) {
			ret = prbs_ok(&f, start.run) ? 0 : -EBADMSG;
			sono_release(s, &f);
			left -= *resumed;
		} else if (ret == -ENODATA) {
			ret = run_again(s, &start);
		}
	}
	return ret;
}

static void consumer(const volatile int *resumed)
{
	struct sono *s;
	int ret = acquire(&s, now_ns() + CLOSE_NS);

	if (!ret)
		ret = stream(s, resumed);
	_exit(-ret);
}

/* --- the next run ------------------------------------------------------------ */

/* Starts a run between two moments that are close to each other. */
static int start_related(struct sono *s, struct relation *r)
{
	struct sono_start start = { 0 };
	struct sono_frame f;
	struct sono_stop a;
	int ret;

	for (int tries = 0; tries < 50; tries++) {
		r->before = now_ns();
		ret = sono_start(s, &start);
		r->after = now_ns();
		r->run = start.run;
		if (ret || r->after - r->before < RELATED_NS)
			return ret;
		ret = sono_stop(s, &a);
		if (ret)
			return ret;
		/* Its frames are not those of the run that counts. */
		while (sono_next(s, &f) == 1)
			sono_release(s, &f);
	}
	return -ETIME;
}

static int run_works(struct sono *s, struct relation *r)
{
	struct sono_frame f;
	struct sono_stop a;
	uint64_t taken = 0;
	int ret;

	ret = configure(s, 0);
	if (!ret)
		ret = start_related(s, r);
	/* More than there are slots: all of them go round. */
	while (!ret && taken < 2 * SLOTS) {
		ret = take(s, &f);
		if (ret != 1)
			return ret ? ret : -EIO;
		ret = prbs_ok(&f, r->run) ? 0 : -EBADMSG;
		sono_release(s, &f);
		taken++;
	}
	if (!ret)
		ret = sono_stop(s, &a);
	if (!ret && a.produced != a.delivered + a.dropped + a.lost)
		ret = -EBADMSG;
	return ret;
}

/* --- ends ---------------------------------------------------------------------- */

static int end_by_kill(pid_t pid, struct moment *m, struct sono **s,
		       uint64_t *longest)
{
	uint64_t begin = now_ns(), dead, free_again;
	int status, ret;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	/* Unless it could not even begin. */
	if (!WIFSIGNALED(status))
		return -WEXITSTATUS(status);
	dead = now_ns();
	ret = acquire(s, begin + CLOSE_NS);
	if (ret)
		return ret;
	free_again = now_ns();
	if (free_again - begin > *longest)
		*longest = free_again - begin;
	m->from = dead + HEARTBEAT_NS * 5 / 4;
	if (free_again < m->from)
		m->from = free_again;
	usleep(SILENT_NS / 1000);
	m->until = now_ns();
	return 0;
}

static int end_by_stop(pid_t pid, struct moment *m, struct sono **s,
		       int *resumed)
{
	uint64_t now;
	int status;

	kill(pid, SIGSTOP);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return -ECHILD;
	now = now_ns();
	m->from = now + HEARTBEAT_NS * 5 / 4;
	usleep((useconds_t)((m->from - now + SILENT_NS) / 1000));
	m->until = now_ns();
	*resumed = 1;
	kill(pid, SIGCONT);
	if (waitpid(pid, &status, 0) != pid || status)
		return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
	return acquire(s, m->until + 2 * CLOSE_NS);
}

static int once(int i, uint64_t *random, int *resumed, uint64_t *longest)
{
	bool killed = i % 2 == 0;
	struct relation r = { 0 };
	struct moment m = { 0 };
	struct sono *s = NULL;
	pid_t pid;
	int ret;

	*resumed = 0;
	pid = fork();
	if (!pid)
		consumer(resumed);
	usleep(random_next(random) % (ALIVE_MS * 1000));
	ret = killed ? end_by_kill(pid, &m, &s, longest) :
		       end_by_stop(pid, &m, &s, resumed);
	if (!ret)
		ret = run_works(s, &r);
	sono_close(s);
	if (ret)
		printf("# %d, %s: %s\n", i, killed ? "killed" : "stopped",
		       strerror(-ret));
	printf("# end i=%d how=%s from=%llu until=%llu run=%u before=%llu after=%llu\n",
	       i, killed ? "kill" : "stop", (unsigned long long)m.from,
	       (unsigned long long)m.until, r.run,
	       (unsigned long long)r.before, (unsigned long long)r.after);
	fflush(stdout);
	return ret;
}

int main(int argc, char **argv)
{
	int times = argc > 2 && !strcmp(argv[1], "-n") ? atoi(argv[2]) : 200;
	int *resumed = shared_word();
	uint64_t longest = 0;
	uint64_t random;
	int failed = 0;

	printf("TAP version 13\n1..1\n");
	random = random_seed(20260102);
	for (int i = 0; i < times && resumed; i++)
		failed += once(i, &random, resumed, &longest) != 0;
	failed += !resumed || times <= 0;
	printf("# killed: slots were free again within %llu us\n",
	       (unsigned long long)(longest / 1000));
	printf("%s 1 %d consumers killed or stopped, the next run works\n",
	       failed ? "not ok" : "ok", times);
	return failed != 0;
}

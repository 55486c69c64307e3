// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Transmit safety, one way after another in which a host can fail: the board
 * must have ceased to transmit at a moment that is printed, and must not begin
 * again until another one. "tests/kselftest/judge silence" looks the moments up
 * in the board's log.
 *
 *	sono_safety killed|continued|unbound|limits|overtemp|stalled|lied NODE
 *	sono_safety panic NODE		does not return
 *	sono_safety streams NODE	leaves a consumer behind
 *	sono_safety holds NODE		leaves a run with a CONFIG that waits
 *
 * Lines "# silent node= how= run= before= after= from= until=": START of the run
 * was called at before and had returned at after, which relates the two clocks
 * (ns of CLOCK_MONOTONIC); the board must be silent from .. until.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stream.h"
#include "sysfs.h"

#define SLOTS 16
#define FRAME 16384
#define HEARTBEAT_MS 200
#define MS 1000000ull
#define LAPSE_NS (HEARTBEAT_MS * MS * 5 / 4)
#define WATCH_NS (500 * MS)
#define RELATED_NS (5 * MS)
/* The board's server stands still so long after the first start, and so long. */
#define STALL_AT_NS (500 * MS)

static const struct shape shape = { 15, 544, 1, 125000, 5 };
/* A frame of 12 s: a table that is loaded meanwhile takes over at its end. */
static const struct shape shape_long = { 1, 32, 150, 8000000, 7 };
static const char *node;
static uint32_t heartbeat_ms = HEARTBEAT_MS;
static uint64_t related_ns = RELATED_NS;
/* When a consumer last took a frame; of all processes. */
static uint64_t *last_taken;

struct run {
	struct sono *s;
	struct table table;
	uint32_t number;
	uint64_t before;
	uint64_t after;
};

static void silent(const struct run *r, const char *how, uint64_t from,
		   uint64_t until)
{
	printf("# silent node=%s how=%s run=%u before=%llu after=%llu from=%llu until=%llu\n",
	       node, how, r->number, (unsigned long long)r->before,
	       (unsigned long long)r->after, (unsigned long long)from,
	       (unsigned long long)until);
	fflush(stdout);
}

static int set_up(struct run *r, const struct shape *form)
{
	struct sono_config c;
	char why[128] = "";
	int ret = sono_open(&r->s, node, why, sizeof(why));

	if (ret) {
		printf("# %s: %s %s\n", node, strerror(-ret), why);
		return ret;
	}
	ret = sono_setup(r->s, SLOTS, FRAME);
	if (!ret)
		ret = table_make(&r->table, sono_info(r->s), form);
	if (ret)
		return ret;
	c = table_config(&r->table, SONO_CONFIG_PRBS);
	c.heartbeat_ms = heartbeat_ms;
	return sono_config(r->s, &c);
}

static int start(struct run *r)
{
	struct sono_start st = { 0 };
	int ret;

	r->before = now_ns();
	ret = sono_start(r->s, &st);
	r->after = now_ns();
	r->number = st.run;
	return ret;
}

/* Between two moments that are close to each other. */
static int begin(struct run *r)
{
	struct sono_stop a;
	int ret = set_up(r, &shape);

	for (int i = 0; !ret && i < 50; i++) {
		ret = start(r);
		if (ret || r->after - r->before < related_ns)
			return ret;
		ret = sono_stop(r->s, &a);
	}
	return ret ? ret : -ETIME;
}

static void end(struct run *r)
{
	sono_close(r->s);
	table_free(&r->table);
}

/*
 * Streams until a time at least. On a machine that holds the board up for long
 * the heartbeat lapses, as it should; then it is started again.
 */
static int consume(struct run *r, uint64_t until)
{
	struct sono_frame f;
	int ret = 1;

	while (ret == 1 && now_ns() < until) {
		ret = take(r->s, &f);
		if (ret == 1)
			sono_release(r->s, &f);
		if (ret == -ENODATA &&
		    sono_ctl(r->s)->reason == SONO_END_HEARTBEAT)
			ret = start(r) ? -EIO : 1;
	}
	return ret;
}

static void wait_until(uint64_t t)
{
	uint64_t now = now_ns();

	if (t > now)
		usleep((useconds_t)((t - now) / 1000));
}

/* Another process; it tells of its run when it has streamed for so long. */
static pid_t fork_consumer(struct run *r, uint64_t how_long, bool stops_itself)
{
	struct sono_frame f;
	int tell[2];
	pid_t pid;

	if (pipe(tell))
		return -1;
	pid = fork();
	if (pid) {
		close(tell[1]);
		if (read(tell[0], r, sizeof(*r)) != sizeof(*r))
			pid = -1;
		close(tell[0]);
		return pid;
	}
	if (begin(r) || consume(r, r->after + how_long) != 1 ||
	    write(tell[1], r, sizeof(*r)) != sizeof(*r))
		_exit(1);
	if (stops_itself)
		raise(SIGSTOP);
	/* Takes what there is, without a START. */
	for (uint64_t limit = now_ns() + 10 * NS_PER_S; now_ns() < limit;)
		if (take(r->s, &f) == 1) {
			__atomic_store_n(last_taken, now_ns(), __ATOMIC_RELAXED);
			sono_release(r->s, &f);
		}
	_exit(0);
}

/* One that stands still after so long; -1 if it does not come to that. */
static pid_t fork_stopped(struct run *r, uint64_t how_long, uint64_t *stopped)
{
	pid_t pid = fork_consumer(r, how_long, true);
	int status;

	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid ||
	    !WIFSTOPPED(status))
		return -1;
	*stopped = now_ns();
	return pid;
}

static void kill_it(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * When it died, in the midst of a run; 0 if it did not come to that. On a machine
 * that held it up for long the run may have ended before.
 */
static uint64_t kill_in_run(struct run *r)
{
	pid_t pid = fork_consumer(r, 200 * MS, false);
	uint64_t dead;

	if (pid < 0)
		return 0;
	usleep(20000);
	kill_it(pid);
	dead = now_ns();
	return dead - __atomic_load_n(last_taken, __ATOMIC_RELAXED) < 50 * MS ?
		       dead :
		       0;
}

static int killed(void)
{
	struct run r = { 0 };
	uint64_t dead = 0;

	for (int i = 0; !dead && i < 10; i++)
		dead = kill_in_run(&r);
	if (!dead)
		return -ECHILD;
	wait_until(dead + LAPSE_NS + WATCH_NS);
	silent(&r, "killed", dead + LAPSE_NS, now_ns());
	return 0;
}

/* It stands still, and goes on; a run that has ended does not begin again. */
static int continued(void)
{
	struct run r = { 0 };
	uint64_t stopped;
	pid_t pid = fork_stopped(&r, 200 * MS, &stopped);

	if (pid < 0)
		return -ECHILD;
	wait_until(stopped + LAPSE_NS + WATCH_NS);
	kill(pid, SIGCONT);
	wait_until(now_ns() + WATCH_NS);
	silent(&r, "continued", stopped + LAPSE_NS, now_ns());
	kill_it(pid);
	return 0;
}

static int unbound(void)
{
	struct run r = { 0 };
	uint64_t gone;
	char name[32];
	int ret = begin(&r);

	if (!ret && consume(&r, now_ns() + 200 * MS) != 1)
		ret = -EIO;
	if (!ret)
		ret = sysfs_function(name, sizeof(name));
	if (!ret)
		ret = sysfs_put(SYSFS_DRIVER "unbind", name);
	if (ret)
		return ret;
	gone = now_ns();
	wait_until(gone + WATCH_NS);
	silent(&r, "unbound", gone, now_ns());
	end(&r);
	return sysfs_put(SYSFS_DRIVER "bind", name);
}

/**
 * struct beyond - a table that asks for more than the board may do
 * @what: of it
 * @change: makes it so
 * @error: what the board says
 */
struct beyond {
	const char *what;
	void (*change)(struct sono_seq_event *e, const struct sono_info *info);
	uint32_t error;
};

static void more_volts(struct sono_seq_event *e, const struct sono_info *info)
{
	e->hv = info->hv_max + 1;
}

static void most_volts(struct sono_seq_event *e, const struct sono_info *info)
{
	(void)info;
	e->hv = UINT32_MAX;
}

static void more_often(struct sono_seq_event *e, const struct sono_info *info)
{
	e->period = info->board_clock / info->prf_max - 1;
}

static void longer(struct sono_seq_event *e, const struct sono_info *info)
{
	(void)info;
	e->tx_half_cycles = 65535;
}

static const struct beyond beyond[] = {
	{ "more volts", more_volts, SONO_SEQ_E_HV },
	{ "all volts", most_volts, SONO_SEQ_E_HV },
	{ "too often", more_often, SONO_SEQ_E_PRI },
	{ "too long", longer, SONO_SEQ_E_DUTY },
};

/* Refused, while a good one runs on. */
static int ask_beyond(struct run *r, const struct beyond *b)
{
	struct sono_config c;
	struct table t;
	int ret;

	ret = table_make(&t, sono_info(r->s), &shape);
	if (ret)
		return ret;
	b->change(t.event, sono_info(r->s));
	table_seal(&t);
	c = table_config(&t, SONO_CONFIG_PRBS);
	ret = sono_config(r->s, &c);
	table_free(&t);
	if (ret == -EINVAL && c.error == b->error)
		return 0;
	printf("# %s: %d, error %u\n", b->what, ret, c.error);
	return ret < 0 ? ret : -EPROTO;
}

/* As often as it can: the pulser's rate must not follow. */
static int start_often(struct run *r)
{
	struct sono_stop a;
	int ret = 0;

	for (int i = 0; !ret && i < 300; i++) {
		ret = start(r);
		if (!ret)
			ret = sono_stop(r->s, &a);
	}
	return ret;
}

/* A heartbeat that would last too long, in every way it can be asked for. */
static int beat_longer(struct run *r)
{
	const uint32_t wrong[] = { sono_info(r->s)->heartbeat_max + 1,
				   UINT32_MAX, 1 };

	for (int i = 0; i < 3; i++) {
		struct sono_config c = table_config(&r->table,
						    SONO_CONFIG_PRBS);

		c.heartbeat_ms = wrong[i];
		if (sono_config(r->s, &c) != -EINVAL)
			return -EPROTO;
	}
	return 0;
}

static int limits(void)
{
	struct run r = { 0 };
	struct sono_stop a;
	struct sono_info before, after;
	int ret = begin(&r);

	if (ret)
		return ret;
	before = *sono_info(r.s);
	for (size_t i = 0; !ret && i < sizeof(beyond) / sizeof(*beyond); i++) {
		if (consume(&r, now_ns() + 30 * MS) != 1)
			ret = -EIO;
		if (!ret)
			ret = ask_beyond(&r, &beyond[i]);
	}
	if (!ret)
		ret = sono_stop(r.s, &a);
	if (!ret)
		ret = start_often(&r);
	if (!ret)
		ret = beat_longer(&r);
	if (!ret)
		ret = r.s->ops->command(r.s, SONO_CMD_INFO, &after);
	if (!ret && memcmp(&before, &after, sizeof(before)))
		ret = -EPROTO;
	end(&r);
	return ret;
}

/* The board's fault comes by itself; while it is hot it does not start. */
static int overtemp(void)
{
	struct run r = { 0 };
	uint64_t ended;
	int ret = begin(&r);

	if (ret)
		return ret;
	if (consume(&r, now_ns() + 5 * NS_PER_S) != -ENODATA)
		return -EIO;
	ended = now_ns();
	if (sono_ctl(r.s)->fault != SONO_FAULT_OVER_TEMP)
		return -EPROTO;
	for (int i = 0; i < 20; i++) {
		struct sono_start st = { 0 };

		/* It is hot for half a second. */
		if (sono_start(r.s, &st) != -EIO)
			return -EPROTO;
		usleep(5000);
	}
	silent(&r, "overtemp", ended, now_ns());
	end(&r);
	return 0;
}

/*
 * The consumer stops, and a little later the board's own process does, with
 * transmit still on; when it goes on, the deadline has long passed.
 */
static int stalled(void)
{
	struct run r = { 0 };
	uint64_t stopped;
	pid_t pid = fork_stopped(&r, STALL_AT_NS - 30 * MS, &stopped);

	if (pid < 0)
		return -ECHILD;
	wait_until(stopped + 3 * NS_PER_S);
	silent(&r, "stalled", stopped + LAPSE_NS, now_ns());
	kill_it(pid);
	return 0;
}

/* A board that sends no interrupt keeps the driver's lock with it for 2 s. */
static void *self_test(void *unused)
{
	char path[64];

	(void)unused;
	snprintf(path, sizeof(path), "/sys/class/sono/%s/selftest_interrupt",
		 strrchr(node, '/') + 1);
	sysfs_put(path, "1");
	return NULL;
}

/* Until the run ends. When it last gave a frame; asking is a sign of life. */
static uint64_t drain_run(struct run *r)
{
	const uint64_t limit = now_ns() + 10 * NS_PER_S;
	uint64_t last = now_ns();
	struct sono_frame f;
	int ret;

	while ((ret = sono_next(r->s, &f)) >= 0 && now_ns() < limit) {
		if (ret == 1) {
			last = now_ns();
			sono_release(r->s, &f);
		}
		usleep(500);
	}
	return last;
}

/*
 * A completion that lies is found with the last frames before it. Transmit must
 * end then, even if the run cannot yet: a self test is in the way.
 */
static int lied(void)
{
	struct run r = { 0 };
	pthread_t thread;
	uint64_t last, ended;
	int ret = begin(&r);

	if (ret)
		return ret;
	if (pthread_create(&thread, NULL, self_test, NULL))
		return -EAGAIN;
	last = drain_run(&r);
	ended = now_ns();
	pthread_join(thread, NULL);
	if (sono_ctl(r.s)->reason != SONO_END_PROTOCOL ||
	    sono_ctl(r.s)->fault != SONO_BAD_GEN)
		return -EPROTO;
	printf("# lied: the run ended %llu ms after the lie\n",
	       (unsigned long long)((ended - last) / MS));
	/* Or it was not the lie that ended transmit. */
	if (ended - last < 700 * MS)
		return -ETIME;
	silent(&r, "lied", last + 200 * MS, ended);
	end(&r);
	return 0;
}

static int panic(void)
{
	struct run r = { 0 };
	uint64_t now;
	int ret = begin(&r);

	if (ret)
		return ret;
	if (consume(&r, now_ns() + 200 * MS) != 1)
		return -EIO;
	now = now_ns();
	/* Once said it takes a moment to leave the guest. */
	silent(&r, "panic", now + 100 * MS + LAPSE_NS, now + 60 * NS_PER_S);
	consume(&r, now + 90 * MS);
	return sysfs_put("/proc/sysrq-trigger", "c");
}

/* Until the machine restarts, and with more time than that takes. */
static int streams(void)
{
	struct run r = { 0 };

	heartbeat_ms = 2000;
	/* Started once: of some boards a run does not end again. */
	related_ns = UINT64_MAX;
	return fork_consumer(&r, 200 * MS, false) < 0 ? -ECHILD : 0;
}

static void *config_waits(void *run)
{
	struct run *r = run;
	struct sono_config c = table_config(&r->table, SONO_CONFIG_PRBS);

	c.heartbeat_ms = heartbeat_ms;
	sono_config(r->s, &c);
	return NULL;
}

static void hold(int tell)
{
	struct run r = { 0 };
	struct sono_frame f;
	pthread_t thread;

	if (set_up(&r, &shape_long) || start(&r) ||
	    pthread_create(&thread, NULL, config_waits, &r))
		_exit(1);
	/* Asking is a sign of life. */
	for (int i = 0; sono_next(r.s, &f) == 0; i++) {
		usleep(1000);
		if (i == 300 && write(tell, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* Who ends the run would wait for most of its frame, if the load did not give way. */
static int holds(void)
{
	int tell[2];
	char c;

	heartbeat_ms = 2000;
	if (pipe(tell))
		return -errno;
	if (!fork())
		hold(tell[1]);
	close(tell[1]);
	return read(tell[0], &c, 1) == 1 ? 0 : -ECHILD;
}

static const struct {
	const char *name;
	int (*test)(void);
} tests[] = {
	{ "killed", killed },	  { "continued", continued },
	{ "unbound", unbound },	  { "limits", limits },
	{ "overtemp", overtemp }, { "stalled", stalled },
	{ "panic", panic },	  { "streams", streams },
	{ "holds", holds },	  { "lied", lied },
};

int main(int argc, char **argv)
{
	int ret = -EINVAL;

	if (argc != 3)
		return 2;
	node = argv[2];
	last_taken = mmap(NULL, sizeof(*last_taken), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (last_taken == MAP_FAILED)
		return 2;
	/* Who does not return has no result. */
	if (strcmp(argv[1], "panic"))
		printf("TAP version 13\n1..1\n");
	fflush(stdout);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(argv[1], tests[i].name))
			ret = tests[i].test();
	if (ret)
		printf("# %s: %s\n", argv[1], strerror(-ret));
	printf("%s 1 %s\n", ret ? "not ok" : "ok", argv[1]);
	return ret != 0;
}

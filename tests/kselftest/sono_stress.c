// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Everything at once, at random from a seed. Up to LIVES processes open the
 * board, set up streams or observe one, configure, start, wait, cancel, hold
 * frames and give them back in any order, twice at times, and stop or do not.
 * Meanwhile a director begins and kills, stops and continues them, resets the
 * board by each way there is, unbinds and binds its driver, injects errors of
 * the link, uploads firmware that is none and sends the system to sleep. The board
 * itself may have faults by chance. Every byte of every frame is looked at, and at
 * the end the board must work as if nothing had been.
 *
 * What the driver tells of it, by counters and tracepoints, must agree.
 *
 * "tests/kselftest/judge stress" compares the lines "# account" of processes and
 * "# traced" of all runs with the board's log. As root, one board; aer_inject if
 * there. While somebody still has it open from before it was unbound, the node has
 * another number.
 *
 *	sono_stress [-w] [-n OPERATIONS] [-f FRAMES]
 *
 * -w is for a wild board, whose registers and completions cannot be trusted: what
 * a frame holds and what a command says is not judged then, but that nothing
 * hangs, what was counted is what was seen, and the board is usable afterwards.
 * It ends when both have been reached: so many operations of the director, so
 * many frames that were looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stream.h"
#include "sysfs.h"
#include "told.h"

#define CLASS "/sys/class/sono"
#define UPLOADS "/sys/class/firmware"
#define LIVES 4
#define SLOTS 16
#define FRAME 16384
#define HELD 6
#define REAP_NS (60 * NS_PER_S) /* at most, for a process to end */
#define IDLE_NS (60 * NS_PER_S) /* at most, with no frame at all */

/* 0.5 ms a frame, 16 KiB to the byte. */
static const struct shape shape = { 15, 544, 1, 50000, 5 };

/**
 * struct shared - what the processes tell each other
 * @quit: all are to end
 * @run: the newest run that was started
 * @frames: looked at, by controllers and by observers
 * @seen: of them, by observers
 * @runs: that a controller started
 * @accounts: printed
 * @wrong: things that must not be
 */
struct shared {
	uint32_t quit;
	uint32_t run;
	uint64_t frames;
	uint64_t seen;
	uint64_t runs;
	uint64_t accounts;
	uint32_t wrong;
};

static struct shared *shared;
static bool wild;

static uint64_t read_once(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void add(uint64_t *p, uint64_t n)
{
	__atomic_fetch_add(p, n, __ATOMIC_RELAXED);
}

static bool quitting(void)
{
	return __atomic_load_n(&shared->quit, __ATOMIC_RELAXED);
}

/* Lines of several processes: each in one write. */
__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(3);
}

static void wrong(const char *what, long long value)
{
	__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED);
	say("# wrong: %s: %lld\n", what, value);
}

/* The board's file DIRECTORY/sonoN[/FILE], as it is called now. */
static const char *named(const char *directory, const char *file)
{
	static char path[288];
	struct dirent *e = NULL;
	DIR *d = opendir(CLASS);

	while (d && (e = readdir(d)) && e->d_name[0] == '.')
		;
	snprintf(path, sizeof(path), "%s/%s%s", directory,
		 e ? e->d_name : "sono0", file);
	if (d)
		closedir(d);
	return path;
}

static const char *node(void)
{
	return named("/dev", "");
}

/* --- a process with the board ------------------------------------------------ */

/**
 * struct life - one process, from open to close
 * @s: its handle
 * @random: its own
 * @table: of its stream
 * @start: of its run
 * @taken: frames of this run
 * @held: frames that it has not given back
 * @holds: how many
 * @bad: releases that it knows to be wrong
 */
struct life {
	struct sono *s;
	uint64_t random;
	struct table table;
	struct sono_start start;
	uint64_t taken;
	struct sono_frame held[HELD];
	unsigned int holds;
	uint64_t bad;
};

static uint32_t upto(struct life *l, uint32_t n)
{
	return random_next(&l->random) % n;
}

static bool chance(struct life *l, uint32_t one_in)
{
	return !upto(l, one_in);
}

/* What may be said while boards go and come back, or lie. */
static bool excused(int ret)
{
	return wild || ret == -EIO || ret == -ENODEV || ret == -EBUSY || ret == -EINTR;
}

static void give_back(struct life *l)
{
	unsigned int i = upto(l, l->holds);

	sono_release(l->s, &l->held[i]);
	if (chance(l, 200)) {
		sono_release(l->s, &l->held[i]);
		l->bad++;
	}
	l->held[i] = l->held[--l->holds];
}

static void take_in(struct life *l, const struct sono_frame *f)
{
	if (!wild && !prbs_ok(f, l->start.run))
		wrong("bytes of a frame, run", l->start.run);
	l->taken++;
	add(&shared->frames, 1);
	l->held[l->holds++] = *f;
	while (l->holds == HELD || (l->holds && chance(l, 2)))
		give_back(l);
}

/* All that is there, without a wait. The last verdict of sono_next(). */
static int take_rest(struct life *l)
{
	struct sono_frame f;
	int ret;

	while ((ret = sono_next(l->s, &f)) == 1)
		take_in(l, &f);
	return ret;
}

static void account(struct life *l)
{
	const struct sono_ctl *ctl = sono_ctl(l->s);
	struct sono_stop a = { 0 };
	int ret = sono_stop(l->s, &a);

	if (ret) {
		wrong("STOP", ret);
		return;
	}
	take_rest(l);
	if (a.produced != a.delivered + a.dropped + a.lost)
		wrong("sum of the account of run", l->start.run);
	if (l->taken != a.delivered)
		wrong("frames taken less delivered",
		      (long long)(l->taken - a.delivered));
	say("# account run=%u produced=%llu delivered=%llu dropped=%llu lost=%llu reason=%u fault=%u\n",
	    l->start.run, (unsigned long long)a.produced,
	    (unsigned long long)a.delivered, (unsigned long long)a.dropped,
	    (unsigned long long)a.lost, ctl->reason, ctl->fault);
	add(&shared->accounts, 1);
}

static void give_back_all(struct life *l)
{
	int ret;

	while (l->holds)
		give_back(l);
	ret = l->s->ops->command(l->s, SONO_CMD_KICK, NULL);
	if (ret)
		wrong("KICK", ret);
}

/* One run; true if the handle serves for another. */
static bool run(struct life *l)
{
	uint32_t frames = 1 + upto(l, 600);
	struct sono_frame f;
	int ret;

	/* A START that failed may have given frames all the same. */
	while (sono_next(l->s, &f) == 1)
		sono_release(l->s, &f);
	l->start = (struct sono_start){ 0 };
	l->taken = 0;
	ret = sono_start(l->s, &l->start);
	if (ret) {
		if (!excused(ret))
			wrong("START", ret);
		usleep(2000 + upto(l, 20000));
		return ret == -EIO;
	}
	/* What was released before has been taken now. */
	if (sono_ctl(l->s)->bad_release != l->bad)
		wrong("bad releases less those counted",
		      (long long)(l->bad - sono_ctl(l->s)->bad_release));
	__atomic_store_n(&shared->run, l->start.run, __ATOMIC_RELAXED);
	add(&shared->runs, 1);
	for (ret = 1; ret == 1 && l->taken < frames && !quitting();) {
		ret = take(l->s, &f);
		if (ret == 1)
			take_in(l, &f);
		if (chance(l, 300))
			usleep(upto(l, 30000));
		if (chance(l, 300))
			l->s->ops->command(l->s, SONO_CMD_CANCEL, NULL);
	}
	if (ret < 0 && ret != -ENODATA && !excused(ret) && ret != -ECANCELED)
		wrong("take", ret);
	account(l);
	give_back_all(l);
	return ret != -ENODEV;
}

static int configure(struct life *l)
{
	struct sono_config c = table_config(&l->table, SONO_CONFIG_PRBS);
	int ret;

	c.heartbeat_ms = chance(l, 3) ? 100 : 1000;
	c.irq_count = 1 + upto(l, SLOTS / 4);
	ret = sono_config(l->s, &c);
	/* A table that arrives broken is refused, and may be sent again. */
	if (ret == -EINVAL && c.error == SONO_SEQ_E_CRC)
		return -EIO;
	if (ret && !excused(ret))
		wrong("CONFIG", ret);
	return ret;
}

static void control(struct life *l)
{
	bool configured = false;

	while (!quitting()) {
		int ret;

		if (!configured || chance(l, 4)) {
			ret = configure(l);
			if (ret == -ENODEV)
				return;
			configured |= !ret;
		}
		if (configured && !run(l))
			return;
		if (chance(l, 8))
			return;
	}
}

/* Of the run that was the newest, or of one not far from it. */
static bool is_of_some_run(const struct sono_frame *f)
{
	uint32_t now = __atomic_load_n(&shared->run, __ATOMIC_RELAXED);

	for (uint32_t run = now + 3; run + 6 > now && run; run--)
		if (prbs_ok(f, run))
			return true;
	return false;
}

static void watch(struct life *l)
{
	static _Alignas(64) char copy[FRAME];
	unsigned int idle = 0;

	while (!quitting() && idle < 20) {
		struct sono_frame f, own;
		int ret = sono_next(l->s, &f);

		if (ret != 1) {
			sono_wait(l->s, 1 + upto(l, 4), 1000 + upto(l, 50000));
			idle++;
			continue;
		}
		idle = 0;
		memcpy(copy, f.data, FRAME);
		own = (struct sono_frame){ .rec = f.rec, .data = copy };
		if (!sono_intact(l->s, &f))
			continue;
		if (!wild && !is_of_some_run(&own))
			wrong("bytes that an observer saw, frame",
			      (long long)f.rec.seq);
		add(&shared->seen, 1);
		add(&shared->frames, 1);
	}
}

/* Open, be something, close. */
static void live_once(struct life *l)
{
	int ret = sono_open(&l->s, node(), NULL, 0);

	if (ret) {
		/* It is unbound, or about to be. */
		if (ret != -ENOENT && ret != -ENXIO && !excused(ret))
			wrong("open", ret);
		usleep(5000);
		return;
	}
	l->holds = 0;
	l->bad = 0;
	ret = chance(l, 3) ? -EBUSY : sono_setup(l->s, SLOTS, FRAME);
	if (!ret && table_make(&l->table, sono_info(l->s), &shape)) {
		wrong("no memory", 0);
	} else if (!ret) {
		control(l);
		table_free(&l->table);
	} else if (ret == -EBUSY) {
		ret = sono_observe(l->s);
		if (!ret)
			watch(l);
		else if (ret != -ENXIO && !excused(ret))
			wrong("OBSERVE", ret);
	} else if (!excused(ret)) {
		wrong("SETUP", ret);
	}
	sono_close(l->s);
	usleep(upto(l, 20000));
}

static void live(uint64_t seed)
{
	struct life l = { .random = seed };

	while (!quitting())
		live_once(&l);
	_exit(0);
}

/* --- the director -------------------------------------------------------------- */

/**
 * struct director - who does things to them
 * @random: its own
 * @life: processes, 0 where there is none
 * @born: processes there have been
 * @board: name of the PCI function
 * @done: operations by kind
 */
struct director {
	uint64_t random;
	pid_t life[LIVES];
	unsigned int born;
	char board[32];
};

static pid_t *any(struct director *d)
{
	return &d->life[random_next(&d->random) % LIVES];
}

/* Operations return whether they did anything. */

static bool do_pause(struct director *d)
{
	usleep(random_next(&d->random) % 60000);
	return true;
}

static bool do_begin(struct director *d)
{
	uint64_t seed = 1 + random_next(&d->random);
	pid_t *p = any(d);

	if (*p)
		return false;
	*p = fork();
	if (!*p)
		live(seed);
	if (*p < 0)
		wrong("fork", *p);
	d->born++;
	return true;
}

/* A process that hangs in the driver does not die. */
static void bury(pid_t *p)
{
	uint64_t limit = now_ns() + REAP_NS;
	int status;

	while (waitpid(*p, &status, WNOHANG) != *p) {
		if (now_ns() > limit) {
			wrong("a process does not end", *p);
			break;
		}
		usleep(1000);
	}
	*p = 0;
}

static bool do_kill(struct director *d)
{
	pid_t *p = any(d);

	if (!*p)
		return false;
	kill(*p, SIGKILL);
	bury(p);
	return true;
}

static bool do_halt(struct director *d)
{
	pid_t p = *any(d);

	if (!p)
		return false;
	kill(p, SIGSTOP);
	usleep(random_next(&d->random) % 200000);
	kill(p, SIGCONT);
	return true;
}

static bool do_reset(struct director *d)
{
	static const char *const ways[] = { "flr", "pm", "bus" };

	sysfs_function_put(d->board, "reset_method",
			   ways[random_next(&d->random) % 3]);
	return !sysfs_function_put(d->board, "reset", "1");
}

/* --- what was told of it --------------------------------------------------------- */

/* Of one run, from its start until the next: troubles that come to it. */
static const char *const troubles[] = { "fault", "unanswered", "barred", "absent",
					"forgotten" };

#define TROUBLES (sizeof(troubles) / sizeof(*troubles))

/**
 * struct traced - a run, as its events tell it
 * @run: its number
 * @end: its sono_end from the reason on, "" before that
 * @troubles: how many of each
 * @retired: slots
 */
struct traced {
	unsigned int run;
	char end[128];
	unsigned int troubles[TROUBLES];
	unsigned int retired;
};

/* All that there ever was, by kind. */
static unsigned long all_troubles[16], all_others[3];
static const char *const all_names[16] = {
	"fault",   "unanswered", "barred", "absent",  "lost",	 "forgotten",
	"refused", "flash",	 "glitch", "unheard", "selftest",
};
static const char *const other_names[3] = { "found", "retire", "bad_release" };

static void say_run(const struct traced *t)
{
	if (!*t->end || wild)
		return;
	say("# traced run=%u %s fault_told=%u unanswered=%u barred=%u absent=%u forgotten=%u retired=%u\n",
	    t->run, t->end, t->troubles[0], t->troubles[1], t->troubles[2],
	    t->troubles[3], t->troubles[4], t->retired);
}

static void count_trouble(struct traced *t, const char *event)
{
	char what[32] = "";

	sscanf(event, "trouble: %*s what=%31s", what);
	for (size_t i = 0; i < TROUBLES; i++)
		t->troubles[i] += !strcmp(troubles[i], what);
	for (size_t i = 0; all_names[i]; i++)
		all_troubles[i] += !strcmp(all_names[i], what);
}

static void follow(struct traced *t, const char *event)
{
	const char *reason = strstr(event, "reason=");
	unsigned int run;

	for (size_t i = 0; i < 3; i++)
		all_others[i] += !strncmp(event, other_names[i],
					  strlen(other_names[i]));
	if (sscanf(event, "start: %*s run=%u", &run) == 1) {
		say_run(t);
		*t = (struct traced){ .run = run };
	} else if (!strncmp(event, "end:", 4) && reason) {
		snprintf(t->end, sizeof(t->end), "%s", reason);
		t->end[strcspn(t->end, "\n")] = '\0';
	} else if (!strncmp(event, "trouble:", 8)) {
		count_trouble(t, event);
	} else if (!strncmp(event, "retire:", 7)) {
		t->retired++;
	}
}

/* What was kept of this binding of the driver, which is over. */
static void tell(void)
{
	struct traced t = { 0 };
	FILE *f = told_open();
	char line[512];

	if (told_lost())
		wrong("events found no room", (long long)told_lost());
	while (f && fgets(line, sizeof(line), f)) {
		const char *event = strstr(line, ": sono_");

		if (event)
			follow(&t, event + strlen(": sono_"));
	}
	say_run(&t);
	if (f)
		fclose(f);
	told_clear();
}

static void tell_all(void)
{
	tell();
	for (size_t i = 0; all_names[i]; i++)
		say("# told %s=%lu\n", all_names[i], all_troubles[i]);
	for (size_t i = 0; i < 3; i++)
		say("# told %s=%lu\n", other_names[i], all_others[i]);
}

static void compare(void)
{
	unsigned long long counted, traced;
	const char *what;

	if (!told_agree(&what, &counted, &traced)) {
		wrong(what, (long long)counted);
		wrong("but traced", (long long)traced);
	}
}

static bool do_rebind(struct director *d)
{
	int ret;

	compare();
	ret = sysfs_put(SYSFS_DRIVER "unbind", d->board);
	tell();
	/* It was not bound, since the board was not known for one. */
	if (ret && !wild)
		wrong("unbind", ret);
	usleep(random_next(&d->random) % 30000);
	/* A board that hangs is not taken. The next reset mends it. */
	while (sysfs_put(SYSFS_DRIVER "bind", d->board) && !quitting()) {
		/* This one's counters are gone. */
		told_clear();
		do_reset(d);
	}
	return !ret;
}

/*
 * Until the kernel says that it is through. Where the function is reset by sysfs,
 * or unbound, in the midst of the link's recovery, and there is no driver that
 * has kept its configuration, the PCI core of both kernels loses that for good:
 * that is not what is tested here.
 */
static void recover(int kmsg)
{
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	char line[2048];

	while (now_ns() < limit) {
		ssize_t n = read(kmsg, line, sizeof(line) - 1);

		line[n > 0 ? n : 0] = '\0';
		if (strstr(line, "AER: device recovery"))
			return;
		if (n < 0)
			usleep(2000);
	}
}

static bool do_error(struct director *d)
{
	static const uint32_t errors[][2] = {
		/* uncorrectable, correctable */
		{ 0, AER_RECEIVER_ERROR },
		{ 0, AER_RECEIVER_ERROR },
		{ AER_COMPLETION_TIMEOUT, 0 },
		{ AER_MALFORMED_TLP, 0 },
	};
	const uint32_t *e = errors[random_next(&d->random) % 4];
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint32_t first = __atomic_load_n(&shared->run, __ATOMIC_RELAXED);
	bool injected;

	lseek(kmsg, 0, SEEK_END);
	injected = !sysfs_aer_inject(d->board, e[0], e[1]);
	if (injected && e[0])
		recover(kmsg);
	close(kmsg);
	/* Runs whose account may lack what the board cannot be asked for. */
	say("# cut from=%u to=%u\n", first,
	    __atomic_load_n(&shared->run, __ATOMIC_RELAXED) + 1);
	return injected;
}

static bool do_sleep(struct director *d)
{
	bool slept;

	sysfs_put("/sys/module/suspend/parameters/pm_test_delay", "0");
	if (sysfs_put("/sys/power/pm_test", "devices"))
		return false;
	slept = !sysfs_put("/sys/power/state",
			   random_next(&d->random) % 2 ? "mem" : "freeze");
	sysfs_put("/sys/power/pm_test", "none");
	return slept;
}

/*
 * Of an image only the length is right: the board erases a bank, takes blocks and
 * refuses at the end; or it is busy, goes away meanwhile, or has enough of it.
 */
static bool do_flash(struct director *d)
{
	uint32_t image[2048];
	bool begun;
	int fd;

	for (size_t i = 0; i < sizeof(image) / sizeof(*image); i++)
		image[i] = random_next(&d->random);
	if (sysfs_put(named(UPLOADS, "/loading"), "1"))
		return false;
	fd = open(named(UPLOADS, "/data"), O_WRONLY);
	begun = fd >= 0 && write(fd, image, sizeof(image)) > 0;
	if (fd >= 0)
		close(fd);
	begun = !sysfs_put(named(UPLOADS, "/loading"), "0") && begun;
	if (random_next(&d->random) % 4 == 0)
		sysfs_put(named(UPLOADS, "/cancel"), "1");
	return begun;
}

static const struct kind {
	const char *name;
	bool (*act)(struct director *d);
	unsigned int share; /* of a thousand */
} kinds[] = {
	{ "pause", do_pause, 290 }, { "begin", do_begin, 300 },
	{ "kill", do_kill, 130 },   { "halt", do_halt, 100 },
	{ "reset", do_reset, 80 },  { "rebind", do_rebind, 50 },
	{ "error", do_error, 30 },  { "sleep", do_sleep, 10 },
	{ "flash", do_flash, 10 },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static unsigned int draw(struct director *d)
{
	uint32_t at = random_next(&d->random) % 1000;
	unsigned int i = 0;

	while (at >= kinds[i].share)
		at -= kinds[i++].share;
	return i;
}

/* Frames must come from time to time, whatever is done to them. */
static bool alive(uint64_t *frames, uint64_t *since)
{
	uint64_t now = read_once(&shared->frames);

	if (now != *frames || !*since) {
		*frames = now;
		*since = now_ns();
	}
	return now_ns() - *since < IDLE_NS;
}

/* Return: each kind of operation did something at least once. */
static bool direct(struct director *d, uint64_t operations, uint64_t frames)
{
	unsigned long tried[KINDS] = { 0 }, done[KINDS] = { 0 };
	bool all = true;
	uint64_t last = 0, since = 0, n = 0;

	while (n < operations || read_once(&shared->frames) < frames) {
		unsigned int i = draw(d);

		tried[i]++;
		done[i] += kinds[i].act(d);
		n++;
		if (!alive(&last, &since)) {
			wrong("no frame for a minute, after operations",
			      (long long)n);
			break;
		}
	}
	for (unsigned int i = 0; i < KINDS; i++) {
		say("# %s: %lu of %lu\n", kinds[i].name, done[i], tried[i]);
		all &= done[i] > 0;
	}
	return all;
}

static void end_all(struct director *d)
{
	__atomic_store_n(&shared->quit, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < LIVES; i++)
		if (d->life[i]) {
			kill(d->life[i], SIGCONT);
			bury(&d->life[i]);
		}
	__atomic_store_n(&shared->quit, 0, __ATOMIC_RELAXED);
}

/* After all that: a run of its own, a few times as the board may still lie. */
static bool works(struct director *d)
{
	uint64_t limit = now_ns() + 30 * NS_PER_S;
	bool good = false;
	int ret = 0;

	while (!good && now_ns() < limit) {
		struct life l = { .random = 1 + random_next(&d->random) };

		do_reset(d);
		ret = sono_open(&l.s, node(), NULL, 0);
		if (ret)
			continue;
		ret = sono_setup(l.s, SLOTS, FRAME);
		if (!ret)
			ret = table_make(&l.table, sono_info(l.s), &shape);
		if (!ret)
			ret = configure(&l);
		if (!ret)
			good = run(&l) && l.taken;
		table_free(&l.table);
		sono_close(l.s);
	}
	if (!good)
		say("# last it said %d\n", ret);
	return good;
}

static void result(int n, bool good, const char *what)
{
	say("%s %d %s\n", good ? "ok" : "not ok", n, what);
}

int main(int argc, char **argv)
{
	uint64_t operations = 1000, frames = 20000;
	struct director d = { 0 };
	uint32_t found;
	int option;
	bool good, all;

	while ((option = getopt(argc, argv, "wn:f:")) != -1) {
		if (option == 'n')
			operations = strtoull(optarg, NULL, 10);
		else if (option == 'w')
			wild = true;
		else if (option == 'f')
			frames = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	printf("TAP version 13\n1..4\n");
	d.random = random_seed(20261122);
	if (told_begin(16384))
		return 1;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || sysfs_function(d.board, sizeof(d.board)))
		return 1;
	all = direct(&d, operations, frames);
	end_all(&d);
	say("# %u processes, %llu runs, %llu accounts, %llu frames, %llu of them observed\n",
	    d.born, (unsigned long long)shared->runs,
	    (unsigned long long)shared->accounts,
	    (unsigned long long)shared->frames,
	    (unsigned long long)shared->seen);
	good = works(&d);
	compare();
	tell_all();
	found = __atomic_load_n(&shared->wrong, __ATOMIC_RELAXED);
	result(1, !found, "nothing was wrong");
	result(2, shared->frames >= frames, "so many frames were looked at");
	result(3, good, "the board works afterwards");
	result(4, all, "each kind of operation did something");
	return found || !good || !all || shared->frames < frames;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Boards that fail or lie. Each row is a board with one fault, and what its
 * consumer must be told of it; then the next run must work, for as long as
 * the fault lets it.
 *
 *	sono_fault -l		list the faults, for sono-sim --fault
 *	sono_fault sim		boards in this process
 *	sono_fault dev [NAME]	/dev/sono0 has the first fault, and so on; of those
 *				that begin with NAME
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"
#include "sysfs.h"
#include "told.h"

#define SLOTS 16

/* A lie about the length is one only where the frame fills its slot. */
static const struct shape shape_fast = SHAPE_16K;

/*
 * Likewise, 20 ms each, and more slots than a board fills while a stop of it is
 * waited for: there is always one that it could write.
 */
#define MANY_SLOTS 256

static const struct shape shape_slow = { 15, 544, 1, 2000000, 7 };

/**
 * struct row - a board with a fault
 * @fault: as sono-sim knows it
 * @frames: that come before it
 * @reason: why the run ends; SONO_END_NONE if it goes on, SONO_END_STOP if it
 *	was stopped before the fault
 * @code: struct sono_ctl.fault
 * @lost: frames of which the completion never comes, among the first 200
 * @driver: not in process, where no DMA can be stuck, and there is no alarm
 * @troubles: that the driver tells of, and no others
 */
struct row {
	const char *fault;
	uint64_t frames;
	uint32_t reason;
	uint32_t code;
	uint32_t lost;
	bool driver;
	const char *troubles;
};

/* As the driver has them. */
static const char *const troubles[] = {
	"fault",   "unanswered", "barred", "absent", "lost",	 "forgotten",
	"refused", "flash",	 "glitch", "unheard", "selftest",
};

static const struct row rows[] = {
	{ "slot=5", 4, SONO_END_PROTOCOL, SONO_BAD_SLOT, 0, false, NULL },
	{ "gen=7", 6, SONO_END_PROTOCOL, SONO_BAD_GEN, 0, false, NULL },
	{ "len=6", 5, SONO_END_PROTOCOL, SONO_BAD_LEN, 0, false, NULL },
	{ "backward=9", 8, SONO_END_PROTOCOL, SONO_BAD_SEQ, 0, false, NULL },
	{ "duplicate=8", 8, SONO_END_PROTOCOL, SONO_BAD_STATE, 0, false, NULL },
	{ "torn=7", 6, SONO_END_PROTOCOL, SONO_BAD_CHECK, 0, false, NULL },
	/*
	 * In the ring's later passes, where length and table are those of every
	 * frame: nothing but the check is wrong.
	 */
	{ "torn-end=300", 0, SONO_END_PROTOCOL, SONO_BAD_CHECK, 0, false, NULL },
	{ "flip=5", 4, SONO_END_PROTOCOL, SONO_BAD_CHECK, 0, false, NULL },
	/* The sixth comes after the seventh, which says that it was lost. */
	{ "swapped=6", 6, SONO_END_PROTOCOL, SONO_BAD_STATE, 0, false, NULL },
	{ "stray=11", 10, SONO_END_FAULT, SONO_FAULT_DMA, 0, false, "fault" },
	{ "overtemp=50", 0, SONO_END_FAULT, SONO_FAULT_OVER_TEMP, 0, false, "fault" },
	{ "overvolt=50", 0, SONO_END_FAULT, SONO_FAULT_OVER_VOLT, 0, false, "fault" },
	{ "overtemp=2000", 0, SONO_END_STOP, SONO_FAULT_OVER_TEMP, 0, true, "fault" },
	/* Nobody is told, until somebody looks. */
	{ "irq-lost=1,overtemp=2000", 0, SONO_END_STOP, SONO_FAULT_OVER_TEMP, 0,
	  true, "fault unheard" },
	{ "reboot=50", 0, SONO_END_FAULT, SONO_FAULT_NONE, 0, false, "forgotten" },
	{ "lost=40", 0, SONO_END_NONE, 0, 5, false, NULL },
	{ "late=3", 0, SONO_END_NONE, 0, 0, false, NULL },
	{ "irq-lost=2", 0, SONO_END_NONE, 0, 0, false, NULL },
	{ "irq-double=1", 0, SONO_END_NONE, 0, 0, false, NULL },
	{ "irq-late=2", 0, SONO_END_NONE, 0, 0, false, NULL },
	/* Not one of them arrives. */
	{ "irq-lost=1", 0, SONO_END_NONE, 0, 0, false, NULL },
	{ "irq-lost=1,overtemp=50", 0, SONO_END_FAULT, SONO_FAULT_OVER_TEMP, 0,
	  false, "fault unheard" },
	{ "crc=2", 0, SONO_END_NONE, 0, 0, false, "refused" },
	{ "forget=2", 0, SONO_END_NONE, 0, 0, false, "forgotten" },
	{ "stuck=1", 0, SONO_END_NONE, 0, 0, true, "unanswered" },
	{ "dead=50", 0, SONO_END_GONE, 0, 0, false, "absent barred" },
	/* Its DMA goes on until the bus is taken from it. */
	{ "numb=1", 0, SONO_END_NONE, 0, 0, true, "unanswered barred" },
	{ "blind=50", 0, SONO_END_GONE, 0, 0, true, "absent barred" },
	{ "blank=50", 0, SONO_END_FAULT, 0, 0, true, "unanswered barred" },
	{ "glitch=2", 0, SONO_END_NONE, 0, 0, true, "glitch" },
	/* It writes once more, later than it says that the run has ended. */
	{ "linger=1", 0, SONO_END_NONE, 0, 0, false, NULL },
};

/* It has to do with time. */
static bool is_slow(const struct row *r)
{
	return !strncmp(r->fault, "numb", 4) ||
	       !strncmp(r->fault, "blind", 5) ||
	       !strncmp(r->fault, "blank", 5) ||
	       !strncmp(r->fault, "glitch", 6);
}

/* After the run, its slots must stay as they are. */
static bool might_write(const struct row *r)
{
	return is_slow(r) || !strncmp(r->fault, "linger", 6);
}

static bool holds(const char *what, long long seen, long long wanted)
{
	if (seen == wanted)
		return true;
	printf("# %s: %lld, not %lld\n", what, seen, wanted);
	return false;
}

/* Nothing is released: a slot that is claimed twice is still held then. */
static int hold_frames(struct sono *s, uint32_t run, uint64_t frames)
{
	struct sono_frame f;
	int ret = 1;

	while (frames-- && ret == 1) {
		ret = take(s, &f);
		if (ret == 1 && !prbs_ok(&f, run))
			ret = -EBADMSG;
	}
	return ret;
}

/* Takes all there is, or enough; what is lost was said to be. */
static int take_frames(struct sono *s, uint32_t run, uint64_t enough,
		       struct sono_stop *seen)
{
	struct sono_frame f;
	int ret = 1;

	while (ret == 1 && seen->delivered < enough) {
		ret = take(s, &f);
		if (ret != 1)
			break;
		seen->delivered++;
		seen->dropped += f.rec.dropped;
		seen->lost += f.rec.lost;
		if (!prbs_ok(&f, run))
			ret = -EBADMSG;
		sono_release(s, &f);
	}
	return ret;
}

/* Of the board and fault at hand; -1 where there is none. */
static int alarm_fd = -1;

/* Of that board's function. */
static char reset_path[64];

/* The alarm of this fault, for poll(); -1 where there is none. */
static int alarm_open(const struct row *r, int n)
{
	char pattern[128];
	glob_t found;
	int fd = -1;

	/* A lie has codes of its own. */
	if (r->reason == SONO_END_PROTOCOL ||
	    (r->code != SONO_FAULT_OVER_TEMP &&
	     r->code != SONO_FAULT_OVER_VOLT))
		return -1;
	snprintf(pattern, sizeof(pattern),
		 "/sys/class/sono/sono%d/device/hwmon/hwmon*/%s_crit_alarm", n,
		 r->code == SONO_FAULT_OVER_TEMP ? "temp1" : "in0");
	if (!glob(pattern, 0, NULL, &found))
		fd = open(found.gl_pathv[0], O_RDONLY);
	globfree(&found);
	return fd;
}

static int alarm_read(int fd)
{
	char c = 0;

	return pread(fd, &c, 1, 0) == 1 ? c - '0' : -1;
}

/* The fault has gone off: who polls is told, who reads sees it. */
static bool alarm_told(void)
{
	struct pollfd p = { .fd = alarm_fd, .events = POLLPRI };
	bool ok = holds("who polls the alarm is told", poll(&p, 1, 10000), 1);

	return ok & holds("alarm", alarm_read(alarm_fd), 1);
}

static bool run_ended(struct sono *s, const struct row *r)
{
	const struct sono_ctl *ctl = sono_ctl(s);
	bool ok = true;

	ok &= holds("state", ctl->state, SONO_STATE_ENDED);
	ok &= holds("reason", ctl->reason, r->reason);
	ok &= holds("fault", ctl->fault, r->code);
	ok &= alarm_fd < 0 || alarm_told();
	return ok;
}

static bool stopped(struct sono *s, const struct sono_stop *seen)
{
	struct sono_stop a = { 0 };
	struct sono_frame f;
	bool ok;

	ok = holds("STOP", sono_stop(s, &a), 0);
	/* What was published and not taken is no frame of the next run. */
	while (sono_next(s, &f) == 1)
		sono_release(s, &f);
	ok &= holds("account", a.delivered + a.dropped + a.lost, a.produced);
	ok &= holds("not counted from thin air", a.produced < 100000, true);
	if (seen) {
		ok &= holds("delivered", seen->delivered <= a.delivered, true);
		ok &= holds("lost", seen->lost <= a.lost, true);
	}
	return ok;
}

/* Of the consumer of a liar; a quarter later the driver looks for itself. */
static uint32_t long_heartbeat(struct sono *s)
{
	return sono_info(s)->heartbeat_max;
}

/* A run that its fault ends after so many frames, at once. */
static bool lies(struct sono *s, const struct row *r, uint32_t run,
		 uint64_t frames)
{
	const uint64_t began = now_ns();
	struct sono_frame f;
	int ret = hold_frames(s, run, frames);
	bool ok = holds("frames before it, then", ret, 1);

	ret = take(s, &f);
	ok &= holds("no frame after it", ret, -ENODATA);
	ok &= holds("ended before the heartbeat's look",
		    now_ns() - began < long_heartbeat(s) / 5 * 1000000ull,
		    true);
	ok &= run_ended(s, r);
	ok &= holds("delivered", sono_ctl(s)->delivered, frames);
	return ok & stopped(s, NULL);
}

/* A run that ends at a time, and not with a certain frame. */
static bool fails(struct sono *s, const struct row *r, uint32_t run)
{
	struct sono_stop seen = { 0 };
	int ret = take_frames(s, run, 10000, &seen);
	bool ok = holds("then", ret, -ENODATA);

	ok &= run_ended(s, r);
	return ok & stopped(s, &seen);
}

/* Lost completions: said in the records, slots withheld until the stop. */
static bool loses(struct sono *s, const struct row *r, uint32_t run)
{
	struct sono_stop seen = { 0 };
	int ret = take_frames(s, run, 200, &seen);
	bool ok = holds("then", ret, 1);

	ok &= holds("lost", seen.lost, r->lost);
	return ok & stopped(s, &seen);
}

/* Of a board that resets itself meanwhile CONFIG does not wait for long. */
static bool forget_case(struct sono *s, struct sono_config *config)
{
	uint64_t before = now_ns();
	bool ok;

	ok = holds("CONFIG", sono_config(s, config), -EIO);
	return ok & holds("at once", now_ns() - before < 5 * NS_PER_S, true);
}

/* No interrupt tells of the fault: who reads the alarm finds it. */
static void look_for_alarm(void)
{
	const uint64_t limit = now_ns() + 10 * NS_PER_S;

	while (alarm_read(alarm_fd) != 1 && now_ns() < limit)
		usleep(20000);
}

/* The fault comes while nothing runs: an alarm, and the account stays. */
static bool idles(struct sono *s, const struct row *r, uint32_t run)
{
	const struct sono_ctl *ctl = sono_ctl(s);
	struct sono_stop seen = { 0 };
	bool ok = holds("frames", take_frames(s, run, 10, &seen), 1);
	uint64_t produced;

	ok &= stopped(s, &seen) & holds("no alarm", alarm_read(alarm_fd), 0);
	produced = ctl->produced;
	if (!strncmp(r->fault, "irq-lost", 8))
		look_for_alarm();
	ok &= alarm_told();
	ok &= holds("state", ctl->state, SONO_STATE_ENDED);
	ok &= holds("reason", ctl->reason, r->reason);
	ok &= holds("fault of the run", ctl->fault, 0);
	return ok & holds("produced", ctl->produced, produced);
}

/* Who writes a slot writes its start. */
static bool slots_stay(struct sono *s)
{
	const struct sono_setup *st = &s->setup;
	uint8_t mark[64];
	uint32_t written = 0;

	memset(mark, 0xa5, sizeof(mark));
	for (uint32_t i = 0; i < st->slots; i++)
		memcpy(s->slots + (size_t)i * st->slot_stride, mark,
		       sizeof(mark));
	usleep(500000);
	for (uint32_t i = 0; i < st->slots; i++)
		written += !!memcmp(s->slots + (size_t)i * st->slot_stride,
				    mark, sizeof(mark));
	return holds("slots written after the run", written, 0);
}

static bool run_once(struct sono *s, const struct row *r, uint32_t run)
{
	if (r->reason == SONO_END_STOP)
		return idles(s, r, run);
	if (r->frames)
		return lies(s, r, run, r->frames);
	if (r->reason)
		return fails(s, r, run);
	return loses(s, r, run);
}

/* A table that arrives broken is refused, and the one before stays. */
static bool crc_case(struct sono *s, struct sono_config *config)
{
	bool ok;

	ok = holds("CONFIG", sono_config(s, config), -EINVAL);
	return ok & holds("error", config->error, SONO_SEQ_E_CRC);
}

/* While its cause lasts, half a second here, the board does not start. */
static int start_when_it_can(struct sono *s, struct sono_start *start)
{
	uint64_t limit = now_ns() + 3 * NS_PER_S;
	int ret;

	while ((ret = sono_start(s, start)) == -EIO && now_ns() < limit)
		let_pass(s);
	return ret;
}

/* It is a liar still: its first frame may be the next that it lies about. */
static bool tells_truth(struct sono *s, struct sono_start *start)
{
	int ret = hold_frames(s, start->run, 1);

	if (ret == -ENODATA && stopped(s, NULL) && !sono_start(s, start))
		ret = hold_frames(s, start->run, 1);
	return holds("first frame of the next run", ret, 1) & stopped(s, NULL);
}

static bool next_run(struct sono *s, const struct row *r,
		     struct sono_start *start)
{
	struct sono_stop seen = { 0 };
	int ret = start_when_it_can(s, start);

	if (r->reason == SONO_END_GONE) {
		if (!holds("START of a board that is gone", ret, -ENODEV))
			return false;
		if (!is_slow(r))
			return true;
		/* This one is there, and a reset of its function reaches it. */
		sysfs_put(reset_path, "1");
		ret = sono_start(s, start);
	}
	if (!strncmp(r->fault, "blank", 5)) {
		if (!holds("START of a board without an ID", ret, -EIO))
			return false;
		sysfs_put(reset_path, "1");
		ret = sono_start(s, start);
	}
	if (!holds("START", ret, 0))
		return false;
	if (r->frames)
		return tells_truth(s, start);
	ret = take_frames(s, start->run, 50, &seen);
	return holds("frames", ret, 1) & stopped(s, &seen);
}

/* Of what it says of a table, too, reads may be lost. */
static bool glitch_case(struct sono *s, struct sono_config *c)
{
	const uint32_t before = c->cfg_gen;

	return holds("CONFIG again", sono_config(s, c), 0) &&
	       holds("the table's number", c->cfg_gen, before + 1) &&
	       holds("the table's frames", c->frame_bytes, 16384);
}

static bool with_board(struct sono *s, const struct row *r)
{
	struct sono_start start = { 0 };
	struct sono_config config;
	struct table t;
	bool ok;

	if (table_make(&t, sono_info(s), is_slow(r) ? &shape_slow : &shape_fast))
		return false;
	config = table_config(&t, SONO_CONFIG_PRBS);
	/* Longer than a stop is waited for: the board does not end it. */
	config.heartbeat_ms = is_slow(r) ? 8000 :
			      r->frames	 ? long_heartbeat(s) :
					   0;
	ok = holds("SETUP",
		   sono_setup(s, is_slow(r) ? MANY_SLOTS : SLOTS, 16384), 0) &&
	     holds("CONFIG", sono_config(s, &config), 0) &&
	     (strncmp(r->fault, "crc", 3) || crc_case(s, &config)) &&
	     (strncmp(r->fault, "forget", 6) || forget_case(s, &config)) &&
	     (strncmp(r->fault, "glitch", 6) || glitch_case(s, &config)) &&
	     holds("START", sono_start(s, &start), 0) &&
	     run_once(s, r, start.run) && (!might_write(r) || slots_stay(s)) &&
	     next_run(s, r, &start);
	table_free(&t);
	return ok;
}

/* The source in process takes one fault at a time. */
static void name_source(char *name, size_t n, const char *faults)
{
	size_t at = (size_t)snprintf(name, n, "%s,fault=", source_name());

	for (; *faults && at + 8 < n; faults++)
		at += (size_t)snprintf(name + at, n - at, "%s",
				       *faults == ',' ? ",fault=" :
							(char[]){ *faults, 0 });
}

static bool has_word(const char *words, const char *word)
{
	const size_t n = strlen(word);

	for (const char *at = words; at && (at = strstr(at, word)); at += n)
		if ((at == words || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

/*
 * Counted as often as it was traced. An interrupt is missed only where somebody had
 * to wait for it; and where it is late, as on a machine that is held up.
 */
static bool trouble_told(const struct row *r, int n, const char *trouble)
{
	const bool wanted = has_word(r->troubles, trouble);
	unsigned long long counted;
	char text[64];
	bool ok;

	snprintf(text, sizeof(text), "trouble_%s", trouble);
	counted = sysfs_counter_of(n, text);
	ok = (!wanted && !strcmp(trouble, "unheard")) ||
	     holds(text, counted > 0, wanted);
	snprintf(text, sizeof(text), "sono_trouble: sono%d what=%s ", n,
		 trouble);
	return ok & holds(text, (long long)told_count(text), (long long)counted);
}

/* In a counter, a trace and a state, be it that of the run. */
static bool told(const struct row *r, int n)
{
	static const char *const ends[] = {
		[SONO_END_FAULT] = "ended_fault",
		[SONO_END_PROTOCOL] = "ended_protocol",
		[SONO_END_GONE] = "ended_gone",
	};
	const char *end = r->reason == SONO_END_STOP ? NULL : ends[r->reason];
	char text[64];
	bool ok = true;

	for (size_t i = 0; i < sizeof(troubles) / sizeof(*troubles); i++)
		ok &= trouble_told(r, n, troubles[i]);
	snprintf(text, sizeof(text), "/sys/class/sono/sono%d/trouble", n);
	ok &= !r->troubles || holds("state", !strcmp(sysfs_get(text), "none"), 0);
	if (has_word(r->troubles, "unheard")) {
		snprintf(text, sizeof(text),
			 "sono_trouble: sono%d what=unheard code=%u ", n,
			 SONO_VEC_EVENT);
		ok &= holds(text, told_count(text) > 0, true);
	}
	if (!strcmp(r->fault, "irq-lost=1")) {
		snprintf(text, sizeof(text), "sono_found: sono%d ", n);
		ok &= holds(text, told_count(text) > 0, true);
		ok &= holds("found", sysfs_counter_of(n, "found") > 0, true);
	}
	if (!end)
		return ok;
	snprintf(text, sizeof(text), "sono_end: sono%d reason=%u fault=%u ", n,
		 r->reason, r->code);
	ok &= holds(text, told_count(text) > 0, true);
	return ok & holds(end, sysfs_counter_of(n, end) > 0, true);
}

static bool do_row(const struct row *r, int n, bool in_process)
{
	char name[128], why[128];
	struct sono *s;
	int ret;
	bool ok;

	if (in_process)
		name_source(name, sizeof(name), r->fault);
	else
		snprintf(name, sizeof(name), "/dev/sono%d", n);
	ret = sono_open(&s, name, why, sizeof(why));
	if (ret) {
		printf("# %s: %s %s\n", name, strerror(-ret), why);
		return false;
	}
	alarm_fd = in_process ? -1 : alarm_open(r, n);
	snprintf(reset_path, sizeof(reset_path),
		 "/sys/class/sono/sono%d/device/reset", n);
	ok = alarm_fd < 0 || holds("alarm", alarm_read(alarm_fd), 0);
	ok &= with_board(s, r);
	if (alarm_fd >= 0) {
		ok &= holds("alarm after the next START", alarm_read(alarm_fd),
			    0);
		close(alarm_fd);
	}
	sono_close(s);
	return ok & (in_process || told(r, n));
}

int main(int argc, char **argv)
{
	const char *name = argc > 2 ? argv[2] : "";
	const int n = sizeof(rows) / sizeof(*rows);
	int chosen = 0;
	bool list = argc > 1 && !strcmp(argv[1], "-l");
	bool in_process = argc > 1 && !strcmp(argv[1], "sim");
	int failed = 0;

	for (int i = 0; i < n; i++)
		chosen += !strncmp(rows[i].fault, name, strlen(name));
	if (!list && !in_process && told_begin(4096))
		return 1;
	if (!list)
		printf("TAP version 13\n1..%d\n", chosen);
	chosen = 0;
	for (int i = 0; i < n; i++) {
		if (strncmp(rows[i].fault, name, strlen(name)))
			continue;
		if (list) {
			printf("%s\n", rows[i].fault);
			continue;
		}
		bool skip = in_process && rows[i].driver;
		bool ok = skip || do_row(&rows[i], chosen, in_process);

		printf("%s %d %s%s\n", ok ? "ok" : "not ok", ++chosen,
		       rows[i].fault, skip ? " # SKIP in process" : "");
		fflush(stdout);
		failed |= !ok;
	}
	return failed;
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Random calls to the driver from several threads: files, mappings, commands by
 * ioctl and io_uring, reads, polls, forks; arguments that are right, almost
 * right, or wild. The driver's node is /dev/sono0; whether the kernel took harm
 * is for its log to say. Afterwards the board must make a plain recording.
 *
 *	uapi [-s SEED] [-t THREADS] [-n STEPS | -d SECONDS]
 *
 * Every thread has its own stream of numbers from the seed, six a step whatever
 * comes of it: the same seed and number of threads make the same calls again. How
 * the threads fall between each other is the scheduler's.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stream.h"

#define NODE "/dev/sono0"
#define FILES 12
#define FILES_FROM 200
#define MAPS 6
#define THREADS_MAX 16
#define PAGE 4096
#define STUCK_S 30

enum { COMMANDS = 14 };

static const uint32_t commands[COMMANDS] = {
	SONO_CMD_INFO,	 SONO_CMD_SETUP,   SONO_CMD_CONFIG, SONO_CMD_START,
	SONO_CMD_STOP,	 SONO_CMD_KICK,	   SONO_CMD_ARM,    SONO_CMD_CANCEL,
	SONO_CMD_OBSERVE, SONO_CMD_EXPORT, SONO_CMD_REGBUF, SONO_CMD_UNREGBUF,
	0xd77f,		 0,
};

static const char *const names[COMMANDS] = {
	"INFO",	   "SETUP",  "CONFIG", "START",	   "STOP", "KICK", "ARM",
	"CANCEL",  "OBSERVE", "EXPORT", "REGBUF", "UNREGBUF", "none", "zero",
};

/* Where ranges end, and what wraps. */
static const uint64_t edges[] = {
	0, 1, 2, 3, 4, 7, 8, 16, 19, 20, 63, 64, 65, 255, 256, 1000, 1023,
	1024, 1025, 4095, 4096, 4097, 16384, 65535, 65536, 0xfffff, 0x100000,
	0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000,
	0x200000000, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffffffff000, 0xffffffffffffffff,
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

/* What a step may use, drawn before it is known what it will do. */
struct draw {
	uint32_t op, a, b, c, d, e;
};

struct mapping {
	uint8_t *at;
	size_t bytes;
};

struct thread {
	pthread_t id;
	uint64_t random;
	struct mapping map[MAPS];
	struct io_uring ring;
	bool has_ring;
	struct table table;
	uint8_t *scratch; /* a copy of the table */
	uint8_t *edge; /* a page, and none behind it */
	uint8_t *fixed; /* a page that is not writable */
	uint64_t area[64]; /* of a command's structure */
	_Atomic uint64_t steps;
};

static struct thread threads[THREADS_MAX];
static _Atomic int files[FILES]; /* descriptors + 1, shared by all */
static _Atomic uint64_t good[COMMANDS], bad[COMMANDS];
static _Atomic bool enough;
static uint64_t steps_wanted = UINT64_MAX;
static const struct shape shape = SHAPE_16K;

static _Thread_local sigjmp_buf back;
static _Thread_local volatile sig_atomic_t peeking;

static void on_fault(int signal)
{
	if (!peeking) {
		fprintf(stderr, "signal %d\n", signal);
		_exit(3);
	}
	siglongjmp(back, 1);
}

/* --- arguments --------------------------------------------------------------- */

static int file_at(uint32_t n)
{
	return atomic_load(&files[n % FILES]) - 1;
}

/*
 * A number that another thread has closed may be used for a while: those of our
 * files are kept apart from all others, rings above all.
 */
static void file_set(uint32_t n, int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FILES_FROM);
	int old = atomic_exchange(&files[n % FILES], high + 1) - 1;

	if (fd >= 0)
		close(fd);
	if (old >= 0)
		close(old);
}

static uint64_t edge(uint32_t n)
{
	return edges[n % EDGES];
}

/* A table, right in one of two cases. */
static void make_config(struct thread *t, const struct draw *w)
{
	struct sono_config *c = (void *)t->area;
	struct table copy = t->table;
	uint32_t words = t->table.bytes / 4;

	memcpy(t->scratch, t->table.head, t->table.bytes);
	*c = table_config(&t->table, w->d % 5);
	c->table = (uintptr_t)t->scratch;
	if (!(w->d & 0x100))
		return;
	memcpy(t->scratch + w->c % words * 4, &edges[w->d % EDGES], 4);
	copy.head = (void *)t->scratch;
	if (w->d & 0x200)
		table_seal(&copy);
}

/* As a well-meaning caller would fill it in. */
static void fill(struct thread *t, uint32_t op, const struct draw *w)
{
	void *area = t->area;
	struct sono_setup *st = area;
	struct sono_start *start = area;
	struct sono_export *export = area;

	memset(t->area, 0, sizeof(t->area));
	switch (op) {
	case SONO_CMD_SETUP:
		st->slots = 2 + w->d % 30;
		st->slot_bytes = 16384;
		break;
	case SONO_CMD_CONFIG:
		make_config(t, w);
		break;
	case SONO_CMD_START:
		start->flags = w->d & 1 ? SONO_START_TX_OFF : 0;
		break;
	case SONO_CMD_EXPORT:
		export->slot = w->d & 1 ? SONO_SLOTS_ALL : w->d % 32;
		break;
	}
}

/* The structure itself, or an address that is of no use. */
static void *argument(struct thread *t, const struct draw *w)
{
	uint32_t kind = w->e >> 16;

	/* One word of three in ten is at an edge of its range. */
	if (w->c % 10 < 3)
		memcpy((uint8_t *)t->area + w->c / 16 % 32 * 4,
		       &edges[w->e % EDGES], w->e & 0x8000 ? 8 : 4);
	switch (kind % 24) {
	case 0:
		return NULL;
	case 1:
		return (void *)8;
	case 2:
		return (void *)0xffff888000000000;
	case 3:
		return (void *)0x8000000000001000;
	case 4: /* most of it, or nearly all, on the page */
		memcpy(t->edge + PAGE - 16, t->area, 16);
		return t->edge + PAGE - (kind & 0x100 ? 16 : 4);
	case 5:
		return t->fixed;
	default:
		return t->area;
	}
}

static void count(uint32_t command, int ret)
{
	atomic_fetch_add(ret < 0 ? &bad[command] : &good[command], 1);
}

/* --- steps ------------------------------------------------------------------- */

static void do_open(struct thread *t, const struct draw *w)
{
	static const int flags[] = { O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };

	(void)t;
	file_set(w->a, open(NODE, O_NONBLOCK | O_CLOEXEC | flags[w->b % 4]));
}

static void do_close(struct thread *t, const struct draw *w)
{
	(void)t;
	file_set(w->a, -1);
}

static void do_dup(struct thread *t, const struct draw *w)
{
	(void)t;
	file_set(w->a, dup(file_at(w->b)));
}

static void do_ioctl(struct thread *t, const struct draw *w)
{
	const struct sono_export *export = (void *)t->area;
	uint32_t n = w->b % COMMANDS;
	uint32_t op = commands[n];
	int ret;

	fill(t, op, w);
	/* Now and then with another size or direction. */
	if (w->b >> 16 < 1000)
		op ^= 1u << (w->b >> 8 & 31);
	ret = ioctl(file_at(w->a), op, argument(t, w));
	count(n, ret);
	if (!ret && op == SONO_CMD_EXPORT)
		file_set(w->c, export->fd);
}

/* What a controller does in this order; without it hardly any run begins. */
static void do_run(struct thread *t, const struct draw *w)
{
	static const uint32_t order[] = { 1, 2, 3 }; /* SETUP CONFIG START */
	struct draw mild = { .d = w->d & 1 };

	for (int i = 0; i < 3; i++) {
		mild.d = i == 1 ? SONO_CONFIG_PRBS : w->d;
		fill(t, commands[order[i]], &mild);
		count(order[i],
		      ioctl(file_at(w->a), commands[order[i]], t->area));
	}
}

static void ring_make(struct thread *t, uint32_t kind)
{
	static const unsigned int flags[] = {
		0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SQE128 | IORING_SETUP_CQE32, IORING_SETUP_SQPOLL,
	};
	struct io_uring_params p = { .flags = flags[kind % 4],
				     .sq_thread_idle = 10 };

	t->has_ring = !io_uring_queue_init_params(32, &t->ring, &p);
	if (t->has_ring)
		io_uring_register_buffers_sparse(&t->ring, 4);
}

static void ring_reap(struct thread *t)
{
	struct io_uring_cqe *cqe;

	io_uring_get_events(&t->ring);
	while (!io_uring_peek_cqe(&t->ring, &cqe)) {
		count(cqe->user_data % COMMANDS, cqe->res);
		io_uring_cqe_seen(&t->ring, cqe);
	}
}

static void uring_area(struct thread *t, struct io_uring_sqe *sqe,
		       const struct draw *w)
{
	struct sono_uring_cmd cmd = { .addr = (uintptr_t)argument(t, w) };
	struct sono_arm arm = { w->d % 64, 1 + w->d % 8, w->e % 20000 };
	uint32_t slot = w->d & 1 ? SONO_SLOTS_ALL : w->d % 32;
	bool adds = sqe->cmd_op == SONO_CMD_REGBUF;
	struct sono_regbuf rb = { adds ? slot : 0,
				  w->e % 5, 0 };

	if (sqe->cmd_op == SONO_CMD_ARM)
		memcpy(sqe->cmd, &arm, sizeof(arm));
	else if (adds ||
		 sqe->cmd_op == SONO_CMD_UNREGBUF)
		memcpy(sqe->cmd, &rb, sizeof(rb));
	else
		memcpy(sqe->cmd, &cmd, sizeof(cmd));
	if (w->c % 8 == 0)
		memcpy(sqe->cmd + w->c / 8 % 4 * 4, &edges[w->e % EDGES], 4);
}

static void do_uring(struct thread *t, const struct draw *w)
{
	uint32_t n = w->b % COMMANDS;
	struct io_uring_sqe *sqe;

	if (!t->has_ring)
		ring_make(t, w->c);
	if (!t->has_ring)
		return;
	sqe = io_uring_get_sqe(&t->ring);
	if (sqe) {
		memset(sqe, 0, sizeof(*sqe));
		fill(t, commands[n], w);
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = file_at(w->a);
		sqe->cmd_op = commands[n];
		sqe->user_data = n;
		sqe->flags = w->e >> 28 ? 0 : IOSQE_ASYNC;
		uring_area(t, sqe, w);
	}
	io_uring_submit(&t->ring);
	ring_reap(t);
}

/* With whatever waits in it. */
static void do_ring_exit(struct thread *t, const struct draw *w)
{
	(void)w;
	if (t->has_ring)
		io_uring_queue_exit(&t->ring);
	t->has_ring = false;
}

static void do_munmap(struct thread *t, const struct draw *w)
{
	struct mapping *m = &t->map[w->b % MAPS];

	if (m->at)
		munmap(m->at, m->bytes);
	m->at = NULL;
}

static void do_mmap(struct thread *t, const struct draw *w)
{
	static const uint64_t offsets[] = { 0, 0x100000000, 0x200000000 };
	struct mapping *m = &t->map[w->b % MAPS];
	uint64_t offset = w->c % 8 ? offsets[w->c % 3] : edge(w->c >> 8);
	void *at;

	do_munmap(t, w);
	m->bytes = w->d % 4 ? (1 + w->d % 16) * PAGE : edge(w->d >> 8);
	at = mmap(NULL, m->bytes, w->e & 3,
		  w->e >> 8 & 15 ? MAP_SHARED : MAP_PRIVATE, file_at(w->a),
		  (off_t)(offset & ~(uint64_t)(PAGE - 1)));
	m->at = at == MAP_FAILED ? NULL : at;
}

static void do_mprotect(struct thread *t, const struct draw *w)
{
	const struct mapping *m = &t->map[w->b % MAPS];

	if (m->at)
		mprotect(m->at, m->bytes, w->c & 3);
}

/* Reads and writes where it may; writes release rings full of anything. */
static void do_poke(struct thread *t, const struct draw *w)
{
	const struct mapping *m = &t->map[w->b % MAPS];
	uint32_t *word;

	if (!m->at || sigsetjmp(back, 1))
		goto out;
	peeking = 1;
	word = (uint32_t *)(m->at + w->c % m->bytes / 4 * 4);
	if (w->d & 1)
		*word = w->d & 2 ? (uint32_t)edge(w->e) : w->e % 64;
	else
		t->area[0] = *(volatile uint32_t *)word;
	/* A tail that moves on, as of a user area. */
	if (w->d & 4)
		*(volatile uint32_t *)m->at += w->d >> 8 & 3;
out:
	peeking = 0;
}

static void do_read(struct thread *t, const struct draw *w)
{
	static const size_t sizes[] = { 64, 512, 0, 1, 63, 65, 1u << 30 };
	size_t bytes = w->b % 4 ? sizes[w->b % 2] : sizes[w->b / 4 % 7];
	void *to = argument(t, w);

	/* No more than there is room for where the kernel may write. */
	if (to == t->area && bytes > sizeof(t->area))
		bytes = sizeof(t->area);
	if (read(file_at(w->a), to, bytes) < 0)
		return;
}

static void do_poll(struct thread *t, const struct draw *w)
{
	struct pollfd p = { .fd = file_at(w->a), .events = (short)w->b };

	(void)t;
	poll(&p, 1, w->c % 3);
}

/* A child has the files, and ends in one way or another. */
static void do_fork(struct thread *t, const struct draw *w)
{
	pid_t child = fork();

	if (!child) {
		fill(t, commands[w->b % 9], w);
		ioctl(file_at(w->a), commands[w->b % 9], t->area);
		if (w->c & 1)
			kill(getpid(), SIGKILL);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static const struct {
	unsigned int weight; /* of all in the table */
	void (*act)(struct thread *t, const struct draw *w);
} acts[] = {
	{ 60, do_open },   { 50, do_close },	{ 10, do_dup },
	{ 220, do_ioctl }, { 40, do_run },	{ 200, do_uring },
	{ 8, do_ring_exit }, { 100, do_mmap },	{ 40, do_munmap },
	{ 20, do_mprotect }, { 150, do_poke },	{ 60, do_read },
	{ 30, do_poll },   { 2, do_fork },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

static void step(struct thread *t)
{
	struct draw w = { random_next(&t->random), random_next(&t->random),
			  random_next(&t->random), random_next(&t->random),
			  random_next(&t->random), random_next(&t->random) };
	unsigned int total = 0, at, i;

	for (i = 0; i < ACTS; i++)
		total += acts[i].weight;
	at = w.op % total;
	for (i = 0; at >= acts[i].weight; i++)
		at -= acts[i].weight;
	acts[i].act(t, &w);
	atomic_fetch_add(&t->steps, 1);
}

static void *run(void *arg)
{
	struct thread *t = arg;
	uint64_t left = steps_wanted;

	while (left-- && !atomic_load(&enough))
		step(t);
	do_ring_exit(t, NULL);
	for (uint32_t i = 0; i < MAPS; i++)
		do_munmap(t, &(struct draw){ .b = i });
	/* No step is left: not to be taken for stuck. */
	atomic_store(&t->steps, UINT64_MAX);
	return NULL;
}

/* --- before and after -------------------------------------------------------- */

static int prepare(struct thread *t, uint64_t seed, int n,
		   const struct sono_info *info)
{
	t->random = seed * 1000003 + (uint64_t)n + 1;
	t->edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t->fixed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	if (t->edge == MAP_FAILED || t->fixed == MAP_FAILED)
		return -ENOMEM;
	/* Not unmapped: something else would be there soon. */
	mprotect(t->edge + PAGE, PAGE, PROT_NONE);
	if (table_make(&t->table, info, &shape))
		return -ENOMEM;
	t->scratch = malloc(t->table.bytes);
	return t->scratch ? 0 : -ENOMEM;
}

/* Until all have ended; false if one makes no step for too long. */
static bool watch(int n, unsigned int seconds)
{
	uint64_t until = now_ns() + seconds * NS_PER_S, since = now_ns();
	uint64_t last[THREADS_MAX] = { 0 };
	bool all;

	for (;;) {
		usleep(100000);
		if (now_ns() > until)
			atomic_store(&enough, true);
		all = true;
		for (int i = 0; i < n; i++) {
			uint64_t at = atomic_load(&threads[i].steps);

			all = all && at == UINT64_MAX;
			if (at != last[i])
				since = now_ns();
			last[i] = at;
		}
		if (all)
			return true;
		if (now_ns() - since > STUCK_S * NS_PER_S)
			return false;
	}
}

/* A plain recording, every byte right, the account closed. */
static int record(void)
{
	struct sono_config config;
	struct sono_start start = { 0 };
	struct sono_stop stop;
	struct sono_frame f;
	struct table table;
	struct sono *s;
	int ret = sono_open(&s, NODE, NULL, 0);

	if (ret)
		return ret;
	ret = sono_setup(s, 16, 16384) ?:
	      table_make(&table, sono_info(s), &shape);
	if (ret)
		return ret;
	config = table_config(&table, SONO_CONFIG_PRBS);
	ret = sono_config(s, &config) ?: sono_start(s, &start);
	for (int i = 0; i < 100 && !ret; i++) {
		ret = take(s, &f);
		ret = ret == 1 ? prbs_ok(&f, start.run) ? 0 : -EBADMSG : ret;
		sono_release(s, &f);
	}
	ret = ret ?: sono_stop(s, &stop);
	if (!ret && stop.produced != stop.delivered + stop.dropped + stop.lost)
		ret = -EBADE;
	sono_close(s);
	table_free(&table);
	return ret;
}

/* Where in the kernel each thread is, for whoever has to find out why. */
static void print_stacks(void)
{
	char line[256];
	glob_t found;
	FILE *f;

	if (glob("/proc/self/task/*/stack", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		printf("# %s\n", found.gl_pathv[i]);
		f = fopen(found.gl_pathv[i], "re");
		while (f && fgets(line, sizeof(line), f))
			printf("#   %s", line);
		if (f)
			fclose(f);
	}
	globfree(&found);
}

static int result(int n, bool ok, const char *what)
{
	printf("%s %d - %s\n", ok ? "ok" : "not ok", n, what);
	return !ok;
}

static void print_counts(void)
{
	for (int i = 0; i < COMMANDS; i++)
		printf("# %-8s %8llu done %8llu refused\n", names[i],
		       (unsigned long long)atomic_load(&good[i]),
		       (unsigned long long)atomic_load(&bad[i]));
}

int main(int argc, char **argv)
{
	const struct sigaction act = { .sa_handler = on_fault,
				       .sa_flags = SA_NODEFER };
	unsigned int seconds = 3600 * 24;
	uint64_t seed = random_seed(20261122);
	struct sono_info info;
	int n = 4, option, fd, failed;

	while ((option = getopt(argc, argv, "s:t:n:d:")) != -1)
		switch (option) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			n = atoi(optarg);
			break;
		case 'n':
			steps_wanted = strtoull(optarg, NULL, 0);
			break;
		case 'd':
			seconds = (unsigned int)atoi(optarg);
			break;
		default:
			return 2;
		}
	if (n < 1 || n > THREADS_MAX)
		return 2;
	fd = open(NODE, O_RDWR);
	if (fd < 0 || ioctl(fd, SONO_CMD_INFO, &info)) {
		printf("Bail out! %s: %s\n", NODE, strerror(errno));
		return 1;
	}
	close(fd);
	printf("TAP version 13\n1..3\n# seed=%llu threads=%d\n",
	       (unsigned long long)seed, n);
	fflush(stdout);
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	for (int i = 0; i < n; i++)
		if (prepare(&threads[i], seed, i, &info) ||
		    pthread_create(&threads[i].id, NULL, run, &threads[i]))
			return 2;
	failed = result(1, watch(n, seconds), "no call hangs");
	if (failed) {
		print_stacks();
		fflush(stdout);
		_exit(1);
	}
	for (uint32_t i = 0; i < FILES; i++)
		file_set(i, -1);
	print_counts();
	failed |= result(2, atomic_load(&good[3]) > 0, "some runs began");
	usleep(500000);
	failed |= result(3, record() == 0, "the board records as before");
	return failed;
}

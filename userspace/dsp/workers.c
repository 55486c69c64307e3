// SPDX-License-Identifier: MIT
/* A pool that waits by spinning first, then on a futex. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "workers.h"

#define LOOKS		64	/* between two readings of the clock */

/* In one word, or a late worker would mix two jobs: whose, of how many, next. */
#define TICKET(round, shares)	((uint64_t)(round) << 32 | (uint64_t)(shares) << 16)
#define TICKET_ROUND(ticket)	((unsigned int)((ticket) >> 32))
#define TICKET_SHARES(ticket)	((uint32_t)(ticket) >> 16)
#define TICKET_NEXT(ticket)	((uint32_t)(ticket) & 0xffff)

struct worker {
	struct workers *pool;
	uint32_t number;
	pthread_t thread;
	/* written while it holds a share, read when the job is done */
	uint32_t spans;
	struct workers_span span[WORKERS_SPANS_MAX];
};

struct workers {
	uint32_t count;
	struct worker *worker;	/* [count], the first without a thread */
	void (*job)(void *arg, uint32_t share);
	void *arg;
	bool watched;		/* changes between jobs */
	bool quit;
	/* more than processors: who waits by spinning takes one from who works */
	bool crowded;
	/*
	 * A job is published by the release of ticket, and round says that
	 * there is one; what it did is published by the release of left. Each
	 * in a cache line of its own.
	 */
	_Alignas(64) _Atomic uint64_t ticket;	/* see TICKET */
	_Alignas(64) atomic_uint round;
	_Alignas(64) atomic_uint left;		/* shares that are not done */
	_Alignas(64) atomic_uint asleep;	/* perhaps: somebody is to be woken */
};

/* CLOCK_MONOTONIC is read from the vDSO: no system call */
static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t now_us(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000;
}

static void futex(atomic_uint *word, int op, unsigned int value)
{
	syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Until the round is no longer @old: awake for a while, then asleep. */
static unsigned int next_round(struct workers *w, unsigned int old)
{
	const uint64_t until = now_us() + (w->crowded ? 0 : WORKERS_AWAKE_US);
	unsigned int round, i;

	do {
		for (i = 0; i < LOOKS; i++) {
			round = atomic_load_explicit(&w->round,
						     memory_order_acquire);
			if (round != old)
				return round;
			__builtin_ia32_pause();
		}
	} while (now_us() < until);
	/* who publishes a round looks for sleepers after it: both are seq_cst */
	atomic_store(&w->asleep, 1);
	while ((round = atomic_load(&w->round)) == old)
		futex(&w->round, FUTEX_WAIT_PRIVATE, old);
	return round;
}

/*
 * The next share of a round's job. A worker that comes late finds another
 * round's ticket; while it holds a share the job cannot end, so that what it
 * reads of the job is that share's.
 */
static bool take_share(struct workers *w, unsigned int round, uint32_t *share)
{
	uint64_t ticket = atomic_load_explicit(&w->ticket,
					       memory_order_acquire);

	do {
		*share = TICKET_NEXT(ticket);
		if (TICKET_ROUND(ticket) != round ||
		    *share == TICKET_SHARES(ticket))
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&w->ticket, &ticket,
							ticket + 1,
							memory_order_acquire,
							memory_order_acquire));
	return true;
}

static void span_begin(struct workers_span *span)
{
	span->begin = clock_ns(CLOCK_MONOTONIC);
	span->cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void span_end(struct worker *self, struct workers_span *span)
{
	span->cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - span->cpu;
	span->end = clock_ns(CLOCK_MONOTONIC);
	if (self->spans < WORKERS_SPANS_MAX)
		self->span[self->spans++] = *span;
}

/*
 * All that a worker writes it writes while it holds a share: until the last one
 * is given up the job goes on.
 */
static void do_shares(struct worker *self, unsigned int round)
{
	struct workers *w = self->pool;
	struct workers_span span;
	bool more, watched;
	uint32_t share, next;

	more = take_share(w, round, &share);
	watched = more && w->watched;
	if (watched)
		span_begin(&span);
	while (more) {
		w->job(w->arg, share);
		more = take_share(w, round, &next);
		if (watched && !more)
			span_end(self, &span);
		atomic_fetch_sub_explicit(&w->left, 1, memory_order_release);
		share = next;
	}
}

static void *serve(void *arg)
{
	struct worker *self = arg;
	struct workers *w = self->pool;
	unsigned int round = 0;

	for (;;) {
		round = next_round(w, round);
		if (w->quit)
			return NULL;
		do_shares(self, round);
	}
}

/* Returns the job's round. */
static unsigned int publish(struct workers *w, uint32_t shares)
{
	const unsigned int round = atomic_load(&w->round) + 1;

	atomic_store_explicit(&w->left, shares, memory_order_relaxed);
	atomic_store_explicit(&w->ticket, TICKET(round, shares),
			      memory_order_release);
	atomic_store(&w->round, round);
	/* once for those who sleep now: waking up takes longer than a stage */
	if (atomic_load(&w->asleep) && atomic_exchange(&w->asleep, 0))
		futex(&w->round, FUTEX_WAKE_PRIVATE, INT_MAX);
	return round;
}

void workers_run(struct workers *w, uint32_t shares,
		 void (*job)(void *arg, uint32_t share), void *arg)
{
	unsigned int looks = 0;
	uint32_t share;

	if (!w || w->count == 1 || shares == 1) {
		for (share = 0; share < shares; share++)
			job(arg, share);
		return;
	}
	w->job = job;
	w->arg = arg;
	do_shares(&w->worker[0], publish(w, shares));
	while (atomic_load_explicit(&w->left, memory_order_acquire)) {
		__builtin_ia32_pause();
		/* a worker has lost its processor, perhaps to this loop */
		if (w->crowded || !(++looks % 4096))
			sched_yield();
	}
}

uint32_t workers_count(const struct workers *w)
{
	return w ? w->count : 1;
}

uint32_t workers_shares(const struct workers *w)
{
	return workers_count(w) > 1 ? 4 * w->count : 1;
}

void workers_watch(struct workers *w, bool on)
{
	if (!w)
		return;
	w->watched = on;
	for (uint32_t i = 0; i < w->count; i++)
		w->worker[i].spans = 0;
}

const struct workers_span *workers_spans(const struct workers *w,
					 uint32_t worker, uint32_t *n)
{
	*n = w ? w->worker[worker].spans : 0;
	return w ? w->worker[worker].span : NULL;
}

uint32_t workers_available(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set) < WORKERS_MAX ? CPU_COUNT(&set) : WORKERS_MAX;
}

/* The n-th of the processors that this process may use, from the last. */
static void bind(pthread_t thread, uint32_t n)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all) ||
	    n >= (uint32_t)CPU_COUNT(&all))
		return;
	for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &all) || n--; cpu--)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* a wish: where it is refused, the scheduler decides */
	pthread_setaffinity_np(thread, sizeof(one), &one);
}

int workers_create(struct workers **workers, uint32_t count)
{
	struct workers *w;
	uint32_t i;

	if (!count || count > WORKERS_MAX)
		return -EINVAL;
	w = aligned_alloc(64, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct workers){ .count = 1,
			       .crowded = count > workers_available() };
	w->worker = calloc(count, sizeof(*w->worker));
	if (!w->worker) {
		free(w);
		return -ENOMEM;
	}
	w->worker[0].pool = w;
	for (i = 1; i < count; i++) {
		struct worker *worker = &w->worker[i];

		*worker = (struct worker){ .pool = w, .number = i };
		if (pthread_create(&worker->thread, NULL, serve, worker)) {
			workers_destroy(w);
			return -EAGAIN;
		}
		bind(worker->thread, i - 1);
		w->count = i + 1;
	}
	*workers = w;
	return 0;
}

void workers_follow(struct workers *w)
{
	struct sched_param param;
	int policy;

	if (!w || pthread_getschedparam(pthread_self(), &policy, &param))
		return;
	for (uint32_t i = 1; i < w->count; i++)
		pthread_setschedparam(w->worker[i].thread, policy, &param);
}

void workers_destroy(struct workers *w)
{
	uint32_t i;

	if (!w)
		return;
	w->quit = true;
	publish(w, 0);
	for (i = 1; i < w->count; i++)
		pthread_join(w->worker[i].thread, NULL);
	free(w->worker);
	free(w);
}

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

struct worker {
	struct workers *pool;
	uint32_t number;
	pthread_t thread;
};

struct workers {
	uint32_t count;
	struct worker *worker;	/* [count], the first without a thread */
	void (*job)(void *arg, uint32_t worker);
	void *arg;
	bool quit;
	/*
	 * A job is published by the release of round; what it did, by that of
	 * left. Each in a cache line of its own.
	 */
	_Alignas(64) atomic_uint round;
	_Alignas(64) atomic_uint left;
	_Alignas(64) atomic_uint asleep;
};

static uint64_t now_us(void)
{
	struct timespec t;

	/* read from the vDSO: no system call */
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ull + t.tv_nsec / 1000;
}

static void futex(atomic_uint *word, int op, unsigned int value)
{
	syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Until the round is no longer @old: awake for a while, then asleep. */
static unsigned int next_round(struct workers *w, unsigned int old)
{
	const uint64_t until = now_us() + WORKERS_AWAKE_US;
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
	atomic_fetch_add(&w->asleep, 1);
	while ((round = atomic_load(&w->round)) == old)
		futex(&w->round, FUTEX_WAIT_PRIVATE, old);
	atomic_fetch_sub(&w->asleep, 1);
	return round;
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
		w->job(w->arg, self->number);
		atomic_fetch_sub_explicit(&w->left, 1, memory_order_release);
	}
}

static void publish(struct workers *w)
{
	atomic_store_explicit(&w->left, w->count - 1, memory_order_relaxed);
	atomic_fetch_add(&w->round, 1);
	if (atomic_load(&w->asleep))
		futex(&w->round, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void workers_run(struct workers *w, void (*job)(void *arg, uint32_t worker),
		 void *arg)
{
	unsigned int looks = 0;

	if (!w || w->count == 1) {
		job(arg, 0);
		return;
	}
	w->job = job;
	w->arg = arg;
	publish(w);
	job(arg, 0);
	while (atomic_load_explicit(&w->left, memory_order_acquire)) {
		__builtin_ia32_pause();
		/* a worker has lost its processor, perhaps to this loop */
		if (!(++looks % 4096))
			sched_yield();
	}
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
	*w = (struct workers){ .count = 1 };
	w->worker = calloc(count, sizeof(*w->worker));
	if (!w->worker) {
		free(w);
		return -ENOMEM;
	}
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

void workers_destroy(struct workers *w)
{
	uint32_t i;

	if (!w)
		return;
	w->quit = true;
	publish(w);
	for (i = 1; i < w->count; i++)
		pthread_join(w->worker[i].thread, NULL);
	free(w->worker);
	free(w);
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "dsp/workers.h"

#define COUNT	5	/* more than some machines have processors */

/* What each share did; its own, so that no order is needed. */
struct tally {
	uint64_t calls[COUNT];
	uint64_t sum;
};

static void count(void *arg, uint32_t share)
{
	struct tally *t = arg;

	t->calls[share]++;
}

static struct workers *make(uint32_t n)
{
	struct workers *w;

	cr_assert_eq(workers_create(&w, n), 0);
	return w;
}

Test(workers, every_one_is_called_once_a_job, .timeout = 60)
{
	struct workers *w = make(COUNT);
	struct tally t = { 0 };
	uint32_t i, run;

	for (run = 1; run <= 500; run++) {
		workers_run(w, COUNT, count, &t);
		/* all are done when the call returns */
		for (i = 0; i < COUNT; i++)
			cr_assert_eq(t.calls[i], run, "worker %u, job %u", i,
				     run);
	}
	workers_destroy(w);
}

Test(workers, sleepers_wake_for_the_next_job, .timeout = 60)
{
	const struct timespec longer = {
		.tv_nsec = 5 * WORKERS_AWAKE_US * 1000,
	};
	struct workers *w = make(COUNT);
	struct tally t = { 0 };
	uint32_t i, run;

	for (run = 1; run <= 20; run++) {
		nanosleep(&longer, NULL);
		workers_run(w, COUNT, count, &t);
		for (i = 0; i < COUNT; i++)
			cr_assert_eq(t.calls[i], run, "worker %u, job %u", i,
				     run);
	}
	workers_destroy(w);
}

/* What workers wrote is seen by the caller, and that by them. */
static void add(void *arg, uint32_t share)
{
	struct tally *t = arg;

	t->calls[share] += t->sum + share;
}

Test(workers, jobs_see_what_was_written_between_them, .timeout = 60)
{
	struct workers *w = make(COUNT);
	struct tally t = { 0 };
	uint64_t want[COUNT] = { 0 };
	uint32_t i, run;

	for (run = 0; run < 500; run++) {
		for (i = 0; i < COUNT; i++)
			want[i] += t.sum + i;
		workers_run(w, COUNT, add, &t);
		for (i = 0; i < COUNT; i++)
			cr_assert_eq(t.calls[i], want[i]);
		t.sum = t.calls[run % COUNT] % 1000;
	}
	workers_destroy(w);
}

Test(workers, none_or_one_is_the_caller)
{
	struct workers *w = make(1);
	struct tally t = { 0 };
	uint32_t i;

	workers_run(NULL, COUNT, count, &t);
	workers_run(w, COUNT, count, &t);
	for (i = 0; i < COUNT; i++)
		cr_assert_eq(t.calls[i], 2);
	cr_assert_eq(workers_count(NULL), 1);
	cr_assert_eq(workers_shares(NULL), 1);
	cr_assert_eq(workers_shares(w), 1);
	workers_destroy(w);
	workers_destroy(NULL);
}

/* The first share goes on until all others have been done. */
struct hostage {
	atomic_uint done;
	uint32_t shares;
};

static void hold(void *arg, uint32_t share)
{
	struct hostage *h = arg;

	if (!share)
		while (atomic_load(&h->done) + 1 < h->shares)
			;
	atomic_fetch_add(&h->done, 1);
}

Test(workers, others_do_the_shares_of_who_is_held_up, .timeout = 60)
{
	struct workers *w = make(2);
	struct hostage h = { .shares = 100 };

	/* with shares dealt out beforehand half of them would wait for ever */
	workers_run(w, h.shares, hold, &h);
	cr_assert_eq(atomic_load(&h.done), 100);
	workers_destroy(w);
}

/* Until so much time has passed, of a processor's. */
static void burn(void *arg, uint32_t share)
{
	const uint64_t until = *(const uint64_t *)arg;
	struct timespec t;

	(void)share;
	do {
		clock_gettime(CLOCK_MONOTONIC, &t);
	} while (t.tv_sec * 1000000000ull + t.tv_nsec < until);
}

static uint64_t in_ms(unsigned int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec + ms * 1000000ull;
}

Test(workers, what_is_watched_has_spans, .timeout = 60)
{
	struct workers *w = make(2);
	const struct workers_span *span;
	const uint64_t began = in_ms(0);
	uint64_t until = in_ms(20), end = 0;
	struct hostage h = { .shares = 2 };
	uint32_t n, i;

	workers_run(w, 2, burn, &until);
	for (i = 0; i < 2; i++) {
		workers_spans(w, i, &n);
		cr_assert_eq(n, 0, "not watched");
	}
	workers_watch(w, true);
	until = in_ms(20);
	workers_run(w, 1, burn, &until);
	/* each waits for the other, so both have a share */
	workers_run(w, 2, hold, &h);
	h.done = 0;
	workers_run(w, 2, hold, &h);
	for (i = 0; i < 2; i++) {
		span = workers_spans(w, i, &n);
		cr_assert_eq(n, 2, "worker %u: %u", i, n);
		cr_assert_geq(span[0].begin, began);
		cr_assert_leq(span[0].begin, span[0].end);
		cr_assert_leq(span[0].end, span[1].begin);
		cr_assert_leq(span[1].end, in_ms(0));
		/* two clocks of the system, each of its own grain */
		cr_assert_leq(span[0].cpu,
			      span[0].end - span[0].begin + 10000000);
		end = span[1].end > end ? span[1].end : end;
	}
	until = in_ms(30);
	workers_watch(w, true);
	workers_run(w, 100, burn, &until);
	span = workers_spans(w, 0, &n);
	cr_assert_eq(n, 1, "one span a job, of however many shares");
	cr_assert_geq(span->begin, end, "forgotten is what was before");
	cr_assert_geq(span->end, until);
	workers_watch(w, false);
	workers_run(w, 2, burn, &until);
	workers_spans(w, 0, &n);
	cr_assert_eq(n, 0);
	workers_watch(NULL, true);
	cr_assert_null(workers_spans(NULL, 0, &n));
	cr_assert_eq(n, 0);
	workers_destroy(w);
}

Test(workers, more_spans_than_are_kept, .timeout = 60)
{
	struct workers *w = make(2);
	struct tally t = { 0 };
	uint32_t i, n;

	workers_watch(w, true);
	for (i = 0; i < 3 * WORKERS_SPANS_MAX; i++)
		workers_run(w, COUNT, count, &t);
	for (i = 0; i < 2; i++) {
		workers_spans(w, i, &n);
		cr_assert_leq(n, WORKERS_SPANS_MAX);
	}
	cr_assert_eq(t.calls[COUNT - 1], 3 * WORKERS_SPANS_MAX);
	workers_destroy(w);
}

Test(workers, more_shares_than_workers_and_fewer, .timeout = 60)
{
	struct workers *w = make(3);
	struct tally t = { 0 };
	uint32_t i, run;

	for (run = 0; run < 300; run++)
		workers_run(w, 1 + run % COUNT, count, &t);
	for (i = 0; i < COUNT; i++)
		cr_assert_eq(t.calls[i], 300 - 60 * i);
	workers_destroy(w);
}

Test(workers, as_many_as_there_may_be)
{
	struct workers *w;

	cr_assert_eq(workers_create(&w, 0), -EINVAL);
	cr_assert_eq(workers_create(&w, WORKERS_MAX + 1), -EINVAL);
	cr_assert_geq(workers_available(), 1);
	cr_assert_leq(workers_available(), WORKERS_MAX);
}

/* A job of which each worker has a share: nobody takes a second one. */
struct policies {
	atomic_int begun;
	int policy[COUNT];
};

static void note_policy(void *arg, uint32_t share)
{
	struct policies *p = arg;

	atomic_fetch_add(&p->begun, 1);
	while (atomic_load(&p->begun) < COUNT)
		sched_yield();
	p->policy[share] = sched_getscheduler(0);
}

/* Batch, which anybody may choose. */
Test(workers, they_follow_who_calls, .timeout = 60)
{
	const struct sched_param param = { 0 };
	struct workers *w = make(COUNT);
	struct policies before = { 0 }, after = { 0 };
	int batch = 0;

	cr_assert_eq(sched_setscheduler(0, SCHED_BATCH, &param), 0);
	workers_run(w, COUNT, note_policy, &before);
	workers_follow(w);
	workers_run(w, COUNT, note_policy, &after);
	for (int i = 0; i < COUNT; i++) {
		batch += before.policy[i] == SCHED_BATCH;
		cr_assert_eq(after.policy[i], SCHED_BATCH, "share %d", i);
	}
	cr_assert_eq(batch, 1, "the caller alone, until they follow");
	workers_destroy(w);
}

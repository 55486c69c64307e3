// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
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

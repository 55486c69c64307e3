/* SPDX-License-Identifier: MIT */
/*
 * Threads that share the work of a stage. They are there before the first
 * frame; to run a job on all of them takes a few atomic writes and no system
 * call, as long as jobs follow each other within WORKERS_AWAKE_US. Idle for
 * longer they sleep, and the next job wakes them by one call.
 */
#ifndef DSP_WORKERS_H
#define DSP_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#define WORKERS_MAX		64
#define WORKERS_AWAKE_US	2000
#define WORKERS_SHARES_MAX	65535

/* Spans of one worker that are kept: jobs of one frame, and room. */
#define WORKERS_SPANS_MAX	64

struct workers;

/**
 * struct workers_span - what one worker did of one job
 * @begin: CLOCK_MONOTONIC when it had its first share [ns]
 * @end: when its last one was done [ns]
 * @cpu: processor time in between [ns]
 */
struct workers_span {
	uint64_t begin;
	uint64_t end;
	uint64_t cpu;
};

/**
 * workers_create() - start threads
 * @workers: written
 * @count: workers in all, the caller of workers_run() among them, 1 to
 *         WORKERS_MAX
 *
 * Each thread but the caller is bound to a processor of its own, as far as the
 * process has as many; where there are more threads than that, all of them sleep
 * between jobs. Its scheduling policy and priority are its creator's.
 *
 * Return: 0, -EINVAL, -ENOMEM or -EAGAIN where the system has no more threads.
 */
int workers_create(struct workers **workers, uint32_t count);

/**
 * workers_run() - run a job on all workers
 * @workers: workers; NULL: the caller alone
 * @shares: parts of the job, 1 to WORKERS_SHARES_MAX
 * @job: called once with each number from 0 to @shares - 1, several at a time
 * @arg: of @job
 *
 * Who is free takes the next share, in order. A worker that has no processor
 * is not waited for unless it is in the middle of a share: its shares go to
 * the others, to the caller if need be. Returns when all shares are done. To be
 * called by one thread at a time.
 */
void workers_run(struct workers *workers, uint32_t shares,
		 void (*job)(void *arg, uint32_t share), void *arg);

/** workers_count() - workers in all, the caller among them; NULL: 1 */
uint32_t workers_count(const struct workers *workers);

/**
 * workers_shares() - shares that a stage divides its work into
 * @workers: NULL: 1
 *
 * A few for each worker: who is held up holds up little.
 */
uint32_t workers_shares(const struct workers *workers);

/**
 * share_from() - where a share of @n things begins
 * @n: things, in order
 * @share: 0 to @shares; at @shares: the end
 * @shares: of all things
 */
static inline uint32_t share_from(uint32_t n, uint32_t share, uint32_t shares)
{
	return (uint64_t)n * share / shares;
}

/**
 * workers_watch() - keep the spans of jobs, or no longer
 * @workers: workers, between two jobs; NULL is fine
 * @on: from now on; those of earlier jobs are forgotten
 *
 * A worker that is watched asks the system for its processor time, twice a job.
 */
void workers_watch(struct workers *workers, bool on);

/**
 * workers_spans() - what a worker did since workers_watch()
 * @workers: workers, between two jobs; NULL: there are none
 * @worker: 0 to count - 1; 0 is the caller of workers_run()
 * @n: set to how many there are; the first WORKERS_SPANS_MAX are kept
 *
 * Return: them, in order of time; a job of which the worker had no share has
 * none, nor has one that nobody shared.
 */
const struct workers_span *workers_spans(const struct workers *workers,
					 uint32_t worker, uint32_t *n);

/** workers_available() - processors that this process may use, 1 or more */
uint32_t workers_available(void);

/**
 * workers_follow() - be scheduled as the calling thread
 *
 * Threads begin with the scheduling of whoever created them, which need not be
 * that of who shares work with them. Where it is refused they stay as they are.
 */
void workers_follow(struct workers *workers);

/** workers_destroy() - end the threads; NULL is fine */
void workers_destroy(struct workers *workers);

#endif /* DSP_WORKERS_H */

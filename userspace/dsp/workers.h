/* SPDX-License-Identifier: MIT */
/*
 * Threads that share the work of a stage. They are there before the first
 * frame; to run a job on all of them takes two atomic writes and no system
 * call, as long as jobs follow each other within WORKERS_AWAKE_US. Idle for
 * longer they sleep, and the next job wakes them by one call.
 */
#ifndef DSP_WORKERS_H
#define DSP_WORKERS_H

#include <stdint.h>

#define WORKERS_MAX		64
#define WORKERS_AWAKE_US	2000

struct workers;

/**
 * workers_create() - start threads
 * @workers: written
 * @count: workers in all, the caller of workers_run() among them, 1 to
 *         WORKERS_MAX
 *
 * Each thread but the caller is bound to a processor of its own, as far as the
 * process has as many. Its scheduling policy and priority are its creator's.
 *
 * Return: 0, -EINVAL, -ENOMEM or -EAGAIN where the system has no more threads.
 */
int workers_create(struct workers **workers, uint32_t count);

/**
 * workers_run() - run a job on all workers
 * @workers: workers; NULL: the caller alone
 * @job: called once with each number from 0 to their count - 1
 * @arg: of @job
 *
 * Returns when all are done. To be called by one thread at a time.
 */
void workers_run(struct workers *workers,
		 void (*job)(void *arg, uint32_t worker), void *arg);

/** workers_available() - processors that this process may use, 1 or more */
uint32_t workers_available(void);

/** workers_destroy() - end the threads; NULL is fine */
void workers_destroy(struct workers *workers);

#endif /* DSP_WORKERS_H */

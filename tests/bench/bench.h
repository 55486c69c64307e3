/* SPDX-License-Identifier: MIT */
/*
 * How fast the stages are. A case is a row of a table; every case runs at
 * every level of instructions that the processor has, all levels in turn, so
 * that their ratios hold on a machine that is shared. A group of cases is a
 * file with a table, listed in bench.c.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct bench_run - what a case says of itself when it is made
 * @smoke: in: only that it runs is asked; it may be smaller
 * @threads: in: workers to use
 * @items: samples or pixels of one run; 0: no cycles per item
 * @points: of the beamformer, counted from the plan; 0: none
 * @frames: pictures of one run; 0: no frames per second
 */
struct bench_run {
	bool smoke;
	unsigned int threads;
	double items;
	double points;
	double frames;
};

/**
 * struct bench_quality - how good the result is; NAN: not asked
 * @snr_db: against the same sum in double precision, the worst of the next
 *          three
 * @noise_db: that of noise at full scale
 * @weak_db: that of a target 60 dB below one at full scale
 * @simus_db: that of simus_K, NAN also where there is no such set
 * @exact_db: against exact band-limited interpolation, the worst
 * @beside_db: that of the same target, at the depth of the one at full scale; no
 *             part of @snr_db
 * @env_db: of the envelope, against that of the same sum, the worst
 * @env_exact_db: against that of exact interpolation, the worst
 */
struct bench_quality {
	double snr_db;
	double noise_db;
	double weak_db;
	double simus_db;
	double beside_db;
	double exact_db;
	double env_db;
	double env_exact_db;
	double points;
};

/**
 * struct bench_latency - from a frame that is complete to its picture
 * @frame_ms: from picture to picture, mean
 * @median_ms: of the latency
 * @p99_ms: of it
 */
struct bench_latency {
	double frame_ms;
	double median_ms;
	double p99_ms;
};

/**
 * struct bench_case - a row
 * @name: as in bench.json
 * @threads: workers, 0: one
 * @arg: for @create
 * @create: all that is built beforehand; kernels are chosen here, under
 *          SONO_CPU as it is then. Exits by bench_die()
 * @execute: what is timed
 * @destroy: takes what create returned
 * @quality: NULL: none; called once, after a run
 * @latency: NULL: none; called once, after all runs
 * @wake: NULL: none; called before executions that are timed together, for
 *        what must not work while others are timed
 * @rest: NULL: none; called after them
 * @together_ns: executions that last so long together are timed at once; 0: no
 *               more than the clock needs
 */
struct bench_case {
	const char *name;
	unsigned int threads;
	const void *arg;
	void *(*create)(const void *arg, struct bench_run *run);
	void (*execute)(void *object);
	void (*destroy)(void *object);
	void (*quality)(void *object, struct bench_quality *quality);
	void (*latency)(void *object, struct bench_latency *latency);
	void (*wake)(void *object);
	void (*rest)(void *object);
	double together_ns;
};

/** bench_die() - prints "bench: @what: @why" and exits */
__attribute__((noreturn)) void bench_die(const char *what, const char *why);

/** bench_note() - what the results lack, and why; said once, and in bench.json */
void bench_note(const char *what, const char *why);

/** bench_alloc() - zeroed, aligned to 64 bytes; dies without memory */
void *bench_alloc(size_t count, size_t size);

/** bench_random() - evenly distributed, -1 to 1; the same in every run */
double bench_random(void);

/* The groups, one file each; a row without a name ends a table. */
extern const struct bench_case bench_demod[];
extern const struct bench_case bench_beamform[];
extern const struct bench_case bench_detect[];
extern const struct bench_case bench_pipeline[];
extern const struct bench_case bench_doppler[];
extern const struct bench_case bench_scanconvert[];
extern const struct bench_case bench_spectrum[];

#endif /* BENCH_H */

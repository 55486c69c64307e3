/* SPDX-License-Identifier: MIT */
/*
 * Durations, counted in buckets that are a 32nd of an octave wide: memory does
 * not grow with a run, and what is read back is within 1.6 % of the truth.
 */
#ifndef SONO_PROF_HISTOGRAM_H
#define SONO_PROF_HISTOGRAM_H

#include <stdint.h>

/* 2^HISTOGRAM_FINE buckets an octave; durations up to 2^HISTOGRAM_OCTAVES ns */
#define HISTOGRAM_FINE		5
#define HISTOGRAM_OCTAVES	40
#define HISTOGRAM_BUCKETS \
	((HISTOGRAM_OCTAVES - HISTOGRAM_FINE + 1) << HISTOGRAM_FINE)

/**
 * struct histogram - durations; all 0: none yet
 * @count: how many
 * @sum: of all [ns]
 * @max: the longest [ns]
 * @bucket: how many each
 */
struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/** histogram_add() - one more; longer than 2^40 ns counts as that */
void histogram_add(struct histogram *h, uint64_t ns);

/**
 * histogram_quantile() - the duration that a share of all do not exceed
 * @h: a histogram
 * @share: 0 to 1
 *
 * Return: the middle of its bucket, but not more than the longest; 0: there are
 * none [ns].
 */
uint64_t histogram_quantile(const struct histogram *h, double share);

/**
 * histogram_below() - how many are shorter than @ns
 *
 * Exact where @ns is the lower edge of a bucket, as every power of two is;
 * otherwise that of the bucket that @ns is in counts.
 */
uint64_t histogram_below(const struct histogram *h, uint64_t ns);

#endif /* SONO_PROF_HISTOGRAM_H */

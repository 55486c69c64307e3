// SPDX-License-Identifier: MIT
#include "prof_histogram.h"

#define FINE		HISTOGRAM_FINE
#define LONGEST		((1ull << HISTOGRAM_OCTAVES) - 1)

/* Up to 2^(FINE + 1) a bucket is 1 ns; from there on it doubles every octave. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int octave;

	if (ns > LONGEST)
		ns = LONGEST;
	if (ns < 1u << FINE)
		return ns;
	octave = 63 - __builtin_clzll(ns) - FINE;
	return (octave << FINE) + (ns >> octave);
}

static uint64_t edge_of(unsigned int bucket)
{
	const unsigned int octave = bucket >> FINE;

	if (octave < 2)
		return bucket;
	return (uint64_t)(bucket - ((octave - 1) << FINE)) << (octave - 1);
}

void histogram_add(struct histogram *h, uint64_t ns)
{
	h->count++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
	h->bucket[bucket_of(ns)]++;
}

static uint64_t middle(const struct histogram *h, unsigned int bucket)
{
	const uint64_t from = edge_of(bucket);
	const uint64_t ns = from + (edge_of(bucket + 1) - from) / 2;

	return ns < h->max ? ns : h->max;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
	/* of n the k-th, counted from 1, where k / n is not less than the share */
	const double rank = share * (double)h->count;
	uint64_t seen = 0;
	unsigned int i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen && (double)seen >= rank)
			return middle(h, i);
	}
	return h->max;
}

uint64_t histogram_below(const struct histogram *h, uint64_t ns)
{
	const unsigned int end = bucket_of(ns);
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < end; i++)
		n += h->bucket[i];
	return n;
}

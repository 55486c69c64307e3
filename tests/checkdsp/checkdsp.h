/* SPDX-License-Identifier: MIT */
/*
 * Every variant in the kernels' tables. The C form is compared with a double
 * precision formulation of its own in the test, every other variant with the
 * C form: on random and extreme input, odd sizes, misaligned rows, and with
 * canaries around what it writes. A variant that the processor lacks is
 * skipped, never passed. Each one is timed as well, in cycles of the core.
 */
#ifndef CHECKDSP_H
#define CHECKDSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * checkdsp_begin() - starts the test of a variant
 * @kernel: its table's name
 * @variant: its name
 * @flags: what it needs of the processor
 *
 * Return: false where the processor lacks it, which has been reported.
 */
bool checkdsp_begin(const char *kernel, const char *variant,
		    unsigned int flags);

/** checkdsp_end() - reports the variant */
void checkdsp_end(void);

/** checkdsp_near() - @got must be within @tolerance of @want; NAN is not */
void checkdsp_near(const char *what, size_t at, double got, double want,
		   double tolerance);

/** checkdsp_random() - evenly distributed, -1 to 1; the same in every run */
double checkdsp_random(void);

/** checkdsp_below() - evenly distributed, 0 to @n - 1 */
uint32_t checkdsp_below(uint32_t n);

/**
 * struct guarded - memory with canaries on both sides
 * @data: to use
 * @bytes: of it
 * @block: that it lies in
 */
struct guarded {
	void *data;
	size_t bytes;
	uint8_t *block;
};

/**
 * guarded_new() - memory that starts @offset bytes behind a 64-byte boundary
 *
 * Exits the program without memory.
 */
struct guarded guarded_new(size_t bytes, size_t offset);

/** guarded_end() - checks the canaries, frees the memory */
void guarded_end(struct guarded *g);

/**
 * checkdsp_bench() - times a call; the median is told with the result
 * @call: to time
 * @arg: of @call
 * @items: that one call works on
 * @unit: name of an item
 */
void checkdsp_bench(void (*call)(void *arg), void *arg, size_t items,
		    const char *unit);

/* The families, one file each. */
void check_demod(void);
void check_aperture(void);
void check_beamform(void);
void check_detect(void);
void check_doppler(void);
void check_scanconvert(void);
void check_sharpen(void);
void check_tissue(void);

#endif /* CHECKDSP_H */

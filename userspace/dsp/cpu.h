/* SPDX-License-Identifier: MIT */
/*
 * Which instructions the kernels may use. A level is the whole set that the
 * sources of its file suffix are compiled for (see the Makefile).
 */
#ifndef DSP_CPU_H
#define DSP_CPU_H

#include <stdbool.h>

/* AVX2 and FMA: files -avx2.c */
#define CPU_AVX2	(1u << 0)
/* AVX-512 F, BW, VL, DQ, VBMI and VNNI: files -avx512.c */
#define CPU_AVX512	(1u << 1)

/**
 * cpu_flags() - levels that processor and operating system offer
 *
 * The environment variable SONO_CPU lowers them: "c" to none, "avx2" to AVX2,
 * "avx512" to all that there are.
 *
 * Return: CPU_* bits.
 */
unsigned int cpu_flags(void);

/** cpu_override_valid() - is SONO_CPU unset or one of the known levels? */
bool cpu_override_valid(void);

/**
 * cpu_choose() - the best row of a kernel's table on this machine
 * @table: array of { fn, name, flags }, best first, the C form last
 */
#define cpu_choose(table) ({						\
	const typeof((table)[0]) *row_ = (table);			\
	unsigned int flags_ = cpu_flags();				\
									\
	while (row_->flags & ~flags_)					\
		row_++;							\
	row_;								\
})

#endif /* DSP_CPU_H */

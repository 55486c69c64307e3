// SPDX-License-Identifier: MIT
/*
 * CPUID says what the processor can do, XGETBV what the operating system
 * saves on a context switch; a level needs both.
 */
#include <cpuid.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

#define XCR0_YMM	0x06u	/* SSE and AVX state */
#define XCR0_ZMM	0xe6u	/* and opmask, both parts of ZMM */

static const struct {
	const char *name;
	unsigned int mask;
} levels[] = {
	{ "c", 0 },
	{ "avx2", CPU_AVX2 },
	{ "avx512", CPU_AVX2 | CPU_AVX512 },
};

#define LEVELS (sizeof(levels) / sizeof(levels[0]))

static uint32_t saved_state(void)
{
	uint32_t low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static bool all(uint32_t word, uint32_t bits)
{
	return (word & bits) == bits;
}

static unsigned int detect_flags(void)
{
	const uint32_t avx512_ebx = bit_AVX512F | bit_AVX512BW | bit_AVX512VL |
				    bit_AVX512DQ;
	const uint32_t avx512_ecx = bit_AVX512VBMI | bit_AVX512VNNI;
	uint32_t a, b, c, d, b7, c7, state;
	unsigned int flags = 0;

	if (!__get_cpuid(1, &a, &b, &c, &d) ||
	    !all(c, bit_OSXSAVE | bit_AVX | bit_FMA))
		return 0;
	state = saved_state();
	if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d))
		return 0;
	if (all(state, XCR0_YMM) && all(b7, bit_AVX2))
		flags |= CPU_AVX2;
	if (flags && all(state, XCR0_ZMM) && all(b7, avx512_ebx) &&
	    all(c7, avx512_ecx))
		flags |= CPU_AVX512;
	return flags;
}

/* Index of the level that SONO_CPU names, LEVELS if it names none. */
static size_t override_level(void)
{
	const char *name = getenv("SONO_CPU");
	size_t i;

	for (i = 0; name && i < LEVELS; i++)
		if (!strcmp(name, levels[i].name))
			return i;
	return LEVELS;
}

bool cpu_override_valid(void)
{
	return !getenv("SONO_CPU") || override_level() < LEVELS;
}

unsigned int cpu_flags(void)
{
	size_t level = override_level();
	unsigned int flags = detect_flags();

	return level < LEVELS ? flags & levels[level].mask : flags;
}

// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdlib.h>

#include "dsp/cpu.h"

struct variant {
	int fn;
	const char *name;
	unsigned int flags;
};

static const struct variant table[] = {
	{ 1, "avx512", CPU_AVX512 },
	{ 2, "avx2", CPU_AVX2 },
	{ 3, "c", 0 },
	{ 0 },
};

Test(cpu, c_forces_the_c_form)
{
	setenv("SONO_CPU", "c", 1);
	cr_assert_eq(cpu_flags(), 0);
	cr_assert_str_eq(cpu_choose(table)->name, "c");
}

Test(cpu, override_lowers_but_never_raises)
{
	unsigned int all;

	unsetenv("SONO_CPU");
	all = cpu_flags();
	setenv("SONO_CPU", "avx512", 1);
	cr_assert_eq(cpu_flags(), all);
	setenv("SONO_CPU", "avx2", 1);
	cr_assert_eq(cpu_flags(), all & CPU_AVX2);
}

Test(cpu, avx512_comes_with_avx2)
{
	unsetenv("SONO_CPU");
	if (cpu_flags() & CPU_AVX512)
		cr_assert(cpu_flags() & CPU_AVX2);
}

Test(cpu, unknown_level_is_invalid)
{
	setenv("SONO_CPU", "avx51", 1);
	cr_assert_not(cpu_override_valid());
	setenv("SONO_CPU", "avx2", 1);
	cr_assert(cpu_override_valid());
	unsetenv("SONO_CPU");
	cr_assert(cpu_override_valid());
}

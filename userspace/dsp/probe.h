/* SPDX-License-Identifier: MIT */
/*
 * Probes for bpftrace, perf and their like (USDT), provider "sono": one
 * instruction that does nothing, where nobody looks. Documentation/profiling.rst
 * names them; without <sys/sdt.h> there are none.
 */
#ifndef DSP_PROBE_H
#define DSP_PROBE_H

#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#define SONO_PROBE(name, ...) STAP_PROBEV(sono, name, __VA_ARGS__)
#else
/* its arguments count as used */
static inline void sono_no_probe(int first, ...)
{
	(void)first;
}

#define SONO_PROBE(name, ...) sono_no_probe(0, __VA_ARGS__)
#endif

#endif /* DSP_PROBE_H */

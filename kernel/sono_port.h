/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the shared ring core needs of its surroundings: the kernel's own
 * words in the module, the same words on compiler atomics in the library.
 */
#ifndef SONO_PORT_H
#define SONO_PORT_H

#ifdef __KERNEL__

#include <linux/compiler.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <asm/page.h>
#include <linux/sono.h>

#include "sono_trace.h"

/* CRC-32 of IEEE 802.3. */
#define sono_crc32(p, bytes) (~crc32_le(~0, (const u8 *)(p), bytes))

#else /* the library's in-process board */

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>
#include <zlib.h>

typedef __u32 u32;
typedef __u64 u64;

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define PAGE_SIZE 4096
#define U32_MAX UINT32_MAX
#define min(a, b) ((a) < (b) ? (a) : (b))
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define dma_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define dma_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define le32_to_cpu(x) le32toh(x)
#define le64_to_cpu(x) le64toh(x)
#define cpu_to_le32(x) htole32(x)
#define cpu_to_le64(x) htole64(x)
#define sono_crc32(p, bytes) ((u32)crc32_z(0, (const void *)(p), bytes))
/* No boundary of trust inside one process: the bound check is enough. */
#define array_index_nospec(i, n) (i)

/* Tracepoints are the module's. */
#define trace_sono_post(ring, slot, gen) ((void)0)
#define trace_sono_complete(ring, rec) ((void)0)
#define trace_sono_release(ring, slot, gen) ((void)0)
#define trace_sono_bad_release(ring, slot, gen) ((void)0)
#define trace_sono_retire(ring, slot, gen) ((void)0)
#define trace_sono_reclaim(ring, slot, gen) ((void)0)

#endif

#endif /* SONO_PORT_H */

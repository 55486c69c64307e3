/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Loops over many samples or elements at once. */
#ifndef SIM_WIDE_H
#define SIM_WIDE_H

/*
 * Made for wider registers too, with all that is inline; the machine picks.
 * Products are rounded before they are added (-ffp-contract=off), so a scene has
 * the same bits on all.
 */
#define SIM_WIDE __attribute__((target_clones("default", "avx2", "avx512f")))

#endif /* SIM_WIDE_H */

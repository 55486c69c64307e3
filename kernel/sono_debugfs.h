/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters for whoever looks; no interface to rely on. */
#ifndef SONO_DEBUGFS_H
#define SONO_DEBUGFS_H

#include <linux/sono.h>
#include <linux/types.h>

struct sono_device;

/**
 * struct sono_counters - since the board was bound; under ring_lock
 * @passes: of the capture thread over the completions of a run
 * @records: published
 * @found: of them, those that no interrupt had told of yet
 * @doorbells: rung for posted slots
 * @arms: ARM commands
 * @waits: of them, those that had to wait
 * @kicks: KICK commands
 * @heartbeats: told to the board
 * @runs: started
 * @dropped: frames, by the accounts of runs that have ended
 * @lost: frames, likewise
 * @ended: runs, by SONO_END_*
 * @resets: of the function, by whoever asked
 * @link_errors: of the link, that ended a run if there was one
 * @link_corrected: errors that the link corrected itself
 * @sleeps: times without power, or in which the system slept
 * @bad_releases: of any controller
 */
struct sono_counters {
	u64 passes;
	u64 records;
	u64 found;
	u64 doorbells;
	u64 arms;
	u64 waits;
	u64 kicks;
	u64 heartbeats;
	u64 runs;
	u64 dropped;
	u64 lost;
	u64 ended[SONO_END_SLEEP + 1];
	u64 resets;
	u64 link_errors;
	u64 link_corrected;
	u64 sleeps;
	u64 bad_releases;
};

void sono_debugfs_init(void);
void sono_debugfs_exit(void);
void sono_debugfs_add(struct sono_device *sd);
void sono_debugfs_remove(struct sono_device *sd);

#endif /* SONO_DEBUGFS_H */

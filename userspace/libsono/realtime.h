/* SPDX-License-Identifier: MIT */
/*
 * As punctual as the system allows: on the NUMA node of the board, with memory
 * that is not paged, before other programs. Each of these may be refused, and
 * the rest holds nevertheless.
 */
#ifndef SONO_REALTIME_H
#define SONO_REALTIME_H

#include <sched.h>

/* Above programs without a deadline, below threads of interrupts. */
#define REALTIME_PRIORITY 10

/**
 * struct realtime - what was granted
 * @node: NUMA node whose processors and memory are used; -1: any
 * @placed: 0, or why this is any: -errno
 * @locked: 0, or why memory is paged: -errno
 * @prioritised: 0, or why there is no priority: -errno
 */
struct realtime {
	int node;
	int placed;
	int locked;
	int prioritised;
};

/**
 * realtime_node() - the NUMA node that a board is connected to
 * @source: as of sono_open()
 *
 * Return: its number; -1 for a source without a device, and on a machine that
 * has one node.
 */
int realtime_node(const char *source);

/**
 * realtime_processors() - of a set of processors those of a node
 * @set: processors; left as it is on an error
 * @nodes: folder of the nodes, "/sys/devices/system/node"
 * @node: its number
 *
 * Return: 0, -ENOENT where none of them is the node's.
 */
int realtime_processors(cpu_set_t *set, const char *nodes, int node);

/**
 * realtime_begin() - be punctual from now on
 * @rt: written
 * @node: realtime_node()
 *
 * Of the calling thread and of those that it makes afterwards; memory of the
 * whole process. To be called before memory is allocated that frames go
 * through: it then lies on the node.
 */
void realtime_begin(struct realtime *rt, int node);

/** realtime_pin() - the calling thread to the first processor that it may use;
 *  workers are pinned from the last one on. After they are there
 */
void realtime_pin(void);

#endif /* SONO_REALTIME_H */

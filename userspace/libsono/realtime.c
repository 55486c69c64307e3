// SPDX-License-Identifier: MIT
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "realtime.h"

#define NODES "/sys/devices/system/node"
#define NODES_MAX 64

int realtime_node(const char *source)
{
	char path[64], text[16] = "";
	struct stat st;
	FILE *f;

	if (stat(source, &st) || !S_ISCHR(st.st_mode))
		return -1;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/numa_node",
		 major(st.st_rdev), minor(st.st_rdev));
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(text, sizeof(text), f))
		strcpy(text, "-1");
	fclose(f);
	return atoi(text);
}

int realtime_processors(cpu_set_t *set, const char *nodes, int node)
{
	cpu_set_t own;
	char path[256];

	CPU_ZERO(&own);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, set))
			continue;
		snprintf(path, sizeof(path), "%s/node%d/cpu%d", nodes, node,
			 cpu);
		if (!access(path, F_OK))
			CPU_SET(cpu, &own);
	}
	if (!CPU_COUNT(&own))
		return -ENOENT;
	*set = own;
	return 0;
}

/* Processors of the node, and memory of it as long as there is some. */
static int place(int node)
{
	unsigned long mask;
	cpu_set_t set;
	int ret;

	if (node >= NODES_MAX)
		return -ERANGE;
	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	ret = realtime_processors(&set, NODES, node);
	if (ret)
		return ret;
	if (sched_setaffinity(0, sizeof(set), &set))
		return -errno;
	mask = 1ul << node;
	if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &mask, NODES_MAX + 1))
		return -errno;
	return 0;
}

void realtime_begin(struct realtime *rt, int node)
{
	const struct sched_param param = {
		.sched_priority = REALTIME_PRIORITY,
	};

	*rt = (struct realtime){ .node = node };
	if (node >= 0)
		rt->placed = place(node);
	if (rt->placed)
		rt->node = -1;
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		rt->locked = -errno;
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		rt->prioritised = -errno;
}

void realtime_pin(void)
{
	cpu_set_t set, one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* a wish: where it is refused, the scheduler decides */
	sched_setaffinity(0, sizeof(one), &one);
}

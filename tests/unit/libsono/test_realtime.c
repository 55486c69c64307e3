// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "realtime.h"

/* A machine of two nodes, with processors 0 and 2, and 1 and 3. */
static char *make_nodes(void)
{
	char *dir = strdup("/tmp/test_realtime.XXXXXX"), path[128];

	cr_assert(mkdtemp(dir));
	for (int node = 0; node < 2; node++) {
		snprintf(path, sizeof(path), "%s/node%d", dir, node);
		cr_assert_eq(mkdir(path, 0700), 0);
	}
	for (int cpu = 0; cpu < 4; cpu++) {
		snprintf(path, sizeof(path), "%s/node%d/cpu%d", dir, cpu % 2,
			 cpu);
		cr_assert_eq(mkdir(path, 0700), 0);
	}
	return dir;
}

static void remove_nodes(char *dir)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	cr_assert_eq(system(command), 0);
	free(dir);
}

static cpu_set_t set_of(unsigned int mask)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < 8; cpu++)
		if (mask & 1u << cpu)
			CPU_SET(cpu, &set);
	return set;
}

Test(realtime, processors_are_those_of_the_node)
{
	static const struct {
		unsigned int allowed, node;
		int ret;
		unsigned int left;
	} cases[] = {
		{ 0xf, 0, 0, 0x5 },
		{ 0xf, 1, 0, 0xa },
		{ 0x8, 1, 0, 0x8 },
		{ 0x4, 1, -ENOENT, 0x4 },	/* kept away from the node */
		{ 0xf, 2, -ENOENT, 0xf },	/* there is no such node */
	};
	char *nodes = make_nodes();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cpu_set_t set = set_of(cases[i].allowed);
		const cpu_set_t left = set_of(cases[i].left);

		cr_assert_eq(realtime_processors(&set, nodes, cases[i].node),
			     cases[i].ret, "case %zu", i);
		cr_assert(CPU_EQUAL(&set, &left), "case %zu", i);
	}
	remove_nodes(nodes);
}

static long locked_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmLck: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

static void *policy(void *arg)
{
	struct sched_param param;

	cr_assert_eq(sched_getparam(0, &param), 0);
	*(int *)arg = sched_getscheduler(0) == SCHED_FIFO ?
			      param.sched_priority : 0;
	return NULL;
}

/* Granted or refused, what is said is what is. */
Test(realtime, says_what_was_granted)
{
	struct realtime rt;
	pthread_t thread;
	int priority = -1;

#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("the sanitizer locks no memory");
#endif
	realtime_begin(&rt, -1);
	cr_assert_eq(rt.placed, 0);
	cr_assert_eq(pthread_create(&thread, NULL, policy, &priority), 0);
	pthread_join(thread, NULL);
	cr_assert_eq(priority, rt.prioritised ? 0 : REALTIME_PRIORITY,
		     "threads made afterwards have it too");
	cr_assert_eq(locked_kib() > 0, !rt.locked);
	munlockall();
}

Test(realtime, refusals_are_told_and_do_not_hurt)
{
	const struct rlimit none = { 0, 0 };
	struct realtime rt;

#ifdef __SANITIZE_ADDRESS__
	cr_skip_test("the sanitizer locks no memory");
#endif
	if (geteuid() == 0 && seteuid(65534))
		cr_skip_test("cannot give up being root");
	setrlimit(RLIMIT_MEMLOCK, &none);
	setrlimit(RLIMIT_RTPRIO, &none);
	realtime_begin(&rt, 63);
	cr_assert_eq(rt.node, -1);
	cr_assert_eq(rt.placed, -ENOENT, "no machine here has node 63");
	cr_assert_eq(rt.locked, -EPERM);
	cr_assert_eq(rt.prioritised, -EPERM);
}

Test(realtime, what_is_no_device_has_no_node)
{
	cr_assert_eq(realtime_node("sim:points"), -1);
	cr_assert_eq(realtime_node("/dev/null"), -1);
	cr_assert_eq(realtime_node("/"), -1);
}

// SPDX-License-Identifier: MIT
/*
 * What a frame may not cost: memory from the heap, and system calls, the
 * latter in a child that the kernel kills at any call but its end. With workers:
 * at any but those that let them wait, which are counted.
 */
#include <criterion/criterion.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dsp/pipeline.h"
#include "scan_fixture.h"

#define EVENTS	4
#define FRAMES	6

/* The linker leads libdsp's calls here (--wrap). */
static unsigned long allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
int __real_posix_memalign(void **p, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
int __wrap_posix_memalign(void **p, size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

int __wrap_posix_memalign(void **p, size_t alignment, size_t size)
{
	allocations++;
	return __real_posix_memalign(p, alignment, size);
}

/* The workers' calls: all that they make by themselves is on a futex. */
static atomic_ulong waits;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, void *word, int op, unsigned int value,
		    void *timeout, void *word2, unsigned int value3);

long __wrap_syscall(long number, void *word, int op, unsigned int value,
		    void *timeout, void *word2, unsigned int value3)
{
	atomic_fetch_add(&waits, number == SYS_futex);
	return __real_syscall(number, word, op, value, timeout, word2, value3);
}

/* What most frames go through. */
static struct pipeline_params everything(void)
{
	struct pipeline_params p;

	pipeline_params_init(&p);
	p.b.grid = (struct grid){
		.shape = GRID_LINEAR, .lines = 9, .samples = 81,
		.line0 = -1.2e-3, .line_step = 0.3e-3,
		.sample0 = 7e-3, .sample_step = 25e-6,
	};
	p.b.persistence = 0.5;
	p.colour.on = true;
	p.colour.wall = (struct wall_params){ .kind = WALL_SVD, .order = 1 };
	p.colour.estimator = DOPPLER_LOUPAS;
	p.colour.tissue_db = -20;
	p.m.on = true;
	p.m.grid = (struct grid){
		.shape = GRID_SECTOR, .lines = 1, .samples = 61,
		.sample0 = 7e-3, .sample_step = 25e-6,
	};
	p.ecg.on = true;
	p.display.width = 64;
	p.display.height = 48;
	return p;
}

static struct pipeline *make(struct sono_scan **scan, uint32_t count)
{
	struct pipeline_params params = everything();
	struct pipeline *p;
	const char *why = "";
	uint32_t e;

	params.workers = count;
	*scan = fixture_scan(EVENTS);
	for (e = 0; e < EVENTS; e++)
		(*scan)->event[e].tag = SONO_TAG(SONO_ROLE_COLOUR, e, 0);
	cr_assert_eq(pipeline_create(&p, *scan, &params, &why), 0, "%s", why);
	return p;
}

static void give(struct pipeline *p, const struct sono_scan *scan,
		 const void *data, uint64_t seq)
{
	const struct rf_frame frame = {
		.data = data, .bytes = scan->frame_bytes, .seq = seq,
	};
	const struct image *image;

	pipeline_execute(p, &frame, &image);
}

static int16_t *noise(const struct sono_scan *scan)
{
	int16_t *data = aligned_alloc(64, scan->frame_bytes);
	size_t i;

	for (i = 0; i < scan->frame_bytes / 2; i++)
		data[i] = i * 2654435761u >> 20;
	return data;
}

static void take_nothing(uint32_t count)
{
	struct sono_scan *scan;
	struct pipeline *p = make(&scan, count);
	int16_t *data = noise(scan);
	uint64_t seq;

	cr_assert_gt(allocations, 0, "the linker leads them elsewhere");
	allocations = 0;
	for (seq = 0; seq < FRAMES; seq++)
		give(p, scan, data, seq);
	cr_assert_eq(allocations, 0);
	free(data);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(between, frames_take_nothing_from_the_heap)
{
	take_nothing(1);
}

Test(between, frames_of_two_workers_take_nothing_either)
{
	take_nothing(2);
}

/*
 * From now on any system call of any thread but its end is the end; with
 * @waiting also but those by which workers wait for each other.
 */
static void confine(bool waiting)
{
	const unsigned int wait = waiting ? SYS_futex : SYS_exit;
	const unsigned int yield = waiting ? SYS_sched_yield : SYS_exit;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wait, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, yield, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter), .filter = filter,
	};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_TSYNC, &program);
}

/* How a child ends that the kernel lets do nothing, or its workers wait. */
static int confined(void (*work)(struct pipeline *p,
				 const struct sono_scan *scan,
				 const void *data),
		    uint32_t count)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		struct sono_scan *scan;
		struct pipeline *p = make(&scan, count);
		int16_t *data = noise(scan);

		/* not every page has been touched */
		give(p, scan, data, 0);
		confine(count > 1);
		work(p, scan, data);
		syscall(SYS_exit_group, 7);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void read_clock(struct pipeline *p, const struct sono_scan *scan,
		       const void *data)
{
	struct timespec t;

	(void)p;
	(void)scan;
	(void)data;
	clock_gettime(CLOCK_MONOTONIC, &t);
}

static void run_frames(struct pipeline *p, const struct sono_scan *scan,
		       const void *data)
{
	uint64_t seq;

	for (seq = 1; seq < FRAMES; seq++)
		give(p, scan, data, seq);
}

static void ask_kernel(struct pipeline *p, const struct sono_scan *scan,
		       const void *data)
{
	(void)p;
	(void)scan;
	(void)data;
	syscall(SYS_getppid);
}

Test(between, frames_make_no_system_call)
{
	cr_assert_lt(confined(ask_kernel, 1), 0, "this kernel confines nobody");
	if (confined(read_clock, 1) != 7)
		cr_skip_test("reading the clock is a system call here");
	cr_assert_eq(confined(run_frames, 1), 7);
}

Test(between, two_workers_call_the_system_only_to_wait)
{
	cr_assert_lt(confined(ask_kernel, 2), 0, "this kernel confines nobody");
	if (confined(read_clock, 1) != 7)
		cr_skip_test("reading the clock is a system call here");
	cr_assert_eq(confined(run_frames, 2), 7);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

/*
 * A worker sleeps no earlier than WORKERS_AWAKE_US after the last job, so in any
 * time at most once in that; each sleep is a call of its own, one that wakes it
 * and perhaps one that finds nobody asleep any more. However busy the machine is.
 */
Test(between, two_workers_seldom_wait_asleep)
{
	struct sono_scan *scan;
	struct pipeline *p = make(&scan, 2);
	int16_t *data = noise(scan);
	double begin, most;
	uint64_t seq;

	give(p, scan, data, 0);
	begin = now_us();
	atomic_store(&waits, 0);
	for (seq = 1; seq < 200; seq++)
		give(p, scan, data, seq);
	most = 3 * ((now_us() - begin) / WORKERS_AWAKE_US + 1);
	cr_assert_leq(atomic_load(&waits), most, "%lu calls, %f",
		      atomic_load(&waits), most);
	free(data);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

/* A frame that comes after a pause wakes the others by one call, not by stages. */
Test(between, a_frame_after_a_pause_wakes_once)
{
	struct sono_scan *scan;
	struct pipeline *p = make(&scan, 2);
	int16_t *data = noise(scan);
	double begin, most;

	give(p, scan, data, 0);
	usleep(20 * WORKERS_AWAKE_US);
	begin = now_us();
	atomic_store(&waits, 0);
	give(p, scan, data, 1);
	most = 3 * floor((now_us() - begin) / WORKERS_AWAKE_US) + 1;
	cr_assert_geq(atomic_load(&waits), 1, "nobody slept");
	cr_assert_leq(atomic_load(&waits), most, "%lu calls, %f",
		      atomic_load(&waits), most);
	free(data);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

// SPDX-License-Identifier: MIT
/*
 * What a frame may not cost: memory from the heap, and system calls, the
 * latter in a child that the kernel kills at any call but its end.
 */
#include <criterion/criterion.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
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

/* What most frames go through; one worker, for a child has no others. */
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

static struct pipeline *make(struct sono_scan **scan)
{
	const struct pipeline_params params = everything();
	struct pipeline *p;
	const char *why = "";
	uint32_t e;

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

Test(between, frames_take_nothing_from_the_heap)
{
	struct sono_scan *scan;
	struct pipeline *p = make(&scan);
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

/* From now on any system call but exit() is the end. */
static void confine(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter), .filter = filter,
	};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* How a child ends that the kernel lets do nothing. */
static int confined(void (*work)(struct pipeline *p,
				 const struct sono_scan *scan,
				 const void *data))
{
	struct sono_scan *scan;
	struct pipeline *p = make(&scan);
	int16_t *data = noise(scan);
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		/* not every page has been touched */
		give(p, scan, data, 0);
		confine();
		work(p, scan, data);
		syscall(SYS_exit, 7);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	free(data);
	pipeline_destroy(p);
	sono_scan_free(scan);
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
	cr_assert_lt(confined(ask_kernel), 0, "this kernel confines nobody");
	if (confined(read_clock) != 7)
		cr_skip_test("reading the clock is a system call here");
	cr_assert_eq(confined(run_frames), 7);
}

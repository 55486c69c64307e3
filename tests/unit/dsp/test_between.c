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

/* --- what frames go through ------------------------------------------------ */

static struct pipeline_params grey(void)
{
	struct pipeline_params p;

	pipeline_params_init(&p);
	p.b.grid = (struct grid){
		.shape = GRID_LINEAR, .lines = 9, .samples = 81,
		.line0 = -1.2e-3, .line_step = 0.3e-3,
		.sample0 = 7e-3, .sample_step = 25e-6,
	};
	p.display.width = 64;
	p.display.height = 48;
	return p;
}

static void fill_line(struct grid *line)
{
	*line = (struct grid){
		.shape = GRID_SECTOR, .lines = 1, .samples = 61,
		.sample0 = 7e-3, .sample_step = 25e-6,
	};
}

/* Shots of a part, of so many events each, from event @e on; the next event. */
static uint32_t tag(struct sono_scan *scan, uint32_t e, enum sono_role role,
		    uint32_t shots, uint32_t waves)
{
	uint32_t shot, wave;

	for (shot = 0; shot < shots; shot++)
		for (wave = 0; wave < waves; wave++)
			scan->event[e++].tag = SONO_TAG(role, shot, wave);
	return e;
}

static void focus(struct sono_event *event, double x)
{
	event->wave = SONO_WAVE_FOCUSED;
	event->beam_x = x;
	event->focus = 8e-3;
}

/* One shot's events are B's, too. */
static struct sono_scan *make_usual(struct pipeline_params *p)
{
	struct sono_scan *scan = fixture_scan(4);

	tag(scan, 0, SONO_ROLE_COLOUR, 4, 1);
	p->b.persistence = 0.5;
	p->colour.on = true;
	p->colour.wall = (struct wall_params){ .kind = WALL_SVD, .order = 1 };
	p->colour.estimator = DOPPLER_LOUPAS;
	p->colour.tissue_db = -20;
	p->m.on = true;
	fill_line(&p->m.grid);
	p->ecg.on = true;
	return scan;
}

/* Pulses and their inversions, coherence of parts; a box of its own, shaded. */
static struct sono_scan *make_pairs(struct pipeline_params *p)
{
	struct sono_scan *scan = fixture_scan(4 + 12);
	uint32_t e = tag(scan, 0, SONO_ROLE_B, 1, 4);

	tag(scan, e, SONO_ROLE_COLOUR, 12, 1);
	p->b.pairs = true;
	p->b.coherence = 4;
	p->demod.interpolation = INTERPOLATION_UPSAMPLED;
	p->colour.on = true;
	p->colour.grid = p->b.grid;
	p->colour.grid.lines = 5;
	p->colour.aperture.f_number = 1.5;
	p->colour.aperture.window = WINDOW_HANN;
	p->colour.wall = (struct wall_params){ WALL_FIR, 4, 0.2, 0 };
	p->colour.map = COLOUR_VARIANCE;
	return scan;
}

/* Beams beside each other, shaded; bursts along a line, in colour. */
static struct sono_scan *make_beams(struct pipeline_params *p)
{
	struct sono_scan *scan = fixture_scan(3 + 2 * 8);
	uint32_t e = tag(scan, 0, SONO_ROLE_B, 1, 3), i;

	tag(scan, e, SONO_ROLE_M, 2 * 8, 1);
	for (i = 0; i < 3; i++)
		focus(&scan->event[i], 1e-3 * i - 1e-3);
	p->b.aperture.window = WINDOW_TUKEY;
	p->b.aperture.taper = 0.5;
	p->m.on = true;
	fill_line(&p->m.grid);
	p->m.ensemble = 8;
	p->m.colour = true;
	p->m.wall = (struct wall_params){ WALL_IIR, 2, 0.1, WALL_PROJECTION };
	p->m.tissue_db = -20;
	return scan;
}

/* A packet of polynomials over the picture; lines of a volume, both traces. */
static struct sono_scan *make_volume(struct pipeline_params *p)
{
	struct sono_scan *scan = fixture_scan(12 + 40);
	uint32_t e = tag(scan, 0, SONO_ROLE_COLOUR, 12, 1);

	tag(scan, e, SONO_ROLE_PW, 40, 1);
	p->colour.on = true;
	p->colour.wall.order = 9;
	p->pw.on = true;
	fill_line(&p->pw.grid);
	p->pw.cutoff = 0.05;
	p->pw.window = 16;
	p->pw.fft = 128;
	p->display.sweep = p->display.sweep_width / 64 / 1e-3;
	return scan;
}

static const struct setup {
	const char *name;
	struct sono_scan *(*make)(struct pipeline_params *params);
} setups[] = {
	{ "usual", make_usual },
	{ "pairs", make_pairs },
	{ "beams", make_beams },
	{ "volume", make_volume },
};

#define SETUPS	(sizeof(setups) / sizeof(setups[0]))

static struct pipeline *make(struct sono_scan **scan, const struct setup *setup,
			     uint32_t count)
{
	struct pipeline_params params = grey();
	struct pipeline *p;
	const char *why = "";

	*scan = setup->make(&params);
	params.workers = count;
	cr_assert_eq(pipeline_create(&p, *scan, &params, &why), 0, "%s: %s",
		     setup->name, why);
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

static void take_nothing(const struct setup *setup, uint32_t count)
{
	struct sono_scan *scan;
	struct pipeline *p = make(&scan, setup, count);
	int16_t *data = noise(scan);
	uint64_t seq;

	cr_assert_gt(allocations, 0, "the linker leads them elsewhere");
	allocations = 0;
	for (seq = 0; seq < FRAMES; seq++)
		give(p, scan, data, seq);
	cr_assert_eq(allocations, 0, "%s, %u workers: %lu", setup->name, count,
		     allocations);
	free(data);
	pipeline_destroy(p);
	sono_scan_free(scan);
}

Test(between, frames_take_nothing_from_the_heap)
{
	uint32_t i, count;

	for (i = 0; i < SETUPS; i++)
		for (count = 1; count <= 3; count++)
			take_nothing(&setups[i], count);
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

/* A thread makes calls as it begins; those that have once slept have begun. */
static void wait_for_workers(uint32_t count)
{
	while (atomic_load(&waits) + 1 < count)
		usleep(WORKERS_AWAKE_US);
}

/* How a child ends that the kernel lets do nothing, or its workers wait. */
static int confined(void (*work)(struct pipeline *p,
				 const struct sono_scan *scan,
				 const void *data),
		    const struct setup *setup, uint32_t count)
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		struct sono_scan *scan;
		struct pipeline *p = make(&scan, setup, count);
		int16_t *data = noise(scan);

		wait_for_workers(count);
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

/* With one worker there is nobody to wait for. */
static void call_nothing(uint32_t count)
{
	uint32_t i;

	cr_assert_lt(confined(ask_kernel, &setups[0], count), 0,
		     "this kernel confines nobody");
	if (confined(read_clock, &setups[0], 1) != 7)
		cr_skip_test("reading the clock is a system call here");
	for (i = 0; i < SETUPS; i++) {
		const int end = confined(run_frames, &setups[i], count);

		cr_assert_eq(end, 7, "%s, %u workers: %d", setups[i].name,
			     count, end);
	}
}

Test(between, frames_make_no_system_call)
{
	call_nothing(1);
}

Test(between, two_workers_call_the_system_only_to_wait)
{
	call_nothing(2);
}

Test(between, three_workers_call_the_system_only_to_wait)
{
	call_nothing(3);
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
	struct pipeline *p = make(&scan, &setups[0], 2);
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
	struct pipeline *p = make(&scan, &setups[0], 2);
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

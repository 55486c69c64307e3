// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Every entry point again and again, each time with another of its allocations,
 * or of its copies to and from userspace, failing: the first, the second, and
 * so on, until there is none left to fail. Whatever comes of it, the board must
 * stream afterwards. Leaks and reports are for whoever reads the kernel's log.
 *
 * Needs /proc/thread-self/fail-nth and /dev/sono0, as root; sono_importer and
 * aer_inject where they are. Faults count where the driver is on the stack, so that
 * they are those of its own paths; or wherever, where the rest of the kernel does
 * most of it. The variable SONO_STRIDE=N takes only every Nth fault of the long
 * paths.
 */
#include <kselftest_harness.h>

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "inject.h"
#include "node.h"
#include "sono_importer/sono_importer.h"
#include "sysfs.h"

#define IMPORTER "/dev/sono_importer"
#define CLASS "/sys/class/sono/sono0/"
#define SLOTS 8

static const struct shape shape_16k = SHAPE_16K;
/* One frame a minute: a wait for one stays where it is. */
static const struct shape shape_still = { 15, 544, 1, 4000000000u, 7 };

/* --- faults ----------------------------------------------------------------- */

static int nth_fd = -1;

/* Threads of the kernel that meet the faults instead. */
static int victims[8];
static unsigned int nvictims;

static void fail_fd_at(int fd, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* The write itself may be what fails. */
	while (pwrite(fd, text, (size_t)len, 0) != len)
		;
}

/* The task's @n-th fault from now on. */
static void fail_at(unsigned int n)
{
	if (!nvictims)
		fail_fd_at(nth_fd, n);
	for (unsigned int i = 0; i < nvictims; i++)
		fail_fd_at(victims[i], n);
}

static bool fd_has_failed(int fd)
{
	char text[16] = "";

	/* Read by a copy, which may be the fault that was not yet met. */
	return pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
}

static bool armed, failed;

static void begin_faults(unsigned int n)
{
	fail_at(n);
	armed = true;
}

/* Was there a fault? None is on its way any more. */
static bool has_failed(void)
{
	if (!armed)
		return failed;
	failed = !nvictims && fd_has_failed(nth_fd);
	for (unsigned int i = 0; i < nvictims; i++)
		failed |= fd_has_failed(victims[i]);
	fail_at(0);
	armed = false;
	return failed;
}

/* --- the entry points -------------------------------------------------------- */

struct at {
	int fd; /* of a controller, -1 if closed */
	int other; /* of another file */
	bool observes; /* it is the other that acts */
	int buffer; /* a dma-buf */
	int importer;
	struct sono_setup st;
	struct sono_config config;
	struct table table;
	struct table still;
	struct io_uring ring;
	char function[64];
	void *mapped;
	size_t bytes;
};

/* Of the file that acts. */
static int own_fd(const struct at *a)
{
	return a->observes ? a->other : a->fd;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void unmap(struct at *a)
{
	if (a->mapped && a->mapped != MAP_FAILED)
		munmap(a->mapped, a->bytes);
	a->mapped = NULL;
}

static int opened(struct at *a)
{
	a->fd = open(NODE, O_RDWR | O_NONBLOCK);
	return a->fd < 0 ? -errno : 0;
}

static int done_setup(struct at *a)
{
	int ret = opened(a);

	return ret ? ret : setup_slots_soon(a->fd, &a->st, SLOTS);
}

static int done_config(struct at *a)
{
	int ret = done_setup(a);

	a->config = table_config(&a->table, SONO_CONFIG_PRBS);
	return ret ? ret : command(a->fd, SONO_CMD_CONFIG, &a->config);
}

static int done_start(struct at *a)
{
	struct sono_start start = { 0 };
	int ret = done_config(a);

	return ret ? ret : command(a->fd, SONO_CMD_START, &start);
}

static int done_still(struct at *a)
{
	struct sono_start start = { 0 };
	int ret = done_setup(a);

	a->config = table_config(&a->still, SONO_CONFIG_PRBS);
	return ret ?: command(a->fd, SONO_CMD_CONFIG, &a->config) ?:
	       command(a->fd, SONO_CMD_START, &start);
}

/* Some frames are there to be read. */
static int done_frames(struct at *a)
{
	struct pollfd p = { .events = POLLIN };
	int ret = done_start(a);

	p.fd = a->fd;
	return ret ? ret : poll(&p, 1, 5000) == 1 ? 0 : -ETIME;
}

static int done_other(struct at *a)
{
	int ret = done_config(a);

	a->other = open(NODE, O_RDWR | O_NONBLOCK);
	return ret ? ret : a->other < 0 ? -errno : 0;
}

/* Somebody watches a stream; frames come, or none does. */
static int watched(struct at *a)
{
	struct sono_setup st;

	a->other = open(NODE, O_RDWR | O_NONBLOCK);
	a->observes = true;
	return a->other < 0 ? -errno : command(a->other, SONO_CMD_OBSERVE, &st);
}

static int done_observe(struct at *a)
{
	struct pollfd p = { .events = POLLIN };
	int ret = done_start(a) ?: watched(a);

	p.fd = a->other;
	return ret ?: poll(&p, 1, 5000) == 1 ? 0 : -ETIME;
}

static int done_observe_still(struct at *a)
{
	return done_still(a) ?: watched(a);
}

static int done_export(struct at *a)
{
	struct sono_export e = { .slot = SONO_SLOTS_ALL };
	int ret = done_config(a) ?: command(a->fd, SONO_CMD_EXPORT, &e);

	if (ret)
		return ret;
	a->buffer = e.fd;
	a->bytes = e.bytes;
	a->importer = open(IMPORTER, O_RDONLY);
	return a->importer < 0 ? -errno : 0;
}

static int imported(struct at *a)
{
	struct sono_import im = { .fd = a->buffer, .dir = SONO_IMPORT_READ };

	return ioctl(a->importer, SONO_IMPORT, &im) ? -errno : 0;
}

static int done_import(struct at *a)
{
	return done_export(a) ?: imported(a);
}

/* Its files are open, and another board could be bound meanwhile. */
static int gone_in_use(struct at *a)
{
	return done_start(a) ?: unbind_board(a->function);
}

static int nothing(struct at *a)
{
	(void)a;
	return 0;
}

static int gone(struct at *a)
{
	return unbind_board(a->function);
}

static int at_rest(struct at *a)
{
	(void)a;
	return sysfs_becomes("/sys/class/sono/sono0/device/power/runtime_status",
			     "suspended", 20) ?
		       0 :
		       -ETIME;
}

static int do_info(struct at *a)
{
	struct sono_info info;

	return command(a->fd, SONO_CMD_INFO, &info);
}

static int do_setup(struct at *a)
{
	return setup(a->fd, &a->st, SLOTS);
}

static int do_observe(struct at *a)
{
	struct sono_setup st;

	return command(a->other, SONO_CMD_OBSERVE, &st);
}

static int do_config(struct at *a)
{
	return command(a->fd, SONO_CMD_CONFIG, &a->config);
}

static int do_start(struct at *a)
{
	struct sono_start start = { 0 };

	return command(a->fd, SONO_CMD_START, &start);
}

static int do_stop(struct at *a)
{
	struct sono_stop stop;

	return command(a->fd, SONO_CMD_STOP, &stop);
}

static int do_kick(struct at *a)
{
	return command(a->fd, SONO_CMD_KICK, NULL);
}

static int do_cancel(struct at *a)
{
	return command(a->fd, SONO_CMD_CANCEL, NULL);
}

static int do_export(struct at *a)
{
	struct sono_export e = { .slot = 1 };
	int ret = command(own_fd(a), SONO_CMD_EXPORT, &e);

	if (!ret)
		close(e.fd);
	return ret;
}

static int do_map(struct at *a, uint64_t offset, uint64_t bytes)
{
	a->bytes = bytes;
	a->mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED, own_fd(a),
			 (off_t)offset);
	return a->mapped == MAP_FAILED ? -errno : 0;
}

static int do_map_ring(struct at *a)
{
	return do_map(a, a->st.ring_offset, a->st.ring_bytes);
}

static int do_map_user(struct at *a)
{
	return do_map(a, a->st.user_offset, a->st.user_bytes);
}

static int do_map_slots(struct at *a)
{
	return do_map(a, a->st.slots_offset, a->st.slots_bytes);
}

static int do_read(struct at *a)
{
	struct sono_record rec;

	return read(own_fd(a), &rec, sizeof(rec)) < 0 ? -errno : 0;
}

static int do_poll(struct at *a)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -errno : 0;
}

static int do_close(struct at *a)
{
	close_fd(&a->fd);
	return 0;
}

/* By io_uring, in this task; what sleeps goes on in one of its threads. */
static int do_uring(struct at *a, uint32_t op, const void *area, size_t bytes)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe = command_sqe(&a->ring, own_fd(a), op);
	struct __kernel_timespec t = { .tv_nsec = 300000000 };
	int ret;

	memcpy(sqe->cmd, area, bytes);
	io_uring_cq_advance(&a->ring, io_uring_cq_ready(&a->ring));
	ret = io_uring_submit_and_wait_timeout(&a->ring, &cqe, 1, &t, NULL);
	if (ret < 0 && ret != -ETIME)
		return ret;
	/* What follows is not the command any more. */
	has_failed();
	return result(&a->ring);
}

static int do_arm(struct at *a)
{
	struct sono_arm arm = { 1000000, 1, 20000 };
	int ret = do_uring(a, SONO_CMD_ARM, &arm, sizeof(arm));

	/* No frame comes: that is how it ends. */
	return ret == -ETIME ? 0 : ret;
}

static int do_uring_kick(struct at *a)
{
	struct sono_uring_cmd cmd = { 0 };

	return do_uring(a, SONO_CMD_KICK, &cmd, sizeof(cmd));
}

static int do_regbuf(struct at *a)
{
	struct sono_regbuf rb = { .slot = SONO_SLOTS_ALL };
	int ret = do_uring(a, SONO_CMD_REGBUF, &rb, sizeof(rb));

	rb.slot = 0;
	if (!ret)
		ret = do_uring(a, SONO_CMD_UNREGBUF, &rb, sizeof(rb));
	return ret;
}

static int do_bind(struct at *a)
{
	return bind_board(a->function);
}

static int do_unbind(struct at *a)
{
	return unbind_board(a->function);
}

static int do_reset(struct at *a)
{
	return sysfs_function_put(a->function, "reset", "1");
}

static int do_counters(struct at *a)
{
	(void)a;
	return sysfs_get("/sys/kernel/debug/sono/sono0/counters")[0] ? 0 : -EIO;
}

static int do_registers(struct at *a)
{
	(void)a;
	return sysfs_get("/sys/kernel/debug/sono/sono0/registers")[0] ? 0 : -EIO;
}

/* --- what has a dma-buf ------------------------------------------------------- */

static int do_buffer_mmap(struct at *a)
{
	/* Where nothing else is, so that it takes page tables of its own. */
	a->mapped = mmap((void *)(1ul << 40), a->bytes, PROT_READ,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, a->buffer, 0);
	return a->mapped == MAP_FAILED ? -errno : 0;
}

/* Attach, map for a device, map for the kernel. */
static int do_import(struct at *a)
{
	return imported(a);
}

static int do_buffer_sync(struct at *a)
{
	struct dma_buf_sync s = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };
	int ret = ioctl(a->buffer, DMA_BUF_IOCTL_SYNC, &s);

	s.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
	return ret || ioctl(a->buffer, DMA_BUF_IOCTL_SYNC, &s) ? -errno : 0;
}

static int do_import_end(struct at *a)
{
	close_fd(&a->importer);
	close_fd(&a->buffer);
	return 0;
}

/* --- what stands around the node ---------------------------------------------- */

/* By system calls alone. */
static int whole_read(const char *path)
{
	int fd = open(path, O_RDONLY), ret = 0;
	char text[256];
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0)
		n = read(fd, text, sizeof(text));
	if (n < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int do_attributes(struct at *a)
{
	static const char *const names[] = {
		"revision", "serial",	"probe",
		"state",    "trouble",	"firmware",
		"firmware_bank",	"firmware_next",
		"firmware_floor",	"selftest_scratch",
		"selftest_interrupt",	"selftest_flash",
	};
	char path[64];
	int ret = 0;

	(void)a;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !ret; i++) {
		snprintf(path, sizeof(path), CLASS "%s", names[i]);
		ret = whole_read(path);
	}
	return ret;
}

static int do_selftest(struct at *a)
{
	(void)a;
	return sysfs_put(CLASS "selftest_scratch", "1") ?:
	       sysfs_put(CLASS "selftest_interrupt", "1");
}

/* Of the first chip that says it is ours. */
static int do_sensor(struct at *a)
{
	char path[320];
	DIR *dir = opendir("/sys/class/hwmon");
	struct dirent *e;
	int ret = -ENOENT;

	(void)a;
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/hwmon/%s/name",
			 e->d_name);
		if (strcmp(sysfs_get(path), "sono"))
			continue;
		snprintf(path, sizeof(path), "/sys/class/hwmon/%s/temp1_input",
			 e->d_name);
		ret = sysfs_get(path)[0] ? 0 : -EIO;
	}
	if (dir)
		closedir(dir);
	return ret;
}

/* Devices sleep and wake one after the other, in this task. */
static int do_sleep(struct at *a)
{
	int ret;

	(void)a;
	ret = sysfs_put("/sys/power/state", "freeze");
	return ret;
}

static int devices_only(struct at *a)
{
	sysfs_put("/sys/power/pm_async", "0");
	sysfs_put("/sys/module/suspend/parameters/pm_test_delay", "0");
	return sysfs_put("/sys/power/pm_test", "devices") ?: done_start(a);
}

static int do_insert(struct at *a)
{
	(void)a;
	return insert_module(getenv("SONO_MODULE"));
}

static int do_remove(struct at *a)
{
	(void)a;
	return remove_module_soon();
}

/* --- errors of the link: what they lead to, a thread of the kernel does ------- */

static uint32_t link_error;

static void victims_find(const char *name)
{
	char text[32];
	glob_t found;

	nvictims = 0;
	if (glob("/proc/[0-9]*/comm", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *path = found.gl_pathv[i];

		snprintf(text, sizeof(text), "%s", sysfs_get(path));
		if (!strstr(text, name) || nvictims == ARRAY_SIZE(victims))
			continue;
		/* .../comm */
		strcpy(strrchr(path, '/'), "/fail-nth");
		if (strlen(path) < sizeof(text))
			victims[nvictims++] = open(strcpy(text, path), O_RDWR);
	}
	globfree(&found);
}

static void victims_forget(void)
{
	while (nvictims)
		close(victims[--nvictims]);
}

/* Until the board is back, or is given up. */
static bool is_over(void)
{
	const char *state = sysfs_get(CLASS "state");

	return strcmp(state, "away") && strcmp(state, "lost");
}

static int do_link_error(struct at *a)
{
	unsigned long long before = sysfs_counter("link_errors");
	uint64_t limit = now_ns() + 3 * NS_PER_S;
	int ret = sysfs_aer_inject(a->function, link_error, 0);

	while (!ret && sysfs_counter("link_errors") == before)
		if (now_ns() > limit)
			return -ETIME;
	while (!ret && !is_over())
		if (now_ns() > limit)
			return -EIO;
	return ret;
}

static int module_out(struct at *a)
{
	(void)a;
	return remove_module_soon();
}

/* --- the sweep --------------------------------------------------------------- */

static unsigned int stride = 1;

/* Of paths that are not quite so long. */
static unsigned int short_stride(void)
{
	return (stride + 7) / 8;
}

static void make_at(struct __test_metadata *_metadata, struct at *a)
{
	struct sono_info info;
	int fd;

	*a = (struct at){ .fd = -1, .other = -1, .buffer = -1, .importer = -1 };
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (nth_fd < 0)
		SKIP(return, "this kernel does not make faults");
	ASSERT_EQ(0, sysfs_function(a->function, sizeof(a->function)));
	fd = open(NODE, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, command(fd, SONO_CMD_INFO, &info));
	close(fd);
	ASSERT_EQ(0, table_make(&a->table, &info, &shape_16k));
	ASSERT_EQ(0, table_make(&a->still, &info, &shape_still));
	ASSERT_EQ(0, io_uring_queue_init(8, &a->ring, 0));
	ASSERT_EQ(0, io_uring_register_buffers_sparse(&a->ring, 2));
}

static void let_go(struct at *a)
{
	unmap(a);
	a->observes = false;
	close_fd(&a->importer);
	close_fd(&a->buffer);
	close_fd(&a->fd);
	close_fd(&a->other);
}

static void free_at(struct at *a)
{
	let_go(a);
	io_uring_queue_exit(&a->ring);
	table_free(&a->table);
	table_free(&a->still);
	close(nth_fd);
}

/* Whatever failed is made good: there is a module and a board bound to it. */
static void make_good(struct at *a)
{
	let_go(a);
	if (access("/sys/module/sono", F_OK))
		insert_module(getenv("SONO_MODULE"));
	/* While there were files, it got another number. */
	if (access(NODE, F_OK))
		unbind_board(a->function);
	if (access(NODE, F_OK))
		bind_board(a->function);
	if (!is_over())
		sysfs_function_put(a->function, "reset", "1");
}

/* What a sweep must have met to have tested anything. */
enum expected { NOTHING, FAULTS_MET, FAILURES };

static void sweep(struct __test_metadata *_metadata, struct at *a,
		  const char *what, int (*before)(struct at *),
		  int (*act)(struct at *), unsigned int step,
		  enum expected expected)
{
	unsigned int n, failures = 0;
	bool met = true;
	int ret;

	for (n = 1; met; n += step) {
		ASSERT_EQ(0, before(a))
		{
			TH_LOG("%s: what precedes fault %u failed", what, n);
		}
		begin_faults(n);
		ret = act(a);
		met = has_failed();
		failures += ret != 0;
		make_good(a);
		/* Without a fault it works; after one the board does. */
		if (!met)
			ASSERT_EQ(0, ret)
			{
				TH_LOG("%s fails without a fault", what);
			}
		ASSERT_EQ(0, done_frames(a))
		{
			TH_LOG("%s: no frames after fault %u", what, n);
		}
		make_good(a);
	}
	printf("# %s: %u faults, %u of them failures\n", what, (n - 1) / step - 1,
	       failures);
	fflush(stdout);
	if (expected == FAULTS_MET)
		EXPECT_LT(1 + step, n);
	if (expected == FAILURES)
		EXPECT_LT(0, failures);
}

FIXTURE(faults)
{
	struct at at;
};

FIXTURE_SETUP(faults)
{
	make_at(_metadata, &self->at);
	ASSERT_EQ(0, inject_arrange(true));
}

FIXTURE_TEARDOWN(faults)
{
	free_at(&self->at);
}

FIXTURE_VARIANT(faults)
{
	const char *what;
	int (*before)(struct at *a);
	int (*act)(struct at *a);
	enum expected expected;
};

#define ENTRY_BY(name, action, state, expects)    \
	FIXTURE_VARIANT_ADD(faults, name)         \
	{                                         \
		.what = #name, .before = (state), \
		.act = (action),                  \
		.expected = (expects),            \
	}

#define ENTRY(name, state, expects) ENTRY_BY(name, do_##name, state, expects)

static int do_open(struct at *a)
{
	return opened(a);
}

ENTRY(open, nothing, FAILURES);
ENTRY(info, opened, FAILURES);
ENTRY(setup, opened, FAILURES);
ENTRY(observe, done_other, FAILURES);
ENTRY(config, done_config, FAILURES);
ENTRY(start, done_config, FAILURES);
ENTRY(stop, done_start, FAILURES);
ENTRY(kick, done_start, NOTHING);
ENTRY(cancel, done_start, NOTHING);
ENTRY(export, done_config, FAILURES);
ENTRY(map_ring, done_setup, NOTHING);
ENTRY(map_user, done_setup, NOTHING);
ENTRY(map_slots, done_setup, FAILURES);
ENTRY(read, done_frames, FAILURES);
ENTRY(poll, done_start, NOTHING);
ENTRY(close, done_start, NOTHING);
ENTRY(arm, done_still, FAILURES);
ENTRY(uring_kick, done_start, NOTHING);
ENTRY(regbuf, done_config, FAILURES);
ENTRY_BY(observer_map_ring, do_map_ring, done_observe, NOTHING);
ENTRY_BY(observer_map_slots, do_map_slots, done_observe, FAILURES);
ENTRY_BY(observer_export, do_export, done_observe, FAILURES);
ENTRY_BY(observer_read, do_read, done_observe, FAILURES);
ENTRY_BY(observer_arm, do_arm, done_observe_still, FAILURES);
ENTRY_BY(observer_regbuf, do_regbuf, done_observe, FAILURES);
ENTRY(buffer_mmap, done_export, FAILURES);
ENTRY(import, done_export, FAILURES);
ENTRY(buffer_sync, done_import, NOTHING);
ENTRY(import_end, done_import, NOTHING);
ENTRY(counters, nothing, FAILURES);
ENTRY(registers, nothing, FAILURES);
ENTRY(sensor, nothing, NOTHING);
ENTRY(reset, done_start, NOTHING);
ENTRY(unbind, done_start, FAULTS_MET);
ENTRY(sleep, devices_only, NOTHING);

TEST_F_TIMEOUT(faults, every_one, 600)
{
	sweep(_metadata, &self->at, variant->what, variant->before,
	      variant->act, 1, variant->expected);
	sysfs_put("/sys/power/pm_test", "none");
}

/* --- faults wherever they are ------------------------------------------------- */

FIXTURE(wherever)
{
	struct at at;
};

FIXTURE_SETUP(wherever)
{
	make_at(_metadata, &self->at);
	ASSERT_EQ(0, inject_arrange(false));
}

FIXTURE_TEARDOWN(wherever)
{
	victims_forget();
	free_at(&self->at);
}

TEST_F_TIMEOUT(wherever, attributes, 600)
{
	sweep(_metadata, &self->at, "attributes", nothing, do_attributes,
	      short_stride(), FAILURES);
}

TEST_F_TIMEOUT(wherever, selftest, 600)
{
	sweep(_metadata, &self->at, "selftest", nothing, do_selftest, 1,
	      FAILURES);
}

static void sweep_link_error(struct __test_metadata *_metadata, struct at *a,
			     const char *what, uint32_t error)
{
	if (access("/dev/aer_inject", W_OK))
		SKIP(return, "no aer_inject");
	victims_find("aerdrv");
	ASSERT_LT(0, nvictims);
	link_error = error;
	sweep(_metadata, a, what, done_start, do_link_error, 1, NOTHING);
}

TEST_F_TIMEOUT(wherever, link_error, 600)
{
	sweep_link_error(_metadata, &self->at, "link_error",
			 AER_COMPLETION_TIMEOUT);
}

TEST_F_TIMEOUT(wherever, fatal_link_error, 600)
{
	sweep_link_error(_metadata, &self->at, "fatal_link_error",
			 AER_MALFORMED_TLP);
}

FIXTURE(long_way)
{
	struct at at;
};

FIXTURE_SETUP(long_way)
{
	make_at(_metadata, &self->at);
}

FIXTURE_TEARDOWN(long_way)
{
	free_at(&self->at);
}

/* A board that rested is woken by whoever opens it. */
TEST_F_TIMEOUT(long_way, waking, 600)
{
	ASSERT_EQ(0, inject_arrange(true));
	sweep(_metadata, &self->at, "waking", at_rest, do_open, 1,
	      FAILURES);
}

TEST_F_TIMEOUT(long_way, bind, 3000)
{
	ASSERT_EQ(0, inject_arrange(true));
	sweep(_metadata, &self->at, "bind", gone, do_bind, stride,
	      FAILURES);
}

TEST_F_TIMEOUT(long_way, bind_in_use, 3000)
{
	ASSERT_EQ(0, inject_arrange(true));
	sweep(_metadata, &self->at, "bind_in_use", gone_in_use, do_bind, stride,
	      FAILURES);
}

TEST_F_TIMEOUT(long_way, remove, 3000)
{
	if (!getenv("SONO_MODULE"))
		SKIP(return, "SONO_MODULE does not say where sono.ko is");
	ASSERT_EQ(0, inject_arrange(false));
	sweep(_metadata, &self->at, "remove", nothing, do_remove,
	      short_stride(), FAULTS_MET);
}

TEST_F_TIMEOUT(long_way, insert, 3000)
{
	if (!getenv("SONO_MODULE"))
		SKIP(return, "SONO_MODULE does not say where sono.ko is");
	ASSERT_EQ(0, inject_arrange(false));
	sweep(_metadata, &self->at, "insert", module_out, do_insert, stride,
	      FAILURES);
}

/* --- memory in pieces --------------------------------------------------------- */

/* Half a megabyte and a little: a slot of it has several chunks anyway. */
static const struct shape shape_large = { 15, 17408, 1, 2000000, 7 };

#define LARGE_BYTES (1 << 20)

/* Frames are whole where their slots are of 64 KiB each, or refused below. */
static int stream_large(struct __test_metadata *_metadata)
{
	struct sono_start start = { 0 };
	struct sono_config config;
	struct sono_frame f;
	struct sono *s;
	struct table t;
	char why[128];
	int ret;

	ASSERT_EQ(0, sono_open(&s, NODE, why, sizeof(why)));
	ASSERT_EQ(0, table_make(&t, sono_info(s), &shape_large));
	config = table_config(&t, SONO_CONFIG_PRBS);
	ret = sono_setup(s, SLOTS, LARGE_BYTES) ?: sono_config(s, &config) ?:
	      sono_start(s, &start);
	for (int i = 0; i < 3 * SLOTS && ret >= 0; i++) {
		ret = take(s, &f);
		if (ret == 1 && !prbs_ok(&f, start.run))
			ret = -EBADMSG;
		if (ret == 1)
			sono_release(s, &f);
	}
	sono_close(s);
	table_free(&t);
	return ret;
}

TEST(slots_of_small_pieces)
{
	ASSERT_EQ(0, inject_arrange(true));
	ASSERT_EQ(0, inject_large(5));
	EXPECT_EQ(1, stream_large(_metadata));
	ASSERT_EQ(0, inject_large(4));
	EXPECT_EQ(-ENOMEM, stream_large(_metadata));
	inject_large_end();
	EXPECT_EQ(1, stream_large(_metadata));
}

int main(int argc, char **argv)
{
	const char *every = getenv("SONO_STRIDE");

	if (every)
		stride = (unsigned int)atoi(every);
	return test_harness_run(argc, argv);
}

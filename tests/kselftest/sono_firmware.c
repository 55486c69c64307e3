// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Firmware of the board by /sys/class/firmware: what is taken, what is refused,
 * what comes in between. One board with a flash, /dev/sono0, as root, and the
 * images that tests/kselftest/vm made, in the directory that SONO_IMAGES names.
 * What fails leaves the version that was there before.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/klog.h>
#include <sys/stat.h>

#include "inject.h"
#include "node.h"
#include "sysfs.h"

#define CLASS "/sys/class/firmware/sono0/"
#define NODE_CLASS "/sys/class/sono/sono0/"
#define RESET NODE_CLASS "device/reset"
#define SLOTS 4
#define V(major, minor, patch) ((major) << 24 | (minor) << 16 | (patch))

static const struct shape shape_16k = SHAPE_16K;

static int put(const char *path, const void *data, size_t bytes)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	for (const char *at = data; bytes && n > 0; at += n, bytes -= (size_t)n)
		n = write(fd, at, bytes);
	n = n <= 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

/* Hand an image over; the driver is at work on it when this returns. */
static int begin(const char *image)
{
	char path[PATH_MAX];
	struct stat st;
	char *data;
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", getenv("SONO_IMAGES"), image);
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	data = malloc((size_t)st.st_size);
	ret = read(fd, data, (size_t)st.st_size) != st.st_size ? -EIO : 0;
	close(fd);
	ret = ret ?: put(CLASS "loading", "1", 1) ?:
	      put(CLASS "data", data, (size_t)st.st_size) ?:
	      put(CLASS "loading", "0", 1);
	free(data);
	return ret;
}

/* Until the upload is there, or gone; false after ten seconds. */
static bool wait_for(const char *status)
{
	return sysfs_becomes(CLASS "status", status, 10);
}

static void expect_error(struct __test_metadata *_metadata, const char *error)
{
	ASSERT_TRUE(wait_for("idle"));
	EXPECT_STREQ(error, sysfs_get(CLASS "error"));
}

static void upload(struct __test_metadata *_metadata, const char *image,
		   const char *error)
{
	ASSERT_EQ(0, begin(image));
	expect_error(_metadata, error);
}

static uint32_t version(void)
{
	int fd = open(NODE, O_RDWR);
	struct sono_info info = { 0 };

	command(fd, SONO_CMD_INFO, &info);
	close(fd);
	return info.firmware;
}

static void rebind(struct __test_metadata *_metadata)
{
	char name[64];

	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	ASSERT_EQ(0, unbind_board(name));
	ASSERT_EQ(0, bind_board(name));
}

FIXTURE(board)
{
	uint32_t version;
};

FIXTURE_SETUP(board)
{
	if (access(CLASS, F_OK) || !getenv("SONO_IMAGES"))
		SKIP(return, "needs " CLASS " and SONO_IMAGES");
	self->version = version();
	ASSERT_NE(0, self->version);
}

FIXTURE_TEARDOWN(board)
{
}

/* The last thing that the driver has said. */
static bool logged(const char *what)
{
	static char log[1 << 20];
	char line[128], *last = NULL;
	int n = klogctl(3, log, sizeof(log) - 1);

	log[n < 0 ? 0 : n] = '\0';
	for (char *at = log; (at = strstr(at, ": firmware: ")); at++)
		last = at;
	snprintf(line, sizeof(line), ": firmware: %s\n", what);
	return last && !strncmp(last, line, strlen(line));
}

TEST_F(board, refuses)
{
	static const struct {
		const char *image, *error, *log;
	} rows[] = {
		{ "crc", "programming:firmware-invalid", "bad CRC" },
		{ "signature", "programming:firmware-invalid",
		  "bad signature" },
		{ "header", "programming:firmware-invalid", "bad header" },
		{ "half", "programming:firmware-invalid", "bad header" },
		{ "board", "programming:firmware-invalid",
		  "for another board" },
		{ "old", "programming:firmware-invalid", "too old" },
		{ "short", "preparing:invalid-file-size", NULL },
		{ "odd", "preparing:invalid-file-size", NULL },
		{ "long", "preparing:invalid-file-size", NULL },
	};

	unsigned long long refused = sysfs_counter("trouble_flash");
	unsigned long long unheard = sysfs_counter("trouble_unheard");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		upload(_metadata, rows[i].image, rows[i].error);
		if (!rows[i].log)
			continue;
		EXPECT_TRUE(logged(rows[i].log))
			TH_LOG("%s", rows[i].image);
		EXPECT_EQ(++refused, sysfs_counter("trouble_flash"));
	}
	/* The latest is an interrupt that came late, where the host is held up. */
	if (sysfs_counter("trouble_unheard") == unheard)
		EXPECT_STREQ("flash", sysfs_get(NODE_CLASS "trouble"));
	rebind(_metadata);
	EXPECT_EQ(self->version, version());
}

TEST_F(board, upload_is_cancelled)
{
	ASSERT_EQ(0, begin("big"));
	ASSERT_TRUE(wait_for("transferring"));
	ASSERT_EQ(0, put(CLASS "cancel", "1", 1));
	expect_error(_metadata, "transferring:user-abort");
	/* It has left room for another. */
	upload(_metadata, "crc", "programming:firmware-invalid");
	rebind(_metadata);
	EXPECT_EQ(self->version, version());
}

TEST_F(board, run_and_upload_exclude_each_other)
{
	struct sono_start start = { .flags = SONO_START_TX_OFF };
	int fd = open(NODE, O_RDWR);
	struct sono_config config;
	struct sono_record rec;
	struct sono_setup st;
	struct sono_stop stop;

	ASSERT_EQ(0, setup_slots_soon(fd, &st, SLOTS));
	ASSERT_EQ(0, load(fd, &shape_16k, &config));
	ASSERT_EQ(0, command(fd, SONO_CMD_START, &start));
	EXPECT_STREQ("streaming", sysfs_get(NODE_CLASS "state"));
	upload(_metadata, "crc", "preparing:device-busy");
	for (int i = 0; i < SLOTS; i++)
		ASSERT_EQ(sizeof(rec), read(fd, &rec, sizeof(rec)));
	ASSERT_EQ(0, command(fd, SONO_CMD_STOP, &stop));
	EXPECT_EQ(SLOTS, stop.delivered);
	EXPECT_STREQ("ready", sysfs_get(NODE_CLASS "state"));

	ASSERT_EQ(0, begin("big"));
	ASSERT_TRUE(wait_for("transferring"));
	EXPECT_STREQ("updating", sysfs_get(NODE_CLASS "state"));
	EXPECT_EQ(-EBUSY, command(fd, SONO_CMD_START, &start));
	/* A table may be loaded meanwhile. */
	EXPECT_EQ(0, load(fd, &shape_16k, &config));
	ASSERT_EQ(0, put(CLASS "cancel", "1", 1));
	expect_error(_metadata, "transferring:user-abort");
	EXPECT_EQ(0, command(fd, SONO_CMD_START, &start));
	close(fd);
}

TEST_F(board, driver_goes_under_an_upload)
{
	const char *path = getenv("SONO_MODULE");

	ASSERT_EQ(0, begin("big"));
	ASSERT_TRUE(wait_for("transferring"));
	rebind(_metadata);
	EXPECT_EQ(self->version, version());
	ASSERT_EQ(0, begin("big"));
	ASSERT_TRUE(wait_for("transferring"));
	if (path) {
		ASSERT_EQ(0, remove_module());
		ASSERT_EQ(0, insert_module(path));
		EXPECT_EQ(self->version, version());
	}
	upload(_metadata, "crc", "programming:firmware-invalid");
}

TEST_F(board, reset_ends_an_upload)
{
	ASSERT_EQ(0, begin("big"));
	ASSERT_TRUE(wait_for("transferring"));
	ASSERT_EQ(0, put(RESET, "1", 1));
	expect_error(_metadata, "transferring:hw-error");
	rebind(_metadata);
	EXPECT_EQ(self->version, version());
}

/* A worker of the kernel's asks for it, which no sweep reaches (sono_failnth). */
TEST_F(board, no_memory_for_a_block)
{
	if (inject_arrange(true))
		SKIP(return, "this kernel does not make faults");
	ASSERT_EQ(0, inject_page());
	ASSERT_EQ(0, begin("crc"));
	expect_error(_metadata, "preparing:read-write-error");
	EXPECT_TRUE(inject_page_end());
	EXPECT_STREQ("idle", sysfs_get(NODE_CLASS "state"));
	upload(_metadata, "crc", "programming:firmware-invalid");
}

static void expect_streams(struct __test_metadata *_metadata)
{
	struct sono_start start = { .flags = SONO_START_TX_OFF };
	int fd = open(NODE, O_RDWR);
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	struct sono_config config;
	struct sono_record rec;
	struct sono_setup st;

	ASSERT_EQ(0, setup_slots_soon(fd, &st, SLOTS));
	ASSERT_EQ(0, load(fd, &shape_16k, &config));
	ASSERT_EQ(0, command(fd, SONO_CMD_START, &start));
	ASSERT_EQ(sizeof(rec), read(fd, &rec, sizeof(rec)));
	ASSERT_GT(limit, now_ns());
	EXPECT_EQ(FRAME, rec.len);
	close(fd);
}

/* From one bank to the other, and back: the floor rises. */
TEST_F(board, takes_what_is_good)
{
	if (self->version == V(3, 0, 0))
		SKIP(return, "it has it");
	upload(_metadata, "good", "");
	EXPECT_EQ(self->version, version());
	EXPECT_STREQ("1.0.0", sysfs_get(NODE_CLASS "firmware"));
	EXPECT_STREQ("2.1.0", sysfs_get(NODE_CLASS "firmware_next"));
	EXPECT_STREQ("A", sysfs_get(NODE_CLASS "firmware_bank"));
	expect_streams(_metadata);
	/* A reset does not boot it. */
	ASSERT_EQ(0, put(RESET, "1", 1));
	EXPECT_EQ(self->version, version());
	rebind(_metadata);
	EXPECT_EQ(V(2, 1, 0), version());
	EXPECT_STREQ("2.1.0", sysfs_get(NODE_CLASS "firmware"));
	EXPECT_STREQ("2.0.0", sysfs_get(NODE_CLASS "firmware_floor"));
	EXPECT_STREQ("B", sysfs_get(NODE_CLASS "firmware_bank"));
	expect_streams(_metadata);
	upload(_metadata, "newer", "programming:firmware-invalid");
	EXPECT_TRUE(logged("too old"));
	upload(_metadata, "largest", "");
	rebind(_metadata);
	EXPECT_EQ(V(3, 0, 0), version());
	expect_streams(_metadata);
}

TEST_HARNESS_MAIN

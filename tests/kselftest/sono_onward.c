// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Frames on their way out of the slots without a copy: to other devices by
 * dma-buf, to a disk by O_DIRECT and by io_uring's fixed buffers. One board,
 * a disk /dev/nvme0n1 and the module sono_importer. Of the environment:
 *
 *  SONO_MODULE  where sono.ko is, for tests that remove it
 *  SONO_BOUNCE  all DMA goes through bounce buffers
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <limits.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "node.h"
#include "sono_importer/sono_importer.h"
#include "sysfs.h"

#define DISK "/dev/nvme0n1"
#define DISK_ON_BUS "/sys/class/nvme/nvme0/device"
#define IMPORTER "/dev/sono_importer"
#define SLOTS 4
#define BAD_POINTER ((void *)8)
/* 7 pages, not a power of two: a slot has three chunks. The frame is shorter. */
#define STRIDE (7 * PAGE)
#define WIDE 28352

static const struct shape shape_wide = { 26, 544, 1, 200000, 7 };

/* --- a stream of wide frames -------------------------------------------------- */

FIXTURE(flow)
{
	int fd;
	struct sono_setup st;
	struct sono_start start;
	const struct sono_ctl *ctl;
	const struct sono_record *record;
	struct sono_user *user;
	char *slots;
	uint64_t pos;
};

typedef FIXTURE_DATA(flow) flow;

static void *map_area(const flow *f, uint64_t offset, uint64_t bytes, int prot)
{
	void *at = mmap(NULL, bytes, prot, MAP_SHARED, f->fd, (off_t)offset);

	return at == MAP_FAILED ? NULL : at;
}

static int claim(flow *f)
{
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	int ret;

	do {
		f->st = (struct sono_setup){ .slots = SLOTS,
					     .slot_bytes = STRIDE };
		ret = command(f->fd, SONO_CMD_SETUP, &f->st);
	} while (ret == -EBUSY && now_ns() < limit && !usleep(1000));
	return ret;
}

static void flow_begin(struct __test_metadata *_metadata, flow *f)
{
	struct sono_config config;

	*f = (flow){ .fd = open(NODE, O_RDWR | O_CLOEXEC) };
	ASSERT_LE(0, f->fd);
	ASSERT_EQ(0, claim(f));
	ASSERT_EQ(STRIDE, f->st.slot_stride);
	f->ctl = map_area(f, f->st.ring_offset, f->st.ring_bytes, PROT_READ);
	f->user = map_area(f, f->st.user_offset, f->st.user_bytes,
			   PROT_READ | PROT_WRITE);
	f->slots = map_area(f, f->st.slots_offset, f->st.slots_bytes,
			    PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, f->ctl);
	ASSERT_NE(NULL, f->user);
	ASSERT_NE(NULL, f->slots);
	f->record = (const void *)((const char *)f->ctl + f->st.record_offset);
	ASSERT_EQ(0, load(f->fd, &shape_wide, &config));
	/* Without transmit no heartbeat is due. */
	f->start = (struct sono_start){ .flags = SONO_START_TX_OFF };
	ASSERT_EQ(0, command(f->fd, SONO_CMD_START, &f->start));
}

static void flow_unmap(flow *f)
{
	munmap((void *)f->ctl, f->st.ring_bytes);
	munmap(f->user, f->st.user_bytes);
	munmap(f->slots, f->st.slots_bytes);
	f->ctl = NULL;
}

static void flow_end(flow *f)
{
	if (f->ctl)
		flow_unmap(f);
	if (f->fd >= 0)
		close(f->fd);
}

FIXTURE_SETUP(flow)
{
	flow_begin(_metadata, self);
}

FIXTURE_TEARDOWN(flow)
{
	flow_end(self);
}

static struct sono_frame frame_at(const flow *f, uint64_t pos)
{
	struct sono_frame frame = {
		.rec = f->record[pos & (f->st.ring_entries - 1)],
	};

	frame.data = f->slots + (size_t)frame.rec.slot * STRIDE;
	return frame;
}

/* The next frame, right to the last byte. */
static struct sono_frame take_wide(struct __test_metadata *_metadata, flow *f)
{
	uint64_t limit = now_ns() + 5 * NS_PER_S;
	struct sono_frame frame;

	while (__atomic_load_n(&f->ctl->head, __ATOMIC_ACQUIRE) == f->pos)
		ASSERT_GT(limit, now_ns()) usleep(100);
	frame = frame_at(f, f->pos++);
	ASSERT_EQ(WIDE, frame.rec.len);
	ASSERT_TRUE(prbs_ok(&frame, f->start.run));
	return frame;
}

static void give_back(flow *f, const struct sono_frame *frame)
{
	struct sono_release *ring =
		(void *)((char *)f->user + f->st.release_offset);
	uint32_t tail = f->user->release_tail;

	ring[tail & (f->st.release_entries - 1)] =
		(struct sono_release){ frame->rec.slot, frame->rec.gen };
	__atomic_store_n(&f->user->release_tail, tail + 1, __ATOMIC_SEQ_CST);
	command(f->fd, SONO_CMD_KICK, NULL);
}

static void expect_streams(struct __test_metadata *_metadata)
{
	struct sono_frame frame;
	flow f;

	flow_begin(_metadata, &f);
	for (int i = 0; i < 2 * SLOTS; i++) {
		frame = take_wide(_metadata, &f);
		give_back(&f, &frame);
	}
	flow_end(&f);
}

/* --- dma-buf -------------------------------------------------------------------- */

static int export_slot(int fd, uint32_t slot)
{
	struct sono_export ex = { .slot = slot };
	int ret = command(fd, SONO_CMD_EXPORT, &ex);

	return ret ? ret : ex.fd;
}

static int observe(struct __test_metadata *_metadata)
{
	int fd = open(NODE, O_RDWR);
	struct sono_setup st;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, command(fd, SONO_CMD_OBSERVE, &st));
	return fd;
}

static int cpu_access(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { DMA_BUF_SYNC_RW | flags };

	return command(fd, (unsigned int)DMA_BUF_IOCTL_SYNC, &sync);
}

TEST_F(flow, export_refused)
{
	struct sono_export good = { .slot = 0 }, ex;
	int fd = open(NODE, O_RDWR), free_fd = dup(fd);
#define REFUSE(field, value)                                                  \
	do {                                                                  \
		ex = good;                                                    \
		ex.field = value;                                             \
		EXPECT_EQ(-EINVAL, command(self->fd, SONO_CMD_EXPORT, &ex))   \
			TH_LOG(#field " = " #value);                          \
	} while (0)

	close(free_fd);
	EXPECT_EQ(-EPERM, command(fd, SONO_CMD_EXPORT, &good));
	REFUSE(slot, SLOTS);
	REFUSE(slot, SONO_SLOTS_ALL - 1);
	REFUSE(flags, 1);
	REFUSE(rsvd0, 1);
	REFUSE(rsvd[0], 1);
	REFUSE(rsvd[1], 1ull << 63);
	EXPECT_EQ(-EFAULT, command(self->fd, SONO_CMD_EXPORT, BAD_POINTER));
	/* No descriptor was left behind. */
	EXPECT_EQ(free_fd, dup(fd));
	close(free_fd);
	close(fd);
}

/* Who cannot be told of the descriptor does not get it either. */
TEST_F(flow, export_that_cannot_be_answered)
{
	int fd = open("/dev/zero", O_RDONLY), next;
	struct sono_export *ex =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	ASSERT_NE(MAP_FAILED, ex);
	EXPECT_EQ(-EFAULT, command(self->fd, SONO_CMD_EXPORT, ex));
	next = dup(fd);
	EXPECT_EQ(fd + 1, next);
	munmap(ex, PAGE);
	close(next);
	close(fd);
}

TEST_F(flow, exported_slot_is_the_frame)
{
	struct sono_frame frame = take_wide(_metadata, self);
	int one = export_slot(self->fd, frame.rec.slot);
	int all = export_slot(self->fd, SONO_SLOTS_ALL);
	const char *area;
	char *data;

	ASSERT_LE(0, one);
	ASSERT_LE(0, all);
	EXPECT_EQ(FD_CLOEXEC, fcntl(one, F_GETFD));
	EXPECT_EQ(STRIDE, lseek(one, 0, SEEK_END));
	EXPECT_EQ(SLOTS * STRIDE, lseek(all, 0, SEEK_END));
	data = mmap(NULL, STRIDE, PROT_READ | PROT_WRITE, MAP_SHARED, one, 0);
	area = mmap(NULL, SLOTS * STRIDE, PROT_READ, MAP_SHARED, all, 0);
	ASSERT_NE(MAP_FAILED, data);
	ASSERT_NE(MAP_FAILED, area);
	EXPECT_EQ(0, cpu_access(one, DMA_BUF_SYNC_START));
	EXPECT_EQ(0, memcmp(data, frame.data, WIDE));
	EXPECT_EQ(0, memcmp(area, self->slots, SLOTS * STRIDE));
	/* Not a copy. */
	data[STRIDE - 1] ^= 0x55;
	EXPECT_EQ(data[STRIDE - 1], self->slots[frame.rec.slot * STRIDE + STRIDE - 1]);
	EXPECT_EQ(0, cpu_access(one, DMA_BUF_SYNC_END));
	munmap(data, STRIDE);
	munmap((void *)area, SLOTS * STRIDE);
	close(one);
	close(all);
}

TEST_F(flow, exported_slot_is_mapped_in_part)
{
	struct sono_frame frame = take_wide(_metadata, self);
	int fd = export_slot(self->fd, frame.rec.slot);
	char *page;

	ASSERT_LE(0, fd);
	/* Across the first chunk's end, at four pages. */
	page = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 3 * PAGE);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(0, memcmp(page, (const char *)frame.data + 3 * PAGE,
			    2 * PAGE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd,
				   6 * PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	munmap(page, 2 * PAGE);
	close(fd);
}

TEST_F(flow, observers_export_is_read_only)
{
	struct sono_frame frame = take_wide(_metadata, self);
	int observer = observe(_metadata);
	int fd = export_slot(observer, frame.rec.slot);
	char *data;

	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, STRIDE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0));
	EXPECT_EQ(EACCES, errno);
	data = mmap(NULL, STRIDE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, data);
	EXPECT_EQ(-1, mprotect(data, STRIDE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, memcmp(data, frame.data, WIDE));
	munmap(data, STRIDE);
	close(fd);
	close(observer);
}

/* --- dma-buf, and a device that imports it ---------------------------------------- */

FIXTURE(importer)
{
	flow flow;
	char device[24];
	int fd;
};

FIXTURE_VARIANT(importer)
{
	bool on_bus;
};

FIXTURE_VARIANT_ADD(importer, platform) { .on_bus = false };
FIXTURE_VARIANT_ADD(importer, pci) { .on_bus = true };

typedef FIXTURE_DATA(importer) importer;

FIXTURE_SETUP(importer)
{
	char path[PATH_MAX] = "";

	if (variant->on_bus && readlink(DISK_ON_BUS, path, PATH_MAX - 1) < 0)
		SKIP(return, DISK_ON_BUS ": %s", strerror(errno));
	if (variant->on_bus)
		strncpy(self->device, strrchr(path, '/') + 1,
			sizeof(self->device) - 1);
	self->fd = open(IMPORTER, O_RDWR);
	if (self->fd < 0)
		SKIP(return, IMPORTER ": %s", strerror(errno));
	flow_begin(_metadata, &self->flow);
}

FIXTURE_TEARDOWN(importer)
{
	close(self->fd);
	flow_end(&self->flow);
}

static int import(importer *self, int dmabuf, uint32_t dir,
		  struct sono_import *im)
{
	*im = (struct sono_import){ .fd = dmabuf, .dir = dir };
	memcpy(im->device, self->device, sizeof(im->device));
	return command(self->fd, SONO_IMPORT, im);
}

static bool same_at(int fd, const void *data, size_t bytes, off_t at)
{
	char *there = malloc(bytes);
	bool same = there && pread(fd, there, bytes, at) == (ssize_t)bytes &&
		    !memcmp(there, data, bytes);

	free(there);
	return same;
}

static void expect_mapped(struct __test_metadata *_metadata,
			  const struct sono_import *im, uint64_t bytes)
{
	EXPECT_EQ(bytes, im->bytes);
	EXPECT_EQ(getenv("SONO_BOUNCE") ? bytes : 0, im->elsewhere);
	EXPECT_GE(im->longest_allowed, im->longest);
	EXPECT_NE(0, im->pieces);
	EXPECT_EQ(-EBUSY, im->mapped_twice);
}

TEST_F(importer, device_reads_a_frame)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	int fd = export_slot(self->flow.fd, frame.rec.slot);
	struct sono_import im;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, import(self, fd, SONO_IMPORT_READ, &im));
	expect_mapped(_metadata, &im, STRIDE);
	EXPECT_TRUE(same_at(self->fd, frame.data, WIDE, 0));
	EXPECT_TRUE(same_at(self->fd, frame.data, WIDE, STRIDE));
	close(fd);
}

/* All slots imported once, then frame after frame: what a GPU would do. */
TEST_F(importer, device_reads_frames_that_come_later)
{
	int fd = export_slot(self->flow.fd, SONO_SLOTS_ALL);
	struct sono_frame frame;
	struct sono_import im;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, import(self, fd, SONO_IMPORT_READ, &im));
	expect_mapped(_metadata, &im, SLOTS * STRIDE);
	for (int i = 0; i < 3 * SLOTS; i++) {
		frame = take_wide(_metadata, &self->flow);
		ASSERT_EQ(0, cpu_access(fd, DMA_BUF_SYNC_START));
		ASSERT_EQ(0, cpu_access(fd, DMA_BUF_SYNC_END));
		EXPECT_TRUE(same_at(self->fd, frame.data, WIDE,
				    frame.rec.slot * STRIDE));
		give_back(&self->flow, &frame);
	}
	close(fd);
}

/* A slot that somebody holds is theirs to write, by a device too. */
TEST_F(importer, device_writes_what_the_host_reads)
{
	static const uint32_t dirs[] = { SONO_IMPORT_BOTH, SONO_IMPORT_WRITE };
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	int fd = export_slot(self->flow.fd, frame.rec.slot);
	struct sono_import im;
	char written[STRIDE];

	ASSERT_LE(0, fd);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, import(self, fd, dirs[i], &im));
		expect_mapped(_metadata, &im, STRIDE);
		memset(written, 0x31 + i, STRIDE);
		ASSERT_EQ(STRIDE, pwrite(self->fd, written, STRIDE, 0));
		EXPECT_EQ(0, cpu_access(fd, DMA_BUF_SYNC_START));
		EXPECT_EQ(0, memcmp(written, frame.data, STRIDE));
		EXPECT_EQ(0, cpu_access(fd, DMA_BUF_SYNC_END));
		/* And the kernel. */
		memset(written, 0x41 + i, STRIDE);
		ASSERT_EQ(STRIDE, pwrite(self->fd, written, STRIDE, 0));
		EXPECT_TRUE(same_at(self->fd, written, STRIDE, STRIDE));
		/* Another import is another file. */
		close(self->fd);
		self->fd = open(IMPORTER, O_RDWR);
		ASSERT_LE(0, self->fd);
	}
	close(fd);
}

TEST_F(importer, device_does_not_write_for_an_observer)
{
	int observer = observe(_metadata);
	int fd = export_slot(observer, 1);
	struct sono_import im;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, import(self, fd, SONO_IMPORT_BOTH, &im));
	EXPECT_EQ(-EACCES, import(self, fd, SONO_IMPORT_WRITE, &im));
	EXPECT_EQ(0, import(self, fd, SONO_IMPORT_READ, &im));
	EXPECT_EQ(STRIDE, im.bytes);
	close(fd);
	close(observer);
}

/* File, mappings, stream and device go; the frame stays where it is. */
TEST_F(importer, frame_outlives_everything_but_the_module)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	int fd = export_slot(self->flow.fd, frame.rec.slot);
	const char *path = getenv("SONO_MODULE");
	struct sono_import im;
	char name[64], *data, *copy = malloc(WIDE);

	ASSERT_LE(0, fd);
	ASSERT_NE(NULL, copy);
	memcpy(copy, frame.data, WIDE);
	ASSERT_EQ(0, import(self, fd, SONO_IMPORT_READ, &im));
	data = mmap(NULL, STRIDE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, data);
	close(fd);

	flow_end(&self->flow);
	self->flow.fd = -1;
	/* Another stream, with slots of its own. */
	expect_streams(_metadata);
	EXPECT_EQ(0, memcmp(data, copy, WIDE));
	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	ASSERT_EQ(0, unbind_board(name));
	EXPECT_TRUE(same_at(self->fd, copy, WIDE, 0));
	EXPECT_TRUE(same_at(self->fd, copy, WIDE, STRIDE));
	EXPECT_EQ(0, memcmp(data, copy, WIDE));
	if (path)
		EXPECT_EQ(-EWOULDBLOCK, remove_module());
	munmap(data, STRIDE);
	if (path)
		EXPECT_EQ(-EWOULDBLOCK, remove_module());
	close(self->fd);
	self->fd = -1;
	if (path) {
		ASSERT_EQ(0, remove_module_soon());
		ASSERT_EQ(0, insert_module(path));
	} else {
		ASSERT_EQ(0, bind_board(name));
	}
	expect_streams(_metadata);
	free(copy);
}

/* --- a disk ----------------------------------------------------------------------- */

FIXTURE(disk)
{
	flow flow;
	int fd;
	struct io_uring ring;
	char *back; /* read from the disk */
};

typedef FIXTURE_DATA(disk) disk;

FIXTURE_SETUP(disk)
{
	self->flow.fd = -1;
	self->fd = open(DISK, O_RDWR | O_DIRECT);
	if (self->fd < 0)
		SKIP(return, DISK ": %s", strerror(errno));
	self->back = aligned_alloc(PAGE, STRIDE);
	ASSERT_NE(NULL, self->back);
	ASSERT_EQ(0, io_uring_queue_init(8, &self->ring, 0));
	flow_begin(_metadata, &self->flow);
}

FIXTURE_TEARDOWN(disk)
{
	flow_end(&self->flow);
	io_uring_queue_exit(&self->ring);
	free(self->back);
	close(self->fd);
}

static bool on_disk(disk *self, const void *data, off_t at)
{
	return pread(self->fd, self->back, STRIDE, at) == STRIDE &&
	       !memcmp(self->back, data, STRIDE);
}

static int write_fixed(disk *self, const void *from, off_t at, int index)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);

	io_uring_prep_write_fixed(sqe, self->fd, from, STRIDE, at, index);
	if (io_uring_submit(&self->ring) != 1)
		return -EIO;
	return result(&self->ring);
}

TEST_F(disk, direct_write_of_a_slot)
{
	struct sono_frame frame;

	for (int i = 0; i < 3 * SLOTS; i++) {
		frame = take_wide(_metadata, &self->flow);
		ASSERT_EQ(STRIDE,
			  pwrite(self->fd, frame.data, STRIDE, i * STRIDE));
		EXPECT_TRUE(on_disk(self, frame.data, i * STRIDE));
		give_back(&self->flow, &frame);
	}
}

TEST_F(disk, registered_slots)
{
	struct iovec iov = { self->flow.slots, SLOTS * STRIDE };
	struct sono_frame frame;

	ASSERT_EQ(0, io_uring_register_buffers(&self->ring, &iov, 1));
	for (int i = 0; i < 3 * SLOTS; i++) {
		frame = take_wide(_metadata, &self->flow);
		ASSERT_EQ(STRIDE,
			  write_fixed(self, frame.data, i * STRIDE, 0));
		EXPECT_TRUE(on_disk(self, frame.data, i * STRIDE));
		give_back(&self->flow, &frame);
	}
}

/* The stream ends under a write that is on its way. */
TEST_F(disk, written_slot_outlives_its_stream)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	char *copy = malloc(STRIDE);

	ASSERT_NE(NULL, copy);
	memcpy(copy, frame.data, STRIDE);
	io_uring_prep_write(sqe, self->fd, frame.data, STRIDE, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	flow_end(&self->flow);
	expect_streams(_metadata);
	self->flow.fd = -1;
	EXPECT_EQ(STRIDE, result(&self->ring));
	EXPECT_TRUE(on_disk(self, copy, 0));
	free(copy);
}

/* A mapping keeps the module; pages that are pinned do not, and stay. */
TEST_F(disk, registered_slots_outlive_the_module)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	struct iovec iov = { (void *)frame.data, STRIDE };
	const char *path = getenv("SONO_MODULE");
	char *copy = malloc(STRIDE);

	if (!path)
		SKIP(return, "SONO_MODULE does not say where sono.ko is");
	ASSERT_NE(NULL, copy);
	memcpy(copy, frame.data, STRIDE);
	ASSERT_EQ(0, io_uring_register_buffers(&self->ring, &iov, 1));
	close(self->flow.fd);
	EXPECT_EQ(-EWOULDBLOCK, remove_module());
	flow_unmap(&self->flow);
	self->flow.fd = -1;
	ASSERT_EQ(0, remove_module_soon());
	ASSERT_EQ(STRIDE, write_fixed(self, frame.data, 0, 0));
	EXPECT_TRUE(on_disk(self, copy, 0));
	ASSERT_EQ(0, insert_module(path));
	expect_streams(_metadata);
	free(copy);
}

/* --- fixed buffers without a mapping ------------------------------------------------ */

static int regbuf(disk *self, uint32_t op, uint32_t slot, uint32_t index,
		  uint64_t rsvd)
{
	struct io_uring_sqe *sqe = command_sqe(&self->ring, self->flow.fd, op);
	struct sono_regbuf rb = { slot, index, rsvd };

	memcpy(sqe->cmd, &rb, sizeof(rb));
	if (io_uring_submit(&self->ring) != 1)
		return -EIO;
	return result(&self->ring);
}

/* A ring with room for two. False where the kernel has no such buffers. */
static bool regbuf_begin(struct __test_metadata *_metadata, disk *self)
{
	struct sono_info info;

	ASSERT_EQ(0, io_uring_register_buffers_sparse(&self->ring, 2));
	ASSERT_EQ(0, command(self->flow.fd, SONO_CMD_INFO, &info));
	return info.features & SONO_FEATURE_REGBUF;
}

/* The address of what has no mapping is its offset. */
static void *at_offset(uint32_t slot)
{
	return (void *)(uintptr_t)(slot * STRIDE);
}

TEST_F(disk, regbuf_refused)
{
	bool has = regbuf_begin(_metadata, self);
	struct sono_regbuf rb = { 0 };
	int fd = self->flow.fd;

	EXPECT_EQ(-ENOTTY, command(fd, SONO_CMD_REGBUF, &rb));
	EXPECT_EQ(-ENOTTY, command(fd, SONO_CMD_UNREGBUF, &rb));
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_REGBUF, SLOTS, 0, 0));
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_REGBUF, 0, 0, 1));
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_UNREGBUF, 1, 0, 0));
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_UNREGBUF, 0, 0, 1));
	self->flow.fd = open(NODE, O_RDWR);
	EXPECT_EQ(-EPERM, regbuf(self, SONO_CMD_REGBUF, 0, 0, 0));
	close(self->flow.fd);
	self->flow.fd = fd;
	if (!has) {
		EXPECT_EQ(-EOPNOTSUPP, regbuf(self, SONO_CMD_REGBUF, 0, 0, 0));
		EXPECT_EQ(-EOPNOTSUPP,
			  regbuf(self, SONO_CMD_UNREGBUF, 0, 0, 0));
		return;
	}
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_REGBUF, 0, 2, 0));
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_UNREGBUF, 0, 0, 0));
	EXPECT_EQ(0, regbuf(self, SONO_CMD_REGBUF, 0, 0, 0));
	EXPECT_EQ(-EBUSY, regbuf(self, SONO_CMD_REGBUF, 1, 0, 0));
	EXPECT_EQ(0, regbuf(self, SONO_CMD_UNREGBUF, 0, 0, 0));
	EXPECT_EQ(-EINVAL, regbuf(self, SONO_CMD_UNREGBUF, 0, 0, 0));
}

TEST_F(disk, regbuf_of_all_slots)
{
	struct sono_frame frame;

	if (!regbuf_begin(_metadata, self))
		SKIP(return, "this kernel has no such buffers");
	ASSERT_EQ(0, regbuf(self, SONO_CMD_REGBUF, SONO_SLOTS_ALL, 1, 0));
	for (int i = 0; i < 3 * SLOTS; i++) {
		frame = take_wide(_metadata, &self->flow);
		ASSERT_EQ(STRIDE, write_fixed(self, at_offset(frame.rec.slot),
					      i * STRIDE, 1));
		EXPECT_TRUE(on_disk(self, frame.data, i * STRIDE));
		give_back(&self->flow, &frame);
	}
	EXPECT_EQ(-EFAULT, write_fixed(self, at_offset(SLOTS), 0, 1));
}

TEST_F(disk, regbuf_of_one_slot)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	struct io_uring_sqe *sqe;

	if (!regbuf_begin(_metadata, self))
		SKIP(return, "this kernel has no such buffers");
	ASSERT_EQ(0, regbuf(self, SONO_CMD_REGBUF, frame.rec.slot, 0, 0));
	EXPECT_EQ(STRIDE, write_fixed(self, at_offset(0), 0, 0));
	EXPECT_TRUE(on_disk(self, frame.data, 0));
	EXPECT_EQ(-EFAULT, write_fixed(self, at_offset(1), 0, 0));
	/* A disk must not write into a frame. */
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_read_fixed(sqe, self->fd, NULL, PAGE, 0, 0);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EFAULT, result(&self->ring));
}

/* It holds the file as a mapping does, until the ring or UNREGBUF lets go. */
TEST_F(disk, regbuf_outlives_the_descriptor)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	int other = open(NODE, O_RDWR);
	char *copy = malloc(STRIDE);
	struct sono_setup st;

	if (!regbuf_begin(_metadata, self))
		SKIP(return, "this kernel has no such buffers");
	ASSERT_NE(NULL, copy);
	ASSERT_LE(0, other);
	memcpy(copy, frame.data, STRIDE);
	ASSERT_EQ(0, regbuf(self, SONO_CMD_REGBUF, frame.rec.slot, 0, 0));
	flow_end(&self->flow);
	self->flow.fd = -1;
	EXPECT_EQ(-EBUSY, setup(other, &st, SLOTS));
	EXPECT_EQ(STRIDE, write_fixed(self, at_offset(0), 0, 0));
	EXPECT_TRUE(on_disk(self, copy, 0));
	ASSERT_EQ(0, io_uring_unregister_buffers(&self->ring));
	EXPECT_EQ(0, setup_slots_soon(other, &st, SLOTS));
	close(other);
	free(copy);
}

/* The device goes, and the process with everything open. */
TEST_F(disk, regbuf_outlives_the_device)
{
	struct sono_frame frame = take_wide(_metadata, &self->flow);
	const char *path = getenv("SONO_MODULE");
	char name[64];
	int status;
	pid_t pid;

	if (!regbuf_begin(_metadata, self))
		SKIP(return, "this kernel has no such buffers");
	ASSERT_EQ(0, regbuf(self, SONO_CMD_REGBUF, frame.rec.slot, 0, 0));
	ASSERT_EQ(0, sysfs_function(name, sizeof(name)));
	ASSERT_EQ(0, unbind_board(name));
	EXPECT_EQ(STRIDE, write_fixed(self, at_offset(0), 0, 0));
	EXPECT_TRUE(on_disk(self, frame.data, 0));
	EXPECT_EQ(0, regbuf(self, SONO_CMD_REGBUF, SONO_SLOTS_ALL, 1, 0));
	if (path)
		EXPECT_EQ(-EWOULDBLOCK, remove_module());
	/* A child has the ring, too, and ends with it. */
	pid = fork();
	if (!pid)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	flow_end(&self->flow);
	self->flow.fd = -1;
	io_uring_queue_exit(&self->ring);
	ASSERT_EQ(0, io_uring_queue_init(8, &self->ring, 0));
	if (path) {
		ASSERT_EQ(0, remove_module_soon());
		ASSERT_EQ(0, insert_module(path));
	} else {
		ASSERT_EQ(0, bind_board(name));
	}
	expect_streams(_metadata);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend.h"
#include "recording_format.h"
#include "spool.h"
#include "why.h"

/*
 * The file grows by so much at a time: a file that is longer than what has been
 * written is written to without a lock on its length.
 */
#define GROW (256ull << 20)

/**
 * struct job - a frame on its way
 * @frame: to be released
 * @index: in the recording
 * @parts: that are not written yet: head and payload; 0: the job is free
 * @head: room for the frame's head, SONO_RECORDING_ALIGN bytes
 */
struct job {
	struct sono_frame frame;
	uint64_t index;
	unsigned int parts;
	struct recording_frame *head;
};

/**
 * struct sono_spool - see spool.h
 * @sono: the source
 * @fd: the file
 * @direct: it was opened with O_DIRECT
 * @fixed: the slots are a registered buffer
 * @ring: writes
 * @frame_bytes: payload
 * @data: of the first frame in the file
 * @length: of the file, written or not
 * @index: of the next frame
 * @whole: all frames below are on the disk
 * @job: [jobs], as many as there are slots
 * @jobs: how many
 * @heads: of all jobs
 * @failed: least index of a frame that could not be written
 * @on_way: jobs that are not free
 * @broken: the ring takes and gives nothing any more
 * @error: first one of writing
 */
struct sono_spool {
	struct sono *sono;
	int fd;
	bool direct;
	bool fixed;
	struct io_uring ring;
	bool has_ring;
	uint32_t frame_bytes;
	uint64_t data;
	uint64_t length;
	uint64_t index;
	uint64_t whole;
	struct job *job;
	uint32_t jobs;
	char *heads;
	uint64_t failed;
	int on_way;
	bool broken;
	int error;
};

/* --- making --- */

/* The head, by who writes recordings otherwise. */
static int write_head(struct sono_spool *p, const char *path,
		      const struct sono_scan *scan,
		      const struct sono_table *table, const char *note,
		      char *why, size_t why_bytes)
{
	struct sono_recorder *recorder;
	int ret = sono_recorder_create(&recorder, path, scan, table,
				       sono_info(p->sono), note, why,
				       why_bytes);

	return ret ? ret : sono_recorder_close(recorder);
}

static int open_file(struct sono_spool *p, const char *path)
{
	struct stat st;

	p->fd = open(path, O_WRONLY | O_CLOEXEC | O_DIRECT);
	p->direct = p->fd >= 0;
	if (p->fd < 0 && errno == EINVAL)
		p->fd = open(path, O_WRONLY | O_CLOEXEC);
	if (p->fd < 0 || fstat(p->fd, &st))
		return -errno;
	p->data = st.st_size;
	p->length = st.st_size;
	return 0;
}

static int make_jobs(struct sono_spool *p)
{
	p->jobs = p->sono->setup.slots;
	p->job = calloc(p->jobs, sizeof(*p->job));
	p->heads = aligned_alloc(SONO_RECORDING_ALIGN,
				 (size_t)p->jobs * SONO_RECORDING_ALIGN);
	if (!p->job || !p->heads)
		return -ENOMEM;
	memset(p->heads, 0, (size_t)p->jobs * SONO_RECORDING_ALIGN);
	for (uint32_t i = 0; i < p->jobs; i++)
		p->job[i].head = (void *)(p->heads +
					  (size_t)i * SONO_RECORDING_ALIGN);
	return 0;
}

/* Registered, their pages are looked up once; where that is refused, each time. */
static int make_ring(struct sono_spool *p)
{
	const struct iovec slots = { p->sono->slots,
				     p->sono->setup.slots_bytes };
	int ret = io_uring_queue_init(2 * p->jobs, &p->ring, 0);

	if (ret)
		return ret;
	p->has_ring = true;
	p->fixed = !io_uring_register_buffers(&p->ring, &slots, 1);
	return 0;
}

int sono_spool_create(struct sono_spool **spool, struct sono *s,
		      const char *path, const struct sono_scan *scan,
		      const struct sono_table *table, const char *note,
		      char *why, size_t why_bytes)
{
	struct sono_spool *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	p->sono = s;
	p->fd = -1;
	p->failed = UINT64_MAX;
	p->frame_bytes = scan->frame_bytes;
	ret = write_head(p, path, scan, table, note, why, why_bytes);
	if (ret) {
		sono_spool_close(p);
		return ret;
	}
	ret = open_file(p, path);
	if (!ret)
		ret = make_jobs(p);
	if (!ret)
		ret = make_ring(p);
	if (ret) {
		sono_spool_close(p);
		return sono_why(why, why_bytes, ret, "%s: %s", path,
				strerror(-ret));
	}
	*spool = p;
	return 0;
}

/* --- writing --- */

static struct job *free_job(struct sono_spool *p)
{
	struct job *job = p->job;

	while (job->parts)
		job++;
	return job;
}

/*
 * A failure costs speed, or shows when the frame is written. A file system that
 * is in memory has nothing to gain: it would fill all of it with zeros.
 */
static void grow(struct sono_spool *p, uint64_t end)
{
	if (!p->direct || end <= p->length)
		return;
	p->length = fallocate(p->fd, 0, p->length, end - p->length + GROW) ?
			    end :
			    end + GROW;
}

/* A completion says which job, and in the lowest bit which part. */
#define PAYLOAD 1

/*
 * The payload follows its head, and is not done before both are on the disk and
 * the file system knows where: a machine that dies costs what is on its way.
 */
static void queue_head(struct sono_spool *p, struct job *job, uint64_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);

	io_uring_prep_write(sqe, p->fd, job->head, SONO_RECORDING_ALIGN, at);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, (uintptr_t)job);
	job->parts++;
}

static void queue_payload(struct sono_spool *p, struct job *job, uint64_t at)
{
	const uint32_t bytes = recording_align(p->frame_bytes);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);

	if (p->fixed)
		io_uring_prep_write_fixed(sqe, p->fd, job->frame.data, bytes,
					  at, 0);
	else
		io_uring_prep_write(sqe, p->fd, job->frame.data, bytes, at);
	sqe->rw_flags = RWF_DSYNC;
	io_uring_sqe_set_data64(sqe, (uintptr_t)job | PAYLOAD);
	job->parts++;
}

int sono_spool_put(struct sono_spool *p, const struct sono_frame *f)
{
	const uint64_t stride = recording_stride(p->frame_bytes);
	struct job *job = free_job(p);
	uint64_t at = p->data + p->index * stride;
	int ret;

	if (p->error || f->rec.len != p->frame_bytes) {
		sono_release(p->sono, f);
		return p->error ? p->error : -EINVAL;
	}
	job->frame = *f;
	job->index = p->index++;
	*job->head = recording_frame_head(job->index, &f->rec, f->data,
					  p->frame_bytes);
	grow(p, at + stride);
	queue_head(p, job, at);
	queue_payload(p, job, at + SONO_RECORDING_ALIGN);
	p->on_way++;
	ret = io_uring_submit(&p->ring);
	return ret < 0 ? ret : 0;
}

/* --- what is done --- */

static void fail(struct sono_spool *p, int error)
{
	if (!p->error)
		p->error = error;
}

/* Frames may come to the disk in any order; what counts is without a hole. */
static void find_whole(struct sono_spool *p)
{
	uint64_t first = p->index < p->failed ? p->index : p->failed;

	for (uint32_t i = 0; i < p->jobs; i++)
		if (p->job[i].parts && p->job[i].index < first)
			first = p->job[i].index;
	if (first > p->whole)
		p->whole = first;
}

static void finish_part(struct sono_spool *p, const struct io_uring_cqe *cqe)
{
	const uint64_t which = io_uring_cqe_get_data64(cqe);
	struct job *job = (struct job *)(uintptr_t)(which & ~(uint64_t)PAYLOAD);
	const int64_t bytes = which & PAYLOAD ?
				      recording_align(p->frame_bytes) :
				      SONO_RECORDING_ALIGN;

	if (cqe->res != bytes) {
		/* less than was asked for: the disk is full */
		fail(p, cqe->res < 0 ? cqe->res : -ENOSPC);
		if (job->index < p->failed)
			p->failed = job->index;
	}
	if (--job->parts)
		return;
	sono_release(p->sono, &job->frame);
	p->on_way--;
}

int sono_spool_reap(struct sono_spool *p, bool wait)
{
	struct io_uring_cqe *cqe;
	int ret = 0;

	/* also what an earlier call could not hand over */
	if (wait && p->on_way)
		ret = io_uring_submit_and_wait(&p->ring, 1);
	while (!io_uring_peek_cqe(&p->ring, &cqe)) {
		finish_part(p, cqe);
		io_uring_cqe_seen(&p->ring, cqe);
	}
	if (ret < 0 && ret != -EINTR) {
		fail(p, ret);
		p->broken = true;
	}
	find_whole(p);
	return p->error ? p->error : p->on_way;
}

uint64_t sono_spool_frames(const struct sono_spool *p)
{
	return p->whole;
}

size_t sono_spool_frame_bytes(const struct sono_spool *p)
{
	return recording_stride(p->frame_bytes);
}

bool sono_spool_direct(const struct sono_spool *p)
{
	return p->direct;
}

static void end_file(struct sono_spool *p)
{
	const uint64_t end = p->data +
			     p->whole * recording_stride(p->frame_bytes);

	if (ftruncate(p->fd, end) || fsync(p->fd))
		fail(p, -errno);
	if (close(p->fd))
		fail(p, -errno);
}

int sono_spool_close(struct sono_spool *p)
{
	int ret;

	if (!p)
		return 0;
	/* each is completed, with an error too, but by a ring that is broken */
	while (p->on_way && !p->broken)
		sono_spool_reap(p, true);
	if (p->fd >= 0)
		end_file(p);
	if (p->has_ring)
		io_uring_queue_exit(&p->ring);
	free(p->heads);
	free(p->job);
	ret = p->error;
	free(p);
	return ret;
}

// SPDX-License-Identifier: MIT
/*
 * Writing a recording: its head once, then every frame in one go at the
 * place that its index gives it. The file needs no ending, so whatever stops
 * the writer costs the frame it was writing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recording_format.h"
#include "why.h"

struct sono_recorder {
	int fd;
	uint32_t frame_bytes;
	uint64_t end;		/* of the last whole frame */
	uint64_t index;		/* of the next frame */
};

/* Everything, or an errno. */
static int write_all(int fd, struct iovec *part, int parts, uint64_t at)
{
	while (parts) {
		ssize_t n = pwritev(fd, part, parts, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += n;
		while (parts && (size_t)n >= part->iov_len) {
			n -= part->iov_len;
			part++;
			parts--;
		}
		if (parts) {
			part->iov_base = (char *)part->iov_base + n;
			part->iov_len -= n;
		}
	}
	return 0;
}

static void fill_elements(struct recording_element *to,
			  const struct sono_scan *scan)
{
	for (uint32_t i = 0; i < scan->elements; i++) {
		const struct sono_element *e = &scan->element[i];

		to[i] = (struct recording_element){
			.x = recording_from_double(e->x),
			.z = recording_from_double(e->z),
			.nx = recording_from_double(e->nx),
			.nz = recording_from_double(e->nz),
		};
	}
}

static void fill_beams(struct recording_beam *to, const struct sono_scan *scan)
{
	for (uint32_t i = 0; i < scan->events; i++) {
		const struct sono_event *ev = &scan->event[i];

		to[i] = (struct recording_beam){
			.x = recording_from_double(ev->beam_x),
			.z = recording_from_double(ev->beam_z),
			.angle = recording_from_double(ev->beam_angle),
			.focus = recording_from_double(ev->focus),
		};
	}
}

/* The parts follow the head in this order: elements, beams, table, waves. */
static void fill_head(struct recording_head *h, const struct sono_scan *scan,
		      const struct sono_table *table,
		      const struct sono_info *info, const char *note)
{
	const uint32_t elements_at = sizeof(*h);
	const uint32_t beams_at = elements_at +
		scan->elements * sizeof(struct recording_element);
	const uint32_t table_at = beams_at +
		scan->events * sizeof(struct recording_beam);
	const uint32_t waves_at = table_at + table->bytes;
	const uint32_t bytes = waves_at + scan->events;

	*h = (struct recording_head){
		.magic = RECORDING_MAGIC,
		.version = htole32(SONO_RECORDING_VERSION),
		.bytes = htole32(bytes),
		.data_offset = htole32(recording_align(bytes)),
		.adc_clock = htole32(info->adc_clock),
		.board_clock = htole32(info->board_clock),
		.frame_bytes = htole32(scan->frame_bytes),
		.elements = htole32(scan->elements),
		.events = htole32(scan->events),
		.elements_offset = htole32(elements_at),
		.beams_offset = htole32(beams_at),
		.waves_offset = htole32(waves_at),
		.table_offset = htole32(table_at),
		.table_bytes = htole32(table->bytes),
		.fc = recording_from_double(scan->fc),
		.c = recording_from_double(scan->c),
		.lens_delay = recording_from_double(scan->lens_delay),
		.pulse_delay = recording_from_double(scan->pulse_delay),
	};
	strncpy(h->note, note ? note : "", sizeof(h->note) - 1);
}

static int write_head(struct sono_recorder *r, const struct sono_scan *scan,
		      const struct sono_table *table,
		      const struct sono_info *info, const char *note)
{
	struct recording_head head;
	struct iovec part;
	size_t bytes;
	char *out;
	int ret;

	fill_head(&head, scan, table, info, note);
	bytes = le32toh(head.data_offset);
	out = calloc(1, bytes);
	if (!out)
		return -ENOMEM;
	memcpy(out, &head, sizeof(head));
	fill_elements((void *)(out + le32toh(head.elements_offset)), scan);
	fill_beams((void *)(out + le32toh(head.beams_offset)), scan);
	memcpy(out + le32toh(head.table_offset), table->data, table->bytes);
	for (uint32_t i = 0; i < scan->events; i++)
		out[le32toh(head.waves_offset) + i] = scan->event[i].wave;
	head.crc = htole32(recording_crc(out, le32toh(head.bytes),
					 offsetof(struct recording_head, crc)));
	memcpy(out, &head, sizeof(head));
	part = (struct iovec){ out, bytes };
	ret = write_all(r->fd, &part, 1, 0);
	free(out);
	r->end = bytes;
	return ret;
}

/* What is kept of @scan must belong to the table. */
static int check_scan(const struct sono_scan *scan,
		      const struct sono_table *table,
		      const struct sono_info *info, char *why, size_t why_bytes)
{
	struct sono_scan *own;
	int ret = sono_sequence_decode(&own, table->data, table->bytes, info,
				       why, why_bytes);

	if (ret)
		return ret == -EBADMSG ? -EINVAL : ret;
	if (own->elements != scan->elements || own->events != scan->events ||
	    own->frame_bytes != scan->frame_bytes)
		ret = sono_why(why, why_bytes, -EINVAL,
			       "the scan is not the table's");
	sono_scan_free(own);
	return ret;
}

int sono_recorder_create(struct sono_recorder **recorder, const char *path,
			 const struct sono_scan *scan,
			 const struct sono_table *table,
			 const struct sono_info *info, const char *note,
			 char *why, size_t why_bytes)
{
	struct sono_recorder *r;
	int ret = check_scan(scan, table, info, why, why_bytes);

	if (ret)
		return ret;
	r = calloc(1, sizeof(*r));
	if (!r)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	r->frame_bytes = scan->frame_bytes;
	r->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ret = r->fd < 0 ? -errno : write_head(r, scan, table, info, note);
	if (ret) {
		sono_why(why, why_bytes, ret, "%s: %s", path, strerror(-ret));
		sono_recorder_close(r);
	} else {
		*recorder = r;
	}
	return ret;
}

int sono_recorder_append(struct sono_recorder *r,
			 const struct sono_record *record, const void *payload)
{
	static const char zero[SONO_RECORDING_ALIGN];
	struct recording_frame head;
	struct iovec part[] = {
		{ &head, sizeof(head) },
		{ (char *)zero, SONO_RECORDING_ALIGN - sizeof(head) },
		{ (void *)payload, r->frame_bytes },
		{ (char *)zero,
		  recording_align(r->frame_bytes) - r->frame_bytes },
	};
	int ret;

	if (record->len != r->frame_bytes)
		return -EINVAL;
	head = recording_frame_head(r->index, record, payload, r->frame_bytes);
	ret = write_all(r->fd, part, 4, r->end);
	if (ret) {
		if (ftruncate(r->fd, r->end))
			return -errno;
		return ret;
	}
	r->end += recording_stride(r->frame_bytes);
	r->index++;
	return 0;
}

int sono_recorder_close(struct sono_recorder *r)
{
	int ret = 0;

	if (!r)
		return 0;
	if (r->fd >= 0 && fsync(r->fd) && errno != EINVAL)
		ret = -errno;
	if (r->fd >= 0 && close(r->fd) && !ret)
		ret = -errno;
	free(r);
	return ret;
}

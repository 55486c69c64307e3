// SPDX-License-Identifier: MIT
/*
 * Reading a recording. The file is mapped; whatever it says is checked
 * against its real size and against its own table before it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording_format.h"
#include "sono_regs.h"
#include "why.h"

struct sono_recording {
	const unsigned char *map;	/* the file; NULL: not mapped */
	uint64_t bytes;			/* of it */
	uint64_t data_end;		/* behind that it is a hole: zeros */
	struct recording_head head;	/* host byte order but for doubles */
	struct sono_scan *scan;
	struct sono_table table;	/* in the map */
	uint64_t frames;
	bool *checked;			/* [frames], the payload's CRC */
	char damage[128];
};

/* For messages, while a recording is being opened. */
struct opening {
	struct sono_recording *rec;
	const char *path;
	char *why;
	size_t why_bytes;
};

#define bad(o, format, ...)                                              \
	sono_why((o)->why, (o)->why_bytes, -EBADMSG, "%s: " format,      \
		 (o)->path, ##__VA_ARGS__)

static int system_error(const struct opening *o)
{
	const int err = errno ? errno : EIO;

	sono_why(o->why, o->why_bytes, -err, "%s: %s", o->path, strerror(err));
	return -err;
}

/*
 * Where the last of what was ever written ends. What crashed while it recorded, or a
 * copy of it, may have terabytes of nothing behind that.
 */
static uint64_t end_of_data(int fd, uint64_t bytes)
{
	off_t data = 0, hole = 0;

	while ((data = lseek(fd, hole, SEEK_DATA)) >= 0) {
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			return bytes;
	}
	/* a file system that does not know says so otherwise */
	return errno == ENXIO ? (uint64_t)hole : bytes;
}

static int map_descriptor(const struct opening *o, int fd)
{
	struct sono_recording *rec = o->rec;
	struct stat st;
	void *map;

	if (fstat(fd, &st))
		return system_error(o);
	rec->bytes = st.st_size;
	if (!S_ISREG(st.st_mode))
		return bad(o, "it is no file");
	if (rec->bytes < sizeof(rec->head)) {
		bad(o, "%llu bytes are no recording",
		    (unsigned long long)rec->bytes);
		return -EBADMSG;
	}
	map = mmap(NULL, rec->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return system_error(o);
	rec->map = map;
	rec->data_end = end_of_data(fd, rec->bytes);
	return 0;
}

static int map_file(const struct opening *o)
{
	/* a pipe that nobody writes would be waited for */
	int fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret;

	if (fd < 0)
		return system_error(o);
	ret = map_descriptor(o, fd);
	close(fd);
	return ret;
}

static void read_head(struct recording_head *h, const unsigned char *map)
{
	memcpy(h, map, sizeof(*h));
	h->version = le32toh(h->version);
	h->crc = le32toh(h->crc);
	h->bytes = le32toh(h->bytes);
	h->data_offset = le32toh(h->data_offset);
	h->adc_clock = le32toh(h->adc_clock);
	h->board_clock = le32toh(h->board_clock);
	h->frame_bytes = le32toh(h->frame_bytes);
	h->elements = le32toh(h->elements);
	h->events = le32toh(h->events);
	h->elements_offset = le32toh(h->elements_offset);
	h->waves_offset = le32toh(h->waves_offset);
	h->table_offset = le32toh(h->table_offset);
	h->table_bytes = le32toh(h->table_bytes);
	h->beams_offset = le32toh(h->beams_offset);
}

/* Is the part within the head's bytes, behind the head itself? */
static bool inside(const struct recording_head *h, uint32_t at, uint64_t count,
		   size_t size)
{
	return at >= sizeof(*h) && at <= h->bytes &&
	       count <= (h->bytes - at) / size;
}

static int check_head(const struct opening *o)
{
	const struct sono_recording *rec = o->rec;
	const struct recording_head *h = &rec->head;

	if (memcmp(h->magic, RECORDING_MAGIC, sizeof(h->magic)))
		return bad(o, "not a recording, it starts otherwise");
	if (h->version != SONO_RECORDING_VERSION)
		return sono_why(o->why, o->why_bytes, -EPROTONOSUPPORT,
				"%s: recording of version %u; version %u is known",
				o->path, h->version, SONO_RECORDING_VERSION);
	if (h->bytes < sizeof(*h) || h->bytes > rec->bytes)
		return bad(o, "cut short: its head of %u bytes is not in a file of %llu bytes",
			   h->bytes, (unsigned long long)rec->bytes);
	if (h->crc != recording_crc(rec->map, h->bytes,
				    offsetof(struct recording_head, crc)))
		return bad(o, "its head is damaged: the CRC of the first %u bytes does not match",
			   h->bytes);
	if (h->data_offset != recording_align(h->bytes) ||
	    h->note[sizeof(h->note) - 1])
		return bad(o, "its head makes no sense");
	if (!h->adc_clock)
		return bad(o, "its head has no ADC clock");
	/* slower, the longest times would have no number of a strip's column */
	if (h->board_clock < SONO_BOARD_CLOCK_MIN ||
	    h->board_clock > SONO_BOARD_CLOCK_MAX)
		return bad(o, "its board clock of %u Hz is not from 1 MHz to 1 GHz",
			   h->board_clock);
	if (!inside(h, h->elements_offset, h->elements,
		    sizeof(struct recording_element)) ||
	    !inside(h, h->table_offset, h->table_bytes, 1) ||
	    !inside(h, h->waves_offset, h->events, 1) ||
	    !inside(h, h->beams_offset, h->events,
		    sizeof(struct recording_beam)))
		return bad(o, "a part of its head lies outside of it");
	return 0;
}

static int read_scan(struct opening *o)
{
	struct sono_recording *rec = o->rec;
	const struct recording_head *h = &rec->head;
	const struct sono_info clocks = {
		.adc_clock = h->adc_clock,
		.board_clock = h->board_clock,
	};
	char reason[192] = "no memory";
	int ret;

	rec->table.data = (void *)(rec->map + h->table_offset);
	rec->table.bytes = h->table_bytes;
	ret = sono_sequence_decode(&rec->scan, rec->table.data,
				   rec->table.bytes, &clocks, reason,
				   sizeof(reason));
	if (ret)
		return sono_why(o->why, o->why_bytes, ret, "%s: %s", o->path,
				reason);
	if (rec->scan->elements != h->elements ||
	    rec->scan->events != h->events ||
	    rec->scan->frame_bytes != h->frame_bytes)
		return bad(o, "its head and its table contradict each other");
	return 0;
}

static int read_elements(const struct opening *o)
{
	const struct sono_recording *rec = o->rec;
	const unsigned char *from = rec->map + rec->head.elements_offset;

	for (uint32_t i = 0; i < rec->scan->elements; i++) {
		struct sono_element *e = &rec->scan->element[i];
		struct recording_element raw;

		memcpy(&raw, from + i * sizeof(raw), sizeof(raw));
		e->x = recording_to_double(raw.x);
		e->z = recording_to_double(raw.z);
		e->nx = recording_to_double(raw.nx);
		e->nz = recording_to_double(raw.nz);
		if (!(fabs(e->x) < 1) || !(fabs(e->z) < 1) ||
		    !(fabs(hypot(e->nx, e->nz) - 1) < 1e-6))
			return bad(o, "element %u has no place or no direction",
				   i);
	}
	return 0;
}

static int read_waves(const struct opening *o)
{
	const struct sono_recording *rec = o->rec;
	const unsigned char *wave = rec->map + rec->head.waves_offset;

	for (uint32_t i = 0; i < rec->scan->events; i++) {
		if (wave[i] > SONO_WAVE_FOCUSED)
			return bad(o, "event %u: no such wave", i);
		rec->scan->event[i].wave = wave[i];
	}
	return 0;
}

static int read_beams(const struct opening *o)
{
	const struct sono_recording *rec = o->rec;
	const unsigned char *from = rec->map + rec->head.beams_offset;

	for (uint32_t i = 0; i < rec->scan->events; i++) {
		struct sono_event *ev = &rec->scan->event[i];
		struct recording_beam raw;

		memcpy(&raw, from + i * sizeof(raw), sizeof(raw));
		ev->beam_x = recording_to_double(raw.x);
		ev->beam_z = recording_to_double(raw.z);
		ev->beam_angle = recording_to_double(raw.angle);
		ev->focus = recording_to_double(raw.focus);
		if (!(fabs(ev->beam_x) < 1) || !(fabs(ev->beam_z) < 1) ||
		    !(fabs(ev->beam_angle) < 4))
			return bad(o, "event %u: no such beam", i);
		if (!(ev->focus >= 0 && ev->focus < 10) ||
		    (ev->wave == SONO_WAVE_FOCUSED && ev->focus == 0))
			return bad(o, "event %u: a focus of %g m", i,
				   ev->focus);
	}
	return 0;
}

static int read_constants(const struct opening *o)
{
	const struct recording_head *h = &o->rec->head;
	struct sono_scan *s = o->rec->scan;

	s->fc = recording_to_double(h->fc);
	s->c = recording_to_double(h->c);
	s->lens_delay = recording_to_double(h->lens_delay);
	s->pulse_delay = recording_to_double(h->pulse_delay);
	if (!(s->fc > 0 && s->fc < 1e9))
		return bad(o, "centre frequency of %g Hz", s->fc);
	if (!(s->c > 0 && s->c < 1e5))
		return bad(o, "speed of sound of %g m/s", s->c);
	if (!(fabs(s->lens_delay) < 1) || !(fabs(s->pulse_delay) < 1))
		return bad(o, "lens or pulse delay of a second or more");
	return 0;
}

static const unsigned char *frame_at(const struct sono_recording *rec,
				     uint64_t index)
{
	return rec->map + rec->head.data_offset +
	       index * recording_stride(rec->head.frame_bytes);
}

/* What is wrong with a frame's head; NULL: nothing. */
static const char *head_fault(const struct sono_recording *rec, uint64_t index,
			      struct recording_frame *h)
{
	memcpy(h, frame_at(rec, index), sizeof(*h));
	if (le32toh(h->magic) != RECORDING_FRAME_MAGIC)
		return "no frame starts there";
	if (le32toh(h->crc) !=
	    recording_crc(h, sizeof(*h), offsetof(struct recording_frame, crc)))
		return "the CRC of its head does not match";
	if (le64toh(h->index) != index)
		return "it is another frame's";
	if (le32toh(h->payload_bytes) != rec->head.frame_bytes ||
	    le32toh(h->record.len) != rec->head.frame_bytes)
		return "its length is not the table's";
	return NULL;
}

static const char *frame_fault(struct sono_recording *rec, uint64_t index,
			       struct recording_frame *h)
{
	const char *fault = head_fault(rec, index, h);
	const unsigned char *payload;

	if (fault || rec->checked[index])
		return fault;
	payload = frame_at(rec, index) + SONO_RECORDING_ALIGN;
	if (crc32_z(0, payload, rec->head.frame_bytes) !=
	    le32toh(h->payload_crc))
		return "the CRC of its payload does not match";
	rec->checked[index] = true;
	return NULL;
}

static void note_damage(struct sono_recording *rec, uint64_t index,
			const char *what)
{
	snprintf(rec->damage, sizeof(rec->damage),
		 "frame %llu, at byte %llu: %s", (unsigned long long)index,
		 (unsigned long long)(frame_at(rec, index) - rec->map), what);
}

/* Count the frames; those at the end that are not whole do not count. */
static int find_frames(struct opening *o)
{
	struct sono_recording *rec = o->rec;
	const uint64_t stride = recording_stride(rec->head.frame_bytes);
	const uint64_t start = rec->head.data_offset;
	/* also the one that ends in a hole */
	const uint64_t written =
		rec->data_end <= start ?
			0 :
			(rec->data_end - start + stride - 1) / stride;
	struct recording_frame h;

	if (rec->bytes < start)
		return bad(o, "cut short: its first frame would start at byte %llu of %llu",
			   (unsigned long long)start,
			   (unsigned long long)rec->bytes);
	rec->frames = (rec->bytes - start) / stride;
	if (rec->frames > written) {
		rec->frames = written;
		note_damage(rec, written, "nothing was written from there on");
	} else if ((rec->bytes - start) % stride) {
		note_damage(rec, rec->frames, "the file ends within it");
	}
	rec->checked = calloc(rec->frames + 1, sizeof(*rec->checked));
	if (!rec->checked)
		return -ENOMEM;
	while (rec->frames) {
		const char *fault = frame_fault(rec, rec->frames - 1, &h);

		if (!fault)
			break;
		rec->frames--;
		note_damage(rec, rec->frames, fault);
	}
	return 0;
}

int sono_recording_open(struct sono_recording **recording, const char *path,
			char *why, size_t why_bytes)
{
	struct opening o = {
		.rec = calloc(1, sizeof(*o.rec)),
		.path = path,
		.why = why,
		.why_bytes = why_bytes,
	};
	int ret;

	if (!o.rec)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	ret = map_file(&o);
	if (!ret) {
		read_head(&o.rec->head, o.rec->map);
		ret = check_head(&o);
	}
	if (!ret)
		ret = read_scan(&o);
	if (!ret)
		ret = read_elements(&o);
	if (!ret)
		ret = read_waves(&o);
	if (!ret)
		ret = read_beams(&o);
	if (!ret)
		ret = read_constants(&o);
	if (!ret)
		ret = find_frames(&o);
	if (ret)
		sono_recording_close(o.rec);
	else
		*recording = o.rec;
	return ret;
}

void sono_recording_close(struct sono_recording *rec)
{
	if (!rec)
		return;
	if (rec->map)
		munmap((void *)rec->map, rec->bytes);
	sono_scan_free(rec->scan);
	free(rec->checked);
	free(rec);
}

const char *sono_recording_damage(const struct sono_recording *rec)
{
	return rec->damage[0] ? rec->damage : NULL;
}

const struct sono_scan *sono_recording_scan(const struct sono_recording *rec)
{
	return rec->scan;
}

const struct sono_table *sono_recording_table(const struct sono_recording *rec)
{
	return &rec->table;
}

uint32_t sono_recording_adc_clock(const struct sono_recording *rec)
{
	return rec->head.adc_clock;
}

uint32_t sono_recording_board_clock(const struct sono_recording *rec)
{
	return rec->head.board_clock;
}

const char *sono_recording_note(const struct sono_recording *rec)
{
	return rec->head.note;
}

uint64_t sono_recording_frames(const struct sono_recording *rec)
{
	return rec->frames;
}

int sono_recording_frame(struct sono_recording *rec, uint64_t index,
			 struct sono_record *record, const void **payload,
			 char *why, size_t why_bytes)
{
	struct recording_frame h;
	const char *fault;

	if (index >= rec->frames)
		return sono_why(why, why_bytes, -EINVAL,
				"frame %llu of %llu",
				(unsigned long long)index,
				(unsigned long long)rec->frames);
	fault = frame_fault(rec, index, &h);
	if (fault)
		return sono_why(why, why_bytes, -EBADMSG,
				"frame %llu, at byte %llu: %s",
				(unsigned long long)index,
				(unsigned long long)(frame_at(rec, index) -
						     rec->map), fault);
	*record = recording_swap(h.record);
	*payload = frame_at(rec, index) + SONO_RECORDING_ALIGN;
	return 0;
}

// SPDX-License-Identifier: MIT
/* Recordings: written, read back, cut, damaged and lied in. */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "recording_format.h"

#define ELEMENTS 8
#define EVENTS 2
#define FRAMES 5
#define ADC 20000000
#define AUX 64

/* A recording on disk, and what was put into it. */
struct fixture {
	char path[64];
	struct sono_scan *scan;
	struct sono_table table;
	struct sono_info info;
	uint8_t *payload;	/* [FRAMES][frame_bytes] */
	size_t bytes;		/* of the file */
	uint8_t *content;	/* of the file */
};

static void make_scan(struct fixture *f)
{
	struct sono_scan *s = sono_scan_alloc(ELEMENTS, ELEMENTS, EVENTS);

	for (uint32_t e = 0; e < ELEMENTS; e++) {
		s->element[e] = (struct sono_element){
			.x = e * 0.3e-3,
			.z = -1e-3,
			.nx = 0.6,
			.nz = 0.8,
		};
		s->channel_element[e] = e;
	}
	/* one plane wave and one beam */
	s->event[1].wave = SONO_WAVE_FOCUSED;
	s->event[1].tag = SONO_TAG(SONO_ROLE_M, 3, 2);
	s->event[1].beam_x = 5e-3;
	s->event[1].beam_z = -2e-3;
	s->event[1].beam_angle = -0.3;
	s->event[1].focus = 60e-3;
	for (uint32_t i = 0; i < EVENTS; i++) {
		s->event[i].period = 1e-3;
		s->event[i].samples = 1000;
	}
	s->fs = ADC;
	s->fc = 5.1e6;
	s->c = 1480.5;
	s->lens_delay = 0.3e-6;
	s->pulse_delay = -0.2e-6;
	sono_scan_layout(s, AUX);
	f->scan = s;
}

static struct sono_record record_of(const struct fixture *f, uint32_t i)
{
	return (struct sono_record){
		.seq = 10 + 2 * i,
		.hw_ts = 1000000ull * i,
		.host_ts = 0x123456789abcdef0ull + i,
		.slot = i % 3,
		.gen = i,
		.len = f->scan->frame_bytes,
		.flags = SONO_RECORD_GAP,
		.dropped = 1,
		.cfg_gen = 7,
		.tag = 0xfeed00000000ull + i,
		.lost = i,
	};
}

static void write_file(const struct fixture *f, const void *content,
		       size_t bytes)
{
	FILE *file = fopen(f->path, "wb");

	cr_assert_eq(fwrite(content, 1, bytes, file), bytes);
	fclose(file);
}

static void read_file(struct fixture *f)
{
	FILE *file = fopen(f->path, "rb");

	fseek(file, 0, SEEK_END);
	f->bytes = ftell(file);
	rewind(file);
	f->content = malloc(f->bytes);
	cr_assert_eq(fread(f->content, 1, f->bytes, file), f->bytes);
	fclose(file);
}

static void record_all(struct fixture *f)
{
	struct sono_recorder *out;
	char why[256] = "";

	cr_assert_eq(sono_recorder_create(&out, f->path, f->scan, &f->table,
					  &f->info, "a note", why,
					  sizeof(why)), 0, "%s", why);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct sono_record record = record_of(f, i);

		cr_assert_eq(sono_recorder_append(out, &record, f->payload +
				i * f->scan->frame_bytes), 0);
	}
	cr_assert_eq(sono_recorder_close(out), 0);
}

static void set_up(struct fixture *f)
{
	struct sono_waveform waveform[EVENTS];
	struct sim_limits limits = board_limits(ADC);
	struct sono_fault fault;
	int fd;

	*f = (struct fixture){ .path = "/tmp/test_recording.XXXXXX" };
	fd = mkstemp(f->path);
	cr_assert_geq(fd, 0);
	close(fd);
	f->info = board_info(&limits);
	make_scan(f);
	for (uint32_t i = 0; i < EVENTS; i++)
		waveform[i] = (struct sono_waveform){
			.frequency = 5e6,
			.half_cycles = 2,
		};
	cr_assert_eq(sono_sequence_compile(&f->table, f->scan, waveform,
					   &f->info, &fault), 0, "%s",
		     fault.why);
	f->payload = malloc(FRAMES * f->scan->frame_bytes);
	srand(1);
	for (size_t i = 0; i < FRAMES * f->scan->frame_bytes; i++)
		f->payload[i] = rand();
	record_all(f);
	read_file(f);
}

static void tear_down(struct fixture *f)
{
	unlink(f->path);
	sono_table_finish(&f->table);
	sono_scan_free(f->scan);
	free(f->payload);
	free(f->content);
}

static uint64_t data_offset(const struct fixture *f)
{
	struct recording_head h;

	memcpy(&h, f->content, sizeof(h));
	return le32toh(h.data_offset);
}

static uint64_t frame_offset(const struct fixture *f, uint32_t i)
{
	return data_offset(f) + i * recording_stride(f->scan->frame_bytes);
}

static void expect_frame(const struct fixture *f, struct sono_recording *rec,
			 uint32_t i)
{
	const struct sono_record want = record_of(f, i);
	struct sono_record record;
	const void *payload;
	char why[256] = "";

	cr_assert_eq(sono_recording_frame(rec, i, &record, &payload, why,
					  sizeof(why)), 0, "%s", why);
	cr_assert_arr_eq(&record, &want, sizeof(want));
	cr_assert_eq((uintptr_t)payload % SONO_RECORDING_ALIGN, 0);
	cr_assert_arr_eq(payload, f->payload + i * f->scan->frame_bytes,
			 f->scan->frame_bytes);
}

static void expect_event(const struct sono_event *is,
			 const struct sono_event *want)
{
	cr_assert_eq(is->wave, want->wave);
	cr_assert_eq(is->tag, want->tag);
	cr_assert(is->beam_x == want->beam_x && is->beam_z == want->beam_z);
	cr_assert(is->beam_angle == want->beam_angle);
	cr_assert(is->focus == want->focus);
}

Test(recording, comes_back_as_written)
{
	struct sono_recording *rec;
	const struct sono_scan *s;
	const struct sono_table *table;
	struct fixture f;
	char why[256] = "";

	set_up(&f);
	cr_assert_eq(sono_recording_open(&rec, f.path, why, sizeof(why)), 0,
		     "%s", why);
	cr_assert_null(sono_recording_damage(rec));
	cr_assert_eq(sono_recording_frames(rec), FRAMES);
	cr_assert_eq(sono_recording_adc_clock(rec), ADC);
	cr_assert_eq(sono_recording_board_clock(rec), f.info.board_clock);
	cr_assert_str_eq(sono_recording_note(rec), "a note");
	table = sono_recording_table(rec);
	cr_assert_eq(table->bytes, f.table.bytes);
	cr_assert_arr_eq(table->data, f.table.data, f.table.bytes);
	s = sono_recording_scan(rec);
	cr_assert_arr_eq(s->element, f.scan->element,
			 ELEMENTS * sizeof(*s->element));
	cr_assert(s->fc == f.scan->fc && s->c == f.scan->c);
	cr_assert(s->fs == f.scan->fs);
	cr_assert(s->lens_delay == f.scan->lens_delay);
	cr_assert(s->pulse_delay == f.scan->pulse_delay);
	for (uint32_t i = 0; i < EVENTS; i++)
		expect_event(&s->event[i], &f.scan->event[i]);
	for (uint32_t i = 0; i < FRAMES; i++)
		expect_frame(&f, rec, i);
	sono_recording_close(rec);
	tear_down(&f);
}

Test(recording, refuses_frames_out_of_place)
{
	struct sono_recorder *out;
	struct sono_recording *rec;
	struct sono_record record;
	const void *payload;
	struct fixture f;
	char why[256] = "";

	set_up(&f);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frame(rec, FRAMES, &record, &payload, why,
					  sizeof(why)), -EINVAL);
	cr_assert(strstr(why, "frame 5 of 5"));
	sono_recording_close(rec);

	cr_assert_eq(sono_recorder_create(&out, f.path, f.scan, &f.table,
					  &f.info, NULL, NULL, 0), 0);
	record = record_of(&f, 0);
	record.len--;
	cr_assert_eq(sono_recorder_append(out, &record, f.payload), -EINVAL);
	cr_assert_eq(sono_recorder_close(out), 0);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frames(rec), 0);
	sono_recording_close(rec);
	tear_down(&f);
}

Test(recording, scan_must_be_the_tables)
{
	struct sono_recorder *out;
	struct fixture f;
	char why[256] = "";

	set_up(&f);
	f.scan->frame_bytes += 64;
	cr_assert_eq(sono_recorder_create(&out, f.path, f.scan, &f.table,
					  &f.info, NULL, why, sizeof(why)),
		     -EINVAL);
	cr_assert(*why);
	tear_down(&f);
}

Test(recording, cannot_be_written_or_read_says_so)
{
	struct sono_recorder *out;
	struct sono_recording *rec;
	struct fixture f;
	char why[256] = "";

	set_up(&f);
	cr_assert_eq(sono_recorder_create(&out, "/tmp/none/a.sono", f.scan,
					  &f.table, &f.info, NULL, why,
					  sizeof(why)), -ENOENT);
	cr_assert(strstr(why, "/tmp/none/a.sono"), "%s", why);
	cr_assert_eq(sono_recording_open(&rec, "/tmp/none/a.sono", why,
					 sizeof(why)), -ENOENT);
	cr_assert(strstr(why, "/tmp/none/a.sono"), "%s", why);
	cr_assert_eq(sono_recording_open(&rec, "/tmp", why, sizeof(why)),
		     -EBADMSG);
	/* which nobody writes */
	cr_assert_eq(unlink(f.path), 0);
	cr_assert_eq(mkfifo(f.path, 0600), 0);
	cr_assert_eq(sono_recording_open(&rec, f.path, why, sizeof(why)),
		     -EBADMSG);
	cr_assert(strstr(why, "it is no file"), "%s", why);
	tear_down(&f);
}

/* A disk that is full costs the frame, not those before it. */
Test(recording, takes_back_a_frame_half_written)
{
	struct sono_recorder *out;
	struct sono_recording *rec;
	struct sono_record record;
	struct rlimit limit;
	struct fixture f;

	set_up(&f);
	cr_assert_eq(sono_recorder_create(&out, f.path, f.scan, &f.table,
					  &f.info, NULL, NULL, 0), 0);
	record = record_of(&f, 0);
	cr_assert_eq(sono_recorder_append(out, &record, f.payload), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = frame_offset(&f, 1) + 5000;
	setrlimit(RLIMIT_FSIZE, &limit);
	cr_assert_eq(sono_recorder_append(out, &record, f.payload), -EFBIG);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frames(rec), 1);
	cr_assert_null(sono_recording_damage(rec));
	sono_recording_close(rec);
	/* with room again it goes on where it was */
	record = record_of(&f, 1);
	cr_assert_eq(sono_recorder_append(out, &record, f.payload +
					  f.scan->frame_bytes), 0);
	cr_assert_eq(sono_recorder_close(out), 0);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frames(rec), 2);
	expect_frame(&f, rec, 1);
	sono_recording_close(rec);
	tear_down(&f);
}

/* --- cut --- */

/* What opens of the first @bytes of a file; -1: nothing. */
static int64_t frames_of(const struct fixture *f, uint64_t bytes, char *why,
			 size_t why_bytes)
{
	struct sono_recording *rec;
	int64_t frames;

	write_file(f, f->content, bytes);
	if (sono_recording_open(&rec, f->path, why, why_bytes))
		return -1;
	frames = sono_recording_frames(rec);
	for (uint32_t i = 0; i < frames; i++)
		expect_frame(f, rec, i);
	if (bytes != frame_offset(f, frames)) {
		cr_assert(sono_recording_damage(rec));
		snprintf(why, why_bytes, "%s", sono_recording_damage(rec));
	} else {
		cr_assert_null(sono_recording_damage(rec));
	}
	sono_recording_close(rec);
	return frames;
}

Test(recording, cut_in_its_head_is_refused)
{
	struct recording_head h;
	struct fixture f;

	set_up(&f);
	memcpy(&h, f.content, sizeof(h));
	const uint64_t cuts[] = {
		0, 1, 7, 8, 12, 16, sizeof(h) - 1, sizeof(h),
		le32toh(h.table_offset), le32toh(h.table_offset) + 1,
		le32toh(h.waves_offset), le32toh(h.bytes) - 1,
		le32toh(h.bytes), le32toh(h.data_offset) - 1,
	};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		char why[256] = "";

		cr_assert_eq(frames_of(&f, cuts[i], why, sizeof(why)), -1,
			     "cut at %llu", (unsigned long long)cuts[i]);
		cr_assert(strstr(why, f.path), "cut at %llu: %s",
			  (unsigned long long)cuts[i], why);
	}
	tear_down(&f);
}

Test(recording, cut_in_a_frame_costs_that_frame)
{
	struct fixture f;

	set_up(&f);
	for (uint32_t i = 0; i < FRAMES; i++) {
		const uint64_t at = frame_offset(&f, i);
		const uint64_t cuts[] = {
			0, 1, 16, 95, 96, 4095, 4096, 4097,
			4096 + f.scan->frame_bytes - 1,
			4096 + f.scan->frame_bytes,
			recording_stride(f.scan->frame_bytes) - 1,
		};

		for (size_t k = 0; k < sizeof(cuts) / sizeof(*cuts); k++) {
			char why[256] = "", where[64];

			snprintf(where, sizeof(where), "frame %u, at byte %llu",
				 i, (unsigned long long)at);
			cr_assert_eq(frames_of(&f, at + cuts[k], why,
					       sizeof(why)), i);
			cr_assert(!cuts[k] || strstr(why, where), "%s", why);
		}
	}
	tear_down(&f);
}

/* A file system may lengthen a file before it has its content. */
Test(recording, zeros_at_the_end_are_no_frames)
{
	const uint32_t whole = 2;
	struct sono_recording *rec;
	struct fixture f;

	set_up(&f);
	memset(f.content + frame_offset(&f, whole), 0,
	       f.bytes - frame_offset(&f, whole));
	write_file(&f, f.content, f.bytes);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frames(rec), whole);
	cr_assert(strstr(sono_recording_damage(rec), "frame 2"));
	sono_recording_close(rec);
	tear_down(&f);
}

/*
 * What is behind the frames was never written: to look for a frame's head at each of
 * a terabyte's places took minutes, here it takes a millisecond.
 */
Test(recording, a_hole_at_the_end_is_not_searched, .timeout = 20)
{
	struct sono_recording *rec;
	struct fixture f;

	set_up(&f);
	/* the last frame, whole, without its end, without its payload */
	for (int cut = 0; cut < 3; cut++) {
		const uint64_t written =
			cut == 0 ? f.bytes :
			cut == 1 ? f.bytes - 4096 :
				   frame_offset(&f, FRAMES - 1) + 4096;
		const uint32_t whole = cut ? FRAMES - 1 : FRAMES;
		char where[64];

		write_file(&f, f.content, written);
		cr_assert_eq(truncate(f.path, 1ll << 40), 0);
		cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
		cr_assert_eq(sono_recording_frames(rec), whole, "%d", cut);
		snprintf(where, sizeof(where), "frame %u, at byte %llu: ",
			 whole,
			 (unsigned long long)frame_offset(&f, whole));
		cr_assert(strstr(sono_recording_damage(rec), where), "%d: %s",
			  cut, sono_recording_damage(rec));
		sono_recording_close(rec);
	}
	tear_down(&f);
}

/* A copy that leaves zeros out has holes within its frames. */
Test(recording, holes_within_frames_are_their_zeros)
{
	struct sono_recording *rec;
	struct fixture f;
	char command[400];

	set_up(&f);
	memset(f.payload, 0, FRAMES * f.scan->frame_bytes);
	record_all(&f);
	snprintf(command, sizeof(command),
		 "cp --sparse=always %s %s.sparse && mv %s.sparse %s", f.path,
		 f.path, f.path, f.path);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frames(rec), FRAMES);
	cr_assert_null(sono_recording_damage(rec));
	sono_recording_close(rec);
	tear_down(&f);
}

/* --- damage --- */

Test(recording, every_byte_of_its_head_counts)
{
	struct recording_head h;
	struct fixture f;

	set_up(&f);
	memcpy(&h, f.content, sizeof(h));
	/* the head alone is what counts here, and quicker to write */
	for (uint32_t i = 0; i < le32toh(h.bytes); i++) {
		struct sono_recording *rec;
		char why[256] = "";
		int ret;

		f.content[i] ^= 0x20;
		write_file(&f, f.content, le32toh(h.data_offset));
		ret = sono_recording_open(&rec, f.path, why, sizeof(why));
		cr_assert(i >= 8 && i < 12 ? ret == -EPROTONOSUPPORT :
					     ret == -EBADMSG,
			  "byte %u: %d", i, ret);
		cr_assert(strstr(why, f.path), "byte %u: %s", i, why);
		f.content[i] ^= 0x20;
	}
	tear_down(&f);
}

/* An older one as well as a newer one. */
Test(recording, other_version_is_named)
{
	static const char versions[] = { 1, 3 };
	struct sono_recording *rec;
	struct fixture f;

	set_up(&f);
	for (int i = 0; i < 2; i++) {
		char why[256] = "", name[16];

		f.content[8] = versions[i];
		write_file(&f, f.content, f.bytes);
		cr_assert_eq(sono_recording_open(&rec, f.path, why,
						 sizeof(why)),
			     -EPROTONOSUPPORT);
		snprintf(name, sizeof(name), "version %d", versions[i]);
		cr_assert(strstr(why, name), "%s", why);
	}
	tear_down(&f);
}

/* Right CRC, but times that no strip could count in columns. */
Test(recording, senseless_clocks_are_refused)
{
	static const struct {
		uint32_t hz;
		const char *why;
	} lies[] = {
		{ 0, "of 0 Hz" },
		{ 999999, "999999 Hz is not from 1 MHz" },
		{ 1000000001, "1000000001 Hz is not from 1 MHz to 1 GHz" },
		{ 1000000, NULL },
		{ 1000000000, NULL },
	};
	struct recording_head h;
	struct fixture f;

	set_up(&f);
	memcpy(&h, f.content, sizeof(h));
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		const uint32_t hz = htole32(lies[i].hz);
		uint8_t *copy = malloc(f.bytes);
		struct sono_recording *rec;
		char why[256] = "";
		uint32_t crc;
		int ret;

		memcpy(copy, f.content, f.bytes);
		memcpy(copy + offsetof(struct recording_head, board_clock), &hz,
		       sizeof(hz));
		crc = htole32(recording_crc(copy, le32toh(h.bytes), 12));
		memcpy(copy + 12, &crc, 4);
		write_file(&f, copy, f.bytes);
		ret = sono_recording_open(&rec, f.path, why, sizeof(why));
		free(copy);
		if (lies[i].why) {
			cr_assert_eq(ret, -EBADMSG, "%u Hz", lies[i].hz);
			cr_assert(strstr(why, lies[i].why), "%s", why);
		} else {
			cr_assert_eq(ret, 0, "%u Hz: %s", lies[i].hz, why);
			sono_recording_close(rec);
		}
	}
	tear_down(&f);
}

/* Right CRC, but the beam is none. */
Test(recording, senseless_beams_are_refused)
{
	static const double lies[][2] = {
		{ 0, 1 }, { 1, -1 }, { 2, 4 }, { 3, 0 }, { 3, -1 },
		{ 3, 10 }, { 0, INFINITY }, { 2, NAN }, { 3, NAN },
	};
	struct recording_head h;
	struct fixture f;

	set_up(&f);
	memcpy(&h, f.content, sizeof(h));
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		const size_t at = le32toh(h.beams_offset) +
			sizeof(struct recording_beam) + 8 * (int)lies[i][0];
		const uint64_t lie = recording_from_double(lies[i][1]);
		uint8_t *copy = malloc(f.bytes);
		struct sono_recording *rec;
		char why[256] = "";
		uint32_t crc;

		memcpy(copy, f.content, f.bytes);
		memcpy(copy + at, &lie, sizeof(lie));
		crc = htole32(recording_crc(copy, le32toh(h.bytes), 12));
		memcpy(copy + 12, &crc, 4);
		write_file(&f, copy, f.bytes);
		cr_assert_eq(sono_recording_open(&rec, f.path, why,
						 sizeof(why)), -EBADMSG,
			     "case %zu", i);
		cr_assert(strstr(why, "event 1"), "%s", why);
		free(copy);
	}
	tear_down(&f);
}

Test(recording, damaged_frame_is_refused_alone)
{
	const uint32_t hurt = 1;
	struct fixture f;

	set_up(&f);
	for (uint64_t i = 0; i < 4096 + f.scan->frame_bytes; i++) {
		struct sono_recording *rec;
		struct sono_record record;
		const void *payload;
		char why[256] = "", where[64];

		/* what fills the head's block up means nothing */
		if (i == sizeof(struct recording_frame))
			i = 4096;
		/* every byte of the head, every 97th of the payload */
		if (i > 4096)
			i += 96;
		if (i >= 4096 + f.scan->frame_bytes)
			break;
		f.content[frame_offset(&f, hurt) + i] ^= 1;
		write_file(&f, f.content, f.bytes);
		cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
		cr_assert_eq(sono_recording_frames(rec), FRAMES);
		cr_assert_eq(sono_recording_frame(rec, hurt, &record, &payload,
						  why, sizeof(why)), -EBADMSG,
			     "byte %llu", (unsigned long long)i);
		snprintf(where, sizeof(where), "frame %u, at byte %llu", hurt,
			 (unsigned long long)frame_offset(&f, hurt));
		cr_assert(strstr(why, where), "%s", why);
		expect_frame(&f, rec, hurt - 1);
		expect_frame(&f, rec, hurt + 1);
		sono_recording_close(rec);
		f.content[frame_offset(&f, hurt) + i] ^= 1;
	}
	tear_down(&f);
}

Test(recording, frames_cannot_be_exchanged)
{
	struct sono_recording *rec;
	struct sono_record record;
	const void *payload;
	struct fixture f;
	char why[256] = "";

	set_up(&f);
	memcpy(f.content + frame_offset(&f, 1), f.content + frame_offset(&f, 2),
	       recording_stride(f.scan->frame_bytes));
	write_file(&f, f.content, f.bytes);
	cr_assert_eq(sono_recording_open(&rec, f.path, NULL, 0), 0);
	cr_assert_eq(sono_recording_frame(rec, 1, &record, &payload, why,
					  sizeof(why)), -EBADMSG);
	cr_assert(strstr(why, "another"), "%s", why);
	sono_recording_close(rec);
	tear_down(&f);
}

/* Right CRC, wrong content: each field, each with extreme values. */
Test(recording, lies_in_its_head_are_refused)
{
	static const uint32_t lies[] = {
		0, 1, 0xff, 0x1000, 0xffff, 0x7fffffff, 0x80000000,
		0xfffffff0, 0xffffffff,
	};
	unsigned int opened = 0;
	struct recording_head h;
	struct fixture f;

	set_up(&f);
	memcpy(&h, f.content, sizeof(h));
	for (size_t at = 16; at < offsetof(struct recording_head, note);
	     at += 4) {
		for (size_t k = 0; k < sizeof(lies) / sizeof(*lies); k++) {
			uint8_t *copy = malloc(f.bytes);
			struct sono_recording *rec;
			uint32_t crc, bytes;

			memcpy(copy, f.content, f.bytes);
			memcpy(copy + at, &lies[k], 4);
			if (!memcmp(copy + at, f.content + at, 4)) {
				free(copy);
				continue;	/* no lie */
			}
			memcpy(&bytes, copy + 16, 4);
			bytes = le32toh(bytes);
			if (bytes >= sizeof(h) && bytes <= f.bytes) {
				crc = htole32(recording_crc(copy, bytes, 12));
				memcpy(copy + 12, &crc, 4);
			}
			write_file(&f, copy, f.bytes);
			if (!sono_recording_open(&rec, f.path, NULL, 0)) {
				opened++;
				/*
				 * Clocks and constants may be anything, and
				 * a head may count what fills its block up.
				 */
				cr_assert((at == 16 && lies[k] == 0x1000) ||
					  (at >= 24 && at < 32) || at >= 64,
					  "field at %zu: %#x", at, lies[k]);
				sono_recording_close(rec);
			}
			free(copy);
		}
	}
	cr_assert_gt(opened, 0);
	tear_down(&f);
}

Test(recording, senseless_constants_are_refused)
{
	static const struct {
		size_t at;
		double value;
	} cases[] = {
		{ offsetof(struct recording_head, fc), 0 },
		{ offsetof(struct recording_head, fc), NAN },
		{ offsetof(struct recording_head, c), -1540 },
		{ offsetof(struct recording_head, c), INFINITY },
		{ offsetof(struct recording_head, lens_delay), NAN },
		{ offsetof(struct recording_head, pulse_delay), 2 },
		{ sizeof(struct recording_head), NAN },	/* element 0: x */
		{ sizeof(struct recording_head) + 8, 100 },
		{ sizeof(struct recording_head) + 16, 0.7 },
		{ sizeof(struct recording_head) + 24, NAN },
	};
	struct recording_head h;
	struct fixture f;

	set_up(&f);
	memcpy(&h, f.content, sizeof(h));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const uint64_t bits = recording_from_double(cases[i].value);
		uint8_t *copy = malloc(f.bytes);
		struct sono_recording *rec;
		char why[256] = "";
		uint32_t crc;

		memcpy(copy, f.content, f.bytes);
		memcpy(copy + cases[i].at, &bits, 8);
		crc = htole32(recording_crc(copy, le32toh(h.bytes), 12));
		memcpy(copy + 12, &crc, 4);
		write_file(&f, copy, f.bytes);
		cr_assert_eq(sono_recording_open(&rec, f.path, why,
						 sizeof(why)), -EBADMSG,
			     "case %zu", i);
		cr_assert(*why);
		free(copy);
	}
	tear_down(&f);
}

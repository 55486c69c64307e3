/* SPDX-License-Identifier: MIT */
/*
 * A recording's bytes, as Documentation/recording.rst states them; shared by
 * who writes and who reads. Little-endian; doubles are IEEE 754 binary64.
 */
#ifndef SONO_RECORDING_FORMAT_H
#define SONO_RECORDING_FORMAT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "recording.h"

#define RECORDING_MAGIC "SONOREC\n"
#define RECORDING_FRAME_MAGIC 0x4d524653 /* "SFRM" */

/**
 * struct recording_head - start of the file
 * @magic: RECORDING_MAGIC
 * @version: SONO_RECORDING_VERSION
 * @crc: CRC-32 of the first @bytes of the file with this field 0
 * @bytes: of this head with the parts that follow it
 * @data_offset: of the first frame, a multiple of SONO_RECORDING_ALIGN
 * @adc_clock: [Hz]
 * @board_clock: [Hz]
 * @frame_bytes: payload of a frame
 * @elements: number of struct recording_element
 * @events: number of bytes at @waves_offset
 * @elements_offset: from the start of the file, as all offsets
 * @waves_offset: one byte per event, enum sono_wave
 * @table_offset: of the sequence table
 * @table_bytes: of it
 * @beams_offset: of @events struct recording_beam
 * @fc: centre frequency [Hz]
 * @c: speed of sound [m/s]
 * @lens_delay: [s]
 * @pulse_delay: [s]
 * @note: NUL-padded text
 */
struct recording_head {
	char magic[8];
	uint32_t version;
	uint32_t crc;
	uint32_t bytes;
	uint32_t data_offset;
	uint32_t adc_clock;
	uint32_t board_clock;
	uint32_t frame_bytes;
	uint32_t elements;
	uint32_t events;
	uint32_t elements_offset;
	uint32_t waves_offset;
	uint32_t table_offset;
	uint32_t table_bytes;
	uint32_t beams_offset;
	uint64_t fc;
	uint64_t c;
	uint64_t lens_delay;
	uint64_t pulse_delay;
	char note[SONO_RECORDING_NOTE];
};

_Static_assert(sizeof(struct recording_head) == 160, "no padding");

/** struct recording_element - place and normal of an element, doubles */
struct recording_element {
	uint64_t x, z, nx, nz;
};

/** struct recording_beam - of an event: start, direction, focus; doubles */
struct recording_beam {
	uint64_t x, z, angle, focus;
};

/**
 * struct recording_frame - head of a frame, SONO_RECORDING_ALIGN bytes with
 *                          zeros behind; the payload follows
 * @magic: RECORDING_FRAME_MAGIC
 * @crc: CRC-32 of this structure with this field 0
 * @index: of the frame in the file, from 0
 * @payload_bytes: the head's frame_bytes
 * @payload_crc: CRC-32 of the payload
 * @rsvd: 0
 * @record: struct sono_record
 */
struct recording_frame {
	uint32_t magic;
	uint32_t crc;
	uint64_t index;
	uint32_t payload_bytes;
	uint32_t payload_crc;
	uint64_t rsvd;
	struct sono_record record;
};

_Static_assert(sizeof(struct recording_frame) == 96, "no padding");

/** recording_crc() - of @bytes at @data, 4 of them at @skip taken as 0 */
static inline uint32_t recording_crc(const void *data, size_t bytes,
				     size_t skip)
{
	static const unsigned char zero[4];
	const unsigned char *p = data;
	unsigned long crc = crc32_z(0, p, skip);

	crc = crc32(crc, zero, sizeof(zero));
	return crc32_z(crc, p + skip + sizeof(zero),
		       bytes - skip - sizeof(zero));
}

/** recording_align() - @bytes rounded up to SONO_RECORDING_ALIGN */
static inline uint64_t recording_align(uint64_t bytes)
{
	return (bytes + SONO_RECORDING_ALIGN - 1) /
	       SONO_RECORDING_ALIGN * SONO_RECORDING_ALIGN;
}

/** recording_stride() - from a frame's head to the next */
static inline uint64_t recording_stride(uint32_t frame_bytes)
{
	return SONO_RECORDING_ALIGN + recording_align(frame_bytes);
}

static inline uint64_t recording_from_double(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return htole64(bits);
}

static inline double recording_to_double(uint64_t le)
{
	const uint64_t bits = le64toh(le);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/** recording_swap() - a record to or from little-endian */
static inline struct sono_record recording_swap(struct sono_record r)
{
	r.seq = le64toh(r.seq);
	r.hw_ts = le64toh(r.hw_ts);
	r.host_ts = le64toh(r.host_ts);
	r.slot = le32toh(r.slot);
	r.gen = le32toh(r.gen);
	r.len = le32toh(r.len);
	r.flags = le32toh(r.flags);
	r.dropped = le32toh(r.dropped);
	r.cfg_gen = le32toh(r.cfg_gen);
	r.tag = le64toh(r.tag);
	r.lost = le32toh(r.lost);
	return r;
}

/** recording_frame_head() - of the frame @index, sealed with its CRC */
static inline struct recording_frame
recording_frame_head(uint64_t index, const struct sono_record *record,
		     const void *payload, uint32_t payload_bytes)
{
	struct recording_frame head = {
		.magic = htole32(RECORDING_FRAME_MAGIC),
		.index = htole64(index),
		.payload_bytes = htole32(payload_bytes),
		.payload_crc = htole32(crc32_z(0, payload, payload_bytes)),
		.record = recording_swap(*record),
	};

	head.crc = htole32(recording_crc(&head, sizeof(head),
					 offsetof(struct recording_frame,
						  crc)));
	return head;
}

#endif /* SONO_RECORDING_FORMAT_H */

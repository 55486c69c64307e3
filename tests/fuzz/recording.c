// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Recordings: whatever a file holds, it opens or is refused with a reason, and
 * every frame is whole or refused. Checksums would keep nearly every input from
 * being looked at, so the first byte says whether they are mended first.
 */
#include <errno.h>
#include <stdlib.h>

#include "fuzz.h"
#include "recording.h"
#include "recording_format.h"
#include "sono_regs.h"

#define FRAMES_MAX 64

static bool fits(size_t size, uint64_t at, uint64_t bytes)
{
	return at <= size && bytes <= size - at;
}

static void mend_table(uint8_t *file, size_t size)
{
	const struct recording_head *h = (const void *)file;
	struct sono_seq_header t;
	uint8_t *table = file + h->table_offset;

	if (h->table_bytes < sizeof(t) ||
	    !fits(size, h->table_offset, h->table_bytes))
		return;
	memcpy(&t, table, sizeof(t));
	t.crc = recording_crc(table, h->table_bytes,
			      offsetof(struct sono_seq_header, crc));
	memcpy(table, &t, sizeof(t));
}

static void mend_frames(uint8_t *file, size_t size)
{
	const struct recording_head *h = (const void *)file;
	uint64_t stride = recording_stride(h->frame_bytes);
	uint64_t at = h->data_offset;
	struct recording_frame f;

	for (int i = 0; i < FRAMES_MAX && fits(size, at, sizeof(f));
	     i++, at += stride) {
		uint64_t payload = at + SONO_RECORDING_ALIGN;

		memcpy(&f, file + at, sizeof(f));
		if (fits(size, payload, h->frame_bytes))
			f.payload_crc = (uint32_t)crc32_z(0, file + payload,
							  h->frame_bytes);
		f.crc = recording_crc(&f, sizeof(f),
				      offsetof(struct recording_frame, crc));
		memcpy(file + at, &f, sizeof(f));
	}
}

static void mend(uint8_t *file, size_t size)
{
	struct recording_head *h = (void *)file;

	if (size < sizeof(*h))
		return;
	mend_table(file, size);
	if (h->bytes >= sizeof(*h) && h->bytes <= size)
		h->crc = recording_crc(file, h->bytes,
				       offsetof(struct recording_head, crc));
	mend_frames(file, size);
}

static void read_all(struct sono_recording *rec)
{
	uint64_t frames = sono_recording_frames(rec);
	struct sono_record record;
	const void *payload;
	char why[256];
	unsigned int sum = 0;

	sono_recording_damage(rec);
	if (!sono_recording_scan(rec) || !sono_recording_table(rec))
		abort();
	for (uint64_t i = 0; i < frames && i < FRAMES_MAX; i++) {
		int ret;

		why[0] = '\0';
		ret = sono_recording_frame(rec, i, &record, &payload, why,
					   sizeof(why));
		if (!ret)
			sum += ((const unsigned char *)payload)[record.len - 1];
		else if (ret != -EBADMSG || !why[0])
			abort();
	}
	if (sono_recording_frame(rec, frames, &record, &payload, why,
				 sizeof(why)) != -EINVAL)
		abort();
	/* So that it is not left out. */
	if (sum == UINT32_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FUZZ_PATH_BYTES], why[256] = "";
	struct sono_recording *rec;
	uint8_t *file;
	int fd, ret;

	if (!size)
		return 0;
	file = malloc(size - 1 + sizeof(struct recording_head));
	if (!file)
		return 0;
	memcpy(file, data + 1, size - 1);
	if (data[0] & 1)
		mend(file, size - 1);
	fd = fuzz_file(path, file, size - 1);
	free(file);
	ret = sono_recording_open(&rec, path, why, sizeof(why));
	close(fd);
	if (!ret) {
		read_all(rec);
		sono_recording_close(rec);
	} else if (!why[0]) {
		abort();
	}
	return 0;
}

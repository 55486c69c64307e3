// SPDX-License-Identifier: MIT
/*
 * "file:PATH": a recording. There is no ring: frames lie in the mapped file
 * and are never overwritten, so there is nothing to set up, wait for or
 * release.
 */
#include <errno.h>
#include <stdlib.h>

#include "backend.h"
#include "recording.h"
#include "why.h"

/**
 * struct sono_file - handle of a recording
 * @base: handle
 * @rec: the recording
 * @next: index of the next frame
 * @account: of the frames taken since the start
 * @complaint: what is wrong with the last frame, or at the end; may be empty
 */
struct sono_file {
	struct sono base;
	struct sono_recording *rec;
	uint64_t next;
	struct sono_stop account;
	char complaint[256];
};

static struct sono_file *file_of(struct sono *s)
{
	return (struct sono_file *)s;
}

static void file_close(struct sono *s)
{
	sono_recording_close(file_of(s)->rec);
	free(s);
}

/*
 * What is known of the board that recorded. Its limits are not; a plan for
 * its frames needs to obey none.
 */
static void file_info(struct sono_file *f)
{
	const struct sono_scan *scan = sono_recording_scan(f->rec);

	f->base.info = (struct sono_info){
		.features = SONO_FEATURE_STREAM,
		.channels = scan->channels,
		.elements = scan->elements,
		.adc_clock = sono_recording_adc_clock(f->rec),
		.board_clock = sono_recording_board_clock(f->rec),
		.adc_bits = 16,
		.seq_events_max = UINT32_MAX,
		.seq_bytes_max = UINT32_MAX,
		.frame_bytes_max = UINT32_MAX,
		.dma_rate_max = UINT32_MAX,
		.hv_max = UINT32_MAX,
		.prf_max = UINT32_MAX,
		.tx_duty_max = UINT32_MAX,
	};
}

static int file_open(struct sono **s, const char *path, char *why,
		     size_t why_bytes)
{
	struct sono_file *f = calloc(1, sizeof(*f));
	int ret;

	if (!f)
		return -ENOMEM;
	ret = sono_recording_open(&f->rec, path, why, why_bytes);
	if (ret) {
		free(f);
		return ret;
	}
	f->base.ops = &sono_backend_file;
	file_info(f);
	*s = &f->base;
	return 0;
}

static int file_setup(struct sono *s)
{
	(void)s;
	return 0;
}

static int file_command(struct sono *s, uint32_t op, void *arg)
{
	struct sono_file *f = file_of(s);

	switch (op) {
	case SONO_CMD_START:
		f->next = 0;
		f->account = (struct sono_stop){ 0 };
		*(struct sono_start *)arg = (struct sono_start){ 0 };
		return 0;
	case SONO_CMD_STOP:
		*(struct sono_stop *)arg = f->account;
		return 0;
	}
	return -EOPNOTSUPP;
}

static int file_next(struct sono *s, struct sono_frame *out)
{
	struct sono_file *f = file_of(s);
	struct sono_stop *a = &f->account;
	int ret;

	f->complaint[0] = '\0';
	if (f->next == sono_recording_frames(f->rec)) {
		const char *damage = sono_recording_damage(f->rec);

		if (damage)
			sono_why(f->complaint, sizeof(f->complaint), 0, "%s",
				 damage);
		return -ENODATA;
	}
	ret = sono_recording_frame(f->rec, f->next++, &out->rec, &out->data,
				   f->complaint, sizeof(f->complaint));
	if (ret) {
		a->lost++;
		a->produced++;
		return ret;
	}
	a->delivered++;
	a->dropped += out->rec.dropped;
	a->lost += out->rec.lost;
	a->produced += 1ull + out->rec.dropped + out->rec.lost;
	s->stats.frames++;
	return 1;
}

static const struct sono_scan *file_scan(const struct sono *s)
{
	return sono_recording_scan(((const struct sono_file *)s)->rec);
}

static const char *file_complaint(const struct sono *s)
{
	const struct sono_file *f = (const struct sono_file *)s;

	return f->complaint[0] ? f->complaint : NULL;
}

const struct sono_backend sono_backend_file = {
	.prefix = "file:",
	.open = file_open,
	.command = file_command,
	.setup = file_setup,
	.next = file_next,
	.scan = file_scan,
	.complaint = file_complaint,
	.close = file_close,
};

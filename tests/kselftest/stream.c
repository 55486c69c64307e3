// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "pattern.h"
#include "stream.h"

#define TAKE_TIMEOUT_US 5000000

static uint32_t row_bytes(const struct shape *shape)
{
	return (shape->samples * 2 + SONO_ROW_ALIGN - 1) / SONO_ROW_ALIGN *
	       SONO_ROW_ALIGN;
}

static void fill_head(struct table *t, const struct sono_info *info,
		      const struct shape *shape)
{
	uint32_t at = sizeof(*t->head);

	*t->head = (struct sono_seq_header){
		.magic = SONO_SEQ_MAGIC,
		.version = SONO_SEQ_VERSION,
		.bytes = t->bytes,
		.frame_bytes = shape->events * shape->channels *
				       row_bytes(shape) +
			       sizeof(struct sono_aux),
		.aux_bytes = sizeof(struct sono_aux),
		.events = shape->events,
		.tx_rows = 1,
		.elements = info->elements,
		.maps = 1,
		.channels = (uint16_t)shape->channels,
	};
	t->head->events_offset = at;
	at += shape->events * sizeof(*t->event);
	t->head->tx_offset = at;
	at += info->elements * sizeof(*t->tx);
	t->head->map_offset = at;
	t->head->tgc_offset = t->bytes;
	t->event = (void *)((char *)t->head + t->head->events_offset);
	t->tx = (void *)((char *)t->head + t->head->tx_offset);
	t->map = (void *)((char *)t->head + t->head->map_offset);
}

static void fill_parts(struct table *t, const struct sono_info *info,
		       const struct shape *shape)
{
	for (uint32_t i = 0; i < shape->events; i++)
		t->event[i] = (struct sono_seq_event){
			.flags = i + 1 == shape->events ? SONO_EVENT_FRAME_END :
							  0,
			.tag = shape->tag + i,
			.period = shape->period,
			.tx_freq = 5000000,
			.tx_half_cycles = 2,
			.hv = 10000,
			.rx_samples = shape->samples,
			.rx_decimation = 1,
			.tgc = SONO_TGC_NONE,
		};
	for (uint32_t i = 0; i < info->elements; i++)
		t->tx[i] = (struct sono_seq_tx){ 0, 65535, 1 };
	for (uint32_t i = 0; i < shape->channels; i++)
		t->map[i] = (uint16_t)i;
}

int table_make(struct table *t, const struct sono_info *info,
	       const struct shape *shape)
{
	t->bytes = sizeof(*t->head) + shape->events * sizeof(*t->event) +
		   info->elements * sizeof(*t->tx) +
		   (shape->channels * 2 + 7) / 8 * 8;
	t->head = calloc(1, t->bytes);
	if (!t->head)
		return -ENOMEM;
	fill_head(t, info, shape);
	fill_parts(t, info, shape);
	table_seal(t);
	return 0;
}

void table_seal(struct table *t)
{
	t->head->crc = 0;
	t->head->crc = (uint32_t)crc32(0, (const void *)t->head, t->bytes);
}

void table_free(struct table *t)
{
	free(t->head);
	t->head = NULL;
}

struct sono_config table_config(const struct table *t, uint32_t source)
{
	return (struct sono_config){
		.table = (uintptr_t)t->head,
		.table_bytes = t->bytes,
		.source = source,
	};
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

const char *source_name(void)
{
	const char *name = getenv("SONO_SOURCE");

	return name ? name : "/dev/sono0";
}

bool source_virtual(const char *name)
{
	return !strncmp(name, "sim:", 4) && !strstr(name, "pace=real");
}

void let_pass(struct sono *s)
{
	if (s->ops->idle)
		s->ops->idle(s);
	if (!s->ops->idle || !source_virtual(source_name()))
		usleep(1000);
}

int take(struct sono *s, struct sono_frame *f)
{
	uint64_t limit = now_ns() + TAKE_TIMEOUT_US * 1000ull;
	int ret;

	for (;;) {
		ret = sono_next(s, f);
		if (ret)
			return ret;
		ret = sono_wait(s, 1, TAKE_TIMEOUT_US);
		if (ret < 0)
			return ret;
		if (now_ns() > limit)
			return -ETIME;
		/* Nothing, and no wait: the board has no slot to fill. */
		if (!ret)
			let_pass(s);
	}
}

bool prbs_ok(const struct sono_frame *f, uint32_t run)
{
	const uint64_t *word = f->data;
	const struct sono_aux *aux;
	uint64_t x = sim_prbs_seed(run, f->rec.seq);
	size_t words = (f->rec.len - sizeof(*aux)) / sizeof(*word);

	for (size_t i = 0; i < words; i++) {
		x = sim_prbs_next(x);
		if (le64toh(word[i]) != x)
			return false;
	}
	aux = (const void *)(word + words);
	return le32toh(aux->magic) == SONO_AUX_MAGIC &&
	       le32toh(aux->bytes) == sizeof(*aux);
}

static bool ramp_row_ok(const int16_t *row, const struct shape *shape,
			uint64_t seq, uint32_t event, uint32_t channel)
{
	for (uint32_t n = 0; n < row_bytes(shape) / 2; n++) {
		int16_t want = n < shape->samples ?
				       sim_ramp(seq, event, channel, n) :
				       0;

		if ((int16_t)le16toh((uint16_t)row[n]) != want)
			return false;
	}
	return true;
}

bool ramp_ok(const struct sono_frame *f, const struct shape *shape)
{
	const char *row = f->data;

	for (uint32_t e = 0; e < shape->events; e++)
		for (uint32_t c = 0; c < shape->channels; c++) {
			if (!ramp_row_ok((const void *)row, shape, f->rec.seq,
					 e, c))
				return false;
			row += row_bytes(shape);
		}
	return true;
}

uint32_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

uint64_t random_seed(uint64_t otherwise)
{
	const char *text = getenv("SONO_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : otherwise;

	if (!seed)
		seed = otherwise;
	printf("# SONO_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

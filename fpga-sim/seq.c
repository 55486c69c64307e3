// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Checking and decoding of sequence tables. The checks come in the order of
 * Documentation/hardware.rst; the first that fails names the error.
 */
#include <endian.h>
#include <math.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "seq.h"
#include "sono_regs.h"

#define NO_EVENT UINT32_MAX
#define TGC_POINTS_MAX 1024

/* A table while it is being checked: the header in host byte order. */
struct parse {
	const struct sim_limits *limits;
	const unsigned char *table;
	size_t bytes;
	uint32_t frame_bytes, aux_bytes;
	uint32_t events, tx_rows, elements, maps, channels;
	uint32_t curves, points;
	uint32_t events_at, tx_at, map_at, tgc_at;
	struct sim_seq *seq;
	uint32_t bad_event;
};

/* CRC-32 of IEEE 802.3, half a byte at a time. */
uint32_t sim_crc(const void *table, size_t bytes, size_t crc_at)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *p = table;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < bytes; i++) {
		crc ^= i - crc_at < 4 ? 0 : p[i];
		crc = (crc >> 4) ^ nibble[crc & 15];
		crc = (crc >> 4) ^ nibble[crc & 15];
	}
	return ~crc;
}

uint32_t sim_seq_crc(const void *table, size_t bytes)
{
	return sim_crc(table, bytes, offsetof(struct sono_seq_header, crc));
}

static void read_header(struct parse *p, const struct sono_seq_header *h)
{
	p->frame_bytes = le32toh(h->frame_bytes);
	p->aux_bytes = le32toh(h->aux_bytes);
	p->events = le32toh(h->events);
	p->tx_rows = le32toh(h->tx_rows);
	p->elements = le32toh(h->elements);
	p->maps = le16toh(h->maps);
	p->channels = le16toh(h->channels);
	p->curves = le16toh(h->tgc_curves);
	p->points = le16toh(h->tgc_points);
	p->events_at = le32toh(h->events_offset);
	p->tx_at = le32toh(h->tx_offset);
	p->map_at = le32toh(h->map_offset);
	p->tgc_at = le32toh(h->tgc_offset);
}

/* Are @count items of @size bytes at @offset inside the table? */
static bool inside(const struct parse *p, uint32_t offset, uint64_t count,
		   size_t size)
{
	return offset % 8 == 0 && offset >= sizeof(struct sono_seq_header) &&
	       offset <= p->bytes && count <= (p->bytes - offset) / size;
}

static int check_header(struct parse *p)
{
	struct sono_seq_header h;

	if (p->bytes < sizeof(h))
		return SONO_SEQ_E_HEADER;
	memcpy(&h, p->table, sizeof(h));
	read_header(p, &h);
	if (le32toh(h.magic) != SONO_SEQ_MAGIC ||
	    le32toh(h.version) != SONO_SEQ_VERSION ||
	    le32toh(h.bytes) != p->bytes)
		return SONO_SEQ_E_HEADER;
	if (le32toh(h.crc) != sim_seq_crc(p->table, p->bytes))
		return SONO_SEQ_E_CRC;
	if (h.rsvd)
		return SONO_SEQ_E_RSVD;
	return SONO_SEQ_OK;
}

static int check_sizes(const struct parse *p)
{
	if (!p->events || p->events > p->limits->seq_events_max)
		return SONO_SEQ_E_EVENTS;
	if (!p->channels || p->channels > p->limits->channels || !p->elements ||
	    p->elements > p->limits->elements)
		return SONO_SEQ_E_CHANNELS;
	if (!p->aux_bytes || p->aux_bytes % SONO_ROW_ALIGN)
		return SONO_SEQ_E_HEADER;
	if (!p->tx_rows || !p->maps || p->points > TGC_POINTS_MAX ||
	    (p->curves && p->points < 2))
		return SONO_SEQ_E_HEADER;
	if (!inside(p, p->events_at, p->events,
		    sizeof(struct sono_seq_event)) ||
	    !inside(p, p->tx_at, (uint64_t)p->tx_rows * p->elements,
		    sizeof(struct sono_seq_tx)) ||
	    !inside(p, p->map_at, (uint64_t)p->maps * p->channels, 2))
		return SONO_SEQ_E_HEADER;
	if (p->curves &&
	    !inside(p, p->tgc_at, (uint64_t)p->curves * p->points, 2))
		return SONO_SEQ_E_HEADER;
	return SONO_SEQ_OK;
}

static uint16_t *copy16(const struct parse *p, uint32_t offset, size_t count)
{
	uint16_t *to = malloc((count + 1) * sizeof(*to));

	if (!to)
		return NULL;
	memcpy(to, p->table + offset, count * 2);
	for (size_t i = 0; i < count; i++)
		to[i] = le16toh(to[i]);
	return to;
}

static int alloc_seq(struct parse *p)
{
	struct sim_seq *s = calloc(1, sizeof(*s));

	p->seq = s;
	if (!s)
		return -ENOMEM;
	s->limits = *p->limits;
	s->frame_bytes = p->frame_bytes;
	s->aux_bytes = p->aux_bytes;
	s->events = p->events;
	s->elements = p->elements;
	s->channels = p->channels;
	s->tgc_points = p->points;
	s->event = calloc(p->events, sizeof(*s->event));
	s->tx = calloc((size_t)p->tx_rows * p->elements, sizeof(*s->tx));
	s->map = copy16(p, p->map_at, (size_t)p->maps * p->channels);
	s->tgc = copy16(p, p->curves ? p->tgc_at : 0,
			(size_t)p->curves * p->points);
	return s->event && s->tx && s->map && s->tgc ? 0 : -ENOMEM;
}

static int read_maps(struct parse *p)
{
	for (size_t i = 0; i < (size_t)p->maps * p->channels; i++)
		if (p->seq->map[i] >= p->elements)
			return SONO_SEQ_E_CHANNELS;
	return SONO_SEQ_OK;
}

static int read_tx(struct parse *p)
{
	const unsigned char *from = p->table + p->tx_at;

	for (size_t i = 0; i < (size_t)p->tx_rows * p->elements; i++) {
		struct sono_seq_tx tx;

		memcpy(&tx, from + i * sizeof(tx), sizeof(tx));
		if (le16toh(tx.enable) > 1)
			return SONO_SEQ_E_RSVD;
		p->seq->tx[i].delay = le32toh(tx.delay);
		p->seq->tx[i].amplitude = le16toh(tx.amplitude);
		p->seq->tx[i].enable = tx.enable;
	}
	return SONO_SEQ_OK;
}

/* Rounded up; clamped to where sums with other times cannot overflow. */
static uint64_t ceil_div(unsigned __int128 a, uint64_t b)
{
	unsigned __int128 q = (a + b - 1) / b;

	return q >> 62 ? (uint64_t)1 << 62 : (uint64_t)q;
}

static int check_flags(const struct sono_seq_event *e,
		       const struct sim_limits *l)
{
	uint32_t flags = le32toh(e->flags);

	if (flags & ~SONO_EVENT_FLAGS || le16toh(e->tx_polarity) > 1 ||
	    e->rsvd0 || e->rsvd[0] || e->rsvd[1] || e->rsvd[2] || e->rsvd[3])
		return SONO_SEQ_E_RSVD;
	if (flags & SONO_EVENT_TRIG_EXT ||
	    (flags & SONO_EVENT_TRIG_ECG && !l->ecg_rate))
		return SONO_SEQ_E_FEATURE;
	return SONO_SEQ_OK;
}

static void decode_event(struct sim_event *to, const struct sono_seq_event *e,
			 uint32_t board_clock)
{
	to->flags = le32toh(e->flags);
	to->tag = le32toh(e->tag);
	to->period = le32toh(e->period);
	to->tx_row = le32toh(e->tx_row);
	to->tx_freq = le32toh(e->tx_freq);
	to->tx_half_cycles = le16toh(e->tx_half_cycles);
	to->tx_polarity = le16toh(e->tx_polarity);
	to->hv = le32toh(e->hv);
	to->hv_settle =
		ceil_div((unsigned __int128)le32toh(e->hv_settle) * board_clock,
			 1000000);
	to->rx_start = le32toh(e->rx_start);
	to->rx_samples = le32toh(e->rx_samples);
	to->rx_decimation = le16toh(e->rx_decimation);
	to->rx_map = le16toh(e->rx_map);
	to->tgc = le16toh(e->tgc);
}

/* Transmit length and delays; only for events that transmit. */
static int check_transmit(const struct parse *p, const struct sim_event *e)
{
	const struct sim_tx *tx = p->seq->tx + (size_t)e->tx_row * p->elements;
	unsigned __int128 pulse;

	if (!e->tx_freq || !e->tx_half_cycles)
		return SONO_SEQ_E_DUTY;
	/* half_cycles / (2 freq) [s] over period / clock [s], in ppm */
	pulse = (unsigned __int128)e->tx_half_cycles * p->limits->board_clock *
		1000000;
	if (pulse > (unsigned __int128)2 * e->tx_freq * e->period *
			    p->limits->tx_duty_max)
		return SONO_SEQ_E_DUTY;
	for (uint32_t i = 0; i < p->elements; i++)
		if (tx[i].enable &&
		    tx[i].delay >= (uint64_t)e->period * SONO_DELAY_ONE_TICK)
			return SONO_SEQ_E_DELAY;
	return SONO_SEQ_OK;
}

static int check_window(const struct parse *p, struct sim_event *e)
{
	const struct sim_limits *l = p->limits;
	unsigned __int128 clocks;
	uint64_t window, stride;

	if (!e->rx_samples || !e->rx_decimation)
		return SONO_SEQ_E_WINDOW;
	clocks = (uint64_t)e->rx_samples * e->rx_decimation + e->rx_start;
	window = ceil_div(clocks * l->board_clock, l->adc_clock);
	if (window + l->event_overhead > e->period ||
	    (uint64_t)e->period * l->prf_max < l->board_clock)
		return SONO_SEQ_E_PRI;
	e->window = (uint32_t)window;
	stride = ((uint64_t)e->rx_samples * 2 + SONO_ROW_ALIGN - 1) &
		 ~(uint64_t)(SONO_ROW_ALIGN - 1);
	if (stride * p->channels > l->frame_bytes_max)
		return SONO_SEQ_E_FRAME_BYTES;
	e->stride = (uint32_t)stride;
	e->bytes = (uint32_t)(stride * p->channels);
	return SONO_SEQ_OK;
}

static int read_event(struct parse *p, uint32_t i)
{
	struct sim_event *e = p->seq->event + i;
	struct sono_seq_event raw;
	int err;

	memcpy(&raw, p->table + p->events_at + i * sizeof(raw), sizeof(raw));
	err = check_flags(&raw, p->limits);
	if (err)
		return err;
	decode_event(e, &raw, p->limits->board_clock);
	if (e->tx_row >= p->tx_rows || e->rx_map >= p->maps ||
	    (e->tgc != SONO_TGC_NONE && e->tgc >= p->curves))
		return SONO_SEQ_E_INDEX;
	err = check_window(p, e);
	if (!err && e->hv > p->limits->hv_max)
		err = SONO_SEQ_E_HV;
	if (err || e->flags & SONO_EVENT_RX_ONLY)
		return err;
	return check_transmit(p, e);
}

static int read_events(struct parse *p)
{
	for (uint32_t i = 0; i < p->events; i++) {
		int err = read_event(p, i);

		if (err) {
			p->bad_event = i;
			return err;
		}
	}
	if (!(p->seq->event[p->events - 1].flags & SONO_EVENT_FRAME_END)) {
		p->bad_event = p->events - 1;
		return SONO_SEQ_E_EVENTS;
	}
	return SONO_SEQ_OK;
}

/* The voltage may change only where the event before leaves it the time. */
static int check_settling(struct parse *p)
{
	struct sim_event *event = p->seq->event;

	for (uint32_t i = 0; i < p->events; i++) {
		struct sim_event *next = event + (i + 1) % p->events;
		uint64_t needed;

		if (next->hv == event[i].hv)
			continue;
		needed = event[i].window + p->limits->event_overhead +
			 next->hv_settle;
		if (needed > event[i].period) {
			p->bad_event = i;
			return SONO_SEQ_E_PRI;
		}
	}
	return SONO_SEQ_OK;
}

static int check_frame(const struct parse *p, uint64_t bytes, uint64_t ticks)
{
	const struct sim_limits *l = p->limits;

	if (bytes + p->aux_bytes != p->frame_bytes ||
	    p->frame_bytes > l->frame_bytes_max)
		return SONO_SEQ_E_FRAME_BYTES;
	if ((unsigned __int128)p->frame_bytes * l->board_clock >
	    (unsigned __int128)ticks * l->dma_rate_max * 1000000)
		return SONO_SEQ_E_DMA_RATE;
	return SONO_SEQ_OK;
}

/* Place the rows of every frame and check the frame as a whole. */
static int lay_out_frames(struct parse *p)
{
	uint64_t bytes = 0, ticks = 0;
	uint32_t first = 0;

	for (uint32_t i = 0; i < p->events; i++) {
		struct sim_event *e = p->seq->event + i;
		int err = SONO_SEQ_OK;

		e->first = first;
		e->offset = (uint32_t)bytes;
		bytes += e->bytes;
		ticks += e->period;
		if (bytes > p->limits->frame_bytes_max)
			err = SONO_SEQ_E_FRAME_BYTES;
		else if (e->flags & SONO_EVENT_FRAME_END)
			err = check_frame(p, bytes, ticks);
		if (err) {
			p->bad_event = i;
			return err;
		}
		if (e->flags & SONO_EVENT_FRAME_END) {
			first = i + 1;
			bytes = 0;
			ticks = 0;
		}
	}
	return SONO_SEQ_OK;
}

static int parse_all(struct parse *p)
{
	static int (*const steps[])(struct parse *) = {
		read_maps, read_tx, read_events, check_settling, lay_out_frames,
	};
	int err = check_header(p);

	if (!err)
		err = check_sizes(p);
	if (err)
		return err;
	if (alloc_seq(p))
		return SONO_SEQ_E_SOURCE;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !err; i++)
		err = steps[i](p);
	return err;
}

int sim_seq_parse(struct sim_seq **seq, const struct sim_limits *limits,
		  const void *table, size_t bytes, uint32_t *event)
{
	struct parse p = {
		.limits = limits,
		.table = table,
		.bytes = bytes,
		.bad_event = NO_EVENT,
	};
	int err = parse_all(&p);

	*event = p.bad_event;
	if (err)
		sim_seq_free(p.seq);
	else
		*seq = p.seq;
	return err;
}

static double gain_db(const struct sim_seq *seq, const struct sim_event *e,
		      uint32_t sample)
{
	const uint16_t *curve = seq->tgc + (size_t)e->tgc * seq->tgc_points;
	double at;
	uint32_t i;

	if (e->tgc == SONO_TGC_NONE || e->rx_samples < 2)
		return 0;
	at = (double)sample * (seq->tgc_points - 1) / (e->rx_samples - 1);
	i = (uint32_t)at;
	if (i >= seq->tgc_points - 1)
		return curve[seq->tgc_points - 1] / 256.0;
	return (curve[i] + (at - i) * (curve[i + 1] - curve[i])) / 256.0;
}

double sim_seq_gain(const struct sim_seq *seq, const struct sim_event *e,
		    uint32_t sample)
{
	return pow(10, gain_db(seq, e, sample) / 20);
}

void sim_seq_free(struct sim_seq *seq)
{
	if (!seq)
		return;
	free(seq->event);
	free(seq->tx);
	free(seq->map);
	free(seq->tgc);
	free(seq);
}

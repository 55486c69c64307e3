// SPDX-License-Identifier: MIT
/*
 * From a scan to the board's table. The checks come in the board's order
 * (Documentation/hardware.rst), so that both give the same reason.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sequence.h"
#include "why.h"

/* A table in the making: its parts, then where they go. */
struct build {
	const struct sono_scan *scan;
	const struct sono_waveform *waveform;
	const struct sono_info *info;
	struct sono_fault *fault;
	uint32_t decimation;
	uint64_t ticks;		/* of the frame */
	struct sono_seq_event *event;
	struct sono_seq_tx *tx;	/* [tx_rows][elements], one more to try */
	uint32_t tx_rows;
	size_t tx_at, map_at, tgc_at, bytes;
};

__attribute__((format(printf, 4, 5)))
static int refuse(struct build *b, enum sono_seq_error code, uint32_t event,
		  const char *format, ...)
{
	struct sono_fault *fault = b->fault;
	int n = 0;
	va_list args;

	fault->code = code;
	fault->event = event;
	if (event != SONO_NO_EVENT)
		n = snprintf(fault->why, sizeof(fault->why), "event %u: ",
			     event);
	va_start(args, format);
	vsnprintf(fault->why + n, sizeof(fault->why) - n, format, args);
	va_end(args);
	return -EINVAL;
}

static double microseconds(const struct build *b, double ticks)
{
	return ticks * 1e6 / b->info->board_clock;
}

static int check_sizes(struct build *b)
{
	const struct sono_scan *s = b->scan;
	const struct sono_info *info = b->info;

	if (!s->events || s->events > info->seq_events_max)
		return refuse(b, SONO_SEQ_E_EVENTS, SONO_NO_EVENT,
			      "%u events; the board takes 1 to %u", s->events,
			      info->seq_events_max);
	if (!s->channels || s->channels > info->channels ||
	    s->channels > UINT16_MAX)
		return refuse(b, SONO_SEQ_E_CHANNELS, SONO_NO_EVENT,
			      "%u channels; the board has %u", s->channels,
			      info->channels);
	if (!s->elements || s->elements > info->elements ||
	    s->elements > SONO_SEQ_ELEMENTS_MAX)
		return refuse(b, SONO_SEQ_E_CHANNELS, SONO_NO_EVENT,
			      "%u elements; the board has %u", s->elements,
			      info->elements);
	if ((uint64_t)s->events * s->elements > SONO_SEQ_DELAYS_MAX)
		return refuse(b, SONO_SEQ_E_HEADER, SONO_NO_EVENT,
			      "%u events of %u elements are too many",
			      s->events, s->elements);
	for (uint32_t i = 0; i < s->channels; i++)
		if (s->channel_element[i] >= s->elements)
			return refuse(b, SONO_SEQ_E_CHANNELS, SONO_NO_EVENT,
				      "channel %u listens to element %u of %u",
				      i, s->channel_element[i], s->elements);
	return 0;
}

/* One sampling rate for all: fs is a whole division of the ADC clock. */
static int find_decimation(struct build *b)
{
	const double clock = b->info->adc_clock;
	const double n = rint(clock / b->scan->fs);

	if (!(n >= 1 && n <= UINT16_MAX) ||
	    fabs(clock / n / b->scan->fs - 1) > 1e-6)
		return refuse(b, SONO_SEQ_E_WINDOW, SONO_NO_EVENT,
			      "sampling at %.9g MHz is no whole division of the ADC's %.9g MHz",
			      b->scan->fs / 1e6, clock / 1e6);
	b->decimation = n;
	return 0;
}

static int check_tgc(struct build *b)
{
	const struct sono_scan *s = b->scan;

	if (s->tgc_points == 1 || s->tgc_points > SONO_SEQ_TGC_POINTS_MAX)
		return refuse(b, SONO_SEQ_E_HEADER, SONO_NO_EVENT,
			      "TGC curve of %u points; it takes 2 to %u",
			      s->tgc_points, SONO_SEQ_TGC_POINTS_MAX);
	for (uint32_t i = 0; i < s->tgc_points; i++)
		if (!(s->tgc_db[i] >= 0 && s->tgc_db[i] < 255.9))
			return refuse(b, SONO_SEQ_E_HEADER, SONO_NO_EVENT,
				      "TGC point %u of %g dB is not 0 to 255",
				      i, s->tgc_db[i]);
	return 0;
}

/* Nearest whole number of units in 32 bits; false if there is none. */
static bool to_u32(uint32_t *to, double units)
{
	units = rint(units);
	if (!(units >= 0 && units <= UINT32_MAX))
		return false;
	*to = units;
	return true;
}

/* Board ticks from the trigger to the end of the window, rounded up. */
static uint64_t window_ticks(const struct build *b, uint32_t start,
			     uint32_t samples)
{
	unsigned __int128 clocks = (uint64_t)samples * b->decimation + start;

	return (clocks * b->info->board_clock + b->info->adc_clock - 1) /
	       b->info->adc_clock;
}

static int put_window(struct build *b, uint32_t i, struct sono_seq_event *to)
{
	const struct sono_event *ev = &b->scan->event[i];
	const struct sono_info *info = b->info;
	uint32_t start, period;
	uint64_t window;

	if (!ev->samples)
		return refuse(b, SONO_SEQ_E_WINDOW, i, "no samples");
	if (!to_u32(&start, ev->rx_start * info->adc_clock))
		return refuse(b, SONO_SEQ_E_HEADER, i,
			      "window starts %g us after the trigger",
			      ev->rx_start * 1e6);
	if (!to_u32(&period, ev->period * info->board_clock))
		return refuse(b, SONO_SEQ_E_HEADER, i,
			      "period of %g s is not 0 to %g s", ev->period,
			      (double)UINT32_MAX / info->board_clock);
	window = window_ticks(b, start, ev->samples);
	if (window + info->event_overhead > period)
		return refuse(b, SONO_SEQ_E_PRI, i,
			      "period of %.2f us is shorter than the receive window of %.2f us and the board's overhead of %.2f us",
			      microseconds(b, period), microseconds(b, window),
			      microseconds(b, info->event_overhead));
	if ((uint64_t)period * info->prf_max < info->board_clock)
		return refuse(b, SONO_SEQ_E_PRI, i,
			      "PRF of %.1f Hz exceeds the board's %u Hz",
			      (double)info->board_clock / period,
			      info->prf_max);
	to->tag = htole32(ev->tag);
	to->period = htole32(period);
	to->rx_start = htole32(start);
	to->rx_samples = htole32(ev->samples);
	to->rx_decimation = htole16(b->decimation);
	to->tgc = htole16(b->scan->tgc_points ? 0 : SONO_TGC_NONE);
	b->ticks += period;
	return 0;
}

static bool transmits(const struct build *b, uint32_t event)
{
	for (uint32_t i = 0; i < b->scan->elements; i++)
		if (!isnan(b->scan->event[event].delay[i]))
			return true;
	return false;
}

static int put_voltage(struct build *b, uint32_t i, struct sono_seq_event *to)
{
	const struct sono_waveform *w = &b->waveform[i];
	uint32_t hv, settle;

	if (!to_u32(&hv, w->voltage * 1e3) || hv > b->info->hv_max)
		return refuse(b, SONO_SEQ_E_HV, i,
			      "%g V is not within the board's 0 to %g V",
			      w->voltage, b->info->hv_max / 1e3);
	if (!to_u32(&settle, w->settle * 1e6))
		return refuse(b, SONO_SEQ_E_HEADER, i,
			      "settling time of %g s", w->settle);
	to->hv = htole32(hv);
	to->hv_settle = htole32(settle);
	return 0;
}

static int put_pulse(struct build *b, uint32_t i, struct sono_seq_event *to)
{
	const struct sono_waveform *w = &b->waveform[i];
	uint32_t freq;
	double length, longest;

	if (!to_u32(&freq, w->frequency) || !freq)
		return refuse(b, SONO_SEQ_E_DUTY, i, "pulse of %g Hz",
			      w->frequency);
	if (!w->half_cycles || w->half_cycles > UINT16_MAX)
		return refuse(b, SONO_SEQ_E_DUTY, i,
			      "pulse of %u half cycles", w->half_cycles);
	length = w->half_cycles * 0.5 / freq;
	longest = (double)le32toh(to->period) / b->info->board_clock *
		  b->info->tx_duty_max * 1e-6;
	if ((unsigned __int128)w->half_cycles * b->info->board_clock * 1000000 >
	    (unsigned __int128)2 * freq * le32toh(to->period) *
		    b->info->tx_duty_max)
		return refuse(b, SONO_SEQ_E_DUTY, i,
			      "pulse of %.3f us exceeds the %.3f us of the board's duty cap",
			      length * 1e6, longest * 1e6);
	to->tx_freq = htole32(freq);
	to->tx_half_cycles = htole16(w->half_cycles);
	to->tx_polarity = htole16(w->inverted);
	return 0;
}

static int put_element(struct build *b, uint32_t i, uint32_t e,
		       uint64_t period, struct sono_seq_tx *tx)
{
	const struct sono_waveform *w = &b->waveform[i];
	const double delay = b->scan->event[i].delay[e];
	const double amplitude = w->amplitude ? w->amplitude[e] : 1;
	uint32_t units;

	*tx = (struct sono_seq_tx){ 0 };
	if (isnan(delay))
		return 0;
	if (!(amplitude >= 0 && amplitude <= 1))
		return refuse(b, SONO_SEQ_E_HEADER, i,
			      "element %u: amplitude %g is not 0 to 1", e,
			      amplitude);
	if (!to_u32(&units, delay * b->info->board_clock *
				    SONO_DELAY_ONE_TICK))
		return refuse(b, SONO_SEQ_E_HEADER, i,
			      "element %u: delay of %g us is not 0 to %g us",
			      e, delay * 1e6,
			      microseconds(b, (double)UINT32_MAX /
						      SONO_DELAY_ONE_TICK));
	if (units >= period * SONO_DELAY_ONE_TICK)
		return refuse(b, SONO_SEQ_E_DELAY, i,
			      "element %u: delay of %.2f us reaches the next trigger at %.2f us",
			      e, delay * 1e6, microseconds(b, period));
	tx->delay = htole32(units);
	tx->amplitude = htole16(rint(amplitude * UINT16_MAX));
	tx->enable = htole16(1);
	return 0;
}

/* Events with the same delays and amplitudes share a row. */
static int put_row(struct build *b, uint32_t i, struct sono_seq_event *to)
{
	const uint32_t n = b->scan->elements;
	struct sono_seq_tx *last = b->tx + (size_t)b->tx_rows * n;
	uint32_t row = 0;
	int ret;

	for (uint32_t e = 0; e < n; e++) {
		ret = put_element(b, i, e, le32toh(to->period), last + e);
		if (ret)
			return ret;
	}
	while (memcmp(b->tx + (size_t)row * n, last, n * sizeof(*last)))
		row++;
	if (row == b->tx_rows)
		b->tx_rows++;
	to->tx_row = htole32(row);
	return 0;
}

static int put_trigger(struct build *b, uint32_t i, uint32_t *flags)
{
	static const struct {
		uint32_t flag, feature;
		const char *name;
	} triggers[] = {
		[SONO_TRIGGER_NONE] = { 0, 0, "" },
		[SONO_TRIGGER_EXT] = { SONO_EVENT_TRIG_EXT, SONO_FEAT_TRIG_EXT,
				       "external" },
		[SONO_TRIGGER_ECG] = { SONO_EVENT_TRIG_ECG, SONO_FEAT_TRIG_ECG,
				       "ECG" },
	};
	const enum sono_trigger t = b->waveform[i].trigger;

	if (triggers[t].feature & ~b->info->hw_features)
		return refuse(b, SONO_SEQ_E_FEATURE, i,
			      "the board has no %s trigger", triggers[t].name);
	*flags |= triggers[t].flag;
	return 0;
}

static int put_event(struct build *b, uint32_t i)
{
	struct sono_seq_event *to = &b->event[i];
	const bool tx = transmits(b, i);
	uint32_t flags = tx ? 0 : SONO_EVENT_RX_ONLY;
	int ret = put_trigger(b, i, &flags);

	if (i == b->scan->events - 1)
		flags |= SONO_EVENT_FRAME_END;
	to->flags = htole32(flags);
	if (!ret)
		ret = put_window(b, i, to);
	if (!ret)
		ret = put_voltage(b, i, to);
	if (!ret && tx)
		ret = put_pulse(b, i, to);
	return ret ? ret : put_row(b, i, to);
}

/* The voltage may change only where the event before leaves it the time. */
static int check_settling(struct build *b)
{
	const uint32_t n = b->scan->events;

	for (uint32_t i = 0; i < n; i++) {
		const struct sono_seq_event *ev = &b->event[i];
		const struct sono_seq_event *next = &b->event[(i + 1) % n];
		uint64_t window, settle;

		if (next->hv == ev->hv)
			continue;
		window = window_ticks(b, le32toh(ev->rx_start),
				      le32toh(ev->rx_samples));
		settle = ((uint64_t)le32toh(next->hv_settle) *
				  b->info->board_clock + 999999) / 1000000;
		if (window + b->info->event_overhead + settle >
		    le32toh(ev->period))
			return refuse(b, SONO_SEQ_E_PRI, i,
				      "period of %.2f us leaves no %.2f us for the next event's voltage to settle",
				      microseconds(b, le32toh(ev->period)),
				      microseconds(b, settle));
	}
	return 0;
}

/* The scan's rows lie where the board will write them. */
static bool rows_in_place(const struct sono_scan *s)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < s->events; i++) {
		const struct sono_event *ev = &s->event[i];
		uint64_t stride = (ev->samples * 2ull + SONO_ROW_ALIGN - 1) /
				  SONO_ROW_ALIGN * SONO_ROW_ALIGN;

		if (ev->offset != at || ev->stride != stride)
			return false;
		at += stride * s->channels;
	}
	return s->aux_offset == at;
}

static int check_frame(struct build *b)
{
	const struct sono_scan *s = b->scan;
	const struct sono_info *info = b->info;
	const uint32_t last = s->events - 1;
	uint64_t aux = s->frame_bytes - s->aux_offset;

	if (!rows_in_place(s) || s->frame_bytes <= s->aux_offset ||
	    aux % SONO_ROW_ALIGN)
		return refuse(b, SONO_SEQ_E_HEADER, SONO_NO_EVENT,
			      "rows are not where the board writes them");
	if (s->frame_bytes > info->frame_bytes_max)
		return refuse(b, SONO_SEQ_E_FRAME_BYTES, last,
			      "frame of %zu bytes exceeds the board's %u",
			      s->frame_bytes, info->frame_bytes_max);
	if ((unsigned __int128)s->frame_bytes * info->board_clock >
	    (unsigned __int128)b->ticks * info->dma_rate_max * 1000000)
		return refuse(b, SONO_SEQ_E_DMA_RATE, last,
			      "%.1f MB/s exceed the link's %u MB/s",
			      s->frame_bytes / microseconds(b, b->ticks),
			      info->dma_rate_max);
	return 0;
}

static size_t align8(size_t at)
{
	return (at + 7) & ~(size_t)7;
}

static int place(struct build *b)
{
	const struct sono_scan *s = b->scan;

	b->tx_at = sizeof(struct sono_seq_header) +
		   s->events * sizeof(*b->event);
	b->map_at = b->tx_at +
		    (size_t)b->tx_rows * s->elements * sizeof(*b->tx);
	b->tgc_at = align8(b->map_at + s->channels * 2);
	b->bytes = align8(b->tgc_at + s->tgc_points * 2);
	if (b->bytes > b->info->seq_bytes_max)
		return refuse(b, SONO_SEQ_E_HEADER, SONO_NO_EVENT,
			      "table of %zu bytes exceeds the board's %u",
			      b->bytes, b->info->seq_bytes_max);
	return 0;
}

static uint32_t table_crc(const void *table, size_t bytes)
{
	const size_t at = offsetof(struct sono_seq_header, crc);
	static const unsigned char zero[4];
	const unsigned char *p = table;
	unsigned long crc = crc32(0, p, at);

	crc = crc32(crc, zero, sizeof(zero));
	return crc32_z(crc, p + at + sizeof(zero), bytes - at - sizeof(zero));
}

static void write_header(const struct build *b, struct sono_seq_header *h)
{
	const struct sono_scan *s = b->scan;

	*h = (struct sono_seq_header){
		.magic = htole32(SONO_SEQ_MAGIC),
		.version = htole32(SONO_SEQ_VERSION),
		.bytes = htole32(b->bytes),
		.frame_bytes = htole32(s->frame_bytes),
		.aux_bytes = htole32(s->frame_bytes - s->aux_offset),
		.events = htole32(s->events),
		.tx_rows = htole32(b->tx_rows),
		.elements = htole32(s->elements),
		.maps = htole16(1),
		.channels = htole16(s->channels),
		.tgc_curves = htole16(s->tgc_points ? 1 : 0),
		.tgc_points = htole16(s->tgc_points),
		.events_offset = htole32(sizeof(*h)),
		.tx_offset = htole32(b->tx_at),
		.map_offset = htole32(b->map_at),
		.tgc_offset = htole32(b->tgc_at),
	};
}

static int write_table(const struct build *b, struct sono_table *table)
{
	const struct sono_scan *s = b->scan;
	unsigned char *out = calloc(1, b->bytes);
	struct sono_seq_header *h = (void *)out;
	uint16_t *map, *tgc;

	if (!out)
		return -ENOMEM;
	write_header(b, h);
	memcpy(out + sizeof(*h), b->event, b->tx_at - sizeof(*h));
	memcpy(out + b->tx_at, b->tx, b->map_at - b->tx_at);
	map = (uint16_t *)(out + b->map_at);
	for (uint32_t i = 0; i < s->channels; i++)
		map[i] = htole16(s->channel_element[i]);
	tgc = (uint16_t *)(out + b->tgc_at);
	for (uint32_t i = 0; i < s->tgc_points; i++)
		tgc[i] = htole16(rint(s->tgc_db[i] * 256));
	h->crc = htole32(table_crc(out, b->bytes));
	table->data = out;
	table->bytes = b->bytes;
	return 0;
}

static int build_table(struct build *b, struct sono_table *table)
{
	const struct sono_scan *s = b->scan;
	int ret = check_sizes(b);

	if (!ret)
		ret = find_decimation(b);
	if (!ret)
		ret = check_tgc(b);
	if (ret)
		return ret;
	b->event = calloc(s->events, sizeof(*b->event));
	b->tx = calloc((size_t)s->events * s->elements, sizeof(*b->tx));
	if (!b->event || !b->tx)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->events && !ret; i++)
		ret = put_event(b, i);
	if (!ret)
		ret = check_settling(b);
	if (!ret)
		ret = check_frame(b);
	if (!ret)
		ret = place(b);
	return ret ? ret : write_table(b, table);
}

int sono_sequence_compile(struct sono_table *table,
			  const struct sono_scan *scan,
			  const struct sono_waveform *waveform,
			  const struct sono_info *info,
			  struct sono_fault *fault)
{
	struct build b = {
		.scan = scan,
		.waveform = waveform,
		.info = info,
		.fault = fault,
	};
	int ret = build_table(&b, table);

	free(b.event);
	free(b.tx);
	return ret;
}

void sono_table_finish(struct sono_table *table)
{
	free(table->data);
	*table = (struct sono_table){ 0 };
}

/* --- and back --- */

/* A table being read: the header in host byte order. */
struct reader {
	const unsigned char *table;
	size_t bytes;
	const struct sono_info *info;
	char *why;
	size_t why_bytes;
	uint32_t frame_bytes, aux_bytes, events, tx_rows, elements;
	uint32_t maps, channels, curves, points;
	uint32_t events_at, tx_at, map_at, tgc_at;
	struct sono_scan *scan;
};

#define bad(r, ...) \
	sono_why((r)->why, (r)->why_bytes, -EBADMSG, "table: " __VA_ARGS__)

static int read_header(struct reader *r)
{
	struct sono_seq_header h;

	if (r->bytes < sizeof(h))
		return bad(r, "%zu bytes are no header", r->bytes);
	memcpy(&h, r->table, sizeof(h));
	if (le32toh(h.magic) != SONO_SEQ_MAGIC)
		return bad(r, "no magic");
	if (le32toh(h.version) != SONO_SEQ_VERSION)
		return bad(r, "version %u is not %u", le32toh(h.version),
			   SONO_SEQ_VERSION);
	if (le32toh(h.bytes) != r->bytes)
		return bad(r, "%zu bytes where it says %u", r->bytes,
			   le32toh(h.bytes));
	if (le32toh(h.crc) != table_crc(r->table, r->bytes))
		return bad(r, "its CRC does not match");
	r->frame_bytes = le32toh(h.frame_bytes);
	r->aux_bytes = le32toh(h.aux_bytes);
	r->events = le32toh(h.events);
	r->tx_rows = le32toh(h.tx_rows);
	r->elements = le32toh(h.elements);
	r->maps = le16toh(h.maps);
	r->channels = le16toh(h.channels);
	r->curves = le16toh(h.tgc_curves);
	r->points = le16toh(h.tgc_points);
	r->events_at = le32toh(h.events_offset);
	r->tx_at = le32toh(h.tx_offset);
	r->map_at = le32toh(h.map_offset);
	r->tgc_at = le32toh(h.tgc_offset);
	return 0;
}

static bool inside(const struct reader *r, uint32_t at, uint64_t count,
		   size_t size)
{
	return at <= r->bytes && count <= (r->bytes - at) / size;
}

static int read_sizes(const struct reader *r)
{
	if (!r->events || !r->elements || !r->channels || !r->tx_rows ||
	    !r->maps)
		return bad(r, "without events, elements or channels");
	if (r->elements > SONO_SEQ_ELEMENTS_MAX ||
	    (uint64_t)r->events * r->elements > SONO_SEQ_DELAYS_MAX)
		return bad(r, "%u events of %u elements are too many",
			   r->events, r->elements);
	if (!inside(r, r->events_at, r->events,
		    sizeof(struct sono_seq_event)) ||
	    !inside(r, r->tx_at, (uint64_t)r->tx_rows * r->elements,
		    sizeof(struct sono_seq_tx)) ||
	    !inside(r, r->map_at, (uint64_t)r->maps * r->channels, 2) ||
	    !inside(r, r->tgc_at, (uint64_t)r->curves * r->points, 2))
		return bad(r, "a part lies outside of it");
	if (!r->aux_bytes || r->aux_bytes % SONO_ROW_ALIGN)
		return bad(r, "auxiliary block of %u bytes", r->aux_bytes);
	return 0;
}

static struct sono_seq_event raw_event(const struct reader *r, uint32_t i)
{
	struct sono_seq_event raw;

	memcpy(&raw, r->table + r->events_at + i * sizeof(raw), sizeof(raw));
	return raw;
}

static uint16_t raw16(const struct reader *r, size_t at, size_t index)
{
	uint16_t raw;

	memcpy(&raw, r->table + at + index * sizeof(raw), sizeof(raw));
	return le16toh(raw);
}

static void read_delays(const struct reader *r, uint32_t row, double *delay,
			bool rx_only)
{
	const unsigned char *from = r->table + r->tx_at +
		(size_t)row * r->elements * sizeof(struct sono_seq_tx);
	const double unit = 1.0 / SONO_DELAY_ONE_TICK / r->info->board_clock;

	for (uint32_t e = 0; e < r->elements; e++) {
		struct sono_seq_tx tx;

		memcpy(&tx, from + e * sizeof(tx), sizeof(tx));
		delay[e] = tx.enable && !rx_only ? le32toh(tx.delay) * unit :
						   NAN;
	}
}

static int read_event(struct reader *r, uint32_t i)
{
	const struct sono_seq_event raw = raw_event(r, i);
	const struct sono_seq_event first = raw_event(r, 0);
	struct sono_event *ev = &r->scan->event[i];
	const bool end = le32toh(raw.flags) & SONO_EVENT_FRAME_END;

	if (end != (i == r->events - 1))
		return bad(r, "event %u: not one frame", i);
	if (le32toh(raw.tx_row) >= r->tx_rows || le16toh(raw.rx_map) >= r->maps)
		return bad(r, "event %u: no such row or map", i);
	if (!raw.rx_samples || !raw.rx_decimation || !raw.period)
		return bad(r, "event %u: no samples or no period", i);
	if (raw.rx_decimation != first.rx_decimation ||
	    raw.rx_map != first.rx_map || raw.tgc != first.tgc)
		return bad(r, "event %u: received otherwise than event 0", i);
	ev->tag = le32toh(raw.tag);
	ev->period = (double)le32toh(raw.period) / r->info->board_clock;
	ev->rx_start = (double)le32toh(raw.rx_start) / r->info->adc_clock;
	ev->samples = le32toh(raw.rx_samples);
	read_delays(r, le32toh(raw.tx_row), (double *)ev->delay,
		    le32toh(raw.flags) & SONO_EVENT_RX_ONLY);
	r->scan->frame_period += ev->period;
	return 0;
}

static int read_tgc(struct reader *r, uint16_t curve)
{
	struct sono_scan *s = r->scan;

	if (curve == SONO_TGC_NONE)
		return 0;
	if (curve >= r->curves || r->points < 2 ||
	    r->points > SONO_SEQ_TGC_POINTS_MAX)
		return bad(r, "no such TGC curve");
	s->tgc_db = calloc(r->points, sizeof(*s->tgc_db));
	if (!s->tgc_db)
		return -ENOMEM;
	s->tgc_points = r->points;
	for (uint32_t i = 0; i < r->points; i++)
		s->tgc_db[i] = raw16(r, r->tgc_at,
				     (size_t)curve * r->points + i) / 256.0;
	return 0;
}

static int read_map(struct reader *r, uint16_t map)
{
	for (uint32_t i = 0; i < r->channels; i++) {
		uint16_t element = raw16(r, r->map_at,
					 (size_t)map * r->channels + i);

		if (element >= r->elements)
			return bad(r, "channel %u: no element %u", i, element);
		r->scan->channel_element[i] = element;
	}
	return 0;
}

/* The payload must fit the frame before sizes of it are worked out. */
static int read_layout(struct reader *r)
{
	uint64_t bytes = r->aux_bytes;

	for (uint32_t i = 0; i < r->events; i++) {
		uint64_t row = le32toh(raw_event(r, i).rx_samples) * 2ull;

		bytes += (row + SONO_ROW_ALIGN - 1) / SONO_ROW_ALIGN *
			 SONO_ROW_ALIGN * r->channels;
		if (bytes > r->frame_bytes)
			break;
	}
	if (bytes != r->frame_bytes)
		return bad(r, "its frame of %u bytes is not what its events make",
			   r->frame_bytes);
	sono_scan_layout(r->scan, r->aux_bytes);
	return 0;
}

static int read_table(struct reader *r)
{
	struct sono_seq_event first;
	int ret = read_header(r);

	if (!ret)
		ret = read_sizes(r);
	if (ret)
		return ret;
	r->scan = sono_scan_alloc(r->elements, r->channels, r->events);
	if (!r->scan)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->events && !ret; i++)
		ret = read_event(r, i);
	first = raw_event(r, 0);
	if (!ret)
		ret = read_map(r, le16toh(first.rx_map));
	if (!ret)
		ret = read_tgc(r, le16toh(first.tgc));
	if (ret)
		return ret;
	r->scan->fs = (double)r->info->adc_clock / le16toh(first.rx_decimation);
	return read_layout(r);
}

int sono_sequence_decode(struct sono_scan **scan, const void *data,
			 size_t bytes, const struct sono_info *info, char *why,
			 size_t why_bytes)
{
	struct reader r = {
		.table = data,
		.bytes = bytes,
		.info = info,
		.why = why,
		.why_bytes = why_bytes,
	};
	int ret = read_table(&r);

	if (ret)
		sono_scan_free(r.scan);
	else
		*scan = r.scan;
	return ret;
}

static enum sono_trigger trigger_of(uint32_t flags)
{
	if (flags & SONO_EVENT_TRIG_EXT)
		return SONO_TRIGGER_EXT;
	return flags & SONO_EVENT_TRIG_ECG ? SONO_TRIGGER_ECG :
					     SONO_TRIGGER_NONE;
}

void sono_sequence_waveform(const struct sono_table *table, uint32_t event,
			    struct sono_waveform *w, double *amplitude)
{
	const unsigned char *at = table->data;
	struct sono_seq_header h;
	struct sono_seq_event ev;
	struct sono_seq_tx tx;

	memcpy(&h, at, sizeof(h));
	memcpy(&ev, at + le32toh(h.events_offset) + event * sizeof(ev),
	       sizeof(ev));
	*w = (struct sono_waveform){
		.frequency = le32toh(ev.tx_freq),
		.half_cycles = le16toh(ev.tx_half_cycles),
		.inverted = le16toh(ev.tx_polarity),
		.voltage = le32toh(ev.hv) / 1e3,
		.settle = le32toh(ev.hv_settle) / 1e6,
		.amplitude = amplitude,
		.trigger = trigger_of(le32toh(ev.flags)),
	};
	at += le32toh(h.tx_offset) +
	      (size_t)le32toh(ev.tx_row) * le32toh(h.elements) * sizeof(tx);
	for (uint32_t e = 0; e < le32toh(h.elements); e++) {
		memcpy(&tx, at + e * sizeof(tx), sizeof(tx));
		amplitude[e] = tx.enable &&
			!(le32toh(ev.flags) & SONO_EVENT_RX_ONLY) ?
			le16toh(tx.amplitude) / (double)UINT16_MAX : 0;
	}
}

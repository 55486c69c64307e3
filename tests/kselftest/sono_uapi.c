// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The contract of sono.h on any source: a board behind its driver (the
 * default, /dev/sono0) or one in this process (SONO_SOURCE=sim:pattern). The
 * library's inside is used where a well-kept program could not do wrong.
 */
#include <kselftest_harness.h>

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stream.h"

#define SLOTS 16
#define FRAME 16384
#define PERIOD 200000 /* [ticks], 2 ms */
#define FOREVER 0

static const struct shape shape_16k = SHAPE_16K;

/* --- without a stream ------------------------------------------------------ */

static struct sono *open_source(struct __test_metadata *_metadata)
{
	struct sono *s = NULL;
	char why[256];

	ASSERT_EQ(0, sono_open(&s, source_name(), why, sizeof(why)))
		TH_LOG("%s: %s", source_name(), why);
	return s;
}

TEST(info)
{
	struct sono *s = open_source(_metadata);
	const struct sono_info *i = sono_info(s);

	EXPECT_EQ(SONO_FEATURE_STREAM, i->features & SONO_FEATURE_STREAM);
	EXPECT_EQ(SONO_REVISION_1_3, i->revision);
	EXPECT_NE(0, i->firmware);
	EXPECT_NE(0, i->channels);
	EXPECT_NE(0, i->elements);
	EXPECT_GE(16, i->adc_bits);
	EXPECT_LE(8, i->adc_bits);
	EXPECT_NE(0, i->adc_clock);
	EXPECT_NE(0, i->board_clock);
	EXPECT_NE(0, i->seq_events_max);
	EXPECT_LE(sizeof(struct sono_seq_header), i->seq_bytes_max);
	EXPECT_LE(FRAME, i->frame_bytes_max);
	EXPECT_NE(0, i->dma_rate_max);
	EXPECT_NE(0, i->hv_max);
	EXPECT_NE(0, i->prf_max);
	EXPECT_NE(0, i->tx_duty_max);
	EXPECT_LE(20, i->heartbeat_max);
	EXPECT_LE(SLOTS, i->slots_max);
	EXPECT_EQ(i->frame_bytes_max, i->slot_bytes_max);
	for (int n = 0; n < 11; n++)
		EXPECT_EQ(0, i->rsvd[n]);
	sono_close(s);
}

TEST(before_setup)
{
	struct sono *s = open_source(_metadata);
	struct sono_config config = { 0 };
	struct sono_start start = { 0 };
	struct sono_stop stop;

	EXPECT_EQ(-EPERM, sono_config(s, &config));
	EXPECT_EQ(-EPERM, sono_start(s, &start));
	EXPECT_EQ(-EPERM, sono_stop(s, &stop));
	EXPECT_EQ(-EPERM, s->ops->command(s, SONO_CMD_KICK, NULL));
	EXPECT_EQ(-EPERM, sono_wait(s, 1, FOREVER));
	sono_close(s);
}

/* Where slots cannot be exported, that is said; memory is what it was. */
TEST(export)
{
	struct sono *s = open_source(_metadata);
	bool can = s->info.features & SONO_FEATURE_EXPORT;
	int fd = -1;

	EXPECT_EQ(can ? -EPERM : -EOPNOTSUPP, sono_export(s, 0, &fd));
	ASSERT_EQ(0, sono_setup(s, SLOTS, FRAME));
	EXPECT_EQ(can ? -EINVAL : -EOPNOTSUPP, sono_export(s, SLOTS, &fd));
	EXPECT_EQ(-1, fd);
	ASSERT_EQ(can ? 0 : -EOPNOTSUPP, sono_export(s, SONO_SLOTS_ALL, &fd));
	if (can)
		EXPECT_EQ(s->setup.slots_bytes,
			  (uint64_t)lseek(fd, 0, SEEK_END));
	close(fd);
	sono_close(s);
}

/* One thing wrong at a time; whatever was refused has left nothing behind. */
static void refuse_setup(struct __test_metadata *_metadata, struct sono *s,
			 const char *what, struct sono_setup st, int error)
{
	s->setup = st;
	EXPECT_EQ(error, s->ops->setup(s)) TH_LOG("%s", what);
	ASSERT_EQ(NULL, s->ctl);
}

TEST(setup_refused)
{
	struct sono *s = open_source(_metadata);
	const struct sono_info *i = sono_info(s);
	struct sono_setup good = { .slots = SLOTS, .slot_bytes = FRAME };
	struct sono_setup st;
#define REFUSE(field, value, error)                                           \
	do {                                                                  \
		st = good;                                                    \
		st.field = value;                                             \
		refuse_setup(_metadata, s, #field " = " #value, st, error);   \
	} while (0)

	REFUSE(slots, 0, -EINVAL);
	REFUSE(slots, 1, -EINVAL);
	REFUSE(slots, i->slots_max + 1, -EINVAL);
	REFUSE(slots, ~0u, -EINVAL);
	REFUSE(slot_bytes, 0, -EINVAL);
	REFUSE(slot_bytes, i->slot_bytes_max + 1, -EINVAL);
	REFUSE(slot_bytes, ~0u, -EINVAL);
	REFUSE(flags, 1, -EINVAL);
	REFUSE(flags, 1u << 31, -EINVAL);
	for (int n = 0; n < 4; n++)
		REFUSE(rsvd[n], 1ull << 63, -EINVAL);
	good.slots = i->slots_max;
	REFUSE(slot_bytes, i->slot_bytes_max, -ENOMEM);
	sono_close(s);
}

TEST(setup_layout)
{
	struct sono *s = open_source(_metadata);
	const struct sono_setup *st = &s->setup;
	struct sono_setup mapped;

	ASSERT_EQ(0, sono_setup(s, 5, 5000));
	EXPECT_LE(5000, st->slot_stride);
	EXPECT_EQ(0, st->slot_stride % 4096);
	EXPECT_LE(10, st->ring_entries);
	EXPECT_EQ(0, st->ring_entries & (st->ring_entries - 1));
	EXPECT_LE(5, st->release_entries);
	EXPECT_EQ(0, st->release_entries & (st->release_entries - 1));
	EXPECT_LE(sizeof(struct sono_ctl), st->gen_offset);
	EXPECT_LE(st->gen_offset + 5 * sizeof(uint32_t), st->record_offset);
	EXPECT_LE(st->record_offset +
			  st->ring_entries * sizeof(struct sono_record),
		  st->ring_bytes);
	EXPECT_LE(sizeof(struct sono_user), st->release_offset);
	EXPECT_LE(st->release_offset +
			  st->release_entries * sizeof(struct sono_release),
		  st->user_bytes);
	EXPECT_EQ(5ull * st->slot_stride, st->slots_bytes);
	EXPECT_EQ(SONO_STATE_IDLE, s->ctl->state);
	EXPECT_EQ(0, s->ctl->head);

	mapped = *st;
	EXPECT_EQ(-EBUSY, s->ops->setup(s));
	s->setup = mapped;
	EXPECT_EQ(-EBUSY, sono_setup(s, 5, 5000));
	sono_close(s);
}

/* Most of the memory that is free has something in it then. */
static void soil_memory(struct __test_metadata *_metadata)
{
	size_t bytes = (size_t)sysconf(_SC_AVPHYS_PAGES) / 4 * 3 *
		       (size_t)sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, at);
	memset(at, 0xa5, bytes);
	munmap(at, bytes);
}

/*
 * The memory that a frame has not reached belonged to nobody before. Where the
 * kernel does not zero all that it hands out (init_on_alloc=0), the driver does.
 */
TEST(slots_are_zeroed)
{
	struct sono *s = open_source(_metadata);
	size_t dirty = 0;

	if (source_name()[0] == '/')
		soil_memory(_metadata);
	ASSERT_EQ(0, sono_setup(s, 64, FRAME));
	for (size_t n = 0; n < s->setup.slots_bytes; n++)
		dirty += s->slots[n] != 0;
	EXPECT_EQ(0, dirty);
	sono_close(s);
}

/* --- with a stream --------------------------------------------------------- */

FIXTURE(stream)
{
	struct sono *s;
	struct table table;
	struct sono_config config;
	struct sono_start start;
	struct sono_stop stop;
	struct sono_frame held[SLOTS];
	uint32_t holding;
};

FIXTURE_SETUP(stream)
{
	self->s = open_source(_metadata);
	ASSERT_EQ(0, table_make(&self->table, sono_info(self->s), &shape_16k));
	self->config = table_config(&self->table, SONO_CONFIG_PRBS);
	ASSERT_EQ(0, sono_setup(self->s, SLOTS, FRAME));
}

FIXTURE_TEARDOWN(stream)
{
	sono_close(self->s);
	table_free(&self->table);
}

typedef FIXTURE_DATA(stream) stream;

static void again_with(struct __test_metadata *_metadata, stream *self,
		       uint32_t slots, uint32_t bytes)
{
	sono_close(self->s);
	self->s = open_source(_metadata);
	ASSERT_EQ(0, sono_setup(self->s, slots, bytes));
}

/* Ten times slower: a machine that stalls a while does not spoil a count. */
static void slow_down(stream *self)
{
	self->table.event[0].period *= 10;
	table_seal(&self->table);
}

static void begin(struct __test_metadata *_metadata, stream *self)
{
	ASSERT_EQ(0, sono_config(self->s, &self->config))
		TH_LOG("error %u, event %d", self->config.error,
		       (int)self->config.error_event);
	ASSERT_EQ(0, sono_start(self->s, &self->start));
}

static void end(struct __test_metadata *_metadata, stream *self)
{
	struct sono_stop *a = &self->stop;

	ASSERT_EQ(0, sono_stop(self->s, a));
	EXPECT_EQ(a->produced, a->delivered + a->dropped + a->lost);
	EXPECT_EQ(SONO_STATE_ENDED, self->s->ctl->state);
	EXPECT_EQ(SONO_END_STOP, self->s->ctl->reason);
}

/* Takes a frame of the present run and looks at every byte of it. */
static void take_true(struct __test_metadata *_metadata, stream *self,
		      struct sono_frame *f)
{
	ASSERT_EQ(1, take(self->s, f));
	ASSERT_GT(self->s->setup.slots, f->rec.slot);
	ASSERT_EQ(FRAME, f->rec.len);
	ASSERT_TRUE(prbs_ok(f, self->start.run))
		TH_LOG("run %u seq %llu", self->start.run, f->rec.seq);
}

static void take_some(struct __test_metadata *_metadata, stream *self, int n)
{
	struct sono_frame f;

	while (n--) {
		take_true(_metadata, self, &f);
		sono_release(self->s, &f);
	}
}

static void hold(struct __test_metadata *_metadata, stream *self, uint32_t n)
{
	while (self->holding < n)
		take_true(_metadata, self, &self->held[self->holding++]);
}

static void release_held(stream *self)
{
	for (uint32_t i = 0; i < self->holding; i++)
		sono_release(self->s, &self->held[i]);
	self->holding = 0;
}

/* Takes what is left of a run that has ended; counts the frames it reports. */
static void rest(struct __test_metadata *_metadata, stream *self,
		 uint64_t *frames, uint64_t *dropped)
{
	struct sono_frame f;
	int ret;

	for (ret = take(self->s, &f); ret == 1; ret = take(self->s, &f)) {
		EXPECT_TRUE(prbs_ok(&f, self->start.run));
		*frames += 1;
		*dropped += f.rec.dropped;
		sono_release(self->s, &f);
	}
	EXPECT_EQ(-ENODATA, ret);
}

/* Until the condition holds or two seconds of it have passed. */
#define EVENTUALLY(s, condition)                                              \
	({                                                                    \
		uint64_t limit_ = now_ns() + 2 * NS_PER_S;                    \
		while (!(condition) && now_ns() < limit_)                     \
			let_pass(s);                                          \
		!!(condition);                                                \
	})

/* --- CONFIG ---------------------------------------------------------------- */

TEST_F(stream, config_arguments)
{
	const struct sono_info *i = sono_info(self->s);
	const struct sono_config good = self->config;
	struct sono_config c;
#define ARGUMENT(field, value, error)                                         \
	do {                                                                  \
		c = good;                                                     \
		c.field = value;                                              \
		EXPECT_EQ(error, sono_config(self->s, &c))                    \
			TH_LOG(#field " = " #value);                          \
	} while (0)

	ARGUMENT(table_bytes, 0, -EINVAL);
	ARGUMENT(table_bytes, sizeof(struct sono_seq_header) - 1, -EINVAL);
	ARGUMENT(table_bytes, i->seq_bytes_max + 1, -EINVAL);
	ARGUMENT(source, SONO_CONFIG_NOISE + 1, -EINVAL);
	ARGUMENT(irq_count, SLOTS / 4 + 1, -EINVAL);
	ARGUMENT(irq_count, ~0u, -EINVAL);
	ARGUMENT(irq_time_us, 1000001, -EINVAL);
	ARGUMENT(heartbeat_ms, 19, -EINVAL);
	ARGUMENT(heartbeat_ms, i->heartbeat_max + 1, -EINVAL);
	ARGUMENT(flags, 1, -EINVAL);
	ARGUMENT(flags, 1u << 31, -EINVAL);
	ARGUMENT(rsvd[0], 1, -EINVAL);
	ARGUMENT(rsvd[1], 1ull << 63, -EINVAL);
	/* Nothing of this has loaded a table. */
	EXPECT_EQ(-ENXIO, sono_start(self->s, &self->start));

	ARGUMENT(irq_count, SLOTS / 4, 0);
	ARGUMENT(irq_time_us, 1000000, 0);
	ARGUMENT(heartbeat_ms, 20, 0);
	ARGUMENT(heartbeat_ms, i->heartbeat_max, 0);
	ARGUMENT(source, SONO_CONFIG_NOISE, 0);
	EXPECT_EQ(FRAME, c.frame_bytes);
	EXPECT_EQ(SONO_SEQ_OK, c.error);
	EXPECT_EQ(~0u, c.error_event);
}

TEST_F(stream, config_moderation_of_few_slots)
{
	again_with(_metadata, self, 7, FRAME);
	self->config.irq_count = 2;
	EXPECT_EQ(-EINVAL, sono_config(self->s, &self->config));
	self->config.irq_count = 1;
	EXPECT_EQ(0, sono_config(self->s, &self->config));
}

TEST_F(stream, config_frame_exceeds_slot)
{
	again_with(_metadata, self, SLOTS, FRAME - 4096);
	EXPECT_EQ(-EMSGSIZE, sono_config(self->s, &self->config));
	EXPECT_EQ(-ENXIO, sono_start(self->s, &self->start));
}

enum part { HEAD, EVENT0, EVENT1, TX, MAP };

/*
 * One field of a good table of two events, made wrong. SONO_SEQ_E_DMA and
 * SONO_SEQ_E_SOURCE cannot be reached by what a process asks for, and
 * SONO_SEQ_E_DMA_RATE has a test of its own.
 */
struct wrong {
	const char *what;
	enum part part;
	size_t offset;
	size_t bytes;
	uint32_t value;
	uint32_t error;
	int event;
};

#define HEAD_FIELD(f) \
	HEAD, offsetof(struct sono_seq_header, f), \
	sizeof(((struct sono_seq_header *)0)->f)
#define EVENT_FIELD(n, f) \
	EVENT##n, offsetof(struct sono_seq_event, f), \
	sizeof(((struct sono_seq_event *)0)->f)
#define TX_FIELD(f) \
	TX, offsetof(struct sono_seq_tx, f), \
	sizeof(((struct sono_seq_tx *)0)->f)

static const struct wrong wrongs[] = {
	{ "magic", HEAD_FIELD(magic), 1, SONO_SEQ_E_HEADER, -1 },
	{ "version", HEAD_FIELD(version), 2, SONO_SEQ_E_HEADER, -1 },
	{ "length", HEAD_FIELD(bytes), 64, SONO_SEQ_E_HEADER, -1 },
	{ "no aux block", HEAD_FIELD(aux_bytes), 0, SONO_SEQ_E_HEADER, -1 },
	{ "aux block", HEAD_FIELD(aux_bytes), 72, SONO_SEQ_E_HEADER, -1 },
	{ "no tx row", HEAD_FIELD(tx_rows), 0, SONO_SEQ_E_HEADER, -1 },
	{ "tx rows", HEAD_FIELD(tx_rows), ~0u, SONO_SEQ_E_HEADER, -1 },
	{ "no map", HEAD_FIELD(maps), 0, SONO_SEQ_E_HEADER, -1 },
	{ "curve of no points", HEAD_FIELD(tgc_curves), 1, SONO_SEQ_E_HEADER,
	  -1 },
	{ "events misplaced", HEAD_FIELD(events_offset), 68,
	  SONO_SEQ_E_HEADER, -1 },
	{ "events outside", HEAD_FIELD(events_offset), ~7u,
	  SONO_SEQ_E_HEADER, -1 },
	{ "events over head", HEAD_FIELD(events_offset), 0,
	  SONO_SEQ_E_HEADER, -1 },
	{ "tx misplaced", HEAD_FIELD(tx_offset), 65, SONO_SEQ_E_HEADER, -1 },
	{ "tx outside", HEAD_FIELD(tx_offset), ~7u, SONO_SEQ_E_HEADER, -1 },
	{ "map misplaced", HEAD_FIELD(map_offset), 66, SONO_SEQ_E_HEADER, -1 },
	{ "map outside", HEAD_FIELD(map_offset), ~7u, SONO_SEQ_E_HEADER, -1 },
	{ "no events", HEAD_FIELD(events), 0, SONO_SEQ_E_EVENTS, -1 },
	{ "too many events", HEAD_FIELD(events), ~0u, SONO_SEQ_E_EVENTS, -1 },
	{ "no frame end", EVENT_FIELD(1, flags), 0, SONO_SEQ_E_EVENTS, 1 },
	{ "no channels", HEAD_FIELD(channels), 0, SONO_SEQ_E_CHANNELS, -1 },
	{ "channels", HEAD_FIELD(channels), 0xffff, SONO_SEQ_E_CHANNELS, -1 },
	{ "no elements", HEAD_FIELD(elements), 0, SONO_SEQ_E_CHANNELS, -1 },
	{ "elements", HEAD_FIELD(elements), ~0u, SONO_SEQ_E_CHANNELS, -1 },
	{ "map", MAP, 2, 2, 0xffff, SONO_SEQ_E_CHANNELS, -1 },
	{ "frame size", HEAD_FIELD(frame_bytes), FRAME - 64,
	  SONO_SEQ_E_FRAME_BYTES, 1 },
	{ "tx row", EVENT_FIELD(0, tx_row), 1, SONO_SEQ_E_INDEX, 0 },
	{ "map row", EVENT_FIELD(1, rx_map), 1, SONO_SEQ_E_INDEX, 1 },
	{ "curve", EVENT_FIELD(0, tgc), 0, SONO_SEQ_E_INDEX, 0 },
	{ "above the PRF cap", EVENT_FIELD(1, period), 3999, SONO_SEQ_E_PRI,
	  1 },
	{ "late window", EVENT_FIELD(0, rx_start), ~0u, SONO_SEQ_E_PRI, 0 },
	{ "no samples", EVENT_FIELD(1, rx_samples), 0, SONO_SEQ_E_WINDOW, 1 },
	{ "decimation", EVENT_FIELD(0, rx_decimation), 0, SONO_SEQ_E_WINDOW,
	  0 },
	{ "voltage", EVENT_FIELD(1, hv), ~0u, SONO_SEQ_E_HV, 1 },
	{ "no frequency", EVENT_FIELD(0, tx_freq), 0, SONO_SEQ_E_DUTY, 0 },
	{ "no pulse", EVENT_FIELD(0, tx_half_cycles), 0, SONO_SEQ_E_DUTY, 0 },
	{ "duty", EVENT_FIELD(1, tx_half_cycles), 65535, SONO_SEQ_E_DUTY, 1 },
	{ "delay", TX_FIELD(delay), ~0u, SONO_SEQ_E_DELAY, 0 },
	{ "trigger", EVENT_FIELD(0, flags), SONO_EVENT_TRIG_EXT,
	  SONO_SEQ_E_FEATURE, 0 },
	{ "ECG trigger", EVENT_FIELD(0, flags), SONO_EVENT_TRIG_ECG,
	  SONO_SEQ_E_FEATURE, 0 },
	{ "head reserved", HEAD_FIELD(rsvd), 1, SONO_SEQ_E_RSVD, -1 },
	{ "enable", TX_FIELD(enable), 2, SONO_SEQ_E_RSVD, -1 },
	{ "flags", EVENT_FIELD(1, flags), 0x11, SONO_SEQ_E_RSVD, 1 },
	{ "polarity", EVENT_FIELD(0, tx_polarity), 2, SONO_SEQ_E_RSVD, 0 },
	{ "event reserved 0", EVENT_FIELD(0, rsvd0), 1, SONO_SEQ_E_RSVD, 0 },
	{ "event reserved 1", EVENT_FIELD(1, rsvd[0]), 1, SONO_SEQ_E_RSVD, 1 },
	{ "event reserved 4", EVENT_FIELD(1, rsvd[3]), 1, SONO_SEQ_E_RSVD, 1 },
};

/* Half the samples, two events: 15 rows of 512 bytes and twice that. */
static const struct shape shape_two = { 15, 256, 2, PERIOD, 30 };

static void make_wrong(struct table *t, const struct wrong *w)
{
	char *const parts[] = {
		[HEAD] = (char *)t->head,
		[EVENT0] = (char *)&t->event[0],
		[EVENT1] = (char *)&t->event[1],
		[TX] = (char *)t->tx,
		[MAP] = (char *)t->map,
	};

	memcpy(parts[w->part] + w->offset, &w->value, w->bytes);
	table_seal(t);
}

static void expect_refused(struct __test_metadata *_metadata, struct sono *s,
			   const char *what, const struct table *t,
			   uint32_t error, int event)
{
	struct sono_config c = table_config(t, SONO_CONFIG_PRBS);

	EXPECT_EQ(-EINVAL, sono_config(s, &c)) TH_LOG("%s", what);
	EXPECT_EQ(error, c.error) TH_LOG("%s", what);
	EXPECT_EQ(event, (int)c.error_event) TH_LOG("%s", what);
	EXPECT_NE(0, strcmp(sono_seq_error_text(c.error), "unknown reason"));
}

static void refuse_all(struct __test_metadata *_metadata, stream *self)
{
	struct table t;

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		ASSERT_EQ(0, table_make(&t, sono_info(self->s), &shape_two));
		make_wrong(&t, &wrongs[i]);
		expect_refused(_metadata, self->s, wrongs[i].what, &t,
			       wrongs[i].error, wrongs[i].event);
		table_free(&t);
	}
}

TEST_F(stream, config_table_refused)
{
	struct table t;

	/* The table that they are made from is a good one, by itself. */
	ASSERT_EQ(0, table_make(&t, sono_info(self->s), &shape_two));
	self->config = table_config(&t, SONO_CONFIG_PRBS);
	ASSERT_EQ(0, sono_config(self->s, &self->config));
	t.head->crc ^= 1;
	expect_refused(_metadata, self->s, "CRC", &t, SONO_SEQ_E_CRC, -1);
	table_free(&t);

	refuse_all(_metadata, self);
}

TEST_F(stream, config_refused_keeps_former_table)
{
	struct sono_frame f;

	again_with(_metadata, self, 64, FRAME);
	ASSERT_EQ(0, sono_config(self->s, &self->config));
	refuse_all(_metadata, self);
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	take_some(_metadata, self, 3);
	refuse_all(_metadata, self);
	for (int i = 0; i < 100; i++) {
		take_true(_metadata, self, &f);
		EXPECT_EQ(self->config.cfg_gen, f.rec.cfg_gen);
		EXPECT_EQ(shape_16k.tag, f.rec.tag);
		sono_release(self->s, &f);
	}
	end(_metadata, self);
}

/* The voltage may change only where it has the time to settle. */
TEST_F(stream, config_settling)
{
	struct table t;

	ASSERT_EQ(0, table_make(&t, sono_info(self->s), &shape_two));
	t.event[1].hv = 20000;
	t.event[1].hv_settle = 1000000;
	table_seal(&t);
	expect_refused(_metadata, self->s, "settling", &t, SONO_SEQ_E_PRI, 0);
	t.event[1].hv_settle = 100;
	table_seal(&t);
	self->config = table_config(&t, SONO_CONFIG_PRBS);
	EXPECT_EQ(0, sono_config(self->s, &self->config));
	table_free(&t);
}

TEST_F(stream, config_beyond_link)
{
	const struct sono_info *i = sono_info(self->s);
	uint64_t adc_rate = 2ull * i->channels * i->adc_clock;
	struct shape shape = { i->channels, 4096, 1, 0, 1 };
	struct table t;

	if (adc_rate < i->dma_rate_max * 1100000ull)
		SKIP(return, "no window of this board outruns its link");
	shape.period = i->event_overhead + 2 +
		       4096ull * i->board_clock / i->adc_clock;
	again_with(_metadata, self, 2, i->channels * 8192 + 64);
	ASSERT_EQ(0, table_make(&t, i, &shape));
	expect_refused(_metadata, self->s, "rate", &t, SONO_SEQ_E_DMA_RATE, 0);
	t.event[0].period *= 2;
	table_seal(&t);
	self->config = table_config(&t, SONO_CONFIG_PRBS);
	EXPECT_EQ(0, sono_config(self->s, &self->config));
	table_free(&t);
}

TEST_F(stream, config_source_while_running)
{
	struct sono_config c = self->config;

	begin(_metadata, self);
	c.source = SONO_CONFIG_RAMP;
	EXPECT_EQ(-EBUSY, sono_config(self->s, &c));
	take_some(_metadata, self, 3);
	end(_metadata, self);
	EXPECT_EQ(0, sono_config(self->s, &c));
}

/* --- START and STOP -------------------------------------------------------- */

TEST_F(stream, start_refused)
{
	struct sono_start start = { 0 };

	EXPECT_EQ(-ENXIO, sono_start(self->s, &start));
	ASSERT_EQ(0, sono_config(self->s, &self->config));
	start.flags = SONO_START_TX_OFF << 1;
	EXPECT_EQ(-EINVAL, sono_start(self->s, &start));
	start.flags = 0;
	start.rsvd[0] = 1;
	EXPECT_EQ(-EINVAL, sono_start(self->s, &start));
	start.rsvd[0] = 0;
	start.rsvd[1] = 1;
	EXPECT_EQ(-EINVAL, sono_start(self->s, &start));
	EXPECT_EQ(SONO_STATE_IDLE, self->s->ctl->state);
	start.rsvd[1] = 0;
	EXPECT_EQ(0, sono_start(self->s, &start));
	EXPECT_EQ(-EBUSY, sono_start(self->s, &start));
	EXPECT_EQ(SONO_STATE_RUNNING, self->s->ctl->state);
	end(_metadata, self);
}

TEST_F(stream, stop_before_any_run)
{
	EXPECT_EQ(-ENXIO, sono_stop(self->s, &self->stop));
	ASSERT_EQ(0, sono_config(self->s, &self->config));
	EXPECT_EQ(-ENXIO, sono_stop(self->s, &self->stop));
}

TEST_F(stream, stop_twice_gives_one_account)
{
	struct sono_stop first;

	begin(_metadata, self);
	take_some(_metadata, self, 20);
	end(_metadata, self);
	first = self->stop;
	EXPECT_LE(20, first.delivered);
	end(_metadata, self);
	EXPECT_EQ(0, memcmp(&first, &self->stop, sizeof(first)));
}

TEST_F(stream, frames_can_be_taken_after_stop)
{
	uint64_t frames = 0, dropped = 0;

	begin(_metadata, self);
	ASSERT_LE(8, sono_wait(self->s, 8, FOREVER));
	end(_metadata, self);
	rest(_metadata, self, &frames, &dropped);
	EXPECT_EQ(self->stop.delivered, frames);
	EXPECT_LE(8, frames);
}

TEST_F(stream, runs_follow_each_other)
{
	struct sono_frame f, kept[3];
	struct sono_start first;

	again_with(_metadata, self, 256, FRAME);
	begin(_metadata, self);
	EXPECT_EQ(0, self->start.pos);
	first = self->start;
	for (int i = 0; i < 3; i++)
		take_true(_metadata, self, &kept[i]);
	take_some(_metadata, self, 40);
	end(_metadata, self);
	EXPECT_EQ(self->stop.delivered, self->s->ctl->head);
	while (sono_next(self->s, &f) == 1)
		sono_release(self->s, &f);

	ASSERT_EQ(0, sono_start(self->s, &self->start));
	EXPECT_EQ(first.stream_gen + 1, self->start.stream_gen);
	EXPECT_EQ(self->start.stream_gen, self->s->ctl->stream_gen);
	EXPECT_EQ(first.run + 1, self->start.run);
	EXPECT_EQ(self->stop.delivered, self->start.pos);
	for (int i = 0; i < 40; i++) {
		take_true(_metadata, self, &f);
		EXPECT_EQ(i, f.rec.seq);
		EXPECT_EQ(0, f.rec.dropped);
		for (int k = 0; k < 3; k++)
			ASSERT_NE(kept[k].rec.slot, f.rec.slot);
		sono_release(self->s, &f);
	}
	/* What the first run left with us is untouched, and can go back. */
	for (int k = 0; k < 3; k++) {
		EXPECT_TRUE(prbs_ok(&kept[k], first.run));
		sono_release(self->s, &kept[k]);
	}
	take_some(_metadata, self, 40);
	EXPECT_EQ(0, self->s->ctl->bad_release);
	end(_metadata, self);
}

TEST_F(stream, frames_of_a_run_outlast_the_next_start)
{
	struct sono_frame f;
	struct sono_start first;

	begin(_metadata, self);
	first = self->start;
	ASSERT_LE(4, sono_wait(self->s, 4, FOREVER));
	end(_metadata, self);
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	for (uint64_t n = 0; n < self->stop.delivered; n++) {
		ASSERT_EQ(1, take(self->s, &f));
		EXPECT_EQ(n, f.rec.seq);
		EXPECT_TRUE(prbs_ok(&f, first.run));
		sono_release(self->s, &f);
	}
	take_true(_metadata, self, &f);
	/* Those before it found no slot, if the first run took all of them. */
	EXPECT_EQ(f.rec.dropped, f.rec.seq);
	end(_metadata, self);
}

/* --- frames ---------------------------------------------------------------- */

TEST_F(stream, records)
{
	const uint32_t *gen;
	struct sono_record last = { 0 };
	struct sono_frame f;

	again_with(_metadata, self, 256, FRAME);
	gen = (const void *)((const char *)self->s->ctl +
			     self->s->setup.gen_offset);
	begin(_metadata, self);
	for (uint64_t n = 0; n < 300; n++) {
		take_true(_metadata, self, &f);
		EXPECT_EQ(n, f.rec.seq);
		EXPECT_EQ(0, f.rec.flags);
		EXPECT_EQ(0, f.rec.dropped);
		EXPECT_EQ(0, f.rec.lost);
		EXPECT_EQ(0, f.rec.rsvd);
		EXPECT_EQ(shape_16k.tag, f.rec.tag);
		EXPECT_EQ(self->config.cfg_gen, f.rec.cfg_gen);
		EXPECT_EQ(gen[f.rec.slot], f.rec.gen);
		if (n)
			EXPECT_EQ(last.hw_ts + PERIOD, f.rec.hw_ts);
		EXPECT_LE(last.host_ts, f.rec.host_ts);
		last = f.rec;
		sono_release(self->s, &f);
	}
	end(_metadata, self);
}

TEST_F(stream, ramp_of_two_events)
{
	struct sono_frame f;
	struct table t;

	ASSERT_EQ(0, table_make(&t, sono_info(self->s), &shape_two));
	self->config = table_config(&t, SONO_CONFIG_RAMP);
	begin(_metadata, self);
	table_free(&t);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(1, take(self->s, &f));
		EXPECT_EQ(self->config.frame_bytes, f.rec.len);
		EXPECT_EQ(shape_two.tag, f.rec.tag);
		EXPECT_TRUE(ramp_ok(&f, &shape_two));
		sono_release(self->s, &f);
	}
	end(_metadata, self);
}

TEST_F(stream, who_keeps_up_loses_none)
{
	struct sono_frame f;

	/* Half a second of frames, for a machine that has other work too. */
	again_with(_metadata, self, 256, FRAME);
	begin(_metadata, self);
	for (uint64_t n = 0; n < 1000; n++) {
		take_true(_metadata, self, &f);
		EXPECT_EQ(n, f.rec.seq);
		sono_release(self->s, &f);
	}
	end(_metadata, self);
	EXPECT_EQ(0, self->stop.dropped);
	EXPECT_EQ(0, self->stop.lost);
	EXPECT_EQ(self->stop.produced, self->stop.delivered);
}

TEST_F(stream, transmit_off)
{
	struct sono_frame f;

	self->config.heartbeat_ms = 100;
	self->start.flags = SONO_START_TX_OFF;
	begin(_metadata, self);
	for (int i = 0; i < 20; i++) {
		take_true(_metadata, self, &f);
		/* a busy machine may drop some */
		EXPECT_EQ(SONO_RECORD_TX_OFF,
			  f.rec.flags & ~SONO_RECORD_GAP);
		sono_release(self->s, &f);
	}
	end(_metadata, self);
	/* The last of them may have come after the last look. */
	while (sono_next(self->s, &f) == 1)
		sono_release(self->s, &f);

	self->start.flags = 0;
	begin(_metadata, self);
	take_true(_metadata, self, &f);
	EXPECT_EQ(0, f.rec.flags);
	end(_metadata, self);
}

/* Who copies a frame that is no longer theirs can tell whether it is whole. */
TEST_F(stream, generation_tells_a_late_reader)
{
	const uint32_t *gen = (const void *)((const char *)self->s->ctl +
					     self->s->setup.gen_offset);
	struct sono_frame f, copy;
	int whole = 0, changed = 0;
	char *bytes = malloc(FRAME);

	ASSERT_NE(NULL, bytes);
	begin(_metadata, self);
	for (int i = 0; i < 300; i++) {
		take_true(_metadata, self, &f);
		sono_release(self->s, &f);
		/* Every second one long after the slot has been filled again. */
		if (i & 1)
			ASSERT_TRUE(EVENTUALLY(self->s,
					       __atomic_load_n(&gen[f.rec.slot], __ATOMIC_ACQUIRE) !=
						       f.rec.gen ||
						       (sono_next(self->s, &copy) == 1 &&
							(sono_release(self->s, &copy), 0))));
		memcpy(bytes, f.data, FRAME);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&gen[f.rec.slot], __ATOMIC_RELAXED) !=
		    f.rec.gen) {
			changed++;
			continue;
		}
		copy = f;
		copy.data = bytes;
		EXPECT_TRUE(prbs_ok(&copy, self->start.run));
		whole++;
	}
	EXPECT_LT(0, whole);
	EXPECT_LE(150, changed);
	end(_metadata, self);
	free(bytes);
}

TEST_F_SIGNAL(stream, ring_area_is_read_only, SIGSEGV)
{
	volatile uint32_t *state = (void *)((char *)self->s->ctl +
					    offsetof(struct sono_ctl, state));

	*state = SONO_STATE_RUNNING;
}

/* --- waiting --------------------------------------------------------------- */

TEST_F(stream, wait_for_too_much)
{
	begin(_metadata, self);
	EXPECT_EQ(-EINVAL, sono_wait(self->s, 0, 1000));
	EXPECT_EQ(-EINVAL, sono_wait(self->s, SLOTS + 1, 1000));
	EXPECT_EQ(-EINVAL, sono_wait(self->s, ~0u, 1000));
	EXPECT_EQ(SLOTS, sono_wait(self->s, SLOTS, FOREVER));
	end(_metadata, self);
}

TEST_F(stream, wait_times_out)
{
	slow_down(self);
	begin(_metadata, self);
	/* Half a frame in 10 ms, and not sixteen. */
	EXPECT_EQ(-ETIME, sono_wait(self->s, SLOTS, 10000));
	take_some(_metadata, self, 20);
	end(_metadata, self);
}

TEST_F(stream, wait_of_a_late_caller_ends_at_once)
{
	uint64_t head;

	begin(_metadata, self);
	ASSERT_EQ(SLOTS, sono_wait(self->s, SLOTS, FOREVER));
	head = self->s->ctl->head;
	/* No slot is left, so nothing but what is there can end these. */
	EXPECT_EQ(SLOTS, sono_wait(self->s, 1, FOREVER));
	EXPECT_EQ(SLOTS, sono_wait(self->s, SLOTS, FOREVER));
	EXPECT_EQ(head, self->s->ctl->head);
	end(_metadata, self);
	EXPECT_EQ(SLOTS, sono_wait(self->s, SLOTS, FOREVER));
}

TEST_F(stream, wait_ends_when_the_board_starves)
{
	begin(_metadata, self);
	hold(_metadata, self, SLOTS);
	EXPECT_EQ(0, sono_wait(self->s, 1, FOREVER));
	EXPECT_EQ(0, sono_wait(self->s, SLOTS, FOREVER));
	/* The last slot to be filled ends a wait that has begun, too. */
	release_held(self);
	hold(_metadata, self, SLOTS - 3);
	EXPECT_EQ(3, sono_wait(self->s, SLOTS, FOREVER));
	end(_metadata, self);
}

TEST_F(stream, wait_ends_with_the_run)
{
	struct sono_frame f;

	begin(_metadata, self);
	end(_metadata, self);
	while (sono_next(self->s, &f) == 1)
		sono_release(self->s, &f);
	EXPECT_EQ(0, sono_wait(self->s, 1, FOREVER));
	EXPECT_EQ(-ENODATA, sono_next(self->s, &f));
}

/* --- a consumer that is slow or wrong -------------------------------------- */

TEST_F(stream, slow_consumer)
{
	uint64_t frames = SLOTS, dropped;
	struct sono_frame f;

	slow_down(self);
	begin(_metadata, self);
	hold(_metadata, self, SLOTS);
	for (int i = 0; i < 200; i++) {
		/* Alive, but with hands full. */
		EXPECT_EQ(0, sono_next(self->s, &f));
		let_pass(self->s);
	}
	for (int i = 0; i < SLOTS; i++)
		EXPECT_TRUE(prbs_ok(&self->held[i], self->start.run));
	release_held(self);

	take_true(_metadata, self, &f);
	frames++;
	dropped = f.rec.dropped;
	EXPECT_EQ(SONO_RECORD_GAP, f.rec.flags);
	EXPECT_LT(5, f.rec.dropped);
	EXPECT_EQ(0, f.rec.lost);
	EXPECT_EQ(SLOTS + dropped, f.rec.seq);
	EXPECT_EQ(dropped, self->s->ctl->dropped);
	sono_release(self->s, &f);

	take_true(_metadata, self, &f);
	frames++;
	dropped += f.rec.dropped;
	sono_release(self->s, &f);
	end(_metadata, self);
	rest(_metadata, self, &frames, &dropped);
	EXPECT_EQ(frames, self->stop.delivered);
	/* Every drop was before a record: the board had slots at the end. */
	EXPECT_EQ(dropped, self->stop.dropped);
	EXPECT_EQ(0, self->stop.lost);
}

TEST_F(stream, drops_after_the_last_record_are_in_the_account)
{
	begin(_metadata, self);
	hold(_metadata, self, SLOTS);
	for (int i = 0; i < 60; i++)
		let_pass(self->s);
	end(_metadata, self);
	EXPECT_EQ(SLOTS, self->stop.delivered);
	EXPECT_LT(5, self->stop.dropped);
	EXPECT_EQ(0, self->stop.lost);
	EXPECT_EQ(self->stop.dropped, self->s->ctl->dropped);
	EXPECT_EQ(self->stop.produced, self->s->ctl->produced);
}

TEST_F(stream, need_kick_says_when)
{
	const struct sono_ctl *ctl = self->s->ctl;

	begin(_metadata, self);
	hold(_metadata, self, SLOTS / 2);
	EXPECT_EQ(0, self->s->stats.kicks);
	hold(_metadata, self, SLOTS);
	EXPECT_TRUE(EVENTUALLY(self->s, ctl->need_kick));
	EXPECT_EQ(0, ctl->posted);
	release_held(self);
	EXPECT_LE(1, self->s->stats.kicks);
	EXPECT_EQ(0, ctl->need_kick);
	take_some(_metadata, self, 50);
	end(_metadata, self);
	EXPECT_EQ(0, ctl->bad_release);
}

TEST_F(stream, release_in_any_order)
{
	static const int order[] = { 5, 0, 7, 3, 6, 1, 4, 2 };
	struct sono_frame f[8];

	begin(_metadata, self);
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < 8; i++)
			take_true(_metadata, self, &f[i]);
		for (int i = 0; i < 8; i++)
			sono_release(self->s, &f[order[i]]);
	}
	end(_metadata, self);
	EXPECT_EQ(0, self->s->ctl->bad_release);
}

/* Writes an entry as it stands and makes the other side read it. */
static void put_release(stream *self, uint32_t slot, uint32_t gen,
			uint32_t step)
{
	struct sono *s = self->s;
	struct sono_release *e =
		&s->release[s->release_tail & (s->setup.release_entries - 1)];

	e->slot = slot;
	e->gen = gen;
	s->release_tail += step;
	__atomic_store_n(&s->user->release_tail, s->release_tail,
			 __ATOMIC_RELEASE);
	s->ops->command(s, SONO_CMD_KICK, NULL);
}

TEST_F(stream, bad_release_is_counted_and_nothing_else)
{
	const struct sono_ctl *ctl = self->s->ctl;
	const struct sono_record *r = &self->held[0].rec;
	uint32_t entries = self->s->setup.release_entries;
	uint64_t bad = 0, frames = 0, dropped = 0;
#define BAD(what, slot, gen, step)                                            \
	do {                                                                  \
		put_release(self, slot, gen, step);                           \
		bad++;                                                        \
		EXPECT_EQ(bad, ctl->bad_release) TH_LOG(what);                \
		EXPECT_EQ(self->s->release_tail, ctl->released);              \
	} while (0)

	begin(_metadata, self);
	hold(_metadata, self, 4);
	BAD("slot beyond the last", SLOTS, r->gen, 1);
	BAD("slot far beyond", ~0u, r->gen, 1);
	BAD("generation to come", r->slot, r->gen + 1, 1);
	BAD("generation before", r->slot, r->gen - 1, 1);
	BAD("tail beyond the ring", r->slot, r->gen, entries + 1);
	BAD("tail far beyond", r->slot, r->gen, 0x80000000u);
	BAD("tail backward", r->slot, r->gen, ~0u);
	/* None of them has given the slot away. */
	for (int i = 0; i < 4; i++)
		EXPECT_TRUE(prbs_ok(&self->held[i], self->start.run));
	put_release(self, r->slot, r->gen, 1);
	EXPECT_EQ(bad, ctl->bad_release);
	BAD("twice", r->slot, r->gen, 1);
	for (int i = 1; i < 4; i++)
		sono_release(self->s, &self->held[i]);
	self->holding = 0;

	take_some(_metadata, self, 100);
	/* All slots go round: none was lost or is there twice. */
	hold(_metadata, self, SLOTS);
	for (int i = 0; i < SLOTS; i++)
		for (int k = 0; k < i; k++)
			EXPECT_NE(self->held[i].rec.slot,
				  self->held[k].rec.slot);
	EXPECT_EQ(0, sono_wait(self->s, 1, FOREVER));
	EXPECT_EQ(bad, ctl->bad_release);
	end(_metadata, self);
	rest(_metadata, self, &frames, &dropped);
	EXPECT_EQ(0, frames);
}

/* Nothing is taken while nothing runs: it waits, mistakes and all. */
TEST_F(stream, releases_wait_for_the_next_start)
{
	uint64_t frames = 0, dropped = 0;

	begin(_metadata, self);
	hold(_metadata, self, SLOTS);
	end(_metadata, self);
	rest(_metadata, self, &frames, &dropped);
	EXPECT_EQ(0, frames);
	for (int i = 0; i < SLOTS; i++) {
		sono_release(self->s, &self->held[i]);
		sono_release(self->s, &self->held[i]);
	}
	self->holding = 0;
	ASSERT_EQ(0, sono_start(self->s, &self->start));
	EXPECT_EQ(SLOTS, self->s->ctl->bad_release);
	/* No slot was lost. */
	hold(_metadata, self, SLOTS);
	end(_metadata, self);
}

/* --- tables and heartbeats of a run ---------------------------------------- */

TEST_F(stream, switch_of_tables_loses_no_frame)
{
	const struct shape shapes[2] = { { 15, 544, 1, PERIOD, 50 },
					 { 15, 544, 1, PERIOD, 51 } };
	struct sono_config config[2];
	struct table t[2];
	uint64_t seq = 0, hw_ts = 0;
	struct sono_frame f;

	again_with(_metadata, self, 256, FRAME);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, table_make(&t[i], sono_info(self->s), &shapes[i]));
		config[i] = table_config(&t[i], SONO_CONFIG_PRBS);
	}
	self->config = config[0];
	begin(_metadata, self);
	for (uint32_t round = 1; round <= 10; round++) {
		uint32_t gen = config[(round - 1) & 1].cfg_gen;
		uint32_t n = 0;

		if (round == 1)
			gen = self->config.cfg_gen;
		ASSERT_EQ(0, sono_config(self->s, &config[round & 1]));
		EXPECT_EQ(gen + 1, config[round & 1].cfg_gen);
		/* Through the frames of the former table, and ten of this. */
		while (n < 10) {
			take_true(_metadata, self, &f);
			EXPECT_EQ(seq, f.rec.seq);
			if (seq++)
				EXPECT_EQ(hw_ts + PERIOD, f.rec.hw_ts);
			hw_ts = f.rec.hw_ts;
			EXPECT_EQ(n ? gen + 1 : f.rec.cfg_gen, f.rec.cfg_gen);
			EXPECT_EQ(50 + ((f.rec.cfg_gen - gen + round + 1) & 1),
				  f.rec.tag);
			n += f.rec.cfg_gen == gen + 1;
			sono_release(self->s, &f);
		}
	}
	end(_metadata, self);
	EXPECT_EQ(0, self->stop.dropped);
	table_free(&t[0]);
	table_free(&t[1]);
}

TEST_F(stream, heartbeat_lapses)
{
	const struct sono_ctl *ctl = self->s->ctl;
	uint64_t frames = 0, dropped = 0;

	self->config.heartbeat_ms = 500;
	begin(_metadata, self);
	take_some(_metadata, self, 20);
	EXPECT_EQ(SONO_STATE_RUNNING, ctl->state);
	ASSERT_TRUE(EVENTUALLY(self->s, ctl->state == SONO_STATE_ENDED));
	EXPECT_EQ(SONO_END_HEARTBEAT, ctl->reason);
	EXPECT_EQ(0, strcmp(sono_end_text(ctl), "heartbeat lapsed"));
	rest(_metadata, self, &frames, &dropped);
	EXPECT_EQ(0, sono_stop(self->s, &self->stop));
	EXPECT_EQ(20 + frames, self->stop.delivered);
	EXPECT_EQ(self->stop.produced,
		  self->stop.delivered + self->stop.dropped + self->stop.lost);
	EXPECT_EQ(0, self->stop.lost);

	ASSERT_EQ(0, sono_start(self->s, &self->start));
	take_some(_metadata, self, 100);
	EXPECT_EQ(SONO_STATE_RUNNING, ctl->state);
	end(_metadata, self);
}

/* For so long by the board's clock; the longest time between two frames [ns]. */
static int take_for(stream *self, unsigned int seconds, uint64_t *longest)
{
	uint64_t before = now_ns(), first = 0;
	struct sono_frame f;
	int ret;

	*longest = 0;
	do {
		ret = take(self->s, &f);
		if (now_ns() - before > *longest)
			*longest = now_ns() - before;
		before = now_ns();
		if (ret != 1)
			return ret;
		first = first ? first : f.rec.hw_ts;
		sono_release(self->s, &f);
	} while (f.rec.hw_ts - first <
		 (uint64_t)seconds * sono_info(self->s)->board_clock);
	return 1;
}

/*
 * A heartbeat that is kept, for five times its length. A guest on a kernel that
 * looks at every access may stand still for longer than others.
 */
TEST_F(stream, heartbeat_suffices)
{
	unsigned int times = getenv("SONO_PATIENCE") ? 3 : 1;
	uint64_t beat_ns = 400000000ull * times, longest;
	int ret;

	self->config.heartbeat_ms = 400 * times;
	begin(_metadata, self);
	for (int i = 0; i < 10; i++) {
		ret = take_for(self, 2 * times, &longest);
		/* Kept it was only if the machine let us. */
		if (ret != -ENODATA || longest < beat_ns / 2)
			break;
		ASSERT_EQ(0, sono_start(self->s, &self->start));
	}
	EXPECT_EQ(1, ret)
	{
		TH_LOG("longest pause %llu us", (unsigned long long)longest / 1000);
	}
	EXPECT_EQ(SONO_STATE_RUNNING, self->s->ctl->state);
	end(_metadata, self);
}

/* Without transmit there is nothing that a heartbeat would have to end. */
TEST_F(stream, no_heartbeat_is_needed_without_transmit)
{
	self->config.heartbeat_ms = 20;
	self->start.flags = SONO_START_TX_OFF;
	begin(_metadata, self);
	for (int i = 0; i < 100; i++)
		let_pass(self->s);
	EXPECT_EQ(SONO_STATE_RUNNING, self->s->ctl->state);
	take_some(_metadata, self, 20);
	end(_metadata, self);
}

TEST_HARNESS_MAIN

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "dsp/probe.h"
#include "dsp/workers.h"
#include "realtime.h"
#include "scanner.h"
#include "take.h"
#include "why.h"

/* So often a ring without frames is looked at for requests. */
#define WAIT_US 20000

/* Of the slots: the first plan's frames and as much again. */
#define SLOT_ROOM 2

#define HEARTBEAT_MS 1000

enum wish { WISH_NONE, WISH_USE, WISH_SCAN, WISH_FREEZE, WISH_END };

/**
 * struct scanner - see scanner.h
 * @params: as given
 * @outlet: for pictures
 * @thread: uses all that has no other guard
 * @lock: of what is below it
 * @wake: there is a wish
 * @done: the wish is fulfilled or refused
 * @wish: WISH_NONE: fulfilled; written under @lock, looked at without
 * @setup: of WISH_USE; the thread's when it is fulfilled
 * @result: of the wish
 * @why: of the result
 * @status: how it is
 * @alive: changes while the thread works, never 0
 * @idle: it waits for a wish
 * @sono: the board; NULL after it has gone
 * @slot_bytes: of its slots; 0: none yet
 * @tables: that it has been given since it was opened
 * @tables_before: that it was given before; what is told counts them, too
 * @now: what the board does
 * @before: what it did, as long as frames of that are on their way
 * @picture: number of the next one
 * @run: number of the run, the board's
 * @counts: of the run
 */
struct scanner {
	struct scanner_params params;
	struct sono_info info;
	struct outlet *outlet;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t done;
	atomic_int wish;
	struct setup *setup;
	int result;
	char why[256];
	struct scanner_status status;
	atomic_uint_fast64_t alive;
	atomic_bool idle;

	struct sono *sono;
	size_t slot_bytes;
	uint32_t tables;
	uint32_t tables_before;
	struct setup *now;
	struct setup *before;
	uint64_t picture;
	uint64_t run;
	struct sono_stream_counts counts;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- state --- */

static void set_state(struct scanner *s, enum scanner_state state,
		      const char *fault)
{
	pthread_mutex_lock(&s->lock);
	s->status.state = state;
	snprintf(s->status.fault, sizeof(s->status.fault), "%s", fault);
	pthread_mutex_unlock(&s->lock);
	s->params.changed(s->params.arg);
}

static bool scanning(const struct scanner *s)
{
	/* written by this thread alone */
	return s->status.state == SCANNER_SCANNING;
}

static void note_setup(struct scanner *s)
{
	const struct setup *now = s->now;

	pthread_mutex_lock(&s->lock);
	snprintf(s->status.preset, sizeof(s->status.preset), "%s",
		 now->preset);
	s->status.controls = now->plan->controls;
	s->status.sector = now->plan->params.b.grid.shape == GRID_SECTOR;
	s->status.angles = now->plan->angles;
	s->status.rates = now->plan->rates;
	s->status.indices = now->indices;
	s->status.cfg_gen = s->tables_before + now->cfg_gen;
	pthread_mutex_unlock(&s->lock);
	s->params.changed(s->params.arg);
}

static void note_counts(struct scanner *s)
{
	pthread_mutex_lock(&s->lock);
	s->status.run = s->run;
	s->status.counts = s->counts;
	pthread_mutex_unlock(&s->lock);
}

/* --- the board --- */

static int refuse(struct scanner *s, int err, const char *what)
{
	return sono_why(s->why, sizeof(s->why), err, "%s: %s: %s",
			s->params.source, what, strerror(-err));
}

static void close_board(struct scanner *s)
{
	sono_close(s->sono);
	s->sono = NULL;
	s->slot_bytes = 0;
	/* a board that is opened anew may count its tables from the first */
	s->tables_before += s->tables;
	s->tables = 0;
}

static int open_board(struct scanner *s)
{
	char why[128];
	int ret = sono_open(&s->sono, s->params.source, why, sizeof(why));

	if (!ret && sono_scan(s->sono)) {
		close_board(s);
		ret = -EINVAL;
		snprintf(why, sizeof(why), "a recording is no board");
	}
	if (ret)
		return sono_why(s->why, sizeof(s->why), ret, "%s: %s",
				s->params.source, *why ? why : strerror(-ret));
	s->info = *sono_info(s->sono);
	return 0;
}

/* Slots that hold the frames of @setup; the stream begins anew for larger ones. */
static int make_room(struct scanner *s, const struct setup *setup)
{
	const size_t need = setup->plan->scan->frame_bytes;
	size_t bytes = need * SLOT_ROOM;
	int ret = 0;

	if (need <= s->slot_bytes)
		return 0;
	if (s->slot_bytes)
		close_board(s);
	if (!s->sono)
		ret = open_board(s);
	if (ret)
		return ret;
	if (bytes > s->info.slot_bytes_max)
		bytes = need;
	ret = sono_setup(s->sono, s->params.slots, bytes);
	if (ret)
		return refuse(s, ret, "slots");
	s->slot_bytes = bytes;
	return 0;
}

static int load(struct scanner *s, struct setup *setup)
{
	struct sono_config config = {
		.table = (uintptr_t)setup->plan->table.data,
		.table_bytes = (uint32_t)setup->plan->table.bytes,
		.heartbeat_ms = s->params.heartbeat_ms,
	};
	int ret = sono_config(s->sono, &config);

	if (ret == -EINVAL && config.error)
		return sono_refusal(&config, s->why, sizeof(s->why));
	if (ret)
		return refuse(s, ret, "table");
	setup->cfg_gen = config.cfg_gen;
	s->tables = config.cfg_gen;
	return 0;
}

/* A board that has nothing yet, or slots that are too small. */
static int ready(struct scanner *s, struct setup *setup)
{
	int ret = make_room(s, setup);

	return ret ? ret : load(s, setup);
}

/* --- runs --- */

static void drop_before(struct scanner *s)
{
	setup_destroy(s->before);
	s->before = NULL;
}

static int start(struct scanner *s)
{
	struct sono_start start = { 0 };
	int ret = sono_start(s->sono, &start);

	if (ret)
		return refuse(s, ret, "start");
	s->run = start.run;
	s->counts = (struct sono_stream_counts){ 0 };
	pipeline_reset(s->now->pipeline);
	note_counts(s);
	set_state(s, SCANNER_SCANNING, "");
	return 0;
}

static void stop(struct scanner *s)
{
	struct sono_frame f;
	struct sono_stop account;

	sono_stop(s->sono, &account);
	while (sono_next(s->sono, &f) == 1)
		sono_release(s->sono, &f);
	drop_before(s);
	note_counts(s);
}

/* The run has ended by itself. */
static void fail(struct scanner *s, int err)
{
	char why[256];

	snprintf(why, sizeof(why), "%s: %s", s->params.source,
		 err == -ENODATA ? sono_end_text(sono_ctl(s->sono)) :
				   strerror(-err));
	stop(s);
	if (err == -ENODEV || sono_ctl(s->sono)->reason == SONO_END_GONE)
		close_board(s);
	set_state(s, SCANNER_FAULT, why);
}

/* --- frames --- */

static struct setup *setup_of(struct scanner *s, const struct sono_frame *f)
{
	if (f->rec.cfg_gen == s->now->cfg_gen) {
		if (s->before)
			drop_before(s);
		return s->now;
	}
	if (s->before && f->rec.cfg_gen == s->before->cfg_gen)
		return s->before;
	return NULL;
}

static void count(struct scanner *s, const struct sono_frame *f)
{
	s->counts.dropped += f->rec.dropped;
	s->counts.lost += f->rec.lost;
}

static bool fits(const struct setup *setup, const struct sono_frame *f)
{
	return setup && f->rec.len >= setup->plan->scan->frame_bytes;
}

/* Given back unseen, but for its ECG. */
static void pass(void *arg, const struct sono_frame *f)
{
	struct scanner *s = arg;
	const struct rf_frame rf = sono_rf(s->sono, f);
	struct setup *setup = setup_of(s, f);

	count(s, f);
	if (fits(setup, f))
		pipeline_pass(setup->pipeline, &rf);
	s->counts.skipped++;
}

static void publish(struct scanner *s, const struct setup *setup,
		    const struct sono_record *rec)
{
	struct share_buffer *b = share_take(setup->share);
	const uint64_t number = s->picture++, one = 1;

	/* All lent out: then this one is as if nobody had been in time. */
	if (!b)
		return;
	b->frame = (struct sono_stream_frame){ .index = b->frame.index };
	share_fill(b, setup->pipeline, atomic_load(&s->outlet->layers));
	b->frame.kind = SONO_STREAM_FRAME;
	b->frame.flags = SONO_FRAME_UNCALIBRATED |
			 (rec->flags & SONO_RECORD_TX_OFF ? SONO_FRAME_TX_OFF :
							    0);
	b->frame.cfg_gen = s->tables_before + rec->cfg_gen;
	b->frame.run = s->run;
	b->frame.picture = number;
	b->frame.counts = s->counts;
	b->frame.t_acquired = rec->host_ts;
	b->frame.nyquist = setup->plan->rates.nyquist > 0 ?
				   setup->plan->rates.nyquist :
				   setup->plan->rates.pw_largest;
	b->frame.depth = setup->plan->controls.depth;
	b->frame.mi = setup->indices.mi;
	b->frame.ti = setup->indices.ti;
	b->frame.t_published = now_ns();
	SONO_PROBE(frame_published, rec->seq);
	/* Who has not been taken was not wanted: newest wins. */
	share_put(atomic_exchange(&s->outlet->newest, b));
	if (write(s->outlet->event, &one, sizeof(one)) < 0)
		return; /* full: it is awake */
}

static void process(struct scanner *s, const struct sono_frame *f)
{
	const struct rf_frame rf = sono_rf(s->sono, f);
	struct setup *setup = setup_of(s, f);
	const struct image *image;

	if (!fits(setup, f)) {
		s->counts.skipped++;
		return;
	}
	s->counts.taken++;
	if (pipeline_execute(setup->pipeline, &rf, &image))
		publish(s, setup, &f->rec);
}

/* The newest there is, but where a packet of several frames has begun. */
static int take(struct scanner *s, struct sono_frame *f)
{
	bool all = pipeline_wants_next(s->now->pipeline);
	int ret = sono_take(s->sono, f, all ? NULL : pass, s);

	if (ret == 1)
		count(s, f);
	return ret;
}

static void step(struct scanner *s)
{
	struct sono_frame f;
	int ret = take(s, &f);

	atomic_fetch_add(&s->alive, 1);
	if (ret == 1) {
		process(s, &f);
		sono_release(s->sono, &f);
		note_counts(s);
		return;
	}
	if (!ret)
		ret = sono_wait(s->sono, 1, WAIT_US);
	if (ret < 0 && ret != -ETIME)
		fail(s, ret);
}

/* --- wishes --- */

/* With a table that has another cfg_gen. */
static int take_up(struct scanner *s, bool start_it)
{
	int ret = ready(s, s->now);

	if (ret)
		return ret;
	note_setup(s);
	return start_it ? start(s) : 0;
}

/* The stream begins anew: what was is taken up again if that came to nothing. */
static int use_anew(struct scanner *s, struct setup *setup)
{
	const bool was = scanning(s);
	int ret;

	if (was) {
		stop(s);
		set_state(s, SCANNER_FROZEN, "");
	}
	ret = ready(s, setup);
	if (ret) {
		char why[sizeof(s->why)];

		memcpy(why, s->why, sizeof(why));
		if (s->now && take_up(s, was))
			set_state(s, SCANNER_FAULT, s->why);
		memcpy(s->why, why, sizeof(why));
	}
	return ret;
}

static int do_use(struct scanner *s)
{
	const bool was = scanning(s);
	struct setup *setup = s->setup;
	int ret;

	if (setup->plan->scan->frame_bytes > s->slot_bytes)
		ret = use_anew(s, setup);
	else
		ret = load(s, setup);
	if (ret)
		return ret;
	s->setup = NULL;
	pipeline_follow(setup->pipeline);
	drop_before(s);
	if (scanning(s))
		s->before = s->now;
	else
		setup_destroy(s->now);
	s->now = setup;
	note_setup(s);
	return was && !scanning(s) ? start(s) : 0;
}

/* A board that was gone has to learn its table again. */
static int do_scan(struct scanner *s)
{
	int ret;

	if (scanning(s))
		return 0;
	if (!s->now)
		return sono_why(s->why, sizeof(s->why), -ENODATA,
				"no preset has been chosen");
	ret = s->slot_bytes ? start(s) : take_up(s, true);
	if (ret)
		set_state(s, SCANNER_FAULT, s->why);
	return ret;
}

static int do_freeze(struct scanner *s)
{
	if (scanning(s))
		stop(s);
	if (s->status.state != SCANNER_FROZEN)
		set_state(s, SCANNER_FROZEN, "");
	return 0;
}

static int fulfil(struct scanner *s, enum wish wish)
{
	s->why[0] = '\0';
	switch (wish) {
	case WISH_USE:
		return do_use(s);
	case WISH_SCAN:
		return do_scan(s);
	default:
		return do_freeze(s);
	}
}

/* Returns the wish that there is; waits for one while nothing is to be done. */
static enum wish next_wish(struct scanner *s)
{
	enum wish wish = atomic_load(&s->wish);

	if (wish != WISH_NONE || scanning(s))
		return wish;
	atomic_store(&s->idle, true);
	pthread_mutex_lock(&s->lock);
	while (atomic_load(&s->wish) == WISH_NONE)
		pthread_cond_wait(&s->wake, &s->lock);
	atomic_fetch_add(&s->alive, 1);
	atomic_store(&s->idle, false);
	wish = atomic_load(&s->wish);
	pthread_mutex_unlock(&s->lock);
	return wish;
}

static void *run(void *arg)
{
	struct scanner *s = arg;
	enum wish wish;
	int result;

	pthread_setname_np(pthread_self(), "scanner");
	if (s->params.realtime)
		realtime_pin();
	do {
		wish = next_wish(s);
		if (wish != WISH_NONE) {
			result = fulfil(s, wish);
			pthread_mutex_lock(&s->lock);
			s->result = result;
			atomic_store(&s->wish, WISH_NONE);
			pthread_cond_signal(&s->done);
			pthread_mutex_unlock(&s->lock);
		}
		if (scanning(s))
			step(s);
	} while (wish != WISH_END);
	return NULL;
}

static int ask(struct scanner *s, enum wish wish, char *why, size_t why_bytes)
{
	int ret;

	pthread_mutex_lock(&s->lock);
	atomic_store(&s->wish, wish);
	pthread_cond_signal(&s->wake);
	while (atomic_load(&s->wish) != WISH_NONE)
		pthread_cond_wait(&s->done, &s->lock);
	ret = s->result;
	if (ret)
		snprintf(why, why_bytes, "%s", s->why);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

/* --- for others --- */

/* Only what is asked by this thread opens the board anew: its info stands. */
struct setup_params scanner_setup_params(const struct scanner *s)
{
	return (struct setup_params){
		.presets = s->params.presets,
		.info = s->info,
		.workers = s->params.workers,
		.buffers = s->params.buffers,
	};
}

int scanner_use(struct scanner *s, struct setup *setup, char *why,
		size_t why_bytes)
{
	int ret;

	s->setup = setup;
	ret = ask(s, WISH_USE, why, why_bytes);
	setup_destroy(s->setup);
	s->setup = NULL;
	return ret;
}

int scanner_scan(struct scanner *s, char *why, size_t why_bytes)
{
	return ask(s, WISH_SCAN, why, why_bytes);
}

int scanner_freeze(struct scanner *s, char *why, size_t why_bytes)
{
	return ask(s, WISH_FREEZE, why, why_bytes);
}

void scanner_status(struct scanner *s, struct scanner_status *status)
{
	pthread_mutex_lock(&s->lock);
	*status = s->status;
	pthread_mutex_unlock(&s->lock);
}

uint64_t scanner_alive(struct scanner *s)
{
	return atomic_load(&s->idle) ? 0 : atomic_load(&s->alive);
}

int scanner_create(struct scanner **scanner,
		   const struct scanner_params *params, struct outlet *outlet,
		   char *why, size_t why_bytes)
{
	struct scanner *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return sono_why(why, why_bytes, -ENOMEM, "no memory");
	s->params = *params;
	atomic_init(&s->alive, 1);
	s->outlet = outlet;
	if (!s->params.workers)
		s->params.workers = workers_available();
	if (!s->params.heartbeat_ms)
		s->params.heartbeat_ms = HEARTBEAT_MS;
	s->status.heartbeat_ms = s->params.heartbeat_ms;
	sono_controls_init(&s->status.controls);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	pthread_cond_init(&s->done, NULL);
	ret = open_board(s);
	if (!ret) {
		ret = -pthread_create(&s->thread, NULL, run, s);
		if (ret)
			refuse(s, ret, "thread");
	}
	if (ret) {
		sono_why(why, why_bytes, ret, "%s", s->why);
		sono_close(s->sono);
		free(s);
		return ret;
	}
	*scanner = s;
	return 0;
}

void scanner_destroy(struct scanner *s)
{
	char why[1];

	if (!s)
		return;
	ask(s, WISH_END, why, sizeof(why));
	pthread_join(s->thread, NULL);
	share_put(atomic_exchange(&s->outlet->newest, NULL));
	setup_destroy(s->now);
	sono_close(s->sono);
	pthread_cond_destroy(&s->done);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

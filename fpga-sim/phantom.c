// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cycle.h"
#include "echo.h"
#include "heart.h"
#include "phantom.h"
#include "random.h"
#include "sono_regs.h"
#include "wide.h"

#define FULL_SCALE 4
#define FRAMES_MAX 256
#define FRAMES_MIN 2
#define BUCKETS 256 /* of an event's kept rows */
#define NOBODY UINT32_MAX

struct phantom {
	struct sim_frontend base;
	struct sim_phantom_config config;
	struct sim_scene *scene;
	struct sim_cycle cycle; /* of the table that was begun last */
	double clock; /* of the board that loaded a table last [Hz] */
	bool begun;
};

/* Rows of an event, as seen at one place in the loop. */
struct kept {
	struct kept *next;
	uint64_t place;
	uint8_t rows[];
};

/* What is known of one event. */
struct seen {
	uint8_t *silent; /* rows where it did not transmit */
	uint8_t *still; /* [frames][bytes], of a scene that stands still */
	uint32_t like; /* first event that hears the same, unless things move */
	float *rf; /* [channels][samples], of what stands still, if any; its own */
	bool heard; /* @rf is made */
	struct kept *kept[BUCKETS];
};

struct cache {
	struct echo *echo;
	float *rf; /* [channels][samples] of the event being computed */
	uint32_t last; /* event whose like stands still in @rf, or NOBODY */
	float *gain; /* [samples] */
	float *row; /* [samples], of a channel; room for whole lanes */
	uint8_t *rows; /* of an event that could not be kept */
	struct sim_cycle cycle;
	uint32_t frames; /* of @still */
	size_t used; /* by what is kept [bytes] */
	uint32_t events;
	struct seen seen[];
};

static struct phantom *phantom_of(struct sim_frontend *fe)
{
	return (struct phantom *)fe;
}

static bool moves(const struct phantom *p)
{
	return p->scene->period > 0;
}

/* --- a table's cache ---------------------------------------------------------- */

static void forget(struct seen *seen)
{
	free(seen->silent);
	free(seen->still);
	free(seen->rf);
	for (int i = 0; i < BUCKETS; i++) {
		struct kept *k = seen->kept[i];

		while (k) {
			struct kept *next = k->next;

			free(k);
			k = next;
		}
	}
}

static void unload(struct sim_frontend *fe, void *data)
{
	struct cache *c = data;

	(void)fe;
	if (!c)
		return;
	echo_destroy(c->echo);
	free(c->rf);
	free(c->gain);
	free(c->row);
	free(c->rows);
	for (uint32_t i = 0; i < c->events; i++)
		forget(&c->seen[i]);
	free(c);
}

static uint64_t turn_bytes(const struct sim_seq *table)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < table->events; i++)
		bytes += table->event[i].bytes;
	return bytes;
}

static uint32_t frames_kept(const struct phantom *p,
			    const struct sim_seq *table)
{
	uint64_t bytes = turn_bytes(table), room = p->config.cache_bytes, n;

	if (moves(p))
		return 0;
	room = room < SIM_PHANTOM_STILL_BYTES ? room : SIM_PHANTOM_STILL_BYTES;
	n = (room + bytes - 1) / bytes;
	return n < FRAMES_MIN ? FRAMES_MIN : n > FRAMES_MAX ? FRAMES_MAX : n;
}

static size_t rf_bytes(const struct sim_seq *table, uint32_t event)
{
	return (size_t)table->channels * table->event[event].rx_samples *
	       sizeof(float);
}

/* Before gain and noise: two shots of an ensemble, say. */
static bool hears_the_same(const struct sim_event *a, const struct sim_event *b)
{
	return !((a->flags ^ b->flags) & SONO_EVENT_RX_ONLY) &&
	       a->tx_row == b->tx_row && a->tx_freq == b->tx_freq &&
	       a->tx_half_cycles == b->tx_half_cycles &&
	       a->tx_polarity == b->tx_polarity && a->hv == b->hv &&
	       a->rx_start == b->rx_start && a->rx_samples == b->rx_samples &&
	       a->rx_decimation == b->rx_decimation && a->rx_map == b->rx_map;
}

static uint32_t first_like(const struct sim_seq *table, uint32_t event)
{
	uint32_t i = 0;

	while (!hears_the_same(&table->event[i], &table->event[event]))
		i++;
	return i;
}

static int alloc_seen(const struct phantom *p, struct cache *c,
		      const struct sim_seq *table, uint32_t event)
{
	struct seen *s = &c->seen[event];
	size_t bytes = table->event[event].bytes;

	s->like = first_like(table, event);
	s->silent = calloc(1, bytes);
	if (!s->silent)
		return -ENOMEM;
	if (!moves(p)) {
		s->still = calloc(c->frames, bytes);
		return s->still ? 0 : -ENOMEM;
	}
	if (!p->scene->still || s->like != event)
		return 0;
	s->rf = malloc(rf_bytes(table, event));
	c->used += rf_bytes(table, event);
	return s->rf ? 0 : -ENOMEM;
}

static int alloc_cache(const struct phantom *p, struct cache *c,
		       const struct sim_seq *table)
{
	uint32_t samples = 0, bytes = 0;

	for (uint32_t i = 0; i < table->events; i++) {
		const struct sim_event *e = &table->event[i];
		int err = alloc_seen(p, c, table, i);

		if (err)
			return err;
		samples = e->rx_samples > samples ? e->rx_samples : samples;
		bytes = e->bytes > bytes ? e->bytes : bytes;
	}
	c->rf = malloc((size_t)table->channels * samples * sizeof(*c->rf));
	c->gain = malloc(samples * sizeof(*c->gain));
	c->row = malloc((samples + SIM_RANDOM_LANES) * sizeof(*c->row));
	c->rows = calloc(1, bytes);
	return c->rf && c->gain && c->row && c->rows ? 0 : -ENOMEM;
}

static uint32_t turns_kept(const struct phantom *p, const struct cache *c,
			   const struct sim_seq *table)
{
	uint64_t bytes = turn_bytes(table) +
			 table->events * sizeof(struct kept);

	if (p->config.cache_bytes <= c->used + bytes)
		return 1;
	return (uint32_t)((p->config.cache_bytes - c->used) / bytes);
}

static int load(struct sim_frontend *fe, const struct sim_seq *table,
		void **data)
{
	struct phantom *p = phantom_of(fe);
	struct cache *c = calloc(1, sizeof(*c) +
					    table->events * sizeof(*c->seen));
	int err;

	if (!c)
		return -ENOMEM;
	c->events = table->events;
	c->last = NOBODY;
	c->frames = frames_kept(p, table);
	err = echo_create(&c->echo, &p->config.probe, p->config.nonlinearity,
			  table);
	if (!err)
		err = alloc_cache(p, c, table);
	if (err) {
		unload(fe, c);
		return err;
	}
	if (moves(p))
		c->cycle = sim_cycle_fit(table, p->scene->period,
					 turns_kept(p, c, table));
	p->clock = table->limits.board_clock;
	*data = c;
	return 0;
}

static void begin(struct sim_frontend *fe, void *data, uint64_t at)
{
	struct phantom *p = phantom_of(fe);
	struct cache *c = data;

	if (!moves(p))
		return;
	sim_cycle_begin(&c->cycle, at && p->begun ? &p->cycle : NULL, at);
	p->cycle = c->cycle;
	p->begun = true;
}

/* --- an event ------------------------------------------------------------------ */

static void make_gain(struct cache *c, const struct sim_seq *table,
		      const struct sim_event *e)
{
	for (uint32_t n = 0; n < e->rx_samples; n++)
		c->gain[n] = (float)sim_seq_gain(table, e, n);
}

/*
 * Added and taken away again, this rounds as lrintf() does, to the nearest even,
 * and the compiler can take several samples at once through it: there a float
 * has no fraction.
 */
#define WHOLE 0x1.8p23f

/* What the converter makes of a row: gain, and no more than its bits hold. */
SIM_WIDE static void convert(const float *row, const float *gain, float limit,
			     uint32_t samples, uint16_t *to)
{
	for (uint32_t n = 0; n < samples; n++) {
		float v = row[n] * gain[n];

		v = v < limit ? v : limit;
		v = v > -limit - 1 ? v : -limit - 1;
		to[n] = htole16((uint16_t)(int)(v + WHOLE - WHOLE));
	}
}

/* Of whole lanes: @row has room for them. */
SIM_WIDE static void make_noise(struct sim_random_lanes *r, float noise,
				uint32_t samples, float *row)
{
	struct sim_random_lanes at = *r;

	for (uint32_t n = 0; n < samples; n += SIM_RANDOM_LANES)
		sim_random_lanes_normal(&at, noise, row + n);
	*r = at;
}

SIM_WIDE static void add_scaled(float *row, const float *rf, float scale,
				uint32_t samples)
{
	for (uint32_t n = 0; n < samples; n++)
		row[n] += scale * rf[n];
}

/* Rows of the event, as seen at one place or in one frame. */
static void make_rows(const struct phantom *p, const struct cache *c,
		      const struct sim_seq *table, uint32_t event,
		      uint64_t which, const float *rf, uint8_t *row)
{
	const struct sim_event *e = &table->event[event];
	const float limit = (float)((1 << (table->limits.adc_bits - 1)) - 1);
	const float scale = (limit + 1) / FULL_SCALE;
	const float noise = (float)p->config.noise;
	struct sim_random_lanes r;

	sim_random_lanes_seed(&r, p->config.scene.seed ^
					  (uint64_t)event << 20 ^ which << 32);
	for (uint32_t ch = 0; ch < table->channels; ch++, row += e->stride) {
		make_noise(&r, noise, e->rx_samples, c->row);
		if (rf) {
			add_scaled(c->row, rf, scale, e->rx_samples);
			rf += e->rx_samples;
		}
		convert(c->row, c->gain, limit, e->rx_samples, (uint16_t *)row);
	}
}

/* The echoes of all that stands still, or of all that moves. */
static void add_echoes(const struct phantom *p, struct cache *c,
		       const struct sim_seq *table, uint32_t event, bool moving,
		       float *rf)
{
	const struct sim_scene *s = p->scene;

	if (moving)
		echo_execute(c->echo, table, event, s->scatterer + s->still,
			     s->count - s->still, rf);
	else
		echo_execute(c->echo, table, event, s->scatterer, s->still, rf);
}

/* The event's rows as seen at a place in the loop. */
static void see(const struct phantom *p, struct cache *c,
		const struct sim_seq *table, uint32_t event, uint64_t place,
		uint8_t *rows)
{
	const float *still = c->seen[c->seen[event].like].rf;

	if (still)
		memcpy(c->rf, still, rf_bytes(table, event));
	else
		memset(c->rf, 0, rf_bytes(table, event));
	sim_scene_place(p->scene,
			sim_cycle_phase(&c->cycle, place) * p->scene->period);
	add_echoes(p, c, table, event, true, c->rf);
	make_gain(c, table, &table->event[event]);
	make_rows(p, c, table, event, 1 + place, c->rf, rows);
}

/* From the cache, or new to it, or in @c->rows where it is full. */
static const void *look(const struct phantom *p, struct cache *c,
			const struct sim_seq *table, uint32_t event,
			uint64_t place)
{
	size_t bytes = sizeof(struct kept) + table->event[event].bytes;
	uint64_t hash = place * 0x9e3779b97f4a7c15u >> 40;
	struct kept **at = &c->seen[event].kept[hash % BUCKETS];
	struct kept *k;

	for (k = *at; k; k = k->next)
		if (k->place == place)
			return k->rows;
	k = c->used + bytes <= p->config.cache_bytes ? calloc(1, bytes) : NULL;
	if (!k) {
		memset(c->rows, 0, table->event[event].bytes);
		see(p, c, table, event, place, c->rows);
		return c->rows;
	}
	c->used += bytes;
	k->place = place;
	k->next = *at;
	*at = k;
	see(p, c, table, event, place, k->rows);
	return k->rows;
}

static void prepare_still(const struct phantom *p, struct cache *c,
			  const struct sim_seq *table, uint32_t event)
{
	const uint32_t like = c->seen[event].like;
	uint8_t *to = c->seen[event].still;

	if (like != c->last) {
		memset(c->rf, 0, rf_bytes(table, event));
		add_echoes(p, c, table, event, false, c->rf);
		c->last = like;
	}
	for (uint32_t f = 0; f < c->frames; f++) {
		make_rows(p, c, table, event, f, c->rf, to);
		to += table->event[event].bytes;
	}
}

/* Every place at which this event comes, if the run starts with the table. */
static void prepare_ahead(const struct phantom *p, struct cache *c,
			  const struct sim_seq *table, uint32_t event)
{
	uint64_t at = 0, turn;

	if (!c->cycle.turns)
		return;
	turn = c->cycle.ticks / c->cycle.turns;
	for (uint32_t i = 0; i < event; i++)
		at += table->event[i].period;
	for (uint32_t n = 0; n < c->cycle.turns; n++)
		look(p, c, table, event, (at + n * turn) % c->cycle.ticks);
}

static void prepare(struct sim_frontend *fe, const struct sim_seq *table,
		    void *data, uint32_t event)
{
	struct phantom *p = phantom_of(fe);
	struct cache *c = data;
	struct seen *like = &c->seen[c->seen[event].like];

	make_gain(c, table, &table->event[event]);
	make_rows(p, c, table, event, UINT32_MAX, NULL, c->seen[event].silent);
	if (!moves(p)) {
		prepare_still(p, c, table, event);
		return;
	}
	if (like->rf && !like->heard) {
		memset(like->rf, 0, rf_bytes(table, event));
		add_echoes(p, c, table, event, false, like->rf);
		like->heard = true;
	}
	if (p->config.ahead)
		prepare_ahead(p, c, table, event);
}

static const void *rows(struct sim_frontend *fe, const struct sim_seq *table,
			void *data, uint32_t event, const struct sim_shot *shot)
{
	struct phantom *p = phantom_of(fe);
	struct cache *c = data;
	struct seen *s = &c->seen[event];

	if (!shot->fired)
		return s->silent;
	if (!moves(p))
		return s->still + (size_t)(shot->seq % c->frames) *
					  table->event[event].bytes;
	return look(p, c, table, event, sim_cycle_place(&c->cycle, shot->at));
}

/* --- ECG ------------------------------------------------------------------------- */

static int16_t ecg(struct sim_frontend *fe, uint64_t at)
{
	const struct sim_cycle *c = &phantom_of(fe)->cycle;

	return (int16_t)lrint(
		sim_heart_ecg(sim_cycle_phase(c, sim_cycle_place(c, at))));
}

static uint64_t r_wave(struct sim_frontend *fe, uint64_t at)
{
	return sim_cycle_next(&phantom_of(fe)->cycle, at);
}

double sim_phantom_periods(struct sim_frontend *fe)
{
	const struct phantom *p = phantom_of(fe);

	if (!moves(p) || !p->begun)
		return 0;
	return p->cycle.periods * p->clock / (double)p->cycle.ticks;
}

/* --- life ------------------------------------------------------------------------ */

static void destroy(struct sim_frontend *fe)
{
	sim_scene_destroy(phantom_of(fe)->scene);
	free(fe);
}

static const struct sim_frontend_ops phantom_ops = {
	.load = load,
	.prepare = prepare,
	.begin = begin,
	.rows = rows,
	.ecg = ecg,
	.r_wave = r_wave,
	.unload = unload,
	.destroy = destroy,
};

void sim_phantom_config_init(struct sim_phantom_config *config)
{
	*config = (struct sim_phantom_config){
		.scene = { .seed = 1, .heart_rate = SIM_HEART_RATE },
		.noise = 0.5,
		.cache_bytes = 512 << 20,
	};
	sim_probe_find(&config->probe, "linear");
}

int sim_phantom_create(struct sim_frontend **fe, const char *scene,
		       const struct sim_phantom_config *config)
{
	struct phantom *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	err = sim_scene_create(&p->scene, scene, &config->scene);
	if (err) {
		free(p);
		return err;
	}
	p->base.ops = &phantom_ops;
	p->base.name = p->scene->name;
	p->base.ecg_rate = p->scene->ecg ? SIM_HEART_ECG_RATE : 0;
	p->config = *config;
	*fe = &p->base;
	return 0;
}

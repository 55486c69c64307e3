// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "phantom.h"
#include "random.h"
#include "sono_regs.h"

#define FULL_SCALE 4
#define FRAMES_MAX 256
#define FRAMES_MIN 2

struct phantom {
	struct sim_frontend base;
	struct sim_phantom_config config;
	char scene[16];
	struct sim_scatterer *scatterer;
	size_t count;
};

/* What is kept for one table. The last of the frames is without echoes. */
struct cache {
	struct echo *echo;
	float *rf; /* [channels][samples] of the event being computed */
	float *gain; /* [samples] */
	uint32_t frames;
	uint8_t **rows; /* [events], each [frames + 1][event bytes] */
};

static struct phantom *phantom_of(struct sim_frontend *fe)
{
	return (struct phantom *)fe;
}

/* --- a table's cache ---------------------------------------------------------- */

static void unload(struct sim_frontend *fe, void *data)
{
	struct cache *c = data;

	(void)fe;
	if (!c)
		return;
	echo_destroy(c->echo);
	free(c->rf);
	free(c->gain);
	if (c->rows)
		for (uint8_t **row = c->rows; *row; row++)
			free(*row);
	free(c->rows);
	free(c);
}

static uint32_t frames_kept(const struct phantom *p,
			    const struct sim_seq *table)
{
	uint64_t bytes = 0;
	uint64_t n;

	for (uint32_t i = 0; i < table->events; i++)
		bytes += table->event[i].bytes;
	n = (p->config.cache_bytes + bytes - 1) / bytes;
	return n < FRAMES_MIN ? FRAMES_MIN : n > FRAMES_MAX ? FRAMES_MAX : n;
}

static int alloc_rows(struct cache *c, const struct sim_seq *table)
{
	uint32_t samples = 0;

	c->rows = calloc((size_t)table->events + 1, sizeof(*c->rows));
	if (!c->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < table->events; i++) {
		const struct sim_event *e = &table->event[i];

		samples = e->rx_samples > samples ? e->rx_samples : samples;
		c->rows[i] = calloc(c->frames + 1, e->bytes);
		if (!c->rows[i])
			return -ENOMEM;
	}
	c->rf = malloc((size_t)table->channels * samples * sizeof(*c->rf));
	c->gain = malloc(samples * sizeof(*c->gain));
	return c->rf && c->gain ? 0 : -ENOMEM;
}

static int load(struct sim_frontend *fe, const struct sim_seq *table,
		void **data)
{
	struct phantom *p = phantom_of(fe);
	struct cache *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->frames = frames_kept(p, table);
	err = echo_create(&c->echo, &p->config.probe, table);
	if (!err)
		err = alloc_rows(c, table);
	if (err) {
		unload(fe, c);
		return err;
	}
	*data = c;
	return 0;
}

/* --- an event ------------------------------------------------------------------ */

static double gain_db(const struct sim_seq *table, const struct sim_event *e,
		      uint32_t sample)
{
	const uint16_t *curve = table->tgc + (size_t)e->tgc * table->tgc_points;
	double at;
	uint32_t i;

	if (e->tgc == SONO_TGC_NONE || e->rx_samples < 2)
		return 0;
	at = (double)sample * (table->tgc_points - 1) / (e->rx_samples - 1);
	i = (uint32_t)at;
	if (i >= table->tgc_points - 1)
		return curve[table->tgc_points - 1] / 256.0;
	return (curve[i] + (at - i) * (curve[i + 1] - curve[i])) / 256.0;
}

static int16_t quantise(float value, float limit)
{
	return (int16_t)lrintf(fminf(fmaxf(value, -limit - 1), limit));
}

/* One frame's rows of the event: echoes if there are any, noise, gain. */
static void make_frame(const struct phantom *p, const struct cache *c,
		       const struct sim_seq *table, uint32_t event,
		       uint32_t frame, const float *rf)
{
	const struct sim_event *e = &table->event[event];
	const float limit = (float)((1 << (table->limits.adc_bits - 1)) - 1);
	const float scale = (limit + 1) / FULL_SCALE;
	const float noise = (float)p->config.noise;
	uint8_t *row = c->rows[event] + (size_t)frame * e->bytes;
	struct sim_random r;

	sim_random_seed(&r, p->config.seed ^ (uint64_t)event << 20 ^
				    (uint64_t)frame << 40);
	for (uint32_t ch = 0; ch < table->channels; ch++, row += e->stride) {
		uint16_t *to = (uint16_t *)row;

		for (uint32_t n = 0; n < e->rx_samples; n++) {
			float v = noise * sim_random_normal(&r);

			if (rf)
				v += scale * *rf++;
			to[n] = htole16(
				(uint16_t)quantise(v * c->gain[n], limit));
		}
	}
}

static void prepare(struct sim_frontend *fe, const struct sim_seq *table,
		    void *data, uint32_t event)
{
	const struct sim_event *e = &table->event[event];
	struct phantom *p = phantom_of(fe);
	struct cache *c = data;

	for (uint32_t n = 0; n < e->rx_samples; n++)
		c->gain[n] = (float)pow(10, gain_db(table, e, n) / 20);
	memset(c->rf, 0,
	       (size_t)table->channels * e->rx_samples * sizeof(*c->rf));
	echo_execute(c->echo, table, event, p->scatterer, p->count, c->rf);
	for (uint32_t f = 0; f < c->frames; f++)
		make_frame(p, c, table, event, f, c->rf);
	make_frame(p, c, table, event, c->frames, NULL);
}

static const void *rows(struct sim_frontend *fe, const struct sim_seq *table,
			void *data, uint32_t event, uint64_t seq, bool fired)
{
	const struct cache *c = data;
	size_t frame = fired ? seq % c->frames : c->frames;

	(void)fe;
	return c->rows[event] + frame * table->event[event].bytes;
}

/* --- life ------------------------------------------------------------------------ */

static void destroy(struct sim_frontend *fe)
{
	free(phantom_of(fe)->scatterer);
	free(fe);
}

static const struct sim_frontend_ops phantom_ops = {
	.load = load,
	.prepare = prepare,
	.rows = rows,
	.unload = unload,
	.destroy = destroy,
};

void sim_phantom_config_init(struct sim_phantom_config *config)
{
	*config = (struct sim_phantom_config){
		.seed = 1,
		.noise = 0.5,
		.cache_bytes = 64 << 20,
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
	err = sim_scene_make(scene, config->seed, &p->scatterer, &p->count);
	if (err) {
		free(p);
		return err;
	}
	strncpy(p->scene, scene, sizeof(p->scene) - 1);
	p->base.ops = &phantom_ops;
	p->base.name = p->scene;
	p->config = *config;
	*fe = &p->base;
	return 0;
}

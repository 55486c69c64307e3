// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "seq.h"
#include "sono_regs.h"

struct player {
	struct sim_frontend base;
	struct sim_replay replay;
	uint32_t *samples;
};

static struct player *player_of(struct sim_frontend *fe)
{
	return (struct player *)fe;
}

static bool event_matches(const struct sim_replay *r,
			  const struct sim_seq *table,
			  const struct sim_event *e, uint32_t index)
{
	double fs = (double)table->limits.adc_clock / e->rx_decimation;
	bool last = e->flags & SONO_EVENT_FRAME_END;

	return index < r->events && last == (index == r->events - 1) &&
	       e->rx_samples == r->samples[index] && fabs(fs - r->fs) < 1;
}

/* The data of a table are the samples where nothing was transmitted: 0. */
static int load(struct sim_frontend *fe, const struct sim_seq *table,
		void **data)
{
	const struct sim_replay *r = &player_of(fe)->replay;

	if (table->channels != r->channels)
		return -EINVAL;
	for (uint32_t i = 0; i < table->events; i++) {
		const struct sim_event *e = &table->event[i];

		if (!event_matches(r, table, e, i - e->first))
			return -EINVAL;
	}
	*data = calloc(1, table->frame_bytes);
	return *data ? 0 : -ENOMEM;
}

static void prepare(struct sim_frontend *fe, const struct sim_seq *table,
		    void *data, uint32_t event)
{
	(void)fe, (void)table, (void)data, (void)event;
}

static const void *rows(struct sim_frontend *fe, const struct sim_seq *table,
			void *data, uint32_t event, const struct sim_shot *shot)
{
	const struct sim_replay *r = &player_of(fe)->replay;
	const char *frame = data;

	if (shot->fired)
		frame = r->frame(r->context, shot->seq % r->frames);
	return frame + table->event[event].offset;
}

static int16_t ecg(struct sim_frontend *fe, uint64_t at)
{
	const struct sim_replay *r = &player_of(fe)->replay;

	return r->ecg(r->context, at);
}

static uint64_t r_wave(struct sim_frontend *fe, uint64_t at)
{
	const struct sim_replay *r = &player_of(fe)->replay;

	return r->r_wave(r->context, at);
}

static void unload(struct sim_frontend *fe, void *data)
{
	(void)fe;
	free(data);
}

static void destroy(struct sim_frontend *fe)
{
	free(player_of(fe)->samples);
	free(fe);
}

static const struct sim_frontend_ops player_ops = {
	.load = load,
	.prepare = prepare,
	.rows = rows,
	.ecg = ecg,
	.r_wave = r_wave,
	.unload = unload,
	.destroy = destroy,
};

int sim_replay_create(struct sim_frontend **fe, const struct sim_replay *replay)
{
	struct player *p;

	if (!replay->frames || !replay->events || !replay->channels)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->samples = malloc(replay->events * sizeof(*p->samples));
	if (!p->samples) {
		free(p);
		return -ENOMEM;
	}
	memcpy(p->samples, replay->samples,
	       replay->events * sizeof(*p->samples));
	p->replay = *replay;
	p->replay.samples = p->samples;
	p->base.ops = &player_ops;
	p->base.name = "replay";
	p->base.ecg_rate = replay->ecg_rate;
	*fe = &p->base;
	return 0;
}

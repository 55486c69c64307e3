// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Loading a table takes time: one step reads and checks it, one more per
 * event lets the front-end prepare. A host that does not wait will notice.
 */
#include <stdlib.h>

#include "board.h"

#define READ_NS 50000
#define PREPARE_NS 5000

static void free_table(struct sim_board *b, struct sim_table *t)
{
	if (!t)
		return;
	if (b->config.frontend)
		b->config.frontend->ops->unload(b->config.frontend, t->data);
	sim_seq_free(t->seq);
	free(t->scratch);
	free(t->shot);
	free(t);
}

void sim_load_reset(struct sim_board *b)
{
	free_table(b, b->table);
	free_table(b, b->loader.pending);
	b->table = NULL;
	b->loader.pending = NULL;
	b->loader.state = SONO_SEQ_EMPTY;
	b->loader.code = SONO_SEQ_OK;
	b->loader.event = UINT32_MAX;
	b->due[TIMER_LOAD] = SIM_NEVER;
}

void sim_load_start(struct sim_board *b)
{
	if (b->loader.state == SONO_SEQ_LOADING)
		return;
	free_table(b, b->loader.pending);
	b->loader.pending = NULL;
	b->loader.state = SONO_SEQ_LOADING;
	b->loader.code = SONO_SEQ_OK;
	b->loader.event = UINT32_MAX;
	b->due[TIMER_LOAD] = b->now + sim_ticks(b, READ_NS);
	if (sim_strikes(b, &b->config.faults.forget, ++b->loader.loads))
		b->due[TIMER_REBOOT] = b->now;
}

/* Injected: whatever curve there is, the amplifiers do not hear of it. */
static void forget_gain(struct sim_seq *seq)
{
	for (uint32_t i = 0; i < seq->events; i++)
		seq->event[i].tgc = SONO_TGC_NONE;
}

static int parse(struct sim_board *b, void *raw, struct sim_seq **seq)
{
	int err;

	if (sim_dma_read(b, b->seq_addr, raw, b->seq_bytes))
		return SONO_SEQ_E_DMA;
	b->loader.tables++;
	if (sim_strikes(b, &b->config.faults.crc, b->loader.tables))
		((unsigned char *)raw)[b->seq_bytes / 2] ^= 1;
	err = sim_seq_parse(seq, &b->config.limits, raw, b->seq_bytes,
			    &b->loader.event);
	if (!err && b->config.faults.gain_stuck)
		forget_gain(*seq);
	return err;
}

static int read_table(struct sim_board *b, struct sim_seq **seq)
{
	void *raw;
	int err;

	if (!b->seq_bytes || b->seq_bytes > b->config.limits.seq_bytes_max)
		return SONO_SEQ_E_HEADER;
	raw = malloc(b->seq_bytes);
	if (!raw)
		return SONO_SEQ_E_SOURCE;
	err = parse(b, raw, seq);
	free(raw);
	return err;
}

static int make_table(struct sim_board *b, struct sim_table **table)
{
	struct sim_frontend *fe = b->config.frontend;
	struct sim_table *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return SONO_SEQ_E_SOURCE;
	err = read_table(b, &t->seq);
	if (err) {
		free(t);
		return err;
	}
	t->scratch = calloc(1, t->seq->frame_bytes);
	t->shot = calloc(t->seq->events, sizeof(*t->shot));
	if (!t->scratch || !t->shot ||
	    (fe && fe->ops->load(fe, t->seq, &t->data))) {
		free_table(b, t);
		return SONO_SEQ_E_SOURCE;
	}
	*table = t;
	return SONO_SEQ_OK;
}

static void refuse(struct sim_board *b, int code)
{
	b->loader.state = SONO_SEQ_ERROR;
	b->loader.code = (uint32_t)code;
	sim_log(b, "ev=seq gen=%u error=%d event=%d", b->cfg_gen, code,
		(int)b->loader.event);
	sim_irq_raise(b, SONO_IRQ_SEQ);
}

static void finish(struct sim_board *b)
{
	b->loader.state = SONO_SEQ_PENDING;
	if (b->run.running)
		sim_irq_raise(b, SONO_IRQ_SEQ);
	else
		sim_load_activate(b);
}

void sim_load_step(struct sim_board *b)
{
	struct sim_loader *l = &b->loader;
	struct sim_frontend *fe = b->config.frontend;

	if (!l->pending) {
		int code = make_table(b, &l->pending);

		if (code) {
			refuse(b, code);
			return;
		}
		l->prepared = 0;
	} else {
		if (fe)
			fe->ops->prepare(fe, l->pending->seq, l->pending->data,
					 l->prepared);
		l->prepared++;
	}
	if (l->prepared < l->pending->seq->events)
		b->due[TIMER_LOAD] = b->now + sim_ticks(b, PREPARE_NS);
	else
		finish(b);
}

/* The pending table, if there is one, becomes the active one. */
void sim_load_activate(struct sim_board *b)
{
	if (b->loader.state != SONO_SEQ_PENDING)
		return;
	free_table(b, b->table);
	b->table = b->loader.pending;
	b->loader.pending = NULL;
	b->loader.state = SONO_SEQ_ACTIVE;
	b->cfg_gen++;
	sim_log(b, "ev=seq gen=%u error=0 events=%u frame_bytes=%u", b->cfg_gen,
		b->table->seq->events, b->table->seq->frame_bytes);
	sim_irq_raise(b, SONO_IRQ_SEQ);
}

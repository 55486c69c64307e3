// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Interrupts: causes with their enables, and moderation of completions. */
#include "board.h"

#define LATE_NS 3000000u

/* One interrupt, or what an injected fault makes of it. */
void sim_irq_send(struct sim_board *b, unsigned int vector)
{
	const struct sim_faults *f = &b->config.faults;

	b->irqs++;
	if (sim_strikes(b, &f->irq_lost, b->irqs)) {
		sim_log(b, "ev=irq_lost vector=%u", vector);
		return;
	}
	if (sim_strikes(b, &f->irq_late, b->irqs)) {
		b->irq_late |= 1u << vector;
		b->due[TIMER_IRQ_LATE] = b->now + sim_ticks(b, LATE_NS);
		return;
	}
	b->ops.irq(b->host, vector);
	if (sim_strikes(b, &f->irq_double, b->irqs))
		b->ops.irq(b->host, vector);
}

/* The last vector first: late, and in another order. */
void sim_irq_late(struct sim_board *b)
{
	for (unsigned int v = SONO_NUM_VECS; v--;)
		if (b->irq_late & 1u << v)
			b->ops.irq(b->host, v);
	b->irq_late = 0;
}

static unsigned int vector_of(uint32_t bit)
{
	return bit == SONO_IRQ_FAULT ? SONO_VEC_EVENT : SONO_VEC_CONTROL;
}

void sim_irq_raise(struct sim_board *b, uint32_t bit)
{
	b->irq_status |= bit;
	if (b->irq_enable & bit)
		sim_irq_send(b, vector_of(bit));
}

/* A cause that waited for its enable is not lost. */
void sim_irq_enable(struct sim_board *b, uint32_t bits)
{
	uint32_t late = bits & ~b->irq_enable & b->irq_status;

	b->irq_enable = bits;
	if (late & SONO_IRQ_FAULT)
		sim_irq_send(b, SONO_VEC_EVENT);
	if (late & (SONO_IRQ_SEQ | SONO_IRQ_STOPPED | SONO_IRQ_FW))
		sim_irq_send(b, SONO_VEC_CONTROL);
}

void sim_irq_completion(struct sim_board *b)
{
	uint64_t wait = (uint64_t)b->irq_time * 1000;

	b->irq_held++;
	if (b->irq_held >= b->irq_count)
		sim_irq_flush(b);
	else if (b->irq_held == 1 && wait)
		b->due[TIMER_IRQ] = b->now + sim_ticks(b, wait);
}

void sim_irq_flush(struct sim_board *b)
{
	b->due[TIMER_IRQ] = SIM_NEVER;
	if (!b->irq_held)
		return;
	b->irq_held = 0;
	sim_irq_send(b, SONO_VEC_CAPTURE);
}

// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prof_figures.h"

/* So often the medians that frames are compared with are found anew. */
#define TYPICAL_FRAMES	32

/* Frames over which the earliest record is the measure: clocks drift. */
#define EARLY_FRAMES	512

int prof_figures_part(struct prof_figures *f, enum prof_kind kind,
		      const char *name)
{
	struct prof_part *part = &f->part[f->parts];

	if (f->parts == PROF_PARTS_MAX)
		return -1;
	part->kind = kind;
	snprintf(part->name, sizeof(part->name), "%s", name);
	return f->parts++;
}

/* --- blocks ---------------------------------------------------------------- */

static int longer(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Twice as many frames for each value, so that a run of any length has room. */
static void merge(struct prof_blocks *b)
{
	for (uint32_t i = 0; i < PROF_BLOCKS_MAX / 2; i++)
		b->value[i] = (b->value[2 * i] + b->value[2 * i + 1]) / 2;
	b->count = PROF_BLOCKS_MAX / 2;
	b->merged *= 2;
}

void prof_blocks_add(struct prof_blocks *b, uint64_t ns)
{
	if (!b->merged)
		b->merged = 1;
	b->ns[b->frames++] = ns;
	if (b->frames < PROF_BLOCK)
		return;
	b->frames = 0;
	qsort(b->ns, PROF_BLOCK, sizeof(*b->ns), longer);
	b->sum += (double)(b->ns[PROF_BLOCK / 2 - 1] + b->ns[PROF_BLOCK / 2]) /
		  2;
	if (++b->into < b->merged)
		return;
	b->value[b->count++] = b->sum / b->merged;
	b->into = 0;
	b->sum = 0;
	if (b->count == PROF_BLOCKS_MAX)
		merge(b);
}

/* --- blame ----------------------------------------------------------------- */

/*
 * Whether the usual frame has time enough. If so, what went wrong is what was
 * not as usual; if not, it is what takes longest.
 */
static bool usually_in_time(const struct prof_figures *f)
{
	uint64_t usual = 0;

	for (uint32_t i = 0; i < f->parts; i++)
		if (f->part[i].kind != PROF_WAKE)
			usual += f->part[i].typical;
	return usual < f->deadline;
}

static unsigned int worst_part(const struct prof_figures *f,
			       const struct prof_window *w)
{
	const bool excess = usually_in_time(f);
	int64_t most = INT64_MIN;
	unsigned int worst = 0;

	for (uint32_t i = 0; i < f->parts; i++) {
		int64_t ns = (int64_t)w->ns[i];

		if (excess)
			ns -= (int64_t)(w->frames * f->part[i].typical);
		if (ns > most) {
			most = ns;
			worst = i;
		}
	}
	return worst;
}

static uint64_t busy(const struct prof_window *w)
{
	uint64_t ns = 0;

	for (unsigned int i = 0; i < PROF_PARTS_MAX; i++)
		ns += w->ns[i];
	return ns;
}

/* With a processor all the time, would there have been time enough? */
static bool stood_still(const struct prof_figures *f,
			const struct prof_window *w)
{
	return w->off_cpu && busy(w) - w->off_cpu <= w->frames * f->deadline;
}

/* Who made the consumer late. */
static unsigned int blame(const struct prof_figures *f,
			  const struct prof_window *w)
{
	const unsigned int worst = worst_part(f, w);

	switch (f->part[worst].kind) {
	case PROF_WAKE:
	case PROF_LOOP:
		return PROF_CONSUMER;
	case PROF_STAGE:
		return stood_still(f, w) ? PROF_CONSUMER : worst;
	case PROF_DISK:
		return PROF_RECORDING;
	default:
		return worst;
	}
}

/*
 * The board had no slot: who had them? Frames are dropped after the record before
 * this one. If that was made while the consumer was still busy with an older
 * frame, what it did then counts, too.
 */
static unsigned int blame_drop(const struct prof_figures *f)
{
	const struct prof_window *w = &f->window;

	if (f->former_end > f->host && busy(&f->former) > busy(w))
		w = &f->former;
	if (f->played)
		return PROF_PLAYED;
	if (w->on_disk > f->slots / 2)
		return PROF_RECORDING;
	return busy(w) > f->period ? blame(f, w) : PROF_BOARD;
}

/* Its completion never came, or it is damaged where it is kept. */
static unsigned int blame_lost(const struct prof_figures *f)
{
	return f->played ? PROF_PLAYED : PROF_BOARD;
}

/* There was a newer one: was the consumer late, or did several come at once? */
static unsigned int blame_skip(const struct prof_figures *f,
			       const struct prof_sample *s)
{
	struct prof_window woken = { .frames = 1 };

	if (!s->waited)
		return busy(&f->window) > f->period ? blame(f, &f->window) :
						      PROF_BOARD;
	for (uint32_t i = 0; i < f->parts; i++)
		if (f->part[i].kind == PROF_WAKE)
			woken.ns[i] = s->ns[i];
	return busy(&woken) > f->period ? PROF_CONSUMER : PROF_BOARD;
}

static void count(struct prof_figures *f, enum prof_loss loss,
		  unsigned int culprit, uint64_t n)
{
	f->loss[loss] += n;
	f->blamed[loss][culprit] += n;
}

/* What was lost before this frame was lost by what the consumer did till then. */
static void count_losses(struct prof_figures *f, const struct prof_sample *s)
{
	if (s->on_disk > f->window.on_disk)
		f->window.on_disk = s->on_disk;
	if (s->skipped)
		count(f, PROF_SKIPPED, blame_skip(f, s), s->skipped);
	if (s->dropped)
		count(f, PROF_DROPPED, blame_drop(f), s->dropped);
	if (s->lost)
		count(f, PROF_LOST, blame_lost(f), s->lost);
}

static void window_add(const struct prof_figures *f, struct prof_window *w,
		       const struct prof_sample *s)
{
	w->frames++;
	w->off_cpu += s->off_cpu;
	for (uint32_t i = 0; i < f->parts; i++) {
		if (!(s->ran >> i & 1))
			continue;
		w->ns[i] += s->ns[i];
		if (f->part[i].kind == PROF_STAGE)
			w->stages += s->ns[i];
	}
}

static void count_late(struct prof_figures *f, const struct prof_sample *s)
{
	struct prof_window alone = { 0 };

	if (s->published - s->taken <= f->deadline)
		return;
	window_add(f, &alone, s);
	for (uint32_t i = 0; i < f->parts; i++)
		if (f->part[i].kind != PROF_STAGE &&
		    f->part[i].kind != PROF_SINK)
			alone.ns[i] = 0;
	count(f, PROF_LATE, blame(f, &alone), 1);
}

/* --- a frame --------------------------------------------------------------- */

static void add_part(struct prof_part *part, const struct prof_sample *s,
		     uint32_t i)
{
	histogram_add(&part->time, s->ns[i]);
	prof_blocks_add(&part->blocks, s->ns[i]);
	if (s->has_cpu) {
		part->cpu_runs++;
		part->cpu_ns += s->cpu[i];
	}
}

static void find_typical(struct prof_figures *f)
{
	for (uint32_t i = 0; i < f->parts; i++)
		f->part[i].typical = histogram_quantile(&f->part[i].time, 0.5);
}

static void add_clocks(struct prof_figures *f, const struct prof_sample *s)
{
	const int64_t after = (int64_t)(s->host - s->hw);

	if (!s->host)
		return;
	histogram_add(&f->latency, s->published - s->host);
	if (f->latency.count == 1 || after < f->earliest)
		f->earliest = after;
	if (f->latency.count % EARLY_FRAMES == 1) {
		f->early[1] = f->latency.count > 1 ? f->early[0] : after;
		f->early[0] = after;
	}
	if (after < f->early[0])
		f->early[0] = after;
	histogram_add(&f->record,
		      after - (f->early[0] < f->early[1] ? f->early[0] :
							   f->early[1]));
}

void prof_figures_add(struct prof_figures *f, const struct prof_sample *s)
{
	count_losses(f, s);
	if (s->waited || s->newest) {
		f->former = f->window;
		f->former_end = f->last;
		f->window = (struct prof_window){ 0 };
	}
	window_add(f, &f->window, s);
	for (uint32_t i = 0; i < f->parts; i++)
		if (s->ran >> i & 1)
			add_part(&f->part[i], s, i);
	histogram_add(&f->frame, s->published - s->taken);
	prof_blocks_add(&f->frame_blocks, s->published - s->taken);
	add_clocks(f, s);
	if (f->frames % TYPICAL_FRAMES == 0 || f->frames < TYPICAL_FRAMES / 4)
		find_typical(f);
	count_late(f, s);
	if (!f->frames++)
		f->first = s->published;
	f->last = s->published;
	f->host = s->host;
}

void prof_figures_end(struct prof_figures *f, uint64_t dropped, uint64_t lost,
		      bool link)
{
	if (dropped > f->loss[PROF_DROPPED])
		count(f, PROF_DROPPED, link ? PROF_LINK : blame_drop(f),
		      dropped - f->loss[PROF_DROPPED]);
	if (lost > f->loss[PROF_LOST])
		count(f, PROF_LOST, link ? PROF_LINK : blame_lost(f),
		      lost - f->loss[PROF_LOST]);
}

/* --- names ----------------------------------------------------------------- */

void prof_culprit_name(const struct prof_figures *f, unsigned int culprit,
		       char *name, unsigned int bytes)
{
	static const char *const others[] = {
		[PROF_CONSUMER - PROF_PARTS_MAX] = "consumer",
		[PROF_RECORDING - PROF_PARTS_MAX] = "disk",
		[PROF_BOARD - PROF_PARTS_MAX] = "board",
		[PROF_LINK - PROF_PARTS_MAX] = "link",
		[PROF_PLAYED - PROF_PARTS_MAX] = "recording",
	};

	if (culprit >= PROF_PARTS_MAX)
		snprintf(name, bytes, "%s", others[culprit - PROF_PARTS_MAX]);
	else if (f->part[culprit].kind == PROF_STAGE)
		snprintf(name, bytes, "stage %s", f->part[culprit].name);
	else
		snprintf(name, bytes, "%s", f->part[culprit].name);
}

const char *prof_loss_name(enum prof_loss loss)
{
	static const char *const names[] = {
		[PROF_LATE] = "late",
		[PROF_SKIPPED] = "skipped",
		[PROF_DROPPED] = "dropped",
		[PROF_LOST] = "lost",
	};

	return names[loss];
}

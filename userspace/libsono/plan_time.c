// SPDX-License-Identifier: MIT
/*
 * When every event of a frame comes. A run is what may not be interrupted: a
 * transmit of B, or the two of a pair, or an ensemble or a block of PW lines,
 * whose triggers lie at equal times. Steady lines, those of M or PW, are not
 * moved for anything: they divide the frame into equal intervals,
 * each filled with as many whole runs as it holds.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "plan_compile.h"
#include "sono_regs.h"

#define SHOTS_MAX 0x1000 /* of a tag */
#define ECG_RATE_MAX 1000 /* samples per second that a board may make */
#define ECG_WAIT 3 /* for a trigger; an R wave at 20 beats per minute [s] */

/* Events of one part that stay together. */
struct run {
	const struct plan_part *part;
	uint32_t shot, transmit;	/* of the first */
	uint32_t events;
};

/* The runs of a frame, in their order. */
struct runs {
	struct run *run;
	uint32_t count;
};

/* --- periods of a part --- */

/* The window and the board's overhead [board ticks]; exact, as on the board. */
static uint64_t window_ticks(const struct compiler *c,
			     const struct plan_part *part)
{
	const unsigned __int128 units = (unsigned __int128)part->window_end *
					c->info->board_clock;
	const uint64_t clock = c->info->adc_clock;

	return (uint64_t)((units + clock - 1) / clock) +
	       c->info->event_overhead;
}

/* The shortest period that the board allows. */
static double shortest_pri(const struct compiler *c,
			   const struct plan_part *part)
{
	const struct plan_pulse_text *p = &part->pulse;
	const struct sono_info *info = c->info;
	const double clock = info->board_clock;
	double ticks = part->need;

	ticks = fmax(ticks, clock / info->prf_max);
	ticks = fmax(ticks, part->longest * clock + 1);
	ticks = fmax(ticks, p->half_cycles.number / (2e6 * p->fc_mhz.number) *
				    clock / (info->tx_duty_max * 1e-6));
	return ceil(ticks);
}

static int find_pri(struct compiler *c, struct plan_part *part)
{
	const double clock = c->info->board_clock;
	const struct plan_value *prf = part->prf;
	double ticks;

	if (!part->count)
		return 0;
	part->need = window_ticks(c, part);
	ticks = shortest_pri(c, part);
	if (prf && prf->line)
		ticks = rint(clock / prf->number);
	if (ticks < part->need)
		return plan_refuse(c, part->name, "prf_hz", prf->line,
				   "%.2f us between triggers; the last echo of the window is back after %.2f us and the board needs %.2f us more",
				   ticks / clock * 1e6,
				   plan_window_end(c, part) * 1e6,
				   c->info->event_overhead / clock * 1e6);
	if (!(ticks <= UINT32_MAX))
		return plan_refuse(c, part->name, "prf_hz",
				   prf && prf->line ? prf->line :
						      part->here->line,
				   "a period of %g s; the board takes %g s",
				   ticks / clock, UINT32_MAX / clock);
	part->pri = ticks;
	return 0;
}

/* --- runs --- */

/* Transmits that belong to each other. */
static uint32_t together(const struct plan_part *part)
{
	return part->inversion ? 2 : 1;
}

static uint32_t run_events(const struct plan_part *part)
{
	if (part->role != SONO_ROLE_COLOUR && part->role != SONO_ROLE_PW)
		return together(part);
	return part->shots * (part->by_beam ? together(part) : part->count);
}

static uint32_t run_count(const struct plan_part *part)
{
	return part->count ? part->shots * part->count / run_events(part) : 0;
}

static void add_runs(struct runs *runs, const struct plan_part *part,
		     uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		runs->run[runs->count++] = (struct run){
			.part = part,
			.transmit = run_events(part) == part->shots *
					part->count ? 0 : i * together(part),
			.events = run_events(part),
		};
}

/* B in as many equal pieces as colour has ensembles, one before each. */
static void alternate(struct runs *runs, const struct compiler *c)
{
	const uint32_t b = run_count(&c->b), n = run_count(&c->colour);

	for (uint32_t i = 0; i < n; i++) {
		add_runs(runs, &c->b, (uint64_t)b * i / n,
			 (uint64_t)b * (i + 1) / n);
		add_runs(runs, &c->colour, i, i + 1);
	}
}

static int order_runs(struct compiler *c, struct runs *runs)
{
	const uint32_t b = run_count(&c->b), colour = run_count(&c->colour);
	const uint32_t pw = c->steady == &c->pw ? 0 : run_count(&c->pw);
	const enum plan_order order = c->text.sequence.order.number;

	if (order == PLAN_ALTERNATE && colour < 2)
		return refuse(c, sequence.order,
			      "wants several ensembles to alternate with; waves that are compounded make one");
	runs->run = calloc(b + colour + pw, sizeof(*runs->run));
	if (!runs->run)
		return -ENOMEM;
	if (order == PLAN_ALTERNATE) {
		alternate(runs, c);
	} else if (order == PLAN_COLOUR_B) {
		add_runs(runs, &c->colour, 0, colour);
		add_runs(runs, &c->b, 0, b);
	} else {
		add_runs(runs, &c->b, 0, b);
		add_runs(runs, &c->colour, 0, colour);
	}
	add_runs(runs, &c->pw, 0, pw);
	return 0;
}

/* --- laying them out --- */

/* From a part's trigger to another's: another voltage has to settle first. */
static uint64_t ticks_between(const struct compiler *c,
			      const struct plan_part *part,
			      const struct plan_part *next)
{
	const double settle = next->pulse.settle_us.number * 1e-6 *
			      c->info->board_clock;
	uint64_t ticks = part->need;

	if (next->pulse.hv_v.number != part->pulse.hv_v.number)
		ticks += ceil(settle);
	return ticks > part->pri ? ticks : part->pri;
}

/* From a run's first trigger to that of what comes next. */
static uint64_t run_ticks(const struct compiler *c, const struct run *run,
			  const struct plan_part *next)
{
	return (run->events - 1) * run->part->pri +
	       ticks_between(c, run->part, next);
}

static int add_slot(struct compiler *c, const struct plan_part *part,
		    uint32_t shot, uint32_t transmit)
{
	if (c->slots == c->info->seq_events_max)
		return refuse_group(c, sequence,
				    "more events in a frame than the board's %u",
				    c->info->seq_events_max);
	if (c->slots == c->slots_max) {
		const uint32_t more = c->slots_max ? 2 * c->slots_max : 64;
		struct plan_slot *slot = realloc(c->slot,
						 more * sizeof(*slot));

		if (!slot)
			return -ENOMEM;
		c->slot = slot;
		c->slots_max = more;
	}
	c->slot[c->slots++] = (struct plan_slot){ part, shot, transmit,
						  part->pri };
	return 0;
}

/* A shot's transmits one after the other; one beam's shots likewise. */
static int add_run(struct compiler *c, const struct run *run)
{
	const bool colour = run->part->role == SONO_ROLE_COLOUR;
	const uint32_t shot = colour && !run->part->by_beam ?
				      run->part->count : together(run->part);
	int ret = 0;

	for (uint32_t i = 0; i < run->events && !ret; i++)
		ret = add_slot(c, run->part, i / shot,
			       run->transmit + i % shot);
	return ret;
}

static int lay_out(struct compiler *c, const struct runs *runs)
{
	for (uint32_t i = 0; i < runs->count; i++) {
		const struct run *next = &runs->run[(i + 1) % runs->count];
		int ret = add_run(c, &runs->run[i]);

		if (ret)
			return ret;
		c->slot[c->slots - 1].ticks =
			ticks_between(c, runs->run[i].part, next->part);
		c->frame += run_ticks(c, &runs->run[i], next->part);
	}
	return 0;
}

/* --- steady lines --- */

/* Refuses how many lines there are per second. */
#define refuse_lines(c, ...) \
	plan_refuse(c, (c)->steady->name, line_key(c), line_rate(c)->line, \
		    __VA_ARGS__)

static const struct plan_value *line_rate(const struct compiler *c)
{
	return c->steady == &c->m ? &c->text.sequence.m.lines_hz :
				    &c->text.sequence.pw.prf_hz;
}

static const char *line_key(const struct compiler *c)
{
	return c->steady == &c->m ? "lines_hz" : "prf_hz";
}

static const char *line_name(const struct compiler *c)
{
	return c->steady == &c->m ? "M" : "PW";
}

static int refuse_run(struct compiler *c, const struct run *run, uint64_t room)
{
	const double us = 1e6 / c->info->board_clock;

	if (run->events > 1)
		return refuse_lines(c,
			"leaves %.2f us between two %s lines; %s of %u shots lasts %.2f us and has no uniform PRI if it is interrupted",
			room * us, line_name(c),
			run->part == &c->pw ? "a block" : "an ensemble",
			run->events, run_ticks(c, run, c->steady) * us);
	return refuse_lines(c,
		"leaves %.2f us between two %s lines; a B event lasts %.2f us",
		room * us, line_name(c), run_ticks(c, run, c->steady) * us);
}

/* From the first trigger of a line to the last, of one that is a burst. */
static uint64_t burst_ticks(const struct compiler *c)
{
	return (c->steady->burst - 1) * c->steady->pri;
}

/*
 * One interval: a line, then whole runs from @next on while they fit, the
 * last event's period stretched to the next line.
 */
static int fill_interval(struct compiler *c, const struct runs *runs,
			 uint32_t line, uint32_t *next)
{
	const struct plan_part *before = c->steady;
	const uint32_t burst = c->steady->burst;
	uint64_t at = burst_ticks(c);	/* the latest event's trigger */
	int ret = 0;

	if (line >= SHOTS_MAX / burst)
		return refuse_lines(c, "more lines in a frame than %u",
				    SHOTS_MAX);
	for (uint32_t i = 0; i < burst && !ret; i++)
		ret = add_slot(c, c->steady, line * burst + i, 0);
	for (; !ret && *next < runs->count; ++*next) {
		const struct run *run = &runs->run[*next];
		uint64_t first = at + ticks_between(c, before, run->part);

		if (first + run_ticks(c, run, c->steady) > c->interval)
			break;
		c->slot[c->slots - 1].ticks = first - at;
		ret = add_run(c, run);
		at = first + (run->events - 1) * run->part->pri;
		before = run->part;
	}
	if (!ret)
		c->slot[c->slots - 1].ticks = c->interval - at;
	return ret;
}

/* Every run must fit between two lines, or it never has a place. */
static int check_runs(struct compiler *c, const struct runs *runs)
{
	const double us = 1e6 / c->info->board_clock;
	const uint64_t line = burst_ticks(c) +
			      ticks_between(c, c->steady, c->steady);

	if (line > c->interval)
		return refuse_lines(c,
			"%.2f us from line to line; one alone takes %.2f us",
			c->interval * us, line * us);
	for (uint32_t i = 0; i < runs->count; i++) {
		const struct run *run = &runs->run[i];
		const uint64_t first = burst_ticks(c) +
				       ticks_between(c, c->steady, run->part);

		if (first + run_ticks(c, run, c->steady) > c->interval)
			return refuse_run(c, run, c->interval > first ?
					  c->interval - first : 0);
	}
	return 0;
}

static int fill_intervals(struct compiler *c, const struct runs *runs,
			  uint32_t lines)
{
	uint32_t next = 0, line = 0;
	int ret = 0;

	if (lines > SHOTS_MAX)
		return refuse_lines(c, "%u lines in a frame are more than %u",
				    lines, SHOTS_MAX);
	while (!ret && (next < runs->count || line < lines))
		ret = fill_interval(c, runs, line++, &next);
	if (ret)
		return ret;
	if (lines && line > lines)
		return refuse(c, sequence.frame_rate_hz,
			      "events and %s lines allow at most %.2f frames per second",
			      line_name(c), (double)c->info->board_clock /
						    (line * c->interval));
	c->frame = line * c->interval;
	return 0;
}

/* As many lines as asked for, or more, where frames come at a given rate. */
static int lay_out_lines(struct compiler *c, const struct runs *runs)
{
	const struct plan_value *rate = &c->text.sequence.frame_rate_hz;
	const double clock = c->info->board_clock;
	const double wanted = line_rate(c)->number;
	uint32_t lines = 0;
	int ret;

	if (c->text.sequence.trigger.number != PLAN_FREE)
		return refuse(c, sequence.trigger,
			      "frames that wait for a trigger have no %s lines at equal times",
			      line_name(c));
	c->interval = floor(clock / wanted);
	if (rate->line) {
		lines = ceil(wanted / rate->number - 1e-9);
		c->interval = rint(clock / rate->number / lines);
	}
	ret = check_runs(c, runs);
	return ret ? ret : fill_intervals(c, runs, lines);
}

/* --- the frame --- */

/*
 * ECG of a frame, of a frame that waits for a trigger also of that wait, with a
 * tenth to spare; without ECG the head alone.
 */
uint32_t plan_aux_bytes(const struct compiler *c)
{
	double seconds = (double)c->frame / c->info->board_clock;
	double bytes = sizeof(struct sono_aux);

	if (c->text.sequence.trigger.number != PLAN_FREE)
		seconds += ECG_WAIT;
	if (c->text.sequence.ecg.number)
		bytes += 2 * ceil(1.1 * seconds * ECG_RATE_MAX + 1);
	return (uint32_t)ceil(bytes / SONO_ROW_ALIGN) * SONO_ROW_ALIGN;
}

/* What the link needs for a frame that lasts as long as this one [ticks]. */
static double link_ticks(const struct compiler *c)
{
	double bytes = plan_aux_bytes(c);

	for (uint32_t i = 0; i < c->slots; i++)
		bytes += (double)((c->slot[i].part->samples * 2ull +
				   SONO_ROW_ALIGN - 1) /
				  SONO_ROW_ALIGN * SONO_ROW_ALIGN) *
			 c->elements;
	return ceil(bytes * c->info->board_clock /
		    (c->info->dma_rate_max * 1e6));
}

/* A frame rate stretches the last period; so does a link that is slower. */
static int stretch_frame(struct compiler *c)
{
	const struct plan_value *rate = &c->text.sequence.frame_rate_hz;
	const double clock = c->info->board_clock;
	double ticks = fmax(c->frame, link_ticks(c));

	if (rate->line)
		ticks = rint(clock / rate->number);
	if (ticks < c->frame)
		return refuse(c, sequence.frame_rate_hz,
			      "%u events last %.2f us and allow at most %.2f frames per second",
			      c->slots, c->frame / clock * 1e6,
			      clock / c->frame);
	ticks += c->slot[c->slots - 1].ticks - (double)c->frame;
	if (ticks > UINT32_MAX)
		return refuse(c, sequence.frame_rate_hz,
			      "a last period of %g s; the board takes %g s",
			      ticks / clock, UINT32_MAX / clock);
	c->frame += ticks - c->slot[c->slots - 1].ticks;
	c->slot[c->slots - 1].ticks = ticks;
	return 0;
}

/*
 * Between the block's last line and the next one's first is a pause, which the
 * strip shows, or nothing at all; half of one is neither.
 */
static int check_pause(struct compiler *c)
{
	const uint64_t pause = c->frame - (c->pw.shots - 1) * c->pw.pri;

	if (pause >= SPECTRUM_GAP * c->pw.pri)
		return 0;
	return refuse(c, sequence.pw.interleave,
		      "from block to block there are %.2f us, and %.2f from line to line: that is no pause",
		      pause * 1e6 / c->info->board_clock,
		      c->pw.pri * 1e6 / c->info->board_clock);
}

static void choose_steady(struct compiler *c)
{
	if (c->m.count)
		c->steady = &c->m;
	else if (c->pw.count &&
		 c->text.sequence.pw.interleave.number == PLAN_SIMULTANEOUS)
		c->steady = &c->pw;
}

int plan_times(struct compiler *c)
{
	struct runs runs = { 0 };
	int ret = find_pri(c, &c->b);

	if (!ret)
		ret = find_pri(c, &c->colour);
	if (!ret)
		ret = find_pri(c, &c->m);
	if (!ret)
		ret = find_pri(c, &c->pw);
	choose_steady(c);
	if (!ret)
		ret = order_runs(c, &runs);
	if (!ret && c->steady)
		ret = lay_out_lines(c, &runs);
	else if (!ret)
		ret = lay_out(c, &runs);
	if (!ret && !c->steady)
		ret = stretch_frame(c);
	if (!ret && c->pw.count && c->steady != &c->pw)
		ret = check_pause(c);
	free(runs.run);
	return ret;
}

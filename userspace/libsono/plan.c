// SPDX-License-Identifier: MIT
/*
 * Compiling a plan: from what is written to a scan, the board's table and the
 * pipeline's parameters. A setting that cannot be is refused by its own name
 * and line. plan_compile.h tells where each step is.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compound.h"
#include "plan_compile.h"
#include "why.h"

int plan_refuse(struct compiler *c, const char *group, const char *key,
		unsigned int line, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return sono_why(c->why, c->why_bytes, -EINVAL, "%s:%u: %s%s%s: %s",
			c->path, line, group ? group : "", group ? "." : "",
			key, reason);
}

double plan_radians(double degrees)
{
	return degrees * M_PI / 180;
}

/* --- scan --- */

/* Row of a wave in the scan; the constant is dropped only while it is made. */
static double *delays_of(const struct sono_scan *s, uint32_t event)
{
	return (double *)s->event[event].delay;
}

static enum sono_wave wave_of(const struct plan_part *part)
{
	static const enum sono_wave waves[] = {
		[PLAN_PLANE] = SONO_WAVE_PLANE,
		[PLAN_DIVERGING] = SONO_WAVE_DIVERGING,
		[PLAN_FOCUSED] = SONO_WAVE_FOCUSED,
	};

	return waves[(int)part->waves->kind.number];
}

static void make_event(const struct compiler *c, const struct plan_slot *slot,
		       uint32_t i)
{
	const struct plan_part *part = slot->part;
	const struct plan_beam *beam = &part->beam[slot->transmit];
	struct sono_event *ev = &c->plan->scan->event[i];

	ev->wave = wave_of(part);
	ev->tag = SONO_TAG(part->role, slot->shot, slot->transmit);
	ev->period = (double)slot->ticks / c->info->board_clock;
	ev->rx_start = (double)part->rx_start / c->info->adc_clock;
	ev->samples = part->samples;
	memcpy(delays_of(c->plan->scan, i),
	       part->delay + (size_t)slot->transmit * c->elements,
	       c->elements * sizeof(*part->delay));
	if (ev->wave == SONO_WAVE_FOCUSED || part->line) {
		ev->beam_x = beam->x;
		ev->beam_z = beam->z;
		ev->beam_angle = beam->angle;
	}
	if (ev->wave == SONO_WAVE_FOCUSED)
		ev->focus = part->waves->focus_mm.number * 1e-3;
}

static int make_tgc(struct compiler *c)
{
	const struct plan_list *tgc = &c->text.sequence.tgc_db;
	struct sono_scan *s = c->plan->scan;

	if (!tgc->count)
		return 0;
	s->tgc_db = calloc(tgc->count, sizeof(*s->tgc_db));
	if (!s->tgc_db)
		return -ENOMEM;
	s->tgc_points = tgc->count;
	memcpy(s->tgc_db, tgc->number, tgc->count * sizeof(*s->tgc_db));
	return 0;
}

static int make_scan(struct compiler *c)
{
	struct sono_scan *s;

	if ((double)c->slots * c->elements > SONO_SEQ_DELAYS_MAX)
		return refuse_group(c, sequence,
				    "%u events of %u elements are too many",
				    c->slots, c->elements);
	s = sono_scan_alloc(c->elements, c->elements, c->slots);
	if (!s)
		return -ENOMEM;
	c->plan->scan = s;
	memcpy(s->element, c->element, c->elements * sizeof(*s->element));
	for (uint32_t e = 0; e < c->elements; e++)
		s->channel_element[e] = e;
	for (uint32_t i = 0; i < c->slots; i++)
		make_event(c, &c->slot[i], i);
	s->fs = c->fs;
	s->fc = c->fc;
	s->c = c->c;
	s->lens_delay = c->text.probe.lens_delay_us.number * 1e-6;
	s->pulse_delay = c->pulse_delay;
	s->frame_period = (double)c->frame / c->info->board_clock;
	sono_scan_layout(s, plan_aux_bytes(c));
	return make_tgc(c);
}

/* --- the board's table --- */

static bool is_inverted(const struct plan_slot *slot)
{
	const struct plan_part *part = slot->part;
	const bool first = part->pulse.inverted.number;

	return part->inversion && slot->transmit % 2 ? !first : first;
}

static int make_waveforms(struct compiler *c)
{
	struct sono_plan *plan = c->plan;
	static const enum sono_trigger triggers[] = {
		[PLAN_FREE] = SONO_TRIGGER_NONE,
		[PLAN_ECG] = SONO_TRIGGER_ECG,
		[PLAN_EXTERNAL] = SONO_TRIGGER_EXT,
	};
	const int trigger = (int)c->text.sequence.trigger.number;

	plan->amplitude = calloc((size_t)c->slots * c->elements,
				 sizeof(*plan->amplitude));
	plan->waveform = calloc(c->slots, sizeof(*plan->waveform));
	if (!plan->amplitude || !plan->waveform)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->slots; i++) {
		const struct plan_part *part = c->slot[i].part;
		double *row = plan->amplitude + (size_t)i * c->elements;

		memcpy(row, part->weight +
			    (size_t)c->slot[i].transmit * c->elements,
		       c->elements * sizeof(*row));
		plan->waveform[i] = (struct sono_waveform){
			.frequency = part->pulse.fc_mhz.number * 1e6,
			.half_cycles = part->pulse.half_cycles.number,
			.inverted = is_inverted(&c->slot[i]),
			.voltage = part->pulse.hv_v.number,
			.settle = part->pulse.settle_us.number * 1e-6,
			.amplitude = row,
			.trigger = triggers[i ? PLAN_FREE : trigger],
		};
	}
	return 0;
}

/* The part that a fault of the table comes from. */
static const struct plan_part *faulty_part(const struct compiler *c,
					   const struct sono_fault *fault)
{
	return fault->event < c->slots ? c->slot[fault->event].part : &c->b;
}

static int refuse_pulse(struct compiler *c, const struct plan_part *part,
			const char *key, unsigned int line, const char *why)
{
	const struct plan_sequence_text *s = &c->text.sequence;
	const bool own = line != s->pulse.hv_v.line &&
			 line != s->pulse.half_cycles.line;

	return plan_refuse(c, !own ? "sequence.pulse" :
			      part == &c->pw ? "sequence.pw.pulse" :
					       "sequence.colour.pulse",
			   key, line, "%s", why);
}

/* The setting that a fault of the table comes from. */
static int refuse_table(struct compiler *c, const struct sono_fault *fault)
{
	const struct plan_part *part = faulty_part(c, fault);
	const struct plan_pulse_text *p = &part->pulse;

	switch (fault->code) {
	case SONO_SEQ_E_FEATURE:
		return refuse(c, sequence.trigger, "%s", fault->why);
	case SONO_SEQ_E_HV:
		return refuse_pulse(c, part, "hv_v", p->hv_v.line, fault->why);
	case SONO_SEQ_E_DUTY:
		return refuse_pulse(c, part, "half_cycles",
				    p->half_cycles.line, fault->why);
	case SONO_SEQ_E_DMA_RATE:
		if (c->text.sequence.frame_rate_hz.line)
			return refuse(c, sequence.frame_rate_hz, "%s",
				      fault->why);
		break;
	case SONO_SEQ_E_PRI:
		if (part->prf && part->prf->line)
			return plan_refuse(c, part->name, "prf_hz",
					   part->prf->line, "%s", fault->why);
		break;
	case SONO_SEQ_E_DELAY:
		return refuse_waves(c, part, "%s", fault->why);
	case SONO_SEQ_E_WINDOW:
	case SONO_SEQ_E_FRAME_BYTES:
		return plan_refuse(c, NULL, part->window_name,
				   part->window->here.line, "%s", fault->why);
	default:
		break;
	}
	return refuse_group(c, sequence, "%s", fault->why);
}

static int make_table(struct compiler *c)
{
	struct sono_fault fault;
	int ret = sono_sequence_compile(&c->plan->table, c->plan->scan,
					c->plan->waveform, c->info, &fault);

	return ret == -EINVAL ? refuse_table(c, &fault) : ret;
}

/*
 * What the board transmits are the table's delays, gains and periods, not
 * what they were rounded from: a frame is processed by those, be it the
 * board's or a recording's.
 */
static int adopt_table(struct compiler *c)
{
	struct sono_plan *plan = c->plan;
	struct sono_scan *old = plan->scan, *s;
	int ret = sono_sequence_decode(&s, plan->table.data, plan->table.bytes,
				       c->info, c->why, c->why_bytes);

	if (ret)
		return ret;
	memcpy(s->element, old->element, s->elements * sizeof(*s->element));
	for (uint32_t i = 0; i < s->events; i++) {
		const struct sono_event *from = &old->event[i];
		struct sono_event *to = &s->event[i];

		to->wave = from->wave;
		to->beam_x = from->beam_x;
		to->beam_z = from->beam_z;
		to->beam_angle = from->beam_angle;
		to->focus = from->focus;
	}
	s->fc = old->fc;
	s->c = old->c;
	s->lens_delay = old->lens_delay;
	s->pulse_delay = old->pulse_delay;
	plan->scan = s;
	sono_scan_free(old);
	return 0;
}

/* --- sums --- */

/* The shortest time from a trigger of a part to the next one, or 0 [s]. */
static double shortest_period(const struct sono_scan *s, enum sono_role role)
{
	double least = 0;

	for (uint32_t i = 0; i < s->events; i++)
		if (SONO_TAG_ROLE(s->event[i].tag) == role &&
		    (!least || s->event[i].period < least))
			least = s->event[i].period;
	return least;
}

/* From the first event with @tag on to that with @next; 0: there is none. */
static double time_between(const struct sono_scan *s, uint32_t tag,
			   uint32_t next)
{
	double time = 0;
	bool begun = false;

	for (uint32_t i = 0; i < s->events; i++) {
		if (begun && s->event[i].tag == next)
			return time;
		begun |= s->event[i].tag == tag;
		if (begun)
			time += s->event[i].period;
	}
	return 0;
}

/* Between successive shots of a part; they come again with every frame. */
static double shot_interval(const struct sono_scan *s, enum sono_role role)
{
	const double time = time_between(s, SONO_TAG(role, 0, 0),
					 SONO_TAG(role, 1, 0));

	return time > 0 ? time : s->frame_period;
}

/* Lines that are bursts come as often as their first shots. */
static void m_rates(struct sono_plan_rates *rates, const struct sono_scan *s,
		    const struct pipeline_params *p)
{
	const uint32_t burst = p->m.ensemble ? p->m.ensemble : 1;
	const double frequency = p->m.frequency ? p->m.frequency : s->fc;
	const double time = time_between(s, SONO_TAG(SONO_ROLE_M, 0, 0),
					 SONO_TAG(SONO_ROLE_M, burst, 0));

	rates->m_rate = 1 / (time > 0 ? time : s->frame_period);
	if (burst > 1)
		rates->m_nyquist = s->c / (4 * frequency *
					   shot_interval(s, SONO_ROLE_M));
}

/* From the first line of a part in a frame to the last. */
static double lines_last(const struct sono_scan *s, enum sono_role role)
{
	double time = 0, first = NAN, last = NAN;

	for (uint32_t i = 0; i < s->events; i++) {
		if (SONO_TAG_ROLE(s->event[i].tag) == role) {
			first = isnan(first) ? time : first;
			last = time;
		}
		time += s->event[i].period;
	}
	return last - first;
}

/* Velocities that the strip shows, and how long its pauses are. */
static void pw_rates(struct sono_plan_rates *rates, const struct sono_scan *s,
		     const struct pipeline_params *p)
{
	const double interval = shot_interval(s, SONO_ROLE_PW);
	const double nyquist = pipeline_pw_nyquist(s, &p->pw, interval);
	const double pause = s->frame_period - lines_last(s, SONO_ROLE_PW);

	rates->pw_prf = 1 / interval;
	rates->pw_least = (-1 - p->pw.baseline) * nyquist;
	rates->pw_largest = (1 - p->pw.baseline) * nyquist;
	rates->pw_pause = pause > SPECTRUM_GAP * interval ? pause : 0;
}

static struct sono_plan_density density(const struct sono_scan *s,
					const struct demod_params *demod,
					const struct grid *grid)
{
	const double near = BEAMFORM_APART / 2 * s->c /
			    demod_rate(s, demod->decimate ? demod->decimate : 1,
				       demod->interpolation);
	const double length = grid->sample_step * (grid->samples - 1);
	const uint32_t finer = beamform_finer(s, grid->sample_step,
					      demod->decimate,
					      demod->interpolation);

	return (struct sono_plan_density){
		.samples = grid->samples,
		.finer = finer,
		.enough = (uint32_t)ceil(length / near) + 1,
		.slow = grid->sample_step > near * finer,
	};
}

void sono_plan_rates(struct sono_plan_rates *rates, const struct sono_scan *s,
		     const struct pipeline_params *p)
{
	const double b = shortest_period(s, SONO_ROLE_B);
	const double colour = shortest_period(s, SONO_ROLE_COLOUR);
	const double frequency = p->colour.frequency ? p->colour.frequency :
						       s->fc;
	const enum sono_role velocity = colour ? SONO_ROLE_COLOUR :
						 SONO_ROLE_B;

	*rates = (struct sono_plan_rates){
		.prf = 1 / (b ? b : colour),
		.colour_prf = b && colour ? 1 / colour : 0,
		.frame_rate = 1 / s->frame_period,
		.compound = compound_limit(s, b ? SONO_ROLE_B :
						  SONO_ROLE_COLOUR),
		.bytes_per_second = s->frame_bytes / s->frame_period,
	};
	if (shortest_period(s, SONO_ROLE_M))
		m_rates(rates, s, p);
	if (shortest_period(s, SONO_ROLE_PW))
		pw_rates(rates, s, p);
	rates->b = density(s, &p->demod, &p->b.grid);
	if (p->colour.on && p->colour.grid.lines)
		rates->colour = density(s, &p->demod, &p->colour.grid);
	if (p->colour.on)
		rates->nyquist = s->c / (4 * frequency *
					 shot_interval(s, velocity));
}

static int make_rates(struct compiler *c)
{
	sono_plan_rates(&c->plan->rates, c->plan->scan, &c->plan->params);
	return 0;
}

/* --- whose fault --- */

static int note_lines(struct compiler *c)
{
	const struct plan_text *t = &c->text;
	struct sono_plan *plan = c->plan;
	const unsigned int lines[SONO_PLAN_GROUPS] = {
		[SONO_PLAN_SEQUENCE] = t->sequence.here.line,
		[SONO_PLAN_RECEIVE] = t->receive.here.line,
		[SONO_PLAN_PROCESSING] = t->processing.here.line,
		[SONO_PLAN_GRID] = t->processing.grid.here.line,
		[SONO_PLAN_DEMODULATION] =
			t->processing.demodulation.here.line,
		[SONO_PLAN_DOPPLER] = t->processing.doppler.here.line,
		[SONO_PLAN_M] = t->processing.m.here.line,
		[SONO_PLAN_PW] = t->processing.pw.here.line,
		[SONO_PLAN_DISPLAY] = t->display.here.line,
	};

	memcpy(plan->line, lines, sizeof(lines));
	plan->path = strdup(c->path);
	return plan->path ? 0 : -ENOMEM;
}

void sono_plan_blame(const struct sono_plan *plan, const char *reason,
		     char *why, size_t why_bytes)
{
	static const struct {
		const char *stage;
		enum sono_plan_group group;
		const char *name;
	} blame[] = {
		{ "scan: ", SONO_PLAN_SEQUENCE, "sequence" },
		{ "beamforming: ", SONO_PLAN_RECEIVE, "receive" },
		{ "grid: ", SONO_PLAN_GRID, "processing.grid" },
		{ "demodulation: ", SONO_PLAN_DEMODULATION,
		  "processing.demodulation" },
		{ "doppler: ", SONO_PLAN_DOPPLER, "processing.doppler" },
		{ "M-mode: ", SONO_PLAN_M, "processing.m" },
		{ "spectrum: ", SONO_PLAN_PW, "processing.pw" },
		{ "scan conversion: ", SONO_PLAN_DISPLAY, "display" },
		{ "picture: ", SONO_PLAN_DISPLAY, "display" },
		{ "ECG: ", SONO_PLAN_DISPLAY, "display" },
		{ "detection: ", SONO_PLAN_PROCESSING, "processing" },
	};

	for (size_t i = 0; i < sizeof(blame) / sizeof(*blame); i++) {
		const size_t n = strlen(blame[i].stage);

		if (strncmp(reason, blame[i].stage, n) ||
		    !plan->line[blame[i].group])
			continue;
		sono_why(why, why_bytes, 0, "%s:%u: %s: %s", plan->path,
			 plan->line[blame[i].group], blame[i].name, reason + n);
		return;
	}
	sono_why(why, why_bytes, 0, "%s: %s", plan->path, reason);
}

/* --- from beginning to end --- */

static int compile(struct compiler *c)
{
	int (*const steps[])(struct compiler *c) = {
		note_lines,	plan_probe, plan_parts,	  plan_times,
		make_scan,
		make_waveforms, make_table, adopt_table,  plan_picture,
		make_rates,
	};
	int ret = 0;

	c->plan = calloc(1, sizeof(*c->plan));
	if (!c->plan)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !ret; i++)
		ret = steps[i](c);
	return ret;
}

static void finish_part(struct plan_part *part)
{
	free(part->place);
	free(part->delay);
	free(part->weight);
	free(part->beam);
}

int sono_plan_open(struct sono_plan **plan, const char *path,
		   const struct sono_info *info, char *why, size_t why_bytes)
{
	struct sono_controls controls;

	sono_controls_init(&controls);
	return sono_plan_turn(plan, path, &controls, info, why, why_bytes);
}

int sono_plan_turn(struct sono_plan **plan, const char *path,
		   const struct sono_controls *controls,
		   const struct sono_info *info, char *why, size_t why_bytes)
{
	struct compiler c = {
		.path = path,
		.why = why,
		.why_bytes = why_bytes,
		.info = info,
	};
	int ret = plan_text_read(&c.text, path, why, why_bytes);

	if (!ret)
		ret = plan_controls_apply(&c.text, controls, path, why,
					  why_bytes);
	if (!ret)
		ret = compile(&c);
	if (!ret) {
		plan_controls_read(&c.plan->controls, &c.text, controls);
		c.plan->angles = c.text.probe.kind.number != PLAN_LINEAR;
	}
	if (ret == -ENOMEM)
		sono_why(why, why_bytes, ret, "%s: no memory", path);
	plan_text_finish(&c.text);
	finish_part(&c.b);
	finish_part(&c.colour);
	finish_part(&c.m);
	finish_part(&c.pw);
	free(c.element);
	free(c.slot);
	if (ret)
		sono_plan_close(c.plan);
	else
		*plan = c.plan;
	return ret;
}

void sono_plan_close(struct sono_plan *plan)
{
	if (!plan)
		return;
	sono_scan_free(plan->scan);
	free(plan->waveform);
	sono_table_finish(&plan->table);
	free((void *)plan->params.b.tgc_db);
	free(plan->amplitude);
	free(plan->path);
	free(plan);
}

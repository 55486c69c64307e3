// SPDX-License-Identifier: MIT
/*
 * The probe's elements, and what each part of a plan transmits and receives:
 * its waves with their delays, its pulse, its window.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan_compile.h"

/* Makes exact ties at an aperture's edge count as inside [m]. */
#define TIE 1e-9

/* --- probe --- */

static int check_convex(struct compiler *c)
{
	const struct plan_probe_text *p = &c->text.probe;

	if (!p->radius_mm.line)
		return refuse(c, probe.kind, "a convex probe wants radius_mm");
	if (!p->pitch_mm.line == !p->field_deg.line)
		return refuse_group(c, probe,
				    "wants either pitch_mm or field_deg");
	return 0;
}

static int check_probe(struct compiler *c)
{
	const struct plan_probe_text *p = &c->text.probe;
	const double n = p->elements.number;

	if (n > c->info->elements || n > c->info->channels)
		return refuse(c, probe.elements,
			      "%g elements; the board has %u pulsers and %u channels",
			      n, c->info->elements, c->info->channels);
	if (p->kind.number == PLAN_CONVEX)
		return check_convex(c);
	if (p->radius_mm.line)
		return refuse(c, probe.radius_mm,
			      "has no meaning for a flat probe");
	if (p->field_deg.line)
		return refuse(c, probe.field_deg,
			      "has no meaning for a flat probe");
	if (!p->pitch_mm.line)
		return plan_refuse(c, "probe", "pitch_mm", p->here.line,
				   "missing");
	return 0;
}

static double radius_of(const struct compiler *c)
{
	return c->text.probe.radius_mm.number * 1e-3;
}

/* Between the elements of a convex probe, seen from its centre [rad]. */
static double step_of(const struct compiler *c)
{
	const struct plan_probe_text *p = &c->text.probe;

	if (p->field_deg.line)
		return plan_radians(p->field_deg.number) / (c->elements - 1);
	return p->pitch_mm.number / p->radius_mm.number;
}

static void place_element(const struct compiler *c, uint32_t i)
{
	const double at = i - (c->elements - 1) / 2.0;
	const double r = radius_of(c);
	struct sono_element *e = &c->element[i];

	if (c->text.probe.kind.number == PLAN_CONVEX) {
		e->nx = sin(at * step_of(c));
		e->nz = cos(at * step_of(c));
		e->x = r * e->nx;
		e->z = r * (e->nz - 1);
	} else {
		e->x = at * c->text.probe.pitch_mm.number * 1e-3;
		e->nz = 1;
	}
}

int plan_probe(struct compiler *c)
{
	int ret = check_probe(c);

	if (ret)
		return ret;
	c->c = c->text.receive.c_m_s.number;
	c->elements = c->text.probe.elements.number;
	c->element = calloc(c->elements, sizeof(*c->element));
	if (!c->element)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->elements; i++)
		place_element(c, i);
	if (c->text.probe.kind.number == PLAN_CONVEX &&
	    step_of(c) * (c->elements - 1) > M_PI)
		return refuse(c, probe.pitch_mm,
			      "the elements reach around more than half a circle");
	return 0;
}

/* --- where waves go --- */

/* A linear probe's beams start at places, all others at angles. */
static bool by_position(const struct compiler *c, const struct plan_part *part)
{
	return part->waves->kind.number == PLAN_FOCUSED &&
	       c->text.probe.kind.number == PLAN_LINEAR;
}

static int check_angle_keys(struct compiler *c, const struct plan_part *part)
{
	const struct plan_waves_text *w = part->waves;
	const char *reason = "only beams of a linear probe have positions";

	if (w->positions_mm.line)
		return refuse_part(c, part, waves, positions_mm, "%s", reason);
	if (w->max_mm.line)
		return refuse_part(c, part, waves, max_mm, "%s", reason);
	if (w->range_mm.line)
		return refuse_part(c, part, waves, range_mm, "%s", reason);
	if (w->steer_deg.line)
		return refuse_part(c, part, waves, steer_deg, "%s", reason);
	return 0;
}

static int check_position_keys(struct compiler *c,
			       const struct plan_part *part)
{
	const struct plan_waves_text *w = part->waves;
	const char *reason = "beams of a linear probe have positions";

	if (w->angles_deg.line)
		return refuse_part(c, part, waves, angles_deg, "%s", reason);
	if (w->max_deg.line)
		return refuse_part(c, part, waves, max_deg, "%s", reason);
	if (w->range_deg.line)
		return refuse_part(c, part, waves, range_deg, "%s", reason);
	return 0;
}

/* The keys that say where, in degrees or in millimetres. */
struct where {
	const struct plan_list *list;
	const struct plan_value *max;
	const struct plan_list *range;
	const char *list_name, *max_name, *range_name;
	double unit;
};

static struct where where_of(const struct compiler *c,
			     const struct plan_part *part)
{
	const struct plan_waves_text *w = part->waves;

	if (by_position(c, part))
		return (struct where){ &w->positions_mm, &w->max_mm,
				       &w->range_mm, "waves.positions_mm",
				       "waves.max_mm", "waves.range_mm", 1e-3 };
	return (struct where){ &w->angles_deg, &w->max_deg, &w->range_deg,
			       "waves.angles_deg", "waves.max_deg",
			       "waves.range_deg", M_PI / 180 };
}

static int check_extent(struct compiler *c, const struct plan_part *part,
			const struct where *at)
{
	const double count = part->waves->count.number;

	if (at->max->line && at->range->line)
		return plan_refuse(c, part->name, at->range_name,
				   at->range->line,
				   "has no meaning beside the other extent");
	if (count == 1 && at->max->line)
		return plan_refuse(c, part->name, at->max_name, at->max->line,
				   "has no meaning for one wave");
	if (count == 1 && at->range->line)
		return plan_refuse(c, part->name, at->range_name,
				   at->range->line,
				   "has no meaning for one wave");
	if (count > 1 && !at->range->line && !(at->max->number > 0))
		return refuse_part(c, part, waves, count,
				   "wants %s above 0 beside it",
				   at->max_name + sizeof("waves.") - 1);
	if (at->range->line && at->range->number[1] <= at->range->number[0])
		return plan_refuse(c, part->name, at->range_name,
				   at->range->line, "%g is not beyond %g",
				   at->range->number[1], at->range->number[0]);
	return 0;
}

static int check_where(struct compiler *c, const struct plan_part *part,
		       const struct where *at)
{
	const struct plan_waves_text *w = part->waves;

	if (!at->list->line == !w->count.line)
		return refuse_waves(c, part, "wants either %s or count",
				    at->list_name + sizeof("waves.") - 1);
	if (at->list->line && at->max->line)
		return plan_refuse(c, part->name, at->max_name, at->max->line,
				   "has no meaning beside a list");
	if (at->list->line && at->range->line)
		return plan_refuse(c, part->name, at->range_name,
				   at->range->line,
				   "has no meaning beside a list");
	return check_extent(c, part, at);
}

/* Evenly over the extent, or as listed. */
static double place_of(const struct plan_part *part, const struct where *at,
		       uint32_t i)
{
	double share = part->count > 1 ? (double)i / (part->count - 1) : 0.5;

	if (at->list->line)
		return at->list->number[i] * at->unit;
	if (at->range->line)
		return (at->range->number[0] +
			share * (at->range->number[1] -
				 at->range->number[0])) * at->unit;
	return at->max->number * (2 * share - 1) * at->unit;
}

static int find_places(struct compiler *c, struct plan_part *part)
{
	const struct plan_waves_text *w = part->waves;
	const struct where at = where_of(c, part);
	int ret = by_position(c, part) ? check_position_keys(c, part) :
					 check_angle_keys(c, part);

	if (!ret)
		ret = check_where(c, part, &at);
	if (ret)
		return ret;
	part->count = w->count.line ? w->count.number : at.list->count;
	part->place = calloc(part->count, sizeof(*part->place));
	if (!part->place)
		return -ENOMEM;
	for (uint32_t i = 0; i < part->count; i++)
		part->place[i] = place_of(part, &at, i);
	return 0;
}

/* A line goes where its picture does. */
static int find_line_place(struct compiler *c, struct plan_part *part)
{
	const struct plan_line *line = part->line;

	if (!line->here->line)
		return plan_refuse(c, NULL, part->name, part->here->line,
				   "wants a group %s", line->group);
	if (line->x_mm->line && c->text.probe.kind.number != PLAN_LINEAR)
		return plan_refuse(c, line->group, "x_mm", line->x_mm->line,
				   "has no meaning but for a linear probe");
	part->count = 1;
	part->place = calloc(1, sizeof(*part->place));
	if (!part->place)
		return -ENOMEM;
	*part->place = by_position(c, part) ?
			       line->x_mm->number * 1e-3 :
			       plan_radians(line->angle_deg->number);
	return 0;
}

struct plan_beam plan_beam_start(const struct compiler *c, double place,
				 double steer)
{
	const double r = radius_of(c);

	switch ((enum plan_probe)c->text.probe.kind.number) {
	case PLAN_LINEAR:
		return (struct plan_beam){ place, 0, steer };
	case PLAN_CONVEX:
		return (struct plan_beam){ r * sin(place),
					   r * (cos(place) - 1), place };
	default:
		return (struct plan_beam){ 0, 0, place };
	}
}

/* --- shapes of waves --- */

static int check_shape(struct compiler *c, const struct plan_part *part)
{
	const struct plan_waves_text *w = part->waves;
	const enum plan_waves kind = w->kind.number;

	if (kind != PLAN_DIVERGING && w->width_deg.line)
		return refuse_part(c, part, waves, width_deg,
				   "has no meaning but for diverging waves");
	if (kind == PLAN_DIVERGING && !w->width_deg.line)
		return refuse_part(c, part, waves, kind,
				   "diverging waves want width_deg beside it");
	if (kind != PLAN_FOCUSED && w->focus_mm.line)
		return refuse_part(c, part, waves, focus_mm,
				   "has no meaning but for focused waves");
	if (kind != PLAN_FOCUSED && w->f_number.line)
		return refuse_part(c, part, waves, f_number,
				   "has no meaning but for focused waves");
	if (kind == PLAN_FOCUSED && !w->focus_mm.line)
		return refuse_part(c, part, waves, kind,
				   "focused waves want focus_mm beside it");
	return 0;
}

static int check_width(struct compiler *c, const struct plan_part *part)
{
	const double half = plan_radians(part->waves->width_deg.number) / 2;

	if (part->waves->kind.number != PLAN_DIVERGING)
		return 0;
	for (uint32_t i = 0; i < part->count; i++)
		if (fabs(part->place[i]) + half > plan_radians(85))
			return refuse_part(c, part, waves, width_deg,
					   "wave %u reaches beyond 85 degrees",
					   i);
	return 0;
}

/* Beams start on the probe, give or take half an element. */
static int check_beams(struct compiler *c, const struct plan_part *part)
{
	const struct sono_element *last = &c->element[c->elements - 1];
	const struct sono_element *next = last - 1;
	const double room = hypot(last->x - next->x, last->z - next->z) / 2;

	for (uint32_t i = 0; i < part->count; i++)
		if (fabs(part->beam[i].x) > last->x + room + TIE)
			return refuse_waves(c, part,
					    "beam %u starts at x = %g mm, beside the probe",
					    i, part->beam[i].x * 1e3);
	return 0;
}

static void plane_delays(const struct compiler *c, double angle, double *delay)
{
	for (uint32_t e = 0; e < c->elements; e++)
		delay[e] = (c->element[e].x * sin(angle) +
			    c->element[e].z * cos(angle)) / c->c;
}

/*
 * The virtual source lies where the lines through the array's ends at angle
 * +- width / 2 meet.
 */
static void diverging_delays(const struct compiler *c,
			     const struct plan_part *part, double angle,
			     double *delay)
{
	const double half = plan_radians(part->waves->width_deg.number) / 2;
	const struct sono_element *l = &c->element[0];
	const struct sono_element *r = &c->element[c->elements - 1];
	const double depth = (r->x - l->x) /
			     (tan(angle + half) - tan(angle - half));
	const double x = r->x - depth * tan(angle + half);
	const double z = r->z - depth;

	for (uint32_t e = 0; e < c->elements; e++)
		delay[e] = hypot(c->element[e].x - x, c->element[e].z - z) /
			   c->c;
}

/*
 * All elements of the aperture arrive at the focus at the same time. Those
 * outside of it, or that look away from the focus, are silent.
 */
static void focused_delays(const struct compiler *c,
			   const struct plan_part *part, uint32_t i,
			   double *delay)
{
	const struct plan_waves_text *w = part->waves;
	const struct plan_beam *o = &part->beam[i];
	const double focus = w->focus_mm.number * 1e-3;
	const double x = o->x + focus * sin(o->angle);
	const double z = o->z + focus * cos(o->angle);
	const double half = w->f_number.line ? focus / (2 * w->f_number.number) :
					       INFINITY;

	for (uint32_t k = 0; k < c->elements; k++) {
		const struct sono_element *e = &c->element[k];

		delay[k] = -hypot(x - e->x, z - e->z) / c->c;
		if (hypot(e->x - o->x, e->z - o->z) > half + TIE ||
		    (x - e->x) * e->nx + (z - e->z) * e->nz <= 0)
			delay[k] = NAN;
	}
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

static void make_delays(const struct compiler *c, const struct plan_part *part,
			uint32_t i, double *delay)
{
	switch (wave_of(part)) {
	case SONO_WAVE_PLANE:
		plane_delays(c, part->place[i], delay);
		break;
	case SONO_WAVE_DIVERGING:
		diverging_delays(c, part, part->place[i], delay);
		break;
	case SONO_WAVE_FOCUSED:
		focused_delays(c, part, i, delay);
		break;
	}
}

/* The first element fires at the trigger, or the part's shift later. */
static uint32_t start_delays(const struct compiler *c, struct plan_part *part,
			     double *delay)
{
	double least = INFINITY;
	uint32_t firing = 0;

	for (uint32_t e = 0; e < c->elements; e++)
		least = fmin(least, delay[e]);
	for (uint32_t e = 0; e < c->elements; e++) {
		delay[e] += part->shift - least;
		part->longest = fmax(part->longest, delay[e]);
		firing += !isnan(delay[e]);
	}
	return firing;
}

/* Weight at @edge of the aperture's half width from its edge, 0 to 1. */
static double edge_weight(const struct plan_pulse_text *p, double edge)
{
	double taper = p->taper.number;

	if (p->apodisation.number == PLAN_HANN)
		taper = 1;
	if (p->apodisation.number == PLAN_BOXCAR || edge >= taper)
		return 1;
	return 0.5 - 0.5 * cos(M_PI * edge / taper);
}

/* The aperture ends half a pitch beyond its outermost elements. */
static void make_weights(const struct compiler *c, const struct plan_part *part,
			 const double *delay, double *weight)
{
	uint32_t first = 0, last = c->elements - 1;

	while (isnan(delay[first]))
		first++;
	while (isnan(delay[last]))
		last--;
	for (uint32_t e = first; e <= last; e++) {
		const double n = last - first + 1;
		const double u = fabs(2.0 * (e - first) - (n - 1)) / n;

		weight[e] = edge_weight(&part->pulse, 1 - u);
	}
}

static int alloc_transmits(const struct compiler *c, struct plan_part *part)
{
	const size_t n = (size_t)part->count * c->elements;

	part->delay = calloc(n, sizeof(*part->delay));
	part->weight = calloc(n, sizeof(*part->weight));
	part->beam = calloc(part->count, sizeof(*part->beam));
	return part->delay && part->weight && part->beam ? 0 : -ENOMEM;
}

static void find_beams(const struct compiler *c, struct plan_part *part)
{
	const struct plan_line *line = part->line;
	const double steer = line ? line->angle_deg->number :
				    part->waves->steer_deg.number;
	const bool at_angle = line && c->text.probe.kind.number == PLAN_LINEAR;

	for (uint32_t i = 0; i < part->count; i++)
		part->beam[i] = plan_beam_start(c,
			at_angle ? line->x_mm->number * 1e-3 : part->place[i],
			plan_radians(steer));
}

static bool has_beams(const struct plan_part *part)
{
	return part->line || wave_of(part) == SONO_WAVE_FOCUSED;
}

static int make_transmits(struct compiler *c, struct plan_part *part)
{
	int ret = alloc_transmits(c, part);

	if (ret)
		return ret;
	find_beams(c, part);
	if (has_beams(part))
		ret = check_beams(c, part);
	for (uint32_t i = 0; i < part->count && !ret; i++) {
		double *delay = part->delay + (size_t)i * c->elements;
		uint32_t firing;

		make_delays(c, part, i, delay);
		firing = start_delays(c, part, delay);
		if (firing < 2)
			return refuse_part(c, part, waves, f_number,
					   "leaves wave %u with %u elements",
					   i, firing);
		make_weights(c, part, delay,
			     part->weight + (size_t)i * c->elements);
	}
	return ret;
}

static int make_waves(struct compiler *c, struct plan_part *part)
{
	int ret = check_shape(c, part);

	if (!ret)
		ret = part->line ? find_line_place(c, part) :
				   find_places(c, part);
	if (!ret)
		ret = check_width(c, part);
	if (!ret && part->shots * (double)part->count > c->info->seq_events_max)
		ret = refuse_waves(c, part,
				   "%.0f events; the board takes %u",
				   part->shots * (double)part->count,
				   c->info->seq_events_max);
	if (!ret && (double)part->count * c->elements > SONO_SEQ_DELAYS_MAX)
		ret = refuse_waves(c, part, "%u waves of %u elements are too many",
				   part->count, c->elements);
	return ret ? ret : make_transmits(c, part);
}

/* --- windows --- */

double plan_echo_time(const struct compiler *c, const struct plan_part *part,
		      double depth)
{
	return 2 * depth / c->c + part->longest +
	       2e-6 * c->text.probe.lens_delay_us.number +
	       fmax(c->pulse_delay, 0);
}

double plan_window_end(const struct compiler *c, const struct plan_part *part)
{
	return (double)part->window_end / c->info->adc_clock;
}

static int check_window(struct compiler *c, const struct plan_part *part)
{
	const struct plan_receive_window_text *w = part->window;

	if (!w->end_mm.line == !w->samples.line)
		return plan_refuse(c, NULL, part->window_name, w->here.line,
				   "wants either end_mm or samples");
	if (w->end_mm.line && w->start_us.line)
		return refuse_window(c, part, start_us,
				     "has no meaning beside end_mm");
	if (w->samples.line && w->start_mm.line)
		return refuse_window(c, part, start_mm,
				     "has no meaning beside samples");
	if (w->end_mm.line && w->end_mm.number <= w->start_mm.number)
		return refuse_window(c, part, end_mm,
				     "%g mm is not beyond the start at %g mm",
				     w->end_mm.number, w->start_mm.number);
	return 0;
}

static int check_focus(struct compiler *c, const struct plan_part *part)
{
	const double focus = part->waves->focus_mm.number * 1e-3;

	if (plan_echo_time(c, part, focus) >
	    plan_window_end(c, part) + 1 / c->fs)
		return refuse_part(c, part, waves, focus_mm,
				   "echoes from %g mm end after %.2f us; the receive window ends at %.2f us",
				   focus * 1e3,
				   plan_echo_time(c, part, focus) * 1e6,
				   plan_window_end(c, part) * 1e6);
	return 0;
}

static int make_window(struct compiler *c, struct plan_part *part)
{
	const struct plan_receive_window_text *w = part->window;
	const double clock = c->info->adc_clock;
	double start, samples = w->samples.number;
	int ret = check_window(c, part);

	if (ret)
		return ret;
	start = rint(w->start_us.number * 1e-6 * clock);
	if (w->end_mm.line) {
		start = floor(2e-3 * w->start_mm.number / c->c * clock);
		samples = plan_echo_time(c, part, w->end_mm.number * 1e-3) *
				  clock - start;
		samples = ceil(samples / c->decimation);
	}
	part->rx_start = start;
	part->samples = samples;
	part->window_end = start + samples * c->decimation;
	return check_focus(c, part);
}

static int find_sampling(struct compiler *c)
{
	const double wanted = c->text.sequence.sampling_mhz.number * 1e6;
	const double clock = c->info->adc_clock;
	const double n = rint(clock / wanted);

	if (!(n >= 1 && n <= UINT16_MAX) ||
	    fabs(clock / n / wanted - 1) > 1e-6)
		return refuse(c, sequence.sampling_mhz,
			      "%.9g MHz is no whole division of the board's %.9g MHz",
			      wanted / 1e6, clock / 1e6);
	c->decimation = n;
	c->fs = clock / n;
	return 0;
}

/* --- parts --- */

#define take(to, from, key)                     \
	do {                                    \
		if ((from)->key.line)           \
			(to)->key = (from)->key; \
	} while (0)

/* B's, but for what a part says itself. */
static struct plan_pulse_text own_pulse(const struct compiler *c,
					const struct plan_pulse_text *own)
{
	struct plan_pulse_text p = c->text.sequence.pulse;

	take(&p, own, here);
	take(&p, own, half_cycles);
	take(&p, own, inverted);
	take(&p, own, hv_v);
	take(&p, own, settle_us);
	take(&p, own, apodisation);
	take(&p, own, taper);
	/* one carrier is received for all parts: it is sent where that is B's */
	p.fc_mhz.number = c->fc / 1e6;
	p.inversion.number = 0;
	return p;
}

/* M's is B's, but for the pairs: lines lie at equal times. */
static struct plan_pulse_text m_pulse(const struct compiler *c)
{
	struct plan_pulse_text p = c->text.sequence.pulse;

	p.inversion.number = 0;
	return p;
}

static void name_window(struct compiler *c, struct plan_part *part,
			const struct plan_receive_window_text *own,
			const char *name)
{
	part->window = own->here.line ? own : &c->text.sequence.window;
	part->window_name = own->here.line ? name : "sequence.window";
}

static void name_lines(struct compiler *c)
{
	const struct plan_processing_text *p = &c->text.processing;

	c->m_line = (struct plan_line){ "processing.m", &p->m.here,
					&p->m.x_mm, &p->m.angle_deg };
	c->pw_line = (struct plan_line){ "processing.pw", &p->pw.here,
					 &p->pw.x_mm, &p->pw.angle_deg };
}

/*
 * A block of PW lines is so many shots; of those at equal times each is one,
 * as soon as others leave room.
 */
static struct plan_part pw_part(const struct compiler *c)
{
	const struct plan_pw_text *pw = &c->text.sequence.pw;
	const bool block = pw->interleave.number == PLAN_UPDATE;

	return (struct plan_part){
		.role = SONO_ROLE_PW,
		.name = "sequence.pw",
		.here = &pw->here,
		.line = &c->pw_line,
		.waves = &pw->waves,
		.pulse = own_pulse(c, &pw->pulse),
		.prf = block ? &pw->prf_hz : NULL,
		.shots = block ? pw->lines.number : 1,
		.burst = 1,
		.by_beam = true,
	};
}

/* A frame that is one ensemble has colour's role and B's settings. */
static void name_parts(struct compiler *c)
{
	const struct plan_sequence_text *s = &c->text.sequence;

	name_lines(c);

	c->b = (struct plan_part){
		.role = s->ensemble.number > 1 ? SONO_ROLE_COLOUR : SONO_ROLE_B,
		.name = "sequence",
		.here = &s->here,
		.waves = &s->waves,
		.pulse = s->pulse,
		.prf = &s->prf_hz,
		.shots = s->ensemble.number,
	};
	c->colour = (struct plan_part){
		.role = SONO_ROLE_COLOUR,
		.name = "sequence.colour",
		.here = &s->colour.here,
		.waves = &s->colour.waves,
		.pulse = own_pulse(c, &s->colour.pulse),
		.prf = &s->colour.prf_hz,
		.shots = s->colour.ensemble.number,
	};
	c->m = (struct plan_part){
		.role = SONO_ROLE_M,
		.name = "sequence.m",
		.here = &s->m.here,
		.line = &c->m_line,
		.waves = &s->m.waves,
		.pulse = m_pulse(c),
		.prf = s->m.ensemble.number > 1 ? &s->m.prf_hz : NULL,
		.shots = 1,
		.burst = s->m.ensemble.number,
	};
	c->pw = pw_part(c);
	name_window(c, &c->b, &s->window, "sequence.window");
	name_window(c, &c->colour, &s->colour.window, "sequence.colour.window");
	name_window(c, &c->m, &s->m.window, "sequence.m.window");
	name_window(c, &c->pw, &s->pw.window, "sequence.pw.window");
	c->b.by_beam = s->waves.kind.number == PLAN_FOCUSED;
	c->colour.by_beam = s->colour.waves.kind.number == PLAN_FOCUSED;
}

static double centre_of(const struct plan_pulse_text *p)
{
	return p->half_cycles.number / (4e6 * p->fc_mhz.number);
}

/*
 * Half a pulse lies before its centre. The longest sets the time; parts with
 * shorter ones fire as much later.
 */
static void align_pulses(struct compiler *c)
{
	const struct plan_pulse_text *p = &c->text.sequence.pulse;
	struct plan_part *const parts[] = { &c->b, &c->colour, &c->m, &c->pw };
	const size_t n = sizeof(parts) / sizeof(*parts);
	const double b = centre_of(p);
	double longest = b;

	for (size_t i = 0; i < n; i++)
		if (parts[i]->here->line)
			longest = fmax(longest, centre_of(&parts[i]->pulse));
	for (size_t i = 0; i < n; i++)
		parts[i]->shift = longest - centre_of(&parts[i]->pulse);
	c->pulse_delay = p->delay_us.line ? p->delay_us.number * 1e-6 : b;
	c->pulse_delay += c->b.shift;
}

static int check_pw(struct compiler *c)
{
	const struct plan_sequence_text *s = &c->text.sequence;
	const bool block = s->pw.interleave.number == PLAN_UPDATE;

	if (block && !s->pw.lines.line)
		return plan_refuse(c, "sequence.pw", "lines",
				   s->pw.interleave.line,
				   "missing: how many between two pictures");
	if (!block && s->pw.lines.line)
		return refuse(c, sequence.pw.lines,
			      "has no meaning but with interleave = \"update\"");
	if (!block && s->m.here.line)
		return refuse_group(c, sequence.pw,
			      "lines of M and of PW cannot both come at equal times");
	return 0;
}

static int check_parts(struct compiler *c)
{
	const struct plan_sequence_text *s = &c->text.sequence;

	if (s->colour.here.line && s->ensemble.line)
		return refuse(c, sequence.ensemble,
			      "has no meaning beside a group colour");
	if (s->colour.here.line && !s->order.line)
		return plan_refuse(c, "sequence", "order", s->colour.here.line,
				   "missing: B and colour share the frame");
	if (!s->colour.here.line && s->order.line)
		return refuse(c, sequence.order,
			      "has no meaning without a group colour");
	if (s->m.prf_hz.line && !s->m.ensemble.line)
		return refuse(c, sequence.m.prf_hz,
			      "has no meaning without an ensemble");
	return s->pw.here.line ? check_pw(c) : 0;
}

/* Every transmit twice, one after the other. */
static int double_waves(struct plan_part *part, uint32_t elements)
{
	const size_t row = elements * sizeof(double);
	const uint32_t n = 2 * part->count;
	double *delay = calloc(n, row), *weight = calloc(n, row);
	double *place = calloc(n, sizeof(*place));
	struct plan_beam *beam = calloc(n, sizeof(*beam));

	for (uint32_t i = 0; delay && weight && place && beam && i < n; i++) {
		const size_t from = (size_t)(i / 2) * elements;

		memcpy(delay + (size_t)i * elements, part->delay + from, row);
		memcpy(weight + (size_t)i * elements, part->weight + from, row);
		place[i] = part->place[i / 2];
		beam[i] = part->beam[i / 2];
	}
	free(part->delay);
	free(part->weight);
	free(part->place);
	free(part->beam);
	part->delay = delay;
	part->weight = weight;
	part->place = place;
	part->beam = beam;
	part->count = n;
	part->inversion = true;
	return delay && weight && place && beam ? 0 : -ENOMEM;
}

static int make_part(struct compiler *c, struct plan_part *part)
{
	int ret;

	if (!part->here->line)
		return 0;
	ret = make_waves(c, part);
	if (!ret && part->pulse.inversion.number)
		ret = double_waves(part, c->elements);
	return ret ? ret : make_window(c, part);
}

/* What is received: what B sends, or its second harmonic. */
static int find_carrier(struct compiler *c)
{
	const struct plan_pulse_text *p = &c->text.sequence.pulse;

	c->fc = p->fc_mhz.number * 1e6 * (p->harmonic.number ? 2 : 1);
	if (p->inversion.number && !p->harmonic.number)
		return refuse(c, sequence.pulse.inversion,
			      "the two pulses of a pair cancel each other without harmonic = true");
	return 0;
}

int plan_parts(struct compiler *c)
{
	int ret = check_parts(c);

	if (!ret)
		ret = find_sampling(c);
	if (!ret)
		ret = find_carrier(c);
	if (ret)
		return ret;
	name_parts(c);
	align_pulses(c);
	ret = make_part(c, &c->b);
	if (!ret)
		ret = make_part(c, &c->colour);
	if (!ret)
		ret = make_part(c, &c->m);
	return ret ? ret : make_part(c, &c->pw);
}

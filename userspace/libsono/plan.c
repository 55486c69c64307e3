// SPDX-License-Identifier: MIT
/*
 * Compiling a plan: what its settings mean together, step by step. A setting
 * that cannot be is refused by its own name and line.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "plan_text.h"
#include "why.h"

#define AUX_BYTES SONO_ROW_ALIGN

/* A compilation: what is written, what it becomes, and the way between. */
struct compiler {
	const char *path;
	char *why;
	size_t why_bytes;
	struct plan_text text;
	const struct sono_info *info;
	struct sono_plan *plan;
	double *angle;		/* of each wave [rad] */
	uint32_t waves;
	double longest;		/* transmit delay [s] */
	uint64_t window;	/* from the trigger to its end [ADC clocks] */
	uint64_t pri;		/* between events of a frame [board ticks] */
	uint64_t frame;		/* between frames [board ticks] */
};

__attribute__((format(printf, 4, 5)))
static int refuse_at(struct compiler *c, const char *key, unsigned int line,
		     const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return sono_why(c->why, c->why_bytes, -EINVAL, "%s:%u: %s: %s",
			c->path, line, key, reason);
}

/* Refuses the setting text.SETTING, by its name and its line. */
#define refuse(c, setting, ...) \
	refuse_at(c, #setting, (c)->text.setting.line, __VA_ARGS__)
#define refuse_group(c, group, ...) \
	refuse_at(c, #group, (c)->text.group.here.line, __VA_ARGS__)

static double radians(double degrees)
{
	return degrees * M_PI / 180;
}

/* --- waves --- */

static int check_angles(struct compiler *c)
{
	const struct plan_waves_text *w = &c->text.sequence.waves;

	if (!w->angles_deg.line == !w->count.line)
		return refuse_group(c, sequence.waves,
				    "wants either angles_deg or count");
	if (w->angles_deg.line && w->max_deg.line)
		return refuse(c, sequence.waves.max_deg,
			      "has no meaning beside angles_deg");
	if (w->count.number == 1 && w->max_deg.line)
		return refuse(c, sequence.waves.max_deg,
			      "has no meaning for one wave");
	if (w->count.number > 1 && !(w->max_deg.number > 0))
		return refuse(c, sequence.waves.count,
			      "wants max_deg above 0 beside it");
	return 0;
}

/* Evenly from -max_deg to max_deg, or as listed. */
static int find_angles(struct compiler *c)
{
	const struct plan_waves_text *w = &c->text.sequence.waves;
	int ret = check_angles(c);

	if (ret)
		return ret;
	c->waves = w->count.line ? w->count.number : w->angles_deg.count;
	c->angle = calloc(c->waves, sizeof(*c->angle));
	if (!c->angle)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->waves; i++) {
		double deg = w->angles_deg.line ? w->angles_deg.number[i] : 0;

		if (c->waves > 1 && w->count.line)
			deg = w->max_deg.number *
			      (2.0 * i / (c->waves - 1) - 1);
		c->angle[i] = radians(deg);
	}
	return 0;
}

static int check_width(struct compiler *c)
{
	const struct plan_waves_text *w = &c->text.sequence.waves;
	const double half = radians(w->width_deg.number) / 2;

	if (w->kind.number == PLAN_PLANE && w->width_deg.line)
		return refuse(c, sequence.waves.width_deg,
			      "has no meaning for plane waves");
	if (w->kind.number == PLAN_PLANE)
		return 0;
	if (!w->width_deg.line)
		return refuse(c, sequence.waves.kind,
			      "diverging waves want width_deg beside it");
	for (uint32_t i = 0; i < c->waves; i++)
		if (fabs(c->angle[i]) + half > radians(85))
			return refuse(c, sequence.waves.width_deg,
				      "wave %u reaches beyond 85 degrees", i);
	return 0;
}

/* Row of a wave in the scan; the constant is dropped only while it is made. */
static double *delays_of(struct compiler *c, uint32_t event)
{
	return (double *)c->plan->scan->event[event].delay;
}

static void plane_delays(struct compiler *c, double angle, double *delay)
{
	const struct sono_scan *s = c->plan->scan;

	for (uint32_t e = 0; e < s->elements; e++)
		delay[e] = s->element[e].x * sin(angle) / s->c;
}

/*
 * The virtual source lies where the lines through the array's ends at angle
 * +- width / 2 meet.
 */
static void diverging_delays(struct compiler *c, double angle, double *delay)
{
	const struct sono_scan *s = c->plan->scan;
	const double width = radians(c->text.sequence.waves.width_deg.number);
	const double half = width / 2;
	const double right = s->element[s->elements - 1].x;
	const double left = s->element[0].x;
	const double depth = (right - left) /
			     (tan(angle + half) - tan(angle - half));
	const double x = right - depth * tan(angle + half);

	for (uint32_t e = 0; e < s->elements; e++)
		delay[e] = hypot(s->element[e].x - x, depth) / s->c;
}

static void from_zero(struct compiler *c, double *delay)
{
	const uint32_t n = c->plan->scan->elements;
	double least = INFINITY;

	for (uint32_t e = 0; e < n; e++)
		least = fmin(least, delay[e]);
	for (uint32_t e = 0; e < n; e++) {
		delay[e] -= least;
		c->longest = fmax(c->longest, delay[e]);
	}
}

/* --- scan --- */

static int check_size(struct compiler *c)
{
	const double elements = c->text.probe.elements.number;
	const double events = c->waves * c->text.sequence.ensemble.number;

	if (elements > c->info->elements || elements > c->info->channels)
		return refuse(c, probe.elements,
			      "%g elements; the board has %u pulsers and %u channels",
			      elements, c->info->elements, c->info->channels);
	if (events > c->info->seq_events_max ||
	    events * elements > SONO_SEQ_DELAYS_MAX)
		return refuse_at(c, "sequence.ensemble",
				 c->text.sequence.ensemble.line ?:
				 c->text.sequence.waves.here.line,
				 "%g events in a frame; the board takes %u",
				 events, c->info->seq_events_max);
	return 0;
}

static void place_elements(struct compiler *c)
{
	const double pitch = c->text.probe.pitch_mm.number * 1e-3;
	struct sono_scan *s = c->plan->scan;

	for (uint32_t e = 0; e < s->elements; e++) {
		s->element[e].x = (e - (s->elements - 1) / 2.0) * pitch;
		s->element[e].nz = 1;
		s->channel_element[e] = e;
	}
}

/* Half the pulse lies before its centre. */
static double pulse_delay(const struct compiler *c)
{
	const struct plan_pulse_text *p = &c->text.sequence.pulse;

	if (p->delay_us.line)
		return p->delay_us.number * 1e-6;
	return p->half_cycles.number / (4e6 * p->fc_mhz.number);
}

static int make_scan(struct compiler *c)
{
	const uint32_t elements = c->text.probe.elements.number;
	const uint32_t repeats = c->text.sequence.ensemble.number;
	struct sono_scan *s;
	int ret = check_size(c);

	if (ret)
		return ret;
	s = sono_scan_alloc(elements, elements, c->waves * repeats);
	if (!s)
		return -ENOMEM;
	c->plan->scan = s;
	s->c = c->text.receive.c_m_s.number;
	s->fc = c->text.sequence.pulse.fc_mhz.number * 1e6;
	s->lens_delay = c->text.probe.lens_delay_us.number * 1e-6;
	s->pulse_delay = pulse_delay(c);
	place_elements(c);
	return 0;
}

/* Waves in their order, all of them once for each image of the ensemble. */
static int make_waves(struct compiler *c)
{
	const enum plan_waves kind = c->text.sequence.waves.kind.number;
	const uint32_t repeats = c->text.sequence.ensemble.number;
	struct sono_scan *s = c->plan->scan;

	for (uint32_t i = 0; i < s->events; i++) {
		const double angle = c->angle[i % c->waves];

		s->event[i].tag = SONO_TAG(repeats > 1 ? SONO_ROLE_COLOUR :
							 SONO_ROLE_B,
					   i / c->waves, i % c->waves);
		s->event[i].wave = kind == PLAN_PLANE ? SONO_WAVE_PLANE :
							SONO_WAVE_DIVERGING;
		if (kind == PLAN_PLANE)
			plane_delays(c, angle, delays_of(c, i));
		else
			diverging_delays(c, angle, delays_of(c, i));
		from_zero(c, delays_of(c, i));
	}
	return 0;
}

/* --- receive window --- */

static int check_window(struct compiler *c)
{
	const struct plan_receive_window_text *w = &c->text.sequence.window;

	if (!w->end_mm.line == !w->samples.line)
		return refuse_group(c, sequence.window,
				    "wants either end_mm or samples");
	if (w->end_mm.line && w->start_us.line)
		return refuse(c, sequence.window.start_us,
			      "has no meaning beside end_mm");
	if (w->samples.line && w->start_mm.line)
		return refuse(c, sequence.window.start_mm,
			      "has no meaning beside samples");
	if (w->end_mm.line && w->end_mm.number <= w->start_mm.number)
		return refuse(c, sequence.window.end_mm,
			      "%g mm is not beyond the start at %g mm",
			      w->end_mm.number, w->start_mm.number);
	return 0;
}

/* When the centre of the last echo from @depth [m] straight ahead is back. */
static double echo_time(const struct compiler *c, double depth)
{
	const struct sono_scan *s = c->plan->scan;

	return 2 * depth / s->c + c->longest + 2 * s->lens_delay +
	       fmax(s->pulse_delay, 0);
}

static double window_end(const struct compiler *c)
{
	return (double)c->window / c->info->adc_clock;
}

static int find_sampling(struct compiler *c, double *decimation)
{
	const double wanted = c->text.sequence.sampling_mhz.number * 1e6;
	const double clock = c->info->adc_clock;

	*decimation = rint(clock / wanted);
	if (!(*decimation >= 1 && *decimation <= UINT16_MAX) ||
	    fabs(clock / *decimation / wanted - 1) > 1e-6)
		return refuse(c, sequence.sampling_mhz,
			      "%.9g MHz is no whole division of the board's %.9g MHz",
			      wanted / 1e6, clock / 1e6);
	c->plan->scan->fs = clock / *decimation;
	return 0;
}

static int make_window(struct compiler *c)
{
	const struct plan_receive_window_text *w = &c->text.sequence.window;
	const double clock = c->info->adc_clock;
	struct sono_scan *s = c->plan->scan;
	double decimation, start, samples = w->samples.number;
	int ret = check_window(c);

	if (!ret)
		ret = find_sampling(c, &decimation);
	if (ret)
		return ret;
	start = rint(w->start_us.number * 1e-6 * clock);
	if (w->end_mm.line) {
		start = floor(2e-3 * w->start_mm.number / s->c * clock);
		samples = echo_time(c, w->end_mm.number * 1e-3) * clock - start;
		samples = ceil(samples / decimation);
	}
	c->window = start + samples * decimation;
	for (uint32_t i = 0; i < s->events; i++) {
		s->event[i].rx_start = start / clock;
		s->event[i].samples = samples;
	}
	sono_scan_layout(s, AUX_BYTES);
	return 0;
}

/* --- time --- */

/* The window and the board's overhead [board ticks]; exact, as on the board. */
static double window_ticks(const struct compiler *c)
{
	const unsigned __int128 units = (unsigned __int128)c->window *
					c->info->board_clock;
	const uint64_t clock = c->info->adc_clock;

	return (uint64_t)((units + clock - 1) / clock) +
	       (double)c->info->event_overhead;
}

/* The shortest period that the board allows. */
static double shortest_pri(const struct compiler *c)
{
	const struct plan_pulse_text *p = &c->text.sequence.pulse;
	const struct sono_scan *s = c->plan->scan;
	const struct sono_info *info = c->info;
	const double clock = info->board_clock;
	double ticks = window_ticks(c);

	ticks = fmax(ticks, clock / info->prf_max);
	ticks = fmax(ticks, c->longest * clock + 1);
	ticks = fmax(ticks, p->half_cycles.number / (2e6 * p->fc_mhz.number) *
				    clock / (info->tx_duty_max * 1e-6));
	ticks = fmax(ticks, (double)s->frame_bytes / s->events * clock /
				    (info->dma_rate_max * 1e6));
	return ceil(ticks);
}

static int find_pri(struct compiler *c)
{
	const struct plan_value *prf = &c->text.sequence.prf_hz;
	const double clock = c->info->board_clock;
	double ticks = prf->line ? rint(clock / prf->number) : shortest_pri(c);

	if (prf->line && ticks < window_ticks(c))
		return refuse(c, sequence.prf_hz,
			      "%.2f us between triggers; the last echo of the window is back after %.2f us and the board needs %.2f us more",
			      ticks / clock * 1e6, window_end(c) * 1e6,
			      c->info->event_overhead / clock * 1e6);
	if (!(ticks <= UINT32_MAX))
		return refuse_at(c, "sequence.prf_hz",
				 prf->line ?: c->text.sequence.here.line,
				 "a period of %g s; the board takes %g s",
				 ticks / clock, UINT32_MAX / clock);
	c->pri = ticks;
	return 0;
}

/* A frame rate stretches the last period; else frames are back to back. */
static int find_frame(struct compiler *c)
{
	const struct plan_value *rate = &c->text.sequence.frame_rate_hz;
	const double clock = c->info->board_clock;
	const uint64_t least = c->pri * c->plan->scan->events;
	double ticks = rate->line ? rint(clock / rate->number) : least;

	if (ticks < least)
		return refuse(c, sequence.frame_rate_hz,
			      "%u events of %.2f us allow at most %.2f frames per second",
			      c->plan->scan->events, c->pri / clock * 1e6,
			      clock / least);
	if (ticks - (least - c->pri) > UINT32_MAX)
		return refuse_at(c, "sequence.frame_rate_hz", rate->line,
				 "a frame lasts %g s; the board takes %g s",
				 ticks / clock, UINT32_MAX / clock);
	c->frame = ticks;
	return 0;
}

static int make_times(struct compiler *c)
{
	const double clock = c->info->board_clock;
	struct sono_scan *s = c->plan->scan;
	int ret = find_pri(c);

	if (!ret)
		ret = find_frame(c);
	if (ret)
		return ret;
	for (uint32_t i = 0; i < s->events; i++)
		s->event[i].period = c->pri / clock;
	s->event[s->events - 1].period =
		(c->frame - (s->events - 1) * c->pri) / clock;
	s->frame_period = c->frame / clock;
	return 0;
}

/* --- the board's table --- */

static int copy_list(double **to, const struct plan_list *from)
{
	*to = calloc(from->count + 1, sizeof(**to));
	if (!*to)
		return -ENOMEM;
	if (from->count)
		memcpy(*to, from->number, from->count * sizeof(**to));
	return 0;
}

static int make_tgc(struct compiler *c)
{
	const struct plan_list *tgc = &c->text.sequence.tgc_db;

	c->plan->scan->tgc_points = tgc->count;
	return tgc->count ? copy_list(&c->plan->scan->tgc_db, tgc) : 0;
}

static enum window window_of(const struct plan_value *word)
{
	static const enum window windows[] = {
		[PLAN_BOXCAR] = WINDOW_BOXCAR,
		[PLAN_HANN] = WINDOW_HANN,
		[PLAN_TUKEY] = WINDOW_TUKEY,
	};

	return windows[(int)word->number];
}

/* Weight of element @e of @n over the transmit aperture. */
static double tx_weight(enum plan_window window, double taper, uint32_t e,
			uint32_t n)
{
	/* from the aperture's edge, half a pitch beyond the last element */
	double edge = 1 - fabs(2.0 * e - (n - 1.0)) / n;

	if (window == PLAN_HANN)
		taper = 1;
	if (window == PLAN_BOXCAR || edge >= taper)
		return 1;
	return 0.5 - 0.5 * cos(M_PI * edge / taper);
}

static int make_waveforms(struct compiler *c)
{
	const struct plan_pulse_text *p = &c->text.sequence.pulse;
	struct sono_plan *plan = c->plan;
	const uint32_t n = plan->scan->elements;

	plan->amplitude = calloc(n, sizeof(*plan->amplitude));
	plan->waveform = calloc(plan->scan->events, sizeof(*plan->waveform));
	if (!plan->amplitude || !plan->waveform)
		return -ENOMEM;
	for (uint32_t e = 0; e < n; e++)
		plan->amplitude[e] = tx_weight(p->apodisation.number,
					       p->taper.number, e, n);
	for (uint32_t i = 0; i < plan->scan->events; i++)
		plan->waveform[i] = (struct sono_waveform){
			.frequency = plan->scan->fc,
			.half_cycles = p->half_cycles.number,
			.inverted = p->inverted.number,
			.voltage = p->hv_v.number,
			.settle = p->settle_us.number * 1e-6,
			.amplitude = plan->amplitude,
		};
	return 0;
}

/* The setting that a fault of the table comes from. */
static int refuse_table(struct compiler *c, const struct sono_fault *fault)
{
	const struct plan_sequence_text *s = &c->text.sequence;

	switch (fault->code) {
	case SONO_SEQ_E_HV:
		return refuse(c, sequence.pulse.hv_v, "%s", fault->why);
	case SONO_SEQ_E_DUTY:
		return refuse(c, sequence.pulse.half_cycles, "%s", fault->why);
	case SONO_SEQ_E_PRI:
	case SONO_SEQ_E_DMA_RATE:
		if (s->prf_hz.line)
			return refuse(c, sequence.prf_hz, "%s", fault->why);
		break;
	case SONO_SEQ_E_DELAY:
		return refuse_group(c, sequence.waves, "%s", fault->why);
	case SONO_SEQ_E_WINDOW:
	case SONO_SEQ_E_FRAME_BYTES:
		return refuse_group(c, sequence.window, "%s", fault->why);
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

/* --- processing --- */

static int check_grid(struct compiler *c)
{
	const struct plan_grid_text *g = &c->text.processing.grid;

	if (g->kind.number == PLAN_GRID_SECTOR) {
		if (g->x_mm.line)
			return refuse(c, processing.grid.x_mm,
				      "has no meaning for a sector");
		if (g->z_mm.line)
			return refuse(c, processing.grid.z_mm,
				      "has no meaning for a sector");
		if (!g->angle_deg.line || !g->range_mm.line)
			return refuse_group(c, processing.grid,
				"a sector wants angle_deg and range_mm");
		return 0;
	}
	if (g->angle_deg.line)
		return refuse(c, processing.grid.angle_deg,
			      "has no meaning for a linear grid");
	if (g->range_mm.line)
		return refuse(c, processing.grid.range_mm,
			      "has no meaning for a linear grid");
	if (g->apex_mm.line)
		return refuse(c, processing.grid.apex_mm,
			      "has no meaning for a linear grid");
	if (!g->x_mm.line || !g->z_mm.line)
		return refuse_group(c, processing.grid,
				    "a linear grid wants x_mm and z_mm");
	return 0;
}

/* From a first to a last line or sample, both included. */
static int make_axis(struct compiler *c, const char *key,
		     const struct plan_list *ends, uint32_t count, double unit,
		     double *start, double *step)
{
	const double *end = ends->number;

	if (end[1] <= end[0])
		return refuse_at(c, key, ends->line,
				 "%g is not beyond %g", end[1], end[0]);
	*start = end[0] * unit;
	*step = (end[1] - end[0]) * unit / (count - 1);
	return 0;
}

static int make_axes(struct compiler *c, struct grid *grid)
{
	const struct plan_grid_text *g = &c->text.processing.grid;
	const bool sector = g->kind.number == PLAN_GRID_SECTOR;
	const struct plan_list *across = sector ? &g->angle_deg : &g->x_mm;
	const struct plan_list *along = sector ? &g->range_mm : &g->z_mm;
	int ret;

	ret = make_axis(c, sector ? "processing.grid.angle_deg" :
				    "processing.grid.x_mm",
			across, grid->lines, sector ? radians(1) : 1e-3,
			&grid->line0, &grid->line_step);
	if (ret)
		return ret;
	return make_axis(c, sector ? "processing.grid.range_mm" :
				     "processing.grid.z_mm",
			 along, grid->samples, 1e-3, &grid->sample0,
			 &grid->sample_step);
}

/* What lies deeper than the window reaches would be black for ever. */
static int make_grid(struct compiler *c)
{
	const struct plan_grid_text *g = &c->text.processing.grid;
	const bool sector = g->kind.number == PLAN_GRID_SECTOR;
	struct grid *grid = &c->plan->params.b.grid;
	double depth;
	int ret = check_grid(c);

	if (ret)
		return ret;
	*grid = (struct grid){
		.shape = sector ? GRID_SECTOR : GRID_LINEAR,
		.lines = g->lines.number,
		.samples = g->samples.number,
		.apex_z = g->apex_mm.number * 1e-3,
	};
	ret = make_axes(c, grid);
	if (ret)
		return ret;
	depth = grid->sample0 + (grid->samples - 1) * grid->sample_step +
		grid->apex_z;
	if (echo_time(c, depth) > window_end(c) + 1 / c->plan->scan->fs)
		return refuse_at(c, sector ? "processing.grid.range_mm" :
					     "processing.grid.z_mm",
				 sector ? g->range_mm.line : g->z_mm.line,
				 "echoes from %.2f mm end after %.2f us; the receive window ends at %.2f us",
				 depth * 1e3, echo_time(c, depth) * 1e6,
				 window_end(c) * 1e6);
	return 0;
}

static int make_aperture(struct compiler *c)
{
	const struct plan_receive_text *r = &c->text.receive;
	struct pipeline_params *p = &c->plan->params;

	p->b.aperture.f_number = r->f_number.number;
	p->b.aperture.window = window_of(&r->apodisation);
	p->b.aperture.taper = r->taper.number;
	p->colour.aperture = p->b.aperture;
	if (p->b.aperture.window != WINDOW_BOXCAR && !p->b.aperture.f_number)
		return refuse(c, receive.apodisation,
			      "wants an f_number above 0");
	return 0;
}

/* The passband must clear its image at -2 fc and, decimated, itself. */
static int make_demodulation(struct compiler *c)
{
	const struct plan_demodulation_text *d =
		&c->text.processing.demodulation;
	struct demod_params *p = &c->plan->params.demod;
	const struct sono_scan *s = c->plan->scan;
	const double image = fabs(remainder(2 * s->fc, s->fs));

	if (image < 0.01 * s->fs)
		return refuse(c, sequence.sampling_mhz,
			      "fc_mhz is too near a multiple of half of it");
	p->decimate = 1;
	if (!d->here.line)
		return 0;
	p->pass = d->pass_mhz.number * 1e6;
	p->stop = d->stop_mhz.number * 1e6;
	p->reject = d->reject_db.number;
	p->decimate = d->decimation.number;
	if (p->stop <= p->pass)
		return refuse(c, processing.demodulation.stop_mhz,
			      "%g is not beyond pass_mhz, %g",
			      d->stop_mhz.number, d->pass_mhz.number);
	if (p->pass + p->stop > image)
		return refuse(c, processing.demodulation.stop_mhz,
			      "pass_mhz and stop_mhz together reach the image at %.4g MHz",
			      image / 1e6);
	if (p->decimate > 1 &&
	    p->pass + p->stop > s->fs / p->decimate)
		return refuse(c, processing.demodulation.decimation,
			      "pass_mhz and stop_mhz together exceed %.4g MHz",
			      s->fs / p->decimate / 1e6);
	return 0;
}

static int make_levels(struct compiler *c)
{
	const struct plan_processing_text *t = &c->text.processing;
	struct pipeline_b *p = &c->plan->params.b;
	double *trim = NULL;
	int ret = 0;

	p->reference = t->reference_counts.number;
	p->range_db = t->range_db.number;
	p->persistence = t->persistence.number;
	p->tgc_points = t->tgc_trim_db.count;
	if (p->tgc_points)
		ret = copy_list(&trim, &t->tgc_trim_db);
	p->tgc_db = trim;
	return ret;
}

static int check_odd(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;

	if (!((int)d->average_lines.number & 1))
		return refuse(c, processing.doppler.average_lines,
			      "%g is not odd", d->average_lines.number);
	if (!((int)d->average_samples.number & 1))
		return refuse(c, processing.doppler.average_samples,
			      "%g is not odd", d->average_samples.number);
	return 0;
}

/* Velocity needs images at equal times. */
static int check_ensemble(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;
	const double repeats = c->text.sequence.ensemble.number;
	const double images = repeats * d->packet_frames.number;

	if (images < 2)
		return refuse(c, display.colour,
			      "wants an ensemble or packet_frames of 2 or more");
	if (d->wall_order.number + 2 > images)
		return refuse(c, processing.doppler.wall_order,
			      "order %g leaves nothing of %g images",
			      d->wall_order.number, images);
	if (repeats > 1 && d->packet_frames.number > 1 &&
	    c->frame != c->pri * c->plan->scan->events)
		return refuse(c, sequence.frame_rate_hz,
			      "stretches the last period, so an ensemble over several frames has no uniform one");
	return 0;
}

static void set_doppler(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;
	struct pipeline_colour *p = &c->plan->params.colour;

	p->on = true;
	p->packet_frames = d->packet_frames.number;
	p->wall_order = d->wall_order.number;
	p->average_lines = d->average_lines.number;
	p->average_samples = d->average_samples.number;
	p->frequency = d->frequency_mhz.number * 1e6;
	p->power_min_db = d->power_min_db.number;
	p->priority_db = d->priority_db.number;
}

static int make_doppler(struct compiler *c)
{
	int ret;

	c->plan->params.colour.packet_frames = 1;
	c->plan->params.colour.priority_db = INFINITY;
	if (!c->text.display.colour.number)
		return 0;
	if (!c->text.processing.doppler.here.line)
		return refuse(c, display.colour,
			      "wants a group processing.doppler");
	ret = check_odd(c);
	if (!ret)
		ret = check_ensemble(c);
	if (!ret)
		set_doppler(c);
	return ret;
}

static int make_display(struct compiler *c)
{
	struct pipeline_display *p = &c->plan->params.display;

	p->width = c->text.display.width.number;
	p->height = c->text.display.height.number;
	return 0;
}

/* --- sums --- */

/* Between like events of successive images [s]. */
static double image_interval(const struct compiler *c)
{
	const double clock = c->info->board_clock;

	if (c->text.sequence.ensemble.number > 1)
		return c->pri * c->waves / clock;
	return c->frame / clock;
}

static int make_rates(struct compiler *c)
{
	const struct sono_scan *s = c->plan->scan;
	const struct pipeline_params *p = &c->plan->params;
	struct sono_plan_rates *r = &c->plan->rates;
	const double frequency = p->colour.frequency ?
					 p->colour.frequency : s->fc;

	r->prf = (double)c->info->board_clock / c->pri;
	r->frame_rate = (double)c->info->board_clock / c->frame;
	r->bytes_per_second = s->frame_bytes * r->frame_rate;
	if (p->colour.on)
		r->nyquist = s->c / (4 * frequency * image_interval(c));
	return 0;
}

static int compile(struct compiler *c)
{
	int (*const steps[])(struct compiler *c) = {
		find_angles, check_width, make_scan, make_waves, make_window,
		make_times, make_tgc, make_waveforms, make_table, make_grid,
		make_aperture, make_demodulation, make_levels, make_doppler,
		make_display, make_rates,
	};
	int ret = 0;

	c->plan = calloc(1, sizeof(*c->plan));
	if (!c->plan)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !ret; i++)
		ret = steps[i](c);
	return ret;
}

int sono_plan_open(struct sono_plan **plan, const char *path,
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
		ret = compile(&c);
	if (ret == -ENOMEM)
		sono_why(why, why_bytes, ret, "%s: no memory", path);
	plan_text_finish(&c.text);
	free(c.angle);
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
	free(plan);
}

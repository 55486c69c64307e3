// SPDX-License-Identifier: MIT
/* What a plan's frames become: grids, filters, levels, colours and strips. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan_compile.h"

#define MM 1e-3
#define TIE 1e-9
#define GRID_POINTS_MAX (1u << 26)
#define PICTURE_HEIGHT_MAX 16384

/* --- B's grid --- */

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
static int make_axis(struct compiler *c, const char *group, const char *key,
		     const struct plan_list *ends, uint32_t count, double unit,
		     double *start, double *step)
{
	const double *end = ends->number;

	if (end[1] <= end[0])
		return plan_refuse(c, group, key, ends->line,
				   "%g is not beyond %g", end[1], end[0]);
	*start = end[0] * unit;
	*step = (end[1] - end[0]) * unit / (count - 1);
	return 0;
}

/* What the pipeline takes, of every grid. */
static int check_points(struct compiler *c, const char *group,
			unsigned int line, const struct grid *grid)
{
	if ((uint64_t)grid->lines * grid->samples <= GRID_POINTS_MAX)
		return 0;
	return plan_refuse(c, group, "samples", line,
			   "%u lines of %u samples are more than %u points",
			   grid->lines, grid->samples, GRID_POINTS_MAX);
}

static double axis_end(double start, double step, uint32_t count)
{
	return start + (count - 1) * step;
}

/* What lies deeper than the window reaches would be black for ever. */
static int check_depth(struct compiler *c, const struct plan_part *part,
		       double depth, const char *group, const char *key,
		       unsigned int line)
{
	const double time = plan_echo_time(c, part, depth);

	if (time > plan_window_end(c, part) + 1 / c->fs)
		return plan_refuse(c, group, key, line,
				   "echoes from %.2f mm end after %.2f us; the receive window ends at %.2f us",
				   depth * 1e3, time * 1e6,
				   plan_window_end(c, part) * 1e6);
	return 0;
}

/*
 * A line so far beside the probe that not even its first echo, to the nearest
 * element and back, comes within the window would be black altogether.
 */
static int check_reach(struct compiler *c, const struct grid *grid,
		       uint32_t line)
{
	const double x = grid->line0 + line * grid->line_step;
	double way = INFINITY;

	for (uint32_t e = 0; e < c->elements; e++)
		way = fmin(way, hypot(x - c->element[e].x,
				      grid->sample0 - c->element[e].z));
	if (2 * way / c->c <= plan_window_end(c, &c->b))
		return 0;
	return refuse(c, processing.grid.x_mm,
		      "the first echo of the line at %g mm comes after %.2f us; the receive window ends at %.2f us",
		      x * 1e3, 2 * way / c->c * 1e6,
		      plan_window_end(c, &c->b) * 1e6);
}

static int make_grid(struct compiler *c)
{
	const struct plan_grid_text *g = &c->text.processing.grid;
	const bool sector = g->kind.number == PLAN_GRID_SECTOR;
	const char *group = "processing.grid";
	const char *along = sector ? "range_mm" : "z_mm";
	const struct plan_list *z = sector ? &g->range_mm : &g->z_mm;
	struct grid *grid = &c->plan->params.b.grid;
	int ret = check_grid(c);

	if (ret)
		return ret;
	*grid = (struct grid){
		.shape = sector ? GRID_SECTOR : GRID_LINEAR,
		.lines = g->lines.number,
		.samples = g->samples.number,
		.apex_z = g->apex_mm.number * MM,
	};
	ret = make_axis(c, group, sector ? "angle_deg" : "x_mm",
			sector ? &g->angle_deg : &g->x_mm, grid->lines,
			sector ? plan_radians(1) : MM, &grid->line0,
			&grid->line_step);
	if (!ret)
		ret = make_axis(c, group, along, z, grid->samples, MM,
				&grid->sample0, &grid->sample_step);
	if (!ret)
		ret = check_points(c, group, g->samples.line, grid);
	if (!ret)
		ret = check_depth(c, &c->b,
				  axis_end(grid->sample0, grid->sample_step,
					   grid->samples) + grid->apex_z,
				  group, along, z->line);
	if (!ret && !sector)
		ret = check_reach(c, grid, 0);
	if (!ret && !sector)
		ret = check_reach(c, grid, grid->lines - 1);
	return ret;
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

static int make_aperture(struct compiler *c)
{
	const struct plan_receive_text *r = &c->text.receive;
	const struct plan_value *colour = &c->text.processing.doppler.f_number;
	struct pipeline_params *p = &c->plan->params;

	p->b.aperture.f_number = r->f_number.number;
	p->b.aperture.window = window_of(&r->apodisation);
	p->b.aperture.taper = r->taper.number;
	p->m.aperture = p->b.aperture;
	p->colour.aperture = p->b.aperture;
	if (colour->line)
		p->colour.aperture.f_number = colour->number;
	p->b.coherence = r->coherence.number;
	p->b.pairs = c->b.inversion;
	if (p->b.coherence > c->elements / 2)
		return refuse(c, receive.coherence,
			      "parts of %u channels; two or more of them make an aperture of %u",
			      p->b.coherence, c->elements);
	if (p->b.aperture.window == WINDOW_BOXCAR)
		return 0;
	if (p->b.coherence)
		return refuse(c, receive.coherence,
			      "wants a boxcar: what apodisation weakens would count as incoherent");
	if (!p->b.aperture.f_number)
		return refuse(c, receive.apodisation,
			      "wants an f_number above 0");
	if (!p->colour.aperture.f_number)
		return refuse(c, processing.doppler.f_number,
			      "receive.apodisation wants one above 0");
	return 0;
}

/*
 * About the second harmonic, in frequencies of the pulse: the fundamental's
 * band, two fifths of its centre wide, is in the stopband.
 */
#define HARMONIC_PASS 0.4
#define HARMONIC_STOP 0.8

/* The passband must clear its image at -2 fc and, decimated, itself. */
static int make_demodulation(struct compiler *c)
{
	const struct plan_demodulation_text *d =
		&c->text.processing.demodulation;
	static const enum interpolation interpolations[] = {
		[PLAN_ENVELOPE_LINEAR] = INTERPOLATION_LINEAR,
		[PLAN_COMPENSATED] = INTERPOLATION_COMPENSATED,
		[PLAN_UPSAMPLED] = INTERPOLATION_UPSAMPLED,
	};
	struct demod_params *p = &c->plan->params.demod;
	const struct sono_scan *s = c->plan->scan;
	const double image = fabs(remainder(2 * s->fc, s->fs));

	if (s->fc > s->fs)
		return refuse(c, sequence.pulse.fc_mhz,
			      "sampling_mhz, %g, is less than one sample per cycle",
			      s->fs / 1e6);
	if (image < 0.01 * s->fs)
		return refuse(c, sequence.sampling_mhz,
			      "fc_mhz is too near a multiple of half of it");
	p->decimate = 1;
	p->interpolation =
		interpolations[(int)c->text.receive.interpolation.number];
	if (!d->here.line && c->text.sequence.pulse.harmonic.number) {
		p->pass = HARMONIC_PASS * s->fc / 2;
		p->stop = HARMONIC_STOP * s->fc / 2;
		if (p->pass + p->stop > image)
			return refuse(c, sequence.pulse.harmonic,
				      "its passband and stopband together reach the image at %.4g MHz: another sampling_mhz, or a group demodulation",
				      image / 1e6);
	}
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
	if (s->fc > DEMOD_TURNS_MAX *
			    demod_rate(s, p->decimate, p->interpolation))
		return refuse(c, processing.demodulation.decimation,
			      "leaves less than 3.3 samples for a period of fc_mhz");
	return 0;
}

static int make_levels(struct compiler *c)
{
	static const enum grey_map maps[] = {
		[PLAN_GREY_LINEAR] = GREY_LINEAR,
		[PLAN_GREY_GAMMA] = GREY_GAMMA,
		[PLAN_GREY_S] = GREY_S,
	};
	const struct plan_processing_text *t = &c->text.processing;
	struct pipeline_b *p = &c->plan->params.b;
	double *trim;

	p->reference = t->reference_counts.number;
	p->range_db = t->range_db.number;
	p->persistence = t->persistence.number;
	p->grey = maps[(int)c->text.display.grey.number];
	p->tgc_points = t->tgc_trim_db.count;
	if (!p->tgc_points)
		return 0;
	trim = calloc(p->tgc_points, sizeof(*trim));
	if (!trim)
		return -ENOMEM;
	memcpy(trim, t->tgc_trim_db.number, p->tgc_points * sizeof(*trim));
	p->tgc_db = trim;
	return 0;
}

/* --- colour --- */

/* The part that velocity comes from. */
static const struct plan_part *velocity_part(const struct compiler *c)
{
	return c->colour.count ? &c->colour : &c->b;
}

static int check_box(struct compiler *c)
{
	const struct plan_box_text *b = &c->text.processing.doppler.box;

	if (c->plan->params.b.grid.shape == GRID_SECTOR) {
		if (b->x_mm.line)
			return refuse(c, processing.doppler.box.x_mm,
				      "has no meaning in a sector");
		if (b->z_mm.line)
			return refuse(c, processing.doppler.box.z_mm,
				      "has no meaning in a sector");
		if (b->steer_deg.line)
			return refuse(c, processing.doppler.box.steer_deg,
				      "has no meaning in a sector");
		if (!b->angle_deg.line || !b->range_mm.line)
			return refuse_group(c, processing.doppler.box,
				"in a sector wants angle_deg and range_mm");
		return 0;
	}
	if (b->angle_deg.line)
		return refuse(c, processing.doppler.box.angle_deg,
			      "has no meaning in a linear grid");
	if (b->range_mm.line)
		return refuse(c, processing.doppler.box.range_mm,
			      "has no meaning in a linear grid");
	if (!b->x_mm.line || !b->z_mm.line)
		return refuse_group(c, processing.doppler.box,
				    "in a linear grid wants x_mm and z_mm");
	return 0;
}

/* Is from..to within the grid's axis? Corners may lie on it. */
static int check_inside(struct compiler *c, const char *key, unsigned int line,
			double from, double to, double start, double end,
			double unit)
{
	if (from >= start - TIE && to <= end + TIE)
		return 0;
	return plan_refuse(c, "processing.doppler.box", key, line,
			   "%g to %g is outside the B picture of %g to %g",
			   from / unit, to / unit, start / unit, end / unit);
}

/* Lines of a steered box lean; its top is where x_mm says. */
static int make_linear_box(struct compiler *c, struct grid *box)
{
	const struct plan_box_text *b = &c->text.processing.doppler.box;
	const struct grid *grid = &c->plan->params.b.grid;
	const double steer = plan_radians(b->steer_deg.number);
	const double near = box->sample0;
	const double far = axis_end(near, box->sample_step, box->samples);
	const double lean = (far - near) * tan(steer);
	const double right = axis_end(box->line0, box->line_step, box->lines);
	int ret;

	ret = check_inside(c, "x_mm", b->x_mm.line,
			   box->line0 + fmin(lean, 0), right + fmax(lean, 0),
			   grid->line0,
			   axis_end(grid->line0, grid->line_step, grid->lines),
			   MM);
	if (ret)
		return ret;
	box->steer = steer;
	box->line0 -= near * tan(steer);
	box->sample0 /= cos(steer);
	box->sample_step /= cos(steer);
	return 0;
}

static int place_box(struct compiler *c, struct grid *box)
{
	const struct plan_box_text *b = &c->text.processing.doppler.box;
	const struct grid *grid = &c->plan->params.b.grid;
	const bool sector = grid->shape == GRID_SECTOR;
	const struct plan_list *across = sector ? &b->angle_deg : &b->x_mm;
	const struct plan_list *along = sector ? &b->range_mm : &b->z_mm;
	const char *group = "processing.doppler.box";
	const char *key = sector ? "range_mm" : "z_mm";
	int ret;

	ret = make_axis(c, group, sector ? "angle_deg" : "x_mm", across,
			box->lines, sector ? plan_radians(1) : MM,
			&box->line0, &box->line_step);
	if (!ret)
		ret = make_axis(c, group, key, along, box->samples, MM,
				&box->sample0, &box->sample_step);
	if (!ret)
		ret = check_inside(c, key, along->line, box->sample0,
				   axis_end(box->sample0, box->sample_step,
					    box->samples),
				   grid->sample0,
				   axis_end(grid->sample0, grid->sample_step,
					    grid->samples), MM);
	if (!ret && sector)
		ret = check_inside(c, "angle_deg", across->line, box->line0,
				   axis_end(box->line0, box->line_step,
					    box->lines),
				   grid->line0,
				   axis_end(grid->line0, grid->line_step,
					    grid->lines), plan_radians(1));
	if (!ret && !sector)
		ret = make_linear_box(c, box);
	if (ret)
		return ret;
	return check_depth(c, velocity_part(c),
			   axis_end(box->sample0, box->sample_step,
				    box->samples) + box->apex_z,
			   group, key, along->line);
}

/* Without a box colour is B's grid, which its own window must hold, too. */
static int make_box(struct compiler *c)
{
	const struct plan_box_text *b = &c->text.processing.doppler.box;
	const struct grid *grid = &c->plan->params.b.grid;
	struct grid *box = &c->plan->params.colour.grid;
	int ret;

	if (!b->here.line)
		return check_depth(c, velocity_part(c),
				   axis_end(grid->sample0, grid->sample_step,
					    grid->samples) + grid->apex_z,
				   NULL, "processing.doppler",
				   c->text.processing.doppler.here.line);
	ret = check_box(c);
	if (ret)
		return ret;
	*box = (struct grid){
		.shape = grid->shape,
		.lines = b->lines.number,
		.samples = b->samples.number,
		.apex_z = grid->apex_z,
	};
	ret = check_points(c, "processing.doppler.box", b->samples.line, box);
	return ret ? ret : place_box(c, box);
}

/* The window of the mean: it has a middle, and lies within what there is. */
static int check_mean(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;
	const struct pipeline_params *p = &c->plan->params;
	const struct grid *grid = p->colour.grid.lines ? &p->colour.grid :
							 &p->b.grid;

	if (!((int)d->average_lines.number & 1))
		return refuse(c, processing.doppler.average_lines,
			      "%g is not odd", d->average_lines.number);
	if (!((int)d->average_samples.number & 1))
		return refuse(c, processing.doppler.average_samples,
			      "%g is not odd", d->average_samples.number);
	if (d->average_lines.number > grid->lines)
		return refuse(c, processing.doppler.average_lines,
			      "%g of %u lines", d->average_lines.number,
			      grid->lines);
	if (d->average_samples.number > grid->samples)
		return refuse(c, processing.doppler.average_samples,
			      "%g of %u samples", d->average_samples.number,
			      grid->samples);
	return 0;
}

/* Several frames make a packet only where their images lie at equal times. */
static int check_packet(struct compiler *c)
{
	const struct plan_part *part = velocity_part(c);
	const double whole = (double)part->pri * part->count * part->shots;

	if (c->text.processing.doppler.packet_frames.number == 1)
		return 0;
	if (c->text.sequence.trigger.number != PLAN_FREE)
		return refuse(c, processing.doppler.packet_frames,
			      "frames that wait for a trigger have no uniform period");
	if (part->shots == 1)
		return 0;
	if (part == &c->colour || c->m.count || c->pw.count)
		return refuse(c, processing.doppler.packet_frames,
			      "an ensemble that is a part of its frame has no uniform period over several frames");
	if (part->by_beam && part->count > 1)
		return refuse(c, processing.doppler.packet_frames,
			      "an ensemble per beam has no uniform period over several frames");
	if (c->frame != whole)
		return refuse(c, sequence.frame_rate_hz,
			      "stretches the last period, so an ensemble over several frames has no uniform one");
	return 0;
}

static const struct {
	enum wall_kind kind;
	double least, most, step;	/* order */
	double longest;			/* ensemble */
	bool cutoff;
	const char *orders;
} wall_filters[] = {
	[PLAN_POLYNOMIAL] = { WALL_POLYNOMIAL, -1, DOPPLER_ENSEMBLE_MAX - 2, 1,
			      DOPPLER_ENSEMBLE_MAX, false, "-1 to 1022" },
	[PLAN_FIR] = { WALL_FIR, 2, WALL_FIR_MAX, 2, DOPPLER_ENSEMBLE_MAX,
		       true, "2 to 30, and even" },
	[PLAN_IIR] = { WALL_IIR, 1, WALL_IIR_MAX, 1, WALL_MATRIX_MAX, true,
		       "1 to 4" },
	[PLAN_SVD] = { WALL_SVD, 1, WALL_TERMS_MAX, 1, WALL_SVD_MAX, false,
		       "1 to 8" },
};

/* Refuses GROUP.KEY of what is said of velocities. */
#define refuse_doppler(c, d, group, key, ...) \
	plan_refuse(c, group, #key, (d)->key.line, __VA_ARGS__)

/* What a filter of its kind is told, and what it is not. */
static int check_wall(struct compiler *c, const struct plan_doppler_text *d,
		      const char *group)
{
	const enum plan_wall wall = d->wall.number;
	const double order = d->wall_order.number;

	if (order < wall_filters[wall].least ||
	    order > wall_filters[wall].most ||
	    fmod(order - wall_filters[wall].least, wall_filters[wall].step) != 0)
		return refuse_doppler(c, d, group, wall_order, "%g is not %s",
				      order, wall_filters[wall].orders);
	if (wall_filters[wall].cutoff && !d->wall_cutoff_cm_s.line)
		return plan_refuse(c, group, "wall_cutoff_cm_s", d->here.line,
				   "missing");
	if (!wall_filters[wall].cutoff && d->wall_cutoff_cm_s.line)
		return refuse_doppler(c, d, group, wall_cutoff_cm_s,
				      "has no meaning but for \"fir\" and \"iir\"");
	if (wall != PLAN_IIR && d->wall_start.line)
		return refuse_doppler(c, d, group, wall_start,
				      "has no meaning but for \"iir\"");
	if (d->of.number == PLAN_OF_TISSUE && !d->tissue_db.line)
		return refuse_doppler(c, d, group, of,
				      "tissue wants a tissue_db, from which on it is there");
	return 0;
}

/* Echoes come at about the frequency that was sent. */
static int check_frequency(struct compiler *c,
			   const struct plan_doppler_text *d, const char *group)
{
	const struct plan_value *f = &d->frequency_mhz;
	const double fc = c->plan->scan->fc / 1e6;

	if (f->number && d->estimator.number == PLAN_LOUPAS)
		return refuse_doppler(c, d, group, frequency_mhz,
				      "has no meaning for \"loupas\", which measures it");
	if (!f->number || (f->number >= fc / 2 && f->number <= 2 * fc))
		return 0;
	return refuse_doppler(c, d, group, frequency_mhz,
			      "%g is more than an octave from fc_mhz, %g",
			      f->number, fc);
}

/* Does the filter leave something of so many images, and can it take them? */
static int check_images(struct compiler *c, const struct plan_doppler_text *d,
			const char *group, double images)
{
	if (d->wall_order.number + 2 > images)
		return refuse_doppler(c, d, group, wall_order,
				      "order %g leaves nothing of %g images",
				      d->wall_order.number, images);
	if (wall_filters[(int)d->wall.number].longest < images)
		return refuse_doppler(c, d, group, wall,
				      "is no filter of more than %g images",
				      wall_filters[(int)d->wall.number].longest);
	return 0;
}

static int check_ensemble(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;
	const double images = velocity_part(c)->shots *
			      d->packet_frames.number;
	int ret;

	if (images < 2)
		return refuse(c, display.colour,
			      "wants an ensemble or packet_frames of 2 or more");
	ret = check_images(c, d, "processing.doppler", images);
	return ret ? ret : check_packet(c);
}

static const enum doppler_estimator estimators[] = {
	[PLAN_KASAI] = DOPPLER_KASAI,
	[PLAN_LOUPAS] = DOPPLER_LOUPAS,
};

static enum moving moving_of(const struct plan_doppler_text *d)
{
	return d->of.number == PLAN_OF_TISSUE ? MOVING_TISSUE : MOVING_FLOW;
}

static void set_doppler(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;
	struct pipeline_colour *p = &c->plan->params.colour;

	p->on = true;
	p->packet_frames = d->packet_frames.number;
	p->estimator = estimators[(int)d->estimator.number];
	p->average_lines = d->average_lines.number;
	p->average_samples = d->average_samples.number;
	p->frequency = d->frequency_mhz.number * 1e6;
	p->power_min_db = d->power_min_db.number;
	p->velocity_min = d->velocity_min_cm_s.number * 1e-2;
	p->priority_db = d->priority_db.number;
	p->wanted = moving_of(d);
	p->tissue_db = d->tissue_db.number;
	p->tissue_width = d->tissue_mm.number * MM;
}

/* The cutoff is a velocity, and so a share of what can be measured. */
static int set_wall(struct compiler *c, const struct plan_doppler_text *d,
		    const char *group, double nyquist, struct wall_params *wall)
{
	static const enum wall_start starts[] = {
		[PLAN_PROJECTION] = WALL_PROJECTION,
		[PLAN_STEP] = WALL_STEP,
		[PLAN_ZERO] = WALL_ZERO,
	};
	const double cutoff = d->wall_cutoff_cm_s.number * 1e-2;

	*wall = (struct wall_params){
		.kind = wall_filters[(int)d->wall.number].kind,
		.order = d->wall_order.number,
		.cutoff = cutoff / nyquist,
		.start = starts[(int)d->wall_start.number],
	};
	if (cutoff >= nyquist)
		return refuse_doppler(c, d, group, wall_cutoff_cm_s,
				      "is not below the Nyquist velocity, %.3g cm/s",
				      nyquist * 1e2);
	return 0;
}

static void set_colours(struct compiler *c)
{
	static const enum colour_map maps[] = {
		[PLAN_VELOCITY] = COLOUR_VELOCITY,
		[PLAN_VARIANCE] = COLOUR_VARIANCE,
		[PLAN_POWER] = COLOUR_POWER,
		[PLAN_DIRECTIONAL] = COLOUR_DIRECTIONAL,
	};
	const struct plan_display_text *d = &c->text.display;
	struct pipeline_colour *p = &c->plan->params.colour;

	p->map = maps[(int)d->map.number];
	p->power_range_db = d->power_range_db.number;
	p->baseline = d->baseline.number;
	p->invert = d->invert.number;
}

static int make_doppler(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.doppler;
	const char *group = "processing.doppler";
	struct sono_plan_rates rates;
	int ret;

	c->plan->params.colour.packet_frames = 1;
	c->plan->params.colour.priority_db = INFINITY;
	c->plan->params.colour.tissue_db = INFINITY;
	set_colours(c);
	if (!c->text.display.colour.number)
		return 0;
	if (!c->text.processing.doppler.here.line)
		return refuse(c, display.colour,
			      "wants a group processing.doppler");
	ret = check_wall(c, d, group);
	if (!ret)
		ret = check_ensemble(c);
	if (!ret)
		ret = make_box(c);
	if (!ret)
		ret = check_mean(c);
	if (!ret)
		ret = check_frequency(c, d, group);
	if (ret)
		return ret;
	set_doppler(c);
	sono_plan_rates(&rates, c->plan->scan, &c->plan->params);
	return set_wall(c, d, group, rates.nyquist,
			&c->plan->params.colour.wall);
}

/* --- M and the strips --- */

static int check_line_start(struct compiler *c, const struct plan_line *line,
			    const struct plan_beam *beam)
{
	const double end = c->element[c->elements - 1].x;
	const double room = c->text.probe.pitch_mm.number * MM / 2;

	if (line->x_mm->line && c->text.probe.kind.number != PLAN_LINEAR)
		return plan_refuse(c, line->group, "x_mm", line->x_mm->line,
				   "has no meaning but for a linear probe");
	if (fabs(beam->x) > end + room + TIE)
		return plan_refuse(c, NULL, line->group, line->here->line,
				   "starts at x = %g mm, beside the probe",
				   beam->x * 1e3);
	return 0;
}

/* A grid of one line, so far without samples. */
static int make_line(struct compiler *c, const struct plan_line *line,
		     struct grid *grid)
{
	const bool linear = c->text.probe.kind.number == PLAN_LINEAR;
	const double angle = plan_radians(line->angle_deg->number);
	const struct plan_beam beam = plan_beam_start(
		c, linear ? line->x_mm->number * MM : angle, angle);

	*grid = (struct grid){
		.shape = GRID_SECTOR,
		.lines = 1,
		.line0 = beam.angle,
		.line_step = plan_radians(1),
		.apex_x = beam.x,
		.apex_z = beam.z,
	};
	return check_line_start(c, line, &beam);
}

/* Velocities along the M line, from its bursts. */
static int make_m_colour(struct compiler *c)
{
	const struct plan_doppler_text *d = &c->text.processing.m.doppler;
	const char *group = "processing.m.doppler";
	const double images = c->text.sequence.m.ensemble.number;
	struct pipeline_m *p = &c->plan->params.m;
	struct sono_plan_rates rates;
	int ret;

	if (!c->text.display.m_colour.number)
		return 0;
	if (!d->here.line)
		return refuse(c, display.m_colour,
			      "wants a group processing.m.doppler");
	if (c->m.burst < 2)
		return refuse(c, display.m_colour,
			      "wants an ensemble in sequence.m");
	ret = check_wall(c, d, group);
	if (!ret)
		ret = check_images(c, d, group, images);
	if (!ret && !((int)d->average_samples.number & 1))
		ret = refuse(c, processing.m.doppler.average_samples,
			     "%g is not odd", d->average_samples.number);
	if (!ret && d->average_samples.number > p->grid.samples)
		ret = refuse(c, processing.m.doppler.average_samples,
			     "%g of %u samples", d->average_samples.number,
			     p->grid.samples);
	if (!ret)
		ret = check_frequency(c, d, group);
	if (ret)
		return ret;
	p->colour = true;
	p->estimator = estimators[(int)d->estimator.number];
	p->average_samples = d->average_samples.number;
	p->frequency = d->frequency_mhz.number * 1e6;
	p->power_min_db = d->power_min_db.number;
	p->velocity_min = d->velocity_min_cm_s.number * 1e-2;
	p->priority_db = d->priority_db.number;
	p->wanted = moving_of(d);
	p->tissue_db = d->tissue_db.number;
	p->tissue_width = d->tissue_mm.number * MM;
	sono_plan_rates(&rates, c->plan->scan, &c->plan->params);
	return set_wall(c, d, group, rates.m_nyquist, &p->wall);
}

/* Along its own beam, or a line of B's. */
static int make_m(struct compiler *c)
{
	const struct plan_m_line_text *line = &c->text.processing.m;
	struct grid *grid = &c->plan->params.m.grid;
	int ret;

	if (!line->here.line)
		return 0;
	if (!line->depth_mm.line)
		return plan_refuse(c, "processing.m", "depth_mm",
				   line->here.line, "missing");
	ret = make_line(c, &c->m_line, grid);
	if (ret)
		return ret;
	grid->samples = line->samples.number;
	ret = make_axis(c, "processing.m", "depth_mm", &line->depth_mm,
			grid->samples, MM, &grid->sample0,
			&grid->sample_step);
	if (ret)
		return ret;
	c->plan->params.m.on = true;
	c->plan->params.m.ensemble = c->m.count ? c->m.burst : 1;
	ret = make_m_colour(c);
	if (ret)
		return ret;
	return check_depth(c, c->m.count ? &c->m : &c->b,
			   line->depth_mm.number[1] * MM, "processing.m",
			   "depth_mm", line->depth_mm.line);
}

/* The gate's samples lie evenly in it, an eighth of a wavelength apart. */
static void make_gate(struct compiler *c, struct grid *grid)
{
	const struct plan_volume_text *v = &c->text.processing.pw;
	const double gate = v->gate_mm.number * MM;
	const double step = c->c / c->plan->scan->fc / 8;

	grid->samples = fmin(fmax(ceil(gate / step), 1), SPECTRUM_GATE_MAX);
	grid->sample_step = gate / grid->samples;
	grid->sample0 = v->depth_mm.number * MM - gate / 2 +
			grid->sample_step / 2;
}

static void set_pw(struct compiler *c)
{
	const struct plan_volume_text *v = &c->text.processing.pw;
	const struct plan_display_text *d = &c->text.display;
	struct pipeline_pw *p = &c->plan->params.pw;

	p->on = true;
	p->aperture = c->plan->params.b.aperture;
	if (v->f_number.line)
		p->aperture.f_number = v->f_number.number;
	p->flow = plan_radians(v->flow_deg.number);
	p->cutoff = v->wall_cutoff_cm_s.number * 1e-2;
	p->window = v->window.number;
	p->fft = v->fft.number;
	p->looks = v->looks.number;
	p->trace_columns = v->trace_columns.number;
	p->reference = v->reference_counts.number;
	p->range_db = v->range_db.number;
	p->height = d->pw_height.number;
	p->baseline = d->pw_baseline.number;
	p->invert = d->pw_invert.number;
	p->peak = d->pw_trace.number == PLAN_PEAK ||
		  d->pw_trace.number == PLAN_BOTH;
	p->mean = d->pw_trace.number == PLAN_MEAN ||
		  d->pw_trace.number == PLAN_BOTH;
}

static int check_pw(struct compiler *c)
{
	const struct plan_volume_text *v = &c->text.processing.pw;
	const struct pipeline_pw *p = &c->plan->params.pw;
	struct sono_plan_rates rates;
	double nyquist;

	if (p->aperture.window != WINDOW_BOXCAR && !p->aperture.f_number)
		return refuse(c, processing.pw.f_number,
			      "receive.apodisation wants one above 0");
	if (p->fft != 128 && p->fft != 256)
		return refuse(c, processing.pw.fft, "%u is not 128 or 256",
			      p->fft);
	if (p->window > p->fft)
		return plan_refuse(c, "processing.pw", "window",
				   v->window.line ? v->window.line :
						    v->fft.line,
				   "%u is more than fft, %u", p->window,
				   p->fft);
	if (!(p->trace_columns & 1))
		return refuse(c, processing.pw.trace_columns, "%u is not odd",
			      p->trace_columns);
	sono_plan_rates(&rates, c->plan->scan, &c->plan->params);
	nyquist = (rates.pw_largest - rates.pw_least) / 2;
	if (p->cutoff >= nyquist)
		return refuse(c, processing.pw.wall_cutoff_cm_s,
			      "is not below the Nyquist velocity, %.3g cm/s",
			      nyquist * 1e2);
	return 0;
}

/* The sample volume, along its own beam. */
static int make_pw(struct compiler *c)
{
	const struct plan_volume_text *v = &c->text.processing.pw;
	const double gate = v->gate_mm.number;
	struct grid *grid = &c->plan->params.pw.grid;
	int ret;

	if (!v->here.line)
		return 0;
	if (!c->pw.count)
		return refuse_group(c, processing.pw,
				    "wants a group sequence.pw");
	ret = make_line(c, &c->pw_line, grid);
	if (ret)
		return ret;
	if (v->depth_mm.number <= gate / 2)
		return refuse(c, processing.pw.gate_mm,
			      "%g mm about %g mm begin before the probe", gate,
			      v->depth_mm.number);
	make_gate(c, grid);
	set_pw(c);
	ret = check_depth(c, &c->pw, (v->depth_mm.number + gate / 2) * MM,
			  "processing.pw", "depth_mm", v->depth_mm.line);
	return ret ? ret : check_pw(c);
}

static int make_display(struct compiler *c)
{
	const struct plan_display_text *d = &c->text.display;
	struct pipeline_params *p = &c->plan->params;

	if (d->ecg.number && !c->text.sequence.ecg.number)
		return refuse(c, display.ecg, "wants sequence.ecg = true");
	if (d->height.number + (p->m.on ? d->m_height.number : 0) +
		    (p->pw.on ? d->pw_height.number : 0) +
		    (d->ecg.number ? d->ecg_height.number : 0) >
	    PICTURE_HEIGHT_MAX)
		return refuse(c, display.height,
			      "with its strips the picture is more than %u pixels high",
			      PICTURE_HEIGHT_MAX);
	p->display.width = d->width.number;
	p->display.height = d->height.number;
	p->display.sweep = d->sweep_mm_s.number * MM;
	p->display.sweep_width = d->strip_mm.number * MM;
	p->m.height = d->m_height.number;
	p->ecg.on = d->ecg.number;
	p->ecg.height = d->ecg_height.number;
	return 0;
}

int plan_picture(struct compiler *c)
{
	int (*const steps[])(struct compiler *c) = {
		make_grid,   make_aperture, make_demodulation, make_levels,
		make_doppler, make_m,	    make_pw,	       make_display,
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !ret; i++)
		ret = steps[i](c);
	return ret;
}

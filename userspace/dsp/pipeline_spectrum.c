// SPDX-License-Identifier: MIT
/*
 * Stages of pulsed-wave Doppler: the spectral strip with its traces, and the
 * marks of the sample volume, and of M-mode's line, on the section.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cpu.h"
#include "pipeline_stage.h"
#include "volume.h"

/* The cursor along the flow, its gap about the gate, and the gate's bars. */
#define CURSOR		8e-3	/* [m] to either side */
#define GATE_BAR	1.2e-3	/* [m] to either side */
#define DOTS		6	/* pixels from dot to dot of the line */

static const uint8_t mark_colour[3] = { 120, 255, 160 };
static const uint8_t peak_colour[3] = { 255, 210, 60 };
static const uint8_t mean_colour[3] = { 80, 200, 255 };

/* --- the strip --- */

static struct volume_params volume_of(const struct sono_scan *scan,
				      const struct pipeline_pw *pw)
{
	return (struct volume_params){
		.role = SONO_ROLE_PW,
		.grid = pw->grid,
		.f_number = pw->aperture.f_number,
		.window = pw->aperture.window,
		.taper = pw->aperture.taper,
		.steer = beam_steer(scan, &pw->grid),
		.flow = pw->flow,
	};
}

double pipeline_pw_nyquist(const struct sono_scan *scan,
			   const struct pipeline_pw *pw, double interval)
{
	const struct volume_params params = volume_of(scan, pw);
	struct volume volume;

	if (volume_measure(&volume, scan, &params))
		return NAN;
	return scan->c / (4 * scan->fc * interval * volume.cosine);
}

static int make_painter(struct pipeline *p, const char **why)
{
	const struct pipeline_pw *pw = &p->params.pw;
	const struct volume_params seen = volume_of(p->scan, pw);
	struct spectrum_params params = {
		.gate = pw->grid.samples,
		.sample_step = pw->grid.sample_step,
		.carrier = p->scan->fc,
		.interval = p->pw.images > 1 ? shot_interval(p, &p->pw, 1) :
					       p->scan->frame_period,
		.c = p->scan->c,
		.frequency = p->scan->fc,
		.cutoff = pw->cutoff,
		.window = pw->window,
		.fft = pw->fft,
		.looks = pw->looks,
		.width = p->params.display.width,
		.height = pw->height,
		.column = column_time(p),
		.reference = pw->reference ? pw->reference :
					     p->params.b.reference,
		.range_db = pw->range_db ? pw->range_db : p->params.b.range_db,
		.grey = p->params.b.grey,
		.baseline = pw->baseline,
		.invert = pw->invert,
		.trace_columns = pw->trace_columns,
	};
	struct volume volume;
	int ret = volume_measure(&volume, p->scan, &seen);

	if (ret == -EINVAL)
		*why = "spectrum: the flow passes the volume from aside";
	if (ret)
		return ret;
	params.angle = acos(volume.cosine);
	params.spread = volume.spread;
	if (!params.interval) {
		*why = "spectrum: lines of a frame not at equal times";
		return -EINVAL;
	}
	return spectrum_create(&p->spectrum, &params, why);
}

static int make_spectrum(struct pipeline *p, const char **why)
{
	const uint32_t height = p->params.pw.height;
	struct raster raster;
	int ret = make_painter(p, why);

	if (ret)
		return ret;
	spectrum_raster(p->spectrum, &raster);
	p->rgb = cpu_choose(scanconvert_rgb_variants)->fn;
	ret = strip_init(p, &p->pw_grey, IMAGE_GREY8, height, raster.z0,
			 raster.dz);
	if (!ret)
		ret = strip_init(p, &p->pw_strip, IMAGE_RGB24, height,
				 raster.z0, raster.dz);
	p->pw_strip.floor_db = p->params.pw.range_db ?
				       -p->params.pw.range_db :
				       -p->params.b.range_db;
	p->pw_strip.grey = p->params.b.grey;
	return ret;
}

static void put(struct image *image, double x, double y, const uint8_t rgb[3])
{
	const unsigned int bytes = image_bytes_per_pixel(image->format);

	if (!(x >= 0 && y >= 0 && x < image->raster.width &&
	      y < image->raster.height))
		return;
	memcpy(image->data + (size_t)y * image->stride + (size_t)x * bytes,
	       rgb, bytes);
}

static double row_of(const struct raster *r, double velocity)
{
	return rint((velocity - r->z0) / r->dz);
}

/* From column to column without holes, where there is something to trace. */
static void draw_trace(struct pipeline *p, const float *trace,
		       const uint8_t rgb[3])
{
	struct image *strip = &p->pw_strip;
	double before = NAN;
	uint32_t x;

	for (x = 0; x < strip->raster.width; x++) {
		const double at = spectrum_drawn(p->spectrum, x) ?
					  row_of(&strip->raster, trace[x]) :
					  NAN;
		double y;

		if (isnan(before))
			before = at;
		for (y = fmin(at, before); y <= fmax(at, before); y++)
			if (!isnan(at))
				put(strip, x, y, rgb);
		before = at;
	}
}

static void run_spectrum(struct pipeline *p)
{
	const uint32_t width = p->pw_strip.raster.width;
	uint32_t shot, row;

	for (shot = 0; shot < p->pw.images; shot++)
		spectrum_execute(p->spectrum, &p->pw_grey,
				 p->pw.iq.data +
					 2 * (size_t)shot * p->pw.iq.samples,
				 p->time + shot_start(p, &p->pw, shot));
	for (row = 0; row < p->pw_strip.raster.height; row++)
		p->rgb(p->pw_strip.data + row * p->pw_strip.stride,
		       p->pw_grey.data + row * p->pw_grey.stride, width);
	if (p->params.pw.mean)
		draw_trace(p, spectrum_mean(p->spectrum), mean_colour);
	if (p->params.pw.peak)
		draw_trace(p, spectrum_peak(p->spectrum), peak_colour);
}

const struct stage stage_spectrum = {
	.name = "spectrum",
	.every_frame = true,
	.wanted = with_pw,
	.make = make_spectrum,
	.run = run_spectrum,
};

/* --- marks --- */

/* A straight line in the section, every @dots-th pixel of it [m]. */
static void draw_line(struct image *section, double x0, double z0, double x1,
		      double z1, unsigned int dots)
{
	const uint8_t white[3] = { 255, 255, 255 };
	const struct raster *r = &section->raster;
	const double steps = ceil(fmax(fabs(x1 - x0) / r->dx,
				       fabs(z1 - z0) / r->dz));
	double i;

	for (i = 0; i <= steps; i += dots)
		put(section,
		    rint((x0 + (x1 - x0) * i / steps - r->x0) / r->dx),
		    rint((z0 + (z1 - z0) * i / steps - r->z0) / r->dz),
		    section->format == IMAGE_RGB24 ? mark_colour : white);
}

/* Across the line at one end of the gate; dx, dz: along it, of length 1. */
static void draw_bar(struct image *section, double x, double z, double dx,
		     double dz)
{
	draw_line(section, x - GATE_BAR * dz, z + GATE_BAR * dx,
		  x + GATE_BAR * dz, z - GATE_BAR * dx, 1);
}

static void mark_volume(struct pipeline *p)
{
	const struct grid *grid = &p->params.pw.grid;
	const double dx = sin(grid->line0), dz = cos(grid->line0);
	const double fx = sin(grid->line0 + p->params.pw.flow);
	const double fz = cos(grid->line0 + p->params.pw.flow);
	const double half = grid->samples * grid->sample_step / 2;
	const double middle = grid->sample0 + half - grid->sample_step / 2;
	const double x = grid->apex_x + middle * dx;
	const double z = grid->apex_z + middle * dz;
	const double far = hypot(p->section.raster.width * p->section.raster.dx,
				 p->section.raster.height *
					 p->section.raster.dz);

	draw_line(&p->section, grid->apex_x, grid->apex_z, x - half * dx,
		  z - half * dz, DOTS);
	draw_line(&p->section, x + half * dx, z + half * dz, x + far * dx,
		  z + far * dz, DOTS);
	draw_bar(&p->section, x - half * dx, z - half * dz, dx, dz);
	draw_bar(&p->section, x + half * dx, z + half * dz, dx, dz);
	if (p->params.pw.flow != 0)
		draw_line(&p->section, x - CURSOR * fx, z - CURSOR * fz,
			  x + CURSOR * fx, z + CURSOR * fz, 1);
}

/* The line as far as its strip shows it. */
static void mark_m(struct pipeline *p)
{
	const struct grid *grid = &p->params.m.grid;
	const double dx = sin(grid->line0), dz = cos(grid->line0);
	const double near = grid->sample0;
	const double far = near + (grid->samples - 1) * grid->sample_step;

	draw_line(&p->section, grid->apex_x + near * dx,
		  grid->apex_z + near * dz, grid->apex_x + far * dx,
		  grid->apex_z + far * dz, DOTS);
}

static bool with_marks(const struct pipeline *p)
{
	return with_m(p) || with_pw(p);
}

static int make_marks(struct pipeline *p, const char **why)
{
	(void)p;
	(void)why;
	return 0;
}

static void run_marks(struct pipeline *p)
{
	if (with_m(p))
		mark_m(p);
	if (with_pw(p))
		mark_volume(p);
}

const struct stage stage_marks = {
	.name = "marks",
	.wanted = with_marks,
	.make = make_marks,
	.run = run_marks,
};

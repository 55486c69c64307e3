// SPDX-License-Identifier: MIT
/* Image quality on a phantom: what the pipeline makes of it, against what it is. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "dsp/pipeline.h"
#include "phantom.h"
#include "quality.h"
#include "sono_regs.h"
#include "take.h"

#define FRAMES 4
#define NEAR 3e-3	/* a wire is looked for so far from its place [m] */
#define PLACE_UM 500.0	/* a shallow wire is no ringing */
#define SEEN 6.0	/* times the median about it */
#define SMOOTH 3e-3	/* of the profile of evenness [m] */
#define PENETRATION_SNR 2.0
#define SPECKLE_DEPTH 0.5e-3 /* of the profile of penetration [m] */
#define CENTRE 0.5	/* of the vessel's radius, where velocity is compared */

/**
 * struct view - the phantom as it is seen
 * @p: the phantom
 * @plan: that looks
 * @pipeline: of it
 * @grid: of B
 * @amplitude: mean of the frames, on @grid, 1 is 0 dB
 * @noise: of @amplitude without transmit, mean by depth, [grid.samples]
 * @frames: added to @amplitude
 * @speed: sum of velocity times truth in the vessel
 * @square: sum of truth squared
 * @velocity: sum over frames, on the box, NULL: none was seen yet
 * @quiet: it is noise that is looked at
 */
struct view {
	struct phantom p;
	struct sono_plan *plan;
	struct pipeline *pipeline;
	const struct grid *grid;
	double *amplitude;
	double *noise;
	unsigned int frames;
	double speed, square;
	double *velocity;
	bool quiet;
};

/* --- looking ---------------------------------------------------------------- */

static double x_of(const struct grid *g, uint32_t line)
{
	return g->line0 + line * g->line_step;
}

static double z_of(const struct grid *g, uint32_t sample)
{
	return g->sample0 + sample * g->sample_step;
}

static void add_b(struct view *v)
{
	const struct env *env = pipeline_env(v->pipeline);

	for (uint32_t i = 0; i < env->lines; i++)
		for (uint32_t j = 0; j < env->samples; j++) {
			const size_t at = (size_t)i * env->samples + j;
			const double e = pow(10, env->db[at] / 20);

			if (v->quiet)
				v->noise[j] += e / env->lines;
			else
				v->amplitude[at] += e / FRAMES;
		}
}

/* Along a line of the box, towards the probe; 0 but in the vessel's centre. */
static double truth_at(const struct view *v, const struct grid *g, uint32_t line,
		       uint32_t sample)
{
	const struct phantom *p = &v->p;
	const double way = z_of(g, sample);
	const double x = x_of(g, line) + way * tan(g->steer) - p->flow.x;
	const double z = way - p->flow.z;
	const double across = x * sin(p->rises) + z * cos(p->rises);
	const double r = across / p->flow.radius;
	const double towards = sin(p->rises) * cos(g->steer) -
			       cos(p->rises) * sin(g->steer);

	return fabs(r) < CENTRE ? p->fastest * (1 - r * r) * towards : 0;
}

static bool make_velocity(struct view *v, const struct grid *g)
{
	if (!v->velocity)
		v->velocity = calloc((size_t)g->lines * g->samples,
				     sizeof(double));
	return v->velocity;
}

static void add_flow(struct view *v)
{
	const struct vel *vel = pipeline_vel(v->pipeline);
	const struct grid *g = pipeline_colour_grid(v->pipeline);

	if (!vel || !make_velocity(v, g))
		return;
	for (uint32_t i = 0; i < vel->lines; i++)
		for (uint32_t j = 0; j < vel->samples; j++) {
			const size_t at = (size_t)i * vel->samples + j;
			const double truth = truth_at(v, g, i, j);

			if (truth == 0 || !vel->valid[at])
				continue;
			v->speed += vel->v[at] * truth;
			v->square += truth * truth;
			v->velocity[at] += vel->v[at] / FRAMES;
		}
}

/* The truth on the axis, as a line of the box sees it. */
static double fastest(const struct view *v)
{
	const struct phantom *p = &v->p;
	const double steer = pipeline_colour_grid(v->pipeline)->steer;

	return p->fastest * fabs(sin(p->rises) * cos(steer) -
				 cos(p->rises) * sin(steer));
}

static void keep_picture(struct diag_result *r, const struct image *image)
{
	struct diag_picture *p = &r->picture;

	if (p->rgb || image->format != IMAGE_RGB24)
		return;
	p->width = image->raster.width;
	p->height = image->raster.height;
	p->rgb = malloc((size_t)p->width * p->height * 3);
	for (uint32_t i = 0; p->rgb && i < p->height; i++)
		memcpy(p->rgb + (size_t)i * p->width * 3,
		       image->data + i * image->stride, p->width * 3);
	snprintf(p->title, sizeof(p->title),
		 "The phantom, %.0f mm wide and %.0f mm deep",
		 1e3 * p->width * image->raster.dx,
		 1e3 * p->height * image->raster.dz);
}

static bool look(struct diag_capture *c, const struct sono_frame *f)
{
	const struct rf_frame rf = sono_rf(c->d->sono, f);
	struct view *v = c->arg;
	const struct image *image;

	if (!pipeline_execute(v->pipeline, &rf, &image))
		return true;
	add_b(v);
	v->frames++;
	if (v->quiet)
		return false;
	add_flow(v);
	if (v->frames == FRAMES)
		keep_picture(c->r, image);
	return v->frames < FRAMES;
}

/* --- wires ------------------------------------------------------------------ */

/* The image about a place, by itself; NULL without memory, or off the grid. */
static double *cut(const struct view *v, const struct phantom_place *at,
		   struct grid *g)
{
	const struct grid *all = v->grid;
	const long half_x = lrint(NEAR / all->line_step);
	const long half_z = lrint(NEAR / all->sample_step);
	long x0 = lrint((at->x - all->line0) / all->line_step) - half_x;
	long z0 = lrint((at->z - all->sample0) / all->sample_step) - half_z;
	long x1 = x0 + 2 * half_x, z1 = z0 + 2 * half_z;
	double *e;

	x0 = x0 < 0 ? 0 : x0;
	z0 = z0 < 0 ? 0 : z0;
	x1 = x1 >= (long)all->lines ? (long)all->lines - 1 : x1;
	z1 = z1 >= (long)all->samples ? (long)all->samples - 1 : z1;
	if (x1 <= x0 || z1 <= z0)
		return NULL;
	*g = *all;
	g->lines = (uint32_t)(x1 - x0 + 1);
	g->samples = (uint32_t)(z1 - z0 + 1);
	g->line0 = x_of(all, (uint32_t)x0);
	g->sample0 = z_of(all, (uint32_t)z0);
	e = calloc((size_t)g->lines * g->samples, sizeof(*e));
	for (uint32_t i = 0; e && i < g->lines; i++)
		memcpy(e + (size_t)i * g->samples,
		       v->amplitude + (size_t)(x0 + i) * all->samples + z0,
		       g->samples * sizeof(*e));
	return e;
}

/* False: nothing stands out there. */
static bool find_wire(const struct view *v, const struct phantom_place *at,
		      struct spread *spread)
{
	struct grid g;
	double *e = cut(v, at, &g), largest = 0;
	size_t n;
	bool seen;

	if (!e)
		return false;
	n = (size_t)g.lines * g.samples;
	*spread = spread_measure(e, &g, at->x, at->z);
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, e[i]);
	seen = largest > SEEN * diag_median(e, n);
	free(e);
	return seen;
}

static double place(const struct view *v, const struct spread *s,
		    unsigned int wire, bool lateral)
{
	return lateral ? 1e3 * v->p.wire[wire].x + 1e-3 * s[wire].x_error :
			 1e3 * v->p.wire[wire].z + 1e-3 * s[wire].z_error;
}

static void judge_distance(struct diag *d, struct diag_result *r,
			   const struct view *v, const struct spread *s,
			   bool lateral)
{
	const struct phantom_pair *pair = lateral ? &v->p.lateral : &v->p.axial;
	const struct spread none[PHANTOM_WIRES] = { 0 };
	const double is = place(v, s, pair->to, lateral) -
			  place(v, s, pair->from, lateral);
	const double truth = place(v, none, pair->to, lateral) -
			     place(v, none, pair->from, lateral);
	const char *name = lateral ? "lateral" : "axial";
	char text[40];
	enum diag_status status;

	snprintf(text, sizeof(text), "%s_distance_error", name);
	status = diag_measure(d, r, text, "mm", fabs(is - truth));
	snprintf(text, sizeof(text), "%s_distance_percent", name);
	status |= diag_measure(d, r, text, "%",
			       100 * fabs(is - truth) / truth);
	if (status > DIAG_PASS)
		diag_blame(r, r->status,
			   "%s distances are wrong: %.2f mm instead of %.2f",
			   name, is, truth);
}

static void judge_wire(struct diag *d, struct diag_result *r,
		       const struct view *v, const struct spread *s,
		       unsigned int i)
{
	char name[40];

	snprintf(name, sizeof(name), "lateral_width.%u", i);
	if (diag_measure(d, r, name, "mm", s[i].lateral) > DIAG_PASS)
		diag_blame(r, r->status,
			   "lateral resolution at %.0f mm is %.2f mm",
			   1e3 * v->p.wire[i].z, s[i].lateral);
	snprintf(name, sizeof(name), "axial_width.%u", i);
	if (diag_measure(d, r, name, "mm", s[i].axial) > DIAG_PASS)
		diag_blame(r, r->status, "axial resolution at %.0f mm is %.2f mm",
			   1e3 * v->p.wire[i].z, s[i].axial);
}

/* The first from which on all that are deeper are seen where they are. */
static void judge_dead_zone(struct diag *d, struct diag_result *r,
			    const struct view *v)
{
	double first = INFINITY;
	struct spread s;

	for (unsigned int i = v->p.shallows; i-- > 0;) {
		if (!find_wire(v, &v->p.shallow[i], &s) ||
		    hypot(s.x_error, s.z_error) > PLACE_UM)
			break;
		first = 1e3 * v->p.shallow[i].z;
	}
	if (diag_measure(d, r, "dead_zone", "mm", first) == DIAG_PASS)
		return;
	if (isfinite(first))
		diag_blame(r, DIAG_FAIL,
			   "the dead zone is deep: the first wire that is seen is at %.0f mm",
			   first);
	else
		diag_blame(r, DIAG_FAIL,
			   "the dead zone is deep: no shallow wire is seen");
}

/* --- cysts, evenness, depth, flow ------------------------------------------- */

struct region {
	double *e;
	size_t n;
};

/* Inside and around, as in tests/truth/cysts.c. */
static void split(const struct view *v, const struct phantom_place *c,
		  struct region *in, struct region *out)
{
	const struct grid *g = v->grid;

	in->n = 0;
	out->n = 0;
	for (uint32_t i = 0; i < g->lines; i++)
		for (uint32_t j = 0; j < g->samples; j++) {
			const double e =
				v->amplitude[(size_t)i * g->samples + j];
			const double far = hypot(x_of(g, i) - c->x,
						 z_of(g, j) - c->z) / c->radius;

			if (far < 0.8)
				in->e[in->n++] = e;
			else if (far > 1.25 && far < 1.25 * M_SQRT2)
				out->e[out->n++] = e;
		}
}

static void judge_cyst(struct diag *d, struct diag_result *r,
		       const struct view *v, unsigned int i)
{
	const size_t n = (size_t)v->grid->lines * v->grid->samples;
	struct region in = { malloc(n * sizeof(double)), 0 };
	struct region out = { malloc(n * sizeof(double)), 0 };
	char name[40];
	double contrast, g;

	if (in.e && out.e) {
		split(v, &v->p.cyst[i], &in, &out);
		contrast = 20 * log10(moments(in.e, in.n).mean /
				      moments(out.e, out.n).mean);
		snprintf(name, sizeof(name), "contrast.%u", i);
		if (diag_measure(d, r, name, "dB", contrast) > DIAG_PASS)
			diag_blame(r, r->status, "contrast of cyst %u is %.1f dB",
				   i, contrast);
		g = gcnr(in.e, in.n, out.e, out.n);
		snprintf(name, sizeof(name), "gcnr.%u", i);
		if (diag_measure(d, r, name, "", g) > DIAG_PASS)
			diag_blame(r, r->status, "gCNR of cyst %u is %.2f", i, g);
	}
	free(in.e);
	free(out.e);
}

/* Mean of the dark ones: the edge of a bright one is speckle's own. */
static void judge_area(struct diag *d, struct diag_result *r,
		       const struct view *v)
{
	unsigned int dark = 0;
	double error = 0;
	char name[40];

	for (unsigned int i = 0; i < v->p.cysts; i++) {
		const struct phantom_place *c = &v->p.cyst[i];
		const double radius = radius_measure(v->amplitude, v->grid,
						     c->x, c->z, c->radius);
		const double share = radius / c->radius;

		if (isnan(radius))
			continue;
		snprintf(name, sizeof(name), "area.%u", i);
		diag_note(d, r, name, "mm2", 1e6 * M_PI * radius * radius);
		error += 100 * (share * share - 1);
		dark++;
	}
	error = dark ? error / dark : NAN;
	if (diag_measure(d, r, "area_error", "%", error) > DIAG_PASS)
		diag_blame(r, r->status, isnan(error) ?
			   "no dark cyst is seen" :
			   "areas of cysts are wrong by %.1f %%", error);
}

static bool in_uniform(const struct phantom *p, double z)
{
	return z >= p->uniform[1] && z <= p->uniform[3];
}

/* Mean over depth and over SMOOTH about a line. */
static double even(const struct view *v, uint32_t line)
{
	const struct grid *g = v->grid;
	const long half = lrint(SMOOTH / 2 / g->line_step);
	double sum = 0;
	size_t n = 0;

	for (long i = (long)line - half; i <= (long)line + half; i++)
		for (uint32_t j = 0; j < g->samples; j++) {
			if (i < 0 || i >= (long)g->lines ||
			    !in_uniform(&v->p, z_of(g, j)))
				continue;
			sum += v->amplitude[(size_t)i * g->samples + j];
			n++;
		}
	return n ? sum / n : NAN;
}

static void judge_uniformity(struct diag *d, struct diag_result *r,
			     const struct view *v)
{
	const struct grid *g = v->grid;
	double *db = calloc(g->lines, sizeof(*db));
	double least = INFINITY, most = -INFINITY, from = 0;
	size_t n = 0;

	for (uint32_t i = 0; db && i < g->lines; i++) {
		const double x = x_of(g, i);

		if (x < v->p.uniform[0] || x > v->p.uniform[2])
			continue;
		from = n ? from : x;
		db[n] = 20 * log10(even(v, i));
		least = fmin(least, db[n]);
		most = fmax(most, db[n++]);
	}
	if (diag_measure(d, r, "uniformity", "dB", most - least) > DIAG_PASS)
		diag_blame(r, r->status, "the image is uneven by %.1f dB",
			   most - least);
	if (n)
		diag_plot(r, &(struct diag_plot){
			.title = "Evenness", .x = "mm to the right", .y = "dB",
			.n = n, .from = 1e3 * from, .step = 1e3 * g->line_step,
			.lo = NAN, .hi = NAN }, db);
	free(db);
}

/* Speckle as it is everywhere: no cyst about it, nor wire, nor the vessel. */
static bool is_speckle(const struct phantom *p, double x, double z)
{
	if (x < p->uniform[0] || x > p->uniform[2] || z < p->uniform[1])
		return false;
	for (unsigned int i = 0; i < p->cysts; i++)
		if (hypot(x - p->cyst[i].x, z - p->cyst[i].z) <
		    1.25 * p->cyst[i].radius)
			return false;
	for (unsigned int i = 0; i < p->wires; i++)
		if (fabs(z - p->wire[i].z) < NEAR)
			return false;
	return true;
}

/* Echo over noise at a depth, over SPECKLE_DEPTH; NAN: there is no speckle. */
static double speckle_over_noise(const struct view *v, uint32_t sample)
{
	const struct grid *g = v->grid;
	const uint32_t half = (uint32_t)lrint(SPECKLE_DEPTH / 2 / g->sample_step);
	double sum = 0, noise = 0;
	size_t n = 0;

	for (uint32_t j = sample > half ? sample - half : 0;
	     j < g->samples && j <= sample + half; j++)
		for (uint32_t i = 0; i < g->lines; i++) {
			if (!is_speckle(&v->p, x_of(g, i), z_of(g, j)))
				continue;
			sum += v->amplitude[(size_t)i * g->samples + j];
			noise += v->noise[j];
			n++;
		}
	return n ? sum / fmax(noise, 1e-12) : NAN;
}

/* The first sample below the vessel whose speckle is not twice the noise. */
static void judge_penetration(struct diag *d, struct diag_result *r,
			      const struct view *v)
{
	const struct grid *g = v->grid;
	double deepest = 0, *ratio = calloc(g->samples, sizeof(*ratio));
	uint32_t first = g->samples, last = 0;
	bool through = false;

	for (uint32_t j = 0; ratio && j < g->samples; j++) {
		ratio[j] = speckle_over_noise(v, j);
		if (ratio[j] >= PENETRATION_SNR && !through)
			deepest = z_of(g, j);
		else if (deepest > 0)
			through = true;
		if (!isnan(ratio[j])) {
			first = first < j ? first : j;
			last = j;
		}
		ratio[j] = 20 * log10(ratio[j] > 1e-3 ? ratio[j] : 1e-3);
	}
	if (diag_measure(d, r, "penetration", "mm", 1e3 * deepest) > DIAG_PASS)
		diag_blame(r, r->status, "penetration is %.0f mm",
			   1e3 * deepest);
	if (first <= last)
		diag_plot(r, &(struct diag_plot){
			.title = "Speckle over noise", .x = "mm deep",
			.y = "dB", .n = last - first + 1,
			.from = 1e3 * z_of(g, first),
			.step = 1e3 * g->sample_step,
			.lo = 20 * log10(PENETRATION_SNR), .hi = NAN },
			ratio + first);
	free(ratio);
}

static void judge_flow(struct diag *d, struct diag_result *r,
		       const struct view *v)
{
	const double error = v->square > 0 ?
				     100 * (v->speed / v->square - 1) : NAN;

	if (diag_measure(d, r, "doppler_error", "%", error) > DIAG_PASS)
		diag_blame(r, r->status, isnan(error) ?
			   "no flow is seen in the vessel" :
			   "velocities are wrong by %.0f %%", error);
}

/* As somebody reads it: the highest velocity that is shown in the vessel. */
static void judge_vmax(struct diag *d, struct diag_result *r,
		       const struct view *v)
{
	const struct grid *g = pipeline_colour_grid(v->pipeline);
	const size_t n = (size_t)g->lines * g->samples;
	double most = 0, error;

	/* of a vessel that is not seen enough has been said */
	if (!v->velocity || !(v->square > 0))
		return;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs(v->velocity[i]));
	error = 100 * (most / fastest(v) - 1);
	if (diag_measure(d, r, "vmax_error", "%", error) > DIAG_PASS)
		diag_blame(r, r->status,
			   "the highest velocity is wrong by %.0f %%: %.1f cm/s along the beam instead of %.1f",
			   error, 100 * most, 100 * fastest(v));
}

static void judge(struct diag *d, struct diag_result *r, const struct view *v)
{
	struct spread s[PHANTOM_WIRES] = { 0 };
	unsigned int seen = 0;

	for (unsigned int i = 0; i < v->p.wires; i++)
		seen += find_wire(v, &v->p.wire[i], &s[i]);
	if (seen <= v->p.wires / 2) {
		diag_skip(r, "this is not the phantom: %u of its %u wires are seen",
			  seen, v->p.wires);
		return;
	}
	diag_detail(r, "%u of %u wires, evenness, %u cysts, flow", seen,
		    v->p.wires, v->p.cysts);
	if (seen < v->p.wires)
		diag_blame(r, DIAG_FAIL, "%u of %u wires are not seen",
			   v->p.wires - seen, v->p.wires);
	judge_distance(d, r, v, s, false);
	judge_distance(d, r, v, s, true);
	for (unsigned int i = 0; i < v->p.wires; i++)
		judge_wire(d, r, v, s, i);
	for (unsigned int i = 0; i < v->p.cysts; i++)
		judge_cyst(d, r, v, i);
	judge_area(d, r, v);
	judge_dead_zone(d, r, v);
	judge_uniformity(d, r, v);
	judge_penetration(d, r, v);
	judge_flow(d, r, v);
	judge_vmax(d, r, v);
}

/* --- the check -------------------------------------------------------------- */

static int run(struct diag *d, struct diag_result *r, struct view *v)
{
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_ADC,
		.transmit = true,
		.frames = 4 * FRAMES,
		.look = look,
		.arg = v,
		.share = 0.7,
	};
	const struct sono_table *table = &v->plan->table;
	int ret = diag_load_table(&c, table->data, table->bytes) ?:
		  diag_run_frames(&c);

	if (ret)
		return ret;
	v->quiet = true;
	c.source = SONO_CONFIG_NOISE;
	c.transmit = false;
	c.begin = 0.7;
	c.share = 0.3;
	pipeline_reset(v->pipeline);
	return diag_load_table(&c, table->data, table->bytes) ?:
	       diag_run_frames(&c);
}

static int prepare(struct diag *d, struct diag_result *r, struct view *v)
{
	const char *reason = "its frames are too large";
	char why[DIAG_TEXT] = "";

	if (phantom_read(&v->p)) {
		diag_blame(r, DIAG_FAIL, "phantom.tsv cannot be read");
		return -EINVAL;
	}
	if (phantom_plan(&v->plan, d->info, why, sizeof(why))) {
		diag_skip(r, "no phantom for this probe");
		return -EINVAL;
	}
	if (v->plan->scan->frame_bytes > d->slots_bytes ||
	    pipeline_create(&v->pipeline, v->plan->scan, &v->plan->params,
			    &reason)) {
		diag_blame(r, DIAG_FAIL, "the phantom's plan does not run: %s",
			   reason);
		return -EINVAL;
	}
	v->grid = pipeline_b_grid(v->pipeline);
	v->amplitude = calloc((size_t)v->grid->lines * v->grid->samples,
			      sizeof(double));
	v->noise = calloc(v->grid->samples, sizeof(double));
	return v->amplitude && v->noise ? 0 : -ENOMEM;
}

void diag_check_image(struct diag *d, struct diag_result *r)
{
	struct view v = { .frames = 0 };

	if (!diag_need_stream(d, r))
		return;
	if (!prepare(d, r, &v) && !run(d, r, &v))
		judge(d, r, &v);
	free(v.amplitude);
	free(v.noise);
	free(v.velocity);
	pipeline_destroy(v.pipeline);
	sono_plan_close(v.plan);
}

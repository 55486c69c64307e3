// SPDX-License-Identifier: MIT
/*
 * The order of the stages, their buffers and their times. See struct stage
 * and its table first.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu.h"
#include "ecg.h"
#include "mmode.h"
#include "pipeline.h"
#include "sono_regs.h"
#include "tissue.h"

#define PACKET_FRAMES_MAX	1024
#define STAGES_MAX		11

/*
 * What is beamformed for one part: which events, into which image each, where
 * to.
 */
struct focus {
	enum sono_role role;	/* of the events */
	uint32_t images;	/* of a frame */
	uint32_t *group;	/* [scan->events] */
	struct grid grid;
	struct beamform *beamform;
	struct iq iq;
};

struct pipeline {
	const struct sono_scan *scan;
	struct pipeline_params params;
	double *start;		/* of each event in its frame [s] */
	double interval;	/* between images of a packet [s] */
	bool shared;		/* B is the newest image of colour's packet */

	struct workers *workers;
	struct demod *demod;
	struct analytic analytic;
	struct focus b;		/* unused where shared */
	struct detect *detect;
	struct env env;
	struct focus colour;
	struct doppler *doppler;	/* NULL: no colour */
	struct vel vel;
	struct tissue *tissue;	/* NULL: everything may have colour */
	struct scanconvert *scanconvert;
	struct image section;
	struct focus m;
	struct detect *m_detect;
	struct env m_env;
	struct mmode *mmode;	/* NULL: no M */
	struct image m_strip;
	struct ecg *ecg;	/* NULL: no ECG */
	struct image ecg_strip;
	struct image composite;	/* no data: the section is all there is */
	scanconvert_rgb_fn *rgb;	/* grey layers into it */

	const struct rf_frame *in;	/* during execute */
	bool begun;			/* epoch is set */
	uint64_t epoch;			/* board time of the first frame */
	double time;			/* of the frame, from epoch [s] */
	uint32_t frame;			/* of the packet, that comes next */
	unsigned int stages;
	struct pipeline_timing timing[STAGES_MAX];
	void (*run[STAGES_MAX])(struct pipeline *p);
	bool every_frame[STAGES_MAX];
};

/* --- which events --- */

static bool has_role(const struct sono_scan *scan, enum sono_role role)
{
	uint32_t e;

	for (e = 0; e < scan->events; e++)
		if (SONO_TAG_ROLE(scan->event[e].tag) == role)
			return true;
	return false;
}

static uint32_t shots(const struct sono_scan *scan, enum sono_role role)
{
	uint32_t e, n = 0;

	for (e = 0; e < scan->events; e++) {
		const uint32_t tag = scan->event[e].tag;

		if (SONO_TAG_ROLE(tag) == role && SONO_TAG_SHOT(tag) >= n)
			n = SONO_TAG_SHOT(tag) + 1;
	}
	return n;
}

/* The role whose events serve a part: its own, or one that can stand in. */
static enum sono_role serving(const struct sono_scan *scan, enum sono_role role)
{
	if (has_role(scan, role))
		return role;
	if (role == SONO_ROLE_B || !has_role(scan, SONO_ROLE_B))
		return SONO_ROLE_COLOUR;
	return SONO_ROLE_B;
}

/* Every shot an image, or only the last. */
static int choose_events(struct focus *f, const struct sono_scan *scan,
			 enum sono_role role, bool every_shot)
{
	uint32_t e, last;

	f->role = serving(scan, role);
	last = shots(scan, f->role) - 1;
	f->images = every_shot ? last + 1 : 1;
	f->group = calloc(scan->events, sizeof(*f->group));
	if (!f->group)
		return -ENOMEM;
	for (e = 0; e < scan->events; e++) {
		const uint32_t tag = scan->event[e].tag;
		const uint32_t shot = SONO_TAG_SHOT(tag);

		if (SONO_TAG_ROLE(tag) != f->role)
			f->group[e] = BEAMFORM_UNUSED;
		else if (every_shot)
			f->group[e] = shot;
		else
			f->group[e] = shot == last ? 0 : BEAMFORM_UNUSED;
	}
	return 0;
}

static int make_focus(struct pipeline *p, struct focus *f,
		      const struct pipeline_aperture *aperture,
		      uint32_t packet_frames, const char **why)
{
	const struct beamform_params params = {
		.grid = f->grid,
		.f_number = aperture->f_number,
		.window = aperture->window,
		.taper = aperture->taper,
		/* received as transmitted: velocities are those along lines */
		.steer = f->grid.shape == GRID_LINEAR ? f->grid.steer : 0,
		.decimate = p->params.demod.decimate,
		.workers = p->params.workers,
		.groups = f->images,
		.group = f->group,
	};
	int ret = beamform_create(&f->beamform, p->scan, &params, why);

	if (ret)
		return ret;
	return iq_init(&f->iq, f->images * packet_frames, f->grid.lines,
		       f->grid.samples);
}

static void focus_finish(struct focus *f)
{
	free(f->group);
	beamform_destroy(f->beamform);
	iq_finish(&f->iq);
}

/* --- stages --- */

static int make_demod(struct pipeline *p, const char **why)
{
	struct demod_params params = p->params.demod;
	int ret;

	params.workers = p->params.workers;
	ret = demod_create(&p->demod, p->scan, &params, why);

	if (ret)
		return ret;
	return analytic_init(&p->analytic, p->scan->events, p->scan->channels,
			     demod_longest(p->scan, p->params.demod.decimate));
}

static void demod_part(void *arg, uint32_t worker)
{
	struct pipeline *p = arg;

	demod_execute_part(p->demod, worker, &p->analytic, p->in);
}

static void run_demod(struct pipeline *p)
{
	workers_run(p->workers, demod_part, p);
}

/* A beamformer's work for all workers. */
struct beamform_job {
	struct beamform *beamform;
	struct iq *out;
	const struct analytic *in;
};

static void beamform_part(void *arg, uint32_t worker)
{
	const struct beamform_job *job = arg;

	beamform_execute_part(job->beamform, worker, job->out, job->in);
}

static void beamform_all(struct pipeline *p, struct focus *f, struct iq *out)
{
	struct beamform_job job = { f->beamform, out, &p->analytic };

	workers_run(p->workers, beamform_part, &job);
}

static int make_beamform(struct pipeline *p, const char **why)
{
	int ret;

	if (p->shared)
		return 0;
	p->b.grid = p->params.b.grid;
	ret = choose_events(&p->b, p->scan, SONO_ROLE_B, false);
	return ret ? ret : make_focus(p, &p->b, &p->params.b.aperture, 1, why);
}

static void run_beamform(struct pipeline *p)
{
	beamform_all(p, &p->b, &p->b.iq);
}

static int make_beamform_colour(struct pipeline *p, const char **why)
{
	int ret = choose_events(&p->colour, p->scan, SONO_ROLE_COLOUR, true);

	return ret ? ret : make_focus(p, &p->colour,
				      &p->params.colour.aperture,
				      p->params.colour.packet_frames, why);
}

/* The frame's images into their place in the packet. */
static void run_beamform_colour(struct pipeline *p)
{
	struct focus *f = &p->colour;
	const size_t image = 2 * (size_t)f->iq.lines * f->iq.samples;
	struct iq part = f->iq;

	part.ensemble = f->images;
	part.data += p->frame * part.ensemble * image;
	beamform_all(p, f, &part);
}

static const struct iq *b_iq(const struct pipeline *p)
{
	return p->shared ? &p->colour.iq : &p->b.iq;
}

static int make_detect(struct pipeline *p, const char **why)
{
	const struct pipeline_b *b = &p->params.b;
	const struct detect_params params = {
		.reference = b->reference,
		.range_db = b->range_db,
		.tgc_points = b->tgc_points,
		.tgc_db = b->tgc_db,
		.persistence = b->persistence,
	};
	int ret = detect_create(&p->detect, b->grid.lines, b->grid.samples,
				&params, why);

	return ret ? ret :
		     env_init(&p->env, b->grid.lines, b->grid.samples);
}

/* The picture shows the newest image of its packet. */
static void run_detect(struct pipeline *p)
{
	detect_execute(p->detect, &p->env, b_iq(p), b_iq(p)->ensemble - 1);
}

static bool alike(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(a);
}

/* Time from an event to its like in the next shot; NAN: there is none. */
static double next_shot(const struct pipeline *p, uint32_t e)
{
	const struct sono_scan *scan = p->scan;
	const uint32_t tag = scan->event[e].tag;
	const uint32_t next = SONO_TAG(SONO_TAG_ROLE(tag),
				       SONO_TAG_SHOT(tag) + 1,
				       SONO_TAG_INDEX(tag));
	uint32_t k;

	for (k = 0; k < scan->events; k++)
		if (scan->event[k].tag == next)
			return p->start[k] - p->start[e];
	return NAN;
}

/*
 * The time between like events of successive images; the same throughout the
 * packet, or there is no velocity.
 */
static const char *find_interval(struct pipeline *p)
{
	const struct focus *f = &p->colour;
	uint32_t e;

	for (e = 0; e < p->scan->events; e++) {
		double time;

		if (f->group[e] == BEAMFORM_UNUSED ||
		    f->group[e] + 1 == f->images)
			continue;
		time = next_shot(p, e);
		if (!(time > 0) || (p->interval && !alike(p->interval, time)))
			return "doppler: images of a frame not at equal times";
		p->interval = time;
	}
	if (p->params.colour.packet_frames == 1)
		return NULL;
	if (f->images > 1 &&
	    !alike(p->scan->frame_period, f->images * p->interval))
		return "doppler: images of a packet not at equal times";
	p->interval = p->scan->frame_period / f->images;
	return NULL;
}

static int make_doppler(struct pipeline *p, const char **why)
{
	const struct pipeline_colour *c = &p->params.colour;
	const struct grid *grid = &p->colour.grid;
	struct doppler_params params = {
		.ensemble = p->colour.iq.ensemble,
		.c = p->scan->c,
		.estimator = c->estimator,
		.frequency = c->frequency ? c->frequency : p->scan->fc,
		.carrier = p->scan->fc,
		.sample_step = grid->sample_step,
		.wall = c->wall,
		.average_lines = c->average_lines,
		.average_samples = c->average_samples,
		.reference = p->params.b.reference,
		.power_min_db = c->power_min_db,
		.velocity_min = c->velocity_min,
	};
	int ret;

	/* one image has no interval: doppler_create() tells what is wrong */
	if (params.ensemble > 1)
		*why = find_interval(p);
	if (*why)
		return -EINVAL;
	params.interval = p->interval;
	ret = doppler_create(&p->doppler, grid->lines, grid->samples, &params,
			     why);
	if (ret)
		return ret;
	p->section.colour = (struct colour_scale){
		.map = c->map,
		.nyquist = doppler_nyquist(&params),
		.baseline = c->baseline,
		.invert = c->invert,
		.power_db = isinf(c->power_min_db) ? -c->power_range_db :
						     c->power_min_db,
		.power_range_db = c->power_range_db,
	};
	return vel_init(&p->vel, grid->lines, grid->samples);
}

static void run_doppler(struct pipeline *p)
{
	doppler_execute(p->doppler, &p->vel, &p->colour.iq);
}

static int make_tissue(struct pipeline *p, const char **why)
{
	const struct tissue_params params = {
		.b = p->params.b.grid,
		.box = p->colour.grid,
		.level_db = p->params.colour.tissue_db,
		.width = p->params.colour.tissue_width,
	};

	return tissue_create(&p->tissue, &params, why);
}

static void run_tissue(struct pipeline *p)
{
	tissue_execute(p->tissue, &p->vel, &p->env);
}

static int make_scanconvert(struct pipeline *p, const char **why)
{
	struct scanconvert_params params = {
		.grid = p->params.b.grid,
		.raster.width = p->params.display.width,
		.raster.height = p->params.display.height,
		.range_db = p->params.b.range_db,
		.grey = p->params.b.grey,
		.colour = p->section.colour,
		.box = p->params.colour.grid,
		.priority_db = p->params.colour.priority_db,
	};
	int ret;

	scanconvert_fit(&params.raster, &params.grid);
	ret = scanconvert_create(&p->scanconvert, &params, why);
	if (ret)
		return ret;
	ret = image_init(&p->section, p->doppler ? IMAGE_RGB24 : IMAGE_GREY8,
			 &params.raster);
	p->section.floor_db = -params.range_db;
	p->section.grey = params.grey;
	p->section.colour = params.colour;
	return ret;
}

static void run_scanconvert(struct pipeline *p)
{
	scanconvert_execute(p->scanconvert, &p->section, &p->env,
			    p->doppler ? &p->vel : NULL);
}

static double column_time(const struct pipeline *p)
{
	const struct pipeline_display *d = &p->params.display;

	return d->sweep_width / d->sweep / d->width;
}

/* A strip under the section: time from left to right. */
static int strip_init(const struct pipeline *p, struct image *strip,
		      enum image_format format, uint32_t height, double z0,
		      double dz)
{
	const double column = column_time(p);
	const struct raster raster = {
		.width = p->params.display.width,
		.height = height,
		.x0 = -column * (p->params.display.width - 1),
		.z0 = z0,
		.dx = column,
		.dz = dz,
	};

	return image_init(strip, format, &raster);
}

static int make_beamform_m(struct pipeline *p, const char **why)
{
	int ret;

	p->m.grid = p->params.m.grid;
	if (p->m.grid.lines != 1) {
		*why = "M-mode: not a grid of one line";
		return -EINVAL;
	}
	ret = choose_events(&p->m, p->scan, SONO_ROLE_M,
			    has_role(p->scan, SONO_ROLE_M));
	return ret ? ret : make_focus(p, &p->m, &p->params.m.aperture, 1, why);
}

static void run_beamform_m(struct pipeline *p)
{
	beamform_all(p, &p->m, &p->m.iq);
}

/* When a shot of the beam is transmitted, its first event, in the frame. */
static double shot_start(const struct pipeline *p, uint32_t shot)
{
	uint32_t e = 0;

	while (p->m.group[e] != shot)
		e++;
	return p->start[e];
}

/*
 * The longest time from one line of the beam to the next, also to the next
 * frame's first; INFINITY where the scan does not say.
 */
static double line_interval(const struct pipeline *p)
{
	const uint32_t last = p->m.images - 1;
	double longest = p->scan->frame_period + shot_start(p, 0) -
			 shot_start(p, last);
	uint32_t shot;

	for (shot = 0; shot < last; shot++)
		longest = fmax(longest, shot_start(p, shot + 1) -
					shot_start(p, shot));
	return longest > 0 ? longest : INFINITY;
}

static int make_mmode(struct pipeline *p, const char **why)
{
	const struct pipeline_b *b = &p->params.b;
	const struct grid *grid = &p->m.grid;
	const struct detect_params detect = {
		.reference = p->params.m.reference ? p->params.m.reference :
						     b->reference,
		.range_db = b->range_db,
	};
	const struct mmode_params params = {
		.samples = grid->samples,
		.width = p->params.display.width,
		.height = p->params.m.height,
		.column = column_time(p),
		.interval = line_interval(p),
		.range_db = b->range_db,
		.grey = b->grey,
	};
	int ret = detect_create(&p->m_detect, 1, grid->samples, &detect, why);

	if (!ret)
		ret = env_init(&p->m_env, 1, grid->samples);
	if (!ret)
		ret = mmode_create(&p->mmode, &params, why);
	if (!ret)
		ret = strip_init(p, &p->m_strip, IMAGE_GREY8, params.height,
				 grid->sample0,
				 grid->sample_step * (grid->samples - 1) /
					 (params.height - 1));
	p->m_strip.floor_db = -b->range_db;
	p->m_strip.grey = b->grey;
	return ret;
}

static void run_mmode(struct pipeline *p)
{
	uint32_t shot;

	for (shot = 0; shot < p->m.images; shot++) {
		detect_execute(p->m_detect, &p->m_env, &p->m.iq, shot);
		mmode_execute(p->mmode, &p->m_strip, p->m_env.db,
			      p->time + shot_start(p, shot));
	}
}

static int make_ecg(struct pipeline *p, const char **why)
{
	const struct ecg_params params = {
		.width = p->params.display.width,
		.height = p->params.ecg.height,
		.column = column_time(p),
	};
	int ret = ecg_create(&p->ecg, &params, why);

	return ret ? ret : strip_init(p, &p->ecg_strip, IMAGE_RGB24,
				      params.height, 0, -1);
}

/*
 * Board time counts from the first frame: in whole ticks, so that a scan gives
 * the same pictures however long its board was on before.
 */
static double seconds(const struct pipeline *p, uint64_t ts)
{
	return (double)(int64_t)(ts - p->epoch) / p->in->clock;
}

/* The auxiliary block's samples; none where the frame has no whole block. */
static struct ecg_block ecg_of(const struct pipeline *p)
{
	const struct rf_frame *in = p->in;
	const char *at = (const char *)in->data + p->scan->aux_offset;
	struct ecg_block block = { 0 };
	size_t room = in->bytes - p->scan->aux_offset;
	struct sono_aux aux;

	if (in->bytes < p->scan->aux_offset || room < sizeof(aux))
		return block;
	memcpy(&aux, at, sizeof(aux));
	if (le32toh(aux.magic) != SONO_AUX_MAGIC ||
	    le32toh(aux.ecg_count) > (room - sizeof(aux)) / sizeof(int16_t))
		return block;
	block.data = (const uint8_t *)at + sizeof(aux);
	block.count = le32toh(aux.ecg_count);
	block.rate = le32toh(aux.ecg_rate);
	block.time = in->clock > 0 ? seconds(p, le64toh(aux.ecg_ts)) : p->time;
	return block;
}

static void run_ecg(struct pipeline *p)
{
	const struct ecg_block block = ecg_of(p);

	ecg_execute(p->ecg, &p->ecg_strip, &block);
}

static void add_region(struct image *image, enum region_kind kind,
		       const struct image *layer)
{
	struct image_region *r = &image->region[image->regions];

	*r = (struct image_region){ .kind = kind, .raster = layer->raster };
	if (image->regions)
		r->top = r[-1].top + r[-1].raster.height;
	image->regions++;
	image->raster.height += layer->raster.height;
}

static int make_compose(struct pipeline *p, const char **why)
{
	struct image regions = { .raster = p->section.raster };
	int ret;

	regions.raster.height = 0;
	add_region(&regions, REGION_B, &p->section);
	if (p->mmode)
		add_region(&regions, REGION_M, &p->m_strip);
	if (p->ecg)
		add_region(&regions, REGION_ECG, &p->ecg_strip);
	if (regions.raster.height > 16384) {
		*why = "picture: section and strips are more than 16384 pixels high";
		return -EINVAL;
	}
	p->rgb = cpu_choose(scanconvert_rgb_variants)->fn;
	ret = image_init(&p->composite, IMAGE_RGB24, &regions.raster);
	p->composite.regions = regions.regions;
	memcpy(p->composite.region, regions.region, sizeof(regions.region));
	p->composite.floor_db = p->section.floor_db;
	p->composite.grey = p->section.grey;
	p->composite.colour = p->section.colour;
	return ret;
}

static void copy_layer(const struct pipeline *p, struct image *out,
		       uint32_t top, const struct image *layer)
{
	const uint32_t width = layer->raster.width;
	uint32_t row;

	for (row = 0; row < layer->raster.height; row++) {
		const uint8_t *from = layer->data + row * layer->stride;
		uint8_t *to = out->data + (top + row) * out->stride;

		if (layer->format == IMAGE_RGB24)
			memcpy(to, from, 3 * (size_t)width);
		else
			p->rgb(to, from, width);
	}
}

static void run_compose(struct pipeline *p)
{
	struct image *out = &p->composite;
	uint32_t i;

	for (i = 0; i < out->regions; i++) {
		struct image_region *r = &out->region[i];

		copy_layer(p, out, r->top, pipeline_layer(p, r->kind));
		if (r->kind == REGION_M)
			r->now = mmode_now(p->mmode);
		if (r->kind == REGION_ECG) {
			r->now = ecg_now(p->ecg);
			r->raster.dz = p->ecg_strip.raster.dz;
		}
	}
}

/* --- which stages --- */

static bool always(const struct pipeline *p)
{
	(void)p;
	return true;
}

static bool own_b(const struct pipeline *p)
{
	return !p->shared;
}

static bool with_colour(const struct pipeline *p)
{
	return p->params.colour.on;
}

static bool with_tissue(const struct pipeline *p)
{
	return with_colour(p) && p->params.colour.tissue_db < INFINITY;
}

static bool with_m(const struct pipeline *p)
{
	return p->params.m.on;
}

static bool with_ecg(const struct pipeline *p)
{
	return p->params.ecg.on;
}

static bool with_strips(const struct pipeline *p)
{
	return with_m(p) || with_ecg(p);
}

/*
 * The stages in their order. A stage that does not run once per frame runs
 * when a packet is complete.
 */
static const struct stage {
	const char *name;
	bool every_frame;
	bool (*wanted)(const struct pipeline *p);
	int (*make)(struct pipeline *p, const char **why);
	void (*run)(struct pipeline *p);
} stages[] = {
	{ "demod", true, always, make_demod, run_demod },
	{ "beamform", false, own_b, make_beamform, run_beamform },
	{ "beamform-colour", true, with_colour, make_beamform_colour,
	  run_beamform_colour },
	{ "beamform-m", true, with_m, make_beamform_m, run_beamform_m },
	{ "detect", false, always, make_detect, run_detect },
	{ "doppler", false, with_colour, make_doppler, run_doppler },
	{ "tissue", false, with_tissue, make_tissue, run_tissue },
	{ "mmode", true, with_m, make_mmode, run_mmode },
	{ "ecg", true, with_ecg, make_ecg, run_ecg },
	{ "scanconvert", false, always, make_scanconvert, run_scanconvert },
	{ "compose", false, with_strips, make_compose, run_compose },
};

_Static_assert(sizeof(stages) / sizeof(stages[0]) == STAGES_MAX,
	       "a time for every stage");

void pipeline_params_init(struct pipeline_params *params)
{
	const struct pipeline_aperture aperture = { .f_number = 1.5 };

	*params = (struct pipeline_params){
		.b = {
			.aperture = aperture,
			.reference = 32768,
			.range_db = 60,
		},
		.colour = {
			.aperture = aperture,
			.packet_frames = 1,
			.wall.order = 1,
			.average_lines = 3,
			.average_samples = 5,
			.power_min_db = -INFINITY,
			.priority_db = INFINITY,
			.tissue_db = INFINITY,
			.tissue_width = 5e-3,
			.power_range_db = 40,
		},
		.m = { .aperture = aperture, .height = 200 },
		.ecg.height = 80,
		.display = {
			.width = 800,
			.height = 600,
			.sweep = 50e-3,
			.sweep_width = 0.2,
		},
	};
}

static const char *fault(const struct pipeline *p)
{
	const struct pipeline_display *d = &p->params.display;

	if (!cpu_override_valid())
		return "SONO_CPU is none of c, avx2, avx512";
	if (p->params.workers > WORKERS_MAX)
		return "workers: more than 64";
	if (!p->params.colour.packet_frames ||
	    p->params.colour.packet_frames > PACKET_FRAMES_MAX)
		return "packet: frames are not 1 to 1024";
	if (!d->width || !d->height)
		return "picture: no width or no height";
	if (with_strips(p) && (!(d->sweep > 0) || !(d->sweep_width > 0)))
		return "picture: strips without speed or width";
	if (!has_role(p->scan, SONO_ROLE_B) &&
	    !has_role(p->scan, SONO_ROLE_COLOUR))
		return "scan: no event for the grey picture";
	return NULL;
}

static bool same_aperture(const struct pipeline_aperture *a,
			  const struct pipeline_aperture *b)
{
	return a->f_number == b->f_number && a->window == b->window &&
	       a->taper == b->taper;
}

/* Does colour make an image of B's events, place and aperture anyway? */
static bool can_share(const struct pipeline *p)
{
	const struct pipeline_params *params = &p->params;

	return params->colour.on && !params->colour.grid.lines &&
	       same_aperture(&params->colour.aperture, &params->b.aperture) &&
	       serving(p->scan, SONO_ROLE_B) ==
		       serving(p->scan, SONO_ROLE_COLOUR);
}

/* Times of events, and what follows from the parameters alone. */
static int prepare(struct pipeline *p)
{
	const struct sono_scan *scan = p->scan;
	double time = 0;
	uint32_t e;

	p->start = calloc(scan->events, sizeof(*p->start));
	if (!p->start)
		return -ENOMEM;
	for (e = 0; e < scan->events; e++) {
		p->start[e] = time;
		time += scan->event[e].period;
	}
	p->shared = can_share(p);
	p->colour.grid = p->params.colour.grid.lines ? p->params.colour.grid :
						       p->params.b.grid;
	return 0;
}

static int make_stages(struct pipeline *p, const char **why)
{
	unsigned int i;
	int ret;

	*why = fault(p);
	if (*why)
		return -EINVAL;
	ret = prepare(p);
	for (i = 0; i < STAGES_MAX && !ret; i++) {
		if (!stages[i].wanted(p))
			continue;
		p->timing[p->stages].stage = stages[i].name;
		p->run[p->stages] = stages[i].run;
		p->every_frame[p->stages] = stages[i].every_frame;
		p->stages++;
		ret = stages[i].make(p, why);
	}
	return ret;
}

int pipeline_create(struct pipeline **pipeline, const struct sono_scan *scan,
		    const struct pipeline_params *params, const char **why)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return -ENOMEM;
	p->scan = scan;
	p->params = *params;
	if (!p->params.demod.decimate)
		p->params.demod.decimate = 1;
	if (!p->params.workers)
		p->params.workers = 1;
	ret = make_stages(p, why);
	if (!ret && p->params.workers > 1)
		ret = workers_create(&p->workers, p->params.workers);
	/* the caller's array, copied by the stages */
	p->params.b.tgc_db = NULL;
	if (ret)
		pipeline_destroy(p);
	else
		*pipeline = p;
	return ret;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	/* read from the vDSO: no system call */
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void run_stage(struct pipeline *p, unsigned int i)
{
	struct pipeline_timing *timing = &p->timing[i];
	uint64_t start = now_ns(), took;

	p->run[i](p);
	took = now_ns() - start;
	timing->runs++;
	timing->total_ns += took;
	if (took > timing->worst_ns)
		timing->worst_ns = took;
}

static double frame_time(struct pipeline *p, const struct rf_frame *in)
{
	if (in->clock <= 0)
		return in->seq * p->scan->frame_period;
	if (!p->begun)
		p->epoch = in->ts;
	p->begun = true;
	return seconds(p, in->ts);
}

static void sign(const struct pipeline *p, struct image *image)
{
	image->seq = p->in->seq;
	image->time = p->time;
	image->phase = p->ecg ? ecg_phase(p->ecg, p->time) : NAN;
	image->heart_rate = p->ecg ? ecg_heart_rate(p->ecg) : NAN;
}

bool pipeline_execute(struct pipeline *p, const struct rf_frame *in,
		      const struct image **out)
{
	const bool last = p->frame + 1 == p->params.colour.packet_frames;
	unsigned int i;

	p->in = in;
	p->time = frame_time(p, in);
	for (i = 0; i < p->stages; i++)
		if (last || p->every_frame[i])
			run_stage(p, i);
	sign(p, &p->section);
	sign(p, &p->m_strip);
	sign(p, &p->ecg_strip);
	sign(p, &p->composite);
	p->in = NULL;
	p->frame = last ? 0 : p->frame + 1;
	if (last)
		*out = pipeline_image(p);
	return last;
}

void pipeline_pass(struct pipeline *p, const struct rf_frame *in)
{
	p->in = in;
	p->time = frame_time(p, in);
	if (p->ecg)
		run_ecg(p);
	p->in = NULL;
}

void pipeline_reset(struct pipeline *p)
{
	unsigned int i;

	detect_reset(p->detect);
	if (p->mmode)
		mmode_reset(p->mmode);
	if (p->ecg)
		ecg_reset(p->ecg);
	p->frame = 0;
	p->begun = false;
	for (i = 0; i < p->stages; i++)
		p->timing[i] = (struct pipeline_timing){
			.stage = p->timing[i].stage,
		};
}

void pipeline_destroy(struct pipeline *p)
{
	if (!p)
		return;
	workers_destroy(p->workers);
	free(p->start);
	demod_destroy(p->demod);
	analytic_finish(&p->analytic);
	focus_finish(&p->b);
	focus_finish(&p->colour);
	focus_finish(&p->m);
	detect_destroy(p->detect);
	env_finish(&p->env);
	doppler_destroy(p->doppler);
	vel_finish(&p->vel);
	tissue_destroy(p->tissue);
	scanconvert_destroy(p->scanconvert);
	image_finish(&p->section);
	detect_destroy(p->m_detect);
	env_finish(&p->m_env);
	mmode_destroy(p->mmode);
	image_finish(&p->m_strip);
	ecg_destroy(p->ecg);
	image_finish(&p->ecg_strip);
	image_finish(&p->composite);
	free(p);
}

const struct iq *pipeline_iq(const struct pipeline *p)
{
	return p->doppler ? &p->colour.iq : &p->b.iq;
}

const struct env *pipeline_env(const struct pipeline *p)
{
	return &p->env;
}

const struct vel *pipeline_vel(const struct pipeline *p)
{
	return p->doppler ? &p->vel : NULL;
}

const struct grid *pipeline_colour_grid(const struct pipeline *p)
{
	return &p->colour.grid;
}

const struct image *pipeline_image(const struct pipeline *p)
{
	return p->composite.data ? &p->composite : &p->section;
}

const struct image *pipeline_layer(const struct pipeline *p,
				   enum region_kind kind)
{
	if (kind == REGION_B)
		return &p->section;
	if (kind == REGION_M)
		return p->mmode ? &p->m_strip : NULL;
	return p->ecg ? &p->ecg_strip : NULL;
}

double pipeline_interval(const struct pipeline *p)
{
	return p->interval;
}

const struct pipeline_timing *pipeline_timing(const struct pipeline *p,
					      unsigned int index)
{
	return index < p->stages ? &p->timing[index] : NULL;
}

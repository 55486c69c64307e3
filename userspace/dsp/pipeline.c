// SPDX-License-Identifier: MIT
/*
 * The order of the stages, their buffers and their times. See struct stage
 * and its table first.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "cpu.h"
#include "demod.h"
#include "detect.h"
#include "doppler.h"
#include "pipeline.h"
#include "scanconvert.h"

#define PACKET_FRAMES_MAX	1024
#define STAGES			(sizeof(stages) / sizeof(stages[0]))

struct pipeline {
	const struct sono_scan *scan;
	struct pipeline_params params;
	uint32_t groups;	/* images made of a frame */
	uint32_t *group;	/* [scan->events] */
	double interval;	/* between images of a packet [s] */

	struct demod *demod;
	struct baseband baseband;
	struct beamform *beamform;
	struct iq iq;
	struct detect *detect;
	struct env env;
	struct doppler *doppler;	/* NULL: no colour */
	struct vel vel;
	struct scanconvert *scanconvert;
	struct image image;

	const struct rf_frame *in;	/* during execute */
	uint32_t frame;			/* of the packet, that comes next */
	struct pipeline_timing timing[5];
};

static int make_demod(struct pipeline *p, const char **why)
{
	int ret = demod_create(&p->demod, p->scan, &p->params.demod,
			       why);

	if (ret)
		return ret;
	return baseband_init(&p->baseband, p->scan->events, p->scan->channels,
			     demod_longest(p->scan, p->params.demod.decimate));
}

static void run_demod(struct pipeline *p)
{
	demod_execute(p->demod, &p->baseband, p->in);
}

static int make_beamform(struct pipeline *p, const char **why)
{
	const struct beamform_params params = {
		.grid = p->params.b.grid,
		.f_number = p->params.b.aperture.f_number,
		.window = p->params.b.aperture.window,
		.taper = p->params.b.aperture.taper,
		.decimate = p->params.demod.decimate,
		.groups = p->groups,
		.group = p->group,
	};
	int ret = beamform_create(&p->beamform, p->scan, &params, why);

	if (ret)
		return ret;
	return iq_init(&p->iq, p->groups * p->params.colour.packet_frames,
		       p->params.b.grid.lines, p->params.b.grid.samples);
}

static void run_beamform(struct pipeline *p)
{
	const size_t image = 2 * (size_t)p->iq.lines * p->iq.samples;
	struct iq part = p->iq;

	part.ensemble = p->groups;
	part.data += p->frame * part.ensemble * image;
	beamform_execute(p->beamform, &part, &p->baseband);
}

static int make_detect(struct pipeline *p, const char **why)
{
	const struct detect_params params = {
		.reference = p->params.b.reference,
		.range_db = p->params.b.range_db,
		.tgc_points = p->params.b.tgc_points,
		.tgc_db = p->params.b.tgc_db,
		.persistence = p->params.b.persistence,
	};
	int ret = detect_create(&p->detect, p->iq.lines, p->iq.samples,
				&params, why);

	return ret ? ret : env_init(&p->env, p->iq.lines, p->iq.samples);
}

/* The picture shows the newest image of its packet. */
static void run_detect(struct pipeline *p)
{
	detect_execute(p->detect, &p->env, &p->iq, p->iq.ensemble - 1);
}

static uint32_t first_event(const struct pipeline *p, uint32_t group)
{
	uint32_t e = 0;

	while (p->group[e] != group)
		e++;
	return e;
}

static bool alike(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fabs(a);
}

/*
 * The time between like events of successive images; the same throughout the
 * packet, or there is no velocity.
 */
static const char *find_interval(struct pipeline *p)
{
	const struct sono_scan *scan = p->scan;
	const uint32_t groups = p->groups;
	uint32_t g, e;

	for (g = 0; g + 1 < groups; g++) {
		uint32_t next = first_event(p, g + 1);
		double time = 0;

		for (e = first_event(p, g); e < next; e++)
			time += scan->event[e].period;
		if (g && !alike(p->interval, time))
			return "doppler: images of a frame not at equal times";
		p->interval = time;
	}
	if (p->params.colour.packet_frames == 1)
		return NULL;
	if (groups > 1 && !alike(scan->frame_period, groups * p->interval))
		return "doppler: images of a packet not at equal times";
	p->interval = scan->frame_period / groups;
	return NULL;
}

static int make_doppler(struct pipeline *p, const char **why)
{
	struct doppler_params params = {
		.ensemble = p->iq.ensemble,
		.c = p->scan->c,
		.frequency = p->params.colour.frequency ? p->params.colour.frequency :
						     p->scan->fc,
		.wall_order = p->params.colour.wall_order,
		.average_lines = p->params.colour.average_lines,
		.average_samples = p->params.colour.average_samples,
		.reference = p->params.b.reference,
		.power_min_db = p->params.colour.power_min_db,
	};
	int ret;

	if (!p->params.colour.on)
		return 0;
	*why = find_interval(p);
	if (*why)
		return -EINVAL;
	params.interval = p->interval;
	ret = doppler_create(&p->doppler, p->iq.lines, p->iq.samples, &params,
			     why);
	if (ret)
		return ret;
	p->image.colour.nyquist = doppler_nyquist(&params);
	return vel_init(&p->vel, p->iq.lines, p->iq.samples);
}

static void run_doppler(struct pipeline *p)
{
	if (p->doppler)
		doppler_execute(p->doppler, &p->vel, &p->iq);
}

static int make_scanconvert(struct pipeline *p, const char **why)
{
	struct scanconvert_params params = {
		.grid = p->params.b.grid,
		.raster.width = p->params.display.width,
		.raster.height = p->params.display.height,
		.range_db = p->params.b.range_db,
		.colour.nyquist = p->image.colour.nyquist,
		.priority_db = p->params.colour.priority_db,
	};
	int ret;

	scanconvert_fit(&params.raster, &params.grid);
	ret = scanconvert_create(&p->scanconvert, &params, why);
	if (ret)
		return ret;
	ret = image_init(&p->image, p->doppler ? IMAGE_RGB24 : IMAGE_GREY8,
			 &params.raster);
	p->image.floor_db = -params.range_db;
	p->image.colour = params.colour;
	return ret;
}

static void run_scanconvert(struct pipeline *p)
{
	scanconvert_execute(p->scanconvert, &p->image, &p->env,
			    p->doppler ? &p->vel : NULL);
}

/*
 * The stages in their order. A stage that does not run once per frame runs
 * when a packet is complete.
 */
static const struct stage {
	const char *name;
	bool every_frame;
	int (*make)(struct pipeline *p, const char **why);
	void (*run)(struct pipeline *p);
} stages[] = {
	{ "demod", true, make_demod, run_demod },
	{ "beamform", true, make_beamform, run_beamform },
	{ "detect", false, make_detect, run_detect },
	{ "doppler", false, make_doppler, run_doppler },
	{ "scanconvert", false, make_scanconvert, run_scanconvert },
};

_Static_assert(STAGES == sizeof(((struct pipeline *)0)->timing) /
			 sizeof(struct pipeline_timing),
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
			.wall_order = 1,
			.average_lines = 3,
			.average_samples = 5,
			.power_min_db = -INFINITY,
			.priority_db = INFINITY,
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
	if (!cpu_override_valid())
		return "SONO_CPU is none of c, avx2, avx512";
	if (!p->params.colour.packet_frames ||
	    p->params.colour.packet_frames > PACKET_FRAMES_MAX)
		return "packet: frames are not 1 to 1024";
	if (p->params.colour.grid.lines || p->params.m.on || p->params.ecg.on)
		return "a colour box, M and ECG are not possible yet";
	if (!p->params.display.width || !p->params.display.height)
		return "picture: no width or no height";
	return NULL;
}

/* The shots of colour, or else of B: images in order of their numbers. */
static int find_groups(struct pipeline *p)
{
	const struct sono_scan *scan = p->scan;
	enum sono_role role = SONO_ROLE_B;
	uint32_t e;

	p->group = calloc(scan->events, sizeof(*p->group));
	if (!p->group)
		return -ENOMEM;
	for (e = 0; e < scan->events; e++)
		if (SONO_TAG_ROLE(scan->event[e].tag) == SONO_ROLE_COLOUR)
			role = SONO_ROLE_COLOUR;
	for (e = 0; e < scan->events; e++) {
		const uint32_t tag = scan->event[e].tag;
		const bool used = SONO_TAG_ROLE(tag) == role;

		p->group[e] = used ? SONO_TAG_SHOT(tag) : BEAMFORM_UNUSED;
		if (used && SONO_TAG_SHOT(tag) >= p->groups)
			p->groups = SONO_TAG_SHOT(tag) + 1;
	}
	return 0;
}

static int make_stages(struct pipeline *p, const char **why)
{
	unsigned int i;
	int ret = 0;

	*why = fault(p);
	if (*why)
		return -EINVAL;
	ret = find_groups(p);
	for (i = 0; i < STAGES && !ret; i++) {
		p->timing[i].stage = stages[i].name;
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
	ret = make_stages(p, why);
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

	stages[i].run(p);
	took = now_ns() - start;
	timing->runs++;
	timing->total_ns += took;
	if (took > timing->worst_ns)
		timing->worst_ns = took;
}

bool pipeline_execute(struct pipeline *p, const struct rf_frame *in,
		      const struct image **out)
{
	const bool last = p->frame + 1 == p->params.colour.packet_frames;
	unsigned int i;

	p->in = in;
	for (i = 0; i < STAGES; i++)
		if (last || stages[i].every_frame)
			run_stage(p, i);
	p->in = NULL;
	p->frame = last ? 0 : p->frame + 1;
	p->image.seq = in->seq;
	if (last)
		*out = &p->image;
	return last;
}

void pipeline_reset(struct pipeline *p)
{
	unsigned int i;

	detect_reset(p->detect);
	p->frame = 0;
	for (i = 0; i < STAGES; i++)
		p->timing[i] = (struct pipeline_timing){
			.stage = stages[i].name,
		};
}

void pipeline_destroy(struct pipeline *p)
{
	if (!p)
		return;
	demod_destroy(p->demod);
	baseband_finish(&p->baseband);
	beamform_destroy(p->beamform);
	iq_finish(&p->iq);
	detect_destroy(p->detect);
	env_finish(&p->env);
	doppler_destroy(p->doppler);
	vel_finish(&p->vel);
	scanconvert_destroy(p->scanconvert);
	image_finish(&p->image);
	free(p->group);
	free(p);
}

const struct iq *pipeline_iq(const struct pipeline *p)
{
	return &p->iq;
}

const struct env *pipeline_env(const struct pipeline *p)
{
	return &p->env;
}

const struct vel *pipeline_vel(const struct pipeline *p)
{
	return p->doppler ? &p->vel : NULL;
}

const struct image *pipeline_image(const struct pipeline *p)
{
	return &p->image;
}

double pipeline_interval(const struct pipeline *p)
{
	return p->interval;
}

const struct pipeline_timing *pipeline_timing(const struct pipeline *p,
					      unsigned int index)
{
	return index < STAGES ? &p->timing[index] : NULL;
}

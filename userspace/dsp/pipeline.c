// SPDX-License-Identifier: MIT
/*
 * The order of the stages, and their times. See stages[] first, and
 * pipeline_stage.h for what they share.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "cpu.h"
#include "pipeline_stage.h"
#include "probe.h"

#define PACKET_FRAMES_MAX	1024

/* Of the period: ticks of a slow clock. A frame that is missing makes it 1. */
#define PACKET_JITTER		0.02

static const struct stage *const stages[] = {
	&stage_demod,
	&stage_beamform,
	&stage_beamform_colour,
	&stage_beamform_m,
	&stage_beamform_pw,
	&stage_detect,
	&stage_doppler,
	&stage_tissue,
	&stage_m_doppler,
	&stage_m_tissue,
	&stage_mmode,
	&stage_spectrum,
	&stage_ecg,
	&stage_scanconvert,
	&stage_marks,
	&stage_compose,
};

#define STAGES	(sizeof(stages) / sizeof(stages[0]))

_Static_assert(STAGES <= PIPELINE_STAGES_MAX, "a time for every stage");

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
		.m = {
			.aperture = aperture,
			.height = 200,
			.ensemble = 1,
			.wall.order = 1,
			.average_samples = 5,
			.power_min_db = -INFINITY,
			.priority_db = INFINITY,
			.tissue_db = INFINITY,
			.tissue_width = 5e-3,
		},
		.pw = {
			.aperture = aperture,
			.window = 128,
			.fft = 256,
			.looks = 2,
			.trace_columns = 9,
			.height = 240,
			.peak = true,
			.mean = true,
		},
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
	       !params->b.coherence &&
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
	if (!ret && p->params.workers > 1)
		ret = workers_create(&p->workers, p->params.workers);
	for (i = 0; i < STAGES && !ret; i++) {
		if (!stages[i]->wanted(p))
			continue;
		p->timing[p->stages].stage = stages[i]->name;
		p->stage[p->stages] = stages[i];
		p->stages++;
		ret = stages[i]->make(p, why);
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
	/* the caller's array, copied by the stages */
	p->params.b.tgc_db = NULL;
	if (ret)
		pipeline_destroy(p);
	else
		*pipeline = p;
	return ret;
}

/* CLOCK_MONOTONIC is read from the vDSO: no system call */
static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Of the caller, and of the workers since they are watched. */
static uint64_t cpu_ns(const struct pipeline *p)
{
	uint64_t ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	const struct workers_span *span;
	uint32_t w, i, n;

	for (w = 1; w < workers_count(p->workers); w++) {
		span = workers_spans(p->workers, w, &n);
		for (i = 0; i < n; i++)
			ns += span[i].cpu;
	}
	return ns;
}

/* Returns when it ended. */
static uint64_t run_stage(struct pipeline *p, unsigned int i, uint64_t start)
{
	struct pipeline_timing *timing = &p->timing[i];
	uint64_t end;

	SONO_PROBE(stage_begin, p->in->seq, timing->stage);
	p->stage[i]->run(p);
	end = now_ns();
	SONO_PROBE(stage_end, p->in->seq, timing->stage, end - start);
	timing->runs++;
	timing->total_ns += end - start;
	if (end - start > timing->worst_ns)
		timing->worst_ns = end - start;
	return end;
}

static uint64_t run_watched(struct pipeline *p, unsigned int i, uint64_t start,
			    uint64_t *cpu)
{
	uint64_t before = cpu_ns(p), end = run_stage(p, i, start);

	*cpu = cpu_ns(p) - before;
	return end;
}

/* @last: the packet is complete */
static void run_stages(struct pipeline *p, bool last)
{
	struct pipeline_stamps *s = &p->stamps[p->frames++ % PIPELINE_STAMPS];
	uint64_t now = now_ns();
	unsigned int i;

	s->seq = p->in->seq;
	s->begin = now;
	s->watched = p->watched;
	for (i = 0; i < p->stages; i++) {
		s->cpu[i] = 0;
		if (!last && !p->stage[i]->every_frame)
			;
		else if (p->watched)
			now = run_watched(p, i, now, &s->cpu[i]);
		else
			now = run_stage(p, i, now);
		s->end[i] = now;
	}
}

/*
 * Board time counts from the first frame: in whole ticks, so that a scan gives
 * the same pictures however long its board was on before.
 */
double board_seconds(const struct pipeline *p, uint64_t ts)
{
	return (double)(int64_t)(ts - p->epoch) / p->in->clock;
}

static double frame_time(struct pipeline *p, const struct rf_frame *in)
{
	if (in->clock <= 0)
		return in->seq * p->scan->frame_period;
	if (!p->begun)
		p->epoch = in->ts;
	p->begun = true;
	return board_seconds(p, in->ts);
}

static void sign(const struct pipeline *p, struct image *image)
{
	image->seq = p->in->seq;
	image->time = p->time;
	image->phase = p->ecg ? ecg_phase(p->ecg, p->time) : NAN;
	image->heart_rate = p->ecg ? ecg_heart_rate(p->ecg) : NAN;
}

/* Velocity is of frames at equal times: was one lost, there is another packet. */
static void place_in_packet(struct pipeline *p, double before)
{
	const double period = p->scan->frame_period;
	const bool begun = p->frame;

	if (fabs(p->time - before - period) > PACKET_JITTER * period)
		p->frame = 0;
	p->broken = begun && !p->frame;
}

bool pipeline_execute(struct pipeline *p, const struct rf_frame *in,
		      const struct image **out)
{
	const double before = p->time;
	bool last;

	p->in = in;
	p->time = frame_time(p, in);
	place_in_packet(p, before);
	last = p->frame + 1 == p->params.colour.packet_frames;
	if (p->watched)
		workers_watch(p->workers, true);
	run_stages(p, last);
	sign(p, &p->section);
	sign(p, &p->m_strip);
	sign(p, &p->pw_strip);
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
		stage_ecg.run(p);
	p->in = NULL;
	p->frame = 0;
}

bool pipeline_wants_next(const struct pipeline *p)
{
	return p->frame && !p->broken;
}

void pipeline_reset(struct pipeline *p)
{
	unsigned int i;

	detect_reset(p->detect);
	if (p->mmode)
		mmode_reset(p->mmode);
	if (p->mcolour)
		mcolour_reset(p->mcolour);
	if (p->spectrum)
		spectrum_reset(p->spectrum);
	if (p->ecg)
		ecg_reset(p->ecg);
	p->frame = 0;
	p->broken = false;
	p->frames = 0;
	p->begun = false;
	for (i = 0; i < p->stages; i++)
		p->timing[i] = (struct pipeline_timing){
			.stage = p->timing[i].stage,
		};
}

void pipeline_follow(struct pipeline *p)
{
	workers_follow(p->workers);
}

void pipeline_destroy(struct pipeline *p)
{
	if (!p)
		return;
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
	doppler_destroy(p->m_doppler);
	vel_finish(&p->m_vel);
	tissue_destroy(p->m_tissue);
	mcolour_destroy(p->mcolour);
	image_finish(&p->m_grey);
	image_finish(&p->m_strip);
	focus_finish(&p->pw);
	spectrum_destroy(p->spectrum);
	image_finish(&p->pw_grey);
	image_finish(&p->pw_strip);
	ecg_destroy(p->ecg);
	image_finish(&p->ecg_strip);
	image_finish(&p->composite);
	workers_destroy(p->workers);
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

const struct vel *pipeline_m_vel(const struct pipeline *p)
{
	return p->m_doppler ? &p->m_vel : NULL;
}

const struct grid *pipeline_b_grid(const struct pipeline *p)
{
	return &p->params.b.grid;
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
	if (kind == REGION_SPECTRUM)
		return p->spectrum ? &p->pw_strip : NULL;
	return p->ecg ? &p->ecg_strip : NULL;
}

const struct spectrum *pipeline_spectrum(const struct pipeline *p)
{
	return p->spectrum;
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

const struct pipeline_stamps *pipeline_stamps(const struct pipeline *p,
					      uint64_t seq)
{
	const uint64_t kept = p->frames < PIPELINE_STAMPS ? p->frames :
							    PIPELINE_STAMPS;
	uint64_t i;

	for (i = 1; i <= kept; i++) {
		const struct pipeline_stamps *s =
			&p->stamps[(p->frames - i) % PIPELINE_STAMPS];

		if (s->seq == seq)
			return s;
	}
	return NULL;
}

void pipeline_watch(struct pipeline *p, bool on)
{
	p->watched = on;
	workers_watch(p->workers, on);
}

const struct workers *pipeline_workers(const struct pipeline *p)
{
	return p->workers;
}

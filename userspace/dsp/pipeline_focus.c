// SPDX-License-Identifier: MIT
/*
 * Stages from samples to complex images: one demodulator for all events, and
 * for each part a beamformer of its own.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "direction.h"
#include "pipeline_stage.h"

/* --- which events --- */

bool has_role(const struct sono_scan *scan, enum sono_role role)
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
enum sono_role serving(const struct sono_scan *scan, enum sono_role role)
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
		      const struct pipeline_aperture *aperture, double steer,
		      uint32_t packet_frames, const char **why)
{
	const struct beamform_params params = {
		.grid = f->grid,
		.f_number = aperture->f_number,
		.window = aperture->window,
		.taper = aperture->taper,
		.coherence = f->coherence,
		.pairs = f->pairs,
		.steer = steer,
		.decimate = p->params.demod.decimate,
		.interpolation = p->params.demod.interpolation,
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

/* Received as transmitted. */
static double line_steer(const struct grid *grid)
{
	return grid->shape == GRID_LINEAR ? grid->steer : 0;
}

/* The same of one line, from the element that it starts at. */
double beam_steer(const struct sono_scan *scan, const struct grid *grid)
{
	const struct sono_element *near = scan->element;
	uint32_t e;

	for (e = 1; e < scan->elements; e++) {
		const struct sono_element *at = &scan->element[e];

		if (hypot(at->x - grid->apex_x, at->z - grid->apex_z) <
		    hypot(near->x - grid->apex_x, near->z - grid->apex_z))
			near = at;
	}
	return grid->line0 - atan2(near->nx, near->nz);
}

void focus_finish(struct focus *f)
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

	params.workers = workers_shares(p->workers);
	ret = demod_create(&p->demod, p->scan, &params, why);

	if (ret)
		return ret;
	return analytic_init(&p->analytic, p->scan->events, p->scan->channels,
			     demod_longest(p->scan, p->params.demod.decimate,
					   p->params.demod.interpolation));
}

static void demod_part(void *arg, uint32_t worker)
{
	struct pipeline *p = arg;

	demod_execute_part(p->demod, worker, &p->analytic, p->in);
}

static void run_demod(struct pipeline *p)
{
	workers_run(p->workers, workers_shares(p->workers), demod_part, p);
}

const struct stage stage_demod = {
	.name = "demod",
	.every_frame = true,
	.wanted = stage_always,
	.make = make_demod,
	.run = run_demod,
};

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

	workers_run(p->workers, workers_count(p->workers), beamform_part, &job);
}

static bool own_b(const struct pipeline *p)
{
	return !p->shared;
}

static int make_beamform(struct pipeline *p, const char **why)
{
	int ret;

	if (p->shared)
		return 0;
	p->b.grid = p->params.b.grid;
	p->b.coherence = p->params.b.coherence;
	p->b.pairs = p->params.b.pairs;
	ret = choose_events(&p->b, p->scan, SONO_ROLE_B, false);
	return ret ? ret : make_focus(p, &p->b, &p->params.b.aperture,
				      line_steer(&p->b.grid), 1, why);
}

static void run_beamform(struct pipeline *p)
{
	beamform_all(p, &p->b, &p->b.iq);
}

const struct stage stage_beamform = {
	.name = "beamform",
	.wanted = own_b,
	.make = make_beamform,
	.run = run_beamform,
};

/* So that velocities are those along lines. */
static double colour_steer(const struct pipeline *p)
{
	const struct pipeline_aperture *aperture = &p->params.colour.aperture;
	const struct beamform_params params = {
		.grid = p->colour.grid,
		.f_number = aperture->f_number,
		.window = aperture->window,
		.taper = aperture->taper,
		.steer = line_steer(&p->colour.grid),
	};

	if (p->colour.grid.shape != GRID_LINEAR || p->shared)
		return params.steer;
	return direction_steer(p->scan, p->colour.role, &params);
}

static int make_beamform_colour(struct pipeline *p, const char **why)
{
	int ret = choose_events(&p->colour, p->scan, SONO_ROLE_COLOUR, true);

	return ret ? ret : make_focus(p, &p->colour,
				      &p->params.colour.aperture,
				      colour_steer(p),
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

const struct stage stage_beamform_colour = {
	.name = "beamform-colour",
	.every_frame = true,
	.wanted = with_colour,
	.make = make_beamform_colour,
	.run = run_beamform_colour,
};

/*
 * Lines of several shots: the first shots of all, then the second, as a packet
 * lies.
 */
static int gather_bursts(struct pipeline *p, const char **why)
{
	struct focus *f = &p->m;
	uint32_t e;

	p->m_burst = p->params.m.ensemble ? p->params.m.ensemble : 1;
	if (f->role != SONO_ROLE_M)
		p->m_burst = 1;
	p->m_lines = f->images / p->m_burst;
	if (!p->m_lines || f->images % p->m_burst) {
		*why = "M-mode: shots that are no whole lines";
		return -EINVAL;
	}
	for (e = 0; e < p->scan->events; e++)
		if (f->group[e] != BEAMFORM_UNUSED)
			f->group[e] = f->group[e] % p->m_burst * p->m_lines +
				      f->group[e] / p->m_burst;
	return 0;
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
	if (!ret)
		ret = gather_bursts(p, why);
	return ret ? ret : make_focus(p, &p->m, &p->params.m.aperture, 0, 1,
				      why);
}

static void run_beamform_m(struct pipeline *p)
{
	beamform_all(p, &p->m, &p->m.iq);
}

const struct stage stage_beamform_m = {
	.name = "beamform-m",
	.every_frame = true,
	.wanted = with_m,
	.make = make_beamform_m,
	.run = run_beamform_m,
};

static int make_beamform_pw(struct pipeline *p, const char **why)
{
	const struct grid *grid = &p->params.pw.grid;
	int ret;

	p->pw.grid = *grid;
	if (grid->lines != 1 || grid->shape != GRID_SECTOR) {
		*why = "spectrum: not a grid of one line";
		return -EINVAL;
	}
	if (!has_role(p->scan, SONO_ROLE_PW)) {
		*why = "spectrum: no events of pulsed-wave Doppler";
		return -EINVAL;
	}
	ret = choose_events(&p->pw, p->scan, SONO_ROLE_PW, true);
	return ret ? ret : make_focus(p, &p->pw, &p->params.pw.aperture,
				      beam_steer(p->scan, grid), 1, why);
}

static void run_beamform_pw(struct pipeline *p)
{
	beamform_all(p, &p->pw, &p->pw.iq);
}

const struct stage stage_beamform_pw = {
	.name = "beamform-pw",
	.every_frame = true,
	.wanted = with_pw,
	.make = make_beamform_pw,
	.run = run_beamform_pw,
};

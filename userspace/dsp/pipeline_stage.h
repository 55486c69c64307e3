/* SPDX-License-Identifier: MIT */
/*
 * The pipeline from within: what its stages share. A stage is in the file of
 * what it makes: pipeline_focus.c demodulates and beamforms, pipeline_section.c
 * makes the section of the body, pipeline_strips.c and pipeline_spectrum.c what
 * runs over time, pipeline_compose.c lays them out. Their order is in pipeline.c.
 */
#ifndef DSP_PIPELINE_STAGE_H
#define DSP_PIPELINE_STAGE_H

#include "ecg.h"
#include "mcolour.h"
#include "mmode.h"
#include "pipeline.h"

/**
 * struct stage - a step on the way of a frame
 * @name: as in its timing
 * @every_frame: it runs with every frame; otherwise when a packet is complete
 * @wanted: does this pipeline have it?
 * @make: its part of pipeline_create(), after the stages before it
 * @run: the step
 */
struct stage {
	const char *name;
	bool every_frame;
	bool (*wanted)(const struct pipeline *p);
	int (*make)(struct pipeline *p, const char **why);
	void (*run)(struct pipeline *p);
};

extern const struct stage stage_demod, stage_beamform, stage_beamform_colour,
	stage_beamform_m, stage_beamform_pw;
extern const struct stage stage_detect, stage_doppler, stage_tissue,
	stage_scanconvert;
extern const struct stage stage_m_doppler, stage_m_tissue, stage_mmode, stage_ecg;
extern const struct stage stage_spectrum, stage_marks;
extern const struct stage stage_compose;

/*
 * What is beamformed for one part: which events, into which image each, where
 * to.
 */
struct focus {
	enum sono_role role;	/* of the events */
	uint32_t images;	/* of a frame */
	uint32_t coherence;	/* as of beamform_params */
	bool pairs;		/* the same */
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
	uint32_t m_lines;	/* of a frame, each of so many shots: */
	uint32_t m_burst;
	struct doppler *m_doppler;	/* NULL: no colour M */
	struct tissue *m_tissue;	/* NULL: nothing is told apart */
	struct vel m_vel;
	struct mcolour *mcolour;
	struct image m_grey;	/* without colours, where there are any */
	struct image m_strip;
	struct focus pw;
	struct spectrum *spectrum; /* NULL: no PW */
	struct image pw_grey;	/* the strip without its traces */
	struct image pw_strip;
	struct ecg *ecg;	/* NULL: no ECG */
	struct image ecg_strip;
	struct image composite;	/* no data: the section is all there is */
	scanconvert_rgb_fn *rgb;	/* grey layers into it */

	const struct rf_frame *in;	/* during execute */
	bool begun;			/* epoch is set */
	uint64_t epoch;			/* board time of the first frame */
	double time;			/* of the frame, from epoch [s] */
	uint32_t frame;			/* of the packet, that comes next */
	bool broken;			/* by the frame that execute took last */
	unsigned int stages;
	const struct stage *stage[PIPELINE_STAGES_MAX];
	struct pipeline_timing timing[PIPELINE_STAGES_MAX];
	bool watched;			/* see pipeline_watch() */
	uint64_t frames;		/* that execute took */
	struct pipeline_stamps stamps[PIPELINE_STAMPS];	/* by frames */
};

/** has_role() - has the scan events of a role? */
bool has_role(const struct sono_scan *scan, enum sono_role role);

/** serving() - the role whose events serve a part: its own, or a stand-in */
enum sono_role serving(const struct sono_scan *scan, enum sono_role role);

/**
 * beam_steer() - of a part that is one line: from the normal of the elements
 * where it starts to its direction [rad]
 */
double beam_steer(const struct sono_scan *scan, const struct grid *grid);

/** column_time() - of a strip [s] */
double column_time(const struct pipeline *p);

/**
 * strip_init() - a strip under the section: time from left to right
 * @p: a pipeline
 * @strip: written
 * @format: of it
 * @height: rows
 * @z0: of the first, in the units of its kind
 * @dz: from row to row
 *
 * Return: 0 or -ENOMEM.
 */
int strip_init(const struct pipeline *p, struct image *strip,
	       enum image_format format, uint32_t height, double z0, double dz);

/** shot_start() - first event of a shot of a line, in the frame [s] */
double shot_start(const struct pipeline *p, const struct focus *f,
		  uint32_t shot);

/**
 * shot_interval() - from shot to shot of a line
 * @p: a pipeline
 * @f: its part with lines
 * @lines: of a frame: every so many shots are of the same line
 *
 * Return: the time, the same of all [s]; 0: it is not, or there is none.
 */
double shot_interval(const struct pipeline *p, const struct focus *f,
		     uint32_t lines);

/** pipeline_colours() - what colours mean that have this Nyquist velocity */
struct colour_scale pipeline_colours(const struct pipeline *p, double nyquist,
				     double power_min_db);

/** focus_finish() - free what is in it; all 0 is fine */
void focus_finish(struct focus *focus);

/** board_seconds() - board time from the first frame [s] */
double board_seconds(const struct pipeline *p, uint64_t ts);

static inline bool stage_always(const struct pipeline *p)
{
	(void)p;
	return true;
}

static inline bool with_colour(const struct pipeline *p)
{
	return p->params.colour.on;
}

static inline bool with_m(const struct pipeline *p)
{
	return p->params.m.on;
}

static inline bool with_m_colour(const struct pipeline *p)
{
	return p->params.m.on && p->params.m.colour;
}

static inline bool with_pw(const struct pipeline *p)
{
	return p->params.pw.on;
}

static inline bool with_ecg(const struct pipeline *p)
{
	return p->params.ecg.on;
}

static inline bool with_strips(const struct pipeline *p)
{
	return with_m(p) || with_pw(p) || with_ecg(p);
}

#endif /* DSP_PIPELINE_STAGE_H */

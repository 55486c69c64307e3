// SPDX-License-Identifier: MIT
/*
 * The beamformer, demodulation included, from int16 frames in memory. A case
 * goes through as many copies of its frame as fill 64 MiB, so that no frame is
 * in a cache. How good the sum is, is told by double precision at some of the
 * grid's samples, on three kinds of channel data: see judge.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "dsp/beamform.h"
#include "dsp/demod.h"
#include "dsp/detect.h"
#include "judge.h"
#include "libsono/import.h"

#define SPEED		1540.0
#define RING_BYTES	(64u << 20)
#define PROBES		200	/* grid samples that are judged */

/* A probe, its transmits and its sampling. */
struct geometry {
	uint32_t elements;
	double pitch;
	double radius;		/* 0: flat */
	double fc;
	double rate;		/* samples to a period of fc; 0: 4 */
	enum interpolation interpolation;
	uint32_t coherence;	/* channels of a part */
	uint32_t samples;
	double rx_start;
	uint32_t waves;		/* of an image */
	double max_angle;	/* of the outermost, from the middle */
	double width;		/* of diverging waves; 0: plane */
	uint32_t images;	/* of like waves */
	struct grid grid;
	double f_number;
	enum window window;
	uint32_t smoke_lines;
};

#define DEGREES		(M_PI / 180)

static const struct geometry pw0 = {
	.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6, .samples = 1536,
	.waves = 1, .images = 1,
	.grid = { .lines = 384, .samples = 608, .line0 = -19.1e-3,
		  .line_step = 0.1e-3, .sample0 = 5e-3,
		  .sample_step = SPEED / 5.208e6 / 4 },
	.smoke_lines = 24,
};

static const struct geometry pw0_f = {
	.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6, .samples = 1536,
	.waves = 1, .images = 1,
	.grid = { .lines = 384, .samples = 608, .line0 = -19.1e-3,
		  .line_step = 0.1e-3, .sample0 = 5e-3,
		  .sample_step = SPEED / 5.208e6 / 4 },
	.f_number = 1.75,
	.smoke_lines = 24,
};

/* The same at other rates, and compensated: the price of precision. */
#define PW0_AT(at_rate, kind)						\
	{								\
		.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6,	\
		.rate = (at_rate), .interpolation = (kind),		\
		.samples = 384 * (at_rate), .waves = 1, .images = 1,	\
		.grid = { .lines = 384, .samples = 608,			\
			  .line0 = -19.1e-3, .line_step = 0.1e-3,	\
			  .sample0 = 5e-3,				\
			  .sample_step = SPEED / 5.208e6 / 4 },		\
		.f_number = 1.75, .smoke_lines = 24,			\
	}

static const struct geometry rates[] = {
	PW0_AT(3.6, INTERPOLATION_LINEAR),
	PW0_AT(3.6, INTERPOLATION_COMPENSATED),
	PW0_AT(4, INTERPOLATION_COMPENSATED),
	PW0_AT(4, INTERPOLATION_UPSAMPLED),
	PW0_AT(6, INTERPOLATION_LINEAR),
	PW0_AT(6, INTERPOLATION_COMPENSATED),
	PW0_AT(8, INTERPOLATION_LINEAR),
	PW0_AT(8, INTERPOLATION_COMPENSATED),
};

/* The same with a window. */
static const struct geometry pw0_hann = {
	.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6, .samples = 1536,
	.waves = 1, .images = 1,
	.grid = { .lines = 384, .samples = 608, .line0 = -19.1e-3,
		  .line_step = 0.1e-3, .sample0 = 5e-3,
		  .sample_step = SPEED / 5.208e6 / 4 },
	.f_number = 1.75, .window = WINDOW_HANN,
	.smoke_lines = 24,
};

/* The same with a coherence factor, of channels and of parts of 8. */
#define PW0_COHERENT(parts)						\
	{								\
		.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6,	\
		.coherence = (parts), .samples = 1536, .waves = 1,	\
		.images = 1,						\
		.grid = { .lines = 384, .samples = 608,			\
			  .line0 = -19.1e-3, .line_step = 0.1e-3,	\
			  .sample0 = 5e-3,				\
			  .sample_step = SPEED / 5.208e6 / 4 },		\
		.f_number = 1.75, .smoke_lines = 24,			\
	}

static const struct geometry coherent[] = {
	PW0_COHERENT(1),
	PW0_COHERENT(8),
};

/* PICMUS: 38.1 mm by 45 mm */
static const struct geometry pw75 = {
	.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6, .samples = 1536,
	.waves = 75, .max_angle = 16 * DEGREES, .images = 1,
	.grid = { .lines = 387, .samples = 609, .line0 = -19.05e-3,
		  .line_step = 38.1e-3 / 386, .sample0 = 5e-3,
		  .sample_step = 45e-3 / 608 },
	.f_number = 1.75,
	.smoke_lines = 1,
};

static const struct geometry convex = {
	.elements = 192, .pitch = 60e-3 * M_PI / 3 / 192, .radius = 60e-3,
	.fc = 3.5e6, .samples = 2560,
	.waves = 1, .images = 1,
	.grid = { .shape = GRID_SECTOR, .lines = 256, .samples = 1024,
		  .line0 = -30 * DEGREES, .line_step = 60 * DEGREES / 255,
		  .sample0 = 62e-3, .sample_step = SPEED / 3.5e6 / 4,
		  .apex_z = -60e-3 },
	.f_number = 1.5,
	.smoke_lines = 8,
};

static const struct geometry sector7 = {
	.elements = 64, .pitch = 0.3e-3, .fc = 2.7e6, .samples = 2304,
	.waves = 7, .max_angle = 20 * DEGREES, .width = 60 * DEGREES,
	.images = 1,
	.grid = { .shape = GRID_SECTOR, .lines = 192, .samples = 1024,
		  .line0 = -37.5 * DEGREES, .line_step = 75 * DEGREES / 191,
		  .sample0 = 5e-3, .sample_step = SPEED / 2.7e6 / 4 },
	.f_number = 1.5,
	.smoke_lines = 4,
};

static const struct geometry packet32 = {
	.elements = 128, .pitch = 0.3e-3, .fc = 5.208e6, .samples = 768,
	.waves = 1, .images = 32,
	.grid = { .lines = 256, .samples = 256, .line0 = -19.125e-3,
		  .line_step = 0.15e-3, .sample0 = 5e-3,
		  .sample_step = SPEED / 5.208e6 / 4 },
	.f_number = 1,
	.smoke_lines = 4,
};

struct object {
	struct geometry geometry;
	uint32_t lines;		/* of the case, of which a smoke test has a few */
	bool smoke;
	struct sono_scan *scan;
	uint32_t *group;
	struct demod *demod;
	struct beamform *beamform;
	struct analytic analytic;
	struct iq iq;
	uint8_t *ring;
	size_t frames, next;	/* of the ring */
};

/* --- the scan --- */

static void place_elements(struct sono_scan *scan, const struct geometry *g)
{
	uint32_t e;

	for (e = 0; e < g->elements; e++) {
		const double along = (e - (g->elements - 1) / 2.0) * g->pitch;
		const double angle = g->radius ? along / g->radius : 0;
		struct sono_element *el = &scan->element[e];

		el->x = g->radius ? g->radius * sin(angle) : along;
		el->z = g->radius * (cos(angle) - 1);
		el->nx = sin(angle);
		el->nz = cos(angle);
		scan->channel_element[e] = e;
	}
}

/* Delays of wave k of an image, the first 0. */
static void aim(const struct sono_scan *scan, const struct geometry *g,
		uint32_t k, struct sono_event *event)
{
	const double angle = g->waves > 1 ?
		g->max_angle * (2.0 * k / (g->waves - 1) - 1) : 0;
	/* a source behind the probe, from which it spans the width */
	const double half = (g->elements - 1) / 2.0 * g->pitch;
	const double behind = g->width ? half / tan(g->width / 2) : 0;
	double *delay = (double *)event->delay, least = INFINITY;
	uint32_t e;

	event->wave = g->width ? SONO_WAVE_DIVERGING : SONO_WAVE_PLANE;
	for (e = 0; e < g->elements; e++) {
		const struct sono_element *el = &scan->element[e];

		if (g->width)
			delay[e] = hypot(el->x + behind * sin(angle),
					 el->z + behind * cos(angle)) / SPEED;
		else if (g->radius)
			delay[e] = 0;
		else
			delay[e] = el->x * sin(angle) / SPEED;
		least = fmin(least, delay[e]);
	}
	for (e = 0; e < g->elements; e++)
		delay[e] -= least;
}

static struct sono_scan *make_scan(const struct geometry *g, uint32_t *group)
{
	const uint32_t events = g->waves * g->images;
	struct sono_scan *scan = sono_scan_alloc(g->elements, g->elements,
						 events);
	uint32_t e;

	if (!scan)
		bench_die("beamform", "no memory");
	scan->fs = (g->rate ? g->rate : 4) * g->fc;
	scan->fc = g->fc;
	scan->c = SPEED;
	place_elements(scan, g);
	for (e = 0; e < events; e++) {
		struct sono_event *event = &scan->event[e];

		aim(scan, g, e % g->waves, event);
		event->samples = g->samples;
		event->rx_start = g->rx_start;
		event->period = 200e-6;
		group[e] = e / g->waves;
	}
	sono_scan_layout(scan, 0);
	return scan;
}

/* --- channel data --- */

/* Noise over 60 % of fc about it, limited at full scale (4.4 sigma). */
static void fill_noise(const struct sono_scan *scan, uint8_t *frame)
{
	const double band = 0.6 * scan->fc / scan->fs;
	const uint32_t n = scan->event[0].samples;
	double *row = bench_alloc(n, sizeof(*row)), scale;
	double tap[129], power = 0;
	int k;
	uint32_t e, c, i;

	for (k = -64; k <= 64; k++)
		tap[k + 64] = (k ? sin(M_PI * band * k) / (M_PI * k) : band) *
			      cos(2 * M_PI * scan->fc / scan->fs * k) *
			      (1 + cos(M_PI * k / 65));
	/* of evenly distributed white noise, -1 to 1 */
	for (k = 0; k < 129; k++)
		power += tap[k] * tap[k] / 3;
	scale = 32767 / (4.4 * sqrt(power));
	for (e = 0; e < scan->events; e++) {
		for (c = 0; c < scan->channels; c++) {
			int16_t *out = (int16_t *)(frame +
				scan->event[e].offset +
				c * scan->event[e].stride);
			double white[128 + 1] = { 0 };
			uint32_t at = 0;

			for (i = 0; i < n; i++) {
				double v = 0;

				white[at] = bench_random();
				for (k = 0; k < 129; k++)
					v += tap[k] * white[(at + k) % 129];
				at = (at + 128) % 129;
				row[i] = v;
			}
			for (i = 0; i < n; i++)
				out[i] = lrint(fmax(fmin(row[i] * scale,
							 32767), -32767));
		}
	}
	free(row);
}

static void add_echo(const struct sono_scan *scan, double *sum, uint32_t event,
		     uint32_t c, double x, double z, double amplitude)
{
	const struct sono_event *ev = &scan->event[event];
	const struct sono_element *el = &scan->element[c];
	const double t0 = judge_arrival(scan, ev, x, z) +
			  hypot(x - el->x, z - el->z) / scan->c - ev->rx_start;
	const double sigma = 0.65 / scan->fc;	/* 58 % of fc at -6 dB */
	uint32_t n;

	for (n = 0; n < ev->samples; n++) {
		const double t = n / scan->fs - t0;

		if (fabs(t) < 6 * sigma)
			sum[n] += amplitude * exp(-t * t / (2 * sigma * sigma)) *
				  cos(2 * M_PI * scan->fc * t);
	}
}

/* --- how good it is --- */

static void run_frame(struct object *o, const uint8_t *data)
{
	const struct rf_frame frame = {
		.data = data,
		.bytes = o->scan->frame_bytes,
	};

	demod_execute(o->demod, &o->analytic, &frame);
	beamform_execute(o->beamform, &o->iq, &o->analytic);
}

/* A frame on trial. */
struct trial {
	struct object *o;
	struct judge_plan plan;
	struct judge *judge;
	struct detect *detect;
	struct env env;
	struct judge_sums sums;
};

/* Nothing is clamped: 200 dB below any sum that there may be. */
static void begin_trial(struct trial *t, struct object *o,
			const uint8_t *frame)
{
	const struct detect_params params = {
		.reference = 32768, .range_db = 200,
	};
	const struct geometry *g = &o->geometry;
	const char *why = "no memory";

	*t = (struct trial){
		.o = o,
		.plan = { o->scan, &g->grid, g->f_number, g->waves,
			  g->interpolation },
	};
	if (detect_create(&t->detect, g->grid.lines, g->grid.samples, &params,
			  &why) ||
	    env_init(&t->env, g->grid.lines, g->grid.samples))
		bench_die("beamform", why);
	t->judge = judge_new(&t->plan, frame);
	run_frame(o, frame);
}

static void try_image(struct trial *t, uint32_t image)
{
	detect_execute(t->detect, &t->env, &t->o->iq, image);
}

static void try_point(struct trial *t, const struct judge_point *at)
{
	const struct iq *iq = &t->o->iq;
	const size_t place = (size_t)at->line * iq->samples + at->sample;
	const float *got = iq->data +
		2 * ((size_t)at->image * iq->lines * iq->samples + place);

	judge_add(t->judge, &t->sums, at, got[0] + I * got[1],
		  32768 * pow(10, t->env.db[place] / 20));
}

/* Samples here and there. */
static void try_some(struct trial *t)
{
	const uint32_t points = PROBES / t->o->geometry.waves + 64;
	const uint32_t images = t->o->geometry.images;
	uint32_t image, i;

	for (image = 0; image < images; image++) {
		try_image(t, image);
		for (i = image; i < points; i += images) {
			const struct judge_point at = {
				image, rand() % t->o->iq.lines,
				rand() % t->o->iq.samples
			};

			try_point(t, &at);
		}
	}
}

/* Return: snr_db of this frame; the rest goes where it is worst. */
static double end_trial(struct trial *t, struct bench_quality *quality)
{
	const double snr = judge_db(&t->sums.same);

	quality->snr_db = fmin(quality->snr_db, snr);
	quality->exact_db = fmin(quality->exact_db, judge_db(&t->sums.exact));
	quality->env_db = fmin(quality->env_db, judge_db(&t->sums.envelope));
	quality->env_exact_db = fmin(quality->env_exact_db,
				     judge_db(&t->sums.envelope_exact));
	judge_free(t->judge);
	detect_destroy(t->detect);
	env_finish(&t->env);
	return snr;
}

static void judge_noise(struct object *o, struct bench_quality *quality)
{
	struct trial t;

	begin_trial(&t, o, o->ring);
	try_some(&t);
	quality->noise_db = end_trial(&t, quality);
}

/* A sample of the grid, or of one that goes on beyond it. */
struct spot {
	uint32_t line, sample;
};

static void add_target(const struct object *o, double *sum, uint32_t event,
		       uint32_t c, struct spot at, double amplitude)
{
	const struct ray ray = grid_ray(&o->geometry.grid, at.line);

	add_echo(o->scan, sum, event, c, ray.x + at.sample * ray.dx,
		 ray.z + at.sample * ray.dz, amplitude);
}

/* Echoes of a target at full scale, and of one 60 dB below it. */
static void fill_weak(const struct object *o, uint8_t *frame, struct spot strong,
		      struct spot weak)
{
	const struct sono_scan *scan = o->scan;
	double *sum = bench_alloc(o->geometry.samples, sizeof(*sum));
	uint32_t e, c, n;

	for (e = 0; e < scan->events; e++) {
		for (c = 0; c < scan->channels; c++) {
			int16_t *out = (int16_t *)(frame +
				scan->event[e].offset +
				c * scan->event[e].stride);

			memset(sum, 0, o->geometry.samples * sizeof(*sum));
			add_target(o, sum, e, c, strong, 32767);
			add_target(o, sum, e, c, weak, 32.767);
			for (n = 0; n < o->geometry.samples; n++)
				out[n] = lrint(fmax(fmin(sum[n], 32767),
						    -32767));
		}
	}
	free(sum);
}

/* Judged about the weak one, in depth. Return: as end_trial(). */
static double try_weak(struct object *o, struct spot strong, struct spot weak,
		       struct bench_quality *quality)
{
	struct judge_point at = { 0, weak.line, 0 };
	uint8_t *frame = bench_alloc(1, o->scan->frame_bytes);
	struct trial t;
	double snr;

	fill_weak(o, frame, strong, weak);
	begin_trial(&t, o, frame);
	try_image(&t, 0);
	for (at.sample = weak.sample - 6; at.sample <= weak.sample + 6;
	     at.sample++)
		try_point(&t, &at);
	snr = end_trial(&t, quality);
	free(frame);
	return snr;
}

/* The weak one lies deeper, where only its echo is. */
static void judge_weak(struct object *o, struct bench_quality *quality)
{
	const uint32_t line = o->iq.lines / 2, samples = o->iq.samples;

	quality->weak_db = try_weak(o, (struct spot){ line, samples / 4 },
				    (struct spot){ line, samples * 5 / 8 },
				    quality);
}

/*
 * The weak one lies as deep, a sixth of the lines away: of the strong one's echoes
 * little is left there, and only as little as their delays are exact.
 */
static void judge_beside(struct object *o, struct bench_quality *quality)
{
	const uint32_t line = o->iq.lines / 2;
	const uint32_t sample = o->iq.samples * 5 / 8;
	struct bench_quality apart = *quality;

	quality->beside_db = try_weak(o, (struct spot){ line + o->lines / 6,
							sample },
				      (struct spot){ line, sample }, &apart);
}

/* A row of @n samples 4 to the period at a case's rate: a sinc of 64 taps. */
static void resample(int16_t *out, uint32_t samples, double rate,
		     const int16_t *in, int n)
{
	uint32_t m;
	int k;

	for (m = 0; m < samples; m++) {
		const double at = m * 4 / rate;
		const int from = fmax(at - 31, 0), to = fmin(at + 32, n - 1);
		/* sin(pi t) of all taps is this but for its sign */
		const double sine = sin(M_PI * at) / M_PI;
		double sum = 0;

		for (k = from; k <= to; k++) {
			const double t = at - k, u = 1 - t * t / (33 * 33);
			const double sinc = fabs(t) < 1e-9 ? 1 :
					    (k & 1 ? -sine : sine) / t;

			sum += in[k] * sinc * u * u;
		}
		out[m] = lrint(fmax(fmin(sum, 32767), -32767));
	}
}

/* Rows of the set's transmits in turn, from its middle on, as far as they go. */
static void fill_simus(const struct object *o, uint8_t *frame,
		       const struct sono_import *set)
{
	const struct sono_scan *scan = o->scan, *from = set->scan;
	uint32_t e, c;

	for (e = 0; e < scan->events; e++) {
		const struct sono_event *event = &scan->event[e];
		const uint32_t k = o->geometry.waves == from->events ? e :
				   (from->events / 2 + e) % from->events;

		for (c = 0; c < scan->channels; c++)
			resample((int16_t *)(frame + event->offset +
					     c * event->stride),
				 event->samples, scan->fs / scan->fc,
				 (const int16_t *)(set->payload +
					from->event[k].offset +
					c % from->channels *
						from->event[k].stride),
				 from->event[k].samples);
	}
}

static struct sono_import *open_simus(void)
{
	const char *root = getenv("SONO_DATA");
	static char path[4096], why[512];
	struct sono_import *set;

	snprintf(path, sizeof(path), "%s/simus_K_picmuslike_cysts_11pw",
		 root && *root ? root : "../shared/data");
	if (!sono_import(path, &set, why, sizeof(why)))
		return set;
	bench_note("simus_K is not judged (SONO_DATA)", why);
	return NULL;
}

static void judge_simus(struct object *o, struct bench_quality *quality)
{
	struct sono_import *set = open_simus();
	uint8_t *frame;
	struct trial t;

	if (!set)
		return;
	frame = bench_alloc(1, o->scan->frame_bytes);
	fill_simus(o, frame, set);
	sono_import_free(set);
	begin_trial(&t, o, frame);
	try_some(&t);
	quality->simus_db = end_trial(&t, quality);
	free(frame);
}

static double count_points(const struct object *o)
{
	const struct geometry *g = &o->geometry;
	const struct judge_plan plan = { o->scan, &g->grid, g->f_number,
					 g->waves, g->interpolation };

	return judge_points(&plan);
}

static void judge(void *object, struct bench_quality *quality)
{
	struct object *o = object;

	srand(1);
	judge_noise(o, quality);
	judge_weak(o, quality);
	judge_beside(o, quality);
	judge_simus(o, quality);
	if (o->smoke)
		quality->points = count_points(o);
}

/* --- the case --- */

static void fill_ring(struct object *o)
{
	const size_t bytes = o->scan->frame_bytes;
	size_t i;

	if (!o->frames)
		o->frames = RING_BYTES / bytes + 1;
	o->ring = bench_alloc(o->frames, bytes);
	fill_noise(o->scan, o->ring);
	for (i = 1; i < o->frames; i++)
		memcpy(o->ring + i * bytes, o->ring, bytes);
}

static void *create(const void *arg, struct bench_run *run)
{
	struct object *o = bench_alloc(1, sizeof(*o));
	struct geometry *g = &o->geometry;
	struct demod_params demod = { 0 };
	struct beamform_params params;
	const char *why = "no memory";

	*g = *(const struct geometry *)arg;
	o->lines = g->grid.lines;
	o->smoke = run->smoke;
	demod.interpolation = g->interpolation;
	if (run->smoke) {
		/* those in the middle */
		g->grid.line0 += (g->grid.lines - g->smoke_lines) / 2 *
				 g->grid.line_step;
		g->grid.lines = g->smoke_lines;
		g->waves = g->waves > 3 ? 3 : g->waves;
		g->images = g->images > 3 ? 3 : g->images;
		o->frames = 1;
	}
	o->group = bench_alloc(g->waves * g->images, sizeof(*o->group));
	o->scan = make_scan(g, o->group);
	params = (struct beamform_params){
		.grid = g->grid,
		.f_number = g->f_number,
		.interpolation = g->interpolation,
		.coherence = g->coherence,
		.window = g->window,
		.groups = g->images,
		.group = o->group,
	};
	if (demod_create(&o->demod, o->scan, &demod, &why) ||
	    beamform_create(&o->beamform, o->scan, &params, &why) ||
	    analytic_init(&o->analytic, o->scan->events, o->scan->channels,
			  demod_longest(o->scan, 1, g->interpolation)) ||
	    iq_init(&o->iq, g->images, g->grid.lines, g->grid.samples))
		bench_die("beamform", why);
	fill_ring(o);
	run->points = beamform_points(o->beamform);
	run->frames = 1;
	return o;
}

static void execute(void *object)
{
	struct object *o = object;

	run_frame(o, o->ring + o->next++ % o->frames * o->scan->frame_bytes);
}

static void destroy(void *object)
{
	struct object *o = object;

	demod_destroy(o->demod);
	beamform_destroy(o->beamform);
	analytic_finish(&o->analytic);
	iq_finish(&o->iq);
	sono_scan_free(o->scan);
	free(o->group);
	free(o->ring);
	free(o);
}

#define CASE(case_name, geometry)					\
	{ .name = "beamform." case_name, .arg = &(geometry),		\
	  .create = create, .execute = execute, .destroy = destroy,	\
	  .quality = judge }

const struct bench_case bench_beamform[] = {
	CASE("pw0.full", pw0),
	CASE("pw0.f1.75", pw0_f),
	CASE("pw75.f1.75", pw75),
	CASE("convex", convex),
	CASE("sector7", sector7),
	CASE("packet32", packet32),
	CASE("rate3.6", rates[0]),
	CASE("rate3.6.compensated", rates[1]),
	CASE("rate4.compensated", rates[2]),
	CASE("rate4.upsampled", rates[3]),
	CASE("rate6", rates[4]),
	CASE("rate6.compensated", rates[5]),
	CASE("rate8", rates[6]),
	CASE("rate8.compensated", rates[7]),
	/* these change the sum: nothing to compare it with */
	{ .name = "beamform.pw0.hann", .arg = &pw0_hann,
	  .create = create, .execute = execute, .destroy = destroy },
	{ .name = "beamform.coherence1", .arg = &coherent[0],
	  .create = create, .execute = execute, .destroy = destroy },
	{ .name = "beamform.coherence8", .arg = &coherent[1],
	  .create = create, .execute = execute, .destroy = destroy },
	{ }
};

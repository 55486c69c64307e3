// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Spectral Doppler of the vessel, from the board's frames: what the peak and the
 * mean say against the flow that the scene has. In TAP.
 *
 *	spectrum		the tests
 *	spectrum FILE		the strip as PNG, for the eye
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/beamform.h"
#include "dsp/demod.h"
#include "dsp/spectrum.h"
#include "flow.h"
#include "plan.h"
#include "present/present.h"
#include "sono.h"

#define PLAN "tests/spectrum/flow.plan"
#define FRAMES 6
#define SAMPLES 192 /* of the line */
#define STEP 50e-6
#define STEER (-20 * M_PI / 180)
#define F_NUMBER 3.0

/*
 * Above what a grating lobe of the steered wave sees of the flow, 0.09 m/s,
 * and below the slowest flow in the gates.
 */
#define CUTOFF 0.12

/*
 * Velocities of a plane of the vessel, unlike those of a round one, crowd at
 * the largest: half of the power lies beyond it by half of the line's width,
 * which window and aperture make 3 %.
 */
#define TOLERANCE 0.02

static int tests;
static bool failed;

static void verdict(bool good, const char *what, double got, double want)
{
	printf("%s %d - %s # %.4f, truth %.4f m/s: %+.2f %%\n",
	       good ? "ok" : "not ok", ++tests, what, got, want,
	       100 * (got / want - 1));
	failed |= !good;
}

static void die(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

/**
 * struct slow - slow time of a beam
 * @line: [FRAMES * shots][SAMPLES], interleaved
 * @time: [FRAMES * shots] [s]
 * @interval: within a frame [s]
 */
struct slow {
	float *line;
	double *time;
	uint32_t lines;
	double interval;
	double fc, c;
};

/* --- from the board ---------------------------------------------------------- */

struct board {
	struct sono *sono;
	struct sono_plan *plan;
	struct demod *demod;
	struct beamform *beamform;
	struct analytic rows;
	struct iq iq;
	uint32_t *group;
	uint32_t shots;
};

static struct grid beam(double steer, double z)
{
	return (struct grid){
		.shape = GRID_LINEAR,
		.lines = 1,
		.samples = SAMPLES,
		/* through the vessel's middle */
		.line0 = -z * tan(steer),
		.steer = steer,
		.sample0 = z / cos(steer) - SAMPLES / 2 * STEP,
		.sample_step = STEP,
	};
}

static void board_begin(struct board *b, const char *source)
{
	struct demod_params demod = { 0 };
	struct beamform_params form = {
		.grid = beam(STEER, sim_vessel.z),
		/* both ways meet the flow at one angle */
		.f_number = F_NUMBER,
		.window = WINDOW_HANN,
		.steer = STEER,
	};
	struct sono_start start = { 0 };
	struct sono_config config = { 0 };
	const struct sono_scan *scan;
	const char *reason = "";
	char why[256] = "";

	*b = (struct board){ 0 };
	if (sono_open(&b->sono, source, why, sizeof(why)) ||
	    sono_plan_open(&b->plan, PLAN, sono_info(b->sono), why,
			   sizeof(why)))
		die(PLAN, why);
	scan = b->plan->scan;
	b->group = calloc(scan->events, sizeof(*b->group));
	for (uint32_t i = 0; i < scan->events; i++) {
		uint32_t tag = scan->event[i].tag;

		b->group[i] = SONO_TAG_ROLE(tag) == SONO_ROLE_COLOUR ?
				      SONO_TAG_SHOT(tag) :
				      BEAMFORM_UNUSED;
		b->shots += b->group[i] != BEAMFORM_UNUSED;
	}
	form.groups = b->shots;
	form.group = b->group;
	if (demod_create(&b->demod, scan, &demod, &reason) ||
	    beamform_create(&b->beamform, scan, &form, &reason) ||
	    analytic_init(&b->rows, scan->events, scan->channels,
			  demod_longest(scan, 1)) ||
	    iq_init(&b->iq, b->shots, 1, SAMPLES))
		die("beamformer", reason);
	config.table = (uintptr_t)b->plan->table.data;
	config.table_bytes = (uint32_t)b->plan->table.bytes;
	if (sono_setup(b->sono, 2, (uint32_t)scan->frame_bytes) ||
	    sono_config(b->sono, &config) || sono_start(b->sono, &start))
		die(source, "cannot be started");
}

static void board_end(struct board *b)
{
	demod_destroy(b->demod);
	beamform_destroy(b->beamform);
	analytic_finish(&b->rows);
	iq_finish(&b->iq);
	free(b->group);
	sono_plan_close(b->plan);
	sono_close(b->sono);
}

static void put_lines(const struct board *b, struct slow *s, double time)
{
	const struct sono_scan *scan = b->plan->scan;

	for (uint32_t i = 0; i < scan->events; i++) {
		if (b->group[i] != BEAMFORM_UNUSED) {
			memcpy(s->line + 2 * (size_t)s->lines * SAMPLES,
			       b->iq.data + 2 * (size_t)b->group[i] * SAMPLES,
			       2 * SAMPLES * sizeof(float));
			s->time[s->lines++] = time;
			if (b->group[i] == 0)
				s->interval = scan->event[i].period;
		}
		time += scan->event[i].period;
	}
}

static void board_next(struct board *b, struct slow *s)
{
	double clock = sono_info(b->sono)->board_clock;
	struct sono_frame f;
	struct rf_frame rf;

	while (sono_next(b->sono, &f) != 1)
		sono_wait(b->sono, 1, 0);
	rf = (struct rf_frame){ f.data, f.rec.len, f.rec.seq, f.rec.hw_ts,
				clock };
	demod_execute(b->demod, &b->rows, &rf);
	beamform_execute(b->beamform, &b->iq, &b->rows);
	put_lines(b, s, rf.ts / clock);
	sono_release(b->sono, &f);
}

static void take(struct slow *s, const char *source)
{
	struct board b;

	board_begin(&b, source);
	*s = (struct slow){
		.line = calloc((size_t)FRAMES * b.shots,
			       2 * SAMPLES * sizeof(float)),
		.time = calloc((size_t)FRAMES * b.shots, sizeof(double)),
		.fc = b.plan->scan->fc,
		.c = b.plan->scan->c,
	};
	if (!s->line || !s->time)
		die("slow time", "no memory");
	for (int i = 0; i < FRAMES; i++)
		board_next(&b, s);
	board_end(&b);
}

/* --- readings ---------------------------------------------------------------- */

static struct spectrum_params params_of(const struct slow *s, double gate)
{
	const uint32_t half = (uint32_t)(gate / STEP / 2);

	return (struct spectrum_params){
		.gate_first = SAMPLES / 2 - half,
		.gate = 2 * half + 1,
		.sample_step = STEP,
		.carrier = s->fc,
		.angle = M_PI / 2 - sim_vessel.angle + STEER,
		.interval = s->interval,
		.c = s->c,
		.frequency = s->fc,
		.cutoff = CUTOFF,
		.window = 256,
		.fft = 256,
		.looks = 2,
		.width = 256,
		.height = 256,
		.column = 5e-3,
		.reference = 2e4,
		.range_db = 60,
		.trace_columns = 9,
	};
}

struct reading {
	double peak, mean;
	int columns;
};

static struct reading read_strip(const struct slow *s,
				 const struct spectrum_params *p,
				 struct image *strip)
{
	const struct raster raster = { p->width, p->height, 0, 0, 1, 1 };
	struct reading r = { 0 };
	struct spectrum *spectrum;
	const char *why = "";

	if (spectrum_create(&spectrum, p, &why) ||
	    image_init(strip, IMAGE_GREY8, &raster))
		die("spectrum", why);
	for (uint32_t i = 0; i < s->lines; i++)
		spectrum_execute(spectrum, strip,
				 s->line + 2 * (size_t)i * SAMPLES, s->time[i]);
	for (uint32_t i = 0; i < p->width; i++) {
		if (isnan(spectrum_peak(spectrum)[i]))
			continue;
		r.columns++;
		r.peak += spectrum_peak(spectrum)[i];
		r.mean += spectrum_mean(spectrum)[i];
	}
	r.peak /= r.columns;
	r.mean /= r.columns;
	spectrum_destroy(spectrum);
	return r;
}

static void show(const struct slow *s, const char *path)
{
	struct spectrum_params p = params_of(s, 8e-3);
	struct image strip;
	void *state;

	p.trace = true;
	p.cutoff = 0.03;
	p.window = 128;
	p.column = 1.6e-3;
	p.reference = 60;
	p.range_db = 50;
	read_strip(s, &p, &strip);
	if (sink_png.open(&state, path) || sink_png.frame(state, &strip))
		die(path, "cannot be written");
	sink_png.close(state);
	image_finish(&strip);
}

/*
 * Mean velocity in the gate. The beam is wider than a line: across the flow it
 * has the standard deviation of the pattern of a Hann aperture, 1.44 lambda F
 * wide at half its power.
 */
static double true_mean(const struct spectrum_params *p, double gate)
{
	const double across = gate / 2 * sin(p->angle) / sim_vessel.radius;
	const double wide = 1.44 * p->c / p->frequency * F_NUMBER / 2.355 *
			    cos(p->angle) / sim_vessel.radius;

	return sim_vessel.vmax * (1 - across * across / 3 - wide * wide);
}

static bool within(double got, double want)
{
	return fabs(got / want - 1) <= TOLERANCE;
}

static void test(const struct slow *s, double gate)
{
	const struct spectrum_params p = params_of(s, gate);
	const double mean = true_mean(&p, gate);
	struct image strip;
	const struct reading r = read_strip(s, &p, &strip);

	image_finish(&strip);
	verdict(r.columns > 50 && within(r.peak, sim_vessel.vmax), "peak",
		r.peak, sim_vessel.vmax);
	verdict(within(r.mean, mean), "mean", r.mean, mean);
}

/* What must be seen in the mean or the peak. */
static void miss(const struct slow *s, struct spectrum_params p, double gate,
		 const char *what)
{
	const struct spectrum_params right = params_of(s, gate);
	struct image strip;
	const struct reading r = read_strip(s, &p, &strip);

	image_finish(&strip);
	verdict(!(within(r.peak, sim_vessel.vmax) &&
		  within(r.mean, true_mean(&right, gate))),
		what, r.mean, true_mean(&right, gate));
}

static void mistakes(const struct slow *s)
{
	const double gate = 4.2e-3;
	struct spectrum_params p = params_of(s, gate);

	p.angle += 3 * M_PI / 180;
	miss(s, p, gate, "3 degrees must be seen");
	p = params_of(s, gate);
	p.gate_first += 32;
	miss(s, p, gate, "a gate 1.6 mm too deep must be seen");
	p = params_of(s, gate);
	p.carrier = 0;
	miss(s, p, gate, "a mean over turning phases must be seen");
	p = params_of(s, gate);
	p.interval *= 1.04;
	miss(s, p, gate, "4 % of the interval must be seen");
	p = params_of(s, gate);
	p.cutoff = 0;
	miss(s, p, gate, "tissue without a wall filter must be seen");
}

int main(int argc, char **argv)
{
	static const double gates[] = { 3.2e-3, 4.2e-3, 5.2e-3 };
	struct slow s;

	take(&s, "sim:vessel");
	if (argc > 1)
		show(&s, argv[1]);
	for (unsigned int i = 0; i < sizeof(gates) / sizeof(*gates); i++)
		test(&s, gates[i]);
	mistakes(&s);
	printf("1..%d\n", tests);
	free(s.line);
	free(s.time);
	return failed;
}

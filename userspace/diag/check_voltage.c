// SPDX-License-Identifier: MIT
/*
 * The rail that transmit is driven by: it has what a table asks for, soon, and
 * nothing soon after the end of transmit.
 */
#include <endian.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "sono_regs.h"

#define FRAMES 30
#define RATE 100.0
#define STEPS 3
#define OFF_V 0.5	/* as sensors.hv_off */
#define POLL_US 1000
#define PATIENCE_S 2.0

/* Of the board's highest; "medium" stays below 60 %. */
static const double steps[STEPS] = { 0.2, 0.4, 0.6 };

/**
 * struct rail - what a run shows of it
 * @asked: by the table [V]
 * @reached: frames until it was within @near of that, UINT32_MAX: never
 * @near: [V]
 * @frames: so far
 * @last: in the latest frame [V]
 */
struct rail {
	double asked, near;
	uint32_t reached, frames;
	double last;
};

static bool look(struct diag_capture *c, const struct sono_frame *f)
{
	struct rail *rail = c->arg;
	struct sono_aux aux;

	memcpy(&aux, (const char *)f->data + c->frame_bytes - sizeof(aux),
	       sizeof(aux));
	rail->last = 1e-3 * le32toh(aux.hv);
	if (fabs(rail->last - rail->asked) > rail->near)
		rail->reached = UINT32_MAX;
	else if (rail->reached == UINT32_MAX)
		rail->reached = rail->frames;
	rail->frames++;
	return true;
}

/* The board reports millivolts; a twentieth is what limits.tsv warns of. */
static int run_step(struct diag_capture *c, double share, struct rail *rail)
{
	const struct diag *d = c->d;
	const struct diag_shots shots = {
		.events = 1,
		.samples = 256,
		.rate = RATE,
		.first = DIAG_NO_ELEMENT,
		.voltage = 1e-3 * share * d->info->hv_max,
		.frequency = d->info->adc_clock / 4.0,
	};

	*rail = (struct rail){ .asked = shots.voltage,
			       .near = 0.05 * shots.voltage,
			       .reached = UINT32_MAX };
	c->arg = rail;
	return diag_load(c, &shots) ?: diag_run_frames(c);
}

static double clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/*
 * From the end of transmit to no voltage [s]: the last look that found some, so
 * that one that came late does not count. PATIENCE_S and more: it stays.
 */
static double discharge(struct diag *d, double *left)
{
	struct sono_sensors s = { 0 };
	const double begun = clock_s();
	double passed = 0, before = 0;

	*left = NAN;
	while (passed < PATIENCE_S) {
		if (sono_sensors(d->sono, &s))
			return NAN;
		*left = 1e-3 * s.hv;
		if (*left < OFF_V)
			return before;
		before = passed;
		sono_pause(d->sono, POLL_US);
		passed = d->virtual_time ? passed + 1e-6 * POLL_US :
					   clock_s() - begun;
	}
	return passed;
}

static void judge_rise(struct diag *d, struct diag_result *r,
		       const struct rail *rail, double *error, double *rise)
{
	const double off = 100 * (rail->last / rail->asked - 1);
	const double ms = rail->reached == UINT32_MAX ?
				  INFINITY : 1e3 * rail->reached / RATE;
	struct diag_measure m;

	diag_judge(d, r, "error", fabs(off), &m);
	if (m.status > DIAG_PASS && !r->faults)
		diag_blame(r, m.status,
			   "transmit voltage is not what was asked for: %.1f V instead of %.1f",
			   rail->last, rail->asked);
	*error = fmax(*error, fabs(off));
	if (isfinite(ms))
		*rise = fmax(*rise, ms);
}

/* What leaks has been named, and there is nothing to wait for. */
static void judge_fall(struct diag *d, struct diag_result *r)
{
	double left, ms = d->leaks ? NAN : 1e3 * discharge(d, &left);

	if (isnan(ms) ||
	    diag_measure(d, r, "discharge", "ms", ms) == DIAG_PASS)
		return;
	d->leaks = true;
	diag_blame(r, r->measure[r->measures - 1].status,
		   left < OFF_V ?
		   "transmit voltage goes slowly: after %.0f ms it is below %.1f V" :
		   "transmit voltage stays: after %.0f ms it is not below %.1f V",
		   ms, OFF_V);
}

static void judge(struct diag *d, struct diag_result *r, double error,
		  double rise)
{
	diag_measure(d, r, "error", "%", error);
	if (diag_measure(d, r, "rise", "ms", rise) > DIAG_PASS && !r->faults)
		diag_blame(r, r->measure[r->measures - 1].status,
			   "transmit voltage comes slowly: after %.0f ms", rise);
	diag_detail(r, "%.1f to %.1f V within %.1f %%, after %.0f ms",
		    1e-3 * steps[0] * d->info->hv_max,
		    1e-3 * steps[STEPS - 1] * d->info->hv_max, error, rise);
}

void diag_check_voltage(struct diag *d, struct diag_result *r)
{
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_ADC,
		.transmit = true,
		.frames = FRAMES,
		.look = look,
		.share = 1.0 / STEPS,
	};
	double error = 0, rise = 0, left;
	struct rail rail;

	if (!diag_need_stream(d, r))
		return;
	/* of what has transmitted before */
	if (!d->leaks && discharge(d, &left) >= PATIENCE_S) {
		judge_fall(d, r);
		return;
	}
	for (int i = 0; i < STEPS; i++) {
		c.begin = (double)i / STEPS;
		if (run_step(&c, steps[i], &rail))
			return;
		judge_rise(d, r, &rail, &error, &rise);
	}
	judge_fall(d, r);
	judge(d, r, error, rise);
}

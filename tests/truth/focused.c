// SPDX-License-Identifier: MIT
/*
 * Beams focused at 40 mm, their echoes evaluated here in double, element by
 * element: there is no recorded set. A point that moves across the beams must
 * stay as bright and be where it is, short of the focus, in it and beyond;
 * lines between beams must show no seam.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dsp/beamform.h"
#include "dsp/demod.h"
#include "truth.h"

#define ELEMENTS	64
#define PITCH		0.3e-3
#define FC		3e6
#define FS		12e6
#define C		1540.0
#define FOCUS		40e-3
#define BEAMS		5
#define BEAM_STEP	0.3e-3	/* a quarter of the beam's width at the focus */
#define SAMPLES		1100
#define PULSE		0.35e-6	/* of the bell [s] */

/*
 * Stated: brightness from line to line, and place. Half way between beams the
 * transmitted field itself is 0.3 dB weaker at the focus. The waves of the
 * aperture's edges come after the centre's short of the focus and before it
 * beyond, so that the field's own pulse lies 15 um deeper at 37 mm, 14 um nearer
 * at 43 mm and 18 um nearer at 55 mm; at 20 and 40 mm it is right to 1 um.
 */
#define RIPPLE_DB	0.5
#define DEPTH_UM	20.0

static struct sono_scan *make_scan(void)
{
	struct sono_scan *scan = sono_scan_alloc(ELEMENTS, ELEMENTS, BEAMS);
	const double most = hypot(ELEMENTS * PITCH, FOCUS);
	uint32_t k, e;

	if (!scan)
		return NULL;
	scan->fs = FS;
	scan->fc = FC;
	scan->c = C;
	for (e = 0; e < ELEMENTS; e++) {
		scan->element[e].x = (e - (ELEMENTS - 1) / 2.0) * PITCH;
		scan->element[e].nz = 1;
		scan->channel_element[e] = e;
	}
	for (k = 0; k < BEAMS; k++) {
		struct sono_event *event = &scan->event[k];
		double *delay = (double *)event->delay;

		event->wave = SONO_WAVE_FOCUSED;
		event->beam_x = (k - (BEAMS - 1) / 2.0) * BEAM_STEP;
		event->focus = FOCUS;
		event->samples = SAMPLES;
		for (e = 0; e < ELEMENTS; e++)
			delay[e] = (most - hypot(scan->element[e].x -
						 event->beam_x, FOCUS)) / C;
	}
	sono_scan_layout(scan, 0);
	return scan;
}

/* The wave at the point: pulses of all elements, as they come. */
static double pressure(const struct sono_scan *scan, uint32_t beam, double x,
		       double z, double t)
{
	double sum = 0;
	uint32_t e;

	for (e = 0; e < ELEMENTS; e++) {
		double off = t - scan->event[beam].delay[e] -
			     hypot(x - scan->element[e].x, z) / C;

		if (fabs(off) < 4 * PULSE)
			sum += exp(-pow(off / PULSE, 2)) *
			       cos(2 * M_PI * FC * off);
	}
	return sum;
}

static void add_point(const struct sono_scan *scan, char *frame, double x,
		      double z)
{
	uint32_t k, e, n;

	for (k = 0; k < BEAMS; k++) {
		/* finely enough to be looked up without interpolation */
		const double fine = 32 * FS;
		const uint32_t count = SAMPLES * 32;
		float *wave = malloc(count * sizeof(*wave));
		const double first = z / C - 2e-6;

		for (n = 0; wave && n < count; n++)
			wave[n] = n > 30e-6 * fine ? 0 :
				  pressure(scan, k, x, z, first + n / fine);
		for (e = 0; wave && e < ELEMENTS; e++) {
			int16_t *row = (int16_t *)(frame +
				scan->event[k].offset +
				e * scan->event[k].stride);
			double back = hypot(x - scan->element[e].x, z) / C;

			for (n = 0; n < SAMPLES; n++) {
				double at = (n / FS - back - first) * fine;

				if (at >= 0 && at < count - 1)
					row[n] += lrint(100 * wave[lrint(at)]);
			}
		}
		free(wave);
	}
}

/* The grid in depth. */
#define ROWS		121
#define ROW		20e-6	/* [m] */

struct peak {
	double db, z;
};

/*
 * The top of the parabola through the brightest row and its neighbours: rows
 * alone would say the place in steps as large as what is allowed.
 */
static struct peak find_peak(const double *db, double first)
{
	uint32_t j, top = 1;
	double bend, off;

	for (j = 1; j + 1 < ROWS; j++)
		if (db[j] > db[top])
			top = j;
	bend = db[top - 1] - 2 * db[top] + db[top + 1];
	off = bend < 0 ? 0.5 * (db[top - 1] - db[top + 1]) / bend : 0;
	return (struct peak){
		.db = db[top] - 0.25 * (db[top - 1] - db[top + 1]) * off,
		.z = first + (top + off) * ROW,
	};
}

/* The brightest place on the line at @x, about depth @z. */
static const char *image_point(const struct sono_scan *scan, double x,
			       double z, struct peak *peak)
{
	const struct beamform_params params = {
		.grid = {
			.shape = GRID_LINEAR, .lines = 2, .line0 = x,
			.line_step = 0.1e-3, .samples = ROWS,
			.sample0 = z - ROWS / 2 * ROW, .sample_step = ROW,
		},
		.f_number = 1.5, .groups = 1,
	};
	const struct demod_params widest = { 0 };
	const struct rf_frame frame = {
		.data = calloc(1, scan->frame_bytes),
		.bytes = scan->frame_bytes,
	};
	struct beamform *beamform = NULL;
	struct demod *demod = NULL;
	struct analytic bb = { 0 };
	struct iq iq = { 0 };
	const char *why = "out of memory";
	double db[ROWS];
	uint32_t j;

	*peak = (struct peak){ -INFINITY, NAN };
	if (!frame.data || demod_create(&demod, scan, &widest, &why) ||
	    analytic_init(&bb, BEAMS, ELEMENTS, SAMPLES) ||
	    beamform_create(&beamform, scan, &params, &why) ||
	    iq_init(&iq, 1, 2, ROWS))
		goto out;
	why = NULL;
	add_point(scan, (char *)frame.data, x, z);
	demod_execute(demod, &bb, &frame);
	beamform_execute(beamform, &iq, &bb);
	for (j = 0; j < ROWS; j++)
		db[j] = 20 * log10(hypot(iq.data[2 * j], iq.data[2 * j + 1]));
	*peak = find_peak(db, params.grid.sample0);
out:
	free((void *)frame.data);
	demod_destroy(demod);
	analytic_finish(&bb);
	beamform_destroy(beamform);
	iq_finish(&iq);
	return why;
}

/* A point on the lines from one beam over its neighbour, in four steps. */
static const char *judge(const struct sono_scan *scan, struct verdict *v)
{
	static const double depths[] = { 20e-3, 30e-3, 37e-3, 40e-3, 43e-3,
					 55e-3 };
	unsigned int i, k;

	for (i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		double most = -INFINITY, least = INFINITY;

		for (k = 0; k <= 4; k++) {
			struct peak peak;
			const char *why = image_point(scan,
				k * BEAM_STEP / 4, depths[i], &peak);

			if (why)
				return why;
			most = fmax(most, peak.db);
			least = fmin(least, peak.db);
			verdict_near(v, "depth [mm]", 1e3 * peak.z,
				     1e3 * depths[i], 1e-3 * DEPTH_UM + 1e-9);
		}
		verdict_near(v, "ripple between beams [dB]", most - least, 0,
			     RIPPLE_DB);
	}
	return NULL;
}

void truth_focused(const json_t *reference)
{
	struct sono_scan *scan = make_scan();
	struct verdict v = verdict_new();
	const char *why = scan ? judge(scan, &v) : "out of memory";
	uint32_t k;

	(void)reference;
	if (why) {
		truth_broken("focused", why);
		sono_scan_free(scan);
		return;
	}
	truth_right("focused_right", &v);
	/* as if the first arrival counted */
	for (k = 0; k < BEAMS; k++)
		scan->event[k].wave = SONO_WAVE_DIVERGING;
	v = verdict_new();
	judge(scan, &v);
	truth_wrong("focused_by_first_arrival", &v);
	sono_scan_free(scan);
}

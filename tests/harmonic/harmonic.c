// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Harmonic imaging on the emulated board, whose medium is linear or not: a
 * point at the focus, seen by beams that lie as close as the lines, is the
 * product of what is sent and what is received, and that is known. In TAP.
 */
#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../scan/scan.h"

#define PLAN "build/harmonic.plan"
#define LINEAR "sim:points,probe=phased"
#define NONLINEAR LINEAR ",nonlinearity=0.002"

#define DEPTH 80e-3 /* of the point, and of the focus */
#define SENT 1.8e6 /* [Hz] */
#define LINES 121
#define STEP (0.1 * M_PI / 180) /* from line to line */
#define SAMPLES 121
#define NEAR 78e-3
#define FAR 82e-3
#define ELEMENTS 64
#define PITCH 0.3e-3
#define SPEED 1540.0

static const char plan_text[] =
	"probe: { kind = \"phased\"; elements = 64; pitch_mm = 0.3; };\n"
	"sequence: {\n"
	"	waves: { kind = \"focused\"; count = 121; max_deg = 6.0;\n"
	"		focus_mm = 80; };\n"
	"	pulse: { fc_mhz = 1.8; half_cycles = %d; hv_v = %g;\n"
	"		harmonic = %s; inversion = %s; };\n"
	"	window: { start_mm = 70; end_mm = 88; };\n"
	"	sampling_mhz = 10.88;\n"
	"};\n"
	"receive: { c_m_s = 1540; f_number = 0; };\n"
	"processing: {\n"
	"	grid: { kind = \"sector\"; lines = 121; samples = 121;\n"
	"		angle_deg = [ -6.0, 6.0 ]; range_mm = [ 78.0, 82.0 ]; };\n"
	"	reference_counts = 1e4; range_db = 120;\n"
	"};\n"
	"display: { width = 120; height = 120; };\n";

/*
 * How the point is seen: every sample, the largest, and at the point's depth,
 * in the middle of the pulse, whose ends have frequencies of their own.
 */
struct view {
	double complex iq[LINES][SAMPLES];
	double peak;
	double profile[LINES];
};

static int tests;
static bool failed;

static void verdict(bool good, const char *what, double got, double want)
{
	printf("%s %d - %s # %.4g, %.4g expected\n", good ? "ok" : "not ok",
	       ++tests, what, got, want);
	failed |= !good;
}

static double decibel(double ratio)
{
	return 20 * log10(ratio);
}

static void within(const char *what, double got, double want, double tolerance)
{
	verdict(fabs(got - want) <= tolerance, what, got, want);
}

static void below(const char *what, double got, double limit)
{
	verdict(got < limit, what, got, limit);
}

static void write_plan(int half_cycles, double hv, bool harmonic,
		       bool inversion)
{
	FILE *f = fopen(PLAN, "w");

	if (!f || fprintf(f, plan_text, half_cycles, hv,
			  harmonic ? "true" : "false",
			  inversion ? "true" : "false") < 0 || fclose(f)) {
		printf("Bail out! %s\n", PLAN);
		exit(1);
	}
}

static void find_peaks(struct view *v)
{
	v->peak = 0;
	for (int line = 0; line < LINES; line++) {
		v->profile[line] = cabs(v->iq[line][SAMPLES / 2]);
		for (int i = 0; i < SAMPLES; i++)
			v->peak = fmax(v->peak, cabs(v->iq[line][i]));
	}
}

static void measure(struct view *v, const struct iq *iq)
{
	const float *at = iq->data;

	for (int i = 0; i < LINES * SAMPLES; i++, at += 2)
		v->iq[i / SAMPLES][i % SAMPLES] = at[0] + I * at[1];
	find_peaks(v);
}

/* To be freed. */
static struct view *look(const char *source, int half_cycles, double hv,
			 bool harmonic, bool inversion)
{
	struct view *v = malloc(sizeof(*v));
	struct scan scan;

	write_plan(half_cycles, hv, harmonic, inversion);
	if (!v || scan_begin(&scan, PLAN, source)) {
		printf("Bail out! %s on %s: %s\n", PLAN, source, scan.why);
		exit(1);
	}
	while (!scan_next(&scan))
		;
	measure(v, pipeline_iq(scan.pipeline));
	scan_end(&scan);
	return v;
}

/* What a nonlinear medium adds to what a linear one shows. */
static struct view *added(const struct view *with, const struct view *without)
{
	struct view *v = malloc(sizeof(*v));

	for (int i = 0; v && i < LINES * SAMPLES; i++)
		v->iq[i / SAMPLES][i % SAMPLES] =
			with->iq[i / SAMPLES][i % SAMPLES] -
			without->iq[i / SAMPLES][i % SAMPLES];
	if (v)
		find_peaks(v);
	return v;
}

/* Width of a profile at half its height, in lines. */
static double width(const double *profile)
{
	double edge[2], half;
	int middle = LINES / 2;

	half = profile[middle] / 2;
	for (int side = 0; side < 2; side++) {
		const int step = side ? 1 : -1;
		int i = middle;

		while (i > 0 && i < LINES - 1 && profile[i] > half)
			i += step;
		edge[side] = i - step * (half - profile[i]) /
					 (profile[i - step] - profile[i]);
	}
	return edge[1] - edge[0];
}

/* What the array makes of one frequency at an angle from its focus. */
static double complex pattern(double frequency, double angle)
{
	double complex sum = 0;

	for (int e = 0; e < ELEMENTS; e++) {
		const double x = (e - (ELEMENTS - 1) / 2.0) * PITCH;
		/* the point lies at the angle, the focus ahead */
		const double way = hypot(x - DEPTH * sin(angle),
					 DEPTH * cos(angle)) - hypot(x, DEPTH);

		sum += cexp(2 * M_PI * I * frequency * way / SPEED);
	}
	return sum / ELEMENTS;
}

static double fundamental_at(double angle)
{
	return cabs(pattern(SENT, angle) * pattern(SENT, angle));
}

/* Of the elements' response one way, whose two ways have 74 % of 2.72 MHz. */
static double response(double f)
{
	const double sigma = 0.74 * 2.72e6 / 2 / sqrt(2 * log(2));

	return exp(-pow((f - 2.72e6) / sigma, 2) / 4);
}

/*
 * Half cycles of a square wave have a third harmonic as well. Of the square of
 * cos(t) + r cos(3 t), r + 1/2 has twice the frequency.
 */
static double harmonic_at(double angle)
{
	const double complex first = pattern(SENT, angle);
	const double complex third = pattern(3 * SENT, angle) *
				     response(3 * SENT) / response(SENT);

	return cabs((first * first / 2 + conj(first) * third) *
		    pattern(2 * SENT, angle));
}

static double expected_width(double (*at)(double angle))
{
	double profile[LINES];

	for (int i = 0; i < LINES; i++)
		profile[i] = at((i - LINES / 2) * STEP);
	return width(profile);
}

static void cancellation(void)
{
	struct view *fundamental = look(LINEAR, 2, 100, false, false);
	struct view *single = look(LINEAR, 2, 100, true, false);
	struct view *pair = look(LINEAR, 2, 100, true, true);

	/*
	 * One pulse's peak is about 640 LSB in each of 64 channels, noise and
	 * rounding 0.6 LSB, of which the filter keeps a third of the band: 83
	 * dB below, and the largest of 14,000 samples 14 dB above that.
	 */
	below("two pulses cancel in a linear medium [dB of one]",
	      decibel(pair->peak / single->peak), -65);
	/* a pulse of one cycle reaches to the second harmonic */
	below("one pulse through the filter does not [dB]", -40,
	      decibel(single->peak / fundamental->peak));
	free(fundamental);
	free(single);
	free(pair);
}

#define LONG 16 /* half cycles: a band of an eighth of its centre */

static void beams(void)
{
	struct view *fundamental = look(LINEAR, LONG, 100, false, false);
	struct view *single = look(NONLINEAR, LONG, 100, true, false);
	struct view *linear = look(LINEAR, LONG, 100, true, false);
	struct view *pair = look(NONLINEAR, LONG, 100, true, true);
	struct view *weak = look(NONLINEAR, LONG, 50, true, true);
	struct view *harmonic = added(single, linear);
	const double sent = expected_width(fundamental_at);
	const double squared = expected_width(harmonic_at);

	/* a beam's pair weighs as much as its one pulse; noise: 1 % */
	within("a pair shows the harmonic and nothing else [dB]",
	       decibel(pair->peak / harmonic->peak), 0, 0.1);
	/* elements' directivity, and how a focus looks from the side: 1 % */
	within("the fundamental's beam: sent times received [lines]",
	       width(fundamental->profile), sent, 0.02 * sent);
	within("the harmonic's beam: sent squared, times received [lines]",
	       width(pair->profile), squared, 0.02 * squared);
	within("half the voltage is a quarter of the harmonic [dB]",
	       decibel(weak->peak / pair->peak), decibel(0.25), 0.1);
	printf("# harmonic %.1f dB below the fundamental\n",
	       decibel(fundamental->peak / pair->peak));
	free(fundamental);
	free(single);
	free(linear);
	free(pair);
	free(weak);
	free(harmonic);
}

int main(void)
{
	cancellation();
	beams();
	printf("1..%d\n", tests);
	return failed;
}

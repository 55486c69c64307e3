// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Scenes move as they say: places against the laws, velocities from the phase
 * of echoes, and what the board makes of it.
 */
#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cycle.h"
#include "echo.h"
#include "flow.h"
#include "heart.h"
#include "host.h"
#include "phantom.h"
#include "seq.h"

#define RUN_TX (SONO_CONTROL_RUN | SONO_CONTROL_TX_ENABLE)
#define C SIM_SOUND_SPEED

static struct table table;
static struct sim_config config;
static struct sim_phantom_config seen;

static struct sim_scene_params params = { 1, SIM_HEART_RATE };

static void with_probe(const char *name)
{
	sim_config_init(&config);
	sim_phantom_config_init(&seen);
	cr_assert_eq(sim_probe_find(&seen.probe, name), 0);
	sim_probe_limits(&seen.probe, &config.limits);
}

static struct sim_scene *scene_of(const char *name)
{
	struct sim_scene *scene;

	cr_assert_eq(sim_scene_create(&scene, name, &params), 0);
	return scene;
}

static struct sim_seq *parse(void)
{
	struct sim_seq *seq = NULL;
	uint32_t event;

	table_seal(&table);
	cr_assert_eq(sim_seq_parse(&seq, &config.limits, table.bytes,
				   table.size, &event),
		     SONO_SEQ_OK);
	return seq;
}

/* All elements, so that their pulses meet at (@x, @z). */
static void focus(double x, double z)
{
	const struct sim_probe *p = &seen.probe;
	double far = 0;

	for (uint32_t i = 0; i < p->elements; i++)
		far = fmax(far,
			   hypot(x - p->element[i].x, z - p->element[i].z));
	for (uint32_t i = 0; i < p->elements; i++) {
		double r = hypot(x - p->element[i].x, z - p->element[i].z);

		table_tx(&table, i)->delay =
			(uint32_t)lrint((far - r) / C * 1e8 * 256);
	}
}

/* --- focus -------------------------------------------------------------------------- */

/* Strength of what arrives at a place, by the echo of one element. */
static double field(const struct sim_seq *seq, double x, double z)
{
	const struct sim_scatterer s = { x, z, 1 };
	uint32_t samples = seq->event->rx_samples, middle = seq->channels / 2;
	float *rf = calloc((size_t)seq->channels * samples, sizeof(*rf));
	double most = 0, r, cosine;
	struct echo *echo;

	cr_assert_eq(echo_create(&echo, &seen.probe, 0, seq), 0);
	echo_execute(echo, seq, 0, &s, 1, rf);
	for (uint32_t n = 0; n < samples; n++)
		most = fmax(most, fabsf(rf[middle * samples + n]));
	echo_destroy(echo);
	free(rf);
	r = hypot(x - seen.probe.element[middle].x, z);
	cosine = z / r;
	return most * r / cosine;
}

Test(scene, a_focused_transmit_is_strongest_at_its_focus)
{
	static const double at[][2] = { { 0, 30e-3 }, { 4e-3, 25e-3 } };
	struct sim_seq *seq;

	with_probe("linear");
	for (int i = 0; i < 2; i++) {
		double x = at[i][0], z = at[i][1], most;

		table_make(&table, 1, 128, 1200, 20000);
		focus(x, z);
		seq = parse();
		most = field(seq, x, z);
		for (double d = 0.3e-3; d < 3e-3; d += 0.3e-3) {
			cr_expect_lt(field(seq, x + d, z), most);
			cr_expect_lt(field(seq, x - d, z), most);
		}
		/* -6 dB about 1.2 lambda F from the axis: all beyond is weak */
		cr_expect_lt(field(seq, x + 1.5e-3, z), most / 4);
		cr_expect_lt(field(seq, x, z - 6e-3), most / 2);
		cr_expect_lt(field(seq, x, z + 8e-3), most / 2);
		sim_seq_free(seq);
	}
}

/* --- velocities ------------------------------------------------------------------------ */

/*
 * What one element sent is heard by all, in several shots; a receive beam is
 * formed towards any number of places.
 */
#define SHOTS 4
#define PRI 200e-6
#define PER_PERIOD 16 /* samples, so that straight lines do between them */
#define SENDER(elements) ((elements) / 2)

struct shots {
	struct sim_seq *seq;
	float *rf[SHOTS];
};

static void shoot(struct shots *s, struct sim_scene *scene, double start,
		  uint32_t samples, bool (*wanted)(const struct sim_scatterer *))
{
	uint32_t elements = seen.probe.elements;
	struct sim_scatterer *list =
		malloc(scene->count * sizeof(struct sim_scatterer));
	struct echo *echo;

	config.limits.adc_clock = (uint32_t)(PER_PERIOD * seen.probe.fc);
	samples *= PER_PERIOD / 4;
	table_make(&table, 1, elements, samples, 40000);
	table_event(&table, 0)->tx_freq = (uint32_t)seen.probe.fc;
	/* a narrow band, so less noise of the speckle */
	table_event(&table, 0)->tx_half_cycles = 8;
	for (uint32_t i = 0; i < elements; i++)
		table_tx(&table, i)->enable = i == SENDER(elements);
	s->seq = parse();
	cr_assert_eq(echo_create(&echo, &seen.probe, 0, s->seq), 0);
	for (int shot = 0; shot < SHOTS; shot++) {
		size_t n = 0;

		sim_scene_place(scene, start + shot * PRI);
		for (size_t i = 0; i < scene->count; i++)
			if (!wanted || wanted(&scene->scatterer[i]))
				list[n++] = scene->scatterer[i];
		s->rf[shot] = calloc((size_t)elements * samples, sizeof(float));
		echo_execute(echo, s->seq, 0, list, n, s->rf[shot]);
	}
	echo_destroy(echo);
	free(list);
}

static void shots_free(struct shots *s)
{
	for (int shot = 0; shot < SHOTS; shot++)
		free(s->rf[shot]);
	sim_seq_free(s->seq);
}

/* A window without side lobes that would hear faster or slower places. */
static double window(double dx, double z)
{
	double x = dx / (z / 4);

	return fabs(x) < 1 ? 0.5 + 0.5 * cos(M_PI * x) : 0;
}

/* One sample of the beam to (@x, @z), as it would be at @late samples after. */
static double beam(const struct shots *s, int shot, double x, double z,
		   double late)
{
	const struct sim_event *e = s->seq->event;
	const struct sim_element *el = seen.probe.element;
	const float *rf = s->rf[shot];
	double fs = s->seq->limits.adc_clock, sum = 0;
	double sent = hypot(x - el[SENDER(s->seq->channels)].x, z) / C +
		      0.25 * e->tx_half_cycles / e->tx_freq;

	for (uint32_t c = 0; c < s->seq->channels; c++, rf += e->rx_samples) {
		double at = (sent + hypot(x - el[c].x, z) / C) * fs + late;
		int n = (int)floor(at);

		if (n >= 0 && n + 1 < (int)e->rx_samples)
			sum += window(x - el[c].x, z) *
			       ((1 - (at - n)) * rf[n] + (at - n) * rf[n + 1]);
	}
	return sum;
}

/* Baseband at a place: two periods before it and two after, demodulated. */
static double complex baseband(const struct shots *s, int shot, double x,
			       double z)
{
	double step = 2 * M_PI * seen.probe.fc / s->seq->limits.adc_clock;
	double complex sum = 0;

	for (int k = -2 * PER_PERIOD; k < 2 * PER_PERIOD; k += 2)
		sum += beam(s, shot, x, z, k) * cexp(-I * step * k);
	return sum;
}

/* The correlation of consecutive shots in one place. */
static double complex correlate(const struct shots *s, double x, double z)
{
	double complex sum = 0, before = baseband(s, 0, x, z);

	for (int shot = 1; shot < SHOTS; shot++) {
		double complex now = baseband(s, shot, x, z);

		sum += now * conj(before);
		before = now;
	}
	return sum;
}

static double velocity(double complex correlation)
{
	return carg(correlation) * C / (4 * M_PI * seen.probe.fc * PRI);
}

/*
 * The velocity that such a beam should see in speckle: half of the part in the
 * direction of the sender, half of that in the receivers'. Each direction is a
 * place in the spectrum of the speckle, so its power counts: the square of an
 * element's weight, by the elements in an angle.
 */
static double expected(const char *name, double x, double z)
{
	const struct sim_element *el = seen.probe.element;
	double xs = x - el[SENDER(seen.probe.elements)].x, rs = hypot(xs, z);
	double sum = 0, weight = 0, vx, vz;

	sim_flow_velocity(name, x, z, &vx, &vz);
	for (uint32_t i = 0; i < seen.probe.elements; i++) {
		double dx = x - el[i].x, r = hypot(dx, z), w;
		double a = M_PI * seen.probe.width * seen.probe.fc / C * dx / r;

		w = z / r * (fabs(a) < 1e-6 ? 1 : sin(a) / a);
		w *= window(dx, z);
		w *= w;
		sum -= w * (vx * dx + vz * z) / r;
		weight += w;
	}
	return (sum / weight - (vx * xs + vz * z) / rs) / 2;
}

/* How a number of measured velocities compares with the truth. */
struct slope {
	double sum, weight;
};

static void compare(struct slope *s, double v, double want)
{
	s->sum += v * want;
	s->weight += want * want;
}

/* 25 squares of 2 mm, in each of which the velocity changes linearly. */
static void measure_disk(double complex sum[25], double want[25])
{
	struct sim_scene *disk = scene_of("disk");
	struct shots s;

	shoot(&s, disk, 0.1, 1150, NULL);
	for (int k = 0; k < 25; k++) {
		double x = (k % 5 - 2) * 3e-3;
		double z = 25e-3 + (k / 5 - 2) * 3e-3;

		want[k] = expected("disk", x, z);
		for (int i = 0; i < 25; i++)
			sum[k] += correlate(&s, x + (i % 5 - 2) * 0.5e-3,
					    z + (i / 5 - 2) * 0.5e-3);
	}
	shots_free(&s);
	sim_scene_destroy(disk);
}

/* A few seeds: what one speckle shows is 5 % off here and there. */
Test(scene, disk_turns_as_it_says)
{
	double complex sum[25] = { 0 };
	struct slope slope = { 0 };
	double want[25];

	with_probe("linear");
	for (params.seed = 1; params.seed <= 8; params.seed++)
		measure_disk(sum, want);
	for (int k = 0; k < 25; k++) {
		double v = velocity(sum[k]);

		compare(&slope, v, want[k]);
		cr_expect_float_eq(v, want[k], 0.01, "%d: %f for %f", k, v,
				   want[k]);
	}
	cr_expect_float_eq(slope.sum / slope.weight, 1, 0.025, "%f",
			   slope.sum / slope.weight);
}

static bool is_blood(const struct sim_scatterer *s)
{
	return sim_vessel_speed(s->x, s->z) > 0;
}

/* About the axis: as fast as on it, to 1 %. */
static bool is_axis(const struct sim_scatterer *s)
{
	return sim_vessel_speed(s->x, s->z) > 0.99 * sim_vessel.vmax;
}

/* What is heard, and how much that should be, weighted by how loud it is. */
struct heard {
	double complex sum;
	double want, weight;
};

/* On a line along the vessel. */
static void measure_vessel(struct heard *h, const struct shots *s,
			   double across)
{
	double c = cos(sim_vessel.angle), si = sin(sim_vessel.angle);

	for (int i = -20; i <= 20; i++) {
		double x = sim_vessel.x + i * 0.4e-3 * c + across * si;
		double z = sim_vessel.z - i * 0.4e-3 * si + across * c;

		double complex one = correlate(s, x, z);

		h->sum += one;
		h->want += cabs(one) * expected("vessel", x, z);
		h->weight += cabs(one);
	}
}

static void compare_heard(const struct heard *h, double tolerance)
{
	double v = velocity(h->sum), want = h->want / h->weight;

	cr_expect_float_eq(v, want, tolerance, "%f for %f", v, want);
}

/*
 * A profile is blurred by a beam 1 mm wide, and what is slow correlates better
 * than what is fast; so the axis is measured by itself as well.
 */
Test(scene, vessel_flows_as_it_says)
{
	struct heard line[13] = { 0 }, axis = { 0 };

	with_probe("linear");
	for (params.seed = 1; params.seed <= 12; params.seed++) {
		struct sim_scene *vessel = scene_of("vessel");
		struct shots s;

		shoot(&s, vessel, 0.2, 900, is_blood);
		for (int k = 0; k < 13; k++)
			measure_vessel(&line[k], &s, (k - 6) * 0.5e-3);
		shots_free(&s);
		shoot(&s, vessel, 0.2, 900, is_axis);
		measure_vessel(&axis, &s, 0);
		shots_free(&s);
		sim_scene_destroy(vessel);
	}
	for (int k = 0; k < 13; k++)
		compare_heard(&line[k], 0.008);
	compare_heard(&axis, 0.002);
}

/* Along the line of the inflow, and across it, from the valve's centre. */
static void in_inflow(double x, double z, double *along, double *across)
{
	double r = hypot(SIM_HEART_MITRAL_X, SIM_HEART_MITRAL_Z);

	*across = (x * SIM_HEART_MITRAL_Z - z * SIM_HEART_MITRAL_X) / r;
	*along = r - (x * SIM_HEART_MITRAL_X + z * SIM_HEART_MITRAL_Z) / r;
}

/* Its middle, where it is as fast as on the line by 1 %. */
static bool is_inflow(const struct sim_scatterer *s)
{
	double along, across;

	in_inflow(s->x, s->z, &along, &across);
	return fabs(across) < 3e-3 && along > 12e-3 && along < 38e-3;
}

/* The correlation along the line at a phase. */
static double complex inflow(double phase)
{
	struct sim_scene *heart = scene_of("heart");
	double r = hypot(SIM_HEART_MITRAL_X, SIM_HEART_MITRAL_Z);
	double complex sum = 0;
	struct shots s;

	/* the middle of the shots is at the phase */
	shoot(&s, heart, phase * heart->period - 1.5 * PRI, 1450, is_inflow);
	for (double up = 16e-3; up < 34e-3; up += 0.5e-3)
		sum += correlate(&s, (1 - up / r) * SIM_HEART_MITRAL_X,
				 (1 - up / r) * SIM_HEART_MITRAL_Z);
	shots_free(&s);
	sim_scene_destroy(heart);
	return sum;
}

/* The speckle of one seed would be 3 % off. */
Test(scene, inflow_comes_as_it_says)
{
	static const double phases[] = { 0.1, 0.5, 0.56, 0.62, 0.75, 0.905 };
	double complex sum[6] = { 0 };

	with_probe("phased");
	for (params.seed = 1; params.seed <= 12; params.seed++)
		for (int i = 0; i < 6; i++)
			sum[i] += inflow(phases[i]);
	for (int i = 0; i < 6; i++) {
		double want = sim_heart_inflow(phases[i]);
		double v = velocity(sum[i]);

		cr_expect_float_eq(v, want, 0.005 + 0.015 * want,
				   "phase %g: %f for %f", phases[i], v, want);
	}
	cr_expect_float_eq(sim_heart_inflow(0.56), SIM_HEART_E_PEAK, 1e-9);
	cr_expect_float_eq(sim_heart_inflow(0.905), SIM_HEART_A_PEAK, 1e-9);
}

/* --- places ---------------------------------------------------------------------------- */

/* The way is the integral of the speed, and the cycle closes. */
Test(scene, laws_of_the_heart)
{
	double way = 0, period = 0.8, step = 1e-4;

	for (double p = 0; p < 1; p += step) {
		cr_expect_float_eq(sim_heart_inflow_way(p, period), way, 1e-5);
		way += sim_heart_inflow(p + step / 2) * step * period;
		cr_expect(sim_heart_contraction(p) >= -1e-12 &&
			  sim_heart_contraction(p) <= 1 + 1e-12);
		cr_expect_float_eq(sim_heart_contraction(p + step),
				   sim_heart_contraction(p), 0.001);
	}
	cr_expect_eq(sim_heart_contraction(0), 0);
	cr_expect_float_eq(sim_heart_contraction(0.4), 1, 1e-12);
	cr_expect_float_eq(sim_heart_contraction(1), 0, 1e-12);
	cr_expect_float_eq(sim_heart_opening(0.56), 1, 1e-12);
	cr_expect_float_eq(sim_heart_opening(0.2), 0, 1e-12);
}

/* Every scatterer near a knot moves with it, the wall thickens. */
Test(scene, heart_moves_by_its_law)
{
	struct sim_scene *heart = scene_of("heart");
	struct sim_heart_point knot = sim_heart_knot(SIM_LEFT_VENTRICLE, true);
	struct sim_heart_point in, out;
	double r = hypot(knot.x, knot.z), before, after;
	size_t strong[64], n = 0;
	double x[64], z[64];

	for (size_t i = 0; i < heart->count && n < 64; i++) {
		const struct sim_scatterer *s = &heart->scatterer[i];

		if (fabs(s->amplitude) > 1.5 &&
		    hypot(s->x - knot.x, s->z - knot.z) < 1.3e-3) {
			x[n] = s->x;
			z[n] = s->z;
			strong[n++] = i;
		}
	}
	cr_assert_gt(n, 3);
	cr_expect_float_eq(hypot(knot.x + knot.by_x, knot.z + knot.by_z),
			   r - SIM_HEART_MITRAL_EXCURSION, 1e-9);
	for (double p = 0; p < 1; p += 0.05) {
		double c = sim_heart_contraction(p);

		sim_scene_place(heart, p * heart->period);
		for (size_t i = 0; i < n; i++) {
			const struct sim_scatterer *s =
				&heart->scatterer[strong[i]];

			cr_expect_float_eq(s->x, x[i] + c * knot.by_x, 1e-9);
			cr_expect_float_eq(s->z, z[i] + c * knot.by_z, 1e-9);
		}
	}
	in = sim_heart_wall(SIM_LEFT_VENTRICLE, M_PI / 2, 0);
	out = sim_heart_wall(SIM_LEFT_VENTRICLE, M_PI / 2, 1);
	before = hypot(in.x - out.x, in.z - out.z);
	after = hypot(in.x + in.by_x - out.x - out.by_x,
		      in.z + in.by_z - out.z - out.by_z);
	cr_expect_float_eq(before, 9e-3, 1e-9);
	cr_expect_float_eq(after, 14e-3, 1e-9);
	sim_scene_destroy(heart);
}

/* The echoes at the end of a period are those of its beginning. */
Test(scene, no_scene_jumps_at_its_seam)
{
	static const char *const names[] = { "vessel", "disk", "heart" };

	for (int i = 0; i < 3; i++) {
		struct sim_scene *scene = scene_of(names[i]);
		struct sim_seq *seq;
		struct echo *echo;
		double power = 0, error = 0;
		float *rf[2];

		with_probe(scene->probe);
		table_make(&table, 1, seen.probe.elements, 1400, 30000);
		seq = parse();
		cr_assert_eq(echo_create(&echo, &seen.probe, 0, seq), 0);
		for (int k = 0; k < 2; k++) {
			rf[k] = calloc(seq->channels * 1400, sizeof(float));
			sim_scene_place(scene,
					k ? scene->period * (1 - 1e-9) : 0);
			echo_execute(echo, seq, 0, scene->scatterer,
				     scene->count, rf[k]);
		}
		for (uint32_t n = 0; n < seq->channels * 1400; n++) {
			power += rf[0][n] * rf[0][n];
			error += pow(rf[0][n] - rf[1][n], 2);
		}
		cr_expect_lt(error, 1e-6 * power, "%s: %g", names[i],
			     error / power);
		cr_expect_gt(power, 0);
		for (int k = 0; k < 2; k++)
			free(rf[k]);
		echo_destroy(echo);
		sim_seq_free(seq);
		sim_scene_destroy(scene);
	}
}

/* --- the loop --------------------------------------------------------------------------- */

Test(scene, periods_fit_tables)
{
	with_probe("phased");
	for (uint32_t period = 10000; period < 5000000; period += 123457) {
		struct sim_seq *seq;
		struct sim_cycle c;
		double stretch;

		table_make(&table, 2, 2, 64, period);
		seq = parse();
		c = sim_cycle_fit(seq, 0.8, 400);
		stretch = c.ticks / (c.periods * 80e6);
		cr_expect_float_eq(stretch, 1, 0.003, "%u: %f", period,
				   stretch);
		cr_expect_eq(c.ticks, c.turns * 2ull * period);
		for (uint64_t t = 0, n; t < 3 * c.ticks; t += c.ticks / 7) {
			n = sim_cycle_next(&c, t);
			cr_expect(n >= t && n - t <= c.ticks / c.periods + 1);
			cr_expect_lt(sim_cycle_phase(&c, sim_cycle_place(&c, n)),
				     1e-6);
		}
		sim_seq_free(seq);
	}
}

Test(scene, a_table_that_takes_over_goes_on_with_the_scene)
{
	struct sim_cycle a = { .ticks = 800, .periods = 1, .turns = 8 };
	struct sim_cycle b = { .ticks = 1590, .periods = 2, .turns = 3 };

	sim_cycle_begin(&a, NULL, 0);
	sim_cycle_begin(&b, &a, 1000);
	cr_expect_float_eq(sim_cycle_phase(&b, sim_cycle_place(&b, 1000)), 0.25,
			   0.002);
	cr_expect_float_eq(sim_cycle_phase(&b, sim_cycle_place(&b, 990)), 0.237,
			   0.002);
}

/* --- as the board sees it ------------------------------------------------------------------ */

static struct sim_frontend *front(const char *name)
{
	struct sim_frontend *fe;

	cr_assert_eq(sim_phantom_create(&fe, name, &seen), 0);
	config.frontend = fe;
	return fe;
}

static void start(struct host *h, uint32_t slots, uint32_t control)
{
	host_start(h, &config);
	table_seal(&table);
	cr_assert_eq(host_load(h, &table), SONO_SEQ_ACTIVE);
	host_queues(h, 128, 128);
	host_write(h, SONO_REG_HEARTBEAT, 2000);
	for (uint32_t i = 0; i < slots; i++)
		host_post(h, i, 1);
	host_write(h, SONO_REG_CONTROL, control);
}

/* Rows of the board are the echoes of the scene at the events' own times. */
Test(scene, echoes_are_those_of_the_event_s_time)
{
	struct sim_scene *scene = scene_of("disk");
	struct sim_frontend *fe;
	struct sim_seq *seq;
	struct echo *echo;
	struct host h;
	float *rf;

	with_probe("linear");
	seen.noise = 0;
	table_make(&table, 3, 128, 200, 20000);
	table_event(&table, 1)->period = 30000;
	for (int i = 0; i < 3; i++)
		table_event(&table, i)->rx_start = 500;
	seq = parse();
	fe = front("disk");
	start(&h, 2, RUN_TX);
	host_run(&h, 2 * MS);
	cr_assert_eq(echo_create(&echo, &seen.probe, 0, seq), 0);
	rf = malloc(128 * 200 * sizeof(*rf));
	for (int i = 0; i < 6; i++) {
		static const double at[] = { 0, 200e-6, 500e-6 };
		const int16_t *row = (const int16_t *)(host_slot(&h, i / 3) +
						       i % 3 * 128 * 448);
		double t = (i / 3 * 700e-6 + at[i % 3]) *
			   sim_phantom_periods(fe) * scene->period;
		double most = 0;

		sim_scene_place(scene, t);
		memset(rf, 0, 128 * 200 * sizeof(*rf));
		echo_execute(echo, seq, i % 3, scene->scatterer, scene->count,
			     rf);
		for (int n = 0; n < 128 * 200; n++)
			most = fmax(most,
				    fabs(row[n / 200 * 224 + n % 200] -
					 rf[n] * 2048));
		cr_expect_lt(most, 0.51, "%d: %f", i, most);
	}
	echo_destroy(echo);
	sim_seq_free(seq);
	free(rf);
	host_end(&h);
	sim_frontend_destroy(fe);
	sim_scene_destroy(scene);
}

/* What does not fit is computed anew and the same; so is the next loop. */
Test(scene, loops_with_and_without_a_cache)
{
	struct sim_frontend *fe[2];
	struct host h[2];

	with_probe("linear");
	/* 16 of these are a turn of the disk */
	table_make(&table, 1, 4, 100, 1963495);
	table_event(&table, 0)->rx_start = 500;
	table_header(&table)->elements = 4;
	for (int i = 0; i < 2; i++) {
		seen.cache_bytes = i ? 5000 : 64 << 20;
		seen.ahead = !i;
		fe[i] = front("disk");
		start(&h[i], 60, RUN_TX);
		for (int k = 0; k < 120; k++) {
			host_run(&h[i], 10 * MS);
			host_write(&h[i], SONO_REG_HEARTBEAT, 2000);
		}
	}
	cr_expect_float_eq(sim_phantom_periods(fe[0]),
			   1e8 / 1963495 / 16, 1e-9);
	for (uint32_t s = 0; s < 60; s++)
		cr_assert_arr_eq(host_slot(&h[1], s),
				 host_slot(&h[0], s % 16), 4 * 256);
	cr_assert_neq(memcmp(host_slot(&h[0], 0), host_slot(&h[0], 1), 200), 0);
	for (int i = 0; i < 2; i++) {
		host_end(&h[i]);
		sim_frontend_destroy(fe[i]);
	}
}

Test(scene, the_same_times_give_the_same_bytes)
{
	struct sim_frontend *fe[2];
	struct host h[2];

	with_probe("phased");
	table_make(&table, 2, 64, 300, 1000000);
	table_event(&table, 0)->rx_start = 800;
	for (int i = 0; i < 2; i++) {
		fe[i] = front("heart");
		/* the second run of one is the first of the other */
		start(&h[i], i ? 3 : 9, RUN_TX);
		for (int k = 0; i == 0 && k < 7; k++)
			host_run(&h[i], 9 * MS + 1);
		host_run(&h[i], i ? 70 * MS : 7 * MS);
	}
	for (uint32_t s = 0; s < 3; s++)
		cr_assert_arr_eq(host_slot(&h[0], s), host_slot(&h[1], s),
				 2 * 64 * 640);
	host_write(&h[0], SONO_REG_CONTROL, 0);
	host_run(&h[0], 3333 * US);
	memset(h[0].memory + AT_SLOTS, 0, 9 * SLOT_BYTES);
	host_write(&h[0], SONO_REG_CONTROL, RUN_TX);
	host_run(&h[0], 70 * MS);
	for (uint32_t s = 0; s < 3; s++)
		cr_assert_arr_eq(host_slot(&h[0], s + 3), host_slot(&h[1], s),
				 2 * 64 * 640);
	for (int i = 0; i < 2; i++) {
		host_end(&h[i]);
		sim_frontend_destroy(fe[i]);
	}
}

/* --- ECG ---------------------------------------------------------------------------------------- */

/* Frames of one event of @ticks that only listens, and room for samples. */
static void ecg_table(uint32_t ticks, uint32_t aux)
{
	with_probe("phased");
	table_make(&table, 1, 2, 64, ticks);
	table_event(&table, 0)->flags |= SONO_EVENT_RX_ONLY;
	table_header(&table)->aux_bytes = aux;
	table_header(&table)->frame_bytes += aux - 64;
}

static const struct sono_aux *aux_of(const struct host *h, uint32_t slot)
{
	return (const struct sono_aux *)(host_slot(h, slot) + 2 * 128);
}

/*
 * Half of the frames are dropped; the samples come all the same, one after
 * the other, with the R waves where the heart rate puts them.
 */
Test(scene, ecg_has_no_gaps_and_its_r_waves_in_time)
{
	struct sim_frontend *fe;
	uint64_t zero = 0, next = 0;
	uint32_t total = 0, peaks = 0;
	struct host h;

	ecg_table(1600000, 192);
	seen.scene.heart_rate = 120;
	fe = front("heart");
	start(&h, 0, SONO_CONTROL_RUN);
	cr_expect(host_read(&h, SONO_REG_FEATURES) & SONO_FEAT_TRIG_ECG);
	for (uint32_t i = 0; i < 100; i++) {
		const struct sono_aux *aux = aux_of(&h, 0);
		const int16_t *ecg = (const int16_t *)(aux + 1);

		host_run(&h, i % 4 ? 16 * MS : 48 * MS);
		host_post(&h, 0, i);
		host_run(&h, 16 * MS);
		cr_assert_not_null(host_completion(&h));
		cr_assert_eq(aux->ecg_rate, SIM_HEART_ECG_RATE);
		cr_assert_leq(aux->ecg_count, 64);
		if (!i)
			zero = next = aux->ecg_ts;
		cr_assert_eq(aux->ecg_ts, next);
		for (uint32_t k = 0; k < aux->ecg_count; k++, total++) {
			double phase = fmod(total * 0.002, 0.5) / 0.5;

			cr_expect_float_eq(ecg[k], sim_heart_ecg(phase), 1);
			peaks += ecg[k] > 1000 && phase == 0;
		}
		next = zero + total * 200000ull;
	}
	cr_expect_gt(total, 1800);
	cr_expect_eq(peaks, (total + 249) / 250, "%u of %u", peaks, total);
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(scene, ecg_says_what_it_has_lost)
{
	struct sim_frontend *fe;
	struct host h;

	ecg_table(1600000, 128);
	fe = front("heart");
	start(&h, 1, SONO_CONTROL_RUN);
	host_run(&h, 17 * MS);
	cr_assert_not_null(host_completion(&h));
	host_run(&h, 10000 * MS);
	host_post(&h, 1, 1);
	host_run(&h, 32 * MS);
	/* 4096 of 5000 wait, and 32 fit into a frame */
	cr_assert_eq(aux_of(&h, 1)->ecg_count, 32);
	cr_assert_gt(aux_of(&h, 1)->ecg_ts - aux_of(&h, 0)->ecg_ts, 170000000);
	cr_assert_eq((aux_of(&h, 1)->ecg_ts - aux_of(&h, 0)->ecg_ts) % 200000,
		     0);
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(scene, triggered_events_wait_for_the_r_wave)
{
	uint64_t times[12], zero;
	struct sim_frontend *fe;
	struct host h;
	int n = 0;

	with_probe("phased");
	table_make(&table, 3, 2, 64, 1000000);
	for (int i = 0; i < 3; i++)
		table_event(&table, i)->flags =
			SONO_EVENT_RX_ONLY | SONO_EVENT_FRAME_END;
	table_event(&table, 1)->flags |= SONO_EVENT_TRIG_ECG;
	table_header(&table)->frame_bytes = 2 * 128 + 64;
	fe = front("heart");
	start(&h, 12, SONO_CONTROL_RUN);
	for (int i = 0; i < 400; i++)
		host_run(&h, 10 * MS);
	for (const struct sono_cpl *c; n < 12 && (c = host_completion(&h));)
		times[n++] = c->hw_ts;
	cr_assert_eq(n, 12);
	zero = times[0];
	for (int i = 0; i < 4; i++) {
		uint64_t r = zero + (i + 1) * 80000000ull;

		cr_expect_eq(times[3 * i + 1], r);
		cr_expect_eq(times[3 * i + 2], r + 1000000);
		if (i < 3)
			cr_expect_eq(times[3 * i + 3], r + 2000000);
	}
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(scene, no_ecg_no_trigger)
{
	struct sim_frontend *fe;
	struct host h;

	with_probe("linear");
	table_make(&table, 1, 2, 64, 10000);
	table_event(&table, 0)->flags |= SONO_EVENT_TRIG_ECG;
	fe = front("disk");
	host_start(&h, &config);
	table_seal(&table);
	cr_expect_not(host_read(&h, SONO_REG_FEATURES) & SONO_FEAT_TRIG_ECG);
	cr_expect_eq(host_load(&h, &table),
		     SONO_SEQ_ERROR | SONO_SEQ_E_FEATURE << 8);
	host_end(&h);
	sim_frontend_destroy(fe);
}

/* --- what is wrong with channels, and how warm it is ------------------------------------------ */

static double rms(const unsigned char *row, uint32_t samples)
{
	const int16_t *v = (const int16_t *)row;
	double sum = 0;

	for (uint32_t n = 0; n < samples; n++)
		sum += v[n] * v[n];
	return sqrt(sum / samples);
}

Test(scene, dead_and_noisy_channels_and_weak_elements)
{
	struct sim_frontend *fe;
	struct host h;

	with_probe("linear");
	cr_assert_eq(sim_faults_parse(&config.faults,
				      "dead-channel=0,dead-channel=7,"
				      "noisy-channel=5,weak-element=64"),
		     0);
	cr_assert_neq(sim_faults_parse(&config.faults, "dead-channel=1024"), 0);
	sim_probe_weaken(&seen.probe, 64);
	seen.noise = 2;
	table_make(&table, 1, 128, 1000, 10000);
	fe = front("speckle");
	start(&h, 4, RUN_TX);
	host_run(&h, 1 * MS);
	for (uint32_t c = 0; c < 128; c++) {
		const unsigned char *row = host_slot(&h, 0) + c * 2048;

		if (c == 0 || c == 7)
			cr_expect_eq(rms(row, 1000), 0);
		else
			cr_expect_gt(rms(row, 1000), 10);
	}
	cr_expect_float_eq(rms(host_slot(&h, 0) + 64 * 2048, 1000) /
				   rms(host_slot(&h, 0) + 63 * 2048, 1000),
			   0.25, 0.05);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 1 * MS);
	host_write(&h, SONO_REG_SOURCE, SONO_SOURCE_NOISE);
	host_queues(&h, 16, 16);
	host_post(&h, 0, 1);
	host_post(&h, 1, 1);
	host_write(&h, SONO_REG_CONTROL, SONO_CONTROL_RUN);
	host_run(&h, 1 * MS);
	cr_expect_float_eq(rms(host_slot(&h, 0) + 4 * 2048, 1000), 2, 0.2);
	cr_expect_float_eq(rms(host_slot(&h, 0) + 5 * 2048, 1000),
			   hypot(SIM_NOISY_RMS, 2), 3);
	cr_expect_neq(memcmp(host_slot(&h, 0) + 5 * 2048,
			     host_slot(&h, 1) + 5 * 2048, 2000),
		      0);
	cr_expect_eq(rms(host_slot(&h, 1) + 7 * 2048, 1000), 0);
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(scene, transmitting_warms_the_board)
{
	struct host h;

	with_probe("linear");
	table_make(&table, 1, 2, 64, 10000000);
	start(&h, 1, RUN_TX);
	cr_expect_eq(host_read(&h, SONO_REG_TEMP), 41500);
	for (int i = 0; i < 60; i++) {
		host_run(&h, 1000 * MS);
		host_write(&h, SONO_REG_HEARTBEAT, 2000);
	}
	cr_expect_float_eq((int)host_read(&h, SONO_REG_TEMP),
			   49500 - 8000 * exp(-1), 20);
	host_write(&h, SONO_REG_CONTROL, 0);
	host_run(&h, 60000 * MS);
	cr_expect_float_eq((int)host_read(&h, SONO_REG_TEMP),
			   41500 + 8000 * exp(-1) * (1 - exp(-1)), 20);
	host_end(&h);
}

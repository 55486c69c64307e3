// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What the probe sees: echoes where geometry puts them, and replay. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "abdomen.h"
#include "echo.h"
#include "heart.h"
#include "host.h"
#include "phantom.h"
#include "replay.h"
#include "seq.h"

#define SAMPLES 1024
#define ELEMENTS 128

static struct table table;
static struct sim_config config;
static struct sim_phantom_config seen;

static void setup(void)
{
	sim_config_init(&config);
	sim_phantom_config_init(&seen);
	sim_probe_limits(&seen.probe, &config.limits);
	table_make(&table, 1, ELEMENTS, SAMPLES, 10000);
}

TestSuite(phantom, .init = setup);

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

static float *nonlinear_echoes(const struct sim_scatterer *s, size_t n,
			       double nonlinearity)
{
	struct sim_seq *seq = parse();
	struct echo *echo;
	float *rf = calloc(ELEMENTS * SAMPLES, sizeof(*rf));

	cr_assert_eq(echo_create(&echo, &seen.probe, nonlinearity, seq), 0);
	echo_execute(echo, seq, 0, s, n, rf);
	echo_destroy(echo);
	sim_seq_free(seq);
	return rf;
}

static float *echoes(const struct sim_scatterer *s, size_t n)
{
	return nonlinear_echoes(s, n, 0);
}

/* Centre of energy of one row, and the energy itself. */
static double centre(const float *row, double *energy)
{
	double sum = 0, moment = 0;

	for (int n = 0; n < SAMPLES; n++) {
		sum += row[n] * row[n];
		moment += n * (double)row[n] * row[n];
	}
	*energy = sum;
	return moment / sum;
}

/* Only element @only transmits, @delay ticks after the trigger. */
static void transmit_one(uint32_t only, double delay)
{
	for (uint32_t i = 0; i < ELEMENTS; i++)
		table_tx(&table, i)->enable = i == only;
	table_tx(&table, only)->delay = (uint32_t)lrint(delay * 256);
}

/* The sum of delays, worked out here and nowhere else. */
Test(phantom, echo_arrives_when_geometry_says)
{
	static const struct sim_scatterer at[] = {
		{ 0, 20e-3, 1 },
		{ -8e-3, 15e-3, 1 },
		{ 12.3e-3, 22.7e-3, 1 },
	};
	static const uint32_t pairs[][2] = {
		{ 0, 0 }, { 0, 127 }, { 64, 20 }, { 100, 101 }
	};

	for (size_t s = 0; s < 3; s++)
		for (size_t k = 0; k < 4; k++) {
			double xt = (pairs[k][0] - 63.5) * 0.3e-3;
			double xr = (pairs[k][1] - 63.5) * 0.3e-3;
			double way = hypot(at[s].x - xt, at[s].z) +
				     hypot(at[s].x - xr, at[s].z);
			/* 37.25 ticks of delay; a pulse of one 5 MHz cycle */
			double t = way / 1540 + 37.25e-8 + 0.5 / 5e6;
			double expected = t * 20832000 - 100, energy, found;
			float *rf;

			transmit_one(pairs[k][0], 37.25);
			table_event(&table, 0)->rx_start = 100;
			rf = echoes(&at[s], 1);
			found = centre(rf + pairs[k][1] * SAMPLES, &energy);
			cr_expect_float_eq(found, expected, 0.02,
					   "%zu %zu: %f for %f", s, k, found,
					   expected);
			free(rf);
		}
}

Test(phantom, echo_weakens_with_distance_and_angle)
{
	const struct sim_scatterer near = { -0.15e-3, 10e-3, 1 };
	const struct sim_scatterer far = { -0.15e-3, 20e-3, 1 };
	double strong, weak, aside;
	float *a, *b;

	transmit_one(63, 0);
	a = echoes(&near, 1);
	b = echoes(&far, 1);
	centre(a + 63 * SAMPLES, &strong);
	centre(b + 63 * SAMPLES, &weak);
	centre(a + 13 * SAMPLES, &aside);
	/* both ways: 1/4 in amplitude, 1/16 in energy */
	cr_assert_float_eq(strong / weak, 16, 0.2, "%f", strong / weak);
	/* 15 mm aside at 10 mm: by distance alone it would be 0.31 */
	cr_assert(aside / strong < 0.1 && aside > 0, "%f", aside / strong);
	free(a);
	free(b);
}

Test(phantom, amplitude_voltage_and_polarity_matter)
{
	const struct sim_scatterer s = { 0, 15e-3, 1 };
	double full, half;
	float *a, *b;

	a = echoes(&s, 1);
	for (uint32_t i = 0; i < ELEMENTS; i++)
		table_tx(&table, i)->amplitude = 32768;
	table_event(&table, 0)->hv = 25000;
	table_event(&table, 0)->tx_polarity = 1;
	b = echoes(&s, 1);
	centre(a, &full);
	centre(b, &half);
	cr_assert_float_eq(full / half, 16, 0.01, "%f", full / half);
	for (int n = 0; n < ELEMENTS * SAMPLES; n++)
		cr_assert_float_eq(a[n], -4 * b[n], 1e-3);
	free(a);
	free(b);
}

Test(phantom, rx_only_events_have_no_echoes)
{
	const struct sim_scatterer s = { 0, 15e-3, 1 };
	double energy;
	float *a;

	table_event(&table, 0)->flags |= SONO_EVENT_RX_ONLY;
	a = echoes(&s, 1);
	centre(a, &energy);
	cr_assert_eq(energy, 0);
	free(a);
}

/* The sum of many is the sum of each; skipping silence costs little. */
Test(phantom, scatterers_add_up)
{
	const struct sim_scatterer s[] = { { 0, 15e-3, 1 },
					   { 3e-3, 16e-3, -1 } };
	double energy, error = 0;
	float *a, *b, *both;

	for (uint32_t i = 0; i < ELEMENTS; i++)
		table_tx(&table, i)->delay = i * 128;
	a = echoes(s, 1);
	b = echoes(s + 1, 1);
	both = echoes(s, 2);
	for (int n = 0; n < ELEMENTS * SAMPLES; n++)
		error += pow(both[n] - a[n] - b[n], 2);
	centre(both + 64 * SAMPLES, &energy);
	cr_assert_lt(error, 1e-9 * energy);
	free(a);
	free(b);
	free(both);
}

/* --- as a board sees it ----------------------------------------------------------- */

static void start(struct host *h, struct sim_frontend *fe, uint32_t control)
{
	config.frontend = fe;
	host_start(h, &config);
	table_seal(&table);
	cr_assert_eq(host_load(h, &table), SONO_SEQ_ACTIVE);
	host_queues(h, 16, 16);
	host_write(h, SONO_REG_HEARTBEAT, 1000);
	for (uint32_t i = 0; i < 8; i++)
		host_post(h, i, 1);
	host_write(h, SONO_REG_CONTROL, control);
	host_run(h, MS);
}

#define RUN_TX (SONO_CONTROL_RUN | SONO_CONTROL_TX_ENABLE)

static double rms(const unsigned char *frame)
{
	double sum = 0;

	for (uint32_t c = 0; c < ELEMENTS; c++)
		for (uint32_t n = 0; n < SAMPLES; n++)
			sum += pow(((const int16_t *)frame)[c * SAMPLES + n],
				   2);
	return sqrt(sum / (ELEMENTS * SAMPLES));
}

Test(phantom, frames_differ_in_noise_alone_and_repeat_by_seed)
{
	struct sim_frontend *fe[2];
	struct host h[2];

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(sim_phantom_create(&fe[i], "points", &seen), 0);
		start(&h[i], fe[i], RUN_TX);
	}
	cr_assert_neq(memcmp(host_slot(&h[0], 0), host_slot(&h[0], 1), 1000),
		      0);
	for (uint32_t s = 0; s < 4; s++)
		cr_assert_arr_eq(host_slot(&h[0], s), host_slot(&h[1], s),
				 ELEMENTS * SAMPLES * 2);
	cr_assert_gt(rms(host_slot(&h[0], 0)), 10);
	for (int i = 0; i < 2; i++) {
		host_end(&h[i]);
		sim_frontend_destroy(fe[i]);
	}
}

/*
 * What stands still is computed once for events that hear the same. Whatever
 * makes one hear otherwise must be seen: of a table whose events are the plain one
 * and another kind in turn, each has the rows that it has where all are alike.
 */
enum kind {
	PLAIN,
	FREQ, /* to here for a scene that takes long */
	ONLY, ROW, LENGTH, POLARITY, HV, LATE, DECIMATION, MAP,
	KINDS
};

static void differ(struct sim_event *e, enum kind kind)
{
	e->flags |= kind == ONLY ? SONO_EVENT_RX_ONLY : 0;
	e->tx_row = kind == ROW;
	e->tx_freq += kind == FREQ ? 500000 : 0;
	e->tx_half_cycles += kind == LENGTH;
	e->tx_polarity ^= kind == POLARITY;
	e->hv /= kind == HV ? 2 : 1;
	e->rx_start += kind == LATE ? 64 : 0;
	e->rx_decimation *= kind == DECIMATION ? 2 : 1;
	e->rx_map = kind == MAP;
}

typedef int16_t rows[ELEMENTS * SAMPLES];

/* Rows of the table's events, of these kinds; without noise. */
static void hear(const char *scene, const enum kind *kind, rows *heard)
{
	static struct sim_tx tx[2 * ELEMENTS];
	static uint16_t map[2 * ELEMENTS];
	const struct sim_shot shot = { .fired = true };
	struct sim_seq *seq = parse(), changed = *seq;
	struct sim_frontend *fe;
	void *data;

	for (uint32_t i = 0; i < 2 * ELEMENTS; i++) {
		tx[i] = seq->tx[i % ELEMENTS];
		tx[i].enable = i != ELEMENTS;
		map[i] = (i + i / ELEMENTS) % ELEMENTS;
	}
	changed.tx = tx;
	changed.map = map;
	seen.noise = 0;
	cr_assert_eq(sim_phantom_create(&fe, scene, &seen), 0);
	for (uint32_t i = 0; i < seq->events; i++)
		differ(&changed.event[i], kind[i]);
	cr_assert_eq(fe->ops->load(fe, &changed, &data), 0);
	for (uint32_t i = 0; i < seq->events; i++)
		fe->ops->prepare(fe, &changed, data, i);
	fe->ops->begin(fe, data, 0);
	for (uint32_t i = 0; i < seq->events; i++)
		memcpy(heard[i], fe->ops->rows(fe, &changed, data, i, &shot),
		       sizeof(rows));
	fe->ops->unload(fe, data);
	sim_frontend_destroy(fe);
	sim_seq_free(seq);
}

static void compare_kinds(const char *scene, enum kind last)
{
	static rows together[2 * KINDS], alone[1];
	enum kind kind[2 * KINDS] = { PLAIN };

	for (enum kind k = PLAIN; k <= last; k++)
		kind[2 * k + 1] = k;
	table_make(&table, 2 * last + 2, ELEMENTS, SAMPLES, 10000);
	hear(scene, kind, together);
	table_make(&table, 1, ELEMENTS, SAMPLES, 10000);
	for (enum kind k = PLAIN; k <= last; k++) {
		hear(scene, &k, alone);
		cr_expect_arr_eq(together[2 * k + 1], alone[0], sizeof(rows),
				 "%s: %d", scene, k);
		cr_expect_arr_eq(together[2 * k], together[0], sizeof(rows),
				 "%s: %d", scene, k);
		cr_expect_eq(!memcmp(alone[0], together[0], sizeof(rows)),
			     k == PLAIN, "%s: %d", scene, k);
	}
}

Test(phantom, only_what_hears_the_same_is_shared)
{
	compare_kinds("points", KINDS - 1);
	/* with something that moves */
	compare_kinds("vessel", FREQ);
}

Test(phantom, no_transmit_no_echo)
{
	struct sim_frontend *fe;
	struct host h;

	seen.noise = 5;
	cr_assert_eq(sim_phantom_create(&fe, "points", &seen), 0);
	start(&h, fe, SONO_CONTROL_RUN);
	cr_assert_float_eq(rms(host_slot(&h, 0)), 5, 0.05);
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(phantom, tgc_is_applied_and_the_adc_clips)
{
	struct sim_frontend *fe;
	uint16_t *curve;
	struct host h;

	seen.noise = 1;
	curve = (uint16_t *)(table.bytes + table_header(&table)->tgc_offset);
	curve[0] = 20 * 256;
	curve[1] = 100 * 256;
	table_event(&table, 0)->tgc = 0;
	cr_assert_eq(sim_phantom_create(&fe, "noise", &seen), 0);
	start(&h, fe, RUN_TX);
	const int16_t *row = (const int16_t *)host_slot(&h, 0);
	double early = 0;
	int16_t least = 0, most = 0;

	for (uint32_t c = 0; c < ELEMENTS; c++) {
		early += pow(row[c * SAMPLES], 2) / ELEMENTS;
		least = fmin(least, row[c * SAMPLES + SAMPLES - 1]);
		most = fmax(most, row[c * SAMPLES + SAMPLES - 1]);
	}
	cr_assert_float_eq(sqrt(early), 10, 2, "%f", sqrt(early));
	cr_assert_eq(least, -8192);
	cr_assert_eq(most, 8191);
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(phantom, cysts_are_where_they_are_said_to_be)
{
	const struct sim_scene_params params = { 3, SIM_HEART_RATE };
	const struct sim_scatterer *s;
	struct sim_scene *scene;
	size_t inside = 0;

	cr_assert_eq(sim_scene_create(&scene, "cyst", &params), 0);
	s = scene->scatterer;
	for (size_t i = 0; i < scene->count; i++) {
		inside += hypot(s[i].x - sim_cysts[0].x,
				s[i].z - sim_cysts[0].z) < sim_cysts[0].radius;
		cr_assert(s[i].x >= sim_speckle.x0 && s[i].x < sim_speckle.x1);
	}
	cr_assert_eq(inside, 0);
	cr_assert_gt(scene->count, 10000);
	sim_scene_destroy(scene);
}

/* How strongly a circle of radius @r reflects, per scatterer that is there. */
static double strength(const struct sim_scene *scene, double x, double z,
		       double r, size_t *count)
{
	double sum = 0;

	*count = 0;
	for (size_t i = 0; i < scene->count - SIM_ABDOMEN_WIRES; i++) {
		const struct sim_scatterer *s = &scene->scatterer[i];

		if (hypot(s->x - x, s->z - z) >= r)
			continue;
		sum += s->amplitude * s->amplitude;
		++*count;
	}
	return sqrt(sum / (double)*count);
}

Test(phantom, abdomen_is_as_it_is_said_to_be)
{
	const struct sim_scene_params params = { 3, SIM_HEART_RATE };
	struct sim_scene *scene;

	cr_assert_str_eq(sim_scene_probe("abdomen"), "convex");
	cr_assert_eq(sim_scene_create(&scene, "abdomen", &params), 0);
	for (int i = 0; i < SIM_ABDOMEN_CYSTS; i++) {
		const struct sim_cyst *c = &sim_abdomen_cysts[i];
		size_t inside, beside;
		/* as far from the apex, on the other side or in the middle */
		double x = c->x > 0 && c->z > 50e-3 && c->z < 90e-3 ? 45e-3 :
			   c->z > 90e-3 ? 0 : -c->x;
		double z = SIM_ABDOMEN_APEX_Z +
			   sqrt(pow(hypot(c->x, c->z - SIM_ABDOMEN_APEX_Z), 2) -
				x * x);
		double here = strength(scene, c->x, c->z, c->radius, &inside);
		double there = strength(scene, x, z, c->radius, &beside);

		cr_assert_gt(beside, 150);
		if (!c->contrast)
			cr_assert_eq(inside, 0, "cyst %d", i);
		else
			cr_assert_float_eq(here / there / c->contrast, 1, 0.15,
					   "cyst %d: %g", i, here / there);
	}
	for (size_t i = 0; i < scene->count; i++) {
		const struct sim_scatterer *s = &scene->scatterer[i];
		double range = hypot(s->x, s->z - SIM_ABDOMEN_APEX_Z);

		cr_assert(range >= SIM_ABDOMEN_NEAR &&
			  range <= SIM_ABDOMEN_FAR);
	}
	sim_scene_destroy(scene);
}

Test(phantom, unknown_names)
{
	struct sim_frontend *fe;
	struct sim_probe probe;

	cr_assert_neq(sim_phantom_create(&fe, "", &seen), 0);
	cr_assert_neq(sim_phantom_create(&fe, "point", &seen), 0);
	cr_assert_neq(sim_probe_find(&probe, "curved"), 0);
}

/* --- replay -------------------------------------------------------------------------- */

#define RECORDED 3

static int16_t recorded[RECORDED][ELEMENTS * SAMPLES];

static const void *recorded_frame(void *context, uint64_t index)
{
	(void)context;
	return recorded[index];
}

static struct sim_frontend *player(void)
{
	static const uint32_t samples[] = { SAMPLES };
	const struct sim_replay replay = {
		.frames = RECORDED,
		.events = 1,
		.channels = ELEMENTS,
		.samples = samples,
		.fs = config.limits.adc_clock,
		.frame = recorded_frame,
	};
	struct sim_frontend *fe;

	for (int i = 0; i < RECORDED; i++)
		for (int n = 0; n < ELEMENTS * SAMPLES; n++)
			recorded[i][n] = (int16_t)(n * 7 + i * 1000);
	cr_assert_eq(sim_replay_create(&fe, &replay), 0);
	return fe;
}

Test(phantom, replay_loops)
{
	struct sim_frontend *fe = player();
	struct host h;

	start(&h, fe, RUN_TX);
	for (uint32_t i = 0; i < 8; i++)
		cr_assert_arr_eq(host_slot(&h, i), recorded[i % RECORDED],
				 sizeof(recorded[0]));
	host_end(&h);
	sim_frontend_destroy(fe);
}

Test(phantom, replay_refuses_another_geometry)
{
	struct sim_frontend *fe = player();
	struct host h;

	config.frontend = fe;
	host_start(&h, &config);
	for (int i = 0; i < 4; i++) {
		uint32_t status;

		table_make(&table, i == 0 ? 2 : 1, i == 1 ? 64 : ELEMENTS,
			   i == 2 ? SAMPLES - 1 : SAMPLES, 20000);
		if (i == 3)
			table_event(&table, 0)->rx_decimation = 2;
		table_seal(&table);
		status = host_load(&h, &table);
		cr_expect_eq(status, SONO_SEQ_ERROR | SONO_SEQ_E_SOURCE << 8,
			     "%d: 0x%x", i, status);
	}
	host_end(&h);
	sim_frontend_destroy(fe);
}

/* --- a nonlinear medium --- */

/* Amplitude of a row at a frequency [Hz]. */
static double amplitude_at(const float *row, double frequency)
{
	double re = 0, im = 0;

	for (int n = 0; n < SAMPLES; n++) {
		const double turn = 2 * M_PI * frequency / 20832000 * n;

		re += row[n] * cos(turn);
		im += row[n] * sin(turn);
	}
	return hypot(re, im);
}

#define SENT	3.5e6	/* [Hz] */
#define CYCLES	12
#define DEPTH	15e-3

/* Echoes of a long pulse from a point straight ahead of element 64. */
static float *long_echoes(bool inverted, uint32_t hv, double nonlinearity)
{
	const struct sim_scatterer at = { 0.5 * 0.3e-3, DEPTH, 1 };
	struct sono_seq_event *event = table_event(&table, 0);

	event->period = 100000;
	event->tx_freq = SENT;
	event->tx_half_cycles = 2 * CYCLES;
	event->tx_polarity = inverted;
	event->hv = hv;
	return nonlinear_echoes(&at, 1, nonlinearity);
}

/* What the medium adds to them. */
static float *overtone(bool inverted, uint32_t hv, double nonlinearity)
{
	float *with = long_echoes(inverted, hv, nonlinearity);
	float *without = long_echoes(inverted, hv, 0);

	for (int i = 0; i < ELEMENTS * SAMPLES; i++)
		with[i] -= without[i];
	free(without);
	return with;
}

/* Of the elements' response one way, whose two ways have 67 % of 5.208 MHz. */
static double response(double f)
{
	const double sigma = 0.67 * 5.208e6 / 2 / sqrt(2 * log(2));

	return exp(-pow((f - 5.208e6) / sigma, 2) / 4);
}

Test(phantom, second_harmonic_has_the_size_of_the_square)
{
	const double nonlinearity = 0.05;
	const float *row, *extra;
	double first, second, pressure, expected, w;
	float *linear, *rest;

	transmit_one(64, 0);
	linear = long_echoes(false, 100000, 0);
	rest = overtone(false, 100000, nonlinearity);
	row = linear + 64 * SAMPLES;
	extra = rest + 64 * SAMPLES;
	/* of CYCLES periods the transform has amplitude x length / 2 */
	w = 2 / (CYCLES / SENT * 20832000);
	first = w * amplitude_at(row, SENT);
	second = w * amplitude_at(extra, 2 * SENT);
	/* back from the echo to the pressure: distance, and the response */
	pressure = first / response(SENT) / (10e-3 / DEPTH);
	expected = nonlinearity * DEPTH / 10e-3 * pressure * pressure / 2 *
		   response(2 * SENT) * (10e-3 / DEPTH);
	/* the pulse's ends, a cycle of twelve, are not squares of full size */
	cr_expect_float_eq(second / expected, 1, 0.1, "%g for %g", second,
			   expected);
	/* the pulse's ends are heard as well, all over the band */
	cr_expect_lt(amplitude_at(extra, SENT) / amplitude_at(extra, 2 * SENT),
		     0.1, "%g", amplitude_at(extra, SENT) /
				amplitude_at(extra, 2 * SENT));
	free(linear);
	free(rest);
}

Test(phantom, second_harmonic_knows_no_polarity)
{
	float *plus, *minus;
	double sum = 0, difference = 0;

	plus = overtone(false, 100000, 0.05);
	minus = overtone(true, 100000, 0.05);
	for (int i = 0; i < ELEMENTS * SAMPLES; i++) {
		sum += pow(plus[i] + minus[i], 2);
		difference += pow(plus[i] - minus[i], 2);
	}
	/* fundamentals of opposite signs leave the rounding of a float */
	cr_expect_lt(difference, 1e-8 * sum);
	free(plus);
	free(minus);
}

Test(phantom, second_harmonic_rises_with_the_square_of_the_voltage)
{
	float *full, *half;
	double ratio;

	full = overtone(false, 100000, 0.05);
	half = overtone(false, 50000, 0.05);
	ratio = amplitude_at(full + 64 * SAMPLES, 2 * SENT) /
		amplitude_at(half + 64 * SAMPLES, 2 * SENT);
	cr_expect_float_eq(ratio, 4, 1e-3, "%g", ratio);
	free(full);
	free(half);
}

// SPDX-License-Identifier: MIT
/*
 * Known beats: P wave, QRS complex and T wave as bells, at irregular times,
 * with noise, mains hum and a wandering baseline.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dsp/ecg.h"

#define WIDTH	400
#define HEIGHT	60
#define BEATS_MAX	256

struct heart {
	double rate;		/* samples per second */
	double bpm;
	double wave;		/* sine's share in the intervals */
	double noise;		/* rms over the R wave */
	double wander;		/* amplitude over the R wave */
	double hum;
	double sign;		/* of the R wave */
	unsigned int beats;
	double beat[BEATS_MAX];
};

static double bell(double t, double centre, double width)
{
	return exp(-0.5 * pow((t - centre) / width, 2));
}

static void plan_beats(struct heart *h, double seconds)
{
	double t = 0.4;

	for (h->beats = 0; t < seconds && h->beats < BEATS_MAX; h->beats++) {
		h->beat[h->beats] = t;
		t += 60 / h->bpm * (1 + h->wave * sin(0.9 * h->beats));
	}
}

/* In millivolts of an R wave of 1; intervals shrink the T wave's distance. */
static double voltage(const struct heart *h, double t)
{
	const double interval = 60 / h->bpm;
	const double qt = 0.28 * sqrt(fmin(interval, 1));
	double v = h->wander * sin(2 * M_PI * 0.3 * t) +
		   h->hum * sin(2 * M_PI * 50 * t);
	unsigned int i;

	for (i = 0; i < h->beats; i++) {
		const double d = t - h->beat[i];

		if (fabs(d) > 0.6)
			continue;
		v += 0.12 * bell(d, -0.16 * sqrt(fmin(interval, 1)), 0.025) -
		     0.12 * bell(d, -0.028, 0.010) + h->sign * bell(d, 0, 0.012) -
		     0.2 * bell(d, 0.030, 0.012) + 0.3 * bell(d, qt, 0.045);
	}
	return v;
}

static double gauss(void)
{
	double sum = 0;
	int i;

	for (i = 0; i < 12; i++)
		sum += drand48();
	return sum - 6;
}

struct score {
	unsigned int found, missed, false_beats;
	double error, worst;	/* rms and largest [s] */
};

static struct ecg *make(struct image *strip)
{
	const struct ecg_params params = { WIDTH, HEIGHT, 10e-3 };
	const struct raster raster = { WIDTH, HEIGHT, 0, 0, 10e-3, -1 };
	const char *why = "";
	struct ecg *e;

	cr_assert_eq(ecg_create(&e, &params, &why), 0, "%s", why);
	cr_assert_eq(image_init(strip, IMAGE_RGB24, &raster), 0);
	return e;
}

/* Which planned beat lies within 50 ms? -1: none. */
static int planned(const struct heart *h, double t)
{
	unsigned int i;

	for (i = 0; i < h->beats; i++)
		if (fabs(t - h->beat[i]) < 0.05)
			return i;
	return -1;
}

/*
 * In frames of 25 ms from time 100 s on. Beats of the first two seconds, in
 * which the levels are learnt, and of the last are not asked for.
 */
static struct score run(struct heart *h, double seconds)
{
	bool found[BEATS_MAX] = { false };
	struct score s = { 0 };
	uint8_t data[2 * 64];
	struct image strip;
	struct ecg *e = make(&strip);
	const uint32_t count = h->rate / 40;
	uint64_t before = 0;
	unsigned int i, frame;

	srand48(7);
	plan_beats(h, seconds);
	for (frame = 0; frame * count < seconds * h->rate; frame++) {
		const struct ecg_block block = {
			data, count, h->rate,
			100 + frame * count / h->rate,
		};

		for (i = 0; i < count; i++) {
			double t = (frame * count + i) / h->rate;
			int v = lrint(1000 * (voltage(h, t) +
					      h->noise * gauss()));

			data[2 * i] = v;
			data[2 * i + 1] = v >> 8;
		}
		ecg_execute(e, &strip, &block);
		if (ecg_beats(e) == before)
			continue;
		before = ecg_beats(e);
		if (planned(h, ecg_beat(e) - 100) < 0) {
			s.false_beats++;
			continue;
		}
		i = planned(h, ecg_beat(e) - 100);
		found[i] = true;
		s.found++;
		s.error += pow(ecg_beat(e) - 100 - h->beat[i], 2);
		s.worst = fmax(s.worst,
			       fabs(ecg_beat(e) - 100 - h->beat[i]));
	}
	for (i = 0; i < h->beats; i++)
		s.missed += !found[i] && h->beat[i] > 2.2 &&
			    h->beat[i] < seconds - 1;
	s.error = sqrt(s.error / fmax(s.found, 1));
	ecg_destroy(e);
	image_finish(&strip);
	return s;
}

Test(ecg, every_beat_from_40_to_180_per_minute)
{
	static const double bpm[] = { 40, 55, 72, 100, 140, 180 };
	static const double rates[] = { 200, 500, 1000 };
	unsigned int i, k;

	for (i = 0; i < 6; i++) {
		for (k = 0; k < 3; k++) {
			struct heart h = {
				.rate = rates[k], .bpm = bpm[i], .wave = 0.05,
				.noise = 0.05, .wander = 0.5, .hum = 0.03,
				.sign = 1,
			};
			struct score s = run(&h, 40);

			cr_assert_eq(s.missed, 0, "%g bpm at %g: %u missed",
				     bpm[i], rates[k], s.missed);
			cr_assert_eq(s.false_beats, 0, "%g bpm at %g: %u false",
				     bpm[i], rates[k], s.false_beats);
			cr_assert_lt(s.error, 1e-3, "%g bpm at %g: %g s",
				     bpm[i], rates[k], s.error);
			cr_assert_lt(s.worst, 4e-3, "%g bpm at %g: %g s",
				     bpm[i], rates[k], s.worst);
		}
	}
}

Test(ecg, inverted_lead_and_strong_noise)
{
	struct heart h = {
		.rate = 500, .bpm = 75, .wave = 0.1, .noise = 0.15,
		.wander = 1, .hum = 0.1, .sign = -1,
	};
	struct score s = run(&h, 60);

	cr_assert_eq(s.missed, 0, "%u missed", s.missed);
	cr_assert_eq(s.false_beats, 0, "%u false", s.false_beats);
	cr_assert_lt(s.error, 3e-3, "%g s", s.error);
}

/* A block of a regular heart, @frame frames of 20 ms after time 0. */
static void give(struct ecg *e, struct image *strip, struct heart *h,
		 unsigned int frame)
{
	uint8_t data[20];
	const struct ecg_block block = { data, 10, 500, frame * 0.02 };
	unsigned int i;

	for (i = 0; i < 10; i++) {
		int v = lrint(1000 * voltage(h, frame * 0.02 + i / 500.0));

		data[2 * i] = v;
		data[2 * i + 1] = v >> 8;
	}
	ecg_execute(e, strip, &block);
}

Test(ecg, rate_and_phase_follow_the_beats)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	double worst = 0;
	unsigned int frame;

	plan_beats(&h, 20);
	cr_assert(isnan(ecg_phase(e, 0)));
	cr_assert(isnan(ecg_heart_rate(e)));
	for (frame = 0; frame < 1000; frame++) {
		double t = frame * 0.02 + 0.01;
		double want = fmod(t - 0.4, 60 / h.bpm) * h.bpm / 60;

		give(e, &strip, &h, frame);
		if (t > 4)
			worst = fmax(worst, fabs(remainder(ecg_phase(e, t) -
							   want, 1)));
	}
	cr_assert_lt(worst, 0.01, "%g", worst);
	cr_assert_float_eq(ecg_heart_rate(e), 1.2, 0.01);
	cr_assert(isnan(ecg_phase(e, 25)), "long after the last beat");
	ecg_destroy(e);
	image_finish(&strip);
}

Test(ecg, blocks_may_overlap_and_be_missing)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame;
	uint64_t beats;

	plan_beats(&h, 40);
	for (frame = 0; frame < 500; frame++) {
		give(e, &strip, &h, frame);
		give(e, &strip, &h, frame);
	}
	beats = ecg_beats(e);
	cr_assert(beats == 11 || beats == 12, "%lu", (unsigned long)beats);
	cr_assert_float_eq(ecg_heart_rate(e), 1.2, 0.01);
	/* three seconds are lost; the interval over the hole is none */
	for (frame = 650; frame < 1000; frame++)
		give(e, &strip, &h, frame);
	cr_assert_float_eq(ecg_heart_rate(e), 1.2, 0.01);
	cr_assert_gt(ecg_beats(e), beats + 5);
	ecg_destroy(e);
	image_finish(&strip);
}

/* Beats of 6 s that begin with frame @from, and the heart's rate. */
static uint64_t beats_from(unsigned int from, double *rate)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame;
	uint64_t beats;

	plan_beats(&h, 40);
	for (frame = from; frame < from + 300; frame++)
		give(e, &strip, &h, frame);
	beats = ecg_beats(e);
	*rate = ecg_heart_rate(e);
	ecg_destroy(e);
	image_finish(&strip);
	return beats;
}

/* An R wave at 0.4 s is the first sample of frame 20; then 6 more are found. */
Test(ecg, wave_at_the_very_beginning_is_a_beat)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame;
	double rate;

	cr_assert_eq(beats_from(20, &rate), 7);
	/* where it is, too: the first interval is as long as the others */
	plan_beats(&h, 40);
	for (frame = 20; !ecg_beats(e); frame++)
		give(e, &strip, &h, frame);
	cr_assert_leq(ecg_beats(e), 3);
	cr_assert_float_eq(ecg_heart_rate(e), 1.2, 2e-3);
	ecg_destroy(e);
	image_finish(&strip);
}

/* Wherever else in a beat it begins, no wave is taken for one that is none. */
Test(ecg, beginning_within_a_beat_makes_no_beats)
{
	unsigned int from, k;

	for (from = 0; from < 42; from++) {
		unsigned int want = 0;
		double rate;
		uint64_t got = beats_from(from, &rate);

		/* the last one is not yet known */
		for (k = 0; k < 10; k++) {
			double t = 0.4 + k * 60 / 72.0;

			want += t >= from * 0.02 - 1e-6 &&
				t < from * 0.02 + 6 - 0.4;
		}
		cr_assert(got == want || got == want + 1, "%u: %u, not %u",
			  from, (unsigned int)got, want);
		cr_assert_float_eq(rate, 1.2, 5e-3, "%u: %g", from, rate);
	}
}

/* Middle of a column's trace [rows]; NAN: none. */
static double trace_row(const struct image *strip, unsigned int column)
{
	double rows = 0, n = 0;
	unsigned int row;

	for (row = 0; row < HEIGHT; row++) {
		const uint8_t *p = strip->data + row * strip->stride +
				   3 * column;

		if (p[1] > p[0] && p[1] > p[2]) {
			rows += row;
			n++;
		}
	}
	return n ? rows / n : NAN;
}

/*
 * Where the trace begins with an R wave the line between the waves lies in the
 * middle from the start, and stays.
 */
Test(ecg, trace_does_not_settle)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1, .wander = 0 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame;

	plan_beats(&h, 40);
	for (frame = 20; frame < 20 + 150; frame++)
		give(e, &strip, &h, frame);
	/* columns of 10 ms: before the T wave, and before the next beat */
	cr_assert_float_eq(trace_row(&strip, 40 + 10), (HEIGHT - 1) / 2.0, 2);
	cr_assert_float_eq(trace_row(&strip, 40 + 55), (HEIGHT - 1) / 2.0, 2);
	cr_assert_float_eq(trace_row(&strip, 40 + 83 + 10),
			   trace_row(&strip, 40 + 10), 1);
	/* and what is drawn first is the wave, as high as the next one */
	cr_assert_lt(trace_row(&strip, 40), HEIGHT / 4.0);
	ecg_destroy(e);
	image_finish(&strip);
}

Test(ecg, flat_line_has_no_beats)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame;

	for (frame = 0; frame < 500; frame++)
		give(e, &strip, &h, frame);
	cr_assert_eq(ecg_beats(e), 0);
	cr_assert(isnan(ecg_beat(e)));
	ecg_destroy(e);
	image_finish(&strip);
}

Test(ecg, trace_and_beats_are_drawn)
{
	struct heart h = { .rate = 500, .bpm = 72, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame, i, green = 0, marks = 0;

	plan_beats(&h, 20);
	for (frame = 0; frame < 150; frame++)
		give(e, &strip, &h, frame);
	for (i = 0; i < WIDTH; i++) {
		unsigned int row;

		for (row = 0; row < HEIGHT; row++) {
			const uint8_t *p = strip.data + row * strip.stride +
					   3 * i;

			green += p[1] > p[0] && p[1] > p[2];
		}
		marks += strip.data[3 * i] == 255;
	}
	cr_assert_geq(green, 300, "a pixel in every column");
	cr_assert_geq(marks, 2, "R waves at the upper edge");
	/* 1000 counts up and down fit */
	cr_assert_leq(strip.raster.dz * (HEIGHT - 1), -2000);
	ecg_destroy(e);
	image_finish(&strip);
}

/* Samples of one value but for one, at @peak. */
static void give_flat(struct ecg *e, struct image *strip, double time,
		      unsigned int count, int value, int peak)
{
	uint8_t data[2 * 500] = { 0 };
	const struct ecg_block block = { data, count, 500, time };
	unsigned int i;

	for (i = 0; i < count; i++) {
		const int v = i == count / 2 ? peak : value;

		data[2 * i] = v;
		data[2 * i + 1] = v >> 8;
	}
	ecg_execute(e, strip, &block);
}

/* Rows of the trace in a column, times the counts that a row stands for. */
static double drawn_counts(const struct image *strip, unsigned int column)
{
	unsigned int row, rows = 0;

	for (row = 0; row < HEIGHT; row++) {
		const uint8_t *p = strip->data + row * strip->stride +
				   3 * column;

		rows += p[1] > p[0] && p[1] > p[2];
	}
	return rows * -strip->raster.dz;
}

Test(ecg, strip_has_one_scale)
{
	struct image strip;
	struct ecg *e = make(&strip);
	double low;

	give_flat(e, &strip, 0, 500, 0, 200);
	low = drawn_counts(&strip, 50);
	cr_assert_float_eq(low, 200, -3 * strip.raster.dz);
	give_flat(e, &strip, 1, 400, 0, 1500);
	cr_assert_float_eq(drawn_counts(&strip, 140), 1500,
			   -3 * strip.raster.dz);
	/* what was there before is drawn again as the new scale says */
	cr_assert_float_eq(drawn_counts(&strip, 50), 200,
			   -3 * strip.raster.dz);
	ecg_destroy(e);
	image_finish(&strip);
}

Test(ecg, strip_begins_with_the_first_frame)
{
	struct image strip;
	struct ecg *e = make(&strip);

	give_flat(e, &strip, -0.3, 400, 100, 100);
	cr_assert_gt(drawn_counts(&strip, 20), 0);
	cr_assert_float_eq(drawn_counts(&strip, WIDTH - 10), 0, 0);
	ecg_destroy(e);
	image_finish(&strip);
}

/* Of the beats before the levels are learnt several are found at once. */
Test(ecg, every_beat_has_its_mark)
{
	struct heart h = { .rate = 500, .bpm = 150, .sign = 1 };
	struct image strip;
	struct ecg *e = make(&strip);
	unsigned int frame, i, marks = 0;

	plan_beats(&h, 20);
	for (frame = 0; frame < 100; frame++)
		give(e, &strip, &h, frame);
	for (i = 0; i < WIDTH; i++)
		marks += strip.data[3 * i] == 255;
	cr_assert_eq(marks, ecg_beats(e), "%u of %u", marks,
		     (unsigned int)ecg_beats(e));
	ecg_destroy(e);
	image_finish(&strip);
}

Test(ecg, wrong_params_are_refused_with_a_reason)
{
	struct ecg_params p = { 0, HEIGHT, 1e-2 };
	const char *why;
	struct ecg *e;

	cr_assert_eq(ecg_create(&e, &p, &why), -EINVAL);
	cr_assert_str_eq(why,
		"ECG: strip is not 1 to 16384 wide and 2 to 16384 high");
	p = (struct ecg_params){ WIDTH, HEIGHT, 0 };
	cr_assert_eq(ecg_create(&e, &p, &why), -EINVAL);
	cr_assert_str_eq(why, "ECG: a column lasts no time");
}

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 *	trigger SOURCE BEATS_PER_MINUTE
 *
 * Frames that wait for the ECG's R wave, from a board in process or through
 * the driver: each begins with one, to a tick, and none is left out that the
 * plan does not leave out. The heart's truth is that an R wave comes at the
 * run's time zero and then once in a period, which the emulated board rounds to
 * whole ticks. In TAP.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/pipeline.h"
#include "plan.h"
#include "sono.h"
#include "sono_regs.h"

#define FRAMES 8
#define SAMPLES 16384 /* of the ECG of them all */
#define WAIT_US 200000 /* far below the heartbeat, which waiting advances */
#define WAITS 100 /* for one frame */
#define HEARTBEAT_MS 2000

/* Of the beat that a picture is told to lie at, from the R wave. */
#define PHASE 0.01

static int tests;
static bool failed;

static void result(bool good, const char *plan, const char *what)
{
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++tests, plan, what);
	failed |= !good;
}

/**
 * struct taken - what came
 * @frames: so many
 * @data: copies of them
 * @rec: their records
 * @ts: clock at their first triggers [ticks]
 * @phase: of the heart, that their pictures say; NAN: unknown
 * @zero: the run's time zero, by the first ECG sample [ticks]
 * @gap: the ECG has one
 * @rate: ECG samples per second
 * @samples: of the ECG
 * @ecg: the ECG [uV]
 */
struct taken {
	unsigned int frames;
	uint8_t *data[FRAMES];
	struct sono_record rec[FRAMES];
	uint64_t ts[FRAMES];
	double phase[FRAMES];
	uint64_t zero;
	bool gap;
	uint32_t rate;
	uint32_t samples;
	int16_t ecg[SAMPLES];
};

static void take_ecg(struct taken *t, const uint8_t *block, uint32_t clock)
{
	struct sono_aux aux;
	uint64_t expected;
	uint32_t count;

	memcpy(&aux, block, sizeof(aux));
	count = le32toh(aux.ecg_count);
	t->rate = le32toh(aux.ecg_rate);
	if (!t->samples)
		t->zero = le64toh(aux.ecg_ts);
	expected = t->zero +
		   (t->rate ? (uint64_t)t->samples * clock / t->rate : 0);
	t->gap |= le32toh(aux.magic) != SONO_AUX_MAGIC || !t->rate ||
		  le64toh(aux.ecg_ts) != expected ||
		  count > SAMPLES - t->samples;
	for (uint32_t i = 0; !t->gap && i < count; i++) {
		uint16_t v;

		memcpy(&v, block + sizeof(aux) + 2 * i, sizeof(v));
		t->ecg[t->samples++] = (int16_t)le16toh(v);
	}
}

/* An emulated processor is too slow for pictures: those are made afterwards. */
static int take(struct taken *t, struct sono *sono)
{
	unsigned int waits = 0;

	while (t->frames < FRAMES && waits < WAITS) {
		struct sono_frame f;
		int ret = sono_next(sono, &f);

		if (!ret) {
			waits++;
			ret = sono_wait(sono, 1, WAIT_US);
			if (ret >= 0 || ret == -ETIME)
				continue;
		}
		if (ret < 0)
			return ret;
		waits = 0;
		t->data[t->frames] = malloc(f.rec.len);
		if (!t->data[t->frames])
			return -ENOMEM;
		memcpy(t->data[t->frames], f.data, f.rec.len);
		t->ts[t->frames] = f.rec.hw_ts;
		t->rec[t->frames++] = f.rec;
		sono_release(sono, &f);
	}
	return t->frames < FRAMES ? -ETIME : 0;
}

static void look(struct taken *t, uint32_t clock,
		 const struct sono_plan *plan, struct pipeline *pipeline)
{
	for (unsigned int i = 0; i < t->frames; i++) {
		const struct rf_frame rf = {
			.data = t->data[i],
			.bytes = t->rec[i].len,
			.seq = t->rec[i].seq,
			.ts = t->rec[i].hw_ts,
			.clock = clock,
		};
		const struct image *image = NULL;

		take_ecg(t, t->data[i] + plan->scan->aux_offset, clock);
		t->phase[i] = pipeline_execute(pipeline, &rf, &image) ?
				      image->phase :
				      NAN;
	}
}

static int run(struct taken *t, struct sono *sono, const char *path)
{
	struct sono_plan *plan = NULL;
	struct pipeline *pipeline = NULL;
	/* As long as it may be: an emulated processor takes its time. */
	struct sono_config config = { .heartbeat_ms = HEARTBEAT_MS };
	struct sono_start start = { 0 };
	struct sono_stop stop = { 0 };
	const char *reason = NULL;
	char why[256] = "";
	int ret;

	ret = sono_plan_open(&plan, path, sono_info(sono), why, sizeof(why));
	if (!ret)
		ret = pipeline_create(&pipeline, plan->scan, &plan->params,
				      &reason);
	if (!ret)
		ret = sono_setup(sono, 4, (uint32_t)plan->scan->frame_bytes);
	if (!ret) {
		config.table = (uintptr_t)plan->table.data;
		config.table_bytes = (uint32_t)plan->table.bytes;
		ret = sono_config(sono, &config);
	}
	if (!ret)
		ret = sono_start(sono, &start);
	if (!ret) {
		ret = take(t, sono);
		sono_stop(sono, &stop);
	}
	if (!ret)
		look(t, sono_info(sono)->board_clock, plan, pipeline);
	if (ret)
		printf("# %s: %s%s%s\n", path, strerror(-ret), why,
		       reason ? reason : "");
	pipeline_destroy(pipeline);
	sono_plan_close(plan);
	return ret;
}

/* Ticks from R wave @beat to a time. */
static double late(const struct taken *t, uint64_t ts, unsigned int beat,
		   double period)
{
	return (double)(ts - t->zero) - beat * period;
}

static bool on_r_waves(const struct taken *t, unsigned int beats,
		       double period)
{
	double worst = 0;

	for (unsigned int i = 0; i < t->frames; i++)
		worst = fmax(worst, fabs(late(t, t->ts[i], beats * i, period)));
	printf("# %u frames, %.0f ticks a beat, %.1f ticks off at most\n",
	       t->frames, period, worst);
	return worst <= 1;
}

/* The highest sample within a fifth of a second is the one next to @ts. */
static bool is_peak(const struct taken *t, uint64_t ts, double clock)
{
	const double at = (double)(ts - t->zero) / clock * t->rate;
	const uint32_t around = t->rate / 5;
	uint32_t from = at > around ? (uint32_t)at - around : 0, best = from;

	for (uint32_t i = from; i < t->samples && i < at + around; i++)
		if (t->ecg[i] > t->ecg[best])
			best = i;
	return fabs(best - at) <= 1;
}

static bool at_peaks(const struct taken *t, double clock)
{
	bool good = !t->gap;

	for (unsigned int i = 0; i < t->frames; i++)
		good = good && is_peak(t, t->ts[i], clock);
	return good;
}

/* As soon as pictures know the heart's phase at all. */
static bool told(const struct taken *t)
{
	unsigned int known = 0, right = 0;

	for (unsigned int i = 0; i < t->frames; i++) {
		double off = t->phase[i] - rint(t->phase[i]);

		known += isfinite(off);
		right += fabs(off) <= PHASE;
	}
	printf("# %u pictures know their phase\n", known);
	return known >= t->frames / 2 && right == known;
}

static void test_plan(const char *source, const char *path,
		      unsigned int beats, double rate)
{
	struct taken *t = calloc(1, sizeof(*t));
	struct sono *sono = NULL;
	char why[256] = "";
	bool good = t && !sono_open(&sono, source, why, sizeof(why));
	double clock = good ? sono_info(sono)->board_clock : NAN;

	if (!good)
		printf("# %s: %s\n", source, why);
	good = good && !run(t, sono, path);
	result(good && on_r_waves(t, beats, rint(clock * 60 / rate)), path,
	       beats == 1 ? "a frame at every R wave, to a tick" :
			    "a frame at every second R wave, to a tick");
	result(good && at_peaks(t, clock), path,
	       "it is the peak of the frames' ECG, which has no gap");
	result(good && told(t), path, "pictures lie at phase 0");
	sono_close(sono);
	for (unsigned int i = 0; t && i < t->frames; i++)
		free(t->data[i]);
	free(t);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 3)
		return 2;
	test_plan(argv[1], "tests/trigger/gated.plan", 1, atof(argv[2]));
	test_plan(argv[1], "tests/trigger/second.plan", 2, atof(argv[2]));
	printf("1..%d\n", tests);
	return failed;
}

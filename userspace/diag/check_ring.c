// SPDX-License-Identifier: MIT
/* From the board's last sample to the record, under load; and for a long time. */
#include <endian.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "sono_regs.h"
#include "words.h"

#define FRAMES 200
#define LOAD_MAX 64
#define LOAD_BYTES (4u << 20)
#define SOAK_RATE 50

static struct diag_shots shots_of(const struct diag *d, double rate)
{
	return (struct diag_shots){
		.events = 1,
		.samples = 1024,
		.rate = rate,
		.first = DIAG_NO_ELEMENT,
		.voltage = 0.2e-3 * d->info->hv_max,
		.frequency = d->info->adc_clock / 4.0,
	};
}

/* The pattern can be compared byte for byte, if there is one. */
static uint32_t source_of(const struct diag *d, bool pattern)
{
	return pattern && d->info->hw_features & SONO_FEAT_PRBS ?
		       SONO_CONFIG_PRBS : SONO_CONFIG_ADC;
}

/* --- load: every processor copies memory ---------------------------------- */

struct load {
	atomic_bool enough;
	unsigned int threads;
	pthread_t thread[LOAD_MAX];
};

static void *copy(void *arg)
{
	struct load *l = arg;
	char *from = calloc(2, LOAD_BYTES);

	while (from && !atomic_load(&l->enough))
		memcpy(from, from + LOAD_BYTES, LOAD_BYTES);
	free(from);
	return NULL;
}

static void load_begin(struct load *l)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	for (; n > 0 && l->threads < LOAD_MAX; n--)
		if (!pthread_create(&l->thread[l->threads], NULL, copy, l))
			l->threads++;
}

static void load_end(struct load *l)
{
	atomic_store(&l->enough, true);
	for (unsigned int i = 0; i < l->threads; i++)
		pthread_join(l->thread[i], NULL);
}

/* --- latency -------------------------------------------------------------- */

/* Of each frame, what the two clocks are apart [ns]. */
struct delays {
	double apart[FRAMES];
	uint32_t n;
	struct diag_words words;
};

static bool note(struct diag_capture *c, const struct sono_frame *f)
{
	struct delays *l = c->arg;

	l->apart[l->n++] = (double)f->rec.host_ts -
			   1e9 * (double)f->rec.hw_ts / c->d->info->board_clock;
	if (c->source == SONO_CONFIG_PRBS)
		diag_words_add(&l->words, c, f);
	return true;
}

/* The frame that was told soonest is what the others are late against [ms]. */
static void make_delays(struct delays *l)
{
	double soonest = INFINITY;

	for (uint32_t i = 0; i < l->n; i++)
		soonest = fmin(soonest, l->apart[i]);
	for (uint32_t i = 0; i < l->n; i++)
		l->apart[i] = 1e-6 * (l->apart[i] - soonest);
}

static void judge(struct diag *d, struct diag_result *r, struct delays *l)
{
	double sorted[FRAMES], p99;

	make_delays(l);
	diag_plot(r, &(struct diag_plot){
		.title = "Frames told late, under load",
		.x = "frame", .y = "ms", .n = l->n, .step = 1,
		.lo = NAN, .hi = NAN }, l->apart);
	memcpy(sorted, l->apart, sizeof(sorted));
	diag_note(d, r, "delay_p50", "ms", diag_median(sorted, l->n));
	p99 = sorted[l->n * 99 / 100];
	if (!diag_timely(d) || d->deaf)
		diag_note(d, r, "delay_p99", "ms", p99);
	else if (diag_measure(d, r, "delay_p99", "ms", p99) > DIAG_PASS)
		diag_blame(r, r->status,
			   "completions come late: 1 %% of them by %.1f ms and more",
			   p99);
	diag_detail(r, "%u frames, 1 %% of them told more than %.2f ms late",
		    l->n, p99);
}

void diag_check_ring(struct diag *d, struct diag_result *r)
{
	const struct diag_shots shots = shots_of(d, 100);
	struct load load = { .threads = 0 };
	struct delays delays = { .n = 0 };
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = source_of(d, true),
		.frames = FRAMES,
		.look = note,
		.arg = &delays,
		.share = 1,
	};
	int ret;

	if (d->lossy || d->deaf) {
		diag_skip(r, d->deaf ? "interrupts do not arrive as they should" :
				       "frames get lost");
		return;
	}
	if (!diag_need_stream(d, r) || diag_load(&c, &shots))
		return;
	if (!d->virtual_time)
		load_begin(&load);
	ret = diag_run_frames(&c);
	load_end(&load);
	if (ret)
		return;
	judge(d, r, &delays);
	diag_words_judge(d, r, &delays.words);
	if (!diag_timely(d))
		diag_note(d, r, "dropped", "frames", (double)c.dropped);
	else if (diag_measure(d, r, "dropped", "frames", (double)c.dropped) >
	    DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "frames are dropped although nothing is done with them: %llu",
			   (unsigned long long)c.dropped);
}

/* --- soak ----------------------------------------------------------------- */

#define SOAK_PART_S 2 /* of a run: ADC and pattern take turns */

/**
 * struct soak - what all its runs come to
 * @most: highest temperature [deg C]
 * @taken: frames
 * @dropped: frames
 * @lost: frames
 * @words: of the pattern
 * @tried: interrupts and registers
 * @failed: of these
 */
struct soak {
	double most;
	uint64_t taken, dropped, lost;
	struct diag_words words;
	uint32_t tried, failed;
};

static bool feel(struct diag_capture *c, const struct sono_frame *f)
{
	struct soak *s = c->arg;
	struct sono_aux aux;

	memcpy(&aux, (const char *)f->data + c->frame_bytes - sizeof(aux),
	       sizeof(aux));
	s->most = fmax(s->most, 1e-3 * (int32_t)le32toh(aux.temp));
	if (c->source == SONO_CONFIG_PRBS)
		diag_words_add(&s->words, c, f);
	return true;
}

/* Between runs; who may not, or has none, does without. */
static void try_board(struct diag *d, struct diag_result *r, struct soak *s)
{
	static const struct {
		enum sono_selftest what;
		const char *text;
	} tests[] = {
		{ SONO_SELFTEST_SCRATCH,
		  "registers do not always hold what is written: %u of %u patterns" },
		{ SONO_SELFTEST_INTERRUPT, "interrupts get lost: %u of %u" },
	};

	for (int i = 0; i < 2; i++) {
		struct sono_selftest_result t;

		if (sono_selftest(d->sono, tests[i].what, &t))
			continue;
		s->tried += t.tried;
		s->failed += t.failed;
		if (t.failed && !d->named && !r->faults)
			diag_blame(r, DIAG_FAIL, tests[i].text, t.failed,
				   t.tried);
	}
}

static int soak_part(struct diag_capture *c, struct soak *s, uint32_t part,
		     uint32_t parts)
{
	const struct diag_shots shots = shots_of(c->d, SOAK_RATE);
	int ret;

	c->source = source_of(c->d, part % 2);
	c->begin = (double)part / parts;
	c->share = 1.0 / parts;
	ret = diag_load(c, &shots) ?: diag_run_frames(c);
	s->taken += c->taken;
	s->dropped += c->dropped;
	s->lost += c->account.lost;
	if (!ret)
		try_board(c->d, c->r, s);
	return ret;
}

static void judge_heat(struct diag *d, struct diag_result *r, double most)
{
	struct sono_sensors sensors;

	diag_note(d, r, "temperature", "deg C", most);
	if (sono_sensors(d->sono, &sensors))
		return;
	if (diag_measure(d, r, "temperature_margin", "K",
			 1e-3 * sensors.temp_max - most) > DIAG_PASS)
		diag_blame(r, r->measure[r->measures - 1].status,
			   "the board gets hot: %.1f deg C, it stops at %.0f",
			   most, 1e-3 * sensors.temp_max);
}

static void judge_soak(struct diag *d, struct diag_result *r,
		       const struct soak *s)
{
	diag_note(d, r, "frames", "frames", (double)s->taken);
	judge_heat(d, r, s->most);
	diag_words_judge(d, r, &s->words);
	diag_measure(d, r, "lost", "frames", (double)s->lost);
	diag_note(d, r, "tried", "registers and interrupts", s->tried);
	if (!diag_timely(d))
		diag_note(d, r, "dropped", "frames", (double)s->dropped);
	else if (diag_measure(d, r, "dropped", "frames", (double)s->dropped) >
		 DIAG_PASS)
		diag_blame(r, DIAG_FAIL, "frames are dropped: %llu of %llu",
			   (unsigned long long)s->dropped,
			   (unsigned long long)s->taken);
	diag_detail(r, "%llu frames in %u s, %llu words of them compared, at most %.1f deg C",
		    (unsigned long long)s->taken, d->soak,
		    (unsigned long long)s->words.all, s->most);
}

void diag_check_soak(struct diag *d, struct diag_result *r)
{
	const uint32_t parts = (d->soak + SOAK_PART_S - 1) / SOAK_PART_S;
	struct soak s = { .most = -INFINITY };
	struct diag_capture c = {
		.d = d,
		.r = r,
		.transmit = true,
		.frames = d->soak * SOAK_RATE / parts,
		.look = feel,
		.arg = &s,
	};

	if (d->lossy) {
		diag_skip(r, "frames get lost");
		return;
	}
	if (!diag_need_stream(d, r))
		return;
	for (uint32_t i = 0; i < parts; i++)
		if (soak_part(&c, &s, i, parts))
			return;
	judge_soak(d, r, &s);
}

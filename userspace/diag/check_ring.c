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
};

static bool note(struct diag_capture *c, const struct sono_frame *f)
{
	struct delays *l = c->arg;

	l->apart[l->n++] = (double)f->rec.host_ts -
			   1e9 * (double)f->rec.hw_ts / c->d->info->board_clock;
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
	if (!diag_timely(d))
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
		.source = SONO_CONFIG_ADC,
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
	if (!diag_timely(d))
		diag_note(d, r, "dropped", "frames", (double)c.dropped);
	else if (diag_measure(d, r, "dropped", "frames", (double)c.dropped) >
	    DIAG_PASS)
		diag_blame(r, DIAG_FAIL,
			   "frames are dropped although nothing is done with them: %llu",
			   (unsigned long long)c.dropped);
}

/* --- soak ----------------------------------------------------------------- */

struct heat {
	double most;
};

static bool feel(struct diag_capture *c, const struct sono_frame *f)
{
	struct heat *h = c->arg;
	struct sono_aux aux;

	memcpy(&aux, (const char *)f->data + c->frame_bytes - sizeof(aux),
	       sizeof(aux));
	h->most = fmax(h->most, 1e-3 * (int32_t)le32toh(aux.temp));
	return true;
}

void diag_check_soak(struct diag *d, struct diag_result *r)
{
	const struct diag_shots shots = shots_of(d, SOAK_RATE);
	struct heat heat = { -INFINITY };
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_ADC,
		.transmit = true,
		.frames = d->soak * SOAK_RATE,
		.look = feel,
		.arg = &heat,
		.share = 1,
	};

	if (d->lossy) {
		diag_skip(r, "frames get lost");
		return;
	}
	if (!diag_need_stream(d, r) || diag_load(&c, &shots) ||
	    diag_run_frames(&c))
		return;
	diag_note(d, r, "frames", "frames", c.taken);
	diag_note(d, r, "temperature", "deg C", heat.most);
	if (diag_measure(d, r, "lost", "frames", (double)c.account.lost) >
	    DIAG_PASS)
		diag_blame(r, DIAG_FAIL, "frames are lost: %llu of %u",
			   (unsigned long long)c.account.lost, c.taken);
	if (!diag_timely(d))
		diag_note(d, r, "dropped", "frames", (double)c.dropped);
	else if (diag_measure(d, r, "dropped", "frames", (double)c.dropped) >
		 DIAG_PASS)
		diag_blame(r, DIAG_FAIL, "frames are dropped: %llu of %u",
			   (unsigned long long)c.dropped, c.taken);
	diag_detail(r, "%u frames in %u s, at most %.1f deg C", c.taken,
		    d->soak, heat.most);
}

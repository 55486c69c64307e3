// SPDX-License-Identifier: MIT
/*
 * Transmit safety: nothing is transmitted where nothing may be, tables beyond
 * the limits are refused, and transmit ends with the sign of life of whoever
 * consumes.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "capture.h"
#include "sequence.h"
#include "sono_regs.h"

#define FRAMES 8
#define HEARTBEAT_MS 1000
#define POLL_US 1000

static struct diag_shots shots_of(const struct diag *d)
{
	return (struct diag_shots){
		.events = 1,
		.samples = 256,
		.rate = 100,
		.first = DIAG_NO_ELEMENT,
		.voltage = 0.2e-3 * d->info->hv_max,
		.frequency = d->info->adc_clock / 4.0,
	};
}

/* --- interlock ------------------------------------------------------------ */

/* Frames that say, or whose voltage says, that something was transmitted. */
struct silence {
	uint32_t said, fired;
	double volts;
};

static bool listen(struct diag_capture *c, const struct sono_frame *f)
{
	struct silence *s = c->arg;
	struct sono_aux aux;

	memcpy(&aux, (const char *)f->data + c->frame_bytes - sizeof(aux),
	       sizeof(aux));
	s->said += !(f->rec.flags & SONO_RECORD_TX_OFF);
	if (le32toh(aux.hv) <= 500)
		return true;
	s->fired++;
	s->volts = 1e-3 * le32toh(aux.hv);
	return true;
}

static int keep_silent(struct diag *d, struct diag_result *r, uint32_t source,
		       bool transmit, const char *when)
{
	const struct diag_shots shots = shots_of(d);
	struct silence s = { 0 };
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = source,
		.transmit = transmit,
		.frames = FRAMES,
		.look = listen,
		.arg = &s,
	};
	int ret = diag_load(&c, &shots) ?: diag_run_frames(&c);

	if (!ret && s.said)
		diag_blame(r, DIAG_FAIL, "the board transmits %s", when);
	else if (!ret && s.fired && !d->leaks)
		diag_blame(r, DIAG_FAIL,
			   "transmit voltage is on %s: %.1f V", when, s.volts);
	return ret;
}

/* A table that libsono would not make: only the board is left to refuse it. */
static void make_forbidden(const struct diag *d, void *table, size_t bytes,
			   bool voltage)
{
	struct sono_seq_header *h = table;
	struct sono_seq_event *e = (void *)((char *)table +
					    le32toh(h->events_offset));

	if (voltage)
		e->hv = htole32(d->info->hv_max + d->info->hv_max / 10);
	else
		e->period = htole32(d->info->board_clock / d->info->prf_max *
				    9 / 10);
	h->crc = 0;
	h->crc = htole32((uint32_t)crc32(0, table, bytes));
}

static int refuse(struct diag *d, struct diag_result *r, bool voltage)
{
	const uint32_t right = voltage ? SONO_SEQ_E_HV : SONO_SEQ_E_PRI;
	struct sono_table table;
	struct sono_config config = { 0 };
	int ret = diag_table(d, r, &(struct diag_shots){
		.events = 1, .samples = 64, .first = DIAG_NO_ELEMENT,
		.voltage = 1, .frequency = d->info->adc_clock / 4.0 }, &table);

	if (ret)
		return ret;
	make_forbidden(d, table.data, table.bytes, voltage);
	config.table = (uintptr_t)table.data;
	config.table_bytes = (uint32_t)table.bytes;
	ret = sono_config(d->sono, &config);
	sono_table_finish(&table);
	if (!ret)
		diag_blame(r, DIAG_FAIL, "the board takes a table with %s",
			   voltage ? "more than its highest voltage" :
				     "more triggers than it permits");
	else if (ret != -EINVAL || config.error != right)
		diag_blame(r, DIAG_FAIL,
			   "the board refuses a table beyond its limits for another reason: %s",
			   ret == -EINVAL ? sono_seq_error_text(config.error) :
					    strerror(-ret));
	return 0;
}

void diag_check_interlock(struct diag *d, struct diag_result *r)
{
	int ret;

	if (!diag_need_stream(d, r))
		return;
	ret = keep_silent(d, r, SONO_CONFIG_ADC, false,
			  "although it was started without");
	if (!ret && d->info->hw_features & SONO_FEAT_NOISE)
		ret = keep_silent(d, r, SONO_CONFIG_NOISE, true,
				  "while it captures noise");
	if (!ret)
		ret = refuse(d, r, true);
	if (!ret)
		ret = refuse(d, r, false);
	if (!ret)
		diag_detail(r, "silent when told to be; 2 tables beyond the limits refused");
}

/* --- watchdog ------------------------------------------------------------- */

static double clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The board transmits: so many frames say so. */
static int transmits(struct diag_capture *c)
{
	struct sono_frame f;
	uint32_t on = 0;
	int ret = diag_begin(c);

	if (ret)
		return ret;
	while (c->taken < c->frames) {
		if (!diag_take(c, &f))
			return -ECANCELED;
		on += !(f.rec.flags & SONO_RECORD_TX_OFF);
		sono_release(c->d->sono, &f);
	}
	if (!on)
		diag_blame(c->r, DIAG_FAIL, "the board does not transmit");
	return on ? 0 : -EIO;
}

/*
 * Until the run has ended [s]: the last look that found it running, so that a
 * look that came late does not count. Nothing here is a sign of life.
 */
static double until_end(struct diag *d)
{
	const struct sono_ctl *ctl = sono_ctl(d->sono);
	const double begun = clock_s(), most = 3e-3 * HEARTBEAT_MS;
	double before = 0, passed = 0;

	while (__atomic_load_n(&ctl->state, __ATOMIC_ACQUIRE) !=
		       SONO_STATE_ENDED && passed < most) {
		before = passed;
		sono_pause(d->sono, POLL_US);
		passed = d->virtual_time ? before + 1e-6 * POLL_US :
					   clock_s() - begun;
		diag_tell(d, passed / most);
	}
	return passed < most ? before : passed;
}

static void give_back(struct diag *d)
{
	struct sono_frame f;

	while (sono_next(d->sono, &f) == 1)
		sono_release(d->sono, &f);
}

static void trip(struct diag_capture *c)
{
	struct diag_result *r = c->r;
	struct diag *d = c->d;
	double seconds = until_end(d), times = seconds / (1e-3 * c->heartbeat_ms);
	const uint32_t reason = sono_ctl(d->sono)->reason;
	const bool ended = sono_ctl(d->sono)->state == SONO_STATE_ENDED;

	diag_end(c);
	give_back(d);
	if (!ended)
		diag_blame(r, DIAG_FAIL,
			   "the watchdog does not trip: transmit goes on although nobody consumes");
	else if (reason != SONO_END_HEARTBEAT)
		diag_blame(r, DIAG_FAIL,
			   "a run without a consumer ended by something else: %s",
			   sono_end_text(sono_ctl(d->sono)));
	else if (diag_measure(d, r, "trip", "T", times) > DIAG_PASS)
		diag_blame(r, r->status,
			   "the watchdog trips late: after %.2f heartbeats",
			   times);
	diag_detail(r, "transmit ended %.0f ms after the last sign of life, configured were %u",
		    1e3 * seconds, c->heartbeat_ms);
}

void diag_check_watchdog(struct diag *d, struct diag_result *r)
{
	const struct diag_shots shots = shots_of(d);
	struct diag_capture c = {
		.d = d,
		.r = r,
		.source = SONO_CONFIG_ADC,
		.transmit = true,
		.heartbeat_ms = HEARTBEAT_MS,
		.frames = FRAMES,
	};

	if (d->info->heartbeat_max < HEARTBEAT_MS)
		c.heartbeat_ms = d->info->heartbeat_max;
	if (!diag_need_stream(d, r) || diag_load(&c, &shots) || transmits(&c))
		return;
	trip(&c);
	if (r->faults || transmits(&c))
		return;
	diag_end(&c);
	give_back(d);
}

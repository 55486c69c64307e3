// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "sequence.h"

/* Room for the frames of every check. */
#define SLOTS 8
#define SLOT_BYTES (8u << 20)

#define AUX_BYTES 64
#define APART_NS 6e6

/* A board that gives nothing for so long has stopped working. */
#define PATIENCE_US 5000000

bool diag_need_stream(struct diag *d, struct diag_result *r)
{
	const uint32_t most = d->info->slot_bytes_max;
	uint32_t bytes = SLOT_BYTES < most ? SLOT_BYTES : most;
	int ret;

	if (*d->broken) {
		diag_skip(r, "the board does not stream: %s", d->broken);
		return false;
	}
	if (d->slots_bytes)
		return true;
	ret = sono_setup(d->sono, SLOTS, bytes);
	if (ret == -EBUSY) {
		diag_skip(r, "another process has the board");
		return false;
	}
	if (ret) {
		diag_blame(r, DIAG_FAIL, "no stream can be set up: %s",
			   strerror(-ret));
		return false;
	}
	d->slots_bytes = bytes;
	return true;
}

/* Of what ends all streaming the first word is the last. */
static int broken(struct diag_capture *c, enum diag_status status,
		  const char *what, const char *why, int ret)
{
	diag_blame(c->r, status, "%s: %s", what, why);
	snprintf(c->d->broken, sizeof(c->d->broken), "%s", why);
	return ret;
}

/* --- tables --------------------------------------------------------------- */

static double period_of(const struct diag *d, const struct diag_shots *s)
{
	const struct sono_info *i = d->info;
	const double link = 0.8e6 * i->dma_rate_max;
	double period = s->start + s->samples / (double)i->adc_clock +
			2.0 * i->event_overhead / i->board_clock;

	period = fmax(period, 1.01 / i->prf_max);
	period = fmax(period, i->channels * (2.0 * s->samples + 64) / link);
	if (s->rate > 0)
		period = fmax(period, 1 / s->rate / s->events);
	return fmax(period, s->period);
}

static void set_event(struct sono_scan *scan, struct sono_waveform *w,
		      const struct diag_shots *s, double *delay, uint32_t i)
{
	struct sono_event *e = &scan->event[i];

	e->wave = SONO_WAVE_PLANE;
	e->tag = SONO_TAG(SONO_ROLE_B, 0, i);
	e->period = scan->frame_period / scan->events;
	e->rx_start = s->start;
	e->samples = s->samples;
	for (uint32_t k = 0; k < scan->elements; k++)
		delay[k] = s->first == DIAG_NO_ELEMENT || k == s->first + i ?
				   0 : NAN;
	*w = (struct sono_waveform){
		.frequency = s->frequency,
		.half_cycles = 2,
		.voltage = s->voltage,
	};
}

/* The scan frees its curve. */
static bool set_gain(struct sono_scan *scan, double db)
{
	scan->tgc_db = calloc(2, sizeof(*scan->tgc_db));
	if (!scan->tgc_db)
		return false;
	scan->tgc_points = 2;
	scan->tgc_db[0] = db;
	scan->tgc_db[1] = db;
	return true;
}

static struct sono_scan *make_scan(const struct diag *d,
				   const struct diag_shots *s,
				   struct sono_waveform *w)
{
	const struct sono_info *i = d->info;
	struct sono_scan *scan =
		sono_scan_alloc(i->elements, i->channels, s->events);

	if (!scan)
		return NULL;
	for (uint32_t c = 0; c < i->channels; c++)
		scan->channel_element[c] = c < i->elements ? c : 0;
	scan->fs = i->adc_clock;
	scan->fc = s->frequency;
	scan->c = 1540;
	scan->frame_period = period_of(d, s) * s->events;
	for (uint32_t e = 0; e < s->events; e++)
		set_event(scan, &w[e], s, (double *)scan->event[e].delay, e);
	if (s->gain > 0 && !set_gain(scan, s->gain)) {
		sono_scan_free(scan);
		return NULL;
	}
	sono_scan_layout(scan, AUX_BYTES);
	return scan;
}

int diag_table(struct diag *d, struct diag_result *r,
	       const struct diag_shots *s, struct sono_table *table)
{
	struct sono_waveform *w = calloc(s->events, sizeof(*w));
	struct sono_scan *scan = w ? make_scan(d, s, w) : NULL;
	struct sono_fault fault = { .why = "out of memory" };
	int ret = -ENOMEM;

	if (scan)
		ret = sono_sequence_compile(table, scan, w, d->info, &fault);
	if (ret)
		diag_blame(r, DIAG_FAIL, "no table for this board: %s",
			   fault.why);
	sono_scan_free(scan);
	free(w);
	return ret;
}

int diag_load_table(struct diag_capture *c, const void *table, size_t bytes)
{
	struct sono_config config = {
		.table = (uintptr_t)table,
		.table_bytes = (uint32_t)bytes,
		.source = c->source,
		.heartbeat_ms = c->heartbeat_ms,
	};
	char why[DIAG_TEXT] = "";
	int ret = sono_config(c->d->sono, &config);

	c->frame_bytes = config.frame_bytes;
	if (!ret)
		return 0;
	if (ret == -EINVAL && config.error == SONO_SEQ_E_CRC) {
		diag_blame(c->r, DIAG_FAIL,
			   "a table arrives at the board damaged");
		snprintf(c->d->broken, sizeof(c->d->broken),
			 "tables arrive damaged");
		return ret;
	}
	if (ret == -EINVAL)
		sono_refusal(&config, why, sizeof(why));
	else if (ret == -EIO)
		strcpy(why, "the board resets itself meanwhile, or takes no reset");
	else
		snprintf(why, sizeof(why), "%s", ret == -ETIMEDOUT ?
			 "the board does not answer" : strerror(-ret));
	return broken(c, ret == -ETIMEDOUT ? DIAG_TIMEOUT : DIAG_FAIL,
		      "a table cannot be loaded", why, ret);
}

int diag_load(struct diag_capture *c, const struct diag_shots *shots)
{
	struct sono_table table;
	int ret = diag_table(c->d, c->r, shots, &table);

	if (ret)
		return ret;
	ret = diag_load_table(c, table.data, table.bytes);
	sono_table_finish(&table);
	return ret;
}

/* --- runs ----------------------------------------------------------------- */

int diag_begin(struct diag_capture *c)
{
	struct sono_start start = {
		.flags = c->transmit ? 0 : SONO_START_TX_OFF,
	};
	int ret = sono_start(c->d->sono, &start);

	c->run = start.run;
	c->taken = 0;
	c->dropped = 0;
	c->lost = 0;
	c->lengths = 0;
	c->untold = 0;
	c->host_before = 0;
	c->seconds = 0;
	if (ret)
		return broken(c, DIAG_FAIL, "the board does not start",
			      ret == -EIO ? sono_end_text(sono_ctl(c->d->sono)) :
					    strerror(-ret), ret);
	return 0;
}

/* A board that restarts has no fault to tell of. */
static const char *end_text(const struct sono_ctl *ctl)
{
	if (ctl->reason == SONO_END_FAULT && !ctl->fault)
		return "it has restarted";
	return sono_end_text(ctl);
}

static int ended(struct diag_capture *c)
{
	const struct sono_ctl *ctl = sono_ctl(c->d->sono);

	broken(c, DIAG_FAIL, "the board ended a run by itself", end_text(ctl),
	       0);
	return 0;
}

/* Nothing came although it was waited for, or there is no slot any more. */
static bool silent(struct sono *s, int waited)
{
	const struct sono_ctl *ctl = sono_ctl(s);

	return waited == -ETIME ||
	       (!waited && ctl->state == SONO_STATE_RUNNING && !ctl->posted);
}

/* The account of the run says whether there were frames after all. */
static int blame_silence(struct diag_capture *c)
{
	if (!sono_stop(c->d->sono, &c->account) && c->account.lost)
		broken(c, DIAG_FAIL, "DMA loses frames",
		       "most are without a completion", 0);
	else
		broken(c, DIAG_TIMEOUT, "the board makes no frames",
		       "none for 5 seconds", 0);
	return 0;
}

/*
 * A frame whose interrupt is lost is found with the next one's. Of frames that
 * follow each other closely that may be chance.
 */
static void watch_interrupts(struct diag_capture *c, const struct sono_record *r)
{
	const double apart = 1e9 * (double)(r->hw_ts - c->hw_before) /
			     c->d->info->board_clock;

	if (c->host_before && apart > APART_NS && diag_timely(c->d))
		c->untold += (double)(r->host_ts - c->host_before) < apart / 10;
	c->hw_before = r->hw_ts;
	c->host_before = r->host_ts;
}

int diag_take(struct diag_capture *c, struct sono_frame *f)
{
	struct sono *s = c->d->sono;
	int ret;

	while (!(ret = sono_next(s, f))) {
		if (atomic_load(&c->d->stopped))
			return 0;
		ret = sono_wait(s, 1, PATIENCE_US);
		if (silent(s, ret))
			return blame_silence(c);
		if (ret < 0)
			break;
	}
	if (ret < 0)
		return ended(c);
	c->taken++;
	c->dropped += f->rec.dropped;
	c->lost += f->rec.lost;
	watch_interrupts(c, &f->rec);
	c->lengths += f->rec.len != c->frame_bytes;
	return 1;
}

/* Once in a diagnosis: the next check suffers from the same. */
static void judge_account(struct diag_capture *c)
{
	struct diag *d = c->d;

	if (c->account.lost && !d->lossy)
		diag_blame(c->r, DIAG_FAIL,
			   "DMA loses frames: %llu of %llu without a completion",
			   (unsigned long long)c->account.lost,
			   (unsigned long long)c->account.produced);
	if (c->lengths && !d->wrong_lengths)
		diag_blame(c->r, DIAG_FAIL,
			   "DMA: completions say a wrong length: %u of %u frames",
			   c->lengths, c->taken);
	if (c->untold && !d->deaf)
		diag_blame(c->r, DIAG_WARN,
			   "interrupts get lost, or come late: %u of %u frames were told only with the next one",
			   c->untold, c->taken);
	d->deaf |= c->untold != 0;
	d->lossy |= c->account.lost != 0;
	d->wrong_lengths |= c->lengths != 0;
}

int diag_end(struct diag_capture *c)
{
	int ret = sono_stop(c->d->sono, &c->account);

	if (ret)
		return broken(c, DIAG_FAIL, "the board does not stop",
			      strerror(-ret), ret);
	if (!c->judged)
		judge_account(c);
	return 0;
}

/* Frames that came before the stop belong to the next run if they stay. */
static void give_back(struct diag_capture *c)
{
	struct sono_frame f;

	while (sono_next(c->d->sono, &f) == 1)
		sono_release(c->d->sono, &f);
}

int diag_run_frames(struct diag_capture *c)
{
	uint64_t first = 0, last = 0;
	struct sono_frame f;
	int ret = diag_begin(c), end;
	bool more = true;

	if (ret)
		return ret;
	while (more && c->taken < c->frames) {
		if (atomic_load(&c->d->stopped) || !diag_take(c, &f)) {
			ret = -ECANCELED;
			break;
		}
		first = first ? first : f.rec.host_ts;
		last = f.rec.host_ts;
		more = !c->look || c->look(c, &f);
		sono_release(c->d->sono, &f);
		diag_tell(c->d, c->begin + c->share * c->taken / c->frames);
	}
	c->seconds = 1e-9 * (double)(last - first);
	end = diag_end(c);
	give_back(c);
	return ret ? ret : end;
}

// SPDX-License-Identifier: MIT
/*
 * All filters are symmetric, so what comes out of them lies at a known number
 * of samples behind the input, and an R wave is where it is.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ecg.h"
#include "sweep.h"

#define SIDE_MAX	16384
#define BAND_LOW	5.0	/* of the QRS complex [Hz] */
#define BAND_HIGH	20.0
#define BAND_HALF	0.15	/* half the filter's length [s] */
#define MEAN_HALF	0.06	/* half the window of the mean of squares [s] */
#define REFRACTORY	0.2	/* no two beats are nearer [s] */
#define T_WAVE		0.36	/* nearer than that is one, if it is slow [s] */
#define LEARN		1.5	/* before the first thresholds [s] */
#define MISSED		1.66	/* of the mean interval: a beat was missed */
#define INTERVALS	4	/* that are averaged */
#define CANDIDATES	32
#define LEVEL_HALF	0.25	/* half the stretch that sets the trace's middle [s] */

#define HISTORY		(2 * ECG_RATE_MAX)	/* samples */
#define TAPS_MAX	301	/* BAND_HALF at ECG_RATE_MAX, and the centre */
#define FIRST_MAX	1000	/* twice LEVEL_HALF at ECG_RATE_MAX */

/* A peak of the mean of squares. */
struct peak {
	uint64_t at;		/* sample of its R wave */
	double part;		/* and part of a sample */
	double height;
	double slope;		/* steepest of the band-passed QRS */
};

/* What a column of the strip shows, in counts, to be drawn again. */
struct column {
	int64_t at;		/* which one it is */
	float low, high;	/* of its samples and the way to them */
	bool traced, beat;
};

struct ecg {
	struct ecg_params params;
	struct sweep sweep;

	uint32_t rate;
	int half;		/* of the band-pass, taps */
	int mean;		/* half of the window of the mean */
	double tap[TAPS_MAX];
	uint64_t n;		/* samples taken */
	double base;		/* time of sample 0, by the newest block [s] */
	double raw[HISTORY];
	double band[HISTORY];
	double power[HISTORY];	/* mean of squared slopes */

	struct peak rising;	/* peak in the making */
	struct peak candidate[CANDIDATES];	/* while learning; misses */
	unsigned int candidates;
	bool learnt;
	double signal, noise;	/* levels of peaks */
	struct peak last;	/* R wave */
	bool beating;		/* @last is one, of this stretch */

	uint64_t beats;
	double beat;		/* time of the newest [s] */
	double fresh[CANDIDATES];	/* beats found with the newest sample [s] */
	unsigned int fresh_beats;
	double interval[INTERVALS];
	unsigned int intervals;

	struct sweep start;	/* the strip before this stretch */
	double first[FIRST_MAX];	/* samples of its first half second, sorted */
	bool placed;		/* the trace has its middle from such a one */
	double level;		/* slow mean, the trace's middle [counts] */
	double range;		/* counts from the middle to the edge */
	double drawn;		/* sample drawn last [counts] */
	double shown_range;	/* with which the strip is drawn */
	struct column *column;	/* [params.width] */
};

static void forget_stretch(struct ecg *e)
{
	e->n = 0;
	e->start = e->sweep;
	e->rising = (struct peak){ 0 };
	e->candidates = 0;
	e->learnt = false;
	e->signal = 0;
	e->noise = 0;
	e->beating = false;
}

/* Difference of two windowed sincs: a band-pass without gain at 0 Hz. */
static void design(struct ecg *e, uint32_t rate)
{
	double sum = 0;
	int k;

	e->rate = rate;
	e->half = BAND_HALF * rate;
	e->mean = MEAN_HALF * rate;
	for (k = 0; k <= e->half; k++) {
		double w = 0.5 + 0.5 * cos(M_PI * k / (e->half + 1));
		double low = 2 * BAND_LOW / rate, high = 2 * BAND_HIGH / rate;

		e->tap[k] = w * (k ? (sin(M_PI * high * k) -
				      sin(M_PI * low * k)) / (M_PI * k) :
				     high - low);
		sum += (k ? 2 : 1) * e->tap[k];
	}
	/* what the windows left at 0 Hz */
	for (k = 0; k <= e->half; k++) {
		double w = 0.5 + 0.5 * cos(M_PI * k / (e->half + 1));

		e->tap[k] -= sum * w / (e->half + 1);
	}
}

static const char *fault(const struct ecg_params *p)
{
	if (!p->width || p->width > SIDE_MAX || p->height < 2 ||
	    p->height > SIDE_MAX)
		return "ECG: strip is not 1 to 16384 wide and 2 to 16384 high";
	if (!(p->column > 0) || !isfinite(p->column))
		return "ECG: a column lasts no time";
	return NULL;
}

int ecg_create(struct ecg **ecg, const struct ecg_params *params,
	       const char **why)
{
	struct ecg *e;

	*why = fault(params);
	if (*why)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->column = calloc(params->width, sizeof(*e->column));
	if (!e->column) {
		free(e);
		return -ENOMEM;
	}
	e->params = *params;
	e->sweep.width = params->width;
	e->sweep.column = params->column;
	ecg_reset(e);
	*ecg = e;
	return 0;
}

/* --- filters --- */

/*
 * Before its first sample a stretch goes on as in a mirror: there is no step at
 * which a filter would have to settle, and an R wave that it begins with is
 * whole.
 */
static double past(const double *ring, int64_t n)
{
	return ring[(n < 0 ? -n : n) % HISTORY];
}

static double band_pass(const struct ecg *e, int64_t n)
{
	double sum = e->tap[0] * past(e->raw, n);
	int k;

	for (k = 1; k <= e->half; k++)
		sum += e->tap[k] * (past(e->raw, n - k) + past(e->raw, n + k));
	return sum;
}

static double slope(const struct ecg *e, int64_t n)
{
	return past(e->band, n + 1) - past(e->band, n - 1);
}

static double mean_power(const struct ecg *e, int64_t n)
{
	double sum = 0;
	int k;

	for (k = -e->mean; k <= e->mean; k++)
		sum += pow(slope(e, n + k), 2);
	return sum / (2 * e->mean + 1);
}

/* --- beats --- */

static double time_of(const struct ecg *e, const struct peak *peak)
{
	return e->base + (peak->at + peak->part) / e->rate;
}

static double mean_interval(const struct ecg *e)
{
	unsigned int n = e->intervals < INTERVALS ? e->intervals : INTERVALS;
	double sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		sum += e->interval[i];
	return n ? sum / n : NAN;
}

/* The R wave is where the band-passed signal is farthest from 0. */
static void place_peak(const struct ecg *e, struct peak *peak)
{
	const int64_t centre = peak->at;
	double best = -1, before, after;
	int k;

	peak->slope = 0;
	for (k = -e->mean; k <= e->mean; k++) {
		const double level = fabs(past(e->band, centre + k));

		peak->slope = fmax(peak->slope, fabs(slope(e, centre + k)));
		if (level > best && centre + k >= 0) {
			best = level;
			peak->at = centre + k;
		}
	}
	before = fabs(past(e->band, (int64_t)peak->at - 1));
	after = fabs(past(e->band, (int64_t)peak->at + 1));
	peak->part = 0.5 * (before - after) / (before - 2 * best + after);
	if (!(fabs(peak->part) <= 0.5))
		peak->part = 0;
}

static void take_beat(struct ecg *e, const struct peak *peak)
{
	const double time = time_of(e, peak);

	if (e->beating)
		e->interval[e->intervals++ % INTERVALS] = time - e->beat;
	e->beating = true;
	e->last = *peak;
	e->beat = time;
	e->beats++;
	if (e->fresh_beats < CANDIDATES)
		e->fresh[e->fresh_beats++] = time;
	e->candidates = 0;
}

static double since_last(const struct ecg *e, uint64_t at)
{
	return (double)(int64_t)(at - e->last.at) / e->rate;
}

static bool is_t_wave(const struct ecg *e, const struct peak *peak)
{
	return e->beating && since_last(e, peak->at) < T_WAVE &&
	       peak->slope < 0.5 * e->last.slope;
}

static double threshold(const struct ecg *e)
{
	return e->noise + 0.25 * (e->signal - e->noise);
}

static void keep_candidate(struct ecg *e, const struct peak *peak)
{
	if (e->candidates == CANDIDATES)
		memmove(e->candidate, e->candidate + 1,
			--e->candidates * sizeof(*e->candidate));
	e->candidate[e->candidates++] = *peak;
}

static void judge(struct ecg *e, const struct peak *peak)
{
	if (e->beating && since_last(e, peak->at) < REFRACTORY)
		return;
	if (peak->height > threshold(e) && !is_t_wave(e, peak)) {
		e->signal += 0.125 * (peak->height - e->signal);
		take_beat(e, peak);
	} else {
		e->noise += 0.125 * (peak->height - e->noise);
		keep_candidate(e, peak);
	}
}

/* Half the greatest of the first peaks is a beat's level, if any is. */
static void end_learning(struct ecg *e)
{
	struct peak early[CANDIDATES];
	const unsigned int n = e->candidates;
	double most = 0;
	unsigned int i;

	memcpy(early, e->candidate, n * sizeof(*early));
	for (i = 0; i < n; i++)
		most = fmax(most, early[i].height);
	e->signal = most / 2;
	e->noise = most / 16;
	e->candidates = 0;
	e->learnt = true;
	for (i = 0; i < n; i++)
		judge(e, &early[i]);
}

/* Too long without a beat: the greatest that was refused may be one. */
static void search_back(struct ecg *e, uint64_t now)
{
	const double interval = mean_interval(e);
	struct peak best = { 0 };
	unsigned int i;

	if (!e->beating || !(since_last(e, now) > MISSED * interval))
		return;
	for (i = 0; i < e->candidates; i++)
		if (e->candidate[i].height > best.height &&
		    !is_t_wave(e, &e->candidate[i]))
			best = e->candidate[i];
	e->candidates = 0;
	if (best.height > threshold(e) / 2) {
		e->signal += 0.25 * (best.height - e->signal);
		take_beat(e, &best);
	}
}

/* A peak is one when the power has fallen to half of it. */
static void follow_power(struct ecg *e, uint64_t n)
{
	const double power = past(e->power, n);

	if (power > e->rising.height)
		e->rising = (struct peak){ .at = n, .height = power };
	if (e->rising.height <= 0 || power > e->rising.height / 2)
		return;
	/* of the next peak only what lies above this slope counts */
	place_peak(e, &e->rising);
	if (e->learnt)
		judge(e, &e->rising);
	else
		keep_candidate(e, &e->rising);
	e->rising = (struct peak){ 0 };
}

/*
 * Behind the newest sample, in this order: the band-pass by half its length,
 * the slope by one, the mean by half its window, and as much again for the
 * search about a peak.
 */
static void take_sample(struct ecg *e, double value)
{
	const uint64_t n = e->n++;
	const uint64_t band = e->half;
	const uint64_t power = band + 1 + e->mean;

	e->raw[n % HISTORY] = value;
	e->band[n % HISTORY] = 0;
	e->power[n % HISTORY] = 0;
	if (n >= band)
		e->band[(n - band) % HISTORY] = band_pass(e, n - band);
	if (n < power)
		return;
	e->power[(n - power) % HISTORY] = mean_power(e, n - power);
	follow_power(e, n - power);
	if (!e->learnt && n > LEARN * e->rate + 2 * power)
		end_learning(e);
	if (e->learnt)
		search_back(e, n - power);
}

/* --- the strip --- */

static const uint8_t trace[3] = { 90, 230, 120 };
static const uint8_t mark[3] = { 150, 150, 150 };
static const uint8_t r_wave[3] = { 255, 210, 60 };

static void put(struct image *strip, uint32_t column, uint32_t row,
		const uint8_t rgb[3])
{
	memcpy(strip->data + row * strip->stride + 3 * (size_t)column, rgb, 3);
}

/* What is remembered of column @at; another of its place is forgotten. */
static struct column *column_of(struct ecg *e, int64_t at)
{
	struct column *c = &e->column[sweep_place(&e->sweep, at)];

	if (c->at != at)
		*c = (struct column){ .at = at };
	return c;
}

static void clear_column(struct ecg *e, struct image *strip, int64_t at)
{
	const uint32_t height = e->params.height;
	const uint32_t marked = sweep_marked(&e->sweep, at) ? height / 10 : 0;
	static const uint8_t black[3];
	uint32_t row;

	for (row = 0; row < height; row++)
		put(strip, sweep_place(&e->sweep, at), row,
		    row + marked < height ? black : mark);
}

static void begin_column(struct ecg *e, struct image *strip, int64_t at)
{
	*column_of(e, at) = (struct column){ .at = at };
	clear_column(e, strip, at);
}

static double row_of(const struct ecg *e, double value)
{
	const double middle = (e->params.height - 1) / 2.0;
	double row = middle - (value - e->level) / e->range * middle;

	return fmin(fmax(row, 0), e->params.height - 1);
}

static void draw_column(struct ecg *e, struct image *strip,
			const struct column *c)
{
	const uint32_t place = sweep_place(&e->sweep, c->at);
	long row;

	if (c->traced)
		for (row = lrint(row_of(e, c->high));
		     row <= lrint(row_of(e, c->low)); row++)
			put(strip, place, row, trace);
	if (c->beat)
		for (row = 0; row < e->params.height / 8; row++)
			put(strip, place, row, r_wave);
}

/* All of the strip at one scale, which is the one its calibration says. */
static void draw_again(struct ecg *e, struct image *strip)
{
	const int64_t now = e->sweep.now;
	int64_t at = now - e->sweep.width + 1 + sweep_erased(&e->sweep);

	for (; at <= now; at++) {
		const struct column *c = &e->column[sweep_place(&e->sweep, at)];

		if (c->at != at || (!c->traced && !c->beat))
			continue;
		clear_column(e, strip, at);
		draw_column(e, strip, c);
	}
	e->shown_range = e->range;
}

/*
 * From the sample before to this one, upright; the @first of a stretch alone.
 * The strip begins at time 0: what was before has no place on it.
 */
static void draw_sample(struct ecg *e, struct image *strip, double value,
			double time, bool first)
{
	const double before = first ? value : e->drawn;
	struct column *c;
	bool restarted;
	uint32_t columns, k;

	e->drawn = value;
	if (time < 0)
		return;
	columns = sweep_to(&e->sweep, time, &restarted);
	if (restarted)
		memset(strip->data, 0, e->params.height * strip->stride);
	for (k = 0; k < columns; k++)
		begin_column(e, strip, e->sweep.now - k);
	for (k = 1; columns && k <= sweep_erased(&e->sweep); k++)
		begin_column(e, strip, e->sweep.now + k);
	c = column_of(e, e->sweep.now);
	c->low = fmin(fmin(value, before), c->traced ? c->low : value);
	c->high = fmax(fmax(value, before), c->traced ? c->high : value);
	c->traced = true;
	if (e->range != e->shown_range)
		draw_again(e, strip);
	else
		draw_column(e, strip, c);
	strip->raster.dz = -2 * e->range / (e->params.height - 1);
}

static uint32_t first_samples(const struct ecg *e)
{
	return 2 * (uint32_t)(LEVEL_HALF * e->rate);
}

/* Into e->first, of which there are @n. */
static void sort_in(struct ecg *e, double value, uint32_t n)
{
	for (; n && e->first[n - 1] > value; n--)
		e->first[n] = e->first[n - 1];
	e->first[n] = value;
}

static void fit_range(struct ecg *e, double value)
{
	while (fabs(value - e->level) > e->range)
		e->range *= 2;
}

/*
 * The beginning of a stretch, drawn again with every block: where the trace's
 * middle lies, and how high it is, is not known from its first sample, which
 * may be an R wave. Half a second's median is the line between the waves; after
 * a hole in time it is the one from before.
 */
static void draw_start(struct ecg *e, struct image *strip)
{
	uint64_t i;

	if (!e->placed)
		e->level = e->first[e->n / 2];
	e->placed |= e->n == first_samples(e);
	fit_range(e, e->first[0]);
	fit_range(e, e->first[e->n - 1]);
	e->sweep = e->start;
	e->shown_range = e->range;
	for (i = 0; i < e->n; i++)
		draw_sample(e, strip, past(e->raw, i),
			    e->base + (double)i / e->rate, !i);
}

static void follow_level(struct ecg *e, struct image *strip, double value,
			 double time)
{
	e->level += (value - e->level) / (2.0 * e->rate);
	fit_range(e, value);
	draw_sample(e, strip, value, time, false);
}

static void draw_beat(struct ecg *e, struct image *strip, double time)
{
	const int64_t at = floor(time / e->sweep.column);
	struct column *c = &e->column[sweep_place(&e->sweep, at)];

	if (at < 0 || at > e->sweep.now ||
	    e->sweep.now - at >= e->sweep.width - sweep_erased(&e->sweep))
		return;
	if (c->at != at)
		return;
	c->beat = true;
	draw_column(e, strip, c);
}

/* --- blocks --- */

static double sample(const struct ecg_block *block, uint32_t i)
{
	const uint8_t *at = block->data + 2 * (size_t)i;

	return (int16_t)(at[0] | at[1] << 8);
}

/* Samples of the block that are known; the whole stretch is dropped if not. */
static uint32_t join(struct ecg *e, const struct ecg_block *block)
{
	const double next = e->base + (double)e->n / block->rate;
	const double late = (block->time - next) * block->rate;

	if (e->rate != block->rate)
		design(e, block->rate);
	else if (e->n && late <= 1.5 && late >= -(double)block->count - 1.5)
		return late > -0.5 ? 0 : fmin(rint(-late), block->count);
	forget_stretch(e);
	return 0;
}

void ecg_execute(struct ecg *e, struct image *strip,
		 const struct ecg_block *block)
{
	uint32_t i, k;

	if (block->rate < ECG_RATE_MIN || block->rate > ECG_RATE_MAX ||
	    !block->count)
		return;
	for (i = join(e, block); i < block->count; i++) {
		const double value = sample(block, i);

		/* clocks of board and ECG may drift: the newest block is right */
		e->base = block->time + ((double)i - e->n) / block->rate;
		if (e->n < first_samples(e))
			sort_in(e, value, e->n);
		e->fresh_beats = 0;
		take_sample(e, value);
		if (e->n > first_samples(e))
			follow_level(e, strip, value,
				     block->time + (double)i / block->rate);
		else if (e->n == first_samples(e) || i + 1 == block->count)
			draw_start(e, strip);
		for (k = 0; k < e->fresh_beats; k++)
			draw_beat(e, strip, e->fresh[k]);
	}
}

uint64_t ecg_beats(const struct ecg *e)
{
	return e->beats;
}

double ecg_beat(const struct ecg *e)
{
	return e->beats ? e->beat : NAN;
}

double ecg_heart_rate(const struct ecg *e)
{
	return e->intervals ? 1 / mean_interval(e) : NAN;
}

double ecg_phase(const struct ecg *e, double time)
{
	double beats;

	if (!e->intervals)
		return NAN;
	beats = (time - e->beat) / mean_interval(e);
	if (beats >= 2 || beats < -1)
		return NAN;
	beats -= floor(beats);
	return beats < 1 ? beats : 0;
}

uint32_t ecg_now(const struct ecg *e)
{
	return sweep_place(&e->sweep, e->sweep.now);
}

void ecg_reset(struct ecg *e)
{
	memset(e->column, 0, e->params.width * sizeof(*e->column));
	e->shown_range = 0;
	e->sweep.begun = false;
	forget_stretch(e);
	e->rate = 0;
	e->beats = 0;
	e->intervals = 0;
	e->range = 64;
	e->placed = false;
}

void ecg_destroy(struct ecg *e)
{
	if (e)
		free(e->column);
	free(e);
}

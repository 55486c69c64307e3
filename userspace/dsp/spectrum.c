// SPDX-License-Identifier: MIT
#include <complex.h>
#include <errno.h>
#include <kissfft/kiss_fft.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "detect.h"
#include "scanconvert.h"
#include "spectrum.h"
#include "sweep.h"
#include "traces.h"

#define SIDE_MAX	16384
#define SECTIONS	2	/* of the wall filter, two poles each */
#define PREDICT_MAX	8	/* coefficients of what was before a gap's end */
/* In so many samples, over the share of Nyquist, the wall filter forgets 120 dB. */
#define SETTLE		11.5
#define SETTLE_MAX	4096
/* and what a line and a flow in degrees round to */
#define ANGLE_MAX	(80.001 * M_PI / 180)
#define COLUMN_MAX	16384	/* intervals */
#define NO_COLUMN	INT64_MIN

/* Two poles of a Butterworth high-pass, transposed direct form II. */
struct section {
	double b0, b1, b2, a1, a2;
	double complex s1, s2;
};

/**
 * struct row - where a row of the strip lies among the bins
 * @bin: below it
 * @next: above it
 * @part: of the way
 */
struct row {
	uint16_t bin, next;
	float part;
};

struct spectrum {
	struct spectrum_params params;
	scanconvert_level_fn *level;
	detect_log_fn *log;
	kiss_fft_cfg fft;
	struct section section[SECTIONS];
	struct sweep sweep;
	int64_t next;		/* the column to be drawn */
	double time;		/* of the last sample [s] */
	float *gate;		/* [gate], complex weights */
	uint64_t n;		/* samples since the last gap */
	uint64_t kept;		/* samples of @slow, a power of two */
	kiss_fft_cpx *slow;	/* [kept], filtered; before n = window not yet */
	kiss_fft_cpx *in;	/* [fft] */
	kiss_fft_cpx *out;	/* [fft] */
	float *hann;		/* [window] */
	float *power;		/* [trace_columns][fft], of the last columns */
	int64_t *column;	/* [trace_columns], which; NO_COLUMN: none */
	float *mean_power;	/* [fft], over columns */
	struct traces *traces;
	uint32_t settle;	/* samples of @past */
	double complex *past;	/* [settle + PREDICT_MAX], before a gap's end */
	double complex *ahead;	/* [window], errors of the prediction */
	double complex *behind;	/* [window], of the one back in time */
	double complex predict[PREDICT_MAX + 1];
	float *amplitude;	/* [fft], complex */
	float *gain;		/* [fft] zeros [dB] */
	float *db;		/* [fft] */
	float *level_db;	/* [height] */
	struct row *row;	/* [height] */
	uint8_t *grey;		/* [height] */
	uint8_t *map;		/* [LEVEL_MAP] */
	float *peak;		/* [width] */
	float *mean;		/* [width] */
	uint32_t base;		/* row of velocity 0; height: none */
	int first;		/* bin of the least velocity shown */
};

double spectrum_nyquist(const struct spectrum_params *p)
{
	return p->c / (4 * p->frequency * p->interval * cos(p->angle));
}

/* --- making ------------------------------------------------------------------ */

static bool positive(double x)
{
	return x > 0 && isfinite(x);
}

static const char *fault(const struct spectrum_params *p)
{
	if (!p->gate || p->gate > SPECTRUM_GATE_MAX)
		return "spectrum: gate is not 1 to 4096 samples";
	if (!positive(p->sample_step) || !(p->carrier >= 0) ||
	    !isfinite(p->carrier))
		return "spectrum: sample step or carrier is not positive";
	if (!(fabs(p->angle) <= ANGLE_MAX))
		return "spectrum: flow at more than 80 degrees to the beam";
	if (!(p->spread >= 0 && p->spread <= 1))
		return "spectrum: spread is not 0 to 1";
	if (!positive(p->interval) || !positive(p->c) ||
	    !positive(p->frequency))
		return "spectrum: interval, c or frequency is not positive";
	if (!(p->cutoff >= 0) || p->cutoff >= spectrum_nyquist(p))
		return "spectrum: cutoff is not from 0 to the Nyquist velocity";
	if (p->fft != 128 && p->fft != 256)
		return "spectrum: transform is not of 128 or 256 points";
	if (p->window < SPECTRUM_LEAST || p->window > p->fft)
		return "spectrum: window is not 16 samples to the transform's";
	if (!p->looks || p->looks > SPECTRUM_LOOKS_MAX)
		return "spectrum: not 1 to 16 looks";
	if (!p->width || p->width > SIDE_MAX || p->height < 2 ||
	    p->height > SIDE_MAX)
		return "spectrum: strip is not 1 to 16384 wide and 2 to 16384 high";
	if (!positive(p->column) || p->column > COLUMN_MAX * p->interval)
		return "spectrum: a column lasts no time, or too many intervals";
	if (!positive(p->reference))
		return "spectrum: reference is not positive";
	if (!positive(p->range_db) || p->range_db > 200)
		return "spectrum: dynamic range is not above 0, up to 200 dB";
	if (!(fabs(p->baseline) <= 1))
		return "spectrum: baseline is not -1 to 1";
	if (!(p->trace_columns % 2) || p->trace_columns > SPECTRUM_TRACE_MAX)
		return "spectrum: traces are not of 1, 3 to 63 columns";
	return NULL;
}

/* Butterworth by the bilinear transform, 3 dB down at @share of Nyquist. */
static void design(struct section *section, double share)
{
	const double k = tan(M_PI / 2 * share);
	int i;

	for (i = 0; i < SECTIONS; i++) {
		const double damp = 2 * sin(M_PI * (2 * i + 1) /
					    (4 * SECTIONS));
		const double norm = 1 / (1 + damp * k + k * k);

		section[i] = (struct section){
			.b0 = norm, .b1 = -2 * norm, .b2 = norm,
			.a1 = 2 * (k * k - 1) * norm,
			.a2 = (1 - damp * k + k * k) * norm,
		};
	}
}

/* Velocity of a row's middle. */
static double row_velocity(const struct spectrum_params *p, uint32_t row)
{
	const double at = (row + 0.5) / p->height;

	return spectrum_nyquist(p) *
	       ((p->invert ? 2 * at - 1 : 1 - 2 * at) - p->baseline);
}

static void place_rows(struct spectrum *s)
{
	const struct spectrum_params *p = &s->params;
	const double nyquist = spectrum_nyquist(p);
	uint32_t row;

	s->base = p->height;
	for (row = 0; row < p->height; row++) {
		const double v = row_velocity(p, row);
		const double bin = v / (2 * nyquist) * p->fft;
		const int below = floor(bin);

		s->row[row] = (struct row){
			.bin = (below + 2 * p->fft) % p->fft,
			.next = (below + 1 + 2 * p->fft) % p->fft,
			.part = bin - below,
		};
		if (fabs(v) * p->height <= nyquist * (1 + 1e-9))
			s->base = row;
	}
	s->first = ceil((-1 - p->baseline) / 2 * p->fft - 1e-9);
}

static void fill_tables(struct spectrum *s)
{
	const struct spectrum_params *p = &s->params;
	const double turn = 4 * M_PI * p->carrier * p->sample_step / p->c;
	unsigned int i;

	for (i = 0; i < p->gate; i++) {
		s->gate[2 * i] = cos(turn * i) / p->gate;
		s->gate[2 * i + 1] = -sin(turn * i) / p->gate;
	}
	if (p->cutoff > 0)
		design(s->section, p->cutoff / spectrum_nyquist(p));
	for (i = 0; i < p->window; i++)
		s->hann[i] = 0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / p->window);
	for (i = 0; i < LEVEL_MAP; i++)
		s->map[i] = lrint(255 * grey_of(p->grey,
						i / (LEVEL_MAP - 1.0)));
	place_rows(s);
}

static int make_traces(struct spectrum *s)
{
	const struct spectrum_params *p = &s->params;
	const double nyquist = spectrum_nyquist(p);
	const struct traces_params params = {
		.bins = p->fft,
		.window = p->window,
		.first = s->first,
		.step = 2 * nyquist / p->fft,
		.spread = p->spread,
		.cutoff = p->cutoff / nyquist,
		.poles = 2 * SECTIONS,
		.floor = pow(10, -p->range_db / 10),
	};

	return traces_create(&s->traces, &params);
}

int spectrum_create(struct spectrum **spectrum,
		    const struct spectrum_params *params, const char **why)
{
	const struct spectrum_params *p = params;
	struct spectrum *s;

	*why = fault(p);
	if (*why)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->params = *p;
	s->level = cpu_choose(scanconvert_level_variants)->fn;
	s->log = cpu_choose(detect_log_variants)->fn;
	s->sweep.width = p->width;
	s->sweep.column = p->column;
	s->kept = 256;
	while (s->kept < 2 * p->window + p->column / p->interval + 2)
		s->kept *= 2;
	if (p->cutoff > 0)
		s->settle = fmin(SETTLE * spectrum_nyquist(p) / p->cutoff,
				 SETTLE_MAX);
	s->gate = dsp_alloc(p->gate, 2 * sizeof(float));
	s->fft = kiss_fft_alloc(p->fft, 0, NULL, NULL);
	s->slow = dsp_alloc(s->kept, sizeof(*s->slow));
	s->in = dsp_alloc(p->fft, sizeof(*s->in));
	s->out = dsp_alloc(p->fft, sizeof(*s->out));
	s->hann = dsp_alloc(p->window, sizeof(float));
	s->power = dsp_alloc((size_t)p->trace_columns * p->fft, sizeof(float));
	s->column = dsp_alloc(p->trace_columns, sizeof(*s->column));
	s->mean_power = dsp_alloc(p->fft, sizeof(float));
	s->past = dsp_alloc(s->settle + PREDICT_MAX, sizeof(*s->past));
	s->ahead = dsp_alloc(p->window, sizeof(*s->ahead));
	s->behind = dsp_alloc(p->window, sizeof(*s->behind));
	s->amplitude = dsp_alloc(p->fft, 2 * sizeof(float));
	s->gain = dsp_alloc(p->fft, sizeof(float));
	s->db = dsp_alloc(p->fft, sizeof(float));
	s->level_db = dsp_alloc(p->height, sizeof(float));
	s->row = dsp_alloc(p->height, sizeof(*s->row));
	s->grey = dsp_alloc(p->height, 1);
	s->map = dsp_alloc(LEVEL_MAP, 1);
	s->peak = dsp_alloc(p->width, sizeof(float));
	s->mean = dsp_alloc(p->width, sizeof(float));
	if (!s->gate || !s->fft || !s->slow || !s->in || !s->out ||
	    !s->hann || !s->power || !s->column || !s->mean_power ||
	    !s->past || !s->ahead || !s->behind || !s->amplitude || !s->gain || !s->db ||
	    !s->level_db || !s->row || !s->grey || !s->map || !s->peak ||
	    !s->mean) {
		spectrum_destroy(s);
		return -ENOMEM;
	}
	fill_tables(s);
	if (make_traces(s)) {
		spectrum_destroy(s);
		return -ENOMEM;
	}
	*spectrum = s;
	return 0;
}

void spectrum_destroy(struct spectrum *s)
{
	if (!s)
		return;
	kiss_fft_free(s->fft);
	free(s->gate);
	free(s->slow);
	free(s->in);
	free(s->out);
	free(s->hann);
	free(s->power);
	free(s->column);
	free(s->mean_power);
	traces_destroy(s->traces);
	free(s->past);
	free(s->ahead);
	free(s->behind);
	free(s->amplitude);
	free(s->gain);
	free(s->db);
	free(s->level_db);
	free(s->row);
	free(s->grey);
	free(s->map);
	free(s->peak);
	free(s->mean);
	free(s);
}

/* --- slow time --------------------------------------------------------------- */

static kiss_fft_cpx *sample_at(struct spectrum *s, uint64_t i)
{
	return &s->slow[i & (s->kept - 1)];
}

/* Echoes that lie deeper turn more: they would cancel each other. */
static double complex gate_mean(const struct spectrum *s, const float *line)
{
	const struct spectrum_params *p = &s->params;
	const float *iq = line + 2 * (size_t)p->gate_first;
	const float *w = s->gate;
	double re = 0, im = 0;
	uint32_t i;

	for (i = 0; i < 2 * p->gate; i += 2) {
		re += w[i] * iq[i] - w[i + 1] * iq[i + 1];
		im += w[i] * iq[i + 1] + w[i + 1] * iq[i];
	}
	return CMPLX(re, im);
}

static double complex filter(struct spectrum *s, double complex x)
{
	int i;

	if (!(s->params.cutoff > 0))
		return x;
	for (i = 0; i < SECTIONS; i++) {
		struct section *f = &s->section[i];
		const double complex y = f->b0 * x + f->s1;

		f->s1 = f->b1 * x - f->a1 * y + f->s2;
		f->s2 = f->b2 * x - f->a2 * y;
		x = y;
	}
	return x;
}

/* As after x for ever: a high-pass puts nothing out. */
static void filter_settle(struct spectrum *s, double complex x)
{
	int i;

	for (i = 0; i < SECTIONS; i++) {
		s->section[i].s1 = -s->section[i].b0 * x;
		s->section[i].s2 = s->section[i].b2 * x;
		x = 0;
	}
}

static double complex load(const kiss_fft_cpx *x)
{
	return CMPLX(x->r, x->i);
}

static void store(kiss_fft_cpx *to, double complex x)
{
	to->r = creal(x);
	to->i = cimag(x);
}

/* Of sample @i of @n in a spectrum. Less than a window is left between two gaps. */
static float weight(const struct spectrum *s, uint32_t i, uint32_t n)
{
	return n == s->params.window ?
		       s->hann[i] :
		       0.5f - 0.5f * cosf(2 * (float)M_PI * (i + 0.5f) / n);
}

/*
 * One more coefficient of the prediction, the one that leaves least of the
 * errors ahead and behind (Burg 1967). Its magnitude is 1 at most: what is
 * predicted does not grow.
 */
static void predict_more(struct spectrum *s, uint32_t order)
{
	double complex *ahead = s->ahead, *behind = s->behind;
	double complex *c = s->predict, k = 0;
	double power = 0;
	uint32_t i;

	for (i = order; i < s->n; i++) {
		k += ahead[i] * conj(behind[i - 1]);
		power += creal(ahead[i] * conj(ahead[i])) +
			 creal(behind[i - 1] * conj(behind[i - 1]));
	}
	k = power > 0 ? -2 * k / power : 0;
	for (i = s->n - 1; i >= order; i--) {
		const double complex error = ahead[i];

		ahead[i] += k * behind[i - 1];
		behind[i] = behind[i - 1] + conj(k) * error;
	}
	c[order] = k;
	for (i = 1; 2 * i <= order; i++) {
		const double complex low = c[i], high = c[order - i];

		c[order - i] = high + k * conj(low);
		c[i] = low + k * conj(high);
	}
}

/* How a sample since the gap follows from those before it. */
static uint32_t find_prediction(struct spectrum *s)
{
	const uint32_t most = s->n / 4 < PREDICT_MAX ? s->n / 4 : PREDICT_MAX;
	uint32_t i, order;

	for (i = 0; i < s->n; i++)
		s->ahead[i] = s->behind[i] = load(sample_at(s, i));
	for (order = 1; order <= most; order++)
		predict_more(s, order);
	return most;
}

/* The same, back in time: what was before the first sample, oldest first. */
static void find_past(struct spectrum *s)
{
	const uint32_t order = find_prediction(s);
	double complex *past = s->past;
	uint32_t i, k;

	for (i = 0; i < order; i++)
		past[s->settle + i] = load(sample_at(s, i));
	for (i = s->settle; i-- > 0;) {
		past[i] = 0;
		for (k = 1; k <= order; k++)
			past[i] -= conj(s->predict[k]) * past[i + k];
	}
}

/*
 * The first samples after a gap, all that there are, raw until now. Of the past
 * nothing is known: it is what they predict, so neither tissue rings, nor flow
 * that was there before.
 */
static void filter_begin(struct spectrum *s)
{
	uint32_t i;

	if (!(s->params.cutoff > 0))
		return;
	find_past(s);
	filter_settle(s, s->past[0]);
	for (i = 0; i < s->settle; i++)
		filter(s, s->past[i]);
	for (i = 0; i < s->n; i++)
		store(sample_at(s, i), filter(s, load(sample_at(s, i))));
}

static void take(struct spectrum *s, double complex x)
{
	if (s->n >= s->params.window)
		x = filter(s, x);
	store(sample_at(s, s->n++), x);
	if (s->n == s->params.window)
		filter_begin(s);
}

/* --- a spectrum -------------------------------------------------------------- */

/*
 * Adds the spectrum about a time, or as near to it as the samples since the
 * last gap allow. A single velocity of amplitude @reference has the power 1.
 */
static void add_look(struct spectrum *s, float *to, double time)
{
	const struct spectrum_params *p = &s->params;
	const uint32_t n = s->n < p->window ? s->n : p->window;
	const double middle = s->n - 1 - (s->time - time) / p->interval;
	const double latest = s->n - n;
	const double oldest = s->n > s->kept ? s->n - s->kept : 0;
	const uint64_t first = fmin(fmax(rint(middle - (n - 1) / 2.0), oldest),
				    latest);
	const double scale = 2 / (n * p->reference);
	const float power = scale * scale / p->looks;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const kiss_fft_cpx *x = sample_at(s, first + i);
		const float w = weight(s, i, n);

		s->in[i].r = w * x->r;
		s->in[i].i = w * x->i;
	}
	memset(s->in + n, 0, (p->fft - n) * sizeof(*s->in));
	/* not in place, and no other factors than 2: it allocates nothing */
	kiss_fft(s->fft, s->in, s->out);
	for (i = 0; i < p->fft; i++)
		to[i] += power * (s->out[i].r * s->out[i].r +
				  s->out[i].i * s->out[i].i);
}

/* --- the strip --------------------------------------------------------------- */

static float *power_of(struct spectrum *s, int64_t at)
{
	const int64_t n = s->params.trace_columns;

	return s->power + (at % n + n) % n * s->params.fft;
}

static int64_t *column_of(struct spectrum *s, int64_t at)
{
	const int64_t n = s->params.trace_columns;

	return &s->column[(at % n + n) % n];
}

static void mean_columns(struct spectrum *s, int64_t middle)
{
	const int64_t half = s->params.trace_columns / 2;
	uint32_t columns = 0, i;
	int64_t at;

	memset(s->mean_power, 0, s->params.fft * sizeof(*s->mean_power));
	for (at = middle - half; at <= middle + half; at++) {
		const float *power = power_of(s, at);

		if (*column_of(s, at) != at)
			continue;
		columns++;
		for (i = 0; i < s->params.fft; i++)
			s->mean_power[i] += power[i];
	}
	for (i = 0; i < s->params.fft; i++)
		s->mean_power[i] /= columns;
}

/* The traces of a column, if it is one: from it and those next to it. */
static void trace_column(struct spectrum *s, int64_t at)
{
	const uint32_t place = sweep_place(&s->sweep, at);

	if (*column_of(s, at) != at)
		return;
	mean_columns(s, at);
	traces_find(s->traces, &s->peak[place], &s->mean[place],
		    s->mean_power);
}

static void draw_column(struct spectrum *s, struct image *strip)
{
	const struct spectrum_params *p = &s->params;
	const uint32_t place = sweep_place(&s->sweep, s->next);
	float *power = power_of(s, s->next);
	uint32_t i;

	memset(power, 0, p->fft * sizeof(*power));
	for (i = 0; i < p->looks; i++)
		add_look(s, power, (s->next + (i + 0.5) / p->looks) * p->column);
	for (i = 0; i < p->fft; i++)
		s->amplitude[2 * i] = sqrtf(power[i]);
	s->log(s->db, s->amplitude, s->gain, p->fft, -p->range_db);
	for (i = 0; i < p->height; i++) {
		const struct row *r = &s->row[i];

		s->level_db[i] = s->db[r->bin] +
				 r->part * (s->db[r->next] - s->db[r->bin]);
	}
	s->level(s->grey, s->level_db, p->height, -p->range_db, s->map);
	if (s->base < p->height)
		s->grey[s->base] = SPECTRUM_BASE_GREY;
	sweep_draw(&s->sweep, strip, s->next, s->grey);
	s->peak[place] = NAN;
	s->mean[place] = NAN;
	*column_of(s, s->next) = s->next;
	trace_column(s, s->next - p->trace_columns / 2);
}

static void hatch_column(struct spectrum *s, struct image *strip)
{
	const uint32_t place = sweep_place(&s->sweep, s->next);

	s->peak[place] = NAN;
	s->mean[place] = NAN;
	sweep_hatch(&s->sweep, strip, s->next);
}

static void advance(struct spectrum *s)
{
	s->sweep.now = s->next++;
	s->sweep.begun = true;
}

/* Time of the middle of the column to be drawn. */
static double next_middle(const struct spectrum *s)
{
	return (s->next + 0.5) * s->params.column;
}

/* Columns about whose last look there is half a window. */
static void draw_complete(struct spectrum *s, struct image *strip)
{
	const struct spectrum_params *p = &s->params;
	const double after = p->window / 2.0 * p->interval +
			     (0.5 - 0.5 / p->looks) * p->column;

	while (s->n >= p->window && next_middle(s) + after <= s->time) {
		draw_column(s, strip);
		advance(s);
	}
}

/* The last columns before a gap are traced with those before them alone. */
static void forget_columns(struct spectrum *s)
{
	const int64_t n = s->params.trace_columns;
	int64_t at;

	for (at = s->next - n / 2; at < s->next; at++)
		trace_column(s, at);
	for (at = 0; at < n; at++)
		s->column[at] = NO_COLUMN;
}

/* Samples are missing: from here to @time nothing is known. */
static void draw_gap(struct spectrum *s, struct image *strip, double time)
{
	const double half = s->params.interval / 2;

	if (s->n < s->params.window && s->n >= SPECTRUM_LEAST)
		filter_begin(s);
	for (; s->n >= SPECTRUM_LEAST && next_middle(s) <= s->time + half;
	     advance(s))
		draw_column(s, strip);
	forget_columns(s);
	for (; next_middle(s) < time - half; advance(s))
		hatch_column(s, strip);
	s->n = 0;
}

static void begin(struct spectrum *s, struct image *strip, double time)
{
	const struct spectrum_params *p = &s->params;
	uint32_t i;

	for (i = 0; i < p->height; i++)
		memset(strip->data + i * strip->stride, 0, p->width);
	for (i = 0; i < p->width; i++)
		s->peak[i] = s->mean[i] = NAN;
	for (i = 0; i < p->trace_columns; i++)
		s->column[i] = NO_COLUMN;
	s->n = 0;
	s->next = ceil((time - p->interval / 2) / p->column - 0.5);
	s->sweep.now = s->next - 1;
	s->sweep.begun = true;
}

void spectrum_execute(struct spectrum *s, struct image *strip,
		      const float *line, double time)
{
	const struct spectrum_params *p = &s->params;
	const int64_t drawn = s->next;

	if (!s->sweep.begun || time <= s->time ||
	    time - s->time > p->width * p->column)
		begin(s, strip, time);
	else if (time - s->time > SPECTRUM_GAP * p->interval)
		draw_gap(s, strip, time);
	take(s, gate_mean(s, line));
	s->time = time;
	draw_complete(s, strip);
	if (s->next != drawn)
		sweep_erase(&s->sweep, strip);
}

uint32_t spectrum_now(const struct spectrum *s)
{
	return sweep_place(&s->sweep, s->sweep.now);
}

bool spectrum_drawn(const struct spectrum *s, uint32_t place)
{
	const uint32_t ahead = (place + s->params.width - spectrum_now(s)) %
			       s->params.width;

	return s->sweep.begun && (!ahead || ahead > sweep_erased(&s->sweep));
}

void spectrum_raster(const struct spectrum *s, struct raster *raster)
{
	const struct spectrum_params *p = &s->params;

	*raster = (struct raster){
		.width = p->width, .height = p->height,
		.x0 = 0, .dx = p->column,
		.z0 = row_velocity(p, 0),
		.dz = row_velocity(p, 1) - row_velocity(p, 0),
	};
}

const float *spectrum_peak(const struct spectrum *s)
{
	return s->peak;
}

const float *spectrum_mean(const struct spectrum *s)
{
	return s->mean;
}

void spectrum_reset(struct spectrum *s)
{
	s->sweep.begun = false;
}

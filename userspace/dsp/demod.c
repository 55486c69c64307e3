// SPDX-License-Identifier: MIT
/* The demodulator's object: filter design, an event's scales, loop over rows. */
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "demod.h"

/* Where a filter of this length no longer fits a row, the plan is wrong. */
#define HALF_MAX	1024
#define DECIMATE_MAX	16u
#define DEFAULT_REJECT	80.0

/* Turns of the carrier per complex sample that upsampling leaves, at most. */
#define TURNS_WANTED	0.28

/* The sum of a filter's integers, at most. */
#define TAPS_MAX	65000.0

/*
 * Where the largest sample of an event is brought to, at most: an envelope
 * between samples may be half again as large.
 */
#define PEAK_MAX	23170
#define GAIN_MAX	12	/* powers of 2 */
#define GAIN_STEP	4	/* in which stretches of an event differ */

/* A bunch of channels: the peaks and the gains of their stretches. */
struct bunch {
	uint32_t peak[ANALYTIC_STRETCHES];
	int gain[ANALYTIC_STRETCHES];
};

/*
 * Output m of a row lies m decimate / upsample samples from its start: after
 * input n = m decimate / upsample comes phase u = m decimate % upsample.
 */
struct demod {
	const struct sono_scan *scan;
	demod_row_fn *row;
	demod_peak_fn *peak;
	demod_place_fn *place;
	struct demod_places places;
	uint32_t upsample;
	uint32_t decimate;
	uint32_t before;	/* inputs before n that a phase needs */
	uint32_t shift;		/* from integers of the taps to gain 1 */
	struct demod_taps *phase;	/* [upsample] */
	int16_t *tap;		/* of all phases */
	uint32_t workers;
	size_t padded_size;	/* of a row with zeros on both sides */
	int16_t *padded;	/* [workers][padded_size] */
	size_t plane;		/* of work */
	int16_t *work;		/* [workers][upsample][2 planes] */
	struct bunch *bunch;	/* [workers][bunches of channels] */
};

const struct demod_row_variant demod_row_variants[] = {
	{ demod_row_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ demod_row_avx2, "avx2", CPU_AVX2 },
	{ demod_row_c, "c", 0 },
	{ }
};

const struct demod_peak_variant demod_peak_variants[] = {
	{ demod_peak_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ demod_peak_avx2, "avx2", CPU_AVX2 },
	{ demod_peak_c, "c", 0 },
	{ }
};

const struct demod_place_variant demod_place_variants[] = {
	{ demod_place_avx512, "avx512", CPU_AVX2 | CPU_AVX512 },
	{ demod_place_avx2, "avx2", CPU_AVX2 },
	{ demod_place_c, "c", 0 },
	{ }
};

/* Modified Bessel function of the first kind, order 0, by its power series. */
static double bessel_i0(double x)
{
	double term = 1, sum = 1;
	int k;

	for (k = 1; term > 1e-17 * sum; k++) {
		term *= (x / (2 * k)) * (x / (2 * k));
		sum += term;
	}
	return sum;
}

/* Kaiser's (1974) relations of attenuation to shape and length. */
static double kaiser_beta(double reject)
{
	if (reject > 50)
		return 0.1102 * (reject - 8.7);
	return 0.5842 * pow(reject - 21, 0.4) + 0.07886 * (reject - 21);
}

static double kaiser_half(double reject, double transition)
{
	return ceil((reject - 8) / (2.285 * transition) / 2);
}

/* Windowed sinc, -6 dB half way between the edges, gain @gain at 0 Hz. */
static void design(double *tap, uint32_t half, double cutoff, double beta,
		   double gain)
{
	double h[HALF_MAX + 1], sum = 0;
	uint32_t k;

	for (k = 0; k <= half; k++) {
		double u = (double)k / (half + 1);

		h[k] = k ? sin(cutoff * k) / (M_PI * k) : cutoff / M_PI;
		h[k] *= bessel_i0(beta * sqrt(1 - u * u)) / bessel_i0(beta);
		sum += k ? 2 * h[k] : h[k];
	}
	for (k = 0; k <= half; k++)
		tap[k] = gain * h[k] / sum;
}

/*
 * Linear interpolation between outputs, @apart taps from each other, is a
 * low-pass: at w radians from one to the next it takes f (1 - f) / 2 w^2 at
 * the fraction f. What it takes on the mean is added here.
 */
static uint32_t compensate(double *tap, uint32_t half, uint32_t apart)
{
	const double share = INTERPOLATION_MEAN;
	double h[HALF_MAX + 1];
	uint32_t k;

	memcpy(h, tap, (half + 1) * sizeof(*h));
	for (k = 0; k <= half + apart; k++) {
		const uint32_t less = k > apart ? k - apart : apart - k;

		tap[k] = k <= half ? (1 + 2 * share) * h[k] : 0;
		tap[k] -= less <= half ? share * h[less] : 0;
		tap[k] -= k + apart <= half ? share * h[k + apart] : 0;
	}
	return half + apart;
}

/* Distance from 0 Hz to the nearest alias of the image at -2 fc. */
static double image_frequency(const struct sono_scan *scan)
{
	return fabs(remainder(2 * scan->fc, scan->fs));
}

/* Do the rows of an event lie in the frame, as int16 may lie? */
static bool rows_fit(const struct sono_scan *scan,
		     const struct sono_event *event)
{
	size_t rows, end;

	return !(event->offset % 2) && !(event->stride % 2) &&
	       event->stride >= 2 * (size_t)event->samples &&
	       !__builtin_mul_overflow(event->stride, scan->channels, &rows) &&
	       !__builtin_add_overflow(event->offset, rows, &end) &&
	       end <= scan->frame_bytes;
}

static const char *scan_fault(const struct sono_scan *scan)
{
	uint32_t e;

	if (!(scan->fs > 0) || !(scan->fc > 0) || !isfinite(scan->fs) ||
	    !isfinite(scan->fc))
		return "scan: a frequency is not positive";
	for (e = 0; e < scan->events; e++) {
		if (!scan->event[e].samples)
			return "scan: an event without samples";
		if (!rows_fit(scan, &scan->event[e]))
			return "scan: an event's rows exceed the frame";
	}
	if (image_frequency(scan) < 0.01 * scan->fs)
		return "scan: fc is near a multiple of fs / 2";
	return NULL;
}

/* Fills in the defaults, then looks at the result. */
static const char *complete(struct demod_params *p,
			    const struct sono_scan *scan)
{
	double image = image_frequency(scan), clear;

	if (!p->decimate)
		p->decimate = 1;
	if (!p->workers)
		p->workers = 1;
	if (!p->reject)
		p->reject = DEFAULT_REJECT;
	if (!p->pass && !p->stop) {
		p->pass = 0.4 * image;
		p->stop = 0.6 * image;
	}
	if (p->decimate > DECIMATE_MAX)
		return "demodulation: decimation is not 1 to 16";
	if (!(p->reject >= 30) || !(p->reject <= 120))
		return "demodulation: rejection is not 30 to 120 dB";
	if (!(p->pass > 0) || !(p->stop > p->pass))
		return "demodulation: not 0 < pass < stop";
	/* the margin allows for the rounding of 0.4 + 0.6 */
	clear = (p->pass + p->stop) * (1 - 1e-9);
	if (clear > image)
		return "demodulation: passband reaches its image at -2 fc";
	if (p->interpolation > INTERPOLATION_UPSAMPLED)
		return "demodulation: unknown interpolation";
	if (scan->fc > DEMOD_TURNS_MAX * demod_rate(scan, p->decimate,
						  p->interpolation))
		return "demodulation: decimated to less than 3.3 samples a period of fc";
	return NULL;
}

uint32_t demod_upsample(const struct sono_scan *scan,
			enum interpolation interpolation)
{
	const double turns = scan->fc / scan->fs;
	const uint32_t least = ceil(turns / TURNS_WANTED);
	const uint32_t n = least ? least : 1;

	return interpolation == INTERPOLATION_UPSAMPLED ? 2 * n : n;
}

double demod_rate(const struct sono_scan *scan, uint32_t decimate,
		  enum interpolation interpolation)
{
	return scan->fs * demod_upsample(scan, interpolation) / decimate;
}

uint32_t demod_samples(const struct sono_scan *scan, uint32_t samples,
		       uint32_t decimate, enum interpolation interpolation)
{
	const uint64_t n = (uint64_t)samples *
			   demod_upsample(scan, interpolation);

	return (n + decimate - 1) / decimate;
}

static uint32_t longest_row(const struct sono_scan *scan)
{
	uint32_t e, longest = 0;

	for (e = 0; e < scan->events; e++)
		if (scan->event[e].samples > longest)
			longest = scan->event[e].samples;
	return longest;
}

uint32_t demod_longest(const struct sono_scan *scan, uint32_t decimate,
		       enum interpolation interpolation)
{
	return demod_samples(scan, longest_row(scan), decimate, interpolation);
}

/* --- the filter --- */

static uint32_t phase_taps(uint32_t half, uint32_t upsample)
{
	/* inputs from -half to half outputs around one, and even */
	return (2 * (half / upsample) + 2 + 1) & ~1u;
}

/*
 * Tap k of phase u multiplies the input (k - before) samples from output u, a
 * distance of (k - before) upsample - u outputs; the band-pass is the
 * low-pass turned by the carrier over the distance back.
 */
static double complex band_tap(const double *low, uint32_t half, int distance,
			       double turns)
{
	if ((uint32_t)abs(distance) > half)
		return 0;
	return low[abs(distance)] *
	       cexp(-2 * M_PI * I * fmod(distance * turns, 1));
}

/* Sum of the magnitudes of a phase's taps, whose distances are u modulo U. */
static double phase_sum(const double *low, uint32_t half, uint32_t upsample,
			uint32_t u)
{
	double sum = 0;
	int k;

	for (k = -(int)half; k <= (int)half; k++)
		if ((k + (int)(half * upsample)) % upsample == u)
			sum += fabs(low[abs(k)]);
	return sum;
}

/* The largest power of 2 by which no phase's sum passes TAPS_MAX. */
static uint32_t fit_shift(const double *low, uint32_t half, uint32_t upsample)
{
	double most = 0;
	uint32_t u, shift = 0;

	for (u = 0; u < upsample; u++)
		most = fmax(most, phase_sum(low, half, upsample, u));
	while (shift < 14 && ldexp(most, shift + 1) < TAPS_MAX)
		shift++;
	return shift;
}

static void fill_taps(struct demod *d, const double *low, uint32_t half)
{
	const double turns = d->scan->fc / d->scan->fs / d->upsample;
	const uint32_t count = phase_taps(half, d->upsample);
	int16_t *at = d->tap;
	uint32_t u, k;

	for (u = 0; u < d->upsample; u++, at += 2 * count) {
		d->phase[u] = (struct demod_taps){ at, at + count, count };
		for (k = 0; k < count; k++) {
			const int distance = ((int)k - (int)d->before) *
					     (int)d->upsample - (int)u;
			const double complex h = ldexp(1, d->shift) *
				band_tap(low, half, distance, turns);

			at[k] = lrint(creal(h));
			at[count + k] = lrint(cimag(h));
		}
	}
}

static int make_filter(struct demod *d, const struct demod_params *p,
		       uint32_t half)
{
	const double rate = d->scan->fs * d->upsample;
	double low[HALF_MAX + 1 + DECIMATE_MAX];
	uint32_t count;

	design(low, half, M_PI * (p->pass + p->stop) / rate,
	       kaiser_beta(p->reject), 2.0 * d->upsample);
	if (p->interpolation != INTERPOLATION_LINEAR)
		half = compensate(low, half, p->decimate);
	count = phase_taps(half, d->upsample);
	d->before = half / d->upsample;
	d->phase = calloc(d->upsample, sizeof(*d->phase));
	d->tap = dsp_alloc((size_t)d->upsample * count, 2 * sizeof(int16_t));
	if (!d->phase || !d->tap)
		return -ENOMEM;
	d->shift = fit_shift(low, half, d->upsample);
	fill_taps(d, low, half);
	return 0;
}

static int make_rows(struct demod *d, uint32_t longest)
{
	const uint32_t count = d->phase[0].count;

	/* a line more: places are read by whole ones */
	d->plane = (((size_t)longest + 31) & ~31u) + 32;
	d->padded_size = d->plane + 2 * count + 64;
	d->padded = dsp_alloc(d->workers, d->padded_size * sizeof(int16_t));
	d->work = dsp_alloc((size_t)d->workers * d->upsample,
			    2 * d->plane * sizeof(int16_t));
	d->bunch = dsp_alloc((size_t)d->workers *
				     (d->scan->channels / ANALYTIC_BUNCH + 1),
			     sizeof(*d->bunch));
	return d->padded && d->work && d->bunch ? 0 : -ENOMEM;
}

int demod_create(struct demod **demod, const struct sono_scan *scan,
		 const struct demod_params *params, const char **why)
{
	struct demod_params p = *params;
	double width;
	struct demod *d;
	int ret;

	*why = scan_fault(scan);
	if (!*why)
		*why = complete(&p, scan);
	if (*why)
		return -EINVAL;
	width = kaiser_half(p.reject, 2 * M_PI * (p.stop - p.pass) /
				      (scan->fs * demod_upsample(scan,
							  p.interpolation)));
	if (width > HALF_MAX) {
		*why = "demodulation: transition from pass to stop too narrow";
		return -EINVAL;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->scan = scan;
	d->row = cpu_choose(demod_row_variants)->fn;
	d->peak = cpu_choose(demod_peak_variants)->fn;
	d->upsample = demod_upsample(scan, p.interpolation);
	d->decimate = p.decimate;
	d->workers = p.workers;
	/* the others hold no more inputs than outputs */
	d->place = d->decimate > d->upsample ? demod_place_c :
		   cpu_choose(demod_place_variants)->fn;
	ret = demod_places_init(&d->places, d->upsample, d->decimate);
	if (!ret)
		ret = make_filter(d, &p, width);
	if (!ret)
		ret = make_rows(d, longest_row(scan));
	if (ret)
		demod_destroy(d);
	else
		*demod = d;
	return ret;
}

/* --- the scales of an event --- */

/* Whole lines of RF: no kernel has a rest but at the end of a row. */
static uint32_t peak_between(const struct demod *d, const int16_t *rf,
			     int64_t begin, int64_t end, uint32_t samples)
{
	const uint32_t from = begin < 0 ? 0 : begin & ~31;
	const uint32_t to = end < samples ? (end + 31) & ~31 : samples;

	if (from >= samples)
		return 0;
	return d->peak(rf + from, (to < samples ? to : samples) - from);
}

/* The power of 2 that brings @peak to PEAK_MAX or below. */
static int gain_of(const struct demod *d, uint32_t peak)
{
	int gain = -1;

	while (gain < GAIN_MAX && gain + 1 < (int)d->shift &&
	       peak << (gain + 1) <= PEAK_MAX)
		gain++;
	return gain;
}

static uint32_t stretch_lines(const struct analytic *a)
{
	return (a->lines + ANALYTIC_STRETCHES - 1) / ANALYTIC_STRETCHES;
}

/* Of a row, added to what the rows before it had. Return: the largest. */
static uint32_t find_row_peaks(const struct demod *d, struct bunch *bunch,
			       const struct analytic *a, const int16_t *rf,
			       uint32_t samples)
{
	const int64_t outputs = (int64_t)stretch_lines(a) * ANALYTIC_LINE;
	uint32_t most = 0, i;

	/* rows of few lines have fewer stretches */
	for (i = 0; i < ANALYTIC_STRETCHES &&
		    i * stretch_lines(a) < a->lines; i++) {
		const int64_t begin = i * outputs * d->decimate / d->upsample;
		const int64_t end = (i + 1) * outputs * d->decimate /
				    d->upsample;
		const uint32_t peak = peak_between(d, rf, begin - d->before,
						   end + d->before + 1,
						   samples);

		if (peak > bunch->peak[i])
			bunch->peak[i] = peak;
		if (peak > most)
			most = peak;
	}
	return most;
}

/* In the order of memory. Return: the largest. */
static uint32_t find_peaks(const struct demod *d, struct bunch *bunch,
			   const struct analytic *a,
			   const struct sono_event *event, const char *rf)
{
	uint32_t most = 0, c;

	memset(bunch, 0, a->bunches * sizeof(*bunch));
	for (c = 0; c < a->channels; c++, rf += event->stride) {
		const uint32_t peak =
			find_row_peaks(d, &bunch[c / ANALYTIC_BUNCH], a,
				       (const int16_t *)rf, event->samples);

		most = peak > most ? peak : most;
	}
	return most;
}

/*
 * Every stretch has the least gain, the event's, or one that is whole steps
 * above it; in silence that of the stretch before.
 */
static void find_gains(const struct demod *d, struct bunch *bunch, int least)
{
	uint32_t i;

	for (i = 0; i < ANALYTIC_STRETCHES; i++) {
		int gain = i ? bunch->gain[i - 1] : least;

		if (bunch->peak[i])
			gain = gain_of(d, bunch->peak[i]);
		gain -= (gain - least) % GAIN_STEP;
		bunch->gain[i] = gain;
	}
}

/* Stretches of one gain are one span; a seam between two of them. */
static void lay_spans(const struct analytic *a, struct analytic_span *span,
		      const struct bunch *bunch)
{
	const uint32_t lines = stretch_lines(a);
	uint32_t i;

	*span = (struct analytic_span){
		INT32_MIN, INT32_MAX, 0, ldexpf(1, -bunch->gain[0])
	};
	for (i = 1; i < ANALYTIC_STRETCHES; i++) {
		const int32_t last = i * lines - 1;
		const int before = bunch->gain[i - 1], after = bunch->gain[i];

		if (before == after)
			continue;
		span->end = last;
		*++span = (struct analytic_span){
			.begin = last,
			.end = last + 1,
			.moved = a->lines + 1 + 2 * (i - 1) - last,
			.scale = ldexpf(1, before < after ? -before : -after),
		};
		*++span = (struct analytic_span){
			.begin = last + 1,
			.end = INT32_MAX,
			.scale = ldexpf(1, -after),
		};
	}
}

/* The span of all bunches at a line; its scale is 0 where there is none. */
static struct analytic_span span_of_all(const struct analytic *a, uint32_t e,
					int32_t line)
{
	struct analytic_span all = *analytic_span_at(a, e, 0, line);
	uint32_t c;

	for (c = ANALYTIC_BUNCH; c < a->channels; c += ANALYTIC_BUNCH)
		if (!analytic_alike(&all, analytic_span_at(a, e, c, line)))
			all.scale = all.moved = 0;
	return all;
}

/* Of the lines of a stretch the last may be a seam, the others are alike. */
static void lay_common(struct analytic *a, uint32_t e)
{
	struct analytic_span *span = &a->common[(size_t)e * ANALYTIC_SPANS];
	const int32_t lines = stretch_lines(a);
	uint32_t i;

	*span = span_of_all(a, e, -1);
	span->begin = INT32_MIN;
	for (i = 1; i < ANALYTIC_SPANS; i++) {
		const int32_t at = (i + 1) / 2 * lines - i % 2;
		const struct analytic_span next = span_of_all(a, e, at);

		if (analytic_alike(&next, span))
			continue;
		span->end = at;
		*++span = next;
		span->begin = at;
	}
	span->end = INT32_MAX;
	a->even[e] = span->begin == INT32_MIN && span->scale > 0;
}

static void find_scales(const struct demod *d, struct bunch *bunch,
			struct analytic *a, uint32_t e, const char *rf)
{
	const uint32_t peak = find_peaks(d, bunch, a, &d->scan->event[e], rf);
	const int least = gain_of(d, peak ? peak : 1);
	uint32_t c;

	for (c = 0; c < a->channels; c += ANALYTIC_BUNCH, bunch++) {
		find_gains(d, bunch, least);
		lay_spans(a, analytic_spans(a, e, c), bunch);
	}
	lay_common(a, e);
}

/* --- a frame --- */

/* Part of a row on its way, and the scratch memory of who does it. */
struct job {
	const int16_t *padded;
	int16_t *work;
	uint32_t samples;	/* of RF */
	uint32_t begin, end;	/* outputs, from a line's first on */
	uint32_t shift;
	int32_t round;
};

/* Outputs that lie between inputs, or not on every one: phase by phase. */
static void resample(const struct demod *d, const struct analytic *a,
		     int16_t *out, const struct job *job)
{
	const uint32_t first = (uint64_t)job->begin * d->decimate /
			       d->upsample;
	const uint32_t last = (job->end - 1ull) * d->decimate / d->upsample;
	const uint32_t n = job->end - job->begin;
	int16_t *work = job->work;
	uint32_t u;

	for (u = 0; u < d->upsample; u++, work += 2 * d->plane)
		if (demod_phase_used(&d->places, u))
			d->row(work, work + d->plane, ANALYTIC_LINE,
			       job->padded + first, last + 1 - first,
			       &d->phase[u], job->shift, job->round);
	out += analytic_at(a, job->begin);
	work = job->work;
	d->place(out, a->line, work, 2 * d->plane, &d->places, job->begin, n);
	d->place(out + a->plane, a->line, work + d->plane, 2 * d->plane,
		 &d->places, job->begin, n);
}

/* Zeros from sample @m to @end, that of a line. */
static void clear(const struct analytic *a, int16_t *out, uint32_t m,
		  uint32_t end)
{
	while (m < end) {
		const uint32_t n = ANALYTIC_LINE - m % ANALYTIC_LINE;
		int16_t *at = out + analytic_at(a, m);

		memset(at, 0, n * sizeof(*at));
		memset(at + a->plane, 0, n * sizeof(*at));
		m += n;
	}
}

/*
 * Channels round at places that are spread evenly (by the golden ratio), half
 * way between on the mean: an echo far weaker than the event's strongest, of
 * less than a count, would be lost where all rounded alike, but is there in
 * the sum of channels that do not.
 */
static int32_t rounding(uint32_t channel, uint32_t shift)
{
	return (uint64_t)(uint32_t)(channel * 0x9e3779b9u + 0x80000000u) *
	       (1u << shift) >> 32;
}

/* Lines @begin to @end of a row. */
static void run_lines(const struct demod *d, const struct analytic *a,
		      int16_t *out, struct job *job, uint32_t begin,
		      uint32_t end)
{
	const uint32_t total = ((uint64_t)job->samples * d->upsample +
				d->decimate - 1) / d->decimate;

	job->begin = begin * ANALYTIC_LINE;
	end *= ANALYTIC_LINE;
	job->end = end < total ? end : total;
	if (job->begin >= job->end) {
		clear(a, out, job->begin, end);
		return;
	}
	if (d->upsample == 1 && d->decimate == 1) {
		const ptrdiff_t at = analytic_at(a, job->begin);

		d->row(out + at, out + at + a->plane, a->line,
		       job->padded + job->begin, job->end - job->begin,
		       d->phase, job->shift, job->round);
	} else {
		resample(d, a, out, job);
	}
	clear(a, out, job->end, end);
}

/* A span's lines and the one behind them, of a row. */
static void run_span(const struct demod *d, const struct analytic *a,
		     int16_t *out, struct job *job,
		     const struct analytic_span *span, uint32_t channel)
{
	const uint32_t begin = span->begin < 0 ? 0 : span->begin;
	const uint32_t end = span->end < (int32_t)a->lines ? span->end + 1 :
							     (int32_t)a->lines;

	if (span->begin == span->end)
		return;
	job->shift = d->shift + ilogbf(span->scale);
	job->round = rounding(channel, job->shift);
	run_lines(d, a, out + span->moved * (ptrdiff_t)a->line, job, begin,
		  end);
}

static void run_event(const struct demod *d, struct job *job, int16_t *padded,
		      struct analytic *out, uint32_t e, const char *rf)
{
	const struct sono_event *event = &d->scan->event[e];
	uint32_t c;

	job->samples = event->samples;
	memset(padded + d->before + event->samples, 0,
	       (d->phase[0].count + 32) * sizeof(*padded));
	for (c = 0; c < d->scan->channels; c++, rf += event->stride) {
		const struct analytic_span *span = analytic_spans(out, e, c);

		memcpy(padded + d->before, rf,
		       event->samples * sizeof(*padded));
		do
			run_span(d, out, analytic_row(out, e, c), job, span, c);
		while (span++->end < INT32_MAX);
	}
}

void demod_execute_part(struct demod *d, uint32_t worker, struct analytic *out,
			const struct rf_frame *in)
{
	const struct sono_scan *scan = d->scan;
	const uint32_t end = scan->events * (worker + 1) / d->workers;
	int16_t *padded = d->padded + worker * d->padded_size;
	struct job job = {
		.padded = padded,
		.work = d->work + worker * d->upsample * 2 * d->plane,
	};
	uint32_t e;

	for (e = scan->events * worker / d->workers; e < end; e++) {
		const char *rf = (const char *)in->data +
				 scan->event[e].offset;

		find_scales(d, d->bunch + worker * out->bunches, out, e, rf);
		run_event(d, &job, padded, out, e, rf);
	}
}

void demod_execute(struct demod *d, struct analytic *out,
		   const struct rf_frame *in)
{
	uint32_t worker;

	for (worker = 0; worker < d->workers; worker++)
		demod_execute_part(d, worker, out, in);
}

void demod_destroy(struct demod *d)
{
	if (!d)
		return;
	demod_places_finish(&d->places);
	free(d->phase);
	free(d->tap);
	free(d->padded);
	free(d->work);
	free(d->bunch);
	free(d);
}

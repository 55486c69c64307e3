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

#define SIDE_MAX	16384
#define FFT_MAX		256
#define SECTIONS	2	/* of the wall filter, two poles each */
/* and what a line and a flow in degrees round to */
#define ANGLE_MAX	(80.001 * M_PI / 180)
#define COLUMN_MAX	16384	/* intervals */
#define NO_COLUMN	INT64_MIN

/* Of the traces. */
#define BLOCKS		16	/* parts of the spectrum, to find the noise */
#define QUIET		4	/* of them, the weakest: noise */
#define PEAK_OVER_NOISE	24.0	/* what is flow, by its strongest */
#define ROUNDS		4	/* level of a plateau and its ends in turn */
#define FIRST_UNDER_PEAK 8.0	/* of them, the level that is tried first */
#define MEAN_OVER_NOISE	2.0	/* and by each bin */
#define BLUR_REACH	64	/* bins to either side */
#define BLUR_END	3.0	/* standard deviations */
#define LINE_HALF	0.92	/* a line's, or wider: nothing of it left */
#define LINE_SLOPE	1.7
#define EDGE_LEVEL	0.42	/* of a plateau's power, its end */
#define SHARPEN_ROUNDS	16
#define HANN_WIDTH	1.44	/* at half power, in 1 / window */

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

/**
 * struct blur - how one velocity is spread over the bins
 * @reach: bins to either side
 * @deviation: standard, in bins
 * @weight: from the bin itself on; both sides are alike, the sum of all is 1
 */
struct blur {
	int reach;
	float deviation;
	float weight[BLUR_REACH + 1];
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
	struct blur *blur;	/* [fft], from the least velocity shown */
	float *wall;		/* [fft], the same: what the filter took, back */
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

/* The window spreads all velocities alike, aperture and gate by their size. */
static void make_blur(struct blur *blur, const struct spectrum_params *p,
		      double bins)
{
	const double width = hypot(HANN_WIDTH * p->fft / p->window,
				   p->spread * bins);
	const double deviation = width / (2 * sqrt(2 * log(2)));
	double sum = 0;
	int i;

	blur->deviation = deviation;
	blur->reach = fmin(ceil(BLUR_END * deviation), BLUR_REACH);
	for (i = 0; i <= blur->reach; i++) {
		blur->weight[i] = exp(-i * i / (2 * deviation * deviation));
		sum += blur->weight[i] * (i ? 2 : 1);
	}
	for (i = 0; i <= blur->reach; i++)
		blur->weight[i] /= sum;
}

/* Of the power at @bins from velocity 0; nothing below the cutoff. */
static double wall_loss(const struct spectrum_params *p, double bins)
{
	const double cutoff = p->cutoff / spectrum_nyquist(p);
	const double share = fabs(remainder(2 * bins / p->fft, 2));

	if (!(cutoff > 0) || share < cutoff)
		return 1;
	return 1 + pow(tan(M_PI / 2 * cutoff) / tan(M_PI / 2 * share),
		       4 * SECTIONS);
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
	for (i = 0; i < p->fft; i++) {
		make_blur(&s->blur[i], p, fabs((double)s->first + i));
		s->wall[i] = wall_loss(p, (double)s->first + i);
	}
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
	s->gate = dsp_alloc(p->gate, 2 * sizeof(float));
	s->fft = kiss_fft_alloc(p->fft, 0, NULL, NULL);
	s->slow = dsp_alloc(s->kept, sizeof(*s->slow));
	s->in = dsp_alloc(p->fft, sizeof(*s->in));
	s->out = dsp_alloc(p->fft, sizeof(*s->out));
	s->hann = dsp_alloc(p->window, sizeof(float));
	s->power = dsp_alloc((size_t)p->trace_columns * p->fft, sizeof(float));
	s->column = dsp_alloc(p->trace_columns, sizeof(*s->column));
	s->mean_power = dsp_alloc(p->fft, sizeof(float));
	s->blur = dsp_alloc(p->fft, sizeof(*s->blur));
	s->wall = dsp_alloc(p->fft, sizeof(float));
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
	    !s->hann || !s->power || !s->column || !s->mean_power || !s->blur || !s->wall ||
	    !s->amplitude || !s->gain || !s->db ||
	    !s->level_db || !s->row || !s->grey || !s->map || !s->peak ||
	    !s->mean) {
		spectrum_destroy(s);
		return -ENOMEM;
	}
	fill_tables(s);
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
	free(s->blur);
	free(s->wall);
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

/*
 * The first samples after a gap, all that there are, raw until now. Before the
 * first the filter sees their image, turned by half a turn about it: tissue
 * comes out of its past with the place and the velocity that it has.
 */
static void filter_begin(struct spectrum *s)
{
	const double complex about = 2 * load(sample_at(s, 0));
	uint64_t i;

	filter_settle(s, about - load(sample_at(s, s->n - 1)));
	for (i = s->n - 1; i; i--)
		filter(s, about - load(sample_at(s, i)));
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

/* Weight of sample @i of @n. Less than a window is left between two gaps. */
static float weight(const struct spectrum *s, uint32_t i, uint32_t n)
{
	return n == s->params.window ?
		       s->hann[i] :
		       0.5f - 0.5f * cosf(2 * (float)M_PI * (i + 0.5f) / n);
}

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

/* --- traces ------------------------------------------------------------------ */

/**
 * struct shape - a spectrum from the least to the largest velocity shown
 * @n: bins
 * @zero: where velocity 0 lies, in bins
 * @raw: power
 * @smooth: power, mean over the width of the window's main lobe
 * @flow: power above noise, as it was before the wall filter
 * @sharp: the same, as it would be if a velocity had no width
 * @noise: power of a bin without flow
 */
struct shape {
	int n;
	double zero;
	float raw[FFT_MAX];
	float smooth[FFT_MAX];
	float flow[FFT_MAX];
	float sharp[FFT_MAX];
	float noise;
};

/* Mean of the weakest parts of the spectrum. */
static float noise_of(const struct shape *f)
{
	const int each = f->n / BLOCKS;
	float quiet[QUIET + 1], sum = 0;
	int found = 0, b, i;

	for (b = 0; b < BLOCKS; b++) {
		float power = 0;

		for (i = 0; i < each; i++)
			power += f->raw[b * each + i];
		for (i = found; i && quiet[i - 1] > power; i--)
			quiet[i] = quiet[i - 1];
		quiet[i] = power;
		found += found < QUIET;
	}
	for (i = 0; i < QUIET; i++)
		sum += quiet[i];
	return sum / (QUIET * each);
}

/* A spectrum from one without widths. */
static void spread(float *to, const float *from, const struct spectrum *s)
{
	const int n = s->params.fft;
	int i, k;

	memset(to, 0, n * sizeof(*to));
	for (i = 0; i < n; i++) {
		const struct blur *b = &s->blur[i];

		to[i] += from[i] * b->weight[0];
		for (k = 1; k <= b->reach; k++) {
			to[(i + k) & (n - 1)] += from[i] * b->weight[k];
			to[(i - k) & (n - 1)] += from[i] * b->weight[k];
		}
	}
}

/* Mean of what is around a velocity, as it is spread. */
static float gathered(const float *from, const struct spectrum *s, int i)
{
	const struct blur *b = &s->blur[i];
	const int n = s->params.fft;
	float sum = from[i] * b->weight[0];
	int k;

	for (k = 1; k <= b->reach; k++)
		sum += (from[(i + k) & (n - 1)] + from[(i - k) & (n - 1)]) *
		       b->weight[k];
	return sum;
}

/*
 * The power of each velocity, of which the spectrum is the spread: by the
 * iteration of Richardson (1972) and Lucy (1974), which never is below 0.
 */
static void sharpen(struct shape *f, const struct spectrum *s)
{
	float ratio[FFT_MAX];
	int i, round;

	memcpy(f->sharp, f->flow, sizeof(f->sharp));
	for (round = 0; round < SHARPEN_ROUNDS; round++) {
		spread(ratio, f->sharp, s);
		for (i = 0; i < f->n; i++)
			ratio[i] = ratio[i] > 0 ? f->flow[i] / ratio[i] : 0;
		for (i = 0; i < f->n; i++)
			f->sharp[i] *= gathered(ratio, s, i);
	}
}

static void shape_of(struct shape *f, const struct spectrum *s)
{
	const int n = s->params.fft, half = n / s->params.window;
	int i, k;

	f->n = n;
	f->zero = -s->first;
	for (i = 0; i < n; i++)
		f->raw[i] = s->mean_power[(s->first + i + 2 * n) % n];
	for (i = 0; i < n; i++) {
		float sum = 0;

		for (k = -half; k <= half; k++)
			sum += f->raw[(i + k + n) % n];
		f->smooth[i] = sum / (2 * half + 1);
	}
	f->noise = noise_of(f);
	for (i = 0; i < n; i++)
		f->flow[i] = fmaxf(f->raw[i] - f->noise, 0) * s->wall[i];
	sharpen(f, s);
}

/* +1: most of the power flows towards the probe; -1: away. */
static int side_of(const struct shape *f)
{
	double sum = 0;
	int i;

	for (i = 0; i < f->n; i++)
		sum += i > f->zero ? f->raw[i] : i < f->zero ? -f->raw[i] : 0;
	return sum < 0 ? -1 : 1;
}

static int strongest(const struct shape *f, int from, int to, int side)
{
	int best = from, i;

	for (i = from; i != to; i += side)
		if (f->smooth[i] > f->smooth[best])
			best = i;
	return best;
}

/*
 * The last bin on the way from @start to @to up to which the spectrum has more
 * than @least on balance: where the sum of what it has more is largest. A hole
 * does not end it.
 */
static int last_above(const struct shape *f, int start, int to, double least)
{
	const int step = to < start ? -1 : 1;
	double sum = 0, most = 0;
	int best = start, i;

	for (i = start; i != to; i += step) {
		sum += f->sharp[i] - least;
		if (sum > most) {
			most = sum;
			best = i;
		}
	}
	return best;
}

static double mean_between(const struct shape *f, int a, int b)
{
	const int step = b < a ? -1 : 1;
	double sum = 0;
	int i;

	for (i = a; i != b + step; i += step)
		sum += f->sharp[i];
	return sum / (abs(b - a) + 1);
}

/* Where between a bin and the next one outwards the power falls to @least. */
static double place_between(const struct shape *f, int end, int side,
			    double least)
{
	const int out = end + side;

	if (out < 0 || out >= f->n || f->sharp[end] <= f->sharp[out])
		return end;
	return end + side * fmin(fmax((f->sharp[end] - least) /
				      (f->sharp[end] - f->sharp[out]), 0), 1);
}

/*
 * A velocity alone keeps a part of its width. By how much a spectrum so narrow,
 * half its width in deviations of the blur, reaches beyond its largest velocity:
 * made of even distributions.
 */
static double overreach(double half)
{
	return fmax(fmin(half, LINE_SLOPE * (LINE_HALF - half)), 0);
}

/*
 * Where the outer slope of the spectrum has half the power of the plateau inside
 * of it [Vilkomerson, Ricci, Tortoli 2013], or a little less, in bins; NAN
 * without flow. The plateau is what lies between the two such places.
 */
static double edge_of(const struct shape *f, const struct spectrum *s, int side)
{
	const int from = side < 0 ? floor(f->zero) : ceil(f->zero);
	const int to = side < 0 ? -1 : f->n;
	double level, least = 0, outer, half, deviation;
	int start, end = 0, inner = 0, round;

	if (from < 0 || from >= f->n)
		return NAN;
	start = strongest(f, from, to, side);
	if (!(f->smooth[start] > PEAK_OVER_NOISE * f->noise))
		return NAN;
	level = f->sharp[start] / FIRST_UNDER_PEAK;
	for (round = 0; round < ROUNDS; round++) {
		least = level * EDGE_LEVEL;
		end = last_above(f, start, to, least);
		inner = last_above(f, start, from - side, least);
		level = mean_between(f, inner, end);
	}
	outer = place_between(f, end, side, least);
	half = fabs(outer - place_between(f, inner, -side, least)) / 2;
	deviation = s->blur[end].deviation;
	return outer - side * overreach(half / deviation) * deviation;
}

static double mean_of(const struct shape *f)
{
	double sum = 0, moment = 0;
	int i;

	for (i = 0; i < f->n; i++) {
		if (f->smooth[i] <= MEAN_OVER_NOISE * f->noise)
			continue;
		sum += f->flow[i];
		moment += f->flow[i] * i;
	}
	return moment / sum;
}

static void find_traces(struct spectrum *s, float *peak, float *mean)
{
	const struct spectrum_params *p = &s->params;
	const double step = 2 * spectrum_nyquist(p) / p->fft;
	struct shape f;

	shape_of(&f, s);
	*peak = (edge_of(&f, s, side_of(&f)) - f.zero) * step;
	*mean = isnan(*peak) ? NAN : (mean_of(&f) - f.zero) * step;
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
	find_traces(s, &s->peak[place], &s->mean[place]);
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

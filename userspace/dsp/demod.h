/* SPDX-License-Identifier: MIT */
/*
 * Channel data to analytic signals: a complex band-pass about fc without
 * delay, at a rate that the beamformer can interpolate, in int16 with a power of 2
 * per stretch of depth. Documentation/dsp.rst, "Demodulation".
 */
#ifndef DSP_DEMOD_H
#define DSP_DEMOD_H

#include <stdbool.h>

#include "dsp.h"
#include "scan.h"

/**
 * struct demod_taps - a complex filter of integers
 * @re: [@count]
 * @im: [@count]
 * @count: even
 *
 * The sums of |@re| and of |@im| are at most 65000: no sum of int16 samples,
 * rounded, overflows 32 bits.
 */
struct demod_taps {
	const int16_t *re;
	const int16_t *im;
	uint32_t count;
};

/*
 * i[m] = (round + sum over k < count of re[k] in[m + k]) shifted to the right by
 * @shift (1 to 24), q[m] that of im[k], limited to +-32767, for m < samples;
 * round is below 1 << shift. Sample m is the (m % 32)-th of line m /
 * 32; lines are @line int16 apart. Reads in[0] to in[samples + count + 31];
 * writes as far as the last line's end, there anything. i and q are aligned to
 * 64 bytes, in need not be. Variants agree with the C form exactly.
 */
typedef void demod_row_fn(int16_t *i, int16_t *q, size_t line,
			  const int16_t *in, uint32_t samples,
			  const struct demod_taps *taps, uint32_t shift,
			  int32_t round);
demod_row_fn demod_row_c, demod_row_avx2, demod_row_avx512;

struct demod_row_variant {
	demod_row_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct demod_row_variant demod_row_variants[];

/* The largest |in[n]|, n < samples. Variants agree with the C form exactly. */
typedef uint32_t demod_peak_fn(const int16_t *in, uint32_t samples);
demod_peak_fn demod_peak_c, demod_peak_avx2, demod_peak_avx512;

struct demod_peak_variant {
	demod_peak_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct demod_peak_variant demod_peak_variants[];

/**
 * struct demod_places - where the outputs of the phases go
 * @upsample: outputs for an input, before decimation
 * @decimate: of so many one is kept; at most @upsample, but for the C form
 * @bytes: [@upsample][@upsample][16]: of 8 outputs, the first of them of the phase
 *         of the first index, the bytes that the phase of the second index has
 *         among 8 of its samples; 0x80: another phase has them
 * @words: [@upsample][32]: the same of 32 outputs, in words, whoever has them
 * @whose: [@upsample][@upsample]: which of the 32 are the second index's, bit by bit
 */
struct demod_places {
	uint32_t upsample;
	uint32_t decimate;
	uint8_t *bytes;
	uint16_t *words;
	uint32_t *whose;
};

/*
 * out[m'] for m' < n, sample m' being the (m' % 32)-th of line m' / 32 and lines
 * @line int16 apart, is sample i - i0 of phase p, which is at phase + p apart:
 * i upsample + p = (m + m') decimate, i0 that of m' = 0. m is a multiple of 32.
 * Any phase may be read up to 31 samples past the last one needed; writes as far
 * as the last line's end, there anything. out is aligned to 64 bytes. Variants agree
 * with the C form exactly.
 */
typedef void demod_place_fn(int16_t *out, size_t line, const int16_t *phase,
			    size_t apart, const struct demod_places *places,
			    uint32_t m, uint32_t n);
demod_place_fn demod_place_c, demod_place_avx2, demod_place_avx512;

struct demod_place_variant {
	demod_place_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct demod_place_variant demod_place_variants[];

/** demod_places_init() - tables for @upsample and @decimate; 0 or -ENOMEM */
int demod_places_init(struct demod_places *places, uint32_t upsample,
		      uint32_t decimate);
void demod_places_finish(struct demod_places *places);

/** demod_phase_used() - has a phase any output? */
bool demod_phase_used(const struct demod_places *places, uint32_t phase);

/**
 * struct demod_params - the band-pass, as a low-pass about fc
 * @pass: edge of the passband [Hz]; 0 with @stop 0: 0.4 of the distance from
 *        0 Hz to the image at -2 fc, aliases of fs considered
 * @stop: edge of the stopband [Hz]; 0 with @pass 0: 0.6 of that distance
 * @reject: least attenuation in the stopband [dB], 30 to 120; 0: 80
 * @decimate: 1 to 16; 0: 1
 * @interpolation: of whoever reads between samples
 * @workers: parts that a frame's events are divided into; 0: 1
 */
struct demod_params {
	double pass;
	double stop;
	double reject;
	uint32_t decimate;
	uint32_t workers;
	enum interpolation interpolation;
};

/* Turns of the carrier per complex sample, at most. */
#define DEMOD_TURNS_MAX	0.3

struct demod;

/**
 * demod_create() - make a demodulator
 * @demod: written
 * @scan: must outlive the demodulator
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int demod_create(struct demod **demod, const struct sono_scan *scan,
		 const struct demod_params *params, const char **why);

/**
 * demod_execute() - demodulate all rows of a frame
 * @demod: a demodulator
 * @out: of the scan's events and channels, demod_longest() long
 * @in: a frame of the scan
 */
void demod_execute(struct demod *demod, struct analytic *out,
		   const struct rf_frame *in);

/**
 * demod_execute_part() - one worker's share of demod_execute()
 * @demod: a demodulator
 * @worker: below the workers of its parameters; each at once by one thread
 * @out: as demod_execute()
 * @in: as demod_execute()
 */
void demod_execute_part(struct demod *demod, uint32_t worker,
			struct analytic *out, const struct rf_frame *in);

void demod_destroy(struct demod *demod);

/**
 * demod_upsample() - samples that become of one, before decimation
 * @scan: a scan
 * @interpolation: as in struct demod_params
 *
 * As many as bring the carrier to 0.28 turns per sample or less: 1 at fs = 4
 * fc and above, 3 where a record is undersampled at 4/3 fc; twice as many for
 * INTERPOLATION_UPSAMPLED.
 */
uint32_t demod_upsample(const struct sono_scan *scan,
			enum interpolation interpolation);

/** demod_rate() - complex samples per second after demodulation */
double demod_rate(const struct sono_scan *scan, uint32_t decimate,
		  enum interpolation interpolation);

/** demod_samples() - complex samples that @samples of RF become */
uint32_t demod_samples(const struct sono_scan *scan, uint32_t samples,
		       uint32_t decimate, enum interpolation interpolation);

/** demod_longest() - complex samples of the longest row of @scan */
uint32_t demod_longest(const struct sono_scan *scan, uint32_t decimate,
		       enum interpolation interpolation);

#endif /* DSP_DEMOD_H */

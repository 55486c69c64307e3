/* SPDX-License-Identifier: MIT */
/*
 * Delay-and-sum of analytic signals. Two taps of a row, weighted by a law of
 * the fraction between them, are the signal at a position, its carrier's phase
 * included: nothing is left to rotate. A position is the sum of a transmit
 * delay (a table, per event and grid sample) and a receive delay (per element
 * and grid sample, shared by all events). Documentation/dsp.rst,
 * "Beamforming".
 */
#ifndef DSP_BEAMFORM_H
#define DSP_BEAMFORM_H

#include <stdbool.h>

#include "dsp.h"
#include "scan.h"

#define BEAMFORM_TILE		16	/* samples of a line, one after another */
#define BEAMFORM_BLOCK		4	/* channels that one 32-bit sum takes */
#define BEAMFORM_POSITION_BITS	10	/* of a sample's fraction */
#define BEAMFORM_GAIN		10240	/* of integer weights */
#define BEAMFORM_SLIP		12	/* steps of position past a window */

/* Makes exact ties at the aperture's edge count as inside [m]. */
#define BEAMFORM_TIE		0.1e-6

#define BEAMFORM_COEFFICIENTS	4

/**
 * struct beamform_taps - the weights of the two taps about a position
 * @p: of the real part P(h), in 1 / BEAMFORM_GAIN
 * @q: of the imaginary part Q(h)
 * @step: 1: P is the sum of p[k] h^(1 + k), Q that of q[k] h^(1 + k);
 *        2: P is the sum of p[k] h^(2 + 2 k), Q that of q[k] h^(1 + 2 k)
 *
 * @at: of every fraction, as the C form works them out: real part of the tap
 *      before and the one after, imaginary part of either
 *
 * With f the fraction of the position, the tap before it weighs P(1 - f) + i
 * Q(1 - f), the one after it P(f) - i Q(f). A step of 2 needs only three
 * coefficients, the fourth is not looked at.
 */
struct beamform_taps {
	int16_t p[BEAMFORM_COEFFICIENTS];
	int16_t q[BEAMFORM_COEFFICIENTS];
	uint32_t step;
	int16_t at[1 << BEAMFORM_POSITION_BITS][4];
};

/** beamform_tabulate() - works out @at of what the other members say */
void beamform_tabulate(struct beamform_taps *taps);

/**
 * struct beamform_rows - channel data of an event
 * @data: real part of sample 0 of the first channel taken
 * @lines: of a row, as struct analytic says
 * @line: from line to line; beamform_*_avx2 want ANALYTIC_LINE [int16]
 * @plane: from the real to the imaginary part [int16]
 * @row: to the next channel [int16]
 * @inside: all positions that are asked for lie between -ANALYTIC_LINE and
 *          @lines ANALYTIC_LINE samples
 * @taps: weights
 * @only: positions in other lines count nothing; NULL: all count. Only the C
 *        form looks at it
 */
struct beamform_rows {
	const int16_t *data;
	uint32_t lines;
	size_t line;
	size_t plane;
	size_t row;
	bool inside;
	const struct beamform_taps *taps;
	const struct analytic_span *only;
};

/*
 * Receive delays of a tile for n elements: delay[c][j] = sqrt(a^2 +
 * across2[c]), rounded, a = along[c] + start + j step. Positions are in
 * samples, 1 << BEAMFORM_POSITION_BITS to the sample. Variants agree with the C
 * form exactly.
 */
typedef void beamform_receive_fn(int32_t *delay, const float *along,
				 const float *across2, float start, float step,
				 uint32_t n);
beamform_receive_fn beamform_receive_c, beamform_receive_avx2,
	beamform_receive_avx512;

/**
 * struct beamform_edges - weights at the edges of an aperture
 * @weight: Q15 per channel and sample of the tile, [n][BEAMFORM_TILE]
 * @lead: channels from the first on that are weighted
 * @tail: channels before the end that are, @lead + @tail at most n
 */
struct beamform_edges {
	const int16_t *weight;
	uint32_t lead;
	uint32_t tail;
};

/*
 * acc[j] (real parts) and acc[BEAMFORM_TILE + j] (imaginary parts) += scale
 * times the sum over channels c < n of the signal of row c at the position
 * receive[law[c] + j] + transmit[j], law[c] a multiple of BEAMFORM_TILE.
 * Those at the edges are weighted, those between are not. Each of the three
 * groups is summed in blocks of BEAMFORM_BLOCK channels, as integers; the sum
 * of blocks is a float. acc and receive are aligned to 64 bytes.
 *
 * A tile is regular where its positions neither fall below the first nor pass
 * it by more than 31 samples; where a variant says quads, also where of every
 * 4 (from a multiple of 4) none falls below the first of them or passes it by
 * more than 6. There variants agree with the C form exactly. Where a bound is
 * missed by up to BEAMFORM_SLIP steps the tap beyond it weighs next to
 * nothing, at most sqrt(2) BEAMFORM_SLIP / 1024, and another sample is taken
 * for it: they agree within 4 % of the largest |row| per channel that slips.
 * Elsewhere only the C form may be called.
 */
typedef void beamform_add_fn(float *acc, const struct beamform_rows *rows,
			     const int32_t *receive, const uint32_t *law,
			     const int32_t *transmit,
			     const struct beamform_edges *edges, uint32_t n,
			     float scale);
beamform_add_fn beamform_add_c, beamform_add_avx2, beamform_add_avx512;

#define BEAMFORM_LAW_BYTES	256
#define BEAMFORM_SETS		4

/**
 * struct beamform_sets - sums that have their laws in common
 * @count: of sets, 1 to BEAMFORM_SETS
 * @set: what @acc, @data (of channel 0) and @scale are to beamform_add_fn and
 *       its rows
 */
struct beamform_sets {
	uint32_t count;
	struct {
		float *acc;
		const int16_t *data;
		float scale;
	} set[BEAMFORM_SETS];
};

/*
 * laws[c], of BEAMFORM_LAW_BYTES each: where the taps lie and what they weigh
 * for the positions receive[law[c] + j] + transmit[j], once for all rows that
 * have them in common and lie as @rows do, whose data are not looked at. With
 * @weight, [n][BEAMFORM_TILE] in Q15, they are weighted; it may be NULL. The
 * bytes are the variant's own. laws is aligned to 64 bytes.
 *
 * beamform_sum_fn then does what beamform_add_fn does without edges, for each
 * of @sets and channels @first to @end, law[c] being BEAMFORM_TILE times the
 * number of the law of their channels c; with rows that are inside and tiles
 * that are regular only. Variants agree with the C form as beamform_add_fn's
 * do.
 */
typedef void beamform_law_fn(void *laws, const struct beamform_rows *rows,
			     const int32_t *receive, const uint32_t *law,
			     const int32_t *transmit, const int16_t *weight,
			     uint32_t n);
beamform_law_fn beamform_law_c, beamform_law_avx2, beamform_law_avx512;

typedef void beamform_sum_fn(const struct beamform_sets *sets,
			     const struct beamform_rows *rows,
			     const void *laws, const uint32_t *law,
			     uint32_t first, uint32_t end);
beamform_sum_fn beamform_sum_c, beamform_sum_avx2, beamform_sum_avx512;

/*
 * What a part of an aperture has of a tile is noted, for the coherence factor:
 * with x[j] = part[j] + i part[BEAMFORM_TILE + j], acc (as above) += weight x,
 * heard[j] += weight |x[j]|^2, heard[BEAMFORM_TILE + j] += weight active[j];
 * then part is 0. All are aligned to 64 bytes. Variants agree with the C form
 * exactly.
 */
typedef void beamform_note_fn(float *acc, float *heard, float *part,
			      const float *active, float weight);
beamform_note_fn beamform_note_c, beamform_note_avx2, beamform_note_avx512;

struct beamform_note_variant {
	beamform_note_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct beamform_note_variant beamform_note_variants[];

struct beamform_law_variant {
	beamform_law_fn *fn;
	const char *name;
	unsigned int flags;
	beamform_sum_fn *sum;
};

extern const struct beamform_law_variant beamform_law_variants[];

struct beamform_receive_variant {
	beamform_receive_fn *fn;
	const char *name;
	unsigned int flags;
};

struct beamform_add_variant {
	beamform_add_fn *fn;
	const char *name;
	unsigned int flags;
	bool quads;
};

extern const struct beamform_receive_variant beamform_receive_variants[];
extern const struct beamform_add_variant beamform_add_variants[];

/**
 * beamform_fit_taps() - weights of linear interpolation between envelopes
 * @taps: written
 * @turns: of the carrier per sample, above 0, at most DEMOD_TURNS_MAX
 * @interpolation: between envelopes
 *
 * P(h) = h cos(2 pi turns (1 - h)) and Q(h) = h sin of the same, as
 * polynomials by least squares.
 */
void beamform_fit_taps(struct beamform_taps *taps, double turns,
		       enum interpolation interpolation);

/**
 * enum window - weight over the receive aperture
 * @WINDOW_BOXCAR: 1
 * @WINDOW_HANN: raised cosine
 * @WINDOW_TUKEY: 1, with raised cosines at both edges
 */
enum window {
	WINDOW_BOXCAR,
	WINDOW_HANN,
	WINDOW_TUKEY,
};

/**
 * window_weight() - weight at a place in the aperture
 * @window: shape
 * @taper: tapered share of WINDOW_TUKEY, 0 to 1
 * @u: distance from the aperture's centre, 1 at its edge, 0 to 1
 */
double window_weight(enum window window, double taper, double u);

/* An event that takes no part in any image. */
#define BEAMFORM_UNUSED		UINT32_MAX

/**
 * struct beamform_params - what to beamform
 * @grid: where
 * @f_number: of the receive aperture: |x - x_e| <= z / (2 F) in the element's
 *            own frame, 0 to 16; 0: all elements
 * @window: over the aperture, stretched between its edges or the array's;
 *          other than boxcar needs an F-number
 * @taper: of WINDOW_TUKEY
 * @steer: from an element's normal to the middle of the aperture as a sample
 *         sees it, towards +x; below a right angle [rad]. direction.h says
 *         in which direction velocity is measured then
 * @decimate: as the demodulator's; 0: 1
 * @coherence: channels of a part of the aperture; the sum is multiplied by the
 *             coherence factor of the parts, 0 to 1; boxcar only. 0: it is not
 * @pairs: of the events of an image every two belong together, a pulse and
 *         its inversion: what is coherent is told of their sums
 * @interpolation: as the demodulator's
 * @workers: parts that lines are divided into; 0: 1
 * @groups: images made of a frame, at least 1
 * @group: per event of the scan the image that it is added to, or
 *         BEAMFORM_UNUSED; NULL: all to the first
 *
 * A plane or diverging wave is added to all lines. Of the focused waves of an
 * image, a line takes the two whose foci lie next to it on either side, each
 * the more the nearer it is; beyond the outermost focus that one alone.
 */
struct beamform_params {
	struct grid grid;
	double f_number;
	enum window window;
	double taper;
	double steer;
	uint32_t decimate;
	uint32_t coherence;
	bool pairs;
	enum interpolation interpolation;
	uint32_t workers;
	uint32_t groups;
	const uint32_t *group;
};

struct beamform;

/**
 * beamform_create() - make a beamformer with its tables
 * @beamform: written
 * @scan: must outlive the beamformer
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int beamform_create(struct beamform **beamform, const struct sono_scan *scan,
		    const struct beamform_params *params, const char **why);

/**
 * beamform_execute() - beamform a frame
 * @beamform: a beamformer
 * @out: ensemble = groups, lines and samples of the grid; overwritten
 * @in: demodulated frame of the scan, at the same decimation
 */
void beamform_execute(struct beamform *beamform, struct iq *out,
		      const struct analytic *in);

/**
 * beamform_execute_part() - one worker's share of beamform_execute()
 * @beamform: a beamformer
 * @worker: below the workers of its parameters; each at once by one thread
 * @out: as beamform_execute(); the worker's lines of it are overwritten
 * @in: as beamform_execute()
 */
void beamform_execute_part(struct beamform *beamform, uint32_t worker,
			   struct iq *out, const struct analytic *in);

/*
 * Samples of the record that two of a line may be apart, there and back; a little
 * more than two is near enough, see BEAMFORM_SLIP.
 */
#define BEAMFORM_APART	2.003

/**
 * beamform_finer() - by which factor a coarse grid is made finer inside
 * @scan: of the frames
 * @step: from sample to sample of a line [m]
 * @decimate: as of demod_params; 0: 1
 * @interpolation: the same
 *
 * Return: 1, not at all, to 8. So many times longer a line takes.
 */
uint32_t beamform_finer(const struct sono_scan *scan, double step,
			uint32_t decimate, enum interpolation interpolation);

/** beamform_points() - pixels x channels x events inside the aperture */
uint64_t beamform_points(const struct beamform *beamform);

/** beamform_irregular() - share of tiles that only the C form sums, 0 to 1 */
double beamform_irregular(const struct beamform *beamform);

/** beamform_bytes() - memory of the tables and of the workers */
size_t beamform_bytes(const struct beamform *beamform);

void beamform_destroy(struct beamform *beamform);

#endif /* DSP_BEAMFORM_H */

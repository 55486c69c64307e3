/* SPDX-License-Identifier: MIT */
/*
 * Beamformed lines to pixels: bilinear in line and sample, places worked out
 * once in double. Velocity in colour over the grey of the envelope.
 * Documentation/dsp.rst, "Scan conversion".
 */
#ifndef DSP_SCANCONVERT_H
#define DSP_SCANCONVERT_H

#include "dsp.h"
#include "workers.h"

/**
 * struct scan_span - pixels of a row that lie among the samples
 * @row: of the image
 * @column: of the first
 * @n: pixels
 * @first: of them in the map's arrays
 */
struct scan_span {
	uint32_t row;
	uint32_t column;
	uint32_t n;
	size_t first;
};

/**
 * struct scan_map - where the pixels of an image lie among the samples
 * @spans: of @span
 * @span: in the order of the image
 * @at: place of the sample before the pixel on the line before it:
 *      line * scan_stride() + sample; of the pixels inside only
 * @a: share of the next sample, 0 to below 1
 * @b: share of the next line, 0 to below 1
 * @share: both as whole numbers for the variants: 2^15 @a, 1 to 2^15 - 1, and
 *         in the upper half 2^16 @b, 0 to 2^16 - 1
 */
struct scan_map {
	uint32_t spans;
	struct scan_span *span;
	uint32_t *at;
	double *a;
	double *b;
	uint32_t *share;
};

/** scan_share() - @a and @b for struct scan_map */
static inline uint32_t scan_share(double a, double b)
{
	uint32_t low = a * 0x1p15 + 0.5, high = b * 0x1p16 + 0.5;

	low += !low;
	return (low < 0x8000 ? low : 0x7fff) |
	       (high < 0x10000 ? high : 0xffff) << 16;
}

/*
 * From line to line of what is looked up: an odd number of cache lines of
 * pairs, so that neighbours across the lines do not share a set.
 */
static inline uint32_t scan_stride(uint32_t samples)
{
	return ((samples + 31) / 32 | 1) * 32;
}

#define LEVEL_STEPS	4	/* of a grey map per grey */
#define LEVEL_MAP	(255 * LEVEL_STEPS + 1)

/*
 * With x = 255 (1 - db[j] / floor_db), clamped to 0 to 255, floor_db < 0:
 * grey[j] = x rounded, or with a map [LEVEL_MAP] its entry at LEVEL_STEPS x,
 * rounded. Variants agree with the C form within 1, or an entry, at most where
 * what is rounded lies within 1e-4 of a half.
 */
typedef void scanconvert_level_fn(uint8_t *grey, const float *db, size_t n,
				  float floor_db, const uint8_t *map);
scanconvert_level_fn scanconvert_level_c, scanconvert_level_avx2,
	scanconvert_level_avx512;

/*
 * pairs[2 j] = line[j], pairs[2 j + 1] = next[j], for j < n: what lies between
 * two lines and two samples is 4 bytes in a row. Variants agree exactly.
 */
typedef void scanconvert_pair_fn(uint8_t *pairs, const uint8_t *line,
				 const uint8_t *next, size_t n);
scanconvert_pair_fn scanconvert_pair_c, scanconvert_pair_avx2,
	scanconvert_pair_avx512;

/*
 * out[j] for pixels first to first + n - 1 of the map's arrays: the bilinear
 * mean of the samples at the map's place plus 0.5, rounded down. pairs of line
 * l and l + 1 begin at 2 l scan_stride(). Variants agree with the C form within
 * 1, in less than 1 of 250 pixels.
 */
typedef void scanconvert_grey_fn(uint8_t *out, const uint8_t *pairs,
				 const struct scan_map *map, size_t first,
				 size_t n);
scanconvert_grey_fn scanconvert_grey_c, scanconvert_grey_avx2,
	scanconvert_grey_avx512;

/* rgb[3 j] to rgb[3 j + 2] = grey[j], for j < n. Variants agree exactly. */
typedef void scanconvert_rgb_fn(uint8_t *rgb, const uint8_t *grey, size_t n);
scanconvert_rgb_fn scanconvert_rgb_c, scanconvert_rgb_avx2,
	scanconvert_rgb_avx512;

/**
 * struct colour_law - how velocity is drawn
 * @v: -@nyquist to @nyquist, NAN where not valid [m/s]
 * @shade: 0 to 1; NULL: 0 everywhere
 * @stride: from line to line of @v and @shade, scan_stride()
 * @nyquist: velocity at which colour aliases [m/s]
 * @baseline: share of @nyquist by which the middle of the palette is shifted
 * @priority: grey from which on tissue hides velocity, 256: never
 * @palette: [PALETTE_SHADES][PALETTE_COLOURS] of shades, and of velocities
 *           from (-1 - @baseline) to (1 - @baseline) @nyquist; one byte more
 *           may be read
 */
struct colour_law {
	const float *v;
	const float *shade;
	uint32_t stride;
	float nyquist;
	float baseline;
	uint32_t priority;
	const uint8_t (*palette)[3];
};

/*
 * rgb[j] for pixels first to first + n - 1 of the map's arrays: the colour of
 * the velocity, where valid samples make at least half of the pixel's weight
 * and grey[j] is below the priority; untouched elsewhere. The velocity is the
 * weighted mean of the valid samples, each taken within one Nyquist velocity
 * of the heaviest, so that aliasing does not blur; the shade is their mean.
 * Variants agree with the C form within one entry of the palette each way,
 * where a value lies within 1/32 of the border of two, but
 * where half of the weight, which sample is heaviest, or half a cycle between
 * them hangs on less than 1e-4.
 */
typedef void scanconvert_colour_fn(uint8_t *rgb, const uint8_t *grey,
				   const struct colour_law *law,
				   const struct scan_map *map, size_t first,
				   size_t n);
scanconvert_colour_fn scanconvert_colour_c, scanconvert_colour_avx2,
	scanconvert_colour_avx512;

/** grey_of() - grey of a level by a map; @level and the result 0 to 1 */
double grey_of(enum grey_map map, double level);

struct scanconvert_level_variant {
	scanconvert_level_fn *fn;
	const char *name;
	unsigned int flags;
};

struct scanconvert_pair_variant {
	scanconvert_pair_fn *fn;
	const char *name;
	unsigned int flags;
};

struct scanconvert_rgb_variant {
	scanconvert_rgb_fn *fn;
	const char *name;
	unsigned int flags;
};

struct scanconvert_grey_variant {
	scanconvert_grey_fn *fn;
	const char *name;
	unsigned int flags;
};

struct scanconvert_colour_variant {
	scanconvert_colour_fn *fn;
	const char *name;
	unsigned int flags;
};

extern const struct scanconvert_level_variant scanconvert_level_variants[];
extern const struct scanconvert_pair_variant scanconvert_pair_variants[];
extern const struct scanconvert_grey_variant scanconvert_grey_variants[];
extern const struct scanconvert_rgb_variant scanconvert_rgb_variants[];
extern const struct scanconvert_colour_variant scanconvert_colour_variants[];

/**
 * struct scanconvert_params - from a grid to an image
 * @grid: of the samples, at least 2 lines of 2 samples
 * @raster: of the image, to 16384 x 16384
 * @range_db: dynamic range, grey 0 is -@range_db [dB], > 0
 * @grey: from dB to grey
 * @colour: what colours mean; its nyquist 0: no colour
 * @box: of the velocities, outlined in the image; no lines: @grid
 * @priority_db: level from which on tissue hides velocity; INFINITY: never
 *               [dB]
 * @workers: threads that share the work and outlive the converter; NULL: the
 *           caller alone
 */
struct scanconvert_params {
	struct grid grid;
	struct raster raster;
	double range_db;
	enum grey_map grey;
	struct colour_scale colour;
	struct grid box;
	double priority_db;
	struct workers *workers;
};

struct scanconvert;

/**
 * scanconvert_fit() - square pixels that hold a whole grid
 * @raster: x0, z0, dx and dz written; width and height given, at least 1
 * @grid: a grid
 *
 * The grid's bounding box lies in the middle of the image.
 */
void scanconvert_fit(struct raster *raster, const struct grid *grid);

/**
 * scanconvert_create() - make a scan converter with its map
 * @scanconvert: written
 * @params: copied
 * @why: on -EINVAL set to the reason, a constant string
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int scanconvert_create(struct scanconvert **scanconvert,
		       const struct scanconvert_params *params,
		       const char **why);

/**
 * scanconvert_execute() - draw an image
 * @scanconvert: a scan converter
 * @out: of the raster, RGB24 with colour and GREY8 without; its calibration
 *       of values is written
 * @env: of the grid
 * @vel: of the box; NULL without colour
 */
void scanconvert_execute(struct scanconvert *scanconvert, struct image *out,
			 const struct env *env, const struct vel *vel);

/**
 * scanconvert_grey() - draw samples that are grey levels already
 * @scanconvert: a scan converter
 * @out: GREY8, of the raster
 * @in: [lines][samples]
 */
void scanconvert_grey(struct scanconvert *scanconvert, struct image *out,
		      const uint8_t *in);

void scanconvert_destroy(struct scanconvert *scanconvert);

#endif /* DSP_SCANCONVERT_H */

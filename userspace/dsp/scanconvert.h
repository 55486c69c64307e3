/* SPDX-License-Identifier: MIT */
/*
 * Beamformed lines to pixels: bilinear in line and sample, places worked out
 * once in double. Velocity in colour over the grey of the envelope.
 * Documentation/dsp.rst, "Scan conversion".
 */
#ifndef DSP_SCANCONVERT_H
#define DSP_SCANCONVERT_H

#include "dsp.h"

/**
 * enum grey_map - from dB to grey
 * @GREY_LINEAR: straight
 * @GREY_GAMMA: brighter in the middle: the power 0.7 of linear
 * @GREY_S: more contrast in the middle, less at both ends
 */
enum grey_map {
	GREY_LINEAR,
	GREY_GAMMA,
	GREY_S,
};

/**
 * enum colour_map - what colour shows
 * @COLOUR_VELOCITY: red towards the probe, blue away
 * @COLOUR_VARIANCE: the same, turning green with the variance of velocity
 * @COLOUR_POWER: power without direction
 * @COLOUR_DIRECTIONAL: power in the colours of the direction
 */
enum colour_map {
	COLOUR_VELOCITY,
	COLOUR_VARIANCE,
	COLOUR_POWER,
	COLOUR_DIRECTIONAL,
};

/**
 * struct scan_map - where the pixels of an image lie among the samples
 * @at: index of the sample before the pixel on the line before it, -1 outside
 *      the grid; [height][width]
 * @a: share of the next sample, 0 to below 1
 * @b: share of the next line, 0 to below 1
 */
struct scan_map {
	int32_t *at;
	double *a;
	double *b;
};

/*
 * grey[j] = 255 (1 - db[j] / floor_db), rounded and clamped to 0 to 255;
 * floor_db < 0. Variants agree with the C form within 1, at most where the
 * value lies within 1e-4 of a half.
 */
typedef void scanconvert_level_fn(uint8_t *grey, const float *db, size_t n,
				  float floor_db);
scanconvert_level_fn scanconvert_level_c;

/*
 * out[j] for pixels first to first + n - 1 of the map: the bilinear mean of
 * in at the map's place plus 0.5, rounded down; 0 outside. samples: of a line
 * of in. Variants agree with the C form within 1, in less than 1 of 250 pixels.
 */
typedef void scanconvert_grey_fn(uint8_t *out, const uint8_t *in,
				 uint32_t samples, const struct scan_map *map,
				 size_t first, size_t n);
scanconvert_grey_fn scanconvert_grey_c;

/**
 * struct colour_law - how velocity is drawn
 * @v: [lines][samples], -@nyquist to @nyquist [m/s]
 * @valid: [lines][samples]
 * @samples: of a line
 * @nyquist: velocity of the last colour [m/s]
 * @priority: grey from which on tissue hides velocity, 256: never
 * @palette: colours of -@nyquist to @nyquist
 */
struct colour_law {
	const float *v;
	const uint8_t *valid;
	uint32_t samples;
	float nyquist;
	uint32_t priority;
	const uint8_t (*palette)[3];
};

/*
 * rgb[j] for pixels first to first + n - 1 of the map: the colour of the
 * velocity, where valid samples make at least half of the pixel's weight and
 * grey[j] is below the priority; grey[j] elsewhere. The velocity is the
 * weighted mean of the valid samples, each taken within one Nyquist velocity
 * of the heaviest, so that aliasing does not blur. Variants agree with the C
 * form within one entry of the palette.
 */
typedef void scanconvert_colour_fn(uint8_t *rgb, const uint8_t *grey,
				   const struct colour_law *law,
				   const struct scan_map *map, size_t first,
				   size_t n);
scanconvert_colour_fn scanconvert_colour_c;

struct scanconvert_level_variant {
	scanconvert_level_fn *fn;
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
extern const struct scanconvert_grey_variant scanconvert_grey_variants[];
extern const struct scanconvert_colour_variant scanconvert_colour_variants[];

/**
 * struct scanconvert_params - from a grid to an image
 * @grid: of the samples, at least 2 lines of 2 samples
 * @raster: of the image, to 16384 x 16384
 * @range_db: dynamic range, grey 0 is -@range_db [dB], > 0
 * @nyquist: velocity of the last colour [m/s], 0: no colour
 * @priority_db: level from which on tissue hides velocity; INFINITY: never
 *               [dB]
 */
struct scanconvert_params {
	struct grid grid;
	struct raster raster;
	double range_db;
	double nyquist;
	double priority_db;
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
 * @vel: of the grid; NULL without colour
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
